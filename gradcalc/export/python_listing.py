"""The code of a task in Python that needs no library."""

from collections.abc import Mapping

import numpy as np

from gradcalc.export.documents import documentation, escaped, title, wrapped
from gradcalc.export.helpers import needed
from gradcalc.export.listings import Listing, nested_text, texts_of
from gradcalc.export.plan import VALUE
from gradcalc.export.syntaxes import PYTHON
from gradcalc.export.task import Task

_LISTS = '''\
def flat(x, shape):
    """The numbers of nested lists of a shape, row by row."""
    if not shape:
        return [float(x)]
    assert len(x) == shape[0], f"there are {len(x)} of what should be {shape[0]}"
    return [number for part in x for number in flat(part, shape[1:])]


def nested(x, shape):
    """Numbers that lie row by row as nested lists."""
    if not shape:
        return x[0]
    size = len(x)//shape[0] if shape[0] else 0
    return [nested(x[k*size : (k + 1)*size], shape[1:]) for k in range(shape[0])]'''


def python_source(task: Task) -> str:
    """A file of Python that needs no library. Raises `UnsupportedError`."""
    listing = Listing(task, PYTHON)
    task = listing.task
    shapes = listing.shapes
    results = {label: nested_text(listing, label) for label in listing.roots}
    body = [f"def {task.name}({', '.join(listing.names.values())}):"]
    text = documentation(task, listing.names, None)
    first, *rest = map(escaped, text)
    body += [f'    """{first}', *(f"    {line}".rstrip() for line in rest), '    """']
    for name, own in listing.names.items():
        made = f"flat({own}, {shapes[name]})" if shapes[name] else f"float({own})"
        body.append(f"    {own} = {made}")
    body += listing.indented("    ", listing.lines)
    body.append(f"    value = {results[VALUE]}")
    body += _returned(task, results)
    code = "\n".join(body)
    lines = [
        f'"""{escaped(title(task))}',
        "",
        "Written by gradcalc export.",
        '"""',
        "",
        "import math",
    ]
    for definition in (_LISTS, *needed(code, PYTHON.helpers)):
        lines += ["", "", *definition.splitlines()]
    lines = [*lines, "", "", *body, "", "", *_python_main(listing), ""]
    return "\n".join(lines)


def _returned(task: Task, results: Mapping[str, str]) -> list[str]:
    if len(task.labels) == 1:
        return [f"    return value, {results[task.labels[0]]}"]
    items = [f'        "{label}": {results[label]},' for label in task.labels]
    return ["    return value, {", *items, "    }"]


def _python_main(listing: Listing) -> list[str]:
    task = listing.task
    lines = [
        'if __name__ == "__main__":',
        "    # the numbers that gradcalc was given, and its own of them",
    ]
    for name, own in listing.names.items():
        text = str(np.asarray(task.inputs[name], dtype=np.float64).tolist())
        if text.startswith("["):
            lines += wrapped(f"    {own} = [", text[1:-1], "]")
        else:
            lines.append(f"    {own} = {text}")
    lines.append(f"    value, found = {task.name}({', '.join(listing.names.values())})")
    several = len(task.labels) > 1
    lines.append("    for label, given, expected in (")
    for label in (VALUE, *task.labels):
        own = "value" if label == VALUE else f'found["{label}"]' if several else "found"
        shape = np.shape(task.expected[label])
        values = ", ".join(texts_of(task.expected[label]))
        lines += wrapped(f'        ("{label or own}", flat({own}, {shape}), [', values, "]),")
    lines += [
        "    ):",
        "        scale = max(map(abs, expected), default=0.0) or 1.0",
        "        error = max((abs(a - b) for a, b in zip(given, expected)), default=0.0)",
        f'        assert error <= {task.tolerance}*scale, f"{{label}} is off by {{error}}"',
        f'    print("{task.name}: right to {task.tolerance}")',
    ]
    return lines
