"""`"DEBUG" in globals()` at the top level of a file, which its own text answers."""

import ast

from gradcalc.lang.imported import Body
from gradcalc.lang.neighbours import bound_at

BINDING = frozenset({"exec", "eval", "vars", "locals", "setattr", "globals"})
"""What may bind names that stand nowhere."""


def answered(body: Body) -> Body:
    """The statements with what they ask of the names so far as the answer, where that is told."""
    if not any(isinstance(n, ast.Name) and n.id == "globals" for s in body for n in ast.walk(s)):
        return body
    asking = _Asking()
    return tuple(map(asking.statement, body))


class _Asking(ast.NodeTransformer):
    """Goes through the statements; `sure` are the names that are bound, the `perhaps` may be."""

    def __init__(self) -> None:
        self.sure = set[str]()
        self.perhaps = set[str]()
        self.told = True

    def statement(self, statement: ast.stmt) -> ast.stmt:
        found: ast.stmt = self.visit(statement)
        bound = set(bound_at(found))
        declared = (n for n in ast.walk(found) if isinstance(n, ast.Global))
        self.perhaps |= {name for node in declared for name in node.names}
        self.told &= "*" not in bound and not any(_binds_more(n) for n in ast.walk(found))
        plain = isinstance(found, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
        if plain or (isinstance(found, ast.Assign) and _targets(found) == bound):
            self.sure |= bound
        else:
            self.sure -= bound
            self.perhaps |= bound
        return found

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """What it asks is answered where it is called."""
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        return node

    def visit_While(self, node: ast.While) -> ast.While:
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        match node:
            case ast.Compare(
                left=ast.Constant(value=str(name)),
                ops=[ast.In() | ast.NotIn() as sign],
                comparators=[ast.Call(func=ast.Name(id="globals"), args=[], keywords=[])],
            ) if self.told and not name.startswith("__"):
                if name in self.sure or name not in self.perhaps:
                    is_in = (name in self.sure) == isinstance(sign, ast.In)
                    return ast.copy_location(ast.Constant(is_in), node)
            case _:
                pass
        return node


def _targets(statement: ast.Assign) -> set[str]:
    return {target.id for target in statement.targets if isinstance(target, ast.Name)}


def _binds_more(node: ast.AST) -> bool:
    match node:
        case ast.Name(id=name):
            return name in BINDING
        case ast.Attribute(attr=name):
            return name in ("modules", "__dict__")
        case _:
            return False
