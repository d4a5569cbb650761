"""Writing into tensors and lists: `y[i] = v`, `y += x`, methods that change their receiver."""

import ast
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import complexes, memory, narrow, objects, operators, ops, plain
from gradcalc.lang.defaulting import Frozen
from gradcalc.lang.keys import Single
from gradcalc.lang.machine import Builtin, Complex, Machine, Watch
from gradcalc.lang.memory import Tensor
from gradcalc.lang.objects import Instance
from gradcalc.lang.program import JAX, LEAF, NONE, NUMPY, SEVERAL
from gradcalc.primitives.indexing import index_places

ALL = (Ellipsis,)
"""The key of everything."""


def as_held(machine: Machine, tensor: Tensor, value: Any) -> Any:
    """A value as an assignment puts it into a tensor: of truth values what is not 0 is true."""
    if isinstance(value, Complex) or not machine.is_mask(tensor) or machine.is_mask(value):
        return value
    made = ops.tensor(machine, value)
    return made if machine.is_mask(made) else ops.binary(machine, "ne", made, 0)


def into(machine: Machine, tensor: Tensor, key: Sequence[Any], value: Any) -> None:
    """Write a value, broadcast to what stands at a key, into the memory of a tensor.

    Raises `ShapeError` where it does not fit, `InvalidValueError` where the tensor holds another
    kind of numbers, and `UnsupportedError` for what torch would keep from autograd.
    """
    _check_writable(machine, tensor, key)
    if tensor.owner.leaf is not None and not _fills(machine, tensor):
        return
    _put(machine, tensor, key, value)


def into_complex(machine: Machine, held: Complex, key: Sequence[Any], value: Any) -> None:
    """Write complex numbers. Raises what `into` does."""
    for part, given in complexes.written(machine, held, value):
        into(machine, part, key, given)


def changing(machine: Machine, name: str) -> Builtin | None:
    """The method of torch's that changes complex numbers, None where there is none of that name."""
    plain = name.removesuffix("_")
    if plain == name or machine.program.naming.arrays in (NUMPY, JAX):
        return None
    sign, own = complexes.SIGNS.get(plain), complexes.CHANGED.get(plain)
    if own is None and (sign is None or sign in (ast.Eq, ast.NotEq)):
        return None

    def call(machine: Machine, z: Complex, *given: Any) -> Complex:
        since = machine.kept
        if sign is None:
            assert own is not None
            value = own(machine, z, *given)
        else:
            value = complexes.operated(machine, sign, z, *given)
        into_complex(machine, z, ALL, value)
        if machine.watch is not None:
            others = [p for v in given for p in ((v.re, v.im) if isinstance(v, Complex) else (v,))]
            for part in (z.re, z.im):
                if part is not None:
                    machine.watch.replaced(part, None, since, others)
        return z

    return Builtin(name, call, "writes into its receiver")


def changed(machine: Machine, tensor: Tensor, key: Sequence[Any], value: Any) -> Tensor:
    """A tensor of its own that has a value at a key, as jax's `x.at[key].set(value)` has.

    Raises what `into` does.
    """
    copied: Tensor = machine.copy(tensor)
    _put(machine, copied, key, value)
    return copied


def _put(machine: Machine, tensor: Tensor, key: Sequence[Any], value: Any) -> None:
    if key and isinstance(key[0], Single):
        # all of it, or nothing
        if not key[0].true:
            return
        key = (None,)
    made = ops.tensor(machine, value)
    if isinstance(value, bool) and not machine.is_mask(made):
        made = ops.binary(machine, "ne", made, 0)
    checked = ops.key_within(machine, tensor, tuple(key))
    check_overlap(machine, tensor, checked, value)
    made = _of_kind(machine, tensor, made)
    if tensor.owner.leaf is None:
        _check_gradient(machine, tensor, made)
    target = index_places(np.broadcast_to(np.False_, tensor.shape), checked).shape
    _check_once(machine, tensor, checked)
    raw = machine.raw(_fitted(machine, made, target))
    if (machine.frozen or tensor.owner.leaf is not None) and not machine.is_mask(made):
        raw = machine.backend.detach(raw, None)
    owner = tensor.owner
    if machine.watch is not None:
        machine.watch.wrote(machine, owner)
        _watch_refused(machine, machine.watch, tensor, made)
    memory.write(tensor, checked, raw, machine.apply)
    if machine.watch is not None and tensor.owner is not owner:
        machine.watch.parted(owner, tensor.owner)


