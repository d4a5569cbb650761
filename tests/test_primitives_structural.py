"""Each structural row at its samples: torch against the array side, values and gradients; and
each composite's fused function against its definition."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
import torch

from gradcalc.derive.recorder import Recorder
from gradcalc.errors import GradcalcError, InvalidValueError, ShapeError
from gradcalc.primitives import BY_NAME, PRIMITIVES, Composite, Elementwise, Structural
from gradcalc.primitives.reductions import Extremes
from gradcalc.primitives.row import held_of
from tests.array_side import ARRAYS

ROWS = [row for row in PRIMITIVES if isinstance(row, Structural)]
CASES = [(row, sample) for row in ROWS for sample in row.samples]
IDS = [f"{row.name}-{k}" for row in ROWS for k in range(len(row.samples))]
COMPOSITES = [row for row in PRIMITIVES if isinstance(row, Composite)]
INTEGER = {"argmax", "argmin", "argsort", "one_hot", "matrix_rank"}


def call(name: str, *elements: Any) -> Any:
    """Primitives of elements, for elements that are plain numbers."""
    row = BY_NAME[name]
    assert isinstance(row, Elementwise)
    assert row.numbers is not None
    return row.numbers(*elements)


def bound(row: Any, sample: tuple[Any, ...]) -> dict[str, Any]:
    named = sample[-1] if isinstance(sample[-1], dict) else {}
    arguments = row.signature.bind(*sample[: len(sample) - bool(named)], **named)
    return dict(arguments.arguments)


def mapped(
    row: Any, given: dict[str, Any], make: Callable[[Any], Any], hold: Callable[[Any], Any]
) -> dict[str, Any]:
    """The arguments, their tensors made by `make`, those that are data by `hold`."""
    lists = getattr(row, "lists", ())
    data, fixed = held_of(row, lambda name: np.shape(given[name]))

    def made(name: str, value: Any) -> Any:
        if name in lists:
            return [make(v) for v in value]
        if name not in row.tensors or value is None:
            return value
        return hold(value) if name in (*data, *fixed) else make(value)

    return {name: made(name, value) for name, value in given.items()}


def first(result: Any) -> Any:
    """The values, of a result that has positions too; of several tensors all elements in a row."""
    if isinstance(result, Extremes):
        return result.values
    if not isinstance(result, tuple):
        return result
    join = torch.cat if isinstance(result[0], torch.Tensor) else np.concatenate
    return join([part.reshape(-1) for part in result])


def held(value: Any) -> Any:
    return torch.tensor(value, dtype=torch.float64)


def leaf(value: Any) -> Any:
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def direction(shape: tuple[int, ...]) -> Any:
    """Numbers without a pattern, the same every time."""
    count = math.prod(shape)
    return np.cos(1.0 + 2.0 * np.arange(count)).reshape(shape)


def precise(values: Any, step: Any = 0) -> Any:
    """Elements of 50 digits, moved by a step along the direction."""
    floats = np.asarray(values, dtype=float)
    array = np.empty(floats.shape, dtype=object)
    along = direction(floats.shape)
    for place in np.ndindex(floats.shape):
        array[place] = mpmath.mpf(floats[place]) + step * mpmath.mpf(along[place])
    return array


def weighed(values: Any) -> Any:
    """One number made of all, each with a weight of its own."""
    weights = 1 + np.arange(values.size) / 8
    return sum(w * v for w, v in zip(weights.tolist(), values.ravel().tolist(), strict=True))


def agrees(row: Structural, function: Callable[..., Any], sample: tuple[Any, ...]) -> bool:
    """Whether a torch function has the values and the slope of the row's array side."""
    given = bound(row, sample)
    leaves: list[Any] = []

    def make(value: Any) -> Any:
        leaves.append(leaf(value))
        return leaves[-1]

    result = function(torch, **mapped(row, given, make, held))
    found = first(result)
    with mpmath.workdps(50):
        truth = ARRAYS[row.name](call, **mapped(row, given, precise, precise))
        values = first(truth)
        assert isinstance(values, np.ndarray)
        if tuple(found.shape) != values.shape:
            return False
        if isinstance(truth, Extremes) and not np.array_equal(truth.indices, result.indices):
            return False
        if not np.allclose(found.detach().numpy(), values.astype(float), rtol=1e-11, atol=1e-13):
            return False
        if row.name in INTEGER:
            return True
        h = mpmath.mpf("1e-15")
        side = ARRAYS[row.name]
        ahead = weighed(first(side(call, **mapped(row, given, lambda v: precise(v, h), precise))))
        behind = weighed(first(side(call, **mapped(row, given, lambda v: precise(v, -h), precise))))
        difference = float((ahead - behind) / (2 * h))
    slope = 0.0
    if found.requires_grad:
        total = weighed_tensor(found)
        slopes = torch.autograd.grad(total, leaves, allow_unused=True)
        slope = sum(
            float((g * torch.tensor(direction(tuple(g.shape)))).sum())
            for g in slopes
            if g is not None
        )
    return abs(slope - difference) <= 1e-10 * (1 + abs(difference))


