"""The functions of the language that are not primitives: sizes, constants, detach, numbers.

Each takes the machine that runs the program and the arguments.
"""

import ast
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError, brief
from gradcalc.lang import (
    attributes,
    complexes,
    memory,
    narrow,
    objects,
    operators,
    ops,
    plain,
    pythons,
    thrown,
    views,
    words,
)
from gradcalc.lang.backend import check_elements
from gradcalc.lang.collecting import Named
from gradcalc.lang.machine import Builtin, Complex, Machine, Once
from gradcalc.lang.memory import Tensor
from gradcalc.lang.objects import Class, Instance, Member
from gradcalc.lang.program import NUMPY, TORCH, text_of
from gradcalc.lang.types import isinstance_of

Call = Callable[..., Any]


def _detach(machine: Machine, value: Any) -> Any:
    call = machine.node
    assert isinstance(call, ast.Call)
    behind = call.func.value if isinstance(call.func, ast.Attribute) and not call.args else None
    source = text_of(behind or call.args[0], machine.source)
    name = source if source.isidentifier() else None
    machine.note("detach", source, call, value)
    return machine.detach(value, name)


def _no_grad_misused(machine: Machine) -> Any:
    raise UnsupportedError("no_grad() stands behind with", hint="with torch.no_grad():")


REFUSED = ("ValueError", "TypeError")
"""What torch and numpy raise where a number is wanted of several elements."""


def _number(kind: str) -> Call:
    def convert(machine: Machine, value: Any = 0, base: Any = None) -> Any:
        if base is not None:
            return _of_base(machine, kind, value, base)
        if isinstance(value, str):
            value = _number_of_word(kind, value)
        if machine.is_tensor(value):
            if ops.size(machine, value) != 1:
                names = ("RuntimeError", "ValueError") if kind == "item" else REFUSED
                raise ShapeError(
                    f"{kind}() takes one number, not a tensor of shape {ops.shape(machine, value)}",
                    python=ops.raised(machine, *names),
                )
            if kind != "int" and (machine.numbers or machine.program.naming.arrays == NUMPY):
                # where nothing is differentiated it is that number
                return ops.as_floats(machine, ops.reshape(machine, value, ()))
            if machine.carries(value):
                machine.note(kind, text_of(machine.node, machine.source), machine.node, value)
            if kind == "int" and (machine.carries(value) or narrow.roughness([value])):
                # which says where it jumps
                value = ops.call(machine, "trunc", value)
            if kind != "int":
                return _wide(machine.detach(machine.copy(ops.reshape(machine, value, ())), None))
            value = machine.number(value)
        if not plain.is_number(value):
            raise InvalidValueError(
                f"{kind}() takes one number, not {machine.describe(value)}", python="TypeError"
            )
        if kind != "int":
            return value if kind == "item" else plain.as_float(value)
        if not math.isfinite(value):
            raise InvalidValueError(
                f"int() takes a finite number, not {value}",
                python="ValueError" if math.isnan(value) else "OverflowError",
            )
        return int(value)

    return convert


def _of_base(machine: Machine, kind: str, word: Any, base: Any) -> float:
    """A whole number that is written in another base than ten."""
    if kind != "int" or not isinstance(word, str):
        raise InvalidValueError(
            f"{kind}() can't convert non-string with explicit base"
            if kind == "int"
            else f"{kind}() takes one number",
            python="TypeError",
        )
    return _number_of_word(kind, word, ops.integer(machine, base))


def _number_of_word(kind: str, word: str, base: int = 10) -> float:
    """Python's reading of a text, which is data."""
    words.told(word)
    try:
        return int(word, base) if kind == "int" else float(word)
    except ValueError as error:
        raise InvalidValueError(
            f"{brief(repr(word))} is not a number", python="ValueError", said=str(error)
        ) from None


def _to_list(machine: Machine, value: Any) -> Any:
    """The numbers as Python's, in lists of lists: of torch's tensors they pass no gradient back."""
    if not machine.is_tensor(value) or not machine.shape(value):
        return _number("item")(machine, value)
    if machine.program.naming.arrays != NUMPY and machine.carries(value):
        machine.note("item", text_of(machine.node, machine.source), machine.node, value)
        value = machine.detach(machine.copy(value), None)
    return _in_lists(machine, value)


def _wide(value: Any) -> Any:
    """A number as Python's own, whose integers have no end."""
    value.width = ""
    return value


