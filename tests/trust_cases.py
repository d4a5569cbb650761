"""Programs at awkward points, with the outcomes that mathematics gives them."""

from typing import Any, NamedTuple

import numpy as np

from gradcalc.calculate import calculate
from gradcalc.derive.runs import Runs
from gradcalc.enclosure.experiment import Experiment
from gradcalc.lang.fence import compile_program
from gradcalc.problem import Problem
from gradcalc.report import Report
from gradcalc.testimony import Absent, Enclosed
from gradcalc.witnesses import enclosure


def problem(
    program: str,
    dtype: str = "float64",
    *,
    lets: tuple[tuple[str, str], ...] = (),
    claims: dict[str, str] | None = None,
    **options: Any,
) -> Problem:
    """A problem; options that are no options of Problem are its inputs."""
    known = {f for f in Problem.__dataclass_fields__ if f in options}
    inputs = {
        name: np.asarray(value, dtype=dtype).astype(np.float64)
        for name, value in options.items()
        if name not in known
    }
    compiled = compile_program(program)
    named = (*inputs, *compiled.assigned, *(name for name, _ in lets))
    return Problem(
        program=compiled,
        inputs=inputs,
        lets=tuple((name, compile_program(text)) for name, text in lets),
        claims={n: compile_program(text, known=named) for n, text in (claims or {}).items()},
        dtype=dtype,
        **{"wrt": tuple(inputs), **{name: options[name] for name in known}},
    )


def report(program: str, dtype: str = "float64", **options: Any) -> Report:
    """The report of a program at a point."""
    return calculate(problem(program, dtype, **options))


def experiment(asked: Problem) -> Experiment:
    """The runs of a problem on balls."""
    return Experiment(Runs(asked))


def enclosed(asked: Problem) -> Enclosed | Absent:
    """What the enclosure says of a problem."""
    return enclosure.testify(experiment(asked))


class Trap(NamedTuple):
    """A program at a point, and the outcomes that are right."""

    name: str
    program: str
    inputs: dict[str, Any]
    outcomes: tuple[str, ...]
    dtype: str = "float64"


LOOP = """\
def f(a):
    b = a*2
    while b.norm() < 1000:
        b = b*2
    if b.sum() > 0:
        c = b
    else:
        c = 100*b
    return sum(c)
"""

# The first cases of the project's own list.
SHARED = (
    Trap("abs-0", "abs(x)", {"x": 0.0}, ("kink",)),
    Trap("maximum-0", "maximum(x, 0*x)", {"x": 0.0}, ("kink",)),
    Trap("relu-diff", "relu(x) - relu(-x)", {"x": 0.0}, ("wrong",)),
    Trap("sqrt-sq", "sqrt(x**2)", {"x": 0.0}, ("wrong",)),
    Trap("sqrt-0", "sqrt(x)", {"x": 0.0}, ("edge", "singular")),
    Trap("where-sqrt", "where(x > 0, sqrt(x), 0*x)", {"x": -1.0}, ("wrong",)),
    Trap("lse-naive", "log(sum(exp(x)))", {"x": [1000.0, 999.0]}, ("wrong",)),
    Trap("lse", "logsumexp(x)", {"x": [1000.0, 999.0]}, ("verified",)),
    Trap("softplus-21", "softplus(x)", {"x": 21.0}, ("verified",)),
    Trap("cos-8", "(1 - cos(x))/x**2", {"x": 1e-08}, ("wrong",)),
    Trap("tanh-20", "tanh(x)", {"x": 20.0}, ("vanished",)),
    Trap("det-sing", "det(x)", {"x": [[1.0, 2.0], [2.0, 4.0]]}, ("wrong",)),
    Trap("floor-in", "floor(x)*x", {"x": 1.5}, ("verified",)),
    Trap("floor-jump", "floor(x)", {"x": 1.0}, ("jump",)),
    Trap("tan-pi2", "tan(x)", {"x": 1.5707963267948966}, ("verified",)),
    Trap("loop", LOOP, {"a": [0.3, 0.4]}, ("verified",)),
    Trap("detach-cube", "detach(x*x)*x", {"x": [1.0, 2.0, 3.0]}, ("verified",)),
)

STEP = "y = x*3\nif x > 0.3:\n    y = x*x\ny"
CONTINUOUS = "y = 2*x\nif x > 1:\n    y = x*x + 1\ny"
GROWING = "y = x\nwhile y < 8:\n    y = y*2\ny"
MASKED_NORM = "where(x > 0, x/x, 0*x)"

