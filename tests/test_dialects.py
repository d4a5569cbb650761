"""A call means what its library means: the tables, and cases that each stand for a kind."""

import builtins
import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gradcalc.calculate import calculate
from gradcalc.errors import GradcalcError, UnsupportedError
from gradcalc.lang.builtins import BUILTINS
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.spelling import Overload
from gradcalc.lang.fence import compile_program
from gradcalc.primitives import BY_NAME
from gradcalc.report import Report
from tests.lang_backends import close, lines, problem, torch_run

NP = "import numpy as np\n"
TORCH = "import torch\n"
A = [[1, 2], [3, 4]]
C = np.arange(24.0).reshape(2, 3, 4)

# text, inputs, value, gradients by name (None where they are not looked at)
MEANT: list[tuple[str, dict[str, Any], Any, dict[str, Any] | None]] = [
    # the receiver of a method is the parameter that the library says
    ("x.where(c > 0, y)", {"x": [1, -2], "c": [1, -1], "y": [3, 4]}, [1, 4],
     {"x": [1, 0], "y": [0, 1], "c": [0, 0]}),
    # a bool where a dimension stands is another signature
    ("torch.std(x, False)", {"x": [1, 2, 6]}, 2.160246899469287,
     {"x": [-0.30860669992418382, -0.15430334996209191, 0.46291004988627573]}),
    ("torch.var(x, unbiased=False)", {"x": [1, 2, 6]}, 14 / 3, None),
    # defaults
    ("np.std(x)", {"x": [1, 2, 4]}, 1.247219128924647,
     {"x": [-0.35634832254989923, -0.08908708063747484, 0.44543540318737396]}),
    ("np.var(x)", {"x": [1, 2, 6]}, 14 / 3, None),
    ("np.std(x, ddof=1)", {"x": [1, 2, 6]}, np.sqrt(7), None),
    (NP + "A.var(axis=0)", {"A": [[1, 2], [3, 5]]}, [1, 2.25], None),
    ("A.var(axis=0)", {"A": [[1, 2], [3, 5]]}, [2, 4.5], None),
    ("jax.nn.gelu(x)", {"x": 1.0}, 0.8411919906082768, None),
    ("F.gelu(x)", {"x": 1.0}, 0.8413447460685429, None),
    # arrays, where torch gives pairs
    ("np.max(A, axis=0)[0]", {"A": A}, 3, {"A": [[0, 0], [1, 0]]}),
    ("torch.max(A, 0)[0]", {"A": A}, [3, 4], None),
    ("np.max(A, axis=0).sum()", {"A": A}, 7, {"A": [[0, 0], [1, 1]]}),
    ("dot(np.sort(x)[::-1], [1, 2, 3])", {"x": [0.7, -1.2, 2.5]}, 0.3, {"x": [2, 3, 1]}),
    # functions of one name
    ("math.remainder(x, y)", {"x": 5, "y": 3}, -1, {"x": 1, "y": -2}),
    ("torch.remainder(x, y)", {"x": 5, "y": 3}, 2, {"x": 1, "y": -1}),
    ("scipy.special.softmax(x)[0, 0]", {"x": A}, 0.03205860328008499, None),
    ("from scipy.special import softmax\nsoftmax(x)[0, 0]", {"x": A}, 0.03205860328008499, None),
    ("torch.softmax(x, 1)[0, 0]", {"x": A}, 0.2689414213699951, None),
    ("np.pad(A, (1, 1)).shape[0]*A.sum()", {"A": A}, 40, None),
    ("np.sum([x, y])", {"x": [1, 2], "y": [3, 4]}, 10, {"x": [1, 1], "y": [1, 1]}),
    ("np.max(np.sqrt(sum(A**2)))", {"A": A}, 4.47213595499958,
     {"A": [[0, 0.4472135954999579], [0, 0.8944271909999159]]}),
    ("sum(A**2)", {"A": A}, 30, None),
    ("F.log_softmax(x)[0, 0, 0]", {"x": C[:, :1, :1] / 12}, -1.3132616875182228, None),
    # truth values
    ("sum(((x > 0) + (x > -1))*x)", {"x": [1, 2]}, 3, {"x": [1, 1]}),
    ("x*~True", {"x": 3}, -6, {"x": -2}),
    (NP + "((x > 0) @ (x > 1))*x", {"x": [1, 2]}, [1, 2], {"x": [1, 1]}),
    ("import math\n((x > 0) + (y > 0))*x", {"x": 2, "y": 1}, 4, None),
    # what is written twice in the libraries
    ("torch.linalg.norm(M, dim=(0, 1))", {"M": [[2, 0], [0, 1]]}, np.sqrt(5), None),
    ("torch.linalg.norm(M, 1)", {"M": A}, 6, {"M": [[0, 1], [0, 1]]}),
    ("np.linalg.norm(M, np.inf, axis=(0, 1))", {"M": A}, 7, {"M": [[0, 0], [1, 1]]}),
    ("torch.norm(M, 1)", {"M": A}, 10, None),
    ("torch.linalg.diagonal(C).sum()", {"C": C}, 66, None),
    ("torch.diagonal(C).sum()", {"C": C}, 76, None),
    ("F.mse_loss(x, y, 'sum')", {"x": [1, 2], "y": [3, 5]}, 6.5, None),
    ("F.mse_loss(x, y, reduction='sum')", {"x": [1, 2], "y": [3, 5]}, 13, None),
    ("scipy.special.logsumexp(A, 0, True)", {"A": A}, [3.1269280110429727, 4.126928011042973],
     None),
    ("np.concatenate([A, A], axis=None)", {"A": A}, [1, 2, 3, 4, 1, 2, 3, 4], None),
    ("np.expand_dims(x, (0, 1))", {"x": [1, 2]}, [[[1, 2]]], None),
    (NP + "A.transpose(0, 1)", {"A": A}, A, None),
    ("A.transpose(0, 1)", {"A": A}, np.transpose(A), None),
    (NP + "C.transpose(1, 0, 2)", {"C": C}, C.transpose(1, 0, 2), None),
    (NP + "A[[[0, 1], [1, 0]]]", {"A": A}, np.asarray(A)[[[0, 1], [1, 0]]], None),
    (NP + "C[0, :, [0, 2]]", {"C": C}, C[0, :, [0, 2]], None),
    ("F.pad(x, (1, 1))", {"x": [1, 2]}, [0, 1, 2, 0], {"x": [1, 1]}),
    ("np.shape(A)[0]*A", {"A": A}, 2 * np.asarray(A), None),
    ("np.flip(A, axis=0)", {"A": A}, [[3, 4], [1, 2]], None),
    ("np.diag(x, k=1)", {"x": [1, 2]}, np.diag([1, 2], k=1), None),
    ("softplus(x, beta=3, threshold=0.2)", {"x": [0.1, 0.05]},
     [0.1, np.log1p(np.exp(0.15)) / 3], {"x": [1, 1 / (1 + np.exp(-0.15))]}),
    ("(x > 0) - (x > 1) - (x > 0)*x", {"x": [1.5, 2]}, [-1.5, -2], {"x": [-1, -1]}),
    # lists are Python's
    ("l = [x]; m = l; m += [2*x]; sum(l)", {"x": 2}, 6, {"x": 3}),
    ("l = [x]; m = l; m = m + [2*x]; sum(l)", {"x": 2}, 2, {"x": 1}),
    # names
    ("def norm(v): return 2*v\nnp.sum(norm(x))", {"x": [1, 2]}, 6, {"x": [2, 2]}),
    ("from numpy import std as s\ns(x)", {"x": [1, 2, 6]}, 2.160246899469287, None),
    ("from numpy import *\nstd(x)", {"x": [1, 2, 6]}, 2.160246899469287, None),
    ("import numpy.linalg as la\nla.norm(x)", {"x": [3, 4]}, 5, {"x": [0.6, 0.8]}),
    ("from math import *\nsum(A)[0]", {"A": A}, 4, None),
    ("np.pi*torch.std(x)", {"x": [1, 2, 6]}, np.pi * np.sqrt(7), None),
    ("F.mse_loss(x, y, reduce=False)", {"x": [1, 2], "y": [3, 5]}, [4, 9], None),
    ("F.mse_loss(input=x, target=y)", {"x": [1, 2], "y": [3, 5]}, 6.5, None),
    ("(np.tril(A > 0) + np.tril(A > 0))*A", {"A": A}, [[1, 0], [3, 4]], None),
    ("(np.full(2, True) + np.full(2, True))*x", {"x": [1, 2]}, [1, 2], None),
    ("np.max(x > 1)*x", {"x": [1, 2]}, [1, 2], None),
    ("F.cosine_similarity(x[:, None], w, dim=0)[0]", {"x": [1.2, -0.7, 2.6], "w": [1, 2, 3]},
     3.1 / (np.sqrt(8.69) * np.sqrt(3)), None),
    ("scipy.special.logsumexp(x, b=[1, 2])", {"x": [800, 800]}, 800 + np.log(3), None),
    ("l = [1.0, 2.0]\nl += np.sin(x)\nl", {"x": [0.5, 1]}, [1 + np.sin(0.5), 2 + np.sin(1)], None),
    ("l = [x[0], 2]\nl += [torch.sum(x)]\nl", {"x": [1, 2]}, [1, 2, 3], None),
    (lines("l = [x]", "for i, v in enumerate(l):", "    y = v", "l += [y]", "sum(l)"), {"x": 2}, 4,
     {"x": 2}),
    # writing in place where nothing else holds the memory
    (NP + "y = A.flatten(); y += 1; y*A[0, 0]", {"A": A}, [2, 3, 4, 5], None),
    (NP + "y = +x; y += 1; x*y", {"x": [1, 2]}, [2, 6], None),
    (TORCH + "C = B; B @= A; C + B", {"A": A, "B": [[1, 0], [0, 1]]}, [[2, 2], [3, 5]], None),
    ("import jax.numpy as jnp\ny = x; y += 1; x*y", {"x": [1, 2]}, [2, 6], None),
    ("y = 2*x; y += 1; x*y", {"x": [1, 2]}, [3, 10], {"x": [5, 9]}),
    ("y = x.clone(); y += 1; x*y", {"x": [1, 2]}, [2, 6], {"x": [3, 5]}),
    (NP + "y = x[0]; y += 1; x*y", {"x": [1, 2]}, [2, 4], {"x": [5, 2]}),
    ("def f(v):\n    v /= norm(v)\n    return v\nf(2*x)", {"x": [3, 4]}, [0.6, 0.8], None),
    ("import math\ny = x; y += 1; x*y", {"x": 2}, 6, {"x": 5}),
    # Python's own functions and numbers
    ("sum([x > 0, x > -1])*x", {"x": [1, 2]}, [2, 4], None),
    (lines("s = 0", "for i, (u, v) in enumerate(zip(x, y)): s = s + i*u*v", "s"),
     {"x": [1, 2], "y": [3, 4]}, 8, {"x": [0, 4], "y": [0, 2]}),
    ("import math\nmath.sin(float(x))", {"x": 0.5}, np.sin(0.5), {"x": np.cos(0.5)}),
    (NP + "y = np.diag(A, 1); y + x", {"A": A, "x": [1]}, [3], None),
    ("C.transpose(1, 0, 2)[2, 1]", {"C": C}, C[1, 2], None),
    ("transpose(C, (2, 0, 1))[3]", {"C": C}, C[:, :, 3], None),
    ("A.transpose().sum(0)", {"A": A}, [3, 7], None),
    (TORCH + "y = 1*x; u = torch.flip(y, (0,)); u += 1; u*y", {"x": [1, 2]}, [3, 4], None),
    (lines("def f(v):", "    import numpy as np", "    from numpy import std", "    return std(v)",
           "def g(v):", "    import numpy as np", "    return np.sum(v)", "f(x) + g(x)"),
     {"x": [1, 2]}, 3.5, None),
    ("np.sum(x)\nimport numpy as np\nnp.sum(x)", {"x": [1, 2]}, 3, None),
    ("torch.sum(x)*max([x])", {"x": [1, 2]}, [3, 6], {"x": [6, 6]}),
    ("max(x, 0)", {"x": 2}, 2, {"x": 1}),
    (NP + "((range(2) != x) + 0.0)*np.sum(x)", {"x": [3, 5]}, [8, 8], None),
    (NP + "x*(range(3) == range(3))", {"x": 2}, 2, {"x": 1}),
    (NP + "s/(1 + round(s)*s)", {"s": -0.2}, -0.2, {"s": 1}),
    ("import math\nx*math.floor(x)**-2", {"x": 2.5}, 0.625, {"x": 0.25}),
    (NP + "np.sum(A.transpose((1, 0))[0] + A.transpose()[0] + A.transpose(None)[0])",
     {"A": [[1, 2], [3, 5]]}, 12, {"A": [[3, 0], [3, 0]]}),
]  # fmt: skip

