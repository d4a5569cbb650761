"""The names of a module's statements, as the program of several files calls them."""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gradcalc.lang.neighbours import Import, Member, Module, bound_inside

Scoped = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Names(Protocol):
    """What names are called in the whole."""

    def own(self, key: str, name: str) -> str: ...
    def meaning(self, key: str, name: str) -> str | Member: ...
    def member(self, member: Member) -> str | Member: ...
    def target(self, module: Module, statement: Import, alias: ast.alias) -> Member | None: ...
    def of_library(self, member: Member) -> tuple[Import, ast.alias] | None: ...


def doubted(node: ast.AST, message: str, hint: str | None = None) -> None:
    """Let a node be refused where a program needs it."""
    setattr(node, DOUBT, (message, hint))


DOUBT = "doubt"
"""The attribute of a node that says why it cannot be part of a program."""


@dataclass(slots=True)
class _Room:
    """The names of a function, class, or comprehension; those in `meant` are of modules."""

    names: frozenset[str]
    outside: frozenset[str] = frozenset()
    is_class: bool = False
    meant: dict[str, Member] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)


class Renaming(ast.NodeTransformer):
    """Renames what stands for the top level of one module, and takes its imports apart."""

    def __init__(self, names: Names, module: Module) -> None:
        self._names = names
        self._module = module
        self._rooms: list[_Room] = []

    def statement(self, statement: ast.stmt) -> list[ast.stmt]:
        """A statement of the top level; an import becomes assignments, or nothing."""
        found = self.visit(statement)
        return found if isinstance(found, list) else [found]

    # -- names ---------------------------------------------------------------------------------

    def _meaning(self, name: str) -> str | Member:
        for k, room in enumerate(reversed(self._rooms)):
            if name in room.outside:
                break
            if name in room.meant:
                return room.meant[name]
            if name in room.names and not (room.is_class and k):
                return name
        return self._names.meaning(self._module.key, name)

    def _is_bound(self, name: str) -> bool:
        """Whether the file has a name that is called otherwise now."""
        found = self._names.meaning(self._module.key, name)
        return name in self._module.bound and found != name

    def _called(self, name: str) -> str:
        """The variable that a name is where it is bound."""
        found = self._meaning(name)
        return found if isinstance(found, str) else name

    def visit_Name(self, node: ast.Name) -> ast.expr:
        found = self._meaning(node.id)
        room = self._rooms[-1] if self._rooms else None
        if room is not None and room.is_class and node.id in room.names:
            if isinstance(node.ctx, ast.Load) and self._is_bound(node.id):
                doubted(node, f"{node.id} may be that of the class, or that of the file")
            return node
        if isinstance(found, Member):
            doubted(node, f"the module {found.module} cannot be used as a value",
                    "write its name and a dot in front of what it has")  # fmt: skip
            return node
        node.id = found
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        path: list[ast.Attribute] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            path.append(inner)
            inner = inner.value
        found = self._meaning(inner.id) if isinstance(inner, ast.Name) else ""
        if not isinstance(found, Member):
            self.generic_visit(node)
            return node
        while path and isinstance(found, Member):
            if path[-1].attr.startswith("__"):
                break
            found = self._names.member(Member(found.module, path.pop().attr))
        if isinstance(found, Member):
            doubted(node, f"the module {found.module} cannot be used as a value")
            return node
        # the node behind whose dot the name is
        whole: ast.Attribute = node
        for _ in path:
            assert isinstance(whole.value, ast.Attribute)
            whole = whole.value
        name = ast.copy_location(ast.Name(found, whole.ctx), whole)
        if not isinstance(whole.ctx, ast.Load):
            self._write(found, name)
        if whole is node:
            return name
        path[0].value = name
        return node

    def _write(self, name: str, node: ast.Name) -> None:
        """Let a name of another module be bound here: it is none of the function's own."""
        if not self._rooms:
            return
        if self._rooms[-1].is_class:
            doubted(node, f"{name} is bound inside of a class")
        self._rooms[-1].written.add(name)

    # -- what binds names in other ways --------------------------------------------------------

    def visit_Global(self, node: ast.Global) -> ast.Global:
        node.names = [self._global(name) for name in node.names]
        return node

    def _global(self, name: str) -> str:
        found = self._names.meaning(self._module.key, name)
        return found if isinstance(found, str) else name

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:
        node.name = node.name and self._called(node.name)
        self.generic_visit(node)
        return node

    def visit_MatchAs(self, node: ast.MatchAs) -> ast.MatchAs:
        node.name = node.name and self._called(node.name)
        self.generic_visit(node)
        return node

    def visit_MatchStar(self, node: ast.MatchStar) -> ast.MatchStar:
        node.name = node.name and self._called(node.name)
        return node

    def visit_MatchMapping(self, node: ast.MatchMapping) -> ast.MatchMapping:
        node.rest = node.rest and self._called(node.rest)
        self.generic_visit(node)
        return node

    # -- scopes --------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt:
        node.name = self._called(node.name)
        self._around(node.args)
        node.decorator_list = [self.visit(d) for d in node.decorator_list]
        node.returns = node.returns and self.visit(node.returns)
        room = self._room(node)
        self._rooms.append(room)
        node.body = self._block(node.body)
        self._rooms.pop()
        written = sorted(room.written)
        if written:
            node.body.insert(0, ast.copy_location(ast.Global(names=written), node.body[0]))
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.stmt:
        return self.visit_FunctionDef(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        self._around(node.args)
        self._rooms.append(self._room(node))
        node.body = self.visit(node.body)
        self._rooms.pop()
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.stmt:
        node.name = self._called(node.name)
        node.decorator_list = [self.visit(d) for d in node.decorator_list]
        node.bases = [self.visit(b) for b in node.bases]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
        names, outside = bound_inside(node.body)
        self._rooms.append(_Room(names - outside, outside, is_class=True))
        node.body = self._block(node.body)
        self._rooms.pop()
        return node

    def _comprehension(self, node: Any) -> ast.expr:
        first = node.generators[0]
        first.iter = self.visit(first.iter)
        targets = frozenset(
            inner.id
            for generator in node.generators
            for inner in ast.walk(generator.target)
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
        )
        self._rooms.append(_Room(targets))
        for k, generator in enumerate(node.generators):
            generator.target = self.visit(generator.target)
            generator.iter = self.visit(generator.iter) if k else generator.iter
            generator.ifs = [self.visit(condition) for condition in generator.ifs]
        for name in ("elt", "key", "value"):
            if hasattr(node, name):
                setattr(node, name, self.visit(getattr(node, name)))
        self._rooms.pop()
        found: ast.expr = node
        return found

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        return self._comprehension(node)

    def visit_SetComp(self, node: ast.SetComp) -> ast.expr:
        return self._comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> ast.expr:
        return self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
        return self._comprehension(node)

    def _around(self, arguments: ast.arguments) -> None:
        """What of a function's parameters is worked out where it stands."""
        arguments.defaults = [self.visit(d) for d in arguments.defaults]
        arguments.kw_defaults = [d and self.visit(d) for d in arguments.kw_defaults]
        for argument in ast.walk(arguments):
            if isinstance(argument, ast.arg) and argument.annotation is not None:
                argument.annotation = self.visit(argument.annotation)

    def _room(self, node: Scoped) -> _Room:
        parameters = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
        if isinstance(node, ast.Lambda):
            return _Room(frozenset(parameters))
        names, outside = bound_inside(node.body)
        imports = [n for s in node.body for n in ast.walk(s) if isinstance(n, Import)]
        meant: dict[str, list[Member | None]] = {}
        for statement in imports:
            for alias in statement.names:
                name = alias.asname or alias.name.split(".")[0]
                target = self._names.target(self._module, statement, alias)
                meant.setdefault(name, []).append(target)
        others = {name for name in names if _binds_more(node.body, name)} | parameters
        modules = {
            name: found[0]
            for name, found in meant.items()
            if name not in others and found[0] is not None and len(set(found)) == 1
            and found[0].name is None
        }  # fmt: skip
        return _Room((names | parameters) - outside, outside, meant=modules)

    # -- imports -------------------------------------------------------------------------------

    def _block(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for statement in body:
            found += self.statement(statement)
        return found or [ast.copy_location(ast.Pass(), body[0])]

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        return list(self._brought(node)) or [ast.copy_location(ast.Pass(), node)]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.stmt]:
        return list(self._brought(node)) or [ast.copy_location(ast.Pass(), node)]

    def _brought(self, node: Import) -> Iterable[ast.stmt]:
        """Assignments of what is of these files; all else is imported under its new name."""
        for alias in node.names:
            target = self._names.target(self._module, node, alias)
            local = alias.asname or alias.name.split(".")[0]
            name = self._called(local)
            if target is None or hasattr(alias, DOUBT):
                kept = self._kept(node, alias, local, name, node)
                if hasattr(alias, DOUBT):
                    setattr(kept, DOUBT, getattr(alias, DOUBT))
                yield kept
                continue
            if (library := self._names.of_library(target)) is not None:
                yield self._kept(*library, local, name, node)
                continue
            found = target if target.name is None else self._names.member(target)
            if isinstance(found, Member):
                # a module has no value; whoever binds the name to something else too is told so
                if isinstance(self._meaning(local), str):
                    again = ast.copy_location(ast.Import(names=[alias]), node)
                    doubted(again, f"{local} is a module and something else in turn")
                    yield again
            elif found != name:
                value = ast.copy_location(ast.Name(found, ast.Load()), node)
                assigned = ast.Assign([ast.copy_location(ast.Name(name, ast.Store()), node)], value)
                yield ast.copy_location(assigned, node)

    def _kept(
        self, node: Import, alias: ast.alias, local: str, name: str, place: Import
    ) -> ast.stmt:
        """An import of a library."""
        given = alias.asname or alias.name.split(".")[0]
        if name != given:
            whole = isinstance(node, ast.ImportFrom) or alias.asname is not None
            # import a.b binds a
            module = alias.name if whole else given
            alias = ast.copy_location(ast.alias(module, name), alias)
        found: Import
        if isinstance(node, ast.Import):
            found = ast.Import(names=[alias])
        else:
            found = ast.ImportFrom(module=node.module, names=[alias], level=node.level)
        if hasattr(node, DOUBT):
            setattr(found, DOUBT, getattr(node, DOUBT))
        return ast.copy_location(found, place)


def _binds_more(body: Sequence[ast.stmt], name: str) -> bool:
    """Whether something else than an import binds a name of a function."""
    names, _ = bound_inside(body, imports=False)
    return name in names
