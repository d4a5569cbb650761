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
        "the slope 1/6 is a number of float32",
        ("nn.functional.hardsigmoid", "Hardsigmoid"),
        ("float64",),
    ),
    Fault(
        "a gradient goes back to numbers that were written over, and to others in their place",
        ("as_strided_scatter",),
    ),
    Fault(
        "the backward takes its input for what log_softmax gave",
        ("nn.functional.ctc_loss",),
    ),
)
"""Each is torch's own mistake, or its convention, and no number of the check's."""


def known(entry: str, dtype: str) -> Fault | None:
    """The fault that an entry is known for."""
    return next((f for f in FAULTS if entry in f.entries and dtype in f.dtypes), None)
