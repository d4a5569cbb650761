"""Surroundings that nobody expects: closed streams, a full disk, folders that are gone or cannot be
written, encodings of ASCII, few descriptors, little memory, modules named like others'."""

import random
import resource
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.attack.cold_commands import ALL, CHEAP, COMMANDS, STDIN, prepare
from benchmarks.attack.cold_processes import GRADCALC, ROOT, Done, environment, run
from benchmarks.attack.data import Row, Size

SENTENCE = b"the output cannot be written"

VERDICTS = (0, 1, 3)

CLOSED = {
    "1>&-": True, "2>&-": False, "0<&-": False, "1>&- 2>&-": True, "0<&- 1>&- 2>&-": True,
    "1>/dev/full": True, "2>/dev/full": False, "1>/dev/full 2>/dev/full": True,
}  # fmt: skip
"""Redirections by the shell, and whether there is nowhere for the answer to go then."""


def _dealt(size: Size, what: str, ways: Sequence[Any], times: int) -> list[tuple[str, Any]]:
    """Commands and ways: each way so many times with commands that take their time, dealt in turn,
    and once with each that does not."""
    drawn = random.Random(f"{size.seed} {what}")
    dear = [name for name in ALL if name not in CHEAP]
    deck = cycle(drawn.sample(dear, len(dear)))
    pairs = [(next(deck), way) for _ in range(times) for way in ways]
    pairs += [(name, way) for name in CHEAP for way in ways]
    return drawn.sample(pairs, size.count(len(pairs)))


def _fault(done: Done, codes: Sequence[int] = VERDICTS) -> str | None:
    plain = b"Traceback" not in done.err and b"fault" not in done.err
    return None if plain and not done.left and done.code in codes else done.told


def closed_streams(size: Size) -> Iterator[Row]:
    """Standard streams that are closed, or full: no answer is an error, told where that can be."""
    broken = []
    chosen = _dealt(size, "streams", list(CLOSED), 4)
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
    yield Row("standard streams that are closed or full", len(chosen), tuple(broken))


def surroundings(size: Size) -> Iterator[Row]:
    """Folders and variables that are not what they should be."""
    chosen = _dealt(size, "places", list(SURROUNDINGS), 2)
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
    yield Row("folders and variables that are not as usual", len(chosen), tuple(broken))


_UNSET = "\0"

_ELSEWHERE = ("a deleted working directory", "a working directory that cannot be written")

_FROM_FILES = ("batch", "check", "explain")
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


def little_memory(size: Size) -> Iterator[Row]:
    """Addresses that end: each answer is one, or says that there is no room."""
    count = size.count(100)
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
    yield Row("memory that ends (45 MiB to 2.9 GiB)", count, tuple(broken), told)


def _limit(which: int, room: int) -> None:
    resource.setrlimit(which, (room, room))


def few_descriptors(size: Size) -> Iterator[Row]:
    """Every limit on open files from 3 to 24."""
    chosen = _dealt(size, "files", range(3, 25), 2)
    broken = []
    with tempfile.TemporaryDirectory() as place:
        folder = prepare(Path(place))
        for name, limit in chosen:
            done = run([*GRADCALC, *ALL[name]], folder, stdin=STDIN.get(name),
                       prepared=partial(_limit, resource.RLIMIT_NOFILE, limit))  # fmt: skip
            fault = _fault(done, (*VERDICTS, 2, 4))
            # Python itself does not start
            if fault and b"gradcalc" not in done.err:
                fault = None
            broken += [f"{name} with {limit} files: {fault}"] if fault else []
    yield Row("few descriptors (3 to 24)", len(chosen), tuple(broken))


STANDARD = (
    "torch", "numpy", "sympy", "typer", "random", "json", "string", "types", "signal", "enum",
    "code", "ast", "math", "select", "queue", "decimal", "email", "test", "flint", "rich",
)  # fmt: skip


def named_like_others(size: Size) -> Iterator[Row]:
    """Files beside a user's, or in the working directory, that are named like modules: no program
    imports them, and `check` only where the user's code would."""
    pairs = [*(("check", (module,)) for module in STANDARD),
             *((name, STANDARD) for name in COMMANDS if name != "check")]  # fmt: skip
    broken = []
    chosen = random.Random(f"{size.seed} modules").sample(pairs, size.count(len(pairs)))
    with tempfile.TemporaryDirectory() as place:
        for number, (name, modules) in enumerate(chosen):
            folder = prepare(Path(place, str(number)))
            for module in modules:
                (folder / f"{module}.py").write_text("raise RuntimeError('imported')\n")
            # `python -m` itself looks there, the installed command does not
            argv = [GRADCALC[0], "-P", *GRADCALC[1:], *COMMANDS[name]]
            done = run(argv, folder, stdin=STDIN.get(name))
            fault = _fault(done)
            broken += [f"{name} beside {modules}: {fault}"] if fault else []
    yield Row("files beside a program named like modules", len(chosen), tuple(broken))


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
    ("grad", "目录/ввод.py", "--größe", "1,2"),
    ("grad", "größe*(", "--größe", "1"),
    ("grad", "нет.py", "--x", "1"),
    ("grad", "-", "--größe", "1"),
    ("repl",),
    ("report", "-"),
)

PIPED = {
    ("grad", "-", "--größe", "1"): "größe**2\n",
    ("repl",): "größe = 1\ngröße**2\n",
    ("report", "-"): "# Größe\n\n```gradcalc\ngradcalc grad 'größe**2' --größe 1\n```\n",
}
"""Standard input in other letters, by the command that reads it."""

ASCII: Sequence[Mapping[str, str]] = (
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "LANG": "C"},
    {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "POSIX", "PYTHONIOENCODING": "latin-1"},
    {"LC_ALL": "nowhere.UTF-8"},
)


def other_letters(size: Size) -> Iterator[Row]:
    """Programs, names and files in letters that the encoding of the streams lacks: the exit code is
    that of UTF-8."""
    pairs = [(argv, env) for argv in LETTERS for env in ASCII]
    chosen = random.Random(f"{size.seed} letters").sample(pairs, size.count(len(pairs)))
    broken = []
    with tempfile.TemporaryDirectory() as place:
        folder = _lettered(Path(place))
        meant = {argv: _lettered_call(argv, folder).code for argv in {argv for argv, _ in chosen}}
        for argv, env in chosen:
            done = _lettered_call(argv, folder, **env)
            code = meant[argv]
            other = done.told if done.code != code else None
            fault = _fault(done, (*VERDICTS, 2)) or other
            broken += [f"{shlex.join(argv)} with {dict(env)}: {fault}"] if fault else []
    yield Row("other letters, with streams of ASCII", len(chosen), tuple(broken))


def _lettered_call(argv: tuple[str, ...], folder: Path, **more: str) -> Done:
    return run(
        [*GRADCALC, *argv], folder, stdin=PIPED.get(argv), variables=environment(**more)
    )  # fmt: skip


def _lettered(folder: Path) -> Path:
    there = folder / "目录"
    there.mkdir()
    (there / "програма.py").write_text("def f(größe):\n    return (größe * größe).sum()\n", "utf-8")
    (there / "ввод.py").write_text(
        "from програма import f\n\ndef g(größe):\n    return f(größe)\n", "utf-8"
    )
    (there / "запросы.jsonl").write_text('{"id": "é", "program": "ö*ö", "inputs": {"ö": 1}}\n',
                                         "utf-8")  # fmt: skip
    (there / "точки.csv").write_text("1,2\n", "utf-8")
    return folder
