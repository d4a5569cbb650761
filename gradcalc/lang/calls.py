"""Calls: which function is meant, and running those of the program itself."""

import ast
import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

from gradcalc.errors import (
    GradcalcError,
    InvalidValueError,
    LimitError,
    UnknownNameError,
    UnsupportedError,
)
from gradcalc.lang import library, plain
from gradcalc.lang.arguments import bind
from gradcalc.lang.builtins import Builtin
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
        self.main_frame = self.frame

    def _call(self, node: ast.Call) -> Any:
        self.budget.tick()
        function, first = self._callee(node)
        args = first + tuple([self.eval(argument) for argument in node.args])
        kwargs = {str(k.arg): self.eval(k.value) for k in node.keywords}
        self.node = node
        return self.call(function, args, kwargs, node)

    def _callee(self, node: ast.Call) -> tuple[Any, tuple[Any, ...]]:
        func = node.func
        if isinstance(func, ast.Name):
            frame = self.frame.find(func.id)
            value = frame.values[func.id] if frame is not None else None
            if isinstance(value, Closure | Builtin) or is_row(value):
                return value, ()
            found = library.find(self.program.imported.get(func.id, func.id))
            if found is None:
                self.node = func
                raise self._not_callable(func.id, value, defined=frame is not None)
            return found, ()
        if isinstance(func, ast.Attribute):
            name = dotted(func)
            if name and name[0] in self.program.prefixes:
                return library.find(name[-1]), ()
            value = self.eval(func.value)
            self.node = func
            if self.is_tensor(value) or plain.is_number(value):
                found = library.find(func.attr)
                if found is not None:
                    return found, (value,)
            return self.attribute(value, func), ()
        return self.eval(func), ()

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
        if isinstance(function, Builtin):
            return self._builtin(function, args, kwargs, node)
        if not is_row(function):
            raise InvalidValueError(f"{self.describe(function)} cannot be called")
        return self.call_primitive(function.name, args, kwargs)

    def _builtin(
        self, function: Builtin, args: tuple[Any, ...], kwargs: dict[str, Any], node: ast.Call
    ) -> Any:
        for word in ("dtype", "device", "requires_grad"):
            if word in kwargs:
                raise UnsupportedError(
                    f"{word} cannot be set inside a program",
                    hint="the whole calculation has one: --dtype, --device",
                )
        try:
            _signature(function).bind(self, node, *args, **kwargs)
        except TypeError:
            raise InvalidValueError(
                f"{function.name} does not take these arguments", hint=function.doc
            ) from None
        try:
            return function.call(self, node, *args, **kwargs)
        except (TypeError, ValueError, LookupError, OverflowError) as error:
            shown = " and ".join(self.describe(a) for a in args[:3])
            raise InvalidValueError(
                f"{function.name} does not take {shown or 'no arguments'}", hint=function.doc
            ) from error

    def enter(self, closure: Closure, values: Mapping[str, Any]) -> Any:
        """Run the body of a function in a scope of its own."""
        if self.depth >= self.limits.depth:
            raise LimitError(
                f"functions call one another more than {self.limits.depth} deep",
                hint="a while loop has no such limit",
            )
        outer, node, program = self.frame, self.node, self.program
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
            self.depth -= 1
            self.frame, self.node, self.program = outer, node, program
        return None

    def block(self, body: Any) -> None:
        """Run statements; see `gradcalc.lang.evaluate`."""
        raise NotImplementedError


@cache
def _signature(function: Builtin) -> inspect.Signature:
    return inspect.signature(function.call)


def is_row(value: Any) -> bool:
    """Whether a value is a primitive, passed by its name."""
    return isinstance(value, Primitive)
