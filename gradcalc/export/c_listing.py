"""The code of a task in C."""

import re

import numpy as np

from gradcalc.export.documents import documentation, wrapped
from gradcalc.export.helpers import needed
from gradcalc.export.listings import Listing, expected_name, joined, texts_of
from gradcalc.export.plan import VALUE
from gradcalc.export.syntaxes import C
from gradcalc.export.task import Task

_CHECK = """\
static int differs(const char *label, const double *given, const double *expected, int n) {{
    double error = 0.0, scale = 0.0;
    for (int i = 0; i < n; i++) {{
        if (!(fabs(given[i] - expected[i]) <= error)) error = fabs(given[i] - expected[i]);
        if (fabs(expected[i]) > scale) scale = fabs(expected[i]);
    }}
    if (scale == 0.0) scale = 1.0;
    if (error <= {tolerance}*scale) return 0;
    printf("%s is off by %g\\n", label, error);
    return 1;
}}"""


def c_source(task: Task) -> str:
    """A file of C. Raises `UnsupportedError` for what has no form there."""
    listing = Listing(task, C)
    task = listing.task
    listing.stored()
    shapes = listing.shapes
    given = [
        f"const double *{own}" if shapes[name] else f"double {own}"
        for name, own in listing.names.items()
    ]
    outs = [f"double *{own}" for own in listing.outs.values()]
    head = wrapped(f"void {task.name}(", ", ".join([*given, *outs]), ") {", indent="        ")
    text = "\n".join(line for _, line in listing.lines)
    unused = [own for own in listing.names.values() if not re.search(rf"\b{own}\b", text)]
    ignored = [f"    (void) {own};" for own in unused]
    body = [*head, *ignored, *listing.indented("    ", listing.lines), "}"]
    code = "\n".join(body)
    defined = needed(code, C.helpers)
    words = documentation(task, listing.names, _c_gives(listing))
    words = [line.replace("*/", "* /").replace("/*", "/ *") for line in words]
    lines = [f"/* {words[0]}", "", "Written by gradcalc export.", *words[1:], "*/", ""]
    lines += [f"#include <{name}.h>" for name in ("assert", "math", "stdio", "stdlib", "string")]
    for definition in defined:
        lines += ["", *definition.splitlines()]
    lines += ["", *body, "", *_CHECK.format(tolerance=task.tolerance).splitlines(), ""]
    lines += _c_main(listing)
    return "\n".join([*lines, ""])


def _c_gives(listing: Listing) -> str:
    sizes = ", ".join(
        f"{listing.out(label)} of {max(int(np.prod(node.shape, dtype=int)), 1)}"
        for label, node in listing.roots.items()
    )
    return f"Arrays lie row by row. The results are put into {sizes} numbers."


def _c_main(listing: Listing) -> list[str]:
    task = listing.task
    lines = [
        "int main(void) {",
        "    /* the numbers that gradcalc was given, and its own of them */",
    ]
    for name, own in listing.names.items():
        texts = texts_of(task.inputs[name])
        if listing.shapes[name]:
            lines += joined(f"    static const double {own}[] = {{", texts or ["0.0"], "};")
        else:
            lines.append(f"    const double {own} = {texts[0]};")
    for label in (VALUE, *task.labels):
        texts = texts_of(task.expected[label])
        lines.append(f"    static double {listing.out(label)}[{max(len(texts), 1)}];")
        kept = f"    static const double {expected_name(listing.out(label))}[] = {{"
        lines += joined(kept, texts or ["0.0"], "};")
    call = ", ".join([*listing.names.values(), *listing.outs.values()])
    lines += [*wrapped(f"    {task.name}(", call, ");"), "    int wrong = 0;"]
    for label in (VALUE, *task.labels):
        own, size = listing.out(label), np.size(task.expected[label])
        lines.append(f'    wrong += differs("{own}", {own}, {expected_name(own)}, {size});')
    lines += [
        f'    if (!wrong) printf("{task.name}: right to {task.tolerance}\\n");',
        "    return wrong;", "}",
    ]  # fmt: skip
    return lines
