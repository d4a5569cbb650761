"""Python's operators on any values, and what it takes for true."""

import ast
import operator as python
from collections import Counter
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from gradcalc.errors import InvalidValueError, LimitError, ShapeError, UnsupportedError
from gradcalc.lang import complexes, dtypes, narrow, objects, ops, plain, raising, words
from gradcalc.lang.casts import Device
from gradcalc.lang.defaulting import Counts, Frozen, joined, keys_alike
from gradcalc.lang.machine import Complex, Machine, Module, Once
from gradcalc.lang.memory import Tensor, views
from gradcalc.lang.objects import Instance
from gradcalc.lang.program import JAX, MIXED, NONE, NUMPY, TORCH, dotted
from gradcalc.primitives import BY_NAME

PLAIN: Mapping[type[ast.AST], tuple[str, Callable[..., Any]]] = MappingProxyType(
    {
        ast.Add: ("add", python.add),
        ast.Sub: ("sub", python.sub),
        ast.Mult: ("mul", python.mul),
        ast.Div: ("div", python.truediv),
        ast.FloorDiv: ("floordiv", python.floordiv),
        ast.Mod: ("mod", python.mod),
        ast.Pow: ("pow", python.pow),
        ast.MatMult: ("matmul", python.matmul),
        ast.BitAnd: ("logical_and", python.and_),
        ast.BitOr: ("logical_or", python.or_),
        ast.BitXor: ("logical_xor", python.xor),
        ast.LShift: ("lshift", python.lshift),
        ast.RShift: ("rshift", python.rshift),
        ast.Lt: ("lt", python.lt),
        ast.LtE: ("le", python.le),
        ast.Gt: ("gt", python.gt),
        ast.GtE: ("ge", python.ge),
        ast.Eq: ("eq", python.eq),
        ast.NotEq: ("ne", python.ne),
    }
)
"""Python's operators: the primitive for tensors, and what they do to plain numbers."""

KINDS: Mapping[str, type[ast.AST]] = MappingProxyType(
    {name: kind for kind, (name, _) in PLAIN.items()}
)
"""The operators by the names of their primitives."""

UNARY: Mapping[type[ast.AST], tuple[str, Callable[..., Any]]] = MappingProxyType(
    {
        ast.UAdd: ("pos", python.pos),
        ast.USub: ("neg", python.neg),
        ast.Invert: ("logical_not", python.invert),
    }
)
"""Operators of one operand: the primitive for tensors, and what they do to plain numbers."""


ORDERS = frozenset({ast.Lt, ast.LtE, ast.Gt, ast.GtE})
"""The comparisons that order."""

SETS = (ast.BitOr, ast.BitAnd, ast.BitXor, ast.Sub)
"""The operators that join sets."""

COUNTED = (ast.Add, *SETS)
"""The operators of two counters."""

SIGNS: Mapping[type[ast.AST], tuple[str, str]] = MappingProxyType(
    {
        ast.BitAnd: ("&", "compare first, in brackets: (x > 0) & (y > 0)"),
        ast.BitOr: ("|", "compare first, in brackets: (x > 0) | (y > 0)"),
        ast.BitXor: ("^", "a power is written x**2"),
        ast.LShift: ("<<", "write x*2**n"),
        ast.RShift: (">>", "write x//2**n"),
    }
)
"""The operators of single bits, and what is meant by them otherwise."""

SHIFTS = (ast.LShift, ast.RShift)
"""Those which move bits."""

ADDED, COMPARED = (list, tuple), (list, tuple, range)
"""The lists that `+` joins, and those that `==` compares."""


