"""What was written of a function's derivatives, asked at the point and put in shape."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError
from gradcalc.testimony import Array


@dataclass(frozen=True, slots=True)
class Question:
    """What is checked: a function of arrays, what gives its gradient, and perhaps its Hessian.

    `leaves` are the inputs to differentiate by, by the names of its parameters; `call` calls a
    function with others in their place. With `paired` the function gives its gradient as well;
    `witness` is what the one that is judged is called. `data` are other arrays that it is called
    with, by name, in whose place others may be called too.
    """

    function: Callable[..., Any]
    leaves: Mapping[str, Array]
    call: Callable[[Callable[..., Any], Mapping[str, Any]], Any]
    name: str = "f"
    gradient: Callable[..., Any] | None = None
    paired: bool = False
    hessian: Callable[..., Any] | None = None
    witness: str = "df"
    seed: int = 0
    data: Mapping[str, Array] = field(default_factory=dict)


def fresh(leaves: Mapping[str, Array]) -> dict[str, Any]:
    """Inputs that may be written into."""
    return {name: np.array(value)[()] for name, value in leaves.items()}


def main_of(asked: Question, made: Any) -> Any:
    """What a function gives, without the gradient that it gives as well."""
    if not asked.paired:
        return made
    if not (isinstance(made, tuple) and len(made) in (2, 3)):
        raise InvalidValueError(
            f"{asked.name} gives no pair of its value and its gradient",
            hint="grad= takes the function that gives the gradient alone",
        )
    return made[0]


def value_of(asked: Question, made: Any) -> Array:
    """The value as numbers, a single one without a shape."""
    try:
        found = np.empty(0) if made is None else np.asarray(made, np.float64)
    except (TypeError, ValueError):
        found = np.empty(0)
    if not found.size or np.iscomplexobj(made):
        name = "None" if made is None else f"a value of type {type(made).__name__}"
        kind = "complex numbers" if np.iscomplexobj(made) else name
        raise InvalidValueError(
            f"{asked.name} gives back {kind}, and no real numbers to differentiate"
        )
    return found.reshape(()) if found.size == 1 else found


def _product(first: Array, second: Array, axes: int) -> Array:
    """The sum of products, rounded once."""
    wide: Any = np.asarray(first, np.longdouble)
    found = np.tensordot(wide, np.asarray(second, np.longdouble), axes)
    return np.asarray(found, np.float64)


def times(
    blocks: Mapping[tuple[str, str], Array], tangents: Mapping[str, Array]
) -> dict[str, Array]:
    """A Hessian times tangents."""
    found: dict[str, Array] = {}
    for (name, other), block in blocks.items():
        way = tangents[other]
        part = _product(block, way, way.ndim)
        found[name] = np.asarray(found[name] + part if name in found else part)
    return found


def blocks_of(asked: Question, value: Array) -> dict[tuple[str, str], Array]:
    """The Hessian that is judged, by pairs of inputs."""
    if asked.hessian is None:
        return {}
    if value.ndim:
        raise InvalidValueError(
            f"{asked.name} gives {value.size} numbers, and a Hessian is that of one"
        )
    names = list(asked.leaves)
    found = asked.call(asked.hessian, fresh(asked.leaves))
    rows = [found] if len(names) == 1 else _parts(asked, found, (), (len(names),))
    blocks = {}
    for name, row in zip(names, rows, strict=True):
        parts = [row] if len(names) == 1 else _parts(asked, row, asked.leaves[name].shape)
        for other, part in zip(names, parts, strict=True):
            shape = asked.leaves[name].shape + asked.leaves[other].shape
            blocks[name, other] = _shaped(asked, part, shape, f"{name}, {other}")
    return blocks


def gradients_of(
    asked: Question, plain: Any, value: Array, weights: Array | None
) -> dict[str, Array]:
    """What the gradient that is judged says, weighed as the output is."""
    if asked.paired:
        return weighed(asked, plain[1], value, weights)
    assert asked.gradient is not None
    return weighed(asked, asked.call(asked.gradient, fresh(asked.leaves)), value, weights)


def weighed(asked: Question, found: Any, value: Array, weights: Array | None) -> dict[str, Array]:
    """What was given as the gradient, put in shape and weighed."""
    names = list(asked.leaves)
    parts = [found] if len(names) == 1 else _parts(asked, found, value.shape)
    if len(names) == 1 and isinstance(found, tuple) and len(found) == 1:
        shape = asked.leaves[names[0]].shape
        parts = list(found) if np.shape(found[0]) == value.shape + shape else parts
    if len(names) == 1 and _is_elementwise(parts[0], value, asked.leaves[names[0]]):
        parts = [_diagonal(np.asarray(parts[0], np.float64))]
    gradients = {}
    for name, part in zip(names, parts, strict=True):
        numbers = _shaped(asked, part, value.shape + asked.leaves[name].shape, name)
        if weights is not None:
            numbers = _product(weights, numbers, weights.ndim)
        gradients[name] = np.asarray(numbers)
    return gradients


def _is_elementwise(found: Any, value: Array, leaf: Array) -> bool:
    """Whether slopes were given element by element, of a function that is of that kind."""
    shape = getattr(found, "shape", None)
    return leaf.size > 1 and value.shape == leaf.shape == shape


def _diagonal(slopes: Array) -> Array:
    """The Jacobian of what has these slopes element by element."""
    found = np.zeros((slopes.size, slopes.size))
    np.fill_diagonal(found, slopes)
    return found.reshape(slopes.shape * 2)


def is_stacked(
    found: Any, leaves: Mapping[str, Array], before: tuple[int, ...], behind: tuple[int, ...] = ()
) -> bool:
    """Whether one array has the derivatives by several inputs of one shape, one beside the other.

    `before` is the shape of what is differentiated, `behind` what stands behind that of an input.
    """
    shapes = {leaf.shape for leaf in leaves.values()}
    if not isinstance(found, np.ndarray) or len(shapes) != 1 or len(leaves) < 2:
        return False
    return bool(found.shape == (*before, len(leaves), *shapes.pop(), *behind))


def _parts(
    asked: Question, found: Any, before: tuple[int, ...], behind: tuple[int, ...] = ()
) -> list[Any]:
    """The derivatives by each input: of a tuple, or of one array that has them side by side."""
    count = len(asked.leaves)
    if is_stacked(found, asked.leaves, before, behind):
        return list(np.moveaxis(found, len(before), 0))
    if not isinstance(found, tuple | list) or len(found) != count:
        raise InvalidValueError(
            f"{asked.witness} gives {type(found).__name__}, and there are {count} inputs:"
            f" {', '.join(asked.leaves)}",
            hint="it gives a tuple, a gradient by each of them, in their order",
        )
    return list(found)


def _shaped(asked: Question, given: Any, shape: tuple[int, ...], name: str) -> Array:
    try:
        found = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        kind = type(given).__name__
        raise InvalidValueError(f"{asked.witness} gives a {kind}, no array of numbers") from None
    if found.shape == shape:
        return found
    if found.size == 1 and np.prod(shape, dtype=int) == 1:
        return found.reshape(shape)
    if found.shape == (1, *shape):
        # that of an output of one number that is an array
        return found.reshape(shape)
    raise InvalidValueError(
        f"{asked.witness} gives shape {found.shape} for {name}, where {shape} is that of a"
        f" {'Hessian' if asked.hessian else 'gradient'}"
    )


def moving(asked: Question, tangents: Mapping[str, Array]) -> Array:
    """How the value moves along the tangents, as the gradient says where there is one."""
    plain = asked.call(asked.function, fresh(asked.leaves))
    if asked.gradient is None and not asked.paired:
        return np.asarray(np.nan)
    first = replace(asked, hessian=None)
    found = gradients_of(first, plain, np.zeros(()), None)
    return np.asarray(sum(float(np.sum(found[name] * tangents[name])) for name in tangents))
