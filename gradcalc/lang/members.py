"""The methods of Python's own containers and numbers, and how items are put in order."""

import ast
from collections.abc import Callable, ItemsView, KeysView, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from gradcalc.errors import (
    GradcalcError,
    InvalidValueError,
    UnknownNameError,
    UnsupportedError,
    brief,
)
from gradcalc.lang import operators, ops, plain, thrown, words
from gradcalc.lang.containers import Deque, describe_key, item, key_of, mapping, trimmed
from gradcalc.lang.defaulting import Counts, Frozen, Ordered
from gradcalc.lang.machine import Builtin, Machine, Once


def _grown(machine: Machine, held: list[Any]) -> None:
    machine.count_items(len(held))
    if isinstance(held, Deque):
        trimmed(held)


def _append(machine: Machine, held: list[Any], value: Any) -> None:
    held.append(value)
    _grown(machine, held)


def _extend(machine: Machine, held: list[Any], values: Any) -> None:
    held.extend(ops.items(machine, values))
    _grown(machine, held)


def _append_left(machine: Machine, held: Deque, value: Any) -> None:
    held.insert(0, value)
    machine.count_items(len(held))
    trimmed(held, left=True)


def _extend_left(machine: Machine, held: Deque, values: Any) -> None:
    held[:] = [*list(ops.items(machine, values))[::-1], *held]
    machine.count_items(len(held))
    trimmed(held, left=True)


def _rotate(machine: Machine, held: Deque, count: Any = 1) -> None:
    if held:
        place = -ops.integer(machine, count) % len(held)
        held[:] = held[place:] + held[:place]


def _insert(machine: Machine, held: list[Any], place: Any, value: Any) -> None:
    held.insert(ops.integer(machine, place), value)
    _grown(machine, held)


def _pop(machine: Machine, held: list[Any], place: Any = -1) -> Any:
    if not held:
        raise InvalidValueError("pop from an empty list", python="IndexError")
    return held.pop(list_number(machine, held, place))


def list_number(machine: Machine, held: Any, place: Any) -> int:
    """A place in a list. Raises `InvalidValueError` where it is out of range."""
    number = ops.integer(machine, place)
    if not -len(held) <= number < len(held):
        raise InvalidValueError(
            f"index {number} is out of range for a list of {len(held)}", python="IndexError"
        )
    return number


def _place(machine: Machine, held: Any, value: Any) -> int:
    for number, part in enumerate(held):
        if operators.same(machine, part, value):
            return number
    raise InvalidValueError(f"{machine.describe(value)} is not in the list", python="ValueError")


def _remove(machine: Machine, held: list[Any], value: Any) -> None:
    del held[_place(machine, held, value)]


def _count(machine: Machine, held: Any, value: Any) -> int:
    return sum(operators.same(machine, part, value) for part in held)


def ordered(machine: Machine, values: Any, key: Any = None, reverse: Any = False) -> list[Any]:
    """The items in order, as Python sorts them. Each comparison is a branch of the program."""
    items = list(ops.items(machine, values))
    machine.budget.tick(len(items))
    keys = items if key is None else [machine.call(key, (value,)) for value in items]
    entries = [_Ordered(machine, k, number) for number, k in enumerate(keys)]
    entries.sort(reverse=operators.truth(machine, reverse))
    return machine.spell([items[entry.number] for entry in entries])


class _Ordered:
    """A value that is compared as the program compares."""

    __slots__ = ("machine", "number", "value")

    def __init__(self, machine: Machine, value: Any, number: int) -> None:
        self.machine, self.value, self.number = machine, value, number

    def __lt__(self, other: "_Ordered") -> bool:
        return less(self.machine, self.value, other.value)


def less(machine: Machine, left: Any, right: Any) -> bool:
    """Whether one value is less than another, sequences item by item."""
    machine.budget.tick()
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        if isinstance(left, tuple) is not isinstance(right, tuple):
            raise InvalidValueError("a list and a tuple have no order", python="TypeError")
        for one, other in zip(left, right, strict=False):
            if not operators.same(machine, one, other):
                return less(machine, one, other)
        return len(left) < len(right)
    return operators.truth(machine, operators.compare(machine, ast.Lt, left, right))


