"""A tour of the commands in the documentation, with and without a warm process: the same bytes."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.examples import PAGES, blocks
from tests.processes import HANGS
from tests.sweeps import FULL
from tests.warm import Warm, warm_place

ERRORS = (
    'gradcalc grad "x*(" --x 1',
    'gradcalc grad "x*x" --x 1,,2',
    'gradcalc grad "x*x" --x 1 --json --expect "y"',
    'gradcalc grad "x*x" --y 1',
    'gradcalc grad "x@w" --x 1,2 --w 1,2,3',
    'gradcalc grad "2**10**10*x" --x 1 --json',
    'gradcalc grad "import os; x" --x 1',
    "gradcalc grad nothing.py --x 1",
    'gradcalc grad "x" --x @nothing.npy',
    'gradcalc grad "x" --x 1 --dtype int8',
    "gradcalc grad",
    'gradcalc why "x" --x 1 --format csv',
    'FORCE_COLOR=1 gradcalc grad "dott(x, x)" --x 1',
    'gradcalc grad "x*x" --x 3 2>&1 >/dev/full',
)
"""Mistakes of a dozen kinds."""

PARTS = 12
"""So that several processes may share the work. Only one of them is in the ordinary suite."""

Output = tuple[int, bytes, bytes]


def commands() -> Iterator[str]:
    """The calls in the documentation that calculate."""
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8")):
            for example in block:
                if "gradcalc grad" in example.command or "gradcalc why" in example.command:
                    yield example.command


def make_files(folder: Path) -> None:
    """The files that the documentation makes on its way."""
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8")):
            for example in block:
                if example.command.startswith(("cat >", "printf")):
                    subprocess.run(["bash", "-c", example.command], cwd=folder, check=True)


def run(warm: Warm, mode: str, command: str, folder: Path) -> Output:
    """What a command of the shell gives in a directory."""
    here = f'gradcalc() {{ "{sys.executable}" -m gradcalc "$@"; }}\n'
    done = subprocess.run(
        ["bash", "-c", here + command],
        env=warm.environment(mode, COLUMNS="88"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=folder,
        timeout=HANGS,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def differences(warm: Warm, asked: Sequence[str], folder: Path) -> dict[str, list[Output]]:
    """The commands that do not give the same without and with a warm process."""
    make_files(folder)
    with ThreadPoolExecutor(2) as pool:
        cold = list(pool.map(lambda command: run(warm, "0", command, folder), asked))
        fast = list(pool.map(lambda command: run(warm, "1", command, folder), asked))
    pairs = zip(asked, cold, fast, strict=True)
    return {command: [one, other] for command, one, other in pairs if one != other}


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with warm_place() as place:
        assert place.run("daemon", "start").returncode == 0
        yield place


@pytest.mark.skipif(sys.platform != "linux", reason="the warm process needs Linux")
@pytest.mark.parametrize("part", range(PARTS) if FULL else [8])
def test_a_warm_process_gives_the_same_bytes(warm: Warm, part: int, tmp_path: Path) -> None:
    asked = [*commands(), *ERRORS][part::PARTS]
    before = warm.answered
    assert not differences(warm, asked, tmp_path)
    assert warm.answered == before + len(asked)
