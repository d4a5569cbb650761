"""The files of one text as Python's modules: what each binds, and which module an import names."""

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gradcalc.lang.dialects.catalogue import TABLES
from gradcalc.lang.files import is_cell, parts
from gradcalc.lang.scopes import names_bound

Import = ast.Import | ast.ImportFrom

LIBRARIES = frozenset(name.split(".")[0] for name in TABLES) | sys.stdlib_module_names
"""What is there to be imported without a file beside."""


@dataclass(frozen=True, slots=True)
class Member:
    """A name of a module; without one, the module itself."""

    module: str
    name: str | None = None


@dataclass(slots=True)
class Module:
    """A file: its name as a module, its statements, and what each binds at its top level.

    `bound` has for each name what binds it: an import with the alias, or None for all else; `once`
    are those that one statement of the top level binds and nothing else. `mentioned` are all names
    in it. The file that is meant has no `key`.
    """

    key: str
    body: list[ast.stmt]
    package: bool = False
    bound: dict[str, list[tuple[Import, ast.alias] | None]] = field(default_factory=dict)
    once: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        top = set[int]()
        for statement in self.body:
            top.add(id(statement))
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                top |= {id(node) for node in ast.walk(statement)}
        loose = set[str]()
        for node in _level(self.body):
            if isinstance(node, Import):
                for alias in node.names:
                    name = alias.asname or alias.name.split(".")[0]
                    self.bound.setdefault(name, []).append((node, alias))
                    loose |= set() if id(node) in top else {name}
                continue
            for name in names_bound(node):
                self.bound.setdefault(name, []).append(None)
                loose |= set() if id(node) in top else {name}
        for node in (inner for statement in self.body for inner in ast.walk(statement)):
            if isinstance(node, ast.Global):
                loose |= set(node.names)
                for name in node.names:
                    self.bound.setdefault(name, []).append(None)
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                loose.add(node.target.id)
        self.once = frozenset(n for n, by in self.bound.items() if len(by) == 1) - loose


