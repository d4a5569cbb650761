"""Operations that draw numbers of which torch has slopes.

They are those of what stands at the same place of the distribution as the parameters move.
"""

from collections.abc import Mapping
from typing import Any

from gradcalc.checking.lines import NoRow, Said
from gradcalc.checking.listing import Row, Writer
from gradcalc.checking.trace import FLOATS

LINES: Mapping[str, str] = {
    "_standard_gamma": "{drawn} + {moved}",
    "_sample_dirichlet": "{drawn} + {moved} - {drawn}*torch.sum({moved}, -1, keepdim=True)",
}
"""What was drawn, and how it is moved by the parameters."""


def _drawn(name: str) -> Row:
    """The numbers as they were drawn, with torch's slope, which is an approximation."""

    def row(writer: Writer, given: Mapping[str, Any]) -> str:
        use, made = given["self"], writer.results[0]
        assert made is not None
        if writer.is_in_own():
            raise NoRow(Said(f"torch.{name} draws numbers, whose slope is an approximation"))
        text = writer.text(use)
        numbers = writer.seen(text.removesuffix(".detach()"))
        if numbers is None or use.dtype not in FLOATS:
            raise NoRow(Said(f"torch.{name} draws numbers by what is not known"))
        drawn = writer.constant(made.numbers)
        if text.endswith(".detach()"):
            return f"torch.zeros_like({text}) + {drawn}"
        writer.note("approximate", f"torch.{name}")
        # torch is nothing that is imported to write lines
        from gradcalc.checking.chance import slopes_of

        slopes = writer.constant(slopes_of(name, use.dtype, numbers, made.numbers))
        moved = writer.bind(f"({text} - {text}.detach())*{slopes}")
        return LINES[name].format(drawn=drawn, moved=moved)

    return row


DRAWS: Mapping[str, Row] = {name: _drawn(name) for name in LINES}
"""Rows by the name of the operation."""
