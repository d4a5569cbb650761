"""Where a program's values come from, as far as its text tells: from Python, or from a library.

Here both are the same once they are single numbers; to `isinstance` they are not. A kind is a type
of Python's own, `torch`, `jax` or `numpy` for what a library's function gives (`.floats` behind it
where that is of floats, `.kept` where numpy may leave an array without dimensions), `given` for an
input, or `size` for torch's shapes.
"""

import ast
from collections.abc import Mapping, Sequence

import numpy as np

from gradcalc.lang.imported import Body, full_name
from gradcalc.lang.scopes import MODULE, Scope, names_bound

Kinds = frozenset[str] | None
"""What a value may be; None for anything."""

NUMBERS = frozenset({"bool", "int", "float"})
GIVEN: Kinds = frozenset({"given"})
FLOAT: Kinds = frozenset({"float"})
INT: Kinds = frozenset({"int"})
BOOL: Kinds = frozenset({"bool"})
ANYTHING: Kinds = None

LIBRARIES = {"torch": "torch", "numpy": "numpy", "scipy": "numpy", "jax": "jax"}

PLAINLY: Mapping[str, Kinds] = {
    "len": INT, "float": FLOAT, "int": INT, "bool": BOOL, "isinstance": BOOL, "hasattr": BOOL,
    "callable": BOOL, "str": frozenset({"str"}), "range": frozenset({"range"}), "ord": INT,
}  # fmt: skip
"""What Python's own functions give."""

WHOLE = frozenset({"floor", "ceil", "trunc", "gcd", "lcm", "comb", "perm", "factorial", "isqrt"})
OF_MATH: Mapping[str, Kinds] = {
    **dict.fromkeys(WHOLE, INT),
    **dict.fromkeys(("isnan", "isinf", "isfinite", "isclose"), BOOL),
    **dict.fromkeys(("prod", "sumprod", "modf", "frexp", "fma"), ANYTHING),
}
"""What functions of math give that is no float."""

OF_TORCH: Mapping[str, Kinds] = {
    **dict.fromkeys(("numel",), INT),
    **dict.fromkeys(("equal", "allclose", "is_tensor", "is_floating_point", "is_complex"), BOOL),
    **dict.fromkeys(("Size", "broadcast_shapes"), frozenset({"size"})),
    **dict.fromkeys(("pi", "e", "inf", "nan"), FLOAT),
}
"""What of torch's is no tensor."""

OF_NUMPY: Mapping[str, Kinds] = {
    **dict.fromkeys(("size", "ndim"), INT),
    **dict.fromkeys(("allclose", "array_equal", "isscalar"), BOOL),
    **dict.fromkeys(("pi", "e", "inf", "nan"), FLOAT),
    "shape": frozenset({"shape"}), "newaxis": frozenset({"None"}),
}  # fmt: skip
"""What of numpy's is neither an array nor a number of numpy's."""

REDUCED = frozenset(
    """sum prod mean std var max min amax amin argmax argmin any all trace vdot det norm median
    nansum round around clip float64""".split()  # noqa: SIM905
)
"""Functions of numpy that never leave an array without dimensions, as its ufuncs do not."""

UNSMOOTH = tuple(
    """arg count search bucket is logical bincount nonzero eq ne lt le gt ge equal greater less
    not_equal any all sign long int bool topk sort max min mode full tensor arange as_tensor one_hot
    where bitwise round""".split()  # noqa: SIM905
)
"""How functions begin that may give whole numbers or truth values, or are not looked at."""

FLOATS = frozenset({"zeros", "ones", "linspace", "eye", "logspace"})
"""Functions that give floats whatever they are given."""


