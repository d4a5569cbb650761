"""The grammar of a value, read and worked out in one pass.

value       row (`;` or the end of a line, row)*
row         items separated by commas, or plain numbers separated by spaces
expression  numbers, names, calls, lists, tuples and + - * / // % **, as in Python
"""

import math

import numpy as np

from gradcalc.errors import did_you_mean
from gradcalc.values import functions
from gradcalc.values.context import NONFINITE, Array, Context, counted, shorten
from gradcalc.values.cursor import Cursor, Token, Value

_LEVELS = {"+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "%": 2}
_PRINTED = frozenset({"inf", "nan", "Infinity", "NaN", "True", "False"})
_SEPARATE = "put commas between elements, and spaces on both sides of + and - or on neither"


def parse_text(text: str, context: Context, *, lines_are_vector: bool = False) -> Array:
    """The array that a text means; with `lines_are_vector` one number on each line is a vector.

    Raises InvalidValueError or LimitError, with the place where one is known.
    """
    parser = _Parser(text, context)
    try:
        return context.numeric(np.asarray(parser.value(lines_are_vector), dtype=np.float64))
    except RecursionError:
        raise parser.too_deep() from None


class _Parser(Cursor):
    """Each method reads one rule of the grammar and returns its value."""

    generated = 0

    def value(self, lines_are_vector: bool) -> Value:
        rows: list[tuple[Value, Token]] = []
        explicit = False
        self.skip("\n")
        while self.token.kind != "end":
            first = self.token
            items, is_list = self.items("row")
            if self.token.text in (")", "]"):
                raise self.error(f"nothing is open for this {self.token.text}", self.token)
            if not items:
                raise self.error(f"row {len(rows) + 1} is empty", first)
            rows.append((self.stack(items) if is_list else items[0][0], first))
            self.skip("\n")
            if self.token.text == ";":
                explicit = True
                self.take()
                self.skip("\n")
        if not rows:
            raise self.context.empty()
        if len(rows) == 1 and not explicit:
            return rows[0][0]
        if explicit or not lines_are_vector:
            rows = [(np.array([r]) if isinstance(r, float) else r, first) for r, first in rows]
        return self.stack(rows)

    def items(self, closer: str) -> tuple[list[tuple[Value, Token]], bool]:
        """Items up to the closer, which is left standing, and whether they form a list."""
        items: list[tuple[Value, Token]] = []
        comma = False
        spaced: Token | None = None
        plain = True
        while not self.closes(closer):
            begin = self.at
            items.append((self.expression(), self.tokens[begin]))
            plain = plain and _is_plain(self.tokens[begin : self.at])
            if self.token.text == ",":
                comma = True
                self.take()
            elif not self.closes(closer):
                self.require_space()
                spaced = spaced or self.token
        if spaced and comma:
            raise self.error("commas and spaces both separate elements", spaced, hint=_SEPARATE)
        if spaced and not plain:
            # `2*pi -1` may mean one number or two; only what numpy prints is not in doubt.
            what = "spaces can only separate plain numbers"
            raise self.error(what, spaced, hint=_SEPARATE)
        return items, comma or spaced is not None

    def require_space(self) -> None:
        previous, token = self.tokens[self.at - 1], self.token
        if self.spaces_separate and self.gap_before(self.at):
            return
        hint = None
        if token.text in functions.NAMES and previous.kind == "number":
            hint = f"write {shorten(previous.text)}*{shorten(token.text)} for a product"
        if token.text in ("i", "j", "I", "J") and previous.kind == "number":
            hint = "values are real numbers: give the two parts of complex ones names of their own"
        if token.text == ";":
            hint = "inside brackets write a list for each row: [[1,2],[3,4]]"
        what = f"an operator or a comma is missing before {shorten(token.text)!r}"
        raise self.error(what, token, hint=hint)

    def stack(self, items: list[tuple[Value, Token]]) -> Array:
        """Items of one shape, as an array of one more dimension."""
        if all(type(value) is float for value, _ in items):
            return np.array([value for value, _ in items], dtype=np.float64)
        arrays = [np.asarray(value, dtype=np.float64) for value, _ in items]
        shape = arrays[0].shape
        for number, (array, (_, first)) in enumerate(zip(arrays, items, strict=True), 1):
            if array.shape != shape:
                found, expected = _size(array), _size(arrays[0])
                raise self.error(f"row {number} has {found}, but row 1 has {expected}", first)
        self.context.check_shape((len(arrays), *shape), len(arrays) * arrays[0].size)
        return np.stack(arrays)

    def expression(self, floor: int = 0) -> Value:
        left = self.signed()
        while (level := _LEVELS.get(self.token.text, 0)) > floor and not self.starts_element():
            operator = self.take()
            left = self.combine(operator, left, self.expression(level))
        return left

    def starts_element(self) -> bool:
        """Whether a sign belongs to the next number, as the one in `1 -2` does."""
        return (
            self.spaces_separate
            and self.token.text in ("-", "+")
            and self.gap_before(self.at)
            and not self.gap_before(self.at + 1)
        )

    def combine(self, operator: Token, left: Value, right: Value) -> Value:
        a, b = np.asarray(left), np.asarray(right)
        work = lambda: functions.combine(operator.text, a, b, self.context)
        return self.placed(work, operator, operator)

    def signed(self) -> Value:
        negative = False
        while self.token.text in ("-", "+"):
            negative ^= self.take().text == "-"
        value = self.power()
        return -value if negative else value

    def power(self) -> Value:
        base = self.atom()
        if self.token.text != "**":
            return base
        operator = self.take()
        with self.nested(spaces_separate=self.spaces_separate):
            exponent = self.signed()
        return self.combine(operator, base, exponent)

    def atom(self) -> Value:
        token = self.token
        if token.kind == "number":
            return self.number(self.take())
        if token.kind == "name":
            return self.name(self.take())
        if token.text in ("[", "("):
            return self.list(self.take())
        if token.text[1:-1] in NONFINITE and token.kind == "opaque":
            return NONFINITE[self.take().text[1:-1]]
        hint = self.percent()
        if token.kind == "end":
            raise self.error("a number is missing at the end", token, hint=hint)
        raise self.error(f"a number is expected, not {shorten(token.text)!r}", token, hint=hint)

    def percent(self) -> str | None:
        """How `50%` is written, if that is what stands in front."""
        number, sign = self.tokens[max(self.at - 2, 0) : self.at] if self.at > 1 else (None, None)
        if number is None or sign is None or sign.text != "%" or number.kind != "number":
            return None
        return f"write {float(number.text) / 100:.15g}, as % is a remainder"

    def number(self, token: Token) -> Value:
        value = float(token.text)
        if math.isinf(value):
            message = f"{shorten(token.text)} is too large for a float64"
            raise self.error(message, token, hint="write inf if infinity is meant")
        return value

    def list(self, opening: Token) -> Value:
        square = opening.text == "["
        closer = "]" if square else ")"
        with self.nested(spaces_separate=square):
            items, is_list = self.items(closer)
        self.close(opening, closer)
        if not items:
            raise self.context.empty()
        return self.stack(items) if square or is_list else items[0][0]

    def name(self, token: Token) -> Value:
        called = self.token.text == "("
        if called and token.text in functions.FUNCTIONS:
            return self.call(token)
        if token.text in functions.CONSTANTS and not called:
            return functions.CONSTANTS[token.text]
        text = shorten(token.text)
        if token.text in functions.FUNCTIONS:
            usage = functions.usage(token.text)
            raise self.error(f"{text} is a function", token, hint=f"write {usage}")
        if token.text in functions.CONSTANTS:
            raise self.error(f"{text} is a number, not a function", token)
        known = functions.FUNCTIONS if called else functions.NAMES
        what = "function" if called else "number or function"
        hint = did_you_mean(token.text[:100], known)
        raise self.error(f"there is no {what} called {text!r}", token, hint=hint)

    def call(self, name: Token) -> Value:
        opening = self.take()
        args: list[Array] = []
        with self.nested(spaces_separate=False):
            while not self.closes(")"):
                if self.token.kind != "name" or not self.ignored_keyword(name, len(args)):
                    args.append(np.asarray(self.expression(), dtype=np.float64))
                if self.token.text == ",":
                    self.take()
                elif not self.closes(")"):
                    what = f"a comma is missing before {shorten(self.token.text)!r}"
                    raise self.error(what, self.token)
        last = self.close(opening, ")")
        value = self.placed(lambda: functions.call(name.text, args, self.context), name, last)
        self.generated += 1 if isinstance(value, float) else value.size
        if self.generated > self.context.limits.max_elements:
            raise self.context.too_many(self.generated)
        return value

    def ignored_keyword(self, function: Token, position: int) -> bool:
        """Read past the `steps=` of `steps=5`, or past the whole of `dtype=...` and its like."""
        name, equals = self.tokens[self.at : self.at + 2]
        if equals.text != "=":
            return False
        self.at += 2
        if name.text in functions.IGNORED_KEYWORDS:
            while not self.closes(","):
                self.take()
            return True
        if functions.KEYWORDS.get(function.text, {}).get(name.text) != position:
            what = f"{function.text} does not take {shorten(name.text)}= here"
            raise self.error(what, name, hint=f"write {functions.usage(function.text)}")
        return False


def _is_plain(tokens: list[Token]) -> bool:
    """Whether an item is a number or a list, as numpy prints them."""
    body = tokens[1:] if tokens[0].text in ("-", "+") else tokens
    if len(body) == 1:
        return body[0].kind != "name" or body[0].text in _PRINTED
    return body[0].text == "[" and body[-1].text == "]"


def _size(array: Array) -> str:
    """How large a row is, in words."""
    if array.ndim == 1:
        return counted(array.size, "number")
    return "a single number" if array.ndim == 0 else f"the shape {array.shape}"
