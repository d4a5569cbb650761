"""Python's bisect and heapq: lists that are kept in order. Each comparison is a branch."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from gradcalc.errors import InvalidValueError
from gradcalc.lang import members, operators, ops
from gradcalc.lang.machine import Builtin, Machine, Once
from gradcalc.lang.members import less

# -- bisect ----------------------------------------------------------------------------


def _place(
    machine: Machine, name: str, a: Any, x: Any, lo: Any = 0, hi: Any = None, *, key: Any = None
) -> int:
    """Where x goes into what is in order: in front of its equals by `bisect_left`."""
    items = ops.items(machine, a)
    low, high = (ops.integer(machine, end) for end in (lo, len(items) if hi is None else hi))
    if low < 0:
        raise InvalidValueError("lo must be non-negative", python="ValueError")
    if high > len(items):
        raise InvalidValueError(f"hi is beyond a list of {len(items)}", python="IndexError")
    while low < high:
        middle = (low + high) // 2
        item = items[middle] if key is None else machine.call(key, (items[middle],))
        # its equals are in front by bisect_right
        left = name == "bisect_left"
        behind = less(machine, item, x) if left else not less(machine, x, item)
        low, high = (middle + 1, high) if behind else (low, middle)
    return low


def _bisect(name: str) -> Any:
    return lambda machine, a, x, *args, **kwargs: _place(machine, name, a, x, *args, **kwargs)


def _insort(name: str) -> Any:
    def insort(
        machine: Machine, a: Any, x: Any, lo: Any = 0, hi: Any = None, *, key: Any = None
    ) -> None:
        held = _list(machine, a)
        sought = x if key is None else machine.call(key, (x,))
        held.insert(_place(machine, name, held, sought, lo, hi, key=key), x)
        machine.count_items(len(held))

    return insort


BISECT: Mapping[str, Builtin] = MappingProxyType(
    {
        **{
            name: Builtin(name, _bisect(name), "where a value goes into what is in order")
            for name in ("bisect", "bisect_left", "bisect_right")
        },
        **{
            name: Builtin(name, _insort(name.replace("insort", "bisect")), "puts a value there")
            for name in ("insort", "insort_left", "insort_right")
        },
    }
)
"""Python's bisect."""

# -- heapq -----------------------------------------------------------------------------


def _list(machine: Machine, held: Any) -> list[Any]:
    if not isinstance(held, list):
        raise InvalidValueError(
            f"{machine.describe(held)} is no list", hint="list(x) is one", python="TypeError"
        )
    return held


def _towards_root(machine: Machine, heap: list[Any], start: int, place: int) -> None:
    item = heap[place]
    while place > start:
        parent = (place - 1) // 2
        if not less(machine, item, heap[parent]):
            break
        heap[place] = heap[parent]
        place = parent
    heap[place] = item


def _towards_leaves(machine: Machine, heap: list[Any], place: int) -> None:
    """Python's way: down to a leaf by the smaller child, and up again from there."""
    start, item, end = place, heap[place], len(heap)
    child = 2 * place + 1
    while child < end:
        if child + 1 < end and not less(machine, heap[child], heap[child + 1]):
            child += 1
        heap[place] = heap[child]
        place, child = child, 2 * child + 1
    heap[place] = item
    _towards_root(machine, heap, start, place)


def _heapify(machine: Machine, x: Any) -> None:
    heap = _list(machine, x)
    for place in reversed(range(len(heap) // 2)):
        _towards_leaves(machine, heap, place)


def _push(machine: Machine, heap: Any, item: Any) -> None:
    _list(machine, heap).append(item)
    machine.count_items(len(heap))
    _towards_root(machine, heap, 0, len(heap) - 1)


def _pop(machine: Machine, heap: Any) -> Any:
    if not _list(machine, heap):
        raise InvalidValueError("pop from an empty heap", python="IndexError")
    last = heap.pop()
    return _replaced(machine, heap, last) if heap else last


def _replaced(machine: Machine, heap: Any, item: Any) -> Any:
    if not _list(machine, heap):
        raise InvalidValueError("the least of an empty heap", python="IndexError")
    least, heap[0] = heap[0], item
    _towards_leaves(machine, heap, 0)
    return least


def _pushed_popped(machine: Machine, heap: Any, item: Any) -> Any:
    if _list(machine, heap) and less(machine, heap[0], item):
        return _replaced(machine, heap, item)
    return item


def _first(reverse: bool) -> Any:
    """The n first items in order, which are those that Python's heaps of n items keep."""

    def first(machine: Machine, n: Any, iterable: Any, key: Any = None) -> list[Any]:
        count = max(ops.integer(machine, n), 0)
        return members.ordered(machine, iterable, key, reverse)[:count]

    return first


def _merged(machine: Machine, *iterables: Any, key: Any = None, reverse: Any = False) -> Once:
    turned = operators.truth(machine, reverse)
    sources = [ops.iterated(machine, part) for part in iterables]

    def ahead(one: Any, other: Any) -> bool:
        return less(machine, other, one) if turned else less(machine, one, other)

    def next_of(source: Iterator[Any]) -> list[Any]:
        # what comes next, by what it is compared, and where the rest is
        return [
            (item, item if key is None else machine.call(key, (item,)), source)
            for item in (next(source, _END),)
            if item is not _END
        ]

    def merged() -> Iterator[Any]:
        heads = [head for source in sources for head in next_of(source)]
        while heads:
            machine.budget.tick()
            best = 0
            for number in range(1, len(heads)):
                if ahead(heads[number][1], heads[best][1]):
                    best = number
            item, _, source = heads[best]
            yield item
            heads[best : best + 1] = next_of(source)

    return Once("merge", merged())


_END = object()

HEAPQ: Mapping[str, Builtin] = MappingProxyType(
    {
        name: Builtin(name, call, doc)
        for name, call, doc in (
            ("heapify", _heapify, "makes a heap of a list"),
            ("heappush", _push, "puts an item into a heap"),
            ("heappop", _pop, "takes the least item out of a heap"),
            ("heapreplace", _replaced, "takes the least item out and puts another in"),
            ("heappushpop", _pushed_popped, "puts an item in and takes the least out"),
            ("nlargest", _first(True), "the largest items in order"),
            ("nsmallest", _first(False), "the smallest items in order"),
            ("merge", _merged, "the items of several that are in order, in order"),
        )
    }
)
"""Python's heapq."""
