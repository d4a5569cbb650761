"""gradcalc: torch's gradient beside an independent check.

    import gradcalc

    report = gradcalc.grad("2*dot(x, x)", x=[0, 1, 2, 3], expect="4*x")
    report.value, report.gradient["x"], report.formula["x"], report.verdict
    report.raise_for_verdict()

The names are imported on first use, so that `import gradcalc` costs nothing.
"""

import sys

# typing alone would double what a warm call costs.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from gradcalc.api import check, explain, grad, why
    from gradcalc.calculate import calculate
    from gradcalc.errors import GradcalcError
    from gradcalc.lang.fence import compile_program
    from gradcalc.problem import Problem
    from gradcalc.report import Explanation, Report

    __version__: str

if not TYPE_CHECKING:
    ModuleType = type(sys)

__all__ = [
    "Explanation", "GradcalcError", "Problem", "Report", "__version__", "calculate", "check",
    "compile_program", "explain", "grad", "hessian", "hvp", "jacobian", "jvp", "vjp", "why",
]  # fmt: skip


class _Package(ModuleType):
    """This package, whose function `calculate` is not hidden by the module of that name."""

    def __setattr__(self, name: str, value: object) -> None:
        if name not in __all__ or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> "Any":
    match name:
        case "__version__":
            return _version()
        case "grad" | "why" | "explain" | "check" | "jacobian" | "hessian" | "vjp" | "jvp" | "hvp":
            module = "gradcalc.api"
        case "GradcalcError":
            module = "gradcalc.errors"
        case "calculate":
            module = "gradcalc.calculate"
        case "compile_program":
            module = "gradcalc.lang.fence"
        case "Problem":
            module = "gradcalc.problem"
        case "Report" | "Explanation":
            module = "gradcalc.report"
        case _:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(module), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("gradcalc")
    except PackageNotFoundError:
        return "0+unknown"
