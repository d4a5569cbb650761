"""`python -m benchmarks.coverage`."""

import sys

from benchmarks.coverage.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
