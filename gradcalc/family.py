"""The derivatives beyond one gradient: Jacobians, Hessians, products with vectors, higher orders.

Each is made of gradients, which are calculated and judged one by one: a Jacobian of those of the
elements of the output, a Hessian of those of the elements of the gradient.
"""

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from gradcalc import blocks, large
from gradcalc.blocks import Answer
from gradcalc.calculate import Ask, ask_here, calculate
from gradcalc.derive.derivations import Derivations
from gradcalc.errors import InvalidValueError, LimitError, ShapeError, UsageError, brief
from gradcalc.expr.written import Written
from gradcalc.forms import with_forms
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Program
from gradcalc.problem import Array, Problem, Room
from gradcalc.report import Claim, Element, InputGradient, Outcome, Report, Verdict, Worst
from gradcalc.targets import ALONG, Gradient
from gradcalc.verdict.judge import VALUELESS

FEW_ROWS, MOST_ROWS = 64, 1024
"""Rows of a Jacobian that are each checked, and as many as these where something is special."""

WORST = (
    Outcome.VERIFIED, Outcome.VANISHED, Outcome.KINK, Outcome.EDGE, Outcome.JUMP, Outcome.SINGULAR,
    Outcome.UNRESOLVED, Outcome.WRONG,
)  # fmt: skip
"""Outcomes, the worst last."""

Tangents = Mapping[str, Array]


def derivative(
    problem: Problem,
    kind: str,
    *,
    tangents: Tangents | None = None,
    order: int = 1,
    ask: Ask = ask_here,
    derivations: Derivations | None = None,
) -> Report:
    """The derivative of a kind: `grad` of an order, or what is named in `KINDS`.

    Raises `GradcalcError` for what is wrong with the program, its inputs or the tangents.
    """
    if kind in TANGENT:
        tangents = _fitting(problem, tangents or {})
    elif tangents:
        raise UsageError(f"{kind} takes no tangent", hint="jvp and hvp do")
    if problem.cotangent is not None and kind not in WEIGHTED:
        raise UsageError(f"{kind} takes no cotangent", hint="grad and vjp do")
    if order != 1 and kind != "grad":
        raise UsageError(f"{kind} is of no order", hint="grad is, by one number")

    def answer(problem: Problem, command: str) -> Report:
        return calculate(problem, command, ask, derivations=derivations)

    return with_forms(problem, kind, KINDS[kind](problem, tangents or {}, order, answer))


def _fitting(problem: Problem, tangents: Tangents) -> dict[str, Array]:
    """The tangents of the inputs that are differentiated by; what has none does not move."""
    for name in tangents:
        if name not in problem.wrt:
            raise UsageError(
                f"--tangent {name}: that is no input to differentiate by",
                hint=f"they are {', '.join(problem.wrt)}",
            )
    if not tangents:
        raise UsageError(
            "a tangent is needed: the direction in which the inputs move",
            hint="--tangent 1,0, or --tangent x=1,0 to say of what",
        )
    found = {}
    for name in problem.wrt:
        shape = problem.inputs[name].shape
        given = tangents.get(name, np.zeros(()))
        try:
            found[name] = np.array(np.broadcast_to(given, shape), dtype=np.float64)
        except ValueError:
            raise ShapeError(
                f"the tangent has shape {np.shape(given)}, {name} {shape}",
                hint=f"give it the shape of {name}",
            ) from None
    return found


OF_FORMULA = "formula"
"""The kind of findings about the formula of a gradient, which is not that of what it is part of."""


# -- kinds ---------------------------------------------------------------------------------------


def _gradient(problem: Problem, tangents: Tangents, order: int, answer: Answer) -> Report:
    if order > 1:
        if len(problem.wrt) != 1 or problem.inputs[problem.wrt[0]].shape:
            raise InvalidValueError(
                "a derivative of a higher order is by one number",
                hint="--wrt NAME says by which; gradcalc hessian gives the second ones by several",
            )
        found = _of_gradient(problem, (Gradient(problem.wrt),) * (order - 1), "grad", answer)
        return _with_short_formula(problem, found, order, answer)
    return answer(problem, "grad")


