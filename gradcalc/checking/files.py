"""Functions in a user's files, which are run: FILE.py:NAME, and what it is called with."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gradcalc.checking.aten import known
from gradcalc.checking.inputs import asked, class_of, module_of, parameters_of, tensor_of
from gradcalc.checking.job import Job
from gradcalc.checking.loading import Loaded, as_errors, load, sample_of
from gradcalc.checking.parameters import check_names, check_wrt
from gradcalc.checking.ran import Ran
from gradcalc.checking.running import run
from gradcalc.errors import (
    GradcalcError,
    InvalidValueError,
    UsageError,
)
from gradcalc.witnesses.autograd import device_of

WHOLE = re.compile(r"[Ll]ong|\bint|[Ii]nteger|indices|index")
"""What torch says where it wants integers."""


def done(job: Job) -> Ran:
    """What torch says of a job."""
    torch.set_num_threads(1)
    device_of(job.device)
    _go_back()
    with as_errors(job.name):
        space = load(job.path, job.init)
    try:
        return _ran(job, space)
    except GradcalcError as error:
        # whole numbers may be meant as positions or labels, which it says where it takes no others
        if not (job.wrt and job.unsure and not job.whole and WHOLE.search(error.message)):
            raise
        return _ran(replace(job, whole=True), space)


def _go_back() -> None:
    """Have torch import what it imports at its first way back: where to look for modules, and how
    many files are open, is that of others from here on."""
    leaf = torch.ones(1, requires_grad=True)
    torch.autograd.grad(leaf * leaf, leaf, torch.ones(1))


def _ran(job: Job, space: Loaded) -> Ran:
    torch.manual_seed(job.seed)
    with as_errors(job.name):
        function = made(space.find(job.name), space, job)
        args, kwargs = _arguments(job, function, space)
        question = asked(
            function, args, kwargs, leaves=job.wrt or None, trust=job.trust,
            cotangent=job.cotangent, order=job.order, seed=job.seed, name=job.name,
            reference=_reference(job, space),
        )  # fmt: skip
        return run(question, known)


def named_in(text: str | None, job: Job, space: Loaded) -> Any:
    """The function of a file that a text names, which is the same file where it names none."""
    if text is None:
        return None
    path, _, name = text.rpartition(":")
    other = path and Path(path).resolve() != Path(job.path).resolve()
    where = load(path, job.init) if other else space
    return where.find(name)


def _reference(job: Job, space: Loaded) -> Any:
    return named_in(job.reference, job, space)


def _arguments(job: Job, function: Any, space: Loaded) -> tuple[list[Any], dict[str, Any]]:
    """What the function is called with: what was typed, else what its file says."""
    parameters = parameters_of(function)
    given: dict[str, Any] = dict(job.values)
    if not given:
        sample = sample_of(space, job.name)
        if isinstance(sample, tuple):
            return [_placed(value, job) for value in sample], {}
        given = dict(sample or {})
    check_names(job, parameters, given)
    if module_of(function) is None:
        check_wrt(job, given)
    names = [p.name for p in parameters]
    kinds = {p.name: p for p in parameters}
    typed = {n: _argument(job, n, v, kinds.get(n)) for n, v in given.items()}
    positional = [
        typed.pop(p.name) if p.name in typed else p.default
        for p in parameters
        if p.kind is p.POSITIONAL_ONLY
    ]
    is_function = isinstance(function, type) and issubclass(function, torch.autograd.Function)
    if is_function or any(p.kind is p.VAR_POSITIONAL for p in parameters):
        # these know no keywords
        order = [n for n in names if n in typed] + [n for n in typed if n not in names]
        return [*positional, *(typed[name] for name in order)], {}
    return positional, typed


def _argument(job: Job, name: str, value: Any, parameter: inspect.Parameter | None) -> Any:
    """A value as the parameter wants it: one number is Python's where that is meant."""
    real = name in job.unsure and (not job.wrt or name in job.wrt)
    if isinstance(value, torch.Tensor) or not is_number(value):
        whole = job.whole and not real and bool(np.all(np.asarray(value) % 1 == 0))
        if whole and name in job.unsure:
            return _placed(np.asarray(value).astype(np.int64), job)
        return _placed(value, job, real=name in job.unsure)
    number = value.item() if hasattr(value, "item") else value
    wanted = None if parameter is None else kind_of(parameter)
    if wanted is int and number != int(number):
        raise InvalidValueError(
            f"--{name} {number}: {job.name} takes a whole number for {name}", hint=f"--{name} 3"
        )
    if wanted is not None:
        return wanted(number)
    if job.wrt and name not in job.wrt:
        return int(number) if name in job.unsure and number == int(number) else number
    return _placed(value, job, real=real)


def is_number(value: Any) -> bool:
    return getattr(value, "shape", None) == () or isinstance(value, int | float | bool)


def kind_of(parameter: inspect.Parameter) -> Any:
    """Python's own kind of number that a parameter is, by its annotation or default."""
    told = parameter.annotation
    for kind in (bool, int, float):
        if told is kind or told == kind.__name__:
            return kind
        if parameter.default is not parameter.empty and type(parameter.default) is kind:
            return kind
    return None


def _placed(value: Any, job: Job, *, real: bool = False) -> Any:
    """Numbers as a tensor of the job's dtype, on its device; `real` ones are no integers."""
    if isinstance(value, torch.Tensor):
        if value.is_floating_point() and value.dtype != getattr(torch, job.dtype):
            return value.detach().to(getattr(torch, job.dtype)).requires_grad_(value.requires_grad)
        return value
    if hasattr(value, "dtype") or isinstance(value, int | float | list):
        value = np.asarray(value, np.float64) if real else value
        made_of = tensor_of(value, getattr(torch, job.dtype))
        return made_of if job.device == "cpu" else made_of.detach().to(job.device).requires_grad_()
    return value


def made(found: Any, space: Loaded, job: Job) -> Any:
    """A module of its class or of what makes it, a Function by its `apply`; all else as it is."""
    found = class_of(found)
    if isinstance(found, type) and issubclass(found, torch.nn.Module):
        found = space.made(found)
    elif inspect.isfunction(found) and _makes(found, space, job):
        value = found()
        if not isinstance(value, torch.nn.Module):
            raise InvalidValueError(f"{job.name} takes no arguments to differentiate by")
        found = value
    if isinstance(found, type) and not issubclass(found, torch.autograd.Function):
        methods = [n for n, v in vars(found).items() if callable(v) and not n.startswith("_")]
        raise UsageError(
            f"{job.name} is a class: say which of its methods is checked",
            hint=f"{job.path}:{job.name}.{methods[0]}" if methods else None,
        )
    if (module := module_of(found)) is not None:
        module.to(device=job.device, dtype=getattr(torch, job.dtype))
    return found


def _makes(found: Any, space: Loaded, job: Job) -> bool:
    """Whether a function is one that makes what is checked: it has no place for the values."""
    parameters = parameters_of(found)
    if any(p.default is p.empty or p.kind is p.VAR_KEYWORD for p in parameters):
        return False
    if job.values:
        return not {p.name for p in parameters} & job.values.keys()
    sample = sample_of(space, job.name)
    return (
        sample is None
        or (isinstance(sample, tuple) and not parameters)
        or (isinstance(sample, Mapping) and not {p.name for p in parameters} & sample.keys())
    )
