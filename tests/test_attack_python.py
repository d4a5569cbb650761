"""The attack by calls from Python, in small, and that it sees what breaks."""

import sys
import warnings
from collections.abc import Callable
from typing import Any

import pytest

import gradcalc
from benchmarks.attack import python
from benchmarks.attack.data import Size
from benchmarks.attack.python_values import FUNCTIONS, VALUES
from gradcalc.errors import GradcalcError
from tests.test_attack_inputs import SLOW

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks at processes in /proc")


def test_nothing_breaks() -> None:
    rows = list(python.attack(Size(0.002, 1)))
    assert [row.what for row in rows] == [*python._KINDS]
    assert all(row.tried == 20 for row in rows)
    broken = [text for row in rows for text in row.broken]
    assert [text for text in broken if not any(slow in text for slow in SLOW)] == []


def test_values_and_functions_are_many_and_new_each_time() -> None:
    assert len(VALUES) > 120
    assert len(FUNCTIONS) > 50
    for made in VALUES:
        with warnings.catch_warnings(action="ignore"):
            first, second = made(), made()
        assert first is not second or not isinstance(first, list | dict)


def raises(error: BaseException) -> Callable[..., Any]:
    """A function that raises."""

    def raising(*_: Any, **__: Any) -> Any:
        raise error

    return raising


def warns(*_: Any, **__: Any) -> Any:
    """Warns as a line of gradcalc's would."""
    warnings.warn_explicit("old", UserWarning, str(python._OURS / "api.py"), 1)
    return GIVEN("x", x=1)


GIVEN = gradcalc.grad

SEEN = {
    "no error of ours": (raises(KeyError("a")), "KeyError: 'a' at "),
    "exits": (raises(SystemExit(3)), "SystemExit"),
    "an empty error": (raises(GradcalcError("")), "an empty error"),
    "a fault": (raises(GradcalcError("<function f> is none")), "in Python's words"),
    "a warning": (warns, "a warning: old"),
}


@pytest.mark.parametrize(("put", "said"), SEEN.values(), ids=SEEN)
def test_what_breaks_is_seen(
    put: Callable[..., Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in {*python._FUNCTIONS}:
        monkeypatch.setattr(gradcalc, name, put)
    assert said in python.answered(python.Call("functions of programs", "1"))[1]


def test_what_the_code_of_others_raises_is_its_own() -> None:
    call = python.Call("check of functions", "1")
    for function in (lambda x: 1 / 0, lambda x: exec("raise SystemExit")):
        assert python._ended(lambda f=function: gradcalc.check(f, 1.0))[1] == ""
    assert python.answered(call)[1] == ""
