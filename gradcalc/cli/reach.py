"""What a function needs of the files beside its own: statements, by the names in them.

Nothing is run. A statement counts where it binds a name that is needed, and where running it may
change what is: too many may be taken, none that matters is left out.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from gradcalc.cli.mentions import (
    ALONE,
    EVERY,
    HANDED,
    WRITTEN,
    Chain,
    defined,
    is_plainly_defined,
)
from gradcalc.cli.statements import File
from gradcalc.lang.neighbours import Import
from gradcalc.lang.origins import keeps

Node = tuple[str, str, Chain]
"""A name of a file, with what is asked of it."""

Place = tuple[str, int]
"""A statement of a file, by its number."""


class Graph:
    """What names of files lead to; `files` are by their names from the root."""

    def __init__(self, files: Mapping[str, File], finder: "Finder") -> None:
        self._files = files
        self._finder = finder
        self._edges: dict[Node, tuple[list[Node], list[Place]]] = {}

    def of_statement(self, file: str, number: int, *, at_once: bool = False) -> list[Node]:
        """What a statement asks for."""
        here = self._files[file]
        mentions = here.mentions(number, at_once=at_once)
        # all others are names of functions, and Python's own
        return [
            (file, name, chain)
            for name, chain in mentions.names
            if name not in ("self", "cls")
            and (
                name == EVERY
                or chain == WRITTEN
                or name in here.binds
                or name in here.aliases
                or here.stars
            )
        ]

    def edges(self, node: Node) -> tuple[list[Node], list[Place]]:
        """What a name asks for, and the statements that bind it."""
        found = self._edges.get(node)
        if found is None:
            found = self._edges[node] = self._found(node)
        return found

    def _found(self, node: Node) -> tuple[list[Node], list[Place]]:
        file, name, chain = node
        here = self._files.get(file)
        if here is None:
            return [], []
        if name == EVERY:
            names = [*here.binds, *here.aliases]
            more: list[Node] = [(file, one, chain) for one in names]
            return [*more, *self._of_stars(file, here, EVERY, chain)], []
        numbers = here.binds.get(name, [])
        found = [
            n
            for number in numbers
            for n in self.of_statement(file, number, at_once=(name, number) in here.at_once)
        ]
        if chain in (WRITTEN, HANDED):
            # it may hold what is bare in it
            found = [(f, n, HANDED if c == ALONE else c) for f, n, c in found]
        for statement, alias in here.aliases.get(name, ()):
            found += self._finder.asked(here, statement, alias, chain)
        found += self._of_stars(file, here, name, chain)
        return found, [(file, number) for number in numbers]

    def _of_stars(self, file: str, here: File, name: str, chain: Chain) -> Iterator[Node]:
        for star in here.stars:
            for other in self._finder.bases(here, star):
                yield from ((other, one, chain) for one in (name, "__all__") if other != file)

    def is_wild(self, place: Place) -> bool:
        """Whether a statement may change what no name leads to."""
        file, number = place
        return self._files[file].mentions(number).wild

    def draws(self, place: Place) -> bool:
        """Whether a statement draws random numbers."""
        file, number = place
        return self._files[file].mentions(number).draws

    def reach(
        self, nodes: Iterable[Node], seen: set[Node], held: set[Place], *, changed: bool = False
    ) -> None:
        """Add all that nodes lead to, and the statements that bind it.

        Where only that counts which may be `changed`, a module is not all that it has.
        """
        stack = list(nodes)
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            if changed and node[1] == EVERY and node[2] != WRITTEN:
                continue
            more, numbers = self.edges(node)
            held.update(numbers)
            stack += more


class Finder(Protocol):
    """Which files imports mean."""

    def asked(self, here: File, statement: Import, alias: ast.alias, chain: Chain) -> list[Node]:
        """What an import asks for, of which more stands behind dots."""

    def bases(self, here: File, statement: ast.ImportFrom) -> list[str]:
        """The files that a statement may import from."""

    def loaded(self, here: File, statement: Import) -> Iterator[str]:
        """The files that an import runs."""


@dataclass
class Needs:
    """What some names need of all files: the names, and the statements that count.

    Of the program itself, `main`, all counts that may do something, and what is `asked` of it; of a
    file that is imported before the function runs, what may change something that is needed.
    """

    files: Mapping[str, File]
    finder: Finder
    main: str

    def __post_init__(self) -> None:
        self.names = set[Node]()
        self.asked = set[str]()
        self.held = set[Place]()
        self._graph = Graph(self.files, self.finder)
        self._leading = _Leading(self._graph)
        self._rest: dict[Place, list[Node]] = {}
        self._loaded = set[str]()
        self._known = set[tuple[str, str]]()

    def find(self, roots: Iterable[Node], loaded: Iterable[str]) -> None:
        """Find what these names need where these files are loaded."""
        graph = self._graph
        graph.reach(roots, self.names, self.held)
        self.asked = {name for file, name, _ in self.names if file == self.main}
        draws = any(map(graph.draws, self.held))
        for number in self.files[self.main].active:
            graph.reach(graph.of_statement(self.main, number), self.names, self.held)
        self._load([self.main, *loaded])
        while True:
            self._known = {(f, n) for f, n, _ in (*self.names, *self._leading.seen)}
            self._load(file for place in (*self.held, *self._leading.held)
                       for file in self._inside(place))  # fmt: skip
            self._mark(draws=draws)
            more = [
                place
                for place, nodes in self._rest.items()
                if self._does(place, draws=draws) or not self._leading.found.isdisjoint(nodes)
            ]
            if not more:
                return
            for place in more:
                self.held.add(place)
                del self._rest[place]
                graph.reach(graph.of_statement(*place), self.names, self.held)

    def _is_wild(self, place: Place, *, draws: bool) -> bool:
        return self._graph.is_wild(place) or (draws and self._graph.draws(place))

    def _does(self, place: Place, *, draws: bool) -> bool:
        """Whether running a statement may itself change what no name leads to."""
        mentions = self.files[place[0]].mentions(place[1], at_once=True)
        return mentions.wild or (draws and mentions.draws)

    def _mark(self, *, draws: bool) -> None:
        """Mark the names that lead to what is needed and may change."""
        known = {(file, name) for file, name, _ in self.names}
        known |= {(file, EVERY) for file, _ in self.held}
        graph = self._graph
        self._leading.add(
            node
            for node in self._leading.seen
            if _meets(self.files, node, known, self.held)
            or any(self._is_wild(place, draws=draws) for place in graph.edges(node)[1])
        )

    def _runs(self, place: Place) -> bool:
        """Whether a function in a statement is among the names that count."""
        file, number = place
        return any((file, name) in self._known for name in defined(self.files[file].body[number]))

    def _load(self, files: Iterable[str]) -> None:
        """Take files as loaded, and what they import."""
        stack, new = list(files), list[Node]()
        while stack:
            name = stack.pop()
            if name in self._loaded or name not in self.files:
                continue
            self._loaded.add(name)
            file = self.files[name]
            for statement in file.imports:
                stack += self.finder.loaded(file, statement)
            for number in () if name == self.main else file.active:
                if (name, number) not in self.held:
                    nodes = self._graph.of_statement(name, number, at_once=True)
                    self._rest[name, number] = nodes
                    new += nodes
        self._leading.extend(new)

    def _inside(self, place: Place) -> Iterator[str]:
        """The files that functions in a statement import, if it is for them that it counts."""
        file = self.files[place[0]]
        if place[1] in file.late and not self._runs(place):
            return
        for statement in file.late.get(place[1], ()):
            yield from self.finder.loaded(file, statement)


class _Leading:
    """The names that some lead to, and those of them which lead to certain others in turn."""

    def __init__(self, graph: Graph) -> None:
        self.found = set[Node]()
        self.seen = set[Node]()
        self.held = set[Place]()
        self._before: dict[Node, list[Node]] = {}
        self._graph = graph

    def extend(self, nodes: Iterable[Node]) -> None:
        """Follow more names."""
        before = set(self.seen)
        self._graph.reach(nodes, self.seen, self.held, changed=True)
        for node in self.seen - before:
            if node[1] == EVERY and node[2] != WRITTEN:
                continue
            for behind in self._graph.edges(node)[0]:
                self._before.setdefault(behind, []).append(node)
        self.add([n for b in self.found for n in self._before.get(b, ()) if n not in self.found])

    def add(self, nodes: Iterable[Node]) -> None:
        """Mark names, and all that lead to them."""
        stack = list(nodes)
        while stack:
            node = stack.pop()
            if node not in self.found:
                self.found.add(node)
                stack += self._before.get(node, ())


def _meets(
    files: Mapping[str, File], node: Node, known: set[tuple[str, str]], held: set[Place]
) -> bool:
    """Whether a name is one that is needed already, and is changed or has what can change."""
    file, name, chain = node
    if (file, name) not in known or file not in files:
        return False
    here = files[file]
    return chain[-1:] == WRITTEN or any(
        (file, number) in held and not _lasts(here.body[number])
        for number in here.binds.get(name, ())
    )


def _lasts(statement: ast.stmt) -> bool:
    """Whether what a statement binds is a function or a constant, in which nothing changes."""
    match statement:
        case ast.FunctionDef():
            return is_plainly_defined(statement) and keeps(statement) is None
        case ast.Assign(targets=[ast.Name()], value=value):
            return _is_constant(value)
        case ast.ClassDef(decorator_list=[], body=body):
            return all(map(_is_fixed, body)) and not any(map(_is_of_class, ast.walk(statement)))
        case _:
            return False


def _is_constant(value: ast.expr) -> bool:
    match value:
        case ast.Constant() | ast.Compare() | ast.JoinedStr() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.UnaryOp(operand=operand):
            return _is_constant(operand)
        case ast.Call(func=ast.Name(id="bool" | "int" | "float" | "str" | "len")):
            return True
        case _:
            return False


def _is_fixed(statement: ast.stmt) -> bool:
    """Whether nothing of what a class has by a statement can change in itself."""
    match statement:
        case ast.FunctionDef() | ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.AnnAssign(value=value):
            return value is None or _is_constant(value)
        case ast.Assign(value=value):
            return _is_constant(value)
        case _:
            return False


def _is_of_class(node: ast.AST) -> bool:
    """Whether a node may write to a class by way of itself or its objects."""
    match node:
        case ast.Attribute(value=ast.Name(id="self"), ctx=ast.Store()):
            return False
        case ast.Attribute(ctx=ast.Store() | ast.Del()):
            return True
        case ast.Name(id="setattr" | "delattr") | ast.Global():
            return True
        case _:
            return False
