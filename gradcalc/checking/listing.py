"""A trace as a program of the language, an operation a line.

Tensors that share memory are told apart here: each line gives new numbers a name of their own, and
a view of what was written over reads what was written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

import numpy as np

from gradcalc.checking.lines import (
    BOUND,
    OTHER_WAY,
    WORD,
    Line,
    Listing,
    NoRow,
    Part,
    Text,
    name_inside,
    pruned,
    spelled,
)
from gradcalc.checking.memory import TORCH, Memory
from gradcalc.checking.needed import needed, views_in
from gradcalc.checking.ran import Hand
from gradcalc.checking.trace import (
    FLOATS,
    NOWHERE,
    Applied,
    Call,
    Data,
    Event,
    Meant,
    Note,
    Numbers,
    Place,
    Result,
    Same,
    Start,
    Trace,
    Use,
    View,
    uses_in,
)

Row = Callable[["Writer", Mapping[str, Any]], Any]
"""What an operation is in the language: of its arguments an expression, or one for each result with
None for those that are no part of it. Raises `NoRow` for arguments that are not told."""


class Writer:
    """Writes the lines of a trace; rows ask it for the texts of arguments."""

    library = TORCH

    def __init__(
        self, row: Callable[[str], Row | None], hands: Mapping[int, Hand] | None = None
    ) -> None:
        self._hands = hands or {}
        self.listing = Listing()
        self.memory = Memory(self)
        self._row = row
        self._event: tuple[int, str, Place, int | None] = (0, "", NOWHERE, None)
        self._constants: dict[tuple[Any, ...], str] = {}
        self._count = 0
        self._made: dict[str, Numbers] = {}
        self.results: tuple[Result | None, ...] = ()
        self.still: set[str] = set()
        self.wanted: frozenset[int] = frozenset()
        self._functions: Sequence[Applied] = ()

    # -- what rows ask

    def text(self, value: Any) -> str:
        """An argument as it stands in a call."""
        if isinstance(value, Use):
            return self.use(value)
        if isinstance(value, Data):
            return self.constant(value.numbers, value.dtype)
        if isinstance(value, list | tuple):
            return f"[{', '.join(map(self.text, value))}]"
        if isinstance(value, float) and not np.isfinite(value):
            return f"float('{value}')"
        return repr(value)

    def use(self, use: Use) -> str:
        """The name of a tensor, detached where no gradient flows back through this use."""
        name = None if use.view.foreign else self.memory.read(use.view)
        if name is None:
            return self._unseen(use)
        if use.live or not (use.dtype in FLOATS or use.view.is_complex) or name in self.still:
            return name
        return f"{name}.detach()"

    def _unseen(self, use: Use) -> str:
        """What was made out of sight: the numbers, where no gradient goes through them."""
        if use.numbers is not None:
            return self.constant(use.numbers, use.dtype)
        unseen = use.view.foreign or "something out of sight"
        raise NoRow(self.memory.lost.get(use.view.storage, unseen))

    def seen(self, name: str) -> Numbers | None:
        """The numbers that torch had for what a name stands for, None where they are not known."""
        return self._made.get(name)

    def is_in_own(self) -> bool:
        """Whether the operation was done by the forward of a Function that the user wrote."""
        inside = self._event[3]
        return inside is not None and not self._functions[inside].of_torch

    def note(self, kind: str, text: str) -> None:
        """Say something of the operation."""
        self.listing.notes.append(Note(kind, text, self._event[2]))

    def numbers(self, value: Use | Data) -> Numbers:
        """The numbers of an argument that a row has to know.

        Raises `NoRow` where they are what is differentiated by.
        """
        found = value.numbers
        if found is None:
            raise NoRow("positions that are no integers")
        return found

    def constant(self, numbers: Numbers, dtype: str = "") -> str:
        """Numbers as an input that is data, or written down where there is one alone."""
        numbers = np.asarray(numbers)
        if np.iscomplexobj(numbers):
            parts = self.constant(numbers.real.copy()), self.constant(numbers.imag.copy())
            return self.bind(f"torch.complex({parts[0]}, {parts[1]})")
        if numbers.shape == () and numbers.dtype.kind == "f":
            return self.text(numbers.item())
        short = spelled(numbers)
        if short is not None:
            return short
        key = (numbers.dtype.str, numbers.shape, numbers.tobytes())
        if key not in self._constants:
            name = f"c{len(self._constants)}"
            self._constants[key] = name
            self.listing.data[name] = numbers
        return self._constants[key]

    def give(self, name: str, view: View, numbers: Numbers) -> None:
        """Put an input where it lies."""
        self._made[name] = numbers
        self.memory.write(view, name)

    def bind(self, text: str, made: Numbers | None = None) -> str:
        """Give an expression a line, and a name."""
        name = f"t{self._count}"
        self._count += 1
        if made is not None:
            self._made[name] = made
        number, operation, place, inside = self._event
        line = Line(name, f"{name} = {text}", place, number, operation, inside, made)
        if self._is_still(text):
            self.still.add(name)
        self.listing.lines.append(line)
        return name

    def _is_still(self, text: str) -> bool:
        """Whether an expression has nothing of what is differentiated by."""
        moving = {*self.listing.names, *self.listing.meant}
        for word in WORD.findall(text):
            # what is behind a dot may be of the name, or of what it stands for
            first, *more = word.split(".")
            parts = {".".join((first, *more[:count])) for count in range(len(more) + 1)}
            if parts & moving or (BOUND.fullmatch(first) and first not in self.still):
                return False
        return True

    def hold(self, use: Use | Data) -> None:
        """Have it said that whole numbers are these: with others nobody knows what is done."""
        if isinstance(use, Data) or use.numbers is None:
            return
        name = self.use(use)
        if name in self.still or not BOUND.fullmatch(name):
            return
        off = f"torch.abs({name}*1.0 - {self.constant(use.numbers)})"
        self.state(f"if not torch.all({off} < 0.5): raise ValueError({OTHER_WAY!r})")

    def state(self, text: str) -> None:
        """A line that binds nothing."""
        number, operation, place, inside = self._event
        self.listing.lines.append(Line("", text, place, number, operation, inside))

    # -- events

    def write(self, trace: Trace, events: Sequence[tuple[int, Event]]) -> None:
        """Write the lines of some events."""
        self._functions = trace.functions
        used = [use for _, e in events if isinstance(e, Call) for use in uses_in(e.arguments)]
        self.wanted = frozenset(u.view.storage for u in (*used, *uses_in(trace.output)))
        for number, event in events:
            if isinstance(event, Start):
                self._event = (number, "", NOWHERE, None)
                self.memory.start(event)
            elif isinstance(event, Meant):
                self._event = (number, "trusted", NOWHERE, None)
                self._meant(event)
            elif isinstance(event, Same):
                self._event = (number, "reference", NOWHERE, None)
                name = self.text(event.value)
                made = event.result
                self.memory.write(made.view, self.bind(f"{name}*1", made.numbers))
            else:
                self._event = (number, event.name, event.place, event.inside)
                self._call(event)

    def _call(self, call: Call) -> None:
        if not call.results and not call.written:
            self._decision(call)
            return
        foreign = next((view.foreign for view in views_in(call) if view.foreign), None)
        if foreign is not None:
            self._lose(call, foreign)
            return
        if call.aliases and self.memory.alias(call):
            return
        self.results = call.results
        row = self._row(call.name)
        if row is None:
            self._lose(call, call.name)
            return
        lines, count = len(self.listing.lines), self._count
        try:
            found = row(self, call.arguments)
        except NoRow as reason:
            for line in self.listing.lines[lines:]:
                self.still.discard(line.name)
                self._made.pop(line.name, None)
            del self.listing.lines[lines:]
            self._count = count
            self._lose(call, reason.args[0])
            return
        texts = found if isinstance(found, list) else [found]
        if not isinstance(found, list) and len(call.results) > 1 and not call.written:
            whole = self.bind(found)
            texts = [f"{whole}[{position}]" for position in range(len(call.results))]
        own = [made for made in call.results if made is None or made.view not in call.written]
        if call.written and not own:
            self._written(call, texts)
            return
        for target in call.written:
            self.memory.lose(target, call.name, call.place)
        for made, text in zip(call.results, texts, strict=False):
            if made is None:
                continue
            if made.numbers.size == 0 and made.view.size == 0:
                self.memory.write(made.view, self.bind(f"torch.zeros({list(made.view.shape)})"))
            elif text is None or isinstance(text, Part):
                why = call.name if text is None else text.rest
                self.memory.lose(made.view, why, call.place)
                if text is not None:
                    view = replace(made.view, shape=text.shape)
                    self.memory.write(view, self.bind(text.text, text.of(made.numbers)))
            else:
                self.memory.write(made.view, self.bind(text, made.numbers))
        for made in call.results[len(texts) :]:
            if made is not None:
                self.memory.lose(made.view, call.name, call.place)

    def _meant(self, event: Meant) -> None:
        """What comes out is an input by itself, whose adjoint is held to what was given; and what
        is handed on is taken for the slope of the rest by what goes in."""
        hand = self._hands.get(event.number)
        uses = [value for value in event.given if value is not None]
        for use, handed in zip(uses, hand.handed if hand else (), strict=False):
            if isinstance(use, Use) and use.live and handed is not None:
                name, slope = self.use(use), self.constant(handed)
                moved = f"({name} - {name}.detach())"
                self.listing.terms.append(self.bind(f"torch.sum({moved}*{slope})"))
        for position, made in enumerate(event.made):
            name = f"meant{event.number}_{position}"
            given = hand.given[position] if hand and position < len(hand.given) else None
            zeros = np.zeros(made.view.shape)
            self.listing.meant[name] = made.numbers, zeros if given is None else given
            self.memory.write(made.view, name)

    def _decision(self, call: Call) -> None:
        """A truth value by which the function went its way: the other way nobody knows."""
        use = call.arguments.get("self")
        if call.answer is None or not isinstance(use, Use) or use.view.foreign:
            return
        name = self.memory.read(use.view)
        if call.name == "aten.equal":
            other = call.arguments["other"]
            seen = not isinstance(other, Use) or self.memory.read(other.view) is not None
            name = f"torch.equal({name}, {self._tensor(other)})" if name and seen else None
        if name is not None:
            question = f"not {name}" if call.answer else name
            self.state(f"if {question}: raise ValueError({OTHER_WAY!r})")

    def _tensor(self, value: Use | Data) -> str:
        """An argument as a tensor, a single number too."""
        text = self.text(value)
        return text if value.shape else f"torch.tensor({text})"

    def _written(self, call: Call, texts: Sequence[Text]) -> None:
        for target, text, made in zip_longest(call.written, texts, call.results):
            if target is None:
                break
            if text is None or isinstance(text, Part):
                self.memory.lose(target, call.name, call.place)
                continue
            name = self.bind(text if text[0].isalpha() else f"{text} + 0.0")
            numbers = None if made is None else made.numbers
            shape = list(target.shape)
            shaped = self.bind(f"torch.broadcast_to({name}, {shape})", numbers)
            self.memory.write(target, shaped)

    def _lose(self, call: Call, why: str) -> None:
        for made in (*call.results,):
            if made is not None:
                self.memory.lose(made.view, why, call.place)
        for target in call.written:
            self.memory.lose(target, why, call.place)


def listing(
    trace: Trace, row: Callable[[str], Row | None], hands: Mapping[int, Hand] | None = None
) -> Listing:
    """The program of a whole trace, whose inputs are called as the leaves are."""
    writer = Writer(row, hands)
    writer.listing.names = {name_inside(name, k): name for k, name in enumerate(trace.inputs)}
    count = len(trace.inputs)
    others = {name_inside(name, count + k): name for k, name in enumerate(trace.others)}
    for whole in trace.wholes:
        writer.memory.start(whole)
    for name, (view, numbers) in zip(writer.listing.names, trace.inputs.values(), strict=True):
        writer.give(name, view, numbers)
    for name, (view, numbers) in zip(others, trace.others.values(), strict=True):
        writer.memory.write(view, name)
        writer.still.add(name)
        writer.listing.data[name] = numbers
    writer.listing.others = others
    writer.write(trace, needed(trace))
    try:
        writer.listing.output = writer.text(trace.output)
    except NoRow as reason:
        place = writer.memory.places.get(_storage(trace.output), NOWHERE)
        writer.listing.lost = reason.args[0], place
    else:
        writer.listing.lines = pruned(writer.listing)
    return writer.listing


def _storage(output: Use | Data | None) -> int:
    return output.view.storage if isinstance(output, Use) else -1
