"""What is typed: which lines belong together, and what they mean."""

import ast
import re
import shlex
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from gradcalc.cli.options import rows
from gradcalc.cli.readers import check_name
from gradcalc.codes import COMMANDS
from gradcalc.errors import UsageError

DEFINING = re.compile(r"\s*(?:def|class|async|@)")
"""What a definition begins with, of which the lines stand further in."""

RUNNING = re.compile(r"\s*(?:for|while|if|with|try)\b.*:\s*(?:#.*)?$")
"""What other statements of several lines begin with; an empty line ends them."""

FURTHER = re.compile(r"\s|$|(?:else|elif|except|finally)\b|[)\]}]")
"""How a line begins that belongs to a definition above it."""

IMPORTING = re.compile(r"\s*(?:import|from)\s")
SETTING = re.compile(r"\s*([^\W\d][\w.]*(?:\[[^\]]*\])*)\s*=(?!=)(.*)", re.DOTALL)
FLAG = re.compile(r"(?:^|\s)--(?=[^\W\d])([\w-]*)")
WORD = re.compile(r":?([^\W\d][\w-]*)(?:\s+(.*))?", re.DOTALL)
OPERATING = re.compile(r"[=*/@.,;^%<>+)]|-\s")
"""What stands behind a word that is a name in an expression."""

OWN = ("help", "inputs", "forget", "save", "quit", "exit")
"""The words of the prompt itself."""

REPEATED = ("expect", "of", "cotangent", "tangent", "order")
"""Options by whose name the last program is asked again."""

KEPT = ("detach", "wrt", "declare", "dtype", "seed", "tol", "digits", "format")
"""Options that hold from then on, until their name alone is typed."""

WORDS = (*COMMANDS, *OWN, *REPEATED, *KEPT)
"""All that a line may begin with that is no program."""

_QUOTES = re.compile(r"'''|\"\"\"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|#[^\n]*")


