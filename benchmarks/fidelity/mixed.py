"""Texts of more than one library: the constants and the arrays of one beside the calls of another.

Whose arrays the inputs are is not told: the value may be that of either reading.
"""

import random
from collections.abc import Iterator

from benchmarks.fidelity.calls import accepted, expression_of, is_read, subjects
from benchmarks.fidelity.cases import PROFILES, Case, draw_inputs, inputs_of, is_generic
from benchmarks.fidelity.operands import enclosed
from benchmarks.fidelity.spellings import LIBRARIES

_PAIRS = (("torch", "numpy"), ("numpy", "torch"), ("torch", "math"), ("numpy", "math"),
          ("numpy", "scipy"), ("torch", "scipy"))  # fmt: skip
_FORMS = ("{e} + {f}", "{e}*{f}", "{e} - np.pi", "math.sqrt(2)*{e}", "{e}*np.e + math.tau",
          "u = {e}\nv = {f}\nu*v", "{e}*np.array([1.0, 2.0, 3.0])", "np.float64(2)*{e}",
          "{e} + torch.tensor([1.0, 2.0, 3.0])", "[{e}, {f}]", "{e}*torch.pi", "{f} + sum({e})",
          "max({e}, math.pi)", "{e}*(np.arange(3) > 0)", "{e} @ np.ones(3)", "{e}/np.sqrt(2)",
          "{e}*math.exp(1)", "{e} + math.floor(2.5)", "abs({e})*np.sign(-2)", "{f}[0]*{e}",
          "{e}*np.linalg.norm([3, 4])", "{e}*np.mean([1, 2, 3])", "x.std()*{e}",
          "np.inf*{e}", "min({e}, np.inf)", "{e}*torch.std(torch.tensor([1.0, 2.0]))",
          "{e}*np.std(np.array([1.0, 2.0]))", "{e} + float(np.std([1.0, 2.0]))",
          "{e} + np.log(2)*math.log(2)", "round({e}, 1) + np.round(2.5)")  # fmt: skip


def texts(seed: int, count: int) -> Iterator[Case]:
    """So many texts of two libraries."""
    rng = random.Random(f"mixed {seed}")
    read = {
        name: [s for s in subjects(name) if is_read(s) and not s.method]
        for name in dict.fromkeys(name for pair in _PAIRS for name in pair)
    }
    for _ in range(count):
        pair = rng.choice(_PAIRS)
        profile = rng.choice(PROFILES)
        pool = draw_inputs(rng, profile)
        headers, parts = [], []
        for name in pair:
            subject, library = rng.choice(read[name]), LIBRARIES[name]
            header, part = accepted(
                rng, library, lambda s=subject, o=library: expression_of(rng, s, o), pool
            )
            headers.append(header)
            parts.append(enclosed(part))
        form = rng.choice(_FORMS).replace("{e}", parts[0]).replace("{f}", parts[1])
        heads = dict.fromkeys(header for header in headers if header)
        text = "\n".join([*heads, form])
        inputs = inputs_of(text, pool)
        readings = ("torch", "numpy", "float")
        yield Case("mixed", f"{pair[0]} and {pair[1]}", text, inputs, readings, is_generic(profile))
