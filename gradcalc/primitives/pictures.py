"""Windows of pictures side by side, and channels that become places."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from typing import Any

from gradcalc.errors import ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.pooling import PICTURE, SIGNAL
from gradcalc.primitives.row import Composite, Structural, by_name, fitted
from gradcalc.primitives.shapes import show
from gradcalc.primitives.windows import Windows, each, padded, taken, windows

SLIDING = "kernel_size: ints, dilation: ints = 1, padding: ints = 0, stride: ints = 1"


def _unfold(
    input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> tuple[Any, Windows]:
    if len(input.shape) not in (3, 4):
        raise ShapeError(f"unfold needs pictures with channels, not shape {show(input.shape)}")
    return input, _place("unfold", input.shape[-2:], kernel_size, dilation, padding, stride)


def _place(
    name: str, sizes: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> Windows:
    kernel, apart = each("kernel_size", kernel_size, 2), each("dilation", dilation, 2)
    strides, around = each("stride", stride, 2), each("padding", padding, 2)
    return windows(name, sizes, kernel, strides, [(n, n) for n in around], apart)


def _unfold_form(f: Any, input: Any, place: Windows) -> Any:
    parts = taken(f, padded(f, input, place), place)
    *batch, channels = input.shape[:-2]
    shape = (*batch, channels * math.prod(place.kernel), math.prod(place.count))
    return f(ops.RESHAPE, parts, shape=shape)


def _unfold_torch(t: Any, input: Any, place: Windows) -> Any:
    own = t.nn.functional.unfold
    return own(input, place.kernel, place.dilation, place.before, place.stride)


def _fold(
    input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0,
    stride: Any = 1,
) -> tuple[Any, Windows]:  # fmt: skip
    sizes = each("output_size", output_size, 2)
    place = _place("fold", sizes, kernel_size, dilation, padding, stride)
    inner, count = math.prod(place.kernel), math.prod(place.count)
    shape = input.shape
    if len(shape) not in (2, 3) or shape[-2] % inner or shape[-1] != count:
        raise ShapeError(
            f"fold of shape {show(shape)}: {count} windows of {inner} elements are needed"
        )
    return input, place


def _fold_form(f: Any, input: Any, place: Windows) -> Any:
    *batch, channels = input.shape[:-1]
    channels //= math.prod(place.kernel)
    lead = (*batch, channels)
    parts = f(ops.RESHAPE, input, shape=(*lead, *place.kernel, *place.count))
    whole = tuple((0, size, 1) for size in lead)
    # what windows do not reach is there too
    reach = tuple(
        max(r, s + 2 * b) for r, s, b in zip(place.reach, place.sizes, place.before, strict=True)
    )
    y = f(ops.SCATTER, parts, key=(*whole, *place.key), shape=(*lead, *reach))
    left = tuple((b, s, 1) for b, s in zip(place.before, place.sizes, strict=True))
    return y if reach == place.sizes else f(ops.INDEX, y, key=(*whole, *left))


def _fold_torch(t: Any, input: Any, place: Windows) -> Any:
    own = t.nn.functional.fold
    return own(input, place.sizes, place.kernel, place.dilation, place.before, place.stride)


FOLDED = [[0.5, -1.0, 2.0, 0.25], [1.0, 0.0, -0.5, 1.5], [0.75, 2.5, 1.25, -2.0],
          [-0.25, 3.0, 0.125, 1.75]]  # fmt: skip
CHANNELS = [[[float(8 * c + 2 * i + j) for j in range(2)] for i in range(2)] for c in range(4)]

FOLDING: tuple[Structural, ...] = (
    fitted("unfold", _unfold, _unfold_form,
           ((PICTURE, {"kernel_size": (1, 2)}),
            ([PICTURE], {"kernel_size": 2, "padding": 1, "stride": 2})),
           "the elements of each window of a picture as a column", _unfold_torch,
           tensors=("input",), calls=(f"torch.nn.functional.unfold (input, {SLIDING})",)),
    fitted("fold", _fold, _fold_form,
           ((FOLDED, {"output_size": 3, "kernel_size": 2}),
            ([FOLDED], {"output_size": 4, "kernel_size": 2, "stride": 2})),
           "columns put back to the places of their windows, and added up there", _fold_torch,
           tensors=("input",),
           calls=(f"torch.nn.functional.fold (input, output_size: ints, {SLIDING})",)),
)  # fmt: skip

SHUFFLING: tuple[Composite, ...] = (
    Composite("pixel_shuffle", """\
