"""What a formula becomes where an input is known to be symmetric, orthogonal, on a simplex.

`S.T` is `S`, `Q.T@Q` the identity, `sum(p)` 1. The text is read, its nodes are rewritten by these
rules, and what comes of them is simplified and written as any formula is.
"""

import ast
from collections.abc import Callable, Mapping

import numpy as np

from gradcalc import blocks
from gradcalc.derive.runs import budget, record
from gradcalc.errors import GradcalcError
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.formula import Formulas
from gradcalc.expr.nodes import Forms, Node, ancestry
from gradcalc.expr.symmetry import Symmetry, is_transposed
from gradcalc.expr.written import Unprintable, Written
from gradcalc.lang.fence import compile_program
from gradcalc.problem import Array, Problem
from gradcalc.traits import DIAGONAL, ORTHOGONAL, SIMPLEX, SYMMETRIC, Traits

PASSES = 3
"""How often a formula is gone through: what is simplified may show more."""


def structured(formula: Written, by: str, problem: Problem, traits: Traits) -> Written:
    """A formula by an input, where the inputs have their traits; itself if nothing changes.

    One that is a linear map is of a tangent of the input.
    """
    said: frozenset[str] = frozenset().union(*traits.values())
    if not said & {SYMMETRIC, ORTHOGONAL, SIMPLEX}:
        return formula
    inputs = dict(problem.inputs)
    if formula.tangent:
        inputs[formula.tangent] = np.cos(np.arange(1.0, inputs[by].size + 1))
        inputs[formula.tangent] = inputs[formula.tangent].reshape(inputs[by].shape)
        if SYMMETRIC in traits.get(formula.tangent, ()):
            inputs[formula.tangent] += inputs[formula.tangent].T
    found = _settled(formula.image, by, inputs, traits)
    was, now = (blocks.value_of(problem, f.text, inputs) for f in (formula.image, found))
    if was is None or now is None or not blocks.is_same(now, was):
        return formula
    return found.along(formula.tangent)


def among_symmetric(formula: Written, by: str, problem: Problem, traits: Traits) -> Written | None:
    """What of a gradient by a symmetric matrix counts among such matrices: its symmetric part.

    Of a map it is what that does to symmetric tangents. None where the input is not known to be
    one.
    """
    own = traits.get(by, frozenset())
    if SYMMETRIC not in own or DIAGONAL in own:
        return None
    if formula.tangent:
        moved = {**traits, formula.tangent: frozenset({SYMMETRIC})}
        among = structured(formula, by, problem, moved)
        return None if among.text == formula.text else among

    def half(rules: "_Rules", node: Node) -> Node:
        if rules.is_symmetric(node):
            return node
        both = rules.forms.scalar("add", node, rules.transposed(node))
        return rules.forms.scalar("mul", both, rules.number(0.5))

    found = _rewritten(formula, by, problem.inputs, traits, half)
    return None if found is None else structured(found, by, problem, traits)


def _settled(formula: Written, by: str, inputs: Mapping[str, Array], traits: Traits) -> Written:
    """A formula, rewritten until nothing changes."""
    for _ in range(PASSES):
        again = _rewritten(formula, by, inputs, traits, lambda rules, node: node)
        if again is None or again.text == formula.text:
            break
        formula = again
    return formula


def _rewritten(
    formula: Written,
    by: str,
    inputs: Mapping[str, Array],
    traits: Traits,
    last: Callable[["_Rules", Node], Node],
) -> Written | None:
    """A formula with its nodes changed by the rules, and then by `last`; None if it cannot be."""
    try:
        names = {n.id for n in ast.walk(ast.parse(formula.text)) if isinstance(n, ast.Name)}
        given = {name: value for name, value in inputs.items() if name in names}
        problem = Problem(compile_program(formula.text), given)
        trace = record(problem, Floats(), problem.inputs, budget(problem)).trace
        rules = _Rules(trace.forms, traits)
        node = last(rules, rules.applied(trace.output))
        shapes = {name: value.shape for name, value in inputs.items()}
        taken = frozenset(inputs)
        return Formulas(rules.forms, {by: node}, shapes, taken=taken).write(by)
    except (GradcalcError, Unprintable, SyntaxError, ArithmeticError, ValueError):
        return None


class _Rules:
    """Rewrites nodes from the leaves up."""

    def __init__(self, forms: Forms, traits: Traits) -> None:
        self.forms, self._traits = forms, traits
        self._symmetry = Symmetry(lambda node: self._has(node, SYMMETRIC))

    def applied(self, root: Node) -> Node:
        made: dict[int, Node] = {}
        for node in ancestry([root]):
            operands = [made[operand.order] for operand in node.operands]
            made[node.order] = self._one(node, operands)
        return made[root.order]

    def number(self, value: float) -> Node:
        return self.forms(ops.LITERAL, data=ops.Data.of(value))

    def transposed(self, node: Node) -> Node:
        return self.forms(ops.PERMUTE, node, order=(1, 0))

    def _one(self, node: Node, operands: list[Node]) -> Node:
        static = dict(node.static)
        if is_transposed(node) and self.is_symmetric(operands[0]):
            return operands[0]
        if node.op is ops.MATMUL and (found := self._number_apart(operands[0])) is not None:
            number, matrix = found
            return self.forms.scalar("mul", number, self._one(node, [matrix, operands[1]]))
        if node.op is ops.MATMUL and self._cancel(*operands):
            return self.forms(ops.EYE, size=operands[0].shape[0])
        if node.op is ops.MATMUL and operands[1].op is ops.MATMUL:
            first, rest = operands[1].operands
            if self._cancel(operands[0], first):
                return rest
        if node.op is ops.INV and self._has(operands[0], ORTHOGONAL):
            return self.transposed(operands[0])
        if node.op is ops.SUM and not node.shape and self._has(operands[0], SIMPLEX):
            return self.number(1.0)
        if node.op is ops.SUM and node.ndim == 1 and self.is_symmetric(operands[0]):
            static = {"axes": (0,)}
        if not operands:
            return node
        return self.forms(node.op, *operands, **static)

    def _number_apart(self, node: Node) -> tuple[Node, Node] | None:
        """The number and the tensor that a product of elements is of, None if it is no such."""
        if node.title != "mul" or node.operands[0].ndim or not node.operands[1].ndim:
            return None
        return node.operands[0], node.operands[1]

    def _has(self, node: Node, trait: str) -> bool:
        return node.op is ops.VAR and trait in self._traits.get(node["name"], frozenset())

    def _cancel(self, left: Node, right: Node) -> bool:
        """Whether two matrices are an orthogonal one and its transpose."""
        if is_transposed(left):
            return self._has(left.operands[0], ORTHOGONAL) and left.operands[0] is right
        return is_transposed(right) and self._cancel(right, left)

    def is_symmetric(self, node: Node) -> bool:
        """Whether a square matrix is its own transpose by its form."""
        return self._symmetry.holds(node)
