"""What every command that calculates has in common: asking, and the exit code."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from gradcalc.cli.options import Options

if TYPE_CHECKING:
    from gradcalc.cli.inputs import Request
    from gradcalc.report import Report

_BADNESS = (0, 3, 1)
"""Exit codes of verdicts, the worst last."""

Answer = TypeVar("Answer")


def answered(
    options: Options, own: frozenset[str], answer: Callable[["Request"], Answer]
) -> list[Answer]:
    """The answer to each program of the command line, all of which are checked first."""
    from gradcalc.cli.inputs import requests

    asked = requests(options, own)
    with _no_collections():
        from gradcalc.witnesses import autograd, enclosure, symbolic  # noqa: F401
    return [answer(request) for request in asked]


def worst_code(reports: Sequence["Report"]) -> int:
    """The exit code of several reports."""
    return max((report.verdict.exit_code for report in reports), key=_BADNESS.index)


@contextmanager
def _no_collections() -> Iterator[None]:
    """Imports make no garbage, but looking for it among torch's objects takes 0.15 s."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
