"""Programs whose arrays broadcast, in the commands that give arrays of slopes."""

import re
from random import Random

import numpy as np

from benchmarks.attack.inputs_calls import value_of
from benchmarks.attack.inputs_running import Case

_INPUTS = {
    "A": "1,2;2,4.5", "b": "0.25,0.75", "x": "1,2,3", "s": "1.5", "B": "1,-2,0.5;0.3,4,1",
}  # fmt: skip
"""Inputs of unlike shapes, with numbers of which none is at a corner by itself."""

_OF_ONE = (
    "sum({0})", "mean({0})", "{0}.T", "-{0}", "exp({0})", "sin({0})", "{0}**2", "cumsum({0}, 0)",
    "{0}[0]", "{0}[:1]", "{0}[-1]", "{0}.sum(0)", "{0}.mean(-1)", "diag({0})", "trace({0})",
    "stack(({0}, {0}))", "cat(({0}, {0}))", "flip({0}, [0])", "reshape({0}, -1)", "norm({0})",
    "softmax({0}, 0)", "relu({0})", "{0}[None]", "{0}[:, None]", "outer({0}, {0})", "prod({0})",
    "triu({0})", "det({0})", "inv({0})", "logsumexp({0}, 0)", "amax({0})", "var({0})",
    "roll({0}, 1)", "sqrt(abs({0}))", "tanh({0})", "kron({0}, {0})", "repeat_interleave({0}, 2)",
    "solve({0}, {0})", "diff({0})", "tile({0}, (2,))", "where({0} > 1, {0}, 0)",
    "clamp({0}, 0, 2)", "{0}.detach()*{0}", "sorted({0})[0]", "unflatten({0}, 0, (2, -1))",
)  # fmt: skip

_OF_TWO = (
    "{0} + {1}", "{0} - {1}", "{0}*{1}", "{0}/{1}", "{0}@{1}", "outer({0}, {1})", "dot({0}, {1})",
    "mse_loss({0}, {1})", "maximum({0}, {1})", "einsum('ij,j->i', {0}, {1})", "kron({0}, {1})",
    "{0} + 2*{1}", "cross({0}, {1})", "where({0} > 1, {1}, 0)", "cat(({0}, {1}))",
    "tensordot({0}, {1}, 1)", "logaddexp({0}, {1})", "{0}**{1}",
)  # fmt: skip

_COMMANDS = (
    "jacobian", "jacobian", "hessian", "hvp", "jvp", "grad", "formula", "explain", "export",
)  # fmt: skip

MOST = 12
"""Numbers of an array, so that its Jacobian is small."""

TRIES = 12
"""Draws of which the first is taken that has a small value, else an input."""


def shaped(draw: Random) -> Case:
    """A command about such a program, whose slopes are to be called right, or not known."""
    program = _drawn(draw, draw.choice((2, 3, 3, 4)))
    command = draw.choice(_COMMANDS)
    if command in ("hessian", "hvp", "grad", "export") or draw.random() < 0.2:
        program = f"sum({program}*{program})"
    names = _names(program)
    words = [command, program]
    if command != "formula":
        words += [word for name in names for word in (f"--{name}", _INPUTS[name])]
    if command in ("hvp", "jvp"):
        by = draw.choice(names)
        words += ["--tangent", f"{by}={re.sub(r'[^,;]+', '1', _INPUTS[by])}"]
    elif draw.random() < 0.5:
        words += ["--wrt", draw.choice(names)]
    return Case(tuple(words), codes=(0, 2, 3, 4))


def _drawn(draw: Random, depth: int) -> str:
    if depth == 0:
        return draw.choice([*_INPUTS])
    for _ in range(TRIES):
        form = draw.choice(_OF_ONE if draw.random() < 0.5 else _OF_TWO)
        parts = _drawn(draw, depth - 1), _drawn(draw, draw.randrange(depth))
        found = f"({form.format(*parts)})"
        value = value_of(found, {name: _INPUTS[name] for name in _names(found)})
        if value is not None and np.size(value) <= MOST:
            return found
    return draw.choice([*_INPUTS])


def _names(program: str) -> list[str]:
    return [name for name in _INPUTS if re.search(rf"\b{name}\b", program)]
