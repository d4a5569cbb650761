"""The places where a user can put a text, each as a call with its files."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Call:
    """A command line, what stands on its standard input, and the files in its folder."""

    argv: tuple[str, ...]
    stdin: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


Place = Callable[[str], Call]

POINT = ("--x", "1.5")
_PLAIN = "def f(x):\n    return x*x\n"


def _call(*argv: str, stdin: str = "", **files: str) -> Call:
    return Call(argv, stdin, {name.replace("_", "."): text for name, text in files.items()})


def _inside(text: str) -> str:
    """The text as the body of a function that gives its last line."""
    *lines, last = text.split("\n")
    return "\n".join(["def f(x):", *(f"    {line}" for line in lines), f"    return {last}", ""])


def _notebook(text: str) -> str:
    cells = [
        {"cell_type": "code", "source": source, "outputs": [], "metadata": {}}
        for source in (text, _PLAIN)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def _row(**keys: object) -> Call:
    whole = {"id": 1, "program": "x*x", "inputs": {"x": 1.5}, **keys}
    return _call("batch", "--quiet", stdin=json.dumps(whole) + "\n")


def _report(block: str) -> Call:
    return _call("report", "-", stdin=f"# A report\n\n```gradcalc\n{block}\n```\n")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


PLACES: Mapping[str, Place] = {
    "grad": lambda t: _call("grad", t, *POINT),
    "grad of standard input": lambda t: _call("grad", "-", *POINT, stdin=t),
    "without a word": lambda t: _call(t, *POINT),
    "--prints": lambda t: _call("grad", t, *POINT, "--prints"),
    "--no-check": lambda t: _call("grad", t, *POINT, "--no-check"),
    "why": lambda t: _call("why", t, *POINT),
    "explain": lambda t: _call("explain", t, *POINT),
    "explain --steps symbolic": lambda t: _call("explain", t, "--steps", "symbolic"),
    "graph": lambda t: _call("graph", t, *POINT),
    "plot": lambda t: _call("plot", t, "--x", "1:2:3", "--format", "csv"),
    "jacobian": lambda t: _call("jacobian", t, *POINT),
    "hessian": lambda t: _call("hessian", t, *POINT),
    "formula": lambda t: _call("formula", t),
    "formula --format numpy": lambda t: _call("formula", t, "--format", "numpy"),
    "export": lambda t: _call("export", t, *POINT),
    "export --to c": lambda t: _call("export", t, *POINT, "--to", "c"),
    "functions": lambda t: _call("functions", t),
    "--let": lambda t: _call("grad", "x*y", *POINT, "--let", f"y={t}"),
    "name of --let": lambda t: _call("grad", "x*y", *POINT, "--let", f"{t}=x"),
    "--expect": lambda t: _call("grad", "x*x", *POINT, "--expect", t),
    "--expect by name": lambda t: _call("grad", "x*x", *POINT, "--expect", f"x={t}"),
    "--of": lambda t: _call("grad", "x*x", *POINT, "--of", t),
    "--wrt": lambda t: _call("grad", "x*x", *POINT, "--wrt", t),
    "--detach": lambda t: _call("grad", "x*x", *POINT, "--detach", t),
    "--cotangent": lambda t: _call("vjp", "x*x", *POINT, "--cotangent", t),
    "--tangent": lambda t: _call("jvp", "x*x", *POINT, "--tangent", t),
    "--declare": lambda t: _call("grad", "x*x", *POINT, "--declare", f"x={t}"),
    "--x": lambda t: _call("grad", "x*x", "--x", t),
    "--x of a file": lambda t: _call("grad", "x*x", "--x", f"@{t}"),
    "--x of a text": lambda t: _call("grad", "x*x", "--x", "@x.txt", x_txt=t),
    "--x of a table": lambda t: _call("grad", "x*x", "--x", f"@x.csv:{t}", x_csv=f"{t}\n1.5\n"),
    "--x of JSON": lambda t: _call("grad", "x*x", "--x", "@x.json", x_json=json.dumps([t])),
    "--x of a range": lambda t: _call("plot", "x*x", "--x", t, "--format", "csv"),
    "name of an input": lambda t: _call("grad", "x*x", *POINT, f"--{t}", "1"),
    "--at": lambda t: _call("grad", "x*x", "--at", f"x={t}"),
    "--inputs": lambda t: _call("grad", "x*x", "--inputs", "i.json", i_json=json.dumps({"x": t})),
    "keys of --inputs": lambda t: _call(
        "grad", "x*x", "--inputs", "i.json", i_json=json.dumps({"x": 1.5, t: 1.0})
    ),
    "--inputs of a file": lambda t: _call("grad", "x*x", "--inputs", t),
    "--seed": lambda t: _call("grad", "x*x", *POINT, "--seed", t),
    "--device": lambda t: _call("grad", "x*x", *POINT, "--device", t),
    "--dtype": lambda t: _call("grad", "x*x", *POINT, "--dtype", t),
    "--digits": lambda t: _call("grad", "x*x", *POINT, "--digits", t),
    "file": lambda t: _call("grad", "f.py", *POINT, f_py=t),
    "file with a function": lambda t: _call("grad", "f.py", *POINT, f_py=f"{t}\n\n{_PLAIN}"),
    "function of a file": lambda t: _call("grad", "f.py:f", *POINT, f_py=_inside(t)),
    "name in a file": lambda t: _call("grad", f"f.py:{t}", *POINT, f_py=_PLAIN),
    "name of a file": lambda t: _call("grad", f"{t}.py", *POINT),
    "notebook": lambda t: _call("grad", "f.ipynb:f", *POINT, f_ipynb=_notebook(t)),
    "module beside": lambda t: _call(
        "grad", "f.py:g", *POINT, h_py=f"{t}\n\n{_PLAIN}",
        f_py="import h\ndef g(x):\n    return h.f(x)\n",
    ),
    "stars of a module beside": lambda t: _call(
        "grad", "f.py:g", *POINT, h_py=f"{t}\n\n{_PLAIN}",
        f_py="from h import *\ndef g(x):\n    return f(x)\n",
    ),
    "batch: program": lambda t: _row(program=t),
    "batch: inputs": lambda t: _row(inputs={"x": t}),
    "batch: name of an input": lambda t: _row(inputs={"x": 1.5, t: 1}),
    "batch: let": lambda t: _row(program="x*y", let={"y": t}),
    "batch: expect": lambda t: _row(expect=t),
    "batch: expect by name": lambda t: _row(expect={"x": t}),
    "batch: of": lambda t: _row(of=t),
    "batch: wrt": lambda t: _row(wrt=t),
    "batch: detach": lambda t: _row(detach=t),
    "batch: command": lambda t: _row(command=t),
    "batch: id": lambda t: _row(id=t),
    "batch: key": lambda t: _row(**{t: 1}),
    "batch: cells": lambda t: _call(
        "batch", "--quiet", "--csv", "p.csv", "x*x", p_csv='x\n"{}"\n'.format(t.replace('"', '""'))
    ),
    "batch: heads": lambda t: _call(
        "batch", "--quiet", "--csv", "p.csv", "x*x",
        p_csv='x,"{}"\n1.5,2\n'.format(t.replace('"', '""')),
    ),
    "repl: program": lambda t: _call("repl", stdin=f"x = 1.5\n{t}\n"),
    "repl: value": lambda t: _call("repl", stdin=f"x = {t}\nx*x\n"),
    "repl: expect": lambda t: _call("repl", stdin=f"x = 1.5\nx*x\nexpect {t}\n"),
    "repl: let": lambda t: _call("repl", stdin=f"x = 1.5\nlet y = {t}\nx*y\n"),
    "repl: detach": lambda t: _call("repl", stdin=f"x = 1.5\ndetach {t}\nx*x\n"),
    "repl: command": lambda t: _call("repl", stdin=f"x = 1.5\nwhy {t}\n"),
    "report": lambda t: _report(f"grad {_quoted(t)} --x 1.5"),
    "report: option": lambda t: _report(f"grad x*x --x 1.5 --expect {_quoted(t)}"),
    "report: line": _report,
    "check: name": lambda t: _call("check", f"f.py:{t}", *POINT, f_py=_PLAIN),
    "check: --init": lambda t: _call("check", "f.py:f", *POINT, "--init", t, f_py=_PLAIN),
    "check: --reference": lambda t: _call(
        "check", "f.py:f", *POINT, "--reference", f"f.py:{t}", f_py=_PLAIN
    ),
    "check: --x": lambda t: _call("check", "f.py:f", "--x", t, f_py=_PLAIN),
}  # fmt: skip
"""A place by its name: the call that has a text there."""