class Modules:
    """The modules of a text, by their names from the root of the package that it is of.

    Those in the folder of the file that is meant are found by their names from there too.
    """

    def __init__(self, body: Sequence[ast.stmt], source: str) -> None:
        found = parts(source)
        files = [part for part in found if not is_cell(part.name)]
        main = files[-1].name if files and not is_cell(found[-1].name) else ""
        folder, _, stem = main.rpartition("/")
        self._package = folder.replace("/", ".")
        # other files may import the one that is meant
        self.main = stem.removesuffix(".py")
        self._full = self._package if stem == "__init__.py" else self._within(self.main)
        starts = [part.start for part in found] + [sys.maxsize]
        self.own: dict[str, Module] = {}
        # by the ids of their aliases, what imports bring, and which of them find nothing yet
        self.settled: dict[int, Member] = {}
        self.early: set[int] = set()
        rest = list(body)
        for part, end in zip(found, starts[1:], strict=True):
            if part.name == main or is_cell(part.name):
                continue
            inside = [s for s in rest if part.start <= s.lineno < end]
            rest = [s for s in rest if not part.start <= s.lineno < end]
            names = part.name.removesuffix(".py").split("/")
            package = names[-1] == "__init__"
            key = ".".join(names[:-1] if package else names)
            self.own[key] = Module(key, inside, package)
        self.own[""] = Module("", rest)

    def has(self, key: str) -> bool:
        """Whether there is such a module, or a folder of modules."""
        return key in self.own or any(n.startswith(f"{key}.") for n in (*self.own, self._full))

    def named(self, key: str) -> str | None:
        """The module that a full name is of, if it is one of these."""
        if key in (self.main, self._full) and key not in LIBRARIES:
            return ""
        return next((name for name in (key, self._within(key)) if self.has(name)), None)

    def around(self) -> Iterator[str]:
        """The packages that the file that is meant is in, from the outermost on."""
        return _with_outer(self._package)

    def outer(self, key: str | None) -> Iterator[str]:
        """A module behind the packages that it is in, from the outermost on; none of a folder."""
        if key == "":
            yield from (*self.around(), "")
        elif key != ".":
            yield from _with_outer(key)

    def _within(self, key: str) -> str:
        """The full name of what has a name in the folder of the file that is meant."""
        return f"{self._package}.{key}" if self._package else key

    def doubtful(self, statement: Import) -> str | None:
        """A file that an import may mean, or a library of that name."""
        names = (
            [alias.name for alias in statement.names]
            if isinstance(statement, ast.Import)
            else [statement.module or ""] * (statement.level == 0)
        )
        roots = (name.split(".")[0] for name in names)
        return next((r for r in roots if r in LIBRARIES and self.named(r)), None)

    def base(self, module: Module, statement: ast.ImportFrom) -> str | None:
        """The module that names are imported from, if it is one of these."""
        if not statement.level:
            return self.named(statement.module or "")
        inside = (module.key or self._within("")).split(".")
        if not module.package:
            inside.pop()
        if statement.level - 1 > len(inside):
            return None
        inside = inside[: len(inside) - (statement.level - 1)]
        full = ".".join([*inside, *([statement.module] if statement.module else [])])
        if not full:
            # the folder itself
            return "."
        # beyond the package there is nothing
        return None if self._package and not inside else self.named(full)

    def target(self, module: Module, statement: Import, alias: ast.alias) -> Member | None:
        """What an alias brings, if it is of these modules."""
        if self.doubtful(statement):
            return None
        if (settled := self.settled.get(id(alias))) is not None:
            return settled
        if isinstance(statement, ast.Import):
            key = self.named(alias.name)
            if key is None:
                return None
            if not alias.asname:
                root = self.named(alias.name.split(".")[0])
                return Member(key if root is None else root)
            # import a.b as c gives what a calls b
            outer, _, name = key.rpartition(".")
            bound = outer in self.own and name in self.own[outer].bound
            return Member(outer, name) if outer and bound else Member(key)
        base = self.base(module, statement)
        if base is None or alias.name == "*":
            return None
        if base == ".":
            key = self.named(alias.name)
            return None if key is None else Member(key)
        by = self.own[base].bound.get(alias.name, []) if base in self.own else []
        if by and (statement, alias) not in by:
            brought = {self.settled.get(id(one[1])) if one else None for one in by}
            first = next(iter(brought))
            # a module is the same by whatever name
            is_module = len(brought) == 1 and first is not None and first.name is None
            return first if is_module else Member(base, alias.name)
        if (key := self.inner(base, alias.name)) is not None:
            return Member(key)
        return Member(base, alias.name) if base in self.own else None

    def inner(self, base: str, name: str) -> str | None:
        """The file of a package that has a name."""
        return self.named(name if base == "." else f"{base or self._full}.{name}")

    def loads(self, module: Module, statement: Import) -> Iterator[str]:
        """The modules that an import runs, those around them first."""
        for alias in statement.names:
            if isinstance(statement, ast.Import):
                if not self.doubtful(statement):
                    yield from self.outer(self.named(alias.name))
                continue
            base = self.base(module, statement) if not self.doubtful(statement) else None
            if base is None:
                continue
            yield from self.outer(base)
            found = self.target(module, statement, alias)
            if found is not None and found.name is None:
                yield from self.outer(found.module)


def _with_outer(key: str | None) -> Iterator[str]:
    pieces = key.split(".") if key else []
    yield from (".".join(pieces[:k]) for k in range(1, len(pieces) + 1))


def bound_inside(
    body: Sequence[ast.stmt], *, imports: bool = True
) -> tuple[frozenset[str], frozenset[str]]:
    """The names that a function's statements make its own, and those that are the module's."""
    nodes = list(_level(body))
    names = {
        name
        for node in nodes
        if imports or not isinstance(node, Import)
        for name in names_bound(node)
    }
    outside = {n for node in nodes if isinstance(node, ast.Global) for n in node.names}
    around = {n for node in nodes if isinstance(node, ast.Nonlocal) for n in node.names}
    return frozenset(names - outside - around), frozenset(outside)


def bound_at(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement may bind where it stands."""
    return (name for node in _level([statement]) for name in brought(node))


def _level(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """The nodes that bind names where statements stand: none inside of functions and the like."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            outside = [*node.decorator_list, *node.args.defaults]
            stack += [*outside, *(d for d in node.args.kw_defaults if d is not None)]
        elif isinstance(node, ast.ClassDef):
            stack += [*node.decorator_list, *node.bases]
        elif isinstance(node, ast.Lambda):
            continue
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            # := binds around it, all else inside
            stack += [n.target for n in ast.walk(node) if isinstance(n, ast.NamedExpr)]
        else:
            stack += ast.iter_child_nodes(node)


def brought(node: ast.AST) -> list[str]:
    """The names that a node itself binds, those of imports as they are bound."""
    if isinstance(node, Import):
        return [alias.asname or alias.name.split(".")[0] for alias in node.names]
    return list(names_bound(node))
