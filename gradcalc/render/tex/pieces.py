r"""Texts, names and numbers in LaTeX, and pieces of mathematics put together of them.

Whatever the user typed, it compiles, and in ASCII: LaTeX stops at a character that its fonts lack,
so every one beyond ASCII is spelled: `\'{e}`, `\alpha`, or `U+6F22` where there is nothing better.
Pieces have as few brackets as can be.
"""

import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gradcalc.render import printable

_GREEK: Mapping[str, str] = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu",
    "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi",
    "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda",
    "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Υ": "Upsilon", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
_GREEK_NAMES = frozenset(_GREEK.values())

# Where a line may end in a word without blanks, and where two signs must not become one;
# `printable` leaves no such characters in a text.
_BREAK, _APART = "\0", "\1"
_WORD = 40

_SPELLED: Mapping[str, str] = {
    _BREAK: "\\allowbreak\n",
    _APART: "{}",
    **{char: f"\\{char}" for char in "{}$&#%_"},
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\symbol{34}",
    "ß": r"\ss{}", "ø": r"\o{}", "Ø": r"\O{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}",
    "Œ": r"\OE{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}", "…": r"\dots{}", "–": "--",
    "—": "---", "‘": "`", "’": "'", "“": "``", "”": "''",
    **{char: rf"\ensuremath{{\{name}}}" for char, name in _GREEK.items()},
    "∇": r"\ensuremath{\nabla}", "×": r"\ensuremath{\times}", "·": r"\ensuremath{\cdot}",
    "±": r"\ensuremath{\pm}", "≤": r"\ensuremath{\leq}", "≥": r"\ensuremath{\geq}",
    "≠": r"\ensuremath{\neq}", "→": r"\ensuremath{\to}", "∞": r"\ensuremath{\infty}",
}  # fmt: skip

_ACCENTS: Mapping[str, str] = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u",
    "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d",
    "\u0327": "c",
}  # fmt: skip

_NAME = re.compile(r"([^\W\d_]+)(?:_?([0-9]+)|_([A-Za-z][A-Za-z0-9]*))?")
_LONGEST_NAME = 80


def escape(text: str) -> str:
    """The text for a paragraph: nothing in it is a command, and long words may be broken.

    It is in lines, as TeX cannot read a very long one; their ends are blanks to it.
    """
    safe = re.sub(" +", " ", printable(unicodedata.normalize("NFC", text)))
    broken = re.sub(rf"(\S{{{_WORD}}})(?=\S)", rf"\1{_BREAK}", safe)
    apart = re.sub(r"(?<=[-,'`?!])(?=[-,'`])", _APART, broken)
    spelled = "".join(map(_spelled, apart))
    return re.sub(rf"(.{{{2 * _WORD}}}\S*) ", r"\1\n", spelled)


def _spelled(char: str) -> str:
    known = _SPELLED.get(char)
    if known is not None:
        return known
    if char.isascii():
        return char
    apart = unicodedata.normalize("NFD", char)
    letter, marks = apart[0], apart[1:]
    if letter.isascii() and letter.isalpha() and marks in _ACCENTS:
        return f"\\{_ACCENTS[marks]}{{{letter}}}"
    return f"U+{ord(char):04X}"


def code(text: str) -> str:
    """A piece of a program, in a paragraph or in mathematics."""
    return rf"\texttt{{{escape(text)}}}"


def name_table(names: Iterable[str]) -> dict[str, str]:
    r"""Each name in mathematics. Names that would look alike, `x1` and `x_1`, stay as they are."""
    table = {name: name_tex(name) for name in names}
    count = Counter(table.values())
    return {name: tex if count[tex] == 1 else _upright(name) for name, tex in table.items()}


def name_tex(name: str) -> str:
    r"""`x`, `\lambda`, `x_{1}`, `w_{\mathrm{out}}`, and a word of several letters in italics."""
    bare = name[:-1] if name.endswith("_") and keyword.iskeyword(name[:-1]) else name
    found = _NAME.fullmatch(bare)
    letter = _letter(found[1]) if found else None
    if found is None or letter is None or len(name) > _LONGEST_NAME:
        return _word(bare)
    number, word = found[2], found[3]
    if word is not None and len(word) > 1:
        return f"{letter}_{{\\mathrm{{{word}}}}}"
    below = number or word
    return letter if below is None else f"{letter}_{{{below}}}"


def _letter(text: str) -> str | None:
    if text in _GREEK or text in _GREEK_NAMES:
        return f"\\{_GREEK.get(text, text)}"
    return text if len(text) == 1 and text.isascii() else None


def _word(name: str) -> str:
    short = name
    if len(name) > _LONGEST_NAME:
        half = _LONGEST_NAME // 2
        short = f"{name[:half]}...{name[-half:]}"
    if re.fullmatch(r"\w+", short, re.ASCII):
        return rf"\mathit{{{short}}}".replace("_", r"\_")
    return rf"\textit{{{escape(short)}}}"


def _upright(name: str) -> str:
    return code(name if len(name) <= _LONGEST_NAME else _word(name))


def number_tex(text: str) -> str:
    r"""A number as Python writes it, in mathematics: `1e-05` is `10^{-5}`."""
    sign, size = ("-", text[1:]) if text.startswith("-") else ("", text)
    if size in ("inf", "nan"):
        return sign + (r"\infty" if size == "inf" else r"\mathrm{NaN}")
    mantissa, e, exponent = size.partition("e")
    if not e:
        return text
    power = f"10^{{{int(exponent)}}}"
    return sign + (power if mantissa == "1" else rf"{mantissa} \cdot {power}")


