"""What the tensors of a run are called: as the program calls them, or by numbers."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from gradcalc.derive.trace import Call
from gradcalc.errors import Span
from gradcalc.expr.written import Written
from gradcalc.lang.program import Program
from gradcalc.steps.texts import Known, Texts, text_of
from gradcalc.testimony import Origin

OUTPUT = "f"
"""What the output is called that has no name."""

LETTERS = "tvwzqrsuabcd"
"""What those are called that have no name, the first letter of which the program makes no use."""

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the tensors there are, those that are `taken` by what calls made, and what is
    known of each call's text."""

    known: Sequence[Known | None]
    of: Mapping[Origin, str]
    taken: frozenset[str]

    def text(self, position: int, operands: Sequence[tuple[str | None, Span | None]]) -> str | None:
        """A call as it is written, its operands by their names, None where that is not known."""
        return text_of(self.known[position], operands, self.taken)


def named(
    programs: Sequence[tuple[str | None, Program]],
    calls: Sequence[Call],
    inputs: Collection[str],
    output: Origin,
) -> Names:
    """Names for all results of calls, no two the same; `programs` have those of their values.

    A name that the program binds several times has a number each time.
    """
    texts = Texts(programs)
    known = []
    for position, call in enumerate(calls):
        beside = (calls[k] for k in (position - 1, position + 1) if 0 <= k < len(calls))
        shared = any(c.place == call.place and c.primitive != call.primitive for c in beside)
        known.append(texts.at(call.place, call.primitive, shared=shared))
    wanted: dict[Origin, str] = {}
    for position, call in enumerate(calls):
        own = texts.targets(call.place, known[position])
        for part in range(len(call.results)):
            name = own[part] if part < len(own) and len(own) == len(call.results) else ""
            wanted[position, part] = name
    found = inputs_and(wanted, inputs, output, texts.words)
    return Names(known, found, frozenset(found[origin] for origin in wanted))


def inputs_and(
    wanted: Mapping[Origin, str], inputs: Collection[str], output: Origin, words: Collection[str]
) -> Mapping[Origin, str]:
    """The names of inputs and of what calls made, the same name only once, and none of the other
    `words` of a program."""
    often = Counter(name for name in wanted.values() if name)
    taken = {*inputs, *often, *words}
    met: Counter[str] = Counter()
    letter = next((c for c in LETTERS if not any(_is_like(c, name) for name in taken)), LETTERS[0])
    fresh = (f"{letter}{k}" for k in count(1) if f"{letter}{k}" not in taken)
    found: dict[Origin, str] = {name: name for name in inputs}
    for origin, name in wanted.items():
        if name and often[name] == 1 and name not in inputs:
            found[origin] = name
        elif name:
            met[name] += 1
            found[origin] = f"{name}{str(met[name]).translate(SUBSCRIPTS)}"
        elif origin == output and OUTPUT not in taken:
            found[origin] = OUTPUT
        else:
            found[origin] = next(fresh)
    return found


def apart(formula: Written, taken: Collection[str]) -> Written:
    """A formula whose parts are called otherwise where steps have their names."""
    names = {name for name, _ in formula.parts}
    if not names & {*taken}:
        return formula
    words = {*taken, *re.findall(r"\w+", formula.text)}
    letter = next(
        (c for c in LETTERS if not any(_is_like(c, word) for word in words)), f"{LETTERS[0]}_"
    )
    new = {name: f"{letter}{k}" for k, (name, _) in enumerate(formula.parts, 1)}

    def renamed(text: str) -> str:
        return re.sub(r"(?<![\w.])[^\W\d]\w*", lambda word: new.get(word[0], word[0]), text)

    parts = tuple((new[name], renamed(text)) for name, text in formula.parts)
    return Written(parts, renamed(formula.body))


def _is_like(letter: str, name: str) -> bool:
    """Whether a name could be taken for a letter with a number."""
    return name[:1] == letter and not name[1:].strip("0123456789_")
