"""Hand-written programs of Python's containers, comprehensions, text, errors and classes."""

# A program is one line here, however long.
# ruff: noqa: E501

COMPREHENSIONS = (
    "sum([v*v for v in x])", "[v for v in x if v > 0]", "[v*w for v in x for w in y if v > w]",
    "{m}stack([v + {n} for v in x])", "sum(v for v in x)", "max(v*v for v in x)",
    "min((v for v in x), key=lambda v: -v)", "{k: k*k for k in range(4)}[3]*a",
    "len({k % 2 for k in range(5)})*a", "[k for k in range(3)]", "k = 5\n[k for k in range(3)]\nk*a",
    "g = (v*2 for v in x)\ns = sum(g)\ns + sum(g)", "fs = [lambda: k for k in range(3)]\nfs[0]()*a",
    "[[i*j for i in range(2)] for j in range(3)]", "[y_ := v for v in x]\ny_",
    "sum(v*w for v, w in zip(x, y))", "any(v > 0 for v in x)", "all(v > 0 for v in x)",
    "[v for r in A for v in r]", "list(map(lambda v: v*2, x))", "sum(map(lambda v, w: v*w, x, y))",
    "list(filter(lambda k: k % 2, range(5)))", "[*range(3), *x]", "tuple(v for v in x)",
    "next(v for v in x if v == v)", "next(iter([]), a)", "i = iter(range(3))\nnext(i) + next(i)*a",
)  # fmt: skip

CONTAINERS = (
    "d = {'u': a, 'v': b}\nd['u']*d['v']", "d = {}\nd['k'] = a\nd['k'] += 1\nd['k']",
    "d = dict(u=a)\nd.get('w', b) + d.get('u')", "d = {1: a, 2: b}\nsum(d.values())",
    "d = {1: a, 2: b}\nsum(k*v for k, v in d.items())", "d = {'u': a}\nd.pop('u') + len(d)",
    "d = {'u': a}\n'u' in d and a", "d = {'u': x}\nd['u'] += 1\nx", "d = {'u': a} | {'w': b}",
    "l = []\nl.append(a)\nl.extend([b, a])\nsum(l)", "l = [1, 2, 3]\nl.insert(0, 5)\nl.pop()\nsum(l)*a",
    "l = [3, 1, 2]\nl.sort()\nl[0]*a", "l = [3, 1, 2]\nsorted(l, reverse=True)[0]*a",
    "l = [3, 1, 2]\nl.reverse()\nl[0]*a", "l = [1, 2]\nl.index(2)*a", "l = [1, 2, 1]\nl.count(1)*a",
    "l = [1, 2]\nl.remove(1)\nl[0]*a", "l = [1, 2, 3]\nl[1:] = [a]\nsum(l)", "l = [1, 2]\ndel l[0]\nl[0]*a",
    "l = [1, 2]\nm = l.copy()\nm.append(3)\nlen(l)*a", "l = list(x)\nl[0] = {n}\nl[0] + x[0]",
    "u, *v = [1, 2, 3]\nu*len(v)*a", "*u, v = x\nv*len(u)", "u, *v, w = x, 2, 3\nlen(v)*w*a",
    "sorted([2, 1], key=lambda k: -k)[0]*a", "[a, b][::-1][0]", "list(reversed([a, b]))[0]",
    "s = {1, 2}\ns.add(3)\nlen(s)*a", "len({1, 2} & {2, 3})*a", "(1, 2) < (1, 3) and a",
    "divmod(7, 2)[0]*a", "x = [a, b]\nx[-1]", "l = [a]*3\nl[0] = b\nsum(l)", "t_ = (a, b)\nt_[0] + t_[1]",
    "l = [a, b]\nfor i, v in enumerate(l):\n    l[i] = v*2\nl[0]", "isinstance([1], list) and a",
    "d = {'u': [a]}\nd['u'].append(b)\nd['u'][1]", "d = {}\nd.setdefault('u', []).append(a)\nd['u'][0]",
    "max([1, 2, 3])*a", "max([], default=2)*a", "sum([[1], [2]], [])[1]*a", "[1, 2] + [3] == [1, 2, 3] and a",
    "str(12) == '12' and a", "f'{3:03d}' == '003' and a", "'u,v'.split(',')[1] == 'v' and a",
    "'-'.join(['u', 'v']) == 'u-v' and a", "'%d' % 3 == '3' and a", "'{}'.format(2) == '2' and a",
    "len('abc')*a", "'abc'[1] == 'b' and a", "'b' in 'abc' and a", "'ab'.upper() == 'AB' and a",
    "mode = 'sq'\na**2 if mode == 'sq' else a", "'ab' < 'b' and a", "'a'*3 == 'aaa' and a",
)  # fmt: skip

