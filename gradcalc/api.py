"""gradcalc in one line of Python: `grad` and `why` of a program as text."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from gradcalc.cli.batch.requests import options_of
from gradcalc.cli.inputs import Request, requests
from gradcalc.cli.options import Options, keys
from gradcalc.cli.programs import sources
from gradcalc.errors import InvalidValueError, UnknownNameError
from gradcalc.render import FEW_DIGITS, Style, renderer
from gradcalc.report import Report

if TYPE_CHECKING:
    from gradcalc.report import Explanation

SHOWN = Style(width=100, color=False, digits=FEW_DIGITS)
"""How reports look in a notebook."""


@dataclass(frozen=True, slots=True, repr=False)
class Answer(Report):
    """A report that a notebook shows."""

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(renderer('table')([self], SHOWN))}</pre>"

    def _repr_latex_(self) -> str:
        return renderer("latex")([self], SHOWN)


def grad(program: str, /, **given: Any) -> Answer:
    """The value and gradient of a program, its formula, and whether they can be trusted.

        gradcalc.grad("2*dot(x,x)", x=[0, 1, 2, 3], expect="4*x").raise_for_verdict()

    Every free name of the program is an argument: a number, lists, a numpy array, a torch tensor,
    or a text as on the command line. The other arguments are the keys of a request (docs/json.md):
    `expect`, `let`, `detach`, `wrt`, `of`, `cotangent`, `dtype`, `device`, `seed`, `check`,
    `strict`, `tol`, `max_steps`, `timeout`; `inputs` takes names that are one of these. The program
    is `file.py` or `file.py:name` as well.

    Raises `GradcalcError` for whatever is wrong with the program or its inputs.
    """
    from gradcalc.calculate import calculate

    request = _request(program, given)
    report = request.noted(calculate(request.problem))
    return Answer(**{field.name: getattr(report, field.name) for field in fields(report)})


def why(program: str, /, **given: Any) -> "Explanation":
    """The verdict of `grad` at length: each witness's answer, causes, and the cure."""
    from gradcalc.explain import explain

    request = _request(program, given)
    found = explain(request.problem)
    return replace(found, report=request.noted(found.report))


def _request(program: str, given: Mapping[str, Any]) -> Request:
    options = {key: value for key, value in given.items() if key in keys() and key != "inputs"}
    inputs = {key: value for key, value in given.items() if key not in keys()}
    for name, value in dict(given.get("inputs") or {}).items():
        if name in inputs:
            raise UnknownNameError(f"{name} is given twice")
        inputs[name] = value
    asked: dict[str, Any] = {key: _plain(value, key) for key, value in options.items()}
    asked["inputs"] = {name: _plain(value, name) for name, value in inputs.items()}
    found = options_of({"program": program, **asked}, Options(programs=()))
    (request,) = requests(found, sources(found))
    return request


def _plain(value: Any, name: str) -> Any:
    """Numbers, lists, arrays and tensors as decoded JSON."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu()
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {key: _plain(part, key) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(part, name) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise InvalidValueError(
        f"{name}: a {type(value).__name__} is no value",
        hint="a number, lists, a numpy array, a torch tensor, or a text as on the command line",
    )
