"""Operators, comparisons, indexing, attributes and Python's built-ins between all operands."""

import random
from collections.abc import Callable, Iterator

from benchmarks.fidelity.arguments import styled
from benchmarks.fidelity.calls import accepted
from benchmarks.fidelity.cases import PROFILES, Case, draw_inputs, inputs_of, is_generic
from benchmarks.fidelity.contexts import wrapped
from benchmarks.fidelity.operands import NUMBERS, enclosed, operand, simple
from benchmarks.fidelity.spellings import HEADERS, LIBRARIES, Library

BINARY = ("+", "-", "*", "/", "//", "%", "**", "@", "&", "|", "^", "<", "<=", ">", ">=", "==", "!=",
          "+", "-", "*", "/", "//", "%", "**", "@", "and", "or", "<<", ">>", "is")  # fmt: skip
UNARY = ("-", "+", "~", "not ", "abs", "- -", "~~", "not not ")
KEYS = (
    "0", "-1", "1", "2", ":", "1:", ":-1", "::2", "::-1", "1:0", ":1", "-2:", "None", "...",
    "[0, 0]", "[1, 0]", "[0]", "[-1, 0]", "[[0, 1], [1, 0]]", "[]", "[[0], [1]]", "x > 0", "x < 9",
    "D > 0", "A > 0", "C > 0", "{a}([0, 1])", "{a}([[0, 1], [1, 0]])", "{a}([0])", "{a}(0)",
    "{m}arange(2)", "True", "False", "1.0", "slice(0, 2)", "(0, 1)", "(0,)", "x == x[0]", "-3",
    "[True, False]", "5", "{m}argmax(x)", "{m}argsort(x)", "()", "[True, False, True]", "0:2:1",
    "{a}([True, False, True])", "-1:-3:-1", "{m}where(x > 0)", "[0, 1, 0]", "({m}arange(2), 0)",
)  # fmt: skip
_PARTS = (":", "0", "-1", "None", "...", "1:", "::-1", "[0, 1]", "[0]", "[0, 0]", "1", "x > 0",
          "{a}([0, 1])", "[[0], [1]]", "[[0, 1], [0, 0]]", ":1", "{m}arange(2)", "A[0] > 0",
          "True", "::2", "{a}([1, 0])", "[-1]")  # fmt: skip
ATTRIBUTES = ("T", "mT", "H", "mH", "shape", "size", "ndim", "real", "imag", "values", "data",
              "indices", "flat", "dtype", "itemsize", "nbytes", "grad", "requires_grad", "is_leaf",
              "device", "base", "shape[0]", "shape[-1]", "T[0]", "T.T", "T.shape",
              "shape[::-1]", "shape[:1]", "ndim + 1", "size*2", "T @ x", "mT.sum(0)", "real.sum()",
              "at")  # fmt: skip
