"""Exported code at other points than those of its check: it gives the program's numbers there, or
fails an assertion. What numbers steer is all that can be otherwise there: positions, masks, labels,
branches."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcalc import Problem
from gradcalc.errors import GradcalcError
from gradcalc.export.exporting import export
from gradcalc.family import derivative

COMPILER = shutil.which("cc")

PLACES = (
    "torch.argmax({v})",
    "torch.argmin({v})",
    "{v}.argmax().item()",
    "int(np.argmin({v}))",
    "torch.max({v}, 0)[1]",
    "torch.min({v}, 0).indices",
    "torch.median({v}, 0).indices",
    "torch.kthvalue({v}, 2).indices",
    "torch.argsort({v})[0]",
    "torch.argsort({v}, descending=True)[1]",
    "torch.sort({v})[1][2]",
    "torch.topk({v}, 2).indices[1]",
    "torch.mode({v}, 0).indices",
    "torch.argmax(torch.stack([{v}, y]))%4",
    "torch.cummax({v}, 0).indices[2]",
)
"""Positions that numbers have in a vector of four."""

USES = (
    "x[{p}]**2",
    "y[{p}]*x.sum()",
    "x.sum()*({p})",
    "(({p}) == 1)*x",
    "torch.nn.functional.one_hot(torch.as_tensor({p}), 4).double()@(x*y)",
    "def f(v):\n    if ({p}) == 1:\n        return v*y\n    return v**2\nf(x)",
    "torch.roll(x, int({p}), 0)*y",
    "x[:int({p}) + 1].sum()*y[0]",
)
"""What is made of one."""

VECTORS = {"x": [1.25, 2.25, 0.75, -1.75], "y": [0.75, -1.25, 3.25, 2.375]}
TABLES = {"A": [[0.5, 2.0, -1.0], [1.5, 0.25, 0.75], [3.0, -0.5, 1.0]], "t": [0.0, 2.0, 1.0]}

ORDERED = (
    "y[torch.argsort(x)]*torch.arange(4)",
    "torch.gather(y, 0, torch.argsort(x, descending=True))*x",
    "v, i = torch.sort(x)\nv*y[i]",
    "v, i = torch.topk(x, 2)\nv*y[i]",
    "torch.take_along_dim(y, x.argsort())*x",
    "torch.sort(x).values*y",
    "torch.topk(x, 2).values**2",
    "x[np.argsort(y)][:2]**2",
    "torch.cummax(x, 0).values*y",
    "v, i = torch.cummin(x, 0)\nv*y[i]",
    "torch.max(x)*y + torch.amin(y)*x",
    "torch.median(x)*y",
    "torch.quantile(x, 0.4)*y",
    "torch.nn.functional.max_pool1d(x[None], 2)*y[0]",
    "max(x.tolist())*y",
    "sorted(range(4), key=lambda k: x[k])[0]*y",
    "torch.searchsorted(torch.sort(x).values, y)*x",
    "torch.bucketize(y, torch.tensor([0.0, 1.0]))*x",
)
MASKED = (
    "x[x > 0]**2",
    "torch.where(x > y, x*y, x**2)",
    "torch.masked_select(x, x > y)**2",
    "(x > y).sum()*x",
    "(x > y).double()*x**2",
    "torch.nonzero(x > 0).sum()*x",
    "y[torch.nonzero(x > 0)[:, 0]]*2",
    "x*torch.count_nonzero(x > y)",
    "x*bool((x > y).all())",
    "torch.all(x < 2.5)*y",
    "torch.sign(x)*y",
    "torch.round(x)*y + torch.floor(y)*x",
    "x.clamp(min=0)*y",
    "torch.isclose(x, y)*x",
    "x[x.abs() > 1].sum()*y",
    "z = x.clone()\nz[x < 0] = 0.0\nz*y",
    "float(x[0] > 0)*y",
    "int(y[3])*x",
)
BRANCHES = (
    "def f(v):\n    if v.sum() > 2:\n        return v**2\n    return -v\nf(x)*y",
    "z = x.sum()\nwhile abs(z) > 1:\n    z = z/2\nz*y",
    "n = 0\nfor k in range(4):\n    if x[k] > y[k]:\n        n = n + x[k]**2\nn*y",
    "s = 0\nfor k in range(4):\n    if x[k] < 0:\n        continue\n    s = s + x[k]*y[k]\ns",
    "s = 0\nfor k in range(4):\n    s = s + y[k]\n    if s > 2:\n        break\ns*x",
    "x*y if x[0] > y[0] else x - y",
    "x if x[0] > 0 and y[1] < 0 or x[3] > 1 else y",
    "sum(v*v for v in x if v > 0)*y[0]",
    "max(x[0], y[0])*min(x[1], y[2])*x",
    "assert x[1] > 0\nx*y",
)
LABELLED = (
    "torch.nn.functional.cross_entropy(A, t)",
    "torch.nn.functional.nll_loss(torch.log_softmax(A, 1), t, reduction='sum')",
    "torch.nn.functional.cross_entropy(A, t, label_smoothing=0.1)",
    "torch.nn.functional.embedding(t, A)**2",
    "torch.nn.functional.one_hot(t.long(), 4).double().sum(0)*A[0, 0]",
    "torch.nn.functional.one_hot(t.long()).sum(0)*A[0, 0]",
    "A[torch.arange(3), t.long()]**2",
    "A.gather(1, t.long()[:, None])**2",
    "torch.zeros(4, dtype=A.dtype).index_add(0, t.long(), A[0])**2",
    "torch.zeros(4, dtype=A.dtype).scatter_add(0, t.long(), A[1])**2",
    "torch.bincount(t.long(), minlength=4)[:2].sum()*A",
    "torch.nn.functional.multi_margin_loss(A, t)",
    "torch.index_select(A, 0, t.long())**2",
    "A[t == 1]**2",
    "A*(t == 1)",
    "torch.linalg.pinv(A)",
    "torch.argmax(A)*A",
    "torch.argmax(A, 1)*A",
    "torch.sort(A, 1).indices*A",
    "A[A.argmax(0), torch.arange(3)]**2",
    "torch.amax(A, 1)*t",
    "torch.linalg.cholesky(A@A.T + torch.eye(3))*A",
)
MATRICES = {"S": [[2.0, 1.0], [1.0, 3.0]]}
FACTORED = (
    "torch.linalg.pinv(S)",
    "np.linalg.lstsq(S, S[0])[0]",
    "try:\n    torch.linalg.cholesky(S)\n    r = S.sum()\nexcept Exception:\n    r = 2*S.sum()\nr",
    "try:\n    r = np.linalg.inv(S)\nexcept np.linalg.LinAlgError:\n    r = 2*S\nr",
    "try:\n    r = torch.linalg.solve(S, S[0])\nexcept RuntimeError:\n    r = S[0]\nr",
)
TRIED = (
    "import math\ntry:\n    r = math.log(x[0])*y\nexcept ValueError:\n    r = 2*x\nr",
    "try:\n    r = float(x[0])/float(y[1])*x\nexcept ZeroDivisionError:\n    r = x\nr",
    "try:\n    r = y[int(x[0])]*x[1]\nexcept IndexError:\n    r = x[1]\nr",
    "try:\n    assert x[0] > 0\n    r = x\nexcept AssertionError:\n    r = 2*x\nr*y",
    "try:\n    k = [1.25, 2.0].index(float(x[0]))\nexcept ValueError:\n    k = 7\nk*x",
)


def programs() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """All of them, with inputs."""
    for p, use in product(PLACES, USES):
        # whose positions they are is another vector where what is made of them is one
        yield use.format(p=p.format(v="x" if len(p) % 2 else "(x*y)")), VECTORS
    for text in (*ORDERED, *MASKED, *BRANCHES, *TRIED):
        yield text, VECTORS
    for text in LABELLED:
        yield text, TABLES
    for text in FACTORED:
        yield text, MATRICES


def points(inputs: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Other inputs: of another order, of other signs, of other labels, of other sizes."""
    rng = np.random.default_rng(7)
    arrays = {name: np.array(values) for name, values in inputs.items()}
    yield {n: v[::-1].copy() for n, v in arrays.items()}
    if "t" in arrays:
        for labels in ([0, -100, 1], [0, 2, 3], [1, 1, 0], [0, 0, 0], [0.0, 7.0, 1.0]):
            yield {**arrays, "t": np.array(labels, dtype=float)}
        yield {"A": np.outer([1.0, 2.0, -1.0], [0.5, 1.0, 2.0]), "t": arrays["t"]}
    if "S" in arrays:
        for matrix in (
            [[1.0, 2.0], [2.0, 1.0]],
            [[1.0, 2.0], [2.0, 4.0]],
            [[4.0, 1.0], [1.0, 1.0]],
        ):
            yield {"S": np.array(matrix)}
    for _ in range(3):
        yield {n: v if n == "t" else np.round(rng.normal(0, 2, v.shape), 2)
               for n, v in arrays.items()}  # fmt: skip
    if "x" in arrays:
        yield {**arrays, "x": TIED}
        yield {"x": -arrays["x"], "y": arrays["y"]}
    for size in (2, 5):
        yield {n: v if n == "t" else np.round(rng.normal(0, 2, (size,)*v.ndim), 2)
               for n, v in arrays.items()}  # fmt: skip


