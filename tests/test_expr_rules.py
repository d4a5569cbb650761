"""The rules of the simplifier, each sampled on both sides; and the operations, one by one."""

from typing import Any

import numpy as np
import pytest

from gradcalc.balls.arithmetic import Balls, to_floats
from gradcalc.calculus import named_definition
from gradcalc.expr import ops
from gradcalc.expr.evaluate import evaluate
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Forms, Node
from gradcalc.expr.rules import RULES, SCALAR_RULES, ScalarRule
from gradcalc.expr.simplify import Rule, Simplifier

INPUTS = {
    "x": np.array([0.5, 1.25, -0.75]),
    "A": np.array([[2.0, -1.0, 0.5], [0.25, 1.5, -0.75], [1.0, 0.5, 3.0]]),
}


def builders(rule: Rule | None = None) -> tuple[Simplifier, Simplifier, Node, Node]:
    """One that builds nodes as they are, one that knows a rule, and the two inputs."""
    forms = Forms(named_definition, ops.MAP)
    x, a = (forms(ops.VAR, name=n, shape=v.shape) for n, v in INPUTS.items())
    plain = Simplifier(forms, ())
    knowing = Simplifier(forms, () if rule is None else (rule,))
    # both sides speak of the same symbols
    knowing._nodes, knowing._symbols = plain._nodes, plain._symbols
    return plain, knowing, x, a


def value(node: Node) -> Any:
    return evaluate([node], Floats(), INPUTS)[0]


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_a_rule_keeps_shape_and_value(rule: Rule) -> None:
    plain, knowing, x, a = builders(rule)
    before = rule.sample(plain, x, a)
    assert before.op is rule.op
    after = rule.apply(knowing, *before.operands, **dict(before.static))
    assert after is not None, "the sample does not fit the rule"
    assert after is not before
    assert after.shape == before.shape
    assert value(after) == pytest.approx(value(before), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("rule", SCALAR_RULES, ids=[rule.name for rule in SCALAR_RULES])
def test_a_scalar_rule_keeps_the_value(rule: ScalarRule) -> None:
    plain, knowing, x, a = builders()
    body, shape = rule.sample(plain, x, a)
    changed = rule.apply(knowing, body, shape)
    assert changed != body, "the sample does not fit the rule"
    before, after = plain.map(body, shape), plain.map(changed, shape)
    assert value(after) == pytest.approx(value(before), rel=1e-12, abs=1e-14)


def test_names_are_given_once() -> None:
    names = [rule.name for rule in (*RULES, *SCALAR_RULES)]
    assert len(names) == len(set(names))
    assert len({op.name for op in ops.OPS}) == len(ops.OPS)


def test_a_rule_that_changes_a_shape_is_stopped() -> None:
    wrong = Rule("wrong", ops.SUM, lambda s, x, axes: x, lambda f, x, a: x)
    _, knowing, x, _ = builders(wrong)
    with pytest.raises(AssertionError, match="wrong"):
        knowing(ops.SUM, x, axes=(0,))


def test_equal_nodes_are_one() -> None:
    plain, _, x, a = builders()
    assert plain(ops.MATMUL, a, x) is plain(ops.MATMUL, a, x)
    assert plain(ops.SUM, x, axes=(0,)) is not plain(ops.AMAX, x, axes=(0,))
    zeros = [plain.forms(ops.LITERAL, data=ops.Data.of(np.array(z))) for z in (0.0, -0.0)]
    assert zeros[0] is not zeros[1]


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_both_arithmetics_agree_on_a_rules_sample(rule: Rule) -> None:
    plain, _, x, a = builders()
    node = rule.sample(plain, x, a)
    (exact,) = evaluate([node], Balls(), INPUTS)
    assert to_floats(exact) == pytest.approx(value(node), rel=1e-12, abs=1e-14)
