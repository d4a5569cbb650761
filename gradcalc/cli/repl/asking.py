"""The command line that a line comes to."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradcalc.cli.arguments import known_options
from gradcalc.cli.options import rows
from gradcalc.cli.readers import is_name, is_stdin, names
from gradcalc.cli.repl.lines import Ask
from gradcalc.cli.repl.needs import needs
from gradcalc.cli.repl.session import Session
from gradcalc.cli.repl.setting import STDIN
from gradcalc.codes import COMMANDS
from gradcalc.errors import UsageError
from gradcalc.render import EXPLAINED

LISTED = ("detach", "wrt")
"""Options that are names, of which a program has some."""

SHOWN = frozenset(
    {"--format", "--json", "--all", "--digits", "--quiet", "--prints", "--steps", "--to", "--what"}
)
"""Options that are not about what is calculated, or of one command alone."""


GRADIENTS = ("grad", "why", "explain")
"""Commands that are about one gradient, and so take claims about it."""

OF_ONE = frozenset({"--expect", "--cotangent", "--tangent", "--order", "--tol", "--what"})
"""Options that are about one derivative, and none of another."""


def repeated(session: Session, ask: Ask) -> Ask:
    """What is asked, in full: where no program is said, the last one with its options.

    Raises `UsageError` where there is none.
    """
    if ask.program:
        return ask
    last = session.last
    if last is None:
        raise UsageError("there is no program yet", hint="type one: 2*dot(x,x)")
    command = ask.command or last.command or "grad"
    again = {_flag(group) for group in ask.options}
    # what was asked of another command may have options of its own
    again |= {row.flag for row, _ in rows().values()} - set(known_options(command))
    before = last.command or "grad"
    again |= SHOWN if command != before else set()
    again |= OF_ONE if command != before and not {command, before} <= set(GRADIENTS) else set()
    options = [group for group in last.options if _flag(group) not in again]
    return replace(last, command=command, options=(*options, *ask.options))


def command_line(session: Session, ask: Ask) -> tuple[str, ...]:
    """The words that ask this, with all the names that the program uses.

    Raises `UsageError` for what would read the lines that are typed.
    """
    command = ask.command or "grad"
    known = known_options(command)
    texts = [word.partition("=")[2] or word for group in ask.options for word in group]
    if ask.program == "-" or any(map(is_stdin, texts)) or ("--inputs", "-") in ask.options:
        raise UsageError(STDIN)
    found = needs(session, ask.program)
    given = set(_given(ask.options))
    words = [command]
    if COMMANDS[command].takes_values:
        words += [f"--at={n}={session.values[n]}" for n in found.values if n not in given]
    words += [f"--let={n}={session.lets[n]}" for n in found.lets if n not in given]
    flags = {_flag(group) for group in ask.options}
    for word, text in session.kept.items():
        if f"--{word}" in known and f"--{word}" not in flags:
            words += _kept(command, word, text, found.names)
    words += [word for group in ask.options for word in group]
    return (*words, "--", found.text)


def lacks(session: Session, word: str, rest: str) -> str | None:
    """The first of the names that an option is about, of which the last program has none."""
    if session.last is None or not rest or word not in LISTED:
        return None
    own = needs(session, session.last.program).names
    return next((n for n in names([rest], f"--{word}") if n not in own), None)


def _flag(group: Sequence[str]) -> str:
    return group[0].partition("=")[0]


def _given(groups: Sequence[Sequence[str]]) -> Iterator[str]:
    """The names whose values were typed for this once."""
    for group in groups:
        flag, equals, text = group[0].partition("=")
        if flag in ("--at", "--let"):
            yield (text if equals else next(iter(group[1:]), "")).partition("=")[0].strip()
        elif is_name(flag):
            yield flag[2:]


def _kept(command: str, word: str, text: str, known: frozenset[str]) -> list[str]:
    """An option that is kept, as far as it is about names of the program, and the command can."""
    if word == "format":
        row = next(row for row, _ in rows(command).values() if row.flag == "--format")
        able = EXPLAINED if command == "why" else row.choices
        return [f"--format={text}"] if text in able else []
    if word in LISTED:
        found = [n for n in names([text], f"--{word}") if n in known]
        return [f"--{word}={','.join(found)}"] if found else []
    if word == "declare" and text.partition("=")[0].strip() not in known:
        return []
    return [f"--{word}={text}"]
