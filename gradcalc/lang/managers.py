"""Python's own managers of blocks: what `contextlib` has."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gradcalc.errors import GradcalcError, InvalidValueError
from gradcalc.lang import thrown
from gradcalc.lang.machine import Builtin, Machine, Once
from gradcalc.lang.objects import Class, Instance


def _suppressed(machine: Machine, manager: Instance, *kinds: Any) -> None:
    manager.values["kinds"] = kinds


def _suppresses(machine: Machine, manager: Instance, kind: Any, value: Any, where: Any) -> bool:
    return kind is not None and any(one in kind.line for one in manager.values["kinds"])


def _nothing(machine: Machine, manager: Instance, *given: Any) -> None:
    manager.values["given"] = given[0] if given else None


def _given(machine: Machine, manager: Instance) -> Any:
    return manager.values["given"]


def _manager(name: str, start: Any, enter: Any, leave: Any) -> Class:
    """A class of managers of Python's own."""
    return Class(
        name,
        (),
        {
            "__init__": Builtin("__init__", start, f"{name}(...)"),
            "__enter__": Builtin("__enter__", enter, "what as gives a name"),
            "__exit__": Builtin("__exit__", leave, "what is done behind the block"),
        },
        library=True,
    )


def _itself(machine: Machine, manager: Instance) -> Instance:
    return manager


def _passes(machine: Machine, manager: Instance, *error: Any) -> bool:
    return False


def _begun(machine: Machine, manager: Instance, items: Once) -> None:
    manager.values["items"] = items


@contextmanager
def _managing(machine: Machine) -> Iterator[None]:
    """While a generator goes on that manages a block."""
    machine.managing += 1
    try:
        yield
    finally:
        machine.managing -= 1


def _first(machine: Machine, manager: Instance) -> Any:
    with _managing(machine):
        for value in manager.values["items"].items:
            return value
    raise InvalidValueError("generator didn't yield", python="RuntimeError")


def _rest(machine: Machine, manager: Instance, kind: Any, value: Any, where: Any) -> bool:
    items = manager.values["items"].items
    if kind is None:
        with _managing(machine):
            for _ in items:
                raise InvalidValueError("generator didn't stop", python="RuntimeError")
        return False
    error = thrown.error_of(machine, value)
    try:
        with _managing(machine):
            items.throw(error)
    except StopIteration:
        return True
    except GradcalcError as raised:
        if raised.value is value:
            return False
        raise
    raise InvalidValueError("generator didn't stop after throw()", python="RuntimeError")


GENERATED = _manager("contextmanager", _begun, _first, _rest)
"""What a generator manages: the block stands where it yields."""


def _of_generator(machine: Machine, function: Any) -> Builtin:
    def call(machine: Machine, *args: Any, **kwargs: Any) -> Instance:
        made = machine.apply_function(machine, function, args, kwargs)
        if not isinstance(made, Once):
            raise InvalidValueError("contextmanager takes a function that yields")
        return Instance(GENERATED, {"items": made})

    return Builtin("contextmanager", call, "a manager of a block")


OBJECTS: Mapping[str, Mapping[str, Any]] = {
    "contextlib": {
        "suppress": _manager("suppress", _suppressed, _itself, _suppresses),
        "nullcontext": _manager("nullcontext", _nothing, _given, _passes),
        "contextmanager": Builtin("contextmanager", _of_generator, "a manager of a block"),
    }
}
"""Python's managers."""
