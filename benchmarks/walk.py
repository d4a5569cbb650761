"""How far one walks to follow one command: the files whose functions are called for it.

Counted are calls in the process that reads the command and answers it, torch's own process and
what modules do while they are imported left out.
"""

import os
import sys
import threading
from collections import Counter
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer

DOT = ["grad", "2*dot(x,x)", "--x", "0,1,2,3"]


class _Done(BaseException):
    """The command wants to leave the process."""


class Walk:
    """Counts calls into the files of a package, from `start` on; `files` are relative to it."""

    def __init__(self, folder: str) -> None:
        self.files: Counter[str] = Counter()
        self._folder, self._importing, self._process = folder + os.sep, 0, os.getpid()

    def start(self) -> None:
        threading.setprofile(self._note)
        sys.setprofile(self._note)

    def stop(self) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def _note(self, frame: FrameType, event: str, arg: Any) -> None:
        code = frame.f_code
        if event not in ("call", "return") or os.getpid() != self._process:
            return
        if code.co_name == "<module>":
            self._importing += 1 if event == "call" else -1
        elif event == "call" and not self._importing and code.co_filename.startswith(self._folder):
            self.files[code.co_filename.removeprefix(self._folder)] += 1


def main(
    command: Annotated[
        list[str] | None,
        typer.Argument(help="Words of a gradcalc command, behind --; a gradient where none."),
    ] = None,
) -> None:
    """Count the files of gradcalc whose functions are called for a command."""
    os.environ["GRADCALC_DAEMON"] = "0"
    import gradcalc
    from gradcalc.__main__ import main as run

    walk, process, leave = Walk(os.path.dirname(gradcalc.__file__)), os.getpid(), os._exit

    def left(code: int) -> NoReturn:
        if os.getpid() != process:
            leave(code)
        raise _Done

    os._exit = left
    sys.argv = ["gradcalc", *(command or DOT)]
    walk.start()
    try:
        run()
    except (SystemExit, _Done):
        pass
    finally:
        walk.stop()
        os._exit = leave
    parts = Counter(file.partition(os.sep)[0] for file in walk.files)
    for part, count in sorted(parts.items()):
        inside = [name for name in sorted(walk.files) if name.partition(os.sep)[0] == part]
        print(f"{count:4}  {' '.join(f'{name} {walk.files[name]:,}' for name in inside)}")
    print(f"{len(walk.files):4}  files with calls, {sum(walk.files.values()):,} calls in all")


if __name__ == "__main__":
    typer.run(main)