ANSWERED = ("verified", "kink", "vanished")


def report(text: str, inputs: dict[str, Any]) -> Report:
    return calculate(problem(text, inputs))


@pytest.mark.parametrize(
    ("text", "inputs", "value", "gradients"), MEANT, ids=[row[0] for row in MEANT]
)
def test_a_call_means_what_its_library_means(
    text: str, inputs: dict[str, Any], value: Any, gradients: dict[str, Any] | None
) -> None:
    answer = report(text, inputs)
    assert answer.verdict.outcome in ANSWERED
    assert close(answer.value, value)
    for one in answer.gradients:
        if gradients is not None:
            assert close(one.autograd, gradients[one.name])


# text, inputs, a part of the message
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("torch.sum(x, False)", {"x": [1, 2]}, "does not take False"),
    ("torch.sin(x, 2)", {"x": [1, 2]}, "torch.sin takes 1 argument"),
    ("np.std(x, dim=0)", {"x": [1, 2]}, "numpy.std has no parameter dim"),
    ("np.softplus(x)", {"x": [1, 2]}, "numpy has no function called softplus here"),
    ("torch.concatenate([x], x)", {"x": [1, 2]}, "does not take"),
    (TORCH + "(x > 0) - (x > 1)", {"x": [1, 2]}, "subtracts no truth values"),
    (NP + "-(x > 0)", {"x": [1, 2]}, "not for truth values"),
    ("((x > 0) @ (x > 1))*x", {"x": [1, 2]}, "not for truth values"),
    ("np.exp(x > 0)*x", {"x": [1, 2]}, "numpy.exp does not calculate in float64"),
    ("np.full_like(np.array([1, 2]), 0.5)*x", {"x": [1, 2]}, "cannot be filled with 0.5"),
    ("np.array([1, 2])**-1*x", {"x": [1, 2]}, "no negative powers"),
    ("np.array([1, 2])//0*x", {"x": [1, 2]}, "divided by zero"),
    ("np.reciprocal(np.array([2, 3]))*x", {"x": [1, 2]}, "numpy.reciprocal does not calculate"),
    ("x == [1, 2]", {"x": [1, 2]}, "not equal, whatever is in them"),
    ("A[[[0, 1], [1, 0]]]", {"A": A}, "each in its own way"),
    ("math.sin(x)", {"x": [1, 2]}, "math's functions take one number"),
    ("max(x, y) + np.pi", {"x": [1, 2], "y": [2, 1]}, "neither true nor false"),
    ("torch.sum(x) + np.sum(x) + x.std()", {"x": [1, 2]}, "may be torch's or numpy's"),
    (NP + "x.unsqueeze(0)", {"x": [1, 2]}, "numpy's arrays have no method .unsqueeze"),
    (TORCH + "x.concatenate(x)", {"x": [1, 2]}, "torch's arrays have no method .concatenate"),
    ("np.array([3])**50*x", {"x": [1, 2]}, "too large to be exact"),
    (NP + TORCH + "x.std()/np.sqrt(2.0)", {"x": [1, 2]}, "may be torch's or numpy's"),
    (NP + TORCH + "import math\ntorch.sum(x)*math.exp(x[0])*np.sqrt(2.0)", {"x": [1, 2]},
     "this text has both"),
    ("from torch import std\nfrom numpy import *\nstd(x)", {"x": [1, 2]}, "is imported from torch"),
    ("np.arange(0, s, 3)", {"s": 2}, "has no gradient here"),
    ("np.pad(x, 1, constant_values=s)", {"x": [1, 2], "s": 2}, "has no gradient here"),
    ("import math\nmath.floor(x)*(y,)", {"x": 2.5, "y": 3}, "repeats the list"),
    ("from torch import *\nx*range(3)[0]", {"x": [1, 2]}, "has its end in it"),
    # a bool is no dimension where the library has no such signature
    ("A.sum(False)", {"A": A}, "does not take False for dim"),
    ("A.sort(True)[0]", {"A": A}, "does not take True for dim"),
    ("A.flip(True)", {"A": A}, "does not take True for dims"),
    (TORCH + "A.transpose(1, 0, 2)", {"A": A}, ".transpose takes 2 arguments, not 3"),
    ("torch.std(A, ())", {"A": A}, "does not take a tuple for dim"),
    ("softplus(x, beta=b)", {"x": 1, "b": 2}, "beta of softplus that depends on an input"),
    # imports hold where they have run
    ("import numpy as m\na = m.std(x)\nimport torch as m\na", {"x": [1, 2]},
     "is imported from numpy"),
    ("from numpy import std as f\ny = f(x)\nfrom numpy import var as f\nf(x)", {"x": [1, 2]},
     "is imported from numpy.std"),
    ("def std(v): return v\nfrom numpy import std\nstd(x)", {"x": [1, 2]}, "may not have run"),
    ("a = sum(x)\nfrom numpy import *\na + sum(x)", {"x": [1, 2]}, "may not have run"),
    ("if x[0] > 9:\n    from numpy import sum\nsum(x)*np.pi", {"x": [1, 2]}, "may not have run"),
    (lines("def f(v):", "    from numpy import sum", "    return sum(v)", "f(A)*sum(A)"), {"A": A},
     "may not have run"),
    ("zip(x, x)[0][0]", {"x": [1, 2]}, "cannot be indexed"),
    # numpy compares elements, whatever with
    (NP + "x*(x != None)", {"x": [1, 2]}, "compares each element"),
    (NP + "x*(x == 'a')", {"x": [1, 2]}, "compares each element"),
    ("np.arange(3)*2**62*np.sum(x)", {"x": [1, 2]}, "too large to be exact"),
    ("np.sum(x, dtype=int)", {"x": [1, 2, 3]}, "calculates with dtype=int otherwise"),
    # what does not go into a tensor
    ("k = np.array([1, 2]); k += 0.5; k*x", {"x": [1, 2]}, "of integers cannot hold"),
    ("k = x > 0; k += 1; k*x", {"x": [1, 2]}, "of truth values cannot hold"),
    (NP + "u = x*1; u += A; np.sum(u)", {"x": [1, 2], "A": A}, "cannot hold one of shape"),
    ("from torch import *\nlayer_norm(x)", {"x": [1, 2]}, "a function of its own"),
    ("import math\n((a > 0) + (a > -1))*x", {"a": 1, "x": [1, 2]}, "may be Python's or an array's"),
    ("import math\n(-3)**b*b", {"b": 0.5}, "is not real"),
    ("torch.sum(x)*(range(2) == x)", {"x": [1, 2]}, "not equal, whatever is in them"),
    (NP + "round(s)//(x < 0)*np.sum(x)", {"s": 1.2, "x": [1, 2]}, "divided by zero"),
    ("import math\nx*(5 % math.floor(x))", {"x": 0.5}, "divided by zero"),
    ("import math\nx*((x < 3) is True)", {"x": 0.5}, "by chance"),
    ("import math\nx**0.5", {"x": -np.inf}, "to the power 0.5 is inf here"),
    ("jnp.power(x, 0.5)", {"x": [-np.inf]}, "to the power 0.5 is inf here"),
    (NP + "np.sum(x)*x.max()**0.5", {"x": [-np.inf]}, "to the power 0.5 is inf here"),
    ("jnp.sum(x)*((x > 0)/(x > 1))", {"x": [2, 2]}, "jax's div of such numbers"),
    ("jnp.sum(x*(x > 0))", {"x": [np.nan, 2]}, "jax's mul of such numbers"),
    ("jnp.sum(x)*jnp.sign(x)", {"x": [np.nan, 2]}, "jax's sign of such numbers"),
    ("np.round(x > 0)*x", {"x": [1, 2]}, "numpy.round does not calculate in float64"),
    ("jnp.linalg.det(A)", {"A": [[np.inf, 2], [1, 2]]}, "jax's det of such numbers"),
    ("import math\n~(a > 0)*x", {"a": 1, "x": [1, 2]}, "is -1 or -2"),
    ("jnp.linalg.norm(x > 0)*x", {"x": [1, 2]}, "with truth values or integers"),
    ("torch.sum(x)*np.not_equal(x, 1)", {"x": [1, 2]}, "integers of 8 bits"),
    ("from numpy import *\nfrom torch import sinh\nsinh(x).std()*sort(x)", {"x": [1, 2]},
     "may be torch's or numpy's"),
    ("math.hypot([3, x])", {"x": 2}, "one number, not a list"),
    ("torch.binary_cross_entropy_with_logits(x, x)", {"x": [1, 2]}, "no function called"),
    # writing where a library is not to be followed
    ("y = x.detach(); y += 1; x*y", {"x": [1, 2]}, "detached from"),
    ("y = (2*x).expand(2, 2); y += 1; y", {"x": [1, 2]}, "one and the same place"),
    ("y = (-A.T).reshape(-1); z = y*1; w = -A.T; v = w.reshape(-1); v += 1; w", {"A": A},
     "shares its memory"),
    ("y = 2*x; y[1:] = y[:-1]; y", {"x": [1, 2, 3]}, "while it writes"),
    ("y = 2*x; y[[0, 0]] = x; y", {"x": [1, 2]}, "written to twice"),
    ("import jax.numpy as jnp\ny = jnp.sin(x); y[0] = 1; y", {"x": [1, 2]}, "never written into"),
    ("u = torch.arange(3); u[0] = x[0]; u", {"x": [1, 2]}, "cut what is written"),
    ("y = 2*x; y[0] = x; y", {"x": [1, 2]}, "does not fit a place of shape ()"),
    ("y = 2*x; y.t_(); y", {"x": A}, ".t_() cannot be used"),
    (lines("w = 1.0*x", "with torch.no_grad():", "    w -= 0.1*w", "(w*w).sum()"), {"x": [1, 2]},
     "torch would keep the gradient"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "inputs", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_not_known_to_be_meant_is_refused(
    text: str, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(GradcalcError) as caught:
        report(text, inputs)
    assert message in caught.value.message


BOTH = "import numpy as np\nimport torch\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # along one dimension both mean the same
        ("torch.exp(x*0).sum(0)*np.sqrt(4.0)", 4.0),
        ("(torch.exp(x*0)*x).mean(axis=0)*np.sqrt(4.0)", 3.0),
        # what one function does not say, the others do
        ("def g(x):\n    return torch.exp(x)\ndef f(x):\n    return x.max(dim=0).values", 2.0),
        ("def g(x):\n    return torch.exp(x)\ndef f(x):\n    return x.std()", 0.5**0.5),
    ],
)
def test_whose_a_method_is_where_a_text_imports_both(text: str, value: float) -> None:
    assert report(BOTH + text, {"x": [1.0, 2.0]}).value == pytest.approx(value)


