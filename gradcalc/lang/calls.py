"""Calls: which function is meant, and running those of the program itself."""

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from gradcalc.errors import (
    GradcalcError,
    InvalidValueError,
    LimitError,
    UnknownNameError,
    UnsupportedError,
    brief,
)
from gradcalc.lang import (
    arguments,
    casts,
    choosing,
    complex_folds,
    complexes,
    containers,
    foreign,
    grammar,
    having,
    inplace,
    kinds,
    mapping,
    members,
    objects,
    ops,
    plain,
    raising,
    whose,
    writing,
    written,
    yielding,
)
from gradcalc.lang.bindings import own_names, parameters_of
from gradcalc.lang.chance import Source
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.spelling import Function, NoCount, RankError
from gradcalc.lang.expressions import attribute, member
from gradcalc.lang.leaving import Return
from gradcalc.lang.machine import Builtin, Closure, Complex, Frame, Machine, Module, Once, Rule
from gradcalc.lang.mapping import Mapped
from gradcalc.lang.memory import Tensor
from gradcalc.lang.nets import classes, initial, state
from gradcalc.lang.nets.module import is_module
from gradcalc.lang.nets.row import Kind
from gradcalc.lang.objects import Bound, Class, Instance, Super
from gradcalc.lang.program import JAX, NUMPY, TORCH, asked_by_name, dotted
from gradcalc.primitives import Primitive

Args = tuple[Any, ...]
Kwargs = dict[str, Any]


FUNCTIONS = (Closure, Function, Builtin, Primitive, Mapped)
"""What a function is that is a value: one of the program, of a library, of the language."""


def enter(machine: Machine, closure: Closure, values: Mapping[str, Any]) -> Any:
    """Run the body of a function in a scope of its own; one that yields gives a generator."""
    local, generates = _facts(closure)
    frame = Frame({**closure.defaults, **values}, closure.frame, local)
    if closure.owner is not None and values:
        frame.method = (closure.owner, next(iter(values.values())))
    if generates:
        assert isinstance(closure.body, list)
        inside = partial(_inside, machine, closure, frame)
        given = yielding.items(machine, closure.body, inside)
        return Once("a generator", ops.generated(given))
    if closure is machine.main and machine.main_frame.parent is None:
        machine.main_frame = frame
    return _inside(machine, closure, frame, partial(_value, machine, closure))


def _facts(closure: Closure) -> tuple[frozenset[str], bool]:
    """The names that a function binds itself, and whether it yields."""
    parameters = frozenset(parameter.arg for parameter in parameters_of(closure.arguments))
    if not isinstance(closure.body, list):
        return parameters, False
    body = tuple(closure.body)
    return parameters | own_names(body), yielding.yields(body)


def _value(machine: Machine, closure: Closure) -> Any:
    if isinstance(closure.body, ast.expr):
        return machine.eval(closure.body)
    left = machine.block(closure.body)
    return left.value if isinstance(left, Return) else None


def _inside(machine: Machine, closure: Closure, frame: Frame, run: Callable[[], Any]) -> Any:
    """What something gives that runs within the scope of a function."""
    if len(machine.callers) >= machine.limits.depth:
        raise LimitError(
            f"functions call one another more than {machine.limits.depth} deep",
            hint="a while loop has no such limit",
        )
    outer, node, program = machine.frame, machine.node, machine.program
    machine.callers.append(outer)
    machine.frame = frame
    anchor = machine.anchor
    if closure.program.library or getattr(closure.owner, "library", False):
        # a library's text is run in the place of the call
        machine.set_anchor()
    machine.program = closure.program
    forward = closure.name == "forward" == getattr(closure.owner, "runs", "")
    machine.nets.running += forward
    try:
        return run()
    except GradcalcError as error:
        if machine.anchor is not None:
            # it is told at the call that the program makes
            raise
        raise error.located(machine.place, machine.source) from error.__cause__
    finally:
        machine.callers.pop()
        machine.nets.running -= forward
        machine.anchor = anchor
        machine.frame, machine.node, machine.program = outer, node, program


