"""torch's own samples as a user's code: what is called, and with what."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks.coverage.databases import MODULES, chosen, entries


@dataclass(frozen=True, slots=True)
class Case:
    """A call that torch tests."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


def cases(database: str, name: str, dtype: torch.dtype, most: int | None) -> list[Case]:
    """The samples of an entry, evenly chosen where there are more than `most`; the same each time.

    Empty for what has no gradient, or is not of that dtype.
    """
    drawn = _of_module if database == MODULES else _of_function
    return chosen(entries(database)[name], dtype, most, drawn)


def _of_function(op: Any, dtype: torch.dtype) -> Iterator[Case]:
    if not (op.supports_autograd and op.supports_dtype(dtype, "cpu")):
        return
    for sample in op.sample_inputs("cpu", dtype, requires_grad=True):
        # what of the output has a gradient at all, as torch's own tests take it
        shown = sample.output_process_fn_grad or (lambda output: output)

        def function(*args: Any, shown: Any = shown, **kwargs: Any) -> Any:
            return shown(op.op(*args, **kwargs))

        yield Case(function, (sample.input, *sample.args), sample.kwargs)


def _of_module(info: Any, dtype: torch.dtype) -> Iterator[Case]:
    if dtype not in info.dtypes:
        return
    drawn = info.module_inputs_func(info, "cpu", dtype, requires_grad=True, training=True)
    for sample in drawn:
        build, given = sample.constructor_input, sample.forward_input
        if given is not None:
            module = info.module_cls(*build.args, **build.kwargs).to(dtype)
            yield Case(module, tuple(given.args), given.kwargs)
