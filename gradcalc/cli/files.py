"""Programs in files: a Python file with those beside it that it imports, or a notebook.

Nothing of them is imported or run: they become one text (`gradcalc.lang.files`).
"""

import ast
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from gradcalc.cli import notebooks
from gradcalc.errors import FileError, UsageError, did_you_mean
from gradcalc.lang.files import joined
from gradcalc.lang.program import Limits

PROGRAM = re.compile(r"([^\n;]*\.(?:py|ipynb))(?::(.*))?")
"""A file as a program, with the function of it that is meant."""


def program(name: str, function: str | None, limits: Limits) -> str:
    """The text of a file that is a program.

    Raises `FileError` for one that cannot be read, `UsageError` for a notebook of which no function
    is named.
    """
    path = Path(name)
    if path.suffix == ".py":
        return _with_neighbours([(path.name, read(path, limits))], path, limits)
    # what a notebook shows is in its file too, and may be long
    cells = notebooks.cells(read(path, None), name)
    if function is None:
        raise _unnamed(name, [inner for _, text in cells for inner in functions(text)])
    return _with_neighbours(cells, path, limits)


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
    length = -1 if limits is None else 4 * limits.length
    try:
        with path.expanduser().open("rb") as file:
            # One byte more than the longest program can have, so that the fence refuses it.
            data = file.read(length if limits is None else length + 4)
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
        names = [entry.name for entry in path.expanduser().parent.glob(pattern)][:1000]
    except (OSError, ValueError, RuntimeError):
        return None
    return did_you_mean(path.name, names)


# -- neighbours --------------------------------------------------------------------------------


def _with_neighbours(texts: list[tuple[str, str]], path: Path, limits: Limits) -> str:
    """The texts, behind those of the files in the same folder that they import.

    What is too long with the others is left out, as what is not there.
    """
    folder = path.expanduser().absolute().parent
    package = folder.name if (folder / "__init__.py").is_file() else ""
    found: dict[str, str] = {}
    room = limits.length - sum(len(text) for _, text in texts)
    own = "" if path.suffix == ".ipynb" else path.name
    queue = deque(("", text) for _, text in texts)
    while queue:
        inside, text = queue.popleft()
        for name in _imported(text, inside, package):
            file = _file_of(folder, name)
            if file is None or file in found or file == own:
                continue
            inner = read(folder / file, limits)
            room -= len(inner)
            if room < 0:
                room += len(inner)
                continue
            found[file] = inner
            queue.append((".".join(file.split("/")[:-1]), inner))
    if not found and path.suffix == ".py":
        return texts[0][1]
    front = f"{package}/" if package else ""
    named = [(f"{front}{file}", text) for file, text in found.items()]
    return joined([*named, *((f"{front}{n}" if own else n, text) for n, text in texts)])


def _imported(text: str, inside: str, package: str) -> Iterator[str]:
    """The full names that a file in a package of the folder may import, from the folder on."""
    if "import" not in text:
        return
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # whoever reads it next says where
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _all(alias.name, package)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                pieces = inside.split(".") if inside else []
                if node.level - 1 > len(pieces):
                    continue
                pieces = pieces[: len(pieces) - (node.level - 1)]
                base = ".".join([*pieces, *([base] if base else [])])
            for alias in node.names:
                yield from _all(f"{base}.{alias.name}" if base else alias.name, package)


def _all(name: str, package: str) -> Iterator[str]:
    """A full name with those around it, as the folder has it."""
    pieces = name.split(".")
    yield from (".".join(pieces[: k + 1]) for k in range(len(pieces)))
    if package and pieces[0] == package:
        yield from (".".join(pieces[1 : k + 1]) for k in range(1, len(pieces)))


def _file_of(folder: Path, name: str) -> str | None:
    """The file of a module in the folder, with slashes; none outside of it."""
    path = name.replace(".", "/")
    for file in (f"{path}/__init__.py", f"{path}.py"):
        try:
            there = (folder / file).resolve(strict=True)
        except (OSError, RuntimeError, ValueError):
            continue
        if there.is_file() and there.is_relative_to(folder.resolve()):
            return file
    return None
