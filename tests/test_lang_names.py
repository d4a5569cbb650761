"""Which names a program needs, may be given, and binds, and what is offered for others."""

from collections.abc import Iterator

import numpy
import pytest
import scipy.special
import torch

from gradcalc.errors import GradcalcError, UnknownNameError
from gradcalc.lang import grammar
from gradcalc.lang.bindings import bound_names, own_names
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.fence import compile_program
from gradcalc.lang.naming import every_node
from tests.lang_backends import ids, lines

# program, required, optional, assigned
NAMES: list[tuple[str, str, str, str]] = [
    ("x", "x", "", ""),
    ("2*dot(x, x)", "x", "", ""),
    ("b*a + b", "b a", "", ""),
    ("sin(x) + norm(y)", "x y", "", ""),
    ("norm*x", "x", "norm", ""),
    ("pi*x + e", "x", "pi e", ""),
    ("np.pi*x", "x", "", ""),
    ("exp(-t)*t(A)", "t A", "", ""),
    ("F.relu(x)", "x", "", ""),
    ("F@x", "F x", "", ""),
    ("F.T@x", "F x", "", ""),
    ("F.sum()", "F", "", ""),
    ("F.sum(0)", "F", "", ""),
    ("F.softmax(-1)", "F", "", ""),
    ("F.relu(x) + F", "F x", "", ""),
    ("F.softmax(x, dim=n)", "x n", "", ""),
    ("np*x", "np x", "", ""),
    ("F = 2*x; F.sum()", "x", "", "F"),
    ("import torch as t; t.sum(x)", "x", "", ""),
    ("from math import sin as s; s(x) + s(y)", "x y", "", ""),
    ("y = x*x; y + z", "x z", "", "y"),
    ("(y := x)*y", "x", "", "y"),
    ("y*(y := x)", "y x", "", "y"),
    ("a *= a", "a", "", "a"),
    ("a += b", "a b", "", "a"),
    ("y = x; y += y", "x", "", "y"),
    ("x = x*x", "x", "", "x"),
    ("a, (b, c) = u; a*b*c*d", "u d", "", "a b c"),
    ("a, b = b, a", "b a", "", "a b"),
    ("y: Tensor = x", "x", "", "y"),
    ("y: Tensor; y*x", "y x", "", "y"),
    ("for i in range(n): s = s + i", "n s", "", "i s"),
    ("s = 0\nfor v in x: s = s + v", "x", "", "s v"),
    ("while c > 0: c = c - d", "c d", "", "c"),
    ("if p: y = a\nelse: y = b\ny", "p a b", "", "y"),
    ("x if p else y", "p x y", "", ""),
    ("with no_grad(): u = x\nu*z", "x z", "", "u"),
    ("assert t > 0, m\nx", "t m x", "", ""),
    ("x[i, j:k, ...]", "x i j k", "", ""),
    ("f(x)*y if 0 else x\nf = sin", "x y", "sin", "f"),
    ("x.sum(dim=d)", "x d", "", ""),
    ("lambda_*x", "lambda_ x", "", ""),
    ("é + ﬁ", "é fi", "", ""),
    ("f = lambda u, v=w: u*v*k; f(x)", "w x k", "", "f u v"),
    ("(lambda: (u := x)*u)()", "x", "", "u"),
    ("def f(x): return x", "x", "", "f x"),
    ("def f(x, n=2): return x*n", "x", "n", "f x n"),
    ("def f(x, /, y, *, z, w=1): return x", "x y z", "w", "f x y z w"),
    ("def f(x, pi): return x*pi*e", "x pi", "e", "f x pi"),
    ("def f(x): return x*k", "x k", "", "f x"),
    ("k = 2\ndef f(x): return x*k", "x", "", "f k x"),
    ("def f(x): return x*k\nk = 2\nf(z)", "z", "", "f k x"),
    ("def f(x):\n    y = x\n    return y*x", "x", "", "f x y"),
    ("def f(x):\n    def g(y): return x*y*k\n    return g(x)", "x k", "", "f g x y"),
    ("def f(x):\n    def g(y): return x*y*k\n    return x", "x", "", "f g x y"),
    ("def g(y): return y*k\ndef f(x): return x", "x", "", "f g x y"),
    ("def g(y): return y*k\ndef f(x): return g(x)", "x k", "", "f g x y"),
    ("def g(y): return h(y)\ndef h(y): return y*k\ndef f(x): return g(x)", "x k", "", "f g h x y"),
    ("def f(x: torch.Tensor, n: Any) -> Tensor: return x*n", "x n", "", "f x n"),
    ("def f(x): return 2*x\nf(y)", "y", "", "f x"),
    ("def f(x):\n    return x\nif __name__ == '__main__':\n    f(q)", "x", "", "f x"),
]


