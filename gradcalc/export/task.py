"""What the code of an export says and checks beside the graph: plain data for all targets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gradcalc.export.plan import Plan

EXACT = 1e-12
"""How far the numbers of the code may be off, beside the largest of them."""

KINDS = {
    "grad": "gradient", "jacobian": "jacobian", "hessian": "hessian", "hvp": "hvp", "vjp": "vjp",
}  # fmt: skip
"""What the functions are called, by what they give."""


@dataclass(frozen=True, slots=True)
class Task:
    """A plan with its text and the numbers that the code is checked with.

    `program` is its text; `inputs` are the numbers of the check, those of tangents among them;
    `expected` are gradcalc's, the value among them. `formulas` are those of the results by label,
    `notes` sentences about where the code holds. `sizes` are the texts of what depends on the sizes
    of inputs (`gradcalc.export.sizes`), `dims` the sizes of each input by name. The numbers of the
    code are held to `tolerance`. `summed` says that the derivative is that of a sum, `shortened`
    that its formulas are, `everywhere` that `formulas` hold for all sizes. `fixed` is the same for
    the sizes of the check alone.
    """

    plan: Plan
    program: str
    inputs: Mapping[str, Any]
    expected: Mapping[str, Any]
    formulas: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    sizes: Mapping[Any, Any] = field(default_factory=dict)
    dims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    summed: bool = False
    shortened: bool = False
    everywhere: bool = True
    tolerance: float = EXACT
    fixed: "Task | None" = None

    @property
    def name(self) -> str:
        """What the function is called."""
        return f"{'compressed_' * bool(self.plan.units)}{KINDS[self.plan.kind]}"

    @property
    def labels(self) -> tuple[str, ...]:
        """The results, by the labels of the command's report."""
        return tuple(self.plan.results)

    @property
    def general(self) -> bool:
        """Whether it holds for other sizes, too."""
        return bool(self.dims)

    @property
    def steered(self) -> bool:
        """Whether it holds for one of the ways that the program may take."""
        return bool(self.plan.conditions)

    def what(self) -> str:
        """What it gives beside the value, in words."""
        by = " and ".join(self.plan.wrt) if len(self.plan.wrt) < 3 else ", ".join(self.plan.wrt)
        names = {**self.plan.extra}
        words = {
            "grad": f"gradient by {by}", "jacobian": f"Jacobian by {by}",
            "hessian": f"Hessian by {by}", "hvp": f"product of the Hessian by {by} with a tangent",
            "vjp": f"gradient by {by} of the outputs weighed by {', '.join(names)}",
        }  # fmt: skip
        return words[self.plan.kind]

    def shape_of(self, name: str) -> tuple[str, ...]:
        """The sizes of an input as texts."""
        return self.dims.get(name) or tuple(str(size) for size in self.plan.inputs[name])