def weighed_tensor(values: Any) -> Any:
    return (values.reshape(-1) * (1 + torch.arange(values.numel()).double() / 8)).sum()


@pytest.mark.parametrize(("row", "sample"), CASES, ids=IDS)
def test_torch_agrees_with_the_array_side(row: Structural, sample: tuple[Any, ...]) -> None:
    assert agrees(row, row.torch, sample)


@pytest.mark.parametrize(("row", "sample"), CASES, ids=IDS)
def test_the_array_side_runs_on_floats(row: Structural, sample: tuple[Any, ...]) -> None:
    given = bound(row, sample)
    result = ARRAYS[row.name](
        call, **mapped(row, given, *[lambda v: np.asarray(v, dtype=float)] * 2)
    )
    found = row.torch(torch, **mapped(row, given, leaf, held))
    assert isinstance(first(result), np.ndarray)
    values = first(result).astype(float)
    assert np.allclose(values, first(found).detach().numpy(), rtol=1e-11, atol=1e-13)


PLANTED: dict[str, Callable[[Any], Any]] = {
    "shifted": lambda values: values + 1e-6,
    "wrong slope": lambda values: values + 1e-6 * (values - values.detach()),
    "wrong shape": lambda values: values.unsqueeze(0),
}
SLOPELESS = INTEGER | {"zeros_like", "ones_like", "full_like", "one_hot"}


@pytest.mark.parametrize("bug", PLANTED)
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_the_comparison_can_fail(row: Structural, bug: str) -> None:
    def planted(t: Any, **given: Any) -> Any:
        result = row.torch(t, **given)
        wrong = PLANTED[bug](first(result))
        return Extremes(wrong, result.indices) if isinstance(result, Extremes) else wrong

    caught = [not agrees(row, planted, sample) for sample in row.samples]
    assert any(caught) == (bug != "wrong slope" or row.name not in SLOPELESS)


