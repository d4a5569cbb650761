"""Derivatives by what stands in containers: torch.func is the oracle, jax's order is its own."""

import random
from typing import Any

import pytest
import torch

from gradcalc import grad
from tests.sweeps import share

KEYS = "w b a z m0 layer bias".split()  # noqa: SIM905


class Tree:
    """A container of parts of `x`, as text, and a number made of all that stands in it."""

    def __init__(self, draw: random.Random) -> None:
        self.draw, self.count = draw, 0
        self.paths: list[str] = []

    def text(self, path: str = "t", depth: int = 0) -> str:
        kind = self.draw.choice(("dict", "list", "tuple", "leaf", "leaf")) if depth else "dict"
        if kind == "leaf" or depth > 2:
            self.count += 1
            self.paths.append(path)
            return self.draw.choice(("x", "x[0]", "x[1:]", "x*2")) + f"*{self.count}"
        if kind == "dict":
            keys = self.draw.sample(KEYS, self.draw.randrange(1, 4))
            parts = (f"{k!r}: {self.text(f'{path}[{k!r}]', depth + 1)}" for k in keys)
            return "{" + ", ".join(parts) + "}"
        parts = [self.text(f"{path}[{k}]", depth + 1) for k in range(self.draw.randrange(1, 3))]
        return f"[{', '.join(parts)}]" if kind == "list" else f"({', '.join(parts)},)"

    def number(self, name: str) -> str:
        """A number that every part is in, each in a way of its own."""
        terms = [f"{k + 2}*({path}**{k % 3 + 1}).sum()" for k, path in enumerate(self.paths)]
        return " + ".join(terms).replace("t[", f"{name}[")


WAYS = (
    "g = torch.func.grad(loss)(p)",
    "g = torch.func.grad(loss, argnums=(0,))(p)[0]",
    "g, value = torch.func.grad_and_value(loss)(p)",
    "g = torch.func.vjp(loss, p)[1](torch.ones(()))[0]",
    "g = torch.func.jacrev(loss)(p)",
)


@pytest.mark.parametrize("way", WAYS)
def test_a_gradient_is_in_the_place_of_what_it_is_by(way: str) -> None:
    for seed in range(share(12)):
        tree = Tree(random.Random(seed))
        made = tree.text()
        text = (
            "import torch\ndef f(x):\n"
            f"    p = {made}\n"
            f"    def loss(t):\n        return {tree.number('t')}\n"
            f"    {way}\n"
            f"    return ({tree.number('g')})*1.0"
        )
        scope: dict[str, Any] = {}
        exec(text, scope)
        leaf = torch.tensor([0.5, -1.25, 2.0], dtype=torch.float64, requires_grad=True)
        value = scope["f"](leaf)
        value.backward()
        found = grad(text, x=leaf.tolist())
        assert float(found.value) == pytest.approx(value.item(), rel=1e-12), text
        assert found.gradient["x"] == pytest.approx(leaf.grad.tolist(), rel=1e-9), text


JAX = "import jax\nimport jax.numpy as jnp\nfrom collections import OrderedDict\ndef f(x):\n"
ORDERS = {
    "gradients": ("p = {'w': x, 'b': x[0]*2}\n    g = jax.grad(lambda p: jnp.sum(p['w']**3) + "
                  "5*p['b'])(p)\n    return jnp.sum(g['w']) + 100*g['b']", [6.0, 12.0]),
    "values": ("p = {'w': x, 'b': x[0]*2}\n    v, g = jax.value_and_grad(lambda p: "
               "jnp.sum(p['w']**2)*p['b'])(p)\n    return g['b'] + 0*v", [2.0, 4.0]),
    "sorted": ("p = {'w': x, 'b': x[0]*2}\n    q = jax.tree_util.tree_map(lambda a: a, p)\n"
               "    return sum(10**i*jnp.sum(v) for i, v in enumerate(q.values()))", [12.0, 10.0]),
    "leaves": ("p = {'w': x, 'b': x[0]*2}\n    q = jax.tree_util.tree_leaves(p)\n"
               "    return q[0] + 10*jnp.sum(q[1])", [12.0, 10.0]),
    "of an OrderedDict": ("p = OrderedDict(w=x, b=x[0]*2)\n    q = jax.tree_util.tree_leaves(p)\n"
                          "    return q[1] + 10*jnp.sum(q[0])", [12.0, 10.0]),
    "two trees": ("p = jax.tree_util.tree_map(lambda a, b: a*b, {'w': x, 'b': 2.0}, "
                  "{'b': x[1], 'w': 3.0})\n    return jnp.sum(p['w']) + p['b']", [3.0, 5.0]),
    "scanned": ("_, y = jax.lax.scan(lambda c, t: (c, t['w']*c + 2*t['b']), 3.0, "
                "{'w': x, 'b': x**2})\n    return jnp.sum(y)", [7.0, 11.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", ORDERS)
def test_jax_goes_through_a_dictionary_by_its_sorted_keys(name: str) -> None:
    body, wanted = ORDERS[name]
    assert grad(f"{JAX}    {body}", x=[1.0, 2.0]).gradient["x"] == pytest.approx(wanted)
