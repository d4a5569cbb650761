"""`match` on plain data."""

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import objects, operators
from gradcalc.lang.builtins import BUILTINS
from gradcalc.lang.machine import Machine, Rule
from gradcalc.lang.program import dotted


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
        case ast.MatchClass():
            return _is_of(machine, value, pattern.cls) and _by_attribute(
                machine, value, pattern, bound
            )
        case _:
            raise UnsupportedError("this pattern cannot be used", hint="use isinstance")


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


def _is_of(machine: Machine, value: Any, node: ast.expr) -> bool:
    """Whether a value is of the class that a pattern names."""
    path = dotted(node)
    if path is None:
        raise UnsupportedError("the class of a pattern is a name", hint="use isinstance")
    naming = machine.program.naming
    if path[0] in naming.modules:
        path = (naming.modules[path[0]], *path[1:])
    elif path[0] in naming.imported:
        path = (*naming.imported[path[0]], *path[1:])
    return bool(BUILTINS["isinstance"].call(machine, value, ".".join(path)))


def _by_attribute(
    machine: Machine, value: Any, pattern: ast.MatchClass, bound: dict[str, Any]
) -> bool:
    """Whether the attributes of an object fit: by their names, or in the order of its class."""
    names = list(pattern.kwd_attrs)
    if pattern.patterns:
        order = _order(machine, value)
        if order is None and len(pattern.patterns) == 1:
            # Python's own types have themselves in the first place
            return not names and _fits(machine, value, pattern.patterns[0], bound)
        if order is None or len(pattern.patterns) > len(order):
            raise InvalidValueError(
                f"{machine.describe(value)} has no {len(pattern.patterns)} attributes in order",
                hint="write their names: Point(x=a, y=b)",
                python="TypeError",
            )
        names = [*order[: len(pattern.patterns)], *names]
    for name, inner in zip(names, [*pattern.patterns, *pattern.kwd_patterns], strict=True):
        held = _attribute(machine, value, name)
        if held is objects.MISSING or not _fits(machine, held, inner, bound):
            return False
    return True


def _attribute(machine: Machine, value: Any, name: str) -> Any:
    """What an object has under a name, `MISSING` where it has nothing."""
    if name in getattr(value, "_fields", ()):
        return getattr(value, name)
    return machine.call(BUILTINS["getattr"], (value, name, objects.MISSING))


def _order(machine: Machine, value: Any) -> Sequence[str] | None:
    """The names of attributes in the order of their places, None for Python's own types."""
    if hasattr(value, "_fields"):
        return tuple(value._fields)
    if not isinstance(value, objects.Instance):
        return None
    given = value.kind.find("__match_args__")
    if isinstance(given, tuple):
        return [str(name) for name in given]
    return list(objects.fields_of(value.kind) or ())


MATCHING: Mapping[type[ast.AST], Rule] = {ast.Match: _match}
"""The meaning of `match`."""
