"""What the form of a Hessian shows of it: that it is 0, constant, diagonal, symmetric, or positive
semidefinite, which makes the function convex. Never by numbers.
"""

import ast
from collections.abc import Collection
from dataclasses import replace

from gradcalc.definiteness import Form, Known, negated
from gradcalc.expr.nodes import Node
from gradcalc.expr.written import Written
from gradcalc.products import called
from gradcalc.smoothness import is_everywhere


def certificates(
    formula: Written | None, by: Collection[str], known: Known, *, matrix: bool
) -> tuple[str, ...]:
    """What the form of a block of a Hessian shows, in words. `by` are the inputs that it is by;
    it is a `matrix`, or a number."""
    if formula is None or formula.tangent:
        return ()
    try:
        tree = _whole(formula)
    except (SyntaxError, RecursionError):
        return ()
    if _is_zero(tree):
        return ("zero",)
    form = Form(known)
    found = []
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if not names & set(by):
        found.append("constant")
    if matrix and form.is_diagonal(tree):
        found.append("diagonal")
    elif matrix and form.is_symmetric(tree):
        found.append("symmetric")
    if form.is_semidefinite(tree) if matrix else form.is_nonnegative(tree):
        found.append(SEMIDEFINITE)
    elif form.is_semidefinite(tree, -1) if matrix else form.is_nonnegative(negated(tree)):
        found.append(NEGATIVE)
    return tuple(found)


def convexity(
    shown: Collection[str],
    formula: Written,
    by: str,
    known: Known,
    nodes: Collection[Node],
    *,
    matrix: bool,
) -> str | None:
    """What follows for the function where the whole of a Hessian shows this; None if nothing.

    `nodes` are the function's own. Where it is only so as the input is not negative, that is said.
    """
    way = {SEMIDEFINITE: "convex", NEGATIVE: "concave"}
    found = next((way[word] for word in shown if word in way), None)
    if found is None:
        return None
    anywhere = _is_everywhere(_whole(formula), by, Form(known)) and is_everywhere(nodes)
    where = "" if anywhere else " on any convex set where it is smooth"
    of_any = replace(known, nonnegative=known.nonnegative - {by})
    if not {SEMIDEFINITE, NEGATIVE} & {*certificates(formula, (by,), of_any, matrix=matrix)}:
        where = f" where {by} is not negative{where and f',{where}'}"
    return f"f is {found} in {by}{where}, by the form of its Hessian"


SEMIDEFINITE, NEGATIVE = "positive semidefinite", "negative semidefinite"

EVERYWHERE = frozenset(
    """exp sigmoid softmax softplus tanh sin cos erf abs sum mean diag outer eye ones ones_like
    zeros zeros_like norm cosh sinh trace""".split()  # noqa: SIM905
)
"""Functions that have a value wherever their arguments have one."""


def _is_everywhere(tree: ast.expr, by: str, form: Form) -> bool:
    """Whether a formula has a value at every point."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) not in EVERYWHERE:
            root = called(node) == "sqrt" and len(node.args) == 1
            if not (root and form.is_nonnegative(node.args[0])):
                return False
        if not isinstance(node, ast.BinOp):
            continue
        moving = any(isinstance(n, ast.Name) and n.id == by for n in ast.walk(node.right))
        number = node.right.value if isinstance(node.right, ast.Constant) else -1
        whole = isinstance(number, int) and number > 0
        if isinstance(node.op, ast.Div) and form.is_positive(node.right):
            continue
        if moving if isinstance(node.op, ast.Div) else isinstance(node.op, ast.Pow) and not whole:
            return False
    return True


def _whole(formula: Written) -> ast.expr:
    """The formula as one expression, its parts put in."""
    parts: dict[str, ast.expr] = {}

    class Put(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return parts.get(node.id, node)

    for name, text in formula.parts:
        parts[name] = Put().visit(ast.parse(text, mode="eval").body)
    whole: ast.expr = Put().visit(ast.parse(formula.body, mode="eval").body)
    return whole


def _is_zero(node: ast.expr) -> bool:
    return called(node) in ("zeros", "zeros_like") or (
        isinstance(node, ast.Constant) and node.value == 0
    )
