"""The state of a run, and what it knows of its values.

Values are tensors of one backend, plain numbers, lists of them, words and functions. What the
syntax of the language means is a table of plain functions (`Machine.rules`), as are what can be
done with values (`gradcalc.lang.ops`) and the functions that a program can call.
"""

import ast
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from gradcalc.errors import InvalidValueError, LimitError, Span
from gradcalc.lang import plain
from gradcalc.lang.backend import Backend
from gradcalc.lang.program import Budget, Limits, Program, Stop, amount, span_of, text_of

EXTREMES = ("values", "indices")
"""The fields of what `max(x, dim)` gives."""

NOTHING = object()
"""The output of a program that has given none yet."""


@dataclass(slots=True)
class Frame:
    """The names of one scope and the scope around it."""

    values: dict[str, Any]
    parent: "Frame | None" = None
    local: frozenset[str] = frozenset()

    def find(self, name: str) -> "Frame | None":
        """The innermost scope in which the name is bound."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.values:
                return frame
            if name in frame.local:
                return None
            frame = frame.parent
        return None


@dataclass(slots=True, eq=False)
class Once:
    """What Python's `zip` and `enumerate` give: items that can be gone through once."""

    word: str
    items: Sequence[Any]
    used: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function with the scope and the program it was made in."""

    name: str
    arguments: ast.arguments
    body: list[ast.stmt] | ast.expr
    defaults: Mapping[str, Any]
    frame: Frame
    program: Program

    @property
    def signature(self) -> inspect.Signature:
        """Its parameters, with their defaults."""
        kinds = (
            (self.arguments.posonlyargs, inspect.Parameter.POSITIONAL_ONLY),
            (self.arguments.args, inspect.Parameter.POSITIONAL_OR_KEYWORD),
            (self.arguments.kwonlyargs, inspect.Parameter.KEYWORD_ONLY),
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

Confirm = Callable[["Machine", Any, Sequence[Any], Mapping[str, Any], Any], None]
"""Is told every call of a library's function, and what it gave."""


Call = Callable[["Machine", Any, tuple[Any, ...], dict[str, Any]], Any]
"""What a function gives for arguments."""