CALLS = (
    "def f(*v):\n    return v[0] + len(v)\nf(a, 1, 2)", "def f(**k):\n    return k['u']\nf(u=a)",
    "def f(u, *v, w=2, **k):\n    return u*len(v)*w + len(k)\nf(a, 1, 2, w=3, z=1)",
    "def f(u, v):\n    return u - v\nf(*[a, b])", "def f(u, v):\n    return u - v\nf(**{'v': a, 'u': b})",
    "def f(u, v=2):\n    return u*v\nf(*(a,), **{})", "def f():\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n        return n\n    g()\n    return g()\nf()*a",
    "def twice(g):\n    def h(v):\n        return g(g(v))\n    return h\n@twice\ndef f(v):\n    return v*2\nf(a)",
    "def scale(k):\n    def deco(g):\n        return lambda v: k*g(v)\n    return deco\n@scale(3)\ndef f(v):\n    return v\nf(a)",
    "def f(u, /, v, *, w):\n    return u + v*w\nf(a, 2, w=3)", "def f(u):\n    return u\nf(u=a)",
    "(lambda *v: v[-1])(1, a)", "def f(v):\n    v.append(1)\nl = []\nf(l)\nlen(l)*a",
    "def f(n):\n    return 1 if n == 0 else n*f(n - 1)\nf(4)*a", "fs = {'sq': lambda v: v*v}\nfs['sq'](a)",
)  # fmt: skip

ERRORS = (
    "try:\n    s = 1/0\nexcept ZeroDivisionError:\n    s = a\ns", "try:\n    s = a\nexcept ValueError:\n    s = 0\ns",
    "try:\n    s = [1][3]\nexcept IndexError:\n    s = a*2\ns", "try:\n    s = {}['u']\nexcept KeyError:\n    s = a\ns",
    "try:\n    s = x[99]\nexcept IndexError:\n    s = a*2\ns", "try:\n    s = x[0, 0, 0, 0]\nexcept (KeyError, IndexError):\n    s = a\ns",
    "try:\n    raise ValueError('no')\nexcept (TypeError, ValueError) as e:\n    s = a*len(str(e))\ns",
    "try:\n    raise ValueError('no')\nexcept Exception:\n    s = a\nfinally:\n    w = 2\ns*w",
    "s = 0\ntry:\n    s += 1\nelse:\n    s += 2\nfinally:\n    s += 4\ns*a",
    "def f():\n    try:\n        return a\n    finally:\n        pass\nf()",
    "def f():\n    for k in range(3):\n        try:\n            if k == 1:\n                break\n        finally:\n            u = k\n    return u\nf()*a",
    "def g():\n    raise TypeError('t')\ntry:\n    g()\nexcept TypeError:\n    s = a\ns",
    "try:\n    try:\n        raise KeyError('k')\n    except IndexError:\n        s = 1\nexcept LookupError:\n    s = a\ns",
    "try:\n    assert 1 > 2, 'no'\nexcept AssertionError as e:\n    s = a\ns",
)  # fmt: skip

CLASSES = (
    "class P:\n    k = 2\n    def __init__(self, v):\n        self.v = v\n    def twice(self):\n        return self.v*self.k\nP(a).twice()",
    "class P:\n    def __init__(self, v):\n        self.v = v\n    def __add__(self, o):\n        return P(self.v + o.v)\n(P(a) + P(b)).v",
    "class P:\n    def __call__(self, v):\n        return v*2\nP()(a)",
    "class P:\n    def f(self):\n        return a\nclass Q(P):\n    def f(self):\n        return super().f()*2\nQ().f()",
    "class P:\n    @property\n    def v(self):\n        return a\n    @staticmethod\n    def w(u):\n        return u\n    @classmethod\n    def z(cls, u):\n        return u\nP().v + P.w(2) + P.z(3)",
    "from dataclasses import dataclass\n@dataclass\nclass P:\n    u: float\n    v: float = 2.0\nP(a).u*P(1, v=b).v",
    "class P:\n    l = []\np, q = P(), P()\np.l.append(a)\nq.l[0]",
    "class P:\n    n = 1\np, q = P(), P()\np.n += 1\np.n*a + q.n",
    "class P:\n    def __init__(self):\n        self.v = 1\n    def grow(self):\n        self.v += 1\n        return self\nP().grow().grow().v*a",
    "class P:\n    def __getitem__(self, k):\n        return k*2\n    def __len__(self):\n        return 3\nP()[2]*a + len(P())",
    "class P:\n    def __init__(self, v):\n        self.v = v\n    def __rmul__(self, o):\n        return o*self.v\n    def __neg__(self):\n        return P(-self.v)\n2*(-P(a))",
    "class P:\n    def __eq__(self, o):\n        return True\n    def __lt__(self, o):\n        return False\n(P() == 1)*a + (P() < 2)*b",
)  # fmt: skip

MATCHES = (
    "match 2:\n    case 1:\n        s = a\n    case 2 | 3:\n        s = b\n    case _:\n        s = 0\ns",
    "match (1, a):\n    case (1, v):\n        s = v\n    case _:\n        s = 0\ns",
    "match [1, 2, 3]:\n    case [u, *v] if len(v) == 2:\n        s = a*u\n    case _:\n        s = 0\ns",
    "match 'sq':\n    case 'sq':\n        s = a**2\n    case _:\n        s = a\ns",
    "match {'k': a}:\n    case {'k': v}:\n        s = v\ns", "match None:\n    case None:\n        s = a\ns",
)  # fmt: skip
