"""Random mathematics as people type it, with what its writer means, by numpy's linear algebra.

A vector is a column: an array of n rows. A writer leaves out brackets as writers do, each in an own
way, so that one text may come from writers who mean different things by it.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

INPUTS: dict[str, Array] = {
    "a": np.array(1.7),
    "b": np.array(0.6),
    "x": np.array([0.4, 1.3, 0.8]),
    "y": np.array([1.1, 0.3, 0.7]),
    "u": np.array([0.9, 1.6]),
    "A": np.array([[1.2, 0.3, 0.5], [0.4, 2.1, 0.6], [0.7, 0.2, 1.5]]),
    "B": np.array([[0.8, 0.1, 0.9], [1.3, 0.5, 0.2], [0.6, 1.4, 0.3]]),
    "M": np.array([[0.3, 1.2, 0.7], [1.1, 0.4, 0.9]]),
}

SUM, TERM, QUOTIENT, PRODUCT, POWER, ATOM = range(6)
"""How tightly a text holds together."""


@dataclass(frozen=True)
class Written:
    """A text and what its writer means by it: a number, a column, a row or a matrix."""

    text: str
    value: Array
    level: int = ATOM
    loose: bool = False
    """Ends in the argument of a function, an exponent or a root without brackets."""

    @property
    def is_number(self) -> bool:
        """Whether it has one element."""
        return self.value.ndim == 0


def column(value: Array) -> Array:
    """An input as mathematics has it."""
    return value.reshape(-1, 1) if value.ndim == 1 else value


def plain(value: Array) -> Array:
    """A number of one element as a number."""
    return value.reshape(()) if value.size == 1 else value


class Writer:
    """Writes formulas. One that is `careful` puts brackets wherever they might be needed."""

    def __init__(self, dice: random.Random, careful: bool) -> None:
        self._dice = dice
        self._careful = careful

    def formula(self, depth: int) -> Written:
        """A formula of any shape."""
        kinds: list[Callable[[int], Written]] = [
            self._sum, self._product, self._product, self._product, self._quotient, self._power,
            self._function, self._norm, self._root, self._transpose, self._bars,
        ]  # fmt: skip
        return self._atom() if depth == 0 else self._dice.choice(kinds)(depth - 1)

    def number(self, depth: int) -> Written:
        """A formula that is a number."""
        for _ in range(10):
            found = self.formula(depth)
            if found.is_number:
                return found
        return self._scalar()

    # -- the kinds of formulas ---------------------------------------------------------------

    def _atom(self) -> Written:
        if self._dice.random() < 0.4:
            return self._scalar()
        name = self._dice.choice(list(INPUTS))
        return Written(name, column(INPUTS[name]))

    def _scalar(self) -> Written:
        text, value = self._dice.choice([
            ("2", 2.0), ("3", 3.0), ("1.5", 1.5), ("π", np.pi), ("½", 0.5), ("a", 1.7), ("b", 0.6),
        ])  # fmt: skip
        return Written(text, np.array(value))

    def _sum(self, depth: int) -> Written:
        left = self.formula(depth)
        right = next(
            (
                w
                for w in (self.formula(depth) for _ in range(8))
                if w.value.shape == left.value.shape
            ),
            left,
        )
        sign = self._dice.choice(["+", "-", "−"])
        value = left.value + right.value if sign == "+" else left.value - right.value
        blank = self._dice.choice(["", " "])
        return Written(f"{left.text}{blank}{sign}{blank}{self._at(right, TERM)}", value, SUM)

    def _product(self, depth: int) -> Written:
        left, right = self.formula(depth), self.formula(depth)
        sign = self._dice.choice(["", " ", " ", "·", " · ", "×"])
        value = self._multiplied(left.value, right.value, sign.strip())
        if value is None:
            return self._product(depth - 1) if depth > 0 else left
        if self._careful:
            one, other = self._at(left, ATOM), self._at(right, ATOM)
        else:
            one = self._at(left, TERM if sign.strip() else PRODUCT)
            other = self._at(right, POWER)
        # letters and digits run together
        if (
            sign == ""
            and (one[-1].isalnum() or one[-1] in "π½")
            and not (
                other[0] in "(√‖|" or (one[-1].isdigit() and other[0].isalpha() and other[0] != "e")
            )
        ):
            sign = " "
        # nobody goes on right behind sin 2
        sign = sign or (" " if left.loose else "")
        level = PRODUCT if not sign.strip() else TERM
        return Written(f"{one}{sign}{other}", plain(value), level, right.loose)

    def _multiplied(self, left: Array, right: Array, sign: str) -> Array | None:
        """The product, None if mathematics has none."""
        if left.ndim == 0 or right.ndim == 0:
            return np.asarray(left * right)
        if sign == "×":
            return None
        if sign == "·" and left.shape == right.shape and left.shape[1] == 1:
            return np.asarray(left.T @ right)
        if left.shape[1] != right.shape[0]:
            return None
        return np.asarray(left @ right)

    def _quotient(self, depth: int) -> Written:
        above, below = self.formula(depth), self.number(depth)
        blank = self._dice.choice(["", "", " "])
        one = self._at(above, ATOM if self._careful else TERM)
        # some write 1/2x for 1/(2x)
        other = self._at(below, ATOM if self._careful else self._dice.choice([PRODUCT, POWER]))
        # what is tight holds together
        blank = " " if " " in other and other == below.text else blank
        text = f"{one}{blank}/{blank}{other}"
        return Written(text, above.value / below.value, QUOTIENT, below.loose)

    def _power(self, depth: int) -> Written:
        base = self.number(depth)
        low = ATOM if self._careful else POWER
        digits, raised = self._dice.choice([("2", "²"), ("3", "³"), ("-1", "⁻¹"), ("", "")])
        text = self._at(base, ATOM)
        if digits:
            shown = self._dice.choice([raised, f"^{digits}", f"^{{{digits}}}", f"^({digits})"])
            value = np.power(base.value, float(digits))
            return Written(f"{text}{shown}", value, POWER, shown[0] == "^" and shown[1] not in "{(")
        exponent = self.number(min(depth, 1))
        first = self._dice.choice([text, "e", "2"])
        numbers = {"e": np.array(np.e), "2": np.array(2.0)}
        value = np.power(numbers.get(first, base.value), exponent.value)
        # some write e^2x for e^(2x)
        level = ATOM if self._careful else self._dice.choice([low, PRODUCT])
        if self._dice.random() < 0.3:
            return Written(f"{first}^{{{exponent.text}}}", value, POWER)
        inner = self._at(exponent, level)
        return Written(f"{first}^{inner}", value, POWER, inner[-1] != ")")

    def _function(self, depth: int) -> Written:
        name = self._dice.choice(["sin", "cos", "exp", "tanh", "ln"])
        functions: dict[str, Callable[[Any], Any]] = {
            "sin": np.sin, "cos": np.cos, "exp": np.exp, "tanh": np.tanh,
            "ln": lambda v: np.log(np.abs(v) + 1.0),
        }  # fmt: skip
        inner = self.formula(depth)
        value = np.asarray(functions[name](inner.value))
        if name == "ln":
            inner = Written(f"|{inner.text}| + 1", value, SUM)
            return Written(f"ln({inner.text})", value) if value.ndim == 0 else self._scalar()
        if self._careful or self._dice.random() < 0.4:
            return Written(f"{name}({inner.text})", value)
        # some write sin x y for sin(x y)
        shown = self._at(inner, self._dice.choice([PRODUCT, POWER, ATOM]))
        if shown.startswith("("):
            return Written(f"{name}({inner.text})", value)
        blank = "" if shown[0] in "√|‖" else " "
        return Written(f"{name}{blank}{shown}", value, POWER, loose=True)

    def _norm(self, depth: int) -> Written:
        inner = self.formula(depth)
        if inner.value.ndim == 0 or 1 not in inner.value.shape:
            return self._function(depth) if depth > 0 else self._scalar()
        left, right = self._dice.choice([("‖", "‖"), ("||", "||")])
        order, below = self._dice.choice([
            (None, ""), (2, "₂"), (2, "_2"), (1, "₁"), (1, "_1"), (np.inf, "_∞"),
        ])  # fmt: skip
        value = np.asarray(np.linalg.norm(inner.value.ravel(), order))
        return Written(f"{left}{inner.text}{right}{below}", value)

    def _bars(self, depth: int) -> Written:
        inner = self.number(depth)
        return Written(f"|{inner.text}|", np.abs(inner.value))

    def _root(self, depth: int) -> Written:
        inner = self._bars(depth)
        value = np.sqrt(inner.value)
        sign = self._dice.choice(["√", "sqrt ", "√"])
        if self._dice.random() < 0.5:
            return Written(f"{sign.strip()}({inner.text})", value)
        # some write √2x for √(2x)
        other = self._scalar()
        shown = self._dice.choice([other.text, f"{other.text}{inner.text}"])
        value = np.sqrt(other.value * (1.0 if shown == other.text else inner.value))
        if self._careful:
            return Written(f"{sign.strip()}({shown})", value)
        return Written(f"{sign}{shown}", value, POWER, loose=True)

    def _transpose(self, depth: int) -> Written:
        inner = self.formula(depth)
        if inner.is_number:
            return inner
        return Written(f"{self._at(inner, ATOM)}ᵀ", inner.value.T)

    # -- brackets ----------------------------------------------------------------------------

    def _at(self, part: Written, level: int) -> str:
        """The text, in brackets if it holds less tightly."""
        return part.text if part.level >= level else f"({part.text})"
