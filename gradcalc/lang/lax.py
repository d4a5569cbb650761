"""jax's ways of control: loops and choices that are functions, of values in whatever containers."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import operators, ops
from gradcalc.lang.defaulting import Ordered
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.program import JAX


def _keys(machine: Machine, value: Mapping[Any, Any]) -> list[Any]:
    """The keys of a dictionary in the order in which its values are gone through: jax sorts them,
    but those of an `OrderedDict`."""
    jaxs = machine.program.naming.arrays == JAX and not isinstance(value, Ordered)
    return sorted(value) if jaxs else list(value)


def leaves(machine: Machine, value: Any) -> list[Any]:
    """What stands in containers, in the library's order."""
    if isinstance(value, list | tuple):
        return [leaf for part in value for leaf in leaves(machine, part)]
    if isinstance(value, dict):
        return [leaf for key in _keys(machine, value) for leaf in leaves(machine, value[key])]
    return [] if value is None else [value]


def mapped(machine: Machine, function: Callable[..., Any], *values: Any) -> Any:
    """The same containers, with what a function makes of the values that stand in one place."""
    first = values[0]
    if isinstance(first, list | tuple):
        parts = [mapped(machine, function, *group) for group in zip(*values, strict=True)]
        if hasattr(first, "_fields"):
            return type(first)(*parts)
        return type(first)(parts)
    if isinstance(first, dict):
        keys = _keys(machine, first)
        return {key: mapped(machine, function, *(value[key] for value in values)) for key in keys}
    return None if first is None else function(*values)


def _truth(machine: Machine, value: Any) -> bool:
    if machine.mapped and machine.is_tensor(value) and machine.carries(value):
        raise UnsupportedError(
            "under vmap the libraries know no single item to decide by",
            hint="choose with where(condition, a, b)",
        )
    return operators.truth(machine, value)


def _cond(machine: Machine, pred: Any, true_fun: Any, false_fun: Any, *operands: Any) -> Any:
    return machine.call(true_fun if _truth(machine, pred) else false_fun, operands)


def _switch(machine: Machine, index: Any, branches: Any, *operands: Any) -> Any:
    place = min(max(ops.integer(machine, index), 0), len(branches) - 1)
    return machine.call(branches[place], operands)


def _carried(machine: Machine, before: Any, after: Any) -> Any:
    """What a round hands on to the next one. Raises `InvalidValueError` where jax would: what is
    carried keeps its containers, and each of its arrays its shape."""

    def form(value: Any) -> Any:
        if isinstance(value, list | tuple):
            # a named tuple is another container than a plain one
            return (getattr(value, "_fields", type(value)), *map(form, value))
        if isinstance(value, dict):
            return {key: form(item) for key, item in value.items()}
        return machine.shape(value) if machine.is_tensor(value) else ()

    if form(before) != form(after):
        raise InvalidValueError(
            "what a round gives has other shapes or containers than what it is given",
            python="TypeError",
        )
    return after


def _fori_loop(machine: Machine, lower: Any, upper: Any, body_fun: Any, init_val: Any) -> Any:
    for count in range(ops.integer(machine, lower), ops.integer(machine, upper)):
        machine.budget.tick()
        init_val = _carried(machine, init_val, machine.call(body_fun, (count, init_val)))
    return init_val


def _while_loop(machine: Machine, cond_fun: Any, body_fun: Any, init_val: Any) -> Any:
    while _truth(machine, machine.call(cond_fun, (init_val,))):
        machine.budget.tick()
        init_val = _carried(machine, init_val, machine.call(body_fun, (init_val,)))
    return init_val


def _count(machine: Machine, xs: Any, length: Any) -> int:
    """How many items the values have that are gone through side by side."""
    counts = {ops.shape(machine, ops.tensor(machine, leaf))[:1] for leaf in leaves(machine, xs)}
    if length is not None:
        counts.add((ops.integer(machine, length),))
    if len(counts) != 1 or () in counts:
        raise ShapeError("what is gone through side by side has one length")
    return int(counts.pop()[0])


def _item(machine: Machine, xs: Any, place: int) -> Any:
    return mapped(machine, lambda leaf: ops.index(machine, ops.tensor(machine, leaf), (place,)), xs)


def _stacked(machine: Machine, found: Sequence[Any]) -> Any:
    if not found:
        raise InvalidValueError("of nothing there is nothing to stack")
    return mapped(machine, lambda *leaves: ops.call(machine, "stack", list(leaves)), *found)


def _scan(
    machine: Machine,
    f: Any,
    init: Any,
    xs: Any = None,
    length: Any = None,
    reverse: Any = False,
    unroll: Any = 1,
) -> Any:
    found = []
    places = range(_count(machine, xs, length))
    for place in reversed(places) if reverse else places:
        machine.budget.tick()
        pair = machine.call(f, (init, _item(machine, xs, place)))
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise InvalidValueError("what scan runs gives a pair: what it carries on, and a result")
        init, result = _carried(machine, init, pair[0]), pair[1]
        found.append(result)
    return init, _stacked(machine, found[::-1] if reverse else found)


def _map(machine: Machine, f: Any, xs: Any) -> Any:
    places = range(_count(machine, xs, None))
    return _stacked(machine, [machine.call(f, (_item(machine, xs, place),)) for place in places])


def _tree_map(machine: Machine, f: Any, tree: Any, *rest: Any, is_leaf: Any = None) -> Any:
    if is_leaf is not None:
        raise UnsupportedError("is_leaf is not known here", hint="leave it out")
    return mapped(machine, lambda *values: machine.call(f, values), tree, *rest)


def _tree_leaves(machine: Machine, tree: Any) -> list[Any]:
    return leaves(machine, tree)


def _tree_reduce(machine: Machine, function: Any, tree: Any, *initial: Any) -> Any:
    items = [*initial[:1], *leaves(machine, tree)]
    if not items:
        raise InvalidValueError("a reduction of nothing", python="TypeError")
    found = items[0]
    for item in items[1:]:
        found = machine.call(function, (found, item))
    return found


TREES: Mapping[str, Builtin] = MappingProxyType(
    {
        short: Builtin(name, call, usage)
        for name, call, usage in (
            ("tree_map", _tree_map, "tree_map(f, tree, *rest)"),
            ("tree_leaves", _tree_leaves, "tree_leaves(tree)"),
            ("tree_reduce", _tree_reduce, "tree_reduce(function, tree)"),
        )
        for short in (name, name.removeprefix("tree_"))
    }
)
"""jax's functions of containers, by the names that they have in one module or the other."""

OBJECTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        **dict.fromkeys(("jax.tree_util", "jax.tree"), TREES),
        "jax.lax": {
            name: Builtin(name, call, usage)
            for name, call, usage in (
                ("cond", _cond, "cond(pred, true_fun, false_fun, *operands)"),
                ("switch", _switch, "switch(index, branches, *operands)"),
                ("fori_loop", _fori_loop, "fori_loop(lower, upper, body_fun, init_val)"),
                ("while_loop", _while_loop, "while_loop(cond_fun, body_fun, init_val)"),
                ("scan", _scan, "scan(f, init, xs, length=None, reverse=False)"),
                ("map", _map, "map(f, xs)"),
            )
        },
    }
)
"""jax's functions of functions, by their module."""
