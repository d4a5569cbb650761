"""Names that a program calls, and takes from outside."""

import ast

from gradcalc.lang.program import Program


def is_called(name: str, program: Program) -> bool:
    """Whether a program calls what a name stands for."""
    return _arguments(name, program) is not None


def example_of(name: str, program: Program) -> str:
    """A function that could be called as a program calls one."""
    arguments = _arguments(name, program) or 0
    if arguments == 1:
        return "lambda t: t**2"
    names = [f"t{k + 1}" for k in range(arguments)]
    return f"lambda {', '.join(names)}: {' + '.join(names)}" if names else "lambda: 1"


def _arguments(name: str, program: Program) -> int | None:
    """How many arguments a name is first called with, None where it is not."""
    for statement in program.body:
        for node in ast.walk(statement):
            match node:
                case ast.Call(func=ast.Name(id=own), args=given) if own == name:
                    return len(given)
    return None
