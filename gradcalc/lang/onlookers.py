"""A file's lines for whoever runs it: what they log, warn of or plot changes no value."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

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
SETTING = frozenset({
    "numpy.set_printoptions", "torch.autograd.set_detect_anomaly", "torch.set_num_interop_threads",
    "torch.set_num_threads", "torch.set_printoptions", "torch.use_deterministic_algorithms",
})  # fmt: skip
"""Functions that say how something is shown, or in how many threads it is calculated."""

ELSEWHERE = ("torch.backends", "torch.cuda")
"""Modules of devices that nothing is calculated on here."""

TYPES = frozenset({
    "numpy.ndarray", "torch.Tensor", "jax.Array", "jax.numpy.ndarray", "numpy.typing.NDArray",
    "numpy.typing.ArrayLike", "torch.device", "torch.dtype", "torch.nn.Module",
})  # fmt: skip
"""What annotations name."""

CASTS = frozenset({"typing.cast", "typing_extensions.cast"})
"""What gives its second argument, whatever type is said of it."""

FILTERS = frozenset({"warnings.simplefilter", "warnings.filterwarnings"})
"""What says which warnings are told; it may have them raised."""

CHANGING = (
    ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom,
    # what is gone through may be gone through once
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Starred, ast.In, ast.NotIn,
)  # fmt: skip
"""What changes something where it is worked out, or may."""

TAKING = frozenset(
    """any all sum min max list tuple set sorted dict next map filter zip
    enumerate""".split()  # noqa: SIM905
)
TAKING_METHODS = frozenset({"join", "requires_grad_"})
"""Functions that take something from what they are given, and methods; or change it."""

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
    read = set(_read(kept))
    idle = (
        s
        for s in kept
        if set(_logger(s, names)) - read
        or _is_idle_import(s, read)
        or (s is not kept[-1] and _is_idle_type(s, names, read, times))
    )
    left = {id(s) for s in idle}
    return tuple(s for s in kept if id(s) not in left)


def _read(body: Iterable[ast.AST]) -> Iterator[str]:
    """The names that statements read, but for annotations, which mean nothing here."""
    stack = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        for field, part in ast.iter_fields(node):
            if field not in ("annotation", "returns"):
                inner = part if isinstance(part, list) else [part]
                stack += [n for n in inner if isinstance(n, ast.AST)]


def _is_idle_type(
    statement: ast.stmt, names: Mapping[str, str], read: set[str], times: Mapping[str, int]
) -> bool:
    """Whether a statement gives a type a name that annotations alone use, as `A = np.ndarray`."""
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ):
            return name not in read and times[name] == 1 and _is_type(value, names)
        case _:
            return False


def _is_type(node: ast.expr, names: Mapping[str, str]) -> bool:
    """Whether this is a type of those that annotations name, or made of them."""
    match node:
        case ast.Subscript(value=value):
            return _is_type(value, names)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _is_type(left, names) and _is_type_or_none(right, names)
        case _:
            full = full_name(node, names) or ""
            return full in TYPES or full.startswith("typing.")


def _is_type_or_none(node: ast.expr, names: Mapping[str, str]) -> bool:
    return _is_type(node, names) or (isinstance(node, ast.Constant) and node.value is None)


def _only_names(node: ast.expr) -> bool:
    """Whether nothing is worked out where a type stands."""
    calling = (ast.Call, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
    return not any(isinstance(part, calling) for part in ast.walk(node))


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
        self.generic_visit(node)
        call = node.value
        if isinstance(call, ast.Call) and self._is_filter(call):
            return ast.copy_location(ast.Pass(), node)
        if isinstance(call, ast.Call) and self._tells(call.func) and self._is_plain(call):
            return ast.copy_location(ast.Pass(), node)
        match call:
            case ast.Call(func=ast.Name("print"), keywords=keywords):
                call.keywords = [k for k in keywords if not self._is_stream(k)]
            case _:
                pass
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A value of which only its type is said."""
        self.generic_visit(node)
        match node:
            case ast.Call(args=[kind, value], keywords=[]) if _only_names(kind):
                return value if full_name(node.func, self._names) in CASTS else node
            case _:
                return node

    def visit_If(self, node: ast.If) -> ast.stmt:
        """What a logger is asked only to tell something is left out with what is told."""
        self.generic_visit(node)
        match node.test:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="isEnabledFor")):
                silent = all(isinstance(part, ast.Pass) for part in (*node.body, *node.orelse))
                if name in self._loggers and silent and self._is_plain(node.test):
                    return ast.copy_location(ast.Pass(), node)
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
        # with arguments catch_warnings may have them raised
        raises = (call.args or call.keywords) and "catch_warnings" in ast.unparse(call.func)
        return item.optional_vars is None and not raises and self._is_plain(call)

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        self.generic_visit(node)
        match node:
            case ast.Assign(targets=[ast.Attribute() as target], value=ast.Constant()):
                full = full_name(target, self._names) or ""
                if full.startswith(tuple(f"{m}." for m in ELSEWHERE)):
                    return ast.copy_location(ast.Pass(), node)
            case _:
                pass
        return node

    def _is_filter(self, call: ast.Call) -> bool:
        """Whether it says which warnings are told, and has none of them raised."""
        given = [*call.args, *(k.value for k in call.keywords if k.arg in (None, "action"))]
        return (
            full_name(call.func, self._names) in FILTERS
            and len(given) > 0
            and isinstance(given[0], ast.Constant)
            and given[0].value != "error"
        )

    def _is_stream(self, given: ast.keyword) -> bool:
        """Whether it says where to print to, which is one place here."""
        return given.arg == "file" and full_name(given.value, self._names) in STREAMS

    def _tells(self, func: ast.expr) -> bool:
        full = full_name(func, self._names)
        if full is not None:
            if full in SETTING or f"{full}.".startswith(tuple(f"{m}." for m in ELSEWHERE)):
                return True
            return full.split(".")[0] in TELLING and full not in FILTERS
        match func:
            case ast.Attribute(value=ast.Name(id=name)):
                return name in self._loggers
            case _:
                return False

    def _is_plain(self, call: ast.Call) -> bool:
        """Whether the arguments change nothing where they are worked out."""
        inner = [n for part in (*call.args, *call.keywords) for n in ast.walk(part)]
        calls = [n for n in inner if isinstance(n, ast.Call)]
        return all(map(self._is_pure, calls)) and not any(isinstance(n, CHANGING) for n in inner)

    def _is_pure(self, call: ast.Call) -> bool:
        alone = isinstance(call.func, ast.Name)
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name in (TAKING if alone else TAKING_METHODS) or "rand" in name or "seed" in name:
            return False
        full = full_name(call.func, self._names)
        if full is not None:
            return purity.is_pure(full, call)
        if isinstance(call.func, ast.Name):
            return call.func.id in purity.NUMBERS
        return isinstance(call.func, ast.Attribute) and purity.is_reading(call.func.attr, call)
