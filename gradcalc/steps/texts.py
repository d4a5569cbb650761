"""What each call is in the words of the program: its text, and the name that its result gets."""

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from gradcalc.errors import Span
from gradcalc.lang.files import line_of
from gradcalc.lang.program import Program, span_of
from gradcalc.primitives import BY_NAME

OPERATORS: dict[type, str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow",
    ast.MatMult: "matmul", ast.Mod: "remainder", ast.FloorDiv: "floor_divide",
}  # fmt: skip
"""The primitive that each operator of Python's is."""

CALLED = re.compile(r"[\w\])]\s*\($")
"""A bracket of a call, which stays."""

LONGEST = 60
"""Characters of a text above which another one is looked for."""

UPDATE = re.compile(r"\s*(\*\*|//|>>|<<|[-+*/@%&|^])=\s*")
"""What stands between a name and what it is updated with."""


@dataclass(frozen=True, slots=True)
class Known:
    """A syntax node that a call is of, and the text that it is in."""

    node: ast.AST
    source: str


class Texts:
    """The syntax of some programs by its places, each with the name that its value is given.

    `words` are all names that stand in them.
    """

    def __init__(self, programs: Sequence[tuple[str | None, Program]]) -> None:
        self.words: set[str] = set()
        self._known: dict[Span, list[Known]] = {}
        self._targets: dict[tuple[Span, str], tuple[str, ...]] = {}
        for name, program in programs:
            for statement in program.body:
                for node in ast.walk(statement):
                    self._note(node, program.source)
                    if isinstance(node, ast.Name):
                        self.words.add(node.id)
            last = program.body[-1] if program.body else None
            if name is not None and isinstance(last, ast.Expr):
                self._targets[span_of(last.value, program.source), program.source] = (name,)

    def _note(self, node: ast.AST, source: str) -> None:
        if isinstance(node, ast.expr | ast.AugAssign):
            self._known.setdefault(span_of(node, source), []).append(Known(node, source))
        target: ast.AST | None = None
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
            target = node.target
        if target is None:
            return
        value = node if isinstance(node, ast.AugAssign) else getattr(node, "value", None)
        if value is not None:
            self._targets[span_of(value, source), source] = _names(target)

    def at(self, place: Span, primitive: str, *, shared: bool = False) -> Known | None:
        """What a call of a primitive at a place is of, None where that is not known.

        One that is `shared` stands for several calls, of which only one may have its text.
        """
        found = self._known.get(place, [])
        fits = _is_called if shared else _may_be
        fitting = [known for known in found if fits(known.node, primitive)]
        return fitting[-1] if fitting else None

    def targets(self, place: Span, known: Known | None) -> tuple[str, ...]:
        """The names that are bound to what a call gives."""
        return () if known is None else self._targets.get((place, known.source), ())


def _names(target: ast.AST) -> tuple[str, ...]:
    if isinstance(target, ast.Name):
        return (target.id,)
    if isinstance(target, ast.Tuple | ast.List):
        parts = [_names(part) for part in target.elts]
        return tuple(part[0] if len(part) == 1 else "" for part in parts)
    return ()


def _may_be(node: ast.AST, primitive: str) -> bool:
    """Whether a call of a primitive may be what a node does."""
    if isinstance(node, ast.Name | ast.Constant):
        return False
    named = _named(node)
    return named is None or named == primitive


def _is_called(node: ast.AST, primitive: str) -> bool:
    """Whether a node calls a primitive by its name."""
    return _named(node) == primitive


def _named(node: ast.AST) -> str | None:
    """The primitive that a node names, None where it names none."""
    if isinstance(node, ast.BinOp):
        return OPERATORS.get(type(node.op))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
        last = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        row = BY_NAME.get(last)
        return None if row is None else row.name
    return None


def text_of(
    known: Known | None, operands: Sequence[tuple[str | None, Span | None]], taken: Collection[str]
) -> str | None:
    """A call as it is written, its operands by their names; None where that is not known, or long,
    or has a name of something else that is `taken`.

    Each operand has its name, or None if it is to be as it is written, and the place of the call
    that made it.
    """
    if known is None:
        return None
    children = list(_children(known.node))
    pairs: list[tuple[ast.expr, str | None]] = []
    left = list(operands)
    others: list[ast.expr] = []
    for child in children:
        place = span_of(child, known.source)
        same = next((operand for operand in left if operand[1] == place), None)
        if same is None:
            others.append(child)
        else:
            left.remove(same)
            pairs.append((child, same[0]))
    others = [child for child in others if not _is_fixed(child)]
    if len(others) == len(left):
        pairs += [(child, name) for child, (name, _) in zip(others, left, strict=True)]
        others = [child for child, name in pairs if name is None]
    elif left:
        return None
    if any(_names_one(child, taken) for child in others):
        return None
    found = _replaced(known, [(child, name) for child, name in pairs if name is not None])
    if isinstance(known.node, ast.AugAssign):
        found = UPDATE.sub(r" \1 ", found, count=1)
    return found if len(found) <= LONGEST and "\n" not in found else None


def _children(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions that an operation or a call has for operands, as they are written."""
    if isinstance(node, ast.BinOp):
        yield from (node.left, node.right)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Compare):
        yield from (node.left, *node.comparators)
    elif isinstance(node, ast.Subscript | ast.Attribute):
        yield node.value
    elif isinstance(node, ast.AugAssign):
        yield from (node.target, node.value)
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute):
            yield node.func.value
        for argument in node.args:
            yield from argument.elts if isinstance(argument, ast.List | ast.Tuple) else [argument]
        yield from (keyword.value for keyword in node.keywords)


def _names_one(node: ast.expr, taken: Collection[str]) -> bool:
    """Whether an expression has a name that is taken."""
    return any(isinstance(part, ast.Name) and part.id in taken for part in ast.walk(node))


def _is_fixed(node: ast.expr) -> bool:
    """Whether an expression is made of fixed numbers and words alone, or names a module."""
    if isinstance(node, ast.Name):
        return node.id in MODULES
    return not any(isinstance(part, ast.Name) for part in ast.walk(node)) or (
        isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        and node.value.id in MODULES
    )  # fmt: skip


MODULES = frozenset({"torch", "np", "numpy", "jnp", "F", "nn", "math", "jax", "anp", "scipy"})
"""Names that stand for libraries wherever they stand."""


def _replaced(known: Known, pairs: Sequence[tuple[ast.expr, str]]) -> str:
    """The text of a node with some expressions in it replaced by names."""
    whole = span_of(known.node, known.source)
    lines = known.source.split("\n")
    start = line_of(known.source, whole.file, whole.line)
    end = line_of(known.source, whole.file, whole.end_line)
    if start != end:
        return "\n"
    found = lines[start - 1][: whole.end_column - 1]
    for child, name in sorted(
        ((span_of(child, known.source), name) for child, name in pairs),
        key=lambda pair: -pair[0].column,
    ):
        before, behind = found[: child.column - 1], found[child.end_column - 1 :]
        if (
            before.endswith("(")
            and behind.startswith(")")
            and not re.search(r"[\w\])]\s*\($", before)
        ):
            before, behind = before[:-1], behind[1:]
        found = f"{before}{name}{behind}"
    return found[whole.column - 1 :].strip()
