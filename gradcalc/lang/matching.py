"""`match` on plain data."""

import ast
from collections.abc import Mapping
from typing import Any

from gradcalc.errors import UnsupportedError
from gradcalc.lang import operators
from gradcalc.lang.machine import Machine, Rule


def _match(machine: Machine, node: ast.Match) -> Any:
    subject = machine.eval(node.subject)
    for case in node.cases:
        bound: dict[str, Any] = {}
        machine.node = case.pattern
        if not _fits(machine, subject, case.pattern, bound):
            continue
        for name, value in bound.items():
            machine.bind(name, value)
        if case.guard is None or operators.truth(machine, machine.eval(case.guard)):
            return machine.block(case.body)
    return None


def _fits(machine: Machine, value: Any, pattern: ast.pattern, bound: dict[str, Any]) -> bool:
    """Whether a value has the form of a pattern, whose names are then bound."""
    machine.budget.tick()
    match pattern:
        case ast.MatchValue(value=wanted):
            return operators.same(machine, value, machine.eval(wanted))
        case ast.MatchSingleton(value=wanted):
            return value is wanted
        case ast.MatchAs(pattern=inner, name=name):
            if inner is not None and not _fits(machine, value, inner, bound):
                return False
            if name is not None:
                bound[name] = value
            return True
        case ast.MatchOr(patterns=patterns):
            return any(_fits(machine, value, inner, bound) for inner in patterns)
        case ast.MatchSequence(patterns=patterns):
            return isinstance(value, list | tuple) and _in_order(machine, value, patterns, bound)
        case ast.MatchMapping(keys=keys, patterns=patterns, rest=rest):
            return isinstance(value, dict) and _by_key(machine, value, keys, patterns, rest, bound)
        case _:
            raise UnsupportedError("patterns of classes cannot be used", hint="use isinstance")


def _in_order(
    machine: Machine, value: Any, patterns: list[ast.pattern], bound: dict[str, Any]
) -> bool:
    stars = [k for k, pattern in enumerate(patterns) if isinstance(pattern, ast.MatchStar)]
    if not stars:
        pairs = zip(value, patterns, strict=False)
        return len(value) == len(patterns) and all(
            _fits(machine, part, pattern, bound) for part, pattern in pairs
        )
    first, behind = stars[0], len(patterns) - stars[0] - 1
    if len(value) < first + behind:
        return False
    end = len(value) - behind
    star = patterns[first]
    assert isinstance(star, ast.MatchStar)
    if star.name is not None:
        bound[star.name] = list(value[first:end])
    rest = [*patterns[:first], *patterns[first + 1 :]]
    return _in_order(machine, [*value[:first], *value[end:]], rest, bound)


def _by_key(
    machine: Machine, value: dict[Any, Any], keys: list[ast.expr], patterns: list[ast.pattern],
    rest: str | None, bound: dict[str, Any],
) -> bool:  # fmt: skip
    left = dict(value)
    for key, pattern in zip(keys, patterns, strict=True):
        wanted = machine.eval(key)
        if wanted not in left or not _fits(machine, left.pop(wanted), pattern, bound):
            return False
    if rest is not None:
        bound[rest] = left
    return True


MATCHING: Mapping[type[ast.AST], Rule] = {ast.Match: _match}
"""The meaning of `match`."""
