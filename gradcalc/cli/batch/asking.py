"""One calculation of a stream: the same road as the command line's, in a process that stays."""

import gc
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from gradcalc.cli.inputs import requests
from gradcalc.cli.options import Options
from gradcalc.cli.programs import sources
from gradcalc.deferral import UNUSED, deferred
from gradcalc.report import Report

if TYPE_CHECKING:
    from gradcalc.derive.derivations import Derivations


def report_of(options: Options) -> Report:
    """The report on the one program of the options.

    Raises `GradcalcError` for whatever is wrong with it; nothing heavy is imported before
    everything that can be known without running it has been checked.
    """
    (request,) = requests(options, frozenset(), sources(options))
    derivations = _prepare()
    from gradcalc.calculate import calculate

    report = calculate(request.problem, derivations=derivations)
    return replace(report, findings=(*request.notes, *report.findings))


@cache
def _prepare() -> "Derivations":
    """Import the witnesses, once, and give what is kept from one request to the next.

    They stay, so garbage is not to be looked for among them.
    """
    gc.disable()
    from gradcalc.derive.derivations import Derivations
    from gradcalc.witnesses import enclosure, symbolic  # noqa: F401

    with deferred(*UNUSED):
        from gradcalc.witnesses import autograd
    autograd.use_one_thread()
    gc.enable()
    gc.freeze()
    return Derivations()
