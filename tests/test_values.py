"""Values as text: every form, every error, and the way back."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradcalc.errors import GradcalcError, InvalidValueError, LimitError
from gradcalc.values import Limits, format_literal, from_json, parse_value
from gradcalc.values.context import Array, Context
from gradcalc.values.parser import parse_text
from gradcalc.values.text import plain_lists, plain_rows
from tests.sweeps import share

INF, NAN = math.inf, math.nan


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def read(text: str, **options) -> Array:
    return parse_value(text, random=rng, name="x", **options)


def assert_same(found: Array, expected) -> None:
    expected = np.asarray(expected)
    if expected.dtype != np.bool_:
        expected = expected.astype(np.float64)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found)[numbers], np.signbit(expected)[numbers])


FORMS = [
    ("scalar", "2.5", 2.5),
    ("negative", "-3", -3),
    ("plus", "+3", 3),
    ("minus zero", "-0", -0.0),
    ("point first", ".5", 0.5),
    ("point last", "5.", 5),
    ("exponent", "1e-3", 1e-3),
    ("capital exponent", "1E+3", 1000),
    ("leading zeros", "007", 7),
    ("spaces around", "  2 \t", 2),
    ("vector", "0,1,2,3", [0, 1, 2, 3]),
    ("vector with spaces", "0, 1, -2", [0, 1, -2]),
    ("vector of one", "3,", [3]),
    ("vector of one in brackets", "[3]", [3]),
    ("trailing comma", "3,4,", [3, 4]),
    ("negative vector", "-1,2", [-1, 2]),
    ("tuple", "(1,2)", [1, 2]),
    ("matrix", "1,2;3,4", [[1, 2], [3, 4]]),
    ("matrix in lines", "1,2\n3,4\n", [[1, 2], [3, 4]]),
    ("matrix in windows lines", "1,2\r\n3,4\r\n", [[1, 2], [3, 4]]),
    ("semicolons and lines", "1,2;\n3,4", [[1, 2], [3, 4]]),
    ("column", "1;2;3", [[1], [2], [3]]),
    ("column of one", "1;", [[1]]),
    ("row of a matrix", "1,2;", [[1, 2]]),
    ("json list", "[1, 2.5]", [1, 2.5]),
    ("json lists", "[[1,2],[3,4]]", [[1, 2], [3, 4]]),
    ("json in lines", "[[1,2],\n [3,4]]", [[1, 2], [3, 4]]),
    ("json non-finite", "[NaN, Infinity, -Infinity]", [NAN, INF, -INF]),
    ("json strings", '["NaN", "-Infinity", 1]', [NAN, -INF, 1]),
    ("three dimensions", "[[[1],[2]],[[3],[4]]]", [[[1], [2]], [[3], [4]]]),
    ("lists as rows", "[1,2];[3,4]", [[1, 2], [3, 4]]),
    ("lists as elements", "[1,2],[3,4]", [[1, 2], [3, 4]]),
    ("spaces", "1 2 3", [1, 2, 3]),
    ("spaces and signs", "1 -2 +3", [1, -2, 3]),
    ("spaces in rows", "1 2;3 4", [[1, 2], [3, 4]]),
    ("numpy str", "[0. 4. 8.]", [0, 4, 8]),
    ("numpy str, signs", "[ 1. -2. inf nan]", [1, -2, INF, NAN]),
    ("numpy str, matrix", "[[1 2]\n [3 4]]", [[1, 2], [3, 4]]),
    ("numpy repr", "array([[1., 2.],\n       [3., 4.]])", [[1, 2], [3, 4]]),
    ("numpy prefix", "np.array([1, 2], dtype=np.float32)", [1, 2]),
    ("numpy scalar", "np.float64(2.5)", 2.5),
    ("numpy bools", "array([ True, False])", [True, False]),
    ("torch repr", "tensor([1., 2.])", [1, 2]),
    ("torch dtype", "torch.tensor([1., 2.], dtype=torch.float64)", [1, 2]),
    ("torch grad", "tensor([1., -2.], requires_grad=True)", [1, -2]),
    ("torch grad_fn", "tensor(3., grad_fn=<MulBackward0>)", 3),
    ("torch device", "tensor([1.], device='cuda:0', dtype=torch.float16)", [1]),
    ("division", "1/3", 1 / 3),
    ("product", "2*pi", 2 * math.pi),
    ("minus inf", "-inf", -INF),
    ("Infinity", "Infinity", INF),
    ("nan", "nan", NAN),
    ("constants", "pi,e,tau", [math.pi, math.e, math.tau]),
    ("power", "2**0.5", 2**0.5),
    ("power binds over minus", "-2**2", -4),
    ("power to the right", "2**3**2", 512),
    ("negative power", "2**-1", 0.5),
    ("precedence", "1+2*3-4/2", 5),
    ("left to right", "10 - 2 - 3", 5),
    ("brackets", "(1+2)*3", 9),
    ("difference in brackets", "(1 -2)", -1),
    ("floor and rest", "7//2, 7%4", [3, 3]),
    ("root", "sqrt(4)", 2),
    ("math prefix", "math.sqrt(4)*np.pi", 2 * math.pi),
    ("logarithm", "log(e)", 1),
    ("many signs", "-" * 10_000 + "1", 1),
    ("arange", "arange(4)", [0, 1, 2, 3]),
    ("arange from", "arange(1,4)", [1, 2, 3]),
    ("arange step", "arange(0,1,0.25)", [0, 0.25, 0.5, 0.75]),
    ("arange down", "arange(3,0,-1)", [3, 2, 1]),
    ("arange keyword", "np.arange(0, 1, step=0.5)", [0, 0.5]),
    ("linspace", "linspace(0,1,5)", [0, 0.25, 0.5, 0.75, 1]),
    ("linspace keyword", "torch.linspace(0,1,steps=3)", [0, 0.5, 1]),
    ("logspace", "logspace(0,2,3)", [1, 10, 100]),
    ("zeros", "zeros(3)", [0, 0, 0]),
    ("zeros of two sizes", "zeros(2,3)", [[0] * 3] * 2),
    ("zeros of a tuple", "zeros((2,3))", [[0] * 3] * 2),
    ("zeros of a list", "zeros([2])", [0, 0]),
    ("ones", "ones(2, dtype=torch.float64)", [1, 1]),
    ("full", "full((2,2),7)", [[7, 7], [7, 7]]),
    ("eye", "eye(2)", [[1, 0], [0, 1]]),
    ("eye of two sizes", "eye(1,2)", [[1, 0]]),
    ("rand", "rand(3)", rng().random(3)),
    ("randn", "randn(3,2)", rng().standard_normal((3, 2))),
    ("randn scalar", "randn()", rng().standard_normal()),
    ("random prefix", "np.random.randn(2)", rng().standard_normal(2)),
    ("scaled ones", "2*ones(3)", [2, 2, 2]),
    ("minus arange", "1-arange(3)", [1, 0, -1]),
    ("scaled randn", "randn(3)/10", rng().standard_normal(3) / 10),
    ("broadcast", "[1,2] + [[10],[20]]", [[11, 12], [21, 22]]),
]


@pytest.mark.parametrize(
    ("text", "expected"), [pytest.param(t, v, id=name) for name, t, v in FORMS]
)
def test_form(text, expected):
    assert_same(read(text), expected)


def test_names_share_one_stream_of_random_numbers():
    random = rng()
    first = parse_value("randn(2)", random=lambda: random)
    second = parse_value("randn(2)", random=lambda: random)
    assert_same(np.concatenate([first, second]), rng().standard_normal(4))


EMPTY = "x is empty: there is nothing to differentiate"
BAD = [
    ("nothing", "", EMPTY, None),
    ("spaces only", " \n\t", EMPTY, None),
    ("empty list", "[]", EMPTY, None),
    ("empty tuple", "()", EMPTY, None),
    ("empty lists", "[[],[]]", EMPTY, None),
    ("no zeros", "zeros(0)", EMPTY, (1, 9)),
    ("empty arange", "arange(0)", EMPTY, (1, 10)),
    ("ragged rows", "1,2;3", "row 2 has 1 number, but row 1 has 2 numbers", (5, 6)),
    ("ragged lists", "[[1,2],[3,4,5]]", "row 2 has 3 numbers, but row 1 has 2", (8, 9)),
    ("list beside number", "[1,[2,3]]", "row 2 has 2 numbers, but row 1 has a single", (4, 5)),
    ("empty row", "1;;2", "row 2 is empty", (3, 4)),
    ("comma twice", "1,,2", "a number is expected, not ','", (3, 4)),
    ("comma first", ",1", "a number is expected, not ','", (1, 2)),
    ("ends early", "1+", "a number is missing at the end", (3, 4)),
    ("too large", "1e400", "1e400 is too large for a float64", (1, 6)),
    ("too many digits", "9" * 5000, "is too large for a float64", (1, 5001)),
    ("division by zero", "1/0", "division by zero", (2, 3)),
    ("division by a zero", "1/arange(3)", "division by zero", (2, 3)),
    ("floor division by zero", "1//0", "division by zero", (2, 4)),
    ("rest by zero", "1%0", "division by zero", (2, 3)),
    ("negative power of zero", "0**-1", "0 to a negative power", (2, 4)),
    ("root of negative", "sqrt(-1)", "sqrt(-1) is not a real number", (1, 9)),
    ("complex power", "(-1)**0.5", "is not a real number", (5, 7)),
    ("log of zero", "log(0)", "log(0) is not a finite number", (1, 7)),
    ("power too large", "2**10**10", "is not a finite number", (2, 4)),
    ("powers of powers", "9**9**9", "is not a finite number", (2, 4)),
    ("logspace too large", "logspace(0,400,2)", "numbers that are too large", (1, 18)),
    ("unknown function", "aranje(3)", "no function called 'aranje'", (1, 7)),
    ("unknown name", "foo", "no number or function called 'foo'", (1, 4)),
    ("function alone", "arange", "arange is a function", (1, 7)),
    ("call of a number", "pi(3)", "pi is a number", (1, 3)),
    ("negative size", "zeros(-1)", "whole number of 0 or more, not -1", (1, 10)),
    ("broken size", "zeros(1.5)", "whole number of 0 or more, not 1.5", (1, 11)),
    ("infinite size", "zeros(inf)", "whole number of 0 or more, not inf", (1, 11)),
    ("list of lists as size", "zeros([[1]])", "not a list", (1, 13)),
    ("step of zero", "arange(0,1,0)", "the step of arange is 0", (1, 14)),
    ("arange of a list", "arange([1,2])", "finite single numbers", (1, 14)),
    ("full of a list", "full(2,[1,2])", "one number to fill with", (1, 14)),
    ("too few arguments", "linspace(0,1)", "linspace does not take 2 arguments", (1, 14)),
    ("too many arguments", "sqrt(1,2)", "sqrt takes one argument, 2 are given", (1, 10)),
    ("unknown keyword", "zeros(1,foo=2)", "zeros does not take foo= here", (9, 12)),
    ("missing comma in a call", "zeros(1 2)", "a comma is missing before '2'", (9, 10)),
    ("sizes do not fit", "ones(3)+ones(2)", "(3,) and (2,)", (8, 9)),
    ("not closed", "(1", "this ( is not closed by )", (1, 2)),
    ("closed otherwise", "[1)", "this [ is not closed by ]", (1, 2)),
    ("not opened", "1)", "nothing is open for this )", (2, 3)),
    ("letters at a number", "2pi", "missing before 'pi'", (2, 4)),
    ("two points", "1.2.3", "missing before '.3'", (4, 6)),
    ("hexadecimal", "0x10", "missing before 'x10'", (2, 5)),
    ("complex", "1j", "missing before 'j'", (2, 3)),
    ("index", "ones(3)[0]", "missing before '['", (8, 9)),
    ("doubtful minus", "2*pi -1", "spaces can only separate plain numbers", (6, 7)),
    ("doubtful minus later", "1 -2*pi", "spaces can only separate plain numbers", (3, 4)),
    ("commas and spaces", "1,2 -3", "commas and spaces both separate", (5, 6)),
    ("matlab matrix", "[1,2;3,4]", "missing before ';'", (5, 6)),
    ("left out", "[0, ..., 9]", "left out (...)", (5, 8)),
    ("caret", "2^3", "'^' has no place", (2, 3)),
    ("null byte", "1\0", "has no place in a value", (2, 3)),
    ("import", "__import__('os')", "no function called '__import__'", (1, 11)),
    ("attribute", "pi.__class__", "missing before '.'", (3, 4)),
    ("lambda", "(lambda: 1)()", "':' has no place in a value", (8, 9)),
]


@pytest.mark.parametrize(
    ("text", "message", "columns"), [pytest.param(*row, id=name) for name, *row in BAD]
)
def test_error(text, message, columns):
    with pytest.raises(InvalidValueError) as caught:
        read(text)
    error = caught.value
    assert message in error.message
    assert error.message.startswith("x")
    assert "\n" not in error.message
    if columns is None:
        assert error.span is None
    else:
        assert (error.span.column, error.span.end_column) == columns
        assert error.source == text


TOO_LARGE = [
    ("zeros", "zeros(10**12)"),
    ("arange", "arange(1e12)"),
    ("arange beyond floats", "arange(-1e308,1e308,1e-300)"),
    ("sizes beyond floats", "zeros(" + "9e300," * 40 + "1)"),
    ("linspace", "linspace(0,1,1e10)"),
    ("eye", "eye(10**5)"),
    ("broadcast", "ones(10**5,1)*ones(10**5)"),
    ("many generators", "[" + "zeros(9*10**7)," * 5 + "]"),
    ("dimensions", "zeros(" + "1," * 40 + ")"),
    ("brackets", "[" * 10_000 + "1" + "]" * 10_000),
    ("round brackets", "(" * 10_000),
    ("calls", "sqrt(" * 10_000),
    ("powers", "2**" * 10_000 + "1"),
    ("lists", "[" * 40 + "1" + "]" * 40),
]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in TOO_LARGE])
def test_limit(text):
    with pytest.raises(LimitError) as caught:
        read(text)
    assert caught.value.exit_code == 4


def test_limits_can_be_given():
    limits = Limits(max_elements=3)
    assert read("1,2,3", limits=limits).size == 3
    with pytest.raises(LimitError, match="4 elements are too many"):
        read("1,2,3,4", limits=limits)
    with pytest.raises(LimitError):
        read("zeros(2,2)", limits=limits)


HINTS = [
    ("aranje(3)", "did you mean arange?"),
    ("zeroes(3)", "did you mean zeros?"),
    ("1e400", "write inf if infinity is meant"),
    ("2pi", "write 2*pi for a product"),
    ("2^3", "write ** for a power"),
    ("x.npy", "a file is written with an @ before its name, such as @x.npy"),
    ("psd", "what is known of a value is said beside it: --declare A=psd"),
    ("symetric", "what is known of a value is said beside it: --declare A=symmetric"),
    ("arange()", "write arange(4) or arange(0,1,0.25)"),
    ("[1;2]", "inside brackets write a list for each row: [[1,2],[3,4]]"),
]


@pytest.mark.parametrize(("text", "hint"), HINTS)
def test_hint(text, hint):
    with pytest.raises(InvalidValueError) as caught:
        read(text)
    assert caught.value.hint == hint


def test_place_in_a_later_line():
    with pytest.raises(InvalidValueError) as caught:
        read("1,2\n3,foo")
    span = caught.value.span
    assert (span.line, span.column, span.end_line, span.end_column) == (2, 3, 2, 6)


LITERALS = [
    ("scalar", 3.0, "3"),
    ("minus zero", -0.0, "-0"),
    ("fraction", 0.1, "0.1"),
    ("inf", [INF, -INF, NAN], "inf,-inf,nan"),
    ("negative nan", -NAN, "nan"),
    ("huge and tiny", [1e300, 5e-324], "1e+300,5e-324"),
    ("vector", [0.0, 4.0, 8.0, 12.0], "0,4,8,12"),
    ("vector of one", [3], "[3]"),
    ("matrix", [[1, 2], [3, 4]], "1,2;3,4"),
    ("column", [[1], [2]], "1;2"),
    ("one row", [[1, 2]], "[[1,2]]"),
    ("one by one", [[1]], "[[1]]"),
    ("three dimensions", [[[1, 2]], [[3, 4]]], "[[[1,2]],[[3,4]]]"),
    ("empty", np.zeros((2, 0)), "[[],[]]"),
]


@pytest.mark.parametrize(
    ("array", "text"), [pytest.param(a, t, id=name) for name, a, t in LITERALS]
)
def test_literal(array, text):
    assert format_literal(np.asarray(array)) == text


def test_literal_of_a_narrow_dtype_is_short():
    assert format_literal(np.array([0.1, 1 / 3], np.float32), "float32") == "0.1,0.33333334"
    assert format_literal(np.array([0.1, 1 / 3], np.float16), "float16") == "0.1,0.3333"


def shapes():
    return hnp.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=4)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_round_trip(dtype):
    @settings(max_examples=share(150), deadline=None)
    @given(hnp.arrays(dtype, shapes()))
    def check(array):
        text = format_literal(array, dtype)
        with np.errstate(all="ignore"):
            back = read(text).astype(dtype)
        canonical = np.where(np.isnan(array), np.array(NAN, dtype), array)
        assert back.shape == array.shape
        assert back.tobytes() == canonical.tobytes()
        assert format_literal(back, dtype) == text

    check()


def test_round_trip_of_every_float16():
    bits = np.arange(2**16, dtype=np.uint16).view(np.float16)
    numbers = bits[~np.isnan(bits)]
    assert read(format_literal(numbers, "float16")).astype(np.float16).tobytes() == (
        numbers.tobytes()
    )


PIECES = [
    *["zeros(", "arange(", "randn(", "tensor(", "sqrt(", "dtype=", "pi", "inf", "nan", "2.5"],
    *["1e9", "**", "//", "...", "'a'", "<b>"],
    *"10[](),;+-*/%@:=. \n\0é−",
]


@settings(max_examples=share(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.text(max_size=40),
        st.text("0123456789.,;eE+-*/%()[] \n\tinfa", max_size=40),
        st.lists(st.sampled_from(PIECES), max_size=15).map("".join),
    )
)
@example("@" + "a" * 5000)
@example("@~nobody/x.npy")
@example("@\0.npy")
@example("@:::")
@example("\ud800")
def test_no_text_raises_anything_else(text):
    try:
        found = read(text, limits=Limits(max_elements=10**4)).size > 0
    except GradcalcError as error:
        found = error.message.startswith("x")
    assert found


def outcome(reader):
    try:
        found = reader()
    except GradcalcError:
        return None
    return found if found is None else (found.shape, found.tobytes())


@settings(max_examples=share(300), deadline=None)
@given(st.text("0123.,;e+-inf \n[]naN", max_size=14))
@example("1e400,2")
@example("[1e400]")
@example("[-0,inf]")
@example("1,2;\n3,4")
@example("-nan,1")
@example("1 -2")
def test_quick_roads_agree_with_the_parser(text):
    context = Context("x", rng())
    for as_vector in (False, True):
        slow = outcome(lambda vec=as_vector: parse_text(text, context, lines_are_vector=vec))
        quick = outcome(lambda vec=as_vector: plain_rows(text, vec))
        assert quick is None or quick == slow
        nested = outcome(lambda: plain_lists(text, context))
        assert nested is None or nested == slow


@pytest.mark.parametrize("shape", [(10**6,), (10**5, 2), (10, 100, 100)])
def test_a_million_numbers_read_back(shape):
    numbers = np.arange(float(math.prod(shape))).reshape(shape)
    text = format_literal(numbers)
    assert_same(read(text), numbers)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(2, 2, id="integer"),
        pytest.param(2.5, 2.5, id="float"),
        pytest.param(True, True, id="bool"),
        pytest.param([0, 1], [0, 1], id="list"),
        pytest.param([[1, 2], [3, 4.5]], [[1, 2], [3, 4.5]], id="lists"),
        pytest.param("NaN", NAN, id="NaN"),
        pytest.param(["-Infinity", 1], [-INF, 1], id="in a list"),
        pytest.param("0,1", [0, 1], id="text"),
        pytest.param("randn(2)", rng().standard_normal(2), id="random"),
    ],
)
def test_json(value, expected):
    assert_same(from_json(value, "x"), expected)


NESTED = list(itertools.accumulate(range(5000), lambda inner, _: [inner], initial=[1]))[-1]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(None, "null is not a number", id="null"),
        pytest.param([1, None], "null is not a number", id="null in a list"),
        pytest.param({"a": 1}, "a dict is not a number", id="object"),
        pytest.param(["1"], "'1' is not a number", id="string in a list"),
        pytest.param([1, [2]], "a list stands beside single numbers", id="mixed"),
        pytest.param([[1, 2], [3]], "row 2 has 1 number, but row 1 has 2", id="ragged"),
        pytest.param(
            [[[1], [2, 3]]],
            "one list at depth 3 has 2 numbers, another has 1 number",
            id="ragged inside",
        ),
        pytest.param([], EMPTY, id="empty"),
        pytest.param([[], []], EMPTY, id="empty lists"),
        pytest.param([10**400], "too large for a float64", id="too large"),
        pytest.param(NESTED, "dimensions", id="nested"),
        pytest.param("foo", "no number or function called 'foo'", id="text"),
    ],
)
def test_json_error(value, message):
    with pytest.raises(GradcalcError) as caught:
        from_json(value, "x")
    assert message in caught.value.message
    assert caught.value.message.startswith("x")
