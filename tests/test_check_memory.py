"""Programs of views and writes, drawn: torch's own gradient is right, and so must be the check."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

import gradcalc

SEEDS = 60

Step = Callable[[list[torch.Tensor]], None]
"""A step of a program, on the tensors that it has so far."""


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


# -- views: functions of a tensor and of dice, None where the tensor has no such view


def select(t: torch.Tensor, dice: random.Random) -> Any:
    dim = dice.randrange(t.ndim)
    return t.select(dim, dice.randrange(t.shape[dim]))


def cut(t: torch.Tensor, dice: random.Random) -> Any:
    dim = dice.randrange(t.ndim)
    first = dice.randrange(t.shape[dim])
    last, step = dice.randint(first + 1, t.shape[dim]), dice.choice((1, 1, 2))
    return t[(slice(None),) * dim + (slice(first, last, step),)]


def transpose(t: torch.Tensor, dice: random.Random) -> Any:
    return t.transpose(dice.randrange(t.ndim), dice.randrange(t.ndim))


def permute(t: torch.Tensor, dice: random.Random) -> Any:
    dims = list(range(t.ndim))
    dice.shuffle(dims)
    return t.permute(dims)


def expand(t: torch.Tensor, dice: random.Random) -> Any:
    return t.unsqueeze(0).expand(2, *t.shape)


def view(t: torch.Tensor, dice: random.Random) -> Any:
    return t.view(-1) if t.is_contiguous() else None


def halved(t: torch.Tensor, dice: random.Random) -> Any:
    return t.view(2, -1) if t.is_contiguous() and t.numel() % 2 == 0 else None


def unfold(t: torch.Tensor, dice: random.Random) -> Any:
    dim = dice.randrange(t.ndim)
    size = dice.randint(1, t.shape[dim])
    return t.unfold(dim, size, dice.randint(1, 2))


def diagonal(t: torch.Tensor, dice: random.Random) -> Any:
    return t.diagonal(dice.choice((0, 1))) if t.ndim > 1 and t.shape[1] > 1 else None


def strided(t: torch.Tensor, dice: random.Random) -> Any:
    if not t.is_contiguous() or t.numel() < 4:
        return None
    return t.as_strided((2, 2), dice.choice(((1, 2), (2, 1))), t.storage_offset())


def chunk(t: torch.Tensor, dice: random.Random) -> Any:
    return dice.choice(t.chunk(2, dice.randrange(t.ndim)))


def split(t: torch.Tensor, dice: random.Random) -> Any:
    return dice.choice(t.split(dice.randint(1, 2), dice.randrange(t.ndim)))


def unbind(t: torch.Tensor, dice: random.Random) -> Any:
    return dice.choice(t.unbind(dice.randrange(t.ndim)))


def turned(t: torch.Tensor, dice: random.Random) -> Any:
    return t.mT if t.ndim > 1 else None


def flatten(t: torch.Tensor, dice: random.Random) -> Any:
    return t.flatten()


def squeeze(t: torch.Tensor, dice: random.Random) -> Any:
    return t.squeeze()


def narrow(t: torch.Tensor, dice: random.Random) -> Any:
    dim = dice.randrange(t.ndim)
    first = dice.randrange(t.shape[dim])
    return t.narrow(dim, first, dice.randint(1, t.shape[dim] - first))


def paired(t: torch.Tensor, dice: random.Random) -> Any:
    if t.ndim < 1 or t.shape[-1] != 2 or t.stride(-1) != 1:
        return None
    if any(s % 2 for s in (*t.stride()[:-1], t.storage_offset())):
        return None
    pair = torch.view_as_complex(t)
    return dice.choice((pair.real, pair.imag, torch.view_as_real(pair)))


VIEWS = (
    select, cut, transpose, permute, expand, view, halved, unfold, diagonal, strided, chunk,
    split, unbind, turned, flatten, squeeze, narrow, paired,
)  # fmt: skip


# -- writes into a tensor, of a source that is broadcast to it


def put(t: torch.Tensor, source: torch.Tensor, dice: random.Random) -> None:
    places = torch.tensor([dice.randrange(t.shape[0]) for _ in range(2)])
    t.index_put_((places,), source.expand(t.shape)[0], accumulate=True)


def put_once(t: torch.Tensor, source: torch.Tensor, dice: random.Random) -> None:
    t.index_put_((torch.tensor([dice.randrange(t.shape[0])]),), source)


def set_item(t: torch.Tensor, source: torch.Tensor, dice: random.Random) -> None:
    t[..., dice.randrange(t.shape[-1])] = source.expand(t.shape)[..., 0] * 2


def set_masked(t: torch.Tensor, source: torch.Tensor, dice: random.Random) -> None:
    t[t > 0] = 0.5


def out(t: torch.Tensor, source: torch.Tensor, dice: random.Random) -> None:
    # out= takes nothing that wants a gradient
    t.copy_(torch.add(t.detach(), 1.0, out=torch.empty_like(t.detach())) * source)


WRITES: dict[str, Callable[[torch.Tensor, torch.Tensor, random.Random], Any]] = {
    "copy_": lambda t, source, dice: t.copy_(source),
    "mul_": lambda t, source, dice: t.mul_(source),
    "add_": lambda t, source, dice: t.add_(source, alpha=0.5),
    "sub of itself": lambda t, source, dice: t.sub_(t.clone().flip(0) * source),
    "index_put_": put,
    "index_put_ of one": put_once,
    "masked_fill_": lambda t, source, dice: t.masked_fill_(t > 0.3, 0.25),
    "fill_": lambda t, source, dice: t.fill_(source.sum()),
    "zero_": lambda t, source, dice: t.zero_(),
    "set an item": set_item,
    "set by a mask": set_masked,
    "tanh_": lambda t, source, dice: t.tanh_(),
    "out=": out,
    "addcmul_": lambda t, source, dice: t.addcmul_(source, source, value=0.3),
    "clamp_": lambda t, source, dice: t.clamp_(min=-0.9),
    "index_add_": lambda t, source, dice: t.index_add_(
        0, torch.zeros(1, dtype=torch.int64), source.expand(t.shape)[:1]
    ),
    "lerp_": lambda t, source, dice: t.lerp_(source.expand(t.shape), 0.25),
}


def overlaps(t: torch.Tensor) -> bool:
    """Whether two elements lie in the same place, into which torch does not write."""
    places = torch.arange(t.untyped_storage().nbytes() // 8)
    picked = places.as_strided(t.shape, t.stride(), t.storage_offset())
    return picked.unique().numel() != t.numel()


def program(seed: int) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """A function of a matrix and a number: the same steps whenever it is called."""

    def function(x: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
        dice = random.Random(seed)
        bases = [x.clone(), torch.zeros(2, 3, 4, dtype=x.dtype), x.t().clone() * s]
        held = list(bases)
        made = [part for _ in range(dice.randint(4, 14)) for part in step(held, s, dice)]
        return torch.stack([(t * t.detach().cos()).sum() for t in (*bases, held[-1], *made)])

    return function


def step(held: list[torch.Tensor], s: torch.Tensor, dice: random.Random) -> Iterator[torch.Tensor]:
    """A view, a write, or a number that is read."""
    t = dice.choice(held)
    kind = dice.random()
    if kind < 0.5 and t.ndim:
        found = dice.choice(VIEWS)(t, dice)
        if found is not None and found.numel():
            held.append(found)
    elif kind < 0.9 and t.ndim and not overlaps(t):
        other = dice.choice(held)
        source = other.reshape(-1)[0] * s if dice.random() < 0.6 else s.sin()
        dice.choice(list(WRITES.values()))(t, source, dice)
    elif kind >= 0.9:
        yield t.sin().sum()


def runs(seed: int) -> bool:
    """Whether torch itself goes forward and back: not every write is one that it can undo."""
    x, s = drawn(4, 4).requires_grad_(), drawn(seed=1).requires_grad_()
    try:
        program(seed)(x, s).sum().backward()
    except RuntimeError:
        return False
    return True


@pytest.mark.parametrize("number", range(SEEDS))
def test_views_and_writes(number: int) -> None:
    seed = next(seed for seed in range(1000 * number, 1000 * (number + 1)) if runs(seed))
    report = gradcalc.check(program(seed), drawn(4, 4), drawn(seed=1))
    assert report.verdict.outcome in ("verified", "vanished"), report.verdict.message
