"""`a += v` of a number or a tensor that is written into: read where that is the same."""

import random
from typing import Any

import pytest
import torch

from gradcalc.errors import UnsupportedError
from gradcalc.lang.fence import compile_program
from tests.lang_backends import numbers_of, torch_run

X = [0.5, 0.7, -1.1]
HEAD = "import math\nfrom math import cos, sqrt\ndef f(x):\n"

ALONE = {
    "a sum": "a = 0\nfor v in x: a += v**2\nreturn a",
    "a product": "a = 1.0\nfor i in range(len(x)): a *= math.cos(x[i])\nreturn a",
    "two at once": "a, b = 0, 1\nfor i, v in enumerate(x):\n    a += v*v/4000.0\n"
    "    b *= cos(v/sqrt(i + 1))\nreturn a - b + 1",
    "one of the other": "a = b = 0\nfor v in x:\n    a += v\n    b += a*v\nreturn b, a",
    "by condition": "a = 0\nfor v in x:\n    a += v\n    if a > 0.6: a -= 2*v\nreturn cos(a)",
    "inner": "def g(t):\n    s = 0\n    for v in t: s += math.sin(v)\n    return s\nreturn g(x)",
    "a name": "a = 0\nfor v in x:\n    a += v\n    b = a\nreturn a + b",
    "a closure": "a = 0\nfor v in x:\n    a += v\n    g = lambda: a\nreturn a*g()",
    "a list that is not read": "a = x[0]*2\nl = [a]\na += 1\nreturn a*len(l)",
    "a property": "class T:\n    @property\n    def z(self): return self.k\n    @z.setter\n"
    "    def z(self, v): self.k = v\nt = T()\nt.z = x[0]*2\nt.z += 1\nreturn t.z*x[1]",
}
SHARED = {
    "an element": "a = x[0]\na += x[1]\nreturn a*x[0]",
    "its own": "a = +x[0]\na *= 2\nreturn a + x[0]",
    "a list": "a, l = 0, []\nfor v in x:\n    a += v\n    l.append(a)\nreturn l[0]*l[1]",
    "an argument": "def g(a):\n    a += 1\n    return a\nb = x[0]*2\nreturn g(b)*b",
    "the greater": "a = x[0]*1\nb = max(a, 0)\na += 1\nreturn a*b",
    "an iterated one": "for a in x: a += 1\nreturn x[0]*a",
}


def text_of(body: str) -> str:
    return HEAD + "\n".join(f"    {line}" for line in body.split("\n"))


def ours(body: str) -> Any:
    """What gradcalc gives, None where it refuses."""
    try:
        program = compile_program(text_of(body), function="f")
        return numbers_of(torch_run(program, {"x": X}).value)
    except UnsupportedError:
        return None


def by_python(body: str, x: Any) -> list[float]:
    names: dict[str, Any] = {}
    exec(text_of(body), names)
    value = names["f"](x)
    return [float(v) for v in (value if isinstance(value, tuple) else (value,))]


@pytest.mark.parametrize("name", ALONE)
def test_what_is_the_same_either_way_is_read(name: str) -> None:
    found = ours(ALONE[name])
    assert found is not None
    with torch.no_grad():
        tensors = by_python(ALONE[name], torch.tensor(X, dtype=torch.float64))
    assert torch.as_tensor(found).ravel().tolist() == pytest.approx(tensors)
    assert torch.as_tensor(found).ravel().tolist() == pytest.approx(by_python(ALONE[name], X))


@pytest.mark.parametrize("name", SHARED)
def test_what_something_else_holds_is_refused(name: str) -> None:
    assert ours(SHARED[name]) is None


def drawn(rng: random.Random) -> str:
    """A function of three numbers that are bound to each other and added to."""
    names = ["a", "b", "c"]
    lines = [f"{n} = {rng.choice(['0.5', 'x[0]', 'x[1]*2', 'math.sin(x[2])'])}" for n in names]
    for _ in range(rng.randint(2, 5)):
        n, m, k = (rng.choice(names) for _ in range(3))
        lines.append(
            rng.choice(
                [f"{n} += {m}", f"{n} *= {m}", f"{n} = {m}", f"{n} = {m} + {k}", f"{n} = +{m}",
                 f"{n} -= math.cos({m})", f"{n}, {m} = {k}*2, {n}", f"{n} = math.fabs({m})",
                 f"for v in x: {n} += v*{m}", f"{n} = max({m}, {k})", f"{n} = [{m}, {k}][0]"]
            )
        )  # fmt: skip
    return "\n".join([*lines, "return a + 2*b + 3*c"])


def test_random_functions_mean_the_same_either_way_or_are_refused() -> None:
    rng, read = random.Random(3), 0
    for _ in range(300):
        body = drawn(rng)
        found = ours(body)
        if found is None:
            continue
        read += 1
        numbers = by_python(body, X)
        with torch.no_grad():
            # math's functions give Python's numbers of tensors as well
            tensors = by_python(body, torch.tensor(X, dtype=torch.float64))
        assert found == pytest.approx(numbers[0])
        assert found == pytest.approx(tensors[0])
    assert read > 100
