"""Python's own functions of any values: lists made and sorted, functions applied, text."""

from collections.abc import Callable
from typing import Any

from gradcalc.errors import InvalidValueError, LimitError, UnsupportedError
from gradcalc.lang import containers, members, objects, operators, ops, words
from gradcalc.lang.defaulting import Frozen
from gradcalc.lang.machine import Builtin, Closure, Machine, Once
from gradcalc.lang.nets.row import Kind
from gradcalc.lang.objects import MISSING, Bound, ById, Class, Instance, Valued
from gradcalc.primitives import Primitive

MOST_PRINTED = 1_000_000
"""Characters that a program may print."""


def _list(machine: Machine, value: Any = ()) -> list[Any]:
    return machine.spell(list(ops.items(machine, value)))


def _tuple(machine: Machine, value: Any = ()) -> tuple[Any, ...]:
    # a shape that is given is another object
    return machine.spell((*ops.items(machine, value),))


def _set(machine: Machine, value: Any = ()) -> set[Any]:
    # a copy of one has its order
    return set(value) if isinstance(value, set) else set(_keys(machine, value))


def _keys(machine: Machine, value: Any) -> list[Any]:
    return [containers.key_of(machine, item) for item in ops.items(machine, value)]


def _frozen(machine: Machine, value: Any = ()) -> Frozen:
    return Frozen(value if isinstance(value, set) else _keys(machine, value))


def _dict(machine: Machine, value: Any = (), **named: Any) -> dict[Any, Any]:
    return {**containers.mapping(machine, value), **named}


def _reversed(machine: Machine, value: Any) -> Once:
    if isinstance(value, Once | set):
        raise InvalidValueError(f"{machine.describe(value)} has no order", python="TypeError")
    if type(value) is list:
        # what is asked for later may have changed
        return Once("reversed", reversed(value))
    return Once("reversed", iter(list(ops.items(machine, value))[::-1]))


def _map(machine: Machine, function: Any, *values: Any) -> Once:
    parts = [ops.iterated(machine, value) for value in values]
    return Once("map", map(lambda *items: ops.stepped(machine, function, items), *parts))


def _filter(machine: Machine, function: Any, value: Any) -> Once:
    def kept(item: Any) -> bool:
        found = item if function is None else ops.stepped(machine, function, (item,))
        return operators.truth(machine, found)

    return Once("filter", filter(kept, ops.iterated(machine, value)))


def _iter(machine: Machine, value: Any) -> Any:
    if isinstance(value, Instance) and objects.has(value, "__next__"):
        return machine.call(objects.special(machine, value, "__iter__"), ())
    return value if isinstance(value, Once) else Once("iter", ops.iterated(machine, value))


def _next(machine: Machine, value: Any, *default: Any) -> Any:
    if isinstance(value, Instance) and objects.has(value, "__next__"):
        value = Once("an object", ops.nexts(machine, value))
    if not isinstance(value, Once):
        raise InvalidValueError(f"{machine.describe(value)} is gone through by no next()")
    for item in value.items:
        return item
    if default:
        return default[0]
    raise InvalidValueError("there is nothing left", python="StopIteration")


def extreme(
    machine: Machine, name: str, values: tuple[Any, ...], key: Any = None, **default: Any
) -> Any:
    """Python's max or min with a key or a default: one of the values, compared in order."""
    items = list(ops.items(machine, values[0])) if len(values) == 1 else list(values)
    machine.budget.tick(len(items))
    if not items:
        if "default" in default:
            return default["default"]
        raise InvalidValueError(f"{name} of nothing", python="ValueError")
    keys = items if key is None else [machine.call(key, (item,)) for item in items]
    best = 0
    for number in range(1, len(items)):
        pair = (keys[number], keys[best]) if name == "min" else (keys[best], keys[number])
        if members.less(machine, *pair):
            best = number
    return items[best]


def _divmod(machine: Machine, left: Any, right: Any) -> tuple[Any, Any]:
    return (
        operators.named(machine, "floordiv", left, right),
        operators.named(machine, "mod", left, right),
    )


BITS = 20_000_000
"""The most bits of an exponent times those of a modulus: 4096 of both are 0.1 s."""


def power_left(machine: Machine, base: Any, exp: Any, mod: Any) -> int:
    """Python's pow of three whole numbers."""
    if not all(isinstance(value, int) for value in (base, exp, mod)):
        raise InvalidValueError(
            "pow() 3rd argument not allowed unless all arguments are integers", python="TypeError"
        )
    if exp.bit_length() * mod.bit_length() > BITS:
        raise LimitError("pow of three numbers with so many digits takes too long")
    try:
        return int(pow(base, exp, mod))
    except ValueError as error:
        raise InvalidValueError(str(error), python="ValueError", said=str(error)) from None


