r"""LaTeX read back: whether it is well formed, and what a formula comes to.

The reader knows the conventions that a reader of textbooks knows, and nothing of how the formula
was written: vectors are columns, factors side by side are a product, `\sum` takes in the product
behind it, indexes count from 1. Nothing but a number is broadcast, and that not in a sum.
"""

import itertools
import re
import shutil
import subprocess

import numpy as np
import pytest
import scipy.special

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
_TEXT = {r"\text", r"\texttt", r"\textit", r"\mathrm", r"\mathit", r"\operatorname", r"\item"}


def tokens(tex):
    return _TOKEN.findall(tex)


def fault(tex):
    """What is wrong with a whole output, None if nothing is."""
    if not tex.isascii():
        return "not ASCII"
    open_, words = [], tokens(tex)
    scripts = set()
    for k, word in enumerate(words):
        before = words[k - 1] if k else ""
        kind = open_[-1] if open_ else ""
        if word == "{":
            open_.append("text" if before in _TEXT or kind == "text" else f"group{before}")
        elif word == "}":
            if not open_ or not open_[-1].startswith(("group", "text")):
                return f"a brace too many, token {k}"
            closed = open_.pop()
            if closed in ("group_", "group^"):
                scripts.add(closed[-1])
                continue
        elif word in (r"\left", r"\begin"):
            open_.append(word)
        elif word in (r"\right", r"\end"):
            if not open_ or open_.pop() != {r"\right": r"\left", r"\end": r"\begin"}[word]:
                return f"{word} too many, token {k}"
        elif word in ("_", "^"):
            if kind == "text" or r"\begin" not in open_:
                return f"{word} outside of mathematics"
            if word in scripts:
                return f"two {word} in a row"
            continue
        elif word == "&" and kind != r"\begin":
            return "& outside of rows"
        elif word in ("$", "#", "%", "~", '"', "<" if kind == "text" else "$"):
            return f"a raw {word}"
        elif word == r"\\" and re.match(r"\s*[\[*]", "".join(words[k + 1 : k + 4])):
            return "an option of a line end"
        scripts = set()
    return f"{open_} left open" if open_ else None


RELATIONS = {
    ">": np.greater, "<": np.less, "=": np.equal, r"\geq": np.greater_equal,
    r"\leq": np.less_equal, r"\neq": np.not_equal,
}  # fmt: skip
FUNCTIONS = {
    r"\exp": np.exp, r"\log": np.log, r"\tanh": np.tanh, r"\sin": np.sin, r"\cos": np.cos,
    r"\tan": np.tan, r"\sinh": np.sinh, r"\cosh": np.cosh, r"\arcsin": np.arcsin,
    r"\det": np.linalg.det, r"\sigma": scipy.special.expit, r"\max": np.maximum,
    r"\min": np.minimum, "sigmoid": scipy.special.expit, "tr": np.trace, "sign": np.sign,
    "erf": scipy.special.erf, "ReLU": lambda z: np.maximum(z, 0), "clamp": np.clip,
    "softmax": lambda z: scipy.special.softmax(z, axis=0), "logsumexp": scipy.special.logsumexp,
    "std": lambda z: np.std(z, ddof=1), "var": lambda z: np.var(z, ddof=1),
    "diag": lambda z: np.diag(z[:, 0]), "cumsum": lambda z: np.cumsum(z, axis=0),
    "flip": lambda z: z[::-1], "tril": np.tril,
}  # fmt: skip
ALONG = {
    "softmax": scipy.special.softmax, "log\\_softmax": scipy.special.log_softmax,
    "logsumexp": scipy.special.logsumexp, "amax": np.max, "amin": np.min, "prod": np.prod,
    "std": lambda z, axis: np.std(z, axis=axis, ddof=1),
    "var": lambda z, axis: np.var(z, axis=axis, ddof=1),
}  # fmt: skip
ENDS = {
    "", "+", "-", ")", "}", "]", ",", "&", r"\right", r"\rVert", r"\rvert", r"\rfloor", r"\rceil",
    r"\end", r"\\", r"\land", r"\lor", ":", *RELATIONS,
}  # fmt: skip


needs_tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no TeX here")


def compiles(body, folder):
    """Fails unless TeX makes a document of it, with all its letters."""
    source = (
        rf"\documentclass{{article}}\usepackage{{amsmath}}\begin{{document}}{body}\end{{document}}"
    )
    (folder / "a.tex").write_text(source, encoding="ascii")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:].decode(errors="replace")
    assert b"Missing character" not in (folder / "a.log").read_bytes()


