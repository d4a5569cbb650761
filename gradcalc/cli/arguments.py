"""Free names as options: `--x 0,1,2` becomes `--at x=0,1,2` before Typer parses anything."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import Parameter, Signature
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from gradcalc.cli.help import HELPS, short, start, whole
from gradcalc.cli.instead import LETTERS, similar_option
from gradcalc.cli.natural import DASHED, spelled_out
from gradcalc.cli.options import Options, Row, rows, typed
from gradcalc.cli.output import is_terminal, style_for, write
from gradcalc.cli.readers import is_name, normalized
from gradcalc.errors import UsageError

OPTIONS_LISTED = "gradcalc grad --help lists the options"

EXAMPLE = 'gradcalc grad "2*dot(x, x)" --x 0,1,2,3'

_HYPHENATED = re.compile(r"--[^\W\d]\w*(?:-\w+)+")


Known = Mapping[str, str]
"""A command's own options, each with what its value is, empty for one that stands alone."""


def known_options(command: str) -> Known:
    """The options of a command, the one for help included."""
    return {"--help": "", **{row.flag: row.metavar for row, _ in rows(command).values()}}


def print_help(ctx: Any, asked: str = HELPS[0]) -> NoReturn:
    """Print the help of a command, all of it or the short one, and be done."""
    path, style = ctx.command_path.split()[1:], style_for(sys.stdout)
    write((whole if asked == HELPS[0] else short)(path, style), sys.stdout)
    raise typer.Exit


class Group(TyperGroup):
    """Commands; without any it is said what to type."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Say what to type if there is nothing to parse."""
        if ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        if args[:1] and args[0] in HELPS:
            print_help(ctx, args[0])
        if not args and ctx.parent is not None:
            print_help(ctx)
        if not args:
            write(start(style_for(sys.stdout)), sys.stdout)
            raise typer.Exit(_asked_for_more())
        return super().parse_args(ctx, args)


def _asked_for_more() -> int:
    """Whoever sits at a terminal may go on typing there."""
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        return 0
    from gradcalc.cli.repl.loop import run

    write("\n", sys.stdout)
    return run()


class PlainCommand(TyperCommand):
    """A command with the help of its page."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Print the help if it is asked for."""
        before = args[: args.index("--")] if "--" in args else args
        asked = next((word for word in HELPS if word in before), None)
        if asked is not None and not ctx.resilient_parsing:
            print_help(ctx, asked)
        return super().parse_args(ctx, args)


class OptionsCommand(PlainCommand):
    """A command that takes a program, and any name of it as an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Rewrite the arguments, then parse them as any command does."""
        if not ctx.resilient_parsing:
            program = next(param for param in self.params if param.param_type_name == "argument")
            args = rewrite(args, known_options(str(self.name)), program_needed=program.required)
        return super().parse_args(ctx, args)


