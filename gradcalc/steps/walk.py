"""A problem → its steps: what torch has for every call there and back, held to the true numbers."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcalc.balls.numbers import OutOfReach, Undecided, Undefined
from gradcalc.calculate import Ask, ask_here, cured_report, weighed
from gradcalc.derive.runs import Recording
from gradcalc.derive.trace import Call, Trace, is_boolean
from gradcalc.enclosure.course import Unlike
from gradcalc.enclosure.experiment import Experiment
from gradcalc.errors import GradcalcError, LimitError, Span, UnsupportedError
from gradcalc.expr import ops
from gradcalc.problem import Problem, weights
from gradcalc.report import Report
from gradcalc.steps.data import Backward, Forward, Handed, Numbers, Rounds, Source, Steps
from gradcalc.steps.folding import rounds_of
from gradcalc.steps.held import Held, held
from gradcalc.steps.names import OUTPUT, apart, named
from gradcalc.steps.readback import fitting
from gradcalc.steps.rules import Rule, rule_name
from gradcalc.steps.symbolic import MANY, Symbolic
from gradcalc.steps.texts import LONGEST
from gradcalc.testimony import Absent, Array, Computed, Origin, Step
from gradcalc.values import number_literals

SHORT = 6
"""Fixed numbers that are written out where they have no name."""


def steps_of(
    problem: Problem,
    ask: Ask = ask_here,
    command: str = "explain",
    *,
    symbolic: bool = False,
    whole: bool = True,
) -> Steps:
    """Calculate, and tell every step, with `symbolic` also as formulas of the inputs.

    Unless they are wanted `whole`, rounds that are not shown are not held to the true numbers.

    Raises `GradcalcError` for whatever is wrong with the program or its inputs, and where torch's
    calls are not those that the check knows.
    """
    case, experiment = weighed(replace(problem, steps=True), ask)
    if isinstance(case.autograd, Absent):
        raise UnsupportedError(f"there are no steps to be told: {case.autograd.doubt}")
    if experiment is None:
        raise UnsupportedError("the steps are those of the check, which was left out")
    recording = experiment.runs.recording
    trace = recording.trace
    if [call.primitive for call in trace.calls] != [s.primitive for s in case.autograd.steps]:
        raise UnsupportedError("torch's calls are not those that the check makes")
    found, unheld = _held(experiment, case.autograd)
    derived = _derived(recording, case.autograd, found) if symbolic else None
    walk = Walk(case.problem, case.autograd, trace, found, derived, whole=whole)
    return walk.steps(cured_report(case, command, ask), unheld)


def _held(experiment: Experiment, ours: Computed) -> tuple[Held | None, str | None]:
    """The true numbers beside torch's, or why they are not there."""
    try:
        return held(experiment, ours), None
    except (OutOfReach, Undecided, Undefined, GradcalcError) as reason:
        return None, str(reason) or "the true numbers cannot be told"
    except Unlike:
        return None, "the check makes a result of something else than torch does"


def _derived(recording: Recording, ours: Computed, found: Held | None) -> Symbolic:
    """The formulas of the steps. Raises `LimitError` where they are too many to be read."""
    if len(recording.trace.nodes) > MANY:
        raise LimitError(
            "a derivation of so many steps is nobody's to read", hint="leave --steps symbolic out"
        )
    centre = None if found is None else found.course.centre
    same = centre is not None and centre.recording.derived is recording.derived
    origins = [step.origins for step in ours.steps]
    return Symbolic(recording, origins, ours.target, centre if same else None)


@dataclass(frozen=True, slots=True)
class Operand:
    """A tensor that a call is given: its number, where it is from, what torch hands on to it."""

    number: int
    origin: Origin
    name: str
    handed: Array | None


