"""What is meant by a text without values: which names are inputs, what a `*` multiplies, what has
a size that nothing tells."""

import ast

import pytest

from gradcalc.general.texts import names_of, of_matrices, whole
from gradcalc.lang.size_limits import hangs_on_sizes
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
    # powers of matrices
    ("A^2*x", "x", "A@A"),
    ("x'*A^4*x --A symmetric", "x", "2*A@A@A@A@x"),
    ("x'*A^-1*x", "x", "(inv(A) + inv(A).T)@x"),
    ("x'*A^{-1}*x", "x", "(inv(A) + inv(A).T)@x"),
    ("tr((A*B)^2)", "A", "2*B.T@A.T@B.T"),
    ("tr(A^2*B)", "B", "A.T@A.T"),
    ("sum(A.^2)", "A", "2*A"),
    ("C^2*norm(x) --C scalar", "C", "2*C*norm(x)"),
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


LIMITED = [
    "sum(x[:64]**2)", "sum(x**2) if len(x) < 50 else sum(x**3)", "sum(x**2)*max(100, len(x))",
    "sum(x**(len(x)//100 + 1))", "n = len(x); sum(x**2) if n > 60 else x[0]",
    "def f(x):\n    s = 0.0\n    for i in range(0, len(x), 64):\n"
    "        s = s + (x[i:i+64].sum())**2\n    return s\nf(x)",
    "sum(torch.split(x, 64)[0])",
]  # fmt: skip
"""Programs that do something else with more elements than are tried."""

UNLIMITED = [
    "sum(x[1:]**2)/len(x)", "mean(x**2)*x.shape[0]", "sum(x**2) if norm(x) > 1 else sum(x)",
    "n = len(x); sum(x**2)/(n - 1)", "assert x.shape == y.shape; sum(x*y)",
    "x[:3].sum() + x[-1]", "x.sum() if len(x) > 0 else x.sum()*0",
]  # fmt: skip


@pytest.mark.parametrize("text", LIMITED)
def test_what_hangs_on_sizes_that_are_not_tried_holds_for_those_that_are(
    run: Run, text: str
) -> None:
    assert hangs_on_sizes(ast.parse(text).body)
    found = run("formula", text, "--wrt", "x")
    assert "# only\tx: n = 5" in found.out, found.err
    code = run("export", text, "--x", "1,2,3", "--to", "numpy")
    assert "Takes x of shape (3,)" in code.out, code.err


@pytest.mark.parametrize("text", UNLIMITED)
def test_what_is_calculated_of_sizes_may_hold_for_all(text: str) -> None:
    assert not hangs_on_sizes(ast.parse(text).body)


def test_the_way_that_a_program_went_is_told(run: Run) -> None:
    found = run("formula", "sum(x**2) if norm(x) < 1e3 else -sum(x**2)", "--what", "hessian").out
    assert "# note\tthis is where line 1, `norm(x) < 1e3`: True" in found
    assert "convex" not in found
    assert "semidefinite" not in found


@pytest.mark.parametrize(
    "argv",
    [
        ("[x*x, x]", "--x", "scalar"), ("sin(x)", "--x", "n"),
        ("x*x", "--x", "scalar", "--what", "jacobian"),
        ("x**5", "--x", "scalar", "--what", "hessian"),
    ],
)  # fmt: skip
def test_a_higher_order_is_of_the_gradient_of_one_number(run: Run, argv: tuple[str, ...]) -> None:
    found = run("formula", *argv, "--order", "3")
    assert (found.code, found.out) == (2, "")
    assert "--order 3 is of the gradient of one number" in found.err


@pytest.mark.parametrize(
    "argv",
    [
        ("x*x", "--x", str(2**63)), ("x@x", "--x", "9" * 21), ("x@x", "--x", "9" * 5000),
        ("x@x", "--declare", f"x={10**21}"), ("sum(A)", "--A", "m,1000001"),
    ],
    ids=["whole", "vector", "long", "declared", "matrix"],
)  # fmt: skip
def test_a_huge_size_is_refused(run: Run, argv: tuple[str, ...]) -> None:
    found = run("formula", *argv)
    assert (found.code, found.out, found.err.count("error:")) == (2, "", 1)
    assert "a size is at most 1,000,000" in found.err


