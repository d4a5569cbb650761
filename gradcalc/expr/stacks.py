"""Functions of one matrix, on stacks of them."""

from collections.abc import Callable
from typing import Any

import numpy as np


def over(function: Callable[..., Any], *stacks: Any) -> Any:
    """A function of matrices for each of a stack, whatever numbers they are of.

    The stacks have the same dimensions in front, and elements.
    """
    front = stacks[0].shape[:-2]
    if not front:
        return function(*stacks)
    found = np.stack([function(*(s[place] for s in stacks)) for place in np.ndindex(front)])
    return found.reshape((*front, *found.shape[1:]))
