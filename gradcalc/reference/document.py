"""The page of all functions, `docs/functions.md`: `python -m tests.examples` writes it."""

from collections.abc import Iterator, Mapping
from functools import cache

from gradcalc.lang.builtins import BUILTINS
from gradcalc.lang.dialects.catalogue import METHODS, NUMBERS, TABLES
from gradcalc.lang.dialects.spelling import Overload
from gradcalc.primitives import BY_NAME, FAMILIES, Composite, Elementwise, Primitive
from gradcalc.reference.further import further
from gradcalc.reference.places import surroundings
from gradcalc.reference.spellings import PYTHON

HEAD = """\
# Functions

What a program can call, by family. `gradcalc functions NAME` shows one in full: its gradient, its
parameters in each library, an example. A name alone, or one that a library's name stands in front
of, is [that library's](language.md#whose-functions-these-are).

What has a derivative has it from its definition, which is what formulas and enclosures come from
too. **Of** says what the definition is: a formula of `numbers`, operations of whole `tensors`,
or a `program` in gradcalc's own language. **Not smooth** says where a function of numbers has
kinks, jumps or poles, or ends.
"""

LIBRARIES: Mapping[str, str] = {
    "torch": "torch", "torch.nn.functional": "F", "torch.linalg": "torch.linalg",
    "torch.special": "torch.special", "torch.fft": "torch.fft", "torch.masked": "torch.masked",
    "numpy": "np", "numpy.linalg": "np.linalg", "numpy.fft": "np.fft", "math": "math",
    "scipy.special": "scipy.special", "scipy.linalg": "scipy.linalg", "jax.numpy": "jnp",
    "jax.nn": "jax.nn", "jax.lax": "jax.lax",
}  # fmt: skip
"""What stands in front of a module's functions here; other modules are written out."""


def document() -> str:
    """The whole page."""
    parts = [HEAD, *(section(family) for family in FAMILIES), _language(), _readings()]
    return "\n".join(parts)


def section(family: str) -> str:
    """A family's functions as a table."""
    lines = ["| name | means | of | not smooth | called |", "| --- | --- | --- | --- | --- |"]
    for row in FAMILIES[family]:
        names = ", ".join(f"`{name}`" for name in (row.name, *row.aliases))
        cells = (names, row.doc, _of(row), _edges(row), _called(row))
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join((f"## {family.capitalize()}\n", *lines, ""))


def _of(row: Primitive) -> str:
    if isinstance(row, Elementwise):
        return "numbers"
    return "program" if isinstance(row, Composite) else "tensors"


def _edges(row: Primitive) -> str:
    """Where a function of numbers is not smooth, and where it is defined if not everywhere."""
    if not isinstance(row, Elementwise):
        return ""
    found = surroundings(row)
    places = [f"{place.kind} {place.where}" for place in found.places]
    if found.domain and found.domain != "for all real numbers":
        places.append(f"defined {found.domain}")
    return "; ".join(places)


def _called(row: Primitive) -> str:
    """The libraries' functions and methods that are no more than the row."""
    return ", ".join(f"`{name}`" for name in _spellings().get(row.name, ()))


@cache
def _spellings() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for name, overloads in _everything():
        for overload in overloads:
            if overload.row is not None and overload.row in BY_NAME:
                row = BY_NAME[overload.row].name
                found.setdefault(row, {}).setdefault(name)
    return {row: tuple(names) for row, names in found.items()}


def _everything() -> Iterator[tuple[str, list[Overload]]]:
    """All functions and methods of the libraries, as they are written."""
    for module, table in TABLES.items():
        prefix = "" if module == PYTHON else f"{LIBRARIES.get(module, module)}."
        yield from ((f"{prefix}{name}", rows) for name, rows in table.items())
    for table in METHODS.values():
        yield from ((f"x.{name}()", rows) for name, rows in table.items())


def _language() -> str:
    names = ", ".join(f"`{b.name}`" for b in BUILTINS.values() if b.name not in BY_NAME)
    numbers = ", ".join(f"`{name}`" for name in NUMBERS)
    return f"## The language's own\n\n{names}\n\nConstants: {numbers}\n"


def _readings() -> str:
    """What is put together from the functions above, by module."""
    lines = ["## Put together from these", "", "| of | names |", "| --- | --- |"]
    modules = [(LIBRARIES.get(name, name), name, table) for name, table in TABLES.items()]
    modules += [(f"{arrays or 'plain'} methods", "", table) for arrays, table in METHODS.items()]
    for module, full, table in modules:
        names = [name for name, rows in table.items() if all(o.row not in BY_NAME for o in rows)]
        names += further().get(full, ())
        if names:
            lines.append(f"| {module} | {', '.join(f'`{name}`' for name in sorted(names))} |")
    return "\n".join(lines) + "\n"
