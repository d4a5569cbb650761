"""Long formulas in lines that end before an operator."""

import re
from collections.abc import Iterator

_SIGN = re.compile(r"\\left(?![a-z])|\\right(?![a-z])|\\[A-Za-z]+|\\.|[{}()\[\]]| [-+] | ")
_OPEN = {"{": 1, r"\left": 1, r"\begin": 1, "}": -1, r"\right": -1, r"\end": -1}
_LOOSE = {"(": 1, "[": 1, ")": -1, "]": -1}
_FACTORS = (r"\odot", r"\cdot")

INSIDE = 2
"""How much worse it is to break a line in a bracket more than between the factors of a product."""


def seen(tex: str) -> int:
    """About how many signs of a formula are seen."""
    return len(re.sub(r"[{}^ ]", "", re.sub(r"\\([A-Za-z]+|.)", "m", tex)))


def lines(tex: str, width: int) -> Iterator[str]:
    """The formula in lines of about so many signs, each but the first with an operator in front.

    It is broken where the fewest brackets are open, and between terms rather than factors.
    """
    while seen(tex) > width:
        places = [(cost, at) for cost, at in _places(tex) if seen(tex[:at]) <= width]
        late = [(cost, at) for cost, at in places if 2 * seen(tex[:at]) >= width] or places
        if not late:
            break
        least = min(cost for cost, _ in late)
        end = max(at for cost, at in late if cost == least)
        yield tex[:end]
        tex = tex[end + 1 :]
    yield tex


def _places(tex: str) -> Iterator[tuple[int, int]]:
    """Where a line may end, and how bad that would be."""
    tight = loose = 0
    delimiter = False
    for match in _SIGN.finditer(tex):
        word = match.group()
        if delimiter and word in _LOOSE:
            delimiter = False
            continue
        delimiter = word in (r"\left", r"\right")
        tight += _OPEN.get(word, 0)
        loose += _LOOSE.get(word, 0)
        if tight or not match.start():
            continue
        if word in (" + ", " - "):
            yield INSIDE * loose, match.start()
        elif word in _FACTORS:
            yield INSIDE * loose + 1, match.start() - 1
