"""A formula that was derived for some sizes, for all: the numbers in it that change with them."""

import ast
import io
import tokenize
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import permutations
from operator import mul, truediv

from gradcalc.expr.written import Written

ROUNDED = 1e-15
"""How near a number must be that was rounded."""

Numbers = Mapping[str, int]
"""The sizes that the letters stand for."""


def general(formulas: Sequence[Written], sizes: Sequence[Numbers]) -> Written | None:
    """One formula for all sizes from those for some; None where they are not of one form."""
    texts = [formula.text for formula in formulas]
    if len(set(texts)) == 1:
        return formulas[0]
    columns = [_tokens(text) for text in texts]
    if len({len(column) for column in columns}) > 1:
        return None
    letters = _Letters(sizes)
    changed: list[str] = []
    for found in zip(*columns, strict=True):
        one = letters.common([token for _, token in found], [kind for kind, _ in found])
        if one is None:
            return None
        changed.append(one)
    made = _rebuilt(formulas[0], [token for _, token in columns[0]], changed)
    return Written(made.parts, _over_two(made.body))


def _over_two(text: str) -> str:
    """`a/((n - 1)/2)` as `2*a/(n - 1)`."""
    if "↦" in text:
        return text
    match ast.parse(text, mode="eval").body:
        case ast.BinOp(above, ast.Div(), ast.BinOp(below, ast.Div(), ast.Constant(value=2))):
            front = ast.get_source_segment(text, above)
            loose = isinstance(above, ast.BinOp) and isinstance(above.op, ast.Add | ast.Sub)
            return f"2*{f'({front})' if loose else front}/({ast.unparse(below)})"
    return text


def general_number(numbers: Sequence[int], sizes: Sequence[Numbers]) -> str | None:
    """What a number is that changes with the sizes; None if it is nothing simple."""
    return _Letters(sizes).common([*map(str, numbers)], [tokenize.NUMBER])


def _tokens(text: str) -> list[tuple[int, str]]:
    read = tokenize.generate_tokens(io.StringIO(text).readline)
    return [(token.type, token.string) for token in read if token.string.strip()]


def _rebuilt(formula: Written, old: Sequence[str], new: Sequence[str]) -> Written:
    """The formula with its tokens replaced, everything between them as it was."""
    left = iter(zip(old, new, strict=True))

    def replaced(text: str) -> str:
        found, at = [], 0
        for _, token in _tokens(text):
            place = text.index(token, at)
            was, now = next(left)
            assert was == token
            found += [text[at:place], now]
            at = place + len(token)
        return "".join(found) + text[at:]

    parts = []
    for name, text in formula.parts:
        head = replaced(name)
        next(left)  # the sign of equality
        parts.append((head, replaced(text)))
        next(left)  # the semicolon behind it
    return Written(tuple(parts), replaced(formula.body))


class _Letters:
    """What numbers that change with the sizes are, in terms of them."""

    def __init__(self, sizes: Sequence[Numbers]) -> None:
        self._sizes = sizes

    def common(self, tokens: Sequence[str], kinds: Sequence[int]) -> str | None:
        """What one token is for all sizes; None if it is nothing simple."""
        if len(set(tokens)) == 1:
            return tokens[0]
        if set(kinds) != {tokenize.NUMBER}:
            return None
        try:
            numbers = [float(token) for token in tokens]
        except ValueError:
            return None
        for text, value in self._candidates():
            if all(
                abs(value(s) - n) <= ROUNDED * abs(n)
                for s, n in zip(self._sizes, numbers, strict=True)
            ):
                return text
        return None

    def _candidates(self) -> Iterator[tuple[str, Callable[[Numbers], float]]]:
        for a in self._sizes[0]:
            yield from _of_one(a)
        for a, b in permutations(self._sizes[0], 2):
            yield from _of_two(a, b)


Candidates = Iterator[tuple[str, Callable[[Numbers], float]]]

FACTORS = range(1, 7)
"""Numbers that a size may be multiplied or divided by."""


def _of_one(a: str) -> Candidates:
    def value(change: Callable[[int], float]) -> Callable[[Numbers], float]:
        return lambda sizes: change(sizes[a])

    yield a, value(lambda n: n)
    yield f"({a} - 1)", value(lambda n: n - 1)
    yield f"({a} + 1)", value(lambda n: n + 1)
    yield f"(({a} - 1)/2)", value(lambda n: (n - 1) / 2)
    yield f"{a}**2", value(lambda n: n**2)
    for k in FACTORS:
        yield f"({k}*{a})", value(partial(mul, k))
        yield f"({a}/{k})", value(lambda n, k=k: n / k)  # type: ignore[misc]
        yield f"({a} - {k})", value(lambda n, k=k: n - k)  # type: ignore[misc]
        yield f"({k}/{a})", value(partial(truediv, k))


def _of_two(a: str, b: str) -> Candidates:
    yield f"({a}*{b})", lambda sizes: sizes[a] * sizes[b]
    yield f"({a} + {b})", lambda sizes: sizes[a] + sizes[b]
    yield f"({a} - {b})", lambda sizes: sizes[a] - sizes[b]
    for k in FACTORS:
        yield f"({k}/({a}*{b}))", _scaled(a, b, k, -1)
        yield f"({k}*{a}*{b})", _scaled(a, b, k, 1)
        yield f"({a}*{b}/{k})", _scaled(a, b, 1 / k, 1)


def _scaled(a: str, b: str, factor: float, power: int) -> Callable[[Numbers], float]:
    return lambda sizes: factor * float(sizes[a] * sizes[b]) ** power
