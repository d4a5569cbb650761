"""Runs of a user's function by torch: recorded, gone back by autograd, and tried in other ways."""

import random
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import numpy as np
import torch

from gradcalc.checking.capture import Recorder, plain_kernels
from gradcalc.checking.functions import References, watched
from gradcalc.checking.leaks import watched_leaks
from gradcalc.checking.ran import Gradients, Ran
from gradcalc.checking.tensors import dtype_of, tensors_in, to_array
from gradcalc.checking.trace import Call, Data, Note, Trace
from gradcalc.errors import InvalidValueError
from gradcalc.testimony import Array
from gradcalc.values.precision import precision_of

WEIGHTS = (-1.75, -1.5, -1.25, -0.75, -0.5, 0.5, 0.75, 1.25, 1.5, 1.75)
"""What a random cotangent is drawn from: every dtype has these numbers, and none is 1."""

APART = 4.0
"""How far two ways to the same gradient may be apart, in roots of the dtype's rounding."""

LONG = 10.0
"""Seconds of a run that is not made again to try it in other ways."""

BESIDE = (64.0, 2.0**20)
"""How far beside the point it is looked whether the function does the same, in roundings: what
rounding decides, and what is decided otherwise next to it."""

DRAWS = 3
"""How many points are tried there."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is checked.

    `call` runs the function, with other tensors for some of its `leaves`, those that are
    `movable`; `others` are what else it is given; `cotangent` weighs the elements of its output,
    drawn if None; `references` are plain functions for what nobody can see
    into, `trust` the Functions whose backward is meant, whatever it is. A `reference` is called in
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
    others: Mapping[str, torch.Tensor] = field(default_factory=dict)


def run(asked: Asked, known: Callable[[str], bool]) -> Ran:
    """Run the function, write down what it does, and ask autograd.

    Raises `InvalidValueError` for an output that nothing can be differentiated of.
    """
    recorder = Recorder(asked.leaves, known, asked.others)
    try:
        return _run(asked, known, recorder)
    finally:
        recorder.restore()


def _run(asked: Asked, known: Callable[[str], bool], recorder: Recorder) -> Ran:
    state, began = (*_state(), recorder.restore), perf_counter()
    watching = watched(recorder, asked.references, asked.trust)
    with _quietly(), plain_kernels(), watched_leaks(recorder), watching as found, recorder:
        output, weights = _output(asked, (asked.reference or asked.call)({}))
    took = perf_counter() - began
    trace = recorder.trace
    trace.output = recorder.value(output) if recorder.is_active(output) else _data(output)
    for name, leaf in asked.leaves.items():
        if recorder.view(leaf) != trace.inputs[name][0]:
            trace.notes.append(Note("rewritten", name))
    if asked.reference is not None:
        output, weights = _unrecorded(asked, output, state)
    back = _Back(asked, output, weights)
    gradients, failure = back.gradients()
    hands = dict(found.hands)
    ran = Ran(
        trace=trace,
        value=back.value,
        weights=weights,
        gradients=gradients,
        hands=hands,
        dtype=trace.precision,
        tangents=back.tangents,
        failure=failure,
    )
    if failure is not None or took > LONG:
        return ran
    with _quietly():
        otherwise = {}
        for way, found_so in _otherwise(asked, ran, back, state):
            otherwise[way] = found_so
            if way in (DOUBLED, STRIDED):
                hands = dict(found.hands)
                break
        strays, rounded = _strays(asked, ran, known, state)
    return replace(ran, otherwise=otherwise, hands=hands, strays=strays, rounded=rounded)


def _unrecorded(asked: Asked, meant: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
    """The function's own output, where a reference was recorded.

    Raises `InvalidValueError` where the two have other values.
    """
    _restore(state)
    with _quietly():
        output, weights = _output(asked, asked.call({}))
    ours, theirs = to_array(output).astype(float), to_array(meant).astype(float)
    room = APART * precision_of(dtype_of(output)).epsilon ** 0.5
    size = float(np.max(np.abs(theirs), initial=0))
    if ours.shape != theirs.shape or not np.allclose(ours, theirs, rtol=room, atol=room * size):
        raise InvalidValueError(
            f"the reference gives another value than {asked.name}",
            hint="it has to mean the same function",
        )
    return output, weights


def _data(output: torch.Tensor) -> Data:
    return Data(to_array(output), str(output.dtype).removeprefix("torch."))


def _output(asked: Asked, given: Any) -> tuple[torch.Tensor, Array | None]:
    """The output as one tensor of real numbers, and the weights of its elements.

    What gives several tensors gives the sum of them all, each weighed: one number.
    """
    made = [_real(t) for t in tensors_in(given) if t.is_floating_point() or t.is_complex()]
    if not made:
        kind = "None" if given is None else f"a value of type {type(given).__name__}"
        raise InvalidValueError(
            f"{asked.name} gives back {kind}, and no tensor of floats",
            hint="what is checked is the gradient of what a function gives back",
        )
    draw = np.random.default_rng(asked.seed)
    if len(made) == 1:
        (output,) = made
        if asked.cotangent is not None:
            return output, np.broadcast_to(np.asarray(asked.cotangent, float), output.shape)
        return output, draw.choice(WEIGHTS, tuple(output.shape)) if output.ndim else None
    drawn = [draw.choice(WEIGHTS, tuple(tensor.shape)) for tensor in made]
    if asked.cotangent is not None:
        drawn = [np.asarray(part, float) for part in asked.cotangent]
    total: Any = 0
    for tensor, weights in zip(made, drawn, strict=True):
        weight = torch.as_tensor(weights, dtype=tensor.dtype, device=tensor.device)
        total = total + (tensor * weight).sum()
    return total, None


def _real(tensor: torch.Tensor) -> torch.Tensor:
    return torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor


class _Back:
    """The ways back from an output."""

    def __init__(self, asked: Asked, output: torch.Tensor, weights: Array | None) -> None:
        self._leaves = dict(asked.leaves)
        self._output, self._weights, self._order = output, weights, asked.order
        self.tangents: dict[str, Array] | None = None
        self.value = to_array(output).astype(np.float64)
        if asked.order > 1:
            draw = np.random.default_rng(asked.seed + 1)
            self.tangents = {
                name: draw.choice(WEIGHTS, tuple(leaf.shape)) for name, leaf in self._leaves.items()
            }

    def seed(self, times: float = 1.0) -> torch.Tensor:
        """The cotangent."""
        weights = np.ones(()) if self._weights is None else self._weights
        given = np.broadcast_to(weights, tuple(self._output.shape)) * times
        return torch.as_tensor(given, dtype=self._output.dtype, device=self._output.device)

    def gradients(
        self, seed: torch.Tensor | None = None, leaves: Mapping[str, torch.Tensor] | None = None
    ) -> tuple[dict[str, Array | None], str | None]:
        """Autograd's gradients, and what it says where it gives none."""
        named = self._leaves if leaves is None else {**self._leaves, **leaves}
        if not self._output.requires_grad:
            return dict.fromkeys(named), None
        seed = self.seed() if seed is None else seed
        try:
            found = self._found(named, seed)
        # a backward that somebody wrote may raise anything
        except Exception as error:
            said = str(error).strip().splitlines()
            return dict.fromkeys(named), f"{type(error).__name__}: {said[0] if said else ''}"
        arrays = (None if g is None else to_array(g).astype(np.float64) for g in found)
        return dict(zip(named, arrays, strict=True)), None

    def _found(self, named: Mapping[str, torch.Tensor], seed: torch.Tensor) -> Any:
        leaves, twice = list(named.values()), self._order > 1
        try:
            found = torch.autograd.grad(
                self._output, leaves, seed, allow_unused=True, retain_graph=True, create_graph=twice
            )
        except RuntimeError as error:
            # some ways back are only those of all gradients there are
            if "use_reentrant" not in str(error) or twice:
                raise
            return _accumulated(self._output, leaves, seed)
        return found if self.tangents is None else self._second(named, found)

    def _second(self, named: Mapping[str, torch.Tensor], first: Any) -> Any:
        assert self.tangents is not None
        total: Any = None
        for (name, leaf), gradient in zip(named.items(), first, strict=True):
            if gradient is None or not gradient.requires_grad:
                continue
            weights = torch.as_tensor(self.tangents[name], dtype=leaf.dtype, device=leaf.device)
            part = (gradient * weights).sum()
            total = part if total is None else total + part
        if total is None:
            return [None for _ in named]
        self.value = to_array(total).astype(np.float64)
        return torch.autograd.grad(total, list(named.values()), allow_unused=True)


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