KINKS = (
    Trap("abs-vector", "sum(abs(x))", {"x": [0.0, 1.0, 0.0]}, ("kink",)),
    Trap("abs-off", "sum(abs(x))", {"x": [1e-9, -1e-9, 1e-300]}, ("verified",)),
    Trap("abs-minus-zero", "abs(x)", {"x": -0.0}, ("kink",)),
    Trap("relu", "relu(x)", {"x": 0.0}, ("kink",)),
    Trap("relu-inner", "relu(x*x - 1)", {"x": 1.0}, ("kink",)),
    Trap("leaky-relu", "leaky_relu(x)", {"x": 0.0}, ("kink",)),
    Trap("elu-1", "elu(x)", {"x": 0.0}, ("verified",)),
    Trap("clamp-low", "clamp(x, -1, 1)", {"x": -1.0}, ("kink",)),
    Trap("clamp-high", "clamp(x, -1, 1)", {"x": 1.0}, ("kink",)),
    Trap("clamp-inside", "clamp(x, -1, 1)", {"x": 0.25}, ("verified",)),
    Trap("maximum-tie", "maximum(x, y)", {"x": 2.0, "y": 2.0}, ("kink",)),
    Trap("minimum-tie", "minimum(x, y)", {"x": [2.0, 1.0], "y": [2.0, 3.0]}, ("kink",)),
    Trap("maximum-of-the-same", "maximum(x, x)", {"x": 2.0}, ("verified",)),
    Trap("amax-tie", "amax(x)", {"x": [1.0, 1.0, 0.0]}, ("kink",)),
    Trap("amax-all-tied", "amax(x)", {"x": [1.0] * 20}, ("kink",)),
    Trap("amax-clear", "amax(x)", {"x": [1.0, 1.5, 0.0]}, ("verified",)),
    Trap("max-dim-tie", "x.max(dim=0).values.sum()", {"x": [[1.0, 2.0], [1.0, 0.0]]}, ("kink",)),
    Trap("sort-tie", "dot(sort(x).values, tensor([1.0, 2.0, 3.0]))", {"x": [2.0, 1.0, 1.0]},
         ("kink",)),
    Trap("sort-tie-summed", "sum(sort(x).values)", {"x": [2.0, 1.0, 1.0]}, ("verified",)),
    Trap("sort-clear", "sort(x).values[0]**2", {"x": [2.0, 1.0, 3.0]}, ("verified",)),
    Trap("norm-0", "norm(x)", {"x": [0.0, 0.0]}, ("kink",)),
    Trap("norm-1", "norm(x, 1)", {"x": [0.0, 1.0]}, ("kink",)),
    Trap("norm-inf-tie", "norm(x, inf)", {"x": [3.0, -3.0]}, ("kink",)),
    Trap("hypot-0", "hypot(x, y)", {"x": 0.0, "y": 0.0}, ("wrong",)),
    Trap("abs-abs", "abs(x)*abs(x)", {"x": 0.0}, ("verified",)),
    Trap("x-abs", "x*abs(x)", {"x": 0.0}, ("verified",)),
    Trap("abs-cancels", "abs(x) - abs(x)", {"x": 0.0}, ("verified",)),
    Trap("relu-squared", "relu(x)**2", {"x": 0.0}, ("verified",)),
    Trap("no-mixture", "relu(x + y) - relu(-x - y) + abs(x - y)", {"x": 0.0, "y": 0.0}, ("wrong",)),
    Trap("no-mixture-scaled", "relu(x + y) - relu(-x - y) + abs(x - y)*1e6 + 1e6*z",
         {"x": 0.0, "y": 0.0, "z": 1.0}, ("wrong",)),
    Trap("diagonal-corner", "relu(amin(x) - 0.9*amax(x))", {"x": [0.0, 0.0]}, ("kink",)),
    Trap("tiny-kink", "1e-100*abs(x)", {"x": 0.0}, ("kink",)),
    Trap("tiny-jump", "1e-200*sign(x)", {"x": 0.0}, ("jump",)),
    Trap("irrational-value", "sqrt(2 + relu(x)**2)", {"x": 0.0}, ("verified",)),
    Trap("irrational-smooth", "gelu(1 + abs(x)*x)", {"x": 0.0}, ("verified",)),
    Trap("inexact-zero", "(x/3 - y/3)**2", {"x": 1.0, "y": 1.0}, ("verified",)),
    Trap("inexact-zero-norm", "norm(x/3 - y/3)", {"x": [1.0, 2.0], "y": [1.0, 2.0]}, ("kink",)),
    Trap("inexact-zero-root", "sqrt((exp(x) - exp(y))**2)", {"x": 1.0, "y": 1.0}, ("wrong",)),
    Trap("small-neighbour", "norm(x) + relu(x[0])**2", {"x": [0.0, 1e-40]}, ("verified",)),
    Trap("kernel-diagonal", "exp(-norm(x - y)**2)", {"x": [1.0, 2.0], "y": [1.0, 2.0]},
         ("verified", "vanished")),
    Trap("slow-to-settle", "sign(x)*abs(x)**0.995", {"x": 0.0}, ("unresolved", "singular")),
    Trap("slow-kink", "abs(x)**1.01", {"x": 0.0}, ("unresolved", "verified")),
    Trap("torch-beside-a-kink", "(exp(x + 1e-10) - 1)/(x + 1e-10) + abs(x)**1.5",
         {"x": 0.0}, ("wrong",)),
    Trap("detached-cancellation", "detach((1e100 + x) - 1e100)*x + 0*abs(x - 1)", {"x": 1.0},
         ("wrong",)),
    Trap("thin-corner", "relu(1e-6*x - abs(y))", {"x": 0.0, "y": 0.0}, ("kink",)),
    Trap("constant-under-a-root", "sqrt(relu(x))", {"x": -1.0}, ("verified",)),
    Trap("constant-under-a-norm", "norm(relu(x))", {"x": [-1.0, -2.0]}, ("verified",)),
    Trap("nothing-under-a-root", "sqrt(0*x)", {"x": 1.0}, ("wrong",)),
    Trap("flat-layer-norm", "layer_norm(x)", {"x": [1.0, 1.0, 1.0]}, ("verified", "vanished")),
    Trap("equal-variance", "var(x)", {"x": [0.1, 0.1, 0.1]}, ("verified", "vanished")),
    Trap("steep", "tanh(1e30*x) + x*abs(x)", {"x": 0.0}, ("unresolved", "verified")),
    Trap("flat-std", "std(x)", {"x": [2.0, 2.0, 2.0]}, ("kink", "wrong")),
    Trap("beside-a-kink", "abs(x - 1e-50)", {"x": 0.0}, ("verified",)),
    Trap("a-value-that-cancels", "sum(x - mean(x))*c", {"x": [0.1, 0.7, 0.3], "c": 2.0,
         "wrt": ("c",)}, ("verified", "vanished")),
    Trap("relu-diff-beside", "relu(x[0]) - relu(-x[0]) + x[1]", {"x": [0.0, 0.0]}, ("wrong",)),
    Trap("maximum-as-identity", "maximum(x, 0) + minimum(x, 0)", {"x": 0.0}, ("verified",)),
    Trap("where-kink", "where(x > 0, x, 0*x)", {"x": 0.0}, ("kink",)),
    Trap("if-kink", CONTINUOUS, {"x": 1.0}, ("verified",)),
    Trap("sign-product", "sign(x)*x", {"x": 0.0}, ("kink",)),
    Trap("detached-kink", "detach(abs(x))*x", {"x": 0.0}, ("verified",)),
    Trap("weighted-away", "abs(x)", {"x": [0.0, 1.0], "cotangent": np.array([0.0, 1.0])},
         ("verified",)),
    Trap("huber", "huber_loss(x, y)", {"x": [1.0, 0.0], "y": [0.0, 0.0]}, ("verified",)),
    Trap("l1", "l1_loss(x, y)", {"x": [1.0, 0.0], "y": [0.5, 0.0]}, ("kink",)),
)  # fmt: skip

