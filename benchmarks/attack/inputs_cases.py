"""Hostile cases of each kind, drawn one by one."""

import json
import string
from collections.abc import Callable, Iterable
from random import Random

from benchmarks.attack.inputs_grammar import grammatical
from benchmarks.attack.inputs_monsters import monstrous
from benchmarks.attack.inputs_programs import free_names, mutated, noise
from benchmarks.attack.inputs_running import Case
from benchmarks.attack.inputs_values import FILES, good, thing, value
from gradcalc.cli.options import Options

LONGEST = 100_000
"""Bytes of a word, beyond which the kernel starts no command with it: then it comes in a file."""

_FORMATS = {
    "grad": ("tsv", "json", "csv", "markdown", "latex", "literal", "table"),
    "why": ("json", "table"),
    "explain": ("json", "latex", "markdown", "table"),
    "graph": ("json", "svg", "mermaid", "dot"),
    "plot": ("csv", "svg", "braille", "html"),
    "formula": ("tsv", "json", "latex", "markdown", "literal", "numpy", "c", "julia"),
}


def asked(draw: Random, program: str, values: Callable[[Random], str] = good) -> Case:
    """A command about a program, with values for what it seems to take."""
    command = draw.choice(
        ("grad",) * 8 + ("why", "explain", "explain", "graph", "plot", "formula", "export")
        + ("jacobian", "hessian", "hvp", "vjp", "jvp", "report")
    )  # fmt: skip
    if command == "report":
        return _reported(draw, program)
    names = [name for name in free_names(program) if name.isidentifier()][:6]
    words = [command, *_program(program)]
    for name in names:
        given = values(draw)
        if command == "plot" and name == names[0]:
            given = draw.choice(("-1:1:5", "0:1:3", "0:2:9"))
        if command != "formula":
            words += ["--at", f"{name}={given}"]
    if command in ("hvp", "jvp"):
        words += ["--tangent", draw.choice(("1", "1,0,0", "1,0"))]
    if command == "vjp":
        words += ["--cotangent", draw.choice(("1", "1,0,0"))]
    if command in _FORMATS and draw.random() < 0.3:
        words += ["--format", draw.choice(_FORMATS[command])]
    if command == "export":
        words += ["--to", draw.choice(("numpy", "torch", "jax", "c", "julia", "latex", "python"))]
    if command == "explain" and draw.random() < 0.3:
        words += ["--steps", "symbolic"]
    return _case([*words, *_seed(words)], program)


def _seed(words: Iterable[str]) -> tuple[str, ...]:
    """What makes numbers that are drawn the same at a second try."""
    return ("--seed", "1") if any("rand" in word for word in words) else ()


def _program(program: str) -> tuple[str, ...]:
    """A program as words: from standard input where it is too long for one, or looks like none."""
    long = len(program.encode("utf-8", "replace")) > LONGEST
    return ("-",) if long or not program or program[0] == "-" or "\0" in program else (program,)


def _case(words: list[str], program: str) -> Case:
    stdin = program.encode("utf-8", "replace") if "-" in words[1:2] else b""
    return Case(tuple(word.replace("\0", "\ufffd") for word in words), stdin=stdin)


def _reported(draw: Random, program: str) -> Case:
    """A report with blocks of commands."""
    line = program.replace("\n", draw.choice((" ", "\n"))).replace("\r", " ")
    block = draw.choice(
        (f'grad "{line}" --x 1,2', f"grad '{line}' --x 1", line, f'plot "{line}" --x 0:1:3',
         f'formula "{line}"', f"explain '{line}' --x 2", "report notes.md", "batch -", "tour",
         'grad "x" --x @../secret.npy', f"x = {line}")
    )  # fmt: skip
    fence = draw.choice(("```", "~~~", "````", "  ```"))
    text = f"# Notes\n{fence}gradcalc\n{block}\n{draw.choice((fence, '', '```'))}\nmore\n"
    argv = ("report", "notes.md", *draw.choice(((), ("--check",))))
    return Case(argv, files=(("notes.md", text.encode("utf-8", "replace")),))


