"""Names of mathematics that stand together with no blank between them, as in xᵀAx.

Python takes them for one name. Where nothing has a value, only the text can tell.
"""

import re
from collections.abc import Callable, Collection

from gradcalc.lang import syntax

_WORD = re.compile(r"(?<![A-Za-z0-9_.])[A-Za-z]{2,4}(?![A-Za-z0-9_(])")
_ALONE = re.compile(r"(?<![A-Za-z0-9_.])[A-Za-z](?![A-Za-z0-9_(])")
_PRODUCT = re.compile(r"[A-Z]{1,3}[a-z]")
"""Matrices in front of a vector."""
_MATRICES = re.compile(r"[ᵀ‖⁻]|\^-|\^\(?T(?!\w)|[A-Za-z)]'|\b(?:tr|trace|det|logdet)\(")
"""What shows that capital letters are matrices."""
_RAISED = re.compile(r"\^T(?=[A-Za-z])")
_SIGNS = re.compile(r"[\^ᵀ‖²³√·×]|[A-Za-z)]'")


def apart(text: str, is_known: Callable[[str], bool], asked: Collection[str]) -> str:
    """A text with a blank between names that were certainly meant as several.

    A function, of which `is_known` tells, is one. A name that is `asked` for has to stand
    somewhere; elsewhere only mathematics is read so.
    """
    if "\n" in text or "=" in text:
        return text
    written = bool(_SIGNS.search(text)) or not syntax.is_python(text)
    text = _RAISED.sub("^T ", text) if written else text
    alone, matrices = set(_ALONE.findall(text)), bool(_MATRICES.search(text))
    missing = {name for name in asked if len(name) == 1} - alone

    def parted(match: re.Match[str]) -> str:
        word = match[0]
        if word in asked or is_known(word):
            return word
        letters = {*word}
        product = _PRODUCT.fullmatch(word) or (letters & alone and not word.islower())
        if letters & missing or (written and product) or (matrices and word.isupper()):
            return " ".join(word)
        return word

    return _WORD.sub(parted, text)
