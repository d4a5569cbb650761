"""Operations on whole numbers that are none on real ones: on bits, and beyond what floats hold.

What they give is what it is, as long as they are given the same: it is asked for in the program.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcalc.checking.lines import NoRow
from gradcalc.checking.listing import Row, Writer
from gradcalc.checking.trace import Data, Use

Given = Mapping[str, Any]

LARGEST = 2**53
"""Whole numbers up to it are floats."""


def _is_whole(value: Any) -> bool:
    if isinstance(value, Use | Data):
        return value.dtype == "bool" or value.dtype.startswith(("int", "uint"))
    return isinstance(value, int | None)


def _as_it_is(writer: Writer, given: Given) -> str:
    made = writer.results[0]
    assert made is not None
    for value in given.values():
        if isinstance(value, Use | Data):
            writer.hold(value)
    return writer.constant(made.numbers, made.view.dtype)


def _bits(logic: str | None) -> Row:
    """An operation on bits; of truth values alone it is the `logic`."""

    def row(writer: Writer, given: Given) -> str:
        values = [given[name] for name in ("self", "other") if name in given]
        if logic is not None and all(getattr(v, "dtype", "bool") == "bool" for v in values):
            return f"torch.{logic}({', '.join(map(writer.text, values))})"
        if not all(map(_is_whole, given.values())):
            raise NoRow("bits of numbers")
        return _as_it_is(writer, given)

    return row


def exact(row: Row) -> Row:
    """A row of numbers, which whole ones may be too large for."""

    def found(writer: Writer, given: Given) -> Any:
        made = writer.results[0] if writer.results else None
        if made is not None and made.numbers.dtype.kind in "iu":
            values = [v for v in given.values() if isinstance(v, Use | Data)]
            known = [made.numbers, *(v.numbers for v in values if v.numbers is not None)]
            large = any(n.size and np.max(np.abs(n.astype(np.float64))) > LARGEST for n in known)
            if large and all(map(_is_whole, values)):
                return _as_it_is(writer, given)
        return row(writer, given)

    return found


BITS: Mapping[str, Row] = {
    **{f"bitwise_{name}": _bits(f"logical_{name}") for name in ("and", "or", "xor", "not")},
    **{f"__{name}__": _bits(f"logical_{name}") for name in ("and", "or", "xor")},
    **{f"__i{name}__": _bits(f"logical_{name}") for name in ("and", "or", "xor")},
    **{f"bitwise_{side}_shift": _bits(None) for side in ("left", "right")},
    **{f"__{i}{side}shift__": _bits(None) for i in ("", "i") for side in ("l", "r")},
}
"""Rows by the name of the operation."""

LARGE = frozenset(
    {"mul", "add", "sub", "rsub", "neg", "remainder", "fmod", "div", "floor_divide", "sum", "pow",
     "prod", "cumsum", "abs"}
)  # fmt: skip
"""Operations on whole numbers which these may be too large for."""
