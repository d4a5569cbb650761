"""Mathematics as people type it → the Python that it means: `2x² + sin x` is `2*x**2 + sin(x)`.

Products need no star, powers are `^` or raised digits, and a function of one factor needs no
brackets. What mathematics itself leaves open (`1/2x`, `sin x y`) is refused with both readings.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from gradcalc.errors import ProgramSyntaxError, Span
from gradcalc.lang.tokens import (
    BARS,
    CONSTANTS,
    END,
    LOWERED,
    RAISED,
    SIGNS,
    STARTS,
    TRANSPOSED,
    Token,
    Unreadable,
    tokens,
)

Known = Callable[[str], bool]
"""Whether a name is that of a function."""

NUMBERS = frozenset({"pi", "tau", "e"})
"""Names that are numbers: what follows one in the argument of a function belongs there too."""

OPERATOR = re.compile(r"\s*(?:d/d|∂/∂)([^\W\d]\w*)(?=[\s(])")

LONGEST, MOST_BARS = 10_000, 64
"""Characters and bars up to which a text is read."""

INVERSE = re.compile(r"(sin|cos|tan)h?")
"""Functions whose power -1 may be their inverse."""

NAMES = r"[^\W\d]\w*(?:\s*,\s*[^\W\d]\w*)*"

HEADS = (
    rf"[^\W\d]\w*\s*\(\s*(?P<names>{NAMES})\s*\)\s*:?=(?!=)",
    rf"(?:[^\W\d]\w*\s*:\s*)?\(?\s*(?P<names>{NAMES})\s*\)?\s*(?:->|→|↦|=>)",
    rf"lambda\s+(?P<names>{NAMES})\s*:",
)
"""What stands in front of the expression of a function: f(x) =, x ↦, lambda x:."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor as Python, what it is and where it begins.

    `applied` is a function with the argument that stands behind it without brackets, `exponent` a
    number that something is raised to, with what is.
    """

    text: str
    start: int
    applied: tuple[str, str] | None = None
    raised: tuple[str, str] | None = None
    number: bool = False


def reading(text: str, is_function: Known, values: Collection[str]) -> str | None:
    """What a text means as Python, None if it is no mathematics or means just itself.

    `values` are names that stand for numbers; of others it is asked whether they are functions,
    where that matters. Raises `ProgramSyntaxError` for what has two readings.
    """
    if len(text) > LONGEST or sum(map(text.count, BARS)) > MOST_BARS:
        return None
    operator = OPERATOR.match(text)
    if operator and "d" not in values:
        raise ProgramSyntaxError(
            f"{operator[0].strip()} is what gradcalc takes of a program by itself",
            hint=f"leave it out, and say --wrt {operator[1]} if there are other names",
        )
    body, names = _without_head(text)
    try:
        found = _Reader(body, is_function, frozenset({*values, *names})).read()
    except (Unreadable, RecursionError):
        return None
    return None if found == text else found


def _without_head(text: str) -> tuple[str, tuple[str, ...]]:
    """The expression of a function that is all of the text, and its parameters."""
    for head in HEADS:
        found = re.match(rf"\s*{head}", text)
        if found and not re.search(r"[\n;]", text[found.end() :].strip()):
            return text[found.end() :].strip(), tuple(re.split(r"\s*,\s*", found["names"]))
    return text, ()


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str, is_function: Known, values: frozenset[str]) -> None:
        self._text = text
        self._known = is_function
        self._values = values
        self._tokens = tokens(text)
        self._at = 0

    def read(self) -> str:
        found = self._sequence("")
        if self._at < len(self._tokens):
            raise Unreadable
        return found

    # -- tokens ------------------------------------------------------------------------------

    def _next(self, ahead: int = 0) -> Token:
        place = self._at + ahead
        return self._tokens[place] if place < len(self._tokens) else END

    def _take(self) -> Token:
        token = self._next()
        self._at += 1
        return token

    def _take_close(self, kind: str) -> None:
        if self._take().kind != kind:
            raise Unreadable

    # -- the parts of a text -----------------------------------------------------------------

    def _sequence(self, until: str) -> str:
        """All up to the end of a bracket, or of the text."""
        parts, behind = [], False
        while (token := self._next()).kind not in ("end", "close"):
            # where a factor is due a bar opens
            if token.kind == until and (behind or until != "bar"):
                break
            # behind a factor a bar is the `|` of Python
            if token.kind in STARTS | {"string"} and not (behind and token.kind == "bar"):
                parts += [token.space, self._product(until)]
                behind = True
            else:
                behind = False
                # of what is no factor nothing is changed but signs
                self._take()
                parts += [token.space, SIGNS.get(token.text, token.text)]
                if token.kind in ("raised", "power", "times") and not _is_star(token):
                    raise Unreadable
        return "".join(parts)

    def _product(self, until: str) -> str:
        """Factors with a sign of multiplication or division between them, or none."""
        factors, signs = [self._factor()], [""]
        while True:
            token = self._next()
            if token.kind == "times":
                self._take()
                sign = f"{token.space}{SIGNS.get(token.text, token.text)}{self._next().space}"
            elif token.kind == until or not self._goes_on(token, factors[-1]):
                break
            else:
                sign = ""
            factors.append(self._factor())
            signs.append(sign)
            self._check(factors, signs, self._next(-1).end)
        return _joined(factors, signs)

    def _goes_on(self, token: Token, before: Factor) -> bool:
        """Whether a factor without a sign follows."""
        if token.kind not in STARTS or token.text in ("[", "{"):
            return False
        if token.kind == "number" and not before.text.endswith(")"):
            raise Unreadable
        if token.kind == "bar":
            return self._closes(token)
        return True

    def _closes(self, bar: Token) -> bool:
        """Whether a bar has another one, so that it is no `|` of Python."""
        between = self._next(-1).kind == "close" and self._next(1).text == "("
        depth = 0
        for place in range(self._at + 1, len(self._tokens)):
            token = self._tokens[place]
            depth += (token.kind == "open") - (token.kind == "close")
            if depth < 0 or token.text == "\n":
                return False
            if depth == 0 and token.text == bar.text:
                # (x > 0)|(y > 0)|(z > 0)
                following = self._tokens[place + 1 : place + 2]
                return not (between and following and following[0].text == "(")
        return False

    def _check(self, factors: list[Factor], signs: list[str], end: int) -> None:
        """Refuse what has two readings, from the last factors."""
        last, sign, before = factors[-1], signs[-1], factors[-2]
        if before.applied and not last.applied and _is_close(sign):
            name, argument = before.applied
            joint = sign or "*"
            self._refuse(
                before.start,
                end,
                f"{name}({argument}){joint}{last.text}",
                f"{name}({argument}{joint}{last.text})",
            )
        if sign:
            return
        if before.raised:
            base, exponent = before.raised
            whole = f"{base}**{exponent}*{last.text}"
            self._refuse(before.start, end, whole, f"{base}**({exponent}*{last.text})")
        first = len(factors) - 1
        while signs[first] == "":
            first -= 1
            if first == 0:
                return
        if "/" in signs[first] or "%" in signs[first]:
            left = _joined(factors[:first], signs[:first]) + signs[first]
            tight = "*".join(factor.text for factor in factors[first:])
            self._refuse(factors[0].start, end, f"{left}{tight}", f"{left}({tight})")

    def _factor(self) -> Factor:
        """What may be raised to a power, with that power, and the signs in front."""
        token = self._next()
        if token.text in ("-", "−", "–", "+", "~"):
            self._take()
            rest = self._factor()
            return Factor(f"{SIGNS.get(token.text, token.text)}{rest.text}", token.start)
        base = self._base()
        if self._next().kind not in ("power", "raised"):
            return base
        if base.applied:
            name, argument = base.applied
            exponent = self._exponent()
            return Factor(
                f"{name}({argument}**{exponent.text})",
                base.start,
                (name, f"{argument}**{exponent.text}"),
            )
        exponent = self._exponent()
        if exponent.text == "T" and "T" not in self._values:
            raise ProgramSyntaxError(
                f"{base.text}^T is a power of {base.text}",
                hint=f"its transpose is {base.text}.T, and a product of matrices A@x",
                span=self._span(base.start, self._next(-1).end),
                source=self._text,
            )
        text = f"{base.text}**{exponent.text}"
        plain = (base.number or base.text in NUMBERS) and not exponent.text.endswith(")")
        return Factor(text, base.start, raised=(base.text, exponent.text) if plain else None)

    def _exponent(self) -> Factor:
        token = self._take()
        if token.kind == "raised":
            return Factor(token.text.translate(RAISED), token.start)
        return self._factor()

    def _base(self) -> Factor:
        """A number, a name, a call, or what stands in brackets or between bars."""
        token = self._take()
        if token.kind == "root":
            return self._root(token)
        if token.kind == "bar":
            norm = self._norm(token)
            if norm is not None:
                return norm
            inner = self._sequence("bar")
            self._take_close("bar")
            return self._with_rest(f"{BARS[token.text]}({inner})", token)
        if token.kind == "open":
            return self._with_rest(f"{token.text}{self._inside()}", token)
        if token.kind == "number":
            return Factor(token.text, token.start, number=True)
        if token.kind == "string":
            return Factor(token.text, token.start)
        if token.kind != "name":
            raise Unreadable
        name = token.text.translate(LOWERED)
        if name not in self._values:
            name = CONSTANTS.get(name, name)
        if not self._is_plain(self._next()) and self._is_function(name):
            return self._application(name, token)
        return self._with_rest(name, token, called=name not in self._values | NUMBERS)

    def _norm(self, token: Token) -> Factor | None:
        """What stands between two bars on each side; None where they are bars within bars."""
        start = self._at
        if self._next().text != token.text or self._next().space:
            return None
        self._take()
        try:
            inner = self._sequence("bar")
            self._take_close("bar")
            self._take_close("bar")
        except Unreadable:
            self._at = start
            return None
        return self._with_rest(f"norm({inner})", token)

    def _is_function(self, name: str) -> bool:
        return name not in self._values and self._known(name)

    def _is_plain(self, token: Token) -> bool:
        """Whether a function is called, or meant itself, as it is in Python."""
        return token.text == "(" or token.kind not in (*STARTS, "power", "raised")

    def _application(self, name: str, token: Token) -> Factor:
        """A function without brackets around its argument, or with a power at its name."""
        power = self._exponent().text if self._next().kind in ("power", "raised") else None
        if self._next().kind not in STARTS:
            raise Unreadable
        if self._next().text == "(":
            self._take()
            argument, applied = self._inside()[:-1], None
        else:
            argument = self._argument()
            applied = (name, argument)
        called = f"{name}({argument})"
        if power is None:
            return Factor(called, token.start, applied)
        if power == "-1" and INVERSE.fullmatch(name):
            self._refuse(token.start, self._next(-1).end, f"1/{called}", f"a{called}")
        return Factor(f"{called}**{power}", token.start)

    def _argument(self) -> str:
        """Numbers, and one factor behind them."""
        factors = [self._factor()]
        while (factors[-1].number or factors[-1].text in NUMBERS) and (
            self._next().kind in ("name", "root") or self._next().text == "("
        ):
            if self._is_function(self._next().text):
                break
            factors.append(self._factor())
        return _joined(factors, [""] * len(factors))

    def _root(self, token: Token) -> Factor:
        inner = self._base()
        bracketed = inner.text.startswith("(") and inner.text.endswith(")")
        called = f"sqrt{inner.text}" if bracketed else f"sqrt({inner.text})"
        if bracketed:
            return Factor(called, token.start)
        if self._next().kind in ("power", "raised"):
            exponent = self._exponent().text
            end = self._next(-1).end
            self._refuse(
                token.start, end, f"{called}**{exponent}", f"sqrt({inner.text}**{exponent})"
            )
        return Factor(called, token.start, ("sqrt", inner.text) if inner.number else None)

    def _with_rest(self, text: str, token: Token, called: bool = False) -> Factor:
        """What is called, indexed, or has a part taken: as it stands."""
        while True:
            following = self._next()
            if following.text == "(" and called:
                self._take()
                text += f"({self._inside()}"
            elif following.text == "[" and not following.space:
                self._take()
                text += f"[{self._inside()}"
            elif following.text == TRANSPOSED:
                self._take()
                text += ".T"
            elif following.text == "." and self._next(1).kind == "name":
                self._take()
                text += f".{self._take().text}"
                called = True
                continue
            else:
                return Factor(text, token.start)
            # what a function of the language gives is a number
            called = following.text == "(" and not self._is_function(text.partition("(")[0])

    def _inside(self) -> str:
        """The rest of a bracket."""
        inner = self._sequence("close")
        token = self._take()
        if token.kind != "close":
            raise Unreadable
        return f"{inner}{token.space}{token.text}"

    # -- what is left open -------------------------------------------------------------------

    def _refuse(self, start: int, end: int, first: str, second: str) -> None:
        span = self._span(start, end)
        part = self._text[start:end]
        raise ProgramSyntaxError(
            f"{part} has two readings", hint=f"write {first} or {second}", span=span,
            source=self._text,
        )  # fmt: skip

    def _span(self, start: int, end: int) -> Span:
        line = self._text.count("\n", 0, start)
        behind = self._text.rfind("\n", 0, start) + 1
        return Span(line + 1, start - behind + 1, line + 1, end - behind + 1)


def _is_star(token: Token) -> bool:
    """Whether a sign may stand in front of an argument, as in f(*values)."""
    return token.text in ("*", "**")


def _is_close(sign: str) -> bool:
    """Whether a sign binds as if there was none: sin x*y."""
    return not sign or sign in ("*", "/")


def _joined(factors: list[Factor], signs: list[str]) -> str:
    parts = [factors[0].text]
    for factor, sign in zip(factors[1:], signs[1:], strict=True):
        parts += [sign or "*", factor.text]
    return "".join(parts)
