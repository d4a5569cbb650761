"""Where torch's own gradients are known to be wrong: functions, dtypes, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

BOTH = ("float64", "float32")


@dataclass(frozen=True, slots=True)
class Fault:
    """What torch is known to do wrong: in which entries of its databases, and in which dtypes."""

    what: str
    entries: Sequence[str]
    dtypes: Sequence[str] = BOTH


FAULTS = (
    Fault(
        "positions that are written twice: which one stays is not what the gradient goes back to",
        ("nn.functional.max_unpool1d", "nn.functional.max_unpool2d", "nn.functional.max_unpool3d",
         "nn.functional.max_unpool1d.grad", "nn.functional.max_unpool2d.grad",
         "nn.functional.max_unpool3d.grad", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"),
    ),
    Fault(
        "the slope 1/6 is a number of float32",
        ("nn.functional.hardsigmoid", "Hardsigmoid"),
        ("float64",),
    ),
    Fault("the digits of the values that are shifted are lost", ("logsumexp", "special.logsumexp")),
    Fault(
        "the matrix is taken for symmetric, and its gradient is that of a symmetric one",
        ("cholesky", "linalg.cholesky", "linalg.cholesky_ex", "linalg.eigh", "linalg.eigvalsh",
         "linalg.lobpcg"),
    ),
    Fault("weights are made of float32 numbers", ("cov",), ("float64",)),
)  # fmt: skip
"""Each is torch's own mistake, or its convention, and no number of the check's."""


def known(entry: str, dtype: str) -> Fault | None:
    """The fault that an entry is known for."""
    return next((f for f in FAULTS if entry in f.entries and dtype in f.dtypes), None)
