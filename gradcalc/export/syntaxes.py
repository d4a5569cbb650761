"""C, Julia and Python's own lists: how each writes loops, arrays and functions of elements."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gradcalc.export.expressions import Scalars
from gradcalc.export.libraries import python_power
from gradcalc.expr.written import ATOM, COMPARISON, POWER, SUM, Text


@dataclass(frozen=True, slots=True)
class Syntax:
    """How a language writes statements.

    `loop` opens one over so many numbers from 0, `end` closes it; `at` is an element of an array by
    its place from 0; `array` makes one of zeros and `number` a variable; `end_of` closes a line.
    `call` has a helper fill an array. `tables` hold fixed numbers, whole ones or not.
    """

    name: str
    scalars: Scalars
    loop: Callable[[str, int], str]
    end: str | None
    at: Callable[[str, str], str]
    array: Callable[[str, int], str]
    number: Callable[[str, str], str]
    end_of: str
    call: Callable[[str, str, list[str]], str]
    table: Callable[[str, list[str], bool], str]
    certain: Callable[[str], str]
    whole: Callable[[str], str]
    divided: str
    helpers: Mapping[str, str]


SAME = (
    "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh",
    "acosh", "atanh", "sqrt", "expm1", "log1p",
)  # fmt: skip
"""Functions of the same name everywhere."""


def _either(c: Text, a: Text, b: Text) -> Text:
    condition = c.within(SUM) if c.level != COMPARISON else c.text
    return Text(f"({condition} ? {a.within(SUM)} : {b.within(SUM)})")


def _python_either(c: Text, a: Text, b: Text) -> Text:
    return Text(f"({a.text} if {c.text} else {b.text})")


def _c_power(base: Text, exponent: Text) -> Text:
    return Text(f"pow({base.text}, {exponent.text})")


def _python_own_power(base: Text, exponent: Text) -> Text:
    whole = exponent.text.removesuffix(".0").lstrip("-").isdigit()
    if whole:
        return python_power(base, Text(exponent.text.removesuffix(".0"), exponent.level))
    return Text(f"math.pow({base.text}, {exponent.text})")


def _julia_power(base: Text, exponent: Text) -> Text:
    plain = Text(exponent.text.removesuffix(".0"), exponent.level)
    return Text(f"{base.within(ATOM)}^{plain.within(ATOM)}", POWER)


C_SCALARS = Scalars(
    "C",
    {
        **{name: name for name in SAME}, "abs": "fabs", "floor": "floor", "ceil": "ceil",
        "erf": "erf", "erfc": "erfc", "lgamma": "lgamma", "gamma": "tgamma", "atan2": "atan2",
        "sign": "sign_of", "sigmoid": "sigmoid", "logaddexp": "logaddexp", "isnan": "isnan",
        "isinf": "isinf", "isfinite": "isfinite",
    },
    _either, _c_power, lambda x: Text(f"square({x.text})"), (" && ", " || ", "!"), whole=False,
    words={"pi": "3.141592653589793", "nan": "NAN", "inf": "INFINITY", "True": "1", "False": "0"},
)  # fmt: skip
JULIA_SCALARS = Scalars(
    "Julia",
    {
        **{name: name for name in SAME}, "abs": "abs", "floor": "floor", "ceil": "ceil",
        "atan2": "atan", "sign": "sign", "sigmoid": "sigmoid", "logaddexp": "logaddexp",
        "isnan": "isnan", "isinf": "isinf", "isfinite": "isfinite",
    },
    _either, _julia_power, lambda x: Text(f"{x.within(ATOM)}^2", POWER), (" && ", " || ", "!"),
    whole=False,
    words={"pi": "3.141592653589793", "nan": "NaN", "inf": "Inf", "True": "true", "False": "false"},
)  # fmt: skip
PYTHON_SCALARS = Scalars(
    "plain Python",
    {
        **{name: f"math.{name}" for name in SAME}, "abs": "abs", "floor": "math.floor",
        "ceil": "math.ceil", "erf": "math.erf", "erfc": "math.erfc", "lgamma": "math.lgamma",
        "gamma": "math.gamma", "atan2": "math.atan2", "sign": "sign_of", "sigmoid": "sigmoid",
        "logaddexp": "logaddexp", "isnan": "math.isnan", "isinf": "math.isinf",
        "isfinite": "math.isfinite",
    },
    _python_either, _python_own_power, lambda x: Text(f"{x.within(ATOM)}**2", POWER),
    (" and ", " or ", "not "),
    words={"pi": "math.pi", "nan": "math.nan", "inf": "math.inf", "True": "True", "False": "False"},
)  # fmt: skip

C_HELPERS = {
    "square": "static double square(double x) { return x*x; }",
    "sign_of": "static double sign_of(double x) { return (x > 0) - (x < 0); }",
    "sigmoid": """\
