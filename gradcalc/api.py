"""gradcalc in one line of Python: `grad` and `why` of a program as text."""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from gradcalc.cli.batch.requests import options_of
from gradcalc.cli.inputs import Request, requests
from gradcalc.cli.options import Options, keys
from gradcalc.cli.programs import sources
from gradcalc.errors import GradcalcError, InvalidValueError, UnknownNameError
from gradcalc.render import FEW_DIGITS, Style, printable, renderer, stepper
from gradcalc.render.labels import label
from gradcalc.report import Report
from gradcalc.steps.data import Steps
from gradcalc.values.passed import dtype_name, plain

if TYPE_CHECKING:
    from gradcalc.report import Explanation

SHOWN = Style(width=100, color=False, digits=FEW_DIGITS)
"""How reports look in a notebook."""


@dataclass(frozen=True, slots=True, repr=False)
class NotebookReport(Report):
    """A report that a notebook shows."""

    def __repr__(self) -> str:
        told = [f"{label(self.kind, n, SHOWN)} = {t}" for n, t in self.formula.items() if t]
        return f"<gradcalc: {', '.join([self.verdict.outcome.value, *told])}>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(renderer('table')([self], SHOWN))}</pre>"

    def _repr_latex_(self) -> str:
        from gradcalc.render.latex import display

        return display(self, SHOWN)


@dataclass(frozen=True, slots=True, repr=False)
class NotebookSteps(Steps):
    """Steps that a notebook shows, and that print as a table."""

    def __str__(self) -> str:
        return stepper("table")([self], SHOWN)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


@contextmanager
def _in_print() -> Iterator[None]:
    """What is said has no character in it that steers a terminal, or is half of one."""
    try:
        yield
    except GradcalcError as error:
        _say(error, printable)
        raise


def _say(error: GradcalcError, so: Callable[[str], str]) -> None:
    error.message = so(error.message)
    error.args = (error.message,)
    error.hint = None if error.hint is None else so(error.hint)


def grad(program: str, /, **given: Any) -> NotebookReport:
    """The value and gradient of a program, its formula, and whether they can be trusted.

        gradcalc.grad("2*dot(x,x)", x=[0, 1, 2, 3], expect="4*x").raise_for_verdict()

    Every free name of the program is an argument: a number, lists, a numpy array, a torch tensor,
    or a text as on the command line. The other arguments are the keys of a request (docs/json.md):
    `expect`, `let`, `detach`, `declare`, `wrt`, `of`, `cotangent`, `dtype`, `device`, `seed`,
    `check`, `strict`, `tol`, `max_steps`, `timeout`; `inputs` takes names that are one of these.
    The program is `file.py` or `file.py:name` as well.

    Raises `GradcalcError` for whatever is wrong with the program or its inputs.
    """
    return _answered("grad", program, given)


def jacobian(program: str, /, **given: Any) -> NotebookReport:
    """All slopes of a program's output by its inputs; arguments and answer as of `grad`.

        gradcalc.jacobian("sin(A@x)", A=A, x=x, wrt="x").gradient["x"]

    The shape of the output stands before that of the input.
    """
    return _answered("jacobian", program, given)


def hessian(program: str, /, **given: Any) -> NotebookReport:
    """All second derivatives of a program's output; by several inputs in blocks `"x,w"`."""
    return _answered("hessian", program, given)


def vjp(program: str, /, **given: Any) -> NotebookReport:
    """The gradient of the outputs weighed by `cotangent`."""
    return _answered("vjp", program, given)


def jvp(program: str, /, **given: Any) -> NotebookReport:
    """How the outputs move where the inputs move along `tangent`, an array or one by input."""
    return _answered("jvp", program, given)


def hvp(program: str, /, **given: Any) -> NotebookReport:
    """The Hessian times `tangent`, an array or one by input."""
    return _answered("hvp", program, given)


@_in_print()
def check(
    function: Any,
    /,
    *args: Any,
    leaves: Any = None,
    reference: Any = None,
    references: Mapping[Any, Any] | None = None,
    trust: Any = (),
    cotangent: Any = None,
    order: int = 1,
    strict: bool = False,
    seed: int = 0,
    timeout: float | None = None,
    grad: Any = None,
    hess: Any = None,
    **kwargs: Any,
) -> NotebookReport:
    """Whether the gradient of your own code is right: a function, module or autograd.Function.

        gradcalc.check(MyExp, torch.randn(3, dtype=torch.float64)).raise_for_verdict()
        gradcalc.check(rosen, np.array([1.3, 0.7]), grad=rosen_der, hess=rosen_hess)

    It is called with these arguments, recorded, and its gradient by every floating tensor that
    wants one, and by a module's parameters, held to what that really is. `leaves` says by which
    tensors or names instead, or brings others by name. `reference` is a plain function that means
    the same; `references` are such by the Function, or its name, that nobody can see into. `trust`
    names Functions whose backward is meant, whatever it is. `cotangent` weighs the outputs, which
    is drawn from `seed` otherwise; with `order=2` second derivatives are checked.

    Of a function of numpy arrays `grad` is the function that gives its gradient, or True where it
    gives a pair of its value and its gradient, and `hess` the one that gives its Hessian; `leaves`
    are names of its parameters then.

    Raises `GradcalcError` for what cannot be checked, and whatever the function itself raises.
    """
    from gradcalc.checking.options import names_of, read
    from gradcalc.checking.shown import report

    told = read(
        {
            "order": order, "seed": seed, "timeout": timeout, "strict": strict, "leaves": leaves,
            "reference": reference, "references": references, "trust": trust,
            "cotangent": cotangent,
        }
    )  # fmt: skip
    if grad is not None or hess is not None:
        from gradcalc.checking.numpy_call import Written, check_written
        from gradcalc.checking.numpy_options import refuse

        refuse(
            {
                "grad": grad, "hess": hess, "reference": reference, "references": references,
                "trust": told.trust, "cotangent": cotangent is not None, "order": told.order,
            },
            "{}=".format,
        )  # fmt: skip
        written = Written(function, args, kwargs, grad, hess, names_of(told), told.seed)
        return _shown(report(check_written(written, strict=told.strict, timeout=told.timeout)))
    from gradcalc.calculate import ask_here
    from gradcalc.checking.call import check_call

    found = check_call(
        function, args, kwargs, ask_here, leaves=told.leaves, reference=told.reference,
        references=told.references, trust=told.trust, cotangent=told.cotangent,
        order=told.order, seed=told.seed, strict=told.strict, timeout=told.timeout,
    )  # fmt: skip
    return _shown(report(found))


