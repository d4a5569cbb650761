"""What a calculation is asked: plain, picklable data, and the one way every witness runs it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import (
    GradcalcError,
    InvalidValueError,
    ShapeError,
    UnknownNameError,
    UnsupportedError,
    brief,
    did_you_mean,
)
from gradcalc.lang import trees
from gradcalc.lang.backend import Backend
from gradcalc.lang.chance import Dice, Draw
from gradcalc.lang.evaluate import evaluate
from gradcalc.lang.fence import compile_program
from gradcalc.lang.machine import Confirm, Rules, Watch
from gradcalc.lang.paths import path_of
from gradcalc.lang.program import Budget, Limits, Program, Run
from gradcalc.targets import Step, moved
from gradcalc.traits import Traits
from gradcalc.values.passed import DTYPES, dtype_name, numbers, rounded

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Room:
    """How far expected numbers may be off: rounded or cut at a `unit`, or by a `share`.

    `said` is how that is told. With `few` digits they are taken as they stand, for such numbers
    agree with much.
    """

    unit: Any
    share: float
    said: str
    few: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """A gradient to be calculated.

    `inputs` hold numbers as float64; `rounded` takes those that `dtype` has. `lets` are named
    expressions, each seeing the inputs and the lets before it. `detach` are names each use of
    which passes no gradient back; `wrt` the inputs to differentiate by; `of` the name to be
    differentiated instead of the output. `claims` are expected gradients by input. `cotangent`
    weighs the elements of the output, all 1 if None. `check` asks the other witnesses at all;
    without `enclose` the enclosure is left out, and the formula is evaluated in floats, as it is of
    large inputs: by far faster, but kinks, edges and jumps are only told to be there. With `steps`
    autograd also tells what it has for every operation. `rooms` is how far claims that are numbers
    may be off, by input. `seed` is what the program's random numbers are drawn from, and those
    parameters of networks that are no inputs. With `prints` autograd's run tells what the program
    prints. With `rows` it gives the gradient of each element of what is differentiated, of the
    shape of that and the input's behind it. `before` are the gradients that are taken first, of
    which this one is; `along` the tangents that inputs are moved along, by an input of its own.
    `data` are inputs whose numbers pass no gradient back and are what they are at every point,
    `truths` those that were given as truth values. `kinds` are the dtypes of inputs that were given
    as integers; those of `wrt` that are no data are taken as floats all the same. A kind that is
    Python's own, `int` or `bool`, is one of its numbers. `unsure` are inputs of which nobody has
    said whether their numbers, if they are whole, are integers. `traits` are what is known of
    inputs beside their numbers, which formulas make use of. Of what is `unseen` nobody sees the
    formula, which need not be short. `computed_in` is the dtype of the fewest digits that the
    library has calculated with, where that is not `dtype`.

    Of a caller from outside programs may be texts, inputs whatever numpy makes numbers of, and
    without `wrt` it is by all inputs. Raises `InvalidValueError` for what is none of these, and
    what `compile_program` raises.
    """

    program: Program
    inputs: Mapping[str, Array]
    wrt: tuple[str, ...] = ()
    lets: tuple[tuple[str, Program], ...] = ()
    detach: tuple[str, ...] = ()
    of: str | None = None
    claims: Mapping[str, Program] = field(default_factory=dict)
    cotangent: Array | None = None
    dtype: str = "float64"
    device: str = "cpu"
    limits: Limits = field(default_factory=Limits)
    check: bool = True
    strict: bool = False
    enclose: bool = True
    steps: bool = False
    rooms: Mapping[str, Room] = field(default_factory=dict)
    seed: int = 0
    prints: bool = False
    rows: bool = False
    before: tuple[Step, ...] = ()
    along: Mapping[str, Array] = field(default_factory=dict)
    data: tuple[str, ...] = ()
    truths: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    unsure: tuple[str, ...] = ()
    traits: Traits = field(default_factory=dict)
    unseen: bool = False
    computed_in: str | None = None

    def __post_init__(self) -> None:
        change = partial(object.__setattr__, self)
        change("dtype", _dtype(self.dtype))
        inputs: Any = self.inputs
        if not isinstance(inputs, Mapping):
            raise InvalidValueError(
                f"the inputs are of type {type(inputs).__name__}, not names with their values",
                hint='write {"x": 3.0}',
            )
        if not all(isinstance(v, np.ndarray) and v.dtype == np.float64 for v in inputs.values()):
            parts = [part for name, value in inputs.items() for part in trees.spread(value, name)]
            read = {name: numbers(value, name) for name, value in parts}
            change("truths", tuple(name for name, value in read.items() if value.dtype == np.bool_))
            whole = {n: value.dtype.name for n, value in read.items() if value.dtype.kind in "iu"}
            change("kinds", {**whole, **self.kinds})
            change("inputs", {name: value.astype(np.float64) for name, value in read.items()})
            inputs = self.inputs
        trees.check_whole(inputs)
        lets = frozenset(name for name, _ in self.lets)
        own = frozenset(trees.roots(name for name in inputs if not trees.is_parameter(name)))
        change("program", _compiled(self.program, lets, own))
        if self.program.dtype not in (None, self.dtype):
            raise UnsupportedError(
                f"the program sets torch's dtype to {self.program.dtype}, and the calculation's is"
                f" {self.dtype}",
                hint=f"--dtype {self.program.dtype}",
            )
        for field_name in ("wrt", "detach"):
            names: Any = getattr(self, field_name)
            names = (names,) if isinstance(names, str) else tuple(names)
            change(field_name, _parts(names, inputs))
        if not self.wrt:
            change("wrt", tuple(inputs))
        if self.cotangent is not None:
            change("cotangent", np.asarray(self.cotangent, dtype=np.float64))
        for name in self.wrt:
            if name not in inputs:
                raise UnknownNameError(
                    f"there is no input called {name} to differentiate by",
                    hint=did_you_mean(name, inputs) or f"the inputs are {', '.join(inputs)}",
                )
        if any(not isinstance(claim, Program) for claim in self.claims.values()):
            given = frozenset(trees.roots(inputs))
            known = frozenset({*lets, *given, *self.program.assigned})
            texts = self.claims.items()
            change("claims", {name: _compiled(claim, known, given) for name, claim in texts})

    @property
    def asked(self) -> tuple[str, ...]:
        """The inputs that it is explicitly differentiated by, and not for want of others."""
        return self.wrt if set(self.wrt) < set(self.inputs) else ()

    @property
    def precision(self) -> str:
        """The dtype whose rounding the library's numbers have."""
        return self.computed_in or self.dtype

    @property
    def integers(self) -> dict[str, str]:
        """The inputs that the program has as integers, or as Python's own numbers, with which."""
        held = self.kinds.items()
        return {name: kind for name, kind in held if name in self.data or name not in self.wrt}

    @property
    def is_open(self) -> bool:
        """Whether some of its mathematics waits for shapes."""
        programs = (self.program, *(program for _, program in self.lets), *self.claims.values())
        return any(program.signs for program in programs)

    def rounded(self) -> "Problem":
        """The problem with the inputs that its dtype has."""
        if self.dtype == "float64":
            return self
        inputs = {name: rounded(value, name, self.dtype) for name, value in self.inputs.items()}
        weights = self.cotangent
        weights = None if weights is None else rounded(weights, "cotangent", self.dtype)
        return replace(self, inputs=inputs, cotangent=weights)

    def joined(self, gradients: Mapping[str, Any]) -> Any:
        """Gradients by input as one flat array, in the order of `wrt`."""
        parts = [np.ravel(gradients[name]) for name in self.wrt]
        return np.concatenate(parts) if parts else np.empty(0)

    def split(self, flat: Any) -> dict[str, Any]:
        """A flat array as gradients by input: what `joined` joins."""
        ends = np.cumsum([self.inputs[name].size for name in self.wrt])
        parts = zip(self.wrt, np.split(flat, ends[:-1]), strict=False)
        return {name: part.reshape(self.inputs[name].shape) for name, part in parts}