@pytest.mark.parametrize(
    ("text", "required", "optional", "assigned"), NAMES, ids=[str(row[0]) for row in NAMES]
)
def test_names_of_a_program(text: str, required: str, optional: str, assigned: str) -> None:
    program = compile_program(text)
    assert program.required == tuple(required.split())
    assert program.optional == tuple(optional.split())
    assert program.assigned == set(assigned.split())
    assert program.inputs == program.required + program.optional


def test_names_of_later_values_are_not_needed() -> None:
    program = compile_program("u*x + f(u)", known=("u", "f"))
    assert program.required == ("x",)


def test_a_known_name_is_no_module() -> None:
    assert "np" not in compile_program("np.sum()", known=("np",)).naming.modules


TWO = lines("def f(x): return x", "def g(y): return 2*y")

PICKED = [
    (TWO, None, "g", ("y",)),
    (TWO, "f", "f", ("x",)),
    (TWO, "g", "g", ("y",)),
    (TWO + "\nf(z)", None, None, ()),
    (TWO + "\nf(z)", "f", "f", ("x",)),
    (lines("def f(x): return x", "def f(x, n): return x*n"), "f", "f", ("x", "n")),
    ("x", None, None, ()),
]


@pytest.mark.parametrize(("text", "wanted", "function", "parameters"), PICKED, ids=ids(PICKED))
def test_which_function_is_meant(
    text: str, wanted: str | None, function: str | None, parameters: tuple[str, ...]
) -> None:
    program = compile_program(text, function=wanted)
    assert program.function == function
    assert program.parameters == parameters


@pytest.mark.parametrize(
    ("text", "name", "hint"),
    [
        (TWO, "gg", "its functions: f, g"),
        ("def loss(x): return x", "lossy", "did you mean loss?"),
        ("x", "f", "its functions: none"),
    ],
)
def test_a_function_that_is_not_there(text: str, name: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        compile_program(text, function=name)
    assert caught.value.hint == hint


def test_a_function_has_names_of_its_own() -> None:
    body = compile_program("a = 1\ndef f(b):\n    c = (d := 2)\n    return lambda e: (g := 1)").body
    assert own_names(body) == {"a", "f"}
    assert bound_names(every_node(body)) == {"a", "f", "b", "c", "d", "e", "g"}


SAME = {"around": "round", "asanyarray": "asarray", "fsum": "sum",
        "transpose_copy": "transpose",
        "unsqueeze_copy": "unsqueeze"}  # fmt: skip
"""Functions of the libraries for which another name is offered that means the same."""


def libraries() -> Iterator[str]:
    """The functions that the libraries have and this language has not."""
    modules = (torch, torch.Tensor, torch.nn.functional, torch.linalg, torch.special, numpy,
               numpy.linalg, scipy.special)  # fmt: skip
    names = {
        name
        for module in modules
        for name in dir(module)
        if name[0].islower() and callable(getattr(module, name, None))
    }
    for name in sorted(names):
        if not catalogue.is_known(name) and name not in grammar.FUNCTIONS:
            yield name


def offered(name: str) -> str | None:
    """What is offered for a function of that name."""
    with pytest.raises(GradcalcError) as failed:
        compile_program(f"{name}(x)")
    return failed.value.hint


def test_no_function_is_offered_for_another_of_the_libraries() -> None:
    for name in libraries():
        hint = offered(name) or ""
        if hint.startswith("did you mean"):
            other = hint.removeprefix("did you mean ").removesuffix("?")
            # in place it is the same number
            assert other == SAME.get(name, name.rstrip("_")), name


@pytest.mark.parametrize("name", ["sine", "sofmax", "relux", "logsumxp"])
def test_what_is_mistyped_is_offered(name: str) -> None:
    assert (offered(name) or "").startswith("did you mean")