# -- pieces ------------------------------------------------------------------------------------

LOWEST, OR, AND, COMPARE, SUM, NEGATIVE, PRODUCT, POWER, CALL, ATOM = range(10)
"""How tightly a piece holds together: a POWER takes no other power, a CALL no index."""

_TALL = ("^", r"\frac", r"\sqrt", r"\sum", r"\begin", r"\left")
_WIDEST = 10


Product = Literal["", "scaled", "elements", "mixed", "matrices"]
"""By numbers, of elements, of both, of matrices (and numbers)."""


@dataclass(frozen=True, slots=True)
class Piece:
    r"""A piece of mathematics and how tightly it holds together.

    `product` is the kind of product that it is, as another kind beside it could be misread.
    `terms` are those of a sum, each with its sign. `goes_on` is true of what takes in whatever
    follows it: `\sum x`.
    """

    text: str
    level: int = ATOM
    product: Product = ""
    terms: tuple[str, ...] = ()
    goes_on: bool = False

    def within(self, level: int) -> str:
        """The text in brackets, unless it holds together at that level."""
        return self.text if self.level >= level else self.bracketed

    @property
    def bracketed(self) -> str:
        """The text in brackets."""
        return fenced("(", self.text, ")")

    def as_left(self, *unlike: Product) -> str:
        """The text as the left factor of a product that is unlike some kinds of products."""
        loose = self.goes_on or self.product in unlike
        return self.bracketed if loose else self.within(NEGATIVE)


def fenced(left: str, text: str, right: str) -> str:
    """The text between brackets that are as tall as it is."""
    gap = " " if left.startswith("\\") else ""
    if any(sign in text for sign in _TALL):
        return rf"\left{left}{gap}{text}{gap}\right{right}"
    return f"{left}{gap}{text}{gap}{right}"


def number(text: str) -> Piece:
    """A number as Python writes it."""
    tex = number_tex(text)
    if tex.startswith("-"):
        return Piece(tex, NEGATIVE)
    return Piece(tex, PRODUCT if r"\cdot" in tex else POWER if "^" in tex else ATOM)


def negative(piece: Piece) -> Piece:
    """Minus the piece."""
    text = piece.within(PRODUCT)
    return Piece(f"-{text}", NEGATIVE, piece.product, goes_on=piece.goes_on)


def fraction(above: Piece, below: Piece) -> Piece:
    """One piece over the other, the sign of the upper one in front."""
    if above.level == NEGATIVE:
        return Piece(rf"-\frac{{{above.text[1:]}}}{{{below.text}}}", NEGATIVE)
    return Piece(rf"\frac{{{above.text}}}{{{below.text}}}", PRODUCT)


def by_elements(left: Piece, right: Piece) -> Piece:
    """The product of each element of one with that of the other."""
    pure = right.product in ("", "elements")
    behind = right.within(PRODUCT) if pure else right.bracketed
    kind: Product = "mixed" if left.product in ("scaled", "mixed") else "elements"
    return _product(left.as_left("matrices"), r" \odot ", behind, kind, right)


def scaled(left: Piece, right: Piece, *, by_number: bool) -> Piece:
    """A product with a number, which stands on the left or, if not `by_number`, on the right."""
    before = left.as_left("matrices")
    alone = right.product == "matrices" and not by_number
    behind = right.bracketed if alone else right.within(PRODUCT)
    # 2 times 1/2 is not two and a half.
    close = re.match(r"\\mathbf|\\frac", behind) and before[-1].isdigit()
    sign = r" \cdot " if close or behind[0].isdigit() else " "
    kinds = {left.product if before == left.text else "", "" if alone else right.product}
    kind: Product = "scaled"
    if not kinds.isdisjoint({"elements", "mixed"}):
        kind = "mixed"
    elif "matrices" in kinds:
        kind = "matrices"
    return _product(before, sign, behind, kind, right)


def side_by_side(left: Piece, right: Piece) -> Piece:
    """A product of matrices, without the brackets that associativity makes superfluous."""
    loose = right.product == "matrices" and right.level == PRODUCT and not right.text[0].isdigit()
    behind = right.text if loose else right.within(POWER)
    return _product(left.as_left("elements", "mixed"), " ", behind, "matrices", right)


def _product(before: str, sign: str, behind: str, kind: Product, right: Piece) -> Piece:
    text = before + sign + behind
    level = NEGATIVE if text.startswith("-") else PRODUCT
    return Piece(text, level, kind, goes_on=right.goes_on and behind == right.text)


def matrix(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells in round brackets."""
    inner, columns = stacked([" & ".join(row) for row in rows]), max(map(len, rows), default=1)
    if columns <= _WIDEST:
        return rf"\begin{{pmatrix}} {inner} \end{{pmatrix}}"
    # pmatrix has no more columns than that.
    spec = f"{{*{{{columns}}}{{c}}}}"
    return rf"\left(\begin{{array}}{spec} {inner} \end{{array}}\right)"


def stacked(rows: Sequence[str]) -> str:
    """Rows one below the other, many of them in lines of their own."""
    # A bracket behind the end of a row would be read as an option of it.
    safe = (f"{{}}{row}" if row.startswith("[") else row for row in rows)
    return (" \\\\\n" if len(rows) > _WIDEST else r" \\ ").join(safe)