WIDE = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
VECTOR = [1.0, 2.0, 3.0]
MISFITS = [
    ("matmul", (WIDE, WIDE), {}, "(2, 3) and (2, 3)"),
    ("matmul", (2.0, VECTOR), {}, "() and (3,)"),
    ("matmul", ([WIDE, WIDE], [[[1.0], [1.0], [1.0]]] * 3), {}, "batches differ"),
    ("dot", (VECTOR, [1.0, 2.0]), {}, "dot of shapes (3,) and (2,)"),
    ("dot", ([WIDE], VECTOR), {}, "(1, 2, 3) and (3,)"),
    ("outer", (WIDE, VECTOR), {}, "outer needs vectors, not shape (2, 3)"),
    ("trace", (VECTOR,), {}, "trace needs a matrix"),
    ("det", (WIDE,), {}, "det needs a square matrix, not shape (2, 3)"),
    ("inv", (VECTOR,), {}, "inv needs a square matrix"),
    ("solve", ([[1.0, 0.0], [0.0, 1.0]], VECTOR), {}, "(2, 2) and (3,)"),
    ("stack", ([VECTOR, [1.0]],), {}, "(3,) and (1,)"),
    ("stack", ([],), {}, "at least one"),
    ("concat", ([WIDE, [[1.0]]],), {}, "(2, 3) and (1, 1)"),
    ("concat", ([1.0, 2.0],), {}, "concat of scalars"),
    ("reshape", (WIDE,), {"shape": (4, -1)}, "(2, 3), 6 elements, to (4, -1)"),
    ("reshape", (WIDE,), {"shape": (-1, -1)}, "to (-1, -1)"),
    ("reshape", (WIDE,), {"shape": 5}, "to (5,)"),
    ("flatten", (WIDE,), {"start_dim": 1, "end_dim": 0}, "wrong way round"),
    ("transpose", (WIDE,), {"dim0": 0, "dim1": 2}, "dimension 2 is out of range"),
    ("permute", (WIDE,), {"dims": (0,)}, "names 1 dimensions"),
    ("permute", (WIDE,), {"dims": (0, 0)}, "named twice"),
    ("broadcast_to", (VECTOR,), {"shape": (3, 2)}, "(3,) cannot be broadcast to (3, 2)"),
    ("broadcast_to", (WIDE,), {"shape": (3,)}, "(2, 3) cannot be broadcast to (3,)"),
    ("sum", (VECTOR,), {"dim": 1}, "dimension 1 is out of range for shape (3,)"),
    ("amax", ([],), {}, "amax of a tensor without elements"),
    ("max", (WIDE,), {"dim": (0, 1)}, "one dimension is needed"),
    ("argmax", ([],), {}, "argmax of a tensor without elements"),
    ("tril", (VECTOR,), {}, "tril needs a matrix"),
    ("diag", ([WIDE],), {}, "diag needs a vector or a matrix"),
    ("index", (VECTOR,), {"key": (1.5,)}, "1.5 is no index"),
    ("index", (VECTOR,), {"key": (True,)}, "True is no index"),
]


@pytest.mark.parametrize(
    ("name", "operands", "named", "message"), MISFITS, ids=[f"{m[0]}-{m[3]}" for m in MISFITS]
)
def test_misfits_are_the_same_error_on_both_sides(
    name: str, operands: tuple[Any, ...], named: dict[str, Any], message: str
) -> None:
    row = BY_NAME[name]
    assert isinstance(row, Structural)
    given = bound(row, (*operands, named) if named else operands)
    errors: list[GradcalcError] = []
    f = Recorder("float64")
    for run in (
        lambda: row.form(f, **mapped(row, given, *[lambda v: f.literal(np.asarray(v, float))] * 2)),
        lambda: row.torch(torch, **mapped(row, given, leaf, held)),
    ):
        with pytest.raises(ShapeError) as caught:
            run()
        errors.append(caught.value)
    assert message in errors[0].message
    assert errors[0].message == errors[1].message


@pytest.mark.parametrize("name", ["inv", "solve"])
def test_a_singular_matrix_is_called_that(name: str) -> None:
    row = BY_NAME[name]
    assert isinstance(row, Structural)
    singular = [[1.0, 2.0], [2.0, 4.0]]
    given = {"x": singular} if name == "inv" else {"a": singular, "b": [1.0, 2.0]}
    with pytest.raises(InvalidValueError, match=f"{name}: the matrix is singular"):
        row.torch(torch, **mapped(row, given, leaf, held))


def symbols(rows: int, columns: int) -> Any:
    array = np.empty((rows, columns), dtype=object)
    for i, j in np.ndindex(rows, columns):
        array[i, j] = sympy.Symbol(f"a{i}{j}", real=True)
    return array


def test_a_determinant_of_symbols_is_short() -> None:
    a = symbols(2, 2)
    assert ARRAYS["det"](call, a)[()] == a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_determinants_of_symbols_are_right(size: int) -> None:
    a = symbols(size, size)
    found = ARRAYS["det"](call, a)[()]
    assert sympy.expand(found - sympy.Matrix(a).det(method="berkowitz")) == 0


@pytest.mark.parametrize("size", [3, 5, 9])
def test_the_determinant_of_a_singular_matrix_is_smooth(size: int) -> None:
    """Its gradient is the adjugate, transposed: not 0, as torch has it."""
    rows = [[float(size * i + j + 1 + (i * j) % 3) for j in range(size)] for i in range(size)]
    rows[-1] = rows[0]
    matrix = precise(rows)
    with mpmath.workdps(50):
        assert abs(ARRAYS["det"](call, matrix)[()]) < mpmath.mpf("1e-30")


