"""What the fence refuses, with its kind, its place and what to do instead; and all limits."""

from collections.abc import Callable
from typing import Any

import pytest

from gradcalc.balls.numbers import OutOfReach
from gradcalc.errors import GradcalcError, LimitError, ProgramSyntaxError
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Limits
from tests.lang_backends import SIDES, ids, lines, marked, numbers_of, well_formed

# program, kind, the text under the span, a part of the hint (None: no hint is needed)
REFUSED: list[tuple[str, str, str, str | None]] = [
    ("x + __import__('os')", "unsupported", "__import__", None),
    ("__x*2", "unsupported", "__x", None),
    ("def __f(x): return x", "unsupported", "def __f(x): return x", None),
    ("lambda __a: 1", "unsupported", "__a", None),
    ("f(__a=1)", "unsupported", "__a=1", None),
    ("torch.__builtins__", "unsupported", "torch.__builtins__", None),
    ("2*eval('1')", "unsupported", "eval", "expression itself"),
    ("exec('1')", "unsupported", "exec", "program itself"),
    ("open('f')", "unsupported", "open", "--x @file.npy"),
    ("globals()", "unsupported", "globals", None),
    ("compile('1', '', 'eval')", "unsupported", "compile", None),
    ("breakpoint()", "unsupported", "breakpoint", None),
    ("with open('f') as f:\n    x", "unsupported", "open('f')", "no_grad"),
    ("with no_grad() as f:\n    x", "unsupported", "no_grad()", "no_grad"),
    ("with x:\n    x", "unsupported", "x", "no_grad"),
    ("global x", "unsupported", "global x", "argument"),
    ("def f(*args):\n    return args[0]", "unsupported", "args", "each parameter"),
    ("def f(**k):\n    return k['x']", "unsupported", "k", "each parameter"),
    ("@wrapped\ndef f(x): return x", "unsupported", "wrapped", "leave"),
    ("try:\n    x\nexcept* ValueError:\n    y", "unsupported", "try:", "except"),
    ("async def f(x): return x", "unsupported", "async def f(x): return x", "def"),
    ("await x", "unsupported", "await x", None),
    ("b'a'", "unsupported", "b'a'", None),
    ("x + b'a'", "unsupported", "b'a'", None),
    ("import os; os.x", "unsupported", "os.x", "the value itself"),
    ("x; import os, torch; y = os.z", "unsupported", "os.z", "the value itself"),
    ("from os import path; path", "unsupported", "path", "the value itself"),
    ("import torch.hub; torch.hub.x", "unsupported", "torch.hub", "torch"),
    ("from torch import load; load(x)", "unsupported", "load", "gradcalc functions"),
    ("from .a import b; b", "unsupported", "b", "torch"),
    (
        "def f(x):\n    import sys\n    return sys.argv*x",
        "unsupported",
        "sys.argv",
        "the value itself",
    ),
    ("x.backward()", "unsupported", "x.backward", "leave"),
    ("jax.random.normal(k, (3,))", "name", "jax.random.normal", "--seed"),
    ("torch.load('f')", "name", "torch.load", "functions"),
    ("torch.os.system('ls')", "name", "torch.os.system", "functions"),
    ("sine(x)", "name", "sine", "did you mean"),
    ("expp(x)", "name", "expp", "did you mean exp?"),
    ("x(y + 1)", "name", "x", "x*(...)"),
    ("x.summ()", "name", "x.summ", "did you mean sum?"),
    ("x.backward()", "unsupported", "x.backward", "gradcalc takes the gradient itself"),
    ("np.foo(x)", "name", "np.foo", "functions"),
    ("2x", "syntax", "2", "2*x"),
    ("x y", "syntax", "y", "2*x"),
    ("(x", "syntax", "(", "bracket"),
    ("x)", "syntax", ")", "bracket"),
    ("(x]", "syntax", "]", "bracket"),
    ("'a", "syntax", "'", "quotes"),
    ("x²", "syntax", "²", "x**2"),
    ("x && y", "syntax", "&", "and"),
    ("x ? y : z", "syntax", "?", "if condition else"),
    ("lambda*2", "syntax", "2", "lambda_"),
    ("while x: x; if x: x", "syntax", "if", "line of their own"),
    ("1 = x", "syntax", "1", "=="),
    ("if x:\ny", "syntax", "y", "indent"),
    ("x\n  y", "syntax", " ", "column"),
    ("x\x00", "syntax", "x", None),
    ("return x", "syntax", "return x", "expression"),
    ("break", "syntax", "break", None),
    ("x\nif x:\n    continue", "syntax", "continue", None),
    ("for i in x:\n    def f(): break\nx", "syntax", "break", None),
    ("for i in x:\n    x\nelse:\n    break", "syntax", "break", None),
    ("def f(x, x): return x", "syntax", "x", None),
    ("f(a=1, a=2)", "syntax", "a=2", None),
    ("é = 1\nnaïve²", "syntax", "²", "x**2"),
    ("'é' + (ü + b'a')", "unsupported", "b'a'", None),
    ("a\x0cb\u2028\nx^2", "syntax", "b", "2*x"),
    ("\n\n  x.backward()\n", "unsupported", "x.backward", "gradcalc takes the gradient itself"),
    ("y = 1\r\n\tx", "syntax", " ", "column"),
]


