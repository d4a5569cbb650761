"""Gradients that people have written by hand hold, and those with a slip in them do not.

Each file of `tests/pasted/by_hand` has functions `f` as collections of test functions, likelihoods
and layers have them, and beside each its gradient `f_grad` by the first of its parameters that is
given. A slip is a sign, a factor, a power or a number in the text of the gradient.
"""

import ast
import copy
import random
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.command import Run

FOLDER = Path(__file__).parent / "pasted" / "by_hand"
TRIES = 60

# fmt: off
POINTS = {
    "optimisation.py:Ackley01": "--x 0.31,-0.72",
    "optimisation.py:Brown": "--x 0.3,0.2,0.9,1.1",
    "optimisation.py:CrossInTray": "--x 0.3,0.2",
    "optimisation.py:DixonPrice": "--x 0.3,0.2,0.5",
    "optimisation.py:GoldsteinPrice": "--x 0.3,1.2",
    "optimisation.py:HelicalValley": "--x 1.1,-0.55,0.85",
    "optimisation.py:Michalewicz": "--x 1.1,0.55,2.5",
    "optimisation.py:BroydenTridiagonal": "--x 1.1,1.5,0.3",
    "optimisation.py:Kowalik": "--x 1.1,1.5,0.3,0.2",
    "likelihoods.py:probit_loglike": "--params 0.3,-0.5 --exog 1,0.5;1,-0.3;1,1.2;1,0.7 --endog 1,0,1,1",
    "likelihoods.py:nb2_loglike": "--params 0.3,-0.5,0.7 --exog 1,0.5;1,-0.3;1,1.2;1,0.7 --endog 1,0,3,2",
    "likelihoods.py:mnlogit": "--params 0.3,-0.5;0.1,0.2 --exog 1,0.5;1,-0.3;1,1.2;1,0.7 --d 1,0,0;0,1,0;0,0,1;0,1,0",
    "likelihoods.py:weibull_nll": "--params 0.3,1.5 --x 0.5,1.2,3.4,2.2",
    "likelihoods.py:sk_huber": "--w 0.3,-0.2,0.1,1.5 --X 1,0.5;1,-0.3;1,1.2;0.3,0.7 --y 1,-1,1,7",
    "likelihoods.py:squared_hinge": "--w 0.3,-0.2 --X 1,0.5;1,-0.3;1,1.2;0.3,0.7 --y 1,-1,1,1",
    "likelihoods.py:modified_huber": "--w 0.3,-0.2 --X 1,0.5;1,-0.3;1,1.2;0.3,0.7 --y 1,-1,1,1",
    "likelihoods.py:pinball": "--raw 0.3,-0.2,1.5 --y 1,4,0.7",
    "likelihoods.py:tsne_kl": "--Y 0.3,-0.2;0.1,0.4;-0.5,0.9 --P 0,0.2,0.1;0.2,0,0.2;0.1,0.2,0",
    "likelihoods.py:gpr_nll": "--theta 0.3,0.2,0.1 --X 0.1,0.5;1.2,0.4;0.9,0.3 --y 1,-0.5,0.3",
    "likelihoods.py:cox": "--beta 0.3,-0.5 --time 5,3,8,2 --event 1,0,1,1 --X 0.2,1;1.1,0.4;-0.5,0.3;0.7,0.7",
    "likelihoods.py:garch": "--params 0.1,0.2,0.6 --r 0.5,-0.3,0.8,-1.1,0.2",
    "backward.py:softmax_loss": "--x 0.3,-0.5;1.1,0.7;0.2,0.9 --y 1,0,1",
    "backward.py:svm_loss": "--x 0.3,-0.5,0.1;1.1,0.7,0.2 --y 1,0",
    "backward.py:batchnorm": "--x 0.3,-0.5;1.1,0.7;0.2,0.9 --gamma 1.1,0.9 --beta 0.1,0.2 --dout 0.5,1;0.2,-0.3;0.7,0.4",
    "backward.py:two_layer": "--b1 0.1,0.2,0 --W1 0.3,-0.5,0.6;1.1,0.7,-0.2 --W2 0.5,0.1;0.2,-0.4;0.7,0.3 --b2 0.3,0.1 --X 0.5,1;0.2,-0.3 --y 1,0",
    "backward.py:lstm_step": "--W 0.3,0.1,0.2,0.5,0.2,-0.3,0.6,0.1;0.5,-0.3,0.1,0.3,0.1,0.4,0.2,0.1;0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8;0.3,0.1,0.2,0.5,0.2,-0.3,0.6,0.1 --x 0.3,-0.5 --h 0.1,0.4 --c 0.2,-0.1 --dh 1,0.5 --dc 0.3,0.2",
    "backward.py:conv_pad": "--x [[[[0.3,-0.5,0.2],[0.1,0.7,0.4],[0.6,-0.1,0.9]]]] --w [[[[0.2,0.5,0.1],[-0.3,0.8,0.4],[0.6,0.3,-0.2]]]] --dout [[[[0.5,0.1],[0.7,-0.4]]]]",
    "backward.py:attention": "--Q 0.3,-0.5;0.2,0.8;0.1,0.7 --K 0.3,0.5;0.2,-0.8;0.9,0.7 --V 0.3,-0.5;0.6,0.8;0.1,0.4 --dO 1,0.5;0.2,0.3;-0.4,0.6",
    "backward.py:cofi": "--X 0.3,-0.5;0.2,0.8;0.1,0.7 --Theta 0.4,0.1;0.9,-0.3 --Y 5,1;0,4;3,2 --R 1,1;0,1;1,0",
}
# fmt: on

