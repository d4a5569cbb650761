"""Complex numbers in between: pairs of real tensors, from which real numbers come in the end.

What libraries have for them is put together of what they have for real numbers, so each derivative
is that of real functions of real parts.
"""

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import casts, complex_memory, ops, plain
from gradcalc.lang.machine import Complex, Machine
from gradcalc.lang.memory import Tensor
from gradcalc.lang.program import JAX, NONE, NUMPY, TORCH

Run = Callable[[Machine, Any, tuple[Any, ...], dict[str, Any]], Any]
"""What a function gives for arguments."""

REAL = "of real parts it is: give .real and .imag, or .abs(), to it"


def made(machine: Machine, re: Any, im: Any) -> Complex:
    """A value of a real and an imaginary part, None for one that is 0, each in its own memory."""
    machine.imaginary = True
    if re is not None and im is not None:
        shape = ops.call(machine, "add", re, im).shape
        parts = [ops.call(machine, "broadcast_to", p, shape) if p.shape != shape else p
                 for p in (re, im)]  # fmt: skip
    else:
        parts = [re, im]
    held = [p if p is None else Tensor(machine.raw(p), p.shape) for p in parts]
    return Complex(*held)


def of(machine: Machine, value: Any) -> Complex:
    """A value as a complex one. Raises what is said of no number."""
    if isinstance(value, Complex):
        return value
    if isinstance(value, complex):
        re = None if value.real == 0 else _constant(machine, value.real)
        return made(machine, re, _constant(machine, value.imag))
    if isinstance(value, list | tuple) and among(value):
        parts = [whole(machine, of(machine, v)) for v in value]
        return made(
            machine, *(ops.call(machine, "stack", list(p)) for p in zip(*parts, strict=True))
        )
    return made(machine, ops.as_floats(machine, ops.tensor(machine, value)), None)


def _constant(machine: Machine, number: float) -> Any:
    return ops.tensor(machine, number)


def _zeros(machine: Machine, like: Any) -> Any:
    return ops.call(machine, "zeros_like", like)


def whole(machine: Machine, z: Complex) -> tuple[Any, Any]:
    """Both parts as tensors."""
    some = z.im if z.re is None else z.re
    return tuple(_zeros(machine, some) if p is None else p for p in (z.re, z.im))


def shape(z: Complex) -> tuple[int, ...]:
    """The sizes of either part."""
    found: tuple[int, ...] = (z.im if z.re is None else z.re).shape
    return found


def real(machine: Machine, z: Complex) -> Any:
    """The real part, which shares the memory of the number."""
    return casts.unsure(machine, whole(machine, z)[0]) if z.re is None else z.re


def imag(machine: Machine, z: Complex) -> Any:
    """The imaginary part."""
    return casts.unsure(machine, whole(machine, z)[1]) if z.im is None else z.im


def no_part(machine: Machine, value: Any) -> Any:
    """The imaginary part of real numbers, which is 0 wherever these are numbers at all.

    Where a power or a root is none here, Python has a complex number.
    """
    if machine.carries(value) and not np.isfinite(machine.elements(value)).all():
        raise UnsupportedError(
            "the imaginary part of real numbers is 0, where they are numbers at all",
            hint="write 0*x",
        )
    return _zeros(machine, value)


# -- arithmetic --------------------------------------------------------------------------------


def _sum(machine: Machine, a: Any, b: Any, sign: str = "add") -> Any:
    if b is None:
        return a
    left, right = 0.0 if a is None else _number(machine, a), _number(machine, b)
    if left is not None and right is not None:
        return _constant(machine, left - right if sign == "sub" else left + right)
    if a is None:
        # 0 - 0 is 0, and its negative is not
        return ops.binary(machine, "sub", 0.0, b) if sign == "sub" else b
    return ops.binary(machine, sign, a, b)


def _product(machine: Machine, a: Any, b: Any) -> Any:
    if a is None or b is None:
        return None
    left, right = _number(machine, a), _number(machine, b)
    if left is not None and right is not None:
        return _constant(machine, left * right)
    if left == 1 or right == 1:
        return b if left == 1 else a
    return ops.binary(machine, "mul", a, b)


def _number(machine: Machine, part: Any) -> float | None:
    """What a part is that is one number and data, which Python calculates with as it stands."""
    return None if part.shape or machine.carries(part) else float(machine.elements(part))


def _added(machine: Machine, a: Complex, b: Complex, sign: str = "add") -> Complex:
    return made(machine, _sum(machine, a.re, b.re, sign), _sum(machine, a.im, b.im, sign))