class Provenance:
    """The kinds of all variables of a program, whose main function is called from outside."""

    def __init__(self, body: Body, names: Mapping[str, str], main: str | None) -> None:
        self._names = names
        self._kinds: dict[str, Kinds] = {}
        self._functions: dict[str, list[tuple[ast.FunctionDef, Scope]]] = {}
        self._scopes: dict[int, Scope] = {}
        self._bound: set[str] = set()
        self._fresh: set[int] = set()
        nodes = list(self._nodes(body))
        called = {id(n.func) for n, _ in nodes if isinstance(n, ast.Call)}
        for node, scope in nodes:
            if isinstance(node, ast.Name) and id(node) not in called:
                # a function that is passed on may be called with anything
                for function, outer in self._functions.get(scope.variable(node.id), []):
                    self._open(function, outer, ANYTHING)
            elif isinstance(node, ast.Lambda):
                self._open(node, scope, ANYTHING)
        for function, outer in self._functions.get(main or "", []):
            self._open(function, outer, GIVEN)
        calls = {full_name(n.func, names) or "" for n, _ in nodes if isinstance(n, ast.Call)}
        roots = {name.split(".")[0] for name in calls}
        self._loose = "math" in roots or not roots & {"torch", "jax"}
        before: object = None
        while before != self._kinds:
            before = dict(self._kinds)
            for node, scope in nodes:
                self._learn(node, scope)

    def words(self, node: ast.expr) -> str:
        """The kinds of an expression of the program, separated by blanks; empty for anything."""
        found = self.of(node, self._scopes.get(id(node), MODULE)) or ()
        # what no function of torch's takes, or math's do, may be a number though torch is imported
        return " ".join("given.loose" if k == "given" and self._loose else k for k in sorted(found))

    # -- variables -----------------------------------------------------------------------------

    def _nodes(self, body: Body) -> list[tuple[ast.AST, Scope]]:
        found: list[tuple[ast.AST, Scope]] = []
        stack: list[tuple[ast.AST, Scope]] = [(statement, MODULE) for statement in body]
        while stack:
            node, scope = stack.pop()
            found.append((node, scope))
            self._scopes[id(node)] = scope
            self._bound |= {scope.variable(name) for name in names_bound(node)}
            if isinstance(node, ast.FunctionDef):
                self._functions.setdefault(scope.variable(node.name), []).append((node, scope))
            if isinstance(node, ast.FunctionDef):
                self._fresh |= untouched(node)
            if isinstance(node, ast.FunctionDef | ast.Lambda):
                scope = scope.inside(node)
                self._bound |= {scope.variable(a.arg) for a in ast.walk(node.args)
                                if isinstance(a, ast.arg)}  # fmt: skip
            stack += [(child, scope) for child in ast.iter_child_nodes(node)]
        return found

    def _open(self, function: ast.FunctionDef | ast.Lambda, outer: Scope, kinds: Kinds) -> None:
        inside = outer.inside(function)
        for argument in ast.walk(function.args):
            if isinstance(argument, ast.arg):
                own = FLOAT if kinds == GIVEN and _says_float(argument) else kinds
                self._arrive(inside.variable(argument.arg), own)

    def _arrive(self, variable: str, kinds: Kinds) -> None:
        """A value that a parameter is called with, before anything is bound to its name."""
        self._join(variable, kinds)
        self._join(f"{variable} arrives", kinds)

    def _join(self, variable: str, kinds: Kinds) -> None:
        self._kinds[variable] = _joined(self._kinds.get(variable, frozenset()), kinds)

    def _learn(self, node: ast.AST, scope: Scope) -> None:
        """What a node says of variables."""
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(target, value, scope)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._bind(target, value, scope)
            case ast.NamedExpr(target=target, value=value):
                self._bind(target, value, scope)
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                left = ast.Name(name, ast.Load())
                self._join(scope.variable(name), self.of(ast.BinOp(left, op, value), scope))
            case ast.For(target=target, iter=iterable):
                self._spread(target, self._item(iterable, scope), scope)
            case ast.FunctionDef():
                self._join(scope.variable(node.name), frozenset({"function"}))
                self._defaults(node, scope)
            case ast.Return(value=ast.expr() as value):
                self._join(f"{scope.mark} gives", self.of(value, scope))
            case ast.Call(func=ast.Name(id=name)):
                for function, outer in self._functions.get(scope.variable(name), []):
                    self._pass(function, outer, node, scope)
            case _:
                pass

    def _bind(self, target: ast.expr, value: ast.expr, scope: Scope) -> None:
        match target, value:
            case (ast.Tuple() | ast.List(), ast.Tuple() | ast.List()) if len(target.elts) == len(
                value.elts
            ):
                for part, item in zip(target.elts, value.elts, strict=True):
                    self._bind(part, item, scope)
                return
        if isinstance(target, ast.Name):
            self._join(scope.variable(target.id), self.of(value, scope))
        else:
            self._spread(target, self._item(value, scope), scope)

    def _spread(self, target: ast.expr, kinds: Kinds, scope: Scope) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                one = isinstance(target, ast.Name | ast.Tuple | ast.List)
                self._join(scope.variable(node.id), kinds if one else ANYTHING)

    def _item(self, node: ast.expr, scope: Scope) -> Kinds:
        """What is inside a value, that of what is inside being the same."""
        match node:
            case ast.Call(func=ast.Name(id="range")) if "range" not in self._bound:
                return INT
        kinds = self.of(node, scope)
        if kinds is not None and kinds and kinds <= {"size", "shape"}:
            return INT
        return kinds if kinds and all(k.startswith(("torch", "jax")) for k in kinds) else ANYTHING

    def _defaults(self, function: ast.FunctionDef, scope: Scope) -> None:
        arguments, inside = function.args, scope.inside(function)
        positional = [*arguments.posonlyargs, *arguments.args]
        given = positional[len(positional) - len(arguments.defaults) :]
        pairs = [*zip(given, arguments.defaults, strict=True),
                 *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]  # fmt: skip
        for parameter, value in pairs:
            if value is not None:
                self._arrive(inside.variable(parameter.arg), self.of(value, scope))

    def _pass(self, function: ast.FunctionDef, outer: Scope, call: ast.Call, scope: Scope) -> None:
        arguments, inside = function.args, outer.inside(function)
        positional = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
        if len(call.args) > len(positional) or any(k.arg is None for k in call.keywords):
            self._open(function, outer, ANYTHING)
            return
        for name, value in zip(positional, call.args, strict=False):
            kinds = ANYTHING if isinstance(value, ast.Starred) else self.of(value, scope)
            self._arrive(inside.variable(name), kinds)
        for keyword in call.keywords:
            self._arrive(inside.variable(str(keyword.arg)), self.of(keyword.value, scope))

    # -- expressions ---------------------------------------------------------------------------

    def of(self, node: ast.expr, scope: Scope) -> Kinds:
        """What an expression may give."""
        match node:
            case ast.Constant(value=value):
                return frozenset({"None" if value is None else type(value).__name__})
            case ast.Name(id=name):
                return self._name(name, scope, arrives=id(node) in self._fresh)
            case ast.UnaryOp(op=ast.Not()):
                return BOOL
            case ast.UnaryOp(operand=operand):
                return _calculated(self.of(operand, scope), INT, ast.Add())
            case ast.BinOp(left=left, op=op, right=right):
                return _calculated(self.of(left, scope), self.of(right, scope), op)
            case ast.Compare(left=left, ops=ops, comparators=others):
                if all(isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn) for op in ops):
                    return BOOL
                return _compared([self.of(part, scope) for part in (left, *others)])
            case ast.BoolOp(values=parts):
                return _joined(*(self.of(part, scope) for part in parts))
            case ast.IfExp(body=body, orelse=orelse):
                return _joined(self.of(body, scope), self.of(orelse, scope))
            case ast.NamedExpr(value=value):
                return self.of(value, scope)
            case ast.List() | ast.Tuple():
                return frozenset({"list" if isinstance(node, ast.List) else "tuple"})
            case ast.Lambda():
                return frozenset({"function"})
            case ast.Subscript(value=value, slice=key):
                return self._part(self.of(value, scope), key)
            case ast.Attribute():
                return self._behind(node, scope)
            case ast.Call():
                return self._called(node, scope)
            case _:
                return ANYTHING

    def _name(self, name: str, scope: Scope, *, arrives: bool) -> Kinds:
        variable = scope.variable(name)
        if variable in self._bound:
            variable += " arrives" * arrives
            return self._kinds.get(variable, frozenset())
        full = self._names.get(name)
        return GIVEN if full is None else _member(full)

    def _part(self, kinds: Kinds, key: ast.expr) -> Kinds:
        if kinds is None or not kinds:
            return kinds
        if kinds <= {"size", "shape"}:
            return kinds if isinstance(key, ast.Slice) else INT
        if all(k.startswith(("torch", "jax")) for k in kinds):
            return kinds
        if _are_of(kinds, "numpy", "made"):
            return frozenset({k.removesuffix(".kept") for k in kinds})
        # x[0] of an input is the library's own number
        return frozenset({"made.floats"}) if kinds == GIVEN else ANYTHING

    def _behind(self, node: ast.Attribute, scope: Scope) -> Kinds:
        full = full_name(node, self._names)
        if full is not None:
            return _member(full)
        kinds = self.of(node.value, scope)
        match node.attr:
            case "ndim":
                return INT
            case "shape":
                of_torch = kinds is not None and all(k.startswith("torch") for k in kinds)
                return frozenset({"size"}) if of_torch else frozenset({"size", "shape"})
            case "T" | "mT" | "H" | "mH" | "data" if kinds and _are_of(kinds, "torch", "jax"):
                return kinds
            case _:
                return ANYTHING

    def _called(self, node: ast.Call, scope: Scope) -> Kinds:
        func = node.func
        if isinstance(func, ast.Name):
            variable = scope.variable(func.id)
            if variable in self._functions:
                gives = [self._kinds.get(f"{outer.inside(f).mark} gives", frozenset())
                         for f, outer in self._functions[variable]]  # fmt: skip
                return _joined(*gives)
            if variable in self._bound:
                return ANYTHING
        given = [self.of(a, scope) for a in node.args]
        full = full_name(func, self._names)
        if full is not None:
            return _library(full, given)
        if isinstance(func, ast.Name):
            if func.id in ("abs", "max", "min") and len(given) in (
                (1,) if func.id == "abs" else (2, 3)
            ):
                return (
                    _calculated(_joined(*given), INT, ast.Add())
                    if func.id == "abs"
                    else _joined(*given)
                )
            return PLAINLY.get(func.id, ANYTHING)
        if not isinstance(func, ast.Attribute):
            return ANYTHING
        return _method(func.attr, self.of(func.value, scope), given)