def _in_lists(machine: Machine, value: Any) -> Any:
    if not machine.shape(value):
        return _wide(machine.copy(value))
    return [_in_lists(machine, row) for row in ops.items(machine, value)]


def _length(machine: Machine, value: Any) -> int:
    if isinstance(value, range):
        return _in_range(value)
    if isinstance(value, list | tuple):
        return len(value)
    if isinstance(value, (dict, set, str, *ops.DICTIONARY_VIEWS)):
        return len(words.told(value))
    if isinstance(value, Class) and value.listed is not None:
        return len(set(map(id, value.listed.values())))
    if isinstance(value, Instance):
        return int(machine.call(objects.special(machine, value, "__len__"), ()))
    complex_shape = complexes.shape(value) if isinstance(value, Complex) else None
    shape: tuple[int, ...] = complex_shape or ops.shape(machine, value)
    if not shape:
        hint = "x.numel() counts elements"
        raise ShapeError("len() of a scalar", hint=hint, python="TypeError")
    return shape[0]


def _in_range(numbers: range) -> int:
    try:
        return len(numbers)
    except OverflowError:
        raise InvalidValueError(
            f"len() of a range of more than {sys.maxsize:,} numbers", python="OverflowError"
        ) from None


def _range(machine: Machine, *bounds: Any) -> range:
    return range(*(ops.integer(machine, bound) for bound in bounds))


def _slice(machine: Machine, *bounds: Any) -> slice:
    ends = [None if bound is None else ops.integer(machine, bound) for bound in bounds]
    return slice(*ends)


def _enumerate(machine: Machine, iterable: Any, start: int = 0) -> Once:
    return Once(
        "enumerate", enumerate(ops.iterated(machine, iterable), ops.integer(machine, start))
    )


def _zip(machine: Machine, *values: Any, strict: bool = False) -> Once:
    parts = [ops.iterated(machine, value) for value in values]
    return Once("zip", _side_by_side(parts) if strict else zip(*parts, strict=False))


def _side_by_side(parts: list[Iterator[Any]]) -> Iterator[tuple[Any, ...]]:
    try:
        yield from zip(*parts, strict=True)
    except ValueError:
        raise ShapeError("zip of different lengths") from None


def _sizes(machine: Machine, shape: tuple[Any, ...]) -> tuple[int, ...]:
    if len(shape) == 1 and isinstance(shape[0], list | tuple):
        shape = tuple(shape[0])
    sizes = tuple(ops.integer(machine, size) for size in shape)
    if any(size < 0 for size in sizes):
        raise InvalidValueError(f"a size cannot be negative: {plain.show(min(sizes))}")
    check_elements("this", math.prod(sizes), machine.limits.elements)
    return sizes


def _filled(value: float) -> Call:
    def fill(machine: Machine, *shape: Any, size: Any = None) -> Any:
        sizes = _sizes(machine, shape if size is None else (size,))
        return machine.mark_array(machine.constant(np.full(sizes, value)))

    return fill


def _empty(machine: Machine, *shape: Any, size: Any = None) -> Any:
    made: Tensor = _filled(0.0)(machine, *shape, size=size)
    return memory.unfilled(made, text_of(machine.node, machine.source))


def _full(machine: Machine, size: Any, fill_value: Any) -> Any:
    sizes = _sizes(machine, (size,))
    if isinstance(fill_value, bool):
        return ops.binary(machine, "eq", machine.constant(np.ones(sizes)), int(fill_value))
    filled = ops.binary(machine, "mul", machine.constant(np.ones(sizes)), fill_value)
    filled = machine.mark_integer(filled) if type(fill_value) is int else filled
    return machine.mark_array(filled)


def _eye(machine: Machine, n: Any, m: Any = None) -> Any:
    rows, columns = _sizes(machine, (n, n if m is None else m))
    return machine.constant(np.eye(rows, columns))


def _plain(machine: Machine, values: tuple[Any, ...]) -> list[float]:
    ops.refuse_gradient(machine, "a bound", *values)
    return [machine.number(v) if machine.is_tensor(v) else plain.as_float(v) for v in values]