def _call(machine: Machine, node: ast.Call) -> Any:
    machine.budget.tick()
    if (module := asked_by_name(node, machine.program.naming)) is not None:
        return _of_module(machine, node, module)
    function, first = _callee(machine, node.func)
    args = first + tuple(containers.spread(machine, node.args))
    kwargs: Kwargs = {}
    for keyword in node.keywords:
        value = machine.eval(keyword.value)
        given = {keyword.arg: value} if keyword.arg is not None else _named(machine, value)
        if twice := kwargs.keys() & given.keys():
            raise InvalidValueError(f"{brief(min(twice))} is given twice", python="TypeError")
        kwargs |= given
    machine.node = node
    result = applied(machine, function, args, kwargs)
    if first and isinstance(node.func, ast.Attribute) and node.func.attr == "view":
        _check_view(machine, first[0], result)
    return result


def _check_view(machine: Machine, source: Any, result: Any) -> None:
    """Refuse torch's `view` where only a copy has the shape, as torch does."""
    torchs = machine.program.naming.arrays == TORCH and isinstance(source, Tensor)
    made = torchs and isinstance(result, Tensor) and result.view is None
    if made and result.shape and 0 not in result.shape:
        raise InvalidValueError(
            "torch views these elements in no such shape: they do not stand in order in memory",
            hint="write .reshape(...), which copies them",
            python="RuntimeError",
        )


def _of_module(machine: Machine, node: ast.Call, module: tuple[str, ...]) -> Any:
    """What getattr gives of a module, hasattr says of it."""
    assert isinstance(node.func, ast.Name)
    name, *_ = containers.spread(machine, node.args[1:])
    machine.node = node
    if not isinstance(name, str):
        raise InvalidValueError("an attribute is asked for by its name", python="TypeError")
    if node.func.id == "getattr":
        return member(machine, (*module, name))
    if not catalogue.named(machine.program.naming, (*module, name)):
        raise UnsupportedError(
            f"whether there is {brief('.'.join(module))}.{brief(name)} is not known here"
        )
    return True


def _of_tensor(machine: Machine, value: Any, name: Any, *default: Any) -> Any:
    """What getattr gives of a tensor: a method, or what stands behind a dot by itself."""
    if default and isinstance(name, str) and not having.has(machine, value, name):
        return default[0]
    if name in grammar.METHODS:
        raise UnsupportedError(f".{name} cannot be used in a program", hint=grammar.METHODS[name])
    numpys = machine.program.naming.arrays in (NUMPY, JAX)
    read = name in READ or (name == "size" and numpys)
    found = _method(machine, value, name) if isinstance(name, str) and not read else None
    if found is not None:
        return Bound(found, value)
    call: Any = machine.node
    node = ast.Attribute(call, str(name), ast.Load())
    return attribute(machine, value, ast.copy_location(node, call))


READ = frozenset({"shape", "ndim", "T", "mT", "H", "mH", "data", "dtype", "device", "real", "imag"})
"""What arrays have behind a dot that is no method."""


def behind_dot(machine: Machine, value: Any, name: str) -> Any:
    """What stands behind a dot of any value, by its name."""
    if machine.is_tensor(value) or plain.is_number(value):
        return _of_tensor(machine, value, name)
    node = ast.copy_location(ast.Attribute(ast.Constant(None), name, ast.Load()), machine.node)
    return attribute(machine, value, node)


def _method(machine: Machine, value: Any, name: str) -> Any:
    """The method of a tensor or a number, None where there is none of that name."""
    foreign.check_method(value, name)
    return (
        initial.method(value, name)
        or casts.method(machine, name)
        or catalogue.method(name, machine.program.naming)
        or inplace.method(machine, name)
    )