def _sort(machine: Machine, held: list[Any], *, key: Any = None, reverse: Any = False) -> None:
    held[:] = ordered(machine, held, key, reverse)


def _get(machine: Machine, held: dict[Any, Any], key: Any, default: Any = None) -> Any:
    return held.get(key_of(machine, key), default)


def _taken(machine: Machine, held: dict[Any, Any], key: Any, *default: Any) -> Any:
    found = key_of(machine, key)
    if found not in held and default:
        return default[0]
    value = item(machine, held, key)
    del held[found]
    return value


def _last_taken(machine: Machine, held: dict[Any, Any]) -> tuple[Any, Any]:
    if not held:
        raise InvalidValueError("popitem of an empty dictionary", python="KeyError")
    return held.popitem()


def _end_taken(machine: Machine, held: Ordered, last: Any = True) -> tuple[Any, Any]:
    if held and not operators.truth(machine, last):
        key = next(iter(held))
        return key, held.pop(key)
    return _last_taken(machine, held)


def _moved(machine: Machine, held: Ordered, key: Any, last: Any = True) -> None:
    found = key_of(machine, key)
    value = item(machine, held, found)
    del held[found]
    others = {} if operators.truth(machine, last) else dict(held)
    for other in others:
        del held[other]
    held |= {found: value} | others


def _set_default(machine: Machine, held: dict[Any, Any], key: Any, default: Any = None) -> Any:
    return held.setdefault(key_of(machine, key), default)


def _update(machine: Machine, held: dict[Any, Any], *others: Any, **named: Any) -> None:
    for other in others:
        held.update(mapping(machine, other))
    held.update(named)


def _from_keys(machine: Machine, held: Builtin, keys: Any, value: Any = None) -> Any:
    if held.name not in ("dict", "OrderedDict", "defaultdict"):
        raise UnknownNameError(f"{held.name} has no .fromkeys here", python="AttributeError")
    made = machine.call(held, ())
    made.update((key_of(machine, key), value) for key in ops.iterated(machine, keys))
    machine.count_items(len(made))
    return made


def _add(machine: Machine, held: set[Any], value: Any) -> None:
    held.add(key_of(machine, value))


def _removed(machine: Machine, held: set[Any], value: Any) -> None:
    found = key_of(machine, value)
    if found not in held:
        raise InvalidValueError(
            f"there is no {describe_key(machine, found)} in the set",
            python="KeyError",
            about=(found,),
        )
    held.remove(found)


def _only_taken(machine: Machine, held: set[Any]) -> Any:
    if not held:
        raise InvalidValueError(
            "pop from an empty set", python="KeyError", about=("pop from an empty set",)
        )
    if len(held) > 1:
        raise UnsupportedError(
            "which of its items a set gives first is left to chance", hint="use a list"
        )
    return held.pop()


def _united(name: str) -> Callable[..., Any]:
    def method(machine: Machine, held: set[Any], *others: Any) -> Any:
        keys = [
            other
            if isinstance(other, set)
            else [key_of(machine, v) for v in ops.items(machine, other)]
            for other in others
        ]
        found = getattr(held, name)(*keys)
        return Frozen(found) if isinstance(held, Frozen) and isinstance(found, set) else found

    return method


def _apart(machine: Machine, held: Any, other: Any) -> bool:
    one = operators.named(machine, "logical_and", held, list(ops.items(machine, other)))
    return not one


def _copy(machine: Machine, held: Any) -> Any:
    machine.count_taken(len(held))
    return type(held)(held) if isinstance(held, set) else held.copy()


def _joined(machine: Machine, held: str, values: Any) -> str:
    parts = ops.items(machine, values)
    if not all(isinstance(part, str) for part in parts):
        raise InvalidValueError("join takes texts", python="TypeError")
    return words.joined(machine, held, parts)


def _format(machine: Machine, held: str, *values: Any, **named: Any) -> str:
    return words.with_values(machine, held, values, named)


