"""The slopes of calls that nobody can see into, as they are measured beside their point.

That is no witness of a gradient. Where one is known to be wrong, it tells whose backward that is.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import torch

from gradcalc.checking.backwards import drawn
from gradcalc.checking.handing import Watched
from gradcalc.checking.ran import Slope
from gradcalc.checking.tensors import tensors_in, to_array
from gradcalc.checking.trace import Applied
from gradcalc.testimony import Array

STEP = 2.0**-12
"""How far beside the point, in relation to numbers of size 1."""


def slopes(
    found: Watched, functions: list[Applied], again: Callable[[], None], seed: int
) -> dict[int, Mapping[int, Slope]]:
    """The slopes of each call that is out of sight, by its number and those of its arguments.

    `again` puts back what a call may depend on, so that it is the same call.
    """
    made: dict[int, Mapping[int, Slope]] = {}
    for number, (call, args) in found.kept.items():
        if functions[number].opaque and not functions[number].trusted:
            # what somebody wrote may not take other numbers
            with suppress(Exception), torch.no_grad():
                made[number] = dict(_measured(call, args, again, seed))
    return made


def _measured(
    call: Callable[..., Any], args: tuple[Any, ...], again: Callable[[], None], seed: int
) -> Iterator[tuple[int, Slope]]:
    draw = np.random.default_rng(seed)

    def given(moves: Mapping[int, torch.Tensor]) -> list[Array]:
        again()
        wide = [
            _wide(a) + moves[k] if k in moves else _wide(a) if _is_real(a) else a
            for k, a in enumerate(args)
        ]
        return [to_array(out).astype(np.float64) for out in tensors_in(call(*wide))]

    def difference(k: int, move: torch.Tensor) -> list[Array]:
        ahead, behind = given({k: move}), given({k: -move})
        return [(one - other) / 2 for one, other in zip(ahead, behind, strict=True)]

    here = given({})
    if any(not np.array_equal(one, other) for one, other in zip(here, given({}), strict=True)):
        return
    for k, value in enumerate(args):
        if not _is_real(value) or not value.requires_grad:
            continue
        direction = drawn(draw, tuple(value.shape))
        move = STEP * torch.as_tensor(direction, device=value.device)
        coarse = [d / STEP for d in difference(k, move)]
        fine = [2 * d / STEP for d in difference(k, move / 2)]
        pairs = list(zip(coarse, fine, strict=True))
        yield (
            k,
            Slope(
                direction,
                tuple(np.asarray((4 * two - one) / 3) for one, two in pairs),
                tuple(np.asarray(np.abs(two - one)) for one, two in pairs),
            ),
        )


def _is_real(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def _wide(value: torch.Tensor) -> torch.Tensor:
    return value.detach().double().clone()
