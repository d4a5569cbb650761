"""Calls of every function and method, in all spellings and with every form of arguments."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.fidelity import names
from benchmarks.fidelity.arguments import argument, receiver
from benchmarks.fidelity.cases import PROFILES, Case, draw_inputs, inputs_of, is_generic
from benchmarks.fidelity.contexts import wrapped
from benchmarks.fidelity.oracle import truth
from benchmarks.fidelity.signatures import Parameter, Signature, signatures
from benchmarks.fidelity.spellings import HEADERS, LIBRARIES, Library, spelling

TRIES = 8
"""How many forms are drawn to find one that the library takes."""

ALONE = 0.45
"""How often a call stands alone."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A function of a module, or a method of a library's arrays."""

    library: str
    path: str
    name: str
    method: bool

    @property
    def shown(self) -> str:
        """How it is named in a list."""
        if self.method:
            return f".{self.name}()"
        return f"{self.path}.{self.name}" if self.path else self.name


def subjects(library: str) -> tuple[Subject, ...]:
    """Every function and method of a library."""
    chosen = LIBRARIES[library]
    found = [
        Subject(library, path, name, method=False)
        for path in chosen.modules
        for name in names.functions(path)
    ]
    if library in names.HAVE_METHODS:
        found += [Subject(library, "", name, method=True) for name in names.methods(library)]
    return tuple(found)


def is_read(subject: Subject) -> bool:
    """Whether gradcalc has such a function: others are asked for once in a while only."""
    head = HEADERS[subject.library][0]
    if subject.method:
        return names.is_read(f"{head}\nx.{subject.name}()")
    written = f"{subject.path}.{subject.name}" if subject.path else subject.name
    return names.is_read(
        f"import {subject.path}\n{written}(x)" if subject.path else f"{written}(x)"
    )


ROUNDING = frozenset({".float()", ".half()", ".bfloat16()"})
"""Casts to fewer digits than gradcalc calculates in, of which the report tells."""


def calls(library: str, seed: int, known: int, unknown: int = 1) -> Iterator[Case]:
    """So many calls of each function that gradcalc has, and of each that it has not."""
    for subject in subjects(library):
        if subject.shown in ROUNDING:
            continue
        rng = random.Random(f"{library} {subject.shown} {seed}")
        for _ in range(known if is_read(subject) else unknown):
            yield call(rng, subject)


def call(rng: random.Random, subject: Subject) -> Case:
    """A call that the library takes, if one of a few draws is; perhaps inside other code."""
    library = LIBRARIES[subject.library]
    profile = rng.choice(PROFILES)
    pool = draw_inputs(rng, profile, library.one_size)
    header, expression = accepted(rng, library, lambda: expression_of(rng, subject, library), pool)
    text = expression
    if rng.random() > ALONE:
        parameters = ", ".join(inputs_of(expression, pool))
        text = wrapped(rng, expression, library.style, parameters)
    text = f"{header}\n{text}" if header else text
    inputs = inputs_of(text, pool)
    return Case(library.name, subject.shown, text, inputs, library.readings, is_generic(profile))


def accepted(
    rng: random.Random, library: Library, draw: Callable[[], tuple[str, str]], pool: dict
) -> tuple[str, str]:
    """The first draw that the library takes, else the last; now and then simply the first."""
    header, expression = draw()
    if rng.random() < 0.1:
        return header, expression
    for _ in range(TRIES):
        text = f"{header}\n{expression}"
        case = Case("", "", text, inputs_of(text, pool), library.readings)
        if truth(case, library.readings[0]).given:
            break
        header, expression = draw()
    return header, expression


def expression_of(rng: random.Random, subject: Subject, library: Library) -> tuple[str, str]:
    """An import line, and the call."""
    if subject.method:
        function = getattr(names.kind(subject.library), subject.name)
        path = {"bare": "torch"}.get(subject.library, subject.library)
        header, written = rng.choice(HEADERS[subject.library]), f"{{}}.{subject.name}"
        written = written.format(receiver(rng, library.style))
    else:
        function = getattr(names.module(subject.path), subject.name)
        path = subject.path or "torch"
        header, written = spelling(rng, subject.path)
        header, written = header.format(subject.name), written.format(subject.name)
    overloads = signatures(path, subject.name, function, subject.method)
    given = arguments(rng, rng.choice(overloads), library.style, subject.method)
    return header, f"{written}({', '.join(given)})"


def arguments(rng: random.Random, signature: Signature, style: str, method: bool) -> list[str]:
    """Arguments for the required parameters and for some of the others."""
    usual = rng.choice((0.1, 0.3, 0.3, 0.6))
    given: list[str] = []
    named: list[str] = []
    for parameter in signature:
        if parameter.many:
            given += [argument(parameter, rng, style) for _ in range(rng.choice((1, 1, 2, 3)))]
            continue
        if not parameter.required and rng.random() > usual:
            # what follows can only be named
            if parameter.positional:
                named = named or [""]
            continue
        text = argument(parameter, rng, style)
        by_name = not parameter.positional or bool(named) or rng.random() < 0.15
        if by_name and parameter.keyword:
            named = [*named, f"{rng.choice(parameter.spellings)}={text}"]
        elif not named:
            given.append(_spread(rng, parameter, text, given, method))
    return [*given, *filter(None, named)]


def _spread(
    rng: random.Random, parameter: Parameter, text: str, given: list[str], method: bool
) -> str:
    """A tuple of sizes or positions may be written without its brackets by a method."""
    bracketed = text.startswith(("(", "[")) and text.endswith((")", "]")) and len(text) > 2
    listed = parameter.kind == "List[int]" or parameter.name in ("shape", "axes", "dims", "repeats")
    if method and bracketed and listed and text.count("(") + text.count("[") == 1:
        return text[1:-1].rstrip(",") if rng.random() < 0.6 else text
    return text
