"""The layers of torch.nn, by their names."""

from collections.abc import Mapping
from types import MappingProxyType

from gradcalc.lang.nets.plain import PLAIN
from gradcalc.lang.nets.row import Layer
from gradcalc.lang.nets.weighted import WEIGHTED

LAYERS: Mapping[str, Layer] = MappingProxyType({row.name: row for row in (*WEIGHTED, *PLAIN)})
