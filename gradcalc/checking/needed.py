"""The events of a trace that its output has anything of."""

from collections.abc import Iterator

from gradcalc.checking.trace import Call, Event, Meant, Same, Start, Trace, View, uses_in


def views_in(call: Call) -> Iterator[View]:
    """Where the tensors of an operation lie."""
    yield from (use.view for use in uses_in(call.arguments))
    yield from (made.view for made in call.results if made is not None)
    yield from call.written


def needed(trace: Trace) -> list[tuple[int, Event]]:
    """The events that the output has anything of, in their order."""
    wanted = {use.view.storage for use in uses_in(trace.output)}
    found: list[tuple[int, Event]] = []
    for number in range(len(trace.events) - 1, -1, -1):
        event = trace.events[number]
        if isinstance(event, Start):
            if event.storage in wanted:
                found.append((number, event))
        elif isinstance(event, Meant):
            if any(made.view.storage in wanted for made in event.made):
                found.append((number, event))
                wanted |= {use.view.storage for use in uses_in(event.given)}
        elif isinstance(event, Same):
            if event.result.view.storage in wanted:
                found.append((number, event))
                wanted |= {use.view.storage for use in uses_in(event.value)}
        else:
            made = [result.view for result in event.results if result is not None]
            decides = event.answer is not None
            if decides or any(view.storage in wanted for view in (*made, *event.written)):
                found.append((number, event))
                wanted |= {use.view.storage for use in uses_in(event.arguments)}
    return found[::-1]
