"""What Python's own modules have for functions, and its operators as functions."""

import ast
from collections import OrderedDict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import (
    averages,
    collecting,
    containers,
    enums,
    heaps,
    iterating,
    namespaces,
    objects,
    operators,
    ops,
    words,
    writing,
)
from gradcalc.lang.copying import COPY
from gradcalc.lang.machine import Builtin, Closure, Machine
from gradcalc.lang.objects import Class, Instance, Valued


def _partial(machine: Machine, function: Any, *given: Any, **named: Any) -> Builtin:
    def call(machine: Machine, *args: Any, **kwargs: Any) -> Any:
        return machine.apply_function(machine, function, (*given, *args), {**named, **kwargs})

    return Builtin("partial", call, "a function with some of its arguments given", users=True)


def _reduce(machine: Machine, function: Any, values: Any, *start: Any) -> Any:
    items = ops.iterated(machine, values)
    if len(start) > 1:
        raise InvalidValueError("reduce takes one first value")
    found = start[0] if start else next(items, None)
    if found is None:
        raise InvalidValueError("reduce of nothing", python="TypeError")
    for item in items:
        machine.budget.tick()
        found = machine.call(function, (found, item))
    return found


def _cache(machine: Machine, user_function: Any, maxsize: int | None = None) -> Builtin:
    """A function that is run once for each of its arguments: what it gave then, it gives again.

    With a `maxsize` it forgets what was asked for longest ago.
    """
    known: OrderedDict[Any, Any] = OrderedDict()
    # a tensor or an object stands for itself as long as it is there
    kept: list[Any] = []

    def key_of(value: Any) -> Any:
        if isinstance(value, list | dict | set):
            raise InvalidValueError(
                f"{machine.describe(value)} cannot be an argument that is remembered",
                python="TypeError",
            )
        if isinstance(value, tuple):
            return tuple([key_of(part) for part in value])
        if value is None or isinstance(value, int | float | str | Valued):
            return value
        kept.append(value)
        return id, id(value)

    def call(machine: Machine, *args: Any, **kwargs: Any) -> Any:
        key = key_of(args), tuple((name, key_of(value)) for name, value in kwargs.items())
        if len(args) == 1 and not kwargs and type(args[0]) in (int, str):
            # Python keeps one whole number, or one text, apart from what equals it
            key = type(args[0]), args[0]
        if key not in known:
            known[key] = machine.apply_function(machine, user_function, args, kwargs)
        known.move_to_end(key)
        found = known[key]
        if maxsize is not None and len(known) > maxsize:
            known.popitem(last=False)
        return found

    name = getattr(user_function, "name", "cache")
    return Builtin(name, call, "what is remembered", users=True)


def _lru_cache(machine: Machine, maxsize: Any = 128, typed: Any = False) -> Builtin:
    if maxsize is not None and not isinstance(maxsize, int):
        return _cache(machine, maxsize, 128)
    room = maxsize if maxsize is None else max(maxsize, 0)

    def keeping(machine: Machine, user_function: Any) -> Builtin:
        return _cache(machine, user_function, room)

    return Builtin("lru_cache", keeping, "a function that keeps what it has given")


def _wraps(machine: Machine, wrapped: Any) -> Builtin:
    """What gives a function the name of another."""

    def call(machine: Machine, wrapper: Any) -> Any:
        if isinstance(wrapper, Closure):
            wrapper.values["__name__"] = objects.name_of(wrapped)
        return wrapper

    return Builtin("wraps", call, "a function under the name of another")


def _by_comparing(machine: Machine, mycmp: Any) -> Builtin:
    """A key for sorting, of a function that says which of two goes first."""

    def before(sign: type[ast.cmpop]) -> Builtin:
        def compared(machine: Machine, one: Instance, other: Any) -> bool:
            found = machine.call(mycmp, (one.values["obj"], other.values["obj"]))
            return operators.truth(machine, operators.compare(machine, sign, found, 0))

        return Builtin("cmp", compared, "which of two goes first")

    signs = {"lt": ast.Lt, "gt": ast.Gt, "eq": ast.Eq, "le": ast.LtE, "ge": ast.GtE}
    members = {f"__{name}__": before(sign) for name, sign in signs.items()}
    kind = Class("K", (), {**members}, library=True)
    return Builtin("K", lambda machine, obj: Instance(kind, {"obj": obj}), "a key for sorting")


def _operator(kind: type[ast.AST]) -> Any:
    return lambda machine, a, b: operators.apply(machine, kind, a, b)


def _in_place(kind: type[ast.AST]) -> Any:
    return lambda machine, a, b: writing.operated(machine, kind, a, a, b)


def _taken(machine: Machine, held: Any, key: Any) -> Any:
    # imported where it is used: expressions are made of all functions of the language
    from gradcalc.lang.expressions import item
    from gradcalc.lang.keys import checked_key

    if isinstance(held, dict):
        return containers.item(machine, held, key)
    if isinstance(key, list) and any(isinstance(part, list | tuple) for part in key):
        raise UnsupportedError(
            "torch and numpy read a list of lists as an index each in its own way",
            hint="write x[[0, 1], [1, 0]] for single elements",
        )
    given = list(key) if isinstance(key, tuple) else [key]
    return item(machine, held, checked_key(machine, held, given))


def _getter(machine: Machine, *keys: Any) -> Builtin:
    def call(machine: Machine, held: Any) -> Any:
        found = [_taken(machine, held, key) for key in keys]
        return found[0] if len(found) == 1 else tuple(found)

    return Builtin("itemgetter", call, "what stands at some places")


