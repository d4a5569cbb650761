"""What every format shares: numbers, indexes and shapes as texts, and a gradient's rows of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradcalc.render import ALL_DIGITS
from gradcalc.report import Array, InputGradient, Report
from gradcalc.values import format_literal, number_literals

_EXACT = 1e15
"""Below it the digits before the point are all shown, however few are asked for."""


def rounded(values: Array, digits: int | None) -> Array:
    """The numbers to some significant digits, whole ones and None as they are."""
    if digits is None:
        return values
    flat = np.array(values, np.float64).ravel()
    with np.errstate(all="ignore"):
        places = np.floor(np.log10(np.abs(flat))) + 1
        changing = np.isfinite(flat) & ((flat != np.trunc(flat)) | (np.abs(flat) >= _EXACT))
    for position in np.flatnonzero(changing):
        number = flat[position]
        kept = max(digits, int(places[position])) if abs(number) < _EXACT else digits
        near = float(f"{number:.{kept}g}")
        # the largest floats have nothing above them
        flat[position] = number if np.isinf(near) else near
    return flat.reshape(np.shape(values))


def number_texts(values: Array, dtype: str = "float64", digits: int | None = None) -> list[str]:
    """The shortest text of each number that reads back to it in `dtype`, in row-major order.

    Of a number that is rounded to some digits, the text of that.
    """
    flat = np.ravel(rounded(values, digits))
    texts = number_literals(flat, dtype)
    if dtype != "float64":
        # A reference computed in float64 may lie outside the range of a narrow dtype.
        back = np.array(texts, dtype=np.float64)
        lost = (np.isinf(back) & np.isfinite(flat)) | ((back == 0) & (flat != 0))
        for position in np.flatnonzero(lost):
            texts[position] = format_literal(flat[position])
    return texts


def number_texts_beside(
    values: Array, before: Array, texts: Sequence[str], dtype: str = "float64"
) -> Sequence[str]:
    """The same as `number_texts`, where numbers of which many are equal have been written before.

    Finding the shortest text is what takes time.
    """
    differing = np.flatnonzero(values.view(np.int64) != before.view(np.int64))
    if 2 * differing.size > values.size:
        return number_texts(values, dtype)
    if not differing.size:
        return texts
    new = dict(zip(differing.tolist(), number_texts(values[differing], dtype), strict=True))
    return [new.get(position, text) for position, text in enumerate(texts)]


def index_texts(positions: NDArray[np.intp], shape: tuple[int, ...]) -> list[str]:
    """`0` or `0,1` for each position in row-major order; empty for a scalar."""
    if not shape:
        return [""] * len(positions)
    if len(shape) == 1:
        return list(map(str, positions.tolist()))
    axes = [axis.tolist() for axis in np.unravel_index(positions, shape)]
    return [",".join(map(str, index)) for index in zip(*axes, strict=True)]


def shape_text(shape: tuple[int, ...]) -> str:
    """`(4)`, `(2, 3)`."""
    return f"({', '.join(map(str, shape))})"


# -- rows --------------------------------------------------------------------------------------

Positions = NDArray[np.intp]
Mask = NDArray[np.bool_]

_SHORT = 12
_HEAD = 6
_TAIL = 4
_MOST_DISAGREEING = 20


@dataclass(frozen=True, slots=True)
class Rows:
    """Some elements of a gradient: their row-major positions, and a column of text by key.

    The keys are `index at autograd symbolic enclosure expected accumulated`, in this order; a
    column without content is left out. `ok` is None where nothing was compared; `wrong` marks the
    numbers of a column that are. `witness` is what autograd's column is called for people.
    """

    positions: Positions
    columns: Mapping[str, Sequence[str]]
    ok: Sequence[bool | None]
    wrong: Mapping[str, Sequence[bool]] = field(default_factory=dict)
    witness: str = "autograd"

    def title(self, key: str, name: str) -> str:
        """What stands above a column, in the rows of the input with this name."""
        return {"at": name, "autograd": self.witness}.get(key, key)


def gradient_rows(
    report: Report,
    gradient: InputGradient,
    positions: Positions | None = None,
    digits: int | None = None,
) -> Rows:
    """The rows at the positions, or all of them, in as many digits as tell what differs."""
    shape = gradient.shape
    chosen = np.arange(gradient.size) if positions is None else positions
    columns: dict[str, Sequence[str]] = {}
    if shape:
        columns["index"] = index_texts(chosen, shape)
    claim, written = gradient.claim, None
    told = np.ones(len(chosen), np.bool_) if gradient.told is None else gradient.told.flat[chosen]
    shown: dict[str, Array] = {}
    numbers = {
        "at": report.inputs.get(gradient.name),
        "autograd": gradient.autograd,
        "symbolic": gradient.symbolic,
        "enclosure": gradient.enclosure,
        "expected": None if claim is None else claim.value,
        "accumulated": gradient.accumulated,
    }
    for key, values in numbers.items():
        if values is None:
            continue
        own = np.ascontiguousarray(np.broadcast_to(values, shape).ravel()[chosen], np.float64)
        shown[key] = own
        if digits is not None:
            columns[key] = number_texts(own, report.dtype, digits)
        elif written is None:
            columns[key] = number_texts(own, report.dtype)
        else:
            columns[key] = number_texts_beside(own, *written, report.dtype)
        if key == "autograd":
            written = own, columns[key]
        if key in ("symbolic", "enclosure"):
            columns[key] = [t if i else "" for t, i in zip(columns[key], told, strict=True)]
    differing = disagreeing(gradient)
    ok: list[bool | None] = [None] * len(chosen)
    if differing is not None:
        known = judged(gradient, differing)[chosen]
        ok = [not off if k else None for off, k in zip(differing[chosen], known, strict=True)]
    masks = {"autograd": gradient.differs, "expected": None if claim is None else claim.differs}
    wrong = {
        key: np.broadcast_to(mask, shape).ravel()[chosen].tolist()
        for key, mask in masks.items()
        if mask is not None
    }
    if digits is not None:
        told_apart = {key: list(texts) for key, texts in columns.items()}
        for row in (row for row, same in enumerate(ok) if same is False):
            compared = {k: own[row] for k, own in shown.items() if k != "at" and columns[k][row]}
            off = [key for key in wrong if wrong[key][row]]
            for key, text in _told_apart(compared, off, digits, report.dtype).items():
                told_apart[key][row] = text
        columns = {**told_apart}
    return Rows(chosen, columns, ok, wrong, report.witness)


def _told_apart(
    numbers: Mapping[str, np.float64], wrong: Sequence[str], digits: int, dtype: str
) -> dict[str, str]:
    """The numbers of a row in as many digits as it takes to see that the wrong ones are others."""
    pairs = [
        (off, other)
        for off in numbers
        for other in numbers
        if off in wrong and other not in wrong and numbers[off] != numbers[other]
    ]
    texts: dict[str, str] = {}
    for more in range(digits, ALL_DIGITS + 1):
        texts = {key: number_texts(np.array(n), dtype, more)[0] for key, n in numbers.items()}
        if all(texts[off] != texts[other] for off, other in pairs):
            break
    return texts


def scalar_rows(
    report: Report, gradients: Sequence[InputGradient], digits: int | None = None
) -> Rows:
    """The rows of gradients by single numbers, one below the other, under their names."""
    parts = [gradient_rows(report, gradient, digits=digits) for gradient in gradients]
    columns = {"index": [gradient.name for gradient in gradients]}
    for key in dict.fromkeys(key for part in parts for key in part.columns):
        columns[key] = [text for part in parts for text in part.columns.get(key, ("",))]
    wrong = {
        key: [mark for part in parts for mark in part.wrong.get(key, (False,))]
        for key in ("autograd", "expected")
    }
    ok = [mark for part in parts for mark in part.ok]
    return Rows(np.arange(len(parts)), columns, ok, wrong, report.witness)


def disagreeing(gradient: InputGradient) -> Mask | None:
    """Which elements differ between the witnesses or from the claim; None if none were compared."""
    shape = gradient.shape
    claim = gradient.claim
    masks = [] if gradient.differs is None else [gradient.differs]
    if claim is not None:
        masks.append(claim.differs)
    if not masks:
        return None
    spread = [np.broadcast_to(mask, shape).ravel() for mask in masks]
    together: Mask = np.logical_or.reduce(spread)
    return together


def judged(gradient: InputGradient, differing: Mask) -> Mask:
    """Which elements were held to something: a claim may be without there being a gradient."""
    told = True if gradient.told is None else np.ravel(gradient.told)
    found: Mask = differing | told | (gradient.claim is not None)
    return found


def visible(gradient: InputGradient, *, show_all: bool) -> Positions:
    """What to show of a gradient: its head, its tail, and the elements that disagree."""
    size = gradient.size
    if show_all or size <= _SHORT:
        return np.arange(size)
    differing = disagreeing(gradient)
    odd = np.arange(0) if differing is None else np.flatnonzero(differing)[:_MOST_DISAGREEING]
    return np.unique(np.concatenate([np.arange(_HEAD), odd, np.arange(size - _TAIL, size)]))


def hidden_text(gradient: InputGradient, shown: Positions) -> str | None:
    """How many rows are not shown and what they are like; None if there are none."""
    count = gradient.size - len(shown)
    if not count:
        return None
    rows = f"{count:,} more row{'s' if count > 1 else ''}"
    differing = disagreeing(gradient)
    if differing is None:
        return f"{rows}; --all shows them"
    odd = int(differing.sum()) - int(differing[shown].sum())
    like = f", {odd:,} of which differ" if odd else (" that agree" if count > 1 else " that agrees")
    return f"{rows}{like}; --all shows {'them' if count > 1 else 'it'}"