def test_a_method_of_either_is_refused() -> None:
    with pytest.raises(GradcalcError, match="torch's or numpy's: this text imports both"):
        report(f"{BOTH}def f(x):\n    return x.std()", {"x": [1.0, 2.0]})


JAX: list[tuple[str, Any]] = [
    # what jax 0.10 gives in float64 for x and A, so that its tables are held to them without it
    ("jax.nn.leaky_relu(x)", [-0.0075, 2.25, 0.5]),
    ("jax.nn.elu(x)", [-0.52763344725899, 2.25, 0.5]),
    ("jax.nn.celu(x, 2.0)", [-0.62542144241806, 2.25, 0.5]),
    ("jax.nn.selu(x)", [-0.92763201583505, 2.36407722154983, 0.52535049367774]),
    ("jax.nn.softplus(x)", [0.3868710061149, 2.35020655891675, 0.97407698418011]),
    ("jax.nn.silu(x)", [-0.24061597561846, 2.035463703977, 0.31122966560093]),
    ("jax.nn.softmax(A)", [[0.26894142137, 0.73105857863], [0.11920292202212, 0.88079707797788]]),
    (
        "jax.nn.log_softmax(A, axis=0)",
        [[-2.12692801104297, -3.04858735157374], [-0.12692801104297, -0.04858735157374]],
    ),
    ("jax.nn.hard_tanh(x)", [-0.75, 1.0, 0.5]),
    ("jax.nn.relu6(4*x)", [0.0, 6.0, 2.0]),
    ("jnp.std(A)", 1.4790199457749),
    ("jnp.var(A, axis=0, ddof=1)", [2.0, 4.5]),
    ("jnp.sort(x)[0]", -0.75),
    ("jnp.max(A, axis=0)", [3.0, 5.0]),
    ("jnp.clip(x, 0, 1)", [0.0, 1.0, 0.5]),
    ("jnp.pad(x, 1)", [0.0, -0.75, 2.25, 0.5, 0.0]),
    ("jax.scipy.special.logsumexp(A, axis=1)", [2.31326168751822, 5.12692801104297]),
    ("jnp.linalg.norm(A, axis=1)", [2.23606797749979, 5.8309518948453]),
    ("jnp.mean(A, keepdims=True)", [[2.75]]),
    ("jnp.cumsum(A)", [1.0, 3.0, 6.0, 11.0]),
    ("jax.nn.logsumexp(A)", 5.18518245260381),
    ("jax.nn.gelu(x, approximate=False)", [-0.16997051428265, 2.22249493652615, 0.34573123063701]),
    ("jax.lax.rsqrt(A)", [[1.0, 0.70710678118655], [0.57735026918963, 0.44721359549996]]),
    ("jax.lax.stop_gradient(x)*x", [0.5625, 5.0625, 0.25]),
    ("A.var(axis=1) + jnp.sum(A)", [11.25, 12.0]),
    ("jax.nn.soft_sign(x)", [-0.42857142857143, 0.69230769230769, 0.33333333333333]),
    ("jax.nn.mish(x)", [-0.27649471450547, 2.20945675766263, 0.3752452113049]),
    ("jax.nn.log_sigmoid(x)", [-1.1368710061149, -0.10020655891675, -0.47407698418011]),
    ("jnp.linalg.vector_norm(x, ord=3)", 2.28544686231448),
    ("jnp.linalg.det(A)", -1.0),
    ("jnp.linalg.inv(A)", [[-5.0, 2.0], [3.0, -1.0]]),
]


