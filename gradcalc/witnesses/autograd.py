"""The autograd witness: the program on torch tensors, then torch's reverse mode."""

import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gradcalc import reruns
from gradcalc.errors import GradcalcError, LimitError, Span, UnsupportedError, UsageError, brief
from gradcalc.fidelity import Fidelity
from gradcalc.keeping import Keeping
from gradcalc.lang.machine import Confirm
from gradcalc.lang.program import Budget
from gradcalc.primitives import Composite, Elementwise, Primitive, Structural
from gradcalc.problem import Problem, claim_values, execute, weights
from gradcalc.testimony import Array, Broadcast, Computed, Origin, Step


class Calls:
    """What every call of one run is given and gives, where they are to be `kept`.

    Each call is given views of its tensors, so that torch tells what it alone hands on to them.
    """

    def __init__(self, kept: bool) -> None:
        self.kept = kept
        self._names: list[str] = []
        self._given: list[list[Any]] = []
        self._origins: list[tuple[Origin, ...]] = []
        self._made: list[list[Any]] = []
        # a number stands for a tensor only as long as that is there
        self._known: dict[int, tuple[Origin, Any]] = {}

    def name(self, tensor: Any, origin: Origin) -> None:
        """Remember where a tensor is from."""
        if self.kept:
            self._known[id(tensor)] = origin, tensor

    def origin(self, tensor: Any) -> Origin:
        """Where a tensor is from."""
        return self._known.get(id(tensor), (None, None))[0]

    def made(
        self, name: str, arguments: Mapping[str, Any], call: Callable[[Mapping[str, Any]], Any]
    ) -> Any:
        """What a primitive makes of its arguments."""
        if not self.kept:
            return call(arguments)
        given: list[Any] = []
        origins: list[Origin] = []

        def seen(value: Any) -> Any:
            if isinstance(value, list):
                return [seen(part) for part in value]
            if not isinstance(value, torch.Tensor):
                return value
            origins.append(self.origin(value))
            given.append(value.view_as(value))
            return given[-1]

        result = call({key: seen(value) for key, value in arguments.items()})
        made = _tensors(result if isinstance(result, list | tuple) else [result])
        if made:
            for position, tensor in enumerate(made):
                self.name(tensor, (len(self._names), position))
            self._names.append(name)
            self._given.append(given)
            self._origins.append(tuple(origins))
            self._made.append(made)
        return result

    @property
    def tensors(self) -> list[Any]:
        """All tensors that adjoints are wanted of."""
        pairs = zip(self._made, self._given, strict=True)
        return [tensor for made, given in pairs for tensor in (*made, *given)]

    def steps(
        self, adjoints: Sequence[Array | None], numbers: Callable[[Any], Array]
    ) -> tuple[Step, ...]:
        """The calls, with the adjoints of their `tensors`."""
        left = iter(adjoints)
        found = []
        for name, made, given, origins in zip(
            self._names, self._made, self._given, self._origins, strict=True
        ):
            of_results = tuple(next(left) for _ in made)
            handed = tuple(next(left) for _ in given)
            values, operands = tuple(map(numbers, made)), tuple(map(numbers, given))
            found.append(Step(name, values, of_results, operands, origins, handed))
        return tuple(found)


def _tensors(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, torch.Tensor)]