/* 1/(1 + exp(-x)), without overflow */
static double sigmoid(double x) {
    double power = exp(-fabs(x));
    return (x >= 0 ? 1.0 : power)/(1.0 + power);
}""",
    "logaddexp": """\
/* log(exp(a) + exp(b)), without overflow */
static double logaddexp(double a, double b) {
    double top = a > b ? a : b;
    return isfinite(top) ? top + log1p(exp(-fabs(a - b))) : top;
}""",
    "factor": """\
/* LU factors in place of a, the rows as they were taken; the sign of their order, 0 if singular */
static int factor(double *a, int *rows, int n) {
    int sign = 1;
    for (int i = 0; i < n; i++) rows[i] = i;
    for (int k = 0; k < n; k++) {
        int best = k;
        for (int i = k + 1; i < n; i++)
            if (fabs(a[i*n + k]) > fabs(a[best*n + k])) best = i;
        if (a[best*n + k] == 0.0) return 0;
        if (best != k) {
            for (int j = 0; j < n; j++) {
                double held = a[k*n + j]; a[k*n + j] = a[best*n + j]; a[best*n + j] = held;
            }
            int row = rows[k]; rows[k] = rows[best]; rows[best] = row;
            sign = -sign;
        }
        for (int i = k + 1; i < n; i++) {
            a[i*n + k] /= a[k*n + k];
            for (int j = k + 1; j < n; j++) a[i*n + j] -= a[i*n + k]*a[k*n + j];
        }
    }
    return sign;
}""",
    "solve": """\
/* the solution x of a x = b, where b has m columns */
static void solve(double *x, const double *a, const double *b, int n, int m) {
    double *lu = malloc(n*n*sizeof *lu);
    int *rows = malloc(n*sizeof *rows);
    memcpy(lu, a, n*n*sizeof *lu);
    int sign = factor(lu, rows, n);
    for (int c = 0; c < m; c++) {
        for (int i = 0; i < n; i++) {
            double s = b[rows[i]*m + c];
            for (int j = 0; j < i; j++) s -= lu[i*n + j]*x[j*m + c];
            x[i*m + c] = s;
        }
        for (int i = n - 1; i >= 0; i--) {
            double s = x[i*m + c];
            for (int j = i + 1; j < n; j++) s -= lu[i*n + j]*x[j*m + c];
            x[i*m + c] = sign ? s/lu[i*n + i] : NAN;
        }
    }
    free(lu);
    free(rows);
}""",
    "inverse": """\
static void inverse(double *x, const double *a, int n) {
    double *eye = calloc(n*n, sizeof *eye);
    for (int i = 0; i < n; i++) eye[i*n + i] = 1.0;
    solve(x, a, eye, n, n);
    free(eye);
}""",
    "determinant": """\
static void determinant(double *x, const double *a, int n) {
    double *lu = malloc(n*n*sizeof *lu);
    int *rows = malloc(n*sizeof *rows);
    memcpy(lu, a, n*n*sizeof *lu);
    x[0] = factor(lu, rows, n);
    for (int i = 0; i < n && x[0] != 0.0; i++) x[0] *= lu[i*n + i];
    free(lu);
    free(rows);
}""",
    "log_determinant": """\
