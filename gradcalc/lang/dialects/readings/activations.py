"""Activation functions that are put together from others."""

import math
from typing import Any

from gradcalc.lang import ops
from gradcalc.lang.machine import Machine


def expected_leak(machine: Machine, input: Any, lower: Any, upper: Any) -> Any:
    """torch's rrelu where it is not training: a leaky relu of the middle slope."""
    ends = [ops.binary(machine, "mul", end, 1.0) for end in (lower, upper)]
    slope = ops.binary(machine, "div", ops.binary(machine, "add", *ends), 2.0)
    return ops.call(machine, "leaky_relu", input, slope)


def jax_hard_sigmoid(machine: Machine, x: Any) -> Any:
    """jax's hard sigmoid, by its own definition."""
    raised = ops.binary(machine, "add", ops.tensor(machine, x), 3.0)
    return ops.binary(machine, "div", ops.call(machine, "relu6", raised), 6.0)


def sparse_sigmoid(machine: Machine, x: Any) -> Any:
    """jax's sparse sigmoid: (x + 1)/2, limited to the range from 0 to 1."""
    raised = ops.binary(machine, "add", ops.tensor(machine, x), 1.0)
    return ops.call(machine, "clamp", ops.binary(machine, "mul", raised, 0.5), 0.0, 1.0)


def log_of_less(machine: Machine, x: Any) -> Any:
    """jax's log1mexp, log(1 - exp(-x)), without a loss of digits on either side of log(2)."""
    x = ops.tensor(machine, x)
    near = ops.binary(machine, "lt", x, math.log(2))
    negative = ops.call(machine, "neg", x)
    small = ops.call(machine, "where", near, negative, -1.0)
    large = ops.call(machine, "where", near, -1.0, negative)
    first = ops.call(machine, "log", ops.call(machine, "neg", ops.call(machine, "expm1", small)))
    second = ops.call(machine, "log1p", ops.call(machine, "neg", ops.call(machine, "exp", large)))
    return ops.call(machine, "where", near, first, second)


def log_of_mean(machine: Machine, x: Any, axis: Any, keepdims: Any) -> Any:
    """jax's logmeanexp: the logarithm of the mean of the exponentials."""
    x = ops.tensor(machine, x)
    total = ops.call(machine, "logsumexp", x, dim=axis, keepdim=keepdims)
    count = ops.size(machine, x) / max(1, ops.size(machine, total))
    return ops.binary(machine, "sub", total, math.log(count))


def standardized(machine: Machine, x: Any, axis: Any, epsilon: Any) -> Any:
    """jax's standardize: x less its mean, over its standard deviation along an axis."""
    x = ops.tensor(machine, x)
    middle = ops.call(machine, "mean", x, axis, True)
    spread = ops.call(machine, "var", x, axis, False, True)
    root = ops.call(machine, "sqrt", ops.binary(machine, "add", spread, epsilon))
    return ops.binary(machine, "div", ops.binary(machine, "sub", x, middle), root)
