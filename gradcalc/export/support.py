"""Functions that stand in front of code as loops where it calls them, for each language."""

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
    "has_full_rank": """\
/* whether a matrix has full rank but for rounding, by Gauss with complete pivots */
static int has_full_rank(const double *a, int m, int n) {
    double *left = malloc(m*n*sizeof *left), first = 0.0;
    int size = m < n ? m : n, full = 1;
    memcpy(left, a, m*n*sizeof *left);
    for (int k = 0; k < size && full; k++) {
        int row = k, column = k;
        for (int i = k; i < m; i++)
            for (int j = k; j < n; j++)
                if (fabs(left[i*n + j]) > fabs(left[row*n + column])) { row = i; column = j; }
        double best = left[row*n + column];
        if (k == 0) first = fabs(best);
        full = fabs(best) > first*(m > n ? m : n)*2.3e-16;
        for (int j = 0; j < n; j++) {
            double held = left[k*n + j]; left[k*n + j] = left[row*n + j]; left[row*n + j] = held;
        }
        for (int i = 0; i < m; i++) {
            double held = left[i*n + k];
            left[i*n + k] = left[i*n + column]; left[i*n + column] = held;
        }
        for (int i = k + 1; i < m && full; i++)
            for (int j = n - 1; j >= k; j--) left[i*n + j] -= left[i*n + k]/best*left[k*n + j];
    }
    free(left);
    return full;
}""",
    "cholesky": """\
/* the lower triangle l with l l' the symmetric part of a */
static void cholesky(double *l, const double *a, int n) {
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double s = (a[i*n + j] + a[j*n + i])/2;
            for (int k = 0; k < j; k++) s -= l[i*n + k]*l[j*n + k];
            l[i*n + j] = j > i ? 0.0 : i != j ? s/l[j*n + j] : s > 0 ? sqrt(s) : NAN;
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
    "has_full_rank": '''\
def has_full_rank(a, m, n):
    """Whether a matrix has full rank but for rounding, by Gauss with complete pivots."""
    rows = [[a[i*n + j] for j in range(n)] for i in range(m)]
    first = max(map(abs, a), default=0.0)
    for k in range(min(m, n)):
        best, row, column = max((abs(rows[i][j]), i, j) for i in range(k, m) for j in range(k, n))
        if not best > first*max(m, n)*2.3e-16:
            return False
        rows[k], rows[row] = rows[row], rows[k]
        for own in rows:
            own[k], own[column] = own[column], own[k]
        for own in rows[k + 1 :]:
            share = own[k]/rows[k][k]
            own[:] = [one - share*other for one, other in zip(own, rows[k])]
    return True''',
    "cholesky": '''\
def cholesky(l, a, n):
    """The lower triangle l with l l' the symmetric part of a."""
    for i in range(n):
        for j in range(i + 1):
            s = (a[i*n + j] + a[j*n + i])/2 - sum(l[i*n + k]*l[j*n + k] for k in range(j))
            root = math.sqrt(s) if s > 0 else math.nan
            l[i*n + j] = root if i == j else s/l[j*n + j]''',
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
    "has_full_rank": """\
function has_full_rank(a, m, n)
    return rank(permutedims(reshape(a, n, m))) == min(m, n)
end""",
    "lower": """\
# the lower triangle l with l l' the symmetric part of a
function lower(l, a, n)
    matrix = permutedims(reshape(a, n, n))
    l .= vec(permutedims(Matrix(cholesky(Symmetric((matrix + matrix')/2)).L)))
end""",
}
JULIA_HELPERS["solve"] = JULIA_HELPERS["solve"].replace("\\\\", "\\")
