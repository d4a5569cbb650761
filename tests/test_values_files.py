"""`@file` and `@-`: every kind of file, its keys, and what can be wrong with it."""

import io
import json
import math
import os
import pickle
import struct
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch_file

from gradcalc.errors import FileError, GradcalcError, InvalidValueError, LimitError
from gradcalc.values import Limits, format_literal, parse_value
from tests.sweeps import share

NAN = math.nan
MATRIX = [[1, 2], [3, 4]]


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(text, **options):
    return parse_value(text, random=lambda: np.random.default_rng(0), name="x", **options)


def assert_same(found, expected):
    expected = np.asarray(expected)
    kind = np.bool_ if expected.dtype == np.bool_ else np.float64
    assert found.dtype == kind
    np.testing.assert_array_equal(found, expected.astype(kind), strict=True)


def write(name: str, data: str | bytes) -> None:
    with open(name, "wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)


TEXTS = [
    ("matrix", "a.csv", "1,2\n3,4\n", "", MATRIX),
    ("one column", "a.csv", "1\n2\n", "", [1, 2]),
    ("one row", "a.csv", "1,2\n", "", [1, 2]),
    ("one cell", "a.csv", "1\n", "", [1]),
    ("header", "a.csv", "a,b\n1,2\n3,4\n", "", MATRIX),
    ("header, one row", "a.csv", "a,b\n1,2\n", "", [1, 2]),
    ("quoted header", "a.csv", '"a, or so","b"\n1,2\n3,4\n', "", MATRIX),
    ("column", "a.csv", "a,b\n1,2\n3,4\n", ":b", [2, 4]),
    ("column beside words", "a.csv", "who,b\nann,2\nbob,4\n", ":b", [2, 4]),
    ("column of one", "a.csv", "a,b\n1,2\n", ":b", [2]),
    ("windows lines", "a.csv", "a,b\r\n1,2\r\n3,4\r\n", "", MATRIX),
    ("byte order mark", "a.csv", b"\xef\xbb\xbf1,2\n3,4\n", "", MATRIX),
    ("blank lines", "a.csv", "1,2\n\n3,4\n\n", "", MATRIX),
    ("comment", "a.csv", "# made by hand\n1,2\n3,4\n", "", MATRIX),
    ("semicolons", "a.csv", "1;2\n3;4\n", "", MATRIX),
    ("spaces", "a.csv", "1, 2\n3 ,4\n", "", MATRIX),
    ("quoted numbers", "a.csv", '"1","2"\n"3","4"\n', "", MATRIX),
    ("not a number", "a.csv", "nan,NaN\n3,-4e0\n", "", [[NAN, NAN], [3, -4]]),
    ("capital suffix", "A.CSV", "1,2\n3,4\n", "", MATRIX),
    ("tabs", "a.tsv", "1\t2\n3\t4\n", "", MATRIX),
    ("tabs, column", "a.tsv", "a\tb\n1\t2\n3\t4\n", ":a", [1, 3]),
    ("text, scalar", "a.txt", "3\n", "", 3),
    ("text, vector", "a.txt", "1,2\n", "", [1, 2]),
    ("text, lines", "a.txt", "1\n2\n", "", [1, 2]),
    ("text, spaces", "a.txt", "1 2\n3 4\n", "", MATRIX),
    ("text, savetxt", "a.txt", "# a b\n1.0e+00 2.0e+00\n3.0e+00 4.0e+00\n", "", MATRIX),
    ("text, savetxt of a row", "a.txt", "# a b\n1.0e+00 2.0e+00\n", "", [1, 2]),
    ("text, header", "a.txt", "a b\n1 2\n3 4\n", "", MATRIX),
    ("text, tabs", "a.txt", "a\tb\n1\t2\n3\t4\n", "", MATRIX),
    ("text, column", "a.txt", "a b\n1 2\n3 4\n", ":b", [2, 4]),
    ("text, literal", "a.txt", "1,2;3,4\n", "", MATRIX),
    ("text, column literal", "a.txt", "1;2\n", "", [[1], [2]]),
    ("text, arithmetic", "a.txt", "1/2\n2*2\n", "", [0.5, 4]),
    ("text, names", "a.txt", "pi\ne\n", "", [math.pi, math.e]),
    ("text, numpy", "a.txt", "[[1. 2.]\n [3. 4.]]\n", "", MATRIX),
    ("text, torch", "a.txt", "tensor([[1., 2.],\n        [3., 4.]])\n", "", MATRIX),
    ("text, matrix ends in commas", "a.txt", "[1,2],\n", "", [[1, 2]]),
    ("json", "a.json", "[[1, 2], [3, 4]]", "", MATRIX),
    ("json, scalar", "a.json", "3", "", 3),
    ("json, non-finite", "a.json", '["NaN", NaN, 1]', "", [NAN, NAN, 1]),
    ("json, text", "a.json", '"1,2"', "", [1, 2]),
    ("json, bools", "a.json", "[true, false]", "", [True, False]),
    ("json, only key", "a.json", '{"w": [1, 2]}', "", [1, 2]),
    ("json, key", "a.json", '{"w": [1, 2], "b": 0}', ":w", [1, 2]),
    ("colon in the name", "a:b.csv", "1,2\n", "", [1, 2]),
    ("colon and column", "a:b.csv", "p,q\n1,2\n", ":q", [2]),
]


@pytest.mark.parametrize(
    ("name", "data", "key", "expected"), [pytest.param(*row, id=row_id) for row_id, *row in TEXTS]
)
def test_text_file(name, data, key, expected):
    write(name, data)
    assert_same(read(f"@{name}{key}"), expected)


def save_npz(name, **arrays):
    np.savez_compressed(name, **arrays)


BINARY = [
    ("npy", "a.npy", lambda: np.save("a.npy", np.array(MATRIX)), "", MATRIX),
    ("npy, bool", "a.npy", lambda: np.save("a.npy", np.array([True, False])), "", [True, False]),
    ("npy, scalar", "a.npy", lambda: np.save("a.npy", np.float32(0.5)), "", 0.5),
    ("npy, big endian", "a.npy", lambda: np.save("a.npy", np.array([1, 2], ">f4")), "", [1, 2]),
    ("npy, columns", "a.npy", lambda: np.save("a.npy", np.array(MATRIX).T), "", [[1, 3], [2, 4]]),
    ("npz", "a.npz", lambda: np.savez("a.npz", np.array(MATRIX)), "", MATRIX),
    ("npz, key", "a.npz", lambda: save_npz("a.npz", w=[1], b=[2]), ":b", [2]),
    ("pt", "a.pt", lambda: torch.save(torch.tensor(MATRIX), "a.pt"), "", MATRIX),
    ("pt, key", "a.pt", lambda: torch.save({"w": torch.ones(2), "b": 1}, "a.pt"), ":w", [1, 1]),
    ("pt, number", "a.pt", lambda: torch.save({"w": torch.ones(2), "b": 1}, "a.pt"), ":b", 1),
    (
        "pth, parameter",
        "a.pth",
        lambda: (
            torch.save(torch.nn.Linear(1, 2, bias=False).requires_grad_(False), "b.pt")
            or torch.save({"weight": torch.nn.Parameter(torch.ones(2, 1))}, "a.pth")
        ),
        ":weight",
        [[1], [1]],
    ),
    (
        "pt, bfloat16",
        "a.pt",
        lambda: torch.save(torch.tensor([0.5], dtype=torch.bfloat16), "a.pt"),
        "",
        [0.5],
    ),
    (
        "pt, sparse",
        "a.pt",
        lambda: torch.save(torch.eye(2).to_sparse(), "a.pt"),
        "",
        [[1, 0], [0, 1]],
    ),
    (
        "safetensors",
        "a.safetensors",
        lambda: save_file({"w": np.array(MATRIX, np.float32)}, "a.safetensors"),
        "",
        MATRIX,
    ),
    (
        "safetensors, key",
        "a.safetensors",
        lambda: save_file({"w": np.ones(1), "b": np.array([2])}, "a.safetensors"),
        ":b",
        [2],
    ),
]


@pytest.mark.parametrize(
    ("name", "save", "key", "expected"), [pytest.param(*row, id=row_id) for row_id, *row in BINARY]
)
def test_binary_file(name, save, key, expected):
    save()
    assert_same(read(f"@{name}{key}"), expected)


def test_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write("a.csv", "1,2")
    assert_same(read("@~/a.csv"), [1, 2])


def test_pipe_without_extension():
    os.mkfifo("pipe")
    writer = threading.Thread(target=write, args=("pipe", "1,2\n"))
    writer.start()
    assert_same(read("@pipe"), [1, 2])
    writer.join()


STDIN = [
    ("scalar", "3\n", 3),
    ("vector", "0,1,2,3\n", [0, 1, 2, 3]),
    ("csv", "1,2\n3,4\n", MATRIX),
    ("csv with header", "a,b\n1,2\n3,4\n", MATRIX),
    ("one number a line", "1\n2\n3\n", [1, 2, 3]),
    ("column", "1;2;3\n", [[1], [2], [3]]),
    ("spaces", "1 2\n3 4\n", MATRIX),
    ("byte order mark", "\ufeff1,2", [1, 2]),
    ("expression", "arange(2)\n", [0, 1]),
    ("json", "[[1,2],\n[3,4]]\n", MATRIX),
]


@pytest.mark.parametrize(
    ("text", "expected"), [pytest.param(*row, id=row_id) for row_id, *row in STDIN]
)
def test_stdin(text, expected):
    assert_same(read("@-", stdin=lambda: text), expected)


def test_stdin_that_cannot_be_read():
    def undecodable() -> str:
        return b"\xff".decode()

    with pytest.raises(FileError, match="standard input is not a text"):
        read("@-", stdin=undecodable)
    with pytest.raises(FileError, match="standard input cannot be read here"):
        read("@-")
    with pytest.raises(InvalidValueError, match="x is empty"):
        read("@-", stdin=lambda: "\n")


def test_literal_is_read_back_from_stdin():
    for shape in [(), (1,), (3,), (1, 3), (3, 1), (2, 2), (2, 1, 2)]:
        array = np.arange(float(math.prod(shape))).reshape(shape)
        assert_same(read("@-", stdin=lambda a=array: format_literal(a) + "\n"), array)


def npy(array, allow_pickle=False) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=allow_pickle)
    return file.getvalue()


