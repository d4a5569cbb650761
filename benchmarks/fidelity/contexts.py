"""Code around a value: a text means the same alone and inside other code."""

import random

from benchmarks.fidelity.operands import STYLES, enclosed

_PLAIN = ("2*{e}", "{e}[0]", "{e}[-1]", "{e}*x", "{e} + x", "-{e}", "{e}**2", "{e} + {e}",
          "{e}[None]", "{e}[..., 0]", "1/{e}", "{e} > 0", "{e}/3 - 1", "{e}[:1]", "a*{e}",
          "({e}, 1)", "[{e}, {e}]", "{e} @ x", "x @ {e}", "{e}*A", "{e} % 2", "{e} // 2",
          "{e}[0]*2",
          "{e}*(x > 0)", "{e} if {e}.sum() > 0 else 0*{e}", "({e} > 0)*1.0",
          "(lambda v: v*v)({e})", "2**{e}", "{e} == {e}", "{e} - [1.0]", "{e}[1]",
          "[{e}][0]", "({e}, 2*x)[0]", "{e} / 2", "abs({e})", "{e}*{e}",
          "{e}[0] + {e}[1]")  # fmt: skip
_ARRAY = ("{e}.sum()", "{e}.mean()", "{e} + {e}.T", "{e}.T", "{e}.shape", "{e}.ndim", "{e}.max()",
          "{e}.reshape(-1)", "{e}.std()", "{e}.size", "{e}.prod()", "{e}.min(0)", "{e}.sum(0)",
          "{e}.sum(-1)", "{e}.flatten()", "{e}.argmax()", "{e}.round()", "{e}.sum().item()*x",
          "{e}.clip(0, 1)", "{e}.cumsum(0)", "{e}.dot(x)", "{e}.var()", "{e}.squeeze()",
          "{e}.T.sum(0)", "{e}.any()", "{e}.all()")  # fmt: skip
_FUNCTIONS = ("{m}sum({e})", "{m}mean({e})", "{m}abs({e})", "{m}max({e})", "{m}exp(-{e}*{e})",
              "{m}sum({e}*x)", "{m}sqrt(1 + {e}**2)", "{m}stack([{e}, {e}])", "{m}std({e})",
              "{m}where({e} > 0, {e}, 0)", "{m}sum({e}, -1)", "{m}prod({e})",
              "{m}all({e} == {e})", "{m}argmax({e})", "{m}sum({e} > 0)", "{m}zeros_like({e})",
              "{m}maximum({e}, 0*{e})", "{m}var({e})")  # fmt: skip
_BUILTINS = ("sum({e})", "max({e})", "min({e})", "len({e})", "float({e})", "abs({e})", "round({e})",
             "pow({e}, 2)", "int({e})", "sum([{e}, {e}])", "max({e}, 1)", "min({e}, a)",
             "bool({e})", "sum({e}, 1)", "all({e})", "any({e})", "max([{e}, {e}])")  # fmt: skip
_STATEMENTS = ("y_ = {e}\ny_*y_", "u = {e}\nv = u\nv + u", "u, v = {e}, 2\nu*v", "u = {e}; u[0]",
               "def f({p}):\n    return {e}", "def f({p}):\n    u = {e}\n    return 2*u",
               "def g(u):\n    return u*2\ng({e})", "def g(u, k=3):\n    return u*k + 1\ng({e})",
               "s = 0\nfor r in {e}:\n    s = s + r\ns", "u = {e}\nu += 1\nu",
               "u = {e}\nu *= 2\nu", "f = lambda u: u + {e}\nf(1)",
               "u = {e}\nif u.sum() > 0:\n    u = -u\nu", "u, v = {e}\nu - v",
               "s = 0\nfor i in range(2):\n    s = s + {e}[i]\ns", "u = {e}\nu[-1] + u[0]",
               "u = {e}\nfor _ in range(2):\n    u = u + x\nu", "(u := {e})*u",
               "u: float = {e}\nu/2", "u = w = {e}\nu + w")  # fmt: skip


def wrapped(rng: random.Random, expression: str, style: str, names: str) -> str:
    """An expression inside other code; `names` are the inputs as parameters."""
    module = STYLES[style].module if style != "math" else "math."
    pools = (_PLAIN, _ARRAY, _FUNCTIONS, _BUILTINS, _STATEMENTS)
    weights = (5, 0, 0, 3, 3) if style == "math" else (5, 4, 4, 3, 4)
    text = rng.choice(rng.choices(pools, weights)[0])
    return text.replace("{e}", enclosed(expression)).replace("{m}", module).replace("{p}", names)
