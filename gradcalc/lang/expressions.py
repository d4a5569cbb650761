"""The expressions of the language: each kind of syntax node with its meaning."""

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcalc.errors import (
    InvalidValueError,
    ShapeError,
    UnknownNameError,
    UnsupportedError,
    did_you_mean,
)
from gradcalc.lang import library, plain
from gradcalc.lang.backend import Backend
from gradcalc.lang.budget import Budget
from gradcalc.lang.dialects.catalogue import JAX, MIXED, NUMPY
from gradcalc.lang.grammar import KINDS, PLAIN, UNARY
from gradcalc.lang.indexing import counted_with_arrays
from gradcalc.lang.machine import LARGEST_INTEGER, Machine
from gradcalc.lang.program import Limits, Program, brief, dotted, text_of
from gradcalc.lang.scope import Closure, Frame, Trace
from gradcalc.primitives import BY_NAME


class Expressions(Machine):
    """Evaluates expressions in the current scope."""

    def __init__(
        self,
        program: Program,
        backend: Backend,
        limits: Limits,
        budget: Budget,
        detached: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(program, backend, limits, budget)
        self.detached = detached
        self.traces: dict[int, Trace] = {}
        self.frame = Frame({})

    def _call(self, node: ast.Call) -> Any:
        """A call; see `gradcalc.lang.calls`."""
        raise NotImplementedError

    def eval(self, node: ast.AST) -> Any:
        return EXPRESSIONS[type(node)](self, node)

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def load(self, node: ast.Name) -> Any:
        frame = self.frame.find(node.id)
        if frame is not None:
            value = frame.values[node.id]
            if node.id in self.detached:
                return self.detach(value, node.id)
            return value
        if node.id not in self.frame.local and (
            library.has_meaning(node.id) or node.id in self.program.naming.imported
        ):
            return library.bare(node.id, self.program.naming)
        self.node = node
        raise UnknownNameError(
            f"{brief(node.id)} has no value here", hint=did_you_mean(node.id, self.frame.values)
        )

    def _named(self, node: ast.NamedExpr) -> Any:
        value = self.eval(node.value)
        self.bind_target(node.target, value)
        return self.load(node.target)

    def _list(self, node: ast.List) -> list[Any]:
        return [self.eval(item) for item in node.elts]

    def _tuple(self, node: ast.Tuple) -> tuple[Any, ...]:
        return tuple([self.eval(item) for item in node.elts])

    def _binary(self, node: ast.BinOp) -> Any:
        spine: list[ast.BinOp] = [node]
        while isinstance(spine[-1].left, ast.BinOp):
            spine.append(spine[-1].left)
        value = self.eval(spine[-1].left)
        for part in reversed(spine):
            right = self.eval(part.right)
            self.node = part
            value = self.operator(type(part.op), value, right)
        return value

    def operator(self, kind: type[ast.AST], left: Any, right: Any) -> Any:
        name, function = PLAIN[kind]
        sequences = list | tuple | range if name in ("eq", "ne") else list | tuple
        lists = isinstance(left, sequences) or isinstance(right, sequences)
        if lists and not (self.is_tensor(left) or self.is_tensor(right)):
            return self.sequences(name, left, right)
        if lists:
            self._check_list(name, left, right)
        if kind is ast.Pow and self.is_mask(left) and self.program.naming.arrays in (NUMPY, JAX):
            raise UnsupportedError(
                "a power of truth values is an integer of 8 bits to numpy",
                hint="where(x > 0, 1.0, 0.0) makes numbers of them",
            )
        if kind in (ast.BitAnd, ast.BitOr):
            self.check_masks("&" if kind is ast.BitAnd else "|", left, right)
        if plain.is_number(left) and plain.is_number(right):
            return plain.compute(name, function, (left, right), self.limits.bits)
        return self.binary(name, left, right)

    def operator_named(self, name: str, left: Any, right: Any) -> Any:
        """Python's operator on any values, by the name of its primitive."""
        return self.operator(KINDS[name], left, right)

    def _check_list(self, name: str, left: Any, right: Any) -> None:
        """A list beside a tensor is an array to numpy; torch compares, and repeats, the list."""
        if name in ("eq", "ne") and self.program.naming.arrays not in (NUMPY, JAX):
            raise UnsupportedError(
                "torch finds that a list and a tensor are not equal, whatever is in them",
                hint="write tensor([...]), or compare with each number",
            )
        if name == "mul" and any(
            self.is_integer(value) or self.is_mask(value) or self.program.naming.numbers
            for value in (left, right)
        ):
            raise UnsupportedError(
                "a list times a whole number repeats the list",
                hint="tensor([...]) makes a tensor of the list",
            )

    def check_masks(self, sign: str, *operands: Any) -> None:
        """As in torch, `&`, `|` and `~` are for truth values only."""
        for value in operands:
            if not self.is_mask(value) and not (self.is_tensor(value) and self.size(value) == 0):
                raise InvalidValueError(
                    f"{sign} is for truth values, not for {self.describe(value)}",
                    hint="compare first, in brackets: (x > 0) & (y > 0)",
                )

    def _unary(self, node: ast.UnaryOp) -> Any:
        value = self.eval(node.operand)
        self.node = node
        if isinstance(node.op, ast.Not):
            return not self.truth(value)
        name, function = UNARY[type(node.op)]
        if isinstance(node.op, ast.Invert):
            self.check_masks("~", value)
            single = self.is_tensor(value) and not self.shape(value)
            if self.program.naming.numbers and single:
                raise UnsupportedError("~ of Python's truth values is -1 or -2", hint="write not")
        if plain.is_number(value):
            return function(value)
        result = self.operate(BY_NAME[name], {"x": value})
        numpys = self.program.naming.arrays == NUMPY and isinstance(node.op, ast.UAdd)
        return self.copy(result) if numpys else result

    def _bool(self, node: ast.BoolOp) -> Any:
        stop_at = isinstance(node.op, ast.Or)
        value: Any = None
        for part in node.values[:-1]:
            value = self.eval(part)
            self.node = part
            if self.truth(value) is stop_at:
                return value
        return self.eval(node.values[-1])

    def _compare(self, node: ast.Compare) -> Any:
        left = self.eval(node.left)
        result: Any = True
        for position, (op, right_node) in enumerate(zip(node.ops, node.comparators, strict=True)):
            right = self.eval(right_node)
            self.node = node
            result = self.compare_pair(type(op), left, right)
            if position < len(node.ops) - 1 and not self.truth(result):
                return result
            left = right
        return result

    def compare_pair(self, kind: type[ast.AST], left: Any, right: Any) -> Any:
        if kind in (ast.Is, ast.IsNot):
            singleton = isinstance(right, bool) and not (self.numbers and self.is_tensor(left))
            if left is not None and right is not None and not singleton:
                raise UnsupportedError("is compares with None only", hint="use ==")
            return (left is right) is (kind is ast.Is)
        words = any(isinstance(value, str) or value is None for value in (left, right))
        if words and kind in (ast.Eq, ast.NotEq):
            numpys = self.program.naming.arrays in (NUMPY, MIXED)
            if numpys and any(self.is_tensor(v) and self.shape(v) for v in (left, right)):
                raise UnsupportedError(
                    "numpy compares each element with None or text", hint="write x is None"
                )
            same = type(left) is type(right) and left == right
            return same is (kind is ast.Eq)
        return self.operator(kind, left, right)

    def _choice(self, node: ast.IfExp) -> Any:
        return self.eval(node.body if self.test(node, "if") else node.orelse)

    def _lambda(self, node: ast.Lambda) -> Closure:
        return self.closure("lambda", node.args, node.body)

    def _subscript(self, node: ast.Subscript) -> Any:
        value = self.eval(node.value)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        given = [self._key_part(part) for part in parts]
        if not isinstance(node.slice, ast.Tuple):
            self._check_nested(given[0])
            if isinstance(given[0], tuple):
                # a tuple under a name is a key of several parts too
                given = list(given[0])
        key = tuple(self._key_item(part, node) for part in given)
        self.node = node
        if not self.is_tensor(value) and not isinstance(value, list | tuple | range):
            raise ShapeError(f"{self.describe(value)} cannot be indexed")
        if self.is_tensor(value) and self.program.naming.arrays in (NUMPY, JAX):
            key = counted_with_arrays(key, len(self.shape(value)))
        return self.index(value, key)

    def _check_nested(self, key: Any) -> None:
        """A list of lists is one array to numpy, and a key of several parts to torch."""
        nested = isinstance(key, list) and any(isinstance(item, list | tuple) for item in key)
        if nested and self.program.naming.arrays not in (NUMPY, JAX):
            raise UnsupportedError(
                "torch and numpy read a list of lists as an index each in its own way",
                hint="write x[[0, 1], [1, 0]] for single elements, or tensor([[0, 1], [1, 0]])",
            )

    def _key_part(self, node: ast.AST) -> Any:
        if not isinstance(node, ast.Slice):
            return self.eval(node)
        ends = (node.lower, node.upper, node.step)
        parts = [None if end is None else self.eval(end) for end in ends]
        self.node = node
        return slice(*(None if part is None else self.integer(part) for part in parts))

    def _key_item(self, value: Any, node: ast.AST) -> Any:
        self.node = node
        if value is None or value is Ellipsis or isinstance(value, slice):
            return value
        if isinstance(value, list | tuple | range):
            if not value:
                return np.zeros(0, dtype=np.int64)
            value = self.tensor(value)
        # of no elements, a backend need not know whether they would be truth values
        if self.is_mask(value) or (self.is_tensor(value) and not self.size(value)):
            return self._mask(value)
        if not self.is_tensor(value):
            return self.integer(value)
        numbers = self.backend.numbers(value)
        if not np.all((numbers == np.round(numbers)) & (np.abs(numbers) < LARGEST_INTEGER)):
            raise InvalidValueError("an index must be a whole number")
        if self.carries(value):
            self.note("index", text_of(node, self.source), node)
        return int(numbers) if numbers.ndim == 0 else numbers.astype(np.int64)

    def _mask(self, value: Any) -> Any:
        if not self.is_tensor(value) or not self.shape(value):
            raise InvalidValueError(
                "one truth value is no index", hint="choose with if, or with where(condition, a, b)"
            )
        # which elements are taken is decided by all of them
        self.holds(value, "logical_and")
        return self.backend.numbers(value).astype(np.bool_)

    def _attribute(self, node: ast.Attribute) -> Any:
        name = dotted(node)
        if name and name[0] in self.program.naming.modules:
            self.node = node
            return self.member(name)
        value = self.eval(node.value)
        self.node = node
        return self.attribute(value, node)

    def member(self, path: tuple[str, ...]) -> Any:
        """A constant or a function of a module."""
        found = self.program.naming.member(path)
        if found is None or not library.has(*found):
            raise UnsupportedError(f"{brief('.'.join(path))} is no value")
        return library.member(*found)

    def attribute(self, value: Any, node: ast.Attribute) -> Any:
        name = node.attr
        if isinstance(value, tuple) and name in getattr(value, "_fields", ()):
            return getattr(value, name)
        if self.is_tensor(value):
            if name == "shape":
                return self.shape(value)
            if name == "ndim":
                return len(self.shape(value))
            if name == "size":
                return self.size(value)
            if name == "data":
                self.note("detach", text_of(node.value, self.source), node)
                return self.detach(value, None)
            if name in ("T", "H"):
                return self.call_primitive("transpose", (value,), {})
            if name == "mT":
                return self.call_primitive("transpose", (value, -2, -1), {})
        raise UnknownNameError(
            f"{self.describe(value)} has no .{name} to be read",
            hint=f"call it: .{name}()" if library.is_method(name) else None,
        )

    def closure(self, name: str, arguments: ast.arguments, body: Any) -> Closure:
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults: dict[str, Any] = {}
        if arguments.defaults:
            named = zip(positional[-len(arguments.defaults) :], arguments.defaults, strict=True)
            defaults = {a.arg: self.eval(value) for a, value in named}
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if default is not None:
                defaults[argument.arg] = self.eval(default)
        return Closure(name, arguments, body, defaults, self.frame, self.program)

    def test(self, node: ast.If | ast.While | ast.IfExp, kind: str) -> bool:
        value = self.eval(node.test)
        self.node = node.test
        taken = self.truth(value)
        if id(node) not in self.traces:
            self.traces[id(node)] = Trace(node.lineno, kind, text_of(node.test, self.source))
        self.traces[id(node)].taken.append(taken)
        return taken

    def bind_target(self, target: ast.AST, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.frame.values[target.id] = value
            return
        assert isinstance(target, ast.Tuple | ast.List)
        items = self.items(value)
        if len(items) != len(target.elts):
            self.node = target
            raise ShapeError(f"{len(items)} values for {len(target.elts)} names")
        for part, item in zip(target.elts, items, strict=True):
            self.bind_target(part, item)


EXPRESSIONS: Mapping[type[ast.AST], Callable[[Expressions, Any], Any]] = {
    ast.Constant: Expressions._constant,
    ast.Name: Expressions.load,
    ast.NamedExpr: Expressions._named,
    ast.List: Expressions._list,
    ast.Tuple: Expressions._tuple,
    ast.BinOp: Expressions._binary,
    ast.UnaryOp: Expressions._unary,
    ast.BoolOp: Expressions._bool,
    ast.Compare: Expressions._compare,
    ast.IfExp: Expressions._choice,
    ast.Lambda: Expressions._lambda,
    ast.Subscript: Expressions._subscript,
    ast.Attribute: Expressions._attribute,
    ast.Call: lambda machine, node: machine._call(node),
}
