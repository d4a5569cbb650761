"""Modules that hold others, and lists of parameters."""

from collections.abc import Iterable
from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import containers, ops
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.memory import Tensor
from gradcalc.lang.nets.module import MODULE, is_module, is_parameter, parameter
from gradcalc.lang.objects import Class, Instance


def _held(container: Instance) -> dict[str, Any]:
    """What a container holds, by name."""
    return {
        name: value
        for name, value in container.values.items()
        if is_module(value) or is_parameter(value)
    }


def _put(machine: Machine, container: Instance, values: Iterable[Any]) -> None:
    """Numbers are the names of what a list holds."""
    start = len(_held(container))
    for place, value in enumerate(values, start):
        container.values[str(place)] = _fitting(machine, container, value)


def _fitting(machine: Machine, container: Instance, value: Any) -> Any:
    if any(base in container.kind.line for base in (PARAMETER_LIST, PARAMETER_DICT)):
        if not isinstance(value, Tensor):
            raise UnsupportedError(
                f"{container.kind.name} holds parameters here, not {machine.describe(value)}"
            )
        return value if is_parameter(value) else parameter(machine, value)
    if not is_module(value):
        raise InvalidValueError(
            f"{container.kind.name} holds modules, not {machine.describe(value)}",
            python="TypeError",
        )
    return value


def _named(machine: Machine, container: Instance, given: Any) -> None:
    held = _held(given) if isinstance(given, Instance) else containers.mapping(machine, given)
    for name, value in held.items():
        container.values[name] = _fitting(machine, container, value)


# -- methods -------------------------------------------------------------------------------------


def _start_list(machine: Machine, container: Instance, values: Any = None) -> None:
    if values is not None:
        _put(machine, container, ops.items(machine, values))


def _start_row(machine: Machine, container: Instance, *values: Any) -> None:
    if len(values) == 1 and isinstance(values[0], dict):
        _named(machine, container, values[0])
    else:
        _put(machine, container, values)


def _start_dict(machine: Machine, container: Instance, values: Any = None) -> None:
    if values is not None:
        _named(machine, container, values)


def _forward(machine: Machine, container: Instance, input: Any) -> Any:
    own = container.kind.find("__iter__")
    held = _held(container).values() if isinstance(own, Builtin) else ops.items(machine, container)
    for module in held:
        input = machine.call(module, (input,))
    return input


def _append(machine: Machine, container: Instance, value: Any) -> Instance:
    _put(machine, container, [value])
    return container


def _extend(machine: Machine, container: Instance, values: Any) -> Instance:
    _put(machine, container, ops.items(machine, values))
    return container


def _insert(machine: Machine, container: Instance, index: Any, value: Any) -> Instance:
    held = list(_held(container).values())
    held.insert(ops.integer(machine, index), value)
    for name in _held(container):
        del container.values[name]
    _put(machine, container, held)
    return container


def _item(machine: Machine, container: Instance, key: Any) -> Any:
    held = _held(container)
    if isinstance(key, str):
        if key not in held:
            raise InvalidValueError(f"there is no {key!r} in it", python="KeyError")
        return held[key]
    if isinstance(key, slice):
        part = Instance(container.kind, {})
        _put(machine, part, list(held.values())[key])
        return part
    place = ops.integer(machine, key)
    if not -len(held) <= place < len(held):
        raise InvalidValueError(f"{len(held)} modules have no {place}", python="IndexError")
    return list(held.values())[place]


def _set(machine: Machine, container: Instance, key: Any, value: Any) -> None:
    fitting = _fitting(machine, container, value)
    if isinstance(key, str):
        container.values[key] = fitting
        return
    names = list(_held(container))
    place = ops.integer(machine, key)
    if not -len(names) <= place < len(names):
        raise InvalidValueError(f"{len(names)} modules have no {place}", python="IndexError")
    container.values[names[place]] = fitting


COMMON = {
    "__len__": Builtin("len", lambda machine, one: len(_held(one)), "how many it holds"),
    "__getitem__": Builtin("[]", _item, "what stands there"),
    "__setitem__": Builtin("[]", _set, "puts something there"),
}
LIST = COMMON | {
    "__iter__": Builtin("iter", lambda machine, one: list(_held(one).values()), "one by one"),
    "append": Builtin("append", _append, "append(module)"),
    "extend": Builtin("extend", _extend, "extend(modules)"),
    "__iadd__": Builtin("+=", _extend, "puts modules behind its own"),
    "insert": Builtin("insert", _insert, "insert(index, module)"),
}
NAMES = COMMON | {
    "__iter__": Builtin("iter", lambda machine, one: list(_held(one)), "the names"),
    "__contains__": Builtin("in", lambda machine, one, key: key in _held(one), "whether it is"),
    "keys": Builtin("keys", lambda machine, one: list(_held(one)), "keys()"),
    "values": Builtin("values", lambda machine, one: list(_held(one).values()), "values()"),
    "items": Builtin("items", lambda machine, one: list(_held(one).items()), "items()"),
    "update": Builtin("update", _named, "update(modules)"),
}


def _container(name: str, members: dict[str, Builtin], start: Any) -> Class:
    own = {**members, "__init__": Builtin("__init__", start, f"nn.{name}(...)")}
    return Class(name, (MODULE,), own, runs="forward", library=True)


SEQUENTIAL = _container(
    "Sequential", LIST | {"forward": Builtin("forward", _forward, "one after another")}, _start_row
)
MODULE_LIST = _container("ModuleList", LIST, _start_list)
MODULE_DICT = _container("ModuleDict", NAMES, _start_dict)
PARAMETER_LIST = _container("ParameterList", LIST, _start_list)
PARAMETER_DICT = _container("ParameterDict", NAMES, _start_dict)
IDENTITY = _container(
    "Identity",
    {"forward": Builtin("forward", lambda machine, one, input: input, "the input itself")},
    lambda machine, one, *args, **kwargs: None,
)


def _start_loss(
    machine: Machine, one: Instance, size_average: Any = None, reduce: Any = None,
    reduction: Any = "mean",
) -> None:  # fmt: skip
    if size_average is not None or reduce is not None:
        raise UnsupportedError("size_average and reduce are of old", hint="write reduction='sum'")
    one.values["reduction"] = reduction


def _start_weighted(
    machine: Machine, one: Instance, weight: Any = None, size_average: Any = None,
    reduce: Any = None, reduction: Any = "mean",
) -> None:  # fmt: skip
    _start_loss(machine, one, size_average, reduce, reduction)
    one.values["weight"] = weight


LOSS = _container("_Loss", {}, _start_loss)
WEIGHTED_LOSS = _container("_WeightedLoss", {}, _start_weighted)

CONTAINERS = {
    kind.name: kind
    for kind in (
        LOSS, WEIGHTED_LOSS,
        MODULE, SEQUENTIAL, MODULE_LIST, MODULE_DICT, PARAMETER_LIST, PARAMETER_DICT, IDENTITY
    )
}  # fmt: skip
"""The classes of torch.nn that are no layers, by name."""