class Walk:
    """The steps of one run: torch's numbers, by the course of the check's."""

    def __init__(
        self,
        problem: Problem,
        ours: Computed,
        trace: Trace,
        held: Held | None,
        symbolic: Symbolic | None,
        *,
        whole: bool,
    ) -> None:
        self.problem, self.ours, self.trace, self.held = problem, ours, trace, held
        self.symbolic, self.whole = symbolic, whole
        programs = [*problem.lets, (None, problem.program)]
        self.names = named(programs, trace.calls, problem.inputs, ours.target)
        # a name that a tensor has too would be taken for that
        taken = {*self.names.of.values()}
        self.bound = {number: name for name, number in trace.bound.items() if name not in taken}
        self.depends: dict[Origin, bool] = {n: n in problem.wrt for n in problem.inputs}
        self.operands = [
            self._operands(call, step) for call, step in zip(trace.calls, ours.steps, strict=True)
        ]
        for position, operands in enumerate(self.operands):
            depends = any(self.depends.get(operand.origin, False) for operand in operands)
            for part in range(len(trace.calls[position].results)):
                self.depends[position, part] = depends
        flowing = [o.origin for own in self.operands for o in own if o.handed is not None]
        self.often = Counter(flowing)
        self.left = Counter(flowing)

    def _operands(self, call: Call, step: Step) -> list[Operand]:
        """The operands of a call, one that stands there several times only once."""
        found: dict[tuple[int, Origin], Operand] = {}
        for number, origin, value, handed in zip(
            call.arguments, step.origins, step.given, step.handed, strict=True
        ):
            known = found.get((number, origin))
            if known is not None and known.handed is not None and handed is not None:
                handed = known.handed + handed
            name = self._name(number, origin, value)
            found[number, origin] = Operand(number, origin, name, handed)
        return list(found.values())

    def _name(self, number: int, origin: Origin, value: Array) -> str:
        """What an operand is called; one without a name by its numbers."""
        own = self.names.of.get(origin)
        if self.trace.nodes[number].op is ops.DETACH and origin is not None:
            return self.bound.get(number) or f"detach({own})"
        if own is not None:
            return own
        return self.bound.get(number) or _literal(value)

    def steps(self, report: Report, unheld: str | None) -> Steps:
        """All of them, those that are repeated with their rounds."""
        keys = [(call.primitive, call.place) for call in self.trace.calls]
        rounds = self._rounds(keys)
        rules = {k: self._rule(k) for k in range(len(keys)) if all(r.is_shown(k) for r in rounds)}
        self.told = frozenset(rules)
        self.shown = frozenset(range(len(keys)) if self.whole else rules)
        backward = [self._backward(k, rules.get(k)) for k in reversed(range(len(keys)))]
        taken = [*self.names.of.values(), *self.bound.values()]
        gradients = tuple(
            replace(one, formula=one.formula and apart(one.formula, taken))
            for one in report.gradients
        )
        return Steps(
            report=replace(report, gradients=gradients),
            inputs=dict(self.problem.inputs),
            forward=tuple(self._forward(k, rules.get(k)) for k in range(len(keys))),
            backward=tuple(step for step in backward if step is not None),
            rounds=rounds,
            output=self.names.of.get(self.ours.target, OUTPUT),
            weights=weights(self.problem, self.ours.value.shape),
            unheld=unheld,
            whole=self.whole,
            symbolic=self.symbolic is not None,
        )

    def _rounds(self, keys: Sequence[Hashable]) -> tuple[Rounds, ...]:
        """What is repeated, with the rounds in which a NaN or an infinity comes up."""
        there, back = [], []
        for position, step in enumerate(self.ours.steps):
            if not _finite(step.values) and _finite(step.given):
                there.append(position)
            if not _finite(step.handed) and _finite((*step.adjoints, *step.given)):
                back.append(position)
        met = {*there[:1], *back[-1:]}
        return tuple(
            replace(found, also=tuple({n for k in met if (n := found.number(k)) is not None}))
            for found in rounds_of(keys)
        )

    def _rule(self, position: int) -> Rule:
        """A call alone."""
        call, step = self.trace.calls[position], self.ours.steps[position]
        known = {(o.number, o.origin): o.name for o in self.operands[position]}
        pairs = zip(call.arguments, step.origins, strict=True)
        return Rule(self.trace, call, [known[pair] for pair in pairs])

    def _forward(self, position: int, rule: Rule | None) -> Forward:
        """A call on the way there."""
        call, step = self.trace.calls[position], self.ours.steps[position]
        operands = self.operands[position]
        names = {(operand.number, operand.origin): operand.name for operand in operands}
        given = zip(call.arguments, step.origins, strict=True)
        pairs = [
            (names[key] if self._is_named(*key) else None, self._place(key[1])) for key in given
        ]
        text = None
        if position in self.shown:
            text = self.names.text(position, pairs) or (rule or self._rule(position)).forward
        if text is None or len(text) > LONGEST:
            text = f"{call.primitive}({', '.join(o.name for o in operands)})"
        return Forward(
            names=tuple(self.names.of[position, part] for part in range(len(step.values))),
            text=text,
            primitive=call.primitive,
            place=call.place,
            numbers=tuple(self._value(position, k, v) for k, v in enumerate(step.values)),
            operands=tuple(operand.name for operand in operands),
            sources=tuple(_source(operand.origin) for operand in operands),
            depends=self.depends[position, 0],
            flows=any(adjoint is not None for adjoint in step.adjoints),
        )

    def _is_named(self, number: int, origin: Origin) -> bool:
        """Whether an operand is more than fixed numbers without a name."""
        return origin is not None or number in self.bound

    def _place(self, origin: Origin) -> Span | None:
        return self.trace.calls[origin[0]].place if isinstance(origin, tuple) else None

    def _value(self, position: int, part: int, value: Array) -> Numbers:
        if self.held is None or position not in self.shown:
            return Numbers(value)
        return self.held.value(position, part, value)

    def _backward(self, position: int, rule: Rule | None) -> Backward | None:
        """A call on the way back, None where nothing comes back to it."""
        call, adjoints = self.trace.calls[position], self.ours.steps[position].adjoints
        if all(adjoint is None for adjoint in adjoints):
            return None
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
            source, stop = _source(operand.origin), self._stop(operand)
            return Handed(operand.name, source, stop=stop) if depends else None
        adjoints = self.ours.steps[position].adjoints
        self.left[operand.origin] -= 1
        numbers = Numbers(operand.handed)
        if self.held is not None and position in self.shown:
            numbers = self.held.given_back(
                position, operand.number, operand.origin, operand.handed, adjoints
            )
        text = None
        if self.symbolic is not None:
            true = numbers.value if numbers.true is None else numbers.true
            text = self.symbolic.text(position, operand.origin, true)
        return Handed(
            to=operand.name,
            source=_source(operand.origin),
            formula=self._formula(position, formulas.get(operand.name, ()), numbers),
            derived=text,
            numbers=numbers,
            total=self._total(operand.origin),
        )

    def _formula(self, position: int, texts: Iterable[str], numbers: Numbers) -> str | None:
        """The first of some texts that gives what is handed on, or what should be."""
        if position not in self.told:
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
        if adjoint is None or self.held is None:
            return None if adjoint is None else Numbers(adjoint)
        return self.held.adjoint(origin, adjoint)

    def _stop(self, operand: Operand) -> str:
        """Why nothing is handed on to an operand that is made of what is differentiated by."""
        node = self.trace.nodes[operand.number]
        if node.op is ops.DETACH:
            return "detached: no gradient flows through it"
        if is_boolean(node):
            return "a condition: it passes no gradient back"
        if not self.trace.is_active(node):
            return "it is made of what is detached"
        return "it passes no gradient back"


def _source(origin: Origin) -> Source:
    return origin[0] if isinstance(origin, tuple) else origin


def _literal(value: Array) -> str:
    """Numbers without a name."""
    if value.size <= SHORT:
        texts = np.array(number_literals(value), dtype=object).reshape(value.shape)
        return f"tensor({texts.tolist()})".replace("'", "")
    return "constants"


def _finite(values: Iterable[Array | None]) -> bool:
    return all(value is None or np.isfinite(value).all() for value in values)