def apply(machine: Machine, kind: type[ast.AST], left: Any, right: Any) -> Any:
    """An operator or a comparison of any two values."""
    name, function = PLAIN[kind]
    left, right = objects.value_of(left), objects.value_of(right)
    if machine.imaginary and (isinstance(left, Complex) or isinstance(right, Complex)):
        return complexes.operated(machine, kind, left, right)
    if kind is ast.Mod and isinstance(left, str):
        return words.percent(machine, left, right)
    if kind in SETS and (isinstance(left, VIEWS) or isinstance(right, VIEWS)):
        left, right = _as_sets(left, right, of_all=True)
    sequences = COMPARED if name in ("eq", "ne") else ADDED
    if isinstance(left, sequences) or isinstance(right, sequences):
        if not (machine.is_tensor(left) or machine.is_tensor(right)):
            if kind in ORDERS and any(
                isinstance(left, own) and isinstance(right, own) for own in (list, tuple)
            ):
                return _ordered(machine, kind, left, right)
            return _of_sequences(machine, name, left, right)
        _check_list(machine, name, left, right)
    if isinstance(left, Instance) or isinstance(right, Instance):
        return objects.operated(machine, kind, left, right)
    if isinstance(left, str) or isinstance(right, str):
        return _of_texts(machine, kind, left, right)
    if isinstance(left, dict | set) or isinstance(right, dict | set):
        return _of_sets(machine, kind, left, right)
    if kind is ast.Pow and _are_numpys(machine) and machine.is_mask(left):
        raise UnsupportedError(
            "a power of truth values is an integer of 8 bits to numpy",
            hint="where(x > 0, 1.0, 0.0) makes numbers of them",
        )
    if kind in SIGNS:
        if type(left) in WHOLE and type(right) in WHOLE:
            return _of_bits(machine, kind, left, right)
        _check_bits(machine, kind, left, right)
    if plain.is_number(left) and plain.is_number(right):
        return plain.compute(name, function, (left, right), machine.limits.bits)
    raising.check_operator(machine, kind, left, right)
    if kind in TRUTHLESS:
        _check_truths(machine, kind, left, right)
    return ops.binary(machine, name, left, right)


TRUTHLESS: Mapping[type[ast.AST], str] = MappingProxyType(
    {
        ast.Sub: "subtracts no truth values",
        ast.MatMult: "multiplies no matrices of truth values and numbers",
        ast.Pow: "has no gradient of a power to truth values",
    }
)
"""What torch does not do of truth values."""


def _check_truths(machine: Machine, kind: type[ast.AST], left: Any, right: Any) -> None:
    """Refuse what the libraries refuse of truth values: torch of any, numpy a difference of two."""
    masks = [machine.is_tensor(value) and machine.is_mask(value) for value in (left, right)]
    arrays = machine.program.naming.arrays
    torchs = masks[1] if kind is ast.Pow else any(masks)
    if (arrays == TORCH and torchs) or (arrays == NUMPY and kind is ast.Sub and all(masks)):
        raise InvalidValueError(
            f"{arrays} {TRUTHLESS[kind]}",
            hint="write ~m, or make numbers of them: m.float(), m.astype(float)",
            python="RuntimeError" if arrays == TORCH else "TypeError",
        )


def named(machine: Machine, name: str, left: Any, right: Any) -> Any:
    """Python's operator on any values, by the name of its primitive."""
    return apply(machine, KINDS[name], left, right)


def _is_small(value: Any) -> bool:
    """Whether it is one of the whole numbers that CPython keeps."""
    return type(value) is int and -5 <= value <= 256


