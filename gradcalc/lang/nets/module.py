"""torch's `nn.Module`: what every module of a program has, and what it holds."""

from collections.abc import Iterator
from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang.machine import Builtin, Machine, Once
from gradcalc.lang.memory import Tensor, still_unwritten
from gradcalc.lang.nets import hooks, loading
from gradcalc.lang.objects import STATISTICS, Class, Instance, attribute, check_statistics

TRAINING = "training"
"""The attribute that says whether a module is being trained: it is, unless `eval()` was called."""

SAME = "to double float half bfloat16 cpu cuda type share_memory zero_grad compile".split()  # noqa: SIM905
"""Methods that change no number: the calculation has one dtype and one device."""


def is_module(value: Any) -> bool:
    """Whether a value is a module."""
    return isinstance(value, Instance) and MODULE in value.kind.line


def is_parameter(value: Any) -> bool:
    """Whether a value is a parameter."""
    return isinstance(value, Tensor) and value.leaf is not None


def children(module: Instance) -> Iterator[tuple[str, Instance]]:
    """The modules that a module holds itself, by their names."""
    for name, value in module.values.items():
        if is_module(value):
            yield name, value


def modules(module: Instance, prefix: str = "") -> Iterator[tuple[str, Instance]]:
    """A module and all inside it, each once."""
    seen = set[int]()

    def inside(one: Instance, path: str) -> Iterator[tuple[str, Instance]]:
        if id(one) in seen:
            return
        seen.add(id(one))
        yield path, one
        for name, child in children(one):
            yield from inside(child, f"{path}.{name}" if path else name)

    return inside(module, prefix)


def parameters(module: Instance, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    """The parameters in and inside a module, each once, as `named_parameters()` has them."""
    seen = set[int]()
    for path, one in modules(module, prefix):
        for name, value in one.values.items():
            if is_parameter(value) and id(value) not in seen:
                seen.add(id(value))
                yield f"{path}.{name}" if path else name, value


def parameter(machine: Machine, data: Any, requires_grad: Any = True) -> Tensor:
    """`nn.Parameter`: the numbers in memory of their own."""
    if not isinstance(data, Tensor):
        raise InvalidValueError(
            f"a parameter is made of a tensor, not of {machine.describe(data)}", python="TypeError"
        )
    made = machine.backend.detach(machine.backend.copy(machine.unread(data)), None)
    found = Tensor(made, data.shape, integer=data.integer, ordered=data.ordered)
    # what nothing was written to is filled later, or given
    found.unwritten = still_unwritten(data)
    found.leaf, found.trains = "", bool(requires_grad) and not data.integer
    return found


PARAMETER = Builtin("Parameter", parameter, "nn.Parameter(data, requires_grad=True)", users=True)

# -- methods -------------------------------------------------------------------------------------


def _same(machine: Machine, module: Instance, *args: Any, **kwargs: Any) -> Instance:
    return module


def _train(machine: Machine, module: Instance, mode: Any = True) -> Instance:
    module.values[TRAINING] = bool(mode)
    for _, child in children(module):
        # which may have one of its own
        machine.call(attribute(machine, child, "train"), (mode,))
    return module


def _eval(machine: Machine, module: Instance) -> Any:
    return machine.call(attribute(machine, module, "train"), (False,))


def _freeze(machine: Machine, module: Instance, requires_grad: Any = True) -> Instance:
    for _, found in parameters(module):
        found.trains = bool(requires_grad)
    return module


def _register(
    machine: Machine, module: Instance, name: str, value: Any, persistent: Any = True
) -> None:
    module.values[name] = value


def _apply(machine: Machine, module: Instance, function: Any) -> Instance:
    for _, child in children(module):
        # which may have one of its own
        machine.call(attribute(machine, child, "apply"), (function,))
    machine.call(function, (module,))
    return module


def _is_buffer(value: Any) -> bool:
    return isinstance(value, Tensor) and value.leaf is None


def _buffers(module: Instance) -> Iterator[tuple[str, Any]]:
    for path, one in modules(module):
        for name, value in one.values.items():
            if _is_buffer(value):
                if name in STATISTICS:
                    check_statistics(one)
                yield f"{path}.{name}" if path else name, value


def _listed(word: str, find: Any, *, named: bool) -> Builtin:
    def call(machine: Machine, module: Instance, *args: Any, **kwargs: Any) -> Once:
        if args or kwargs:
            raise UnsupportedError(f"{word} takes no arguments here")
        found = list(find(module))
        return Once(word, iter(found if named else [value for _, value in found]))

    return Builtin(word, call, "what a module holds")


def _state(machine: Machine, module: Instance) -> dict[str, Any]:
    return dict([*parameters(module), *_buffers(module)])


def _missing(machine: Machine, module: Instance, *args: Any, **kwargs: Any) -> Any:
    raise InvalidValueError(
        f"{module.kind.name} has no forward", hint="a call of a module runs its forward",
        python="NotImplementedError",
    )  # fmt: skip


MODULE = Class(
    "Module",
    (),
    {
        TRAINING: True,
        "__init__": Builtin("__init__", lambda machine, module, *a, **k: None, "a module"),
        "forward": Builtin("forward", _missing, "what a call of a module runs"),
        **{name: Builtin(name, _same, "the module itself") for name in SAME},
        "train": Builtin("train", _train, "train(mode=True)"),
        "eval": Builtin("eval", _eval, "eval()"),
        "requires_grad_": Builtin("requires_grad_", _freeze, "requires_grad_(True)"),
        "register_buffer": Builtin("register_buffer", _register, "register_buffer(name, tensor)"),
        **{
            name: Builtin(name, _register, f"{name}(name, value)")
            for name in ("register_parameter", "register_module", "add_module")
        },
        "apply": Builtin("apply", _apply, "apply(function)"),
        **hooks.METHODS,
        **loading.METHODS,
        "state_dict": Builtin("state_dict", _state, "parameters and buffers by name"),
        **{
            f"{'named_' if named else ''}{word}": _listed(word, find, named=named)
            for word, find in (
                ("parameters", parameters), ("modules", modules), ("children", children),
                ("buffers", _buffers),
            )
            for named in (True, False)
        },
    },
    runs="forward",
    library=True,
)  # fmt: skip
"""What a program's own modules are made from."""
