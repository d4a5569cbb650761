"""What the form of a matrix shows, held to numbers: never more than is so."""

import itertools
from typing import Any

import numpy as np
import pytest

from gradcalc.certificates import NEGATIVE, SEMIDEFINITE, certificates
from gradcalc.definiteness import Known
from gradcalc.expr.written import Written

SIZE = 4
KNOWN = Known(
    ranks={"A": 2, "B": 2, "S": 2, "P": 2, "Q": 2, "D": 2, "E": 2, "u": 1, "v": 1, "a": 1, "w": 1,
           "c": 0, "k": 0, "n": 0},
    nonnegative=frozenset({"k", "w", "E", "n"}), symmetric=frozenset({"Q"}),
    definite=frozenset({"S", "P"}), diagonal=frozenset({"D", "E"}), counts=frozenset({"n"}),
)  # fmt: skip
"""A, B are any matrices, S, P positive semidefinite, Q symmetric, D, E diagonal."""

SHOWN = {
    "-2*S": ("symmetric", NEGATIVE),
    "-outer(a, a)/(a@u)**2": ("symmetric", NEGATIVE),
    "2*D": ("diagonal",),
    "2*E": ("diagonal", SEMIDEFINITE),
    "inv(D)@D": ("diagonal",),
    "2*eye(n) - 2*outer(u, u)/(u@u)": ("symmetric", SEMIDEFINITE),
    "3*eye(n) - 2*outer(u, u)/(u@u)": ("symmetric", SEMIDEFINITE),
    "2*outer(u, u)/norm(u)**2 - 2*eye(n)": ("symmetric", NEGATIVE),
    "outer(u, a) + outer(a, u)": ("symmetric",),
    "(u@v)*outer(u, a)/c - A.T@A + outer(a, u)*(u@v)/c": ("symmetric",),
    "Q@S + S@Q": ("symmetric",),
    "A@B - (B.T@A.T + S) + 2*B.T@A.T": ("symmetric",),
    "2*S@P@S": ("symmetric", SEMIDEFINITE),
    "2*Q@Q": ("symmetric", SEMIDEFINITE),
    "Q@Q@Q": ("symmetric",),
    "Q@Q@S@Q@Q": ("symmetric", SEMIDEFINITE),
    "4*(u@S@u)*S + 8*outer(S@u, S@u)": ("symmetric", SEMIDEFINITE),
    "exp(u@S@u)*(2*S + 4*outer(S@u, S@u))": ("symmetric", SEMIDEFINITE),
    "-A.T@diag(w)@A": ("symmetric", NEGATIVE),
    "A.T@diag(-w)@A": ("symmetric", NEGATIVE),
    "A.T@diag(tanh(v)**2 - 1)@A": ("symmetric", NEGATIVE),
    "-S - 2*eye(n)": ("symmetric", NEGATIVE),
    "-inv(S)": ("symmetric", NEGATIVE),
    "eye(n) - outer(ones(n), ones(n))/n": ("symmetric", SEMIDEFINITE),
    "2*(eye(n) - outer(ones(n), ones(n))/n)/(n - 1)": ("symmetric", SEMIDEFINITE),
    "(eye(4) - outer(ones(4), ones(4))/4)/3": ("symmetric", SEMIDEFINITE),
    "S + diag(softmax(v)) - outer(softmax(v), softmax(v))": ("symmetric", SEMIDEFINITE),
    "A.T@(outer(softmax(v), softmax(v)) - diag(softmax(v)))@A": ("symmetric", NEGATIVE),
    "diag(w*softmax(v)) - outer(w*softmax(v), softmax(v)) - outer(softmax(v), w*softmax(v))":
        ("symmetric",),
    "-4*S/sqrt(pi)": ("symmetric", NEGATIVE),
    "inv(A + A.T)": ("symmetric",),
    "2*(A + A.T - 2*outer(A@u + A.T@u, u) + 2*outer(u, 3*(u@A@u)*u/(u@u) - A@u - A.T@u))/(u@u)":
        ("symmetric",),
    "outer(u - c*a, u - c*a)": ("symmetric", SEMIDEFINITE),
    "outer(u, a - u) + outer(a, u)": ("symmetric",),
    "2*S - S": ("symmetric",),
    "(A.T@(B + S)).T + A.T@(S + B)": ("symmetric",),
    # beside the diagonal, and the diagonal of a matrix
    "diag(w[1:], 1) + 2*eye(n)": (),
    "eye(n) + diag(w[1:], 1) + diag(w[1:], 1).T": ("symmetric",),
    "A*diag(A) + eye(n)": (),
    "A*diag(A) + (A*diag(A)).T": ("symmetric",),
    "eye(n) + A*diag(S)": (),
    "diag(diag(S))": ("diagonal",),
    # numbers that are not below 1, or not above
    "diag(softmax(v)) - outer(softmax(v), softmax(v))/k": ("symmetric",),
    "diag(1 - tanh(v)**-2)": ("diagonal",),
    "diag(w - 1)": ("diagonal",),
    "(k - 1)*S": ("symmetric",),
    "(c - 1)*eye(n)": ("diagonal",),
}  # fmt: skip
"""What each shows, all of it."""


