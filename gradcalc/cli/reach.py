"""What a function needs of the files beside its own: statements, by the names in them.

Nothing is run. A statement counts where it binds a name that is needed, and where running it may
change what is: too many may be taken, none that matters is left out.
"""

import ast
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from gradcalc.lang import purity
from gradcalc.lang.alternatives import ROOTS
from gradcalc.lang.drawing import is_drawn
from gradcalc.lang.importing import of_functions
from gradcalc.lang.neighbours import Import, bound_at
from gradcalc.lang.program import dotted

Chain = tuple[str, ...]
"""What stands behind a name, dot by dot."""

PRYING = purity.PRYING - {
    "ctypes", "importlib.import_module", "importlib.machinery", "importlib.reload",
    "importlib.util.module_from_spec",
    "inspect.getmembers", "inspect.getmodule", "types.CodeType", "types.FunctionType",
}  # fmt: skip
"""Of libraries, what leads to what has no name in the text."""

BOUND: Chain = ("",)
"""What is asked of a name that is bound, and of a module nothing."""

WRITTEN: Chain = ("=",)
"""Behind what is asked of a name that is bound anew, or of a module that is handed around."""

ALONE: Chain = ("-",)
"""What is asked of a name with nothing behind it, which may be handed on."""

HANDED: Chain = ("+",)
"""What is asked of a name that a function is given."""

LOOKING = frozenset({"dir", "getattr", "hasattr", "isinstance", "issubclass", "type", "id", "len",
                     "repr", "str", "print", "help", "callable", "hash", "iter"})  # fmt: skip
"""Functions of Python's own that only look at a module which they are given."""

EVERY = "*"
"""In place of a name: all that a file has."""

ANYTHING = frozenset({"exec", "eval", "__import__"})
"""Functions of Python's own that may do anything."""

IMPORT = re.compile(r"\bimport\b")

UNDERNEATH = frozenset({"__globals__", "__builtins__", "__code__", "__closure__", "__loader__",
                        "__spec__"})  # fmt: skip
