"""Where the values of a file's expressions may stand already, as far as nothing is run.

A value that is new stands nowhere; else it may be that of a variable, or inside of it.
"""

import ast
from collections.abc import Mapping

from gradcalc.lang import purity
from gradcalc.lang.imported import Body, full_name
from gradcalc.lang.scopes import MODULE, Function, Scope, mark_of
from gradcalc.lang.sources import Sources

Place = tuple[str, bool]
"""A variable, and whether something inside it is meant rather than itself."""

Places = frozenset[Place]

GRADIENTS = frozenset({"grad", "requires_grad"})
"""What can be written behind a dot without a change of the numbers."""

NEW: Places = frozenset()


def inside(places: Places) -> Places:
    """What is inside of these."""
    return frozenset((name, True) for name, _ in places)


def result(function: str) -> str:
    """The variable of what a function gives."""
    return f"{function} gives"


CALLED = frozenset({"__call__", "__init__", "__post_init__"})
"""Methods that a call runs which names the class, or what is called."""

SAID = frozenset({
    "staticmethod", "classmethod", "abstractmethod", "overload", "override", "no_grad", "wraps",
    "lru_cache", "cache", "jit", "script", "njit",
})  # fmt: skip
"""Decorators of methods that are called by their names."""


def runs_unsaid(node: ast.FunctionDef | ast.AsyncFunctionDef, *, method: bool) -> bool:
    """Whether a function runs where no call says so: operators, attributes, items, generators."""
    yields = any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(node))
    special = node.name.startswith("__") and node.name.endswith("__") and node.name not in CALLED
    return yields or (method and (special or not all(map(is_said, node.decorator_list))))


def is_said(decorator: ast.expr) -> bool:
    named = decorator.func if isinstance(decorator, ast.Call) else decorator
    return getattr(named, "attr", getattr(named, "id", "")) in SAID


def keeps(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str] | None:
    """The decorators of a function that may keep something from call to call, in a default that can
    change or in what they made of it; None where nothing is kept."""
    wrappers = [d for d in node.decorator_list if not is_said(d)]
    defaults = (*node.args.defaults, *filter(None, node.args.kw_defaults))
    if not wrappers and all(map(_is_fixed, defaults)):
        return None
    return {n.id for d in wrappers for n in ast.walk(d) if isinstance(n, ast.Name)}


def _is_fixed(node: ast.expr) -> bool:
    """Whether an expression gives what cannot change: constants and names, which others know of."""
    made = ast.Constant | ast.Name | ast.Attribute | ast.UnaryOp | ast.unaryop | ast.BinOp
    made |= ast.operator | ast.Tuple | ast.expr_context | ast.Lambda
    return isinstance(node, ast.Lambda) or all(isinstance(part, made) for part in ast.walk(node))


