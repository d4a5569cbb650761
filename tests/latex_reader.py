r"""LaTeX read back: whether it is well formed, and what a formula comes to.

The reader knows the conventions that a reader of textbooks knows, and nothing of how the formula
was written: vectors are columns, factors side by side are a product, `\sum` takes in the product
behind it.
"""

import re

import numpy as np

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


class Reader:
    """Works out a formula, given the values of letters; a vector is a column."""

    def __init__(self, tex, values):
        self._words = [word for word in tokens(tex) if not word.isspace()]
        self._values = values

    def result(self):
        value = self._sum()
        assert not self._words, self._words
        return value

    def _next(self):
        return self._words[0] if self._words else ""

    def _take(self, *expected):
        word = self._words.pop(0)
        assert not expected or word in expected, (word, expected)
        return word

    def _sum(self):
        sign = -1 if self._next() == "-" and self._take() else 1
        value = sign * self._product()
        while self._next() in ("+", "-"):
            sign = -1 if self._take() == "-" else 1
            value = value + sign * self._product()
        return value

    def _product(self):
        value = self._power()
        while self._next() not in ("", "+", "-", ")", "}", "]", r"\right", r"\rVert", r"\rvert"):
            if self._next() == r"\odot":
                self._take()
                value = value * self._power()
                continue
            if self._next() == r"\cdot":
                self._take()
            value = _times(value, self._power())
        return value

    def _power(self):
        value = self._factor()
        while self._next() == "^":
            self._take()
            self._take("{")
            if self._next() == r"\circ":
                self._take()
                value = value ** self._sum()
            elif self._next() == r"\top" or self._words[:2] == ["-", r"\top"]:
                value = value.T if self._take() == r"\top" else np.linalg.inv(value).T
                if self._next() == r"\top":
                    self._take()
            else:
                exponent = self._sum()
                if np.ndim(value):
                    assert exponent == -1
                    value = np.linalg.inv(value)
                else:
                    value = value**exponent
            self._take("}")
        return value

    def _group(self, left, right):
        self._take(left)
        value = self._sum()
        self._take(right)
        return value

    def _factor(self):
        word = self._take()
        if word == "(":
            self._words.insert(0, word)
            return self._group("(", ")")
        if word == r"\left":
            left = self._take()
            value = self._sum()
            self._take(r"\right")
            self._take(")" if left == "(" else left.replace(r"\l", r"\r"))
            return np.sqrt(np.sum(value**2)) if left == r"\lVert" else value
        if word == r"\lVert":
            value = self._sum()
            self._take(r"\rVert")
            return np.sqrt(np.sum(value**2))
        if word == r"\frac":
            return self._group("{", "}") / self._group("{", "}")
        if word == r"\sum":
            return np.sum(self._product())
        if word == r"\sigma":
            return 1 / (1 + np.exp(-self._brackets()))
        if word[0].isdigit():
            return float(word)
        return self._values[word]

    def _brackets(self):
        assert self._next() in ("(", r"\left")
        return self._factor()


def _times(left, right):
    """A number times anything, or a product of matrices; one by one is a number."""
    if np.ndim(left) and np.ndim(right):
        product = left @ right
        return product[0, 0] if product.shape == (1, 1) else product
    return left * right
