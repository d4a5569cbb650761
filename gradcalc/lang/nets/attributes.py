"""What stands behind the dots of torch's modules."""

import re

from gradcalc.lang.nets import hooks, loading, restarting
from gradcalc.lang.nets.containers import CONTAINERS
from gradcalc.lang.nets.initial import METHODS
from gradcalc.lang.nets.layers import COMPOSED, LAYERS

ATTRIBUTES: frozenset[str] = frozenset(
    {name for row in LAYERS.values() for name in (*row.signature.parameters, *row.methods)}
    | {weight.name for row in LAYERS.values() for weight in row.weights}
    | {name for kind in CONTAINERS.values() for name in kind.members}
    | {name for row in COMPOSED.values() for name in re.findall(r"self\.(\w+)", row.text)}
    | {f"weight_{name}" for name in ("g", "v", "u", "orig")}
    | {
        restarting.PARAMETERS,
        restarting.STATISTICS,
        restarting.PADDING,
        "_reversed_padding_repeated_twice",
        "parametrizations",
        "original",
        "original0",
        "original1",
    }
    | {*METHODS, *hooks.METHODS, *loading.METHODS}
)
"""The names of attributes and methods, those that forwards of layers use among them."""