def _vjp(problem: Problem, tangents: Tangents, order: int, answer: Answer) -> Report:
    if problem.cotangent is None:
        raise UsageError(
            "a cotangent is needed: the weights of the outputs", hint="--cotangent 1,0"
        )
    return answer(problem, "vjp")


def _hvp(problem: Problem, tangents: Tangents, order: int, answer: Answer) -> Report:
    return _of_gradient(problem, (Gradient(problem.wrt, tangents),), "hvp", answer)


def _with_short_formula(problem: Problem, found: Report, order: int, answer: Answer) -> Report:
    """The report with the formula that comes of differentiating formulas one after the other.

    Each is simplified before the next, which one program that holds all of them cannot be.
    """
    (gradient,) = found.gradients
    # the number is known, and the formula is held to it
    step = replace(problem, lets=(), claims={}, detach=(), enclose=False)
    if problem.lets or problem.detach or found.path or found.detached:
        return found
    for _ in range(order):
        (shown,) = answer(step, "grad").gradients
        if shown.formula is None:
            return found
        step = replace(step, program=compile_program(shown.formula.text), of=None)
    short, value = shown.formula, shown.best
    same = np.allclose(value, gradient.best, rtol=blocks.AGREED, atol=0.0)
    if short is None or not same or _is_longer(short, gradient.formula):
        return found
    told = tuple(finding for finding in found.findings if finding.kind != OF_FORMULA)
    return replace(found, gradients=(replace(gradient, formula=short),), findings=told)


def _is_longer(formula: Written, other: Written | None) -> bool:
    return other is not None and len(formula.text) > len(other.text)


def _of_gradient(
    problem: Problem, before: tuple[Gradient, ...], command: str, answer: Answer
) -> Report:
    """The gradient of what gradients give; the value is the program's own."""
    found = answer(replace(problem, before=before), command)
    return _with_own(problem, found, command, answer)


def _with_own(problem: Problem, found: Report, command: str, answer: Answer) -> Report:
    """A report on derivatives of derivatives with the program's own value.

    Where the program has none, its derivatives may still be numbers; there is nothing that they
    could be of.
    """
    own = answer(replace(problem, check=False, claims={}), command)
    summed = own.summed if command == "hessian" else found.summed
    found = replace(found, value=own.value, summed=summed)
    if found.verdict.exit_code or own.value is None or not np.isnan(own.value).any():
        return found
    first = answer(replace(problem, claims={}), command).verdict
    if first.outcome is Outcome.WRONG:
        # of what autograd makes of the first derivative nothing follows for the others
        first = Verdict(Outcome.UNRESOLVED, VALUELESS)
    return replace(found, verdict=first) if first.exit_code else found


def _refuse_claims(problem: Problem, what: str) -> None:
    if problem.claims:
        raise UsageError(
            f"--expect is not held to {what}", hint="--wrt x takes one input; hvp has a claim too"
        )


def _jvp(problem: Problem, tangents: Tangents, order: int, answer: Answer) -> Report:
    _refuse_claims(problem, "a way along a tangent")
    moving = replace(
        problem, inputs={**problem.inputs, ALONG: np.zeros(())}, wrt=(ALONG,), along=dict(tangents)
    )
    found = _rows(moving, "jvp", answer)
    (gradient,) = found.gradients
    inputs = {name: value for name, value in found.inputs.items() if name != ALONG}
    # what moves along the tangent is not there where it stands
    named = replace(gradient, name="jvp", formula=None)
    return replace(found, gradients=(named,), inputs=inputs)


