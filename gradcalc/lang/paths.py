"""Which part of a program's output is meant by a text."""

import re

Path = tuple[int | str, ...]
"""Which part of an output: numbers of items, and keys."""

STEP = re.compile(r"""\s*(?:\[\s*(?:(-?\d+)|'([^']*)'|"([^"]*)")\s*\]|\.(\w+))\s*""")


def path_of(text: str) -> Path | None:
    """The part of an output that a text such as `[1]`, `["loss"]` or `1` means, None if none."""
    if re.fullmatch(r"\s*\d+\s*", text):
        return (int(text),)
    steps: list[int | str] = []
    at = 0
    while at < len(text):
        found = STEP.match(text, at)
        if found is None:
            return None
        number, *keys = found.groups()
        steps.append(int(number) if number else next(key for key in keys if key is not None))
        at = found.end()
    return tuple(steps) or None
