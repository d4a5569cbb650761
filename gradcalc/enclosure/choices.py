"""Comparisons that rounding decided, and the gradients of what they choose.

As an `if` whose condition rounding turned over leads another way, a `where` takes another branch.
Autograd's gradient is then right for what floats took, which is not what exact arithmetic takes.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import flint
import numpy as np

from gradcalc.balls.numbers import OutOfReach, Undecided, Undefined
from gradcalc.derive.trace import is_boolean
from gradcalc.enclosure.course import Course
from gradcalc.enclosure.trial import reals
from gradcalc.enclosure.turning import undefined_in
from gradcalc.enclosure.wrong_values import value_fault
from gradcalc.errors import GradcalcError
from gradcalc.testimony import Fault, place_of

ROUNDED = ("rounded", "cancellation", "underflow", "overflow")
"""Kinds of faults that are rounding's, or the range's, and not the library's."""


def chosen(course: Course) -> tuple[tuple[Fault, ...], Mapping[str, Any]]:
    """What turned comparisons over, and the gradients where they come out as for torch.

    Both empty where there is none, or where the gradients are not to be had.
    """
    centre = course.centre
    held, found = {}, []
    with np.errstate(all="ignore"), flint.ctx.workprec(centre.bits):
        try:
            for number in range(len(course.calls)):
                fault = _decided(course, number)
                if fault is not None:
                    order = course.calls[number].results[0]
                    found.append(fault)
                    held[order] = centre.arithmetic.asarray(course.steps[number].value)
            if not found:
                return (), {}
            values = centre.derived.values(centre.arithmetic, centre.inputs, held)
            swept = centre.derived.sweep(centre.arithmetic, centre.inputs, values)
        except (OutOfReach, Undecided, Undefined, GradcalcError, ArithmeticError):
            return (), {}
    names = centre.derived.derivation.gradients
    return tuple(found), dict(zip(names, map(reals, swept), strict=True))


def _decided(course: Course, number: int) -> Fault | None:
    """What made a comparison come out otherwise for torch, where that is rounding."""
    call = course.calls[number]
    node = course.centre.trace.nodes[call.results[0]]
    if not is_boolean(node) or any(map(is_boolean, node.operands)):
        return None
    true = course.centre.values[node.order]
    apart = np.asarray(
        course.steps[number].value != np.vectorize(float, otypes=[np.float64])(true), np.bool_
    )
    if not apart.any():
        return None
    index = place_of(apart, apart.shape)
    event = undefined_in(course.centre, node)
    if event is not None:
        at, said = course.operands(number, index), float(course.steps[number].value[index])
        then = event.primitive, event.at
        return Fault("asked", *course.named(number), at, said, true[index], then)
    fault = value_fault(course, (number, 0), index)
    if fault is None or fault.kind not in ROUNDED:
        return None
    if fault.kind == "rounded":
        return fault
    return replace(fault, then=(course.named(number)[0], course.operands(number, index)))
