"""Hostile values: literals, sizes, files, lists that are nested or ragged, and long ones."""

import json
from collections.abc import Callable
from random import Random

from benchmarks.attack.inputs_programs import noise

NUMBERS = (
    "0", "1", "-2", "0.5", "1e308", "1e309", "-1e-400", "nan", "NaN", "-inf", "Infinity", "+1",
    "1_000", "١٢", "１", "½", "Ⅷ", "1/3", "1/0", "0/0", "pi", "e", "-pi/2", "2**3", "1e", ".", "1.",
    ".5", "0x10", "1j", "true", "None", "''", "--1", "+-1", "1e9999999999", "9" * 400, "1e-5000",
    "1/" + "9" * 5000, "inf-inf", "10**10**10", "1<<10", "(1)", "1,", "sqrt(2)", "∞", "π", "−1",
)  # fmt: skip

SIZES = ("0", "3", "-1", "2,3", "10**10", "1000000000", "9" * 30, "1.5", "", "2,,3", "nan", "1e3",
         "3,4,5,6,7", "1," * 40, "65536,65536", "0,10**9", "x")  # fmt: skip

FILES = ("@", "@nothing", "@.", "@/", "@x.npy", "@x.csv", "@x.json", "@-", "@@x", "@x.npz:a",
         "@~", "@~nobody/x", "@\x7f.npy", "@" + "a" * 300,
         "@" + "../" * 50 + "etc/passwd")  # fmt: skip


def value(draw: Random) -> str:
    """The text of a value."""
    return draw.choice(_KINDS)(draw)


def _number(draw: Random) -> str:
    return draw.choice(NUMBERS)


def _vector(draw: Random) -> str:
    count = draw.choice((1, 2, 3, 10, 100))
    return draw.choice((",", " ", ", ", ";", "\t", ",,", "\n", "、")).join(
        _number(draw) for _ in range(count)
    )


def _matrix(draw: Random) -> str:
    rows = (_vector(draw) for _ in range(draw.choice((1, 2, 3))))
    return draw.choice((";", "\n", ";;", "; ")).join(rows)


def _called(draw: Random) -> str:
    name = draw.choice(("randn", "rand", "zeros", "ones", "eye", "arange", "linspace", "full",
                        "open", "eval", "exec", "randint", "__import__"))  # fmt: skip
    return f"{name}({draw.choice(SIZES)})"


def _nested(draw: Random) -> str:
    depth = draw.choice((1, 2, 5, 31, 33, 64, 200, 1000, 50_000))
    return "[" * depth + draw.choice(("1", "1,2", "")) + "]" * draw.choice((depth, depth - 1, 1))


def _ragged(draw: Random) -> str:
    def made(depth: int) -> str:
        if depth == 0 or draw.random() < 0.3:
            return _number(draw) if draw.random() < 0.2 else "1"
        return f"[{', '.join(made(depth - 1) for _ in range(draw.randrange(4)))}]"

    return made(draw.choice((1, 2, 3, 4)))


def _long(draw: Random) -> str:
    count = draw.choice((100, 10_000, 100_000))
    return draw.choice((",", ";", " ")).join([draw.choice(("1", "0.1", "nan", "1;2"))] * count)


def _file(draw: Random) -> str:
    return draw.choice(FILES)


def _json(draw: Random) -> str:
    return json.dumps(thing(draw))


def _typed(draw: Random) -> str:
    """A good value with one character that is not."""
    text = draw.choice(("0,1,2,3", "1,2;3,4", "[[1,2],[3,4]]", "randn(3,2)", "linspace(0,1,5)"))
    place = draw.randrange(len(text) + 1)
    return text[:place] + noise(draw)[:3] + text[place + draw.randrange(2) :]


_KINDS: tuple[Callable[[Random], str], ...] = (
    _number, _vector, _matrix, _called, _nested, _ragged, _long, _file, _json, _typed, _typed,
    lambda draw: noise(draw).replace("\0", ""),
)  # fmt: skip


def thing(draw: Random, depth: int = 3) -> object:
    """Anything that JSON has."""
    make = draw.randrange(12 if depth else 9)
    if make < 9:
        return draw.choice(
            (0, 1, -1, 2.5, True, False, None, "", "x", "0,1", "NaN", "-Infinity", 10**30,
             -(10**400), 1e308, 5e-324, "grad", "float32", "@x.npy", "\ud800", "\0", "é",
             "randn(3)", "x" * 999, [1.0, 2.0], [[1, 2], [3]], [], {})
        )  # fmt: skip
    if make == 9:
        return {draw.choice(("x", "y", "", "id", "\n", "a b")): thing(draw, depth - 1)}
    return [thing(draw, depth - 1) for _ in range(draw.randrange(4))]


def good(draw: Random) -> str:
    """A value that most programs take."""
    return draw.choice(("2.5", "0", "1,2,3", "0,0,0", "0.5,-1", "1,2;3,4", "0,1,2,3", "1", "-2",
                        "1e300,1e-300", "[]", "nan,1", "randn(2,2)", "0,0;0,0",
                        "2,3,4;1,5,6"))  # fmt: skip
