"""What pasted programs do beside their mathematics: errors of their own, retries, configurations,
managers of blocks, clocks, logs. Python itself runs each of them, with the real libraries."""

import contextlib
import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gradcalc import grad
from gradcalc.calculate import calculate
from gradcalc.errors import GradcalcError
from tests.lang_backends import problem

TEXTS = (Path(__file__).parent / "pasted" / "idioms.txt").read_text(encoding="utf-8")
CASES = [case.partition("\n") for case in TEXTS.removeprefix("### ").split("\n### ")]
"""Programs with their inputs, each a text whose last function is the program."""

STEP = 1e-6


@pytest.mark.parametrize(("inputs", "_", "text"), CASES, ids=range(len(CASES)))
def test_an_idiom_means_what_python_does_by_it(inputs: str, _: str, text: str) -> None:
    given = json.loads(inputs)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        of_torch = "import torch" in text
        value, gradients = (_by_torch if of_torch else _by_steps)(text, given)
    report = calculate(problem(text, given, cotangent=np.ones(np.shape(value))))
    assert report.verdict.outcome == "verified", report.verdict.message
    np.testing.assert_allclose(report.value, value, rtol=1e-9, atol=1e-12)
    for name, found in gradients.items():
        np.testing.assert_allclose(report.gradient[name], found, rtol=1e-5, atol=1e-5)


def _called(text: str, given: dict[str, Any]) -> Any:
    names: dict[str, Any] = {"__name__": "pasted"}
    np.random.seed(0)
    exec(compile(text, "pasted", "exec"), names)
    return names["f"](**given)


