"""A call of numpy's as a line: what is called, of what, and where what it gives lies."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from gradcalc.checking.lines import NoRow
from gradcalc.checking.numpy_tape import Followed, Tape

REDUCED = {
    "add": "np.sum", "multiply": "np.prod", "maximum": "np.max", "minimum": "np.min",
    "logical_and": "np.all", "logical_or": "np.any",
}  # fmt: skip
"""The functions that reductions of ufuncs are."""

ACCUMULATED = {"add": "np.cumsum", "multiply": "np.cumprod"}

UNSAID = frozenset(
    {"order", "subok", "casting", "copy", "like", "device", "check_finite", "optimize",
     "overwrite_a", "overwrite_b", "overwrite_x"}
)  # fmt: skip
"""Arguments that say nothing of the values."""

WRITING = frozenset({"copyto", "put", "place", "putmask", "fill_diagonal", "put_along_axis"})
"""Functions that write into their first argument."""

SPACES = {
    id(found): f"{text}.{name}"
    for text, space in (("np.fft", np.fft), ("np.linalg", np.linalg), ("np", np))
    for name, found in vars(space).items()
    if callable(found) and not name.startswith("_")
}
"""What numpy's functions are called."""

OF_SHAPES = frozenset(
    {"shape", "ndim", "size", "iscomplexobj", "isrealobj", "result_type", "can_cast",
     "may_share_memory", "shares_memory", "array_repr", "array_str", "array2string",
     "min_scalar_type", "common_type", "isfortran", "save", "savetxt", "savez", "iterable"}
)  # fmt: skip
"""Functions that give nothing of the values."""


def raw_of(value: Any) -> Any:
    """A value with plain arrays in the place of those that are followed."""
    if isinstance(value, Followed):
        return value.raw[()] if value.scalar else value.raw
    kind = type(value)
    if kind in (list, tuple):
        return kind(raw_of(part) for part in value)
    if kind is slice:
        return slice(raw_of(value.start), raw_of(value.stop), raw_of(value.step))
    if kind is dict:
        return {key: raw_of(part) for key, part in value.items()}
    return value


def followed_in(value: Any) -> Iterator[Followed]:
    """The arrays among arguments that are followed."""
    if isinstance(value, Followed):
        yield value
    elif type(value) in (list, tuple):
        for part in value:
            yield from followed_in(part)
    elif type(value) is slice:
        yield from followed_in((value.start, value.stop, value.step))
    elif type(value) is np.ndarray and value.dtype.kind == "O":
        yield from followed_in(value.tolist())


def live_in(tape: Tape, values: Any) -> bool:
    """Whether anything of the inputs is among arguments."""
    if isinstance(values, Followed):
        return tape.is_live(values.raw)
    if type(values) in (list, tuple):
        return any(live_in(tape, part) for part in values)
    if type(values) is slice:
        return live_in(tape, (values.start, values.stop, values.step))
    if type(values) is np.ndarray:
        if values.dtype.kind == "O":
            return live_in(tape, values.tolist())
        return tape.is_live(values)
    if type(values) is float:
        return tape.floats.get(id(values), (None,))[0] is values
    return False


def constant(tape: Tape, made: Any) -> Any:
    """Numbers that have nothing of the inputs: arrays that may be written into are followed."""
    if type(made) is np.ndarray and made.dtype.kind in "fciu":
        return tape.kind(tape, made)
    if type(made) in (list, tuple):
        return type(made)(constant(tape, part) for part in made)
    return made


def said(tape: Tape, value: Any) -> str:
    """An argument as it stands in a call.

    Raises `NoRow` for what has no text.
    """
    if isinstance(value, float) and type(value) is float:
        known = tape.floats.get(id(value))
        if known is not None and known[0] is value:
            return tape.name(known[1].raw)
    if isinstance(value, Followed) or type(value) is np.ndarray:
        raw = value.raw if isinstance(value, Followed) else value
        if raw.dtype.kind == "O":
            return said(tape, raw.tolist())
        return tape.name(raw)
    if isinstance(value, np.generic):
        return tape.constant(np.asarray(value))
    if isinstance(value, np.dtype):
        return f"np.{value.name}"
    if isinstance(value, type):
        if issubclass(value, np.generic):
            return f"np.{np.dtype(value).name}"
        if value in (int, float, bool, complex):
            return value.__name__
    if isinstance(value, tuple):
        return f"({''.join(said(tape, part) + ', ' for part in value)})"
    if isinstance(value, list):
        return f"[{', '.join(said(tape, part) for part in value)}]"
    if isinstance(value, slice):
        parts = (value.start, value.stop, value.step)
        return ":".join(
            "" if p is None else said(tape, p) for p in parts[: 2 + (parts[2] is not None)]
        )
    if value is Ellipsis:
        return "..."
    if isinstance(value, float) and not np.isfinite(value):
        return f"float('{float(value)}')"
    if value is None or isinstance(value, bool | int | float | complex | str):
        return repr(value)
    raise NoRow(f"an argument of type {type(value).__name__}")


