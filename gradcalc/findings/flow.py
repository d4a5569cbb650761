"""Where no gradient flows: inputs that are not used, detached parts, flat primitives."""

from collections.abc import Iterator

from gradcalc.findings.finding import Finding
from gradcalc.problem import Problem
from gradcalc.reruns import COPIES
from gradcalc.testimony import Reference, Testimony

KEPT = "stack([...]) of the parts keeps their gradient"
FUNCTION = "torch has the function for tensors"


def find(problem: Problem, autograd: Testimony, reference: Reference) -> Iterator[Finding]:
    """Why a gradient is 0, and what passes none back."""
    yield from _dead(problem, autograd)
    yield from _flat(problem, autograd, reference)
    yield from _stopped(autograd)


def cut(autograd: Testimony) -> Iterator[Finding]:
    """What alone keeps a gradient at 0, where it is a plain number taken out of a tensor."""
    if autograd.cut is None:
        return
    stop = autograd.cut.stop
    if stop.kind in COPIES:
        text = f"nothing flows through {stop.source}: it copies the numbers of a tensor"
        yield Finding("stopped", text, KEPT, stop.span)
        return
    if stop.kind == "math":
        text = f"nothing flows through {stop.source}: math makes a plain number of a tensor"
        yield Finding("stopped", text, FUNCTION, stop.span)
        return
    hint = "leave float(), int() and .item() out: the program without them has a gradient"
    if autograd.cut.alone:
        how = ".item()" if stop.kind == "item" else f"{stop.kind}()"
        hint = f"leave {how} out: the program without it has a gradient"
    text = f"nothing flows through {stop.source}: a plain number passes no gradient back"
    yield Finding("stopped", text, hint, stop.span)


def _flat(problem: Problem, autograd: Testimony, reference: Reference) -> Iterator[Finding]:
    if reference.around is not None:
        # at a special point the slope of a primitive says little
        return
    for mishap in reference.mishaps:
        name = mishap.wrt
        if name is None or name not in autograd.carrying or autograd.gradients[name].any():
            continue
        at = ", ".join(f"{value:.6g}" for value in mishap.at)
        why = {
            "step": f"{mishap.primitive} has slope 0 wherever it has one",
            "flat": f"{mishap.primitive} is flat at {at}",
            "saturated": f"{mishap.primitive} is saturated at {at}: its slope there is lost",
        }[mishap.kind]
        yield Finding("dead", f"the gradient by {name} is 0: {why}", None, mishap.place)


def _dead(problem: Problem, autograd: Testimony) -> Iterator[Finding]:
    for name in problem.wrt:
        if name in autograd.carrying:
            continue
        if name in problem.detach:
            why = f"{name} is detached (--detach {name}), so no gradient flows back to it"
        elif autograd.cut is not None:
            continue
        elif autograd.stops:
            stop = autograd.stops[0]
            why = f"no gradient flows back to {name}: {stop.source} stops it ({stop.kind})"
            hint = FUNCTION if stop.kind == "math" else "leave it out to let the gradient through"
            yield Finding("dead", why, hint, stop.span)
            continue
        elif problem.detach:
            why = f"no gradient flows back to {name}: {', '.join(problem.detach)} is detached"
        else:
            why = f"the output does not depend on {name}, so the gradient is 0"
        yield Finding("dead", why)


def _stopped(autograd: Testimony) -> Iterator[Finding]:
    said = None if autograd.cut is None else autograd.cut.stop
    for stop in autograd.stops:
        if stop == said:
            continue
        if stop.kind in COPIES:
            text = f"{stop.source} copies the numbers of a tensor and passes no gradient back"
            yield Finding("stopped", text, KEPT, stop.span)
        elif stop.kind == "math":
            text = f"{stop.source} makes a plain number of a tensor and passes no gradient back"
            yield Finding("stopped", text, FUNCTION, stop.span)
        elif stop.kind in ("item", "float", "int", "index"):
            yield Finding(
                "stopped",
                f"{stop.source} takes a plain number out of a tensor and passes no gradient back",
                "use the tensor itself" if stop.kind != "index" else None,
                stop.span,
            )
