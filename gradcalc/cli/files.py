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
    """The texts, behind those of the files in the same folder, or package, that they import.

    What is too long with the others is left out, as what is not there.
    """
    folder = path.expanduser().absolute().parent
    root, package = _root(folder, [text for _, text in texts])
    around = {"/".join(package[: k + 1]) for k in range(len(package))}
    found: dict[str, str] = {}
    room = limits.length - sum(len(text) for _, text in texts)
    own = "" if path.suffix == ".ipynb" else "/".join((*package, path.name))
    queue = deque((package, text) for _, text in texts)
    while queue:
        inside, text = queue.popleft()
        for name, sure in dict.fromkeys(_imported(text, inside, package)):
            file = _file_of(root, name)
            outer, _, last = name.rpartition("/")
            if file is None and sure and outer in around and not (root / name).is_dir():
                # a name of a package that the file is in
                file = _file_of(root, outer)
            elif name in around and last != "*" and file is not None:
                file = None if _only_brings(read(root / file, limits)) else file
            if file is None or file in found or file == own:
                continue
            inner = read(root / file, limits)
            room -= len(inner)
            if room < 0:
                room += len(inner)
                continue
            found[file] = inner
            queue.append((tuple(file.split("/")[:-1]), inner))
    if not found and path.suffix == ".py":
        return texts[0][1]
    front = "".join(f"{name}/" for name in package)
    return joined([*found.items(), *((f"{front}{n}" if own else n, text) for n, text in texts)])


def _root(folder: Path, texts: list[str]) -> tuple[Path, tuple[str, ...]]:
    """Where the names of the package begin that a folder is in, and the folders from there on."""
    above = [folder, *folder.parents]
    count = next(k for k, one in enumerate(above) if not (one / "__init__.py").is_file())
    for text in texts:
        for name, level in _names(text):
            first = name.split("/")[0]
            if level > 1:
                count = max(count, level)
            elif level or (folder / first).is_dir() or (folder / f"{first}.py").is_file():
                continue
            for k, one in enumerate(above[:-1]):
                # the folders are named as the import says it
                if one.name == first and any(_file_of(one.parent, n) for n in _all(name)[1:]):
                    count = max(count, k + 1)
                    break
    count = min(count, len(above) - 1)
    return above[count], tuple(one.name for one in reversed(above[:count]))


def _names(text: str) -> Iterator[tuple[str, int]]:
    """The names that a file may import, with slashes, and how many dots are in front of each."""
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
                # of a module itself anything may be asked
                yield from ((name.replace(".", "/"), 0) for name in (alias.name, f"{alias.name}.*"))
        elif isinstance(node, ast.ImportFrom):
            base = [node.module] if node.module else []
            for alias in node.names:
                yield ".".join([*base, alias.name]).replace(".", "/"), node.level


def _imported(
    text: str, inside: tuple[str, ...], package: tuple[str, ...]
) -> Iterator[tuple[str, bool]]:
    """The full names that a file in a folder of the package may import, from the root on.

    With each is said whether names surely begin there; the folder of the file that is meant may be
    where they begin as well.
    """
    for name, level in _names(text):
        if not level:
            yield from ((one, True) for one in _all(name))
            yield from ((one, False) for one in _all("/".join((*package, name)))[len(package) :])
        elif level - 1 <= len(inside):
            front = inside[: len(inside) - (level - 1)]
            yield from ((one, True) for one in _all("/".join((*front, name))))


def _all(name: str) -> list[str]:
    """A full name with those around it."""
    pieces = name.split("/")
    return ["/".join(pieces[: k + 1]) for k in range(len(pieces))]


def _only_brings(text: str) -> bool:
    """Whether a file, as that of a package, brings and defines names and changes nothing else."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(map(_defines, body))


def _defines(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.FunctionDef(decorator_list=[]) | ast.ClassDef(decorator_list=[]):
            return True
        case ast.Assign(targets=[ast.Name()]) | ast.AnnAssign(target=ast.Name()):
            return True
        case ast.AugAssign(target=ast.Name(id="__all__")):
            return True
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=last):
            parts = [*body, *orelse, *last, *(s for h in handlers for s in h.body)]
            return all(map(_defines, parts))
        case ast.If(body=body, orelse=orelse):
            return all(map(_defines, [*body, *orelse]))
        case _:
            return False


def _file_of(folder: Path, name: str) -> str | None:
    """The file of a module in the folder, with slashes; none outside of it."""
    for file in (f"{name}/__init__.py", f"{name}.py"):
        try:
            there = (folder / file).resolve(strict=True)
        except (OSError, RuntimeError, ValueError):
            continue
        if there.is_file() and there.is_relative_to(folder.resolve()):
            return file
    return None