def _parts(names: tuple[str, ...], inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """The names, that of an input with parts as those of the parts."""
    found = (trees.parts_of(name, inputs) or [name] for name in names)
    return tuple(dict.fromkeys(part for parts in found for part in parts))


def _dtype(given: Any) -> str:
    name = dtype_name(given)
    if name not in DTYPES:
        raise InvalidValueError(
            f"the dtype {name} is none to calculate in", hint=f"one of {', '.join(DTYPES)}"
        )
    return name


def _compiled(program: Any, known: frozenset[str], given: frozenset[str]) -> Program:
    """The program of a text."""
    if isinstance(program, Program):
        return program
    if isinstance(program, str):
        return compile_program(program, known=known, numbers=given)
    raise InvalidValueError(
        f"a program is a text or a Program, not a {type(program).__name__}",
        hint="gradcalc.compile_program makes a Program of a text",
    )


@dataclass(frozen=True, slots=True)
class Execution:
    """A problem run on a backend: the tensor to differentiate, and all names for the claims."""

    target: Any
    run: Run
    scope: Mapping[str, Any]
    draws: tuple[Draw, ...] = ()
    printed: str = ""


def execute(
    problem: Problem,
    backend: Backend,
    inputs: Mapping[str, Any],
    budget: Budget,
    confirm: Confirm | None = None,
    rules: Rules | None = None,
    *,
    survey: bool = False,
    watch: Watch | None = None,
) -> Execution:
    """Run the lets and the program of a problem on a backend, with its tensors as inputs.

    `confirm` is told every call of a library's function, `rules` are the language's own or others,
    `watch` sees what is kept for the backward pass. With `survey` a program that is a network is
    made and not called. An error that is raised brings along what was printed before.
    """
    printed: list[str] | None = [] if problem.prints and backend.at_hand else None
    options = {"confirm": confirm, "rules": rules, "printed": printed, "watch": watch}
    try:
        found = _executed(problem, backend, inputs, budget, options, survey=survey)
    except GradcalcError as error:
        error.printed = "".join(printed or ())
        raise
    return replace(found, printed="".join(printed or ()))


def _executed(
    problem: Problem,
    backend: Backend,
    inputs: Mapping[str, Any],
    budget: Budget,
    options: Mapping[str, Any],
    *,
    survey: bool,
) -> Execution:
    asked = {name for step in problem.before for name in step.by} - set(problem.wrt)
    given_inputs = {n: backend.variable(v) if n in asked else v for n, v in inputs.items()}
    inputs = moved(backend, given_inputs, problem.along)
    scope = dict(inputs)
    # anew for each run, so that all have the same numbers
    dice = Dice(problem.seed)
    options = {
        **options, "detach": problem.detach, "limits": problem.limits, "budget": budget,
        "dice": dice, "data": problem.data, "truths": problem.truths, "kinds": problem.integers,
    }  # fmt: skip
    stops: tuple[Any, ...] = ()
    casts: tuple[Any, ...] = ()
    lets: dict[str, Any] = {}
    for name, program in problem.lets:
        functions = [n for n, value in lets.items() if not backend.is_tensor(value)]
        given = _of((*program.inputs, *functions), scope)
        run = evaluate(program, backend, given, **options, functions=True)
        scope[name] = lets[name] = run.value
        stops += run.stops
        casts += run.casts
    # the parameters of networks are known by their names alone
    own = problem.inputs if problem.program.nets else ()
    needed = (*problem.program.inputs, *lets, *own)
    given = _of(needed, scope)
    # of a survey nobody reads the output
    part = None if survey else () if problem.of is None else path_of(problem.of)
    run = evaluate(
        problem.program, backend, given, of=part, **options, seed=problem.seed, survey=survey
    )
    wholes = trees.roots(inputs)
    scope = {n: v for n, v in run.names.items() if n not in wholes} | scope
    target = run.value
    if problem.of is not None and part is None:
        named = {**scope, **run.names}
        target = evaluate(_name(problem.of, named), backend, named, budget=budget).value
    for step in problem.before:
        target = step.taken(backend, target, given_inputs)
    whole = replace(run, stops=stops + run.stops, casts=casts + run.casts)
    return Execution(target, whole, scope, tuple(dice.draws))


def _of(names: Iterable[str], scope: Mapping[str, Any]) -> dict[str, Any]:
    """What programs that need these names are given of a scope, inputs in parts by those."""
    given = {n: scope[n] for n in names if n in scope}
    wanted = set(names) - given.keys()
    return given | {n: v for n, v in scope.items() if trees.is_part(n) and trees.root(n) in wanted}


def weights(problem: Problem, shape: tuple[int, ...]) -> Array:
    """The weight of each element of an output of that shape, 1 without `--cotangent`.

    Raises `ShapeError` for a cotangent of another shape.
    """
    if problem.cotangent is None:
        return np.ones(shape)
    try:
        return np.broadcast_to(problem.cotangent, shape)
    except ValueError:
        raise ShapeError(
            f"the cotangent has shape {problem.cotangent.shape}, the output {shape}",
            hint="it weighs the elements of the output, so give it the output's shape",
        ) from None


def _name(name: str, scope: Mapping[str, Any]) -> Program:
    """The name as a program of its own, so that it gives what any output may be."""
    if name not in scope:
        raise UnknownNameError(
            f"--of {name}: the program binds no such name",
            hint=did_you_mean(name, scope) or f"its names: {', '.join(sorted(scope))}",
        )
    return compile_program(name, known=tuple(trees.roots(scope)))


def _shape_hint(name: str, shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """What a claim of another shape than that of its input should be like."""
    behind = shape[len(shape) - len(wanted) :] if wanted else ()
    if wanted and len(shape) > len(wanted) and behind == wanted:
        count = len(shape) - len(wanted)
        dims = "0" if count == 1 else str(tuple(range(count)))
        return f"if {name} was broadcast to that shape, sum the claim over it: (...).sum({dims})"
    if not wanted:
        return f"{name} is a single number: if it was broadcast, sum the claim: (...).sum()"
    if len(wanted) == 1 and sorted(shape) == sorted((*wanted, *[1] * (len(shape) - 1))):
        return f"{name} is a vector: (...).reshape(-1) makes one of the claim"
    return f"give it the shape of {name}, or one number for all elements"


PART_OF_CLAIM = (
    "a claim is the gradient alone: f(x)[1], or a function that returns this part of what f returns"
)
"""What to do with a claim that gives more than one value, as a function with value and gradient."""


def claim_values(
    problem: Problem, backend: Backend, execution: Execution, budget: Budget
) -> dict[str, Any]:
    """The expected gradients, evaluated on a backend where the program has been run.

    Raises `ShapeError` for one that has neither its input's shape nor is a single number.
    """
    found = {}
    for name, claim in problem.claims.items():
        scope = dict(execution.scope)
        try:
            value = evaluate(claim, backend, scope, limits=problem.limits, budget=budget).value
        except (InvalidValueError, ShapeError) as error:
            if error.hint is not None and error.hint.startswith("--of "):
                # a claim has no --of of its own
                error.hint = PART_OF_CLAIM
            raise
        shape, wanted = backend.shape(value), problem.inputs[name].shape
        if shape not in ((), wanted):
            raise ShapeError(
                f"--expect {brief(claim.brief)}: it has shape {shape}, "
                f"the gradient by {name} {wanted}",
                hint=_shape_hint(name, shape, wanted),
            )
        found[name] = value
    return found
