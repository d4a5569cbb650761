"""`python -m benchmarks.trust`."""

import sys

try:
    from benchmarks.trust.run import main
except ModuleNotFoundError as missing:
    sys.exit(f"{missing.name} is needed: pip install -c constraints.txt -e '.[dev,bench]'")

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
