"""Whatever is typed, only gradcalc's own errors come out, and both sides mean the same."""

import ast
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradcalc.balls.numbers import OutOfReach
from gradcalc.errors import GradcalcError
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Limits
from gradcalc.primitives import PRIMITIVES, Composite, decompositions
from tests.lang_backends import SIDES, numbers_of, well_formed
from tests.sweeps import share

EXAMPLES = share(150)
LIMITS = Limits(steps=400, elements=20_000, items=5_000, total=200_000)
FUZZ = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
INPUTS = {"x": [0.5, 1.5, 2.5], "y": [[1.0, -2.0], [3.0, 0.5]], "s": 0.75, "n": 2.0}


def outcome(run: Any, text: str) -> Any:
    """The value of a program, or the error it gives; anything else is a fault."""
    try:
        program = compile_program(text, limits=LIMITS)
        given = {name: INPUTS.get(name, 1.25) for name in program.required}
        given |= {name: INPUTS[name] for name in program.optional if name in INPUTS}
        return numbers_of(run(program, given, LIMITS).value)
    except GradcalcError as error:
        well_formed(error)
        return error
    except OutOfReach as error:
        return error


def both(text: str) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [outcome(run, text) for run in SIDES.values()]


@FUZZ
@given(st.text(max_size=60))
def test_random_text(text: str) -> None:
    both(text)


@FUZZ
@given(st.text(alphabet="xysn01.()[]{}:;,+-*/%@&|^~<>=!'\"#\\ \n\tlambdeifor", max_size=50))
def test_random_signs(text: str) -> None:
    both(text)


CALLABLE = sorted(catalogue.names())
TOKENS = [
    "x", "y", "s", "n", "f", "1", "2", "0", "-1", "0.5", "1e9", "10**9", "True", "None", "'a'",
    "(", ")", "[", "]", "{", "}", ",", ":", ";", "\n", "\n    ", ".", "=", ":=", "+=", "->", "@",
    "+", "-", "*", "/", "//", "%", "**", "<", "==", "!=", "&", "|", "~", "is", "in", "not", "and",
    "or", "if", "else", "elif", "while", "for", "def", "return", "lambda", "break", "continue",
    "pass", "assert", "with", "import", "from", "torch", "np", "F", "math", "global", "del", "try",
    ".T", ".sum()", ".detach()", ".shape", "...", "no_grad()", "class", "await", "yield", "\\",
    *CALLABLE[::4],
]  # fmt: skip


@FUZZ
@given(st.lists(st.sampled_from(TOKENS), max_size=25).map(" ".join))
def test_random_tokens(text: str) -> None:
    both(text)


NAMES = st.sampled_from(["x", "y", "s", "n", "u", "f"])
CONSTANTS = st.sampled_from([0, 1, 2, -1, 3, 0.5, 2.5, 10**6, True, False, None, "a", ...])
BINARY = st.sampled_from(
    [ast.Add(), ast.Sub(), ast.Mult(), ast.Div(), ast.FloorDiv(), ast.Mod(), ast.Pow(),
     ast.MatMult(), ast.BitAnd(), ast.BitOr(), ast.BitXor()]
)  # fmt: skip
UNARY = st.sampled_from([ast.USub(), ast.UAdd(), ast.Not(), ast.Invert()])
COMPARISONS = st.sampled_from(
    [ast.Lt(), ast.LtE(), ast.Gt(), ast.GtE(), ast.Eq(), ast.NotEq(), ast.Is(), ast.IsNot()]
)
ATTRIBUTES = st.sampled_from(
    ["T", "shape", "ndim", "values", "data", "sum", "real", *CALLABLE[::9]]
)


def name(text: str) -> ast.Name:
    return ast.Name(text, ast.Load())


