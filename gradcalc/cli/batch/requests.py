"""Requests as JSON lines, each answered by the line that `gradcalc grad --json` prints.

One calculation of a stream goes the same road as the command line's, in a process that stays.
"""

import gc
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from gradcalc.cli.batch.job import ERROR, Allow, Job, JobAnswer, Work
from gradcalc.cli.inputs import requests
from gradcalc.cli.options import Options, keys
from gradcalc.cli.programs import limits_of, sources
from gradcalc.cli.readers import json_text, what
from gradcalc.errors import (
    GradcalcError,
    InvalidValueError,
    LimitError,
    UsageError,
    did_you_mean,
)
from gradcalc.render import Style
from gradcalc.render.json import Json, dumps, error_json, inputs_json, report_json
from gradcalc.report import Report
from gradcalc.torch_process import import_autograd

if TYPE_CHECKING:
    from gradcalc.derive.derivations import Derivations

_ID = re.compile(r'\s*\{\s*"id"\s*:\s*')
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")

DEEPEST = 200
"""Lists and objects in each other in an `id`."""

REPORT, ERRORS = "gradcalc.report/1", "gradcalc.error/1"


@dataclass(frozen=True, slots=True)
class JsonRequests(Work):
    """Each job is a JSON object; `options` are those that it does not give itself."""

    style: Style

    start: ClassVar[str] = '{"schema":"gradcalc.'

    def done(self, job: Job, allow: Allow) -> JobAnswer:
        """The report on a request."""
        request = decoded(job)
        options = options_of(request, self.options)
        if options.timeout != self.options.timeout:
            allow(limits_of(options).seconds)
        report = report_of(options)
        found = report_json(report)
        if "id" in request:
            found = {"schema": found["schema"], "id": request["id"], **found}
        return JobAnswer(self._line(found), report.verdict.outcome.value, report.verdict.exit_code)

    def failed(self, job: Job, error: GradcalcError) -> JobAnswer:
        """The error as the answer to a request."""
        found = error_json(error)
        found = {"schema": found["schema"], "id": id_of(job), "line": job.line, **found}
        return JobAnswer(self._line(found), ERROR, error.exit_code)

    def _line(self, found: Json) -> str:
        return dumps(found, self.style) + "\n"

    def recognised(self, text: str) -> JobAnswer | None:
        """The answer that a line is, None if it was not written here."""
        found = _object(text)
        schema = found.get("schema")
        verdict = found.get("verdict") if schema == REPORT else found
        code = verdict.get("exit_code") if isinstance(verdict, dict) else None
        if schema not in (REPORT, ERRORS) or not isinstance(code, int):
            return None
        return JobAnswer(text, ERROR if schema == ERRORS else str(verdict.get("outcome")), code)

    def fits(self, job: Job, text: str) -> bool:
        """Whether a line has the request's `id`, program and inputs, an error its line's number."""
        found = _object(text)
        if found.get("id") != id_of(job) or found.get("line", job.line) != job.line:
            return False
        return found.get("schema") != REPORT or self._asks_for(job, found)

    def _asks_for(self, job: Job, report: Any) -> bool:
        """Whether a report is about the problem of the request."""
        try:
            options = options_of(decoded(job), self.options)
            (asked,) = requests(options, sources(options))
        except GradcalcError:
            return False
        problem = asked.problem
        claims = {name: claim.brief for name, claim in problem.claims.items()}
        program = problem.program.typed or problem.program.source
        known = program, problem.dtype, set(problem.wrt), claims
        # without a seed they were drawn at random
        drawn = options.seed is None and b"rand" in (job.text or b"")
        same = drawn or inputs_json(problem.inputs) == report.get("inputs")
        told = {name: claim.get("text") for name, claim in report.get("expected", {}).items()}
        gradients = set(report.get("gradients", {}))
        return same and known == (report.get("program"), report.get("dtype"), gradients, told)


def id_of(job: Job) -> Any:
    """The `id` of a request, None if it has none or cannot be read."""
    text = (job.text or b"").decode("utf-8-sig", "replace")
    found = _object(text)
    if found:
        return _kept(found.get("id"))
    # what is no JSON further on may begin with it
    start = _ID.match(text)
    try:
        found = None if start is None else json.JSONDecoder().raw_decode(text, start.end())[0]
    except (ValueError, RecursionError):
        return None
    return _kept(found)