def _named(machine: Machine, value: Any) -> Kwargs:
    """The arguments of a dictionary behind two stars."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise InvalidValueError("behind ** stands a dictionary of names", python="TypeError")
    return value


def _callee(machine: Machine, func: ast.expr) -> tuple[Any, Args]:
    """What is called, and the value in front of the dot where it is a method."""
    naming = machine.program.naming
    if isinstance(func, ast.Name):
        return _called(machine, func), ()
    if not isinstance(func, ast.Attribute):
        return machine.eval(func), ()
    if func.attr == objects.SETTER.name:
        return objects.SETTER, ()
    name = dotted(func)
    if name and name[0] in naming.modules:
        return member(machine, name), ()
    value = machine.eval(func.value)
    machine.node = func
    if isinstance(value, Source):
        method = catalogue.generator_method(value.kind, func.attr)
        if method is None:
            raise UnknownNameError(f"{value.kind} has no .{brief(func.attr)} here")
        return method, (value,)
    if isinstance(value, Complex):
        return _method_of_complex(machine, value, func.attr), (value,)
    if not machine.is_tensor(value) and not plain.is_number(value):
        return attribute(machine, value, func), ()
    if func.attr in members.OF_NUMBERS:
        if not machine.is_tensor(value):
            return members.method(machine, value, func.attr), ()
        if not machine.carries(value) and not machine.shape(value):
            # one of math's is a number of Python's
            return members.method(machine, machine.number(value), func.attr), ()
    found = _method(machine, value, func.attr)
    if found is None:
        raise UnknownNameError(
            f"{naming.arrays or 'torch'}'s arrays have no method .{brief(func.attr)} here",
            hint=f"write {func.attr}(x)" if catalogue.is_known(func.attr) else None,
        )
    return found, (value,)


def _method_of_complex(machine: Machine, value: Complex, name: str) -> Any:
    if name in complexes.ELEMENTS and name not in ("real", "imag"):
        return Builtin(name, lambda m, z: complexes.ELEMENTS[name](m, z), "of complex numbers")
    if name in casts.CASTS:
        word = casts.CASTS[name]
        kinds = () if word in (None, "same") else (casts.KINDS[word],)
        return Builtin(name, partial(_cast_of_complex, kinds), "complex numbers as they are")
    changing = writing.changing(machine, name)
    if changing is not None:
        return changing
    found = _method(machine, machine.constant(np.zeros(complexes.shape(value))), name)
    if found is None or name not in complex_folds.NAMES:
        raise UnsupportedError(
            f".{brief(name)} of complex numbers is not known here", hint=complexes.REAL
        )
    return found


def _cast_of_complex(
    own: Sequence[Any], machine: Machine, value: Complex, *kinds: Any, **named: Any
) -> Complex:
    for kind in (*own, *kinds, *(v for k, v in named.items() if k in ("dtype", "other"))):
        complexes.check_kind(machine, kind)
    return complexes.made(machine, value.re, value.im)


def _called(machine: Machine, func: ast.Name) -> Any:
    """The function that a name stands for. What holds a number is one of the library too."""
    naming, frame = machine.program.naming, machine.frame.find(func.id)
    value = frame.values[func.id] if frame is not None else None
    if isinstance(
        value, Closure | Function | Builtin | Primitive | Class | Instance | Bound | Mapped | Kind
    ):
        return value
    if func.id == "super" and frame is None:
        return Builtin("super", _super, "the class that this one is made from")
    found = written.value(machine, catalogue.bare(func.id, naming))
    callable_ = Function | Builtin | Primitive | Kind | Class
    if isinstance(found, callable_) and not (frame and naming.library):
        return found
    if isinstance(found, Class | Instance | Closure) and frame is None:
        return found
    machine.node = func
    if frame is None:
        raise UnknownNameError(f"{brief(func.id)} has no value here")
    raise InvalidValueError(
        f"{brief(func.id)} is {machine.describe(value)} and cannot be called",
        hint=f"for a product write {brief(func.id)}*(...){_given_otherwise(machine, func.id)}",
    )


def _given_otherwise(machine: Machine, name: str) -> str:
    """How a parameter of the program gets a function, which has a number."""
    parameter = machine.program.function is not None and name in machine.given.values
    return f"; a function is given with --let '{name}=lambda t: ...'" if parameter else ""


def applied(machine: Machine, function: Any, args: Args, kwargs: Kwargs) -> Any:
    """What a function gives: of the program, of a library, of the language."""
    if machine.imaginary and _is_of_complex(function, args, kwargs):
        made = complex_folds.called(machine, function, args, kwargs, applied)
        if machine.confirm is not None and isinstance(function, Function):
            machine.confirm(machine, function, args, kwargs, made)
        return made
    if isinstance(function, Function | Builtin):
        found = objects.answered(machine, function.name, args)
        if found is not objects.MISSING:
            return found
    if isinstance(function, Kind):
        function = classes.class_of(machine, function)
    if isinstance(function, Class):
        return objects.instantiate(machine, function, args, kwargs)
    if isinstance(function, Instance):
        if is_module(function):
            state.name_at_call(machine, function)
        function = objects.called(machine, function)
    if isinstance(function, Bound):
        args, function = (function.receiver, *args), function.function
        if isinstance(function, Closure) and is_module(args[0]):
            state.name_at_method(machine, args[0])
        if isinstance(function, Builtin):
            run = partial(function.call, machine, *args, **kwargs)
            return _guarded(machine, function.name, function.doc, args[1:], run)
    if isinstance(function, Mapped):
        return mapping.call(machine, function, args, kwargs, applied)
    if isinstance(function, Closure):
        bound = arguments.bind_own(function.name, function.signature, args, kwargs)
        if function.arguments.vararg is not None:
            machine.spell(bound[function.arguments.vararg.arg])
        return enter(machine, function, bound)
    if isinstance(function, Function):
        return _library(machine, function, args, kwargs)
    if isinstance(function, Builtin):
        if function.name == "getattr" and len(args) > 1 and machine.is_tensor(args[0]):
            return _of_tensor(machine, *args, **kwargs)
        if function.name == "getattr" and len(args) == 2 and isinstance(args[0], Module):
            return behind_dot(machine, *args)
        return _builtin(machine, function, args, kwargs)
    if isinstance(function, casts.NumberKind) and len(args) == 1:
        return casts.to(machine, args[0], function)
    if not isinstance(function, Primitive):
        raise InvalidValueError(f"{machine.describe(function)} cannot be called")
    return ops.call(machine, function.name, *args, **kwargs)


def _is_of_complex(function: Any, args: Args, kwargs: Kwargs) -> bool:
    """Whether a function is given complex numbers, and has no meaning of its own for them."""
    given = (*args, *kwargs.values())
    if isinstance(function, Function):
        return not function.takes_complex and complexes.among(given)
    named = isinstance(function, Builtin | Primitive) and function.name in complex_folds.NAMES
    return named and any(isinstance(value, Complex) for value in given)


def _holds_tensors(machine: Machine, value: Any) -> bool:
    """Whether there is a tensor among what a function is given."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        return any(_holds_tensors(machine, part) for part in value)
    return machine.is_tensor(value)


