"""The code of a task in Julia."""

import re
from collections.abc import Sequence

import numpy as np

from gradcalc.export.documents import documentation, escaped, title
from gradcalc.export.helpers import needed
from gradcalc.export.listings import Listing, joined, nested_text, texts_of
from gradcalc.export.plan import VALUE
from gradcalc.export.syntaxes import JULIA
from gradcalc.export.task import Task

_ROWS = """\
# the numbers of an array row by row
rowmajor(x) = Float64.(vec(permutedims(x, ndims(x):-1:1)))

# numbers that lie row by row as an array
nested(x, shape) = permutedims(reshape(x, reverse(shape)), length(shape):-1:1)"""


def julia_source(task: Task) -> str:
    """A file of Julia. Raises `UnsupportedError`."""
    listing = Listing(task, JULIA)
    task = listing.task
    shapes = listing.shapes
    results = {label: nested_text(listing, label) for label in listing.roots}
    text = documentation(task, listing.names, None)
    body = ['"""', *(_uncalled(escaped(line)) for line in text), '"""']
    body.append(f"function {task.name}({', '.join(listing.names.values())})")
    for name, own in listing.names.items():
        if shapes[name]:
            body += [f"    @assert size({own}) == {_tuple(shapes[name])}",
                     f"    {own} = rowmajor({own})"]  # fmt: skip
        else:
            body.append(f"    {own} = Float64({own})")
    body += listing.indented("    ", listing.lines)
    body.append(f"    value = {results[VALUE]}")
    if len(task.labels) == 1:
        body.append(f"    return value, {results[task.labels[0]]}")
    else:
        items = ", ".join(f"{_quoted(label)} => {results[label]}" for label in task.labels)
        body.append(f"    return value, Dict({items})")
    body.append("end")
    code = "\n".join(body)
    defined = needed(code, JULIA.helpers)
    lines = [f"# {title(task)}", "#", "# Written by gradcalc export.", ""]
    if re.search(r"\b(inv|det|logdet|rank|Symmetric)\(", "\n".join(defined)):
        lines += ["using LinearAlgebra", ""]
    for definition in (_ROWS, *defined):
        lines += [*definition.splitlines(), ""]
    return "\n".join([*lines, *body, "", *_julia_main(listing), ""])


def _uncalled(text: str) -> str:
    """A text in quotes, in which `$` calls nothing."""
    return text.replace("$", "\\$")


def _quoted(label: str) -> str:
    return f'"{_uncalled(label)}"'


def _tuple(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, shape))},)"


def _julia_main(listing: Listing) -> list[str]:
    task = listing.task
    lines = ["if abspath(PROGRAM_FILE) == @__FILE__",
             "    # the numbers that gradcalc was given, and its own of them"]  # fmt: skip
    for name, own in listing.names.items():
        texts, shape = texts_of(task.inputs[name]), listing.shapes[name]
        if shape:
            lines += joined(f"    {own} = nested([", texts, f"], {_tuple(shape)})")
        else:
            lines.append(f"    {own} = {texts[0]}")
    lines.append(f"    value, found = {task.name}({', '.join(listing.names.values())})")
    several = len(task.labels) > 1
    lines.append("    for (label, given, expected) in (")
    for label in (VALUE, *task.labels):
        own = "value" if label == VALUE else f"found[{_quoted(label)}]" if several else "found"
        made = f"rowmajor({own})" if np.shape(task.expected[label]) else f"[{own}]"
        lines += joined(
            f"        ({_quoted(label or own)}, {made}, [", texts_of(task.expected[label]), "]),"
        )
    lines += [
        "    )",
        "        error = maximum(abs.(given .- expected), init=0.0)",
        "        scale = maximum(abs.(expected), init=0.0)",
        f"        @assert error <= {task.tolerance}*(scale == 0 ? 1.0 : scale) label",
        "    end",
        f'    println("{task.name}: right to {task.tolerance}")',
        "end",
    ]
    return lines
