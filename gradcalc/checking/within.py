"""Own backwards that a function goes back through while it runs: by `torch.autograd.grad`, or by
`torch.func.grad` and what is made of that.

What such a backward does is a part of the function, as it was written. Whether it is the gradient
of its forward is another question: each is held to that.
"""

from collections.abc import Mapping

from gradcalc.checking.handing import Watched
from gradcalc.checking.ran import Hand, Second
from gradcalc.checking.seconds import gone_back_alone, seconds


def passed(found: Watched, seed: int) -> tuple[dict[int, Hand], dict[int, Second]]:
    """What went through the backwards that the function itself went back through, by the numbers of
    the calls, and where they were made to be differentiated again, what torch makes of that.

    To be asked before anybody else goes back. Of calls under `torch.func.grad` nothing is seen of
    what goes through: they are made once more by themselves.
    """
    seen = dict(found.hands)
    twice = {number for number, hand in seen.items() if hand.again} | found.differentiated
    kept = {number: call for number, call in found.kept.items() if number in twice}
    made = {
        number: gone_back_alone(*found.kept[number], seed)
        for number in found.differentiated - seen.keys()
        if number in found.kept
    }
    hands: Mapping[int, Hand] = {n: hand for n, hand in made.items() if hand is not None}
    return {**hands, **seen}, seconds(kept, seed)
