"""Programs of views and writes: names that share memory, written into in turn."""

import random
from collections.abc import Iterator

from benchmarks.fidelity.cases import PROFILES, Case, draw_inputs, inputs_of, is_generic
from benchmarks.fidelity.spellings import HEADERS, LIBRARIES

VECTORS = ("x", "y", "A[0]", "A[-1]", "A[:, 0]", "A.reshape(-1)[:3]", "D[:, 1]")
MATRICES = ("A", "D", "A[1:]", "D[:, ::2]", "A.T", "D.T", "A[:, :1]", "D[1:, 1:]", "x[None]")
STARTS = ("2*{v}", "{v} + 1", "{v}", "{v}*{v}", "-{v}")
VIEWS = (
    "{p}[1:]", "{p}[:1]", "{p}[0]", "{p}[-1]", "{p}[::2]", "{p}[...]", "{p}.T", "{p}.reshape(-1)",
    "{p}[None]", "{p}.swapaxes(0, -1)", "{p}", "{p}.reshape(-1)[1:]", "{p}[[0]]", "{p}[{p} > 0]",
    "{p}*1", "{p}.sum()", "{p}[0:2]", "{p}.T.reshape(-1)", "{m}ravel({p})",
)  # fmt: skip
KEYS = (
    "0", "-1", "1:", ":1", "::2", ":", "...", "[0]", "[0, -1]", "[-1, 0]", "{p} > 0", "{q} > 0",
    "0, 0", "-1, 0", ":, 0", "0, :", "1:, 0", ":, [0]", "[0, 1], [1, 0]", "..., 0", "None, 0",
    "{p} == {p}", "0:2, 0:1", "[True, False, True]", "0, 1:", "::2, 0", "[0, 0]",
)  # fmt: skip
VALUES = (
    "{n}",
    "a",
    "a*2",
    "{q}",
    "{q}[0]",
    "{q}*2",
    "{p}*1",
    "{p}[0]",
    "x[0]",
    "y[:1]",
    "{q}.sum()",
)
OPERATORS = ("=", "=", "=", "+=", "-=", "*=", "/=")
NUMBERS = ("2", "0.5", "-1.5", "0", "3")


def texts(library: str, seed: int, count: int) -> Iterator[Case]:
    """So many programs whose arrays are a library's."""
    rng = random.Random(f"writes {library} {seed}")
    chosen = LIBRARIES[library]
    module = {"numpy": "np.", "torch": "torch.", "bare": ""}[library]
    for _ in range(count):
        profile = rng.choice(PROFILES)
        text = _program(rng, module)
        header = next(h for h in HEADERS[library] if module[:-1] in h or not module)
        text = f"{header}\n{text}" if header else text
        inputs = inputs_of(text, draw_inputs(rng, profile, one_size=True))
        yield Case(library, "writes", text, inputs, chosen.readings, is_generic(profile))


def _program(rng: random.Random, module: str) -> str:
    names: list[str] = []
    lines: list[str] = []
    for _ in range(rng.randint(3, 8)):
        if not names or rng.random() < 0.2:
            name = f"u{len(names)}"
            start = rng.choice(STARTS).replace("{v}", rng.choice((*VECTORS, *MATRICES)))
            lines.append(f"{name} = {start}")
            names.append(name)
        elif rng.random() < 0.3:
            name = f"u{len(names)}"
            lines.append(f"{name} = {_filled(rng, rng.choice(VIEWS), names, module)}")
            names.append(name)
        elif rng.random() < 0.2:
            lines.append(_filled(rng, f"{{p}} {rng.choice(OPERATORS[3:])} {{n}}", names, module))
        elif rng.random() < 0.1:
            body = _filled(
                rng, f"r {rng.choice(OPERATORS[3:])} {rng.choice(VALUES)}", names, module
            )
            lines.append(_filled(rng, f"for r in {{p}}:\n    {body}", names, module))
        else:
            form = f"{{p}}[{rng.choice(KEYS)}] {rng.choice(OPERATORS)} {rng.choice(VALUES)}"
            lines.append(_filled(rng, form, names, module))
    kept = rng.sample(names, min(len(names), 3))
    lines.append(" + ".join(f"({name}*{name}).sum()" for name in kept))
    return "\n".join(lines)


def _filled(rng: random.Random, form: str, names: list[str], module: str) -> str:
    filled = form.replace("{p}", rng.choice(names[-3:])).replace("{q}", rng.choice(names))
    return filled.replace("{n}", rng.choice(NUMBERS)).replace("{m}", module)
