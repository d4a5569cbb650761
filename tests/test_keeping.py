"""Writing over what torch's backward pass needs: gradcalc refuses exactly where torch does."""

import random
import re

import pytest
import torch

from gradcalc import Problem
from gradcalc.errors import GradcalcError
from gradcalc.lang.program import FREED, LEAF, SEVERAL
from gradcalc.witnesses import autograd

HEADER = "import torch\nimport torch.nn.functional as F\n"

CASES = {
    "a result": "y = torch.exp(x)\ny += 1\nreturn y.sum()",
    "an operand": "y = 2*x\nz = torch.sin(y)\ny[0] = 3\nreturn z.sum()",
    "an element of what is kept": "y = x.clone()\nz = y[0]**2\ny[1] = 3\nreturn z + y.sum()",
    "data": "w = torch.ones(3)\nz = x*w\nw[0] = 3\nreturn z.sum()",
    "the operand of a square in place": "y = 2*x\ny *= y\nreturn y.sum()",
    "a result written in place": "y = x.clone()\ny.sigmoid_()\ny.mul_(2)\nreturn y.sum()",
    "one that is told to be in place": "y = F.relu(x*2, inplace=True)\ny += 1\nreturn y.sum()",
    "what was written over before a derivative": "y = torch.exp(x)\ny += 1\n"
    "g = torch.autograd.grad((x*x).sum(), x)[0]\nreturn (y + g).sum()",
    "a view of it": "y = torch.exp(x)\nv = y[1:]\nv += 1\nreturn y.sum()",
    "what may have been copied": "y = (x*1.0).double()\nz = y*y\ny[0] = 1\nreturn z.sum()",
    "a part of what may have been copied": "y = (x[:, None]*x).t().contiguous()\n"
    "z = torch.sin(y[0])\ny[0] += 1\nreturn (z + y).sum()",
    "a loop": "y = torch.zeros(3)\nfor i in range(3):\n    y[i] = torch.exp(x[i])\n"
    "    y[i] += torch.sin(y[i])\nreturn y.sum()",
}
"""Programs that torch refuses to differentiate."""

FINE = {
    "a copy is kept": "y = 2*x\ny *= x\nreturn y.sum()",
    "nothing is kept of it": "y = 2*x\nz = y + 1\ny += 1\nreturn (y + z).sum()",
    "not of what is wanted": "y = torch.exp(x)\ny += 1\nreturn (x*x).sum()",
    "written before": "y = 2*x\ny += 1\ny.relu_()\nreturn (y*y).sum()",
    "a clone is kept": "y = 2*x\nz = torch.exp(y.clone())\ny += 1\nreturn (y + z).sum()",
    "kept after the write into a copy": "y = (x[:, None]*x).t().contiguous()\ny[0] += 1\n"
    "y[:, 1] *= 2\nreturn (y*y).sum()",
    "filled in a loop": "y = torch.zeros(3)\nfor i in range(3):\n    y[i] = torch.exp(x[i])\n"
    "return (y*y).sum()",
}

BEGINS = ("2*x", "torch.exp(x)", "x.clone()", "x*x", "torch.sigmoid(x)", "torch.zeros(3)", "x + 1")
USES = (
    "{p}*{q}", "torch.sin({p})", "torch.exp({p})", "{p} + {q}", "{p}**2", "{p}/{q}", "{p}.relu()",
    "torch.tanh({p})", "{p}[1:].sum()*{q}", "{p}*3", "({p}*{q}).sum()", "{p}.clone()", "{p}[:]",
    "torch.where({p} > 0, {p}, {q})", "{p}.abs()", "torch.maximum({p}, {q})", "F.softplus({p})",
    "torch.softmax({p}, 0)", "{p}.sum()", "{p}.cumsum(0)", "torch.sqrt({p}*{p} + 1)",
    "{p}.detach()", "{p}.view(3, 1)[:, 0]", "torch.logsumexp({p}, 0)*{q}", "{p}.norm()*{q}",
    "{p}.mean()*{q}", "{p} @ {q}*{p}", "{p}.prod()*{q}", "torch.outer({p}, {q})[0]",
    "torch.stack([{p}, {q}])[0]",
)  # fmt: skip
WRITES = (
    "{p} += 1", "{p} *= 2", "{p} += {q}", "{p} *= {q}", "{p}[0] = 2", "{p}[1:] = {q}[:2]*2",
    "{p}.tanh_()", "{p}.add_({q})", "{p}.mul_({q})", "{p}.sigmoid_()", "{p}.exp_()", "{p} -= {q}",
    "{p}.relu_()", "{p}[0] += {q}[1]", "{p}.zero_()", "{p}.copy_({q}*2)", "{p} /= 3", "{p}.neg_()",
    "{p}[0] *= {q}[1]", "{p}.pow_(2)", "{p}.clamp_(0.1)", "{p}.square_()", "{p}[{p} > 1] = 0",
    "F.relu({p}, inplace=True)", "{p}.abs_()", "{p}.sub_(1)", "{p}.div_({q} + 3)", "{p}.sin_()",
)  # fmt: skip

