"""Several files as one program: their statements in the order in which Python runs them.

A name of a module is called `module·name`, those of the file that is meant stay. What cannot be
told is marked, and refused where the program needs it (`doubt`).
"""

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from gradcalc.errors import JOIN
from gradcalc.lang.alternatives import chosen
from gradcalc.lang.asked_globals import answered
from gradcalc.lang.files import is_cell, part_at, parts
from gradcalc.lang.imported import Body
from gradcalc.lang.importing import Order, Step
from gradcalc.lang.neighbours import Import, Member, Module, Modules
from gradcalc.lang.renaming import Renaming, doubted


@dataclass(frozen=True, slots=True)
class Linked:
    """The statements, and what names of the file are called in them; `many` where of others too."""

    body: Body
    called: Mapping[str, str]
    many: bool


def linked(body: Sequence[ast.stmt], source: str, *, imported: bool = False) -> Linked:
    """The files of a text as one program.

    If the one that is meant is `imported`, and not run, what its package begins with runs first.
    """
    modules, order = _ordered(body, source, imported=imported)
    if order is None:
        return Linked(tuple(modules.own[""].body), {}, many=False)
    linker = _Linker(modules)
    for step in order.steps:
        linker.add(step)
    return Linked(tuple(linker.body), linker.names.called(), many=True)


def modules_of(body: Sequence[ast.stmt], source: str) -> Modules:
    """The files of a text, each with those of its alternatives that run."""
    modules, _ = _ordered(body, source, imported=True)
    return modules


def _ordered(
    body: Sequence[ast.stmt], source: str, *, imported: bool
) -> tuple[Modules, Order | None]:
    """The files of a text, and the order in which they run if they are several."""
    modules = Modules(body, source)
    if len(modules.own) == 1:
        modules.own[""] = Module("", list(chosen(answered(tuple(modules.own[""].body)))))
        return modules, None

    def is_own(root: str) -> bool:
        return modules.named(root) is not None

    for key, module in modules.own.items():

        def whose(statement: Import, alias: ast.alias, module: Module = module) -> str | None:
            found = modules.target(module, statement, alias)
            return None if found is None else f"{found.module}{JOIN}{found.name}"

        modules.own[key] = Module(
            key, list(chosen(answered(tuple(module.body)), whose, is_own)), module.package
        )
    order = Order(modules)
    order.go(imported=imported)
    return modules, order


def is_own(statement: ast.stmt, source: str) -> bool:
    """Whether a statement is of the file that is meant."""
    part = part_at(source, statement.lineno)
    return part is None or part == parts(source)[-1] or is_cell(part.name)


class Names:
    """What the names of each module are called in the whole."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self._written = self._written_outside()
        # a name of Python's own in one file is no other file's
        self._python = {
            node.id
            for key, module in modules.own.items()
            for statement in module.body
            for node in ast.walk(statement)
            if key and isinstance(node, ast.Name)
        } & vars(builtins).keys()

    def called(self) -> Mapping[str, str]:
        """What the names that the file imports, or had to give up, are called."""
        found: dict[str, str] = {}
        for name in self.modules.own[""].bound:
            meaning = self.meaning("", name)
            if isinstance(meaning, str) and meaning != name:
                found[name] = meaning
        return found

    def own(self, key: str, name: str) -> str:
        """The variable that a module binds itself."""
        if not key:
            taken = name in self._python and name in self.modules.own[""].bound
            return f"{self.modules.main}{JOIN}{name}" if taken else name
        return f"{key.replace('.', JOIN)}{JOIN}{name}"

    def meaning(self, key: str, name: str) -> str | Member:
        """What a name of a module's top level is: a variable, or a module."""
        return self._meaning(key, name, frozenset())

    def _meaning(self, key: str, name: str, seen: frozenset[Member]) -> str | Member:
        module, here = self.modules.own[key], Member(key, name)
        if name not in module.bound:
            if hasattr(builtins, name) or not key or name.startswith("__"):
                return name
            return self.own(key, name)
        targets = [by and self.modules.target(module, *by) for by in module.bound[name]]
        first = targets[0]
        early = any(by and id(by[1]) in self.modules.early for by in module.bound[name])
        if first is None or here in seen or early or any(target != first for target in targets):
            return self.own(key, name)
        if self.of_library(first):
            return self.own(key, name)
        if first.name is None:
            return first
        # as it was when it was imported, unless it is the same for good
        found = self.member(first, seen | {here})
        fixed = name in module.once and self.is_fixed(first)
        return found if isinstance(found, Member) or fixed else self.own(key, name)

    def of_library(self, member: Member) -> tuple[Import, ast.alias] | None:
        """The import of a library, or of what it has, by which alone a module has a name."""
        module, seen = self.modules.own.get(member.module), set[Member]()
        while module is not None and member.name is not None and member not in seen:
            seen.add(member)
            by = module.bound.get(member.name, [])
            if len(by) != 1 or by[0] is None or member.name in self._written:
                return None
            found = self.modules.target(module, *by[0])
            if found is None:
                known = (
                    self.modules.base(module, by[0][0])
                    if isinstance(by[0][0], ast.ImportFrom)
                    else None
                )
                return by[0] if known is None and by[0][1].name != "*" else None
            member, module = found, self.modules.own.get(found.module)
        return None

    def is_fixed(self, member: Member) -> bool:
        """Whether a name of a module is bound once, by a statement of its top level."""
        module = self.modules.own.get(member.module)
        return (
            module is not None and member.name in module.once and member.name not in self._written
        )

    def member(self, member: Member, seen: frozenset[Member] = frozenset()) -> str | Member:
        """What stands behind the dot of a module."""
        module, name = member.module, member.name or ""
        if module in self.modules.own and name in self.modules.own[module].bound:
            return self._meaning(module, name, seen)
        inner = self.modules.named(f"{module}.{name}" if module else name)
        return self.own(module or self.modules.main, name) if inner is None else Member(inner)

    def target(self, module: Module, statement: Import, alias: ast.alias) -> Member | None:
        """What an alias brings, if it is of these modules."""
        return self.modules.target(module, statement, alias)

    def _written_outside(self) -> frozenset[str]:
        """The names that are written behind a dot anywhere, which may be that of a module."""
        return frozenset(
            node.attr
            for module in self.modules.own.values()
            for statement in module.body
            for node in ast.walk(statement)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del)
        )