def _jacobian(problem: Problem, tangents: Tangents, order: int, answer: Answer) -> Report:
    found = _rows(problem, "jacobian", answer)
    shape = np.shape(found.value) if found.value is not None else ()
    if not shape:
        return found
    written = [
        large.with_formula(
            problem, g, blocks.of_jacobian(problem, g.name, shape, g.autograd, answer)
        )
        for g in found.gradients
    ]
    return _written(found, written)


def _written(found: Report, gradients: Sequence[InputGradient]) -> Report:
    """The report with the formulas of the whole, in whose place those of its rows are no matter."""
    told = found.findings
    if all(gradient.formula is not None for gradient in gradients):
        told = tuple(finding for finding in told if finding.kind != "formula")
    return replace(found, gradients=tuple(gradients), findings=told)


def _hessian(problem: Problem, tangents: Tangents, order: int, answer: Answer) -> Report:
    twice = replace(problem, before=(Gradient(problem.wrt),))
    if len(problem.wrt) > 1:
        _refuse_claims(problem, "a Hessian by several inputs")
    found = _with_own(problem, _rows(twice, "hessian", answer), "hessian", answer)
    several = len(problem.wrt) > 1
    gradients = _blocks(problem, found.gradients) if several else found.gradients
    pairs = product(problem.wrt, problem.wrt)
    written = [
        large.with_formula(
            problem, block, blocks.of_hessian(problem, rows, columns, block.autograd, answer)
        )
        for block, (rows, columns) in zip(gradients, pairs, strict=True)
    ]
    return _written(found, written)


Kind = Callable[[Problem, Tangents, int, Answer], Report]

KINDS: Mapping[str, Kind] = {
    "grad": _gradient, "jacobian": _jacobian, "hessian": _hessian, "vjp": _vjp, "jvp": _jvp,
    "hvp": _hvp,
}  # fmt: skip
"""The derivatives by the names of their commands."""

WEIGHTED, TANGENT = ("grad", "vjp"), ("jvp", "hvp")
"""Those that have weights of the outputs, and those that are along a tangent."""


# -- rows ----------------------------------------------------------------------------------------


def _rows(problem: Problem, command: str, answer: Answer) -> Report:
    """The gradients of all elements of what is differentiated, as one report."""
    whole = answer(replace(problem, check=False, claims={}), command)
    shape = () if whole.value is None else whole.value.shape
    count = math.prod(shape)
    if count > FEW_ROWS and problem.check and not problem.claims:
        found = large.checked(problem, command, whole, answer)
        if found.verdict.outcome is Outcome.VERIFIED or count > MOST_ROWS:
            return found
    if count > MOST_ROWS:
        raise LimitError(
            f"there are {count:,} elements to differentiate; with --expect the limit is"
            f" {MOST_ROWS:,}",
            hint="--of takes a part of the output; vjp, jvp and hvp are products with a vector",
        )
    if not problem.check and count:
        return large.unchecked(problem, command, whole, answer)
    if not count:
        return _of_nothing(answer(replace(problem, claims={}), command), shape)
    reports = []
    for place in range(count):
        seed = np.zeros(shape)
        seed[np.unravel_index(place, shape)] = 1.0
        claimed = _row_of_claims(problem, place, shape)
        row = replace(problem, cotangent=seed, unseen=bool(shape), **claimed)
        reports.append(answer(row, command))
    return _together(problem, whole, reports, shape)


def _of_nothing(found: Report, shape: tuple[int, ...]) -> Report:
    """The derivative of an output that has no elements, from the gradient of its sum."""
    gradients = [
        InputGradient(g.name, np.zeros((*shape, *g.shape)), input_shape=(*shape, *g.shape))
        for g in found.gradients
    ]
    return replace(found, gradients=tuple(gradients), summed=False)


