"""What is said of an input instead of its value: its sizes, and what kind of matrix it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gradcalc.errors import UsageError, brief, did_you_mean
from gradcalc.traits import ORTHOGONAL, SYMMETRIC, TRAITS

RANKS: Mapping[str, int] = MappingProxyType({"scalar": 0, "number": 0, "vector": 1, "matrix": 2})
"""Words that say how many dimensions there are."""

LARGEST = 1_000_000
"""The largest size: formulas are tried at twelve points of such sizes."""

_WORD = re.compile(r"\s*[,×\s]\s*")
_SIZE = re.compile(r"[^\W\d_]\w*|[1-9]\d*")


@dataclass(frozen=True, slots=True)
class Declared:
    """What was said: the number of dimensions, their sizes, and the traits; None where nothing was.

    A size is a letter, which is the same size wherever it stands, or a number.
    """

    rank: int | None = None
    sizes: tuple[str, ...] | None = None
    traits: frozenset[str] = frozenset()


def declared(name: str, text: str) -> Declared:
    """Read `m,n`, `n`, `scalar`, `symmetric`, or `n,n symmetric`.

    Raises `UsageError` for what is neither a size nor a word that is known.
    """
    rank: int | None = None
    traits: set[str] = set()
    sizes: list[str] = []
    for word in filter(None, _WORD.split(text.strip())):
        if word in RANKS:
            rank = _one_rank(name, rank, RANKS[word])
        elif word in TRAITS:
            needed, follows = TRAITS[word]
            rank = rank if needed is None else _one_rank(name, rank, needed)
            traits |= {*follows}
        elif _SIZE.fullmatch(word):
            _check_word(name, word)
            sizes.append(word)
        else:
            raise _unknown(name, word)
    if sizes:
        rank = _one_rank(name, rank, len(sizes))
        if traits & {SYMMETRIC, ORTHOGONAL} and len(set(sizes)) > 1:
            raise UsageError(f"--{name} {text}: such a matrix is square", hint=f"--{name} n,n")
    return Declared(rank, tuple(sizes) or None, frozenset(traits))


def _one_rank(name: str, known: int | None, said: int) -> int:
    if known is not None and known != said:
        raise UsageError(
            f"--{name}: it cannot have {known} and {said} dimensions",
            hint=f"--{name} m,n for a matrix, --{name} n for a vector",
        )
    return said


def _check_word(name: str, word: str) -> None:
    """Refuse a long word that is nearly one of those that mean something, and a huge size."""
    if word.isdigit() and (len(word) > len(str(LARGEST)) or int(word) > LARGEST):
        raise UsageError(f"--{name} {brief(word)}: a size is at most {LARGEST:,}")
    if len(word) > 3 and (tip := did_you_mean(word, (*RANKS, *TRAITS))):
        raise UsageError(f"--{name} {word} is not known", hint=tip)


def _unknown(name: str, word: str) -> UsageError:
    return UsageError(
        f"--{name} {word} says nothing of {name}",
        hint=f"--{name} m,n for a matrix, --{name} n for a vector, or one of "
        f"{', '.join((*RANKS, *TRAITS))}; gradcalc grad takes values",
    )
