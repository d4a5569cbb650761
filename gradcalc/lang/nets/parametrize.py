"""`torch.nn.utils.parametrize`: a tensor of a module as what another module makes of parameters."""

from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.memory import Tensor
from gradcalc.lang.nets.containers import MODULE_DICT
from gradcalc.lang.nets.module import MODULE, TRAINING, is_module, is_parameter, parameter
from gradcalc.lang.objects import Class, Instance, Member, attribute, derived, has
from gradcalc.lang.words import told

HELD = "parametrizations"
"""The attribute that holds the lists of a module, by the names of the tensors."""


def _steps(made: Instance) -> list[Instance]:
    return [value for value in made.values.values() if is_module(value)]


def _originals(made: Instance) -> list[Any]:
    return [value for name, value in made.values.items() if name.startswith("original")]


def _forward(machine: Machine, made: Instance) -> Any:
    first, *rest = _steps(made)
    found = machine.call(first, tuple(_originals(made)))
    for step in rest:
        found = machine.call(step, (found,))
    return found


LIST = Class(
    "ParametrizationList",
    (MODULE,),
    {
        "forward": Builtin("forward", _forward, "the tensor"),
        "__len__": Builtin("len", lambda machine, made: len(_steps(made)), "how many there are"),
        "__getitem__": Builtin("[]", lambda machine, made, key: _steps(made)[key], "one of them"),
        "__iter__": Builtin("iter", lambda machine, made: _steps(made), "one by one"),
    },
    runs="forward",
    library=True,
)


def _back(machine: Machine, step: Instance, value: Any) -> Any:
    """What a module makes a tensor of, None where it does not say so."""
    if not has(step, "right_inverse"):
        return None
    # as torch asks for it: no gradient passes
    machine.frozen += 1
    try:
        return machine.call(attribute(machine, step, "right_inverse"), (value,))
    finally:
        machine.frozen -= 1


def _originally(machine: Machine, given: Tensor, made: Any) -> Any:
    """A tensor of which another is made: a parameter where that was one."""
    return parameter(machine, made, given.trains) if is_parameter(given) else made


def _trains(module: Instance) -> bool:
    return bool(module.values.get(TRAINING, module.kind.find(TRAINING)))


def _start(machine: Machine, module: Instance, name: str, step: Instance) -> Instance:
    given = module.values.get(name)
    if not isinstance(given, Tensor):
        raise InvalidValueError(
            f"{module.kind.name} has no parameter and no buffer called {name!r}",
            python="ValueError",
        )
    found = _back(machine, step, given)
    if found is None:
        values = {"original": given}
    elif isinstance(found, tuple | list):
        values = {f"original{i}": _originally(machine, given, one) for i, one in enumerate(found)}
    else:
        values = {"original": _originally(machine, given, found)}
    return Instance(LIST, {TRAINING: _trains(module), **values, "0": step})


def _check(before: Any, found: Any) -> None:
    """What torch asks of a new parametrization."""
    if not isinstance(found, Tensor) or found.shape != before.shape:
        raise InvalidValueError(
            "a parametrization gives a tensor of another shape than it is given",
            hint="unsafe=True lets it",
            python="ValueError",
        )


def register(
    machine: Machine, module: Any, tensor_name: Any, parametrization: Any, *, unsafe: Any = False
) -> Any:
    """`register_parametrization`: the attribute is worked out whenever it is read."""
    name = told(tensor_name)
    if not is_module(module) or not is_module(parametrization):
        raise UnsupportedError("what is parametrised is a tensor of a module, by a module")
    machine.call(attribute(machine, parametrization, "train"), (_trains(module),))
    held = module.values.get(HELD)
    given = module.values.get(name)
    # what torch runs to check it may change what it is made of
    machine.nets.making += 1
    try:
        if held is not None and name in held.values:
            made = held.values[name]
            if not unsafe:
                before = _forward(machine, made)
                _check(before, machine.call(parametrization, (before,)))
            made.values[str(len(_steps(made)))] = parametrization
            return module
        made = _start(machine, module, name, parametrization)
        if not unsafe:
            _check(given, _forward(machine, made))
    finally:
        machine.nets.making -= 1

    def read(machine: Machine, one: Instance) -> Any:
        return _forward(machine, one.values[HELD].values[name])

    # torch makes a class of its own for a module that it parametrises
    shown = f"Parametrized{module.kind.name}" if held is None else None
    if held is None:
        held = module.values[HELD] = Instance(MODULE_DICT, {})
    del module.values[name]
    held.values[name] = made
    getter = Member("property", Builtin(name, read, f"the {name}"))
    module.kind = derived(module.kind, {name: getter}, shown)
    return module


REGISTER = Builtin(
    "register_parametrization", register, "register_parametrization(module, name, parametrization)"
)
PARAMETRIZE = {"register_parametrization": REGISTER}
"""What `torch.nn.utils.parametrize` has."""
