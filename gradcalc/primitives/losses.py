"""Losses: torch's fused functions beside their definitions, elements by elements."""

from typing import Any

from gradcalc.primitives.row import Composite, Samples, by_name

VECTOR = [0.5, -1.5, 2.0]
OTHER = [1.25, -0.75, 0.5]
MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
TARGETS = [[0.5, -1.0, 0.75], [1.0, 2.5, -1.5]]
POSITIVE = [[0.5, 1.0, 0.75], [1.25, 2.5, 1.5]]
SIGNS = [[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0]]
LOSS: Samples = (
    (VECTOR, OTHER),
    (MATRIX, TARGETS, {"reduction": "sum"}),
    (MATRIX, TARGETS, {"reduction": "none"}),
)
WEIGHTED: Samples = (
    *LOSS,
    (MATRIX, TARGETS, {"weight": POSITIVE}),
    (MATRIX, TARGETS, {"weight": POSITIVE, "reduction": "sum"}),
    (MATRIX, TARGETS, {"weight": POSITIVE, "reduction": "none"}),
)
OLDER = "size_average: any = None, reduce: any = None, reduction: str = 'mean'"
"""The older words that torch takes for a reduction, and the word itself."""

REDUCED = """\
    if reduction == 'sum':
        return sum(loss)
    if reduction == 'none':
        return loss
    return mean(loss)
"""

SAME_SIZE = """\
    if weight is not None:
        loss = weight*loss
"""

NORMED = """\
    if weight is not None:
        if reduction == 'mean':
            return sum(weight*loss)/sum(weight)
        loss = weight*loss
"""
"""Of some losses the mean is that with weights."""


def _kl_div(
    t: Any, input: Any, target: Any, reduction: str = "mean", log_target: bool = False
) -> Any:
    # torch warns where it is asked for the mean
    each = "none" if reduction == "mean" else reduction
    loss = t.nn.functional.kl_div(input, target, reduction=each, log_target=log_target)
    return loss.mean() if reduction == "mean" else loss


def _binary_cross_entropy(
    t: Any, input: Any, target: Any, weight: Any = None, reduction: str = "mean"
) -> Any:
    if weight is not None:
        # which torch would do by way of modules that take long to import
        weight = weight.expand(target.shape)
    number = ("none", "mean", "sum").index(reduction)
    return t._C._nn.binary_cross_entropy(input, target, weight, number)


def loss(
    name: str,
    parameters: str,
    body: str,
    samples: Samples,
    doc: str,
    signature: str,
    torch: Any = None,
    tensors: tuple[str, ...] = ("input", "target"),
    **facts: Any,
) -> Composite:
    """The row of a loss, whose elements are averaged, summed or left alone."""
    definition = f"def {name}({parameters}):\n{body}{REDUCED}"
    call = f"torch.nn.functional.{name} ({signature})"
    whole = facts.get("whole", ())
    return Composite(
        name, definition, samples, doc, torch or by_name(name, *whole), tensors=tensors,
        calls=(call,), **facts,
    )  # fmt: skip


def _of_errors(
    name: str, body: str, samples: Samples, doc: str, signature: str, options: str = "",
    **facts: Any,
) -> Composite:  # fmt: skip
    """The row of a loss of the errors, whose operands are meant to have one shape."""
    weighed = ", weight=None" if "weight" in signature else ""
    tensors = ("input", "target", *["weight"] * bool(weighed))
    return loss(
        name, f"input, target, reduction='mean'{options}{weighed}", body, samples, doc, signature,
        alike=True, tensors=tensors, **facts,
    )  # fmt: skip


ERRORS: tuple[Composite, ...] = (
    _of_errors("mse_loss", f"    loss = (input - target)**2\n{NORMED}", WEIGHTED,
               "mean of the squared errors", f"input, target, {OLDER}, weight=None"),
    _of_errors("l1_loss", f"    loss = abs(input - target)\n{NORMED}", WEIGHTED,
               "mean of the absolute errors", f"input, target, {OLDER}, weight=None"),
    # The usual case distinction has abs(error) in it, a corner at 0 where the loss has none.
    _of_errors("huber_loss", f"""\
    error = input - target
    limited = clamp(error, -delta, delta)
    loss = limited*(error - limited/2)
{SAME_SIZE}""", (*WEIGHTED, (VECTOR, OTHER, {"delta": 0.5})),
               "half the squared error up to delta, linear beyond",
               "input, target, reduction: str = 'mean', delta: number = 1.0, weight=None",
               ", delta=1.0"),
    _of_errors("smooth_l1_loss", """\
    error = input - target
    limited = clamp(error, -beta, beta)
    loss = abs(error) if beta == 0 else limited*(error - limited/2)/beta
""", (*LOSS, (VECTOR, OTHER, {"beta": 0.5})),
               "absolute error, rounded off where it is less than beta",
               f"input, target, {OLDER}, beta: number = 1.0", ", beta=1.0"),
)  # fmt: skip