@pytest.mark.parametrize(("text", "kind", "place", "hint"), REFUSED, ids=ids(REFUSED))
def test_refused(text: str, kind: str, place: str, hint: str | None) -> None:
    with pytest.raises(GradcalcError) as caught:
        compile_program(text)
    error = caught.value
    well_formed(error)
    assert error.kind == kind
    assert marked(error) == place
    assert hint is None or hint in (error.hint or "")


def test_lines_keep_their_numbers() -> None:
    with pytest.raises(GradcalcError) as caught:
        compile_program("\n\n# a comment\nx = 1\n\nx.backward()\n")
    assert caught.value.span is not None
    assert caught.value.span.line == 6


WITHOUT_OUTPUT = [
    "", "  \n ", "#", "pass", "import torch", "assert x", "def f(x): return x\npass",
    "for i in x:\n    pass", "\ufeff", "if __name__ == '__main__':\n    x",
]  # fmt: skip


@pytest.mark.parametrize("text", WITHOUT_OUTPUT)
def test_a_program_has_an_output(text: str) -> None:
    with pytest.raises(ProgramSyntaxError, match=r"empty|no output") as caught:
        compile_program(text)
    assert caught.value.hint


TOO_DEEP: dict[str, str] = {
    "brackets": "("*10_000 + "x" + ")"*10_000,
    "lists": "["*10_000 + "x" + "]"*10_000,
    "some brackets": "x*("*250 + "x" + ")"*250,
    "minus": "-"*10_000 + "x",
    "some minus": "-"*300 + "x",
    "not": "not "*10_000 + "x",
    "inverted": "~"*10_000 + "x",
    "lambda": "lambda: "*5_000 + "x",
    "attribute": "x" + ".T"*10_000,
    "method": "x" + ".sum()"*10_000,
    "call": "x" + "()"*10_000,
    "index": "x" + "[0]"*10_000,
    "power": "**".join("x"*5_000),
    "if-else": "x if x else "*5_000 + "x",
    "if": "\n".join(" "*k + "if x:" for k in range(90)) + "\n" + " "*99 + "x",
    "elif": "if x:\n    y = 1\n" + "elif x:\n    y = 1\n"*3_000,
    "sum": "+".join("x"*99_000),
}  # fmt: skip


@pytest.mark.parametrize("text", TOO_DEEP.values(), ids=TOO_DEEP)
def test_nesting_is_limited(text: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        compile_program(text, limits=Limits(nesting=80))
    well_formed(caught.value)
    assert caught.value.kind in ("limit", "syntax")


LONG: dict[str, tuple[str, float]] = {
    "sum": ("+".join("x"*5_000), 5_000.0),
    "and": (" and ".join("x"*3_000), 1.0),
    "comparison": ("x" + "<2"*1 + "<3"*2 + ("!=0"*0) + " or x", 1.0),
    "statements": ("x = x + 1\n"*3_000, 3_001.0),
    "nested": ("("*50 + "x" + ")"*50, 1.0),
    "minus": ("-"*100 + "x", 1.0),
    "name": ("a = 1; " + "b"*10_000 + " = x; " + "b"*10_000, 1.0),
    "digits": ("x*1" + "0"*4_000 + "//1" + "0"*4_000, 0.0),
    "functions": ("\n".join(f"def f{k}(u): return u + {k}" for k in range(2_000)) + "\nf7(x)", 8.0),
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), LONG.values(), ids=LONG)
def test_long_programs_work(text: str, value: float) -> None:
    if text.startswith("x*1"):
        text = text.replace("x*", "x*(") + ")"
        value = 1.0
    program = compile_program(text)
    for run in SIDES.values():
        result = run(program, {"x": 1.0}, Limits())
        assert float(numbers_of(result.value)) == value


BIG = 10**12