def compare(machine: Machine, kind: type[ast.AST], left: Any, right: Any) -> Any:
    """A comparison, with None, words and truth values among what is compared."""
    if kind in (ast.Is, ast.IsNot):
        if (found := dtypes.identical(machine, left, right)) is not None:
            return found is (kind is ast.Is)
        singleton = isinstance(right, bool) and not (machine.numbers and machine.is_tensor(left))
        given = any(left is held for held in machine.given.values.values())
        if singleton and given and machine.is_mask(left) and not machine.shape(left):
            raise UnsupportedError(
                "whether this is Python's own True or a library's hangs on who calls the function",
                hint="write if m:, or if not m:",
            )
        if isinstance(left, Module) and isinstance(right, Module):
            return (left == right) is (kind is ast.Is)
        if any(value is objects.NOT_IMPLEMENTED for value in (left, right)):
            return (left is right) is (kind is ast.Is)
        if _is_small(left) and _is_small(right):
            # Python has one object for each of these
            return (left == right) is (kind is ast.Is)
        if (alike := _same_text(left, right)) is not None:
            return alike is (kind is ast.Is)
        plainly = any(isinstance(value, int | float | str) for value in (left, right)) and not any(
            isinstance(value, Instance) for value in (left, right)
        )
        if left is not None and right is not None and not singleton and plainly:
            raise UnsupportedError("is compares numbers and text by chance", hint="use ==")
        if left is not right and _may_be_one(left, right):
            raise UnsupportedError(
                "whether this is the tensor itself or a copy is not known here",
                hint="leave the question out",
            )
        return (left is right) is (kind is ast.Is)
    left, right = objects.value_of(left), objects.value_of(right)
    if isinstance(left, Module) or isinstance(right, Module):
        return (left == right) is (kind is ast.Eq)
    if isinstance(left, Device) and isinstance(right, Device) and kind in (ast.Eq, ast.NotEq):
        return (left == right) is (kind is ast.Eq)
    if kind in (ast.Eq, ast.NotEq) and (alike := dtypes.equal(machine, left, right)) is not None:
        return alike is (kind is ast.Eq)
    if isinstance(left, str) and isinstance(right, str) and kind in ORDERS:
        return PLAIN[kind][1](words.told(left), words.told(right))
    if kind in (ast.Eq, ast.NotEq) and _are_alike(left, right):
        return same(machine, left, right) is (kind is ast.Eq)
    if isinstance(left, VIEWS) or isinstance(right, VIEWS):
        left, right = _as_sets(left, right, of_all=False)
        others = (list, tuple, range, dict, str, int, float)
        if kind in (ast.Eq, ast.NotEq) and (isinstance(left, others) or isinstance(right, others)):
            return kind is ast.NotEq
    if isinstance(left, set) and isinstance(right, set):
        return PLAIN[kind][1](left, right)
    for value in (left, right):
        words.told(value)
    worded = any(isinstance(value, str) or value is None for value in (left, right))
    if worded and kind in (ast.Eq, ast.NotEq):
        numpys = machine.program.naming.arrays in (NUMPY, MIXED)
        if numpys and any(machine.is_tensor(v) and machine.shape(v) for v in (left, right)):
            raise UnsupportedError(
                "numpy compares each element with None or text", hint="write x is None"
            )
        equal = type(left) is type(right) and left == right
        return equal is (kind is ast.Eq)
    return apply(machine, kind, left, right)


def _same_text(left: Any, right: Any) -> bool | None:
    """Whether a text and another value are one object; None where that is left to chance.

    Of those that are written in a program Python has one each, if they are made of letters alone
    that a name may have (`gradcalc.lang.words.literal`). What is worked out is another one.
    """
    if not (isinstance(left, str) or isinstance(right, str)):
        return None
    if not (isinstance(left, str) and isinstance(right, str)):
        return False
    if words.told(left) != words.told(right):
        return False
    return True if left is right and words.is_literal(left) else None


def _may_be_one(left: Any, right: Any) -> bool:
    """Whether one tensor may be the other one, by a cast that may have copied it."""
    both = isinstance(left, Tensor) and isinstance(right, Tensor)
    return both and any(
        view.unsure for one in (left, right) for view in views(one) if one.owner is left.owner
    )


def _are_alike(left: Any, right: Any) -> bool:
    return any(isinstance(left, kind) and isinstance(right, kind) for kind in (dict, set))


def unary(machine: Machine, kind: type[ast.AST], value: Any) -> Any:
    """A sign, or `~`, of a number or a tensor."""
    value = objects.value_of(value)
    if isinstance(value, Instance):
        return objects.unary(machine, kind, value)
    if isinstance(value, Counts) and kind in (ast.UAdd, ast.USub):
        none = Counts({}, value.make, value.factory)
        pair = (none, value) if kind is ast.USub else (value, none)
        return _of_sets(machine, ast.Sub, *pair)
    if isinstance(value, Complex) and kind is not ast.Invert:
        return complexes.negated(machine, value) if kind is ast.USub else value
    name, function = UNARY[kind]
    naming = machine.program.naming
    if kind is ast.UAdd and naming.arrays == TORCH and machine.is_mask(value):
        raise InvalidValueError("torch has no + of truth values", python="RuntimeError")
    if kind is ast.Invert and type(value) is int:
        return ~value
    if kind is ast.Invert:
        check_masks(machine, "~", value)
        single = machine.is_tensor(value) and not machine.shape(value)
        if naming.numbers and single:
            raise UnsupportedError("~ of Python's truth values is -1 or -2", hint="write not")
    if plain.is_number(value):
        return function(value)
    if kind is ast.UAdd and naming.arrays != NUMPY and not machine.is_mask(value):
        return value
    result = ops.operate(machine, BY_NAME[name], {"x": value})
    return machine.copy(result) if kind is ast.UAdd else result


