"""`python -m benchmarks.coverage`: the tables."""

import argparse
import time
from collections.abc import Sequence

import torch

import benchmarks.coverage
from benchmarks.coverage.databases import FUNCTIONS, MODULES, entries, samples
from benchmarks.coverage.judge import LOOKED_AT, Finding, judge
from benchmarks.coverage.names import tally
from benchmarks.coverage.table import functions, reasons, shares
from benchmarks.processes import shared

DTYPES = {"float64": torch.float64, "float32": torch.float32}

Job = tuple[str, tuple[str, ...], str, int | None, float]
"""The database, the entries, the dtype, the most samples of each, the seconds for each."""

ROUND = 6
"""Entries of a job."""


def main(arguments: Sequence[str]) -> int:
    """Judge all samples and print; 1 if one is to be looked at."""
    options = _parser().parse_args(arguments)
    if options.names:
        print("\n".join(tally(listed=True)))
        return 0
    start = time.perf_counter()
    findings = [
        one
        for part in shared(judge_all, _jobs(options), options.workers, _prepared)
        for one in part
    ]
    findings.sort(key=lambda one: (one.dtype, one.entry))
    print("\n".join(shares(findings)))
    if not options.ops:
        print("\n".join(("", *tally())))
    print(f"\n{time.perf_counter() - start:,.0f} s with {options.workers} workers.\n")
    print("\n".join(reasons(findings, options.show)))
    if options.all:
        print("\n".join(("", *functions(findings))))
    return 1 if any(one.outcome in LOOKED_AT for one in findings) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks coverage",
        description=benchmarks.coverage.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--samples", type=int, default=12, help="the most samples of each function (12); 0 for all")
    add("--ops", nargs="+", metavar="NAME", help="only these functions, with all their variants")
    add("--database", choices=(FUNCTIONS, MODULES), default=FUNCTIONS, help=f"({FUNCTIONS})")
    add("--dtype", choices=DTYPES, action="append", help="only this one; repeatable")
    add("--seconds", type=float, default=10, help="the time for each sample (10)")
    add("--workers", type=int, default=1, help="processes (1)")
    add("--show", type=int, default=40, help="how many reasons are listed (40)")
    add("--all", action="store_true", help="list the share of each function too")
    add("--names", action="store_true", help="list the public names that are not known, no samples")
    return parser


def _jobs(options: argparse.Namespace) -> list[Job]:
    wanted = [name for name in entries(options.database) if _is_asked(name, options.ops)]
    return [
        (options.database, tuple(wanted[at : at + ROUND]), dtype, options.samples or None,
         options.seconds)
        for dtype in options.dtype or DTYPES
        for at in range(0, len(wanted), ROUND)
    ]  # fmt: skip


def _is_asked(name: str, asked: Sequence[str] | None) -> bool:
    """Whether an entry is one of those asked for; `std_mean` is not a variant of `std`."""
    return asked is None or any(name == one or name in _variants(one) for one in asked)


def _variants(name: str) -> frozenset[str]:
    return frozenset(
        full for database in (FUNCTIONS, MODULES) for full, entry in entries(database).items()
        if getattr(entry, "name", full) == name
    )  # fmt: skip


def _prepared() -> None:
    torch.set_num_threads(1)


def judge_all(job: Job) -> list[Finding]:
    """The findings of a job."""
    database, names, dtype, most, seconds = job
    return [
        judge(name, sample, DTYPES[dtype], seconds)
        for name in names
        for sample in samples(database, name, DTYPES[dtype], most)
    ]
