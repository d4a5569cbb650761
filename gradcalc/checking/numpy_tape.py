"""What a function of numpy arrays does, written down as lines of the language while it runs."""

import itertools
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_stack
from types import FrameType
from typing import Any

import numpy as np

from gradcalc.checking.lines import OTHER_WAY, Line, Listing, NoRow, name_inside, pruned, spelled
from gradcalc.checking.memory import NUMPY, Memory
from gradcalc.checking.trace import NOWHERE, Numbers, Place, Start, View

IMPORTS = "import numpy as np, scipy.special, scipy.linalg, math"
"""The first line of a program of numpy's."""

_TOGETHER = ("np.linalg.", "scipy.linalg.", "np.fft.")
"""What gives numbers each of which is rounded on the scale of the largest."""


_OUTSIDE = (str(Path(__file__).parent), str(Path(np.__file__).parent))
_COMPILED = (".pyx", ".pxd", ".pxi")
_LIBRARIES = ("/scipy/", "/contextlib.py", "/functools.py")


def place_here() -> Place:
    """The line of the user's that is running."""
    return where_from(walk_stack(sys._getframe(1)))[0]


def where_from(frames: Iterable[tuple[FrameType, int]]) -> tuple[Place, str]:
    """The line of the user's that led somewhere by frames, the innermost first, and the function of
    scipy's that it calls, if any."""
    through = ""
    for frame, line in frames:
        name = frame.f_code.co_filename
        outside = name.startswith(_OUTSIDE) or any(part in name for part in _LIBRARIES)
        if not (outside or name.startswith("<") or name.endswith(_COMPILED)):
            return Place(name, line), through
        if "/scipy/" in name:
            through = _public_name(frame)
    return NOWHERE, through


def _public_name(frame: FrameType) -> str:
    """What a function is called where it is imported from, of a method its class; the module where
    it has no name there."""
    parts = str(frame.f_globals.get("__name__", "")).split(".")
    space = ".".join(itertools.takewhile(lambda part: not part.startswith("_"), parts))
    kind = type(frame.f_locals.get("self")).__name__
    for name in (frame.f_code.co_name, kind):
        if callable(getattr(sys.modules.get(space), name, None)):
            return f"{space}.{name}"
    return space


class Followed:
    """An array, or with `scalar` a number, that is followed by a tape."""

    __slots__ = ("raw", "scalar", "tape")

    def __init__(self, tape: "Tape", raw: Numbers, *, scalar: bool = False) -> None:
        self.tape, self.raw, self.scalar = tape, raw, scalar


