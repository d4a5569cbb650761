"""Lines of a file that change what a function of it reads are read too, or refused."""

import random
from typing import Any

import numpy as np
import pytest
import torch

from gradcalc.errors import GradcalcError
from gradcalc.lang.fence import compile_program
from tests.lang_backends import numbers_of, torch_run

HEAD = "import torch, math, random, functools\nimport numpy as np\nfrom torch import nn\n"
X = [1.5, -2.0, 0.5]

CHANGES = {
    "pop": ("w = [1., 2., 3.]\nlast = w.pop()", "x*w[-1]"),
    "by a function": ("def grow(l): l.append(5.0)\na = [1.]\ngrow(a)", "x*a[-1]"),
    "by a function, in a value": ("def grow(l): l.append(5.0)\na = [1.]\nz = grow(a)", "x*a[-1]"),
    "by name": ("def grow(w): w.append(5.0)\nw = [1.]\ngrow(w=w)", "x*w[-1]"),
    "by a star": ("def grow(*w): w[0].append(5.0)\nw = [1.]\ngrow(*[w])", "x*w[-1]"),
    "by a lambda": ("w = [1.]\ngrow = lambda v: w.append(v)\ngrow(5.0)", "x*w[-1]"),
    "by map": ("def grow(l): l.append(5.0)\nw = [1.]\nlist(map(grow, [w]))", "x*w[-1]"),
    "by a method got": ("w = [1.]\ngetattr(w, 'append')(5.0)", "x*w[-1]"),
    "by a method kept": ("w = [1.]\nput = w.append\nput(5.0)", "x*w[-1]"),
    "global": ("s = 2.0\ndef setup():\n    global s\n    s = 7.0\nsetup()", "x*s"),
    "global, deeper": (
        "s = 2.0\ndef inner():\n    global s\n    s = 7.0\ndef setup(): inner()\nz = setup()",
        "x*s",
    ),
    "global, decorator": (
        "s = 2.0\ndef mark(fn):\n    global s\n    s = 7.0\n    return fn\n"
        "@mark\ndef other(): pass", "x*s",
    ),
    "default": ("w = [1.]\ndef other(k=w.append(5.0)): pass", "x*w[-1]"),
    "class": ("w = [1.]\nclass A:\n    w.append(5.0)", "x*w[-1]"),
    "init": ("w = [1.]\nclass A:\n    def __init__(self): w.append(5.0)\nA()", "x*w[-1]"),
    "method": ("w = [1.]\nclass A:\n    def go(self): w.append(5.0)\na = A()\na.go()", "x*w[-1]"),
    "comprehension": ("c = [7.]\n_ = [c.append(i) for i in range(3)]", "x*c[-1]"),
    "nn.init": ("W = torch.ones(3)\nnn.init.zeros_(W)", "x*W"),
    "fill_": ("def init(w): w.fill_(3.0)\nW = torch.ones(3)\ninit(W)", "x*W"),
    "mul_": ("W = torch.ones(3)\nV = W.mul_(3)", "x*W"),
    "out": ("W = torch.ones(3)\ntorch.add(W, 2*torch.ones(3), out=W)", "x*W"),
    "inplace": ("W = -torch.ones(3)\nV = torch.nn.functional.relu(W, inplace=True)", "x*W"),
    "alias": ("A = torch.ones(3)\nB = A\nB += 1", "x*A"),
    "alias, other way": ("A = torch.ones(3)\nB = A\nA += 1", "x*B"),
    "view": ("A = torch.ones(3)\nB = A.view(3, 1)\nB *= 3", "x*A"),
    "item of a list": ("A = torch.ones(3)\nL = [A]\nL[0].add_(1)", "x*A"),
    "loop over a list": ("A = torch.ones(3)\nfor B in [A]:\n    B += 1", "x*A"),
    "given back": (
        "A = torch.ones(3)\ndef get(): return A\nB = get()\nB += 1", "x*A",
    ),
    "given through": ("A = torch.ones(3)\ndef same(t): return t\nB = same(A)\nB += 1", "x*A"),
    "appended": ("A = torch.ones(3)\nL = []\nL.append(A)\nL[0] += 1", "x*A"),
    "reverse": ("c = [1., 2., 3.]\nc2 = c.reverse()", "x*c[0]"),
    "sort": ("c = [3., 1.]\nz = c.sort()", "x*c[0]"),
    "shuffle": ("random.seed(3)\nc = [1., 2., 3., 4.]\nrandom.shuffle(c)", "x*c[0]"),
    "unpacked": ("a, b = [1.], [2.]\nd, e = a, b\nd.append(5.0)", "x*a[-1]"),
    "walrus": ("a = [1.]\nif (b := a):\n    b.append(5.0)", "x*a[-1]"),
    "exec": ("s = 2.0\nexec('s = 7.0')", "x*s"),
    "globals": ("s = 2.0\nglobals()['s'] = 7.0", "x*s"),
    "partial": ("w = [1.]\ndef grow(l): l.append(5.0)\nfunctools.partial(grow, w)()", "x*w[-1]"),
    "optimizer": (
        "W = torch.ones(3, requires_grad=True)\nopt = torch.optim.SGD([W], lr=1.0)\n"
        "(W*W).sum().backward()\nopt.step()", "x*W.detach()",
    ),
    "grad off": ("torch.set_grad_enabled(True)\nW = torch.ones(3)", "x*W"),
}  # fmt: skip


