"""Program × backend × inputs → value: the statements of the language, and the run as a whole."""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import takewhile
from typing import Any, Protocol

from gradcalc.errors import GradcalcError, LimitError, Span, UnsupportedError
from gradcalc.lang import casts, deferred, memory, ops, targets, trees, written
from gradcalc.lang.backend import Backend
from gradcalc.lang.calls import CALLS, FUNCTIONS, applied, enter
from gradcalc.lang.chance import Dice
from gradcalc.lang.classes import CLASSES
from gradcalc.lang.containers import CONTAINERS, comprehensions, gone_through
from gradcalc.lang.decorating import decorated, decorators_of
from gradcalc.lang.expressions import EXPRESSIONS, closure, load, test
from gradcalc.lang.failing import FAILING
from gradcalc.lang.fence import compile_program
from gradcalc.lang.leaving import BREAK, CONTINUE, Return
from gradcalc.lang.machine import Closure, Confirm, Machine, Rules, Watch
from gradcalc.lang.managing import MANAGING
from gradcalc.lang.matching import MATCHING
from gradcalc.lang.nets.drawing import Drawing
from gradcalc.lang.nets.run import forward, leaves, named_when_bound
from gradcalc.lang.nets.state import Nets
from gradcalc.lang.outputs import output
from gradcalc.lang.paths import Path
from gradcalc.lang.program import (
    Branch,
    Budget,
    Limits,
    Program,
    Run,
    deep_recursion,
    dotted,
)
from gradcalc.lang.targets import root_of
from gradcalc.lang.words import WORDS
from gradcalc.lang.writing import operated
from gradcalc.lang.yielding import YIELDING
from gradcalc.primitives import Composite


def evaluate(
    program: Program,
    backend: Backend,
    inputs: Mapping[str, Any],
    *,
    detach: Collection[str] = (),
    data: Collection[str] = (),
    truths: Collection[str] = (),
    kinds: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    budget: Budget | None = None,
    confirm: Confirm | None = None,
    rules: Rules | None = None,
    seed: int = 0,
    survey: bool = False,
    dice: Dice | None = None,
    of: Path | None = (),
    functions: bool = False,
    printed: list[str] | None = None,
    watch: Watch | None = None,
) -> Run:
    """Run a program on a backend.

    `inputs` are the backend's tensors (or closures) by name, those of lists and dictionaries by the
    names of `lang.trees`; `detach` are names each use of which passes no gradient back, `data`
    those that have none, `truths` and `kinds` those that are truth values or integers. `confirm` is
    told every call of a library's function and what it gave. `rules` are other meanings of kinds of
    nodes than the language's own; `dice` are what random numbers are drawn from, without which none
    are. With `seed` the parameters of networks are drawn that are no inputs; with `survey` a
    program that is a network is made and not called. `of` is the part of the output that is wanted,
    None for none. With `functions` the output may be one, which is the value then. What the program
    prints is added to `printed`. `watch` sees what is kept for the backward pass.
    Raises `GradcalcError` with the place in the source.
    """
    limits = limits or Limits()
    if budget is None:
        budget = Budget.of(limits)
    machine = Machine(
        program,
        backend,
        limits,
        budget,
        rules or RULES,
        frozenset(detach),
        confirm,
        dice,
        apply_function=applied,
        load_module=_module,
        printed=printed,
        watch=watch,
    )
    try:
        with deep_recursion():
            found = _run(
                machine, inputs, seed, survey, frozenset(data), frozenset(truths), kinds or {}
            )
            _check_abandoned(machine)
            whole = functions and isinstance(found, FUNCTIONS)
            value = found if whole else None
            if of is not None and not whole:
                value = machine.raw(output(machine, found, of))
    except GradcalcError as raised:
        raise raised.located(machine.place, machine.source) from raised.__cause__
    except RecursionError:
        error = LimitError("the program recurses too deeply")
        raise error.located(machine.place, machine.source) from None
    except MemoryError:
        error = LimitError("the program needs more memory than there is")
        raise error.located(machine.place, machine.source) from None
    path = tuple(
        Branch(place.line, kind, text, tuple(taken), place.file)
        for place, kind, text, taken in machine.path.values()
    )
    names = {**machine.frame.values, **machine.main_frame.values}
    names = {n: machine.raw(held) for n, held in names.items() if memory.is_written(held)}
    stops, casts = tuple(machine.stops), tuple(machine.casts)
    return Run(value, names, path, stops, casts=casts, leaves=leaves(machine))


