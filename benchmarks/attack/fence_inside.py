"""A process that answers calls and hears what they do: what is opened, imported, run, connected.

It reads one JSON object a line and writes one: `python -m benchmarks.attack.fence_inside`. Nothing
that it hears is stopped, so what got out is seen by what it does.
"""

import io
import json
import os
import resource
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

ALWAYS = frozenset({
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn",
    "subprocess.Popen", "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto",
    "ftplib.connect", "smtplib.connect", "urllib.Request", "http.client.connect",
    "webbrowser.open", "builtins.input", "os.kill", "os.fork", "os.forkpty", "os.remove",
    "os.rename", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.truncate", "shutil.rmtree",
    "shutil.copyfile", "shutil.move", "code.__new__", "ctypes.dlopen",
})  # fmt: skip
"""Events that no call of a text may cause, whatever they are about."""


class Ear:
    """What is heard while it is open: harm by what a text did."""

    def __init__(self, marks: tuple[str, ...], folder: str) -> None:
        self.marks = marks
        self.folder = folder
        self.heard: list[str] = []
        self.listens = False
        # a process that answers for foreign code may be started
        self.processes = False

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        """Note what is harm; raises nothing."""
        if not self.listens:
            return
        if event in ALWAYS:
            known = self.processes and event in ("subprocess.Popen", "os.posix_spawn", "os.kill",
                                                 "os.remove", "os.rmdir", "os.fork")  # fmt: skip
            own = event in ("ctypes.dlopen", "os.rename", "os.remove") and not self._is_marked(args)
            if not known and not own:
                self.heard.append(f"{event} {args!r:.80}")
        elif event == "exec":
            if isinstance(args[0], CodeType) and self._mentions(args[0]):
                self.heard.append(f"exec of a user's text: {args[0].co_filename}")
        elif event == "import":
            if "zqmark" in str(args[0]):
                self.heard.append(f"import {args[0]}")
        elif event == "open" and isinstance(args[0], str) and args[0] in self.marks:
            self.heard.append(f"open {args[0]!r} {args[1]!r}")

    def _is_marked(self, args: tuple[Any, ...]) -> bool:
        return any(mark in repr(args) for mark in self.marks)

    def _mentions(self, code: CodeType) -> bool:
        words = (*code.co_names, *code.co_varnames, *code.co_freevars, *code.co_cellvars)
        return any("zqmark" in word for word in words) or any(
            self._mentions(held)
            if isinstance(held, CodeType)
            else isinstance(held, str | bytes | tuple)
            and ("zqmark" in repr(held) or any(m in repr(held) for m in self.marks))
            for held in code.co_consts
        )


@contextmanager
def streams(stdin: str) -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    """Standard streams of a call, in memory."""
    before = sys.stdin, sys.stdout, sys.stderr
    out, err = io.BytesIO(), io.BytesIO()
    given = io.BytesIO(stdin.encode("utf-8", "surrogatepass"))
    sys.stdin = io.TextIOWrapper(given, encoding="utf-8")
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(err, encoding="utf-8", write_through=True)
    try:
        yield out, err
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # what wraps them is not to close them before they are read
        sys.stdout.detach()
        sys.stderr.detach()
        sys.stdin, sys.stdout, sys.stderr = before


def answered(call: dict[str, Any], ear: Ear) -> dict[str, Any]:
    """What a call gave, and what was heard of it."""
    from gradcalc.cli.app import main

    ear.heard = []
    ear.processes = call["argv"][0] in ("check", "batch")
    with tempfile.TemporaryDirectory(dir=ear.folder) as folder:
        os.chdir(folder)
        for name, text in call["files"].items():
            Path(name).write_bytes(text.encode("utf-8", "surrogatepass"))
        code: int | None = None
        with streams(call["stdin"]) as (out, err):
            ear.listens = True
            try:
                code = main(call["argv"])
            except BaseException:
                err.write(traceback.format_exc().encode())
            finally:
                ear.listens = False
        page = Path("page.html").read_bytes() if Path("page.html").exists() else b""
        os.chdir(ear.folder)
    return {
        "code": code,
        "out": (out.getvalue() + page).decode("utf-8", "backslashreplace"),
        "err": err.getvalue().decode("utf-8", "backslashreplace"),
        "heard": ear.heard,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def main() -> None:
    """Answer until there are no more calls; the folder and the marks are the first line."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    first = json.loads(sys.stdin.readline())
    lines = os.fdopen(os.dup(0), encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    ear = Ear(tuple(first["marks"]), first["folder"])
    # what is only loaded is none of the texts'
    answered({"argv": ["grad", "x*x", "--x", "1.5"], "stdin": "", "files": {}}, ear)
    sys.addaudithook(ear.hook)
    print("{}", file=replies, flush=True)
    for line in lines:
        print(json.dumps(answered(json.loads(line), ear)), file=replies, flush=True)


if __name__ == "__main__":
    main()
