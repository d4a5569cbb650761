"""`gradcalc.check`: a function or module at hand, checked in this process."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradcalc.calculate import Ask
from gradcalc.checking.aten import known, row
from gradcalc.checking.check import Checked, How, checked
from gradcalc.checking.inputs import asked
from gradcalc.checking.running import run
from gradcalc.lang.program import Limits


def check_call(
    function: Any,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    ask: Ask,
    *,
    leaves: Any = None,
    reference: Callable[..., Any] | None = None,
    references: Mapping[Any, Callable[..., Any]] | None = None,
    trust: Sequence[Any] = (),
    cotangent: Any = None,
    order: int = 1,
    seed: int = 0,
    strict: bool = False,
    timeout: float | None = None,
) -> Checked:
    """The check of one call.

    Raises `GradcalcError` for what cannot be checked, and what the function raises.
    """
    question = asked(
        function, args, kwargs, leaves=leaves, references=references, trust=trust,
        cotangent=cotangent, order=order, seed=seed, reference=reference,
    )  # fmt: skip
    limits = Limits() if timeout is None else Limits(seconds=timeout)
    how = How(row, limits, ask, question.name, strict=strict)
    return checked(run(question, known), how)
