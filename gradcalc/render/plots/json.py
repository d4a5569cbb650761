"""Points as JSON, by the contract `gradcalc.plot/1`: one object, whose numbers are written as those
of a report are."""

import numpy as np

from gradcalc.plotting.data import Arrow, Axis, Curve, Field, Point, Special
from gradcalc.render import Style
from gradcalc.render.json import Json, numbers_json, shown


def render(found: Curve | Field, style: Style) -> str:
    """The object, on one line for a program."""
    head = {
        "schema": "gradcalc.plot/1",
        "program": found.program,
        "axes": list(map(_axis, found.axes if isinstance(found, Field) else (found.axis,))),
        "quantity": found.quantity,
        "digits_possible": found.possible,
    }
    parts = _field(found) if isinstance(found, Field) else _curve(found)
    return shown({**head, **parts, "exit_code": found.exit_code}, style)


def _curve(curve: Curve) -> Json:
    return {
        "points": [_point(point) for point in curve.points],
        "specials": [_special(special) for special in curve.specials],
    }


def _field(field: Field) -> Json:
    return {
        "xs": list(field.xs),
        "ys": list(field.ys),
        "values": numbers_json(np.asarray(field.values)),
        "gradients": [_arrow(arrow) for arrow in field.arrows],
    }


def _axis(axis: Axis) -> Json:
    found = {"name": axis.name, "start": axis.start, "stop": axis.stop, "count": axis.count}
    return found if axis.direction is None else {**found, "direction": axis.direction}


def _point(point: Point) -> Json:
    return {"at": point.at, **_numbers(point), "outcome": point.outcome, "message": point.message}


def _special(special: Special) -> Json:
    where = {"end": special.end, "between": special.between, "asked": special.asked}
    return {
        "at": special.at,
        **{name: at for name, at in where.items() if at is not None},
        **_numbers(special),
        "outcome": special.kind,
        "message": special.message,
    }


def _numbers(found: Point | Special) -> Json:
    """`true` is null where there is none, or no float is as large."""
    known = None if found.true != found.true else found.true
    return {
        "value": numbers_json(found.value),
        "autograd": numbers_json(found.slope),
        "true": known,
        "digits": found.digits,
    }


def _arrow(arrow: Arrow) -> Json:
    return {
        "at": [arrow.x, arrow.y],
        "value": numbers_json(arrow.value),
        "autograd": numbers_json(np.asarray(arrow.slopes)),
        "true": [None if slope != slope else slope for slope in arrow.true],
        "digits": arrow.digits,
        "outcome": arrow.outcome,
        "message": arrow.message,
    }
