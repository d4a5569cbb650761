"""The names, operators and functions that a value may use, as tables."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.errors import LimitError
from gradcalc.values.context import Array, Context

Generator = Callable[[Sequence[Array], Context], Array]

CONSTANTS: Mapping[str, float] = {
    "pi": math.pi, "e": math.e, "tau": math.tau, "inf": math.inf, "Infinity": math.inf,
    "nan": math.nan, "NaN": math.nan, "True": 1.0, "False": 0.0, "true": 1.0, "false": 0.0,
}  # fmt: skip

ELEMENTWISE: Mapping[str, np.ufunc] = {
    "abs": np.abs, "acos": np.arccos, "asin": np.arcsin, "atan": np.arctan, "cos": np.cos,
    "cosh": np.cosh, "exp": np.exp, "log": np.log, "log10": np.log10, "log2": np.log2,
    "sin": np.sin, "sinh": np.sinh, "sqrt": np.sqrt, "tan": np.tan, "tanh": np.tanh,
}  # fmt: skip

OPERATORS: Mapping[str, np.ufunc] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "//": np.floor_divide,
    "%": np.mod, "**": np.power,
}  # fmt: skip


def combine(op: str, left: Array, right: Array, context: Context) -> Array:
    """`left op right`, where finite numbers must give finite numbers."""
    try:
        shape = np.broadcast_shapes(left.shape, right.shape)
    except ValueError:
        raise context.error(
            f"the sizes of {op} do not fit: {left.shape} and {right.shape}"
        ) from None
    context.check_shape(shape, math.prod(shape))
    if op in ("/", "//", "%") and bool(np.any(right == 0)):
        raise context.error("division by zero")
    if op == "**" and bool(np.any((left == 0) & (right < 0))):
        raise context.error("0 to a negative power is a division by zero")
    return _finite(OPERATORS[op], (left, right), f"the result of {op}", context)


def _finite(function: Callable[..., Any], args: Sequence[Array], what: str, c: Context) -> Array:
    with np.errstate(all="ignore"):
        result: Array = np.asarray(function(*args), dtype=np.float64)
    lost = ~np.isfinite(result)
    for arg in args:
        lost = lost & np.isfinite(arg)
    if not bool(np.any(lost)):
        return result
    if bool(np.any(np.isnan(result[lost]))):
        raise c.error(f"{what} is not a real number")
    raise c.error(f"{what} is not a finite number", hint="write inf if infinity is meant")


def _scalars(args: Sequence[Array], usage: str, context: Context) -> list[float]:
    if any(arg.ndim or not np.isfinite(arg) for arg in args):
        raise context.error(f"{usage} takes finite single numbers")
    return [float(arg) for arg in args]


def _shape(args: Sequence[Array], context: Context) -> tuple[int, ...]:
    """Sizes given one by one, `(2, 3)`, or as one tuple, `((2, 3),)`."""
    numbers = args[0] if len(args) == 1 and args[0].ndim == 1 else args
    sizes = [float(n) if np.ndim(n) == 0 else math.nan for n in numbers]
    for size in sizes:
        if not (size.is_integer() and size >= 0):
            found = "a list" if math.isnan(size) else f"{size:.6g}"
            raise context.error(f"a size must be a whole number of 0 or more, not {found}")
    shape = tuple(map(int, sizes))
    context.check_shape(shape, math.prod(shape))
    return shape


def _arange(args: Sequence[Array], context: Context) -> Array:
    numbers = _scalars(args, "arange", context)
    start, stop = (0.0, numbers[0]) if len(numbers) == 1 else numbers[:2]
    step = numbers[2] if len(numbers) == 3 else 1.0
    if step == 0:
        raise context.error("the step of arange is 0")
    count = (stop - start) / step
    if count > context.limits.max_elements:
        raise context.too_many(count)
    if not count > 0:
        raise context.empty()
    with np.errstate(all="ignore"):
        return np.arange(start, stop, step, dtype=np.float64)


def _spaced(function: Callable[..., Any], name: str) -> Generator:
    def generate(args: Sequence[Array], context: Context) -> Array:
        start, stop = _scalars(args[:2], name, context)
        (count,) = _shape(args[2:], context)
        with np.errstate(all="ignore"):
            result: Array = np.asarray(function(start, stop, count), dtype=np.float64)
        if not bool(np.all(np.isfinite(result))):
            raise context.error(f"{name} reaches numbers that are too large")
        return result

    return generate


def _full(args: Sequence[Array], context: Context) -> Array:
    shape = _shape(args[:1], context)
    if args[1].ndim:
        raise context.error("full takes one number to fill with")
    return np.full(shape, args[1], dtype=np.float64)


def _eye(args: Sequence[Array], context: Context) -> Array:
    rows, columns = _shape(args if len(args) == 2 else [*args, *args], context)
    return np.eye(rows, columns, dtype=np.float64)


def _shaped(function: Callable[[tuple[int, ...], Context], Any]) -> Generator:
    return lambda args, context: np.asarray(function(_shape(args, context), context))


_ANY = 10**6
_PASTED = ("array", "asarray", "as_tensor", "tensor", "float16", "float32", "float64", "int64")

# Each generator with the fewest and the most arguments that it takes, and how it is written.
GENERATORS: Mapping[str, tuple[Generator, int, int, str]] = {
    "arange": (_arange, 1, 3, "arange(4) or arange(0,1,0.25)"),
    "eye": (_eye, 1, 2, "eye(3)"),
    "full": (_full, 2, 2, "full((2,2),7)"),
    "linspace": (_spaced(np.linspace, "linspace"), 3, 3, "linspace(0,1,5)"),
    "logspace": (_spaced(np.logspace, "logspace"), 3, 3, "logspace(0,2,5)"),
    "ones": (_shaped(lambda shape, c: np.ones(shape)), 1, _ANY, "ones(2,3)"),
    "rand": (_shaped(lambda shape, c: c.random().random(shape)), 0, _ANY, "rand(3)"),
    "randn": (_shaped(lambda shape, c: c.random().standard_normal(shape)), 0, _ANY, "randn(3)"),
    "zeros": (_shaped(lambda shape, c: np.zeros(shape)), 1, _ANY, "zeros(2,3)"),
    **{name: (lambda args, c: args[0], 1, 1, f"{name}([1,2,3])") for name in _PASTED},
}

# Keywords with a meaning, and the position of the argument that they name.
KEYWORDS: Mapping[str, Mapping[str, int]] = {
    "arange": {"step": 2},
    "full": {"fill_value": 1},
    "linspace": {"num": 2, "steps": 2},
    "logspace": {"num": 2, "steps": 2},
}

# Keywords of pasted code that say nothing about the numbers.
IGNORED_KEYWORDS = frozenset(
    {"copy", "device", "dtype", "grad_fn", "layout", "order", "requires_grad"}
)

FUNCTIONS = frozenset(GENERATORS) | frozenset(ELEMENTWISE)
NAMES = FUNCTIONS | frozenset(CONSTANTS)


def usage(name: str) -> str:
    """How a function is written, for a hint."""
    return GENERATORS[name][3] if name in GENERATORS else f"{name}(2)"


def call(name: str, args: Sequence[Array], context: Context) -> Array:
    """The value of `name(args)`; `name` is one of FUNCTIONS. Elementwise, finite numbers must give
    finite numbers.

    Raises InvalidValueError or LimitError, without a place.
    """
    if name in ELEMENTWISE:
        if len(args) != 1:
            raise context.error(f"{name} takes one argument, {len(args)} are given")
        (arg,) = args
        what = f"{name}({arg:.6g})" if arg.ndim == 0 else f"an element of {name}(...)"
        return _finite(ELEMENTWISE[name], args, what, context)
    function, fewest, most, _ = GENERATORS[name]
    if not fewest <= len(args) <= most:
        raise context.error(f"{name} does not take {len(args)} arguments", f"write {usage(name)}")
    try:
        return function(args, context)
    except MemoryError:
        raise context.error(f"{name} does not fit into memory", kind=LimitError) from None
