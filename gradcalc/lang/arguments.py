"""Fitting the arguments of a call to the parameters of a primitive or a function."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from gradcalc.errors import InvalidValueError, did_you_mean

ALIASES: Mapping[str, str] = {
    "axis": "dim", "keepdims": "keepdim", "ord": "p", "dim1": "dim1", "a_min": "min",
    "a_max": "max", "ddof": "correction", "newshape": "shape",
}  # fmt: skip
"""Spellings of parameters that mean the same in numpy and torch."""

FIRST: frozenset[str] = frozenset({"input", "x", "a", "self", "tensor", "A"})
"""Spellings of a first parameter given by name."""

PACKED: frozenset[str] = frozenset({"shape", "dims", "sizes", "size"})
"""Parameters that take several numbers in a row: `x.reshape(2, 3)`."""


def bind(
    name: str, signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments by parameter name, defaults filled in.

    Raises `InvalidValueError` that says what the call takes.
    """
    parameters = list(signature.parameters)
    args = _packed(parameters, list(args))
    named: dict[str, Any] = {}
    for key, value in kwargs.items():
        if key not in parameters:
            alias = ALIASES.get(key, key)
            key = parameters[0] if alias in FIRST and not args and parameters else alias
        if key not in parameters:
            raise InvalidValueError(
                f"{name} has no parameter {key}",
                hint=did_you_mean(key, parameters) or _usage(name, signature),
            )
        named[key] = value
    try:
        bound = signature.bind(*args, **named)
    except TypeError as error:
        required = [p for p in signature.parameters.values() if p.default is p.empty]
        takes = (
            str(len(required))
            if len(required) == len(parameters)
            else (f"{len(required)} to {len(parameters)}")
        )
        given = len(args) + len(named)
        message = f"{name} takes {takes} argument{'' if takes == '1' else 's'}, not {given}"
        if len(required) <= given <= len(parameters):
            message = f"{name}: {error}"
        raise InvalidValueError(message, hint=_usage(name, signature)) from None
    bound.apply_defaults()
    return dict(bound.arguments)


def _packed(parameters: list[str], args: list[Any]) -> list[Any]:
    """Fold `reshape(x, 2, 3)` into `reshape(x, (2, 3))`."""
    if len(parameters) == 2 and parameters[1] in PACKED and len(args) >= 2:
        rest = args[1:]
        if len(rest) > 1 or isinstance(rest[0], int):
            return [args[0], tuple(rest)]
    return args


def _usage(name: str, signature: inspect.Signature) -> str:
    parts = [
        p.name if p.default is p.empty else f"{p.name}={p.default!r}"
        for p in signature.parameters.values()
    ]
    return f"write {name}({', '.join(parts)})"
