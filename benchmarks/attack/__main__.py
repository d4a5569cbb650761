"""`python -m benchmarks attack [PART...]`: attacks every surface, and counts what breaks."""

import sys
from importlib import import_module
from typing import Annotated

import typer

from benchmarks.attack.data import Part, Row, Size

PARTS = ("fence", "inputs", "batch", "warm", "cold", "foreign", "python")
"""Modules of this package, each with an `attack`."""

EXAMPLES = 5
"""So many of what broke are shown of each row."""


def main(
    parts: Annotated[list[str] | None, typer.Argument(help="|".join(PARTS))] = None,
    share: Annotated[float, typer.Option(min=0.0, help="Of all that is tried.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Of what is drawn.")] = 0,
    only: Annotated[list[str] | None, typer.Option(help="A row of cold, inputs or python.")] = None,
) -> None:
    """Attack; the exit code is 1 if anything broke."""
    chosen = parts or list(PARTS)
    unknown = [name for name in chosen if name not in PARTS]
    if unknown:
        sys.exit(f"there is no attack {unknown[0]}: {', '.join(PARTS)}")
    broken = 0
    for name in chosen:
        attack: Part = import_module(f"benchmarks.attack.{name}").attack
        print(name)
        for row in attack(Size(share, seed, tuple(only or ()))):
            show(row)
            broken += len(row.broken)
    sys.exit(1 if broken else 0)


def show(row: Row) -> None:
    """Print a row."""
    count = f"{len(row.broken):,} of {row.tried:,} broke"
    print(f"  {count:24}{row.what}{f'  ({row.note})' if row.note else ''}", flush=True)
    for text in row.examples(EXAMPLES):
        print(f"      {text}")


if __name__ == "__main__":
    typer.run(main)
