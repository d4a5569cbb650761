"""What starting costs: which modules an answer that needs no calculation may import."""

import subprocess
import sys
from pathlib import Path

import pytest

import gradcalc
from gradcalc.codes import patience
from gradcalc.lang.program import Limits
from tests.processes import HANGS

HEAVY = ("torch", "sympy", "mpmath")

IMPORTED = """
import sys
from gradcalc.cli.app import main
code = main(sys.argv[1:])
print("heavy:", code, *[name for name in {heavy} if name in sys.modules])
"""


def run(code: str, *argv: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code, *argv],
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=True,
        cwd=Path(gradcalc.__file__).parent.parent,
    )
    return result.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("argv", "exit_code"),
    [
        pytest.param(["--help"], 0, id="help"),
        pytest.param(["batch", "none.jsonl"], 2, id="no-requests"),
        pytest.param(["batch", "--csv", "none.csv", "x*"], 2, id="syntax-of-a-table"),
        pytest.param(["grad", "x*", "--x", "1"], 2, id="syntax"),
        pytest.param(["grad", "x*x", "--x", "1,,2"], 2, id="value"),
    ],
)
def test_what_needs_no_calculation_imports_nothing_heavy(argv: list[str], exit_code: int) -> None:
    assert run(IMPORTED.format(heavy=HEAVY), *argv) == f"heavy: {exit_code}"


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["tour", "--list"]])
def test_what_is_about_no_program_does_without_the_language(argv: list[str]) -> None:
    heavy = (*HEAVY, "numpy", "gradcalc.lang.dialects.catalogue")
    assert run(IMPORTED.format(heavy=heavy), *argv) == "heavy: 0"


def test_help_imports_no_numbers_at_all() -> None:
    code = IMPORTED.format(heavy=("numpy", "gradcalc.lang", "gradcalc.primitives", *HEAVY))
    for command in ("grad", "batch"):
        assert run(code, command, "--help") == "heavy: 0"


def test_usage_completion_and_names_import_nothing_heavy() -> None:
    code = (
        "import os, sys\n"
        "from gradcalc.cli.app import main\n"
        "codes = [main(a) for a in (['--version'], ['grad'], ['grad', 'x', '--y', '1'], ['x'],\n"
        "         ['grad', '--help'], ['grad', 'x', '--x', '1', '--dtype', 'int8'])]\n"
        "os.environ.update(_GRADCALC_COMPLETE='complete_bash', COMP_CWORD='3',\n"
        "                  COMP_WORDS='gradcalc grad --format ')\n"
        "codes.append(main([]))\n"
        f"print(*codes, *[name for name in {HEAVY} if name in sys.modules])\n"
    )
    assert run(code) == "0 2 2 2 0 2 0"


def test_importing_the_package_imports_nothing() -> None:
    code = (
        "import sys; before = set(sys.modules); import gradcalc\n"
        f"print(*[n for n in ({', '.join(map(repr, HEAVY))}, 'numpy', 'typer', 'rich')"
        " if n in sys.modules], 'gradcalc' in set(sys.modules) - before)"
    )
    assert run(code) == "True"


@pytest.mark.parametrize("first", ["import gradcalc", "import gradcalc.calculate"])
def test_the_function_is_not_hidden_by_its_module(first: str) -> None:
    code = f"{first}; from gradcalc import calculate; print(gradcalc.calculate is calculate,"
    assert run(f"{code} callable(calculate))") == "True True"


def test_the_exports_are_exactly_all() -> None:
    public = {name for name in dir(gradcalc) if not name.startswith("_")}
    imports = {"TYPE_CHECKING", "Any", "ModuleType", "import_module"}
    modules = {name for name in public if name in vars(gradcalc) and name not in gradcalc.__all__}
    modules -= imports
    assert all(type(getattr(gradcalc, name)).__name__ == "module" for name in modules)
    assert public - modules - imports == {n for n in gradcalc.__all__ if not n.startswith("_")}
    for name in gradcalc.__all__:
        assert getattr(gradcalc, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gradcalc.nothing


@pytest.mark.parametrize(
    ("times", "seconds"),
    [("1", 3.0), ("0.5", 1.5), ("inf", 1e6), ("-1", 3.0), ("nan", 3.0), ("soon", 3.0), ("", 3.0)],
)
def test_patience_can_be_set(times: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADCALC_PATIENCE", times)
    assert patience(3.0) == seconds
    assert Limits().seconds == min(20 * seconds, 1e6)
