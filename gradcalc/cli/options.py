"""What a user can ask for: each option is one row, and what was asked is one value.

The command lines, their help and completion, the requests of a stream and the errors about what
is misspelt all read these rows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any, Literal

from gradcalc.cli import readers as read
from gradcalc.cli.readers import Named, Reader, Value
from gradcalc.errors import UsageError
from gradcalc.export import TARGETS, WHATS
from gradcalc.render import BINARY, FORMATS, GRAPHS, PLOTS, STEPS

GRAD, BATCH = ("grad", "why"), ("batch",)
FURTHER = ("jacobian", "hessian", "vjp", "jvp", "hvp")
REPORTED = GRAD + FURTHER
EXPLAINED, PICTURED, PLOT = ("explain",), ("graph",), ("plot",)
STEPPED = EXPLAINED + PICTURED
ALL = REPORTED + STEPPED + PLOT
FORMULA, EXPORT, CHECK, FILLED = ("formula",), ("export",), ("check",), ("report",)
FORMS = tuple(dict.fromkeys((*FORMATS, *TARGETS)))
"""How formulas without values are printed: as what derivatives are, or as code."""

KINDS_OF_STEPS = ("numbers", "symbolic")
HIGHEST = 100
"""The highest order of a derivative."""

DERIVATIVES = ("gradient", "jacobian", "hessian")
ANY = ALL + BATCH + FORMULA + EXPORT
EVERY = ANY + CHECK
SHOWN = REPORTED + CHECK
"""Commands that print reports."""

NameKind = Literal["input", "assigned"]
"""What a name is to a program: one that is given a value, or one that it binds itself."""


def _as_given(given: Any, option: str) -> Any:
    del option
    return given


@dataclass(frozen=True, slots=True)
class Row:
    """An option: how it is typed, what its value is called and what the help says of it.

    Without a `metavar` it takes no value, and typing it is the contrary of the default. `text`
    reads what was typed, a list of it where the default is empty, as that may be typed repeatedly.
    `commands` take it. `key` is that in a request, None if no request can have it, where `json`
    reads it. One that is `of_program` is about a single one, so each request brings its own.
    Its value may be one of the `choices`, or one of the program's names that are of the kinds
    `names`. The first row below a `heading` of the help has it; those that are `usual` are in the
    short help too. One that `writes` makes a file of what it is given.
    """

    flag: str
    metavar: str
    help: str
    text: Reader = _as_given
    commands: tuple[str, ...] = ALL + BATCH
    choices: Collection[str] = ()
    key: str | None = None
    json: Reader = _as_given
    of_program: bool = False
    names: tuple[NameKind, ...] = ()
    heading: str = ""
    usual: bool = False
    writes: bool = False


def _row(default: Any, *row: Any, **more: Any) -> Any:
    """A field of `Options` with its row."""
    return field(default=default, metadata={"row": Row(*row, **more)})


def _after(json: Reader, text: Reader) -> Reader:
    """Reads JSON as what would be typed, and then that."""
    return lambda value, key: text(json(value, key), key)


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked, read but not yet resolved: the programs, and a row for each option.

    `values`, `lets` and `declared` are names with their texts, in the order typed; `expect` the
    claims as typed, or each with the input that it is about; `format` is None where the place of
    the output decides. A request of a stream comes as the same, its values as JSON. The rows stand
    in the order of the help.
    """

    programs: tuple[str, ...]

    target: str = _row(
        "numpy", "--to", "TARGET",
        "numpy, torch, jax, c, julia, latex, or python: lists and its own library alone.",
        read.choice(TARGETS), choices=TARGETS, commands=EXPORT, heading="Code", usual=True,
    )  # fmt: skip
    what: str = _row(
        "grad", "--what", "WHAT", "grad, jacobian, hessian, hvp or vjp.", read.choice(WHATS),
        choices=WHATS, commands=EXPORT, usual=True,
    )  # fmt: skip
    steps: str = _row(
        "numbers", "--steps", "KIND",
        "numbers, or symbolic: as formulas of the inputs.",
        read.choice(KINDS_OF_STEPS), choices=KINDS_OF_STEPS, commands=EXPLAINED, heading="Steps",
        usual=True,
    )  # fmt: skip
    direction: str | None = _row(
        None, "--direction", "VALUE",
        "The way that a vector moves: --direction 1,0,0.",
        commands=PLOT, heading="The plot", usual=True,
    )  # fmt: skip
    range: str | None = _row(
        None, "--range", "START:STOP", "How far it moves along --direction; -1:1.",
        commands=PLOT,
    )  # fmt: skip
    csv: str | None = _row(
        None, "--csv", "FILE",
        "The points of PROGRAM from the rows of a table: columns x, or x[0] and x[1]; - for"
        " standard input.",
        commands=BATCH, heading="Streams", usual=True,
    )  # fmt: skip
    resume: str | None = _row(
        None, "--resume", "OUT",
        "Write to OUT, behind what an earlier run has written there.", commands=BATCH, usual=True,
    )  # fmt: skip
    workers: str = _row(
        "1", "--workers", "N", "Processes that calculate; auto for one on each core.",
        commands=BATCH, usual=True,
    )  # fmt: skip
    up_to_date: bool = _row(
        False, "--check", "", "Write nothing: exit code 1 if a result would change.",
        commands=FILLED, heading="Reports", usual=True,
    )  # fmt: skip
    run_code: bool = _row(
        False, "--run-code", "", "Run code of yours too: check, in a report that you trust.",
        commands=FILLED, usual=True,
    )  # fmt: skip
    init: str | None = _row(
        None, "--init", "ARGUMENTS", 'What a class is made with: "3, bias=False".',
        commands=CHECK, heading="The code",
    )  # fmt: skip
    reference: str | None = _row(
        None, "--reference", "FILE:NAME",
        "A plain function that means the same, for what nobody can see into.", commands=CHECK,
    )  # fmt: skip
    grad: str | None = _row(
        None, "--grad", "FILE:NAME", "What gives the gradient of a function of numpy arrays.",
        commands=CHECK, usual=True,
    )  # fmt: skip
    hess: str | None = _row(
        None, "--hess", "FILE:NAME", "What gives the Hessian of a function of numpy arrays.",
        commands=CHECK,
    )  # fmt: skip
    trust: tuple[str, ...] = _row(
        (), "--trust", "NAME", "A Function whose backward is meant, whatever it is.",
        read.names, commands=CHECK,
    )  # fmt: skip
    at_length: bool = _row(False, "--why", "", "The verdict at length.", commands=CHECK, usual=True)
    values: tuple[tuple[str, Value], ...] = _row(
        (), "--at", "NAME=VALUE",
        "The same as --NAME VALUE, for a name that is also an option.",
        read.pairs("VALUE"), key="inputs", json=read.json_values, heading="Inputs", commands=EVERY,
    )  # fmt: skip
    bundle: str | None = _row(
        None, "--inputs", "FILE",
        "The values of all names at once: FILE.json, FILE.npz, or - for JSON on standard input.",
        commands=ALL + EXPORT + CHECK,
    )  # fmt: skip
    declared: tuple[Named, ...] = _row(
        (), "--declare", "NAME=WORD",
        "What is known of an input: S=symmetric, psd, diagonal, orthogonal, simplex, positive.",
        read.pairs("WORD"), key="declare", json=read.json_lets, of_program=True, names=("input",),
        commands=ALL + BATCH + FORMULA,
    )  # fmt: skip
    lets: tuple[Named, ...] = _row(
        (), "--let", "NAME=EXPR", "A named expression, seen by the program.",
        read.pairs("EXPR"), key="let", json=read.json_lets, of_program=True,
        heading="What is differentiated", usual=True, commands=ANY,
    )  # fmt: skip
    detach: tuple[str, ...] = _row(
        (), "--detach", "NAME", "Each use of NAME passes no gradient back.",
        read.names, key="detach", json=_after(read.json_texts, read.names), of_program=True,
        names=("assigned", "input"), usual=True, commands=ANY,
    )  # fmt: skip
    wrt: tuple[str, ...] = _row(
        (), "--wrt", "NAME", "The inputs to differentiate by; all of them.",
        read.names, key="wrt", json=_after(read.json_texts, read.names), of_program=True,
        names=("input",), usual=True, commands=EVERY,
    )  # fmt: skip
    of: str | None = _row(
        None, "--of", "NAME",
        "Differentiate NAME instead of the output, or a part of that: [1], ['loss'].",
        read.check_part, key="of", json=_after(read.json_text, read.check_part), of_program=True,
        names=("assigned",), commands=ANY,
    )  # fmt: skip
    compressed: bool = _row(
        False, "--compressed", "",
        "A Jacobian or Hessian without the unit matrices that are factors of it.", commands=EXPORT,
    )  # fmt: skip
    cotangent: Value | None = _row(  # noqa: RUF009
        None, "--cotangent", "VALUE", "Weights of the outputs; all 1, those of check drawn.",
        commands=(*GRAD, *STEPPED, *PLOT, "vjp", *BATCH, *EXPORT, *CHECK), key="cotangent",
        json=read.json_value, of_program=True,
    )  # fmt: skip
    tangents: tuple[Any, ...] = _row(
        (), "--tangent", "VALUE",
        "The direction in which the inputs move: 1,0, or x=1,0 to say of what.",
        lambda texts, option: tuple(texts), commands=("jvp", "hvp", *BATCH, *EXPORT), key="tangent",
        json=read.json_tangents, of_program=True,
    )  # fmt: skip
    order: int = _row(
        1, "--order", "N",
        "The derivative of order N, by one number; 2 for check, along a drawn direction.",
        read.whole(1, HIGHEST),
        commands=("grad", *BATCH, *FORMULA, *CHECK), key="order",
        json=_after(read.json_number, read.whole(1, HIGHEST)), of_program=True,
    )  # fmt: skip
    kind: str | None = _row(
        None, "--what", "DERIVATIVE",
        "gradient, jacobian or hessian; the gradient of one number, the Jacobian of several.",
        read.choice(DERIVATIVES), choices=DERIVATIVES, commands=FORMULA, usual=True,
    )  # fmt: skip
    command: str = _row(
        "grad", "--command", "COMMAND", "What each request asks for: grad, jacobian, hessian, vjp,"
        " jvp or hvp.", read.choice(("grad", *FURTHER)), choices=("grad", *FURTHER),
        commands=BATCH, key="command",
        json=_after(read.json_text, read.choice(("grad", *FURTHER))),
    )  # fmt: skip
    accumulate: bool = _row(
        False, "--accumulate", "", "Sum the gradients over the programs.", commands=GRAD
    )
    expect: tuple[str | Named, ...] = _row(
        (), "--expect", "EXPR", 'A claimed gradient: "4*x", or "w=4*x" to say of what.',
        lambda texts, option: tuple(texts), key="expect", json=read.json_claims, of_program=True,
        heading="Claims", usual=True,
    )  # fmt: skip
    tolerance: float | None = _row(
        None, "--tol", "NUMBER",
        "How far expected numbers may be off, relatively; what their last digit leaves open.",
        read.tolerance, key="tol", json=_after(read.json_number, read.tolerance),
    )  # fmt: skip
    dtype: str = _row(
        "float64", "--dtype", "DTYPE", "float64, float32 or float16.", read.dtype,
        choices=read.DTYPES, key="dtype", json=_after(read.json_text, read.dtype),
        heading="Numbers",
    )  # fmt: skip
    made_of: str = _row(
        "float64", "--dtype", "DTYPE", "float64, float32, bfloat16 or float16.",
        read.choice(read.EVERY_DTYPE), choices=read.EVERY_DTYPE, commands=CHECK, usual=True,
    )  # fmt: skip
    device: str = _row(
        "cpu", "--device", "DEVICE", "Where torch computes.", key="device", json=read.json_text,
        commands=ALL + BATCH + CHECK,
    )  # fmt: skip
    seed: int | None = _row(
        None, "--seed", "INT",
        "The seed of random numbers in values, and of those that programs draw (else 0).",
        read.whole(0), key="seed", json=_after(read.json_number, read.whole(0)), commands=EVERY,
    )  # fmt: skip
    format: str | None = _row(
        None, "--format", "FORMAT",
        "table (on a terminal), tsv (in a pipe), json, csv, markdown, latex, literal (just the"
        " gradient, as --NAME reads it), npy or npz (files of numpy's).",
        read.choice((*FORMATS, *BINARY)), choices=(*FORMATS, *BINARY), commands=SHOWN,
        heading="Output", usual=True,
    )  # fmt: skip
    form: str | None = _row(
        None, "--format", "FORMAT",
        "table (on a terminal), tsv (in a pipe), json, markdown, latex, literal (just the"
        " formulas), or code: numpy, torch, jax, c, julia, python.",
        read.choice(FORMS), choices=FORMS, commands=FORMULA, usual=True,
    )  # fmt: skip
    drawn: str | None = _row(
        None, "--format", "FORMAT", f"{', '.join(STEPS)}.", read.choice(STEPS), choices=STEPS,
        commands=EXPLAINED,
    )  # fmt: skip
    graph: str | None = _row(
        None, "--format", "FORMAT", f"{', '.join(GRAPHS)}.", read.choice(GRAPHS), choices=GRAPHS,
        commands=PICTURED, usual=True,
    )  # fmt: skip
    picture: str | None = _row(
        None, "--format", "FORMAT",
        "braille, csv (in a pipe), json, svg, html or png.",
        read.choice(tuple(PLOTS)), choices=tuple(PLOTS), commands=PLOT, heading="Output",
        usual=True,
    )  # fmt: skip
    json: bool = _row(
        False, "--json", "", "Short for --format json.",
        commands=SHOWN + FORMULA + STEPPED + PLOT,
        usual=True,
    )  # fmt: skip
    html: str | None = _row(
        None, "--html", "FILE", "Write a page for a browser to FILE, too.", read.page,
        commands=(*GRAD, *EXPLAINED, *CHECK), writes=True,
    )  # fmt: skip
    show_all: bool = _row(
        False, "--all", "", "Show every row, and formulas whole.", commands=SHOWN + STEPPED
    )
    digits: int | None = _row(
        None, "--digits", "N",
        "Significant digits that are shown, or full; 6 in a table, full elsewhere.",
        read.digits, commands=SHOWN + STEPPED,
    )  # fmt: skip
    quiet: bool = _row(
        False,
        "--quiet",
        "",
        "Print nothing: the exit code tells.",
        commands=SHOWN + FORMULA + STEPPED + PLOT,
        usual=True,
    )
    prints: bool = _row(
        False, "--prints", "", "Show on standard error what the program prints.", commands=ALL
    )
    silent: bool = _row(
        False, "--quiet", "", "No progress and no summary.", commands=BATCH, usual=True
    )
    check: bool = _row(
        True, "--no-check", "", "Only torch's gradient, unchecked (exit code 3).",
        key="check", json=read.json_flag, heading="The check",
    )  # fmt: skip
    enclose: bool = _row(
        True, "--no-enclosure", "", "Check by the formula alone, several times faster.",
        commands=BATCH, key="enclose", json=read.json_flag,
    )  # fmt: skip
    strict: bool = _row(
        False, "--strict", "", "Excuse no lost digits, and fail on what has vanished.",
        key="strict", json=read.json_flag, commands=ALL + BATCH + CHECK,
    )  # fmt: skip
    max_steps: int | None = _row(
        None, "--max-steps", "INT", "The most steps that a program may take.",
        read.whole(1), key="max_steps", json=_after(read.json_number, read.whole(1)),
        heading="Limits", commands=EVERY,
    )  # fmt: skip
    timeout: float | None = _row(
        None, "--timeout", "SECONDS", "The longest that a program may run.",
        read.seconds, key="timeout", json=_after(read.json_number, read.seconds),
        commands=EVERY,
    )  # fmt: skip


