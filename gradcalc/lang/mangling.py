"""Names of a class's own, `self.__x`, as Python has them outside of it: `_Class__x`."""

import ast


def mangled(tree: ast.Module) -> ast.Module:
    """The text with the names that are private to a class by their whole names."""
    if not any(isinstance(node, ast.ClassDef) for node in ast.walk(tree)):
        return tree
    _Private().visit(tree)
    return tree


class _Private(ast.NodeTransformer):
    def __init__(self) -> None:
        self._owner = ""

    def _name(self, name: str) -> str:
        private = name.startswith("__") and not name.endswith("__")
        return f"_{self._owner}{name}" if private and self._owner else name

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        outer, self._owner = self._owner, node.name.lstrip("_")
        node.body = [self.visit(statement) for statement in node.body]
        self._owner = outer
        node.name = self._name(node.name)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node.attr = self._name(node.attr)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._name(node.id)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._name(node.name)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._name(node.arg)
        return node