def truly(text: str, inputs: Mapping[str, Any], wrt: tuple[str, ...]) -> dict[str, Any] | None:
    """torch's numbers; None where the program has none."""
    try:
        report = derivative(Problem(text, inputs, wrt=wrt, check=False), "grad")
    except GradcalcError:
        return None
    found = {"": np.asarray(report.value, float)}
    return found | {g.name: np.asarray(g.autograd, float) for g in report.gradients}


TIED = np.array([2.0, 1.0, 2.0, 1.0])
AT_TIES = ("cummax", "cummin", "median", "quantile")
"""Functions of which torch takes another one of the slopes where elements are equal, in one release
or another."""

Calls = Callable[[Mapping[str, Any]], Mapping[str, Any] | None]


def in_python(code: str, names: tuple[str, ...]) -> Calls:
    """A file of Python called with numbers; None where it fails, as it should be loud."""
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(compile(code, "<exported>", "exec"), scope)

    def called(inputs: Mapping[str, Any]) -> Mapping[str, Any] | None:
        given = [v.tolist() if "import math\n" in code and "as np" not in code else v
                 for v in map(inputs.__getitem__, parameters(code))]  # fmt: skip
        try:
            with np.errstate(all="ignore"):
                value, found = scope["gradient"](*given)
        except Exception:
            return None
        found = found if len(names) > 1 else {names[0]: found}
        return {"": np.asarray(value, float)} | {n: np.asarray(found[n], float) for n in names}

    return called


