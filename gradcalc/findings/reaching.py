"""Which plain numbers can reach the output of a program, and which are only printed or tested for.

It goes by names, whatever the order of the statements: what is not surely idle counts as reaching.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gradcalc.errors import Span
from gradcalc.lang.program import Program, Stop, span_of
from gradcalc.problem import Problem

CHANGING = frozenset({"append", "extend", "insert", "add", "update", "setdefault", "appendleft"})
"""Methods by which something is put into what a name stands for, and nothing else is done."""


def reaching(problem: Problem, stops: Sequence[Stop]) -> tuple[Stop, ...]:
    """The stops whose numbers can reach the output."""
    program = problem.program
    nodes = [node for statement in program.body for node in ast.walk(statement)]
    # what is raised may be handled, and a program may have a print of its own
    handled = any(isinstance(node, ast.Try) for node in nodes)
    if not stops or handled or "print" in program.assigned:
        return tuple(stops)
    given = {node.arg for node in nodes if isinstance(node, ast.arg)}
    idle = _idle(program, problem.of, given)
    return tuple(stop for stop in stops if not any(_holds(part, stop.span) for part in idle))


def _holds(outer: Span, inner: Span) -> bool:
    if outer.file != inner.file:
        return False
    begins = (outer.line, outer.column) <= (inner.line, inner.column)
    ends = (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
    return begins and ends


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a program: what it reads, and the names for which alone it matters, if so.

    None says that it matters whatever is read of it.
    """

    node: ast.AST
    reads: frozenset[str]
    names: frozenset[str] | None


@dataclass(slots=True)
class _Parts:
    """The parts of a program, and names that stand for the same."""

    found: list[_Part] = field(default_factory=list)
    alike: list[frozenset[str]] = field(default_factory=list)

    def add(self, node: ast.AST, names: Iterable[str] | None) -> None:
        """One part more. What is bound inside of an expression matters as well."""
        named = [n for n in ast.walk(node) if isinstance(n, ast.NamedExpr)]
        bound = {n.target.id for n in named}
        names = None if names is None else frozenset((*names, *bound))
        self.found.append(_Part(node, frozenset(_read(node)), names))


def _idle(program: Program, of: str | None, given: set[str]) -> list[Span]:
    """The places of what cannot reach the output; what functions are `given` others may hold."""
    parts = _Parts()
    for statement in program.body:
        _note(statement, parts)
    wanted = {*given, *(() if of is None else (of,))}
    if program.function is None:
        # the last statement gives the output, by whatever name
        wanted |= _names(program.body[-1:])
    left = parts.found
    while True:
        live = [p for p in left if p.names is None or p.names & wanted]
        if not live:
            break
        left = [p for p in left if not any(p is one for one in live)]
        wanted |= {name for part in live for name in part.reads}
        wanted |= {name for group in parts.alike if group & wanted for name in group}
    return [span_of(part.node, program.source) for part in left]


def _note(node: ast.AST, parts: _Parts) -> None:
    """Add a statement's parts."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"))) | ast.Assert() | ast.Raise():
            parts.add(node, ())
        case ast.If(test=test, body=body, orelse=[]) if all(map(_only_tells, body)):
            parts.add(test, ())
            _note_all(body, parts)
        case ast.For(target=target, iter=items, body=body, orelse=[]) if all(
            map(_only_tells, body)
        ):
            parts.add(items, _names([target]))
            _note_all(body, parts)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr))) if (
            attr in CHANGING
        ):
            parts.add(node, (name,))
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign():
            _note_assigned(node, parts)
        case ast.ClassDef(body=body):
            # what a class binds is an attribute, and so no name
            for statement in body:
                _note_whole(statement, parts)
        case ast.stmt():
            _note_whole(node, parts)


def _note_assigned(node: ast.Assign | ast.AugAssign | ast.AnnAssign, parts: _Parts) -> None:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = _names(targets)
    parts.add(node, names)
    if isinstance(node.value, ast.Name | ast.Tuple | ast.List | ast.IfExp):
        # a name, or a list of several, for what others stand for too
        parts.alike.append(frozenset(names | _names([node.value])))


def _note_whole(node: ast.stmt, parts: _Parts) -> None:
    """A statement that matters, but for the statements in it."""
    inner: list[ast.AST] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            inner.append(child)
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            inner += child.body
            rest = [n for n in ast.iter_child_nodes(child) if n not in child.body]
            for part in rest:
                parts.add(part, None)
        else:
            parts.add(child, None)
    _note_all(inner, parts)


def _note_all(nodes: Iterable[ast.AST], parts: _Parts) -> None:
    for node in nodes:
        _note(node, parts)


def _only_tells(node: ast.stmt) -> bool:
    """Whether a statement prints something, or raises an error, and does nothing else."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"))) | ast.Raise() | ast.Pass():
            return True
        case ast.Assert():
            return True
        case _:
            return False


def _read(node: ast.AST) -> Iterator[str]:
    """The names that are read."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            yield part.id


def _names(nodes: Iterable[ast.AST]) -> set[str]:
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}