def _arange(machine: Machine, *bounds: Any) -> Any:
    start, stop, step = {1: (0.0, bounds[0], 1.0), 2: (*bounds, 1.0), 3: bounds}[len(bounds)]
    others = () if len(bounds) == 1 else (bounds[0], *bounds[2:])
    counts = all(type(other) is int for other in others)
    if counts and machine.is_tensor(stop) and machine.carries(stop):
        # as a size: what is a whole number may be data
        raise InvalidValueError(
            "a bound that depends on an input has no gradient here",
            hint="it is a fixed number in detach(...), or where --wrt leaves its input out",
        )
    numbers = _plain(machine, (start, stop, step))
    if numbers[2] == 0 or not all(map(math.isfinite, numbers)):
        raise InvalidValueError("arange needs finite bounds and a step that is not 0")
    _sizes(machine, (max(0, math.ceil((numbers[1] - numbers[0]) / numbers[2])),))
    counted = machine.constant(np.arange(*numbers))
    return machine.mark_integer(counted) if all(type(b) is int for b in bounds) else counted


def _linspace(machine: Machine, start: Any, end: Any, steps: Any = 50) -> Any:
    (count,) = _sizes(machine, (steps,))
    first, last = _plain(machine, (start, end))
    return machine.constant(np.linspace(first, last, count))


def _size(machine: Machine, value: Any, dim: Any = None) -> Any:
    shape = ops.shape(machine, value)
    if dim is None:
        return shape
    position = ops.integer(machine, dim)
    if not -len(shape) <= position < len(shape):
        raise ShapeError(f"dimension {position} of a tensor of shape {shape}")
    return shape[position]


def _is_instance(
    machine: Machine, value: Any, words: Any, kinds: str = "", exact: bool = False
) -> bool:
    """Of the program's own classes first, then of those that libraries have."""
    left: list[str] = []
    if not isinstance(words, str):
        return isinstance_of(machine, value, words, kinds, exact)
    for word in words.split():
        frame = machine.frame.find(word)
        kind = frame.values[word] if frame is not None else thrown.EXCEPTIONS.get(word)
        if hasattr(value, "_fields") and (word == "tuple" or isinstance(kind, Named)):
            own = kind.kind if isinstance(kind, Named) else tuple
            if type(value) is own if exact else isinstance(value, own):
                return True
        elif not isinstance(kind, Class | Named):
            left.append(word)
        elif isinstance(value, Instance) and kind in value.kind.line:
            return kind is value.kind or not exact
    value = objects.value_of(value)
    if isinstance(value, Instance):
        return "object" in left or any(_is_layer(value, word, exact) for word in left)
    if not left:
        return False
    return isinstance_of(machine, value, " ".join(left), kinds, exact)


BASES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("GRU", "LSTM", "RNN"), "RNNBase"),
        **dict.fromkeys(("GRUCell", "LSTMCell", "RNNCell"), "RNNCellBase"),
        **{f"Conv{n}d": "_ConvNd" for n in "123"},
        **{f"ConvTranspose{n}d": "_ConvTransposeNd" for n in "123"},
        "_ConvTransposeNd": "_ConvNd",
        **{f"BatchNorm{n}d": "_BatchNorm" for n in "123"},
        **{f"InstanceNorm{n}d": "_InstanceNorm" for n in "123"},
        **dict.fromkeys(("_BatchNorm", "_InstanceNorm"), "_NormBase"),
        **{f"LazyConv{kind}{n}d": f"Conv{kind}{n}d" for kind in ("", "Transpose") for n in "123"},
        **dict.fromkeys(("UpsamplingBilinear2d", "UpsamplingNearest2d"), "Upsample"),
        **{f"ZeroPad{n}d": f"ConstantPad{n}d" for n in "123"},
        "LazyLinear": "Linear",
        "NLLLoss2d": "NLLLoss",
        "ReLU6": "Hardtanh",
    }
)
"""Layers of torch that are made from another one beside Module."""


def _is_layer(value: Instance, word: str, exact: bool) -> bool:
    """Whether an object is of a class of torch's networks."""
    module, _, name = word.rpartition(".")
    if not module.startswith("torch.nn"):
        return False
    if module.split(".")[2:3] in (["qat"], ["quantized"], ["intrinsic"], ["quantizable"]):
        # layers of their own, by the same names
        return False
    line = [one.name for one in value.kind.line if one.library]
    while further := [BASES[one] for one in line if one in BASES and BASES[one] not in line]:
        line += further
    found = name in line
    # imported where it is used: the layers are written in the language
    from gradcalc.lang.nets.containers import CONTAINERS
    from gradcalc.lang.nets.layers import COMPOSED, LAYERS
    from gradcalc.lang.nets.lazy import LAZY

    known = {*LAYERS, *COMPOSED, *LAZY, *CONTAINERS, *BASES.values(), "Module"}
    if not found and line and name not in known:
        raise UnsupportedError(
            f"whether {value.kind.name} counts as {brief(word)} is not known here",
            hint="ask for the class of the layer itself",
        )
    return name == value.kind.name and value.kind.library if exact else found


