"""What one step of a program can make or go through is bounded, whatever the step is."""

from collections.abc import Callable
from typing import Any

import pytest

from gradcalc.errors import EndlessError, LimitError
from gradcalc.general.texts import names_of
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Limits
from tests.command import Run
from tests.lang_backends import SIDES

LONG = {
    "product": "'a'*10**9",
    "sum": "'a'*10**6 + 'b'",
    "width of an f-string": "f'{1:1000000000}'",
    "precision of an f-string": "f'{1.5:.1000000000f}'",
    "f-string of long parts": "f'{t}{t}'",
    "width of a format": "'{:1000000000}'.format(1)",
    "format of long values": "'{0}{0}{0}'.format(t)",
    "width behind a percent sign": "'%1000000000d' % 1",
    "width of a star": "'%*d' % (10**9, 1)",
    "percent signs of long values": "'%s%s' % (t, t)",
    "percent signs of a dictionary": "'%(t)s%(t)s' % {'t': t}",
    "format of a format": "format(1, '1000000000')",
    "width of digits beyond all": "f'{1:" + "9" * 5000 + "}'",
    "ljust": "'a'.ljust(10**9)",
    "zfill": "'1'.zfill(10**9)",
    "center": "'a'.center(10**9, '-')",
    "replace": "t.replace('a', t)",
    "replace of nothing": "t.replace('', t)",
    "join": "t.join(t)",
    "join of long parts": "''.join([t, t])",
    "str of a list": "str([t, t])",
    "repr of a dictionary": "repr({'a': t, 'b': t})",
}
"""Texts that are too long, of a `t` that is just short enough."""


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
@pytest.mark.parametrize("run", SIDES.values(), ids=SIDES)
def test_a_text_that_is_too_long_is_refused_before_it_is_made(
    run: Callable[..., object], text: str
) -> None:
    program = compile_program(f"t = 'a'*600000\nx*len({text})")
    with pytest.raises(LimitError, match=r"a text of .* characters; the limit is 1,000,000"):
        run(program, {"x": 1.0})


OFTEN = {
    "texts": ("t = 'a'*900", "v.append(t + 'b')", "texts of more than 10,000 characters"),
    "slices of texts": ("t = 'a'*900", "v.append(t[1:])", "texts of more than 10,000 characters"),
    "upper": ("t = 'a'*900", "v.append(t.upper())", "texts of more than 10,000 characters"),
    "f-strings": ("t = 'a'*900", "v.append(f'{t}')", "texts of more than 10,000 characters"),
    "slices": ("t = list(range(900))", "v.append(t[1:])", "more than 10,000 items"),
    "copies": ("t = list(range(900))", "v.append(t.copy())", "more than 10,000 items"),
    "copies of dictionaries": ("t = dict(enumerate(range(900)))", "v.append(t.copy())",
                               "more than 10,000 items"),
    "tuples": ("t = list(range(900))", "v.append(tuple(t))", "more than 10,000 items"),
    "unpacking": ("t = list(range(900))", "a, *b = t", "more than 10,000 items"),
    "maxima": ("t = list(range(900))", "v.append(max(t))", "within 15,000 steps"),
    "searches": ("t = 'a'*900", "v.append('b' in t)", "more than 10,000 items"),
    "arguments": ("t = list(range(900))", "f(*t)", "more than 10,000 items"),
}  # fmt: skip
"""What is made first, what is done again and again, and what is said."""


@pytest.mark.parametrize(("first", "again", "reason"), OFTEN.values(), ids=OFTEN)
@pytest.mark.parametrize("run", SIDES.values(), ids=SIDES)
def test_what_is_made_again_and_again_is_counted(
    run: Callable[..., object], first: str, again: str, reason: str
) -> None:
    limits = Limits(steps=15_000, texts=10_000, taken=10_000)
    source = (
        f"def f(*a):\n    return a\n{first}\nv = []\nfor i in range(50):\n    {again}\nx*len(v)"
    )
    program = compile_program(source, limits=limits)
    with pytest.raises(LimitError, match=reason):
        run(program, {"x": 1.0}, limits)