WHOLE = (int, bool)
"""Python's own whole numbers, which have bits."""


def _of_bits(machine: Machine, kind: type[ast.AST], left: int, right: int) -> Any:
    name, function = PLAIN[kind]
    if kind is ast.LShift and left and right > machine.limits.bits:
        raise LimitError(f"a shift by {right} bits", hint="write 2.0**n")
    return plain.compute(name, function, (left, right), machine.limits.bits)


def _check_bits(machine: Machine, kind: type[ast.AST], *operands: Any) -> None:
    """Of tensors the operators of bits are for truth values, and no shift is for any."""
    sign, hint = SIGNS[kind]
    if kind not in SHIFTS and kind is not ast.BitXor:
        check_masks(machine, sign, *operands)
        return
    for value in operands:
        if kind in SHIFTS or not machine.is_mask(value):
            what = "whole numbers of Python's" if kind in SHIFTS else "truth values"
            raise UnsupportedError(
                f"the operator {sign} is for {what} here, not for {machine.describe(value)}",
                hint=hint,
            )


def check_masks(machine: Machine, sign: str, *operands: Any) -> None:
    """As in torch, `&`, `|` and `~` are for truth values only."""
    for value in operands:
        if not machine.is_mask(value) and not (
            machine.is_tensor(value) and ops.size(machine, value) == 0
        ):
            raise InvalidValueError(
                f"{sign} is for truth values, not for {machine.describe(value)}",
                hint="compare first, in brackets: (x > 0) & (y > 0)",
            )


def _are_numpys(machine: Machine) -> bool:
    """Whether the text works on arrays which have numpy's operators."""
    return machine.program.naming.arrays in (NUMPY, JAX)


def _check_list(machine: Machine, name: str, left: Any, right: Any) -> None:
    """A list beside a tensor is an array to numpy; torch compares, and repeats, the list."""
    naming = machine.program.naming
    if name in ("eq", "ne") and not _are_numpys(machine):
        raise UnsupportedError(
            "torch finds that a list and a tensor are not equal, whatever is in them",
            hint="write tensor([...]), or compare with each number",
        )
    single = any(machine.is_tensor(value) and not machine.shape(value) for value in (left, right))
    if name == "add" and naming.library and single:
        raise UnsupportedError(
            "a list plus one number is no list to Python",
            hint="np.array([...]) and tensor([...]) make an array of the list",
        )
    if name == "mul" and any(
        machine.is_integer(value) or machine.is_mask(value) or naming.numbers
        for value in (left, right)
    ):
        raise UnsupportedError(
            "a list times a whole number repeats the list",
            hint="tensor([...]) makes a tensor of the list",
        )


def _of_texts(machine: Machine, kind: type[ast.AST], left: Any, right: Any) -> str:
    """Texts joined and repeated."""
    if kind is ast.Add and isinstance(left, str) and isinstance(right, str):
        machine.count_text(len(left) + len(right))
        return left + right
    if kind is ast.Mult and (isinstance(left, int) or isinstance(right, int)):
        text, count = (left, right) if isinstance(left, str) else (right, left)
        machine.count_text(max(len(text) * count, 0))
        return str(text * count)
    raise InvalidValueError(
        f"{machine.describe(left)} and {machine.describe(right)} do not fit {PLAIN[kind][0]}",
        python="TypeError",
    )


