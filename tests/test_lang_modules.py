"""Generators, itertools and collections: the text itself run by Python on torch's tensors is the
oracle of values and gradients."""

import numpy as np
import pytest
import torch

import gradcalc
from gradcalc import Problem
from gradcalc.witnesses import autograd

X = [0.5, 1.5, -0.75, 2.25]

BODIES = {
    "yield in a loop and an if": """
def gen(x):
    for v in x:
        if v > 0:
            yield v**2
        else:
            yield -v
def f(x):
    return sum(gen(x))""",
    "one without an end": """
def gen(x):
    i = 0
    while True:
        yield x[i % 3]*i
        i += 1
def f(x):
    s = 0.0
    for k, v in enumerate(gen(x)):
        if k > 5:
            break
        s = s + v**2
    return s""",
    "next, yield from and return": """
def gen(x):
    yield x[0]
    yield from x[1:]
    return
    yield 5.0
def f(x):
    g = gen(x)
    a = next(g)
    return a*sum(v**3 for v in g) + next(g, 2.0)""",
    "what it reads changes while it rests": """
def gen(held):
    for k in range(4):
        yield held[0]*k
def f(x):
    held = [x[0]]
    s = 0.0
    for v in gen(held):
        s = s + v**2
        held[0] = held[0] + x[1]
    return s""",
    "its own scope, and two at once": """
def gen(x, a):
    s = a
    for v in x:
        s = s + v
        yield s
def f(x):
    s = 1.0
    for p, q in zip(gen(x, 1.0), gen(x[1:], 2.0)):
        s = s*p + q
    return s""",
    "a method": """
class T:
    def __init__(self, x):
        self.x = x
    def __iter__(self):
        for v in self.x:
            yield v*2
def f(x):
    return sum(v**2 for v in T(x))""",
    "while with else": """
def gen(x):
    k = 0
    while k < 2:
        yield x[k]
        k += 1
    else:
        yield x[3]**2
def f(x):
    return sum(gen(x))""",
    "combinations": """
import itertools
def f(x):
    s = sum(a*b for a, b in itertools.combinations(x, 2))
    s = s + sum(a*b*b for a, b in itertools.combinations_with_replacement(x, 2))
    return s + sum(a - b*b for a, b in itertools.permutations(x, 2))""",
    "products, sums up to each, chains": """
from itertools import accumulate, chain, count, islice, pairwise, product
def f(x):
    s = sum(x[i]*x[j] for i, j in product(range(3), repeat=2) if i < j)
    s = s + sum(accumulate(x, lambda a, b: a*b)) + sum(chain(x, [1.0], x*x))
    s = s + sum(accumulate(x)) + sum(accumulate(x, initial=2.0))
    s = s + sum(a*b for a, b in pairwise(x)) + sum(k*v for k, v in zip(count(1), x))
    return s + sum(islice(x, 1, None)) + sum(islice(x, 0, 4, 2))**2""",
    "what is kept": """
from itertools import compress, cycle, dropwhile, filterfalse, repeat, starmap, takewhile
from itertools import chain, zip_longest
def f(x):
    s = sum(takewhile(lambda v: v > 0, x)) + sum(dropwhile(lambda v: v > 0, x))**2
    s = s + sum(filterfalse(lambda v: v > 1, x))**3 + sum(compress(x, [1, 0, 1]))*2
    s = s + sum(a*b for a, b in zip(x, cycle([1.0, 2.0]))) + sum(repeat(x[0], 3))
    s = s + sum(starmap(lambda a, b: a*b, zip(x, x[1:]))) + sum(chain([x[0]], x*x))
    s = s + sum(chain.from_iterable([x[1:], x[:2]*x[0]]))
    return s + sum(a*b for a, b in zip_longest(x, x[:2], fillvalue=3.0))""",
    "groups": """
from itertools import groupby, tee
from operator import itemgetter, mul
from functools import reduce
def f(x):
    pairs = [(0, x[0]), (0, x[1]), (1, x[2])]
    s = sum(reduce(mul, (v for _, v in g)) for k, g in groupby(pairs, key=itemgetter(0)))
    a, b = tee(x)
    return s + sum(a)*sum(v*v for v in b)""",
    "tuples with names": """
from collections import namedtuple
P = namedtuple('P', 'x y', defaults=[2.0])
Q = namedtuple("Q", ["a", "b"])
def f(x):
    p = P(x[0])
    q = p._replace(y=x[1])
    a, b = q
    r = Q(b=x[2], a=x[3])
    return a*b*p.y + sum(q._asdict().values())*r.a + r.b**2 + r[0]""",
    "tuples with names as classes": """
from typing import NamedTuple
class P(NamedTuple):
    '''Two numbers.'''
    x: float
    y: float = 2.0
def f(x):
    p = P(x[0])
    a, b = p._replace(y=x[1])
    known = isinstance(p, P) and isinstance(p, tuple) and not isinstance((1, 2), P)
    return a*b*p.y + P(y=x[2], x=x[3]).x**2 + len(p)*x[2] if known else x[0]""",
    "enumerations": """
from enum import Enum, IntEnum, auto
class Kind(Enum):
    LINEAR = 'linear'
    SQUARE = 'square'
    PLAIN = 'linear'
    @property
    def power(self):
        return 2 if self is Kind.SQUARE else 1
class At(IntEnum):
    FIRST = 0
    SECOND = auto()
class Red(str, Enum):
    SUM = 'sum'
def f(x, kind=Kind.SQUARE):
    s = x[At.SECOND]**Kind('square').power + sum(x[k] for k in At)*(At.SECOND + 1)
    if kind == Kind.SQUARE and Kind.PLAIN is Kind.LINEAR and Kind.LINEAR != At.FIRST:
        s = s*len(Kind)
    weights = {Kind.LINEAR: 2.0, Kind.SQUARE: 3.0}
    for one in Kind:
        s = s + x[2]*weights[one]*len(one.name)
    if isinstance(At.FIRST, (int, At)) and not isinstance(Kind.LINEAR, str) and not At.FIRST:
        s = s + x[0]*(At(1) is At.SECOND)
    if Red.SUM == 'sum' and At.FIRST < At.SECOND and Kind.LINEAR in Kind:
        s = s + x[Kind['SQUARE'].power]**2
    match kind:
        case Kind.LINEAR: return s
        case Kind.SQUARE: return s*x[0] + At.SECOND.value""",
    "places": """
import numpy as np
def f(x):
    y, s = x.reshape(2, 2), 0.0
    for (i, j), v in np.ndenumerate(np.array([[1.0, 2.0], [0.5, 3.0]])):
        s = s + (i + 1)*v*y[i, j]**(j + 1)
    for i, j in np.ndindex(2, 2):
        s = s + y[i, j]*y[j, i]
    return s + sum(y[at] for at in np.ndindex((2, 2)))**2""",
    "dictionaries with a default": """
from collections import Counter, OrderedDict, defaultdict
def f(x):
    d, e = defaultdict(list), defaultdict(float)
    for k, v in zip('abac', x):
        d[k].append(v)
        e[k] += v
    c = Counter('aba')
    o = OrderedDict(z=2.0)
    n = defaultdict(lambda: x[0])
    return sum(sum(v)**(c[k] + 1) for k, v in d.items())*o['z'] + e['a']*e['b'] + n['q']**2""",
    "a queue": """
import collections
def f(x):
    q = collections.deque(maxlen=2)
    s = 0.0
    for v in x:
        q.append(v)
        s = s + sum(q)**2
    q.appendleft(x[0])
    q.rotate(1)
    s = s + q[0]*q[-1]
    r = collections.deque([1.0, 2.0])
    r.extend(x)
    while len(r) > 1:
        s = s + r.popleft()*r.pop()
    return s""",
    "numbers out of text": """
def f(x):
    n, m = (int(v) for v in '2x3'.split('x'))
    try:
        k = int('a')
    except ValueError:
        k = 2
    return (x*n**m).sum()*float('1e-3')*k""",
    "by their names": """
import torch
import torch.nn.functional as F
def f(x, act='relu', red='mean'):
    g = getattr(torch, 'tanh', None)
    s = getattr(F, act)(x).sum() + getattr(x**2, red)() + g(x).sum()*getattr(x, 'shape')[0]
    return s + (1.0 if hasattr(torch, 'sin') else x[0]) + getattr(torch.linalg, 'norm')(x)""",
    "what nobody gives": """
def f(x, *args, scale=2.0, **kwargs):
    return (x**kwargs.get('p', 2)).sum()*scale + len(args)""",
}


