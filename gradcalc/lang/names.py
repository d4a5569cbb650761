"""The names of a program: those it binds, those it needs, and those that mean nothing."""

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from gradcalc.errors import GradcalcError, UnknownNameError, UnsupportedError, did_you_mean
from gradcalc.lang import grammar
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.catalogue import TABLES, UNLIKE_PLAIN
from gradcalc.lang.naming import Body, every_node
from gradcalc.lang.program import Naming, brief, dotted, span_of


def bound_names(body: Body) -> frozenset[str]:
    """All names that are bound anywhere in the statements, in whatever scope."""
    names: set[str] = set()
    for node in every_node(body):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
    return frozenset(names)


@lru_cache(maxsize=256)
def own_names(body: tuple[ast.AST, ...]) -> frozenset[str]:
    """The names that a function body binds in its own scope, not in functions inside it."""
    names: set[str] = set()
    stack = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif not isinstance(node, ast.Lambda):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            stack.extend(ast.iter_child_nodes(node))
    return frozenset(names)


def free_names(
    body: Body, main: ast.FunctionDef | None, naming: Naming, known: frozenset[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names that a program needs, and those it may be given, each in order of first use.

    A name read before anything in the text has bound it comes from outside: `a *= a` needs `a`.
    """
    walker = _Walker(naming, {*naming.imported, *known})
    walker.block(body)
    walker.finish(None if main is None else main.name)
    required = dict.fromkeys(n for n in walker.free if not catalogue.has_meaning(n))
    optional = dict.fromkeys(n for n in walker.free if catalogue.has_meaning(n))
    if main is not None:
        arguments = main.args
        first_default = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
        names = [a.arg for a in parameters_of(arguments)]
        positional = names[: len(names) - len(arguments.kwonlyargs)]
        keyword_only = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        given = {*positional[first_default:], *(a.arg for a, value in keyword_only if value)}
        required = dict.fromkeys(n for n in names if n not in given) | required
        optional = dict.fromkeys(n for n in names if n in given) | optional
    return tuple(required), tuple(n for n in optional if n not in required)


def parameters_of(arguments: ast.arguments) -> tuple[ast.arg, ...]:
    """All parameters of a function, in order."""
    return (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)


LISTED = "gradcalc functions lists them all"

ORDER: Mapping[type[ast.AST], tuple[str, ...]] = {
    ast.Assign: ("value", "targets"),
    ast.NamedExpr: ("value", "target"),
    ast.For: ("iter", "target", "body", "orelse"),
    ast.With: ("body",),
}
"""The parts of a node in the order in which they run, where that of the text is another."""


class _Walker(ast.NodeVisitor):
    """Walks statements in the order in which they run, noting what is read unbound."""

    def __init__(self, naming: Naming, bound: set[str]) -> None:
        self.naming = naming
        self.bound = bound
        self.free: dict[str, None] = {}
        self.used: set[str | None] = set()
        self.lambdas: list[ast.Lambda] = []
        self.functions: dict[str, list[ast.FunctionDef]] = {}

    def block(self, body: Sequence[ast.AST]) -> None:
        for statement in body:
            self.visit(statement)

    def finish(self, main: str | None = None) -> None:
        """Look into the functions that can be called.

        They run when every name of the scope around them is there.
        """
        ready: list[ast.FunctionDef | ast.Lambda] = [*self.lambdas]
        called = self.used | {main}
        while True:
            for name in [name for name in self.functions if name in called]:
                ready += self.functions.pop(name)
            if not ready:
                return
            called = set[str | None]()
            for function in ready:
                inner = self._inside(function)
                self.free |= inner.free
                called |= inner.used
            self.used |= called
            ready = []

    def _inside(self, function: ast.FunctionDef | ast.Lambda) -> "_Walker":
        body = function.body if isinstance(function, ast.FunctionDef) else [function.body]
        parameters = {a.arg for a in parameters_of(function.args)}
        local = own_names(tuple(body)) if isinstance(function, ast.FunctionDef) else frozenset()
        inner = _Walker(self.naming, self.bound | local | parameters)
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
        self.block(node.args)
        self.block(node.keywords)

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

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.visit_Name(ast.Name(node.target.id, ast.Load()))
        self.visit(node.value)
        self.visit(node.target)

    def generic_visit(self, node: ast.AST) -> None:
        for field in ORDER.get(type(node), node._fields):
            part = getattr(node, field)
            for inner in part if isinstance(part, list) else [part]:
                if isinstance(inner, ast.AST):
                    self.visit(inner)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.bound.add(node.name)
        self._defaults(node.args)
        self.functions.setdefault(node.name, []).append(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._defaults(node.args)
        self.lambdas.append(node)

    def _defaults(self, arguments: ast.arguments) -> None:
        self.block([d for d in (*arguments.defaults, *arguments.kw_defaults) if d is not None])


def check_references(
    body: Body, source: str, naming: Naming, known: frozenset[str], assigned: frozenset[str]
) -> None:
    """Refuse functions and methods that do not exist.

    Raises `UnknownNameError`, or `UnsupportedError` for what is known and left out.
    """
    own = assigned | known | frozenset(naming.imported)
    for node in _evaluated(body):
        place = node
        try:
            if isinstance(node, ast.Attribute):
                _check_attribute(node, naming)
            elif isinstance(node, ast.keyword) and node.arg == "dtype":
                _check_type(node.value)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = node.func
                if node.func.id not in own:
                    _check_function(node.func.id, naming, assigned)
        except GradcalcError as error:
            raise error.located(span_of(place, source), source) from None


def _evaluated(body: Body) -> Iterator[ast.AST]:
    """Every node but annotations, which mean nothing here, in the order of the text."""
    stack: list[ast.AST] = list(reversed(body))
    while stack:
        node = stack.pop()
        yield node
        skipped = [getattr(node, field, None) for field in ("annotation", "returns")]
        children = [c for c in ast.iter_child_nodes(node) if all(c is not s for s in skipped)]
        stack.extend(reversed(children))


def _check_type(value: ast.expr) -> None:
    """Refuse one of Python's types as the dtype of an array: no input is called float."""
    if isinstance(value, ast.Name) and value.id in ("float", "int", "bool", "complex"):
        raise UnsupportedError(
            "dtype cannot be set inside a program",
            hint="leave it out: the whole calculation has one dtype, set with --dtype",
        )


def _check_function(name: str, naming: Naming, assigned: frozenset[str]) -> None:
    for module in naming.starred:
        # what a star brings in under a name that is known here as something else
        if name in UNLIKE_PLAIN.get(module, ()):
            raise UnsupportedError(
                f"{module} has a function of its own called {name}",
                hint="write the module in front of the name",
            )
    if catalogue.is_known(name):
        return
    if name in grammar.FUNCTIONS or hasattr(builtins, name):
        raise _unusable(name)
    hint = _meant(name, catalogue.names() | assigned)
    if hint is None and len(name) <= 2:
        hint = f"for a product write {name}*(...)"
    hint = hint or _elsewhere(name)
    raise UnknownNameError(f"there is no function called {brief(name)}", hint=hint)


def _unusable(name: str) -> UnsupportedError:
    return UnsupportedError(f"{name} cannot be used in a program", hint=grammar.FUNCTIONS.get(name))


def _check_attribute(node: ast.Attribute, naming: Naming) -> None:
    path, name = dotted(node), node.attr
    if path and path[0] in naming.modules:
        _check_member(path, naming)
    elif name in grammar.METHODS:
        raise UnsupportedError(f".{name} cannot be used in a program", hint=grammar.METHODS[name])
    elif name not in grammar.ATTRIBUTES and name not in catalogue.methods():
        if name in grammar.COMPLEX:
            raise _unusable(name)
        raise UnknownNameError(
            f"nothing is called .{brief(name)}",
            hint=_meant(name, catalogue.methods() | grammar.ATTRIBUTES),
        )


def _check_member(path: tuple[str, ...], naming: Naming) -> None:
    """Refuse what a module does not have here."""
    if catalogue.module_of(naming, path) or path[-1] in grammar.CONTEXTS:
        return
    member = catalogue.place(naming, path)
    if member is None:
        raise UnknownNameError(
            f"{brief('.'.join(path[:-1]))} is not known here",
            hint="gradcalc functions lists what can be called",
        )
    module, name = member
    if catalogue.has(module, name):
        return
    if name in grammar.FUNCTIONS:
        raise _unusable(name)
    raise UnknownNameError(
        f"{module} has no function called {brief(name)} here",
        hint=_meant(name, TABLES[module]) or _elsewhere(name),
    )


def _meant(name: str, known: Iterable[str]) -> str | None:
    """The function that a name was mistyped for, or how to write what it means."""
    # in place or not
    plain = name.rstrip("_")
    if plain in grammar.UNLIKE:
        return grammar.EQUIVALENT.get(plain)
    return did_you_mean(name, known)


def _elsewhere(name: str) -> str:
    places = [module for module in TABLES if module != "builtins" and catalogue.has(module, name)]
    if places:
        return f"there is {' and '.join(f'{place}.{name}' for place in places[:3])}"
    if catalogue.is_known(name):
        return f"without a prefix there is {name}"
    return LISTED
