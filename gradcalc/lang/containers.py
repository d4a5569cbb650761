"""Lists, dictionaries and sets: making them, what stands in them, and their methods."""

import ast
import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, ClassVar

from gradcalc.errors import InvalidValueError, UnsupportedError, brief, did_you_mean
from gradcalc.lang import dtypes, objects, operators, ops, words
from gradcalc.lang.bindings import own_names
from gradcalc.lang.casts import NumberKind
from gradcalc.lang.defaulting import Frozen, WithDefault
from gradcalc.lang.machine import Closure, Frame, Machine, Once, Rule
from gradcalc.primitives import Primitive

SHOWN = 60
"""Characters of a key in a sentence."""


class Deque(list[Any]):
    """A list with two ends, which keeps `most` items, None for all."""

    described: ClassVar[str] = "a deque"
    most: int | None = None

    def copy(self) -> "Deque":
        copied = Deque(self)
        copied.most = self.most
        return copied


def trimmed(held: Deque, *, left: bool = False) -> Deque:
    """The queue without what is too much, at the end that something was added to last."""
    if held.most is not None and len(held) > held.most:
        held[:] = held[: held.most] if left else held[len(held) - held.most :]
    return held


def key_of(machine: Machine, value: Any) -> Any:
    """A value as a key of a dictionary or an item of a set: plain data, or an object as itself."""
    if isinstance(value, tuple):
        return tuple([key_of(machine, part) for part in value])
    value = objects.value_of(value)
    if isinstance(value, words.Digits):
        words.told(value)
    if value is None or isinstance(value, int | float | str | range | Frozen):
        return value
    if isinstance(value, objects.Instance) and value.kind.listed is not None:
        return value
    if machine.is_tensor(value):
        raise UnsupportedError(
            "a tensor is no key: Python would look for that very object",
            hint="int(x) or float(x) makes a number of one",
        )
    if isinstance(value, NumberKind):
        return dtypes.key(machine, value)
    if isinstance(value, objects.Valued):
        # what it cannot be found by is told here
        hash(value)
    if isinstance(value, objects.Instance | objects.Class | Closure | Primitive):
        check_identity(value)
        machine.keyed.setdefault(value, len(machine.keyed))
        return value
    plainly = isinstance(value, list | dict | set)
    raise InvalidValueError(
        f"{machine.describe(value)} cannot be a key", python="TypeError" if plainly else None
    )


def check_identity(value: Any) -> None:
    """Refuse what Python finds by no number."""
    if isinstance(value, objects.Instance) and not objects.is_hashed(value.kind):
        raise InvalidValueError(f"unhashable type: '{value.kind.name}'", python="TypeError")


def item(machine: Machine, held: Mapping[Any, Any], key: Any) -> Any:
    """What stands at a key. Raises `InvalidValueError` where nothing does."""
    found = key_of(machine, key)
    if found not in held and isinstance(held, WithDefault) and held.factory is not None:
        return held.lacking(found)
    if found not in held:
        shown = describe_key(machine, found)
        known = [k for k in held if isinstance(k, str)]
        raise InvalidValueError(
            f"there is no key {shown}",
            hint=did_you_mean(found, known) if isinstance(found, str) else None,
            python="KeyError",
            about=(found,),
        )
    return held[found]


def describe_key(machine: Machine, key: Any) -> str:
    """A key in a sentence."""
    if isinstance(key, dtypes.Key):
        return f"torch.{key.name}"
    plainly = key is None or isinstance(key, int | float | str | range | tuple)
    return brief(repr(key), SHOWN) if plainly else machine.describe(key)


def contains(machine: Machine, value: Any, held: Any) -> bool:
    """Python's `in`."""
    if isinstance(held, dict | set | frozenset):
        return key_of(machine, value) in held
    if isinstance(held, str):
        if not isinstance(value, str):
            raise InvalidValueError(
                f"{machine.describe(value)} is not in a text", python="TypeError"
            )
        machine.count_taken(len(held))
        return value in words.told(held)
    if isinstance(held, objects.Instance) and held.kind.find("__contains__") is not objects.MISSING:
        return bool(machine.call(objects.special(machine, held, "__contains__"), (value,)))
    if machine.is_tensor(held):
        raise UnsupportedError(
            "whether a number is in a tensor is not asked here", hint="write (x == a).any()"
        )
    if isinstance(held, range) and isinstance(value, int | float):
        # of a float Python would go through all of them
        whole = value == value and abs(value) != math.inf and value == int(value)
        return whole and int(value) in held
    return any(operators.same(machine, value, part) for part in ops.iterated(machine, held))


def spread(machine: Machine, nodes: list[ast.expr]) -> list[Any]:
    """The values of items, those behind a star one by one."""
    found: list[Any] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            found += ops.items(machine, machine.eval(node.value))
            machine.count_items(len(found))
        else:
            found.append(machine.eval(node))
    return found


def _dict(machine: Machine, node: ast.Dict) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            found |= mapping(machine, machine.eval(value))
        else:
            place = key_of(machine, machine.eval(key))
            found[place] = machine.eval(value)
    return found


