"""Formulas as MATLAB and matrix calculators have them: `x'*A*x`, `y.*z`, `norm2(x)^2`, `tr(A)`.

There `*` is the product of matrices and `.*` that of elements; the first gets a sign of its own.
"""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from gradcalc.errors import ProgramSyntaxError
from gradcalc.lang.tokens import MATRIX_PRODUCT, TRANSPOSED

NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "norm1": ("sum(abs(", "))"), "norm2": ("norm(", ")"), "tr": ("trace(", ")"),
        "vector": ("(", ")"), "matrix": ("(", ")"),
    }
)  # fmt: skip
"""Functions that only such texts have, and what stands for them; `vector(1)` is ones."""

_CALLED = re.compile(rf"\b({'|'.join(NAMES)})\s*\(")
_BY_ELEMENTS = re.compile(r"(?<=[\w)\]'])\s*\.(\*|/|\^)")
_TRANSPOSED = re.compile(r"(?<=[\w)\]'])'")
_RAISED_T = re.compile(r"(?<=[\w)\]])\s*\^\s*(?:T\b|\{\s*(?:\\top|T)\s*\})")
_SQUARED = re.compile(r"(?<![\w.])([A-Z]\w*)\s*\^\s*([23])(?!\w)")
_TIMES = re.compile(r"(?<=[\w)\]ᵀ])\s*(?<!\*)\*(?!\*)\s*(?=[\w(\[])")

_ROW_OF = re.compile(r"\bvector\(([^()]*)\)'\s*\*\s*")
_BY_ONES = re.compile(rf"(?<=[\w)'{TRANSPOSED}])\s*\*\s*vector\(([^()]*)\)(?!')")
_AFTER, _BEFORE, _OPENS = (
    re.compile(r"\s*(?:[-+*/),;\n]|$)"),
    re.compile(r"(?:^|[-+(,=;\n]|(?<![.*])\*)\s*$"),
    re.compile(r"(?:^|[-+(,=;\n])\s*$"),
)
_ONES_OF = re.compile(r"\b(vector|matrix)\(([^(),]*),([^()]*)\)")
_AXIS = re.compile(r",\s*-?[1-9]\d*\s*$")
_EXTREME = re.compile(r"(?<![\w.])(max|min)\(")
_ROW = re.compile(r"[\w)\]]'\s*(?:[-+*/^,;)]|\.[*/^]|$)")
_TURNED = ("'", TRANSPOSED)
_SOLVED = re.compile(rf"(?<=[\w)'{TRANSPOSED}])\s*\\\s*(?=\(|[A-Za-z](?![A-Za-z]))")
_ONES_IN_PRODUCT = re.compile(
    r"\b(?:vector|matrix)\([^()]*\)\s*(?:'|\*)|(?<![.*])\*\s*(?:vector|matrix)\("
)

HELD = {"*": "\ue010", "/": "\ue011", "^": "\ue012"}
"""What stands for the operators of elements meanwhile."""


def is_matlab(source: str, known: Collection[str], *, python: bool) -> bool:
    """Whether a text is one of these; of what is Python only the functions tell."""
    called = any(name not in known for name in _CALLED.findall(source))
    turned = "T" not in known and _RAISED_T.search(source) is not None
    if python or called or turned:
        return called or turned or _has_rows(source)
    return any(sign.search(source) for sign in (_BY_ELEMENTS, _TRANSPOSED, _SOLVED))


def _has_rows(source: str) -> bool:
    """Whether what Python takes for text in quotes is a sum of transposes: `b'*x + c'*y`."""
    places = [place for place, sign in enumerate(source) if sign == "'"]
    return bool(places) and all(_ROW.match(source[max(place - 1, 0) :]) for place in places)


def translated(source: str) -> str:
    """The text in the signs of mathematics.

    Raises `ProgramSyntaxError` for a product by ones of which the size is not told, and for a left
    division of which it is not told what it divides.
    """
    text = _summed(_solved(_ONES_OF.sub(_ones, of_elements(source))))
    text = _BY_ELEMENTS.sub(lambda found: HELD[found[1]], text)
    text = _RAISED_T.sub(TRANSPOSED, text)
    text = _TRANSPOSED.sub(TRANSPOSED, text)
    text = _SQUARED.sub(lambda found: f"({' '.join([found[1]] * int(found[2]))})", text)
    text = _renamed(text)
    text = _TIMES.sub(MATRIX_PRODUCT, text)
    for sign, held in HELD.items():
        text = text.replace(held, f" {sign} " if sign != "^" else "^")
    return text