@_in_print()
def _answered(command: str, program: str, given: Mapping[str, Any]) -> NotebookReport:
    from gradcalc.calculate import ask_here

    return _shown(_request(program, {**given, "command": command}).answered(ask_here))


def _shown(report: Report) -> NotebookReport:
    return NotebookReport(**{field.name: getattr(report, field.name) for field in fields(report)})


@_in_print()
def why(program: str, /, **given: Any) -> "Explanation":
    """The verdict of `grad` at length: each witness's answer, causes, and the cure."""
    from gradcalc.at_length import explain

    request = _request(program, given)
    found = explain(request.problem)
    return replace(found, report=request.noted(found.report))


@_in_print()
def explain(program: str, /, *, symbolic: bool = False, **given: Any) -> "Steps":
    """The steps of `grad`, there and back: what torch has for each, and whether it is right.

        print(gradcalc.explain("sum(x*exp(x))", x=[1, 2]))

    With `symbolic` what each hands on is told as a formula of the inputs, too.
    """
    from gradcalc.steps.walk import steps_of

    request = _request(program, given)
    found = steps_of(request.problem, symbolic=symbolic)
    found = replace(found, report=request.noted(found.report))
    return NotebookSteps(**{field.name: getattr(found, field.name) for field in fields(found)})


def _request(program: Any, given: Mapping[str, Any]) -> Request:
    """What is asked. Whatever is wrong with it is said in the words of Python."""
    if not isinstance(program, str):
        kind = "None" if program is None else type(program).__name__
        what = {"None": "None", "function": "a function"}.get(kind, f"something of type {kind}")
        raise InvalidValueError(
            f"a program is a text, not {what}",
            hint='grad("x**2", x=3); "file.py:name" is a function of a file',
        )
    try:
        found = options_of({"program": program, **_asked(given)}, Options(programs=()))
        (request,) = requests(found, sources(found))
    except GradcalcError as error:
        _say(error, _in_python)
        raise
    return request


def _asked(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as a request has them."""
    options = {key: value for key, value in given.items() if key in keys() and key != "inputs"}
    inputs = {key: value for key, value in given.items() if key not in keys()}
    named = given.get("inputs")
    if named is not None and not isinstance(named, Mapping):
        raise InvalidValueError(
            f"inputs is of type {type(named).__name__}, not names with their values",
            hint='inputs={"x": 3}',
        )
    for name, value in (named or {}).items():
        if not isinstance(name, str):
            raise InvalidValueError(
                f"inputs names something of type {type(name).__name__}, which is no name",
                hint='inputs={"x": 3}',
            )
        if name in inputs:
            raise UnknownNameError(f"{name} is given twice")
        inputs[name] = value
    asked: dict[str, Any] = {key: _option(value, key) for key, value in options.items()}
    asked["inputs"] = {
        name: value if value is None or _is_texts(value) else plain(value, name)
        for name, value in inputs.items()
    }
    return {key: value for key, value in asked.items() if value is not None}


def _is_texts(value: Any) -> bool:
    """Whether this is a tuple of texts, which is no list to a program that compares it."""
    return isinstance(value, tuple) and all(isinstance(part, str) for part in value)


def _option(value: Any, key: str) -> Any:
    if value is None:
        return None
    if key == "dtype":
        return dtype_name(value)
    if key == "device":
        if not isinstance(value, str) and type(value).__name__ != "device":
            raise InvalidValueError(f"device is of type {type(value).__name__}", hint='"cpu"')
        return str(value)
    found = plain(value, key)
    if key == "let" and isinstance(found, dict):
        return {name: _expression(part) for name, part in found.items()}
    return found


def _expression(value: Any) -> str:
    """A number, or lists of them, as a program has them."""
    if isinstance(value, list):
        return f"[{', '.join(map(_expression, value))}]"
    words = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}
    return words.get(value, value) if isinstance(value, str) else repr(value)


def _in_python(text: str) -> str:
    """A sentence about the command line, as one about arguments."""
    text = re.sub(r"--at (\w+)=VALUE", r'inputs={"\1": VALUE}', text)
    text = re.sub(r"--declare (\w+)=(\w+)", r'declare={"\1": "\2"}', text)
    text = re.sub(r"--(\w+) VALUE", r"\1=VALUE", text)
    return re.sub(r"--(\w[\w-]*)", lambda found: found[1].replace("-", "_"), text)
