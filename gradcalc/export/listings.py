"""The code of a task as loops: in C, in Julia, and in Python without any library."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcalc.derive.trace import numbers, truth
from gradcalc.export.documents import wrapped
from gradcalc.export.indices import flat
from gradcalc.export.loops import Loops
from gradcalc.export.lowering import lowered, parted
from gradcalc.export.names import WORDS, called, identifiers
from gradcalc.export.plan import VALUE, Plan
from gradcalc.export.statements import KNOWN, loops
from gradcalc.export.syntaxes import Syntax
from gradcalc.export.task import Task
from gradcalc.expr import ops
from gradcalc.expr.nodes import Node
from gradcalc.expr.scalars import is_indicator
from gradcalc.expr.written import SUM

FEW = 16
"""Numbers that the program has looked at, which the code asserts."""


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
        self._asserted(plan, writer)
        self.roots = {VALUE: plan.value, **plan.results}
        self._writer = writer

    @property
    def lines(self) -> list[tuple[int, str]]:
        """The statements of the function, each with how deep it stands."""
        return self._writer.lines

    def out(self, label: str) -> str:
        """What a result is called."""
        return self.outs[label if label == VALUE else f"{self.task.name} {label}"]

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
        return [f"{first}{'    ' * depth}{text}" for depth, text in lines]


def _words(syntax: Syntax) -> frozenset[str]:
    """What no input may be called: words of the language, and functions that code calls."""
    known = syntax.scalars
    functions = (f"{text}(" for text in (*known.functions.values(), *known.words.values()))
    return WORDS[syntax.name] | syntax.helpers.keys() | called(functions)


def expected_name(own: str) -> str:
    """What the numbers are called that a result is held to."""
    return f"expected_{own}"


def _condition(writer: Loops, node: Node) -> str:
    """A truth value as a condition."""
    index = ["0"] * node.ndim
    if node.op is ops.MAP and is_indicator(node["body"]):
        return writer.expression(node, node.operands, node["body"].args[0], index).text
    zero = writer.syntax.scalars.number(0.0).text
    return f"{writer.element(node, index).text} != {zero}"


def texts_of(array: Any) -> list[str]:
    return [repr(value) for value in np.asarray(array, dtype=np.float64).reshape(-1).tolist()]


def joined(before: str, texts: Sequence[str], behind: str) -> list[str]:
    return wrapped(before, ", ".join(texts), behind)


def nested_text(listing: Listing, label: str) -> str:
    node = listing.roots[label]
    found = listing.numbers(label)
    return f"nested({found}, {node.shape})" if node.shape else found
