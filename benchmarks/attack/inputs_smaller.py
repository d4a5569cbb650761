"""The smallest form of a case that still breaks."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from benchmarks.attack.inputs_running import Case

SECONDS = 20.0
"""How long a smaller form is looked for."""


def smaller(case: Case, breaks: Callable[[Case], bool]) -> Case:
    """The case with as much left out as can be, one part after the other."""
    end = time.monotonic() + SECONDS
    for get, put in _PARTS:
        kept = get(case)
        step = max(1, len(kept) // 2)
        while step and time.monotonic() < end:
            found = next((less for less in _without(kept, step)
                          if time.monotonic() < end and breaks(put(case, less))), None)  # fmt: skip
            if found is None:
                step //= 2
            else:
                kept, case = found, put(case, found)
    return case


def _without(whole: Any, step: int) -> Iterator[Any]:
    for start in range(0, len(whole), step):
        yield whole[:start] + whole[start + step :]


def _word(place: int) -> tuple[Callable[[Case], str], Callable[[Case, str], Case]]:
    def get(case: Case) -> str:
        return case.argv[place] if place < len(case.argv) else ""

    def put(case: Case, text: str) -> Case:
        return replace(case, argv=(*case.argv[:place], text, *case.argv[place + 1 :]))

    return get, put


def _file(case: Case, content: bytes) -> Case:
    return replace(case, files=((case.files[0][0], content), *case.files[1:]))


_PARTS: Sequence[tuple[Callable[[Case], Any], Callable[[Case, Any], Case]]] = (
    (lambda case: case.argv, lambda case, words: replace(case, argv=words)),
    (lambda case: case.stdin, lambda case, content: replace(case, stdin=content)),
    (lambda case: case.files[0][1] if case.files else b"", _file),
    *(_word(place) for place in range(5)),
)
