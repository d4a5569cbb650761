"""The code of a task as loops: in C, in Julia, and in Python without any library."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.derive.trace import numbers, truth
from gradcalc.export.documents import documentation, title, wrapped
from gradcalc.export.helpers import needed
from gradcalc.export.loops import KNOWN, Loops, flat
from gradcalc.export.lowering import lowered
from gradcalc.export.names import C_WORDS, JULIA_WORDS, identifiers
from gradcalc.export.plan import VALUE, Plan
from gradcalc.export.syntaxes import C, JULIA, PYTHON, Syntax
from gradcalc.export.task import Task
from gradcalc.expr import ops
from gradcalc.expr.nodes import Node
from gradcalc.expr.scalars import is_indicator
from gradcalc.expr.written import SUM

FEW = 16
"""Numbers that the program has looked at, which the code asserts."""

OWN = frozenset({
    "value", "given", "expected", "wrong", "error", "scale", "flat", "nested", "rowmajor", "math",
    "check", "found", "n", "label",
})  # fmt: skip
"""Names that the code has for itself."""


class Listing:
    """A task written as loops of a language."""

    def __init__(self, task: Task, syntax: Syntax) -> None:
        # loops are over so many numbers
        task = task.fixed or task
        self.task, self.syntax = task, syntax
        plan: Plan = lowered(task.plan, KNOWN)
        taken = {*OWN, *C_WORDS, *JULIA_WORDS, task.name, *syntax.helpers}
        self.outs = identifiers(
            (VALUE, *(f"{task.name} {label}" for label in task.labels)),
            {*taken, *plan.inputs} - {"value"},
        )
        self.names = identifiers(plan.inputs, {*taken, *self.outs.values()})
        self.shapes = dict(plan.inputs)
        writer = Loops(syntax, self.names, {*taken, *self.outs.values()})
        writer.write(
            [plan.value, *plan.results.values()], [c.node for c in plan.conditions]
        )
        self._asserted(plan, writer)
        self.roots = {VALUE: plan.value, **plan.results}
        self._writer = writer

    @property
    def lines(self) -> list[tuple[int, str]]:
        """The statements of the function, each with how deep it stands."""
        return self._writer.lines

    def out(self, label: str) -> str:
        """What a result is called."""
        return self.outs[VALUE if label == VALUE else f"{self.task.name} {label}"]

    def _asserted(self, plan: Plan, writer: Loops) -> None:
        for condition in plan.conditions:
            node, seen = condition.node, condition.seen
            if seen.question is truth:
                text = _condition(writer, node)
                negation = writer.syntax.scalars.logic[2]
                writer.line(writer.syntax.certain(text if seen.seen else f"{negation}({text})"))
            elif seen.question is numbers and node.ndim == 0:
                value = writer.syntax.scalars.number(seen.seen.array).text
                writer.line(writer.syntax.certain(f"{writer.element(node, ()).text} == {value}"))
            elif seen.question is numbers and seen.seen.array.size <= FEW:
                known = writer.table(seen.seen.array.reshape(-1).tolist(), whole=False)
                with writer.over(node.shape) as index:
                    own = writer.syntax.at(known, flat(index, node.shape))
                    text = f"{writer.element(node, index).within(SUM)} == {own}"
                    writer.line(writer.syntax.certain(text))

    def stored(self) -> None:
        """Put the results into the arrays that the caller has given."""
        for label, node in self.roots.items():
            with self._writer.over(node.shape) as index:
                place = flat(index, node.shape)
                self._writer.put(
                    self.syntax.at(self.out(label), place), self._writer.element(node, index).text
                )

    def numbers(self, label: str) -> str:
        """A result as an array, or a number."""
        node = self.roots[label]
        return self._writer.array(node) if node.shape else self._writer.element(node, ()).text

    def indented(self, first: str, lines: Sequence[tuple[int, str]]) -> list[str]:
        """Statements as lines."""
        return [f"{first}{'    '*depth}{text}" for depth, text in lines]


def _condition(writer: Loops, node: Node) -> str:
    """A truth value as a condition."""
    index = ["0"]*node.ndim
    if node.op is ops.MAP and is_indicator(node["body"]):
        return writer.expression(node, node.operands, node["body"].args[0], index).text
    zero = writer.syntax.scalars.number(0.0).text
    return f"{writer.element(node, index).text} != {zero}"


def _texts(array: Any) -> list[str]:
    return [repr(value) for value in np.asarray(array, dtype=np.float64).reshape(-1).tolist()]


def _joined(before: str, texts: Sequence[str], behind: str) -> list[str]:
    return wrapped(before, ", ".join(texts), behind)


# -- C -------------------------------------------------------------------------------------------

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
    body = [*head, *listing.indented("    ", listing.lines), "}"]
    code = "\n".join(body)
    defined = needed(code, C.helpers)
    text = documentation(task, listing.names, _c_gives(listing))
    text = [line.replace("*/", "* /").replace("/*", "/ *") for line in text]
    lines = [f"/* {text[0]}", "", "Written by gradcalc export.", *text[1:], "*/", ""]
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
    lines = ["int main(void) {", "    /* the numbers that gradcalc was given, and its own of them */"]
    for name, own in listing.names.items():
        texts = _texts(task.inputs[name])
        if listing.shapes[name]:
            lines += _joined(f"    static const double {own}[] = {{", texts or ["0.0"], "};")
        else:
            lines.append(f"    const double {own} = {texts[0]};")
    for label in (VALUE, *task.labels):
        texts = _texts(task.expected[label])
        lines.append(f"    static double {listing.out(label)}[{max(len(texts), 1)}];")
        kept = f"    static const double expected_{listing.out(label)}[] = {{"
        lines += _joined(kept, texts or ["0.0"], "};")
    call = ", ".join([*listing.names.values(), *listing.outs.values()])
    lines += [*wrapped(f"    {task.name}(", call, ");"), "    int wrong = 0;"]
    for label in (VALUE, *task.labels):
        own, size = listing.out(label), np.size(task.expected[label])
        lines.append(f'    wrong += differs("{label}", {own}, expected_{own}, {size});')
    lines += [
        f'    if (!wrong) printf("{task.name}: right to {task.tolerance}\\n");',
        "    return wrong;", "}",
    ]  # fmt: skip
    return lines


# -- Python without libraries ----------------------------------------------------------------------

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
    results = {label: _nested(listing, label) for label in listing.roots}
    body = [f"def {task.name}({', '.join(listing.names.values())}):"]
    text = documentation(task, listing.names, None)
    escaped = [line.replace("\\", "\\\\").replace('"""', "'''") for line in text]
    body += [f'    """{escaped[0]}', *(f"    {line}".rstrip() for line in escaped[1:]), '    """']
    for name, own in listing.names.items():
        made = f"flat({own}, {shapes[name]})" if shapes[name] else f"float({own})"
        body.append(f"    {own} = {made}")
    body += listing.indented("    ", listing.lines)
    body.append(f"    value = {results[VALUE]}")
    body += _python_returned(task, results)
    code = "\n".join(body)
    lines = [f'"""{title(task)}', "", "Written by gradcalc export.", '"""', "", "import math"]
    for definition in (_LISTS, *needed(code, PYTHON.helpers)):
        lines += ["", "", *definition.splitlines()]
    lines = [*lines, "", "", *body, "", "", *_python_main(listing), ""]
    return "\n".join(lines)


