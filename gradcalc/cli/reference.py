"""What there is to know beyond commands and options: values, exit codes, the environment, files."""

Rows = tuple[tuple[str, str], ...]

EXIT_CODES: tuple[tuple[int, str, str], ...] = (
    (0, "verified", "smooth here, and right as far as the inputs allow"),
    (0, "vanished", "right on the function's own scale; the relative digits are gone"),
    (1, "wrong", "the gradient or an expected one is wrong"),
    (2, "", "bad usage or input"),
    (3, "kink", "continuous, not differentiable here; torch's choice is a valid one"),
    (3, "edge", "on the border of the domain, outside it or a hole in it"),
    (3, "jump", "discontinuous here"),
    (3, "singular", "the gradient is unbounded here"),
    (3, "unresolved", "the witnesses cannot tell"),
    (4, "", "a limit on size, steps or time was reached"),
    (70, "", "a fault of gradcalc's own"),
    (130, "", "interrupted"),
    (141, "", "whoever read the output went away"),
)
"""Every exit code with its outcome, if it has one, and what it means."""

VALUES: Rows = (
    ("2.5", "a number; 1/3, 1e-9, -inf and pi are numbers too"),
    ("0,1,2,3", "a vector; 0 1 2 3 is the same"),
    ("1,2;3,4", "a matrix, row by row"),
    ("[[1,2],[3,4]]", "nested lists of any depth"),
    ("arange(4)", "0,1,2,3; also linspace(0,1,5), zeros(2,3), ones(3), eye(3)"),
    ("randn(3,2)", "random, as --seed says; rand is uniform between 0 and 1"),
    ("@FILE", ".npy .npz .csv .tsv .json .txt .pt .pth .safetensors"),
    ("@-", "standard input"),
)
"""How a VALUE is written."""

ENVIRONMENT: Rows = (
    ("GRADCALC_DAEMON", "1: calls use a warm process if one runs; auto: they start it too"),
    ("GRADCALC_DAEMON_IDLE", "the seconds after which an idle warm process ends; 600"),
    ("GRADCALC_PATIENCE", "how many times as long as usual to wait for programs and processes"),
    ("GRADCALC_DEBUG", "if set, faults show where they happened"),
    ("GRADCALC_HISTORY", "the file in which repl remembers lines; empty: none"),
    ("NO_COLOR", "if set, nothing is coloured"),
    ("FORCE_COLOR", "if set, tables and messages are coloured in pipes too"),
    ("TERM", "dumb: nothing is coloured"),
    ("COLUMNS", "how wide to draw; the width of the terminal, or 80"),
    ("XDG_RUNTIME_DIR", "where the socket of the warm process lies"),
    ("TMPDIR", "where it lies otherwise; /tmp"),
    ("XDG_STATE_HOME", "where lines of repl are remembered; ~/.local/state"),
)
"""The variables of the environment that are read."""

FILES: Rows = (
    ("$XDG_RUNTIME_DIR/gradcalc/", "the socket and the state of the warm process"),
    ("~/.local/state/gradcalc/history", "the lines typed at gradcalc repl"),
    ("~/.bash_completions/gradcalc.sh", "what --install-completion writes for bash"),
    ("~/.zfunc/_gradcalc", "what it writes for zsh"),
    ("~/.config/fish/completions/gradcalc.fish", "what it writes for fish"),
)
"""The files that are written beside those that are named."""

EXAMPLES: Rows = (
    ('gradcalc "x**2" --x 3', "value, gradient, formula, verdict"),
    ('gradcalc "x@A@x" --x 1,2 --A "2,1;1,3"', "vectors and matrices"),
    ('gradcalc "x**2" --x 3 --expect "2*x"', "is my own gradient right?"),
    ('gradcalc why "sqrt(x**2)" --x 0', "why is it NaN, and the cure"),
    ("gradcalc functions soft", "what a program can call"),
    ("gradcalc grad f.py --a 0.3", "a file, its loops and branches"),
    ("gradcalc batch requests.jsonl", "thousands of gradients, a line each"),
)
"""Commands to start from, the first ones first."""