"""What gives the means to change what has another name."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """The names in a statement with what stands behind them.

    `wild` says that it may change anything, `draws` that it draws random numbers.
    """

    names: frozenset[tuple[str, Chain]]
    wild: bool
    draws: bool


@dataclass
class File:
    """A file that was read: its statements, and what binds each of its names.

    `imports` run with the file, the `late` ones of a statement with functions in it. A name is
    bound `at_once` by what is no function.
    """

    text: str
    body: list[ast.stmt]
    inside: Chain
    binds: dict[str, list[int]] = field(default_factory=dict)
    aliases: dict[str, list[tuple[Import, ast.alias]]] = field(default_factory=dict)
    stars: list[ast.ImportFrom] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    late: dict[int, list[Import]] = field(default_factory=dict)
    at_once: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._mentions: dict[tuple[int, bool], Mentions] = {}
        lines = [k for k, line in enumerate(self.text.split("\n"), 1) if IMPORT.search(line)]
        for number, statement in enumerate(self.body):
            if not isinstance(statement, Import):
                inner = set(_defined(statement))
                for name in bound_at(statement):
                    self.binds.setdefault(name, []).append(number)
                    self.at_once |= set() if name in inner else {(name, number)}
            last = statement.end_lineno or statement.lineno
            if any(statement.lineno <= line <= last for line in lines):
                self._import(number, statement)

    def _import(self, number: int, statement: ast.stmt) -> None:
        late = {id(node) for _, node in of_functions(statement)}
        for node in ast.walk(statement):
            if not isinstance(node, Import):
                continue
            if id(node) in late:
                self.late.setdefault(number, []).append(node)
            else:
                self.imports.append(node)
            for alias in node.names:
                if alias.name == "*" and isinstance(node, ast.ImportFrom):
                    self.stars.append(node)
                else:
                    name = alias.asname or alias.name.split(".")[0]
                    self.aliases.setdefault(name, []).append((node, alias))

    @cached_property
    def active(self) -> list[int]:
        """The statements that do more than bind names."""
        return [k for k, statement in enumerate(self.body) if _is_active(statement)]

    def mentions(self, number: int, *, at_once: bool = False) -> Mentions:
        """What a statement has in it; all of it, or what runs `at_once` where it stands."""
        found = self._mentions.get((number, at_once))
        if found is None:
            nodes = list(_evaluated(self.body[number], at_once=at_once))
            wild, draws = any(map(self._is_wild, nodes)), any(map(self._draws, nodes))
            found = Mentions(frozenset(_mentioned(nodes)), wild, draws)
            self._mentions[number, at_once] = found
        return found

    def _full(self, node: ast.AST) -> str | None:
        """What a dotted name stands for, if it begins with an import."""
        path = dotted(node)
        if path is None or path[0] not in self.aliases:
            return None
        statement, alias = self.aliases[path[0]][0]
        base = ""
        if isinstance(statement, ast.ImportFrom):
            base = "." * statement.level + (statement.module or "") + "."
        first = f"{base}{alias.name}" if base or alias.asname else path[0]
        return ".".join((first, *path[1:]))

    def _is_wild(self, node: ast.AST) -> bool:
        """Whether a node may change what no name in its statement leads to."""
        match node:
            case ast.Name(id=name) if name in ANYTHING:
                return True
            case ast.Attribute(attr=name) if name in UNDERNEATH:
                return True
            case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[first, *_]):
                return self._full(first) is not None
            case ast.Call():
                full = self._full(node.func)
                return full is not None and (
                    purity.is_setting(full) or purity.is_everywhere(full, node)
                )
            case (
                ast.Attribute(ctx=ast.Store() | ast.Del())
                | ast.Subscript(ctx=ast.Store() | ast.Del())
            ):
                inner: ast.expr = node
                while isinstance(inner, ast.Attribute | ast.Subscript):
                    inner = inner.value
                full = self._full(inner)
                return full is not None and full.split(".")[0] in ROOTS - purity.ONLOOKERS
            case ast.Name() | ast.Attribute():
                full = self._full(node)
                return full in PRYING
            case _:
                return False

    def _draws(self, node: ast.AST) -> bool:
        if not isinstance(node, ast.Name | ast.Attribute):
            return False
        method = node.attr if isinstance(node, ast.Attribute) else ""
        return is_drawn(method, self._full(node))

    def kept(self, numbers: Iterable[int], imports: Container[Import]) -> str:
        """The text with the lines of these statements and imports alone."""
        chosen = set(numbers)
        keep = [False] * (self.text.count("\n") + 2)
        for first, last, inner in _groups(self.body):
            if any(k in chosen or self.body[k] in imports for k in inner):
                keep[first : last + 1] = [True] * (last + 1 - first)
        lines = self.text.split("\n")
        return "\n".join(line if keep[k] else "" for k, line in enumerate(lines, 1))


def _defined(statement: ast.stmt) -> Iterator[str]:
    """The functions and classes that a statement defines where it stands."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.stmt | ast.ExceptHandler):
            stack += ast.iter_child_nodes(node)


def _groups(body: list[ast.stmt]) -> Iterator[tuple[int, int, list[int]]]:
    """The first and the last line of statements that share lines, and their numbers."""
    first = last = 0
    inner: list[int] = []
    for number, statement in enumerate(body):
        above = [d.lineno for d in getattr(statement, "decorator_list", ())]
        start = min([statement.lineno, *above])
        if inner and start > last:
            yield first, last, inner
            inner = []
        first = first if inner else start
        last = statement.end_lineno or start
        inner.append(number)
    if inner:
        yield first, last, inner


