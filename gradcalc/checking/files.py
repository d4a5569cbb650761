"""Functions in a user's files, which are run: FILE.py:NAME, and what it is called with."""

import importlib
import importlib.util
import inspect
import re
import shlex
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gradcalc.checking.aten import known
from gradcalc.checking.backwards import OF_ARRAYS
from gradcalc.checking.inputs import asked, parameters_of, tensor_of
from gradcalc.checking.job import Job
from gradcalc.checking.parameters import SAMPLES, check_names, check_wrt
from gradcalc.checking.places import span_of, text_of
from gradcalc.checking.ran import Ran
from gradcalc.checking.running import run
from gradcalc.checking.trace import Place
from gradcalc.errors import (
    FileError,
    GradcalcError,
    InvalidValueError,
    UnknownNameError,
    UsageError,
    did_you_mean,
)
from gradcalc.witnesses.autograd import device_of

WHOLE = re.compile(r"[Ll]ong|\bint|[Ii]nteger|indices|index")
"""What torch says where it wants integers."""

TOLD = re.compile(r"^\s*gradcalc:(.*)$", re.MULTILINE)
"""The line of a docstring that says with what a function is called, as the command line has it."""


def done(job: Job) -> Ran:
    """What torch says of a job."""
    torch.set_num_threads(1)
    device_of(job.device)
    with as_errors(job.name):
        space = load(job.path)
    try:
        return _ran(job, space)
    except GradcalcError as error:
        # whole numbers may be meant as positions or labels, which it says where it takes no others
        if not (job.wrt and job.unsure and not job.whole and WHOLE.search(error.message)):
            raise
        return _ran(replace(job, whole=True), space)


def _ran(job: Job, space: Mapping[str, Any]) -> Ran:
    torch.manual_seed(job.seed)
    with as_errors(job.name):
        function = made(found_in(space, job.name, job.path), space, job)
        args, kwargs = _arguments(job, function, space)
        question = asked(
            function, args, kwargs, leaves=job.wrt or None, trust=job.trust,
            cotangent=job.cotangent, order=job.order, seed=job.seed, name=job.name,
            reference=_reference(job, space),
        )  # fmt: skip
        return run(question, known)


def named_in(text: str | None, job: Job, space: Mapping[str, Any]) -> Any:
    """The function of a file that a text names, which is the same file where it names none."""
    if text is None:
        return None
    path, _, name = text.rpartition(":")
    other = path and Path(path).resolve() != Path(job.path).resolve()
    where = load(path) if other else space
    return found_in(where, name, path or job.path)


def _reference(job: Job, space: Mapping[str, Any]) -> Any:
    return named_in(job.reference, job, space)


