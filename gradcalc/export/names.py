"""Names of inputs as names of other languages."""

import keyword
import re
from collections.abc import Collection, Iterable
from itertools import chain, count

C_WORDS = frozenset({
    "I", "INFINITY", "NAN", "abs", "auto", "break", "case", "ceil", "char", "const", "continue",
    "cos", "default", "div", "do", "double", "else", "enum", "erf", "erfc", "errno", "exp",
    "extern", "fabs", "float", "floor", "for", "gamma", "goto", "if", "index", "inline", "int",
    "j0", "j1", "jn", "lgamma", "log", "long", "main", "pow", "printf", "register", "restrict",
    "return", "short", "signal", "signed", "sin", "sizeof", "sqrt", "static", "stderr", "stdin",
    "stdout", "struct", "switch", "tan", "tgamma", "time", "typedef", "union", "unsigned", "void",
    "volatile", "while", "y0", "y1", "yn",
})  # fmt: skip
"""Words of C and of its library that a name could be."""

JULIA_WORDS = frozenset({
    "abs", "baremodule", "begin", "break", "catch", "const", "continue", "cos", "do", "else",
    "elseif", "end", "exp", "export", "false", "finally", "for", "function", "global", "if",
    "import", "in", "isa", "let", "local", "log", "macro", "module", "pi", "quote", "return",
    "sin", "sqrt", "struct", "sum", "tan", "true", "try", "using", "where", "while", "zeros",
})  # fmt: skip
"""Words of Julia that a name could be."""


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
