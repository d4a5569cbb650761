"""How libraries of arrays write operations of whole tensors: rows that differ in words alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradcalc.errors import UnsupportedError
from gradcalc.export.arrays import Lines, tuple_text
from gradcalc.expr import ops
from gradcalc.expr.moving import inserted_axes
from gradcalc.expr.nodes import Data, Node
from gradcalc.expr.written import ATOM, POWER, PRODUCT, Text


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a library: its name in the code, and those for dimensions."""

    m: str
    axis: str
    keep: str
    integers: Callable[[str], str]
    rows: Mapping[ops.Op, Any] = field(default_factory=dict)


def _axes(axes: Sequence[int]) -> str:
    return str(axes[0]) if len(axes) == 1 else str(tuple(axes))


def reduction(words: Words, name: str, *, whole: bool = True) -> Any:
    """A call of a function that reduces; without dimensions if it is by all and `whole`."""

    def row(w: Lines, node: Node) -> str | Text:
        (x,) = node.operands
        axes = node["axes"]
        if not axes:
            return w(x)
        along = "" if whole and len(axes) == x.ndim else f", {words.axis}={_axes(axes)}"
        return f"{name}({w.tensor(x)}{along})"

    return row


def called(name: str) -> Any:
    """A function of operands alone."""
    return lambda w, node: f"{name}({', '.join(w.tensor(x) for x in node.operands)})"


def along(words: Words, name: str, static: str = "axis", word: str | None = None) -> Any:
    """A function of one operand along a dimension."""
    return lambda w, n: f"{name}({w.tensor(n.operands[0])}, {word or words.axis}={n[static]})"


def listed(words: Words, name: str) -> Any:
    """A function of a list of arrays."""

    def row(w: Lines, node: Node) -> str:
        parts = ", ".join(w.tensor(x) for x in node.operands)
        axis = f", {words.axis}={node['axis']}" if node["axis"] else ""
        return f"{name}([{parts}]{axis})"

    return row


def _permuted(words: Words) -> Any:
    def row(w: Lines, node: Node) -> str:
        order = node["order"]
        x = w(node.operands[0]).within(ATOM)
        if order == (1, 0):
            return f"{x}.T"
        if order == (*range(len(order) - 2), len(order) - 1, len(order) - 2):
            return (
                f"np.swapaxes({w.tensor(node.operands[0])}, -1, -2)"
                if words.m == "np"
                else f"{x}.mT"
            )
        name = "permute" if words.m == "torch" else "transpose"
        return f"{x}.{name}({', '.join(map(str, order))})"

    return row


def _reshaped(w: Lines, node: Node) -> str:
    (x,) = node.operands
    shape = w.dims(node, "shape")
    axes = inserted_axes(x.shape, node.shape)
    text = Text(w.tensor(x)).text if w(x).level >= ATOM else f"({w(x).text})"
    if axes is not None:
        items = ["None" if k in axes else ":" for k in range(node.ndim)]
        return f"{text}[{', '.join(items)}]"
    return f"{text}.reshape({', '.join(shape)})" if shape else f"{text}.reshape(())"


def key_text(w: Lines, node: Node, words: Words, key: Sequence[Any], shape: Sequence[int]) -> str:
    """An index; slices count from the front."""
    items, axis = [], 0
    sizes = w.key_sizes(node)
    for place, part in enumerate(key):
        if isinstance(part, Data):
            kind = part.array.tolist()
            items.append(words.integers(str(kind)))
            axis += len(part.shape) if part.array.dtype == bool else 1
            continue
        if isinstance(part, int):
            items.append(sizes.get(place, (str(part),))[0])
        else:
            start, size, step = part
            stop = start + size * step
            if place in sizes:
                items.append(":".join(sizes[place]))
            else:
                first = str(start) if start or step < 0 else ""
                whole = stop >= shape[axis] if step > 0 else stop < 0
                last = "" if whole else str(stop)
                items.append(f"{first}:{last}" + (f":{step}" if step != 1 else ""))
        axis += 1
    while len(items) > 1 and items[-1] == ":":
        items.pop()
    return ", ".join(items)