def grown(inner: st.SearchStrategy[ast.expr]) -> st.SearchStrategy[ast.expr]:
    """Expressions one step larger."""
    several = st.lists(inner, min_size=1, max_size=3)
    some = st.none() | inner
    keywords = st.lists(
        st.builds(ast.keyword, st.sampled_from(["dim", "axis", "keepdim", "p", "other"]), inner),
        max_size=1,
    )
    functions = st.sampled_from(CALLABLE).map(name)
    return st.one_of(
        st.builds(ast.BinOp, inner, BINARY, inner),
        st.builds(ast.UnaryOp, UNARY, inner),
        st.builds(ast.BoolOp, st.sampled_from([ast.And(), ast.Or()]), several),
        st.builds(lambda a, op, b: ast.Compare(a, [op], [b]), inner, COMPARISONS, inner),
        st.builds(ast.IfExp, inner, inner, inner),
        st.builds(ast.Call, functions, several, keywords),
        st.builds(lambda v, n, a: ast.Call(ast.Attribute(v, n, ast.Load()), a, []),
                  inner, st.sampled_from(CALLABLE), st.lists(inner, max_size=2)),
        st.builds(lambda v, n: ast.Attribute(v, n, ast.Load()), inner, ATTRIBUTES),
        st.builds(lambda v, k: ast.Subscript(v, k, ast.Load()), inner, inner),
        st.builds(lambda v, *k: ast.Subscript(v, ast.Slice(*k), ast.Load()),
                  inner, some, some, some),
        st.builds(lambda items: ast.List(items, ast.Load()), several),
        st.builds(lambda items: ast.Tuple(items, ast.Load()), several),
        st.builds(lambda n, v: ast.NamedExpr(ast.Name(n, ast.Store()), v), NAMES, inner),
        st.builds(lambda body, a: ast.Call(ast.Lambda(parameters("u"), body), [a], []),
                  inner, inner),
    )  # fmt: skip


def parameters(*names: str) -> ast.arguments:
    every = [ast.arg(text) for text in names]
    return ast.arguments([], every, None, [], [], None, [])


EXPRESSIONS = st.recursive(NAMES.map(name) | CONSTANTS.map(ast.Constant), grown, max_leaves=12)


def statements(expression: st.SearchStrategy[ast.expr]) -> st.SearchStrategy[ast.stmt]:
    """Statements, blocks of blocks among them."""
    target = NAMES.map(lambda text: ast.Name(text, ast.Store()))
    simple = st.one_of(
        st.builds(ast.Expr, expression),
        st.builds(lambda t, v: ast.Assign([t], v), target, expression),
        st.builds(ast.AugAssign, target, BINARY, expression),
        st.builds(ast.Assert, expression),
        st.builds(ast.Return, expression),
        st.sampled_from([ast.Break(), ast.Continue(), ast.Pass()]),
    )

    def blocks(inner: st.SearchStrategy[ast.stmt]) -> st.SearchStrategy[ast.stmt]:
        body = st.lists(inner, min_size=1, max_size=3)
        rest = st.lists(inner, max_size=1)
        return st.one_of(
            st.builds(ast.If, expression, body, rest),
            st.builds(ast.While, expression, body, rest),
            st.builds(ast.For, target, expression, body, rest),
            st.builds(lambda n, b: ast.FunctionDef(n, parameters("x", "u"), b, [], None, None),
                      NAMES, body),
        )  # fmt: skip

    return st.recursive(simple, blocks, max_leaves=6)


PROGRAMS = st.lists(statements(EXPRESSIONS), min_size=1, max_size=4)


@FUZZ
@given(EXPRESSIONS)
def test_random_expressions(tree: ast.expr) -> None:
    both(ast.unparse(ast.fix_missing_locations(tree)))


@FUZZ
@given(PROGRAMS)
def test_random_programs(body: list[ast.stmt]) -> None:
    both(ast.unparse(ast.fix_missing_locations(ast.Module(body, []))))


SIGNS = ["+", "-", "*", "/", "%", "//"]
FUNCTIONS = ["sin", "cos", "tanh", "exp", "abs", "sqrt", "arctan"]
ARITHMETIC = st.recursive(
    st.sampled_from(["x", "z", "2", "3", "0.5", "-1.5"]),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(SIGNS), inner),
        st.builds("{}({})".format, st.sampled_from(FUNCTIONS), inner),
        st.builds("where({} {} {}, {}, {})".format, inner, st.sampled_from(["<", ">="]), inner,
                  inner, inner),
        st.builds("maximum({}, {})".format, inner, inner),
        st.builds("stack([{}, {}, x]).sum(axis={})".format, st.just("x"), st.just("z"),
                  st.integers(0, 1)),
        st.builds("{}[::-1]".format, st.sampled_from(["x", "z"])),
        st.builds("({} - {})**2".format, inner, inner),
    ),
    max_leaves=8,
)  # fmt: skip


@FUZZ
@given(st.lists(ARITHMETIC, min_size=1, max_size=3))
def test_arithmetic_means_what_python_and_numpy_mean(parts: list[str]) -> None:
    """The text is our own, so that Python may run it."""
    x, z = np.array([0.5, 1.5, 2.5]), np.array([-1.0, 3.25, 0.75])
    text = "u = x + 0*z; " + "".join(f"u = u*0.5 + {part}; " for part in parts) + "u"
    scope: dict[str, Any] = {**vars(np), "x": x, "z": z}
    with np.errstate(all="ignore"):
        try:
            exec("\n".join(text.split("; ")[:-1]), scope)
        except ZeroDivisionError:
            return
    wanted = scope["u"]
    if not np.all(np.isfinite(wanted)) or np.max(np.abs(wanted)) > 1e6:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = SIDES["torch"](compile_program(text), {"x": x, "z": z})
    np.testing.assert_allclose(numbers_of(found.value), wanted, rtol=1e-9, atol=1e-9)