def _run(
    machine: Machine, inputs: Mapping[str, Any], seed: int, survey: bool,
    data: frozenset[str], truths: frozenset[str], kinds: Mapping[str, str],
) -> Any:  # fmt: skip
    program = machine.program
    source = (machine.chances or Dice(seed)).torch
    drawing = Drawing(source, wide=program.dtype == "float64")
    target = program.function if program.module else None
    taken = frozenset((*program.required, *program.parameters))
    machine.nets = Nets(inputs, taken, drawing, target=target)
    machine.on_bind = named_when_bound if program.nets else None
    inputs = {
        name: machine.hold(value) if machine.backend.is_tensor(value) else value
        for name, value in inputs.items()
    }
    machine.scalars = not any(machine.shape(v) for v in inputs.values() if machine.is_tensor(v))
    for name in filter(trees.is_part, machine.detached & inputs.keys()):
        inputs[name] = machine.detach(inputs[name], name)
    for name in (data | kinds.keys()) & inputs.keys():
        inputs[name] = machine.fixed(inputs[name], name)
    for name in truths & inputs.keys():
        inputs[name] = ops.binary(machine, "ne", inputs[name], 0)
    for name in kinds.keys() & inputs.keys():
        inputs[name] = casts.given(machine, inputs[name], kinds[name])
    inputs = trees.planted(inputs)
    machine.frame.values.update(inputs)
    machine.entered = tuple(inputs.values())
    machine.block(program.body)
    if program.function is None:
        return machine.last
    given = {name: inputs[name] for name in program.parameters if name in inputs}
    if program.module:
        return forward(machine, machine.frame.values[program.function], given, survey=survey)
    main = machine.frame.values[program.function]
    if machine.main is not None and main is not machine.main:
        return _wrapped(machine, main, machine.main, given)
    machine.main = main
    # nothing more is ever given
    empty: tuple[Any, ...] = ((main.arguments.vararg, ()), (main.arguments.kwarg, {}))
    stars = {name.arg: value for name, value in empty if name is not None}
    return enter(machine, main, {**given, **stars})


def _check_abandoned(machine: Machine) -> None:
    """Refuse what has left a generator within a block that Python would have gone out of."""
    if machine.abandoned:
        raise UnsupportedError(
            "a generator is left in a block, and what stands in finally, or in __exit__, would run",
            hint="go through all of its items",
        )


@cache
def _module(name: str) -> Program:
    """A module of a library that is written in the language."""
    # a program has an output, and a module needs none
    return replace(compile_program(f"{written.text(name)}\n0.0\n", library=True), library=True)


class Noted(Protocol):
    """Where in the user's program a backend is, and in which composite's definition."""

    place: Span | None
    inside: str | None


def by_definition(
    row: Composite,
    arguments: Mapping[str, Any],
    backend: Backend,
    noted: Noted,
    span: Span,
    budget: Budget,
) -> Any:
    """The value of a composite's definition. What is made in it has the place of the call."""
    outer = noted.inside
    if outer is None:
        noted.place, noted.inside = span, row.name
    try:
        return evaluate(_definition(row), backend, arguments, budget=budget).value
    except GradcalcError as error:
        # the place is one in the definition, which the user has not written
        error.span = error.source = None
        raise
    finally:
        noted.inside = outer


@cache
def _definition(row: Composite) -> Program:
    return compile_program(row.definition, core=True)


# -- statements ------------------------------------------------------------------------


def _expression(machine: Machine, node: ast.Expr) -> None:
    value = machine.eval(node.value)
    if not isinstance(value, str) and value is not Ellipsis:
        _result(machine, value)


def _result(machine: Machine, value: Any) -> None:
    """Remember what may be the output of the program."""
    if machine.frame is machine.main_frame:
        machine.last = value


def _assign(machine: Machine, node: ast.Assign) -> None:
    with machine.nets.renewing(_renewed(machine, node.targets)):
        value = machine.eval(node.value)
    _bound(machine, node.targets, value)


def _renewed(machine: Machine, bound: Sequence[ast.expr]) -> Any:
    """The tensor of whose own numbers new ones are made, as in `p.data = p.data / 2`."""
    match bound:
        case [ast.Attribute(value=held, attr="data")] if dotted(held) is not None:
            return machine.eval(held)
        case _:
            return None


def _annotated(machine: Machine, node: ast.AnnAssign) -> None:
    if node.value is not None:
        _bound(machine, [node.target], machine.eval(node.value))


