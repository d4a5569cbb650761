"""The way back of a run: what arrives at each call, and what that hands on to its operands."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gradcalc.derive.trace import Trace, is_boolean
from gradcalc.expr import ops
from gradcalc.problem import Problem
from gradcalc.steps.data import Backward, Handed, Numbers, Source
from gradcalc.steps.held import Held, where_lost
from gradcalc.steps.readback import fitting
from gradcalc.steps.rules import Rule, rule_name
from gradcalc.steps.symbolic import Symbolic
from gradcalc.testimony import Array, Computed, Origin


@dataclass(frozen=True, slots=True)
class Operand:
    """A tensor that a call is given: its number, where it is from, what torch hands on to it."""

    number: int
    origin: Origin
    name: str
    handed: Array | None


class Back:
    """The way back of a run: the `operands` of each call, which origins `depends` on what is
    differentiated by, the `rules` of the calls that are told, and which are held to the true
    numbers as they are `shown`."""

    def __init__(
        self,
        problem: Problem,
        ours: Computed,
        trace: Trace,
        held: Held | None,
        symbolic: Symbolic | None,
        operands: Sequence[Sequence[Operand]],
        depends: Mapping[Origin, bool],
        rules: Mapping[int, Rule],
        shown: frozenset[int],
    ) -> None:
        self.problem, self.ours, self.trace, self.held = problem, ours, trace, held
        self.symbolic, self.operands, self.depends = symbolic, operands, depends
        self.rules, self.shown = rules, shown
        flowing = [o.origin for own in operands for o in own if o.handed is not None]
        self.often, self.left = Counter(flowing), Counter(flowing)
        self.parts: dict[Origin, list[Array]] = {}

    def steps(self) -> tuple[Backward, ...]:
        """Those to which something comes back, the last one first."""
        found = (self._backward(k) for k in reversed(range(len(self.operands))))
        return tuple(step for step in found if step is not None)

    def _backward(self, position: int) -> Backward | None:
        """A call on the way back, None where nothing comes back to it."""
        call, adjoints = self.trace.calls[position], self.ours.steps[position].adjoints
        if all(adjoint is None for adjoint in adjoints):
            return None
        rule = self.rules.get(position)
        formulas = {} if rule is None else rule.backward([a is not None for a in adjoints])
        operands = self.operands[position]
        found = (self._handed(position, operand, formulas) for operand in operands)
        return Backward(
            step=position,
            rule=rule_name(call, self.trace),
            arriving=tuple(
                None if adjoint is None else self._adjoint((position, part), adjoint)
                for part, adjoint in enumerate(adjoints)
            ),
            handed=tuple(part for part in found if part is not None),
        )

    def _adjoint(self, origin: Origin, value: Array) -> Numbers:
        hidden = isinstance(origin, tuple) and origin[0] not in self.shown
        return Numbers(value) if self.held is None or hidden else self.held.adjoint(origin, value)

    def _handed(
        self,
        position: int,
        operand: Operand,
        formulas: Mapping[str, Iterable[str]],
    ) -> Handed | None:
        """What a call hands on to an operand, None to one that nothing is asked of."""
        if operand.handed is None:
            depends = self.depends.get(operand.origin, False)
            source, stop = source_of(operand.origin), self._stop(operand)
            return Handed(operand.name, source, stop=stop) if depends else None
        step = self.ours.steps[position]
        self.left[operand.origin] -= 1
        self.parts.setdefault(operand.origin, []).append(operand.handed)
        numbers = Numbers(operand.handed)
        if self.held is not None:
            numbers = self.held.given_back(
                position, operand.number, operand.origin, operand.handed, step.adjoints,
                told=position in self.shown,
            )  # fmt: skip
        numbers = where_lost(numbers, (*step.given, *step.adjoints))
        text = None
        if self.symbolic is not None:
            true = numbers.value if numbers.true is None else numbers.true
            text = self.symbolic.text(position, operand.origin, true)
        total, summed = self._total(operand.origin), None
        if self.symbolic is not None and total is not None:
            true = total.value if total.true is None else total.true
            summed = self.symbolic.total(operand.origin, true)
        return Handed(
            to=operand.name,
            source=source_of(operand.origin),
            formula=self._formula(position, formulas.get(operand.name, ()), numbers),
            derived=text,
            numbers=numbers,
            total=total,
            summed=summed,
        )

    def _formula(self, position: int, texts: Iterable[str], numbers: Numbers) -> str | None:
        """The first of some texts that gives what is handed on, or what should be."""
        if position not in self.rules:
            return None
        named = {operand.origin: operand.name for operand in self.operands[position]}
        return fitting(self.problem, self.ours.steps[position], named, texts, numbers)

    def _total(self, origin: Origin) -> Numbers | None:
        """All that has come back to a tensor, once the last of several parts has."""
        if self.left[origin] or self.often[origin] < 2:
            return None
        if isinstance(origin, tuple):
            adjoint = self.ours.steps[origin[0]].adjoints[origin[1]]
        else:
            adjoint = self.ours.gradients.get(str(origin))
        if adjoint is None:
            return None
        found = Numbers(adjoint) if self.held is None else self.held.adjoint(origin, adjoint)
        return where_lost(found, self.parts[origin])

    def _stop(self, operand: Operand) -> str:
        """Why nothing is handed on to an operand that is made of what is differentiated by."""
        node = self.trace.nodes[operand.number]
        if node.op is ops.DETACH:
            return self._detached(operand)
        if is_boolean(node):
            return "a condition: it passes no gradient back"
        if not self.trace.is_active(node):
            return "it is made of what is detached"
        return "it passes no gradient back"

    def _detached(self, operand: Operand) -> str:
        """What has detached an operand."""
        place = next(
            (key[1] for key, order in self.trace.detached.items() if order == operand.number), None
        )
        stop = next((s for s in self.ours.stops if s.span == place), None)
        if stop is not None and stop.kind not in ("detach", "no_grad"):
            return f"{stop.source} takes plain numbers: no gradient flows through it"
        frozen = any(stop.kind == "no_grad" for stop in self.ours.stops)
        if frozen and is_frozen(self.trace, operand.number, operand.origin):
            return "made under no_grad: no gradient flows through it"
        return "detached: no gradient flows through it"


def is_frozen(trace: Trace, number: int, origin: Origin) -> bool:
    """Whether the result of a call was detached as it was made, as under `no_grad`."""
    place = next((key[1] for key, order in trace.detached.items() if order == number), None)
    return isinstance(origin, tuple) and trace.calls[origin[0]].place == place


def source_of(origin: Origin) -> Source:
    return origin[0] if isinstance(origin, tuple) else origin
