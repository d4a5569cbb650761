"""An argument for a parameter, as text: by its name, else by its type."""

import random
from collections.abc import Callable, Mapping
from types import MappingProxyType

from benchmarks.fidelity.operands import STYLES, array, enclosed, filled, operand, simple
from benchmarks.fidelity.signatures import EVERYWHERE, Parameter

DIM = ("0", "1", "-1", "-2", "0", "1", "-1", "2", "-3", "None", "(0,)", "(0, 1)", "(1, 0)",
       "(-1, 0)", "(0, 2)", "(2, 0, 1)", "[0]", "[0, 1]", "()", "True", "False", "(-2, -1)",
       "(0, -1)", "[-1]", "3", "(0, 0)")  # fmt: skip
ONE_DIM = ("0", "1", "-1", "-2", "2", "0", "1", "-1", "True", "3")
FLAG = ("True", "False", "True", "1", "0", "None")
ORD = ("2", "1", "0", "3", "{inf}", "-{inf}", "float('inf')", "'fro'", "'nuc'", "None", "0.5",
       "-1", "-2", "2.0", "1.5", "'inf'", "a", "-float('inf')", "math.inf", "float('-inf')",
       "True")  # fmt: skip
NUMBER = ("2", "1", "0", "-1", "0.5", "2.0", "1.5", "-0.5", "3", "True", "0.0", "a", "1e-3", "10")
WHOLE = ("0", "1", "2", "-1", "3", "1", "2", "True")
SHAPE = ("-1", "(-1,)", "(1, -1)", "(-1, 1)", "(2, -1)", "(3,)", "3", "()", "[-1]", "[3, 1]",
         "x.shape", "A.shape", "(-1, 2)", "(2, 3)", "(1, 3)", "(3, 3)", "(2, 1, -1)", "(6,)",
         "(4, 2, 3)", "(2, 3, 2)", "6", "(3, 2)", "(0,)", "(1,)")  # fmt: skip
KEY = ("0", "-1", "1", "[0, 0]", "[0, 1]", "(1, 0)", "[[0], [0]]", "{a}([0, 0])",
       "{a}([1, 0, 1])",
       "{a}([[0, 1], [1, 0]])", "{a}([-1])", "{m}arange(2)", "[-1]", "[1]", "[[0, 1]]")  # fmt: skip
PAD = ("(1, 1)", "(1, 0, 0, 1)", "1", "((1, 2), (0, 1))", "[1, 2]", "(2,)", "(0, 1)",
       "(1, 2, 1, 0)",
       "((1, 1),)", "0", "(-1, 1)", "(1, 1, 0, 0, 1, 0)", "[(1, 0), (0, 1)]")  # fmt: skip
MODE = ("'constant'", "'edge'", "'reflect'", "'replicate'", "'circular'", "'wrap'", "'symmetric'",
        "'linear_ramp'", "'full'", "'same'", "'valid'", "'clip'", "'raise'", "'mean'", "'sum'",
        "'maximum'", "'reduced'", "'complete'")  # fmt: skip
REDUCTION = ("'mean'", "'sum'", "'none'", "'batchmean'", "'none'", "'sum'")
EQUATION = ("'ij,jk->ik'", "'ij->ji'", "'i,i->'", "'ij->j'", "'ii'", "'ii->i'", "'ij->'", "'i,j'",
            "'ij,ij->i'", "'bij->bji'", "'i,i'", "'ij,j'", "'ba'", "'...j->...'", "'ij, jk'",
            "'i->'", "'ij,kj->ik'")  # fmt: skip
DTYPE = ("None", "None", "float", "int", "bool", "{m}float64", "{m}int64", "'float64'")
TARGET = ("x", "y", "A", "D", "{a}([0, 1, 1])", "{a}([0, 0, 1, 1])", "{a}([0, 1])", "{a}(0)",
          "{a}([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]])", "x > 0", "A[0]", "x.softmax(0)",
          "{a}([1, -1, 1])", "{m}ones_like(x)", "{a}([1])", "{a}([0, -100, 1])", "{a}([1, 1, 0])",
          "A.softmax(1)", "abs(A)/10", "0.5*{m}ones_like(A)")  # fmt: skip
