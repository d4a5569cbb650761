"""The table of stable forms: what is the same in real arithmetic, and why it is better in floats.

Single capital letters are metavariables: K is a number, M and N are neither numbers nor choices,
any other is an expression; `**O` are whatever options are given. The parts of sums and products
match in any order, and the negative of a sum matches too. A row that holds only on a condition
states it last; wherever the old form is undefined, the new one may be anything. More specific rows
come first.
"""

from collections.abc import Sequence
from functools import reduce

EXP = "it stays in the range of floats where exp leaves it"
CANCEL = "no nearly equal numbers are subtracted"
KINK = "no pieces have to fit together where the slope is undefined"
ROOT = "no root is taken whose slope is infinite"
GUARD = "no infinite slope meets the 0 of the branch that is not taken"
SMALL = "it keeps the digits that adding 1 would round away"
BESIDE = f"{EXP}, and keeps the digits that 1 beside it would round away"
SQUARE = "the squares neither overflow nor underflow"
LIMIT = "where 0 would be divided by 0 its limit stands"
SERIES = "near 0 a series stands for the quotient, whose slope loses no digits"
INVERSE = "no slope is infinite in it"
POLE = "no infinite slope is multiplied by 0"


def _series(variable: str, divisors: Sequence[int], sign: str = "+") -> str:
    """1 ± v/d*(1 ± v/d*(...)), by the divisors."""
    text = ""
    for divisor in reversed(divisors):
        term = f"{variable}/{divisor}"
        text = f"1 {sign} {term}*({text})" if text else f"1 {sign} {term}"
    return text


def _near(bound: float, inside: str, outside: str) -> str:
    """One form within a bound of U = 0, another outside, where `D` stands for a safe divisor."""
    test = f"abs(U) < {bound}"
    return f"where({test}, {inside}, {outside.replace('D', f'where({test}, 1, U)')})"


EXPREL = _near(0.1, _series("U", range(2, 11)), "expm1(U)/D")
DECAY = _near(0.1, _series("U", range(2, 11), "-"), "-expm1(-U)/D")
SINC = _near(0.5, _series("U**2", [6, 20, 42, 72, 110, 156, 210], "-"), "sin(U)/D")
SINHC = _near(0.5, _series("U**2", [6, 20, 42, 72, 110, 156, 210]), "sinh(U)/D")
VERSINE = _near(
    0.5, f"({_series('U**2', [12, 30, 56, 90, 132, 182, 240], '-')})/2", "2*(sin(U/2)/D)**2"
)
COSINE = _near(0.5, f"({_series('U**2', [12, 30, 56, 90, 132, 182, 240])})/2", "2*(sinh(U/2)/D)**2")
LOGREL = "where(U == 0, 1 - U/2, log1p(U)/where(U == 0, 1, U))"
LOGSERIES = _near(
    0.05, reduce(lambda rest, n: f"1/{n} - U*({rest})", range(12, 0, -1), "1/13"), "log1p(U)/D"
)
BCE = "Y*logsigmoid(U) + (1 - Y)*logsigmoid(-U)"
ANGLE = "2*atan2(norm(U/norm(U) - V/norm(V)), norm(U/norm(U) + V/norm(V)))"
DEVIATION = "norm(U - mean(U))"
ANGLED = "the angle comes from lengths, whose slopes are finite where the two are parallel"

