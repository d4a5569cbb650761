"""Derivatives as formulas: those that gradcalc finds for the samples of a primitive.

What they are at other points, and whether the function is smooth there, is asked at points that are
special to many functions: zeros and ties.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gradcalc.derive.runs import Runs
from gradcalc.enclosure.experiment import Experiment
from gradcalc.errors import GradcalcError
from gradcalc.expr import ops
from gradcalc.expr.written import Written
from gradcalc.primitives import Elementwise, Primitive
from gradcalc.problem import Array
from gradcalc.reference.examples import Example, examples
from gradcalc.reference.places import Place
from gradcalc.testimony import Derived, Enclosed, Nature
from gradcalc.witnesses import enclosure, symbolic

SMALL = 9
"""Elements of a result of which the weights of an example are not too many to type."""

MOVED = (0.8125, 0.9375)
"""By powers of what inputs are multiplied, so that no two are equal by chance."""

ROUGH = (Nature.KINK, Nature.JUMP, Nature.EDGE, Nature.SINGULAR)
"""What is said of a point."""

TIES = {
    ops.AMAX: "several elements are the greatest",
    ops.AMIN: "several elements are the least",
    ops.SORT: "elements are equal",
}
"""Where operations turn over, of which tensors with equal elements are an example."""


@dataclass(frozen=True, slots=True)
class Derivative:
    """A formula of the gradient by each input, of inputs of these shapes.

    It is of the result itself, or of its weighted sum where it has several elements. `where` says
    at what points it holds that the others do not hold at, None for nearly all. Where an input has
    no formula, `why` says why not.
    """

    formulas: Mapping[str, Written]
    shapes: Mapping[str, tuple[int, ...]]
    weighted: bool
    where: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """The example of a primitive, its derivatives, and where it is not smooth."""

    example: Example
    derivatives: tuple[Derivative, ...]
    places: tuple[Place, ...]


def findings(row: Primitive) -> Findings:
    """What gradcalc finds out about a row by its samples."""
    shown = _shown(row)
    first = _general(row, shown).derivative()
    if isinstance(row, Elementwise) or first.why is not None:
        found = () if isinstance(row, Elementwise) else tuple(_special(shown))
        places = tuple(_places({where: nature for where, nature, _ in found}))
        return Findings(shown.example, (first,), places)
    known = [first, *(sample.derivative() for sample in _of_other_ranks(row, shown))]
    natures = {}
    for where, nature, tried in _special(shown):
        natures[where] = nature
        other = tried.derivative(where) if nature is Nature.SMOOTH else first
        known += [other] if other.why is None and other.formulas != first.formulas else []
    told = [derivative for derivative in known if derivative.why is None]
    return Findings(shown.example, tuple(told), tuple(_places(natures)))


def _shown(row: Primitive) -> "Tried":
    """The first sample that is smooth and small, or smooth, or there."""
    smooth = None
    for example in examples(row):
        sample = Tried(example)
        if sample.nature is Nature.SMOOTH:
            smooth = smooth or sample
            if sample.size <= SMALL:
                return sample
    return smooth or Tried(next(examples(row)))


def _general(row: Primitive, shown: "Tried") -> "Tried":
    """The sample itself, or one that the formula of the usual case does not hold for."""
    if not isinstance(row, Elementwise) or row.usual is None:
        return shown
    alike = (e for e in examples(row) if e.program == shown.example.program)
    unusual = (e for e in alike if not np.all(row.usual[0](*e.inputs.values())))
    return Tried(next(unusual, shown.example))


class Tried:
    """An example, and what gradcalc finds out about it without torch."""

    def __init__(self, example: Example) -> None:
        shape = Runs(example.problem).recording.trace.output.shape
        self.size = int(np.prod(shape, dtype=int))
        weights = np.arange(1.0, self.size + 1).reshape(shape) if shape else None
        self.example = replace(example, weights=weights)
        self._experiment = Experiment(Runs(self.example.weighted))

    @cached_property
    def nature(self) -> Nature:
        """What the function is like at the point, if that is one thing."""
        try:
            found = enclosure.testify(self._experiment)
        except GradcalcError:
            return Nature.UNKNOWN
        if not isinstance(found, Enclosed) or found.doubt is not None:
            return Nature.UNKNOWN
        natures = {part.nature for part in found.rough}
        return natures.pop() if len(natures) == 1 else Nature.UNKNOWN if natures else Nature.SMOOTH

    def derivative(self, where: str | None = None) -> Derivative:
        """The gradient as formulas, or why there are none."""
        shapes = {name: np.shape(value) for name, value in self.example.inputs.items()}
        weighted = self.example.weights is not None
        found = symbolic.testify(self._experiment)
        if not isinstance(found, Derived):
            return Derivative({}, shapes, weighted, where, found.doubt)
        written = {name: f.written for name, f in found.formulas.items() if f.written is not None}
        if written.keys() == shapes.keys():
            return Derivative(written, shapes, weighted, where)
        why = next(f.failure for f in found.formulas.values() if f.written is None)
        return Derivative({}, shapes, weighted, where, why)

    @property
    def labels(self) -> Mapping[str, int]:
        """The inputs whose whole numbers stand for one of some things."""
        return self._experiment.runs.recording.derived.labels

    @property
    def operations(self) -> frozenset[ops.Op]:
        """What the run is made of."""
        trace = self._experiment.runs.recording.trace
        return frozenset(node.op for node in trace.nodes)

    @property
    def ranks(self) -> tuple[int, ...]:
        """How many dimensions the inputs have."""
        return tuple(np.ndim(value) for value in self.example.inputs.values())


def _of_other_ranks(row: Primitive, shown: Tried) -> Iterator[Tried]:
    """Samples without options whose inputs have other numbers of dimensions, none of them 0."""
    seen = {shown.ranks}
    for example in examples(row):
        sample = Tried(example)
        if not example.options and any(sample.ranks) and sample.ranks not in seen:
            seen.add(sample.ranks)
            yield sample


def _special(shown: Tried) -> Iterator[tuple[str, Nature, Tried]]:
    """Points that are special to many functions: what is special, and what the function is there.

    That is only told if it is the same at several such points, which have nothing else in common.
    """
    for where, points in _points(shown):
        first, *others = (Tried(shown.example.at(point)) for point in points)
        known = first.nature is not Nature.UNKNOWN
        same = known and all(other.nature is first.nature for other in others)
        yield where, first.nature if same else Nature.UNKNOWN, first


Points = Sequence[Mapping[str, Array]]


def _points(shown: Tried) -> Iterator[tuple[str, Points]]:
    if shown.labels:
        # beside whole numbers that stand for something there is nothing
        return
    inputs = {name: np.asarray(value) for name, value in shown.example.inputs.items()}
    named = [words for op, words in TIES.items() if op in shown.operations]
    # nearly the same numbers, so that they are in the domain where the sample is
    moved = [{n: inputs[n] * by**k for k, n in enumerate(inputs, 1)} for by in MOVED]
    for name, value in inputs.items():
        if value.size > 1:
            where = named[0] if len(named) == 1 else f"all elements of {name} are equal"
            yield where, [{**m, name: np.full(value.shape, m[name].flat[0])} for m in moved]
        yield f"{name} = 0", [{**m, name: np.zeros(value.shape)} for m in moved]
    for first, second in itertools.combinations(inputs, 2):
        if inputs[first].shape == inputs[second].shape:
            given = [{**m, n: m[k]} for m in moved for n, k in ((first, second), (second, first))]
            yield f"{first} = {second}", given


def _places(found: Mapping[str, Nature]) -> Iterator[Place]:
    """Places by what happens there; zeros are not named beside equal elements."""
    for where, nature in found.items():
        name = where.removesuffix(" = 0")
        equal = (f"all elements of {name} are equal", *TIES.values())
        if nature in ROUGH and (name == where or nature not in map(found.get, equal)):
            yield Place(str(nature), where)
