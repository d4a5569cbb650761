"""Objects of a program's own classes: attributes, methods, operators."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import Parameter, Signature
from types import MappingProxyType
from typing import Any, ClassVar

from gradcalc.errors import (
    InvalidValueError,
    UnknownNameError,
    UnsupportedError,
    brief,
    did_you_mean,
)
from gradcalc.lang.arguments import bind_own
from gradcalc.lang.machine import Builtin, Closure, Machine
from gradcalc.lang.program import NUMPY


@dataclass(slots=True, eq=False)
class Class:
    """A class of the program: its members by name, and its bases in their order.

    `fields` are those that a dataclass makes its instances of, `own` those that it has, whoever
    makes them. To the objects of a `frozen` one nothing is assigned.
    `runs` is the method that a call of an object runs. One of a library is nobody's to change.
    Objects of a `lazy` one are made complete by their first call. `listed` are the members of an
    enumeration; of one that is `valued` they are as good as their values, of that type. An `error`
    can be raised. `slots` are the only attributes that its objects have, those of its bases beside
    them, None where they have any. No object is made where one of the `abstract` members is left,
    if the class is `strict` about that, nor of one that is `unmade`. A `generic` one is itself,
    whatever types are put behind it in square brackets.
    """

    described: ClassVar[str] = "a class"
    name: str
    bases: tuple["Class", ...]
    members: dict[str, Any]
    fields: Mapping[str, "Field"] | None = None
    own: Mapping[str, "Field"] | None = None
    frozen: bool = False
    runs: str = "__call__"
    library: bool = False
    lazy: bool = False
    listed: dict[str, "Instance"] | None = None
    valued: type | None = None
    error: bool = False
    slots: frozenset[str] | None = None
    abstract: frozenset[str] = frozenset()
    strict: bool = False
    unmade: bool = False
    generic: bool = False
    _line: tuple["Class", ...] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.error = self.error or any(base.error for base in self.bases)

    @property
    def line(self) -> tuple["Class", ...]:
        """The class and those that it is made from, in the order in which they are looked at.

        Raises `InvalidValueError` where Python finds none.
        """
        if self._line is None:
            self._line = self._linearized()
        return self._line

    def _linearized(self) -> tuple["Class", ...]:
        lines = [*(list(base.line) for base in self.bases), list(self.bases)]
        found = [self]
        while lines := [line for line in lines if line]:
            heads = (line[0] for line in lines)
            first = next((h for h in heads if not any(h in line[1:] for line in lines)), None)
            if first is None:
                raise InvalidValueError(
                    f"the bases of {self.name} have no order that fits them all", python="TypeError"
                )
            found.append(first)
            lines = [[one for one in line if one is not first] for line in lines]
        return tuple(found)

    def find(self, name: str, behind: "Class | None" = None) -> Any:
        """A member of the class or of a base, `MISSING` where there is none.

        With `behind`, of those that come after that class only.
        """
        line = self.line
        if behind is not None:
            line = line[line.index(behind) + 1 :]
        for one in line:
            if name in one.members:
                return one.members[name]
        return MISSING


def derived(kind: Class, members: dict[str, Any], name: str | None = None) -> Class:
    """A class made from another one that has further members."""
    return Class(
        name or kind.name, (kind,), members, runs=kind.runs, library=kind.library, lazy=kind.lazy
    )


UNRUN = "unrun"
"""The keyword of a class with a backward of its own, of which nothing is run."""


def unrun(name: str) -> UnsupportedError:
    """What is said of such a class where it is called."""
    return UnsupportedError(
        f"{brief(name)} has a backward of its own, which is not run here",
        hint="write its forward as a function; --expect with what its backward gives, as a formula,"
        " holds that to the gradient",
    )


@dataclass(slots=True, eq=False)
class Instance:
    """An object of a class, with what was assigned to its attributes."""

    kind: Class
    values: dict[str, Any] = field(default_factory=dict)

    def blank(self) -> "Instance":
        """Another object of the class, with nothing assigned to it."""
        return Instance(self.kind)


@dataclass(slots=True, eq=False)
class Valued(Instance):
    """An object that is found as a key by methods of its class."""

    machine: Any = None

    def blank(self) -> "Instance":
        return Valued(self.kind, machine=self.machine)

    def __hash__(self) -> int:
        return hash_of(self.machine, self)

    def __eq__(self, other: object) -> bool:
        return self is other or equals(self.machine, self, other)


class ById:
    """An object as a key, whatever it equals."""

    def __init__(self, value: Instance) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ById) and other.value is self.value


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A method with the object, or the class, that it is called on."""

    function: Closure | Builtin
    receiver: Any


