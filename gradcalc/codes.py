"""What is known before anything is imported: exit codes that are no verdict's and no error's own,
and the commands; and how long is waited for processes."""

import os

LIMIT = 4
"""A limit on size, steps, time or memory was reached."""

FAULT = 70
"""A fault of gradcalc's own."""

INTERRUPTED = 130
"""After Ctrl-C."""

PIPE_CLOSED = 141
"""Whoever read the output has gone away."""


class Command:
    """A command: what starts it and what its help says.

    `start` is a module of `gradcalc.cli` and the function there that adds the command to the
    application; a part of a command has none. `usage` is what may stand behind its name, a line for
    each way; `arguments` are its words that are no options, each with what it is, and `examples`
    command lines, each with what it is for, the first three for the short help. `torch` says that
    torch is started for it at once, in a process of its own, and `warm` that a warm process answers
    it, by the same application. The short help lists those that are `usual`.
    """

    def __init__(
        self,
        start: str,
        help: str,
        *,
        usage: tuple[str, ...] = ("",),
        arguments: tuple[tuple[str, str], ...] = (),
        examples: tuple[tuple[str, str], ...] = (),
        parts: "dict[str, Command] | None" = None,
        torch: bool = False,
        warm: bool = False,
        usual: bool = True,
    ) -> None:
        self.start, self.help, self.torch, self.warm = start, help, torch, warm
        self.usual = usual
        self.usage, self.arguments, self.examples = usage, arguments, examples
        self.parts = parts or {}

    @property
    def takes_program(self) -> bool:
        """Whether it is about one program, or several, that are typed first."""
        return self.arguments[:1] == _PROGRAM[:1]

    @property
    def takes_values(self) -> bool:
        """Whether it takes the values of a program's names."""
        return _PROGRAM[1] in self.arguments


_PROGRAM = (
    ("PROGRAM", "An expression, a program, file.py, file.py:name, or - for standard input."),
    ("--NAME VALUE", 'The value of a name that the program uses: --x 0,1,2,3 --A "1,2;3,4".'),
)

