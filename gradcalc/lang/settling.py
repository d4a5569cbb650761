"""Finds out what the signs of mathematics mean, by a run in which the shapes are known.

The run does what each sign turns out to mean; afterwards the program is written without them.
"""

import ast
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import reduce
from typing import Any, NoReturn

from gradcalc.errors import GradcalcError, ProgramSyntaxError, ShapeError, UnsupportedError, brief
from gradcalc.lang import operators, ops, products
from gradcalc.lang.evaluate import RULES
from gradcalc.lang.expressions import binary
from gradcalc.lang.machine import Machine, Rules
from gradcalc.lang.products import Doubt, Meaning, Operand, Operation, Turn
from gradcalc.lang.program import Program, span_of
from gradcalc.lang.settled import Settled, ends_of
from gradcalc.lang.signs import Sign, Signed, place_of

HELD = "‖"
"""The name of what stands between the bars while its norm is taken: no text can use it."""

TYPED = {Sign.BESIDE: " ", Sign.DOT: "·", Sign.CROSS: " × ", Sign.STAR: "*"}
"""How a product was typed."""

TOO_LARGE = 4
"""The exponent of a matrix from which on its product with itself is not written out."""


class TwoReadingsError(ProgramSyntaxError):
    """Mathematics that means two things for the shapes at hand."""


