"""The program's own limits on time, out of reach of any machine.

Every Python that has this folder on its path imports this module when it starts, before anything of
the program. Whatever else is to run into a limit has one set by its test.
"""

import _frozen_importlib_external as files
import os
import sys
from typing import Any

FOLDER = os.path.dirname(os.path.abspath(__file__))

SECONDS = 1e6
"""Longer than any test runs."""

LIMITS = {
    "gradcalc.beside": ("STARTING", "ROOM"),
    "gradcalc.cli.batch.workers": ("_STUCK",),
    "gradcalc.daemon.client": ("PATIENCE",),
    "gradcalc.daemon.control": ("STARTING", "STOPPING"),
    "gradcalc.daemon.server": ("REHEARSAL",),
    "gradcalc.daemon.worker": ("SECONDS",),
    "gradcalc.lang.program": ("Limits.seconds",),
}
"""The numbers of seconds by module: those that have a name, and defaults of parameters."""


def relax(module: Any) -> None:
    """Put the limits of a module out of reach."""
    for limit in LIMITS[module.__name__]:
        name, _, parameter = limit.partition(".")
        if parameter:
            _set_default(getattr(module, name), parameter)
        else:
            setattr(module, name, type(getattr(module, name))(SECONDS))


def _set_default(called: Any, parameter: str) -> None:
    function = called.__init__ if isinstance(called, type) else called
    if parameter in (function.__kwdefaults__ or {}):
        function.__kwdefaults__[parameter] = SECONDS
        return
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    defaults = list(function.__defaults__)
    defaults[names.index(parameter) - len(names)] = SECONDS
    function.__defaults__ = tuple(defaults)


class Finder:
    """Finds the modules that have limits, and relaxes each once it is imported."""

    @staticmethod
    def find_spec(name: str, path: Any, target: Any = None) -> Any:
        spec = files.PathFinder.find_spec(name, path, target) if name in LIMITS else None
        if spec is not None:
            run = spec.loader.exec_module

            def run_and_relax(module: Any) -> None:
                run(module)
                relax(module)

            spec.loader.exec_module = run_and_relax
        return spec


sys.meta_path.insert(0, Finder)
