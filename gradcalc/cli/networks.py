"""The parameters of networks, as inputs: those that nobody gives are drawn, which is said."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradcalc.cli.numbers import read_numbers
from gradcalc.cli.options import Options
from gradcalc.cli.programs import Lets, check_names, use
from gradcalc.findings import Finding
from gradcalc.lang import trees
from gradcalc.lang.program import Limits, Program
from gradcalc.problem import Array, Problem
from gradcalc.verdict.outcome import names_text

if TYPE_CHECKING:
    from gradcalc.derive.networks import Drawn


@dataclass(frozen=True, slots=True)
class Furnished:
    """What became of the parameters: `frozen` are those that the program wants no gradient by."""

    frozen: frozenset[str] = frozenset()
    notes: tuple[Finding, ...] = ()


def furnished(
    programs: Sequence[Program], lets: Lets, options: Options, limits: Limits
) -> tuple[list[Program], Options, Furnished]:
    """The programs with their parameters among the inputs, and the numbers drawn for them.

    Raises `GradcalcError` for what is wrong with a program.
    """
    if not any(program.nets for program in programs):
        return list(programs), options, Furnished()
    from gradcalc.derive import networks

    numbers = read_numbers(options)[0]
    # standard input is read once, and what is random is drawn once
    held = {n: v if v.dtype.kind in "iu" else v.tolist() for n, v in numbers.items()}
    options = replace(options, values=tuple(held.items()))
    found: list[Program] = []
    frozen = set[str]()
    drawn: dict[str, Drawn] = {}
    given = {name for name, _ in options.values}
    for program in programs:
        if not program.nets:
            found.append(program)
            continue
        leaves = networks.parameters(_problem(program, lets, numbers, options, limits))
        found.append(networks.with_leaves(program, leaves))
        frozen |= {name for name, leaf in leaves.items() if not leaf.trains}
        drawn |= {name: leaf for name, leaf in leaves.items() if name not in given | drawn.keys()}
    values = tuple((name, leaf.values.tolist()) for name, leaf in drawn.items())
    known = replace(options, values=(*options.values, *values))
    return found, known, Furnished(frozenset(frozen), _notes(drawn, programs))


def _problem(
    program: Program, lets: Lets, values: Mapping[str, Array], options: Options, limits: Limits
) -> Problem:
    """The program at the inputs that are given, those of networks as far as they are."""
    plain = [name for name in values if not trees.is_parameter(name)]
    check = use(program, lets, plain)
    if any(name not in trees.roots(check.given) for name in check.required):
        check_names([check], plain, ())
    own = {name: values[typed] for name, typed in check.given.items()}
    leaves = {name: value for name, value in values.items() if name not in check.given.values()}
    return Problem(
        program=program, inputs=own | leaves, lets=lets, dtype=options.dtype, limits=limits,
        detach=tuple(check.own(name) for name in options.detach), seed=options.seed or 0,
    )  # fmt: skip


UNFOLLOWED = re.compile(
    r"\b(random_split|DataLoader|RandomSampler|SubsetRandomSampler|WeightedRandomSampler)\("
)
"""Functions of torch that draw numbers as well, which is not followed."""


def _notes(drawn: dict[str, "Drawn"], programs: Sequence[Program]) -> tuple[Finding, ...]:
    """Where the numbers come from that nobody has given."""
    if not drawn:
        return ()
    names = list(drawn)
    shown = names_text(names)
    seeds = dict.fromkeys(seed for leaf in drawn.values() for seed in leaf.seeds)
    starts, them = ("starts", "it") if len(names) == 1 else ("start", "them")
    behind = " and ".join(f"torch.manual_seed({seed})" for seed, _ in seeds)
    seeded = f", with random numbers as behind {behind}" if seeds else ""
    others = [found[1] for program in programs for found in UNFOLLOWED.finditer(program.source)]
    if seeds and others:
        seeded += f" (as if {' and '.join(dict.fromkeys(others))} drew none)"
    other = "" if all(own for _, own in seeds) else ", or --seed for others"
    return (
        Finding(
            "drawn",
            f"{shown} {starts} as the program has {them}{seeded}: give {them} by name, as"
            f" --{names[0]} VALUE{other}",
        ),
    )