def _by_torch(text: str, inputs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        given = {
            n: torch.tensor(v, dtype=torch.float64).requires_grad_() for n, v in inputs.items()
        }
        value = _called(text, given)
        found = torch.autograd.grad(value.sum(), list(given.values()), allow_unused=True)
    finally:
        torch.set_default_dtype(before)
    zeros = (
        np.zeros(np.shape(v)) if g is None else g
        for g, v in zip(found, inputs.values(), strict=True)
    )
    return value.detach().numpy(), dict(zip(inputs, zeros, strict=True))


def _by_steps(text: str, inputs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    given = {n: np.array(v, float) if isinstance(v, list) else float(v) for n, v in inputs.items()}

    def at(name: str, value: Any) -> float:
        copies = {n: np.array(v) if isinstance(v, np.ndarray) else v for n, v in given.items()}
        return float(np.sum(_called(text, {**copies, name: value})))

    found = {}
    for name, value in given.items():
        whole = np.array(value, float)
        gradient = np.zeros_like(whole)
        for place in np.ndindex(whole.shape):
            step = np.zeros_like(whole)
            step[place] = STEP
            sides = [whole + step, whole - step]
            up, down = (at(name, s if s.shape else float(s)) for s in sides)
            gradient[place] = (up - down) / (2 * STEP)
        found[name] = gradient
    return _called(text, {n: np.array(v) if np.shape(v) else v for n, v in given.items()}), found


NOT_AT_HAND = {
    "from numba import njit, prange\nimport numpy as np\n"
    "@njit(parallel=True)\ndef f(x):\n    s = 0.0\n    for i in prange(len(x)):\n"
    "        s += x[i]**2\n    return s": [2, 4],
    "import numba\n@numba.jit\ndef g(x): return 2*x\ndef f(x):\n    @numba.njit\n"
    "    def h(y): return 3*y\n    return h(g(x)).sum()": [6, 6],
    "from tqdm import tqdm, trange\ndef f(x):\n    bar, s = tqdm(range(3), desc='d'), 0\n"
    "    for i in bar:\n        s = s + i*x\n        bar.set_postfix(i=i)\n"
    "    for i, v in enumerate(tqdm([1, 2])):\n        s = s + v*x\n"
    "    return (s + sum(trange(3))).sum()": [6, 6],
    "import pytest, wandb\n@pytest.mark.slow\ndef f(x, k=2): return k*x.sum()": [2, 2],
    "import torch\nfrom torch import nn\nm = nn.Linear(2, 1)\nother = nn.Linear(2, 1)\n"
    "m.load_state_dict({'weight': torch.tensor([[3.0, 4.0]]), 'bias': torch.tensor([0.5])})\n"
    "other.load_state_dict(m.state_dict())\ndef f(x): return other(x).sum()": [3, 4],
}
"""Programs whose libraries are not installed for tests, or whose numbers are of 32 bits."""


@pytest.mark.parametrize("text", NOT_AT_HAND)
def test_what_changes_no_number_is_nothing(text: str) -> None:
    report = calculate(problem(text, {"x": [1.0, 2.0]}))
    assert report.gradient["x"].tolist() == NOT_AT_HAND[text]


TORCH, NUMPY = "import torch\n", "import numpy as np\n"
REFUSED = {
    "def f(x): return (x^2).sum()": "a power is written x**2",
    "def f(x): return x[0] >> 2": "write x//2**n",
    "def f(x): return x[1.0]": "a whole number to Python, not 1.0",
    "def f(x): return x*[1, 2][1.0]": "a whole number to Python, not 1.0",
    "def f(x): return 1 << -1": "negative shift count",
    "def f(x): raise ValueError('a', x.shape)": "the program raises ValueError: ('a', (2,))",
    "def f(x): return x.__dict__": "has no .__dict__ to be read",
    "def f(x): return vars(x)": "not asked for by name",
    "def f(x): return {}.__dict__": "has no",
    "def f(x): return f.__dict__": "has no .__dict__",
    "def f(x): raise 3": "exceptions must derive from BaseException",
    "def f(x): raise KeyError('a')": "the program raises KeyError: 'a'",
    f"{TORCH}torch.Tensor.sum = lambda s: 2\ndef f(x): return x.sum()": "cannot be assigned to",
    f"{NUMPY}np.seterr(all='raise')\ndef f(x): return x.sum()": "errors of numbers",
    f"{NUMPY}import warnings\nwarnings.simplefilter('error')\ndef f(x): return x.sum()": "warnings",
    f"{NUMPY}def f(x):\n    with np.errstate(all='raise'): return x.sum()": "errors of numbers",
    f"{NUMPY}class V:\n    def __rmul__(self, o): return 2*o\ndef f(x): return np.sum(x*V())":
        "for each element by itself",
    f"{TORCH}def f(x):\n    try: return x.view(3)\n"
    "    except RuntimeError as e: return x.sum() if 'shape' in str(e) else x[0]":
        "what the library says of this error is not known",
    "import time\ndef f(x):\n    t = time.time()\n    return x*(time.time() - t)": "the clock",
    "import time\ndef f(x):\n    t = time.time()\n    while time.time() - t < 5: x = 2*x\n"
    "    return x": "how long the program runs decides",
    f"{TORCH}from torch import nn\nm = nn.Linear(2, 1)\n"
    "m.register_full_backward_hook(lambda *a: None)\ndef f(x): return m(x)": "are not run here",
    f"{TORCH}def f(x): return torch.from_numpy(x)": "by which torch has no gradient",
    "import foo\n@foo.magic(3)\ndef g(x): return x\ndef f(x): return g(x)":
        "nor what @foo.magic(3) makes",
    f"{TORCH}def f(x): return x.sum() if hasattr(x, 'flurb') else x[0]": "is not known here",
}  # fmt: skip
"""What cannot be told, and what is said of it."""


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("function", [None, "f"])
def test_what_cannot_be_told_is_refused(text: str, function: str | None) -> None:
    with pytest.raises(GradcalcError) as caught:
        calculate(problem(text, {"x": [1.0, 2.0]}, function=function))
    assert REFUSED[text] in f"{caught.value.message} {caught.value.hint}"


DRAWN = {
    "def g(z, n=np.random.randn(2)): return z\n": 2,
    "class C:\n    k = np.random.randn(3)\n    def m(self, z=np.random.randn(1)): return 1\n": 4,
    "def g(z): return np.random.randn(5)\n": 0,
}


@pytest.mark.parametrize("line", DRAWN)
def test_what_a_definition_draws_is_drawn(line: str) -> None:
    text = f"{NUMPY}np.random.seed(2)\n{line}def f(x): return np.sum(x*np.random.randn(2))"
    real = np.random.RandomState(2)
    real.randn(DRAWN[line])
    report = calculate(problem(text, {"x": [1.0, 2.0]}, function="f"))
    assert report.gradient["x"].tolist() == real.randn(2).tolist()


ASKED = ["shape", "append", "detach", "iloc", "grad", "items", "numpy", "to_numpy", "__len__"]


@pytest.mark.parametrize("name", ASKED)
def test_what_tensors_have_is_what_torch_and_numpy_say(name: str) -> None:
    for front, real in ((TORCH, torch.ones(2)), (NUMPY, np.ones(2))):
        maker = "torch" if front is TORCH else "np"
        text = f"{front}def f(x): return 2*x if hasattr({maker}.exp(x), '{name}') else 3*x"
        report = calculate(problem(text, {"x": [1.0, 2.0]}))
        assert report.gradient["x"].tolist() == [2.0 if hasattr(real, name) else 3.0] * 2


def test_known_attributes_are_torchs() -> None:
    from gradcalc.lang import having

    assert [n for n in sorted(having.OF_TORCH) if not hasattr(torch.ones(2, 2), n)] == []
    assert [n for n in sorted(having.NOT_OF_TORCH) if hasattr(torch.ones(2, 2), n)] == []


def test_classes_of_errors_are_pythons() -> None:
    import builtins

    from gradcalc.lang import thrown

    for name, kind in thrown.EXCEPTIONS.items():
        real = getattr(builtins, name)
        assert [one.name for one in kind.line] == [
            one.__name__ for one in real.__mro__ if issubclass(one, BaseException)
        ]


MADE_OF_WORDS = [
    "len(str(e))", "len(f'Err: {e}')", "len('E: ' + str(e))", "len('%s' % e)", "len(repr(e))",
    "2 if str(e)[0] == 'T' else 3", "sum(1 for c in str(e))", "len('{}'.format(e))",
    "2 if 'singleton' in f'Err: {e}' else 3", "len(str(e.args))",
]  # fmt: skip


@pytest.mark.parametrize("made", MADE_OF_WORDS)
def test_a_text_with_the_words_of_a_library_decides_nothing(made: str) -> None:
    text = "import torch\ndef f(x):\n    try:\n        x + torch.ones(4)\n"
    text += f"    except RuntimeError as e:\n        n = {made}\n    return (x*x).sum()*n"
    with pytest.raises(GradcalcError, match="what the library says"):
        grad(text, x=[1.0, 2.0])


LISTS = {
    "empty or not": "if not s: return 0.0\n    return s[0]**2 + s[1]",
    "until it is": "t = 0.0\n    while s:\n        t, s = t + s[0]**2, s[1:]\n    return t",
    "down to a zero": "def h(v): return v[0]**2 + h(v[1:]) if v else 0.0\n    return h(s) + s[0]",
    "one that is zero": "s = s[1:]\n    return s[0] + 1 if s else 0.0",
    "its rows": "return sum(sum(row)**2 for row in [s, s[:0]] if row)",
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_true_where_something_is_in_it(name: str) -> None:
    text = f"def f(s):\n    {LISTS[name]}\n"
    scope: dict[str, Any] = {}
    exec(text, scope)
    found = grad(text, s=[3.0, 0.0])
    assert float(found.value) == scope["f"]([3.0, 0.0])
    assert found.verdict.outcome.value == "verified"


def test_lists_of_lists_are_asked_too() -> None:
    text = "import math\ndef f(rows):\n    return sum(math.sin(sum(row)) for row in rows if row)\n"
    found = grad(text, rows=[[1.0, 2.0, -1.0], [0.5, 3.0]])
    assert found.verdict.outcome.value == "verified"


def test_an_array_is_neither_true_nor_false() -> None:
    texts = ("import torch\ndef f(s): return s.sum() if s else 0", "2*s if s*2 else 0",
             "def f(s): return (s*s).sum() if s else 0.0")  # fmt: skip
    for line in texts:
        with pytest.raises(GradcalcError, match="neither true nor false"):
            grad(line, s=[3.0, 2.0])
