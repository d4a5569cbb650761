"""What a derivative is called, by the command that asks for it."""

from collections.abc import Mapping
from types import MappingProxyType

from gradcalc.render import Style

_LABELS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "grad": ("∇{0} f", "gradient by {0}", r"\nabla_{{{0}}} f"),
        "jacobian": ("∂f/∂{0}", "df/d{0}", r"\frac{{\partial f}}{{\partial {0}}}"),
        "hessian": (
            "∂²f/∂{0}∂{1}", "d2f/d{0}d{1}",
            r"\frac{{\partial^2 f}}{{\partial {0} \, \partial {1}}}",
        ),
        "jvp": ("∂f·v", "df*v", r"\partial f \cdot v"),
        "hvp": ("∇{0}(∇f·v)", "gradient by {0} of df*v", r"\nabla_{{{0}}} (\nabla f \cdot v)"),
    }
)  # fmt: skip
"""With Unicode, without, and in LaTeX; all of `grad`'s but for these."""


def label(command: str, name: str, style: Style) -> str:
    """What a derivative by an input, or two that a comma parts, is called in a table."""
    plain, ascii_, _ = _LABELS.get(command, _LABELS["grad"])
    return (plain if style.unicode else ascii_).format(*names_of(command, name))


def tex_label(command: str, *names: str) -> str:
    """The same in LaTeX, of names in LaTeX."""
    return _LABELS.get(command, _LABELS["grad"])[2].format(*names, names[0])


def names_of(command: str, name: str) -> tuple[str, ...]:
    """The inputs that a derivative is by: two of a block of a Hessian."""
    if command != "hessian":
        return (name,)
    first, _, second = name.partition(",")
    return first, second or first
