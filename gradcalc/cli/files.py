"""Programs in files: a Python file with those beside it that it imports, or a notebook.

Nothing of them is imported or run: they become one text (`gradcalc.lang.files`).
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from gradcalc.cli import notebooks
from gradcalc.errors import FileError, UsageError, did_you_mean
from gradcalc.lang.program import Limits
from gradcalc.located import MOST, check_file, located

PROGRAM = re.compile(r"([^\n;]*\.(?:py|ipynb))(?::(.*))?")
"""A file as a program, with the function of it that is meant."""


def program(name: str, function: str | None, limits: Limits) -> str:
    """The text of a file that is a program.

    Raises `FileError` for one that cannot be read, `UsageError` for a notebook of which no function
    is named.
    """
    # all of the language comes with it
    from gradcalc.cli.beside import with_neighbours

    path = Path(name)
    if path.suffix == ".py":
        return with_neighbours(
            [(path.name, read(path, limits))],
            path,
            function,
            limits,
            lambda file: read(file, limits),
        )
    # what a notebook shows is in its file too, and may be long
    cells = notebooks.cells(read(path, None), name)
    if function is None:
        raise _unnamed(name, [inner for _, text in cells for inner in functions(text)])
    return with_neighbours(cells, path, function, limits, lambda file: read(file, limits))


def _unnamed(name: str, known: list[str]) -> UsageError:
    if not known:
        return UsageError(f"{name} defines no functions")
    shown = ", ".join(dict.fromkeys(known))
    return UsageError(f"say which function of {name} is meant: {shown}", hint=f"{name}:{known[-1]}")


def functions(text: str) -> Iterator[str]:
    """The functions that a text defines at its top level."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield from (node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def functions_of(path: Path) -> Iterator[str]:
    """The functions in a file."""
    text = read(path, None)
    cells = notebooks.cells(text, str(path)) if path.suffix == ".ipynb" else [("", text)]
    for _, cell in cells:
        yield from functions(cell)


def read(path: Path, limits: Limits | None) -> str:
    """What stands in a file, of a longer one than a program can be the beginning."""
    # what only shows help does without numbers
    from gradcalc.values.context import check_reach

    check_reach(path)
    length = MOST if limits is None else 4 * limits.length
    check_file(located(path))
    try:
        with located(path).open("rb") as file:
            # One byte more than the longest program can have, so that the fence refuses it.
            data = file.read(length + 4)
        if limits is None and len(data) > length:
            raise FileError(f"{path} is too large to read")
        cut = limits is not None and len(data) > length
        return data.decode("utf-8-sig", "ignore" if cut else "strict")
    except FileNotFoundError:
        hint = similar_file(path, f"*{path.suffix}")
        raise FileError(f"there is no file {path}", hint=hint) from None
    except IsADirectoryError:
        raise FileError(f"{path} is a directory, not a file") from None
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RuntimeError):
        raise FileError(f"{path} is not a text in UTF-8") from None


def similar_file(path: Path, pattern: str = "*") -> str | None:
    """A hint naming the file that was probably meant."""
    try:
        names = [entry.name for entry in located(path).parent.glob(pattern)][:1000]
    except (OSError, ValueError, RuntimeError):
        return None
    return did_you_mean(path.name, names)
