"""Programs that are monstrous in one way: each grows with a number."""

# ruff: noqa: E501

from collections.abc import Callable
from random import Random

Monster = Callable[[int, Random], str]

MONSTERS: dict[str, Monster] = {
    "brackets": lambda n, draw: (b := draw.choice(("()", "[]", "{}")))[0] * n + "x" + b[1] * n,
    "open brackets": lambda n, draw: draw.choice("([{") * n,
    "mixed brackets": lambda n, draw: "".join(draw.choice("([{)]}") for _ in range(n)) + "x",
    "tuples": lambda n, draw: "(" * n + "x" + ",)" * n,
    "signs": lambda n, draw: draw.choice(("-", "+", "~", "not ", "- -", "+ ~")) * n + "x",
    "attributes": lambda n, draw: "x" + draw.choice((".T", ".sum()", ".real", "[0]", "[None]")) * n,
    "sums": lambda n, draw: draw.choice(("+", "*", "-", "/", "@", "%", "**")).join(["x"] * n),
    "comparisons": lambda n, draw: draw.choice(("<", "==", "in", "is")).join([" x "] * n),
    "booleans": lambda n, draw: draw.choice((" and ", " or ")).join(["x"] * n),
    "conditions": lambda n, draw: "x if x > 0 else " * n + "x",
    "lambdas": lambda n, draw: "lambda u: " * n + "x",
    "called lambdas": lambda n, draw: "(lambda u: " * n + "x" + ")(x)" * n,
    "calls": lambda n, draw: f"{draw.choice(('sin', 'exp', 'abs', 'sqrt', 'relu', 'sum', 'log', 'cumprod'))}(" * n + "x" + ")" * n,
    "curried": lambda n, draw: "sin" + "(x)" * n,
    "where chain": lambda n, draw: "where(x > 0, x*x, " * n + "x" + ")" * n,
    "where of where": lambda n, draw: "where(" * n + "x" + " > 0, x, 2*x)" * n,
    "maxima": lambda n, draw: "maximum(x, " * n + "2*x" + ")" * n,
    "indexes": lambda n, draw: "x[" * n + "0" + "]" * n,
    "ifs": lambda n, draw: "".join(f"{' ' * k}if x > {k}:\n" for k in range(n)) + " " * n + "x",
    "elifs": lambda n, draw: "if x > 1:\n u = x\n" + "elif x > 2:\n u = x\n" * n + "else:\n u = x\nu",
    "loops": lambda n, draw: "u = x\n" + "".join(f"{' ' * k}for i in range(3):\n" for k in range(n)) + " " * n + "u = u*2\nu",
    "functions": lambda n, draw: "".join(f"{' ' * k}def f(x):\n" for k in range(n)) + " " * n + "return x",
    "assignments": lambda n, draw: "u = x\n" + draw.choice(("u = u*u\n", "u = u + u\n", "u = u*x\n", "u = sin(u)*u\n", "u = u - u\n", "u = u/u\n", "u = u**u\n", "u = where(u > 0, u, -u)\n")) * n + "u",
    "doubling": lambda n, draw: "u = x\n" + draw.choice(("u = [u, u]\n", "u = (u, u)\n", "u = {0: u, 1: u}\n", "u = stack([u, u])\n", "u = concat([u, u])\n")) * n + draw.choice(("u", "str(u)", "u == u", "sum(u)", "tensor(u)", "len(str(u))*x", "hash(u)*x", "repr(u)")),
    "doubling text": lambda n, draw: "u = 'ab'\n" + "u = u + u\n" * n + "len(u)*x",
    "doubling loop": lambda n, draw: f"u = {draw.choice(('[x]', 'chr(97)', '(x,)', '3'))}\nfor i in range({n}):\n    u = {draw.choice(('u + u', 'u*2', 'u*u', 'u**2', '[*u, *u]'))}\nx*len(str(u))",
    "unpacking": lambda n, draw: ", ".join(f"u{k}" for k in range(n)) + f" = range({n})\nx*u0",
    "nested unpacking": lambda n, draw: "(" * n + "u" + ",)" * n + " = " + "(" * n + "x" + ",)" * n + "\nu",
    "stars": lambda n, draw: "*a, b = " * n + "x\nb",
    "starred lists": lambda n, draw: "[*" * n + "x" + "]" * n,
    "chained": lambda n, draw: " = ".join(f"u{k}" for k in range(n)) + " = x\nu0",
    "parameters": lambda n, draw: f"def f({', '.join(f'a{k}=1' for k in range(n))}):\n    return a0*x\nf()",
    "arguments": lambda n, draw: f"maximum({', '.join(['x'] * n)})",
    "keywords": lambda n, draw: f"dict({', '.join(f'a{k}=x' for k in range(n))})['a0']",
    "f-strings": lambda n, draw: "x*len(f'" + "{x}" * n + "')",
    "nested f-strings": lambda n, draw: "x*len(f'" + "{x:" * n + "}" * n + "')",
    "f-string widths": lambda n, draw: f"x*len(f'{{1:{10**min(n, 12)}}}')",
    "formats": lambda n, draw: f"x*len('%{10**min(n, 12)}d' % 1)",
    "format method": lambda n, draw: f"x*len('{{:{10**min(n, 12)}}}'.format(1))",
    "justified": lambda n, draw: f"x*len('a'.{draw.choice(('ljust', 'rjust', 'center', 'zfill'))}({10**min(n, 12)}))",
    "replaced": lambda n, draw: f"x*len(('a'*{n}).replace('', 'b'*{n}))",
    "joined": lambda n, draw: f"x*len(('a'*{n}).join('b'*{n}))",
    "powers": lambda n, draw: f"x*{draw.choice((2, 10, -3))}**{draw.choice((n, 10**n if n < 4000 else n))}",
    "tower": lambda n, draw: "**".join([draw.choice(("2", "9", "x", "10"))] * min(n, 1000)) + "*x",
    "shift": lambda n, draw: f"x*({draw.choice(('1', '-1', '3'))} << {10**min(n, 20)})",
    "digits": lambda n, draw: f"x*{'9' * n}",
    "hexadecimal": lambda n, draw: f"x*0x{'f' * n}",
    "decimals": lambda n, draw: f"x*0.{'3' * n}",
    "exponents": lambda n, draw: f"x*1e{'9' * n}",
    "texts": lambda n, draw: f"x*len('{'a' * n}')",
    "repeated": lambda n, draw: f"x*len({draw.choice(('[0]', chr(39) + 'a' + chr(39), '(1, 2)', '[x]', 'b' + chr(39) + 'a' + chr(39)))}*{10**min(n, 18)})",
    "ranges": lambda n, draw: f"{draw.choice(('sum', 'list', 'len', 'max', 'sorted', 'tuple', 'set', 'str'))}(range({10**min(n, 25)}))*x",
    "range loop": lambda n, draw: f"u = x\nfor i in range({10**min(n, 25)}):\n    {draw.choice(('pass', 'u = u + 1', 'u = u*x', 'v = [i]*1000'))}\nu",
    "comprehensions": lambda n, draw: "sum([1 " + f"for i in range({draw.choice((2, 10, 1000))}) " * min(n, 200) + "])*x",
    "nested comprehensions": lambda n, draw: "[" * n + "x" + " for i in range(2)]" * n,
    "factorial": lambda n, draw: f"{draw.choice(('factorial', 'math.factorial', 'gamma', 'lgamma', 'math.gamma'))}({10**min(n, 20)})*x",
    "combinations": lambda n, draw: f"math.{draw.choice(('comb', 'perm', 'gcd', 'lcm', 'pow', 'isqrt'))}({10**min(n, 300)}, {10**min(n, 200) // 2})*x",
    "sizes": lambda n, draw: f"{draw.choice(('zeros', 'ones', 'eye', 'arange', 'randn', 'full', 'linspace', 'empty', 'rand'))}({draw.choice((10**min(n, 25), f'{n}, {n}', -n, '10,' * n))}).sum()*x",
    "shapes": lambda n, draw: f"x.{draw.choice(('expand', 'repeat', 'reshape', 'tile', 'view', 'broadcast_to'))}({draw.choice((10**min(n, 25), f'{n}, {n}', '1,' * n, '10,' * n))}).sum()",
    "outer": lambda n, draw: "u = x\n" + draw.choice(("u = outer(u, u).reshape(-1)\n", "u = kron(u, u)\n", "u = u[None]*u[:, None]\n")) * min(n, 500) + "u.sum()",
    "products of zeros": lambda n, draw: f"{draw.choice(('prod', 'cumprod', 'product'))}(x*{draw.choice(('zeros', 'arange', 'ones'))}({min(n, 10**6)}))" + draw.choice(("", ".sum()")),
    "big products": lambda n, draw: f"u = 0*x\nfor i in range({n}):\n    u = u*{draw.choice(('x', '(x - i)', '(x + u)', 'sin(x)'))}\nu",
    "polynomials": lambda n, draw: " + ".join(f"{k}*x**{k}" for k in range(n)),
    "factors": lambda n, draw: "*".join(f"(x - {k})" for k in range(n)),
    "expansions": lambda n, draw: f"(x + 1)**{n}*(x - 2)**{n} - (x*x - x - 2)**{n}",
    "quotients": lambda n, draw: " + ".join(f"1/(x + {k}.5)" for k in range(n)),
    "continued fraction": lambda n, draw: "1/(x + " * n + "1" + ")" * n,
    "roots": lambda n, draw: "sqrt(1 + " * n + "x" + ")" * n,
    "self powers": lambda n, draw: "(" * n + "x" + "**x)" * n,
    "recursion": lambda n, draw: f"def f(u, k):\n    return u if k < 1 else {draw.choice(('f(u*x, k - 1)', 'f(u, k - 1) + f(u, k - 2)', 'f(f(u, k - 1), k - 1)'))}\nf(x, {n})",
    "endless": lambda n, draw: draw.choice(("while True:\n    pass", "u = x\nwhile True:\n    u = u + u\n", "def f(u):\n    return f(u)\nf(x)", "u = [x]\nfor v in u:\n    u.append(v)\nx", "f = lambda u: f(u)\nf(x)", "u = []\nwhile True:\n    u = [u]\n", "while x > -1:\n    x = x + 1\nx", "u = []\nu.append(u)\nstr(u)\nx*len(u)", "u = {}\nu['a'] = u\nu == u\nx")),
    "generators": lambda n, draw: f"def f():\n    k = 0\n    while True:\n        yield k\n        k = k + 1\n{draw.choice(('sum(f())', 'list(f())', 'max(f())', 'sum(zip(f(), f()))', 'next(f())', 'sorted(f())', 'tuple(map(str, f()))', 'any(k < 0 for k in f())'))}*x",
    "iterators": lambda n, draw: f"import itertools\n{draw.choice(('sum(1 for _ in itertools.permutations(range(%d)))', 'len(list(itertools.product(range(%d), repeat=%d)))', 'sum(itertools.count(%d))', 'len(list(itertools.combinations(range(%d), 5)))', 'sum(itertools.repeat(%d))', 'list(itertools.cycle([%d]))')).replace('%d', str(n))}*x",
    "classes": lambda n, draw: "class A0:\n    v = 2\n" + "".join(f"class A{k + 1}(A{k}):\n    pass\n" for k in range(n)) + f"A{n}.v*x",
    "statements": lambda n, draw: draw.choice(("x;", "pass\n", "u = 1\n", "\n", "#\n", "'a'\n", "del_ = x;")) * n + "x",
    "names": lambda n, draw: "x*" + draw.choice(("a", "é", "𝔞", "_")) * n,
    "decorators": lambda n, draw: "def d(f):\n    return f\n" + "@d\n" * n + "def g(x):\n    return x\n",
    "matches": lambda n, draw: "match x:\n" + "".join(f"    case {k}:\n        u = {k}\n" for k in range(n)) + "    case _:\n        u = x\nu",
    "patterns": lambda n, draw: "match [x]:\n    case " + "[" * n + "u" + "]" * n + ":\n        v = u\n    case _:\n        v = x\nv",
    "alternatives": lambda n, draw: "match 1:\n    case " + " | ".join(str(k) for k in range(n)) + ":\n        u = x\n    case _:\n        u = 2*x\nu",
    "einsum": lambda n, draw: f"einsum('{','.join(['i'] * n)}->', {', '.join(['x'] * n)})",
    "mathematics": lambda n, draw: draw.choice(("x^", "2x ", "sin ", "|x", "x'", "√", "x² ", "∑", "\\frac{x}{", "\\sqrt{", "‖x‖ ", "x_", "e^-")) * n + "x",
    "bars": lambda n, draw: "|" * n + "x" + "|" * n,
    "latex": lambda n, draw: "\\frac{1}{1 + " * n + "x" + "}" * n,
    "strings of operators": lambda n, draw: "".join(draw.choice("+-*/^%") for _ in range(n)) + "x",
    "spaces": lambda n, draw: "x" + draw.choice((" ", "\t", "\n", "\f", "\\\n", "\r\n", "\xa0")) * n + "+ 1",
    "sorts": lambda n, draw: "u = x\n" + draw.choice(("u = sort(u)[0]\n", "u = sort(u)\n", "u = u[argsort(u)]\n", "u = cumsum(u, 0)\n", "u = softmax(u, 0)\n")) * n + "u.sum()",
    "determinants": lambda n, draw: f"det(x*eye({n}) + ones({n}, {n}))",
    "matrix powers": lambda n, draw: f"matrix_power(x*ones(2, 2), {n}).sum()",
    "inverses": lambda n, draw: "inv(" * n + "x*eye(2) + 1" + ").sum()" + "*eye(2))" * (n - 1) if n > 1 else "x",
}  # fmt: skip
"""Programs that grow with a number, each in a way of its own."""

LARGE = (1, 2, 3, 5, 8, 12, 18, 25, 40, 80, 150, 199, 201, 400, 1000, 3000, 20000)


def monstrous(draw: Random) -> tuple[str, str]:
    """The kind of a monster, and one."""
    name = draw.choice(list(MONSTERS))
    size = draw.choice(LARGE)
    text = MONSTERS[name](size, draw)
    return name, text[:600_000]