@dataclass(frozen=True, slots=True, eq=False)
class Super:
    """What `super()` gives: the object, as those see it that its class is made from."""

    receiver: Any
    behind: Class


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A method that is called otherwise: `property`, `staticmethod` or `classmethod`.

    `setter` is what an assignment to a property runs.
    """

    word: str
    function: Closure | Builtin
    setter: Closure | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field of a dataclass: a default, or what makes one each time, and what it is for."""

    default: Any
    factory: Any
    init: bool = True
    compare: bool = True
    hash: bool | None = None
    kw_only: bool | None = None

    @property
    def is_needed(self) -> bool:
        return self.default is MISSING and self.factory is MISSING


MISSING = object()
"""What stands where there is no such member."""

NOT_IMPLEMENTED = object()
"""What an operator's method gives that leaves the answer to the other side."""


def _lacking(owner: str, name: str, known: Iterable[str]) -> UnknownNameError:
    """What is said of an attribute that is not there."""
    return UnknownNameError(
        f"{owner} has no .{brief(name)} here",
        hint=did_you_mean(name, known),
        python="AttributeError",
    )


def attribute(machine: Machine, value: Any, name: str) -> Any:
    """What stands behind a dot of an object, a class, `super()` or a function of the program."""
    if isinstance(value, Closure):
        if name == "__name__":
            return name_of(value)
        if name == "__doc__":
            first = value.body[0] if isinstance(value.body, list) else None
            text = first.value if isinstance(first, ast.Expr) else None
            return text.value if isinstance(text, ast.Constant) else None
        if name not in value.values:
            raise _lacking(value.name, name, value.values)
        return value.values[name]
    if isinstance(value, Instance) and name in value.values:
        if name in STATISTICS and machine.anchor is None:
            check_statistics(value)
        return value.values[name]
    kind = value.kind if isinstance(value, Instance) else value
    receiver, behind = value, None
    if isinstance(value, Super):
        receiver, behind = value.receiver, value.behind
        kind = receiver.kind if isinstance(receiver, Instance) else receiver
    if name == "__class__" and isinstance(value, Instance):
        return value.kind
    if name == "__dict__":
        return _dictionary(machine, value)
    if name == "__name__" and isinstance(value, Class):
        return value.name
    found = kind.find(name, behind)
    if found is MISSING and isinstance(value, Super) and name == "__call__" != kind.runs:
        # of a module: its forward, whoever has that
        return called(machine, receiver, kind.runs)
    if found is MISSING:
        if isinstance(value, Super) and name == "__init__":
            return Builtin(name, lambda machine, *args, **kwargs: None, "of a library's class")
        known = [*getattr(receiver, "values", ()), *(n for one in kind.line for n in one.members)]
        raise _lacking(kind.name, name, known)
    if (
        isinstance(found, Member)
        and found.word == "cached_property"
        and isinstance(receiver, Instance)
    ):
        receiver.values[name] = machine.call(Bound(found.function, receiver), ())
        return receiver.values[name]
    return _received(machine, found, receiver)


def _dictionary(machine: Machine, value: Any) -> dict[str, Any]:
    """The attributes of an object, of which whoever changes the dictionary changes them."""
    if not isinstance(value, Instance) or any(one.library for one in value.kind.line):
        raise UnsupportedError(f"what {machine.describe(value)} holds is not known as a dictionary")
    return value.values


