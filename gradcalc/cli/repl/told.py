"""What the prompt says: its help, what has been set, and errors in its own words."""

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from gradcalc.errors import GradcalcError

if TYPE_CHECKING:
    from gradcalc.cli.repl.session import Session

HELP = """\
x = 0,1,2,3       set an input: a number, 0,1;2,3, randn(3,2), @FILE
u = x*x           name an expression
def f(a): ...     a function, of several lines; an empty line ends it
2*dot(x,x)        the value, checked gradient and formula; options may follow: --wrt x
f                 the same of a function, by its parameters

why               the last program at length; so are explain, graph, plot, jacobian,
                  hessian, hvp, formula, export, with another program behind them or
                  without: plot --x -1:1
expect 4*x        is that its gradient? of, cotangent, tangent, order: the last program
                  with that option
detach u, v       these count as constants from now on, and no others; wrt, declare,
                  seed, dtype, tol, digits, format are kept too; the word alone takes
                  it back

inputs            what is set
forget x          take x back; forget takes all back
save              the last answer as a command line; save FILE writes it behind others,
                  save test_FILE.py as a test
functions soft    what a program can call
help softmax      a function, or a command
quit              leave; Ctrl-D does too, Ctrl-C cancels one answer

A colon in front, :save, tells a word from a name of yours.
"""

_LONGEST = 60


def listing(session: "Session") -> str:
    """All that is set, as it was typed."""
    return "".join(f"{line}\n" for line in _lines(session)) or "nothing is set: x = 0,1,2,3\n"


def _lines(session: "Session") -> Iterator[str]:
    for name, text in (*session.shown.items(), *session.lets.items()):
        yield f"{name} = {_short(text)}"
    for definition in dict.fromkeys(session.definitions.values()):
        yield _short(definition.text.strip().partition("\n")[0])
    for word, text in session.kept.items():
        yield f"{word} {text}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def in_words(error: GradcalcError, options: Collection[str]) -> None:
    """Put a sentence about a command line that has these options into the words of the prompt."""

    def told(text: str) -> str:
        text = re.sub(r"--at (\w+)=VALUE", r"\1 = VALUE", text)
        text = re.sub(r"--let '(\w+)=([^']*)'", r"\1 = \2", text)
        text = re.sub(r"--let (\w+)=(?=\s|$)", r"\1 = ", text)
        text = re.sub(
            r"--([^\W\d][\w.]*) VALUE",
            lambda found: found[0] if f"--{found[1]}" in options else f"{found[1]} = VALUE",
            text,
        )
        return re.sub(r"(= VALUE) (?=[^\W\d][\w.]* = VALUE)", r"\1, ", text)

    error.message = told(error.message)
    error.args = (error.message,)
    error.hint = None if error.hint is None else told(error.hint)
