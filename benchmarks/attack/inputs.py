"""Hostile inputs of every kind: in process, and as commands."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from random import Random

from benchmarks.attack import inputs_cases as cases
from benchmarks.attack.data import Row, Size
from benchmarks.attack.inputs_calls import calls
from benchmarks.attack.inputs_running import Case, answered, commanded
from benchmarks.attack.inputs_shapes import shaped
from benchmarks.attack.inputs_smaller import smaller
from benchmarks.attack.workers import GIB, Told, Workers

Made = Callable[[Random], Case]

KINDS: dict[str, tuple[Made, int]] = {
    "noise: bytes, Unicode, words": (cases.noises, 400_000),
    "programs that are there, mutated": (cases.mutations, 150_000),
    "programs made by a grammar": (cases.grammar, 100_000),
    "calls: functions of the catalogue": (calls, 50_000),
    "shapes: programs that broadcast": (shaped, 20_000),
    "monsters: nested, long, growing": (cases.monsters, 5_000),
    "values": (cases.values, 30_000),
    "requests of batch": (cases.requests, 10_000),
    "command lines": (cases.command_lines, 200_000),
    "files": (cases.files, 50_000),
}
"""What is drawn of each kind, and how often at full size; a case of `batch` has ten requests."""

COMMANDS = 10_000
"""Cases that are run as commands."""


def attack(size: Size) -> Iterator[Row]:
    """A row for each kind, and one for all of them as commands."""
    with Workers(answered) as workers:
        for what, (made, full) in KINDS.items():
            if not size.wants(what.partition(":")[0]):
                continue
            drawn = _drawn(what, made, size, full)
            yield _row(what, workers.tried(drawn), workers.one)
    if not size.wants("commands"):
        return
    each = [_drawn(f"command: {what}", made, size, COMMANDS // len(KINDS))
            for what, (made, _) in KINDS.items()]  # fmt: skip
    commands = (case for case in itertools.chain(*each) if _can_be_typed(case))
    yield _row(
        "all of these as commands", ((case, commanded(case)) for case in commands), commanded
    )


def _drawn(what: str, made: Made, size: Size, full: int) -> Iterator[Case]:
    for number in range(size.count(full)):
        yield made(Random(f"{size.seed}/{what}/{number}"))


def _can_be_typed(case: Case) -> bool:
    try:
        return all(len(word.encode("utf-8", "surrogateescape")) < 120_000 for word in case.argv)
    except UnicodeEncodeError:
        return False


def _row(what: str, tried: Iterable[tuple[Case, Told]], again: Callable[[Case], Told]) -> Row:
    """What broke, each in its smallest form, the same only once, and what was measured."""
    count, refused = 0, 0
    worst, largest = 0.0, 0
    broken: list[tuple[Case, Told]] = []
    for case, told in tried:
        count += case.answers or 1
        refused += told.code in (2, 4)
        worst, largest = max(worst, told.seconds), max(largest, told.bytes)
        if told.fault:
            broken.append((case, told))
    note = f"{refused:,} refused; at worst {worst:.1f} s, {largest / GIB * 1024:.0f} MiB"
    return Row(what, count, tuple(_shown(broken, again)), note)


def _shown(broken: list[tuple[Case, Told]], again: Callable[[Case], Told]) -> Iterator[str]:
    seen: set[str] = set()
    for case, told in broken:
        signature = re.sub(r"'[^']*'|\d+", "", told.fault)[:60]
        if signature not in seen:
            seen.add(signature)
            case = smaller(case, partial(_ends_so, again, told))
        yield f"{told.fault} ({told.seconds:.1f} s): {case}"


def _ends_so(again: Callable[[Case], Told], told: Told, case: Case) -> bool:
    return again(case).fault[:12] == told.fault[:12]
