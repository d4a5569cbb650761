"""Exported code gives the program's numbers to 1e-12: in every target that can run here, for every
derivative, and at other sizes."""

import keyword
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcalc import Problem
from gradcalc.errors import GradcalcError, UnsupportedError
from gradcalc.export import TARGETS, WHATS
from gradcalc.export.exporting import WRITERS, direction, export, run, tasked
from gradcalc.export.plan import VALUE
from gradcalc.export.sizes import elsewhere
from gradcalc.export.task import EXACT, Task
from gradcalc.family import derivative
from tests.command import Run
from tests.export_programs import PROGRAMS, A, B, b, w, x

COMPILER = shutil.which("cc")
DATA = {"t", "y"}
"""Inputs that are labels somewhere, by which nothing is differentiated there."""

NOT_THERE: Mapping[str, tuple[str, ...]] = {
    "lgamma(p)": ("c", "python", "julia", "torch"),
    "eigvalsh(S)": ("c", "python", "julia"),
    "svdvals(A)": ("c", "python", "julia"),
    "matrix_exp(B/4)@x": ("c", "python", "julia"),
    "sort(x).values*y": ("julia",),
    "erf(x) + erfc(y)": ("julia",),
    "softplus(x) + gelu(y)": ("julia",),
}
"""Programs with something that targets have no form of."""

WITHOUT_MATRIX = ("matrix_exp(B/4)@x",)
"""Programs whose derivative is exported as a product with a vector alone."""


def wrt(text: str, inputs: Mapping[str, Any]) -> tuple[str, ...]:
    labels = DATA if "cross" in text else {"t"}
    return tuple(name for name in inputs if name not in labels)


def task_of(text: str, inputs: Mapping[str, Any], what: str) -> Task:
    """The program with torch's numbers, which no formula of gradcalc has a part in."""
    problem = Problem(text, inputs, wrt=wrt(text, inputs))
    if what == "vjp":
        shape = np.shape(derivative(replace(problem, check=False), "grad").value)
        problem = replace(problem, cotangent=direction(shape))
    ways = {n: direction(problem.inputs[n].shape) for n in problem.wrt} if what == "hvp" else {}
    report = derivative(replace(problem, check=False), what, tangents=ways)
    return tasked(problem, what, zeroed(report), ways)


def zeroed(report: Any) -> Any:
    """The report with rounding of nothing as nothing: torch does not know where a slope is 0."""

    def rounded(values: Any) -> Any:
        return values if np.abs(values).max(initial=0.0) > 1e-13 else np.zeros_like(values)

    gradients = [replace(g, autograd=rounded(g.autograd)) for g in report.gradients]
    return replace(report, gradients=tuple(gradients))


def check(source: str) -> None:
    """Run a file of Python, which checks itself."""
    said: list[str] = []
    scope = {"__name__": "__main__", "print": said.append}
    exec(compile(source, "<exported>", "exec"), scope)
    assert ": right to 1e-" in said[0]


def cases() -> Iterator[Any]:
    for text in PROGRAMS:
        for what in WHATS:
            # the gradient of each program, the others of some
            marks = () if what == "grad" else pytest.mark.sweep
            yield pytest.param(text, what, id=f"{what} {text}", marks=marks)


@pytest.mark.parametrize(("text", "what"), list(cases()))
def test_it_gives_the_numbers_of_the_program(text: str, what: str, tmp_path: Path) -> None:
    if text in WITHOUT_MATRIX and what in ("jacobian", "hessian"):
        with pytest.raises(UnsupportedError, match="is not exported"):
            task_of(text, PROGRAMS[text], what)
        return
    task = task_of(text, PROGRAMS[text], what)
    if task.tolerance > EXACT:
        # the slope itself is a small difference of large numbers
        assert text.startswith("z = x\nfor") or text == "lgamma(p)", task.tolerance
        return
    for target in ("numpy", "torch", "python", "julia"):
        try:
            source = WRITERS[target](task)
        except UnsupportedError as error:
            assert target in NOT_THERE[text]
            assert "has no form in" in error.message  # noqa: PT017
            continue
        if target != "julia":
            check(source)


