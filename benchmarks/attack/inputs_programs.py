"""Hostile programs: noise, programs that are cut and spliced, made by a grammar, or monstrous."""

import ast
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

from gradcalc.lang.dialects import catalogue

ROOT = Path(__file__).parents[2]

SIGNS = "xysn01.()[]{}:;,+-*/%@&|^~<>=!'\"#\\ \n\tlambdeiforwh_ABT"


SEPARATED = (
    "( ) [ ] { } , : ; . = := += -> @ + - * / // % ** < == != & | ~ is in not and or if else"
    " elif while for def return lambda break continue pass assert with import from torch np F"
    " math global nonlocal del try except finally raise class await yield match case async"
    " .T .sum() .shape ... x y s n f 1 2 0 -1 0.5 1e9 10**9 True None 'a' f'{x}' \\"
)
"""Signs and words that the language has or has not."""


def noise(draw: Random) -> str:
    """Random characters: any of Unicode, of a byte, or those of programs."""
    length = draw.choice((1, 3, 10, 40, 200, 2000))
    kind = draw.randrange(4)
    if kind == 0:
        return "".join(chr(draw.randrange(1, 256)) for _ in range(length))
    if kind == 1:
        return "".join(draw.choice(SIGNS) for _ in range(length))
    if kind == 2:
        return "".join(_any_character(draw) for _ in range(length))
    return " ".join(draw.choice(words()) for _ in range(max(1, length // 8)))


def _any_character(draw: Random) -> str:
    code = draw.choice(
        (draw.randrange(1, 0x3000), draw.randrange(0x1D400, 0x1F700), draw.randrange(1, 0x110000),
         0x202E, 0x200B, 0xFEFF, 0x1B, 0x85, 0x2028)
    )  # fmt: skip
    return "?" if 0xD800 <= code < 0xE000 else chr(code)


@cache
def words() -> tuple[str, ...]:
    """Names of the language and its signs."""
    return (*SEPARATED.split(" "), "\n", "\n    ", *sorted(catalogue.names()))


# -- programs that are there -------------------------------------------------------------------


@cache
def corpus() -> tuple[str, ...]:
    """Programs of the documentation, of the tests and of the examples beside the project."""
    found: dict[str, None] = {}
    for path in sorted((ROOT / "docs").glob("*.md")):
        text = path.read_text()
        found |= dict.fromkeys(re.findall(r"gradcalc \w+ \"([^\"\n]+)\"", text))
        found |= dict.fromkeys(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    for path in sorted((ROOT / "tests").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found[node.value] = None
    for path in sorted((ROOT.parent / "shared" / "examples").glob("*.jsonl")):
        found |= dict.fromkeys(re.findall(r'"program": "([^"]+)"', path.read_text()))
    return tuple(text for text in found if 3 < len(text) < 2000 and _is_program(text))


def _is_program(text: str) -> bool:
    """Whether a text is a program of more than a word."""
    if not re.search(r"[()=*+\[]", text) or re.search(r"open\(|os\.|subprocess|pytest", text):
        return False
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def mutated(draw: Random) -> str:
    """A program of the corpus, changed in one place or in a few."""
    text = draw.choice(corpus())
    for _ in range(draw.choice((0, 1, 1, 2, 4))):
        text = draw.choice(MUTATIONS)(draw, text)
    return text[:5000]


def _tokens(text: str) -> list[str]:
    return re.findall(r"\s+|\w+|\*\*|//|[<>=!:+\-*/]=|.", text, re.DOTALL)


def _cut(draw: Random, text: str) -> str:
    start = draw.randrange(len(text) + 1)
    return text[:start] + text[start + draw.choice((1, 3, 10, 100)) :]


def _splice(draw: Random, text: str) -> str:
    other = draw.choice(corpus())
    return text[: draw.randrange(len(text) + 1)] + other[draw.randrange(len(other)) :]


def _duplicated(draw: Random, text: str) -> str:
    lines = text.split("\n")
    place = draw.randrange(len(lines))
    return "\n".join(lines[: place + 1] * draw.choice((1, 2, 20)) + lines[place:])


def _swapped(draw: Random, text: str) -> str:
    parts = _tokens(text)
    if len(parts) < 2:
        return text
    one, other = draw.randrange(len(parts)), draw.randrange(len(parts))
    parts[one], parts[other] = parts[other], parts[one]
    return "".join(parts)


def _replaced(draw: Random, text: str) -> str:
    """Another sign, number or name in the place of one."""
    parts = _tokens(text)
    places = [place for place, part in enumerate(parts) if part.strip()]
    if not places:
        return text
    place = draw.choice(places)
    old = parts[place]
    if old[0].isdigit():
        new = draw.choice(NUMBERS)
    elif old.isidentifier():
        new = draw.choice((draw.choice(words()), draw.choice(("x", "y", "s", "n", "A", "w"))))
    else:
        new = draw.choice(("+", "-", "*", "/", "**", "@", "//", "%", "<", "==", ".", ",", "(", "="))
    parts[place] = new
    return "".join(parts)


def _indented(draw: Random, text: str) -> str:
    lines = text.split("\n")
    place = draw.randrange(len(lines))
    lines[place] = draw.choice((" ", "    ", "\t", "\f", "\xa0")) + lines[place]
    return "\n".join(lines)


def _noisy(draw: Random, text: str) -> str:
    place = draw.randrange(len(text) + 1)
    return text[:place] + _any_character(draw) + text[place:]


MUTATIONS: tuple[Callable[[Random, str], str], ...] = (
    _cut, _splice, _duplicated, _swapped, _replaced, _replaced, _replaced, _indented, _noisy,
)  # fmt: skip

NUMBERS = (
    "0", "1", "2", "3", "-1", "0.5", "1e308", "1e-320", "1e400", "10**9", "10**10**10", "1<<10**9",
    "2**63", "2**64", "True", "inf", "nan", "1j", "0x10", "1_000", "١", "10**4000", "(-1)", "99",
)  # fmt: skip


def free_names(text: str) -> list[str]:
    """The names that a program most likely takes for inputs."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return sorted(set(re.findall(r"\b[xysnabAwX]\b", text)))
    bound: set[str] = set()
    read: dict[str, None] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read[name] = None
            case ast.Name(id=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.alias(name=name, asname=other):
                bound.add(other or name.partition(".")[0])
            case ast.arg(arg=name):
                bound.add(name)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    if functions and functions[-1] is tree.body[-1]:
        arguments = functions[-1].args
        read |= dict.fromkeys(one.arg for one in arguments.args)
        bound -= {one.arg for one in arguments.args}
    known = _known()
    return [name for name in read if name not in bound and name not in known]


@cache
def _known() -> frozenset[str]:
    import builtins

    more = ("np", "numpy", "torch", "math", "F", "nn", "jnp", "jax", "pi", "e", "inf", "nan")
    return frozenset((*catalogue.names(), *dir(builtins), *more))
