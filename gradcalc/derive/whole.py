"""Inputs of whole numbers of which a program asks whether they are integers, or needs that they
are."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from gradcalc.derive.runs import budget, record
from gradcalc.errors import EndlessError, GradcalcError, InvalidValueError
from gradcalc.expr.floats import Floats
from gradcalc.lang.dialects.spelling import NoCount
from gradcalc.lang.naming import every_node
from gradcalc.problem import Problem
from gradcalc.values import format_literal
from gradcalc.values.context import LARGEST

ASKING = frozenset(
    """dtype type isinstance is_floating_point issubdtype result_type promote_types can_cast kind
    typename iscomplexobj isrealobj is_integer arange full full_like zeros_like ones_like empty_like
    array asarray tensor as_tensor str repr format print get setdefault index count""".split()  # noqa: SIM905
)
"""Functions and attributes that tell integers from real numbers, or look something up."""

LOOKING = ast.Dict | ast.JoinedStr | ast.Match | ast.Subscript | ast.Set
"""What looks something up, or has numbers in a text."""

Found = tuple[Any, dict[str, Any]]
"""The value of a run, and its gradients."""


def settled(problem: Problem) -> Problem:
    """The problem with those inputs as integers that the program has to have so.

    These are what it does not run with otherwise, and where it does something else with integers
    those that were given as such, that say which or how many, or that nobody differentiates by.

    Raises `InvalidValueError` where either may be meant, and `EndlessError` where the program takes
    all its steps as it is given: each further run would take as long.
    """
    open_ = _open(problem)
    asks = _asks(problem)
    if not open_ or not (asks or _may_count(problem, open_)):
        return problem
    found = _run(problem, endless=False)
    if found is None:
        return _with(problem, _needed(problem, open_))
    if not asks:
        return problem
    taken: dict[str, str] = {}
    for name, kind in open_.items():
        other = None if kind == "bool" else _run(_with(problem, {name: kind}))
        if other is None or _is_flat(other, name) or _are_alike(found, other, name):
            continue
        if not (name in problem.kinds or name in problem.data or problem.asked):
            raise _either(problem, name)
        taken[name] = kind
    return _with(problem, taken)


def _open(problem: Problem) -> dict[str, str]:
    """The inputs that may be integers, and what they would be then."""
    found = {}
    for name, values in problem.inputs.items():
        if name in problem.asked or name in problem.integers:
            continue
        if name in problem.kinds:
            found[name] = problem.kinds[name]
        elif name in problem.truths and not values.shape:
            found[name] = "bool"
        elif name in problem.unsure and _are_whole(values):
            found[name] = "int64" if values.shape else "int"
    return found


def _are_whole(values: Any) -> bool:
    return bool(np.all((values == np.round(values)) & (np.abs(values) <= LARGEST)))


def _asks(problem: Problem) -> bool:
    """Whether something in a program tells integers from real numbers."""
    programs = (problem.program, *(program for _, program in problem.lets))
    return any(
        isinstance(node, LOOKING)
        or (isinstance(node, ast.Attribute) and node.attr in ASKING)
        or (isinstance(node, ast.Name) and node.id in ASKING)
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod))
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and _repeats(node))
        for program in programs
        for node in every_node(program.body)
    )


def _may_count(problem: Problem, kinds: Mapping[str, str]) -> bool:
    """Whether there is a single number among others that may say how many, as any call asks."""
    single = any(not problem.inputs[name].shape for name in kinds)
    programs = (problem.program, *(program for _, program in problem.lets))
    return (
        single
        and len(problem.inputs) > 1
        and any(isinstance(n, ast.Call) for program in programs for n in every_node(program.body))
    )


def _repeats(product: ast.BinOp) -> bool:
    """Whether a product is a list so many times."""
    return any(isinstance(part, ast.List | ast.Tuple) for part in (product.left, product.right))


def _with(problem: Problem, kinds: Mapping[str, str]) -> Problem:
    if not kinds:
        return problem
    data = tuple(dict.fromkeys((*problem.data, *kinds)))
    return replace(problem, kinds={**problem.kinds, **kinds}, data=data)


def _run(problem: Problem, *, endless: bool = True) -> Found | None:
    """What a problem gives in floats, None where it cannot be run.

    Raises `EndlessError` for what is not to be `endless`.
    """
    try:
        recording = record(problem, Floats(), problem.inputs, budget(problem))
        return recording.output, recording.swept(Floats(), problem.inputs)
    except EndlessError:
        if not endless:
            raise
        return None
    except (GradcalcError, ArithmeticError, ValueError):
        return None


def _needed(problem: Problem, kinds: Mapping[str, str]) -> dict[str, str]:
    """Those without which as integers it cannot be run, none if it cannot be with them either.

    What only has to have no slope need not be one: that is for the user to say.
    """
    if _run(replace(problem, data=tuple(dict.fromkeys((*problem.data, *kinds))))) is not None:
        return {}

    @cache
    def runs(names: Sequence[str]) -> bool:
        return _run(_with(problem, {name: kinds[name] for name in names})) is not None

    # a number says how many rather than an array does
    ordered = sorted(kinds, key=lambda name: problem.inputs[name].ndim > 0)
    if alone := next((name for name in ordered if runs((name,))), None):
        return {alone: kinds[alone]}
    single = tuple(name for name in ordered if not problem.inputs[name].shape)
    left = next((names for names in (single, tuple(ordered)) if names and runs(names)), ())
    if not left and single and _lacks_count(problem):
        counted = {name: kinds[name] for name in single}
        # what is wrong beside is told then
        return {} if _lacks_count(_with(problem, counted)) else counted
    for name in reversed(left):
        fewer = tuple(other for other in left if other != name)
        left = fewer if fewer and runs(fewer) else left
    return {name: kinds[name] for name in left}


def _lacks_count(problem: Problem) -> bool:
    """Whether a problem stops at a tensor where a whole number stands."""
    try:
        record(problem, Floats(), problem.inputs, budget(problem))
    except (GradcalcError, ArithmeticError, ValueError) as error:
        return getattr(error, "hint", None) == NoCount.hint
    return False


def _are_alike(first: Found, second: Found, name: str) -> bool:
    """Whether two runs give the same, but for the gradient by an input that is data in one."""
    pairs = [(first[0], second[0])]
    pairs += [(slope, second[1][other]) for other, slope in first[1].items() if other != name]
    return all(
        np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-9, atol=0, equal_nan=True)
        for a, b in pairs
    )


def _is_flat(found: Found, name: str) -> bool:
    """Whether nothing is left to differentiate by, which nobody has asked for."""
    return not any(np.any(slope) for other, slope in found[1].items() if other != name)


def _either(problem: Problem, name: str) -> InvalidValueError:
    values = problem.inputs[name]
    few = values.ravel()[:3]
    shown = ",".join(map(format_literal, few))
    real = ",".join(repr(float(value)) for value in few)
    others = ",".join(other for other in problem.inputs if other != name)
    return InvalidValueError(
        f"{name}: {shown} may be integers or real numbers, and the program does something else"
        " with each",
        hint=f"{real} are real numbers; --wrt {others} takes integers, as @{name}.npy may hold",
    )
