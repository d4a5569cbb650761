"""Steps → nodes and edges: rounds that are not shown are one node, what is fixed is none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gradcalc.report import Report
from gradcalc.steps.data import Backward, Forward, Handed, Mark, Numbers, Source, Steps


class Kind(StrEnum):
    """What a node stands for."""

    INPUT = "input"
    STEP = "step"
    OUTPUT = "output"
    ROUNDS = "rounds"


class Flow(StrEnum):
    """What comes back along an edge, or to a node: a gradient, one that has gone wrong, a NaN or an
    infinity, or none, as it is `STOPPED` or nobody asked for it."""

    FLOWS = "flows"
    WRONG = "wrong"
    LOST = "lost"
    STOPPED = "stopped"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Node:
    """A tensor, or several of a call: its name, its text, its numbers, and what came back to it."""

    key: str
    kind: Kind
    name: str
    text: str
    numbers: Numbers | None
    cotangent: Numbers | None
    flow: Flow


@dataclass(frozen=True, slots=True)
class Edge:
    """A node as an operand of another, and what that hands back; `stop` is why it does not."""

    start: str
    end: str
    handed: Numbers | None
    flow: Flow
    stop: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """The graph of a calculation, operands before what is made of them."""

    report: Report
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    output: str
    unheld: str | None = None

    @property
    def by_key(self) -> Mapping[str, Node]:
        """The nodes by their keys."""
        return {node.key: node for node in self.nodes}


def picture_of(steps: Steps, *, whole: bool = False) -> Picture:
    """The graph of the steps; with `whole` all rounds are shown."""
    return _Drawing(steps, whole=whole).picture()


class _Drawing:
    def __init__(self, steps: Steps, *, whole: bool) -> None:
        self._steps = steps
        self._back = {step.step: step for step in steps.backward}
        self._folds: dict[int, tuple[str, int]] = {}
        if not whole:
            self._fold()

    def _fold(self) -> None:
        """Give each hidden step the key of the node that stands for its rounds."""
        for rounds in self._steps.rounds:
            key, hidden = "", list[int]()
            for position in range(rounds.first, rounds.end + 1):
                if position < rounds.end and not rounds.is_shown(position):
                    key = key or f"r{position}"
                    hidden.append(position)
                    continue
                count = len(hidden) // rounds.length
                self._folds |= dict.fromkeys(hidden, (key, count))
                key, hidden = "", []

    def key(self, source: Source) -> str | None:
        """The node that a tensor is in, None of what is fixed."""
        if source is None:
            return None
        if isinstance(source, str):
            return f"x:{source}"
        return self._folds[source][0] if source in self._folds else f"s{source}"

    def picture(self) -> Picture:
        steps = self._steps
        return Picture(
            report=steps.report,
            nodes=tuple({node.key: node for node in self._nodes()}.values()),
            edges=tuple(self._edges()),
            output=self._output(),
            unheld=steps.unheld,
        )

    def _output(self) -> str:
        names = {name: k for k, s in enumerate(self._steps.forward) for name in s.names}
        found = self.key(names.get(self._steps.output, self._steps.output))
        assert found is not None
        return found

    def _nodes(self) -> Iterator[Node]:
        steps = self._steps
        asked = {g.name: Numbers(g.best) for g in steps.report.gradients}
        for name, value in steps.inputs.items():
            gradient = asked.get(name)
            flow = Flow.NONE if gradient is None else _flow(gradient)
            yield Node(f"x:{name}", Kind.INPUT, name, name, Numbers(value), gradient, flow)
        for position, step in enumerate(steps.forward):
            if position in self._folds:
                key, count = self._folds[position]
                text = f"{count:,} more rounds"
                yield Node(key, Kind.ROUNDS, text, text, None, None, Flow.FLOWS)
            else:
                yield self._node(position, step)

    def _node(self, position: int, step: Forward) -> Node:
        back = self._back.get(position)
        cotangent = None if back is None else next(p for p in back.arriving if p is not None)
        last = self._steps.output in step.names
        flow = Flow.NONE if cotangent is None else _flow(cotangent)
        if cotangent is None and step.depends:
            flow = Flow.STOPPED
        if step.numbers[0].mark in (Mark.WRONG, Mark.LOST):
            flow = Flow.WRONG if step.numbers[0].mark is Mark.WRONG else Flow.LOST
        return Node(
            f"s{position}",
            Kind.OUTPUT if last else Kind.STEP,
            ", ".join(step.names),
            step.text,
            step.numbers[0],
            cotangent,
            flow,
        )

    def _edges(self) -> Iterator[Edge]:
        met: dict[tuple[str, str], Edge] = {}
        for position, step in enumerate(self._steps.forward):
            end = self.key(position)
            handed = _handed(self._back.get(position))
            for source in dict.fromkeys(step.sources):
                start = self.key(source)
                if start is None or end is None or start == end:
                    continue
                edge = self._edge(start, end, handed.get(source))
                known = met.get((start, end))
                if known is None or known.handed is None:
                    met[start, end] = edge
                elif edge.handed is not None and position in self._folds:
                    # of several in rounds none stands for all
                    met[start, end] = Edge(start, end, None, known.flow)
        yield from met.values()

    def _edge(self, start: str, end: str, handed: Handed | None) -> Edge:
        if handed is None:
            return Edge(start, end, None, Flow.NONE)
        if handed.numbers is None:
            return Edge(start, end, None, Flow.STOPPED, handed.stop)
        return Edge(start, end, handed.numbers, _flow(handed.numbers))


def _handed(step: Backward | None) -> dict[Source, Handed]:
    """What a step hands on, by where it goes; what goes on before what is stopped."""
    found: dict[Source, Handed] = {}
    for part in () if step is None else step.handed:
        known = found.get(part.source)
        if known is None or known.numbers is None:
            found[part.source] = part
    return found


def _flow(numbers: Numbers) -> Flow:
    if numbers.mark is Mark.WRONG:
        return Flow.WRONG
    return Flow.FLOWS if bool(np.isfinite(numbers.value).all()) else Flow.LOST