def _ones(found: re.Match[str]) -> str:
    value, sizes = found[2].strip(), found[3].strip()
    ones = f"ones({sizes if found[1] == 'vector' else f'({sizes})'})"
    return ones if value == "1" else f"(({value}).*{ones})"


def of_elements(text: str) -> str:
    """A text with `max(x, 0)`, the larger of each element and a number, by its name here."""
    place = 0
    while (found := _EXTREME.search(text, place)) is not None:
        end = _closing(text, found.end())
        place = found.end()
        parts = text[found.end() : end]
        # max(X, 1) may be along the dimension 1
        if _commas(parts) == 1 and not _AXIS.search(parts):
            text = f"{text[: found.start()]}{found[1]}imum({text[found.end() :]}"
            place += len("imum")
    return text


def _commas(text: str) -> int:
    """How many commas stand outside of brackets."""
    depth, found = 0, 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        found += sign == "," and not depth
    return found


def _solved(text: str) -> str:
    """The text with left divisions, `A\\b`, as solutions of equations."""
    while (found := _SOLVED.search(text)) is not None:
        start, end = _factor_start(text, found.start()), _factor_end(text, found.end())
        if not _AFTER.match(text, end) or not _OPENS.search(text[:start]):
            raise ProgramSyntaxError(
                "what \\ divides is not told here", hint="write solve(A, b) for A\\b"
            )
        made = f"solve({text[start : found.start()].strip()}, {text[found.end() : end].strip()})"
        text = f"{text[:start]}{made}{text[end:]}"
    return text


def _summed(text: str) -> str:
    """The text with products by a vector of ones, `A*vector(1)` and `vector(1)'*A`, as sums.

    Beside what binds as tightly as the product, or more, it is not told of what it is one.
    """
    while (found := _ROW_OF.search(text)) is not None:
        start, end = found.end(), _factor_end(text, found.end())
        if end == start or not _AFTER.match(text, end) or not _BEFORE.search(text[: found.start()]):
            break
        row = TRANSPOSED if text[end:].lstrip().startswith("*") else ""
        made = _times_sum(found[1], text[start:end], 0) + row
        text = f"{text[: found.start()]}{made}{text[end:]}"
    while (found := _BY_ONES.search(text)) is not None:
        start = _factor_start(text, found.start())
        factor = text[start : found.start()]
        if not factor or not _AFTER.match(text, found.end()) or not _BEFORE.search(text[:start]):
            break
        turned = factor.endswith(_TURNED)
        made = _times_sum(found[1], factor.rstrip("".join(_TURNED)), 0 if turned else 1)
        text = f"{text[:start]}{made}{text[found.end() :]}"
    if _ONES_IN_PRODUCT.search(text):
        raise ProgramSyntaxError(
            "what a product by vector(1) or matrix(1) is hangs on its size or what is beside it",
            hint="write sum(A, axis=1) for A*vector(1), sum(x) for vector(1)'*x",
        )
    return text


def _times_sum(value: str, factor: str, axis: int) -> str:
    """The sum of a factor along an axis, times the value in a vector."""
    made = f"sum({factor.strip()}, axis={axis})"
    return made if value.strip() == "1" else f"(({value})*{made})"


def _factor_end(text: str, start: int) -> int:
    """Where a factor ends that begins at a place: a name, what it is called with, a bracket."""
    place = start
    while place < len(text) and (text[place].isalnum() or text[place] == "_"):
        place += 1
    if place < len(text) and text[place] == "(":
        place = _closing(text, place + 1) + 1
    while place < len(text) and text[place] == "'":
        place += 1
    return place


def _factor_start(text: str, end: int) -> int:
    """Where a factor begins that ends at a place."""
    place = end
    while place and text[place - 1] in _TURNED:
        place -= 1
    if place and text[place - 1] == ")":
        depth = 0
        while place:
            place -= 1
            depth += (text[place] == ")") - (text[place] == "(")
            if not depth:
                break
    while place and (text[place - 1].isalnum() or text[place - 1] == "_"):
        place -= 1
    return place


def _renamed(text: str) -> str:
    """The text with the functions that have other names here, the innermost last."""
    while (found := _CALLED.search(text)) is not None:
        end = _closing(text, found.end())
        front, behind = NAMES[found[1]]
        text = f"{text[: found.start()]}{front}{text[found.end() : end]}{behind}{text[end + 1 :]}"
    return text


def _closing(text: str, start: int) -> int:
    """Where the bracket ends that was opened before a place; the last character if nowhere."""
    depth = 1
    for place in range(start, len(text)):
        depth += (text[place] in "([") - (text[place] in ")]")
        if not depth:
            return place
    return len(text) - 1
