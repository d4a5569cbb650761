"""A suite of tests under `pytest --gradcalc`, one of whose functions misbehaves when gradcalc calls
it: the other calls are answered."""

import json
import random
import sys
import tempfile
from pathlib import Path

from benchmarks.attack.cold_processes import environment, run
from benchmarks.attack.data import Row, Size

BAD = {
    "raises": "raise KeyError('mine')",
    "raises BaseException": "raise BaseException('mine')",
    "leaves": "raise SystemExit(3)",
    "recursion": "return f(x)",
    "prints": "print('hello' * 1000)",
    "default dtype": "torch.set_default_dtype(torch.float16)",
    "grad mode": "torch.set_grad_enabled(False)",
    "anomaly mode": "torch.autograd.set_detect_anomaly(True)",
    "closed stream": "sys.stdout.close()",
    "gives nothing": "return None",
    "gives text": "return 'text'",
    "forks": "import os; os.fork()",
}
"""What it does from its second call of gradcalc's on, by name."""

SUITE = """
import sys, torch
from torch.autograd import gradcheck

X = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)

def from_gradcalc():
    frame = sys._getframe()
    while frame is not None:
        if "checking" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False

def f(x):
    if from_gradcalc():
        BAD
    return (x * x).sum()

def test_before():
    assert gradcheck(torch.sin, X)

def test_bad():
    assert gradcheck(f, X)

def test_after():
    torch.set_grad_enabled(True)
    assert gradcheck(torch.cos, X)
"""


def under_pytest(size: Size) -> Row:
    """Suites of three tests, the second with a function that misbehaves."""
    drawn = random.Random(f"{size.seed} pytest")
    names = drawn.sample(list(BAD), size.count(len(BAD)))
    broken = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            found = fault(BAD[name], Path(folder))
        broken += [f"{name}: {found}"] if found else []
    return Row("a function of a suite under pytest --gradcalc", len(names), tuple(broken))


def fault(bad: str, folder: Path) -> str | None:
    """What is wrong with the answers to a suite; None where all is well."""
    (folder / "test_suite.py").write_text(SUITE.replace("BAD", bad))
    argv = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p",
        "gradcalc.pytest_plugin", "--gradcalc", "--gradcalc-json", "found.json", "test_suite.py",
    ]  # fmt: skip
    done = run(argv, folder, variables=environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"))
    if done.code != 0 or done.left or b"3 passed" not in done.out:
        return done.told
    calls = json.loads((folder / "found.json").read_text())["calls"]
    by_test = {call["test"].rpartition("::")[2]: call for call in calls}
    for test in ("test_before", "test_after"):
        if by_test.get(test, {}).get("outcome") != "verified":
            return f"{test}: {by_test.get(test)}"
    return None if "test_bad" in by_test else "test_bad is not there"
