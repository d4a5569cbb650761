"""How a library's function is called, and what that means in gradcalc's primitives.

A table of a library is made of rows: names, a signature in Python's syntax, a meaning. A name may
have several rows, as torch's functions have several signatures: the first that takes the arguments
is the one that is meant.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gradcalc.errors import ShapeError, brief
from gradcalc.lang import ops
from gradcalc.lang.arguments import signature_of
from gradcalc.lang.builtins import BUILTINS
from gradcalc.lang.dialects.parameters import (
    COUNTING,
    LEFT_OUT,
    OPERANDS,
    REQUIRED,
    WRITTEN,
    Parameter,
    is_operand,
    number_in,
    parse,
    takes,
)
from gradcalc.lang.kinds import takes_tensors
from gradcalc.lang.machine import Machine
from gradcalc.primitives import BY_NAME, Primitive, Structural


class RankError(ShapeError):
    """A library refuses operands of these ranks; the language may take them all the same."""


class NoCount(str):
    """The sentence on a tensor where a whole number of Python's stands, which has a `hint`."""

    hint = (
        "int(...) makes a whole number; one that is typed without a point is one where --wrt"
        " leaves it out"
    )

    def __new__(cls, parameter: str, given: str) -> "NoCount":
        return super().__new__(cls, f"takes whole numbers for {parameter}, and not {given}")


Reading = Callable[..., Any]
"""What a call means, of the machine, what a row of the table gives, and the arguments by name."""

SYNONYMS: tuple[frozenset[str], ...] = (
    frozenset({"axis", "axes", "dim", "dims"}),
    frozenset({"keepdim", "keepdims"}),
    frozenset({"correction", "ddof"}),
    frozenset({"p", "ord"}),
    frozenset({"shape", "size", "sizes"}),
    frozenset({"shifts", "shift"}),
    frozenset({"diagonal", "k"}),
)
"""What the libraries and the primitives call one parameter, wherever it stands."""