def _letter(machine: Machine, number: Any) -> str:
    place = ops.integer(machine, number)
    if not 0 <= place < 0x110000:
        said = "chr() arg not in range(0x110000)"
        raise InvalidValueError(said, python="ValueError", said=said)
    return chr(place)


def _place_of_letter(machine: Machine, letter: Any) -> int:
    if not isinstance(letter, str) or len(words.told(letter)) != 1:
        raise InvalidValueError("ord() takes one character", python="TypeError")
    return ord(letter)


def _digits(name: str) -> Callable[[Machine, Any], str]:
    written = {"bin": bin, "hex": hex, "oct": oct}[name]
    return lambda machine, number: written(ops.integer(machine, number))


def _abs_text(machine: Machine, value: Any = "") -> str:
    return words.text(machine, value)


def _repr(machine: Machine, value: Any) -> str:
    return words.shown(machine, value)


def _format(machine: Machine, value: Any, spec: str = "") -> str:
    return words.formatted(machine, value, spec)


def _print(
    machine: Machine, *values: Any, sep: Any = None, end: Any = None, file: Any = None,
    flush: Any = False,
) -> None:  # fmt: skip
    """What is printed changes no number, so it is left out unless it is asked for.

    Wherever the program sends it, it is told in one place.
    """
    texts = [words.printed(machine, value) for value in values]
    if machine.printed is None:
        return
    ends = [
        given if isinstance(given, str) else usual for given, usual in ((sep, " "), (end, "\n"))
    ]
    machine.printed.append(words.joined(machine, ends[0], texts) + ends[1])
    if sum(map(len, machine.printed)) > MOST_PRINTED:
        raise LimitError(f"the program prints more than {MOST_PRINTED:,} characters")


def _identity(machine: Machine, value: Any) -> int:
    """A number that only this object has; which it is, nobody can rely on."""
    if not isinstance(value, Instance | Closure | Class):
        raise UnsupportedError(
            f"which object {machine.describe(value)} is to Python is not known here",
            hint="give each a number of its own, and use that",
        )
    one = ById(value) if isinstance(value, Valued) else value
    return FIRST_IDENTITY + machine.keyed.setdefault(one, len(machine.keyed))


def hash_of(machine: Machine, value: Any) -> int:
    """The number that Python finds a value by, where that is the same in every process."""
    found = containers.key_of(machine, value)
    if isinstance(found, Valued):
        # as its method has it, what that asks for is looked at too
        return hash(machine.call(objects.special(machine, found, "__hash__"), ()))
    if not machine.hashing and not _is_steady(found):
        raise UnsupportedError(
            "hash of texts, None and objects is another number each time that Python starts",
            hint="write the number itself, or keep what it stands for in a dictionary",
        )
    if isinstance(found, Instance):
        return _identity(machine, found)
    return hash(found)


def _is_steady(key: Any) -> bool:
    if isinstance(key, tuple | Frozen):
        return all(map(_is_steady, key))
    # of a NaN it is that of the object
    return isinstance(key, int | float) and key == key


FIRST_IDENTITY = 140_000_000_000_000
"""No number that a program would take for one of its own."""


def _callable(machine: Machine, value: Any) -> bool:
    if isinstance(value, Instance):
        return value.kind.find(value.kind.runs) is not MISSING or objects.has(value, "__call__")
    # imported where it is used: functions of libraries are made of those here
    from gradcalc.lang.dialects.spelling import Function

    known = Closure | Builtin | Class | Bound | Function | Primitive | Kind
    return isinstance(value, known) or callable(value)


ROWS: tuple[tuple[str, Callable[..., Any], str], ...] = (
    ("list", _list, "a list of items"),
    ("tuple", _tuple, "a tuple of items"),
    ("set", _set, "a set of plain data"),
    ("frozenset", _frozen, "a set of plain data"),
    ("dict", _dict, "a dictionary"),
    ("sorted", members.ordered, "the items in order, as a list"),
    ("reversed", _reversed, "the items from the last to the first"),
    ("map", _map, "what a function gives of each item"),
    ("filter", _filter, "the items of which a function is true"),
    ("iter", _iter, "the items, to be gone through once"),
    ("next", _next, "the next item"),
    ("divmod", _divmod, "a quotient rounded down, and what is left"),
    ("str", _abs_text, "a value as text"),
    ("repr", _repr, "a value as text"),
    ("ascii", words.in_ascii, "a value as text, of plain letters"),
    ("chr", _letter, "the letter of a number"),
    ("ord", _place_of_letter, "the number of a letter"),
    *((name, _digits(name), "a whole number as text") for name in ("bin", "hex", "oct")),
    ("format", _format, "a value as text"),
    ("print", _print, "left out: it changes no number"),
    ("id", _identity, "a number that only this object has"),
    ("hash", hash_of, "the number that a value is found by"),
    ("callable", _callable, "whether a value is a function"),
)
"""Name, meaning and a word on each."""
