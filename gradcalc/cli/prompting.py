"""What prompts have in common: torch is imported while somebody types, and Ctrl-C cancels."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module

from gradcalc.cli.output import SOON, say
from gradcalc.codes import patience

NEEDED = (
    "gradcalc.cli.grad", "gradcalc.cli.repl.asking", "gradcalc.cli.inputs", "gradcalc.cli.explain",
    "gradcalc.family", "gradcalc.at_length", "gradcalc.witnesses.enclosure",
    "gradcalc.witnesses.symbolic",
    "gradcalc.steps.walk", "gradcalc.remedies", "gradcalc.render.table", "gradcalc.render.steps",
    "gradcalc.render.why",
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

    def wait(self, *, telling: bool = False) -> None:
        """Wait until everything is imported: two that import the same at once get in each other's
        way. If it is `telling`, a wait of some time is said to be one."""
        if self._thread.ident is None:
            return
        if telling:
            self._thread.join(patience(SOON))
            if self._thread.is_alive():
                say("torch is still being imported\n")
        self._thread.join()


def _import() -> None:
    from gradcalc.torch_process import import_autograd

    # whoever needs it says what is wrong
    with suppress(Exception):
        import_autograd()
        for name in NEEDED:
            import_module(name)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C cancel what is being done, where it otherwise ends the process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
