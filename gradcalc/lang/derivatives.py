"""Derivatives inside of a program: `torch.autograd.grad`, `jax.grad` and their like.

Each backend differentiates in its own way, so that what follows can be differentiated again.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import casts, ops
from gradcalc.lang.lax import leaves, mapped
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.memory import Tensor
from gradcalc.lang.program import text_of


def gradients(
    machine: Machine, output: Any, wrt: Sequence[Any], cotangent: Any = None
) -> list[Any]:
    """The gradients of an output, weighted by a cotangent of its shape, by tensors it was made of.

    None where it does not depend on one.
    """
    if cotangent is None:
        cotangent = machine.constant(np.ones(machine.shape(output)))
    raw = [machine.raw(tensor) for tensor in wrt]
    found = machine.backend.gradients(machine.raw(output), raw, machine.raw(cotangent))
    made = [None if part is None else machine.hold(part) for part in found]
    for part in made:
        if part is not None:
            machine.count(part.shape)
    return made


def _zeros(machine: Machine, tensor: Any) -> Any:
    return machine.constant(np.zeros(machine.shape(tensor)))


def _variable(machine: Machine, value: Any) -> Any:
    """The same numbers as something that nothing else in the program is."""
    if isinstance(value, bool | int) or machine.is_integer(value) or machine.is_mask(value):
        raise InvalidValueError(
            "the derivative is by real numbers, and this is a whole one",
            hint="write 1.0 instead of 1",
            python="TypeError",
        )
    tensor = ops.tensor(machine, value)
    return Tensor(machine.backend.variable(machine.raw(tensor)), machine.shape(tensor))


# -- torch.autograd.grad -----------------------------------------------------------------------


def _autograd_grad(
    machine: Machine,
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: Any = None,
    create_graph: Any = False,
    only_inputs: Any = True,
    allow_unused: Any = None,
    is_grads_batched: Any = False,
    materialize_grads: Any = False,
) -> tuple[Any, ...]:
    """torch's, which adds up what several outputs give."""
    if is_grads_batched:
        raise UnsupportedError("is_grads_batched is not known here", hint="write a loop")
    several = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
    wrt = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    given = grad_outputs if isinstance(grad_outputs, list | tuple) else [grad_outputs]
    if grad_outputs is None:
        given = [None] * len(several)
    if len(given) != len(several):
        raise ShapeError(f"{len(several)} outputs have so many grad_outputs, not {len(given)}")
    for tensor in (*several, *wrt):
        if not machine.is_tensor(tensor) or not machine.carries(tensor):
            raise InvalidValueError(
                "torch differentiates nothing that no gradient flows through",
                hint="make it of the inputs, or of a tensor with requires_grad=True",
                python="RuntimeError",
            )
    kept = bool(create_graph)
    if machine.watch is not None:
        keeps = kept if retain_graph is None else bool(retain_graph)
        machine.watch.differentiated(machine, several, wrt, keeps=keeps)
    found: list[Any] = [None] * len(wrt)
    for output, cotangent in zip(several, given, strict=True):
        if cotangent is None and ops.size(machine, output) != 1:
            raise ShapeError(
                f"the output has shape {machine.shape(output)}: grad_outputs says how it is summed",
                hint="grad_outputs=torch.ones_like(y)",
            )
        for k, part in enumerate(gradients(machine, output, wrt, cotangent)):
            if part is not None:
                found[k] = part if found[k] is None else ops.binary(machine, "add", found[k], part)
    unused = [k for k, part in enumerate(found) if part is None]
    if unused and materialize_grads:
        found = [_zeros(machine, t) if g is None else g for t, g in zip(wrt, found, strict=True)]
    elif unused and not allow_unused:
        raise InvalidValueError(
            "one of the tensors is not used by what is differentiated",
            hint="allow_unused=True gives None for it",
            python="RuntimeError",
        )
    return tuple(g if g is None or kept else machine.cut_by(g, "grad") for g in found)


def _variable_of(
    machine: Machine, data: Any, requires_grad: Any = False, volatile: Any = False
) -> Any:
    """torch's Variable, which is a tensor that shares the memory of another, and no gradient."""
    tensor = ops.tensor(machine, data)
    if machine.carries(tensor):
        machine.note("detach", text_of(machine.node, machine.source), machine.node, tensor)
    found = machine.fixed(tensor, None)
    return casts.asked(machine, found) if requires_grad is True else found