static void log_determinant(double *x, const double *a, int n) {
    double *lu = malloc(n*n*sizeof *lu);
    int *rows = malloc(n*sizeof *rows);
    memcpy(lu, a, n*n*sizeof *lu);
    int sign = factor(lu, rows, n);
    x[0] = sign ? 0.0 : -INFINITY;
    for (int i = 0; i < n && sign; i++) {
        x[0] += log(fabs(lu[i*n + i]));
        if (lu[i*n + i] < 0) sign = -sign;
    }
    if (sign < 0) x[0] = NAN;
    free(lu);
    free(rows);
}""",
    "cholesky": """\
/* the lower triangle l with l l' the symmetric part of a */
static void cholesky(double *l, const double *a, int n) {
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double s = (a[i*n + j] + a[j*n + i])/2;
            for (int k = 0; k < j; k++) s -= l[i*n + k]*l[j*n + k];
            l[i*n + j] = j > i ? 0.0 : i == j ? sqrt(s) : s/l[j*n + j];
        }
}""",
    "ordering": """\
/* the places of n numbers that are a step apart in order, equal ones as they stand */
static void ordering(int *places, const double *x, int n, int step, int falling) {
    for (int i = 0; i < n; i++) {
        int k = i;
        for (; k > 0; k--) {
            double before = x[places[k - 1]*step], own = x[i*step];
            if (falling ? before >= own : before <= own) break;
            places[k] = places[k - 1];
        }
        places[k] = i;
    }
}""",
}
PYTHON_HELPERS = {
    "sign_of": "def sign_of(x):\n    return (x > 0) - (x < 0)",
    "sigmoid": '''\
def sigmoid(x):
    """1/(1 + exp(-x)), without overflow."""
    power = math.exp(-abs(x))
    return (1.0 if x >= 0 else power)/(1.0 + power)''',
    "logaddexp": '''\
def logaddexp(a, b):
    """log(exp(a) + exp(b)), without overflow."""
    top = max(a, b)
    return top + math.log1p(math.exp(-abs(a - b))) if math.isfinite(top) else top''',
    "factor": '''\
def factor(a, n):
    """LU factors, the rows as they were taken, the sign of their order, 0 if singular."""
    a, rows, sign = list(a), list(range(n)), 1
    for k in range(n):
        best = max(range(k, n), key=lambda i: abs(a[i*n + k]))
        if a[best*n + k] == 0.0:
            return a, rows, 0
        if best != k:
            for j in range(n):
                a[k*n + j], a[best*n + j] = a[best*n + j], a[k*n + j]
            rows[k], rows[best] = rows[best], rows[k]
            sign = -sign
        for i in range(k + 1, n):
            a[i*n + k] /= a[k*n + k]
            for j in range(k + 1, n):
                a[i*n + j] -= a[i*n + k]*a[k*n + j]
    return a, rows, sign''',
    "solve": '''\
def solve(x, a, b, n, m):
    """The solution x of a x = b, where b has m columns."""
    lu, rows, sign = factor(a, n)
    for c in range(m):
        for i in range(n):
            x[i*m + c] = b[rows[i]*m + c] - sum(lu[i*n + j]*x[j*m + c] for j in range(i))
        for i in reversed(range(n)):
            s = x[i*m + c] - sum(lu[i*n + j]*x[j*m + c] for j in range(i + 1, n))
            x[i*m + c] = s/lu[i*n + i] if sign else math.nan''',
    "inverse": """\
def inverse(x, a, n):
    solve(x, a, [float(i == j) for i in range(n) for j in range(n)], n, n)""",
    "determinant": """\
def determinant(x, a, n):
    lu, _, x[0] = factor(a, n)
    for i in range(n):
        x[0] *= lu[i*n + i]""",
    "log_determinant": """\
def log_determinant(x, a, n):
    lu, _, sign = factor(a, n)
    x[0] = 0.0 if sign else -math.inf
    for i in range(n if sign else 0):
        x[0] += math.log(abs(lu[i*n + i]))
        sign = -sign if lu[i*n + i] < 0 else sign
    if sign < 0:
        x[0] = math.nan""",
    "cholesky": '''\
def cholesky(l, a, n):
    """The lower triangle l with l l' the symmetric part of a."""
    for i in range(n):
        for j in range(i + 1):
            s = (a[i*n + j] + a[j*n + i])/2 - sum(l[i*n + k]*l[j*n + k] for k in range(j))
            l[i*n + j] = math.sqrt(s) if i == j else s/l[j*n + j]''',
    "ordering": '''\
