"""Layers with weights: linear ones, and tables whose rows are looked up."""

from typing import Any

from gradcalc.primitives.row import Composite

VECTOR = [0.5, -1.5, 2.0]
PAIR = [0.75, 1.25]
MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
TABLE = [[0.5, -1.0], [2.0, 0.25], [1.5, -0.75], [-0.25, 1.0]]
CUBE = [[[0.5, -1.0], [2.0, 0.25], [1.0, 1.5]], [[1.0, 0.0], [-2.0, 0.5], [0.75, -0.25]]]

DENSE = 10_000
"""Elements of marks by which rows are chosen as a product, which has a short formula."""


def _embedding(t: Any, input: Any, weight: Any, padding_idx: Any = None) -> Any:
    return t.nn.functional.embedding(input.detach().to(t.int64), weight, padding_idx)


LAYERS: tuple[Composite, ...] = (
    Composite("linear", """\
def linear(input, weight, bias=None):
    if len(weight.shape) > 1:
        weight = transpose(weight, 0, 1)
    y = matmul(input, weight)
    return y if bias is None else y + bias
""", ((VECTOR, MATRIX), (MATRIX, MATRIX, PAIR), (MATRIX, VECTOR), (CUBE, TABLE)),
              "input @ weight.T, plus bias", "nn.functional.linear",
              tensors=("input", "weight", "bias"),
              calls=("torch.nn.functional.linear (input, weight, bias=None)",)),
    Composite("bilinear", """\
def bilinear(input1, input2, weight, bias=None):
    first = matmul(unsqueeze(unsqueeze(input1, -2), -2), weight)
    y = sum(squeeze(first, -2)*unsqueeze(input2, -2), -1)
    return y if bias is None else y + bias
""", ((VECTOR, PAIR, CUBE), (MATRIX, TABLE[:2], CUBE, PAIR)),
              "input1 @ each matrix of weight @ input2, plus bias", "nn.functional.bilinear",
              tensors=("input1", "input2", "weight", "bias"),
              calls=("torch.bilinear torch.nn.functional.bilinear "
                     "(input1, input2, weight, bias=None)",)),
    Composite("embedding", f"""\
def embedding(input, weight, padding_idx=None):
    finite = all(weight > -inf) and all(weight < inf)
    if finite and input.numel()*len(weight) <= {DENSE}:
        y = matmul(one_hot(input, len(weight)), weight)
    else:
        y = weight[input]
    if padding_idx is not None and any(input == padding_idx % len(weight)):
        padding = unsqueeze(input == padding_idx % len(weight), -1)
        y = where(padding, detach(y), y)
    return y
""", (([2.0, 0.0, 2.0], TABLE), ([[2.0, 0.0, 2.0]], TABLE, {"padding_idx": 2}),
      (1.0, TABLE, {"padding_idx": -1})),
              "the rows of weight with these numbers; one for padding has no gradient",
              _embedding, tensors=("input", "weight"), data=("input",), whole=("input",),
              convention="takes the row of padding_idx here, to which it passes no gradient, as "
                         "torch documents",
              calls=("torch.nn.functional.embedding (input, weight, padding_idx: int = None, "
                     "max_norm: unset = None, norm_type: unset = 2.0, "
                     "scale_grad_by_freq: unset = False, sparse: ignored = False)",)),
)  # fmt: skip
