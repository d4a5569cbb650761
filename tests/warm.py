"""A warm process for tests: in a directory of its own, and asked the way that users do."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradcalc
from tests.processes import HANGS, PATIENCE, PATIENT, children, state_of, wait_for

ROOT = str(Path(gradcalc.__file__).parent.parent)
COMMAND = [sys.executable, "-m", "gradcalc"]
UNWANTED = ("FORCE_COLOR", "NO_COLOR", "GITHUB_ACTIONS", "COLUMNS", "GRADCALC_DAEMON",
            "PYTHONUNBUFFERED")  # fmt: skip


@dataclass(frozen=True)
class Warm:
    """A place for servers, and calls that use it; how patient both are."""

    folder: Path
    root: str = ROOT
    patience: str = PATIENT[PATIENCE]

    def environment(self, mode: str = "1", **extra: str) -> Mapping[str, str]:
        kept = {key: value for key, value in os.environ.items() if key not in UNWANTED}
        return {
            **kept,
            "PYTHONPATH": self.root,
            PATIENCE: self.patience,
            "XDG_RUNTIME_DIR": str(self.folder.parent),
            "TERM": "xterm",
            "GRADCALC_DAEMON": mode,
            **extra,
        }

    def run(
        self, *argv: str, mode: str = "1", env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*COMMAND, *argv],
            capture_output=True,
            env=self.environment(mode, **(env or {})),
            timeout=HANGS,
            **options,
        )

    def open(
        self, *argv: str, mode: str = "1", env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[bytes]:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [*COMMAND, *argv], env=self.environment(mode, **(env or {})), **{**pipes, **options}
        )

    def states(self) -> list[Any]:
        """What the servers say about themselves, those that do not run included."""
        return [json.loads(path.read_text()) for path in self.folder.glob("*.lock")]

    @property
    def pid(self) -> int:
        return int(self.states()[0]["pid"])

    @property
    def answered(self) -> int:
        """The calls that the server has handed on, once it has nothing else to do."""
        wait_for(lambda: state_of(self.pid) == "S")
        return int(self.states()[0]["answered"])

    def children(self) -> set[int]:
        return children(self.pid)


@contextmanager
def warm_place(root: str = ROOT, patience: str = PATIENT[PATIENCE]) -> Iterator[Warm]:
    """A place for servers, none of which is left at the end. Paths of sockets must be short."""
    runtime = Path(tempfile.mkdtemp(prefix="gc", dir="/tmp"))
    warm = Warm(runtime / "gradcalc", root, patience)
    try:
        yield warm
    finally:
        if warm.folder.exists():
            warm.folder.chmod(0o700)
        warm.run("daemon", "stop")
        shutil.rmtree(runtime)
