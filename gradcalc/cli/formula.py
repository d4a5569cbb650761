"""`gradcalc formula`: the derivatives of a program without values, as formulas."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from gradcalc.cli.arguments import add_command, known_options
from gradcalc.cli.options import Options
from gradcalc.errors import GradcalcError, UnknownNameError, UsageError, did_you_mean

if TYPE_CHECKING:
    from gradcalc.calculate import Ask
    from gradcalc.cli.programs import Source, Use
    from gradcalc.general.answer import General
    from gradcalc.general.declared import Declared
    from gradcalc.general.shapes import Reading
    from gradcalc.problem import Problem
    from gradcalc.torch_process import Beside


_FIXED = frozenset({"c", "julia"})
"""Targets whose code is for certain sizes."""


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    add_command(app, name, formula, required=True)


def formula(options: Options, beside: "Beside | None") -> int:
    """Derive, print, and give the exit code."""
    from gradcalc.cli.grad import asking
    from gradcalc.cli.output import is_terminal, style_for, write

    programs = sources(options)
    ask = asking(beside)
    found = [general(options, source, ask) for source in programs]
    if not options.quiet:
        from gradcalc.render.general import FORMATS

        form = options.form or ("table" if is_terminal(sys.stdout) else "tsv")
        if form in FORMATS:
            text = FORMATS[form](found, style_for(sys.stdout))
        else:
            text = "\n\n".join(_code(one, form) for one in found)
        write(text, sys.stdout)
    return max(one.verdict.exit_code for one in found)


def _code(answer: "General", target: str) -> str:
    """The derivative as code for a target, which is checked at one of the random points."""
    from gradcalc.export.exporting import export

    if answer.order > 1:
        raise UsageError(
            f"--order {answer.order} has no code here", hint="--format literal is Python"
        )
    letters = answer.reading.letters
    if letters and target in _FIXED:
        sizes = (
            f"--{name} {','.join(str(size) for size in answer.point.inputs[name].shape)}"
            for name, shape in answer.reading.sizes.items()
            if shape
        )
        raise UsageError(
            f"code in {target} is for certain sizes, and {', '.join(letters)} may be any",
            hint=f"say them, as in {' '.join(sizes)}; numpy, torch and jax are for all",
        )
    what = "grad" if answer.kind == "gradient" else answer.kind
    # Python has no arrays but lists, whose sizes are fixed in the code
    target = "numpy" if letters and target == "python" else target
    return export(_with_sizes(answer), target, what).text


def _with_sizes(answer: "General") -> "Problem":
    """The problem at a point, in which inputs that are sizes are those of others."""
    from gradcalc.lang.fence import compile_program

    point, reading = answer.point, answer.reading
    places = {
        size: f"{name}.shape[{axis}]"
        for name, sizes in reading.sizes.items()
        for axis, size in enumerate(sizes)
    }
    told = {name: places[size] for name, size in reading.counts.items() if size in places}
    lets = tuple((name, compile_program(text)) for name, text in told.items())
    inputs = {name: value for name, value in point.inputs.items() if name not in told}
    return replace(point, inputs=inputs, lets=(*lets, *point.lets))


def sources(options: Options) -> "tuple[Source, ...]":
    """The programs, read as if all their names had values: then mathematics is known for it."""
    from gradcalc.cli import programs as of_programs
    from gradcalc.cli.files import PROGRAM
    from gradcalc.general.texts import names_of, whole

    of_programs.check_apart(options)
    asked = frozenset(name for name, _ in (*options.values, *options.declared)) | {*options.wrt}
    programs = tuple(
        text if PROGRAM.fullmatch(text) else whole(text, asked) for text in options.programs
    )
    named = tuple((name, "") for text in programs for name in names_of(text, asked))
    return of_programs.sources(
        replace(options, programs=programs, values=(*options.values, *named))
    )


def general(options: Options, source: "Source", ask: "Ask") -> "General":
    """The derivatives of a program without values."""
    from gradcalc.general.elementwise import AS_MATRICES, BY_ELEMENTS
    from gradcalc.general.formulas import formulas
    from gradcalc.general.texts import of_matrices

    said = _declared(options)
    made, reading, elements = _read(options, source, said)
    notes = (BY_ELEMENTS,) if elements else ()
    meant = of_matrices(source.text) if elements and source.typed else None
    if meant is not None:
        with suppress(GradcalcError):
            made, reading, _ = _read(options, replace(source, text=meant), said)
            notes = (AS_MATRICES,)
    return formulas(
        made,
        reading,
        kind=options.kind,
        wrt=options.wrt,
        order=options.order,
        seed=options.seed or 0,
        ask=ask,
        notes=notes,
    )


def _read(
    options: Options, source: "Source", said: "Mapping[str, Declared]"
) -> "tuple[Callable[[Mapping[str, Any]], Problem], Reading, bool]":
    """The problem of a program with some inputs, what its inputs are, and whether `*` multiplies
    matrices element by element."""
    from gradcalc.cli.inputs import program_of
    from gradcalc.cli.programs import limits_of
    from gradcalc.general.elementwise import by_elements
    from gradcalc.general.shapes import read
    from gradcalc.general.texts import NUMBERS, names_of
    from gradcalc.problem import Problem

    free = frozenset(names_of(source.text, {*said, *options.wrt}))
    use = program_of(source, options, free)
    chosen = {*use.required, *said, *(free & NUMBERS if source.typed else ())}
    names = [name for name in (*use.required, *use.optional) if name in chosen]
    _check(use, said, options)

    def made(inputs: Mapping[str, Any]) -> Problem:
        return Problem(
            use.program, inputs, lets=use.lets, detach=options.detach, of=options.of,
            limits=limits_of(options),
        )  # fmt: skip

    reading, trace = read(made, names, said)
    return made, reading, by_elements(trace)


def _declared(options: Options) -> "dict[str, Declared]":
    from gradcalc.general.declared import declared

    texts: dict[str, str] = {}
    for name, text in options.values:
        if name in texts:
            raise UnknownNameError(f"--{name} is given twice")
        texts[name] = str(text)
    for name, text in options.declared:
        texts[name] = f"{texts.get(name, '')} {text}"
    return {name: declared(name, text) for name, text in texts.items()}


def _check(use: "Use", said: Mapping[str, Any], options: Options) -> None:
    """Refuse names that the program does not have."""
    asked: Sequence[tuple[str, str]] = [*((f"--{n}", n) for n in said),
                                        *((f"--wrt {n}", n) for n in options.wrt)]  # fmt: skip
    for shown, name in asked:
        if name not in use.inputs:
            known = known_options("formula")
            tip = did_you_mean(name, [*use.inputs, *(flag[2:] for flag in known)])
            listed = ", ".join(sorted(use.inputs))
            raise UnknownNameError(
                f"{shown}: the program has no input {name}", hint=tip or f"its inputs: {listed}"
            )
    if not use.inputs:
        raise UsageError("the program has no inputs, so there is nothing to differentiate by")
