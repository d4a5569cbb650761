"""Layers of torch.nn that learn at their first call how wide their input is."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from gradcalc.lang.nets.row import MADE, Lazy
from gradcalc.lang.nets.weighted import CONV, TURNED, WEIGHTED

_BY_NAME = {row.name: row for row in WEIGHTED}
_NORM = f"eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, {MADE}, *, bias=True"


def _without_first(call: str) -> str:
    return call.partition(", ")[2]


def _rows() -> Iterator[Lazy]:
    yield Lazy("LazyLinear", _BY_NAME["Linear"], f"out_features, bias=True, {MADE}", -1)
    for rank in (1, 2, 3):
        for kind, call in (("Conv", CONV), ("ConvTranspose", TURNED)):
            name = f"{kind}{rank}d"
            ranks = (rank + 1, rank + 2)
            yield Lazy(f"Lazy{name}", _BY_NAME[name], _without_first(call), -rank - 1, ranks)
        for kind in ("BatchNorm", "InstanceNorm"):
            name = f"{kind}{rank}d"
            yield Lazy(f"Lazy{name}", _BY_NAME[name], _NORM, 1)


LAZY: Mapping[str, Lazy] = MappingProxyType({row.name: row for row in _rows()})
"""By their names."""