@pytest.mark.parametrize("name", BODIES)
def test_it_is_what_python_makes_of_it(name: str) -> None:
    scope: dict[str, object] = {}
    exec(BODIES[name], scope)
    x = torch.tensor(X, dtype=torch.float64, requires_grad=True)
    output = scope["f"](x)  # type: ignore[operator]
    output.backward()
    found = autograd.testify(Problem(BODIES[name] + "\nf(x)", {"x": X}))
    assert np.allclose(found.value, output.item(), rtol=1e-13)
    assert x.grad is not None
    assert np.allclose(found.gradients["x"], x.grad.numpy(), rtol=1e-12)
    assert gradcalc.grad(BODIES[name], x=X).verdict.outcome == "verified"


REFUSED = {
    "def g(x):\n    a = (yield x) + 1\n    yield a\ndef f(x):\n    return sum(g(x))": "by itself",
    "def g(x):\n    with no_grad():\n        yield x\ndef f(x):\n    return sum(g(x))": "without",
    "def f(*args):\n    return args[0]": "alone",
    "from itertools import permutations\ndef f(x):\n    return permutations([x], 1, 2)": "take",
    "from itertools import islice\ndef f(x):\n    return sum(islice([x], -1))": "take",
    "from itertools import count\ndef f(x):\n    return sum(v*x for v in count())": "steps",
    "from itertools import product\ndef f(x):\n    for p in product(range(9), repeat=30):\n"
    "        x = x + 1\n    return x": "steps",
    "from itertools import product\ndef f(x):\n    p = product([x]*10**6, repeat=9)\n"
    "    return list(p)": "steps|list",
    "from enum import Enum\nclass K(Enum):\n    A = 1\n"
    "def f(x):\n    return K(2).value*x": "value of K",
    "from typing import NamedTuple\nclass P(NamedTuple):\n    a: float\n    def g(self):\n"
    "        return 1\ndef f(x):\n    return P(x).a": "fields only",
    "import numpy as np\ndef f(x):\n    return sum(v for v in np.nditer(x))": "nditer",
    "from collections import namedtuple\nP = namedtuple('P', 'class')\ndef f(x):\n"
    "    return P(x)[0]": "class",
}


@pytest.mark.parametrize("body", REFUSED)
def test_what_cannot_be_had_is_an_error_of_the_program(body: str) -> None:
    with pytest.raises(gradcalc.GradcalcError, match=REFUSED[body]):
        gradcalc.grad(body, x=1.5)
