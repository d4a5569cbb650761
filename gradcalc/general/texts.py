"""Texts without values: which of their names are inputs, and what is made of a size not told."""

import re
from collections.abc import Collection, Iterator

from gradcalc.lang import matlab
from gradcalc.lang.joined import apart
from gradcalc.lang.tokens import MATRIX_PRODUCT
from gradcalc.lang.typed import is_function

NUMBERS = frozenset(
    """alpha beta gamma delta epsilon eps eta theta kappa lam lambda_ lamda lmbda rho sigma tau nu
    omega phi psi zeta t lr α β γ δ ε η θ κ λ ρ σ τ ν ω φ ψ ζ""".split()  # noqa: SIM905
)
"""Names that stand for numbers rather than for vectors, some of which are functions or constants
as well."""

WRITTEN_OUT = 6
"""Up to which power one of a matrix is written as a product, whose terms are seen to be alike."""

_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
_PRODUCT = re.compile(r"\s*(?:[*/@']|\.[*/])")
"""What makes a value of the name of a function that it stands behind."""
_OPERAND = re.compile(r"\s*(?:[-+*/^@)\]'|=<>ᵀ;\n]|\.[*/^]|$)")
_IDENTITY = re.compile(r"(?<![\w.])(eye|I)\b(?!\s*(?:[(=.^]|\*\*))")
_STATEMENTS = re.compile(r"\n|\b(?:def|for|while|lambda)\b(?!\s*[-+*/^).,])")
"""Texts with statements or names of their own, which are Python as they stand."""
_POWER = re.compile(
    r"(?<![\w.])([A-Z]\w*|(?<!\w)\([^()a-z]*[A-Z][^()a-z]*\))\s*\^\s*([-−]?\d+|\([-−]?\d+\)|\{[-−]?\d+\})(?![\w.])"
)
_PYTHON = re.compile(r"@|\*\*|\.\s*[^\W\d]|[\[\]=:\n]")
_ONES = re.compile(r"\b(vector|matrix)\(([^(),]*)\)")


def whole(text: str, asked: Collection[str]) -> str:
    """A text as it is read where no name has a value, some of which are `asked` for.

    Identity matrices and vectors of ones that have no size, `A + c*eye` and `vector(1)`, get one
    of their own; `max(x, 0)` is that of elements; names that stand together are several. What
    has statements stays as it is otherwise.
    """
    text = matlab.of_elements(text)
    if _STATEMENTS.search(text):
        return apart(text, is_function, asked)
    taken = {*_NAME.findall(text), *asked}

    def fresh(letters: str) -> str:
        letter = next((letter for letter in letters if letter not in taken), letters[0])
        taken.add(letter)
        return letter

    def identity(found: re.Match[str]) -> str:
        return found[0] if found[0] in asked else f"eye({fresh('npqkrlsdhijo')})"

    def ones(found: re.Match[str]) -> str:
        sizes = [fresh("mnpqkrlsdhijo") for _ in range(1 + (found[1] == "matrix"))]
        return f"{found[1]}({found[2]}, {', '.join(sizes)})"

    text = _ONES.sub(ones, _IDENTITY.sub(identity, text))
    return _POWER.sub(_power, apart(text, is_function, asked))


def _power(found: re.Match[str]) -> str:
    """A power of a matrix, which a capital letter is, and what is made of such alone."""
    base, exponent = found[1], int(found[2].strip("(){}").replace("−", "-"))
    if exponent == -1:
        return f"inv({base})"
    if 1 < exponent <= WRITTEN_OUT:
        return f"({MATRIX_PRODUCT.join([base] * exponent)})"
    return f"matrix_power({base}, {exponent})"


def of_matrices(text: str) -> str | None:
    """A text in which `*` is the product of matrices, though nothing in it says that it is one;
    None where what else it has is Python's."""
    return None if _PYTHON.search(text) else matlab.translated(text)


def names_of(text: str, asked: Collection[str]) -> Iterator[str]:
    """The names of a text that are no functions there."""
    places: dict[str, list[int]] = {}
    for found in _NAME.finditer(text):
        places.setdefault(found[0], []).append(found.end())
    for name, ends in places.items():
        if any(text.startswith("(", end) for end in ends) or name in matlab.NAMES:
            continue
        if name == "T" and _is_transpose(text):
            continue
        behind = _OPERAND if name in NUMBERS or name in asked else _PRODUCT
        if not is_function(name) or all(behind.match(text, end) for end in ends):
            yield name


def _is_transpose(text: str) -> bool:
    """Whether T is a power alone: x^T is a transpose."""
    return re.search(r"(?<!\^)(?<!\w)T(?!\w)", text.replace(" ", "")) is None
