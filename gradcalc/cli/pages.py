"""The pages of the help, as data: `-h`, `--help` and the man page are drawn from these.

Nothing that is not Python's own is imported, as the man page is made where only that is installed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gradcalc.cli.options import Row, under_headings
from gradcalc.cli.reference import ENVIRONMENT, EXAMPLES, EXIT_CODES, VALUES, Rows
from gradcalc.codes import COMMANDS, OWN, Command

ABOUT = (
    "A gradient calculator: torch's gradient beside an independent check.",
    "It reads a function, written as Python or as mathematics, takes its gradient with torch's"
    " autograd, and holds it to the formula that calculus gives and to bounds that prove which"
    " digits are right.",
)

CALCULATING = ("grad", "why", "explain", "graph", "batch")
"""The commands whose exit codes are verdicts, and which are given values."""

PROGRAMS = (*CALCULATING, "plot", "jacobian", "hessian", "vjp", "jvp", "hvp", "formula", "export")
"""The commands that take a program, and any name of it as an option."""

HELP = "--help"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that can be typed, with what its value is and what it means.

    The `usual` ones are in the short help too.
    """

    name: str
    value: str
    text: str
    usual: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Entries under a heading."""

    heading: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What there is to say of a command: how it is called, what it does, with what, for example."""

    name: str
    usage: tuple[str, ...]
    about: tuple[str, ...]
    sections: tuple[Section, ...]
    examples: Rows

    @property
    def options(self) -> tuple[Entry, ...]:
        """The options of the command itself, which are not names of the program."""
        found = (e for section in self.sections for e in section.entries)
        return tuple(e for e in found if e.name.startswith("--") and e.name != "--NAME")


def page(*path: str) -> Page:
    """The page of a command by its words, or of gradcalc itself."""
    if not path:
        return _main()
    found = command(path)
    name = " ".join(("gradcalc", *path))
    return Page(
        name,
        tuple(f"{name} {usage}".rstrip() for usage in found.usage),
        tuple(found.help.split("\n\n")),
        tuple(s for s in _sections(path[0], found) if s.entries),
        found.examples,
    )


def command(path: tuple[str, ...]) -> Command:
    """The entry of a command, or of a part of it, by its words."""
    found = COMMANDS[path[0]]
    for part in path[1:]:
        found = found.parts[part]
    return found


def paths() -> Iterator[tuple[str, ...]]:
    """The words of every command and every part of one."""
    for name, found in COMMANDS.items():
        yield (name,)
        yield from ((name, part) for part in found.parts)


def _main() -> Page:
    own = (Entry(option, "", text) for option, text in OWN.items())
    commands = Section("Commands", _commands(COMMANDS))
    sections = commands, Section("Options", tuple(own)), *reference()
    usage = "gradcalc COMMAND ...", "gradcalc PROGRAM [--NAME VALUE]... [OPTION]..."
    return Page("gradcalc", usage, ABOUT, sections, EXAMPLES)


def reference() -> tuple[Section, ...]:
    """What is the same for all commands: exit codes and the environment."""
    environment = tuple(Entry(name, "", text) for name, text in ENVIRONMENT)
    return _exit_codes(), Section("Environment", environment)


def values() -> Section:
    """How a value is written."""
    return Section("A VALUE is", tuple(Entry(form, "", text) for form, text in VALUES))


def _sections(name: str, found: Command) -> Iterator[Section]:
    yield Section("Commands", _commands(found.parts))
    yield Section("Arguments", tuple(_argument(*row) for row in found.arguments))
    if name in CALCULATING:
        yield values()
    headings = under_headings(name)
    for heading, rows in headings.items():
        yield Section(heading, tuple(_option(*row) for row in rows))
    yield Section("Help" if headings else "Options", (Entry(HELP, "", OWN[HELP], usual=True),))
    if name in CALCULATING:
        yield _exit_codes()


def _commands(commands: Mapping[str, Command]) -> tuple[Entry, ...]:
    return tuple(Entry(n, "", c.help.split("\n\n")[0], c.usual) for n, c in commands.items())


def _argument(term: str, text: str) -> Entry:
    name, _, value = term.partition(" ")
    return Entry(name, value, text, usual=True)


def _option(row: Row, default: object) -> Entry:
    shown = f" Default: {default}." if isinstance(default, str) else ""
    return Entry(row.flag, row.metavar, row.help + shown, row.usual)


def _exit_codes() -> Section:
    codes = (Entry(str(code), outcome, meaning) for code, outcome, meaning in EXIT_CODES)
    return Section("Exit codes", tuple(codes))
