"""PROGRAM on the command line: a text, a file, a function of a file, or standard input; and which
names it needs, and whether what was typed fits them.

What is here imports next to nothing, so that a syntax error is answered at once.
"""

import ast
import itertools
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gradcalc.cli import files
from gradcalc.cli.called import example_of, is_called
from gradcalc.cli.instead import similar_option
from gradcalc.cli.options import Options, commands_of
from gradcalc.cli.readers import is_stdin
from gradcalc.errors import (
    JOIN,
    FileError,
    GradcalcError,
    Span,
    UnknownNameError,
    UsageError,
    did_you_mean,
)
from gradcalc.lang import syntax, trees
from gradcalc.lang.bindings import parameters_of
from gradcalc.lang.program import Limits, Program, span_of
from gradcalc.lang.typed import Values, understood

NAMING = ("fn", "func", "function", "def")
"""What options are called of other programs, by which they are told a function of a file."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a program, and the function of it that is meant.

    A text that was `typed` may be mathematics, one of a file is Python.
    """

    text: str
    function: str | None = None
    typed: bool = True


def sources(options: Options) -> tuple[Source, ...]:
    """The texts that the programs of a command line mean.

    Raises `GradcalcError` for what cannot be read or is not Python.
    """
    _check_stdin(options)
    check_apart(options)
    limits = limits_of(options)
    return tuple(_source(token, limits, values_of(options)) for token in options.programs)


def values_of(options: Options) -> Values:
    """The names that have a value, as far as they are known before anything is read."""
    typed = trees.roots(name for name, _ in options.values if not trees.is_parameter(name))
    inputs, lets = frozenset(typed), frozenset(name for name, _ in options.lets)
    return Values(inputs, lets)


def limits_of(options: Options) -> Limits:
    """The limits of every calculation."""
    default = Limits()
    return Limits(
        steps=default.steps if options.max_steps is None else options.max_steps,
        seconds=default.seconds if options.timeout is None else options.timeout,
    )


def _check_stdin(options: Options) -> None:
    wanting = ["PROGRAM" for token in options.programs if token == "-"]
    texts = [(f"--{name}", text) for name, text in options.values]
    texts.append(("--cotangent", options.cotangent))
    texts.append(("--inputs", "@-" if options.bundle == "-" else options.bundle))
    wanting += [option for option, value in texts if is_stdin(value)]
    if len(wanting) > 1:
        raise UsageError(
            f"standard input can be read only once, but {' and '.join(wanting)} want it",
            hint="put one of them into a file",
        )


def check_apart(options: Options) -> None:
    """Refuse a function of a file that is named in a word of its own, as a second program."""
    typed = {name for name, _ in options.values}
    for token, word in itertools.pairwise(options.programs):
        file = files.PROGRAM.fullmatch(token)
        name = word.partition("(")[0].strip()
        if file is None or file[2] or name in typed or not name.isidentifier():
            continue
        if name in files.functions_of(Path(file[1])):
            raise UsageError(
                f"{word} behind {token} is read as a program of its own",
                hint=f"a function is named behind its file, without a blank: {token}:{name}",
            )


def _source(token: str, limits: Limits, values: Values) -> Source:
    source = Source(_standard_input()) if token == "-" else written(token, limits)
    if source.typed:
        understood(source.text, limits, values)
    else:
        _check_syntax(source.text, limits)
    return source


def written(token: str, limits: Limits) -> Source:
    """The text that is typed, or stands in the file that is named."""
    file = files.PROGRAM.fullmatch(token)
    if file is None:
        return Source(token)
    function = file[2] or None
    if function is not None and function.startswith(":"):
        name = function.lstrip(":")
        raise UsageError(
            f"one colon stands between a file and its function, not {token.count(':')}",
            hint=f"{file[1]}:{name}",
        )
    return Source(files.program(file[1], function, limits), function, typed=False)


@lru_cache(maxsize=128)
def _check_syntax(text: str, limits: Limits) -> None:
    tidied = syntax.tidy(text, limits)
    try:
        syntax.parse(tidied, limits)
    except GradcalcError as error:
        error.source = tidied
        raise


def read_stdin() -> str:
    """All of standard input; ValueError if it is not a text or is closed."""
    if sys.stdin is None:
        raise ValueError("standard input is closed")
    binary = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read() if binary is None else binary.read().decode("utf-8")


def _standard_input() -> str:
    try:
        return read_stdin()
    except (OSError, ValueError):
        raise FileError("the program on standard input is not a text in UTF-8") from None


# -- names -------------------------------------------------------------------------------------