def untouched(function: ast.FunctionDef) -> set[int]:
    """The ids of the names in a function that still hold what a parameter was called with.

    What stands after a statement that may bind the parameter, or in a loop that does, is left out.
    """
    found: set[int] = set()
    parameters = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    _follow(function.body, parameters, found)
    return found


def _follow(body: Sequence[ast.stmt], held: set[str], found: set[int]) -> set[str]:
    """Go through statements that start with these names unbound; the names that still are."""
    for statement in body:
        bound = _rebound(statement)
        match statement:
            case ast.If(test=test, body=then, orelse=other) if not _rebound(test) & held:
                _mark(test, held, found)
                held = _follow(then, held, found) & _follow(other, held, found)
            case ast.Assign(value=value) | ast.Return(value=ast.expr() as value) if not (
                _rebound(value) & held
            ):
                _mark(value, held, found)
                held = held - bound
            case _:
                held = held - bound
                _mark(statement, held, found)
    return held


def _mark(node: ast.AST, held: set[str], found: set[int]) -> None:
    """Add the names of a node that are these, but those in functions, which run later."""
    stack: list[ast.AST] = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            continue
        if isinstance(one, ast.Name) and one.id in held:
            found.add(id(one))
        stack += ast.iter_child_nodes(one)


def _rebound(node: ast.AST) -> set[str]:
    """All names that a node binds or deletes, or that a function inside may."""
    outside = (n.names for n in ast.walk(node) if isinstance(n, ast.Global | ast.Nonlocal))
    bound = {name for one in ast.walk(node) for name in names_bound(one)}
    return bound.union(*outside)