def _is_active(statement: ast.stmt) -> bool:
    """Whether running a statement may do more than bind names."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Expr(value=ast.Constant()):
            return False
        case ast.FunctionDef(decorator_list=decorators, args=args):
            values = [*args.defaults, *args.kw_defaults]
            return bool(decorators) or any(map(_does, filter(None, values)))
        case ast.ClassDef(decorator_list=decorators, keywords=keywords, body=body):
            return bool(decorators or keywords) or any(map(_is_active, body))
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()])):
            return any(map(_is_active, statement.orelse))
        case ast.Assign(targets=targets, value=value):
            return _does(value) or not all(map(_is_plain, targets))
        case ast.AnnAssign(target=target, value=value):
            return value is not None and (_does(value) or not _is_plain(target))
        case ast.Try(body=body, orelse=orelse, finalbody=last, handlers=handlers):
            parts = [*body, *orelse, *last, *(s for h in handlers for s in h.body)]
            return any(map(_is_active, parts))
        case ast.If(test=test, body=body, orelse=orelse):
            return _does(test) or any(map(_is_active, [*body, *orelse]))
        case _:
            return True


def _is_plain(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) or (
        isinstance(target, ast.Tuple | ast.List) and all(map(_is_plain, target.elts))
    )


def _does(value: ast.expr) -> bool:
    """Whether working an expression out calls something."""
    kinds = ast.Call | ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom
    return any(isinstance(node, kinds) for node in ast.walk(value))


def _evaluated(statement: ast.AST, *, at_once: bool = False) -> Iterator[ast.AST]:
    """The nodes of a statement without its annotations, which mean nothing here.

    Where only that counts which runs `at_once`, what plain functions in it do is left out.
    """
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        yield node
        plain = isinstance(node, ast.FunctionDef) and not node.decorator_list
        left = ("body", "annotation", "returns") if at_once and plain else ("annotation", "returns")
        for name, value in ast.iter_fields(node):
            if name not in left:
                parts = value if isinstance(value, list) else [value]
                stack += [part for part in parts if isinstance(part, ast.AST)]


def _mentioned(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, Chain]]:
    """The names in a statement, with what is asked of each; those alone may be handed on."""
    inside, looked_at, handed = set[int](), set[int](), set[int]()
    pokes = any(map(_pokes, nodes))
    for node in nodes:
        if id(node) in inside:
            continue
        match node:
            case ast.Call(func=func, args=args):
                looks = isinstance(func, ast.Name) and func.id in LOOKING
                given = {id(part) for part in args if isinstance(part, ast.Name)}
                looked_at |= given if looks else set()
                handed |= set() if looks else given
            case ast.Attribute():
                inner: ast.expr = node
                while isinstance(inner, ast.Attribute):
                    inside.add(id(inner))
                    inner = inner.value
                if isinstance(inner, ast.Name):
                    inside.add(id(inner))
                    chain = (dotted(node) or ("",))[1:]
                    yield inner.id, chain if isinstance(node.ctx, ast.Load) else (*chain, *WRITTEN)
            case ast.Compare(
                left=ast.Constant(value=str(name)),
                ops=[ast.In() | ast.NotIn()],
                comparators=[ast.Call(func=ast.Name(id="globals") as called)],
            ):
                inside.add(id(called))
                yield name, BOUND
            case ast.Name(id="globals" | "vars" | "locals"):
                yield EVERY, WRITTEN
            case ast.Name(id=name):
                alone = HANDED if pokes or id(node) in handed else ALONE
                yield name, () if id(node) in looked_at else alone
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from ((name, WRITTEN) for name in names)
            case ast.ImportFrom(names=aliases):
                yield from ((alias.asname or alias.name, BOUND) for alias in aliases)
            case _:
                pass


def _pokes(node: ast.AST) -> bool:
    """Whether a node writes into something by another name than that which it has in the text."""
    match node:
        case ast.Call(func=ast.Name(id="setattr" | "delattr")):
            return True
        case ast.Attribute(value=ast.Name(id="self" | "cls")):
            return False
        case ast.Attribute(ctx=ast.Store() | ast.Del()):
            return True
        case _:
            return False


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
        mentions = self._files[file].mentions(number, at_once=at_once)
        return [(file, *mention) for mention in mentions.names]

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


class Finder:
    """Which files imports mean."""

    def asked(self, here: File, statement: Import, alias: ast.alias, chain: Chain) -> list[Node]:
        """What an import asks for, of which more stands behind dots."""
        raise NotImplementedError

    def bases(self, here: File, statement: ast.ImportFrom) -> list[str]:
        """The files that a statement may import from."""
        raise NotImplementedError

    def loaded(self, here: File, statement: Import) -> Iterator[str]:
        """The files that an import runs."""
        raise NotImplementedError


@dataclass
class Needs:
    """What some names need of all files: the names, and the statements that count.

    Of the program itself, `main`, all counts that may do something; of a file that is imported
    before the function runs, what may change something that is needed.
    """

    files: Mapping[str, File]
    finder: Finder
    main: str

    def __post_init__(self) -> None:
        self.names = set[Node]()
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
        return any((file, name) in self._known for name in _defined(self.files[file].body[number]))

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
        case ast.FunctionDef(decorator_list=[]):
            return True
        case ast.Assign(targets=[ast.Name()], value=ast.Constant()):
            return True
        case _:
            return False
