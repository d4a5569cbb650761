"""What running a statement of a file may change: the variables that it binds, and their values.

Nothing is run. Each variable has what it may be, and what it may hold, by all that is assigned to
it anywhere; a call that is not surely pure may change all that it can get at. So what is said to
change may not, but what is not said to change does not.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gradcalc.lang import purity
from gradcalc.lang.imported import Body, full_name, meanings
from gradcalc.lang.origins import (
    GRADIENTS,
    NEW,
    Origins,
    Place,
    Places,
    inside,
    is_plain,
    result,
)  # fmt: skip
from gradcalc.lang.renaming import DOUBT
from gradcalc.lang.scopes import MODULE, Function, Scope, names_bound


@dataclass(slots=True)
class Unit:
    """What a statement, or the body of a function, does itself: `runs` are the functions in it.

    `wild` says that it may change anything.
    """

    bound: set[str] = field(default_factory=set)
    written: set[Place] = field(default_factory=set)
    runs: set[str] = field(default_factory=set)
    wild: bool = False


class Effects:
    """What each statement of a file may change."""

    def __init__(self, body: Body) -> None:
        reader = _Reader(body)
        self._units = [reader.statement(statement) for statement in body]
        self._reader = reader
        self._fixed = reader.origins.sources.unchangeable() | reader.functions.keys()
        unsaid = [*map(self._unit_of, reader.origins.unsaid), *reader.lazy]
        self._quiet = not any(map(self._is_loud, unsaid))
        self._plain = [is_plain(statement) for statement in body]

    def changed(self, number: int) -> frozenset[str] | None:
        """The variables that a statement may bind or change, by its number; None for any."""
        units = self._run(self._units[number])
        if any(unit.wild for unit in units) or not (self._quiet or self._plain[number]):
            return None
        written = self._reached(place for unit in units for place in unit.written)
        bound = {name for unit in units for name in unit.bound}
        names = self._reader.names
        roots = {names[name].split(".")[0] for name in written if name in names}
        of_modules = {name for name, full in names.items() if full.split(".")[0] in roots}
        return frozenset(bound | of_modules | (written - self._fixed))

    def _unit_of(self, function: str) -> Unit:
        """A call of a function of the file: what it gives is as good as written by who has it."""
        return Unit(written={(result(function), True)}, runs={function})

    def _is_loud(self, unit: Unit) -> bool:
        """Whether what runs without a call that says so changes anything but variables of its own,
        or gives what stands elsewhere."""
        units = self._run(unit)
        reached = self._reached(place for one in units for place in one.written)
        reached |= {name for one in units for name in one.bound}
        own = {name for name in reached if "@" in name} - self._reader.origins.parameters
        return any(one.wild for one in units) or bool(reached - own - self._fixed - unit.runs)

    def _run(self, unit: Unit) -> list[Unit]:
        """The unit and all functions that may run in it."""
        found, names, stack = [unit], set[str](), [*unit.runs]
        while stack:
            name = stack.pop()
            if name not in names:
                names.add(name)
                inner = self._reader.functions.get(name, [])
                found += inner
                stack += [name for unit in inner for name in unit.runs]
        return found

    def _reached(self, places: Iterable[Place]) -> set[str]:
        """The variables whose values these places may be in."""
        seen, stack = set[Place](), [*places]
        while stack:
            place = stack.pop()
            if place in seen:
                continue
            seen.add(place)
            name, deep = place
            stack += [(other, inner or deep) for other, inner in self._reader.same.get(name, ())]
            if deep:
                stack += [(other, True) for other, _ in self._reader.held.get(name, ())]
        return {name for name, _ in seen}


class _Reader(ast.NodeVisitor):
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

    def statement(self, statement: ast.stmt) -> Unit:
        """What a statement of the file does."""
        self._unit = Unit()
        self.visit(statement)
        return self._unit

    # -- statements ----------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        name = self._scope.variable(node.name)
        self._unit.bound.add(name)
        for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            if part is not None:
                self.visit(part)
        outer, unit = self._scope, self._unit
        gives, self._result = self._result, result(name)
        self._scope, self._unit = outer.inside(node), Unit()
        self.functions.setdefault(name, []).append(self._unit)
        self._defaults(node, outer)
        if node.name == "__init__" and not outer.is_seen and node.args.args:
            self._new.add(self._scope.variable(node.args.args[0].arg))
        for inner in node.body:
            self.visit(inner)
        self._scope, self._unit, self._result = outer, unit, gives

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """What it does counts where it is written."""
        outer = self._scope
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(default)
        self._scope = outer.inside(node)
        self._defaults(node, outer)
        self.visit(node.body)
        self._scope = outer

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._unit.bound.add(self._scope.variable(node.name))
        # what it is made from runs nothing but where it says so
        quiet = not node.keywords and ".__init_subclass__" not in self.origins.methods
        bases = [b for b in node.bases if not (quiet and self._is_own_class(b))]
        for part in (*node.decorator_list, *bases, *(k.value for k in node.keywords)):
            self.visit(part)
        outer, name = self._scope, self._scope.variable(node.name)
        self._scope = outer.of_class(node)
        for inner in node.body:
            self.visit(inner)
            self._know(name, NEW, frozenset(self._attributes(inner)))
            self._receive(name, inner)
        self._scope = outer
        for base in node.bases:
            # what it does not have itself is theirs
            self._know(name, self._places(base), self._contents(base))

    def _is_own_class(self, base: ast.expr) -> bool:
        """Whether a name is one class of the file, and nothing else at any time."""
        variable = self._scope.variable(base.id) if isinstance(base, ast.Name) else ""
        return variable in self.origins.methods and self.origins.sources.is_once(variable)

    def _attributes(self, node: ast.stmt) -> Iterator[Place]:
        """What a class holds by a statement in it: its variables, and what methods make of self."""
        yield from (
            (self._scope.variable(n), True) for part in ast.walk(node) for n in names_bound(part)
        )
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.args.args:
            yield self._scope.inside(node).variable(node.args.args[0].arg), True

    def _receive(self, owner: str, node: ast.stmt) -> None:
        """What a method belongs to has all that the class has."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.args.args:
            receiver = self._scope.inside(node).variable(node.args.args[0].arg)
            self._know(receiver, NEW, frozenset({(owner, True)}))

    def visit_Expr(self, node: ast.Expr) -> None:
        self._alone = node.value
        self.visit(node.value)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.visit(node.value)
            self._know(
                self._result,
                self._places(node.value),
                self._contents(node.value),
            )

    def visit_Yield(self, node: ast.Yield | ast.YieldFrom) -> None:
        if node.value is not None:
            self.visit(node.value)
            self._know(
                self._result,
                self._items(node.value),
                self._places(node.value),
            )

    def visit_YieldFrom(self, node: ast.YieldFrom) -> None:
        self.visit_Yield(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._assign(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self._assign(node.target, node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self._assign(node.target, node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        self.visit(node.target)
        load = node.target
        self._unit.written |= self._places(load)
        self._bind(load, NEW, self._places(node.value) | self._contents(node.value))

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._bind(node.target, self._items(node.iter))
        for inner in (*node.body, *node.orelse):
            self.visit(inner)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> None:
        self.visit_For(node)

    def visit_withitem(self, node: ast.withitem) -> None:
        self.visit(node.context_expr)
        if node.optional_vars is not None:
            found = self._places(node.context_expr)
            self._bind(node.optional_vars, found | self._items(node.context_expr))

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self.visit(node.iter)
        # its names are gone behind it
        unit, self._unit = self._unit, Unit()
        self._bind(node.target, self._items(node.iter))
        self._unit = unit
        for condition in node.ifs:
            self.visit(condition)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """What an error was made of stands anywhere."""
        self.generic_visit(node)
        if node.name is not None:
            self._unit.wild |= any(
                isinstance(inner, ast.Attribute) and inner.attr == "args"
                for inner in ast.walk(node)
            )

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        """What it does is done where it is gone through, which may be elsewhere."""
        outer, self._unit = self._unit, Unit()
        self.generic_visit(node)
        self.lazy.append(self._unit)
        outer.bound |= self._unit.bound
        outer.written |= self._unit.written
        outer.runs |= self._unit.runs
        outer.wild |= self._unit.wild
        self._unit = outer

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load) and self._fills:
            # what has no such key makes one
            self._unit.written |= self._places(node.value)

    def visit_Match(self, node: ast.Match) -> None:
        found = self._places(node.subject) | self._contents(node.subject)
        for inner in ast.walk(node):
            for name in names_bound(inner):
                self._know(self._scope.variable(name), found | inside(found))
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._bind(target, NEW)

    def visit(self, node: ast.AST) -> None:
        self._unit.wild |= isinstance(node, ast.expr) and self._is_wild(node)
        super().visit(node)

    def _is_wild(self, node: ast.expr) -> bool:
        """Whether an expression gives the means to change anything, or cannot be told."""
        if hasattr(node, DOUBT):
            return True
        match node:
            case ast.Attribute(attr=name) if purity.is_wild(name):
                return True
            case ast.Name(id="__builtins__" | "__loader__" | "__spec__"):
                return True
            case ast.Name(ctx=ast.Load()) | ast.Attribute(ctx=ast.Load()):
                full = full_name(node, self.names)
                if isinstance(node, ast.Attribute):
                    self._dotted.add(id(node.value))
                if full is None:
                    return False
                # a module by another name
                alone = isinstance(node, ast.Name) and id(node) not in self._dotted
                return purity.is_prying(full) or (alone and purity.holds_prying(full))
            case _:
                return False

    def generic_visit(self, node: ast.AST) -> None:
        self._unit.bound |= {self._scope.variable(name) for name in names_bound(node)}
        super().generic_visit(node)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        match target, value:
            case (ast.Tuple() | ast.List(), ast.Tuple() | ast.List()) if len(target.elts) == len(
                value.elts
            ) and not any(isinstance(p, ast.Starred) for p in (*target.elts, *value.elts)):
                for part, item in zip(target.elts, value.elts, strict=True):
                    self._assign(part, item)
            case _:
                self._bind(
                    target,
                    self._places(value),
                    self._contents(value),
                )

    def _bind(self, target: ast.expr, places: Places, held: Places = NEW) -> None:
        """Give what is in these places to a target, or write it there."""
        match target:
            case ast.Name(id=name):
                self._unit.wild |= hasattr(target, DOUBT)
                variable = self._scope.variable(name)
                self._unit.bound.add(variable)
                self._know(variable, places, held)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._bind(part, inside(places) | held)
            case ast.Starred(value=inner):
                self._bind(inner, places, held)
            case ast.Attribute(attr=name) if name in GRADIENTS:
                self.visit(target.value)
            case ast.Attribute(value=base) | ast.Subscript(value=base):
                self._unit.wild |= purity.is_of_class(full_name(target, self.names) or "")
                self.visit(base)
                if isinstance(target, ast.Subscript):
                    self.visit(target.slice)
                written = self._places(base)
                if not (isinstance(base, ast.Name) and self._scope.variable(base.id) in self._new):
                    self._unit.written |= written
                    self._unit.bound |= set(self._roots(target))
                for name, _ in written:
                    self.held.setdefault(name, set()).update(places | held)
            case _:
                pass

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
                self._know(here.variable(parameter.arg), self._places(value))
        self._scope = here

    def _places(self, node: ast.expr) -> Places:
        return self.origins.places(node, self._scope)

    def _contents(self, node: ast.expr) -> Places:
        return self.origins.contents(node, self._scope)

    def _items(self, node: ast.expr) -> Places:
        return self.origins.items(node, self._scope)

    # -- expressions ---------------------------------------------------------------------------

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
                self._pass(self._scope.variable(name), node)
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
