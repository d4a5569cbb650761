"""Python's itertools: items that are gone through in other ways."""

import ast
import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from gradcalc.errors import InvalidValueError, LimitError
from gradcalc.lang import containers, operators, ops
from gradcalc.lang.machine import Builtin, Machine, Once

Items = Iterator[Any]


def _items(machine: Machine, values: tuple[Any, ...]) -> list[Items]:
    return [ops.iterated(machine, value) for value in values]


def _counted(machine: Machine, items: Items) -> Items:
    """The same items; what goes on after an error does so here too."""

    def counted(item: Any) -> Any:
        machine.budget.tick()
        return item

    return map(counted, items)


def _pools(machine: Machine, *values: Any, repeat: Any = 1) -> Items:
    """A product keeps all items before it gives the first."""
    times = ops.integer(machine, repeat)
    pools = [list(ops.items(machine, value)) for value in values]
    machine.count_items(sum(map(len, pools)) * max(times, 0))
    return itertools.product(*pools, repeat=times)


def _chosen(name: str) -> Callable[..., Items]:
    def choose(machine: Machine, values: Any, r: Any = None) -> Items:
        pool = list(ops.items(machine, values))
        sizes = () if name == "permutations" and r is None else (ops.integer(machine, r),)
        if sizes and sizes[0] > machine.limits.items:
            raise LimitError(f"{name} of {sizes[0]} items")
        found: Items = getattr(itertools, name)(pool, *sizes)
        return found

    return choose


def _accumulated(machine: Machine, values: Any, func: Any = None, *, initial: Any = None) -> Items:
    def joined(total: Any, item: Any) -> Any:
        if func is None:
            return operators.apply(machine, ast.Add, total, item)
        return ops.stepped(machine, func, (total, item))

    return itertools.accumulate(ops.iterated(machine, values), joined, initial=initial)


def _kept(name: str) -> Callable[..., Items]:
    def keep(machine: Machine, predicate: Any, values: Any) -> Items:
        def holds(item: Any) -> bool:
            found = item if predicate is None else ops.stepped(machine, predicate, (item,))
            return operators.truth(machine, found)

        found: Items = getattr(itertools, name)(holds, ops.iterated(machine, values))
        return found

    return keep


def _cut(machine: Machine, values: Any, *bounds: Any) -> Items:
    numbers = [None if bound is None else ops.integer(machine, bound) for bound in bounds]
    return itertools.islice(ops.iterated(machine, values), *numbers)


def _repeated(machine: Machine, value: Any, times: Any = None) -> Items:
    return itertools.repeat(value, *(() if times is None else (ops.integer(machine, times),)))


def _counting(machine: Machine, start: Any = 0, step: Any = 1) -> Items:
    number = start
    while True:
        yield number
        number = operators.apply(machine, ast.Add, number, step)


def _longest(machine: Machine, *values: Any, fillvalue: Any = None) -> Items:
    return itertools.zip_longest(*_items(machine, values), fillvalue=fillvalue)


def _grouped(machine: Machine, values: Any, key: Any = None) -> Items:
    def key_of(item: Any) -> Any:
        found = item if key is None else ops.stepped(machine, key, (item,))
        return containers.key_of(machine, found)

    def named(pair: tuple[Any, Items]) -> tuple[Any, Once]:
        return pair[0], Once("a group", pair[1])

    return map(named, itertools.groupby(ops.iterated(machine, values), key_of))


def _spread(machine: Machine, function: Any, values: Any) -> Items:
    def applied(part: Any) -> Any:
        return ops.stepped(machine, function, tuple(ops.items(machine, part)))

    return map(applied, ops.iterated(machine, values))


def _split(machine: Machine, values: Any, n: Any = 2) -> tuple[Once, ...]:
    copies = itertools.tee(ops.iterated(machine, values), ops.integer(machine, n))
    return tuple(Once("tee", copy) for copy in copies)


ITERATORS: Mapping[str, Callable[..., Items]] = MappingProxyType(
    {
        "product": _pools,
        "combinations": _chosen("combinations"),
        "combinations_with_replacement": _chosen("combinations_with_replacement"),
        "permutations": _chosen("permutations"),
        "accumulate": _accumulated,
        "chain": lambda machine, *values: _chained(machine, list(values)),
        "takewhile": _kept("takewhile"),
        "dropwhile": _kept("dropwhile"),
        "filterfalse": _kept("filterfalse"),
        "islice": _cut,
        "repeat": _repeated,
        "count": _counting,
        "cycle": lambda machine, values: itertools.cycle(ops.iterated(machine, values)),
        "zip_longest": _longest,
        "pairwise": lambda machine, values: itertools.pairwise(ops.iterated(machine, values)),
        "groupby": _grouped,
        "starmap": _spread,
        "compress": lambda machine, data, selectors: itertools.compress(
            ops.iterated(machine, data),
            map(partial(operators.truth, machine), ops.iterated(machine, selectors)),
        ),
    }
)
"""What gives items one by one, by Python's names."""


def _builtin(name: str, make: Callable[..., Items]) -> Builtin:
    def call(machine: Machine, *args: Any, **kwargs: Any) -> Once:
        try:
            return Once(name, _counted(machine, make(machine, *args, **kwargs)))
        except TypeError:
            raise InvalidValueError(
                f"itertools.{name} does not take these arguments", python="TypeError"
            ) from None

    return Builtin(name, call, f"Python's itertools.{name}")


def _chained(machine: Machine, values: Any) -> Items:
    parts = map(partial(ops.iterated, machine), ops.iterated(machine, values))
    return itertools.chain.from_iterable(parts)


CHAINED = _builtin("chain.from_iterable", _chained)
"""What stands behind the dot of chain."""

ITERTOOLS: Mapping[str, Builtin] = MappingProxyType(
    {
        **{name: _builtin(name, make) for name, make in ITERATORS.items()},
        "tee": Builtin("tee", _split, "several ways through the same items"),
    }
)
"""Python's itertools."""