class TorchBackend:
    """Runs a program on torch tensors of one dtype on one device.

    It remembers every call where that is asked for. `leaves` are the inputs that are differentiated
    by.
    """

    def __init__(self, dtype: torch.dtype, device: torch.device, *, keep: bool = False) -> None:
        self.dtype = dtype
        self.device = device
        self.broadcasts: dict[Broadcast, None] = {}
        self.calls = Calls(keep)
        self.leaves: Mapping[str, Any] = {}
        self._behind: dict[Any, frozenset[str]] = {}

    at_hand = True

    @property
    def precision(self) -> str:
        return str(self.dtype).removeprefix("torch.")

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, torch.Tensor)

    def constant(self, values: NDArray[np.float64]) -> Any:
        return torch.tensor(np.asarray(values), dtype=self.dtype, device=self.device)

    def drawn(self, values: NDArray[np.float64]) -> Any:
        return self.constant(values)

    def shared(self, values: NDArray[np.float64]) -> Any:
        """The same as a constant, in the same memory where that can be: nothing writes into it."""
        if not values.flags.writeable:
            return self.constant(values)
        return torch.as_tensor(values, dtype=self.dtype, device=self.device)

    def shape(self, tensor: Any) -> tuple[int, ...]:
        return tuple(tensor.shape)

    def apply(self, row: Primitive, arguments: Mapping[str, Any], span: Span) -> Any:
        return self.calls.made(row.name, arguments, lambda given: self._applied(row, given, span))

    def _applied(self, row: Primitive, arguments: Mapping[str, Any], span: Span) -> Any:
        if isinstance(row, Structural) and row.moves:
            return row.torch(torch, **arguments)
        arguments = {name: self._of_dtype(value) for name, value in arguments.items()}
        if isinstance(row, Composite) and row.alike:
            self._notice(row, arguments, span)
        if isinstance(row, Elementwise):
            arguments = self._lifted(row, arguments)
            if row.boolean:
                return row.torch(torch, **arguments)
        return self._of_dtype(row.torch(torch, **arguments))

    def _notice(self, row: Composite, arguments: Mapping[str, Any], span: Span) -> None:
        """Remember tensors of different shapes where torch warns of them."""
        first, second = (tuple(arguments[name].shape) for name in row.tensors[:2])
        if first == second:
            return
        try:
            count = math.prod(np.broadcast_shapes(first, second))
        except ValueError:
            # they do not fit, as torch will say
            return
        names, reduction = (row.tensors[0], row.tensors[1]), str(arguments["reduction"])
        found = Broadcast(row.name, names, (first, second), count, reduction, span)
        self.broadcasts[found] = None

    def _of_dtype(self, value: Any) -> Any:
        """Truth values and whole numbers as numbers of the calculation's one dtype.

        Left to itself torch computes with them in float32, or refuses.
        """
        if isinstance(value, torch.Tensor):
            return value if value.is_floating_point() else value.to(self.dtype)
        if isinstance(value, tuple) and hasattr(value, "_make"):
            return value._make(self._of_dtype(part) for part in value)
        return [self._of_dtype(v) for v in value] if isinstance(value, list) else value

    def _lifted(self, row: Elementwise, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Numbers as tensors where torch's functions want them; its operators take numbers."""
        tensors = [v for v in arguments.values() if isinstance(v, torch.Tensor)]
        if row.operator is not None and tensors:
            return arguments
        required = _required(row)
        return {
            name: self.constant(np.asarray(float(value)))
            if isinstance(value, int | float) and name in required
            else value
            for name, value in arguments.items()
        }

    def detach(self, tensor: Any, name: str | None, by: str | None = None) -> Any:
        detached = tensor.detach()
        self.calls.name(detached, self.calls.origin(tensor))
        return detached

    def copy(self, tensor: Any) -> Any:
        copied = tensor.clone(memory_format=torch.contiguous_format)
        self.calls.name(copied, self.calls.origin(tensor))
        return copied

    def variable(self, tensor: Any) -> Any:
        if tensor.requires_grad:
            return tensor.view_as(tensor)
        return tensor.detach().clone().requires_grad_()

    def gradients(self, output: Any, wrt: Sequence[Any], cotangent: Any) -> list[Any]:
        if not output.requires_grad:
            return [None for _ in wrt]
        try:
            found = torch.autograd.grad(
                output, wrt, cotangent, create_graph=True, allow_unused=True
            )
        except RuntimeError as error:
            raise refused(error) from error
        return list(found)

    @property
    def largest(self) -> float:
        return float(torch.finfo(self.dtype).max)

    def carries(self, tensor: Any) -> bool:
        return bool(tensor.requires_grad)

    def behind(self, tensor: Any) -> frozenset[str]:
        if tensor.grad_fn is None:
            return self._named(tensor) if tensor.requires_grad else frozenset()
        left = [tensor.grad_fn]
        while left:
            step = left[-1]
            before = [found for found, _ in step.next_functions if found is not None]
            unknown = [found for found in before if found not in self._behind]
            if unknown:
                left += unknown
                continue
            own = self._named(step.variable) if hasattr(step, "variable") else frozenset()
            self._behind[left.pop()] = own.union(*(self._behind[found] for found in before))
        return self._behind[tensor.grad_fn]

    def _named(self, leaf: Any) -> frozenset[str]:
        return frozenset(name for name, tensor in self.leaves.items() if tensor is leaf)

    def numbers(self, tensor: Any) -> NDArray[np.float64]:
        return to_numpy(tensor)

    def checked(self, tensor: Any) -> NDArray[np.float64]:
        return self.numbers(tensor)

    def is_mask(self, tensor: Any) -> bool:
        return bool(tensor.dtype == torch.bool)

    def truth(self, tensor: Any) -> bool:
        return bool(tensor)


@cache
def _required(row: Elementwise) -> frozenset[str]:
    """The parameters that have no default."""
    parameters = row.signature.parameters.values()
    return frozenset(p.name for p in parameters if p.default is p.empty)


def use_one_thread() -> None:
    """Sum in one order on any machine, and start no thread, which a fork would lose."""
    torch.set_num_threads(1)


def to_numpy(tensor: Any) -> Array:
    """A tensor's values as float64."""
    held = tensor.detach().to("cpu", torch.float64)
    # slopes that are 0 for good come as tensors without storage, in which numpy reads nothing
    values: Array = (held.clone() if held._is_zerotensor() else held).numpy(force=True)
    return values


def testify(problem: Problem) -> Computed:
    """Run the program and ask torch for the gradients.

    Raises `GradcalcError` for whatever is wrong with the program or its inputs.
    """
    budget = Budget.of(problem.limits)

    def again(other: Problem) -> Computed:
        asked = replace(other, prints=False, steps=False)
        return _run(asked, replace(budget, steps=problem.limits.steps))

    confirm = Fidelity(getattr(torch, problem.dtype))
    ours = _run(problem, budget, confirm, Keeping())
    if not problem.check:
        return ours
    taken = budget.made + sum(values.size for values in problem.inputs.values())
    small = taken <= reruns.NUMBERS and budget.total - budget.steps <= reruns.STEPS
    cut = reruns.cut(problem, ours, again, small=small)
    ours = replace(ours, cut=cut, taken=tuple(confirm.taken.values()))
    # whoever leaves the enclosure out wants it fast
    if problem.dtype != "float64" or not small or not problem.enclose:
        return ours
    return replace(ours, narrow=reruns.in_float32(problem, ours, again))


def _run(
    problem: Problem,
    budget: Budget,
    confirm: Confirm | None = None,
    keeping: Keeping | None = None,
) -> Computed:
    dtype, device = getattr(torch, problem.dtype), device_of(problem.device)
    backend = TorchBackend(dtype, device, keep=problem.steps)
    tensors = {name: backend.shared(values) for name, values in problem.inputs.items()}
    for name in problem.wrt:
        tensors[name].requires_grad_()
    backend.leaves = {name: tensors[name] for name in problem.wrt}
    for name, tensor in tensors.items():
        backend.calls.name(tensor, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        execution = execute(problem, backend, tensors, budget, confirm, watch=keeping)
        output = execution.target
        found = _rows if problem.rows else _gradients
        gradients, carrying, steps = found(problem, backend, output, tensors)
        claims = claim_values(problem, backend, execution, budget)
    return Computed(
        value=to_numpy(output),
        gradients=gradients,
        path=execution.run.path,
        stops=execution.run.stops,
        draws=execution.draws,
        casts=execution.run.casts,
        claims={name: to_numpy(value) for name, value in claims.items()},
        carrying=carrying,
        broadcasts=tuple(backend.broadcasts),
        steps=steps,
        target=backend.calls.origin(output),
        printed=execution.printed,
        overwritten=None if keeping is None else keeping.overwritten(output),
    )


def _gradients(
    problem: Problem, backend: TorchBackend, output: Any, tensors: Mapping[str, Any]
) -> tuple[dict[str, Array], frozenset[str], tuple[Step, ...]]:
    zeros = {name: np.zeros(problem.inputs[name].shape) for name in problem.wrt}
    cotangent = weights(problem, tuple(output.shape))
    wanted = [*(tensors[name] for name in problem.wrt), *backend.calls.tensors]
    found: list[Array | None] = [None] * len(wanted)
    if output.requires_grad:
        if problem.cotangent is not None:
            output = output * backend.constant(cotangent)
        # weights handed to grad itself would make torch import sympy, which takes half a second
        total = output.sum() if output.ndim else output
        live = [position for position, tensor in enumerate(wanted) if tensor.requires_grad]
        try:
            given = torch.autograd.grad(total, [wanted[k] for k in live], allow_unused=True)
        except RuntimeError as error:
            raise refused(error) from error
        for position, gradient in zip(live, given, strict=True):
            found[position] = None if gradient is None else to_numpy(gradient)
    gradients = {n: g for n, g in zip(problem.wrt, found, strict=False) if g is not None}
    steps = backend.calls.steps(found[len(problem.wrt) :], to_numpy)
    return zeros | gradients, frozenset(gradients), steps


def _rows(
    problem: Problem, backend: TorchBackend, output: Any, tensors: Mapping[str, Any]
) -> tuple[dict[str, Array], frozenset[str], tuple[Step, ...]]:
    """The gradients of each element of the output, one after the other."""
    shape = tuple(output.shape)
    found = {name: np.zeros((*shape, *problem.inputs[name].shape)) for name in problem.wrt}
    leaves = [tensors[name] for name in problem.wrt]
    live: set[str] = set()
    for index in np.ndindex(shape) if output.requires_grad else ():
        seed = torch.zeros_like(output)
        seed[index] = 1.0
        try:
            given = torch.autograd.grad(output, leaves, seed, retain_graph=True, allow_unused=True)
        except RuntimeError as error:
            raise refused(error) from error
        for name, gradient in zip(problem.wrt, given, strict=True):
            if gradient is not None:
                found[name][index] = to_numpy(gradient)
                live.add(name)
    return found, frozenset(live), ()


def refused(error: RuntimeError) -> GradcalcError:
    """What it means to the user that torch does not differentiate what it has computed."""
    reason = next(iter(str(error).strip().splitlines()), "")
    if "allocate memory" in reason:
        return LimitError("torch needs more memory than there is to differentiate this")
    return UnsupportedError("torch cannot differentiate this", hint=reason.rstrip(".") or None)


def device_of(name: str) -> torch.device:
    """The device of a name. Raises `UsageError` for one that cannot be used."""
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).cpu()
    # whatever a backend that is not there raises, in a paragraph at times
    except Exception as error:
        reason = brief(next(iter(str(error).strip().splitlines()), "it is not there"), 200)
        raise UsageError(f"--device {name} cannot be used: {reason}", hint="--device cpu") from None
    return device