def name_of(function: Any) -> str:
    """What a function is called."""
    if not isinstance(function, Closure):
        return str(function.name)
    own = "<lambda>" if isinstance(function.body, ast.expr) else function.name
    return str(function.values.get("__name__", own))


STATISTICS, TRAINED = ("running_mean", "running_var"), "_trained"
"""What a call in training changes of torch's layers, and the attribute that says there was one."""


def check_statistics(layer: Instance) -> None:
    """Refuse to tell what a call in training has made of running statistics."""
    if TRAINED in layer.values:
        raise UnsupportedError(
            "what training has made of the running statistics is not known",
            hint="read them before the call, or call the layer in evaluation: m.eval()",
        )


def _received(machine: Machine, found: Any, receiver: Any) -> Any:
    if isinstance(found, Member):
        if found.word == "staticmethod":
            return found.function
        if found.word == "classmethod":
            kind = receiver.kind if isinstance(receiver, Instance) else receiver
            return Bound(found.function, kind)
        if isinstance(receiver, Instance):
            return machine.call(Bound(found.function, receiver), ())
        return found
    if isinstance(found, Closure | Builtin) and isinstance(receiver, Instance):
        return Bound(found, receiver)
    return found


def has(value: Any, name: str) -> bool:
    """Whether an object, or `super()` of one, has an attribute."""
    if isinstance(value, Super):
        receiver = value.receiver
        kind = receiver.kind if isinstance(receiver, Instance) else receiver
        return name == "__init__" or kind.find(name, value.behind) is not MISSING
    return name in value.values or value.kind.find(name) is not MISSING


OBJECT = Class("object", (), {}, library=True)
"""What is like nothing else."""


def assign_anyway(machine: Machine, value: Any, name: Any, given: Any) -> None:
    """`object.__setattr__`: give an attribute a value, of a frozen object too."""
    if not isinstance(value, Instance) or value.kind.library or not isinstance(name, str):
        raise UnsupportedError(f"attributes of {machine.describe(value)} cannot be assigned to")
    assign(machine, value, name, given, frozen=False)


SETTER = Builtin("__setattr__", assign_anyway, "object.__setattr__(object, name, value)")


def assign(machine: Machine, value: Any, name: str, given: Any, *, frozen: bool = True) -> None:
    """Give an attribute a value; what is `frozen` is not given any."""
    if isinstance(value, Instance):
        found = value.kind.find(name)
        if isinstance(found, Member) and found.setter is not None:
            machine.call(Bound(found.setter, value), (given,))
            return
        if isinstance(found, Member) and found.word == "property":
            raise InvalidValueError(f".{name} cannot be set", python="AttributeError")
        line = value.kind.line if frozen else ()
        if any(k.frozen and (k is value.kind or name in (k.own or ())) for k in line):
            raise InvalidValueError(
                f"cannot assign to field {name!r}",
                hint="replace(object, name=value) makes another one",
                python="FrozenInstanceError",
                said=f"cannot assign to field {name!r}",
            )
        _check_slot(value.kind, name)
        machine.nets.replace(machine, value.values.get(name), given)
        value.values[name] = given
    elif isinstance(value, Class) and not value.library:
        value.members[name] = given
    elif isinstance(value, Closure):
        value.values[name] = given
    else:
        raise UnsupportedError(f"attributes of {machine.describe(value)} cannot be assigned to")


def forget(machine: Machine, value: Any, name: str) -> None:
    """Take an attribute away from an object."""
    if not isinstance(value, Instance) or value.kind.frozen:
        raise UnsupportedError(f"attributes of {machine.describe(value)} cannot be deleted")
    if name not in value.values:
        raise _lacking(value.kind.name, name, value.values)
    del value.values[name]


