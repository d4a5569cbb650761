"""Names of a package that an import of its own files turns into modules."""

import ast
from collections.abc import Callable, Collection, Iterable

from gradcalc.cli.statements import File
from gradcalc.errors import UnsupportedError
from gradcalc.lang.neighbours import Import, bound_at

INIT = "/__init__.py"


def check(
    name: str, there: File, needed: Collection[str], loaded: Callable[[File, Import], Iterable[str]]
) -> None:
    """Refuse a package that binds a needed name, and then imports its file of that name: whoever
    imports a file of a package binds its name there.

    Raises `UnsupportedError`.
    """
    if not name.endswith(INIT):
        return
    folder, bound = name.removesuffix(INIT), set[str]()
    for statement in there.body:
        own = {*bound_at(statement)}
        if not isinstance(statement, Import):
            bound |= own
            continue
        for file in loaded(there, statement):
            stem = file.removesuffix(INIT).removesuffix(".py").removeprefix(f"{folder}/")
            if stem in bound and stem in needed and (stem not in own or _is_module(statement)):
                raise UnsupportedError(
                    f"{folder.replace('/', '.')}.{stem} is a module and something else in turn",
                    hint="import its file first, or call one of them otherwise",
                )
        bound |= own


def _is_module(statement: Import) -> bool:
    """Whether what an import binds are modules: `import a.b`, `from . import b`."""
    return isinstance(statement, ast.Import) or not statement.module
