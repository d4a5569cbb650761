"""Which variable a name is: random programs of nested scopes, with Python itself as the oracle."""

import random
from typing import Any

import pytest

from gradcalc.errors import GradcalcError
from gradcalc.lang.fence import compile_program
from tests.lang_backends import torch_run
from tests.sweeps import share

NAMES = "abcd"
PROGRAMS = 1500


class Writer:
    """Writes a function of nested functions, classes, loops and comprehensions on few names."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.lines: list[str] = []
        self.count = 0

    def text(self) -> str:
        names = ["a", *self.draw.sample("bcd", self.draw.randrange(3))]
        given = ", ".join(f"{name}={self.draw.randrange(1, 4)}" for name in names)
        self.lines.append(f"def f(x, {given}):")
        self.body(1, {*names, "x"}, frozenset())
        return "\n".join(self.lines)

    def expression(self, names: set[str]) -> str:
        one, two, three = (self.one(names) for _ in range(3))
        name = self.draw.choice(NAMES)
        return self.draw.choice(
            (
                f"{one} + {two}", f"{two} + {three}", f"{one} * 2 - {two}",
                f"sum([{name} * {one} for {name} in (1, 2)])",
                f"(lambda {name}: {name} + {one})({two})", f"({one} if {two} > 3 else {three})",
            )
        )  # fmt: skip

    def one(self, names: set[str]) -> str:
        known = sorted(names)
        number = str(self.draw.randrange(1, 5))
        return self.draw.choice(known) if known and self.draw.random() < 0.8 else number

    def add(self, indent: int, text: str) -> None:
        self.lines.append("    " * indent + text)

    def body(self, indent: int, names: set[str], outer: frozenset[str]) -> None:
        for _ in range(self.draw.randrange(2, 5)):
            kinds = [self.assign, self.loop, self.branch, self.walrus, self.function, self.function,
                     self.assign, self.caught, self.klass, self.deleted]  # fmt: skip
            names = self.draw.choice(kinds)(indent, set(names), outer)
        self.add(indent, f"return {self.expression(names)}")

    def assign(self, indent: int, names: set[str], outer: frozenset[str]) -> set[str]:
        name, sign = self.draw.choice(NAMES), self.draw.choice(("=", "=", "+="))
        self.add(indent, f"{name} {sign} {self.expression(names)}")
        return names | {name}

    def loop(self, indent: int, names: set[str], outer: frozenset[str]) -> set[str]:
        name, bound = self.draw.choice(NAMES), self.draw.choice(NAMES)
        self.add(indent, f"for {name} in range(2):")
        self.add(indent + 1, f"{bound} = {self.expression(names | {name})}")
        return names | {name, bound}

    def branch(self, indent: int, names: set[str], outer: frozenset[str]) -> set[str]:
        self.add(indent, f"if {self.one(names)} > {self.draw.randrange(6)}:")
        self.add(indent + 1, f"{self.draw.choice(NAMES)} = {self.expression(names)}")
        return names

    def walrus(self, indent: int, names: set[str], outer: frozenset[str]) -> set[str]:
        name, other = self.draw.sample(NAMES, 2)
        given = self.expression(names)
        if self.draw.random() < 0.5:
            self.add(indent, f"{other} = [({name} := q + {given}) for q in range(2)][-1]")
            return names | {name, other}
        self.add(indent, f"if ({name} := {given}) > 4:")
        self.add(indent + 1, f"{other} = {self.expression(names | {name})}")
        return names | {name}

    def caught(self, indent: int, names: set[str], outer: frozenset[str]) -> set[str]:
        name, held = self.draw.choice(NAMES), self.draw.choice(NAMES)
        self.add(indent, "try:")
        self.add(indent + 1, f"{name} = 1 // 0")
        self.add(indent, f"except ZeroDivisionError as {held}:")
        self.add(indent + 1, f"{name} = {self.expression(names - {held})}")
        return (names - {held}) | ({name} - {held})

    def klass(self, indent: int, names: set[str], outer: frozenset[str]) -> set[str]:
        if indent > 3:
            return names
        self.count += 1
        kind, name, other = f"C{self.count}", *self.draw.sample(NAMES, 2)
        self.add(indent, f"class {kind}:")
        self.add(indent + 1, f"{name} = {self.expression(names)}")
        self.add(indent + 1, f"{other} = {self.expression(names | {name})}")
        self.add(indent + 1, f"def go(self, {name}=1):")
        self.body(indent + 2, names | {name}, outer | names)
        self.add(indent, f"{other} = {kind}().go() + {kind}.{other}")
        return names | {other}

    def function(self, indent: int, names: set[str], outer: frozenset[str]) -> set[str]:
        if indent > 3:
            return names
        self.count += 1
        called = f"g{self.count}"
        parameters = self.draw.sample(NAMES, self.draw.randrange(3))
        needed = parameters[: self.draw.randrange(len(parameters) + 1)]
        given = [p if p in needed else f"{p}={self.expression(names)}" for p in parameters]
        self.add(indent, f"def {called}({', '.join(given)}):")
        around = sorted((outer | names) - set(parameters))
        if taken := [name for name in around if self.draw.random() < 0.4]:
            self.add(indent + 1, f"nonlocal {', '.join(taken)}")
        self.body(indent + 1, names | set(parameters), outer | names)
        for _ in range(self.draw.randrange(1, 3)):
            name = self.draw.choice(NAMES)
            values = ", ".join(self.expression(names) for _ in needed)
            self.add(indent, f"{name} = {called}({values})")
            names = names | {name}
        return names

    def deleted(self, indent: int, names: set[str], outer: frozenset[str]) -> set[str]:
        name = self.one(names)
        if not name.isdigit() and self.draw.random() < 0.3:
            self.add(indent, f"del {name}")
        return names


def in_python(text: str) -> float | None:
    """What Python gives; None where it raises."""
    space: dict[str, Any] = {}
    exec(text, space)
    try:
        return float(space["f"](1.5))
    except (NameError, TypeError):
        return None


@pytest.mark.parametrize("part", range(10))
def test_a_name_is_the_variable_that_python_takes(part: int) -> None:
    answered = 0
    for seed in range(share(PROGRAMS // 10)):
        text = Writer(random.Random(1000 * part + seed)).text()
        try:
            compile(text, "", "exec")
        except SyntaxError:
            continue
        wanted = in_python(text)
        try:
            run = torch_run(compile_program(text), {"x": 1.5})
        except GradcalcError:
            # what cannot be told whether it is written into may be refused
            continue
        assert wanted is not None, text
        assert float(run.value.detach()) == pytest.approx(wanted), text
        answered += 1
    assert answered > share(PROGRAMS // 10) // 4, answered