def _watch_refused(machine: Machine, watch: Watch, tensor: Tensor, made: Any) -> None:
    """Tell of a write that torch refuses by itself, whatever the backward pass needs."""
    several = memory.is_one_of_several(tensor)
    given = any(tensor.owner is value for value in machine.entered)
    # what carries a gradient is asked last: it settles what was written, as a run without a watch
    # does not
    if machine.frozen or not (several or given):
        return
    if not (machine.carries(tensor) or machine.carries(made)):
        return
    if several:
        watch.refused(machine, SEVERAL)
    if given and machine.carries(tensor.owner) and not memory.is_unsure(tensor):
        watch.refused(machine, LEAF)


def _fills(machine: Machine, tensor: Tensor) -> bool:
    """Whether a parameter is given the numbers that it starts with; one that is an input has its.

    Raises `UnsupportedError` where torch would refuse, and for one that was used before.
    """
    owner = tensor.owner
    if not (machine.frozen or tensor.is_cut):
        raise UnsupportedError(
            "torch writes into no parameter while it records a gradient",
            hint="with torch.no_grad(): in front of it",
        )
    return not machine.nets.keeps(owner)


def over(machine: Machine, tensor: Tensor, value: Any) -> Tensor:
    """Write over the whole tensor, as methods do that change their receiver."""
    if not isinstance(tensor, Tensor):
        raise InvalidValueError(
            f"{machine.describe(tensor)} cannot be written into", python="AttributeError"
        )
    shape = ops.shape(machine, value)
    if len(shape) > len(tensor.shape) or _broadcast(shape, tensor.shape) != tensor.shape:
        raise ShapeError(f"a tensor of shape {tensor.shape} cannot hold one of shape {shape}")
    into(machine, tensor, ALL, value)
    return tensor


def in_place(
    machine: Machine, tensor: Tensor, value: Any, since: int, others: Sequence[Any]
) -> Tensor:
    """Write what an operation has made of a tensor, and of others, over the tensor.

    `since` is how much was kept for the backward pass before.
    """
    if machine.is_mask(tensor) and not machine.is_mask(value):
        raise InvalidValueError("a tensor of truth values cannot hold other numbers")
    over(machine, tensor, value)
    if machine.watch is not None:
        machine.watch.replaced(tensor, value, since, others)
    return tensor


def where(machine: Machine, tensor: Tensor, mask: Tensor, value: Any) -> None:
    """Write one number wherever a mask holds, which no number need decide."""
    deeper = len(tensor.shape) - len(mask.shape)
    if tensor.shape[: len(mask.shape)] != mask.shape:
        raise ShapeError(f"a mask of shape {mask.shape} on a tensor of shape {tensor.shape}")
    if deeper:
        mask = ops.reshape(machine, mask, (*mask.shape, *[1] * deeper))
    made = _of_kind(machine, tensor, ops.tensor(machine, value))
    over(machine, tensor, ops.call(machine, "where", mask, made, tensor))


def diagonal(machine: Machine, held: Any, value: Any, wrap: bool = False) -> Any:
    """numpy's fill_diagonal, and torch's, of a matrix or a cube of equal sides."""
    shape = machine.shape(held)
    if len(shape) < 2 or (len(shape) > 2 and len(set(shape)) > 1) or wrap:
        raise UnsupportedError("fill_diagonal is for matrices, and cubes of equal sides")
    places = np.arange(min(shape))
    into(machine, held, (places,) * len(shape), value)
    return held


