"""What `--help` says beyond the options: examples and exit codes."""

EXIT_CODES: tuple[tuple[int, str, str], ...] = (
    (0, "verified", "smooth here, and right as far as the inputs allow"),
    (0, "vanished", "right on the function's own scale; the relative digits are gone"),
    (1, "wrong", "the gradient or an expected one is wrong"),
    (2, "", "bad usage or input"),
    (3, "kink", "continuous, not differentiable here; torch's choice is a valid one"),
    (3, "edge", "on the border of the domain or outside it"),
    (3, "jump", "discontinuous here"),
    (3, "singular", "the gradient is unbounded here"),
    (3, "unresolved", "the witnesses cannot tell"),
    (4, "", "a limit on size, steps or time was reached"),
    (70, "", "a fault of gradcalc's own"),
    (130, "", "interrupted"),
    (141, "", "whoever read the output went away"),
)
"""Every exit code with its outcome, if it has one, and what it means."""

EXAMPLES: tuple[tuple[str, str], ...] = (
    ('gradcalc grad "2*dot(x, x)" --x 0,1,2,3', "value, gradient, formula and verdict"),
    ('gradcalc grad "2*dot(x, x)" --x 0,1,2,3 --expect "4*x"', "is my own gradient right?"),
    ('gradcalc grad "sum((X@w - b)**2)" --X "1,2;3,4" --w 1,-1 --b 0,1', "several inputs"),
    ('gradcalc grad "u*x" --let "u=x*x" --detach u --x 0,1,2,3', "u counts as a constant"),
    ("gradcalc batch requests.jsonl --workers auto", "thousands of gradients, a line each"),
    ("gradcalc grad f.py --a 0.3", "the last function of a file, its loops and branches"),
    ('gradcalc grad "x.sum()" --x @x.npy --json', "values from a file, a report for scripts"),
)
"""Commands to start from."""


START = """\
gradcalc takes the gradient of a function and checks it.

  gradcalc "x**2" --x 3                       value, gradient, formula, verdict
  gradcalc "x@A@x" --x 1,2 --A "2,1;1,3"      vectors and matrices
  gradcalc "x**2" --x 3 --expect "2*x"        is my own gradient right?
  gradcalc why "sqrt(x**2)" --x 0             why is it NaN, and the cure
  gradcalc functions                          what a program can call

gradcalc --help lists all commands, gradcalc help grad the options."""
"""What to type first."""


def print_reference() -> None:
    """Print the examples and the exit codes under the options."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    examples = Table.grid(padding=(0, 2), pad_edge=True)
    examples.add_column(overflow="fold")
    for command, purpose in EXAMPLES:
        examples.add_row(Text.assemble((f"# {purpose}\n", "dim"), command))
    codes = Table.grid(padding=(0, 2), pad_edge=True)
    codes.add_column(justify="right", style="bold cyan")
    codes.add_column(style="bold")
    codes.add_column()
    for code, outcome, meaning in EXIT_CODES:
        codes.add_row(str(code), outcome, meaning)
    console = Console(highlight=False)
    for title, table in (("Examples", examples), ("Exit codes", codes)):
        console.print(Text(f" {title}", "bold"))
        console.print(table)
        console.print()