COMMANDS = {
    "grad": Command(
        "grad:add",
        "The value, checked gradient and formula of a PROGRAM.\n\nThe word grad may be left out.",
        usage=("PROGRAM... [--NAME VALUE]... [OPTION]...",),
        arguments=_PROGRAM,
        examples=(
            ('gradcalc grad "2*dot(x,x)" --x 0,1,2,3', "value, gradient, formula, verdict"),
            ('gradcalc grad "x**2" --x 3 --expect "2*x"', "is my own gradient right?"),
            ("gradcalc grad f.py --a 0.3", "the last function of a file"),
            (
                'gradcalc grad "sum((X@w - b)**2)" --X "1,2;3,4" --w 1,-1 --b 0,1 --wrt w',
                "several inputs, the gradient by one",
            ),
            ('gradcalc grad "u*x" --let "u=x*x" --detach u --x 0,1', "u counts as a constant"),
            ('gradcalc grad "x@A@x" --x 1,2 --A "randn(2,2)" --seed 0', "random numbers"),
            ('gradcalc grad "x*x" --x 1,2,3 --cotangent 1,0,2', "the outputs weighed"),
            ('gradcalc grad "x.sum()" --x @x.npy --json', "from a file, and for a script"),
            ('gradcalc grad "x**2" --x 3 --format latex', "the formula for a paper"),
        ),
        torch=True,
        warm=True,
    ),
    "why": Command(
        "grad:add",
        "The verdict at length: all answers, causes, the cure.",
        usage=("PROGRAM... [--NAME VALUE]... [OPTION]...",),
        arguments=_PROGRAM,
        examples=(
            ('gradcalc why "sqrt(x**2)" --x 0', "why is my gradient NaN?"),
            ('gradcalc why "log(sum(exp(x)))" --x 1000,999', "and what to write instead"),
            ('gradcalc why "abs(x)" --x 0 --expect 0.5', "is my choice at a corner valid?"),
            ('gradcalc why "sqrt(x**2)" --x 0 --json', "the same for a program"),
        ),
        torch=True,
        warm=True,
    ),
    "explain": Command(
        "explain:add",
        "A gradient step by step: there, and back by the chain rule."
        "\n\nEach number is torch's, and marked: right, off by rounding, or wrong.",
        usage=("PROGRAM [--NAME VALUE]... [OPTION]...",),
        arguments=_PROGRAM,
        examples=(
            ('gradcalc explain "sum(x*exp(x))" --x 1,2', "what autograd does, with numbers"),
            ('gradcalc explain "sin(x)**2" --x 1 --steps symbolic', "the derivation"),
            ('gradcalc explain "mean((X@w - y)**2)" --steps symbolic', "without values"),
            ("gradcalc explain f.py --x 1 --json", "the steps for a program"),
        ),
        torch=True,
        warm=True,
    ),
    "graph": Command(
        "graph:add",
        "The graph of a PROGRAM, with values and what comes back.",
        usage=("PROGRAM [--NAME VALUE]... [OPTION]...",),
        arguments=_PROGRAM,
        examples=(
            ('gradcalc graph "sum(x*exp(x))" --x 1,2', "a tree on a terminal"),
            ('gradcalc graph "sum(x*exp(x))" --x 1,2 --format svg', "a drawing"),
            ('gradcalc graph "x*exp(x)" --x 1 --format mermaid', "for Markdown"),
        ),
        torch=True,
        warm=True,
    ),
    "plot": Command(
        "plot:add",
        "A PROGRAM over a range, with its gradient and what is special."
        "\n\nEvery point has a verdict; between the points, places where the value or the slope"
        " jumps are looked for and asked about."
        "\n\nThe exit code is 1 if a point is wrong, 3 if one is unresolved, else 0.",
        usage=("PROGRAM --NAME START:STOP[:POINTS]... [OPTION]...",),
        arguments=(
            _PROGRAM[0],
            ("--NAME START:STOP", "One name or two; others have values: --x 0:1 --a 2."),
        ),
        examples=(
            ('gradcalc plot "sin(x)/x" --x -10:10', "on the terminal"),
            ('gradcalc plot "abs(x) + x**2" --x -2:2 --format svg', "a picture"),
            ('gradcalc plot "x**2 - y**2" --x -1:1 --y -1:1', "two inputs: a map, with arrows"),
            (
                'gradcalc plot "norm(x)" --x 1,2,3 --direction 1,0,0 --range -3:3',
                "along a direction",
            ),
            ('gradcalc plot "log(1 + exp(a*x))" --x -5:5 --a 3 --format csv', "the numbers"),
        ),
        torch=True,
        warm=True,
    ),
    "jacobian": Command(
        "grad:add",
        "All slopes of a PROGRAM of several outputs.",
        usage=("PROGRAM [--NAME VALUE]... [OPTION]...",),
        arguments=_PROGRAM,
        examples=(
            ('gradcalc jacobian "sin(A@x)" --A "1,2;3,4" --x 0.5,1 --wrt x', "by one input"),
            ('gradcalc jacobian "softmax(x)" --x 1,2,3', "a square one"),
            ("gradcalc jacobian f.py --x 1,2 --json", "for a script"),
        ),
        torch=True,
        warm=True,
    ),
    "hessian": Command(
        "grad:add",
        "All second derivatives of a PROGRAM.",
        usage=("PROGRAM [--NAME VALUE]... [OPTION]...",),
        arguments=_PROGRAM,
        examples=(
            ('gradcalc hessian "sum(x**3)" --x 1,2', "by one input"),
            ('gradcalc hessian "a*b**2" --a 1 --b 2', "several inputs: block by block"),
            ('gradcalc hessian "x@x" --x 1,2 --json', "for a script"),
        ),
        torch=True,
        warm=True,
    ),
    "vjp": Command(
        "grad:add",
        "The gradient of outputs, weighed by a cotangent.",
        usage=("PROGRAM --cotangent VALUE [--NAME VALUE]... [OPTION]...",),
        arguments=_PROGRAM,
        examples=(
            ('gradcalc vjp "x*x" --x 1,2,3 --cotangent 1,0,2', "the outputs weighed"),
            ('gradcalc vjp "A@x" --A "1,2;3,4" --x 1,2 --cotangent 1,1', "by several inputs"),
        ),
        torch=True,
        warm=True,
        usual=False,
    ),
    "jvp": Command(
        "grad:add",
        "How outputs move where inputs move along a tangent.",
        usage=("PROGRAM --tangent VALUE [--NAME VALUE]... [OPTION]...",),
        arguments=_PROGRAM,
        examples=(
            ('gradcalc jvp "x*x" --x 1,2,3 --tangent 1,0,0', "along one direction"),
            ('gradcalc jvp "a*b" --a 2 --b 3 --tangent a=1 --tangent b=2', "by their names"),
        ),
        torch=True,
        warm=True,
        usual=False,
    ),
    "hvp": Command(
        "grad:add",
        "The Hessian of a PROGRAM times a tangent.",
        usage=("PROGRAM --tangent VALUE [--NAME VALUE]... [OPTION]...",),
        arguments=_PROGRAM,
        examples=(
            ('gradcalc hvp "x.prod()" --x 1,2,3 --tangent 1,0,0', "one column of the Hessian"),
            ('gradcalc hvp "a*b**2" --a 1 --b 2 --tangent b=1', "others do not move"),
        ),
        torch=True,
        warm=True,
        usual=False,
    ),
    "formula": Command(
        "formula:add",
        "Formulas of the derivatives, without values.\n\nA capital letter is a matrix,"
        " a small one a vector, what is only used as a number a number; or it is said.",
        usage=("PROGRAM [--NAME SIZES]... [OPTION]...",),
        arguments=(
            _PROGRAM[0],
            ("--NAME SIZES", "What a name is: --A m,n --x n --c scalar --S symmetric."),
        ),
        examples=(
            ('gradcalc formula "norm(A@x - b)**2"', "the gradient by each name"),
            ('gradcalc formula "softmax(x)"', "of a vector: the Jacobian"),
            ('gradcalc formula "x@S@x" --S symmetric --wrt x', "what is known of a matrix"),
            ('gradcalc formula "sum((X@w - y)**2)" --wrt w --what hessian', "second derivatives"),
            ('gradcalc formula "logdet(S)" --S psd --format latex', "for a paper"),
        ),
        torch=True,
        warm=True,
    ),
    "export": Command(
        "export:add",
        "A PROGRAM and its derivative as code.\n\nIt stands alone and checks itself.",
        usage=("PROGRAM [--to TARGET] [--what WHAT] [--NAME VALUE]... [OPTION]...",),
        arguments=_PROGRAM,
        examples=(
            ('gradcalc export "sum(log(1 + exp(X@w)))" --X "1,2;3,4" --w 1,-1 --wrt w', "numpy"),
            ('gradcalc export "x@x" --x 1,2,3 --to c', "for a compiler"),
            ("gradcalc export f.py --x 1,2 --what hessian --to torch", "second derivatives"),
        ),
        torch=True,
    ),
    "check": Command(
        "check:add",
        "The gradient of your own code: a function, module or Function."
        "\n\nThe file is run, so check only what you trust. What torch does is recorded, and its"
        " gradient held to what that really is; a backward that is wrong is named.",
        usage=("FILE.py:NAME [--NAME VALUE]... [OPTION]...",),
        arguments=(
            ("FILE.py:NAME", "What is checked, of a file that is run."),
            ("--NAME VALUE", 'The value of a parameter: --x 0,1,2 --A "randn(3,2)".'),
        ),
        examples=(
            ("gradcalc check ops.py:loss --x 0,1,2", "a function"),
            ('gradcalc check net.py:Net --init "3, 2" --x "randn(4,3)"', "a module, made so"),
            ("gradcalc check ops.py:MyExp --x 1,2 --order 2", "second derivatives too"),
            ("gradcalc check ops.py:MyExp --x 1,2 --dtype float32 --why", "at length"),
        ),
        torch=True,
    ),
    "batch": Command(
        "batch.command:add",
        "A stream of gradients: JSON lines in, JSON lines out."
        '\n\nA request is {"id": 1, "program": "2*dot(x,x)", "inputs": {"x": [0, 1]}}, with keys'
        " named like the options of grad; options given here hold for all requests, and those about"
        " one program go with --csv.\n\nThe exit code is the worst of all: a fault (70), wrong (1),"
        " an error (2), a limit (4), nothing to verify (3), else 0.",
        usage=("[FILE] [OPTION]...", "--csv FILE PROGRAM [OPTION]..."),
        arguments=(
            ("FILE", "The requests, one JSON object a line; - or nothing for standard input."),
            ("PROGRAM", "With --csv: what each row of the table is a point of."),
        ),
        examples=(
            ("gradcalc batch requests.jsonl", "a report for each line"),
            ("gradcalc batch requests.jsonl --workers auto", "on every core"),
            ('gradcalc batch --csv points.csv "2*x*y"', "the rows of a table"),
            ("gradcalc batch requests.jsonl --resume out.jsonl", "go on after a kill"),
        ),
    ),
    "repl": Command(
        "repl.command:add",
        "A prompt that answers line by line."
        "\n\nx = 0,1,2,3 sets an input, and 2*dot(x,x) is answered at once; so are why, explain,"
        " hessian and the others, expect 4*x and detach u. help lists what can be typed.",
        examples=(("gradcalc repl", "ask one thing after the other"),),
    ),
    "report": Command(
        "report.command:add",
        "The gradcalc blocks of a Markdown file, run and filled in."
        "\n\nA line of a ```gradcalc block is a command line; what it prints stands below the"
        " block. A report runs no code of yours, and reads files of its own folder alone."
        "\n\nThe exit code is the worst of all, as that of batch.",
        usage=("FILE... [OPTION]...",),
        arguments=(("FILE", "A Markdown file, which is written in place; - for standard input."),),
        examples=(
            ("gradcalc report notes.md", "write what has changed"),
            ("gradcalc report notes.md --check", "is it up to date?"),
        ),
        usual=False,
    ),
    "tour": Command(
        "tour:add",
        "Fifteen minutes in the terminal through the lessons of autograd."
        "\n\nEnter runs the command that is shown; it can be edited before. In a pipe the tour is"
        " printed as Markdown.",
        usage=("[LESSON] [--list]",),
        arguments=(
            ("LESSON", "The number of the lesson to begin with; the first one."),
            ("--list", "List the lessons."),
        ),
        examples=(
            ("gradcalc tour", "begin with the first lesson"),
            ("gradcalc tour 8", "begin with the eighth"),
            ("gradcalc tour --list", "what they are about"),
        ),
        usual=False,
    ),
    "functions": Command(
        "functions:add",
        "The functions that a program can call.",
        torch=True,
        usage=("[NAME]...",),
        arguments=(
            ("NAME", "Show these in full, or list those with a part of a name, or of a family."),
        ),
        examples=(
            ("gradcalc functions", "all of them"),
            ("gradcalc functions softmax", "one: what it means"),
            ("gradcalc functions soft", "those with a part of a name"),
        ),
    ),
    "daemon": Command(
        "daemon:add",
        "A warm process that answers at once.\n\n"
        "With GRADCALC_DAEMON=1 in the environment calls use it, with GRADCALC_DAEMON=auto they"
        " start it too.",
        usage=("COMMAND",),
        examples=(
            ("gradcalc daemon start", "start it"),
            ("gradcalc daemon status", "is it running?"),
            ("gradcalc daemon stop", "end it"),
        ),
        usual=False,
        parts={
            "start": Command(
                "",
                "Start it, and wait until it answers. It ends after ten minutes without a call.",
                examples=(("gradcalc daemon start", "start it, or say that it runs"),),
            ),
            "stop": Command(
                "",
                "End it, with whatever it is calculating, and all others of yours.",
                examples=(("gradcalc daemon stop", "end it, or say that none runs"),),
            ),
            "status": Command(
                "",
                "Say whether it runs (exit code 0) or not (3).",
                examples=(("gradcalc daemon status", "its process, and how much it has answered"),),
            ),
        },
    ),
}
"""Every command by its name, in the order of the help."""

