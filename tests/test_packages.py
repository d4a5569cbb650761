"""Files of a package: what they import by its name, from the folders around them, or perhaps not.

What Python makes of them, who imports the package, is the truth.
"""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from gradcalc import Problem
from gradcalc.calculate import calculate
from gradcalc.cli import files
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Limits
from tests import file_programs

MOD = "import torch\nK = 2.0\ndef g(x): return torch.sin(x)*K\n"
F = "\ndef f(x): return g(x)**2\n"
OTHER = "pkg/sub/other.py"
PLAIN = {"pkg/__init__.py": "", "pkg/sub/__init__.py": ""}

# the files, of which the function f of the first is meant
AROUND: dict[str, dict[str, str]] = {
    "the same folder": {OTHER: f"from pkg.sub.mod import g{F}", "pkg/sub/mod.py": MOD},
    "above": {OTHER: f"from pkg.mod import g{F}", "pkg/mod.py": MOD},
    "a module": {OTHER: f"import pkg.mod as m\ng = m.g{F}", "pkg/mod.py": MOD},
    "dots": {OTHER: "import pkg.mod\nimport pkg.sub.o2\n"
                    f"def g(x): return pkg.mod.g(x)*pkg.sub.o2.K{F}",
             "pkg/mod.py": MOD, "pkg/sub/o2.py": "K = 3.0"},
    "of the package": {OTHER: f"from pkg import mod\ng = mod.g{F}", "pkg/mod.py": MOD},
    "two dots": {OTHER: f"from ..mod import g{F}", "pkg/mod.py": MOD},
    "two dots alone": {OTHER: f"from .. import mod\ng = mod.g{F}", "pkg/mod.py": MOD},
    "one dot alone": {OTHER: f"from . import mod\ng = mod.g{F}", "pkg/sub/mod.py": MOD},
    "one after the other": {
        OTHER: f"from pkg.mod import g{F}",
        "pkg/mod.py": "from pkg.core import base\ndef g(x): return base.h(x)*2",
        "pkg/core/base.py": "from ..consts import C\ndef h(x): return x**C",
        "pkg/consts.py": "C = 3",
    },
    "each other": {OTHER: f"K = 3.0\nfrom pkg.a import g{F}",
                   "pkg/a.py": "from pkg.sub import other\ndef g(x): return x*other.K"},
    "a star": {OTHER: "K = 5.0\nfrom ..mod import *\ndef f(x): return g(x)*K",
               "pkg/mod.py": f"__all__ = ['g']\n{MOD}"},
}  # fmt: skip

OF_ITS_OWN: dict[str, dict[str, str]] = {
    "handed on": {OTHER: f"from pkg import g, KK{F}", "pkg/mod.py": MOD,
                  "pkg/__init__.py": "from .mod import g\nfrom .mod import K as KK\n"},
    "handed on by dots": {OTHER: f"from .. import g{F}", "pkg/mod.py": MOD,
                          "pkg/__init__.py": "from .mod import g"},
    "a number": {"pkg/other.py": "from . import K\ndef f(x): return x*x*K",
                 "pkg/__init__.py": "K = 4.0"},
    "its attribute": {OTHER: "import pkg\ndef f(x): return x*x*pkg.K",
                      "pkg/__init__.py": "K = 4.0"},
    "what it changes": {OTHER: "from pkg import consts\ndef f(x): return x*x*consts.K",
                        "pkg/__init__.py": "from . import consts\nconsts.K = 7.0",
                        "pkg/consts.py": "K = 2.0"},
    "what it brings": {OTHER: f"from pkg.mod import g{F}", "pkg/mod.py": MOD,
                       "pkg/__init__.py": "from .sub.other import f\nfrom .mod import g"},
    "itself": {"pkg/__init__.py": f"from .mod import g\nfrom . import mod{F}", "pkg/mod.py": MOD},
    "either way": {"pkg/other.py": f"try:\n    from .mod import g\nexcept ImportError:\n"
                                   f"    from mod import g\n{F}", "pkg/mod.py": MOD},
}  # fmt: skip

ABSENT = {
    "a module": "try:\n    import apexlib\nexcept ImportError:\n    apexlib = None\n"
                "def f(x): return x*x if apexlib is None else apexlib.z.rms(x)",
    "a function": "try:\n    from apexlib.a import fused\n    HAS = True\nexcept ImportError:\n"
                  "    HAS = False\ndef f(x): return fused(x) if HAS else x*x",
    "what stands behind": "import torch\ntry:\n    import apexlib\n    cls = apexlib.Norm()\n"
                          "except ModuleNotFoundError:\n    cls = torch.sin\n"
                          "else:\n    other = cls\ndef f(x): return cls(x)",
}  # fmt: skip


def truth(folder: Path, module: str, x: list[float]) -> tuple[float, list[float]]:
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        value = importlib.import_module(module).f(leaf).sum()
        value.backward()
        assert leaf.grad is not None
        return value.item(), leaf.grad.tolist()
    finally:
        sys.path.remove(str(folder))
        for name in [n for n in sys.modules if n.split(".")[0] in ("pkg", "lone_file")]:
            del sys.modules[name]


def check(folder: Path, main: str) -> list[str]:
    """Hold a file's function to Python, and give what the report says of its reading."""
    x = [1.0, 2.0, 3.0]
    text = files.program(str(folder / main), "f", Limits())
    found = calculate(Problem(compile_program(text, function="f"), {"x": x}))
    module = main.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    value, slopes = truth(folder, module, x)
    assert float(np.sum(found.value)) == pytest.approx(value, rel=1e-12)
    assert found.gradients[0].autograd == pytest.approx(np.array(slopes), rel=1e-12)
    return [finding.message for finding in found.findings if finding.kind == "reading"]


@pytest.mark.parametrize("with_init", [True, False])
@pytest.mark.parametrize("case", AROUND)
def test_a_file_imports_from_around_its_folder(case: str, with_init: bool, tmp_path: Path) -> None:
    file_programs.write(tmp_path, {**(PLAIN if with_init else {}), **AROUND[case]})
    check(tmp_path, OTHER)


@pytest.mark.parametrize("case", OF_ITS_OWN)
def test_a_package_has_names_of_its_own(case: str, tmp_path: Path) -> None:
    given = OF_ITS_OWN[case]
    file_programs.write(tmp_path, {**PLAIN, **given})
    check(tmp_path, next(iter(given)))


@pytest.mark.parametrize("case", ABSENT)
def test_a_library_that_is_not_known_is_not_installed(case: str, tmp_path: Path) -> None:
    file_programs.write(tmp_path, {"lone_file.py": ABSENT[case]})
    assert check(tmp_path, "lone_file.py") == ["apexlib is read as not installed here"]


def test_the_package_is_not_asked_for_what_libraries_have(tmp_path: Path) -> None:
    given = {"pkg/__init__.py": "from .nothing import x", "pkg/mod.py": MOD}
    main = {"pkg/other.py": f"import numpy as np\nfrom .mod import g{F}"}
    file_programs.write(tmp_path, {**given, **main})
    text = files.program(str(tmp_path / "pkg/other.py"), "f", Limits())
    assert "nothing" not in text
