"""Products of matrices and what solves for them, of complex numbers by their parts."""

from collections.abc import Mapping
from typing import Any

from gradcalc.checking.listing import Row, Writer
from gradcalc.checking.trace import Data, Use

Given = Mapping[str, Any]


def _product(name: str, first: str, second: str) -> Row:
    """A product of matrices; of complex ones by that of their parts, which is known."""

    def row(writer: Writer, given: Given) -> str:
        a, b = writer.text(given[first]), writer.text(given[second])
        pair = [given[first].dtype.startswith("complex"), given[second].dtype.startswith("complex")]
        if not any(pair):
            return f"torch.{name}({a}, {b})"
        parts = [
            (f"torch.real({t})", f"torch.imag({t})") if c else (t, None)
            for t, c in zip((a, b), pair, strict=True)
        ]
        (ar, ai), (br, bi) = parts
        real = f"torch.{name}({ar}, {br})" + (f" - torch.{name}({ai}, {bi})" if ai and bi else "")
        across = [f"torch.{name}({x}, {y})" for x, y in ((ar, bi), (ai, br)) if x and y]
        return f"torch.complex({real}, {' + '.join(across)})"

    return row


def _halves(writer: Writer, use: Use | Data) -> tuple[str, str]:
    """The real and the imaginary part of numbers, which may be real ones."""
    text = writer.text(use)
    if use.dtype.startswith("complex"):
        return writer.bind(f"torch.real({text})"), writer.bind(f"torch.imag({text})")
    return text, writer.bind(f"torch.zeros_like({text})")


def _of_pairs(writer: Writer, matrix: Use | Data, *, turned: bool = False) -> str:
    """A real matrix that does to pairs what one of complex numbers does to these, `turned` if need
    be."""
    real, imag = _halves(writer, matrix)
    if turned:
        real, imag = (f"torch.transpose({half}, -2, -1)" for half in (real, imag))
    above, below = f"[{real}, -{imag}]", f"[{imag}, {real}]"
    return writer.bind(f"torch.cat([torch.cat({above}, -1), torch.cat({below}, -1)], -2)")


def _joined(writer: Writer, text: str, count: int) -> str:
    """Complex numbers of pairs, the real parts of which are the first rows."""
    name = writer.bind(text)
    return f"torch.complex({name}[..., :{count}, :], {name}[..., {count}:, :])"


def _inverse(writer: Writer, given: Given) -> list[str | None]:
    matrix, size = given["A"], given["A"].shape[-1]
    if not matrix.dtype.startswith("complex"):
        return [f"torch.linalg.inv({writer.text(matrix)})", None]
    inverse = f"torch.linalg.inv({_of_pairs(writer, matrix)})[..., :, :{size}]"
    return [_joined(writer, inverse, size), None]


def _solved(writer: Writer, given: Given) -> list[str | None]:
    matrix, other, left = given["A"], given["B"], given.get("left", True)
    if not matrix.dtype.startswith("complex"):
        text = f"{writer.text(matrix)}, {writer.text(other)}, left={left}"
        return [f"torch.linalg.solve({text})", None, None, None]
    is_vector = left and matrix.shape[:-1] == other.shape
    halves, pairs = _halves(writer, other), _of_pairs(writer, matrix, turned=not left)
    # what is multiplied from the right is so from the left of what is turned
    turn = "{}" if left else "torch.transpose({}, -2, -1)"
    rows = [f"{half}[..., None]" if is_vector else turn.format(half) for half in halves]
    found = f"torch.linalg.solve({pairs}, torch.cat([{', '.join(rows)}], -2))"
    made = turn.format(_joined(writer, found, matrix.shape[-1]))
    return [f"{made}[..., 0]" if is_vector else made, None, None, None]


def _added(name: str, first: str, second: str) -> Row:
    """A product that is added to something."""
    product = _product({"addmm": "mm", "addmv": "mv", "baddbmm": "bmm"}[name], first, second)

    def row(writer: Writer, given: Given) -> str:
        beta, alpha = (writer.text(given.get(key, 1)) for key in ("beta", "alpha"))
        if not any(given[key].dtype.startswith("complex") for key in ("self", first, second)):
            parts = ", ".join(writer.text(given[key]) for key in ("self", first, second))
            return f"torch.{name}({parts}, beta={beta}, alpha={alpha})"
        found = writer.bind(product(writer, given))
        return f"{beta}*{writer.text(given['self'])} + {alpha}*{found}"

    return row


def _dotted(name: str, first: str, second: str) -> Row:
    def row(writer: Writer, given: Given) -> str:
        a, b = writer.text(given[first]), writer.text(given[second])
        if not any(given[key].dtype.startswith("complex") for key in (first, second)):
            return f"torch.{name}({a}, {b})"
        return f"torch.sum({f'torch.conj({a})' if name == 'vdot' else a}*{b})"

    return row


PAIRS: Mapping[str, Row] = {
    "mm": _product("mm", "self", "mat2"),
    "bmm": _product("bmm", "self", "mat2"),
    "mv": _product("mv", "self", "vec"),
    "dot": _dotted("dot", "self", "tensor"),
    "vdot": _dotted("vdot", "self", "other"),
    "addmm": _added("addmm", "mat1", "mat2"),
    "addmv": _added("addmv", "mat", "vec"),
    "baddbmm": _added("baddbmm", "batch1", "batch2"),
    "_linalg_solve_ex": _solved,
    "linalg_inv_ex": _inverse,
}
"""Rows by the name of the operation."""