def noises(draw: Random) -> Case:
    """Noise in the place of a program."""
    return asked(draw, noise(draw))


def mutations(draw: Random) -> Case:
    """Programs of the documentation and the tests, changed."""
    return asked(draw, mutated(draw))


def grammar(draw: Random) -> Case:
    """Programs made by a grammar."""
    return asked(draw, grammatical(draw))


def monsters(draw: Random) -> Case:
    """Programs that are nested, long or growing."""
    return asked(draw, monstrous(draw)[1])


_TAKING = ("x", "x*x", "sum(x)", "x@x", "exp(x).sum()", "x[0]", "norm(x)", "x.T", "x + y")


def values(draw: Random) -> Case:
    """Values of every kind for a small program."""
    program = draw.choice(_TAKING)
    text = value(draw).replace("\0", "\ufffd")
    if len(text.encode("utf-8", "replace")) > LONGEST:
        return Case(("grad", program, "--x", "@-"), stdin=text.encode("utf-8", "replace"))
    words = draw.choice(
        (("--x", text), ("--at", f"x={text}"), (f"--x={text}",),
         ("--x", "1,2", "--cotangent", text), ("--x", "1,2", "--expect", text),
         ("--x", "1", "--let", f"y={text}"), ("--x", text, "--y", text))
    )  # fmt: skip
    name = draw.choice(("grad", "grad", "jacobian", "explain"))
    return Case((name, program, *words, *_seed(words)))


# -- requests ----------------------------------------------------------------------------------

PER_FILE = 10
"""Requests of one case."""

_KEYS = ("id", "program", "inputs", "let", "detach", "wrt", "of", "expect", "dtype", "command",
         "seed", "tol", "declare", "cotangent", "tangent", "order", "device", "check", "enclose",
         "strict", "timeout", "max_steps", "max-steps", "nothing", "", "Program")  # fmt: skip


def _request(draw: Random) -> bytes:
    found: dict[str, object] = {"id": thing(draw, 1), "program": "x*x", "inputs": {"x": [1, 2]}}
    make = draw.randrange(8)
    if make == 0:
        return noise(draw).replace("\n", " ").replace("\r", " ").encode("utf-8", "replace") + b"!"
    if make == 1:
        return json.dumps(thing(draw)).encode()
    if make == 2:
        found["program"] = draw.choice((mutated, grammatical))(draw)
        names = free_names(str(found["program"]))
        found["inputs"] = {name: good(draw) for name in names}
    if make == 3:
        found["inputs"] = {draw.choice(("x", "y", "", "é", "x y")): thing(draw)}
    if make == 4:
        depth = draw.choice((10, 500, 100_000))
        return b'{"program": "x", "inputs": {"x": ' + b"[" * depth + b"]" * depth + b"}}"
    for _ in range(draw.choice((1, 1, 2, 4))):
        found[draw.choice(_KEYS)] = thing(draw)
    text = json.dumps(found, ensure_ascii=draw.random() < 0.5).encode("utf-8", "replace")
    if make == 5:
        place = draw.randrange(len(text))
        text = text[:place] + bytes([draw.randrange(11, 256)]) + text[place + 1 :]
    if make == 6:
        text = text[: draw.randrange(1, len(text))]
    text = text.replace(b"\r", b" ").replace(b"\n", b" ")
    return text if text.strip() else b"{}"


def requests(draw: Random) -> Case:
    """Lines of JSON for `batch`, with wrong keys and values of wrong types."""
    lines = [_request(draw) for _ in range(PER_FILE)]
    words = draw.choice(
        ((), (), ("--dtype", "float32"), ("--no-enclosure",), ("--max-steps", "50"))
    )
    return Case(("batch", "requests.jsonl", "--seed", "1", *words), answers=PER_FILE,
                files=(("requests.jsonl", b"\n".join(lines) + b"\n"),))  # fmt: skip


# -- command lines -----------------------------------------------------------------------------

_LEFT_OUT = ("check", "daemon", "repl", "tour")
"""Commands that run code of the user's, stay, or take no input."""

