"""What is wrong in a part of a program that may not run is told where it runs.

Of a branch, of what stands behind a statement that may leave the function, of an operand that may
not be asked for.
"""

import ast
import copy
from collections.abc import Iterator, Sequence
from typing import Any

from gradcalc.errors import GradcalcError
from gradcalc.lang.imported import Body
from gradcalc.lang.machine import Machine

ERROR = "deferred_error"
"""The attribute of a node that says what is wrong with it."""

LEAVING = (ast.Return, ast.Raise, ast.Break, ast.Continue)
FUNCTIONS = (ast.FunctionDef, ast.ClassDef, ast.Lambda)


class Refused(ast.expr):
    """What stands for an expression that cannot be read: it raises the error."""

    error: GradcalcError


def conditional(body: Body) -> frozenset[int]:
    """The nodes, by their ids, of the functions of a text that may not run when these do."""
    found = set[int]()
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.FunctionDef):
                found.update(id(inner) for part in _of_block(node.body) for inner in ast.walk(part))
    return frozenset(found)


def _of_block(block: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """What may not run of statements that run one after another."""
    for number, statement in enumerate(block):
        yield from _of_statement(statement)
        if _may_leave(statement):
            yield from block[number + 1 :]
            return


def _of_statement(statement: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(statement, FUNCTIONS):
        return
    match statement:
        case ast.If(body=body, orelse=orelse):
            yield from (*body, *orelse)
            yield from _of_expression(statement.test)
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            yield from (*handlers, *orelse)
            yield from _of_block(body)
            yield from _of_block(final)
        case ast.For(body=body, orelse=orelse) | ast.While(body=body, orelse=orelse):
            yield from (*body, *orelse)
        case ast.With(body=body):
            yield from _of_block(body)
        case ast.Match(cases=cases):
            yield from cases
        case _:
            yield from _of_expression(statement)


def _of_expression(node: ast.AST) -> Iterator[ast.AST]:
    for inner in ast.walk(node):
        match inner:
            case ast.IfExp(body=body, orelse=orelse):
                yield from (body, orelse)
            case ast.BoolOp(values=values):
                yield from values[1:]
            case _:
                pass


def _may_leave(statement: ast.stmt) -> bool:
    """Whether what stands behind a statement may not run after it."""
    inner = (node for node in ast.walk(statement) if not isinstance(statement, FUNCTIONS))
    return any(isinstance(node, LEAVING) for node in inner)


def defer(node: ast.AST, error: GradcalcError) -> None:
    """Have a node raise an error where it is evaluated."""
    setattr(node, ERROR, error)


def without_refused(body: Body) -> Body:
    """The statements with what is wrong in them as what raises it."""
    nodes = (node for statement in body for node in ast.walk(statement))
    if not any(hasattr(node, ERROR) for node in nodes):
        return body
    # others may hold the same statements
    return tuple(_Refusing().visit(copy.deepcopy(statement)) for statement in body)


class _Refusing(ast.NodeTransformer):
    def visit(self, node: ast.AST) -> Any:
        error = getattr(node, ERROR, None)
        if error is None:
            return super().visit(node)
        made = ast.copy_location(Refused(), node)
        made.error = error
        return ast.copy_location(ast.Expr(made), node) if isinstance(node, ast.stmt) else made


def raised(machine: Machine, node: Refused) -> Any:
    """The rule for it."""
    raise node.error