Lets = tuple[tuple[str, Program], ...]


@dataclass(frozen=True, slots=True)
class Use:
    """A program with the names that it and its lets take from outside.

    `given` maps each of them that has a value to the name under which it was typed, in the order
    of the program's first use. The two differ where the only parameter of a function was given
    under another name.
    """

    program: Program
    lets: Lets
    required: tuple[str, ...]
    optional: tuple[str, ...]
    given: Mapping[str, str]

    @property
    def inputs(self) -> frozenset[str]:
        """Every name that may be given."""
        return frozenset(self.required + self.optional)

    @property
    def names(self) -> frozenset[str]:
        """Every name that means something in the program."""
        return self.inputs | self.program.assigned | {name for name, _ in self.lets}

    @property
    def renamed(self) -> tuple[tuple[str, str], ...]:
        """The inputs that were given under another name: that name, then the program's."""
        return tuple((typed, name) for name, typed in self.given.items() if typed != name)

    def own(self, name: str) -> str:
        """What the program calls a name that was typed."""
        return dict(self.renamed).get(name, name)


def use(program: Program, lets: Lets, typed: Sequence[str]) -> Use:
    """Match the names of a program with those typed."""
    required, optional = dict.fromkeys(program.required), dict.fromkeys(program.optional)
    earlier: set[str] = set()
    for name, expression in lets:
        required |= dict.fromkeys(n for n in expression.required if n not in earlier)
        optional |= dict.fromkeys(n for n in expression.optional if n not in earlier)
        earlier.add(name)
    bound = {name for name, _ in lets}
    needed = tuple(n for n in required if n not in bound or n not in program.required)
    free = tuple(n for n in optional if n not in bound and n not in required)
    given = {part: part for name in (*needed, *free) for part in trees.parts_of(name, typed)}
    left = [name for name in typed if name not in free or not trees.is_parameter(name)]
    whole = list(trees.roots(left))
    if _is_renamed(program, needed, free, whole):
        given = {f"{needed[0]}{name.removeprefix(whole[0])}": name for name in left} | given
    return Use(program, lets, needed, free, given)


def _is_renamed(
    program: Program, required: Sequence[str], optional: Sequence[str], typed: Sequence[str]
) -> bool:
    """Whether the one value typed can only be meant for the one parameter.

    A longer name is more likely a misspelt option, and one that the program binds means that.
    """
    if typed and typed[0] in program.assigned:
        return False
    if program.function is None or len(required) != 1 or len(typed) != 1 or len(typed[0]) > 1:
        return False
    known = {*required, *optional}
    return typed[0] not in known and did_you_mean(typed[0], known) is None


def check_names(uses: Sequence[Use], typed: Sequence[str], options: Collection[str]) -> None:
    """Refuse names that are given twice, given for nothing, or missing."""
    for name in typed:
        if typed.count(name) > 1:
            raise UnknownNameError(f"{name} is given twice")
    trees.check_whole(typed)
    for name in trees.roots(typed):
        if any(name == let for use in uses for let, _ in use.lets):
            raise UnknownNameError(f"{name} is given twice: as a value and with --let {name}=")
    for name in typed:
        if not any(name in use.given.values() for use in uses):
            raise _unused(name, uses, typed, options)
    for use in uses:
        given = trees.roots(use.given)
        missing = [name for name in use.required if name not in given]
        if missing:
            raise _missing(missing, use, options)


def _unused(
    name: str, uses: Sequence[Use], typed: Sequence[str], options: Collection[str]
) -> UnknownNameError:
    inputs = {n for use in uses for n in use.inputs if n not in typed}
    assigned = {n for use in uses for n in use.program.assigned}
    name = trees.root(name)
    if (commands := commands_of(f"--{name}")) and not inputs & {name}:
        tip = similar_option(f"--{name}", options)
        if tip is None or not tip.startswith("--"):
            tip = f"gradcalc {listed(commands)} {'take' if len(commands) > 1 else 'takes'} it"
        return UnknownNameError(
            f"--{name} is no option here, and the program does not use {name}", hint=tip
        )
    for use in uses:
        others = [n for n in _functions_with(name, use.program) if n != use.program.function]
        if use.program.function is not None and others:
            return UnknownNameError(
                f"{use.program.function}, which is differentiated, has no {name}",
                hint=f"{others[0]} has it: give the file as FILE.py:{others[0]}",
            )
    if name in assigned and any(_stores(use.program, name) for use in uses):
        return UnknownNameError(
            f"{name} cannot be given a value: the program assigns it itself",
            hint="leave it out, or rename it in the program",
        )
    other = next((n for n in inputs if n.casefold() == name.casefold()), None)
    hint = f"did you mean --{other}?" if other else did_you_mean(name, inputs)
    hint = hint or similar_option(f"--{name}", options)
    needed = [n for use in uses for n in use.required if n not in typed]
    hint = next((tip for n in needed if (tip := _product_tip(n, typed))), hint)
    if hint is None and name in NAMING:
        hint = "a function is named behind its file: FILE.py:NAME"
    elif hint is None and needed:
        hint = f"it needs {listed(dict.fromkeys(needed))}"
    elif hint is None:
        used = dict.fromkeys(n for use in uses for n in use.required)
        hint = f"it uses {listed(used)}" if used else "it has no inputs"
    return UnknownNameError(f"the program does not use {name}", hint=hint)


