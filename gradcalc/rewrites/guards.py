"""The double where: operands kept inside the domain on the branch that is not taken.

In the backward pass of `where(c, a, b)` the branch that is not taken gets a gradient of 0, and 0
times an infinite slope is NaN. `where(x > 0, sqrt(where(x > 0, x, 1)), 0)` has no infinite slope.
"""

import ast
from collections.abc import Iterator, Sequence

from gradcalc.errors import GradcalcError
from gradcalc.lang.arguments import bind
from gradcalc.primitives import BY_NAME, Elementwise
from gradcalc.rewrites.names import Names, Text
from gradcalc.rewrites.reading import Reader
from gradcalc.rewrites.rows import GUARD

Edit = tuple[int, int, str]
"""A stretch of the text, by its ends, and what takes its place."""

Wrap = tuple[Edit, Edit]
"""What is written in front of an operand and behind it."""


def guarded(reader: Reader, node: ast.expr, *, whole: bool = False) -> Iterator[tuple[str, str]]:
    """The new text for a choice between two branches, with the reason.

    With `whole` no name of a branch keeps its value where that is not taken: at infinity nearly
    every function has a slope that is none.
    """
    text, names = reader.text, reader.names
    wraps: list[Wrap] = []
    if isinstance(node, ast.Call):
        branches = _branches(node, names)
        if branches is None:
            return
        condition, chosen, other = branches
        spelling = text.of(node.func)
        for branch, negated in ((chosen, False), (other, True)):
            guards = _Guards(reader, condition, spelling, negated=negated)
            wraps += guards.of_names(branch) if whole else guards.of(branch)
    elif isinstance(node, ast.BinOp) and not whole and names.means_itself("where"):
        wraps = _masked(reader, node)
    if wraps:
        yield _edited(text, node, wraps), GUARD


def _masked(reader: Reader, node: ast.BinOp) -> list[Wrap]:
    """A product with a truth value as a choice between the other factors and 0."""
    text, spine = reader.text, _spine(node)
    found = _mask(spine, text, reader.names)
    if found is None:
        return []
    mask, cut = found
    guards = _Guards(reader, mask, "where")
    wraps: list[Wrap] = [] if spine[0].left is mask else guards.of(spine[0].left)
    last = False
    for part in spine:
        inner = [] if part.right is mask else guards.of(part.right)
        if isinstance(part.op, ast.Div):
            inner = guards.divisor(part.right) + inner
        wraps += inner
        last = bool(inner) or part.right is mask
    if not wraps or not last:
        # where the last factor has no part in it, the shorter product is enough
        return []
    start, end = text.range(node)
    whole = (start, start, f"where({text.of(mask)}, "), (end, end, ", 0)")
    return [whole, (cut, (end, end, "")), *wraps]


def _branches(node: ast.Call, names: Names) -> tuple[ast.expr, ast.expr, ast.expr] | None:
    """The condition and the two branches of a call of where."""
    if names.function(node.func) != ("where", None):
        return None
    given = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    try:
        bound = bind("where", BY_NAME["where"].signature, node.args, given)
    except GradcalcError:
        return None
    return bound["condition"], bound["x"], bound["y"]


class _Guards:
    """Finds the operands of one branch that need a guard."""

    def __init__(
        self, reader: Reader, condition: ast.expr, where: str, *, negated: bool = False
    ) -> None:
        self._reader, self._text, self._names = reader, reader.text, reader.names
        self._condition, self._where, self._negated = condition, where, negated

    def of(self, branch: ast.expr) -> list[Wrap]:
        """The guards of a branch, an outer one before those inside it."""
        wraps: list[Wrap] = []
        stack: list[ast.AST] = [branch]
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Lambda):
                continue
            risk = _risk(node, self._names)
            wraps += self._guard(*risk) if risk is not None else []
            stack.extend(ast.iter_child_nodes(node))
        return wraps

    def of_names(self, branch: ast.expr) -> list[Wrap]:
        """The guards of all names of a branch that is more than a name.

        Only where each element is by itself does another value of one leave the others.
        """
        wraps: list[Wrap] = []
        stack: list[ast.expr] = [] if isinstance(branch, ast.Name) else [branch]
        while stack:
            match stack.pop():
                case ast.Name() as node:
                    wraps += self._guard(node, 1)
                case ast.Constant():
                    pass
                case ast.BinOp(left=left, op=op, right=right) if not isinstance(op, ast.MatMult):
                    stack += [left, right]
                case ast.UnaryOp(operand=operand):
                    stack.append(operand)
                case ast.Call() as node if self._is_guarded(node):
                    pass
                case ast.Call(func=func, args=operands):
                    name, value = self._names.function(func) or ("", None)
                    if not isinstance(BY_NAME.get(name), Elementwise):
                        return []
                    stack += [*operands, *([] if value is None else [value])]
                case _:
                    return []
        return wraps

    def divisor(self, operand: ast.expr) -> list[Wrap]:
        """The guard of what something is divided by."""
        return self._guard(operand, 1)

    def _is_guarded(self, operand: ast.expr) -> bool:
        """Whether an operand is chosen by the same condition, in however many steps."""
        inner = _branches(operand, self._names) if isinstance(operand, ast.Call) else None
        if inner is None:
            return False
        condition, *branches = inner
        read = self._reader.read
        return read(condition) == read(self._condition) or any(map(self._is_guarded, branches))

    def _guard(self, operand: ast.expr, safe: int) -> list[Wrap]:
        if not _varies(operand, self._names) or self._is_guarded(operand):
            return []
        start, end = self._text.brackets(operand)
        test = self._text.of(self._condition)
        inner_start, inner_end = self._text.range(operand)
        before, after = ("", f", {safe}") if not self._negated else (f"{safe}, ", "")
        opening = (start, inner_start, f"{self._where}({test}, {before}")
        return [(opening, (inner_end, end, f"{after})"))]


