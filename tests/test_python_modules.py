"""Python's statistics, bisect, heapq and operators: Python itself is the oracle, on floats.

Gradients are held to differences of what Python gives.
"""

import ast
from typing import Any

import numpy as np
import pytest

from gradcalc import grad
from gradcalc.lang.effects import Effects

IMPORTS = "import bisect, heapq, math, operator, statistics\n"
STEP = 1e-6

EXPRESSIONS = """
statistics.mean(list(x))
statistics.mean([x[0], 2.0, x[1]*x[2]])
statistics.fmean(x)
statistics.fmean([x[0], x[1]], [1.0, 3.0])
statistics.median(list(x))
statistics.median_low([a*a for a in x])
statistics.median_high(list(x))
statistics.pstdev(list(x))
statistics.stdev(list(x))
statistics.pvariance(list(x))
statistics.variance(list(x))
statistics.harmonic_mean([a*a for a in x])
statistics.geometric_mean([a*a for a in x])
statistics.correlation(list(x), [1.0,2.0,4.0,3.0])
statistics.covariance(list(x), [1.0,2.0,4.0,3.0])
statistics.linear_regression([1.0,2.0,4.0,3.0], list(x)).slope
statistics.quantiles(list(x), n=4)[0]
statistics.mode([1,2,2,3])*x[0]
bisect.bisect([0.0, 1.0, 2.0], 1.5)*x[0]
bisect.bisect_left([0.0, 1.0, 2.0], x[0])*x[0]
bisect.bisect_right(sorted(x), 1.0)*x[1]
bisect.bisect([0.0,1.0,3.0], x[3], lo=1)*x[3]
heapq.nlargest(2, x)[1]**2
heapq.nsmallest(2, list(x))[1]**2
heapq.nsmallest(2, list(x), key=lambda a: -a)[1]**2
heapq.nlargest(2, [(a, i) for i, a in enumerate(x)])[0][0]
sum((i+1)*a for i, a in enumerate(heapq.merge(sorted(x[:2]), sorted(x[2:]))))
list(x).index(max(x))*x[0]
x.tolist().index(max(x.tolist()))*x[0]
list(x).count(x[0])*x[0]
(x[0] in list(x))*x[0]
operator.pos(x[1])
operator.lt(x[1], 2)*x[0]
operator.gt(x[1], 2)*x[0]
operator.ge(x[1], 2)*x[0]
operator.eq(x[1], 2)*x[0]
operator.not_(x[1] > 2)*x[0]
operator.getitem(x, 1)**2
operator.contains([1, 2], 2)*x[0]
operator.concat([x[0]], [x[1]])[1]
operator.is_(None, None)*x[0]
operator.truth(x[0])*x[0]
operator.countOf([1, 2], 2)*x[0]
operator.and_(True, x[0] > 0)*x[0]
math.modf(x[1])[0]**2
math.modf(x[1])[1]*x[0]
""".strip().splitlines()

