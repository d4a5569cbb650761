"""The gradients of one program at many points, on a Dask cluster.

python docs/dask_recipe.py                     processes of this machine
python docs/dask_recipe.py tcp://host:8786     a cluster that is running
"""

import sys
from collections.abc import Iterator

import numpy as np
from dask.distributed import Client, LocalCluster

from gradcalc import Problem, Report, calculate, compile_program


def problems() -> Iterator[Problem]:
    """What is to be calculated: any plain, picklable problems."""
    program = compile_program("sum(softplus(X@w)) + w@w")
    random = np.random.default_rng(0)
    data = random.normal(size=(5, 3))
    for _ in range(8):
        yield Problem(program, {"X": data, "w": random.normal(size=3)}, wrt=("w",))


def reports(client: Client) -> list[Report]:
    """Each problem's report, in order."""
    return client.gather(client.map(calculate, list(problems()), batch_size=100, pure=False))


def main(address: str | None) -> None:
    # one thread for each process: the checks bound their own time in the main thread of one only
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(address or cluster) as client:
        for report in reports(client):
            print(report.verdict.outcome, report.gradients[0].closed_form)


if __name__ == "__main__":
    main(*sys.argv[1:2] or [None])
