"""What torch documents is the meaning: each definition gives torch's value on a grid of arguments.

The oracle is torch itself. The grid has ordinary, large, small and infinite arguments, zeros, ties
and every option; the definition is computed in balls, or in floats where an argument is infinite.
"""

import inspect
import itertools
import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import flint
import numpy as np
import pytest
import torch

from gradcalc.balls.numbers import Decisions
from gradcalc.derive.recorder import Recorder, RecordingBackend
from gradcalc.errors import GradcalcError, Span
from gradcalc.lang.program import Budget
from gradcalc.primitives import BY_NAME, PRIMITIVES, Composite, Elementwise, Primitive
from gradcalc.witnesses.autograd import TorchBackend, to_numpy
from tests.command import Run
from tests.elements import Calculus, ElementBackend, Graph
from tests.trust_cases import report

INF = math.inf
NEEDED = inspect.Parameter.empty
EPSILON = float(np.finfo(float).eps)
SPAN = Span(1, 1, 1, 1)
BITS = 4000
"""Enough for what is left of 1e300 when 1e-300 has been added to it."""

ONE = (
    0.0, -0.0, 0.7, -1.3, 2.5, 0.5, 1.5, -0.5, 1.0, -1.0, 2.0, 3.0, -2.0, 6.0, 19.5, 20.0, 20.5,
    -20.5, 40.0, -40.0, 90.0, 800.0, -800.0, 1e-9, -1e-9, 1e-5, 1e-300, -1e-300, 5e-324, 1e10,
    -1e10, 1e17, 1e155, 1e300, -1e300, INF, -INF,
)  # fmt: skip
TWO = (
    0.0, 0.7, -1.3, 2.0, 3.0, 0.5, -1.0, 1e-9, -1e-300, 30.0, -800.0, 800.0, 1e10, -1e300, INF, -INF
)  # fmt: skip
THREE = (0.0, 0.7, -1.3, 2.0, 1e-9, 1e300, INF, -INF)

OPTIONS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "softplus": ({}, {"beta": 3.0, "threshold": 0.2}, {"beta": -2.0}, {"threshold": -1.0}),
    "gelu": ({}, {"approximate": "tanh"}),
    "leaky_relu": ({}, {"negative_slope": -0.5}, {"negative_slope": 2.0}),
    "elu": ({}, {"alpha": 2.0}, {"alpha": -1.0}),
    "celu": ({}, {"alpha": 2.0}, {"alpha": -1.0}),
    "hardtanh": ({}, {"min_val": -2.0, "max_val": 3.0}, {"min_val": 0.0, "max_val": 0.0}),
    "polygamma": ({"n": 2}, {"n": 3}),
    "mvlgamma": ({"p": 1}, {"p": 3}),
    "gammainc": ({"a": 2.5}, {"a": 0.5}),
    "gammaincc": ({"a": 2.5}, {"a": 0.5}),
    "zeta": ({"x": 2.5}, {"x": 2.0}),
    **dict.fromkeys(("besselj", "bessely", "besselk", "besseli"), ({"v": 2}, {"v": 1.5})),
    "expn": ({"n": 1}, {"n": 3}),
    "hyp0f1": ({"v": 1.5},),
    "hyp1f1": ({"a": 0.5, "b": 1.5},),
    "hyp2f1": ({"a": 0.5, "b": 1.5, "c": 2.5},),
    "betainc": ({"a": 2.5, "b": 0.75},),
    "stdtr": ({"df": 3}, {"df": 2.5}),
    "threshold": ({"threshold": 0.5, "value": 2.0}, {"threshold": -1.0, "value": -3.0}),
    "hardshrink": ({}, {"lambd": 2.0}),
    "softshrink": ({}, {"lambd": 2.0}),
    "clamp": ({}, {"min": None}, {"max": None}),
}

