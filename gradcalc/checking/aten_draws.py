"""Operations that draw numbers of which torch has slopes.

They are those of what stands at the same place of the distribution as the parameters move.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcalc.checking.lines import NoRow, Said
from gradcalc.checking.listing import Row, Writer
from gradcalc.checking.trace import FLOATS, Numbers

Slope = Callable[[Any, Any, Any], Any]
"""The slopes of what was drawn by the parameters, of torch and these two."""

LINES: Mapping[str, str] = {
    "_standard_gamma": "{drawn} + {moved}",
    "_sample_dirichlet": "{drawn} + {moved} - {drawn}*torch.sum({moved}, -1, keepdim=True)",
}
"""What was drawn, and how it is moved by the parameters."""


def _gamma(torch: Any, given: Any, drawn: Any) -> Any:
    return torch._standard_gamma_grad(given, drawn)


def _dirichlet(torch: Any, given: Any, drawn: Any) -> Any:
    total = given.sum(-1, True).expand_as(given).contiguous()
    return torch._dirichlet_grad(drawn, given, total)


def _drawn(name: str, slope: Slope) -> Row:
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
        slopes = writer.constant(_slopes(slope, use.dtype, numbers, made.numbers))
        moved = writer.bind(f"({text} - {text}.detach())*{slopes}")
        return LINES[name].format(drawn=drawn, moved=moved)

    return row


def _slopes(slope: Slope, dtype: str, given: Numbers, drawn: Numbers) -> Numbers:
    import torch

    tensors = (torch.as_tensor(np.array(n)).to(getattr(torch, dtype)) for n in (given, drawn))
    with torch.no_grad():
        return np.asarray(slope(torch, *tensors).double().numpy(force=True))


DRAWS: Mapping[str, Row] = {
    "_standard_gamma": _drawn("_standard_gamma", _gamma),
    "_sample_dirichlet": _drawn("_sample_dirichlet", _dirichlet),
}
"""Rows by the name of the operation."""
