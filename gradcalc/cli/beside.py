"""The files beside a program that it imports: those in its folder, or in the package it is of."""

import ast
import os
from collections import deque
from collections.abc import Callable, Container, Iterator
from functools import cached_property
from pathlib import Path

from gradcalc.cli import shadowed
from gradcalc.cli.mentions import ALONE, EVERY, HANDED, WRITTEN, Chain
from gradcalc.cli.reach import Finder, Needs, Node
from gradcalc.cli.statements import File
from gradcalc.cli.tried import Failing
from gradcalc.errors import GradcalcError
from gradcalc.lang.files import joined
from gradcalc.lang.neighbours import LIBRARIES, Import
from gradcalc.lang.program import Limits
from gradcalc.located import located

SCANNED = 16
"""How many times the length of a program is looked through for what it needs."""


def with_neighbours(
    texts: list[tuple[str, str]],
    path: Path,
    function: str | None,
    limits: Limits,
    read: Callable[[Path], str],
) -> str:
    """The texts, behind those of the files in the same folder, or package, that they import.

    Of these the lines stand there that the `function` needs, which may be none. What is too long
    with the others is left out, as what is not there.
    """
    beside = _Beside(texts, path, read)
    beside.gather(SCANNED * limits.length)
    if not (beside.files or beside.whole) and path.suffix == ".py":
        return texts[0][1]
    found: list[tuple[str, str]] = []
    room = limits.length - sum(len(text) for _, text in texts)
    for name, text in beside.lines(function).items():
        room -= len(text.rstrip())
        if room < 0:
            room += len(text.rstrip())
        else:
            found.append((name, text))
    front = "".join(f"{name}/" for name in beside.package)
    own = beside.own
    return joined([*found, *((f"{front}{n}" if own else n, text) for n, text in texts)])


