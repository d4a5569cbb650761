"""Programs made by a grammar of the small language."""

from random import Random

from gradcalc.lang.dialects import catalogue

_FUNCTIONS = tuple(sorted(catalogue.names()))

_USUAL = (
    "sin", "exp", "log", "sqrt", "abs", "relu", "tanh", "sum", "mean", "prod", "norm", "softmax",
    "logsumexp", "cumsum", "cumprod", "max", "min", "sort", "floor", "sign", "det", "inv", "var",
)  # fmt: skip

_ATOMS = (
    "x", "x", "x", "y", "s", "n", "0", "1", "2", "-1", "0.5", "1e9", "1e-9", "1e308", "3.0", "u",
    "True", "None", "inf", "nan", "pi", "'a'", "[]", "()", "...", "x[0]", "x.T", "x.shape",
    "len(x)",
)  # fmt: skip

_SIGNS = ("+", "-", "*", "/", "**", "//", "%", "@", "<", "==", "and", "or", "&", "|", "is", "in")


def expression(draw: Random, depth: int) -> str:
    """A random expression, at most so deep."""
    if depth <= 0 or draw.random() < 0.15:
        return draw.choice(_ATOMS)
    inner = lambda: expression(draw, depth - 1)
    make = draw.randrange(16)
    if make < 4:
        return f"({inner()} {draw.choice(_SIGNS)} {inner()})"
    if make < 7:
        return f"{draw.choice(_USUAL)}({inner()})"
    if make == 7:
        return (
            f"{draw.choice(_FUNCTIONS)}({', '.join(inner() for _ in range(draw.choice((1, 2))))})"
        )
    if make == 8:
        return f"where({inner()} > {inner()}, {inner()}, {inner()})"
    if make == 9:
        return f"({inner()} if {inner()} else {inner()})"
    if make == 10:
        return f"({inner()})[{draw.choice(('0', '-1', ':', '::-1', '1:', '...', 'None', inner()))}]"
    if make == 11:
        return f"[{inner()} for u in {draw.choice(('x', 'range(3)', '(1, 2)', inner()))}]"
    if make == 12:
        return f"(lambda u: {inner()})({inner()})"
    if make == 13:
        return f"[{', '.join(inner() for _ in range(draw.randrange(4)))}]"
    if make == 14:
        return f"({inner()}).{draw.choice(_USUAL)}()"
    return f"{draw.choice(('-', 'not ', '~', '+'))}({inner()})"


def statement(draw: Random, depth: int, indent: str = "") -> str:
    """A random statement in its lines, at most so deep."""
    value = expression(draw, 2)
    make = draw.randrange(12) if depth > 0 else draw.randrange(5)
    if make < 2:
        return f"{indent}u = {value}\n"
    if make == 2:
        return f"{indent}u {draw.choice(('+', '*', '-', '/', '**', '@'))}= {value}\n"
    if make == 3:
        return (
            f"{indent}{draw.choice(('u[0]', 'u, v', '*u, v', '(u, (v, w))', 'x[:]'))} = {value}\n"
        )
    if make == 4:
        return (
            f"{indent}{draw.choice(('break', 'pass', 'return u', 'assert x.sum() > 0', value))}\n"
        )
    body = "".join(statement(draw, depth - 1, indent + "    ") for _ in range(draw.choice((1, 2))))
    head = draw.choice(
        (f"if {value}", f"while {value}", "while u.sum() < 100", f"for u in {value}",
         "for i in range(4)", "def f(u, v=2)", "def f(*u)", "with torch.no_grad()", "try",
         "class C", "class C(nn.Module)")
    )  # fmt: skip
    tail = f"{indent}except ValueError:\n{indent}    u = x\n" if head == "try" else ""
    return f"{indent}{head}:\n{body}{tail}"


def grammatical(draw: Random) -> str:
    """A program that mostly is one of the language."""
    if draw.random() < 0.5:
        return expression(draw, draw.choice((1, 2, 3, 4)))
    lines = "".join(statement(draw, 2) for _ in range(draw.choice((1, 2, 4))))
    if draw.random() < 0.3:
        inner = "".join(f"    {line}\n" for line in lines.splitlines())
        return f"def f(x, s=1.0):\n    u = x\n{inner}    return u\n"
    return f"u = x*s\n{lines}{draw.choice(('u', 'u.sum()', 'sum(u*x)', expression(draw, 2)))}"