def _row_of_claims(problem: Problem, place: int, shape: tuple[int, ...]) -> dict[str, Any]:
    """What is claimed of the gradient of one element of the output."""
    if not shape or not problem.claims:
        return {"claims": problem.claims}
    index = tuple(int(k) for k in np.unravel_index(place, shape))
    claims: dict[str, Any] = {}
    for name, claim in problem.claims.items():
        try:
            ast.parse(claim.source.strip(), mode="eval")
        except SyntaxError:
            raise UsageError(
                f"--expect {brief(claim.brief)}: of many gradients the claim is one expression",
                hint="write it without names of its own",
            ) from None
        text = f"({claim.source.strip()})"
        known = blocks.value_of(problem, text, problem.inputs)
        wanted = (*shape, *problem.inputs[name].shape)
        if known is not None and known.shape not in ((), wanted):
            raise ShapeError(
                f"--expect {brief(claim.brief)}: it has shape {known.shape}, "
                f"what it is held to {wanted}",
                hint="the output's shape stands before the input's",
            )
        whole = known is not None and not known.shape
        claims[name] = text if whole else f"{text}[{', '.join(map(str, index))}]"
    rooms = {name: _row_of_room(room, index) for name, room in problem.rooms.items()}
    return {"claims": claims, "rooms": rooms}


def _row_of_room(room: Room, index: tuple[int, ...]) -> Room:
    return replace(room, unit=room.unit[index]) if np.ndim(room.unit) else room


def _claim(rows: Sequence[InputGradient], text: str | None, shape: tuple[int, ...]) -> Claim | None:
    """The claims of the rows as one."""
    found = [row.claim for row in rows if row.claim is not None]
    if len(found) < len(rows) or text is None:
        return None
    held = [claim.holds for claim in found]
    digits = [claim.digits for claim in found if claim.digits is not None]
    worst = next((claim for claim in found if claim.holds is False), found[0])
    inner = np.shape(found[0].differs)
    return replace(
        worst,
        text=text,
        # what a row has to do with a gradient says nothing of them all
        diagnosis=None,
        value=np.stack([np.broadcast_to(c.value, inner) for c in found]).reshape((*shape, *inner)),
        holds=False if False in held else (None if None in held else True),
        differs=np.stack([claim.differs for claim in found]).reshape((*shape, *inner)),
        digits=min(digits, default=None),
    )


def _together(
    problem: Problem, whole: Report, rows: Sequence[Report], shape: tuple[int, ...]
) -> Report:
    if not rows:
        return whole
    gradients = tuple(
        _stacked([row.gradients[k] for row in rows], shape, problem.claims.get(name))
        for k, name in enumerate(problem.wrt)
    )
    worst = max(range(len(rows)), key=lambda k: _badness(rows[k]))
    known = {(f.kind, f.message): f for row in rows for f in row.findings if f.kind != OF_FORMULA}
    return replace(
        whole,
        gradients=gradients,
        verdict=_verdict(rows, worst, shape),
        witnesses=rows[worst].witnesses,
        summed=False,
        cotangent=None,
        findings=tuple(known.values()),
    )


def _badness(row: Report) -> tuple[int, float]:
    digits = [g.digits for g in row.gradients if g.digits is not None]
    return WORST.index(row.verdict.outcome), -min(digits, default=math.inf)


def _verdict(rows: Sequence[Report], worst: int, shape: tuple[int, ...]) -> Verdict:
    """That of the worst row, told by the place of what is worst in it, if one element is."""
    found = rows[worst].verdict
    if found.outcome is Outcome.VERIFIED or not shape:
        return found
    for gradient in rows[worst].gradients:
        if (seen := _at(gradient, found.outcome)) is not None:
            place, name = _place(worst, shape, seen), gradient.name
            break
    else:
        place, name = _place(worst, shape, ()), "row " if rows[worst].gradients[0].shape else ""
    return replace(found, message=f"{name}[{', '.join(map(str, place))}]: {found.message}")


def _at(gradient: InputGradient, outcome: Outcome) -> tuple[int, ...] | None:
    """Where the one element is that a verdict on its row is about."""
    if gradient.worst is not None:
        return gradient.worst.index
    own = [element.index for element in gradient.elements if element.outcome is outcome]
    return own[0] if len(own) == 1 else None


