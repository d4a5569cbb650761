"""Names of a program without values that stand for sizes: the `n` of `eye(n)`."""

import ast
from collections.abc import Iterator, Mapping, Sequence

from gradcalc.general.declared import Declared
from gradcalc.lang.program import Program

MAKERS = frozenset(
    "eye identity ones zeros full empty arange range tril_indices triu_indices".split()  # noqa: SIM905
)
"""Functions that take sizes."""


def counts(program: Program, names: Sequence[str], said: Mapping[str, Declared]) -> frozenset[str]:
    """The names that are sizes: those that something is made of, as `n` in `ones(n)`, and those
    of which sizes were said, as `m` by `--A m,n`."""
    made = {name for part in program.body for name in _made_of(part)}
    letters = {size for one in said.values() for size in one.sizes or ()}
    return frozenset(name for name in names if name in made | letters and name not in said)


def _made_of(part: ast.AST) -> Iterator[str]:
    for node in ast.walk(part):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=given):
                if name in MAKERS:
                    yield from (one for arg in given for one in _summands(arg))


def _summands(size: ast.expr) -> Iterator[str]:
    """The names that a size is calculated of, but for what is asked of a tensor."""
    match size:
        case ast.Name(id=name):
            yield name
        case ast.BinOp(left=left, right=right):
            yield from (*_summands(left), *_summands(right))
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            yield from (name for part in parts for name in _summands(part))