def multiplied(
    machine: Machine, a: Complex, b: Complex, times: Callable[..., Any] = _product
) -> Complex:
    re = _sum(machine, times(machine, a.re, b.re), times(machine, a.im, b.im), "sub")
    im = _sum(machine, times(machine, a.re, b.im), times(machine, a.im, b.re))
    return made(machine, re if re is not None or im is not None else _zeros(machine, a.re), im)


def _conjugate(machine: Machine, z: Complex) -> Complex:
    return made(machine, z.re, None if z.im is None else ops.call(machine, "neg", z.im))


def conjugated(machine: Machine, z: Complex) -> Complex:
    """What `conj` gives a program: torch's shares the memory of the number, numpy's does not."""
    found = _conjugate(machine, z)
    if machine.program.naming.arrays in (NUMPY, JAX):
        return found
    pairs = ((z.re, found.re), (z.im, found.im))
    parts = (p if p is None else casts.unsure_of(own, p) for own, p in pairs)
    return Complex(*parts, turned=not z.turned)


def _viewed_as_real(machine: Machine, z: Complex) -> Any:
    """torch's view_as_real.

    Where it is not known to be the memory of the number nobody may write into either from then on.
    """
    if z.turned:
        raise InvalidValueError(
            "torch has no view_as_real of what conj() gives",
            hint="write z.conj().resolve_conj(), or z.conj_physical()",
            python="RuntimeError",
        )
    found = None
    if z.re is not None and z.im is not None:
        found = complex_memory.viewed(machine, z.re, z.im)
    if found is not None:
        return found
    re, im = whole(machine, z)
    pair = ops.call(machine, "stack", [re, im], -1)
    for part in (re, im, pair):
        part.owner.sealed = True
    return pair


def _squared_size(machine: Machine, z: Complex) -> Any:
    return _sum(machine, *(_product(machine, part, part) for part in (z.re, z.im)))


def _divided(machine: Machine, a: Complex, b: Complex) -> Complex:
    if b.im is None:
        below = b.re
    else:
        a, below = multiplied(machine, a, _conjugate(machine, b)), _squared_size(machine, b)
    parts = (None if p is None else ops.binary(machine, "div", p, below) for p in (a.re, a.im))
    return made(machine, *parts)


def _power(machine: Machine, base: Complex, exponent: Any) -> Complex:
    count = exponent if plain.is_number(exponent) and float(exponent).is_integer() else None
    if count is None or abs(count) > MOST:
        raised = multiplied(machine, of(machine, exponent), _log(machine, base))
        return _exp(machine, raised)
    if count == 0:
        return made(machine, ops.call(machine, "ones_like", whole(machine, base)[0]), None)
    found = base
    for bit in f"{abs(int(count)):b}"[1:]:
        found = multiplied(machine, found, found)
        if bit == "1":
            found = multiplied(machine, found, base)
    return _divided(machine, of(machine, 1.0), found) if count < 0 else found


MOST = 64
"""The greatest exponent that is a product of factors."""


def operated(machine: Machine, kind: type[ast.AST], left: Any, right: Any) -> Any:
    """An operator with a complex value on one side at least."""
    if kind is ast.Pow and isinstance(left, Complex):
        return _power(machine, left, right)
    a, b = of(machine, left), of(machine, right)
    match kind.__name__:
        case "Add":
            return _added(machine, a, b)
        case "Sub":
            return _added(machine, a, b, "sub")
        case "Mult":
            return multiplied(machine, a, b)
        case "Div":
            return _divided(machine, a, b)
        case "MatMult":
            return multiplied(machine, a, b, _matmul)
        case "Pow":
            return _exp(machine, multiplied(machine, b, _log(machine, a)))
    if kind in (ast.Eq, ast.NotEq):
        return compared(machine, "eq" if kind is ast.Eq else "ne", a, b)
    raise UnsupportedError("complex numbers have no order, and no remainders", hint=REAL)


def _matmul(machine: Machine, a: Any, b: Any) -> Any:
    return None if a is None or b is None else ops.binary(machine, "matmul", a, b)


def compared(machine: Machine, name: str, a: Complex, b: Complex) -> Any:
    """Whether numbers are equal, both parts of them, or not."""
    pairs = zip(whole(machine, a), whole(machine, b), strict=True)
    parts = [ops.binary(machine, name, *pair) for pair in pairs]
    return ops.call(machine, "logical_and" if name == "eq" else "logical_or", *parts)