class Reader:
    """Works out a formula, given the values of names; a vector is a column.

    Vectors of ones and unit matrices are of one `size`, as is what a maximum is over; ones by their
    places among the words may be of other `sizes`.
    """

    def __init__(self, tex, values, size=2, sizes=()):
        self._words = [word for word in tokens(tex) if not word.isspace() and word != r"\,"]
        self._values = dict(values)
        self._places = {}
        self._size = size
        self._sizes = dict(zip(_unsized(self._words), sizes, strict=False))
        self._at = 0

    def result(self):
        value = self._sum()
        assert self._at == len(self._words), self._words[self._at :]
        return value

    def _next(self, ahead=0):
        at = self._at + ahead
        return self._words[at] if at < len(self._words) else ""

    def _take(self, *expected):
        word = self._next()
        assert word
        assert not expected or word in expected, (word, expected)
        self._at += 1
        return word

    def _skip(self, *words):
        """Whether these words are next, which are then behind."""
        found = self._words[self._at : self._at + len(words)] == list(words)
        self._at += len(words) * found
        return found

    def _inside(self):
        """What stands in braces, as it is."""
        self._take("{")
        depth, start = 1, self._at
        while depth:
            depth += {"{": 1, "}": -1}.get(self._take(), 0)
        return "".join(self._words[start : self._at - 1])

    # -- arithmetic ------------------------------------------------------------------------

    def _sum(self):
        sign = -1 if self._skip("-") else 1
        value = sign * self._product()
        while self._next() in ("+", "-"):
            sign = -1 if self._take() == "-" else 1
            other = sign * self._product()
            assert np.shape(value) == np.shape(other), "a number is no vector"
            value = value + other
        return value

    def _product(self):
        value = self._power()
        while self._next() not in ENDS:
            if self._skip("/"):
                value = value / self._power()
            elif self._skip(r"\odot"):
                value = np.multiply(*alike(value, self._power()))
            else:
                _ = self._skip(r"\cdot") or self._skip(r"\times")
                value = _times(value, self._power())
        return value

    def _power(self):
        value = self._factor()
        while self._next() in ("^", "_"):
            if self._take() == "_":
                value = self._element(value)
                continue
            self._take("{")
            if self._skip(r"\circ"):
                value = np.power(*alike(value, self._sum()))
            elif self._skip(r"\top"):
                value = value.T
            elif self._skip("-", r"\top"):
                value = np.linalg.inv(value).T
            else:
                exponent = self._sum()
                assert not np.ndim(value) or exponent == -1
                value = np.linalg.inv(value) if np.ndim(value) else value**exponent
            self._take("}")
        return value

    def _element(self, value):
        self._take("{")
        keys = []
        while not self._skip("}"):
            first = None if self._next() == ":" else self._place()
            if self._skip(":"):
                keys.append(slice(first and first - 1, first and self._place()))
            else:
                keys.append(first - 1)
            self._skip(",")
        if len(keys) == 1:
            flat = value.reshape(-1, 1)
            return flat[keys[0], 0] if isinstance(keys[0], int) else flat[keys[0]]
        taken = value[tuple(keys)]
        return taken.reshape(-1, 1) if np.ndim(taken) == 1 else taken

    def _place(self):
        word = self._take()
        return int(word) if word.isdigit() else self._places[word]

    # -- factors ---------------------------------------------------------------------------

    def _bracket(self, left, right):
        """What stands between brackets, tall or not; several with commas between them."""
        tall = self._skip(r"\left")
        self._take(left)
        values = [self._sum()]
        while self._skip(","):
            values.append(self._sum())
        assert self._skip(r"\right") == tall
        self._take(right)
        return values

    def _factor(self):
        word = self._next()
        kind = self._next(1) if word == r"\left" else word
        if kind == "(":
            (value,) = self._bracket("(", ")")
            return value
        if kind == "[":
            return self._iverson()
        if kind == r"\lVert":
            return self._norm()
        for left, function in ((r"\lvert", np.abs), (r"\lfloor", np.floor), (r"\lceil", np.ceil)):
            if kind == left:
                return function(self._bracket(left, left.replace(r"\l", r"\r"))[0])
        self._take()
        if word[0].isdigit():
            return float(word)
        if word == r"\frac":
            return np.divide(*alike(self._braced(), self._braced()))
        if word == r"\sqrt":
            return np.sqrt(self._braced())
        if word == r"\bar":
            return np.mean(self._braced())
        if word == r"\mathbf":
            return self._filled(self._sizes.get(self._at - 1, self._size))
        if word == r"\begin":
            return self._environment(self._inside())
        if word in (r"\sum", r"\prod") or (word in (r"\max", r"\min") and self._next() == "_"):
            return self._ranging(word)
        known = self._named(word)
        if known is not None:
            return known
        if word == "I":
            sized = self._next() == "_" and self._next(2).isdigit()
            return np.eye(int(self._inside()) if sized and self._skip("_") else self._size)
        if word in ("e", r"\pi"):
            return {"e": np.e, r"\pi": np.pi}[word]
        return self._call(self._inside() if word == r"\operatorname" else word)

    def _filled(self, rows):
        """Ones or zeros, which may say how many rows they have, and columns."""
        one, columns = self._inside() == "1", 1
        if self._skip("_", "{"):
            rows = int(self._take())
            if self._skip(r"\times"):
                columns = int(self._take())
            self._take("}")
        return np.full((rows, columns), float(one))

    def _braced(self):
        self._take("{")
        value = self._sum()
        self._take("}")
        return value

    def _named(self, word):
        """The value of a name, which may have an index of its own."""
        start = self._at
        if word in (r"\mathit", r"\hat", r"\tilde"):
            word = f"{word}{{{self._inside()}}}"
        if self._skip("_"):
            longer = f"{word}_{{{self._inside()}}}"
            if longer in self._values:
                return self._values[longer]
            self._at = start
        return self._values.get(word)

    def _call(self, name):
        along, power = None, 1
        while self._next() in ("_", "^"):
            if self._take() == "^":
                power = int(self._inside())
            else:
                along = {r"\mathrm{row}": 1, r"\mathrm{col}": 0}[self._inside()]
        arguments = self._bracket("(", ")")
        if along is None:
            return FUNCTIONS[name](*arguments) ** power
        found = ALONG[name](*arguments, axis=along)
        return found.reshape(-1, 1) if found.ndim == 1 else found

    def _ranging(self, sign):
        self._take("_")
        letters = [word for word in self._inside() if word.isalpha()]
        last = int(self._inside()) if self._skip("^") else self._size
        start, found = self._at, []
        for places in np.ndindex(*[last] * len(letters)):
            self._at = start
            self._places.update(zip(letters, (place + 1 for place in places), strict=True))
            found.append(self._product() if sign == r"\sum" else self._power())
        assert not np.ndim(found[0])
        return {r"\sum": np.sum, r"\prod": np.prod, r"\max": np.max, r"\min": np.min}[sign](found)

    def _norm(self):
        (value,) = self._bracket(r"\lVert", r"\rVert")
        if self._skip("_"):
            order = self._inside()
            assert (value.shape[1] == 1) == (order == "1")
            return np.sqrt(np.sum(value**2)) if order == "F" else np.sum(np.abs(value))
        assert value.shape[1] == 1
        return np.sqrt(np.sum(value**2))

    # -- conditions and tables -------------------------------------------------------------

    def _iverson(self):
        tall = self._skip(r"\left")
        self._take("[")
        value = self._condition()
        assert self._skip(r"\right") == tall
        self._take("]")
        return np.asarray(value, dtype=float)[()]

    def _condition(self):
        value = self._all_of()
        while self._skip(r"\lor"):
            value = value | self._all_of()
        return value

    def _all_of(self):
        value = self._relation()
        while self._skip(r"\land"):
            value = value & self._relation()
        return value

    def _relation(self):
        left = self._sum()
        value = True
        while self._next() in RELATIONS:
            relation = RELATIONS[self._take()]
            right = self._sum()
            value = value & relation(*alike(left, right))
            left = right
        return value

    def _environment(self, name):
        if name == "cases":
            return self._cases()
        assert name == "pmatrix"
        rows = [[]]
        while True:
            _ = self._skip("{", "}")
            rows[-1].append(np.atleast_2d(self._sum()))
            if self._skip(r"\end"):
                assert self._inside() == name
                return np.block(rows)
            if self._take("&", r"\\") == r"\\":
                rows.append([])

    def _cases(self):
        _ = self._skip("{", "}")
        value = self._sum()
        self._take("&")
        self._take(r"\text")
        if self._inside() == "otherwise":
            self._take(r"\end")
            assert self._inside() == "cases"
            return value
        condition = self._condition()
        self._take(r"\\")
        return np.where(condition, value, self._cases())[()]


def read(tex, values, size, shape):
    """What a formula of that shape comes to, whatever sizes its ones have, if they fit together."""
    count = len(_unsized(Reader(tex, values)._words))
    for least in (2, 1):
        found = {}
        for sizes in itertools.product(range(least, size + 1), repeat=count):
            try:
                value = Reader(tex, values, size, sizes).result()
            except (AssertionError, ValueError):
                continue
            if np.shape(value) == shape:
                found.setdefault(np.asarray(value).round(9).tobytes(), value)
        if found:
            break
    (only,) = found.values()
    return only


def _unsized(words):
    """Where there are ones that do not say how many they are."""
    starts = (k for k, word in enumerate(words) if word == r"\mathbf")
    return [k for k in starts if words[k + 4 : k + 5] != ["_"]]


def alike(left, right):
    """Two operands of what is done to each element: numbers, or of one shape."""
    assert not np.ndim(left) or not np.ndim(right) or np.shape(left) == np.shape(right)
    return left, right


def _times(left, right):
    """A number times anything, or a product of matrices; one by one is a number."""
    if np.ndim(left) and np.ndim(right):
        product = left @ right
        return product[0, 0] if product.shape == (1, 1) else product
    return left * right
