"""Names of inputs as names of other languages."""

import keyword
import re
from collections.abc import Collection, Iterable
from itertools import chain, count

C_WORDS = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if inline"
    " int long register restrict return short signed sizeof static struct switch typedef union"
    " unsigned void volatile while main exp log sin cos tan sqrt pow fabs floor ceil erf erfc tgamma"
    " lgamma y0 y1 yn j0 j1 jn gamma abs div time index signal printf NAN INFINITY I stdin"
    " stdout stderr errno".split()
)
JULIA_WORDS = frozenset(
    "baremodule begin break catch const continue do else elseif end export false finally for function"
    " global if import let local macro module quote return struct true try using while in isa where"
    " pi exp log sin cos tan sqrt abs sum zeros".split()
)


def identifiers(names: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """A name of letters, digits and underscores for each, none of those that are taken."""
    found: dict[str, str] = {}
    reserved = {*taken, *keyword.kwlist}
    for name in names:
        plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "x"
        plain = f"x{plain}" if plain[0].isdigit() else plain
        candidates = chain([plain], (f"{plain}_{k}" for k in count(1)))
        found[name] = next(c for c in candidates if c not in reserved)
        reserved.add(found[name])
    return found
