"""Random programs over vectors and matrices, for property tests."""

import random
from typing import Any

import numpy as np

SHAPES: dict[str, tuple[int, ...]] = {
    "x": (3,), "y": (3,), "z": (4,), "A": (4, 3), "B": (3, 3), "c": (),
}  # fmt: skip
"""The inputs: vectors x and y of 3, z of 4, matrices A of 4 by 3, B of 3 by 3, a scalar c."""

LEAVES = {"s": ("c", "2", "0.5", "3", "c"), "v": ("x", "y", "x"), "w": ("z",), "A": ("A",),
          "B": ("B",)}  # fmt: skip

ELEMENTS = (
    "sin({})", "tanh({})", "exp(0.3*{})", "sigmoid({})", "relu({})", "softplus({})",
    "sqrt({}**2 + 1)", "log({}**2 + 1)", "({})**2", "abs({})", "atan({})", "log1p(({})**2)",
    "silu({})", "-({})", "({})/3", "1/(1 + exp(-{}))", "({})**3", "where({0} > 0.1, {0}, 2*{0})",
    "clamp({}, -1, 1)", "gelu({})",
)  # fmt: skip

PAIRS = (
    "({} + {})", "({} - {})", "({} * {})", "({}/(2 + tanh({})))", "maximum({}, {})",
    "({0} + 2*{1})*{0}",
)  # fmt: skip

SCALED = ("({})*({})", "({}) + ({})", "({1}) - ({0})", "({1})/(2 + tanh({0}))")

WHOLES: dict[str, tuple[tuple[str, str], ...]] = {
    "s": (
        ("sum({})", "v"), ("mean({})", "v"), ("({})@({})", "vv"), ("norm({})", "v"),
        ("logsumexp({})", "v"), ("sum({})", "A"), ("trace({})", "B"), ("amax({})", "v"),
        ("var({})", "v"), ("({})[0]", "v"), ("prod(0.5 + sigmoid({}))", "v"), ("std({})", "v"),
        ("sum(({})**2)", "A"), ("mean({})", "A"), ("det({} + 4*eye(3))", "B"),
    ),
    "v": (
        ("({})@({})", "Bv"), ("({})@({})", "vB"), ("({}).T@({})", "Aw"), ("softmax({})", "v"),
        ("cumsum({})", "v"), ("flip({})", "v"), ("sum({}, axis=0)", "A"),
        ("mean({}, axis=0)", "A"), ("({})[0]", "B"), ("diag({})", "B"),
        ("concat([({})[:1], ({})[1:]])", "vv"), ("log_softmax({})", "v"),
        ("roll({}, 1)", "v"), ("sort({}).values", "v"), ("logsumexp({}, axis=1)", "B"),
        ("norm({} + 1, axis=0)", "B"), ("solve({} + 5*eye(3), {})", "Bv"),
    ),
    "w": (
        ("({})@({})", "Av"), ("sum({}, axis=1)", "A"), ("softmax({})", "w"),
        ("logsumexp({}, axis=1)", "A"), ("({})[:, 0]", "A"), ("amax({}, axis=1)", "A"),
    ),
    "A": (
        ("({})@({})", "AB"), ("outer({}, {})", "wv"), ("softmax({}, axis=1)", "A"),
        ("({})[:, None]*({})", "wv"), ("({}) + ({})", "Av"), ("({})*({})[:, None]", "Aw"),
        ("log_softmax({}, axis=0)", "A"), ("({})/sum(exp({}), axis=1, keepdims=True)", "AA"),
    ),
    "B": (
        ("({}).T@({})", "AA"), ("({}).T", "B"), ("outer({}, {})", "vv"), ("diag({})", "v"),
        ("tril({})", "B"), ("inv({} + 4*eye(3))", "B"), ("({})@({})", "BB"),
        ("softmax({}, axis=0)", "B"),
    ),
}  # fmt: skip
"""Patterns by the kind that they give: s scalar, v and w vectors, A and B matrices; each with the
kinds that go in."""


def program(rng: random.Random, kind: str = "s", depth: int = 3) -> str:
    """A random expression of a kind."""

    def inner(other: str) -> str:
        return program(rng, other, depth - 1)

    if depth <= 0:
        return rng.choice(LEAVES[kind])
    roll = rng.random()
    if roll < 0.3:
        return rng.choice(ELEMENTS).format(inner(kind))
    if roll < 0.5:
        return rng.choice(PAIRS).format(inner(kind), inner(kind))
    if roll < 0.6 and kind != "s":
        return rng.choice(SCALED).format(inner("s"), inner(kind))
    pattern, kinds = rng.choice(WHOLES[kind])
    return pattern.format(*map(inner, kinds))


def point(text: str, seed: int) -> dict[str, Any]:
    """Inputs for the names that an expression has."""
    import re

    draw = np.random.default_rng(seed)
    inputs = {name: draw.normal(size=shape) for name, shape in SHAPES.items()}
    return {name: inputs[name] for name in inputs if re.search(rf"\b{name}\b", text)}


def commuted(rng: random.Random, text: str) -> str:
    """The expression with the operands of some sums and products the other way round."""
    import ast

    class Turn(ast.NodeTransformer):
        def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
            self.generic_visit(node)
            if isinstance(node.op, ast.Add | ast.Mult) and rng.random() < 0.5:
                node.left, node.right = node.right, node.left
            return node

    return ast.unparse(Turn().visit(ast.parse(text)))
