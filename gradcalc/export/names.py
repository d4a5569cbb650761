"""Names of inputs as names of other languages."""

import builtins
import keyword
import re
from collections.abc import Collection, Iterable
from itertools import chain, count

LETTERS = ("n", "m", "k", "p", "q", "r", "d", "l")
"""What sizes are called, as far as nothing else is."""

CALLED = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?=[(.])")

C_WORDS = frozenset({
    "alignas", "alignof", "asm", "assert", "auto", "bool", "break", "case", "char", "const",
    "constexpr", "continue", "default", "differs", "div", "do", "double", "else", "enum", "errno",
    "extern", "false", "float", "for", "gamma", "goto", "if", "index", "inline", "int", "j0", "j1",
    "jn", "long", "main", "math_errhandling", "nullptr", "printf", "register", "restrict",
    "return", "short", "signal", "signed", "sizeof", "static", "static_assert", "struct", "switch",
    "thread_local", "time", "true", "typedef", "typeof", "typeof_unqual", "union", "unsigned",
    "void", "volatile", "while", "wrong", "y0", "y1", "yn",
    # what the headers define, and compilers
    "BIG_ENDIAN", "BUFSIZ", "BYTE_ORDER", "EOF", "EXIT_FAILURE", "EXIT_SUCCESS", "FD_SETSIZE",
    "FILENAME_MAX", "FOPEN_MAX", "FP_ILOGB0", "FP_ILOGBNAN", "FP_INFINITE", "FP_NAN", "FP_NORMAL",
    "FP_SUBNORMAL", "FP_ZERO", "HUGE_VAL", "HUGE_VALF", "HUGE_VALL", "I", "INFINITY", "L_ctermid",
    "L_tmpnam", "LITTLE_ENDIAN", "MATH_ERREXCEPT", "MATH_ERRNO", "MB_CUR_MAX", "M_1_PI", "M_2_PI",
    "M_2_SQRTPI", "M_E", "M_LN10", "M_LN2", "M_LOG10E", "M_LOG2E", "M_PI", "M_PI_2", "M_PI_4",
    "M_SQRT1_2", "M_SQRT2", "NAN", "NDEBUG", "NFDBITS", "NULL", "PDP_ENDIAN", "P_tmpdir",
    "RAND_MAX", "SEEK_CUR", "SEEK_END", "SEEK_SET", "TMP_MAX", "WCONTINUED", "WEXITED", "WNOHANG",
    "WNOWAIT", "WSTOPPED", "WUNTRACED", "linux", "stderr", "stdin", "stdout", "unix",
})  # fmt: skip
"""Words of C, of its headers and of the code itself that a name could be."""

JULIA_WORDS = frozenset({
    "Dict", "Float64", "Inf", "Int", "LinearAlgebra", "Matrix", "NaN", "PROGRAM_FILE", "Symmetric",
    "abs", "abspath", "baremodule", "begin", "break", "catch", "cholesky", "const", "continue",
    "det", "do", "else", "elseif", "end", "error", "exp", "expected", "export", "false", "finally",
    "for", "found", "function", "given", "global", "if", "import", "in", "inv", "isa", "isfinite",
    "label", "length", "let", "local", "log1p", "logdet", "macro", "max", "maximum", "module",
    "ndims", "nested", "permutedims", "pi", "println", "quote", "reshape", "return", "reverse",
    "rowmajor", "scale", "size", "struct", "sum", "true", "try", "using", "value", "vec", "where",
    "while", "zeros",
})  # fmt: skip
"""Words of Julia, of its library and of the code itself that a name could be."""

PYTHON_WORDS = frozenset({
    *dir(builtins), "error", "expected", "flat", "found", "given", "label", "math", "name",
    "nested", "number", "scale", "value",
})  # fmt: skip
"""What Python has by itself, and words of the code, that a name could be."""

WORDS = {"C": C_WORDS, "Julia": JULIA_WORDS, "python": PYTHON_WORDS}
"""Those of the languages of loops."""


def called(texts: Iterable[str]) -> frozenset[str]:
    """The names of functions and of modules in code."""
    return frozenset(chain.from_iterable(CALLED.findall(text) for text in texts))


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
