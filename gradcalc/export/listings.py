"""The code of a task as loops: in C, in Julia, and in Python without any library."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcalc.export.assertions import in_loops
from gradcalc.export.documents import wrapped
from gradcalc.export.indices import flat
from gradcalc.export.lowering import lowered, parted
from gradcalc.export.names import WORDS, called, identifiers
from gradcalc.export.plan import VALUE, Plan
from gradcalc.export.statements import KNOWN, loops
from gradcalc.export.syntaxes import Syntax
from gradcalc.export.task import Task


class Listing:
    """A task written as loops of a language."""

    def __init__(self, task: Task, syntax: Syntax) -> None:
        # loops are over so many numbers
        task = task.fixed or task
        self.task, self.syntax = task, syntax
        plan: Plan = parted(lowered(task.plan, KNOWN))
        taken = {*_words(syntax), task.name}
        self.outs = {VALUE: "value"} | identifiers(
            [f"{task.name} {label}" for label in task.labels], {*taken, *plan.inputs, "value"}
        )
        taken |= {*self.outs.values(), *map(expected_name, self.outs.values())}
        self.names = identifiers(plan.inputs, taken)
        self.shapes = dict(plan.inputs)
        writer = loops(syntax, self.names, taken)
        writer.write([plan.value, *plan.results.values()], [c.node for c in plan.conditions])
        for condition in plan.conditions:
            in_loops(condition, writer)
        self.roots = {VALUE: plan.value, **plan.results}
        self._writer = writer

    @property
    def lines(self) -> list[tuple[int, str]]:
        """The statements of the function, each with how deep it stands."""
        return self._writer.lines

    def out(self, label: str) -> str:
        """What a result is called."""
        return self.outs[label if label == VALUE else f"{self.task.name} {label}"]

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
        return [f"{first}{'    ' * depth}{text}" for depth, text in lines]


def _words(syntax: Syntax) -> frozenset[str]:
    """What no input may be called: words of the language, and functions that code calls."""
    known = syntax.scalars
    functions = (f"{text}(" for text in (*known.functions.values(), *known.words.values()))
    return WORDS[syntax.name] | syntax.helpers.keys() | called(functions)


def expected_name(own: str) -> str:
    """What the numbers are called that a result is held to."""
    return f"expected_{own}"


def texts_of(array: Any) -> list[str]:
    return [repr(value) for value in np.asarray(array, dtype=np.float64).reshape(-1).tolist()]


def joined(before: str, texts: Sequence[str], behind: str) -> list[str]:
    return wrapped(before, ", ".join(texts), behind)


def nested_text(listing: Listing, label: str) -> str:
    node = listing.roots[label]
    found = listing.numbers(label)
    return f"nested({found}, {node.shape})" if node.shape else found
