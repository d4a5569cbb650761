"""What a plot has found, in a line."""

from gradcalc.plotting.data import ERROR, Curve, Field
from gradcalc.render import printable
from gradcalc.verdict.outcome import Outcome, number_text


def alarm(found: Curve | Field) -> str:
    """How many points are wrong or not known, and the first of them; nothing if none is."""
    if isinstance(found, Curve):
        name = found.axis.name if found.axis.direction is None else "t"
        known = {point.at for point in found.points}
        placed = [(p.at, p.outcome, p.message) for p in found.points]
        placed += [
            (s.at, s.kind, s.message) for s in found.specials if s.at not in known and s.end is None
        ]
        placed.sort(key=lambda entry: entry[0])
        all_ = [(what, f"{name} = {number_text(at)}", why) for at, what, why in placed]
    else:
        first, second = (axis.name for axis in found.axes)
        all_ = [
            (a.outcome, f"{first} = {number_text(a.x)}, {second} = {number_text(a.y)}", a.message)
            for a in found.arrows
        ]
    lines = []
    for outcome in (Outcome.WRONG, Outcome.UNRESOLVED, ERROR):
        odd = [entry for entry in all_ if entry[0] == outcome]
        if odd:
            points = "1 point" if len(odd) == 1 else f"{len(odd):,} points, the first"
            lines.append(f"{outcome}: {points} at {odd[0][1]}: {printable(odd[0][2])}\n")
    return "".join(lines)
