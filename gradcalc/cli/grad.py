"""`gradcalc grad` and `gradcalc why`: a report on each program, or the verdict at length."""

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import typer

from gradcalc.cli.arguments import add_command, known_options
from gradcalc.cli.browser import write_page
from gradcalc.cli.options import Options
from gradcalc.errors import GradcalcError, UsageError
from gradcalc.render import BINARY, EXPLAINED, FEW_DIGITS, explainer, harmless, packer, renderer

if TYPE_CHECKING:
    from gradcalc.calculate import Ask
    from gradcalc.cli.inputs import Request
    from gradcalc.report import Array, Explanation, Report
    from gradcalc.steps.data import Steps
    from gradcalc.torch_process import Beside

_BADNESS = (0, 3, 1)
"""Exit codes of verdicts, the worst last."""

Answered = TypeVar("Answered", bound="Report | Explanation | Steps")


def add(app: typer.Typer, name: str) -> None:
    """Add `grad`, or a command that takes much the same."""
    add_command(app, name, why if name == "why" else grad, required=True)


def grad(options: Options, beside: "Beside | None") -> int:
    """Calculate, print, and give the exit code."""
    check_binary(options)
    reports = answered(options, _reporter, beside)
    if options.accumulate:
        reports = _accumulated(reports)
    show(reports, options)
    return worst_code(reports)


def show(reports: Sequence["Report"], options: Options) -> None:
    """Print reports as the options want them."""
    write_page("reports", reports, options)
    form = _format(options)
    if form in BINARY and not options.quiet:
        from gradcalc.cli.output import write_bytes

        write_bytes(packer(form)(reports), sys.stdout)
    elif not options.quiet:
        from gradcalc.cli.output import style_for, write

        digits = options.digits or (FEW_DIGITS if form == "table" else None)
        style = style_for(sys.stdout, show_all=options.show_all, digits=digits)
        write(renderer(form)(reports, style), sys.stdout)


def check_binary(options: Options) -> None:
    """Raises `UsageError` for numbers in bytes where a person would read them."""
    from gradcalc.cli.output import is_terminal

    if options.format in BINARY and not options.quiet and is_terminal(sys.stdout):
        raise UsageError(
            f"--format {options.format} is no text for a terminal",
            hint=f"send it to a file: > gradient.{options.format}",
        )


def why(options: Options, beside: "Beside | None") -> int:
    """Calculate, explain, print, and give the exit code of the program's own verdict."""
    if options.format is not None and options.format not in EXPLAINED:
        raise UsageError(
            f"why prints text or JSON, not {options.format}",
            hint=f"gradcalc grad prints {options.format}",
        )
    if options.accumulate:
        raise UsageError("why explains one gradient", hint="gradcalc grad --accumulate sums them")
    explanations = answered(options, _explainer, beside)
    show_why(explanations, options)
    return worst_code([explanation.report for explanation in explanations])


def show_why(explanations: Sequence["Explanation"], options: Options) -> None:
    """Print explanations as the options want them."""
    write_page("explanations", explanations, options)
    if not options.quiet:
        from gradcalc.cli.output import style_for, write

        style = style_for(sys.stdout, show_all=options.show_all, digits=options.digits)
        write(explainer(options.format or "table")(explanations, style), sys.stdout)


def answered(
    options: Options,
    answerer: Callable[[Options], Callable[["Request", "Ask"], Answered]],
    beside: "Beside | None",
) -> list[Answered]:
    """The answer to each program of the command line, all of which are checked first.

    `answerer` is asked for what answers while torch is being imported, `beside` or here.
    """
    from gradcalc.cli.programs import sources

    texts = sources(options)
    with _no_collections():
        from gradcalc.cli.inputs import requests

        asked = requests(options, texts, frozenset(known_options("grad")))
        ask = asking(beside)
        if options.check:
            from gradcalc.witnesses import enclosure, symbolic  # noqa: F401
        answer = answerer(options)
    return [_told(answer, request, ask) for request in asked]


def _told(
    answer: Callable[["Request", "Ask"], Answered], request: "Request", ask: "Ask"
) -> Answered:
    """The answer to a request, what its program prints on standard error."""
    from gradcalc.cli.output import Phases, say

    try:
        with Phases() as phases:
            phases.begin("calculating and checking")
            found = answer(request, ask)
    except GradcalcError as error:
        say(harmless(error.printed))
        raise
    say(harmless(found.printed))
    return found


def asking(beside: "Beside | None") -> "Ask":
    """Where autograd is asked, which is where torch is imported; it begins with that at once."""
    if beside is not None:
        beside.begin()
        return beside.ask
    from gradcalc.calculate import ask_here
    from gradcalc.torch_process import import_autograd

    import_autograd()
    return ask_here


def _reporter(options: Options) -> Callable[["Request", "Ask"], "Report"]:
    """What answers; all that it takes to answer and to print is imported with it."""
    from gradcalc import family  # noqa: F401

    if not options.quiet and options.format not in BINARY:
        renderer(_format(options))
    return lambda request, ask: request.answered(ask)


def _explainer(options: Options) -> Callable[["Request", "Ask"], "Explanation"]:
    """What answers; all that it takes to answer and to print is imported with it."""
    from gradcalc.at_length import explain

    if not options.quiet:
        explainer(options.format or "table")

    def explanation(request: "Request", ask: "Ask") -> "Explanation":
        found = explain(request.problem, ask=ask)
        return replace(found, report=request.noted(found.report))

    return explanation


def _format(options: Options) -> str:
    """A table for a person, tab-separated rows for a program, if nothing is asked for."""
    from gradcalc.cli.output import is_terminal

    return options.format or ("table" if is_terminal(sys.stdout) else "tsv")


def _accumulated(reports: Sequence["Report"]) -> list["Report"]:
    """The reports, each gradient with the sum of those up to it."""
    import numpy as np

    sums: dict[str, Array] = {}
    result: list[Report] = []
    for report in reports:
        for gradient in report.gradients:
            total = np.asarray(sums.get(gradient.name, 0.0) + gradient.best)
            sums[gradient.name] = total
        gradients = [replace(g, accumulated=sums[g.name]) for g in report.gradients]
        result.append(replace(report, gradients=tuple(gradients)))
    return result


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
