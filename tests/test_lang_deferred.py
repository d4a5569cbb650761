"""Names that nothing stands for, in parts of a program that do not run."""

import pytest

from gradcalc import grad
from gradcalc.errors import GradcalcError

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
