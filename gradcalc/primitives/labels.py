"""Classes as whole numbers: ones at their places, and the losses of labels."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from textwrap import indent
from typing import Any

from gradcalc.errors import InvalidValueError
from gradcalc.expr import ops
from gradcalc.primitives.losses import MATRIX, OLDER, VECTOR, loss
from gradcalc.primitives.row import Composite, Structural
from gradcalc.primitives.shapes import axis as one_of

SHARES = [[0.25, 0.5, 0.25], [0.125, 0.0, 0.875]]
PICTURE = [[[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]], [[1.0, 0.0], [-2.0, 0.5], [0.75, 1.25]]]
WEIGHT = [0.5, 2.0, 1.25]


def classes_of(numbers: Any, num_classes: int) -> int:
    """How many classes there are, all of the numbers among them."""
    least, most = (numbers.min(), numbers.max()) if numbers.size else (0, -1)
    count = int(most) + 1 if num_classes == -1 else num_classes
    if least < 0 or most >= count:
        wrong = least if least < 0 else most
        raise InvalidValueError(f"{int(wrong)} is none of {count} classes, counted from 0")
    return count


def _one_hot(f: Any, x: Any, num_classes: int = -1, dim: int = -1) -> Any:
    count = classes_of(f.value(x), num_classes)
    return f(ops.ONE_HOT, x, size=count, axis=one_of([1, *x.shape], dim))


def _torch_one_hot(t: Any, x: Any, num_classes: int = -1, dim: int = -1) -> Any:
    count = classes_of(x.detach().cpu().numpy(), num_classes)
    marks = t.nn.functional.one_hot(x.detach().to(t.int64), count)
    return t.movedim(marks, -1, one_of([1, *x.shape], dim)).to(x.dtype)


MARKS: tuple[Structural, ...] = (
    Structural("one_hot", _one_hot,
               (([0.0, 2.0, 1.0],), ([[1.0], [0.0]], {"num_classes": 3}),
                ([[1.0, 0.0]], {"num_classes": 2, "dim": 1})),
               "a 1 at the place of each class along a new dimension, zeros elsewhere",
               _torch_one_hot, data=("x",), whole=("x",),
               calls=("torch.nn.functional.one_hot (tensor, num_classes: int = -1)",)),
)  # fmt: skip


def _cross_entropy(t: Any, *operands: Any, **given: Any) -> Any:
    input, target = given.pop("input"), given.pop("target")
    if target.shape != input.shape:
        target = target.detach().to(t.int64)
    return t.nn.functional.cross_entropy(input, target, *operands, **given)


# A mask keeps out the logarithms of what cannot be: they are -inf, and times 0 NaN.
NLL = """\
    if any(target == ignore_index):
        kept = unsqueeze(target != ignore_index, dim)
        marks = where(kept, one_hot(where(target == ignore_index, 0, target), classes, dim), 0)
    else:
        marks = one_hot(target, classes, dim)
    if weight is not None:
        marks = marks*reshape(weight, [classes] + [1]*(len(input.shape) - dim - 1))
    if all(logs > -inf):
        loss = -sum(marks*logs, dim)
    else:
        loss = -sum(marks*where(marks != 0, logs, 0), dim)
"""

LABELLED: tuple[Composite, ...] = (
    loss("nll_loss", "input, target, weight=None, ignore_index=-100, reduction='mean'", f"""\
    dim = 0 if len(input.shape) == 1 else 1
    classes, logs = input.shape[dim], input
{NLL}\
    if reduction == 'mean' and (weight is not None or any(target == ignore_index)):
        return sum(loss)/sum(marks)