BORDERS = (
    Trap("log-0", "log(x)", {"x": 0.0}, ("edge", "singular")),
    Trap("log-negative", "log(x)", {"x": -1.0}, ("edge",)),
    Trap("acos-1", "acos(x)", {"x": 1.0}, ("edge", "singular")),
    Trap("asin-inside", "asin(x)", {"x": 0.5}, ("verified",)),
    Trap("asin-outside", "asin(x)", {"x": 1.5}, ("edge",)),
    Trap("acosh-1", "acosh(x)", {"x": 1.0}, ("edge", "singular")),
    Trap("atanh-1", "atanh(x)", {"x": 1.0}, ("edge", "singular")),
    Trap("pow-half-0", "x**0.5", {"x": 0.0}, ("edge", "singular")),
    Trap("pow-3-2-0", "x**1.5", {"x": 0.0}, ("edge",)),
    Trap("pow-2-0", "x**2", {"x": 0.0}, ("verified",)),
    Trap("pow-0-0", "x**0", {"x": 0.0}, ("verified",)),
    Trap("x-to-x", "x**x", {"x": 0.0}, ("edge",)),
    Trap("negative-base", "x**y", {"x": -2.0, "y": 2.0}, ("edge",)),
    Trap("negative-base-fixed", "x**2", {"x": -2.0}, ("verified",)),
    Trap("x-log-x", "x*log(x)", {"x": 0.0}, ("edge",)),
    Trap("reciprocal-0", "1/x", {"x": 0.0}, ("singular",)),
    Trap("log-abs-0", "log(abs(x))", {"x": 0.0}, ("singular",)),
    Trap("cube-root", "sign(x)*abs(x)**(1/3)", {"x": 0.0}, ("singular",)),
    Trap("one-of-many", "sum(sqrt(x))", {"x": [1.0, 0.0, 4.0]}, ("edge", "singular")),
    Trap("sinc-0", "sin(x)/x", {"x": 0.0}, ("edge",)),
    Trap("x-over-x", "x/x", {"x": 0.0}, ("edge",)),
    Trap("sinc-where", "where(x == 0, 1, sin(x)/x)", {"x": 0.0}, ("wrong",)),
    Trap("sinc-where-safe", "y = where(x == 0, 1, x); where(x == 0, 1 - x**2/6, sin(y)/y)",
         {"x": 0.0}, ("verified",)),
    Trap("xlogy-0", "xlogy(x, y)", {"x": 0.0, "y": 2.0}, ("verified",)),
    Trap("singular-logdet", "logdet(x)", {"x": [[1.0, 0.0], [0.0, 0.0]]}, ("singular", "edge")),
    Trap("huge-constants", "sum(x*1e300*1e300*1e-300)", {"x": np.ones(60_000)},
         ("verified", "unresolved")),
    Trap("tiny-logdet", "logdet(x)", {"x": [[1e-300, 0.0], [0.0, 1e-300]]}, ("verified",)),
    Trap("det-0", "det(x)", {"x": [[0.0, 0.0], [0.0, 0.0]]}, ("verified",)),
    Trap("det-regular", "det(x)", {"x": [[1.0, 2.0], [3.0, 4.0]]}, ("verified",)),
)  # fmt: skip

