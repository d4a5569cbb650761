"""Which statements of a file draw random numbers of the libraries' own generators, or seed them.

What draws where it is called alone is told from what makes something that draws: a network of torch
draws its parameters where it is made, and what it leaves out where it is called.
"""

import ast
from collections.abc import Collection, Iterator

from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.chance_tables import FILLING, MAKERS
from gradcalc.lang.imported import Body, full_name, meanings
from gradcalc.lang.nets.layers import COMPOSED, LAYERS
from gradcalc.lang.nets.lazy import LAZY
from gradcalc.lang.nets.restarting import PARAMETERS
from gradcalc.lang.nets.weighted import NORMS
from gradcalc.lang.scopes import names_bound

Generators = frozenset[str]
"""Those of torch, of numpy and of Python, by the libraries that have them."""

NONE: Generators = frozenset()
TORCHS: Generators = frozenset({"torch"})

NETS = "torch.nn"

MADE = (
    {name for name, row in LAYERS.items() if row.weights and row not in NORMS and name != "PReLU"}
    | COMPOSED.keys()
    | {name for name in LAZY if not name.endswith(tuple(f"Norm{n}d" for n in "123"))}
)
"""Layers that are made with random numbers."""

RANDOM = ("uniform_", "normal_", "orthogonal_", "sparse_")
"""How the names of functions of torch.nn.init end that draw."""

AT_CALLS = frozenset(COMPOSED) | {
    name for name in LAYERS if "Dropout" in name or name in ("RReLU",)
    or name.startswith("FractionalMaxPool")
}  # fmt: skip
"""Layers that may draw where they are called."""


class Drawing:
    """What of a file draws.

    `_drawn` are the functions and classes of the file that do where they are called, with the
    generators; `_later` those, and the variables, whose objects may where they are called.
    """

    def __init__(self, body: Body) -> None:
        self._names = meanings(body)
        inside = [s for s in body if isinstance(s, ast.FunctionDef | ast.ClassDef)]
        self._drawn: dict[str, Generators] = {}
        self._later: dict[str, Generators] = {}
        self._within: frozenset[str] = frozenset(s.name for s in inside)
        while True:
            before = dict(self._drawn), dict(self._later)
            for node in inside:
                self._add(self._drawn, node.name, self.by(node))
                self._add(self._later, node.name, self._of_objects(node))
            for name, value in _given(body):
                self._add(self._later, name, self._of_objects(value))
            if before == (self._drawn, self._later):
                return

    @staticmethod
    def _add(known: dict[str, Generators], name: str, found: Generators) -> None:
        if found:
            known[name] = known.get(name, NONE) | found

    def by(self, node: ast.AST) -> Generators:
        """The generators that a node draws from, by itself or by what it may call."""
        return frozenset(g for part in ast.walk(node) for g in self._part(part))

    def at_the_end(self, node: ast.AST) -> Generators:
        """Those that a function draws from where it is called behind all statements."""
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        return self.by(node).union(*(self._later.get(name, NONE) for name in names))

    def _part(self, node: ast.AST) -> Generators:
        if isinstance(node, ast.Call):
            return self._called(node)
        if isinstance(node, ast.Name) and node.id in self._drawn:
            return self._drawn[node.id]
        if isinstance(node, ast.Attribute) and (node.attr in FILLING or node.attr == PARAMETERS):
            return TORCHS
        if isinstance(node, ast.Name | ast.Attribute):
            return _of_library(full_name(node, self._names))
        return NONE

    def _called(self, call: ast.Call) -> Generators:
        """What a call of an object draws, or a function of the file that is given one."""
        func = call.func
        if not isinstance(func, ast.Name):
            return NONE
        found = NONE if func.id in self._within else self._later.get(func.id, NONE)
        if func.id in self._within:
            given = (
                a.id for a in call.args if isinstance(a, ast.Name) and a.id not in self._within
            )
            found = found.union(*(self._later.get(name, NONE) for name in given))
        return found

    def _of_objects(self, node: ast.AST) -> Generators:
        """What the objects draw where they are called that a class, function or value makes."""
        found = NONE
        for part in ast.walk(node):
            if isinstance(part, ast.Name | ast.Attribute):
                full = full_name(part, self._names) or ""
                module, _, name = full.rpartition(".")
                found |= TORCHS if module == NETS and name in AT_CALLS else NONE
            if isinstance(part, ast.Name) and part is not node:
                found |= self._later.get(part.id, NONE)
        for method in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(method, ast.FunctionDef) and method.name != "__init__":
                found |= self.by(method)
        return found


