"""What the variables of a file are made of: those that are numbers, and those that only look on."""

import ast
from collections.abc import Mapping

from gradcalc.lang import purity
from gradcalc.lang.dialects.catalogue import CONSTANTS
from gradcalc.lang.imported import Body, full_name
from gradcalc.lang.scopes import MODULE, Scope, names_bound

Source = tuple[ast.expr, Scope] | None
"""What a variable is assigned, None for whatever else gives it a value."""


class Sources:
    """All that gives each variable of a file a value."""

    def __init__(self, body: Body, names: Mapping[str, str]) -> None:
        self._names = names
        self._found: dict[str, list[Source]] = {}
        assigned: set[int] = set()
        stack: list[tuple[ast.AST, Scope]] = [(statement, MODULE) for statement in body]
        while stack:
            node, scope = stack.pop()
            for target, value in _assignments(node):
                assigned.add(id(target))
                self._add(scope.variable(target.id), (value, scope))
            if id(node) not in assigned and not isinstance(node, ast.Import | ast.ImportFrom):
                for name in names_bound(node):
                    self._add(scope.variable(name), None)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                scope = scope.inside(node)
                for argument in ast.walk(node.args):
                    if isinstance(argument, ast.arg):
                        self._add(scope.variable(argument.arg), None)
            elif isinstance(node, ast.ClassDef):
                scope = scope.of_class(node)
            stack += [(child, scope) for child in ast.iter_child_nodes(node)]

    def has(self, variable: str) -> bool:
        """Whether the file gives the variable a value, but by an import."""
        return variable in self._found

    def is_once(self, variable: str) -> bool:
        """Whether there is one place alone at which the file gives the variable a value."""
        return len(self._found.get(variable, ())) == 1

    def look_on(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a value is a module that changes nothing, or comes from one."""
        return self._looks_on(node, scope, frozenset())

    def unchangeable(self) -> frozenset[str]:
        """The variables that are only ever numbers and texts."""
        fixed = set(self._found)
        while True:
            wrong = {
                name
                for name in fixed
                if not all(s is not None and self._is_fixed(*s, fixed) for s in self._found[name])
            }
            if not wrong:
                return frozenset(fixed)
            fixed -= wrong

    def _add(self, variable: str, source: Source) -> None:
        self._found.setdefault(variable, []).append(source)

    def _looks_on(self, node: ast.expr, scope: Scope, seen: frozenset[str]) -> bool:
        root = root_of(node)
        if not isinstance(root, ast.Name):
            return isinstance(root, ast.Constant | ast.JoinedStr)
        variable = scope.variable(root.id)
        if variable == root.id and root.id in self._names:
            return self._names[root.id].split(".")[0] in purity.ONLOOKERS
        sources = self._found.get(variable, [])
        seen |= {variable}
        return bool(sources) and all(
            s is not None and isinstance(s[0], ast.Call) and self._names_onlooker(*s, seen)
            for s in sources
        )

    def _names_onlooker(self, node: ast.expr, scope: Scope, seen: frozenset[str]) -> bool:
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        return not {scope.variable(name) for name in names} & seen and self._looks_on(
            node, scope, seen
        )

    def _is_fixed(self, node: ast.expr, scope: Scope, fixed: set[str]) -> bool:
        """Whether a value is a number or a text, those in `fixed` being so."""
        match node:
            case ast.Constant() | ast.JoinedStr() | ast.Compare():
                return True
            case ast.Name(id=name):
                return scope.variable(name) in fixed or self._is_constant(node)
            case ast.Attribute():
                return self._is_constant(node)
            case ast.UnaryOp(operand=operand):
                parts = [operand]
            case ast.BinOp(left=left, right=right):
                parts = [left, right]
            case ast.BoolOp(values=parts) | ast.Tuple(elts=parts):
                pass
            case ast.IfExp(body=body, orelse=orelse):
                parts = [body, orelse]
            case ast.Call(func=ast.Name(id=name)) if name not in self._found:
                return name in purity.NUMBERS or (
                    full_name(node.func, self._names) or ""
                ).startswith("math.")
            case ast.Call(func=func):
                return (full_name(func, self._names) or "").startswith("math.")
            case _:
                return False
        return all(self._is_fixed(part, scope, fixed) for part in parts)

    def _is_constant(self, node: ast.expr) -> bool:
        module, _, name = (full_name(node, self._names) or "").rpartition(".")
        return name in CONSTANTS.get(module, {}) or (module == "torch" and "float" in name)


def _assignments(node: ast.AST) -> list[tuple[ast.Name, ast.expr]]:
    """The names that a statement assigns values to, with those values."""
    found: list[tuple[ast.Name, ast.expr]] = []
    pairs: list[tuple[ast.expr, ast.expr]] = []
    match node:
        case ast.Assign(targets=targets, value=value):
            pairs = [(target, value) for target in targets]
        case ast.AnnAssign(target=ast.expr() as one, value=ast.expr() as value):
            pairs = [(one, value)]
        case ast.AugAssign(target=one, value=value) | ast.NamedExpr(target=one, value=value):
            pairs = [(one, value)]
        case _:
            pass
    while pairs:
        target, given = pairs.pop()
        if isinstance(target, ast.Name):
            found.append((target, given))
        elif isinstance(target, ast.Tuple | ast.List):
            same = isinstance(given, ast.Tuple) and len(given.elts) == len(target.elts)
            values = (
                given.elts if isinstance(given, ast.Tuple) and same else [given] * len(target.elts)
            )
            pairs += zip(target.elts, values, strict=True)
    return found


def root_of(node: ast.expr) -> ast.expr:
    """What stands in front of all dots, brackets and calls."""
    match node:
        case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Call(func=inner):
            return root_of(inner)
        case _:
            return node
