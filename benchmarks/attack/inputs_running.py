"""Hostile cases run: in worker processes by the function that the command calls, or as commands."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.attack.workers import GIB, MEMORY, SECONDS, Told, processor

BRIEF = 5.0
"""Seconds up to which a case that is refused is asked twice."""

CODES = (0, 1, 2, 3, 4)
"""Exit codes of verdicts, of errors and of limits."""


@dataclass(frozen=True, slots=True)
class Case:
    """A command line, the files of its directory and its standard input.

    `answers` are the lines of JSON that it is to print, None where it prints what it likes. `codes`
    are the exit codes that may be right for it.
    """

    argv: tuple[str, ...]
    files: tuple[tuple[str, bytes], ...] = ()
    stdin: bytes = b""
    answers: int | None = None
    codes: tuple[int, ...] = CODES

    def __str__(self) -> str:
        words = shlex.join(word.encode("unicode_escape").decode() for word in self.argv)
        parts = [words, *(f"{name}={content!r}" for name, content in self.files)]
        if self.stdin:
            parts.append(f"stdin={self.stdin!r}")
        return "; ".join(part if len(part) < 300 else f"{part[:280]}...{part[-12:]}"
                         for part in parts)  # fmt: skip


# -- what an answer has to be ------------------------------------------------------------------


def judged(case: Case, code: int | None, out: str, err: str) -> str:
    """What is wrong with an answer, nothing if it is one."""
    if "Traceback (most recent call last)" in err or "Traceback (most recent call last)" in out:
        return f"traceback: {err.strip().splitlines()[-1] if err.strip() else ''}"
    if "gradcalc has a fault" in out:
        return "a fault in an answer"
    # what is NaN may well be wrong
    if code not in case.codes and not (code == 1 and "NaN" in out):
        return f"exit code {code}: {_first_error(err)}"
    errors = [line for line in err.split("\n") if line.startswith("error:")]
    if case.answers is not None and not errors:
        return _lines_of(case, out)
    if case.argv[0:1] == ("report",):
        # a block that is refused says so in the file, and each file may be refused
        return next(filter(None, map(sentence, errors)), "")
    if code in (2, 4) and len(errors) != 1:
        return f"{len(errors)} errors with exit code {code}"
    # a plot says in a line of each kind where it found no value
    if code in (0, 1, 3) and errors and case.argv[0:1] != ("plot",):
        return f"an error with exit code {code}: {errors[0]}"
    return next(filter(None, map(sentence, errors)), "")


def _first_error(err: str) -> str:
    return next((line for line in err.split("\n") if "error" in line), err[-200:])


def _lines_of(case: Case, out: str) -> str:
    """What is wrong with the answers to requests."""
    lines = out.split("\n")[:-1]
    if len(lines) != case.answers:
        return f"{len(lines)} answers to {case.answers} requests"
    for line in lines:
        try:
            found = json.loads(line)
        except ValueError:
            return f"no JSON: {line[:100]}"
        code = found.get("exit_code", found.get("verdict", {}).get("exit_code"))
        told = found.get("error", {}).get("message")
        if code not in CODES:
            return f"exit code {code}: {told}"
        if told is not None and (wrong := sentence(f"error: {told}")):
            return wrong
    return ""


LONGEST = 1500
"""Characters of a sentence, with those of an escape counted one by one."""

_OURS = re.compile(r"object at 0x|<class '|<function|File \".*\", line \d")
"""What a sentence for a user does not hold."""


def sentence(line: str) -> str:
    """What is wrong with the line of an error; nothing if it is one sentence for a user."""
    text = line.removeprefix("error:").strip()
    if not text:
        return "an empty error"
    if len(text) > LONGEST:
        return f"an error of {len(text)} characters"
    if not text.isprintable():
        return f"an error that is not printable: {text!r}"
    if _OURS.search(text):
        return f"an error in Python's words: {text}"
    return ""


# -- in process --------------------------------------------------------------------------------


def answered(case: Case) -> tuple[int | None, str]:
    """How a case ends, which is tried twice if it is refused: its message is to be the same."""
    before = processor()
    code, out, err = _answer(case)
    fault = judged(case, code, out, err)
    if not fault and code in (2, 4) and processor() - before < BRIEF:
        again = _answer(case)
        # a stream says how long it took
        if again[:2] != (code, out) or (again[2] != err and case.answers is None):
            fault = f"first {_first_error(err)!r}, then {_first_error(again[2])!r}"
    return code, fault


def _answer(case: Case) -> tuple[int | None, str, str]:
    """The exit code of a case and what it prints."""
    import traceback

    from gradcalc.cli.app import main

    for name, content in case.files:
        Path(name).write_bytes(content)
    Path("stdin").write_bytes(case.stdin)
    streams = [_stream(), _stream()]
    kept = sys.stdin, sys.stdout, sys.stderr
    code: int | None = None
    with open("stdin") as sys.stdin:
        sys.stdout, sys.stderr = streams
        try:
            code = main(case.argv)
        except BaseException:
            traceback.print_exc(file=sys.stderr)
        finally:
            sys.stdin, sys.stdout, sys.stderr = kept
    out, err = (stream.buffer.getvalue().decode("utf-8", "replace") for stream in streams)
    return code, out, err


def _stream() -> Any:
    return io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace", write_through=True)


# -- as commands -------------------------------------------------------------------------------


def commanded(case: Case, start: int = GIB // 2) -> Told:
    """How a case ends as a command; `start` is what its process has without it."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in case.files:
            (Path(folder) / name).write_bytes(content)
        streams = [Path(folder) / name for name in ("stdin", "stdout", "stderr")]
        streams[0].write_bytes(case.stdin)
        environment = os.environ | {"HOME": folder, "COLUMNS": "80"}
        with streams[0].open("rb") as stdin, streams[1].open("wb") as stdout:
            with streams[2].open("wb") as stderr:
                process = subprocess.Popen(
                    [sys.executable, "-m", "gradcalc", *case.argv],
                    stdin=stdin, stdout=stdout, stderr=stderr, cwd=folder, env=environment,
                )  # fmt: skip
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = code = os.waitstatus_to_exitcode(status)
        out, err = (stream.read_bytes().decode("utf-8", "replace") for stream in streams[1:])
    seconds, grown = used.ru_utime + used.ru_stime, 1024 * used.ru_maxrss - start
    fault = judged(case, code, out, err)
    if not fault and seconds > SECONDS:
        fault = "longer than it may take"
    if not fault and grown > MEMORY:
        fault = "more memory than it may take"
    return Told(code, fault, seconds, max(grown, 0))
