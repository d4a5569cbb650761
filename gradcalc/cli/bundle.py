"""`--inputs FILE`: the values of all inputs in one file, by their names."""

import json
import zipfile
from collections.abc import Callable, Collection

from gradcalc.cli.files import similar_file
from gradcalc.cli.readers import Value, check_name, is_stdin, what
from gradcalc.errors import FileError, UsageError
from gradcalc.located import check_file, content, located
from gradcalc.values.context import check_reach

KINDS = 'a JSON object such as {"x": [0, 1]}, or an .npz file'


def bundled(
    path: str, wanted: Collection[str] | None, given: Collection[str], stdin: Callable[[], str]
) -> tuple[tuple[str, Value], ...]:
    """The names in a file that are wanted and not given otherwise, with their values.

    Where nobody knows what is wanted, all are.

    Raises `FileError` for what cannot be read and `UsageError` for what has no names.
    """
    found = _named(path, stdin)
    return tuple(
        (name, value)
        for name, value in found.items()
        if (wanted is None or name in wanted) and name not in given
    )


def _named(path: str, stdin: Callable[[], str]) -> dict[str, Value]:
    if path == "-" or is_stdin(path):
        return _decoded(stdin(), "standard input")
    file = located(path.removeprefix("@"))
    check_reach(file)
    try:
        if file.suffix == ".npz":
            check_file(file)
            with zipfile.ZipFile(file) as archive:
                keys = [name.removesuffix(".npy") for name in archive.namelist()]
            return {check_name(key, "--inputs"): f"@{file}:{key}" for key in keys}
        return _decoded(content(file, pipe=True).decode("utf-8"), str(file))
    except FileNotFoundError:
        raise FileError(f"there is no file {file}", hint=similar_file(file)) from None
    except (OSError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or f"it is not {KINDS}"
        raise FileError(f"{file} cannot be read: {reason}") from None


def _decoded(text: str, where: str) -> dict[str, Value]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise FileError(f"{where} is not JSON", hint=f"--inputs takes {KINDS}") from None
    if not isinstance(found, dict):
        raise UsageError(f"--inputs: {where} holds {what(found)}; {KINDS} is needed")
    return {check_name(name, "--inputs"): value for name, value in found.items()}
