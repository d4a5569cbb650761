"""Files of Markdown, filled in: read, run, compared, and written where something has changed."""

import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gradcalc.cli.app import tell
from gradcalc.cli.batch.job import BADNESS
from gradcalc.cli.files import similar_file
from gradcalc.cli.output import write
from gradcalc.cli.programs import read_stdin
from gradcalc.cli.report.blocks import blocks
from gradcalc.cli.report.running import results, written
from gradcalc.errors import FileError, UsageError
from gradcalc.located import content, located
from gradcalc.values.context import within

WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
"""The bits of a file that somebody may write: whoever runs as root may write any."""

STALE = 1
"""The exit code of a check where a result would change."""

_LONG = re.compile(r"-?\d*\.\d{13,}(e[+-]\d+)?")
_DIGITS = re.compile(r"\b1[4-6]\.\d of 15\.9")
_GAP = re.compile(r"(?<=\S)[ ─]{2,}")


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its results, the worst exit code of those, the lines of the blocks that have
    others than before, and those of blocks that failed, with their codes."""

    text: str
    code: int
    count: int
    new: tuple[int, ...]
    failed: tuple[tuple[int, int], ...]


def run(names: Sequence[str], *, check: bool, run_code: bool) -> int:
    """Fill files in, or say whether they are; gives the worst exit code."""
    if len(names) > 1 and "-" in names:
        raise UsageError("standard input is a report alone", hint="gradcalc report - < FILE.md")
    worst = 0
    for name in names:
        before, folder = _read(name)
        with _place(folder):
            found = filled(before, run_code=run_code)
        if check:
            code = _checked(name, found)
        else:
            code = found.code
            _put(name, before, found)
        worst = max(worst, code, key=BADNESS.index)
    return worst


def filled(text: str, *, run_code: bool = False) -> Filled:
    """A text with what its blocks print now.

    What differs in the last digits of long numbers alone, as another machine has them, stays.
    Raises `FileError` for results that do not end.
    """
    lines = text.split("\n")
    found: list[str] = []
    done, worst, count = 0, 0, 0
    new: list[int] = []
    failed: list[tuple[int, int]] = []
    for block in list(blocks(lines)):
        answers = results(block.text, run_code=run_code)
        code = max((a.code for a in answers), key=BADNESS.index, default=0)
        worst = max(worst, code, key=BADNESS.index)
        count += len(answers)
        if code:
            # by the line where it stands in what is written
            failed.append((len(found) + block.line - done, code))
        old = lines[block.start : block.end]
        own = [f"{line}{block.ending}" for line in written(answers, block.indent)]
        if not old and not answers:
            own = []
        if _same(old, own):
            own = old
        else:
            new.append(block.line)
        found += lines[done : block.start]
        if not old and own:
            found.append(f"{block.indent.rstrip()}{block.ending}")
        found += own
        if not old and own and block.start == len(lines):
            found.append("")
        done = block.end
    return Filled("\n".join([*found, *lines[done:]]), worst, count, tuple(new), tuple(failed))


def _same(old: Sequence[str], new: Sequence[str]) -> bool:
    return _portable(old) == _portable(new)


def _portable(lines: Sequence[str]) -> str:
    """Lines without what differs between machines: last digits, and the columns that they make
    wider."""
    text = "\n".join(line.rstrip() for line in lines)
    text = _LONG.sub(lambda found: f"{float(found[0]):.12g}", text)
    return _GAP.sub(" ", _DIGITS.sub("all digits", text))


# -- files ----------------------------------------------------------------------------------------


def _read(name: str) -> tuple[str, Path]:
    """The text of a file, and the folder that it is in."""
    if name == "-":
        try:
            return read_stdin(), Path()
        except (OSError, ValueError):
            raise FileError("the report on standard input is not a text in UTF-8") from None
    path = located(name)
    try:
        # the ends of lines are the file's own
        return content(path).decode("utf-8"), path.resolve().parent
    except FileNotFoundError:
        hint = similar_file(path, "*.md")
        raise FileError(f"there is no file {name}", hint=hint) from None
    except UnicodeDecodeError:
        raise FileError(f"{name} is not a text in UTF-8") from None
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileError(f"{name} cannot be read: {reason}") from None


@contextmanager
def _place(folder: Path) -> Iterator[None]:
    """The folder of a report, which its command lines name files from, and no others."""
    before = Path.cwd()
    try:
        os.chdir(folder)
        with within(folder):
            yield
    finally:
        os.chdir(before)


def _checked(name: str, found: Filled) -> int:
    if not found.new:
        write(f"{_shown(name)}: {_counted(found)}, up to date\n", sys.stdout)
        return 0
    places = " and ".join(f"line {line}" for line in found.new)
    # which tells as an error does, but is no mistake in what was asked
    tell(
        UsageError(
            f"{_shown(name)} is not up to date: the results of the block in {places} would change",
            hint=f"gradcalc report {name} writes them",
        )
    )
    return STALE


def _put(name: str, before: str, found: Filled) -> None:
    if name == "-":
        write(found.text, sys.stdout)
        return
    if found.text != before:
        _replace(located(name).resolve(), found.text)
    told = [f"{_shown(name)}: {_counted(found)}, {len(found.new) or 'nothing'} new\n"]
    told += [f"{_shown(name)}, line {line}: exit code {code}\n" for line, code in found.failed]
    write("".join(told), sys.stdout)


def _replace(path: Path, text: str) -> None:
    """Write a file in one piece, so that nothing is lost on the way."""
    if not path.stat().st_mode & WRITABLE:
        raise FileError(f"{path} is read-only", hint="report - < FILE.md prints it instead")
    try:
        descriptor, new = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode())
            shutil.copymode(path, new)
            os.replace(new, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(new)
            raise
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}") from None


def _shown(name: str) -> str:
    return "standard input" if name == "-" else name


def _counted(found: Filled) -> str:
    return f"{found.count} {'result' if found.count == 1 else 'results'}"