def _forward(key: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """A key without steps backwards, and the dimensions of what it takes that are to be turned."""
    found: list[Any] = []
    turned, axis = [], 0
    arrays = any(isinstance(part, Data) for part in key)
    for part in key:
        if isinstance(part, tuple) and part[2] < 0:
            if arrays:
                raise UnsupportedError("this index has no form in torch")
            start, size, step = part
            found.append((start + (size - 1) * step, size, -step))
            turned.append(axis)
        else:
            found.append(part)
        axis += isinstance(part, tuple)
    return found, turned


def _indexed(words: Words) -> Any:
    def row(w: Lines, node: Node) -> str:
        (x,) = node.operands
        key, turned = _forward(node["key"]) if words.m == "torch" else (node["key"], [])
        text = w.tensor(x) if w(x).level >= ATOM else f"({w(x).text})"
        found = f"{text}[{key_text(w, node, words, key, x.shape)}]"
        return f"torch.flip({found}, {tuple(turned)})" if turned else found

    return row


def _scattered(words: Words) -> Any:
    def row(w: Lines, node: Node) -> str:
        (g,) = node.operands
        key, turned = _forward(node["key"]) if words.m == "torch" else (node["key"], [])
        value = w.tensor(g)
        value = f"torch.flip({value}, {tuple(turned)})" if turned else value
        index = key_text(w, node, words, key, node.shape)
        slices = f"{words.m}.s_[{index}]" if words.m != "torch" else _torch_key(index)
        return f"placed({value}, {slices}, {w.shape(node)})"

    return row


def _torch_key(index: str) -> str:
    """An index as a tuple of torch's, which has no word for slices."""
    items = []
    for item in _split(index):
        if ":" in item:
            parts = [part or "None" for part in item.split(":")]
            items.append(f"slice({', '.join(parts)})")
        else:
            items.append(item)
    return tuple_text(items)


def _split(index: str) -> list[str]:
    """The items of an index, commas inside of brackets apart."""
    items, depth, start = [], 0, 0
    for place, char in enumerate(index):
        depth += (char in "([") - (char in ")]")
        if char == "," and not depth:
            items.append(index[start:place].strip())
            start = place + 1
    return [*items, index[start:].strip()]


def _diagonal(words: Words) -> Any:
    def row(w: Lines, node: Node) -> str:
        (x,) = node.operands
        offset, first, second = node["offset"], node["dim1"], node["dim2"]
        if x.ndim == 2 and (first, second) == (0, 1):
            return f"{words.m}.diag({w.tensor(x)}{f', {offset}' if offset else ''})"
        return f"{words.m}.diagonal({w.tensor(x)}, {offset}, {first}, {second})"

    return row


def _embedded(words: Words) -> Any:
    def row(w: Lines, node: Node) -> str:
        (g,) = node.operands
        shape, offset = node["shape"], node["offset"]
        first, second = node["dim1"], node["dim2"]
        if len(shape) == 2 and shape[0] == shape[1] and (first, second) == (0, 1):
            return f"{words.m}.diag({w.tensor(g)}{f', {offset}' if offset else ''})"
        return f"on_diagonal({w.tensor(g)}, {w.shape(node)}, {offset}, {first}, {second})"

    return row


def _matmul(w: Lines, node: Node) -> Text:
    x, y = node.operands
    left = w(x).text if x.op is ops.MATMUL else w(x).within(POWER)
    return Text(f"{left}@{w(y).within(POWER)}", PRODUCT, matrix=True)


def _triangle(words: Words, name: str) -> Any:
    def row(w: Lines, node: Node) -> str:
        k = f", {node['diagonal']}" if node["diagonal"] else ""
        return f"{words.m}.{name}({w.tensor(node.operands[0])}{k})"

    return row


def eye(words: Words, dtype: str) -> Any:
    def row(w: Lines, node: Any) -> str:
        size = node if isinstance(node, str) else w.dims(node, "size")[0]
        return f"{words.m}.eye({size}{dtype})"

    return row


def helped(name: str, *statics: str) -> Any:
    """A function that stands in front of the code."""

    def row(w: Lines, node: Node) -> str:
        given = [*(w.tensor(x) for x in node.operands), *(repr(node[s]) for s in statics)]
        return f"{name}({', '.join(given)})"

    return row


def _one_hot(words: Words) -> Any:
    def row(w: Lines, node: Node) -> str:
        (size,) = w.dims(node, "size")
        return f"one_hot({w.tensor(node.operands[0])}, {size}, {node['axis']})"

    return row


def part(name: str, part: str, *, options: str = "") -> Any:
    return lambda w, node: f"{name}({w.tensor(node.operands[0])}{options}){part}"


def _symmetric(name: str, part: str = "") -> Any:
    """A function of the symmetric part."""
    return lambda w, node: f"{name}(symmetric({w.tensor(node.operands[0])})){part}"


def shared(words: Words) -> dict[ops.Op, Any]:
    """The rows that are the same but for words."""
    m, linalg = words.m, f"{words.m}.linalg"
    return {
        ops.PERMUTE: _permuted(words), ops.RESHAPE: _reshaped, ops.INDEX: _indexed(words),
        ops.SCATTER: _scattered(words), ops.DIAGONAL: _diagonal(words),
        ops.EMBED: _embedded(words), ops.MATMUL: _matmul, ops.OUTER: called(f"{m}.outer"),
        ops.TRIL: _triangle(words, "tril"), ops.TRIU: _triangle(words, "triu"),
        ops.BROADCAST: lambda w, n: (
            f"{m}.broadcast_to({w.tensor(n.operands[0])}, {w.shape(n)})"
        ),
        ops.FLIP: lambda w, n: f"{m}.flip({w.tensor(n.operands[0])}, {tuple(n['axes'])})",
        ops.ROLL: lambda w, n: (
            f"{m}.roll({w.tensor(n.operands[0])}, {tuple(n['shifts'])}, {tuple(n['axes'])})"
        ),
        ops.SUM: reduction(words, f"{m}.sum"), ops.MEAN: reduction(words, f"{m}.mean"),
        ops.CUMSUM: along(words, f"{m}.cumsum"), ops.CUMPROD: along(words, f"{m}.cumprod"),
        ops.EYE: eye(words, ""), ops.TRACE: called(f"{m}.trace"),
        ops.DET: called(f"{linalg}.det"), ops.INV: called(f"{linalg}.inv"),
        ops.LOGDET: part(f"{linalg}.slogdet", "[1]"), ops.SOLVE: called(f"{linalg}.solve"),
        ops.COFACTOR: called("cofactors"), ops.OTHERS: helped("others", "axes"),
        ops.ONE_HOT: _one_hot(words), ops.CHOLESKY: _symmetric(f"{linalg}.cholesky"),
        ops.EIGENVALUES: _symmetric(f"{linalg}.eigvalsh"),
        ops.EIGENVECTORS: _symmetric(f"{linalg}.eigh", "[1]"),
        ops.LEFT: part(f"{linalg}.svd", "[0]", options=", full_matrices=False"),
        ops.RIGHT: part(f"{linalg}.svd", "[2]", options=", full_matrices=False"),
        ops.UNSORT: helped("unsorted", "axis", "descending"),
        ops.REORDER: helped("reordered", "axis", "descending"),
        ops.PEAKS["amax"]: helped("peaks", "axes"),
        ops.PEAKS["amin"]: lambda w, n: f"peaks(-{w(n.operands[0]).within(ATOM)}, {n['axes']})",
    }  # fmt: skip


def _sorted(name: str) -> Any:
    def row(w: Lines, node: Node) -> str:
        x, axis = w.tensor(node.operands[0]), node["axis"]
        text = f"{name}.sort({x}, axis={axis})"
        return f"{name}.flip({text}, {axis})" if node["descending"] else text

    return row


def _norm(w: Lines, node: Node, m: str) -> str:
    (x,) = node.operands
    axes = node["axes"]
    if len(axes) == x.ndim:
        return f"{m}.linalg.norm({w.tensor(x)})"
    if len(axes) == 1:
        return f"{m}.linalg.norm({w.tensor(x)}, axis={axes[0]})"
    return f"{m}.sqrt({m}.sum({w(x).within(ATOM)}**2, axis={_axes(axes)}))"


def _std(m: str) -> Any:
    return lambda w, n: f"{m}.std({w.tensor(n.operands[0])}, axis={_axes(n['axes'])}, ddof=1)"


def numpys(words: Words) -> dict[ops.Op, Any]:
    """The rows that numpy and jax share."""
    m = words.m
    return {
        ops.CONCAT: listed(words, f"{m}.concatenate"), ops.STACK: listed(words, f"{m}.stack"),
        ops.PROD: reduction(words, f"{m}.prod"), ops.AMAX: reduction(words, f"{m}.max"),
        ops.AMIN: reduction(words, f"{m}.min"), ops.STD: _std(m),
        ops.NORM: lambda w, n: _norm(w, n, m), ops.SORT: _sorted(m),
        ops.TRIANGLE: part(f"{m}.linalg.qr", "", options=', mode="r"'),
        ops.SINGULAR: part(f"{m}.linalg.svd", "", options=", compute_uv=False"),
    }  # fmt: skip


def torch_prod(w: Lines, node: Node) -> str:
    (x,) = node.operands
    text = w.tensor(x)
    if len(node["axes"]) == x.ndim:
        return f"torch.prod({text})"
    for axis in sorted(node["axes"], reverse=True):
        text = f"torch.prod({text}, dim={axis})"
    return text
