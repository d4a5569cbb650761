"""`python -m benchmarks.check`: the tables."""

import argparse
import time
from collections.abc import Sequence

import torch

import benchmarks.check
from benchmarks.check.judge import LOOKED_AT, Finding, judge
from benchmarks.check.planted import answers, odd, table
from benchmarks.check.samples import cases
from benchmarks.check.table import reasons, shares, wrong
from benchmarks.coverage.databases import FUNCTIONS, MODULES, entries
from benchmarks.processes import shared

DTYPES = {"float64": torch.float64, "float32": torch.float32}

Job = tuple[str, tuple[str, ...], str, int | None, float]
"""The database, the entries, the dtype, the most samples of each, the seconds for each."""

ROUND = 6
"""Entries of a job."""


def main(arguments: Sequence[str]) -> int:
    """Check all samples and the planted Functions and print; 1 if one is to be looked at."""
    options = _parser().parse_args(arguments)
    found: list[Finding] = []
    for database in options.database or (FUNCTIONS, MODULES):
        found += _printed(database, options)
    odd_ones = []
    if options.planted:
        torch.set_num_threads(1)
        said = list(answers())
        print("\n".join(table(said)))
        odd_ones = odd(said)
    return 1 if odd_ones or any(one.outcome in LOOKED_AT for one in found) else 0


def _printed(database: str, options: argparse.Namespace) -> list[Finding]:
    start = time.perf_counter()
    jobs = _jobs(database, options)
    parts = shared(check_all, jobs, options.workers, _prepared)
    found = sorted((one for part in parts for one in part), key=lambda f: (f.dtype, f.entry))
    took = time.perf_counter() - start
    print(f"{database} ({took:,.0f} s with {options.workers} workers)")
    print("\n".join(shares(found)))
    print("\n".join(("", "called wrong:", *wrong(found), "")))
    print("\n".join((*reasons(found, options.show), "")))
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks check",
        description=benchmarks.check.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--samples", type=int, default=2, help="the most samples of each entry (2); 0 for all")
    add("--ops", nargs="*", metavar="NAME", help="only these entries; none for the planted alone")
    add("--database", choices=(FUNCTIONS, MODULES), action="append", help="only this one")
    add("--dtype", choices=DTYPES, action="append", help="only this one; repeatable")
    add("--seconds", type=float, default=20, help="the time for each sample (20)")
    add("--workers", type=int, default=1, help="processes (1)")
    add("--show", type=int, default=25, help="how many reasons are listed (25)")
    add("--no-planted", dest="planted", action="store_false", help="leave out the planted ones")
    return parser


def _jobs(database: str, options: argparse.Namespace) -> list[Job]:
    asked = options.ops
    wanted = [name for name in entries(database) if asked is None or name in asked]
    return [
        (database, tuple(wanted[at : at + ROUND]), dtype, options.samples or None, options.seconds)
        for dtype in options.dtype or DTYPES
        for at in range(0, len(wanted), ROUND)
    ]


def _prepared() -> None:
    torch.set_num_threads(1)


def check_all(job: Job) -> list[Finding]:
    """The findings of a job."""
    database, names, dtype, most, seconds = job
    return [
        judge(name, case, dtype, seconds)
        for name in names
        for case in cases(database, name, DTYPES[dtype], most)
    ]
