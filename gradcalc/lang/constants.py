"""The constants of nature and units that scipy has, as scipy has them."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from gradcalc.errors import InvalidValueError
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.words import text
from gradcalc.lang.written import NAMES, Written

MODULE = "scipy.constants"


class Constants(Mapping[str, Any]):
    """What stands in the module; it is imported where a program asks for it."""

    @cached_property
    def _held(self) -> Mapping[str, Any]:
        from scipy import constants

        names = (name for name in vars(constants) if not name.startswith("_"))
        numbers = {n: v for n in names if isinstance(v := getattr(constants, n), int | float)}
        written = {name: Written(MODULE, name) for name in NAMES[MODULE]}
        asked = {name: Builtin(name, call, usage) for name, call, usage in ROWS}
        return {"physical_constants": {}, **numbers, **written, **asked}

    def __getitem__(self, name: str) -> Any:
        # one for each who asks: programs may write into what they have
        return _table() if name == "physical_constants" else self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


def _table() -> dict[str, tuple[float, str, float]]:
    """The value, the unit and the uncertainty of each constant."""
    from scipy.constants import physical_constants

    return dict(physical_constants)


def _of(read: Callable[[tuple[float, str, float]], Any]) -> Callable[[Machine, Any], Any]:
    """A function that reads something of the constant of a name."""

    def call(machine: Machine, key: Any) -> Any:
        found = _table().get(key) if isinstance(key, str) else None
        if found is None:
            raise InvalidValueError(
                f"scipy knows no constant {text(machine, key)!r}", python="KeyError"
            )
        return read(found)

    return call


def _find(machine: Machine, sub: Any = None, disp: Any = False) -> list[str]:
    from scipy.constants import find

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(find(sub if isinstance(sub, str) else None))


ROWS: tuple[tuple[str, Callable[..., Any], str], ...] = (
    ("value", _of(lambda found: found[0]), "value(key)"),
    ("unit", _of(lambda found: found[1]), "unit(key)"),
    ("precision", _of(lambda found: found[2] / found[0]), "precision(key)"),
    ("find", _find, "find(sub=None)"),
)
"""What asks for one by its name."""

SCIPYS = Constants()
