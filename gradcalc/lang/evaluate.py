"""Program × backend × inputs → value: the statements of the language, and the run as a whole."""

import ast
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from gradcalc.errors import (
    GradcalcError,
    InvalidValueError,
    LimitError,
    ShapeError,
    UnsupportedError,
)
from gradcalc.lang import holders, plain
from gradcalc.lang.backend import Backend
from gradcalc.lang.budget import Budget
from gradcalc.lang.calls import Calls
from gradcalc.lang.depth import deep_recursion
from gradcalc.lang.dialects.catalogue import JAX, NUMPY
from gradcalc.lang.machine import Confirm
from gradcalc.lang.program import Branch, Limits, Program, Run, brief, text_of
from gradcalc.lang.scope import Break, Continue, Return

SIGNS: Mapping[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|",
}  # fmt: skip
"""The operators that may stand in front of `=`."""

COPY: Mapping[str, str] = {NUMPY: "{0}.copy()"}
"""How a tensor is copied where it is not as in torch."""

NOTHING = object()
"""The output of a program that has given none yet."""


def evaluate(
    program: Program,
    backend: Backend,
    inputs: Mapping[str, Any],
    *,
    detach: Collection[str] = (),
    limits: Limits | None = None,
    budget: Budget | None = None,
    confirm: Confirm | None = None,
) -> Run:
    """Run a program on a backend.

    `inputs` are the backend's tensors (or closures) by name; `detach` are names each use of
    which passes no gradient back. `confirm` is told every call of a library's function and what it
    gave. Raises `GradcalcError` with the place in the source.
    """
    limits = limits or Limits()
    if budget is None:
        deadline = None if limits.seconds is None else time.monotonic() + limits.seconds
        budget = Budget(limits.steps, deadline)
    evaluator = Evaluator(program, backend, limits, budget, frozenset(detach))
    if confirm is not None:
        evaluator.confirm = confirm
    with deep_recursion():
        return evaluator.run(inputs)


