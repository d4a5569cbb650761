"""Whether what a program does hangs on how large its inputs are: `x[:64]`, `if len(x) < 50`.

What a run at a few sizes does says nothing of others then.
"""

import ast
from collections.abc import Iterator, Sequence

SIZES = frozenset({"shape", "size", "numel", "nelement"})
"""What tells the size of a tensor."""

CHOOSING = frozenset(
    {"min", "max", "minimum", "maximum", "clamp", "clip", "int", "round", "divmod"}
)
"""Functions that do not keep to one formula of a size."""

PARTING = frozenset({"split", "tensor_split", "array_split", "chunk", "unfold"})
"""Functions that make as many parts as fit."""

SMALL = 4
"""A bound of a slice up to which no tensor at which anything is tried is too short."""


def hangs_on_sizes(body: Sequence[ast.stmt]) -> bool:
    """Whether statements compare sizes, cut them off, or take parts of a fixed length that there
    may not be; not whether they calculate with them."""
    # sizes that are held to each other are no choice
    nodes = [node for statement in body for node in _walked(statement)]
    sized = _sized_names(nodes)

    def is_sized(*parts: ast.AST | None) -> bool:
        return any(_is_size(one, sized) for part in parts if part for one in ast.walk(part))

    return any(map(_parts_at, nodes)) or any(
        is_sized(*given) for node in nodes for given in _chosen_by(node)
    )


def _walked(statement: ast.AST) -> Iterator[ast.AST]:
    if not isinstance(statement, ast.Assert):
        yield statement
        for child in ast.iter_child_nodes(statement):
            yield from _walked(child)


def _sized_names(nodes: Sequence[ast.AST]) -> set[str]:
    """The names that hold sizes, or what is calculated of them."""
    found: set[str] = set()
    for _ in range(3):
        for node in nodes:
            match node:
                case ast.Assign(targets=targets, value=value):
                    pass
                case ast.NamedExpr(target=target, value=value):
                    targets = [target]
                case _:
                    continue
            if any(_is_size(one, found) for one in ast.walk(value)):
                names = (one for target in targets for one in ast.walk(target))
                found |= {one.id for one in names if isinstance(one, ast.Name)}
    return found


def _is_size(node: ast.AST, sized: set[str]) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="len")):
            return True
        case ast.Attribute(attr=name):
            return name in SIZES
        case ast.Name(id=name):
            return name in sized
        case _:
            return False


def _chosen_by(node: ast.AST) -> Iterator[tuple[ast.AST | None, ...]]:
    """What steers something that is no formula."""
    match node:
        case ast.Compare(comparators=[ast.Constant(value=0)]):
            # nothing is made for inputs that are empty
            return
        case ast.Compare(left=left, comparators=others):
            yield (left, *others)
        case ast.BinOp(left=left, op=ast.FloorDiv() | ast.Mod(), right=right):
            yield (left, right)
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            if not isinstance(test, ast.Compare):
                yield (test,)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=given):
            if name in CHOOSING or (name in ("range", "arange") and len(given) > 2):
                yield tuple(given)


def _parts_at(node: ast.AST) -> bool:
    """Whether a part of a fixed length is taken, which may be longer than there is."""
    match node:
        case ast.Slice(lower=lower, upper=upper):
            return any(_is_large(bound) for bound in (lower, upper))
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=given):
            return name in PARTING and any(map(_is_large, given))
        case _:
            return False


def _is_large(node: ast.expr | None) -> bool:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and node.value > SMALL
