"""The three kinds of primitive row: what a primitive means beside how torch computes it.

Rows are plain data. Nothing here imports torch, sympy or flint: the callables receive the
module they work with as their first argument, so a row can be listed, completed and
documented without loading either side.

`torch(t, x, ...)` is torch's own, `t` being the torch module; or it is the path of a function of
torch's that takes the operands in order and everything else by name: the one of the row's name,
where none is given.

`calls` says how libraries call the primitive, where that is not in their own tables
(`gradcalc.lang.dialects`): the function's full names, then its signature in brackets, as in
`"torch.rot90 torch.Tensor.rot90 (input, k: int = 1, dims: ints = (0, 1))"`. Without a signature it
is the usual one of the library's functions of numbers.

`samples` are tuples of operands, for tensors as nested lists, with keyword arguments as a dict at
the end where needed: inside the domain and off the kinks, where tests compare. `doc` is one line.
"""

import ast
import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

Samples = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Elementwise:
    """A function applied to each element, its operands broadcast against each other.

    `define(s, x, ...)` writes the function in sympy (`s` is the sympy module, operands are
    real sympy expressions or None for an optional operand left out). Its parameters are the
    primitive's parameters; those named in `static` take words, plain numbers or None, never
    tensors.

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

    `numbers` is Python's own function when all operands are plain numbers. `from_value` says that
    torch computes the slope from the rounded value, and loses it where the value saturates. `safe`
    is the position of an operand that can make a slope infinite, and a number at which it does
    not. `boolean` says that the result is a truth value. `operator` is the Python operator, if any.
    """

    name: str
    define: Callable[..., Any]
    samples: Samples
    doc: str
    torch: Any = ""
    aliases: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    partials: tuple[tuple[int, Callable[..., Any]], ...] = ()
    kinks: Callable[..., tuple[Any, ...]] | None = None
    domain: Callable[..., tuple[Any, ...]] | None = None
    varying: tuple[tuple[int, Callable[..., tuple[Any, ...]]], ...] = ()
    usual: tuple[Callable[..., Any], Callable[..., Any]] | None = None
    numbers: Callable[..., Any] | None = None
    safe: tuple[int, int] | None = None
    from_value: bool = False
    boolean: bool = False
    operator: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "torch", _torchs(self.torch or self.name, options=self.static))

    @property
    def signature(self) -> inspect.Signature:
        """The parameters as a user writes them."""
        return _signature(self.define)


@dataclass(frozen=True, slots=True, eq=False)
class Structural:
    """A function of whole tensors: reductions, products, shapes.

    `form(f, x, ...)` puts it together from operations of `gradcalc.expr.ops`: `f(op, x, ...)`
    applies one, `f.scalar(name, x, ...)` an elementwise primitive; `f.literal(array)` holds fixed
    numbers, `f.positions(x, name, ...)` says where elements stand in this run. Formulas and
    enclosures come from it, and the operations know their derivatives. Its parameters after the
    first are the primitive's, or those of `fit` (`fitted`). Parameters named in `tensors` take
    tensors, `lists` a list of tensors, the others numbers, words or None.

    `moves` says that it only moves elements about, so that truth values stay truth values. `data`
    are the tensors whose numbers are data, which pass no gradient back, and `whole` those of them
    that count; by those in `fixed` torch has no gradient. That holds where the first of `data` has
    another shape than the tensor `unlike`, if one is named. `fails` says what the matter is where
    the libraries raise an error because of the numbers.
    """

    name: str
    form: Callable[..., Any]
    samples: Samples
    doc: str
    torch: Any = ""
    fit: Callable[..., Any] | None = None
    tensors: tuple[str, ...] = ("x",)
    lists: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    unlike: str = ""
    moves: bool = False
    aliases: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    operator: str | None = None
    fails: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "torch", _torchs(self.torch or self.name, tensors=self.tensors))

    @property
    def signature(self) -> inspect.Signature:
        """The parameters as a user writes them."""
        return _signature(self.form) if self.fit is None else _signature(self.fit, skipped=0)


