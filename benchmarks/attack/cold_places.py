"""Surroundings that nobody expects: closed streams, a full disk, folders that are gone or cannot be
written, encodings of ASCII, few descriptors, little memory, modules named like others'."""

import random
import resource
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.attack.cold_commands import COMMANDS, QUICK, STDIN, prepare
from benchmarks.attack.cold_processes import GRADCALC, ROOT, Done, environment, run
from benchmarks.attack.data import Row, Size

ALL: Mapping[str, Sequence[str]] = {**COMMANDS, **QUICK}

SENTENCE = b"the output cannot be written"

VERDICTS = (0, 1, 3)

CLOSED = {
    "1>&-": True, "2>&-": False, "0<&-": False, "1>&- 2>&-": True, "0<&- 1>&- 2>&-": True,
    "1>/dev/full": True, "2>/dev/full": False, "1>/dev/full 2>/dev/full": True,
}  # fmt: skip
"""Redirections by the shell, and whether there is nowhere for the answer to go then."""


def rows(size: Size) -> Iterator[Row]:
    """Each kind of surroundings."""
    yield closed_streams(size)
    yield surroundings(size)
    yield little_memory(size)
    yield few_descriptors(size)
    yield named_like_others(size)
    yield other_letters(size)


def _sampled(size: Size, what: str, found: Sequence[Any]) -> list[Any]:
    return random.Random(f"{size.seed} {what}").sample(list(found), size.count(len(found)))


def _fault(done: Done, codes: Sequence[int] = VERDICTS) -> str | None:
    plain = b"Traceback" not in done.err and b"fault" not in done.err
    return None if plain and not done.left and done.code in codes else done.told


def closed_streams(size: Size) -> Row:
    """Standard streams that are closed, or full: no answer is an error, told where that can be."""
    pairs = [(name, how) for name in ALL for how in CLOSED]
    broken = []
    chosen = _sampled(size, "streams", pairs)
    with tempfile.TemporaryDirectory() as place:
        folder = prepare(Path(place))
        for name, how in chosen:
            command = f"{shlex.join([*GRADCALC, *ALL[name]])} {how}"
            done = run(["bash", "-c", command], folder, stdin=STDIN.get(name))
            fault = _fault(done, (2,) if CLOSED[how] else VERDICTS)
            if CLOSED[how] and "2>" not in how and SENTENCE not in done.err:
                fault = fault or done.told
            # what cannot read the requests says so
            reads = name in STDIN and "0<" in how
            broken += [f"{name} {how}: {fault}"] if fault and not (reads and done.code == 2) else []
    return Row("standard streams that are closed or full", len(chosen), tuple(broken))


def surroundings(size: Size) -> Row:
    """Folders and variables that are not what they should be."""
    chosen = _sampled(size, "places", [(name, how) for name in ALL for how in SURROUNDINGS])
    broken = []
    with tempfile.TemporaryDirectory() as place:
        for number, (name, how) in enumerate(chosen):
            folder = prepare(Path(place, str(number)))
            variables, before = SURROUNDINGS[how]
            command = f"{before} {shlex.join([*GRADCALC, *ALL[name]])}"
            env = {k: v for k, v in environment(**variables).items() if v != _UNSET}
            done = run(["bash", "-c", command], folder, stdin=STDIN.get(name), variables=env)
            gone = how in _ELSEWHERE and name in _FROM_FILES
            fault = _fault(done, (2,) if gone else VERDICTS)
            broken += [f"{name} with {how}: {fault}"] if fault else []
    return Row("folders and variables that are not as usual", len(chosen), tuple(broken))


_UNSET = "\0"

_ELSEWHERE = ("a deleted working directory", "a working directory that cannot be written")

_FROM_FILES = ("batch", "check")
"""Commands that name a file, which is gone with its folder."""

