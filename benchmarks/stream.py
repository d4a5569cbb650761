"""Many gradients in one warm process: gradcalc beside loops written by hand.

For programs as in a tour, each at many points, it measures how many points a second one process on
one thread checks: by formula alone and with enclosures, the program derived once or at every point.
Beside it two loops do by hand what the formula does: torch's gradient, sympy's of the same function
element by element, made to a function by lambdify, compared at each point. One derives once, the
other at every point. Then come distinct programs, each at one point. All take turns in one run.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
import sympy
import torch
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.timing import medians, ratio, shown
from gradcalc.calculate import calculate
from gradcalc.derive.derivations import Derivations
from gradcalc.lang.fence import compile_program
from gradcalc.problem import Problem

ROOM = 1e-9
"""How far torch's gradient may be from the one by hand, in relation to its largest element."""

CHUNK = 5
"""Points that are taken at once."""

NOTES = """\
Points a second of one process on one thread, as CHUNK points' median time gives them; × is how many
times the time of the loop by hand that derives once. once: with one `Derivations` for all points;
each: without. By hand: torch's gradient and sympy's, lambdified, compared; nothing is looked for at
corners, no formula is written or read back, no rounding is weighed."""

Inputs = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A program with the shapes of its inputs, and what it is in torch and, by elements, in sympy.

    Of those that `element` does not depend on there are the numbers themselves.
    """

    name: str
    program: str
    shapes: Mapping[str, tuple[int, ...]]
    wrt: tuple[str, ...]
    torch: Callable[[Any], Any]
    element: Callable[[Any], Any]


class Given:
    """Inputs by name: `given.x`."""

    def __init__(self, inputs: Inputs) -> None:
        self.__dict__.update(inputs)


def _looped(given: Any) -> Any:
    b = given.a * 2
    while b.norm() < 1000:
        b = b * 2
    return b.sum()


def _layer(given: Any) -> Any:
    return sum(sympy.tanh(part) for part in given.W @ given.x)


CASES = (
    Case("squares", "2*dot(x, x)", {"x": (4,)}, ("x",),
         lambda g: 2 * torch.dot(g.x, g.x), lambda g: 2 * (g.x @ g.x)),
    Case("logsumexp", "logsumexp(x)", {"x": (5,)}, ("x",),
         lambda g: torch.logsumexp(g.x, 0), lambda g: sympy.log(sum(map(sympy.exp, g.x)))),
    Case("residual", "sum((A@x - b)**2)", {"A": (3, 2), "x": (2,), "b": (3,)}, ("x",),
         lambda g: ((g.A @ g.x - g.b) ** 2).sum(), lambda g: ((g.A @ g.x - g.b) ** 2).sum()),
    Case("softmax", "softmax(x)[0]", {"x": (4,)}, ("x",),
         lambda g: torch.softmax(g.x, 0)[0],
         lambda g: sympy.exp(g.x[0]) / sum(map(sympy.exp, g.x))),
    Case("layer", "tanh(W@x).sum()", {"W": (3, 2), "x": (2,)}, ("W", "x"),
         lambda g: torch.tanh(g.W @ g.x).sum(), _layer),
    # by hand it is the derivative of the way that the loop most often goes
    Case("loop", "b = a*2\nwhile b.norm() < 1000:\n    b = b*2\nb.sum()", {"a": (3,)}, ("a",),
         _looped, lambda g: 2**10 * g.a.sum()),
)  # fmt: skip
"""What users try first."""


def points(case: Case, count: int) -> list[Inputs]:
    """The same numbers each time; those of the loop take the same way."""
    random = np.random.default_rng(5)
    drawn = [
        {name: random.uniform(0.3, 1.0, shape) for name, shape in case.shapes.items()}
        for _ in range(count)
    ]
    if case.name == "loop":
        drawn = [{"a": 1.4 * p["a"] / np.linalg.norm(p["a"])} for p in drawn]
    return drawn


# -- by hand ---------------------------------------------------------------------------------


def derived(case: Case) -> Callable[..., Any]:
    """The gradient by sympy, one symbol an element, as a function of the inputs' elements."""
    named = {
        name: np.array(sympy.symbols(f"{name}:{int(np.prod(shape))}", real=True)).reshape(shape)
        for name, shape in case.shapes.items()
    }
    function = case.element(Given(named))
    gradient = [sympy.diff(function, symbol) for name in case.wrt for symbol in named[name].flat]
    symbols = [symbol for values in named.values() for symbol in values.flat]
    made: Callable[..., Any] = sympy.lambdify(symbols, gradient, modules="numpy", cse=True)
    return made