@pytest.mark.parametrize(("text", "value"), JAX, ids=[row[0] for row in JAX])
def test_a_call_of_jax_means_what_jax_means(text: str, value: Any) -> None:
    given = {"x": [-0.75, 2.25, 0.5], "A": [[1, 2], [3, 5]]}
    answer = report(
        text, {name: given[name] for name in "xA" if name in re.findall(r"\b[xA]\b", text)}
    )
    assert answer.verdict.outcome in ANSWERED
    assert close(answer.value, value)


CUT: list[tuple[str, dict[str, Any], str]] = [
    ("torch.tensor([s, 2*s])", {"s": 2}, "copies the numbers"),
    ("tensor([s, 2*s]).sum()", {"s": 2}, "copies the numbers"),
    ("torch.as_tensor([s, 2*s])", {"s": 2}, "copies the numbers"),
    ("x[0]*0 + torch.mean(x**2).item()", {"x": [1, 2]}, "a plain number passes no gradient"),
]


@pytest.mark.parametrize(("text", "inputs", "said"), CUT, ids=[row[0] for row in CUT])
def test_what_cuts_the_gradient_is_said_first(text: str, inputs: dict[str, Any], said: str) -> None:
    answer = report(text, inputs)
    assert answer.verdict.outcome == "unresolved"
    assert said in answer.findings[0].message