MASKED = (
    Trap("where-log", "where(x > 0, log(x), 0*x)", {"x": 0.0}, ("jump", "edge", "singular")),
    Trap("where-log-off", "where(x > 0, log(x), 0*x)", {"x": [-1.0, 2.0]}, ("verified",)),
    Trap("where-div", "where(x != 0, 1/x, 0*x)", {"x": [0.0, 2.0]}, ("singular", "jump")),
    Trap("where-acos", "where(abs(x) < 1, acos(x), 0*x)", {"x": [2.0, 0.5]}, ("wrong",)),
    Trap("where-pow", "where(x > 0, x**0.5, 0*x)", {"x": [-2.0, 0.5]}, ("wrong",)),
    Trap("where-cured", "where(x > 0, sqrt(where(x > 0, x, 1)), 0*x)", {"x": -1.0}, ("verified",)),
    Trap("where-eq", "where(x == 0, 0*x, x)", {"x": 0.0}, ("wrong",)),
    Trap("where-exp", "where(x < 10, exp(x), x)", {"x": [1000.0, 1.0]}, ("wrong",)),
    Trap("masked-product", "(x > 0)*sqrt(x*x)", {"x": 0.0}, ("wrong",)),
    Trap("norm-by-hand", "sqrt(sum(x*x))", {"x": [0.0, 0.0]}, ("wrong",)),
    Trap("norm-of-zero", "norm(x - x)", {"x": [1.0, 2.0]}, ("verified", "unresolved")),
    Trap("dead-branch", "0*sqrt(x) + x", {"x": 0.0}, ("edge",)),
    Trap("power-where", "where(x > 0, x**x, 1)", {"x": [-0.5, 1.5]}, ("wrong",)),
)

