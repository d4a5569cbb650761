"""The code of a notebook, cell by cell; what it has shown is left alone."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

from gradcalc.errors import FileError, UnsupportedError

ASKED = re.compile(r"\s*\?.*|.*[\w)\]]\s*\?{1,2}\s*")
"""A line that asks for help."""

COMMAND = re.compile(r"(\s*)([%!].*)")
"""A line that is for the notebook or its shell."""

TAKEN = re.compile(r"(\s*[\w, ]+=\s*)([%!][\w!].*)")
"""A line that gives a name what such a line gives."""

STATEMENTS = re.compile(r"%(?:time|prun)\s+(?!-)(\S.*)")
"""A command that runs a statement as it stands."""

IDLE = frozenset({
    "alias", "autoreload", "autosave", "cd", "colors", "conda", "config", "debug", "env", "history",
    "load_ext", "logstart", "ls", "lsmagic", "magic", "matplotlib", "memit", "mkdir", "pdb", "pip",
    "pinfo", "pprint", "precision", "psource", "pwd", "reload_ext", "system", "sx", "tb",
    "tensorboard", "timeit", "unload_ext", "watermark", "who", "whos", "xmode",
})  # fmt: skip
"""Commands that bind no names of the program."""

AROUND = frozenset({"time", "capture", "prun"})
"""Commands of a cell whose rest is Python as it stands."""

ELSE = frozenset({
    "bash", "cmd", "file", "html", "HTML", "javascript", "js", "latex", "markdown", "perl", "ruby",
    "script", "sh", "svg", "SVG", "system", "sx", "timeit", "writefile",
})  # fmt: skip
"""Commands of a cell that is no Python, or binds no names of the program."""


def cells(text: str, name: str) -> list[tuple[str, str]]:
    """The code of a notebook by cells, which are counted without those of text.

    Raises `FileError` for what is no notebook of Python.
    """
    found = [_plain(code, f"cell {k}") for k, code in enumerate(_codes(text, name), 1)]
    return [(f"cell {k}", code) for k, code in enumerate(found, 1)]


def _codes(text: str, name: str) -> Iterator[str]:
    try:
        whole: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise FileError(f"{name} is not a notebook: it is no JSON") from None
    if not isinstance(whole, dict):
        raise FileError(f"{name} is not a notebook: it has no cells")
    language = _language(whole)
    if language is not None and not language.lower().startswith(("python", "ipython")):
        raise FileError(f"{name} is a notebook of {language}, not of Python")
    # the third format has sheets of cells
    sheets = whole.get("worksheets", [whole])
    for sheet in sheets if isinstance(sheets, list) else [None]:
        inner = sheet.get("cells") if isinstance(sheet, dict) else None
        if not isinstance(inner, list):
            raise FileError(f"{name} is not a notebook: it has no cells")
        for cell in inner:
            if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
                raise FileError(f"{name} is not a notebook: one of its cells has no type")
            if cell["cell_type"] == "code":
                yield _code(cell, name)


def _language(whole: dict[str, Any]) -> str | None:
    metadata = whole.get("metadata")
    for part, key in (("language_info", "name"), ("kernelspec", "language")):
        inner = metadata.get(part) if isinstance(metadata, dict) else None
        found = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(found, str):
            return found
    return None


def _code(cell: dict[str, Any], name: str) -> str:
    code = cell.get("source", cell.get("input"))
    if isinstance(code, list) and all(isinstance(line, str) for line in code):
        return "".join(code)
    if not isinstance(code, str):
        raise FileError(f"{name} is not a notebook: one of its cells has no text")
    return code


def _plain(code: str, cell: str) -> str:
    """The Python of a cell; its lines stay where they are."""
    code = re.sub("\r\n?", "\n", code)
    if _is_python(code):
        return code
    lines = code.split("\n")
    first = next((k for k, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        command = lines[first][2:].split()[:1] or [""]
        if command[0] in ELSE or lines[first].startswith("%%!"):
            return ""
        if command[0] not in AROUND:
            raise UnsupportedError(f"{cell} begins with %%{command[0]}, and is no Python")
        lines[first] = ""
    return "\n".join(_line(line, cell) for line in lines)


def _is_python(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _line(line: str, cell: str) -> str:
    if command := COMMAND.fullmatch(line):
        return command[1] + _statement(command[2], cell)
    if taken := TAKEN.fullmatch(line):
        # nobody knows what that is, and a program that needs it is told so
        return f"{taken[1]}input()"
    return "pass" if ASKED.fullmatch(line) and not line.strip().startswith("#") else line


def _statement(command: str, cell: str) -> str:
    """What a command is in Python."""
    if command.startswith("!"):
        return "pass"
    if statement := STATEMENTS.fullmatch(command):
        return statement[1]
    word = (re.findall(r"%(\w+)", command) or [""])[0]
    if word in IDLE:
        return "pass"
    raise UnsupportedError(
        f"%{word} in {cell} may give names any value", hint="import the file, or leave the line out"
    )
