"""The formulas of Jacobians and Hessians: a matrix where there is one, else what it does to a
tangent."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import chain, count
from typing import Any

import numpy as np

from gradcalc.derive.perturbations import moved
from gradcalc.derive.recorder import Recorder, RecordingBackend
from gradcalc.derive.runs import budget
from gradcalc.errors import GradcalcError
from gradcalc.expr.written import Written
from gradcalc.lang import trees
from gradcalc.lang.evaluate import evaluate
from gradcalc.lang.fence import compile_program
from gradcalc.maps import NoMatrix, matrix_of, mentions
from gradcalc.problem import Array, Problem
from gradcalc.report import Report
from gradcalc.targets import Gradient, Pulled

AGREED = 1e-9
"""How far apart the numbers of a formula and the derivative may be, beside the largest."""

SMALL = 1e-12
"""Numbers that are as good as 0, beside the largest: all of them may be small."""

STEP, TRIES = 0.1, 2
"""How far from the point a matrix is tried once more, and how often."""

Answer = Callable[[Problem, str], Report]
"""Calculates one gradient, for a command."""


def of_jacobian(
    problem: Problem, name: str, shape: tuple[int, ...], known: Array | None, answer: Answer
) -> Written | None:
    """The formula of the Jacobian of an output of a shape by one input, whose numbers are known."""
    size = problem.inputs[name].shape
    cotangent, tangent = _fresh(problem, "u", "V" if len(size) > 1 else "v")
    inputs = {**problem.inputs, cotangent: np.linspace(0.5, 1.5, _size(shape)).reshape(shape)}
    if not size:
        # by one number it is what a step of 1 does
        step = Pulled(cotangent, {name: np.ones(())})
        single = _formula(problem, inputs, cotangent, step, answer)
        return _of_shape(single, cotangent, shape)
    inputs[tangent] = _direction(size)
    found = _formula(problem, inputs, cotangent, Pulled(cotangent, {name: tangent}), answer)
    found = _of_shape(found, cotangent, shape)
    return _read(problem, found, tangent, len(shape), inputs, known, turned=False)


def _of_shape(found: Written | None, like: str, shape: tuple[int, ...]) -> Written | None:
    """A formula without an input of which it has no more than the shape; None if it has more."""
    if found is None or not mentions(found, like):
        return found
    sizes = str(shape[0]) if len(shape) == 1 else str(shape)

    def made(text: str) -> str:
        return re.sub(rf"\b(ones|zeros)_like\({like}\)", rf"\1({sizes})", text)

    made_of = Written(tuple((name, made(text)) for name, text in found.parts), made(found.body))
    return None if mentions(made_of, like) else made_of


def of_hessian(
    problem: Problem, rows: str, columns: str, known: Array | None, answer: Answer
) -> Written | None:
    """The formula of a block of a Hessian: the gradient by `rows`, once more by `columns`.

    Of one that is a map the tangent is of `columns`.
    """
    sizes = problem.inputs[rows].shape, problem.inputs[columns].shape
    first, second = (rows, columns) if sizes[1] or not sizes[0] else (columns, rows)
    found, tangent, inputs = _moved_gradient(problem, first, second, answer)
    if found is None:
        return _of_formula(problem, rows, columns, known, answer)
    if not tangent:
        return found
    read = _read(problem, found, tangent, len(sizes[1]), inputs, known, turned=rows != columns)
    if read is None or not read.tangent or rows == columns:
        return read
    # the Hessian is symmetric: moved by the columns, the gradient by the rows is the map itself
    turned, tangent, _ = _moved_gradient(problem, columns, rows, answer)
    return read if turned is None else turned.along(tangent)


def _moved_gradient(
    problem: Problem, along: str, by: str, answer: Answer
) -> tuple[Written | None, str, dict[str, Array]]:
    """How the gradient by an input moves with another one: along a tangent of that, which has a
    name unless it is a number, and the inputs with it."""
    size = problem.inputs[along].shape
    if not size:
        step = Gradient((along,), {along: np.ones(())})
        return _formula(problem, problem.inputs, by, step, answer), "", dict(problem.inputs)
    (tangent,) = _fresh(problem, "V" if len(size) > 1 else "v")
    inputs = {**problem.inputs, tangent: _direction(size)}
    given: Any = tangent
    found = _formula(problem, inputs, by, Gradient((along,), {along: given}), answer)
    return found, tangent, inputs


def _of_formula(
    problem: Problem, rows: str, columns: str, known: Array | None, answer: Answer
) -> Written | None:
    """The same from the formula of the gradient, which may be simpler than what the gradient is."""
    if problem.lets or problem.detach:
        return None
    plain = replace(problem, wrt=(rows,), before=(), claims={}, cotangent=None)
    try:
        first = answer(plain, "grad").gradients[0].formula
        if first is None:
            return None
        step = replace(plain, program=compile_program(first.text), of=None)
    except GradcalcError:
        return None
    found = of_jacobian(step, columns, problem.inputs[rows].shape, known, answer)
    if found is None or found.tangent:
        # nothing holds a map of the formula to the numbers
        return None
    value = value_of(problem, found.text, problem.inputs)
    return found if value is not None and known is not None and _is_near(value, known) else None


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=int))


def _direction(shape: tuple[int, ...]) -> Array:
    return np.asarray(np.cos(np.arange(1.0, _size(shape) + 1)).reshape(shape))


def _fresh(problem: Problem, *wanted: str) -> list[str]:
    """Names that the program does not have."""
    taken = {*problem.inputs, *problem.program.assigned, *problem.program.inputs}
    taken |= {name for name, _ in problem.lets} | set(trees.roots(problem.inputs))
    found = []
    for name in wanted:
        numbered = chain([name], (f"{name}{k}" for k in count(1)))
        found.append(next(n for n in numbered if n not in taken))
        taken.add(found[-1])
    return found


def _formula(
    problem: Problem, inputs: Mapping[str, Array], wrt: str, step: Any, answer: Answer
) -> Written | None:
    """The formula of a gradient that is linear in an input, which the check holds to torch's."""
    asked = replace(
        problem, inputs=dict(inputs), wrt=(wrt,), before=(step,), cotangent=None, claims={}
    )
    try:
        return answer(asked, "grad").gradients[0].formula
    except GradcalcError:
        return None


