"""Problem → the same, its mathematics settled: what hangs on shapes is known once it has run."""

import ast
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gradcalc.derive.recorder import Recorder, RecordingBackend
from gradcalc.derive.runs import budget, order_of
from gradcalc.lang.evaluate import evaluate
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Program
from gradcalc.lang.settling import Settling
from gradcalc.primitives import BY_NAME, Elementwise
from gradcalc.problem import Problem, execute

PLAIN = (
    ast.Expr, ast.Assign, ast.BinOp, ast.UnaryOp, ast.Name, ast.Constant, ast.Call, ast.operator,
    ast.unaryop, ast.expr_context, ast.keyword,
)  # fmt: skip
"""What makes a number of numbers, if what is called does."""


def settled(problem: Problem) -> Problem:
    """A problem whose programs say in Python what their mathematics means.

    Raises `ProgramSyntaxError` for what has two readings for the shapes at hand, and what is wrong
    with the programs.
    """
    if not problem.is_open:
        return problem
    programs = (problem.program, *problem.claims.values())
    scalars = not problem.lets and not any(map(np.ndim, problem.inputs.values()))
    if scalars and all(map(_is_plain, programs)):
        return _with(problem, lambda program, known: replace(program, signs={}))
    settling = Settling()
    _run(problem, settling)

    def written(program: Program, known: frozenset[str]) -> Program:
        return settling.written(
            program, lambda text: compile_program(text, limits=problem.limits, known=known)
        )

    return _with(problem, written)


def _is_plain(program: Program) -> bool:
    """Whether a program makes a number of numbers, whatever they are."""
    nodes = [node for statement in program.body for node in ast.walk(statement)]
    return all(
        isinstance(node.func, ast.Name)
        and isinstance(BY_NAME.get(node.func.id), Elementwise)
        and not node.keywords
        if isinstance(node, ast.Call)
        else isinstance(node, PLAIN)
        for node in nodes
    )


def _run(problem: Problem, settling: Settling) -> None:
    """Run a problem and its claims, which settles them."""
    recorder = Recorder(problem.dtype)
    backend = RecordingBackend(recorder, budget(problem))
    leaves = {
        name: recorder.input(name, np.asarray(problem.inputs[name], float), name in problem.wrt)
        for name in order_of(problem)
    }
    execution = execute(problem, backend, leaves, backend.budget, rules=settling.rules)
    for claim in problem.claims.values():
        if claim.signs:
            scope = dict(execution.scope)
            limits, rules = problem.limits, settling.rules
            evaluate(claim, backend, scope, limits=limits, budget=backend.budget, rules=rules)


def _with(problem: Problem, changed: Callable[[Program, frozenset[str]], Program]) -> Problem:
    """A problem with each program that has signs changed, knowing the names that it may call."""
    lets = frozenset(name for name, _ in problem.lets)
    known = frozenset({*lets, *problem.inputs, *problem.program.assigned})

    def own(program: Program, names: frozenset[str]) -> Program:
        return changed(program, names) if program.signs else program

    return replace(
        problem,
        program=own(problem.program, lets),
        lets=tuple((name, own(program, frozenset())) for name, program in problem.lets),
        claims={name: own(program, known) for name, program in problem.claims.items()},
    )
