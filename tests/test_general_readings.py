"""What is meant by a text without values: which names are inputs, what a `*` multiplies, what has
a size that nothing tells."""

import pytest

from gradcalc.general.texts import names_of, of_matrices, whole
from tests.command import Run

MEANT: list[tuple[str, str, str]] = [
    # names that are functions or constants as well
    ("exp(-gamma*norm2(x-y)^2) --y vector", "x",
     "2*gamma*exp(-gamma*norm(x - y)**2)*(y - x)"),
    ("gamma*(x'*A*x)", "x", "gamma*(A + A.T)@x"),
    ("softmax(x/tau)@y", "y", "softmax(x/tau)"),
    ("tau*x@x", "tau", "x@x"),
    ("norm(A@x - b)**2 + beta*norm(x)**2", "x", "2*A.T@(A@x - b) + 2*beta*x"),
    ("gamma(x) + zeta*x", "zeta", "x"),
    ("lgamma x + sin x", "x", "cos(x) + digamma(x)"),
    ("mu'*w - gamma/2*w'*S*w", "gamma", "-w@S@w/2"),
    # left to right, and rows that Python takes for text
    ("1/2*norm2(A*x-y)^2 + lambda/2*norm2(x)^2", "x", "A.T@(A@x - y) + λ*x"),
    ("n/2*log(det(K)) + a/2/c*y'*y --n scalar --a scalar", "y", "a*y/c"),
    ("b'*x + c'*y", "x", "b"),
    ("u'*A*v + r'*x", "u", "A@v"),
    ("r'*r + b'*b", "b", "2*b"),
    # the larger of an element and a number
    ("sum(max(1 - y*(X@w), 0))", "w", "-X.T@(y*(1 - y*(X@w) >= 0))"),
    ("sum(max(0, 1 - y.*(X*w)))", "w", "-X.T@(y*(1 - y*(X@w) > 0))"),
    ("max(x)", "x", "where(x == amax(x), 1, 0)"),
    # products of matrices though nothing says so
    ("log(det(A*X*B)) --A n,n --B n,n", "X", "A.T@inv(A@X@B).T@B.T"),
    ("sum((A*x - b)^2)", "x", "2*A.T@(A@x - b)"),
    ("sum(A*B)", "A", "B"),
    # identities and ones
    ("x'*(A + lambda*I)*x", "x", "(A + A.T + 2*λ*eye(n))@x"),
    ("x'*(A + c*eye)*x", "x", "(A + A.T + 2*c*eye(n))@x"),
    ("logdet(K + (s**2 + 1)*eye(n))", "s", "2*s*trace(inv(K + (s**2 + 1)*eye(n)))"),
    ("x'*I*x --I n,n", "x", "(I + I.T)@x"),
    ("norm2(X*w + b*vector(1) - y)^2", "b", "2*sum(X@w + b - y)"),
    ("vector(1)'*exp(A*x)", "x", "A.T@exp(A@x)"),
    ("sum(beta(x, y))", "x",
     "gamma(x)*gamma(y)*(digamma(x) - digamma(x + y))/gamma(x + y)"),
    # a capital letter that is a number
    ("norm(w)**2/2 + C*sum(relu(1 - y*(X@w)))", "C", "sum(relu(1 - y*(X@w)))"),
    ("norm(w)**2/2 + C*sum(relu(1 - y*(X@w)))", "w", "w - C*X.T@(y*(1 - y*(X@w) > 0))"),
    # what has the sizes of the output only
    ("X*w + b*vector(1)", "b", "ones(m)"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "by", "wanted"), MEANT, ids=[f"{r[0]} {r[1]}" for r in MEANT])
def test_the_reading_is_the_one_that_is_meant(run: Run, typed: str, by: str, wanted: str) -> None:
    text, *said = typed.split(" --")
    words = [word for one in said for word in f"--{one}".split(maxsplit=1)]
    found = run("formula", text, *words, "--wrt", by, "--format", "literal")
    assert (found.code, found.out.strip()) == (0, wanted), found.err


def test_a_product_of_matrices_that_nothing_shows_is_told(run: Run) -> None:
    assert "* is the product of matrices here" in run("formula", "exp(A*x)").out
    assert "* multiplies elements here" in run("formula", "sum(A*x, axis=1)").out
    assert "multipl" not in run("formula", "A@x").out


@pytest.mark.parametrize("text", ["A@x*b", "A*x**2", "A*x.sum()", "x = A*b", "A[0]*x"])
def test_a_star_beside_what_is_pythons_is_pythons(text: str) -> None:
    assert of_matrices(text) is None


NAMES = {
    "sin x": ["x"], "exp -x": ["x"], "vmap(sin)(x)": ["x"], "gamma*x": ["gamma", "x"],
    "gamma(x)": ["x"], "gamma (x)": ["x"], "x^T A x": ["x", "A"], "T*x": ["T", "x"],
    "mean*x": ["mean", "x"],
    "sin^2 x": ["x"], "np.pi*x": ["np", "x"], "x.mean()": ["x"], "sum(x)/beta": ["x", "beta"],
}  # fmt: skip


@pytest.mark.parametrize("text", NAMES)
def test_names_are_inputs_but_for_functions(text: str) -> None:
    assert list(names_of(text, ())) == NAMES[text]


WHOLE = {
    "A + c*eye": "A + c*eye(n)", "A + eye(3)": "A + eye(3)", "eye + n*I": "eye(p) + n*eye(q)",
    "vector(1)'*x": "vector(1, m)'*x", "matrix(2)": "matrix(2, m, n)", "max(x, 0)": "maximum(x, 0)",
    "min(max(x, 0), y)": "minimum(maximum(x, 0), y)", "np.max(x, 0)": "np.max(x, 0)",
    "max(f(x, y))": "max(f(x, y))", "max(a, b, c)": "max(a, b, c)",
}  # fmt: skip


@pytest.mark.parametrize("text", WHOLE)
def test_what_has_no_size_gets_one(text: str) -> None:
    assert whole(text, ()) == WHOLE[text]