BUILTINS = (
    "sum({o})", "sum({o}, {o})", "sum([{o}, {o}])", "sum([{o}, {o}], {n})", "sum({o}, start={n})",
    "max({o})", "max({o}, {o})", "max([{o}, {o}])", "max({o}, {o}, {n})", "min({o}, {n})",
    "max({o}, key=lambda v: -v)", "max([], default={n})", "max({o}, default={n})", "min({o})",
    "min({o}, {o})", "min([{n}, {o}])", "abs({o})", "abs({n})", "round({o})", "round({o}, {n})",
    "round({n})", "round({n}, 1)", "round(a, 2)", "round(2.5)", "round(-1.5)", "round(a*10)",
    "pow({o}, {n})", "pow({n}, {n})", "pow({n}, {n}, 5)", "pow({o}, {o})", "divmod({o}, {n})",
    "divmod({n}, {n})", "divmod({o}, {o})", "len({o})", "len([{o}, {o}])", "float({o})",
    "float({n})", "int({o})", "int({n})", "int(a*3)", "bool({o})", "bool({n})", "all({o})",
    "any({o})", "all([{o}, {o}])", "any([{n}, {n}])", "all([])", "list({o})", "tuple({o})",
    "sorted({o})", "sorted([{n}, {n}, {n}])", "list(range({n}))", "list(range({n}, {n}))",
    "list(range(5, 0, -2))", "list(zip({o}, {o}))", "list(enumerate({o}))", "list(reversed({o}))",
    "list(map(lambda v: v*2, {o}))", "list(filter(lambda v: v > 0, {o}))", "[v*2 for v in {o}]",
    "sum(v*v for v in {o})", "sum(range({n}))", "max(range(1, 4))", "range(3)[{n}]", "[{o}, {o}]",
    "len(range({n}))", "isinstance({o}, float)", "sum(({o}, {o}))", "sum(x)/len(x)",
    "max(x) - min(x)", "max(A[0])", "sum(A)", "sum(sum(A))", "max(max(A[0]), {n})", "sum(D, a)",
    "sum([x, y])", "sum([v for v in x if v > 0])", "float('inf')", "float('nan')", "float('-inf')",
    "int('3')", "float('1.5')", "int(True) + 1", "True + True", "round(True)", "abs(True)",
    "max(True, 2)", "min(1, 1.0)", "sum([[1], [2]], [])", "sum(C)", "min(C[0, 0])", "all(x > -9)",
    "any(x > 0)", "sum(x > 0)", "max(x > 0)", "sum([x > 0, y > 0])", "abs(x > 0)", "len(A.T)",
    "max(x, y)", "min(a, b)", "max(a, b, 0)", "min([a, b])", "max(1, 2)", "min(a)", "max(x, 0)",
    "round(x)", "round(A, 1)", "pow(x, 2)", "pow(2, x)", "pow(a, b)", "abs(-x)", "abs(A)",
    "(1, 2) + (3,)", "[1, 2]*2", "[a]*3", "[1, 2] + [a]", "2*[x]", "(a,)*2 + (b,)",
    "[1, 2] == [1, 2]",
    "[1, 2] < [1, 3]", "(1, 2) == [1, 2]", "[x, y][0]", "[1, 2, 3][::-1]", "(a, b)[-1]",
    "[[1, 2], [3, 4]][1][0]", "[1, 2]*x[:2]", "x + [1]", "[2.0]*x", "x*[a]", "[a, b] @ x[:2]",
    "(1, 2)*A[0, :1]", "[1] + x", "x - (1,)", "x == [1]", "[] + [a]", "[1, 2][True]",
    "1 in [1, 2]", "a in (a, b)", "'a' == 'a'", "1 if x.shape else 2", "not []", "[] or [a]",
    "(0 or a)*(1 and b)", "a if x.any() else b", "1 < 2 < 3", "3 > a > -3", "0 <= a < 1 != 2",
    "7 // 2", "-7 // 2", "-7 % 3", "7 % -3", "-7.5 // 2", "2**-1", "(-2)**3", "-2**2", "0**0",
    "2**0.5", "(-8)**(1/3)", "1e308*10", "10**20", "5 // 0.3", "5 % 0.3", "~5", "5 & 3", "6 | 9",
    "5 ^ 1", "1 << 3", "True & False", "True ^ True", "~True", "-True", "True*a", "True/2",
    "(a > 0) + 1", "(a > 0) + (b > 0)", "-(a > 0)", "~(a > 0)", "(x > 0) + 1", "(x > 0) - (y > 0)",
    "-(x > 0)", "(x > 0)*(y > 0)", "(x > 0)/2", "(x > 0)**2", "(x > 0) // 1", "(x > 0) % 2",
    "(x > 0) + (x > -1)", "(x > 0) @ (x > -9)", "(x > 0) == True", "~(x > 0)", "(x > 0) ^ (y > 0)",
    "(x > 0) & 1", "(x > 0) | 0", "(x > 0) < (y > 0)", "(x > 0).sum()", "(x > 0).mean()",
    "(x > 0).std()", "(x > 0).max()", "(x > 0).prod()", "(x > 0).cumsum(0)", "(x > 0).any()",
    "(x > 0).all()", "+(x > 0)", "abs(x > 0)", "(A > 0) @ (B > 0)", "(A > 0) @ z", "(x > 0).T",
    "1 - (x > 0)", "(x > 0) - 1", "2**(x > 0)", "(x > 0).argmax()", "(x > 0).dot(x)",
    "{a}([1, 2, 3])/2", "{a}([1, 2, 3])//2", "{a}([1, -2, 3])%2", "{a}([1, 2, 3])**2",
    "{a}([1, 2])**-1", "2**{a}([1, 2])", "{a}([1, 2])**0.5", "{a}([3, 1, 2]).mean()",
    "{a}([1, 2, 4]).std()", "{a}([1, 2])*1.5", "{a}([7, -7])//{a}([2, 2])", "-{a}([1, 2])",
    "~{a}([1, 2])", "{a}([5, 6]) & 3", "{a}([1, 2]) ^ {a}([3, 1])", "{a}([1, 0]) // {a}([0, 1])",
    "{m}arange(3)/2", "{m}arange(4)*x[0]", "{m}arange(3) @ {m}arange(3)", "{m}arange(3)**2",
    "{m}arange(3) - 1.5", "{a}([1, 2])[0]/2", "{a}([1, 2]).sum()/2", "{a}([2, 3]).prod()//4",
    "1/{a}([1, 2])", "{a}(3)//2", "{a}(7) % -3", "{a}([True, False]) + 1", "{a}([250, 10])*2",
    "{m}pi*a", "math.pi*a", "{m}inf*a", "{m}nan*x", "{m}e**a", "math.e*x", "math.tau + a",
    "math.sqrt(2)*x", "math.inf > a", "math.floor(2.5)*x", "math.log(2, 4)*a",
    "x/math.sqrt(len(x))",
)  # fmt: skip
"""Everyday texts with holes: `{o}` an operand, `{n}` a number."""


