"""More activation functions of neural networks: those with pieces, with weights, and gates."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from typing import Any

from gradcalc.primitives.elementwise import exact
from gradcalc.primitives.row import Composite, Elementwise, Samples

PIECES: Samples = ((0.7,), (-1.3,), (-3.5,), (4.5,))
SHRUNK: Samples = ((0.7,), (-1.3,), (0.25,), (0.7, 1.0))
GATED = [[0.5, -1.5, 2.0, 0.25], [1.25, 0.75, -0.5, -2.0]]
CHANNELS = [[0.5, -1.5], [1.25, -0.75]]
IMAGES = [[[0.5, -1.5, 0.75], [1.25, -0.25, -0.5]]]


def _hardsigmoid(s: Any, x: Any) -> Any:
    return s.Piecewise((s.Integer(0), x <= -3), (s.Integer(1), x >= 3), (x / 6 + s.S.Half, True))


def _hardswish(s: Any, x: Any) -> Any:
    return s.Piecewise((s.Integer(0), x <= -3), (x, x >= 3), (x * (x + 3) / 6, True))


def _at_three(m: Any, x: Any) -> tuple[Any, ...]:
    return x - 3, x + 3


def _hardshrink(s: Any, x: Any, lambd: Any = 0.5) -> Any:
    border = exact(s, lambd)
    return s.Piecewise((x, x > border), (x, x < -border), (s.Integer(0), True))


def _softshrink(s: Any, x: Any, lambd: Any = 0.5) -> Any:
    border = exact(s, lambd)
    return s.Piecewise((x - border, x > border), (x + border, x < -border), (s.Integer(0), True))


def _at_borders(m: Any, x: Any, lambd: Any = 0.5) -> tuple[Any, ...]:
    return x - lambd, x + lambd


def _threshold(s: Any, x: Any, threshold: Any, value: Any) -> Any:
    return s.Piecewise((x, x > exact(s, threshold)), (exact(s, value), True))


def _squareplus(s: Any, x: Any, b: Any = 4) -> Any:
    return (x + s.sqrt(x**2 + exact(s, b))) / 2


def _torch_squareplus(t: Any, x: Any, b: Any = 4) -> Any:
    # far below 0 the sum of the definition has no digits left
    root = t.hypot(x, t.full_like(x, b) ** 0.5)
    positive = (x + root) / 2
    safe = t.where(x < 0, root - x, t.ones_like(x))
    return t.where(x < 0, b / (2 * safe), positive)


def _sparse_plus(s: Any, x: Any) -> Any:
    return s.Piecewise((s.Integer(0), x <= -1), (x, x >= 1), ((x + 1) ** 2 / 4, True))


def _torch_sparse_plus(t: Any, x: Any) -> Any:
    return t.where(x <= -1, t.zeros_like(x), t.where(x >= 1, x, (x + 1) ** 2 / 4))


ACTIVATIONS: tuple[Elementwise | Composite, ...] = (
    Elementwise("hardsigmoid", _hardsigmoid, PIECES[::-1],
                "x/6 + 1/2, limited to the range from 0 to 1", "nn.functional.hardsigmoid",
                kinks=_at_three,
                calls=("torch.nn.functional.hardsigmoid (input, inplace: writes = False)",)),
    Elementwise("hardswish", _hardswish, PIECES, "x times the hardsigmoid of x",
                "nn.functional.hardswish", kinks=_at_three,
                calls=("torch.nn.functional.hardswish (input, inplace: writes = False)",)),
    Elementwise("hardshrink", _hardshrink, SHRUNK, "x, and 0 where x is between -lambd and lambd",
                "nn.functional.hardshrink", static=("lambd",), kinks=_at_borders,
                calls=("torch.nn.functional.hardshrink torch.hardshrink torch.Tensor.hardshrink "
                       "(input, lambd: number = 0.5)",)),
    Elementwise("softshrink", _softshrink, SHRUNK,
                "x nearer to 0 by lambd, and 0 where x is between -lambd and lambd",
                "nn.functional.softshrink", static=("lambd",), kinks=_at_borders,
                calls=("torch.nn.functional.softshrink (input, lambd: number = 0.5)",)),
    Elementwise("threshold", _threshold, ((0.7, 0.5, 2.0), (-1.3, 0.5, 2.0)),
                "x where greater than the threshold, else value", "nn.functional.threshold",
                static=("threshold", "value"),
                kinks=lambda m, x, threshold, value: (x - threshold,),
                calls=("torch.nn.functional.threshold "
                       "(input, threshold: number, value: number, inplace: writes = False)",
                       "torch.threshold (input, threshold: number, value: number)")),
    Elementwise("squareplus", _squareplus, ((0.7,), (-1.3,), (0.7, 2.0)),
                "(x + sqrt(x**2 + b)) / 2, as jax", _torch_squareplus, static=("b",),
                kinks=lambda m, x, b=4: (x,) if b == 0 else (),
                calls=("jax.nn.squareplus (x: floats, b: number = 4)",)),
    Elementwise("sparse_plus", _sparse_plus, ((0.7,), (-1.3,), (4.5,)),
                "0, (x + 1)**2/4 or x, below -1, up to 1 and above, as jax", _torch_sparse_plus,
                calls=("jax.nn.sparse_plus",)),
    Composite("prelu", """\
def prelu(input, weight):
    if weight.numel() == 1:
        slope = reshape(weight, [])
    else:
        slope = reshape(weight, [weight.numel()] + [1]*(len(input.shape) - 2))
    return where(input > 0, input, slope*input)
""", (([0.5, -1.5, 2.0], 0.25), ([0.5, -1.5, 2.0], [0.25]), (CHANNELS, [0.25, -0.5]),
      (IMAGES, [0.25, 0.5])),
              "x where positive, else x times weight, one for all or for each channel",
              tensors=("input", "weight"),
              calls=("torch.nn.functional.prelu torch.prelu torch.Tensor.prelu (input, weight)",)),
    Composite("glu", """\
def glu(x, dim=-1):
    parts = transpose(x, 0, dim)
    half = len(parts)//2
    return transpose(parts[:half]*sigmoid(parts[half:]), 0, dim)
""", ((GATED,), ([0.5, -1.5],), (GATED, {"dim": 0})),
              "the first half along dim times the sigmoid of the second", "nn.functional.glu",
              calls=("torch.nn.functional.glu (input, dim: int = -1)",
                     "jax.nn.glu (x: floats, axis: int = -1)")),
)  # fmt: skip
