"""torch.nn.init: what a program fills its parameters with, where nobody gives them."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import InvalidValueError, LimitError, UnsupportedError
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.memory import Tensor
from gradcalc.lang.nets.drawing import Drawing

Array = NDArray[np.float64]
Fill = Callable[..., Array]
"""The numbers for a tensor: of the drawing, its sizes, and what the call was given."""

GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75,
         **{f"conv{rank}d": 1.0 for rank in (1, 2, 3)},
         **{f"conv_transpose{rank}d": 1.0 for rank in (1, 2, 3)}}  # fmt: skip
"""torch's factors by the function that follows a layer."""


def gain(nonlinearity: str, param: Any = None) -> float:
    """torch's calculate_gain."""
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in GAINS:
        raise InvalidValueError(f"there is no gain for {nonlinearity}", python="ValueError")
    return GAINS[nonlinearity]


def _fans(sizes: tuple[int, ...]) -> tuple[int, int]:
    if len(sizes) < 2:
        raise InvalidValueError(
            "the fan of a tensor needs two dimensions or more", python="ValueError"
        )
    field = math.prod(sizes[2:])
    return sizes[1] * field, sizes[0] * field


def _xavier(sizes: tuple[int, ...], gain: float) -> float:
    return gain * math.sqrt(2 / sum(_fans(sizes)))