def _augmented(machine: Machine, node: ast.AugAssign) -> None:
    """`y += x`, which writes into `y` where Python would."""
    if isinstance(node.target, ast.Name):
        name = node.target.id
        left, held = load(machine, node.target), machine.frame.keeper(name).values.get(name)
        right = machine.eval(node.value)
        machine.node = node
        value = operated(machine, type(node.op), held, left, right)
        _bound(machine, [node.target], value)
        return
    place = targets.located(machine, node.target)
    with machine.nets.renewing(place.whole):
        held = place.read()
        right = machine.eval(node.value)
        machine.node = node
        place.write(operated(machine, type(node.op), held, held, right))
    _result(machine, place.whole)


def _bound(machine: Machine, bound: list[ast.expr] | list[Any], value: Any) -> None:
    """Give a value to names. The result is what the last then gives, detached if that is asked."""
    for target in bound:
        targets.bind(machine, target, value)
    last = bound[-1]
    if isinstance(last, ast.Subscript | ast.Attribute):
        root = root_of(last)
        # what a module holds is no result, and no other expression is worked out twice
        named = isinstance(root, ast.Name) and root.id not in machine.program.naming.modules
        value = machine.eval(root) if named else None
    _result(machine, load(machine, last) if isinstance(last, ast.Name) else value)


def _if(machine: Machine, node: ast.If) -> Any:
    return machine.block(node.body if test(machine, node, "if") else node.orelse)


def _while(machine: Machine, node: ast.While) -> Any:
    def going() -> Iterator[None]:
        while test(machine, node, "while"):
            yield

    return _rounds(machine, node, going())


def _for(machine: Machine, node: ast.For) -> Any:
    iterable = gone_through(machine, node.iter)

    def going() -> Iterator[None]:
        for item in ops.iterated(machine, iterable):
            targets.bind(machine, node.target, item)
            yield

    return _rounds(machine, node, going())


def _rounds(machine: Machine, node: ast.While | ast.For, going: Iterator[None]) -> Any:
    """Run the body of a loop as long as it goes on; None, or how it was left for more than that."""
    for _ in going:
        machine.budget.tick()
        left = machine.block(node.body)
        if left is BREAK:
            return None
        if isinstance(left, Return):
            return left
    return machine.block(node.orelse)


def _define(machine: Machine, node: ast.FunctionDef) -> None:
    wrappers = decorators_of(machine, node)
    made: Any = closure(machine, node.name, node.args, node.body)
    if node.name == machine.program.function and machine.frame.parent is None:
        machine.main = made
    machine.bind(node.name, decorated(machine, made, wrappers))


def _wrapped(machine: Machine, main: Any, inner: Closure, given: Mapping[str, Any]) -> Any:
    """The call of what decorators made of a function, as one writes it: values without names."""
    positional = [a.arg for a in (*inner.arguments.posonlyargs, *inner.arguments.args)]
    first = list(takewhile(given.__contains__, positional))
    rest = {name: value for name, value in given.items() if name not in first}
    return machine.apply_function(machine, main, tuple(given[name] for name in first), rest)


def _nonlocal(machine: Machine, node: ast.Nonlocal) -> None:
    machine.frame.outer |= frozenset(node.names)


def _delete(machine: Machine, node: ast.Delete) -> None:
    for target in node.targets:
        targets.delete(machine, target)


def _return(machine: Machine, node: ast.Return) -> Return:
    return Return(None if node.value is None else machine.eval(node.value))


STATEMENTS: Rules = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.If: _if,
    ast.While: _while,
    ast.For: _for,
    ast.FunctionDef: _define,
    ast.Return: _return,
    ast.Nonlocal: _nonlocal,
    ast.Delete: _delete,
    **MANAGING,
    ast.Pass: lambda machine, node: None,
    ast.Import: lambda machine, node: None,
    ast.ImportFrom: lambda machine, node: None,
    ast.Break: lambda machine, node: BREAK,
    ast.Continue: lambda machine, node: CONTINUE,
}
"""The meaning of each kind of statement."""

RULES: Rules = {
    **EXPRESSIONS,
    deferred.Refused: deferred.raised,
    **CONTAINERS,
    **comprehensions(targets.bind),
    **WORDS,
    **CALLS,
    **STATEMENTS,
    **CLASSES,
    **FAILING,
    **YIELDING,
    **MATCHING,
}
"""The language."""
