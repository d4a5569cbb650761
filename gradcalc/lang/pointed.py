"""What is named behind a file: a function, a class with what it is made of, or its method.

Of `Net(3, 4)` the text goes on with what is made so, of `Beale.fun` and `Quadratic(3).fun` with a
function that makes one and calls its method, which is `__call__` where `Quadratic(3)` has one. Of a
lambda, and of a function in a table or an object, it goes on with a function that calls it.
"""

import ast
import re
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
    plain = function.isidentifier()
    if plain and CALLED not in text and "lambda" not in text:
        return text, function
    statement = syntax.parse(function, limits).body[0]
    node = statement.value if isinstance(statement, ast.Expr) else None
    found = None
    if node is not None and not isinstance(node, ast.Call):
        found = _through(text, node, limits)
    if node is not None and found is None:
        found = _of_object(text, node, limits)
    if found is not None or plain:
        return found or (text, function)
    if isinstance(node, ast.Attribute | ast.Subscript):
        shown = brief(function)
        raise UnknownNameError(
            f"that {shown} is a function is not told by the text",
            hint=f"write a function that calls it: def g(x): return {shown}(x)",
        )
    own = _unused("net", text)
    return f"{text}\n{own} = {function}", own


def _of_object(text: str, node: ast.expr, limits: Limits) -> tuple[str, str] | None:
    """The text with a function that calls a method of an object, or the object; None where it has
    no such class."""
    made, method = _method(node)
    body = _body(text, limits)
    classes = {s.name: s for s in body if isinstance(s, ast.ClassDef)}
    owner = getattr(made, "func", made)
    if isinstance(made, ast.Name) and made.id not in classes:
        owner = getattr(_value(made.id, body), "func", None)
    if made is None or not isinstance(owner, ast.Name) or owner.id not in classes:
        return None
    if any(_changes(node, owner.id) for statement in body for node in ast.walk(statement)):
        # its methods may be others by then
        return None
    methods = dict(_methods(owner.id, classes))
    if method in methods:
        own = _unused(f"{owner.id}_{method.strip('_')}", text)
        receiver = f"{owner.id}()" if made is owner else ast.unparse(made)
        if made is owner and (needed := _needed(methods.get("__init__"))):
            raise UnknownNameError(
                f"of what an object of {brief(owner.id)} is made is not said: {', '.join(needed)}",
                hint=f"name an object with its method: {brief(owner.id)}(...).{brief(method)}",
            )
        return f"{text}\n\n{_calling_method(own, receiver, methods[method])}", own
    if method != CALLED:
        raise UnknownNameError(
            f"no method of {brief(owner.id)} is called {brief(method)}",
            hint=did_you_mean(method, methods) or _those_of(methods),
        )
    return None


def _body(text: str, limits: Limits) -> list[ast.stmt]:
    try:
        return syntax.parse(text, limits).body
    except GradcalcError:
        # whoever reads the text next says where
        return []


def _through(text: str, node: ast.expr, limits: Limits) -> tuple[str, str] | None:
    """The text with a function that calls what is no function by a name of its own."""
    held = _held(node, _body(text, limits))
    called = ast.unparse(node)
    if held is None or (isinstance(held, ast.FunctionDef) and held.name == called):
        return None
    own = _unused(re.sub(r"\W+", "_", called).strip("_"), text)
    count = len([*held.args.posonlyargs, *held.args.args])
    return f"{text}\n\n{_calling(own, called, '', held.args, count)}", own


def _held(
    node: ast.expr, body: list[ast.stmt], depth: int = 0
) -> ast.Lambda | ast.FunctionDef | None:
    """The function that an expression is by what stands in the text, None where it is none."""
    if depth > len(body) or isinstance(node, ast.Lambda):
        return node if isinstance(node, ast.Lambda) else None
    match node:
        case ast.Name(id=name):
            defined = [s for s in body if isinstance(s, ast.FunctionDef) and s.name == name]
            value = _value(name, body)
            if value is None or (defined and defined[-1].lineno > value.lineno):
                return defined[-1] if defined else None
            return _held(value, body, depth + 1)
        case ast.Subscript(value=ast.Name(id=name), slice=key):
            part = _item(_value(name, body), key)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            made = _value(name, body)
            part = None
            if isinstance(made, ast.Call):
                part = next((k.value for k in made.keywords if k.arg == attribute), None)
        case _:
            part = None
    return None if part is None else _held(part, body, depth + 1)


