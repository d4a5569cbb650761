"""Importing torch and everything else while the first line is typed."""

import threading
from contextlib import suppress
from importlib import import_module

NEEDED = (
    "gradcalc.cli.grad", "gradcalc.cli.repl.asking", "gradcalc.cli.inputs", "gradcalc.cli.explain",
    "gradcalc.family", "gradcalc.at_length", "gradcalc.witnesses.enclosure",
    "gradcalc.witnesses.symbolic",
    "gradcalc.steps.walk", "gradcalc.remedies", "gradcalc.render.table", "gradcalc.render.why",
    "gradcalc.render.canvas", "gradcalc.reference.catalogue", "gradcalc.calculate",
)  # fmt: skip
"""What nearly every answer imports, and completion."""


class Warming:
    """A thread that imports what answers need, and what says whether it has."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=_import, daemon=True)

    def begin(self) -> None:
        """Import in the background."""
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Whether everything is imported."""
        return not self._thread.is_alive() and self._thread.ident is not None

    def wait(self) -> None:
        """Wait until everything is imported: two that import the same at once get in each other's
        way."""
        if self._thread.ident is not None:
            self._thread.join()


def _import() -> None:
    from gradcalc.torch_process import import_autograd

    # whoever needs it says what is wrong
    with suppress(Exception):
        import_autograd()
        for name in NEEDED:
            import_module(name)
