"""Layers that bring numbers to mean 0 and variance 1, or to length 1: over what they do it."""

from typing import Any

from gradcalc.primitives.row import Composite, by_name

VECTOR = [0.5, -1.5, 2.0]
MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
SCALES = [0.5, 1.5, 2.0]
BATCH = [[[0.5, -1.0], [2.0, 0.25]], [[1.0, 0.0], [-2.0, 0.5]], [[0.75, 1.25], [-0.5, 3.0]]]
CHANNELS = [[[0.5, -1.0], [2.0, 0.25], [1.5, -0.75], [-0.25, 1.0]]]
PAIR = [0.75, 1.25]
FOUR = [0.5, 1.5, 2.0, 0.25]
RUNNING = ("running_mean", "running_var")

MOVED = "moves its running statistics on here, through which torch passes no gradient"

LAST = """\
    dims = [-1]
    if normalized_shape is not None:
        dims = []
        for k in range(len(normalized_shape)):
            dims = dims + [-1 - k]
"""


def _layer_norm(
    t: Any, x: Any, normalized_shape: Any = None, weight: Any = None, bias: Any = None,
    eps: float = 1e-5,
) -> Any:  # fmt: skip
    return t.nn.functional.layer_norm(x, _sizes(x, normalized_shape), weight, bias, eps)


def _rms_norm(
    t: Any, x: Any, normalized_shape: Any = None, weight: Any = None, eps: Any = None
) -> Any:
    return t.nn.functional.rms_norm(x, _sizes(x, normalized_shape), weight, eps)


def _sizes(x: Any, normalized_shape: Any) -> tuple[int, ...]:
    return tuple(x.shape[-1:] if normalized_shape is None else normalized_shape)


