"""Which of a file's alternatives Python takes: for whom it runs, and imports that may fail."""

import ast
import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.catalogue import TABLES
from gradcalc.lang.imported import Body, full_name, meanings

Whose = Callable[[ast.ImportFrom | ast.Import, ast.alias], str | None]
"""Which member of a neighbouring file an import brings, None where it is of no such file."""

PRESENT = frozenset({"torch", "numpy", "scipy", "math"})
"""Libraries that are there where gradcalc runs."""

ROOTS = frozenset(name.split(".")[0] for name in TABLES)
"""Libraries of which something is known."""

ELSEWHERE = frozenset({"torch.cuda.is_available", "torch.backends.mps.is_available"})
"""What asks for devices on which nothing is calculated here."""

CHECKING = frozenset({"typing.TYPE_CHECKING", "typing_extensions.TYPE_CHECKING"})
"""What only type checkers find true."""

FAILED = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "AttributeError", "OSError"})
"""What is caught around imports."""


CATCHING = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
"""What catches that a library is not installed."""

ABSENT = "absent"
"""The attribute of what stands in place of an import: the library that is read as not there."""


BROUGHT = "brought"
"""The attribute that has the names which it would have given."""


def chosen(
    body: Body,
    whose: Whose = lambda statement, alias: None,
    is_own: Callable[[str], bool] = lambda root: False,
) -> Body:
    """The statements with those of the alternatives that run where a file is imported.

    `if __name__ == "__main__":` does not. An import that surely succeeds is taken without what
    would be done if it failed; of a library that nothing is known of, one that may fail does.
    `is_own` says whether a name is where those of the files begin.
    """
    chooser = _Chooser(meanings(body), whose, is_own)
    found = (inner for statement in body for inner in chooser.visited(statement))
    # nothing stands for what is left out of the top level, where the last statement counts
    return tuple(statement for statement in found if not hasattr(statement, LEFT_OUT))


LEFT_OUT = "left_out"
"""The attribute of what stands where a block must not be empty."""


