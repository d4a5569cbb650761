"""Calls: which function is meant, and running those of the program itself."""

import ast
import inspect
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from gradcalc.errors import (
    GradcalcError,
    InvalidValueError,
    LimitError,
    UnknownNameError,
    UnsupportedError,
)
from gradcalc.lang import kinds, library, plain
from gradcalc.lang.arguments import bind
from gradcalc.lang.builtins import Builtin
from gradcalc.lang.dialects.catalogue import MIXED, UNLIKE, UNLIKE_ALONG
from gradcalc.lang.dialects.spelling import Function, RankError
from gradcalc.lang.expressions import Expressions
from gradcalc.lang.names import own_names
from gradcalc.lang.program import brief, dotted
from gradcalc.lang.scope import Closure, Frame, Return
from gradcalc.primitives import Primitive


class Calls(Expressions):
    """Evaluates calls: of primitives, built-ins and functions of the program."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.depth = 0
        self.main: Closure | None = None
        self.main_frame = self.given = self.frame
        self.callers: list[Frame] = []

    def _call(self, node: ast.Call) -> Any:
        self.budget.tick()
        function, first = self._callee(node)
        args = first + tuple([self.eval(argument) for argument in node.args])
        kwargs = {str(k.arg): self.eval(k.value) for k in node.keywords}
        self.node = node
        return self.call(function, args, kwargs, node)

    def _callee(self, node: ast.Call) -> tuple[Any, tuple[Any, ...]]:
        func, naming = node.func, self.program.naming
        if isinstance(func, ast.Name):
            frame = self.frame.find(func.id)
            value = frame.values[func.id] if frame is not None else None
            if isinstance(value, Closure) or is_library(value):
                return value, ()
            found = library.bare(func.id, naming)
            if not is_library(found) or (frame is not None and naming.library):
                self.node = func
                raise self._not_callable(func.id, value, defined=frame is not None)
            return found, ()
        if isinstance(func, ast.Attribute):
            name = dotted(func)
            if name and name[0] in naming.modules:
                return self.member(name), ()
            value = self.eval(func.value)
            self.node = func
            if self.is_tensor(value) or plain.is_number(value):
                return self._method(func.attr, value), (value,)
            return self.attribute(value, func), ()
        return self.eval(func), ()

    def _method(self, name: str, value: Any) -> Any:
        """A method of a tensor or a number."""
        naming = self.program.naming
        found = library.method(name, naming)
        if found is None:
            raise UnknownNameError(
                f"{naming.arrays or 'torch'}'s arrays have no method .{brief(name)} here",
                hint=f"write {name}(x)" if library.is_known(name) else None,
            )
        return found

    def _not_callable(self, name: str, value: Any, *, defined: bool) -> GradcalcError:
        if not defined:
            return UnknownNameError(f"{brief(name)} has no value here")
        return InvalidValueError(
            f"{brief(name)} is {self.describe(value)} and cannot be called",
            hint=f"for a product write {brief(name)}*(...)",
        )

    def call(
        self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], node: ast.Call
    ) -> Any:
        if isinstance(function, Closure):
            return self.enter(function, bind(function.name, function.signature, args, kwargs))
        if isinstance(function, Function):
            return self._library(function, args, kwargs, node)
        if isinstance(function, Builtin):
            return self._builtin(function, args, kwargs, node)
        if not isinstance(function, Primitive):
            raise InvalidValueError(f"{self.describe(function)} cannot be called")
        return self.call_primitive(function.name, args, kwargs)

    def _library(
        self, function: Function, args: tuple[Any, ...], kwargs: dict[str, Any], node: ast.Call
    ) -> Any:
        """A function of a library, by the first of its signatures that takes the arguments."""
        refuse_types(kwargs)
        self.check_mixed(function, args, kwargs)
        reason = ""
        for overload in function.overloads:
            values = overload.fit(self, args, kwargs, method=function.method)
            if isinstance(values, str):
                reason = values
                continue
            if function.module not in ("builtins", "math"):
                values = overload.with_truths(self, values)
            run = partial(overload.run, self, node, values)
            try:
                result = self._guarded(function, node, args, run)
            except RankError:
                if function.core is None:
                    raise
                break
            self.confirm(self, function, args, kwargs, result)
            kinds.check_mixed_truths(self, function.module, result)
            if isinstance(result, bool) and function.module not in ("builtins", "math"):
                # a truth value of the library's, of which + is or
                return self.tensor(result)
            return result
        if function.core is not None:
            result = self.call(function.core, args, kwargs, node)
            self.confirm(self, function, args, kwargs, result)
            return result
        raise InvalidValueError(f"{function.shown} {reason}", hint=f"write {function.usage}")

    def _guarded(
        self, function: Any, node: ast.Call, args: tuple[Any, ...], run: Callable[[], Any]
    ) -> Any:
        """What a function of the language gives; Python's own exceptions are sentences."""
        try:
            return run()
        except (TypeError, ValueError, LookupError, OverflowError) as error:
            shown = " and ".join(self.describe(a) for a in args[:3])
            doc = getattr(function, "doc", None)
            raise InvalidValueError(
                f"{function.name} does not take {shown or 'no arguments'}", hint=doc
            ) from error

    def check_mixed(
        self, function: Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """A method that torch and numpy mean differently is refused where a text has both."""
        if not function.method or self.program.naming.arrays != MIXED:
            return
        name = function.name
        if name in UNLIKE or (name in UNLIKE_ALONG and (len(args) > 1 or kwargs)):
            raise UnsupportedError(
                f".{name}() may be torch's or numpy's: this text works on both",
                hint=f"write torch.{name}(x, ...) or np.{name}(x, ...)",
            )

    def _builtin(
        self, function: Builtin, args: tuple[Any, ...], kwargs: dict[str, Any], node: ast.Call
    ) -> Any:
        refuse_types(kwargs)
        try:
            _signature(function).bind(self, node, *args, **kwargs)
        except TypeError:
            raise InvalidValueError(
                f"{function.name} does not take these arguments", hint=function.doc
            ) from None
        return self._guarded(
            function, node, args, lambda: function.call(self, node, *args, **kwargs)
        )

    def enter(self, closure: Closure, values: Mapping[str, Any]) -> Any:
        """Run the body of a function in a scope of its own."""
        if self.depth >= self.limits.depth:
            raise LimitError(
                f"functions call one another more than {self.limits.depth} deep",
                hint="a while loop has no such limit",
            )
        outer, node, program = self.frame, self.node, self.program
        self.callers.append(outer)
        local = own_names(closure.body) if isinstance(closure.body, list) else frozenset()
        self.frame = Frame({**closure.defaults, **values}, closure.frame, local)
        if closure is self.main and self.main_frame.parent is None:
            self.main_frame = self.frame
        self.depth += 1
        self.program = closure.program
        try:
            if isinstance(closure.body, ast.expr):
                return self.eval(closure.body)
            self.block(closure.body)
        except Return as result:
            return result.value
        except GradcalcError as error:
            raise error.located(self.place, self.source) from error.__cause__
        finally:
            self.callers.pop()
            self.depth -= 1
            self.frame, self.node, self.program = outer, node, program
        return None

    def block(self, body: Any) -> None:
        """Run statements; see `gradcalc.lang.evaluate`."""
        raise NotImplementedError


@cache
def _signature(function: Builtin) -> inspect.Signature:
    return inspect.signature(function.call)


def is_library(value: Any) -> bool:
    """Whether a value is a function that is not the program's own."""
    return isinstance(value, Function | Builtin | Primitive)


def refuse_types(kwargs: Mapping[str, Any]) -> None:
    """Raises `UnsupportedError` where a call sets what the whole calculation has one of."""
    for word in ("dtype", "device", "requires_grad"):
        if kwargs.get(word) is not None:
            raise UnsupportedError(
                f"{word} cannot be set inside a program",
                hint="the whole calculation has one: --dtype, --device",
            )