REASONS: Mapping[str, str] = {
    "floordiv": "a quotient by infinity, and a whole quotient, which no precision decides",
    "mod": "a quotient by infinity, and a whole quotient, which no precision decides",
    "ldexp": "0 times a power that is beyond the range of floats",
    "erfcinv": "half of the least number, which is 0 to floats",
    "signbit": "a negative zero",
    "polygamma": "infinity, of which torch makes NaN",
    "zeta": "infinity, of which torch makes NaN",
    "mvlgamma": "places beside a pole: torch subtracts the halves before it takes the logarithms",
    "beta": "a difference of large logarithms",
    "log_ndtr": "numbers so far out that the balls around them are wide",
    "gammainc": "the power of a number with few digits",
    **dict.fromkeys(
        ("airyai", "airyaiprime", "airybi", "airybiprime", "fresnels", "fresnelc"),
        "numbers so far out that scipy has none there",
    ),
    "besseli": "the least number, of which scipy makes NaN",
    "cosint": "minus infinity, of which scipy makes NaN",
    "spence": "the end of its domain, where the definition has no ball",
    "hardswish": "infinity times 0",
    "squareplus": "a difference of infinities",
    "fmod": "a quotient by infinity, and a whole quotient, which no precision decides",
}
"""Rows with arguments of which the definition does not say what torch does."""


class Case(NamedTuple):
    """A call of a row."""

    row: Primitive
    arguments: dict[str, Any]

    @property
    def operands(self) -> dict[str, Any]:
        """The arguments that are tensors."""
        return {n: v for n, v in self.arguments.items() if isinstance(v, np.ndarray)}

    @property
    def text(self) -> str:
        shown = (
            f"{n}={v.tolist() if isinstance(v, np.ndarray) else v!r}"
            for n, v in self.arguments.items()
        )
        return f"{self.row.name}({', '.join(shown)})"


def elementwise(row: Elementwise) -> Iterator[Case]:
    """The grid of an elementwise row."""
    for options in OPTIONS.get(row.name, ({},)):
        defaults = {n: p.default for n, p in row.signature.parameters.items()}
        names = [n for n in defaults if n not in row.static and n not in options]
        grid = {1: ONE, 2: TWO}.get(len(names), THREE)
        for values in itertools.product(grid, repeat=len(names)):
            given = {n: np.array(v) for n, v in zip(names, values, strict=True)}
            yield Case(row, {n: {**options, **given}.get(n, defaults[n]) for n in defaults})


VECTORS: Mapping[str, Any] = {
    "plain": [0.5, -1.5, 2.0],
    "zeros": [0.0, 0.0, 0.0],
    "tie": [1.0, 1.0, -1.0],
    "large": [800.0, -800.0, 799.0],
    "small": [1e-9, -1e-12, 1e-10],
    "single": [2.0],
    "masked": [0.5, -INF, 1.0],
    "matrix": [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]],
    "row of zeros": [[0.0, 0.0, 0.0], [3.0, 0.25, -1.25]],
    "cube": [[[0.5, 1.0], [-1.0, 2.0]], [[0.0, 3.0], [-0.25, 1e-9]]],
}
CHANCES = [0.0, 1.0, 0.5, 0.3, 1e-10, 1e-43, 1e-44, 1e-50, 1e-300, 5e-324, 1 - 1e-16]
MATRICES = (
    [[2.0, -1.0], [0.5, 1.5]], [[1.0, 2.0], [2.0, 4.0]], [[-1.0, 0.0], [0.0, 1.0]],
    [[1e-120, 0.0], [0.0, 1e-120]], [[1e120, 0.0], [0.0, 1e120]],
)  # fmt: skip
REDUCTIONS = tuple({"reduction": word} for word in ("mean", "sum", "none"))
DIMS: tuple[dict[str, Any], ...] = (
    {}, {"dim": 0}, {"dim": -1, "keepdim": True}, {"dim": (0, 1), "keepdim": True},
)  # fmt: skip
DIVISORS = (*({"correction": n} for n in (0, 1, 2, 3, 5)), {"unbiased": False})
ORDERS = tuple({"p": p} for p in (1, 2, 0, 0.5, 2.5, 3, INF, -INF, -1, "fro"))


