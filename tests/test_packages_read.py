"""What is read of packages whose files import each other: Python's own import is the oracle."""

import math
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import gradcalc
from gradcalc import grad
from gradcalc.cli import files
from gradcalc.errors import GradcalcError
from gradcalc.lang.program import Limits
from tests import file_programs, package_programs
from tests.sweeps import FULL
from tests.test_files import AT, compiled, ours
from tests.test_library_programs import programs, refused


@pytest.mark.parametrize("part", range(6))
def test_packages_mean_what_python_makes_of_them_or_are_refused(part: int, tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    each = 60 if FULL else 10
    for seed in range(part * each, (part + 1) * each):
        folder, package = tmp_path / str(seed), f"gradcalc_package_{seed}"
        written, main = package_programs.made(random.Random(seed), package)
        file_programs.write(folder, written)
        expected = package_programs.truth(folder, package, main, AT)
        if isinstance(expected, str):
            # a line that nothing needs may fail
            continue
        try:
            program = compiled(folder, main)
        except GradcalcError:
            outcomes["refused"] += 1
            continue
        assert program.required == ("x",), (seed, main)
        pairs = zip(ours(program), expected, strict=True)
        assert all(math.isclose(*pair, rel_tol=1e-6) for pair in pairs), (seed, main, expected)
        outcomes["same"] += 1
    assert outcomes["same"] >= 4 * outcomes["refused"], outcomes


USE = "\ndef f(x): return A(x)"

READ: dict[str, dict[str, str]] = {
    "a name brought on": {"__init__": "from .std import A", "std": "def A(x): return x**2",
                          "main": f"from PKG import A{USE}"},
    "two names, a text and a version": {
        "__init__": "'''Text.'''\n__version__ = '1'\nfrom .std import A\nfrom .more import B\n",
        "std": "def A(x): return x**2", "more": "def B(x): return x**3",
        "main": "from PKG import A, B\ndef f(x): return A(x)*B(x)"},
    "by the package's own name": {"__init__": "from PKG.std import A",
                                  "std": "def A(x): return x**2",
                                  "main": f"from PKG import A{USE}"},
    "brought on twice": {"__init__": "from .std import A", "std": "from .inner import A",
                         "inner": "def A(x): return x**2", "main": f"from PKG import A{USE}"},
    "what is overwritten has run": {
        "__init__": "L = [1.0]\nfrom .one import A\nfrom .two import A",
        "one": "from PKG import L\nL.append(3.0)\ndef A(x): return x",
        "two": "from PKG import L\ndef A(x): return x*L[-1]", "main": f"from PKG import A{USE}"},
    "a constant above a star": {"__init__": "EPS = 0.5\nfrom .one import *",
                                "one": "from PKG import EPS\ndef A(x): return x*EPS",
                                "main": f"from PKG import A{USE}"},
    "a file of a package that runs": {
        "__init__": "from .core import *\nfrom . import dist",
        "core": "from . import dist\ndef A(x): return dist.g(x)", "dist": "def g(x): return x**2",
        "main": f"from PKG.core import A{USE}"},
    "a function of a file's name, bound later": {
        "__init__": "from .core import A\nfrom .dist import dist",
        "core": "from . import dist as d\ndef A(x): return d.dist(x)",
        "dist": "def dist(x): return x**2", "main": f"from PKG import A{USE}"},
    "a circle closed in a function": {
        "__init__": "", "one": "def A(x):\n    from .two import B\n    return B(x)\nK = 3.0",
        "two": "from .one import K\ndef B(x): return x*K", "main": f"from PKG.one import A{USE}"},
    "called while it is imported": {
        "__init__": "", "one": "def g():\n    from .two import K\n    return K\nC = g()",
        "two": "K = 3.0", "main": "from PKG.one import C\ndef f(x): return x*C"},
    "the name of a file for another function": {
        "__init__": "def one(x): return x", "one": "def A(x): return x**2",
        "main": "import PKG.one as m\ndef f(x): return m.A(x)"},
    "a star of a star": {"__init__": "from .one import *", "one": "from .two import *\nK = 2.0",
                         "two": "__all__ = ['A']\ndef A(x): return x**2\ndef B(x): return x",
                         "main": "from PKG import *\ndef f(x): return A(x)*K"},
    "what another file writes": {
        "__init__": "from . import patch", "helpers": "K = 2.0\ndef A(x): return x*K",
        "patch": "from . import helpers\nhelpers.K = 5.0",
        "main": f"from PKG.helpers import A{USE}"},
    "what another file appends": {
        "__init__": "from .table import add\nadd(4.0)",
        "table": "T = [1.0]\ndef add(v): T.append(v)\n"
        "def A(x): return x*T[-1]",
        "main": f"from PKG.table import A{USE}"},
    "what a decorator keeps": {
        "__init__": "from . import uses", "reg": "R = {'k': 1.0}\ndef put(fn):\n    R['k'] = 6.0\n"
        "    return fn\ndef A(x): return x*R['k']", "uses": "from .reg import put\n@put\n"
        "def g(x): return x", "main": f"from PKG.reg import A{USE}"},
    "modules in a list that are written to": {
        "__init__": "from . import one, two\nfor m in [one, two]:\n    m.K = 7.0",
        "one": "K = 2.0\ndef A(x): return x*K", "two": "K = 3.0",
        "main": f"from PKG.one import A{USE}"},
    "a module that is handed on": {
        "__init__": "from . import one\nfrom .set import put\nput(one)", "set": "def put(m):\n"
        "    m.K = 7.0", "one": "K = 2.0\ndef A(x): return x*K",
        "main": f"from PKG.one import A{USE}"},
    "a name told by getattr": {
        "__init__": "from . import one", "one": "def A(x): return x**2\ndef B(x): return x",
        "main": "from PKG import one\ndef f(x): return getattr(one, 'A')(x)"},
    "an attribute of a function": {
        "__init__": "from .one import A\nA.k = 3.0", "one": "def A(x): return x*A.k",
        "main": f"from PKG import A{USE}"},
    "a class brought on": {
        "__init__": "from .base import Base\nfrom .own import Own",
        "base": "class Base:\n    k = 2.0\n"
        "    def go(self, x): return x*self.k",
        "own": "from .base import Base\nclass Own(Base):\n"
        "    k = 3.0", "main": "from PKG import Own\ndef f(x): return Own().go(x)"},
    "what a file asks of its globals": {
        "__init__": "DEBUG = 'DEBUG' in globals()\nK = 2.0\nHAS = 'K' in globals()\n"
        "def A(x): return x**2 if HAS and not DEBUG else x", "main": f"from PKG import A{USE}"},
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_what_is_read_is_what_python_imports(case: str, tmp_path: Path) -> None:
    package = f"gradcalc_read_{list(READ).index(case)}"
    _put(tmp_path, package, READ[case])
    expected = package_programs.truth(tmp_path, package, "main_file.py", AT)
    assert not isinstance(expected, str), expected
    if case in HONEST:
        with pytest.raises(GradcalcError, match=r"as a value|cannot be assigned to"):
            ours(compiled(tmp_path))
    else:
        assert ours(compiled(tmp_path)) == pytest.approx(expected, rel=1e-9)


HONEST = frozenset({"modules in a list that are written to", "a module that is handed on",
                    "a name told by getattr"})  # fmt: skip
"""What may be refused: modules as values, which functions are not."""


def _put(folder: Path, package: str, texts: dict[str, str]) -> None:
    named = {
        "main_file.py" if name == "main" else f"{package}/{name}.py": text.replace("PKG", package)
        for name, text in texts.items()
    }
    file_programs.write(folder, named)


UNREAD: dict[str, dict[str, str]] = {
    "too much": {"__init__": "from . import long", "core": "def A(x): return x**2",
                 "long": "def g(x):\n    return x\n" * 30_000},
    "names by their texts": {
        "__init__": "from . import ops\nfrom .core import A", "core": "def A(x): return x**2",
        "ops": "import sys\nclass T: pass\nfor name in ('a', 'b'):\n    setattr(T, name, 1)\n"
        "globals().update({'c': 2})"},
    "libraries": {"__init__": "from .net import Net\nfrom .core import A",
                  "core": "def A(x): return x**2",
                  "net": "import pandas\nfrom lightning import Module\nclass Net(Module): pass\n"
                  "pandas.set_option('a', 1)"},
}  # fmt: skip


@pytest.mark.parametrize("case", UNREAD)
def test_what_cannot_matter_is_not_read(case: str, tmp_path: Path) -> None:
    _put(tmp_path, "unread", {**UNREAD[case], "main": f"from PKG.core import A{USE}"})
    text = files.program(str(tmp_path / "main_file.py"), "f", Limits())
    assert len(text) < 1_000
    assert gradcalc.grad(str(tmp_path / "main_file.py") + ":f", x=3.0).gradient["x"] == 6
    # and where the function stands in the package
    (tmp_path / "unread/use.py").write_text(f"from .core import A{USE}\n")
    assert gradcalc.grad(str(tmp_path / "unread/use.py") + ":f", x=3.0).gradient["x"] == 6


UNSAID = {n: t for n, t in programs("modules").items() if "unsaid" in n and n not in refused()}


@pytest.mark.parametrize("name", UNSAID)
def test_lines_of_another_file_that_change_what_is_read_are_run(name: str, tmp_path: Path) -> None:
    (tmp_path / "beside_it.py").write_text(UNSAID[name])
    (tmp_path / "main.py").write_text("from beside_it import f as g\ndef f(x):\n    return g(x)\n")
    scope: dict[str, Any] = {"__name__": "beside_it"}
    exec(UNSAID[name], scope)
    found = grad(f"{tmp_path / 'main.py'}:f", x=1.5)
    assert float(found.value) == pytest.approx(float(scope["f"](1.5)), rel=1e-12)


HELPERS = {
    "unknown.py": "import nothere_mod\ndef act(x): return x**2\n",
    "deeper.py": "from unknown import act\n",
    "raising.py": "raise ImportError('no')\ndef act(x): return x**2\n",
    "asserting.py": "import sys\nif sys.version_info < (9,):\n    assert False\n"
    "def act(x): return x**2\n",
    "lacking.py": "def other(x): return x**2\n",
    "good.py": "import math\ntry:\n    import nothere_mod\nexcept ImportError:\n"
    "    nothere_mod = None\ndef act(x): return x**2\n",
}
TRIED = (
    "try:\n    from {0} import act\nexcept ImportError:\n    def act(x): return x**3\n"
    "def f(x): return act(x)\n",
    "HAS = True\ntry:\n    from {0} import act\nexcept ImportError:\n    HAS = False\n"
    "def f(x): return x*2 if HAS else x*3\n",
    "def f(x):\n    try:\n        from {0} import act\n    except ImportError:\n"
    "        return x*3\n    return act(x)\n",
    "from contextlib import suppress\nK = 3.0\nwith suppress(ImportError):\n"
    "    from {0} import act\n    K = 2.0\ndef f(x): return K*x\n",
)


@pytest.mark.parametrize("helper", HELPERS)
def test_an_import_that_may_fail_where_that_is_caught_is_refused(
    helper: str, tmp_path: Path
) -> None:
    for name, text in HELPERS.items():
        (tmp_path / name).write_text(text)
    for number, text in enumerate(TRIED):
        main = tmp_path / f"main{number}.py"
        main.write_text(text.format(helper.removesuffix(".py")) + "def other(x): return x + 1\n")
        assert gradcalc.grad(f"{main}:other", x=1.5).gradient["x"] == 1.0
        if helper == "good.py":
            expected = 2.25 if "act(x)" in text.split("def f")[1] else 3.0
            assert float(gradcalc.grad(f"{main}:f", x=1.5).value) == expected
            continue
        with pytest.raises(GradcalcError):
            gradcalc.grad(f"{main}:f", x=1.5)


UNDEFINED = {
    "divides": "K = 1/0\ndef act(x): return x**2\n",
    "divides by a name": "N = 0\nK = 5 % N\ndef act(x): return x**2\n",
    "looks up": "import os\nK = os.environ['GRADCALC_NOT_SET']\ndef act(x): return x**2\n",
}


@pytest.mark.parametrize("name", UNDEFINED)
@pytest.mark.parametrize(
    "caught", ["Exception", "(ImportError, ArithmeticError, LookupError)", "BaseException"]
)
def test_a_file_that_may_fail_as_is_caught_is_refused(
    name: str, caught: str, tmp_path: Path
) -> None:
    (tmp_path / "helper.py").write_text(UNDEFINED[name])
    text = (
        "try:\n    from helper import act\nexcept {}:\n    def act(x): return x**3\n"
        "def f(x): return act(x)\n"
    )
    main = tmp_path / "main.py"
    main.write_text(text.format(caught))
    with pytest.raises(GradcalcError, match="whether helper can be imported"):
        gradcalc.grad(f"{main}:f", x=1.5)
    # what defines a function alone does not fail
    (tmp_path / "helper.py").write_text("K = 1/2\ndef act(x): return x**2/(x + 1)\n")
    assert gradcalc.grad(f"{main}:f", x=1.0).value == 0.5


SHADOWED = {
    "a name, then its file": ("act = 's'\nfrom PKG.act import h\nimport PKG.act\n", True),
    "a function, then the module": ("def act(x): return x\nfrom . import act\n", True),
    "a name, and a name of its file": ("act = 's'\nfrom .act import h\n", True),
    "a function of its file": ("from .act import act\n", False),
    "a name behind it": ("from .act import h\nact = 's'\n", False),
    "another name": ("other = 's'\nfrom .act import h, act\n", False),
}


@pytest.mark.parametrize("case", SHADOWED)
def test_a_name_that_is_a_file_of_its_package_too(case: str, tmp_path: Path) -> None:
    """Whoever imports a file of a package binds its name there."""
    init, doubtful = SHADOWED[case]
    package = f"gradcalc_shadowed_{list(SHADOWED).index(case)}"
    texts = {"__init__": init, "act": "def h(x): return 3*x\ndef act(x): return 7*x\n",
             "main": "import PKG\ndef f(x): return 2*x if PKG.act == 's' else 5*x"}  # fmt: skip
    if not doubtful and "'s'" not in init.replace("other = 's'", ""):
        texts["main"] = "import PKG\ndef f(x): return PKG.act(x)"
    _put(tmp_path, package, texts)
    if doubtful:
        with pytest.raises(GradcalcError, match="is a module and something else in turn"):
            ours(compiled(tmp_path))
        return
    expected = package_programs.truth(tmp_path, package, "main_file.py", AT)
    assert ours(compiled(tmp_path)) == pytest.approx(expected, rel=1e-9)


ABSENT = (
    "from torch import nosuch", "from torch.nosuchmod import thing", "import numpy.nosuch",
    "from torch.func import vmap, nosuchfunc", "from math import cbrt, nope",
    "from collections import Mapping",
)  # fmt: skip


@pytest.mark.parametrize("line", ABSENT)
def test_a_library_that_may_lack_a_name_where_that_is_caught_is_refused(line: str) -> None:
    for text in (
        f"try:\n    {line}\n    K = 1.0\nexcept ImportError:\n    K = 2.0\ndef f(x): return K*x",
        f"def f(x):\n    try:\n        {line}\n    except ImportError:\n        return 2*x\n"
        "    return x",
    ):
        with pytest.raises(GradcalcError):
            gradcalc.grad(text, x=1.5)
