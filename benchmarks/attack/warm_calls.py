"""Many calls of a warm process by one process, whose children are the clients: standard input holds
the number of calls and their command lines with the answers; what differs is printed."""

import json
import os
import sys

from gradcalc.daemon.client import answer

NOBODY = 98
"""The exit code of a client whose call is to be answered without a server."""


def asked(argv: list[str]) -> tuple[int, str, str]:
    """What a server alone says to a call."""
    pipes = [os.pipe(), os.pipe()]
    child = os.fork()
    if not child:
        code = None
        try:
            for number, (_, end) in enumerate(pipes, 1):
                os.dup2(end, number)
            for ends in pipes:
                os.closerange(min(ends), max(ends) + 1)
            code = answer(argv)
        finally:
            os._exit(NOBODY if code is None else code)
    texts = []
    for _, end in pipes:
        os.close(end)
    for end, _ in pipes:
        with open(end, encoding="utf-8") as stream:
            texts.append(stream.read())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), texts[0], texts[1]


def main() -> None:
    """Call."""
    count, calls = json.load(sys.stdin)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    for n in range(count):
        argv, wanted = calls[n % len(calls)]
        found = asked(argv)
        if list(found) != wanted:
            print(f"{argv}: {found}")


if __name__ == "__main__":
    main()
