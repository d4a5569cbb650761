"""Which names a program binds, and which it needs from outside."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from gradcalc.lang import library
from gradcalc.lang.program import Naming, dotted


@dataclass(frozen=True, slots=True)
class Scope:
    """What a program may refer to besides its own names.

    `naming` says which names are a library's, `known` are names that will have a value when it
    runs.
    """

    naming: Naming
    known: frozenset[str]


def bound_names(body: Sequence[ast.stmt]) -> frozenset[str]:
    """All names that are bound anywhere in the statements, in whatever scope."""
    names: set[str] = set()
    for node in (node for statement in body for node in ast.walk(statement)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
    return frozenset(names)


def own_names(body: Sequence[ast.AST]) -> frozenset[str]:
    """The names that a function body binds in its own scope, not in functions inside it."""
    return _bound_in(tuple(body))


@lru_cache(maxsize=256)
def _bound_in(body: tuple[ast.AST, ...]) -> frozenset[str]:
    names: set[str] = set()
    stack = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif not isinstance(node, ast.Lambda):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            stack.extend(ast.iter_child_nodes(node))
    return frozenset(names)


def free_names(
    body: Sequence[ast.stmt], main: ast.FunctionDef | None, scope: Scope
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names that a program needs, and those it may be given, each in order of first use.

    A name read before anything in the text has bound it comes from outside: `a *= a` needs `a`.
    """
    walker = _Walker(scope)
    walker.block(body)
    walker.finish(None if main is None else main.name)
    required = dict.fromkeys(n for n in walker.free if not library.has_meaning(n))
    optional = dict.fromkeys(n for n in walker.free if library.has_meaning(n))
    if main is not None:
        arguments = main.args
        first_default = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
        names = [a.arg for a in parameters_of(arguments)]
        positional = names[: len(names) - len(arguments.kwonlyargs)]
        keyword_only = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        given = {*positional[first_default:], *(a.arg for a, value in keyword_only if value)}
        required = dict.fromkeys(n for n in names if n not in given) | required
        optional = dict.fromkeys(n for n in names if n in given) | optional
    return tuple(required), tuple(n for n in optional if n not in required)


def parameters_of(arguments: ast.arguments) -> tuple[ast.arg, ...]:
    """All parameters of a function, in order."""
    return (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)


class _Walker(ast.NodeVisitor):
    """Walks statements in the order in which they run, noting what is read unbound."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.bound: set[str] = {*scope.naming.imported, *scope.known}
        self.free: dict[str, None] = {}
        self.used: set[str | None] = set()
        self.lambdas: list[ast.Lambda] = []
        self.functions: dict[str, list[ast.FunctionDef]] = {}

    def block(self, body: Sequence[ast.AST]) -> None:
        for statement in body:
            self.visit(statement)

    def finish(self, main: str | None = None) -> None:
        """Look into the functions that can be called.

        They run when every name of the scope around them is there.
        """
        ready: list[ast.FunctionDef | ast.Lambda] = [*self.lambdas]
        called = self.used | {main}
        while True:
            for name in [name for name in self.functions if name in called]:
                ready += self.functions.pop(name)
            if not ready:
                return
            called = set[str | None]()
            for function in ready:
                inner = self._inside(function)
                self.free |= inner.free
                called |= inner.used
            self.used |= called
            ready = []

    def _inside(self, function: ast.FunctionDef | ast.Lambda) -> "_Walker":
        inner = _Walker(self.scope)
        body = function.body if isinstance(function, ast.FunctionDef) else [function.body]
        parameters = {a.arg for a in parameters_of(function.args)}
        local = own_names(body) if isinstance(function, ast.FunctionDef) else frozenset()
        inner.bound = self.bound | local | parameters
        inner.block(body)
        inner.finish()
        return inner

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)
            return
        self.used.add(node.id)
        if node.id not in self.bound:
            self.free.setdefault(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = dotted(node)
        if name is None or name[0] not in self.scope.naming.modules:
            self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        # a name that is called needs no value: it is a function or nothing
        if isinstance(node.func, ast.Name):
            self.used.add(node.func.id)
        else:
            self.visit(node.func)
        self.block(node.args)
        self.block(node.keywords)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        operands: list[ast.expr] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            operands.append(left.right)
            left = left.left
        self.visit(left)
        self.block(operands[::-1])

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        self.block(node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.visit_Name(ast.Name(node.target.id, ast.Load()))
        self.visit(node.value)
        self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.visit(node.target)

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        self.block(node.body)
        self.block(node.orelse)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.block((node.test, node.body, node.orelse))

    def visit_With(self, node: ast.With) -> None:
        self.block(node.body)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.bound.add(node.name)
        self._defaults(node.args)
        self.functions.setdefault(node.name, []).append(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._defaults(node.args)
        self.lambdas.append(node)

    def _defaults(self, arguments: ast.arguments) -> None:
        self.block([d for d in (*arguments.defaults, *arguments.kw_defaults) if d is not None])
