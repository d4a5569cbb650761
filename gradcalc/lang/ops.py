"""What a program does with values: primitives, and what they are put together to."""

import math
from collections.abc import (
    Callable,
    Generator,
    ItemsView,
    Iterator,
    KeysView,
    Mapping,
    Sequence,
    ValuesView,
)
from itertools import count, repeat
from typing import Any

import numpy as np

from gradcalc.errors import (
    LINALG,
    GradcalcError,
    InvalidValueError,
    LimitError,
    ShapeError,
    UnsupportedError,
)
from gradcalc.expr.nodes import Data
from gradcalc.lang import foreign, held, kinds, memory, narrow, plain, views
from gradcalc.lang.arguments import bind, plain_names, signature_of
from gradcalc.lang.backend import FAILURES, TensorShape, check_result, explained
from gradcalc.lang.indexing import Key, check_key, sequence_item
from gradcalc.lang.machine import EXTREMES, LARGEST_INTEGER, Complex, Machine, Once
from gradcalc.lang.objects import MISSING, Class, Instance, special, value_of
from gradcalc.lang.program import ASKED, JAX, NONE, NUMPY, TORCH
from gradcalc.primitives import BY_NAME, Elementwise, Primitive, Structural

INTEGERS = (
    "dim", "shape", "dims", "dim0", "dim1", "dim2", "shifts", "sizes", "diagonal", "offset",
    "start_dim", "end_dim", "pad", "reps", "repeats", "step", "k",
)  # fmt: skip
"""Parameters of primitives that take whole numbers."""

DICTIONARY_VIEWS = (KeysView, ValuesView, ItemsView)
"""What `keys()`, `values()` and `items()` give: they show what the dictionary has by then."""

LIKE = frozenset({"zeros_like", "ones_like", "full_like"})
"""Primitives that make an array of no dimensions where numpy's others make a number."""


def call(machine: Machine, name: str, /, *args: Any, **kwargs: Any) -> Any:
    """A primitive called as a function, its arguments still to be fitted."""
    row = BY_NAME[name]
    names = plain_names(row)
    if names and not kwargs and len(args) == len(names):
        # most calls are of this kind, and the other way takes long
        return operate(machine, row, dict(zip(names, args, strict=True)))
    return operate(machine, row, bind(name, signature_of(row), args, kwargs))


def binary(machine: Machine, name: str, left: Any, right: Any) -> Any:
    """A primitive of two operands, by name."""
    row = BY_NAME[name]
    names = signature_of(row).parameters
    return operate(machine, row, dict(zip(names, (left, right), strict=True)))


def operate(machine: Machine, row: Primitive, arguments: dict[str, Any]) -> Any:
    """A primitive on fitted arguments: plain numbers stay plain, lists become tensors."""
    parameters = signature_of(row).parameters
    lists = row.lists if isinstance(row, Structural) else ()
    operands = [
        key
        for key, value in arguments.items()
        if kinds.takes_tensors(row, key)
        and (value is not None or parameters[key].default is not None)
    ]
    for key in operands:
        if isinstance(arguments[key], list | tuple | range):
            arguments[key] = tensor(machine, arguments[key])
    given = [arguments[key] for key in operands]
    if kinds.are_truths(machine, row, given):
        return _of_truths(machine, row, arguments)
    numbers = row.numbers if isinstance(row, Elementwise) else None
    if numbers is not None and all(plain.is_number(value) for value in given):
        return plain.compute(row.name, numbers, tuple(given), machine.limits.bits)
    kinds.check(machine, row, given)
    if not isinstance(row, Elementwise) and (row.data or row.fixed):
        arguments |= held.data(machine, row, arguments)
    for key, value in arguments.items():
        if key in operands:
            arguments[key] = _operand(machine, row, value)
        elif key in lists:
            arguments[key] = [_operand(machine, row, part) for part in items(machine, value)]
        else:
            arguments[key] = _static(machine, row, key, value)
    return apply(machine, row, arguments)


