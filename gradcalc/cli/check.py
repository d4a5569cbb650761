"""`gradcalc check`: the gradient of real code, which is run and recorded."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from gradcalc.cli.arguments import add_command
from gradcalc.cli.files import PROGRAM, similar_file
from gradcalc.cli.options import Options
from gradcalc.errors import FileError, GradcalcError, UsageError
from gradcalc.located import located, no_file

if TYPE_CHECKING:
    from gradcalc.calculate import Ask, Awaited
    from gradcalc.checking.job import Job
    from gradcalc.checking.ran import Ran
    from gradcalc.problem import Problem
    from gradcalc.testimony import Absent, Computed
    from gradcalc.torch_process import Beside


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    add_command(app, name, check, required=True)


def check(options: Options, beside: "Beside | None") -> int:
    """Run the code, hold its gradient to what that is, print, and give the exit code."""
    from gradcalc.cli.grad import check_binary, show, show_why
    from gradcalc.render import EXPLAINED

    check_binary(options)
    if options.at_length and options.format not in (None, *EXPLAINED):
        raise UsageError(f"--why prints text or JSON, not {options.format}")
    if len(options.programs) > 1:
        raise UsageError("check takes one function", hint="call it for each of them")
    written = options.grad is not None or options.hess is not None
    if written:
        _refuse(options)
    if options.order > 2:
        raise UsageError(f"--order {options.order}: check knows gradients and second derivatives")
    path, name = _target(options.programs[0])
    if beside is not None:
        beside.begin()
    job = _job(options, path, name)
    from gradcalc.checking import check as checking
    from gradcalc.checking.numpy_call import judged_in_turn
    from gradcalc.checking.ran import extent
    from gradcalc.checking.shown import report as shown_report
    from gradcalc.cli.output import Phases
    from gradcalc.cli.programs import limits_of

    shown = f"{options.programs[0]}"
    if options.order > 1 and options.trust:
        raise UsageError("--order 2 takes nothing for meant", hint="leave --trust out")
    with Phases(quiet=options.quiet) as phases, _as_typed():
        phases.begin(f"running {shown}")
        ran = _ran(job, beside, shown, options.timeout)
        phases.begin(f"checking {extent(ran[-1])}")
        row, ask = _witness(options, beside)
        how = checking.How(row, limits_of(options), ask, shown, strict=options.strict)
        report = shown_report(found := judged_in_turn(ran, how))
    told = tuple(replace(finding, hint=typed(finding.hint)) for finding in report.findings)
    report = replace(report, findings=told)
    if options.at_length:
        from gradcalc.at_length import explained

        show_why([explained(found.case, report)], options)
    else:
        show([report], options)
    return report.verdict.exit_code


_FLAGS = {"leaves": "wrt"}


def typed(text: str | None) -> str | None:
    """A tip about arguments of Python, `grad=df`, as one about the command line."""
    if text is None:
        return None

    def flag(found: re.Match[str]) -> str:
        value = found[2] or ("FILE:NAME" if found[1] in ("reference", "grad", "hess") else "")
        return f"--{_FLAGS.get(found[1], found[1])} {value}".rstrip()

    return re.sub(r"\b(reference|grad|hess|leaves)=(\w*)", flag, text)


@contextmanager
def _as_typed() -> Iterator[None]:
    try:
        yield
    except GradcalcError as error:
        error.hint = typed(error.hint)
        raise


def _refuse(options: Options) -> None:
    from gradcalc.checking.numpy_options import refuse

    given = {
        "grad": options.grad, "hess": options.hess, "reference": options.reference,
        "trust": options.trust, "cotangent": options.cotangent, "device": options.device != "cpu",
        "order": options.order, "dtype": options.made_of,
    }  # fmt: skip
    refuse(given, "--{}".format)


def _target(text: str) -> tuple[str, str]:
    """The file and the name in it."""
    found = PROGRAM.fullmatch(text)
    if found is None or not found[1].endswith(".py"):
        raise UsageError(
            f"{text} is no file with a function: check runs your own code",
            hint="gradcalc check FILE.py:NAME; gradcalc grad reads expressions",
        )
    path = located(found[1])
    if not os.path.isfile(path):
        raise FileError(no_file(path), hint=similar_file(path, "*.py"))
    if not found[2]:
        from gradcalc.cli.files import functions_of

        known = list(functions_of(path))
        hint = f"{found[1]}:{known[-1]}" if known else "gradcalc check FILE.py:NAME"
        raise UsageError(f"say what of {found[1]} is checked", hint=hint)
    return found[1], found[2]


def _job(options: Options, path: str, name: str) -> "Job":
    from gradcalc.checking.job import Job
    from gradcalc.cli.bundle import bundled
    from gradcalc.cli.numbers import read_numbers, unsure
    from gradcalc.cli.programs import read_stdin

    if options.bundle is not None:
        given = [name for name, _ in options.values]
        more = bundled(options.bundle, None, given, read_stdin)
        options = replace(options, values=(*options.values, *more), bundle=None)
    values, cotangent, _ = read_numbers(options)
    return Job(
        path=path, name=name, values=values, unsure=unsure(options), wrt=options.wrt,
        dtype=options.made_of, device=options.device, init=options.init,
        reference=options.reference, trust=options.trust, cotangent=cotangent,
        order=options.order, seed=options.seed or 0, grad=options.grad, hess=options.hess,
    )  # fmt: skip


def _ran(job: "Job", beside: "Beside | None", shown: str, seconds: float | None) -> "list[Ran]":
    """What torch says, in a process that may crash."""
    if beside is None:
        return job()
    from gradcalc.errors import LimitError
    from gradcalc.torch_process import Late, Lost

    try:
        found: list[Ran] = beside.do(job, seconds)
    except Lost as reason:
        hint = "does it run without gradcalc?"
        if isinstance(reason, Late):
            own = reason.seconds == seconds
            hint = "--timeout allows more" if own else "GRADCALC_PATIENCE=10 waits longer for torch"
        raise LimitError(f"{shown} was not run to its end: {reason}", hint=hint) from None
    return found


def _witness(options: Options, beside: "Beside | None") -> "tuple[Any, Ask]":
    """The rows of operations, and who answers elsewhere: nobody for what somebody wrote."""
    if options.grad is not None or options.hess is not None:
        from gradcalc.checking.numpy_call import nobody

        return (lambda _: None), nobody
    from gradcalc.checking.aten import row

    return row, _asking(beside)


def _asking(beside: "Beside | None") -> "Ask":
    if beside is None:
        from gradcalc.calculate import ask_here

        return ask_here
    from gradcalc.testimony import Absence, Absent

    def ask(problem: "Problem") -> "Awaited":
        answer = beside.ask(problem)

        def found() -> "Computed | Absent":
            try:
                return answer()
            except GradcalcError:
                raise
            # whatever the code has made of torch there: that is no fault of gradcalc's
            except Exception as error:
                what = f"where the code ran, torch raises {type(error).__name__}: {error}"
                return Absent(Absence.LOST, what)

        return found

    return ask
