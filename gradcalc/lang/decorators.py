"""Functions as they are without decorators, and other wrappers, that change nothing of them."""

import ast
from collections.abc import Mapping

from gradcalc.lang import orderings
from gradcalc.lang.imported import Body, full_name, meanings
from gradcalc.lang.scopes import names_bound

IDLE = frozenset({
    "torch.jit.script", "torch.jit.export", "torch.jit.ignore", "torch.jit.unused",
    "torch.jit.script_if_tracing", "torch.compile", "torch.compiler.disable", "torch.fx.wrap",
    "typing.overload", "typing_extensions.overload", "typing.override",
    "typing_extensions.override",
    "numba.njit", "numba.jit", "jax.jit", "jax.checkpoint", "jax.remat", "jax.named_call",
    "jax.ad_checkpoint.checkpoint", "jax.profiler.annotate_function", "jax.block_until_ready",
    "equinox.filter_jit", "flax.linen.jit", "tensorflow.function",
    "beartype.beartype", "typeguard.typechecked", "typing.final", "typing.no_type_check",
})  # fmt: skip
"""Wrappers that change nothing of what a function gives."""

MARKS = "pytest.mark."
"""What begins the names of wrappers that say something of a test."""

FROZEN = frozenset(
    f"torch.{place}{name}"
    for place in ("", "autograd.", "autograd.grad_mode.")
    for name in ("no_grad", "inference_mode")
)
"""Those which let no gradient by."""

THAWED = frozenset({"torch.enable_grad", "torch.autograd.enable_grad"})
"""Those which let it by again: they change nothing where nothing stops it."""


WRAPS = "functools.wraps"
"""The wrapper that gives a function the name of another one, and changes nothing."""


PARTIAL = "functools.partial"
"""What gives a wrapper options before it has a function."""


ORDERING = "functools.total_ordering"
"""What gives a class the comparisons that it lacks."""


NAMED = frozenset({
    "abc.ABC", "abc.abstractmethod", "functools.cached_property", "typing.Generic",
    "typing.Protocol", "typing_extensions.Protocol",
})  # fmt: skip
"""What classes know by its name, however it was imported."""


def undecorated(body: Body) -> Body:
    """The statements with functions as they are without wrappers that change nothing.

    `@torch.no_grad()` counts: it is written into the function.
    """
    names = meanings(body)
    _unwrap(body, names)
    functions = {s.name for s in body if isinstance(s, ast.FunctionDef)}
    idle = IDLE if _stops(body, names) else IDLE | THAWED
    plainly = _Plainly(names, idle)
    kept = [s for s in body if not _is_wrapped_again(s, functions, names, idle)]
    return tuple(plainly.visit(s) for s in kept)


class _Plainly(ast.NodeTransformer):
    """Has functions as they are without idle wrappers, those inside of others too."""

    def __init__(self, names: Mapping[str, str], idle: frozenset[str]) -> None:
        self._names = names
        self._idle = idle

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        return _plain(node, self._names, self._idle)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """What a wrapper makes of a function where it is called, which is the function."""
        self.generic_visit(node)
        match node.args:
            case [ast.Name() | ast.Attribute() | ast.Lambda() | ast.Call() as inner]:
                if _wrapper_called(node.func, self._names) in self._idle and _is_fixed(node):
                    return inner
        return node