def _read(
    problem: Problem,
    found: Written | None,
    tangent: str,
    rank: int,
    inputs: Mapping[str, Array],
    known: Array | None,
    *,
    turned: bool,
) -> Written | None:
    """A formula in a tangent as a matrix, if it is one, else as the map that it is."""
    if found is None:
        return None
    if not mentions(found, tangent):
        # what is linear in something that it does not have is 0
        sizes = () if known is None else known.shape
        return Written((), f"zeros({sizes})") if sizes else None
    as_map = found.along(tangent)
    if rank != 1 or np.ndim(inputs[tangent]) != 1:
        return as_map
    prefix = "".join(f"{name} = {text}; " for name, text in found.parts)

    def shape_of(text: str) -> tuple[int, ...]:
        value = value_of(problem, f"{prefix}{text}", inputs)
        if value is None:
            raise NoMatrix
        return value.shape

    try:
        matrix = matrix_of(found, tangent, shape_of, turned=turned)
    except NoMatrix:
        return as_map
    return matrix if _holds(problem, matrix, found, tangent, inputs, known, turned) else as_map


def _holds(
    problem: Problem,
    matrix: Written,
    formula: Written,
    tangent: str,
    inputs: Mapping[str, Array],
    known: Array | None,
    turned: bool,
) -> bool:
    """Whether a matrix is the derivative here, and does what the formula does elsewhere."""
    here = value_of(problem, matrix.text, inputs)
    if known is None or here is None or not _is_near(here, known):
        return False
    for place in range(TRIES):
        point = {**moved(inputs, STEP, place), tangent: inputs[tangent]}
        value, done = (value_of(problem, text, point) for text in (matrix.text, formula.text))
        if value is None or done is None:
            return False
        made = value.T @ point[tangent] if turned else value @ point[tangent]
        if np.isfinite(done).all() and not _is_near(made, done):
            return False
    return True


def _is_near(found: Any, true: Any) -> bool:
    if np.shape(found) != np.shape(true):
        return False
    room = AGREED * float(np.max(np.abs(true), initial=0.0)) + np.finfo(float).tiny
    with np.errstate(invalid="ignore"):
        return bool((np.abs(found - true) <= room).all())


def is_same(found: Array, true: Array) -> bool:
    """Whether numbers are those of the same formula, written otherwise."""
    size = float(np.max(np.abs(true), initial=0.0))
    return found.shape == true.shape and bool(
        np.allclose(found, true, rtol=AGREED, atol=SMALL * size)
    )


def value_of(problem: Problem, text: str, inputs: Mapping[str, Array]) -> Array | None:
    """What a text of the language gives, in floats; None where it fails."""
    recorder = Recorder("float64")
    backend = RecordingBackend(recorder, budget(problem))
    given = {n: recorder.input(n, np.asarray(v, float), False) for n, v in inputs.items()}
    try:
        program = compile_program(text, known=tuple(trees.roots(inputs)))
        value = evaluate(program, backend, _needed(program.inputs, given), budget=backend.budget)
    except (GradcalcError, ArithmeticError, ValueError):
        return None
    return np.asarray(value.value.value, dtype=np.float64)


def _needed(names: Iterable[str], given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in names if name in given} or dict(given)
