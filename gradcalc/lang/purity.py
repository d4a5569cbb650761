"""Which calls of a file surely change nothing that they are given, by the names of what is called.

A function of the libraries' tables changes nothing but what it is told to write into. Of all else
only what is listed here is trusted.
"""

import ast
import builtins

from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.catalogue import TABLES
from gradcalc.lang.dialects.spelling import Function
from gradcalc.primitives import PRIMITIVES, Structural

BUILTIN = frozenset({
    "abs", "all", "any", "ascii", "bin", "bool", "bytes", "callable", "chr", "complex", "dict",
    "dir", "divmod", "enumerate", "filter", "float", "format", "frozenset", "hasattr", "hash",
    "hex", "id", "input", "int", "isinstance", "issubclass", "iter", "len", "list", "map", "max",
    "min",
    "object", "oct", "open", "ord", "pow", "print", "range", "repr", "reversed", "round", "set",
    "slice", "sorted", "str", "sum", "super", "tuple", "type", "zip",
    *(name for name, kind in vars(builtins).items()
      if isinstance(kind, type) and issubclass(kind, BaseException)),
})  # fmt: skip
"""Functions of Python's own, and its errors, that change nothing they are given."""

NUMBERS = frozenset({
    "abs", "all", "any", "bool", "callable", "chr", "complex", "float", "hash", "id", "int",
    "isinstance", "issubclass", "len", "ord", "print", "range", "repr", "round", "str",
})  # fmt: skip
"""Those which give nothing that can be changed."""

LAZY = frozenset({"map", "filter"})
"""Those whose items are worked out where they are asked for."""

WILD = frozenset({
    "exec", "eval", "globals", "locals", "vars", "setattr", "delattr", "__import__",
})  # fmt: skip
"""Functions that may change anything at all."""

PRYING = frozenset({
    "builtins", "ctypes", "gc.get_objects", "gc.get_referents", "gc.get_referrers",
    "importlib.import_module", "importlib.machinery", "importlib.reload",
    "importlib.util.module_from_spec", "inspect.currentframe", "inspect.getmembers",
    "inspect.getmodule", "inspect.stack", "inspect.trace", "mock", "pytest.MonkeyPatch", "runpy",
    "sys._getframe", "sys.meta_path", "sys.modules", "sys.path_hooks", "sys.setprofile",
    "sys.settrace", "threading.setprofile", "threading.settrace", "types.CodeType",
    "types.FunctionType", "unittest.mock",
})  # fmt: skip
"""Modules, and members of such, by which whoever has them may change anything."""

PLAIN = frozenset({
    "__all__", "__annotations__", "__author__", "__call__", "__class__", "__debug__", "__doc__",
    "__file__", "__init__", "__len__", "__name__", "__qualname__", "__repr__", "__str__",
    "__version__",
})  # fmt: skip
"""Names between underscores by which nothing is changed that has a name."""

ONLOOKERS = frozenset({
    "argparse", "datetime", "json", "logging", "math", "matplotlib", "numbers", "os", "pathlib",
    "plotly", "pprint", "seaborn", "sys", "tabulate", "time", "tqdm", "typing", "warnings",
})  # fmt: skip
"""Modules that look at what they are given, plot and print it."""

QUIET = frozenset({
    "jax.config.update", "numpy.load", "numpy.save", "numpy.savetxt", "numpy.savez",
    "numpy.set_printoptions", "random.choice", "random.gauss", "random.randint", "random.random",
    "random.seed", "random.uniform", "torch.autograd.grad", "torch.autograd.gradcheck",
    "torch.autograd.gradgradcheck", "torch.autograd.set_detect_anomaly", "torch.load",
    "torch.manual_seed", "torch.normal", "torch.rand", "torch.randint", "torch.randn",
    "torch.randperm", "torch.save", "torch.seed", "torch.set_num_interop_threads",
    "torch.set_num_threads", "torch.set_printoptions", "torch.use_deterministic_algorithms",
})  # fmt: skip
"""Functions of libraries outside the tables without effect on values."""

QUIET_PLACES = (
    "numpy.random", "numpy.testing", "torch.backends", "torch.cuda", "torch.func", "torch.optim",
    "torch.random", "torch.testing", "torch.utils.data", "torch.utils.tensorboard",
)  # fmt: skip
"""Modules of libraries, all but `SHUFFLING` of which is without effect on values."""

