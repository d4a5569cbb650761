"""The parameters of the networks that a program makes: their names, and the numbers drawn for them.

They are known once the program has run; a program that is a network itself need only be made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gradcalc.derive.recorder import Recorder, RecordingBackend
from gradcalc.derive.runs import budget
from gradcalc.lang.program import Program
from gradcalc.problem import Array, Problem, execute


@dataclass(frozen=True, slots=True)
class Drawn:
    """A parameter as the program has it: its numbers, and whether it wants a gradient by them.

    `seeds` are those behind which the program has drawn numbers for its parameters, each with
    whether it has set the seed itself.
    """

    values: Array
    trains: bool
    seeds: tuple[tuple[str, bool], ...]


def parameters(problem: Problem) -> Mapping[str, Drawn]:
    """The parameters of a problem's networks by name, those that it gives with their numbers.

    Raises `GradcalcError` for what is wrong with the program.
    """
    recorder = Recorder(problem.dtype)
    backend = RecordingBackend(recorder, budget(problem))
    given = {
        name: recorder.input(name, np.asarray(value, float), name in problem.wrt)
        for name, value in problem.inputs.items()
    }
    found = execute(replace(problem, of=None), backend, given, backend.budget, survey=True)
    return {
        name: Drawn(np.array(backend.numbers(leaf.value)), leaf.trains, leaf.seeds)
        for name, leaf in found.run.leaves.items()
    }


def with_leaves(program: Program, names: Mapping[str, object]) -> Program:
    """The program with its parameters among what it may be given."""
    own = {*program.required, *program.optional}
    return replace(
        program, optional=(*program.optional, *(name for name in names if name not in own))
    )
