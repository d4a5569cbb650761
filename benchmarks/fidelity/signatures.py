"""What a library says about the parameters of its functions."""

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch

_LEFT_OUT = frozenset(
    {"generator", "layout", "device", "pin_memory", "memory_format", "requires_grad", "names",
     "casting", "order", "subok", "signature", "like", "precision", "sharding", "out_sharding",
     "wrap_negative_indices", "preferred_element_type", "_stacklevel", "copy", "bitorder",
     "is_causal", "enable_gqa", "cross_recv", "self"}
)  # fmt: skip
"""Parameters that have no part in a value."""

_TORCH_NAMES = {
    "dim": ("dim", "dim", "axis"),
    "keepdim": ("keepdim", "keepdim", "keepdims"),
    "input": ("input", "input", "x", "a"),
    "other": ("other", "other", "x2"),
}
"""torch takes numpy's names for these."""


EVERYWHERE = "everywhere"
"""The kind of a ufunc's `where`: what a mask leaves out is memory that nothing has written."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: `kind` is torch's word for its type where there is one."""

    name: str
    kind: str = ""
    required: bool = True
    positional: bool = True
    keyword: bool = True
    many: bool = False

    @property
    def spellings(self) -> tuple[str, ...]:
        """The names under which it can be given."""
        return _TORCH_NAMES.get(self.name, (self.name,)) if self.kind else (self.name,)


Signature = tuple[Parameter, ...]


@cache
def signatures(path: str, name: str, function: Any, method: bool) -> tuple[Signature, ...]:
    """Every overload of a function of the module `path`; of a method without the array itself."""
    found: tuple[Signature, ...] = ()
    if path.startswith("torch"):
        found = _of_torch(path, name)
    if not found:
        found = _inspected(function, path) or _ufunc(function) or _guess(function)
    found = tuple(_kept(signature) for signature in found)
    if method:
        found = tuple(signature[1:] for signature in found if signature)
    return tuple(dict.fromkeys(found)) or ((),)


def _kept(signature: Signature) -> Signature:
    return tuple(p for p in signature if p.required or p.name not in _LEFT_OUT)


def _of_torch(path: str, name: str) -> tuple[Signature, ...]:
    """The overloads of a native operator, from torch's own schemas."""
    prefix = {"torch.linalg": "linalg_", "torch.special": "special_"}.get(path, "")
    get: Callable[[str], Any] = torch._C._jit_get_schemas_for_operator
    overloads = [s for s in get(f"aten::{prefix}{name}") if _is_for_tensors(s)]
    if path == "torch.nn.functional" and not overloads:
        return ()
    return tuple(tuple(map(_argument, schema.arguments)) for schema in overloads)


def _is_for_tensors(schema: Any) -> bool:
    if any(word in schema.overload_name for word in ("out", "Dimname", "dimname", "names")):
        return False
    types = [str(argument.type) for argument in schema.arguments]
    return not types or not types[0].startswith(("str", "List[str", "List[t", "Dict", "bool"))


def _argument(argument: Any) -> Parameter:
    name = "input" if argument.name == "self" else argument.name
    return Parameter(
        name,
        str(argument.type),
        required=not argument.has_default_value(),
        positional=not argument.kwarg_only,
    )


def _inspected(function: Any, path: str) -> tuple[Signature, ...]:
    if isinstance(function, np.ufunc):
        return ()
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return ()
    return (tuple(_inspected_one(p, path) for p in parameters if p.kind is not p.VAR_KEYWORD),)


def _inspected_one(parameter: inspect.Parameter, path: str) -> Parameter:
    kind = parameter.kind
    return Parameter(
        parameter.name,
        required=parameter.default is parameter.empty,
        positional=kind is not parameter.KEYWORD_ONLY,
        keyword=kind not in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL),
        many=kind is parameter.VAR_POSITIONAL,
    )


def _ufunc(function: Any) -> tuple[Signature, ...]:
    """The operands of a ufunc, and the options that all of them take."""
    count = getattr(function, "nin", None)
    if not isinstance(count, int):
        return ()
    names = ("x",) if count == 1 else tuple(f"x{k + 1}" for k in range(count))
    operands = tuple(Parameter(name, keyword=False) for name in names)
    options = tuple(
        Parameter(name, kind, required=False, positional=name == "out")
        for name, kind in (("out", ""), ("where", EVERYWHERE), ("dtype", ""))
    )
    return (operands + options,)


def _guess(function: Any) -> tuple[Signature, ...]:
    """One, two or three operands where nothing is said, as for some of math's."""
    text = (getattr(function, "__doc__", None) or "").strip().splitlines()
    stated = re.match(r"[\w.]+\(([^)]*)\)", text[0]) if text else None
    if stated:
        names = [n.strip(" [].*/=") for n in re.split(r"[,=]", stated[1]) if n.strip(" [].*/=")]
        return (tuple(Parameter(n) for n in names if n.isidentifier()),)
    counts = (1, 2) if getattr(math, getattr(function, "__name__", ""), None) else (1, 2, 3)
    return tuple(tuple(Parameter(f"x{k}", keyword=False) for k in range(n)) for n in counts)
