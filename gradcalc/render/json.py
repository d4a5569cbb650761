"""Reports and errors as JSON: one object a line, by the contract `gradcalc.report/1`.

Numbers that JSON does not have are the strings "NaN", "Infinity" and "-Infinity". Keys beyond
the contract come after its own, and only when they say something.
"""

import json
import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from gradcalc.errors import GradcalcError, Span
from gradcalc.render.style import Style
from gradcalc.report import (
    Answer,
    Array,
    Branch,
    Claim,
    Explanation,
    Finding,
    InputGradient,
    Report,
    Verdict,
    Worst,
)

Json = dict[str, Any]

# Control and formatting characters that JSON allows in a string but a terminal may obey, and
# lone surrogates, which no encoding can write.
_UNSAFE = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


_LONG = 1_000
"""Numbers in a row above which their text is worth keeping: the witnesses often say the same."""


def render(reports: Sequence[Report], style: Style) -> str:
    """One object a line for each report."""
    return "".join(dumps(report_json(report), style) + "\n" for report in reports)


def dumps(value: Json, style: Style) -> str:
    """One line of JSON that any terminal and any encoding can take."""
    return _encoded(value, style, {})


def _encoded(value: Any, style: Style, written: dict[bytes, str]) -> str:
    """`written` are the texts of long lists of numbers by their bits."""
    if not _has_long(value):
        return _UNSAFE.sub(lambda match: json.dumps(match[0])[1:-1], _text(value, style))
    if isinstance(value, dict):
        fields = (f"{_text(key, style)}:{_encoded(v, style, written)}" for key, v in value.items())
        return "{" + ",".join(fields) + "}"
    try:
        bits = array("d", value).tobytes()
    # rows, or words for what is no number
    except TypeError:
        return _text(value, style)
    if bits not in written:
        written[bits] = _text(value, style)
    return written[bits]


def _has_long(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_long, value.values()))
    return isinstance(value, list) and len(value) > _LONG


def _text(value: Any, style: Style) -> str:
    return json.dumps(value, ensure_ascii=not style.unicode, allow_nan=False, separators=(",", ":"))


def report_json(report: Report) -> Json:
    """The report as an object of the contract."""
    claims = {
        gradient.name: _claim(gradient.claim)
        for gradient in report.gradients
        if gradient.claim is not None
    }
    return {
        "schema": "gradcalc.report/1",
        "command": report.command,
        "program": report.program,
        "dtype": report.dtype,
        "value": None if report.value is None else _numbers(report.value),
        "inputs": inputs_json(report.inputs),
        "gradients": {gradient.name: _gradient(gradient) for gradient in report.gradients},
        **({"expected": claims} if claims else {}),
        "path": [_branch(branch) for branch in report.path],
        "detached": list(report.detached),
        "witnesses": list(report.witnesses),
        "verdict": _verdict(report.verdict),
        "findings": [_finding(finding) for finding in report.findings],
        **({"summed": True} if report.summed else {}),
        **({} if report.cotangent is None else {"cotangent": _numbers(report.cotangent)}),
        **({} if report.of is None else {"of": report.of}),
    }


def inputs_json(inputs: Mapping[str, Array]) -> Json:
    """The values of inputs by name."""
    return {name: _numbers(value) for name, value in inputs.items()}


def render_explanations(explanations: Sequence[Explanation], style: Style) -> str:
    """One object a line for each explanation: the report, with the answers and the cure."""
    return "".join(dumps(_explanation(e), style) + "\n" for e in explanations)


def _explanation(explanation: Explanation) -> Json:
    cured = explanation.cured
    return {
        **report_json(explanation.report),
        "answers": {answer.witness: _answer(answer) for answer in explanation.answers},
        "cure": None
        if cured is None
        else {
            "replacements": [
                {"before": r.before, "after": r.after, "reason": r.reason, "span": _span(r.span)}
                for r in cured.replacements
            ],
            "report": report_json(cured.report),
        },
    }


def _answer(answer: Answer) -> Json:
    if answer.absent is not None:
        return {"absent": answer.absent}
    return {
        name: {"low": _numbers(answer.low[name]), "high": _numbers(answer.high[name])}
        if answer.witness == "enclosure"
        else _numbers(answer.low[name])
        for name in answer.low
    }


def error_json(error: GradcalcError) -> Json:
    """The error as an object of the contract."""
    return {
        "schema": "gradcalc.error/1",
        "exit_code": error.exit_code,
        "error": {
            "kind": error.kind,
            "message": error.message,
            "hint": error.hint,
            "span": _span(error.span),
        },
    }


def _gradient(gradient: InputGradient) -> Json:
    accumulated = gradient.accumulated
    return {
        "autograd": None if gradient.autograd is None else _numbers(gradient.autograd),
        "symbolic": None if gradient.symbolic is None else _numbers(gradient.symbolic),
        "closed_form": gradient.closed_form,
        "digits": None if gradient.digits is None else _number(gradient.digits),
        **({} if accumulated is None else {"accumulated": _numbers(accumulated)}),
        **({} if gradient.enclosure is None else {"enclosure": _numbers(gradient.enclosure)}),
        **({} if gradient.condition is None else {"condition": _number(gradient.condition)}),
        **({} if gradient.worst is None else {"worst": _worst(gradient.worst)}),
    }


def _worst(worst: Worst) -> Json:
    return {
        "index": list(worst.index),
        "autograd": _number(worst.autograd),
        "true": _number(worst.true),
    }


def _claim(claim: Claim) -> Json:
    return {"text": claim.text, "value": _numbers(claim.value), "holds": claim.holds}


def _branch(branch: Branch) -> Json:
    return {
        "line": branch.line,
        "kind": branch.kind,
        "source": branch.source,
        "taken": list(branch.taken),
    }


def _verdict(verdict: Verdict) -> Json:
    return {
        "outcome": verdict.outcome.value,
        "message": verdict.message,
        "exit_code": verdict.exit_code,
    }


def _finding(finding: Finding) -> Json:
    return {
        "kind": finding.kind,
        "message": finding.message,
        "hint": finding.hint,
        "span": _span(finding.span),
    }


def _span(span: Span | None) -> Json | None:
    return None if span is None else asdict(span)


def _number(value: float) -> Any:
    return _numbers(np.asarray(value))


def _numbers(values: Array) -> Any:
    """A number or nested lists of them."""
    if np.isfinite(values).all():
        return values.tolist()
    words = values.astype(object)
    words[np.isnan(values)] = "NaN"
    words[np.isposinf(values)] = "Infinity"
    words[np.isneginf(values)] = "-Infinity"
    return words.tolist()