def texts(library: str, seed: int, count: int) -> Iterator[Case]:
    """So many texts of operators, keys, attributes and built-ins."""
    rng = random.Random(f"operators {library} {seed}")
    chosen = LIBRARIES[library]
    kinds: tuple[tuple[str, Callable[[random.Random, str], str]], ...] = (
        ("operator", _binary), ("operator", _binary), ("unary", _unary), ("chain", _chain),
        ("index", _indexed), ("index", _indexed), ("attribute", _attribute), ("builtin", _builtin),
        ("builtin", _builtin),
    )  # fmt: skip
    if library == "math":
        kinds = (("operator", _binary), ("chain", _chain), ("builtin", _builtin))
    for _ in range(count):
        subject, draw = rng.choice(kinds)
        yield _text(rng, chosen, subject, draw)


def _text(
    rng: random.Random, library: Library, subject: str, draw: Callable[[random.Random, str], str]
) -> Case:
    profile = rng.choice(PROFILES)
    pool = draw_inputs(rng, profile, library.one_size)
    header = rng.choice(HEADERS[library.name])
    _, expression = accepted(rng, library, lambda: (header, draw(rng, library.style)), pool)
    text = expression
    if rng.random() < 0.4:
        text = wrapped(rng, expression, library.style, ", ".join(inputs_of(expression, pool)))
    text = f"{header}\n{text}" if header else text
    inputs = inputs_of(text, pool)
    return Case(library.name, subject, text, inputs, library.readings, is_generic(profile))


def _binary(rng: random.Random, style: str) -> str:
    left, right = operand(rng, style), operand(rng, style)
    sign = rng.choice(BINARY)
    if sign in ("<<", ">>"):
        right = rng.choice(("1", "2", "-1"))
    return f"{enclosed(left)} {sign} {enclosed(right)}"


def _unary(rng: random.Random, style: str) -> str:
    sign = rng.choice(UNARY)
    text = operand(rng, style)
    return f"{sign}({text})" if sign == "abs" else f"{sign}{enclosed(text)}"


def _chain(rng: random.Random, style: str) -> str:
    """Three operands: precedence, chained comparisons, conditional expressions."""
    a, b, c = (enclosed(operand(rng, style)) for _ in range(3))
    first, second = rng.choice(BINARY[:17]), rng.choice(BINARY[:17])
    # a power of powers of whole numbers fills the memory
    second = "*" if first == second == "**" else second
    return rng.choice(
        (f"{a} {first} {b} {second} {c}", f"{a} if {b} else {c}", f"-{a}**2 {first} {b}",
         f"({a} {first} {b}) {second} {c}", f"{a} < {b} <= {c}", f"not {a} {second} {b}",
         f"{a} or {b} and {c}", f"{a} {first} -{b}")
    )  # fmt: skip


def _indexed(rng: random.Random, style: str) -> str:
    base = enclosed(operand(rng, style) if rng.random() < 0.3 else simple(rng))
    if rng.random() < 0.4:
        return f"{base}[{styled(rng.choice(KEYS), style)}]"
    parts = [styled(rng.choice(_PARTS), style) for _ in range(rng.choice((1, 2, 2, 3, 3, 4)))]
    base = rng.choice((base, "C", "C", "A", "D"))
    again = f"[{styled(rng.choice(KEYS), style)}]" if rng.random() < 0.2 else ""
    return f"{base}[{', '.join(parts)}]{again}"


def _attribute(rng: random.Random, style: str) -> str:
    base = enclosed(operand(rng, style) if rng.random() < 0.6 else simple(rng))
    return f"{base}.{rng.choice(ATTRIBUTES)}"


def _builtin(rng: random.Random, style: str) -> str:
    text = rng.choice(BUILTINS)
    while "{o}" in text:
        text = text.replace("{o}", operand(rng, style), 1)
    while "{n}" in text:
        text = text.replace("{n}", rng.choice((*NUMBERS, "a", "7", "-7")), 1)
    return styled(text, style)
