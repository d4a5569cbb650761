"""Truth values and integers, which libraries treat otherwise than floats.

The calculation has one dtype; what a library would make of truth values or of integers is
remembered here, so that `+` of truth values is or, and what only integers do is refused.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import narrow, plain
from gradcalc.lang.machine import Machine
from gradcalc.lang.memory import Tensor
from gradcalc.lang.program import JAX, MIXED, NUMPY, TORCH
from gradcalc.primitives import PRIMITIVES, Elementwise, Primitive, Structural

TRUTHS: Mapping[str, str | None] = {
    "add": "logical_or", "mul": "logical_and", "maximum": "logical_or", "minimum": "logical_and",
    "sub": None, "neg": None, "matmul": None, "dot": None,
    **{
        name: name
        for name in (
            "where", "amax", "amin", "max", "min", "sort", "abs", "zeros_like", "ones_like",
            "full_like", "pad", "sign", "clamp", "floor", "ceil", "trunc", "kron", "outer", "diag",
            "tril", "triu",
        )
    },
}  # fmt: skip
"""What primitives are of truth values, None where libraries refuse them."""

POSITIONS = frozenset({"argmax", "argmin", "argsort", "matrix_rank"})
"""Primitives whose results are positions."""

CONTRACTIONS = frozenset({"einsum", "tensordot", "inner", "multi_dot", "vecdot"})
"""Sums of products."""

INTEGRAL = POSITIONS | CONTRACTIONS | frozenset(
    {
        "add", "sub", "mul", "floordiv", "mod", "fmod", "pow", "neg", "pos", "abs", "sign", "floor",
        "ceil", "round", "trunc", "maximum", "minimum", "clamp", "where", "square", "sum", "prod",
        "amax", "amin", "max", "min", "sort", "cumsum", "cumprod", "matmul", "dot", "outer", "kron",
        "trace", "zeros_like", "ones_like", "full_like", "diag", "tril", "triu", "pad",
        "topk", "kthvalue", "masked_fill", "masked_scatter", "scatter", "scatter_add",
        "index_add", "index_copy", "index_fill", "index_put", "diag_embed",
        *(row.name for row in PRIMITIVES if isinstance(row, Structural) and row.moves),
    }
)  # fmt: skip
"""Primitives that give integers of integers."""


GROWING = CONTRACTIONS | frozenset(
    {"add", "sub", "mul", "pow", "square", "sum", "prod", "cumsum", "cumprod", "matmul", "dot",
     "outer", "kron"}
)  # fmt: skip
"""Those which can leave the range of integers."""

EXACT = 2.0**53
"""From here on floats are not exact, and the libraries' integers wrap at 2**63."""

JAXS = frozenset({"div", "mul", "sign", "det", "inv", "solve"})
"""Those which jax calculates otherwise, of some numbers."""

SIGNED = CONTRACTIONS | frozenset(
    {"neg", "mul", "floordiv", "mod", "fmod", "ceil", "round", "trunc", "prod", "cumprod", "matmul",
     "dot", "outer", "kron"}
)  # fmt: skip
"""Those which make a negative zero of floats."""


def takes_tensors(row: Primitive, parameter: str) -> bool:
    """Whether a parameter of a primitive is an operand."""
    if isinstance(row, Elementwise):
        return parameter not in row.static
    return parameter in row.tensors


def are_truths(machine: Machine, row: Primitive, operands: Sequence[Any]) -> bool:
    """Whether a primitive is of truth values, as a library and not Python calculates with them.

    Of the operands of `where` the condition does not count.
    """
    if row.name not in TRUTHS or not all(machine.is_mask(value) for value in operands[-2:]):
        return False
    if machine.program.naming.numbers and not any(map(machine.shape, operands)):
        # Python's truth values are the integers 0 and 1
        if not machine.scalars and row.name in ("add", "mul", "sub", "neg"):
            raise UnsupportedError(
                f"{row.name} of truth values may be Python's or an array's here",
                hint="where(x > 0, 1.0, 0.0) makes numbers of them",
            )
        return False
    return not all(isinstance(value, bool) for value in operands)


def check(machine: Machine, row: Primitive, operands: Sequence[Any]) -> None:
    """Refuse operands of which the libraries make different things.

    Raises `InvalidValueError`, or `UnsupportedError` for what is jax's own.
    """
    if row.name == "pow":
        _check_power(machine, *operands)
    if row.name == "floordiv" and machine.program.naming.arrays == TORCH:
        machine.note_underived("floor_divide", *operands)
    if row.name == "ldexp" and machine.program.naming.arrays == TORCH:
        _check_exponents(machine, *operands)
    _check_large(machine, row, operands)
    _check_jax(machine, row, operands)


def _check_exponents(machine: Machine, base: Any, exponents: Any) -> None:
    """Refuse whole exponents below 0, of whose powers torch's backward pass makes 0."""
    flows = isinstance(base, Tensor) and machine.carries(base)
    if not flows or not machine.is_integer(exponents) or not isinstance(exponents, Tensor):
        return
    if machine.backend.at_hand and np.any(machine.elements(exponents) < 0):
        raise UnsupportedError(
            "of whole exponents below 0 torch's ldexp has a gradient of 0, which it has not here",
            hint="write x*2.0**n, or make floats of the exponents",
        )