class _Beside(Finder):
    """The files that a program imports, by their names from the root of its package.

    `whole` are those that are no Python, of which whoever reads them next says where.
    """

    def __init__(
        self, texts: list[tuple[str, str]], path: Path, read: Callable[[Path], str]
    ) -> None:
        folder = located(path).absolute().parent
        self._read = read
        self.root, self.package = _root(folder, [text for _, text in texts])
        self.own = "" if path.suffix == ".ipynb" else "/".join((*self.package, path.name))
        self.files: dict[str, File] = {}
        self.whole: dict[str, str] = {}
        self._where: dict[str, str | None] = {}
        self._text = "\n".join(text for _, text in texts)

    @cached_property
    def main(self) -> File | None:
        """The program itself."""
        return _parsed(self._text, self.package)

    def gather(self, room: int) -> None:
        """Read what is imported, and what that imports, as long as there is room."""
        queue = deque([] if self.main is None else [self.main])
        while queue:
            here = queue.popleft()
            for file in dict.fromkeys(
                file
                for node in (*here.imports, *(n for inner in here.late.values() for n in inner))
                for file in self.loaded(here, node)
            ):
                if file in self.files or file in self.whole or file == self.own:
                    continue
                text = self._read(self.root / file)
                room -= len(text)
                if room < 0:
                    room += len(text)
                    continue
                parsed = _parsed(text, tuple(file.split("/")[:-1]))
                if parsed is None:
                    self.whole[file] = text
                else:
                    self.files[file] = parsed
                    queue.append(parsed)

    def lines(self, function: str | None) -> dict[str, str]:
        """What counts of each file."""
        if self.main is None:
            return {**self.whole, **{name: file.text for name, file in self.files.items()}}
        files = {**self.files, self.own: self.main}
        needs = Needs(files, self, self.own)
        around = (self._file("/".join(self.package[: k + 1])) for k in range(len(self.package)))
        needs.find(self._roots(function, self.main), [file for file in around if file])
        names: dict[str, set[str]] = {}
        numbers: dict[str, list[int]] = {}
        for file, name, _ in needs.names:
            names.setdefault(file, set()).add(name)
        for file, number in needs.held:
            numbers.setdefault(file, []).append(number)
        failing = Failing(files, lambda here, node: [*self.loaded(here, node)], self._lacks)
        for name, there in files.items():
            failing.check(there, needs.asked if name == self.own else names.get(name, set()))
        found = dict(self.whole)
        for name, there in self.files.items():
            mine = names.get(name, set())
            shadowed.check(name, there, mine, self.loaded)
            whole = EVERY in mine
            if whole:
                found[name] = there.text
            else:
                kept = [node for node in there.imports if self._counts(there, node, mine)]
                found[name] = there.kept(numbers.get(name, ()), kept)
        return found

    def _counts(self, here: File, statement: Import, names: Container[str]) -> bool:
        """Whether an import brings one of the names, or runs another file: in which order these
        run may matter. Those of libraries say whose arrays the others are about."""
        base = statement.module or "" if isinstance(statement, ast.ImportFrom) else ""
        folders = ("/".join(here.inside[: k + 1]) for k in range(len(here.inside)))
        around = {f"{folder}/__init__.py" for folder in folders}
        return any(
            alias.name == "*"
            or (alias.asname or alias.name.split(".")[0]) in names
            or (base or alias.name).split(".")[0] in LIBRARIES
            for alias in statement.names
        ) or any(file not in around for file in self.loaded(here, statement))

    def _roots(self, function: str | None, main: File) -> list[Node]:
        """What is asked of the program itself."""
        try:
            node = None if function is None else ast.parse(function, mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            node = None
        names = [] if node is None else [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
        if names and all(n in main.binds or n in main.aliases or main.stars for n in names):
            return [(self.own, name, ()) for name in names]
        return [(self.own, *m) for k in range(len(main.body)) for m in main.mentions(k).names]

    # -- what imports mean ---------------------------------------------------------------------

    def asked(self, here: File, statement: Import, alias: ast.alias, chain: Chain) -> list[Node]:
        found = self._asked(here, statement, alias, chain)
        # what a module has not is asked of a function in it
        lacking = (file for file, name, _ in found if self._lacks(file, name))
        return [*found, *((f, "__getattr__", ()) for f in lacking
                          if "__getattr__" in self.files[f].binds)]  # fmt: skip

    def _lacks(self, file: str, name: str) -> bool:
        there = self.files.get(file)
        bound = there is None or name in (EVERY, *there.binds) or name in there.aliases
        inner = file.removesuffix("__init__.py") + name
        return not (bound or name.startswith("__") or self._is_there(inner))

    def _asked(self, here: File, statement: Import, alias: ast.alias, chain: Chain) -> list[Node]:
        found: list[Node] = []
        if isinstance(statement, ast.Import):
            for full in self._absolute(alias.name.replace(".", "/")):
                outer, _, last = full.rpartition("/")
                if alias.asname is None:
                    root = full[: len(full) - len(alias.name)] + alias.name.split(".")[0]
                    found += self._of_module(root, chain)
                else:
                    found += self._of_module(full, chain)
                    if self._is_there(full) and (file := self._file(outer)) is not None:
                        found.append((file, last, chain))
            return found
        for base in self._bases(here, statement):
            if (file := self._file(base)) is not None:
                found.append((file, alias.name, chain))
            found += self._of_module(f"{base}/{alias.name}".strip("/"), chain)
        return found

    def bases(self, here: File, statement: ast.ImportFrom) -> list[str]:
        found = (self._file(base) for base in self._bases(here, statement))
        return [file for file in found if file is not None]

    def _of_module(self, full: str, chain: Chain) -> Iterator[Node]:
        """What is asked of a module by what stands behind its name."""
        file = self._file(full)
        first = chain[0] if chain else ""
        if file is not None:
            if first in (*HANDED, *WRITTEN, "__dict__"):
                yield file, EVERY, WRITTEN
            elif not chain or chain == ALONE:
                yield file, EVERY, ()
            else:
                yield file, first, chain[1:]
        if first.isidentifier() and (file is None or file.endswith("/__init__.py")):
            inner = f"{full}/{first}"
            if self._is_there(inner):
                yield from self._of_module(inner, chain[1:] or ALONE)

    def _is_there(self, full: str) -> bool:
        return self._file(full) is not None or (bool(full) and os.path.isdir(self.root / full))

    def _absolute(self, name: str) -> list[str]:
        """The full names that a name without dots in front may have."""
        return list(dict.fromkeys([name, "/".join((*self.package, name))]))

    def _bases(self, here: File, statement: ast.ImportFrom) -> list[str]:
        name = (statement.module or "").replace(".", "/")
        if not statement.level:
            return self._absolute(name)
        if statement.level - 1 > len(here.inside):
            return []
        front = here.inside[: len(here.inside) - (statement.level - 1)]
        return ["/".join((*front, *([name] if name else [])))]

    def loaded(self, here: File, statement: Import) -> Iterator[str]:
        """The files that an import runs."""
        if isinstance(statement, ast.Import):
            fulls = [f for a in statement.names for f in self._absolute(a.name.replace(".", "/"))]
        else:
            bases = self._bases(here, statement)
            fulls = [f"{b}/{a.name}".strip("/") for b in bases for a in statement.names]
        for full in fulls:
            for one in _all(full):
                if (file := self._file(one)) is not None:
                    yield file

    def _file(self, name: str) -> str | None:
        """The file of a module; none outside of the root."""
        if name not in self._where:
            self._where[name] = _file_of(self.root, name) if name else None
        return self._where[name]


def _parsed(text: str, inside: Chain) -> File | None:
    try:
        return File(text, ast.parse(text).body, inside)
    except (SyntaxError, ValueError, RecursionError, MemoryError, GradcalcError):
        return None


def _root(folder: Path, texts: list[str]) -> tuple[Path, tuple[str, ...]]:
    """Where the names of the package begin that a folder is in, and the folders from there on."""
    above = [folder, *folder.parents]
    count = next(k for k, one in enumerate(above) if not os.path.isfile(one / "__init__.py"))
    for text in texts:
        for name, level in _names(text):
            first = name.split("/")[0]
            if level > 1:
                count = max(count, level)
            elif level or os.path.isdir(folder / first) or os.path.isfile(folder / f"{first}.py"):
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


def _all(name: str) -> list[str]:
    """A full name with those around it."""
    pieces = name.split("/")
    return ["/".join(pieces[: k + 1]) for k in range(len(pieces))]


def _file_of(folder: Path, name: str) -> str | None:
    """The file of a module in the folder, with slashes; none outside of it."""
    for file in (f"{name}/__init__.py", f"{name}.py"):
        try:
            there = (folder / file).resolve(strict=True)
        except (OSError, RuntimeError, ValueError):
            continue
        if os.path.isfile(there) and there.is_relative_to(folder.resolve()):
            return file
    return None
