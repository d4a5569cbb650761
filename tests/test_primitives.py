"""The rows as data: names, docs, signatures, and what importing them costs."""

import ast
import inspect
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from gradcalc.primitives import BY_NAME, PRIMITIVES, Composite, Elementwise, Structural

ELEMENTWISE = [row for row in PRIMITIVES if isinstance(row, Elementwise)]
CORE = {"all", "any", "len", "inf", "pi", "detach", "range", "arange", "tensor"}
"""What a definition may use besides the primitives."""

COMPOSITE = [row for row in PRIMITIVES if isinstance(row, Composite)]
NAMES = [row.name for row in PRIMITIVES]

WANTED = """
    add sub mul div floordiv mod pow neg pos gt ge lt le eq ne logical_and logical_or logical_not
    exp log log1p expm1 exp2 log2 log10 sqrt rsqrt square reciprocal abs sign sin cos tan asin
    acos atan atan2 sinh cosh tanh asinh acosh atanh sigmoid logsigmoid softplus relu relu6
    leaky_relu elu selu celu gelu silu mish softsign tanhshrink hardtanh erf erfc floor ceil round
    trunc frac clamp minimum maximum where hypot logaddexp xlogy entr fmod deg2rad rad2deg lgamma
    sum prod max min amax amin dot matmul outer trace transpose permute reshape flatten squeeze
    unsqueeze stack concat zeros_like ones_like full_like cumsum cumprod diag tril triu flip roll
    broadcast_to det inv solve index mean var std norm softmax log_softmax softmin logsumexp
    normalize cosine_similarity mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy
    binary_cross_entropy_with_logits cross_entropy layer_norm logdet
    arcsin arccos arctan arctan2 arcsinh arccosh arctanh power absolute fabs true_divide divide
    multiply subtract negative remainder concatenate cat expit swish clip view ravel expand t
"""


def test_every_name_is_there() -> None:
    assert [name for name in WANTED.split() if name not in BY_NAME] == []


def test_names_are_unique() -> None:
    every = Counter(name for row in PRIMITIVES for name in (row.name, *row.aliases))
    assert [name for name, count in every.items() if count > 1] == []
    assert every.keys() == BY_NAME.keys()


def test_operators_are_unique() -> None:
    rows = [row for row in PRIMITIVES if not isinstance(row, Composite) and row.operator]
    every = Counter((row.operator, len(row.signature.parameters)) for row in rows)
    assert [key for key, count in every.items() if count > 1] == []
    signs = "+ - * / // % ** @ > >= < <= == != & | ~"
    assert {sign for sign, _ in every} >= set(signs.split())


def test_the_tuple_is_plain() -> None:
    assert type(PRIMITIVES) is tuple


def test_importing_the_rows_loads_no_side() -> None:
    code = (
        "import gradcalc.primitives, sys\n"
        "print([m for m in ('torch', 'sympy', 'mpmath', 'flint') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("row", PRIMITIVES, ids=NAMES)
def test_doc_is_one_line(row: Any) -> None:
    assert row.doc.strip() == row.doc
    assert 0 < len(row.doc) <= 100
    assert "\n" not in row.doc
    assert not row.doc.endswith(".")


@pytest.mark.parametrize("row", PRIMITIVES, ids=NAMES)
def test_there_are_samples_that_fit(row: Any) -> None:
    assert row.samples
    for sample in row.samples:
        named = sample[-1] if isinstance(sample[-1], dict) else {}
        row.signature.bind(*sample[: len(sample) - bool(named)], **named)


ANYTHING = (
    [(name, inspect.Parameter.empty) for name in ("operands", "given")],
    [(name, inspect.Parameter.empty) for name in ("args", "given")],
)


def parameters(function: Any) -> list[tuple[str, Any]]:
    found = list(inspect.signature(function).parameters.values())[1:]
    return [(p.name, p.default) for p in found]


@pytest.mark.parametrize("row", PRIMITIVES, ids=NAMES)
def test_both_sides_have_the_same_parameters(row: Any) -> None:
    wanted = [(p.name, p.default) for p in row.signature.parameters.values()]
    # one of torch's own gets what fits the other side
    assert parameters(row.torch) in (wanted, *ANYTHING)


@pytest.mark.parametrize("row", ELEMENTWISE, ids=[row.name for row in ELEMENTWISE])
def test_the_facts_of_a_row_take_its_parameters(row: Elementwise) -> None:
    names = list(row.signature.parameters)
    assert set(row.static) <= set(names)
    given = [f for f in (row.kinks, row.domain) if f is not None]
    usual = [row.usual[1]] if row.usual is not None else []
    for function in (*given, *usual, *(f for _, f in (*row.partials, *row.varying))):
        own = [p.name for p in list(inspect.signature(function).parameters.values())[1:]]
        assert own in (names, ["operands", "static"])
    if row.usual is not None:
        assert list(inspect.signature(row.usual[0]).parameters) == names
    for position, _ in (*row.partials, *row.varying):
        assert names[position] not in row.static


@pytest.mark.parametrize("row", COMPOSITE, ids=[row.name for row in COMPOSITE])
def test_definitions_are_one_function_of_known_names(row: Composite) -> None:
    (function,) = ast.parse(row.definition).body
    assert isinstance(function, ast.FunctionDef)
    assert function.name == row.name
    assert set(row.tensors) <= set(row.signature.parameters)
    bound = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)} - {
        *row.signature.parameters,
        *(n.id for n in ast.walk(function) if isinstance(n, ast.Name) and is_stored(n)),
    }
    assert bound <= BY_NAME.keys() | CORE | {"all", "int", "len", "inf"}


def is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


@pytest.mark.parametrize(
    "row",
    [row for row in PRIMITIVES if isinstance(row, Structural)],
    ids=[row.name for row in PRIMITIVES if isinstance(row, Structural)],
)
def test_tensors_are_parameters(row: Structural) -> None:
    assert {*row.tensors, *row.lists} <= set(row.signature.parameters)
    assert row.tensors or row.lists
