"""`y += x`, which writes into `y` where Python would, and who else would see it."""

import ast
from collections.abc import Iterator
from typing import Any

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import operators, ops, plain
from gradcalc.lang.expressions import load
from gradcalc.lang.machine import Closure, Frame, Machine, Once
from gradcalc.lang.program import JAX, NUMPY, brief, text_of
from gradcalc.primitives import BY_NAME


def augmented(machine: Machine, node: ast.AugAssign) -> Any:
    """What the name in front of `+=` and its like is bound to afterwards."""
    assert isinstance(node.target, ast.Name)
    left = load(machine, node.target)
    right = machine.eval(node.value)
    machine.node = node
    held = machine.frame.values.get(node.target.id)
    arrays = machine.program.naming.arrays in (NUMPY, JAX) and machine.is_tensor(right)
    if isinstance(held, list) and not arrays:
        return _list_in_place(machine, type(node.op), held, right)
    written = machine.is_tensor(held) and _writes(machine, node, held)
    if written:
        _check_held(machine, node.target.id, node, held)
    if machine.is_tensor(held) and machine.frozen and machine.carries(held):
        raise UnsupportedError(
            "under no_grad() torch would keep the gradient of what it writes over",
            hint="write the whole assignment: y = y + ...",
        )
    value = operators.apply(machine, type(node.op), left, right)
    if written:
        _check_room(machine, held, value)
    return value


def _list_in_place(machine: Machine, kind: type[ast.AST], held: list[Any], right: Any) -> Any:
    """`+=` and `*=` of a list change it, for whoever holds it."""
    if any(held is one for one in machine.snapshots):
        raise UnsupportedError("a list cannot grow while enumerate or zip goes through it")
    if kind is ast.Add:
        items = ops.items(machine, right)
        machine.count_items(len(held) + plain.length(items))
        machine.budget.tick(len(items))
        held += items
        return held
    value = operators.apply(machine, kind, held, right)
    if isinstance(value, list):
        held[:] = value
        return held
    return value


def _writes(machine: Machine, node: ast.AugAssign, held: Any) -> bool:
    """Whether an operator writes into the memory of a tensor.

    Python's and numpy's single numbers and jax's arrays are never written into.
    """
    arrays = machine.program.naming.arrays
    if not machine.memory(held):
        # of no elements, or this backend keeps no memory
        return False
    number = not machine.shape(held) and not machine.is_array(held)
    if isinstance(node.op, ast.MatMult) and arrays != NUMPY:
        # torch has no such operator that writes
        return False
    return arrays != JAX and not (number and (arrays == NUMPY or machine.numbers))


def _check_room(machine: Machine, held: Any, value: Any) -> None:
    """Refuse to write what does not go into a tensor."""
    if ops.shape(machine, value) != machine.shape(held):
        raise ShapeError(
            f"a tensor of shape {machine.shape(held)} cannot hold one of shape "
            f"{ops.shape(machine, value)}"
        )
    kept = machine.is_mask(value) or (machine.is_integer(held) and machine.is_integer(value))
    if (machine.is_mask(held) or machine.is_integer(held)) and not kept:
        kind = "truth values" if machine.is_mask(held) else "integers"
        raise InvalidValueError(f"a tensor of {kind} cannot hold other numbers")


def _check_held(machine: Machine, name: str, node: ast.AugAssign, held: Any) -> None:
    """Refuse to write into a tensor that something else holds: Python would change that too."""
    holder = _holder(machine, name, held)
    if holder is not None:
        copy = f"{name}.copy()" if machine.program.naming.arrays == NUMPY else f"{name}.clone()"
        sign = getattr(BY_NAME[operators.PLAIN[type(node.op)][0]], "operator", "")
        raise UnsupportedError(
            f"{brief(text_of(node, machine.source))} would also change {holder}",
            hint=f"write {name} = {name} {sign} ..., or {name} = {copy} before",
        )


def _holder(machine: Machine, name: str, tensor: Any) -> str | None:
    """What holds the memory of a tensor besides the name that it has in the current scope.

    None if nothing does.
    """
    own = machine.frame.find(name)
    for frame in _frames(machine):
        for key, value in frame.values.items():
            if frame is own and key == name:
                continue
            if frame is machine.given and key in machine.program.parameters and value is tensor:
                # the caller of the program as a whole, whose inputs are never changed
                continue
            if _holds(machine, value, tensor):
                return key if value is not tensor or frame is own else f"the caller's {key}"
    if any(_holds(machine, value, tensor) for value in machine.iterated):
        # the rows of an expanded tensor are one and the same
        return "what the loop goes through"
    return None


def _frames(machine: Machine) -> Iterator[Frame]:
    """The scopes that can still be looked into."""
    seen: set[int] = set()
    stack: list[Frame | None] = [machine.frame, *machine.callers, machine.main_frame]
    while stack:
        frame = stack.pop()
        if frame is not None and id(frame) not in seen:
            seen.add(id(frame))
            yield frame
            stack.append(frame.parent)


def _holds(machine: Machine, value: Any, tensor: Any) -> bool:
    stack, seen = [value], set[int]()
    while stack:
        item = stack.pop()
        if machine.is_tensor(item):
            if item is tensor or machine.memory(item) == machine.memory(tensor) != 0:
                return True
            continue
        if not isinstance(item, list | tuple | Once | Closure) or id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Closure):
            stack += item.defaults.values()
            frame = item.frame
            while frame.parent is not None:
                # a function that has been left, whose names it still sees
                stack += frame.values.values()
                frame = frame.parent
        else:
            stack += item.items if isinstance(item, Once) else item
    return False
