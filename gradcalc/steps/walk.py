"""A problem → its steps: what torch has for every call there and back, held to the true numbers."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from gradcalc.balls.numbers import OutOfReach, Undecided, Undefined
from gradcalc.calculate import Ask, ask_here, cured_report, weighed
from gradcalc.derive.runs import Recording
from gradcalc.derive.trace import Call, Trace
from gradcalc.enclosure.course import Unlike
from gradcalc.enclosure.experiment import Experiment
from gradcalc.errors import GradcalcError, LimitError, Span, UnsupportedError
from gradcalc.expr import ops
from gradcalc.problem import Problem, weights
from gradcalc.report import Report
from gradcalc.steps.back import Back, Operand, is_frozen, source_of
from gradcalc.steps.data import Fixed, Forward, Numbers, Rounds, Steps
from gradcalc.steps.faults import is_unmarked, marked, settled
from gradcalc.steps.folding import rounds_of
from gradcalc.steps.held import Held, held, where_lost
from gradcalc.steps.names import OUTPUT, apart, named
from gradcalc.steps.rules import Rule
from gradcalc.steps.symbolic import MANY, Symbolic
from gradcalc.steps.texts import LONGEST
from gradcalc.testimony import Absence, Absent, Array, Computed, Origin, Step
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
        # as where code of a user ends its process
        raised = LimitError if case.autograd.reason is Absence.LOST else UnsupportedError
        raise raised(f"there are no steps to be told: {case.autograd.doubt}")
    ours = case.autograd
    if experiment is None:
        raise UnsupportedError("the steps are those of the check, which was left out")
    recording = experiment.runs.recording
    trace = recording.trace
    if [call.primitive for call in trace.calls] != [s.primitive for s in case.autograd.steps]:
        raise UnsupportedError(
            "the check makes this of other calls than torch does, and has no numbers for its steps",
            hint="gradcalc grad and gradcalc why say whether the gradient is right",
        )
    found, unheld = _held(experiment, case.autograd)
    derived = _derived(recording, case.autograd, found) if symbolic else None
    report = cured_report(case, command, ask)

    def walked(found: Held | None) -> Steps:
        walk = Walk(case.problem, ours, trace, found, derived, whole=whole)
        return settled(walk.steps(report, unheld), case.problem)

    steps = walked(found)
    if is_unmarked(steps) and found is not None:
        steps = walked(replace(found, strict=True))
    return marked(steps) if is_unmarked(steps) else steps


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
        if self._is_detached(number, origin):
            return self.bound.get(number) or f"detach({own})"
        if own is not None:
            return own
        return self.bound.get(number) or _literal(value)

    def _is_detached(self, number: int, origin: Origin) -> bool:
        """Whether an operand is a detached tensor, not one that was made so."""
        is_one = self.trace.nodes[number].op is ops.DETACH and origin is not None
        frozen = any(stop.kind == "no_grad" for stop in self.ours.stops)
        return is_one and not (frozen and is_frozen(self.trace, number, origin))

    def _fixed(self) -> tuple[Fixed, ...]:
        """The names of operands that no call makes, and that are no inputs."""
        found: dict[str, Fixed] = {}
        for call, step in zip(self.trace.calls, self.ours.steps, strict=True):
            for number, origin, value in zip(call.arguments, step.origins, step.given, strict=True):
                name = self.bound.get(number)
                if name is None or name != self._name(number, origin, value) or name in found:
                    continue
                own = self.names.of.get(origin)
                found[name] = Fixed(name, own and f"detach({own})", value)
        return tuple(found.values())

    def steps(self, report: Report, unheld: str | None) -> Steps:
        """All of them, those that are repeated with their rounds."""
        keys = [(call.primitive, call.place) for call in self.trace.calls]
        rounds = self._rounds(keys)
        rules = {k: self._rule(k) for k in range(len(keys)) if all(r.is_shown(k) for r in rounds)}
        self.shown = frozenset(range(len(keys)) if self.whole else rules)
        back = Back(
            self.problem, self.ours, self.trace, self.held, self.symbolic, self.operands,
            self.depends, rules, self.shown,
        )  # fmt: skip
        taken = [*self.names.of.values(), *self.bound.values()]
        gradients = tuple(
            replace(one, formula=one.formula and apart(one.formula, taken))
            for one in report.gradients
        )
        return Steps(
            report=replace(report, gradients=gradients),
            inputs=dict(self.problem.inputs),
            forward=tuple(self._forward(k, rules.get(k)) for k in range(len(keys))),
            backward=back.steps(),
            rounds=rounds,
            output=self.names.of.get(self.ours.target, OUTPUT),
            weights=weights(self.problem, self.ours.value.shape),
            unheld=unheld,
            whole=self.whole,
            symbolic=self.symbolic is not None,
            fixed=self._fixed(),
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
            sources=tuple(source_of(operand.origin) for operand in operands),
            depends=self.depends[position, 0],
            flows=any(adjoint is not None for adjoint in step.adjoints),
        )

    def _is_named(self, number: int, origin: Origin) -> bool:
        """Whether an operand is more than fixed numbers without a name."""
        return origin is not None or number in self.bound

    def _place(self, origin: Origin) -> Span | None:
        return self.trace.calls[origin[0]].place if isinstance(origin, tuple) else None

    def _value(self, position: int, part: int, value: Array) -> Numbers:
        found = Numbers(value)
        if self.held is not None and position in self.shown:
            found = self.held.value(position, part, value)
        return where_lost(found, self.ours.steps[position].given)


def _literal(value: Array) -> str:
    """Numbers without a name."""
    if value.size <= SHORT:
        texts = np.array(number_literals(value), dtype=object).reshape(value.shape)
        return f"tensor({texts.tolist()})".replace("'", "")
    return "constants"


def _finite(values: Iterable[Array | None]) -> bool:
    return all(value is None or np.isfinite(value).all() for value in values)
