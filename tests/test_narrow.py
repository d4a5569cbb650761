"""Numbers of few bits: programs of casts, arithmetic and comparisons mean what the library does.

Where gradcalc does not know what they mean it says so.
"""

import random
import warnings
from typing import Any

import numpy as np
import pytest
import torch

from gradcalc import grad
from gradcalc.errors import GradcalcError, UnsupportedError
from gradcalc.lang.fence import compile_program
from tests.lang_backends import torch_run
from tests.sweeps import share

SEEDS = share(120)
EDGES = (-129, -128, -127, -3, -1, 0, 1, 2, 3, 7, 100, 127, 128, 200, 250, 255, 256, 300, 32767,
         32768, 65535, 2**31 - 1)  # fmt: skip
"""Numbers near what integers of few bits hold."""

FLOATS = (0.1, 0.2, 1 / 3, 0.5, 0.7, 1.0, 2.0, 1e-3, 2.5, 65504.0, 65519.0, 1e5)
INTEGERS = ("int8", "uint8", "int16", "int32", "int64")
SHORT = {"torch": ("float16", "bfloat16", "float32", "float64"),
         "np": ("float16", "float32", "float64")}  # fmt: skip


def cast(library: str, kind: str) -> str:
    return f".to(torch.{kind})" if library == "torch" else f".astype(np.{kind})"


def program(seed: int) -> str:
    """A small program of numbers of few bits."""
    dice = random.Random(seed)
    library = dice.choice(("torch", "np"))
    make = "torch.tensor" if library == "torch" else "np.array"

    def integers() -> str:
        few = EDGES[: dice.choice((10, len(EDGES)))]
        return f"{make}({[dice.choice(few) for _ in range(3)]})"

    lines = [f"a = {integers()}{cast(library, dice.choice(INTEGERS))}"]
    lines.append(f"b = {integers()}{cast(library, dice.choice(INTEGERS))}")
    for _ in range(dice.randint(1, 4)):
        number = dice.choice(EDGES[2:16])
        lines.append(
            dice.choice(
                (
                    f"a = a + {number}", f"a = a*{number}", f"a = {number} - a", "a = a + b",
                    "a = a*b", "a = a - b", "a = -a", "a = abs(a)", f"a = a // {abs(number) + 1}",
                    f"a = a % {abs(number) + 1}", f"a[1] = {number}", f"a += {number}",
                    f"a = {library}.where(a > {number}, a, b)", "a = a[[2, 0, 1]]",
                    f"a = a{cast(library, dice.choice(INTEGERS))}", "a = a.sum() + b",
                    f"a = {library}.maximum(a, b)", "a = a.reshape(3)",
                )
            )
        )  # fmt: skip
    if dice.random() < 0.5:
        kind, edge = dice.choice(SHORT[library]), dice.choice(FLOATS)
        rounds = cast(library, kind)
        held = f"{make}({[dice.choice(FLOATS) for _ in range(3)]}, dtype={library}.{kind})"
        lines.append(
            dice.choice(
                (
                    f"x = {library}.where(x{rounds} > {edge}, x, 2*x)",
                    f"h = x{rounds}*2\n    x = {library}.where(h <= {edge}, x, 2*x)",
                    f"x = x + (x{rounds} == {edge})",
                    f"x = x*{held}{cast(library, 'float64')}",
                    f"x = x + {library}.floor(x{rounds}*10){cast(library, 'float64')}",
                )
            )
        )
    body = "\n    ".join(lines)
    return f"import {'torch' if library == 'torch' else 'numpy as np'}\n" + (
        f"def f(x):\n    {body}\n    return (a*x).sum()\n"
    )


