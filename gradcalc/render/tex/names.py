r"""Texts, names and numbers in LaTeX.

Whatever the user typed, it compiles, and in ASCII: LaTeX stops at a character that its fonts lack,
so every one beyond ASCII is spelled: `\'{e}`, `\alpha`, or `U+6F22` where there is nothing better.
"""

import ast
import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

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
    "≠": r"\ensuremath{\neq}", "→": r"\ensuremath{\to}", "↦": r"\ensuremath{\mapsto}",
    "∞": r"\ensuremath{\infty}",
}  # fmt: skip

_ACCENTS: Mapping[str, str] = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u",
    "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d",
    "\u0327": "c",
}  # fmt: skip

_SHORT_FOR: Mapping[str, str] = {
    "lam": "lambda",
    "lamb": "lambda",
    "lamda": "lambda",
    "eps": "epsilon",
}
"""What people call letters whose names Python keeps for itself, or are long."""

_ACCENTED = ("hat", "tilde")
"""Words behind a letter that are signs above it."""

_NAME = re.compile(r"([^\W\d_]+)(?:_?([0-9]+))?((?:_[A-Za-z0-9]+)*)")
_PART = re.compile(r"(\w+)((?:\[(?:\d+|'[A-Za-z0-9]+')\])+)")
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


def named_whole(body: ast.expr, names: Collection[str]) -> ast.expr:
    """A formula in which a name with brackets or dots is one, whatever Python makes of it."""
    odd = frozenset(name for name in names if not name.isidentifier())
    return _Whole(odd).visit(body) if odd else body


class _Whole(ast.NodeTransformer):
    def __init__(self, odd: Collection[str]) -> None:
        self._odd = odd

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """A part of an input."""
        return self._whole(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """A parameter of a network."""
        return self._whole(node)

    def _whole(self, node: ast.Subscript | ast.Attribute) -> ast.AST:
        name = ast.unparse(node)
        if name in self._odd:
            return ast.copy_location(ast.Name(name, ast.Load()), node)
        return self.generic_visit(node)


def name_tex(name: str) -> str:
    r"""`x`, `\lambda`, `x_{1}`, `w_{\mathrm{out}}`, and a word of several letters in italics.

    A part of an input has its numbers and keys below: `{\mathit{params}}_{0}`.
    """
    part = _PART.fullmatch(name)
    if part is not None and len(name) <= _LONGEST_NAME:
        steps = part[2][1:-1].split("][")
        return (
            f"{{{name_tex(part[1])}}}_{{{','.join(_below(step.strip(chr(39))) for step in steps)}}}"
        )
    bare = name[:-1] if name.endswith("_") and keyword.iskeyword(name[:-1]) else name
    found = _NAME.fullmatch(bare)
    letter = _letter(found[1]) if found else None
    if found is None or letter is None or len(name) > _LONGEST_NAME:
        return _word(bare)
    number, words = found[2], found[3].split("_")[1:]
    if words and words[0] in _ACCENTED and number is None:
        letter = rf"\{words.pop(0)}{{{letter}}}"
    below = [*([] if number is None else [number]), *map(_below, words)]
    return f"{letter}_{{{','.join(below)}}}" if below else letter


def _below(word: str) -> str:
    return word if len(word) == 1 or word.isdigit() else rf"\mathrm{{{word}}}"


def _letter(text: str) -> str | None:
    known = _GREEK.get(text) or _SHORT_FOR.get(text)
    if known is not None or text in _GREEK_NAMES:
        return f"\\{known or text}"
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
    r"""A number as Python writes it, in mathematics: `3e-05` is `3 \times 10^{-5}`."""
    sign, size = ("-", text[1:]) if text.startswith("-") else ("", text)
    if size in ("inf", "nan"):
        return sign + (r"\infty" if size == "inf" else r"\mathrm{NaN}")
    mantissa, e, exponent = size.partition("e")
    if not e:
        return text
    power = f"10^{{{int(exponent)}}}"
    return sign + (power if mantissa == "1" else rf"{mantissa} \times {power}")
