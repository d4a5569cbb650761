"""What a program gives as its output, or the part of it that is asked for."""

from collections.abc import Iterator, Sequence
from typing import Any

from gradcalc.errors import InvalidValueError, ShapeError, UnknownNameError
from gradcalc.lang import objects, ops
from gradcalc.lang.machine import EXTREMES, NOTHING, Complex, Machine, Once
from gradcalc.lang.objects import Instance
from gradcalc.lang.paths import Path

MOST = 5
"""Parts that are named in a sentence."""


def output(machine: Machine, value: Any, path: Path = ()) -> Any:
    """What is to be differentiated as a tensor.

    Raises `InvalidValueError` and `ShapeError` for what is none, with what can be asked for.
    """
    if value is NOTHING or value is None:
        raise InvalidValueError(
            "the program has no output",
            hint="a function needs a return, a program an expression or an assignment",
        )
    for step in path:
        value = _part(machine, value, step)
    if isinstance(value, Once):
        value = list(ops.items(machine, value))
    if isinstance(value, dict | Instance):
        raise _several(machine, value)
    if isinstance(value, list | tuple) and getattr(value, "_fields", None) != EXTREMES:
        _check_alike(machine, value)
    if machine.is_tensor(value) or isinstance(value, int | float | list | tuple | range):
        return ops.tensor(machine, value)
    if isinstance(value, Complex):
        raise InvalidValueError(
            "the output is complex, and a gradient is of real numbers",
            hint="give .real, .imag or abs(z)",
        )
    raise InvalidValueError(
        f"the output is {machine.describe(value)}, not a number or a tensor",
        hint="call it, or name a value with --of",
    )


def _part(machine: Machine, value: Any, step: int | str) -> Any:
    names = [name for name, _ in _parts(value)]
    if isinstance(value, list | tuple) and isinstance(step, int):
        if -len(value) <= step < len(value):
            return value[step]
    elif machine.is_tensor(value) and isinstance(step, int):
        return ops.index(machine, value, (step,))
    elif isinstance(value, dict) and step in value:
        return value[step]
    elif isinstance(step, str) and hasattr(value, "_fields") and step in value._fields:
        return getattr(value, step)
    elif isinstance(value, Instance) and step in value.values:
        return objects.attribute(machine, value, str(step))
    shown = f"[{step!r}]"
    raise UnknownNameError(
        f"--of {shown}: the output is {machine.describe(value)}, without such a part",
        hint=f"its parts: {', '.join(names[:MOST])}" if names else None,
    )


def _parts(value: Any) -> Sequence[tuple[str, Any]]:
    """The parts of an output, and how they are asked for."""
    if isinstance(value, dict):
        return [(f"[{key!r}]", part) for key, part in value.items()]
    if isinstance(value, Instance):
        return [(f".{name}", part) for name, part in value.values.items()]
    if isinstance(value, list | tuple):
        return [(f"[{k}]", part) for k, part in enumerate(value)]
    return []


def _several(machine: Machine, value: Any) -> InvalidValueError:
    parts = _parts(value)
    what = machine.describe(value)
    if not parts:
        return InvalidValueError(f"the output is {what} with nothing in it")
    shown = ", ".join(f"{name} {_described(machine, part)}" for name, part in parts[:MOST])
    more = ", ..." if len(parts) > MOST else ""
    return InvalidValueError(
        f"the output is {what}, not a number or a tensor: {shown}{more}",
        hint=f'--of "{parts[0][0]}" differentiates one of them, --of NAME a name of the program',
    )


def _described(machine: Machine, value: Any) -> str:
    return str(machine.shape(value)) if machine.is_tensor(value) else machine.describe(value)


def _check_alike(machine: Machine, value: Any) -> None:
    """Raises `ShapeError` where there are several values that are no tensor together."""
    shapes = list(_shapes(machine, value))
    if len(set(shapes)) <= 1 and None not in shapes:
        return
    parts = _parts(value)
    shown = ", ".join(_described(machine, part) for _, part in parts[:MOST])
    more = ", ..." if len(parts) > MOST else ""
    raise ShapeError(
        f"the output is {len(parts)} values that are not alike: {shown}{more}",
        hint='--of "[0]" differentiates the first of them, --of NAME a name of the program;'
        " sum them up for all",
    )


def _shapes(machine: Machine, values: Any, known: dict[int, Any] | None = None) -> Iterator[Any]:
    """The shapes of items, None for what is no tensor; a list in many places is looked at once."""
    known = {} if known is None else known
    for value in values:
        if machine.is_tensor(value):
            yield machine.shape(value)
        elif isinstance(value, list | tuple) and value:
            if id(value) not in known:
                # a list that holds itself is like nothing
                known[id(value)] = None
                inner = list(_shapes(machine, value, known))
                odd = None in inner or len(set(inner)) > 1
                known[id(value)] = None if odd else (len(value), *inner[0])
            yield known[id(value)]
        else:
            yield () if isinstance(value, int | float) else None