LIKELIHOODS: tuple[Composite, ...] = (
    loss("binary_cross_entropy", "input, target, weight=None, reduction='mean'", """\
    if all(input*(1 - input) > 1e-43):
        loss = -xlogy(target, input) - xlogy(1 - target, 1 - input)
    else:
        # a logarithm counts for -100 at the least; there is no loss outside of 0 to 1
        least = exp(-100)
        yes, no = log(maximum(input, least)), log(maximum(1 - input, least))
        loss = -target*yes - (1 - target)*no + 0*sqrt(input*(1 - input))
    if weight is not None:
        loss = weight*loss
""", (([0.25, 0.7], [0.0, 1.0]), ([0.25, 0.7], [0.5, 0.25], {"reduction": "sum"}),
      ([[0.25, 0.7]], [[0.5, 0.25]], {"weight": [2.0, 0.5]})),
         "mean negative log-likelihood of probabilities",
         f"input, target, weight=None, {OLDER}", _binary_cross_entropy,
         ("input", "target", "weight"), fixed=("weight",),
         flat=(("maximum", "holds its logarithm at -100 here"),)),
    loss("binary_cross_entropy_with_logits",
         "input, target, weight=None, reduction='mean', pos_weight=None", """\
    if pos_weight is None:
        loss = log(1 + exp(input)) - target*input
    else:
        loss = (1 - target)*input + (1 + (pos_weight - 1)*target)*log(1 + exp(-input))
    if weight is not None:
        loss = weight*loss
""", (([0.25, -1.7], [0.0, 1.0]), ([0.25, 2.7], [0.5, 0.25], {"reduction": "none"}),
      ([[0.25, 0.7]], [[0.5, 0.25]], {"weight": [2.0, 0.5], "pos_weight": [3.0, 0.25]})),
         "binary_cross_entropy of the sigmoid",
         f"input, target, weight=None, {OLDER}, pos_weight=None",
         tensors=("input", "target", "weight", "pos_weight"), fixed=("weight", "pos_weight")),
    loss("kl_div", "input, target, reduction='mean', log_target=False", """\
    if log_target:
        loss = exp(target)*(target - input)
    else:
        loss = xlogy(target, target) - target*input
    if reduction == 'batchmean':
        return sum(loss)/(len(input) if len(input.shape) > 0 else 1)
""", ((VECTOR, [0.25, 0.25, 0.5]), (VECTOR, [0.25, 0.25, 0.5], {"reduction": "sum"}),
      (MATRIX, [[0.25, 0.5, 0.25], [0.1, 0.2, 0.7]], {"reduction": "batchmean"}),
      (MATRIX, TARGETS, {"log_target": True, "reduction": "none"})),
         "mean of target (log(target) - input), the divergence of input, a logarithm, from target",
         f"input, target, {OLDER}, log_target: bool = False", _kl_div),
    loss("poisson_nll_loss",
         "input, target, log_input=True, full=False, eps=1e-08, reduction='mean'", """\
    if log_input:
        loss = exp(input) - target*input
    else:
        loss = input - target*log(input + eps)
    if full:
        above = target > 1
        count = where(above, target, 2)
        sizes = count*log(count) - count + log(2*pi*count)/2
        loss = loss + where(above, sizes, 0)
""", ((VECTOR, [2.0, 0.5, 3.0]), (POSITIVE, TARGETS, {"log_input": False, "reduction": "sum"}),
      (VECTOR, [2.0, 0.5, 3.0], {"full": True, "reduction": "none"})),
         "mean negative log-likelihood of counts, input being the logarithm of their expectation",
         "input, target, log_input: bool = True, full: bool = False, size_average: any = None, "
         "eps: number = 1e-08, reduce: any = None, reduction: str = 'mean'"),
    loss("gaussian_nll_loss", "input, target, var, full=False, eps=1e-06, reduction='mean'", """\
    if var.shape != input.shape and var.shape == input.shape[:-1]:
        var = unsqueeze(var, -1)
    if not all(var >= eps):
        # var is held at eps, but torch's gradient goes by that
        var = where(var >= eps, var, var + (eps - detach(var)))
    loss = (log(var) + (input - target)**2/var)/2
    if full:
        loss = loss + log(2*pi)/2
""", ((VECTOR, OTHER, [0.5, 1.5, 2.0]), (MATRIX, TARGETS, [0.5, 2.0], {"full": True}),
      (MATRIX, TARGETS, [[0.5], [2.0]], {"reduction": "none"}),
      (VECTOR, OTHER, [0.5, 1.5, 2.0], {"eps": 1.0, "reduction": "sum"})),
         "mean negative log-likelihood of normal distributions with the variances var",
         "input, target, var, full: bool = False, eps: number = 1e-06, reduction: str = 'mean'",
         tensors=("input", "target", "var"),
         convention="holds var at eps here, and passes its gradient on as if it did not, as torch "
                    "documents"),
    loss("soft_margin_loss", "input, target, reduction='mean'", """\
    loss = log(1 + exp(-target*input))
""", ((VECTOR, [1.0, -1.0, -1.0]), (MATRIX, SIGNS, {"reduction": "sum"}),
      (MATRIX, SIGNS, {"reduction": "none"})),
         "mean logistic loss of labels 1 and -1", f"input, target, {OLDER}", fixed=("target",)),
    loss("multilabel_soft_margin_loss", "input, target, weight=None, reduction='mean'", """\
    loss = log(1 + exp(input)) - target*input
    if weight is not None:
        loss = weight*loss
    loss = mean(loss, -1)
""", ((VECTOR, [1.0, 0.0, 1.0]), (MATRIX, TARGETS, {"reduction": "sum"}),
      (MATRIX, TARGETS, {"weight": [0.5, 1.0, 2.0], "reduction": "none"})),
         "binary_cross_entropy of the sigmoid, the mean over the labels of each row",
         f"input, target, weight=None, {OLDER}", tensors=("input", "target", "weight")),
)  # fmt: skip