def is_one_number(machine: Machine, tensor: Any, key: Sequence[Any], value: Any) -> bool:
    """Whether one number is written where a mask of a tensor's first dimensions holds."""
    return (
        len(key) == 1
        and isinstance(key[0], Tensor)
        and machine.is_mask(key[0])
        and bool(key[0].shape)
        and (plain.is_number(value) or (isinstance(value, Tensor) and not value.shape))
        and isinstance(tensor, Tensor)
        # what is written everywhere else would be what stands there
        and tensor.owner.unwritten is None
    )


def _check_writable(machine: Machine, tensor: Tensor, key: Sequence[Any]) -> None:
    if machine.program.naming.arrays == JAX:
        raise UnsupportedError(
            "jax's arrays are never written into", hint="write x = x.at[i].set(v)"
        )
    if is_number(machine, tensor):
        raise InvalidValueError("a single number cannot be written into")
    if tensor.view is not None and tensor.owner.shape:
        places = index_places(tensor.places(), tuple(key))
        if np.unique(places).size < places.size:
            raise UnsupportedError(
                "several elements of an expanded tensor are one and the same place",
                hint="make a copy before: x.clone(), or x.copy()",
            )


def check_overlap(machine: Machine, tensor: Tensor, key: Sequence[Any], value: Any) -> None:
    """Refuse to write what stands partly where it is written: only numpy copies it before."""
    if not isinstance(value, Tensor) or machine.program.naming.arrays == NUMPY:
        return
    if value is tensor or value.owner is not tensor.owner:
        return
    written, read = index_places(tensor.places(), tuple(key)), value.places()
    if not np.array_equal(written, read) and np.intersect1d(written, read).size:
        raise UnsupportedError(
            "this reads elements while it writes over them", hint="write y[...] = value.clone()"
        )


def _check_once(machine: Machine, tensor: Tensor, key: Sequence[Any]) -> None:
    """Refuse to write twice to one place: numpy keeps the last, torch any of them."""
    chosen = [item for item in key if isinstance(item, np.ndarray) and item.dtype != np.bool_]
    if not chosen or machine.program.naming.arrays == NUMPY:
        return
    places = index_places(np.arange(math.prod(tensor.shape)).reshape(tensor.shape), tuple(key))
    if np.unique(places).size < places.size:
        raise UnsupportedError(
            "an element is written to twice: torch does not say which stays",
            hint="index_add adds them up",
        )


def is_number(machine: Machine, tensor: Tensor) -> bool:
    """Whether a tensor without dimensions is a number, which `+=` gives another one for."""
    naming = machine.program.naming
    return not tensor.shape and not tensor.array and (naming.arrays == NUMPY or naming.numbers)


def _of_kind(machine: Machine, tensor: Tensor, value: Any) -> Any:
    """The value as the tensor holds it: floats take truth values and whole numbers."""
    if machine.is_mask(tensor):
        # of a number every library makes whether it is not 0
        return value if machine.is_mask(value) else ops.binary(machine, "ne", value, 0)
    if tensor.integer and not machine.is_integer(value) and not machine.is_mask(value):
        raise InvalidValueError(
            "a tensor of integers would cut what is written to whole numbers",
            hint="make it of floats: zeros(n), or 1.0 instead of 1",
        )
    narrow.check_written(machine, tensor, value)
    if machine.is_mask(value):
        return ops.call(machine, "where", value, 1.0, 0.0)
    return value


def _check_gradient(machine: Machine, tensor: Tensor, value: Any) -> None:
    """Refuse what is written behind autograd's back."""
    if machine.frozen and machine.carries(tensor):
        raise UnsupportedError(
            "under no_grad() torch would keep the gradient of what it writes over",
            hint="write the whole assignment: y = y + ...",
        )
    if tensor.is_cut and (machine.carries(tensor.owner) or machine.carries(value)):
        raise UnsupportedError(
            "this shares its memory with what it was detached from, which would change too",
            hint="make a copy before: x.detach().clone()",
        )


