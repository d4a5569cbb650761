"""The names of a program: those it binds, those it needs, and those that mean nothing."""

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gradcalc.errors import GradcalcError, UnknownNameError, UnsupportedError, brief, did_you_mean
from gradcalc.lang import (
    casts,
    grammar,
    inplace,
    members,
    objects,
    updates,
    written,
)
from gradcalc.lang.alternatives import absent_names
from gradcalc.lang.bindings import (
    COMPREHENSIONS,
    WORDS,
    attributes_of,
    binds,
    is_accessor,
    is_idle,
    is_plain,
    own_names,
    parameters_of,
    parts_of,
)
from gradcalc.lang.bystanders import BAR_METHODS
from gradcalc.lang.deferred import conditional, defer
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.catalogue import TABLES, UNLIKE_PLAIN
from gradcalc.lang.naming import Body, every_node
from gradcalc.lang.nets.attributes import ATTRIBUTES
from gradcalc.lang.nets.row import Kind
from gradcalc.lang.objects import Class
from gradcalc.lang.program import JAX, Naming, asked_by_name, dotted, span_of


def free_names(
    body: Body, main: ast.FunctionDef | None, naming: Naming, known: frozenset[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names that a program needs, and those it may be given, each in order of first use.

    A name read before anything in the text has bound it comes from outside: `a *= a` needs `a`.
    """
    walker = _Walker(naming, {*naming.imported, *known})
    walker.block(body)
    walker.finish(None if main is None else main.name)
    _check_modules(body, naming, walker.free)
    required = dict.fromkeys(n for n in walker.free if not catalogue.has_meaning(n))
    optional = dict.fromkeys(n for n in walker.free if catalogue.has_meaning(n))
    if main is not None:
        arguments = main.args
        first_default = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
        stars = {a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None}
        names = [a.arg for a in parameters_of(arguments) if a.arg not in stars]
        positional = names[: len(names) - len(arguments.kwonlyargs)]
        keyword_only = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        given = {*positional[first_default:], *(a.arg for a, value in keyword_only if value)}
        required = dict.fromkeys(n for n in names if n not in given) | required
        optional = dict.fromkeys(n for n in names if n in given) | optional
    return tuple(required), tuple(n for n in optional if n not in required)


BARRED = frozenset(BAR_METHODS)
"""What a bar of progress has behind a dot."""


def _check_modules(body: Body, naming: Naming, free: dict[str, None]) -> None:
    """Refuse a module as a value that makes networks; others are none that is given."""
    for name in [name for name in free if name in naming.handed]:
        full = naming.handed[name]
        if full == "torch.nn" or full in catalogue.NUMBERLESS:
            raise UnsupportedError(
                f"{brief(name)} is the module {full}, which is no value here",
                hint="write the module in front of each of its functions",
            )
        del free[name]


LISTED = "gradcalc functions lists them all"

ORDER: Mapping[type[ast.AST], tuple[str, ...]] = {
    ast.Assign: ("value", "targets"),
    ast.NamedExpr: ("value", "target"),
    ast.For: ("iter", "target", "body", "orelse"),
    ast.comprehension: ("iter", "target", "ifs"),
}
"""The parts of a node in the order in which they run, where that of the text is another."""


class _Walker(ast.NodeVisitor):
    """Walks statements in the order in which they run, noting what is read unbound."""

    def __init__(self, naming: Naming, bound: set[str]) -> None:
        self.naming = naming
        self.bound = bound
        self.free: dict[str, None] = {}
        self.used: set[str | None] = set()
        # each with what comprehensions around it bind
        self.lambdas: list[tuple[ast.FunctionDef | ast.Lambda, frozenset[str]]] = []
        self.functions: dict[str, list[ast.FunctionDef]] = {}

    def block(self, body: Sequence[ast.AST]) -> None:
        for statement in body:
            self.visit(statement)

    def finish(self, main: str | None = None) -> None:
        """Look into the functions that can be called.

        They run when every name of the scope around them is there.
        """
        ready: list[tuple[ast.FunctionDef | ast.Lambda, frozenset[str]]] = [*self.lambdas]
        called = self.used | {main}
        while True:
            for name in [name for name in self.functions if name in called]:
                ready += [(function, frozenset()) for function in self.functions.pop(name)]
            if not ready:
                return
            called = set[str | None]()
            for function, around in ready:
                inner = self._inside(function, around)
                self.free |= inner.free
                called |= inner.used
            self.used |= called
            ready = []

    def _inside(self, function: ast.FunctionDef | ast.Lambda, around: frozenset[str]) -> "_Walker":
        body = function.body if isinstance(function, ast.FunctionDef) else [function.body]
        parameters = {a.arg for a in parameters_of(function.args)}
        local = own_names(tuple(body)) if isinstance(function, ast.FunctionDef) else frozenset()
        inner = _Walker(self.naming, self.bound | local | parameters | around)
        inner.block(body)
        inner.finish()
        return inner

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)
            return
        self.used.add(node.id)
        if node.id not in self.bound:
            self.free.setdefault(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = dotted(node)
        if name is None or name[0] not in self.naming.modules:
            self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        # a name that is called needs no value: it is a function or nothing
        if isinstance(node.func, ast.Name):
            self.used.add(node.func.id)
        else:
            self.visit(node.func)
        asked = asked_by_name(node, self.naming)
        self.block(node.args if asked is None else node.args[1:])
        self.block(node.keywords)

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        # its class needs no value either: it may be one of Python's
        if isinstance(node.cls, ast.Name):
            self.used.add(node.cls.id)
        else:
            self.visit(node.cls)
        self.block([*node.patterns, *node.kwd_patterns])

    def visit_BinOp(self, node: ast.BinOp) -> None:
        operands: list[ast.expr] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            operands.append(left.right)
            left = left.left
        self.visit(left)
        self.block(operands[::-1])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            if not grammar.is_context(item):
                self.visit(item)
            elif isinstance(item.context_expr, ast.Call):
                self.block([*item.context_expr.args, *item.context_expr.keywords])
        self.block(node.body)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.visit_Name(ast.Name(node.target.id, ast.Load()))
        self.visit(node.value)
        self.visit(node.target)

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, COMPREHENSIONS):
            self._comprehension(node)
            return
        self.bound.update(binds(node))
        if isinstance(node, ast.Raise | ast.ExceptHandler):
            raised = node.exc if isinstance(node, ast.Raise) else None
            raised = raised.func if isinstance(raised, ast.Call) else raised
            if isinstance(raised, ast.Name):
                # an error that may be known by its name alone
                self.used.add(raised.id)
            self.block(parts_of(node))
            return
        for field in ORDER.get(type(node), node._fields):
            part = getattr(node, field)
            for inner in part if isinstance(part, list) else [part]:
                if isinstance(inner, ast.AST):
                    self.visit(inner)

    def _comprehension(self, node: ast.AST) -> None:
        """Its targets are bound in it only."""
        generators: list[ast.comprehension] = getattr(node, "generators")  # noqa: B009
        inner = _Walker(self.naming, set(self.bound))
        for generator in generators:
            inner.visit(generator.iter)
            inner.visit(generator.target)
            inner.block(generator.ifs)
        inner.block([getattr(node, f) for f in ("key", "elt", "value") if hasattr(node, f)])
        self.free |= inner.free
        self.used |= inner.used
        targets = (n for g in generators for n in ast.walk(g.target))
        own = frozenset(n.id for n in targets if isinstance(n, ast.Name))
        self.lambdas += [(function, around | own) for function, around in inner.lambdas]
        for part in ast.walk(node):
            if isinstance(part, ast.NamedExpr):
                self.bound.add(part.target.id)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.bound.add(node.name)
        self._defaults(node.args)
        self.functions.setdefault(node.name, []).append(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bound.add(node.name)
        self.block([base for base in node.bases if not is_plain(base)])
        inner = _Walker(self.naming, set(self.bound))
        inner.block(node.body)
        # any of its methods may be called, once every name around the class is there
        methods = [method for several in inner.functions.values() for method in several]
        self.lambdas += [*inner.lambdas, *((method, frozenset[str]()) for method in methods)]
        self.free |= inner.free
        self.used |= inner.used

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._defaults(node.args)
        self.lambdas.append((node, frozenset()))

    def _defaults(self, arguments: ast.arguments) -> None:
        self.block([d for d in (*arguments.defaults, *arguments.kw_defaults) if d is not None])


def check_references(
    body: Body, source: str, naming: Naming, known: frozenset[str], assigned: frozenset[str]
) -> None:
    """Refuse functions and methods that do not exist, where they are asked for in any case; where
    they may not be, that is deferred.

    Raises `UnknownNameError`, or `UnsupportedError` for what is known and left out.
    """
    own = assigned | known | frozenset(naming.imported) | {"super"}
    members = attributes_of(every_node(body))
    any_name = any(map(_gives_any_name, every_node(body)))
    absent = set(absent_names(body))
    branches = conditional(body)
    for node in _evaluated(body):
        place = node
        try:
            if isinstance(node, ast.Attribute):
                path = dotted(node)
                whose = path is not None and path[0] in naming.modules
                if path is not None and path[0] in absent:
                    continue
                if whose or (node.attr not in members and not any_name):
                    _check_attribute(node, naming)
            elif isinstance(node, ast.FunctionDef):
                strange = _strange_decorator(node, own, naming)
                if strange is not None:
                    place = strange
                    raise UnsupportedError(
                        f"the decorator {brief(ast.unparse(strange))} cannot be used in a program",
                        hint=grammar.FUNCTIONS.get(_last(strange), "leave the line out"),
                    )
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = node.func
                if node.func.id not in own:
                    _check_function(node.func.id, naming, assigned)
        except GradcalcError as error:
            error = error.located(span_of(place, source), source)
            read = isinstance(node, ast.Call) or isinstance(getattr(node, "ctx", None), ast.Load)
            if id(node) not in branches or not read:
                raise error from None
            defer(node, error)


def _last(decorator: ast.expr) -> str:
    """The last of a decorator's names, "" where it is called."""
    path = dotted(decorator)
    return path[-1] if path else ""


def _gives_any_name(node: ast.AST) -> bool:
    """Whether objects get attributes whose names stand nowhere in the text, or in texts alone."""
    match node:
        case ast.Attribute(attr="__dict__") | ast.Name(id="vars"):
            return True
        case ast.Call(func=ast.Name(id="setattr"), args=[_, name, *_]):
            return not isinstance(name, ast.Constant)
        case _:
            return False


def _evaluated(body: Body) -> Iterator[ast.AST]:
    """Every node but annotations, which mean nothing here, in the order of the text."""
    stack: list[ast.AST] = list(reversed(body))
    while stack:
        node = stack.pop()
        yield node
        children = parts_of(node)
        stack.extend(reversed(children))


def _strange_decorator(
    node: ast.FunctionDef, own: frozenset[str], naming: Naming
) -> ast.expr | None:
    """The first decorator that is no function of the program's."""
    for decorator in node.decorator_list:
        path = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if is_accessor(decorator):
            continue
        if is_idle(decorator):
            # of a program's own function called so nothing is known
            if own & set(WORDS):
                return decorator
        elif path is None or not (
            path[0] in own or (len(path) > 1 and catalogue.named(naming, path))
        ):
            return decorator
    return None


def _check_function(name: str, naming: Naming, assigned: frozenset[str]) -> None:
    for module in naming.starred:
        # what a star brings in under a name that is known here as something else
        if name in UNLIKE_PLAIN.get(module, ()):
            raise UnsupportedError(
                f"{module} has a function of its own called {name}",
                hint="write the module in front of the name",
            )
    if catalogue.is_known(name) or any(catalogue.has(m, name) for m in naming.starred):
        return
    if name in grammar.FUNCTIONS or hasattr(builtins, name):
        raise _unusable(name)
    hint = grammar.MATHEMATICAL.get(name) or grammar.OTHERS.get(name)
    hint = hint or _meant(name, catalogue.names() | assigned)
    if hint is None and len(name) <= 2:
        hint = f"for a product write {name}*(...)"
    hint = hint or _elsewhere(name)
    raise UnknownNameError(f"there is no function called {brief(name)}", hint=hint)


def _unusable(name: str) -> UnsupportedError:
    return UnsupportedError(f"{name} cannot be used in a program", hint=grammar.FUNCTIONS.get(name))


RECEIVERS = frozenset({"self", "cls"})
"""What methods call the object, or the class, that they are of."""


def _check_attribute(node: ast.Attribute, naming: Naming) -> None:
    path, name = dotted(node), node.attr
    if path and path[0] in naming.modules:
        if isinstance(node.ctx, ast.Store):
            raise UnsupportedError(
                f"{brief('.'.join(path))} is {naming.modules[path[0]]}'s: it cannot be assigned to",
                hint="write a function of your own name",
            )
        _check_member(path, naming)
    elif path and len(path) == 2 and isinstance(catalogue.named(naming, path[:1]), Kind):
        return
    elif name in grammar.METHODS:
        raise UnsupportedError(f".{name} cannot be used in a program", hint=grammar.METHODS[name])
    elif isinstance(node.value, ast.Name) and node.value.id in RECEIVERS:
        # what an object has may be given to it under a name that is worked out
        return
    elif not (
        name in grammar.ATTRIBUTES | members.NAMES | catalogue.methods()
        or any(catalogue.is_in(module, name) for module in naming.handed.values())
        or inplace.is_method(name)
        or casts.is_method(name)
        or (naming.arrays == JAX and name in updates.WAYS)
        or name in ATTRIBUTES | objects.ALWAYS | BARRED
        or name in catalogue.generators_methods()
    ):
        if name in grammar.COMPLEX:
            raise _unusable(name)
        if name in written.members():
            return
        raise UnknownNameError(
            f"nothing is called .{brief(name)}",
            hint=_meant(name, catalogue.methods() | grammar.ATTRIBUTES | members.NAMES),
        )


def _check_member(path: tuple[str, ...], naming: Naming) -> None:
    """Refuse what a module does not have here."""
    if catalogue.module_of(naming, path) or path[-1] in grammar.CONTEXTS:
        return
    if catalogue.written_part(naming, path):
        return
    member = catalogue.place(naming, path)
    if member is None and len(path) > 2:
        owner = catalogue.named(naming, path[:-1])
        if isinstance(owner, Class | Kind):
            return
    if member is None:
        full = ".".join((naming.modules[path[0]], *path[1:]))
        hints = (
            hint for name, hint in grammar.MODULES.items() if f"{full}.".startswith(f"{name}.")
        )
        raise UnknownNameError(
            f"{brief('.'.join(path[:-1]))} is not known here",
            hint=next(hints, "gradcalc functions lists what can be called"),
        )
    module, name = member
    if catalogue.has(module, name):
        return
    if name in grammar.FUNCTIONS:
        raise _unusable(name)
    if (hint := grammar.MODULES.get(module)) is not None:
        raise UnsupportedError(f"{module}.{brief(name)} is not known here", hint=hint)
    raise UnknownNameError(
        f"{module} has no function called {brief(name)} here",
        hint=grammar.OTHERS.get(name) or _meant(name, TABLES[module]) or _elsewhere(name),
    )


def _meant(name: str, known: Iterable[str]) -> str | None:
    """The function that a name was mistyped for."""
    # in place or not
    plain = name.rstrip("_")
    if plain in grammar.UNLIKE:
        return None
    return did_you_mean(name, known)


def _elsewhere(name: str) -> str:
    places = [module for module in TABLES if module != "builtins" and catalogue.has(module, name)]
    if places:
        return f"there is {' and '.join(f'{place}.{name}' for place in places[:3])}"
    if catalogue.is_known(name):
        return f"without a prefix there is {name}"
    return LISTED