def _nested(listing: Listing, label: str) -> str:
    node = listing.roots[label]
    found = listing.numbers(label)
    return f"nested({found}, {node.shape})" if node.shape else found


def _python_returned(task: Task, results: Mapping[str, str]) -> list[str]:
    if len(task.labels) == 1:
        return [f"    return value, {results[task.labels[0]]}"]
    items = [f'        "{label}": {results[label]},' for label in task.labels]
    return ["    return value, {", *items, "    }"]


def _python_main(listing: Listing) -> list[str]:
    task = listing.task
    lines = ['if __name__ == "__main__":', "    # the numbers that gradcalc was given, and its own of them"]
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
        values = ", ".join(_texts(task.expected[label]))
        lines += wrapped(f'        ("{label}", flat({own}, {shape}), [', values, "]),")
    lines += [
        "    ):",
        "        scale = max(map(abs, expected), default=0.0) or 1.0",
        "        error = max((abs(a - b) for a, b in zip(given, expected)), default=0.0)",
        f'        assert error <= {task.tolerance}*scale, f"{{label}} is off by {{error}}"',
        f'    print("{task.name}: right to {task.tolerance}")',
    ]
    return lines


# -- Julia -----------------------------------------------------------------------------------------

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
    results = {label: _nested(listing, label) for label in listing.roots}
    text = documentation(task, listing.names, None)
    body = ['"""', *(line.replace("\\", "\\\\").replace("$", "\\$") for line in text), '"""']
    body.append(f"function {task.name}({', '.join(listing.names.values())})")
    for name, own in listing.names.items():
        if shapes[name]:
            body += [f"    @assert size({own}) == {_tuple(shapes[name])}",
                     f"    {own} = rowmajor({own})"]  # fmt: skip
    body += listing.indented("    ", listing.lines)
    body.append(f"    value = {results[VALUE]}")
    if len(task.labels) == 1:
        body.append(f"    return value, {results[task.labels[0]]}")
    else:
        items = ", ".join(f'"{label}" => {results[label]}' for label in task.labels)
        body.append(f"    return value, Dict({items})")
    body.append("end")
    code = "\n".join(body)
    defined = needed(code, JULIA.helpers)
    lines = [f"# {title(task)}", "#", "# Written by gradcalc export.", ""]
    if re.search(r"\b(inv|det|logdet|Symmetric)\(", "\n".join(defined)):
        lines += ["using LinearAlgebra", ""]
    for definition in (_ROWS, *defined):
        lines += [*definition.splitlines(), ""]
    return "\n".join([*lines, *body, "", *_julia_main(listing), ""])


def _tuple(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, shape))},)"


def _julia_main(listing: Listing) -> list[str]:
    task = listing.task
    lines = ["if abspath(PROGRAM_FILE) == @__FILE__",
             "    # the numbers that gradcalc was given, and its own of them"]  # fmt: skip
    for name, own in listing.names.items():
        texts, shape = _texts(task.inputs[name]), listing.shapes[name]
        if shape:
            lines += _joined(f"    {own} = nested([", texts, f"], {_tuple(shape)})")
        else:
            lines.append(f"    {own} = {texts[0]}")
    lines.append(f"    value, found = {task.name}({', '.join(listing.names.values())})")
    several = len(task.labels) > 1
    lines.append("    for (label, given, expected) in (")
    for label in (VALUE, *task.labels):
        own = "value" if label == VALUE else f'found["{label}"]' if several else "found"
        made = f"rowmajor({own})" if np.shape(task.expected[label]) else f"[{own}]"
        lines += _joined(f'        ("{label}", {made}, [', _texts(task.expected[label]), "]),")
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
