"""How far expected numbers may be off: by what their last digit leaves open, or as `--tol` says."""

import ast
import re
from typing import Any

import numpy as np

from gradcalc.cli.readers import Exact
from gradcalc.lang.program import Program, typed
from gradcalc.problem import Room

FEWEST = 3
"""Digits from which on a number is taken for a rounded one: 0.5 is meant as it stands."""

NUMBER = re.compile(r"([\d_]*)\.([\d_]*)(?:[eE]([-+]?\d+))?")


def room(text: str, program: Program, tolerance: float | None) -> Room | None:
    """How far an expected gradient may be off, None where it is to be exact or is no numbers."""
    if tolerance is not None:
        return Room(0.0, tolerance, f"within {tolerance:g}")
    match program.body:
        case (ast.Expr(value=value),) if not isinstance(text, Exact):
            units = _units(value, program.source)
        case _:
            return None
    if units is None:
        return None
    values, digits = units
    least = min(np.ravel(digits), default=np.inf)
    if np.isinf(least):
        return None
    said = f"to the {least:.0f} digit{'' if least == 1 else 's'} given"
    return Room(np.array(values), 0.0, said, few=bool(least < FEWEST))


def _units(node: ast.expr, source: str) -> tuple[Any, Any] | None:
    """The unit of the last digit of each number of a value, and how many digits it has."""
    match node:
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _units(operand, source)
        case ast.Constant():
            found = NUMBER.fullmatch(typed(node, source))
            if found is None:
                # a whole number is meant as it stands, as one of many digits is
                return 0.0, np.inf
            whole, behind, power = (part.replace("_", "") for part in found.groups(""))
            # the zeros of 0.000 are digits as well
            digits = len((whole + behind).lstrip("0")) or len(behind)
            return (10.0 ** (int(power or 0) - len(behind)), digits) if digits else (0.0, np.inf)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            parts = [_units(item, source) for item in items]
            if None in parts or len({np.shape(part[0]) for part in parts if part}) > 1:
                # what is no array is told where it is read
                return None
            return [part[0] for part in parts if part], [part[1] for part in parts if part]
        case _:
            return None