def test_a_copy_under_no_grad_passes_no_gradient() -> None:
    answer = report("with torch.no_grad(): y = x.clone()\n(y*x).sum()", {"x": [1, 2]})
    assert close(answer.gradients[0].autograd, [1, 2])


def test_a_number_made_by_math_passes_no_gradient_in_a_text_of_torch() -> None:
    answer = report(TORCH + "import math\ntorch.sum(x)*math.exp(x[0])", {"x": [1, 2]})
    assert close(answer.gradients[0].autograd, [np.e, np.e])
    assert any("makes a plain number" in finding.message for finding in answer.findings)


TABLES = [
    (where, name, overload)
    for tables in (catalogue.TABLES, catalogue.METHODS)
    for where, table in tables.items()
    for name, overloads in table.items()
    for overload in overloads
]


def test_every_signature_is_read_and_has_a_meaning() -> None:
    for where, name, overload in TABLES:
        assert overload.parameters is not None, (where, name)
        if isinstance(overload.meaning, str) and overload.meaning in BY_NAME:
            own = BY_NAME[overload.meaning].signature.parameters
            assert set(overload.row_names.values()) <= set(own), (where, name)
            assert len(set(overload.row_names.values())) == len(overload.row_names)
        else:
            assert callable(overload.meaning) or overload.meaning in BUILTINS, (where, name)


