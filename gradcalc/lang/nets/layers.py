"""The layers of torch.nn, by their names."""

from collections.abc import Mapping
from types import MappingProxyType

from gradcalc.lang.nets.composed import TAKEN, TEXTS
from gradcalc.lang.nets.plain import PLAIN
from gradcalc.lang.nets.row import Composed, Layer
from gradcalc.lang.nets.weighted import WEIGHTED

COMPOSED: Mapping[str, Composed] = MappingProxyType(
    {name: Composed(name, text, TAKEN[name]) for name, text in TEXTS.items()}
)

LAYERS: Mapping[str, Layer] = MappingProxyType({row.name: row for row in (*WEIGHTED, *PLAIN)})