SHUFFLING = frozenset({
    "shuffle", "manual_seed_", "seed_", "normal_", "uniform_",
    "heapify", "heappop", "heappush", "heappushpop", "heapreplace",
    "insort", "insort_left", "insort_right",
    "iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow", "imatmul", "iconcat", "iand",
    "ior", "ixor", "ilshift", "irshift", "setitem", "delitem",
})  # fmt: skip
"""Functions that write into what they are given, though their module is quiet."""

IN_PLACE = frozenset({
    "fill", "sort", "put", "partition", "resize", "itemset", "setfield", "setflags", "byteswap",
})  # fmt: skip
"""Methods of lists and of numpy's arrays that change them, where torch's of the name may not."""

READING = frozenset({
    "astype", "backward", "close", "copy", "count", "cpu", "cuda", "detach", "double", "encode",
    "endswith", "float", "format", "get", "half", "index", "int", "item", "items", "join",
    "keys", "long", "lower", "named_parameters", "numpy", "parameters", "read", "replace",
    "retain_grad", "split", "startswith", "state_dict", "strip", "to", "tolist",
    "type", "upper", "values", "write", "zero_grad",
})  # fmt: skip
"""Methods outside the tables that leave the numbers as they are."""

COLLECTING = frozenset({"append", "extend", "insert", "add", "appendleft", "update", "setdefault"})
"""Methods that change only what they belong to, and keep what they are given."""

CHANGING = COLLECTING | {
    "clear", "discard", "pop", "popitem", "popleft", "remove", "reverse", "rotate", "step",
    "difference_update", "intersection_update", "__setitem__", "__delitem__", "move_to_end",
}  # fmt: skip
"""Methods of Python's own data that change it."""

BARE = frozenset({"item", "tolist", "numel", "size", "dim", "count", "index", "format", "join"})
"""Methods that give nothing that can be changed in turn."""

_VIEWS = (
    frozenset(
        name
        for row in PRIMITIVES
        if isinstance(row, Structural) and row.moves
        for name in (row.name, *row.aliases)
    )
    | READING
    | {
        "T", "H", "mT", "mH", "eval", "requires_grad_", "train",
        "array", "as_tensor", "asarray", "atleast_1d", "atleast_2d",
        "atleast_3d",
        "broadcast_arrays", "broadcast_tensors", "broadcast_to", "chunk", "contiguous",
        "diag", "diagonal", "dsplit", "einsum", "expand_as", "flatten", "fliplr", "flipud",
        "hsplit", "imag", "meshgrid",
        "moveaxis", "movedim", "nan_to_num", "narrow", "positive", "ravel", "real", "reshape_as",
        "pad", "rot90", "select", "split", "swapaxes", "swapdims", "tensor_split", "transpose",
        "unbind",
        "unflatten", "unfold", "unstack", "view_as", "vsplit", "dropout", "dropout1d", "dropout2d",
        "dropout3d", "alpha_dropout", "feature_alpha_dropout", "adjoint", "as_strided",
        "asarray_chkfinite", "cartesian_prod", "conj", "conjugate", "matrix_transpose",
        "permute_dims", "real_if_close", "resolve_conj", "resolve_neg", "rollaxis",
        "sliding_window_view", "split_with_sizes", "type_as", "unsafe_chunk", "unsafe_split",
        "unsafe_split_with_sizes",
    }
)  # fmt: skip
"""What may give the very memory that it is given."""


_FRONTS = frozenset(f"{name.split('.')[0]}." for name in TABLES)


def is_new(name: str) -> bool:
    """Whether a pure function or method gives something of its own."""
    return name in BARE or (name not in _VIEWS and catalogue.is_known(name))


ENVIRON = "os.environ"
"""What holds the variables of the environment, which whoever has it may set."""

SETTING = frozenset(f"{ENVIRON}.{name}" for name in ("setdefault", "update", "pop"))
"""Functions that set variables of the environment."""


def is_setting(full: str) -> bool:
    """Whether a library's function is for what holds from then on."""
    if full in SETTING:
        return True
    name = full.rpartition(".")[2].lstrip("_")
    return name.startswith(("set_", "use_", "enable_", "disable_", "register_", "seterr"))