def really(text: str, x: list[float]) -> Any:
    """What Python gives with the real library, None where that refuses."""
    names: dict[str, Any] = {}
    exec(text, names)
    given: Any = torch.tensor(x, dtype=torch.float64) if "torch" in text else np.array(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return float(names["f"](given))
        except (RuntimeError, OverflowError, TypeError, ValueError, ZeroDivisionError):
            return None


@pytest.mark.parametrize("start", range(0, SEEDS, 20))
def test_what_is_not_refused_is_what_the_library_gives(start: int) -> None:
    for seed in range(start, start + 20):
        text, dice = program(seed), random.Random(seed)
        x = [dice.choice(FLOATS) for _ in range(3)]
        try:
            found = float(torch_run(compile_program(text), {"x": x}).value.detach())
        except GradcalcError:
            continue
        true = really(text, x)
        assert true is None or found == pytest.approx(true, rel=1e-12, abs=1e-12), text
    # and not all of them are refused
    assert any(_runs(program(seed)) for seed in range(start, start + 20))


def _runs(text: str) -> bool:
    try:
        torch_run(compile_program(text), {"x": [0.5, 1.0, 2.0]})
    except GradcalcError:
        return False
    return True


JUMPS = (
    "(F.one_hot(x.long(), 4)*torch.arange(4.0)).sum() + x.sum()",
    "F.cross_entropy(torch.arange(8.0).reshape(2, 4), x.long()) + x.sum()",
    "F.embedding(x.long(), torch.arange(10.0).reshape(5, 2)).sum() + x.sum()",
    "x.long().tolist()[0] + x.sum()",
    "x.long().detach().sum() + x.sum()",
    "torch.isnan((x - 1)/(x - 1)).sum() + x.sum()",
    "torch.nan_to_num((x - 1)/(2*x - 2)).sum() + x.sum()",
)
"""Whole numbers, and 0/0, of what a gradient flows back to otherwise as well."""


@pytest.mark.parametrize("text", JUMPS)
def test_whole_numbers_jump(text: str) -> None:
    report = grad(f"import torch\nimport torch.nn.functional as F\n{text}", x=[1.0, 2.0])
    assert report.verdict.outcome == "jump"


LABELS = (
    "F.cross_entropy(z, y.long())", "(F.one_hot(y.long(), 2)*z).sum()", "z[0, y.long()].sum()",
)  # fmt: skip


@pytest.mark.parametrize("text", LABELS)
def test_labels_do_not(text: str) -> None:
    z, y = [[1.0, 2.0], [0.5, 0.3]], [0.0, 1.0]
    report = grad(f"import torch\nimport torch.nn.functional as F\n{text}", z=z, y=y)
    assert report.verdict.outcome == "verified"


def test_fsum_rounds_once() -> None:
    report = grad("import math\nmath.fsum([x[0], 1e30, x[1], -1e30])", x=[0.1, 0.2])
    assert report.verdict.outcome == "verified"
    assert report.value == 0.1 + 0.2


def test_torch_has_no_floor_divide() -> None:
    report = grad("import torch\n(x // 2)*x", x=7.5)
    assert any("flows back to floor_divide" in found.message for found in report.findings)
    report = grad("import torch\ntorch.div(x, 2, rounding_mode='floor')*x", x=7.5)
    assert not report.findings


HEAD = "import torch\nimport numpy as np\ndef f(x):\n    "
TURNED = [
    "h = x.half() - 1; return x.sum()*(3 if h[0] else 5)",
    "h = x.half() - 1; return x.sum()*(3 if not h[0] else 5)",
    "h = x.half() - 1; return x.sum()*(3 if h.all() else 5)",
    "h = x.half() - 1; return x.sum()*(3 if torch.logical_not(h).any() else 5)",
    "h = (x.half() - 1)*1e4; return x.sum()*(3 if h[0] > 0.5 else 5)",
    "return (x*torch.sign(x.half() - 1)).sum()",
    "return x.sum()*int((x + 2.9998).detach().half()[0] - 1)",
    "return x.sum()*(3 if np.float32(0.1) == 0.1 else 5)",
    "return x.sum()*(3 if torch.tensor([0.1], dtype=torch.float32)[0] > 0.1 else 5)",
    "return x.sum()*int(np.float32(0.29)*100)",
    "return torch.where((x.half() - x) != 0, x, 2*x).sum()",
    "e = x.half() - x; return (x*(e == 0)).sum()",
    "e = x.half().double() - x; return (torch.sign(e)*x).sum()",
    "e = x.half() - x; return (torch.relu(e)*1e4*x + x).sum()",
    "return (x*torch.floor((x.half().double() - x)*1e4)).sum()",
    "h = (x.half() - 1)*1e4/1e4; return x.sum()*(3 if h[0] > 1e-4 else 5)",
    "w = torch.tensor([.3], dtype=torch.float32); return x.sum()*(3 if abs(w - .3) > 0 else 5)",
]
STEADY = [
    ("h = x.half(); return x.sum()*(3 if h[0] else 5)", 3),
    ("h = x.half(); return x.sum()*(3 if h[1] > 1.2 else 5)", 3),
    ("w = torch.tensor([0.5], dtype=torch.float32); return x.sum()*(3 if w[0] == 0.5 else 5)", 3),
    (
        "u = torch.full((2,), 1/3, dtype=torch.float32)\n    for i in range(30):"
        " u = (x + u)/0.5*0.5 - x + 1e-3\n    return x.sum()*(3 if u.abs().sum() < 1 else 5)",
        3,
    ),
    (
        "w = torch.tensor([1/3, 0.1], dtype=torch.float32); return x.sum()*"
        "(3 if (w - 1/3).abs().sum() < 0.5 else 5)",
        3,
    ),
]


@pytest.mark.parametrize("body", TURNED)
def test_what_a_rounding_may_turn_over_is_refused(body: str) -> None:
    with pytest.raises(GradcalcError, match="rounded"):
        grad(HEAD + body, x=[1.0001, 1.5])


@pytest.mark.parametrize(("body", "factor"), STEADY)
def test_what_no_rounding_turns_over_is_answered(body: str, factor: int) -> None:
    assert float(grad(HEAD + body, x=[1.0001, 1.5]).value) == pytest.approx(factor * 2.5001)


def short_floats(seed: int) -> str:
    """A small program that makes, writes and calculates floats of few bits."""
    dice = random.Random(seed)
    library = dice.choice(("torch", "np"))
    numbers = (0, 1, 2, 3, 0.5, 0.25, 100, 2047, 2048, 2049, 0.1, 4097, 60000, 70000, 2**24 + 1)
    tensor = "torch.tensor" if library == "torch" else "np.array"

    def kind() -> str:
        return f"{library}.{dice.choice(SHORT[library])}"

    def made() -> str:
        number = dice.choice(numbers)
        return dice.choice(
            (
                f"{library}.zeros(3, dtype={kind()})", f"{library}.ones((3,), dtype={kind()})*0.5",
                f"{library}.full((3,), {number}, dtype={kind()})",
                f"{library}.arange(2047, 2050, dtype={kind()})",
                f"{tensor}([1.0, 0.5, {number}], dtype={kind()})",
                f"{library}.zeros_like({tensor}([1.0, 2.0, 3.0], dtype={kind()}))",
                f"{library}.linspace(0, 1, 3, dtype={kind()})",
                f"{library}.eye(3, dtype={kind()})[1]",
            )
        )  # fmt: skip

    lines = [f"a = {made()}", f"b = {made()}"]
    for _ in range(dice.randint(1, 4)):
        number = dice.choice(numbers)
        steps = [
            f"a[1] = {number}", f"a[:] = {number}", "a[0] = b[2]", "a[1:] = b[:2]", "a = a + b",
            f"a += {number}", f"a = a*{number}", "a = a*b - a", "b = a[1:]; b[0] = 2049; b = a",
            "a = a.sum() + b", f"a = {library}.where(a > 2, a, b)", "a[2] = x[0]", "a = x*a",
            "c = a; c *= 3", f"a = {library}.sqrt(a)", f"a = {library}.stack([a, b])[0]",
        ]  # fmt: skip
        if library == "torch":
            steps += [f"a.fill_({number})", f"a = a.to({kind()})", "a = a.to(b.dtype)",
                      f"a.add_({number})", "a.copy_(b)", "a = a.new_zeros(3) + b",
                      f"a = torch.full_like(a, {number})"]  # fmt: skip
        else:
            steps += [f"a = a.astype({kind()})", "a = a.astype(b.dtype)", f"a.fill({number})",
                      f"a = np.full_like(a, {number})"]  # fmt: skip
        lines.append(dice.choice(steps))
    wide = "a.double()" if library == "torch" else "a.astype(np.float64)"
    body = "\n    ".join(lines)
    return f"import {'torch' if library == 'torch' else 'numpy as np'}\n" + (
        f"def f(x):\n    {body}\n    return ({wide}*x).sum()\n"
    )


@pytest.mark.parametrize("start", range(0, SEEDS, 20))
def test_what_floats_of_few_bits_round_is_told_or_nothing(start: int) -> None:
    told = 0
    for seed in range(start, start + 20):
        text, dice = short_floats(seed), random.Random(seed)
        x = [dice.choice(FLOATS[:9]) for _ in range(3)]
        try:
            run = torch_run(compile_program(text), {"x": x})
        except GradcalcError:
            continue
        true = really(text, x)
        found = float(run.value.detach())
        told += not run.casts
        close = pytest.approx(true, rel=1e-12, abs=1e-12, nan_ok=True)
        assert run.casts or true is None or found == close, text
    # and not all that is so made is said to be rounded
    assert told


NUMPYS = ["(a*2).std()", "(a + 1).max(0)", "(-a).cumsum()", "a[1:].std()", "np_like(a).std()"]


@pytest.mark.parametrize("text", NUMPYS)
def test_what_is_made_of_an_array_of_numpys_has_its_methods(text: str) -> None:
    program = (
        "import torch\ndef np_like(a):\n    return a*3\n"
        f"def f(x):\n    a = x.detach().numpy()\n    return (x*float({text})).sum()"
    )
    with pytest.raises(GradcalcError, match="is numpy's"):
        grad(program, x=[1.0, 2.0])


@pytest.mark.parametrize("maker", ["from_numpy", "tensor", "as_tensor", "asarray"])
def test_a_tensor_made_of_an_array_has_torchs_methods(maker: str) -> None:
    program = (
        "import torch\ndef f(x):\n    a = x.detach().numpy()*2\n"
        f"    return (x*torch.{maker}(a).std()).sum()"
    )
    report = grad(program, x=[1.0, 2.0])
    assert float(report.value) == pytest.approx(3 * np.std([2, 4], ddof=1))


LABELLED = [
    "x.half().long()", "(x.float()*10).long()", "x.float().round().int()", "torch.trunc(x.half())",
    "torch.atan2(x.half(), x + 1)",
]  # fmt: skip


@pytest.mark.parametrize("text", LABELLED)
def test_whole_numbers_of_rounded_ones_are_answered(text: str) -> None:
    x = [0.4, 2.3, 1.2]
    report = grad(HEAD + f"return (x*({text}).double()).sum()", x=x)
    names: dict[str, Any] = {}
    exec(HEAD + f"return (x*({text}).double()).sum()", names)
    true = names["f"](torch.tensor(x, dtype=torch.float64))
    assert float(report.value) == pytest.approx(float(true), rel=1e-3)


WIDENED = [
    ("x.half().float().double()", ["float16"]), ("x.bfloat16().float()", ["bfloat16"]),
    ("torch.DoubleTensor([0.1, 0.2])", []), ("torch.HalfTensor([0.1, 0.2])", ["float16"]),
    ("torch.LongTensor([3000000000, 1])", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "dtypes"), WIDENED)
def test_only_what_rounds_is_said_to_round(text: str, dtypes: list[str]) -> None:
    program = compile_program(f"import torch\ndef f(x):\n    return (x*({text})).sum()")
    run = torch_run(program, {"x": [0.1, 0.7]})
    assert [cast.kind.split()[-1] for cast in run.casts] == dtypes


SMALL: tuple[tuple[str, str, float, bool], ...] = (
    # a cast, the dtype, a number, whether hardly anything is left of it
    ("x.half()", "float16", 1e-8, True),
    ("x.half()", "float16", 2e-7, True),
    ("x.half()", "float16", 1e-4, False),
    ("x.half()", "float16", 0.0, False),
    ("x.half()", "float16", 2.0**-24, False),
    ("x.float()", "float32", 1e-50, True),
    ("x.float()", "float32", 1e-30, False),
    ("x.to(torch.bfloat16)", "bfloat16", 1e-41, True),
    ("x.to(torch.bfloat16)", "bfloat16", 1e-30, False),
    ("x * torch.tensor(1e-9, dtype=torch.float16)", "float16", 1e-9, True),
)


@pytest.mark.parametrize(("text", "dtype", "number", "lost"), SMALL)
def test_what_a_narrower_cast_makes_nearly_nothing_of_is_refused(
    text: str, dtype: str, number: float, lost: bool
) -> None:
    held = float(torch.tensor(number, dtype=torch.float64).to(getattr(torch, dtype)))
    assert (abs(held - number) > 0.01 * number) == lost
    program = f"import torch\ndef f(x):\n    return ({text}).sum()\n"
    if not lost:
        assert grad(program, x=[number, 1.0]).verdict.exit_code == 0
        return
    with pytest.raises(UnsupportedError, match=rf"is .* in {dtype}"):
        grad(program, x=[number, 1.0])


def test_what_underflows_on_the_way_is_told() -> None:
    program = "import torch\ndef f(x):\n    return torch.log(torch.softmax(x.half(), 0)).sum()\n"
    told = [f.message for f in grad(program, x=[1.0, 20.0]).findings]
    assert any("float16 holds little or nothing of some of what softmax gives" in t for t in told)
    told = [f.message for f in grad(program, x=[1.0, 2.0]).findings]
    assert not any("little or nothing" in t for t in told)
