"""What is asked of a user's function, and autograd's ways back from its output."""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from gradcalc.checking.capture import is_users
from gradcalc.checking.functions import References
from gradcalc.checking.handing import Watched
from gradcalc.checking.held import leaves_of
from gradcalc.checking.hooks import watched_hooks
from gradcalc.checking.inside import gone_back
from gradcalc.checking.ran import Failed
from gradcalc.checking.tensors import dtype_of, is_of_floats, to_array
from gradcalc.checking.trace import NOWHERE, Place
from gradcalc.errors import InvalidValueError, LimitError, ShapeError
from gradcalc.testimony import Array

WEIGHTS = (-1.75, -1.5, -1.25, -0.75, -0.5, 0.5, 0.75, 1.25, 1.5, 1.75)
"""What the cotangent of a few elements is drawn from, none twice: every dtype has these numbers,
and none is 1."""

FINER = tuple(sign * k / 128 for sign in (-1, 1) for k in range(65, 256) if k != 128)
"""The same for more elements."""

OF_ARRAYS = "grad= checks the gradient of a function of numpy arrays"


def drawn(draw: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Weights for the elements of a shape."""
    count = int(np.prod(shape, dtype=np.int64))
    if count <= len(WEIGHTS):
        return draw.permutation(WEIGHTS)[:count].reshape(shape)
    return draw.choice(FINER, shape)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is checked.

    `call` runs the function, with other tensors for some of its `leaves`, those that are `movable`,
    in the place of the tensors whose ids are `given`; `others` are what else it has; `wide` makes
    the same of numbers of 64 bits, where it can; `cotangent` weighs the elements of its output,
    drawn if None; `references` are plain functions for what nobody can see into, `trust` the
    Functions whose backward is meant, whatever it is. A `reference` is called in
    the place of all of it, and what it does is what the gradient is held to.
    """

    call: Callable[[Mapping[str, torch.Tensor]], Any]
    leaves: Mapping[str, torch.Tensor]
    name: str = "f"
    cotangent: Any = None
    references: References = field(default_factory=dict)
    trust: frozenset[str] = frozenset()
    order: int = 1
    seed: int = 0
    reference: Callable[[Mapping[str, torch.Tensor]], Any] | None = None
    movable: frozenset[str] = frozenset()
    given: Mapping[int, str] = field(default_factory=dict)
    others: Mapping[str, torch.Tensor] = field(default_factory=dict)
    wide: "Callable[[], Asked | None] | None" = None


def output_of(asked: Asked, given: Any) -> tuple[torch.Tensor, Array | None]:
    """The output as one tensor of real numbers, and the weights of its elements.

    What gives several tensors gives the sum of them all, each weighed: one number.
    """
    parts = parts_of(asked, given)
    if len(parts) == 1:
        return parts[0]
    total: Any = 0
    for tensor, weights in parts:
        weight = torch.as_tensor(weights, dtype=tensor.dtype, device=tensor.device)
        total = total + (tensor * weight).sum()
    return total, None


def parts_of(asked: Asked, given: Any) -> list[tuple[torch.Tensor, Array | None]]:
    """Each tensor of an output, and the weights of its elements; a single number has none."""
    made = [_real(part) for _, part in returned(asked, given) if is_of_floats(part)]
    if not made:
        kind = "None" if given is None else f"a value of type {type(given).__name__}"
        if isinstance(given, torch.Tensor):
            kind = f"a tensor of {dtype_of(given)}"
        raise InvalidValueError(
            f"{asked.name} gives back {kind}, and no tensor of floats",
            hint=OF_ARRAYS
            if isinstance(given, np.ndarray | np.generic)
            else "what is checked is the gradient of what a function gives back",
        )
    draw = np.random.default_rng(asked.seed)
    if len(made) == 1:
        (output,) = made
        if asked.cotangent is not None:
            return [(output, _weights(asked, tuple(output.shape)))]
        return [(output, drawn(draw, tuple(output.shape)) if output.ndim else None)]
    weights = [drawn(draw, tuple(tensor.shape)) for tensor in made]
    if asked.cotangent is not None:
        weights = [np.asarray(part, float) for part in asked.cotangent]
        if len(weights) != len(made):
            raise ShapeError(
                f"the cotangent has {len(weights)} parts, the output of {asked.name} {len(made)}",
                hint="a tuple of one for each tensor that it gives back",
            )
    return list(zip(made, weights, strict=True))


def returned(asked: Asked, given: Any) -> list[tuple[str, Any]]:
    """All that a function gives back, by its places.

    Raises `InvalidValueError` for what is nested too deeply.
    """
    try:
        return list(leaves_of(given, f"what {asked.name} gives back"))
    except LimitError:
        raise InvalidValueError(
            f"what {asked.name} gives is nested too deeply, or holds itself"
        ) from None


def _weights(asked: Asked, shape: tuple[int, ...]) -> Array:
    given = np.asarray(asked.cotangent, np.float64)
    try:
        return np.broadcast_to(given, shape)
    except ValueError:
        raise ShapeError(
            f"the cotangent has shape {given.shape}, the output of {asked.name} {shape}",
            hint="it weighs the elements of the output, so give it the output's shape",
        ) from None


def _real(tensor: torch.Tensor) -> torch.Tensor:
    return torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor


class Back:
    """The ways back from an output, and what goes through own backwards then."""

    def __init__(
        self, asked: Asked, output: torch.Tensor, weights: Array | None, found: Watched
    ) -> None:
        self._leaves, self._asked, self._found = dict(asked.leaves), asked, found
        self._output, self._weights, self._order = output, weights, asked.order
        self.tangents: dict[str, Array] | None = None
        self.value = to_array(output).astype(np.float64)
        self.slope: Array | None = None
        self.first: tuple[Array, dict[str, Array | None]] | None = None
        if asked.order > 1:
            # by itself, as a backward that cuts it off would else pass
            self.slope = np.zeros(tuple(output.shape))
            draw = np.random.default_rng(asked.seed + 1)
            self.tangents = {
                name: drawn(draw, tuple(leaf.shape)) for name, leaf in self._leaves.items()
            }

    def seed(self, times: float = 1.0) -> torch.Tensor:
        """The cotangent."""
        weights = np.ones(()) if self._weights is None else self._weights
        return self.seed_of(np.broadcast_to(weights, tuple(self._output.shape)) * times)

    def seed_of(self, given: Array) -> torch.Tensor:
        """Weights of the output as a cotangent."""
        return torch.as_tensor(given, dtype=self._output.dtype, device=self._output.device)

    def gradients(
        self, seed: torch.Tensor | None = None, leaves: Mapping[str, torch.Tensor] | None = None
    ) -> tuple[dict[str, Array | None], Failed | None]:
        """Autograd's gradients, and what it says where it gives none."""
        every = {**self._leaves, **(leaves or {})}
        named = {name: leaf for name, leaf in every.items() if leaf.requires_grad}
        if not self._output.requires_grad:
            return dict.fromkeys(every), None
        seed = self.seed() if seed is None else seed
        try:
            going = gone_back(self._found, self._asked.references, self._asked.trust)
            with going, watched_hooks(self._found.changing):
                found = self._back(named, seed)
        # a backward that somebody wrote may raise anything
        except Exception as error:
            return dict.fromkeys(every), _failed(error)
        arrays = (None if g is None else to_array(g).astype(np.float64) for g in found)
        return {**dict.fromkeys(every), **dict(zip(named, arrays, strict=True))}, None

    def _back(self, named: Mapping[str, torch.Tensor], seed: torch.Tensor) -> Any:
        leaves, twice = list(named.values()), self._order > 1
        seed = seed.detach().requires_grad_() if twice else seed
        try:
            found = torch.autograd.grad(
                self._output, leaves, seed, allow_unused=True, retain_graph=True, create_graph=twice
            )
        except RuntimeError as error:
            # some ways back are only those of all gradients there are
            if "use_reentrant" not in str(error) or twice:
                raise
            return _accumulated(self._output, leaves, seed)
        return found if self.tangents is None else self._second(named, found, seed)

    def _second(self, named: Mapping[str, torch.Tensor], first: Any, seed: torch.Tensor) -> Any:
        assert self.tangents is not None
        total: Any = None
        arrays = (None if g is None else to_array(g).astype(np.float64) for g in first)
        self.first = self.value, dict(zip(named, arrays, strict=True))
        self.value = np.zeros(())
        for (name, leaf), gradient in zip(named.items(), first, strict=True):
            if gradient is None:
                continue
            weights = torch.as_tensor(self.tangents[name], dtype=leaf.dtype, device=leaf.device)
            part = (gradient * weights).sum()
            self.value = np.asarray(self.value + to_array(part))
            if gradient.requires_grad:
                total = part if total is None else total + part
        if total is None:
            return [None for _ in named]
        if _is_once_only(total):
            raise RuntimeError("a function is marked with @once_differentiable")
        *found, slope = torch.autograd.grad(total, [*named.values(), seed], allow_unused=True)
        self.slope = np.zeros(seed.shape) if slope is None else to_array(slope).astype(np.float64)
        return found


def _failed(error: Exception) -> Failed:
    """What was raised on the way back, where, and in whose backward."""
    said, place, by = str(error).strip().splitlines(), NOWHERE, ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if is_users(frame):
            place = Place(frame.f_code.co_filename, line)
        of = getattr(type(frame.f_locals.get("self")), "_forward_cls", None)
        by = by if of is None else of.__name__
    return Failed(f"{type(error).__name__}: {said[0] if said else ''}", place, by)


def _is_once_only(total: torch.Tensor) -> bool:
    """Whether something on the way refuses to be differentiated again.

    `backward` raises there, and `grad` says that no gradient flows.
    """
    nodes, seen = [total.grad_fn], set()
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node.name() == "torch::autograd::Error":
            return True
        nodes += [following for following, _ in node.next_functions]
    return False


def _accumulated(
    output: torch.Tensor, leaves: Sequence[torch.Tensor], seed: torch.Tensor
) -> list[torch.Tensor | None]:
    """The gradients that `backward` leaves in leaves, in which it stays what was there."""
    before = [leaf.grad for leaf in leaves]
    for leaf in leaves:
        leaf.grad = None
    try:
        torch.autograd.backward(output, seed, retain_graph=True)
        return [leaf.grad for leaf in leaves]
    finally:
        for leaf, grad in zip(leaves, before, strict=True):
            leaf.grad = grad