@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler here")
@pytest.mark.sweep
@pytest.mark.parametrize("text", PROGRAMS)
@pytest.mark.parametrize("what", ["grad", "hvp"])
def test_a_compiler_takes_it(text: str, what: str, tmp_path: Path) -> None:
    task = task_of(text, PROGRAMS[text], what)
    try:
        source = WRITERS["c"](task)
    except UnsupportedError:
        assert "c" in NOT_THERE[text]
        return
    (tmp_path / "f.c").write_text(source)
    options = ("-Wall", "-Wextra", "-Werror", "-o", "f", "f.c", "-lm")
    if task.tolerance > EXACT:
        assert text.startswith("z = x\nfor")
    subprocess.run((str(COMPILER), *options), cwd=tmp_path, check=True)
    found = subprocess.run((tmp_path / "f",), capture_output=True, text=True, check=True)
    assert "right to" in found.stdout


@pytest.mark.sweep
@pytest.mark.parametrize("text", [text for k, text in enumerate(PROGRAMS) if k % 4 == 0])
def test_jax_takes_it(text: str) -> None:
    pytest.importorskip("jax", reason="jax is not installed")
    check(WRITERS["jax"](task_of(text, PROGRAMS[text], "grad")))


def test_python_needs_no_library(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(WRITERS["python"](task_of("sum((A@w - b)**2)", AWB, "hessian")))
    found = subprocess.run(
        (sys.executable, "-I", "-S", tmp_path / "f.py"), capture_output=True, text=True, check=True
    )
    assert found.stdout == "hessian: right to 1e-12\n"


AWB = {"A": A, "w": w, "b": b}
GENERAL = {
    "sum((A@w - b)**2)": AWB,
    "sum(log(1 + exp(A@w)))": {"A": A, "w": w},
    "mean(x**2)": {"x": x},
    "(x - x.mean())/x.std()": {"x": x},
    "x[1:] - x[:-1]": {"x": x},
    "softmax(x)*x[0]": {"x": x},
    "outer(x, b)": {"x": x, "b": b},
    "diag(x)": {"x": x},
    "norm(A@x)": {"A": A, "x": x},
}  # fmt: skip
"""Programs whose code does not hang on sizes."""


@pytest.mark.parametrize("what", ["grad", "hessian", "jacobian"])
@pytest.mark.parametrize("text", GENERAL)
def test_it_holds_for_other_sizes(text: str, what: str) -> None:
    inputs = GENERAL[text]
    task = task_of(text, inputs, what)
    assert task.general
    known = dict.fromkeys(size for value in inputs.values() for size in np.shape(value))
    sizes = [_Size(size, 7 + 2 * k) for k, size in enumerate(known)]
    there = {name: elsewhere(value, sizes) for name, value in inputs.items()}
    found = run(WRITERS["numpy"](task), replace(task, inputs=there))
    report = derivative(Problem(text, there, check=False), what)
    assert np.allclose(found[VALUE], report.value, rtol=1e-12, atol=0)
    for gradient in report.gradients:
        assert np.shape(found[gradient.name]) == gradient.shape
        assert np.allclose(found[gradient.name], gradient.best, rtol=1e-9, atol=1e-13)


class _Size:
    """A size here and elsewhere."""

    def __init__(self, here: int, there: int) -> None:
        self.here, self.there = here, there


def test_sizes_that_do_not_fit_are_told() -> None:
    source = WRITERS["numpy"](task_of("sum((A@w - b)**2)", AWB, "grad"))
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(source, scope)
    with pytest.raises(AssertionError, match="w has shape"):
        scope["gradient"](A, b, b)
    fixed = WRITERS["numpy"](
        task_of("s = x[0]\nfor k in range(x.shape[0]):\n    s = s*x[k]\ns", {"x": x}, "grad")
    )
    exec(fixed, scope)
    with pytest.raises(AssertionError, match=r"x has shape \(3,\), not \(4,\)"):
        scope["gradient"](b)


def test_another_way_is_told() -> None:
    text = "z = x\nif x.sum() > 0:\n    z = x**2\nz.sum()"
    source = WRITERS["numpy"](task_of(text, {"x": x}, "grad"))
    assert "It holds where the program goes the same way: line 2, `x.sum() > 0`: False." in source
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(source, scope)
    assert np.array_equal(scope["gradient"](x)[1], np.ones(3))
    with pytest.raises(AssertionError, match="another way"):
        scope["gradient"](-x)


def test_structure_is_used() -> None:
    inputs = {"R": A, "U": A[:, :2], "V": A[:3, :2]}
    source = WRITERS["numpy"](task_of("sum((R - U@V.T)**2)", inputs, "hessian"))
    assert "V.T@V" in source
    logistic = WRITERS["numpy"](task_of("sum(log(1 + exp(A@w)))", {"A": A, "w": w}, "hessian"))
    assert "A.T@(" in logistic
    assert "diag" not in logistic.partition('"""\n    A =')[2]


STABLE = (
    "x/(1 + exp(-x))",
    "1/(1 + exp(-x))**2",
    "exp(-x)/(1 + exp(-x))**2",
    "sum(log(exp(x) + exp(2*x)))",
    "torch.nn.functional.silu(x)",
    "torch.nn.functional.softplus(x)",
)
"""Programs whose values and derivatives are finite far out."""


@pytest.mark.parametrize("target", ["numpy", "python"])
@pytest.mark.parametrize("what", ["grad", "hessian"])
@pytest.mark.parametrize("text", STABLE)
def test_it_is_finite_far_out(text: str, what: str, target: str) -> None:
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(export(Problem(text, {"x": x}, check=False), target, what).text, scope)
    far = [-800.0, 0.5, 900.0]
    value, found = scope["gradient" if what == "grad" else what](far)
    assert np.isfinite(value).all()
    assert np.isfinite(found).all()


TORCHS = {
    "torch.special.gammainc(2.5, p)": ("grad", {"p": [0.5, 2.0]}),
    "np.arctan2(2, p)": ("grad", {"p": [0.5, 2.0]}),
    "torch.special.xlogy(2, p)": ("grad", {"p": [0.5, 2.0]}),
    "x*c + c**2": ("hessian", {"x": x, "c": 2.0}),
    "torch.nn.functional.multi_margin_loss(B, t)": ("grad", {"B": B, "t": [0.0, 2.0, 1.0]}),
}
"""Programs with plain numbers and sizes where torch's functions take tensors."""


@pytest.mark.parametrize("text", TORCHS)
def test_torch_is_given_tensors(text: str) -> None:
    what, inputs = TORCHS[text]
    wanted = tuple(name for name in inputs if name != "t")
    check(export(Problem(text, inputs, wrt=wanted), "torch", what).text)


@pytest.mark.parametrize("text", ["torch.cov(A)", "A.squeeze()**2"])
def test_a_cotangent_has_the_shape_of_the_output(text: str) -> None:
    check(export(Problem(text, {"A": A[:2]}), "numpy", "vjp").text)


def test_its_own_check_warns_of_nothing(tmp_path: Path) -> None:
    text = "sum(where(x > 0, log(x), x**2))"
    (tmp_path / "f.py").write_text(export(Problem(text, {"x": [-1.0, 4.0]}), "numpy").text)
    found = subprocess.run(
        (sys.executable, "-W", "error", tmp_path / "f.py"), capture_output=True, text=True
    )
    assert (found.stderr, found.stdout) == ("", "gradient: right to 1e-12\n")


def test_numbers_are_floats_in_julia() -> None:
    assert "x = Float64(x)" in export(Problem("x**3", {"x": 2.0}), "julia").text


HELD = {
    "x[torch.argmax(x)]**2": "the places that argmax finds are 1.",
    "x[x > 0]**2": "the numbers of `x > 0` are [1, 1, 0].",
    "torch.linalg.pinv(A)": "the matrix of pinv has full rank.",
    "torch.nn.functional.cross_entropy(A, t)": "cross_entropy is in the case that it is in",
    "try:\n    z = torch.linalg.inv(A)\nexcept Exception:\n    z = A\nz": "what the program tries",
}
"""Programs that hang on numbers, and where the code holds."""


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("text", HELD)
def test_what_it_hangs_on_is_said(text: str, target: str) -> None:
    given = {"x": [0.5, 2.0, -1.0], "A": [[2.0, 1.0], [0.5, 3.0]], "t": [0.0, 1.0]}
    inputs = {name: value for name, value in given.items() if re.search(rf"\b{name}\b", text)}
    wanted = tuple(name for name in inputs if name != "t")
    found = export(Problem(text, inputs, wrt=wanted), target).text
    if target == "latex":
        assert r"\item[where]" in found
        return
    assert f"It holds where {HELD[text]}" in " ".join(found.split())
    assert re.search(r"assert\b.*(another way|full rank)|assert\(|@assert [^s]", found)


@pytest.mark.parametrize(
    "text", ["sort(x).values*y", "torch.max(x, 0)[0]*y", "topk(x, 2)[0].sum()*y"]
)
def test_what_it_does_not_hang_on_is_not(text: str) -> None:
    source = export(Problem(text, {"x": x, "y": w}), "numpy").text
    assert "another way" not in source
    assert "It holds where" not in source


def test_stable_forms_are_used() -> None:
    text = "sum(log(1 + exp(x)))"
    source = WRITERS["numpy"](task_of(text, {"x": x}, "grad"))
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(source, scope)
    value, slope = scope["gradient"](np.array([1000.0, -1000.0, 0.0]))
    assert value == pytest.approx(1000 + np.log(2))
    assert slope.tolist() == [1.0, 0.0, 0.5]


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    """Texts in a vector x, a vector y and a matrix B, that give a vector."""
    if depth == 0:
        return draw(st.sampled_from(["x", "y", "B@x", "1.5", "x[0]"]))
    kind = draw(st.integers(0, 4))
    one = draw(expressions(depth - 1))
    if kind == 0:
        return f"{draw(st.sampled_from(['sin', 'tanh', 'sigmoid', 'exp', 'abs']))}({one}/2)"
    if kind == 1:
        return f"(x*sum({one}*y))"
    if kind == 2:
        return f"(B@(x + {one}))"
    other = draw(expressions(depth - 1))
    return f"({one} {draw(st.sampled_from('+-*'))} {other})"


@settings(max_examples=25, deadline=None)
@given(text=expressions(), what=st.sampled_from(WHATS), target=st.sampled_from(
    ("numpy", "torch", "python")
))  # fmt: skip
def test_whatever_is_exported_is_the_original(text: str, what: str, target: str) -> None:
    inputs = {"x": x, "y": w, "B": A[:3]}
    whole = f"sum(x*({text}))" if what == "hessian" else f"x*({text})"
    try:
        task = task_of(whole, {n: v for n, v in inputs.items() if n in whole}, what)
    except GradcalcError as error:
        assert "floats lose" in str(error) or "finite" in str(error)  # noqa: PT017
        return
    if task.tolerance == EXACT:
        check(WRITERS[target](task))


# -- the command ---------------------------------------------------------------------------------

DOT = ("export", "2*dot(x,x)", "--x", "0,1,2,3")


@pytest.mark.parametrize("target", TARGETS)
def test_the_command_prints_code(run: Run, target: str) -> None:
    answer = run(*DOT, "--to", target)
    assert answer.code == 0, answer.err
    assert answer.err == ""
    assert ("4*x" in answer.out) or target == "latex"
    if target in ("numpy", "torch", "python"):
        check(answer.out)


def test_the_command_takes_the_options_of_the_family(run: Run) -> None:
    answer = run("export", "x**3", "--x", "1,2", "--what", "hvp", "--tangent", "1,0")
    check(answer.out)
    answer = run("export", "x*x", "--x", "1,2", "--what", "vjp", "--cotangent", "1,0")
    check(answer.out)
    answer = run("export", "u*x", "--let", "u=x*x", "--detach", "u", "--x", "2")
    check(answer.out)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("eigvalsh(S)", "--S", "2,1;1,3", "--to", "c"), "no form in C"),
        (("x", "y", "--x", "1"), "one program"),
        (("x*x", "--x", "1", "--tangent", "1"), "takes no tangent"),
        (("x*x", "--x", "1", "--what", "hessian", "--cotangent", "1"), "takes no cotangent"),
        (("log(x)", "--x", "0"), "not finite"),
        (("x*x", "--x", "1", "--to", "fortran"), "--to"),
    ],
)
def test_what_is_not_there_is_one_sentence(run: Run, argv: tuple[str, ...], said: str) -> None:
    answer = run("export", *argv)
    assert answer.code == 2
    assert answer.out == ""
    assert said in answer.err


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "argv",
    [
        ("airyai(x)", "--x", "1,4"),
        ("sum(airyai(x))", "--x", "1"),
        ("lambertw(mean(x))", "--x", "1,2"),
        ("mean(x)*airybiprime(x)", "--x", "1,2,3", "--what", "hessian"),
        ("eigvalsh(S)", "--S", "2,1;1,3"),
        ("digamma(x)", "--x", "1.5,2"),
        ("torch.special.i1e(x)", "--x", "0.5"),
        ("matrix_exp(S)", "--S", "2,1;1,3"),
    ],
)
def test_a_tip_names_a_target_that_has_a_form(run: Run, argv: tuple[str, ...], target: str) -> None:
    got = run("export", *argv, "--to", target)
    assert got.code in (0, 2), got.err
    if "tip: no target has one" in got.err:
        others = [other for other in TARGETS if other != target]
        assert all(run("export", *argv, "--to", other).code == 2 for other in others)
    elif got.code:
        named = re.search(r"^tip: --to (\w+) has one$", got.err, re.MULTILINE)
        assert named is not None, got.err
        assert run("export", *argv, "--to", named[1]).code == 0


