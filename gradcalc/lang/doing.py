"""What expressions of a file may do where they are run: their calls, and what is handed to them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from gradcalc.lang import purity
from gradcalc.lang.imported import Body, full_name, meanings
from gradcalc.lang.origins import NEW, Origins, Place, Places, inside
from gradcalc.lang.scopes import MODULE, Function, Scope


@dataclass(slots=True)
class Unit:
    """What a statement, or the body of a function, does itself: `runs` are the functions in it.

    `wild` says that it may change anything.
    """

    bound: set[str] = field(default_factory=set)
    written: set[Place] = field(default_factory=set)
    runs: set[str] = field(default_factory=set)
    wild: bool = False


class Expressions(ast.NodeVisitor):
    """Goes through a file once; `same` and `held` are what variables may be, and may hold."""

    def __init__(self, body: Body) -> None:
        self.names = meanings(body)
        self.same: dict[str, set[Place]] = {}
        self.held: dict[str, set[Place]] = {}
        self.origins = Origins(body, self.names)
        self.functions: dict[str, list[Unit]] = {name: [] for name in self.origins.nodes}
        self._scope = MODULE
        self._unit = Unit()
        self._result = ""
        self._alone: ast.expr | None = None
        self._dotted = set[int]()
        self._fills = any(full.startswith("collections") for full in self.names.values())
        # what constructors fill is the new object alone
        self._new: set[str] = set()
        # what generators do is done where they are gone through
        self.lazy: list[Unit] = []

    # -- where values stand --------------------------------------------------------------------

    def _roots(self, target: ast.expr) -> Iterator[str]:
        """The module or function that something is written to behind a dot."""
        full = full_name(target, self.names)
        if full is not None and purity.is_quiet(full):
            return
        while isinstance(target, ast.Attribute | ast.Subscript):
            target = target.value
        if isinstance(target, ast.Name):
            variable = self._scope.variable(target.id)
            yield variable
            # a library has many names
            root = self.names.get(variable, ".").split(".")[0]
            yield from (name for name, other in self.names.items() if other.split(".")[0] == root)

    def _know(self, variable: str, places: Places, held: Places = NEW) -> None:
        self.same.setdefault(variable, set()).update(places)
        self.held.setdefault(variable, set()).update(held)

    def _defaults(self, function: Function, outer: Scope) -> None:
        """Parameters may be what their defaults are."""
        arguments = function.args
        positional = [*arguments.posonlyargs, *arguments.args]
        given = positional[len(positional) - len(arguments.defaults) :]
        pairs = [*zip(given, arguments.defaults, strict=True),
                 *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]  # fmt: skip
        here, self._scope = self._scope, outer
        for parameter, value in pairs:
            if value is not None:
                own = frozenset({(outer.variable(getattr(function, "name", "")), True)})
                self._know(here.variable(parameter.arg), self._places(value) | own)
        self._scope = here

    def _places(self, node: ast.expr) -> Places:
        return self.origins.places(node, self._scope)

    def _contents(self, node: ast.expr) -> Places:
        return self.origins.contents(node, self._scope)

    def _items(self, node: ast.expr) -> Places:
        return self.origins.items(node, self._scope)

    # -- calls ---------------------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> None:
        variable = self._scope.variable(node.id)
        if isinstance(node.ctx, ast.Load):
            # whoever has a function may call it
            self._unit.runs |= {variable} & self.functions.keys()
            self._unit.runs |= self.origins.methods.get(variable, set())
        else:
            self._unit.bound.add(variable)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        given = self.origins.given(node, self._scope)
        match node.func:
            case ast.Name(id=name) if self.origins.is_own(name, self._scope):
                function = self._scope.variable(name)
                self._pass(function, node)
                if function in self.origins.keeping:
                    self._unit.written |= {(function, False), (function, True)}
                    self._unit.runs |= self.origins.within(self.origins.keeping[function])
                return
            case ast.Name(id=name) if name not in self.names and self.origins.is_builtin(
                name, self._scope
            ):
                self._unit.wild |= name in purity.WILD
                if name in purity.LAZY:
                    self._run_later(node, given)
                if name in purity.BUILTIN:
                    self._callbacks(node, given)
                    return
        full = full_name(node.func, self.names)
        if full is not None:
            self._unit.wild |= purity.is_everywhere(full, node)
            if purity.is_pure(full, node):
                self._callbacks(node, given)
                return
            if purity.is_setting(full) or node is self._alone:
                self._unit.bound |= set(self._roots(node.func))
        elif isinstance(node.func, ast.Attribute):
            self._method(node, node.func, given)
            return
        else:
            called = self._places(node.func) | self._contents(node.func)
            self._unit.written |= called | inside(called)
            # an object that is called runs what its class has for that
            self._unit.runs |= self.origins.methods.get(".__call__", set())
        self._unit.written |= inside(given)
        self._callbacks(node, given)

    def _run_later(self, node: ast.Call, given: Places) -> None:
        """What a function does for which its items are asked for later."""
        outer, self._unit = self._unit, Unit(written={*inside(given)})
        for argument in node.args:
            self.visit(argument)
        self.lazy.append(self._unit)
        self._unit = outer

    def _method(self, node: ast.Call, func: ast.Attribute, given: Places) -> None:
        """A method of a value: of an array, a list, or an object of whatever class."""
        receiver, name = self._places(func.value), func.attr
        if isinstance(func.value, ast.Name) and self.origins.is_builtin(func.value.id, self._scope):
            # a method of a type is given what it belongs to
            receiver |= given
        own = self.origins.methods.get(f".{name}", set())
        self._unit.runs |= own
        if not own and (
            purity.is_reading(name, node) or self.origins.sources.look_on(func.value, self._scope)
        ):
            self._callbacks(node, given)
        elif not own and name in purity.COLLECTING:
            self._unit.written |= receiver
            for variable, _ in receiver:
                self.held.setdefault(variable, set()).update(given)
        elif not own and name.endswith("_") and name != "set_":
            # what torch calls so changes the one tensor
            self._unit.written |= receiver
        else:
            self._unit.written |= inside(receiver | given)
            self._callbacks(node, given)

    def _pass(self, function: str, node: ast.Call) -> None:
        """The arguments of a call of the file's own function become what its parameters are."""
        starred = any(isinstance(a, ast.Starred) for a in node.args)
        starred |= any(k.arg is None for k in node.keywords)
        everything = self.origins.given(node, self._scope)
        for target, scope in self.origins.nodes[function]:
            arguments, within = target.args, scope.inside(target)
            positional = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
            parameters = {a.arg for a in ast.walk(arguments) if isinstance(a, ast.arg)}
            plain = not starred and not arguments.vararg and not arguments.kwarg
            if plain and len(node.args) <= len(positional):
                for name, value in zip(positional, node.args, strict=False):
                    self._know(within.variable(name), self._places(value))
                for keyword in node.keywords:
                    if keyword.arg in parameters:
                        variable = within.variable(keyword.arg)
                        self._know(variable, self._places(keyword.value))
            else:
                for name in parameters:
                    self._know(within.variable(name), everything | inside(everything))

    def _handed_on(self, method: ast.Attribute) -> None:
        """A method that is passed on may be called: what it belongs to changes."""
        name = method.attr
        self._unit.runs |= self.origins.methods.get(f".{name}", set())
        if name in purity.CHANGING or name.endswith("_") or name in purity.IN_PLACE:
            receiver = self._places(method.value)
            self._unit.written |= receiver | inside(receiver)

    def _callbacks(self, node: ast.Call, given: Places) -> None:
        """A function that is passed on may be called with all that it is passed with."""
        for argument in (*node.args, *(k.value for k in node.keywords)):
            for inner in ast.walk(argument):
                targets: list[tuple[Function, Scope]]
                if isinstance(inner, ast.Attribute):
                    self._handed_on(inner)
                if isinstance(inner, ast.Lambda):
                    targets = [(inner, self._scope)]
                elif isinstance(inner, ast.Name):
                    targets = self.origins.nodes.get(self._scope.variable(inner.id), [])
                else:
                    continue
                for target, scope in targets:
                    within = scope.inside(target)
                    for parameter in ast.walk(target.args):
                        if isinstance(parameter, ast.arg):
                            self._know(within.variable(parameter.arg), given | inside(given))
