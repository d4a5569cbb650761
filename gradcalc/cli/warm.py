"""The command line as a warm process runs it: everything imported, and tried once, beforehand."""

import io
import os
import warnings
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib import import_module
from pkgutil import walk_packages
from typing import NoReturn

from gradcalc.torch_process import import_autograd

REHEARSED = (("grad", "2*dot(x,x)", "--x", "0,1,2,3", "--format", "table"),)
"""What is calculated in each child before its call: most of what any answer touches."""

PREPARED = (
    *REHEARSED,
    ("grad", "2*dot(x,x)", "--x", "0,1,2,3", "--expect", "3*x"),
    ("grad", "sqrt(x**2)", "--x", "0", "--json"),
    ("grad", "a = x*2\nwhile a < 100: a = a*2\na", "--x", "0.3", "--format", "latex"),
    ("grad", "X.T@(sigmoid(X@w) - b)", "--X", "1,2;3,4", "--w", "1,-1", "--b", "0,1"),
    ("why", "log(sum(exp(x)))", "--x", "1000,999"),
    ("grad", "x*(", "--x", "1"),
)  # fmt: skip
"""What is calculated in the server once, so that its children find the results of its thinking."""


def main(name: str, lock: int) -> NoReturn:
    """Be the server of a name, as long as it lasts; the lock is a descriptor that holds it."""
    from gradcalc import __version__
    from gradcalc.daemon.server import serve
    from gradcalc.daemon.worker import Service

    # Nobody is there to be told; `gradcalc daemon start` sees that nobody answers.
    with suppress(OSError):
        serve(name, Service(__version__, _prepare, _rehearse, _run), lock)
    # torch takes half a second to tear down.
    os._exit(0)


def _prepare() -> None:
    """Import everything, and let nothing start a thread, which a fork would lose."""
    warnings.simplefilter("ignore")
    import gradcalc

    import_autograd()
    for module in walk_packages(gradcalc.__path__, "gradcalc."):
        if not module.name.endswith("__main__"):
            try:
                import_module(module.name)
            except ModuleNotFoundError as missing:
                # what is for pytest, or for an extra, needs what may not be installed
                if (missing.name or "").partition(".")[0] == "gradcalc":
                    raise
    for argv in PREPARED:
        _silently(argv)


def _rehearse() -> None:
    if any(_silently(argv) for argv in REHEARSED):
        raise RuntimeError("a child of this process cannot calculate")


def _silently(argv: Sequence[str]) -> int:
    from gradcalc.cli.app import main as run

    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return run(argv)


def _run(argv: Sequence[str]) -> int:
    from gradcalc.cli.app import main as run
    from gradcalc.cli.output import flushed

    return flushed(run(argv))