def test_the_names_of_a_long_text_are_found_without_a_copy_for_each() -> None:
    class Counted(str):
        copied = 0

        def __getitem__(self, key: object) -> str:
            found = str.__getitem__(self, key)  # type: ignore[index]
            Counted.copied += len(found)
            return found

    text = Counted(" + ".join(["x*y"] * 500))
    assert list(names_of(text, ())) == ["x", "y"]
    assert Counted.copied < 10 * len(text)


ASKING = "k = {0: x, 1: y}\nwhile x > -1:\n    u = zeros(2)[0] + k[1] % 2\nu*y"
"""A program without an end that asks whether its numbers are whole."""

HALF = "u = x\nwhile u > 0.5:\n    u = u + 1\nu*x"
"""A program that ends for small x alone."""


@pytest.mark.parametrize(
    ("argv", "most"),
    [
        (("formula", "while True:\n    pass\nx*x"), 5),
        (("formula", HALF), 40),
        (("plot", "while True:\n    pass\nx*x", "--x", "0:1:101"), 5),
        (("plot", HALF, "--x", "0.6:1:101"), 5),
        *(
            ((command, ASKING, "--x", "1", "--y", "2", *more), 2)
            for command, more in (
                ("grad", ()),
                ("why", ()),
                ("explain", ()),
                ("graph", ()),
                ("jacobian", ()),
                ("hessian", ()),
                ("export", ()),
                ("vjp", ("--cotangent", "1")),
                ("hvp", ("--tangent", "x=1")),
                ("grad", ("--order", "2", "--wrt", "x")),
            )
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_program_without_an_end_is_run_a_few_times(
    argv: tuple[str, ...], most: int, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = 0
    before = EndlessError.__init__

    def counted(self: EndlessError, *args: Any, **given: Any) -> None:
        nonlocal ended
        ended += 1
        before(self, *args, **given)

    monkeypatch.setattr(EndlessError, "__init__", counted)
    found = run(*argv, "--max-steps", "500")
    assert found.code == 4
    assert "did not end within 500 steps" in found.err
    assert 1 <= ended <= most


def test_a_plot_shows_where_a_program_ends(run: Run) -> None:
    found = run("plot", HALF, "--x", "0:1:5", "--max-steps", "500", "--format", "csv")
    assert [line.split(",")[5] for line in found.out.splitlines()[1:]][:2] == ["verified"] * 2
    assert found.out.count(",error,the program did not end within 500 steps") == 2


SHARED = "u = x\n" + "u = (u, u)\n" * 60
"""A pair of pairs of pairs, each twice the same: no program may look at it place by place."""


@pytest.mark.parametrize(
    "last",
    ["u", "[u]", "(u, x)", "{'a': u}", "sorted([u, u])", "u + u", "u*2", "list(u)", "zip(u, u)",
     "[*u]", "[v for v in u]", "reversed(u)", "map(sum, u)", "concat(u)", "stack(u)", "tensor(u)",
     "np.array(u)", "flatten(u)", "sum(u, [])", "str(u)", "'%s' % (u,)", "f'{u}'", "print(u)",
     "hash(u)*x", "max(u, u)", "set([u])", "x[u]", "zeros(u)", "x.reshape(u)", "dict(a=u)",
     "import copy\ncopy.deepcopy(u)", "any(u)", "u == u", "u < u", "[u, u].count(u)*x",
     "def f(*v): return v\nf(*u)", "match u:\n    case (a, b):\n        a"],
)  # fmt: skip
def test_what_is_shared_is_not_taken_apart(last: str, run: Run) -> None:
    found = run("grad", SHARED + last, "--x", "1.5", "--max-steps", "3000")
    assert found.code in (0, 2, 4)


def test_classes_in_a_long_line(run: Run) -> None:
    line = "".join(f"class A{k + 1}(A{k}):\n    pass\n" for k in range(400))
    found = run("grad", f"class A0:\n    v = 2\n{line}A400.v*x", "--x", "1", "--format", "literal")
    assert (found.code, found.out) == (0, "2\n")


@pytest.mark.parametrize(
    "program",
    ["lgamma(1e9)*x", "digamma(1e15)*x", "polygamma(2, 1e9)*x", "zeta(1e9, 2)*x", "zeta(1e7, x)",
     "x*zeta(3e5, 7)", "gammainc(1e6, 1e6*x)", "lgamma(1e9*x)", "lgamma(x + 1e12)", "(1e8*x)**1e7"],
)  # fmt: skip
def test_no_immense_number_is_worked_out(program: str, run: Run) -> None:
    # sympy would multiply and add up until the memory ends
    found = run("grad", program, "--x", "1.5")
    assert found.code in (0, 1, 3)
    assert "# verdict" in found.out


@pytest.mark.parametrize(
    ("program", "form"),
    [
        ("(x/3)**100", "1.9403252174826328e-46*x**99"),
        ("(2*x)**200", "3.2138760885179806e+62*x**199"),
    ],
)
def test_ordinary_powers_keep_their_formulas(program: str, form: str, run: Run) -> None:
    assert f"# closed form\tx\t{form}\n" in run("grad", program, "--x", "1.1").out


@pytest.mark.parametrize("end", ["!", "½", "e+"])
@pytest.mark.parametrize("many", ["1", "1_", "1.", "0,", "9 ", "-"])
def test_a_long_value_that_is_none_is_read_once(many: str, end: str, run: Run) -> None:
    """It would take hours otherwise."""
    found = run("grad", "sum(x)", "--x", f"1/{many * 300_000}{end}")
    assert (found.code, found.err.count("error:")) in [(0, 0), (2, 1), (3, 0), (4, 1)]


ITSELF = {
    "list": "s = []\ns.append(s)\ns",
    "tuple": "s = []\ns.append((s,))\ns",
    "pair": "s = []\nt = [s]\ns.append(t)\n[s, t]",
    "beside": "s = [x]\ns.append(s)\ns",
}


@pytest.mark.parametrize("command", ["grad", "jacobian", "formula", "explain"])
@pytest.mark.parametrize("text", ITSELF.values(), ids=ITSELF)
def test_an_output_that_holds_itself_is_refused(command: str, text: str, run: Run) -> None:
    given = () if command == "formula" else ("--x", "1")
    found = run(command, f"u = x*x\n{text}", *given)
    assert (found.code, found.out, found.err.count("error:")) == (2, "", 1)


COUNTED = {
    "x*(0.5 in range(10**18))": 0.0,
    "x*(5.0 in range(10**18))": 1.0,
    "x*(-1.0 in range(10**18))": 0.0,
    "x*(nan in range(10**18))": 0.0,
    "x*(inf in range(10**18))": 0.0,
    "x*(1e300 in range(10**18))": 0.0,
    "x*(3.0 in range(0, 10**18, 2))": 0.0,
    "x*(3.5 not in range(4))": 1.0,
    "x*math.comb(10**9, 5*10**8)": None,
    "x*math.perm(10**7, 10**6)": None,
    "x*math.factorial(10**6)": None,
    "x*scipy.special.comb(10**9, 5*10**8, exact=True)": None,
    "x*pow(3, 10**4000, 10**4000)": None,
    "x*math.comb(1400, 2)": 979300.0,
    "x*pow(3, 2**70, 7)": float(pow(3, 2**70, 7)),
}
"""What Python works out in one go, however long it takes: the gradient, None for too much."""


@pytest.mark.parametrize("text", COUNTED)
def test_what_python_works_out_in_one_go_is_bounded(text: str, run: Run) -> None:
    found = run("grad", text, "--x", "1", "--format", "literal")
    wanted = COUNTED[text]
    if wanted is None:
        assert (found.code, found.err.count("error:")) == (4, 1), found.err
    else:
        assert (found.code, float(found.out)) == (0, wanted), found.err
