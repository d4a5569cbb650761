"""The numbers that are typed for inputs, or stand in files."""

from functools import cache

import numpy as np

from gradcalc.cli import programs as named
from gradcalc.cli.options import Options
from gradcalc.cli.readers import Value, tangent
from gradcalc.problem import Array
from gradcalc.values import from_json
from gradcalc.values.passed import rounded


def read_numbers(
    options: Options,
) -> tuple[dict[str, Array], Array | None, dict[str | None, Array]]:
    """The values of inputs by the name that was typed, the cotangent, and the tangents by name."""

    @cache
    def random() -> np.random.Generator:
        return np.random.default_rng(options.seed)

    def read(value: Value, name: str) -> Array:
        array = from_json(value, name, random=random, stdin=named.read_stdin)
        return rounded(array, name, options.dtype)

    values = {name: read(value, name) for name, value in options.values}
    cotangent = None if options.cotangent is None else read(options.cotangent, "--cotangent")
    given = map(tangent, options.tangents)
    return values, cotangent, {name: read(value, "--tangent") for name, value in given}