def _says_float(argument: ast.arg) -> bool:
    return isinstance(argument.annotation, ast.Name) and argument.annotation.id == "float"


def _joined(*kinds: Kinds) -> Kinds:
    found: set[str] = set()
    for one in kinds:
        if one is None:
            return None
        found |= one
    return frozenset(found)


def _are_of(kinds: frozenset[str], *origins: str) -> bool:
    return all(k.split(".")[0] in origins for k in kinds)


def _calculated(left: Kinds, right: Kinds, op: ast.operator) -> Kinds:
    """What an operator gives."""
    if left is None or right is None:
        return ANYTHING
    if not left or not right:
        return frozenset()
    if not left | right <= NUMBERS:
        return _operated(left, right)
    if isinstance(op, ast.Div) or FLOAT in (left, right):
        return FLOAT
    whole = left | right <= {"int", "bool"} and left | right != BOOL
    return INT if whole and not isinstance(op, ast.Pow) else NUMBERS


def _operated(left: frozenset[str], right: frozenset[str]) -> Kinds:
    """What an operator gives of which one side at least is none of Python's numbers."""
    floats = ".floats" * (_are_floats(left) or _are_floats(right))
    for origin in ("torch", "jax", "numpy", "made"):
        fitting = (*NUMBERS, origin, "given", "made")
        if _are_of(left, origin) or _are_of(right, origin):
            return frozenset({origin + floats}) if _are_of(left | right, *fitting) else ANYTHING
    return GIVEN if _are_of(left | right, *NUMBERS, "given") else ANYTHING


