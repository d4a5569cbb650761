"""Measurements that are run by hand: `python -m benchmarks NAME`.

Every tool works on one thread, which has to be said before numpy is imported.
"""

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