class Evaluator(Calls):
    """Walks a program. One instance runs one program once."""

    last: Any = NOTHING

    def run(self, inputs: Mapping[str, Any]) -> Run:
        try:
            value = self._run(inputs)
        except GradcalcError as raised:
            raise raised.located(self.place, self.source) from raised.__cause__
        except RecursionError:
            error = LimitError("the program recurses too deeply")
            raise error.located(self.place, self.source) from None
        except MemoryError:
            error = LimitError("the program needs more memory than there is")
            raise error.located(self.place, self.source) from None
        path = tuple(Branch(t.line, t.kind, t.text, tuple(t.taken)) for t in self.traces.values())
        names = {**self.frame.values, **self.main_frame.values}
        return Run(value, names, path, tuple(self.stops))

    def _run(self, inputs: Mapping[str, Any]) -> Any:
        self.frame.values.update(inputs)
        self.scalars = not any(self.shape(v) for v in inputs.values() if self.is_tensor(v))
        if self.program.function is None:
            self.block(self.program.body)
            return self._output(self.last)
        for statement in self.program.body:
            self.statement(statement)
        self.main = self.frame.values[self.program.function]
        given = {n: inputs[n] for n in self.program.parameters if n in inputs}
        return self._output(self.enter(self.main, given))

    def _output(self, value: Any) -> Any:
        if value is NOTHING or value is None:
            raise InvalidValueError(
                "the program has no output",
                hint="a function needs a return, a program an expression or an assignment",
            )
        if self.is_tensor(value) or isinstance(value, int | float | list | tuple | range):
            return self.tensor(value)
        raise InvalidValueError(
            f"the output is {self.describe(value)}, not a number or a tensor",
            hint="call it, or name a value with --of",
        )

    # -- statements --------------------------------------------------------------------

    def block(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        self.budget.tick()
        self.node = node
        STATEMENTS[type(node)](self, node)

    def _expression(self, node: ast.Expr) -> None:
        value = self.eval(node.value)
        if not isinstance(value, str) and value is not Ellipsis:
            self._result(value)

    def _result(self, value: Any) -> None:
        if self.frame is self.main_frame:
            self.last = value

    def _assign(self, node: ast.Assign) -> None:
        value = self.eval(node.value)
        for target in node.targets:
            self.bind_target(target, value)
        self._result(self.bound_value(node.targets[-1], value))

    def _annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            value = self.eval(node.value)
            self.bind_target(node.target, value)
            self._result(self.bound_value(node.target, value))

    def _augmented(self, node: ast.AugAssign) -> None:
        assert isinstance(node.target, ast.Name)
        name = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
        left = self.load(name)
        right = self.eval(node.value)
        self.node = node
        held = self.frame.values.get(node.target.id)
        arrays = self.program.naming.arrays in (NUMPY, JAX) and self.is_tensor(right)
        if isinstance(held, list) and not arrays:
            value = self._list_in_place(type(node.op), held, right)
        else:
            if self.is_tensor(held):
                self._check_held(node, held)
                if self.frozen_now and self.carries(held):
                    raise UnsupportedError(
                        "under no_grad() torch would keep the gradient of what it writes over",
                        hint="write the whole assignment: y = y + ...",
                    )
            value = self.operator(type(node.op), left, right)
            if self.is_tensor(held):
                self._check_room(node, held, value)
        self.bind_target(node.target, value)
        self._result(self.bound_value(node.target, value))

    def _list_in_place(self, kind: type[ast.AST], held: list[Any], right: Any) -> Any:
        """`+=` and `*=` of a list change it, for whoever holds it."""
        if any(held is one for one in self.snapshots):
            raise UnsupportedError("a list cannot grow while enumerate or zip goes through it")
        if kind is ast.Add:
            items = self.items(right)
            self.check_length(len(held) + plain.length(items))
            self.budget.tick(len(items))
            held += items
            return held
        value = self.operator(kind, held, right)
        if isinstance(value, list):
            held[:] = value
            return held
        return value

    def _writes(self, node: ast.AugAssign, held: Any) -> bool:
        """Whether an operator writes into the memory of a tensor.

        Python's and numpy's single numbers and jax's arrays are never written into.
        """
        arrays = self.program.naming.arrays
        if not self.memory(held):
            # of no elements, or this backend keeps no memory
            return False
        number = not self.shape(held) and not any(held is array for array in self.arrays)
        if isinstance(node.op, ast.MatMult) and arrays != NUMPY:
            # torch has no such operator that writes
            return False
        return arrays != JAX and not (number and (arrays == NUMPY or self.numbers))

    def _check_room(self, node: ast.AugAssign, held: Any, value: Any) -> None:
        """Refuse to write what does not go into a tensor."""
        if not self._writes(node, held):
            return
        if self.shape(value) != self.shape(held):
            raise ShapeError(
                f"a tensor of shape {self.shape(held)} cannot hold one of shape {self.shape(value)}"
            )
        kept = self.is_mask(value) or (self.is_integer(held) and self.is_integer(value))
        if (self.is_mask(held) or self.is_integer(held)) and not kept:
            kind = "truth values" if self.is_mask(held) else "integers"
            raise InvalidValueError(f"a tensor of {kind} cannot hold other numbers")

    def _check_held(self, node: ast.AugAssign, held: Any) -> None:
        """Refuse to write into a tensor that something else holds: Python would change that too."""
        if not self._writes(node, held):
            return
        arrays = self.program.naming.arrays
        assert isinstance(node.target, ast.Name)
        holder = holders.other(self, node.target.id, held)
        if holder is not None:
            op, name = SIGNS[type(node.op)], node.target.id
            copy = COPY.get(arrays, "{0}.clone()").format(name)
            raise UnsupportedError(
                f"{brief(text_of(node, self.source))} would also change {holder}",
                hint=f"write {name} = {name} {op} ..., or {name} = {copy} before",
            )

    def bound_value(self, target: ast.AST, value: Any) -> Any:
        """What a bound name gives when it is read: detached if the user asked for that."""
        return self.load(target) if isinstance(target, ast.Name) else value

    def _if(self, node: ast.If) -> None:
        self.block(node.body if self.test(node, "if") else node.orelse)

    def _while(self, node: ast.While) -> None:
        while self.test(node, "while"):
            self.budget.tick()
            try:
                self.block(node.body)
            except Continue:
                continue
            except Break:
                return
        self.block(node.orelse)

    def _for(self, node: ast.For) -> None:
        known = len(self.snapshots)
        iterable = self.eval(node.iter)
        self.iterated.append(iterable)
        try:
            self._rounds(node, iterable)
        finally:
            self.iterated.pop()
            del self.snapshots[known:]

    def _rounds(self, node: ast.For, iterable: Any) -> None:
        for item in self.items(iterable):
            self.budget.tick()
            self.bind_target(node.target, item)
            try:
                self.block(node.body)
            except Continue:
                continue
            except Break:
                return
        self.block(node.orelse)

    def _define(self, node: ast.FunctionDef) -> None:
        self.frame.values[node.name] = self.closure(node.name, node.args, node.body)

    def _return(self, node: ast.Return) -> None:
        raise Return(None if node.value is None else self.eval(node.value))

    def _assert(self, node: ast.Assert) -> None:
        if not self.truth(self.eval(node.test)):
            self.node = node
            message = self.eval(node.msg) if node.msg is not None else None
            raise InvalidValueError(
                f"the assertion {text_of(node.test, self.source)} does not hold",
                hint=message if isinstance(message, str) else None,
            )

    def _with(self, node: ast.With) -> None:
        self.note("no_grad", text_of(node.items[0], self.source), node.items[0].context_expr)
        with self.frozen():
            self.block(node.body)

    def _nothing(self, node: ast.stmt) -> None:
        pass

    def _break(self, node: ast.stmt) -> None:
        raise Break

    def _continue(self, node: ast.stmt) -> None:
        raise Continue


STATEMENTS: Mapping[type[ast.AST], Callable[[Evaluator, Any], None]] = {
    ast.Expr: Evaluator._expression,
    ast.Assign: Evaluator._assign,
    ast.AnnAssign: Evaluator._annotated,
    ast.AugAssign: Evaluator._augmented,
    ast.If: Evaluator._if,
    ast.While: Evaluator._while,
    ast.For: Evaluator._for,
    ast.FunctionDef: Evaluator._define,
    ast.Return: Evaluator._return,
    ast.Assert: Evaluator._assert,
    ast.With: Evaluator._with,
    ast.Pass: Evaluator._nothing,
    ast.Import: Evaluator._nothing,
    ast.ImportFrom: Evaluator._nothing,
    ast.Break: Evaluator._break,
    ast.Continue: Evaluator._continue,
}
