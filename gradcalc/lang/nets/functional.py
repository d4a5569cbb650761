"""`torch.func.functional_call`: a call of a module with other tensors in place of its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from gradcalc.errors import InvalidValueError, brief, did_you_mean
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.memory import Tensor
from gradcalc.lang.nets.module import is_module, modules
from gradcalc.lang.objects import Instance


def _functional_call(
    machine: Machine, module: Any, parameter_and_buffer_dicts: Any, args: Any = None,
    kwargs: Any = None, *, tie_weights: Any = True, strict: Any = False,
) -> Any:  # fmt: skip
    if not is_module(module):
        raise InvalidValueError(
            f"functional_call calls a module, not {machine.describe(module)}", python="TypeError"
        )
    given = parameter_and_buffer_dicts
    parts = list(given) if isinstance(given, list | tuple) else [given]
    if not all(isinstance(part, dict) for part in parts):
        raise InvalidValueError(
            "functional_call takes a dictionary of tensors by their names", python="TypeError"
        )
    tensors = {name: value for part in parts for name, value in part.items()}
    values = () if args is None else args if isinstance(args, tuple) else (args,)
    with _replaced(module, tensors, tied=bool(tie_weights), strict=bool(strict)):
        return machine.apply_function(machine, module, values, dict(kwargs or {}))


@contextmanager
def _replaced(
    module: Instance, tensors: Mapping[str, Any], *, tied: bool, strict: bool
) -> Iterator[None]:
    """The module with these tensors for as long as it lasts; what was tied to them is too."""
    owners = {
        f"{path}.{name}" if path else name: (one, name)
        for path, one in modules(module)
        for name, value in one.values.items()
        if isinstance(value, Tensor)
    }
    if unknown := tensors.keys() - owners.keys():
        name = min(unknown)
        raise InvalidValueError(
            f"the module has no tensor {brief(name)}", hint=did_you_mean(name, owners)
        )
    if strict and (missing := owners.keys() - tensors.keys()):
        raise InvalidValueError(f"with strict=True {brief(min(missing))} is needed too")
    kept = {name: one.values[own] for name, (one, own) in owners.items()}
    new = {id(kept[name]): value for name, value in tensors.items()} if tied else {}
    try:
        for name, (one, own) in owners.items():
            one.values[own] = tensors.get(name, new.get(id(kept[name]), kept[name]))
        yield
    finally:
        for name, (one, own) in owners.items():
            one.values[own] = kept[name]


FUNCTIONAL_CALL: Mapping[str, Builtin] = MappingProxyType(
    {
        "functional_call": Builtin(
            "functional_call",
            _functional_call,
            "functional_call(module, parameter_and_buffer_dicts, args=None, kwargs=None)",
        )
    }
)
"""What calls a module with other tensors."""