def _library(machine: Machine, function: Function, args: Args, kwargs: Kwargs) -> Any:
    """A function of a library, by the first of its signatures that takes the arguments."""
    if kwargs.get("requires_grad") is True:
        kwargs = {k: v for k, v in kwargs.items() if k != "requires_grad"}
        return casts.asked(machine, _library(machine, function, args, kwargs))
    if "where" in kwargs and choosing.applies(function, kwargs):
        return choosing.put(machine, function, args, kwargs, _library)
    if function.draws:
        # what is drawn hangs on the dtype
        kwargs, kind = {k: v for k, v in kwargs.items() if k not in casts.MEANINGLESS}, None
    else:
        args, kwargs = _kind_named(function, args, kwargs)
        kwargs, kind = casts.split(machine, kwargs, function.order if "order" in kwargs else None)
    if kind is not None and kind.word == "bool" and function.name in casts.FOLDS and args:
        truths = ops.binary(machine, "ne", ops.tensor(machine, args[0]), 0)
        counted = ops.call(machine, "where", truths, 1.0, 0.0)
        folded = _library(machine, function, (counted, *args[1:]), kwargs)
        return ops.binary(machine, "ne", folded, 0)
    if kind is not None:
        casts.check(function.name, kind)
        fresh = function.name not in casts.PASSING and kwargs.get("copy", True) is True
        made = _library(machine, function, args, kwargs)
        written = function.name in casts.MAKERS and not _holds_tensors(machine, (args, kwargs))
        cast = casts.to(machine, made, kind, fresh=fresh, written=written)
        if isinstance(cast, Tensor):
            cast.usual = False
        return cast
    function = whose.method(machine, function, args, kwargs)
    own_truths = function.module not in ("builtins", "math")
    if function.module == "math":
        raising.check_math(machine, function.name, args)
    reason = ""
    for overload in function.overloads:
        values = overload.fit(machine, args, kwargs, method=function.method)
        if isinstance(values, str):
            reason = values
            continue
        target = overload.written(values, args)
        if own_truths:
            values = overload.with_truths(machine, values)
        run = partial(overload.run, machine, values)
        since = machine.kept
        try:
            result = _guarded(machine, function.name, None, args, run)
        except RankError:
            if function.core is None:
                raise
            break
        if machine.confirm is not None:
            machine.confirm(machine, function, args, kwargs, result)
        kinds.check_mixed_truths(machine, function.module, result)
        whose.touched(machine, function, args, result)
        result = result if function.method else foreign.handed(result)
        if target is not None:
            if not machine.is_tensor(target):
                raise InvalidValueError(f"{function.shown} writes into a tensor, which this is not")
            others = [value for value in args if value is not target]
            return writing.in_place(machine, target, result, since, others)
        if function.module == TORCH and function.name in casts.USUAL:
            result.usual = True
        pythons = function.alone and not any(map(machine.is_tensor, args))
        if isinstance(result, bool) and own_truths and not pythons:
            # a truth value of the library's, of which + is or
            return ops.tensor(machine, result)
        return result
    if function.name == "log" and len(args) + len(kwargs) == 2:
        raise InvalidValueError(
            f"{function.shown} has no base", hint="write log(x)/log(b), log2(x) or log10(x)"
        )
    if (counted := _with_counts(machine, args, kwargs)) is not None:
        return _library(machine, function, *counted)
    if function.core is None:
        hint = reason.hint if isinstance(reason, NoCount) else f"write {function.usage}"
        raise InvalidValueError(f"{function.shown} {reason}", hint=hint)
    result = applied(machine, function.core, args, kwargs)
    if machine.confirm is not None:
        machine.confirm(machine, function, args, kwargs, result)
    return result


