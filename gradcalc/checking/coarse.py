"""What the rounding of operations of fewer digits than the inputs does to a gradient.

The program is worked out by torch in float64, with noise of that size on what these operations
give: what the gradient moves by is what they explain.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradcalc.calculate import Ask
from gradcalc.checking.lines import Listing
from gradcalc.checking.ran import Ran
from gradcalc.checking.trace import FLOATS, Call
from gradcalc.errors import GradcalcError
from gradcalc.lang.lines import compile_lines
from gradcalc.problem import Problem
from gradcalc.testimony import Array, Computed
from gradcalc.values.precision import precision_of

DRAWS = 4
"""How often noise is drawn."""

ROOM = 16.0
"""How many times as far as with noise a gradient may be off: it is rounded on its way back too."""


def given_dtype(ran: Ran) -> str:
    """The dtype of the fewest digits among the inputs."""
    found = {view.dtype for view, _ in ran.trace.inputs.values()}
    return max(found & set(FLOATS), key=FLOATS.index, default=FLOATS[0])


def explains(
    problem: Problem, found: Listing, ran: Ran, gradients: Mapping[str, Array], ask: Ask
) -> bool:
    """Whether coarse operations explain how far off the gradients are.

    `problem` is that of the whole program. Where torch does not work it out nobody can tell, and
    they do.
    """
    names = _coarse(found, ran)
    try:
        plain = _worked_out(problem, found, {}, ask)
        moved = [_worked_out(problem, found, _noise(names, k), ask) for k in range(DRAWS)]
    except (GradcalcError, RuntimeError):
        return True
    if plain is None or any(one is None for one in moved):
        return True
    room = precision_of(given_dtype(ran)).room
    for name, true in plain.items():
        off = np.abs(gradients[name] - true)
        apart = [np.abs(one[name] - true) for one in moved if one is not None]
        if not np.all(off <= ROOM * np.max(apart, axis=0) + room * np.max(np.abs(true), initial=0)):
            return False
    return True


def _coarse(found: Listing, ran: Ran) -> dict[str, tuple[tuple[int, ...], float]]:
    """The lines of operations with fewer digits than the inputs have: their shapes and rounding."""
    least = FLOATS.index(given_dtype(ran))
    names = {}
    for line in found.lines:
        event = ran.trace.events[line.event] if line.made is not None else None
        if not isinstance(event, Call) or line.made is None:
            continue
        dtypes = {made.view.dtype for made in event.results if made is not None} & set(FLOATS)
        coarse = [dtype for dtype in dtypes if FLOATS.index(dtype) > least]
        if coarse:
            names[line.name] = line.made.shape, precision_of(coarse[0]).epsilon
    return names


def _noise(names: Mapping[str, tuple[tuple[int, ...], float]], seed: int) -> dict[str, Array]:
    draw = np.random.default_rng(seed)
    return {n: 1 + e * draw.uniform(-1, 1, shape) for n, (shape, e) in names.items()}


def _worked_out(
    problem: Problem, found: Listing, noise: Mapping[str, Any], ask: Ask
) -> Mapping[str, Array] | None:
    """Torch's gradients of the program, with noise on some of its lines."""
    lines = [
        replace(line, text=f"{line.text.replace(' = ', ' = (', 1)})*noise_{line.name}")
        if line.name in noise
        else line
        for line in found.lines
    ]
    more = {f"noise_{name}": values for name, values in noise.items()}
    program = compile_lines(replace(found, lines=lines).source, {*problem.inputs, *more})
    so = replace(
        problem, program=program, inputs={**problem.inputs, **more},
        data=(*problem.data, *more), check=False,
    )  # fmt: skip
    answer = ask(so)()
    return answer.gradients if isinstance(answer, Computed) else None
