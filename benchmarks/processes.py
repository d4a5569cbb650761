"""Work shared by several processes."""

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any


def shared(
    function: Callable[[Any], Any],
    jobs: Sequence[Any],
    workers: int,
    prepared: Callable[[], None],
) -> Iterator[Any]:
    """What a function gives for jobs, as it is done; each process begins with `prepared`.

    On a terminal it is told how much is done.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=prepared) as pool:
        futures = [pool.submit(function, job) for job in jobs]
        for done, future in enumerate(as_completed(futures), 1):
            if sys.stderr.isatty():
                print(f"\r{done / len(futures):4.0%}", end="", file=sys.stderr, flush=True)
            yield future.result()
    if sys.stderr.isatty():
        print("\r    \r", end="", file=sys.stderr)
