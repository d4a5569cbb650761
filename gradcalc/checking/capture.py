"""The recorder: torch's operations as they are done, below autograd, as a `Trace`.

There every write and view is seen, and the insides of modules, compiled and scripted functions; and
of each tensor whether a gradient flows back through this use of it, as autograd has it.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from gradcalc.checking.otherwise import decomposition, gives, python_body
from gradcalc.checking.tensors import (
    META,
    SPARSE,
    all_of,
    dtype_of,
    is_part,
    kind_of,
    storage_of,
    tensors_in,
    to_array,
)
from gradcalc.checking.trace import (
    NOWHERE,
    Call,
    Data,
    Event,
    Note,
    Place,
    Result,
    Same,
    Start,
    Trace,
    Use,
    View,
    uses_in,
)

SHAPE_ONLY = frozenset(
    {
        "empty_like", "zeros_like", "ones_like", "full_like", "rand_like", "randn_like",
        "randint_like", "new_empty", "new_zeros", "new_ones", "new_full", "new_empty_strided",
        "bernoulli", "scalar_tensor", "normal", "rand", "randn", "multinomial", "poisson",
        "binomial", "sym_size", "sym_stride", "sym_numel", "sym_storage_offset", "is_same_size",
        "_has_compatible_shallow_copy_type", "_assert_tensor_metadata", "_assert_async",
        "_linalg_check_errors",
    }
)  # fmt: skip
"""Operations whose results have no more of a tensor than its shape, or are drawn."""

DRAWN_BY = frozenset({"bernoulli", "normal", "multinomial", "poisson", "binomial"})
"""Those that draw numbers by what they are given, to which no gradient of theirs goes back."""

DRAWN = frozenset(
    {
        "normal_", "uniform_", "exponential_", "log_normal_", "geometric_", "cauchy_", "random_",
        "bernoulli_",
    }
)  # fmt: skip
"""Writes of numbers that are drawn."""

RESHAPED = frozenset(
    {
        "transpose_", "t_", "squeeze_", "unsqueeze_", "swapaxes_", "swapdims_", "as_strided_",
        "detach_", "requires_grad_",
    }
)  # fmt: skip
"""They write nothing: where a tensor lies is read when it is used."""

UPDATING = frozenset({"native_batch_norm", "_batch_norm_with_update", "rrelu_with_noise"})
"""Operations that write without a word of it in their schema."""

FIRST_ALONE = frozenset(
    {
        "native_layer_norm",
        "native_group_norm",
        "native_batch_norm",
        "_native_batch_norm_legit",
        "_batch_norm_with_update",
    }
)
"""Operations of whose results autograd differentiates the first alone."""

UPDATED = frozenset({"running_mean", "running_var", "noise"})
"""The arguments that these write."""

LEAKING = frozenset({"_local_scalar_dense", "equal", "_is_all_true", "_is_any_true"})
"""What takes numbers out of tensors."""

FAR = 1000
"""Steps that are gone back from a tensor that comes from outside."""

_OWN = str(Path(__file__).parent.parent)
_TORCH = str(Path(torch.__file__).parent)


def is_users_file(name: str) -> bool:
    """Whether what stands in a file is the user's."""
    return not name.startswith((_TORCH, _OWN, "<"))


def is_users(frame: FrameType) -> bool:
    """Whether what runs is the user's."""
    return is_users_file(frame.f_code.co_filename)


def place_here() -> Place:
    """The line of the user's that is running."""
    frame = sys._getframe(1)
    while frame is not None:
        if is_users(frame):
            return Place(frame.f_code.co_filename, frame.f_lineno)
        if frame.f_back is None:
            break
        frame = frame.f_back
    return NOWHERE


