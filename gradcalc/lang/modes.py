"""What lets gradients pass or not, in torch's words."""

from collections.abc import Mapping, Sequence
from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.program import text_of

SEALED = 1000
"""By how much inference_mode keeps gradients from passing: nothing lets them pass inside."""


def frozen_by(machine: Machine, word: str, given: Sequence[Any]) -> int:
    """How much keeps gradients from passing after one of torch's words for that."""
    takes = {"no_grad": (0, 0), "enable_grad": (0, 0), "inference_mode": (0, 1)}.get(word, (1, 1))
    if not takes[0] <= len(given) <= takes[1] or not all(isinstance(v, bool) for v in given):
        raise InvalidValueError(f"{word} does not take these arguments")
    if word == "inference_mode" and False in given:
        return 0
    if word == "no_grad" or word == "inference_mode" or False in given:
        return machine.frozen + (SEALED if word == "inference_mode" else 1)
    if machine.frozen >= SEALED:
        raise UnsupportedError(
            f"{word}() inside of inference_mode() is left open by torch",
            hint="with torch.no_grad(): instead of inference_mode",
        )
    return 0


def _set_enabled(machine: Machine, mode: Any) -> None:
    """torch's set_grad_enabled by itself: from then on, until the block around it is left."""
    before, machine.frozen = machine.frozen, frozen_by(machine, "set_grad_enabled", [mode])
    if machine.frozen > before:
        text = text_of(machine.node, machine.source)
        machine.freezing = machine.note("no_grad", text, machine.node)


SWITCHES: Mapping[str, Builtin] = {
    "set_grad_enabled": Builtin(
        "set_grad_enabled", _set_enabled, "set_grad_enabled(False): no gradient passes from there"
    )
}
"""What is called by itself, not behind `with`."""
