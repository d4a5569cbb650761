"""What further runs of torch tell of a program: in float32, and without what cuts a gradient."""

import ast
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import GradcalcError, Span
from gradcalc.lang.backend import FAILURES
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Program, Stop, span_of, text_of
from gradcalc.problem import Problem
from gradcalc.testimony import Array, Computed, Cut, Narrow, Stray, is_close, place_of

Run = Callable[[Problem], Computed]
"""The program run and differentiated by torch, and nothing else."""

Place = tuple[Span, str]
"""Where a call is, and its text."""

NUMBERS = 1_000_000
"""Elements that a run makes, inputs among them, up to which there is one in float32 too."""

STEPS = 10_000
"""The same of its steps."""

TRIED = 8
"""Programs that are tried in place of one that float32 has no numbers for, at the most."""

CUTS = ("float", "int", "item", "tolist", "math", "complex")
"""The kinds of stops that take a plain number out of a tensor by a call."""

TENSORS: Mapping[str, str] = MappingProxyType(
    {"fabs": "abs", "degrees": "rad2deg", "radians": "deg2rad"}
)
"""What torch calls a function of `math`, where it is another name."""

COPIES = ("tensor", "as_tensor", "asarray")
"""The kinds of stops that copy the numbers of tensors into a new one."""

PLACES = 8
"""Places of them that are left out one by one."""


# -- float32 -----------------------------------------------------------------------------------


def in_float32(problem: Problem, ours: Computed, run: Run) -> Narrow | None:
    """What is not finite in float32, where all is in float64 and the program goes the same way.

    Where float32 has not even the inputs, that says nothing about the program, and a program that
    sets torch's dtype is meant for that one alone.
    """
    if problem.program.dtype is not None or _strays(ours):
        return None
    narrow = _narrowed(problem)
    if not all(np.isfinite(values).all() for values in narrow.inputs.values()):
        return None
    found = _ran(run, narrow)
    if found is None or found.path != ours.path:
        return None
    strays = _strays(found)
    if not strays:
        return None
    return Narrow(strays, _vanished(problem, narrow), _better(problem, ours, run))


def _ran(run: Run, problem: Problem) -> Computed | None:
    """What a run gives, None where the program cannot be run."""
    try:
        return run(problem)
    except (GradcalcError, *FAILURES):
        return None


def _narrowed(problem: Problem) -> Problem:
    with np.errstate(over="ignore"):
        inputs = {n: v.astype(np.float32).astype(np.float64) for n, v in problem.inputs.items()}
    return replace(problem, dtype="float32", inputs=inputs, claims={})


def _strays(testimony: Computed) -> tuple[Stray, ...]:
    """The first element that is not finite of the value, and of each gradient."""
    arrays = ((None, testimony.value), *testimony.gradients.items())
    return tuple(s for name, array in arrays for s in _first(name, array, ~np.isfinite(array)))


def _vanished(problem: Problem, narrow: Problem) -> Stray | None:
    """The first element of an input that is 0 in float32 and was not."""
    gone = {n: (given != 0) & (narrow.inputs[n] == 0) for n, given in problem.inputs.items()}
    found = (s for n, marks in gone.items() for s in _first(n, problem.inputs[n], marks))
    return next(found, None)


def _first(name: str | None, array: Array, marks: NDArray[np.bool_]) -> Iterator[Stray]:
    """The first element that is marked, if any is."""
    if marks.any():
        index = place_of(marks, marks.shape)
        yield Stray(name, index, float(array[index]))


def _better(problem: Problem, ours: Computed, run: Run) -> tuple[str, str] | None:
    """A part of the program in a form that stays finite in float32, and gives the same here."""
    # hardly any program needs them
    from gradcalc.rewrites import cures

    known = [name for name, _ in problem.lets]
    plain = replace(problem, claims={})
    for cure in cures(problem.program, known)[:TRIED]:
        try:
            program = compile_program(cure.source, function=problem.program.function, known=known)
        except GradcalcError:
            continue
        other = replace(plain, program=program)
        narrow = _ran(run, _narrowed(other))
        if narrow is None or _strays(narrow):
            continue
        wide = _ran(run, other)
        if wide is not None and _same(ours, wide):
            return cure.before, cure.after
    return None


def _same(first: Computed, second: Computed) -> bool:
    gradients = ((values, second.gradients[name]) for name, values in first.gradients.items())
    return all(is_close(*pair) for pair in ((first.value, second.value), *gradients))


# -- what cuts a gradient ----------------------------------------------------------------------


