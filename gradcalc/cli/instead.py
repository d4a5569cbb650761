"""Options that there are not, as other programs have them, and what there is instead."""

import difflib
from collections.abc import Collection, Mapping

_EXACT = "there is no step: derivatives are exact; --tol says how far expected numbers may be off"
_PROGRAM = 'a program, or its file, stands without an option: gradcalc grad "x**2" --x 3'

INSTEAD: Mapping[str, str] = {
    **dict.fromkeys(("latex", "tex"), "--format latex"),
    **dict.fromkeys(("hessian", "hess", "second", "second_order"), "gradcalc hessian PROGRAM"),
    **dict.fromkeys(("jacobian", "jac"), "gradcalc jacobian PROGRAM"),
    **dict.fromkeys(("hvp",), "gradcalc hvp PROGRAM --tangent VALUE"),
    **dict.fromkeys(("order", "nth"), "gradcalc grad PROGRAM --order N"),
    **dict.fromkeys(
        ("vjp", "grad_output", "grad_outputs", "weights", "upstream"), "--cotangent VALUE"
    ),
    **dict.fromkeys(("jvp", "direction"), "gradcalc jvp PROGRAM --tangent VALUE"),
    **dict.fromkeys(("eps", "epsilon", "step", "step_size", "stepsize", "delta"), _EXACT),
    **dict.fromkeys(("atol", "rtol", "tolerance", "abs_tol", "rel_tol"), "--tol NUMBER"),
    **dict.fromkeys(
        ("file", "program", "expr", "expression", "formula_of", "source", "script"), _PROGRAM
    ),
    **dict.fromkeys(
        ("simplify", "symbolic", "formula", "closed_form", "steps"),
        "the formula is printed wherever there is one, simplified; --all prints all of a long one",
    ),
    **dict.fromkeys(
        ("plot", "graph", "show"),
        "gradcalc plot draws the function, gradcalc graph what it is made of",
    ),
    **dict.fromkeys(("pretty", "human", "terminal"), "--format table"),
    **dict.fromkeys(("yaml", "xml", "toml"), "--format json"),
    **dict.fromkeys(
        ("pdf", "png", "svg"), "--format latex or markdown; --html FILE; gradcalc plot"
    ),
    **dict.fromkeys(("export", "fmt", "print"), "--format latex, json, csv, markdown or literal"),
    **dict.fromkeys(
        ("check", "verify", "gradcheck", "validate"),
        "every gradient is checked; --expect holds your own to it",
    ),
    **dict.fromkeys(("reference", "compare", "against", "test"), "--expect EXPR"),
    **dict.fromkeys(
        ("backend", "method", "mode", "framework", "engine"),
        "torch's autograd is asked and then checked, without a choice",
    ),
    **dict.fromkeys(("jobs", "threads", "parallel", "njobs"), "gradcalc batch --workers N"),
    **dict.fromkeys(("by", "with_respect_to", "respect_to", "params"), "--wrt NAME"),
    **dict.fromkeys(("repl", "interactive"), "gradcalc repl answers line by line"),
    **dict.fromkeys(("width", "columns"), "set COLUMNS=80 in the environment"),
    **dict.fromkeys(("log", "log_level", "trace", "why"), "gradcalc why says all that is known"),
    **dict.fromkeys(("n_digits", "ndigits", "decimals", "sig", "significant"), "--digits N"),
    **dict.fromkeys(("examples", "usage", "man"), "gradcalc grad --help has examples"),
    **dict.fromkeys(("markdown", "md"), "--format markdown"),
    **{name: f"--format {name}" for name in ("csv", "tsv", "table", "literal")},
    **dict.fromkeys(("text", "plain", "raw"), "--format tsv"),
    **dict.fromkeys(("verbose", "explain", "debug"), "gradcalc why says all that is known"),
    **dict.fromkeys(("no_color", "nocolor", "no_colour"), "set NO_COLOR=1 in the environment"),
    **dict.fromkeys(
        ("color", "colour", "colors", "colours"),
        "set FORCE_COLOR=1 in the environment, or NO_COLOR=1 for none",
    ),
    **dict.fromkeys(("output", "out", "outfile", "save"), "> FILE writes what is printed there"),
    **dict.fromkeys(("silent", "no_output"), "--quiet"),
    **dict.fromkeys(("float32", "single"), "--dtype float32"),
    **dict.fromkeys(("float16", "half"), "--dtype float16"),
    **dict.fromkeys(("float64", "double"), "--dtype float64, float32 or float16"),
    "precision": "--digits N shows so many digits; --dtype float32 computes with fewer",
    **dict.fromkeys(("cuda", "gpu"), "--device cuda"),
    **dict.fromkeys(("claim", "expected", "assert_equal"), "--expect EXPR"),
    **dict.fromkeys(("var", "vars", "variable", "variables", "input"), "--NAME VALUE, as --x 3"),
    **dict.fromkeys(("no_detach", "stop_gradient", "constant"), "--detach NAME, or --wrt NAME"),
    **dict.fromkeys(
        ("version", "completion"), "gradcalc --help lists the options without a command"
    ),
}
"""Options of other programs, and what there is instead."""

WHAT: Mapping[str, str] = {
    "gradcalc hessian PROGRAM": "--what hessian",
    "gradcalc jacobian PROGRAM": "--what jacobian",
    "gradcalc grad PROGRAM --order N": "--order N",
}
"""What there is instead of another command where the option `--what` is."""

LETTERS: Mapping[str, str] = {
    "v": "verbose", "o": "output", "f": "fmt", "j": "jobs", "p": "precision", "d": "decimals",
    "e": "compare", "t": "atol", "w": "by", "s": "symbolic", "n": "no_output", "c": "check",
    "i": "interactive", "m": "method", "l": "latex",
}  # fmt: skip
"""What letters stand for as options of other programs."""


def similar_option(name: str, known: Collection[str]) -> str | None:
    """A hint naming the option that was probably meant, or what there is instead of it."""
    other = INSTEAD.get(name.lstrip("-").replace("-", "_").lower())
    if other is not None and "--what" in known:
        other = WHAT.get(other, other)
    # an option that lacks an s is rather that one than another program's
    if other is not None and name not in known and f"{name}s" not in known:
        return other
    # where pages are a format, and no file beside what is printed
    if name == "--html" and name not in known and "--format" in known:
        return "--format html, and > FILE writes what is printed there"
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.75)
    return f"did you mean {close[0]}?" if close and len(name) > 4 else None
