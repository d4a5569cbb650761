"""Formulas without a point, drawn: for a person, a script, a paper."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gradcalc.general.answer import Derivative, General
from gradcalc.render import Style
from gradcalc.render.delimited import tsv_text
from gradcalc.render.json import shown as json_shown
from gradcalc.render.labels import label, tex_label
from gradcalc.render.latex import formula_rows
from gradcalc.render.markdown import code as in_code
from gradcalc.render.markdown import prose
from gradcalc.render.notes import formula_text
from gradcalc.render.tex.names import code, name_tex

Render = Callable[[Sequence[General], Style], str]

COMMANDS: Mapping[str, str] = {
    "gradient": "grad", "jacobian": "jacobian", "hessian": "hessian",
}  # fmt: skip
"""The commands that ask for the same with values."""


def reading_text(answer: General, style: Style) -> str:
    """What the inputs were taken for: `A m×n, x n, c a number`."""
    return ", ".join(_inputs(answer, style))


def _inputs(answer: General, style: Style) -> Iterator[str]:
    times = "×" if style.unicode else "x"
    for name, sizes in answer.reading.sizes.items():
        traits = sorted(answer.reading.traits.get(name, ()))
        words = [times.join(sizes) or "a number", *traits]
        yield f"{name} {' '.join(words)}"
    for name, letter in answer.reading.counts.items():
        if name != letter:
            yield f"{name} = {letter}"


def _label(answer: General, found: Derivative, style: Style) -> str:
    if answer.order > 1:
        return f"d^{answer.order} f/d{found.by[0]}^{answer.order}"
    return label(COMMANDS[answer.kind], ",".join(found.by), style)


def _text(found: Derivative, style: Style) -> str:
    return "no formula" if found.formula is None else formula_text(found.formula, style)


def _verdict(answer: General) -> str:
    return f"{answer.verdict.outcome} {answer.verdict.message}{NUMBERS[answer.style]}"


NUMBERS: Mapping[str, str] = {
    "any": "", "positive": ", with positive numbers", "fractions": ", with numbers from 0.1 to 0.6",
    "definite": ", with positive definite matrices",
    "mixed": ", with inputs of several sizes",
}  # fmt: skip
"""What numbers the points were of, in words."""

SYMMETRIC = "that is of all elements each by itself; among symmetric {0} it is"


def _notes(found: Derivative, style: Style) -> Iterator[str]:
    """What there is to say of a formula."""
    if found.symmetric is not None:
        among = SYMMETRIC.format(found.by[-1])
        yield f"{among} {formula_text(found.symmetric, style)}"
    if found.shows:
        yield ", ".join(found.shows)
    if found.convexity is not None:
        yield found.convexity


def _table(answers: Sequence[General], style: Style) -> str:
    return "\n".join("".join(f"{line}\n" for line in _lines(a, style)) for a in answers)


def _lines(answer: General, style: Style) -> Iterator[str]:
    yield f"f = {style.safe(answer.read_as or answer.program)}"
    yield f"    {reading_text(answer, style)}"
    yield ""
    for found in answer.derivatives:
        only = f"   (for {found.only})" if found.only else ""
        yield f"{_label(answer, found, style)} = {_text(found, style)}{only}"
        yield from (f"    {note}" for note in _notes(found, style))
    yield from (f"note: {note}" for note in answer.notes)
    yield ""
    yield f"{style.marks[answer.verdict.exit_code == 0]} {_verdict(answer)}"


def _tsv(answers: Sequence[General], style: Style) -> str:
    return "".join(_tsv_of(answer, style) for answer in answers)


def _tsv_of(answer: General, style: Style) -> str:
    rows = [["by", "formula"]]
    rows += [[",".join(found.by), _text(found, style)] for found in answer.derivatives]
    notes = [["reading", reading_text(answer, style)]]
    notes += [["only", f"{','.join(d.by)}: {d.only}"] for d in answer.derivatives if d.only]
    notes += [["note", note] for note in answer.notes]
    for one in answer.derivatives:
        notes += [["note", f"{','.join(one.by)}: {note}"] for note in _notes(one, style)]
    notes += [
        ["verdict", str(answer.verdict.outcome), answer.verdict.message + NUMBERS[answer.style]]
    ]
    return tsv_text(rows, notes, style)


def _literal(answers: Sequence[General], style: Style) -> str:
    return "".join(f"{_text(d, style)}\n" for answer in answers for d in answer.derivatives)


def _markdown(answers: Sequence[General], style: Style) -> str:
    return "\n".join(_markdown_of(answer, style) for answer in answers)


def _markdown_of(answer: General, style: Style) -> str:
    whole = in_code(f"f = {answer.read_as or answer.program}", style)
    lines = [f"{whole}, where {prose(reading_text(answer, style), style)}", ""]
    for found in answer.derivatives:
        only = f" (for {prose(found.only, style)})" if found.only else ""
        title = prose(_label(answer, found, style), style)
        lines.append(f"- {title} = {in_code(_text(found, style), style)}{only}")
        lines += [f"  - {prose(note, style)}" for note in _notes(found, style)]
    lines += [f"- note: {prose(note, style)}" for note in answer.notes]
    verdict = prose(_verdict(answer), style)
    return "".join(f"{line}\n" for line in [*lines, "", f"**{verdict}**"])


def _latex(answers: Sequence[General], style: Style) -> str:
    return "\n".join(_latex_of(answer, style) for answer in answers)


def _latex_of(answer: General, style: Style) -> str:
    shapes = {name: (None,) * len(sizes) for name, sizes in answer.reading.sizes.items()}
    rows: list[str] = []
    for found in answer.derivatives:
        left, formula = _tex_label(answer, found), found.formula
        made = formula and formula_rows(left, formula, shapes, found.by)
        rows += made or [rf"{left} &= {code(_text(found, style))}"]
    body = " \\\\\n".join(rows)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}\n"


def _tex_label(answer: General, found: Derivative) -> str:
    names = [name_tex(name) for name in found.by]
    if answer.order > 1:
        return rf"\frac{{d^{{{answer.order}}} f}}{{d {names[0]}^{{{answer.order}}}}}"
    return tex_label(COMMANDS[answer.kind], *names)


def _json(answers: Sequence[General], style: Style) -> str:
    return "".join(json_shown(general_json(answer), style) for answer in answers)


def general_json(answer: General) -> dict[str, Any]:
    """The answer as an object of the contract `gradcalc.formula/1`."""
    found: dict[str, Any] = {
        "schema": "gradcalc.formula/1",
        "command": "formula",
        "program": answer.program,
    }
    if answer.read_as is not None:
        found["read_as"] = answer.read_as
    return (
        found
        | {
            "what": answer.kind,
            "order": answer.order,
            "inputs": {
                name: {"sizes": list(sizes), "traits": sorted(answer.reading.traits.get(name, ()))}
                for name, sizes in answer.reading.sizes.items()
            },
            "sizes": list(answer.sizes),
            "formulas": [_derivative_json(one) for one in answer.derivatives],
            "verdict": {"outcome": str(answer.verdict.outcome), "message": answer.verdict.message},
            "points": answer.points,
            "numbers": answer.style,
        }
        | ({"notes": list(answer.notes)} if answer.notes else {})
    )


def _derivative_json(one: Derivative) -> dict[str, Any]:
    found: dict[str, Any] = {
        "by": list(one.by), "formula": None if one.formula is None else one.formula.text,
    }  # fmt: skip
    if one.only:
        found["only"] = one.only
    if one.symmetric is not None:
        found["symmetric"] = one.symmetric.text
    if one.shows:
        found["shows"] = list(one.shows)
    if one.convexity is not None:
        found["convexity"] = one.convexity
    return found


FORMATS: Mapping[str, Render] = {
    "table": _table, "tsv": _tsv, "csv": _tsv, "json": _json, "markdown": _markdown,
    "latex": _latex, "literal": _literal,
}  # fmt: skip
"""The formats by name."""
