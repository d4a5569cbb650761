"""Running a problem on balls: at its point, and beside it."""

import time
from collections.abc import Mapping
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from gradcalc.calculus import is_linear
from gradcalc.enclosure.backend import Detached, ElementBackend, as_objects, label_of
from gradcalc.enclosure.balls import (
    NOTHING,
    TIGHT,
    Ball,
    Calculus,
    Decisions,
    OutOfReach,
    TooLarge,
    beyond,
    is_nothing,
    is_tight,
)
from gradcalc.enclosure.course import Course, Memory, Reals, Trial
from gradcalc.enclosure.graph import ZERO, Graph, Node, ancestry, sweep
from gradcalc.enclosure.work import Work
from gradcalc.lang.machine import Budget
from gradcalc.lang.program import Branch
from gradcalc.problem import Execution, Problem, execute, weights

SECONDS = 5.0
"""The longest that all runs together may take, whatever the time limit."""

PRECISE = 192
"""Bits with which a primitive is computed before it is rounded."""

LARGEST_EXPONENT = 2**60
"""Numbers beyond 2 to this power, either way, are out of reach."""


class Experiment:
    """Runs of one problem, sharing what has been derived and a budget of numbers."""

    def __init__(self, problem: Problem, largest: int, memory: Memory | None = None) -> None:
        self.problem = problem
        self.memory = memory or Memory()
        self.context = self.memory.context
        self.largest = largest
        seconds = problem.limits.seconds
        self.deadline = time.monotonic() + min(seconds or SECONDS, SECONDS)
        self.epsilon = float(np.finfo(problem.dtype).eps)
        self.work = Work()

    def budget(self) -> Budget:
        """Steps and time for one run of a program."""
        return Budget(self.problem.limits.steps, self.deadline)

    def run(
        self,
        bits: int,
        shift: Mapping[str, Reals] | None = None,
        replay: Detached | None = None,
        *,
        forced: bool = False,
    ) -> Trial:
        """Run at the inputs, moved by `shift`, with that precision.

        Comparisons of balls that overlap are `forced`, by their midpoints, or raise `Undecided`.
        At a point that was moved anywhere a slope of exactly 0 means that nothing flows, however
        steep what comes behind: the function is constant around there. Raises `OutOfReach` above
        the budget.
        """
        self.work.go_on(bits)
        self.context.prec = bits
        with flint.ctx.workprec(bits):
            decisions = Decisions(forced)
            graph = Graph(Calculus(decisions), self.largest, self.deadline)
            course = self._course(graph, shift, replay)
            slope = partial_of if shift is None else _flowing
            self.work.begun(graph.size, bits)
            adjoints = sweep(course.outputs, slope, course.nodes)
            total = sum((node.value * weight for node, weight in course.outputs), ZERO)
            gradients = {n: _gradient(course.leaves[n], adjoints) for n in self.problem.wrt}
            guessed = decisions.guessed
            # what is asked of the run from now on changes none of its numbers
            decisions.forced = True
            return Trial(
                bits=bits,
                total=self.real(total),
                output=self.values_of(course.target),
                gradients={n: self.reals(balls) for n, balls in gradients.items()},
                radii={n: _radii(balls) for n, balls in gradients.items()},
                tight=is_tight(total)
                and all(is_tight(ball) for balls in gradients.values() for ball in balls.flat),
                guessed=guessed,
                course=course,
                adjoints=adjoints,
            )

    def in_floats(self, bits: int) -> dict[str, Reals]:
        """The gradients when every number is rounded to so many bits, of any exponent.

        Each primitive is computed as well as that allows, so what goes wrong is the program's
        doing and not that of a library.
        """
        self.context.prec = bits
        make, zero = self.context.make_mpf, self.context.zero

        def rounded(ball: Ball) -> Any:
            return +make(ball._mpf_) if ball.is_finite() else self.context.nan

        def slope(node: Node, position: int) -> Any:
            return rounded(partial_of(node, position))

        with flint.ctx.workprec(PRECISE):
            calculus = Calculus(Decisions(forced=True))
            graph = Graph(
                calculus, self.largest, self.deadline, lambda ball: flint.arb(rounded(ball))
            )
            course = self._course(graph, None, None)
            outputs = [(node, rounded(weight)) for node, weight in course.outputs]
            adjoints = sweep(outputs, slope, course.nodes)
        return {n: _gradient(course.leaves[n], adjoints, zero) for n in self.problem.wrt}

    def _course(
        self, graph: Graph, shift: Mapping[str, Reals] | None, replay: Detached | None
    ) -> "Course":
        problem = self.problem
        if sum(values.size for values in problem.inputs.values()) > self.largest:
            raise TooLarge(beyond(self.largest))
        known = self._known_course(graph, shift)
        if known is not None:
            return known
        graph.clear()
        backend = ElementBackend(graph, self.budget(), problem.dtype, replay)
        leaves = self._leaves(graph, shift)
        execution = execute(problem, backend, leaves, backend.budget)
        course = self._course_of(
            leaves, graph, execution.run.path, execution.target, backend, execution
        )
        if graph.rounded is None:
            self.memory.keep(course)
        return course

    def _known_course(self, graph: Graph, shift: Mapping[str, Reals] | None) -> "Course | None":
        """A run that does what one did before, None if it does something else."""
        # a claim is worked out from the names of a run, which is the one at the point
        if graph.rounded is not None or (self.problem.claims and shift is None):
            return None
        for template, path in self.memory.courses:
            graph.clear()
            leaves = self._leaves(graph, shift)
            target = template.again(graph)
            if target is not None:
                return self._course_of(leaves, graph, path, target)
        return None

    def _leaves(self, graph: Graph, shift: Mapping[str, Reals] | None) -> dict[str, Any]:
        return {name: self._leaf(graph, name, shift) for name in self.problem.inputs}

    def _course_of(
        self,
        leaves: Mapping[str, Any],
        graph: Graph,
        path: tuple[Branch, ...],
        target: Any,
        backend: ElementBackend | None = None,
        execution: Execution | None = None,
    ) -> "Course":
        cotangent = weights(self.problem, target.shape)
        outputs = [
            (node, self._weight(w)) for node, w in zip(target.flat, cotangent.flat, strict=True)
        ]
        nodes = ancestry([node for node, _ in outputs] + graph.decisions)
        detached = {} if backend is None else backend.detached
        return Course(leaves, graph, path, target, nodes, outputs, detached, backend, execution)

    def real(self, ball: Ball) -> Any:
        """The midpoint of a ball; 0 if it is so small that no float tells it from that."""
        if not ball.is_finite():
            return self.context.nan
        real = self.context.make_mpf(ball._mpf_)
        _, mantissa, exponent, bits = real._mpf_
        if mantissa and exponent + bits > LARGEST_EXPONENT:
            raise OutOfReach("numbers far beyond any float")
        if mantissa and exponent + bits < NOTHING and is_nothing(ball):
            far = exponent + bits < -LARGEST_EXPONENT
            return self.context.zero if far or ball.rel_accuracy_bits() < TIGHT else real
        return real

    def reals(self, balls: Any) -> Reals:
        """The midpoints of an array of balls."""
        return as_objects(np.frompyfunc(self.real, 1, 1)(balls))

    def values_of(self, nodes: Any) -> Reals:
        """The numbers in an array of nodes."""
        return as_objects(np.frompyfunc(lambda node: self.real(node.value), 1, 1)(nodes))

    def scales(self, trial: Trial) -> dict[str, Any]:
        """The largest effects on the total of relative changes in between, by input.

        Only numbers that depend on the input and bend count: rounding takes as much from the
        gradient.
        """
        course = trial.course
        sources: dict[int, frozenset[str]] = {
            leaf.order: frozenset({name})
            for name in self.problem.wrt
            for leaf in course.leaves[name].flat
        }
        scales = dict.fromkeys(self.problem.wrt, ZERO)
        with flint.ctx.workprec(trial.bits):
            for node in reversed(course.nodes):
                if node.row is None:
                    continue
                found = [sources.get(node.operands[i].order, frozenset()) for i in node.live]
                sources[node.order] = frozenset().union(*found)
                if node.order not in trial.adjoints:
                    continue
                if is_linear(node.row, node.variant, node.live):
                    continue
                effect = abs((node.value * trial.adjoints[node.order]).mid())
                for name in sources[node.order]:
                    if effect > scales[name]:
                        scales[name] = effect
            return {name: self.real(scale) for name, scale in scales.items()}

    def flows(self, trial: Trial) -> dict[str, Reals]:
        """The size of all that flows into each element of the gradients, signs left out."""

        def size(node: Node, position: int) -> Ball:
            return abs(partial_of(node, position).mid())

        with flint.ctx.workprec(trial.bits):
            course = trial.course
            outputs = [(node, abs(weight)) for node, weight in course.outputs]
            adjoints = sweep(outputs, size, course.nodes)
            return {n: self.reals(_gradient(course.leaves[n], adjoints)) for n in self.problem.wrt}

    def _leaf(self, graph: Graph, name: str, shift: Mapping[str, Reals] | None) -> Any:
        values = self.problem.inputs[name]
        active = name in self.problem.wrt
        moves = None if shift is None else shift.get(name)
        result = np.empty(values.shape, dtype=object)
        for index, number in np.ndenumerate(values):
            value = flint.arb(float(number))
            if not value.is_finite():
                raise OutOfReach(f"{label_of(name, index)} is not finite")
            if moves is not None:
                value = (value + flint.arb(moves[index])).mid()
            result[index] = graph.leaf(value, label_of(name, index), active)
        return result

    def _weight(self, value: float) -> Any:
        if not np.isfinite(value):
            raise OutOfReach("a weight of the output is not finite")
        return flint.arb(float(value))


def partial_of(node: Node, position: int) -> Ball:
    """The derivative of a node by one of its operands."""
    assert node.row is not None
    values = [operand.value for operand in node.operands]
    if node.row.name == "where" and position:
        # what is not chosen may be undefined
        values[3 - position] = ZERO
    return node.graph.calculus.function(node.row, node.variant, position)(*values)


def _flowing(node: Node, position: int) -> Ball | None:
    slope = partial_of(node, position)
    return None if slope.is_zero() else slope


def _gradient(leaves: Any, adjoints: Mapping[int, Any], zero: Any = ZERO) -> Any:
    found = np.frompyfunc(lambda leaf: adjoints.get(leaf.order, zero), 1, 1)(leaves)
    return as_objects(found)


def _radii(balls: Any) -> NDArray[np.float64]:
    sizes = [float(ball.rad().upper()) for ball in np.ravel(balls)]
    return np.array(sizes, dtype=np.float64).reshape(np.shape(balls))


def to_floats(values: Reals) -> Any:
    """An array of reals rounded to float64."""
    return np.array([float(v) for v in np.ravel(values)], dtype=np.float64).reshape(
        np.shape(values)
    )
