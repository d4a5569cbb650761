"""Random files that import each other and change what others have, for `test_files`.

What Python makes of them, who imports them and calls the function, is the truth.
"""

import importlib
import io
import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import torch

HELPERS = """\
import torch
import math
import os, sys
from functools import partial, wraps, lru_cache
K = 2.0
LIST = [1.0, 2.0]
D = {"a": 1.5}
W = torch.tensor([1.0, 2.0])
class C:
    K = 2.5
def scale(x, k=LIST):
    return x*K + k[0]
def g(x):
    return torch.sin(x)*K + LIST[-1]
def h(x):
    return g(x)*D["a"] + W[0]*C.K
def grow(value=5.0):
    LIST.append(value)
def setk(value=7.0):
    global K
    K = value
def put(thing, key, value):
    thing[key] = value
def twice(fn):
    @wraps(fn)
    def inner(x):
        return 2*fn(x)
    return inner
"""

PACKAGE = """\
from .deep import deep, OTHER
from ..helpers import K as IGNORED
"""

DEEP = """\
import torch
OTHER = [3.0]
def deep(x):
    return x*x*OTHER[0]
"""

MAIN = """\
import torch
import os
from helpers import g, h, D
from helpers import K as KK
import helpers
import helpers as hh
from pkg.deep import deep
import pkg.deep
S = 1.25
OWN = [0.5, 0.25]
def own(x):
    return x*S + OWN[0]
def f(x):
    return g(x) + h(x)*KK + helpers.K*own(x) + hh.scale(x) + deep(x)
"""

