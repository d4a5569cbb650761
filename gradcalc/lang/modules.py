"""What Python's own modules have for functions, and its operators as functions."""

import ast
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gradcalc.errors import InvalidValueError
from gradcalc.lang import collecting, containers, enums, iterating, objects, operators, ops
from gradcalc.lang.copying import COPY
from gradcalc.lang.machine import Builtin, Closure, Machine


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


def _cache(machine: Machine, user_function: Any) -> Builtin:
    """A function that is run once for each of its arguments: what it gave then, it gives again."""
    known: dict[Any, Any] = {}
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
        if value is None or isinstance(value, int | float | str):
            return value
        kept.append(value)
        return id, id(value)

    def call(machine: Machine, *args: Any, **kwargs: Any) -> Any:
        key = key_of(args), tuple((name, key_of(value)) for name, value in kwargs.items())
        if key not in known:
            known[key] = machine.apply_function(machine, user_function, args, kwargs)
        return known[key]

    name = getattr(user_function, "name", "cache")
    return Builtin(name, call, "what is remembered", users=True)


def _lru_cache(machine: Machine, maxsize: Any = 128, typed: Any = False) -> Builtin:
    if maxsize is not None and not isinstance(maxsize, int):
        return _cache(machine, maxsize)
    return Builtin("lru_cache", _cache, "a function that keeps what it has given")


def _wraps(machine: Machine, wrapped: Any) -> Builtin:
    """What gives a function the name of another."""

    def call(machine: Machine, wrapper: Any) -> Any:
        if isinstance(wrapper, Closure):
            wrapper.values["__name__"] = objects.name_of(wrapped)
        return wrapper

    return Builtin("wraps", call, "a function under the name of another")


def _operator(kind: type[ast.AST]) -> Any:
    return lambda machine, a, b: operators.apply(machine, kind, a, b)


def _taken(machine: Machine, held: Any, key: Any) -> Any:
    if isinstance(held, dict):
        return containers.item(machine, held, key)
    if machine.is_tensor(held):
        return ops.index(machine, held, (ops.integer(machine, key),))
    return held[containers.list_number(machine, held, key)]


def _getter(machine: Machine, *keys: Any) -> Builtin:
    def call(machine: Machine, held: Any) -> Any:
        found = [_taken(machine, held, key) for key in keys]
        return found[0] if len(found) == 1 else tuple(found)

    return Builtin("itemgetter", call, "what stands at some places")


OPERATORS: Mapping[str, type[ast.AST]] = {
    "add": ast.Add,
    "sub": ast.Sub,
    "mul": ast.Mult,
    "truediv": ast.Div,
    "floordiv": ast.FloorDiv,
    "mod": ast.Mod,
    "pow": ast.Pow,
    "matmul": ast.MatMult,
}

TYPES = ("TypeVar", "ParamSpec", "TypeVarTuple")
"""What makes types of types."""


def _no_type(machine: Machine, *args: Any, **kwargs: Any) -> None:
    return None


OBJECTS: Mapping[str, Mapping[str, Builtin]] = MappingProxyType(
    {
        "enum": enums.ENUMS,
        "typing": {
            "NamedTuple": collecting.TUPLES,
            **{name: Builtin(name, _no_type, "nothing: types change no value") for name in TYPES},
            "cast": Builtin("cast", lambda machine, kind, value: value, "the value itself"),
        },
        "collections": collecting.COLLECTIONS,
        "itertools": iterating.ITERTOOLS,
        "itertools.chain": {"from_iterable": iterating.CHAINED},
        "copy": COPY,
        "functools": {
            "partial": Builtin(
                "partial", _partial, "a function with some of its arguments given", users=True
            ),
            "reduce": Builtin("reduce", _reduce, "a function of two applied from left to right"),
            "wraps": Builtin("wraps", _wraps, "a function under the name of another"),
            "cache": Builtin("cache", _cache, "a function that keeps what it has given"),
            "lru_cache": Builtin(
                "lru_cache", _lru_cache, "a function that keeps what it has given"
            ),
        },
        "operator": {
            **{n: Builtin(n, _operator(kind), "an operator") for n, kind in OPERATORS.items()},
            "neg": Builtin("neg", lambda m, a: operators.unary(m, ast.USub, a), "an operator"),
            "itemgetter": Builtin("itemgetter", _getter, "a function that takes items out"),
        },
    }
)
"""What stands in Python's modules, by their names."""
