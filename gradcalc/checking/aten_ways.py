"""The loss of all ways to read a sequence out of another one (CTC), step by step."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcalc.checking.lines import NoRow
from gradcalc.checking.listing import Row, Writer
from gradcalc.checking.trace import Data, Numbers, Use


def _lengths(writer: Writer, value: Any) -> list[int]:
    if isinstance(value, Use | Data):
        return [int(n) for n in np.ravel(writer.numbers(value))]
    return [int(n) for n in value]


def _targets(numbers: Numbers, lengths: list[int]) -> list[list[int]]:
    """What is to be read, of each sequence of a batch."""
    if numbers.ndim == 2:
        return [row[:length].tolist() for row, length in zip(numbers, lengths, strict=True)]
    ends = np.cumsum([0, *lengths]).tolist()
    return [numbers[ends[k] : ends[k + 1]].tolist() for k in range(len(lengths))]


def _ctc(writer: Writer, given: Mapping[str, Any]) -> list[str | None]:
    """How likely all beginnings are, with a blank before, behind and between what is read."""
    use = given["log_probs"]
    text = writer.text(use)
    seen = use.numbers if isinstance(use, Data) else writer.seen(text.removesuffix(".detach()"))
    if seen is None or len(use.shape) != 3:
        raise NoRow("aten._ctc_loss of what is not known")
    steps = _lengths(writer, given["input_lengths"])
    lengths = _lengths(writer, given["target_lengths"])
    read = _targets(writer.numbers(given["targets"]), lengths)
    writer.note("normalized", "")
    losses = []
    for item, (label, count) in enumerate(zip(read, steps, strict=True)):
        lattice = Lattice(writer, f"{text}[:{count}, {item}]", seen[:count, item])
        losses.append(lattice.loss(label, given.get("blank", 0)))
    return [f"torch.stack([{', '.join(losses)}])", None]


class Lattice:
    """One sequence: the text of its likelihoods, steps by symbols, and their numbers."""

    def __init__(self, writer: Writer, text: str, numbers: Numbers) -> None:
        self._writer = writer
        self._text = writer.bind(text)
        self._seen = numbers.astype(np.float64)

    def loss(self, label: list[int], blank: int) -> str:
        """How unlikely it is to read a label."""
        states = np.array([blank, *(s for symbol in label for s in (symbol, blank))])
        # two on, where that skips no more than a blank between two that differ
        skips = np.r_[False, False, (states[2:] != blank) & (states[2:] != states[:-2])]
        alive = list(range(min(2, len(states))))
        if not len(self._seen):
            return f"torch.tensor(float('{'inf' if label else 0}'))"
        name, value = self._at(0, states[alive]), self._seen[0][states[alive]]
        for step in range(1, len(self._seen)):
            before = {
                k: [p for p in (k, k - 1, k - 2) if p in alive and (p > k - 2 or skips[k])]
                for k in range(len(states))
            }
            places = [[alive.index(p) for p in own] for own in before.values() if own]
            alive = [k for k, own in before.items() if own]
            joined, value = self._joined(name, value, places)
            name = self._writer.bind(f"{joined} + {self._at(step, states[alive])}")
            value = value + self._seen[step][states[alive]]
        ends = [k for k, state in enumerate(alive) if state >= len(states) - 2]
        if not ends:
            return "torch.tensor(float('inf'))"
        return self._writer.bind(f"-{self._joined(name, value, [ends])[0]}[0]")

    def _at(self, step: int, states: Numbers) -> str:
        return self._writer.bind(f"{self._text}[{step}][{self._writer.constant(states)}]")

    def _joined(self, name: str, value: Numbers, places: list[list[int]]) -> tuple[str, Numbers]:
        """The logarithms of sums at some places each, and their numbers.

        The largest of each is taken off as a number, so that its exponential is one that floats
        have; of fewer places one stands in again, with no weight.
        """
        most = max(map(len, places))
        index = np.array([own + own[:1] * (most - len(own)) for own in places])
        weight = np.array([[1.0] * len(own) + [0.0] * (most - len(own)) for own in places])
        top = np.max(value[index], 1)
        constant = self._writer.constant
        found = f"{name}[{constant(index)}] - {constant(top[:, None])}"
        line = f"torch.log(torch.sum(torch.exp({found})*{constant(weight)}, 1)) + {constant(top)}"
        total = np.log(np.sum(np.exp(value[index] - top[:, None]) * weight, 1)) + top
        return self._writer.bind(line), total


WAYS: Mapping[str, Row] = {"_ctc_loss": _ctc}
"""Rows by the name of the operation."""