ROWS: tuple[tuple[str, ...], ...] = (
    # sums of exponentials
    ("log(exp(U)/sum(exp(V)))", "U - logsumexp(V)", EXP),
    ("log(exp(U)/sum(exp(V), dim=D, keepdim=True))", "U - logsumexp(V, dim=D, keepdim=True)", EXP),
    ("log(sum(exp(U), **O))", "logsumexp(U, **O)", EXP),
    ("log(mean(exp(U)))", "logsumexp(U) - log(numel(U))", EXP),
    ("log(sum(U*exp(V), **O))", "logsumexp(V + log(U), **O)", EXP, "U > 0"),
    ("log(exp(U) + exp(V))", "logaddexp(U, V)", EXP),
    ("log(exp(U) + exp(V) + exp(W))", "logaddexp(logaddexp(U, V), W)", EXP),
    ("log(1 + exp(U) + exp(V))", "logaddexp(logaddexp(U, V), 0)", BESIDE),
    ("log(exp(U) - exp(V))", "U + log(-expm1(V - U))", EXP),
    ("log(cosh(U))", "logaddexp(U, -U) - log(2)", "cosh does not overflow in it"),
    ("log(cosh(U))", "log1p(2*sinh(U/2)**2)", SMALL),
    ("log(sinh(U))", "U + log(-expm1(-2*U)) - log(2)", "sinh does not overflow in it"),
    ("log(1 - tanh(U)**2)", "2*log(2) - 2*logaddexp(U, -U)", "tanh does not round to 1 in it"),
    ("sinh(U)/cosh(U)", "tanh(U)", "nothing overflows in it"),
    ("1/cosh(U)", "2*exp(-logaddexp(U, -U))", "cosh does not overflow in it"),
    ("exp(U)/sum(exp(U), dim=D, keepdim=True)", "softmax(U, dim=D)", EXP),
    ("exp(U)/sum(exp(U), dim=0)", "softmax(U, dim=0)", EXP),
    ("exp(U)/sum(exp(U))", "softmax(U)", EXP, "U is a vector"),
    ("exp(U)/sum(exp(U))", "exp(U - logsumexp(U))", EXP),
    ("sum(exp(U)*V)/sum(exp(U))", "sum(softmax(U)*V)", EXP, "U and V are vectors"),
    ("log(softmax(U, **O))", "log_softmax(U, **O)", "softmax does not underflow to 0 in it"),
    ("log(softmax(U, **O)[I])", "log_softmax(U, **O)[I]", "softmax does not underflow to 0 in it"),
    ("log(softmin(U, **O))", "log_softmax(-U, **O)", "softmin does not underflow to 0 in it"),
    ("prod(exp(U), **O)", "exp(sum(U, **O))", "no product overflows in it"),
    ("exp(U)/(exp(U) + exp(V))", "sigmoid(U - V)", EXP),
    ("(exp(U) - exp(-U))/(exp(U) + exp(-U))", "tanh(U)", EXP),
    ("(exp(2*U) - 1)/(exp(2*U) + 1)", "tanh(U)", BESIDE),
    ("(exp(U) - 1)/(exp(U) + 1)", "tanh(U/2)", BESIDE),
    ("exp(U)/(1 + exp(U))**2", "sigmoid(U)*sigmoid(-U)", BESIDE),
    ("exp(U)/(1 + exp(U))", "sigmoid(U)", BESIDE),
    ("log(1/(1 + exp(U)))", "logsigmoid(-U)", BESIDE),
    ("1/(1 + exp(U))", "sigmoid(-U)", BESIDE),
    ("Y*log(sigmoid(U)) + (1 - Y)*log(1 - sigmoid(U))", BCE, "sigmoid rounds to 0 and 1 in no log"),
    (
        "binary_cross_entropy(sigmoid(U), Y, **O)",
        "binary_cross_entropy_with_logits(U, Y, **O)",
        "sigmoid rounds to 0 and 1 in no log",
    ),
    ("log(1 - sigmoid(U))", "logsigmoid(-U)", "sigmoid does not round to 1 in it"),
    ("log(sigmoid(U))", "logsigmoid(U)", "sigmoid does not underflow to 0 in it"),
    ("1 - sigmoid(U)", "sigmoid(-U)", CANCEL),
    ("2*sigmoid(U) - 1", "tanh(U/2)", CANCEL),
    ("log(1 - exp(U))", "log(-expm1(U))", CANCEL),
    ("log(1 + exp(U))", "logaddexp(U, 0)", BESIDE),
    ("log1p(exp(U))", "logaddexp(U, 0)", EXP),
    ("exp(U)*exp(V)", "exp(U + V)", "no factor overflows or underflows alone"),
    ("exp(U)/exp(V)", "exp(U - V)", "no factor overflows or underflows alone"),
    ("1/exp(U)", "exp(-U)", EXP),
    ("exp(U)**V", "exp(U*V)", EXP),
    ("sqrt(exp(U))", "exp(U/2)", EXP),
    # inverses
    ("log1p(expm1(U))", "U", "nothing overflows in it"),
    ("expm1(log1p(U))", "U", "nothing is rounded in it"),
    ("log(exp(U))", "U", EXP),
    ("exp(log(U) - log(V))", "U/V", "the logarithms do not round", "U > 0, V > 0"),
    ("exp(log(U) + log(V))", "U*V", "the logarithms do not round", "U > 0, V > 0"),
    ("exp(log(U))", "U", "the logarithm does not overflow in its slope", "U > 0"),
    ("atanh(tanh(U))", "U", "tanh does not round to 1 in it"),
    ("asinh(sinh(U))", "U", "sinh does not overflow in it"),
    ("log(sigmoid(U)/(1 - sigmoid(U)))", "U", "sigmoid does not round to 0 or 1 in it"),
    ("logit(sigmoid(U))", "U", "sigmoid does not round to 0 or 1 in it"),
    ("sigmoid(logit(U))", "U", INVERSE, "0 <= U <= 1"),
    ("tanh(atanh(U))", "U", INVERSE, "-1 <= U <= 1"),
    ("sin(asin(U))", "U", INVERSE, "-1 <= U <= 1"),
    ("cos(acos(U))", "U", INVERSE, "-1 <= U <= 1"),
    ("cosh(acosh(U))", "U", INVERSE, "U >= 1"),
    ("erf(erfinv(U))", "U", INVERSE, "-1 <= U <= 1"),
    ("erfinv(erf(U))", "U", "erf does not round to 1 in it"),
    ("log2(exp2(U))", "U", EXP),
    ("exp(sum(log(U), **O))", "prod(U, **O)", INVERSE, "U >= 0"),
    ("exp(cumsum(log(U), **O))", "cumprod(U, **O)", INVERSE, "U >= 0"),
    ("exp(V*log(U))", "U**V", "the logarithm does not overflow in its slope", "U > 0"),
    # logarithms
    ("log(ndtr(U))", "log(erfc(-U/sqrt(2))/2)", "erfc keeps its digits where it is small"),
    ("log((1 + U)/(1 - U))", "2*atanh(U)", SMALL),
    ("log(1 + U) - log(1 - U)", "2*atanh(U)", SMALL),
    ("log(U + 1) - log(U)", "log1p(1/U)", CANCEL, "U > 0"),
    ("log(U + V) - log(U)", "log1p(V/U)", CANCEL, "U > 0"),
    ("log(U/(1 - U))", "log(U) - log1p(-U)", "the quotient is not taken", "0 < U < 1"),
    ("log(1 + U)", "log1p(U)", SMALL),
    ("log2(1 + U)", "log1p(U)/log(2)", SMALL),
    ("log10(1 + U)", "log1p(U)/log(10)", SMALL),
    ("log(det(A))", "logdet(A)", "the determinant neither overflows nor underflows in it"),
    ("log(prod(U, **O))", "sum(log(U), **O)", "the product does not underflow in it", "U > 0"),
    ("log(prod(U, **O))", "sum(log(abs(U)), **O)", "the product does not underflow in it"),
    ("log(sqrt(U))", "log(U)/2", "no root is taken"),
    ("log(U**2)", "2*log(abs(U))", SQUARE),
    ("log(1/U)", "-log(U)", "the quotient does not overflow in it"),
    ("log(U/V)", "log(U) - log(V)", "the quotient does not overflow in it", "U > 0, V > 0"),
    ("log(U*V)", "log(U) + log(V)", "the product does not overflow in it", "U > 0, V > 0"),
    ("log(U/V)", "log(abs(U)) - log(abs(V))", "the quotient does not overflow in it"),
    ("log(U*V)", "log(abs(U)) + log(abs(V))", "the product does not overflow in it"),
    ("log(U**V)", "V*log(U)", "the power does not overflow in it", "U > 0"),
    # quotients of what is 0 together
    ("(exp(U) - 1)/U", "where(U == 0, 1 + U/2, expm1(U)/where(U == 0, 1, U))", LIMIT),
    ("(exp(U) - 1)/U", EXPREL, SERIES),
    ("expm1(U)/U", "where(U == 0, 1 + U/2, expm1(U)/where(U == 0, 1, U))", LIMIT),
    ("expm1(U)/U", EXPREL, SERIES),
    ("U/(exp(U) - 1)", "where(U == 0, 1 - U/2, U/expm1(where(U == 0, 1, U)))", LIMIT),
    ("U/(exp(U) - 1)", f"1/{EXPREL}", SERIES),
    ("U/expm1(U)", "where(U == 0, 1 - U/2, U/expm1(where(U == 0, 1, U)))", LIMIT),
    ("U/expm1(U)", f"1/{EXPREL}", SERIES),
    ("(1 - exp(-U))/U", "where(U == 0, 1 - U/2, -expm1(-U)/where(U == 0, 1, U))", LIMIT),
    ("(1 - exp(-U))/U", DECAY, SERIES),
    ("(exp(-U) - 1)/U", "where(U == 0, U/2 - 1, expm1(-U)/where(U == 0, 1, U))", LIMIT),
    ("(exp(-U) - 1)/U", f"-{DECAY}", SERIES),
    (
        "(exp(U) - 1 - U)/U**2",
        "where(abs(U) < 0.5, "
        + f"({_series('U', range(3, 18))})/2, (expm1(U) - U)/where(abs(U) < 0.5, 1, U)**2)",
        SERIES,
    ),
    ("sin(U)/U", "sinc(U/pi)", LIMIT),
    ("sin(U)/U", "where(U == 0, 1, sin(U)/where(U == 0, 1, U))", LIMIT),
    ("sin(U)/U", SINC, SERIES),
    ("U/sin(U)", "1/sinc(U/pi)", LIMIT),
    ("U/sin(U)", f"1/{SINC}", SERIES),
    ("sin(pi*U)/(pi*U)", "sinc(U)", LIMIT),
    ("sinh(U)/U", "where(U == 0, 1, sinh(U)/where(U == 0, 1, U))", LIMIT),
    ("sinh(U)/U", SINHC, SERIES),
    ("tan(U)/U", "where(U == 0, 1, tan(U)/where(U == 0, 1, U))", LIMIT),
    ("tanh(U)/U", "where(U == 0, 1, tanh(U)/where(U == 0, 1, U))", LIMIT),
    ("atan(U)/U", "where(U == 0, 1, atan(U)/where(U == 0, 1, U))", LIMIT),
    ("asin(U)/U", "where(U == 0, 1, asin(U)/where(U == 0, 1, U))", LIMIT),
    ("(1 - cos(U))/U**2", "sinc(U/(2*pi))**2/2", LIMIT),
    ("(1 - cos(U))/U**2", "where(U == 0, 1/2, 2*(sin(U/2)/where(U == 0, 1, U))**2)", LIMIT),
    ("(1 - cos(U))/U**2", VERSINE, SERIES),
    ("(1 - cos(U))/U", "where(U == 0, U/2, 2*sin(U/2)**2/where(U == 0, 1, U))", LIMIT),
    ("(1 - cos(U))/U", "sinc(U/(2*pi))*sin(U/2)", LIMIT),
    ("(cosh(U) - 1)/U**2", "where(U == 0, 1/2, 2*(sinh(U/2)/where(U == 0, 1, U))**2)", LIMIT),
    ("(cosh(U) - 1)/U**2", COSINE, SERIES),
    ("log(1 + U)/U", LOGREL, LIMIT),
    ("log(1 + U)/U", LOGSERIES, SERIES),
    ("log1p(U)/U", LOGREL, LIMIT),
    ("log1p(U)/U", LOGSERIES, SERIES),
    ("(sqrt(1 + U) - 1)/U", "1/(sqrt(1 + U) + 1)", CANCEL),
    ("(1 - sqrt(1 - U))/U", "1/(1 + sqrt(1 - U))", CANCEL),
    ("(U**2 - V**2)/(U - V)", "U + V", LIMIT),
    ("(U**2 - 1)/(U - 1)", "U + 1", LIMIT),
    ("U**2/U", "U", LIMIT),
    # products of 0 and what is infinite
    ("U*log(U) + (1 - U)*log(1 - U)", "-entr(U) - entr(1 - U)", POLE),
    ("xlogy(U, U) + xlogy(1 - U, 1 - U)", "-entr(U) - entr(1 - U)", POLE),
    ("xlogy(U, U)", "-entr(U)", POLE),
    ("U*(log(U) - log(V))", "-entr(U) - U*log(V)", POLE),
    ("-U*log(U) - (1 - U)*log(1 - U)", "entr(U) + entr(1 - U)", POLE),
    ("-sum(U*log(U), **O)", "sum(entr(U), **O)", POLE),
    ("-U*log(U)", "entr(U)", POLE),
    ("U*log(U)", "-entr(U)", POLE),
    ("U*log(-U)", "entr(-U)", POLE),
    ("U*sqrt(U)", "U**1.5", POLE),
    ("U**2*log(U)", "where(U == 0, 0, U**2*log(where(U == 0, 1, U)))", POLE),
    # differences of functions
    ("exp(U) + exp(-U) - 2", "4*sinh(U/2)**2", CANCEL),
    ("exp(U) - exp(-U)", "2*sinh(U)", CANCEL),
    ("exp(U) - exp(V)", "exp(V)*expm1(U - V)", CANCEL),
    ("exp(U) - 1", "expm1(U)", CANCEL),
    ("cosh(U) - 1", "2*sinh(U/2)**2", CANCEL),
    ("cosh(U) - sinh(U)", "exp(-U)", CANCEL),
    ("(1 - cos(U))/sin(U)", "tan(U/2)", CANCEL),
    ("1 - cos(U)**2", "sin(U)**2", CANCEL),
    ("1 - sin(U)**2", "cos(U)**2", CANCEL),
    ("1 - cos(U)", "2*sin(U/2)**2", CANCEL),
    ("sin(U) - sin(V)", "2*cos((U + V)/2)*sin((U - V)/2)", CANCEL),
    ("cos(U) - cos(V)", "-2*sin((U + V)/2)*sin((U - V)/2)", CANCEL),
    ("tan(U) - tan(V)", "sin(U - V)/(cos(U)*cos(V))", CANCEL),
    ("atan(U) - atan(V)", "atan2(U - V, 1 + U*V)", CANCEL, "U*V > -1"),
    ("sqrt(1 - tanh(U)**2)", "1/cosh(U)", CANCEL),
    ("1 - tanh(U)**2", "4*sigmoid(2*U)*sigmoid(-2*U)", CANCEL),
    ("1 - tanh(U)**2", "1/cosh(U)**2", CANCEL),
    ("1 - tanh(U)", "2*sigmoid(-2*U)", CANCEL),
    ("1 + tanh(U)", "2*sigmoid(2*U)", CANCEL),
    ("1 - erf(U)", "erfc(U)", CANCEL),
    ("1 + erf(U)", "erfc(-U)", CANCEL),
    ("1 - erfc(U)", "erf(U)", CANCEL),
    ("1 - ndtr(U)", "ndtr(-U)", CANCEL),
    # squares and roots
    ("sqrt(mean(U**2) - mean(U)**2)", f"{DEVIATION}/sqrt(numel(U))", CANCEL),
    ("mean(U**2, **O) - mean(U, **O)**2", "var(U, **O, unbiased=False)", CANCEL),
    ("U + K - K", "U", "nothing is rounded away"),
    ("U + V - V", "U", "nothing is rounded away", "U has the shape of U + V"),
    ("1/sqrt(U) - 1/sqrt(V)", "(V - U)/(sqrt(U)*sqrt(V)*(sqrt(U) + sqrt(V)))", CANCEL),
    ("sqrt(U) - sqrt(V)", "(U - V)/(sqrt(U) + sqrt(V))", CANCEL, "not both are 0"),
    ("1/U - 1/V", "(V - U)/(U*V)", CANCEL),
    ("U**2 - V**2", "(U - V)*(U + V)", CANCEL),
    ("U**3 - V**3", "(U - V)*(U**2 + U*V + V**2)", CANCEL),
    ("1 - U**2", "(1 - U)*(1 + U)", CANCEL),
    ("U**2 - 1", "(U - 1)*(U + 1)", CANCEL),
    ("sqrt(sum(U**2, **O))", "norm(U, **O)", ROOT),
    ("sqrt(U@U)", "norm(U)", ROOT, "U is a vector"),
    ("sqrt(dot(U, U))", "norm(U)", ROOT, "U is a vector"),
    ("sqrt(var(U, **O))", "std(U, **O)", ROOT),
    ("sqrt(U**2 + V**2)", "hypot(U, V)", SQUARE),
    ("sqrt(U**2 + V**2)", "norm(stack([U, V]), dim=0)", ROOT),
    ("sqrt(U**2 + V**2 + W**2)", "norm(stack([U, V, W]), dim=0)", ROOT),
    ("hypot(U, V)", "norm(stack([U, V]), dim=0)", ROOT),
    ("sqrt(U**2 + V**2 + W**2)", "hypot(hypot(U, V), W)", SQUARE),
    ("sqrt(U**2 + 1)", "hypot(U, 1)", SQUARE),
    ("sqrt(U**2)", "abs(U)", ROOT),
    ("sqrt(U**4)", "U**2", ROOT),
    ("sqrt(U)**2", "U", ROOT, "U >= 0"),
    ("sqrt(U)**4", "U**2", ROOT, "U >= 0"),
    ("(U**2)**K", "abs(U)**(2*K)", ROOT),
    ("sum(U**2, **O)**K", "norm(U, **O)**(2*K)", ROOT),
    ("sqrt(relu(U))", "where(U > 0, sqrt(where(U > 0, U, 1)), 0)", GUARD),
    ("sqrt(maximum(U, 0))", "where(U > 0, sqrt(where(U > 0, U, 1)), 0)", GUARD),
    ("sqrt(clamp(U, min=0))", "where(U > 0, sqrt(where(U > 0, U, 1)), 0)", GUARD),
    ("norm(U)**2", "sum(U**2)", ROOT),
    ("hypot(U, V)**2", "U**2 + V**2", ROOT),
    # pieces that make a smooth whole
    ("abs(U)**2", "U**2", KINK),
    ("abs(U**2)", "U**2", KINK),
    ("relu(U**2)", "U**2", KINK),
    ("sign(U)*abs(U)", "U", KINK),
    ("relu(U) - relu(-U)", "U", KINK),
    ("relu(U) + relu(-U)", "abs(U)", KINK),
    ("relu(U) + minimum(U, 0)", "U", KINK),
    ("maximum(U, 0) - maximum(-U, 0)", "U", KINK),
    ("maximum(U, V) + minimum(U, V)", "U + V", KINK),
    ("clamp(U, min=K) + clamp(U, max=K)", "U + K", KINK),
    ("maximum(U, -U)", "abs(U)", KINK),
    ("maximum(U, U)", "U", KINK),
    ("minimum(U, U)", "U", KINK),
    ("where(C, U, U)", "U", KINK),
    # angles
    (
        "acos(1 - U**2)",
        "2*asin(abs(U)/sqrt(2))",
        "no digits are lost next to 1, where acos has none",
    ),
    ("acos(U@V/(norm(U)*norm(V)))", ANGLE, ANGLED, "U and V are vectors"),
    ("acos(U@V/norm(U)/norm(V))", ANGLE, ANGLED, "U and V are vectors"),
    ("acos(dot(U, V)/(norm(U)*norm(V)))", ANGLE, ANGLED),
    ("acos(sum(U*V)/(norm(U)*norm(V)))", ANGLE, ANGLED),
    # linear algebra
    (
        "log(abs(det(A)))",
        "logdet(A)",
        "the determinant neither overflows nor underflows in it",
        "det(A) > 0",
    ),
    ("inv(A)@B", "solve(A, B)", "the inverse is not formed"),
)

CANCELLING: tuple[tuple[str, ...], ...] = (
    ("sqrt(U) - V", "(U - V**2)/(sqrt(U) + V)", CANCEL, "sqrt(U) + V is not 0"),
)
"""Rows that are worth it only where something in the new numerator cancels."""
