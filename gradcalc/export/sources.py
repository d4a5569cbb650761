"""The code of a task in Python, on arrays: a function, what it calls, and a check of itself."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradcalc.export import helpers
from gradcalc.export.arrays import Library, Lines, numbers_text, tuple_text
from gradcalc.export.assertions import in_arrays
from gradcalc.export.documents import documentation, escaped, title, wrapped
from gradcalc.export.libraries import JAX, NUMPY, TORCH
from gradcalc.export.lowering import lowered
from gradcalc.export.names import PYTHON_WORDS, identifiers
from gradcalc.export.plan import VALUE, Condition, Plan, asked_name
from gradcalc.export.task import Task
from gradcalc.expr import ops
from gradcalc.expr.nodes import ancestry


@dataclass(frozen=True, slots=True)
class Python:
    """How a file of Python for a library begins, and how its check compares numbers."""

    library: Library
    helpers: Mapping[str, str]
    taken: frozenset[str]
    imports: tuple[str, ...]
    begin: tuple[str, ...]
    made: str


_TAKEN = PYTHON_WORDS | {"special", "expm"}

NUMPY_FILE = Python(
    NUMPY, helpers.NUMPY, _TAKEN | {"np"} | helpers.NUMPY.keys(), ("import numpy as np",), (),
    "np.asarray({}, dtype=np.float64)",
)  # fmt: skip
TORCH_FILE = Python(
    TORCH, helpers.TORCH, _TAKEN | {"torch"} | helpers.TORCH.keys(), ("import torch",), (),
    "torch.as_tensor({}, dtype=torch.float64)",
)  # fmt: skip
JAX_FILE = Python(
    JAX, helpers.JAX, _TAKEN | {"jax", "jnp", "np"} | helpers.JAX.keys(),
    ("import jax", "import jax.numpy as jnp", "import numpy as np"),
    ("# jax computes in 32 bits unless it is told otherwise",
     'jax.config.update("jax_enable_x64", True)'),
    "jnp.asarray({}, dtype=jnp.float64)",
)  # fmt: skip

FURTHER = {
    "special.": {"numpy": "from scipy import special", "jax": "from jax.scipy import special"},
    "expm(": {"numpy": "from scipy.linalg import expm", "jax": "from jax.scipy.linalg import expm"},
    "math.": dict.fromkeys(("numpy", "torch", "jax"), "import math"),
}
"""Imports that only some code needs, by what is in it."""


KEYED = (ops.INDEX, ops.SCATTER)
"""Operations at places."""


def source(task: Task, file: Python) -> str:
    """The file. Raises `UnsupportedError` for what the library has no form of."""
    plan = lowered(task.plan, file.library.rows.keys())
    if task.fixed is not None and (plan is not task.plan or not _is_safe(plan, file)):
        return source(task.fixed, file)
    taken = {*file.taken, task.name, *(d for dims in task.dims.values() for d in dims)}
    names = identifiers(plan.inputs, taken)
    writer = Lines(file.library, names, taken, task.sizes)
    texts = writer.write(plan, plan.roots())
    body = _function(task, file, names, writer, texts, plan.conditions)
    code = "\n".join(body)
    defined = helpers.needed(code, file.helpers)
    main = _main(task, file, names, chooses="np.where(" in code)
    whole = "\n".join([code, *defined, *main])
    more = [
        imports[file.library.name]
        for sign, imports in FURTHER.items()
        if re.search(rf"(?<![\w.]){re.escape(sign)}", whole) and file.library.name in imports
    ]
    imported = sorted({*file.imports, *more}, key=_standard_first)
    parts = [f'"""{escaped(title(task))}\n\nWritten by gradcalc export.\n"""', "", *imported]
    if file.begin:
        parts += ["", *file.begin]
    for definition in defined:
        parts += ["", "", definition]
    return "\n".join([*parts, "", "", *body, "", "", *main, ""])


def _is_safe(plan: Plan, file: Python) -> bool:
    """Whether a place that is not there is told: jax takes another one."""
    keys = (node["key"] for node in ancestry(plan.roots().values()) if node.op in KEYED)
    fixed = (part for key in keys for part in key if isinstance(part, int))
    return file.library is not JAX or not any(fixed)


def _standard_first(line: str) -> tuple[bool, bool, str]:
    return (line != "import math", line.startswith("from"), line)


def _function(
    task: Task,
    file: Python,
    names: Mapping[str, str],
    writer: Lines,
    texts: Mapping[str, object],
    conditions: Sequence[Condition],
) -> list[str]:
    lines = [f"def {task.name}({', '.join(names.values())}):", *_documented(task, names)]
    body = [f"{own} = {file.made.format(own)}" for own in names.values()]
    body += _shapes(task, names)
    body += _asserted(conditions, writer, texts)
    body += [f"{line.name} = {line.text}" for line in writer.lines]
    # the assertions may need what has a name
    body = _in_order(body)
    body.append(f"value = {_text(texts[VALUE])}")
    body += _returned(task, texts)
    return lines + [f"    {line}" for line in body]


def _text(found: object) -> str:
    return found.text  # type: ignore[attr-defined, no-any-return]


def _in_order(body: list[str]) -> list[str]:
    """Each assertion behind the lines that it needs."""
    defined = {line.split(" = ")[0]: k for k, line in enumerate(body) if re.match(r"t\d+ = ", line)}
    found: list[str] = []
    waiting: list[tuple[int, str]] = []
    for k, line in enumerate(body):
        if line.startswith("assert "):
            last = max(
                (defined[n] for n in re.findall(r"\bt\d+\b", line) if n in defined), default=-1
            )
            if last > k:
                waiting.append((last, line))
                continue
        found.append(line)
        found += [w for at, w in waiting if at == k]
    return found


def _documented(task: Task, names: Mapping[str, str]) -> list[str]:
    lines = [escaped(line) for line in documentation(task, names, None)]
    return [f'    """{lines[0]}', *(f"    {line}".rstrip() for line in lines[1:]), '    """']


def _shapes(task: Task, names: Mapping[str, str]) -> list[str]:
    """The sizes read from the arguments, and what they have to be."""
    lines: list[str] = []
    known: set[str] = set()
    for name, own in names.items():
        dims = task.shape_of(name)
        fresh = [d for d in dims if d.isidentifier() and d not in known]
        if fresh:
            lines.append(
                f'assert {own}.ndim == {len(dims)}, "{own} has {len(dims)} dimension'
                f'{"s" if len(dims) != 1 else ""}"'
            )
        for k, dim in enumerate(dims):
            if dim in fresh and dim not in known:
                known.add(dim)
                lines.append(f"{dim} = {own}.shape[{k}]")
        if len(fresh) < len(dims) or len(set(fresh)) < len(fresh) or not dims:
            shape = tuple_text(dims) if dims else "()"
            lines.append(
                f'assert {own}.shape == {shape}, f"{own} has shape {shape},'
                f' not {{tuple({own}.shape)}}"'
            )
    return lines


def _asserted(
    conditions: Sequence[Condition], writer: Lines, texts: Mapping[str, object]
) -> list[str]:
    lines = [in_arrays(c, writer, _text(texts[asked_name(k)])) for k, c in enumerate(conditions)]
    return list(dict.fromkeys(lines))


def _returned(task: Task, texts: Mapping[str, object]) -> list[str]:
    if len(task.labels) == 1:
        (label,) = task.labels
        return [f"return value, {_text(texts[label])}"]
    items = [f'    "{label}": {_text(texts[label])},' for label in task.labels]
    return ["return value, {", *items, "}"]


# -- the check -----------------------------------------------------------------------------------


def _main(task: Task, file: Python, names: Mapping[str, str], chooses: bool) -> list[str]:
    made = {"numpy": "np.array", "torch": "torch.tensor", "jax": "jnp.array"}[file.library.name]
    dtype = ", dtype=torch.float64" if made == "torch.tensor" else ""
    lines = [
        'if __name__ == "__main__":',
        "    # the numbers that gradcalc was given, and its own of them",
    ]
    for name, own in names.items():
        lines += _assigned(own, task.inputs[name], made, dtype)
    call = f"{task.name}({', '.join(names.values())})"
    several = len(task.labels) > 1
    if file.library is NUMPY and chooses:
        # a choice works out both of its values
        lines += ['    with np.errstate(all="ignore"):', f"        value, found = {call}"]
    else:
        lines.append(f"    value, found = {call}")
    wanted = {"value": ("value", task.expected[VALUE])}
    for label in task.labels:
        own = f'found["{label}"]' if several else "found"
        wanted[own] = (label, task.expected[label])
    lines.append("    for name, given, expected in (")
    for own, (label, array) in wanted.items():
        lines += _wrapped(f'        ("{label}", {own}, ', np.asarray(array), "),")
    lines.append("    ):")
    if made == "torch.tensor":
        lines += [
            "        expected = torch.tensor(expected, dtype=torch.float64)",
            "        assert given.shape == expected.shape, name",
            "        scale = (expected.abs().max() if expected.numel() else 0.0) or 1.0",
            f"        assert ((given - expected).abs() <= {task.tolerance}*scale).all(), name",
        ]
    else:
        lines += [
            "        expected = np.array(expected, dtype=np.float64)",
            "        assert np.shape(given) == expected.shape, name",
            "        scale = np.max(np.abs(expected), initial=0.0) or 1.0",
            f"        assert (np.abs(given - expected) <= {task.tolerance}*scale).all(), name",
        ]
    lines.append(f'    print("{task.name}: right to {task.tolerance}")')
    return lines


def _assigned(name: str, array: object, made: str, dtype: str) -> list[str]:
    return _wrapped(f"    {name} = {made}(", np.asarray(array), f"{dtype})")


def _wrapped(before: str, array: object, behind: str) -> list[str]:
    """Numbers over as many lines as they take."""
    return wrapped(before, numbers_text(array, _number), behind)


def _number(value: float) -> str:
    if value != value:
        return 'float("nan")'
    if value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    return repr(value)
