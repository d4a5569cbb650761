"""Where a program has the form of a row of the table, and what the new form looks like there."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from gradcalc.rewrites import resorts, rows, terms
from gradcalc.rewrites.names import Names, Text
from gradcalc.rewrites.reading import Reader, level
from gradcalc.rewrites.terms import (
    Signed,
    Term,
    add,
    chain,
    multiply,
    named,
    negative,
    number,
    pairs_of,
    power,
    signed,
    write,
)

Bound = Mapping[str, Term]
"""What the metavariables stand for."""

COMMUTATIVE = frozenset({"maximum", "minimum", "hypot", "logaddexp", "dot"})
"""Functions whose two operands may come in either order; sums and products are so anyway."""

CONSTANT = "K"
"""The metavariable that stands for numbers only."""

UNGUARDED = ("M", "N")
"""Metavariables that stand for anything but numbers and what a guard has chosen."""


class Proposal(NamedTuple):
    """The text that may take a node's place, why, and where it is another function, if it is.

    `apart` says that this may be where the old form has a value.
    """

    text: str
    reason: str
    changes: str | None = None
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A pattern found at the top of a term.

    `used` are the parts of a sum or product that take part; `sign` is -1 where it is the
    pattern's negative that was found.
    """

    bound: Bound
    used: frozenset[int]
    sign: int = 1


def matches(pattern: Term, term: Term) -> Iterator[Match]:
    """All ways to find a pattern at the top of a term.

    It may take only some parts of a sum or a product, but the last one must be among them: what
    comes without it is found in the shorter sum in front of it.
    """
    if pattern.head not in (terms.SUM, terms.PRODUCT):
        yield from (Match(bound, frozenset()) for bound in match(pattern, term, {}))
    elif pattern.head == term.head:
        last = len(term.parts) - 1
        for flip in (1, -1) if pattern.head == terms.SUM else (1,):
            for bound, used in _chain(pattern, term, {}, flip):
                if last in used:
                    yield Match(bound, used, flip)


def match(pattern: Term, term: Term, bound: Bound) -> Iterator[Bound]:
    """All ways to make a pattern equal to a term, given what some metavariables stand for."""
    if pattern.head == terms.META:
        yield from _bind(pattern.value, term, bound)
    elif pattern.head != term.head:
        return
    elif pattern.head in (terms.SUM, terms.PRODUCT):
        everything = frozenset(range(len(term.parts)))
        yield from (found for found, used in _chain(pattern, term, bound, 1) if used == everything)
    elif not pattern.parts:
        if pattern == term:
            yield bound
    elif len(pattern.parts) == len(term.parts):
        orders = [term.parts]
        if pattern.head in COMMUTATIVE:
            orders.append(term.parts[::-1])
        for parts in orders:
            for found in _each(pattern.parts, parts, bound):
                yield from _options(pattern, term, found)


def _bind(name: str, term: Term, bound: Bound) -> Iterator[Bound]:
    if name in bound:
        if bound[name] == term:
            yield bound
    elif _may_be(name, term):
        yield {**bound, name: term}


def _may_be(name: str, term: Term) -> bool:
    """Whether a metavariable can stand for a term."""
    if name == CONSTANT:
        return term.head == terms.NUMBER
    return name not in UNGUARDED or term.head not in (terms.NUMBER, "where")


def _each(patterns: Sequence[Term], parts: Sequence[Term], bound: Bound) -> Iterator[Bound]:
    if not patterns:
        yield bound
        return
    for found in match(patterns[0], parts[0], bound):
        yield from _each(patterns[1:], parts[1:], found)


def _options(pattern: Term, term: Term, bound: Bound) -> Iterator[Bound]:
    """Options are matched by name; `**O` in a pattern takes those it does not name."""
    wanted, given = dict(pattern.options), dict(term.options)
    rest = wanted.pop("**", None)
    if not wanted.keys() <= given.keys() or (rest is None and given.keys() - wanted.keys()):
        return
    named = [(wanted[key], given[key]) for key in wanted]
    for found in _each([w for w, _ in named], [g for _, g in named], bound):
        if rest is None:
            yield found
            continue
        left = [key for key in given if key not in wanted]
        spelled = dict(zip(given, term.spelled, strict=True))
        others = Term(
            terms.OPTIONS,
            options=tuple((key, given[key]) for key in sorted(left)),
            spelled=tuple(spelled[key] for key in sorted(left)),
        )
        yield from _bind(rest.value, others, found)


