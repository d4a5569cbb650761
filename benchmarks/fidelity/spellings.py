"""The ways to write a module's function: prefixes, imports and other names."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Library:
    """A group of modules that share their arrays: `readings` of inputs, whose `style`.

    With `one_size` all inputs of a rank have one size, for what compiles for each size.
    """

    name: str
    style: str
    readings: tuple[str, ...]
    modules: tuple[str, ...]
    one_size: bool = False


LIBRARIES: Mapping[str, Library] = MappingProxyType(
    {
        library.name: library
        for library in (
            Library("torch", "torch", ("torch",),
                    ("torch", "torch.nn.functional", "torch.linalg", "torch.special")),
            Library("bare", "bare", ("bare",), ("",)),
            Library("numpy", "numpy", ("numpy",), ("numpy", "numpy.linalg")),
            Library("scipy", "scipy", ("numpy",), ("scipy.special",)),
            Library("math", "math", ("float-torch",), ("math",)),
            Library("jax", "jax", ("jax",),
                    ("jax.numpy", "jax.numpy.linalg", "jax.nn", "jax.scipy.special", "jax.lax"),
                    one_size=True),
        )
    }
)  # fmt: skip

Spelling = tuple[str, str]
"""The import line, and how the name is written then."""

_SPELLINGS: Mapping[str, tuple[Spelling, ...]] = MappingProxyType(
    {
        "torch": (
            ("", "torch.{}"), ("", "torch.{}"), ("import torch", "torch.{}"),
            ("import torch as th", "th.{}"), ("from torch import {}", "{}"),
            ("from torch import {} as fn", "fn"), ("from torch import *", "{}"),
        ),
        "torch.nn.functional": (
            ("", "F.{}"), ("", "torch.nn.functional.{}"), ("", "nn.functional.{}"),
            ("import torch.nn.functional as F", "F.{}"),
            ("from torch.nn import functional as F", "F.{}"),
            ("from torch.nn.functional import {}", "{}"),
            ("import torch.nn.functional", "torch.nn.functional.{}"),
            ("from torch import nn", "nn.functional.{}"),
            ("from torch.nn import functional as f", "f.{}"),
        ),
        "torch.linalg": (
            ("", "torch.linalg.{}"), ("from torch import linalg", "linalg.{}"),
            ("import torch.linalg as LA", "LA.{}"), ("from torch.linalg import {}", "{}"),
            ("from torch import linalg as la", "la.{}"),
        ),
        "torch.special": (
            ("", "torch.special.{}"), ("from torch.special import {}", "{}"),
            ("from torch import special", "special.{}"),
        ),
        "": (("", "{}"),),
        "numpy": (
            ("", "np.{}"), ("", "np.{}"), ("import numpy as np", "np.{}"),
            ("import numpy", "numpy.{}"), ("", "numpy.{}"), ("from numpy import {}", "{}"),
            ("from numpy import {} as fn", "fn"), ("from numpy import *", "{}"),
            ("import numpy as num", "num.{}"),
        ),
        "numpy.linalg": (
            ("", "np.linalg.{}"), ("import numpy.linalg as LA", "LA.{}"),
            ("from numpy.linalg import {}", "{}"), ("from numpy import linalg", "linalg.{}"),
            ("import numpy as np", "np.linalg.{}"),
        ),
        "scipy.special": (
            ("", "scipy.special.{}"), ("import scipy.special as sp", "sp.{}"),
            ("from scipy.special import {}", "{}"), ("from scipy import special", "special.{}"),
            ("import scipy", "scipy.special.{}"), ("from scipy.special import {} as fn", "fn"),
            ("from scipy import special as sc", "sc.{}"),
        ),
        "math": (
            ("", "math.{}"), ("import math", "math.{}"), ("from math import {}", "{}"),
            ("from math import *", "{}"), ("import math as m", "m.{}"),
            ("from math import {} as fn", "fn"),
        ),
        "jax.numpy": (
            ("", "jnp.{}"), ("", "jax.numpy.{}"), ("import jax.numpy as jnp", "jnp.{}"),
            ("from jax import numpy as jnp", "jnp.{}"), ("from jax.numpy import {}", "{}"),
            ("import jax.numpy as np", "np.{}"), ("from jax import numpy as np", "np.{}"),
        ),
        "jax.numpy.linalg": (
            ("", "jnp.linalg.{}"), ("from jax.numpy import linalg", "linalg.{}"),
            ("from jax.numpy.linalg import {}", "{}"),
        ),
        "jax.nn": (
            ("", "jax.nn.{}"), ("from jax import nn", "nn.{}"), ("from jax.nn import {}", "{}"),
            ("import jax.nn as jnn", "jnn.{}"),
        ),
        "jax.scipy.special": (
            ("", "jax.scipy.special.{}"), ("from jax.scipy.special import {}", "{}"),
            ("from jax.scipy import special", "special.{}"),
        ),
        "jax.lax": (("", "jax.lax.{}"), ("from jax import lax", "lax.{}")),
    }
)  # fmt: skip

HEADERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "torch": ("import torch", "import torch\nimport torch.nn.functional as F", "import torch"),
        "bare": ("",),
        "numpy": ("import numpy as np",),
        "scipy": ("import numpy as np", "import numpy as np\nimport scipy.special"),
        "math": ("import math",),
        "jax": ("import jax.numpy as jnp",),
    }
)
"""What makes a text of methods and operators one of the library."""


def spelling(rng: random.Random, path: str) -> Spelling:
    """One way to write the functions of a module."""
    return rng.choice(_SPELLINGS[path])