def negated(machine: Machine, z: Complex) -> Complex:
    """`-z`."""
    return made(machine, *(p if p is None else ops.call(machine, "neg", p) for p in (z.re, z.im)))


# -- functions of each element -----------------------------------------------------------------


def size(machine: Machine, z: Complex) -> Any:
    """`|z|`, with slope 0 at 0 as the libraries have it."""
    if z.re is None or z.im is None:
        return ops.call(machine, "abs", z.im if z.re is None else z.re)
    return ops.call(machine, "norm", ops.call(machine, "stack", [z.re, z.im], -1), 2, -1)


def _is_real(machine: Machine, z: Complex) -> bool:
    """Whether the imaginary part is 0 wherever the program goes, and no -0."""
    if z.im is None:
        return True
    if machine.carries(z.im):
        return False
    numbers = machine.elements(z.im)
    return not numbers.any() and not np.signbit(numbers).any()


def angle(machine: Machine, z: Complex) -> Any:
    """The angle to the positive real axis, between -pi and pi."""
    re, im = whole(machine, z)
    real, imaginary = machine.elements(re), machine.elements(im)
    if not (real**2 + imaginary**2).all():
        raise UnsupportedError("the angle of 0 is left open", hint="keep away from 0")
    if _is_real(machine, z):
        return machine.constant(np.where(real < 0, math.pi, 0.0))
    real_by_form = im.is_null & (real < 0)
    if ((imaginary == 0) & (real < 0) & ~real_by_form).any():
        raise UnsupportedError(
            "the angle jumps at the negative real axis, where the sign of a zero says on which side"
            " a number is",
            hint="keep away from it, or use real numbers there",
        )
    if not real_by_form.any():
        return ops.call(machine, "atan2", im, re)
    # a half turn, and no slope
    marks = ops.call(machine, "ne", machine.constant(real_by_form * 1.0), 0.0)
    aside = ops.call(machine, "where", marks, 1.0, re)
    turns = machine.constant(np.where(real_by_form, math.pi, 0.0))
    return ops.binary(machine, "add", ops.call(machine, "atan2", im, aside), turns)


def _exp(machine: Machine, z: Complex) -> Complex:
    scale = None if z.re is None else ops.call(machine, "exp", z.re)
    if z.im is None:
        return made(machine, scale, None)
    waves = [ops.call(machine, name, z.im) for name in ("cos", "sin")]
    return made(
        machine, *(w if scale is None else ops.binary(machine, "mul", scale, w) for w in waves)
    )


def _log(machine: Machine, z: Complex) -> Complex:
    return made(machine, ops.call(machine, "log", size(machine, z)), angle(machine, z))


def _sqrt(machine: Machine, z: Complex) -> Complex:
    if z.re is not None and _is_real(machine, z):
        numbers = machine.elements(z.re)
        if (numbers > 0).all():
            return made(machine, ops.call(machine, "sqrt", z.re), None)
        if (numbers < 0).all():
            return made(machine, None, ops.call(machine, "sqrt", ops.call(machine, "neg", z.re)))
    half = made(machine, _constant(machine, 0.5), None)
    return _exp(machine, multiplied(machine, half, _log(machine, z)))


def _waves(first: str, second: str, sign: str) -> Callable[[Machine, Complex], Complex]:
    """sin, cos and their hyperbolic like: products of one function of each part."""

    def wave(machine: Machine, z: Complex) -> Complex:
        re, im = whole(machine, z)
        parts = []
        for outer, inner in zip(first.split(), second.split(), strict=True):
            left, right = ops.call(machine, outer, re), ops.call(machine, inner, im)
            parts.append(ops.binary(machine, "mul", left, right))
        return made(machine, parts[0], ops.call(machine, "neg", parts[1]) if sign else parts[1])

    return wave


_SIN, _COS = _waves("sin cos", "cosh sinh", ""), _waves("cos sin", "cosh sinh", "-")
_SINH, _COSH = _waves("sinh cosh", "cos sin", ""), _waves("cosh sinh", "cos sin", "")

