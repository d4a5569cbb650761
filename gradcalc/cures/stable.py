"""Where a program has the form of a row of the table, and what the new form looks like there."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from gradcalc.cures import rows, terms
from gradcalc.cures.matching import Match, fill, matches, put
from gradcalc.cures.reading import Names, Reader, Text, level
from gradcalc.cures.terms import Signed, Term, named, negative, signed, write


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table, read. `numerator` says that it needs something to cancel there."""

    before: Term
    after: Term
    reason: str
    numerator: Term | None = None


@cache
def table() -> tuple[Row, ...]:
    """All rows, read."""
    plain = [Row(pattern(b), pattern(a), reason) for b, a, reason, *_ in rows.ROWS]
    tops = [(pattern(b), pattern(a), reason) for b, a, reason, *_ in rows.CANCELLING]
    return (*plain, *(Row(b, a, reason, a.parts[0]) for b, a, reason in tops))


def pattern(text: str) -> Term:
    """One side of a row."""
    tree = ast.parse(text, mode="eval")
    return Reader(Text(text), Names(), patterns=True).read(tree.body)


def stable_forms(reader: Reader, node: ast.expr, *, free: bool) -> Iterator[tuple[str, str]]:
    """New texts for a node, each with the reason.

    `free` says that no operator stands beside the node.
    """
    sign, term = _whole(reader.read(node), node)
    found = [
        (row, match)
        for row in table()
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
            yield write(new, around), row.reason


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