def test_a_corner_is_told(run: Run) -> None:
    answer = run("export", "abs(x)", "--x", "0")
    assert answer.code == 0
    assert "kink" in answer.err
    assert "gradcalc says kink" in answer.out


def test_another_dtype_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="float64"):
        export(Problem("x*x", {"x": x}, dtype="float32"), "numpy")


def test_names_that_a_language_has_are_others() -> None:
    found = export(Problem("double*math", {"double": x, "math": x}, check=False), "c")
    assert "const double *double_1" in found.text
    assert torch is not None


MANY = "torch.sigmoid(x)@x + torch.logaddexp(x, 2*x).sum() + torch.logdet(S) + torch.sign(x)@x"
MORE = {
    "c": ("torch.linalg.solve(S, x)@x", "torch.linalg.cholesky(S).sum()", "torch.sort(x)[0]@x"),
    "numpy": ("torch.cumprod(x, 0)@x", "torch.softmax(x, 0)@x", "torch.sort(x)[0]@x",
              "torch.erf(x).sum()", "torch.logsumexp(x, 0)", "torch.amax(x)"),
}  # fmt: skip
MORE |= {"python": MORE["c"], "julia": MORE["c"][:2], "torch": MORE["numpy"], "jax": MORE["numpy"]}
"""Programs whose code calls many functions, which its inputs may be called like."""


