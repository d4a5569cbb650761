"""Random numbers as torch draws them."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.expr.nodes import Data
from gradcalc.lang import casts, chance, ops, views, writing
from gradcalc.lang.chance import Source
from gradcalc.lang.dialects.readings import called, drawing
from gradcalc.lang.dialects.readings.drawn import data_of, noted, seed_of, sizes_of
from gradcalc.lang.generators import DIGITS
from gradcalc.lang.machine import Machine
from gradcalc.lang.memory import Tensor
from gradcalc.lang.program import text_of

STEEP = 1.7580993408473766
"""What alpha_dropout takes for the negative limit of selu."""


def _torchs(machine: Machine, generator: Any) -> Source:
    if generator is None:
        return machine.dice.torch
    if not isinstance(generator, Source) or generator.kind != chance.TORCHS:
        raise InvalidValueError(f"{machine.describe(generator)} is no generator of torch's")
    return generator


def _precision(machine: Machine, dtype: Any = None) -> str:
    """The dtype in which torch draws: each has numbers of its own."""
    kind = casts.kind_of(machine, dtype)
    name = machine.backend.precision
    if kind is not None and kind.name:
        name = {"float": "float32", "double": "float64"}.get(kind.name, kind.name)
    if name not in DIGITS:
        raise UnsupportedError(
            f"torch's random numbers of {name} are not known here",
            hint="draw them in float32 or float64",
        )
    return name


def _default(machine: Machine) -> str:
    """The dtype of what a program makes without naming one, which is that of its parameters too.

    What is made in a text of a library is of the dtype of what it is given.
    """
    own = _precision(machine)
    return own if machine.anchor is not None else str(machine.nets.drawing.dtype)


def _dtype_of(machine: Machine, held: Tensor) -> str:
    """The dtype of a tensor that is filled: what is known to be none of torch's own is taken for
    that of the calculation."""
    if held.owner.usual:
        return _default(machine)
    return _precision(machine, casts.dtype_of(machine, held))


def _out_of_order(machine: Machine) -> UnsupportedError:
    return UnsupportedError(
        f"{called(machine)} fills memory in its order, which is not known here",
        hint="make a copy in order before: x.contiguous(); in a layer, .eval() leaves it out",
    )


def _is_relaid(machine: Machine) -> bool:
    """Whether a program may lay tensors out with their channels last."""
    return "channels_last" in machine.program.source


def _shape_of(machine: Machine, tensor: Tensor) -> tuple[int, ...]:
    """The shape of a tensor that is filled in the order of its memory."""
    if not views.in_order(tensor) or _is_relaid(machine):
        raise _out_of_order(machine)
    return tensor.shape


Fill = Callable[[Any, int, str], Any]
"""So many numbers of a generator, in a dtype."""

FILLS: Mapping[str, Fill] = {
    "rand": lambda bits, count, dtype: bits.uniform(count, dtype),
    "randn": lambda bits, count, dtype: bits.normal(count, dtype),
}


def _nested(machine: Machine, tensor: Tensor, fill: Callable[[tuple[int, ...]], Any]) -> Any:
    """What is drawn for a tensor that is filled in the order of its memory."""
    order = None if _is_relaid(machine) else views.nesting(tensor)
    if order is None:
        raise _out_of_order(machine)
    drawn = fill(tuple(tensor.shape[dim] for dim in order))
    return drawn.transpose(np.argsort(order)) if order else drawn


def _filled(
    machine: Machine, fill: Fill, shape: tuple[int, ...], generator: Any, dtype: str
) -> Any:
    bits = noted(machine, _torchs(machine, generator))
    bits.drawn += 1
    found = np.asarray(fill(bits, math.prod(shape), dtype)).reshape(shape)
    return found if dtype == "float64" else found.astype(dtype)


@drawing
def torchs(machine: Machine, name: str, size: Any, generator: Any, dtype: Any) -> Any:
    """torch's rand and randn."""
    shape = sizes_of(machine, size)
    dtype = _default(machine) if dtype is None else _precision(machine, dtype)
    return machine.drawn(_filled(machine, FILLS[name], shape, generator, dtype))


@drawing
def torchs_like(machine: Machine, name: str, input: Any, dtype: Any) -> Any:
    """torch's rand_like and randn_like."""
    fill, dtype = FILLS[name.removesuffix("_like")], _precision(machine, dtype)
    if name == "randn_like":
        # what is out of order is filled with other numbers
        drawn = _filled(machine, fill, _shape_of(machine, input), None, dtype)
    else:
        drawn = _nested(machine, input, lambda shape: _filled(machine, fill, shape, None, dtype))
    return machine.drawn(drawn)


def _whole(
    machine: Machine, low: Any, high: Any, shape: tuple[int, ...], generator: Any, dtype: Any
) -> Any:
    first, last = ops.integer(machine, low), ops.integer(machine, high)
    if first >= last:
        raise InvalidValueError(f"{called(machine)} from {first} up to {last}")

    def fill(bits: Any, count: int, _: str) -> Any:
        return bits.below(last - first, count) + first

    made = machine.drawn(_filled(machine, fill, shape, generator, "float64"))
    kind = casts.kind_of(machine, dtype)
    return machine.mark_integer(made) if kind is None else casts.to(machine, made, kind)


