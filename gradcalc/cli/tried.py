"""Imports of files beside a program in blocks that may catch that they fail.

Nothing is run, so whether one fails is told by what is in the file: an import of what is not known,
of a name that is not there, an error that is raised. Where that may be, both ways are open.
"""

import ast
import sys
from collections.abc import Callable, Container, Iterator, Mapping

from gradcalc.cli.statements import File
from gradcalc.errors import UnsupportedError
from gradcalc.lang.alternatives import PRESENT, ROOTS
from gradcalc.lang.neighbours import Import, bound_at

OF_IMPORTS = frozenset({"ImportError", "ModuleNotFoundError"})
"""What an import raises that fails."""

KNOWN = PRESENT | ROOTS | sys.stdlib_module_names

Loads = Callable[[File, Import], list[str]]
"""The files that an import runs."""

Lacks = Callable[[str, str], bool]
"""Whether a file has no such name."""


class Failing:
    """Which files may fail to be imported."""

    def __init__(self, files: Mapping[str, File], loads: Loads, lacks: Lacks) -> None:
        self._files = files
        self._loads = loads
        self._lacks = lacks
        self._known: dict[tuple[str, bool], bool] = {}

    def check(self, here: File, needed: Container[str]) -> None:
        """Refuse a file whose needed names hang on whether an import fails that may.

        Raises `UnsupportedError`.
        """
        for statement in here.body:
            own = {*bound_at(statement)}
            if not any(name in needed for name in own):
                continue
            for node, anything in _tried(statement):
                if self._loads(here, node) and self._fails(here, node, anything):
                    shown = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
                    raise UnsupportedError(
                        f"whether {shown or node.names[0].name} can be imported is not known here",
                        hint="import it without catching that it fails, or leave it out",
                    )

    def _fails(self, here: File, node: Import, anything: bool) -> bool:
        files = self._loads(here, node)
        if not files:
            base = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            inner = isinstance(node, ast.ImportFrom) and node.level
            roots = {base.split(".")[0]} if base else {a.name.split(".")[0] for a in node.names}
            return not inner and not roots <= KNOWN
        if isinstance(node, ast.ImportFrom) and any(
            all(self._lacks(file, alias.name) for file in files)
            for alias in node.names
            if alias.name != "*"
        ):
            return True
        return any(self._may_fail(file, anything) for file in files)

    def _may_fail(self, file: str, anything: bool) -> bool:
        """Whether a file may fail in a way that is caught: with `anything` by what it calculates
        and looks up, too."""
        there, key = self._files.get(file), (file, anything)
        if there is None or key in self._known:
            return self._known.get(key, False)
        # what imports itself again does not fail for that
        self._known[key] = False
        self._known[key] = any(
            isinstance(node, ast.Raise | ast.Assert)
            or (isinstance(node, Import) and self._fails(there, node, anything))
            or (anything and _may_be_undefined(node))
            for statement in there.body
            for node in _run(statement)
        )
        return self._known[key]


def _tried(statement: ast.stmt) -> Iterator[tuple[Import, bool]]:
    """The imports in a statement that stand where it may be caught that they fail, and whether more
    than that is caught."""
    for node in ast.walk(statement):
        if isinstance(node, ast.With) or (isinstance(node, ast.Try) and node.handlers):
            anything = not all(map(_is_of_imports, _caught(node)))
            for part in node.body:
                yield from ((n, anything) for n in ast.walk(part) if isinstance(n, Import))


def _caught(node: ast.With | ast.Try) -> Iterator[ast.expr | None]:
    """The kinds of errors that a block catches, None for what says nothing of them."""
    for handler in node.handlers if isinstance(node, ast.Try) else ():
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        yield from kinds
    for item in node.items if isinstance(node, ast.With) else ():
        # as `suppress` is given them
        yield from item.context_expr.args if isinstance(item.context_expr, ast.Call) else [None]


def _is_of_imports(kind: ast.expr | None) -> bool:
    """Whether it is an error of imports alone."""
    return isinstance(kind, ast.Name) and kind.id in OF_IMPORTS


def _may_be_undefined(node: ast.AST) -> bool:
    """Whether a calculation may divide by 0, or look up what is not there."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod):
        divisor = node.right
        return not (isinstance(divisor, ast.Constant) and divisor.value not in (0, "", b""))
    return isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load | ast.Del)


def _run(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement that run with its file, and whose errors nothing there catches."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        yield node
        if isinstance(node, ast.Try) and node.handlers:
            stack += [*node.orelse, *node.finalbody]
            stack += [part for handler in node.handlers for part in handler.body]
        elif not _is_checking(node):
            stack += ast.iter_child_nodes(node)


def _is_checking(node: ast.AST) -> bool:
    """Whether a branch is for type checkers, or for who runs the file alone."""
    if not isinstance(node, ast.If):
        return False
    named = {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}
    named |= {n.attr for n in ast.walk(node.test) if isinstance(n, ast.Attribute)}
    return bool(named & {"TYPE_CHECKING", "__name__"})
