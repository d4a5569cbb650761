"""The order in which Python runs the files of a text that import each other.

Nothing is run: each statement has its place, each import what it finds there. A module that is not
through yet has what its statements have bound so far, and the files of it that are loaded.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from gradcalc.lang.neighbours import Import, Member, Modules, bound_at
from gradcalc.lang.stars import in_place_of


@dataclass(frozen=True, slots=True)
class Step:
    """A statement of a module where it runs; `late` are the modules that would run later."""

    key: str
    statement: ast.stmt
    late: tuple[str, ...]


@dataclass
class Order:
    """Goes through the modules as an import of the one that is meant does.

    It settles in them what their imports bring, names said by a star among that. What a function
    imports is run behind all else, if nothing calls the function before.
    """

    modules: Modules
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        # whether the name of a module is a file of it
        self._has: dict[str, dict[str, bool]] = {}
        self._running: list[str] = []
        self._late: tuple[str, ...] = ()
        self._waiting: list[tuple[str, bool]] = []
        self._called = called_at_once(self.modules)

    def go(self, *, imported: bool) -> None:
        """Run the file that is meant; those of its packages first if it is `imported`."""
        for key in self.modules.around() if imported else ():
            self._run(key)
        self._run("")
        waiting, self._waiting = self._waiting, []
        for key, _ in waiting:
            self._run_late(key)
        # of what nothing imports only the names count
        kept = len(self.steps)
        for key in tuple(self.modules.own):
            self._run(key)
        del self.steps[kept:]

    def _run(self, key: str) -> None:
        module = self.modules.own.get(key)
        if module is None or key in self._has:
            return
        has = self._has[key] = {}
        self._running.append(key)
        body: list[ast.stmt] = []
        for statement in module.body:
            for inner in _imports(statement):
                self._load(key, inner, sure=inner is statement)
            for name, inner in of_functions(statement):
                for loaded in self.modules.loads(module, inner):
                    self._later(loaded, soon=name in self._called)
            found = self._unstarred(key, statement)
            body += found
            self.steps += [Step(key, part, self._late) for part in found]
            has |= dict.fromkeys((n for part in found for n in bound_at(part)), False)
        self.modules.own[key] = type(module)(key, body, module.package)
        self._running.remove(key)
        outer, _, name = key.rpartition(".")
        if key and outer in self._has:
            self._has[outer][name] = True
        waiting, self._waiting = self._waiting, []
        for late, soon in waiting:
            self._later(late, soon=soon)

    # -- what an import loads ------------------------------------------------------------------

    def _load(self, key: str, statement: Import, *, sure: bool) -> None:
        """Run what an import at the top level loads, and settle what it brings."""
        module = self.modules.own[key]
        if self.modules.doubtful(statement):
            return
        for alias in statement.names:
            if isinstance(statement, ast.Import):
                loaded = self.modules.named(alias.name)
                for one in self.modules.outer(loaded):
                    self._run(one)
                if alias.asname and loaded and "." in loaded:
                    # it gives what the package calls so
                    outer, _, name = loaded.rpartition(".")
                    is_file = self._has.get(outer, {}).get(name, True)
                    found = Member(loaded) if is_file else Member(outer, name)
                    self.modules.settled[id(alias)] = found
                continue
            base = self.modules.base(module, statement)
            if base is None:
                continue
            for loaded in self.modules.outer(base):
                self._run(loaded)
            if alias.name != "*":
                self._bring(base, alias, sure=sure)

    def _bring(self, base: str, alias: ast.alias, *, sure: bool) -> None:
        """Settle what an import of one name finds in a module."""
        inner = self.modules.inner(base, alias.name)
        is_file = self._has.get(base, {}).get(alias.name)
        if is_file is not False and inner is not None:
            for loaded in self.modules.outer(inner):
                self._run(loaded)
            self.modules.settled[id(alias)] = Member(inner)
        elif is_file is False:
            self.modules.settled[id(alias)] = Member(base, alias.name)
        elif base in self._running and sure:
            self.modules.early.add(id(alias))

    def _unstarred(self, key: str, statement: ast.stmt) -> list[ast.stmt]:
        """A statement, a star of which says its names."""
        if not isinstance(statement, ast.ImportFrom) or statement.names[0].name != "*":
            return [statement]
        base = self.modules.base(self.modules.own[key], statement)
        has = None if base is None else self._has.get(base, {})
        found = in_place_of(self.modules, key, statement, has, partly=base in self._running)
        for part in found:
            for alias in part.names if isinstance(part, ast.ImportFrom) else ():
                if has is not None and base is not None and alias.name in has:
                    self._bring(base, alias, sure=False)
        return found

    # -- what functions import -----------------------------------------------------------------

    def _later(self, key: str, *, soon: bool) -> None:
        """Run what a function imports, if it is called `soon` and that needs nothing that is not
        through yet; else at the end."""
        if key in self._has:
            return
        if not soon or self._is_early(key):
            self._waiting.append((key, soon))
        else:
            self._run_late(key)

    def _run_late(self, key: str) -> None:
        before, self._late = self._late, (*self._late, key)
        self._run(key)
        self._late = before

    def _is_early(self, key: str) -> bool:
        """Whether a module, or one that it imports, takes names of one that runs right now."""
        seen, stack = set[str](), [key]
        while stack:
            module = self.modules.own.get(stack.pop())
            if module is None or module.key in seen or module.key in self._has:
                continue
            seen.add(module.key)
            for statement in (n for s in module.body for n in _imports(s)):
                loads = [k for k in self.modules.loads(module, statement) if k not in seen]
                base = (
                    self.modules.base(module, statement)
                    if isinstance(statement, ast.ImportFrom)
                    else None
                )
                if base in self._running and any(
                    self.modules.inner(base, alias.name) is None
                    and alias.name not in self._has[base]
                    for alias in statement.names
                ):
                    return True
                stack += loads
        return False


def _imports(statement: ast.stmt) -> Iterator[Import]:
    """The imports that run where a statement does."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, Import):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            stack += reversed(list(ast.iter_child_nodes(node)))


def of_functions(statement: ast.stmt) -> Iterator[tuple[str, Import]]:
    """The imports that run where functions in a statement do, with the names of the functions."""
    at_once = {id(node) for node in _imports(statement)}
    for function in ast.walk(statement):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, Import) and id(node) not in at_once:
                    yield function.name, node


def called_at_once(modules: Modules) -> frozenset[str]:
    """The names of all functions that may be called while the modules are imported."""
    inside: dict[str, set[str]] = {}
    found = set[str]()
    stack: list[tuple[ast.AST, str | None]] = [
        (statement, None) for module in modules.own.values() for statement in module.body
    ]
    while stack:
        node, function = stack.pop()
        names = found if function is None else inside.setdefault(function, set())
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            at_once = [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults]
            stack += [(part, function) for part in at_once if part is not None]
            stack += [(part, node.name) for part in node.body]
        elif isinstance(node, ast.ClassDef):
            # whoever makes one runs some of its methods
            methods = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
            inside.setdefault(node.name, set()).update(methods)
            stack += [(part, function) for part in ast.iter_child_nodes(node)]
        else:
            stack += [(part, function) for part in ast.iter_child_nodes(node)]
    more = [*found]
    while more:
        new = inside.pop(more.pop(), set()) - found
        found |= new
        more += new
    return frozenset(found)
