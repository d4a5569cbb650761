"""What the graph of a run hangs on: the answers that would have made it another one.

A primitive looks at more than it uses: `sort` at positions that nobody may take, `one_hot` at
labels to see whether they are some. Which answers matter is found out by giving others: where the
program makes the same graph of them, asks the same, and goes the same way, they do not.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.derive.recorder import Recorder, Traced
from gradcalc.derive.runs import Recording, budget, record
from gradcalc.derive.trace import Observation, Positions, Question, Trace, numbers, truth
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Data, ancestry
from gradcalc.expr.protocols import Arithmetic

MOST_ASKED = 12
"""Answers that are tried one by one; of more all are taken to matter."""


class _Contrary(Recorder):
    """Takes other answers, by the number of the question."""

    def __init__(self, dtype: str, answers: Mapping[int, Data]) -> None:
        super().__init__(dtype, Floats())
        self._answers = answers

    def _observed(self, x: Traced, question: Question, checked: bool = False) -> Any:
        number = len(self.observations)
        seen = super()._observed(x, question, checked)
        return self._answers.get(number, seen)


FULL_RANK = ("pinv", "lstsq")
"""Primitives of matrices of full rank."""


def full_rank(arithmetic: Arithmetic, value: Any) -> bool:
    """Whether matrices have full rank."""
    floats = arithmetic.floats(value)
    return bool((np.linalg.matrix_rank(floats) == min(floats.shape[-2:])).all())


def supposed(trace: Trace) -> Iterator[Observation]:
    """What primitives suppose of their operands and do not look at."""
    for call in trace.calls:
        if call.primitive in FULL_RANK:
            yield Observation(call.arguments[0], full_rank, True, call.primitive)


def steering(recording: Recording) -> list[Observation]:
    """What was seen of the inputs, and may not be anything else where the graph holds."""
    trace = recording.trace
    asked = [
        k
        for k, seen in enumerate(trace.observations)
        if seen.steers
        and not seen.checked
        and any(p.op is ops.VAR for p in ancestry([trace.nodes[seen.number]]))
    ]
    doubtful = [k for k in asked if _is_doubtful(trace.observations[k])]
    idle = _idle(recording, doubtful)
    return [*(trace.observations[k] for k in asked if k not in idle), *supposed(trace)]


def _is_doubtful(seen: Observation) -> bool:
    """Whether an answer may be one that only the primitive itself was interested in."""
    looked = seen.question is numbers and seen.inside is not None
    return looked or isinstance(seen.question, Positions)


def _idle(recording: Recording, doubtful: Sequence[int]) -> frozenset[int]:
    """The questions whose answers do not matter."""
    if not doubtful or _is_same(recording, doubtful):
        return frozenset(doubtful)
    if len(doubtful) > MOST_ASKED:
        return frozenset()
    return frozenset(k for k in doubtful if len(doubtful) > 1 and _is_same(recording, [k]))


def _is_same(recording: Recording, changed: Sequence[int]) -> bool:
    """Whether the program does the same where it is answered otherwise."""
    trace, problem = recording.trace, recording.problem
    inputs = {n: np.asarray(values, float) for n, values in problem.inputs.items()}
    for way in range(2):
        answers = {k: _other(trace, trace.observations[k], way) for k in changed}
        recorder = _Contrary(problem.dtype, answers)
        try:
            found = record(problem, Floats(), inputs, budget(problem), recorder=recorder)
        except Exception:
            # what it says of such an answer does not matter: it does not go on as it did
            return False
        known: dict[Any, int] = {}
        if _course(trace, changed, known) != _course(found.trace, changed, known):
            return False
    return True


def _other(trace: Trace, seen: Observation, way: int) -> Data:
    """Another answer, of two ways; each number is another one in one of them."""
    array, node = seen.seen.array, trace.nodes[seen.number]
    if isinstance(seen.question, Positions):
        axis = seen.question.axis
        axes = axis if isinstance(axis, tuple) else (axis,)
        places = int(np.prod([node.shape[k] for k in axes]))
        return Data.of((array + 1 + way) % max(places, 1))
    if way and array.dtype != bool and array.size:
        # labels stay some
        return Data.of(array.max() - array)
    return Data.of(np.where(array == 0, 1.0, 0.0).astype(array.dtype))


def _course(trace: Trace, changed: Sequence[int], known: dict[Any, int]) -> Any:
    """All that follows from a run, but for some answers; equal nodes by `known` numbers."""
    own: list[int] = []
    for node in trace.nodes:
        key = (node.op, tuple(own[x.order] for x in node.operands), node.static, node.shape)
        own.append(known.setdefault(key, len(known)))
    asked = [
        (own[seen.number], None if k in changed else seen.seen, seen.inside)
        for k, seen in enumerate(trace.observations)
        if k in changed or seen.question is truth or isinstance(seen.seen, Data)
    ]
    return own[trace.output.order], asked, trace.path


FEW = 8
"""Numbers that are told one by one."""


def told(recording: Recording, observations: Sequence[Observation]) -> Iterator[str]:
    """What a graph hangs on beside the branches of the program, in sentences."""
    body = recording.problem.program.body
    if any(isinstance(node, ast.Try) for part in body for node in ast.walk(part)):
        yield "It holds where what the program tries goes as at the inputs of the check."
    sentences = (_sentence(recording, seen) for seen in observations)
    yield from dict.fromkeys(sentence for sentence in sentences if sentence is not None)


def _sentence(recording: Recording, seen: Observation) -> str | None:
    if seen.question is full_rank:
        return f"It holds where the matrix of {seen.inside} has full rank."
    if seen.question is truth:
        # those that the program asks are in its branches
        return None if seen.inside is None else (
            f"It holds where {seen.inside} is in the case that it is in at the inputs of the check."
        )  # fmt: skip
    array = seen.seen.array.squeeze()
    whole = array.astype(int) if np.array_equal(array, np.round(array)) else array
    numbers = str(whole.tolist()) if array.size <= FEW else "what they are in the check"
    if isinstance(seen.question, Positions):
        return f"It holds where the places that {seen.inside or 'it'} finds are {numbers}."
    node = recording.trace.nodes[seen.number]
    while node.op is ops.DETACH:
        (node,) = node.operands
    name = node["name"] if node.op is ops.VAR else _written(recording, node.order)
    return f"It holds where the numbers of {name} are {numbers}."


def _written(recording: Recording, number: int) -> str:
    """What the program has for a node."""
    place = recording.trace.notes[number].place
    lines = recording.problem.program.source.splitlines()
    known = place is not None and place.file is None and place.line == place.end_line
    if place is None or not known or place.line > len(lines):
        return recording.trace.title(recording.trace.nodes[number])
    return f"`{lines[place.line - 1][place.column - 1 : place.end_column - 1]}`"
