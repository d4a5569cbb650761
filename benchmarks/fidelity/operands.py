"""Operands of every kind, as text: inputs, parts of them, masks, whole numbers, lists."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Style:
    """How a library writes its constants."""

    array: str
    module: str
    inf: str


STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "torch": Style("torch.tensor", "torch.", "torch.inf"),
        "bare": Style("tensor", "", "inf"),
        "numpy": Style("np.array", "np.", "np.inf"),
        "scipy": Style("np.array", "np.", "np.inf"),
        "jax": Style("jnp.array", "jnp.", "jnp.inf"),
        "math": Style("", "math.", "math.inf"),
    }
)

SCALARS = ("a", "b", "x[0]", "x[-1]", "A[0, 0]", "A[0][-1]", "C[0, 0, 0]")
NUMBERS = ("2", "-1", "3", "0", "1", "0.5", "-2.5", "2.0", "1e-3", "True", "False", "10", "-3")
VECTORS = ("x", "y", "z", "A[0]", "A[:, 0]", "x[:]", "x[1:]", "x[::2]", "D[-1]", "B[0]", "x[:0]",
           "x[:1]", "-x", "2*x", "x + 1", "x[::-1]")  # fmt: skip
MATRICES = ("A", "B", "D", "A.T", "C[0]", "C[:, 0]", "C[..., 0]", "A[:, :1]", "x[None]",
            "x[:, None]", "A[:1]", "A @ B", "D*D", "A[None, 0]", "B.T", "A[:0]")  # fmt: skip
CUBES = ("C", "A[None]", "C[:, :1]", "x[None, None]", "C*2", "A[..., None]", "D[:, None]")
MASKS = ("x > 0", "A > 0", "x > y", "D < 1", "C >= 0.5", "x == x", "x != x[0]", "a > b",
         "(x > 0) & (y < 1)", "(x > 0) | (x < -1)", "~(A > 0)", "x < 0", "x[None] > 0")  # fmt: skip
COUNTS = ("(x > 0) + (y > 0)", "(x > 0)*(x < 1)", "(A > 0) + 1", "2*(x > 0)", "-(1*(x > 0))",
          "(x > 0)*x", "(x > 0) - 1.5")  # fmt: skip
LISTS = ("[x, y]", "[a, b]", "(x, y)", "[1, 2, 3]", "[1.5, 2]", "[[1, 2], [3, 4]]", "[x[0], x[-1]]",
         "[a, 2]", "(1, 2)", "[True, False]", "[A, A]", "[x]", "[2]", "[]", "[[a, b], [1, 2]]",
         "[x, 2*x, y]", "[A[0], z]", "(a, b, a)", "[D, 2*D]")  # fmt: skip
WHOLE = ("{m}arange(3)", "{m}arange(1, 4)", "{a}([1, 2, 3])", "{a}([-7, 2, 5])",
         "{a}([[1, 2], [3, 4]])",
         "{a}(3)", "{a}([0, 1])", "{a}([True, False, True])", "{m}arange(6).reshape(2, 3)",
         "{m}ones(3)", "{m}zeros(2)", "{m}eye(3)", "{a}([1.5, -2.0, 0.5])", "{a}(2.5)", "{a}([2])",
         "{m}linspace(0, 1, 3)", "{a}([])", "{a}([[1.0, 2.0]])", "{m}ones_like(x)",
         "{m}zeros_like(A)", "{a}([x[0], 2.0])", "{m}full((2,), 3)", "{m}arange(0, 1, 0.25)",
         "{m}arange(3.0)", "{m}argmax(x)", "{m}argsort(x)", "{m}floor(x)", "{m}round(A)",
         "{m}sum(x > 0)", "{m}arange(4)[::2]", "{m}where(x > 0, 1, 0)")  # fmt: skip
_RANKED = (SCALARS, VECTORS, MATRICES, CUBES)


def operand(rng: random.Random, library: str) -> str:
    """An operand of any kind."""
    if library == "math":
        return number_like(rng)
    plain = _RANKED[rng.choices((0, 1, 2, 3), (2, 5, 4, 2))[0]]
    kinds = (plain, MASKS, COUNTS, LISTS, WHOLE, NUMBERS)
    text = rng.choice(rng.choices(kinds, (18, 2, 1, 2, 3, 1.5))[0])
    return filled(text, library)


def array(rng: random.Random, library: str) -> str:
    """An operand that is surely an array: something to ask a method of."""
    plain = _RANKED[rng.choices((0, 1, 2, 3), (2, 5, 4, 2))[0]]
    text = filled(rng.choice(rng.choices((plain, MASKS, COUNTS, WHOLE), (18, 2, 1, 3))[0]), library)
    return enclosed(text)


def simple(rng: random.Random) -> str:
    """An input of some rank."""
    return rng.choice(("x", "x", "y", "A", "A", "D", "B", "C", "a", "z"))


def number_like(rng: random.Random) -> str:
    """A number: of an input, or written."""
    return rng.choice((*SCALARS[:4], "a", "b", "a", "b", "2*a", "a - b", *NUMBERS))


def filled(text: str, library: str) -> str:
    """A text with the library's own names for what makes arrays."""
    style = STYLES[library]
    return text.replace("{m}", style.module).replace("{a}", style.array)


def enclosed(text: str) -> str:
    """A text that anything can follow: a name, a call or an index stays as it is."""
    return text if _is_closed(text) else f"({text})"


def _is_closed(text: str) -> bool:
    depth = 0
    for at, character in enumerate(text):
        depth += character in "([{"
        depth -= character in ")]}"
        if depth == 0 and not (character.isalnum() or character in "_.)]"):
            return False
        if depth == 1 and at == 0:
            # what opens with a bracket is closed if that bracket ends it
            return _ends_first(text)
    return not text[:1].isdigit()


def _ends_first(text: str) -> bool:
    depth = 0
    for at, character in enumerate(text):
        depth += character in "([{"
        depth -= character in ")]}"
        if depth == 0:
            return at == len(text) - 1
    return False