def in_python(source: str) -> Any:
    space: dict[str, Any] = {"__name__": "file"}
    exec(source, space)
    return space["f"](torch.tensor(X, dtype=torch.float64)).detach().numpy()


def outcome(source: str) -> Any:
    """The value of the function of a file, None where it is refused."""
    try:
        return numbers_of(torch_run(compile_program(source, function="f"), {"x": X}).value)
    except GradcalcError:
        return None


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_the_function_is_not_thrown_away(name: str) -> None:
    lines, result = CHANGES[name]
    source = f"{HEAD}{lines}\ndef f(x): return {result}"
    found = outcome(source)
    assert found is None or np.array_equal(found, in_python(source))


IDLE_LINES = (
    "torch.manual_seed(0)", "np.random.seed(0)", "random.seed(1)",
    "torch.set_printoptions(precision=3)", "np.set_printoptions(precision=3)",
    "import warnings\nwarnings.filterwarnings('ignore')",
    "import matplotlib\nmatplotlib.use('Agg')",
    "import logging\nlogger = logging.getLogger('x')\nlogger.setLevel(20)\nlogging.basicConfig()",
    "D = np.zeros((2, 2))\nnp.fill_diagonal(D, 1)", "torch.backends.cudnn.benchmark = True",
    "ys = []\nfor k in range(3):\n    ys.append(f(torch.ones(3)*k))\nprint(ys, W, SCALE)",
    "log = []\nlog.append(SCALE)\nlog.append(W.sum().item())\nlog.sort()",
    "V = W*2\nV += 1\nV.mul_(2)", "V = W.clone()\nV += 1", "V = torch.sin(W)\nV.fill_(0.0)",
    "W.requires_grad_()\nz = f(torch.ones(3))\nz.sum().backward()\nW.grad.zero_()\nW.grad = None",
    "def other(w):\n    w = w + 1\n    s = 3\n    w += 1\n    return w\nq = other(W)\nq += 1",
    "model = nn.Linear(3, 1)\nopt = torch.optim.SGD(model.parameters(), lr=0.1)\nopt.step()",
    "best = max(range(3), key=lambda k: float(f(torch.ones(3)*k).sum()))",
    "torch.autograd.gradcheck(f, torch.ones(3, dtype=torch.float64, requires_grad=True))",
    "k = SCALE\nk += 1\nprint(np.asarray(W.detach()).mean())", "SCALE = SCALE*1.0",
    "names = {'a': W}\nfor name, v in names.items():\n    print(name, v.shape)",
    "class Net(nn.Module):\n    W = 3\n    def forward(self, x): return f(x)\nnet = Net()",
    "f = torch.compile(f)",
)  # fmt: skip


