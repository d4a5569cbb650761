"""Calls from Python with values of every kind: an answer, or one sentence as a `GradcalcError`."""

import io
import re
import reprlib
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import gradcalc
from benchmarks.attack.data import Row, Size
from benchmarks.attack.inputs_running import sentence
from benchmarks.attack.python_values import ARGUMENTS, FUNCTIONS, VALUES
from benchmarks.attack.workers import GIB, Workers

FULL = 10_000
"""Calls of each kind at full size."""

_FUNCTIONS = ("grad",) * 8 + (
    "jacobian", "hessian", "vjp", "jvp", "hvp", "why", "explain", "explain",
)  # fmt: skip

_PROGRAMS = (
    "x*x", "sum(x)", "2*dot(x,x)", "x*y", "u*x", "stack((x, 2*x))", "x[0]", "f.py", "sin(x)", "",
    "x +", "norm(A@x)", "x.a", "nothing.py:f", 'def f(x):\n    return x["a"]', "lambda x: x.shape",
    "def f(x):\n    return x if x else 1",
)  # fmt: skip

_KEYS = (
    "x", "x", "x", "y", "u", "A", "expect", "let", "detach", "declare", "wrt", "of", "cotangent",
    "dtype", "device", "seed", "check", "strict", "tol", "max_steps", "timeout", "inputs",
    "tangent", "order", "id", "command", "enclose", "program", "é", "x y", "__class__", "digits",
    "format", "html", "run_code", "trust", "steps", "width", "self", "prints", "show_all",
)  # fmt: skip

_CHECKED = (
    "leaves", "reference", "references", "trust", "cotangent", "order", "strict", "seed",
    "timeout", "grad", "hess", "k", "x", "y", "tol", "wrt",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is drawn, again and again the same."""

    kind: str
    drawn: str

    def made(self) -> tuple[str, Callable[[], Any]]:
        """What it is in words, and the call."""
        return _KINDS[self.kind](Random(self.drawn))


def _of_programs(draw: Random) -> tuple[str, Callable[[], Any]]:
    name = draw.choice(_FUNCTIONS)
    program = draw.choice(_PROGRAMS) if draw.random() < 0.95 else draw.choice(VALUES)()
    given = {"x": draw.choice((2.0, [1.0, 2.0, 3.0]))} if draw.random() < 0.7 else {}
    given |= {draw.choice(_KEYS): draw.choice(VALUES)() for _ in range(draw.choice((1, 1, 2, 3)))}
    function = getattr(gradcalc, name)
    return _told(name, (program,), given), lambda: function(program, **given)


def _of_code(draw: Random) -> tuple[str, Callable[[], Any]]:
    function = draw.choice(FUNCTIONS)
    args = [draw.choice(ARGUMENTS if draw.random() < 0.6 else VALUES)()
            for _ in range(draw.choice((0, 1, 1, 1, 2)))]  # fmt: skip
    given = {}
    if draw.random() < 0.6:
        for _ in range(draw.choice((1, 2))):
            odd = draw.choice(VALUES)() if draw.random() < 0.7 else draw.choice(FUNCTIONS)
            given[draw.choice(_CHECKED)] = odd
    return _told("check", (function, *args), given), lambda: gradcalc.check(
        function, *args, **given
    )


_KINDS = {"functions of programs": _of_programs, "check of functions": _of_code}


def attack(size: Size) -> Iterator[Row]:
    """A row for each kind."""
    for kind in filter(size.wants, _KINDS):
        calls = [Call(kind, f"{size.seed}/{kind}/{n}") for n in range(size.count(FULL))]
        with Workers(answered) as workers:
            found = [told for _, told in workers.tried(calls)]
        worst, most = max(told.seconds for told in found), max(told.bytes for told in found)
        broken = tuple(f"{told.fault} ({call.drawn})"
                       for call, told in zip(calls, found, strict=True) if told.fault)  # fmt: skip
        note = f"at worst {worst:.1f} s, {most / GIB * 1024:.0f} MiB"
        yield Row(kind, len(found), broken, note)


def answered(call: Call) -> tuple[int, str]:
    """How a call ends: 0, or 2 for an error, and what is wrong with that."""
    with warnings.catch_warnings(record=True) as warned, redirect_stdout(io.StringIO()):
        warnings.simplefilter("always")
        words, made = call.made()
        code, fault = _ended(made)
    # code of others may warn
    ours = [w for w in warned if Path(w.filename).is_relative_to(_OURS)]
    fault = fault or (f"a warning: {ours[0].message}" if ours else "")
    return code, fault and f"{fault}: {words}"


def _ended(made: Callable[[], Any]) -> tuple[int, str]:
    """0, or 2 for an error, and what is wrong with that."""
    try:
        found = made()
        for shown in ("__repr__", "_repr_html_", "_repr_latex_"):
            getattr(found, shown, str)()
    except gradcalc.GradcalcError as error:
        return 2, sentence(f"error: {error}")
    except BaseException as error:
        where = _where(error)
        return 2, f"{type(error).__name__}: {str(error)[:200]} at {where}" if where else ""
    return 0, "a fault in an answer" if "gradcalc has a fault" in str(found) else ""


_OURS = Path(gradcalc.__file__).parent

_CALLING = re.compile(r"\b(one|made|call|func)\(|\bplain\[name\]\(")
"""Lines of ours that call what somebody gave, which may raise what it likes."""


def _where(error: BaseException) -> str:
    """Where gradcalc raised it; nothing where Python refused the call, or code of others raised."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [Path(frame.filename).is_relative_to(_OURS) for frame in frames]
    if not any(inside):
        return "" if isinstance(error, TypeError) else "the call"
    theirs = [Path(frame.filename).name == "python_values.py" for frame in frames]
    last = max(place for place, mine in enumerate(inside) if mine)
    if any(theirs[last:]) or _CALLING.search(frames[last].line or ""):
        return ""
    return f"{Path(frames[last].filename).name}:{frames[last].lineno}"


def _told(name: str, args: tuple[Any, ...], given: dict[str, Any]) -> str:
    words = [*map(_short, args), *(f"{key}={_short(value)}" for key, value in given.items())]
    return f"{name}({', '.join(words)})"


def _short(value: Any) -> str:
    try:
        # lists that are one list many times have texts without an end
        return reprlib.repr(value)[:60]
    except BaseException:
        return f"<{type(value).__name__}>"
