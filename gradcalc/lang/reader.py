"""Reads mathematics from left to right: sums of products of factors, each as the Python it is."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

from gradcalc.errors import ProgramSyntaxError
from gradcalc.lang.factors import Factor, Link, Raised, are_tight, joined, two_readings
from gradcalc.lang.pieces import Pieces
from gradcalc.lang.signs import Sign, bare
from gradcalc.lang.tokens import (
    BARS,
    CONSTANTS,
    END,
    FRACTIONS,
    LOWERED,
    RAISED,
    ROOTS,
    SIGNS,
    STARTS,
    TRANSPOSED,
    Token,
    Unreadable,
)

Known = Callable[[str], bool]
"""Whether a name is that of a function."""

NUMBERS = frozenset({"pi", "tau", "e"})
"""Names that are numbers: what follows one in the argument of a function belongs there too."""

INVERSE = re.compile(r"(sin|cos|tan)h?")
"""Functions whose power -1 may be their inverse."""

BACK = re.compile(r"[(\s]*-\s*1[)\s]*")
"""The power -1, in brackets or without."""

GROUPED = re.compile(r"0[xXbBoO]|\d{1,3}(_\d{3})+(?![_\d])")
"""Numbers whose digits are grouped by underscores; behind another underscore stands a subscript."""

MINUS = frozenset("-−–")

NORMS = {
    "": f"{Sign.NORM}norm({{}})",
    "1": f"{Sign.NORM}norm({{}}, 1)",
    "2": f"{Sign.NORM}norm({{}})",
    "∞": f"{Sign.NORM}norm({{}}, inf)",
    "inf": f"{Sign.NORM}norm({{}}, inf)",
    "F": "norm({})",
}
"""Norms by their subscript. That of Frobenius is one of any tensor."""


class Reader(Pieces):
    """Reads one text. With `bars` a `|` behind a factor may open, without it is Python's."""

    def __init__(
        self, text: str, is_function: Known, values: frozenset[str], *, bars: bool = True
    ) -> None:
        super().__init__(text)
        self._known = is_function
        self._values = values
        self._bars = bars

    def read(self) -> str:
        """All of the text as Python, with the characters of its signs."""
        found = self._sequence("")
        if self._at < len(self._tokens):
            raise Unreadable
        return found

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
                if token.kind == "below":
                    self._refuse_subscript(token)
                if token.kind in ("raised", "power", "times") and not _is_star(token):
                    raise Unreadable
        return "".join(parts)

    def _product(self, until: str) -> str:
        """Factors with a sign of multiplication or division between them, or none."""
        factors, links = [self._factor()], [Link("", "", spaced=False)]
        while True:
            token = self._next()
            if token.kind == "below":
                self._refuse_subscript(token)
            # |a|b|c| is |a|·b·|c| or |a·|b|·c|
            if token.kind == "bar" and are_tight(factors, links):
                raise Unreadable
            if token.kind == "times":
                self._take()
                behind = self._next()
                text = f"{token.space}{SIGNS.get(token.text, token.text)}{behind.space}"
                link = Link(token.text, text, bool(token.space or behind.space))
            elif token.kind == until or not self._goes_on(token, factors[-1]):
                break
            else:
                link = Link("", "", bool(token.space))
            factors.append(self._factor())
            links.append(link)
            found = two_readings(factors, links)
            if found is not None:
                self._refuse(found.start, self._next(-1).end, found.first, found.second)
        return joined(factors, links)

    def _goes_on(self, token: Token, before: Factor) -> bool:
        """Whether a factor without a sign follows."""
        if token.kind not in STARTS or token.text in ("[", "{"):
            return False
        # (x + 1)2, but not x 2
        if token.kind in ("number", "fraction") and self._next(-1).kind not in ("close", "bar"):
            raise Unreadable
        if token.kind == "bar":
            return self._bars and self._closes(token, before.number)
        return True

    def _closes(self, bar: Token, number: bool) -> bool:
        """Whether a bar behind a factor has another one, so that it is no `|` of Python."""
        between = self._next(-1).kind == "close" and self._next(1).text == "("
        depth = 0
        for place in range(self._at + 1, len(self._tokens)):
            token = self._tokens[place]
            depth += (token.kind == "open") - (token.kind == "close")
            if depth < 0 or token.text == "\n":
                return False
            if depth == 0 and token.text == bar.text:
                following = self._tokens[place + 1] if place + 1 < len(self._tokens) else END
                # (x > 0)|(y > 0)|(z > 0)
                if between and following.text == "(":
                    return False
                # m|n|k, or m | n | k
                even = bool(bar.space) == bool(self._next(1).space)
                if even and not number and following.kind in STARTS - {"bar"}:
                    raise Unreadable
                return True
        return False

    def _factor(self) -> Factor:
        """What may be raised to a power, with that power, and the signs in front."""
        token = self._next()
        if token.text in MINUS | {"+", "~"}:
            self._take()
            rest = self._factor()
            return replace(
                rest,
                text=f"{SIGNS.get(token.text, token.text)}{rest.text}",
                start=token.start,
                number=False,
            )
        base = self._base()
        if self._next().kind not in ("power", "raised"):
            return base
        if base.rooted and base.applied:
            self._refuse_power(base, base.applied)
        if base.applied:
            front, argument, behind = base.applied
            argument = f"{argument}{Sign.POWER}**{self._exponent().text}"
            text = f"{front}{argument}{behind}"
            return Factor(text, base.start, (front, argument, behind))
        if self._is_transpose():
            name = self._text[base.start : self._next(-1).end]
            raise ProgramSyntaxError(
                f"{name}^T is a power of {name}",
                hint=f"its transpose is {name}ᵀ, or in Python .T",
                span=self._span(base.start, self._next(1).end),
                source=self._text,
            )
        exponent = self._exponent()
        text = f"{base.text}{Sign.POWER}**{exponent.text}"
        wide = base.constant or base.text in NUMBERS or not exponent.constant
        loose = exponent.applied is not None
        return Factor(
            text,
            base.start,
            raised=None if exponent.closed else Raised(base.text, exponent.text, wide, loose),
            constant=base.constant and exponent.constant,
            closed=exponent.closed,
        )

    def _is_transpose(self) -> bool:
        """Whether the power that comes is ^T."""
        inner = 2 if self._next(1).text == "{" else 1
        return self._next().text == "^" and self._next(inner).text == "T" not in self._values

    def _exponent(self) -> Factor:
        token = self._take()
        if token.kind == "raised":
            return Factor(token.text.translate(RAISED), token.start, constant=True, closed=True)
        if self._next().text == "{":
            return self._braces()
        return self._factor()

    def _braces(self) -> Factor:
        """An exponent in the braces of LaTeX."""
        token = self._take()
        inner = self._sequence("close")
        if self._take().text != "}":
            raise Unreadable
        text = inner if re.fullmatch(r"-?\w+", inner) else f"({inner})"
        return Factor(text, token.start, constant=self._is_constant(inner), closed=True)

    def _base(self) -> Factor:
        """A number, a name, a call, or what stands in brackets or between bars."""
        token = self._take()
        if token.kind == "root":
            return self._root(token, ROOTS[token.text])
        if token.kind == "bar":
            norm = self._norm(token)
            if norm is not None:
                return norm
            inner = self._sequence("bar")
            self._take_close("bar")
            if BARS[token.text] == "norm":
                return self._normed(inner, token)
            return replace(self._with_rest(f"{Sign.BARS}abs({inner})", token), barred=True)
        if token.kind == "open":
            # a function that is called
            called = self._next().text == "lambda"
            return self._with_rest(f"{token.text}{self._inside()}", token, called)
        if token.kind == "number":
            if "_" in token.text and not GROUPED.match(token.text):
                self._refuse_subscript(replace(token, text=token.text.partition("_")[2]))
            return Factor(token.text, token.start, number=True, constant=True)
        if token.kind == "fraction":
            text = f"({FRACTIONS[token.text]})"
            return Factor(text, token.start, number=True, constant=True)
        if token.kind == "string":
            return Factor(token.text, token.start)
        if token.kind == "below":
            self._refuse_subscript(token)
        if token.kind != "name":
            raise Unreadable
        name = token.text.translate(LOWERED)
        if name not in self._values:
            name = CONSTANTS.get(name, name)
        if not self._is_plain(token, self._next()) and self._is_function(name):
            if name == "sqrt" and self._next().kind in STARTS:
                return self._root(token, 2)
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
        return self._normed(inner, token)

    def _normed(self, inner: str, token: Token) -> Factor:
        """The norm that the subscript behind the bars says."""
        below = self._next()
        kind = ""
        if below.kind == "below" and not below.space:
            kind = below.text.lstrip("_").translate(LOWERED)
            if kind not in NORMS:
                self._refuse_subscript(below)
            self._take()
        return replace(self._with_rest(NORMS[kind].format(inner), token), barred=not kind)

    def _is_function(self, name: str) -> bool:
        return name not in self._values and self._known(name)

    def _is_plain(self, name: Token, token: Token) -> bool:
        """Whether a function is called, or meant itself, as it is in Python."""
        if token.text in MINUS and name.end < token.start:
            # exp -x, but not exp - x
            return self._next(1).kind not in STARTS or bool(self._next(1).space)
        return token.text == "(" or token.kind not in (*STARTS, "power", "raised")

    def _application(self, name: str, token: Token) -> Factor:
        """A function without brackets around its argument, or with a power at its name."""
        power = self._exponent().text if self._next().kind in ("power", "raised") else None
        if self._next().kind not in STARTS and self._next().text not in MINUS:
            raise Unreadable
        closed = self._next().text == "("
        if closed:
            self._take()
            argument = self._inside()[:-1]
        else:
            argument = self._argument()
        if power is not None and BACK.fullmatch(power) and INVERSE.fullmatch(name):
            called = f"{name}({argument})"
            self._refuse(token.start, self._next(-1).end, f"1/{called}", f"a{called}")
        front, behind = f"{name}(", ")" if power is None else f"){Sign.POWER}**{power}"
        return Factor(
            f"{front}{argument}{behind}",
            token.start,
            None if closed else (front, argument, behind),
            closed=closed,
            constant=self._is_constant(argument),
        )

    def _argument(self) -> str:
        """Numbers, and one factor behind them."""
        factors = [self._factor()]
        while (
            (factors[-1].number or factors[-1].text in NUMBERS)
            # sin 2x, but neither sin 2 x nor sin 2(x + 1)
            and not self._next().space
            and self._next().kind in ("name", "root")
        ):
            if self._is_function(self._next().text):
                break
            factors.append(self._factor())
        return joined(factors, [Link("", "", spaced=False)] * len(factors))

    def _root(self, token: Token, degree: int) -> Factor:
        inner = self._base()
        bracketed = inner.closed and _is_bracketed(inner.text)
        front = "sqrt(" if degree == 2 else f"{token.text}("
        return Factor(
            _rooted(inner.text[1:-1] if bracketed else inner.text, degree),
            token.start,
            None if inner.closed else (front, inner.text, ")"),
            constant=inner.constant,
            closed=inner.closed,
            rooted=True,
        )

    def _refuse_power(self, root: Factor, applied: tuple[str, str, str]) -> NoReturn:
        """Refuse the root of a power, or power of a root, without brackets."""
        front, argument, behind = applied
        power = f"**{self._exponent().text}"
        first, end = f"{front}{argument}{behind}{power}", self._next(-1).end
        self._refuse(root.start, end, first, f"{front}{argument}{power}{behind}")

    def _is_constant(self, text: str) -> bool:
        """Whether Python text hangs on no name that may have a value."""
        names = set(re.findall(r"[^\W\d]\w*", bare(text)))
        return names <= {"pi", "e", "sqrt"} - self._values and not re.search(r"[\[{\"',]", text)

    def _with_rest(self, text: str, token: Token, called: bool = False) -> Factor:
        """What is called, indexed, or has a part taken: as it stands."""
        transposed = False
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
                transposed = True
            elif following.text == "." and self._next(1).kind == "name":
                self._take()
                text += f".{self._take().text}"
                called = True
                continue
            else:
                constant = self._is_constant(text)
                closed = text[-1] in ")]"
                return Factor(
                    text, token.start, constant=constant, closed=closed, transposed=transposed
                )
            # what a function of the language gives is a number
            called = following.text == "(" and not self._is_function(text.partition("(")[0])

    def _inside(self) -> str:
        """The rest of a bracket."""
        inner = self._sequence("close")
        token = self._take()
        if token.kind != "close":
            raise Unreadable
        return f"{inner}{token.space}{token.text}"


def _rooted(text: str, degree: int) -> str:
    if degree == 2:
        return f"{Sign.ROOT}sqrt({text})"
    # the cube root of a negative number is one too
    return f"(sign({text})*abs({text})**(1/{degree}))"


def _is_bracketed(text: str) -> bool:
    """Whether a text is one pair of brackets with all else inside."""
    depths, depth = list[int](), 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        depths.append(depth)
    return text.startswith("(") and 0 not in depths[:-1]


def _is_star(token: Token) -> bool:
    """Whether a sign may stand in front of an argument, as in f(*values)."""
    return token.text in ("*", "**")