SURROUNDINGS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "a deleted working directory": ({}, "d=$PWD; cd ..; rm -r $d/*; rmdir $d; "
                                        "mkdir $d; cd $d; rmdir $d;"),
    # not by root either
    "a working directory that cannot be written": ({}, "cd /sys/kernel;"),
    "no HOME": ({"HOME": _UNSET}, ""),
    "a HOME that is not there": ({"HOME": "/nowhere"}, ""),
    "a HOME that is a file": ({"HOME": "/dev/null"}, ""),
    "LC_ALL=C": ({"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, ""),
    "ASCII": ({"PYTHONIOENCODING": "ascii"}, ""),
    "an encoding of 16 bits": ({"PYTHONIOENCODING": "utf-16"}, ""),
    "TMPDIR missing": ({"TMPDIR": "/nowhere"}, ""),
    "no PATH": ({}, "export PATH=;"),
    "no variables at all": ({}, f"exec env -i PYTHONPATH={shlex.quote(str(ROOT))}"),
    "TERM unknown": ({"TERM": "nothing", "COLUMNS": "no number"}, ""),
    "no columns": ({"COLUMNS": "0", "LINES": "0"}, ""),
    "one column": ({"COLUMNS": "1", "FORCE_COLOR": "1"}, ""),
    "variables that are no numbers": ({"GRADCALC_PATIENCE": "nan", "OMP_NUM_THREADS": "many"}, ""),
    "-O -W error": ({"PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error"}, ""),
    "signals ignored": ({}, "trap '' INT TERM PIPE CHLD HUP;"),
}  # fmt: skip
"""Variables, and what the shell does before."""


def little_memory(size: Size) -> Row:
    """Addresses that end: each answer is one, or says that there is no room."""
    count = size.count(200)
    drawn = random.Random(f"{size.seed} memory")
    broken = []
    codes: dict[int | None, int] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = prepare(Path(place))
        for _ in range(count):
            name = drawn.choice(list(COMMANDS))
            room = int(2 ** drawn.uniform(5.5, 11.5)) << 20
            done = run([*GRADCALC, *COMMANDS[name]], folder, stdin=STDIN.get(name),
                       prepared=partial(_limit, resource.RLIMIT_AS, room))  # fmt: skip
            codes[done.code] = codes.get(done.code, 0) + 1
            fault = _fault(done, (*VERDICTS, 4))
            # Python itself does not start
            if fault and b"gradcalc" not in done.err and room < 100 << 20:
                fault = None
            broken += [f"{name} in {room >> 20} MiB: {fault}"] if fault else []
    told = ", ".join(f"{n} with exit code {code}" for code, n in codes.items())
    return Row("memory that ends (45 MiB to 2.9 GiB)", count, tuple(broken), told)


def _limit(which: int, room: int) -> None:
    resource.setrlimit(which, (room, room))


def few_descriptors(size: Size) -> Row:
    """Every limit on open files from 3 to 24."""
    chosen = _sampled(size, "files", [(name, n) for name in COMMANDS for n in range(3, 25)])
    broken = []
    with tempfile.TemporaryDirectory() as place:
        folder = prepare(Path(place))
        for name, limit in chosen:
            done = run([*GRADCALC, *COMMANDS[name]], folder, stdin=STDIN.get(name),
                       prepared=partial(_limit, resource.RLIMIT_NOFILE, limit))  # fmt: skip
            fault = _fault(done, (*VERDICTS, 2, 4))
            # Python itself does not start
            if fault and b"gradcalc" not in done.err:
                fault = None
            broken += [f"{name} with {limit} files: {fault}"] if fault else []
    return Row("few descriptors (3 to 24)", len(chosen), tuple(broken))


STANDARD = (
    "torch", "numpy", "sympy", "typer", "random", "json", "string", "types", "signal", "enum",
    "code", "ast", "math", "select", "queue", "decimal", "email", "test", "flint", "rich",
)  # fmt: skip


def named_like_others(size: Size) -> Row:
    """Files beside a user's, or in the working directory, that are named like modules: a program
    does not import them."""
    chosen = _sampled(size, "modules", [(name, module) for name in COMMANDS for module in STANDARD])
    broken = []
    with tempfile.TemporaryDirectory() as place:
        for number, (name, module) in enumerate(chosen):
            folder = prepare(Path(place, str(number)))
            (folder / f"{module}.py").write_text("raise RuntimeError('imported')\n")
            # `python -m` itself looks there, the installed command does not
            argv = [GRADCALC[0], "-P", *GRADCALC[1:], *COMMANDS[name]]
            done = run(argv, folder, stdin=STDIN.get(name))
            fault = _fault(done)
            broken += [f"{name} beside {module}.py: {fault}"] if fault else []
    return Row("files beside a program named like modules", len(chosen), tuple(broken))


LETTERS: Sequence[tuple[str, ...]] = (
    ("grad", "größe**2 + λ*größe", "--größe", "1,2", "--λ", "3"),
    ("why", "sqrt(größe**2)", "--größe", "0"),
    ("explain", "größe*exp(größe)", "--größe", "1"),
    ("graph", "größe*exp(größe)", "--größe", "1"),
    ("formula", "λ*x@x"),
    ("grad", "目录/програма.py", "--größe", "1,2"),
    ("check", "目录/програма.py:f", "--größe", "1,2"),
    ("export", "größe**2", "--größe", "1,2"),
    ("plot", "größe**2", "--größe", "-1:1:5"),
    ("batch", "目录/запросы.jsonl"),
    ("grad", "x", "--x", "@目录/точки.csv"),
    ("grad", "größe*(", "--größe", "1"),
    ("grad", "нет.py", "--x", "1"),
)

ASCII: Sequence[Mapping[str, str]] = (
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "LANG": "C"},
    {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "POSIX", "PYTHONIOENCODING": "latin-1"},
    {"LC_ALL": "nowhere.UTF-8"},
)


def other_letters(size: Size) -> Row:
    """Programs, names and files in letters that the encoding of the streams lacks: the exit code is
    that of UTF-8."""
    chosen = _sampled(size, "letters", [(argv, env) for argv in LETTERS for env in ASCII])
    broken = []
    with tempfile.TemporaryDirectory() as place:
        folder = _lettered(Path(place))
        meant = {argv: run([*GRADCALC, *argv], folder).code for argv, _ in chosen}
        for argv, env in chosen:
            done = run([*GRADCALC, *argv], folder, variables=environment(**env))
            code = meant[argv]
            # where Python is kept from UTF-8 by force, no word of it can be read
            refused = "PYTHONUTF8" in env and done.code == 2
            other = done.told if done.code != code and not refused else None
            fault = _fault(done, (*VERDICTS, 2)) or other
            broken += [f"{shlex.join(argv)} with {dict(env)}: {fault}"] if fault else []
    return Row("other letters, with streams of ASCII", len(chosen), tuple(broken))


def _lettered(folder: Path) -> Path:
    there = folder / "目录"
    there.mkdir()
    (there / "програма.py").write_text("def f(größe):\n    return (größe * größe).sum()\n", "utf-8")
    (there / "запросы.jsonl").write_text('{"id": "é", "program": "ö*ö", "inputs": {"ö": 1}}\n',
                                         "utf-8")  # fmt: skip
    (there / "точки.csv").write_text("1,2\n", "utf-8")
    return folder
