"""Whole programs of Python's semantics: hand-written forms, and grown ones.

In the forms `{i}` is a small whole number, `{n}` a number, `{o}` an operator, `{c}` a comparison,
`{m}` the library's prefix and `{a}` its function that makes an array.
"""

import random
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from benchmarks.fidelity import containers, forms, memory, values
from benchmarks.fidelity.cases import PROFILES, Case, draw_inputs, inputs_of, is_generic
from benchmarks.fidelity.growth import Grower
from benchmarks.fidelity.operands import STYLES
from benchmarks.fidelity.spellings import HEADERS, LIBRARIES, Library

FORMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "functions": forms.FUNCTIONS,
        "shadows": forms.SHADOWS,
        "loops": forms.LOOPS,
        "unpacking": forms.UNPACKING,
        "conditions": forms.CONDITIONS,
        "aliases": memory.ALIASES,
        "numbers": values.NUMBERS,
        "lists": values.LISTS,
        "comprehensions": containers.COMPREHENSIONS,
        "containers": containers.CONTAINERS,
        "calls": containers.CALLS,
        "errors": containers.ERRORS,
        "classes": containers.CLASSES,
        "matches": containers.MATCHES,
    }
)
"""The hand-written programs by what they are about."""


def texts(library: str, seed: int, count: int) -> Iterator[Case]:
    """So many programs whose arrays are a library's."""
    rng = random.Random(f"programs {library} {seed}")
    chosen = LIBRARIES[library]
    for _ in range(count):
        yield _form(rng, chosen) if rng.random() < 0.5 else _grown(rng, chosen)


def every_form(library: str, seed: int) -> Iterator[Case]:
    """Each hand-written program once."""
    rng = random.Random(f"forms {library} {seed}")
    for subject, group in FORMS.items():
        for form in group:
            yield _case(rng, LIBRARIES[library], subject, form)


def _form(rng: random.Random, library: Library) -> Case:
    subject = rng.choice(tuple(FORMS))
    return _case(rng, library, subject, rng.choice(FORMS[subject]))


def _case(rng: random.Random, library: Library, subject: str, form: str) -> Case:
    profile = rng.choice(PROFILES)
    text = _filled(rng, form, library.style)
    header = rng.choice(HEADERS[library.name])
    readings = library.readings
    if rng.random() < 0.1:
        header = f"import math\n{header}".strip()
        if library.name == "bare":
            # a text that names math alone is of Python's numbers
            readings = (*readings, *LIBRARIES["math"].readings)
    text = f"{header}\n{text}" if header else text
    inputs = inputs_of(text, draw_inputs(rng, profile, library.one_size))
    return Case(library.name, subject, text, inputs, readings, is_generic(profile))


def _filled(rng: random.Random, form: str, style: str) -> str:
    text = form.replace("{m}", STYLES[style].module).replace("{a}", STYLES[style].array or "list")
    holes = {
        "{i}": lambda: str(rng.randint(1, 4)),
        "{n}": lambda: rng.choice(("2", "3", "0.5", "-1", "1.5", "-2.0", "10", "0", "1e-2", "7")),
        "{o}": lambda: rng.choice(("+", "-", "*", "/", "//", "%", "**")),
        "{c}": lambda: rng.choice(("<", "<=", ">", ">=", "==", "!=")),
    }
    for hole, draw in holes.items():
        while hole in text:
            text = text.replace(hole, draw(), 1)
    return text


def _grown(rng: random.Random, library: Library) -> Case:
    profile = rng.choice(PROFILES)
    pool = draw_inputs(rng, profile, library.one_size)
    pool = {name: value for name, value in pool.items() if name in "xyAabD"}
    grower = Grower(rng, library.style, library.readings[0], pool)
    text = grower.grow(rng.choice(HEADERS[library.name]))
    inputs = inputs_of(text, pool)
    return Case(library.name, "grown", text, inputs, library.readings, is_generic(profile))