_NOT = ("--run-code", "--install-completion", "--show-completion", "--csv", "--resume", "--timeout")
"""Options that write outside of the directory, or run code."""

_OPTIONS = tuple(
    row.flag
    for row in (field.metadata["row"] for field in Options.__dataclass_fields__.values()
                if "row" in field.metadata)
    if row.flag not in _NOT
)  # fmt: skip

_GOOD = (
    ("grad", "2*dot(x,x)", "--x", "0,1,2,3"), ("why", "sqrt(x**2)", "--x", "0"),
    ("hessian", "a*b**2", "--a", "1", "--b", "2"), ("formula", "norm(A@x - b)**2"),
    ("plot", "abs(x)", "--x", "-1:1:3"), ("graph", "sum(x*exp(x))", "--x", "1,2"),
    ("explain", "sin(x)**2", "--x", "1", "--steps", "symbolic"), ("functions", "soft"),
    ("export", "x@x", "--x", "1,2,3", "--to", "c"), ("vjp", "x*x", "--x", "1", "--cotangent", "1"),
    ("grad", "u*x", "--let", "u=x*x", "--detach", "u", "--x", "0,1"), ("--version",), ("--help",),
    ("hvp", "x.prod()", "--x", "1,2,3", "--tangent", "1,0,0"), ("grad", "f.py", "--x", "1"),
    ("grad", "x**2", "--x", "3", "--expect", "2*x", "--dtype", "float32"), ("x**2", "--x", "3"),
    ("report", "notes.md", "--check"),
    ("formula", "x**2", "x*y"), ("grad", "x*x", "x**3", "--x", "2", "--accumulate"),
    ("why", "x*x", "sqrt(x)", "--x", "0"), ("plot", "x", "x*x", "--x", "-1:1:3"),
)  # fmt: skip

_WORDS = ("", "-", "--", "---", "--x", "--x=", "-x", "=", "--=", "--x=1=2", "-1", "@", "x", "1",
          "--no-", "--json=1", "-h", "-V", "--é", "--x y", "--X", "--wrt=", "--digits=0",
          "--seed=-1", "--order=99", "--digits=99999", "--max-steps=0", "--max-steps=1e9",
          "--tol=nan", "--dtype=int", "--device=cuda", "--device=", "--at=x", "--let=x",
          "--let==1", "--of=[9]",
          "--format=", "--format=npy", "--html=", "--html=page.html", "--html=no/page.html",
          "\x1b[31m", "a\nb", "\udcff", "*" * 200, "nothing.py",
          "f.py:", "f.py:g", "f.py:f")  # fmt: skip


def command_lines(draw: Random) -> Case:
    """Command lines with words that are changed, doubled, cut off or left out."""
    words = list(draw.choice(_GOOD))
    for _ in range(draw.choice((1, 1, 2, 3, 8))):
        place = draw.randrange(len(words) + 1)
        make = draw.randrange(8)
        if make == 0 and words:
            del words[min(place, len(words) - 1)]
        elif make == 1:
            words.insert(place, draw.choice(_OPTIONS))
        elif make == 2:
            words[place:place] = [draw.choice(_OPTIONS), draw.choice((*_WORDS, value(draw)[:200]))]
        elif make == 3:
            words.insert(place, draw.choice(_WORDS))
        elif make == 4:
            words.insert(place, draw.choice(_OPTIONS)[: draw.randrange(2, 9)])
        elif make == 5 and words:
            words += words[:place]
        elif make == 6 and words:
            at = min(place, len(words) - 1)
            words[at] = words[at] + draw.choice((*string.printable[:94], "é", "="))
        else:
            draw.shuffle(words)
    safe = [word.replace("\0", "") for word in words if word.split("=")[0] not in _NOT]
    if any(_is_left_out(word) for word in safe):
        safe = ["grad", *(word for word in safe if not _is_left_out(word))]
    files = (
        ("f.py", b"def f(x):\n    return x*x\n"),
        ("notes.md", b"```gradcalc\ngrad x --x 1\n```\n"),
    )
    return Case(tuple(safe), files=files)


