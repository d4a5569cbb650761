"""A user's file, run as a module: what its names are, what its functions are called with, and what
it raises as a sentence."""

import importlib
import importlib.util
import inspect
import os
import re
import shlex
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gradcalc.checking.backwards import OF_ARRAYS
from gradcalc.checking.parameters import SAMPLES
from gradcalc.checking.places import span_of, text_of
from gradcalc.checking.trace import Place
from gradcalc.errors import (
    FileError,
    GradcalcError,
    InvalidValueError,
    UnknownNameError,
    UsageError,
    did_you_mean,
)
from gradcalc.lazy_import import UNUSED, load_deferred
from gradcalc.located import located, no_file

TOLD = re.compile(r"^[^\S\n]*gradcalc:(.*)$", re.MULTILINE)
"""The line of a docstring that says with what a function is called, as the command line has it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file that was run: its names, and the objects that its classes were made to.

    `init` is what a class is made with, as Python writes arguments.
    """

    path: str
    names: Mapping[str, Any]
    init: str | None = None
    objects: dict[type, Any] = field(default_factory=dict)

    def find(self, name: str) -> Any:
        """What a name, with dots or without, is in the file: a method is that of an object.

        Raises `UnknownNameError` where there is none.
        """
        first, *rest = name.split(".")
        if first not in self.names:
            own = [n for n, v in self.names.items() if callable(v) and not n.startswith("_")]
            hint = did_you_mean(first, own) or (f"it has {', '.join(own[-6:])}" if own else None)
            raise UnknownNameError(f"{self.path} has nothing called {first}", hint=hint)
        value = self.names[first]
        for part in rest:
            if not hasattr(value, part):
                own = [n for n in dir(value) if not n.startswith("_")]
                raise UnknownNameError(
                    f"{first} has nothing called {part}", hint=did_you_mean(part, own)
                )
            if _wants_object(value, part):
                value = self.made(value)
            first, value = part, getattr(value, part)
        return value

    def made(self, kind: Any) -> Any:
        """The object of a class, the same for all who ask.

        Raises `UsageError` where it cannot be made so.
        """
        if kind not in self.objects:
            try:
                # the words of whoever runs the file
                found = eval(f"_made_({self.init or ''})", {**self.names, "_made_": kind})
            except TypeError as error:
                raise UsageError(
                    f"{kind.__name__} cannot be made of ({self.init or ''}): {error}",
                    hint=f'--init "3, 2" says with what {kind.__name__} is made',
                ) from None
            self.objects[kind] = found
        return self.objects[kind]


def _wants_object(owner: Any, name: str) -> bool:
    """Whether what a class has by a name belongs to its objects, as a plain method does."""
    if not isinstance(owner, type) or issubclass(owner, torch.autograd.Function):
        return False
    found = inspect.getattr_static(owner, name)
    return inspect.isfunction(found) or isinstance(found, property)


def load(path: str, init: str | None = None) -> Loaded:
    """A file, which is run as a module.

    Raises `FileError` where it is not there.
    """
    file = located(path)
    if not os.path.isfile(file):
        raise FileError(no_file(file))
    # what torch does without for our own programs is there for those of others
    load_deferred(*UNUSED)
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
    return Loaded(path, vars(module), init)


def _module(file: Path) -> tuple[Path, str]:
    """Where the name of a module begins, and that name, with those of the packages it is in."""
    folder, names = file.parent, [file.stem]
    while os.path.isfile(folder / "__init__.py"):
        names.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(names)


def sample_of(space: Loaded, name: str) -> Any:
    """The inputs that a function's docstring or file has for it, None where they have none."""
    told = _documented(space, name)
    maker = space.names.get(SAMPLES)
    if told is not None or maker is None:
        return told
    found = maker()
    if isinstance(found, Mapping) and all(
        callable(space.names.get(key.partition(".")[0])) for key in found
    ):
        found = found.get(name)
    if isinstance(found, torch.Tensor):
        found = (found,)
    return tuple(found) if isinstance(found, list) else found


def _documented(space: Loaded, name: str) -> Any:
    try:
        function = space.find(name)
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
    except BaseException as error:
        if _is_typed(error):
            raise
        raise _told(name, error) from None


def _is_typed(error: BaseException) -> bool:
    """Whether it is Ctrl-C, which is none where that ends the process otherwise."""
    handler = signal.getsignal(signal.SIGINT)
    return isinstance(error, KeyboardInterrupt) and handler is signal.default_int_handler


def _is_of_arrays(error: BaseException, said: str) -> bool:
    """Whether a tensor was taken for an array of numpy's."""
    if isinstance(error, AttributeError) and isinstance(error.obj, torch.Tensor):
        return hasattr(np.ndarray, error.name or "")
    return "numpy() on Tensor" in said or "'numpy.ndarray'" in said


def _text(error: BaseException) -> str:
    try:
        return str(error)
    # which is their code too
    except Exception:
        return ""


def _told(name: str, error: BaseException) -> GradcalcError:
    lines = traceback.extract_tb(error.__traceback__)
    outside = (str(Path(torch.__file__).parent), str(Path(__file__).parent), "<")
    own = [f for f in lines if not f.filename.startswith(outside)]
    said = (_text(error).strip().splitlines() or [""])[0]
    whose = name if own and own[-1].name != "<module>" else "the file"
    found = InvalidValueError(f"{whose} raises {type(error).__name__}{': ' if said else ''}{said}")
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
