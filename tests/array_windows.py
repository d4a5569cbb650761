"""Convolutions and pooling on arrays of any objects, element by element, as `tests/array_side.py`
has the other rows: nothing of it knows of windows as the rows do."""

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
import torch

from gradcalc.errors import ShapeError

Call = Callable[..., Any]
Sizes = tuple[int, ...]


def each(value: Any, rank: int) -> Sizes:
    return tuple(value) if isinstance(value, list | tuple) else (value,) * rank


def batched(x: Any, rank: int) -> tuple[Any, bool]:
    return (x, True) if x.ndim == rank + 2 else (x[None], False)


def places(sizes: Sizes) -> Iterator[Sizes]:
    return product(*map(range, sizes))


def zeros(shape: Sizes) -> Any:
    result = np.empty(shape, dtype=object)
    result[...] = 0
    return result


def convolution(rank: int) -> Call:
    def array(
        call: Call, input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1,
    ) -> Any:  # fmt: skip
        x, many = batched(input, rank)
        s, d, kernel = each(stride, rank), each(dilation, rank), weight.shape[2:]
        whole = [n * (k - 1) for n, k in zip(d, kernel, strict=True)]
        if padding == "same":
            before, behind = [n // 2 for n in whole], [n - n // 2 for n in whole]
        else:
            before = behind = [0] * rank if padding == "valid" else list(each(padding, rank))
        made = tuple(
            (x.shape[2 + i] + before[i] + behind[i] - whole[i] - 1) // s[i] + 1 for i in range(rank)
        )
        y = zeros((x.shape[0], len(weight), *made))
        inner, outer = weight.shape[1], len(weight) // groups
        for n, o, at in product(range(len(x)), range(len(weight)), places(made)):
            total = 0 if bias is None else bias[o]
            for c, k in product(range(inner), places(kernel)):
                steps = zip(at, s, before, k, d, strict=True)
                where = tuple(a * b - p + e * f for a, b, p, e, f in steps)
                if all(0 <= w < size for w, size in zip(where, x.shape[2:], strict=True)):
                    total = total + x[(n, o // outer * inner + c, *where)] * weight[(o, c, *k)]
            y[(n, o, *at)] = total
        return y if many else y[0]

    return array


def transposed(rank: int) -> Call:
    def array(
        call: Call, input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
    ) -> Any:  # fmt: skip
        x, many = batched(input, rank)
        s, p, m, d = (each(v, rank) for v in (stride, padding, output_padding, dilation))
        kernel, outer = weight.shape[2:], weight.shape[1]
        made = tuple(
            (x.shape[2 + i] - 1) * s[i] - 2 * p[i] + d[i] * (kernel[i] - 1) + m[i] + 1
            for i in range(rank)
        )
        y = zeros((len(x), outer * groups, *made))
        if bias is not None:
            y = y + bias.reshape(-1, *(1,) * rank)
        inner = x.shape[1] // groups
        loops = product(range(len(x)), range(x.shape[1]), range(outer), places(x.shape[2:]))
        for n, c, o, at in loops:
            for k in places(kernel):
                steps = zip(at, s, p, k, d, strict=True)
                where = tuple(a * b - q + e * f for a, b, q, e, f in steps)
                if all(0 <= w < size for w, size in zip(where, made, strict=True)):
                    place = (n, c // inner * outer + o, *where)
                    y[place] = y[place] + x[(n, c, *at)] * weight[(c, o, *k)]
        return y if many else y[0]

    return array


def counted(size: int, k: int, s: int, p: int, d: int, ceil: bool) -> int:
    if s < 1:
        raise ShapeError(f"a stride of {s}")
    exact = (size + 2 * p - d * (k - 1) - 1) / s
    number = (math.ceil(exact) if ceil else math.floor(exact)) + 1
    return number - (ceil and (number - 1) * s >= size + p)


def pooled(rank: int, reduce: Callable[[Call, list[Any], Any], Any]) -> Call:
    """A reduction of what is inside of each window, which is also told how large that is."""

    def array(
        call: Call, x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool
    ) -> Any:
        k, p, d = each(kernel, rank), each(padding, rank), each(dilation, rank)
        s = k if stride is None else each(stride, rank)
        sizes = x.shape[-rank:]
        made = tuple(counted(*numbers, ceil) for numbers in zip(sizes, k, s, p, d, strict=True))
        y = zeros((*x.shape[:-rank], *made))
        for lead, at in product(places(x.shape[:-rank]), places(made)):
            starts = [a * b - q for a, b, q in zip(at, s, p, strict=True)]
            along = [
                [w for w in range(b, b + n * e, e) if 0 <= w < size]
                for b, n, e, size in zip(starts, k, d, sizes, strict=True)
            ]
            covered = math.prod(
                min(b + n, size + q) - b for b, n, size, q in zip(starts, k, sizes, p, strict=True)
            )
            y[(*lead, *at)] = reduce(call, [x[(*lead, *w)] for w in product(*along)], covered)
        return y

    return array


def greatest(call: Call, elements: list[Any], covered: Any = None) -> Any:
    best = elements[0]
    for element in elements[1:]:
        best = call("maximum", best, element)
    return best


def max_pool(rank: int) -> Call:
    run = pooled(rank, greatest)

    def array(
        call: Call, input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
        dilation: Any = 1, ceil_mode: bool = False,
    ) -> Any:  # fmt: skip
        return run(call, input, kernel_size, stride, padding, dilation, ceil_mode)

    return array


def avg_pool(rank: int) -> Call:
    def array(
        call: Call, input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
        ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: Any = None,
    ) -> Any:  # fmt: skip
        def mean(call: Call, elements: list[Any], covered: int) -> Any:
            count = covered if count_include_pad else len(elements)
            return sum(elements[1:], elements[0]) / (divisor_override or count)

        return pooled(rank, mean)(call, input, kernel_size, stride, padding, 1, ceil_mode)

    return array


def adaptive(rank: int, reduce: Callable[[Call, list[Any]], Any]) -> Call:
    def array(call: Call, input: Any, output_size: Any) -> Any:
        sizes = input.shape[-rank:]
        made = tuple(
            n if m is None else m for n, m in zip(sizes, each(output_size, rank), strict=True)
        )
        y = zeros((*input.shape[:-rank], *made))
        for lead, at in product(places(input.shape[:-rank]), places(made)):
            along = [
                range(math.floor(a * n / m), math.ceil((a + 1) * n / m))
                for a, n, m in zip(at, sizes, made, strict=True)
            ]
            y[(*lead, *at)] = reduce(call, [input[(*lead, *w)] for w in product(*along)])
        return y

    return array


def average(call: Call, elements: list[Any]) -> Any:
    return sum(elements[1:], elements[0]) / len(elements)


def by_torch(name: str) -> Call:
    """A linear function of torch's with weights that floats have: what it makes of each element."""

    def array(call: Call, input: Any, *args: Any, **given: Any) -> Any:
        function = getattr(torch.nn.functional, name)
        units = torch.eye(input.size, dtype=torch.float64).reshape(input.size, *input.shape)
        columns = [function(unit, *args, **given).numpy() for unit in units]
        pairs = zip(columns, input.ravel(), strict=True)
        return sum(column.astype(object) * element for column, element in pairs)

    return array


WINDOWS: Mapping[str, Call] = {
    **{f"conv{rank}d": convolution(rank) for rank in (1, 2, 3)},
    **{f"conv_transpose{rank}d": transposed(rank) for rank in (1, 2, 3)},
    **{f"max_pool{rank}d": max_pool(rank) for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d": avg_pool(rank) for rank in (1, 2, 3)},
    **{f"adaptive_max_pool{rank}d": adaptive(rank, greatest) for rank in (1, 2, 3)},
    **{f"adaptive_avg_pool{rank}d": adaptive(rank, average) for rank in (1, 2, 3)},
    **{name: by_torch(name) for name in ("unfold", "fold", "interpolate")},
}
