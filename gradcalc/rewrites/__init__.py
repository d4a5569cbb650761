"""Cures: programs that mean the same and do not lose a gradient.

What is proposed is the same in real arithmetic, wherever the old form is defined, but another
calculation in floating point or another backward pass. Whether it helps is for the caller to
find out.
"""

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gradcalc.errors import Span
from gradcalc.lang.program import Program, deep_recursion
from gradcalc.rewrites import guards
from gradcalc.rewrites.matching import Proposal, stable_forms
from gradcalc.rewrites.names import Names, Text
from gradcalc.rewrites.opening import opened
from gradcalc.rewrites.reading import Reader

MOST = 4_000
"""Expressions of a program that are looked at."""

LONGEST = 2_000
"""Characters of the longest expression that is looked at."""


@dataclass(frozen=True, slots=True)
class Cure:
    """A program with one part replaced by another that means the same.

    `source` is the whole new text, all but the part as it was; `span` is the part's place in the
    old text, `before` and `after` what stands there. `reason` is why the new form is better.
    `changes` says where the new program is another function, None if it is the same wherever the
    old one is defined; `apart` that the old one may have a value there.
    """

    source: str
    span: Span
    before: str
    after: str
    reason: str
    changes: str | None = None
    apart: bool = False


def cures(program: Program, known: Collection[str] = (), *, last: bool = False) -> tuple[Cure, ...]:
    """Single replacements, each of one place, in the order of the text, the more specific first.

    `known` are functions that the program is given from outside, as in `compile_program`. With
    `last` they are the last resorts: worth it only where something is wrong.
    """
    text, names = Text(program.source), Names(program, known)
    meanings, free = opened(program), _free(program)
    reader, further = Reader(text, names), Reader(text, names, opened=meanings)
    found: list[tuple[tuple[int, int], Cure]] = []
    seen: set[str] = set()
    with deep_recursion():
        for node in _expressions(program):
            start, end = text.range(node)
            if end - start > LONGEST:
                continue
            loose = node in free or text.enclosed(node)
            proposals = [*_proposals(reader, node, free=loose, last=last)]
            if meanings and _uses(node, meanings):
                proposals += _proposals(further, node, free=loose, last=last)
            for better in proposals:
                after = names.spelled(better.text)
                source = text.source[:start] + after + text.source[end:]
                if source not in seen:
                    old, reason = text.of(node), better.reason
                    changes, apart = better.changes, better.apart
                    cure = Cure(source, text.span(node), old, after, reason, changes, apart)
                    found.append(((start, -end), cure))
                    seen.add(source)
    found.sort(key=lambda pair: pair[0])
    return tuple(cure for _, cure in found)


def _expressions(program: Program) -> Iterator[ast.expr]:
    """The expressions of a program that can be replaced, the inner ones first."""
    nodes = [node for statement in program.body for node in ast.walk(statement)]
    candidates = [node for node in nodes if isinstance(node, ast.BinOp | ast.Call | ast.UnaryOp)]
    # a walk goes level by level, so that no reading ever goes deep
    return reversed(candidates[:MOST])


def _free(program: Program) -> set[ast.AST]:
    """Nodes with no operator and no dot beside them: values of statements, arguments, items."""
    return {
        child
        for statement in program.body
        for node in ast.walk(statement)
        if isinstance(node, ast.stmt | ast.Call | ast.keyword | ast.List)
        for child in ast.iter_child_nodes(node)
        if child is not getattr(node, "func", None)
    }


def _uses(node: ast.expr, names: Collection[str]) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id in names for inner in ast.walk(node))


def _proposals(reader: Reader, node: ast.expr, *, free: bool, last: bool) -> Iterator[Proposal]:
    if any(isinstance(inner, ast.NamedExpr) for inner in ast.walk(node)):
        # a name must stay bound, once and where it was
        return
    yield from stable_forms(reader, node, free=free, last=last)
    found = guards.guarded(reader, node, whole=last)
    yield from (Proposal(*pair) for pair in found)