""", ((VECTOR, 1.0), (MATRIX, [2.0, 0.0]), (PICTURE, [[0.0, 1.0], [2.0, 1.0]]),
      (MATRIX, [2.0, -100.0]), (MATRIX, [2.0, 1.0], {"weight": WEIGHT, "reduction": "sum"}),
      (PICTURE, [[0.0, 1.0], [2.0, 1.0]], {"weight": WEIGHT, "ignore_index": 1}),
      (PICTURE, [[0.0, 1.0], [2.0, 1.0]], {"reduction": "none"})),
         "mean of -input at the classes of target, the logarithms of their probabilities",
         "input, target, weight=None, size_average: any = None, ignore_index: int = -100, "
         "reduce: any = None, reduction: str = 'mean'",
         tensors=("input", "target", "weight"), data=("target",), whole=("target",),
         fixed=("weight",)),
    loss("cross_entropy",
         "input, target, weight=None, ignore_index=-100, reduction='mean', label_smoothing=0.0",
         f"""\
    dim = 0 if len(input.shape) == 1 else 1
    classes, logs = input.shape[dim], log_softmax(input, dim)
    if target.shape == input.shape:
        marks = target*(1 - label_smoothing) + label_smoothing/classes
        if weight is not None:
            marks = marks*reshape(weight, [classes] + [1]*(len(input.shape) - dim - 1))
        loss = -sum(marks*logs, dim)
    else:
{indent(NLL, "    ")}\
        if label_smoothing > 0:
            if weight is not None:
                logs = logs*reshape(weight, [classes] + [1]*(len(input.shape) - dim - 1))
            even = -sum(logs, dim)
            if any(target == ignore_index):
                even = where(target == ignore_index, 0, even)
            loss = (1 - label_smoothing)*loss + label_smoothing/classes*even
        if reduction == 'mean' and (weight is not None or any(target == ignore_index)):
            return sum(loss)/sum(marks)
""", ((VECTOR, [0.25, 0.25, 0.5]), (MATRIX, [2.0, 0.0]), (VECTOR, 1.0), (MATRIX, SHARES),
      (MATRIX, SHARES, {"reduction": "none"}),
      (MATRIX, SHARES, {"weight": WEIGHT, "label_smoothing": 0.25}),
      (PICTURE, [[0.0, 1.0], [2.0, 1.0]]),
      (MATRIX, [2.0, -100.0], {"label_smoothing": 0.125}),
      (MATRIX, [2.0, 1.0], {"weight": WEIGHT, "reduction": "sum"}),
      (PICTURE, [[0.0, 1.0], [2.0, 1.0]], {"weight": WEIGHT, "ignore_index": 1,
                                           "label_smoothing": 0.25}),
      (PICTURE, [[0.0, 1.0], [2.0, 1.0]], {"reduction": "none"})),
         "mean cross entropy of the softmax, for classes or for probabilities of each",
         "input, target, weight=None, size_average: any = None, ignore_index: int = -100, "
         "reduce: any = None, reduction: str = 'mean', label_smoothing: number = 0.0",
         _cross_entropy, ("input", "target", "weight"), data=("target",), whole=("target",),
         fixed=("weight",), unlike="input"),
    loss("multi_margin_loss",
         "input, target, p=1, margin=1.0, weight=None, reduction='mean'", """\
    classes = input.shape[-1]
    marks = one_hot(target, classes)
    own = sum(where(marks > 0, input, 0), -1, True)
    short = relu(where(marks > 0, -1, margin - own + input))
    loss = short if p == 1 else short**p
    if weight is not None:
        loss = sum(marks*weight, -1, True)*loss
    loss = sum(loss, -1)/classes
""", ((VECTOR, 2.0), (MATRIX, [2.0, 1.0]), (MATRIX, [2.0, 1.0], {"p": 2, "reduction": "sum"}),
      (MATRIX, [2.0, 1.0], {"margin": 3.5, "weight": WEIGHT, "reduction": "none"})),
         "what the element of the class lacks to be larger than the others by margin",
         f"input, target, p: int = 1, margin: number = 1.0, weight=None, {OLDER}",
         tensors=("input", "target", "weight"), data=("target",), whole=("target",),
         fixed=("weight",)),
    loss("multilabel_margin_loss", "input, target, reduction='mean'", """\
    classes = input.shape[-1]
    listed = cumprod(where(target >= 0, 1, 0), -1)
    marks = one_hot(where(listed > 0.5, target, 0), classes)*unsqueeze(listed, -1)
    times = unsqueeze(sum(marks, -2), -1)
    counted = logical_and(times > 0.5, unsqueeze(sum(marks, -2), -2) < 0.5)
    apart = where(counted, 1 - unsqueeze(input, -1) + unsqueeze(input, -2), -1)
    loss = sum(times*relu(apart), (-2, -1))/classes
""", ((VECTOR, [1.0, -1.0, 0.0]), (MATRIX, [[2.0, 0.0, -1.0], [1.0, -1.0, -1.0]]),
      (MATRIX, [[2.0, 0.0, -1.0], [1.0, -1.0, -1.0]], {"reduction": "none"})),
         "what elements of the classes, listed up to a -1, lack to exceed the others by 1",
         f"input, target, {OLDER}", data=("target",), whole=("target",)),
)  # fmt: skip
