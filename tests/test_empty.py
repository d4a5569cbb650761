"""Tensors without elements: every primitive of them, on every way that a check goes."""

import numpy as np
import pytest

from gradcalc.calculate import calculate
from gradcalc.enclosure import experiment
from gradcalc.errors import GradcalcError
from gradcalc.primitives import PRIMITIVES, Composite, Elementwise, Primitive
from tests.planting import spelled
from tests.sweeps import FULL
from tests.trust_cases import problem

EMPTY = ((0,), (0, 3), (3, 0), (0, 0), (2, 0, 3))
FEWER = EMPTY if FULL else ((0,), (2, 0, 3))
"""The shapes of what goes element by element or is composed of others."""


@pytest.mark.parametrize("large", [False, True], ids=["enclosed", "large"])
@pytest.mark.parametrize("row", PRIMITIVES, ids=[row.name for row in PRIMITIVES])
def test_nothing_is_no_fault(row: Primitive, large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if large:
        monkeypatch.setattr(experiment, "LARGEST", -1)
    plain = isinstance(row, Elementwise | Composite)
    samples = row.samples[:1] if plain else row.samples
    for sample in samples:
        text, inputs = spelled(row, sample)
        for shape in FEWER if plain else EMPTY:
            given = {name: np.zeros(shape) for name in inputs}
            try:
                answer = calculate(problem(text, **given))
            except GradcalcError:
                continue
            assert "fault" not in answer.verdict.message
            assert answer.verdict.outcome != "wrong", (text, shape, answer.verdict.message)