def _stores(program: Program, name: str) -> bool:
    """Whether a program gives a name a value otherwise than as a parameter."""
    given = (n for statement in program.body for n in ast.walk(statement))
    return any(
        (isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store))
        or (isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == name)
        for n in given
    )


def _functions_with(name: str, program: Program) -> list[str]:
    """The functions of a program that have a parameter of that name."""
    return [
        statement.name
        for statement in program.body
        if isinstance(statement, ast.FunctionDef)
        and any(given.arg == name for given in parameters_of(statement.args))
    ]


def _product_tip(name: str, typed: Sequence[str]) -> str | None:
    """The tip for a name that was meant as a product of names that are given, as xy of x and y."""
    parts = re.findall("|".join(map(re.escape, sorted(typed, key=len, reverse=True))), name)
    return f"for a product write {'*'.join(parts)}" if parts and "".join(parts) == name else None


def _missing(names: Sequence[str], use: Use, options: Collection[str]) -> UnknownNameError:
    later = [name for name in names if any(name == let for let, _ in use.lets)]
    if later:
        return UnknownNameError(
            f"{later[0]} has no value where a --let uses it",
            hint=f"put --let {later[0]}= in front of it",
        )
    beside = next((name for name in names if JOIN in name), None)
    if beside is not None:
        module, _, name = beside.rpartition(JOIN)
        span, source = place_of(beside, use.program)
        return UnknownNameError(
            f"nothing is called {name} in {module.replace(JOIN, '.')}", span=span, source=source
        )
    called = next((name for name in names if is_called(name, use.program)), None)
    if called is not None:
        example = example_of(called, use.program)
        span, source = place_of(called, use.program)
        return UnknownNameError(
            f"{called} is called in the program, and has no value",
            hint=f"define it in the program, or give it: --let '{called}={example}'",
            span=span,
            source=source,
        )
    spelled = [f"--at {n}=VALUE" if f"--{n}" in options else f"--{n} VALUE" for n in names]
    span, source = (None, None)
    if len(names) == 1:
        span, source = place_of(names[0], use.program, *(program for _, program in use.lets))
    have, them = ("has", "it") if len(names) == 1 else ("have", "them")
    given = list(use.given.values())
    return UnknownNameError(
        f"{listed(names)} {have} no value: give {them} with {' '.join(spelled)}",
        hint=next((tip for name in names if (tip := _product_tip(name, given))), None),
        span=span,
        source=source,
    )


def place_of(name: str, *programs: Program) -> tuple[Span | None, str | None]:
    """Where the name is first used in these programs."""
    for program in programs:
        for node in (node for statement in program.body for node in ast.walk(statement)):
            identifier = node.id if isinstance(node, ast.Name) else None
            if name in (identifier, node.arg if isinstance(node, ast.arg) else None):
                return span_of(node, program.source), program.source
    return None, None


def check_known(names: Iterable[str], option: str, uses: Sequence[Use]) -> None:
    """Refuse names that mean nothing in any of the programs."""
    known = {own for use in uses for own in (*use.names, *use.given.values(), *use.given)}
    for name in names:
        if name not in known:
            raise unknown(name, option, known)


def unknown(
    name: str,
    option: str,
    known: Collection[str],
    place: tuple[Span | None, str | None] = (None, None),
) -> UnknownNameError:
    """The error for a name in an option's value that means nothing here."""
    hint = did_you_mean(name, known) or (f"its names: {listed(sorted(known))}" if known else None)
    return UnknownNameError(
        f"{option}: the program has no {name}", hint=hint, span=place[0], source=place[1]
    )


def listed(names: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`; a long list is cut."""
    shown = list(names)
    if len(shown) > 12:
        return f"{', '.join(shown[:12])} and {len(shown) - 12} more"
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)
