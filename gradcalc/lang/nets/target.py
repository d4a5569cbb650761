"""The module that a text is meant for: what its forward takes are the inputs."""

import ast
from collections.abc import Mapping, Sequence

from gradcalc.lang.drawing import Order
from gradcalc.lang.imported import Body, full_name, meanings
from gradcalc.lang.naming import every_node
from gradcalc.lang.nets.containers import CONTAINERS
from gradcalc.lang.nets.layers import COMPOSED, LAYERS
from gradcalc.lang.nets.lazy import LAZY
from gradcalc.lang.program import Naming, dotted
from gradcalc.lang.scopes import names_bound
from gradcalc.lang.sources import Sources

LIBRARY = "torch.nn."

GIVING_BACK = frozenset(
    f"torch.nn.utils.{name}"
    for name in (
        "weight_norm", "spectral_norm", "parametrizations.weight_norm",
        "parametrizations.spectral_norm", "parametrize.register_parametrization",
    )
)  # fmt: skip
"""Functions that give back the module that they are given, with other parameters."""


def forward_of(body: Body, name: str, names: Mapping[str, str]) -> ast.FunctionDef | None:
    """The forward of the module, or class of modules, that a name of the text stands for.

    It is there under that name, without `self`; None where the name stands for something else.
    `names` are what the names of imports stand for.
    """
    found = _forward(body, name, names)
    if found is None:
        return None
    made = ast.FunctionDef(
        name=name, args=found, body=[ast.Pass()], decorator_list=[], returns=None, type_comment=None
    )
    return ast.copy_location(made, body[-1])


def last_name(body: Body) -> str | None:
    """The name that the last statement of a text gives to a class or a value."""
    match body[-1] if body else None:
        case ast.ClassDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case _:
            return None


def _forward(body: Body, name: str, names: Mapping[str, str]) -> ast.arguments | None:
    for statement in reversed(body):
        match statement:
            case ast.ClassDef(name=own) if own == name:
                return _of_class(body, statement, names)
            case ast.Assign(targets=[ast.Name(id=own)], value=ast.Call() as call) if own == name:
                return _of_call(body, call, names)
            case _:
                pass
    return None


def _of_call(body: Body, call: ast.Call, names: Mapping[str, str]) -> ast.arguments | None:
    """Of `Net(3)`, and of `Net(3).eval()`."""
    func: ast.expr = call
    while isinstance(func, ast.Call):
        call, func = func, func.func
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Call):
            func = func.value
    if isinstance(func, ast.Name) and func.id not in names:
        return _forward(body, func.id, names)
    if full_name(func, names) in GIVING_BACK and call.args and isinstance(call.args[0], ast.Call):
        return _of_call(body, call.args[0], names)
    return _of_library(full_name(func, names))


def _of_class(body: Body, node: ast.ClassDef, names: Mapping[str, str]) -> ast.arguments | None:
    """Its own forward, where it is made from a module."""
    bases: list[ast.arguments | None] = []
    for base in node.bases:
        path = dotted(base)
        own = path is not None and len(path) == 1 and path[0] not in names and path[0] != node.name
        bases.append(_forward(body, path[0], names) if own and path else
                     _of_library(full_name(base, names)))  # fmt: skip
    given = [found for found in bases if found is not None]
    methods = {s.name: s.args for s in node.body if isinstance(s, ast.FunctionDef)}
    for name in ("__call__", "forward") if given else ():
        if name in methods:
            return _without_self(methods[name])
    return given[0] if given else None


def _without_self(arguments: ast.arguments) -> ast.arguments:
    first = [*arguments.posonlyargs, *arguments.args]
    left = first[1:]
    defaults = arguments.defaults[max(0, len(arguments.defaults) - len(left)) :]
    return ast.arguments(
        posonlyargs=[], args=left, vararg=arguments.vararg, kwonlyargs=arguments.kwonlyargs,
        kw_defaults=arguments.kw_defaults, kwarg=arguments.kwarg, defaults=defaults,
    )  # fmt: skip


def _of_library(full: str | None) -> ast.arguments | None:
    """Of a class of torch.nn."""
    if full is None or not full.startswith(LIBRARY):
        return None
    name = full.removeprefix(LIBRARY)
    if name in LAYERS:
        taken = LAYERS[name].forward.partition(": ")[0]
    elif name in LAZY:
        taken = "input"
    elif name in COMPOSED:
        taken = COMPOSED[name].taken
    elif name in CONTAINERS:
        taken = "input"
    else:
        return None
    found = ast.parse(f"lambda {taken}: 0", mode="eval").body
    assert isinstance(found, ast.Lambda)
    return found.args


def makes_nets(body: Body, naming: Naming) -> bool:
    """Whether a text names something of torch.nn that has, or may have, parameters."""
    if any(module.startswith("torch.nn") and module != "torch.nn.functional"
           for module, _ in naming.imported.values()):  # fmt: skip
        return True
    if any(module == "torch.nn" for module in naming.starred):
        return True
    paths = (dotted(node) for node in every_node(body) if isinstance(node, ast.Attribute))
    found = (
        ".".join((naming.modules[p[0]], *p[1:])) for p in paths if p and p[0] in naming.modules
    )
    return any(full.startswith(LIBRARY) and "functional" not in full for full in found)


def without_idle(body: Body, kept: str) -> Body:
    """The statements without networks that nothing else in them uses, but for the one `kept`.

    A constructor that sees anything but numbers, texts, functions and classes of the file may
    change it, so it stays. So does, without its name, one that draws before others do.
    """
    names = meanings(body)
    fixed = Sources(body, names).unchangeable()
    plain = {s.name for s in body if isinstance(s, ast.ClassDef | ast.FunctionDef)}
    idle = {k for k, s in enumerate(body) if _is_idle(s, body, names, fixed | plain, kept)}
    if not idle:
        return body
    order, rest = Order(body, kept), set(range(len(body))) - idle
    stay = rest | order.before(rest)
    return tuple(order.unnamed(k, ()) if k in idle else body[k] for k in sorted(stay))


def _is_idle(
    statement: ast.stmt, body: Body, names: Mapping[str, str], plain: frozenset[str] | set[str],
    kept: str,
) -> bool:  # fmt: skip
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if name != kept:
            pass
        case _:
            return False
    if _of_call(body, call, names) is None:
        return False
    others = [s for s in body if s is not statement]
    if name in _read(others):
        return False
    reached, stack = set[str](), [*_read([statement])]
    while stack:
        one = stack.pop()
        if one not in reached:
            reached.add(one)
            stack += _read([s for s in body if getattr(s, "name", None) == one])
    bound = {name for s in body if not _is_import(s) for node in ast.walk(s)
             for name in names_bound(node) if node is s or not _defines(s)}  # fmt: skip
    return not (reached & bound) - plain


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _defines(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ClassDef | ast.FunctionDef)


def _read(statements: Sequence[ast.stmt]) -> set[str]:
    """The names that statements read anywhere in them."""
    nodes = (node for statement in statements for node in ast.walk(statement))
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