WHERE = ("x > 0", "A > 0", "True", "D > 0", "[True, False, True]", "{a}([True, False, True])",
         "C > 0", "False", "x > -9", "A[:1] > 0")  # fmt: skip
SECTIONS = ("1", "2", "3", "[1]", "[1, 2]", "(1,)", "[2, 1]", "[1, 1, 1]", "(0, 1)")
QUANTILE = (
    "0.5",
    "0.25",
    "[0.25, 0.75]",
    "50",
    "[25, 50]",
    "0",
    "1",
    "1.0",
    "0.3",
    "{a}([0.1, 0.9])",
)
BOUND = ("0", "1", "-1", "None", "0.5", "-0.5", "a", "x", "2.0", "A[0]", "[0, 1, 2]", "-1.5", "y",
         "{inf}", "{a}(0.2)", "{a}([0, 1, 0])", "True", "z")  # fmt: skip
FUNCTIONS = ("lambda v: v*2", "lambda v: v.sum()", "lambda v, w: v + w", "abs", "len",
             "lambda v: -v")  # fmt: skip

POOLS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("dim", "dims", "axis", "axes"), DIM),
        **dict.fromkeys(
            ("dim0", "dim1", "dim2", "axis0", "axis1", "axis2", "start_dim", "end_dim", "source",
             "destination", "start", "start_axis", "dimension"), ONE_DIM),
        **dict.fromkeys(
            ("keepdim", "keepdims", "unbiased", "descending", "stable", "largest", "sorted", "full",
             "upper", "left", "unitriangular", "increasing", "density", "bias", "rowvar",
             "returned", "return_index", "return_inverse", "return_counts", "log_target",
             "size_average", "reduce", "log_input", "endpoint", "sparse", "right", "swap",
             "with_replacement", "compute_uv", "hermitian", "inplace", "equal_nan", "strict",
             "full_matrices", "return_sign", "ceil_mode", "count_include_pad", "driver",
             "overwrite_input", "ensure_min_ndim", "assume_unique", "invert"), FLAG),
        **dict.fromkeys(("p", "ord"), ORD),
        **dict.fromkeys(("shape", "newshape", "size", "normalized_shape", "sizes", "new_sizes",
                         "output_size"), SHAPE),
        **dict.fromkeys(("indices", "index", "indices_or_sections_", "obj", "mask"),
                        (*KEY, *WHERE)),
        **dict.fromkeys(("pad", "pad_width", "padding"), PAD),
        **dict.fromkeys(("mode", "method", "side", "kind", "rounding_mode", "interpolation"),
                        (*MODE, "'trunc'", "'floor'", "'linear'", "'lower'", "'left'", "'right'",
                         "None", "'nearest'", "'midpoint'", "'higher'")),
        "reduction": REDUCTION, "reduction_": REDUCTION,
        **dict.fromkeys(("equation", "subscripts"), EQUATION),
        "dtype": DTYPE, "out": ("None",), "target": TARGET, "where": WHERE, "condition": WHERE,
        **dict.fromkeys(("sections", "indices_or_sections", "chunks", "split_size", "split_sizes",
                         "split_size_or_sections", "tensor_indices_or_sections"), SECTIONS),
        "q": QUANTILE,
        **dict.fromkeys(("min", "max", "a_min", "a_max", "min_val", "max_val", "lower", "upper_"),
                        BOUND),
        **dict.fromkeys(("correction", "ddof"), ("0", "1", "2", "1.0", "0.5", "True", "None", "3")),
        **dict.fromkeys(("offset", "diagonal", "k"), ("0", "1", "-1", "2", "-2", "True", "5")),
        **dict.fromkeys(("n", "num", "N", "M", "m", "steps", "order_", "deg", "times"),
                        ("0", "1", "2", "3", "4", "-1", "5", "2.0", "-2")),
        **dict.fromkeys(("shift", "shifts"),
                        ("1", "-1", "2", "(1, 0)", "(1, -1)", "0", "[1]", "4")),
        **dict.fromkeys(("repeats", "reps", "repeat"),
                        ("2", "1", "(2, 1)", "[1, 2]", "(2,)", "[1, 2, 0]", "(1, 2, 1)", "0", "3",
                         "{a}([1, 0, 2])", "(2, 2)")),
        "approximate": ("'none'", "'tanh'"), "indexing": ("'ij'", "'xy'"),
        **dict.fromkeys(("initial", "init"), ("0", "10", "-5.0", "None", "0.5", "1", "a", "2")),
        **dict.fromkeys(("decimals", "ndigits"), ("0", "1", "2", "-1", "3", "None")),
        **dict.fromkeys(("value", "values_", "constant_values", "fill_value", "nan", "posinf",
                         "neginf", "fill"), (*NUMBER, "x", "None", "{inf}", "b", "(1, 2)")),
        **dict.fromkeys(("func", "function", "key", "f", "fun", "func1d"), FUNCTIONS),
        **dict.fromkeys(("weights", "weight", "pos_weight", "d", "prepend", "append"),
                        ("x", "y", "A", "z", "None", "x[:1]", "{a}([1, 2, 3])", "2.0", "A[0]", "D",
                         "[1, 2, 3]", "x > 0", "abs(y)")),
        **dict.fromkeys(("b", "bias_", "aweights", "fweights"), ("x", "A", "None", "x > 0", "B",
                                                                 "a", "{m}abs(x)")),
    }
)  # fmt: skip
"""Arguments by the name of the parameter."""

