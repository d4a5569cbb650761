"""Programs that floats get wrong, in harmless surroundings, and what they truly give."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import mpmath as mp
import numpy as np

DIGITS = 260
"""Decimal digits that the truth is worked out with."""

ASIDE = "1e-60"
"""How far from the point it is worked out, in relation to the inputs: there 0 is not divided by 0,
and no float could tell."""

FORMS: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("sqrt(V**2)", (0.0,)), ("log(1-sigmoid(V))", (40.0, 800.0)),
    ("log(sigmoid(V))", (-800.0, 9.0)),
    ("(exp(V)-1)/V", (0.0, 1e-9)), ("sin(V)/V", (0.0, 1e-8)), ("(1-cos(V))/V**2", (0.0, 1e-8)),
    ("tanh(V)/V", (0.0,)), ("log(1+V)/V", (0.0, 1e-10)), ("V*log(V)", (0.0,)),
    ("where(V > 0, sqrt(V), 0)", (-1.0, 0.0)), ("where(V != 0, sin(V)/V, 1)", (0.0,)),
    ("where(V == 0, 0, V*sqrt(V))", (0.0,)), ("log(1+exp(V))", (800.0,)), ("log(1+V)", (1e-18,)),
    ("exp(V)-1", (1e-15,)), ("1-tanh(V)**2", (20.0,)), ("1/(1+exp(-V))", (-800.0,)),
    ("log(cosh(V))", (800.0,)), ("sqrt(V+1)-sqrt(V)", (1e14,)), ("relu(V)-relu(-V)", (0.0,)),
    ("(exp(V)-exp(-V))/(exp(V)+exp(-V))", (-900.0,)), ("V*sqrt(V)", (0.0,)), ("V**2/V", (0.0,)),
)  # fmt: skip
"""Forms of one number, and where they go wrong."""

WHOLE: tuple[tuple[str, Mapping[str, list[float]]], ...] = (
    ("log(sum(exp(x)))", {"x": [1000.0, 999.0]}),
    ("log(softmax(x)[0])", {"x": [0.0, 800.0]}),
    ("-sum(w*log(softmax(x)))", {"x": [800.0, 0.0], "w": [0.0, 1.0]}),
    ("-mean(w*log(sigmoid(x)) + (1-w)*log(1-sigmoid(x)))",
     {"x": [50.0, -60.0, 800.0], "w": [0.0, 1.0, 0.0]}),
    ("sqrt(sum((x-w)**2))", {"x": [1.0, 2.0], "w": [1.0, 2.0]}),
    ("-sum(x*log(x))", {"x": [0.0, 0.5, 0.5]}),
    ("mean(x**2)-mean(x)**2", {"x": [1e8, 1e8 + 1, 1e8 + 2]}),
    ("log(prod(x))", {"x": [1e-200, 1e-200]}),
    ("sum(where(x > 0, sqrt(x), 0))", {"x": [0.0, 1.0, -1.0]}),
    ("sqrt(x[0]**2 + x[1]**2)", {"x": [0.0, 0.0]}),
)  # fmt: skip
"""Forms of vectors, with the inputs."""

AROUND = (
    "{}", "2*({})", "{} + y", "3*({}) - y", "y*({})", "where(y > 0, {}, y)", "t = {}\nt + y",
    "sin({})",
)  # fmt: skip

Case = tuple[str, dict[str, Any], str]
"""A program, its inputs, and the dtype."""


def cases(seed: int) -> Iterator[Case]:
    """Programs without an end."""
    draw = random.Random(seed)
    while True:
        around, inputs = draw.choice(AROUND), dict[str, Any]()
        if draw.random() < 0.65:
            form, places = draw.choice(FORMS)
            place = draw.choice(places)
            inner, inputs["x"] = draw.choice([("x", place), ("2*x", place / 2), ("-x", -place)])
            named = draw.random() < 0.3 and "\n" not in around
            text = form.replace("V", "u" if named else f"({inner})" if inner != "x" else "x")
            text = f"u = {inner}\n{around.format(text)}" if named else around.format(text)
        else:
            form, given = draw.choice(WHOLE)
            inputs |= given
            text = around.format(form)
        if "y" in text:
            inputs["y"] = draw.choice([0.75, 2.0, 3.5])
        yield text, inputs, "float32" if draw.random() < 0.15 else "float64"


def _each(function: Callable[..., Any], operands: int = 1) -> Callable[..., Any]:
    return np.frompyfunc(function, operands, 1)


NAMES = ("exp", "log", "sin", "cos", "tanh", "cosh", "sqrt")

_PLAIN = {name: _each(getattr(mp, name)) for name in NAMES}
_FUNCTIONS: dict[str, Any] = _PLAIN | {
    "sigmoid": _each(lambda x: 1 / (1 + mp.exp(-x))),
    "relu": _each(lambda x: max(x, mp.mpf(0))),
    "where": _each(lambda c, a, b: a if c else b, 3),
    "sum": np.sum,
    "prod": np.prod,
    "mean": lambda x: np.sum(x) / np.size(x),
    "softmax": lambda x: _PLAIN["exp"](x) / np.sum(_PLAIN["exp"](x)),
}


def truth(case: Case, way: int) -> Any:
    """What the program draws towards as all its inputs grow, or shrink; None where it is nothing
    real."""
    text, inputs, _ = case
    with mp.workdps(DIGITS):
        step = way * mp.mpf(ASIDE)

        def beside(number: float, place: int) -> Any:
            exact = mp.mpf(number)
            return exact + step * (abs(exact) or 1) * (1 + mp.mpf(place) / 7)

        scope = dict(_FUNCTIONS)
        for name, value in inputs.items():
            moved = [beside(v, i) for i, v in enumerate(np.ravel(value))]
            scope[name] = np.array(moved, dtype=object) if isinstance(value, list) else moved[0]
        *statements, last = text.split("\n")
        try:
            exec("\n".join(statements), scope)
            found = mp.mpmathify(eval(last, scope))
        except (ZeroDivisionError, ValueError, TypeError):
            return None
        return None if mp.im(found) else mp.re(found)