FLOATS = (
    Trap("exp-1000", "exp(x)", {"x": 1000.0}, ("wrong",)),
    Trap("exp-minus-1000", "exp(x)", {"x": -1000.0}, ("verified",)),
    Trap("gauss-1000", "exp(-x**2)", {"x": 1000.0}, ("verified",)),
    Trap("sigmoid-by-hand", "1/(1 + exp(-x))", {"x": -800.0}, ("wrong",)),
    Trap("sigmoid-exp", "exp(x)/(1 + exp(x))", {"x": 800.0}, ("wrong",)),
    Trap("sigmoid-800", "sigmoid(x)", {"x": -800.0}, ("verified",)),
    Trap("sigmoid-40", "sigmoid(x)", {"x": 40.0}, ("vanished",)),
    Trap("sigmoid-minus-40", "sigmoid(x)", {"x": -40.0}, ("verified",)),
    Trap("softmax-by-hand", "(exp(x)/sum(exp(x)))[0]", {"x": [1000.0, 999.0]}, ("wrong",)),
    Trap("softmax", "softmax(x)[0]", {"x": [1000.0, 999.0]}, ("verified",)),
    Trap("log-sigmoid", "log(sigmoid(x))", {"x": -800.0}, ("wrong",)),
    Trap("logsigmoid", "logsigmoid(x)", {"x": -800.0}, ("verified",)),
    Trap("norm-overflow", "sqrt(sum(x*x))", {"x": [1e200, 1e200]}, ("wrong",)),
    Trap("norm-underflow", "sqrt(sum(x*x))", {"x": [1e-200, 1e-200]}, ("wrong",)),
    Trap("square-1e200", "x**2", {"x": 1e200}, ("verified",)),
    Trap("linear-1e300", "sum(2*x)", {"x": [1e300, -1e300]}, ("verified",)),
    Trap("quadratic-1e-300", "sum(x*x)", {"x": [1e-300, 3e-300]}, ("verified",)),
    Trap("subnormal", "sum(x*x)", {"x": [5e-324, 1e-310]}, ("verified",)),
    Trap("out-and-back", "x*1e200*1e200*1e-300*1e-100", {"x": 1.0}, ("wrong",)),
    Trap("sin-1e22", "sin(x)", {"x": 1e22}, ("verified",)),
    Trap("cos-pi-2", "cos(x)", {"x": 1.5707963267948966}, ("verified",)),
    Trap("sin-of-pi", "sin(pi*x)", {"x": 1.0}, ("verified",)),
    Trap("tanh-0.1", "tanh(x)", {"x": 0.1}, ("verified",)),
    Trap("tanh-saturated-vector", "sum(tanh(x))", {"x": [30.0, 40.0]}, ("vanished",)),
    Trap("one-minus-tanh", "1 - tanh(x)", {"x": 20.0}, ("vanished",)),
    Trap("erf-6", "erf(x)", {"x": 6.0}, ("verified",)),
    Trap("log-1-plus", "log(1 + x)", {"x": 1e-18}, ("verified",)),
    Trap("expm1", "expm1(x)/x", {"x": 1e-10}, ("wrong",)),
    Trap("exp-minus-1", "(exp(x) - 1)/x", {"x": 1e-10}, ("wrong",)),
    Trap("difference-of-roots", "sqrt(x + 1) - sqrt(x)", {"x": 1e12}, ("wrong",)),
    Trap("variance-by-hand", "mean(x*x) - mean(x)**2", {"x": [1e8, 1e8 + 1.0, 1e8 + 2.0]},
         ("verified",)),
    Trap("softplus-30", "softplus(x)", {"x": 30.0}, ("verified",)),
    Trap("softplus-20", "softplus(x)", {"x": 20.0}, ("jump",)),
    Trap("softplus-mixed", "softplus(x)*x", {"x": [30.0, 20.5, 3.0]}, ("verified",)),
    Trap("softplus-soon", "softplus(x, beta=3, threshold=0.2)", {"x": [0.06, 0.07]},
         ("verified",)),
    Trap("softplus-19", "softplus(x)", {"x": 19.0}, ("verified",)),
    Trap("cancels-to-zero", "sum(softmax(x))", {"x": [0.3, 1.0, -2.0]}, ("vanished", "verified")),
    Trap("cancelling-inputs", "(x + y - z)**2", {"x": 0.1, "y": 0.2, "z": 0.3},
         ("unresolved", "verified")),
    Trap("absorbed", "(x + 1e20) - 1e20", {"x": 1.0}, ("verified",)),
    Trap("absorbed-square", "((x + 1e20) - 1e20)**2", {"x": 1.0}, ("wrong",)),
    Trap("polynomial", "x**3 - 3*x**2 + 3*x - 1", {"x": 1.0000001}, ("wrong",)),
    Trap("nan-input", "x*x", {"x": float("nan")}, ("unresolved",)),
    Trap("inf-input", "1/x", {"x": float("inf")}, ("verified",)),
)  # fmt: skip

