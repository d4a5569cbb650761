"""Layers with parameters: linear maps, convolutions, norms, tables of vectors, and cells."""

import math
from collections.abc import Callable

from gradcalc.lang.nets.row import (
    MADE,
    Given,
    Layer,
    Start,
    Weight,
    even,
    fixed,
    kaiming,
    repeated,
)


def _biased(given: Given) -> bool:
    return bool(given.bias)


def _with_bias(
    sizes: Callable[[Given], tuple[int, ...]], count: Callable[[Given], int]
) -> tuple[Weight, ...]:
    """A weight, and a bias beside it that starts as it does."""
    return (
        Weight("weight", sizes, kaiming(sizes)),
        Weight("bias", lambda given: (count(given),), kaiming(sizes), _biased),
    )


def _linear_sizes(given: Given) -> tuple[int, ...]:
    return given.out_features, given.in_features


def _bilinear(given: Given) -> Start:
    return even(1 / math.sqrt(given.in1_features))


LINEAR = (
    Layer("Linear", f"in_features, out_features, bias=True, {MADE}",
          "input: F.linear(input, self.weight, self.bias)",
          _with_bias(_linear_sizes, lambda given: given.out_features)),
    Layer("Bilinear", f"in1_features, in2_features, out_features, bias=True, {MADE}",
          "input1, input2: F.bilinear(input1, input2, self.weight, self.bias)",
          (Weight("weight", lambda given: (given.out_features, given.in1_features,
                                           given.in2_features), _bilinear),
           Weight("bias", lambda given: (given.out_features,), _bilinear, _biased))),
)  # fmt: skip


# -- convolutions --------------------------------------------------------------------------------


def _windowed(rank: int) -> Callable[[Given], str | None]:
    """A window's sizes once for each dimension, and groups that divide the channels."""

    def prepare(given: Given) -> str | None:
        for name in ("kernel_size", "stride", "padding", "dilation", "output_padding"):
            if hasattr(given, name) and not isinstance(getattr(given, name), str):
                setattr(given, name, repeated(getattr(given, name), rank))
        for name in ("in_channels", "out_channels"):
            if getattr(given, name) % given.groups:
                return f"{name} must be divisible by groups"
        if given.padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            return "padding_mode is 'zeros', 'reflect', 'replicate' or 'circular'"
        if hasattr(given, "output_padding") and given.padding_mode != "zeros":
            return "a transposed convolution is padded by zeros only"
        return None

    return prepare


def _kernel(given: Given) -> tuple[int, ...]:
    return given.out_channels, given.in_channels // given.groups, *given.kernel_size


def _turned(given: Given) -> tuple[int, ...]:
    return given.in_channels, given.out_channels // given.groups, *given.kernel_size


CONV = (
    "in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, "
    f"bias=True, padding_mode='zeros', {MADE}"
)
TURNED = (
    "in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, "
    f"bias=True, dilation=1, padding_mode='zeros', {MADE}"
)


def _convolution(rank: int) -> Layer:
    plain = f"F.conv{rank}d({{}}, weight, bias, self.stride, {{}}, self.dilation, self.groups)"
    around = plain.format("F.pad(input, self._reversed_padding_repeated_twice, self.padding_mode)",
                          "0")  # fmt: skip
    inside = plain.format("input", "self.padding")
    prepare = _windowed(rank)

    def prepared(given: Given) -> str | None:
        wrong = prepare(given)
        if wrong is None:
            given._reversed_padding_repeated_twice = _around(given)
        return wrong

    return Layer(f"Conv{rank}d", CONV,
                 "input: self._conv_forward(input, self.weight, self.bias)",
                 _with_bias(_kernel, lambda given: given.out_channels), prepared,
                 {"_conv_forward": "input, weight, bias: "
                  f"{inside} if self.padding_mode == 'zeros' else {around}"})  # fmt: skip