def fitted(
    name: str,
    fit: Callable[..., tuple[Any, ...]],
    form: Callable[..., Any],
    samples: Samples,
    doc: str,
    torch: Any = "",
    **facts: Any,
) -> Structural:
    """A structural row whose arguments are made fit before either side sees them.

    `fit(x, ...)` gives what `torch` and `form` take behind their first argument, such as the
    dimensions counted from the front. It raises `ShapeError` for what does not fit together.
    """
    own = _torchs(torch or name)
    return Structural(
        name,
        lambda f, *args, **given: form(f, *fit(*args, **given)),
        samples,
        doc,
        lambda t, *args, **given: own(t, *fit(*args, **given)),
        fit,
        **facts,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
    """One of torch's fused functions beside its definition in gradcalc's own language.

    `definition` is a program of one `def`, whose parameters are the primitive's; the checking
    side runs it. Torch runs `torch(t, ...)` with the same arguments. Parameters named in
    `tensors` take tensors, or None where that is the default; the others numbers, words or None.
    `alike` says that its tensors are meant to have one shape: torch broadcasts others, and warns.
    `data`, `whole`, `fixed` and `unlike` are as in `Structural`, `safe` as in `Elementwise`. `flat`
    says of functions in the definition what it means that nothing flows back through them, and
    `convention` what is told where the definition detaches something: the gradient is not that of
    the value then.
    """

    name: str
    definition: str
    samples: Samples
    doc: str
    torch: Any = ""
    tensors: tuple[str, ...] = ("x",)
    data: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    unlike: str = ""
    aliases: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    safe: tuple[int, int] | None = None
    alike: bool = False
    flat: tuple[tuple[str, str], ...] = ()
    convention: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "torch", _torchs(self.torch or self.name, tensors=self.tensors))

    @property
    def signature(self) -> inspect.Signature:
        """The parameters as a user writes them."""
        return _signature_of_text(self.definition)


Primitive = Elementwise | Structural | Composite


def held_of(row: Primitive, shape: Callable[[str], Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The parameters whose numbers are data, and those by which torch has no gradient, where the
    arguments have these shapes."""
    if isinstance(row, Elementwise) or not (row.data or row.fixed):
        return (), ()
    if row.unlike and tuple(shape(row.data[0])) == tuple(shape(row.unlike)):
        return (), ()
    return row.data, row.fixed


def _torchs(
    torch: Any, *, tensors: Collection[str] | None = None, options: Collection[str] = ()
) -> Callable[..., Any]:
    """A row's own function, or what calls torch's at a path."""
    if not isinstance(torch, str):
        return torch  # type: ignore[no-any-return]
    find = attrgetter(torch)

    def call(t: Any, *operands: Any, **given: Any) -> Any:
        named = {
            name: value
            for name, value in given.items()
            if name in options or (tensors is not None and name not in tensors)
        }
        rest = [value for name, value in given.items() if name not in named]
        return find(t)(*operands, *rest, **named)

    return call


def by_name(name: str, *whole: str) -> Callable[..., Any]:
    """torch.nn.functional's function of a name, which takes all by name, of some integers.

    None is what each takes where nothing is given, and older ones lack some parameters.
    """

    def call(t: Any, *args: Any, **given: Any) -> Any:
        named = {
            key: value.detach().to(t.int64) if key in whole else value
            for key, value in given.items()
            if value is not None
        }
        return getattr(t.nn.functional, name)(*args, **named)

    return call


# The signatures are asked for at each call of a primitive.


@cache
def _signature(function: Callable[..., Any], skipped: int = 1) -> inspect.Signature:
    parameters = list(inspect.signature(function).parameters.values())[skipped:]
    return inspect.Signature([p.replace(annotation=p.empty) for p in parameters])


@cache
def _signature_of_text(definition: str) -> inspect.Signature:
    function = ast.parse(definition).body[-1]
    assert isinstance(function, ast.FunctionDef)
    defaults = [ast.literal_eval(node) for node in function.args.defaults]
    names = [argument.arg for argument in function.args.args]
    required = [inspect.Parameter.empty] * (len(names) - len(defaults))
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    pairs = zip(names, [*required, *defaults], strict=True)
    return inspect.Signature(
        [inspect.Parameter(name, kind, default=value) for name, value in pairs]
    )