# -- in other ways -----------------------------------------------------------------------------

DOUBLED = "the cotangent is doubled"
STRIDED = "the cotangent is not contiguous in memory"
SCATTERED = "the inputs are not contiguous in memory"
AGAIN = "it is run once more"


def _otherwise(asked: Asked, ran: Ran, back: _Back, state: Any) -> Iterator[tuple[str, Gradients]]:
    """Gradients that torch gives in other ways, where they are others."""
    found, failed = back.gradients(back.seed(2.0))
    halved = {n: None if g is None else np.asarray(g / 2) for n, g in found.items()}
    if failed is None and _differ(ran, halved):
        yield DOUBLED, halved
    seed = back.seed()
    if seed.ndim and seed.numel() > 1:
        found, failed = back.gradients(_strided(seed))
        if failed is None and _differ(ran, found):
            yield STRIDED, found
    plain = _again(asked, ran, {}, state)
    if plain is None:
        return
    if _differ(ran, plain):
        yield AGAIN, plain
        return
    if _has_drawn(state):
        # numbers are drawn in the order of memory
        return
    others = {
        name: _strided(leaf)
        for name, leaf in asked.leaves.items()
        if leaf.numel() > 1 and name in asked.movable
    }
    scattered = _again(asked, ran, others, state) if others else None
    if scattered is not None and _differ(ran, scattered):
        yield SCATTERED, scattered