def _around(given: Given) -> list[int]:
    """How much is put around the input, the last dimension first, as F.pad has it."""
    pairs: list[tuple[int, int]] = []
    for place, size in enumerate(given.kernel_size):
        if given.padding == "valid":
            pairs.append((0, 0))
        elif given.padding == "same":
            whole = given.dilation[place] * (size - 1)
            pairs.append((whole // 2, whole - whole // 2))
        elif isinstance(given.padding, str):
            # F.conv says that there is none such
            pairs.append((0, 0))
        else:
            pairs.append((given.padding[place], given.padding[place]))
    return [amount for pair in reversed(pairs) for amount in pair]


def _transposed(rank: int) -> Layer:
    return Layer(f"ConvTranspose{rank}d", TURNED,
                 f"input: F.conv_transpose{rank}d(input, self.weight, self.bias, self.stride, "
                 "self.padding, self.output_padding, self.groups, self.dilation)",
                 _with_bias(_turned, lambda given: given.out_channels),
                 _windowed(rank))  # fmt: skip


CONVOLUTIONS = (*map(_convolution, (1, 2, 3)), *map(_transposed, (1, 2, 3)))


# -- norms ---------------------------------------------------------------------------------------


def _scale_and_shift(
    sizes: Callable[[Given], tuple[int, ...]], there: Callable[[Given], bool]
) -> tuple[Weight, ...]:
    return (
        Weight("weight", sizes, fixed(1.0), there),
        Weight("bias", sizes, fixed(0.0), lambda given: there(given) and given.bias),
    )


def _features(given: Given) -> tuple[int, ...]:
    return (given.num_features,)


def _tracks(given: Given) -> bool:
    return bool(given.track_running_stats)


TRACKED = (
    Weight("running_mean", _features, fixed(0.0), _tracks, buffer=True),
    Weight("running_var", _features, fixed(1.0), _tracks, buffer=True),
)


def _normalized(given: Given) -> str | None:
    sizes = given.normalized_shape
    given.normalized_shape = tuple(sizes) if isinstance(sizes, list | tuple) else (sizes,)
    return None


def _shape(given: Given) -> tuple[int, ...]:
    shape: tuple[int, ...] = given.normalized_shape
    return shape


def _affine(given: Given) -> bool:
    return bool(given.affine)


def _elementwise(given: Given) -> bool:
    return bool(given.elementwise_affine)


def _grouped(given: Given) -> str | None:
    divides = given.num_channels % given.num_groups == 0
    return None if divides else "num_channels must be divisible by num_groups"


BATCH = (
    "num_features, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, "
    f"{MADE}, *, bias=True"
)
INSTANCE = (
    "num_features, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False, "
    f"{MADE}, *, bias=True"
)


NORMED = (*_scale_and_shift(_features, _affine), *TRACKED)
BATCHED = (
    "input: F.batch_norm(several(self, input), self.running_mean, self.running_var, self.weight, "
    "self.bias, trains_on(self), 0.0, self.eps)"
)
CHECKED = "_check_input_dim"


def _batch_norm(rank: int) -> Layer:
    ranks = "(2, 3)" if rank == 1 else f"({rank + 2},)"
    return Layer(f"BatchNorm{rank}d", BATCH, BATCHED, NORMED,
                 methods={CHECKED: f"input: input_of(input, {ranks})"})  # fmt: skip


def _instance_norm(rank: int) -> Layer:
    methods = {
        CHECKED: f"input: input_of(input, ({rank + 1}, {rank + 2}))",
        "_get_no_batch_dim": f": {rank + 1}",
        "_handle_no_batch_input": "input: self._apply_instance_norm(input.unsqueeze(0)).squeeze(0)",
        "_apply_instance_norm": "input: F.instance_norm(input, self.running_mean, "
        "self.running_var, self.weight, self.bias, each_trains(self), 0.0, self.eps)",
    }
    return Layer(f"InstanceNorm{rank}d", INSTANCE, "input: by_instances(self, input)", NORMED,
                 methods=methods)  # fmt: skip


NORMS = (
    Layer("_BatchNorm", BATCH, BATCHED, NORMED, methods={CHECKED: "input: no_input_of(self)"}),
    *map(_batch_norm, (1, 2, 3)),
    *map(_instance_norm, (1, 2, 3)),
    Layer("LayerNorm",
          f"normalized_shape, eps=1e-05, elementwise_affine=True, bias=True, {MADE}",
          "input: F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)",
          _scale_and_shift(_shape, _elementwise), _normalized),
    Layer("RMSNorm", f"normalized_shape, eps=None, elementwise_affine=True, {MADE}",
          "x: F.rms_norm(x, self.normalized_shape, self.weight, self.eps)",
          (Weight("weight", _shape, fixed(1.0), _elementwise),), _normalized),
    Layer("GroupNorm", f"num_groups, num_channels, eps=1e-05, affine=True, {MADE}, *, bias=True",
          "input: F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)",
          _scale_and_shift(lambda given: (given.num_channels,), _affine), _grouped),
)  # fmt: skip


# -- tables, and the rest ------------------------------------------------------------------------


def _table(given: Given) -> Start:
    return lambda drawing, sizes: drawing.normal(sizes, 0.0, 1.0)


def _plain_table(given: Given) -> str | None:
    if given._weight is not None:
        return "write nn.Embedding.from_pretrained(weight), or give the weight as an input"
    if given.max_norm is not None or given.scale_grad_by_freq:
        return "max_norm and scale_grad_by_freq are not here"
    return None


def _cell(gates: int) -> tuple[Weight, ...]:
    def start(given: Given) -> Start:
        return even(1 / math.sqrt(given.hidden_size) if given.hidden_size > 0 else 0.0)

    def inner(given: Given) -> tuple[int, ...]:
        return gates * given.hidden_size, given.hidden_size

    def outer(given: Given) -> tuple[int, ...]:
        return gates * given.hidden_size, given.input_size

    def beside(given: Given) -> tuple[int, ...]:
        return (gates * given.hidden_size,)

    return (
        Weight("weight_ih", outer, start),
        Weight("weight_hh", inner, start),
        Weight("bias_ih", beside, start, _biased),
        Weight("bias_hh", beside, start, _biased),
    )


CELL = f"input_size, hidden_size, bias=True, {MADE}"

OTHERS = (
    Layer("Embedding",
          "num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, "
          f"scale_grad_by_freq=False, sparse=False, _weight=None, _freeze=False, {MADE}",
          "input: F.embedding(input, self.weight, self.padding_idx)",
          (Weight("weight", lambda given: (given.num_embeddings, given.embedding_dim), _table),),
          _plain_table),
    Layer("EmbeddingBag",
          "num_embeddings, embedding_dim, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, "
          "mode='mean', sparse=False, _weight=None, include_last_offset=False, padding_idx=None, "
          f"{MADE}",
          "input, offsets=None, per_sample_weights=None: F.embedding_bag(input, self.weight, "
          "offsets, mode=self.mode, per_sample_weights=per_sample_weights, "
          "include_last_offset=self.include_last_offset, padding_idx=self.padding_idx)",
          (Weight("weight", lambda given: (given.num_embeddings, given.embedding_dim), _table),),
          _plain_table),
    Layer("PReLU", f"num_parameters=1, init=0.25, {MADE}",
          "input: F.prelu(input, self.weight)",
          (Weight("weight", lambda given: (given.num_parameters,),
                  lambda given: fixed(given.init)(given)),)),
    Layer("RNNCell", f"input_size, hidden_size, bias=True, nonlinearity='tanh', {MADE}",
          "input, hx=None: rnn_cell(self, input, hx)", _cell(1),
          lambda given: None if given.nonlinearity in ("tanh", "relu")
          else "nonlinearity is 'tanh' or 'relu'"),
    Layer("LSTMCell", CELL, "input, hx=None: lstm_cell(self, input, hx)", _cell(4)),
    Layer("GRUCell", CELL, "input, hx=None: gru_cell(self, input, hx)", _cell(3)),
)  # fmt: skip
WEIGHTED = (*LINEAR, *CONVOLUTIONS, *NORMS, *OTHERS)
