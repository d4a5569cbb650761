"""C, Julia and Python's own lists: how each writes loops, arrays and functions of elements."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gradcalc.export.expressions import Scalars
from gradcalc.export.libraries import SPECIAL, python_power
from gradcalc.export.support import C_HELPERS, JULIA_HELPERS, PYTHON_HELPERS
from gradcalc.expr.written import ATOM, COMPARISON, POWER, SUM, Text


@dataclass(frozen=True, slots=True)
class Syntax:
    """How a language writes statements.

    `loop` opens one over so many numbers from 0, `end` closes it; `at` is an element of an array by
    its place from 0; `array` makes one of zeros and `number` a variable; `end_of` closes a line.
    `call` has a helper fill an array. `tables` hold fixed numbers, whole ones or not.
    """

    name: str
    scalars: Scalars
    loop: Callable[[str, int], str]
    end: str | None
    at: Callable[[str, str], str]
    array: Callable[[str, int], str]
    number: Callable[[str, str], str]
    end_of: str
    call: Callable[[str, str, list[str]], str]
    table: Callable[[str, list[str], bool], str]
    certain: Callable[[str], str]
    whole: Callable[[str], str]
    divided: str
    helpers: Mapping[str, str]


SAME = (
    "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh",
    "acosh", "atanh", "sqrt", "expm1", "log1p",
)  # fmt: skip
"""Functions of the same name everywhere."""


def _either(c: Text, a: Text, b: Text) -> Text:
    condition = c.within(SUM) if c.level != COMPARISON else c.text
    return Text(f"({condition} ? {a.within(SUM)} : {b.within(SUM)})")


def _python_either(c: Text, a: Text, b: Text) -> Text:
    return Text(f"({a.text} if {c.text} else {b.text})")


def _c_power(base: Text, exponent: Text) -> Text:
    return Text(f"pow({base.text}, {exponent.text})")


def _python_own_power(base: Text, exponent: Text) -> Text:
    whole = exponent.text.removesuffix(".0").lstrip("-").isdigit()
    if whole:
        return python_power(base, Text(exponent.text.removesuffix(".0"), exponent.level))
    return Text(f"math.pow({base.text}, {exponent.text})")


def _julia_power(base: Text, exponent: Text) -> Text:
    plain = Text(exponent.text.removesuffix(".0"), exponent.level)
    return Text(f"{base.within(ATOM)}^{plain.within(ATOM)}", POWER)


C_SCALARS = Scalars(
    "C",
    {
        **{name: name for name in SAME}, "abs": "fabs", "floor": "floor", "ceil": "ceil",
        "erf": "erf", "erfc": "erfc", "lgamma": "lgamma", "gamma": "tgamma", "atan2": "atan2",
        "sign": "sign_of", "sigmoid": "sigmoid", "logaddexp": "logaddexp", "isnan": "isnan",
        "isinf": "isinf", "isfinite": "isfinite",
    },
    _either, _c_power, lambda x: Text(f"square({x.text})"), (" && ", " || ", "!"), whole=False,
    words={"pi": "3.141592653589793", "nan": "NAN", "inf": "INFINITY", "True": "1", "False": "0"},
)  # fmt: skip
JULIA_SCALARS = Scalars(
    "Julia",
    {
        **{name: name for name in SAME}, "abs": "abs", "floor": "floor", "ceil": "ceil",
        "atan2": "atan", "sign": "sign", "sigmoid": "sigmoid", "logaddexp": "logaddexp",
        "isnan": "isnan", "isinf": "isinf", "isfinite": "isfinite",
    },
    _either, _julia_power, lambda x: Text(f"{x.within(ATOM)}^2", POWER), (" && ", " || ", "!"),
    whole=False,
    words={"pi": "3.141592653589793", "nan": "NaN", "inf": "Inf", "True": "true", "False": "false"},
    reasons=dict.fromkeys(SPECIAL, "Julia has it in a package, SpecialFunctions"),
)  # fmt: skip
PYTHON_SCALARS = Scalars(
    "plain Python",
    {
        **{name: f"math.{name}" for name in SAME}, "abs": "abs", "floor": "math.floor",
        "ceil": "math.ceil", "erf": "math.erf", "erfc": "math.erfc", "lgamma": "math.lgamma",
        "gamma": "math.gamma", "atan2": "math.atan2", "sign": "sign_of", "sigmoid": "sigmoid",
        "logaddexp": "logaddexp", "isnan": "math.isnan", "isinf": "math.isinf",
        "isfinite": "math.isfinite",
    },
    _python_either, _python_own_power, lambda x: Text(f"{x.within(ATOM)}**2", POWER),
    (" and ", " or ", "not "),
    words={"pi": "math.pi", "nan": "math.nan", "inf": "math.inf", "True": "True", "False": "False"},
)  # fmt: skip


def _c_number(name: str, value: str) -> str:
    return f"double {name} = {value};"


C = Syntax(
    "C", C_SCALARS,
    lambda i, n: f"for (int {i} = 0; {i} < {n}; {i}++) {{", "}",
    lambda name, place: f"{name}[{place}]",
    lambda name, size: f"double {name}[{size}] = {{0.0}};",
    _c_number, ";",
    lambda name, out, given: f"{name}({', '.join([out, *given])});",
    lambda name, items, whole: (
        f"static const {'int' if whole else 'double'} {name}[] = {{{', '.join(items)}}};"
    ),
    lambda condition: f"assert({condition});",
    lambda value: f"(int) {value}", "/", C_HELPERS,
)  # fmt: skip
PYTHON = Syntax(
    "python", PYTHON_SCALARS,
    lambda i, n: f"for {i} in range({n}):", None,
    lambda name, place: f"{name}[{place}]",
    lambda name, size: f"{name} = [0.0]*{size}",
    lambda name, value: f"{name} = {value}", "",
    lambda name, out, given: f"{name}({', '.join([out, *given])})",
    lambda name, items, whole: f"{name} = ({', '.join(items)},)",
    lambda condition: f'assert {condition}, "the program would go another way here"',
    lambda value: f"int({value})", "//", PYTHON_HELPERS,
)  # fmt: skip
JULIA = Syntax(
    "Julia", JULIA_SCALARS,
    lambda i, n: f"for {i} in 0:{n - 1}", "end",
    lambda name, place: f"{name}[{int(place) + 1}]" if place.isdigit() else f"{name}[{place} + 1]",
    lambda name, size: f"{name} = zeros({size})",
    lambda name, value: f"{name} = {value}", "",
    # Julia has a function of that name
    lambda name, out, given: f"{name.replace('cholesky', 'lower')}({', '.join([out, *given])})",
    lambda name, items, whole: f"{name} = [{', '.join(items)}]",
    lambda condition: f"@assert {condition}",
    lambda value: f"Int({value})", "÷", JULIA_HELPERS,
)  # fmt: skip
