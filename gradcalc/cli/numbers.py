"""The numbers that are typed for inputs, or stand in files."""

import re
from functools import cache

import numpy as np

from gradcalc.cli import programs as named
from gradcalc.cli.options import Options
from gradcalc.cli.readers import Value, tangent
from gradcalc.errors import UsageError
from gradcalc.problem import Array
from gradcalc.values import from_json
from gradcalc.values.passed import rounded


def read_numbers(
    options: Options,
) -> tuple[dict[str, Array], Array | None, dict[str | None, Array]]:
    """The values of inputs by the name that was typed, the cotangent, and the tangents by name.

    Raises `GradcalcError` for what is no value, and for two tangents of one input.
    """

    @cache
    def random() -> np.random.Generator:
        return np.random.default_rng(options.seed)

    def read(value: Value, name: str) -> Array:
        array = from_json(value, name, random=random, stdin=named.read_stdin, typed=True)
        return rounded(array, name, options.dtype)

    values = {name: read(value, name) for name, value in options.values}

    def weights(value: Value, name: str) -> Array:
        array = read(value, name)
        return array if array.dtype == np.bool_ else array.astype(np.float64)

    cotangent = None if options.cotangent is None else weights(options.cotangent, "--cotangent")
    tangents: dict[str | None, Array] = {}
    for name, value in map(tangent, options.tangents):
        if name in tangents:
            raise UsageError(f"--tangent{f' {name}' if name else ''} is given twice")
        tangents[name] = weights(value, f"--tangent {name}" if name else "--tangent")
    return values, cotangent, tangents


def unsure(options: Options) -> frozenset[str]:
    """The inputs whose numbers, if they are whole, may be meant as integers or as real ones."""
    return frozenset(name for name, value in options.values if _is_unsure(value))


def _is_unsure(value: Value) -> bool:
    if isinstance(value, str):
        text = value.strip().lower()
        if text.startswith("@"):
            # these say what their numbers are
            return re.search(r"\.(npy|npz|pt|pth|safetensors)(:|$)", text) is None
        return re.search(r"\d\.|\.\d|\de|ones|zeros|eye|linspace|rand", text) is None
    if isinstance(value, list):
        return all(map(_is_unsure, value))
    return type(value) is int
