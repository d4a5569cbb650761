"""The commands that are attacked, with the files that they read."""

import json
from pathlib import Path

LOOP = (
    "def f(a):\n    b = a * 2\n    while b.norm() < 1000:\n        b = b * 2\n    return b.sum()\n"
)

CHECKED = "import torch\n\ndef loss(x, y):\n    return ((x - y) ** 2).mean()\n"

BLOCK = "# Notes\n\n```gradcalc\ngradcalc grad 'sum(x*x)' --x 1,2\n```\n"

REQUESTS = [
    {"program": text, "inputs": {"x": [0.5, 2.0]}}
    for text in ("sum(x*x)", "norm(x)", "sum(exp(x))", "logsumexp(x)", "sum(relu(x))") * 4
]

STATEMENTS = "x = 0,1,2\nsum(x*x)\nwhy\nexplain\n"

FILES = {
    "f.py": LOOP,
    "ops.py": CHECKED,
    "notes.md": BLOCK,
    "requests.jsonl": "".join(json.dumps(request) + "\n" for request in REQUESTS),
}

COMMANDS = {
    "grad": ("grad", "sum(x*exp(x))", "--x", "0,1,2"),
    "why": ("why", "log(sum(exp(x)))", "--x", "1000,999"),
    "explain": ("explain", "f.py", "--a", "0.3,0.5"),
    "graph": ("graph", "sum(x*exp(x))", "--x", "1,2"),
    "plot": ("plot", "abs(x) + x**2", "--x", "-2:2:9"),
    "formula": ("formula", "norm(A@x - b)**2"),
    "export": ("export", "sum(log(1 + exp(X@w)))", "--X", "1,2;3,4", "--w", "1,-1"),
    "batch": ("batch", "requests.jsonl", "--workers", "2"),
    "check": ("check", "ops.py:loss", "--x", "1,2", "--y", "3,4.5"),
    "report": ("report", "-"),
    "repl": ("repl",),
    "tour": ("tour", "8"),
}
"""What takes its time, by name."""

QUICK = {
    "jacobian": ("jacobian", "softmax(x)", "--x", "1,2,3"),
    "hessian": ("hessian", "sum(x**3)", "--x", "1,2"),
    "functions": ("functions", "softmax"),
    "help": ("--help",),
    "short help": ("grad", "-h"),
    "version": ("--version",),
    "list of the tour": ("tour", "--list"),
    "completion": ("--show-completion", "bash"),
    "picture": ("plot", "x**2", "--x", "-1:1:5", "--format", "svg"),
    "bytes": ("grad", "sum(x*x)", "--x", "1,2", "--format", "npy"),
    "JSON": ("grad", "sum(x*x)", "--x", "1,2", "--json"),
    "the first words": (),
}
"""What does little or writes otherwise."""

ALL = {**COMMANDS, **QUICK}

CHEAP = ("help", "short help", "version", "list of the tour", "completion", "the first words")
"""Those that take a twentieth of the others' time."""

STDIN = {"repl": STATEMENTS, "report": BLOCK}
"""What commands read from standard input."""


def prepare(folder: Path) -> Path:
    """Put the files there that the commands read."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder
