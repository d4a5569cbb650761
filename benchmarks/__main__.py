"""`python -m benchmarks [NAME]`: whole commands beside other tools, or another measurement."""

import runpy
import sys

NAMES = ("speed", "closed_form", "size", "stream", "same", "walk", "trust", "fidelity", "coverage",
         "check", "hessians", "attack")  # fmt: skip

if __name__ == "__main__":
    words = sys.argv[1:]
    name = words.pop(0) if words and not words[0].startswith("-") else NAMES[0]
    if name not in NAMES:
        sys.exit(f"usage: python -m benchmarks [{'|'.join(NAMES)}] [OPTIONS]")
    sys.argv = [f"{name}.py", *words]
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