PROGRAMS = """
import statistics
def f(x):
    line = statistics.linear_regression([1.0,2.0,4.0,3.0], list(x))
    return line.slope*2 + line.intercept**2
---
import statistics
def f(x):
    s, i = statistics.linear_regression(list(x), [a*a for a in x], proportional=True)
    return s + i
---
import statistics
def f(x):
    return sum(k*q for k, q in enumerate(statistics.quantiles(list(x), n=5, method='inclusive'), 1))
---
import statistics
def f(x):
    return sum(k*q for k, q in enumerate(statistics.quantiles(list(x), n=7), 1))
---
import statistics
def f(x):
    return statistics.harmonic_mean([a*a for a in x], weights=[1.0, x[3], 0, 2])
---
from statistics import variance, stdev, pvariance, pstdev
def f(x):
    s = variance(x, 0.5) + stdev(list(x), xbar=x[0])*2
    return s + pvariance(x, mu=x[1]) + pstdev(x[:1]*2, 0.1)
---
import statistics
def f(x):
    try:
        return statistics.stdev([x[0]])
    except statistics.StatisticsError:
        return x[1]**2
---
import statistics
def f(x):
    try:
        return statistics.mean([])
    except statistics.StatisticsError:
        return x[1]**2
---
import statistics
def f(x):
    try:
        return statistics.geometric_mean(x)
    except ValueError as e:
        return x[1]**2
---
import statistics
def f(x):
    try:
        return statistics.correlation([1,1,1,1], list(x))
    except statistics.StatisticsError:
        return x[1]**2
---
import bisect
def f(x):
    a = []
    for v in x:
        bisect.insort(a, v)
    return sum((i + 1)*v**2 for i, v in enumerate(a))
---
import bisect
def f(x):
    a = [(v, i) for i, v in enumerate(sorted(x))]
    bisect.insort_left(a, (x[0], 9), key=lambda p: p[0])
    bisect.insort(a, (x[1], 9))
    return sum((i + 1)*v**2 + k for i, (v, k) in enumerate(a))
---
import bisect
def f(x):
    knots = [-1.0, 0.0, 1.0, 2.0, 3.0]
    y = [0.0, 1.0, 4.0, 2.0, 1.0]
    s = 0.0
    for v in x:
        i = bisect.bisect_right(knots, v) - 1
        t = (v - knots[i])/(knots[i+1] - knots[i])
        s += y[i]*(1 - t) + y[i+1]*t
    return s
---
import heapq
def f(x):
    h = []
    for i, v in enumerate(x):
        heapq.heappush(h, (v*v, i))
    out = 0.0
    k = 1
    while h:
        v, i = heapq.heappop(h)
        out = out + k*v + i
        k += 1
    return out
---
import heapq
def f(x):
    h = list(x)
    heapq.heapify(h)
    a = heapq.heappushpop(h, 1.0)
    b = heapq.heapreplace(h, x[0]*3)
    return a + 2*b + sum((i + 1)*v for i, v in enumerate(h))
---
import heapq
def f(x):
    h = list(x) + [v*v - 1.1 for v in x] + [v**3 for v in x]
    heapq.heapify(h)
    s = sum((i + 1)*v for i, v in enumerate(h))
    return s + sum((i + 1)*v for i, v in enumerate(heapq.nlargest(3, h, key=lambda v: v*v)))
---
import heapq
def f(x):
    merged = heapq.merge(sorted(x, reverse=True), [2.0, 0.1], reverse=True)
    return sum((i + 1)*a for i, a in enumerate(merged))
---
import heapq
def f(x):
    graph = {0: [(1, x[0]), (2, x[3])], 1: [(2, x[1]), (3, 4.0)], 2: [(3, x[0]*x[1])], 3: []}
    dist = {0: 0.0}
    heap = [(0.0, 0)]
    seen = set()
    while heap:
        d, u = heapq.heappop(heap)
        if u in seen:
            continue
        seen.add(u)
        for v, w in graph[u]:
            if v not in dist or d + w < dist[v]:
                dist[v] = d + w
                heapq.heappush(heap, (dist[v], v))
    return dist[3]
---
import heapq
def f(x):
    try:
        heapq.heappop([])
    except IndexError:
        return x[0]**2
---
def f(x):
    a = list(x)
    return a.index(max(a))*x[0] + a.count(a[1])*x[1] + (x[2] in a)*x[3] + (a == list(x))*x[0]
---
import numpy as np
def f(x):
    a = list(x)
    best = a.index(max(a))
    a.remove(min(a))
    return x[best]**2 + sum(a) + (np.max(x) in a)*x[0]
---
from functools import cmp_to_key
def f(x):
    def cmp(a, b):
        if a < b:
            return -1
        return 1 if a > b else 0
    return sum((i + 1)*v for i, v in enumerate(sorted(x, key=cmp_to_key(cmp), reverse=True)))
---
import operator
from collections import namedtuple
P = namedtuple('P', 'a b')
def f(x):
    ps = [P(x[0], x[1]), P(x[2], x[3])]
    best = max(ps, key=operator.attrgetter('b'))
    return best.a**2 + operator.countOf([1, 2, 2], 2)*x[0]
---
import math
def f(x):
    a, b = math.modf(x[1])
    c, d = math.modf(x[2])
    return a*b + c*d*x[0] + math.modf(2.5)[0]*x[3]
---
from collections import deque, Counter, OrderedDict, defaultdict
def f(x):
    d = deque(x, maxlen=3)
    d.append(x[0]*2)
    d.appendleft(x[1])
    d.extendleft([x[2], x[3]])
    d.rotate(1)
    return sum((i + 1)*v for i, v in enumerate(d)) + d[-1]
---
from collections import Counter
def f(x):
    c = Counter('abcab')
    return sum(x[i % 4] for i, e in enumerate(c.elements())) + c.total()
""".strip().split("\n---\n")