def is_plain(statement: ast.stmt) -> bool:
    """Whether a statement runs nothing that no call says: it imports or defines, or gives names to
    plain values."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Pass():
            return True
        case ast.FunctionDef(decorator_list=[]) | ast.AsyncFunctionDef(decorator_list=[]):
            arguments = statement.args
            return all(map(is_value, (*arguments.defaults, *filter(None, arguments.kw_defaults))))
        case ast.ClassDef(decorator_list=[], body=body):
            return all(map(is_plain, body))
        case ast.Assign(targets=[ast.Name()], value=value) | ast.Expr(value=value):
            return is_value(value)
        case ast.AnnAssign(target=ast.Name(), value=value):
            return value is None or is_value(value)
        case _:
            return False


def is_value(node: ast.AST) -> bool:
    """Whether an expression is made of constants and names alone, so that it runs nothing."""
    made = ast.List | ast.Tuple | ast.Dict | ast.Constant | ast.Name | ast.expr_context
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    return isinstance(node, made) and all(map(is_value, ast.iter_child_nodes(node)))


class Origins:
    """Where values come from; `nodes` are the functions of the file, `methods` those of classes.

    These are by the variable of the class, and by their own names behind a dot. `unsaid` are the
    functions that run where no call says so, `parameters` the variables of all of them. Functions
    that are `keeping` something from call to call have the names of their decorators.
    """

    def __init__(self, body: Body, names: Mapping[str, str]) -> None:
        self.names = names
        self.sources = Sources(body, names)
        self.nodes: dict[str, list[tuple[Function, Scope]]] = {}
        self.methods: dict[str, set[str]] = {}
        self.unsaid = set[str]()
        self.keeping: dict[str, set[str]] = {}
        self.parameters = set[str]()
        bases: dict[str, set[str]] = {}
        stack: list[tuple[ast.AST, Scope, str | None]] = [(s, MODULE, None) for s in body]
        while stack:
            node, inside, owner = stack.pop()
            own = None
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                name = inside.variable(node.name)
                self.nodes.setdefault(name, []).append((node, inside))
                if owner is not None:
                    self.methods.setdefault(owner, set()).add(name)
                    self.methods.setdefault(f".{node.name}", set()).add(name)
                if (by := keeps(node)) is not None:
                    self.keeping[name] = {inside.variable(one) for one in by}
                if runs_unsaid(node, method=owner is not None):
                    self.unsaid.add(name)
                inside = inside.inside(node)
                arguments = (a for a in ast.walk(node.args) if isinstance(a, ast.arg))
                self.parameters |= {inside.variable(argument.arg) for argument in arguments}
            elif isinstance(node, ast.ClassDef):
                own = inside.variable(node.name)
                self.methods.setdefault(own, set())
                derived = {inside.variable(b.id) for b in node.bases if isinstance(b, ast.Name)}
                bases.setdefault(own, set()).update(derived)
                inside = inside.of_class(node)
            elif isinstance(node, ast.Lambda):
                inside = inside.inside(node)
            stack += [(child, inside, own) for child in ast.iter_child_nodes(node)]
        self._inherit(bases)

    def _inherit(self, bases: Mapping[str, set[str]]) -> None:
        """A class has the methods of those that it is made from, too."""
        for name in bases:
            line, stack = {name}, [*bases[name]]
            while stack:
                base = stack.pop()
                if base not in line:
                    line.add(base)
                    stack += bases.get(base, ())
            self.methods[name] = set().union(*(self.methods.get(base, ()) for base in line))

    def within(self, functions: set[str]) -> set[str]:
        """These functions with those that they define."""
        marks = tuple(f"{mark_of(node)}." for f in functions for node, _ in self.nodes.get(f, ()))
        inner = {name for name in self.nodes if marks and name.startswith(marks)}
        return (functions & self.nodes.keys()) | inner

    def is_own(self, name: str, scope: Scope) -> bool:
        """Whether a name is a function of the file."""
        return scope.variable(name) in self.nodes

    def is_builtin(self, name: str, scope: Scope) -> bool:
        """Whether a name is Python's own."""
        variable = scope.variable(name)
        return variable == name and name not in self.names and not self.sources.has(name)

    def given(self, call: ast.Call, scope: Scope) -> Places:
        """What a call is given, and what that holds."""
        arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
        return NEW.union(*(self.places(a, scope) | self.contents(a, scope) for a in arguments))

    def items(self, node: ast.expr, scope: Scope) -> Places:
        """Where what is inside a value may stand."""
        return inside(self.places(node, scope)) | self.contents(node, scope)

    def places(self, node: ast.expr, scope: Scope) -> Places:
        """Where the value of an expression may stand already; nowhere if it is new."""
        match node:
            case ast.Name(id=name):
                return self._variable(name, scope)
            case ast.Attribute() if full_name(node, self.names) == purity.ENVIRON:
                return frozenset({(ast.unparse(node).split(".")[0], False)})
            case ast.Attribute(attr=name) if name in GRADIENTS or full_name(node, self.names):
                return NEW
            case ast.Attribute(value=base) | ast.Subscript(value=base):
                found = self.places(base, scope)
                return found | inside(found) | self.contents(base, scope)
            case ast.IfExp(body=first, orelse=second):
                return self.places(first, scope) | self.places(second, scope)
            case ast.BoolOp(values=parts):
                return NEW.union(*(self.places(p, scope) for p in parts))
            case ast.NamedExpr(value=value) | ast.UnaryOp(op=ast.UAdd(), operand=value):
                return self.places(value, scope)
            case ast.Starred(value=value) | ast.Await(value=value):
                found = self.places(value, scope)
                return found | inside(found)
            case ast.Call():
                return self._called(node, scope)
            case _:
                return NEW

    def _variable(self, name: str, scope: Scope) -> Places:
        variable = scope.variable(name)
        if variable == name and name in self.names:
            # a module may be written to by whoever has it
            full = self.names[name]
            written = purity.is_module(full) or full == purity.ENVIRON
            return frozenset({(variable, False)}) if written else NEW
        # whoever has a function can get at what it gives
        own = variable in self.nodes
        return frozenset({(result(variable), True) if own else (variable, False)})

    def _called(self, node: ast.Call, scope: Scope) -> Places:
        """Where what a call gives may stand: in its arguments, if it is not known to be new."""
        func, given = node.func, self.given(node, scope)
        given |= inside(given)
        if isinstance(func, ast.Name):
            if self.is_own(func.id, scope):
                return frozenset({(result(scope.variable(func.id)), False)})
            if self.is_builtin(func.id, scope):
                return NEW if func.id in purity.NUMBERS else given
        full = full_name(func, self.names)
        if full is not None:
            is_new = purity.is_pure(full, node) and purity.is_new(full.rpartition(".")[2])
            return NEW if is_new else given
        found = self.places(func, scope) | self.contents(func, scope)
        found |= {(result(name), False) for name in self.methods.get(".__call__", ())}
        if isinstance(func, ast.Attribute):
            found = self.places(func.value, scope)
            own = f".{func.attr}" in self.methods
            if not own and purity.is_reading(func.attr, node) and purity.is_new(func.attr):
                return NEW
            for name in self.methods.get(f".{func.attr}", ()):
                found |= {(result(name), False)}
        return found | inside(found) | given

    def contents(self, node: ast.expr, scope: Scope) -> Places:
        """Where that may stand which a value made here holds."""
        match node:
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return NEW.union(*(self.places(p, scope) | self.contents(p, scope) for p in parts))
            case ast.Dict(values=parts):
                return NEW.union(*(self.places(p, scope) | self.contents(p, scope) for p in parts))
            case ast.ListComp(elt=part) | ast.SetComp(elt=part) | ast.GeneratorExp(elt=part):
                return self.places(part, scope) | self.contents(part, scope)
            case ast.DictComp(value=part):
                return self.places(part, scope) | self.contents(part, scope)
            case ast.BinOp(left=first, right=second) | ast.IfExp(body=first, orelse=second):
                both = NEW.union(
                    *(self.places(p, scope) | self.contents(p, scope) for p in (first, second))
                )
                return inside(both)
            case ast.BoolOp(values=parts):
                return NEW.union(*(self.contents(p, scope) for p in parts))
            case ast.NamedExpr(value=value) | ast.Starred(value=value):
                return self.contents(value, scope)
            case ast.Lambda(body=body):
                # whoever calls it has what it gives
                within = scope.inside(node)
                return self.places(body, within) | self.contents(body, within)
            case ast.Call():
                return self._called(node, scope)
            case _:
                return NEW
