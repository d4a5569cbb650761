"""What is called with what: a function or module of a user's, and the tensors it is checked by."""

import copy
import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch.nn.parameter import UninitializedParameter

from gradcalc.checking.backwards import OF_ARRAYS, Asked
from gradcalc.checking.copies import uncopied
from gradcalc.checking.functions import References
from gradcalc.checking.held import exchanged, leaves_of
from gradcalc.checking.tensors import dtype_of, is_of_floats, kind_of
from gradcalc.errors import InvalidValueError, UnknownNameError, did_you_mean
from gradcalc.lang import trees
from gradcalc.witnesses.autograd import to_numpy


def asked(
    function: Any,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    leaves: Any = None,
    references: References | None = None,
    trust: Any = (),
    cotangent: Any = None,
    order: int = 1,
    seed: int = 0,
    name: str | None = None,
    reference: Callable[..., Any] | None = None,
) -> Asked:
    """What is checked of a call of a function or module.

    By its arguments that want a gradient, all tensors of floats where none does, and the parameters
    of a module that do; or by those that `leaves` names, or brings by name.

    Raises `GradcalcError` for what cannot be checked.
    """
    trust = (trust,) if isinstance(trust, str | type) else tuple(trust)
    if order > 1 and trust:
        raise InvalidValueError("a backward that is trusted has no second derivative to be checked")
    function = class_of(function)
    if isinstance(function, type):
        # exchanged gradients would add up to the same
        args = list(_unshared(args))
    called = callable_of(function)
    name = name or name_of(function)
    if any(map(torch.nn.parameter.is_lazy, _weights(function).values())):
        # its parameters have their sizes once it was called
        with torch.no_grad(), uncopied():
            called(*args, **kwargs)
    named = dict(_named(function, args, kwargs))
    found = _leaves(function, named, leaves)
    own = {id(tensor) for tensor in found.values()}
    weighted = {**named, **_weights(function)}
    others = {k: t for k, t in weighted.items() if id(t) not in own and k not in found}
    _check(found, name, [*args, *kwargs.values()])
    given = {id(tensor) for tensor in named.values()}
    for weight, tensor in _weights(function).items():
        if id(tensor) in given:
            raise InvalidValueError(
                f"an argument is the parameter {weight} itself, and cannot move without it",
                hint="give its .detach().clone()",
            )
    _refuse_untracked({key: t for key, t in found.items() if id(t) not in given})
    # a tensor of the caller's stays what it is
    fresh = {k: _fresh(t, found.values()) if id(t) in given else t for k, t in found.items()}

    def calling(one: Callable[..., Any]) -> Callable[[Mapping[str, torch.Tensor]], Any]:
        def call(others: Mapping[str, torch.Tensor]) -> Any:
            instead = {id(found[key]): value for key, value in {**fresh, **others}.items()}
            new_args, new_kwargs = exchanged(args, kwargs, lambda t: instead.get(id(t), t))
            with uncopied():
                return one(*new_args, **new_kwargs)

        return call

    def wide() -> Asked | None:
        twice = copy.deepcopy(function) if _weights(function) else function
        if (module := module_of(twice)) is not None and _weights(function):
            module.double()
        doubled = {
            id(t): weight
            for (_, t), weight in zip(
                _weights(function).items(), _weights(twice).values(), strict=True
            )
        }

        def double(tensor: torch.Tensor) -> torch.Tensor:
            # one tensor in two places stays one
            return doubled.setdefault(id(tensor), _doubled(tensor))

        wide_args, more = exchanged(args, kwargs, double)
        if not own <= doubled.keys():
            # nobody knows where to put others
            return None
        return asked(
            twice, wide_args, more, leaves={key: doubled[id(t)] for key, t in found.items()},
            trust=trust, references=references, cotangent=cotangent, order=order, seed=seed,
            name=name, reference=reference,
        )  # fmt: skip

    return Asked(
        wide=wide, call=calling(called), leaves=fresh, name=name, cotangent=_plain(cotangent),
        order=order,
        movable=frozenset(key for key, tensor in found.items() if id(tensor) in given),
        given={id(tensor): key for key, tensor in found.items() if id(tensor) in given},
        others=others, seed=seed, references=dict(references or {}),
        trust=frozenset(map(_class_name, trust)),
        reference=None if reference is None else calling(callable_of(reference)),
    )  # fmt: skip