class Recorder(TorchDispatchMode):
    """Writes down every operation on what is made of the leaves.

    `known` says which operations have a row; the others are recorded as what torch itself makes of
    them, where it says so.
    """

    supports_higher_order_operators = True

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # else the first use imports torch._dynamo
        return False

    def __init__(
        self,
        leaves: Mapping[str, torch.Tensor],
        known: Callable[[str], bool] | None = None,
        others: Mapping[str, torch.Tensor] | None = None,
        given: Mapping[int, str] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._given_for = given or {}
        self._outside: dict[int, torch.Tensor] = {}
        self.trace = Trace()
        self.known = known
        self.paused = False
        self.inside: int | None = None
        self.blind: set[int] = set()
        self.drawing: set[int] = set()
        self.numbers: set[float] = set()
        self._within: list[str] = []
        self._flowing: set[int] = set()
        self._leaves: dict[int, str] = {}
        self._below: MutableMapping[Any, bool] = WeakTensorKeyDictionary()
        self._beside: MutableMapping[Any, bool] = WeakTensorKeyDictionary()
        self._quiet: MutableMapping[Any, bool] = WeakTensorKeyDictionary()
        self._own = {id(leaf) for leaf in leaves.values()}
        self._held: list[Any] = [*leaves.values()]
        self._storages: dict[int, int] = {}
        self._dead: set[int] = set()
        self._made: set[int] = set()
        self._kept: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        for name, leaf in leaves.items():
            self.trace.inputs[name] = self._given(leaf)
            self._flowing.add(storage_of(leaf))
            self._leaves[storage_of(leaf)] = name
        for name, tensor in (others or {}).items():
            if storage_of(tensor) not in self._storages:
                self.trace.others[name] = self._given(tensor)

    def _given(self, tensor: torch.Tensor) -> tuple[View, Any]:
        if storage_of(tensor) not in self._storages and is_part(tensor):
            self.trace.wholes.append(self._whole(tensor))
        return self.view(tensor), to_array(tensor)

    # -- where tensors lie

    def is_active(self, tensor: torch.Tensor) -> bool:
        """Whether it lies where something made of the leaves does."""
        return storage_of(tensor) in self._storages

    def view(self, tensor: torch.Tensor) -> View:
        """Where a tensor lies."""
        key, foreign = storage_of(tensor), kind_of(tensor)
        if key not in self._storages:
            self._storages[key] = len(self._storages)
            # so that no other comes to lie there
            self._held.append(tensor if foreign else tensor.untyped_storage())
        number = self._storages[key]
        if foreign:
            return View(number, 0, (), (), dtype_of(tensor), foreign=foreign)
        shape = tuple(tensor.shape)
        flipped = "conj" if tensor.is_conj() else "neg" if tensor.is_neg() else ""
        strides = tuple(map(int, tensor.stride()))
        offset = int(tensor.storage_offset())
        return View(number, offset, shape, strides, dtype_of(tensor), flipped)

    def value(self, tensor: torch.Tensor) -> Use | Data:
        """A tensor as an operation takes it."""
        active = self.is_active(tensor)
        if not self.at_face_value and (tensor in self._quiet or not active):
            self._look_behind(tensor)
        if not active and kind_of(tensor) in ("", SPARSE):
            return Data(to_array(tensor), dtype_of(tensor))
        real = tensor.is_floating_point() or tensor.is_complex()
        numbers = None if real else to_array(tensor)
        return Use(self.view(tensor), self.is_live(tensor) and real, numbers)

    def is_live(self, tensor: torch.Tensor) -> bool:
        """Whether a gradient flows back to the leaves through this use of a tensor."""
        if self.at_face_value:
            # what the backward of an own Function is of is taken at face value
            return id(tensor) not in self._dead
        if tensor.requires_grad and tensor.is_leaf:
            # one that begins anew is none of ours
            return id(tensor) in self._own
        # what an operation does below autograd has a gradient that is the operation's
        return tensor.requires_grad or tensor in self._below

    def _look_behind(self, tensor: torch.Tensor) -> None:
        """Notice what autograd goes back through though it was done where nobody sees: in C++ code,
        or in another thread."""
        node = tensor.grad_fn if tensor.requires_grad else None
        written = node is not None and "CppNode" in node.name() and tensor in self._quiet
        if node is not None and (written or (not self.is_active(tensor) and self._reaches(node))):
            self.note("unseen", node.name())

    def _reaches(self, node: Any) -> bool:
        """Whether a way back leads to the leaves."""
        nodes, seen = [node], {node}
        while nodes:
            here = nodes.pop()
            if id(getattr(here, "variable", None)) in self._own:
                return True
            following = {after for after, _ in here.next_functions if after is not None} - seen
            seen |= following
            nodes += following
        return False

    @property
    def at_face_value(self) -> bool:
        """Whether what is done now is what autograd takes as a whole."""
        return self.inside is not None or bool(self._within)

    def result(self, tensor: torch.Tensor) -> Result:
        """A tensor that an operation gave."""
        return Result(self.view(tensor), to_array(tensor))

    def kill(self, tensor: torch.Tensor) -> None:
        """Take a tensor for one that no gradient flows back through, inside of a Function."""
        self._dead.add(id(tensor))
        self._held.append(tensor)

    def argument(self, value: Any) -> Any:
        """An argument as plain data."""
        if isinstance(value, torch.Tensor):
            return self.value(value)
        if isinstance(value, list | tuple):
            return [self.argument(part) for part in value]
        if isinstance(value, float) and value in self.numbers:
            if self.inside is None:
                self.note("used number", "")
            else:
                self.left("item")
            return value
        if isinstance(value, torch.dtype):
            return str(value).removeprefix("torch.")
        if isinstance(value, torch.device | torch.layout | torch.memory_format):
            return None
        if isinstance(value, torch.SymInt | torch.SymFloat | torch.SymBool):
            return value.node.maybe_as_int()
        return value

    def add(self, event: Event) -> None:
        """Write an event down."""
        self.trace.events.append(event)

    def is_flowing(self, tensor: torch.Tensor) -> bool:
        """Whether a gradient could flow back through a tensor."""
        if self.paused or not tensor.is_floating_point() or not self.is_active(tensor):
            return False
        return self.is_live(tensor)

    def left(self, kind: str) -> None:
        """Write down that a number has left a tensor inside of an own Function."""
        self.note("left", kind)
        if self.inside is not None:
            self.blind.add(self.inside)

    def note(self, kind: str, text: str) -> None:
        """Write down that something was noticed."""
        found = Note(kind, text, place_here())
        if found not in self.trace.notes:
            self.trace.notes.append(found)

    # -- the hook

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        schema = getattr(func, "_schema", None)
        given = list(tensors_in((args, kwargs)))
        if self.paused or not any(self.is_active(tensor) for tensor in given):
            self._keep(schema, args, kwargs)
            return self._made_here(func(*args, **kwargs))
        for name in filter(None, map(self._stem, given)):
            self.note("aliased", name)
        if schema is None:
            self.note("opaque", str(func))
            return func(*args, **kwargs)
        self._keep(schema, args, kwargs)
        base = schema.name.rpartition("::")[2]
        if base in SHAPE_ONLY or base in RESHAPED:
            if base == "detach_":
                self._below.pop(args[0], None)
            made = self._made_here(func(*args, **kwargs))
            return self._drawn(made, base, given) if base in DRAWN_BY else made
        if base in LEAKING:
            return self._leak(func, schema, args, kwargs)
        plain = all(kind_of(tensor) == "" for tensor in given)
        other = self._otherwise(func, schema) if plain and not schema.is_mutable else None
        if other is not None:
            found = self._instead(other, func, args, kwargs, given)
            if found is not NotImplemented:
                return found
        return self._recorded(func, schema, args, kwargs, given)

    def _stem(self, tensor: torch.Tensor) -> str | None:
        """The argument that a tensor from outside is, or that autograd knows it to be made of."""
        if not self._given_for or id(tensor) in self._given_for:
            return self._given_for.get(id(tensor))
        if self.is_active(tensor) or tensor.grad_fn is None or id(tensor) in self._outside:
            return None
        # kept, so that no other has its id
        self._outside[id(tensor)] = tensor
        seen, open_ = {tensor.grad_fn}, [tensor.grad_fn]
        while open_ and len(seen) < FAR:
            step: Any = open_.pop()
            if (name := self._given_for.get(id(getattr(step, "variable", None)))) is not None:
                return name
            new = {before for before, _ in step.next_functions if before is not None} - seen
            seen |= new
            open_ += new
        return None

    def _leak(self, func: Any, schema: Any, args: Any, kwargs: Any) -> Any:
        """What takes a number out of a tensor, or decides by one."""
        made = func(*args, **kwargs)
        answer = made if isinstance(made, bool) else None
        self.note("number" if answer is None else "decision", schema.name)
        named = {a.name: v for a, v in zip(schema.arguments, args, strict=False)} | kwargs
        arguments = {name: self.argument(value) for name, value in named.items()}
        name = schema.name.replace("::", ".")
        self.add(Call(name, arguments, (), place_here(), self.inside, answer=answer))
        return made

    def _recorded(
        self, func: Any, schema: Any, args: Any, kwargs: Any, given: list[torch.Tensor]
    ) -> Any:
        named = {a.name: value for a, value in zip(schema.arguments, args, strict=False)} | kwargs
        targets = [
            target
            for a in schema.arguments
            if a.alias_info is not None and a.alias_info.is_write
            for target in tensors_in(named.get(a.name))
            # no gradient flows into averages of what came before
            if a.name not in UPDATED or self.is_active(target)
        ]
        hidden = {id(t): (t, to_array(t)) for t in targets if self._is_hidden(t)}
        for target, _ in hidden.values():
            # what is written is what it is, whoever sees it
            self._below[target] = True
        for target in targets:
            if not self.is_active(target):
                self._start(target)
        base = schema.name.rpartition("::")[2]
        if base in DRAWN:
            return self._redrawn(func, args, kwargs, targets)
        arguments = {name: self.argument(value) for name, value in named.items()}
        flows = any(use.live for use in uses_in(arguments)) and torch.is_grad_enabled()
        dead = self.at_face_value and all(id(t) in self._dead for t in given if self.is_active(t))
        made = self._made_here(func(*args, **kwargs))
        if base == "rrelu_with_noise":
            # it is drawn here
            arguments["noise"] = Data(to_array(named["noise"]), dtype_of(named["noise"]))
        for target, had in hidden.values():
            # a bound that nothing is beyond, say, changes nothing
            if not np.array_equal(had, to_array(target), equal_nan=True):
                self._note_hidden(target)
        before = {storage_of(tensor) for tensor in given}
        found = list(tensors_in(made))
        if any(kind_of(tensor) == META for tensor in found):
            # it has no numbers
            return made
        aliases = bool(found) and not targets and all(storage_of(t) in before for t in found)
        results = tuple(self.result(tensor) for tensor in found)
        for tensor in found if dead else ():
            self.kill(tensor)
        if flows and not self.at_face_value and not schema.name.endswith("::detach"):
            differentiable = found[:1] if base in FIRST_ALONE else found
            self._below.update((tensor, True) for tensor in differentiable)
            self._beside.update((tensor, True) for tensor in found[len(differentiable) :])
            self._flowing.update(map(storage_of, found))
            for tensor in found:
                self._quiet.pop(tensor, None)
        elif not (self.at_face_value or torch.is_grad_enabled()):
            self._quiet.update((tensor, True) for tensor in found)
        name = schema.name.replace("::", ".")
        written = tuple(self.view(target) for target in targets)
        self.add(Call(name, arguments, results, place_here(), self.inside, aliases, written))
        return made

    def _drawn(self, made: torch.Tensor, name: str, given: Sequence[torch.Tensor]) -> torch.Tensor:
        """What is drawn is what it is, though other numbers are drawn beside the point."""
        if self.inside is not None:
            # what its slope is meant to be only who wrote the backward knows
            self.drawing.add(self.inside)
            return made
        flows = made.is_floating_point() and any(self.is_flowing(tensor) for tensor in given)
        if flows and torch.is_grad_enabled():
            self.note("drawn", f"torch.{name}")
        drawn = Data(to_array(made), dtype_of(made))
        self.add(Same(drawn, self.result(made)))
        return made

    def _redrawn(self, func: Any, args: Any, kwargs: Any, targets: Sequence[torch.Tensor]) -> Any:
        """What is drawn and written, as a copy of what was drawn."""
        made = func(*args, **kwargs)
        for target in targets:
            drawn, view = Data(to_array(target), dtype_of(target)), self.view(target)
            result = Result(view, drawn.numbers)
            call = Call(
                "aten.copy_", {"src": drawn}, (result,), place_here(), self.inside, False, (view,)
            )
            self.add(call)
        return made

    # -- what was there before

    def _keep(self, schema: Any, args: Any, kwargs: Any) -> None:
        """Keep the numbers of what is written over, where it was there before the run."""
        if schema is None or self.paused:
            return
        base = schema.name.rpartition("::")[2]
        if not schema.is_mutable and base not in UPDATING:
            return
        for argument, value in _named(schema, args, kwargs):
            info = argument.alias_info
            if (info is None or not info.is_write) and argument.name not in UPDATED:
                continue
            for tensor in tensors_in(value):
                key = storage_of(tensor)
                if key not in self._made and key not in self._kept and not kind_of(tensor):
                    whole = all_of(tensor)
                    self._kept[key] = whole, whole.clone()

    def _made_here(self, made: Any) -> Any:
        """Remember what lies in memory that was not there before."""
        self._made.update(key for t in tensors_in(made) if (key := storage_of(t)) not in self._kept)
        return made

    def restore(self) -> None:
        """Put back what was there before the run: buffers of modules, say."""
        with torch.no_grad():
            for whole, numbers in self._kept.values():
                whole.copy_(numbers)

    def _whole(self, tensor: torch.Tensor) -> Start:
        """All that lies where a tensor does."""
        view = self.view(tensor)
        return Start(view.storage, to_array(all_of(tensor)), view.dtype)

    def _start(self, target: torch.Tensor) -> None:
        self.add(self._whole(target))

    def _is_hidden(self, target: torch.Tensor) -> bool:
        """Whether autograd does not see a write into what a gradient flows through."""
        if self.at_face_value or storage_of(target) not in self._flowing:
            return False
        return not (torch.is_grad_enabled() and (target.requires_grad or target in self._below))

    def _note_hidden(self, target: torch.Tensor) -> None:
        name = self._leaves.get(storage_of(target))
        self.note("hidden write" if name is None else "rewritten", name or "")

    # -- what has no row

    def _instead(
        self, other: Callable[..., Any], func: Any, args: Any, kwargs: Any, given: Any
    ) -> Any:
        """What an operation is made of, in its place; not where that gives something else."""
        name, first, dead = func._schema.name, len(self.trace.events), set(self._dead)
        if not self.at_face_value:
            for tensor in given:
                if not self.is_active(tensor) or tensor.requires_grad:
                    continue
                # what differentiates takes it for the function of the inputs that it is
                if not (tensor in self._beside and name.endswith("_backward")):
                    self.kill(tensor)
        self._within.append(name)
        try:
            with self:
                made = other(*args, **kwargs)
        finally:
            self._within.pop()
        if made is NotImplemented:
            return made
        of_user = python_body(name) is not None
        if of_user or _draws(func) or gives(func, args, kwargs, made):
            self.note("decomposed", name.replace("::", "."))
            return made
        del self.trace.events[first:]
        self._dead = dead
        return NotImplemented

    def _otherwise(self, func: Any, schema: Any) -> Callable[..., Any] | None:
        """What torch makes of an operation that has no row, in operations that may have one."""
        name = schema.name.replace("::", ".")
        if self.known is None or self.known(name) or _is_alias(schema):
            return None
        if schema.name in self._within:
            return None
        return python_body(schema.name) or decomposition(func)


def _draws(func: Any) -> bool:
    return torch.Tag.nondeterministic_seeded in func.tags


def _named(schema: Any, args: Any, kwargs: Any) -> Iterator[tuple[Any, Any]]:
    """The arguments of a call by those of the schema."""
    for position, argument in enumerate(schema.arguments):
        if position < len(args):
            yield argument, args[position]
        elif argument.name in kwargs:
            yield argument, kwargs[argument.name]


def _is_alias(schema: Any) -> bool:
    """Whether the results lie where an argument does."""
    infos = [made.alias_info for made in schema.returns]
    return bool(infos) and all(info is not None and not info.is_write for info in infos)