def _stacked(
    rows: Sequence[InputGradient], shape: tuple[int, ...], claim: Program | None
) -> InputGradient:
    """What the rows say of one input, the shape of the output before that of the input."""
    inner = rows[0].shape

    def stack(name: str) -> Any:
        parts = [getattr(row, name) for row in rows]
        if any(part is None for part in parts):
            return None
        return np.stack([np.asarray(part) for part in parts]).reshape((*shape, *inner))

    digits = [row.digits for row in rows]
    radii = [row.radius for row in rows]
    conditions = [row.condition for row in rows if row.condition is not None]
    differs: Any = [row.differs for row in rows]
    told = [np.ones(inner, np.bool_) if r.told is None else r.told for r in rows]
    off = [(k, row.worst) for k, row in enumerate(rows) if row.worst is not None]
    return InputGradient(
        name=rows[0].name,
        autograd=stack("autograd"),
        symbolic=stack("symbolic"),
        enclosure=stack("enclosure"),
        formula=rows[0].formula if not shape else None,
        digits=None if None in digits else min(d for d in digits if d is not None),
        radius=None if None in radii else max(r for r in radii if r is not None),
        condition=max(conditions, default=None),
        differs=None
        if any(part is None for part in differs)
        else np.stack(differs).reshape((*shape, *inner)),
        told=None if all(map(np.all, told)) else np.stack(told).reshape((*shape, *inner)),
        worst=_worst(off, shape),
        claim=_claim(rows, None if claim is None else claim.brief, shape),
        elements=tuple(
            _placed(element, k, shape) for k, row in enumerate(rows) for element in row.elements
        ),
        input_shape=(*shape, *inner),
    )


def _place(row: int, shape: tuple[int, ...], index: tuple[int, ...]) -> tuple[int, ...]:
    return (*(int(k) for k in np.unravel_index(row, shape)), *index)


def _worst(off: Sequence[tuple[int, Worst]], shape: tuple[int, ...]) -> Worst | None:
    def distance(pair: tuple[int, Worst]) -> float:
        found = abs(pair[1].autograd - pair[1].true)
        return math.inf if math.isnan(found) else found

    if not off:
        return None
    row, found = max(off, key=distance)
    return replace(found, index=_place(row, shape, found.index))


def _placed(element: Element, row: int, shape: tuple[int, ...]) -> Element:
    return replace(element, index=_place(row, shape, element.index))


def _blocks(problem: Problem, columns: Sequence[InputGradient]) -> list[InputGradient]:
    """A Hessian by several inputs in blocks, `x,w` those of the gradient by x once more by w."""
    found, start = [], 0
    for name in problem.wrt:
        outer = problem.inputs[name].shape
        size = math.prod(outer)
        for column in columns:
            found.append(_block(column, slice(start, start + size), outer, f"{name},{column.name}"))
        start += size
    return found


def _block(column: InputGradient, rows: slice, outer: tuple[int, ...], name: str) -> InputGradient:
    inner = column.shape[1:]

    def cut(part: Any) -> Any:
        return None if part is None else part[rows].reshape((*outer, *inner))

    def moved(index: tuple[int, ...]) -> tuple[int, ...]:
        return _place(index[0] - rows.start, outer, index[1:])

    own = range(rows.start, rows.stop)
    return replace(
        column,
        name=name,
        autograd=cut(column.autograd),
        symbolic=cut(column.symbolic),
        enclosure=cut(column.enclosure),
        differs=cut(column.differs),
        told=cut(column.told),
        worst=replace(column.worst, index=moved(column.worst.index))
        if column.worst is not None and column.worst.index[0] in own
        else None,
        elements=tuple(
            replace(e, index=moved(e.index)) for e in column.elements if e.index[0] in own
        ),
        input_shape=(*outer, *inner),
    )