STEPS = (
    Trap("floor-0", "floor(x)*x", {"x": 0.0}, ("kink",)),
    Trap("floor-1e26", "floor(x)", {"x": 1e26}, ("jump",)),
    Trap("rounding-chose", "where(norm(x) <= 1, y, 2*y)",
         {"x": [0.6, 0.8], "y": 1.0, "wrt": ("y",)}, ("unresolved", "verified")),
    Trap("jump-on-a-slope", "1e30*x + floor(x)", {"x": 1.0}, ("jump",)),
    Trap("jump-beside-large", "1e50 + sign(x)", {"x": 0.0}, ("jump",)),
    Trap("floor-2", "floor(x)*x", {"x": 2.0}, ("jump",)),
    Trap("ceil-off", "ceil(x)*x", {"x": 1.000001}, ("verified",)),
    Trap("round-half", "round(x)*x", {"x": 0.5}, ("jump",)),
    Trap("round-1", "round(x)*x", {"x": 1.0}, ("verified",)),
    Trap("trunc-0", "trunc(x)*x", {"x": 0.0}, ("verified",)),
    Trap("sign-0", "sign(x)", {"x": 0.0}, ("jump",)),
    Trap("sign-off", "sign(x)*x**2", {"x": -3.0}, ("verified",)),
    Trap("comparison", "(x > 1)*x", {"x": 1.0}, ("jump",)),
    Trap("comparison-off", "(x > 1)*x", {"x": [0.5, 2.0]}, ("verified",)),
    Trap("mod-at", "x % 2", {"x": 4.0}, ("jump",)),
    Trap("mod-off", "x % 2", {"x": -3.5}, ("verified",)),
    Trap("mod-by", "x % y", {"x": -7.5, "y": 2.0}, ("verified",)),
    Trap("floordiv-at", "x // 2", {"x": 4.0}, ("jump",)),
    Trap("floordiv-off", "(x // 2)*x", {"x": -3.5}, ("verified",)),
    Trap("jump-weighted-away", "floor(x)*x", {"x": [2.0, 0.5], "cotangent": np.array([0.0, 1.0])},
         ("verified",)),
    Trap("detached-jump", "detach(floor(x))*x", {"x": 1.0}, ("verified",)),
    Trap("argmax-tie", "x[argmax(x)]*2", {"x": [1.0, 1.0]}, ("kink",)),
    Trap("argmax-clear", "x[argmax(x)]*2", {"x": [1.0, 3.0]}, ("verified",)),
    Trap("argmax-value", "argmax(x)*x[0]", {"x": [2.0, 2.0]}, ("jump",)),
    Trap("if-at", STEP, {"x": 0.3}, ("jump",)),
    Trap("if-beside", STEP, {"x": 0.30000000000000004}, ("verified",)),
    Trap("if-far", STEP, {"x": 1.0}, ("verified",)),
    Trap("while-at", GROWING, {"x": 1.0}, ("jump",)),
    Trap("while-beside", GROWING, {"x": 1.0000000000000002}, ("verified",)),
    Trap("atan2-cut", "atan2(y, x)", {"y": 0.0, "x": -1.0}, ("jump",)),
    Trap("atan2-right", "atan2(y, x)", {"y": 0.0, "x": 1.0}, ("verified",)),
    Trap("isolated", "where(x == 0, 5, x)", {"x": 0.0}, ("jump",)),
)  # fmt: skip

EXACT = (
    Trap("constant", "0*x + 3", {"x": 2.0}, ("verified",)),
    Trap("unused-part", "x[0]*2", {"x": [1.0, 2.0]}, ("verified",)),
    Trap("boolean", "x > 1", {"x": 2.0}, ("verified",)),
    Trap("scaled", "x*(1/3)", {"x": 2.0}, ("verified",)),
    Trap("unused-sides", "x*sin(y*1e8)", {"x": 0.1, "y": 0.3, "wrt": ("x",)}, ("verified",)),
    Trap("no-grad", "with no_grad():\n    u = x*x\nu*x", {"x": 3.0}, ("verified",)),
    Trap("item", "x*int(x)", {"x": 2.5}, ("verified",)),
    Trap("int-jump", "x*int(x)", {"x": 2.0}, ("jump",)),
    Trap("empty-wrt", "x*x", {"x": 2.0, "wrt": ()}, ("verified",)),
    Trap("undefined-under-relu", "relu(log(x))", {"x": -1.0}, ("edge",)),
    Trap("undefined-in-if", "y = x\nif log(x) > 0:\n    y = 2*x\ny", {"x": -1.0}, ("unresolved",)),
)