ELSEWHERE = ("jax", "builtins", "einops", "autograd")
"""Libraries that are not asked: jax is by tests of its own, the others are not installed."""

LIBRARIES = [module for module in catalogue.TABLES if not module.startswith(ELSEWHERE)]


@pytest.mark.parametrize("module", LIBRARIES)
def test_every_function_is_the_library_s(module: str) -> None:
    # those which are nothing here need not be there
    pytest.importorskip(module.split(".")[0])
    # a function of numpy's may have functions of its own
    real = pkgutil.resolve_name(module)
    names = {*catalogue.TABLES[module], *catalogue.CONSTANTS.get(module, {})}
    assert [name for name in sorted(names) if not hasattr(real, name)] == []


@pytest.mark.parametrize(("arrays", "kind"), [("torch", torch.Tensor), ("numpy", np.ndarray)])
def test_every_method_is_the_array_s(arrays: str, kind: type) -> None:
    assert [name for name in catalogue.METHODS[arrays] if not hasattr(kind, name)] == []


def test_what_a_module_has_undocumented_is_not_taken_for_the_plain_name() -> None:
    for module in ("torch", "numpy", "math"):
        real, own = importlib.import_module(module), catalogue.TABLES[module]
        # Python's own need no module, and numpy had some of them
        plain = {*BUILTINS, *BY_NAME, *catalogue.plain_names()} - {*own, *vars(builtins)}
        found = {name for name in plain if hasattr(real, name)} - {"no_grad"}
        assert found == catalogue.UNLIKE_PLAIN.get(module, frozenset())