HUGE = npy(np.zeros(3)).replace(b"(3,), }        ", b"(3000000000,), }")

BAD = [
    ("missing", None, "", "@no.csv", FileError, "there is no file 'no.csv'"),
    ("nothing named", None, "", "@", FileError, "needs the name of a file"),
    ("directory", None, "", "@.", FileError, "is a directory"),
    ("device", "a.dev", "", "@/dev/null", FileError, "not known by its extension"),
    ("unknown extension", "a.xyz", "1", "@a.xyz", FileError, "not known by its extension"),
    ("empty csv", "a.csv", "", "@a.csv", InvalidValueError, "x is empty"),
    ("empty txt", "a.txt", " \n", "@a.txt", InvalidValueError, "x is empty"),
    ("empty json", "a.json", "", "@a.json", InvalidValueError, "x is empty"),
    ("empty npy", "a.npy", "", "@a.npy", FileError, "cannot be read"),
    ("empty pt", "a.pt", "", "@a.pt", FileError, "cannot be read"),
    ("empty list", "a.json", "[]", "@a.json", InvalidValueError, "x is empty"),
    ("header only", "a.csv", "a,b\n", "@a.csv", InvalidValueError, "x is empty"),
    (
        "missing cell",
        "a.csv",
        "a,b\n1,2\n3,\n",
        "@a.csv",
        InvalidValueError,
        "the cell at line 3, column 2 is missing",
    ),
    (
        "missing cells",
        "a.csv",
        "1,2\n,\n",
        "@a.csv",
        InvalidValueError,
        "the cell at line 2, column 1 is missing",
    ),
    ("missing row", "a.csv", "NA,NA\n1,2\n", "@a.csv", InvalidValueError, "line 1, column 1 is"),
    (
        "word in a cell",
        "a.csv",
        "1,2\n3,b\n",
        "@a.csv",
        InvalidValueError,
        "the cell 'b' at line 2, column 2 is not a number",
    ),
    (
        "too large",
        "a.csv",
        "1,1e400\n",
        "@a.csv",
        InvalidValueError,
        "1e400 at line 1, column 2 is too large",
    ),
    (
        "ragged",
        "a.csv",
        "1,2\n3\n",
        "@a.csv",
        InvalidValueError,
        "line 2 of the table has 1 cell, but its first row has 2 cells",
    ),
    ("wrong column", "a.csv", "a,b\n1,2\n", "@a.csv:c", FileError, "the columns are a, b"),
    ("no header", "a.csv", "1,2\n", "@a.csv:c", FileError, "no header row"),
    ("utf-16", "a.csv", "1,2".encode("utf-16"), "@a.csv", FileError, "not a text in UTF-8"),
    ("utf-16 no mark", "a.txt", b"1\0,\0002\0", "@a.txt", FileError, "not a text in UTF-8"),
    ("not json", "a.json", "[1,", "@a.json", FileError, "cannot be read"),
    ("deep json", "a.json", "[" * 10**5, "@a.json", LimitError, "too large"),
    ("large json", "a.json", "[1e400]", "@a.json", InvalidValueError, "1e400 is too large"),
    ("large json int", "a.json", "9" * 5000, "@a.json", InvalidValueError, "is too large"),
    ("ragged json", "a.json", "[[1],[2,3]]", "@a.json", InvalidValueError, "row 2 has 2 numbers"),
    ("json file in file", "a.json", '"@a.json"', "@a.json", InvalidValueError, "'@' has no place"),
    ("several keys", "a.json", '{"a":1,"b":2}', "@a.json", FileError, "several arrays: a, b"),
    ("wrong key", "a.json", '{"a":1,"b":2}', "@a.json:c", FileError, "it holds a, b"),
    ("key of a list", "a.json", "[1]", "@a.json:c", FileError, "single array"),
    ("key of npy", "a.npy", npy(np.ones(2)), "@a.npy:c", FileError, "single array"),
    ("complex npy", "a.npy", npy(np.array([1j])), "@a.npy", InvalidValueError, "complex numbers"),
    ("string npy", "a.npy", npy(np.array(["a"])), "@a.npy", InvalidValueError, "strings"),
    ("object npy", "a.npy", npy(np.array([None]), True), "@a.npy", FileError, "objects"),
    ("npy of nothing", "a.npy", npy(np.zeros(0)), "@a.npy", InvalidValueError, "x is empty"),
    ("cut npy", "a.npy", npy(np.ones(9))[:-9], "@a.npy", FileError, "cannot be read"),
    ("lying npy", "a.npy", HUGE, "@a.npy", FileError, "cannot be read"),
    ("pickle as npy", "a.npy", pickle.dumps([1]), "@a.npy", FileError, "cannot be read"),
    ("text as npz", "a.npz", "1,2", "@a.npz", FileError, "cannot be read"),
    ("npy as npz", "a.npz", npy(np.ones(2)), "@a.npz", FileError, "cannot be read"),
    ("text as pt", "a.pt", "1,2", "@a.pt", FileError, "cannot be read"),
    ("pickle as pt", "a.pt", pickle.dumps(print), "@a.pt", FileError, "cannot be read"),
    ("text as safetensors", "a.safetensors", "1,2", "@a.safetensors", FileError, "cannot be read"),
]


