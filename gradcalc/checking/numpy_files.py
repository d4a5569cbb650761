"""Functions of numpy arrays in a user's files, and what gives their derivatives."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.checking.files import is_number, kind_of, named_in
from gradcalc.checking.inputs import parameters_of
from gradcalc.checking.job import Job
from gradcalc.checking.loading import as_errors, load, sample_of
from gradcalc.checking.numpy_call import Written, runs
from gradcalc.checking.parameters import check_names
from gradcalc.checking.ran import Ran


def done_of_arrays(job: Job) -> list[Ran]:
    """What was written of the derivatives of a function of numpy arrays."""
    np.random.seed(job.seed)
    with as_errors(job.name):
        space = load(job.path, job.init)
        function = space.find(job.name)
        given = dict(job.values)
        args: list[Any] = []
        if not given:
            sample = sample_of(space, job.name)
            if isinstance(sample, tuple):
                args = list(sample)
            else:
                given = dict(sample or {})
        if not args:
            given = _called(job, parameters_of(function), given)
        paired = job.grad is not None and job.grad in (job.name, f"{job.path}:{job.name}")
        return runs(
            Written(
                function, args, given, True if paired else named_in(job.grad, job, space),
                named_in(job.hess, job, space), job.wrt or None, job.seed, job.name,
            )
        )  # fmt: skip


def _called(
    job: Job, parameters: Sequence[inspect.Parameter], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Numbers as a function of arrays wants them: whole ones of Python's where those are meant."""
    check_names(job, parameters, given)
    kinds = {p.name: p for p in parameters}
    found: dict[str, Any] = {}
    for name, value in given.items():
        kind = kind_of(kinds[name]) if name in kinds and is_number(value) else None
        array = np.asarray(value)
        if kind is not None:
            found[name] = kind(array.item())
        elif array.dtype.kind in "iub" and name not in job.unsure:
            found[name] = array if array.ndim else array.item()
        else:
            found[name] = np.asarray(value, np.float64)[()]
    return found