def apply(machine: Machine, row: Primitive, arguments: Mapping[str, Any]) -> Any:
    """A primitive on arguments that are of the right kind."""
    machine.budget.tick()
    try:
        check_result(row, _sizes(machine, arguments), machine.limits.elements)
        read = machine.raw
        if row.name in LIKE or views.gives_view(machine, row, arguments):
            read = machine.unread
        made, tell = _made(machine, row, arguments, read)
    except ShapeError as error:
        _name_error(machine, row, error)
        raise
    except GradcalcError:
        raise
    except FAILURES as error:
        shapes = [machine.shape(v) for v in arguments.values() if machine.is_tensor(v)]
        raise explained(row, shapes, error) from error
    if machine.frozen:
        made = _cut(machine, made)
    result = _held(machine, row, arguments, made)
    tell(result)
    if machine.guarded and isinstance(row, Structural) and row.fails:
        _check_found(machine, row, result)
    for part in result if isinstance(result, tuple) else (result,):
        machine.count(part.shape)
    if kinds.is_integral(machine, row, arguments, result):
        if row.name in kinds.SIGNED:
            # of integers there is no negative zero
            result = apply(machine, BY_NAME["add"], {"x": result, "y": 0.0})
        for part in result if isinstance(result, tuple) else (result,):
            machine.mark_integer(part)
        if machine.narrow:
            narrow.settle(machine, row, kinds.operands_of(row, arguments), _parts(result))
    if machine.casts or machine.short:
        narrow.spread(machine, row, arguments, _parts(result))
    if machine.foreign:
        foreign.spread(kinds.operands_of(row, arguments), _parts(result))
    if getattr(result, "_fields", None) == EXTREMES:
        machine.mark_integer(result.indices)
    _remember(machine, row, arguments, result)
    return result


REFUSING = frozenset({"matmul", "reshape", "concat", "stack", "broadcast_to"})
"""Structural primitives that torch refuses with a RuntimeError and numpy with a ValueError, as they
do those of elements, where shapes do not fit."""


def _name_error(machine: Machine, row: Primitive, error: ShapeError) -> None:
    """Say which of Python's errors the library raises, where that is known."""
    if error.python is None and (isinstance(row, Elementwise) or row.name in REFUSING):
        error.python = raised(machine, "RuntimeError", "ValueError")


def raised(machine: Machine, torchs: str, numpys: str) -> str | None:
    """Which of Python's errors the library raises whose arrays a text works on, None for others."""
    return {TORCH: torchs, NUMPY: numpys}.get(machine.program.naming.arrays)


def _parts(result: Any) -> Sequence[Any]:
    return result if isinstance(result, tuple) else (result,)


def _check_found(machine: Machine, row: Structural, result: Any) -> None:
    """Raise what the library raises where there is no such thing, for a program that handles it."""
    if machine.backend.at_hand:
        # the library itself has been asked
        return
    guarded, machine.guarded = machine.guarded, 0
    try:
        # 0 where all are numbers, of which no truth value of the others is needed
        whole = call(machine, "sum", binary(machine, "mul", result, 0.0))
        found = call(machine, "isfinite", whole)
    finally:
        machine.guarded = guarded
    if not machine.backend.truth(machine.raw(found)):
        raise InvalidValueError(f"{row.name}: {row.fails}", python=LINALG)


def _made(
    machine: Machine, row: Primitive, arguments: Mapping[str, Any], read: Callable[[Any], Any]
) -> tuple[Any, Callable[[Any], None]]:
    """What the backend makes, and who is to be told what the program holds of it."""
    raw = _raw(arguments, read)

    def run() -> Any:
        return machine.backend.apply(row, raw, machine.place)

    if machine.watch is None:
        return run(), lambda result: None
    return machine.watch.made(machine, row.name, arguments, run)


def _raw(arguments: Mapping[str, Any], read: Callable[[Any], Any]) -> dict[str, Any]:
    """The arguments, with the backend's own tensors."""
    return {
        key: [read(item) for item in value] if isinstance(value, list) else read(value)
        for key, value in arguments.items()
    }


def _cut(machine: Machine, made: Any) -> Any:
    """What a primitive made, passing no gradient back."""
    if isinstance(made, tuple):
        parts = [_cut(machine, part) for part in made]
        return type(made)(*parts) if hasattr(made, "_fields") else tuple(parts)
    backend, stop = machine.backend, machine.freezing
    if backend.is_mask(made):
        return made
    if stop is not None and backend.carries(made):
        stop.behind.update(backend.behind(made))
    return backend.detach(made, None)


def _held(machine: Machine, row: Primitive, arguments: Mapping[str, Any], made: Any) -> Any:
    """What a primitive made as a program holds it: a view where the library gives one."""
    result = machine.hold(made)
    if views.gives_view(machine, row, arguments):
        seen = views.of(machine, row, arguments, result)
        if seen.view is None:
            # the library has copied it
            memory.check_written(arguments["x"])
        return seen
    for part in result if isinstance(result, tuple) else (result,):
        part.ordered = views.keeps_order(machine, row, arguments)
    return result


