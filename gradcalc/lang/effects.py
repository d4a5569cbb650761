"""What running a statement of a file may change: the variables that it binds, and their values.

Nothing is run. Each variable has what it may be, and what it may hold, by all that is assigned to
it anywhere; a call that is not surely pure may change all that it can get at. So what is said to
change may not, but what is not said to change does not.
"""

import ast
from collections.abc import Iterable, Iterator

from gradcalc.lang import purity
from gradcalc.lang.bindings import is_accessor, is_idle
from gradcalc.lang.doing import Expressions, Unit
from gradcalc.lang.imported import Body, full_name
from gradcalc.lang.origins import (
    GRADIENTS,
    NEW,
    Place,
    Places,
    inside,
    is_plain,
    is_said,
    result,
)  # fmt: skip
from gradcalc.lang.renaming import DOUBT
from gradcalc.lang.scopes import names_bound


class Effects:
    """What each statement of a file may change."""

    def __init__(self, body: Body) -> None:
        reader = _Reader(body)
        self._units = [reader.statement(statement) for statement in body]
        self._reader = reader
        functions = reader.functions.keys() - reader.origins.keeping.keys()
        self._fixed = reader.origins.sources.unchangeable() - reader.origins.keeping.keys()
        self._fixed |= functions
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


class _Reader(Expressions, ast.NodeVisitor):
    """Goes through a file once, statement by statement."""

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
        self._decorate(node)
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

    def _decorate(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        """What decorators are is called, but those of methods that say how these are called."""
        words = (is_said, is_idle, is_accessor)
        for decorator in node.decorator_list:
            if any(is_word(decorator) for is_word in words):
                continue
            called = self._places(decorator) | self._contents(decorator)
            self._unit.written |= called | inside(called)
            if isinstance(decorator, ast.Attribute):
                self._handed_on(decorator)

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
        self._decorate(node)
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
