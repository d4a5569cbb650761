"""What is asked of a user's file, as plain data: it goes to the process that runs the file."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradcalc.checking.ran import Ran
from gradcalc.testimony import Array


@dataclass(frozen=True, slots=True)
class Job:
    """A check of a function in a file: it is loaded, run and recorded where this is called.

    `values` are its arguments by name as numbers, which may be integers or not where they are
    `unsure`, and are where `whole` says so of those that are not differentiated by; `init` is what
    the class of a module is made with.
    """

    path: str
    name: str
    values: Mapping[str, Array]
    unsure: frozenset[str] = frozenset()
    whole: bool = False
    wrt: tuple[str, ...] = ()
    dtype: str = "float64"
    device: str = "cpu"
    init: str | None = None
    reference: str | None = None
    trust: tuple[str, ...] = ()
    cotangent: Any = None
    order: int = 1
    seed: int = 0
    grad: str | None = None
    hess: str | None = None

    def __call__(self) -> list[Ran]:
        """What torch says of it, or what was written of its derivatives, which are `grad` and
        `hess`.

        Raises `GradcalcError` for whatever is wrong with the file or the function.
        """
        before = list(sys.path)
        try:
            return self._done()
        finally:
            # files beside this one are nobody else's to import
            sys.path[:] = before

    def _done(self) -> list[Ran]:
        # nobody but the process that runs it has torch
        if self.grad is None and self.hess is None:
            from gradcalc.checking.files import done

            return [done(self)]
        from gradcalc.checking.numpy_files import done_of_arrays

        return done_of_arrays(self)