def _check_slot(kind: Class, name: str) -> None:
    """Raise `InvalidValueError` where objects of a class have other attributes only."""
    known: set[str] = set()
    for one in kind.line:
        if one.slots is None:
            return
        known |= one.slots
    if name in known or "__dict__" in known:
        return
    raise InvalidValueError(
        f"objects of {kind.name} have no .{brief(name)}: its __slots__ are all that they have",
        hint=did_you_mean(name, known),
        python="AttributeError",
        said=f"{kind.name!r} object has no attribute {name!r}",
    )


def _check_complete(kind: Class) -> None:
    """Raise `InvalidValueError` where a class leaves abstract what its objects must have."""
    if kind.unmade:
        raise InvalidValueError(
            f"{kind.name} is a Protocol, of which no object is made",
            python="TypeError",
            said="Protocols cannot be instantiated",
        )
    line = kind.line
    if not any(one.strict for one in line):
        return
    names = sorted({name for one in line for name in one.abstract})
    left = [n for n in names if n in next(one for one in line if n in one.members).abstract]
    if left:
        many = "s" if len(left) > 1 else ""
        shown = ", ".join(left)
        raise InvalidValueError(
            f"{kind.name} is abstract: it has no {brief(shown)} of its own",
            hint=f"make an object of a class that has {'them' if many else 'it'}",
            python="TypeError",
            said=f"Can't instantiate abstract class {kind.name} with abstract method{many} {shown}",
        )