def parameters(code: str) -> list[str]:
    (line,) = (line for line in code.splitlines() if line.startswith("def gradient("))
    return line.removeprefix("def gradient(").removesuffix("):").split(", ")


DRIVER = """
int main(int count, char **given) {{
    double numbers[{total}];
    for (int i = 0; i < {total} && i + 1 < count; i++) numbers[i] = atof(given[i + 1]);
    static double {outs};
    gradient({call});
{prints}
    return 0;
}}
"""


def in_c(code: str, inputs: Mapping[str, Any], shapes: Mapping[str, Any], where: Path) -> Calls:
    """A file of C with a `main` that takes numbers."""
    head = code[code.index("\nvoid gradient(") :].partition(")")[0]
    words = [part.split("*")[-1].strip() for part in head.partition("(")[2].split(",")]
    given, outs = words[: len(inputs)], words[len(inputs) :]
    starts = np.cumsum([0, *(np.size(inputs[n]) for n in given)])
    sizes = [max(int(np.prod(s)), 1) for s in shapes.values()]
    driver = DRIVER.format(
        total=starts[-1],
        outs=", ".join(f"{o}[{n}]" for o, n in zip(outs, sizes, strict=True)),
        call=", ".join([*(f"numbers + {k}" for k in starts[:-1]), *outs]),
        prints="\n".join(
            f'    for (int i = 0; i < {n}; i++) printf("%.17g ", {o}[i]);'
            for o, n in zip(outs, sizes, strict=True)
        ),
    )
    (where / "f.c").write_text(code.replace("int main(void)", "int own_check(void)") + driver)
    subprocess.run((str(COMPILER), "-w", "-o", "f", "f.c", "-lm"), cwd=where, check=True)

    def called(there: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if any(np.shape(there[n]) != np.shape(inputs[n]) for n in given):
            return None
        numbers = [repr(float(v)) for n in given for v in np.ravel(there[n])]
        done = subprocess.run((where / "f", *numbers), capture_output=True, text=True)
        if done.returncode:
            return None
        found = np.array(list(map(float, done.stdout.split())))
        parts = np.split(found, np.cumsum(sizes)[:-1])
        return {n: part.reshape(shapes[n]) for n, part in zip(shapes, parts, strict=True)}

    return called


CASES = list(programs())


@pytest.mark.parametrize("target", ["numpy", "torch", "jax", "python", "c"])
@pytest.mark.sweep
@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda k: CASES[k][0])
def test_it_gives_the_numbers_elsewhere_or_says_so(
    number: int, target: str, tmp_path: Path
) -> None:
    if target == "jax":
        pytest.importorskip("jax", reason="jax is not installed")
    text, inputs = CASES[number]
    given = {n: v for n, v in inputs.items() if re.search(rf"\b{n}\b", text)}
    names = tuple(n for n in given if n != "t")
    code = export(Problem(text, given, wrt=names, check=False), target).text
    if target == "c":
        if COMPILER is None:
            pytest.skip("there is no C compiler here")
        own = truly(text, given, names)
        assert own is not None
        call = in_c(code, given, {n: v.shape for n, v in own.items()}, tmp_path)
    else:
        call = in_python(code, names)
    assert call({n: np.array(v) for n, v in given.items()}) is not None
    for point in points(inputs):
        there = {n: v for n, v in point.items() if n in given}
        found = call(there)
        at_tie = np.array_equal(there.get("x", 0), TIED) and any(w in text for w in AT_TIES)
        if found is None or at_tie:
            continue
        expected = truly(text, there, names)
        assert expected is not None, f"{there} has no gradient, but {found}"
        for name, numbers in expected.items():
            assert np.shape(found[name]) == numbers.shape, (name, there)
            assert np.allclose(found[name], numbers, rtol=1e-9, atol=1e-11, equal_nan=True), (
                name, there, found[name], numbers,
            )  # fmt: skip