def commands_of(flag: str) -> tuple[str, ...]:
    """The commands that take an option, none if there is no such one."""
    return next((row.commands for row, _ in rows().values() if row.flag == flag), ())


def rows(command: str | None = None) -> Mapping[str, tuple[Row, Any]]:
    """The rows of the options that a command takes, or of all, by their field, and the default."""
    return _rows(Options, command)


@cache
def _rows(options: type[Options], command: str | None) -> Mapping[str, tuple[Row, Any]]:
    found = {f.name: (f.metadata["row"], f.default) for f in fields(options) if f.metadata}
    return {k: v for k, v in found.items() if command is None or command in v[0].commands}


def under_headings(command: str) -> Mapping[str, Sequence[tuple[Row, Any]]]:
    """The rows of a command, and the defaults, by the heading that they stand under."""
    found: dict[str, list[tuple[Row, Any]]] = {}
    heading = ""
    for row, default in rows().values():
        heading = row.heading or heading
        if command in row.commands:
            found.setdefault(heading, []).append((row, default))
    return found


def keys() -> Mapping[str, tuple[str, Reader]]:
    """The keys that a request can have for its options: the field of each, and what reads it."""
    return {row.key: (name, row.json) for name, (row, _) in rows().items() if row.key}


def typed(command: str, programs: Collection[str], given: Mapping[str, Any]) -> Options:
    """The options of these programs, from what was typed for each field.

    Raises `UsageError` for a text that an option cannot mean.
    """
    found: dict[str, Any] = {}
    for name, (row, default) in rows(command).items():
        value = given[name]
        if not row.metavar:
            found[name] = not default if value else default
        elif value not in (None, [], ()):
            found[name] = row.text(value, row.flag)
    options = Options(programs=tuple(programs), **found)
    if command in FURTHER:
        options = replace(options, command=command)
    form = options.format or options.form or options.drawn or options.graph or options.picture
    if options.json and form not in (None, "json"):
        raise UsageError(f"--json and --format {form} exclude each other")
    if options.json:
        options = replace(
            options, format="json", form="json", drawn="json", graph="json", picture="json"
        )
    if options.format in ("json", *BINARY) and options.digits is not None:
        name = "JSON" if options.format == "json" else options.format
        raise UsageError(
            f"{name} has every digit: --digits is for what people read",
            hint="leave one of them out",
        )
    return options
