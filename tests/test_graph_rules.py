"""The rules of the operations: forward and reverse mode, each by itself, together, and again."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import flint
import numpy as np
import pytest

from gradcalc.balls.arithmetic import Balls
from gradcalc.calculus import named_definition
from gradcalc.derive import modes
from gradcalc.derive.modes import Eager, handed_on, jvp, tangent_of, vjp
from gradcalc.derive.recorder import Recorder
from gradcalc.expr import ops
from gradcalc.expr.evaluate import evaluate
from gradcalc.expr.nodes import Data, Forms, Node, Op, ancestry
from tests.planting_check import POINT, PROGRAMS_BY_OP, SPOILED, exchanged, worse_jvp
from tests.trust_cases import report

BITS = 400
INPUTS = {
    "x": np.array([0.5, 1.25, 0.75]),
    "z": np.array([1.5, -0.25, 2.5]),
    "A": np.array([[2.0, -1.0, 0.5], [0.25, 1.5, -0.75], [1.0, 0.5, 3.0]]),
}
ONE = (0,)


def _positive(f: Any, a: Node) -> Node:
    """A matrix whose symmetric part is positive definite."""
    return f(ops.MATMUL, a, f(ops.PERMUTE, a, order=(1, 0)))  # type: ignore[no-any-return]


NODES: Mapping[Op, Callable[[Any, Node, Node, Node], Node]] = {
    ops.MAP: lambda f, x, z, a: f.scalar("atan2", x, a),
    ops.CHAIN: lambda f, x, z, a: vjp(f, f.scalar("exp", f.scalar("mul", x, z)), z, [x])[x.order],
    ops.PERMUTE: lambda f, x, z, a: f(ops.PERMUTE, a, order=(1, 0)),
    ops.RESHAPE: lambda f, x, z, a: f(ops.RESHAPE, a, shape=(9,)),
    ops.FLIP: lambda f, x, z, a: f(ops.FLIP, a, axes=ONE),
    ops.ROLL: lambda f, x, z, a: f(ops.ROLL, a, shifts=(1,), axes=ONE),
    ops.INDEX: lambda f, x, z, a: f(ops.INDEX, a, key=((0, 2, 1), 1)),
    ops.SCATTER: lambda f, x, z, a: f(ops.SCATTER, x, key=((1, 3, 1),), shape=(5,)),
    ops.CONCAT: lambda f, x, z, a: f(ops.CONCAT, x, z, axis=0),
    ops.STACK: lambda f, x, z, a: f(ops.STACK, x, z, axis=1),
    ops.DIAGONAL: lambda f, x, z, a: f(ops.DIAGONAL, a, offset=1, dim1=0, dim2=1),
    ops.EMBED: lambda f, x, z, a: f(ops.EMBED, x, shape=(3, 3), offset=0, dim1=0, dim2=1),
    ops.TRIL: lambda f, x, z, a: f(ops.TRIL, a, diagonal=0),
    ops.TRIU: lambda f, x, z, a: f(ops.TRIU, a, diagonal=1),
    ops.BROADCAST: lambda f, x, z, a: f(ops.BROADCAST, x, shape=(2, 3)),
    ops.SUM: lambda f, x, z, a: f(ops.SUM, a, axes=ONE),
    ops.PROD: lambda f, x, z, a: f(ops.PROD, a, axes=ONE),
    ops.OTHERS: lambda f, x, z, a: f(ops.OTHERS, a, axes=ONE),
    ops.AMAX: lambda f, x, z, a: f(ops.AMAX, a, axes=ONE),
    ops.AMIN: lambda f, x, z, a: f(ops.AMIN, a, axes=(0, 1)),
    ops.PEAKS["amax"]: lambda f, x, z, a: f(ops.PEAKS["amax"], a, axes=ONE),
    ops.PEAKS["amin"]: lambda f, x, z, a: f(ops.PEAKS["amin"], x, axes=ONE),
    ops.ALONG["amax"]: lambda f, x, z, a: f(ops.ALONG["amax"], z, x, axes=ONE),
    ops.ALONG["amin"]: lambda f, x, z, a: f(ops.ALONG["amin"], z, x, axes=ONE),
    ops.CUMSUM: lambda f, x, z, a: f(ops.CUMSUM, a, axis=1),
    ops.CUMPROD: lambda f, x, z, a: f(ops.CUMPROD, a, axis=0),
    ops.CUMPROD_BACK: lambda f, x, z, a: f(ops.CUMPROD_BACK, z, x, axis=0),
    ops.CUMPROD_ALONG: lambda f, x, z, a: f(ops.CUMPROD_ALONG, z, x, axis=0),
    ops.SORT: lambda f, x, z, a: f(ops.SORT, a, axis=1, descending=True),
    ops.UNSORT: lambda f, x, z, a: f(ops.UNSORT, z, x, axis=0, descending=False),
    ops.REORDER: lambda f, x, z, a: f(ops.REORDER, z, x, axis=0, descending=False),
    ops.MEAN: lambda f, x, z, a: f(ops.MEAN, a, axes=ONE),
    ops.STD: lambda f, x, z, a: f(ops.STD, a, axes=ONE),
    ops.NORM: lambda f, x, z, a: f(ops.NORM, a, axes=(0, 1)),
    ops.LOGSUMEXP: lambda f, x, z, a: f(ops.LOGSUMEXP, a, axes=ONE),
    ops.SOFTMAX: lambda f, x, z, a: f(ops.SOFTMAX, a, axis=1),
    ops.MATMUL: lambda f, x, z, a: f(ops.MATMUL, a, x),
    ops.OUTER: lambda f, x, z, a: f(ops.OUTER, x, z),
    ops.TRACE: lambda f, x, z, a: f(ops.TRACE, a),
    ops.DET: lambda f, x, z, a: f(ops.DET, a),
    ops.LOGDET: lambda f, x, z, a: f(ops.LOGDET, a),
    ops.COFACTOR: lambda f, x, z, a: f(ops.COFACTOR, a),
    ops.INV: lambda f, x, z, a: f(ops.INV, a),
    ops.ONE_HOT: lambda f, x, z, a: f(ops.ONE_HOT, f.scalar("floor", x), size=2, axis=1),
    ops.SOLVE: lambda f, x, z, a: f(ops.SOLVE, a, x),
    ops.CHOLESKY: lambda f, x, z, a: f(ops.CHOLESKY, _positive(f, a)),
    ops.TRIANGLE: lambda f, x, z, a: f(ops.TRIANGLE, a),
    ops.EXPM: lambda f, x, z, a: f(ops.EXPM, a),
    ops.EIGENVALUES: lambda f, x, z, a: f(ops.EIGENVALUES, a),
    ops.EIGENVECTORS: lambda f, x, z, a: f(ops.EIGENVECTORS, a),
    ops.EIGEN_BACK: lambda f, x, z, a: f(ops.EIGEN_BACK, a, x),
    ops.SINGULAR: lambda f, x, z, a: f(ops.SINGULAR, a),
    ops.LEFT: lambda f, x, z, a: f(ops.LEFT, a),
    ops.RIGHT: lambda f, x, z, a: f(ops.RIGHT, a),
    ops.SINGULAR_BACK: lambda f, x, z, a: f(ops.SINGULAR_BACK, a, x),
}
"""A node of each operation that has operands, of two vectors and a matrix."""

STEPS = {ops.PEAKS["amax"], ops.PEAKS["amin"], ops.ONE_HOT}
"""Operations that do not move wherever they have a slope."""


def built(op: Op) -> tuple[Forms, list[Node], Node]:
    forms = Forms(named_definition, ops.MAP)
    leaves = [forms(ops.VAR, name=n, shape=v.shape) for n, v in INPUTS.items()]
    return forms, leaves, NODES[op](forms, *leaves)


def draw(shape: Any, seed: int) -> Any:
    return Balls().asarray(np.random.default_rng(seed).uniform(0.5, 1.5, shape))


def inner(first: Any, second: Any) -> Any:
    return sum(np.ravel(first * second), flint.arb(0))


def test_every_operation_with_operands_is_here() -> None:
    leaves = {ops.VAR, ops.LITERAL, ops.EYE, ops.DETACH, ops.SAME}
    assert set(NODES) == set(ops.OPS) - leaves


@pytest.mark.parametrize("op", NODES, ids=[op.name for op in NODES])
def test_both_modes_are_the_slope_of_the_value(op: Op) -> None:
    _, _, node = built(op)
    assert node.op is op
    with flint.ctx.workprec(BITS):
        m = Balls()
        f = Eager(m)
        operands = [evaluate([operand], m, INPUTS)[0] for operand in node.operands]
        moves = [draw(operand.shape, k) for k, operand in enumerate(node.operands)]
        static = dict(node.static)
        value = f(op, *operands, **static)
        tangent = tangent_of(f, node, value, operands, moves)
        tangent = m.zeros(node.shape) if tangent is None else tangent
        step = flint.arb(2) ** -150
        moved = f(op, *[o + step * t for o, t in zip(operands, moves, strict=True)], **static)
        weights = draw(node.shape, 9)
        off = inner((moved - value) / step - tangent, weights)
        assert abs(off) < 1e-30
        handed = handed_on(f, weights, node, value, operands, [True] * len(operands))
        pairs = [(g, t) for g, t in zip(handed, moves, strict=True) if g is not None]
        reverse = sum((inner(g, t) for g, t in pairs), flint.arb(0))
        assert abs(reverse - inner(tangent, weights)) < 1e-60
        assert op in STEPS or abs(reverse) > 1e-3


@pytest.mark.parametrize("op", NODES, ids=[op.name for op in NODES])
def test_reverse_mode_can_be_done_again(op: Op) -> None:
    """The Hessian by a vector: reverse over reverse, and forward over reverse."""
    forms, leaves, node = built(op)
    one = forms(ops.LITERAL, data=Data.of(np.ones(())))
    square = forms.scalar("exp", forms.scalar("mul", forms.scalar("sin", node), node))
    total = forms(ops.SUM, square, axes=tuple(range(node.ndim))) if node.ndim else square
    first = vjp(forms, total, one, leaves)
    gradients = [first[leaf.order] for leaf in leaves if leaf.order in first]
    live = [leaf for leaf in leaves if leaf.order in first]
    if op in STEPS:
        assert not gradients
        return
    along = [forms(ops.VAR, name=f"t{k}", shape=leaf.shape) for k, leaf in enumerate(live)]
    products = [forms.scalar("mul", g, t) for g, t in zip(gradients, along, strict=True)]
    sums = [forms(ops.SUM, p, axes=tuple(range(p.ndim))) for p in products]
    slope = sums[0]
    for other in sums[1:]:
        slope = forms.scalar("add", slope, other)
    second = vjp(forms, slope, one, live)
    nodes = ancestry(gradients)
    tangents = jvp(
        forms, nodes, nodes, {leaf.order: t for leaf, t in zip(live, along, strict=True)}
    )
    zeros = [forms(ops.LITERAL, data=Data.of(np.zeros(leaf.shape))) for leaf in live]
    reverse = [second.get(leaf.order, zero) for leaf, zero in zip(live, zeros, strict=True)]
    ahead = [tangents.get(g.order, zero) for g, zero in zip(gradients, zeros, strict=True)]
    given = {**INPUTS, **{f"t{k}": draw(leaf.shape, k) for k, leaf in enumerate(live)}}
    with flint.ctx.workprec(BITS):
        found = evaluate([*reverse, *ahead], Balls(), given)
        for one_way, other_way in zip(found[: len(live)], found[len(live) :], strict=True):
            assert all(abs(b) < 1e-60 for b in np.ravel(one_way - other_way))
            assert all(b.is_finite() for b in np.ravel(one_way))
    assert any(float(abs(b)) > 1e-6 for part in found for b in np.ravel(part))


FORWARD = [op for op in NODES if op.name in PROGRAMS_BY_OP]


@pytest.mark.parametrize("op", FORWARD, ids=[op.name for op in FORWARD])
@pytest.mark.parametrize("wrong", SPOILED)
def test_a_wrong_rule_of_forward_mode_is_noticed(wrong: str, op: Op) -> None:
    worse = replace(op, jvp=worse_jvp(op, wrong))
    with exchanged(modes, "forward_rule", op, worse):
        answer = report(PROGRAMS_BY_OP[op.name], **POINT)
    assert answer.verdict.outcome == "unresolved", answer.verdict.message
    assert "own derivative" in answer.verdict.message


def test_a_value_of_another_shape_than_the_node_is_no_value() -> None:
    recorder = Recorder("float64")
    x = recorder.input("x", INPUTS["x"], True)
    worse = replace(ops.FLIP, array=lambda m, x, axes: x[:2])
    with pytest.raises(ValueError, match=r"flip gives the shape \(2,\), not \(3,\)"):
        recorder(worse, x, axes=(0,))
