"""What is named behind a file: a function, a class with what it is made of, or its method.

Of `Net(3, 4)` the text goes on with what is made so, of `Beale.fun` and `Quadratic(3).fun` with a
function that makes one and calls its method, which is `__call__` where `Quadratic(3)` has one.
"""

import ast
from collections.abc import Iterator

from gradcalc.errors import GradcalcError, UnknownNameError, did_you_mean
from gradcalc.lang import syntax
from gradcalc.lang.program import Limits, brief

CALLED = "__call__"


def pointed(text: str, function: str | None, limits: Limits) -> tuple[str, str | None]:
    """A text, and the name in it that is meant.

    Raises `UnknownNameError` for a method that its class does not have.
    """
    if function is None:
        return text, None
    called = function.isidentifier()
    if called and not (CALLED in text and f"class {function}" in text):
        return text, function
    tree = syntax.parse(function, limits).body
    made, method = _method(tree[0].value) if isinstance(tree[0], ast.Expr) else (None, CALLED)
    classes = {} if made is None else _classes(text, limits)
    name = made if isinstance(made, ast.Name) else getattr(made, "func", None)
    if made is not None and isinstance(name, ast.Name) and name.id in classes:
        methods = dict(_methods(name.id, classes))
        if method in methods:
            own = _unused(f"{name.id}_{method.strip('_')}", text)
            receiver = ast.unparse(made) if made is not name else f"{name.id}()"
            return f"{text}\n\n{_calling(own, receiver, methods[method])}", own
        if method != CALLED:
            raise UnknownNameError(
                f"{brief(name.id)} has no method called {brief(method)}",
                hint=did_you_mean(method, methods) or _those_of(methods),
            )
    if called:
        return text, function
    own = _unused("net", text)
    return f"{text}\n{own} = {function}", own


def _method(node: ast.expr) -> tuple[ast.expr | None, str]:
    """What an expression names the method of, if any, and the method."""
    if isinstance(node, ast.Attribute):
        return node.value, node.attr
    return (node, CALLED) if isinstance(node, ast.Name | ast.Call) else (None, CALLED)


def _classes(text: str, limits: Limits) -> dict[str, ast.ClassDef]:
    try:
        tree = syntax.parse(text, limits)
    except GradcalcError:
        # whoever reads the text next says where
        return {}
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _methods(
    name: str, classes: dict[str, ast.ClassDef], depth: int = 0
) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The methods of a class behind those of what it is derived from."""
    node = classes.get(name)
    if node is None or depth > len(classes):
        return
    for base in reversed(node.bases):
        if isinstance(base, ast.Name):
            yield from _methods(base.id, classes, depth + 1)
    yield from ((s.name, s) for s in node.body if isinstance(s, ast.FunctionDef))


def _those_of(methods: dict[str, ast.FunctionDef]) -> str:
    shown = [name for name in methods if not name.startswith("_")]
    return f"its methods: {brief(', '.join(shown) or 'none')}"


def _unused(name: str, text: str) -> str:
    while name in text:
        name += "_"
    return name


def _calling(name: str, receiver: str, method: ast.FunctionDef) -> str:
    """A function of the parameters of a method that calls it; stars have nothing in them."""
    given = method.args
    plain = [*given.posonlyargs, *given.args]
    static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in method.decorator_list)
    plain = plain if static else plain[1:]
    count = len(given.defaults)
    defaults = given.defaults[max(0, count - len(plain)) :]
    taken = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(arg=a.arg) for a in plain],
        vararg=None,
        kwonlyargs=[ast.arg(arg=a.arg) for a in given.kwonlyargs],
        kw_defaults=given.kw_defaults,
        kwarg=None,
        defaults=defaults,
    )
    passed = ", ".join([*(a.arg for a in plain), *(f"{a.arg}={a.arg}" for a in given.kwonlyargs)])
    shown = ast.unparse(taken)
    return f"def {name}({shown}):\n    return {receiver}.{method.name}({passed})"