def by_hand(case: Case, gradient: Callable[..., Any], point: Inputs) -> bool:
    """Whether torch's gradient at a point is the one of the function."""
    tensors = {name: torch.tensor(values) for name, values in point.items()}
    for name in case.wrt:
        tensors[name].requires_grad_()
    found = torch.autograd.grad(case.torch(Given(tensors)), [tensors[name] for name in case.wrt])
    ours = np.concatenate([part.numpy().ravel() for part in found])
    true = np.array(gradient(*[v for values in point.values() for v in values.flat]))
    return bool(np.abs(ours - true).max() <= ROOM * np.abs(true).max())


# -- measuring -------------------------------------------------------------------------------


def checked(problems: Iterator[Problem], derivations: Derivations | None) -> Callable[[], None]:
    """An action: the next few points."""

    def action() -> None:
        for problem in itertools.islice(problems, CHUNK):
            outcome = calculate(problem, derivations=derivations).verdict.outcome
            assert outcome == "verified", f"{problem.program.source}: {outcome}"

    return action


def actions(case: Case, count: int) -> dict[str, Callable[[], Any]]:
    """Every way to go through the points, each with a place of its own among them."""
    drawn = points(case, count)
    program = compile_program(case.program)
    enclosed = [Problem(program, point, case.wrt) for point in drawn]
    plain = [replace(problem, enclose=False) for problem in enclosed]
    ready = derived(case)

    def hand(once: bool) -> Callable[[], None]:
        turn = itertools.cycle(drawn)

        def action() -> None:
            for point in itertools.islice(turn, CHUNK):
                assert by_hand(case, ready if once else derived(case), point)

        return action

    return {
        "formula, once": checked(itertools.cycle(plain), Derivations()),
        "formula, each": checked(itertools.cycle(plain), None),
        "enclosed, once": checked(itertools.cycle(enclosed), Derivations()),
        "enclosed, each": checked(itertools.cycle(enclosed), None),
        "by hand, once": hand(True),
        "by hand, each": hand(False),
    }


INNER = ("exp", "tanh", "sin", "sigmoid", "atan", "softplus", "erf", "cosh")
OUTER = ("sum({})", "dot({}, x)", "mean(({})**2)", "logsumexp({})", "norm({} + 2)", "({}).prod()")


def distinct(enclose: bool) -> Iterator[Problem]:
    """Programs that nobody has asked for before, each at a point."""
    for number in itertools.count(1):
        pieces = itertools.product(OUTER, INNER, INNER)
        for outer, first, second in pieces:
            text = outer.format(f"{first}(x/{number + 1}) + {number}*{second}(x)*x")
            point = np.linspace(0.3, 0.9, 3) + 0.001 * number
            yield Problem(compile_program(text), {"x": point}, ("x",), enclose=enclose)


def table(*columns: str) -> Table:
    """A table of right-aligned columns after the first."""
    made = Table()
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left", no_wrap=True)
    return made


def rate(seconds: float) -> str:
    """Points a second."""
    return f"{CHUNK / seconds:,.0f}"


def main(
    repetitions: Annotated[int, typer.Option(min=1, help="Chunks of points for each.")] = 40,
    quick: Annotated[bool, typer.Option("--quick", help="A few points: does it run?")] = False,
) -> None:
    """Count gradients a second beside loops written by hand."""
    torch.set_num_threads(1)
    console = Console(width=150, highlight=False, markup=False)
    console.print(NOTES.replace("CHUNK", str(CHUNK)))
    rounds = 1 if quick else repetitions
    made: Table | None = None
    for case in CASES[:2] if quick else CASES:
        times = medians(actions(case, 50), rounds)
        if made is None:
            made = table("program", *times)
        hand = times["by hand, once"]
        cells = [f"{rate(found)} {ratio(found, hand)}" for found in times.values()]
        made.add_row(case.name, *cells)
    assert made is not None
    console.print(made)
    fresh = {
        "by formula": checked(distinct(False), Derivations()),
        "with enclosures": checked(distinct(True), Derivations()),
    }
    for name, found in medians(fresh, rounds).items():
        line = f"distinct programs {name}: {rate(found)} a second, {shown(found / CHUNK)} each"
        console.print(line)


if __name__ == "__main__":
    typer.run(main)
