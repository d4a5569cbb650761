"""Sets of numbers are gone through in Python's own order, which is the oracle."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from gradcalc import grad
from gradcalc.lang.fence import compile_program
from tests.lang_backends import torch_run
from tests.sweeps import share


def number(draw: random.Random) -> str:
    near, far = draw.randrange(-5, 40), draw.randrange(100)
    return str(draw.choice((near, far, draw.choice((0.5, 2.5, -1.5, 8.0)))))


def display(draw: random.Random) -> str:
    return "{" + ", ".join(number(draw) for _ in range(draw.randrange(1, 9))) + "}"


MADE: dict[str, Callable[[random.Random], str]] = {
    "display": display,
    "of a list": lambda d: f"set([{', '.join(number(d) for _ in range(6))}])",
    "copy": lambda d: f"set({display(d)})",
    "frozen": lambda d: f"frozenset({display(d)})",
    "or": lambda d: f"{display(d)} | {display(d)}",
    "minus": lambda d: f"{display(d)} - {display(d)}",
    "either": lambda d: f"{display(d)} ^ {display(d)}",
    "and": lambda d: f"{display(d)} & {display(d)}",
    "union": lambda d: f"{display(d)}.union({display(d)}, [1, 40])",
    "comprehension": lambda d: f"{{k*{d.randrange(1, 9)} % 31 for k in range({d.randrange(12)})}}",
    "range": lambda d: f"set(range({d.randrange(20)}, 60, {d.randrange(1, 9)}))",
    "of a set": lambda d: f"{{k for k in {display(d)}}}",
}


@pytest.mark.parametrize("name", MADE)
def test_a_set_of_numbers_is_gone_through_as_python_does(name: str) -> None:
    for seed in range(share(90)):
        draw = random.Random(seed)
        text = (
            f"def f(x):\n    s = {MADE[name](draw)}\n    t = set(s)\n    t.add({number(draw)})\n"
            f"    t.discard({number(draw)})\n    r = 0\n"
            f"    for k in {display(draw)}:\n        r = 0.7*r + k\n"
            "    for k in s:\n        r = 0.7*r + k\n    for k in t:\n        r = 0.7*r + k\n"
            f"    return r*x + sum([i*v for i, v in enumerate({display(draw)})])"
        )
        scope: dict[str, Any] = {}
        exec(text, scope)
        found = torch_run(compile_program(text), {"x": 1.5}).value
        assert float(found.detach()) == pytest.approx(scope["f"](1.5), rel=1e-12), text


def test_a_set_of_texts_is_in_an_order_that_is_told() -> None:
    text = "def f(x):\n    r = 0\n    for k in {'b', 'aa'}:\n        r = r*x + len(k)\n    return r"
    said = [found.message for found in grad(text, x=1.5).findings]
    assert any("a set of texts, which are in any order" in sentence for sentence in said)