@pytest.mark.parametrize(
    ("name", "data", "text", "kind", "message"),
    [pytest.param(*row, id=row_id) for row_id, *row in BAD],
)
def test_bad_file(name, data, text, kind, message):
    if name is not None:
        write(name, data)
    with pytest.raises(GradcalcError) as caught:
        read(text)
    assert type(caught.value) is kind
    assert message in caught.value.message
    assert caught.value.message.startswith("x")
    assert "\n" not in caught.value.message


def test_bad_tensors():
    torch.save(torch.tensor([1j]), "complex.pt")
    torch.save(torch.zeros(0), "empty.pt")
    torch.save([torch.ones(1)], "list.pt")
    torch.save({"w": torch.ones(1), "bias": torch.ones(1)}, "keys.pt")
    save_file({"w": np.zeros((0, 2))}, "empty.safetensors")
    save_torch_file({"w": torch.ones(1, dtype=torch.bfloat16)}, "bf16.safetensors")
    save_npz("keys.npz", weight=[1], bias=[2])
    for text, message in [
        ("@bf16.safetensors", "w is stored as BF16"),
        ("@complex.pt", "complex numbers"),
        ("@empty.pt", "x is empty"),
        ("@list.pt", "a Tensor is not a number"),
        ("@keys.pt", "several arrays: w, bias"),
        ("@keys.pt:bais", "it holds w, bias"),
        ("@keys.npz", "several arrays: weight, bias"),
        ("@empty.safetensors", "x is empty"),
    ]:
        with pytest.raises(GradcalcError) as caught:
            read(text)
        assert message in caught.value.message


