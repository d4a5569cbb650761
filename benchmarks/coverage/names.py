"""The public names of torch.nn.functional, and numpy's differentiable ones: known or not.

Which of numpy's functions are differentiable, numpy is asked: one that gives floats for some of a
few arguments, and others where these are moved a little.
"""

import inspect
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import torch

from gradcalc.lang.dialects import catalogue

INSIDE = frozenset({"assert_int_or_pair", "boolean_dispatch"})
"""Public names of torch.nn.functional that calculate nothing: helpers that it imports."""

ELSEWHERE = frozenset({"typing", "torch.overrides", "torch._C"})
"""Modules whose functions torch.nn.functional imports for its own use."""

MODULES = ("numpy", "numpy.linalg", "numpy.fft")

NOT_ASKED = frozenset(
    """
    test info show_config show_runtime fromfile fromregex genfromtxt loadtxt load save savez
    savez_compressed savetxt set_printoptions setbufsize seterr seterrcall frombuffer
    """.split()  # noqa: SIM905
)
"""Functions of numpy's that read, write or set something."""

SAME = frozenset(
    """
    from_dlpack mintypecode asanyarray asarray_chkfinite ascontiguousarray asfortranarray
    asmatrix bmat require
    """.split()  # noqa: SIM905
)
"""Functions of numpy's that give what they are given: about memory and kinds, not about numbers."""

STEP = 1e-6


def functionals() -> list[str]:
    """The public functions of torch.nn.functional."""
    return [
        name
        for name, value in inspect.getmembers(torch.nn.functional, callable)
        if not name.startswith("_")
        and not isinstance(value, type)
        and name not in INSIDE
        and getattr(value, "__module__", "torch") not in ELSEWHERE
    ]


def differentiable(module: str) -> list[str]:
    """numpy's functions that give floats which move with their arguments."""
    found: Any = np
    for part in module.split(".")[1:]:
        found = getattr(found, part)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return [
            name
            for name, value in inspect.getmembers(found, callable)
            if not name.startswith("_")
            and not isinstance(value, type)
            and name not in NOT_ASKED | SAME
            and _moves(value)
        ]


def _trials() -> Iterator[Callable[[float], tuple[Any, ...]]]:
    """Arguments that a function of numpy's may take, each a little moved."""
    vector = np.array([0.3, 0.7, 0.45, 0.85])
    matrix = np.array([[0.6, 0.2, 0.35], [0.15, 0.9, 0.4], [0.55, 0.25, 0.8]])
    direction = np.array([1.0, -0.7, 0.4, 0.9])
    wide = np.array([[1.0, -0.3, 0.8], [0.6, 0.4, -0.9], [0.7, -1.1, 0.5]])

    def v(h: float) -> Any:
        return vector + h * direction

    def m(h: float) -> Any:
        return matrix + h * wide

    masks = [vector > 0.5, vector <= 0.5]
    places = np.array([0, 2, 1, 0])
    return iter(
        [
            lambda h: (v(h),), lambda h: (m(h),), lambda h: (v(h), v(2 * h)),
            lambda h: (m(h), m(2 * h)), lambda h: ([v(h), v(2 * h)],), lambda h: (v(h), 2),
            lambda h: (m(h), v(h)[:3]), lambda h: (v(h), 0.5), lambda h: (2, v(h)),
            lambda h: (v(h), v(2 * h), v(3 * h)), lambda h: (v(h), 0.1, 0.6),
            lambda h: (v(h), places), lambda h: (places, v(h)), lambda h: (masks, [v(h), v(2 * h)]),
            lambda h: (masks[0], v(h)), lambda h: (v(h), masks, [np.sin, np.cos]),
            lambda h: (masks[0], v(h), v(2 * h)), lambda h: (m(h), 0, 1), lambda h: (m(h), 0),
            lambda h: (np.sum, 0, m(h)), lambda h: (np.sum, m(h), 0), lambda h: (v(h), 1, v(h)[0]),
            lambda h: (m(h), places[:3, None], 0), lambda h: ("ij,j->i", m(h), v(h)[:3]),
            lambda h: (places, [v(h), v(2 * h), v(3 * h)]), lambda h: (v(h), [0, 2], v(h)[:2]),
            lambda h: (v(h), masks[0], v(h)), lambda h: (m(h), places[:3, None], m(h), 0),
        ]
    )  # fmt: skip


def _moves(function: Any) -> bool:
    """Whether a function gives real floats, or writes them, that move with its arguments."""
    for trial in _trials():
        try:
            first, second = map(partial(_result, function), (trial(0.0), trial(STEP)))
        except Exception:  # it takes other arguments
            continue
        if first.shape == second.shape and _differ(first, second):
            return True
    return False


def _result(function: Any, args: tuple[Any, ...]) -> Any:
    """What a call gives, or where that is nothing what it wrote into its arguments."""
    given = function(*args)
    given = args if given is None else given
    parts = given if isinstance(given, tuple | list) else [given]
    arrays = [np.asarray(part) for part in parts]
    return np.concatenate([a.ravel() for a in arrays if a.dtype.kind == "f"])


def _differ(first: Any, second: Any) -> bool:
    moved = np.abs(first - second)
    return bool(np.isfinite(moved).all() and 0 < moved.max(initial=0.0) < 1e3 * STEP)


def tally(*, listed: bool = False) -> Iterator[str]:
    """How many public names are known; `listed` names the others."""
    groups = {
        "torch.nn.functional": [("torch.nn.functional", name) for name in functionals()],
        "numpy, differentiable": list(
            chain.from_iterable(
                [(module, name) for name in differentiable(module)] for module in MODULES
            )
        ),
    }
    for title, names in groups.items():
        missing = [pair for pair in names if not catalogue.has(*pair)]
        known = len(names) - len(missing)
        yield f"{title:<22} {known:6,} of {len(names):6,}  {known / len(names):7.1%}"
        if listed:
            shown = [f"{m}.{n}".removeprefix("torch.nn.functional.") for m, n in missing]
            yield f"  {' '.join(shown)}"