@pytest.mark.parametrize("text", SHOWN)
def test_a_form_shows_what_it_is(text: str) -> None:
    found = set(certificates(Written((), text), ("x",), KNOWN, matrix=True))
    assert found - {"constant"} == set(SHOWN[text])
    hold(text)


def hold(text: str) -> None:
    """Fail where a form shows what is not so of some numbers."""
    shown = certificates(Written((), text), ("x",), KNOWN, matrix=True)
    for seed in range(6) if set(shown) - {"constant"} else ():
        made = value(text, seed)
        size = np.abs(made).max() + 1e-300
        if {"diagonal", "symmetric"} & {*shown}:
            assert np.allclose(made, made.T, atol=1e-9 * size), text
        if "diagonal" in shown:
            assert np.allclose(made, np.diag(np.diag(made)), atol=1e-9 * size), text
        for word, sign in ((SEMIDEFINITE, 1), (NEGATIVE, -1)):
            if word in shown:
                assert (sign * np.linalg.eigvalsh((made + made.T) / 2)).min() > -1e-9 * size, text


def value(text: str, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    matrices = {name: rng.normal(size=(SIZE, SIZE)) for name in "ABSPQ"}
    for name in "SP":
        # of all ranks
        part = matrices[name][:, : 1 + seed % SIZE]
        matrices[name] = part @ part.T + (1e-3 * np.eye(SIZE) if "inv" in text else 0)
    matrices["Q"] = matrices["Q"] + matrices["Q"].T
    scope = {
        **matrices, "D": np.diag(rng.normal(size=SIZE)), "E": np.diag(rng.random(SIZE)),
        **{name: 3 * rng.normal(size=SIZE) for name in "uva"}, "w": rng.random(SIZE),
        "c": rng.normal(), "k": rng.random(), "n": SIZE, "outer": np.outer, "eye": np.eye,
        "diag": np.diag, "norm": np.linalg.norm, "inv": np.linalg.inv, "ones": np.ones,
        "exp": np.exp, "tanh": np.tanh, "sqrt": np.sqrt, "pi": np.pi,
        "softmax": lambda v: np.exp(v - v.max()) / np.exp(v - v.max()).sum(),
    }  # fmt: skip
    return np.broadcast_to(eval(text, scope), (SIZE, SIZE))


ATOMS = (
    "S", "P", "Q", "A", "A.T", "D", "E", "eye(n)", "outer(u, u)", "outer(u, v)", "outer(v, u)",
    "outer(2*u, u)", "outer(u - c*v, v)", "outer(v, u - k*v)",
    "diag(w)", "diag(v)", "diag(softmax(v))", "outer(softmax(v), softmax(v))",
    "outer(ones(n), ones(n))", "diag(1 - tanh(v)**2)", "diag(-w)",
)  # fmt: skip
NUMBERS = (
    "2", "-1", "c", "k", "(u@u)", "(u@v)", "(u@S@u)", "(u@Q@u)", "(u@D@u)", "(u@E@u)", "c**2",
    "(n - 1)", "(1 - n)", "(c + k)", "exp(c)", "norm(u)",
)  # fmt: skip
BELOW = ("n", "(u@u)", "norm(u)**2", "(u@u + 1)", "norm(u)", "(u@u + k)", "(n - 1)", "2", "0.5",
         "(u@u)**2", "(norm(u)*norm(v))")  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_no_form_shows_what_is_not_so(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(200):
        hold(_matrix(rng, 3))


@pytest.mark.parametrize("number", NUMBERS)
def test_no_pair_of_terms_shows_what_is_not_so(number: str) -> None:
    for (one, other), below in itertools.product(itertools.permutations(ATOMS, 2), BELOW[::2]):
        hold(f"{one} - {number}*{other}/{below}")


def _matrix(rng: np.random.Generator, depth: int) -> str:
    def pick(texts: tuple[str, ...]) -> str:
        return str(rng.choice(texts))

    if not depth:
        return pick(ATOMS)
    one, other = (_matrix(rng, depth - 1 - rng.integers(0, 2) * (depth > 1)) for _ in range(2))
    match rng.integers(0, 9):
        case 0 | 1:
            return f"{one} + {other}"
        case 2 | 3:
            return f"{one} - ({other})"
        case 4:
            return f"{pick(NUMBERS)}*({one})"
        case 5:
            return f"({one})/{pick(BELOW)}"
        case 6:
            return f"({one})@({other})@({one})"
        case 7:
            middle = pick(("A.T@({})@A", "Q@({})@Q", "-A@({})@A.T", "({}) + ({}).T", "({})@Q"))
            return middle.replace("{}", one)
        case _:
            return f"({one}).T"
