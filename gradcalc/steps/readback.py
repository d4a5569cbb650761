"""The formulas of single steps read back: what they give for the numbers of their operands."""

import re
from collections.abc import Iterable, Mapping

import numpy as np

from gradcalc.blocks import value_of
from gradcalc.problem import Problem
from gradcalc.steps.data import Numbers
from gradcalc.steps.names import SUBSCRIPTS
from gradcalc.steps.rules import arrived
from gradcalc.testimony import Array, Origin, Step

NEAR = 1e-6
"""How far a text may be from the numbers, in relation to the largest of them."""

DIGITS = {value: chr(key) for key, value in SUBSCRIPTS.items()}


def fitting(
    problem: Problem,
    step: Step,
    named: Mapping[Origin, str],
    texts: Iterable[str],
    numbers: Numbers,
) -> str | None:
    """The first of some texts that gives what a step hands on, or what it should; None if none
    does. `named` are the names of its operands in the texts."""
    names = arrived(list(named.values()), len(step.adjoints))
    known = {n: v for n, v in zip(names, step.adjoints, strict=True) if v is not None}
    for origin, value in zip(step.origins, step.given, strict=True):
        known[named[origin]] = value
    wanted = [numbers.value] if numbers.true is None else [numbers.value, numbers.true]
    scale = max(float(np.max(np.abs(a), initial=0)) for a in step.adjoints if a is not None)
    found_any = False
    for text in texts:
        found_any = True
        found = text_value(problem, text, known)
        if found is not None and any(is_same(found, value, scale) for value in wanted):
            return text
    # nothing flows through a step
    return None if found_any or np.any(numbers.value) else "0"


def text_value(problem: Problem, text: str, values: Mapping[str, Array]) -> Array | None:
    """What a text gives where its names have these values, None where it fails."""
    plain = {name: identifier(name) for name in values}
    for name in sorted(plain, key=len, reverse=True):
        if name != plain[name]:
            text = text.replace(name, plain[name])
    with np.errstate(all="ignore"):
        return value_of(problem, text, {plain[name]: value for name, value in values.items()})


def identifier(name: str) -> str:
    """A name of a step as one that a program may have."""
    found = re.sub(
        "[₀-₉]+", lambda digits: "_" + "".join(DIGITS[ord(d)] for d in digits[0]) + "_", name
    )
    return re.sub(r"^detach\((\w+)\)$", r"detached_\1", found)


def is_same(found: Array, value: Array, scale: float) -> bool:
    """Whether numbers are these, but for rounding on a scale; NaN or infinite where these are."""
    if np.shape(found) != np.shape(value):
        return False
    finite = np.isfinite(value)
    if not np.array_equal(np.isfinite(found), finite):
        return False
    room = NEAR * max(float(np.max(np.abs(value[finite]), initial=0.0)), scale)
    return bool(np.all(np.abs(found[finite] - value[finite]) <= room))
