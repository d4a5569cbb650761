"""The state of a run, and what it knows of its values.

Values are tensors of one backend, plain numbers, lists of them, words and functions. What the
syntax of the language means is a table of plain functions (`Machine.rules`), as are what can be
done with values (`gradcalc.lang.ops`) and the functions that a program can call.
"""

import ast
import inspect
import math
from collections.abc import (
    Callable,
    ItemsView,
    Iterator,
    KeysView,
    Mapping,
    Sequence,
    ValuesView,
)  # fmt: skip
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import GradcalcError, InvalidValueError, LimitError, Span, UnsupportedError
from gradcalc.lang import memory, plain
from gradcalc.lang.backend import Backend
from gradcalc.lang.chance import Dice
from gradcalc.lang.memory import Tensor, View
from gradcalc.lang.program import (
    UNDERIVED,
    Budget,
    Limits,
    Program,
    Stop,
    amount,
    span_of,
    text_of,
)
from gradcalc.primitives import BY_NAME

Made = TypeVar("Made")

EXTREMES = ("values", "indices")
"""The fields of what `max(x, dim)` gives."""

LARGEST_INTEGER = 2**31
"""No dimension, shift or offset can be beyond; the libraries count in so many bits."""

NOTHING = object()
"""The output of a program that has given none yet."""


@dataclass(slots=True)
class Frame:
    """The names of one scope and the scope around it.

    `local` are the names that are its own, its parameters among them, `outer` those that it binds
    in scopes around it. `passing` is that of a comprehension, which binds only its own targets.
    Of a method's, `method` is its class and its receiver. The names of a class body are not `seen`
    by the functions and comprehensions in it.
    """

    values: dict[str, Any]
    parent: "Frame | None" = None
    local: frozenset[str] = frozenset()
    outer: frozenset[str] = frozenset()
    passing: bool = False
    method: tuple[Any, Any] | None = None
    seen: bool = True

    def keeper(self, name: str) -> "Frame":
        """The scope in which a name is bound that is bound here."""
        if name not in self.outer:
            return self
        frame = self.parent
        while frame is not None and not (frame.seen and name in frame.local):
            frame = frame.parent
        return frame or self

    def find(self, name: str) -> "Frame | None":
        """The innermost scope in which the name is bound."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.values and (frame.seen or frame is self):
                return frame
            if name in frame.local and frame.seen:
                return None
            # what a class body binds it finds nowhere else but in the module
            frame = frame.root if name in frame.local and frame is self else frame.parent
        return None

    @property
    def root(self) -> "Frame | None":
        """The scope of the module around this one, None for itself."""
        found = self.parent
        while found is not None and found.parent is not None:
            found = found.parent
        return found

    @property
    def unbound(self) -> frozenset[str]:
        """The names that mean nothing before they are bound here."""
        return self.local if self.seen else frozenset()


@dataclass(slots=True, eq=False)
class Once:
    """What Python's `zip` and `enumerate` give: items that can be gone through once."""

    word: str
    items: Iterator[Any]


@dataclass(frozen=True, slots=True)
class Module:
    """A module of a library as a value, by its full name."""

    full: str


@dataclass(frozen=True, slots=True, eq=False)
class Untold:
    """A part of a result that is not read here, in the `word`s of a sentence about it."""

    word: str

    def __bool__(self) -> bool:
        raise UnsupportedError(f"{self.word} is not read here")


@dataclass(frozen=True, slots=True, eq=False)
class Complex:
    """Complex numbers by their real and imaginary parts, tensors of one shape, None for 0.

    `turned` says that torch has only noted that they are conjugates.
    """

    re: Any
    im: Any
    turned: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function of the language. `method` says that it can be called behind a dot too.

    `users` says that it hands its arguments to a function of the program's own.
    """

    name: str
    call: Callable[..., Any]
    doc: str
    method: bool = False
    users: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function with the scope and the program it was made in, and the class that it is of.

    `values` are attributes that the program gives it.
    """

    name: str
    arguments: ast.arguments
    body: list[ast.stmt] | ast.expr
    defaults: Mapping[str, Any]
    frame: Frame
    program: Program
    owner: Any = None
    values: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def signature(self) -> inspect.Signature:
        """Its parameters, with their defaults."""
        rest, named = self.arguments.vararg, self.arguments.kwarg
        kinds = (
            (self.arguments.posonlyargs, inspect.Parameter.POSITIONAL_ONLY),
            (self.arguments.args, inspect.Parameter.POSITIONAL_OR_KEYWORD),
            ([rest] if rest else [], inspect.Parameter.VAR_POSITIONAL),
            (self.arguments.kwonlyargs, inspect.Parameter.KEYWORD_ONLY),
            ([named] if named else [], inspect.Parameter.VAR_KEYWORD),
        )
        empty = inspect.Parameter.empty
        return inspect.Signature(
            [
                inspect.Parameter(a.arg, kind, default=self.defaults.get(a.arg, empty))
                for arguments, kind in kinds
                for a in arguments
            ]
        )


