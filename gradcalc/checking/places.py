"""Places in a user's files, as what is shown of them."""

import linecache
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from gradcalc.checking.trace import Place
from gradcalc.errors import Span
from gradcalc.lang.files import joined


def span_of(place: Place) -> Span | None:
    """The line at a place, None where it is nowhere."""
    if not place.line:
        return None
    # a file may have been written anew
    linecache.checkcache(place.file)
    text = linecache.getline(place.file, place.line).rstrip()
    first = len(text) - len(text.lstrip()) + 1
    return Span(place.line, first, place.line, max(len(text) + 1, first + 1), place.shown)


def text_of(files: Iterable[str]) -> str | None:
    """What stands in some files, each under its name, None where none can be read."""
    texts = []
    for name in dict.fromkeys(files):
        with suppress(OSError):
            texts.append(
                (Place(name, 0).shown, Path(name).read_text(encoding="utf-8", errors="replace"))
            )
    return joined(texts) if texts else None
