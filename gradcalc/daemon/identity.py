"""Which server may answer a call: one whose name, made of all that it depends on, is the same; and
where its files are: a directory that only its owner can read or write."""

import os
import sys
from stat import S_ISDIR

# Whatever is imported here, every call waits for: typing costs 9 ms, hashlib 2, contextlib 1.
try:
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_READ_AT_IMPORT = (
    "ATEN_", "GLIBC_", "GOMP_", "KMP_", "LD_", "MALLOC_", "MKL_", "MPMATH_", "NPY_",
    "NUMPY_", "OMP_", "OPENBLAS_", "PYTHON", "PYTORCH_", "SCIPY_", "SYMPY_", "TORCH",
)  # fmt: skip
"""Variables that Python and the packages read when they start."""

_HARMLESS = frozenset((
    "PYTHONUNBUFFERED", "PYTHONIOENCODING", "PYTHONUTF8", "PYTHONCOERCECLOCALE",
    "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONSTARTUP", "PYTHONBREAKPOINT",
    "PYTHONSAFEPATH", "PYTHON_COLORS", "PYTHON_HISTORY", "PYTHON_BASIC_REPL",
))  # fmt: skip
"""Variables of Python that change nothing, or only streams, which are handed over as they are."""

_NAMED = frozenset(("PYTHONPATH", "PYTHONHOME", "PYTHONHASHSEED", "PYTHONNOUSERSITE"))
"""Variables of Python that a server can be started with."""

_KEPT = ("HOME", "PATH", "TMPDIR", "XDG_RUNTIME_DIR", "GRADCALC_DAEMON_IDLE",
         "GRADCALC_PATIENCE")  # fmt: skip
"""Variables that a server needs and that are no part of its name."""

_SET = {"CUDA_VISIBLE_DEVICES": "", "HIP_VISIBLE_DEVICES": "", "PYTHONUTF8": "1"}
"""What a server starts with: torch would keep a thread for each accelerator, and a fork lose it."""

_FLAGS = {"isolated": "-I", "ignore_environment": "-E", "no_user_site": "-s"}
"""Flags of the interpreter that a server can be started with."""

_REFUSED = ("debug", "inspect", "interactive", "optimize", "no_site", "verbose", "bytes_warning",
            "dev_mode")  # fmt: skip


def is_plain() -> bool:
    """Whether this interpreter runs as a server's can, so that both give the same output."""
    if sys.warnoptions or sys._xoptions or any(getattr(sys.flags, flag) for flag in _REFUSED):
        return False
    if sys.getfilesystemencoding() != "utf-8" or os.getuid() != os.geteuid():
        return False
    for key in os.environ:
        if key.startswith("PYTHON") and key not in _HARMLESS and key not in _NAMED:
            return False
    paths = os.environ.get("PYTHONPATH")
    return not paths or all(path.startswith("/") for path in paths.split(":"))


def name() -> str:
    """The name of the server that may answer here. Raises OSError if something cannot be read."""
    text = "\n".join(_facts())
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=10).hexdigest()


def environment() -> dict[str, str]:
    """The variables to start a server with: those of its name, and hardly any beside."""
    kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
    return {**kept, **dict(_variables()), **_SET}


def interpreter_flags() -> list[str]:
    """The flags to start a server with."""
    return [letter for flag, letter in _FLAGS.items() if getattr(sys.flags, flag)]


def _variables() -> "Iterator[tuple[str, str]]":
    for key in sorted(os.environ):
        if key.startswith(_READ_AT_IMPORT) and key not in _HARMLESS:
            yield key, os.environ[key]


def _facts() -> "Iterator[str]":
    yield sys.version
    yield f"{sys.prefix} {sys.exec_prefix} {_stamp(sys.executable)}"
    yield " ".join(interpreter_flags())
    for key, value in _variables():
        yield f"{key}={value}"
    # A path means another file in another root or mount namespace, a number another process.
    yield _stamp("/")
    for kind in ("mnt", "pid", "user"):
        yield os.readlink(f"/proc/self/ns/{kind}")
    yield f"{os.getuid()} {os.getgid()} {sorted(os.getgroups())}"
    for folder in sys.path:
        if folder.endswith("-packages") and os.path.isdir(folder):
            yield f"{folder} {_stamp(folder)}"
    yield PACKAGE
    yield from _files(PACKAGE)


def _stamp(path: str) -> str:
    state = os.stat(path)
    return f"{state.st_dev} {state.st_ino} {state.st_mtime_ns}"


def _files(folder: str) -> "Iterator[str]":
    """Every file below a folder that is read as source or as a table, with its size and time."""
    with os.scandir(folder) as entries:
        found = sorted((entry.name, entry) for entry in entries)
    for name, entry in found:
        if name.endswith((".py", ".txt")):
            state = entry.stat()
            yield f"{name} {state.st_size} {state.st_mtime_ns}"
        elif "." not in name and name != "__pycache__" and entry.is_dir():
            yield f"{name}/"
            yield from _files(entry.path)
            yield ".."


# -- the place ---------------------------------------------------------------------------------

_LONGEST = 100
"""The path of a socket must be shorter than 108 bytes, on some systems 104."""


def directory() -> str:
    """The directory of the servers, whether it exists or not."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/") and _fits(runtime, 40) and _is_own(runtime):
        return f"{runtime.rstrip('/')}/gradcalc"
    temporary = os.environ.get("TMPDIR", "").rstrip("/")
    if not temporary.startswith("/") or not _fits(temporary, 60):
        temporary = "/tmp"
    return f"{temporary}/gradcalc-{os.getuid()}"


def _fits(folder: str, further: int) -> bool:
    """Whether a path with so many bytes more can be that of a socket."""
    return len(os.fsencode(folder)) <= _LONGEST - further


def check_directory(folder: str) -> None:
    """Raise OSError unless the directory is the caller's own and closed to all others."""
    state = os.lstat(folder)
    if not S_ISDIR(state.st_mode):
        raise OSError(f"{folder} is not a directory")
    if state.st_uid != os.getuid():
        raise OSError(f"{folder} belongs to somebody else")
    if state.st_mode & 0o077:
        raise OSError(f"{folder} is open to others")


def make_directory() -> str:
    """The directory, made if it is not there. Raises OSError if it cannot be or is unsafe."""
    folder = directory()
    try:  # noqa: SIM105
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    check_directory(folder)
    return folder


def socket_path(folder: str, name: str) -> str:
    """The path of a server's socket."""
    return f"{folder}/{name}.sock"


def lock_path(folder: str, name: str) -> str:
    """The path of the file that a server keeps locked while it lives."""
    return f"{folder}/{name}.lock"


def _is_own(folder: str) -> bool:
    try:
        state = os.stat(folder)
    except OSError:
        return False
    return S_ISDIR(state.st_mode) and state.st_uid == os.getuid()
