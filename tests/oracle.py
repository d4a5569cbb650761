"""The oracle: a gradient symbol by symbol, expanded element by element.

The same program on single numbers, each with a symbol of its own, and the chain rule on sympy's
expressions. It dies at a few dozen elements; up to there nothing is simpler.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy

from gradcalc.calculus import definition, partial
from gradcalc.problem import Problem
from tests.elements import Elements, Node, as_objects, run

LARGEST = 20_000


def expanded(problem: Problem) -> dict[str, Any]:
    """The gradient by each input as an array of sympy expressions in `x[0]`, `A[1, 2]`, ..."""
    trial = run(problem, largest=LARGEST)
    adjoints = _swept(trial)
    find = np.frompyfunc(lambda leaf: sympy.sympify(adjoints.get(leaf.order, 0)), 1, 1)
    return {name: as_objects(find(trial.leaves[name])) for name in problem.wrt}


def _swept(trial: Elements) -> dict[int, Any]:
    """The derivative by every node, by both sides of a choice too."""
    writer = _Writer(trial)
    adjoints: dict[int, Any] = {}
    for node, weight in trial.outputs:
        if node.active:
            adjoints[node.order] = adjoints.get(node.order, 0) + sympy.Float(float(weight), 40)
    for node in reversed(trial.graph.nodes):
        if node.order not in adjoints:
            continue
        for position, operand in enumerate(node.operands):
            if operand.active:
                term = adjoints[node.order] * writer.partial(node, position)
                adjoints[operand.order] = adjoints.get(operand.order, 0) + term
    return adjoints


def values(problem: Problem) -> dict[str, Any]:
    """The expanded gradient at the problem's point, in float64."""
    point = {
        sympy.Symbol(_label(name, index), real=True): sympy.Float(float(array[index]), 40)
        for name, array in problem.inputs.items()
        for index in np.ndindex(*np.shape(array))
    }

    def number(expression: Any) -> float:
        return float(sympy.N(expression.xreplace(point), 30))

    return {
        name: np.array([number(e) for e in np.ravel(array)]).reshape(np.shape(array))
        for name, array in expanded(problem).items()
    }


def _label(name: str, index: Sequence[int]) -> str:
    return f"{name}[{', '.join(map(str, index))}]" if index else name


class _Writer:
    """The expression of each node of a trial."""

    def __init__(self, trial: Elements) -> None:
        self.known: dict[int, Any] = {}
        for node in trial.graph.nodes:
            self.known[node.order] = self._build(node)

    def _build(self, node: Node) -> Any:
        if node.row is not None:
            symbols, expression = definition(node.row, node.variant)
            return self._filled(expression, symbols, node)
        if node.origin is not None:
            return self.known[node.origin.order]
        if node.label is not None:
            return sympy.Symbol(node.label, real=True)
        return sympy.Float(float(node.value), 40)

    def partial(self, node: Node, position: int) -> Any:
        """The derivative of a node by one of its operands."""
        assert node.row is not None
        symbols, _ = definition(node.row, node.variant)
        return self._filled(partial(node.row, node.variant, position), symbols, node)

    def _filled(self, template: Any, symbols: Sequence[Any], node: Node) -> Any:
        parts = [self.known[operand.order] for operand in node.operands]
        return template.xreplace(dict(zip(symbols, parts, strict=True)))