def _check_power(machine: Machine, base: Any, exponent: Any) -> None:
    """Refuse a complex power of Python's, and the root of -inf where it is inf.

    torch and numpy's arrays take a square root, which is NaN; everybody else takes a power.
    """
    arrays = machine.program.naming.arrays
    if machine.program.naming.numbers and not any(map(machine.shape, (base, exponent))):
        _check_real(machine, base, exponent)
    powers = arrays == JAX or machine.numbers or (arrays == NUMPY and not machine.shape(base))
    if not powers or not isinstance(exponent, float) or exponent != 0.5:
        return
    known = machine.is_tensor(base) and _is_run_on_floats(machine, base)
    if known and np.any(machine.elements(base) == -np.inf):
        raise InvalidValueError("-inf to the power 0.5 is inf here, and NaN to torch")


def _check_real(machine: Machine, base: Any, exponent: Any) -> None:
    """Refuse a power of Python's that is a complex number."""
    if not all(plain.is_number(v) or _is_run_on_floats(machine, v) for v in (base, exponent)):
        return
    root, power = (float(v) if plain.is_number(v) else machine.number(v) for v in (base, exponent))
    if -math.inf < root < 0 and math.isfinite(power) and not power.is_integer():
        raise InvalidValueError(f"{root:g} to the power {power:g} is not real")


def _check_large(machine: Machine, row: Primitive, operands: Sequence[Any]) -> None:
    """Refuse a number beside integers which is not exact as a float."""
    large = [value for value in operands if isinstance(value, int) and abs(value) >= EXACT]
    if large and row.name in INTEGRAL and any(map(machine.is_integer, operands)):
        raise _too_large()
    if machine.narrow:
        narrow.check_numbers(operands)


def _too_large() -> InvalidValueError:
    return InvalidValueError(
        "an integer is too large to be exact here", hint="write one of the numbers as a float"
    )


def _check_jax(machine: Machine, row: Primitive, operands: Sequence[Any]) -> None:
    """Refuse what jax calculates otherwise than torch and numpy.

    Truth values divide in float32, choose where they multiply (0 of NaN), NaN has no sign, and its
    determinants take other ways through infinite numbers.
    """
    if machine.program.naming.arrays != JAX or row.name not in JAXS:
        return
    masks = [value for value in operands if machine.is_mask(value)]
    if row.name == "div":
        otherwise = len(masks) == len(operands)
    else:
        rest = [v for v in operands if machine.is_tensor(v) and not machine.is_mask(v)]
        known = [v for v in rest if _is_run_on_floats(machine, v)]
        wild = any(not np.isfinite(machine.elements(value)).all() for value in known)
        otherwise = wild and (row.name != "mul" or bool(masks))
    if otherwise:
        raise UnsupportedError(f"jax's {row.name} of such numbers is not known here")


def check_mixed_truths(machine: Machine, module: str, result: Any) -> None:
    """Raises `UnsupportedError` for truth values of numpy's where the tensors may be torch's."""
    if machine.program.naming.arrays == MIXED and module == NUMPY and machine.is_mask(result):
        raise UnsupportedError(
            "of torch's tensors numpy makes truth values that are integers of 8 bits",
            hint="write the comparison with torch's function, or as x > 0",
        )


def is_integral(
    machine: Machine, row: Primitive, arguments: Mapping[str, Any], result: Any
) -> bool:
    """Whether a library would make a result of integers.

    Raises `InvalidValueError` for what integers do otherwise than floats.
    """
    if row.name not in INTEGRAL:
        return False
    if row.name not in POSITIONS:
        operands = operands_of(row, arguments)
        if not operands or not all(_is_whole(machine, value) for value in operands):
            return False
        if machine.numbers and row.name == "pow":
            # a negative power of Python's integers is a float
            return False
        if _is_run_on_floats(machine, result):
            _check_integers(machine, row, operands, arguments.get("fill_value", 0))
    if (
        row.name in GROWING
        and _is_run_on_floats(machine, result)
        and np.any(np.abs(machine.elements(result)) >= EXACT)
    ):
        raise _too_large()
    return True


def _is_run_on_floats(machine: Machine, result: Any) -> bool:
    """Whether the numbers are at hand: the checks need not look at them again."""
    first = result[0] if isinstance(result, tuple) else result
    return machine.backend.at_hand and bool(math.prod(machine.shape(first)))


def operands_of(row: Primitive, arguments: Mapping[str, Any]) -> list[Any]:
    """The tensors and numbers that a primitive is of, but for a condition."""
    lists = row.lists if isinstance(row, Structural) else ()
    return [
        part
        for key, value in arguments.items()
        if (key in lists or takes_tensors(row, key)) and key != "condition" and value is not None
        for part in (value if isinstance(value, list) else (value,))
    ]


def _is_whole(machine: Machine, value: Any) -> bool:
    return isinstance(value, int) or machine.is_integer(value) or machine.is_mask(value)


def _check_integers(machine: Machine, row: Primitive, operands: Sequence[Any], fill: Any) -> None:
    if row.name in ("pow", "floordiv", "mod", "fmod"):
        second = operands[1]
        values = machine.elements(second) if machine.is_tensor(second) else second
        if row.name == "pow" and np.any(np.asarray(values) < 0):
            raise InvalidValueError(
                "integers have no negative powers", hint="write the base as a float: 2.0"
            )
        if row.name != "pow" and np.any(np.asarray(values) == 0):
            raise InvalidValueError("an integer is divided by zero")
    if isinstance(fill, float) and not fill.is_integer():
        raise InvalidValueError(f"a tensor of integers cannot be filled with {fill}")
