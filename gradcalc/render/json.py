"""Reports and errors as JSON, by the contract `gradcalc.report/1`: one object a line, indented and
in colours on a terminal.

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
from numpy.typing import NDArray

from gradcalc.errors import GradcalcError, Span
from gradcalc.lang.program import Branch
from gradcalc.render import Style, printable
from gradcalc.report import (
    Array,
    Claim,
    Cured,
    Element,
    Explanation,
    InputGradient,
    Report,
    WitnessAnswer,
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


_COLORED = 200_000
"""Characters above which JSON has no colours, which would take seconds."""


def render(reports: Sequence[Report], style: Style) -> str:
    """One object a line for each report; for a person, in as many lines as it takes."""
    return "".join(shown(report_json(report), style) for report in reports)


def shown(value: Json, style: Style) -> str:
    """The object with the end of its line: as a program reads it, or on a terminal a person."""
    if not style.terminal:
        return dumps(value, style) + "\n"
    from gradcalc.render.indented import indented

    text = _escaped(indented(value, style))
    if not style.color or len(text) > _COLORED:
        return f"{text}\n"
    from rich.highlighter import JSONHighlighter

    from gradcalc.render.canvas import draw

    return draw(JSONHighlighter()(text), style=style, wrap=False)


def dumps(value: Json, style: Style) -> str:
    """One line of JSON that any terminal and any encoding can take."""
    return _encoded(value, style, {})


def _encoded(value: Any, style: Style, written: dict[bytes, str]) -> str:
    """`written` are the texts of long lists of numbers by their bits."""
    if not _has_long(value):
        return _escaped(_text(value, style))
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


def _escaped(text: str) -> str:
    return _UNSAFE.sub(lambda match: json.dumps(match[0])[1:-1], text)


def _has_long(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_long, value.values()))
    return isinstance(value, list) and len(value) > _LONG


def _text(value: Any, style: Style) -> str:
    return json.dumps(value, ensure_ascii=not style.unicode, allow_nan=False, separators=(",", ":"))


def report_json(report: Report) -> Json:
    """The report as an object of the contract."""
    claims = {g.name: _claim(g.claim) for g in report.gradients if g.claim is not None}
    return {
        "schema": "gradcalc.report/1",
        "command": report.command,
        "program": report.program,
        **_known(read_as=report.read_as),
        "dtype": report.dtype,
        "value": numbers_json(report.value),
        "inputs": inputs_json(report.inputs),
        "gradients": {gradient.name: _gradient(gradient) for gradient in report.gradients},
        **_known(expected=claims or None),
        "path": [_branch(branch) for branch in report.path],
        "detached": list(report.detached),
        "witnesses": list(report.witnesses),
        "verdict": {
            "outcome": report.verdict.outcome.value,
            "message": report.verdict.message,
            "exit_code": report.verdict.exit_code,
        },
        "findings": [{**asdict(f), "span": span_json(f.span)} for f in report.findings],
        **_known(
            summed=report.summed or None,
            cotangent=numbers_json(report.cotangent),
            tangents=report.tangents and inputs_json(report.tangents),
            of=report.of,
            instead=None if report.cured is None else report.cured.report.program,
            cure=None if report.cured is None else _cure(report.cured),
        ),
    }


def inputs_json(inputs: Mapping[str, Array]) -> Json:
    """The values of inputs by name."""
    return {name: numbers_json(value) for name, value in inputs.items()}


def render_explanations(explanations: Sequence[Explanation], style: Style) -> str:
    """An object for each explanation: the report, with the answers and the cure."""
    return "".join(shown(_explanation(e), style) for e in explanations)


def _explanation(explanation: Explanation) -> Json:
    report = {"cure": None, **report_json(explanation.report)}
    return {
        **{key: value for key, value in report.items() if key != "cure"},
        "answers": {answer.witness: _answer(answer) for answer in explanation.answers},
        "cure": report["cure"],
    }


def _cure(cured: Cured) -> Json:
    return {
        "replacements": [
            {"before": r.before, "after": r.after, "reason": r.reason, "span": span_json(r.span)}
            for r in cured.replacements
        ],
        **_known(changes=cured.changes),
        "report": report_json(cured.report),
    }


def _answer(answer: WitnessAnswer) -> Json:
    if answer.absent is not None:
        return {"absent": answer.absent}
    return {
        name: {"low": numbers_json(answer.low[name]), "high": numbers_json(answer.high[name])}
        if answer.witness == "enclosure"
        else numbers_json(answer.low[name])
        for name in answer.low
    }


def error_json(error: GradcalcError) -> Json:
    """The error as an object of the contract."""
    return {
        "schema": "gradcalc.error/1",
        "exit_code": error.exit_code,
        "error": {
            "kind": error.kind,
            # whoever prints it sends no more to a terminal than a sentence
            "message": printable(error.message),
            "hint": None if error.hint is None else printable(error.hint),
            "span": span_json(error.span),
        },
    }


def _gradient(gradient: InputGradient) -> Json:
    return {
        "autograd": numbers_json(gradient.autograd),
        "symbolic": _told(gradient.symbolic, gradient.told),
        "closed_form": gradient.closed_form,
        "digits": numbers_json(gradient.digits),
        **_known(
            accumulated=numbers_json(gradient.accumulated),
            enclosure=_told(gradient.enclosure, gradient.told),
            condition=numbers_json(gradient.condition),
            worst=None if gradient.worst is None else _worst(gradient.worst),
            elements=[_element(element) for element in gradient.elements] or None,
        ),
    }


def _known(**fields: Any) -> Json:
    """The fields that say something."""
    return {name: value for name, value in fields.items() if value is not None}


def _worst(worst: Worst) -> Json:
    return {
        "index": list(worst.index),
        "autograd": numbers_json(worst.autograd),
        "true": numbers_json(worst.true),
    }


def _element(element: Element) -> Json:
    return {
        "index": list(element.index),
        "outcome": element.outcome.value,
        "autograd": numbers_json(element.autograd),
        "true": numbers_json(element.true),
        "cause": element.cause,
    }


def _told(values: Array | None, told: NDArray[np.bool_] | None) -> Any:
    """Numbers, null in place of those that there are not."""
    if values is None or told is None:
        return numbers_json(values)
    words = np.array(numbers_json(values), dtype=object)
    words[~told] = None
    return words.tolist()


def _claim(claim: Claim) -> Json:
    told = {"text": claim.text, "value": numbers_json(claim.value), "holds": claim.holds}
    return {
        **told,
        **_known(
            beside=claim.beside,
            untried=claim.untried or None,
            kept=list(claim.kept) or None,
            symmetric=list(claim.symmetric) or None,
            within=claim.within,
            diagnosis=claim.diagnosis,
        ),
    }


def _branch(branch: Branch) -> Json:
    found = {**asdict(branch), "taken": list(branch.taken)}
    return found if branch.file is not None else {k: v for k, v in found.items() if k != "file"}


def span_json(span: Span | None) -> Json | None:
    if span is None:
        return None
    return {name: value for name, value in asdict(span).items() if value is not None}


def numbers_json(values: Array | float | None) -> Any:
    """A number or nested lists of them."""
    if values is None:
        return None
    values = np.asarray(values)
    if np.isfinite(values).all():
        return values.tolist()
    words = values.astype(object)
    words[np.isnan(values)] = "NaN"
    words[np.isposinf(values)] = "Infinity"
    words[np.isneginf(values)] = "-Infinity"
    return words.tolist()
