"""What is said of a claim that fails, from its numbers and those of the gradient alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from gradcalc.testimony import Piece
from gradcalc.verdict.diagnosis import Pair, diagnosed, diagnosed_numbers


def pair(claimed: Any, true: Any, **pieces: Any) -> Pair:
    values = {Piece(kind, "t"): np.asarray(value) for kind, value in pieces.items()}
    return Pair(np.asarray(claimed, float), np.asarray(true, float), values)


def said(
    around: Sequence[Pair],
    elsewhere: Sequence[Pair] = (),
    smooth: bool = True,
    symmetric: str | None = None,
) -> str | None:
    return diagnosed(around, elsewhere, [], smooth=smooth, symmetric=symmetric)


TWICE = [pair(4.0, 2.0), pair(6.0, 3.0), pair(-8.0, -4.0)]


def test_one_point_tells_nothing() -> None:
    assert said(TWICE[:1]) is None
    assert said(TWICE[:2]) == "it is 2 times the gradient here"


def test_where_it_holds() -> None:
    assert said(TWICE[:2], TWICE[2:]) == "it is 2 times the gradient everywhere"
    assert said(TWICE[:2], TWICE[2:], smooth=False) == (
        "it is 2 times the gradient wherever it was tried"
    )
    assert said(TWICE[:2], [pair(8.0, -4.0)]) == "it is 2 times the gradient here"
    assert said(TWICE[:2], [pair(np.nan, -4.0)]) is None


def test_each_element_is_on_its_own_scale() -> None:
    assert said([pair([2.0, 0.0], [1.0, 1e-10]), pair([4.0, 0.0], [2.0, 1e-11])]) is None
    assert said([pair([2.0, 0.0], [1.0, 0.0])] * 2) == "it is 2 times the gradient here"


CUBE = np.arange(8.0).reshape(2, 2, 2)


@pytest.mark.parametrize(
    ("claimed", "true", "transposed"),
    [
        ([[1, 2], [3, 4]], [[1, 3], [2, 4]], True),
        ([[1, 2, 3], [4, 5, 6]], [[1, 4], [2, 5], [3, 6]], False),
        (CUBE.T, CUBE, False),
        ([[1, 2], [3, 5]], [[1, 3], [2, 4]], False),
    ],
)
def test_only_square_matrices_are_transposed(claimed: Any, true: Any, transposed: bool) -> None:
    if np.shape(claimed) != np.shape(true):
        claimed = np.zeros(np.shape(true))
    found = said([pair(claimed, true)] * 2)
    assert (found == "it is the transpose of the gradient here") is transposed


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        (-1, "the term t is missing"),
        (-2, "the term t has the other sign"),
        (1, "the term t is there twice"),
        (2, "the term t counts 3 times"),
        (-0.5, "the term t counts 1/2 times"),
        # that many times is no mistake of counting
        (-3, None),
        (-1 / 3, None),
        (0.7, None),
        (0.123456789, None),
    ],
)
def test_how_often_a_term_counts(times: float, sentence: str | None) -> None:
    terms, others = (2.0, 5.0, 7.0), (1.0, 11.0, 2.0)
    pairs = [pair(o + t + times * t, o + t, term=t) for t, o in zip(terms, others, strict=True)]
    assert said(pairs, pairs) == sentence
    # by chance it could be so at a single other point
    assert said(pairs[:2]) is None


def test_a_piece_without_a_value_somewhere_tells_nothing() -> None:
    pairs = [pair(1.0, 3.0, term=2.0), pair(2.0, 7.0, term=5.0), pair(1.0, 2.0)]
    assert said(pairs) is None
    assert said([*pairs[:2], pair(1.0, 2.0, term=np.nan)]) is None
    assert said([*pairs[:2], pair(1.0, 2.0, term=0.5)]) is None
    assert said([*pairs[:2], pair(1.0, 2.0, term=1.0)]) == "the term t is missing here"


@pytest.mark.parametrize(
    ("factor", "times"),
    [
        (2.0, "2"), (0.5, "1/2"), (1 / 3, "1/3"), (2 / 3, "2/3"), (0.75, "0.75"), (1.25, "1.25"),
        (1.0000001, "1.0000001"), (1 + 1e-9 / 3, "about 1.0000000003"), (np.pi, "about 3.14159"),
        (1.4427, "1.4427"), (1 / np.log(2), "about 1.4427"), (1e7 + 0.1, "10000000.1"),
        (12345.678912345, "about 12345.7"),
    ],
)  # fmt: skip
def test_a_number_is_exact_or_about(factor: float, times: str) -> None:
    pairs = [pair(factor * t, t) for t in (1.0, 3.0, 7.0)]
    assert said(pairs, pairs) == f"it is {times} times the gradient everywhere"


def test_the_same_is_not_one_times_as_much() -> None:
    pairs = [pair(t, t) for t in (1.0, 3.0)]
    assert said(pairs, pairs) is None


@pytest.mark.parametrize(
    ("claimed", "true", "sentence"),
    [
        ([2, 4], [1, 2], "it is 2 times the gradient here"),
        ([2.1, 4.2], [1, 2], "it is 2.1 times the gradient here"),
        ([1, 2], [np.sqrt(2), 2 * np.sqrt(2)], None),
        ([-1, -2], [np.sqrt(2), 2 * np.sqrt(2)], None),
        ([2, 3], [1, 2], "it is 1 too large here"),
        (-6, 6, "it has the other sign here"),
        (12, 6, None),
        (7, 6, None),
        ([np.nan, 2], [1, 2], None),
        ([2, 2], [np.nan, 1], None),
    ],
)
def test_numbers_that_are_no_gradient(claimed: Any, true: Any, sentence: str | None) -> None:
    assert diagnosed_numbers(pair(claimed, true), []) == sentence
