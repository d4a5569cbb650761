"""Own Functions that are wrong in as many ways, each beside its right twin."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from tests import functions_arrays as arrays
from tests import functions_calls as calls
from tests import functions_elements as elements
from tests import functions_layers as layers
from tests import functions_second as second

Function = type[torch.autograd.Function]

EVERY = ("float64", "float32", "bfloat16")
FULL = ("float64",)

GRADIENT = "the gradient that it is given"


def applied(function: Any, *tensors: Any) -> Any:
    return function.apply(*tensors)


@dataclass(frozen=True, slots=True)
class Planted:
    """A wrong Function and its right twin.

    `blamed` is the argument that the wrong one hands a wrong gradient to, None where nobody can be
    blamed: torch itself refuses, and the outcome is `ends`. `shapes` are those of the inputs, in
    several versions; a whole number stands for positions below it. `called` says how it is called.
    """

    wrong: Function
    right: Function
    what: str
    blamed: str | None
    shapes: Sequence[Sequence[Any]]
    called: Callable[..., Any] = applied
    order: int = 1
    dtypes: Sequence[str] = EVERY
    ends: str = "wrong"

    @property
    def name(self) -> str:
        return self.wrong.__name__

    def inputs(self, dtype: str, version: int) -> list[torch.Tensor]:
        """Numbers to call it with, of one of its shapes each time; few binary digits each, so that
        they are the same in every dtype."""
        draw = torch.Generator().manual_seed(version)
        shapes = self.shapes[version % len(self.shapes)]
        return [_drawn(shape, getattr(torch, dtype), draw) for shape in shapes]


def _drawn(shape: Any, dtype: torch.dtype, draw: torch.Generator) -> torch.Tensor:
    if isinstance(shape, Positions):
        return torch.tensor(shape.given)
    if isinstance(shape, Mask):
        return (torch.arange(shape.size) % 3 > 0).to(dtype).requires_grad_(False)
    # no two of one size, none near 0
    size = torch.Size(shape).numel()
    found = (torch.randperm(25, generator=draw)[:size].reshape(shape).double() + 3) / 16
    signs = torch.randint(0, 2, tuple(shape), generator=draw) * 2 - 1
    # one of each sign, whatever is drawn
    flat = signs.view(-1)
    flat[:1], flat[-1:] = 1, -1
    return (found * signs).to(dtype).requires_grad_()


@dataclass(frozen=True, slots=True)
class Positions:
    """Given positions."""

    given: Any


@dataclass(frozen=True, slots=True)
class Mask:
    """Zeros and ones that are data."""

    size: int


VECTOR = (((4,),), ((2, 3),), ((6,),))
SQUARE = (((3, 3),), ((2, 2),), ((4, 4),))
MATRIX = (((2, 3),), ((3, 2),), ((3, 3),))
TWO = (((4,), (4,)), ((2, 3), (2, 3)))
SQUARES = (((3, 3), (3, 3)), ((2, 2), (2, 2)))
ROWS = (((3, 3), (3,)), ((2, 2), (2,)))
NORMED = (((4, 3), (3,), (3,)), ((2, 5), (5,), (5,)))
DENSE = (((3, 2), (4, 2), (4,)), ((2, 4), (3, 4), (3,)))
CONVOLVED = (((6,), (3,)), ((2, 5), (2,)))
TABLE = (((4, 2), Positions([1, 3, 1])), ((3, 3), Positions([0, 0, 0, 2])))
TAKEN = (((2, 4), Positions([[1, 1, 3], [0, 2, 2]])), ((5,), Positions([4, 4, 0])))
PLACED = (((5,), Positions([3, 0]), (2,)), ((2, 3), Positions([[1], [2]]), (2, 1)))
LABELS = (((3, 4), Positions([2, 0, 3])), ((2, 3), Positions([1, 1])))
DROPPED = (((6,), Mask(6)), ((2, 4), Mask(4)))
HALVED = (((6,),), ((2, 4),))
APIECE = (((3, 3), (3, 3)),)


def added(function: Any, x: Any) -> Any:
    """Beside another use of what it is given."""
    return function.apply(x.sin()) + x


def squared(function: Any, x: Any) -> Any:
    return function.apply(x) ** 2


def between(function: Any, x: Any) -> Any:
    """Between two others that are right."""
    return elements.Cosine.apply(function.apply(elements.Tanh.apply(x)))


def overwriting(function: Any, x: Any) -> Any:
    """What it is given is written over afterwards."""
    z = x * 1
    y = function.apply(z)
    z.mul_(3)
    return y + z


def twice(function: Any, x: Any) -> Any:
    return function.apply(x) * function.apply(x / 2)


def copied(function: Any, x: Any) -> Any:
    return function.apply(x * 1)


def both(function: Any, x: Any) -> Any:
    first, other = function.apply(x)
    return first * 2 + other


def threefold(function: Any, x: Any) -> Any:
    return function.apply(x, 3.0)


def mapped(function: Any, x: Any) -> Any:
    return torch.func.vmap(function.apply)(x)


def second_only(function: Any, a: Any, b: Any) -> Any:
    return function.apply(a.detach(), b) + a


def nested(function: Any, x: Any) -> Any:
    return second.Gaussian.apply(function.apply(second.Gaussian.apply(x)))


def moved(function: Any, x: Any) -> Any:
    return function.apply(x.T)


TABLE_OF = {
    elements: (
        ("SineCareless", "Sine", "ignores its cotangent", "x", VECTOR),
        ("SineNothing", "Sine", "gives 0", "x", VECTOR),
        ("SineSomeElements", "Sine", "wrong for the last element only", "x", VECTOR),
        ("SineNoisy", "Sine", "adds noise", "x", VECTOR),
        ("SineOwnNoise", "Sine", "adds noise of a generator of its own", "x", VECTOR),
        ("SineClipped", "Sine", "clips its cotangent", "x", VECTOR),
        ("SineSquaredCotangent", "Sine", "is not linear in its cotangent", "x", VECTOR),
        ("CosineSign", "Cosine", "has the wrong sign", "x", VECTOR),
        ("SquareHalved", "Square", "loses a factor of 2", "x", VECTOR),
        ("ChainedShort", "Chained", "loses the factor of the inner function", "x", VECTOR),
        ("PowerNotLowered", "Power", "does not lower the exponent", "x", VECTOR),
        ("SigmoidOfInput", "Sigmoid", "takes the input for the output", "x", VECTOR),
        ("TanhNotSquared", "Tanh", "loses a square", "x", VECTOR),
        ("SoftsignPositiveOnly", "Softsign", "right for positive inputs only", "x", VECTOR),
        ("LeakyNot", "Leaky", "loses the slope of negative inputs", "x", VECTOR),
        ("ClampStraightThrough", "Clamp", "goes straight through", "x", VECTOR),
        ("ClampOneSided", "Clamp", "forgets the lower border", "x", VECTOR),
        ("RoundedThrough", "Rounded", "goes straight through", "x", VECTOR),
        ("ProductSwapped", "Product", "swaps its gradients", "a", TWO),
        ("ProductOther", "Product", "returns the gradient of another input", "b", TWO),
        ("ProductForgotten", "Product", "forgets the second input", "b", TWO),
        ("QuotientNotSquared", "Quotient", "forgets a square in one of two", "b", TWO),
    ),
    arrays: (
        ("TransposedNot", "Transposed", "forgets to transpose", "x", SQUARE),
        ("MatMulUntransposed", "MatMul", "forgets a transpose of a factor", "a", SQUARES),
        ("MatMulOrder", "MatMul", "multiplies in the wrong order", "b", SQUARES),
        ("MatMulTurned", "MatMul", "gives a gradient transposed", "b", SQUARES),
        ("DenseCotangent", "Dense", "right for contiguous cotangents only", "x", MATRIX),
        ("FlatInput", "Flat", "right for contiguous inputs only", "x", MATRIX),
        ("AddRowMean", "AddRow", "takes the mean instead of the sum", "b", ROWS),
        ("AddRowOtherAxis", "AddRow", "sums over the wrong axis", "b", ROWS),
        ("AddRowFirst", "AddRow", "takes the first row instead of the sum", "b", ROWS),
        ("MeanOfSum", "Mean", "loses 1/n", "x", VECTOR),
        ("NormUndivided", "Norm", "forgets to divide by the norm", "x", VECTOR),
        ("VarianceOfAll", "Variance", "divides by n instead of n - 1", "x", VECTOR),
        ("CumSumForwards", "CumSum", "sums up in the wrong direction", "x", VECTOR),
        ("LowerOffByOne", "Lower", "has its mask off by one", "x", SQUARE),
        ("CausalOrEqual", "Causal", "has >= instead of >", "x", SQUARE),
        ("RolledOn", "Rolled", "rolls on instead of back", "x", VECTOR),
        ("PaddedOffByOne", "Padded", "cuts one place off", "x", VECTOR),
        ("DifferencesBackwards", "Differences", "subtracts the wrong way round", "x", VECTOR),
        ("OuterTurned", "Outer", "swaps the sides of a square matrix", "a", (((3,), (3,)),)),
        ("InverseUntransposed", "Inverse", "forgets to transpose the inverse", "a", SQUARE),
        ("DeterminantUntransposed", "Determinant", "forgets a transpose", "a", (((2, 2),),)),
        ("SpectrumScaled", "Spectrum", "loses n of a Fourier transform", "x", VECTOR),
        ("SpectrumConjugate", "Spectrum", "conjugates what it should not", "x", VECTOR),
    ),
    layers: (
        ("SoftmaxDiagonal", "Softmax", "takes only the diagonal", "x", MATRIX),
        ("SoftmaxOtherAxis", "Softmax", "sums over the wrong axis", "x", MATRIX),
        ("LogSoftmaxMean", "LogSoftmax", "takes the mean instead of the sum", "x", MATRIX),
        ("LogSumExpOtherAxis", "LogSumExp", "has its cotangent along the wrong axis", "x", SQUARE),
        ("LayerNormUnscaled", "LayerNorm", "loses 1/std", "x", NORMED),
        ("LayerNormUncentred", "LayerNorm", "forgets the mean", "x", NORMED),
        ("LayerNormWeight", "LayerNorm", "forgets what the weight is a factor of", "w", NORMED),
        ("LinearUnbiased", "Linear", "forgets the bias", "b", DENSE),
        ("LinearUnweighted", "Linear", "forgets the weight", "w", DENSE),
        ("ConvolvedFlipped", "Convolved", "takes the kernel flipped", "x", CONVOLVED),
        ("ConvolvedWeightFlipped", "Convolved", "gives the kernel's flipped", "w", CONVOLVED),
        ("EmbeddedOnce", "Embedded", "does not add up repeated rows", "table", TABLE),
        ("GatheredOnce", "Gathered", "does not add up repeated elements", "x", TAKEN),
        ("ScatteredOver", "Scattered", "keeps what was written over", "x", PLACED),
        ("CrossEntropySummed", "CrossEntropy", "loses 1/n", "x", LABELS),
        ("CrossEntropyProbabilities", "CrossEntropy", "forgets the labels", "x", LABELS),
        ("DroppedUnscaled", "Dropped", "forgets to scale what is left", "x", DROPPED),
        ("LargestEnds", "Largest", "goes back to both ends as well", "x", MATRIX),
        ("PooledTiled", "Pooled", "repeats in the wrong order", "x", HALVED),
    ),
    calls: (
        ("Stale", "Stateless", "goes back by what another call kept", "x", VECTOR),
        ("Counting", "Stateless", "counts how often it goes back", "x", VECTOR),
        ("Writing", "Stateless", "writes over its cotangent", GRADIENT, VECTOR),
        ("WritingSaved", "Stateless", "writes over what it keeps", "x", VECTOR),
        ("Accumulating", "Stateless", "adds to what it gave before", "x", VECTOR),
        ("OverwrittenInside", "Overwritten", "keeps what it writes over", "x", VECTOR),
    ),
}  # fmt: skip
"""Those that are called as they are: the wrong one, the right one, what is wrong, which argument
is blamed, and shapes."""

PLANTED = (
    *(
        Planted(getattr(module, wrong), getattr(module, right), *rest)
        for module, rows in TABLE_OF.items()
        for wrong, right, *rest in rows
    ),
    Planted(elements.SineSingle, elements.Sine, "works in float32", "x", VECTOR, dtypes=FULL),
    Planted(elements.SineHalf, elements.Sine, "works in bfloat16", "x", VECTOR,
            dtypes=("float64", "float32")),
    Planted(elements.ProductMisasked, elements.Product, "asks for the wrong input's need", "b",
            TWO, second_only),
    Planted(elements.ProductSwapped, elements.Product, "swaps where both are one shape", "a",
            APIECE, lambda f, a, b: f.apply(a.sin(), b).sum(0)),
    Planted(elements.TanhNotSquared, elements.Tanh, "is wrong between right ones", "x", VECTOR,
            between),
    Planted(arrays.ScaledUnsummed, arrays.Scaled, "forgets a sum that torch makes of another axis",
            "s", (((3,), (3, 3)), ((2,), (2, 2)))),
    Planted(arrays.ScaledUnsummed, arrays.Scaled, "forgets a sum, and torch refuses", None,
            (((3,), (3, 2)), ((2,), (2, 4))), ends="unresolved"),
    Planted(arrays.TotalFlat, arrays.Total, "gives another shape, and torch refuses", None, VECTOR,
            ends="unresolved"),
    Planted(arrays.DenseCotangent, arrays.Dense, "right for contiguous cotangents, turned", "x",
            MATRIX, lambda f, x: f.apply(x).T * x.T),
    Planted(arrays.FlatInput, arrays.Flat, "right for contiguous inputs, turned", "x", SQUARE,
            moved),
    Planted(calls.KeptShared, calls.Kept, "keeps what its caller writes over", "x", VECTOR,
            overwriting),
    Planted(calls.InPlaceUnscaled, calls.InPlace, "works in place, and loses a factor", "x",
            VECTOR, copied),
    Planted(calls.SquaredInPlaceAfter, calls.SquaredInPlace, "keeps what it has written over", "x",
            VECTOR, copied),
    Planted(calls.Stale, calls.Stateless, "keeps what the next call keeps as well", "x", VECTOR,
            twice),
    Planted(calls.Writing, calls.Stateless, "writes over a cotangent that is another's too",
            GRADIENT, VECTOR, added),
    Planted(calls.PairFirst, calls.Pair, "goes back from one output of two", "x", VECTOR),
    Planted(calls.PairFirst, calls.Pair, "goes back from one output of two, both used", "x",
            VECTOR, both),
    Planted(calls.PairSwapped, calls.Pair, "swaps the cotangents of two outputs", "x", VECTOR),
    Planted(calls.UnmadeElse, calls.Unmade, "takes one cotangent or the other", "x", VECTOR),
    Planted(calls.ApartUnscaled, calls.Apart, "loses a factor that is no tensor", "x", VECTOR,
            threefold),
    Planted(calls.MappedShort, calls.Mapped, "misses a term of the product rule", "x", VECTOR),
    Planted(calls.MappedShort, calls.Mapped, "misses a term, mapped", "x", MATRIX, mapped),
    Planted(calls.WithinShort, calls.Within, "misses a term beside another Function", "x", VECTOR),
    Planted(calls.ReentrantCut, calls.Reentrant, "cuts off what it runs again", "x", VECTOR),
    *(
        Planted(getattr(second, wrong), getattr(second, right), what, blamed, shapes, called,
                order=2, ends=ends)
        for wrong, right, what, blamed, shapes, called, ends in (
            ("CubedDetached", "Cubed", "keeps a number", "x", VECTOR, applied, "wrong"),
            ("CubedNoGrad", "Cubed", "works under no_grad", "x", VECTOR, applied, "wrong"),
            ("CubedOnce", "Cubed", "is once differentiable", None, VECTOR, applied, "unresolved"),
            ("CubedData", "Cubed", "takes .data of a factor", "x", VECTOR, applied, "wrong"),
            ("CubedCotangent", "Cubed", "detaches its cotangent", GRADIENT, VECTOR, squared,
             "wrong"),
            ("CubedOnce", "Cubed", "is once differentiable, and torch refuses", None, VECTOR,
             squared, "unresolved"),
            ("CubedNumbers", "Cubed", "takes the numbers out", "x", VECTOR, applied, "wrong"),
            ("CubedSlope", "Cubed", "keeps its slope", "x", VECTOR, applied, "wrong"),
            ("CubedAgain", "Cubed", "asks autograd without a graph", "x", VECTOR, applied,
             "wrong"),
            ("CubedNoGrad", "Cubed", "works under no_grad among others", "x", VECTOR, nested,
             "wrong"),
            ("ExpShort", "Exp", "its double backward misses a term", "x", VECTOR, applied,
             "wrong"),
            ("ExpFactor", "Exp", "its double backward has a factor", "x", VECTOR, applied,
             "wrong"),
            ("ExpCotangent", "Exp", "its double backward is wrong of the cotangent", GRADIENT,
             VECTOR, squared, "wrong"),
            ("MixedWrong", "Mixed", "its double backward has a factor in one term", "x", VECTOR,
             applied, "wrong"),
            ("ProductHalfCut", "Product", "cuts off one of two", "a", TWO, applied, "wrong"),
            ("SoftmaxCut", "SoftmaxRight", "cuts off a sum", "x", MATRIX, applied, "wrong"),
            ("GaussianIntermediate", "Gaussian", "keeps what is not its output", "x", VECTOR,
             applied, "wrong"),
        )
    ),
)  # fmt: skip
