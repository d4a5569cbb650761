"""The tools beside gradcalc: torch, which is right by definition here, and those that derive.

Each peer is given a family at a point and answers with its gradient: a text, and a function that
gives the numbers.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import sympy
import torch

from benchmarks.families import Family, Given, Inputs
from benchmarks.timing import paced

try:
    import casadi
except ImportError:
    casadi = None

Array = Any
Evaluate = Callable[[], Array]


@dataclass(frozen=True, slots=True)
class Derived:
    """A gradient as a peer has derived it.

    `numbers` are its values at the point, by whatever way there is; `evaluate` the fast way.
    """

    text: Callable[[], str]
    numbers: Evaluate
    evaluate: Evaluate | None = None


class Peer(Protocol):
    """A tool that derives gradients.

    `absent` is a word for why it takes no part. With `once` it is not repeated: what it does would
    come from sympy's cache. It may stop early when it sees that it will take more than `seconds`.
    """

    name: str
    absent: str | None
    once: bool

    def derive(self, family: Family, inputs: Inputs, seconds: float = math.inf) -> Derived: ...


# -- torch -----------------------------------------------------------------------------------


class Torch:
    """The functions of a family, as torch has them."""

    sum, dot, exp, log, tanh = torch.sum, torch.dot, torch.exp, torch.log, torch.tanh
    norm, var = torch.linalg.vector_norm, torch.var

    @staticmethod
    def logsumexp(x: Any) -> Any:
        return torch.logsumexp(x, 0)

    @staticmethod
    def softmax(x: Any) -> Any:
        return torch.softmax(x, 0)


def torch_gradient(family: Family, inputs: Inputs) -> Callable[[], Array]:
    """One run forward and backward, with the tensors made beforehand."""
    tensors = {name: torch.from_numpy(np.asarray(values)) for name, values in inputs.items()}
    wrt = tensors[family.wrt].requires_grad_()

    def run() -> Array:
        (gradient,) = torch.autograd.grad(family.spelled(Torch, Given(tensors)), [wrt])
        return gradient.numpy()

    return run


# -- sympy, a symbol for every element -------------------------------------------------------


def _each(function: Any) -> Any:
    return np.vectorize(function, otypes=[object])


class Elements:
    """The functions of a family on numpy arrays of sympy's expressions."""

    sum, dot = staticmethod(np.sum), staticmethod(np.dot)
    exp, log, tanh = (staticmethod(_each(f)) for f in (sympy.exp, sympy.log, sympy.tanh))

    @staticmethod
    def norm(x: Any) -> Any:
        return sympy.sqrt(np.dot(x, x))

    @staticmethod
    def var(x: Any) -> Any:
        return np.sum((x - np.sum(x) / len(x)) ** 2) / (len(x) - 1)

    @staticmethod
    def logsumexp(x: Any) -> Any:
        return sympy.log(np.sum(Elements.exp(x)))

    @staticmethod
    def softmax(x: Any) -> Any:
        powers = Elements.exp(x)
        return powers / np.sum(powers)


def _element(name: str, place: tuple[int, ...]) -> Any:
    return sympy.Symbol(name + "_".join(map(str, place)), real=True)


class PerElement:
    """sympy with one symbol per element: `sympy.diff` of the written-out objective by each."""

    name = "sympy, per element"
    absent: str | None = None
    once = True

    def derive(self, family: Family, inputs: Inputs, seconds: float = math.inf) -> Derived:
        symbols = {name: self._symbols(name, np.shape(v)) for name, v in inputs.items()}
        objective = family.spelled(Elements, Given(symbols))
        by = paced(np.ravel(symbols[family.wrt]), seconds)
        gradient = [sympy.diff(objective, symbol) for symbol in by]

        def numbers() -> Array:
            flat = [symbol for array in symbols.values() for symbol in np.ravel(array)]
            values = np.concatenate([np.ravel(values) for values in inputs.values()])
            return np.array(sympy.lambdify(flat, gradient, "numpy")(*values), dtype=np.float64)

        return Derived(lambda: str(gradient), numbers)

    @staticmethod
    def _symbols(name: str, shape: tuple[int, ...]) -> Any:
        if not shape:
            return sympy.Symbol(name, real=True)
        array = np.empty(shape, dtype=object)
        for place in np.ndindex(shape):
            array[place] = _element(name, place)
        return array