WHOLE = re.compile(r"zero_|copy_")
"""Writes after which nothing is left of what was there."""


DERIVATIVES = (
    "torch.autograd.grad({p}.sum(), {q}, {options})[0]",
    "torch.autograd.grad([{p}.sum(), {q}.sum()], x, {options})[0]",
    "torch.autograd.grad(({p}*{q}).sum(), {p}, {options})[0]",
)
OPTIONS = ("", ", retain_graph=True", ", create_graph=True", ", retain_graph=False",
           ", retain_graph=False, create_graph=True")  # fmt: skip


def differentiating(rng: random.Random) -> str:
    """A function that takes derivatives as it goes, some of them after torch's graph is gone."""
    names, lines = ["y0"], [f"y0 = {rng.choice(BEGINS[:5])}"]
    for _ in range(rng.randint(2, 6)):
        p, q, name = rng.choice(names), rng.choice([*names, "x"]), f"y{len(names)}"
        if rng.random() < 0.6:
            lines.append(f"{name} = {rng.choice(USES).format(p=p, q=q)}")
            lines.append(f"{name} = {name} if {name}.dim() and {name}.shape[0] == 3 else x*{name}")
        else:
            options = "allow_unused=True, materialize_grads=True" + rng.choice(OPTIONS)
            slope = rng.choice(DERIVATIVES).format(p=p, q=q, options=options)
            lines.append(f"{name} = {slope}")
        names.append(name)
    return program("\n".join([*lines, f"return ({rng.choice(names)} + {names[0]}).sum()"]))


def refused_by_torch(text: str, values: list[float]) -> str:
    """What torch says of differentiating the function `f` of a text, empty where it does."""
    scope: dict[str, object] = {}
    exec(text, scope)
    x = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    try:
        output = scope["f"](x).sum()  # type: ignore[operator]
    except RuntimeError as error:
        return f"running: {error}"
    if not output.requires_grad:
        return ""
    try:
        output.backward()
    except RuntimeError as error:
        return str(error)
    return ""


def refused_here(text: str, values: list[float]) -> str:
    """The operation whose backward pass needs what is written over."""
    found = autograd.testify(Problem(f"{text}\nf(x)", {"x": values}, check=False)).overwritten
    return "" if found is None else found.kind


def program(body: str) -> str:
    return HEADER + "def f(x):\n" + "".join(f"    {line}\n" for line in body.split("\n"))


@pytest.mark.parametrize("name", CASES)
def test_what_torch_refuses_is_refused(name: str) -> None:
    text, values = program(CASES[name]), [0.5, 1.0, 1.5]
    assert "modified by an inplace operation" in refused_by_torch(text, values)
    assert refused_here(text, values)


@pytest.mark.parametrize("name", FINE)
def test_what_torch_differentiates_is_not_refused(name: str) -> None:
    text, values = program(FINE[name]), [0.5, 1.0, 1.5]
    assert not refused_by_torch(text, values)
    assert not refused_here(text, values)


def drawn(rng: random.Random) -> str:
    """A function that uses tensors and writes over them in turn."""
    names, lines = ["y0"], [f"y0 = {rng.choice(BEGINS)}"]
    for _ in range(rng.randint(2, 6)):
        p, q = rng.choice(names), rng.choice([*names, "x"])
        if rng.random() < 0.5:
            name = f"y{len(names)}"
            use = rng.choice(USES).format(p=p, q=q)
            # every name is a vector, so that any can be written into any other
            lines.append(f"{name} = {use}" if rng.random() < 0.5 else f"{name} = 1*{use}")
            lines.append(f"{name} = {name} if {name}.dim() and {name}.shape[0] == 3 else x*{name}")
            names.append(name)
        else:
            lines.append(rng.choice(WRITES).format(p=p, q=q))
    return program("\n".join([*lines, f"return {rng.choice(names)}.sum() + {names[0]}.sum()"]))


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(300))
def test_programs_that_write(seed: int) -> None:
    rng = random.Random(seed)
    text, values = drawn(rng), [rng.choice((0.4, 0.7, 1.3, -0.6)) + k / 8 for k in range(3)]
    said = refused_by_torch(text, values)
    if said.startswith("running"):
        return
    try:
        here = refused_here(text, values)
    except GradcalcError:
        return
    if said and WHOLE.search(text):
        # torch's graph still leads to what was there before
        return
    assert bool(said) == bool(here), f"{text}\ntorch: {said or 'differentiates'}\nhere: {here}"


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(200))
def test_programs_that_differentiate(seed: int) -> None:
    text, values = differentiating(random.Random(seed)), [0.5, 1.0, 1.5]
    said = refused_by_torch(text, values)
    if said and "second time" not in said:
        return
    try:
        here = refused_here(text, values)
    except GradcalcError:
        # something else stops it further on
        assert said
        return
    assert (here == FREED) == bool(said), f"{text}\ntorch: {said}"