def _counted(machine: Machine, value: Any) -> Iterator[Any]:
    """The items of a value one after another, each of them a step."""
    for item in ops.iterated(machine, value):
        machine.budget.tick()
        yield item


def _every(join: str) -> Call:
    ends = join == "logical_or"

    def every(machine: Machine, value: Any) -> Any:
        if isinstance(
            value, (Once, list, tuple, range, dict, set, Instance, *ops.DICTIONARY_VIEWS)
        ):
            found = (operators.truth(machine, item) for item in _counted(machine, value))
            return any(found) if ends else all(found)
        return operators.holds(machine, value, join)

    return every


def _sum(machine: Machine, *args: Any, **kwargs: Any) -> Any:
    """Python's sum of a list adds its items; the sum of a tensor is the primitive."""
    added = (list, tuple, range, set, dict, Once, Instance, *ops.DICTIONARY_VIEWS)
    if args and isinstance(args[0], added):
        start = args[1] if len(args) == 2 else kwargs.get("start", 0)
        if len(args) + len(kwargs) <= 2 and (kwargs.keys() <= {"start"}):
            for item in _counted(machine, args[0]):
                start = operators.named(machine, "add", start, item)
            return start
    return ops.call(machine, "sum", *args, **kwargs)


def _transposed(machine: Machine, *args: Any, **kwargs: Any) -> Any:
    """An order of three dimensions or more can only be all of them, as numpy's transpose has it."""
    order = args[1:] if len(args) > 3 else args[1] if len(args) == 2 else None
    if isinstance(order, list | tuple) and not kwargs:
        return ops.call(machine, "permute", args[0], order)
    return ops.call(machine, "transpose", *args, **kwargs)


def _extreme(name: str) -> Call:
    elementwise = {"max": "maximum", "min": "minimum"}[name]

    def extreme(machine: Machine, *args: Any, **kwargs: Any) -> Any:
        if kwargs.keys() & {"key", "default"} or (
            args and isinstance(args[0], (Once, set, dict, Instance, *ops.DICTIONARY_VIEWS))
        ):
            return pythons.extreme(machine, name, args, **kwargs)
        if len(args) == 1 and isinstance(args[0], list | tuple) and not kwargs:
            machine.budget.tick(len(args[0]))
            args = tuple(args[0])
            if len(args) == 1:
                return args[0]
        if any(isinstance(item, str) for item in args):
            return pythons.extreme(machine, name, (args if len(args) > 1 else args[0],))
        if len(args) < 2 or kwargs:
            return ops.call(machine, name, *args, **kwargs)
        method = isinstance(machine.node, ast.Call) and isinstance(machine.node.func, ast.Attribute)
        if machine.is_tensor(args[0]) and ops.shape(machine, args[0]) and type(args[1]) is int:
            if method:
                return ops.call(machine, name, *args, **kwargs)
            raise UnsupportedError(
                f"{name}(x, {plain.show(args[1])}) could mean two things",
                hint=f"write {elementwise}(x, y), or a{name}(x, dim={plain.show(args[1])})",
            )
        result = args[0]
        for item in args[1:]:
            result = ops.binary(machine, elementwise, result, item)
        return result

    return extreme


def _static(machine: Machine, function: Any) -> Member:
    return Member("staticmethod", function)


def _of_class(machine: Machine, function: Any) -> Member:
    return Member("classmethod", function)


def _complex(machine: Machine, real: Any = 0.0, imag: Any = 0.0) -> Any:
    if machine.program.naming.arrays == TORCH:
        # plain numbers, as float() makes of torch's tensors
        number = _number("complex")
        real, imag = (number(machine, v) if machine.is_tensor(v) else v for v in (real, imag))
    one = complexes.of(machine, 1j)
    product = complexes.operated(machine, ast.Mult, imag, one)
    return complexes.operated(machine, ast.Add, real, product)