# -- functions that give functions ---------------------------------------------------------------


def _numbers(argnums: Any) -> tuple[int, ...]:
    return tuple(argnums) if isinstance(argnums, list | tuple) else (argnums,)


def _called(
    machine: Machine, function: Any, wrt: Sequence[int], args: Sequence[Any], named: Any
) -> tuple[Any, list[Any], list[Any]]:
    """What a function gives, the arguments that it is differentiated by, and their leaves."""
    given = list(args)
    for k in wrt:
        if not -len(given) <= k < len(given):
            raise InvalidValueError(f"there is no argument {k} to differentiate by")
        given[k] = mapped(machine, lambda leaf: _variable(machine, leaf), given[k])
    chosen = [given[k] for k in wrt]
    value = machine.apply_function(machine, function, tuple(given), dict(named))
    return value, chosen, leaves(machine, chosen)


def _put_back(machine: Machine, like: Sequence[Any], found: Sequence[Any], single: bool) -> Any:
    """Gradients in the containers of the arguments."""
    items = iter(found)
    parts = [mapped(machine, lambda leaf: next(items), part) for part in like]
    return parts[0] if single else tuple(parts)


def _grad(
    machine: Machine, fun: Any, argnums: Any = 0, has_aux: Any = False, *, value: bool = False
) -> Builtin:
    """The gradient of a function of one number, or with that number before it."""

    def call(machine: Machine, *args: Any, **named: Any) -> Any:
        output, chosen, wrt = _called(machine, fun, _numbers(argnums), args, named)
        aux: tuple[Any, ...] = ()
        if has_aux:
            output, aux = output[0], (output[1],)
        output = ops.tensor(machine, output)
        if machine.shape(output):
            raise ShapeError(
                f"grad is of a function that gives one number, not shape {machine.shape(output)}",
                hint="sum it up, or take the jacobian",
                python="TypeError",
            )
        found = _filled(machine, wrt, gradients(machine, output, wrt))
        result = _put_back(machine, chosen, found, not isinstance(argnums, list | tuple))
        if value:
            return ((output, *aux) if aux else output), result
        return (result, *aux) if aux else result

    return Builtin("grad", call, "the gradient of a function")


def _grad_and_value(machine: Machine, func: Any, argnums: Any = 0, has_aux: Any = False) -> Builtin:
    """torch's, which has them in the other order."""
    both = _grad(machine, func, argnums, has_aux, value=True)

    def call(machine: Machine, *args: Any, **named: Any) -> Any:
        return tuple(reversed(both.call(machine, *args, **named)))

    return Builtin("grad_and_value", call, both.doc)


def _filled(machine: Machine, wrt: Sequence[Any], found: Sequence[Any]) -> list[Any]:
    return [_zeros(machine, t) if g is None else g for t, g in zip(wrt, found, strict=True)]


def jacobian_of(machine: Machine, output: Any, wrt: Any) -> Any:
    """All slopes of an output by a tensor it was made of: the output's shape before the other."""
    shape, inner = machine.shape(output), machine.shape(wrt)
    size = int(np.prod(shape, dtype=int))
    rows = []
    for place in range(size):
        machine.budget.tick()
        seed = np.zeros(size)
        seed[place] = 1.0
        row = gradients(machine, output, [wrt], machine.constant(seed.reshape(shape)))[0]
        rows.append(_zeros(machine, wrt) if row is None else row)
    if not rows:
        return machine.constant(np.zeros((*shape, *inner)))
    return ops.reshape(machine, ops.call(machine, "stack", rows), (*shape, *inner))


def _jacobian(machine: Machine, fun: Any, argnums: Any = 0, **options: Any) -> Builtin:
    if any(options.get(name) for name in ("has_aux", "holomorphic")):
        raise UnsupportedError("has_aux and holomorphic are not known here")

    def call(machine: Machine, *args: Any, **named: Any) -> Any:
        output, chosen, wrt = _called(machine, fun, _numbers(argnums), args, named)

        def slopes(part: Any) -> Any:
            made = ops.tensor(machine, part)
            found = [jacobian_of(machine, made, leaf) for leaf in wrt]
            return _put_back(machine, chosen, found, not isinstance(argnums, list | tuple))

        return mapped(machine, slopes, output)

    return Builtin("jacobian", call, "all slopes of what a function gives")