Rule = Callable[["Machine", Any], Any]
"""What a kind of syntax node means. An expression gives its value; a statement None, or how the
block that it stands in was left."""

Rules = Mapping[type[ast.AST], Rule]
"""What each kind of syntax node means."""

Confirm = Callable[["Machine", Any, Sequence[Any], Mapping[str, Any], Any], None]
"""Is told every call of a library's function, and what it gave."""


class Watch(Protocol):
    """Sees what a library keeps of tensors for its backward pass, and what is written over."""

    @property
    def count(self) -> int:
        """How much was kept so far."""

    def made(
        self,
        machine: "Machine",
        name: str,
        arguments: Mapping[str, Any],
        run: Callable[[], Any],
    ) -> tuple[Any, Callable[[Any], None]]:
        """What an operation gives, and who is to be told what the program holds of it."""

    def wrote(self, machine: "Machine", owner: Tensor) -> None:
        """A memory is written into now."""

    def moved(self, owner: Tensor, whole: Tensor) -> None:
        """What was the owner of a memory is a view of another one from now on."""

    def parted(self, owner: Tensor, apart: Tensor) -> None:
        """What may have been a copy of a memory counts as one from the last write on."""

    def refused(self, machine: "Machine", kind: str) -> None:
        """A write of a kind that torch refuses by itself."""

    def replaced(self, tensor: Tensor, value: Any, since: int, others: Sequence[Any]) -> None:
        """An operation has written its result over its operand, beside others."""

    def differentiated(
        self, machine: "Machine", outputs: Sequence[Tensor], wrt: Sequence[Tensor], *, keeps: bool
    ) -> None:
        """The program takes a derivative, and says whether what is kept for it stays."""


Call = Callable[["Machine", Any, tuple[Any, ...], dict[str, Any]], Any]
"""What a function gives for arguments."""


