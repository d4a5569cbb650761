"""The rows for what no other row makes better, and for what is better as another function.

They are written as those of the table (`rows`).
"""

from gradcalc.rewrites.rows import BCE, CANCEL, DEVIATION, GUARD, POLE, ROOT, SERIES, SINC, SQUARE

ROOTS = "V**2 - 4*A*C"
SCALED = "detach(amax(abs(U)))*norm(U/detach(amax(abs(U))))"
ROWWISE = "detach(amax(abs(U), dim=D))*norm(U/detach(amax(abs(U), dim=D, keepdim=True)), dim=D)"
MINORS = " + ".join(
    f"A[0, {i}]*(A[1, {j}]*A[2, {k}] - A[1, {k}]*A[2, {j}])"
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1))
)
FACTORS = "no factors are needed, which a singular matrix has not"
ELSEWHERE = "another function where the norm is under 1e-12: there it divides by 1e-12"
NEGATIVE = "another function where both are negative: it has no value there"
DIVISOR = "another function where what it divides by is 0: it has no value there"
CUT = "another function where a logarithm is under -100: there binary_cross_entropy cuts it off"

FALLBACK: tuple[tuple[str, ...], ...] = (
    ("sqrt(sum(U**2))", SCALED, SQUARE),
    ("norm(U)", SCALED, SQUARE),
    ("norm(U, dim=D)", ROWWISE, SQUARE),
    ("std(U)", f"{DEVIATION}/sqrt(numel(U) - 1)", ROOT),
    ("std(U, unbiased=False)", f"{DEVIATION}/sqrt(numel(U))", ROOT),
    ("sinc(U)", SINC.replace("U", "(pi*U)"), SERIES),
    ("det(A)", "A[0, 0]*A[1, 1] - A[0, 1]*A[1, 0]", FACTORS, "A is 2 by 2"),
    ("det(A)", MINORS, FACTORS, "A is 3 by 3"),
    ("sqrt(U)", "where(U > 0, sqrt(where(U > 0, U, 1)), 0)", GUARD),
    ("U*log(V)", "where(U == 0, 0, U*log(where(U == 0, 1, V)))", POLE),
    ("M/N", "where(M == 0, 0, M/where(M == 0, 1, N))", POLE),
    ("exp(-1/M)", "where(M == 0, 0, exp(-1/where(M == 0, 1, M)))", GUARD),
    ("exp(-V/M)", "where(M == 0, 0, exp(-V/where(M == 0, 1, M)))", GUARD),
    ("U**0.5", "where(U > 0, where(U > 0, U, 1)**0.5, 0)", GUARD),
    ("U**1.5", "where(U > 0, where(U > 0, U, 1)**1.5, 0)", GUARD),
)
"""Rows for what no other row makes better, not worth it unless something is wrong."""

CHANGING: tuple[tuple[str, ...], ...] = (
    ("U/norm(U)", "normalize(U, dim=0)", "0 is not divided by 0",
     ELSEWHERE, "U is a vector"),
    ("U/sqrt(sum(U**2))", "normalize(U, dim=0)", "0 is not divided by 0",
     ELSEWHERE, "U is a vector"),
    ("U/norm(U, dim=D, keepdim=True)", "normalize(U, dim=D)", "0 is not divided by 0",
     ELSEWHERE),
    ("U*log(U/V)", "-entr(U) - xlogy(U, V)", POLE, NEGATIVE),
    ("xlogy(U, U/V)", "-entr(U) - xlogy(U, V)", POLE, NEGATIVE),
    (f"(sqrt({ROOTS}) - V)/(2*A)", f"-2*C/(V + sqrt({ROOTS}))", CANCEL, DIVISOR),
    (f"(-V - sqrt({ROOTS}))/(2*A)", f"2*C/(sqrt({ROOTS}) - V)", CANCEL, DIVISOR),
)  # fmt: skip
"""Rows that are another function somewhere; the fourth text says where."""

CUTTING: tuple[tuple[str, ...], ...] = (
    (
        "binary_cross_entropy(sigmoid(U), Y, **O)",
        "binary_cross_entropy_with_logits(U, Y, **O)",
        "sigmoid rounds to 0 and 1 in no log",
        CUT,
    ),
    (
        "binary_cross_entropy(sigmoid(U), Y)",
        f"-mean({BCE})",
        "sigmoid rounds to 0 and 1 in no log",
        CUT,
    ),
)
"""Rows whose old form has a value of its own where it is another function: what is known of it, as
of what has been cut off, is not meant."""
