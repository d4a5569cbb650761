"""Fitting the arguments of a call to the parameters of a primitive or a function."""

import inspect
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from gradcalc.errors import InvalidValueError, brief, did_you_mean
from gradcalc.primitives import Primitive

ALIASES: Mapping[str, str] = {
    "axis": "dim", "keepdims": "keepdim", "ord": "p", "a_min": "min",
    "a_max": "max", "ddof": "correction", "newshape": "shape",
}  # fmt: skip
"""Spellings of parameters that mean the same in numpy and torch."""

FIRST: frozenset[str] = frozenset({"input", "x", "a", "self", "tensor", "A", "x1"})
"""Spellings of the first tensor given by name."""

SECOND: frozenset[str] = frozenset(
    {"other", "y", "b", "exponent", "x2", "mat2", "vec", "vec2", "B"}
)
"""Spellings of the second tensor given by name."""

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
        own = _parameter(key, parameters)
        if own is None:
            raise InvalidValueError(
                f"{name} has no parameter {brief(key)}",
                hint=did_you_mean(key, parameters) or _usage(name, signature),
            )
        if own in named:
            raise InvalidValueError(
                f"{name}: {key} is {own}, which is given twice", hint=_usage(name, signature)
            )
        named[own] = value
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


def bind_own(
    name: str, signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments of a function of the program, as Python binds them."""
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise InvalidValueError(
            f"{name}: {error}", hint=_usage(name, signature), python="TypeError"
        ) from None
    bound.apply_defaults()
    return dict(bound.arguments)


def _parameter(key: str, parameters: Sequence[str]) -> str | None:
    """The primitive's own name of a parameter, whatever numpy and torch call it."""
    if key in parameters:
        return key
    if ALIASES.get(key) in parameters:
        return ALIASES[key]
    tensors = [p for p in parameters if p != "condition"]
    for spellings, position in ((FIRST, 0), (SECOND, 1)):
        if key in spellings and len(tensors) > position:
            # `other` of a function of one tensor is nothing
            same = tensors[position] in spellings or position == 0
            return tensors[position] if same else None
    return None


def _packed(parameters: list[str], args: list[Any]) -> list[Any]:
    """Fold `reshape(x, 2, 3)` into `reshape(x, (2, 3))`."""
    if len(parameters) == 2 and parameters[1] in PACKED and len(args) >= 2:
        rest = args[1:]
        if len(rest) > 1 or isinstance(rest[0], int):
            return [args[0], tuple(rest)]
    return args


def _usage(name: str, signature: inspect.Signature) -> str:
    stars: dict[Any, str] = {
        inspect.Parameter.VAR_POSITIONAL: "*",
        inspect.Parameter.VAR_KEYWORD: "**",
    }
    parts = [
        f"{stars.get(p.kind, '')}{p.name}" if p.default is p.empty else f"{p.name}={_shown(p)}"
        for p in signature.parameters.values()
    ]
    return f"write {name}({', '.join(parts)})"


def _shown(parameter: inspect.Parameter) -> str:
    plain = isinstance(parameter.default, int | float | str | bool | None)
    return repr(parameter.default) if plain else "..."


@cache
def plain_names(row: Primitive) -> tuple[str, ...]:
    """The parameters of a row that is called with all of them in order, () where it may not be."""
    parameters = signature_of(row).parameters
    by_place = all(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters.values())
    return tuple(parameters) if by_place and not PACKED & {*parameters} else ()


@cache
def signature_of(row: Primitive) -> inspect.Signature:
    """The signature of a row, worked out once."""
    return row.signature