def _same_as_python(name: str) -> Callable[..., Any]:
    """A method that takes plain data, as Python has it."""

    def method(machine: Machine, held: Any, *args: Any) -> Any:
        words.told(held)
        if any(not isinstance(a, int | str | tuple | None) for a in args):
            raise InvalidValueError(f"{name} does not take {machine.describe(args[0])}")
        if isinstance(held, str):
            machine.count_text(_length(name, held, args))
        return getattr(held, name)(*args)

    return method


def _length(name: str, held: str, args: Sequence[Any]) -> int:
    """At least as many characters as a method of a text gives."""
    match name, args:
        case "replace", (str(old), str(new), *count):
            found = held.count(old)
            if count and isinstance(count[0], int) and count[0] >= 0:
                found = min(found, count[0])
            return len(held) + found * len(new)
        case (("center" | "ljust" | "rjust" | "zfill"), (int(width), *_)):
            return max(len(held), width)
        case _:
            return len(held)


def _named_method(name: str) -> Callable[..., Any]:
    """A method of tuples with names."""

    def method(machine: Machine, held: Any, **given: Any) -> Any:
        if not hasattr(held, name):
            raise UnknownNameError(f"{machine.describe(held)} has no method .{name} here")
        try:
            return getattr(held, name)(**given)
        except (TypeError, ValueError) as error:
            raise InvalidValueError(str(error), python="ValueError") from None

    return method


TEXTS = """capitalize casefold center count endswith find index isalnum isalpha isdigit isidentifier
    islower isnumeric isspace isupper ljust lower lstrip partition removeprefix removesuffix replace
    rfind rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title upper
    zfill""".split()  # noqa: SIM905


def _most_common(machine: Machine, held: Counts, n: Any = None) -> list[Any]:
    pairs = [(count, key) for key, count in held.items()]
    if not all(plain.is_number(count) for count, _ in pairs):
        raise UnsupportedError("most_common takes counts that are plain numbers here")
    found = [(key, count) for count, key in sorted(pairs, key=lambda pair: pair[0], reverse=True)]
    return found if n is None else found[: ops.integer(machine, n)]


def _elements(machine: Machine, held: Counts) -> Once:
    counts = [(key, ops.integer(machine, count)) for key, count in held.items()]
    machine.count_items(sum(max(count, 0) for _, count in counts))
    return Once("elements", (key for key, count in counts for _ in range(count)))


def _counted(sign: str) -> Callable[..., Any]:
    """What adds to counts, or takes from them."""

    def method(machine: Machine, held: Counts, values: Any = (), **named: Any) -> None:
        more: dict[Any, Any] = dict(values) if isinstance(values, dict) else {}
        for value in () if isinstance(values, dict) else ops.iterated(machine, values):
            key = key_of(machine, value)
            more[key] = more.get(key, 0) + 1
        for key, count in (more | named).items():
            held[key] = operators.named(machine, sign, held.get(key, 0), count)

    return method


METHODS: Mapping[type, Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        Deque: {
            "appendleft": _append_left, "extendleft": _extend_left, "rotate": _rotate,
            "popleft": lambda machine, held: _pop(machine, held, 0),
        },
        Counts: {
            "most_common": _most_common, "elements": _elements,
            "update": _counted("add"), "subtract": _counted("sub"),
            "total": lambda machine, held: sum(held.values()),
        },
        Builtin: {"fromkeys": _from_keys},
        Ordered: {"popitem": _end_taken, "move_to_end": _moved},
        list: {
            "append": _append, "extend": _extend, "insert": _insert, "pop": _pop,
            "remove": _remove, "index": _place, "count": _count, "sort": _sort,
            "reverse": lambda machine, held: held.reverse(),
            "clear": lambda machine, held: held.clear(),
            "copy": _copy,
        },
        tuple: {
            "index": _place, "count": _count,
            "_replace": _named_method("_replace"), "_asdict": _named_method("_asdict"),
        },
        dict: {
            "get": _get, "pop": _taken, "popitem": _last_taken, "setdefault": _set_default,
            "update": _update,
            "keys": lambda machine, held: held.keys(),
            "values": lambda machine, held: held.values(),
            "items": lambda machine, held: held.items(),
            "clear": lambda machine, held: held.clear(),
            "copy": _copy,
        },
        set: {
            "add": _add, "copy": _copy,
            "discard": lambda machine, held, value: held.discard(key_of(machine, value)),
            "remove": _removed, "pop": _only_taken,
            "clear": lambda machine, held: held.clear(),
            **{name: _united(name) for name in (
                "union", "intersection", "difference", "symmetric_difference", "issubset",
                "issuperset", "isdisjoint", "update", "intersection_update", "difference_update",
                "symmetric_difference_update",
            )},
        },
        KeysView: {"isdisjoint": _apart}, ItemsView: {"isdisjoint": _apart},
        str: {
            "join": _joined, "format": _format,
            **{name: _same_as_python(name) for name in TEXTS},
        },
        int: {
            name: _same_as_python(name) for name in ("bit_length", "bit_count", "as_integer_ratio")
        },
        float: {name: _same_as_python(name) for name in ("is_integer", "as_integer_ratio")},
    }
)  # fmt: skip
"""The methods of Python's own containers and numbers."""