def add_command(
    app: typer.Typer, name: str, run: Callable[[Options, Any], int], *, required: bool
) -> None:
    """Add a command that takes programs, or files, and the options of its rows; names of a program
    only where it has values.

    `run` is also given what the application was called with, and gives the exit code.
    """

    def called(ctx: typer.Context, programs: list[str] | None, **given: Any) -> None:
        raise typer.Exit(run(typed(name, programs or (), given), ctx.obj))

    called.__signature__ = Signature([  # type: ignore[attr-defined]
        Parameter("ctx", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
        Parameter(
            "programs", Parameter.KEYWORD_ONLY,
            default=Parameter.empty if required else None,
            annotation=Annotated[list[str] if required else list[str] | None, typer.Argument()],
        ),
        *(_parameter(field, *row) for field, row in rows(name).items()),
    ])  # fmt: skip
    named = "--at" in known_options(name)
    app.command(name, cls=OptionsCommand if named else PlainCommand)(called)


def _parameter(field: str, row: Row, default: Any) -> Parameter:
    """What Typer has to know of an option."""
    kind: Any = (list[str] if default == () else str) | None if row.metavar else bool
    option = typer.Option(row.flag, metavar=row.metavar)
    shown = default if isinstance(default, str) else None
    return Parameter(
        field,
        Parameter.KEYWORD_ONLY,
        default=shown if row.metavar else False,
        annotation=Annotated[kind, option],
    )


def rewrite(args: Sequence[str], known: Known, *, program_needed: bool = True) -> list[str]:
    """The same arguments with names behind `--at` and programs behind `--`.

    A text that only begins with a dash, such as `-x*x`, is a program. Raises `UsageError` for an
    option without its value and for no program at all.
    """
    typed_before, args = args, spelled_out(args, known)
    before = args[: args.index("--")] if "--" in args else args
    if HELPS[0] in before:
        return [HELPS[0] if HELPS[0] in typed_before else HELPS[1]]
    kept: list[str] = []
    programs: list[str] = []
    tokens = iter(args)
    for token in tokens:
        name, equals, text = token.partition("=")
        if token == "--":
            programs.extend(tokens)
        elif known.get(name) == "":
            if equals:
                raise UsageError(f"{name} takes no value")
            kept.append(name)
        elif name in known:
            value = text if equals else _value(name, known[name], tokens, known, args)
            kept.append(f"{name}={value}")
        elif is_name(name):
            value = text if equals else _value(name, "VALUE", tokens, known, args)
            kept.append(f"--at={normalized(name[2:])}={value}")
        elif _HYPHENATED.fullmatch(name):
            raise _no_such_option(name, known)
        else:
            programs.append(token)
    if program_needed and not programs:
        raise _no_program(kept, known)
    _check_letters(args, programs, kept, known)
    return [*kept, "--", *programs]


def _check_letters(
    args: Sequence[str], programs: Sequence[str], kept: Sequence[str], known: Known
) -> None:
    """Refuse `-v` and the like beside a program, which are programs where `v` is given."""
    given = {re.split(r"=", token)[1] for token in kept if token.startswith(("--at=", "--let="))}
    open_ = "--" in args or any(token.startswith("--inputs=") for token in kept)
    for word in programs if len(programs) > 1 and not open_ else ():
        letter = DASHED.fullmatch(word)
        if letter is not None and letter[2] is None and letter[1] not in given:
            meant = LETTERS.get(letter[1], letter[1])
            hint = similar_option(f"--{meant}", known) or OPTIONS_LISTED
            raise UsageError(f"there is no option {word}", hint=hint)


def _value(name: str, what: str, tokens: Iterator[str], known: Known, args: Sequence[str]) -> str:
    """The token behind an option; it may begin with a dash unless it is an option itself."""
    token = next(tokens, "--")
    option = token.partition("=")[0]
    if token == "--" or option in known or (is_name(option) and name not in known):
        hint = None if name in known else similar_option(name, known)
        if hint is not None:
            raise UsageError(f"there is no option {name}", hint=hint)
        if name not in known and not _is_mentioned(name, args):
            raise UsageError(f"there is no option {name}", hint=OPTIONS_LISTED)
        raise UsageError(f"{name} needs a value: {name} {what}", hint=hint)
    return token


def _is_mentioned(name: str, args: Sequence[str]) -> bool:
    """Whether a name may be one of a program's: it stands in one, or in a file that is not read."""
    others = [word for word in args if word != name]
    files = any(word == "-" or re.search(r"\.(py|ipynb)(:|$)", word) for word in others)
    return files or any(re.search(rf"\b{re.escape(name[2:])}\b", word) for word in others)


def _no_such_option(name: str, known: Known) -> UsageError:
    hint = similar_option(name, known)
    if hint is None:
        spelled = name[2:].replace("-", "_")
        hint = f"a name is written with underscores, --{spelled}; a program comes behind --"
    return UsageError(f"there is no option {name}", hint=hint)


def _no_program(kept: Sequence[str], known: Known) -> UsageError:
    """A mistyped flag takes the program for its value, so it is looked for first."""
    for token in kept:
        option, _, rest = token.partition("=")
        name = f"--{rest.partition('=')[0]}"
        hint = similar_option(name, known) if option == "--at" else None
        if hint is not None:
            return UsageError(f"there is no option {name}", hint=hint)
    return UsageError("there is no program to differentiate", hint=EXAMPLE)