@pytest.mark.parametrize("name", ["logical_and_", "logical_or_", "logical_xor_"])
def test_what_torchs_autograd_does_not_see_is_refused(name: str) -> None:
    text = program(f"y = x.clone()\ny.{name}(x > 1)\nreturn y.sum()")
    with pytest.raises(GradcalcError, match="autograd does not see"):
        refused_here(text, [0.5, 1.5, 2.0])


VIEWS = [
    "y = torch.zeros(2, 3)\nb, c = y.unbind(0)\nb.add_(x)\nreturn y.sum()",
    "y = torch.zeros(2, 3)\nfor r in y:\n    r += x\nreturn y.sum()",
    "y = torch.stack([x, x])\nb, c = y.chunk(2)\nb[0, 0] = x[1]\nreturn y.sum()",
    "y = torch.stack([x, x])\nb, c = y.split(1)\nb.view(-1).add_(1)\nreturn y.sum()",
    "y = torch.stack([x, x])\nb, c = y\nb.mul_(2)\nreturn y.sum()",
    "y = torch.stack([x, x])\nlist(y)[0].mul_(2)\nreturn y.sum()",
    "y = torch.stack([x, x])\ny.split([1, 1])[0].zero_()\nreturn y.sum()",
]
SINGLE = [
    "y = torch.stack([x, x])\ny.tensor_split(2)[0].zero_()\nreturn y.sum()",
    "y = torch.stack([x, x])\ny.vsplit(2)[0].zero_()\nreturn y.sum()",
    "y = torch.zeros(2, 3)\nb, c = y.unbind(0)\nb.add_(1)\nreturn (y*x).sum()",
    "y = torch.stack([x, x])\ny[0].mul_(2)\nreturn y.sum()",
    "y = torch.stack([x, x])\nfor r in y:\n    r = r + 1\nreturn y.sum()",
    "y = torch.stack([x, x])\nfor r in y.clone():\n    y[0] = r\nreturn y.sum()",
    "y = torch.stack([x, x])\nb, c = y.unbind(0)\nb = b.clone()\nb.add_(x)\nreturn b.sum()",
]


@pytest.mark.parametrize("body", VIEWS)
def test_a_write_into_one_of_several_views_is_told(body: str) -> None:
    text, values = program(body), [0.5, 1.0, 1.5]
    assert "view" in refused_by_torch(text, values)
    assert refused_here(text, values) == SEVERAL


@pytest.mark.parametrize("body", SINGLE)
def test_a_write_into_a_view_by_itself_is_not(body: str) -> None:
    text, values = program(body), [0.5, 1.0, 1.5]
    assert not refused_by_torch(text, values)
    assert not refused_here(text, values)


LEAVES = [
    "x += 1\nreturn torch.sin(x)", "x[0] = 1.0\nreturn x.sum()", "x.clamp_(min=0)\nreturn x.sum()",
    "y = x[1:]\ny.mul_(2)\nreturn x.sum()", "y = x\ny -= x\nreturn (y*x).sum()",
    "x.view(-1)[0] = 2\nreturn (x*x).sum()",
]  # fmt: skip


@pytest.mark.parametrize("body", LEAVES)
def test_a_write_into_an_input_is_told(body: str) -> None:
    text, values = program(body), [0.5, 1.0, 1.5]
    assert "leaf" in refused_by_torch(text, values)
    assert refused_here(text, values) == LEAF


@pytest.mark.parametrize(
    "text", ["y = 1*x; y.mul_(2); torch.sum(y)", "x = 1*x; x.mul_(2); torch.sum(x)"]
)
def test_a_name_that_the_program_binds_is_no_input(text: str) -> None:
    asked = Problem(text, {"x": [0.5, 1.0]}, check=False)
    assert autograd.testify(asked).overwritten is None


def test_a_write_into_a_copy_of_an_input_is_not() -> None:
    text, values = program("x = x.clone()\nx += 1\nreturn torch.sin(x)"), [0.5, 1.0, 1.5]
    assert not refused_by_torch(text, values)
    assert not refused_here(text, values)
