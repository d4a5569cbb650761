"""The formulas that are shown: few and short, and only if they read back to the gradient."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcalc.elements import formula
from gradcalc.elements.experiment import Experiment, Trial
from gradcalc.elements.printer import Unprintable, write, write_nested
from gradcalc.elements.roundtrip import elsewhere, read, reads_back
from gradcalc.testimony import Formula

SHOWN_ELEMENTS = 12
"""The largest input whose gradient is written out element by element."""

SHOWN_CHARACTERS = 120
"""The longest formula that is shown."""

UNREAD = "the formula does not read back to the gradient, so it is not shown"


def formulas(experiment: Experiment, centre: Trial, exact: Mapping[str, Any]) -> dict[str, Formula]:
    """The gradients as text, where they are few and short and read back to the same numbers."""
    problem = experiment.problem
    if any(problem.inputs[name].size > SHOWN_ELEMENTS for name in problem.wrt):
        return {}
    try:
        derived = formula.derive(centre, problem.wrt)
        texts = {n: _texts(experiment, centre, n, e) for n, e in (derived or {}).items()}
    except (Unprintable, ArithmeticError, ValueError, TypeError, NotImplementedError):
        return {}
    others = elsewhere(experiment, centre) if any(texts.values()) else []
    result = {}
    for name, found in texts.items():
        if found is None:
            result[name] = Formula()
        elif isinstance(found, str):
            result[name] = Formula(failure=found)
        else:
            whole, elements = found
            shown = whole if len(whole) <= SHOWN_CHARACTERS else None
            result[name] = Formula(shown, elements)
            program = read(whole, centre)
            if not reads_back(experiment, program, centre, exact[name]):
                result[name] = Formula(failure=UNREAD)
            elif not all(reads_back(experiment, program, t, t.gradients[name]) for t in others):
                # a plain number taken out of a tensor is another one elsewhere
                result[name] = Formula(failure=None if _takes_numbers(centre) else UNREAD)
    return result


def _takes_numbers(trial: Trial) -> bool:
    return any(stop.kind not in ("detach", "no_grad") for stop in trial.execution.run.stops)


def _texts(
    experiment: Experiment, centre: Trial, name: str, expressions: Any
) -> tuple[str, tuple[str, ...] | None] | str | None:
    """One text for all and one for each element, None if too long, or why there is none."""
    decimals = "." in experiment.problem.program.source
    if not formula.is_short(expressions):
        return None
    shapes = {n: np.shape(v) for n, v in centre.execution.scope.items() if hasattr(v, "shape")}
    try:
        whole = formula.lift(expressions, name, shapes)
        if whole is not None:
            return write(whole, decimals), None
        texts = np.frompyfunc(lambda e: write(e, decimals), 1, 1)(expressions)
    except Unprintable as reason:
        return f"no formula: {reason}"
    elements = tuple(np.ravel(texts)) if np.ndim(texts) else (str(texts),)
    if max(map(len, elements), default=0) > SHOWN_CHARACTERS // 2:
        return None
    return write_nested(texts), elements
