"""Steps → nodes and edges: rounds that are not shown are one node, what is fixed is none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gradcalc.report import Report
from gradcalc.steps.data import Backward, Forward, Mark, Numbers, Source, Steps


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
    """A node as an operand of another, and what that hands back; `stop` is why it does not.

    Between two nodes there are two of them where one is an operand both ways.
    """

    start: str
    end: str
    handed: Numbers | None
    flow: Flow
    stop: str | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether no gradient comes back along it."""
        return self.flow is Flow.STOPPED


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
        asked = {g.name: Numbers(g.best) for g in steps.report.gradients} | self._arrived()
        for name, value in steps.inputs.items():
            gradient = asked.get(name)
            flow = Flow.NONE if gradient is None else _flow(gradient)
            yield Node(f"x:{name}", Kind.INPUT, name, name, Numbers(value), gradient, flow)
        for position, step in enumerate(steps.forward):
            if position in self._folds:
                key, count = self._folds[position]
                text = f"{count:,} more round{'s' if count > 1 else ''}"
                yield Node(key, Kind.ROUNDS, text, text, None, None, Flow.FLOWS)
            else:
                yield self._node(position, step)
        if self._is_fixed():
            name, given = steps.output, steps.report.value
            numbers = None if given is None else Numbers(given)
            yield Node(f"x:{name}", Kind.OUTPUT, name, name, numbers, None, Flow.NONE)

    def _is_fixed(self) -> bool:
        """Whether the output comes of no input and of no step: it is a number of the program."""
        output = self._steps.output
        made = any(output in step.names for step in self._steps.forward)
        return output not in self._steps.inputs and not made

    def _arrived(self) -> dict[str, Numbers]:
        """All that has come back to each input."""
        found: dict[str, Numbers] = {}
        for part in (part for step in self._steps.backward for part in step.handed):
            if isinstance(part.source, str) and part.numbers is not None:
                found[part.source] = part.total or part.numbers
        return found

    def _node(self, position: int, step: Forward) -> Node:
        back = self._back.get(position)
        cotangent = None if back is None else next(p for p in back.arriving if p is not None)
        last = self._steps.output in step.names
        flow = Flow.NONE if cotangent is None else _flow(cotangent)
        if cotangent is None and step.depends:
            flow = Flow.STOPPED
        value = step.numbers[0]
        if value.mark is Mark.WRONG:
            flow = Flow.WRONG
        elif _is_lost(value):
            flow = Flow.LOST
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
        met: dict[tuple[str, str, bool], Edge] = {}
        for position, step in enumerate(self._steps.forward):
            end = self.key(position)
            for source in dict.fromkeys(step.sources):
                start = self.key(source)
                if start is None or end is None or start == end:
                    continue
                for edge in _between(start, end, source, self._back.get(position)):
                    key = start, end, edge.is_stopped
                    known = met.get(key)
                    if known is None or known.handed is None:
                        met[key] = edge
                    elif edge.handed is not None and position in self._folds:
                        # of several in rounds none stands for all
                        met[key] = Edge(start, end, None, known.flow)
        yield from met.values()


def _between(start: str, end: str, source: Source, step: Backward | None) -> Iterator[Edge]:
    """The edges to a step from one of its sources, of which it may take a gradient and none."""
    parts = [] if step is None else [part for part in step.handed if part.source == source]
    for part in parts:
        if part.numbers is None:
            yield Edge(start, end, None, Flow.STOPPED, part.stop)
        else:
            yield Edge(start, end, part.numbers, _flow(part.numbers))
    if not parts:
        yield Edge(start, end, None, Flow.NONE)


def _is_lost(numbers: Numbers) -> bool:
    """Whether a value is on the way of a NaN or an infinity: infinities may also be meant, as those
    of masks are."""
    if numbers.mark in (Mark.RIGHT, Mark.UNKNOWN):
        return bool(np.isnan(numbers.value).any())
    return not bool(np.isfinite(numbers.value).all())


def _flow(numbers: Numbers) -> Flow:
    if numbers.mark is Mark.WRONG:
        return Flow.WRONG
    return Flow.FLOWS if bool(np.isfinite(numbers.value).all()) else Flow.LOST
