"""Names and values of the command line → problems to calculate."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from gradcalc import traits
from gradcalc.calculate import settled
from gradcalc.cli import digits, networks, parts, plainly
from gradcalc.cli import programs as named
from gradcalc.cli.bundle import bundled
from gradcalc.cli.networks import Furnished
from gradcalc.cli.numbers import read_numbers, unsure
from gradcalc.cli.options import Options
from gradcalc.cli.programs import (
    Lets,
    Source,
    Use,
    limits_of,
    place_of,
    sources,
    unknown,
    use,
    values_of,
    written,
)
from gradcalc.cli.readers import claimed, is_function, rows
from gradcalc.errors import (
    GradcalcError,
    InvalidValueError,
    UnknownNameError,
    UntoldError,
    UsageError,
)
from gradcalc.findings import Finding
from gradcalc.lang import trees
from gradcalc.lang.fence import compile_program
from gradcalc.lang.paths import path_of
from gradcalc.lang.program import Limits, Program
from gradcalc.lang.typed import Values
from gradcalc.problem import Array, Problem, Room
from gradcalc.report import Report

if TYPE_CHECKING:
    from gradcalc.calculate import Ask
    from gradcalc.derive.derivations import Derivations


@dataclass(frozen=True, slots=True)
class Request:
    """A problem, with what is worth knowing about how the command line was understood.

    `command`, `order` and `tangents` say which derivative it is about.
    """

    problem: Problem
    notes: tuple[Finding, ...]
    command: str = "grad"
    order: int = 1
    tangents: Mapping[str, Array] = field(default_factory=dict)

    def answered(self, ask: "Ask", derivations: "Derivations | None" = None) -> Report:
        """The report on the problem, with the notes."""
        from gradcalc.family import derivative

        return self.noted(
            derivative(
                self.problem,
                self.command,
                tangents=self.tangents,
                order=self.order,
                ask=ask,
                derivations=derivations,
            )
        )

    def noted(self, report: Report) -> Report:
        """A report on the problem, with the notes."""
        notes = (*self.notes, *_readings(settled(self.problem)))
        return replace(report, findings=(*notes, *report.findings))


def requests(
    options: Options, texts: Sequence[Source], own: frozenset[str] = frozenset()
) -> tuple[Request, ...]:
    """One problem for each program, whose `texts` have been read.

    `own` are the names of the options among which the values of inputs were typed.

    Raises `GradcalcError` for whatever does not fit together. Everything that can be known
    without running a program is checked here, so before torch is imported.
    """
    limits = limits_of(options)
    options, texts = plainly.worded(options, texts, limits)
    lets = _lets(options, limits)
    values = values_of(options)
    try:
        programs = [_compiled(source, limits, values) for source in texts]
    except UntoldError as error:
        raise error.of(trees.roots(name for name, _ in options.values)) from None
    known = (*programs, *(program for _, program in lets))
    options = parts.apart(_with_bundle(options, known), known)
    asked, either = [name for name, _ in options.values], unsure(options)
    programs, options, drawn = networks.furnished(programs, lets, options, limits)
    typed = [name for name, _ in options.values]
    uses = [use(program, lets, typed) for program in programs]
    named.check_names(uses, asked, own)
    named.check_known(options.detach, "--detach", uses)
    named.check_known(options.wrt, "--wrt", uses)
    named.check_known(_of_name(options), "--of", uses)
    named.check_known([name for name, _ in options.declared], "--declare", uses)
    wrts = [_wrt(use, options, drawn) for use in uses]
    _check_claims(options, uses, wrts)
    claims = [_claims(use, wrt, options, limits) for use, wrt in zip(uses, wrts, strict=True)]
    numbers, cotangent, tangents = read_numbers(options)
    _check_truths(numbers, {"--wrt": options.wrt, "--tangent": tuple(filter(None, tangents))})
    return tuple(
        Request(
            Problem(
                program=use.program,
                inputs={name: numbers[typed] for name, typed in use.given.items()},
                wrt=wrt,
                unsure=tuple(name for name, typed in use.given.items() if typed in either),
                traits=_traits(options, use, numbers),
                lets=use.lets,
                detach=tuple(use.own(name) for name in options.detach),
                of=options.of and use.own(options.of),
                claims={name: program for name, (_, program) in claim.items()},
                rooms=_rooms(claim, options),
                cotangent=cotangent,
                dtype=options.dtype,
                seed=options.seed or 0,
                device=options.device,
                limits=limits,
                check=options.check,
                strict=options.strict,
                enclose=options.enclose,
                prints=options.prints,
            ),
            (*_notes(use), *drawn.notes),
            options.command,
            options.order,
            _tangents(use, wrt, tangents),
        )
        for use, wrt, claim in zip(uses, wrts, claims, strict=True)
    )


def _check_truths(numbers: Mapping[str, Array], asked: Mapping[str, Sequence[str]]) -> None:
    """Refuse to differentiate by truth values, which do not move."""
    for flag, names in asked.items():
        for name in names:
            if name in numbers and numbers[name].dtype == np.bool_:
                raise InvalidValueError(
                    f"{flag} {name}: {name} holds truth values, which nothing is differentiated by",
                    hint="give it as numbers: 1,0",
                )


def _tangents(
    use: Use, wrt: Sequence[str], tangents: Mapping[str | None, Array]
) -> dict[str, Array]:
    """The tangents by the names of inputs; one without a name is that of the only one."""
    if None in tangents and len(wrt) != 1:
        raise UsageError(
            "--tangent: there are several inputs to differentiate by",
            hint=f"--tangent {wrt[0]}=VALUE says of which, --wrt which there are",
        )
    found = {wrt[0] if n is None else use.own(n): value for n, value in tangents.items()}
    if len(found) < len(tangents):
        raise UsageError(f"--tangent {wrt[0]} is given twice")
    return found


def _traits(options: Options, use: Use, numbers: Mapping[str, Array]) -> dict[str, frozenset[str]]:
    """What is said of the inputs of a program beside their numbers.

    Raises `InvalidValueError` where it does not hold of these.
    """
    typed = {typed: name for name, typed in use.given.items()}
    found: dict[str, frozenset[str]] = {}
    for said, words in options.declared:
        name = typed.get(said, said)
        if name in use.given:
            found[name] = found.get(name, frozenset()) | traits.traits_of(said, words)
    for name, own in found.items():
        traits.check(name, numbers[use.given[name]], own)
    return found


def _of_name(options: Options) -> list[str]:
    """The name that is differentiated, if it is one and not a part of the output."""
    return [options.of] if options.of is not None and path_of(options.of) is None else []


def input_names(options: Options) -> frozenset[str]:
    """Every name that the programs and the lets can take from outside."""
    limits = limits_of(options)
    lets = _lets(options, limits)
    values = values_of(options)
    programs = (_compiled(source, limits, values) for source in sources(options))
    return frozenset(name for program in programs for name in use(program, lets, ()).inputs)


def program_of(source: Source, options: Options, names: frozenset[str]) -> Use:
    """A program without values, and its lets, with the names that they take from outside."""
    limits = limits_of(options)
    lets = _lets(options, limits)
    own = frozenset(name for name, _ in lets)
    return use(_compiled(source, limits, Values(names - own, own)), lets, ())


def _compiled(source: Source, limits: Limits, values: Values) -> Program:
    """The program of a text that may use these names: that of a file is Python."""
    numbers = values.numbers if source.typed else None
    return compiled(source.text, limits, values.others, source.function, numbers)


@lru_cache(maxsize=128)
def compiled(
    text: str,
    limits: Limits,
    known: frozenset[str] = frozenset(),
    function: str | None = None,
    numbers: frozenset[str] | None = None,
) -> Program:
    """The checked program of a text: the same one again for the thousands of points of a stream."""
    return compile_program(text, function=function, limits=limits, known=known, numbers=numbers)


def _with_bundle(options: Options, programs: Sequence[Program]) -> Options:
    """The options with the values that stand in a file."""
    if options.bundle is None:
        return options
    wanted = {name for program in programs for name in program.inputs}
    given = {name for name, _ in options.values}
    found = bundled(options.bundle, wanted, given, named.read_stdin)
    return replace(options, values=(*options.values, *found))


def _lets(options: Options, limits: Limits) -> Lets:
    names = [name for name, _ in options.lets]
    for name in names:
        if names.count(name) > 1:
            raise UnknownNameError(f"{name} is given twice with --let")
    functions = frozenset(name for name, text in options.lets if is_function(text))
    given = (n for n, _ in (*options.values, *options.lets) if n not in functions)
    numbers = frozenset(trees.roots(given))
    result = []
    for name, text in options.lets:
        with said_of(f"--let {name}"):
            typed = None if name in functions else numbers
            result.append((name, compiled(rows(text), limits, functions, numbers=typed)))
    return tuple(result)


def _wrt(use: Use, options: Options, drawn: Furnished) -> tuple[str, ...]:
    """The inputs to differentiate by; those asked for, as far as this program has them."""
    if not use.given:
        raise UsageError(
            "the program has no inputs, so there is nothing to differentiate by",
            hint='use a name for the number: "x**2" --x 3',
        )
    own = [use.own(name) for name in options.wrt]
    asked = tuple(dict.fromkeys(
        part for name in own for part in trees.parts_of(name, use.given) or [name]
    ))  # fmt: skip
    for name in asked:
        if name in use.names and name not in use.given:
            raise UnknownNameError(
                f"--wrt {name}: {name} is not an input, so nothing can be differentiated by it",
                hint=f"the inputs are {', '.join(use.given)}; --of {name} differentiates {name}",
            )
    free = tuple(name for name in use.given if name not in drawn.frozen) or tuple(use.given)
    wrt = tuple(name for name in asked if name in use.given) if asked else free
    if not wrt:
        raise unknown(options.wrt[0], "--wrt", use.given)
    return wrt


def _claims(
    use: Use, wrt: Sequence[str], options: Options, limits: Limits
) -> Mapping[str, tuple[str, Program]]:
    """The text and the program of each claim, by input."""
    claims: dict[str, tuple[str, Program]] = {}
    for text in options.expect:
        typed, claim = claimed(text, [*use.given, *use.given.values()])
        name = wrt[0] if typed is None else use.own(typed)
        if typed is None and len(wrt) > 1:
            raise UsageError(
                f"--expect {claim}: there are several inputs, so say which one it is about",
                hint=" or ".join(f"--expect {n}=..." for n in wrt),
            )
        if name not in wrt:
            continue
        if name in claims:
            raise UsageError(f"--expect: there are two claims about {name}")
        claim = rows(claim)
        claims[name] = claim, _claim(claim, use, limits)
    return claims


def _rooms(claims: Mapping[str, tuple[str, Program]], options: Options) -> Mapping[str, Room]:
    found = {name: digits.room(*claim, options.tolerance) for name, claim in claims.items()}
    return {name: room for name, room in found.items() if room is not None}


def _claim(text: str, use: Use, limits: Limits) -> Program:
    """A claim sees the inputs, the lets and the names that the program binds.

    One that is a function is called with those that its parameters are named like.
    """
    lets = [name for name, _ in use.lets]
    inputs = frozenset(trees.roots(use.given))
    known = frozenset({*inputs, *lets, *use.program.assigned})
    with said_of("--expect"):
        program = _compiled(written(text, limits), limits, Values(inputs, known))
        if program.function is not None:
            program = _called(program, text, use, known, limits)
    if program.required:
        name = program.required[0]
        raise unknown(name, "--expect", known, place_of(name, program))
    return program


def _called(
    program: Program, text: str, use: Use, known: frozenset[str], limits: Limits
) -> Program:
    """A function that is a claim, called; a single parameter may have a name of its own.

    A default that is written in the claim is part of it, unless another value was given.
    """
    given = {*trees.roots(use.given), *(name for name, _ in use.lets), *program.required}
    own = [name for name in program.parameters if name in known & given]
    if not own and len(program.required) == 1 and len(use.given) == 1:
        own = list(use.given)
        call = f"{program.function}({own[0]})"
    else:
        call = f"{program.function}({', '.join(f'{name}={name}' for name in own)})"
    name = _free_name({*known, *program.assigned})
    found = compiled(f"{program.source}\ndef {name}():\n    return {call}", limits, known, name)
    return replace(found, typed=text if _is_one_line(text) else call, signs=program.signs)


def _free_name(taken: Collection[str]) -> str:
    """A name for the call, so that of a file only what it reaches is read."""
    name = "claim"
    while name in taken:
        name += "_"
    return name


def _is_one_line(text: str) -> bool:
    return "\n" not in text.strip()


def _check_claims(options: Options, uses: Sequence[Use], wrts: Sequence[Sequence[str]]) -> None:
    """Refuse a claim about a name that no gradient is by."""
    inputs = {name for use in uses for pair in use.given.items() for name in pair}
    for text in options.expect:
        name, claim = claimed(text, inputs)
        if name is None:
            continue
        if name not in inputs:
            raise unknown(name, "--expect", inputs)
        if not any(use.own(name) in wrt for use, wrt in zip(uses, wrts, strict=True)):
            raise UsageError(
                f"--expect {name}={claim}: the gradient by {name} is not asked for",
                hint=f"--wrt {name}",
            )


def _notes(use: Use) -> tuple[Finding, ...]:
    alone = len(use.program.parameters) < 2
    which = "the only parameter" if alone else "the only one that has to be given"
    renamed = [
        f"{typed} is taken for {name}, {which} of {use.program.function}"
        for typed, name in use.renamed
    ]
    return tuple(Finding("renamed", text) for text in renamed)


def _readings(problem: Problem) -> tuple[Finding, ...]:
    """What mathematics was taken for that is not the program itself."""
    asked = [(f"--let {name}=", program) for name, program in problem.lets]
    asked += [("--expect ", p) for p in problem.claims.values() if p.function is None]
    read = [
        f"{option}{program.typed} is read as {program.source}"
        for option, program in asked
        if program.typed is not None and _is_one_line(program.source)
    ]
    return tuple(Finding("read", text) for text in read)


@contextmanager
def said_of(option: str) -> Iterator[None]:
    """Errors inside name the option whose text they are about."""
    try:
        yield
    except GradcalcError as error:
        error.message = f"{option}: {error.message}".replace("the program", "it")
        raise
