"""Which of Python's errors a program meets where the libraries refuse something of its arrays."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch

from gradcalc import grad
from gradcalc.errors import UnsupportedError

KINDS = (
    "TypeError", "IndexError", "KeyError", "ZeroDivisionError", "AttributeError", "OverflowError",
    "ValueError", "RuntimeError",
)  # fmt: skip

TRIED = {
    "float": "float(x)",
    "int": "int(x)",
    "item": "x.item()",
    "bool": "bool(x)",
    "if": "1 if x > 0 else 2",
    "and": "x and 2",
    "not": "not x",
    "condition of a comprehension": "[0 for _ in [1] if x]",
    "bool of nothing": "bool(x[:0])",
    "item of nothing": "x[:0].item()",
    "float of nothing": "float(x[:0])",
    "range": "range(x)",
    "reshape": "x.reshape(2, 2)",
    "broadcast": "x + lib.ones(4)",
    "product": "x @ lib.ones(4)",
    "place": "x[5]",
    "places": "x[0, 0]",
    "dimension": "lib.sum(x, 2)",
    "stack": "lib.stack([x, x[:2]])",
    "items of one": "list(x[0])",
    "concatenate": "lib.concatenate([x, lib.ones((2, 2))])",
    "broadcast_to": "lib.broadcast_to(x, (2, 2))",
    "math": "math.exp(x)",
    "numbers": "None + x",
    "text": "'a' + x",
    "float of a list": "float([1])",
    "int of nan": "int(float('nan'))",
    "int of inf": "int(float('inf'))",
    "nothing raised": "x.sum()",
    "max of nothing": "max([])",
    "slice": "[1, 2]['a']",
    "index of a list": "[1, 2].index(5)",
}

OPEN = {
    "det": "lib.linalg.det(x)",
    "inv": "lib.linalg.inv(x)",
    "trace": "lib.trace(x)",
    "einsum": "lib.einsum('ij,jk', x, x)",
}
"""Of these it is only known that something is raised."""

HEADS = {"torch": "import torch\nimport math\nlib = torch", "numpy": "import numpy as np\nlib = np"}


def program(library: str, tried: str, kinds: tuple[str, ...]) -> str:
    head = HEADS[library].replace("lib = torch", "").replace("lib = np", "import math")
    tried = tried.replace("lib.", "torch." if library == "torch" else "np.")
    handlers = "".join(f"    except {k}:\n        k = {n}\n" for n, k in enumerate(kinds, 2))
    return (
        f"{head}\ndef f(x):\n    try:\n        {tried}\n        k = 1\n{handlers}    return k*x\n"
    )


def in_python(library: str, text: str) -> float:
    scope: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(text, scope)
        x: Any = np.ones(3)
        if library == "torch":
            x = torch.ones(3, dtype=torch.float64, requires_grad=True)
        return float(scope["f"](x).sum())


@pytest.mark.parametrize("library", HEADS)
@pytest.mark.parametrize("tried", TRIED)
def test_it_is_the_error_of_the_library(library: str, tried: str) -> None:
    text = program(library, TRIED[tried], KINDS)
    assert float(np.sum(grad(text, x=[1.0, 1.0, 1.0]).value)) == in_python(library, text)


@pytest.mark.parametrize("library", HEADS)
@pytest.mark.parametrize("tried", OPEN)
def test_an_error_without_a_name_is_taken_by_what_takes_all(library: str, tried: str) -> None:
    text = program(library, OPEN[tried], ("Exception",))
    assert float(np.sum(grad(text, x=[1.0, 1.0, 1.0]).value)) == in_python(library, text) == 6.0
    with pytest.raises(UnsupportedError, match="whether this raises TypeError"):
        grad(program(library, OPEN[tried], ("TypeError", "Exception")), x=[1.0, 1.0, 1.0])
