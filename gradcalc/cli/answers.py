"""What every command that calculates has in common: asking, and the exit code."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from gradcalc.cli.options import Options

if TYPE_CHECKING:
    from gradcalc.beside import Beside
    from gradcalc.calculate import Ask
    from gradcalc.cli.inputs import Request
    from gradcalc.report import Report

_BADNESS = (0, 3, 1)
"""Exit codes of verdicts, the worst last."""

Answer = TypeVar("Answer")


def answered(
    options: Options,
    own: frozenset[str],
    answerer: Callable[[Options], Callable[["Request", "Ask"], Answer]],
    beside: "Beside | None",
) -> list[Answer]:
    """The answer to each program of the command line, all of which are checked first.

    `answerer` is asked for what answers while torch is being imported, `beside` or here.
    """
    from gradcalc.cli.programs import sources

    programs = sources(options)
    with _no_collections():
        from gradcalc.cli.inputs import requests

        asked = requests(options, own, programs)
        ask = _asking(beside)
        if options.check:
            from gradcalc.witnesses import enclosure, symbolic  # noqa: F401
        answer = answerer(options)
    return [answer(request, ask) for request in asked]


def _asking(beside: "Beside | None") -> "Ask":
    """Where autograd is asked, which is where torch is imported; it begins with that at once."""
    if beside is not None:
        beside.begin()
        return beside.ask
    from gradcalc.calculate import ask_here
    from gradcalc.witnesses import autograd  # noqa: F401

    return ask_here


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