def _chain(
    pattern: Term, term: Term, bound: Bound, flip: int
) -> Iterator[tuple[Bound, frozenset[int]]]:
    """Ways to find the parts of a sum or product among those of a longer one.

    The first metavariable that is a part by itself, and stands in no other, takes whatever the
    others leave.
    """
    parts = pairs_of(pattern)
    inner = set().union(*(_metas(part) for _, part in parts if part.head != terms.META))
    bare = [
        p
        for p in parts
        if p[1].head == terms.META and p[1].value not in {CONSTANT, *UNGUARDED, *inner}
    ]
    rest = bare[0] if bare else None
    others = [pair for pair in parts if pair is not rest]
    others.sort(key=lambda pair: pair[1].head == terms.META)
    for found, used in _assign(others, term, bound, frozenset(), flip):
        if rest is None:
            yield found, used
            continue
        left = [
            (rest[0] * flip * sign, part)
            for i, (sign, part) in enumerate(pairs_of(term))
            if i not in used
        ]
        if left and _is_whole(term.head, rest[0], left):
            together = _joined(term.head, left)
            for complete in _bind(rest[1].value, together, found):
                yield complete, frozenset(range(len(term.parts)))


def _metas(pattern: Term) -> set[str]:
    """The metavariables in a pattern."""
    own = {pattern.value} if pattern.head == terms.META else set[str]()
    return own.union(*map(_metas, pattern.parts))


def _is_whole(head: str, exponent: int, left: Sequence[Signed]) -> bool:
    """Whether what is left over can be named by itself: no bare divisors, nothing inverted."""
    if head == terms.SUM:
        return True
    return any(sign > 0 for sign, _ in left) and (exponent > 0 or len(left) == 1)


def _joined(head: str, pairs: Sequence[Signed]) -> Term:
    if len(pairs) == 1 and pairs[0][0] > 0:
        return pairs[0][1]
    return add(pairs) if head == terms.SUM else chain(head, pairs)


def _assign(
    patterns: Sequence[Signed], term: Term, bound: Bound, used: frozenset[int], flip: int
) -> Iterator[tuple[Bound, frozenset[int]]]:
    if not patterns:
        yield bound, used
        return
    wanted, pattern = patterns[0]
    candidates = list(enumerate(pairs_of(term)))
    # what a metavariable before this one takes stands before it
    for i, (sign, part) in candidates[::-1] if pattern.head == terms.META else candidates:
        if i not in used and sign == wanted * flip:
            for found in match(pattern, part, bound):
                yield from _assign(patterns[1:], term, found, used | {i}, flip)
    whole = bound.get(pattern.value) if pattern.head == terms.META else None
    if whole is not None and whole.head == term.head:
        # what is a sum or a product itself may have been joined with the others
        parts = [(wanted * sign, part) for sign, part in pairs_of(whole)]
        yield from _assign([*parts, *patterns[1:]], term, bound, used, flip)


def fill(pattern: Term, bound: Bound) -> Term:
    """The pattern with its metavariables replaced by what they stand for."""
    if pattern.head == terms.META:
        return bound[pattern.value]
    parts = [fill(part, bound) for part in pattern.parts]
    if pattern.head == terms.SUM:
        return add(zip(pattern.value, parts, strict=True))
    if pattern.head == terms.PRODUCT:
        return multiply(zip(pattern.value, parts, strict=True))
    if pattern.head == "pow":
        return power(*parts)
    options: list[tuple[str, Term]] = []
    spelled: list[str] = []
    for (key, value), spelling in zip(pattern.options, pattern.spelled, strict=True):
        if key == "**":
            options += bound[value.value].options
            spelled += bound[value.value].spelled
        else:
            options.append((key, fill(value, bound)))
            spelled.append(spelling)
    return Term(pattern.head, tuple(parts), pattern.value, tuple(options), tuple(spelled))


