"""The steps of a calculation as JSON: the report by its contract, and `steps` beside it."""

from collections.abc import Sequence

from gradcalc.render import Style
from gradcalc.render.json import Json, numbers_json, report_json, shown, span_json
from gradcalc.steps.data import Backward, Fixed, Forward, Handed, Numbers, Steps


def render(walks: Sequence[Steps], style: Style) -> str:
    """One object a line for each calculation."""
    return "".join(shown(_walk(steps), style) for steps in walks)


def _walk(steps: Steps) -> Json:
    rounds = [
        {"first": r.first, "length": r.length, "count": r.count, "also": list(r.also)}
        for r in steps.rounds
    ]
    return {
        **_report(steps),
        "steps": {
            "output": steps.output,
            **({} if steps.points else {"seed": numbers_json(steps.weights)}),
            "fixed": [_fixed(one, steps) for one in steps.fixed],
            "forward": [_forward(step, steps) for step in steps.forward],
            "backward": [_backward(step, steps) for step in steps.backward],
            "rounds": rounds,
            **({} if steps.unheld is None or steps.points else {"unheld": steps.unheld}),
        },
    }


def _report(steps: Steps) -> Json:
    """The report; of a program without values nothing that is of certain numbers."""
    found = report_json(steps.report)
    if not steps.points:
        return found
    kept = {key: found[key] for key in WITHOUT_VALUES if key in found}
    formulas = {one.name: {"formula": one.closed_form} for one in steps.report.gradients}
    return {**kept, "gradients": formulas, "points": steps.points, "notes": list(steps.notes)}


WITHOUT_VALUES = ("schema", "command", "program", "read_as", "path", "detached", "of", "verdict")
"""What there is of a report whose program has no values."""


def _fixed(one: Fixed, steps: Steps) -> Json:
    value = {} if steps.points else {"value": numbers_json(one.value)}
    return {"name": one.name, "text": one.text, **value}


def _forward(step: Forward, steps: Steps) -> Json:
    return {
        "names": list(step.names),
        "text": step.text,
        "primitive": step.primitive,
        "span": span_json(step.place),
        "operands": list(step.operands),
        **({} if steps.points else {"values": [_numbers(numbers) for numbers in step.numbers]}),
        "depends": step.depends,
        "flows": step.flows,
    }


def _backward(step: Backward, steps: Steps) -> Json:
    arriving = [None if part is None else _numbers(part) for part in step.arriving]
    return {
        "step": step.step,
        "rule": step.rule,
        **({} if steps.points else {"arriving": arriving}),
        "handed": [_handed(part, steps) for part in step.handed],
    }


def _handed(part: Handed, steps: Steps) -> Json:
    told = {
        "formula": part.formula,
        "derived": part.derived,
        "summed": part.summed,
        "stop": part.stop,
    }
    found = {"to": part.to, **{key: text for key, text in told.items() if text is not None}}
    if steps.points:
        return found
    return {
        **found,
        **({} if part.numbers is None else {"cotangent": _numbers(part.numbers)}),
        **({} if part.total is None else {"total": _numbers(part.total)}),
    }


def _numbers(numbers: Numbers) -> Json:
    true = {} if numbers.true is None else {"true": numbers_json(numbers.true)}
    return {"value": numbers_json(numbers.value), **true, "mark": str(numbers.mark)}
