"""The steps of a calculation as JSON: the report by its contract, and `steps` beside it."""

from collections.abc import Sequence

from gradcalc.render import Style
from gradcalc.render.json import Json, numbers_json, report_json, shown, span_json
from gradcalc.steps.data import Backward, Forward, Handed, Numbers, Steps


def render(walks: Sequence[Steps], style: Style) -> str:
    """One object a line for each calculation."""
    return "".join(shown(_walk(steps), style) for steps in walks)


def _walk(steps: Steps) -> Json:
    rounds = [{"first": r.first, "length": r.length, "count": r.count} for r in steps.rounds]
    return {
        **report_json(steps.report),
        "steps": {
            "output": steps.output,
            "seed": numbers_json(steps.weights),
            "forward": [_forward(step) for step in steps.forward],
            "backward": [_backward(step) for step in steps.backward],
            "rounds": rounds,
            **({} if steps.unheld is None else {"unheld": steps.unheld}),
        },
    }


def _forward(step: Forward) -> Json:
    return {
        "names": list(step.names),
        "text": step.text,
        "primitive": step.primitive,
        "span": span_json(step.place),
        "operands": list(step.operands),
        "values": [_numbers(numbers) for numbers in step.numbers],
        "depends": step.depends,
        "flows": step.flows,
    }


def _backward(step: Backward) -> Json:
    return {
        "step": step.step,
        "rule": step.rule,
        "arriving": [None if part is None else _numbers(part) for part in step.arriving],
        "handed": [_handed(part) for part in step.handed],
    }


def _handed(part: Handed) -> Json:
    told = {"formula": part.formula, "derived": part.derived, "stop": part.stop}
    return {
        "to": part.to,
        **{key: text for key, text in told.items() if text is not None},
        **({} if part.numbers is None else {"cotangent": _numbers(part.numbers)}),
        **({} if part.total is None else {"total": _numbers(part.total)}),
    }


def _numbers(numbers: Numbers) -> Json:
    true = {} if numbers.true is None else {"true": numbers_json(numbers.true)}
    return {"value": numbers_json(numbers.value), **true, "mark": str(numbers.mark)}