def cut(problem: Problem, ours: Computed, run: Run, *, small: bool = True) -> Cut | None:
    """What alone keeps a gradient at 0, where that is a plain number taken out of a tensor.

    Of a program that is not `small` only the last such place is left out.
    """
    stops = tuple(dict.fromkeys(stop for stop in ours.stops if stop.kind in (*CUTS, *COPIES)))
    zeros = [name for name, gradient in ours.gradients.items() if not gradient.any()]
    if not zeros or not stops:
        return None
    # what is nearest to the output first
    latest = stops[::-1]
    tries = [((stop,), True) for stop in latest[: PLACES if small else 1]]
    for left_out, alone in (*tries, *([(latest, False)] if small else [])):
        other = _without(problem, left_out, alone=alone)
        found = None if other is None else _ran(run, other)
        if found is not None and any(found.gradients[name].any() for name in zeros):
            return Cut(left_out[0], alone, is_close(found.value, ours.value))
    # what is called by another name cannot be left out of the text
    dead = {*zeros} - ours.carrying
    hidden = (stop for stop in latest if stop.kind != "int" and stop.behind & dead)
    found_out = (stop for stop in hidden if _without(problem, (stop,), alone=True) == problem)
    return next((Cut(stop, alone=True, same=False) for stop in found_out), None)


def _without(problem: Problem, stops: tuple[Stop, ...], *, alone: bool) -> Problem | None:
    """The problem with the arguments of some calls in their place; None where that is none.

    Unless they go `alone`, so do the calls right around them and within.
    """
    places = frozenset((stop.span, stop.source) for stop in stops)
    known: list[str] = []
    programs = []
    try:
        for name, program in problem.lets:
            programs.append((name, _shortened(program, places, known, alone=alone)))
            known.append(name)
        program = _shortened(problem.program, places, known, alone=alone)
    except (GradcalcError, SyntaxError, RecursionError):
        return None
    return replace(problem, program=program, lets=tuple(programs), claims={})


def _shortened(
    program: Program, places: frozenset[Place], known: list[str], *, alone: bool
) -> Program:
    shortening = _Shortening(program.source, places, alone=alone)
    shorter = shortening.visit(ast.parse(program.source))
    if not shortening.found:
        return program
    return compile_program(ast.unparse(shorter), function=program.function, known=tuple(known))


class _Shortening(ast.NodeTransformer):
    """Puts the arguments of the calls at some places in their place."""

    def __init__(self, source: str, places: frozenset[Place], *, alone: bool) -> None:
        self._source = source
        self._places = places
        self._alone = alone
        self.found = False

    def visit_Call(self, node: ast.Call) -> ast.AST:
        # of plain numbers a copy cuts nothing, of the tensors that they were it does
        meant = self._is_meant(node) or (not self._alone and _is_plain_copy(node))
        if _called(node) in COPIES and meant:
            # the language's own function makes the same, and keeps the gradient
            self.found = True
            return self.generic_visit(ast.Call(ast.Name("array", ast.Load()), node.args, []))
        if self._is_meant(node) and (function := _of_math(node)) is not None:
            self.found = True
            return self.generic_visit(ast.Call(function, node.args, []))
        chain: list[ast.expr] = [node]
        while (inner := _argument(chain[-1])) is not None:
            chain.append(inner)
            if self._alone:
                break
        if not any(map(self._is_meant, chain[:-1])):
            return self.generic_visit(node)
        self.found = True
        found: ast.AST = self.visit(chain[-1])
        return found

    def _is_meant(self, node: ast.expr) -> bool:
        return (span_of(node, self._source), text_of(node, self._source)) in self._places


def _called(node: ast.Call) -> str:
    """The last part of the name of what is called."""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_plain_copy(node: ast.Call) -> bool:
    """Whether a copy keeps numbers as they are, wherever it lies."""
    words = {word.arg: ast.unparse(word.value) for word in node.keywords}
    kind = words.pop("dtype", "float")
    return words.keys() <= {"device", "requires_grad"} and ("float" in kind or "double" in kind)


def _of_math(node: ast.Call) -> ast.expr | None:
    """torch's function where `math` has one for numbers, None if it is not one of math's."""
    name = _called(node)
    if name in CUTS or not hasattr(math, name):
        return None
    return ast.Attribute(ast.Name("torch", ast.Load()), TENSORS.get(name, name), ast.Load())


def _argument(node: ast.expr) -> ast.expr | None:
    """What a number is taken out of, None where that is not what an expression does."""
    if not isinstance(node, ast.Call) or node.keywords:
        return None
    function = node.func
    if (
        isinstance(function, ast.Attribute)
        and function.attr in ("item", "tolist")
        and not node.args
    ):
        return function.value
    return node.args[0] if _called(node) in CUTS and len(node.args) == 1 else None
