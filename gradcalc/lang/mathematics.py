"""Mathematics as people type it → the Python that it means: `2x² + sin x` is `2*x**2 + sin(x)`.

Products need no star, powers are `^` or raised digits, and a function of one factor needs no
brackets. What mathematics itself leaves open (`1/2x`, `sin x y`) is refused with both readings;
what hangs on shapes (`A x`, `|x|`) has its sign beside it.
"""

import re
from collections.abc import Collection

from gradcalc.errors import ProgramSyntaxError
from gradcalc.lang.reader import Known, Reader
from gradcalc.lang.signs import MARK, Reading
from gradcalc.lang.tokens import BARS, Unreadable

OPERATOR = re.compile(r"\s*(?:d/d|∂/∂)([^\W\d]\w*)(?=[\s(])")

LONGEST, MOST_BARS = 10_000, 64
"""Characters and bars up to which a text is read: bars within bars are tried out."""

NAMES = r"[^\W\d]\w*(?:\s*,\s*[^\W\d]\w*)*"

DEFAULTED = r"[^\W\d]\w*(?:\s*=\s*[-\d.eE]+)?(?:\s*,\s*[^\W\d]\w*(?:\s*=\s*[-\d.eE]+)?)*"
"""Parameters, of which some have a number by default."""

HEADS = (
    rf"[^\W\d]\w*\s*\(\s*(?P<names>{DEFAULTED})\s*\)\s*:?=(?!=)",
    rf"(?:[^\W\d]\w*\s*:\s*)?\(?\s*(?P<names>{NAMES})\s*\)?\s*(?:->|→|↦|=>)",
    rf"lambda\s+(?P<names>{DEFAULTED})\s*:",
)
"""What stands in front of the expression of a function: f(x) =, x ↦, lambda x:."""


def is_operator(text: str, values: Collection[str]) -> bool:
    """Whether a text begins with d/dx."""
    return OPERATOR.match(text) is not None and "d" not in values


def without_head(text: str) -> tuple[str, str]:
    """The expression of a function that is all of the text, and its parameters."""
    for head in HEADS:
        found = re.match(rf"\s*{head}", text)
        if found and not re.search(r"[\n;]", text[found.end() :].strip()):
            return text[found.end() :].strip(), found["names"]
    return text, ""


def reading(
    text: str, is_function: Known, values: Collection[str], *, bars: bool = True
) -> Reading | None:
    """What an expression means as Python, None if it is no mathematics.

    `values` are names that stand for numbers; of others it is asked whether they are functions,
    where that matters. Without `bars` a `|` behind a factor is Python's. Raises
    `ProgramSyntaxError` for what has two readings.
    """
    if len(text) > LONGEST or sum(map(text.count, BARS)) > MOST_BARS or MARK.search(text):
        return None
    operator = OPERATOR.match(text)
    if operator and "d" not in values:
        raise ProgramSyntaxError(
            f"{operator[0].strip()} is what gradcalc takes of a program by itself",
            hint=f"leave it out, and say --wrt {operator[1]} if there are other names",
        )
    try:
        return Reading.of(Reader(text, is_function, frozenset(values), bars=bars).read())
    except (Unreadable, RecursionError):
        return None
