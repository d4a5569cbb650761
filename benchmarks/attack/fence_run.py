"""Calls answered in a process that is ended where one hangs, and what is harm in their answers."""

import json
import os
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.attack.fence_places import Call

LONGEST = 120.0
"""Seconds after which a call is said to hang."""

VALUE, WORDS = "zqvalueofthevariable", "zqwordsofthefile"
"""What stands in the environment, and in the file that no call names."""

OBJECT = re.compile(
    r"<(?:frame|module|function|code object|built-in|bound method|class '|method |slot wrapper"
    r"|generator object)"
    r"|object at 0x"
)
"""What Python shows of an object of its own."""

STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that move or colour what a terminal shows, or turn its order round."""


SEVERAL = ("repl", "report", "batch")
"""Commands that answer several questions, each with its own error."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gave: `code` None where it raised, `heard` what it did that it may not."""

    code: int | None
    out: str
    err: str
    heard: tuple[str, ...]
    peak: int
    seconds: float


class Inside:
    """A process of `fence_inside`, with a file that is to be read by nobody."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="zqfence")
        root = Path(self._folder.name)
        (root / "calls").mkdir()
        (root / "modules").mkdir()
        self.canary = str(root / "zqcanary")
        self.secret = str(root / "zqsecret")
        Path(self.secret).write_text(WORDS)
        (root / "modules" / "zqmark.py").write_text(f"open({self.canary!r}, 'w')\ny = 1.0\n")
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Inside":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self._folder.cleanup()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                assert stream is not None
                stream.close()
        self._process = None

    def _started(self) -> "subprocess.Popen[str]":
        root = Path(self._folder.name)
        path = os.pathsep.join([*filter(None, sys.path), str(root / "modules")])
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.attack.fence_inside"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": path, "ZQENV": VALUE, "GRADCALC_HISTORY": ""},
        )
        self._told({"marks": [self.canary, self.secret], "folder": str(root / "calls")})
        return self._process

    def _told(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """What the process replies; None where it does not in time, or is gone."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], LONGEST)
        line = process.stdout.readline() if ready else ""
        found: dict[str, Any] | None = json.loads(line) if line else None
        return found

    def answer(self, call: Call) -> Answer:
        """What a call gives, in a process as many others are answered in."""
        if self._process is None:
            self._started()
        start = time.monotonic()
        files = dict(call.files)
        found = self._told({"argv": list(call.argv), "stdin": call.stdin, "files": files})
        seconds = time.monotonic() - start
        heard: Sequence[str] = ()
        if found is None:
            self._end()
            return Answer(None, "", "", ("it hangs, or ended the process",), 0, seconds)
        heard = found["heard"]
        if Path(self.canary).exists():
            Path(self.canary).unlink()
            heard = [*heard, "a file was made"]
        return Answer(
            found["code"], found["out"], found["err"], tuple(heard), found["peak"], seconds
        )


def harm(answer: Answer, call: Call) -> str | None:
    """What is wrong with an answer to a text that wants out."""
    if answer.heard:
        return answer.heard[0]
    if answer.code not in (0, 1, 2, 3, 4):
        return f"exit code {answer.code}: {answer.err.strip()[-100:]}"
    both = answer.out + answer.err
    if "Traceback (most recent call last)" in both:
        return "a traceback"
    if VALUE in both or WORDS in both:
        return "it tells what is hidden"
    if (found := OBJECT.search(both)) is not None:
        return f"it shows an object of Python's: {both[found.start() : found.start() + 40]}"
    # a report gives back the text that it is filled into
    own = set(call.stdin) if call.argv[0] == "report" else set()
    steering = next((char for char in STEERING.findall(both) if char not in own), None)
    if steering is not None:
        return f"it steers the terminal: {steering!r}"
    errors = [line for line in answer.err.splitlines() if line.startswith("error: ")]
    if len(errors) > 1 and call.argv[0] not in SEVERAL:
        return "more than one error"
    return None