def _value(name: str, body: list[ast.stmt]) -> ast.expr | None:
    """What is assigned to a name once, on the level of the text, and changed nowhere."""
    found = None
    if sum(_changes(node, name) for statement in body for node in ast.walk(statement)) > 1:
        return None
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=own)], value=value) if own == name:
                found = value
            case ast.AnnAssign(target=ast.Name(id=own), value=ast.expr() as value) if own == name:
                found = value
    return found


def _changes(node: ast.AST, name: str) -> bool:
    """Whether something gives a name, or what it holds, another value, or may do so."""
    match node:
        case ast.Name(id=own, ctx=ast.Store() | ast.Del()):
            return own == name
        case (
            ast.Attribute(value=ast.Name(id=own), ctx=ast.Store() | ast.Del())
            | ast.Subscript(value=ast.Name(id=own), ctx=ast.Store() | ast.Del())
        ):
            return own == name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=own), attr=called)):
            return own == name and called in CHANGING
        case _:
            return False


CHANGING = frozenset({"append", "extend", "insert", "pop", "remove", "clear", "update",
                      "setdefault", "popitem", "reverse", "sort"})  # fmt: skip
"""Methods that change a list or a dictionary."""


def _item(table: ast.expr | None, written: ast.expr) -> ast.expr | None:
    try:
        key = ast.literal_eval(written)
    except ValueError:
        return None
    match table:
        case ast.Dict(keys=keys, values=values):
            held = [v for k, v in zip(keys, values, strict=True)
                    if isinstance(k, ast.Constant) and k.value == key]  # fmt: skip
            return held[-1] if held else None
        case ast.List(elts=parts) | ast.Tuple(elts=parts) if isinstance(key, int):
            return parts[key] if -len(parts) <= key < len(parts) else None
        case ast.Call(func=ast.Name(id="dict"), keywords=words):
            return next((w.value for w in words if w.arg == key), None)
        case _:
            return None


def _method(node: ast.expr) -> tuple[ast.expr | None, str]:
    """What an expression names the method of, if any, and the method."""
    if isinstance(node, ast.Attribute):
        return node.value, node.attr
    return (node, CALLED) if isinstance(node, ast.Name | ast.Call) else (None, CALLED)


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


def _needed(start: ast.FunctionDef | None) -> list[str]:
    """The parameters without which no object is made."""
    if start is None:
        return []
    arguments = start.args
    positional = [*arguments.posonlyargs, *arguments.args]
    needed = positional[1 : len(positional) - len(arguments.defaults)]
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return [a.arg for a in (*needed, *(a for a, default in pairs if default is None))]


def _those_of(methods: dict[str, ast.FunctionDef]) -> str:
    shown = [name for name in methods if not name.startswith("_")]
    return f"its methods: {brief(', '.join(shown) or 'none')}"


def _unused(name: str, text: str) -> str:
    while name in text:
        name += "_"
    return name


def _calling_method(name: str, receiver: str, method: ast.FunctionDef) -> str:
    """A function of the parameters of a method that calls it."""
    static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in method.decorator_list)
    plain = len([*method.args.posonlyargs, *method.args.args])
    return _calling(name, receiver, f".{method.name}", method.args, plain if static else plain - 1)


def _calling(name: str, held: str, behind: str, given: ast.arguments, count: int) -> str:
    """A function that calls another one with its last parameters; stars have nothing in them.

    What it calls is made in front of it where it has names of its parameters. A default that is
    no plain number or text is left to the function, which has it from where it stands.
    """
    first = len(given.posonlyargs)
    every = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(every) - len(given.defaults)) + list(given.defaults)
    taken = list(zip(every, defaults, strict=True))[len(every) - count :]
    words = list(zip(given.kwonlyargs, given.kw_defaults, strict=True))
    kept = [(a.arg, d) for a, d in (*taken, *words) if d is None or _is_written(d)]
    firsts = {a.arg for a in every[:first]}
    shown = ", ".join(a if d is None else f"{a}={ast.unparse(d)}" for a, d in kept)
    passed = ", ".join(a if a in firsts else f"{a}={a}" for a, _ in kept)
    names = {n.id for n in ast.walk(ast.parse(held)) if isinstance(n, ast.Name)}
    made = ""
    if names & {a for a, _ in kept}:
        made, held = f"{name}_ = {held}\n\n", f"{name}_"
    return f"{made}def {name}({shown}):\n    return {held}{behind}({passed})"


def _is_written(default: ast.expr) -> bool:
    """Whether a default is the same wherever it stands."""
    try:
        ast.literal_eval(default)
    except ValueError:
        return False
    return True
