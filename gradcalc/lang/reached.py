"""What of a file matters to a function of it: the rest may plot, train, or define classes."""

import ast
from collections.abc import Iterator

from gradcalc.lang import grammar
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.catalogue import TABLES
from gradcalc.lang.program import dotted

Body = tuple[ast.stmt, ...]

IDLE = frozenset({
    ("jit", "script"), ("jit", "export"), ("jit", "ignore"), ("torch", "compile"), ("compile",),
    ("script",), ("njit",), ("numba", "njit"), ("numba", "jit"), ("jit",), ("jax", "jit"),
    ("cache",), ("lru_cache",), ("functools", "cache"), ("functools", "lru_cache"),
    ("tf", "function"), ("torch", "jit", "script"), ("nb", "njit"), ("beartype",), ("typechecked",),
})  # fmt: skip
"""Decorators that change nothing of what a function gives."""

HARMLESS = frozenset({
    "requires_grad_", "backward", "zero_grad", "step", "train", "eval", "retain_grad", "to", "cuda",
    "cpu", "float", "double", "numpy", "item", "tolist", "size", "dim", "detach", "clone",
})  # fmt: skip
"""Methods that leave the numbers as they are where nobody takes what they give."""


def undecorated(body: Body) -> Body:
    """The statements with functions as they are without decorators that change nothing.

    `@torch.no_grad()` counts: it is written into the function.
    """
    return tuple(_plain(s) if isinstance(s, ast.FunctionDef) else s for s in body)


def _plain(function: ast.FunctionDef) -> ast.FunctionDef:
    left: list[ast.expr] = []
    inside = function.body
    for decorator in reversed(function.decorator_list):
        path = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if path is not None and tuple(path) in IDLE:
            continue
        if path is not None and path[-1] in grammar.CONTEXTS and isinstance(decorator, ast.Call):
            item = ast.withitem(context_expr=decorator, optional_vars=None)
            held: ast.stmt = ast.With(items=[item], body=inside)
            inside = [ast.copy_location(held, decorator)]
            continue
        left.append(decorator)
    if len(left) == len(function.decorator_list):
        return function
    found = ast.FunctionDef(
        name=function.name, args=function.args, body=inside, decorator_list=left[::-1],
        returns=function.returns, type_comment=None,
    )  # fmt: skip
    return ast.copy_location(found, function)


def reached(body: Body, name: str) -> Body:
    """The statements that a function of a file hangs on; all where there is no such function."""
    if not any(isinstance(s, ast.FunctionDef) and s.name == name for s in body):
        return body
    needed, chosen = {name}, set[int]()
    while True:
        more = {k for k, s in enumerate(body) if k not in chosen and needed & set(_changed(s))}
        if not more:
            break
        chosen |= more
        for k in more:
            needed |= set(_free([body[k]]))
    found: list[ast.stmt] = []
    for k, statement in enumerate(body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            # imports say whose functions and arrays all the others are
            own = known(statement, needed)
            found += [] if own is None else [own]
        elif k in chosen:
            found.append(statement)
    return tuple(found)


def _changed(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement binds, or whose values it changes."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
        return
    if isinstance(statement, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).split(".")[0] for alias in statement.names)
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield from _root(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            method = node.value.func
            if isinstance(method, ast.Attribute) and method.attr not in HARMLESS:
                yield from _root(method)


def _root(node: ast.expr) -> Iterator[str]:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def _free(nodes: list[ast.stmt] | list[ast.AST]) -> Iterator[str]:
    """The names that nodes take from outside of the functions in which they stand."""
    for node in nodes:
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.Lambda):
            arguments = node.args
            own = {a.arg for a in ast.walk(arguments) if isinstance(a, ast.arg)}
            inside = node.body if isinstance(node, ast.FunctionDef) else [node.body]
            own |= {
                n.id
                for part in inside
                for n in ast.walk(part)
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            around = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
            around += node.decorator_list if isinstance(node, ast.FunctionDef) else []
            yield from _free(list[ast.AST](around))
            yield from (name for name in _free(list[ast.AST](inside)) if name not in own)
        else:
            yield from _free(list(ast.iter_child_nodes(node)))


def known(
    statement: ast.Import | ast.ImportFrom, needed: set[str]
) -> ast.Import | ast.ImportFrom | None:
    """An import of what is known or needed, None where nothing is left of it."""
    base = "" if isinstance(statement, ast.Import) else statement.module or ""

    def is_kept(alias: ast.alias) -> bool:
        full = ".".join(part for part in (base, alias.name) if part)
        member = base in TABLES and (
            alias.name == "*" or alias.name in grammar.CONTEXTS or catalogue.has(base, alias.name)
        )
        local = (alias.asname or alias.name).split(".")[0]
        return base == "__future__" or full in TABLES or member or local in needed

    names = [alias for alias in statement.names if is_kept(alias)]
    if len(names) == len(statement.names):
        return statement
    if not names:
        return None
    if isinstance(statement, ast.Import):
        return ast.copy_location(ast.Import(names=names), statement)
    found = ast.ImportFrom(module=statement.module, names=names, level=statement.level)
    return ast.copy_location(found, statement)