LIMITED: list[str] = [
    "x"*600_000, "9"*5_000 + "*x", "0x" + "f"*5_000 + "*x", "x + 1"*150_000,
    "2**10**10*x", "10**10**10*x", "x**10**10**10", "zeros(10**10**10)", "range(10**10**10)",
    "(-2)**10**10*x", "2**(2**31)", "10**10**10*1.0", "pow(10, 10**10)", "x[10**10**10]",
    "x[:10**10**10]", "[0]*10**10**10", "eye(10**10**10)", "full((10**10**10,), x)", "10**4300*x",
    "10**4000*10**4000", "lambda: 1 + 2**10**10 if 0 else 1; (lambda: 2**10**10)()",
    "[0]*10**9", "[x]*10**30", "(0,)*10**9", f"zeros({BIG})", "ones(10**6, 10**6)", "zeros(10**30)",
    "eye(10**6)", "full(10**9, 1.0)", "full((10**5, 10**5), x)", f"arange({BIG})", "arange(1e300)",
    "arange(0, 1, 1e-12)", f"linspace(0, 1, {BIG})", "outer(zeros(10**5), zeros(10**5))",
    "zeros(10**5)[:, None]*zeros(10**5)", "zeros(1).expand(10**10)", "diag(zeros(10**5))",
    "broadcast_to(x[:1], (10**6, 10**6))", "kron(zeros(10**5), zeros(10**5))",
    "where(zeros(10**4)[:, None] > 0, zeros(10**4), 1)", "stack([zeros(10**4)]*10**4)",
    "concat([zeros(10**4)]*10**4)", "zeros(10**4)[:, None]@zeros(10**4)[None]",
    "zeros(10**4, 1)[:, [0]*10**4]", "mse_loss(zeros(10**4, 1), zeros(1, 10**4))",
    "cosine_similarity(zeros(10**4, 1, 1), zeros(1, 10**4, 1))", "diag(ones(3), 10**5)",
    "while True: pass", "while True:\n    x", "while x.sum() < 9e99:\n    x = x",
    "y = 1\nwhile y:\n    y = y + y", "y = 2\nwhile True:\n    y = y*y",
    lines("y = ones(3)", "while True:", "    y = concat([y, y])"),
    lines("y = ones(3)", "while True:", "    y = stack([y, y])"),
    lines("y = [x]", "while True:", "    y = y + y"),
    lines("y = [1]", "for i in range(60):", "    y = [y, y]", "tensor(y)"),
    lines("y = [1]", "for i in range(60):", "    y = [y, y]", "z = [1]",
          "for i in range(60):", "    z = [z, z]", "y == z"),
    lines("y = x", "for i in range(5000):", "    y = [y]", "y"),
    lines("y = x", "for i in range(70):", "    y = y[None]", "y"),
    lines("y = x", "while True:", "    y = y*1.0", "    z = zeros(1000, 1000)"),
    "def f(n): return f(n + 1)\nf(1)*x", "f = lambda n: f(n); f(1)*x",
    "def f(n):\n    return -(-(-(-(f(n) + 1) + 1) + 1) + 1)\nf(1)*x",
    "def f(n): return g(n)\ndef g(n): return f(n)\nf(x)",
    "for i in range(10**18): pass\nx", "for i in range(10**9): x = x + 1", "range(10**18)",
    "list(zip(range(10**9), range(10**9)))", "list(enumerate(range(10**9)))",
    "tensor(range(10**9))",
    "x*range(10**8)", "sum(range(10**9))", "max(range(10**9))", "all(range(1, 10**9))",
    "len(list(zip(range(10**9), range(10**9))))", "roll(x, 10**18)", "sum(x, 10**30)",
    # texts
    "x*len('{:>100000000}'.format(1))", "x*len(f'{1:>100000000}')", "x*len(f'{1:{10**8}}')",
    "x*len(('{:1' + '0'*500 + '}').format(1))", "x*len('%100000000d' % 1)",
    "x*len('%*d' % (10**8, 3))",
    "x*len('%.*f' % (10**9, 1.0))", "x*len('%-0100000000s' % 'a')", "x*len('a'*10**8)",
    "x*len('a'.ljust(10**8))", "x*len('a'.zfill(10**8))", "x*len('a'.center(10**8))",
    "x*len(','.join(['a'*10**4]*10**3))", "x*len(('a'*10**4).replace('a', 'b'*10**4))",
    "x*len('%s'*1000 % (('a'*10**5,)*1000))", "x*len(('{0}'*1000).format('a'*10**5))",
    "x*len('%(a)s'*1000 % {'a': 'b'*10**5})", "x*len(str(['a'*10**5]*1000))",
    "x*len('%s' % (['a'*10**5]*100,))", "x*len(f\"{'a'*10**6}{'a'*10**6}\")",
    lines("y = []", "for i in range(9000):", "    y.append('a'*10**5 + str(i))", "x"),
]  # fmt: skip


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("text", LIMITED, ids=ids([(text,) for text in LIMITED]))
def test_limits(text: str, side: str) -> None:
    # the element-wise side may give up before a limit of the language is reached
    gives_up = (OutOfReach,) if side == "enclosure" else ()
    with pytest.raises((GradcalcError, *gives_up)) as caught:  # noqa: PT012
        program = compile_program(text)
        run_small(SIDES[side], program)
    error = caught.value
    if isinstance(error, GradcalcError):
        well_formed(error)
        # numpy has its own word on too many dimensions
        assert error.kind == "limit" or (error.kind == "shape" and side == "enclosure")
        assert len(error.message) < 200


