"""JSON for a person: indented, short lists on one line, long ones as wide as the terminal."""

import json
from collections.abc import Iterator
from typing import Any

from gradcalc.render import Style

_INDENT = 2


def indented(value: Any, style: Style) -> str:
    """JSON in lines, which reads back as the same. An object is on one line only inside another."""
    return "\n".join(_lines(value, style, 0, ""))


def _lines(value: Any, style: Style, depth: int, head: str) -> Iterator[str]:
    """A value behind its key in lines, without what stands behind it."""
    before = " " * (_INDENT * depth) + head
    text = _text(value, style)
    whole = depth == 0 and isinstance(value, dict)
    if (
        not isinstance(value, dict | list)
        or not value
        or (_fits(before + text, style) and not whole)
    ):
        yield before + text
        return
    start, end = "{}" if isinstance(value, dict) else "[]"
    yield before + start
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        yield from _filled([_text(item, style) for item in value], style, depth + 1)
    else:
        heads = [f"{_text(name, style)}: " for name in value] if isinstance(value, dict) else None
        items = value.values() if isinstance(value, dict) else value
        inner = (
            _lines(item, style, depth + 1, item_head)
            for item_head, item in zip(heads or [""] * len(items), items, strict=True)
        )
        yield from _with_commas(inner)
    yield " " * (_INDENT * depth) + end


def _with_commas(items: Iterator[Iterator[str]]) -> Iterator[str]:
    """The lines of several values, a comma behind each but the last."""
    last: str | None = None
    for item in items:
        if last is not None:
            yield f"{last},"
        last = None
        for line in item:
            if last is not None:
                yield last
            last = line
    if last is not None:
        yield last


def _filled(texts: list[str], style: Style, depth: int) -> Iterator[str]:
    """Texts with commas between, as many on a line as fit."""
    space = " " * (_INDENT * depth)
    line = space + texts[0]
    for text in texts[1:]:
        if _fits(f"{line}, {text},", style):
            line += f", {text}"
        else:
            yield f"{line},"
            line = space + text
    yield line


def _fits(line: str, style: Style) -> bool:
    # a comma may stand behind it
    return len(line) < style.width


def _text(value: Any, style: Style) -> str:
    return json.dumps(value, ensure_ascii=not style.unicode, allow_nan=False)