def _attributes(machine: Machine, *names: Any) -> Builtin:
    def one(machine: Machine, held: Any, name: Any) -> Any:
        for part in words.told(name).split("."):
            held = _behind_dot(machine, held, part)
        return held

    def call(machine: Machine, held: Any) -> Any:
        found = [one(machine, held, name) for name in names]
        return found[0] if len(found) == 1 else tuple(found)

    return Builtin("attrgetter", call, "what stands behind some dots")


def _method(machine: Machine, name: Any, *args: Any, **kwargs: Any) -> Builtin:
    def call(machine: Machine, held: Any) -> Any:
        method = _behind_dot(machine, held, words.told(name))
        return machine.apply_function(machine, method, args, kwargs)

    return Builtin("methodcaller", call, "what a method gives")


def _behind_dot(machine: Machine, held: Any, name: str) -> Any:
    # imported where it is used: calls are made of all functions of the language
    from gradcalc.lang.calls import behind_dot

    return behind_dot(machine, held, name)


def _compared(kind: type[ast.cmpop]) -> Any:
    return lambda machine, a, b: operators.compare(machine, kind, a, b)


def _added(machine: Machine, a: Any, b: Any) -> Any:
    if not all(isinstance(part, list | tuple | str) for part in (a, b)):
        raise InvalidValueError("concat is of lists and texts", python="TypeError")
    return operators.apply(machine, ast.Add, a, b)


OPERATORS: Mapping[str, type[ast.AST]] = {
    "add": ast.Add,
    "sub": ast.Sub,
    "mul": ast.Mult,
    "truediv": ast.Div,
    "floordiv": ast.FloorDiv,
    "mod": ast.Mod,
    "pow": ast.Pow,
    "matmul": ast.MatMult,
    "and_": ast.BitAnd,
    "or_": ast.BitOr,
    "xor": ast.BitXor,
    "lshift": ast.LShift,
    "rshift": ast.RShift,
}

TYPES = ("TypeVar", "ParamSpec", "TypeVarTuple")
"""What makes types of types."""


def _no_type(machine: Machine, *args: Any, **kwargs: Any) -> None:
    return None


COMPARISONS: Mapping[str, type[ast.cmpop]] = {
    "lt": ast.Lt,
    "le": ast.LtE,
    "eq": ast.Eq,
    "ne": ast.NotEq,
    "gt": ast.Gt,
    "ge": ast.GtE,
    "is_": ast.Is,
    "is_not": ast.IsNot,
}

SIGNS: Mapping[str, type[ast.unaryop]] = {"neg": ast.USub, "pos": ast.UAdd, "inv": ast.Invert}


def _signed(kind: type[ast.unaryop]) -> Any:
    return lambda machine, a: operators.unary(machine, kind, a)


OBJECTS: Mapping[str, Mapping[str, Builtin]] = MappingProxyType(
    {
        "enum": enums.ENUMS,
        **namespaces.NAMESPACES,
        "typing": {
            "NamedTuple": collecting.TUPLES,
            **{name: Builtin(name, _no_type, "nothing: types change no value") for name in TYPES},
            "cast": Builtin("cast", lambda machine, kind, value: value, "the value itself"),
        },
        "collections": collecting.COLLECTIONS,
        "itertools": iterating.ITERTOOLS,
        "itertools.chain": {"from_iterable": iterating.CHAINED},
        "copy": COPY,
        "bisect": heaps.BISECT,
        "heapq": heaps.HEAPQ,
        "statistics": averages.STATISTICS,
        "functools": {
            "partial": Builtin(
                "partial", _partial, "a function with some of its arguments given", users=True
            ),
            "reduce": Builtin("reduce", _reduce, "a function of two applied from left to right"),
            "wraps": Builtin("wraps", _wraps, "a function under the name of another"),
            "cmp_to_key": Builtin("cmp_to_key", _by_comparing, "a key of what compares two"),
            "cache": Builtin("cache", _cache, "a function that keeps what it has given"),
            "lru_cache": Builtin(
                "lru_cache", _lru_cache, "a function that keeps what it has given"
            ),
        },
        "operator": {
            **{n: Builtin(n, _operator(kind), "an operator") for n, kind in OPERATORS.items()},
            **{n: Builtin(n, _compared(kind), "a comparison") for n, kind in COMPARISONS.items()},
            **{n: Builtin(n, _signed(kind), "an operator") for n, kind in SIGNS.items()},
            **{
                name: Builtin(name, _in_place(kind), "an operator that may write")
                for n, kind in OPERATORS.items()
                for name in (f"i{n.removesuffix('_')}",)
            },
            "not_": Builtin("not_", lambda m, a: not operators.truth(m, a), "not"),
            "truth": Builtin("truth", operators.truth, "whether something is true"),
            "concat": Builtin("concat", _added, "two lists as one"),
            "contains": Builtin(
                "contains", lambda m, a, b: containers.contains(m, b, a), "whether it is in there"
            ),
            "countOf": Builtin(
                "countOf",
                lambda m, a, b: sum(operators.same(m, part, b) for part in ops.iterated(m, a)),
                "how often it is in there",
            ),
            "getitem": Builtin("getitem", _taken, "what stands at a place"),
            "attrgetter": Builtin("attrgetter", _attributes, "a function that takes attributes"),
            "methodcaller": Builtin("methodcaller", _method, "a function that calls a method"),
            "itemgetter": Builtin("itemgetter", _getter, "a function that takes items out"),
        },
    }
)
"""What stands in Python's modules, by their names."""
