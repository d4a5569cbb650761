"""Names that nothing stands for, in parts of a program that do not run."""

from pathlib import Path
from typing import Any

import pytest

from gradcalc import grad
from gradcalc.errors import GradcalcError
from gradcalc.lang.fence import compile_program

RUN = {
    "a branch": "if fast:\n        return fast_path(x)\n    return x**2",
    "the other branch": "if not fast:\n        return x**2\n    else:\n        return fast_path(x)",
    "behind what leaves": "if not fast:\n        return x**2\n    y = fast_path(x)\n    return y",
    "a choice": "return x**2 if not fast else fast_path(x)",
    "an operand": "return x**2 + (fast and fast_path(x))",
    "a loop": "for k in range(0):\n        x = fast_path(x)\n    return x**2",
    "a while": "while x > 1e6:\n        x = shrink(x)\n    return x**2",
    "a method": "if fast:\n        x = x.no_such_method()\n    return x**2",
    "of a library": "if fast:\n        x = torch.no_such_function(x)\n    return x**2",
    "a device": "if torch.cuda.is_available():\n        x = scan(x)\n    return x**2",
    "an import": "if x.is_cuda:\n        try:\n            from .cuda import scan\n"
                 "            return scan(x)\n        except Exception:\n            pass\n"
                 "    return x**2",
    "a handler": "try:\n        y = x**2\n    except ValueError:\n        y = fallback(x)\n"
                 "    return y",
    "an error": "if x > 1e6:\n        raise TooLarge(x)\n    return x**2",
}  # fmt: skip

FAILS = {
    "it runs": "if not fast:\n        return fast_path(x)\n    return x**2",
    "in any case": "y = fast_path(x)\n    return y if fast else x**2",
    "a test": "if fast_path(x) > 0:\n        return x\n    return x**2",
    "the first operand": "return fast_path(x) and x",
    "a manager": "with torch.no_grad():\n        y = fast_path(x)\n    return x*y",
}


STORED = (
    "if x > 0:\n        x.foo = 3\n    return x",
    "for k in range(1):\n        x.foo += 1\n    return x",
    "if x > 0:\n        a, x.foo = 1, 2\n    return x",
    "if x > 0:\n        del x.foo\n    return x",
    "if x > 0:\n        torch.foo = True\n    return x",
    "if x > 0:\n        for x.foo in range(2): pass\n    return x",
    "if x > 0:\n        x.foo: int = 1\n    return x",
)


@pytest.mark.parametrize("body", STORED)
def test_what_is_written_into_is_refused_as_ever(body: str) -> None:
    with pytest.raises(GradcalcError):
        grad(_text(body), x=3.0)


IMPORTS = {
    "in a branch": "def f(x, fast=False):\n    if fast:\n        from mpmath import quick\n"
    "        return float(quick(x))\n    return x**2",
    "above": "import mpmath\ndef f(x, fast=False):\n    if fast:\n"
    "        return mpmath.quick(x)\n    return x**2",
    "behind what leaves": "def f(x, fast=False):\n    if not fast:\n        return x**2\n"
    "    import mpmath as mp\n    return mp.quick(x)",
    "in what may fail": "def f(x, fast=False):\n    if fast:\n        try:\n"
    "            from mpmath import quick\n        except ImportError:\n"
    "            raise ImportError('none')\n        return quick(x)\n    return x**2",
    "of a library that is known": "from scipy.interpolate import interp1d\n"
    "def f(x, fast=False):\n    if fast:\n        return interp1d([1, 2], [3, 4])(x)\n"
    "    return x**2",
    "for a function that is not called": "from mpmath import quick\ndef g(x):\n"
    "    return quick(x)\ndef f(x, fast=False):\n    return g(x) if fast else x**2",
    "for an argument of another": "import mpmath\ndef f(x, fast=False):\n    if fast:\n"
    "        x = abs(mpmath.mpf(x))\n    return x**2",
}


@pytest.mark.parametrize("name", IMPORTS)
def test_an_import_of_what_is_not_known_is_refused_where_it_runs(name: str, tmp_path: Path) -> None:
    file = tmp_path / "deferring.py"
    file.write_text(IMPORTS[name] + "\n")
    found = grad(f"{file}:f", x=3.0)
    assert found.verdict.outcome.value == "verified"
    assert float(found.gradient["x"]) == 6.0
    with pytest.raises(GradcalcError, match="cannot be imported") as caught:
        grad(f"{file}:f", x=3.0, fast=True)
    assert caught.value.span is not None
    assert "import" in IMPORTS[name].splitlines()[caught.value.span.line - 1]


@pytest.mark.parametrize(
    "body",
    [
        "from mpmath import quick\ndef f(x): return quick(x)",
        "def f(x):\n    import mpmath\n    return mpmath.quick(x)",
        "from mpmath import deco\n@deco\ndef f(x): return x",
        "from mpmath import quick\ndef f(x):\n    y = quick(x)\n    return y if x > 0 else x",
    ],
)
def test_what_surely_runs_is_refused_before_anything_does(body: str) -> None:
    with pytest.raises(GradcalcError, match="mpmath"):
        compile_program(body, function="f")


APART = {
    "another library's": "from math import log\ndef g(x):\n    from numpy import log\n"
    "    return log(x)\ndef f(x): return log(x) + 2*g(x)",
    "another function": "from math import sin\ndef g(x):\n    from math import cos as sin\n"
    "    def inner(y): return sin(y)\n    return inner(x)\ndef f(x): return sin(x)*g(x)",
    "what is not known, and not needed": "from math import log\ndef g(x):\n"
    "    from mpmath import log\n    return log(x)\ndef h(x): return g(x)\n"
    "TABLE = {1: h}\ndef f(x): return log(x)",
    "behind the function": "def f(x): return sine(x)\nfrom math import sin as sine",
}


@pytest.mark.parametrize("name", APART)
def test_a_name_is_what_its_function_imports(name: str, tmp_path: Path) -> None:
    file = tmp_path / "apart.py"
    file.write_text(APART[name] + "\n")
    names: dict[str, Any] = {}
    exec(APART[name], names)
    found, step = grad(f"{file}:f", x=0.7), 1e-6
    slope = (names["f"](0.7 + step) - names["f"](0.7 - step)) / (2 * step)
    assert found.value == pytest.approx(names["f"](0.7), rel=1e-12)
    assert float(found.gradient["x"]) == pytest.approx(slope, rel=1e-7)
    assert found.verdict.outcome.value == "verified"


def _text(body: str) -> str:
    return f"import torch\ndef f(x, fast=False):\n    {body}\n"


@pytest.mark.parametrize("name", RUN)
def test_what_does_not_run_needs_no_meaning(name: str) -> None:
    found = grad(_text(RUN[name]), x=3.0)
    assert found.verdict.outcome.value == "verified"
    assert float(found.gradient["x"]) == 6.0


@pytest.mark.parametrize("name", FAILS)
def test_what_runs_needs_one(name: str) -> None:
    with pytest.raises(GradcalcError, match="there is no function called fast_path") as caught:
        grad(_text(FAILS[name]), x=3.0)
    text, span = _text(FAILS[name]), caught.value.span
    assert span is not None
    assert text.splitlines()[span.line - 1][span.column - 1 :].startswith("fast_path")