def _batch_norm(
    t: Any, input: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None,
    bias: Any = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    # in training torch writes the running ones anew, and uses its own
    held = (None, None) if training else (running_mean, running_var)
    # torch reads these by their places in memory, in which the program's own stand in order
    given = [None if part is None else part.contiguous() for part in (*held, weight, bias)]
    return t.nn.functional.batch_norm(input, *given, training, momentum, eps)


def _instance_norm(
    t: Any, input: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None,
    bias: Any = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    held = (None, None) if use_input_stats else (running_mean, running_var)
    call = t.nn.functional.instance_norm
    return call(input, *held, weight, bias, use_input_stats, momentum, eps)


NORMS: tuple[Composite, ...] = (
    Composite("layer_norm", f"""\
def layer_norm(x, normalized_shape=None, weight=None, bias=None, eps=1e-05):
{LAST}\
    y = (x - mean(x, dims, True))/sqrt(var(x, dims, False, True) + eps)
    if weight is not None:
        y = y*weight
    if bias is not None:
        y = y + bias
    return y
""", ((VECTOR,), (MATRIX, {"normalized_shape": (3,)}), (BATCH, {"normalized_shape": (2, 2)}),
      (MATRIX, {"normalized_shape": (3,), "weight": SCALES, "bias": VECTOR, "eps": 0.5})),
              "x less its mean, divided by its standard deviation, over the last dimensions",
              _layer_norm, tensors=("x", "weight", "bias"),
              calls=("torch.nn.functional.layer_norm (input, normalized_shape: list, weight=None, "
                     "bias=None, eps: number = 1e-05)",)),
    Composite("rms_norm", f"""\
def rms_norm(x, normalized_shape=None, weight=None, eps=None):
{LAST}\
    y = x/sqrt(mean(x**2, dims, True) + (2.220446049250313e-16 if eps is None else eps))
    return y if weight is None else y*weight
""", ((VECTOR,), (MATRIX, {"normalized_shape": (3,), "weight": SCALES, "eps": 0.5}),
      (BATCH, {"normalized_shape": (2, 2)})),
              "x divided by the root of the mean of its squares, over the last dimensions",
              _rms_norm, tensors=("x", "weight")),
    Composite("group_norm", """\
def group_norm(input, num_groups, weight=None, bias=None, eps=1e-05):
    groups = reshape(input, (input.shape[0], num_groups, -1))
    y = (groups - mean(groups, -1, True))/sqrt(var(groups, -1, False, True) + eps)
    y = reshape(y, input.shape)
    sizes = [-1] + [1]*(len(input.shape) - 2)
    if weight is not None:
        y = y*reshape(weight, sizes)
    if bias is not None:
        y = y + reshape(bias, sizes)
    return y
""", ((CHANNELS, {"num_groups": 2}), (BATCH, {"num_groups": 1, "weight": PAIR, "bias": PAIR}),
      ([FOUR], {"num_groups": 2, "eps": 0.5})),
              "each group of channels less its mean, divided by its standard deviation",
              by_name("group_norm"), tensors=("input", "weight", "bias"),
              calls=("torch.nn.functional.group_norm (input, num_groups: int, weight=None, "
                     "bias=None, eps: number = 1e-05)",)),
    Composite("instance_norm", """\
def instance_norm(input, running_mean=None, running_var=None, weight=None, bias=None,
                  use_input_stats=True, momentum=0.1, eps=1e-05):
    sizes = [-1] + [1]*(len(input.shape) - 2)
    if use_input_stats:
        dims = []
        for k in range(2, len(input.shape)):
            dims = dims + [k]
        y = (input - mean(input, dims, True))/sqrt(var(input, dims, False, True) + eps)
    else:
        y = input - reshape(running_mean, sizes)
        y = y/sqrt(reshape(running_var, sizes) + eps)
    if weight is not None:
        y = y*reshape(weight, sizes)
    if bias is not None:
        y = y + reshape(bias, sizes)
    return y
""", ((CHANNELS,), (BATCH, {"weight": PAIR, "bias": PAIR, "eps": 0.25}),
      (BATCH, {"running_mean": PAIR, "running_var": PAIR, "use_input_stats": False})),
              "each channel of each item less its mean, divided by its standard deviation",
              _instance_norm, tensors=("input", *RUNNING, "weight", "bias"), fixed=RUNNING,
              convention=MOVED),
    Composite("batch_norm", """\
def batch_norm(input, running_mean=None, running_var=None, weight=None, bias=None, training=False,
               momentum=0.1, eps=1e-05):
    sizes = [-1] + [1]*(len(input.shape) - 2)
    if training:
        dims = [0]
        for k in range(2, len(input.shape)):
            dims = dims + [k]
        y = (input - mean(input, dims, True))/sqrt(var(input, dims, False, True) + eps)
    else:
        y = (input - reshape(running_mean, sizes))/sqrt(reshape(running_var, sizes) + eps)
    if weight is not None:
        y = y*reshape(weight, sizes)
    if bias is not None:
        y = y + reshape(bias, sizes)
    return y
""", ((MATRIX, VECTOR, SCALES), (MATRIX, None, None, {"training": True, "eps": 0.25}),
      (BATCH, PAIR, PAIR, {"training": True, "weight": PAIR, "bias": PAIR}),
      (BATCH, PAIR, PAIR, {"weight": PAIR, "bias": PAIR})),
              "each channel less its mean, divided by its standard deviation, or by running ones",
              _batch_norm, tensors=("input", *RUNNING, "weight", "bias"), fixed=RUNNING,
              convention=MOVED),
    Composite("local_response_norm", """\
def local_response_norm(input, size, alpha=0.0001, beta=0.75, k=1.0):
    channels = input.shape[1]
    around = pad(input**2, (0, 0)*(len(input.shape) - 2) + (size//2, (size - 1)//2))
    total = around[:, :channels]
    for shift in range(1, size):
        total = total + around[:, shift:channels + shift]
    return input/(k + alpha/size*total)**beta
""", ((CHANNELS, {"size": 2}), (CHANNELS, {"size": 3, "alpha": 0.5, "beta": 1.5, "k": 2.0}),
      ([CHANNELS], {"size": 2, "alpha": 1.0})),
              "input divided by a power of the mean of the squares of some channels around",
              "nn.functional.local_response_norm", tensors=("input",),
              calls=("torch.nn.functional.local_response_norm (input, size: int, "
                     "alpha: number = 0.0001, beta: number = 0.75, k: number = 1.0)",)),
)  # fmt: skip