def _again(
    asked: Asked, ran: Ran, leaves: Mapping[str, torch.Tensor], state: Any
) -> Gradients | None:
    """The gradients of another run, None where it fails, or its value is another one."""
    _restore(state)
    try:
        output, weights = _output(asked, asked.call(leaves))
    # as it ran before, it is what is new that it does not take
    except Exception:
        return None
    back = _Back(asked, output, weights)
    if not _is_near(ran, back.value):
        return None
    found, failed = back.gradients(leaves=leaves)
    return None if failed is not None else found


def _strided(tensor: torch.Tensor) -> torch.Tensor:
    """The same numbers, not contiguous in memory."""
    with torch.no_grad():
        if tensor.ndim > 1 and tensor.shape[-1] > 1 and tensor.shape[-2] > 1:
            found = tensor.transpose(-1, -2).contiguous().transpose(-1, -2)
        else:
            found = torch.stack([tensor, tensor], -1)[..., 0]
    return found.requires_grad_(tensor.requires_grad)


def _is_near(ran: Ran, value: Array) -> bool:
    """Whether a value is that of the run; where going back was asked twice it is another's."""
    if ran.tangents is not None:
        return True
    room = APART * precision_of(ran.dtype).epsilon ** 0.5
    size = float(np.max(np.abs(ran.value), initial=0, where=np.isfinite(ran.value)))
    return value.shape == ran.value.shape and bool(
        np.allclose(value, ran.value, rtol=room, atol=room * size, equal_nan=True)
    )


def _differ(ran: Ran, found: Gradients) -> bool:
    room = APART * precision_of(ran.dtype).epsilon ** 0.5
    for name, gradient in ran.gradients.items():
        other = found[name]
        if gradient is None or other is None:
            given = gradient if other is None else other
            if given is not None and np.any(given):
                return True
            continue
        if gradient.shape != other.shape:
            return True
        size = max(float(np.max(np.abs(part), initial=0)) for part in (gradient, other))
        if np.isfinite(size) and not np.all(np.abs(gradient - other) <= room * size):
            return True
    return False


def _strays(
    asked: Asked, ran: Ran, known: Callable[[str], bool], state: Any
) -> tuple[str | None, bool]:
    """Where the function does something else beside the point, and whether rounding decides it."""
    decided = any(note.kind in ("number", "decision") for note in ran.trace.notes)
    if not decided:
        return None, False
    draw, epsilon = np.random.default_rng(asked.seed + 2), precision_of(ran.dtype).epsilon
    for times in BESIDE:
        for _ in range(DRAWS):
            with _moved(asked.leaves, draw, times * epsilon):
                found = _way(asked, known, state)
            if found is None:
                continue
            place = _parting(ran.trace, found)
            if place is not None:
                return place, times == BESIDE[0]
    return None, False


def _way(asked: Asked, known: Callable[[str], bool], state: Any) -> Trace | None:
    """What the function does where its leaves are now."""
    _restore(state)
    recorder = Recorder(asked.leaves, known, asked.others)
    try:
        with plain_kernels(), watched(recorder, asked.references, asked.trust), recorder:
            asked.call({})
    except Exception:
        return None
    return recorder.trace


@contextmanager
def _moved(
    leaves: Mapping[str, torch.Tensor], draw: np.random.Generator, room: float
) -> Iterator[None]:
    """The leaves moved a little in place, and back again."""
    kept = {name: leaf.detach().clone() for name, leaf in leaves.items()}
    try:
        with torch.no_grad():
            for leaf in leaves.values():
                signs = torch.as_tensor(draw.choice((-1.0, 1.0), tuple(leaf.shape)))
                moved = leaf.double() + room * signs.to(leaf.device) * leaf.double().abs()
                leaf.copy_(moved)
        yield
    finally:
        with torch.no_grad():
            for name, leaf in leaves.items():
                leaf.copy_(kept[name])


def _parting(first: Trace, second: Trace) -> str | None:
    """Where two runs part, None where they are one."""
    one, other = ([e for e in t.events if isinstance(e, Call)] for t in (first, second))
    for mine, theirs in zip(one, other, strict=False):
        if (mine.name, mine.answer) != (theirs.name, theirs.answer):
            return mine.place.told
    if len(one) == len(other):
        return None
    shorter = min(one, other, key=len)
    return shorter[-1].place.told if shorter else ""


def _state() -> Any:
    return torch.get_rng_state(), random.getstate(), np.random.get_state()


def _has_drawn(state: Any) -> bool:
    """Whether random numbers were drawn since."""
    now = _state()
    same = torch.equal(now[0], state[0]) and now[1] == state[1]
    return not (same and all(np.array_equal(a, b) for a, b in zip(now[2], state[2], strict=True)))


def _restore(state: Any) -> None:
    torch.set_rng_state(state[0])
    random.setstate(state[1])
    np.random.set_state(state[2])
    # what modules keep to themselves, say
    state[3]()


@contextmanager
def _quietly() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
