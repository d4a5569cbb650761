"""The reverse sweep: a tape → the gradient by each input as nodes.

Every equation becomes a node; then, last to first, each hands its cotangent on to its operands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.calculus import named_definition, partial, slope, spelled
from gradcalc.expr import ops
from gradcalc.expr.nodes import Data, Forms, Node, Op
from gradcalc.tape import Equation, Tape


@dataclass(frozen=True, slots=True)
class Derivation:
    """A gradient as nodes, by input, with the node of each value of the tape.

    `cotangents` holds the node of the cotangent that arrived at each equation, by its number.
    """

    forms: Forms
    gradients: Mapping[str, Node]
    values: Sequence[Node]
    cotangents: Mapping[int, Node]


def derive(
    tape: Tape,
    wrt: Sequence[str],
    weights: Any = None,
    bound: Mapping[str, int] | None = None,
) -> Derivation:
    """Differentiate the sum of the tape's output, weighted by `weights` of its shape.

    `bound` are the numbers of the values that the names of the program stand for in the end: only
    a detached value that its name still stands for is called by it.
    """
    forms = Forms(named_definition, ops.MAP)
    values = values_of(forms, tape, bound or {})
    output = values[tape.output]
    seed = np.ones(output.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    cotangents: dict[int, Node] = {}
    if tape.equations[tape.output].active:
        cotangents[tape.output] = forms(ops.LITERAL, data=Data.of(seed))
    for number in range(tape.output, -1, -1):
        equation = tape.equations[number]
        if number in cotangents and equation.active:
            _hand_on(forms, tape, number, values, cotangents)
    return Derivation(
        forms,
        {name: _gradient(forms, tape.inputs[name], values, cotangents) for name in wrt},
        values,
        cotangents,
    )


def values_of(forms: Forms, tape: Tape, bound: Mapping[str, int]) -> list[Node]:
    """The node of each equation."""
    named = {number: name for name, number in bound.items()}
    values: list[Node] = []
    for number, equation in enumerate(tape.equations):
        operands = [values[operand] for operand in equation.operands]
        if equation.primitive is ops.DETACH:
            name = dict(equation.static)["name"]
            if bound.get(name) not in (number, *equation.operands):
                # u = detach(x*x) is called u
                name = named.get(number)
            values.append(forms(ops.DETACH, *operands, name=name))
        else:
            values.append(_value(forms, equation, operands))
    return values


def _value(forms: Forms, equation: Equation, operands: Sequence[Node]) -> Node:
    if isinstance(equation.primitive, Op):
        return forms(equation.primitive, *operands, **dict(equation.static))
    symbols, body = spelled(equation.primitive, equation.static)
    return forms.map(symbols, body, operands)


def _gradient(
    forms: Forms, number: int, values: Sequence[Node], cotangents: Mapping[int, Node]
) -> Node:
    found = cotangents.get(number)
    if found is not None:
        return found
    return forms(ops.LITERAL, data=Data.of(np.zeros(values[number].shape)))


def _hand_on(
    forms: Forms,
    tape: Tape,
    number: int,
    values: Sequence[Node],
    cotangents: dict[int, Node],
) -> None:
    equation = tape.equations[number]
    operands = [values[operand] for operand in equation.operands]
    for operand, found in zip(
        equation.operands,
        _cotangents(forms, tape, equation, cotangents[number], values[number], operands),
        strict=False,
    ):
        if found is None or not tape.equations[operand].active:
            continue
        found = ops.unbroadcast(forms, found, values[operand].shape)
        earlier = cotangents.get(operand)
        cotangents[operand] = found if earlier is None else forms.scalar("add", earlier, found)


def _cotangents(
    forms: Forms,
    tape: Tape,
    equation: Equation,
    cotangent: Node,
    value: Node,
    operands: Sequence[Node],
) -> Sequence[Node | None]:
    row = equation.primitive
    if isinstance(row, Op):
        assert row.vjp is not None or not operands, f"{row.name} has no derivative"
        if row.vjp is None:
            return ()
        return row.vjp(forms, cotangent, value, *operands, **dict(equation.static))
    result: list[Node | None] = []
    symbols, _ = spelled(row, equation.static)
    for position in range(len(operands)):
        if not tape.equations[equation.operands[position]].active:
            result.append(None)
            continue
        slopes = [find(row, equation.static, position) for find in (partial, slope)]
        result.append(_chained(forms, cotangent, symbols, slopes, operands))
    return result


def _chained(
    forms: Forms,
    cotangent: Node,
    symbols: tuple[Any, ...],
    slopes: Sequence[Any],
    operands: Sequence[Node],
) -> Node | None:
    """The cotangent times a slope, given as it is computed and as it is written."""
    body, written = slopes
    if body == 0:
        return None
    if body == 1:
        return cotangent
    free = body.free_symbols | written.free_symbols
    needed = [k for k, symbol in enumerate(symbols) if symbol in free]
    return forms(
        ops.CHAIN,
        cotangent,
        *[operands[k] for k in needed],
        symbols=tuple(symbols[k] for k in needed),
        body=body,
        written=written,
        shape=cotangent.shape,
    )