def is_drawn(method: str, full: str | None) -> bool:
    """Whether a method of this name draws, or a function or layer by its full name."""
    return method in FILLING or method == PARAMETERS or bool(_of_library(full))


def _given(body: Body) -> Iterator[tuple[str, ast.expr]]:
    """The variables of a file, with what they are given."""
    for statement in body:
        match statement:
            case ast.Assign(targets=targets, value=value):
                names = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
                yield from ((name, value) for name in names)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value
            case _:
                pass


def _of_library(full: str | None) -> Generators:
    if full is None:
        return NONE
    module, _, name = full.rpartition(".")
    if module == NETS:
        return TORCHS if name in MADE else NONE
    if module == f"{NETS}.init":
        return TORCHS if name.endswith(RANDOM) or f"{name}_".endswith(RANDOM) else NONE
    found = catalogue.function(module, name)
    if found is None or not found.draws or name in MAKERS:
        return NONE
    return frozenset({full.split(".")[0]})


class Order:
    """The statements of a file in the order in which they draw: what draws leaves other numbers to
    all that draws behind it. `name` is what the file is read for, which is called at the end."""

    def __init__(self, body: Body, name: str | None) -> None:
        self._body = body
        drawing = Drawing(body)
        self._now = [NONE.union(*map(drawing.by, _run_at_once(s))) for s in body]
        ends = (s for s in body if name is None or name in names_bound_by(s))
        self._end = NONE.union(*map(drawing.at_the_end, ends))

    def before(self, chosen: Collection[int]) -> set[int]:
        """The other statements that draw before one that is chosen does."""
        last = dict.fromkeys(self._end, len(self._body))
        for k in sorted(chosen):
            last = dict.fromkeys(self._now[k], k) | {g: max(k, n) if g in self._now[k] else n
                                                     for g, n in last.items()}  # fmt: skip
        return {
            k
            for k, drawn in enumerate(self._now)
            if k not in chosen and any(k < last.get(generator, 0) for generator in drawn)
        }

    def read(self, number: int) -> list[ast.AST]:
        """What of a statement reads names: where it draws, not what it gives a name to."""
        statement = self._body[number]
        value = _named(statement) if self._now[number] else None
        return [statement if value is None else value]

    def unnamed(self, number: int, needed: Collection[str]) -> ast.stmt:
        """A statement, without the name for what it makes where nothing needs more than its draws.

        What has no name is no parameter of the program.
        """
        statement = self._body[number]
        value = _named(statement) if self._now[number] else None
        if isinstance(value, ast.Call) and not names_bound_by(statement) & {*needed}:
            return ast.copy_location(ast.Expr(value), statement)
        return statement


def _named(statement: ast.stmt) -> ast.expr | None:
    """What a statement gives a name to."""
    match statement:
        case (
            ast.Assign(targets=[ast.Name()], value=value)
            | ast.AnnAssign(target=ast.Name(), value=ast.expr() as value)
        ):
            return value
        case _:
            return None


def names_bound_by(statement: ast.stmt) -> set[str]:
    """The names in a statement that it binds."""
    return {name for node in ast.walk(statement) for name in names_bound(node)}


def _run_at_once(statement: ast.stmt) -> Iterator[ast.AST]:
    """What runs where a statement stands: of a function its defaults and decorators, of a class
    all but its methods."""
    if isinstance(statement, ast.FunctionDef):
        arguments = statement.args
        yield from (*statement.decorator_list, *arguments.defaults)
        yield from (default for default in arguments.kw_defaults if default is not None)
    elif isinstance(statement, ast.ClassDef):
        yield from (*statement.decorator_list, *statement.bases)
        for inner in statement.body:
            yield from _run_at_once(inner)
    else:
        yield statement