class _Chooser(ast.NodeTransformer):
    def __init__(
        self, names: Mapping[str, str], whose: Whose, is_own: Callable[[str], bool]
    ) -> None:
        self._names = names
        self._whose = whose
        self._is_own = is_own

    def visited(self, statement: ast.stmt) -> list[ast.stmt]:
        found = self.visit(statement)
        return found if isinstance(found, list) else [found]

    def visit_If(self, node: ast.If) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        taken = self._known(node.test)
        if taken is None:
            return node
        left = ast.copy_location(ast.Pass(), node)
        setattr(left, LEFT_OUT, True)
        return (node.body if taken else node.orelse) or [left]

    def visit_Try(self, node: ast.Try) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        if (failing := self._failing(node)) is not None:
            return failing
        if node.finalbody or not all(map(_is_plain, node.body)):
            return node
        imports = [s for s in node.body if isinstance(s, ast.Import | ast.ImportFrom)]
        caught = all(_is_failed(handler.type) for handler in node.handlers)
        if not imports or not caught:
            return node
        if all(map(self._succeeds, imports)) or self._is_the_same(node):
            return [*node.body, *node.orelse]
        return node

    def _known(self, test: ast.expr) -> bool | None:
        """Whether a condition holds; None where nothing is known of it."""
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                found = self._known(operand)
                return None if found is None else not found
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq() as op], comparators=[right]):
                if _is_main(left, right) or _is_main(right, left):
                    return isinstance(op, ast.NotEq)
                return None
            case ast.Attribute(attr="is_cuda"):
                return False
            case ast.Call(func=func, args=[], keywords=[]):
                return False if full_name(func, self._names) in ELSEWHERE else None
            case _:
                return False if full_name(test, self._names) in CHECKING else None

    def _failing(self, node: ast.Try) -> ast.Try | None:
        """A `try` around an import of a library that nothing is known of, where that fails."""
        catches = any(_is_caught(handler.type) for handler in node.handlers)
        handled = [n for handler in node.handlers for s in handler.body for n in ast.walk(s)]
        if not catches or any(isinstance(n, ast.Raise) for n in handled):
            return None
        libraries = [self._absent(statement) for statement in node.body]
        place = next((k for k, library in enumerate(libraries) if library is not None), None)
        if place is None or not all(map(_is_plain, node.body[:place])):
            return None
        library = libraries[place]
        error: Any = ast.Call(
            ast.Name("ModuleNotFoundError", ast.Load()),
            [ast.Constant(f"No module named {library!r}")],
            [],
        )
        raised = ast.Raise(error, None)
        if "." not in str(library):
            # what is missing of Python itself is no secret of the machine
            setattr(raised, ABSENT, library)
        # names which nothing binds stay names of the program
        bound = {n for handler in node.handlers for s in handler.body for n in _brought(s)}
        given = [n for s in (*node.body[place:], *node.orelse) for n in _brought(s)]
        unbound = [n for n in dict.fromkeys(given) if n not in bound]
        dead = [ast.Assign([ast.Name(n, ast.Store())], ast.Constant(None)) for n in unbound]
        setattr(raised, BROUGHT, tuple(given))
        for made in (raised, *dead):
            ast.fix_missing_locations(ast.copy_location(made, node.body[place]))
        found = ast.Try([*node.body[:place], raised, *dead], node.handlers, [], node.finalbody)
        return ast.copy_location(found, node)

    def _absent(self, statement: ast.stmt) -> str | None:
        """The library that a statement imports, if nothing is known of it; or what Python's own
        module does not have."""
        if isinstance(statement, ast.ImportFrom) and statement.module == "itertools":
            names = (alias.name for alias in statement.names if alias.name != "*")
            return next((f"itertools.{n}" for n in names if not hasattr(itertools, n)), None)
        match statement:
            case ast.Import(names=[ast.alias(name=full), *_]):
                pass
            case ast.ImportFrom(module=str(full), level=0):
                pass
            case _:
                return None
        root = full.split(".")[0]
        known = root in PRESENT | sys.stdlib_module_names | ROOTS
        return None if known or self._is_own(root) else root

    def _succeeds(self, statement: ast.Import | ast.ImportFrom) -> bool:
        return all(self._is_there(statement, alias) for alias in statement.names)

    def _is_there(self, statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> bool:
        if isinstance(statement, ast.Import):
            root = alias.name.split(".")[0]
            known = root in PRESENT and alias.name in TABLES
            return known or (alias.name == root and root in sys.stdlib_module_names)
        base = "." * statement.level + (statement.module or "")
        if base.split(".")[0] not in PRESENT:
            return False
        return f"{base}.{alias.name}" in TABLES or (
            base in TABLES and catalogue.has(base, alias.name)
        )

    def _is_the_same(self, node: ast.Try) -> bool:
        """Whether all ways bring the same members of neighbouring files."""
        ways = [node.body, *(handler.body for handler in node.handlers)]
        brought = [self._brought(way) for way in ways]
        return brought[0] is not None and all(way == brought[0] for way in brought)

    def _brought(self, body: list[ast.stmt]) -> Mapping[str, str] | None:
        found: dict[str, str] = {}
        for statement in body:
            if not isinstance(statement, ast.Import | ast.ImportFrom):
                return None
            for alias in statement.names:
                whose = self._whose(statement, alias)
                if whose is None:
                    return None
                found[alias.asname or alias.name] = whose
        return found


def _is_main(name: ast.expr, text: ast.expr) -> bool:
    """Whether `__name__` is compared with what it is where a file is run, not imported."""
    match name, text:
        case ast.Name(id="__name__"), ast.Constant(value="__main__"):
            return True
        case _:
            return False


def _is_plain(statement: ast.stmt) -> bool:
    """Whether a statement imports something, or remembers that it was there."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Pass():
            return True
        case ast.Assign(targets=[ast.Name()], value=ast.Constant()):
            return True
        case _:
            return False


def absent_names(body: Body) -> Iterator[str]:
    """The names that imports of libraries would give, which are read as not there."""
    for node in (node for statement in body for node in ast.walk(statement)):
        yield from getattr(node, BROUGHT, ())


def _brought(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement binds."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (a.asname or a.name.split(".")[0] for a in statement.names if a.name != "*")
    elif isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    else:
        names = (n for n in ast.walk(statement) if isinstance(n, ast.Name))
        yield from (n.id for n in names if isinstance(n.ctx, ast.Store))


def _is_caught(kind: ast.expr | None) -> bool:
    parts = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(p is None or (isinstance(p, ast.Name) and p.id in CATCHING) for p in parts)


def _is_failed(kind: ast.expr | None) -> bool:
    match kind:
        case None:
            return True
        case ast.Name(id=name):
            return name in FAILED
        case ast.Tuple(elts=parts):
            return any(isinstance(p, ast.Name) and p.id in FAILED for p in parts)
        case _:
            return False