def untold(code: str) -> str:
    """Code without what it says in comments and strings."""
    told = r'"""(?s:.*?)"""|"(?:[^"\\\n]|\\.)*"|/\*(?s:.*?)\*/|#.*'
    return re.sub(told, "", code)


@pytest.mark.parametrize("calls", [False, True], ids=["arithmetic", "calls"])
@pytest.mark.parametrize("target", ["c", "numpy", "torch", "jax", "julia", "python"])
def test_inputs_may_be_called_like_what_the_code_uses(
    target: str, calls: bool, tmp_path: Path
) -> None:
    many = " + ".join((MANY, *MORE[target]))
    inputs = {"x": [0.3, 1.25, 0.5], "S": [[2.0, 0.5, 0.0], [0.5, 1.0, 0.25], [0.0, 0.25, 1.5]]}
    code = untold(export(Problem(many, inputs, check=False), target).text)
    words = {*re.findall(r"(?<![\w.@])[A-Za-z]\w*", code), "value", "gradient_value", "unix"}
    names = sorted(words - inputs.keys() - {*keyword.kwlist, "torch" if calls else ""})
    like = {name: 0.75 + 0.125 * k for k, name in enumerate(names)}
    text = " + ".join(f"{name}**2" for name in names)
    given = {**like, **inputs} if calls else like
    found = export(Problem(f"{many} + {text}" if calls else text, given, check=False), target).text
    if target == "julia":
        # there is none here: neither a function nor what keeps the value is an input
        (parameters,) = re.findall(r"\nfunction gradient\((.*)\)\n", untold(found))
        functions = re.findall(r"[A-Za-z]\w*(?=\()", code)
        assert not {*parameters.split(", ")} & {*functions, "value", "gradient"}
    elif target != "c":
        check(found)
    elif COMPILER is not None:
        (tmp_path / "code.c").write_text(found)
        compiled = [COMPILER, "-Wall", "-Werror", "-o", "code", "code.c", "-lm"]
        subprocess.run(compiled, cwd=tmp_path, check=True)
        assert "right to 1e-" in subprocess.check_output([tmp_path / "code"], text=True)


@pytest.mark.parametrize(
    "text",
    ["x@x*(x.shape[0] % 2)", "sum(x)*(1 if x.shape[0] > 2 else 2)", "min(x.shape[0], 3)*sum(x)"],
)
def test_what_hangs_on_how_many_there_are_is_for_those(text: str) -> None:
    found = export(Problem(text, {"x": [1.0, 2.0, 3.0]}), "numpy").text
    assert "Takes x of shape (3,)." in found