@dataclass(slots=True, eq=False)
class Machine:
    """The state of one run.

    `node` is where in the text it is, `frame` the scope there; `main` is the function that is the
    program, `main_frame` the scope whose last value, `last`, is the output, `given` that of the
    inputs, which are `entered`. `callers` are the scopes of the functions that are still running.
    `path` is how branches went: place, kind and text of each, and its turns. `stops` pass no
    gradient back, nor does anything while `frozen` is not 0, which `freezing` has made it. `casts`
    are those that would round, each with its dtype.

    `chances` are what random numbers are drawn from, None where none may be.
    `scalars` says that every input is one number, `narrow` that there are integers of few bits,
    `short` such floats, `foreign` arrays of numpy's that torch has made.
    `caught` are the errors that are being handled,
    `guarded` how many blocks are running that handle those of linear algebra, `careful` how many
    that handle those of numbers.
    `mapped` says how many vmaps are at work. `nets` is what the run knows of its networks.
    `library` are the names of modules that are written in the language, and `anchor` the place and
    text of the program's own call while a text runs that is not the user's. `printed` is what the
    program prints, None where that is left out. `watch` sees what is kept for the backward pass.
    `touched` are the libraries whose functions had arrays, in a text that calls torch's and
    numpy's, each with whether a gradient flows through some of them; `taken` is a method there that
    was read as one of these has it, that library, and whether one flows through its array.
    `keyed` are objects and functions that are keys or in sets, in the order in which they came.
    `hashing` says how many objects are being asked for a number to be found by.
    `imaginary` says that there are complex numbers.
    `asking` says that types are asked for, `spelled` are then the lists and tuples that the
    program's own text made, by their ids: what a library gives may be the other.
    `managing` says how many generators are going on that manage blocks.
    `abandoned` says that a generator was left in a block with something to be done behind it.
    """

    program: Program
    backend: Backend
    limits: Limits
    budget: Budget
    rules: Rules
    detached: frozenset[str] = frozenset()
    confirm: Confirm | None = None
    chances: Dice | None = None
    apply_function: Callable[..., Any] = field(kw_only=True)
    load_module: Callable[[str], Program] = field(kw_only=True)
    node: ast.AST = field(init=False)
    frame: Frame = field(default_factory=lambda: Frame({}))
    main: Closure | None = None
    main_frame: Frame = field(init=False)
    given: Frame = field(init=False)
    callers: list[Frame] = field(default_factory=list)
    last: Any = NOTHING
    path: dict[int, tuple[Span, str, str, list[bool]]] = field(default_factory=dict)
    stops: list[Stop] = field(default_factory=list)
    casts: list[Stop] = field(default_factory=list)
    frozen: int = 0
    freezing: Stop | None = None
    scalars: bool = False
    narrow: bool = False
    short: bool = False
    foreign: bool = False
    caught: list[GradcalcError] = field(default_factory=list)
    guarded: int = 0
    careful: int = 0
    mapped: int = 0
    library: dict[str, Frame] = field(default_factory=dict)
    anchor: tuple[Span, str] | None = None
    nets: Any = None
    on_bind: Callable[["Machine", str, Any], None] | None = None
    printed: list[str] | None = None
    watch: Watch | None = None
    touched: set[tuple[str, bool]] = field(default_factory=set)
    taken: tuple[str, str, bool] | None = None
    keyed: dict[Any, int] = field(default_factory=dict)
    managing: int = 0
    hashing: int = 0
    abandoned: bool = False
    imaginary: bool = False
    asking: bool = field(init=False)
    entered: tuple[Any, ...] = ()
    spelled: dict[int, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.asking = self.program.asks
        self.node = self.program.body[0]
        self.main_frame = self.given = self.frame

    def eval(self, node: ast.AST) -> Any:
        """The value of an expression."""
        return self.rules[type(node)](self, node)

    def block(self, body: Sequence[ast.stmt]) -> Any:
        """Run statements. None, or how the block was left before its end."""
        for statement in body:
            self.budget.tick()
            self.node = statement
            left = self.rules[type(statement)](self, statement)
            if left is not None:
                return left
        return None

    def bind(self, name: str, value: Any) -> None:
        """Give a name a value, in the scope that it belongs to."""
        self.frame.keeper(name).values[name] = value
        if self.on_bind is not None:
            self.on_bind(self, name, value)

    def spell(self, made: Made) -> Made:
        """What the program's own text made a list or tuple, of which a type may be asked."""
        # of nothing Python has one tuple, whoever makes it
        if self.asking and not self.program.library and made != ():
            self.spelled[id(made)] = made
        return made

    def is_spelled(self, value: Any) -> bool:
        """Whether it is known that Python has a list or tuple as such."""
        return id(value) in self.spelled

    def call(self, function: Any, args: tuple[Any, ...]) -> Any:
        """What a function gives that a program has passed to another one."""
        return self.apply_function(self, function, args, {})

    @property
    def kept(self) -> int:
        """How much was kept for the backward pass so far."""
        return 0 if self.watch is None else self.watch.count

    @property
    def source(self) -> str:
        """The text that is being run: that of the program, or of a function from elsewhere."""
        return self.program.source

    @property
    def dice(self) -> Dice:
        """What random numbers are drawn from."""
        if self.chances is None:
            raise UnsupportedError(
                "random numbers are drawn in the program itself only",
                hint="give them a name in the program, and write that",
            )
        return self.chances

    @property
    def place(self) -> Span:
        """Where in the text the machine is."""
        if self.anchor is not None:
            return self.anchor[0]
        return span_of(self.node, self.source)

    def set_anchor(self) -> None:
        """Remember where the program calls what is written elsewhere, until that is done."""
        if self.anchor is None:
            self.anchor = self.place, text_of(self.node, self.source)

    @property
    def numbers(self) -> bool:
        """Whether single numbers are Python's own, not arrays of a library."""
        return self.scalars and self.program.naming.numbers

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, Tensor)

    def hold(self, made: Any) -> Any:
        """What a backend made, as programs hold it: tensors in memory of their own."""
        if isinstance(made, tuple):
            parts = [self.hold(part) for part in made]
            return type(made)(*parts) if hasattr(made, "_fields") else tuple(parts)
        return Tensor(made, self.backend.shape(made))

    def raw(self, value: Any) -> Any:
        """The backend's tensor of a tensor, as it is now; anything else is itself.

        Raises `InvalidValueError` where nothing was written to an element.
        """
        if isinstance(value, Tensor):
            memory.check_written(value)
            if value.owner.leaf:
                self.nets.read(self, value.owner)
        return self.unread(value)

    def unread(self, value: Any) -> Any:
        """The same for what reads none of its numbers, as who only makes a view does."""
        if not isinstance(value, Tensor):
            return value
        return self._now(value)

    def _now(self, value: Tensor) -> Any:
        if value.view is not None or value.pending or value.doubtful:
            memory.refresh(value, self.apply)
        return value.value

    def apply(self, name: str, /, **arguments: Any) -> Any:
        """A primitive on the backend's own tensors."""
        self.budget.tick()
        made = self.backend.apply(BY_NAME[name], arguments, self.place)
        self.count(self.backend.shape(made))
        return made

    def is_mask(self, value: Any) -> bool:
        """Whether the elements are truth values."""
        if isinstance(value, Tensor):
            return self.backend.is_mask(value.value)
        return isinstance(value, bool)

    def is_integer(self, value: Any) -> bool:
        """Whether a tensor holds whole numbers as its library counts them, not floats."""
        return isinstance(value, Tensor) and value.integer

    def mark_integer(self, value: Any) -> Any:
        """Remember of a tensor that the library would make it of integers."""
        if isinstance(value, Tensor) and not self.is_mask(value):
            value.integer = True
        return value

    def mark_array(self, value: Any) -> Any:
        """Remember of a tensor without dimensions that numpy has an array there."""
        if isinstance(value, Tensor):
            value.array = True
        return value

    def is_array(self, value: Any) -> bool:
        """Whether a tensor without dimensions is an array to numpy, not a number."""
        return isinstance(value, Tensor) and value.array

    def shape(self, value: Any) -> tuple[int, ...]:
        """The sizes of a tensor or a plain number."""
        if isinstance(value, Tensor):
            return value.shape
        if plain.is_number(value):
            return ()
        raise InvalidValueError(f"{self.describe(value)} has no shape")

    def elements(self, value: Any) -> NDArray[np.float64]:
        """What stands in a tensor."""
        return self.backend.numbers(self.raw(value))

    def checked(self, value: Any) -> NDArray[np.float64]:
        """The same for a check that goes on alike with all that passes it."""
        return self.backend.checked(self.raw(value))

    def number(self, value: Any) -> float:
        """The one number in a tensor."""
        return float(self.elements(value).reshape(()))

    def carries(self, value: Any) -> bool:
        """Whether a gradient could flow back through a tensor."""
        held = self._now(value) if isinstance(value, Tensor) else value
        return bool(self.backend.carries(held))

    def copy(self, value: Any) -> Any:
        """The tensor in memory of its own."""
        if not isinstance(value, Tensor):
            return value
        copied = self.backend.copy(self.raw(value))
        if self.frozen and not self.is_mask(value):
            self.held_back(value, self.freezing)
            copied = self.backend.detach(copied, None)
        return Tensor(
            copied, value.shape, integer=value.integer, ordered=value.ordered,
            width=value.width, rough=value.rough, short=value.short,
            foreign=value.foreign,
        )  # fmt: skip

    def cut_by(self, value: Any, word: str) -> Any:
        """The numbers of a tensor as something new, through which no gradient passes."""
        if self.carries(value):
            self.note(word, text_of(self.node, self.source), self.node, value)
        copied = self.copy(value)
        if not self.is_mask(value) and not value.integer:
            copied.value = self.backend.detach(copied.value, None)
        return copied

    def describe(self, value: Any) -> str:
        """A value in the words of an error message."""
        if isinstance(value, Tensor):
            shape = value.shape
            return f"a tensor of shape {shape}" if shape else "a scalar tensor"
        if plain.is_number(value):
            return plain.show(value)
        names = {
            list: "a list", tuple: "a tuple", str: "text", range: "a range", slice: "a slice",
            type(None): "None", type(Ellipsis): "an ellipsis", dict: "a dictionary", set: "a set",
        }  # fmt: skip
        if getattr(value, "_fields", None) == EXTREMES:
            return "a pair of values and indices"
        if isinstance(value, Untold):
            return value.word
        if isinstance(value, Module):
            return f"the module {value.full}"
        if isinstance(value, Complex):
            return "complex numbers"
        if isinstance(value, Once):
            return value.word if " " in value.word else f"what {value.word} gives"
        kind = getattr(getattr(value, "kind", None), "name", None)
        if kind is not None:
            return f"a {kind}"
        if isinstance(value, dict):
            return "a dictionary"
        if isinstance(value, KeysView | ValuesView | ItemsView):
            return "a view of a dictionary"
        said = getattr(value, "described", "a function")
        return names.get(tuple if isinstance(value, tuple) else type(value), said)

    def constant(self, values: NDArray[Any]) -> Any:
        """A tensor of numbers that depend on nothing."""
        made = Tensor(self.backend.constant(values), values.shape)
        self.count(made.shape)
        return made

    def drawn(self, values: NDArray[Any]) -> Any:
        """A tensor of random numbers."""
        made = Tensor(self.backend.drawn(values), values.shape)
        self.count(made.shape)
        return made

    def count(self, shape: tuple[int, ...]) -> None:
        """Every tensor may be kept until the gradient is there."""
        if len(shape) > self.limits.rank:
            raise LimitError(f"a tensor of more than {self.limits.rank} dimensions")
        self.budget.made += math.prod(shape)
        if self.budget.made > self.limits.total:
            raise LimitError(
                f"the program makes more than {self.limits.total:,} elements in all",
                hint="is there a loop without an end? use smaller inputs",
            )

    def count_items(self, count: int) -> None:
        """Raises `LimitError` where a list would be too long."""
        if count > self.limits.items:
            raise LimitError(
                f"a list of {amount(count)} items; the limit is {self.limits.items:,}",
                hint="zeros(n), ones(n) and arange(n) make long tensors",
            )

    def count_taken(self, count: int) -> None:
        """Count the items of a list that is gone through, or taken over, in one step."""
        self.budget.taken += count
        if self.budget.taken > self.limits.taken:
            raise LimitError(
                f"the program goes through more than {self.limits.taken:,} items of lists in all",
                hint="is there a loop without an end?",
            )

    def count_text(self, length: int) -> None:
        """Count what is about to be written. Raises `LimitError` where a text would be too long."""
        if length > self.limits.items:
            raise LimitError(
                f"a text of {amount(length)} characters; the limit is {self.limits.items:,}"
            )
        self.budget.written += length
        if self.budget.written > self.limits.texts:
            raise LimitError(
                f"the program makes texts of more than {self.limits.texts:,} characters in all",
                hint="is there a loop without an end?",
            )

    def detach(self, value: Any, name: str | None, by: str | None = None) -> Any:
        """A value that passes no gradient back; numbers, integers, masks and lists of them stay.

        What is detached stays what it is around the point. Integers pass nothing back of
        themselves, and they jump there if what they are made of does. `by` is the primitive that
        asks for it where the program does not.
        """
        if isinstance(value, list | tuple):
            parts = [self.detach(item, None, by) for item in value]
            if hasattr(value, "_fields"):
                return type(value)(*parts)
            return self.spell(type(value)(parts)) if self.is_spelled(value) else type(value)(parts)
        if not isinstance(value, Tensor) or self.is_mask(value) or value.integer:
            return value
        return self.fixed(value, name, by)

    def fixed(self, value: Any, name: str | None, by: str | None = None) -> Any:
        """The same of a tensor, be it of integers."""

        def read(held: Any) -> Any:
            return self.backend.detach(held, name, by)

        view = View(value, read, lambda places: places, cut=True)
        cut = memory.viewed(value, read(self._now(value)), value.shape, view, moved=False)
        cut.integer, cut.array, cut.ordered = value.integer, value.array, value.ordered
        cut.width, cut.rough = value.width, value.rough
        return cut

    def note_cast(self, dtype: str) -> None:
        """Remember a cast to fewer digits than the calculation has."""
        span, text = self.anchor or (self.place, text_of(self.node, self.source))
        self.casts.append(Stop(dtype, text, span))

    def note_underived(self, name: str, *operands: Any) -> None:
        """Remember an operation whose backward torch stops in with an error, where one flows."""
        flows = any(isinstance(v, Tensor) and self.carries(v) for v in operands)
        if flows and self.backend.at_hand and not self.frozen:
            self.note_cast(f"{UNDERIVED}{name}")

    def note(self, kind: str, source: str, node: ast.AST, value: Any = None) -> Stop:
        """Remember a place that passes no gradient back, from a tensor or whatever comes."""
        if self.anchor is not None:
            span, source = self.anchor
        else:
            span = span_of(node, self.source)
        stop = Stop(kind, source, span)
        self.held_back(value, stop)
        self.stops.append(stop)
        return stop

    def held_back(self, value: Any, stop: Stop | None) -> None:
        """Remember what a gradient could flow back to, did a place not stop it."""
        if isinstance(value, list | tuple):
            for part in value:
                self.held_back(part, stop)
        elif stop is not None and self.is_tensor(value) and self.carries(value):
            stop.behind.update(self.backend.behind(self._now(value)))