@drawing
def torchs_whole(
    machine: Machine, high: Any, size: Any, generator: Any, dtype: Any, low: Any = 0
) -> Any:
    """torch's randint."""
    return _whole(machine, low, high, sizes_of(machine, size), generator, dtype)


@drawing
def torchs_whole_like(machine: Machine, input: Any, high: Any, dtype: Any, low: Any = 0) -> Any:
    """torch's randint_like, which is of floats where its input is."""
    made = _whole(machine, low, high, _shape_of(machine, input), None, dtype)
    if dtype is None and not machine.is_integer(input):
        made.integer = False
    return made


@drawing
def torchs_order(machine: Machine, n: Any, generator: Any, dtype: Any) -> Any:
    """torch's randperm."""
    (count,) = sizes_of(machine, n)
    machine.budget.tick(count)
    order = _filled(machine, lambda bits, n, _: bits.order(n), (count,), generator, "float64")
    made = machine.drawn(order.astype(np.float64))
    kind = casts.kind_of(machine, dtype)
    return machine.mark_integer(made) if kind is None else casts.to(machine, made, kind)


@drawing
def torchs_normal(
    machine: Machine, mean: Any, std: Any, generator: Any, size: Any = None, dtype: Any = None
) -> Any:
    """torch's normal, through which no gradient passes."""
    if any(machine.is_tensor(v) and machine.carries(v) for v in (mean, std)):
        raise UnsupportedError(
            "torch.normal passes no gradient to its mean and its standard deviation",
            hint="write mean + std*torch.randn_like(mean)",
        )
    parts = [machine.shape(value) for value in (mean, std) if machine.is_tensor(value)]
    shape = sizes_of(machine, size) if size is not None else np.broadcast_shapes(*parts)
    plainly = size is not None and dtype is None
    dtype = _default(machine) if plainly else _precision(machine, dtype)
    drawn = machine.drawn(_filled(machine, FILLS["randn"], shape, generator, dtype))
    return ops.binary(machine, "add", ops.binary(machine, "mul", drawn, std), mean)


def _kept(machine: Machine, shape: tuple[int, ...], chance_of: float, generator: Any = None) -> Any:
    """Ones with a chance, else zeros."""

    def fill(bits: Any, count: int, _: str) -> Any:
        return bits.uniform(count, "float64") < chance_of

    return _filled(machine, fill, shape, generator, "float64").astype(np.float64)


@drawing
def torchs_coins(machine: Machine, input: Any, generator: Any, p: Any = None) -> Any:
    """torch's bernoulli: ones where numbers from 0 to 1 are less than the chances."""
    # what is made is in order, whatever the input
    shape = ops.shape(machine, input)
    if p is not None:
        return machine.drawn(_kept(machine, shape, _chance(machine, p), generator))
    values = machine.elements(input)
    if bool(np.any(~((values >= 0) & (values <= 1)))):
        raise InvalidValueError("a chance is between 0 and 1")
    drawn = _filled(machine, FILLS["rand"], shape, generator, _precision(machine))
    less = ops.binary(machine, "lt", machine.drawn(drawn), input)
    return ops.call(machine, "where", less, 1.0, 0.0)


def _chance(machine: Machine, p: Any) -> float:
    found = float(data_of(machine, p, "a chance"))
    if not 0 <= found <= 1:
        raise InvalidValueError(f"a probability is between 0 and 1, not {found:g}")
    return found


@drawing
def dropped(machine: Machine, name: str, input: Any, p: Any, training: Any) -> Any:
    """torch's dropout in its forms: of elements or of whole channels, with zeros or otherwise."""
    p = _chance(machine, p)
    input = ops.tensor(machine, input)
    if not training or not p or not math.prod(input.shape):
        return input
    if p == 1 and "alpha" not in name:
        return ops.binary(machine, "mul", input, 0.0)
    if name in ("dropout", "alpha_dropout"):
        kept = _nested(machine, input, lambda shape: _kept(machine, shape, 1 - p))
    else:
        kept = _kept(machine, _channels(name, input.shape), 1 - p)
    if "alpha" not in name:
        return ops.binary(machine, "mul", input, machine.drawn(kept / (1 - p)))
    # at p = 1 torch keeps what it makes of nothing
    scale = 1 / math.sqrt((STEEP**2 * p + 1) * (1 - p)) if p < 1 else 0.0
    shifted = machine.drawn((kept - 1) * (STEEP * scale) + STEEP * scale * p)
    scaled = ops.binary(machine, "mul", input, machine.drawn(kept * scale))
    return ops.binary(machine, "add", scaled, shifted)