def _arguments(
    job: Job, function: Any, space: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """What the function is called with: what was typed, else what its file says."""
    parameters = parameters_of(function)
    given: dict[str, Any] = dict(job.values)
    if not given:
        sample = sample_of(space, job.name)
        if isinstance(sample, tuple):
            return [_placed(value, job) for value in sample], {}
        given = dict(sample or {})
    check_names(job, parameters, given)
    if not isinstance(function, torch.nn.Module):
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


def load(path: str) -> dict[str, Any]:
    """The names of a file, which is run as a module.

    Raises `FileError` where it is not there.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        what = f"{path} is a directory, not a file" if file.is_dir() else f"there is no file {path}"
        raise FileError(what)
    root, name = _module(file.resolve())
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    if "." in name:
        # the packages around it are run first, as an import does
        importlib.import_module(name.rpartition(".")[0])
    there = sys.modules.get(name)
    if there is not None and getattr(there, "__file__", None) != str(file.resolve()):
        # others go on importing theirs
        name = f"{name}_of_the_user"
    spec = importlib.util.spec_from_file_location(name, file.resolve())
    if spec is None or spec.loader is None:
        raise FileError(f"{path} is no file of Python", hint="gradcalc check FILE.py:NAME")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return vars(module)


def _module(file: Path) -> tuple[Path, str]:
    """Where the name of a module begins, and that name, with those of the packages it is in."""
    folder, names = file.parent, [file.stem]
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(names)


def found_in(space: Mapping[str, Any], name: str, path: str) -> Any:
    """What a name, with dots or without, is in a file."""
    first, *rest = name.split(".")
    if first not in space:
        own = [n for n, v in space.items() if callable(v) and not n.startswith("_")]
        hint = did_you_mean(first, own) or (f"it has {', '.join(own[-6:])}" if own else None)
        raise UnknownNameError(f"{path} has nothing called {first}", hint=hint)
    value = space[first]
    for part in rest:
        if not hasattr(value, part):
            raise UnknownNameError(f"{first} has nothing called {part}")
        value = getattr(value, part)
    return value


def made(found: Any, space: Mapping[str, Any], job: Job) -> Any:
    """A module of its class or of what makes it; everything else as it is."""
    if isinstance(found, type) and issubclass(found, torch.nn.Module):
        found = _built(found, space, job)
    elif inspect.isfunction(found) and _makes(found, space, job):
        value = found()
        if not isinstance(value, torch.nn.Module):
            raise InvalidValueError(f"{job.name} takes no arguments to differentiate by")
        found = value
    if isinstance(found, torch.nn.Module):
        found = found.to(device=job.device, dtype=getattr(torch, job.dtype))
    return found


def _makes(found: Any, space: Mapping[str, Any], job: Job) -> bool:
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


def _built(found: Any, space: Mapping[str, Any], job: Job) -> torch.nn.Module:
    try:
        # the words of whoever runs the file
        module = eval(f"_made_({job.init or ''})", {**space, "_made_": found})
    except TypeError as error:
        raise UsageError(
            f"{job.name} cannot be made of ({job.init or ''}): {error}",
            hint=f'--init "3, 2" says with what {job.name} is made',
        ) from None
    assert isinstance(module, torch.nn.Module)
    return module


def sample_of(space: Mapping[str, Any], name: str) -> Any:
    """The inputs that a function's docstring or file has for it, None where they have none."""
    told = _documented(space, name)
    maker = space.get(SAMPLES)
    if told is not None or maker is None:
        return told
    found = maker()
    if isinstance(found, Mapping) and all(callable(space.get(key)) for key in found):
        found = found.get(name)
    if isinstance(found, torch.Tensor):
        found = (found,)
    return tuple(found) if isinstance(found, list) else found


def _documented(space: Mapping[str, Any], name: str) -> Any:
    try:
        function = found_in(space, name, "")
    except GradcalcError:
        return None
    told = TOLD.search(getattr(function, "__doc__", None) or "")
    if told is None:
        return None
    from gradcalc.values import from_json

    words = shlex.split(told[1])
    pairs = zip(words[::2], words[1::2], strict=False)
    return {
        word.removeprefix("--"): from_json(text, word, typed=True)
        for word, text in pairs
        if word.startswith("--")
    }


@contextmanager
def as_errors(name: str) -> Iterator[None]:
    """Whatever a user's code raises, as a sentence with the line."""
    try:
        yield
    except GradcalcError:
        raise
    # what a user's own code raises may be anything
    except (Exception, SystemExit) as error:
        raise _told(name, error) from None


def _is_of_arrays(error: BaseException, said: str) -> bool:
    """Whether a tensor was taken for an array of numpy's."""
    if isinstance(error, AttributeError) and isinstance(error.obj, torch.Tensor):
        return hasattr(np.ndarray, error.name or "")
    return "numpy() on Tensor" in said or "'numpy.ndarray'" in said


def _told(name: str, error: BaseException) -> GradcalcError:
    lines = traceback.extract_tb(error.__traceback__)
    outside = (str(Path(torch.__file__).parent), str(Path(__file__).parent), "<")
    own = [f for f in lines if not f.filename.startswith(outside)]
    said = (str(error).strip().splitlines() or [""])[0]
    whose = name if own and own[-1].name != "<module>" else "the file"
    found = InvalidValueError(f"{whose} raises {type(error).__name__}: {said}")
    if _is_of_arrays(error, said) or any("/numpy/" in frame.filename for frame in own):
        found.hint = OF_ARRAYS
    if isinstance(error, SyntaxError) and error.lineno is not None:
        found.span = span_of(Place(str(error.filename), error.lineno))
        found.source = text_of([str(error.filename)])
    elif own and own[-1].lineno is not None:
        file, line = own[-1].filename, own[-1].lineno
        found.span = span_of(Place(file, line))
        found.source = text_of([file])
    return found
