"""Where torch's, Python's and numpy's random numbers come from, put back to where it was."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch


def state_now(back: Callable[[], None] = lambda: None) -> Any:
    """What the next numbers depend on; `back` puts back whatever else a run writes over."""
    return torch.get_rng_state(), random.getstate(), np.random.get_state(), back


def has_drawn(state: Any) -> bool:
    """Whether random numbers were drawn since."""
    now = state_now()
    same = torch.equal(now[0], state[0]) and now[1] == state[1]
    return not (same and all(np.array_equal(a, b) for a, b in zip(now[2], state[2], strict=True)))


def restore(state: Any) -> None:
    """Have the same numbers drawn again."""
    torch.set_rng_state(state[0])
    random.setstate(state[1])
    np.random.set_state(state[2])
    # what modules keep to themselves, say
    state[3]()


def slopes_of(name: str, dtype: str, given: Any, drawn: Any) -> Any:
    """Torch's own slopes of what an operation drew, by what it was given."""
    tensors = (torch.as_tensor(np.array(n)).to(getattr(torch, dtype)) for n in (given, drawn))
    parameters, made = tensors
    with torch.no_grad():
        if name == "_standard_gamma":
            found = torch._standard_gamma_grad(parameters, made)
        else:
            total = parameters.sum(-1, True).expand_as(parameters).contiguous()
            found = torch._dirichlet_grad(made, parameters, total)
    return found.double().numpy(force=True)
