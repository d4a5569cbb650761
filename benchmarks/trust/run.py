"""`python -m benchmarks.trust`: the table, what is to be looked at, and the costs."""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing.context import BaseContext

import benchmarks.trust
from benchmarks.trust import costs
from benchmarks.trust.cases import Job, Result, jobs, odd_ones, results
from benchmarks.trust.table import table

GROUPS = ("healthy", "planted in torch", "planted in the check", "traps", "corners", "faults")
CHUNK = 8
"""How many jobs a worker takes at a time."""


def main(arguments: Sequence[str]) -> int:
    """Judge all cases and print; 1 if an answer of gradcalc's is to be looked at."""
    options = _parser().parse_args(arguments)
    context = multiprocessing.get_context("spawn")
    start = time.perf_counter()
    found = _judged(jobs(options.healthy, options.seed), options.workers, context)
    print(table(found))
    idle = sum(result.idle for result in found)
    print(f"\n{idle:,} planted mistakes change nothing at their point and are left out.")
    print(f"{time.perf_counter() - start:,.0f} s with {options.workers} workers.")
    odd = [
        line for group in GROUPS for line in _listed(odd_ones(found, group), group, options.show)
    ]
    print("\n".join(["", *odd]))
    if options.costs:
        print("The whole check, everything imported:")
        for line in costs.costs(context):
            print(f"  {line}")
    return 1 if any(result.odd for result in found) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.trust",
        description=benchmarks.trust.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--healthy", type=int, default=2000, help="how many random programs (2000)")
    add("--seed", type=int, default=0, help="of the random programs (0)")
    add("--workers", type=int, default=os.cpu_count() or 1, help="processes (one per core)")
    add("--show", type=int, default=5, help="how many odd answers of a group are printed (5)")
    add("--no-costs", dest="costs", action="store_false", help="leave out the costs")
    return parser


def _judged(todo: Sequence[Job], workers: int, context: BaseContext) -> list[Result]:
    """The results in the order of the jobs."""
    chunks = [todo[at : at + CHUNK] for at in range(0, len(todo), CHUNK)]
    with ProcessPoolExecutor(workers, context, initializer=_prepared) as pool:
        futures = [pool.submit(_chunk, chunk) for chunk in chunks]
        for _ in _with_progress(futures):
            pass
    return [result for future in futures for result in future.result()]


def _prepared() -> None:
    """One thread for each worker, and jax with x64."""
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["JAX_PLATFORMS"] = "cpu"
    import jax
    import torch

    jax.config.update("jax_enable_x64", True)
    # every function is compiled and then called a few times
    jax.config.update("jax_disable_most_optimizations", True)
    torch.set_num_threads(1)


def _chunk(todo: Sequence[Job]) -> list[Result]:
    return [result for job in todo for result in results(job)]


def _with_progress(futures: Sequence[Future[list[Result]]]) -> Iterator[Future[list[Result]]]:
    """The futures as they are done, counted on a terminal."""
    terminal = sys.stderr.isatty()
    for done, future in enumerate(as_completed(futures), 1):
        if terminal:
            print(f"\r{done / len(futures):4.0%}", end="", file=sys.stderr, flush=True)
        yield future
    if terminal:
        print("\r    \r", end="", file=sys.stderr)


def _listed(odd: Sequence[Result], group: str, most: int) -> Iterator[str]:
    if odd:
        yield f"{group}: {len(odd):,} answers to look at"
        yield from (f"  {result.case}\n    {result.odd}" for result in odd[:most])
        yield ""