_LISTS = ("[x, y]", "(x, 2*y)", "[A, A]", "[a, b]", "(D, D)", "[x, y, x]", "[A, B.T]", "(x,)",
          "[C, C]", "[[1, 2], [3, 4]]", "[x[:1], y]", "(A, D)", "x", "A", "C", "[1, 2]",
          "[x > 0, y > 0]", "[x, {m}arange(3)]", "[a, 1]", "[]", "[x[None], A.T]", "(A[0], z)",
          "[A, x[:, None]]")  # fmt: skip
_ARRAYS = frozenset({"tensors", "arrays", "tup", "arys", "operands", "xi", "choicelist", "condlist",
                     "arrays_", "xs", "args"})  # fmt: skip


def argument(parameter: Parameter, rng: random.Random, library: str) -> str:
    """An argument that the parameter might take."""
    pool = POOLS.get(parameter.name)
    kind = parameter.kind
    if kind == EVERYWHERE:
        return "True"
    if parameter.name in _ARRAYS or kind.startswith("List[Tensor"):
        return filled(rng.choice(_LISTS), library)
    if pool is None or (rng.random() < 0.03 and kind != "str"):
        return _by_kind(kind, rng, library)
    if kind in ("Tensor", "Optional[Tensor]") and parameter.name in ("index", "min", "max"):
        pool = BOUND if parameter.name != "index" else KEY
    return styled(rng.choice(pool), library)


def styled(text: str, library: str) -> str:
    """A text from a pool with the library's own words."""
    return filled(text.replace("{inf}", STYLES[library].inf), library)


def _by_kind(kind: str, rng: random.Random, library: str) -> str:
    draw: Callable[[], str] | None = {
        "int": lambda: rng.choice(WHOLE),
        "bool": lambda: rng.choice(FLAG),
        "float": lambda: rng.choice(NUMBER),
        "number": lambda: rng.choice((*NUMBER, "b", "x[0]")),
        "str": lambda: rng.choice(MODE),
        "List[int]": lambda: rng.choice((*DIM, *SHAPE)),
    }.get(kind.removeprefix("Optional[").removesuffix("]") if "Optional" in kind else kind)
    if draw is not None:
        return styled(draw(), library)
    if kind.startswith(("Tensor", "Optional[Tensor")):
        return operand(rng, library)
    if library == "math":
        return operand(rng, library)
    roll = rng.random()
    if roll < 0.7:
        return operand(rng, library)
    return rng.choice((*NUMBER, *WHOLE)) if roll < 0.95 else rng.choice(("None", "True"))


def receiver(rng: random.Random, library: str) -> str:
    """What stands before the dot of a method."""
    return enclosed(simple(rng)) if rng.random() < 0.5 else array(rng, library)
