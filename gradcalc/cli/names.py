"""Which names a program needs, and whether what was typed fits them."""

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gradcalc.cli.arguments import similar_option
from gradcalc.errors import Span, UnknownNameError, did_you_mean
from gradcalc.lang.program import Program, span_of

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
    given = {name: name for name in (*needed, *free) if name in typed}
    if _is_renamed(program, needed, free, typed):
        given = {needed[0]: typed[0]}
    return Use(program, lets, needed, free, given)


def _is_renamed(
    program: Program, required: Sequence[str], optional: Sequence[str], typed: Sequence[str]
) -> bool:
    """Whether the one value typed can only be meant for the one parameter.

    A longer name is more likely a misspelt option.
    """
    if program.function is None or len(required) != 1 or len(typed) != 1 or len(typed[0]) > 1:
        return False
    known = {*required, *optional}
    return typed[0] not in known and did_you_mean(typed[0], known) is None


def check_names(uses: Sequence[Use], typed: Sequence[str], options: Collection[str]) -> None:
    """Refuse names that are given twice, given for nothing, or missing."""
    for name in typed:
        if typed.count(name) > 1:
            raise UnknownNameError(f"{name} is given twice")
        if any(name == let for use in uses for let, _ in use.lets):
            raise UnknownNameError(f"{name} is given twice: as a value and with --let {name}=")
    for name in typed:
        if not any(name in use.given.values() for use in uses):
            raise _unused(name, uses, typed, options)
    for use in uses:
        missing = [name for name in use.required if name not in use.given]
        if missing:
            raise _missing(missing, use, options)


def _unused(
    name: str, uses: Sequence[Use], typed: Sequence[str], options: Collection[str]
) -> UnknownNameError:
    inputs = {n for use in uses for n in use.inputs if n not in typed}
    assigned = {n for use in uses for n in use.program.assigned}
    if name in assigned:
        return UnknownNameError(
            f"{name} cannot be given a value: the program assigns it itself",
            hint="leave it out, or rename it in the program",
        )
    hint = did_you_mean(name, inputs) or similar_option(f"--{name}", options)
    needed = [n for use in uses for n in use.required if n not in typed]
    if hint is None and needed:
        hint = f"it needs {listed(dict.fromkeys(needed))}"
    elif hint is None:
        used = dict.fromkeys(n for use in uses for n in use.required)
        hint = f"it uses {listed(used)}" if used else "it has no inputs"
    return UnknownNameError(f"the program does not use {name}", hint=hint)


def _missing(names: Sequence[str], use: Use, options: Collection[str]) -> UnknownNameError:
    later = [name for name in names if any(name == let for let, _ in use.lets)]
    if later:
        return UnknownNameError(
            f"{later[0]} has no value where a --let uses it",
            hint=f"put --let {later[0]}= in front of it",
        )
    spelled = [f"--at {n}=VALUE" if f"--{n}" in options else f"--{n} VALUE" for n in names]
    span, source = _place(names[0], use) if len(names) == 1 else (None, None)
    have, them = ("has", "it") if len(names) == 1 else ("have", "them")
    return UnknownNameError(
        f"{listed(names)} {have} no value: give {them} with {' '.join(spelled)}",
        span=span,
        source=source,
    )


def _place(name: str, use: Use) -> tuple[Span | None, str | None]:
    """Where the name is first used, in the program or a let."""
    for program in (use.program, *(expression for _, expression in use.lets)):
        for node in (node for statement in program.body for node in ast.walk(statement)):
            identifier = node.id if isinstance(node, ast.Name) else None
            if name in (identifier, node.arg if isinstance(node, ast.arg) else None):
                return span_of(node, program.source), program.source
    return None, None


def check_known(names: Iterable[str], option: str, uses: Sequence[Use]) -> None:
    """Refuse names that mean nothing in any of the programs."""
    known = {own for use in uses for own in (*use.names, *use.given.values())}
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
