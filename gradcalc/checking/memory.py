"""What tensors that share memory have in common, told in lines that write nothing over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from gradcalc.checking.trace import NOWHERE, Call, Numbers, Place, Start, Use, View, contiguous

Key = tuple[int, tuple[int, ...], tuple[int, ...]]

PAIRS: Mapping[str, str] = {"complex128": "float64", "complex64": "float32", "complex32": "float16"}
"""Dtypes whose elements are two of another one."""


@dataclass(frozen=True, slots=True)
class Library:
    """Whose words the lines are in: a name, what joins arrays there, and what it is called."""

    name: str
    join: str
    told: str


TORCH = Library("torch", "torch.cat", "torch")
NUMPY = Library("np", "np.concatenate", "numpy")


class Lines(Protocol):
    """What a line is asked of."""

    @property
    def library(self) -> Library: ...
    def bind(self, text: str, made: Numbers | None = None) -> str: ...
    def constant(self, numbers: Numbers, dtype: str = "") -> str: ...


@dataclass(slots=True)
class Storage:
    """What is known of a storage since something was last written into it.

    `views` are the names of what lies there; `flat` is the name of all of it, `size` how many
    numbers it has.
    """

    size: int
    flat: str | None = None
    views: dict[Key, str] = field(default_factory=dict)


class Memory:
    """The storages of a trace, by the names of the lines that say what is in them."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._library = lines.library.name
        # by the dtype that its memory is read as
        self._storages: dict[int, dict[str, Storage]] = {}
        self.lost: dict[int, str] = {}
        self.places: dict[int, Place] = {}

    def start(self, event: Start) -> None:
        """A storage with the numbers that it had."""
        name = self._lines.bind(f"{self._lines.constant(event.numbers.ravel())}*1")
        self._storages[event.storage] = {event.dtype: Storage(event.numbers.size, name)}

    def lose(self, view: View, why: str, place: Place = NOWHERE) -> None:
        """Take all that lies there for something that nobody can see into."""
        self.lost[view.storage], self.places[view.storage] = why, place
        self._storages.pop(view.storage, None)

    def knows(self, storage: int) -> bool:
        """Whether anything was said of a storage."""
        return storage in self.lost or storage in self._storages

    def named(self, view: View, name: str) -> None:
        """Call what lies there by another name, where nothing was written."""
        held = self._storages.get(view.storage, {}).get(view.dtype)
        if held is not None:
            held.views.setdefault(view.key, name)

    def read(self, view: View) -> str | None:
        """The name of what lies there, None where nobody knows."""
        held = self._held(view)
        if held is None:
            return None
        found = held.views.get(view.key)
        if found is None:
            found = self._gathered(held, view)
            if found is not None:
                held.views[view.key] = found
        if found is None or not view.flipped:
            return found
        return self._lines.bind(
            f"{self._library}.conj({found})" if view.flipped == "conj" else f"-{found}"
        )

    def _held(self, view: View) -> Storage | None:
        """What is known of where a view lies, as numbers of its kind."""
        kinds = self._storages.get(view.storage, {})
        if view.dtype in kinds:
            return kinds[view.dtype]
        for dtype, other in kinds.items():
            flat = self._flat(other) if view.dtype in (PAIRS.get(dtype), _pair_of(dtype)) else None
            if flat is None:
                continue
            if view.is_complex:
                text, size = (
                    f"torch.view_as_complex(torch.reshape({flat}, [-1, 2]))",
                    other.size // 2,
                )
            else:
                text, size = f"torch.reshape(torch.view_as_real({flat}), [-1])", other.size * 2
            kinds[view.dtype] = Storage(size, self._lines.bind(text))
            return kinds[view.dtype]
        return None

    def write(self, view: View, name: str) -> None:
        """Put what a name stands for there."""
        if view.flipped:
            name = self._lines.bind(
                f"{self._library}.conj({name})" if view.flipped == "conj" else f"-{name}"
            )
        held = self._held(view)
        if held is None:
            held = Storage(view.end, None, {view.key: name})
            self._storages[view.storage] = {view.dtype: held}
            return
        # what it is when it is read as something else is another thing from now on
        self._storages[view.storage] = {view.dtype: held}
        if view.size == held.size and _covers(view, held.size):
            held.flat, held.views = None, {view.key: name}
            return
        whole = self._flat(held)
        if whole is None:
            self.lost.setdefault(view.storage, "memory of which only a part is known")
            held.views = {view.key: name}
            held.flat = None
            return
        held.flat = self._overwritten(held, whole, view, name)
        held.views = {view.key: name}

    def _overwritten(self, held: Storage, whole: str, view: View, name: str) -> str:
        """All of a storage in which something was written over."""
        positions = view.positions().ravel()
        lines = self._lines
        if not positions.size:
            return whole
        flat = lines.bind(f"{self._library}.reshape({name}, [{positions.size}])")
        first, last = int(positions[0]), int(positions[-1])
        if np.array_equal(positions, np.arange(first, last + 1)):
            parts = [f"{whole}[:{first}]"] * (first > 0) + [flat]
            parts += [f"{whole}[{last + 1}:]"] * (last + 1 < held.size)
            return (
                lines.bind(f"{lines.library.join}([{', '.join(parts)}])")
                if len(parts) > 1
                else flat
            )
        source, mask = np.zeros(held.size, np.int64), np.zeros(held.size, np.bool_)
        source[positions], mask[positions] = np.arange(positions.size), True
        spread = f"{flat}[{lines.constant(source)}]"
        return lines.bind(f"{self._library}.where({lines.constant(mask)}, {spread}, {whole})")

    def _flat(self, held: Storage) -> str | None:
        """The name of all of a storage."""
        if held.flat is not None:
            return held.flat
        for key, name in held.views.items():
            offset, shape, strides = key
            view = View(0, offset, shape, strides, "")
            if view.size != held.size or not _covers(view, held.size):
                continue
            positions = view.positions().ravel()
            flat = (
                name
                if len(shape) == 1
                else self._lines.bind(f"{self._library}.reshape({name}, [-1])")
            )
            if not np.array_equal(positions, np.arange(held.size)):
                order = self._lines.constant(np.argsort(positions))
                flat = self._lines.bind(f"{flat}[{order}]")
            held.flat = flat
            return flat
        return None

    def _gathered(self, held: Storage, view: View) -> str | None:
        """What lies there, out of all of the storage."""
        flat = self._flat(held)
        shape = list(view.shape)
        if flat is None:
            return self._within(held, view)
        if view.offset == 0 and view.size == held.size and view.strides == contiguous(view.shape):
            return self._lines.bind(f"{self._library}.reshape({flat}, {shape})")
        positions = view.positions()
        if positions.size and int(positions.max()) >= held.size:
            return None
        if view.shape == ():
            return self._lines.bind(f"{flat}[{int(positions)}]")
        picked = f"{flat}[{self._lines.constant(positions.ravel())}]"
        return self._lines.bind(f"{self._library}.reshape({picked}, {shape})")

    def _within(self, held: Storage, view: View) -> str | None:
        """What lies there, where all of it is part of something of which the rest is not known."""
        wanted = view.positions().ravel()
        for key, name in held.views.items():
            known = View(0, *key, "").positions().ravel()
            if not np.isin(wanted, known).all():
                continue
            order = np.argsort(known)
            places = self._lines.constant(order[np.searchsorted(known, wanted, sorter=order)])
            flat = self._lines.bind(f"{self._library}.reshape({name}, [-1])")
            picked = f"{flat}[{places}]"
            return self._lines.bind(f"{self._library}.reshape({picked}, {list(view.shape)})")
        return None

    def alias(self, call: Call) -> bool:
        """Name the results of an operation that only looks at what is there in another way."""
        source = call.arguments.get("self")
        if not isinstance(source, Use):
            return False
        held = self._storages.get(source.view.storage, {}).get(source.view.dtype)
        if held is None or source.view.flipped:
            return True
        for position, made in enumerate(call.results):
            if made is None or made.view.key in held.views or source.view.key not in held.views:
                continue
            if made.view.flipped or made.view.dtype != source.view.dtype:
                continue
            text = _viewed(call, position, held.views[source.view.key], made.view)
            if text is not None:
                held.views[made.view.key] = self._lines.bind(text, made.numbers)
        return True


