"""What programs call for whoever runs them: clocks, bars of progress, compilers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import ops
from gradcalc.lang.machine import Builtin, Machine, Once
from gradcalc.lang.objects import Class, Instance
from gradcalc.lang.plain import is_number


def _told(machine: Machine, *values: Any) -> Instance:
    """A time, and what is calculated of times: to be printed."""
    if not all(is_number(v) or (isinstance(v, Instance) and v.kind is TIME) for v in values):
        raise UnsupportedError(
            "what the clock says is not known here, and this hangs on it",
            hint="give the time as an input",
        )
    return Instance(TIME)


def _hangs(machine: Machine, *values: Any) -> Any:
    raise UnsupportedError(
        "how long the program runs decides here, which is not known",
        hint="count the rounds instead",
    )


def _shown(machine: Machine, value: Instance, spec: str = "") -> str:
    # no number, in whatever format
    try:
        return format(float("nan"), spec)
    except ValueError as error:
        raise InvalidValueError(str(error), python="ValueError", said=str(error)) from None


TIME = Class(
    "time",
    (),
    {
        **{
            f"__{side}{name}__": Builtin(name, _told, "a time")
            for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
            for side in ("", "r")
        },
        **{
            f"__{name}__": Builtin(name, _told, "a time")
            for name in ("abs", "round", "float", "neg")
        },
        **{
            f"__{name}__": Builtin(name, _hangs, "a time")
            for name in ("lt", "le", "gt", "ge", "eq", "ne", "bool")
        },
        **{f"__{name}__": Builtin(name, _shown, "a time") for name in ("str", "repr", "format")},
    },
    library=True,
)
"""What a clock says."""


def _clock(machine: Machine) -> Instance:
    return Instance(TIME)


def _nothing(machine: Machine, *args: Any, **kwargs: Any) -> None:
    return None


def _items(machine: Machine, bar: Instance) -> Once:
    return Once("iter", ops.iterated(machine, bar.values["items"]))


BAR_METHODS = (
    "set_description", "set_description_str", "set_postfix", "set_postfix_str", "update", "close",
    "refresh", "clear", "display",
)  # fmt: skip
"""What a bar of progress is told."""

BAR = Class(
    "tqdm",
    (),
    {
        "__iter__": Builtin("__iter__", _items, "the items"),
        "__len__": Builtin("__len__", lambda m, bar: len(ops.items(m, bar.values["items"])), "n"),
        **{name: Builtin(name, _nothing, "nothing") for name in BAR_METHODS},
    },
    library=True,
)
"""A bar of progress, which gives what it is made of."""


def _bar(machine: Machine, iterable: Any = None, *args: Any, **kwargs: Any) -> Instance:
    return Instance(BAR, {"items": [] if iterable is None else iterable})


def _counted(machine: Machine, *bounds: Any, **kwargs: Any) -> Instance:
    return _bar(machine, _range(machine, *bounds))


def _range(machine: Machine, *bounds: Any) -> range:
    return range(*[ops.integer(machine, bound) for bound in bounds])


def _compiled(machine: Machine, *functions: Any, **options: Any) -> Any:
    """A function as it is, and what gives it so."""
    if functions and not isinstance(functions[0], str | list | tuple):
        return functions[0]
    return Builtin("jit", lambda machine, function: function, "the function itself")


RERUN = ("preserve_rng_state", "determinism_check", "debug")
"""What torch's checkpoint is told that changes no number."""


def _checkpoint(
    machine: Machine, function: Any, *args: Any, use_reentrant: Any = None, **kwargs: Any
) -> Any:
    """A function's result, whose memory is given back until the backward pass."""
    if use_reentrant is not False:
        raise UnsupportedError(
            "checkpoint with use_reentrant=True passes back no gradient but by its arguments",
            hint="write use_reentrant=False",
        )
    named = {name: value for name, value in kwargs.items() if name not in RERUN}
    return machine.apply_function(machine, function, args, named)


CLOCKS = ("time", "perf_counter", "monotonic", "process_time", "thread_time")
BARS: Mapping[str, Builtin] = {
    "tqdm": Builtin("tqdm", _bar, "the items themselves"),
    "trange": Builtin("trange", _counted, "whole numbers to count with"),
}

OBJECTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "time": {
            **{name: Builtin(name, _clock, "what a clock says") for name in CLOCKS},
            "sleep": Builtin("sleep", _nothing, "nothing"),
        },
        **dict.fromkeys(("tqdm", "tqdm.auto", "tqdm.notebook", "tqdm.std"), BARS),
        "numba": {
            "prange": Builtin("prange", _range, "whole numbers to count with"),
            **{name: Builtin(name, _compiled, "the function itself") for name in ("njit", "jit")},
        },
        "torch.utils": {},
        "torch.utils.checkpoint": {
            "checkpoint": Builtin("checkpoint", _checkpoint, "what the function gives", users=True),
        },
        # of these only what stands behind with
        "warnings": {},
    }
)
"""Modules of which programs use what changes no number."""
