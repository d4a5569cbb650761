"""What the code says of itself, and how long lines are folded."""

from collections.abc import Mapping
from dataclasses import replace

from gradcalc.export.task import Task
from gradcalc.render import printable

WIDTH = 96
"""Characters of a line."""


def title(task: Task) -> str:
    """What the code gives, in one line."""
    lines = task.program.strip().splitlines()
    of = "a program" if len(lines) > 1 else "".join(lines)
    return printable(f"The value and {task.what()} of {of}.")


def escaped(text: str) -> str:
    """A text inside three quotes, in Python and Julia: nothing in it ends them."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def bare(task: Task) -> Task:
    """The task without any text of a user's, names aside: its code is the same."""
    fixed = None if task.fixed is None else bare(task.fixed)
    return replace(task, program="", formulas={}, notes=(), fixed=fixed)


def documentation(task: Task, names: Mapping[str, str], gives: str | None) -> list[str]:
    """What a function is, takes and gives, and where it holds; `gives` is told in other words."""
    text = [title(task)]
    lines = task.program.strip().splitlines()
    if len(lines) > 1:
        text += ["", *(f"    {line.expandtabs()}" for line in lines)]
    if task.summed:
        text += ["", "The derivative is that of the sum of the outputs."]
    shapes = []
    for name, own in names.items():
        size = task.shape_of(name)
        kind = (
            f"of shape ({', '.join(size)}{',' if len(size) == 1 else ''})" if size else "a number"
        )
        shapes.append(f"{own}{'' if size else ','} {kind}")
    text += ["", *folded(f"Takes {'; '.join(shapes)}."), gives or _gives(task)]
    if task.formulas:
        where = ", the way that is taken here" if task.steered else ""
        where += "" if task.everywhere else ", at the sizes of the check"
        text += ["", f"As a formula{where}:"]
        text += [f"    {label}: {line}" for label, line in task.formulas.items()]
    for note in task.notes:
        text += ["", *folded(note)]
    # the ends of lines in what a program is called, or in a note, are none of the code's
    return [printable(line).rstrip() for line in text]


def _gives(task: Task) -> str:
    what = {"grad": "gradient", "jacobian": "Jacobian", "hessian": "Hessian", "hvp": "product",
            "vjp": "gradient"}[task.plan.kind]  # fmt: skip
    what += ", without unit matrices" if task.plan.units else ""
    if len(task.labels) == 1:
        return f"Gives the value and the {what}."
    labels = ", ".join(f'"{label}"' for label in task.labels)
    return f"Gives the value and a dictionary with the {what}: {labels}."


def folded(text: str, width: int = WIDTH - 6) -> list[str]:
    """A sentence over as many lines as it takes."""
    import textwrap

    return [
        line for part in text.splitlines()
        for line in textwrap.wrap(part, width, break_long_words=False, break_on_hyphens=False)
    ]  # fmt: skip


def wrapped(before: str, items: str, behind: str, *, indent: str = "        ") -> list[str]:
    """Items with commas between them over as many lines as they take."""
    if len(before) + len(items) + len(behind) <= WIDTH:
        return [f"{before}{items}{behind}"]
    indent = " " * (len(before) - len(before.lstrip())) + indent[4:]
    lines, line = [], ""
    for item in items.split(", "):
        if line and len(indent) + len(line) + len(item) + 1 > WIDTH:
            lines.append(f"{indent}{line.rstrip()}")
            line = ""
        line += f"{item}, "
    lines.append(f"{indent}{line.rstrip().removesuffix(',')}")
    return [before.rstrip(), *lines, f"{' ' * (len(indent) - 4)}{behind.lstrip()}"]
