"""Convolutions, as products of a matrix of weights with the windows that slide over the input."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from typing import Any

from gradcalc.errors import ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.row import Structural, fitted
from gradcalc.primitives.shapes import show
from gradcalc.primitives.windows import Sizes, Windows, each, padded, taken, windows


def _checked(
    name: str, rank: int, input: Any, weight: Any, bias: Any, groups: int, *, back: bool
) -> None:
    """The shapes of input, weight and bias fit together."""
    shapes = f"of shapes {show(input.shape)} and {show(weight.shape)}"
    if len(input.shape) not in (rank + 1, rank + 2) or len(weight.shape) != rank + 2:
        raise ShapeError(f"{name} {shapes}: (batch, channels, ...) and (out, in, ...) are needed")
    channels, outer, inner = input.shape[-rank - 1], weight.shape[0], weight.shape[1]
    wanted = outer if back else inner * groups
    if groups < 1 or channels != wanted or outer % groups:
        raise ShapeError(f"{name} {shapes} in {groups} groups: the channels do not fit")
    made = inner * groups if back else outer
    if bias is not None and tuple(bias.shape) != (made,):
        raise ShapeError(f"{name}: a bias of shape {show(bias.shape)} for {made} channels")


def _batched(f: Any, x: Any, rank: int) -> Any:
    return x if x.ndim == rank + 2 else f(ops.RESHAPE, x, shape=(1, *x.shape))


def _unbatched(f: Any, y: Any, x: Any) -> Any:
    return y if y.ndim == x.ndim else f(ops.RESHAPE, y, shape=y.shape[1:])


def _biased(f: Any, y: Any, bias: Any, rank: int) -> Any:
    if bias is None:
        return y
    return f.scalar("add", y, f(ops.RESHAPE, bias, shape=(*bias.shape, *(1,) * rank)))


def _pairs(name: str, padding: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Any:
    """How much is put in front of and behind each dimension."""
    if not isinstance(padding, str):
        return [(n, n) for n in each("padding", padding, len(kernel))]
    if padding == "valid":
        return [(0, 0)] * len(kernel)
    if padding != "same":
        raise ShapeError(f"{name}: padding is 'same', 'valid' or numbers, not {padding!r}")
    if any(s != 1 for s in stride):
        raise ShapeError(f"{name}: padding 'same' needs a stride of 1")
    total = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    return [(n // 2, n - n // 2) for n in total]


def _conv(name: str, rank: int) -> Any:
    def fit(
        input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1,
    ) -> Any:  # fmt: skip
        _checked(name, rank, input, weight, bias, groups, back=False)
        kernel = tuple(weight.shape[2:])
        strides, apart = each("stride", stride, rank), each("dilation", dilation, rank)
        pairs = _pairs(name, padding, kernel, strides, apart)
        place = windows(name, input.shape[-rank:], kernel, strides, pairs, apart)
        words = padding if isinstance(padding, str) else tuple(n for n, _ in pairs)
        return input, weight, bias, place, words, groups

    return fit


def _conv_form(rank: int) -> Any:
    def form(
        f: Any, input: Any, weight: Any, bias: Any, place: Windows, padding: Any, groups: int
    ) -> Any:
        x = padded(f, _batched(f, input, rank), place)
        batch, outer = x.shape[0], weight.shape[0]
        inner, count = math.prod(weight.shape[1:]), math.prod(place.count)
        columns = f(ops.RESHAPE, taken(f, x, place), shape=(batch, groups, inner, count))
        rows = f(ops.RESHAPE, weight, shape=(groups, outer // groups, inner))
        y = f(ops.RESHAPE, f(ops.MATMUL, rows, columns), shape=(batch, outer, *place.count))
        return _biased(f, _unbatched(f, y, input), bias, rank)

    return form


def _conv_torch(name: str) -> Any:
    def call(
        t: Any, input: Any, weight: Any, bias: Any, place: Windows, padding: Any, groups: int
    ) -> Any:
        own = getattr(t.nn.functional, name)
        return own(input, weight, bias, place.stride, padding, place.dilation, groups)

    return call


def _transposed(name: str, rank: int) -> Any:
    def fit(
        input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
    ) -> Any:  # fmt: skip
        _checked(name, rank, input, weight, bias, groups, back=True)
        strides, apart = each("stride", stride, rank), each("dilation", dilation, rank)
        cut, more = each("padding", padding, rank), each("output_padding", output_padding, rank)
        if min((*strides, *apart)) < 1 or min((*cut, *more)) < 0:
            raise ShapeError(f"{name}: strides and dilations are at least 1, padding at least 0")
        if any(m >= max(s, d) for m, s, d in zip(more, strides, apart, strict=True)):
            raise ShapeError(f"{name}: output_padding is smaller than stride or dilation")
        count, kernel = tuple(input.shape[-rank:]), tuple(weight.shape[2:])
        place = Windows(count, kernel, strides, (0,) * rank, apart, count)
        size = [r - 2 * c + m for r, c, m in zip(place.reach, cut, more, strict=True)]
        if min(size) < 1:
            raise ShapeError(f"{name}: padding {show(cut)} leaves nothing of {show(place.reach)}")
        return input, weight, bias, place, cut, more, groups

    return fit


def _transposed_form(rank: int) -> Any:
    def form(
        f: Any, input: Any, weight: Any, bias: Any, place: Windows, cut: Sizes, more: Sizes,
        groups: int,
    ) -> Any:  # fmt: skip
        x = _batched(f, input, rank)
        batch, inner, outer = x.shape[0], weight.shape[0], weight.shape[1] * groups
        count, kernel = math.prod(place.count), math.prod(place.kernel)
        columns = f(ops.RESHAPE, x, shape=(batch, groups, inner // groups, count))
        rows = f(ops.RESHAPE, weight, shape=(groups, inner // groups, outer // groups * kernel))
        spread = f(ops.MATMUL, f(ops.PERMUTE, rows, order=(0, 2, 1)), columns)
        spread = f(ops.RESHAPE, spread, shape=(batch, outer, *place.kernel, *place.count))
        reach = tuple(r + m for r, m in zip(place.reach, more, strict=True))
        whole = ((0, batch, 1), (0, outer, 1))
        y = f(ops.SCATTER, spread, key=(*whole, *place.key), shape=(batch, outer, *reach))
        if any(cut):
            left = tuple((c, r - 2 * c, 1) for c, r in zip(cut, reach, strict=True))
            y = f(ops.INDEX, y, key=(*whole, *left))
        return _biased(f, _unbatched(f, y, input), bias, rank)

    return form


def _transposed_torch(name: str) -> Any:
    def call(
        t: Any, input: Any, weight: Any, bias: Any, place: Windows, cut: Sizes, more: Sizes,
        groups: int,
    ) -> Any:  # fmt: skip
        own = getattr(t.nn.functional, name)
        return own(input, weight, bias, place.stride, cut, more, groups, place.dilation)

    return call


SIGNAL = [[0.5, -1.5, 2.0, 0.25, -0.75], [1.0, 0.75, -0.5, 1.5, -2.0]]
FILTERS = [[[0.5, -1.0, 0.25], [1.5, 0.75, -0.5]], [[2.0, 0.5, -1.5], [-0.25, 1.0, 0.75]]]
PICTURE = [SIGNAL, [row[::-1] for row in SIGNAL]]
PATCHES = [[[[0.5, -1.0]], [[1.5, 0.75]]]]
SINGLE = [[[0.5, -1.0]], [[1.5, 0.75]]]
OPTIONS: tuple[dict[str, Any], ...] = (
    {"padding": 1, "stride": 2, "bias": [0.5, -0.25]}, {"padding": "same", "dilation": 2},
)  # fmt: skip

SAMPLES = {
    1: ((PICTURE, FILTERS), *((SIGNAL, FILTERS, o) for o in OPTIONS),
        (SIGNAL, SINGLE, {"groups": 2})),
    2: ((PICTURE, PATCHES), ([PICTURE], PATCHES, {"padding": (1, 0), "stride": (1, 2)})),
    3: (([PICTURE], [[[[[0.5, -1.0]]]]]),),
}  # fmt: skip
BACK = {
    1: ((PICTURE, FILTERS), (SIGNAL, FILTERS, {"stride": 2, "padding": 1, "output_padding": 1}),
        (SIGNAL, SINGLE, {"groups": 2, "dilation": 2, "bias": [0.5, -0.25]})),
    2: ((PICTURE, [[[[0.5, -1.0]]], [[[1.5, 0.75]]]], {"stride": (1, 2)}),),
    3: (([PICTURE], [[[[[0.5, -1.0]]]]]),),
}  # fmt: skip


def _rows(rank: int) -> tuple[Structural, Structural]:
    forward, back = f"conv{rank}d", f"conv_transpose{rank}d"
    tensors = ("input", "weight", "bias")
    options = "stride: ints = 1, padding: ints = 0"
    return (
        fitted(
            forward, _conv(forward, rank), _conv_form(rank), SAMPLES[rank],
            f"products with weight as it slides over the last {rank} dimensions of input",
            _conv_torch(forward), tensors=tensors,
            calls=(f"torch.{forward} torch.nn.functional.{forward} (input, weight, bias=None, "
                   "stride: ints = 1, padding: margin = 0, dilation: ints = 1, groups: int = 1)",),
        ),
        fitted(
            back, _transposed(back, rank), _transposed_form(rank), BACK[rank],
            f"the gradient of {forward} by its input, as a function of its own",
            _transposed_torch(back), tensors=tensors,
            calls=(f"torch.{back} torch.nn.functional.{back} (input, weight, bias=None, "
                   f"{options}, output_padding: ints = 0, groups: int = 1, dilation: ints = 1)",),
        ),
    )  # fmt: skip


CONVOLUTIONS: tuple[Structural, ...] = tuple(row for rank in (1, 2, 3) for row in _rows(rank))
