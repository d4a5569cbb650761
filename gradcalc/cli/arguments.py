"""Free names as options: `--x 0,1,2` becomes `--at x=0,1,2` before Typer parses anything."""

import difflib
import keyword
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from typer.core import TyperCommand

from gradcalc.cli.help import print_reference
from gradcalc.errors import UsageError

EXAMPLE = 'gradcalc grad "2*dot(x, x)" --x 0,1,2,3'

_HYPHENATED = re.compile(r"--[^\W\d]\w*(?:-\w+)+")


@dataclass(frozen=True, slots=True)
class Known:
    """A command's own options: those that stand alone, and those with a value, by what it is."""

    flags: frozenset[str]
    valued: Mapping[str, str]

    @property
    def names(self) -> frozenset[str]:
        """All of them, dashes included."""
        return self.flags | frozenset(self.valued)


class GradCommand(TyperCommand):
    """A command that takes a program, and any name of it as an option."""

    program_needed: ClassVar[bool] = True

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Rewrite the arguments, then parse them as any command does."""
        if not ctx.resilient_parsing:
            known = known_options(self.get_params(ctx))
            args = rewrite(args, known, program_needed=self.program_needed)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help of Typer, then the exit codes and examples."""
        super().format_help(ctx, formatter)
        print_reference()


class BatchCommand(GradCommand):
    """The same, but the programs may come with the requests."""

    program_needed = False


def known_options(params: Sequence[Any]) -> Known:
    """The options among a command's parameters."""
    options = [param for param in params if param.param_type_name == "option"]
    return Known(
        frozenset(name for o in options if o.is_flag for name in (*o.opts, *o.secondary_opts)),
        {name: o.metavar or "VALUE" for o in options if not o.is_flag for name in o.opts},
    )


def rewrite(args: Sequence[str], known: Known, *, program_needed: bool = True) -> list[str]:
    """The same arguments with names behind `--at` and programs behind `--`.

    A text that only begins with a dash, such as `-x*x`, is a program. Raises `UsageError` for an
    option without its value and for no program at all.
    """
    before = args[: args.index("--")] if "--" in args else args
    if "--help" in before or list(args) == ["-h"]:
        return ["--help"]
    kept: list[str] = []
    programs: list[str] = []
    tokens = iter(args)
    for token in tokens:
        name, equals, text = token.partition("=")
        if token == "--":
            programs.extend(tokens)
        elif name in known.flags:
            if equals:
                raise UsageError(f"{name} takes no value")
            kept.append(name)
        elif name in known.valued:
            value = text if equals else _value(name, known.valued[name], tokens, known)
            kept.append(f"{name}={value}")
        elif is_name(name):
            value = text if equals else _value(name, "VALUE", tokens, known)
            kept.append(f"--at={normalized(name[2:])}={value}")
        elif _HYPHENATED.fullmatch(name):
            raise _no_such_option(name, known)
        else:
            programs.append(token)
    if program_needed and not programs:
        raise _no_program(kept, known)
    return [*kept, "--", *programs]


def normalized(name: str) -> str:
    """A name as Python reads it, which makes one of the several spellings of a character."""
    return unicodedata.normalize("NFKC", name)


def is_name(token: str) -> bool:
    """Whether a token is `--` and a name."""
    return token.startswith("--") and normalized(token[2:]).isidentifier()


def similar_option(name: str, known: Collection[str]) -> str | None:
    """A hint naming the option that was probably meant."""
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.75)
    return f"did you mean {close[0]}?" if close and len(name) > 4 else None


def _value(name: str, what: str, tokens: Iterator[str], known: Known) -> str:
    """The token behind an option; it may begin with a dash unless it is an option itself."""
    token = next(tokens, "--")
    option = token.partition("=")[0]
    if token == "--" or option in known.names or (is_name(option) and name not in known.names):
        hint = None if name in known.names else similar_option(name, known.names)
        raise UsageError(f"{name} needs a value: {name} {what}", hint=hint)
    return token


def _no_such_option(name: str, known: Known) -> UsageError:
    hint = similar_option(name, known.names)
    if hint is None:
        spelled = name[2:].replace("-", "_")
        hint = f"a name is written with underscores, --{spelled}; a program comes behind --"
    return UsageError(f"there is no option {name}", hint=hint)


def _no_program(kept: Sequence[str], known: Known) -> UsageError:
    """A mistyped flag takes the program for its value, so it is looked for first."""
    for token in kept:
        option, _, rest = token.partition("=")
        name = f"--{rest.partition('=')[0]}"
        hint = similar_option(name, known.names) if option == "--at" else None
        if hint is not None:
            return UsageError(f"there is no option {name}", hint=hint)
    return UsageError("there is no program to differentiate", hint=EXAMPLE)


def check_name(name: str, option: str) -> str:
    """A name typed in an option's value, as Python reads it."""
    clean = normalized(name.strip())
    if keyword.iskeyword(clean):
        raise UsageError(
            f"{option}: {clean} is a word of Python and cannot be a name", hint=f"{clean}_ can"
        )
    if not clean.isidentifier():
        raise UsageError(f"{option}: {clean!r} is not a name")
    return clean