def _unwrap(body: Body, names: Mapping[str, str]) -> None:
    """Leave out what gives functions names alone, and call what classes know by its own name.

    That is so on functions inside of others too. A name that nothing binds is what it is called.
    """
    nodes = [node for statement in body for node in ast.walk(statement)]
    bound = {name for node in nodes for name in names_bound(node)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    known = {"wraps": WRAPS} if "wraps" not in bound else {}
    # where names of functions are asked for, it is run
    idle = set() if any(map(_asks_name, nodes)) else {WRAPS}
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            kept = [d for d in node.decorator_list if _wrapper(d, known | dict(names)) not in idle]
            node.decorator_list = [_word(d, names) for d in kept]
        elif isinstance(node, ast.ClassDef):
            node.bases = [_word(base, names) for base in node.bases]
            ordered = [d for d in node.decorator_list if full_name(d, names) == ORDERING]
            if ordered and orderings.complete(node):
                node.decorator_list = [d for d in node.decorator_list if d not in ordered]


def _asks_name(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr="__name__") | ast.Constant(value="__name__"):
            return True
        case _:
            return False


def _word(node: ast.expr, names: Mapping[str, str]) -> ast.expr:
    """A decorator, or a base of a class, by its own name where that is of these."""
    if isinstance(node, ast.Subscript):
        node.value = _word(node.value, names)
        return node
    full = full_name(node, names)
    if full not in NAMED:
        return node
    return ast.copy_location(ast.Name(full.rpartition(".")[2], ast.Load()), node)


def _stops(body: Body, names: Mapping[str, str]) -> bool:
    """Whether a gradient is stopped somewhere for a stretch of the text."""
    nodes = (node for statement in body for node in ast.walk(statement))
    return any(_wrapper(n, names) in FROZEN for n in nodes if isinstance(n, ast.expr))


def _wrapper(node: ast.expr, names: Mapping[str, str]) -> str | None:
    """What a wrapper is, whether it is called for its options or not."""
    if isinstance(node, ast.Call) and full_name(node.func, names) != PARTIAL:
        return full_name(node.func, names)
    return _wrapper_called(node, names)


def _wrapper_called(node: ast.expr, names: Mapping[str, str]) -> str | None:
    """What a wrapper is that is called with a function: itself, or `partial` of it."""
    match node:
        case ast.Call(args=[wrapper]) if full_name(node.func, names) == PARTIAL:
            return full_name(wrapper, names)
        case _:
            return full_name(node, names)


def _is_fixed(call: ast.Call) -> bool:
    """Whether the options of a call change nothing where they are worked out."""
    values = (part for k in call.keywords for part in ast.walk(k.value))
    return not any(isinstance(part, ast.Call | ast.NamedExpr) for part in values)


def _is_wrapped_again(
    statement: ast.stmt, functions: set[str], names: Mapping[str, str], idle: frozenset[str]
) -> bool:
    """Whether this is `f = torch.compile(f)`, or its like, of a function of the file."""
    match statement:
        case ast.Assign(
            targets=[ast.Name(id=name)],
            value=ast.Call(func=wrapper, args=[ast.Name(id=inner)]),
        ):
            return name == inner and name in functions and _wrapper(wrapper, names) in idle
        case _:
            return False


def _plain(
    function: ast.FunctionDef, names: Mapping[str, str], idle: frozenset[str]
) -> ast.FunctionDef:
    left: list[ast.expr] = []
    inside = function.body
    for decorator in reversed(function.decorator_list):
        wrapper = _wrapper(decorator, names)
        if wrapper in idle or (wrapper or "").startswith(MARKS):
            continue
        if wrapper in FROZEN and not (isinstance(decorator, ast.Call) and _is_given(decorator)):
            name = ast.copy_location(ast.Name("no_grad", ast.Load()), decorator)
            call = ast.copy_location(ast.Call(func=name, args=[], keywords=[]), decorator)
            item = ast.withitem(call, optional_vars=None)
            held: ast.stmt = ast.With(items=[item], body=inside)
            inside = [ast.copy_location(held, decorator)]
            continue
        left.append(decorator)
    if len(left) == len(function.decorator_list):
        return function
    found = ast.FunctionDef(
        name=function.name, args=function.args, body=inside, decorator_list=left[::-1],
        returns=function.returns, type_comment=None,
    )  # fmt: skip
    return ast.copy_location(found, function)


def _is_given(call: ast.Call) -> bool:
    return bool(call.args or call.keywords)
