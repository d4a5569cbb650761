"""Programs grown statement by statement: what Python refuses is taken back."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.fidelity.cases import Array
from benchmarks.fidelity.execution import is_large, run_on
from benchmarks.fidelity.operands import STYLES
from benchmarks.fidelity.readings import READINGS, as_numbers

NAMES = ("u", "v", "w", "r", "p", "q", "l")
"""The names that a program binds."""

_SIGNS = ("+", "-", "*", "/", "//", "%", "**", "@", "+", "-", "*")
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_CONSTANTS = ("0", "1", "2", "3", "-1", "-2", "7", "0.5", "1.5", "-2.5", "2.0", "True", "False",
              "10", "1e-3")  # fmt: skip
_CALLS = ("{m}sum({e})", "{m}mean({e})", "{m}max({e})", "{m}abs({e})", "{m}exp(-({e})**2)",
          "{m}stack([{e}, {e}])", "{m}where({e} > 0, {e}, {e})", "{m}sum({e}, 0)", "{m}std({e})",
          "{m}sqrt({e})", "{m}floor({e})", "{m}maximum({e}, {e})", "{m}cumsum({e}, 0)",
          "{m}sign({e})", "{m}round({e})", "{m}argmax({e})", "{m}concatenate([{e}, {e}])",
          "{m}outer({e}, {e})", "{m}dot({e}, {e})", "{m}zeros_like({e})", "{m}arange(3)",
          "{m}any({e} > 0)", "{m}prod({e})", "{m}sort({e})", "{m}clip({e}, -1, 1)",
          "{a}([{e}, {e}])", "{a}([1, 2, 3])", "{m}ones(2)", "{m}sum({e}, axis=-1)",
          "{m}max({e}, 0)")  # fmt: skip
_BUILTINS = ("len({e})", "sum({e})", "max({e})", "min({e}, {e})", "abs({e})", "int({e})",
             "float({e})", "round({e})", "bool({e})", "pow({e}, 2)", "all({e})", "any({e})",
             "max({e}, {e})", "divmod({e}, 2)", "list(range(3))", "range(3)", "sum([{e}, {e}])",
             "sum({e}, {e})", "max([{e}, {e}])", "round({e}, 1)")  # fmt: skip
_METHODS = (".sum()", ".mean()", ".T", ".shape", ".max()", ".min()", ".std()", ".reshape(-1)",
            ".sum(0)", ".sum(-1)", ".any()", ".all()", ".ndim", ".item()", ".prod()", ".abs()",
            ".round()", ".argmax()", ".cumsum(0)", ".flatten()", ".var()", ".shape[0]",
            ".clone()", ".copy()", ".detach()", ".size", ".squeeze()", ".tolist()")  # fmt: skip
_KEYS = ("0", "-1", "1", ":", "1:", ":-1", "::2", "::-1", "None", "...", ":, 0", "0, 0", "[0, 0]",
         "..., 0", "None, :", "{e} > 0", ":1", "-1:", "1, ...", "int({e} > 0)")  # fmt: skip


class Grower:
    """Grows one program: `scope` is what the names so far are in Python."""

    def __init__(self, rng: random.Random, style: str, reading: str, pool: Mapping[str, Array]):
        self.rng, self.style, self.reading, self.pool = rng, style, reading, pool
        self.lines: list[str] = []
        self.names: list[str] = ["x", "y", "A", "a", "b", "D"]

    def grow(self, header: str) -> str:
        """A program of a few statements and an output."""
        head = [header] if header else []
        for _ in range(self.rng.randint(2, 7)):
            for _ in range(4):
                lines = self.statement()
                if self._is_taken([*head, *self.lines, *lines, "0"], numbers=False):
                    self.lines += lines
                    break
        for _ in range(8):
            output = self.output()
            if self._is_taken([*head, *self.lines, output], numbers=True):
                break
        return "\n".join([*head, *self.lines, output])

    def _is_taken(self, lines: Sequence[str], numbers: bool) -> bool:
        chosen = READINGS[self.reading]
        values = {name: chosen.convert(value) for name, value in self.pool.items()}
        scope: dict[str, Any] = chosen.namespace()
        try:
            found = run_on("\n".join(lines), scope, values)
            if numbers and as_numbers(found) is None:
                return False
        except Exception:
            return False
        if any(map(is_large, scope.values())):
            return False
        self.names = [name for name in (*self.pool, *NAMES, *("k", "f", "g")) if name in scope]
        return True

    # -- statements --------------------------------------------------------------------

    def statement(self) -> list[str]:
        """A statement, on as many lines as it needs."""
        draw = self.rng.choices(
            (self._assign, self._alias, self._augment, self._unpack, self._if, self._for,
             self._while, self._define, self._lambda, self._append, self._chained),
            (5, 3, 5, 2, 2, 3, 1, 2, 1, 1.5, 1),
        )[0]  # fmt: skip
        return draw()

    def _name(self) -> str:
        return self.rng.choice((*NAMES, self.rng.choice(("x", "a", "u"))))

    def _assign(self) -> list[str]:
        return [f"{self._name()} = {self.expression(3)}"]

    def _alias(self) -> list[str]:
        part = self.rng.choice(("", "", "[:1]", "[1:]", "[0]", ".T", "[::2]", "[:]", ".reshape(-1)",
                                "[None]", "[...]", ".detach()"))  # fmt: skip
        return [f"{self._name()} = {self.rng.choice(self.names)}{part}"]

    def _augment(self) -> list[str]:
        sign = self.rng.choice(("+", "-", "*", "/", "+", "*", "//", "%", "**", "&", "|"))
        name = self.rng.choice(self.names)
        key = "[0]" if self.rng.random() < 0.05 else ""
        right = self.rng.choice(("2", "3", "0.5", "-1", "0")) if sign == "**" else None
        return [f"{name}{key} {sign}= {right or self.expression(1)}"]

    def _unpack(self) -> list[str]:
        p, q = self._name(), self._name()
        one, two = self.expression(1), self.expression(1)
        return [
            self.rng.choice(
                (f"{p}, {q} = {one}, {two}", f"{p}, {q} = {q}, {p}", f"{p}, {q} = {one}",
                 f"({p}, {q}), r = ({one}, {two}), {p}", f"[{p}, {q}] = [{one}, {two}]")
            )
        ]  # fmt: skip

    def _if(self) -> list[str]:
        lines = [f"if {self.condition()}:", *self._block()]
        if self.rng.random() < 0.3:
            lines += [f"elif {self.condition()}:", *self._block()]
        return lines + (["else:", *self._block()] if self.rng.random() < 0.7 else [])

    def _for(self) -> list[str]:
        e = self.expression(1)
        head = self.rng.choice(
            ("for k in range(3):", f"for k in {e}:", "for k in x:", "for k in A:",
             f"for k, q in enumerate({e}):", f"for k, q in zip(x, {e}):",
             "for k in range(3, 0, -1):",
             "for k in [1, 2.5, a]:", "for k in A.T:", f"for k in ({e}, {self.expression(1)}):")
        )  # fmt: skip
        end = ["else:", *self._block()] if self.rng.random() < 0.2 else []
        names = self.names
        self.names = [*names, "k"]
        body = self._block()
        if self.rng.random() < 0.25:
            leave = self.rng.choice(("break", "continue"))
            body += [f"    if {self.condition()}:", f"        {leave}", *self._block()]
        self.names = names
        return [head, *body, *end]

    def _while(self) -> list[str]:
        end = ["else:", *self._block()] if self.rng.random() < 0.5 else []
        leave = ["    if " + self.condition() + ":", "        break"]
        leave = leave if self.rng.random() < 0.5 else []
        return ["k = 0", "while k < 3:", "    k += 1", *leave, *self._block(), *end]

    def _define(self) -> list[str]:
        """A function of one or two parameters, one perhaps with a default."""
        name, names = self.rng.choice(("f", "g")), self.names
        default = self.expression(0)
        second = self.rng.choice(("", "", f", q={default}", f", *, q={default}"))
        self.names = [*names, "p", "p", *(["q"] if second else [])]
        body = self._block() if self.rng.random() < 0.5 else []
        if self.rng.random() < 0.3:
            body += [f"    if {self.condition()}:", f"        return {self.expression(1)}"]
        body += [f"    return {self.expression(2)}"]
        self.names = names
        call = f"{self._name()} = {name}({self.expression(1)})"
        return [f"def {name}(p{second}):", *body, call]

    def _lambda(self) -> list[str]:
        names = self.names
        self.names = [*names, "p", "p"]
        body = self.expression(2)
        self.names = names
        return [f"f = lambda p: {body}", f"{self._name()} = f({self.expression(1)})"]

    def _append(self) -> list[str]:
        e = self.expression(1)
        return [
            self.rng.choice(
                (f"l = [{e}]", f"l = l + [{e}]", f"l += [{e}]", "l = l*2", f"l = [{e}, {e}]",
                 f"l.append({e})", "l = l[1:]", "r = l", "l *= 2", f"l = [v*2 for v in {e}]",
                 f"l[0] += {e}", "l = []", f"l = ({e}, 1)")
            )
        ]  # fmt: skip

    def _chained(self) -> list[str]:
        return [f"{self._name()} = {self._name()} = {self.expression(1)}"]

    def _block(self) -> list[str]:
        draw = self.rng.choice(
            (self._assign, self._augment, self._alias, self._augment, self._append)
        )
        return [f"    {line}" for line in draw()]

    # -- expressions -------------------------------------------------------------------

    def output(self) -> str:
        """The last line: a name, or a few of them together."""
        bound = [name for name in self.names if name in NAMES] or self.names
        one, two = self.rng.choice(bound), self.rng.choice(self.names)
        return self.rng.choice(
            (one, one, two, f"{one} + {two}", f"[{one}, {two}]", f"{one}*{two}", f"({two}, {two})",
             self.expression(2), f"{one} - {two}")
        )  # fmt: skip

    def condition(self) -> str:
        """A test, most often of numbers."""
        e, f = self.expression(1), self.expression(0)
        sign = self.rng.choice(_COMPARISONS)
        return self.rng.choice(
            (f"a {sign} {self.rng.choice(_CONSTANTS)}", f"{e} {sign} {f}", e, f"not {e}",
             f"{f} < {e} <= 2", f"a > 0 and {e}", f"x.sum() {sign} 1", f"a > 9 or {e}",
             f"x[0] {sign} {f}", f"{e} is None")
        )  # fmt: skip

    def expression(self, depth: int) -> str:
        """An expression of names and constants."""
        if depth <= 0 or self.rng.random() < 0.15:
            return self.rng.choice(
                (*self.rng.choices(self.names, k=2), self.rng.choice(_CONSTANTS))
            )
        draws = (self._binary, self._index, self._method, self._call, self._builtin, self._compare,
                 self._logic, self._list, self._choice, self._unary)  # fmt: skip
        draw = self.rng.choices(draws, (6, 3, 2, 3, 2, 1.5, 1, 1, 1, 1))[0]
        return draw(depth - 1)

    def _binary(self, depth: int) -> str:
        sign = self.rng.choice(_SIGNS)
        right = self.rng.choice(("2", "3", "0.5", "-1", "0")) if sign == "**" else None
        return f"({self.expression(depth)} {sign} {right or self.expression(depth)})"

    def _index(self, depth: int) -> str:
        base = self.rng.choice(self.names) if self.rng.random() < 0.7 else self.expression(depth)
        return f"{base}[{self._holes(self.rng.choice(_KEYS), 0)}]"

    def _method(self, depth: int) -> str:
        base = self.rng.choice(self.names) if self.rng.random() < 0.6 else self.expression(depth)
        base = f"({base})" if base[:1].isdigit() or base.startswith("-") else base
        return f"{base}{self.rng.choice(_METHODS)}"

    def _call(self, depth: int) -> str:
        return self._holes(self.rng.choice(_CALLS), depth)

    def _builtin(self, depth: int) -> str:
        return self._holes(self.rng.choice(_BUILTINS), depth)

    def _compare(self, depth: int) -> str:
        first, second = self.rng.choice(_COMPARISONS), self.rng.choice(_COMPARISONS)
        text = f"{self.expression(depth)} {first} {self.expression(depth)}"
        return f"({text} {second} {self.expression(0)})" if self.rng.random() < 0.2 else f"({text})"

    def _logic(self, depth: int) -> str:
        sign = self.rng.choice(("and", "or", "&", "|", "and not", "^"))
        return f"({self.expression(depth)} {sign} {self.expression(depth)})"

    def _list(self, depth: int) -> str:
        parts = ", ".join(self.expression(depth) for _ in range(self.rng.choice((1, 2, 2, 3))))
        return self.rng.choice((f"[{parts}]", f"({parts},)", f"[{parts}]*2", f"[{parts}][0]",
                                f"[{parts}] + [{self.expression(0)}]"))  # fmt: skip

    def _choice(self, depth: int) -> str:
        return f"({self.expression(depth)} if {self.condition()} else {self.expression(depth)})"

    def _unary(self, depth: int) -> str:
        return f"({self.rng.choice(('-', 'not ', '-', '+', '~'))}{self.expression(depth)})"

    def _holes(self, text: str, depth: int) -> str:
        style = STYLES[self.style]
        text = text.replace("{m}", style.module).replace("{a}", style.array)
        while "{e}" in text:
            text = text.replace("{e}", self.expression(depth), 1)
        return text
