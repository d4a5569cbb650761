"""The three kinds of primitive row: what a primitive means beside how torch computes it.

Rows are plain data. Nothing here imports torch, sympy or flint: the callables receive the
module they work with as their first argument, so a row can be listed, completed and
documented without loading either side.
"""

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Elementwise:
    """A function applied to each element, its operands broadcast against each other.

    `define(s, x, ...)` writes the function in sympy (`s` is the sympy module, operands are
    real sympy expressions or None for an optional operand left out). Its parameters are the
    primitive's parameters; those named in `static` take words, plain numbers or None, never
    tensors.
    `torch(t, x, ...)` is torch's own, `t` being the torch module.

    The derivative is derived by sympy from `define`, but for operands listed in `partials`:
    a map from the operand's position to a function with the signature of `define`, where
    sympy's convention hurts (abs, sign, where, floor).

    `kinks(m, x, ...)` gives quantities whose zeros are the points where the function is not
    smooth (kinks, jumps, poles); `domain(m, x, ...)` quantities which must not be negative,
    and at whose zeros the function ends. `m` has `nint`, `cos`, `isint` and `one`, for numbers of
    many digits or for arrays. `varying` maps an operand's position to a further domain, which holds
    where that operand is not a constant.

    `usual` is a condition with the signature of `define` but for its first parameter, on arrays,
    and a definition that is the same as `define` wherever it holds, and nearly so elsewhere:
    formulas are those of the latter where the condition holds for all elements.

    `samples` are operand tuples inside the domain and off the kinks, where tests compare.
    `doc` is one line. `numbers` is Python's own function when all operands are plain numbers.
    `from_value` says that torch computes the slope from the rounded value, and loses it where the
    value saturates. `boolean` says that the result is a truth value. `operator` is the Python
    operator, if any. `libraries` are modules that have the function by the same name, with nothing
    special about how it is called.
    """

    name: str
    define: Callable[..., Any]
    torch: Callable[..., Any]
    samples: tuple[tuple[Any, ...], ...]
    doc: str
    aliases: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    partials: tuple[tuple[int, Callable[..., Any]], ...] = ()
    kinks: Callable[..., tuple[Any, ...]] | None = None
    domain: Callable[..., tuple[Any, ...]] | None = None
    varying: tuple[tuple[int, Callable[..., tuple[Any, ...]]], ...] = ()
    usual: tuple[Callable[..., Any], Callable[..., Any]] | None = None
    numbers: Callable[..., Any] | None = None
    from_value: bool = False
    libraries: tuple[str, ...] = ()
    boolean: bool = False
    operator: str | None = None

    @property
    def signature(self) -> inspect.Signature:
        """The parameters as a user writes them."""
        return _without_first(self.define)


@dataclass(frozen=True, slots=True, eq=False)
class Structural:
    """A function of whole tensors: reductions, products, shapes.

    `torch(t, x, ...)` is torch's own, and its parameters after the first are the primitive's.
    `form(f, x, ...)` is the same put together from operations of `gradcalc.expr.ops`: `f(op, x,
    ...)` applies one, `f.scalar(name, x, ...)` an elementwise primitive; `f.literal(array)` holds
    fixed numbers, `f.positions(x, name, ...)` says where elements stand in this run. Formulas and
    enclosures come from it, and the operations know their derivatives. Parameters named in
    `tensors` take tensors, `lists` a list of tensors, the others numbers, words or None.

    `moves` says that it only moves elements about, so that truth values stay truth values.

    `samples` are tuples of nested lists of operands, with keyword arguments as a dict at the end
    where needed.
    """

    name: str
    form: Callable[..., Any]
    torch: Callable[..., Any]
    samples: tuple[tuple[Any, ...], ...]
    doc: str
    tensors: tuple[str, ...] = ("x",)
    lists: tuple[str, ...] = ()
    moves: bool = False
    aliases: tuple[str, ...] = ()
    operator: str | None = None

    @property
    def signature(self) -> inspect.Signature:
        """The parameters as a user writes them."""
        return _without_first(self.torch)


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
    """One of torch's fused functions beside its definition in gradcalc's own language.

    `definition` is a program of one `def`, whose parameters are the primitive's; the checking
    side runs it. Torch runs `torch(t, ...)` with the same arguments. Parameters named in
    `tensors` take tensors, or None where that is the default; the others numbers, words or None.
    `alike` says that its tensors are meant to have one shape: torch broadcasts others, and warns.
    """

    name: str
    definition: str
    torch: Callable[..., Any]
    samples: tuple[tuple[Any, ...], ...]
    doc: str
    tensors: tuple[str, ...] = ("x",)
    aliases: tuple[str, ...] = ()
    alike: bool = False

    @property
    def signature(self) -> inspect.Signature:
        """The parameters as a user writes them."""
        function = ast.parse(self.definition).body[-1]
        assert isinstance(function, ast.FunctionDef)
        defaults = [ast.literal_eval(node) for node in function.args.defaults]
        names = [argument.arg for argument in function.args.args]
        required = len(names) - len(defaults)
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature(
            [inspect.Parameter(name, kind) for name in names[:required]]
            + [
                inspect.Parameter(name, kind, default=default)
                for name, default in zip(names[required:], defaults, strict=True)
            ]
        )


Primitive = Elementwise | Structural | Composite


def _without_first(function: Callable[..., Any]) -> inspect.Signature:
    _, *parameters = inspect.signature(function).parameters.values()
    return inspect.Signature([p.replace(annotation=p.empty) for p in parameters])