ELEMENTS: Mapping[str, Callable[[Machine, Complex], Any]] = {
    **dict.fromkeys(("abs", "absolute"), size),
    **dict.fromkeys(("angle", "phase"), angle),
    **dict.fromkeys(("conjugate", "conj_physical"), _conjugate),
    **dict.fromkeys(("resolve_conj", "resolve_neg"), lambda machine, z: Complex(z.re, z.im)),
    "conj": lambda machine, z: conjugated(machine, z),
    **dict.fromkeys(("neg", "negative"), negated),
    "real": real,
    "imag": imag,
    "exp": _exp,
    "log": _log,
    "sqrt": _sqrt,
    "square": lambda machine, z: multiplied(machine, z, z),
    "reciprocal": lambda machine, z: _divided(machine, of(machine, 1.0), z),
    "sin": _SIN,
    "cos": _COS,
    "tan": lambda machine, z: _divided(machine, _SIN(machine, z), _COS(machine, z)),
    "sinh": _SINH,
    "cosh": _COSH,
    "tanh": lambda machine, z: _divided(machine, _SINH(machine, z), _COSH(machine, z)),
    "isfinite": lambda machine, z: ops.call(
        machine, "logical_and", *(ops.call(machine, "isfinite", p) for p in whole(machine, z))
    ),
    **dict.fromkeys(("is_complex", "iscomplexobj"), lambda machine, z: True),
    **dict.fromkeys(("is_floating_point", "isrealobj"), lambda machine, z: False),
    "view_as_real": lambda machine, z: _viewed_as_real(machine, z),
}
"""Functions of each element by their names, Python's, cmath's and the libraries'."""

CHANGED: Mapping[str, Callable[..., Any]] = {
    **{name: ELEMENTS[name] for name in (
        "neg", "negative", "conj_physical", "exp", "log", "sqrt", "square", "reciprocal", "sin",
        "cos", "tan", "sinh", "cosh", "tanh",
    )},
    "zero": lambda machine, z: 0.0,
    **dict.fromkeys(("fill", "copy"), lambda machine, z, value: value),
}  # fmt: skip
"""What methods that change their receiver write into it, by their names without the last `_`."""

SIGNS: Mapping[str, type[ast.AST]] = {
    "add": ast.Add, "subtract": ast.Sub, "sub": ast.Sub, "multiply": ast.Mult, "mul": ast.Mult,
    "divide": ast.Div, "div": ast.Div, "true_divide": ast.Div, "pow": ast.Pow, "power": ast.Pow,
    "eq": ast.Eq, "ne": ast.NotEq, "not_equal": ast.NotEq,
}  # fmt: skip
"""Functions that are operators."""

LINEAR = frozenset(
    """sum mean reshape view flatten ravel transpose t permute squeeze unsqueeze expand_dims flip
    fliplr flipud roll diag diagonal trace tile repeat repeat_interleave broadcast_to expand
    expand_as stack cat concatenate concat hstack vstack column_stack swapaxes swapdims movedim
    moveaxis clone copy contiguous detach cumsum diff pad select narrow index_select gather take
    unbind split chunk array asarray tensor tril triu item to cpu
    """.split()  # noqa: SIM905
)
"""Functions that do with both parts what they do with a real tensor."""

BILINEAR = frozenset(
    {"matmul", "mm", "mv", "bmm", "dot", "inner", "outer", "einsum", "tensordot", "kron",
     "convolve", "vdot"}
)  # fmt: skip
"""Products of two tensors."""

SIZES = frozenset({"size", "dim", "numel", "nelement", "ndimension", "shape", "ndim"})
"""Functions of how many there are, along which dimensions."""

NAMES = SIZES | frozenset(ELEMENTS) | SIGNS.keys() | LINEAR | BILINEAR
"""All functions that take complex values."""


def among(values: Sequence[Any]) -> bool:
    """Whether there is a complex value, in lists too."""
    return any(
        isinstance(value, Complex) or (isinstance(value, list | tuple) and among(value))
        for value in values
    )


def called(
    machine: Machine, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], run: Run
) -> Any:
    """What a function gives of complex values. Raises `UnsupportedError` for one that is not known.

    `run` calls one of real tensors.
    """
    name = function.name
    if "dtype" in kwargs:
        kwargs = dict(kwargs)
        check_kind(machine, kwargs.pop("dtype"))
    if name in ELEMENTS and len(args) == 1 and not kwargs:
        return ELEMENTS[name](machine, of(machine, args[0]))
    if name in SIZES:
        first = args[0]
        some = first.im if first.re is None else first.re
        return run(machine, function, (some, *args[1:]), kwargs)
    if name == "where" and len(args) == 3 and not kwargs:
        return _chosen(machine, *args)
    if name in SIGNS and len(args) == 2 and not kwargs:
        return operated(machine, SIGNS[name], *args)
    operands = [a for a in args if isinstance(a, Complex | Tensor)]
    if name in BILINEAR and len(operands) == 2 and not among(tuple(kwargs.values())):
        return _bilinear(machine, function, args, kwargs, run)
    if name in LINEAR or (name == "einsum" and len(operands) == 1):
        return _linear(machine, function, args, kwargs, run)
    raise UnsupportedError(f"{name} of complex numbers is not known here", hint=REAL)