def _with_counts(machine: Machine, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs] | None:
    """The arguments with inputs that are data and whole as numbers of Python's, as who counts has
    given them; None where there are none."""

    def number(value: Any) -> Any:
        mine = machine.is_tensor(value) and any(v is value for v in machine.given.values.values())
        if not mine or machine.is_mask(value) or machine.carries(value):
            return value
        single = not machine.shape(value) and machine.number(value).is_integer()
        return int(machine.number(value)) if single else value

    found = tuple(map(number, args)), {key: number(value) for key, value in kwargs.items()}
    same = all(a is b for a, b in zip((*args, *kwargs.values()),
                                      (*found[0], *found[1].values()), strict=True))  # fmt: skip
    return None if same else found


def _kind_named(function: Function, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
    """The arguments, with a kind of numbers that stands in its place given by its name."""
    for place, value in enumerate(args):
        named = isinstance(value, casts.NumberKind) or (
            isinstance(value, Builtin) and value.name in casts.PYTHONS
        )
        for overload in function.overloads if named else ():
            names = [p.name for p in overload.parameters if p.positional]
            if names[place : place + 1] == ["dtype"] and len(args) <= len(names):
                given = dict(zip(names[place:], args[place:], strict=False))
                return args[:place], {**given, **kwargs}
    return args, kwargs


def _builtin(machine: Machine, function: Builtin, args: Args, kwargs: Kwargs) -> Any:
    kwargs, kind = (kwargs, None) if function.users else casts.split(machine, kwargs)
    if kind is not None:
        casts.check(function.name, kind)
        return casts.to(machine, _builtin(machine, function, args, kwargs), kind)
    try:
        _signature(function).bind(machine, *args, **kwargs)
    except TypeError:
        raise InvalidValueError(
            f"{function.name} does not take these arguments", hint=function.doc
        ) from None
    run = partial(function.call, machine, *args, **kwargs)
    return _guarded(machine, function.name, function.doc, args, run)


def _guarded(
    machine: Machine, name: str, doc: str | None, args: Args, run: Callable[[], Any]
) -> Any:
    """What a function of the language gives; Python's own exceptions are sentences."""
    try:
        return run()
    except (TypeError, ValueError, LookupError, OverflowError) as error:
        shown = " and ".join(machine.describe(a) for a in args[:3])
        message = f"{name} does not take {shown or 'no arguments'}"
        raise InvalidValueError(message, hint=doc) from error


def _super(machine: Machine, *values: Any) -> Super:
    frame: Frame | None = machine.frame
    while frame is not None and frame.method is None:
        frame = frame.parent
    if frame is None or frame.method is None:
        raise InvalidValueError("super() stands in a method of a class", python="RuntimeError")
    owner, receiver = frame.method
    return Super(receiver, owner)


@cache
def _signature(function: Builtin) -> inspect.Signature:
    return inspect.signature(function.call)


CALLS: Mapping[type[ast.AST], Rule] = {ast.Call: _call}
"""The meaning of a call."""