OF_HELPERS = r"""
K = 3.0
K += 1
LIST.append(4.0)
LIST[0] = 9.0
grow()
grow(6.5)
setk()
D["a"] = 0.5
D.update(a=4.0)
put(D, "a", 8.0)
put(LIST, 0, 8.0)
W[0] = 5.0
W.mul_(2)
W += 1
V = W[:1]; V[0] = 11.0
L2 = LIST; L2.append(12.0)
C.K = 1.0
setattr(C, "K", 5.0)
globals()["K"] = 6.0
vars(C)
exec("K = 11.0")
sys.modules[__name__].K = 13.0
grow.__globals__["K"] = 14.0
g.__defaults__ = None
[LIST.append(v) for v in (5.0, 6.0)]
any(LIST.append(v) for v in (5.0, 7.0))
list(map(LIST.append, [8.0]))
list(map(grow, [8.5]))
partial(LIST.append, 3.5)()
run = grow; run(4.5)
(lambda: LIST.append(2.5))()
for K in (1.0, 2.0): pass
if len(LIST) > 1: K = 4.0
if os.sep == "/": K = 4.5
with open(os.devnull) as K2: LIST.append(1.5)
try:\n    K = 1/0\nexcept ZeroDivisionError:\n    K = 5.5
try:\n    import numpy as np\nexcept ImportError:\n    K = 5.5
try:\n    import numpy as np\n    K = 3.5\nexcept ImportError:\n    K = 5.5
try:\n    import not_there\nexcept ImportError:\n    K = 6.5
while K < 10: K = K + 3
(K := 6.25)
del LIST[0]
LIST.sort(reverse=True)
LIST.insert(0, 3.25)
g = twice(g)
@twice\ndef g(x): return x*K
def g(x): return x*K*2
if K > 1:\n    def g(x): return x*K*3
def setk2():\n    global g\n    def g(x): return x*5\nsetk2()
if __name__ == "__main__": K = 100.0
if __name__ != "__main__": K = 4.25
if __name__ == "__main__": pass\nelse: K = 4.75
from typing import TYPE_CHECKING\nif TYPE_CHECKING: K = 10.0\nelse: K = 1.75
from operator import setitem\nsetitem(D, "a", 2.25)
import heapq\nheapq.heappush(LIST, 0.5)
import random\nrandom.Random(0).shuffle(LIST)
from math import *
from torch import *
from pkg.deep import *
import pkg.deep as pd; pd.OTHER[0] = 7.0
from pkg import deep
class Adder:\n    def __init__(self): LIST.append(9.5)\nAdder()
class Adder:\n    def __call__(self): LIST.append(9.5)\nAdder()()
class Keeper:\n    items = LIST\nKeeper.items.append(2.125)
class Keeper:\n    def __enter__(self): LIST.append(2.1)\n    def __exit__(self, *a): pass\nwith Keeper(): pass
class Keeper:\n    def __getitem__(self, k): LIST.append(2.2); return 1\nKeeper()[0]
class Keeper:\n    def __add__(self, k): LIST.append(2.3); return 1\nKeeper() + 1
class Keeper:\n    @property\n    def p(self): LIST.append(2.4); return 1\nKeeper().p
class Keeper:\n    def __init_subclass__(cls): LIST.append(2.6)\nclass Sub(Keeper): pass
class Keeper:\n    def __set_name__(self, o, n): LIST.append(2.7)\nclass Sub:\n    k = Keeper()
class Keeper:\n    def __iter__(self): LIST.append(2.8); return iter(())\nfor _ in Keeper(): pass
class Keeper:\n    def __del__(self): LIST.append(2.9)\nKeeper()
class Keeper:\n    def __eq__(self, o): LIST.append(3.1); return True\nKeeper() == 1
class Keeper:\n    def __str__(self): LIST.append(3.3); return ""\nf"{Keeper()}"
class Keeper:\n    def __bool__(self): LIST.append(3.4); return True\nif Keeper(): pass
class Keeper:\n    def __setattr__(self, n, v): LIST.append(3.6)\nKeeper().a = 1
class Keeper:\n    def __len__(self): LIST.append(3.7); return 1\nlen(Keeper())
def deco(fn):\n    LIST.append(3.8)\n    return fn\n@deco\ndef unused(x): return x
def unused(x, y=LIST.append(3.9)): return x
def gen():\n    LIST.append(4.1)\n    yield 1\nlist(gen())
sorted([2, 1], key=lambda v: LIST.append(4.2) or v)
print(LIST.pop())
assert LIST.append(4.3) is None
x = [LIST]; x[0].append(4.4)
x = {"k": LIST}; x["k"].append(4.6)
x = (LIST, D); x[0].append(4.7)
x = lambda: LIST; x().append(4.8)
def give(): return LIST\ngive().append(4.9)
def give():\n    def inner(): return LIST\n    return inner\ngive()().append(5.1)
import threading\nt = threading.Thread(target=grow); t.start(); t.join()
import copy\ncopy.copy(LIST).append(5.2)
import types\nns = types.SimpleNamespace(l=LIST); ns.l.append(5.3)
import itertools\nlist(itertools.starmap(grow, [(5.4,)]))
from functools import reduce\nreduce(lambda a, b: LIST.append(b), [1.0, 5.6])
from contextlib import contextmanager\n@contextmanager\ndef cm():\n    LIST.append(5.7)\n    yield\nwith cm(): pass
from collections import defaultdict\ndd = defaultdict(lambda: LIST); dd[0].append(5.8)
from dataclasses import dataclass\n@dataclass\nclass P:\n    a: float = 1.0\n    def __post_init__(self): LIST.append(5.9)\nP()
torch.add(W, 1, out=W)
torch.nn.functional.relu_(W.neg_())
W.data[0] = 3.0
W.numpy()[0] = 6.0
W.view(-1)[0] = 7.5
W.copy_(torch.zeros(2))
torch.set_default_dtype(torch.float64)
math.sin = math.cos
torch.sin = torch.cos
import torch as T; T.sin = torch.cos
from torch import sin as s2; s2 = torch.cos
""".strip().split("\n")

