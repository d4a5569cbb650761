"""Random numbers as Python's own module draws them."""

from typing import Any

from gradcalc.errors import InvalidValueError
from gradcalc.lang import chance, ops
from gradcalc.lang.chance import Source
from gradcalc.lang.dialects.readings import drawing
from gradcalc.lang.dialects.readings.drawn import data_of, noted, seed_of, shuffled
from gradcalc.lang.machine import Machine


def _pythons(machine: Machine, source: Any) -> Source:
    return machine.dice.python if source is None else source


@drawing
def pythons(machine: Machine, name: str, self: Any = None, **given: Any) -> Any:
    """A function of Python's random, of numbers that are given."""
    source = _pythons(machine, self)
    first, last = [*given.values(), 0.0, 0.0][:2]
    if name in ("uniform", "gauss", "normalvariate") and any(
        map(machine.is_tensor, given.values())
    ):
        engine = noted(machine, source)
        if name == "uniform":
            wide = ops.binary(machine, "sub", last, first)
            return ops.binary(
                machine, "add", first, ops.binary(machine, "mul", wide, engine.random())
            )
        drawn = getattr(engine, name)(0.0, 1.0)
        return ops.binary(machine, "add", first, ops.binary(machine, "mul", drawn, last))
    values = [data_of(machine, value, f"{n} of {name}") for n, value in given.items()]
    values = [part for value in values for part in (value if type(value) is tuple else (value,))]
    return getattr(noted(machine, source), name)(*values)


@drawing
def pythons_chosen(machine: Machine, name: str, self: Any = None, **given: Any) -> Any:
    """Python's choice, choices and sample: items of what is given."""
    items, *rest = given.values()
    items = ops.items(machine, items)
    found = getattr(noted(machine, _pythons(machine, self)), name)
    places = found(range(len(items)), *[ops.integer(machine, number) for number in rest])
    return items[places] if isinstance(places, int) else [items[place] for place in places]


@drawing
def pythons_shuffled(machine: Machine, x: Any, self: Any = None) -> None:
    """Python's shuffle of a list."""
    if not isinstance(x, list):
        raise InvalidValueError(
            f"{machine.describe(x)} cannot be shuffled", hint="make a list of it"
        )
    shuffled(machine, x, _pythons(machine, self))


@drawing
def pythons_seed(machine: Machine, a: Any, self: Any = None) -> None:
    """Python's seed."""
    _pythons(machine, self).begin(seed_of(machine, a))


@drawing
def pythons_generator(machine: Machine, x: Any) -> Source:
    """random.Random."""
    return machine.dice.made(chance.PYTHONS, None if x is None else seed_of(machine, x))
