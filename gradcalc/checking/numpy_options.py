"""What cannot be asked of a gradient that somebody wrote."""

from collections.abc import Callable, Mapping
from typing import Any

from gradcalc.errors import UsageError

OF_TORCH = ("reference", "references", "trust", "init", "cotangent", "device")
"""What is asked of code of torch's alone."""


def refuse(given: Mapping[str, Any], spelled: Callable[[str], str]) -> None:
    """Raise `UsageError` for an option that would change nothing; `spelled` is how one is typed.

    The values are None, or empty, where they are not given.
    """
    own = spelled("grad" if given.get("grad") is not None else "hess")
    for name in OF_TORCH:
        if given.get(name):
            raise UsageError(f"{spelled(name)} is about code of torch's, and {own} about numpy's")
    order, dtype = given.get("order", 1), given.get("dtype", "float64")
    if order != 1:
        raise UsageError(
            f"{spelled('order')} differentiates what torch gives, and not a derivative that you"
            " wrote",
            hint=f"{spelled('hess')} takes the Hessian that you wrote",
        )
    if dtype != "float64":
        raise UsageError(
            f"{spelled('dtype')} {dtype}: what you wrote is called with float64",
            hint=f"x.astype(np.{dtype}) in the function itself is followed, and held to its digits"
            if dtype != "bfloat16"
            else f"leave {spelled('dtype')} out",
        )