@pytest.mark.parametrize("name", ["sum", "matmul", "amax", "index", "stack", "max", "trace"])
def test_results_without_dimensions_stay_arrays(name: str) -> None:
    row = BY_NAME[name]
    assert isinstance(row, Structural)
    arguments: dict[str, Any] = {
        "matmul": {"x": VECTOR, "y": VECTOR},
        "index": {"x": VECTOR, "key": (1,)},
        "stack": {"tensors": [1.0]},
        "trace": {"x": WIDE},
    }.get(name, {"x": VECTOR})
    result = ARRAYS[row.name](call, **mapped(row, arguments, precise, precise))
    assert isinstance(result, np.ndarray)
    assert result.dtype == object


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_positions_need_a_truth_value(name: str) -> None:
    row = BY_NAME[name]
    assert isinstance(row, Structural)
    with pytest.raises(TypeError, match="no truth value"):
        ARRAYS[row.name](lambda *_: object(), precise(VECTOR))


def lifted(row: Any) -> Callable[..., Any]:
    """A row's torch side as a function of tensors and numbers, as a definition calls it."""

    def function(*args: Any, **named: Any) -> Any:
        given = row.signature.bind(*args, **named).arguments
        if isinstance(row, Elementwise) and not row.operator:
            given = {
                name: torch.tensor(value, dtype=torch.float64)
                if isinstance(value, int | float) and name not in row.static
                else value
                for name, value in given.items()
            }
        return row.torch(torch, **given)

    return function


def defined(row: Composite) -> Callable[..., Any]:
    """The definition, run by Python on torch tensors."""
    names: dict[str, Any] = {name: lifted(other) for name, other in BY_NAME.items()}
    names |= {"inf": math.inf, "pi": math.pi, "detach": torch.detach}
    names |= {"all": torch.all, "any": torch.any, "tensor": held}
    names |= {"arange": partial(torch.arange, dtype=torch.float64)}
    # The text is a row's own, not a user's.
    exec(row.definition, names)
    return names[row.name]  # type: ignore[no-any-return]


def same(row: Composite, function: Callable[..., Any], sample: tuple[Any, ...]) -> bool:
    """Whether a fused function has the values and the gradient of the definition."""
    answers = []
    for run in (partial(function, torch), defined(row)):
        leaves: list[Any] = []

        def make(value: Any, leaves: list[Any] = leaves) -> Any:
            leaves.append(leaf(value))
            return leaves[-1]

        result = run(**mapped(row, bound(row, sample), make, held))
        slopes = [torch.zeros_like(value) for value in leaves]
        if result.requires_grad:
            slopes = list(
                torch.autograd.grad(weighed_tensor(result), leaves, materialize_grads=True)
            )
        answers.append([result.detach().double(), *slopes])
    pairs = list(zip(*answers, strict=False))
    return all(
        one.shape == other.shape and torch.allclose(one, other, rtol=1e-12, atol=1e-14)
        for one, other in pairs
    )


@pytest.mark.parametrize(
    ("row", "sample"),
    [(row, sample) for row in COMPOSITES for sample in row.samples],
    ids=[f"{row.name}-{k}" for row in COMPOSITES for k in range(len(row.samples))],
)
def test_the_fused_function_agrees_with_the_definition(
    row: Composite, sample: tuple[Any, ...]
) -> None:
    assert same(row, row.torch, sample)


@pytest.mark.parametrize("bug", PLANTED)
@pytest.mark.parametrize("row", COMPOSITES, ids=[row.name for row in COMPOSITES])
def test_the_comparison_of_composites_can_fail(row: Composite, bug: str) -> None:
    planted = lambda t, **given: PLANTED[bug](row.torch(t, **given))
    assert not all(same(row, planted, sample) for sample in row.samples)


def test_layer_norm_takes_weight_and_bias() -> None:
    row = BY_NAME["layer_norm"]
    assert isinstance(row, Composite)
    assert same(row, row.torch, (WIDE, {"weight": [0.5, 1.5, 2.0], "bias": VECTOR}))