def _sizes(machine: Machine, arguments: Mapping[str, Any]) -> dict[str, Any]:
    def size(value: Any) -> Any:
        return TensorShape(machine.shape(value)) if machine.is_tensor(value) else value

    return {
        key: [size(item) for item in value] if isinstance(value, list) else size(value)
        for key, value in arguments.items()
    }


def _remember(machine: Machine, row: Primitive, arguments: Mapping[str, Any], result: Any) -> None:
    """Remember what numpy has as an array of no dimensions."""
    if row.name in LIKE:
        machine.mark_array(result)
    if not isinstance(row, Structural) or not row.moves:
        return
    key = arguments.get("key", ())
    if not (key and all(isinstance(k, int) for k in key)):
        machine.mark_array(result)


def _operand(machine: Machine, row: Primitive, value: Any) -> Any:
    """A tensor, or a number where the primitive works on elements."""
    if machine.is_tensor(value):
        return value
    if plain.is_number(value) and isinstance(row, Elementwise):
        return _small(value)
    if plain.is_number(value) or isinstance(value, list | tuple | range):
        return tensor(machine, value)
    raise InvalidValueError(
        f"{row.name} does not take {machine.describe(value)}",
        # which no operator and no function of a library takes for a number
        python="TypeError" if value is None else None,
    )