OF_MAIN = r"""
helpers.K = 3.0
hh.K = 3.5
helpers.LIST.append(4.0)
hh.D["a"] = 2.0
D["a"] = 3.0
helpers.grow()
helpers.setk(2.75)
helpers.g = own
helpers.h = lambda x: x
helpers.C.K = 0.25
setattr(helpers, "K", 5.0)
vars(helpers)["K"] = 6.0
helpers.__dict__["K"] = 7.0
import sys; sys.modules["helpers"].K = 8.0
import importlib; importlib.import_module("helpers").K = 9.0
import importlib; importlib.reload(helpers)
def patch(m): m.K = 10.0\npatch(helpers)
for m in (helpers, pkg): m.K = 11.0
from unittest import mock; mock.patch("helpers.K", 12.0).start()
from helpers import *
from helpers import K, LIST\nLIST.append(2.0)
from helpers import g as g2\ng2 = own
from helpers import h as g
def g(x): return x
def g(x): return helpers.g(x)*2
g = helpers.twice(g)
g = own
KK = 9.0
KK += 1
S = 2.5
def local(g):\n    return g\nlocal(3)
def own(x):\n    from helpers import K as S\n    return x*S
def own(x):\n    import helpers as S\n    return x*S.K
def own(x):\n    helpers = S\n    return x*helpers
def own(x):\n    return sum([g for g in OWN])*x + g(x)
def own(x):\n    K = helpers.K\n    def inner(helpers): return helpers*K\n    return inner(x)
def own(x, helpers=S): return x*helpers
def own(x):\n    class A:\n        K = 3.0\n    return x*A.K*helpers.K
own = lambda x: x*helpers.K
own = lambda g: g*S
def setter():\n    helpers.K = 1.5\nsetter()
def setter():\n    global S\n    S = helpers.K\nsetter()
def setter():\n    helpers.LIST[0] = 1.75\nsetter()
class A:\n    helpers.K = 3.25
class A:\n    K = helpers.K\n    helpers.LIST.append(K*3)
for helpers.K in (1.0, 6.0): pass
[helpers.LIST.append(i) for i in (1.0, 2.0)]
pkg.deep.OTHER[0] = 4.0
pkg.deep.OTHER = [6.0]
pkg.OTHER[0] = 5.0
pkg.OTHER = [5.5]
pkg.deep.deep = own
from pkg import deep
from pkg import *
from pkg.deep import OTHER; OTHER[0] = 2.0
from pkg.deep import OTHER as o2; o2.insert(0, 2.5)
import late
def own(x):\n    import late\n    return x*late.VALUE
def own(x):\n    from late import VALUE as v\n    return x*v
if S > 1:\n    from helpers import h as g
try:\n    from helpers import g\nexcept ImportError:\n    def g(x): return x
try:\n    from not_there import g\nexcept ImportError:\n    pass
try:\n    from not_there import own\nexcept ImportError:\n    from helpers import g as own
if __name__ == "__main__": helpers.K = 100.0
if __name__ != "__main__": helpers.K = 4.25
f.k = 3
f = helpers.twice(f)
@helpers.twice\ndef own(x): return x
print(helpers)
del helpers.LIST[0]
del OWN[0]
import math; math.K = 3
sum = max
def sum(a): return 3.0
abs = lambda v: 2*v
from math import *
from torch import *
import builtins; builtins.sum = max
""".strip().split("\n")

LATE = """\
import helpers
VALUE = helpers.K
helpers.LIST.append(7.25)
"""

QUIET = "VALUE = 2.0\n"


def planted(rng: random.Random) -> dict[str, str]:
    """The files of one program, with something done in some of them."""

    def mixed(text: str, things: list[str], most: int) -> str:
        chosen = [t.replace("\\n", "\n") for t in rng.sample(things, rng.randint(0, most))]
        statements = _statements(text)
        for thing in chosen:
            # what is done must find what it does it to
            place = rng.randint(len(statements) // 2, len(statements))
            statements.insert(place, thing)
        return "\n".join(statements) + "\n"

    return {
        "helpers.py": mixed(HELPERS, OF_HELPERS, 2),
        "pkg/__init__.py": "from .deep import deep, OTHER\n" if rng.random() < 0.5 else "",
        "pkg/deep.py": DEEP,
        "late.py": LATE if rng.random() < 0.5 else QUIET,
        "main_file.py": mixed(MAIN, OF_MAIN, 2),
    }


def _statements(text: str) -> list[str]:
    """The statements of the top level."""
    found: list[str] = []
    for line in text.splitlines():
        joined = line.startswith((" ", "\t")) or (found and found[-1].startswith("@"))
        if found and joined:
            found[-1] += f"\n{line}"
        else:
            found.append(line)
    return found


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def truth(folder: Path, at: float) -> tuple[float, float] | str:
    """The value and the slope of Python's own `main_file.f`, or why there is none."""
    with _fresh(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            function = importlib.import_module("main_file").f
            x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
            value = function(x)
            (slope,) = torch.autograd.grad(value, x) if value.requires_grad else (torch.zeros(()),)
            return float(value), float(slope)
        except Exception as error:
            return f"{type(error).__name__}: {error}"


@contextmanager
def _fresh(folder: Path) -> Iterator[None]:
    """Python as it is, with nothing of the files left behind."""
    import builtins
    import math

    saved = {m: dict(vars(m)) for m in (builtins, math, torch)}
    before, dtype = set(sys.modules), torch.get_default_dtype()
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        sys.path.remove(str(folder))
        torch.set_default_dtype(dtype)
        for name in set(sys.modules) - before:
            if name.split(".")[0] in ("helpers", "pkg", "late", "main_file"):
                del sys.modules[name]
        for module, names in saved.items():
            for name in set(vars(module)) - set(names):
                delattr(module, name)
            for name, value in names.items():
                if vars(module)[name] is not value:
                    setattr(module, name, value)
        from unittest import mock

        mock.patch.stopall()