MARGINS: tuple[Composite, ...] = (
    loss("hinge_embedding_loss", "input, target, margin=1.0, reduction='mean'", """\
    apart = where(target != 1, relu(margin - input), 0)
    loss = apart + where(target != -1, input, 0)
""", ((VECTOR, [1.0, -1.0, -1.0]), (MATRIX, SIGNS, {"reduction": "sum"}),
      (MATRIX, SIGNS, {"margin": 2.5, "reduction": "none"})),
         "the distance where target is 1, what it lacks to margin where target is -1",
         f"input, target, margin: number = 1.0, {OLDER}", data=("target",)),
    loss("margin_ranking_loss", "input1, input2, target, margin=0, reduction='mean'", """\
    loss = relu(margin - target*(input1 - input2))
""", ((VECTOR, OTHER, [1.0, -1.0, -1.0]), (MATRIX, TARGETS, SIGNS, {"reduction": "sum"}),
      (MATRIX, TARGETS, SIGNS, {"margin": 0.375, "reduction": "none"})),
         "what input1 lacks to be larger than input2 by margin, or smaller where target is -1",
         f"input1, input2, target, margin: number = 0, {OLDER}",
         tensors=("input1", "input2", "target")),
    loss("cosine_embedding_loss", "input1, input2, target, margin=0, reduction='mean'", """\
    eps = 9.999999960041972e-13  # 1e-12 in float32, as in the kernel
    lengths = sqrt((sum(input1**2, -1) + eps)*(sum(input2**2, -1) + eps))
    cosine = sum(input1*input2, -1)/lengths
    loss = where(target == 1, 1 - cosine, where(target == -1, relu(cosine - margin), 0))
""", ((VECTOR, OTHER, 1.0), (MATRIX, TARGETS, [1.0, -1.0]),
      (MATRIX, TARGETS, [-1.0, -1.0], {"margin": 0.25, "reduction": "none"}),
      (MATRIX, TARGETS, [1.0, -1.0], {"reduction": "sum"})),
         "1 less the cosine where target is 1, the cosine above margin where target is -1",
         f"input1, input2, target, margin: number = 0, {OLDER}",
         tensors=("input1", "input2", "target"), data=("target",)),
    loss("triplet_margin_loss",
         "anchor, positive, negative, margin=1.0, p=2, eps=1e-06, swap=False, reduction='mean'",
         """\
    away = norm(anchor - negative + eps, p, -1)
    if swap:
        away = minimum(away, norm(positive - negative + eps, p, -1))
    loss = relu(margin + norm(anchor - positive + eps, p, -1) - away)
""", ((MATRIX, TARGETS, POSITIVE), (MATRIX, TARGETS, POSITIVE, {"margin": 5.0, "swap": True}),
      (MATRIX, TARGETS, POSITIVE, {"p": 1, "margin": 6.0, "reduction": "none"}),
      (VECTOR, OTHER, VECTOR[::-1], {"margin": 2.5, "reduction": "sum"})),
         "what negative lacks to be farther from anchor than positive by margin",
         "anchor, positive, negative, margin: number = 1.0, p: number = 2, eps: number = 1e-06, "
         f"swap: bool = False, {OLDER}", tensors=("anchor", "positive", "negative")),
)  # fmt: skip