def put(term: Term, found: Match, new: Term) -> Term:
    """The term with the matched part replaced."""
    if not found.used:
        return new
    pairs = pairs_of(term)
    first = min(found.used)
    left = [
        (found.sign, new) if i == first else pair
        for i, pair in enumerate(pairs)
        if i == first or i not in found.used
    ]
    if len(left) == 1:
        return new if found.sign > 0 else add(left)
    if term.head == terms.PRODUCT:
        return multiply(left)
    return add([pair for pair in left if pair[1] != number(0)])


# -- the rows of the table ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table, read.

    `numerator` says that it needs something to cancel there, `changes` and `apart` are those of
    a `Proposal`.
    """

    before: Term
    after: Term
    reason: str
    numerator: Term | None = None
    changes: str | None = None
    apart: bool = False


@cache
def table() -> tuple[Row, ...]:
    """All rows but the last resorts, read."""
    plain = [Row(pattern(b), pattern(a), reason) for b, a, reason, *_ in rows.ROWS]
    tops = [(pattern(b), pattern(a), reason) for b, a, reason, *_ in rows.CANCELLING]
    return (*plain, *(Row(b, a, reason, a.parts[0]) for b, a, reason in tops))


@cache
def fallbacks() -> tuple[Row, ...]:
    """The last resorts, read."""
    plain = [Row(pattern(b), pattern(a), reason) for b, a, reason, *_ in resorts.FALLBACK]
    changing = [
        Row(pattern(b), pattern(a), reason, changes=how, apart=apart)
        for apart, table in ((False, resorts.CHANGING), (True, resorts.CUTTING))
        for b, a, reason, how, *_ in table
    ]
    return (*plain, *changing)


def pattern(text: str) -> Term:
    """One side of a row."""
    tree = ast.parse(text, mode="eval")
    return Reader(Text(text), Names(), patterns=True).read(tree.body)


def stable_forms(
    reader: Reader, node: ast.expr, *, free: bool, last: bool = False
) -> Iterator[Proposal]:
    """New texts for a node.

    `free` says that no operator stands beside the node, `last` asks for the last resorts instead.
    """
    sign, term = _whole(reader.read(node), node)
    found = [
        (row, match)
        for row in (fallbacks() if last else table())
        if row.before.head == term.head
        for match in _first(row, term)
    ]
    upright = [(row, match) for row, match in found if match.sign > 0]
    for row, match in upright or found:
        new = put(term, match, fill(row.after, match.bound))
        around = terms.ADDED if free else level(node)
        if sign < 0:
            new = negative(new)
            # the minus sign stood there before
            around = terms.ADDED if signed(new)[0] < 0 else around
        if _varies(new) and all(map(reader.names.means_itself, named(new))):
            yield Proposal(write(new, around), row.reason, row.changes, row.apart)


def _whole(term: Term, node: ast.expr) -> Signed:
    """A term to be matched; the sign of a product stands in front of its first factor."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        return signed(term)
    return 1, term


def _varies(term: Term) -> bool:
    """Whether anything but numbers is left: a number alone would not have the shape."""
    inner = (*term.parts, *(value for _, value in term.options))
    return term.head in (terms.NAME, terms.OTHER) or any(map(_varies, inner))


def _first(row: Row, term: Term) -> list[Match]:
    for match in matches(row.before, term):
        constant = all(value.head == terms.NUMBER for value in match.bound.values())
        if not constant and (row.numerator is None or _cancels(row.numerator, match)):
            return [match]
    return []


def _cancels(numerator: Term, match: Match) -> bool:
    """Whether a difference has fewer terms than its two sides have together."""
    sides = [fill(part, match.bound) for part in numerator.parts]
    difference = fill(numerator, match.bound)
    left = difference.parts if difference.head == terms.SUM else [difference]
    return sum(map(_count, left)) < sum(map(_count, sides))


def _count(term: Term) -> int:
    return len(term.parts) if term.head == terms.SUM else 1
