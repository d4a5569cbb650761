"""What the inputs of a program may be, where nobody gave them: found out by running it.

A capital letter is a matrix, a small one a vector, what is only used as a number a number. Each
size is a prime of its own at first; two sizes are one where the program does not run otherwise.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np

from gradcalc.derive.meaning import settled
from gradcalc.derive.runs import Recording, budget, record
from gradcalc.derive.trace import Trace
from gradcalc.errors import EndlessError, GradcalcError, ProgramSyntaxError, ShapeError, UsageError
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node
from gradcalc.expr.ops import LITERAL, MAP, MATMUL
from gradcalc.general.counts import counts
from gradcalc.general.declared import Declared
from gradcalc.general.letters import named
from gradcalc.general.points import STYLES, point
from gradcalc.general.texts import NUMBERS
from gradcalc.problem import Array, Problem
from gradcalc.traits import ORTHOGONAL, SYMMETRIC

PRIMES = (5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53)
"""The sizes that are tried: no number that a program is likely to have."""

MOST_RUNS = 600
"""How often a program is run to find its shapes."""

MOST_MERGES = 8
"""How many pairs of sizes may turn out to be one."""

UNLIKELY, VECTOR_OUT = 40, 10
"""How much less likely an input is something else than its letter says, and a program one that
gives more than a number: in units of a small letter that is a number."""

BESIDE_OTHERS = 6
"""The same for an input that is set beside others, as `x` in `outer(x, y)`, were it a vector."""

CAPITAL = 5
"""The same for a capital letter that is a number: one that only multiplies numbers, as in
`norm(w)**2 + C*sum(relu(1 - y*(X@w)))`."""

BESIDE_MATRIX, FACTORS = 2, frozenset("ackt")
"""The same for a vector that is multiplied with a matrix element by element, as `c` in `c*eye(n)`,
and the letters of which people mean a number there; `x`, `w` and `s` scale rows as well."""

SQUARE = frozenset({"trace"})
"""Operations that run on any matrix, and mean something on a square one."""

Shapes = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the inputs are taken for: the name of each size, and the traits that were declared.

    `counts` are the inputs that are sizes themselves, with the letters of those.
    """

    sizes: Shapes
    traits: Mapping[str, frozenset[str]]
    counts: Mapping[str, str]

    @property
    def letters(self) -> tuple[str, ...]:
        """The sizes, each once, in the order in which they come; numbers are none."""
        found = [size for sizes in self.sizes.values() for size in sizes]
        found += self.counts.values()
        return tuple(dict.fromkeys(size for size in found if not size.isdigit()))

    def shapes(self, numbers: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
        """The shapes for some numbers of the letters."""
        return {
            name: tuple(int(s) if s.isdigit() else numbers[s] for s in sizes)
            for name, sizes in self.sizes.items()
        }

    def counted(self, numbers: Mapping[str, int]) -> dict[str, Array]:
        """The inputs that are sizes, for some numbers of the letters."""
        return {name: np.array(float(numbers[letter])) for name, letter in self.counts.items()}


def read(problem: Callable[[Mapping[str, Any]], Problem], names: Sequence[str],
         said: Mapping[str, Declared]) -> tuple[Reading, Trace]:  # fmt: skip
    """What the inputs of a program are, and what is calculated of such. `problem` asks the program
    with some inputs.

    Raises what the program raises where no shapes fit it.
    """
    search = _Search(problem, names, said)
    best: tuple[float, _Sizes] | None = None
    for cost, ranks in search.likely():
        if (best is not None and cost >= best[0]) or (search.doubt and cost >= UNLIKELY):
            break
        found = search.fitting(ranks)
        if found is not None:
            cost += search.further(found, ranks)
            if search.doubt and cost >= UNLIKELY:
                continue
            best = (cost, found) if best is None or cost < best[0] else best
    if best is None:
        raise search.failure()
    traits = {name: said[name].traits for name in names if name in said}
    sizes = named(best[1], names, said, search.counts)
    tensors = {name: letters for name, letters in sizes.items() if name not in search.counts}
    counted = {name: sizes[name][0] for name in sizes if name not in tensors}
    return Reading(tensors, traits, counted), search.traced(best[1])


_Sizes = dict[str, tuple[int, ...]]
"""The primes that stand for the sizes of each input; of one that is a size, itself."""


ENDLESS, MOST_ENDLESS = 3, 10
"""Runs without an end after which a program is taken for one that has none: where it has ended for
no inputs, and where it has for some."""


class _Search:
    def __init__(
        self,
        problem: Callable[[Mapping[str, Any]], Problem],
        names: Sequence[str],
        said: Mapping[str, Declared],
    ) -> None:
        self._problem, self._names, self._said = problem, names, said
        self.counts = counts(problem({}).program, names, said)
        self._runs = 0
        self._fixed: set[int] = set()
        self._first: GradcalcError | None = None
        self.doubt: GradcalcError | None = None
        """What has two readings for shapes that are likely."""
        self._endless = 0
        self._recordings: dict[tuple[Any, ...], Recording | GradcalcError] = {}

    def failure(self) -> GradcalcError:
        """Why nothing fits."""
        error = self.doubt or self._first or UsageError("no shapes fit the program")
        if error.hint is None and isinstance(error, ShapeError):
            error.hint = "say what the inputs are: --A m,n for a matrix, --x n for a vector"
        return error

    def traced(self, sizes: _Sizes) -> Trace:
        """What is calculated of inputs of sizes that fit."""
        found = self._ran(sizes)
        assert isinstance(found, Recording)
        return found.trace

    # -- how many dimensions -------------------------------------------------------------------

    def likely(self) -> Iterator[tuple[float, dict[str, int]]]:
        """Numbers of dimensions for the inputs, the likeliest first."""
        ways = [[*self._ranks(name)] for name in self._names]
        every = ((sum(c for c, _ in way), [rank for _, rank in way]) for way in product(*ways))
        for cost, ranks in sorted(every, key=lambda found: found[0]):
            yield cost, dict(zip(self._names, ranks, strict=True))

    def _ranks(self, name: str) -> Iterator[tuple[float, int]]:
        known = 1 if name in self.counts else self._said.get(name, Declared()).rank
        if known is not None:
            yield 0, known
            return
        letter = _letter(name)
        if self._is_turned(name):
            yield 0, 2 if letter.isupper() else 1
            return
        habit = 2 if letter.isupper() else (0 if name in NUMBERS else 1)
        yield 0, habit
        for rank in (0, 1, 2):
            if rank != habit:
                cost = {(0, 1): 1, (0, 2): CAPITAL}.get((min(rank, habit), max(rank, habit)))
                yield (UNLIKELY if cost is None or rank == 2 else cost), rank

    def _is_turned(self, name: str) -> bool:
        """Whether the text transposes an input, or calculates with its elements as MATLAB does."""
        program = self._problem({}).program
        text = program.typed or program.source
        turned = rf"\b{name}\s*(?:\.T\b|ᵀ|'|\^T\b|\.[*/^])|\.[*/^]\s*{name}\b"
        return re.search(turned, text) is not None

    def further(self, sizes: _Sizes, ranks: Mapping[str, int]) -> float:
        """How unlikely it makes a reading what the program does with it."""
        trace = self.traced(sizes)
        cost = float(VECTOR_OUT * bool(trace.output.shape))
        cost += sum(BESIDE_MATRIX for name in ranks if self._is_beside_matrix(trace, name))
        numbers = (
            name
            for name, rank in ranks.items()
            if not rank and name not in NUMBERS and self._said.get(name, Declared()).rank is None
        )
        return cost + sum(
            self._as_capital(name) if _letter(name).isupper() else self._gathered(name)
            for name in numbers
        )

    def _as_capital(self, name: str) -> float:
        """How unlikely a capital letter is a number: as it is used, were it a matrix."""
        _, habit = next(self.likely())
        sizes = self.fitting({**habit, name: 2})
        if sizes is None:
            return UNLIKELY
        trace = self.traced(sizes)
        node = trace.inputs[name]
        uses = [one for one in trace.nodes if node in one.operands]
        single = all(
            one.title in ("mul", "div") and all(x is node or not x.ndim for x in one.operands)
            for one in uses
        )
        return 0.0 if uses and single else UNLIKELY

    def _is_beside_matrix(self, trace: Trace, name: str) -> bool:
        """Whether a vector that may well be a number is multiplied with the rows of a matrix, or as
        a matrix with the identity."""
        node = trace.inputs[name]
        if node.ndim != 1:
            return False
        reached = {node}
        for one in trace.nodes:
            if reached.intersection(one.operands):
                if _is_by_identity(one):
                    return True
                if one.op is MAP and one.ndim == 1:
                    reached.add(one)
        return name[:1] in FACTORS and any(
            node in one.operands and one.title == "mul" and one.ndim == 2 for one in trace.nodes
        )

    def _gathered(self, name: str) -> float:
        """How unlikely it is a number for what is done with it, were it a vector: more than with
        elements each by itself."""
        _, habit = next(self.likely())
        sizes = self.fitting({**habit, name: 1})
        if sizes is None:
            return 0.0
        trace = self.traced(sizes)
        if self._is_beside_matrix(trace, name):
            return 0.0
        reached, cost = {trace.inputs[name]}, 0.0
        for node in trace.nodes:
            if not reached.intersection(node.operands):
                continue
            if sizes[name][0] not in node.shape:
                return UNLIKELY
            if node.op is MAP:
                reached.add(node)
            elif node.ndim < 2:
                return UNLIKELY
            else:
                cost = BESIDE_OTHERS
        return cost

    # -- which sizes are one -------------------------------------------------------------------

    def fitting(self, ranks: Mapping[str, int]) -> _Sizes | None:
        """Sizes with which the program runs, as many of them different as can be."""
        start = self._distinct(ranks)
        level, seen = [start], {_key(start)}
        for _ in range(MOST_MERGES):
            following: list[_Sizes] = []
            for sizes in level:
                found = self._ran(sizes)
                if isinstance(found, Recording):
                    return sizes
                if self._runs > MOST_RUNS:
                    return None
                for one, other in _pairs(found, sizes):
                    if one in self._fixed and other in self._fixed:
                        # what was said is not changed
                        continue
                    kept, gone = (other, one) if other in self._fixed else (one, other)
                    merged = _merged(sizes, kept, gone)
                    if _key(merged) not in seen:
                        seen.add(_key(merged))
                        following.append(merged)
            level = following
        return None

    def _distinct(self, ranks: Mapping[str, int]) -> _Sizes:
        """A size of its own for each dimension, but for those that were said to be one."""
        digits = {int(s) for d in self._said.values() for s in d.sizes or () if s.isdigit()}
        unused = [prime for prime in PRIMES if prime not in digits]
        fresh = iter(unused * (1 + sum(ranks.values()) // len(unused)))
        known: dict[str, int] = {}
        found: _Sizes = {}
        for name in self._names:
            if name in self.counts:
                found[name] = (known.setdefault(name, next(fresh)),)
                continue
            said = self._said.get(name, Declared())
            if said.sizes is not None:
                letters = said.sizes
                found[name] = tuple(
                    int(s) if s.isdigit() else known.setdefault(s, next(fresh)) for s in letters
                )
            elif said.traits & {SYMMETRIC, ORTHOGONAL}:
                found[name] = (next(fresh),) * 2
            else:
                found[name] = tuple(next(fresh) for _ in range(ranks[name]))
        told = {size for said in self._said.values() for size in said.sizes or ()}
        self._fixed = digits | {known[size] for size in told if size in known}
        return found

    def _ran(self, sizes: _Sizes) -> Recording | GradcalcError:
        key = _key(sizes)
        if key not in self._recordings:
            self._recordings[key] = self._run(sizes)
        return self._recordings[key]

    def _run(self, sizes: _Sizes) -> Recording | GradcalcError:
        traits = {name: said.traits for name, said in self._said.items()}
        failed: GradcalcError | None = None
        for style in STYLES:
            self._runs += 1
            shapes = {name: shape for name, shape in sizes.items() if name not in self.counts}
            inputs = point(shapes, traits, style, np.random.default_rng(0))
            inputs |= {name: np.array(float(*sizes[name])) for name in self.counts}
            try:
                problem = settled(self._problem(inputs))
                with np.errstate(all="ignore"):
                    found = record(problem, Floats(), problem.inputs, budget(problem))
            except ProgramSyntaxError as error:
                self.doubt = self.doubt or error
                return error
            except GradcalcError as error:
                self._first = self._first or error
                failed = error
                self._count(error)
                if isinstance(error, ShapeError):
                    break
                continue
            return _square(found) or found
        assert failed is not None
        return failed

    def _count(self, error: GradcalcError) -> None:
        """Give up a program that does not end: each run takes seconds."""
        if not isinstance(error, EndlessError):
            return
        self._endless += 1
        known = any(isinstance(found, Recording) for found in self._recordings.values())
        if self._endless >= (MOST_ENDLESS if known else ENDLESS):
            raise error


def _square(found: Recording) -> ShapeError | None:
    for node in found.trace.nodes:
        if node.op.name in SQUARE and len({*node.operands[0].shape[-2:]}) > 1:
            return ShapeError(f"{node.op.name} of shape {node.operands[0].shape}")
    return None


def _letter(name: str) -> str:
    return name.lstrip("_")[:1]


def _is_by_identity(node: Node) -> bool:
    if node.op is not MATMUL and node.title != "mul":
        return False
    return any(
        by.op is LITERAL
        and by.ndim == 2
        and np.array_equal(np.asarray(by["data"].array), np.eye(by.shape[0], by.shape[1]))
        for by in node.operands
    )


def _key(sizes: _Sizes) -> tuple[Any, ...]:
    return tuple(sorted(sizes.items()))


def _pairs(error: GradcalcError, sizes: _Sizes) -> Iterator[tuple[int, int]]:
    """Sizes that may be one, the likeliest first: those of two shapes in the message."""
    present = {size for shape in sizes.values() for size in shape}
    said = [
        [int(n) for n in re.findall(r"\d+", part) if int(n) in present]
        for part in re.findall(r"\d+(?:\D{1,2}\d+)*", error.message)
    ]
    found = [part for part in said if part]
    for left, right in pairwise(found):
        yield left[-1], right[0]
        yield from zip(reversed(left), reversed(right), strict=False)
        yield from product(left, right)
    for part in found:
        yield from ((a, b) for a in part for b in part if a < b)


def _merged(sizes: _Sizes, one: int, other: int) -> _Sizes:
    return {n: tuple(one if s == other else s for s in shape) for n, shape in sizes.items()}
