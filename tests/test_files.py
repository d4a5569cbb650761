"""Programs in files: those that import each other, and notebooks."""

import json
import math
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import gradcalc
from gradcalc.calculate import calculate
from gradcalc.cli import files, notebooks
from gradcalc.errors import GradcalcError
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Limits, Program
from gradcalc.problem import Problem
from gradcalc.witnesses import autograd
from tests import file_programs
from tests.command import Run
from tests.sweeps import FULL

AT = 0.7


def compiled(folder: Path, name: str = "main_file.py", function: str | None = "f") -> Program:
    text = files.program(str(folder / name), function, Limits())
    return compile_program(text, function=function)


def ours(program: Program) -> tuple[float, float]:
    testimony = autograd.testify(Problem(program, {"x": np.array(AT)}))
    return float(testimony.value), float(testimony.gradients["x"])


@pytest.mark.parametrize("part", range(8))
def test_files_mean_what_python_makes_of_them_or_are_refused(part: int, tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    each = 60 if FULL else 8
    for seed in range(part * each, (part + 1) * each):
        folder = tmp_path / str(seed)
        file_programs.write(folder, file_programs.planted(random.Random(seed)))
        expected = file_programs.truth(folder, AT)
        try:
            program = compiled(folder)
            found = ours(program) if program.required == ("x",) else None
        except GradcalcError:
            found = None
        if found is None or isinstance(expected, str):
            # a line that nothing needs may fail
            outcomes["refused"] += 1
            continue
        outcomes["same"] += 1
        pairs = zip(found, expected, strict=True)
        assert all(math.isclose(*p, rel_tol=1e-5, abs_tol=1e-6) for p in pairs), (seed, expected)
    assert outcomes["same"] >= each // 4, expected


LINKED = {
    "a name, and one in front of a dot": (
        {"helpers.py": "K = 2.0\ndef g(x): return K*x"},
        "from helpers import g\nimport helpers as h\ndef f(x): return g(x)*h.K", 4.0,
    ),
    "relative": (
        {"helpers.py": "def g(x): return 3*x", "__init__.py": ""},
        "from .helpers import g\ndef f(x): return g(x)", 3.0,
    ),
    "the folder's own name": (
        {"helpers.py": "def g(x): return 3*x", "__init__.py": ""},
        "from FOLDER.helpers import g\ndef f(x): return g(x)", 3.0,
    ),
    "a package": (
        {"pkg/__init__.py": "from .inner import g\nK = 5.0", "pkg/inner.py": "from . import other\n"
         "def g(x): return other.J*x", "pkg/other.py": "J = 2.0"},
        "import pkg\nfrom pkg.inner import g\ndef f(x): return g(x) + pkg.g(x) + pkg.K*x", 9.0,
    ),
    "constants by a star": (
        {"helpers.py": "import numpy as np\nK = 2.0\n_HIDDEN = 3.0\ndef g(x): return np.exp(0*x)"},
        "from helpers import *\ndef f(x): return np.sin(0)*x + g(x)*K*x", 2.0,
    ),
    "__all__": (
        {"helpers.py": "__all__ = ['g']\nK = 2.0\ndef g(x): return K*x"},
        "K = 7.0\nfrom helpers import *\ndef f(x): return g(x)*K", 14.0,
    ),
    "names that clash": (
        {"helpers.py": "K = 2.0\ndef own(x): return K*x\ndef g(x): return own(x)"},
        "from helpers import g\nK = 10.0\ndef own(x): return K*x\n"
        "def f(x): return g(x)+own(x)", 12.0,
    ),
    "a cycle": (
        {"helpers.py": "import main_file\ndef g(x): return x*main_file.K"},
        "K = 4.0\nimport helpers\ndef f(x): return helpers.g(x)", 4.0,
    ),
    "inside of a function": (
        {"helpers.py": "K = 2.0\ndef g(x): return K*x"},
        "def f(x):\n    from helpers import g as own\n    import helpers\n"
        "    return own(x)*helpers.K",
        4.0,
    ),
    "an import that may fail, of the same": (
        {"helpers.py": "def g(x): return 3*x", "__init__.py": ""},
        "try:\n    from .helpers import g\nexcept ImportError:\n    from helpers import g\n"
        "def f(x): return g(x)", 3.0,
    ),
    "what a module has become": (
        {"helpers.py": "K = 2.0\ndef g(x): return K*x"},
        "import helpers\nfrom helpers import K\nhelpers.K = 5.0\ndef f(x): return helpers.g(x)*K",
        10.0,
    ),
    "a builtin of its own": (
        {"helpers.py": "def g(xs): return sum(xs)"},
        "from helpers import g\ndef sum(a): return 100.0\ndef f(x): return g([x, x])", 2.0,
    ),
    "a function that another file has": ({"helpers.py": "def f(x): return 3*x"},
                                         "from helpers import f", 3.0),
    "what nothing needs": (
        {"helpers.py": "import pandas as pd\nfrom wandb import log\ndef g(x): return 3*x\n"
         "def h(x): return pd.read(x)\nclass Net(log.Module): pass"},
        "import matplotlib.pyplot as plt\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
        "    from pandas import DataFrame\nfrom helpers import g, h\ndef f(x): return g(x)\n"
        "plt.plot([1])", 3.0,
    ),
    "a decorator": (
        {"helpers.py": "from functools import wraps\ndef twice(fn):\n    @wraps(fn)\n"
         "    def inner(x): return 2*fn(x)\n    return inner"},
        "from helpers import twice\n@twice\ndef f(x): return 3*x", 6.0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LINKED)
def test_what_other_files_of_the_folder_have_is_read(case: str, tmp_path: Path) -> None:
    others, main, slope = LINKED[case]
    main = main.replace("FOLDER", tmp_path.name)
    file_programs.write(tmp_path, {**others, "main_file.py": main})
    program = compiled(tmp_path)
    report = calculate(Problem(program, {"x": np.array(AT)}))
    assert report.verdict.outcome == "verified"
    assert float(report.gradient["x"]) == slope


REFUSED = {
    "outside": ({"../helpers.py": "def g(x): return x"}, "from helpers import g\n"
                "def f(x): return g(x)", "helpers.g cannot be imported"),
    "above": ({"__init__.py": ""}, "from ..helpers import g\ndef f(x): return g(x)",
              r"\.\.helpers\.g cannot be imported|helpers.g cannot be imported"),
    "a library's name": ({"random.py": "def g(x): return x"}, "from random import g\n"
                         "def f(x): return g(x)", "may be the file random.py here"),
    "a module as a value": ({"helpers.py": "K = 1.0"}, "import helpers\n"
                            "def f(x, h=helpers): return x*h.K", "cannot be used as a value"),
    "what may have run": ({"helpers.py": "K = 1.0"}, "try:\n    from .other import g\n"
                          "except ImportError:\n    g = abs\ndef f(x): return g(x)", "other"),
    "names that cannot be told": ({"helpers.py": "__all__ = [n for n in 'ab']\na = 1.0"},
                                  "from helpers import *\ndef f(x): return a*x", "with \\*"),
    "too early": ({"helpers.py": "from main_file import K\ndef g(x): return x*K"},
                  "from helpers import g\nK = 1.0\ndef f(x): return g(x)", "not there yet"),
    "what is not there": ({"helpers.py": ""}, "import helpers\ndef f(x): return helpers.g(x)",
                          "helpers.g"),
    "a name of sys": ({}, "import sys\nK = 2.0\nsys.modules[__name__].K = 3.0\n"
                      "def f(x): return x*K", "sys.modules"),
    "the names of a function": ({}, "K = 2.0\ndef g(): pass\ng.__globals__['K'] = 3.0\n"
                                "def f(x): return x*K", "__globals__"),
    "a library that is changed": ({}, "import torch as T, torch\nT.sin = T.cos\n"
                                  "def f(x): return torch.sin(x)", "it cannot be assigned to"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_told_is_refused(case: str, tmp_path: Path) -> None:
    others, main, says = REFUSED[case]
    folder = tmp_path / "inner"
    file_programs.write(folder, {**others, "main_file.py": main})
    with pytest.raises(GradcalcError, match=says):
        ours(compiled(folder))


OTHERWISE = {
    "a lambda gives what it has": "L = [1.0]\nm = lambda: L\nm().append(2.0)",
    "a method that is passed on": "L = [1.0]\nlist(map(L.append, [2.0]))",
    "what is no script": "L = [1.0]\nif __name__ != '__main__': L = [2.0]",
    "what else is done in a script": "L = [1.0]\nif __name__ == '__main__': L = []\n"
    "else: L = [2.0]",
    "a wrapper of the file's own": "def wraps(fn): return lambda g: [2.0]\n@wraps(abs)\ndef L(): 3",
    "what a text shows": "L = [1.0]\nclass K:\n    def __str__(self): L.append(2.0); return ''\n"
    "f'{K()}'",
}  # fmt: skip


@pytest.mark.parametrize("case", OTHERWISE)
def test_what_a_file_does_counts(case: str) -> None:
    program = compile_program(f"{OTHERWISE[case]}\ndef f(x): return x*L[-1]", function="f")
    assert ours(program) == (2 * AT, 2.0)


def test_errors_say_which_file_they_are_in(run: Run, tmp_path: Path) -> None:
    file_programs.write(tmp_path, {
        "helpers.py": "import torch\n\ndef g(x):\n    return torch.reshape(x, (3,))\n",
        "main_file.py": "from helpers import g\ndef f(x): return g(x)\n",
    })  # fmt: skip
    found = run("grad", f"{tmp_path}/main_file.py:f", "--x", "1,2")
    assert found.code == 2
    assert "helpers.py, line 4 |     return torch.reshape(x, (3,))" in found.err
    told = json.loads(run("grad", f"{tmp_path}/main_file.py:f", "--x", "1,2", "--json").out)
    assert (told["error"]["span"]["file"], told["error"]["span"]["line"]) == ("helpers.py", 4)
    (tmp_path / "helpers.py").write_text("def g(x):\n    return (x\n")
    found = run("grad", f"{tmp_path}/main_file.py:f", "--x", "1,2")
    assert "helpers.py, line 2" in found.err


def test_findings_and_ways_say_which_file_they_are_in(run: Run, tmp_path: Path) -> None:
    file_programs.write(tmp_path, {
        "helpers.py": "def g(x):\n    if x.sum() > 0:\n        return x.detach()*x\n    return x\n",
        "main_file.py": "from helpers import g\ndef f(x): return g(x)\n",
    })  # fmt: skip
    found = run("grad", f"{tmp_path}/main_file.py:f", "--x", "1,2", "--format", "table")
    assert "helpers.py, line 2  if x.sum() > 0: true" in found.out
    told = json.loads(run("grad", f"{tmp_path}/main_file.py:f", "--x", "1,2", "--json").out)
    assert told["path"][0]["file"] == "helpers.py"


def test_a_claim_may_be_a_function_of_several_files(run: Run, tmp_path: Path) -> None:
    file_programs.write(tmp_path, {
        "helpers.py": "def g(x): return x**2\ndef dg(x): return 2*x\n",
        "main_file.py": "from helpers import g\ndef f(x): return 3*g(x)\n",
        "claims.py": "from helpers import dg\ndef df(x): return 3*dg(x)\n",
    })  # fmt: skip
    program = f"{tmp_path}/main_file.py:f"
    for claim, code in ((f"{tmp_path}/claims.py:df", 0), (f"{tmp_path}/helpers.py:dg", 1)):
        assert run("grad", program, "--x", "1,2", "--expect", claim).code == code


# -- notebooks ---------------------------------------------------------------------------------

CELLS = (
    "%matplotlib inline\nimport numpy as np\n!pip install wandb\n%time K = 2.0",
    "%%bash\necho 1",
    "np.sin?\ndef g(x):\n    return K*x**2",
    "K = 3.0\ndef f(x):\n    return g(x).sum()\ndef bad(x):\n    return x.foo()\nf(np.ones(3))",
)


def notebook(cells: tuple[str, ...], version: int = 4, **metadata: object) -> str:
    field = "source" if version == 4 else "input"
    made = [{"cell_type": "markdown", "source": ["# text"]}]
    shown = [{"text": "def f(x): return 1"}]
    for k, cell in enumerate(cells):
        code = cell.splitlines(keepends=True) if k % 2 else cell
        made.append({"cell_type": "code", field: code, "outputs": shown})
    body = {"cells": made} if version == 4 else {"worksheets": [{"cells": made}]}
    return json.dumps({"nbformat": version, "metadata": metadata, **body})


@pytest.mark.parametrize("version", [3, 4])
def test_a_function_of_a_notebook(version: int, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "work.ipynb"
    path.write_text(notebook(CELLS, version, language_info={"name": "python"}))
    found = run("grad", f"{path}:f", "--x", "1,2", "--format", "literal")
    assert (found.code, found.out.strip()) == (0, "6,12")
    found = run("grad", str(path), "--x", "1,2")
    assert found.code == 2
    assert "g, f, bad" in found.err
    found = run("grad", f"{path}:bad", "--x", "1,2")
    assert "cell 4, line 5 |     return x.foo()" in found.err
    assert run("grad", "x**2", "--x", "1", "--expect", f"{path}:f").code == 1


def test_a_notebook_reads_the_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text("K = 5.0\ndef g(x): return K*x\n")
    cells = ("from helpers import g", "def f(x): return g(x)")
    (tmp_path / "work.ipynb").write_text(notebook(cells))
    assert ours(compiled(tmp_path, "work.ipynb")) == (3.5, 5.0)


MALFORMED = {
    "": "it is no JSON", "[1": "it is no JSON", "[]": "no cells", "{}": "no cells",
    '{"cells": 3}': "no cells", '{"cells": [3]}': "has no type", '{"worksheets": 3}': "no cells",
    '{"cells": [{"cell_type": "code"}]}': "has no text",
    '{"cells": [{"cell_type": "code", "source": [3]}]}': "has no text",
    notebook(("x",), kernelspec={"language": "R"}): "a notebook of R",
    notebook(("%%cython\ndef f(x): pass",)): "%%cython", notebook(("%run other.py",)): "%run",
}  # fmt: skip


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_no_notebook_is_told_so(text: str) -> None:
    with pytest.raises(GradcalcError, match=MALFORMED[text]):
        notebooks.cells(text, "work.ipynb")


def test_lines_for_the_notebook_are_left_out_and_no_others() -> None:
    cells = notebooks.cells(notebook((
        "x = (3\n  % 2)", "y = '''\n%run\n'''", "if x:\n    !ls\nz = !ls\nprint(x)?",
        "%%time\nk = 1",
    )), "work.ipynb")  # fmt: skip
    assert [text for _, text in cells] == [
        "x = (3\n  % 2)", "y = '''\n%run\n'''", "if x:\n    pass\nz = input()\npass", "\nk = 1",
    ]  # fmt: skip


METHODS = """
import numpy as np
class Base:
    scale = 2.0
    def __init__(self, power=2):
        self.power = power
    def fun(self, x, shift=1.0, *args, **kwargs):
        return self.scale*np.sin(x + shift)**self.power
class Steep(Base):
    scale = 5.0
    def der(self, x, *, shift=1.0):
        return self.power*self.scale*np.sin(x + shift)**(self.power - 1)*np.cos(x + shift)
    @staticmethod
    def square(x):
        return x*x
    def __call__(self, x):
        return self.fun(x) + Steep.square(x)
    def fun_(self, Steep_fun):
        return Steep_fun
"""


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("Base.fun", "Base().fun"),
        ("Steep.fun", "Steep().fun"),
        ("Steep(3).fun", "Steep(3).fun"),
        ("Steep(power=3).fun", "Steep(3).fun"),
        ("Steep.der", "Steep().der"),
        ("Steep.square", "Steep.square"),
        ("Steep", "Steep()"),
        ("Steep.__call__", "Steep()"),
    ],
)
def test_a_method_of_a_class_is_a_program(name: str, called: str, tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(METHODS)
    names: dict[str, object] = {}
    exec(f"{METHODS}\nresult = {called}({AT})", names)
    program = compiled(tmp_path, "m.py", name)
    assert program.required == ("x",)
    report = calculate(Problem(program, {"x": np.array(AT)}))
    assert report.value == pytest.approx(names["result"], rel=1e-12)
    assert report.verdict.outcome == "verified"


@pytest.mark.parametrize(
    ("name", "tip"),
    [
        ("Steep.funn", "did you mean fun?"),
        ("Base.other", "its methods: fun"),
        ("Base", "name a method of it: Base.method, or Base(...).method"),
    ],
)
def test_what_is_no_method_is_told_with_those_that_are(name: str, tip: str, tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(METHODS)
    with pytest.raises(GradcalcError) as error:
        compiled(tmp_path, "m.py", name)
    assert error.value.hint == tip


def test_a_claim_may_be_a_method(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "m.py"
    file.write_text(METHODS)
    claimed = ("grad", f"{file}:Steep.fun", "--x", "0.7", "--expect")
    assert run(*claimed, f"{file}:Steep.der").code == 0
    assert run(*claimed, f"{file}:Steep(3).der").code == 1


HOLDING = """from dataclasses import dataclass
from typing import Callable
import numpy as np

@dataclass
class Trial:
    f: Callable
    df: Callable

square = lambda x: x**2
curve = lambda z, k=2: 1/(1 + np.exp(-k*z))
table = {"a": lambda x: 3*x, "b-1": square, 3: curve}
row = [square, lambda x, y: x*y]
named = dict(first=square)
trial = Trial(f=lambda x: x**3, df=lambda x: 3*x**2)

class Power:
    def __init__(self, n=2):
        self.n = n
    def __call__(self, x):
        return self.f(x)
    def f(self, x):
        return x**self.n
    def df(self, x):
        return self.n*x**(self.n - 1)

cube = Power(3)
"""

HELD = {
    "square": ({"x": "3"}, 6), "curve": ({"z": "0"}, 0.5), 'table["a"]': ({"x": "3"}, 3),
    'table["b-1"]': ({"x": "3"}, 6), "table[3]": ({"z": "0"}, 0.5), "row[0]": ({"x": "3"}, 6),
    "row[-1]": ({"x": "3", "y": "4"}, 4), 'named["first"]': ({"x": "3"}, 6),
    "trial.f": ({"x": "2"}, 12), "cube": ({"x": "2"}, 12), "cube.f": ({"x": "2"}, 12),
    "Power(4)": ({"x": "2"}, 32), "Power": ({"x": "3"}, 6),
}  # fmt: skip


@pytest.mark.parametrize("target", HELD)
def test_what_holds_a_function_is_one(run: Run, tmp_path: Path, target: str) -> None:
    file = tmp_path / "held.py"
    file.write_text(HOLDING)
    inputs, slope = HELD[target]
    argv = [part for name, value in inputs.items() for part in (f"--{name}", value)]
    found = run("grad", f"{file}:{target}", *argv, "--json")
    assert found.code == 0, found
    first = next(iter(json.loads(found.out)["gradients"].values()))
    assert first["autograd"] == pytest.approx(slope)


def test_what_holds_a_function_is_a_claim(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "held.py"
    file.write_text(HOLDING)
    for of, claim in (("trial.f", "trial.df"), ("cube", "cube.df")):
        assert run("grad", f"{file}:{of}", "--x", "2", "--expect", f"{file}:{claim}").code == 0


@pytest.mark.parametrize("target", ['table["z"]', "row[5]", "trial.g", "other.f", "nothing"])
def test_what_holds_no_function_is_told(run: Run, tmp_path: Path, target: str) -> None:
    file = tmp_path / "held.py"
    file.write_text(HOLDING)
    found = run("grad", f"{file}:{target}", "--x", "2")
    assert found.code == 2
    assert target.split(".")[-1] in found.err


UNREAD = """from somewhere.base import Base
class Loss(Base):
    def forward(self, x):
        return x.sum()
class Other:
    def other(self, x):
        return x
held = Other()
"""


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("Loss", "Loss is made from Base, which is not known here"),
        ("Loss()", "Loss is made from Base, which is not known here"),
        ("Other()", "Other(...) makes nothing here that can be called"),
        ("held", "Other(...) makes nothing here that can be called"),
    ],
)
def test_a_class_of_what_is_not_read_is_told(
    run: Run, tmp_path: Path, target: str, says: str
) -> None:
    file = tmp_path / "unread.py"
    file.write_text(UNREAD)
    found = run("grad", f"{file}:{target}", "--x", "1,2")
    assert (found.code, found.err.splitlines()[0]) == (2, f"error: {says}")


STANDING = {
    # text, what is named, its input, its value; None where it is not told
    "lambda's default": ("K = 3\nf = lambda x, k=K: x**k\nK = 5", "f", "x", 8),
    "default in a table": (
        "K = 3\ndef g(x, k=K): return x**k\nK = 5\nt = {'a': g}",
        "t['a']",
        "x",
        8,
    ),
    "method's default": (
        "K = 3\nclass P:\n    def v(self, x, p=K): return x**p\nK = 5\nm = P()",
        "m.v",
        "x",
        8,
    ),
    "its receiver's name": (
        "class P:\n    def __init__(self, k): self.k = k\n    def v(self, k): return k*self.k\n"
        "k = 4.",
        "P(k).v",
        "k",
        8,
    ),
    "object's name": ("class A:\n    def f(self, a): return a**2\na = A()", "a.f", "a", 4),
    "table's name": ("t = {'s': lambda t: t**2}", "t['s']", "t", 4),
    "class's name": (
        "class A:\n    def __init__(self, n): self.n = n\n    def f(self, A): return A*self.n",
        "A(3.).f",
        "A",
        6,
    ),
    "another one": ("f = lambda x: x\nif True:\n    f = lambda x: x**2", "f", "x", 4),
    "another item": ("t = {'b': lambda x: x}\nt['b'] = lambda x: x**2", "t['b']", "x", None),
    "another method": (
        "class A:\n    def f(self, x): return x\nA.f = lambda self, x: x**2\na = A()",
        "a.f",
        "x",
        None,
    ),
    "default of its class": (
        "class A:\n    k = 3\n    def f(self, x, k=k): return x**k",
        "A.f",
        "x",
        None,
    ),
}


@pytest.mark.parametrize("name", STANDING)
def test_what_is_named_is_what_stands_in_the_file(run: Run, tmp_path: Path, name: str) -> None:
    text, target, given, value = STANDING[name]
    file = tmp_path / "standing.py"
    file.write_text(text + "\n")
    found = run("grad", f"{file}:{target}", f"--{given}", "2", "--json")
    if value is None:
        assert found.code == 2
    else:
        assert json.loads(found.out)["value"] == value


MAKING = """
import functools
import helpers
from collections import namedtuple
from typing import NamedTuple
from functools import partial
import jax, jax.numpy as jnp
import numpy as np
import torch
from helpers import made_there

POWER = 3
def f(x, a=2.0): return jnp.sin(a*x)
def plain(c, x, b=1): return c*x**2*b
def t(x): return torch.sin(x)**2
def checked(u, *, v): return u**v
def in_order(u, k=POWER, j=2, /, i=POWER, *, h=1, g=POWER): return u**k*j**i*h + g*u

def mk(n, factor=1.0):
    scale = factor*n
    def inner(x, k=n):
        return scale*x**k
    return inner

def powers(n):
    return lambda x, y=0.5: x**n + y

def problem(n):
    def fun(x): return np.sum(x**2)*n
    def jac(x): return 2*x*n
    x0 = np.ones(n)
    return fun, jac, x0

def table(n):
    funs = {"f": lambda z: z**n, "g": mk(n)}
    return funs

def either(kind):
    if kind == "sin":
        def g(x): return np.sin(x)
    else:
        def g(x): return np.cos(x)
    return g

def branches(kind):
    if kind == "sin":
        return lambda x: np.sin(x)
    return lambda x: np.cos(x)

def scaled(fun):
    @functools.wraps(fun)
    def inner(*args, **kwargs):
        return 3*fun(*args, **kwargs)
    return inner

def slope(fun, by=0):
    return jax.grad(fun, argnums=by)

def jitted(n):
    @partial(jax.jit, static_argnums=1)
    def inner(x, k=2): return jnp.sum(x**k)*n
    return inner

def by_hand(fun):
    fun = jax.jit(fun)
    return fun

class Sigmoid:
    def __call__(self, x): return 1/(1 + np.exp(-x))
    def derivative(self, x): return self(x)*(1 - self(x))

class Holder:
    def __init__(self, fun, n=2):
        self.fun = fun
        self.own = lambda w: w**n
    def maker(self, n):
        def inner(x): return self.own(x)*n
        return inner

class Bare:
    def f(x): return x**2
    def g(x, y): return x**2*y
    def of(p, x): return p.n*x
    n = 2.0

def sigmoid(): return Sigmoid()

class Built:
    def __init__(self, n):
        self.n = n
        self.fun = self._make()
    def _make(self):
        def inner(x): return np.sum(x**2)*self.n
        return inner
    @classmethod
    def usual(cls): return cls(2)
    @staticmethod
    def power(n): return lambda x: x**n
    @property
    def own(self): return lambda w: self.n*w

def built(n): return Built(n)
Pair = namedtuple("Pair", "first second")
class Typed(NamedTuple):
    first: object
    second: object = None
def paired(): return Pair(checked, second=lambda z: 3*z)
typed = Typed(lambda y: y**2, checked)
built_two = Built(2)

df = jax.grad(f)
da = jax.grad(f, argnums=1)
again = jax.jit(jax.grad(jax.grad(f)))
compiled = jax.jit(f)
rows = jax.vmap(f)
pairs = jax.vmap(f, in_axes=(0, None))
of_torch = torch.func.grad(t)
rows_of_torch = torch.vmap(t)
vectorized = np.vectorize(plain)
one, two, three = partial(plain, 2), partial(plain, x=2.0), partial(plain, 2, b=3)
f3 = mk(3)
f4 = mk(4, factor=0.5)
fun, jac, x0 = problem(2)
pack = problem(2)
tab = table(2)
s = sigmoid()
holder = Holder(plain)
wrapped = scaled(plain)
sloped = slope(f, 0)
there = made_there(3)
def compiled_again(x): return x**2
compiled_again = jax.jit(compiled_again)
maps = partial(jax.vmap, in_axes=(0, 0))(f)
"""

ELSEWHERE = "def made_there(n):\n    def g(q): return q**n*K\n    return g\nK = 2.0\n"

# what is named, and the inputs
MADE: list[tuple[str, dict[str, Any]]] = [
    ("df", {"x": 0.5}), ("df", {"x": 0.5, "a": 3.0}), ("da", {"x": 0.5, "a": 3.0}),
    ("again", {"x": 0.5}), ("compiled", {"x": 0.5, "a": 1.0}), ("rows", {"x": [0.5, 1.0]}),
    ("pairs", {"x": [0.5, 1.0], "a": 2.0}), ("maps", {"x": [0.5, 1.0], "a": [2.0, 3.0]}),
    ("of_torch", {"x": 0.5}), ("rows_of_torch", {"x": [0.5, 1.0]}),
    ("vectorized", {"c": [1.0, 2.0], "x": [3.0, 4.0]}),
    ("one", {"x": 0.5, "b": 2.0}), ("two", {"c": 0.5, "b": 2.0}), ("two", {"c": 0.5}),
    ("three", {"x": 0.5}), ("three", {"x": 0.5, "b": 2.0}),
    ("f3", {"x": 2.0}), ("f3", {"x": 2.0, "k": 2.0}), ("f4", {"x": 2.0}), ("mk(3)", {"x": 2.0}),
    ("mk(3, factor=2.)", {"x": 2.0, "k": 2.0}), ("powers(3)", {"x": 2.0}),
    ("powers(POWER)", {"x": 2.0, "y": 1.0}), ("fun", {"x": [1.0, 2.0]}),
    ("jac", {"x": [1.0, 2.0]}), ("problem(3)[0]", {"x": [1.0, 2.0]}),
    ("pack[1]", {"x": [1.0, 2.0]}), ("tab['f']", {"z": 2.0}), ("table(3)['g']", {"x": 2.0}),
    ("either('sin')", {"x": 0.5}), ("either('cos')", {"x": 0.5}), ("branches('')", {"x": 0.5}),
    ("wrapped", {"c": 0.5, "x": 2.0}), ("scaled(f)", {"x": 0.5, "a": 1.0}),
    ("sloped", {"x": 0.5}), ("slope(f, by=0)", {"x": 0.5, "a": 1.0}),
    ("jitted(2)", {"x": [1.0, 2.0]}), ("by_hand(f)", {"x": 0.5, "a": 1.0}),
    ("sigmoid()", {"x": 0.3}), ("s", {"x": 0.3}), ("Sigmoid()", {"x": 0.3}),
    ("sigmoid().derivative", {"x": 0.3}), ("s.derivative", {"x": 0.3}),
    ("Sigmoid().derivative", {"x": 0.3}), ("holder.fun", {"c": 0.5, "x": 2.0}),
    ("holder.own", {"w": 2.0}), ("Holder(plain, 3).own", {"w": 2.0}),
    ("holder.maker(3)", {"x": 2.0}), ("Bare.f", {"x": 2.0}), ("Bare.g", {"x": 2.0, "y": 3.0}),
    ("there", {"q": 2.0}), ("made_there(2)", {"q": 2.0}), ("compiled_again", {"x": 2.0}),
    ("jax.grad(f, argnums=1)", {"x": 0.5, "a": 3.0}), ("partial(plain, 2)", {"x": 0.5}),
    ("built_two.fun", {"x": [1.0, 2.0]}), ("built(3).fun", {"x": [1.0, 2.0]}),
    ("Built(3)._make()", {"x": [1.0, 2.0]}), ("Built.usual()._make()", {"x": [1.0, 2.0]}),
    ("Built.power(3)", {"x": 2.0}), ("built_two.own", {"w": 2.0}), ("built(3).own", {"w": 2.0}),
    ("paired().second", {"z": 2.0}), ("paired().first", {"u": 2.0, "v": 2.0}),
    ("typed.first", {"y": 2.0}), ("helpers.made_there(2)", {"q": 2.0}),
    ("partial(in_order)", {"u": 2.0}), ("partial(in_order)", {"u": 2.0, "i": 1.0}),
    ("partial(in_order)", {"u": 2.0, "g": 1.0, "h": 2.0}),
    ("checked", {"u": 2.0, "v": 3.0}), ("partial(checked, v=2)", {"u": 2.0}),
]  # fmt: skip


@pytest.mark.parametrize(("target", "inputs"), MADE, ids=lambda part: str(part))
def test_what_a_call_makes_is_what_it_gives_in_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, inputs: dict[str, Any]
) -> None:
    (tmp_path / "helpers.py").write_text(ELSEWHERE)
    (tmp_path / "main_file.py").write_text(MAKING)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "helpers", raising=False)
    names: dict[str, Any] = {}
    try:
        exec(MAKING, names)
    finally:
        # other files of this name are other modules
        sys.modules.pop("helpers", None)
    array = torch.tensor if "torch" in target else np.array
    given = {name: array(value) for name, value in inputs.items()}
    function = eval(target, names)
    words = {name: given.pop(name) for name in ("b", "v", "i", "g", "h") if name in given}
    expected = np.asarray(function(*given.values(), **words))
    # nothing of it is lost in jax's single precision
    report = gradcalc.grad(f"{tmp_path / 'main_file.py'}:{target}", inputs=inputs)
    assert report.value == pytest.approx(expected, rel=1e-5)
    assert report.verdict.outcome == "verified"


def test_the_object_of_a_method_is_found_by_what_is_asked_of_it(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "m.py"
    file.write_text("class Bare:\n    n = 2.0\n    def of(p, x): return p.n*x\n")
    assert run("grad", f"{file}:Bare.of", "--x", "2").code == 0


def test_none_is_not_taken_for_what_is_left_out(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "m.py"
    file.write_text("def mk(n):\n    def g(x, k=n): return x if k is None else x*k\n    return g\n")
    found = run("grad", f"{file}:mk(3)", "--x", "2", "--k", "None")
    assert (found.code, "None cannot be given" in found.err) == (2, True)
    assert run("grad", f"{file}:mk(3)", "--x", "2", "--json").json[0]["value"] == 6


UNTOLD = """
import numpy as np
from elsewhere import make
inverse = make(np.sin)
def mk(n): return make(n)
def either(kind):
    if kind: return lambda x: x
    return lambda y: y
def counting():
    for k in range(3):
        yield lambda x: k*x
held = {"a": lambda x: x}
held["a"] = make(2)
class Bare:
    def f(x): return x**2
number = 3
class Making:
    def __init__(self): self.made = make(2)
if __name__ == "__main__":
    late = lambda x: x
def rest(fun):
    def inner(*args): return fun(*args)
    return inner
f = lambda x: x
def change():
    global f
    f = make(2)
"""


@pytest.mark.parametrize(
    ("target", "says", "tip"),
    [
        ("inverse", "that inverse is a function", "def g(a, b): return inverse(a, b)"),
        ("mk(3)", "that mk(3) is a function", "def g(a, b): return mk(3)(a, b)"),
        ("either(1)", "that either(1) is a function", "def g(a, b): return either(1)(a, b)"),
        ("counting()", "that counting() is a function", "return counting()(a, b)"),
        ("held['a']", "that held['a'] is a function", "return held['a'](a, b)"),
        ("number", "that number is a function", "return number(a, b)"),
        ("Making().made", "that Making().made is a function", "return Making().made(a, b)"),
        ("late", "the program defines no function called late", ""),
        ("f", "that f is a function", "return f(a, b)"),
        ("Bare().f", "Bare().f has no inputs: its x is the object", "it is named Bare.f"),
    ],
)
def test_what_cannot_be_told_is_said_with_what_was_written(
    run: Run, tmp_path: Path, target: str, says: str, tip: str
) -> None:
    file = tmp_path / "untold.py"
    file.write_text(UNTOLD)
    found = run("grad", f"{file}:{target}", "--a", "1", "--b", "2")
    first, second = found.err.splitlines()
    assert found.code == 2
    assert first.startswith(f"error: {says}")
    assert second.endswith(tip)


DERIVED = """
import numpy as np
from scipy.stats import rv_continuous
from statsmodels.base.model import GenericLikelihoodModel as Base
class T(Base):
    power = 2
    def f(self, p): return np.sum(p**2)
    def g(self, p): return self.f(p)*self.half(3.0)
    def h(self, p): return self.endog*p
    def i(self, p): return np.sum(p**self.power)
    def j(self, p): return super().loglike(p)
    def k(self, p): return other(self)*p
    @staticmethod
    def half(x): return x/2
    @property
    def third(self): return 1.0/3.0
    def l(self, p): return self.f(p)*self.third
class Own(T):
    def __init__(self, n=2): self.n = n
    def f(self, p): return np.sum(p**self.n)
class Super(Base):
    def __init__(self, a):
        super().__init__(a)
        self.a = a
    def f(self, p): return np.sum(p**3)
    def g(self, p): return self.a*p
class Mixin:
    def m(self, p): return np.sum(p)
class Hidden(Base, Mixin):
    def f(self, p): return self.m(p)
    def n(self, p): return p[0]
class Shown(Mixin, Base):
    def f(self, p): return self.m(p)
class Called(Base):
    k: float = 2.0
    def __call__(self, p): return np.sum(p)*self.k
class Random(rv_continuous):
    def _pdf(self, p): return np.exp(-np.sum(p**2))
    def twice(self, p): return 2*self.pdf(p)
"""

ALONE: dict[str, Any] = {
    "T.f": "np.sum(p**2)", "T.g": "np.sum(p**2)*1.5", "T.i": "np.sum(p**2)",
    "T.l": "np.sum(p**2)/3",
    "Own.f": "np.sum(p**2)",
    "Own(3).f": "np.sum(p**3)", "Own(3).g": "np.sum(p**3)*1.5", "Super.f": "np.sum(p**3)",
    "T.half": None, "Called": "np.sum(p)*2", "Random._pdf": "np.exp(-np.sum(p**2))",
    "Random.twice": "Random", "Hidden.f": "Hidden", "Hidden.m": "Hidden", "Hidden.n": "(p[0])",
    "Shown.f": "np.sum(p)", "Shown.m": "np.sum(p)",
    "T.h": "T", "T.j": "T", "T.k": "T", "T(3).f": "T", "Super(3).f": "Super", "T.loglike": "T",
}  # fmt: skip


@pytest.mark.parametrize("target", ALONE)
def test_a_method_may_need_nothing_of_a_base_that_is_not_known(
    run: Run, tmp_path: Path, target: str
) -> None:
    file = tmp_path / "derived.py"
    file.write_text(DERIVED)
    meant = ALONE[target]
    found = run("grad", f"{file}:{target}", "--x" if meant is None else "--p", "1,2", "--json")
    if meant is None or "(" in meant:
        expected = [0.5, 1.0] if meant is None else eval(meant, {"np": np, "p": np.array([1.0, 2])})
        assert found.json[0]["value"] == pytest.approx(expected)
    else:
        base = (
            "rv_continuous of scipy.stats"
            if meant == "Random"
            else "Base of statsmodels.base.model"
        )
        says = f"{meant} is made from {base}, which is not known here"
        assert (found.code, found.err.splitlines()[0]) == (2, f"error: {says}")


WORDY = """
class P:
    @staticmethod
    def f(S, kind="call"): return S**2 if kind == "call" else S**3
    def g(self, S, kind="call"): return S**2 if kind == "call" else S**3
    def many(self, S, kinds=("a",)): return S**2 if kinds == ("a", "b") else S**3
def many(S, kinds): return S**2 if kinds == ["a", "b"] else S**3
def mk(n): return lambda S, kind="call": S**n if kind == "call" else S**3
"""


@pytest.mark.parametrize(
    ("target", "given", "slope"),
    [
        ("P.f", ("--kind", "put"), 12), ("P.f", ("--kind", '"put"'), 12), ("P.f", (), 4),
        ("P.g", ("--kind", "put"), 12), ("P().g", ("--kind", "call"), 4),
        ("mk(2)", ("--kind", "put"), 12), ("P.many", ("--kinds", '["a", "b"]'), 4),
        ("P.many", ("--kinds", "a,b"), 4), ("P.many", ("--kinds", "a"), 12),
        ("many", ("--kinds", "['a', 'b']"), 4), ("many", ("--kinds", "('a', 'b')"), 12),
    ],
)  # fmt: skip
def test_text_is_given_to_what_is_no_plain_function_too(
    run: Run, tmp_path: Path, target: str, given: tuple[str, ...], slope: float
) -> None:
    file = tmp_path / "wordy.py"
    file.write_text(WORDY)
    found = run("grad", f"{file}:{target}", "--S", "2", *given, "--json")
    assert found.json[0]["gradients"]["S"]["autograd"] == slope


@pytest.mark.parametrize(("kinds", "value"), [(["a", "b"], 4), (("a", "b"), 8), (["a", "1"], None)])
def test_lists_of_texts_are_data_in_python(tmp_path: Path, kinds: Any, value: Any) -> None:
    (tmp_path / "wordy.py").write_text(WORDY)
    program = f"{tmp_path / 'wordy.py'}:many"
    if value is None:
        with pytest.raises(GradcalcError, match="there is no number or function called 'a'"):
            gradcalc.grad(program, S=2, kinds=kinds)
    else:
        assert gradcalc.grad(program, S=2, kinds=kinds).value == value


def test_a_parameter_of_a_lambda_is_no_name_that_the_program_assigns(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "table.py"
    file.write_text('fs = {"a": lambda x: x**2}\n')
    found = run("grad", str(file), "--x", "1")
    assert (found.code, found.err.splitlines()[0]) == (2, "error: the program does not use x")
