"""`python -m benchmarks.fidelity`: the table, and what is to be looked at."""

import argparse
import faulthandler
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

import torch

import benchmarks.fidelity
from benchmarks.fidelity import mixed, operators, programs
from benchmarks.fidelity.calls import calls
from benchmarks.fidelity.cases import Case
from benchmarks.fidelity.oracle import Finding, Outcome, judge, truth
from benchmarks.fidelity.readings import HAS_JAX
from benchmarks.fidelity.spellings import LIBRARIES
from benchmarks.fidelity.table import Counts, listed, refusals, table
from benchmarks.processes import shared

Job = tuple[str, str, int, int, str, bool]
"""What is drawn (calls, operators, programs), of which library, the seed and how many of it; what
is asked (values, tables, whole), and whether refusals are kept."""

NAMES = (*LIBRARIES, "mixed")
KINDS = {"all": ("calls", "operators", "programs"), "scipy": ("calls",), "mixed": ("programs",)}
"""What is drawn of a library: scipy has no arrays of its own."""

LOOKED_AT = (Outcome.DIFFERENT, Outcome.CRASH)


def main(arguments: Sequence[str]) -> int:
    """Judge all texts and print; 1 if one differs or crashes."""
    options = _parser().parse_args(arguments)
    start = time.perf_counter()
    counts: Counts = Counter()
    kept: list[Finding] = []
    for part, findings in shared(_judge_all, _jobs(options), options.workers, _prepared):
        counts += part
        kept += findings
    print(table(counts))
    print(f"\n{time.perf_counter() - start:,.0f} s with {options.workers} workers.\n")
    shown = (*LOOKED_AT, Outcome.SHAKY) if options.shaky else LOOKED_AT
    shown = (*shown, Outcome.CONVENIENCE) if options.conveniences else shown
    for outcome in shown:
        print("\n".join(listed(kept, outcome, options.show)))
    if options.refusals:
        print("Refused, though the library takes them:")
        print("\n".join(refusals(kept)))
    return 1 if any(counts[key] for key in counts if key[1] in LOOKED_AT) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks fidelity",
        description=benchmarks.fidelity.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--seed", type=int, default=0, help="of everything that is drawn (0)")
    add("--calls", type=int, default=12, help="how many of each function that is read (12)")
    add("--operators", type=int, default=1500, help="how many texts of operators a library (1500)")
    add("--programs", type=int, default=1500, help="how many programs of each library (1500)")
    add("--library", choices=NAMES, action="append", help="only this one; repeatable")
    add("--full", dest="what", action="store_const", const="whole", default="values",
        help="the whole calculation, with its gradients")  # fmt: skip
    add("--tables", dest="what", action="store_const", const="tables",
        help="gradcalc's tables alone, without asking the libraries at run time")  # fmt: skip
    add("--workers", type=int, default=os.cpu_count() or 1, help="processes (one per core)")
    add("--show", type=int, default=20, help="how many subjects of an outcome are listed (20)")
    add("--refusals", action="store_true", help="list what is refused though the library takes it")
    add("--conveniences", action="store_true", help="list what only gradcalc reads")
    add("--shaky", action="store_true", help="list what turns with the last bits of the inputs")
    return parser


def _jobs(options: argparse.Namespace) -> list[Job]:
    wanted = options.library or [name for name in NAMES if HAS_JAX or name != "jax"]
    jobs: list[Job] = []
    for library in wanted:
        # jax compiles each of its operations for each size
        share = 6 if library == "jax" else 1
        for kind, count, step in (
            ("calls", options.calls, 2),
            ("operators", options.operators, 300),
            ("programs", options.programs, 300),
        ):
            if kind not in KINDS.get(library, KINDS["all"]):
                continue
            total = -(-count // share)
            for at in range(0, total, step):
                jobs.append(
                    (kind, library, options.seed * 1000 + at, min(step, total - at),
                     options.what, options.refusals)
                )  # fmt: skip
    return jobs


def _prepared() -> None:
    faulthandler.enable()
    os.environ["JAX_PLATFORMS"] = "cpu"
    torch.set_num_threads(1)


def cases(kind: str, library: str, seed: int, count: int) -> Iterator[Case]:
    """What is drawn for a job."""
    if library == "mixed":
        return mixed.texts(seed, count)
    if kind == "calls":
        return calls(library, seed, count)
    if kind == "operators":
        return operators.texts(library, seed, count)
    return programs.texts(library, seed, count)


def _judge_all(job: Job) -> tuple[Counts, list[Finding]]:
    kind, library, seed, count, what, keep_refused = job
    if what == "whole":
        from benchmarks.fidelity.whole import judge_whole

        judged = judge_whole
    else:
        judged = partial(judge, asked=what == "values")
    counts: Counts = Counter()
    kept: list[Finding] = []
    for case in cases(kind, library, seed, count):
        finding = judged(case)
        counts[library, finding.outcome] += 1
        if finding.outcome is Outcome.REFUSED and keep_refused:
            theirs = tuple(truth(case, reading) for reading in case.readings)
            kept.append(Finding(case, finding.outcome, finding.ours, theirs))
        elif finding.outcome not in (Outcome.SAME, Outcome.REFUSED):
            kept.append(finding)
    return counts, kept