OWN = {
    "--version": "Print the version; -V is the same.",
    "--install-completion": "Let your shell complete commands, options and names.",
    "--show-completion": "Print the script that does that.",
    "--help": "Print all of this; -h prints the short form.",
}
"""The options of gradcalc itself, before any command, each with what it does."""


def completed(argv: list[str]) -> list[str]:
    """A command line in full: a program that stands first is for `grad`, `help NAME` asks NAME."""
    if not argv:
        return argv
    first, *rest = argv
    if first == "help":
        return [*rest, "--help"] if not rest or rest[0] in COMMANDS else ["functions", *rest]
    if first == "-V":
        return ["--version", *rest]
    if first in COMMANDS or any(word in COMMANDS for word in rest) or first in ("", "-h", "-q"):
        return argv
    option = first.partition("=")[0]
    if option.startswith("--"):
        return argv if option in OWN or not rest else ["grad", *argv]
    # a word alone is a command that is misspelt, or not there; x·y and πr are words to Python too
    word = first[:1] != "-" and first.isascii() and first.replace("-", "_").isidentifier()
    given = {w.partition("=")[0].lstrip("-") for w in rest if w[:1] == "-" or "=" in w}
    # xy is x*y to those who give x and y, and they are told
    named = first in given or {*first} <= given
    return argv if word and not named else ["grad", *argv]


LONGEST = 1e6
"""Seconds that any of the system's calls can wait: they count milliseconds in 31 bits."""


def patience(seconds: float) -> float:
    """How long to wait where that many seconds are usual: `GRADCALC_PATIENCE` times as long, if
    that is a positive number, but no longer than the system's calls can."""
    try:
        times = float(os.environ.get("GRADCALC_PATIENCE", 1.0))
    except ValueError:
        times = 1.0
    return min(seconds * times, LONGEST) if times > 0 else seconds