AGAIN = tuple(
    trap._replace(name=f"{trap.name}-float32", dtype="float32")
    for trap in (*SHARED, *KINKS, *BORDERS)
    if trap.name
    not in (
        "tanh-20",
        "softplus-21",
        "tan-pi2",
        "abs-off",
        "beside-a-kink",
        "no-mixture-scaled",
        "tiny-logdet",
        "tiny-kink",
        "huge-constants",
        "tiny-jump",
        "small-neighbour",
        "torch-beside-a-kink",
    )
)

SINGLE = (
    Trap("abs-off-float32", "sum(abs(x))", {"x": [1e-9, -1e-9, 1e-30]}, ("verified",), "float32"),
    Trap("abs-decimal", "abs(x - 0.1)", {"x": 0.1}, ("kink",), "float32"),
    Trap("if-decimal", STEP, {"x": 0.3}, ("jump",), "float32"),
    Trap("mul-decimal", "x*0.1", {"x": 0.3}, ("verified",), "float32"),
    Trap("sub-decimal", "(x - 0.1)**2", {"x": 0.1}, ("verified",), "float32"),
    Trap("third", "x*(1/3) + pi*x", {"x": 0.3}, ("verified",), "float32"),
    Trap("large-whole", "(x - 16777217)**2", {"x": 16777216.0}, ("verified",), "float32"),
    Trap("large-constant", "x*1e39", {"x": 0.5}, ("wrong",), "float32"),
    Trap("exp-100", "exp(x)", {"x": 100.0}, ("wrong",), "float32"),
    Trap("exp-minus-200", "exp(x)", {"x": -200.0}, ("verified",), "float32"),
    Trap("lse-100", "log(sum(exp(x)))", {"x": [100.0, 99.0]}, ("wrong",), "float32"),
    Trap("norm-1e20", "sqrt(sum(x*x))", {"x": [1e20, 1e20]}, ("wrong",), "float32"),
    Trap("tanh-10", "tanh(x)", {"x": 12.0}, ("vanished",), "float32"),
    Trap("cos-4", "(1 - cos(x))/x**2", {"x": 1e-4}, ("wrong",), "float32"),
    Trap("tan-pi2-single", "tan(x)", {"x": 1.5707964}, ("verified",), "float32"),
    Trap("sin-1e9", "sin(x)", {"x": 1e9}, ("verified",), "float32"),
    Trap("subnormal-single", "sum(x*x)", {"x": [1e-40, 3e-42]}, ("verified",), "float32"),
    Trap("softplus-21-single", "softplus(x)", {"x": 21.0}, ("verified",), "float32"),
    Trap("half", "sum(x*x*0.1)", {"x": [1.5, -2.0]}, ("verified",), "float16"),
    Trap("half-kink", "abs(x - 0.1)", {"x": 0.1}, ("kink",), "float16"),
    Trap("half-overflow", "x*x*x", {"x": 200.0}, ("wrong",), "float16"),
)

COUNTED = "def f(x, n):\n    if n == 0:\n        return 1\n    return x*f(x, n - 1)"

NUMBERS_AS_TRUTH = (
    Trap("truth-choice", "x if x else 2*x", {"x": 0.0}, ("wrong",)),
    Trap("truth-where", "where(x, x, 2*x)", {"x": 0.0}, ("wrong",)),
    Trap("truth-or", "x or 2*x", {"x": 0.0}, ("wrong",)),
    Trap("truth-not", "2*x if not x else x", {"x": 0.0}, ("wrong",)),
    Trap("truth-square", "x if x*x else 2*x", {"x": 0.0}, ("wrong",)),
    Trap("truth-and", "where(logical_and(x, 1), x*x, x)", {"x": 0.0}, ("wrong",)),
    Trap("truth-any", "x*x if any(x) else x.sum()", {"x": [0.0, 0.0]}, ("wrong",)),
    Trap("truth-all", "sum(x*x) if all(x) else 3*x.sum()", {"x": [0.0, 1.0]}, ("jump",)),
    Trap("truth-shifted", "x*x if x - 0.3 else x", {"x": 0.3}, ("jump",)),
    Trap("truth-unequal", "x*x if x != 0 else x", {"x": 0.0}, ("wrong",)),
)