def _channels(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of what is drawn for each channel."""
    rank = len(shape)
    if name == "dropout1d" and rank not in (2, 3):
        raise InvalidValueError(f"dropout1d takes 2 or 3 dimensions, not {rank}")
    # without a dimension of examples the first one is that of the channels
    channels = 1 if (name, rank) == ("dropout1d", 2) or (name == "dropout3d" and rank != 5) else 2
    if rank < 2:
        raise InvalidValueError(f"{name} takes at least 2 dimensions, not {rank}")
    return (*shape[:channels], *[1] * (rank - channels))


@drawing
def gumbels(
    machine: Machine, logits: Any, tau: Any, hard: Any, dim: Any
) -> Any:  # fmt: skip
    """torch's gumbel_softmax; a hard one has the gradient of the soft one."""
    shape = ops.shape(machine, logits)
    drawn = _filled(machine, lambda bits, n, _: bits.exponential(n), shape, None, "float64")
    shifted = ops.binary(machine, "sub", logits, machine.drawn(np.log(drawn)))
    soft = ops.call(machine, "softmax", ops.binary(machine, "div", shifted, tau), dim)
    if not hard:
        return soft
    machine.note("detach", text_of(machine.node, machine.source), machine.node, soft)
    places = np.argmax(machine.elements(soft), axis=ops.integer(machine, dim))
    chosen = np.zeros(shape)
    np.put_along_axis(chosen, np.expand_dims(places, ops.integer(machine, dim)), 1.0, axis=dim)
    off = ops.binary(machine, "sub", machine.drawn(chosen), machine.detach(soft, None))
    return ops.binary(machine, "add", off, soft)


@drawing
def fractions(
    machine: Machine, rank: int, placed: int, input: Any, kernel_size: Any, output_size: Any,
    output_ratio: Any, _random_samples: Any,
) -> Any:  # fmt: skip
    """torch's fractional_max_pool, of a size or a share of that of the input."""
    shape = ops.shape(machine, input)
    if len(shape) not in (rank + 1, rank + 2):
        raise InvalidValueError(f"{called(machine)} takes channels and {rank} dimensions")
    if output_size is None and output_ratio is None:
        raise InvalidValueError(
            f"{called(machine)} needs output_size or output_ratio", python="ValueError"
        )
    if output_size is None:
        several = isinstance(output_ratio, list | tuple)
        ratios = list(output_ratio) if several else [output_ratio] * rank
        shares = [float(data_of(machine, ratio, "a ratio")) for ratio in ratios]
        output_size = tuple(int(n * r) for n, r in zip(shape[-rank:], shares, strict=True))
    if _random_samples is None:
        sizes = (1 if len(shape) == rank + 1 else shape[0], shape[-rank - 1], rank)
        samples = _filled(machine, FILLS["rand"], sizes, None, _precision(machine))
    else:
        cut = machine.cut_by(ops.tensor(machine, _random_samples), called(machine))
        samples = machine.elements(cut)
        # of a single picture torch's kernel reads the first of them
        samples = samples[:1] if len(shape) == rank + 1 else samples
    name = f"fractional_max_pool{rank}d" + "_with_indices" * placed
    given = Data.of(np.asarray(samples, float))
    return ops.call(machine, name, input, kernel_size, output_size, given)


# torch's methods that fill their receiver


def _filling(fill: Callable[..., Fill]) -> Callable[..., Any]:
    def method(machine: Machine, held: Any, *args: Any, generator: Any = None) -> Any:
        numbers = [float(data_of(machine, value, "what a draw hangs on")) for value in args]
        dtype = _dtype_of(machine, held)
        drawn = _filled(machine, fill(*numbers), _shape_of(machine, held), generator, dtype)
        return writing.over(machine, held, machine.drawn(drawn.astype(np.float64)))

    return method


FILLING: Mapping[str, Callable[..., Any]] = {
    "uniform_": _filling(
        lambda low=0.0, high=1.0: lambda b, n, dtype: b.uniform(n, dtype) * (high - low) + low
    ),
    "normal_": _filling(
        lambda mean=0.0, std=1.0: lambda b, n, dtype: b.normal(n, dtype) * std + mean
    ),
    "bernoulli_": _filling(lambda p=0.5: lambda b, n, _: b.uniform(n, "float64") < p),
    "exponential_": _filling(lambda rate=1.0: lambda b, n, _: b.exponential(n) / rate),
}
"""Methods that fill their receiver with random numbers."""


@drawing
def torchs_seed(machine: Machine, seed: Any, self: Any = None) -> Any:
    """torch's manual_seed."""
    source = machine.dice.torch if self is None else self
    drawn = source.engine.drawn
    source.begin(seed_of(machine, seed))
    source.engine.drawn += drawn
    return source


@drawing
def torchs_generator(machine: Machine) -> Source:
    """torch.Generator(), which begins with a seed that is always the same."""
    return machine.dice.made(chance.TORCHS, TORCHS_OWN_SEED)


TORCHS_OWN_SEED = 67280421310721
"""With what every generator of torch's begins."""