def _pair_of(dtype: str) -> str | None:
    return next((pair for pair, part in PAIRS.items() if part == dtype), None)


def _covers(view: View, size: int) -> bool:
    positions = view.positions().ravel()
    return len(np.unique(positions)) == size


def _viewed(call: Call, position: int, name: str, made: View) -> str | None:
    """A view in the words of the language, None where memory says it better."""
    base = call.name.partition(".")[2]
    given: dict[str, Any] = dict(call.arguments)
    use = given.pop("self")
    rank = len(use.shape)
    if base == "t" and rank == 2:
        return f"{name}.T"
    if base in ("t", "alias", "detach", "lift_fresh", "view_as_real", "_conj"):
        return None
    if base in ("transpose", "swapaxes", "swapdims") and rank > 1:
        return f"torch.transpose({name}, {given['dim0']}, {given['dim1']})"
    if base == "permute":
        return f"torch.permute({name}, {list(given['dims'])})"
    if base in ("view", "_unsafe_view", "_reshape_alias", "unsqueeze", "squeeze", "unflatten"):
        return f"torch.reshape({name}, {list(made.shape)})"
    if base == "expand":
        return f"torch.broadcast_to({name}, {list(made.shape)})"
    if base == "select":
        return f"{name}[{_behind(given['dim'], rank)}{given['index']}]"
    if base == "slice":
        dim = given.get("dim", 0)
        start, end, step = given.get("start"), given.get("end"), given.get("step", 1)
        end = None if end is None or end > 2**40 else end
        text = ":".join("" if part is None else str(part) for part in (start, end))
        return f"{name}[{_behind(dim, rank)}{text}{'' if step == 1 else f':{step}'}]"
    if base == "unbind":
        return f"{name}[{_behind(given.get('dim', 0), rank)}{position}]"
    if base in ("split", "split_with_sizes"):
        dim = given.get("dim", 0)
        if base == "split":
            size = int(given["split_size"])
            start, end = size * position, min(size * (position + 1), use.shape[dim])
        else:
            sizes = given["split_sizes"]
            start = sum(sizes[:position])
            end = start + sizes[position]
        return f"{name}[{_behind(dim, rank)}{start}:{end}]"
    if base == "diagonal" and rank == 2:
        return f"torch.diagonal({name}, {given.get('offset', 0)})"
    return None


def _behind(dim: int, rank: int) -> str:
    """The colons of the axes before one."""
    return ":, " * (dim % rank)