def call_text(tape: Tape, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """A call in words."""
    words = [said(tape, value) for value in args]
    words += [f"{key}={said(tape, v)}" for key, v in kwargs.items() if not _is_unsaid(name, key, v)]
    return f"{name}({', '.join(words)})"


def _is_unsaid(name: str, key: str, value: Any) -> bool:
    if key == "order" and name in ("np.reshape", "np.ravel"):
        return value in (None, "C")
    if key == "order" and name == "np.linalg.norm":
        return False
    return key in UNSAID or value is np._NoValue


def name_of(function: Any) -> str:
    """What a function of numpy's or scipy's is called in a program.

    Raises `NoRow` for what is in none of their modules.
    """
    known = SPACES.get(id(function))
    if known is not None:
        return known
    name = getattr(function, "__name__", "")
    for text in ("scipy.special", "scipy.linalg"):
        if getattr(sys.modules.get(text), name, None) is function:
            return f"{text}.{name}"
    raise NoRow(name or "a function")


def applied(
    tape: Tape,
    name: str | Callable[[], str],
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> Any:
    """What a function gives, with a line for it where it is of something of the inputs.

    `name` is what it is called in the program.
    """
    named = dict(kwargs)
    out = named.pop("out", None)
    live = live_in(tape, (*args, *named.values()))
    with tape.pause():
        made = function(*raw_of(tuple(args)), **raw_of(named))
    if not live:
        return constant(tape, made) if out is None else written(tape, out, made, None)
    if isinstance(made, np.ndarray) and made.dtype.kind == "O":
        raise TypeError("arrays of objects are not followed")
    text: str | None
    why = ""
    try:
        if callable(name):
            tape.operation = getattr(function, "__name__", "a function")
            name = name()
        tape.operation = name
        text = call_text(tape, name, args, _plain_dtype(named, made))
    except NoRow as reason:
        text, why = None, str(reason)
    if out is not None:
        return written(tape, out, made, text, why)
    return given(tape, made, text, why)


def _plain_dtype(named: dict[str, Any], made: Any) -> Mapping[str, Any]:
    """The arguments without a dtype that is that of any numbers."""
    dtype = named.get("dtype")
    if dtype is not None and getattr(made, "dtype", None) == np.float64:
        return {key: value for key, value in named.items() if key != "dtype"}
    return {k: v for k, v in named.items() if k != "dtype" or v is not None}


def given(tape: Tape, made: Any, text: str | None, why: str = "") -> Any:
    """What a call has given, called by a line; without a text nobody knows what it is."""
    if isinstance(made, np.ndarray | np.generic):
        return _one(tape, made, text, why)
    if isinstance(made, float | bool | int) and not isinstance(made, str):
        return _one(tape, np.asarray(made)[()], text, why)
    if isinstance(made, tuple | list) and made:
        whole = text if text is None else tape.bind(text)
        parts = [
            given(tape, part, whole and f"{whole}[{place}]", why) for place, part in enumerate(made)
        ]
        if isinstance(made, list):
            return parts
        return type(made)(*parts) if hasattr(made, "_fields") else tuple(parts)
    if made is not None and text is not None and not isinstance(made, str):
        tape.leak(f"{tape.operation} gives a {type(made).__name__}")
    return made


def _one(tape: Tape, made: Any, text: str | None, why: str) -> Followed:
    scalar = isinstance(made, np.generic)
    raw = np.asarray(made)
    if not scalar and tape.is_live(raw) and _is_of_another_kind(tape, raw):
        raw = raw.copy()
        # what is written there would not be seen
        raw.flags.writeable = False
    elif not scalar and tape.is_live(raw):
        # it lies where something of the inputs does: that says what it is
        if text is not None:
            with suppress(NoRow):
                tape.memory.named(tape.view(raw), tape.bind(text, raw))
        return tape.kind(tape, raw)
    if scalar or raw.base is not None or not raw.flags.owndata:
        raw = np.array(raw, copy=True)
    raw = tape.shaken(raw)
    if text is None:
        tape.lose(raw, why)
    else:
        tape.put(raw, tape.bind(text, raw))
    return tape.kind(tape, raw, scalar=scalar)


def _is_of_another_kind(tape: Tape, raw: Any) -> bool:
    """Whether memory is looked at as other numbers, as the parts of pairs."""
    try:
        tape.view(raw)
    except NoRow:
        return True
    return False


def written(tape: Tape, out: Any, made: Any, text: str | None, why: str = "") -> Any:
    """What a call writes into an array that it was given."""
    targets = out if isinstance(out, tuple) else (out,)
    results = made if len(targets) > 1 else (made,)
    if len(targets) > 1:
        raise TypeError("several arrays to write into are not followed")
    target, result = targets[0], results[0]
    if target is None:
        return constant(tape, made) if text is None and not why else given(tape, made, text, why)
    raw = raw_of(target)
    result = np.asarray(result)
    tape.store(raw, result if text is None else tape.shaken(result), text, why)
    return target if isinstance(target, Followed) else tape.kind(tape, raw)


def of_ufunc(tape: Tape, ufunc: Any, method: str, args: Sequence[Any], kwargs: Any) -> Any:
    """What a ufunc gives, or a method of one."""
    where = kwargs.get("where", True)
    if method == "__call__":
        if where is not True:
            return _where(tape, ufunc, args, dict(kwargs))
        if ufunc.__name__.startswith("bitwise_"):
            args = _as_truths(args)
        return applied(tape, lambda: name_of(ufunc), ufunc, args, kwargs)
    call = getattr(ufunc, method)
    if method == "at":
        return wrote(tape, lambda: f"{name_of(ufunc)}.at", call, args, kwargs)
    named = dict(kwargs)
    if method in ("reduce", "accumulate"):
        axis = args[1] if len(args) > 1 else named.pop("axis", 0)
        args, named = args[:1], {"axis": axis, **named}
    table = {"reduce": REDUCED, "accumulate": ACCUMULATED}.get(method, {})

    def name() -> str:
        found = table.get(ufunc.__name__) if getattr(np, ufunc.__name__, None) else None
        return found or f"{name_of(ufunc)}.{method}"

    return applied(tape, name, call, args, named)


def _as_truths(args: Sequence[Any]) -> Sequence[Any]:
    """The numbers 0 and 1 beside truth values as such."""
    kinds = {part.raw.dtype.kind for part in followed_in(tuple(args))}
    if kinds != {"b"}:
        return args
    known = {0: False, 1: True}
    return [known.get(int(a), a) if isinstance(a, int | np.integer) else a for a in args]


def _where(tape: Tape, ufunc: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """A ufunc that leaves alone what it was given to write into where a mask is false."""
    mask, out = kwargs.pop("where"), kwargs.pop("out", None)
    target = out[0] if isinstance(out, tuple) else out
    value = of_ufunc(tape, ufunc, "__call__", args, kwargs)
    if target is None:
        raise TypeError("what lies where a ufunc writes nothing is not known")
    chosen = applied(tape, "np.where", np.where, (mask, value, target), {})
    return written(tape, target, raw_of(chosen), said(tape, chosen))


def wrote(
    tape: Tape,
    name: Callable[[], str],
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> None:
    """A call that writes into its first argument."""
    target, *others = args
    raw = raw_of(target)
    live = live_in(tape, (*args, *kwargs.values()))
    if not live:
        with tape.pause():
            function(raw, *raw_of(tuple(others)), **raw_of(dict(kwargs)))
        return
    text, why = None, ""
    try:
        tape.operation = name()
        call = call_text(tape, tape.operation, ["{}", *others], kwargs)
        text = tape.renewed(tape.name(raw), call.replace("'{}'", "{}"))
    except NoRow as reason:
        why = str(reason)
    tape.start(raw)
    with tape.pause():
        function(raw, *raw_of(tuple(others)), **raw_of(dict(kwargs)))
    if text is None:
        tape.lose(raw, why)
    else:
        tape.put(raw, tape.bind(f"np.reshape({text}, {list(raw.shape)})", raw))


def of_function(tape: Tape, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What a function of numpy's gives."""
    if function.__name__ in WRITING:
        return wrote(tape, lambda: name_of(function), function, args, kwargs)
    if function.__name__ in OF_SHAPES:
        with tape.pause():
            return function(*raw_of(tuple(args)), **raw_of(dict(kwargs)))
    return applied(tape, lambda: name_of(function), function, args, kwargs)