class Settling:
    """One run that settles the signs of the programs that it runs."""

    def __init__(self) -> None:
        self._found = Settled()
        self._turns: dict[int, Turn] = {}
        self._dotted: set[int] = set()

    @property
    def rules(self) -> Rules:
        """The meanings of the nodes in such a run."""
        own: dict[type[ast.AST], Callable[[Machine, Any], Any]] = {
            ast.BinOp: binary(self._operated),
            ast.Call: self._call,
            ast.IfExp: self._branching,
            ast.BoolOp: self._branching,
            ast.Compare: self._branching,
        }
        return {**RULES, **own}

    def written(self, program: Program, compiled: Callable[[str], Program]) -> Program:
        """A program that was run, with what its signs turned out to mean.

        Raises `ProgramSyntaxError` where one was not met.
        """
        source = program.source
        for place, signed in program.signs.items():
            if not self._found.has_met(source, place):
                part = source[slice(*ends_of(source, place))]
                tip = "write * for a product of elements, @ for one of matrices"
                raise TwoReadingsError(
                    f"what {brief(part)} means is not known, as it is not worked out here",
                    hint=tip if signed.sign in TYPED else "write it in Python",
                    source=source,
                )
        text = self._found.written(source)
        if text == source:
            return replace(program, signs={})
        return replace(compiled(text), typed=program.typed)

    # -- the meaning of nodes ----------------------------------------------------------------

    def _operated(self, machine: Machine, node: ast.BinOp, left: Any, right: Any) -> Any:
        signed = machine.program.signs.get(place_of(node))
        if signed is not None:
            left, right = _stacked(machine, left), _stacked(machine, right)
        one, other = (
            self._operand(machine, part, value)
            for part, value in ((node.left, left), (node.right, right))
        )
        if signed is None:
            self._turns[id(node)] = _turn_of(node.op, one, other)
            return operators.apply(machine, type(node.op), left, right)
        self._found.meet(machine.source, place_of(node))
        if signed.sign is Sign.POWER:
            self._check_power(machine, node, signed, (left, right), (one, other))
            self._turns[id(node)] = one.turn.beside(other.turn)
            return operators.apply(machine, ast.Pow, left, right)
        meaning = self._product(machine, node, signed, one, other)
        self._turns[id(node)] = meaning.turn
        match meaning.operation:
            case Operation.OUTER:
                return ops.call(machine, "outer", left, right)
            case Operation.MATMUL:
                return operators.apply(machine, ast.MatMult, left, right)
            case Operation.TIMES:
                return operators.apply(machine, ast.Mult, left, right)

    def _product(
        self, machine: Machine, node: ast.BinOp, signed: Signed, left: Operand, right: Operand
    ) -> Meaning:
        """What a product means, which is remembered."""
        source, place = machine.source, place_of(node)
        vectors = left.rank == right.rank == 1
        if signed.sign is Sign.DOT and right.rank == 1 and self._follows_dot(source, node):
            self._refuse_chain(machine, node, signed)
        found = products.product(signed.sign, left, right)
        if isinstance(found, Doubt):
            self._refuse_product(machine, node, signed, (left, right), found)
        if signed.sign is Sign.DOT and vectors:
            self._dotted.add(id(node))
        if not self._found.settle(source, place, signed, found.operation):
            part = brief(source[slice(*ends_of(source, place))])
            what = f"{part} is once a product of elements, once of matrices"
            self._refuse(machine, node, what, "write * or @")
        return found

    def _follows_dot(self, source: str, node: ast.BinOp) -> bool:
        """Whether x·y of vectors goes on: x·y·z."""
        # what stands in brackets begins behind its bracket
        starts = (ends_of(source, place_of(part))[0] for part in (node, node.left))
        return id(node.left) in self._dotted and next(starts) == next(starts)

    def _call(self, machine: Machine, node: ast.Call) -> Any:
        signed = machine.program.signs.get(place_of(node))
        if signed is None:
            value = RULES[ast.Call](machine, node)
            self._turns[id(node)] = self._turn_of_all(node.args)
            return value
        self._found.meet(machine.source, place_of(node))
        value = machine.eval(node.args[0])
        machine.node = node
        self._check_function(machine, node, signed.sign, value)
        # worked out once, as norms may stand in norms
        machine.frame.values[HELD] = value
        held = ast.copy_location(ast.Name(HELD, ast.Load()), node.args[0])
        call = ast.Call(node.func, [held, *node.args[1:]], node.keywords)
        try:
            value = RULES[ast.Call](machine, ast.copy_location(call, node))
        finally:
            del machine.frame.values[HELD]
        self._turns[id(node)] = self._turn_of_all(node.args)
        return value

    def _branching(self, machine: Machine, node: ast.IfExp | ast.BoolOp | ast.Compare) -> Any:
        """What may leave parts out; those are worked out for their shapes alone."""
        value = RULES[type(node)](machine, node)
        for part in ast.iter_child_nodes(node):
            if not isinstance(part, ast.expr) or not self._misses(machine, part):
                continue
            try:
                machine.eval(part)
            except TwoReadingsError:
                raise
            except GradcalcError:
                # it is not run either
                continue
        return value

    def _misses(self, machine: Machine, node: ast.expr) -> bool:
        """Whether a part has signs that were not met."""
        inner = (n for n in ast.walk(node) if isinstance(n, ast.BinOp | ast.Call))
        places = {place_of(n) for n in inner} & machine.program.signs.keys()
        return any(not self._found.has_met(machine.source, place) for place in places)

    # -- which way vectors stand -------------------------------------------------------------

    def _operand(self, machine: Machine, node: ast.expr, value: Any) -> Operand:
        shape = machine.shape(value) if machine.is_tensor(value) else ()
        return Operand(tuple(shape), self._turn_of(node))

    def _turn_of(self, node: ast.expr) -> Turn:
        match node:
            case ast.Attribute(attr="T", value=inner):
                return self._turn_of(inner).flipped
            case ast.UnaryOp(operand=inner) | ast.Subscript(value=inner):
                return self._turn_of(inner)
            case ast.IfExp(body=one, orelse=other):
                return self._turn_of_all([one, other])
            case _:
                return self._turns.get(id(node), Turn.FREE)

    def _turn_of_all(self, nodes: Iterable[ast.expr]) -> Turn:
        """Which way what is made of several stands, by element."""
        return reduce(Turn.beside, map(self._turn_of, nodes), Turn.FREE)

    # -- what is refused ---------------------------------------------------------------------

    def _sides(self, source: str, node: ast.BinOp, signed: Signed) -> tuple[str, str]:
        """The operands as text, with what is known of their signs."""
        start, end = ends_of(source, place_of(node))
        width = 2 if signed.sign is Sign.POWER else 1
        left = self._found.written(source, start, signed.at)
        return left.rstrip(), self._found.written(source, signed.at + width, end).lstrip()

    def _refuse_product(
        self,
        machine: Machine,
        node: ast.BinOp,
        signed: Signed,
        operands: tuple[Operand, Operand],
        doubt: Doubt,
    ) -> NoReturn:
        left, right = self._sides(machine.source, node, signed)
        what = brief(f"{left}{TYPED[signed.sign]}{right}")
        shapes = f"{operands[0]} and {operands[1]}"
        readings = [op for op in doubt.readings if products.fits(op, *operands)]
        if not readings:
            each = products.fits(Operation.TIMES, *operands)
            raise ShapeError(
                f"{what} does not fit: it is a product of {shapes}",
                hint=f"{left}*{right} multiplies element by element" if each else None,
                span=span_of(node, machine.source),
                source=machine.source,
            )
        texts = " or ".join(op.value.format(left, right) for op in readings)
        message = f"{what} has two readings: it is a product of {shapes}"
        self._refuse(machine, node, message, f"write {texts}")

    def _refuse_chain(self, machine: Machine, node: ast.BinOp, signed: Signed) -> NoReturn:
        left, right = self._sides(machine.source, node, signed)
        start, _ = ends_of(machine.source, place_of(node))
        plain = machine.source[start : signed.at].rstrip()
        message = f"{brief(f'{left}·{right}')} has two readings: {left} is a number"
        self._refuse(machine, node, message, f"write ({left})*{right} or {plain}*{right}")

    def _check_power(
        self,
        machine: Machine,
        node: ast.BinOp,
        signed: Signed,
        values: tuple[Any, Any],
        operands: tuple[Operand, Operand],
    ) -> None:
        """Refuse what may be Python's `^`, and the powers of matrices."""
        base, exponent = self._sides(machine.source, node, signed)
        what = brief(f"{base}^{exponent}")
        typed = all(
            isinstance(part, ast.Constant | ast.UnaryOp) for part in (node.left, node.right)
        )
        whole = all(isinstance(v, int) or machine.is_integer(v) for v in values) and not typed
        if whole or any(map(machine.is_mask, values)):
            raise UnsupportedError(
                f"{what} is the exclusive or of such values in Python",
                hint=f"a power is written {base}**{exponent}",
                span=span_of(node, machine.source),
                source=machine.source,
            )
        times = 0.0 if operands[1].rank else _number(machine, values[1])
        if not products.is_open_power(*operands, negative=times < 0):
            return
        if not operands[0].rank:
            other = "there is no exponential of matrices here"
        elif times < 0:
            other = f"inv({base}) is the inverse"
        else:
            product = "@".join([base] * int(times)) if times in range(2, TOO_LARGE) else f"{base}@…"
            other = f"{product} is the product of matrices"
        self._refuse_matrix(
            machine, node, what, f"{base}**{exponent} is that of each element; {other}", operands
        )

    def _check_function(self, machine: Machine, node: ast.Call, sign: Sign, value: Any) -> None:
        """Refuse bars, norms and roots that mean something else to a matrix, or a vector."""
        operand = self._operand(machine, node.args[0], value)
        source = machine.source
        inner = self._found.written(source, *ends_of(source, place_of(node.args[0])))
        square = operand.rank == 2 and operand.shape[0] == operand.shape[1]
        match sign:
            case Sign.BARS if operand.rank == 1:
                what = f"|{inner}|"
                tip = f"abs({inner}) is that of each element, norm({inner}) the length"
            case Sign.BARS if square:
                what = f"|{inner}|"
                tip = f"abs({inner}) is that of each element, det({inner}) the determinant"
            case Sign.ROOT if square:
                what = f"√({inner})"
                tip = f"sqrt({inner}) is that of each element; there is no root of matrices here"
            case Sign.NORM if operand.rank > 1:
                what = f"‖{inner}‖"
                tip = f"‖{inner}‖_F is the norm of Frobenius; there is no other of matrices here"
            case _:
                return
        self._refuse_matrix(machine, node, brief(what), tip, (operand,))

    def _refuse_matrix(
        self, machine: Machine, node: ast.expr, what: str, tip: str, operands: tuple[Operand, ...]
    ) -> NoReturn:
        tensor = next(operand for operand in operands if operand.rank)
        self._refuse(machine, node, f"{what} has two readings for {tensor}", tip)

    def _refuse(self, machine: Machine, node: ast.expr, message: str, hint: str) -> NoReturn:
        source = machine.source
        raise TwoReadingsError(message, hint=hint, span=span_of(node, source), source=source)


def _turn_of(operator: ast.operator, left: Operand, right: Operand) -> Turn:
    """Which way the value of an operator of Python stands."""
    if not left.rank or not right.rank:
        return left.turn if left.rank else right.turn
    if isinstance(operator, ast.MatMult):
        if left.rank == right.rank == 1:
            return Turn.FREE
        found = products.matrix_product(left, right)
        return found.turn if isinstance(found, Meaning) else Turn.UNCLEAR
    return left.turn.beside(right.turn)


def _stacked(machine: Machine, value: Any) -> Any:
    """An operand, a list of which is a tensor in mathematics."""
    return ops.tensor(machine, value) if isinstance(value, list | tuple) else value


def _number(machine: Machine, value: Any) -> float:
    """The exponent, 0 for what is no number: whoever computes the power refuses it."""
    if machine.is_tensor(value):
        return machine.number(value)
    return float(value) if isinstance(value, int | float) else 0.0