def pixel_shuffle(input, upscale_factor):
    r, rank = upscale_factor, len(input.shape)
    rows, columns = input.shape[-2], input.shape[-1]
    y = reshape(input, (-1, r, r, rows, columns))
    y = permute(y, (0, 3, 1, 4, 2))
    sizes = []
    for k in range(rank - 3):
        sizes = sizes + [input.shape[k]]
    return reshape(y, sizes + [input.shape[-3]//(r*r), rows*r, columns*r])
""", ((CHANNELS, {"upscale_factor": 2}),),
              "channels laid out as the pixels of a larger picture", by_name("pixel_shuffle"),
              tensors=("input",),
              calls=("torch.pixel_shuffle torch.nn.functional.pixel_shuffle "
                     "(input, upscale_factor: int)",)),
    Composite("pixel_unshuffle", """\
def pixel_unshuffle(input, downscale_factor):
    r, rank = downscale_factor, len(input.shape)
    rows, columns = input.shape[-2]//r, input.shape[-1]//r
    y = reshape(input, (-1, rows, r, columns, r))
    y = permute(y, (0, 2, 4, 1, 3))
    sizes = []
    for k in range(rank - 3):
        sizes = sizes + [input.shape[k]]
    return reshape(y, sizes + [input.shape[-3]*r*r, rows, columns])
""", ((CHANNELS, {"downscale_factor": 2}),),
              "pixels laid out as the channels of a smaller picture", by_name("pixel_unshuffle"),
              tensors=("input",),
              calls=("torch.pixel_unshuffle torch.nn.functional.pixel_unshuffle "
                     "(input, downscale_factor: int)",)),
    Composite("channel_shuffle", """\
def channel_shuffle(input, groups):
    y = reshape(input, (input.shape[0], groups, input.shape[1]//groups, -1))
    return reshape(transpose(y, 1, 2), input.shape)
""", (([CHANNELS], {"groups": 2}),),
              "channels in another order: one of each group after the other",
              by_name("channel_shuffle"), tensors=("input",),
              calls=("torch.channel_shuffle torch.nn.functional.channel_shuffle "
                     "(input, groups: int)",)),
)  # fmt: skip


def _lp(rank: int) -> Composite:
    """The row of a pooling by a power mean."""
    count = "kernel_size"
    if rank == 2:
        count = "(kernel_size[0]*kernel_size[1])"
    elif rank == 3:
        count = "(kernel_size[0]*kernel_size[1]*kernel_size[2])"
    name = f"lp_pool{rank}d"
    x: Any = {1: SIGNAL, 2: PICTURE, 3: [PICTURE]}[rank]
    window = 2 if rank == 1 else (1,) * (rank - 1) + (2,)
    return Composite(
        name,
        f"def {name}(input, norm_type, kernel_size, stride=None, ceil_mode=False):\n"
        f"    means = avg_pool{rank}d(input**norm_type, kernel_size, stride, 0, ceil_mode)\n"
        f"    return ({count}*means)**(1/norm_type)\n",
        ((x, {"norm_type": 2, "kernel_size": window}),
         (x, {"norm_type": 2, "kernel_size": window, "stride": 1})),
        "the root of the sum of powers of the elements of each window", by_name(name),
        tensors=("input",),
    )  # fmt: skip


LP_POOLING: tuple[Composite, ...] = tuple(map(_lp, (1, 2, 3)))
