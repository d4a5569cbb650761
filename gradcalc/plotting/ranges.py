"""Ranges as they are typed: `-10:10`, and `-10:10:400` with the number of points; `-10..10` is the
same, and so is `linspace(-10, 10, 400)` where nothing else has a range."""

import re
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from gradcalc.errors import InvalidValueError, UsageError
from gradcalc.plotting.data import Axis
from gradcalc.values import parse_value

ALONG, ACROSS = 201, 41
"""How many points a line has, and each side of a plane, where nobody says."""

MOST = 10_000
"""The most points of a plot."""

EXAMPLE = 'gradcalc plot "sin(x)/x" --x -10:10'


def is_range(value: object) -> bool:
    """Whether what was typed for a name is a range, and not a value or a part of a file."""
    if not isinstance(value, str):
        return False
    text = value.strip()
    return (":" in text or ".." in text) and not text.startswith(("@", "{")) and "\n" not in text


_LINSPACE = re.compile(r"(?:\w+\.)?linspace\(([^(),]+),([^(),]+)(?:,([^(),]+))?\)")


def spaced(value: object) -> str | None:
    """The range that numbers typed in a row by `linspace` are, None for another value."""
    found = _LINSPACE.fullmatch(value.strip()) if isinstance(value, str) else None
    return None if found is None else ":".join(part.strip() for part in found.groups() if part)


def tip_for(name: str, value: object) -> str:
    """How a range is typed: with the ends that somebody has typed, if these are two numbers."""
    ends = [part.strip() for part in re.split(r"[,\s]+", str(value).strip("[]() "))]
    try:
        low, high = sorted(ends, key=float)
    except ValueError:
        return f"--{name} -10:10"
    return f"--{name} {low}:{high}" if float(low) < float(high) else f"--{name} -10:10"


def parse_range(name: str, text: str, count: int, option: str | None = None) -> Axis:
    """The axis that a range means. Raises `InvalidValueError` for what is none."""
    option = option or f"--{name}"
    parts = re.split(r":|\.\.", text)
    if len(parts) not in (2, 3) or not all(part.strip() for part in parts):
        raise InvalidValueError(
            f"{option} {text}: a range is START:STOP or START:STOP:POINTS", hint=EXAMPLE
        )
    if len(parts) == 3:
        if not parts[2].strip().isdecimal():
            raise InvalidValueError(
                f"{option} {text}: the number of points is not a whole number",
                hint=f"{option} {parts[0]}:{parts[1]}:{count}",
            )
        count = int(parts[2])
    start, stop = sorted(_number(part, option) for part in parts[:2])
    if start == stop:
        raise InvalidValueError(
            f"{option} {text}: the range is empty", hint=f"{option} {start - 1:g}:{stop + 1:g}"
        )
    if count < 2:
        raise InvalidValueError(f"{option} {text}: a range has 2 points or more")
    return Axis(name, start, stop, count)


def _number(text: str, option: str) -> float:
    def random() -> np.random.Generator:
        raise UsageError(f"{option} {text}: the end of a range is not random")

    value = parse_value(text, random=random, name=option)
    if value.shape == () and not np.isfinite(value):
        raise InvalidValueError(
            f"{option}: {text} is not the end of a range, which is a finite number",
            hint=f"as far as there is something to see: {option} -100:100",
        )
    if value.shape != ():
        raise InvalidValueError(f"{option}: {text} is not the end of a range, which is one number")
    return float(value)


def check_count(axes: list[Axis]) -> None:
    """Refuse more points than anybody waits for."""
    total = int(np.prod([axis.count for axis in axes]))
    if total > MOST:
        fewer = 400 if len(axes) == 1 else 100
        axis = axes[0]
        raise UsageError(
            f"that is {total:,} points, and a plot has at most {MOST:,}",
            hint=f"--{axis.name} {axis.start:g}:{axis.stop:g}:{fewer}",
        )


def places(axis: Axis, rounded: Callable[[float], float]) -> list[float]:
    """The points of an axis, each as near as a float of the dtype comes.

    They are reckoned in decimals, so that ten steps from 0 to 1 hit 0.3 and not a float beside it.
    """
    start, stop = _decimal(axis.start), _decimal(axis.stop)
    step = (stop - start) / (axis.count - 1)
    found = [rounded(float(start + step * k)) for k in range(axis.count)]
    return list(dict.fromkeys(found))


def _decimal(value: float) -> Fraction:
    return Fraction(repr(value))
