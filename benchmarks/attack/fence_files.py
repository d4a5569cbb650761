# ruff: noqa: E501
"""Files that are no inputs, or far more than they look like: each a maker of files and a call."""

import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

Maker = Callable[[Path], tuple[str, ...]]
"""Makes files in a folder, and gives the command line that is to read them."""

GRAD = ("grad", "sum(x)", "--x")
MANY = 10**6


class _Called:
    """A pickle that runs a command where it is read."""

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return os.system, ("touch zqcanary",)


def _bytes(name: str, content: Callable[[], bytes], *argv: str) -> Maker:
    def make(folder: Path) -> tuple[str, ...]:
        (folder / name).write_bytes(content())
        return argv or (*GRAD, f"@{name}")

    return make


def _link(name: str, target: str, *argv: str) -> Maker:
    def make(folder: Path) -> tuple[str, ...]:
        (folder / name).symlink_to(target)
        return argv or (*GRAD, f"@{name}")

    return make


def _fifo(name: str, *argv: str) -> Maker:
    def make(folder: Path) -> tuple[str, ...]:
        os.mkfifo(folder / name)
        return argv or (*GRAD, f"@{name}")

    return make


def _folder(name: str, *argv: str) -> Maker:
    def make(folder: Path) -> tuple[str, ...]:
        (folder / name).mkdir()
        return argv or (*GRAD, f"@{name}")

    return make


def _beside(name: str, how: Callable[[Path], None]) -> Maker:
    """A program whose import finds something that is no module."""

    def make(folder: Path) -> tuple[str, ...]:
        (folder / "f.py").write_text("import h\ndef f(x):\n    return h.g(x)\n")
        how(folder / name)
        return ("grad", "f.py", "--x", "1.5")

    return make


def _npy(header: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    size = struct.pack("<H" if version == b"\x01\x00" else "<I", len(header))
    return b"\x93NUMPY" + version + size + header.encode("latin-1") + data


def _plain(shape: str, kind: str = "'<f8'") -> str:
    return f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}}}\n"


