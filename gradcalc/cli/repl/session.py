"""What has been set at a prompt; light, as the prompt waits for it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from gradcalc.cli.repl.lines import Ask, Definition


@dataclass
class Session:
    """Names and what they stand for, options that are kept, and what was asked last.

    `shown` are values as they were typed, `values` as they are read: random numbers are drawn once,
    from `random`. `argv` is the last command line.
    """

    values: dict[str, str] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    lets: dict[str, str] = field(default_factory=dict)
    definitions: "dict[str, Definition]" = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    last: "Ask | None" = None
    argv: tuple[str, ...] = ()
    random: "np.random.Generator | None" = None

    @property
    def names(self) -> list[str]:
        """Every name that has been set."""
        return [*self.values, *self.lets, *self.definitions]

    def forget(self, name: str) -> bool:
        """Take a name back, and say whether there was one."""
        found = name in self.names
        for kind in (self.values, self.shown, self.lets):
            kind.pop(name, None)
        self.definitions.pop(name, None)
        return found
