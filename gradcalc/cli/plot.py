"""`gradcalc plot`: a program over a range, with what the verdict finds there."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from gradcalc.cli.arguments import add_command
from gradcalc.cli.options import Options
from gradcalc.errors import UsageError
from gradcalc.render import drawer

if TYPE_CHECKING:
    from gradcalc.cli.inputs import Request
    from gradcalc.plotting.data import Axis, Curve, Field
    from gradcalc.plotting.probing import Place
    from gradcalc.problem import Array
    from gradcalc.torch_process import Beside


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    add_command(app, name, plot, required=True)


def plot(options: Options, beside: "Beside | None") -> int:
    """Calculate the points, draw them, and give the exit code."""
    from gradcalc.cli.output import is_terminal, say, style_for, write, write_bytes

    form = options.picture or ("braille" if is_terminal(sys.stdout) else "csv")
    if form == "png" and not options.quiet and is_terminal(sys.stdout):
        raise UsageError(
            f"--format {form} is no text for a terminal", hint=f"send it to a file: > plot.{form}"
        )
    draw = None if options.quiet else drawer(form)
    found = calculated(options, beside)
    if draw is not None:
        drawn = draw(found, style_for(sys.stdout))
        if isinstance(drawn, bytes):
            write_bytes(drawn, sys.stdout)
        else:
            write(drawn, sys.stdout)
    if form != "braille" and not options.quiet:
        from gradcalc.render.plots.words import alarm

        say(alarm(found))
    return found.exit_code


def calculated(options: Options, beside: "Beside | None") -> "Curve | Field":
    """What is to be drawn. All that is wrong with the command line is said before it is run."""
    from gradcalc.cli.arguments import known_options
    from gradcalc.cli.grad import asking
    from gradcalc.cli.inputs import requests
    from gradcalc.cli.output import Phases
    from gradcalc.cli.programs import sources

    _check(options)
    texts = sources(options)
    options, axes = _ranged(options)
    (request,) = requests(options, texts, frozenset(known_options("plot")))
    ask = asking(beside)
    prober, axes = _prober(request, axes, options, ask)
    program = request.problem.program
    text = (program.typed or program.source).strip()
    with Phases(quiet=options.quiet) as phases:
        if len(axes) == 2:
            from gradcalc.plotting.field import field_of

            return field_of(prober, (axes[0], axes[1]), text, _rounded(options), phases.begin)
        from gradcalc.plotting.curve import curve_of

        return curve_of(prober, axes[0], text, _rounded(options), phases.begin)


def _check(options: Options) -> None:
    if len(options.programs) > 1:
        raise UsageError("a plot is of one program", hint="one with parameters: --x -5:5 --a 2")
    if not options.check:
        raise UsageError("a plot shows what the check finds", hint="leave --no-check out")


def _ranged(options: Options) -> "tuple[Options, list[Axis]]":
    """The options with a number in place of each range, and the axes."""
    from gradcalc.plotting.ranges import (
        ACROSS,
        ALONG,
        EXAMPLE,
        check_count,
        is_range,
        parse_range,
        spaced,
        tip_for,
    )

    if options.direction is None and not any(is_range(value) for _, value in options.values):
        values = tuple((name, spaced(value) or value) for name, value in options.values)
        options = replace(options, values=values)
    names = [name for name, value in options.values if is_range(value)]
    if options.direction is not None:
        axes = [_line(options, names)]
    elif options.range is not None:
        raise UsageError(
            "--range is how far to go along a --direction",
            hint="--x 1,2,3 --direction 1,0,0 --range -1:1",
        )
    elif not names:
        raise UsageError(
            "there is no range to plot over: give a name one, from START to STOP",
            hint=tip_for(*options.values[0]) if options.values else EXAMPLE,
        )
    elif len(names) > 2:
        raise UsageError(
            f"{len(names)} names have a range, and a plot has two at most: {', '.join(names)}",
            hint=f"give {names[-1]} a number, as --{names[-1]} 1",
        )
    else:
        count = ALONG if len(names) == 1 else ACROSS
        given = dict(options.values)
        axes = [parse_range(name, str(given[name]), count) for name in dict.fromkeys(names)]
    check_count(axes)
    if options.wrt:
        _check_wrt(options, axes)
    own = {axis.name: repr(axis.start) for axis in axes if axis.direction is None}
    values = tuple((name, own.get(name, value)) for name, value in options.values)
    wrt = tuple(axis.name for axis in axes)
    return replace(options, values=values, wrt=wrt), axes


def _check_wrt(options: Options, axes: "list[Axis]") -> None:
    moving = [axis.name for axis in axes]
    other = [name for name in options.wrt if name not in moving]
    if other:
        raise UsageError(
            f"--wrt {other[0]}: a plot shows the gradient by what moves, {' and '.join(moving)}",
            hint=f"give {other[0]} the range: --{other[0]} -1:1",
        )


def _line(options: Options, ranged: list[str]) -> "Axis":
    """The axis of a direction, of the input that has as many numbers."""
    from gradcalc.plotting.ranges import ALONG, parse_range

    if ranged:
        raise UsageError(
            f"{ranged[0]} has a range, and --direction is the way that an input moves",
            hint=f"--{ranged[0]} 1,2 --direction 1,0 --range -1:1, or no --direction",
        )
    names = list(options.wrt) or [name for name, _ in options.values]
    if len(names) != 1:
        raise UsageError(
            "--direction: there are several inputs, so say which one moves",
            hint=" or ".join(f"--wrt {name}" for name in names) or None,
        )
    axis = parse_range(names[0], options.range or "-1:1", ALONG, "--range")
    return replace(axis, direction=str(options.direction))


def _rounded(options: Options) -> Any:
    import numpy as np

    dtype = np.dtype(options.dtype)
    return lambda value: float(np.asarray(value, dtype))


def _prober(
    request: "Request", axes: "list[Axis]", options: Options, ask: Any
) -> "tuple[Any, list[Axis]]":
    """What asks for points, and the axes by the names that the program has for its inputs."""
    import numpy as np

    from gradcalc.plotting.probing import Prober

    problem = request.problem
    given = list(problem.wrt)
    if axes[0].direction is None:
        by = [(name, np.ones(())) for name in given]

        def moved(place: "Place") -> "dict[str, Array]":
            return {name: np.asarray(at) for name, at in zip(given, place, strict=True)}

        return Prober(problem, ask, moved, by), axes
    (name,) = given
    start = problem.inputs[name]
    way = _direction(axes[0], start, options)

    def along(place: "Place") -> "dict[str, Array]":
        return {name: start + place[0] * way}

    return Prober(problem, ask, along, [(name, way)]), axes


def _direction(axis: "Axis", start: "Array", options: Options) -> "Array":
    import numpy as np

    from gradcalc.values import parse_value

    found = parse_value(
        str(axis.direction), random=lambda: np.random.default_rng(options.seed), name="--direction"
    )
    if found.shape != start.shape:
        raise UsageError(
            f"--direction {axis.direction} has shape {found.shape}, {axis.name} {start.shape}",
            hint="a direction has a number for each number of the input",
        )
    if not found.any() or not np.isfinite(found).all():
        raise UsageError(
            f"--direction {axis.direction} leads nowhere", hint="give it a number that is not 0"
        )
    return found
