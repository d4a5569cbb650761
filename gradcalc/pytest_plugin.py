"""The plugin for pytest: the fixture `gradcalc`, and `--gradcalc`, off unless asked for.

With `--gradcalc` every call of `torch.autograd.gradcheck` in a suite is put to gradcalc as well;
where the two differ is told at the end, and in a file.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gradcalc.report import Report

PASSED, FAILED, STOPPED = "passed", "failed", "stopped"
"""What gradcheck says, or that it raises something else."""

RIGHT = ("verified", "vanished")
"""Outcomes of a gradient that is right."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of gradcheck: in which test, what it said, and what gradcalc says."""

    test: str
    function: str
    order: int
    gradcheck: str
    outcome: str
    message: str
    findings: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether one of the two takes the gradient for right and the other for wrong."""
        right = self.outcome in RIGHT
        return (self.gradcheck == PASSED and self.outcome == "wrong") or (
            self.gradcheck == FAILED and right
        )


# -- the fixture -------------------------------------------------------------------------------


class WrongGradient(AssertionError):
    """A gradient that is not right, or of which that is not known."""


class Checker:
    """What the fixture gives."""

    def __repr__(self) -> str:
        return "<gradcalc>"

    def check(
        self, function: Any, *args: Any, allow: Collection[str] = (), **options: Any
    ) -> "Report":
        """Check a function, module or autograd.Function as `gradcalc.check` does.

        Fails the test unless the gradient is right, or its outcome is one that is allowed, as
        "kink". Gives the report.
        """
        __tracebackhide__ = True
        import gradcalc
        from gradcalc.verdict.outcome import Outcome

        unknown = set(allow) - {outcome.value for outcome in Outcome}
        if unknown:
            raise ValueError(f"allow: there is no outcome {min(unknown)}")
        report = gradcalc.check(function, *args, **options)
        if report.verdict.exit_code and report.verdict.outcome.value not in allow:
            raise WrongGradient(failure(report))
        return report


@pytest.fixture
def gradcalc() -> Checker:
    """`gradcalc.check(function, *tensors)`, which fails the test where a gradient is wrong."""
    return Checker()


def failure(report: "Report") -> str:
    """What is wrong, where, and what to do, as a test tells it."""
    lines = [f"{report.program}: {report.verdict.outcome.value}, {report.verdict.message}"]
    for gradient in report.gradients:
        worst = gradient.worst
        if worst is not None and gradient.differs is not None and gradient.differs.any():
            place = ", ".join(map(str, worst.index))
            where = f"{gradient.name}[{place}]" if place else gradient.name
            said = f"{report.witness}:".ljust(9)
            lines += [f"  {where}", f"    {said} {worst.said}", f"    true:     {worst.truth}"]
    for finding in report.findings:
        place = ""
        if finding.span is not None:
            file = f"{finding.span.file}:" if finding.span.file else "line "
            place = f" ({file}{finding.span.line})"
        lines.append(f"  {finding.message}{place}")
        if finding.hint:
            lines.append(f"    tip: {finding.hint}")
    return "\n".join(lines)


# -- every gradcheck of a suite ----------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the plugin."""
    group = parser.getgroup("gradcalc", "gradients")
    group.addoption(
        "--gradcalc",
        action="store_true",
        help="put every call of torch.autograd.gradcheck to gradcalc too, and tell where they"
        " differ",
    )
    group.addoption(
        "--gradcalc-json", metavar="FILE", help="write what --gradcalc found to a file as JSON"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Take the place of gradcheck before any test, or what they all use, imports it."""
    asked = early_config.known_args_namespace
    if getattr(asked, "gradcalc", False) or getattr(asked, "gradcalc_json", None):
        early_config.pluginmanager.register(Beside(), BESIDE)


def pytest_configure(config: pytest.Config) -> None:
    """The same where this plugin was loaded later."""
    asked = config.getoption("--gradcalc") or config.getoption("--gradcalc-json")
    if asked and not config.pluginmanager.has_plugin(BESIDE):
        config.pluginmanager.register(Beside(), BESIDE)


BESIDE = "gradcalc-beside"
"""What calls gradcalc, as pytest knows it."""


class Beside:
    """Calls gradcalc beside gradcheck, and remembers what both said."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._undo: list[Callable[[], None]] = []
        self._busy = False
        self._test = self._failed = ""
        self._replace("gradcheck", 1)
        self._replace("gradgradcheck", 2)

    def _replace(self, name: str, order: int) -> None:
        import torch
        from torch.autograd.gradcheck import GradcheckError

        plain = getattr(torch.autograd, name)

        def beside(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            names = ("func", "inputs")
            given = dict(zip(names, args, strict=False)) | kwargs
            # gradgradcheck calls gradcheck
            if self._busy or not given.keys() >= set(names):
                return plain(*args, **kwargs)
            self._busy = True
            said = STOPPED
            try:
                found = plain(*args, **kwargs)
                said = PASSED if found else FAILED
            except GradcheckError:
                said = FAILED
                raise
            finally:
                try:
                    self.calls.append(
                        _call(self._test, given["func"], given["inputs"], order, said)
                    )
                finally:
                    self._busy = False
            return found

        # the module that it is from has the name of the function
        for place in (torch.autograd, sys.modules["torch.autograd.gradcheck"]):
            setattr(place, name, beside)
            self._undo.append(partial(setattr, place, name, plain))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Remember which test runs."""
        self._test = nodeid

    def pytest_unconfigure(self) -> None:
        """Give gradcheck its place back."""
        while self._undo:
            self._undo.pop()()

    # pytest-xdist may not be there
    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """What a process of pytest-xdist has found."""
        self.calls += [Call(**call) for call in node.workeroutput.get("gradcalc", [])]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand on what was found, or write it down."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["gradcalc"] = list(map(asdict, self.calls))
            return
        path = session.config.getoption("--gradcalc-json")
        if path:
            calls = [{**asdict(call), "differs": call.differs} for call in self.calls]
            found = {"schema": "gradcalc.pytest/1", "calls": calls}
            try:
                Path(path).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            except OSError as error:
                self._failed = f"{path} cannot be written: {error.strerror}"

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell where the two differ."""
        if not self.calls:
            return
        terminalreporter.section("gradcalc beside gradcheck")
        for line in (*summary(self.calls), *([self._failed] if self._failed else [])):
            terminalreporter.line(line)


def _call(test: str, fn: Any, inputs: Any, order: int, said: str) -> Call:
    """What gradcalc says of a call."""
    import gradcalc

    name = getattr(fn, "__name__", type(fn).__name__)
    args = tuple(inputs) if isinstance(inputs, list | tuple) else (inputs,)
    try:
        with _spare_streams():
            report = gradcalc.check(fn, *args, order=order)
    except gradcalc.GradcalcError as error:
        return Call(test, name, order, said, "unresolved", str(error))
    except KeyboardInterrupt:
        raise
    # gradcheck has its say, whatever becomes of this one
    except BaseException as error:
        return Call(test, name, order, said, "unresolved", f"{type(error).__name__}: {error}")
    name = report.program.partition("(")[0]
    findings = tuple(failure(report).splitlines()[1:]) if report.verdict.exit_code else ()
    verdict = report.verdict
    return Call(test, name, order, said, verdict.outcome.value, verdict.message, findings)


@contextmanager
def _spare_streams() -> Iterator[None]:
    """Others in the place of the standard streams: those of the suite are still open whatever the
    function does with them."""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as stream,
        redirect_stdout(stream),
        redirect_stderr(stream),
    ):
        yield


def summary(calls: Collection[Call]) -> Iterator[str]:
    """Where the two differ, and how many there are of each kind."""
    differing = [call for call in calls if call.differs]
    for call in differing:
        yield f"{call.test}: {call.function}"
        yield f"  gradcheck {call.gradcheck}, gradcalc {call.outcome}: {call.message}"
        yield from call.findings
    counts: dict[str, int] = {}
    for call in calls:
        counts[call.outcome] = counts.get(call.outcome, 0) + 1
    shown = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    yield f"{len(calls)} calls of gradcheck: {shown}; {len(differing)} differ"
