"""Expressions as terms: what a piece of a program means, whichever way it is spelled.

A chain of `+` and `-` is one sum, a chain of `*` and `/` one product; `torch.exp(x)`, `x.exp()`
and `exp(x)` are one call; `x*x`, `square(x)` and `x**2` are one power. A term that stands in a
program as it is keeps its text, so that it can be written again byte for byte.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import isfinite, prod
from typing import Any

NUMBER, NAME, SUM, PRODUCT, META, OPTIONS, LIST, ITEM, OTHER = (
    "number", "name", "sum of terms", "product of factors", "metavariable", "options",
    "list of items", "item at a key", "other",
)  # fmt: skip
"""Heads of terms that are no calls."""

LOOSE, ADDED, MULTIPLIED, RAISED, CLOSED = range(5)
"""How tightly the outermost operator of a text binds: brackets are needed below a level."""

Signed = tuple[int, "Term"]
"""A term of a sum with its sign, or a factor with its exponent: 1 or -1."""


@dataclass(frozen=True, slots=True)
class Term:
    """One expression. Terms are equal if they mean the same for reasons of spelling alone.

    `head` is a primitive's own name or one of the heads above. `value` is the number, the name,
    or the signs of the parts. `options` are arguments that are no operands, by the primitive's
    own name of the parameter; `spelled` what the program calls them. `text` is the expression
    as the program has it, None for one that is put together, and `level` how tightly it binds.
    """

    head: str
    parts: tuple["Term", ...] = ()
    value: Any = None
    options: tuple[tuple[str, "Term"], ...] = ()
    spelled: tuple[str, ...] = field(default=(), compare=False)
    text: str | None = field(default=None, compare=False)
    level: int = field(default=CLOSED, compare=False)


def number(value: int | float) -> Term:
    """A number that stands nowhere in the program."""
    return Term(NUMBER, value=value)


def signed(term: Term) -> Signed:
    """A term without its minus sign, and the sign."""
    if term.head == SUM and term.value == (-1,):
        return -1, term.parts[0]
    return 1, term


def pairs_of(term: Term) -> list[Signed]:
    """The parts of a sum with their signs, or of a product with their exponents."""
    return list(zip(term.value, term.parts, strict=True))


def negative(term: Term) -> Term:
    """A term with the opposite sign."""
    return add([(-1, term)])


def add(terms: Iterable[Signed]) -> Term:
    """The sum of terms; what cancels is left out."""
    shallow = [(sign * own, part) for sign, term in terms for own, part in [signed(term)]]
    opened = [(sign * s, t) for sign, term in shallow for s, t in _terms_of(term)]
    left = _cancelled(opened)
    turned = len(shallow) == 1 and shallow[0][0] < 0 and any(sign > 0 for sign, _ in opened)
    if len(left) < len(opened) or turned:
        shallow = left
    if shallow and shallow[0][0] < 0:
        # a - b rather than -b + a
        shallow = sorted(shallow, key=lambda pair: pair[0] < 0)
    if not shallow:
        return number(0)
    return shallow[0][1] if shallow[0][0] > 0 and len(shallow) == 1 else chain(SUM, shallow)


def _terms_of(term: Term) -> list[Signed]:
    return pairs_of(term) if term.head == SUM else [(1, term)]


def _cancelled(terms: Sequence[Signed]) -> list[Signed]:
    left: list[Signed] = []
    for sign, term in terms:
        if (-sign, term) in left:
            left.remove((-sign, term))
        else:
            left.append((sign, term))
    # whole numbers add up exactly
    whole = [p for p in left if p[1].head == NUMBER and p[1].value % 1 == 0]
    total = sum(sign * int(term.value) for sign, term in whole)
    if len(whole) < 2 and (total or not whole):
        return left
    rest = [pair for pair in left if pair not in whole]
    return [*rest, (1 if total > 0 else -1, number(abs(total)))] if total else rest


def multiply(factors: Iterable[Signed]) -> Term:
    """The product of factors, each to the power 1 or -1, without factors that are 1."""
    sign, left = 1, list[Signed]()
    for exponent, factor in factors:
        own, core = signed(factor)
        sign *= own
        inner: list[Signed] = [(1, core)]
        if core.head == PRODUCT and (exponent > 0 or len(core.parts) == 1):
            # a/(b*c) stays as it is
            inner = pairs_of(core)
        for power, part in inner:
            if (-exponent * power, part) in left and part.head == NUMBER and part.value:
                left.remove((-exponent * power, part))
            elif part != number(1):
                left.append((exponent * power, part))
    left = _multiplied(left)
    if (1, number(0)) in left:
        return number(0)
    if not left:
        product = number(1)
    else:
        product = left[0][1] if len(left) == 1 and left[0][0] > 0 else chain(PRODUCT, left)
    return product if sign > 0 else chain(SUM, [(-1, product)])


def _multiplied(factors: list[Signed]) -> list[Signed]:
    """The factors with their numbers taken together, in front, where floats lose nothing by it."""
    numbers = [f for e, f in factors if e > 0 and f.head == NUMBER and isfinite(f.value)]
    value = prod(f.value for f in numbers)
    exact = isfinite(value) and Fraction(value) == prod(Fraction(f.value) for f in numbers)
    if len(numbers) < 2 or not exact:
        return factors
    rest = [(e, f) for e, f in factors if e < 0 or f not in numbers]
    return [(1, number(value)), *rest] if value != 1 else rest


def chain(head: str, pairs: Sequence[Signed]) -> Term:
    """A sum or a product of just these parts."""
    return Term(head, tuple(term for _, term in pairs), tuple(sign for sign, _ in pairs))


def power(base: Term, exponent: Term) -> Term:
    """A power; roots and reciprocals have forms of their own."""
    sign, size = signed(exponent)
    half = number(0.5), chain(PRODUCT, [(-1, number(2))])
    if size in half:
        raised = Term("sqrt", (base,))
    elif size == number(2) and signed(base)[0] < 0:
        raised = power(signed(base)[1], size)
    elif size.head == NUMBER and (size.value == 1 or base == number(1)):
        raised = base
    else:
        raised = Term("pow", (base, size if sign < 0 and size.head == NUMBER else exponent))
        sign = sign if size.head == NUMBER else 1
    return raised if sign > 0 else chain(PRODUCT, [(-1, raised)])


# -- writing ---------------------------------------------------------------------------


def write(term: Term, level: int = LOOSE) -> str:
    """The text of a term, in brackets if it binds less tightly than asked for."""
    text, own = _written(term)
    return f"({text})" if own < level else text


def _written(term: Term) -> tuple[str, int]:
    if term.text is not None:
        # a text of several lines needs brackets around it wherever it stands
        return term.text, LOOSE if "\n" in term.text else term.level
    match term.head:
        case "number":
            return repr(term.value), CLOSED
        case "name" | "other":
            return str(term.value), CLOSED
        case "sum of terms":
            return _sum(term), ADDED
        case "product of factors":
            return _product(term), MULTIPLIED
        case "pow":
            base, exponent = term.parts
            return f"{write(base, CLOSED)}**{write(exponent, RAISED)}", RAISED
        case "list of items":
            return f"[{', '.join(map(write, term.parts))}]", CLOSED
        case "item at a key":
            value, key = term.parts
            return f"{write(value, CLOSED)}[{write(key)}]", CLOSED
        case "matmul":
            left, right = term.parts
            return f"{write(left, MULTIPLIED)}@{write(right, RAISED)}", MULTIPLIED
        case "<" | "<=" | ">" | ">=" | "==" | "!=":
            left, right = term.parts
            return f"{write(left, ADDED)} {term.head} {write(right, ADDED)}", LOOSE
        case _:
            options = zip(term.spelled, term.options, strict=True)
            arguments = [write(part) for part in term.parts]
            arguments += [f"{name}={write(value)}" for name, (_, value) in options]
            return f"{term.head}({', '.join(arguments)})", CLOSED


def _sum(term: Term) -> str:
    pieces: list[str] = []
    for sign, part in pairs_of(term):
        written = write(part, MULTIPLIED if sign < 0 else ADDED)
        if pieces:
            # a + (b + c) adds in another order
            pieces.append(f" {'+' if sign > 0 else '-'} {write(part, MULTIPLIED)}")
        else:
            pieces.append(written if sign > 0 else f"-{written}")
    return "".join(pieces)


def _product(term: Term) -> str:
    pairs = pairs_of(term)
    first = next((i for i, (exponent, _) in enumerate(pairs) if exponent > 0), None)
    text = "1" if first is None else write(pairs.pop(first)[1], MULTIPLIED)
    for exponent, factor in pairs:
        text += f"{'*' if exponent > 0 else '/'}{write(factor, RAISED)}"
    return text


def named(term: Term) -> set[str]:
    """The functions that writing a term anew calls."""
    if term.text is not None:
        return set()
    infix = ("pow", "matmul", NUMBER, NAME, OTHER)
    call = term.head.isidentifier() and term.head not in infix
    names = {term.head} if call else set[str]()
    return names.union(*map(named, term.parts))


def with_text(term: Term, text: str, level: int) -> Term:
    """The term as it stands in a program."""
    return replace(term, text=text, level=level)