def _risk(node: ast.AST, names: Names) -> tuple[ast.expr, int] | None:
    """The operand of a node that can make its slope infinite, and a number that does not."""
    match node:
        case ast.BinOp(op=ast.Div(), right=right):
            return right, 1
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _risk_of_power(left, right, names)
        case ast.Call(func=func, args=arguments):
            function = names.function(func)
            if function is None:
                return None
            name, value = function
            operands = ([] if value is None else [value]) + list(arguments)
            if name == "pow" and len(operands) == 2:
                return _risk_of_power(operands[0], operands[1], names)
            row = BY_NAME.get(name)
            risk = getattr(row, "safe", None)
            if risk is not None and risk[0] < len(operands):
                return operands[risk[0]], risk[1]
    return None


def _risk_of_power(base: ast.expr, exponent: ast.expr, names: Names) -> tuple[ast.expr, int] | None:
    if not _varies(base, names):
        return exponent, 0
    match exponent:
        case ast.Constant(value=int() | float() as value) if value >= 0 and value % 1 == 0:
            return None
    return base, 1


def _varies(node: ast.expr, names: Names) -> bool:
    """Whether a value can depend on an input."""
    called = {inner.func for inner in ast.walk(node) if isinstance(inner, ast.Call)}
    used = {n for n in ast.walk(node) if isinstance(n, ast.Name) and n not in called}
    return any(not names.is_fixed(name.id) for name in used)


def _spine(node: ast.BinOp) -> list[ast.BinOp]:
    """The steps of a product, the first first; empty for what is no product."""
    spine: list[ast.BinOp] = []
    step: ast.expr = node
    while isinstance(step, ast.BinOp) and isinstance(step.op, ast.Mult | ast.Div):
        spine.append(step)
        step = step.left
    return spine[::-1]


def _mask(spine: Sequence[ast.BinOp], text: Text, names: Names) -> tuple[ast.expr, Edit] | None:
    """A truth value among the factors of a product, and the edit that takes it out."""
    for part in spine:
        before, after = text.range(part.left)[1], text.range(part.right)[0]
        if not isinstance(part.op, ast.Mult) or "#" in text.source[before:after]:
            continue
        sign = text.source.index("*", before)
        if _is_mask(part.right, names):
            return part.right, (len(text.source[:sign].rstrip()), text.range(part)[1], "")
        if part is spine[0] and _is_mask(part.left, names):
            behind = text.source[sign + 1 :]
            end = sign + 1 + len(behind) - len(behind.lstrip())
            return part.left, (text.range(part)[0], end, "")
    return None


def _is_mask(node: ast.expr, names: Names) -> bool:
    """Whether a value is a truth value by its form."""
    if isinstance(node, ast.Compare):
        return len(node.ops) == 1
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.BitAnd | ast.BitOr)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Invert)
    function = names.function(node.func) if isinstance(node, ast.Call) else None
    row = None if function is None else BY_NAME.get(function[0])
    return isinstance(row, Elementwise) and row.boolean


def _edited(text: Text, node: ast.expr, wraps: Sequence[Wrap]) -> str:
    """The text of a node with its parts wrapped, those of outer operands coming first."""
    begin, finish = text.range(node)
    # where two meet, what closes comes before what opens, inner before outer
    opening = [(edit, (edit[0], 1, i)) for i, (edit, _) in enumerate(wraps)]
    closing = [(edit, (edit[0], 0, -i)) for i, (_, edit) in enumerate(wraps)]
    pieces: list[str] = []
    at = begin
    for (start, end, new), _ in sorted([*opening, *closing], key=lambda pair: pair[1]):
        pieces += [text.source[at:start], new]
        at = max(at, end)
    return "".join([*pieces, text.source[at:finish]])