def _kept(id: Any) -> Any:
    """An `id` that can be given back; None for one with what JSON lacks, or nested too deeply."""
    try:
        json.dumps(id, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    level = [id]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return None if level else id


def _is_text(value: Any) -> bool:
    """Whether all texts in what JSON has are text: it can have halves of surrogate pairs."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _object(text: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


# -- a line of JSON ----------------------------------------------------------------------------


def decoded(job: Job) -> Mapping[str, Any]:
    """The object that a line is.

    Raises `UsageError` for a line that is no JSON object, `InvalidValueError` for a number that is
    too large, `LimitError` for a line that is.
    """
    if job.text is None:
        raise LimitError(
            "the request is too long to be read",
            hint='a large value comes from a file: "inputs": {"x": "@x.npy"}',
        )
    try:
        found = json.loads(
            job.text.decode("utf-8-sig"),
            object_pairs_hook=_keys_once,
            parse_constant=_no_constant,
            parse_float=_in_range,
        )
    except UnicodeDecodeError:
        raise UsageError("the request is not a text in UTF-8") from None
    except json.JSONDecodeError as error:
        where = f"{error.msg.removesuffix(' at')} at column {error.colno}"
        raise UsageError(f"the request is not JSON: {where[:1].lower()}{where[1:]}") from None
    # Python reads no integers of more than some thousand digits.
    except ValueError:
        raise InvalidValueError("the request holds an integer that is too large") from None
    except RecursionError:
        raise UsageError("the request is nested too deeply") from None
    if not isinstance(found, dict):
        raise UsageError(
            f"the request is {what(found)}, not an object",
            hint='a request is {"program": "2*dot(x,x)", "inputs": {"x": [0, 1]}}',
        )
    if found.get("id") is not None and _kept(found["id"]) is None:
        raise UsageError(f"the id is nested more than {DEEPEST} deep")
    if _SURROGATE.search(job.text) and not _is_text({**found, "id": None}):
        raise UsageError("the request has half of a surrogate pair, which is no text")
    return found


def options_of(request: Mapping[str, Any], defaults: Options) -> Options:
    """The options that a request means, those that it does not mention taken from `defaults`.

    Raises `GradcalcError` for an unknown key and for values that make no sense.
    """
    readers = keys()
    known = ("id", "program", *readers)
    for key in request:
        if key not in known:
            raise UsageError(
                f"there is no key {key!r} in a request",
                hint=did_you_mean(key, known) or f"its keys are {', '.join(known)}",
            )
    if request.get("program") is None:
        raise UsageError("the request has no program")
    program = json_text(request["program"], "program")
    if program.strip() == "-":
        raise UsageError("program: standard input holds the requests")
    changes = {
        field: reader(request[key], key)
        for key, (field, reader) in readers.items()
        if request.get(key) is not None
    }
    return replace(defaults, programs=(program,), **changes)


def _keys_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        given = [key for key, _ in pairs]
        twice = next(key for key in given if given.count(key) > 1)
        raise UsageError(f"the request has {twice!r} twice")
    return found


def _no_constant(text: str) -> float:
    raise UsageError(f"JSON has no {text}", hint=f'write "{text}", as a string')


def _in_range(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise InvalidValueError(
            f"the request holds {_briefly(digits)}, which is too large for a float64",
            hint='write "Infinity" if infinity is meant',
        )
    return number


def _briefly(text: str, width: int = 40) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


# -- one calculation ---------------------------------------------------------------------------


def report_of(options: Options) -> Report:
    """The report on the one program of the options.

    Raises `GradcalcError` for whatever is wrong with it; nothing heavy is imported before
    everything that can be known without running it has been checked.
    """
    (request,) = requests(options, sources(options))
    derivations = _prepare()
    from gradcalc.calculate import ask_here

    return request.answered(ask_here, derivations)


@cache
def _prepare() -> "Derivations":
    """Import the witnesses, once, and give what is kept from one request to the next.

    They stay, so garbage is not to be looked for among them.
    """
    gc.disable()
    from gradcalc.derive.derivations import Derivations
    from gradcalc.witnesses import enclosure, symbolic  # noqa: F401

    import_autograd()
    gc.enable()
    gc.freeze()
    return Derivations()