def _norm(machine: Machine, *args: Any, **kwargs: Any) -> Any:
    """Of a matrix, `norm(A, 2)` is its largest singular value to some and the root of the sum of
    squares to others."""
    order = args[1] if len(args) > 1 else kwargs.get("p", kwargs.get("ord"))
    if "ord" in kwargs:
        kwargs = {**{k: v for k, v in kwargs.items() if k != "ord"}, "p": kwargs["ord"]}
    plain = not any(key in kwargs for key in ("dim", "axis")) and len(args) < 3
    if args and plain and order not in (None, "fro") and machine.is_tensor(args[0]):
        shape = ops.shape(machine, args[0])
        if len(shape) == 2:
            shown = repr(order) if isinstance(order, str) else machine.describe(order)
            raise UnsupportedError(
                f"norm(A, {brief(shown)}) of a matrix could mean two things",
                hint=f"for its elements write norm(reshape(A, -1), {brief(shown)})",
            )
    return ops.call(machine, "norm", *args, **kwargs)


ROWS = (
    Builtin("detach", _detach, "the value, passing no gradient back", method=True),
    Builtin("stop_gradient", _detach, "the value, passing no gradient back"),
    Builtin("no_grad", _no_grad_misused, "with no_grad(): passes no gradient back"),
    Builtin("item", _number("item"), "one number, passing no gradient back", method=True),
    Builtin("tolist", _to_list, "the numbers in lists, passing no gradient back", method=True),
    Builtin("complex", _complex, "a complex number of its parts"),
    Builtin("float", _number("float"), "one number, passing no gradient back"),
    Builtin("int", _number("int"), "one whole number, passing no gradient back"),
    Builtin("bool", lambda m, value: operators.truth(m, value), "the truth of one number"),
    Builtin("len", _length, "the size of the first dimension"),
    Builtin("range", _range, "whole numbers to count with"),
    Builtin("slice", _slice, "what stands between brackets with a colon"),
    Builtin("enumerate", _enumerate, "pairs of a count and an item"),
    Builtin("zip", _zip, "tuples of items side by side"),
    *(
        Builtin(
            name,
            lambda m, value: ops.tensor(m, value),
            "a tensor of numbers or tensors in lists",
        )
        for name in ("tensor", "array", "as_tensor", "asarray")
    ),
    Builtin("zeros", _filled(0.0), "a tensor of zeros"),
    Builtin("empty", _empty, "a tensor to be filled before it is read"),
    Builtin("ones", _filled(1.0), "a tensor of ones"),
    Builtin("full", _full, "a tensor of one value"),
    Builtin("eye", _eye, "the identity matrix"),
    Builtin("arange", _arange, "evenly spaced numbers, by their step"),
    Builtin("linspace", _linspace, "evenly spaced numbers, by their count"),
    Builtin("size", _size, "the sizes, or that of one dimension", method=True),
    Builtin("numel", lambda m, x: ops.size(m, x), "the number of elements", method=True),
    Builtin("dim", lambda m, x: len(ops.shape(m, x)), "how many dimensions", method=True),
    Builtin("ndim", lambda m, x: len(ops.shape(m, x)), "how many dimensions"),
    Builtin("shape", lambda m, x: ops.shape(m, x), "the sizes"),
    Builtin("all", _every("logical_and"), "whether every element is true", method=True),
    Builtin("any", _every("logical_or"), "whether some element is true", method=True),
    Builtin("object", lambda m: Instance(objects.OBJECT), "an object that equals no other"),
    Builtin("isinstance", _is_instance, "whether a value is of a type"),
    Builtin("staticmethod", _static, "a function of a class that is told no object"),
    Builtin("classmethod", _of_class, "a function of a class that is told the class"),
    Builtin(
        "clone", lambda m, value: m.copy(value), "the tensor in memory of its own", method=True
    ),
    Builtin("contiguous", views.contiguous, "the tensor, its elements in order", method=True),
    Builtin("sum", _sum, "the sum of all elements, or along dim", method=True),
    Builtin("transpose", _transposed, "two dimensions swapped, or all in an order", method=True),
    Builtin("max", _extreme("max"), "the largest element, or of several", method=True),
    Builtin("min", _extreme("min"), "the smallest element, or of several", method=True),
    *(Builtin(name, call, doc) for name, call, doc in (*pythons.ROWS, *attributes.ROWS)),
    Builtin("norm", _norm, "the p-norm of the elements", method=True),
)

BUILTINS: Mapping[str, Builtin] = MappingProxyType({row.name: row for row in ROWS})
