"""Random small packages whose files import each other, in circles too, for `test_packages_read`.

What Python makes of them, which imports them under a name of their own, is the truth.
"""

import importlib
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILES = ("__init__", "one", "two", "three", "sub/__init__", "sub/deep")
"""The files of each package."""


def made(rng: random.Random, package: str) -> tuple[dict[str, str], str]:
    """The files of a package with one beside it that uses it, and the file that is meant."""
    texts = {file: _text(rng, package, file) for file in FILES}
    files = {f"{package}/{name}.py": text for name, text in texts.items()}
    brought = "\n".join(_imports(rng, package, "", 2))
    names = sorted(set(_bound(brought)))
    uses = " + ".join(_use(rng, name) for name in names) or "x"
    files["main_file.py"] = f"{brought}\ndef f(x):\n    return {uses}\n"
    return files, rng.choice(["main_file.py"] * 3 + [f"{package}/one.py", f"{package}/sub/deep.py"])


def _text(rng: random.Random, package: str, file: str) -> str:
    """One file: constants and functions with imports between them."""
    mark = file.replace("/", "_").strip("_")
    own = [
        f"K_{mark} = {rng.randint(2, 9)}.0",
        f"def g_{mark}(x): return x*{rng.randint(2, 9)}.0 + SHARED",
        f"SHARED = {rng.randint(2, 9)}.0",
    ]
    if rng.random() < 0.3:
        own.append(f"def {rng.choice(['one', 'two', 'deep'])}(x): return x*x*{rng.randint(2, 9)}.0")
    if rng.random() < 0.2:
        own.append(f"__all__ = ['g_{mark}', 'SHARED']")
    lines = _imports(rng, package, file, rng.randint(0, 3))
    late = _imports(rng, package, file, 1) if rng.random() < 0.3 else []
    late = [line for line in late if "*" not in line]
    for line in lines:
        own.insert(rng.randint(0, len(own)), line)
    names = sorted(set(_bound("\n".join([*lines, *late]))))
    chosen = rng.sample(names, min(len(names), 2))
    uses = " + ".join([*(_use(rng, name) for name in chosen), f"g_{mark}(x)"])
    inside = "".join(f"    {line}\n" for line in late)
    own.append(f"def f(x):\n{inside}    return {uses}")
    if rng.random() < 0.2:
        own.append(f"LATER = g_{mark}(2.0)")
    return "\n".join(own) + "\n"


def _imports(rng: random.Random, package: str, file: str, count: int) -> list[str]:
    """Imports of other files of the package, as they can be written in one of them."""
    found = []
    for _ in range(count):
        other = rng.choice([name for name in FILES if name != file])
        mark = other.replace("/", "_").strip("_")
        full = ".".join([package, *other.replace("__init__", "").strip("/").split("/")]).strip(".")
        outer, _, stem = full.rpartition(".")
        names = rng.choice([f"g_{mark}", f"K_{mark}", f"f as f_{mark}", f"g_{mark}, K_{mark}", "*"])
        ways = [f"from {full} import {names}", f"from {full} import {names}", f"import {full}"]
        ways += [f"from {outer} import {stem}"] * bool(outer) + [f"import {full} as m_{mark}"]
        if file:
            dots = "." * (1 + file.count("/"))
            ways += [f"from {dots}{full[len(package) + 1 :]} import {names}"] * 3
            inner = full[len(package) + 1 :]
            if inner:
                front, _, stem = inner.rpartition(".")
                ways.append(f"from {dots}{front} import {stem}")
        found.append(rng.choice(ways))
    return found


def _bound(text: str) -> Iterator[str]:
    for line in filter(None, text.splitlines()):
        first, _, names = line.partition(" import ")
        if not names:
            name = line.split()[-1]
            yield name
        else:
            yield from (n.split(" as ")[-1] for n in names.split(", ") if n != "*")
            if names == "*":
                yield f"SHARED from {first.split()[-1]}"


def _use(rng: random.Random, name: str) -> str:
    """What is calculated with a name."""
    if name.startswith("SHARED"):
        return "x*SHARED"
    if name.startswith(("g_", "f_")):
        return f"{name}(x)"
    if name.startswith("K_"):
        return f"x*{name}"
    # a module, or a function of its name
    return f"{name}.f(x)" if rng.random() < 0.7 else f"x*{name}.SHARED"


def truth(folder: Path, package: str, file: str, at: float) -> tuple[float, float] | str:
    """The value and the slope of Python's own `f` of a file, or why there is none."""
    with _fresh(folder, (package, "main_file")):
        try:
            stem = file.removesuffix(".py").replace("/", ".")
            function = importlib.import_module(stem).f
            value, beside = function(at), function(at + 1j * 1e-20)
            return float(value), float(beside.imag / 1e-20)
        except Exception as error:
            return f"{type(error).__name__}: {error}"


@contextmanager
def _fresh(folder: Path, names: tuple[str, ...]) -> Iterator[None]:
    """Python with the folder to import from, and nothing of it left behind."""
    kept = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = kept
        for name in [n for n in sys.modules if n.split(".")[0] in names]:
            del sys.modules[name]
        importlib.invalidate_caches()
