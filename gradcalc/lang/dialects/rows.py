"""Tables of a library's functions, read from text.

A row is `names(signature)`: what may be written, in Python's syntax, names of one signature
together. It means the primitive or the function of the language of the same name, or what stands
behind `->`: another one, or a reading, with what it takes, `*` for the row's own name. A line
that is indented goes on with the row before it.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gradcalc.lang.dialects.readings import (
    activations,
    chance,
    columns,
    copies,
    cutting,
    distances,
    elements,
    everyday,
    factors,
    fitting,
    frequencies,
    functions,
    imaginary,
    joining,
    layers,
    layout,
    linear,
    losses,
    making,
    masks,
    memories,
    nearest,
    numerics,
    numpy_chance,
    ordering,
    overwriting,
    packed,
    picking,
    products,
    python_chance,
    reductions,
    sequences,
    series,
    shapes,
    spacing,
    special,
    statistics,
    torchs,
    transforms,
    ufuncs,
)
from gradcalc.lang.dialects.spelling import Overload, Reading, Table

READINGS: Mapping[str, Any] = MappingProxyType(
    {
        "activations": activations,
        "chance": chance,
        "columns": columns,
        "copies": copies,
        "cutting": cutting,
        "distances": distances,
        "elements": elements,
        "everyday": everyday,
        "factors": factors,
        "fitting": fitting,
        "frequencies": frequencies,
        "functions": functions,
        "imaginary": imaginary,
        "joining": joining,
        "layers": layers,
        "layout": layout,
        "linear": linear,
        "losses": losses,
        "making": making,
        "memories": memories,
        "overwriting": overwriting,
        "masks": masks,
        "nearest": nearest,
        "numerics": numerics,
        "numpy_chance": numpy_chance,
        "ordering": ordering,
        "packed": packed,
        "picking": picking,
        "products": products,
        "python_chance": python_chance,
        "reductions": reductions,
        "sequences": sequences,
        "series": series,
        "shapes": shapes,
        "spacing": spacing,
        "special": special,
        "statistics": statistics,
        "ufuncs": ufuncs,
        "torchs": torchs,
        "transforms": transforms,
    }
)
"""The modules of readings, as tables name them."""


def tables(text: str, also: Mapping[str, Mapping[str, str]] | None = None) -> dict[str, Table]:
    """The functions of several modules, the name of each in square brackets before its rows."""
    _, *parts = re.split(r"^\[(.*)\]$", text, flags=re.MULTILINE)
    found = zip(parts[::2], parts[1::2], strict=True)
    return {module: table(rows, (also or {}).get(module)) for module, rows in found}


def table(text: str, also: Mapping[str, str] | None = None) -> Table:
    """The functions of a text; `also` are further spellings of their parameters."""
    found: Table = {}
    for row in re.split(r"\n(?! )", text.strip()):
        call, _, meaning = " ".join(row.split()).partition(" -> ")
        names, _, signature = call.removesuffix(")").partition("(")
        for name in names.split():
            means, given = _meaning(meaning, name)
            found.setdefault(name, []).append(Overload(signature, means, also or {}, given))
    return found


def _meaning(text: str, name: str) -> tuple[str | Reading, tuple[str | int, ...]]:
    """What a name means: a function of the language, or a reading and what it takes."""
    module, dot, rest = text.partition(".")
    if not dot:
        return text or name, ()
    reading, _, values = rest.removesuffix(")").partition("(")
    given = values.replace("*", name).split(", ") if values else []
    return getattr(READINGS[module], reading), tuple(int(v) if v.isdigit() else v for v in given)
