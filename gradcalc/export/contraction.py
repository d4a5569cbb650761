"""Products of tensors with named dimensions as nodes: two factors at a time, the cheapest first."""

import math
from collections.abc import Collection, Sequence

from opt_einsum import contract_path, get_symbol

from gradcalc.export.spread import Factor, Names, Spreader, Term
from gradcalc.expr import ops
from gradcalc.expr.nodes import Forms, Node


def multiplied(f: Spreader, term: Term) -> Node:
    """All numbers of a term, the dimensions of the input last."""
    wanted = (*term.own, *term.across)
    factors = [_squeezed(f, factor) for factor in term.factors]
    factors = [_without_twins(f, factor) for factor in factors]
    for first, second in _order(f, factors, wanted):
        rest = [factor for k, factor in enumerate(factors) if k not in (first, second)]
        held = {*wanted, *(name for factor in rest for name in factor.names)}
        factors = [*rest, _pair(f, factors[first], factors[second], held)]
    found = factors[0] if factors else Factor(f.literal(1.0), ())
    found = _summed(f, found, wanted)
    if term.scale != 1.0:
        scale = f.literal(term.scale)
        found = Factor(f.forms.scalar("mul", scale, found.node), found.names)
    return _laid_out(f, found, wanted)


def _order(f: Spreader, factors: Sequence[Factor], wanted: Names) -> Sequence[tuple[int, int]]:
    """Which two factors come first, by their places; a product stands behind all others then."""
    if len(factors) < 2:
        return ()
    held = dict.fromkeys(name for factor in factors for name in factor.names)
    letters = {name: get_symbol(k) for k, name in enumerate(held)}
    parts = ["".join(letters[name] for name in factor.names) for factor in factors]
    left = "".join(letters[name] for name in dict.fromkeys(wanted) if name in held)
    shapes = [tuple(f.sizes[name] for name in factor.names) for factor in factors]
    # the fewest operations may need tensors that are larger than all others
    order, _ = contract_path(f"{','.join(parts)}->{left}", *shapes, shapes=True, optimize="greedy")
    return [(first, second) for first, second in order]


def _size(f: Spreader, names: Collection[int]) -> int:
    return math.prod(f.sizes[name] for name in names)


def _squeezed(f: Spreader, factor: Factor) -> Factor:
    """Without the dimensions of size 1, which broadcasting makes."""
    names = tuple(name for name in factor.names if f.sizes[name] != 1)
    if names == factor.names:
        return factor
    shape = tuple(f.sizes[name] for name in names)
    return Factor(f.forms(ops.RESHAPE, factor.node, shape=shape), names)


def _without_twins(f: Spreader, factor: Factor) -> Factor:
    """With each dimension once: a name that stands twice is the diagonal."""
    node, names = factor.node, list(factor.names)
    while len(set(names)) < len(names):
        name = next(n for n in names if names.count(n) > 1)
        first = names.index(name)
        second = names.index(name, first + 1)
        node = f.forms(ops.DIAGONAL, node, offset=0, dim1=first, dim2=second)
        names = [n for k, n in enumerate(names) if k not in (first, second)] + [name]
    return Factor(node, tuple(names))


def _summed(f: Spreader, factor: Factor, held: Collection[int]) -> Factor:
    """Summed over what nothing else has."""
    axes = tuple(k for k, name in enumerate(factor.names) if name not in held)
    if not axes:
        return factor
    node = f.forms(ops.SUM, factor.node, axes=axes)
    return Factor(node, tuple(name for name in factor.names if name in held))