def _unshared(args: Sequence[Any]) -> Iterator[Any]:
    """The arguments, a tensor that stands there again as one of its own."""
    seen: set[int] = set()
    for value in args:
        again = isinstance(value, torch.Tensor) and id(value) in seen
        seen.add(id(value))
        yield value.detach().clone().requires_grad_(value.requires_grad) if again else value


def _doubled(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor, of 64 bits if it is of floats."""
    return tensor.detach().double() if tensor.is_floating_point() else tensor


def _fresh(tensor: torch.Tensor, all_of: Iterable[torch.Tensor]) -> torch.Tensor:
    """A tensor to differentiate by in the place of another, which lies where that does.

    What lies where others do, or in one place many times, gets a place of its own.
    """
    here = _place(tensor)
    shared = [one for one in all_of if _place(one) == here]
    repeated = any(s == 0 and n > 1 for s, n in zip(tensor.stride(), tensor.shape, strict=True))
    apart = len(shared) > 1 or repeated or tensor._is_zerotensor()
    plain = tensor.detach()
    return (plain.clone() if apart else plain).requires_grad_()


def _place(tensor: torch.Tensor) -> int:
    """Where the numbers of a tensor lie; slopes that are 0 for good lie nowhere."""
    return 0 if tensor._is_zerotensor() else tensor.untyped_storage().data_ptr()


def class_of(function: Any) -> Any:
    """The Function whose `apply` this is; anything else as it is."""
    owner = getattr(function, "__self__", None)
    if getattr(function, "__name__", "") != "apply" or not isinstance(owner, type):
        return function
    return owner if issubclass(owner, torch.autograd.Function) else function


def callable_of(function: Any) -> Callable[..., Any]:
    """What is called: a Function by its `apply`."""
    if isinstance(function, type) and issubclass(function, torch.autograd.Function):
        # looked up when it is called, as it may be another while a recorder watches
        return lambda *args, **kwargs: function.apply(*args, **kwargs)  # type: ignore[no-untyped-call]
    if not callable(function):
        raise InvalidValueError(
            f"what is checked is a function or a module, and not of type {type(function).__name__}"
        )
    return cast("Callable[..., Any]", function)


def name_of(function: Any) -> str:
    """What a function is called."""
    found = getattr(function, "__name__", None) or type(function).__name__
    return "f" if found == "<lambda>" else str(found)


def _class_name(given: Any) -> str:
    return given if isinstance(given, str) else str(getattr(given, "__name__", given))


def parameters_of(function: Any) -> list[inspect.Parameter]:
    """The parameters that a call fills, none where Python does not know them."""
    if isinstance(function, type) and issubclass(function, torch.autograd.Function):
        separate = function.setup_context is not torch.autograd.Function.setup_context
        found = list(inspect.signature(function.forward).parameters.values())
        return found if separate else found[1:]
    forward = function.forward if isinstance(function, torch.nn.Module) else function
    try:
        return list(inspect.signature(forward).parameters.values())
    except (TypeError, ValueError):
        return []


def _named(
    function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Iterator[tuple[str, torch.Tensor]]:
    """The floating tensors among the arguments, by the names of the parameters."""
    names: list[str] = []
    for parameter in parameters_of(function):
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}{k}" for k in range(len(args) - len(names))]
            break
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(parameter.name)
    names += [f"x{k}" for k in range(len(names), len(args))]
    seen: set[int] = set()
    whole: dict[int, Any] = {}
    for name, value in (*zip(names, args, strict=False), *kwargs.items()):
        for part, tensor in leaves_of(value, name, whole):
            if is_of_floats(tensor) and id(tensor) not in seen:
                seen.add(id(tensor))
                yield part, tensor


def _leaves(
    function: Any, named: Mapping[str, torch.Tensor], chosen: Any
) -> dict[str, torch.Tensor]:
    own = dict(named)
    wanting = {name: tensor for name, tensor in own.items() if tensor.requires_grad}
    found = wanting or dict(own)
    weights = {n: p for n, p in _weights(function).items() if n not in own}
    own |= weights
    found |= {name: weight for name, weight in weights.items() if weight.requires_grad}
    if isinstance(chosen, Mapping):
        return dict(chosen)
    if chosen is not None:
        taken: dict[str, torch.Tensor] = {}
        for one in chosen:
            taken |= _chosen(one, own, taken)
        return taken
    return found


def module_of(function: Any) -> torch.nn.Module | None:
    """The module that is called, or whose method is."""
    found = getattr(function, "__self__", function)
    return found if isinstance(found, torch.nn.Module) else None


def _weights(function: Any) -> dict[str, torch.Tensor]:
    """The parameters of a module, of anything else none."""
    module = module_of(function)
    return {} if module is None else dict(module.named_parameters())


def _chosen(
    one: Any, own: Mapping[str, torch.Tensor], taken: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """The leaves of a name, or a tensor by its name, which is a free one where it has none."""
    if isinstance(one, str):
        found = [*trees.parts_of(one, own)] or [n for n in own if n.startswith(f"{one}.")]
        if not found:
            raise UnknownNameError(
                f"there is no tensor called {one} to differentiate by",
                hint=did_you_mean(one, own) or (own and f"there are {', '.join(own)}") or None,
            )
        return {name: own[name] for name in found}
    free = (f"leaf{k}" for k in itertools.count() if f"leaf{k}" not in {*own, *taken})
    known = {id(tensor): name for name, tensor in (*taken.items(), *own.items())}
    return {known.get(id(one)) or next(free): one}


def _refuse_untracked(others: Mapping[str, torch.Tensor]) -> None:
    """Raises `InvalidValueError` for leaves that stay what they are, and have no gradient so."""
    for key, tensor in others.items():
        if not tensor.requires_grad:
            raise InvalidValueError(
                f"{key} does not require a gradient, so torch writes down nothing of it",
                hint=f"{key}.requires_grad_(), or give it as an argument",
            )
        if not tensor.is_leaf:
            raise InvalidValueError(
                f"{key} is computed from other tensors, which the function may take instead of it",
                hint="differentiate by what it is made of, or give it as an argument",
            )


def _check(leaves: Mapping[str, torch.Tensor], name: str, given: Sequence[Any]) -> None:
    if not leaves:
        arrays = any(isinstance(value, np.ndarray) for value in given)
        raise InvalidValueError(
            f"{name} is given no tensor of floats to differentiate by",
            hint=OF_ARRAYS if arrays else "give it one, as torch.randn(3, dtype=torch.float64)",
        )
    for key, leaf in leaves.items():
        if isinstance(leaf, UninitializedParameter):
            raise InvalidValueError(
                f"{key} has no shape yet", hint="call the module once before it is checked"
            )
        kind = kind_of(leaf) or ("" if leaf.is_floating_point() else f"of {dtype_of(leaf)}")
        if kind:
            raise InvalidValueError(
                f"{key} is {kind}: gradients are checked by tensors of real numbers",
                hint="make it of real ones in a function around this one",
            )


def _plain(cotangent: Any) -> Any:
    if isinstance(cotangent, torch.Tensor):
        return to_numpy(cotangent)
    if isinstance(cotangent, tuple):
        return [np.asarray(_plain(part)) for part in cotangent]
    return cotangent


def tensor_of(values: Any, dtype: torch.dtype) -> Any:
    """Numbers as a tensor to differentiate by; integers and truth values as they are."""
    array = np.asarray(values)
    if array.dtype.kind in "iub":
        return torch.as_tensor(array)
    return torch.as_tensor(array, dtype=dtype).requires_grad_()