def _static(machine: Machine, row: Primitive, key: str, value: Any) -> Any:
    """An argument that is no operand: a number, several of them, a word or None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Data):
        return value.array
    if isinstance(value, list | tuple):
        return tuple([_static(machine, row, key, item) for item in value])
    if key in INTEGERS and not isinstance(signature_of(row).parameters[key].default, float):
        if isinstance(value, bool):
            raise InvalidValueError(
                f"{row.name} does not take {value} for {key}", hint=f"write {key}=0 or {key}=1"
            )
        number = integer(machine, value)
        if abs(number) >= LARGEST_INTEGER:
            raise LimitError(f"{row.name}: {plain.show(number)} is too large for {key}")
        return number
    if machine.is_tensor(value) and size(machine, value) == 1:
        refuse_gradient(machine, f"{key} of {row.name}", value)
        return machine.number(value)
    if plain.is_number(value):
        return value if isinstance(value, bool) else _small(value)
    raise InvalidValueError(f"{row.name} does not take {machine.describe(value)} for {key}")


def refuse_gradient(machine: Machine, what: str, *values: Any) -> None:
    """Raises `UnsupportedError` for numbers with a gradient where only fixed ones go."""
    if any(machine.is_tensor(value) and machine.carries(value) for value in values):
        raise UnsupportedError(
            f"{what} that depends on an input has no gradient here",
            hint="it is a fixed number in detach(...), or where --wrt leaves its input out",
        )


def _of_truths(machine: Machine, row: Primitive, arguments: dict[str, Any]) -> Any:
    """What a primitive makes of truth values: torch and numpy have `+` for or, `*` for and."""
    other, arrays = kinds.TRUTHS[row.name], machine.program.naming.arrays
    if arrays == NONE and row.name in ("neg", "sub"):
        # what every library refuses can only mean their numbers, in a text that names none
        return apply(machine, row, arguments)
    numpys = arrays in (NUMPY, JAX)
    if other is None and not (numpys and row.name in ("matmul", "dot")):
        raise InvalidValueError(
            f"{row.name} is not for truth values", hint="where(x > 0, 1.0, 0.0) makes numbers"
        )
    given = {
        key: tensor(machine, v) if isinstance(v, bool) and kinds.takes_tensors(row, key) else v
        for key, v in arguments.items()
    }
    if other is not None and other != row.name:
        return binary(machine, other, *given.values())
    result = apply(machine, row, given)
    if isinstance(result, tuple):
        return type(result)(binary(machine, "ne", result[0], 0), *result[1:])
    return binary(machine, "ne", result, 0)


def tensor(machine: Machine, value: Any) -> Any:
    """A tensor of a number, or of tensors and numbers in lists of equal lengths."""
    if machine.is_tensor(value):
        return value
    if plain.is_number(value):
        return _constant(machine, plain.as_float(value), [value])
    if not isinstance(value, list | tuple | range):
        raise InvalidValueError(f"{machine.describe(value)} cannot be made a tensor")
    if getattr(value, "_fields", None) == EXTREMES:
        raise UnsupportedError(
            "this is a pair of values and indices",
            hint="write .values; amax and amin give these alone",
        )
    machine.count_items(plain.length(value))
    # lists may hold one another many times over, so every item counts
    machine.budget.tick(len(value))
    if all(plain.is_number(item) for item in value):
        return _constant(machine, [plain.as_float(item) for item in value], value)
    parts = [tensor(machine, item) for item in value]
    shapes = [machine.shape(part) for part in parts]
    for number, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ShapeError(
                f"items of a list have different shapes: {shapes[0]} and {shape} (item {number})"
            )
    return apply(machine, BY_NAME["stack"], {"tensors": parts, "dim": 0})


def _constant(machine: Machine, numbers: Any, values: Sequence[Any]) -> Any:
    """A tensor of numbers: of truth values, integers or floats, as the values are."""
    made = machine.constant(np.array(numbers, dtype=np.float64))
    if len(values) and all(isinstance(value, bool) for value in values):
        return binary(machine, "ne", made, 0)
    whole = len(values) and all(isinstance(value, int) for value in values)
    return machine.mark_integer(made) if whole else made


def shape(machine: Machine, value: Any) -> tuple[int, ...]:
    """The sizes of a tensor, a number or a list."""
    lists = isinstance(value, list | tuple | range)
    return machine.shape(tensor(machine, value) if lists else value)


def size(machine: Machine, value: Any) -> int:
    """How many elements there are."""
    return math.prod(shape(machine, value))


def integer(machine: Machine, value: Any) -> int:
    """A whole number. Raises `InvalidValueError` for anything else."""
    value = value_of(value)
    if isinstance(value, bool | int):
        return int(value)
    number = value
    if machine.is_tensor(value) and size(machine, value) == 1:
        number = machine.number(value)
    if isinstance(number, float) and number.is_integer():
        return int(number)
    shown = machine.describe(value) if number is value else repr(number)
    raise InvalidValueError(f"{shown} is not a whole number", python="TypeError")


def items(machine: Machine, value: Any) -> Sequence[Any]:
    """The items that a loop or an unpacking goes through."""
    if machine.is_tensor(value):
        shape = machine.shape(value)
        if not shape:
            raise ShapeError("a scalar has no items to go through", python="TypeError")
        return memory.several([index(machine, value, (i,)) for i in range(shape[0])])
    if isinstance(value, list | tuple | range):
        machine.count_taken(plain.length(value))
        return value
    if isinstance(value, (dict, str, *DICTIONARY_VIEWS)):
        machine.count_taken(len(value))
        return list(value)
    if isinstance(value, set):
        return _in_order(machine, value)
    if isinstance(value, Complex):
        return list(_of_complex(machine, value))
    if isinstance(value, Once):
        found = []
        for item in value.items:
            found.append(item)
            machine.count_items(len(found))
            machine.budget.tick()
        return found
    if isinstance(value, Class) and value.listed is not None:
        return list(dict.fromkeys(value.listed.values()))
    if isinstance(value, Instance):
        return _of_object(machine, value)
    raise InvalidValueError(
        f"{machine.describe(value)} has no items to go through",
        python="TypeError" if value is None or plain.is_number(value) else None,
    )


def _of_object(machine: Machine, value: Instance) -> Sequence[Any]:
    """The items of an object, by its methods."""
    if value.kind.find("__next__") is not MISSING:
        return items(machine, Once("an object", nexts(machine, value)))
    if value.kind.find("__iter__") is not MISSING:
        return items(machine, machine.call(special(machine, value, "__iter__"), ()))
    return items(machine, Once("an object", _taken(machine, value)))


def _taken(machine: Machine, value: Instance) -> Iterator[Any]:
    """What an object gives at 0, 1 and so on, until there is no such index."""
    take = special(machine, value, "__getitem__")
    for place in count():
        try:
            yield machine.call(take, (place,))
        except GradcalcError as error:
            if error.python != "IndexError":
                raise
            return


def hashes_plainly(value: Any) -> bool:
    """Whether a value, or each part of a tuple, is a number, whose hash is the same everywhere."""
    if isinstance(value, tuple):
        return all(map(hashes_plainly, value))
    return isinstance(value, int | float)


def _in_order(machine: Machine, values: set[Any]) -> list[Any]:
    """The items of a set, in an order that is the same in every process: that of numbers is
    Python's."""
    if all(map(hashes_plainly, values)):
        return list(values)
    try:
        if len(values) > 1 and all(isinstance(value, str) for value in values):
            machine.note_cast(
                f"{ASKED}a set of texts, which are in any order, is gone through in that of letters"
            )
        if all(isinstance(value, Instance) or callable(value) for value in values):
            return sorted(values, key=machine.keyed.__getitem__)
        return sorted(values)
    except TypeError:
        raise UnsupportedError(
            "the order of a set of mixed items is left to chance", hint="use a list"
        ) from None


