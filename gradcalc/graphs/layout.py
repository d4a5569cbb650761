"""Where the nodes of a graph without circles are drawn: in layers, with few crossings.

After K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical system
structures" (1981): layers by the longest way, order within them by barycentres, then places.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 12
"""How often the layers are put in order, each by its neighbours."""

GAP = 24.0
"""What is left between two nodes of a layer."""

THIN = 12.0
"""The width that an edge takes which goes past a layer."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The middles of the nodes, the ways of the edges over the layers, the width of it all.

    Layers are counted from the top; `x` is a length, `ways` are the places that an edge passes in
    the layers between its ends, from the first on.
    """

    x: Mapping[str, float]
    layer: Mapping[str, int]
    ways: Mapping[tuple[str, str], Sequence[tuple[float, int]]]
    width: float
    depth: int


def placed(widths: Mapping[str, float], edges: Sequence[tuple[str, str]]) -> Placed:
    """Places for nodes of these widths, given in an order in which edges go forward."""
    layer = _layers(list(widths), edges)
    rows: list[list[str]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for node, depth in layer.items():
        rows[depth].append(node)
    wide, chains, links = dict(widths), dict[tuple[str, str], list[str]](), list[tuple[str, str]]()
    for start, end in edges:
        chain = [start]
        for depth in range(layer[start] + 1, layer[end]):
            passing = f"{start}\0{end}\0{depth}"
            wide[passing] = THIN
            rows[depth].append(passing)
            chain.append(passing)
        chain.append(end)
        chains[start, end] = chain
        links += pairwise(chain)
    above = _neighbours(links, 1)
    below = _neighbours(links, 0)
    rows = _ordered(rows, above, below)
    x = _spread(rows, wide, above, below)
    left = min((x[n] - wide[n] / 2 for n in x), default=0.0)
    x = {node: value - left for node, value in x.items()}
    width = max((x[n] + wide[n] / 2 for n in x), default=0.0)
    ways = {
        key: [(x[n], depth) for depth, n in enumerate(chain[1:-1], layer[key[0]] + 1)]
        for key, chain in chains.items()
    }
    return Placed({n: x[n] for n in widths}, layer, ways, width, len(rows))


def _layers(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The longest way to each node; what little leads to is just above what it is first used by."""
    depth = dict.fromkeys(nodes, 0)
    into, out = _neighbours(edges, 1), _neighbours(edges, 0)
    for node in nodes:
        depth[node] = max((depth[before] + 1 for before in into.get(node, ())), default=0)
    for node in reversed(nodes):
        if len(into.get(node, ())) < 2 and out.get(node):
            depth[node] = min(depth[after] for after in out[node]) - 1
    return depth


def _neighbours(links: Sequence[tuple[str, str]], end: int) -> dict[str, list[str]]:
    """The other ends of the links of each node, by one of their ends."""
    found: dict[str, list[str]] = {}
    for link in links:
        found.setdefault(link[end], []).append(link[1 - end])
    return found


def _ordered(
    rows: list[list[str]], above: Mapping[str, list[str]], below: Mapping[str, list[str]]
) -> list[list[str]]:
    """The layers, each sorted by the middle of the neighbours of its nodes, down and up again."""
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        beside = above if down else below
        for row in rows if down else reversed(rows):
            place = {node: k for other in rows for k, node in enumerate(other)}
            middle = {
                node: (
                    sum(place[n] for n in beside[node]) / len(beside[node])
                    if beside.get(node)
                    else float(place[node])
                )
                for node in row
            }
            row.sort(key=middle.__getitem__)
    return rows


def _spread(
    rows: Sequence[Sequence[str]],
    widths: Mapping[str, float],
    above: Mapping[str, list[str]],
    below: Mapping[str, list[str]],
) -> dict[str, float]:
    """Places side by side, drawn to those of the neighbours as far as there is room."""
    x: dict[str, float] = {}
    for row in rows:
        total = sum(widths[node] for node in row) + GAP * (len(row) - 1)
        left = -total / 2
        for node in row:
            x[node] = left + widths[node] / 2
            left += widths[node] + GAP
    for sweep in range(SWEEPS):
        beside = above if sweep % 2 == 0 else below
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = [
                sum(x[n] for n in beside[node]) / len(beside[node]) if beside.get(node) else x[node]
                for node in row
            ]
            for node, place in zip(row, _apart(row, wanted, widths), strict=True):
                x[node] = place
    return x


def _apart(row: Sequence[str], wanted: Sequence[float], widths: Mapping[str, float]) -> list[float]:
    """The places nearest to those that are wanted, in the same order and apart: where nodes would
    overlap they are moved together, about the mean of what they want (isotonic regression)."""
    offsets, at = list[float](), 0.0
    for before, node in zip([None, *row], row, strict=False):
        if before is not None:
            at += (widths[before] + widths[node]) / 2 + GAP
        offsets.append(at)
    groups: list[list[float]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        groups.append([want - offset, 1.0])
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            mean, count = groups.pop()
            other, more = groups.pop()
            groups.append([(mean * count + other * more) / (count + more), count + more])
    starts = [mean for mean, count in groups for _ in range(int(count))]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]