def _pair(f: Spreader, x: Factor, y: Factor, held: Collection[int]) -> Factor:
    """The product of two factors, summed over what is held by nothing else."""
    x, y = _summed(f, x, {*held, *y.names}), _summed(f, y, {*held, *x.names})
    joint = [name for name in x.names if name in y.names and name not in held]
    both = [name for name in x.names if name in y.names and name in held]
    left = [name for name in x.names if name not in y.names]
    right = [name for name in y.names if name not in x.names]
    if not joint or not (left or right):
        return _summed(f, _by_element(f, x, y), held)
    if not both and len(left) <= 1 and len(right) <= 1 and len(joint) == 1:
        # vectors and matrices as people write them
        first = _ordered(f, x, (*left, *joint))
        second = _ordered(f, y, (*joint, *right))
        return Factor(f.forms(ops.MATMUL, first, second), (*left, *right))
    first = _matrices(f, x, both, left, joint)
    second = _matrices(f, y, both, joint, right)
    names = (*both, *left, *right)
    shape = tuple(f.sizes[name] for name in names)
    return Factor(f.forms(ops.RESHAPE, f.forms(ops.MATMUL, first, second), shape=shape), names)


def _matrices(
    f: Spreader, x: Factor, both: Sequence[int], rows: Sequence[int], columns: Sequence[int]
) -> Node:
    node = _ordered(f, x, (*both, *rows, *columns))
    shape = (*(f.sizes[name] for name in both), _size(f, rows), _size(f, columns))
    return f.forms(ops.RESHAPE, node, shape=shape) if shape != node.shape else node


def _by_element(f: Spreader, x: Factor, y: Factor) -> Factor:
    """The product element by element, each in the dimensions of both."""
    names = x.names if len(x.names) >= len(y.names) else y.names
    names = (*names, *(n for n in (*x.names, *y.names) if n not in names))
    return Factor(f.forms.scalar("mul", _spaced(f, x, names), _spaced(f, y, names)), names)


def _spaced(f: Spreader, x: Factor, names: Names) -> Node:
    """A factor with these dimensions, of size 1 where it has none; in front they need not be."""
    node = _ordered(f, x, tuple(name for name in names if name in x.names))
    shape = [f.sizes[name] if name in x.names else 1 for name in names]
    while shape and shape[0] == 1 and names[len(names) - len(shape)] not in x.names:
        shape = shape[1:]
    return f.forms(ops.RESHAPE, node, shape=tuple(shape)) if tuple(shape) != node.shape else node


def _ordered(f: Spreader, x: Factor, names: Names) -> Node:
    if names == x.names:
        return x.node
    return f.forms(ops.PERMUTE, x.node, order=tuple(x.names.index(name) for name in names))


def _laid_out(f: Spreader, found: Factor, wanted: Names) -> Node:
    """A tensor in the dimensions that are wanted: diagonals, and what is the same all along."""
    forms = f.forms
    whole = tuple(f.sizes[name] for name in wanted)
    places: dict[int, list[int]] = {}
    for place, name in enumerate(wanted):
        if f.sizes[name] != 1:
            places.setdefault(name, []).append(place)
    twins = [name for name, where in places.items() if len(where) > 1]
    if len(twins) == 1 and len(wanted) == 2 and found.names == tuple(twins):
        return forms(ops.EMBED, found.node, shape=whole, offset=0, dim1=0, dim2=1)
    if len(twins) == 1 and len(wanted) == 2 and not found.names:
        return forms.scalar("mul", found.node, forms(ops.EYE, size=whole[0]))
    once = [name for name in places if name in found.names]
    node = _ordered(f, found, tuple(once))
    product = _at(forms, node, [places[name][0] for name in once], whole)
    for name in twins:
        for other in places[name][1:]:
            eye = forms(ops.EYE, size=f.sizes[name])
            product = forms.scalar("mul", product, _at(forms, eye, [places[name][0], other], whole))
    return forms(ops.BROADCAST, product, shape=whole) if product.shape != whole else product


def _at(forms: Forms, node: Node, places: Sequence[int], whole: Sequence[int]) -> Node:
    """A tensor with its dimensions at these places of many, of size 1 elsewhere."""
    shape = [whole[k] if k in places else 1 for k in range(len(whole))]
    if places and min(places) > 0:
        # what broadcasting puts in front need not be said
        shape = shape[min(places) :]
    if not places:
        shape = []
    return forms(ops.RESHAPE, node, shape=tuple(shape)) if tuple(shape) != node.shape else node
