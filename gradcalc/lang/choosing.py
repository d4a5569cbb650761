"""numpy's functions of elements with `where=`: calculated at some places, and put there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import ops, writing
from gradcalc.lang.dialects.spelling import Function
from gradcalc.lang.keys import checked_key
from gradcalc.lang.machine import Machine

Run = Callable[[Machine, Function, tuple[Any, ...], dict[str, Any]], Any]
"""What a function gives for arguments."""


def applies(function: Function, kwargs: Mapping[str, Any]) -> bool:
    """Whether a call is one of these; without `out` numpy leaves the other places as they are."""
    given = kwargs.get("where", True)
    return (
        given is not True
        and kwargs.get("out") is not None
        and function.module == "numpy"
        and all(
            {"out": "target", "where": "unset"}.items()
            <= {p.name: p.kind for p in overload.parameters}.items()
            for overload in function.overloads
        )
        and not any("axis" in {p.name for p in o.parameters} for o in function.overloads)
    )


def put(
    machine: Machine, function: Function, args: Sequence[Any], kwargs: Mapping[str, Any], run: Run
) -> Any:
    """`function(..., out=y, where=m)`: what it gives of the elements where m holds, in y there."""
    named = dict(kwargs)
    mask, target = ops.tensor(machine, named.pop("where")), named.pop("out")
    if isinstance(target, tuple) and len(target) == 1:
        (target,) = target
    if not machine.is_mask(mask) or not machine.is_tensor(target):
        raise InvalidValueError(
            f"{function.shown} takes truth values for where and an array for out",
            python="TypeError",
        )
    shape = machine.shape(target)
    if not shape or machine.is_integer(target):
        raise UnsupportedError(
            f"{function.shown} writes into an array of floats here", hint="write out=np.zeros(...)"
        )

    def wide(value: Any) -> Any:
        return ops.call(machine, "broadcast_to", value, shape)

    chosen = checked_key(machine, target, [wide(mask)])
    parts = tuple(ops.index(machine, wide(ops.tensor(machine, v)), chosen) for v in args)
    made = run(machine, function, parts, named)
    writing.into(machine, target, chosen, made)
    return target