def _is_left_out(word: str) -> bool:
    return word in _LEFT_OUT or (len(word) > 3 and "--run-code".startswith(word))


# -- files -------------------------------------------------------------------------------------

_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "koi8-r",
              "shift-jis", "utf-7", "cp037")  # fmt: skip

_COOKIES = ("# coding: latin-1\n", "# -*- coding: utf-7 -*-\n", "# coding: nothing\n",
            "#!/usr/bin/python\n# coding: rot13\n", "# coding: unicode_escape\n",
            "\ufeff# coding: x\n")  # fmt: skip


def files(draw: Random) -> Case:
    """Files in odd encodings, with marks, NUL bytes, ends of lines of every kind and long lines."""
    make = draw.randrange(5)
    if make == 0:
        return _of_values(draw)
    text = draw.choice((mutated, grammatical))(draw)
    name = draw.choice(("f.py", "f.py", "f.py:f", "f.ipynb", "f.ipynb:f", "-"))
    if draw.random() < 0.6:
        text = f"def f(x):\n    return {draw.choice(('x*x', 'sum(x)', 'é*x', 'x # ✓'))}\n" + text
    if make == 1:
        text = draw.choice(_COOKIES) + text
    if name.startswith("f.ipynb"):
        text = _notebook(draw, text)
    content = text.encode(draw.choice(_ENCODINGS if make == 2 else ("utf-8",)), "replace")
    if make == 3:
        content = content.replace(
            b"\n", draw.choice((b"\r\n", b"\r", b"\n\r", b"\n\0", b"\n\f", b"\x85"))
        )
    if make == 4:
        place = draw.randrange(len(content) + 1)
        more = draw.choice((b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b" " * 10**6,
                            b"#" * 600_000, b"\x1a", b"\n" * 10**5,
                            bytes(draw.randrange(256) for _ in range(50))))  # fmt: skip
        content = content[:place] + more + content[place:]
    command = draw.choice(("grad", "grad", "why", "formula", "export"))
    words = () if command == "formula" else ("--x", good(draw))
    file = (name.partition(":")[0], content)
    return Case((command, name, *words), files=() if name == "-" else (file,),
                stdin=content if name == "-" else b"")  # fmt: skip


def _notebook(draw: Random, text: str) -> str:
    source: object = draw.choice((text, text.splitlines(True), [text, 3], None, {}, thing(draw)))
    cell = {"cell_type": draw.choice(("code", "code", "markdown", 3)), "source": source}
    whole: object = draw.choice(({"cells": [cell]}, {"cells": [cell, 3]}, {"cells": cell}, [cell],
                                 {}, {"cells": [cell], "nbformat": "x"}))  # fmt: skip
    found = json.dumps(whole)
    return found if draw.random() < 0.8 else found[: draw.randrange(len(found) + 1)]


def _of_values(draw: Random) -> Case:
    """A file of values that is none, or one of another kind."""
    suffix = draw.choice(
        ("npy", "npz", "csv", "tsv", "json", "txt", "pt", "pth", "safetensors", "x")
    )
    heads = (b"\x93NUMPY\x01\x00", b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False,"
             b" 'shape': (10**9, 10**9), }", b"PK\x03\x04", b"\x80\x02", b"\x80\x04\x95", b"[",
             b"{", b"\x10\0\0\0\0\0\0\0{\"x\":1}", b"1,2\n3,4\n",
             b"a,b\n1,2\n", b"\xff\xff\xff\xff\xff\xff\xff\x7f{",
             b"\x93NUMPY\x01\x00\x76\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
             b"")  # fmt: skip
    text = value(draw).encode("utf-8", "replace")
    junk = bytes(draw.randrange(256) for _ in range(draw.choice((0, 1, 20, 200))))
    content = draw.choice(heads) + draw.choice((text, junk, text + junk))
    name = f"x.{suffix}"
    words = draw.choice((("--x", f"@{name}"), ("--inputs", name), ("--x", f"@{name}:a"),
                         ("--x", draw.choice(FILES))))  # fmt: skip
    return Case(("grad", draw.choice(_TAKING), *words), files=((name, content),))