SLIPS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
}  # fmt: skip


class Slip(ast.NodeTransformer):
    """Another operator, or number, in one place."""

    def __init__(self, place: int) -> None:
        self.left = place

    def _here(self) -> bool:
        self.left -= 1
        return self.left == 0

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if type(node.op) in SLIPS and self._here():
            node.op = SLIPS[type(node.op)]()
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        slips = type(node.value) is float and self._here()
        return ast.Constant(node.value * 1.01) if slips else node


def arrays(options: str) -> dict[str, Any]:
    words = shlex.split(options)
    return {
        name.removeprefix("--"): _array(value)
        for name, value in zip(words[::2], words[1::2], strict=True)
    }


def _array(text: str) -> Any:
    rows = [[float(v) for v in row.split(",")] for row in text.split(";")] if text[0] != "[" else []
    if not rows:
        return np.array(ast.literal_eval(text), dtype=float)
    return np.array(rows if len(rows) > 1 else rows[0])


def called(text: str, name: str, given: dict[str, Any]) -> Any:
    names: dict[str, Any] = {}
    exec(text, names)
    with np.errstate(all="ignore"):
        return np.asarray(names[name](**copy.deepcopy(given)), dtype=float)


def slipped(text: str, name: str, given: dict[str, Any]) -> Iterator[str]:
    """The text with slips that Python finds to be such at the point."""
    right, dice = called(text, name, given), random.Random(name)
    for _ in range(TRIES):
        tree = ast.parse(text)
        (function,) = (n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name)
        function.body = [Slip(dice.randint(1, 40)).visit(n) for n in function.body[:-1]] + [
            Slip(dice.randint(1, 8)).visit(function.body[-1])
        ]
        found = ast.unparse(ast.fix_missing_locations(tree))
        try:
            wrong = called(found, name, given)
        except Exception:
            # a shape that does not fit is no slip that goes unnoticed
            continue
        if wrong.shape != right.shape or not np.isfinite(wrong).all():
            continue
        if np.abs(wrong - right).max() > 1e-4 * np.abs(right).max():
            yield found


@pytest.mark.sweep
@pytest.mark.parametrize("name", POINTS)
def test_a_gradient_by_hand(name: str, run: Run, tmp_path: Path) -> None:
    file, _, function = name.partition(":")
    text, options = (FOLDER / file).read_text(), shlex.split(POINTS[name])
    first = options[0].removeprefix("--")
    asked = ("grad", f"{FOLDER / file}:{function}", *options, "--wrt", first, "--expect")
    found = run(*asked, f"{FOLDER / file}:{function}_grad")
    assert found.code == 0, found.out
    wrong = tmp_path / file
    wrong.write_text(next(slipped(text, f"{function}_grad", arrays(POINTS[name]))))
    assert run(*asked, f"{wrong}:{function}_grad").code == 1, wrong.read_text()


def test_a_default_of_a_claim_is_part_of_it(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "f.py"
    file.write_text(
        "def f(x, c=2.0): return c*x**2\n"
        "def right(x, c=2.0): return 2*c*x\n"
        "def wrong(x, c=2.5): return 2*c*x\n"
        "def needs(x, c): return 2*c*x\n"
    )
    asked = ("grad", f"{file}:f", "--x", "3", "--expect")
    codes = [run(*asked, f"{file}:{name}").code for name in ("right", "wrong", "needs")]
    assert codes == [0, 1, 0]
    asked = ("grad", f"{file}:f", "--x", "3", "--c", "4", "--wrt", "x", "--expect")
    codes = [run(*asked, f"{file}:{name}").code for name in ("right", "wrong", "needs")]
    assert codes == [0, 0, 0]