def joined(*tables: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    """Every choice of one row from each table."""
    return tuple({k: v for row in rows for k, v in row.items()} for rows in product(*tables))


product = itertools.product

FUSED: Mapping[str, tuple[tuple[dict[str, Any], ...], tuple[float, ...]]] = {
    # options, and what the second operand is filled with
    "mean": (DIMS, ()),
    "var": (joined(DIMS, DIVISORS), ()),
    "std": (joined(DIMS, DIVISORS), ()),
    "norm": (joined(DIMS, ORDERS), ()),
    "logsumexp": (DIMS, ()),
    "softmax": (({}, {"dim": 0}), ()),
    "log_softmax": (({}, {"dim": 0}), ()),
    "softmin": (({}, {"dim": 0}), ()),
    "normalize": (
        joined(({"dim": 0}, {"dim": 1}), ORDERS[:2] + ORDERS[5:7], ({}, {"eps": 0.5})), (),
    ),
    "cosine_similarity": (
        joined(({"dim": 0}, {"dim": 1}), ({}, {"eps": 0.5})), (0.5, 0.0, 1e-9),
    ),
    "layer_norm": (({}, {"eps": 0.1}), ()),
    "mse_loss": (REDUCTIONS, (0.5, 0.0, -3.0)),
    "l1_loss": (REDUCTIONS, (0.5, 0.0, -3.0)),
    "huber_loss": (joined(REDUCTIONS, ({}, {"delta": 0.5}, {"delta": 3.0})), (0.5, 0.0, -3.0)),
    "smooth_l1_loss": (
        joined(REDUCTIONS, ({}, {"beta": 0.5}, {"beta": 3.0}, {"beta": 0})), (0.5, 0.0, -3.0),
    ),
    "binary_cross_entropy": (REDUCTIONS, (0.0, 1.0, 0.5, 2.0)),
    "binary_cross_entropy_with_logits": (REDUCTIONS, (0.0, 1.0, 0.5, 2.0)),
    "cross_entropy": (REDUCTIONS, (0.0, 1.0, 0.5)),
    "hinge_embedding_loss": (joined(REDUCTIONS, ({}, {"margin": 2.5})), (1.0, -1.0, 0.5)),
    "cosine_embedding_loss": (joined(REDUCTIONS, ({}, {"margin": 0.25})), (1.0, -1.0, 0.5)),
    "logdet": (({},), ()),
}  # fmt: skip

UNLIKE: Mapping[str, str] = {
    "binary_cross_entropy_with_logits masked": "torch multiplies -inf by the 0 in front of it",
    "softmin masked": "an infinity over an infinity: torch makes all elements NaN",
    "norm zeros": "a negative power of 0 has no value, and torch's infinity comes back as 0",
    "norm row of zeros": "the same",
    "norm cube": "the same",
    **dict.fromkeys(
        (
            "margin_ranking_loss masked",
            "triplet_margin_loss masked",
            "cosine_embedding_loss masked",
        ),
        "an infinity less an infinity: what is not a number is nothing beside 0",
    ),
    "soft_margin_loss large": "torch's exponential overflows where its logarithm does not",
}
"""Where torch has a value and the definition none, or the other way round."""


def of_samples(row: Composite) -> tuple[tuple[dict[str, Any], ...], tuple[float, ...]]:
    """The options that a row's own samples have, and fillings for a second operand."""
    found = [sample[-1] if isinstance(sample[-1], dict) else {} for sample in row.samples]
    found = [{k: v for k, v in g.items() if k not in row.tensors} for g in found]
    options = tuple({repr(given): given for given in found}.values())
    return options, (0.5, 0.0, 2.0) if len(needed(row)) > 1 else ()


def needed(row: Composite) -> list[str]:
    """The tensors that a row does not go without."""
    return [
        n for n in row.tensors if row.signature.parameters[n].default is inspect.Parameter.empty
    ]


def shape_of(row: Composite, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a further operand: of classes there is one for each row."""
    if row.name == "nll_loss":
        return shape[:1] + shape[2:] if len(shape) > 1 else ()
    fewer = row.name in ("multi_margin_loss", "cosine_embedding_loss") and name == "target"
    return shape[:-1] if fewer else shape


def sampled(row: Composite, sample: tuple[Any, ...]) -> Case:
    """A row at one of its samples, for what takes several tensors that must fit each other."""
    named = sample[-1] if isinstance(sample[-1], dict) else {}
    bound = row.signature.bind(*sample[: len(sample) - bool(named)], **named)
    bound.apply_defaults()
    return Case(row, {
        n: np.array(v, float) if n in row.tensors and v is not None else v
        for n, v in bound.arguments.items()
    })  # fmt: skip


def composite(row: Composite) -> Iterator[tuple[str, Case]]:
    """The grid of a composite row, each case with the name of its vector."""
    required = [n for n in row.tensors if row.signature.parameters[n].default is NEEDED]
    if len(required) > 2:
        yield from (
            (f"sample {k}", one) for k, one in enumerate(map(partial(sampled, row), row.samples))
        )
        return
    options, fillings = FUSED.get(row.name) or of_samples(row)
    vectors: dict[str, Any] = dict(VECTORS)
    if row.name == "binary_cross_entropy":
        vectors = {"chances": CHANCES, **{str(p): [p] for p in CHANCES}}
    elif row.name == "logdet":
        vectors = {str(m): m for m in MATRICES}
    defaults = {n: p.default for n, p in row.signature.parameters.items()}
    if row.tensors[0] in row.whole:
        # rows by their numbers have no value elsewhere
        for number, sample in enumerate(row.samples):
            named = sample[-1] if isinstance(sample[-1], dict) else {}
            given = row.signature.bind(*sample[: len(sample) - bool(named)], **named).arguments
            tensors = {n: np.array(v) for n, v in given.items() if n in row.tensors}
            yield str(number), Case(row, defaults | given | tensors)
        return
    for (title, vector), option in itertools.product(vectors.items(), options):
        first = np.array(vector)
        for filling in fillings or (None,):
            given = {row.tensors[0]: first}
            for name in needed(row)[1:]:
                filled = 0.0 if name in row.whole and not row.unlike else filling
                given[name] = np.full(shape_of(row, name, first.shape), filled)
            yield title, Case(row, defaults | option | given)


def torch_value(case: Case) -> Any:
    """What torch gives, None where it refuses."""
    backend = TorchBackend(torch.float64, torch.device("cpu"))
    lifted = {n: backend.constant(v) for n, v in case.operands.items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return to_numpy(backend.apply(case.row, {**case.arguments, **lifted}, SPAN))
    except (GradcalcError, RuntimeError, IndexError, ValueError):
        return None


def defined_value(case: Case) -> tuple[Any, Any]:
    """What the definition gives, and how much of it the rounding of floats may take."""
    if not all(np.isfinite(value).all() for value in case.operands.values()):
        recorder = Recorder("float64")
        recording = RecordingBackend(recorder, Budget(10**6, None))
        lifted = {n: recording.constant(v) for n, v in case.operands.items()}
        with np.errstate(all="ignore"):
            value = recording.apply(case.row, {**case.arguments, **lifted}, SPAN).value
        return value, 64 * EPSILON * np.abs(value)
    with flint.ctx.workprec(BITS):
        graph = Graph(Calculus(Decisions(forced=True)), 100_000)
        backend = ElementBackend(graph, Budget(10**6, None), "float64")
        lifted = {n: backend.constant(v) for n, v in case.operands.items()}
        with np.errstate(all="ignore"):
            nodes = backend.apply(case.row, {**case.arguments, **lifted}, SPAN)
        balls = [node.value for node in np.ravel(nodes)]
        value = np.array([float(b) if b.is_finite() else np.nan for b in balls])
    sizes = [1e-290, *(np.max(np.abs(v), initial=0) for v in case.operands.values())]
    room = 64 * EPSILON * (np.abs(value) + max(sizes))
    return value.reshape(np.shape(nodes)), room.reshape(np.shape(nodes))


def differs(case: Case) -> str | None:
    """In what the definition's value is not torch's."""
    given = torch_value(case)
    if given is None:
        return None
    true, room = defined_value(case)
    if np.shape(true) != np.shape(given):
        return f"{case.text}: torch has shape {np.shape(given)}, the definition {np.shape(true)}"
    with np.errstate(all="ignore"):
        same = (np.abs(given - true) <= room) | (given == true)
    # what is not a number in exact arithmetic is an infinity or a NaN of floats
    same |= ~np.isfinite(given) & ~np.isfinite(true)
    return None if np.all(same) else f"{case.text}: torch {given}, the definition {true}"


ELEMENTWISE = [row for row in PRIMITIVES if isinstance(row, Elementwise)]
COMPOSITES = [row for row in PRIMITIVES if isinstance(row, Composite)]


@pytest.mark.parametrize("row", ELEMENTWISE, ids=[row.name for row in ELEMENTWISE])
def test_an_elementwise_row_means_what_torch_does(row: Elementwise) -> None:
    found = [text for text in map(differs, elementwise(row)) if text]
    if row.name in REASONS:
        assert found
    else:
        assert not found, "\n".join(found[:9])


@pytest.mark.parametrize("row", COMPOSITES, ids=[row.name for row in COMPOSITES])
def test_a_composite_row_means_what_torch_does(row: Composite) -> None:
    found = {(title, differs(case)) for title, case in composite(row)}
    texts = [text for title, text in found if text and f"{row.name} {title}" not in UNLIKE]
    assert not texts, "\n".join(texts[:9])


def test_every_composite_row_has_a_grid() -> None:
    assert FUSED.keys() <= {row.name for row in COMPOSITES}
    assert all(next(composite(row), None) for row in COMPOSITES)


PLANTED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("softplus", {"define": lambda s, x, beta=1.0, threshold=20.0: s.log(1 + s.exp(beta * x))}),
    ("elu", {"define": lambda s, x, alpha=1.0: s.Piecewise((x, x > 0), (s.exp(x) - 1, True))}),
    ("gelu", {"define": lambda s, x, approximate="none": x * (1 + s.erf(x / s.sqrt(2))) / 2}),
    ("hardtanh", {"define": lambda s, x, min_val=-1.0, max_val=1.0: s.Min(s.Max(x, -1), 1)}),
    ("round", {"define": lambda s, x: s.floor(x + s.Rational(1, 2))}),
    ("clamp", {"define": lambda s, x, min=None, max=None: s.Max(s.Min(x, max or x), min or x)}),
    ("sinc", {"define": lambda s, x: s.sin(x) / x}),
)  # fmt: skip


@pytest.mark.parametrize(("name", "wrong"), PLANTED, ids=[name for name, _ in PLANTED])
def test_a_definition_that_means_something_else_is_noticed(name: str, wrong: Any) -> None:
    row = BY_NAME[name]
    assert isinstance(row, Elementwise)
    planted = replace(row, usual=None, **wrong)
    found = False
    for case in elementwise(row):
        try:
            found = differs(Case(planted, case.arguments)) is not None
        except Exception:
            found = True
        if found:
            break
    assert found


CUT: tuple[tuple[str, str, str], ...] = (
    ("smooth_l1_loss", "if beta == 0", "if beta == -1"),
    ("smooth_l1_loss", "/beta", ""),
    ("binary_cross_entropy", "exp(-100)", "exp(-200)"),
    ("var", "count if count > 0 else 0", "count"),
    ("huber_loss", "limited/2", "limited/3"),
    ("cosine_similarity", "maximum(norm(x1, 2, dim), eps)", "norm(x1, 2, dim)"),
    ("normalize", "maximum(norm(x, p, dim, True), eps)", "norm(x, p, dim, True)"),
    ("cross_entropy", "else 1", "else -1"),
    ("nll_loss", "else 1", "else -1"),
    ("multi_margin_loss", "/classes", ""),
    ("gaussian_nll_loss", "eps - detach(var)", "0"),
    ("hinge_embedding_loss", "target != -1", "target != 1"),
    ("triplet_margin_loss", "negative + eps", "negative"),
    ("pairwise_distance", " + eps", ""),
    ("layer_norm", "False, True) + eps", "True, True) + eps"),
)


@pytest.mark.parametrize(("name", "old", "new"), CUT, ids=[f"{c[0]} {c[1]}" for c in CUT])
def test_a_definition_with_a_part_left_out_is_noticed(name: str, old: str, new: str) -> None:
    row = BY_NAME[name]
    assert isinstance(row, Composite)
    assert old in row.definition
    planted = replace(row, definition=row.definition.replace(old, new))
    cases = (case for title, case in composite(row) if f"{name} {title}" not in UNLIKE)
    assert any(differs(Case(planted, case.arguments)) for case in cases)


VERDICTS: tuple[tuple[str, str, dict[str, Any], str, Any, Any], ...] = (
    # name, program, inputs, outcome, value, gradient by x
    ("softplus beyond", "softplus(x)", {"x": 25.0}, "verified", 25.0, 1.0),
    ("softplus below", "softplus(x)", {"x": 19.0}, "verified", 19.000000005602796, None),
    ("softplus soon", "softplus(x, beta=3, threshold=0.2)", {"x": 0.1}, "verified", 0.1, 1.0),
    ("softplus at it", "softplus(x)", {"x": 20.0}, "jump", 20.00000000206115, 0.9999999979388463),
    ("no beta", "smooth_l1_loss(x, y, beta=0)", {"x": 2.0, "y": 0.5}, "verified", 1.5, 1.0),
    ("no beta, kink", "smooth_l1_loss(x, y, beta=0)", {"x": 2.0, "y": 2.0}, "kink", 0.0, 0.0),
    ("entropy of 0", "binary_cross_entropy(x, y)", {"x": 0.0, "y": 1.0}, "edge", 100.0, None),
    ("entropy of less", "binary_cross_entropy(x, y)", {"x": 1e-50, "y": 1.0}, "wrong", 100.0, None),
    ("entropy", "binary_cross_entropy(x, y)", {"x": 0.25, "y": 1.0}, "verified", None, -4.0),
    ("too few", "var(x, correction=5)", {"x": [0.5, 2.0]}, "edge", INF, None),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "inputs", "outcome", "value", "gradient"),
    [case[1:] for case in VERDICTS],
    ids=[case[0] for case in VERDICTS],
)
def test_the_verdict_is_about_what_is_documented(
    text: str, inputs: dict[str, Any], outcome: str, value: Any, gradient: Any
) -> None:
    answer = report(text, **inputs)
    assert answer.verdict.outcome == outcome, answer.verdict.message
    if value is not None:
        assert answer.value == pytest.approx(value, rel=1e-14)
    if gradient is not None:
        assert answer.gradients[0].best == pytest.approx(gradient, rel=1e-14)
    assert "value" not in {finding.kind for finding in answer.findings}


def test_the_formula_is_that_of_the_usual_case_where_all_elements_are_in_it(
    run: Run, tmp_path: Path
) -> None:
    points = ("3,4", "3,25", "25,26", "5,6")
    requests = [f'{{"program": "sum(softplus(x))", "inputs": {{"x": "{x}"}}}}' for x in points]
    path = tmp_path / "points.jsonl"
    path.write_text("\n".join(requests))
    done = run("batch", str(path), "--workers", "1")
    formulas = [line.split('"closed_form":"')[1].split('"')[0] for line in done.out.splitlines()]
    cases = "where(x > 20, 1, sigmoid(x))"
    assert formulas == ["sigmoid(x)", cases, cases, "sigmoid(x)"]
    assert done.out.count('"outcome":"verified"') == len(points)


def test_the_command_verifies_the_documented_softplus(run: Run) -> None:
    done = run("grad", "softplus(x, beta=3, threshold=0.2)", "--x", "0.05,0.1")
    assert done.code == 0
    assert "verdict\tverified" in done.out
    done = run("grad", "softplus(x)", "--x", "20")
    assert done.code == 3
    assert "discontinuous here (softplus at 20)" in done.out