BESIDE_LARGE = (
    Trap("constant-half", "100 + relu(x) - relu(-x)", {"x": 0.0}, ("wrong",), "float16"),
    Trap("constant-single", "1e6 + relu(x) - relu(-x)", {"x": 0.0}, ("wrong",), "float32"),
    Trap("constant-det", "det(A) + 1e17", {"A": [[1, 2], [2, 4]]}, ("wrong",)),
    Trap("other-input", "1e16*s + det(A)", {"A": [[1, 2], [2, 4]], "s": 1.0}, ("wrong",)),
    Trap("element-kinks", "x[0]*1e20 + relu(x[1]) - relu(-x[1])", {"x": [1.0, 0]}, ("wrong",)),
    Trap("element-det", "1e17*A[1,1] + det(A)", {"A": [[1, 2], [2, 4]]}, ("wrong",)),
    Trap("element-sinc", "x[0]*1e9 + sinc(x[1])", {"x": [1.0, 1e-8]}, ("wrong",)),
    Trap("element-vanished", "tanh(x)", {"x": [1.0, 20.0]}, ("verified",)),
    Trap("element-zero", "var(x)", {"x": [1e-3, 2e-3, 3e-3]}, ("verified",)),
)

MANY_DIGITS = (
    Trap("cos-60", "(1 - cos(x))/x**2", {"x": 1e-60}, ("unresolved", "wrong")),
    Trap("one-plus", "((1 + x) - 1)/x", {"x": 1e-300}, ("wrong",)),
    Trap("log-one-plus", "log(1 + x)/x", {"x": 1e-300}, ("wrong",)),
    Trap("abs-one-plus", "abs((1 + x) - 1)", {"x": 1e-150}, ("wrong",)),
    Trap("where-cos", "where(1 - cos(x) > 0, x, 2*x)", {"x": 1e-60}, ("unresolved", "wrong")),
    Trap("softplus-less", "log(1 + exp(x)) - x", {"x": 300.0}, ("vanished",)),
    Trap("log-one-less-sigmoid", "log(1 - sigmoid(x))", {"x": 300.0}, ("wrong",)),
    Trap("log-tanh", "log(1 - tanh(x)**2)", {"x": 200.0}, ("wrong",)),
    Trap("log-erf", "log(1 - erf(x))", {"x": 20.0}, ("wrong",)),
)

CORNERS = (
    Trap("cancels-tiny", "x/sum(x)", {"x": [1e-300, 2e-300]}, ("vanished", "verified")),
    Trap("relu-min", "relu(min(x))", {"x": [0.0] * 3}, ("kink",)),
    Trap("relu-min-12", "relu(min(x))", {"x": [0.0] * 12}, ("kink",)),
    Trap("all-positive", "all(x > 0)*1.0", {"x": [0.0] * 5}, ("jump",)),
    Trap("prod-relu", "prod(relu(x))", {"x": [0.0] * 20}, ("verified",)),
    Trap("weighted-penalty", "lam*sum(abs(w))", {"w": [0.0, 0.0], "lam": 0.1}, ("kink",)),
    Trap("weighted-abs", "abs(x)*y", {"x": 0.0, "y": 2.0}, ("kink",)),
    Trap("weighted-norm", "norm(x)*y", {"x": [0.0, 0.0], "y": 2.0}, ("kink",)),
    Trap("small-abs", "x + 1e-30*abs(x)", {"x": 0.0}, ("kink",)),
    Trap("frozen-kink", "u = x.detach(); abs(x - u)", {"x": 3.0}, ("kink",)),
    Trap("whole-exponent", "x**n", {"x": -2.0, "n": 3.0}, ("edge",)),
    Trap("counted", COUNTED, {"x": 1.5, "n": 5.0}, ("verified",)),
    Trap("masks", "(x > 1)*0.1*x + argmax(x)/3", {"x": [0.5, 1.5, 4.0]}, ("verified",)),
)

REVIEWED = (*NUMBERS_AS_TRUTH, *BESIDE_LARGE, *MANY_DIGITS, *CORNERS)

TRAPS = (*REVIEWED, *SHARED, *KINKS, *BORDERS, *MASKED, *FLOATS, *STEPS, *EXACT, *AGAIN, *SINGLE)
