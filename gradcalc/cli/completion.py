"""What a shell offers for the word that is being typed: commands, options, and the program's names.

How shells ask and are answered is Typer's; here is what there is. Nothing is calculated, and what
cannot be understood has no completions.
"""

import ast
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gradcalc.cli.files import functions_of
from gradcalc.cli.help import in_short
from gradcalc.cli.options import Row, rows
from gradcalc.cli.pages import HELP, PROGRAMS, page
from gradcalc.cli.readers import is_name
from gradcalc.codes import COMMANDS, OWN, completed
from gradcalc.errors import GradcalcError
from gradcalc.located import located

_BREAKS = re.compile(r"[=:@]+")
"""What bash takes for words of its own though it stands inside of one (COMP_WORDBREAKS)."""

_FILE = re.compile(r"([^\n;]*\.(?:py|ipynb)):(\w*)")


@dataclass(frozen=True, slots=True)
class Item:
    """A completion, with what some shells show beside it."""

    value: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """The words in front of the one that is being typed, that word, and what of it has been left
    out: bash replaces only what stands behind its last break."""

    words: Sequence[str]
    word: str
    left_out: str = ""


def items(words: Sequence[str], word: str) -> list[Item]:
    """The completions of a word behind others, as the shell that asks wants them."""
    typed = _typed(words, word)
    try:
        found = [item for item in _offered(typed) if item.value.startswith(typed.word)]
    # whoever presses a key has not asked what is wrong
    except Exception:
        return []
    cut = len(typed.left_out)
    return [Item(item.value[cut:], in_short(item.help)) for item in dict.fromkeys(found)]


def _typed(words: Sequence[str], word: str) -> Typed:
    """The words as the program would get them, whatever the shell and Typer have made of them."""
    if os.environ.get("_GRADCALC_COMPLETE", "").endswith("bash"):
        return _rejoined(words, word)
    # of --wrt=x Typer hands on the x alone
    asked = os.environ.get("_TYPER_COMPLETE_ARGS", "").rpartition(" ")[2]
    option = re.fullmatch(r"(--[\w-]+=)(.*)", asked)
    return Typed(words, option[1] + word if option and option[2] == word else word)


def _rejoined(words: Sequence[str], word: str) -> Typed:
    """bash's words put together again: `file.py`, `:`, `f` are one."""
    # Typer takes a = for nothing
    broken = _BREAKS.fullmatch(word) is not None
    found: list[str] = []
    open_ended = False
    for piece in [*words, word]:
        breaks = _BREAKS.fullmatch(piece) is not None
        value = piece.startswith("@") and bool(found) and found[-1].startswith("--")
        if found and (open_ended or breaks) and not (value and "=" not in found[-1]):
            found[-1] += piece
        else:
            found.append(piece)
        open_ended = breaks
    whole = found.pop()
    left_out = whole if broken else whole[: len(whole) - len(word)]
    # which is part of what is replaced, though not of COMP_WORDS
    return Typed(found, whole, left_out.rstrip("@"))


def _offered(typed: Typed) -> Iterator[Item]:
    words = completed(list(typed.words)) if typed.words[:1] != ["help"] else list(typed.words)
    if not words:
        yield from _of_program("grad", (), typed.word) if ":" in typed.word else _first()
        return
    name, *rest = words
    if name == "help":
        yield from _commands() if not rest else _parts(rest)
        # there are hundreds, of which a letter leaves few
        yield from _functions() if typed.word and not rest else ()
    elif name not in COMMANDS:
        yield from _of_program("grad", words, typed.word) if name not in OWN else ()
    elif name == "functions":
        yield from _functions() if not typed.word.startswith("-") else [_help()]
    elif name in PROGRAMS:
        yield from _of_program(name, rest, typed.word)
    else:
        yield from (*_parts(words), *_plain(words))


def _first() -> Iterator[Item]:
    yield from _commands()
    yield Item("help", "The help of a command.")
    yield from (Item(option, text) for option, text in OWN.items())


def _commands() -> Iterator[Item]:
    return (Item(name, _summary(command.help)) for name, command in COMMANDS.items())


def _parts(words: Sequence[str]) -> Iterator[Item]:
    parts = COMMANDS[words[0]].parts if len(words) == 1 and words[0] in COMMANDS else {}
    return (Item(name, _summary(part.help)) for name, part in parts.items())


def _plain(words: Sequence[str]) -> Iterator[Item]:
    """The options of a command that takes no program."""
    known = page(*words[:1]).options if len(words) == 1 else ()
    yield from (Item(option.name, option.text) for option in known if option.name != HELP)
    yield _help()


def _help() -> Item:
    return Item(HELP, OWN[HELP])


def _summary(text: str) -> str:
    return text.split("\n\n")[0]


def _functions() -> Iterator[Item]:
    from gradcalc.reference.catalogue import catalogue

    for entry in catalogue():
        yield from (Item(name, entry.doc) for name in (entry.name, *entry.aliases))


# -- a program and its options --------------------------------------------------------------------


