"""Where a server's files are: a directory that only its owner can read or write."""

# Whatever is imported here, every warm call waits for: contextlib costs a millisecond.
import os
from stat import S_ISDIR

_LONGEST = 100
"""The path of a socket must be shorter than 108 bytes, on some systems 104."""


class UnsafePlace(OSError):
    """A directory that is not the caller's alone."""


def directory() -> str:
    """The directory of the servers, whether it exists or not."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/") and len(runtime) < _LONGEST - 40 and _is_own(runtime):
        return f"{runtime.rstrip('/')}/gradcalc"
    temporary = os.environ.get("TMPDIR", "").rstrip("/")
    if not temporary.startswith("/") or len(os.fsencode(temporary)) > _LONGEST - 60:
        temporary = "/tmp"
    return f"{temporary}/gradcalc-{os.getuid()}"


def check(folder: str) -> None:
    """Raise `UnsafePlace` unless the directory is the caller's own and closed to all others."""
    state = os.lstat(folder)
    if not S_ISDIR(state.st_mode):
        raise UnsafePlace(f"{folder} is not a directory")
    if state.st_uid != os.getuid():
        raise UnsafePlace(f"{folder} belongs to somebody else")
    if state.st_mode & 0o077:
        raise UnsafePlace(f"{folder} is open to others")


def create() -> str:
    """The directory, made if it is not there. Raises OSError if it cannot be or is unsafe."""
    folder = directory()
    try:  # noqa: SIM105
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    check(folder)
    return folder


def socket(folder: str, name: str) -> str:
    """The path of a server's socket."""
    return f"{folder}/{name}.sock"


def lock(folder: str, name: str) -> str:
    """The path of the file that a server keeps locked while it lives."""
    return f"{folder}/{name}.lock"


def _is_own(folder: str) -> bool:
    try:
        state = os.stat(folder)
    except OSError:
        return False
    return S_ISDIR(state.st_mode) and state.st_uid == os.getuid()
