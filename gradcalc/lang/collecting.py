"""Python's collections: tuples with names, dictionaries with a default, queues."""

import collections
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import containers, ops
from gradcalc.lang.containers import Deque
from gradcalc.lang.defaulting import Counts, Ordered, WithDefault
from gradcalc.lang.machine import Builtin, Machine


@dataclass(frozen=True, slots=True)
class Named(Builtin):
    """What makes tuples with names, which are of this kind."""

    kind: type = tuple


def _namedtuple(
    machine: Machine, typename: Any, field_names: Any, *, defaults: Any = ()
) -> Builtin:
    """A function that makes tuples with names."""
    if isinstance(field_names, str):
        fields = field_names.replace(",", " ").split()
    else:
        fields = list(ops.items(machine, field_names))
    given = list(ops.items(machine, defaults)) if defaults is not None else []
    try:
        kind = collections.namedtuple(typename, fields, defaults=given)  # type: ignore[misc]
    except (TypeError, ValueError) as error:
        raise InvalidValueError(str(error), python=type(error).__name__) from None

    def make(machine: Machine, *args: Any, **kwargs: Any) -> Any:
        try:
            return kind(*args, **kwargs)
        except TypeError as error:
            raise InvalidValueError(
                f"{typename} does not take these arguments",
                hint=f"its fields are {', '.join(fields)}",
                python="TypeError",
                said=str(error),
            ) from None

    return Named(str(typename), make, f"a tuple of {', '.join(fields)}", kind=kind)


def named(machine: Machine, name: str, fields: list[str], defaults: list[Any]) -> Builtin:
    """What makes the tuples of a class that has fields only."""
    return _namedtuple(machine, name, fields, defaults=defaults)


def _typed(machine: Machine, typename: Any, fields: Any) -> Builtin:
    """NamedTuple that is called: fields with their types."""
    pairs = [ops.items(machine, pair) for pair in ops.items(machine, fields)]
    return _namedtuple(machine, typename, [pair[0] for pair in pairs])


TUPLES = Builtin("NamedTuple", _typed, "tuples whose items have names")
"""`typing.NamedTuple`, of which classes are made."""


def _defaultdict(machine: Machine, factory: Any = None, *given: Any, **named: Any) -> Any:
    made = {**(containers.mapping(machine, given[0]) if given else {}), **named}
    return WithDefault(made, lambda: machine.call(factory, ()), factory)


def _ordered(machine: Machine, values: Any = (), **named: Any) -> Ordered:
    return Ordered({**containers.mapping(machine, values), **named})


def _counter(machine: Machine, values: Any = (), **named: Any) -> Any:
    counts: dict[Any, Any] = Counts({}, lambda: 0, 0)
    if isinstance(values, dict):
        counts.update(values)
    else:
        for value in ops.iterated(machine, values):
            key = containers.key_of(machine, value)
            counts[key] = counts.get(key, 0) + 1
    counts.update(named)
    return counts


def _deque(machine: Machine, values: Any = (), maxlen: Any = None) -> Deque:
    most = None if maxlen is None else ops.integer(machine, maxlen)
    if most is not None and most < 0:
        raise InvalidValueError("maxlen is not below 0", python="ValueError")
    found = Deque(ops.iterated(machine, values))
    found.most = most
    return containers.trimmed(found)


def _chained(machine: Machine, *maps: Any) -> Any:
    raise UnsupportedError("ChainMap cannot be used in a program", hint="{**b, **a} joins them")


COLLECTIONS: Mapping[str, Builtin] = MappingProxyType(
    {
        name: Builtin(name, call, doc)
        for name, call, doc in (
            ("namedtuple", _namedtuple, "tuples whose items have names"),
            ("defaultdict", _defaultdict, "a dictionary that makes what it lacks"),
            ("OrderedDict", _ordered, "a dictionary whose order counts"),
            ("Counter", _counter, "how often each item is there"),
            ("deque", _deque, "a list with two ends"),
            ("ChainMap", _chained, "several dictionaries"),
        )
    }
)
"""Python's collections."""
