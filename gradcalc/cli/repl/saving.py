"""What was asked, to be kept: as a command line, or as a test of pytest's."""

import io
import json
import re
import shlex
from collections.abc import Sequence

from gradcalc.cli.arguments import known_options
from gradcalc.cli.repl.asking import SHOWN
from gradcalc.errors import FileError, UsageError
from gradcalc.located import located

TESTED = ("grad", "jacobian", "hessian", "vjp", "jvp", "hvp")
"""Commands that a function of the same name answers in Python."""

SCRIPT = "#!/bin/sh\n"
MODULE = '''"""Gradients that were calculated at a prompt of gradcalc."""

import numpy as np

import gradcalc
'''
"""What the files that are written begin with."""

_LONGEST = 100_000


def shell(argv: Sequence[str]) -> str:
    """A command line as it is typed, the program in front."""
    end = argv.index("--")
    words = [argv[0], *argv[end + 1 :], *map(_spelled, argv[1:end])]
    if any(program.startswith("-") for program in argv[end + 1 :]):
        words = [argv[0], *map(_spelled, argv[1:end]), *argv[end:]]
    return " ".join(["gradcalc", *(part for word in words for part in _quoted(word))])


def _spelled(word: str) -> str:
    name, equals, text = word.removeprefix("--at=").partition("=")
    if not word.startswith("--at=") or f"--{name}" in known_options("grad"):
        return word
    return f"--{name}{equals}{text}"


def _quoted(word: str) -> list[str]:
    """A word for a shell; an option with its value as two."""
    option = re.fullmatch(r"(--[\w.-]+)=(.+)", word, re.DOTALL)
    parts = [word] if option is None or option[2].startswith("-") else [option[1], option[2]]
    return [
        f'"{p}"' if re.search(r"[^\w@%+=:,./-]", p) and not re.search(r"[\"$`\\!]", p)
        else shlex.quote(p)
        for p in parts
    ]  # fmt: skip


def save(argv: Sequence[str], name: str) -> str:
    """Write a command line behind those in a file, or a test where that is Python; gives a sentence
    about it.

    Raises `FileError` for a file of somebody else's, `UsageError` for what is no test.
    """
    path = located(name)
    start, text = (MODULE, None) if path.suffix == ".py" else (SCRIPT, f"{shell(argv)}\n")
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else start
        if not before.startswith(start):
            raise FileError(
                f"{path} is there, and nothing that was saved here", hint="choose another name"
            )
        if text is None:
            text = test(argv, len(re.findall(r"^def test_", before, re.MULTILINE)) + 1)
        path.write_text(before + text, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not a text in UTF-8"
        raise FileError(f"{path} cannot be written: {reason}") from None
    return f"{'a test' if path.suffix == '.py' else 'the command line'} is in {path}\n"


def test(argv: Sequence[str], number: int) -> str:
    """A test that holds what was asked to the gradients and the verdict that it has now."""
    command = "grad" if argv[0] in ("why", "explain") else argv[0]
    if command not in TESTED:
        raise UsageError(
            f"{command} has no gradient that a test could hold", hint="save it as a command line"
        )
    program, given = _arguments(argv)
    outcome, gradients = _answer(command, argv)
    call = ", ".join([repr(program), *(f"{key}={value!r}" for key, value in given.items())])
    lines = [
        "",
        "",
        f"def test_{number}():",
        f"    found = gradcalc.{command}({call})",
        f"    assert found.verdict.outcome.value == {outcome!r}",
        *(
            f"    np.testing.assert_allclose(found.gradient[{name!r}], {held}, rtol=1e-9)"
            for name, held in gradients.items()
        ),
    ]
    return "".join(f"{line}\n" for line in lines)


def _answer(command: str, argv: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The outcome that a test is to find, and the gradients as Python has them.

    Raises `UsageError` where there is no answer.
    """
    from contextlib import redirect_stderr, redirect_stdout

    from gradcalc.cli.app import main

    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(io.StringIO()):
        code = main((command, *_unshown(argv), "--json", *argv[argv.index("--") :]))
    if code not in (0, 1, 3):
        raise UsageError("what has no answer is no test", hint="type a program that has one")
    report = json.loads(printed.getvalue())
    gradients = {}
    for name, found in report["gradients"].items():
        given = (found.get(witness) for witness in ("autograd", "symbolic"))
        numbers = next((n for n in given if n is not None), None)
        text = json.dumps(numbers)
        if numbers is not None and len(text) <= _LONGEST:
            text = re.sub(r'"(-?)Infinity"', r"\1np.inf", text)
            gradients[name] = text.replace('"NaN"', "np.nan").replace("null", "np.nan")
    return report["verdict"]["outcome"], gradients


def _unshown(argv: Sequence[str]) -> list[str]:
    """The options of a command line that are about what is calculated."""
    options = list(argv[1 : argv.index("--")])
    kept: list[str] = []
    while options:
        word = options.pop(0)
        if word.partition("=")[0] not in SHOWN:
            kept.append(word)
        elif "=" not in word and options and not options[0].startswith("--"):
            options.pop(0)
    return kept


def _arguments(argv: Sequence[str]) -> tuple[str, dict[str, object]]:
    """The program, and the arguments of Python for the options of a command line.

    Raises `UsageError` for an option that Python has not.
    """
    from gradcalc.cli.options import keys, rows

    own = {row.flag: (row, default) for row, default in rows(argv[0]).values()}
    end = argv.index("--")
    given: dict[str, object] = {}
    for word, following in zip(argv[1:end], [*argv[2:end], ""], strict=True):
        flag, equals, text = word.partition("=")
        if not flag.startswith("--"):
            continue
        if flag not in own:
            flag, equals, text = "--at", "=", f"{flag[2:]}={text if equals else following}"
        row, default = own[flag]
        if row.flag in SHOWN:
            continue
        if row.key is None or row.key not in keys():
            raise UsageError(
                f"a test has no {row.flag}", hint="save it as a command line: save gradients.sh"
            )
        value: object = (text if equals else following) if row.metavar else not default
        if flag in ("--at", "--let", "--declare"):
            name, _, text = str(value).partition("=")
            kept = given.setdefault(row.key, {})
            assert isinstance(kept, dict)
            kept[name.strip()] = text
        elif row.key in ("seed", "max_steps", "order"):
            given[row.key] = int(str(value))
        elif row.key in ("tol", "timeout"):
            given[row.key] = float(str(value))
        else:
            given[row.key] = value
    return argv[end + 1], given