def instantiate(
    machine: Machine, kind: Class, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Instance:
    """A new object: of a dataclass from its fields, else as `__init__` has it."""
    machine.budget.tick()
    if kind.listed is not None:
        return _member(kind, args)
    _check_complete(kind)
    made = Instance(kind)
    if kind.find("__eq__") is not MISSING and is_hashed(kind):
        made = Valued(kind, machine=machine)
    if kind.error:
        # which it holds whatever __init__ does
        made.values["args"] = tuple(args)
    start = _starting(kind)
    if isinstance(start, Closure | Builtin):
        machine.nets.making += 1
        try:
            machine.apply_function(machine, Bound(start, made), tuple(args), dict(kwargs))
        finally:
            machine.nets.making -= 1
    elif (fields := _made_of(kind)) is not None:
        made.values |= _filled(machine, kind, fields, args, kwargs)
        if isinstance(after := kind.find("__post_init__"), Closure):
            machine.call(Bound(after, made), ())
    elif args or kwargs:
        raise InvalidValueError(f"{kind.name} takes no arguments", python="TypeError")
    return made


def _starting(kind: Class) -> Any:
    """What starts an object: `__init__`, which a dataclass has of its fields, unless by itself."""
    for one in kind.line:
        if "__init__" in one.members:
            return one.members["__init__"]
        if one.fields is not None:
            break
    return MISSING


def _made_of(kind: Class) -> Mapping[str, Field] | None:
    return next((one.fields for one in kind.line if one.fields is not None), None)


def _member(kind: Class, args: Sequence[Any]) -> Instance:
    """The member of an enumeration that has a value, or is given itself."""
    for one in (kind.listed or {}).values():
        if len(args) == 1 and (one is args[0] or _equal(one.values["value"], args[0])):
            return one
    raise InvalidValueError(f"this is no value of {kind.name}", python="ValueError")


def _equal(value: Any, given: Any) -> bool:
    return isinstance(given, int | float | str | tuple) and value == given


def value_of(value: Any) -> Any:
    """What stands for a member of an enumeration that is as good as its value."""
    if isinstance(value, Instance) and value.kind.valued and value.kind.listed is not None:
        return value.values["value"]
    return value


def is_hashed(kind: Class) -> bool:
    """Whether objects have a number that they are found by: an `__eq__` without one takes it."""
    for one in kind.line:
        if "__hash__" in one.members:
            return one.members["__hash__"] is not None
        if "__eq__" in one.members:
            return False
    return True


def hash_of(machine: Machine, value: Instance) -> int:
    """What `__hash__` says of an object."""
    machine.hashing += 1
    try:
        found = machine.call(special(machine, value, "__hash__"), ())
    finally:
        machine.hashing -= 1
    if not isinstance(found, int):
        raise InvalidValueError("__hash__ method should return an integer", python="TypeError")
    return hash(found)


def fields_of(kind: Class) -> Mapping[str, Field] | None:
    """The fields of a dataclass, None of another class."""
    return next((one.own for one in kind.line if one.own is not None), None)


def _filled(
    machine: Machine, kind: Class, fields: Mapping[str, Field], args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    parameters = [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY if one.kw_only else Parameter.POSITIONAL_OR_KEYWORD,
            default=Parameter.empty if one.is_needed else one,
        )
        for name, one in fields.items()
        if one.init
    ]
    signature = Signature(sorted(parameters, key=lambda parameter: parameter.kind))
    bound = bind_own(kind.name, signature, args, kwargs)
    given = {**{n: one for n, one in fields.items() if not one.is_needed}, **bound}
    return {name: _started(machine, given[name]) for name in fields if name in given}


def _started(machine: Machine, value: Any) -> Any:
    """The value of a field, made anew where it says how."""
    if not isinstance(value, Field):
        return value
    return machine.call(value.factory, ()) if value.factory is not MISSING else value.default


def called(machine: Machine, value: Instance, name: str = "") -> Any:
    """What a call of an object runs; a module may hold a forward of its own."""
    if not name:
        name = value.kind.runs if value.kind.find("__call__") is MISSING else "__call__"
    if name == value.kind.runs != "__call__" and name in value.values:
        return value.values[name]
    return special(machine, value, name)


def special(machine: Machine, value: Instance, name: str) -> Bound:
    """The method that Python calls by itself. Raises `InvalidValueError` where there is none."""
    found = value.kind.find(name)
    if not isinstance(found, Closure | Builtin):
        raise InvalidValueError(f"{value.kind.name} has no {name}", python="TypeError")
    return Bound(found, value)


OPERATORS: Mapping[type[ast.AST], str] = MappingProxyType(
    {
        ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv",
        ast.FloorDiv: "floordiv", ast.Mod: "mod", ast.Pow: "pow", ast.MatMult: "matmul",
        ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor", ast.LShift: "lshift",
        ast.RShift: "rshift", ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert",
        ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne",
    }
)  # fmt: skip
"""What the methods for operators are called, between two underscores on both sides."""

TURNED: Mapping[str, str] = MappingProxyType(
    {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
)
"""Comparisons from the other side."""

METHODS = frozenset(
    {"__init__", "__call__", "__post_init__", "__len__", "__getitem__", "__repr__", "__str__",
     "__class__", "__name__", "__iter__", "__contains__", "__setitem__", "__bool__", "__abs__",
     "__hash__", "__slots__", "__array_priority__", "__array_ufunc__", "__enter__", "__exit__",
     "__dict__", "__float__", "__next__", "__round__", "__doc__", "__format__", "__match_args__",
     "__version__"}
    | {f"__{name}__" for name in OPERATORS.values()}
    | {f"__r{name}__" for name in OPERATORS.values()}
    | {f"__i{name}__" for name in OPERATORS.values()}
)  # fmt: skip
"""The names with two leading underscores that a class may use."""


ALWAYS = frozenset({"__name__", "__class__", "args", "with_traceback", "__dict__", "__setattr__"})
"""What classes and functions have behind a dot, and errors, in a text that defines no class too."""

CALLED: Mapping[str, str] = MappingProxyType(
    {
        name: f"__{name}__"
        for name in (
            "abs",
            "len",
            "round",
            "float",
            "bool",
            "str",
            "repr",
            "iter",
            "format",
        )
    }
)
"""Functions of Python's that ask an object, and the methods that answer."""


def answered(machine: Machine, name: str, args: Sequence[Any]) -> Any:
    """What an object answers to a function of Python's; `MISSING` where it has no such method."""
    if name not in CALLED or not args or not isinstance(args[0], Instance):
        return MISSING
    found = args[0].kind.find(CALLED[name])
    if found is MISSING and name == "str":
        found = args[0].kind.find("__repr__")
    if not isinstance(found, Closure | Builtin):
        return MISSING
    return machine.call(Bound(found, args[0]), tuple(args[1:]))


def changed(machine: Machine, kind: type[ast.AST], held: Instance, right: Any) -> Any:
    """`held += right` by the method for it; `MISSING` where there is none."""
    found = held.kind.find(f"__i{OPERATORS[kind]}__")
    if not isinstance(found, Closure | Builtin):
        return MISSING
    answer = machine.call(Bound(found, held), (right,))
    return MISSING if answer is NOT_IMPLEMENTED else answer


def operated(machine: Machine, kind: type[ast.AST], left: Any, right: Any) -> Any:
    """An operator with an object on one side at least, by the methods of its class."""
    _check_array(machine, left, right)
    name = OPERATORS[kind]
    back = f"__{TURNED[name]}__" if name in TURNED else f"__r{name}__"
    sides = [(left, f"__{name}__", right), (right, back, left)]
    if _goes_first(left, right, back):
        sides.reverse()
    for receiver, method, other in sides:
        if isinstance(receiver, Instance):
            found = receiver.kind.find(method)
            if isinstance(found, Closure | Builtin):
                answer = machine.call(Bound(found, receiver), (other,))
                if answer is not NOT_IMPLEMENTED:
                    return answer
    if kind is ast.NotEq:
        # without a method of its own it is what == says, turned round
        found = operated(machine, ast.Eq, left, right)
        if isinstance(found, bool):
            return not found
        raise UnsupportedError(
            "what == gives here is no plain truth value, which != would turn round",
            hint="write not (a == b), or a method __ne__",
        )
    if kind in (ast.Eq, ast.NotEq):
        return equals(machine, left, right) is (kind is ast.Eq)
    raise InvalidValueError(
        f"{machine.describe(left)} and {machine.describe(right)} do not fit {name}",
        python="TypeError",
    )


def _check_array(machine: Machine, left: Any, right: Any) -> None:
    """Refuse an array of numpy's beside an object which numpy asks for each element by itself."""
    if machine.program.naming.arrays != NUMPY or not isinstance(right, Instance):
        return
    if not machine.is_tensor(left) or not machine.shape(left):
        return
    if not any(
        right.kind.find(name) is not MISSING
        for name in ("__array_priority__", "__enter__", "__exit__", "__dict__", ARRAYS)
    ):
        raise UnsupportedError(
            f"numpy asks a {right.kind.name} behind an array for each element by itself",
            hint=f"{ARRAYS} = None in its class has it asked for the whole array",
        )


ARRAYS = "__array_ufunc__"
"""What a class says to numpy's operators, that they leave the answer to it."""


def _goes_first(left: Any, right: Any, back: str) -> bool:
    """Whether the right side is asked first: of a class made from the left's, with its own way."""
    if not isinstance(left, Instance) or not isinstance(right, Instance):
        return False
    if left.kind is right.kind or left.kind not in right.kind.line:
        return False
    return right.kind.find(back) not in (MISSING, left.kind.find(back))


def equals(machine: Machine, left: Any, right: Any) -> bool:
    """Whether an object equals another value, as its class has it; else it is only itself."""
    for one, other in ((left, right), (right, left)):
        found = one.kind.find("__eq__") if isinstance(one, Instance) else None
        if isinstance(found, Closure | Builtin):
            answer = machine.call(Bound(found, one), (other,))
            if answer is NOT_IMPLEMENTED:
                continue
            if not isinstance(answer, bool):
                raise UnsupportedError(
                    "what __eq__ gives here is no plain truth value",
                    hint="compare the numbers themselves",
                )
            return answer
    return left is right


def unary(machine: Machine, kind: type[ast.AST], value: Instance) -> Any:
    """A sign of an object."""
    return machine.call(special(machine, value, f"__{OPERATORS[kind]}__"), ())