def test_hints():
    save_npz("keys.npz", weight=[1], bias=[2])
    for text, hint in [
        ("@kyes.npz", "did you mean keys.npz?"),
        ("@keys.npz:wieght", "did you mean weight?"),
        ("@keys.npz", "name one of them: @keys.npz:weight"),
    ]:
        with pytest.raises(FileError) as caught:
            read(text)
        assert caught.value.hint == hint


def test_limits():
    limits = Limits(max_elements=10)
    np.save("a.npy", np.ones(11))
    np.savez_compressed("a.npz", np.zeros(10_000))
    write("a.csv", "1,2,3,4,5,6,7,8,9,10,11")
    write("b.csv", "1" * 1000)
    write("a.json", json.dumps([1] * 11))
    torch.save(torch.ones(11), "a.pt")
    for name in ["a.npy", "a.npz", "a.csv", "b.csv", "a.json", "a.pt"]:
        with pytest.raises(LimitError):
            read(f"@{name}", limits=limits)


def test_nothing_in_a_pickle_runs():
    class Harm:
        def __reduce__(self):
            return (open, ("harm", "w"))

    with zipfile.ZipFile("a.npz", "w") as archive:
        archive.writestr("a.npy", npy(np.array([Harm()]), True))
    torch.save(Harm(), "a.pt")
    write("a.npy", npy(np.array([Harm()]), True))
    for name in ["a.npy", "a.npz", "a.pt"]:
        with pytest.raises(FileError):
            read(f"@{name}")
    assert not os.path.exists("harm")