@dataclass(slots=True, eq=False)
class Machine:
    """The state of one run.

    `node` is where in the text it is, `frame` the scope there; `main` is the function that is the
    program, `main_frame` the scope whose last value, `last`, is the output, `given` that of the
    inputs. `callers` are the scopes of the functions that are still running. `path` is how
    branches went: line, kind and text of each, and its turns. `stops` pass no gradient back, nor
    does anything while `frozen` is not 0.

    `scalars` says that every input is one number. `integers` are tensors that their library would
    make of integers, kept so that no other takes their place in memory. `arrays` are tensors of no
    dimensions that numpy has as arrays, not as numbers; `turned` are views of numpy that are copies
    here, by their memory, each with that of what it is a view of. `iterated` is what loops go
    through, `snapshots` the lists that enumerate and zip go through. `run` calls a function, and
    `mapped` says how many vmaps are at work.
    """

    program: Program
    backend: Backend
    limits: Limits
    budget: Budget
    rules: Mapping[type[ast.AST], Rule]
    detached: frozenset[str] = frozenset()
    confirm: Confirm | None = None
    run: Call | None = None
    node: ast.AST = field(init=False)
    frame: Frame = field(default_factory=lambda: Frame({}))
    main: Closure | None = None
    main_frame: Frame = field(init=False)
    given: Frame = field(init=False)
    callers: list[Frame] = field(default_factory=list)
    last: Any = NOTHING
    path: dict[int, tuple[int, str, str, list[bool]]] = field(default_factory=dict)
    stops: list[Stop] = field(default_factory=list)
    frozen: int = 0
    scalars: bool = False
    integers: dict[int, Any] = field(default_factory=dict)
    arrays: list[Any] = field(default_factory=list)
    turned: dict[int, tuple[int, Any]] = field(default_factory=dict)
    iterated: list[Any] = field(default_factory=list)
    snapshots: list[Any] = field(default_factory=list)
    mapped: int = 0

    def __post_init__(self) -> None:
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

    @property
    def source(self) -> str:
        """The text that is being run: that of the program, or of a function from elsewhere."""
        return self.program.source

    @property
    def place(self) -> Span:
        """Where in the text the machine is."""
        return span_of(self.node, self.source)

    @property
    def numbers(self) -> bool:
        """Whether single numbers are Python's own, not arrays of a library."""
        return self.scalars and self.program.naming.numbers

    def is_tensor(self, value: Any) -> bool:
        return self.backend.is_tensor(value)

    def is_mask(self, value: Any) -> bool:
        """Whether the elements are truth values."""
        if self.is_tensor(value):
            return self.backend.is_mask(value)
        return isinstance(value, bool)

    def is_integer(self, value: Any) -> bool:
        """Whether a tensor holds whole numbers as its library counts them, not floats."""
        return id(value) in self.integers

    def mark_integer(self, value: Any) -> Any:
        """Remember of a tensor that the library would make it of integers."""
        if self.is_tensor(value) and not self.is_mask(value):
            self.integers[id(value)] = value
        return value

    def mark_array(self, tensor: Any) -> Any:
        """Remember of a tensor without dimensions that numpy has an array there."""
        if self.is_tensor(tensor) and not self.backend.shape(tensor):
            self.arrays.append(tensor)
        return tensor

    def is_array(self, value: Any) -> bool:
        """Whether a tensor without dimensions is an array to numpy, not a number."""
        return any(value is array for array in self.arrays)

    def shape(self, value: Any) -> tuple[int, ...]:
        """The sizes of a tensor or a plain number."""
        if self.is_tensor(value):
            return self.backend.shape(value)
        if plain.is_number(value):
            return ()
        raise InvalidValueError(f"{self.describe(value)} has no shape")

    def number(self, value: Any) -> float:
        """The one number in a tensor."""
        return float(self.backend.numbers(value).reshape(()))

    def carries(self, value: Any) -> bool:
        return self.backend.carries(value)

    def copy(self, value: Any) -> Any:
        """The tensor in memory of its own."""
        copied = self.backend.copy(value) if self.is_tensor(value) else value
        if self.frozen:
            copied = self.detach(copied, None)
        return self.mark_integer(copied) if self.is_integer(value) else copied

    def memory(self, value: Any) -> int:
        """Where the elements of a tensor stand, 0 if the backend does not know."""
        place = self.backend.memory(value)
        while place in self.turned:
            place = self.turned[place][0]
        return place

    def turn(self, view: Any, source: Any) -> None:
        """Remember what is a view in numpy and a copy here, and keep it, so that it stays there."""
        place, origin = self.backend.memory(view), self.memory(source)
        if place and place != origin:
            self.turned[place] = (origin, view)

    def cut_by(self, value: Any, word: str) -> Any:
        """The numbers of a tensor as something new, through which no gradient passes."""
        if self.carries(value):
            self.note(word, text_of(self.node, self.source), self.node)
        copied = self.detach(self.copy(value), None)
        return self.mark_integer(copied) if self.is_integer(value) else copied

    def describe(self, value: Any) -> str:
        """A value in the words of an error message."""
        if self.is_tensor(value):
            shape = self.backend.shape(value)
            return f"a tensor of shape {shape}" if shape else "a scalar tensor"
        if plain.is_number(value):
            return plain.show(value)
        names = {
            list: "a list", tuple: "a tuple", str: "text", range: "a range", slice: "a slice",
            type(None): "None", type(Ellipsis): "an ellipsis",
        }  # fmt: skip
        if getattr(value, "_fields", None) == EXTREMES:
            return "a pair of values and indices"
        if isinstance(value, Once):
            return f"what {value.word} gives"
        return names.get(type(value), "a function")

    def constant(self, values: NDArray[Any]) -> Any:
        """A tensor of numbers that depend on nothing."""
        result = self.backend.constant(values)
        self.count(result)
        return result

    def count(self, result: Any) -> None:
        """Every tensor may be kept until the gradient is there."""
        for part in result if isinstance(result, tuple) else (result,):
            shape = self.backend.shape(part)
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

    def detach(self, value: Any, name: str | None) -> Any:
        """A value that passes no gradient back; numbers, masks and lists of them stay."""
        if isinstance(value, list | tuple):
            parts = [self.detach(item, None) for item in value]
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
        if not self.is_tensor(value) or self.is_mask(value):
            return value
        return self.backend.detach(value, name)

    def note(self, kind: str, source: str, node: ast.AST) -> None:
        """Remember a place that passes no gradient back."""
        self.stops.append(Stop(kind, source, span_of(node, self.source)))