OF_NUMBERS = METHODS[int].keys() | METHODS[float].keys()
"""Those of numbers."""


CHANGING = frozenset(METHODS[set]) - frozenset(dir(frozenset))
"""Methods that change a set."""


OF_TYPES = {"str": str, "list": list, "dict": dict, "set": set, "int": int, "float": float}
"""Python's types whose methods are functions of what they are of."""


def _unbound(kind: type, name: str, machine: Machine, held: Any, *args: Any, **named: Any) -> Any:
    if not isinstance(held, kind):
        raise InvalidValueError(
            f"{kind.__name__}.{name} does not take {machine.describe(held)}", python="TypeError"
        )
    return METHODS[kind][name](machine, held, *args, **named)


def method(machine: Machine, value: Any, name: str) -> Builtin:
    """A method of a container, bound to it. Raises `UnknownNameError` for one that is not known."""
    found = next((m[name] for k, m in METHODS.items() if isinstance(value, k) and name in m), None)
    if isinstance(value, Frozen) and name in CHANGING:
        raise UnknownNameError(
            f"'frozenset' object has no attribute '{name}'", python="AttributeError"
        )
    own = OF_TYPES.get(value.name) if found is None and isinstance(value, Builtin) else None
    if own is not None and name in METHODS[own]:
        return Builtin(name, partial(_unbound, own, name), f"a method of {value.name}")
    if found is not None:

        def call(machine: Machine, *args: Any, **kwargs: Any) -> Any:
            return found(machine, value, *args, **kwargs)

        return Builtin(name, call, f"a method of {machine.describe(value)}")
    raise UnknownNameError(f"{machine.describe(value)} has no method .{brief(name)} here")


def method_of_items(machine: Machine, value: Once, name: str) -> Builtin:
    """A method of a generator of the program's own."""
    steps: Any = value.items
    if not hasattr(steps, name) or name not in GENERATORS:
        raise UnknownNameError(f"{machine.describe(value)} has no method .{brief(name)} here")

    def call(machine: Machine, *sent: Any) -> Any:
        try:
            return GENERATORS[name](machine, steps, *sent)
        except StopIteration:
            raise InvalidValueError("there is nothing left", python="StopIteration") from None

    return Builtin(name, call, f"a method of {machine.describe(value)}")


def _thrown(machine: Machine, steps: Any, error: Any, *more: Any) -> Any:
    if more:
        raise UnsupportedError("throw takes one error here", hint="write throw(ValueError(text))")
    return steps.throw(thrown.error_of(machine, error))


def _closed(machine: Machine, steps: Any) -> None:
    error = thrown.error_of(machine, thrown.EXCEPTIONS["GeneratorExit"])
    try:
        steps.throw(error)
    except StopIteration:
        return
    except GradcalcError as raised:
        if raised is not error:
            raise
        return
    said = "generator ignored GeneratorExit"
    raise InvalidValueError(said, python="RuntimeError", said=said)


GENERATORS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"send": lambda machine, steps, sent: steps.send(sent), "throw": _thrown, "close": _closed}
)
"""The methods of generators."""

NAMES = frozenset(name for methods in METHODS.values() for name in methods) | GENERATORS.keys()
"""All names of methods of containers."""
