"""Functions that yield: what they give one by one, as far as somebody asks for it.

Their statements run as generators of Python's, which rest where the program's do.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from gradcalc.errors import GradcalcError, UnsupportedError
from gradcalc.lang import ops, targets
from gradcalc.lang.bindings import own_nodes
from gradcalc.lang.containers import gone_through
from gradcalc.lang.expressions import test
from gradcalc.lang.failing import trying
from gradcalc.lang.leaving import BREAK, Return
from gradcalc.lang.machine import Machine, Rule
from gradcalc.lang.managing import entering
from gradcalc.lang.resting import Steps


@lru_cache(maxsize=512)
def yields(body: tuple[ast.AST, ...]) -> bool:
    """Whether a body has a `yield` of its own, not one of a function inside it."""
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(body))


def items(machine: Machine, body: Sequence[ast.stmt], inside: Callable[..., Any]) -> Steps:
    """What a function yields. `inside` calls something within the function's scope."""
    steps = _block(machine, body)
    resume: Callable[[], Any] = partial(next, steps)
    while True:
        frozen = machine.frozen
        try:
            value = inside(resume)
        except StopIteration as end:
            return end.value.value if isinstance(end.value, Return) else None
        if machine.frozen != frozen and not machine.managing:
            raise UnsupportedError(
                "yield in no_grad() has whoever asks for the value calculate without gradients too",
                hint="collect the values in a list, or mark the function by @contextmanager",
            )
        try:
            resume = partial(steps.send, (yield value))
        except GradcalcError as error:
            resume = partial(steps.throw, error)


def _block(machine: Machine, body: Sequence[ast.stmt]) -> Steps:
    for statement in body:
        machine.budget.tick()
        machine.node = statement
        if not yields((statement,)):
            left = machine.rules[type(statement)](machine, statement)
        elif (rule := _RULES.get(type(statement))) is not None:
            left = yield from rule(machine, statement)
        else:
            raise UnsupportedError(
                "yield stands in a loop, in a block, or by itself here",
                hint="collect the values in a list",
            )
        if left is not None:
            return left
    return None


def _given(machine: Machine, value: Any) -> Steps:
    """What one `yield` gives, and what is sent to it."""
    alone = isinstance(value, ast.Yield | ast.YieldFrom)
    if not alone:
        machine.eval(next(n for n in ast.walk(value) if isinstance(n, ast.Yield | ast.YieldFrom)))
    if isinstance(value, ast.YieldFrom):
        return (yield from ops.iterated(machine, machine.eval(value.value)))
    return (yield None if value.value is None else machine.eval(value.value))


def _expression(machine: Machine, node: ast.Expr) -> Steps:
    yield from _given(machine, node.value)


def _assign(machine: Machine, node: ast.Assign) -> Steps:
    sent = yield from _given(machine, node.value)
    for target in node.targets:
        targets.bind(machine, target, sent)


def _if(machine: Machine, node: ast.If) -> Steps:
    return (yield from _block(machine, node.body if test(machine, node, "if") else node.orelse))


def _while(machine: Machine, node: ast.While) -> Steps:
    def going() -> Iterator[None]:
        while test(machine, node, "while"):
            yield

    return (yield from _rounds(machine, node, going()))


def _for(machine: Machine, node: ast.For) -> Steps:
    iterable = gone_through(machine, node.iter)

    def going() -> Iterator[None]:
        for item in ops.iterated(machine, iterable):
            targets.bind(machine, node.target, item)
            yield

    return (yield from _rounds(machine, node, going()))


def _rounds(machine: Machine, node: ast.While | ast.For, going: Iterator[None]) -> Steps:
    for _ in going:
        machine.budget.tick()
        left = yield from _block(machine, node.body)
        if left is BREAK:
            return None
        if isinstance(left, Return):
            return left
    return (yield from _block(machine, node.orelse))


def _misplaced(machine: Machine, node: ast.AST) -> Any:
    raise UnsupportedError(
        "yield stands by itself in a function here, or behind =",
        hint="write yield value as a line of its own, in a def",
    )


YIELDING: Mapping[type[ast.AST], Rule] = {ast.Yield: _misplaced, ast.YieldFrom: _misplaced}
"""The meaning of a `yield` that is part of an expression."""

_RULES: Mapping[type[ast.AST], Callable[[Machine, Any], Steps]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.If: _if,
    ast.While: _while,
    ast.For: _for,
    ast.Try: lambda machine, node: trying(machine, node, _block),
    ast.With: lambda machine, node: entering(machine, node, _block),
}
"""The statements that a `yield` may stand in."""
