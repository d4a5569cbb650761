"""`python -m benchmarks NAME`: one of the measurements."""

import runpy
import sys

NAMES = ("closed_form", "stream", "trust")

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
        sys.exit(f"usage: python -m benchmarks {{{','.join(NAMES)}}} [OPTIONS]")
    name = sys.argv.pop(1)
    sys.argv[0] = f"{name}.py"
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
