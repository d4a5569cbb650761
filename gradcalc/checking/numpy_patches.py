"""Functions that numpy's protocols do not reach, replaced wherever a user's code has them."""

import builtins
import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np

from gradcalc.checking.numpy_functions import float_of, stand_ins
from gradcalc.checking.numpy_tape import Tape

_OWN_NAMES = ("numpy", "torch", "gradcalc", "importlib", "builtins", "sys", "math")


@contextmanager
def patched(tape: Tape, function: Any) -> Iterator[None]:
    """Have a tape follow what is made by functions, wherever they were imported to.

    Modules that are compiled keep what they have: they take arrays for what they are in memory.
    """
    instead = dict(stand_ins(tape))
    instead |= {id(module): _Module(module, instead) for module in (np, np.linalg, np.random)}
    own = getattr(function, "__globals__", {})
    kept: list[tuple[dict[str, Any], str, Any]] = []
    cells = [cell for cell in getattr(function, "__closure__", None) or () if _content(cell)]
    closed = [(cell, cell.cell_contents) for cell in cells]
    plain_import = builtins.__import__
    # what is made of them may be written into
    holders = list(_holders(function, own))
    held = (v for holder in holders for v in holder.values())
    arrays = {id(v): tape.kind(tape, v) for v in (*held, *(v for _, v in closed)) if _held(v)}
    try:
        for space in _spaces(own):
            for name, value in list(space.items()):
                found = instead.get(id(value))
                if found is not None:
                    kept.append((space, name, value))
                    space[name] = found
        for holder in holders:
            for name, value in list(holder.items()):
                if id(value) in arrays:
                    kept.append((holder, name, value))
                    holder[name] = arrays[id(value)]
        if own:
            kept.append((own, "float", own.get("float", _MISSING)))
            own["float"] = float_of(tape)
        for cell, value in closed:
            cell.cell_contents = instead.get(id(value), arrays.get(id(value), value))
        builtins.__import__ = _importing(plain_import, instead)
        yield
    finally:
        builtins.__import__ = plain_import
        for cell, value in closed:
            cell.cell_contents = value
        for space, name, value in reversed(kept):
            if value is _MISSING:
                space.pop(name, None)
            elif id(value) not in arrays or space.get(name) is arrays[id(value)]:
                # what the function itself has put there stays
                space[name] = value


_MISSING = object()


def _holders(function: Any, own: dict[str, Any]) -> Iterator[dict[Any, Any]]:
    """What a function's arrays are held by: its module, its object, and dictionaries in those."""
    seen: set[int] = set()
    spaces = [own, getattr(getattr(function, "__self__", None), "__dict__", None)]
    for space in (space for space in spaces if type(space) is dict):
        inside = [v for k, v in space.items() if type(v) is dict and not str(k).startswith("__")]
        for holder in (space, *inside):
            if id(holder) not in seen:
                seen.add(id(holder))
                yield holder


def _held(value: Any) -> bool:
    return type(value) is np.ndarray and value.dtype.kind in "fiu"


def _content(cell: Any) -> bool:
    try:
        found = cell.cell_contents
        return callable(found) or isinstance(found, ModuleType) or _held(found)
    except ValueError:
        # it is not bound yet
        return False


class _Module(ModuleType):
    """A module some of whose functions are others."""

    def __init__(self, module: ModuleType, instead: Mapping[int, Any]) -> None:
        super().__init__(module.__name__)
        self.__dict__.update(
            {name: instead.get(id(value), value) for name, value in vars(module).items()}
        )
        self.__dict__["_module"] = module
        if module is np:
            self.__dict__["linalg"] = _Module(np.linalg, instead)
            self.__dict__["random"] = _Module(np.random, instead)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_module"], name)


def _importing(plain: Any, instead: Mapping[int, Any]) -> Any:
    """What an import in a function brings while a tape runs."""

    def imported(name: str, space: Any = None, *args: Any, **kwargs: Any) -> Any:
        found = plain(name, space, *args, **kwargs)
        return instead.get(id(found), found) if _is_users(space) else found

    return imported


def _is_users(space: Any) -> bool:
    """Whether names are those of a module of Python text that is not numpy's or ours."""
    if type(space) is not dict:
        return False
    file = space.get("__file__") or ""
    name = str(space.get("__name__", "")).split(".")[0]
    return name not in _OWN_NAMES and not file.endswith((".so", ".pyd"))


def _spaces(own: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    seen: set[int] = set()
    modules = (getattr(module, "__dict__", None) for module in list(sys.modules.values()))
    for space in (math.__dict__, own, *filter(_is_users, modules)):
        if type(space) is dict and id(space) not in seen:
            seen.add(id(space))
            yield space