def _of_program(command: str, words: Sequence[str], word: str) -> Iterator[Item]:
    """What may come next behind a command that takes a program."""
    known = {row.flag: row for row, _ in rows(command).values()}
    flag, equals, _ = word.partition("=")
    last = words[-1] if words else ""
    if equals and flag in known:
        yield from _values(known[flag], command, words, word, f"{flag}=")
    elif "--" in words:
        return
    elif last in known and known[last].metavar:
        yield from _values(known[last], command, words[:-1], word)
    elif word.startswith("@") or f"{flag}=@" in word:
        yield from _files(word)
    elif is_name(last) and last not in known:
        return
    elif found := _FILE.fullmatch(word):
        yield from (Item(f"{found[1]}:{name}") for name in functions_of(Path(found[1])))
    elif word.startswith("-") or not word:
        yield from _options(command, known, words, word)


def _options(
    command: str, known: Mapping[str, Row], words: Sequence[str], word: str
) -> Iterator[Item]:
    """The program's inputs, and the command's own options unless nothing has been typed yet."""
    # what is wrong with the program does not concern the options
    with suppress(GradcalcError):
        names = _names(command, words)
        new = (f"--{name}" for name in names.inputs if name not in names.given)
        yield from (Item(name, "an input of the program") for name in new if name not in known)
    if word:
        given = {word.partition("=")[0] for word in words}
        repeated = {row.flag for row, default in rows(command).values() if default == ()}
        left = (row for flag, row in known.items() if flag in repeated or flag not in given)
        yield from (Item(row.flag, row.help) for row in left)
        yield _help()


def _values(
    row: Row, command: str, words: Sequence[str], word: str, before: str = ""
) -> Iterator[Item]:
    """What an option can be given: its choices, or names of the program, with commas between."""
    yield from (Item(f"{before}{choice}") for choice in row.choices)
    if row.names:
        text = word.removeprefix(before)
        listed = text[: text.rfind(",") + 1]
        names = _names(command, words)
        kinds = {"input": names.inputs, "assigned": names.assigned}
        for name in (name for kind in row.names for name in kinds[kind]):
            if name not in listed.split(","):
                yield Item(f"{before}{listed}{name}")


def _files(word: str) -> Iterator[Item]:
    """The files behind an @, and the directories."""
    start, _, path = word.partition("@")
    folder, name = os.path.split(path)
    with os.scandir(located(folder or ".")) as found:
        names = sorted(f"{e.name}/" if e.is_dir() else e.name for e in found)
    shown = (n for n in names if n.startswith(name) and (name or not n.startswith(".")))
    yield from (Item(f"{start}@{os.path.join(folder, n)}") for n in shown)


@dataclass(frozen=True, slots=True)
class Names:
    """The names of programs in the order of their first use: those that can be given a value,
    those that are bound, and those that have been given one."""

    inputs: Collection[str]
    assigned: Collection[str]
    given: Collection[str]


def _names(command: str, words: Sequence[str]) -> Names:
    """The names of the programs among the words."""
    from gradcalc.cli.arguments import known_options, rewrite

    rewritten = rewrite(words, known_options(command), program_needed=False)
    end = rewritten.index("--")
    options = [word.partition("=") for word in rewritten[:end]]
    given = [text.partition("=")[0] for option, _, text in options if option == "--at"]
    bound = [text.partition("=") for option, _, text in options if option == "--let"]
    lets = {name.strip(): text for name, _, text in bound}
    return _names_of(rewritten[end + 1 :], given, lets)


def _names_of(programs: Iterable[str], given: Sequence[str], lets: Mapping[str, str]) -> Names:
    from gradcalc.cli.programs import Source, use, written
    from gradcalc.lang.fence import compile_program
    from gradcalc.lang.program import Limits, Program

    limits, bound = Limits(), frozenset(lets)
    numbers = frozenset(given)

    def compiled(source: Source, known: frozenset[str] = bound) -> Program:
        own = (numbers | bound) - known if source.typed else None
        function = source.function
        return compile_program(
            source.text, function=function, limits=limits, known=known, numbers=own
        )

    named = tuple((name, compiled(Source(text), frozenset())) for name, text in lets.items())
    inputs: dict[str, None] = {}
    assigned: dict[str, None] = {}
    for source in (written(token, limits) for token in programs if token != "-"):
        program = compiled(source)
        found = use(program, named, ())
        optional = (name for name in found.optional if name in program.parameters)
        inputs |= dict.fromkeys((*found.required, *optional))
        assigned |= dict.fromkeys(_assigned(program.body, program.function))
    return Names(inputs, assigned | dict.fromkeys(lets), given)


def _assigned(body: Sequence[ast.stmt], function: str | None) -> Iterator[str]:
    """The names that a program binds itself, in order; not those inside of its functions."""
    own = next((s for s in body if isinstance(s, ast.FunctionDef) and s.name == function), None)
    left: list[ast.AST] = list(body if own is None else own.body)
    while left:
        node = left.pop(0)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            left[:0] = ast.iter_child_nodes(node)