def _of_sets(machine: Machine, kind: type[ast.AST], left: Any, right: Any) -> Any:
    """Sets and dictionaries joined and parted."""
    if isinstance(left, Counts) and isinstance(right, Counts) and kind in COUNTED:
        if not all(map(plain.is_number, (*left.values(), *right.values()))):
            raise UnsupportedError(
                "counts that hang on tensors are not joined here",
                hint="write a dictionary, and a loop over its keys",
            )
        found = PLAIN[kind][1](Counter(left), Counter(right))
        return Counts(dict(found), left.make, left.factory)
    if isinstance(left, dict) and isinstance(right, dict) and kind is ast.BitOr:
        return joined(left, right)
    if not (isinstance(left, set) and isinstance(right, set) and kind in SETS):
        raise InvalidValueError(
            f"{machine.describe(left)} and {machine.describe(right)} do not fit {PLAIN[kind][0]}",
            python="TypeError",
        )
    found = PLAIN[kind][1](left, right)
    return Frozen(found) if isinstance(left, Frozen) else found


VIEWS = (KeysView, ItemsView)
"""What a dictionary gives that is a set of its keys, or of its pairs."""


def _as_sets(left: Any, right: Any, *, of_all: bool) -> tuple[Any, Any]:
    """Two values, views of dictionaries as the sets that they are; with `of_all` lists too."""
    others = (set, *VIEWS, dict, list, tuple, range) if of_all else (set, *VIEWS)
    if not (isinstance(left, others) and isinstance(right, others)):
        return left, right
    first, second = (
        set(map(_pair, value))
        if isinstance(value, ItemsView)
        else value
        if isinstance(value, set)
        else set(value)
        for value in (left, right)
    )
    return first, second


def _pair(item: tuple[Any, Any]) -> tuple[Any, Any]:
    """A key and its value, where Python finds both by what they are."""
    if not (item[1] is None or isinstance(item[1], int | float | str | Frozen)):
        raise UnsupportedError(
            "a set of pairs is one of plain data here", hint="compare the keys, d.keys(), alone"
        )
    return item


def _of_sequences(machine: Machine, name: str, left: Any, right: Any) -> Any:
    """Lists joined and repeated, and compared, as Python does."""
    if name == "add" and type(left) is type(right):
        machine.count_items(len(left) + len(right))
        machine.budget.tick(len(left) + len(right))
        joined = left + right
        known = machine.is_spelled(left) and machine.is_spelled(right)
        return machine.spell(joined) if known else joined
    count, items = (right, left) if isinstance(left, list | tuple) else (left, right)
    if name == "mul" and isinstance(count, int):
        machine.count_items(len(items) * count)
        machine.budget.tick(max(len(items) * count, 0))
        return machine.spell(items * count) if machine.is_spelled(items) else items * count
    if name in ("eq", "ne"):
        return same(machine, left, right) is (name == "eq")
    raise InvalidValueError(
        f"{machine.describe(left)} and {machine.describe(right)} do not fit {name}",
        hint="tensor([...]) makes a tensor of a list",
    )


def _ordered(machine: Machine, kind: type[ast.AST], left: Any, right: Any) -> Any:
    """The order of two lists or tuples: that of the first items which are not equal."""
    for one, other in zip(left, right, strict=False):
        if not same(machine, one, other):
            return compare(machine, kind, one, other)
    return PLAIN[kind][1](len(left), len(right))


def same(machine: Machine, left: Any, right: Any) -> bool:
    """Whether two values are equal, lists and dictionaries item by item."""
    machine.budget.tick()
    left, right = objects.value_of(left), objects.value_of(right)
    if left is right:
        # Python asks no further, so that a NaN in a list is in it
        return True
    if (alike := dtypes.equal(machine, left, right)) is not None:
        return alike
    if isinstance(left, Instance) or isinstance(right, Instance):
        return objects.equals(machine, left, right)
    if isinstance(left, Counts) and isinstance(right, Counts):
        # what is not there is there 0 times
        keys = dict.fromkeys((*left, *right))
        answers = [same(machine, left.get(k, 0), right.get(k, 0)) for k in keys]
        return all(answers)
    if isinstance(left, dict) and isinstance(right, dict):
        found = [k in right and same(machine, value, right[k]) for k, value in left.items()]
        return keys_alike(left, right) and all(found)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        alike = type(left) is type(right) or (isinstance(left, tuple) and isinstance(right, tuple))
        if not alike or len(left) != len(right):
            return False
        # no generator: lists may be nested deeper than C code can go
        answers = [same(machine, *pair) for pair in zip(left, right, strict=True)]
        return all(answers)
    if machine.is_tensor(left) or machine.is_tensor(right):
        single = not any(machine.shape(v) for v in (left, right) if machine.is_tensor(v))
        others = (v for v in (left, right) if not machine.is_tensor(v))
        if single and all(map(plain.is_number, others)):
            return truth(machine, apply(machine, ast.Eq, left, right))
        raise InvalidValueError(
            "lists of tensors are not compared", hint="compare the tensors themselves"
        )
    return bool(left == right)