@dataclass(frozen=True, eq=False)
class Overload:
    """One signature of a function, and what a call of it means.

    `also` are further spellings of its parameters. A meaning is a reading, which takes what is
    `given` too, or the name of a primitive whose parameters are those of the signature, in its own
    words (`SYNONYMS`).
    """

    text: str
    meaning: str | Reading
    also: Mapping[str, str]
    given: tuple[Any, ...] = ()

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The signature, read."""
        return parse(self.text)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {p.name: place for place, p in enumerate(self.parameters) if p.keyword}

    @cached_property
    def _positional(self) -> int:
        return sum(p.positional for p in self.parameters)

    def fit(
        self,
        machine: Machine,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        method: bool = False,
    ) -> Any:
        """The arguments by name, those that are unset left out; a sentence if they do not fit.

        Of a `method` the first is the receiver, which nobody counts.
        """
        parameters = self.parameters
        last = self._positional - 1
        if last >= 0 and parameters[last].packed and len(args) > last:
            rest = args[last:]
            one = len(rest) == 1 and parameters[last].kind != "any"
            whole = one and isinstance(rest[0], list | tuple)
            args = (*args[:last], rest[0] if whole else tuple(rest))
        if len(args) > self._positional:
            given = len(args) + len(kwargs) - method
            return f"takes {_count(self._positional - method)}, not {given}"
        if last == len(args) and parameters[last].packed and parameters[last].kind == "any":
            args = (*args, ())
        values = [*args, *[p.default for p in parameters[len(args) :]]]
        for key, value in kwargs.items():
            place = self._places.get(key, self._places.get(self.also.get(key, "")))
            if place is None:
                return f"has no parameter {brief(key)}"
            if place < len(args) or values[place] is not parameters[place].default:
                return f"is given {parameters[place].name} twice"
            values[place] = value
        for parameter, value in zip(parameters, values, strict=True):
            if value is REQUIRED:
                return f"needs {parameter.name}"
            if value is not parameter.default and not takes(machine, parameter, value):
                if parameter.kind == "unset":
                    return f"cannot be given {parameter.name} here"
                if parameter.kind in ("floats", "inexact") and is_operand(machine, value):
                    which = f"truth values or integers, {parameter.name} here"
                    return f"does not calculate in float64 with {which}"
                if parameter.kind == "number" and machine.is_tensor(value):
                    why = ", of which no derivative is known here"
                    why = why if machine.carries(value) else ""
                    return f"takes one number for {parameter.name}{why}"
                if parameter.kind in COUNTING and (real := number_in(machine, value)) is not None:
                    return NoCount(parameter.name, machine.describe(real))
                return f"does not take {machine.describe(value)} for {parameter.name} here"
        return {
            p.name: bool(value) if p.kind == "flag" else value
            for p, value in zip(parameters, values, strict=True)
            if p.kind not in LEFT_OUT or (p.kind in WRITTEN and (value is not p.default or value))
        }

    def written(self, values: dict[str, Any], args: Sequence[Any]) -> Any:
        """What the call writes its result into, taken from the arguments; None for nothing."""
        first = args[0] if args else next(iter(values.values()), None)
        found = None
        for parameter in self.parameters:
            if parameter.kind in WRITTEN and parameter.name in values:
                given = values.pop(parameter.name)
                found = given if parameter.kind == "target" else first if given else found
        return found

    def with_truths(self, machine: Machine, values: dict[str, Any]) -> dict[str, Any]:
        """The arguments, with Python's truth values among the operands as the library's own."""
        return {
            p.name: ops.tensor(machine, values[p.name])
            if isinstance(values[p.name], bool) and p.kind in OPERANDS
            else values[p.name]
            for p in self.parameters
            if p.name in values
        }

    def run(self, machine: Machine, values: dict[str, Any]) -> Any:
        """What the call gives, of arguments that fit."""
        if not isinstance(self.meaning, str):
            return self.meaning(machine, *self.given, **values)
        if self.meaning not in BY_NAME:
            return BUILTINS[self.meaning].call(machine, *values.values())
        row = BY_NAME[self.meaning]
        return ops.operate(machine, row, self.arguments(row, values))

    @property
    def row(self) -> str | None:
        """The function of the language that it is but for its words, None if it is none."""
        if isinstance(self.meaning, str):
            return self.meaning
        return str(self.given[0]) if getattr(self.meaning, "alike", False) else None

    @cached_property
    def row_names(self) -> dict[str, str]:
        """The primitive's name of each parameter, where the meaning is a primitive."""
        assert isinstance(self.meaning, str)
        return _row_names(BY_NAME[self.meaning], self.parameters)

    def arguments(self, row: Primitive, values: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments in the primitive's own words, its defaults filled in."""
        given = {self.row_names[name]: value for name, value in values.items()}
        parameters = signature_of(row).parameters.values()
        return {p.name: given.get(p.name, p.default) for p in parameters}

    @property
    def usage(self) -> str:
        """The parameters as an error message shows them."""
        shown = []
        for p in self.parameters:
            if p.kind != "unset":
                name = f"*{p.name}" if p.packed else p.name
                name += "=True" if p.kind == "true" else ""
                shown.append(name if p.default is REQUIRED else f"{name}={p.default!r}")
        return ", ".join(shown)


@dataclass(frozen=True, eq=False)
class Function:
    """A function of a library under one of its names, such as `np.std`.

    `module` is where it stands (`numpy`), or the kind of array that has it as a method; `alone`
    says that the text does not name it. `core` is what the language has under that name, which
    takes the arguments that no signature does.
    """

    name: str
    module: str
    overloads: tuple[Overload, ...]
    method: bool = False
    alone: bool = False
    core: Any = None

    @property
    def shown(self) -> str:
        """Its name in a sentence."""
        if self.method:
            return f".{self.name}"
        return self.name if self.alone else f"{self.module}.{self.name}"

    @property
    def draws(self) -> bool:
        """Whether it has to do with random numbers."""
        return any(getattr(overload.meaning, "draws", False) for overload in self.overloads)

    @cached_property
    def takes_complex(self) -> bool:
        """Whether complex numbers are among what it takes by itself."""
        return any(p.kind == "waves" for o in self.overloads for p in o.parameters)

    @property
    def changes(self) -> bool:
        """Whether it writes into what it is given."""
        return any(getattr(overload.meaning, "changes", False) for overload in self.overloads)

    @property
    def order(self) -> str | None:
        """The kind of its parameter of that name, None where it has none."""
        kinds = (p.kind for o in self.overloads for p in o.parameters if p.name == "order")
        return next(kinds, None)

    @property
    def row(self) -> str | None:
        """The one function of the language that it is in all its signatures but those apart from
        the others, None without such."""
        meanings = {o.row for o in self.overloads if not getattr(o.meaning, "apart", False)}
        only = meanings.pop() if meanings else None
        if meanings or only is None:
            return None
        return BY_NAME[only].name if only in BY_NAME else only

    @property
    def usage(self) -> str:
        """How it is called, for a tip."""
        return " or ".join(f"{self.name}({o.usage})" for o in self.overloads)


Table = dict[str, list[Overload]]
"""A library's functions: for each name its signatures, in the order in which they are tried."""


def _row_names(row: Primitive, parameters: Sequence[Parameter]) -> dict[str, str]:
    own = list(signature_of(row).parameters)
    lists = row.lists if isinstance(row, Structural) else ()
    taken = {p.name for p in parameters}
    operands = [n for n in own if (takes_tensors(row, n) or n in lists) and n not in taken]
    names: dict[str, str] = {}
    for place, p in enumerate(p for p in parameters if p.kind not in LEFT_OUT):
        if p.name in own:
            names[p.name] = p.name
        elif p.kind in OPERANDS:
            names[p.name] = operands.pop(0)
        else:
            group = next((g for g in SYNONYMS if p.name in g), frozenset[str]())
            names[p.name] = next((name for name in own if name in group), own[place])
    return names


def _count(number: int) -> str:
    return f"{number} argument{'' if number == 1 else 's'}"
