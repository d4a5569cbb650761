"""A file's lines for whoever runs it: what they log, warn of or plot changes no value."""

import ast
from collections import Counter
from collections.abc import Mapping

from gradcalc.lang import purity
from gradcalc.lang.imported import Body, full_name, meanings
from gradcalc.lang.scopes import names_bound

TELLING = frozenset({"logging", "warnings", "matplotlib"})
"""Modules whose calls are left out where nobody takes what they give."""

SURROUNDINGS = frozenset(
    {
        "warnings.catch_warnings", "contextlib.nullcontext", "numpy.printoptions",
        "torch.cuda.device", "torch.nn.attention.sdpa_kernel", "torch.profiler.profile",
        "torch.autograd.profiler.profile", "torch.autograd.profiler.record_function",
    }
)  # fmt: skip
"""What stands behind `with` and changes no value of what it is around."""

STREAMS = frozenset({"sys.stdout", "sys.stderr"})
"""Where programs print to."""

DTYPES: Mapping[str, str] = {
    "torch.float64": "float64", "torch.double": "float64", "torch.float32": "float32",
    "torch.float": "float32", "torch.float16": "float16", "torch.half": "float16",
}  # fmt: skip


def untold(body: Body) -> Body:
    """The statements without those that only tell something."""
    names = meanings(body)
    nodes = [node for statement in body for node in ast.walk(statement)]
    times = Counter(name for node in nodes for name in names_bound(node))
    loggers = {
        name
        for statement in body
        for name in _logger(statement, names)
        if times[name] == 1
    }  # fmt: skip
    quiet = _Quiet(names, loggers)
    kept: list[ast.stmt] = []
    for statement in body:
        found = quiet.visit(statement)
        kept += found if isinstance(found, list) else [found]
    read = {
        n.id
        for statement in kept
        for n in ast.walk(statement)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    }
    idle = (s for s in kept if set(_logger(s, names)) - read or _is_idle_import(s, read))
    left = {id(s) for s in idle}
    return tuple(s for s in kept if id(s) not in left)


def _is_idle_import(statement: ast.stmt, read: set[str]) -> bool:
    """Whether a statement only brings in the streams to print to, which nothing needs any more."""
    match statement:
        case ast.Import(names=[ast.alias(name="sys", asname=None)]):
            return "sys" not in read
        case _:
            return False


def declared(body: Body) -> tuple[Body, str | None]:
    """The statements without those that set torch's dtype, and the dtype that they all set.

    They stay where they set several.
    """
    names = meanings(body)
    found = {k: _dtype(statement, names) for k, statement in enumerate(body)}
    dtypes = {dtype for dtype in found.values() if dtype is not None}
    if len(dtypes) != 1:
        return body, None
    return tuple(s for k, s in enumerate(body) if found[k] is None), dtypes.pop()


def uses_torch(body: Body, names: Mapping[str, str]) -> bool:
    """Whether something of torch's is used in the statements."""
    nodes = (node for statement in body for node in ast.walk(statement))
    used = {names.get(node.id, "") for node in nodes if isinstance(node, ast.Name)}
    return any(name.split(".")[0] == "torch" for name in used)


def _dtype(statement: ast.stmt, names: Mapping[str, str]) -> str | None:
    match statement:
        case ast.Expr(value=ast.Call(func=func, args=[given], keywords=[])):
            if full_name(func, names) == "torch.set_default_dtype":
                return DTYPES.get(full_name(given, names) or "")
    return None


def _logger(statement: ast.stmt, names: Mapping[str, str]) -> tuple[str, ...]:
    """The name that a statement gives to a logger."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=func)):
            return (name,) if full_name(func, names) == "logging.getLogger" else ()
        case _:
            return ()


class _Quiet(ast.NodeTransformer):
    """Leaves out calls of modules that only tell something, and of loggers."""

    def __init__(self, names: Mapping[str, str], loggers: set[str]) -> None:
        self._names = names
        self._loggers = loggers

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        call = node.value
        if isinstance(call, ast.Call) and self._tells(call.func) and self._is_plain(call):
            return ast.copy_location(ast.Pass(), node)
        match call:
            case ast.Call(func=ast.Name("print"), keywords=keywords):
                call.keywords = [k for k in keywords if not self._is_stream(k)]
            case _:
                pass
        return node

    def visit_With(self, node: ast.With) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        node.items = [item for item in node.items if not self._is_idle(item)]
        return node if node.items else node.body

    def _is_idle(self, item: ast.withitem) -> bool:
        """Whether it changes nothing around which it stands, and hands on nothing."""
        call = item.context_expr
        if not isinstance(call, ast.Call) or full_name(call.func, self._names) not in SURROUNDINGS:
            return False
        return item.optional_vars is None and self._is_plain(call)

    def _is_stream(self, given: ast.keyword) -> bool:
        """Whether it says where to print to, which is one place here."""
        return given.arg == "file" and full_name(given.value, self._names) in STREAMS

    def _tells(self, func: ast.expr) -> bool:
        full = full_name(func, self._names)
        if full is not None:
            return full.split(".")[0] in TELLING
        match func:
            case ast.Attribute(value=ast.Name(id=name)):
                return name in self._loggers
            case _:
                return False

    def _is_plain(self, call: ast.Call) -> bool:
        """Whether the arguments change nothing where they are worked out."""
        inner = [n for part in (*call.args, *call.keywords) for n in ast.walk(part)]
        calls = [n for n in inner if isinstance(n, ast.Call)]
        return all(map(self._is_pure, calls)) and not any(
            isinstance(n, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom) for n in inner
        )

    def _is_pure(self, call: ast.Call) -> bool:
        full = full_name(call.func, self._names)
        if full is not None:
            return purity.is_pure(full, call)
        if isinstance(call.func, ast.Name):
            return call.func.id in purity.NUMBERS
        return isinstance(call.func, ast.Attribute) and purity.is_reading(call.func.attr, call)