@dataclass(frozen=True, slots=True)
class Setting:
    """A name and the text of its value."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Definition:
    """Names that a statement of several lines, or an import, binds."""

    names: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Own:
    """A word of the prompt's own, or an option that is kept, with what stands behind it."""

    word: str
    rest: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A command about a program, or about the last one where it is empty, and further options.

    Each option is its words: the flag, and what stands behind it.
    """

    command: str | None
    program: str
    options: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Plain:
    """A command that is about no program, by its words."""

    argv: tuple[str, ...]


Meaning = Setting | Definition | Own | Ask | Plain


# -- lines that belong together -------------------------------------------------------------------


def statements(lines: Iterable[str]) -> Iterator[str]:
    """The statements in lines that come from a file or are pasted."""
    held: list[str] = []
    for line in (line.rstrip("\r\n") for line in lines):
        if held and not _goes_on(held, line):
            yield "\n".join(held)
            held = []
        if held or line.strip():
            held.append(line)
    if held:
        yield "\n".join(held)


def _goes_on(held: list[str], line: str) -> bool:
    text = "\n".join(held)
    if DEFINING.match(held[0]):
        decorated = all(part.lstrip().startswith("@") for part in held)
        return decorated or FURTHER.match(line) is not None
    return bool(line.strip()) and (RUNNING.match(held[0]) is not None or _is_broken(text))


def is_open(text: str) -> bool:
    """Whether somebody who types has not come to an end: an empty line always is one."""
    last = text.rpartition("\n")[2]
    if not text.strip() or ("\n" in text and not last.strip()):
        return False
    # what is pasted may be several
    *_, text = statements(text.split("\n"))
    first = text.lstrip().partition("\n")[0]
    if RUNNING.match(first) and not first.rstrip().endswith(":"):
        return False
    return bool(DEFINING.match(first) or RUNNING.match(first)) or _is_broken(text)


def _is_broken(text: str) -> bool:
    """Whether brackets are open, or the line says that it goes on."""
    bare = _QUOTES.sub("", text)
    depth = sum(bare.count(sign) for sign in "([{") - sum(bare.count(sign) for sign in ")]}")
    return depth > 0 or bare.rstrip(" ").endswith("\\")


# -- what they mean -------------------------------------------------------------------------------


def meaning(text: str, known: Collection[str]) -> Meaning | None:
    """What a statement means where these names are known; None where it means nothing.

    Raises `UsageError` for what no line can be.
    """
    text = re.sub(r"^\s*(?:\$\s+)?(?:gradcalc\s+(?=\S))?", "", text).rstrip()
    if not text or all(line.lstrip().startswith("#") for line in text.splitlines()):
        return None
    if DEFINING.match(text) or IMPORTING.match(text):
        found = Definition(_bound(text), text)
        return found if found.names else Ask(None, text)
    setting = SETTING.fullmatch(text)
    if setting is not None and "\n" not in text.strip():
        return Setting(check_name(setting[1], setting[1]), setting[2].strip())
    word = WORD.fullmatch(text)
    if word is not None and (text.startswith(":") or _is_word(word, known)):
        return _of_word(word[1], (word[2] or "").strip(), text)
    return _asked(None, text)


def _bound(text: str) -> tuple[str, ...]:
    """The names that the statements of a text bind, as far as these are definitions alone."""
    try:
        body = ast.parse(text.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # whoever reads it says where
        found = re.search(r"^\s*(?:def|class)\s+(\w+)", text, re.MULTILINE)
        return (found[1],) if found else ()
    names: list[str] = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names += [(a.asname or a.name).partition(".")[0] for a in node.names]
        else:
            return ()
    return tuple(names)


def _is_word(word: re.Match[str], known: Collection[str]) -> bool:
    """Whether a line begins with a word that is no name in an expression."""
    name, rest = word[1], word[2] or ""
    if name in known or name in OWN:
        return name not in known
    return name in (*COMMANDS, *REPEATED, *KEPT) and not OPERATING.match(rest)


def _of_word(word: str, rest: str, text: str) -> Meaning:
    if word in (*OWN, *KEPT):
        return Own(word, rest)
    if word in REPEATED:
        if not rest:
            raise UsageError(f"{word} needs a value: {word} {_metavar(word)}")
        value, options = _apart(rest)
        return Ask(None, "", ((f"--{word}", value), *options))
    if word not in COMMANDS:
        raise UsageError(f"there is no command {word!r}", hint="help lists what can be typed")
    if COMMANDS[word].takes_program:
        return _asked(word, rest)
    if word == "functions":
        return Plain((word, *_words(rest)))
    why = "it runs code of yours, which nothing typed here does" if word == "check" else ""
    raise UsageError(
        f"{word} is a command for the shell{f': {why}' if why else ''}", hint=f"gradcalc {text}"
    )


def _metavar(word: str) -> str:
    return next(row.metavar for row, _ in rows().values() if row.flag == f"--{word}")


def _asked(command: str | None, text: str) -> Ask:
    program, options = _apart(text)
    return Ask(command, _unquoted(program), options)


def _apart(text: str) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """A text, and the options behind it: `x --y` is a difference, `x --wrt y` is none."""
    for found in FLAG.finditer(text):
        behind = text[found.end() :]
        if not _is_quoted(text, found.start()) and (
            _is_option(f"--{found[1]}") or re.match(r"=(?!=)|\s+(?![+@-]\s)[^\s*/^)]", behind)
        ):
            return text[: found.start()].strip(), _grouped(_words(text[found.start() :]))
    return text.strip(), ()


def _is_option(flag: str) -> bool:
    return flag == "--help" or any(row.flag == flag for row, _ in rows().values())


def _is_quoted(text: str, place: int) -> bool:
    return any(q.start() < place < q.end() for q in _QUOTES.finditer(text) if q[0][0] != "#")


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise UsageError("a quotation mark is not closed") from None


def _grouped(words: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Each option with the words behind it."""
    found: list[list[str]] = []
    for word in words:
        if not found or re.match(r"--[^\W\d]", word):
            found.append([word])
        else:
            found[-1].append(word)
    return tuple(map(tuple, found))


def _unquoted(text: str) -> str:
    """A program as it is typed for a shell, `"x**2"`, without its quotation marks."""
    if text[:1] in "\"'" and text[:1]:
        try:
            words = shlex.split(text)
        except ValueError:
            return text
        return words[0] if len(words) == 1 else text
    return text