def start_of(suffix: str) -> bytes:
    """The bytes of a good file, for breaking."""
    name = f"good{suffix}"
    match suffix:
        case ".npy":
            return npy(np.ones(3))
        case ".npz":
            np.savez(name, a=np.ones(3))
        case ".safetensors":
            save_file({"a": np.ones(3)}, name)
        case ".pt":
            torch.save(torch.ones(3), name)
        case _:
            return b'a,b\n1,"2"\n'
    with open(name, "rb") as file:
        return file.read()


@pytest.mark.parametrize(
    "suffix", [".csv", ".tsv", ".txt", ".json", ".npy", ".npz", ".safetensors", ".pt"]
)
def test_no_bytes_raise_anything_else(suffix):
    good = start_of(suffix)

    @settings(max_examples=share(60), deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data):
        content = bytearray(data.draw(st.one_of(st.binary(max_size=60), st.just(good))))
        if content:
            at = data.draw(st.integers(0, len(content) - 1))
            content[at] = data.draw(st.integers(0, 255))
            del content[data.draw(st.integers(at, len(content))) :]
        write(f"a{suffix}", bytes(content))
        try:
            fine = read(f"@a{suffix}").size > 0
        except GradcalcError as error:
            fine = error.message.startswith("x")
        assert fine

    check()


def packed(header: bytes, zeros: int) -> bytes:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w", force_zip64=True) as file,
    ):
        file.write(header)
        for _ in range(zeros >> 20):
            file.write(bytes(1 << 20))
    return stream.getvalue()


LONG_HEADER = b"\x93NUMPY\x02\x00" + struct.pack("<I", 1 << 30)

EXPRESSION = b"\x93NUMPY\x01\x00" + struct.pack("<H", 6) + b"f(1,)\n"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.npz", packed(LONG_HEADER, 16 << 20), "it is damaged"),
        ("a.npy", EXPRESSION, "it is damaged"),
    ],
    ids=["header of a member", "expression in a header"],
)
def test_headers_that_are_none(name: str, content: bytes, words: str) -> None:
    Path(name).write_bytes(content)
    with pytest.raises(FileError, match=words):
        read(f"@{name}")


def test_a_packed_file_of_torch_is_measured_before_it_is_read() -> None:
    Path("a.pt").write_bytes(packed(b"", 64 << 20))
    with pytest.raises(LimitError, match="elements are too many"):
        read("@a.pt", limits=Limits(max_elements=10**6))


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.pt", "a.safetensors"])
def test_pipes_hold_text_alone(name: str) -> None:
    os.mkfifo(name)
    with pytest.raises(FileError, match="is a pipe"):
        read(f"@{name}")