# -- sympy, matrices as symbols --------------------------------------------------------------


class Matrices:
    """sympy's `MatrixSymbol` derivatives."""

    name = "sympy, MatrixSymbol"
    absent: str | None = None
    once = False

    def derive(self, family: Family, inputs: Inputs, seconds: float = math.inf) -> Derived:
        symbols = {name: self._symbol(name, np.shape(v)) for name, v in inputs.items()}
        gradient = family.matrices(Given(symbols)).diff(symbols[family.wrt])
        columns = {n: self._column(v) for n, v in inputs.items()}

        def numbers() -> Array:
            point = {symbols[n]: self._sympified(v) for n, v in columns.items()}
            found = gradient.subs(point).doit()
            explicit = found.as_explicit() if hasattr(found, "as_explicit") else found
            return np.array(explicit.tolist(), dtype=np.float64)

        return Derived(lambda: str(gradient), numbers, self._compiled(symbols, gradient, columns))

    @staticmethod
    def _symbol(name: str, shape: tuple[int, ...]) -> Any:
        return sympy.MatrixSymbol(name, *(*shape, 1)[:2]) if shape else sympy.Symbol(name)

    @staticmethod
    def _column(values: Any) -> Any:
        return values[:, None] if np.ndim(values) == 1 else values

    @staticmethod
    def _sympified(values: Any) -> Any:
        return sympy.Matrix(values) if np.ndim(values) else sympy.Float(float(values))

    @staticmethod
    def _compiled(
        symbols: Mapping[str, Any], gradient: Any, columns: Mapping[str, Any]
    ) -> Evaluate | None:
        """The gradient on numpy, where sympy can print it; made when it is asked for."""
        made: list[Any] = []

        def evaluate() -> Array:
            if not made:
                made.append(sympy.lambdify(list(symbols.values()), gradient, "numpy"))
            return made[0](*columns.values())

        return evaluate


# -- CasADi ----------------------------------------------------------------------------------


class CasadiFunctions:
    """The functions of a family, as CasADi has them."""

    def __getattr__(self, name: str) -> Any:
        return getattr(casadi, {"sum": "sum1", "norm": "norm_2"}.get(name, name))

    def softmax(self, x: Any) -> Any:
        powers = casadi.exp(x - casadi.mmax(x))
        return powers / casadi.sum1(powers)

    def var(self, x: Any) -> Any:
        n = x.shape[0]
        return casadi.sumsqr(x - casadi.sum1(x) / n) / (n - 1)


class Casadi:
    """CasADi's gradient of its matrix expressions (MX), as a function ready to be called."""

    name = "CasADi MX"
    absent = None if casadi is not None else "not installed"
    once = False

    def derive(self, family: Family, inputs: Inputs, seconds: float = math.inf) -> Derived:
        symbols = {n: casadi.MX.sym(n, *(*np.shape(v), 1, 1)[:2]) for n, v in inputs.items()}
        objective = family.spelled(CasadiFunctions(), Given(symbols))
        gradient = casadi.gradient(objective, symbols[family.wrt])
        function = casadi.Function("gradient", list(symbols.values()), [gradient])
        point: list[Any] = []

        def evaluate() -> Array:
            if not point:
                point.extend(casadi.DM(values) for values in inputs.values())
            return function(*point)

        return Derived(lambda: str(gradient), lambda: np.asarray(evaluate()), evaluate)


PEERS: tuple[Peer, ...] = (PerElement(), Matrices(), Casadi())