def _python(text: str, x: np.ndarray) -> float:
    scope: dict[str, Any] = {}
    exec(text, scope)
    return float(scope["f"](x))


@pytest.mark.parametrize(
    "text", [*(f"{IMPORTS}def f(x):\n    return {line}" for line in EXPRESSIONS), *PROGRAMS]
)
def test_values_and_gradients_are_those_of_python(text: str) -> None:
    rng = np.random.default_rng(len(text))
    for x in (np.array([0.5, 1.5, -0.75, 2.25]), rng.uniform(-0.9, 2.9, 4)):
        slopes = [
            (_python(text, x + step) - _python(text, x - step)) / (2 * STEP)
            for step in STEP * np.eye(4)
        ]
        found = grad(text, x=x.tolist())
        assert found.verdict.outcome == "verified"
        assert np.isclose(float(found.value), _python(text, x), rtol=1e-11)
        assert np.allclose(np.array(found.gradient["x"], dtype=float), slopes, rtol=1e-5, atol=1e-6)


TIES = (
    "heapq.nlargest(1, x)[0]",
    "heapq.nsmallest(2, x)[1]",
    "heapq.heappushpop([x[0]], x[1])",
    "statistics.median(x[:3])",
    "[x[0], 2*x[1]][bisect.bisect_left([x[0]], x[1])]",
)


@pytest.mark.parametrize("line", TIES)
def test_a_tie_is_seen(line: str) -> None:
    found = grad(f"{IMPORTS}def f(x):\n    return {line}", x=[1.0, 1.0, 0.5])
    assert found.verdict.outcome in ("kink", "jump")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("import torch, statistics\ndef f(x):\n    return statistics.mean(list(torch.exp(x)))",
         "statistics.mean does not take torch's tensors"),
        ("import statistics\ndef f(x):\n    return statistics.mean([x])", "of single numbers"),
        ("import heapq\ndef f(x):\n    return heapq.heappop(x)", "is no list"),
        ("import heapq\ndef f(x):\n    return heapq.heappop([])*x", "empty heap"),
        ("import statistics\ndef f(x):\n    return statistics.variance(x[:1])", "two data points"),
    ],
)  # fmt: skip
def test_what_python_refuses_is_refused(text: str, part: str) -> None:
    with pytest.raises(Exception, match=part):
        grad(text, x=[1.0, 2.0])


@pytest.mark.parametrize("call", ["heapq.heappush(h, 2.0)", "a = heapq.heappop(h)",
                                  "heapq.heapify(h)", "bisect.insort(h, 2.0)"])  # fmt: skip
def test_what_a_statement_of_a_file_changes_is_known(call: str) -> None:
    statements = ast.parse(f"import bisect, heapq\nh = [1.0, 3.0]\n{call}\n").body
    changed = Effects(tuple(statements)).changed(2)
    assert changed is None or "h" in changed