class Tape:
    """The lines of a run, and which memory has anything of the inputs in it.

    `leaks` are the places where a number was taken out that nobody follows, each with the way that
    it went, `through` the functions of scipy's that a line calls, `drawn` where a generator without
    a seed was made. `given` are arguments that are data, by name. With `shake` each number is
    moved by about its rounding.
    """

    library = NUMPY

    def __init__(self, kind: type[Followed], shake: np.random.Generator | None = None) -> None:
        self.kind = kind
        self.shake = shake
        self.given: Mapping[str, Numbers] = {}
        self.listing = Listing(imports=IMPORTS, library=NUMPY)
        self.memory = Memory(self)
        self.leaks: list[tuple[str, Place]] = []
        self.through: dict[Place, str] = {}
        self.drawn: Place | None = None
        self.paused = 0
        self.operation = ""
        self.lowest = np.dtype(np.float64)
        self._owners: dict[int, tuple[int, Any]] = {}
        self._constants: dict[tuple[Any, ...], str] = {}
        self._count = 0
        self.floats: dict[int, tuple[float, Followed]] = {}
        self._blind: dict[int, tuple[str, Place]] = {}

    def shaken(self, made: Numbers) -> Numbers:
        """Numbers that something has given, moved by what rounding might do to them."""
        if self.shake is None or made.dtype.kind not in "fc" or not made.size:
            return made
        sizes = np.abs(made)
        if self.operation.startswith(_TOGETHER):
            sizes = np.full(made.shape, np.max(sizes))
        room = 2 * np.finfo(made.dtype).eps * sizes
        moved = made + room * self.shake.uniform(-1, 1, made.shape)
        if made.dtype.kind == "c":
            moved = moved + 1j * room * self.shake.uniform(-1, 1, made.shape)
        return np.asarray(np.where(np.isfinite(sizes), moved, made), made.dtype)

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Let numpy work on plain numbers, unseen."""
        self.paused += 1
        try:
            yield
        finally:
            self.paused -= 1

    # -- lines

    def bind(self, text: str, made: Numbers | None = None) -> str:
        """Give an expression a line, and a name."""
        name = f"t{self._count}"
        self._count += 1
        if made is not None:
            made = np.array(made)
            if made.dtype.kind == "f" and made.dtype.itemsize < self.lowest.itemsize:
                self.lowest = made.dtype
        lines = self.listing.lines
        place, through = where_from(walk_stack(sys._getframe(1)))
        if through:
            self.through.setdefault(place, through)
        lines.append(Line(name, f"{name} = {text}", place, len(lines), self.operation, made=made))
        return name

    def renewed(self, name: str, call: str) -> str:
        """A copy of what a name stands for, written into by a call in which it is called `{}`."""
        made = self.bind(f"np.copy({name})")
        line = self.listing.lines[-1]
        text = f"{line.text}; {call.replace('{}', made)}"
        self.listing.lines[-1] = Line(made, text, line.place, line.event, line.operation)
        return made

    def decide(self, condition: str) -> None:
        """Write down that something holds, which the run hangs on: otherwise nobody knows."""
        text = f"if {condition}: raise ValueError({OTHER_WAY!r})"
        lines = self.listing.lines
        lines.append(Line("", text, place_here(), len(lines), self.operation))

    def leak(self, how: str) -> None:
        """Write down that a number went out of sight."""
        place, through = where_from(walk_stack(sys._getframe(1)))
        found = through or how, place
        if through:
            self.through.setdefault(place, through)
        if found not in self.leaks:
            self.leaks.append(found)

    def constant(self, numbers: Numbers, dtype: str = "") -> str:
        """Numbers as an input that is data, or written down where there are few."""
        numbers = np.asarray(numbers)
        if numbers.dtype.kind == "c":
            real, imaginary = self.constant(numbers.real.copy()), self.constant(numbers.imag.copy())
            return f"({real} + 1j*{imaginary})"
        if numbers.dtype.kind not in "fiub":
            raise NoRow(f"an array of {numbers.dtype}")
        if numbers.shape == ():
            value = numbers.item()
            if isinstance(value, float) and not np.isfinite(value):
                return f"float('{value}')"
            return repr(value)
        named = self._as_given(numbers)
        if named is not None:
            return named
        short = spelled(numbers, "np.array")
        if short is not None:
            return short
        key = (numbers.dtype.str, numbers.shape, numbers.tobytes())
        if key not in self._constants:
            name = f"c{len(self._constants)}"
            self._constants[key] = name
            self.listing.data[name] = numbers.copy()
        return self._constants[key]

    def _as_given(self, numbers: Numbers) -> str | None:
        """The name of an argument that is data, where an array is that, or its transpose."""
        for position, (name, array) in enumerate(self.given.items()):
            turned = {"": array, ".T": array.T}
            found = next((end for end, one in turned.items() if _is_in_place(numbers, one)), None)
            if found is None:
                continue
            inside = name_inside(name, len(self.listing.names) + position)
            before = self.listing.data.setdefault(inside, array.copy())
            self.listing.others[inside] = name
            # what is written into is another one then
            return inside + found if np.array_equal(before, array, equal_nan=True) else None
        return None

    # -- memory

    def view(self, raw: Numbers) -> View:
        """Where an array lies."""
        owner = owner_of(raw)
        key = self._owners.setdefault(id(owner), (len(self._owners), owner))[0]
        unit = raw.dtype.itemsize
        offset = raw.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
        if owner.dtype.itemsize != unit or offset % unit or any(s % unit for s in raw.strides):
            raise NoRow("memory that is looked at as numbers of another kind")
        strides = tuple(stride // unit for stride in raw.strides)
        dtype = str(raw.dtype)
        return View(key, offset // unit, tuple(raw.shape), strides, dtype)

    def is_live(self, raw: Numbers) -> bool:
        """Whether anything of the inputs is where an array lies."""
        found = self._owners.get(id(owner_of(raw)))
        return found is not None and (self.memory.knows(found[0]) or found[0] in self._blind)

    def name(self, raw: Numbers) -> str:
        """What an array is called now; numbers that have nothing of the inputs as they are.

        Raises `NoRow` where nobody knows.
        """
        if not self.is_live(raw):
            return self.constant(raw)
        storage = self._owners[id(owner_of(raw))][0]
        if storage in self._blind:
            raise NoRow(self._blind[storage][0])
        found = self.memory.read(self.view(raw))
        if found is None:
            raise NoRow(self.memory.lost.get(storage, "something out of sight"))
        return found

    def put(self, raw: Numbers, name: str) -> None:
        """Say what lies where an array does now."""
        self.memory.write(self.view(raw), name)

    def start(self, raw: Numbers) -> None:
        """Take note of what lies where something is about to be written into."""
        if self.is_live(raw):
            return
        owner = owner_of(raw)
        view = self.view(owner)
        plain = np.empty(owner.size, owner.dtype)
        plain[view.positions().ravel()] = owner.ravel()
        self.memory.start(Start(view.storage, plain, view.dtype))

    def lose(self, raw: Numbers, why: str) -> None:
        """Take what lies where an array does for something that nobody can see into."""
        owner = owner_of(raw)
        storage = self._owners.setdefault(id(owner), (len(self._owners), owner))[0]
        self._blind.setdefault(storage, (why, place_here()))

    def blind(self, raw: Numbers) -> Place:
        """Where that was lost sight of."""
        found = self._owners.get(id(owner_of(raw)))
        return NOWHERE if found is None else self._blind.get(found[0], ("", NOWHERE))[1]

    def store(self, raw: Numbers, made: Numbers, text: str | None, why: str = "") -> None:
        """Write into an array; without a text it is numbers that have nothing of the inputs, or
        what nobody knows for the reason given."""
        if text is None and not why and not self.is_live(raw):
            np.copyto(raw, made, casting="unsafe")
            return
        if text is None and not why:
            text = self.constant(np.asarray(made))
        if raw.dtype.kind in "iub" and np.asarray(made).dtype.kind not in "iub":
            text, why = None, "numbers that are cut to integers where they are written"
        self.start(raw)
        if text is not None:
            if raw.dtype.kind == "f" and raw.dtype.itemsize < np.asarray(made).dtype.itemsize:
                text = f"{self.bind(text)}.astype(np.{raw.dtype.name})"
            shape = np.shape(made)
            while len(shape) > raw.ndim and shape[0] == 1:
                shape = shape[1:]
            if shape != np.shape(made):
                text = f"np.reshape({text}, {list(shape)})"
            name = self.bind(f"np.broadcast_to({text}, {list(raw.shape)})")
        np.copyto(raw, np.reshape(made, shape) if text is not None else made, casting="unsafe")
        if text is None:
            self.lose(raw, why)
        else:
            self.put(raw, name)

    def lock(self, raw: Numbers, how: str, change: str = "{}") -> None:
        """Note that the run hangs on numbers being just these, which are integers or so."""
        with np.errstate(all="ignore"):
            now = np.trunc(raw) if change != "{}" else raw
        try:
            name = change.format(self.name(raw))
            self.decide(f"np.any({name} != {self.constant(now)})")
        except NoRow:
            self.leak(how)

    def ended(self, output: str) -> Listing:
        """The program of the lines that an output has anything of."""
        found = self.listing
        found.output = output
        found.lines = pruned(found)
        found.data = {n: v for n, v in found.data.items() if re.search(rf"\b{n}\b", found.source)}
        found.others = {n: name for n, name in found.others.items() if n in found.data}
        return found


def _is_in_place(one: Numbers, other: Numbers) -> bool:
    """Whether two arrays are the same numbers of the same memory."""
    mine, theirs = one.__array_interface__, other.__array_interface__
    return (mine["data"], one.shape, one.strides, one.dtype) == (
        theirs["data"], other.shape, other.strides, other.dtype,
    )  # fmt: skip


def owner_of(raw: Any) -> Any:
    """The array whose memory an array is part of."""
    while True:
        base = raw.base
        if not isinstance(base, np.ndarray):
            base = getattr(base, "base", None)
        if not isinstance(base, np.ndarray):
            return raw
        raw = base