def _set(machine: Machine, node: ast.Set) -> set[Any]:
    found = [key_of(machine, value) for value in spread(machine, node.elts)]
    made = set[Any]()
    made.update(_constant(found) if len(node.elts) > 2 and _is_constant(node) else found)
    return made


def _constant(values: list[Any]) -> frozenset[Any]:
    """What Python keeps of a set of constants, which it makes twice: the order shows it."""
    return frozenset(tuple(frozenset(values)))


def _is_constant(node: ast.Set) -> bool:
    """Whether a set is made of constants alone."""
    bare = (part.operand if isinstance(part, ast.UnaryOp) else part for part in node.elts)
    parts = (p for one in bare for p in (one.elts if isinstance(one, ast.Tuple) else [one]))
    return all(isinstance(part, ast.Constant) for part in parts)


def gone_through(machine: Machine, node: ast.expr) -> Any:
    """What a loop goes through: of a set of constants that stands there Python keeps the one."""
    if isinstance(node, ast.Set) and _is_constant(node):
        found = [key_of(machine, value) for value in spread(machine, node.elts)]
        if all(map(ops.hashes_plainly, found)):
            return list(_constant(found))
    return machine.eval(node)


def mapping(machine: Machine, value: Any) -> dict[Any, Any]:
    """A dictionary of a dictionary or of pairs."""
    if isinstance(value, dict):
        return value
    pairs = [list(ops.items(machine, pair)) for pair in ops.items(machine, value)]
    if any(len(pair) != 2 for pair in pairs):
        raise InvalidValueError("a dictionary is made of pairs")
    return {key_of(machine, key): held for key, held in pairs}


# -- comprehensions --------------------------------------------------------------------


def _rounds(
    machine: Machine, node: Any, give: Callable[[], Any], bind: Callable[[Any, Any], None]
) -> Iterator[Any]:
    """What a comprehension gives, one by one, its names in a scope of their own.

    The scope is the machine's only while an item is worked out: a generator may rest in between.
    """
    targets = tuple(generator.target for generator in node.generators)
    inner = Frame({}, machine.frame, own_names(targets), passing=True)
    # at once, whenever the items are asked for
    first = ops.iterated(machine, gone_through(machine, node.generators[0].iter))
    return _items(machine, node, give, bind, inner, first)


def _items(
    machine: Machine,
    node: Any,
    give: Callable[[], Any],
    bind: Callable[[Any, Any], None],
    inner: Frame,
    first: Iterator[Any],
) -> Iterator[Any]:
    def level(number: int, items: Iterator[Any]) -> Iterator[Any]:
        generator = node.generators[number]
        for value in items:
            machine.budget.tick()
            bind(generator.target, value)
            if not all(operators.truth(machine, machine.eval(test)) for test in generator.ifs):
                continue
            if number + 1 == len(node.generators):
                yield give()
            else:
                behind = gone_through(machine, node.generators[number + 1].iter)
                yield from level(number + 1, ops.iterated(machine, behind))

    items = level(0, first)
    while True:
        resting, machine.frame = machine.frame, inner
        try:
            value = next(items, _END)
        finally:
            machine.frame = resting
        if value is _END:
            return
        yield value


_END = object()


def comprehensions(bind: Callable[[Machine, Any, Any], None]) -> Mapping[type[ast.AST], Rule]:
    """The meaning of comprehensions; `bind` gives a value to a target."""

    def rounds(machine: Machine, node: Any, give: Callable[[], Any]) -> Iterator[Any]:
        return _rounds(machine, node, give, partial(bind, machine))

    def counted(machine: Machine, items: Iterator[Any]) -> Iterator[Any]:
        for number, value in enumerate(items):
            machine.count_items(number + 1)
            yield value

    def of_list(machine: Machine, node: ast.ListComp) -> list[Any]:
        items = rounds(machine, node, lambda: machine.eval(node.elt))
        return machine.spell(list(counted(machine, items)))

    def of_set(machine: Machine, node: ast.SetComp) -> set[Any]:
        def give() -> Any:
            return key_of(machine, machine.eval(node.elt))

        return set(counted(machine, rounds(machine, node, give)))

    def of_dict(machine: Machine, node: ast.DictComp) -> dict[Any, Any]:
        def give() -> tuple[Any, Any]:
            return key_of(machine, machine.eval(node.key)), machine.eval(node.value)

        return dict(counted(machine, rounds(machine, node, give)))

    def generator(machine: Machine, node: ast.GeneratorExp) -> Once:
        given = rounds(machine, node, lambda: machine.eval(node.elt))
        return Once("a generator", ops.generated(given))

    return {
        ast.ListComp: of_list,
        ast.SetComp: of_set,
        ast.DictComp: of_dict,
        ast.GeneratorExp: generator,
    }


def _list(machine: Machine, node: ast.List) -> list[Any]:
    return machine.spell(spread(machine, node.elts))


def _tuple(machine: Machine, node: ast.Tuple) -> tuple[Any, ...]:
    return machine.spell(tuple(spread(machine, node.elts)))


CONTAINERS: Mapping[type[ast.AST], Rule] = {
    ast.List: _list,
    ast.Tuple: _tuple,
    ast.Dict: _dict,
    ast.Set: _set,
}
"""The meaning of brackets with items in them."""
