"""The gradcalc blocks of a Markdown text, and where their results stand."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradcalc.errors import FileError

BEGIN, END = "<!-- gradcalc -->", "<!-- /gradcalc -->"
"""What stands around results: nothing that a reader of the rendered text sees."""

_FENCE = re.compile(r"(\s*)(`{3,}|~{3,})([^`]*|(?<=~)[^\n]*)$")
_QUOTE = re.compile(r"(?: {0,3}> ?)*")
_ITEM = re.compile(r"(\s*(?:[-*+]|\d{1,9}[.)])\s+)")
_MOST = 3
"""How far a fence may be indented: what is further in is a block of code that shows one."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its first line by number, its text, what its lines are indented by and end with.

    Its results are the lines from `start` to `end`, which are none where there are none yet.
    """

    line: int
    text: str
    indent: str
    ending: str
    start: int
    end: int


def blocks(lines: Sequence[str]) -> Iterator[Block]:
    """The blocks in lines, without the ends that separate them.

    Raises `FileError` for what does not end.
    """
    place, column, hidden = 0, 0, False
    while place < len(lines):
        quote = _QUOTE.match(lines[place])
        signs = "" if quote is None else quote[0]
        line = lines[place][len(signs) :]
        fence = None if hidden else _fence(line, column)
        if fence is None:
            hidden = _is_hidden(line, hidden)
            column = _column(line, column)
            place += 1
            continue
        # a quotation ends what is in it
        own = list(_unquoted(lines[place:], signs))
        close = _close(own, fence)
        if fence[3].split()[:1] != ["gradcalc"]:
            place += close + 1
            continue
        if close == len(own):
            raise FileError(
                f"the block that begins in line {place + 1} does not end",
                hint=f"{fence[2]} ends it",
            )
        inside = (_outdented(part, len(fence[1])) for part in own[1:close])
        start, end = _results(own, close + 1, place)
        ending = "\r" if line.endswith("\r") else ""
        text = "\n".join(part.rstrip("\r") for part in inside)
        yield Block(place + 1, text, signs + fence[1], ending, place + start, place + end)
        place += max(end, close + 1)


def _unquoted(lines: Sequence[str], signs: str) -> Iterator[str]:
    """Lines without the signs of a quotation, up to the first that is not in it."""
    depth = signs.count(">")
    for line in lines:
        found = re.match(r" {0,3}> ?" * depth, line)
        if found is None:
            return
        yield line[found.end() :]


def _fence(line: str, column: int) -> re.Match[str] | None:
    found = _FENCE.match(line.rstrip("\r"))
    return found if found and len(found[1].expandtabs(4)) <= column + _MOST else None


def _close(lines: Sequence[str], fence: re.Match[str]) -> int:
    """The line that closes a fence in the first one; the number of lines where nothing does."""
    sign, length = fence[2][0], len(fence[2])
    closing = re.compile(rf"\s*{re.escape(sign)}{{{length},}}\s*$")
    found = (k for k in range(1, len(lines)) if closing.match(lines[k]))
    return next(found, len(lines))


def _results(lines: Sequence[str], place: int, above: int) -> tuple[int, int]:
    """Where the results of a block are that ends before a line; `above` are lines before these."""
    begin = place
    while begin < len(lines) and not lines[begin].strip():
        begin += 1
    if begin == len(lines) or lines[begin].strip() != BEGIN:
        return place, place
    for end in range(begin + 1, len(lines)):
        if lines[end].strip() == END:
            return begin, end + 1
        if lines[end].strip() == BEGIN:
            break
    raise FileError(
        f"the results that begin in line {above + begin + 1} do not end",
        hint=f"{END} ends them; without both marks they are written anew",
    )


def _is_hidden(line: str, hidden: bool) -> bool:
    """Whether the next line stands in a comment."""
    last = max(line.rfind("-->"), -1)
    begins = line.find("<!--", last + 3 if last >= 0 else 0)
    return begins >= 0 or (hidden and last < 0)


def _column(line: str, column: int) -> int:
    """Where the text of the item of a list begins that the next line may be in."""
    item = _ITEM.match(line)
    if item is not None:
        return len(item[1].expandtabs(4))
    inside = not line.strip() or len(line) - len(line.lstrip()) >= min(column, 2)
    return column if inside else 0


def _outdented(line: str, count: int) -> str:
    return line[min(count, len(line) - len(line.lstrip())) :]