def truth(machine: Machine, value: Any) -> bool:
    """Whether a condition holds. Raises `ShapeError` for a tensor of several elements."""
    value = objects.value_of(value)
    if isinstance(value, Instance):
        for name in ("bool", "len"):
            found = objects.answered(machine, name, (value,))
            if found is not objects.MISSING:
                return bool(found)
        return True
    if not machine.is_tensor(value):
        return isinstance(value, Once) or bool(value)
    if _is_list(machine, value):
        return machine.shape(value)[0] > 0
    if ops.size(machine, value) != 1:
        raise ShapeError(
            f"a tensor of shape {machine.shape(value)} is neither true nor false",
            hint="reduce it first: (x > 0).all(), or choose by element: where(x > 0, a, b)",
            python=ops.raised(machine, "RuntimeError", "ValueError"),
        )
    return machine.backend.truth(machine.raw(_tested(machine, value)))


def _leaves(value: Any) -> Iterator[Any]:
    """What is no list and no dictionary, in lists and dictionaries."""
    if isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)
    else:
        yield value


def _is_list(machine: Machine, value: Any) -> bool:
    """Whether an input, or a part of one, is a list to a text: one that names no library, and does
    nothing with its values that lists have not."""
    if machine.program.naming.arrays != NONE or not machine.shape(value):
        return False
    given = any(value.owner is held for held in _leaves(machine.given.values))
    modules = frozenset(machine.program.naming.modules)
    return given and not _of_arrays(machine.program.body, modules)


@lru_cache(maxsize=16)
def _of_arrays(body: tuple[ast.stmt, ...], modules: frozenset[str]) -> bool:
    """Whether a text has what arrays have behind a dot, and lists and their like have not."""
    # imported where it is used: the catalogue is made of what calls these
    from gradcalc.lang.dialects import catalogue

    arrays = catalogue.methods() | {"shape", "ndim", "dtype", "T"}
    plain = {name for kind in (list, dict, str, tuple, set, float) for name in dir(kind)}
    nodes = (node for statement in body for node in ast.walk(statement))
    attributes = (node for node in nodes if isinstance(node, ast.Attribute))
    names = {node.attr for node in attributes if (dotted(node) or ("",))[0] not in modules}
    return bool((names & arrays) - plain)


def _tested(machine: Machine, value: Any) -> Any:
    """What a condition hangs on: of rounded numbers whether they are 0, which is looked at then."""
    return ops.binary(machine, "ne", value, 0) if narrow.is_rounded(machine, value) else value


def holds(machine: Machine, value: Any, join: str) -> bool:
    """Whether all elements are true, or any: `join` is `logical_and` or `logical_or`.

    Joined in halves, so that the backend sees one decision that hangs on every element.
    """
    value = ops.reshape(machine, _tested(machine, ops.tensor(machine, value)), (-1,))
    while (count := ops.size(machine, value)) > 1:
        half = count // 2
        left, right = (
            ops.index(machine, value, (slice(k * half, k * half + half),)) for k in (0, 1)
        )
        joined = ops.binary(machine, join, left, right)
        odd = [ops.index(machine, value, (slice(2 * half, None),))] if count % 2 else []
        value = ops.apply(machine, BY_NAME["concat"], {"tensors": [joined, *odd], "dim": 0})
    return truth(machine, value) if count else join == "logical_and"