def _kaiming(sizes: tuple[int, ...], a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise InvalidValueError("mode is 'fan_in' or 'fan_out'", python="ValueError")
    return gain(nonlinearity, a) / math.sqrt(_fans(sizes)[mode == "fan_out"])


def _eye(d: Drawing, sizes: tuple[int, ...]) -> Array:
    if len(sizes) != 2:
        raise InvalidValueError("eye_ is for matrices", python="ValueError")
    return np.eye(*sizes)


def _xavier_uniform(d: Drawing, sizes: tuple[int, ...], gain: float = 1.0) -> Array:
    bound = math.sqrt(3) * _xavier(sizes, gain)
    return d.uniform(sizes, -bound, bound)


def _kaiming_uniform(
    d: Drawing, sizes: tuple[int, ...], a: float = 0, mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
) -> Array:  # fmt: skip
    bound = math.sqrt(3) * _kaiming(sizes, a, mode, nonlinearity)
    return d.uniform(sizes, -bound, bound)


def _kaiming_normal(
    d: Drawing, sizes: tuple[int, ...], a: float = 0, mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
) -> Array:  # fmt: skip
    return d.normal(sizes, 0.0, _kaiming(sizes, a, mode, nonlinearity))


def _orthogonal(d: Drawing, sizes: tuple[int, ...], gain: float = 1.0) -> Array:
    """Numbers whose rows, or columns, are at right angles to one another."""
    if len(sizes) < 2:
        raise InvalidValueError("orthogonal_ needs two dimensions or more", python="ValueError")
    rows, columns = sizes[0], math.prod(sizes[1:])
    drawn = d.normal((rows, columns), 0.0, 1.0)
    q, r = np.linalg.qr(drawn.T if rows < columns else drawn)
    q = q * np.sign(np.diag(r))
    return np.asarray(gain * (q.T if rows < columns else q)).reshape(sizes)


def _dirac(d: Drawing, sizes: tuple[int, ...], groups: int = 1) -> Array:
    """The kernel of a convolution that gives what it is given."""
    if len(sizes) not in (3, 4, 5):
        raise InvalidValueError("dirac_ needs three to five dimensions", python="ValueError")
    if sizes[0] % groups:
        raise InvalidValueError("dim 0 must be divisible by groups", python="ValueError")
    found, each = np.zeros(sizes), sizes[0] // groups
    centre = tuple(size // 2 for size in sizes[2:])
    for group in range(groups):
        for channel in range(min(each, sizes[1])):
            found[(group * each + channel, channel, *centre)] = 1.0
    return found


def _uniform(d: Drawing, sizes: tuple[int, ...], a: float = 0.0, b: float = 1.0) -> Array:
    return d.uniform(sizes, a, b)


def _normal(d: Drawing, sizes: tuple[int, ...], mean: float = 0.0, std: float = 1.0) -> Array:
    return d.normal(sizes, mean, std)


OFTEN = 0.3
"""The share of normal numbers between two ends above which torch draws such, else any between."""


ROUNDS = 1_000
"""How often numbers are drawn again."""


def _share(x: float) -> float:
    """The share of normal numbers that are less."""
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


def _truncated(
    d: Drawing, sizes: tuple[int, ...], mean: float = 0.0, std: float = 1.0, a: float = -2.0,
    b: float = 2.0,
) -> Array:  # fmt: skip
    """Normal numbers between two, drawn again as long as they are not taken, as
    `torch.nn.init.trunc_normal_` does."""
    if not (std > 0 and a < b):
        raise InvalidValueError("trunc_normal_ needs a spread and a < b", python="ValueError")
    ends = [float(np.asarray(end, dtype=d.dtype)) for end in (a, b)]
    if _share((b - mean) / std) - _share((a - mean) / std) > OFTEN:
        found = d.normal(sizes, mean, std)
        while np.any(beyond := (found < ends[0]) | (found > ends[1])):
            found = np.where(beyond, d.normal(sizes, mean, std), found)
        return found
    peak = ((max(a, min(mean, b)) - mean) / std) ** 2

    def is_left(drawn: Array) -> Any:
        with np.errstate(divide="ignore"):
            taken = np.log(d.uniform(sizes, 0.0, 1.0))
        return taken > -0.5 * (((drawn - mean) / std) ** 2 - peak)

    found = d.uniform(sizes, a, b)
    left = is_left(found)
    for _ in range(ROUNDS):
        if not np.any(left):
            return found
        drawn = d.uniform(sizes, a, b)
        found = np.where(left, drawn, found)
        left &= is_left(drawn)
    raise LimitError(f"trunc_normal_ draws more than {ROUNDS:,} times: its ends are too far apart")


def _constant(d: Drawing, sizes: tuple[int, ...], val: float) -> Array:
    return np.full(sizes, float(val))


def _xavier_normal(d: Drawing, sizes: tuple[int, ...], gain: float = 1.0) -> Array:
    return d.normal(sizes, 0.0, _xavier(sizes, gain))


FILLS: dict[str, Fill] = {
    "uniform_": _uniform, "normal_": _normal, "constant_": _constant,
    "ones_": lambda d, sizes: np.ones(sizes), "zeros_": lambda d, sizes: np.zeros(sizes),
    "eye_": _eye, "xavier_uniform_": _xavier_uniform, "xavier_normal_": _xavier_normal,
    "kaiming_uniform_": _kaiming_uniform, "kaiming_normal_": _kaiming_normal,
    "orthogonal_": _orthogonal, "dirac_": _dirac, "trunc_normal_": _truncated,
}  # fmt: skip


def filled(machine: Machine, tensor: Tensor, values: Callable[[], Array]) -> Tensor:
    """A parameter with other numbers; one that was given as an input keeps those.

    What is drawn is drawn all the same, so that what comes after it is not another.
    """
    found = values()
    if tensor.owner.leaf is not None and machine.nets.keeps(tensor.owner):
        return tensor
    if tensor.owner is not tensor:
        if tensor.shape != tensor.owner.shape or tensor.owner.leaf is None:
            raise UnsupportedError("a view is not filled here", hint="fill the tensor itself")
        filled(machine, tensor.owner, lambda: found)
        return tensor
    tensor.value, tensor.pending = machine.backend.constant(found), None
    tensor.unwritten = None
    tensor.version += 1
    return tensor


def _number(machine: Machine, value: Any) -> Any:
    """A scalar as the number that it is: what parameters start with passes no gradient."""
    return machine.number(value) if isinstance(value, Tensor) else value


def _function(name: str, fill: Fill) -> Builtin:
    def call(machine: Machine, tensor: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(tensor, Tensor):
            raise InvalidValueError(f"{name} fills a tensor, not {machine.describe(tensor)}")
        kwargs.pop("generator", None)
        args = tuple(_number(machine, value) for value in args)
        kwargs = {key: _number(machine, value) for key, value in kwargs.items()}
        return filled(machine, tensor, lambda: fill(machine.nets.drawing, tensor.shape, *args,
                                                    **kwargs))  # fmt: skip

    return Builtin(name, call, f"nn.init.{name}(tensor, ...)")


INIT: dict[str, Builtin] = {
    **{name: _function(name, fill) for name, fill in FILLS.items()},
    **{
        old: _function(old, FILLS[f"{old}_"])
        for old in ("uniform", "normal", "constant", "xavier_uniform", "xavier_normal",
                    "kaiming_uniform", "kaiming_normal", "orthogonal", "dirac")
    },
    **{
        name: Builtin(name, reading, "the numbers that each output, or input, is a sum of")
        for name, reading in (
            ("_calculate_fan_in_and_fan_out", lambda machine, tensor: _fans(machine.shape(tensor))),
            ("_calculate_correct_fan", lambda machine, tensor, mode:
                _fans(machine.shape(tensor))[mode.lower() == "fan_out"]),
        )
    },
    "calculate_gain": Builtin(
        "calculate_gain", lambda machine, *args, **kwargs: gain(*args, **kwargs), "a factor"
    ),
}  # fmt: skip
"""The functions of torch.nn.init by their names; those without `_` are older words for them."""

METHODS = {"normal_": _normal, "uniform_": _uniform}
"""Methods of tensors that fill them at random."""


def method(value: Any, name: str) -> Builtin | None:
    """A method that fills a parameter, or what stands behind its `.data`, at random."""
    if name not in METHODS or not isinstance(value, Tensor) or value.owner.leaf is None:
        return None
    return _function(name, METHODS[name])
