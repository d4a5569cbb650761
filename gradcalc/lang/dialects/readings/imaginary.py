"""Complex numbers, made of real ones and taken apart again."""

import ast
from typing import Any

from gradcalc.errors import ShapeError, UnsupportedError
from gradcalc.lang import complexes, ops
from gradcalc.lang.dialects.readings import called
from gradcalc.lang.machine import Complex, Machine


def of_parts(machine: Machine, real: Any, imag: Any) -> Complex:
    """torch.complex: the real and the imaginary part."""
    parts = (ops.as_floats(machine, ops.tensor(machine, part)) for part in (real, imag))
    return complexes.made(machine, *parts)


def of_angle(machine: Machine, **values: Any) -> Complex:
    """torch.polar and cmath.rect: how large, and the angle."""
    size, angle = (ops.tensor(machine, value) for value in values.values())
    if called(machine) == "polar" and not (machine.elements(size) > 0).all():
        raise UnsupportedError(
            "torch's polar has another gradient where a size is not positive",
            hint="write torch.complex(r*torch.cos(t), r*torch.sin(t))",
        )
    waves = (ops.call(machine, name, angle) for name in ("cos", "sin"))
    return complexes.made(machine, *(ops.binary(machine, "mul", size, wave) for wave in waves))


def of_pairs(machine: Machine, input: Any) -> Complex:
    """torch.view_as_complex: both parts along the last dimension."""
    shape = ops.shape(machine, input)
    if not shape or shape[-1] != 2:
        raise ShapeError("view_as_complex has 2 numbers along the last dimension")
    machine.imaginary = True
    # they are views, as torch's is
    return Complex(*(ops.index(machine, input, (Ellipsis, k)) for k in (0, 1)))


def by_element(machine: Machine, name: str, **values: Any) -> Any:
    """A function of each element."""
    (value,) = values.values()
    if name == "imag" and not isinstance(value, Complex):
        return complexes.no_part(machine, ops.tensor(machine, value))
    return complexes.ELEMENTS[name](machine, complexes.of(machine, value))


def angle(machine: Machine, z: Any, deg: Any) -> Any:
    """numpy's angle, in degrees where they are asked for."""
    found = by_element(machine, "angle", z=z)
    return ops.call(machine, "rad2deg", found) if deg else found


def logarithm(machine: Machine, z: Any, base: Any) -> Any:
    """cmath.log, to any base."""
    parts = [complexes.ELEMENTS["log"](machine, complexes.of(machine, v)) for v in (z, base)]
    return complexes.operated(machine, ast.Div, *parts)


def size_and_angle(machine: Machine, x: Any) -> tuple[Any, Any]:
    """cmath.polar."""
    z = complexes.of(machine, x)
    return complexes.size(machine, z), complexes.angle(machine, z)


def is_of_kind(machine: Machine, name: str, x: Any) -> bool:
    """numpy's iscomplexobj and isrealobj."""
    return isinstance(x, Complex) is (name == "iscomplexobj")
