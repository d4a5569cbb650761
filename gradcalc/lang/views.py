"""Which results share the memory of an operand, as their library has it."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcalc.lang import memory
from gradcalc.lang.machine import Machine
from gradcalc.lang.memory import Places, Tensor, View
from gradcalc.lang.program import JAX, NONE, NUMPY, TORCH
from gradcalc.primitives import BY_NAME, Primitive, Structural

RESHAPED = frozenset({"reshape", "flatten"})
"""Primitives that copy where the elements do not stand in order."""

INSERTED = frozenset({"squeeze", "unsqueeze"})
"""Those which leave the order as it is."""

VIEWS = RESHAPED | INSERTED | {"index", "transpose", "permute", "broadcast_to", "diagonal"}
"""Primitives whose results share the memory of what they are of."""

NUMPYS_VIEWS = frozenset({"flip", "rot90"})
"""Those which do so in numpy only."""


UNORDERED = frozenset(
    """einsum tensordot cholesky qr svd eigh pinv lstsq solve_triangular cholesky_solve
    cholesky_inverse lu_solve matrix_exp flip roll rot90""".split()  # noqa: SIM905
)
"""Primitives whose results the libraries have in an order of their own, column by column say."""


TORCHS_ORDERED = frozenset({"matmul", "linear", "softmax", "log_softmax", "layer_norm"})
"""Primitives whose results torch has in order whatever the order of their operands."""


NUMPYS_CLOSED = frozenset({"diagonal", "broadcast_to"})
"""Views that numpy lets nobody write into."""


class _Places:
    """What a row's form needs, on numpy's arrays of places."""

    def __call__(self, op: Any, *operands: Any, **static: Any) -> Any:
        return op.array(np, *operands, **static)


def gives_view(machine: Machine, row: Primitive, arguments: Mapping[str, Any]) -> bool:
    """Whether a primitive gives a view of its first argument.

    jax writes into nothing, and single numbers are numbers to numpy.
    """
    arrays = machine.program.naming.arrays
    if arrays == JAX or machine.numbers or not isinstance(row, Structural):
        return False
    if row.name not in VIEWS and not (row.name in NUMPYS_VIEWS and arrays not in (TORCH, NONE)):
        return False
    x: Tensor = arguments["x"]
    if arrays == NUMPY and not x.shape and not x.array:
        return False
    key = arguments.get("key", ())
    if any(isinstance(item, np.ndarray) for item in key):
        return False
    if row.name == "index" and arrays == NUMPY:
        return len(key) < len(x.shape) or not all(type(item) is int for item in key)
    # torch has no negative steps: what turns round is a copy
    return arrays not in (TORCH, NONE) or all(
        not isinstance(k, slice) or (k.step or 1) > 0 for k in key
    )


def of(machine: Machine, row: Primitive, arguments: Mapping[str, Any], result: Tensor) -> Tensor:
    """A result as a view of the first argument."""
    source: Tensor = arguments["x"]
    assert isinstance(row, Structural)
    form = row.form
    rest = {key: value for key, value in arguments.items() if key != "x"}
    at = machine.place
    frozen = bool(machine.frozen)

    def read(held: Any) -> Any:
        made = machine.backend.apply(row, {**rest, "x": held}, at)
        return machine.backend.detach(made, None) if frozen else made

    def find(places: Any) -> Any:
        return form(_Places(), places, **rest)

    closed = row.name in NUMPYS_CLOSED and machine.program.naming.arrays == NUMPY
    view = View(source, read, find, cut=frozen, closed=closed)
    moved = row.name in RESHAPED
    found = memory.viewed(source, result.value, result.shape, view, moved)
    if row.name in INSERTED or (row.name == "index" and _leads(rest["key"])):
        found.ordered = source.ordered
    return found


def shared(
    machine: Machine,
    source: Tensor,
    result: Tensor,
    read: Callable[[Any], Any],
    find: Callable[[Places], Places],
) -> Tensor:
    """A result as a view that is no primitive's: how it is `read`, and where its elements stand."""
    frozen = bool(machine.frozen)

    def seen(held: Any) -> Any:
        made = read(held)
        return machine.backend.detach(made, None) if frozen else made

    view = View(source, seen, find, cut=frozen)
    return memory.viewed(source, result.value, result.shape, view, moved=False)


def in_order(tensor: Tensor) -> bool:
    """Whether the elements of a tensor are known to stand in memory one behind another."""
    if tensor.ordered or not tensor.owner.ordered:
        return tensor.ordered
    return bool(np.all(np.diff(tensor.places().reshape(-1)) == 1))


def nesting(tensor: Tensor) -> tuple[int, ...] | None:
    """The dimensions of a tensor from the outermost to the innermost in memory.

    None where that is not known, or where elements share a place.
    """
    if in_order(tensor):
        return tuple(range(len(tensor.shape)))
    if not tensor.owner.ordered:
        return None
    places = tensor.places()
    first = (0,) * places.ndim
    steps = {}
    for dim, size in enumerate(places.shape):
        if size > 1:
            second = tuple(int(axis == dim) for axis in range(places.ndim))
            steps[dim] = int(places[second] - places[first])
    if len(set(steps.values())) < len(steps) or min(steps.values(), default=1) < 1:
        return None
    # where there is one element only, the dimension may stand anywhere
    return tuple(sorted(range(places.ndim), key=lambda dim: -steps.get(dim, 0)))


def contiguous(machine: Machine, value: Any) -> Any:
    """The tensor itself where its elements stand in order, else a copy."""
    if not isinstance(value, Tensor) or in_order(value):
        return value
    if value.owner.ordered:
        copied = machine.copy(value)
        copied.ordered = True
        return copied
    same = View(value, lambda held: held, lambda places: places, unsure=True)
    found = memory.viewed(value, machine.unread(value), value.shape, same, moved=False)
    found.ordered = True
    return memory.of_numbers(value, found)


def _leads(key: Any) -> bool:
    """Whether a key takes one part of memory: numbers, then at most one slice of step 1."""
    ends = [item for item in key if type(item) is not int]
    return not ends or (len(ends) == 1 and type(key[-1]) is slice and key[-1].step in (None, 1))


def keeps_order(machine: Machine, row: Primitive, arguments: Mapping[str, Any]) -> bool:
    """Whether the elements of a new result are known to stand in order in memory."""
    if row.name in TORCHS_ORDERED and machine.program.naming.arrays in (TORCH, NONE):
        return True
    if row.name in UNORDERED or (isinstance(row, Structural) and row.fails):
        return False
    if row.name == "index":
        # numpy puts them in the order of the arrays
        return all(isinstance(item, np.ndarray) for item in arguments["key"])
    operands = [
        part
        for value in arguments.values()
        for part in (value if isinstance(value, list) else (value,))
    ]
    return all(part.ordered for part in operands if isinstance(part, Tensor))


def written(machine: Machine, source: Tensor, key: Any) -> Tensor | None:
    """What stands at a key, where that has just been written; None where it is to be looked up."""
    found = memory.pending_part(source, key)
    if found is None:
        return None
    part, rest = found
    row = BY_NAME["index"]
    if rest:
        part = machine.apply("index", x=part, key=rest)
    if machine.frozen and not machine.backend.is_mask(part):
        part = machine.backend.detach(part, None)
    result = Tensor(
        part, machine.backend.shape(part), integer=source.integer,
        width=source.owner.width, rough=source.owner.rough, short=source.short,
    )  # fmt: skip
    arguments = {"x": source, "key": key}
    return of(machine, row, arguments, result) if gives_view(machine, row, arguments) else result