def _hessian(machine: Machine, fun: Any, argnums: Any = 0) -> Builtin:
    return _jacobian(machine, _jacobian(machine, fun, argnums), argnums)


def _pushed(machine: Machine, output: Any, wrt: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """How an output moves where what it was made of moves by tangents.

    By the gradient of the gradient, which is linear in the cotangent.
    """
    output = ops.tensor(machine, output)
    seed = Tensor(
        machine.backend.variable(machine.raw(_zeros(machine, output))), machine.shape(output)
    )
    total = machine.constant(np.zeros(()))
    for part, tangent in zip(gradients(machine, output, wrt, seed), tangents, strict=True):
        if part is not None:
            product = ops.binary(machine, "mul", part, ops.tensor(machine, tangent))
            total = ops.binary(machine, "add", total, ops.call(machine, "sum", product))
    found = gradients(machine, total, [seed])[0]
    return _zeros(machine, output) if found is None else found


def _jvp(
    machine: Machine, func: Any, primals: Any, tangents: Any, **options: Any
) -> tuple[Any, Any]:
    if any(options.values()):
        raise UnsupportedError("has_aux and strict are not known here")
    given = tuple(primals)
    output, _, wrt = _called(machine, func, range(len(given)), given, {})
    moved = mapped(
        machine, lambda part: _pushed(machine, part, wrt, leaves(machine, list(tangents))), output
    )
    return output, moved


def _vjp(machine: Machine, func: Any, *primals: Any, **options: Any) -> tuple[Any, Builtin]:
    if any(options.values()):
        raise UnsupportedError("has_aux is not known here")
    output, chosen, wrt = _called(machine, func, range(len(primals)), primals, {})

    def call(machine: Machine, cotangent: Any, **_: Any) -> Any:
        found: list[Any] = [None] * len(wrt)
        for part, weights in zip(
            leaves(machine, [output]), leaves(machine, [cotangent]), strict=True
        ):
            given = ops.tensor(machine, weights)
            for k, g in enumerate(gradients(machine, ops.tensor(machine, part), wrt, given)):
                if g is not None:
                    found[k] = g if found[k] is None else ops.binary(machine, "add", found[k], g)
        return _put_back(machine, chosen, _filled(machine, wrt, found), False)

    return output, Builtin("vjp", call, "what a cotangent is pulled back to")


# -- torch.autograd.functional -------------------------------------------------------------------


def _functional(
    machine: Machine,
    func: Any,
    inputs: Any,
    create_graph: Any = False,
    strict: Any = False,
    *,
    of: Callable[..., Builtin],
    **options: Any,
) -> Any:
    """torch's jacobian and hessian at a point, of one input or of a tuple of them."""
    _check_functional(strict, options)
    given = _listed(inputs)
    single = not isinstance(inputs, list | tuple)
    argnums: Any = 0 if single else tuple(range(len(given)))
    found = machine.apply_function(machine, of(machine, func, argnums), given, {})
    return found if create_graph else _cut(machine, found)


def _check_functional(strict: Any, options: Mapping[str, Any]) -> None:
    """Refuse what changes more than how torch gets there."""
    if strict:
        raise UnsupportedError("strict=True is not known here", hint="leave it out")
    for name in options:
        if name not in ("vectorize", "strategy", "outer_jacobian_strategy"):
            raise InvalidValueError(f"torch has no argument {name} here", python="TypeError")


def _cut(machine: Machine, found: Any) -> Any:
    """Derivatives through which torch passes no gradient back, as it was not told to."""
    return mapped(machine, lambda part: machine.cut_by(part, "grad"), found)


def _listed(inputs: Any) -> tuple[Any, ...]:
    return tuple(inputs) if isinstance(inputs, list | tuple) else (inputs,)


def _functional_product(
    machine: Machine, func: Any, inputs: Any, v: Any = None, create_graph: Any = False,
    strict: Any = False,
) -> Any:  # fmt: skip
    """torch's hvp and vhp: the value, and the Hessian times a vector."""
    _check_functional(strict, {})
    given = _listed(inputs)
    single = not isinstance(inputs, list | tuple)
    gradient = _grad(machine, func, 0 if single else tuple(range(len(given))))
    output = machine.apply_function(machine, func, given, {})
    moved = _jvp(machine, gradient, given, _listed(v))[1]
    return _passing(machine, (output, moved), create_graph)


def _functional_pulled(
    machine: Machine, func: Any, inputs: Any, v: Any = None, create_graph: Any = False,
    strict: Any = False,
) -> Any:  # fmt: skip
    """torch's vjp: the value, and what a cotangent is pulled back to."""
    _check_functional(strict, {})
    output, pull = _vjp(machine, func, *_listed(inputs))
    found = pull.call(machine, _weights(machine, output, v))
    single = not isinstance(inputs, list | tuple)
    return _passing(machine, (output, found[0] if single else found), create_graph)


def _functional_pushed(
    machine: Machine, func: Any, inputs: Any, v: Any = None, create_graph: Any = False,
    strict: Any = False,
) -> Any:  # fmt: skip
    """torch's jvp: the value, and how it moves along a tangent."""
    _check_functional(strict, {})
    tangent = _listed(_weights(machine, inputs, v))
    return _passing(machine, _jvp(machine, func, _listed(inputs), tangent), create_graph)


def _passing(machine: Machine, found: tuple[Any, Any], create_graph: Any) -> tuple[Any, Any]:
    """A value and a derivative, through which a gradient passes if torch was told so."""
    return found if create_graph else (_cut(machine, found[0]), _cut(machine, found[1]))


def _weights(machine: Machine, like: Any, given: Any) -> Any:
    """What is summed with: of one number it need not be said."""
    if given is not None:
        return given
    if not machine.is_tensor(like) or ops.size(machine, like) != 1:
        raise ShapeError("v has the shape of what it is multiplied with, and is not given")
    return machine.constant(np.ones(machine.shape(like)))


def _rows(*rows: tuple[str, Callable[..., Any], str]) -> Mapping[str, Builtin]:
    return {name: Builtin(name, call, usage) for name, call, usage in rows}


GRAD = ("grad", _grad, "grad(f, argnums=0)")
FAMILY = (
    GRAD,
    ("jacrev", _jacobian, "jacrev(f, argnums=0)"),
    ("jacfwd", _jacobian, "jacfwd(f, argnums=0)"),
    ("hessian", _hessian, "hessian(f, argnums=0)"),
    ("jvp", _jvp, "jvp(f, primals, tangents)"),
    ("vjp", _vjp, "vjp(f, *primals)"),
)

OBJECTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "torch.autograd": {
            **_rows(("grad", _autograd_grad, "grad(outputs, inputs, grad_outputs)")),
            "Variable": Builtin(
                "Variable", _variable_of, "Variable(x, requires_grad=False)", users=True
            ),
        },
        "torch.func": _rows(
            *FAMILY,
            ("grad_and_value", _grad_and_value, "grad_and_value(f, argnums=0)"),
        ),
        "torch.autograd.functional": _rows(
            ("jacobian", partial(_functional, of=_jacobian), "jacobian(f, inputs)"),
            ("hessian", partial(_functional, of=_hessian), "hessian(f, inputs)"),
            ("hvp", _functional_product, "hvp(f, inputs, v)"),
            ("vhp", _functional_product, "vhp(f, inputs, v)"),
            ("vjp", _functional_pulled, "vjp(f, inputs, v)"),
            ("jvp", _functional_pushed, "jvp(f, inputs, v)"),
        ),
        "jax": _rows(
            *FAMILY,
            ("jacobian", _jacobian, "jacobian(f, argnums=0)"),
            ("value_and_grad", partial(_grad, value=True), "value_and_grad(f, argnums=0)"),
        ),
        "autograd": _rows(
            ("grad", _grad, "grad(f, argnum=0)"),
            ("jacobian", _jacobian, "jacobian(f, argnum=0)"),
            ("hessian", _hessian, "hessian(f, argnum=0)"),
            ("value_and_grad", partial(_grad, value=True), "value_and_grad(f)"),
        ),
    }
)
"""The derivatives of each library, by their module."""
