"""Whose arrays a text works on that calls functions of torch and of numpy: what its run shows.

`np.sqrt(2/d)` is of plain numbers, and says nothing of the tensors that torch's functions take.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from gradcalc.errors import UnsupportedError
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.catalogue import UNLIKE, UNLIKE_ALONG
from gradcalc.lang.dialects.spelling import Function
from gradcalc.lang.machine import Machine
from gradcalc.lang.program import MIXED, NUMPY, TORCH

ROOTS: Mapping[str, str] = {"torch": TORCH, "numpy": NUMPY, "scipy": NUMPY}

TORCHS = frozenset({"dim", "keepdim", "unbiased", "descending", "dim0", "dim1"})
"""Names of arguments that no method of numpy's arrays has."""


ALIKE = frozenset({"sum", "mean", "prod"})
"""Methods that mean the same to both along one dimension."""


def arrays(machine: Machine, value: Any) -> str:
    """The library whose an array is, as far as the text and its run tell.

    One through which a gradient flows is of the library whose functions had such arrays, whatever
    tables of numbers the other one made.
    """
    naming = machine.program.naming
    if naming.arrays != MIXED:
        return naming.arrays
    flows = machine.carries(value)
    seen = {library for library, flowing in machine.touched if flowing or not flows}
    calls_torch = TORCH in naming.called
    if NUMPY not in seen and (calls_torch or TORCH in seen):
        return TORCH
    if seen == {NUMPY} and not calls_torch:
        return NUMPY
    return MIXED


def method(
    machine: Machine, function: Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Function:
    """A method as the library has it whose the array is.

    Raises `UnsupportedError` where both have another one, and the array may be of either.
    """
    if not function.method or machine.program.naming.arrays != MIXED:
        return function
    name, flows = function.name, machine.is_tensor(args[0]) and machine.carries(args[0])
    # numpy's size is no function, and its arrays have no t
    if name in ("size", "t") or kwargs.keys() & TORCHS:
        _touch(machine, TORCH, flows)
        return function
    along = (*args[1:], *kwargs.values())
    if name not in UNLIKE and (name not in UNLIKE_ALONG or not along):
        return function
    if (
        name in ALIKE
        and len(along) == 1
        and isinstance(along[0], int)
        and kwargs.keys() <= {"axis"}
    ):
        return function
    found = arrays(machine, args[0])
    if found == MIXED:
        raise _either(machine, name)
    machine.taken = name, found, flows
    own = catalogue.array_method(found, name)
    return function if own is None else own


def touched(machine: Machine, function: Function, args: tuple[Any, ...], result: Any) -> None:
    """Remember whose arrays a function has taken or made."""
    if machine.program.naming.arrays != MIXED:
        return
    values = list(_arrays_in(machine, (*args, result)))
    flows = any(map(machine.carries, values))
    if function.method:
        owners = [k for k in (TORCH, NUMPY) if catalogue.array_method(k, function.name)]
        if len(owners) == 1:
            _touch(machine, owners[0], flows)
        return
    root = ROOTS.get(function.module.split(".")[0])
    if root is not None and values:
        _touch(machine, root, flows)


def _arrays_in(machine: Machine, value: Any) -> Iterator[Any]:
    """What is no plain number: it has dimensions, or hangs on what is differentiated."""
    if isinstance(value, tuple | list):
        for item in value:
            yield from _arrays_in(machine, item)
    elif machine.is_tensor(value) and (machine.shape(value) or machine.carries(value)):
        yield value


def _touch(machine: Machine, library: str, flows: bool) -> None:
    machine.touched.add((library, flows))
    if machine.taken is None:
        return
    name, taken, flowing = machine.taken
    if taken != library and (flows or not flowing):
        raise _either(machine, name)


def _either(machine: Machine, name: str) -> UnsupportedError:
    how = "works on" if machine.program.naming.called else "imports"
    return UnsupportedError(
        f".{name}() may be torch's or numpy's: this text {how} both",
        hint=f"write torch.{name}(x, ...) or np.{name}(x, ...)",
    )
