"""What stands in front of `=`: names, several of them, items and attributes."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradcalc.errors import ShapeError, UnknownNameError, UnsupportedError, brief
from gradcalc.lang import complexes, containers, objects, ops, writing
from gradcalc.lang.expressions import attribute, item, key_of
from gradcalc.lang.indexing import list_place
from gradcalc.lang.keys import checked_key
from gradcalc.lang.machine import Complex, Machine
from gradcalc.lang.memory import Tensor
from gradcalc.lang.nets import state
from gradcalc.lang.objects import Instance


@dataclass(frozen=True, slots=True)
class Place:
    """An item or an attribute: how it is read and written, and the value that it is in."""

    whole: Any
    read: Callable[[], Any]
    write: Callable[[Any], None]


def bind(machine: Machine, target: ast.AST, value: Any) -> None:
    """Give a value to a name, to a place, or its items to several of them."""
    if isinstance(target, ast.Name):
        machine.bind(target.id, value)
        return
    if isinstance(target, ast.Subscript | ast.Attribute):
        place = located(machine, target)
        machine.node = target
        if isinstance(place.whole, Tensor) and isinstance(target, ast.Subscript):
            value = writing.as_held(machine, place.whole, value)
        place.write(value)
        return
    assert isinstance(target, ast.Tuple | ast.List)
    items = list(ops.items(machine, value))
    stars = [k for k, part in enumerate(target.elts) if isinstance(part, ast.Starred)]
    machine.node = target
    if stars:
        first, behind = stars[0], len(target.elts) - stars[0] - 1
        if len(items) < first + behind:
            raise ShapeError(
                f"{len(items)} values for {first + behind} names and a star", python="ValueError"
            )
        end = len(items) - behind
        items = [*items[:first], items[first:end], *items[end:]]
    elif len(items) != len(target.elts):
        raise ShapeError(f"{len(items)} values for {len(target.elts)} names", python="ValueError")
    for part, given in zip(target.elts, items, strict=True):
        bind(machine, part.value if isinstance(part, ast.Starred) else part, given)


def located(machine: Machine, target: ast.AST) -> Place:
    """The item or attribute in front of an assignment."""
    if isinstance(target, ast.Subscript):
        held = machine.eval(target.value)
        given = key_of(machine, held, target)
        machine.node = target
        if isinstance(held, Tensor):
            return _of_tensor(machine, held, given)
        if isinstance(held, Complex):
            return _of_complex(machine, held, given)
        if isinstance(held, dict):
            return _of_dict(machine, held, given[0])
        if isinstance(held, Instance):
            return _of_object(machine, held, given[0] if len(given) == 1 else tuple(given))
        return _of_list(machine, held, given)
    assert isinstance(target, ast.Attribute)
    held = machine.eval(target.value)
    machine.node = target
    name = target.attr
    if isinstance(held, Complex):
        return _of_part(machine, held, name)

    def write(value: Any) -> None:
        if isinstance(held, Tensor):
            state.assign(machine, held, name, value)
        else:
            objects.assign(machine, held, name, value)

    return Place(held, lambda: attribute(machine, held, target), write)


def _of_part(machine: Machine, held: Complex, name: str) -> Place:
    """The real or the imaginary part of complex numbers."""
    part = complexes.attribute(machine, held, name) if name in ("real", "imag") else None
    if part is None or part not in (held.re, held.im):
        raise UnsupportedError(f".{brief(name)} of these complex numbers cannot be assigned to")

    def write(value: Any) -> None:
        if value is not part:
            writing.over(machine, part, value)

    return Place(held, lambda: part, write)


def _of_object(machine: Machine, held: Instance, key: Any) -> Place:
    def write(value: Any) -> None:
        machine.call(objects.special(machine, held, "__setitem__"), (key, value))

    def read() -> Any:
        return machine.call(objects.special(machine, held, "__getitem__"), (key,))

    return Place(held, read, write)


def root_of(target: ast.AST) -> ast.expr:
    """The name, or other expression, whose items or attributes are assigned to."""
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    assert isinstance(target, ast.expr)
    return target


def _of_complex(machine: Machine, held: Complex, given: list[Any]) -> Place:
    key = checked_key(machine, held, given)
    return Place(
        held,
        lambda: complexes.indexed(machine, held, key),
        lambda value: writing.into_complex(machine, held, key, value),
    )


def _of_tensor(machine: Machine, held: Tensor, given: list[Any]) -> Place:
    def write(value: Any) -> None:
        if writing.is_one_number(machine, held, given, value):
            writing.where(machine, held, given[0], value)
            return
        writing.into(machine, held, checked_key(machine, held, given), value)

    return Place(held, lambda: item(machine, held, checked_key(machine, held, given)), write)


def _of_dict(machine: Machine, held: dict[Any, Any], given: Any) -> Place:
    key = containers.key_of(machine, given)

    def write(value: Any) -> None:
        held[key] = value
        machine.count_items(len(held))

    return Place(held, lambda: containers.item(machine, held, key), write)


def delete(machine: Machine, target: ast.AST) -> None:
    """Python's `del` of a name or an item."""
    machine.node = target
    if isinstance(target, ast.Name):
        held = machine.frame.keeper(target.id).values
        if target.id not in held:
            raise UnknownNameError(f"{brief(target.id)} has no value here", python="NameError")
        del held[target.id]
        return
    if isinstance(target, ast.Attribute):
        objects.forget(machine, machine.eval(target.value), target.attr)
        return
    assert isinstance(target, ast.Subscript)
    held = machine.eval(target.value)
    key = key_of(machine, held, target)
    machine.node = target
    if isinstance(held, dict):
        containers.item(machine, held, key[0])
        del held[containers.key_of(machine, key[0])]
    elif isinstance(held, list):
        del held[list_place(held, checked_key(machine, held, key))]
    else:
        raise UnsupportedError(f"items of {machine.describe(held)} cannot be deleted")


def _of_list(machine: Machine, held: Any, given: list[Any]) -> Place:
    if not isinstance(held, list):
        raise UnsupportedError(f"{machine.describe(held)} cannot be written into")
    key = checked_key(machine, held, given)

    def write(value: Any) -> None:
        place = list_place(held, key)
        if isinstance(place, slice):
            held[place] = ops.items(machine, value)
            machine.count_items(len(held))
        else:
            held[place] = value

    return Place(held, lambda: item(machine, held, key), write)