LONG = "s = 0\nfor i in range(250):\n    s = s + log(-x*y)\ns"


def test_points_of_a_long_program_are_tried_often_enough(run: Run) -> None:
    """Half of all points have a value, and none with positive numbers alone."""
    found = run("formula", LONG, "--x", "scalar", "--y", "scalar", "--format", "literal")
    assert (found.code, found.out.split()) == (0, ["250/x", "250/y"])


def test_a_block_that_torch_refuses_is_told_where_it_is_all(run: Run) -> None:
    found = run("formula", "A.hardsigmoid()")
    assert (found.code, found.out) == (2, "")
    assert "torch cannot differentiate this" in found.err


WAYS = {
    "2*x if y > 0 else 3*x": ("2*eye(n)", "3*eye(n)"),
    "x if y > 0 else sum(x)": ("eye(n)", "ones_like(x)"),
    "sum(x) if y > 0 else x": ("ones_like(x)", "eye(n)"),
    "outer(x, x) if y > 0 else sum(x**2)": ("", "2*x"),
    "x[:1] if y > 0 else x[:3]": ("eye(n)[:1]", "eye(n)[:3]"),
    "x*relu(y) or [y, y]": ("", ""),
}
"""Programs that are something else on the other side of y = 0: the formula by x on each, if it is
known."""


@pytest.mark.parametrize("text", WAYS)
def test_all_points_go_one_way(run: Run, text: str) -> None:
    found = run("formula", text, "--x", "vector", "--y", "scalar", "--format", "json")
    if not any(WAYS[text]):
        assert found.code in (0, 2), found.err
        return
    assert (found.code, found.err) == (0, "")
    assert found.json[0]["verdict"]["outcome"] == "verified"
    told = "True" in found.json[0]["notes"][0]
    shown = {one["by"][0]: one["formula"] for one in found.json[0]["formulas"]}
    assert shown["x"] == WAYS[text][not told] or not WAYS[text][not told]


WHOLE = {
    "A + c*eye": "A + c*eye(n)", "A + eye(3)": "A + eye(3)", "eye + n*I": "eye(p) + n*eye(q)",
    "vector(1)'*x": "vector(1, m)'*x", "matrix(2)": "matrix(2, m, n)", "max(x, 0)": "maximum(x, 0)",
    "min(max(x, 0), y)": "minimum(maximum(x, 0), y)", "np.max(x, 0)": "np.max(x, 0)",
    "I^2*R": "(I⋆I)*R", "[I for I in x]": "[I for I in x]",
    "def f(I):\n    return I": "def f(I):\n    return I",
    "lambda*I": "lambda*eye(n)",
    "max(f(x, y))": "max(f(x, y))", "max(X, 1)": "max(X, 1)", "A^7": "matrix_power(A, 7)",
    "x^2 + A^2": "x^2 + (A⋆A)", "(A + B)^-1": "inv((A + B))", "f(A)^2": "f(A)^2",
    "max(a, b, c)": "max(a, b, c)",
}  # fmt: skip


@pytest.mark.parametrize("text", WHOLE)
def test_what_has_no_size_gets_one(text: str) -> None:
    assert whole(text, ()) == WHOLE[text]


UNWRITTEN: dict[str, tuple[str, tuple[str, ...], str]] = {
    "none": ("x.sort().values[0]", ("--x", "n"), "by x"),
    "one of two": ("cholesky(A).sum()*x", ("--A", "n,n"), "by A"),
    "blocks": ("median(x)*y*y", ("--x", "n", "--what", "hessian"), "by x,y and y,x"),
    "all": ("x@x", ("--x", "n"), ""),
}
"""Programs with what they are asked, and by what no formula is known."""


@pytest.mark.parametrize("name", UNWRITTEN)
def test_where_there_is_no_formula_it_is_said_what_is_verified(run: Run, name: str) -> None:
    program, words, by = UNWRITTEN[name]
    found = run("formula", program, *words, "--format", "json")
    notes = [note for note in found.json[0].get("notes", ()) if "no formula" in note]
    assert notes == (
        [f"{by} there is no formula: the numbers alone are held to the check"] if by else []
    )
