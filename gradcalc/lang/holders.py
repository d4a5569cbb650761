"""Who else holds a tensor: writing into it would change what they see."""

from collections.abc import Iterator
from typing import Any

from gradcalc.lang.scope import Closure, Frame, Once


def other(run: Any, name: str, tensor: Any) -> str | None:
    """What holds the memory of a tensor besides the name that it has in the current scope.

    None if nothing does. `run` is the evaluator.
    """
    own = run.frame.find(name)
    for frame in _frames(run):
        for key, value in frame.values.items():
            if frame is own and key == name:
                continue
            if (frame is run.given and key in run.program.parameters) and value is tensor:
                # the caller of the program as a whole, whose inputs are never changed
                continue
            if _holds(run, value, tensor):
                return key if value is not tensor or frame is own else f"the caller's {key}"
    if any(_holds(run, value, tensor) for value in run.iterated):
        # the rows of an expanded tensor are one and the same
        return "what the loop goes through"
    return None


def _frames(run: Any) -> Iterator[Frame]:
    """The scopes that can still be looked into."""
    seen: set[int] = set()
    stack: list[Frame | None] = [run.frame, *run.callers, run.main_frame]
    while stack:
        frame = stack.pop()
        if frame is None or id(frame) in seen:
            continue
        seen.add(id(frame))
        yield frame
        stack.append(frame.parent)


def _holds(run: Any, value: Any, tensor: Any) -> bool:
    stack, seen = [value], set[int]()
    while stack:
        item = stack.pop()
        if run.is_tensor(item):
            if run.shares(item, tensor):
                return True
        elif isinstance(item, list | tuple) and id(item) not in seen:
            seen.add(id(item))
            stack += item
        elif isinstance(item, Once) and id(item) not in seen:
            seen.add(id(item))
            stack += item.items
        elif isinstance(item, Closure) and id(item) not in seen:
            seen.add(id(item))
            stack += item.defaults.values()
            frame = item.frame
            while frame.parent is not None:
                # a function that has been left, whose names it still sees
                stack += frame.values.values()
                frame = frame.parent
    return False