def _fitted(machine: Machine, value: Any, target: tuple[int, ...]) -> Any:
    shape = machine.shape(value)
    while len(shape) > len(target) and shape[0] == 1:
        shape = shape[1:]
    if _broadcast(shape, target) != target:
        raise ShapeError(
            f"a value of shape {machine.shape(value)} does not fit a place of shape {target}"
        )
    if shape != machine.shape(value):
        value = ops.reshape(machine, value, shape)
    return value if shape == target else ops.call(machine, "broadcast_to", value, target)


def _broadcast(shape: tuple[int, ...], target: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return np.broadcast_shapes(shape, target)
    except ValueError:
        return None


def operated(machine: Machine, kind: type[ast.AST], held: Any, left: Any, right: Any) -> Any:
    """What `held += right` binds its name to: lists and arrays are changed where they stand.

    `left` is what the name reads as, which may be detached.
    """
    if isinstance(held, Instance):
        found = objects.changed(machine, kind, held, right)
        if found is not objects.MISSING:
            return found
    if isinstance(held, Complex):
        value = operators.apply(machine, kind, left, right)
        if not complexes.is_changed(machine, held):
            return value
        into_complex(machine, held, ALL, value)
        return held
    if isinstance(right, Complex) and isinstance(held, Tensor) and machine.shape(held):
        raise InvalidValueError(
            "a tensor of real numbers cannot hold complex ones", hint="y = y + z"
        )
    arrays = machine.program.naming.arrays
    if isinstance(held, list) and not (arrays in (NUMPY, JAX) and machine.is_tensor(right)):
        return _list_in_place(machine, kind, held, right)
    if isinstance(held, set | dict) and not isinstance(held, Frozen):
        joined = operators.apply(machine, kind, held, right)
        held.clear()
        held.update(joined)
        return held
    if not isinstance(held, Tensor) or not _writes(machine, kind, held):
        value = operators.apply(machine, kind, left, right)
        if isinstance(held, Tensor) and _may_write(machine, held):
            # nobody may look at what was there
            held.owner.doubtful = True
        return value
    check_overlap(machine, held, (), right)
    since = machine.kept
    with machine.nets.renewing(held):
        value = operators.apply(machine, kind, left, right)
    if machine.is_integer(held) and not machine.is_integer(value):
        raise InvalidValueError("a tensor of integers cannot hold other numbers")
    if machine.shape(value) != held.shape:
        raise ShapeError(
            f"a tensor of shape {held.shape} cannot hold one of shape {machine.shape(value)}"
        )
    return in_place(machine, held, value, since, (right,))


def _list_in_place(machine: Machine, kind: type[ast.AST], held: list[Any], right: Any) -> Any:
    """`+=` and `*=` of a list change it, for whoever holds it."""
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


def _is_either(machine: Machine, held: Tensor) -> bool:
    """Whether it may be a number of Python's as well as a tensor, in a text that names no library
    of arrays."""
    naming = machine.program.naming
    given = any(held is value for value in machine.given.values.values())
    numbers = not machine.numbers if naming.numbers else naming.arrays == NONE and machine.scalars
    return numbers and not held.shape and (machine.scalars or not given) and not naming.core


def _may_write(machine: Machine, held: Tensor) -> bool:
    """Whether an operator would write into what is read as a number, were it a tensor.

    torch itself refuses that of an input with a gradient.
    """
    if not _is_either(machine, held):
        return False
    given = any(held is value for value in machine.given.values.values())
    return not (given and machine.carries(held))


def _writes(machine: Machine, kind: type[ast.AST], held: Tensor) -> bool:
    """Whether an operator writes into the memory of a tensor.

    Python's and numpy's single numbers and jax's arrays are never written into.
    """
    arrays = machine.program.naming.arrays
    if _is_either(machine, held):
        return False
    if kind is ast.MatMult and arrays != NUMPY:
        # torch has no such operator that writes
        return False
    return arrays != JAX and not is_number(machine, held)
