"""What gradcalc can differentiate: one row for each primitive, in plain tuples by family."""

from collections.abc import Mapping
from types import MappingProxyType

from gradcalc.primitives import (
    activations,
    arithmetic,
    attention,
    bags,
    composite,
    convolution,
    decompositions,
    distances,
    elementwise,
    fractional,
    labels,
    layers,
    layout,
    linear,
    losses,
    normalization,
    ordering,
    pairs,
    pictures,
    pooling,
    products,
    putting,
    reductions,
    resizing,
    sampling,
    scipys,
    shaping,
    special,
    statistics,
    taking,
    transforms,
    triangles,
    unpooling,
)
from gradcalc.primitives.row import Composite, Elementwise, Primitive, Structural

__all__ = ["BY_NAME", "FAMILIES", "PRIMITIVES", "Composite", "Elementwise", "Primitive",
           "Structural"]  # fmt: skip

FAMILIES: Mapping[str, tuple[Primitive, ...]] = MappingProxyType(
    {
        "arithmetic": (*arithmetic.ARITHMETIC, *pairs.WEIGHED),
        "powers and roots": (*elementwise.POWERS, *pairs.POWERS),
        "exponentials and logarithms": (*elementwise.EXPONENTIAL, *pairs.EXPONENTIAL),
        "trigonometric": elementwise.TRIGONOMETRIC,
        "hyperbolic": elementwise.HYPERBOLIC,
        "special functions": (
            *elementwise.SPECIAL,
            *special.GAMMA,
            *special.ERROR_FUNCTIONS,
            *special.BESSELS,
            *scipys.BESSELS,
            *scipys.INTEGRALS,
            *scipys.HYPERGEOMETRIC,
        ),
        "absolute value, limits, choice": (*arithmetic.CHOICE, *pairs.SIGNS),
        "rounding and remainders": arithmetic.ROUNDING,
        "comparison and logic": (*arithmetic.COMPARISONS, *arithmetic.LOGIC, *pairs.FINITENESS),
        "activations": (*elementwise.ACTIVATIONS, *activations.ACTIVATIONS),
        "reductions and statistics": (
            *reductions.REDUCTIONS,
            *composite.STATISTICS,
            *statistics.STATISTICS,
        ),
        "sorting and running totals": (
            *reductions.ORDERED,
            *ordering.PLACED,
            *statistics.ORDERED,
        ),
        "softmax and normalization": (*composite.NORMALIZATION, *normalization.NORMS),
        "layers with weights": (
            *layers.LAYERS,
            *bags.BAGS,
            *attention.ATTENTION,
            *convolution.CONVOLUTIONS,
        ),
        "losses": (*losses.ERRORS, *losses.LIKELIHOODS, *labels.LABELLED, *losses.MARGINS),
        "distances": distances.DISTANCES,
        "pooling": (
            *pooling.POOLING,
            *pictures.LP_POOLING,
            *unpooling.UNPOOLING,
            *fractional.FRACTIONAL,
        ),
        "pictures": (
            *pictures.FOLDING,
            *pictures.SHUFFLING,
            *sampling.SAMPLING,
            *resizing.RESIZING,
        ),
        "linear algebra": (
            *linear.LINEAR,
            *composite.DETERMINANTS,
            *decompositions.FACTORED,
            *triangles.FACTORED,
        ),
        "products of tensors": (*products.PRODUCTS, *transforms.TRANSFORMS),
        "eigenvalues and singular values": decompositions.SPECTRAL,
        "shape": shaping.SHAPING,
        "joining, filling, parts": (*shaping.JOINING, *layout.LAYOUT, *labels.MARKS),
        "taking and putting by an index": (
            *taking.PICKED,
            *taking.PUT,
            *putting.REDUCED,
        ),
    }
)
"""Every primitive, in the families by which they are listed."""

PRIMITIVES: tuple[Primitive, ...] = tuple(row for rows in FAMILIES.values() for row in rows)

BY_NAME: Mapping[str, Primitive] = MappingProxyType(
    {name: row for row in PRIMITIVES for name in (row.name, *row.aliases)}
)
