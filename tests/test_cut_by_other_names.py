"""What takes plain numbers out of tensors, called by names that the text does not show."""

import pytest

from gradcalc import grad

CUT = {
    "imported under another name": "from math import sin as s\ndef f(x): return s(x)",
    "a name for it": "import math\ndef f(x):\n    g = math.sin\n    return g(x)",
    "in a list": "import math\ndef f(x): return [math.sin, math.cos][0](x)",
    "mapped": "import math\ndef f(x): return list(map(math.sin, [x]))[0]",
    "a default": "import math\ndef f(x, fn=math.sin): return fn(x)",
    "float": "def f(x):\n    g = float\n    return g(x)**2*torch.ones(1)",
    "float, mapped": "def f(x): return list(map(float, [x]))[0]",
    "item": "def f(x): return getattr(x, 'item')()**2*torch.ones(1)",
    "a copy": "def f(x):\n    t = torch.tensor\n    return t(x*2)",
    "a copy, imported": "from torch import tensor as T\ndef f(x): return T(x*2)",
    "complex": "def f(x): return complex(x).real*torch.ones(1)",
    "by its own name": "import math\ndef f(x): return math.sin(x)",
}
KEPT = {
    "counts": "def f(x):\n    g = int\n    return torch.ones(g(x)).sum()*1.0",
    "printed": "def f(x):\n    g = float\n    print(g(x))\n    return torch.relu(-x)",
    "compared": "def f(x):\n    g = float\n    return x*0 + (g(x) > 1)*2.0",
}


@pytest.mark.parametrize("name", CUT)
def test_a_gradient_that_is_cut_off_is_not_verified(name: str) -> None:
    found = grad(f"import torch\n{CUT[name]}\n", x=2.0)
    assert found.verdict.outcome.value == "unresolved"
    assert any("nothing flows through" in finding.message for finding in found.findings)


@pytest.mark.parametrize("name", KEPT)
def test_a_gradient_that_is_zero_stays_verified(name: str) -> None:
    assert grad(f"import torch\n{KEPT[name]}\n", x=2.0).verdict.outcome.value == "verified"