def run_small(run: Callable[..., Any], program: Any) -> None:
    limits = Limits(steps=20_000, elements=10_000_000, total=50_000_000)
    run(program, {"x": [1.0, 2.0]} if "x" in program.inputs else {}, limits)


NOT_LIMITED: list[tuple[str, list[float]]] = [
    ("x*2**-10**10", [0, 0]),
    ("x*(range(10**18)[10**17] - 10**17 + 1)", [1, 2]),
    ("x*len(range(10**18))/10**18", [1, 2]),
    ("1//10**400*x", [0, 0]),
    ("x*int(1e300)/1e300", [1, 2]),
    ("x[-10**30:10**30:10**30]", [1]),
    ("[x[0]]*10**3 and x", [1, 2]),
    ("1e400*x", [float("inf")] * 2),
    ("x*len('a'*10**6)", [1e6, 2e6]),
    ("x*len('%6.2f|%*d|%s' % (1.5, 5, 3, 'a'*1000))", [1013, 2026]),
    ("x*len('{:>1000}|{:.3f}'.format('a', 2.0))", [1006, 2012]),
    ("x*(10**309//10**308)", [10, 20]),
]


@pytest.mark.parametrize(("text", "value"), NOT_LIMITED, ids=ids(NOT_LIMITED))
def test_large_numbers_that_work(text: str, value: list[float]) -> None:
    result = SIDES["torch"](compile_program(text), {"x": [1.0, 2.0]})
    assert numbers_of(result.value).tolist() == value


TOO_LARGE = ["10**400*x", "sin(10**400)", "2.0**10**10*x", "float(10**400)", "max(10**400, x)",
             "where(x > 1, 10**400, x)", "tensor([10**400])"]  # fmt: skip


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("text", TOO_LARGE)
def test_numbers_too_large_for_a_float(text: str, side: str) -> None:
    program = compile_program(text)
    with pytest.raises(GradcalcError, match="too large for a float") as caught:
        run_small(SIDES[side], program)
    assert caught.value.kind == "value"


@pytest.mark.parametrize("side", SIDES)
def test_a_range_has_no_length_that_python_cannot_count(side: str) -> None:
    with pytest.raises(GradcalcError, match="range of more than 9,223,372,036,854,775,807"):
        run_small(SIDES[side], compile_program("x*len(range(10**30))"))
    kept = """def f(x):
    try:
        return len(range(10**30))*x
    except OverflowError:
        return 3*x"""
    run_small(SIDES[side], compile_program(kept))


def test_the_length_of_a_text_is_limited() -> None:
    with pytest.raises(LimitError, match="500,001 characters"):
        compile_program("x" * 500_001)


# program, the text under the span of an error that comes up while running
PLACES: list[tuple[str, str]] = [
    ("y = x\ny + x[7]", "x[7]"),
    ("def f(u):\n    return u@2\nf(x)", "u@2"),
    ("2*layer_norm(x, weight=ones(7)) + x", "layer_norm(x, weight=ones(7))"),
    ("é = x; é@2 + x", "é@2"),
    ("a, b, c = x", "a, b, c"),
    ("x if x > 0 else 1", "x > 0"),
    ("assert x.sum() < 0, 'why'\nx", "assert x.sum() < 0, 'why'"),
    ("f = 3\nx + f(2)", "f"),
    ("def f(u):\n    return u*missing\nmissing = g\nf(x)\ng = 1", "g"),
    ("x +\\\n  zeros(10**12)", "zeros(10**12)"),
]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("text", "place"), PLACES, ids=ids(PLACES))
def test_errors_of_a_run_have_their_place(text: str, place: str, side: str) -> None:
    program = compile_program(text, known=("g",))
    with pytest.raises(GradcalcError) as caught:
        run_small(SIDES[side], program)
    well_formed(caught.value)
    assert marked(caught.value) == place