def check_kind(machine: Machine, given: Any) -> None:
    """Refuse a cast of complex numbers to real ones."""
    kind = casts.kind_of(machine, given)
    if kind is not None and kind.word != "complex":
        raise UnsupportedError(
            f"complex numbers as {kind.word}s lose their imaginary part", hint=REAL
        )


def _linear(
    machine: Machine, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], run: Run
) -> Any:
    def part(value: Any, which: int, within: bool = False) -> Any:
        if isinstance(value, Complex):
            return whole(machine, value)[which]
        if type(value) in (list, tuple) and among((value,)):
            return type(value)(part(v, which, within=True) for v in value)
        if within and which and (isinstance(value, Tensor) or plain.is_number(value)):
            return _zeros(machine, ops.tensor(machine, value))
        return value

    def every(which: int) -> Any:
        named = {key: part(value, which) for key, value in kwargs.items()}
        return run(machine, function, tuple(part(value, which) for value in args), named)

    return _joined(machine, every(0), every(1))


def _joined(machine: Machine, re: Any, im: Any) -> Any:
    if isinstance(re, list | tuple):
        return type(re)(_joined(machine, *pair) for pair in zip(re, im, strict=True))
    # what is a view of the parts is one of the numbers
    return Complex(*(ops.tensor(machine, part) for part in (re, im)))


def _chosen(machine: Machine, mask: Any, *values: Any) -> Complex:
    """`where`."""
    pairs = zip(*(whole(machine, of(machine, value)) for value in values), strict=True)
    return made(machine, *(ops.call(machine, "where", mask, *pair) for pair in pairs))


def _bilinear(
    machine: Machine, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], run: Run
) -> Any:
    places = [k for k, a in enumerate(args) if isinstance(a, Complex | Tensor)]
    first, second = (of(machine, args[k]) for k in places)
    if function.name == "vdot":
        first = _conjugate(machine, first)

    def times(machine: Machine, a: Any, b: Any) -> Any:
        if a is None or b is None:
            return None
        given = list(args)
        given[places[0]], given[places[1]] = a, b
        return run(machine, function, tuple(given), kwargs)

    return multiplied(machine, first, second, times)


# -- what they have behind a dot, and in square brackets ---------------------------------------


def indexed(machine: Machine, z: Complex, key: Any) -> Complex:
    """`z[k]`, which shares the memory of `z` as its parts do."""
    return Complex(*(p if p is None else ops.index(machine, p, key) for p in (z.re, z.im)))


def attribute(machine: Machine, z: Complex, name: str) -> Any:
    """What is read behind the dot, None for what is not known."""
    match name:
        case "real":
            return real(machine, z)
        case "imag":
            return imag(machine, z)
        case "shape":
            return shape(z)
        case "ndim":
            return len(shape(z))
        case "size":
            return math.prod(shape(z))
        case "T" | "mT":
            ends = () if name == "T" else (-2, -1)
            # views, as those of the library are
            return Complex(
                *(p if p is None else ops.call(machine, "transpose", p, *ends)
                  for p in (z.re, z.im))
            )  # fmt: skip
        case "H" | "mH":
            return conjugated(machine, attribute(machine, z, f"{'m' if name == 'mH' else ''}T"))
    return None


def is_changed(machine: Machine, z: Complex) -> bool:
    """Whether `z += w` writes into z, not only gives its name another value.

    Raises `UnsupportedError` where that hangs on the library.
    """
    arrays = machine.program.naming.arrays
    if arrays == JAX or (arrays in (NUMPY, NONE) and not shape(z)):
        return False
    if arrays not in (NUMPY, TORCH):
        raise UnsupportedError("whether this writes into z is not known here", hint="z = z + w")
    return True


def written(machine: Machine, z: Complex, value: Any) -> tuple[tuple[Any, Any], ...]:
    """What is written into both parts."""
    if z.re is None or z.im is None:
        raise UnsupportedError("these complex numbers are not written into", hint="z = z + w")
    return tuple(zip((z.re, z.im), whole(machine, of(machine, value)), strict=True))
