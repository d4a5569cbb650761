"""Functions that torch runs before and after a forward."""

from typing import Any

from gradcalc.errors import UnsupportedError
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.objects import MISSING, Class, Instance, called, derived

BEFORE, AFTER = "_forward_pre_hooks", "_forward_hooks"
"""The attributes that hold them, by the number that each was given."""


def _run(machine: Machine, module: Instance, *args: Any, **kwargs: Any) -> Any:
    """A call of a module: what runs before it, its forward, and what runs after it."""
    for hook in tuple(module.values.get(BEFORE, {}).values()):
        changed = machine.call(hook, (module, args))
        if changed is not None:
            args = changed if isinstance(changed, tuple) else (changed,)
    forward = called(machine, module, module.kind.runs)
    found = machine.apply_function(machine, forward, args, kwargs)
    for hook in tuple(module.values.get(AFTER, {}).values()):
        changed = machine.call(hook, (module, args, found))
        found = found if changed is None else changed
    return found


_CALL = Builtin("__call__", _run, "a forward, and what runs beside it")


def _registering(held: str) -> Any:
    def register(
        machine: Machine, module: Instance, hook: Any, *, prepend: Any = False,
        with_kwargs: Any = False, always_call: Any = False,
    ) -> Instance:  # fmt: skip
        if with_kwargs or always_call:
            raise UnsupportedError(
                "hooks take the module, its arguments and what it gives here",
                hint="leave with_kwargs and always_call out",
            )
        call = module.kind.find("__call__")
        if call is MISSING:
            module.kind = derived(module.kind, {"__call__": _CALL})
        elif call is not _CALL:
            raise UnsupportedError(f"a hook of {module.kind.name}, which has a __call__ of its own")
        hooks: dict[int, Any] = module.values.setdefault(held, {})
        number = max(hooks, default=-1) + 1
        if prepend:
            module.values[held] = {number: hook, **hooks}
        else:
            hooks[number] = hook
        return Instance(HANDLE, {"module": module, "held": held, "number": number})

    return register


def _remove(machine: Machine, handle: Instance) -> None:
    handle.values["module"].values[handle.values["held"]].pop(handle.values["number"], None)


HANDLE = Class(
    "RemovableHandle", (), {"remove": Builtin("remove", _remove, "remove()")}, library=True
)
"""What takes a hook away again."""


def _of_backward(machine: Machine, module: Instance, *args: Any, **kwargs: Any) -> None:
    raise UnsupportedError(
        "functions that torch runs beside a backward are not run here",
        hint="leave them out: they are no part of what a forward gives",
    )


METHODS = {
    "register_forward_pre_hook": Builtin(
        "register_forward_pre_hook", _registering(BEFORE), "register_forward_pre_hook(function)"
    ),
    "register_forward_hook": Builtin(
        "register_forward_hook", _registering(AFTER), "register_forward_hook(function)"
    ),
    **{
        name: Builtin(name, _of_backward, "a hook")
        for name in (
            "register_backward_hook", "register_full_backward_hook",
            "register_full_backward_pre_hook",
        )
    },
}  # fmt: skip
"""The methods of modules by their names."""