def ordering(x, n, step, falling):
    """The places of n numbers that are a step apart in order, equal ones as they stand."""
    return sorted(range(n), key=lambda i: x[i*step], reverse=falling)''',
}
JULIA_HELPERS = {
    "sigmoid": """\
# 1/(1 + exp(-x)), without overflow
function sigmoid(x)
    power = exp(-abs(x))
    return (x >= 0 ? 1.0 : power)/(1.0 + power)
end""",
    "logaddexp": """\
# log(exp(a) + exp(b)), without overflow
function logaddexp(a, b)
    top = max(a, b)
    return isfinite(top) ? top + log1p(exp(-abs(a - b))) : top
end""",
    "solve": """\
# the solution x of a x = b, where b has m columns; numbers lie row by row
function solve(x, a, b, n, m)
    matrix, right = permutedims(reshape(a, n, n)), permutedims(reshape(b, m, n))
    x .= vec(permutedims(matrix\\\\right))
end""",
    "inverse": """\
function inverse(x, a, n)
    x .= vec(permutedims(inv(permutedims(reshape(a, n, n)))))
end""",
    "determinant": """\
function determinant(x, a, n)
    x[1] = det(permutedims(reshape(a, n, n)))
end""",
    "log_determinant": """\
function log_determinant(x, a, n)
    x[1] = logdet(permutedims(reshape(a, n, n)))
end""",
    "lower": """\
# the lower triangle l with l l' the symmetric part of a
function lower(l, a, n)
    matrix = permutedims(reshape(a, n, n))
    l .= vec(permutedims(Matrix(cholesky(Symmetric((matrix + matrix')/2)).L)))
end""",
}
JULIA_HELPERS["solve"] = JULIA_HELPERS["solve"].replace("\\\\", "\\")


def _c_number(name: str, value: str) -> str:
    return f"double {name} = {value};"


C = Syntax(
    "C", C_SCALARS,
    lambda i, n: f"for (int {i} = 0; {i} < {n}; {i}++) {{", "}",
    lambda name, place: f"{name}[{place}]",
    lambda name, size: f"double {name}[{size}] = {{0.0}};",
    _c_number, ";",
    lambda name, out, given: f"{name}({', '.join([out, *given])});",
    lambda name, items, whole: (
        f"static const {'int' if whole else 'double'} {name}[] = {{{', '.join(items)}}};"
    ),
    lambda condition: f"assert({condition});",
    lambda value: f"(int) {value}", "/", C_HELPERS,
)  # fmt: skip
PYTHON = Syntax(
    "python", PYTHON_SCALARS,
    lambda i, n: f"for {i} in range({n}):", None,
    lambda name, place: f"{name}[{place}]",
    lambda name, size: f"{name} = [0.0]*{size}",
    lambda name, value: f"{name} = {value}", "",
    lambda name, out, given: f"{name}({', '.join([out, *given])})",
    lambda name, items, whole: f"{name} = ({', '.join(items)},)",
    lambda condition: f'assert {condition}, "the program would go another way here"',
    lambda value: f"int({value})", "//", PYTHON_HELPERS,
)  # fmt: skip
JULIA = Syntax(
    "Julia", JULIA_SCALARS,
    lambda i, n: f"for {i} in 0:{n - 1}", "end",
    lambda name, place: f"{name}[{int(place) + 1}]" if place.isdigit() else f"{name}[{place} + 1]",
    lambda name, size: f"{name} = zeros({size})",
    lambda name, value: f"{name} = {value}", "",
    lambda name, out, given: f"{ {'cholesky': 'lower'}.get(name, name) }({', '.join([out, *given])})",
    lambda name, items, whole: f"{name} = [{', '.join(items)}]",
    lambda condition: f"@assert {condition}",
    lambda value: f"Int({value})", "÷", JULIA_HELPERS,
)  # fmt: skip
