"""The names of what a function is given, held to those of its parameters."""

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any

from gradcalc.checking.job import Job
from gradcalc.errors import UnknownNameError, did_you_mean

SAMPLES = "gradcalc_inputs"
"""The function of a file that gives inputs for those that are checked."""


def check_names(
    job: Job, parameters: Sequence[inspect.Parameter], given: Mapping[str, Any]
) -> None:
    """Raise `UnknownNameError` for a value without a parameter, or the contrary."""
    names = [p.name for p in parameters]
    open_ended = any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in parameters)
    for name in given:
        if name not in names and not open_ended and parameters:
            raise UnknownNameError(
                f"--{name}: {job.name} has no parameter {name}",
                hint=did_you_mean(name, names) or f"its parameters: {', '.join(names)}",
            )
    missing = [
        p.name
        for p in parameters
        if p.default is p.empty
        and p.name not in given
        and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    if missing:
        raise UnknownNameError(
            f"{missing[0]} has no value",
            hint=f'--{missing[0]} "randn(3)", or a function {SAMPLES}() in the file',
        )


def check_wrt(job: Job, given: Mapping[str, Any]) -> None:
    """Raise `UnknownNameError` for what is to be differentiated by, and has no value."""
    for name in job.wrt:
        if re.split(r"[\[.]", name)[0] not in given:
            known = f"there are {', '.join(given)}" if given else None
            raise UnknownNameError(
                f"there is no tensor called {name} to differentiate by",
                hint=did_you_mean(name, given) or known,
            )
