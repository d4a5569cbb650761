"""Requests as JSON lines, each answered by the line that `gradcalc grad --json` prints."""

import json
import re
from dataclasses import dataclass
from typing import Any

from gradcalc.cli.batch.asking import report_of
from gradcalc.cli.batch.job import ERROR, Allow, Answer, Job
from gradcalc.cli.batch.request import decoded, options_of
from gradcalc.cli.faults import as_error
from gradcalc.cli.inputs import requests
from gradcalc.cli.options import Options
from gradcalc.cli.programs import sources
from gradcalc.errors import GradcalcError, LimitError
from gradcalc.lang.program import Limits
from gradcalc.render import Style
from gradcalc.render.json import Json, dumps, error_json, inputs_json, report_json

_ID = re.compile(r'\s*\{\s*"id"\s*:\s*')

REPORT, ERRORS = "gradcalc.report/1", "gradcalc.error/1"


@dataclass(frozen=True, slots=True)
class JsonRequests:
    """Each job is a JSON object; `defaults` are the options that it does not give itself."""

    defaults: Options
    style: Style

    @property
    def seconds(self) -> float | None:
        """The time limit of a request that gives none."""
        return seconds_of(self.defaults)

    @property
    def start(self) -> str:
        """What every answer begins with."""
        return '{"schema":"gradcalc.'

    def answer(self, job: Job, allow: Allow) -> Answer:
        """The report on a request, or the error in its place."""
        try:
            request = decoded(_kept(job))
            options = options_of(request, self.defaults)
            if options.timeout != self.defaults.timeout:
                allow(seconds_of(options))
            report = report_of(options)
            found = report_json(report)
            if "id" in request:
                found = {"schema": found["schema"], "id": request["id"], **found}
            return Answer(self._line(found), report.verdict.outcome.value, report.verdict.exit_code)
        # A stream outlives whatever happens to one of its requests.
        except Exception as error:
            return self._failed(job, as_error(error), id_of(job))

    def failed(self, job: Job, error: GradcalcError) -> Answer:
        """The error as the answer to a request."""
        return self._failed(job, error, id_of(job))

    def _failed(self, job: Job, error: GradcalcError, id: Any) -> Answer:
        found = error_json(error)
        found = {"schema": found["schema"], "id": id, "line": job.line, **found}
        return Answer(self._line(found), ERROR, error.exit_code)

    def _line(self, found: Json) -> str:
        return dumps(found, self.style) + "\n"

    def recognised(self, text: str) -> Answer | None:
        """The answer that a line is, None if it was not written here."""
        found = _object(text)
        schema = found.get("schema")
        verdict = found.get("verdict") if schema == REPORT else found
        code = verdict.get("exit_code") if isinstance(verdict, dict) else None
        if schema not in (REPORT, ERRORS) or not isinstance(code, int):
            return None
        return Answer(text, ERROR if schema == ERRORS else str(verdict.get("outcome")), code)

    def fits(self, job: Job, text: str) -> bool:
        """Whether a line has the request's `id`, program and inputs, an error its line's number."""
        found = _object(text)
        if found.get("id") != id_of(job) or found.get("line", job.line) != job.line:
            return False
        return found.get("schema") != REPORT or self._asks_for(job, found)

    def _asks_for(self, job: Job, report: Any) -> bool:
        """Whether a report is about the problem of the request."""
        try:
            options = options_of(decoded(_kept(job)), self.defaults)
            (asked,) = requests(options, frozenset(), sources(options))
        except GradcalcError:
            return False
        problem = asked.problem
        claims = {name: claim.source for name, claim in problem.claims.items()}
        known = problem.program.source, problem.dtype, set(problem.wrt), claims
        # without a seed they were drawn at random
        drawn = options.seed is None and b"rand" in (job.text or b"")
        same = drawn or inputs_json(problem.inputs) == report.get("inputs")
        told = {name: claim.get("text") for name, claim in report.get("expected", {}).items()}
        gradients = set(report.get("gradients", {}))
        return same and known == (report.get("program"), report.get("dtype"), gradients, told)


def seconds_of(options: Options) -> float | None:
    """How long a calculation may take, None for no bound."""
    return Limits().seconds if options.timeout is None else options.timeout


def id_of(job: Job) -> Any:
    """The `id` of a request, None if it has none or cannot be read."""
    text = (job.text or b"").decode("utf-8-sig", "replace")
    found = _object(text)
    if found:
        return found.get("id")
    # what is no JSON further on may begin with it
    start = _ID.match(text)
    try:
        return None if start is None else json.JSONDecoder().raw_decode(text, start.end())[0]
    except (ValueError, RecursionError):
        return None


def _kept(job: Job) -> bytes:
    if job.text is None:
        raise LimitError(
            "the request is too long to be read",
            hint='a large value comes from a file: "inputs": {"x": "@x.npy"}',
        )
    return job.text


def _object(text: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}