SHAPES: dict[str, Any] = {
    "scalar": 0.75,
    "one": [0.75],
    "one by one": [[0.75]],
    "vector": [0.25, 0.5, 0.75],
    "column": [[0.25], [0.5]],
    "matrix": [[0.25, 0.5], [0.625, 0.875]],
    "wide": [[0.25, 0.5, 0.75], [0.125, 0.375, 0.875]],
    "cube": [[[0.25, 0.5], [0.625, 0.875]], [[0.75, 0.375], [0.125, 0.9375]]],
    "empty": [],
}


ODD = {
    "scalar": ("flip", "layer_norm"),
    "cube": ("logdet",),
    "empty": ("var", "std", "batch_norm", "one_hot"),
}
"""Where the rows themselves do not agree yet."""

OF_NUMBERS = {row.name for row in (*decompositions.FACTORED, *decompositions.SPECTRAL)}
"""What the arrays of the tests have of numbers only, not of nodes."""

APART = {"clamp", *OF_NUMBERS}
"""What needs a bound, though each is optional, besides."""

FUSED = {row.name for row in PRIMITIVES if isinstance(row, Composite)} | {
    "interpolate",
    "lu_factor",
}
"""Functions of torch's, each beside a definition, which takes more than they do."""


@pytest.mark.parametrize("shape", SHAPES)
def test_functions_of_one_operand_take_the_same_shapes(shape: str) -> None:
    for row in PRIMITIVES:
        parameters = list(row.signature.parameters.values())
        required = [p for p in parameters if p.default is p.empty]
        if len(required) != 1 or required[0].name == "tensors":
            continue
        if row.name in ODD.get(shape, ()) or row.name in APART:
            continue
        agree(f"{row.name}(x)", {"x": SHAPES[shape]})


@pytest.mark.parametrize("left", SHAPES)
@pytest.mark.parametrize("right", SHAPES)
def test_functions_of_two_operands_take_the_same_shapes(left: str, right: str) -> None:
    for text in ("x + y", "x*y", "x@y", "dot(x, y)", "outer(x, y)", "kron(x, y)", "stack([x, y])",
                 "concat([x, y])", "solve(x, y)", "where(x > y, x, y)", "maximum(x, y)",
                 "x[x > y]"):  # fmt: skip
        agree(text, {"x": SHAPES[left], "y": SHAPES[right]})


def agree(text: str, values: dict[str, Any]) -> None:
    """Both sides give the same value, or both refuse."""
    results: list[Any] = []
    for run in SIDES.values():
        try:
            results.append(numbers_of(run(compile_program(text), values).value))
        except GradcalcError as error:
            well_formed(error)
            results.append(error)
    ours, theirs = results
    if isinstance(ours, GradcalcError) and any(name in text for name in FUSED):
        # what torch refuses ends there, whatever its definition would make of it
        return
    assert isinstance(ours, GradcalcError) == isinstance(theirs, GradcalcError), (text, *results)
    if not isinstance(ours, GradcalcError):
        assert ours.shape == theirs.shape, (text, *results)
        # balls know no infinity: what is not finite is not defined
        ours = np.where(np.isfinite(ours), ours, np.nan)
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12, err_msg=text)


AWKWARD = (
    "s", "y", "[x, x]", "None", "'a'", "sin", "0", "-1", "()", "True", "range(3)", "...", "x > 1",
    "lambda u: u", "[1, [2, 3]]", "2.5", "(0, 1)", "max(x, 0)", "[]", "10**20", "10**4000", "nan",
)  # fmt: skip


@pytest.mark.sweep
@pytest.mark.parametrize("function", sorted(set(CALLABLE) - {"softplus", "flip", *OF_NUMBERS}))
def test_functions_of_awkward_arguments(function: str) -> None:
    for argument in AWKWARD:
        for call in (f"{function}({argument})", f"{function}(x, {argument})"):
            both(call)
    for keyword in ("dim", "axis", "keepdim", "other", "p"):
        both(f"{function}(x, {keyword}=0)")
    both(f"{function}()")
    both(f"x.{function}()")
    both(f"x + {function}")