def test_every_prefix_is_a_module_and_documented() -> None:
    page = (Path(__file__).parent.parent / "docs" / "language.md").read_text(encoding="utf-8")
    sentence = page[page.index("The names in front of a dot") :].split(".\n")[0]
    assert set(re.findall(r"`(\w+)`", sentence)) == set(catalogue.PREFIXES)
    assert set(catalogue.PREFIXES.values()) <= set(catalogue.TABLES)


@pytest.mark.parametrize(
    ("call", "x", "outcome"),
    [
        ("math.exp(x)", 178, "wrong"),
        ("math.exp(-x*x)", 12, "verified"),
        ("math.pow(x, 7)", 1e-7, "vanished"),
    ],
)
def test_python_s_doubles_beyond_the_dtype_are_no_other_reading(
    call: str, x: float, outcome: str
) -> None:
    asked = problem(call, {"x": np.float32(x)}, dtype="float32")
    assert calculate(asked).verdict.outcome == outcome


def test_a_wrong_row_of_a_table_is_noticed_by_the_library(monkeypatch: Any) -> None:
    planted = [Overload("a, axis: ints = None", "mean", {})]
    monkeypatch.setitem(catalogue.TABLES["numpy"], "sum", planted)
    catalogue.function.cache_clear()
    try:
        with pytest.raises(UnsupportedError, match="otherwise here than numpy"):
            report("np.sum(x)", {"x": [1, 2]})
    finally:
        monkeypatch.undo()
        catalogue.function.cache_clear()


