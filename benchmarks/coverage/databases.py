"""torch's own samples, of functions and of modules."""

import random
import sys
import types
import unittest
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np
import torch

FUNCTIONS, MODULES = "op_db", "module_db"


@dataclass(frozen=True, slots=True)
class Sample:
    """A call that torch tests: a function, or the class of a module that is `built` from arguments.

    `run` calls it as torch's own tests do.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    run: Callable[[], Any]
    built: tuple[tuple[Any, ...], Mapping[str, Any]] | None = None


def _stand_in() -> None:
    """torch's samples import a package for tests of text, of which they use nothing."""
    try:
        import expecttest  # noqa: F401
    except ImportError:
        module: Any = types.ModuleType("expecttest")
        module.TestCase = unittest.TestCase
        sys.modules["expecttest"] = module


@cache
def entries(database: str) -> dict[str, Any]:
    """What there are samples of, by name; variants of one function behind a slash."""
    _stand_in()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if database == MODULES:
            from torch.testing._internal.common_modules import module_db

            return {info.module_cls.__name__: info for info in module_db}
        from torch.testing._internal.common_methods_invocations import op_db

        return {op.full_name: op for op in op_db}


def samples(database: str, name: str, dtype: torch.dtype, most: int | None) -> list[Sample]:
    """The samples of an entry, evenly chosen where there are more than `most`; the same each time.

    Empty for what has no gradient, or is not of that dtype.
    """
    drawn = _of_module if database == MODULES else _of_function
    return chosen(entries(database)[name], dtype, most, drawn)


Drawn = TypeVar("Drawn")


def chosen(
    entry: Any,
    dtype: torch.dtype,
    most: int | None,
    drawn: Callable[[Any, torch.dtype], Iterator[Drawn]],
) -> list[Drawn]:
    """What is drawn of an entry, the same each time, evenly chosen where that is more."""
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = list(drawn(entry, dtype))
    if most is None or len(found) <= most:
        return found
    return [found[k * (len(found) - 1) // max(1, most - 1)] for k in range(most)]


def _of_function(op: Any, dtype: torch.dtype) -> Iterator[Sample]:
    if not (op.supports_autograd and op.supports_dtype(dtype, "cpu")):
        return
    for sample in op.sample_inputs("cpu", dtype, requires_grad=True):
        args = (sample.input, *sample.args)

        def run(args: Any = args, kwargs: Any = sample.kwargs) -> Any:
            return op.op(*args, **kwargs)

        yield Sample(op.name, args, sample.kwargs, run)


def _of_module(info: Any, dtype: torch.dtype) -> Iterator[Sample]:
    if dtype not in info.dtypes:
        return
    drawn = info.module_inputs_func(info, "cpu", dtype, requires_grad=True, training=True)
    for sample in drawn:
        build, given = sample.constructor_input, sample.forward_input
        if given is None:
            continue
        kwargs = {k: v for k, v in build.kwargs.items() if k not in ("device", "dtype")}

        def run(build: Any = build, given: Any = given) -> Any:
            module = info.module_cls(*build.args, **build.kwargs).to(dtype)
            return module(*given.args, **given.kwargs)

        built = (tuple(build.args), kwargs)
        yield Sample(info.module_cls.__name__, tuple(given.args), given.kwargs, run, built)
