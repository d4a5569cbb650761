"""How near to a special point it is looked around it: nearer than anything else that happens there.

Far below any float's rounding does for nearly all programs. Where some of their numbers are that
small themselves, or as large, it is looked from below the smallest float.
"""

from dataclasses import dataclass
from typing import Any

import flint

from gradcalc.balls.arithmetic import boxed
from gradcalc.enclosure.experiment import MORE
from gradcalc.enclosure.trial import Trial

SMALL, LARGE = flint.arb("1e-20"), flint.arb("1e20")
"""Numbers beyond which a program may do something very near to the point."""


@dataclass(frozen=True, slots=True)
class Depth:
    """Distances from the point, relative to the inputs, and what is nothing beside what is there.

    `wide`, `near` and `closest` are the radii of the balls in which gradients are taken, each with
    so few digits that what is equal beside the point is worked out to be. Runs there have `more`
    bits than the one at the point. `aside` is how far what is 0 is moved to leave the point,
    `beside` how far all is moved to see how the gradient reacts. `noise` is the relative difference
    of values that rounding leaves, `nearly` what is zero at the point itself in relation to its
    operands, and `least` what is no difference of values.
    """

    wide: Any
    near: Any
    closest: Any
    more: int
    aside: Any
    beside: Any
    noise: Any
    nearly: Any
    least: Any

    @property
    def radii(self) -> tuple[Any, Any, Any]:
        """The radii, the largest first."""
        return self.wide, self.near, self.closest


def _depth(below: int) -> Depth:
    """All distances smaller by a power of 2."""

    def power(exponent: int) -> Any:
        return flint.arb(2) ** (exponent - below)

    return Depth(
        wide=power(-83), near=power(-116), closest=power(-149), more=MORE + below,
        aside=power(-100), beside=power(-100), noise=power(-366), nearly=power(-67),
        least=power(-1096),
    )  # fmt: skip


USUAL, DEEP = _depth(0), _depth(1100)
"""Below any rounding of float64; and below its smallest number."""


def depth_of(trial: Trial) -> Depth:
    """How near to the point to look, from all values of the run there.

    An infinity that is written in the program is nowhere near to anything.
    """
    for node, value in zip(trial.trace.nodes, trial.values, strict=False):
        moves = trial.trace.is_active(node)
        for ball in boxed(value).flat:
            size = abs(ball)
            if not moves and not ball.is_finite():
                continue
            if size > LARGE or (size < SMALL and not size.contains(0)):
                return DEEP
    return USUAL