@pytest.mark.parametrize("lines", IDLE_LINES)
def test_what_does_not_change_it_is_left_out(lines: str) -> None:
    source = f"{HEAD}W = torch.ones(3)\nSCALE = 2.0\ndef f(x): return torch.sin(x)*W*SCALE\n{lines}"
    assert np.allclose(outcome(source), 2 * np.sin(X))


MOVES = (
    "{a} = [1., 2.]", "{a} = torch.ones(3)*2", "{a} = {b}", "{a} = [{b}, {b}]", "{a} = {b}[0]",
    "{a}[0] = 4.0", "{a} += {b}", "{a}.append(3.0)", "{a}.insert(0, {b})", "{a}.mul_(3)",
    "{a} = same({b})",
    "touch({a})", "{a} = held()", "touch([{a}])", "{a} = {b}[:1]", "for {a} in [{b}]: touch({a})",
    "{a}, {b} = {b}, {a}", "{a} = {b} if 1 else {a}", "{a} = (lambda t: t)({b})", "{a} = list({b})",
    "{a}.extend({b})", "{a} = wrap({b})['k']", "reset()", "{a} = {b}*2", "{a} = np.asarray({b})",
    "class K:\n    z = {a}\nK.z.append(3.0)", "h = touch\nh({a})", "nested({a})", "del {a}[0]",
    "[touch(q) for q in [{a}]]", "{a} = counter({b})()", "np.copyto(np.asarray({a}), 3.0)",
    "{a} = [q for q in {b}]", "{a} = [*{b}]", "{a}, *z = {b}, 1", "{a} = next(iter([{b}]))",
    "{a} = {b}.detach()", "{a} = keep({b})", "touch(kept[-1])", "{a} = sorted([{b}], key=id)[0]",
)  # fmt: skip
HELPERS = """
kept = []
def same(t): return t
def wrap(t): return {'k': t}
def held(): return c
def reset():
    global b
    b = [9.]
def keep(t):
    kept.append(t)
    return t
def touch(t):
    u = t
    if isinstance(u, list): u.append(8.0)
    else: u += 1
def nested(t):
    def inner(): touch(t)
    inner()
def counter(t):
    def inner(): return t
    return inner
def number(t):
    while isinstance(t, list): t = t[-1]
    return float(torch.as_tensor(t).sum())
"""


def test_random_files_are_read_as_python_runs_them() -> None:
    """Where the function is compiled from fewer lines than the file has, Python agrees."""
    draw = random.Random(5)
    held = kept = 0
    for _ in range(600):
        names = "abc"
        start = [f"{n} = {draw.choice(('[1., 2.]', 'torch.ones(3)', '2.0'))}" for n in names]
        lines = [draw.choice(MOVES).format(a=draw.choice(names), b=draw.choice(names))
                 for _ in range(draw.randint(1, 5))]  # fmt: skip
        source = "\n".join([HEAD, HELPERS, *start, *lines, "def f(x): return x*number(a)"])
        space: dict[str, Any] = {"__name__": "file"}
        try:
            exec(source, space)
            wanted = space["number"](space["a"])
        except Exception:
            continue
        effects = reduced(source)
        space = {"__name__": "file"}
        exec(effects, space)
        assert space["number"](space["a"]) == wanted, source
        held += 1
        kept += len(effects) < len(source)
    assert held > 150
    assert kept > 50


def reduced(source: str) -> str:
    """The file without the lines that are not reached."""
    import ast

    from gradcalc.lang.reached import reached

    return "\n".join(["import torch", "import numpy as np",
                      *map(ast.unparse, reached(tuple(ast.parse(source).body), "f"))])  # fmt: skip
