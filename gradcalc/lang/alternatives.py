"""Which of a file's alternatives Python takes: for whom it runs, and imports that may fail."""

import ast
import sys
from collections.abc import Callable, Mapping

from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.catalogue import TABLES
from gradcalc.lang.imported import Body, full_name, meanings

Whose = Callable[[ast.ImportFrom | ast.Import, ast.alias], str | None]
"""Which member of a neighbouring file an import brings, None where it is of no such file."""

PRESENT = frozenset({"torch", "numpy", "scipy", "math"})
"""Libraries that are there where gradcalc runs."""

CHECKING = frozenset({"typing.TYPE_CHECKING", "typing_extensions.TYPE_CHECKING"})
"""What only type checkers find true."""

FAILED = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "AttributeError", "OSError"})
"""What is caught around imports."""


def chosen(body: Body, whose: Whose = lambda statement, alias: None) -> Body:
    """The statements with those of the alternatives that run where a file is imported.

    `if __name__ == "__main__":` does not. An import that surely succeeds is taken without what
    would be done if it failed.
    """
    chooser = _Chooser(meanings(body), whose)
    found = (inner for statement in body for inner in chooser.visited(statement))
    # nothing stands for what is left out of the top level, where the last statement counts
    return tuple(statement for statement in found if not hasattr(statement, LEFT_OUT))


LEFT_OUT = "left_out"
"""The attribute of what stands where a block must not be empty."""


class _Chooser(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str], whose: Whose) -> None:
        self._names = names
        self._whose = whose

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
            case _:
                return False if full_name(test, self._names) in CHECKING else None

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
