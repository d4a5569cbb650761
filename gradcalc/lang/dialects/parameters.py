"""What the parameters of a library's function take.

A signature is written in Python's syntax. Annotations say what a parameter takes (`KINDS`); one
without takes a tensor, or what can be made one.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gradcalc.lang import ops
from gradcalc.lang.machine import Complex, Machine, Once
from gradcalc.lang.objects import Instance
from gradcalc.lang.plain import is_number

REQUIRED = object()
"""The default of a parameter that has none."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a signature; `packed` takes the rest of a call's positional arguments."""

    name: str
    kind: str
    default: Any
    positional: bool
    keyword: bool
    packed: bool = False


def parse(text: str) -> tuple[Parameter, ...]:
    """The parameters of a signature in Python's syntax."""
    function = ast.parse(f"def f({text}): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    missing: list[ast.expr | None] = [None] * (len(positional) - len(given.defaults))
    found = [
        _parameter(a, default, keyword=a not in given.posonlyargs)
        for a, default in zip(positional, [*missing, *given.defaults], strict=True)
    ]
    if given.vararg is not None:
        found.append(replace(_parameter(given.vararg, None), packed=True))
    pairs = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    return (*found, *[_parameter(a, default, positional=False) for a, default in pairs])


def _parameter(
    argument: ast.arg, default: ast.expr | None, positional: bool = True, keyword: bool = True
) -> Parameter:
    kind = argument.annotation.id if isinstance(argument.annotation, ast.Name) else "operand"
    value = REQUIRED if default is None else ast.literal_eval(default)
    return Parameter(argument.arg, kind, value, positional, keyword)


def takes(machine: Machine, parameter: Parameter, value: Any) -> bool:
    """Whether a parameter takes a value."""
    if parameter.kind == "unset":
        return bool(type(value) is type(parameter.default) and value == parameter.default)
    return KINDS[parameter.kind](machine, value)


def _is_whole(machine: Machine, value: Any) -> bool:
    return type(value) is int or (machine.is_integer(value) and ops.size(machine, value) == 1)


def _is_size(machine: Machine, value: Any) -> bool:
    """Whether it is a whole number, or one that the program is given, which is data.

    Not where a tensor may stand instead: `torch.max(x, y)` is of two tensors.
    """
    return _is_whole(machine, value) or (
        machine.is_tensor(value)
        and not machine.shape(value)
        and not machine.is_mask(value)
        and not machine.carries(value)
        and machine.number(value).is_integer()
    )


def _is_numeric(machine: Machine, value: Any) -> bool:
    return is_number(value) or (machine.is_tensor(value) and not ops.shape(machine, value))


def _are(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def check(machine: Machine, value: Any) -> bool:
        return isinstance(value, list | tuple) and all(test(machine, item) for item in value)

    return check


def _either(*tests: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda machine, value: any(test(machine, value) for test in tests)


def _are_some(machine: Machine, value: Any) -> bool:
    return _are(_is_whole)(machine, value) and len(value) > 0


def is_operand(machine: Machine, value: Any) -> bool:
    """Whether a value is a tensor, or can be made one."""
    return (
        machine.is_tensor(value) or is_number(value) or type(value) in (list, tuple, range)
    )  # a pair of values and indices is none


def _first(value: Any) -> Any:
    """A value, or the first of those in lists."""
    while type(value) in (list, tuple) and value:
        value = value[0]
    return value


def number_in(machine: Machine, value: Any) -> Any:
    """A tensor of one number, or the first such in a list; None where there is none."""
    parts = value if isinstance(value, list | tuple) else (value,)
    return next((p for p in parts if machine.is_tensor(p) and not machine.shape(p)), None)


def _are_truths(machine: Machine, value: Any) -> bool:
    """Whether all are truth values, as numpy has them where it takes nothing else."""
    if isinstance(value, list | tuple):
        return all(_are_truths(machine, item) for item in value)
    return isinstance(value, bool) or machine.is_mask(value)


COUNTING = frozenset({"int", "ints", "place", "margin"})
"""Kinds of whole numbers, which are Python's own."""

KINDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "operand": is_operand,
    "waves": lambda machine, value: isinstance(value, Complex) or is_operand(machine, value),
    "floats": lambda machine, value: (
        is_operand(machine, value) and not machine.is_mask(_first(value))
    ),
    "inexact": lambda machine, value: (
        KINDS["floats"](machine, value)
        and not (isinstance(_first(value), int) or machine.is_integer(value))
    ),
    "maybe": lambda machine, value: value is None or is_operand(machine, value),
    "tensor": lambda machine, value: machine.is_tensor(value),
    "tensors": lambda machine, value: machine.is_tensor(value) or type(value) in (list, tuple),
    "items": lambda machine, value: (
        machine.is_tensor(value)
        or isinstance(
            value,
            (list, tuple, range, dict, set, str, Once, Instance, *ops.DICTIONARY_VIEWS),
        )
    ),
    "int": _is_whole,
    "place": lambda machine, value: value is None or _is_whole(machine, value),
    "ints": _either(_is_size, _are(_is_size)),
    "margin": _either(_is_whole, _are(_is_whole), lambda machine, value: isinstance(value, str)),
    "parts": lambda machine, value: (
        value is None
        or _is_whole(machine, value)
        or (
            isinstance(value, list | tuple)
            and all(part is None or _is_whole(machine, part) for part in value)
        )
    ),
    "scales": _either(_is_numeric, _are(_is_numeric)),
    "some": _either(_is_whole, _are_some),
    "list": _are(_is_size),
    "pairs": _either(_is_whole, _are(_either(_is_whole, _are(_is_whole)))),
    "counts": lambda machine, value: (
        KINDS["ints"](machine, value) or machine.is_integer(value) or isinstance(value, range)
    ),
    "fillings": _either(_is_numeric, _are(_either(_is_numeric, _are(_is_numeric)))),
    "number": _is_numeric,
    "start": lambda machine, value: value is None or _is_numeric(machine, value),
    "mask": _are_truths,
    "order": lambda machine, value: (
        value is None or (isinstance(value, str) and value.upper() in ("C", "F", "A", "K"))
    ),
    "bool": lambda machine, value: isinstance(value, bool),
    "flag": lambda machine, value: isinstance(value, bool | int),
    "ignored": lambda machine, value: isinstance(value, bool | int),
    "ignored_word": lambda machine, value: value is None or isinstance(value, str),
    "bins": lambda machine, value: isinstance(value, str) or is_operand(machine, value),
    "span": lambda machine, value: isinstance(value, list | tuple) and len(value) == 2,
    "str": lambda machine, value: isinstance(value, str),
    "word": lambda machine, value: isinstance(value, str) or _is_numeric(machine, value),
    "any": lambda machine, value: True,
    "target": lambda machine, value: machine.is_tensor(value),
    "writes": lambda machine, value: isinstance(value, bool),
    "true": lambda machine, value: value is True,
    "unset": lambda machine, value: False,
}
"""What a parameter may take besides its default. `unset` takes nothing else: what the parameter
does is not in the language. `true` takes nothing but True, which has the call mean something else.
`ignored` changes no value. What a call writes into is a `target`, or its first argument where a
parameter that `writes` is true. Of truth values numpy's functions of `floats` make halves, of three
digits; of integers those of `inexact` make integers. `waves` takes complex numbers too."""

LEFT_OUT = ("unset", "ignored", "ignored_word", "target", "true", "writes")
"""The kinds of parameters that a meaning does not see."""

WRITTEN = ("target", "writes")
"""The kinds of parameters that say what a call writes into."""

OPERANDS = frozenset({"operand", "floats", "inexact", "maybe", "tensor", "tensors"})
"""The kinds of parameters that take tensors."""
