"""Loss functions, as torch.nn.functional has them, beside their definitions."""

from typing import Any

from gradcalc.errors import ShapeError
from gradcalc.primitives.row import Composite
from gradcalc.primitives.shapes import show

VECTOR = [0.5, -1.5, 2.0]
OTHER = [1.25, -0.75, 0.5]
MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
TARGETS = [[0.5, -1.0, 0.75], [1.0, 2.5, -1.5]]
SHARES = [[0.25, 0.5, 0.25], [0.125, 0.0, 0.875]]
LOSS: tuple[tuple[Any, ...], ...] = (
    (VECTOR, OTHER),
    (MATRIX, TARGETS, {"reduction": "sum"}),
    (MATRIX, TARGETS, {"reduction": "none"}),
)


def _reduced(signature: str, *body: str) -> str:
    """The definition of a loss, whose elements are averaged, summed or left alone."""
    return "\n".join(
        (
            f"def {signature}:",
            *(f"    {line}" for line in body),
            "    if reduction == 'sum':",
            "        return sum(loss)",
            "    if reduction == 'none':",
            "        return loss",
            "    return mean(loss)",
            "",
        )
    )


def _torch_cross_entropy(t: Any, input: Any, target: Any, reduction: str = "mean") -> Any:
    if input.shape != target.shape:
        raise ShapeError(
            f"cross_entropy of shapes {show(input.shape)} and {show(target.shape)}",
            hint="give a probability for each class, not the class",
        )
    return t.nn.functional.cross_entropy(input, target, reduction=reduction)


LOSSES: tuple[Composite, ...] = (
    Composite(
        name="mse_loss",
        definition=_reduced(
            "mse_loss(input, target, reduction='mean')", "loss = (input - target)**2"
        ),
        torch=lambda t, input, target, reduction="mean": t.nn.functional.mse_loss(
            input, target, reduction=reduction
        ),
        samples=LOSS,
        doc="mean of the squared errors",
        tensors=("input", "target"),
        alike=True,
    ),
    Composite(
        name="l1_loss",
        definition=_reduced(
            "l1_loss(input, target, reduction='mean')", "loss = abs(input - target)"
        ),
        torch=lambda t, input, target, reduction="mean": t.nn.functional.l1_loss(
            input, target, reduction=reduction
        ),
        samples=LOSS,
        doc="mean of the absolute errors",
        tensors=("input", "target"),
        alike=True,
    ),
    Composite(
        name="huber_loss",
        # The usual case distinction has abs(error) in it, a corner at 0 where the loss has none.
        definition=_reduced(
            "huber_loss(input, target, reduction='mean', delta=1.0)",
            "error = input - target",
            "limited = clamp(error, -delta, delta)",
            "loss = limited*(error - limited/2)",
        ),
        torch=lambda t, input, target, reduction="mean", delta=1.0: t.nn.functional.huber_loss(
            input, target, reduction=reduction, delta=delta
        ),
        samples=(*LOSS, (VECTOR, OTHER, {"delta": 0.5})),
        doc="half the squared error up to delta, linear beyond",
        tensors=("input", "target"),
        alike=True,
    ),
    Composite(
        name="smooth_l1_loss",
        definition=_reduced(
            "smooth_l1_loss(input, target, reduction='mean', beta=1.0)",
            "error = input - target",
            "limited = clamp(error, -beta, beta)",
            "loss = abs(error) if beta == 0 else limited*(error - limited/2)/beta",
        ),
        torch=lambda t, input, target, reduction="mean", beta=1.0: t.nn.functional.smooth_l1_loss(
            input, target, reduction=reduction, beta=beta
        ),
        samples=(*LOSS, (VECTOR, OTHER, {"beta": 0.5})),
        doc="absolute error, rounded off where it is less than beta",
        tensors=("input", "target"),
        alike=True,
    ),
    Composite(
        name="binary_cross_entropy",
        definition=_reduced(
            "binary_cross_entropy(input, target, reduction='mean')",
            "if all(input*(1 - input) > 1e-43):",
            "    loss = -xlogy(target, input) - xlogy(1 - target, 1 - input)",
            "else:",
            "    # a logarithm counts for -100 at the least; there is no loss outside of 0 to 1",
            "    least = exp(-100)",
            "    yes, no = log(maximum(input, least)), log(maximum(1 - input, least))",
            "    loss = -target*yes - (1 - target)*no + 0*sqrt(input*(1 - input))",
        ),
        torch=lambda t, input, target, reduction="mean": t.nn.functional.binary_cross_entropy(
            input, target, reduction=reduction
        ),
        samples=(([0.25, 0.7], [0.0, 1.0]), ([0.25, 0.7], [0.5, 0.25], {"reduction": "sum"})),
        doc="mean negative log-likelihood of probabilities",
        tensors=("input", "target"),
    ),
    Composite(
        name="binary_cross_entropy_with_logits",
        definition=_reduced(
            "binary_cross_entropy_with_logits(input, target, reduction='mean')",
            "loss = log(1 + exp(input)) - target*input",
        ),
        torch=lambda t, input, target, reduction="mean": (
            t.nn.functional.binary_cross_entropy_with_logits(input, target, reduction=reduction)
        ),
        samples=(([0.25, -1.7], [0.0, 1.0]), ([0.25, 2.7], [0.5, 0.25], {"reduction": "none"})),
        doc="binary_cross_entropy of the sigmoid",
        tensors=("input", "target"),
    ),
    Composite(
        name="cross_entropy",
        definition=_reduced(
            "cross_entropy(input, target, reduction='mean')",
            "dim = 0 if len(input.shape) == 1 else 1",
            "loss = -sum(target*log_softmax(input, dim), dim)",
        ),
        torch=_torch_cross_entropy,
        samples=(
            (VECTOR, [0.25, 0.25, 0.5]),
            (MATRIX, SHARES),
            (MATRIX, SHARES, {"reduction": "none"}),
        ),
        doc="mean cross entropy of the softmax, targets given as probabilities of each class",
        tensors=("input", "target"),
    ),
)
