"""numpy's objects that are only indexed: `np.r_`, `np.c_`, `np.s_`, `np.mgrid` and `np.ogrid`."""

import ast
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import ops, plain
from gradcalc.lang.backend import check_elements
from gradcalc.lang.machine import Machine
from gradcalc.lang.program import text_of


@dataclass(frozen=True, slots=True)
class Joiner:
    """One of them, by its name in numpy."""

    name: str


@dataclass(frozen=True, slots=True)
class _Span:
    """A slice whose ends need not be whole; `count` says how many numbers, its end among them."""

    start: Any
    stop: Any
    step: Any
    count: int | None = None


def subscript(machine: Machine, joiner: Joiner, node: ast.Subscript) -> Any:
    """What stands in the brackets, put together."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if joiner.name in ("s_", "index_exp"):
        key = tuple([machine.eval(part) for part in parts])
        alone = joiner.name == "s_" and not isinstance(node.slice, ast.Tuple)
        return key[0] if alone else key
    items = [
        _span(machine, part) if isinstance(part, ast.Slice) else machine.eval(part)
        for part in parts
    ]
    machine.node = node
    if joiner.name in ("mgrid", "ogrid"):
        return _grid(machine, joiner.name, items, alone=not isinstance(node.slice, ast.Tuple))
    if not items or any(isinstance(item, str) for item in items):
        raise UnsupportedError(
            f"{text_of(node, machine.source)} is not known here",
            hint="write np.concatenate or np.stack with the axis",
        )
    return _row(machine, items) if joiner.name == "r_" else _columns(machine, items)


def _span(machine: Machine, node: ast.Slice) -> _Span:
    count = None
    if isinstance(node.step, ast.Constant) and isinstance(node.step.value, complex):
        count = int(abs(node.step.value))
    values = [
        None if end is None or (end is node.step and count is not None) else machine.eval(end)
        for end in (node.lower, node.upper, node.step)
    ]
    machine.node = node
    ops.refuse_gradient(machine, "a bound", *[v for v in values if v is not None])
    start, stop, step = (machine.number(v) if machine.is_tensor(v) else v for v in values)
    return _Span(start, stop, step, count)


def _numbers(machine: Machine, span: _Span) -> Any:
    """The numbers of a slice: evenly spaced, by their step or by their count."""
    start = 0 if span.start is None else span.start
    step = 1 if span.step is None else span.step
    if span.stop is None or not all(plain.is_number(v) for v in (start, span.stop, step)):
        raise InvalidValueError("a slice needs numbers, and its end", hint="np.r_[0:n]")
    if not all(map(math.isfinite, (start, span.stop, step))) or not step:
        raise InvalidValueError("a slice needs finite numbers, and a step that is not 0")
    count = span.count
    if count is None:
        count = max(0, math.ceil((span.stop - start) / step))
    check_elements("a slice", count, machine.limits.elements)
    if span.count is not None:
        return np.linspace(start, span.stop, count)
    return np.arange(start, span.stop, step)


def _laid(machine: Machine, numbers: Any) -> Any:
    made = machine.constant(np.asarray(numbers, dtype=np.float64))
    return machine.mark_integer(made) if np.asarray(numbers).dtype.kind == "i" else made


def _row(machine: Machine, items: Sequence[Any]) -> Any:
    parts = [_part(machine, item) for item in items]
    return ops.call(machine, "concat", parts, dim=0)


def _columns(machine: Machine, items: Sequence[Any]) -> Any:
    parts = [_part(machine, item) for item in items]
    columns = [
        part if len(shape) > 1 else ops.reshape(machine, part, (*shape, 1))
        for part, shape in ((part, ops.shape(machine, part)) for part in parts)
    ]
    return ops.call(machine, "concat", columns, dim=-1)


def _part(machine: Machine, item: Any) -> Any:
    """A slice, a number or an array as an array of one dimension or more."""
    if isinstance(item, _Span):
        return _laid(machine, _numbers(machine, item))
    found = ops.tensor(machine, item)
    return found if ops.shape(machine, found) else ops.reshape(machine, found, (1,))


def _grid(machine: Machine, name: str, items: Sequence[Any], alone: bool) -> Any:
    spans = [item for item in items if isinstance(item, _Span)]
    if len(spans) < len(items):
        raise ShapeError(f"np.{name} takes slices", hint=f"np.{name}[0:3, 0:2]")
    rows = [_numbers(machine, span) for span in spans]
    check_elements(name, len(rows) * math.prod(map(len, rows)), machine.limits.elements)
    if alone:
        return _laid(machine, rows[0])
    found = np.meshgrid(*rows, indexing="ij", sparse=name == "ogrid")
    if name == "ogrid":
        return tuple(_laid(machine, part) for part in found)
    return _laid(machine, np.stack(found))
