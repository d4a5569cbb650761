"""What the signs of some sources turned out to mean, and the sources written without them."""

from collections.abc import Iterable
from dataclasses import dataclass

from gradcalc.lang.products import Operation
from gradcalc.lang.signs import Place, Signed, offset


@dataclass(frozen=True, slots=True)
class Edit:
    """A piece of the source, from one place to another, to be replaced."""

    start: int
    end: int
    text: str


class Settled:
    """The operations that were found, by source and place."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Place], tuple[Operation, tuple[Edit, ...]]] = {}
        self._met: set[tuple[str, Place]] = set()

    def meet(self, source: str, place: Place) -> None:
        """Remember that a sign was met."""
        self._met.add((source, place))

    def has_met(self, source: str, place: Place) -> bool:
        """Whether a sign was met."""
        return (source, place) in self._met

    def settle(self, source: str, place: Place, signed: Signed, operation: Operation) -> bool:
        """Remember what a product is. False where it was another before."""
        edits = _edits(source, place, signed, operation)
        return self._found.setdefault((source, place), (operation, edits))[0] is operation

    def written(self, source: str, start: int = 0, end: int | None = None) -> str:
        """The source, or a piece of it, with what is known of its signs."""
        end = len(source) if end is None else end
        edits = [
            edit
            for (text, _), (_, own) in self._found.items()
            if text == source
            for edit in own
            if start <= edit.start and edit.end <= end
        ]
        return _edited(source, edits, start, end)


def ends_of(source: str, place: Place) -> tuple[int, int]:
    """Where a place begins and ends in the text."""
    return offset(source, *place[:2]), offset(source, *place[2:])


def _edits(source: str, place: Place, signed: Signed, operation: Operation) -> tuple[Edit, ...]:
    match operation:
        case Operation.TIMES:
            return ()
        case Operation.MATMUL:
            return (Edit(signed.at, signed.at + 1, "@"),)
        case Operation.OUTER:
            start, end = ends_of(source, place)
            before = len(source[: signed.at].rstrip())
            behind = end - len(source[signed.at + 1 : end].lstrip())
            return Edit(start, start, "outer("), Edit(before, behind, ", "), Edit(end, end, ")")


def _edited(source: str, edits: Iterable[Edit], start: int, end: int) -> str:
    parts, at = list[str](), start
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        parts += [source[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, source[at:end]])
