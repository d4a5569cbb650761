"""Code of others under `gradcalc check` and pytest: what it does costs its own answer only."""

import json
import random
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.attack.cold_processes import GRADCALC, Done, environment, run
from benchmarks.attack.data import Row, Size
from benchmarks.attack.foreign_code import BESIDE, KINDS, Code
from benchmarks.attack.foreign_tests import under_pytest

ROOM = 12 << 30
"""Bytes of addresses that the process of one check may have."""

ANSWERS = ("verdict", "error")


def attack(size: Size) -> Iterator[Row]:
    """Each kind of code, as often as the share of it says, and a suite of tests with such."""
    for kind, codes in KINDS.items():
        drawn = random.Random(f"{size.seed} {kind}")
        names = drawn.sample(list(codes), size.count(len(codes)))
        yield row(f"check a function: {kind}", {name: codes[name] for name in names})
    yield under_pytest(size)


def row(what: str, codes: Mapping[str, Code]) -> Row:
    """Each of these is checked alone."""
    broken = []
    with tempfile.TemporaryDirectory() as place:
        for number, (name, code) in enumerate(codes.items()):
            folder = Path(place, str(number))
            folder.mkdir()
            found = fault(code, folder)
            broken += [f"{name}: {found}"] if found else []
    return Row(what, len(codes), tuple(broken))


def fault(code: Code, folder: Path) -> str | None:
    """What is wrong with the answer to a check of the code; None where all is well."""
    for name, text in BESIDE.items():
        (folder / name).write_text(text)
    encoding = "latin-1" if "latin-1" in code.text else "utf-8"
    (folder / "code.py").write_bytes(code.text.encode(encoding, "surrogateescape"))
    argv = [*GRADCALC, "check", "code.py:f", "--x", "0.5,2", "--json", *code.options]
    done = run(argv, folder, variables=environment(OMP_NUM_THREADS="1"), prepared=_limited)
    return _fault(code, done)


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _fault(code: Code, done: Done) -> str | None:
    tests: dict[str, Callable[[], Any]] = {
        "hangs": lambda: done.code is None,
        "another exit code": lambda: done.code not in code.codes,
        "no answer": partial(_answer_is_missing, done),
        "another sentence": lambda: code.said not in _sentence(done),
        "a traceback of gradcalc's": lambda: b"gradcalc/" in done.err and b"Traceback" in done.err,
        "left something behind": lambda: done.left > 0 and not code.leaves,
    }
    for what, is_so in tests.items():
        if is_so():
            return f"{what}: {done.told}"
    return None


def _answer_is_missing(done: Done) -> bool:
    try:
        found = json.loads(done.out)
    except ValueError:
        return True
    return not any(key in found for key in ANSWERS)


def _sentence(done: Done) -> str:
    found = json.loads(done.out)
    return str(found.get("error", found.get("verdict"))["message"]) + str(found.get("findings"))


if __name__ == "__main__":
    sys.exit("python -m benchmarks attack foreign")