def _are_floats(kinds: frozenset[str]) -> bool:
    """Whether these are arrays, or inputs, of floats for certain."""
    return all(k.endswith(".floats") or k == "given" for k in kinds)


def _compared(kinds: list[Kinds]) -> Kinds:
    found = _joined(*kinds)
    if found is None or found <= NUMBERS | {"str", "None"}:
        return None if found is None else BOOL
    for origin in ("torch", "jax", "numpy", "made"):
        if any(k and _are_of(k, origin) for k in kinds):
            fitting = _are_of(found, *NUMBERS, origin, "given", "made")
            return frozenset({origin}) if fitting else ANYTHING
    return frozenset({"given.truth"}) if _are_of(found, *NUMBERS, "given") else ANYTHING


def _member(full: str) -> Kinds:
    """What a module has that is not called."""
    name = full.rpartition(".")[2]
    return FLOAT if name in ("pi", "e", "tau", "inf", "nan") else ANYTHING


def _library(full: str, given: list[Kinds]) -> Kinds:
    """What a module's function gives."""
    root, name = full.split(".")[0], full.rpartition(".")[2]
    if root == "math":
        return OF_MATH.get(name, FLOAT)
    library = LIBRARIES.get(root)
    if library is None:
        return ANYTHING
    if library == "numpy":
        if name in OF_NUMPY:
            return OF_NUMPY[name]
        surely = name in REDUCED or isinstance(getattr(np, name, None), np.ufunc)
        return frozenset({"numpy" if surely and root == "numpy" else "numpy.kept"})
    if name in OF_TORCH:
        return OF_TORCH[name] if library == "torch" else ANYTHING
    if library == "jax" and name in ("shape", "ndim", "size"):
        return ANYTHING
    known = [k for k in given if k is not None]
    tensors = [k for k in known if not k <= NUMBERS]
    floats = name in FLOATS or (
        len(known) == len(given) and bool(tensors) and all(_are_floats(k) for k in tensors)
    )
    return frozenset({f"{library}.floats" if floats and _is_smooth(name) else library})


def _is_smooth(name: str) -> bool:
    """Whether a function gives floats of floats."""
    return name in FLOATS or not name.startswith(UNSMOOTH)


def _method(name: str, receiver: Kinds, given: list[Kinds]) -> Kinds:
    """What a method gives."""
    if name in ("dim", "numel", "ndimension"):
        return INT
    if name == "size":
        return frozenset({"int", "size"})
    if name == "item":
        if receiver is not None and receiver and _are_floats(receiver):
            return FLOAT
        return frozenset(NUMBERS)
    if receiver is None or not receiver or name == "tolist":
        return ANYTHING
    floats = _are_floats(receiver) and _is_smooth(name)
    for origin in ("torch", "jax"):
        if _are_of(receiver, origin):
            return frozenset({f"{origin}.floats" if floats else origin})
    if _are_of(receiver, "numpy", "made", "given"):
        origin = "numpy" if _are_of(receiver, "numpy") else "made"
        end = ".floats" if floats and name in REDUCED else "" if name in REDUCED else ".kept"
        return frozenset({origin + end})
    return ANYTHING