def _zipped(members: Mapping[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", kind) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _bomb(member: str, head: bytes, zeros: int) -> bytes:
    """A small archive with a member of many zeros behind its head."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(member, "w", force_zip64=True) as file,
    ):
        file.write(head)
        block = bytes(1 << 20)
        for _ in range(zeros >> 20):
            file.write(block)
    return stream.getvalue()


def _declared(content: bytes, size: int) -> bytes:
    """An archive of one member that says it unpacks to another size than it does."""
    field = struct.pack("<I", size)
    at = content.rindex(b"PK\x01\x02")
    changed = content[: at + 24] + field + content[at + 28 :]
    return changed[:22] + field + changed[26:]


def _torch_zip(pickled: bytes, storage: bytes, kind: int = zipfile.ZIP_STORED) -> bytes:
    members = {"x/data.pkl": pickled, "x/byteorder": b"little", "x/data/0": storage,
               "x/version": b"3\n"}  # fmt: skip
    return _zipped(members, kind)


def _torch_pickle(size: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> bytes:
    """What torch.save writes of a tensor, by hand."""
    numbers = b"".join(b"K%c" % s if s < 256 else b"\x8a\x08" + struct.pack("<q", s) for s in shape)
    steps = b"".join(b"K%c" % s for s in strides)
    return (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nDoubleStorage\n"
        b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpu\x8a\x08" + struct.pack("<q", size) + b"tQK\x00("
        + numbers + b"t(" + steps + b"t\x89ccollections\nOrderedDict\n)RtR."
    )  # fmt: skip


def _laughs(depth: int) -> bytes:
    """A pickle of lists of the same two lists, over and over."""
    held: object = [1.0]
    for _ in range(depth):
        held = [held, held]
    return pickle.dumps(held, protocol=2)


def _safetensors(header: bytes, size: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if size is None else size) + header


def _grid() -> bytes:
    return b"1," * (10 * MANY) + b"a\n"


FILES: Mapping[str, Maker] = {
    # pickles
    "npy of objects": _bytes("x.npy", lambda: _npy(_plain("(1,)", "'|O'"), pickle.dumps(_Called()))),
    "npy of objects by numpy": _bytes("x.npy", lambda: _objects()),
    "npz of objects": _bytes("x.npz", lambda: _zipped({"x.npy": _objects()})),
    "npy that is a pickle": _bytes("x.npy", lambda: pickle.dumps(_Called())),
    "npz that is a pickle": _bytes("x.npz", lambda: pickle.dumps(_Called())),
    "pt that is a pickle": _bytes("x.pt", lambda: pickle.dumps(_Called(), protocol=2)),
    "pt with a pickle": _bytes("x.pt", lambda: _torch_zip(pickle.dumps(_Called(), protocol=2), b"")),
    "pth with a pickle": _bytes("x.pth", lambda: _torch_zip(pickle.dumps(_Called(), 4), b"")),
    "pt with eval": _bytes("x.pt", lambda: b"\x80\x02cbuiltins\neval\nX\x04\x00\x00\x001+1\n\x85R."),
    "pt with getattr": _bytes("x.pt", lambda: b"\x80\x02cbuiltins\ngetattr\ncos\nsystem\n\x85R."),
    "pt of lists of lists": _bytes("x.pt", lambda: _torch_zip(_laughs(60), b"")),
    "pt with a script": _bytes("x.pt", lambda: _zipped(
        {"x/constants.pkl": b"\x80\x02).", "x/code/a.py": b"import os", "x/version": b"3\n",
         "x/data.pkl": pickle.dumps(_Called(), 2)}, zipfile.ZIP_STORED)),
    "pt of an old form": _bytes("x.pt", lambda: pickle.dumps(119547037146038801333356, 2)
                                + pickle.dumps(1001, 2) + pickle.dumps(_Called(), 2)),
    # sizes that are not there
    "npy of many": _bytes("x.npy", lambda: _npy(_plain("(10000000000,)"))),
    "npy of too many": _bytes("x.npy", lambda: _npy(_plain("(10**30,)"))),
    "npy of a negative size": _bytes("x.npy", lambda: _npy(_plain("(-1,)"))),
    "npy of many dimensions": _bytes("x.npy", lambda: _npy(_plain("(" + "1,"*500 + ")"), bytes(8))),
    "npy with an expression": _bytes("x.npy", lambda: _npy("__import__('os').system('touch zqcanary')\n")),
    "npy with a call in it": _bytes("x.npy", lambda: _npy(_plain("(open('zqcanary', 'w'),)"))),
    "npy of a deep header": _bytes("x.npy", lambda: _npy("(" * 9000 + "\n")),
    "npy of a long header": _bytes("x.npy", lambda: _npy(" " * 20 * MANY, version=b"\x02\x00")),
    "npy of a header that is not there": _bytes("x.npy", lambda: b"\x93NUMPY\x02\x00\xff\xff\xff\xff{"),
    "npy of texts": _bytes("x.npy", lambda: _npy(_plain("(1,)", "'<U1000000000'"))),
    "npy of a nested kind": _bytes("x.npy", lambda: _npy(_plain("(1,)", "[('a', '|O')]"), b"x" * 8)),
    "npy of one number, broadcast": _bytes("x.npy", lambda: _npy(_plain("(1000000, 0)"))),
    "pt of many": _bytes("x.pt", lambda: _torch_zip(_torch_pickle(10**11, (10**11,), (1,)), bytes(8))),
    "pt of one number, spread": _bytes("x.pt", lambda: _torch_zip(
        _torch_pickle(1, (10**9, 10**3), (0, 0)), bytes(8))),
    "pt packed": _bytes("x.pt", lambda: _bomb("x/data/0", b"", 4 << 30)),
    "safetensors of a long header": _bytes("x.safetensors", lambda: _safetensors(b"{}", 2**62)),
    "safetensors of many": _bytes("x.safetensors", lambda: _safetensors(
        b'{"x":{"dtype":"F64","shape":[100000000000],"data_offsets":[0,800000000000]}}')),
    "safetensors of overlaps": _bytes("x.safetensors", lambda: _safetensors(
        b'{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},'
        b'"y":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}') + bytes(8)),
    "safetensors that is deep": _bytes("x.safetensors", lambda: _safetensors(b'{"x":' + b"["*MANY)),
    # bombs
    "npz bomb": _bytes("x.npz", lambda: _bomb("x.npy", _npy(_plain("(1000000000,)")), 4 << 30)),
    "npz bomb in its header": _bytes("x.npz", lambda: _bomb(
        "x.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", 2 << 30), 2 << 30)),
    "npz that says less": _bytes("x.npz", lambda: _declared(
        _bomb("x.npy", _npy(_plain("(50000000,)")), 400 << 20), 100)),
    "npz that says more": _bytes("x.npz", lambda: _declared(
        _zipped({"x.npy": _npy(_plain("(1,)"), bytes(8))}), 2**31)),
    "npz of many members": _bytes("x.npz", lambda: _zipped(
        {f"{k}.npy": b"" for k in range(MANY // 20)})),
    "npz in an npz": _bytes("x.npz", lambda: _zipped({"x.npz": _zipped({"x.npy": _objects()})})),
    "npz out of its folder": _bytes("x.npz", lambda: _zipped({"../zqcanary.npy": _objects()})),
    "pt bomb": _bytes("x.pt", lambda: _bomb("x/data.pkl", b"\x80\x02X", 1 << 30)),
    # texts
    "JSON of great depth": _bytes("x.json", lambda: b"[" * MANY),
    "JSON of great depth, closed": _bytes("x.json", lambda: b"[" * MANY + b"1" + b"]" * MANY),
    "JSON of objects in objects": _bytes("x.json", lambda: b'{"a":' * MANY),
    "JSON of a long number": _bytes("x.json", lambda: b"9" * MANY),
    "JSON of many keys": _bytes("x.json", lambda: json.dumps(
        {str(k): 1 for k in range(MANY // 10)}).encode()),
    "JSON of empty lists": _bytes("x.json", lambda: b"[" + b"[],"*MANY + b"[]]"),
    "--inputs of great depth": _bytes("i.json", lambda: b'{"x":' + b"[" * MANY,
                                      "grad", "sum(x)", "--inputs", "i.json"),
    "--inputs of many names": _bytes("i.json", lambda: json.dumps(
        {f"x{k}": 1 for k in range(MANY // 10)}).encode(), "grad", "sum(x)", "--inputs", "i.json"),
    "--inputs of objects in objects": _bytes(
        "i.json", lambda: b'{"x":' + b'{"a":' * 900 + b"1" + b"}" * 901,
        "grad", "sum(x)", "--inputs", "i.json"),
    "CSV of many columns": _bytes("x.csv", _grid),
    "CSV of many rows": _bytes("x.csv", lambda: b"1\n" * MANY + b"a\n"),
    "CSV of many empty lines": _bytes("x.csv", lambda: b"\n" * (5 * MANY)),
    "CSV with an open quote": _bytes("x.csv", lambda: b'"' + b"1\n" * MANY),
    "CSV with a long cell": _bytes("x.csv", lambda: b'x\n"' + b"1" * MANY + b'"\n'),
    "CSV of many heads": _bytes("x.csv", lambda: b"a," * MANY + b"b\n"),
    "text of one long line": _bytes("x.txt", lambda: b"1 " * MANY + b"a"),
    "text of brackets": _bytes("x.txt", lambda: b"(" * MANY),
    "text of a long name": _bytes("x.txt", lambda: b"a" * MANY),
    "text of a power": _bytes("x.txt", lambda: b"9**9**9**9"),
    "text of calls": _bytes("x.txt", lambda: b"zeros(99999,99999)"),
    "text of nulls": _bytes("x.txt", lambda: bytes(MANY)),
    "table of batch": _bytes("p.csv", lambda: b"x," * MANY + b"y\n",
                             "batch", "--quiet", "--csv", "p.csv", "x*x"),
    "line of batch": _bytes("r.jsonl", lambda: b"[" * MANY, "batch", "--quiet", "r.jsonl"),
    "report of ticks": _bytes("r.md", lambda: b"`" * MANY, "report", "r.md", "--check"),
    "notebook of great depth": _bytes("f.ipynb", lambda: b"[" * MANY, "grad", "f.ipynb:f", "--x", "1"),
    "program of nulls": _bytes("f.py", lambda: bytes(MANY), "grad", "f.py", "--x", "1"),
    # what is no file
    "/dev/zero": _link("x.txt", "/dev/zero"),
    "/dev/zero as npy": _link("x.npy", "/dev/zero"),
    "/dev/urandom as CSV": _link("x.csv", "/dev/urandom"),
    "/dev/full as JSON": _link("x.json", "/dev/full"),
    "/dev/zero as a program": _link("f.py", "/dev/zero", "grad", "f.py", "--x", "1"),
    "/dev/zero as a notebook": _link("f.ipynb", "/dev/zero", "grad", "f.ipynb:f", "--x", "1"),
    "/dev/zero as --inputs": _link("i.json", "/dev/zero", "grad", "sum(x)", "--inputs", "i.json"),
    "/dev/zero as --inputs of arrays": _link(
        "i.npz", "/dev/zero", "grad", "sum(x)", "--inputs", "i.npz"),
    "/dev/zero as requests": _link("r.jsonl", "/dev/zero", "batch", "--quiet", "r.jsonl"),
    "/dev/zero as a table of batch": _link(
        "p.csv", "/dev/zero", "batch", "--quiet", "--csv", "p.csv", "x*x"),
    "/dev/zero as a report": _link("r.md", "/dev/zero", "report", "r.md", "--check"),
    "/dev/zero for check": _link("f.py", "/dev/zero", "check", "f.py:f", "--x", "1"),
    "/dev/zero as a module beside": _beside("h.py", lambda path: path.symlink_to("/dev/zero")),
    "FIFO as npy": _fifo("x.npy"),
    "FIFO as npz": _fifo("x.npz"),
    "FIFO as pt": _fifo("x.pt"),
    "FIFO as safetensors": _fifo("x.safetensors"),
    "FIFO as a program": _fifo("f.py", "grad", "f.py", "--x", "1"),
    "FIFO as a notebook": _fifo("f.ipynb", "grad", "f.ipynb:f", "--x", "1"),
    "FIFO as --inputs": _fifo("i.npz", "grad", "sum(x)", "--inputs", "i.npz"),
    "FIFO as a report": _fifo("r.md", "report", "r.md", "--check"),
    "FIFO as a module beside": _beside("h.py", os.mkfifo),
    "folder": _folder("x.npy"),
    "folder as a program": _folder("f.py", "grad", "f.py", "--x", "1"),
    "folder as --inputs": _folder("i.json", "grad", "sum(x)", "--inputs", "i.json"),
    "folder as requests": _folder("r.jsonl", "batch", "--quiet", "r.jsonl"),
    "folder as a report": _folder("r.md", "report", "r.md", "--check"),
    "folder for check": _folder("f.py", "check", "f.py:f", "--x", "1"),
    "folder as a module beside": _beside("h.py", Path.mkdir),
    "link to itself": _link("x.npy", "x.npy"),
    "link to itself as a program": _link("f.py", "f.py", "grad", "f.py", "--x", "1"),
    "link to nothing": _link("x.csv", "nothing.csv"),
    "socket of the kernel": _link("x.txt", "/proc/self/mem"),
    "pages of the kernel": _link("x.txt", "/proc/self/environ"),
    "module beside out of the folder": _beside("h.py", lambda path: path.symlink_to("/etc/passwd")),
    "package beside out of the folder": _beside("h", lambda path: path.symlink_to("/etc")),
}  # fmt: skip
"""What is tried, by its name."""


def _objects() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([_Called()], dtype=object), allow_pickle=True)
    return stream.getvalue()
