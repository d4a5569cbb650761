"""Reading a line, answering it, and reading the next."""

import gc
import sys
from dataclasses import replace
from typing import Protocol

from gradcalc.cli.app import main, tell
from gradcalc.cli.arguments import known_options
from gradcalc.cli.output import ClosedPipe, is_terminal, say, write
from gradcalc.cli.prompting import Warming, interruptible
from gradcalc.cli.repl.lines import (
    WORDS,
    Ask,
    Definition,
    Meaning,
    Own,
    Plain,
    Setting,
    meaning,
    statements,
)
from gradcalc.cli.repl.readers import MISSING, Typed, is_rich, is_there, piped, rich
from gradcalc.cli.repl.session import Session
from gradcalc.cli.repl.told import HELP, in_words, listing
from gradcalc.codes import COMMANDS, INTERRUPTED
from gradcalc.errors import GradcalcError, UsageError, as_error, did_you_mean

GREETING = "x = 0,1,2,3 sets an input, 2*dot(x,x) is answered; help lists more, Ctrl-D leaves.\n"


class _Reader(Protocol):
    def read(self) -> str:
        """What is typed next."""


class _Left(Exception):
    """Whoever typed has had enough."""


def run() -> int:
    """Answer what is typed, or piped in, until it ends.

    The exit code is 0 for whoever types, and the worst of all answers for lines from a pipe.
    """
    # switched off for commands that answer once
    gc.enable()
    session = Session()
    if not is_terminal(sys.stdin):
        return _of_pipe(session)
    with interruptible():
        return _of_terminal(session)


def _of_pipe(session: Session) -> int:
    from gradcalc.cli.batch.job import BADNESS

    worst = 0
    if sys.stdin is None:
        return worst
    try:
        for text in piped():
            code = answer(session, text)
            if code not in BADNESS:
                return code
            worst = max(worst, code, key=BADNESS.index)
    except _Left:
        pass
    return worst


def _of_terminal(session: Session) -> int:
    write(GREETING, sys.stdout)
    warming = Warming()
    reader = _reader(session, warming)
    # behind the prompt's own imports, which somebody waits for
    warming.begin()
    while True:
        try:
            text = reader.read()
        except KeyboardInterrupt:
            # the line is taken back, as in a shell
            write("\n" if isinstance(reader, Typed) else "", sys.stdout)
            continue
        except EOFError:
            write("\n" if isinstance(reader, Typed) else "", sys.stdout)
            return 0
        try:
            warming.wait()
            for one in statements(text.splitlines()):
                if answer(session, one) == INTERRUPTED:
                    raise KeyboardInterrupt
        except _Left:
            return 0
        except ClosedPipe:
            return 0
        except KeyboardInterrupt:
            say("cancelled\n")


def _reader(session: Session, warming: Warming) -> _Reader:
    if is_rich() and is_there():
        found: _Reader = rich(session, warming)
        return found
    if is_rich():
        write(MISSING, sys.stdout)
    return Typed(session, warming)


# -- one statement --------------------------------------------------------------------------------


def answer(session: Session, text: str) -> int:
    """Do what a statement means, and give the exit code that a command would have.

    Whatever is wrong is said, and nothing is raised but what ends it all.
    """
    try:
        found = meaning(text, session.names)
        return 0 if found is None else _done(session, found)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (_Left, ClosedPipe):
        raise
    except Exception as error:
        told = as_error(error)
        in_words(told, known_options("grad"))
        return tell(told)


def _done(session: Session, found: Meaning) -> int:
    # what is not asked for yet is imported while the first line is typed
    from gradcalc.cli.repl.setting import define, set_name

    match found:
        case Setting():
            set_name(session, found)
        case Definition():
            define(session, found)
        case Plain(argv):
            return _called(argv)
        case Own():
            return _own(session, found)
        case Ask():
            return _asked(session, found)
    return 0


def _asked(session: Session, ask: Ask) -> int:
    if ask.program == "" and ("--help",) in ask.options:
        return _called((ask.command or "grad", "--help"))
    from gradcalc.cli.repl.asking import command_line, repeated

    full = repeated(session, ask)
    argv = command_line(session, full)
    code = _called(argv, full.program)
    if code in (0, 1, 3):
        session.argv = argv
    # what is no program is not asked again; why, behind it, is about the same
    if ask.program and (code in (0, 1, 3) or session.last is None):
        session.last = full
    elif ask.options and code in (0, 1, 3) and session.last is not None:
        session.last = replace(session.last, options=full.options)
    return code


def _called(argv: tuple[str, ...], program: str = "") -> int:
    options = known_options(argv[0]) if COMMANDS[argv[0]].takes_program else {}

    def told(error: GradcalcError) -> None:
        # a name alone may be a word that is misspelt
        if error.hint is None and error.message.startswith(f"{program} has no value"):
            error.hint = did_you_mean(program, WORDS)
        in_words(error, options)

    return main(argv, None, told)


def _own(session: Session, own: Own) -> int:
    match own.word:
        case "quit" | "exit":
            raise _Left
        case "help" if own.rest:
            return _called_for_help(own.rest)
        case "help":
            write(HELP, sys.stdout)
        case "inputs":
            write(listing(session), sys.stdout)
        case "forget":
            _forget(session, own.rest)
        case "save":
            _save(session, own.rest)
        case _:
            return _keep(session, own)
    return 0


def _save(session: Session, name: str) -> None:
    from gradcalc.cli.repl.saving import save, shell

    if not session.argv:
        raise UsageError("nothing has been asked yet", hint="type a program: 2*dot(x,x)")
    write(save(session.argv, name) if name else f"{shell(session.argv)}\n", sys.stdout)


def _keep(session: Session, own: Own) -> int:
    """Keep an option, and ask the last program again."""
    from gradcalc.cli.repl.asking import lacks
    from gradcalc.cli.repl.setting import keep

    keep(session, own.word, own.rest)
    missing = lacks(session, own.word, own.rest)
    if missing is not None:
        write(f"note  the last program has no {missing}; others may\n", sys.stdout)
    elif own.rest and session.last is not None:
        return _asked(session, Ask(None, ""))
    return 0


def _forget(session: Session, text: str) -> None:
    names = text.replace(",", " ").split() or session.names
    for name in names:
        if not session.forget(name):
            raise UsageError(f"{name} is not set", hint="inputs lists what is")


def _called_for_help(word: str) -> int:
    argv = (word, "-h") if word in COMMANDS else ("functions", *word.split())
    return main(argv, None)
