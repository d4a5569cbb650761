"""A sample's text, calculated by torch and by gradcalc, and what the two make."""

import re
import signal
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import torch

from benchmarks.coverage.databases import Sample
from benchmarks.coverage.texts import LeftOut, Text, Unwritten, summed, weights, written
from gradcalc.calculate import calculate
from gradcalc.errors import GradcalcError
from gradcalc.lang.fence import compile_program
from gradcalc.problem import Problem
from gradcalc.report import Report
from gradcalc.verdict.outcome import Outcome as Verdict

APART: Mapping[torch.dtype, float] = {torch.float64: 1e-9, torch.float32: 1e-4}
"""How far two runs of torch may lie apart, beside the largest element: kernels add in any order."""


class Outcome(StrEnum):
    """What became of a sample."""

    VERIFIED = "verified"
    TOLD = "told"
    UNRESOLVED = "unresolved"
    REFUSED = "refused"
    SLOW = "slow"
    UNWRITTEN = "unwritten"
    WRONG = "wrong"
    DIFFERENT = "different"
    CRASH = "crash"
    LEFT_OUT = "left out"


LOOKED_AT = (Outcome.WRONG, Outcome.DIFFERENT, Outcome.CRASH)

OUTCOMES: Mapping[Verdict, Outcome] = {
    Verdict.VERIFIED: Outcome.VERIFIED,
    Verdict.VANISHED: Outcome.VERIFIED,
    Verdict.UNRESOLVED: Outcome.UNRESOLVED,
    Verdict.WRONG: Outcome.WRONG,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a sample, the reason, its text, and the shapes of its inputs."""

    entry: str
    dtype: str
    outcome: Outcome
    reason: str = ""
    text: str = ""
    inputs: str = ""

    @property
    def kind(self) -> str:
        """The reason without what is of this sample only."""
        return re.sub(r"-?\d+(\.\d+)?(e[-+]?\d+)?", "N", self.reason)


class _Slow(BaseException):
    """The time for a sample is over."""


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise _Slow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def judge(entry: str, sample: Sample, dtype: torch.dtype, seconds: float) -> Finding:
    """Calculate a sample on both sides and compare."""
    name = str(dtype).removeprefix("torch.")
    try:
        text, truth = _found(sample)
    except LeftOut as reason:
        return Finding(entry, name, Outcome.LEFT_OUT, str(reason))
    except Unwritten as reason:
        return Finding(entry, name, Outcome.UNWRITTEN, str(reason))
    shapes = ", ".join(f"{n} {tuple(t.shape)}" for n, t in text.inputs.items())
    try:
        with _within(seconds):
            outcome, reason = _compared(text, truth, name)
    except _Slow:
        outcome, reason = Outcome.SLOW, f"more than {seconds:g} s"
    return Finding(entry, name, outcome, reason, text.source, shapes)


@dataclass(frozen=True, slots=True)
class _Truth:
    """What torch itself makes of a text."""

    value: Any
    gradients: Mapping[str, Any]


def _found(sample: Sample) -> tuple[Text, _Truth]:
    """The text of a sample, and what torch makes of it; several results are summed up in the text.

    Raises `Unwritten` where no text is what the sample is.
    """
    reason = "has no public name"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            torch.manual_seed(0)
            expected = sample.run()
        except Exception as error:
            raise LeftOut("torch refuses its own sample") from error
        for text in written(sample):
            if not text.wrt:
                raise LeftOut("no gradient")
            try:
                found = _run(text)
            except Exception as error:  # whatever torch says to arguments in another order
                reason = f"torch takes no such call: {type(error).__name__}"
                continue
            if not _same(found, expected):
                reason = "the public name means something else"
                continue
            return text, _truth(text, found)
    raise Unwritten(reason)


def _truth(text: Text, found: Any) -> _Truth:
    parts = _parts(found)
    if any(part.is_complex() for part in parts):
        raise LeftOut("complex numbers")
    shapes = [tuple(p.shape) if p.requires_grad else None for p in parts]
    if not any(shape is not None for shape in shapes):
        raise LeftOut("no gradient")
    if not isinstance(found, torch.Tensor):
        text.source = summed(text, shapes)
    leaves = _leaves(text)
    found = _run(text, leaves)
    weighed = 1.0
    if found.ndim:
        weighed = torch.as_tensor(weights(tuple(found.shape)), dtype=found.dtype)
    for name, weight in text.weights.items():
        text.inputs[name] = leaves[name] = weight
        text.wrt.append(name)
    asked = [leaves[name] for name in text.wrt]
    given = torch.autograd.grad((found * weighed).sum(), asked, allow_unused=True)
    pairs = zip(asked, given, strict=True)
    slopes = [torch.zeros_like(leaf) if one is None else one for leaf, one in pairs]
    return _Truth(_array(found), dict(zip(text.wrt, map(_array, slopes), strict=True)))


def _leaves(text: Text) -> dict[str, torch.Tensor]:
    # of one dtype all, as everything is calculated in one
    dtype = next(iter(text.inputs.values())).dtype if text.inputs else None
    return {
        name: tensor.detach().to(dtype, copy=True).requires_grad_(name in text.wrt)
        for name, tensor in text.inputs.items()
    }


def _run(text: Text, values: Mapping[str, Any] | None = None) -> Any:
    torch.manual_seed(0)
    *lines, last = text.source.split("\n")
    scope = {"torch": torch, **(_leaves(text) if values is None else values)}
    for line in lines:
        exec(line, scope)
        module = scope.get("m")
        if isinstance(module, torch.nn.Module):
            # weights are drawn in torch's default dtype
            module.to(next(iter(text.inputs.values())).dtype)
            text.weights = {f"m.{name}": weight for name, weight in module.named_parameters()}
    return eval(last, scope)


def _parts(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, list | tuple) and all(isinstance(one, torch.Tensor) for one in value):
        return list(value)
    raise Unwritten(f"gives a {type(value).__name__}")


def _same(found: Any, expected: Any) -> bool:
    """Whether two results are the same, as far as kernels agree."""
    ours, theirs = _parts(found), _parts(expected)
    return len(ours) == len(theirs) and all(map(_alike, ours, theirs))


def _alike(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.shape != other.shape:
        return False
    if torch.strided not in (one.layout, other.layout) or one.layout != other.layout:
        raise LeftOut("sparse tensors")
    return torch.allclose(one.detach(), other.detach().to(one.dtype), equal_nan=True)


def _array(tensor: torch.Tensor) -> Any:
    return tensor.detach().to(torch.float64).numpy(force=True)


def _compared(text: Text, truth: _Truth, dtype: str) -> tuple[Outcome, str]:
    inputs = {name: _array(tensor) for name, tensor in text.inputs.items()}
    cotangent = weights(truth.value.shape) if truth.value.ndim else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = compile_program(text.source)
            wrt = tuple(text.wrt)
            report = calculate(Problem(program, inputs, wrt, cotangent=cotangent, dtype=dtype))
    except GradcalcError as error:
        return Outcome.REFUSED, error.message
    except Exception as error:
        return Outcome.CRASH, f"{type(error).__name__}: {error}"
    return _weighed(report, truth, APART[getattr(torch, dtype)])


ROUNDED: Mapping[str, float] = {"float32": 2**-24, "float16": 2**-11, "bfloat16": 2**-8}
"""How far, beside a number, a cast to a dtype moves it at most."""


def _weighed(report: Report, truth: _Truth, apart: float) -> tuple[Outcome, str]:
    verdict = report.verdict
    casts = [one.message for one in report.findings if one.kind == "cast"]
    rounded = [ROUNDED.get(message.rpartition(" ")[2], 0.0) for message in casts]
    if casts and report.value is not None and not _near(report.value, truth.value, apart):
        # the report says that everything is calculated in one dtype, and which rounding is left out
        apart = max(apart, *rounded)
        if _near(report.value, truth.value, apart):
            return Outcome.TOLD, casts[0]
    if report.value is not None and not _near(report.value, truth.value, apart):
        return Outcome.DIFFERENT, f"the value, and {verdict.outcome}: {verdict.message}"
    for found in report.gradients:
        if found.autograd is not None and not _near(
            found.autograd, truth.gradients[found.name], apart
        ):
            said = f"the gradient by {found.name}, and {verdict.outcome}: {verdict.message}"
            return Outcome.DIFFERENT, said
    outcome = OUTCOMES.get(verdict.outcome, Outcome.TOLD)
    return outcome, f"{verdict.outcome}: {verdict.message}"


def _near(ours: Any, theirs: Any, apart: float) -> bool:
    if np.shape(ours) != np.shape(theirs):
        return False
    finite = np.abs(theirs[np.isfinite(theirs)])
    room = apart * max(1.0, float(np.max(finite, initial=0.0)))
    return bool(np.allclose(ours, theirs, rtol=0, atol=room, equal_nan=True))