@dataclass
class _Linker:
    """Puts the statements together."""

    modules: Modules
    body: list[ast.stmt] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = Names(self.modules)

    def add(self, step: Step) -> None:
        """The statement of a step by the names of the whole."""
        module = self.modules.own[step.key]
        for statement in (n for n in ast.walk(step.statement) if isinstance(n, Import)):
            self._look_at(module, statement)
        found = Renaming(self.names, module).statement(step.statement)
        self.body += found
        for key in step.late:
            self._doubt(key, found)

    def _look_at(self, module: Module, statement: Import) -> None:
        """Mark an import of which cannot be told what it brings, or that brings nothing."""
        if (name := self.modules.doubtful(statement)) is not None:
            doubted(statement, f"{name} may be the file {name}.py here, or the library")
        for alias in statement.names:
            if id(alias) in self.modules.early and isinstance(statement, ast.ImportFrom):
                file = self.modules.base(module, statement) or self.modules.main
                doubted(
                    alias,
                    f"{file} and a file that it imports import each other, and {alias.name} is not"
                    " there yet",
                )

    def _doubt(self, key: str, statements: Sequence[ast.stmt]) -> None:
        """Mark what may come out otherwise where a file is imported later, or not at all."""
        for statement in statements:
            if not isinstance(statement, Import) and self._reaches_out(key, statement):
                doubted(
                    statement,
                    f"{key} is imported where other files may have changed before it runs",
                    "import it at the top of the file",
                )

    def _reaches_out(self, key: str, statement: ast.stmt) -> bool:
        """Whether a statement of a module does something with what is of others and may change."""
        front, main = self.names.own(key, ""), self.modules.own[""].bound
        nodes: list[ast.AST] = [statement]
        while nodes:
            node = nodes.pop()
            if isinstance(node, ast.Name) and not node.id.startswith(front):
                if (JOIN in node.id or node.id in main) and node.id not in self._lasting:
                    return True
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                # what is worked out where it stands
                nodes += [*node.decorator_list, *node.args.defaults]
                nodes += [d for d in node.args.kw_defaults if d is not None]
                if any(self._is_of_others(front, part) for part in node.decorator_list):
                    return True
            elif isinstance(node, ast.Call) and self._is_of_others(front, node.func):
                return True
            elif not isinstance(node, ast.Lambda):
                nodes += ast.iter_child_nodes(node)
        return False

    def _is_of_others(self, front: str, node: ast.expr) -> bool:
        """Whether a call may run what other files have."""
        names = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
        main = self.modules.own[""].bound
        return any((JOIN in n or n in main) and not n.startswith(front) for n in names)

    @cached_property
    def _lasting(self) -> frozenset[str]:
        """The names that are functions, classes and numbers for good."""
        return frozenset(
            self.names.own(key, name)
            for key, module in self.modules.own.items()
            for statement in module.body
            for name in _lasting(statement)
            if self.names.is_fixed(Member(key, name))
        )


def _lasting(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant()):
            yield name
        case _:
            pass