def iterated(machine: Machine, value: Any) -> Iterator[Any]:
    """The items one after another, so that what has them may change while it is gone through."""
    if isinstance(value, Once):
        return value.items
    if isinstance(value, Instance) and value.kind.find("__iter__") is not MISSING:
        found = machine.call(special(machine, value, "__iter__"), ())
        own = isinstance(found, Instance) and found.kind.find("__next__") is not MISSING
        return nexts(machine, found) if own else iterated(machine, found)
    if isinstance(value, Complex):
        return _of_complex(machine, value)
    if machine.is_tensor(value) and not value.shape:
        items(machine, value)
    if machine.is_tensor(value) and machine.program.naming.arrays != TORCH:
        return (index(machine, value, (k,)) for k in range(value.shape[0]))
    if isinstance(value, (dict, *DICTIONARY_VIEWS)):
        return _unchanged(value)
    # torch takes a tensor apart at once, in views
    return iter(items(machine, value))


def _of_complex(machine: Machine, value: Complex) -> Iterator[Complex]:
    """Complex numbers one after another."""
    parts = (value.re, value.im)
    count = max((len(p.shape) and p.shape[0]) for p in parts if p is not None)
    for k in range(count):
        yield Complex(*(None if p is None else index(machine, p, (k,)) for p in parts))


def nexts(machine: Machine, value: Instance) -> Iterator[Any]:
    """What an object gives one after another by its `__next__`."""
    step = special(machine, value, "__next__")

    def given(_: None) -> Any:
        return stepped(machine, step, ())

    # a generator would end where an error leaves it
    return map(given, repeat(None))


def stepped(machine: Machine, function: Any, args: tuple[Any, ...]) -> Any:
    """What a function gives to one of Python's own iterators, which goes on after errors.

    Raises `StopIteration`, which ends it, where the function does.
    """
    try:
        return machine.call(function, args)
    except GradcalcError as error:
        if error.python != "StopIteration":
            raise
        raise StopIteration from None


def generated(steps: Any) -> Generator[Any, Any, Any]:
    """What a generator gives, in which `StopIteration` is an error and no end."""
    try:
        return (yield from steps)
    except GradcalcError as error:
        if error.python != "StopIteration":
            raise
        said = "generator raised StopIteration"
        raise InvalidValueError(said, python="RuntimeError", said=said) from error


def _unchanged(held: Any) -> Iterator[Any]:
    """The items of a dictionary, which may not grow meanwhile."""
    try:
        yield from held
    except RuntimeError as error:
        raise InvalidValueError(str(error), python="RuntimeError") from None


def reshape(machine: Machine, value: Any, shape: tuple[int, ...]) -> Any:
    return apply(machine, BY_NAME["reshape"], {"x": value, "shape": shape})


def index(machine: Machine, value: Any, key: Key) -> Any:
    """What stands at a key: of a tensor, a list, a tuple or a range."""
    if not machine.is_tensor(value):
        found = sequence_item(value, key)
        _count_part(machine, found, key)
        part = machine.is_spelled(value) and isinstance(key[0], slice)
        return machine.spell(found) if part else found
    checked = key_within(machine, value, key)
    result = views.written(machine, value, checked)
    if result is None:
        result = apply(machine, BY_NAME["index"], {"x": value, "key": checked})
    return machine.mark_array(result) if any(item is Ellipsis for item in key) else result


def _count_part(machine: Machine, found: Any, key: Key) -> None:
    """Count a slice, which is a list or a text of its own."""
    if not isinstance(key[0], slice) or isinstance(found, range):
        return
    if isinstance(found, str):
        machine.count_text(len(found))
    else:
        machine.count_taken(len(found))


def key_within(machine: Machine, value: Any, key: Key) -> Key:
    """A key of a tensor with all that it leaves out."""
    try:
        return check_key(key, machine.shape(value))
    except ShapeError as error:
        # jax takes the nearest place that there is, and raises nothing
        error.python = None if machine.program.naming.arrays == JAX else "IndexError"
        raise


def as_floats(machine: Machine, value: Any) -> Any:
    """A tensor whose integers count as floats."""
    return binary(machine, "mul", value, 1.0) if machine.is_integer(value) else value


def _small(value: int | float) -> int | float:
    """The number, as a float where it is too large for torch's integers of 64 bits."""
    if isinstance(value, float) or abs(value) >= LARGEST_INTEGER:
        return plain.as_float(value)
    # torch refuses to subtract truth values
    return int(value)
