"""`python -m benchmarks.check`."""

import sys

from benchmarks.check.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