EVERYWHERE = frozenset({
    "torch.set_grad_enabled", "torch.autograd.set_grad_enabled", "torch._C._set_grad_enabled",
})  # fmt: skip
"""Functions by which all is calculated otherwise from then on, whoever names their module."""

TOLD_HOW = frozenset({"numpy.seterr", "warnings.simplefilter", "warnings.filterwarnings"})
"""Those which say whether errors of numbers and warnings are raised."""

SILENT = frozenset({"ignore", "warn", "print", "always", "default", "module", "once"})
"""What is told them to have none of these raised."""


def is_everywhere(full: str, call: ast.Call) -> bool:
    """Whether a call of a library's function has all else calculated otherwise."""
    if full in TOLD_HOW:
        words = [*call.args[:1], *(k.value for k in call.keywords if k.arg in RAISED_BY)]
        return not all(isinstance(w, ast.Constant) and w.value in SILENT for w in words)
    return full in EVERYWHERE and not _is_on(call)


RAISED_BY = frozenset({None, "action", "all", "divide", "over", "under", "invalid"})
"""Their arguments that say so."""


def _is_on(call: ast.Call) -> bool:
    match call:
        case ast.Call(args=[ast.Constant(value=True)], keywords=[]):
            return True
        case _:
            return False


def is_of_class(full: str) -> bool:
    """Whether a full name is what a class of a library has, which is its objects' without a name
    of the library's being said."""
    front, _, rest = full.partition(".")
    return f"{front}." in _FRONTS and any(part[:1].isupper() for part in rest.split(".")[:-1])


def is_wild(name: str) -> bool:
    """Whether what stands behind a dot may be used to change anything: of methods, or between
    underscores."""
    return name in ("setattr", "delattr") or (
        name.startswith("__") and name.endswith("__") and name not in PLAIN
    )


def is_prying(full: str) -> bool:
    """Whether a full name is, or is of, one of `PRYING`."""
    return f"{full}.".startswith(tuple(f"{name}." for name in PRYING))


def is_module(full: str) -> bool:
    """Whether a full name is that of a library's module, whose functions are known."""
    return full in TABLES or f"{full}." in _FRONTS


def holds_prying(full: str) -> bool:
    """Whether what is behind the dots of a module lets its holder change anything."""
    return any(name.startswith(f"{full}.") for name in PRYING)


def is_quiet(full: str) -> bool:
    """Whether a function of a library outside the tables changes nothing that it is given."""
    module, _, name = full.rpartition(".")
    if full in SETTING:
        return False
    if module.split(".")[0] in ONLOOKERS or full in QUIET:
        return True
    return name not in SHUFFLING and f"{module}.".startswith(tuple(f"{p}." for p in QUIET_PLACES))


def is_pure(full: str, call: ast.Call) -> bool:
    """Whether a call of a module's function changes nothing of what it is given."""
    module, _, name = full.rpartition(".")
    if name in SHUFFLING:
        return False
    if module not in TABLES or not catalogue.has(module, name):
        return is_quiet(full)
    found = catalogue.function(module, name)
    if found is not None and found.changes:
        return False
    return not name.endswith("_") and not _writes(found, call, 0)


def is_reading(name: str, call: ast.Call) -> bool:
    """Whether a method of any array, list or text leaves it as it is."""
    if name in READING or name in BARE:
        return True
    if name in IN_PLACE or name.endswith("_") or name not in catalogue.methods():
        return False
    return not _writes(None, call, 1)


def _writes(function: Function | None, call: ast.Call, receiver: int) -> bool:
    """Whether a call says where its result is to be written."""
    if any(k.arg in (None, "out", "inplace") and not _is_off(k.value) for k in call.keywords):
        return True
    if any(k.arg == "copy" and _is_off(k.value) for k in call.keywords):
        return True
    given = len(call.args) + receiver
    if any(isinstance(a, ast.Starred) for a in call.args):
        return True
    for overload in () if function is None else function.overloads:
        places = [p.name for p in overload.parameters if p.positional]
        for word in ("out", "inplace"):
            if word in places and places.index(word) < given:
                return True
    return False


def _is_off(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value