@pytest.mark.parametrize(
    "zero",
    ["np.array([0])//-1", "np.array([2]) % -1", "np.prod(np.array([0, -1]))", "np.array([0])*-2",
     "np.dot(np.array([0]), np.array([-1]))", "np.cumprod(np.array([0, -1]))[1]",
     "np.outer(np.array([0]), np.array([-1]))", "-np.array([0])"],
)  # fmt: skip
def test_of_integers_there_is_no_negative_zero(zero: str) -> None:
    value = torch_run(compile_program(f"1.0/({zero})*x"), {"x": 1.0}).value
    assert value.item() == np.inf


def test_what_a_definition_says_is_not_read_as_torch_s() -> None:
    program = compile_program("def f(x): return norm(x, 2, 0, True)", core=True)
    assert torch_run(program, {"x": [3, 4]}).value.shape == (1,)


OF_MATH = """
def unasked(a):
    return torch.exp(a)
class Value:
    def __init__(self, data):
        self.data = data
    def squashed(self):
        return Value(math.tanh(self.data))
def f(a):
    return {}
"""


@pytest.mark.parametrize("imports", ["import math, torch", "import math, torch, numpy as np"])
@pytest.mark.parametrize("body", ["math.exp(a)", "Value(a).squashed().data*2", "math.cos(a)**2"])
def test_functions_of_math_alone_are_of_numbers(imports: str, body: str) -> None:
    """What a file imports for its other functions makes no tensors of their numbers."""
    asked = problem(imports + OF_MATH.format(body), {"a": 0.3}, function="f")
    assert calculate(asked).verdict.outcome == "verified"


@pytest.mark.parametrize(
    "body", ["math.exp(a)*torch.tensor(2.0)", "math.exp(a.mean())", "math.exp(a[()])"]
)
def test_functions_of_math_make_plain_numbers_of_tensors(body: str) -> None:
    asked = problem("import math, torch" + OF_MATH.format(body), {"a": 0.3}, function="f")
    answer = calculate(asked)
    assert answer.verdict.outcome == "unresolved"
    assert "nothing flows through math.exp" in answer.verdict.message
