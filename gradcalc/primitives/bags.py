"""Bags of rows of a table: their sums, means or greatest."""

from typing import Any

from gradcalc.primitives.layers import PAIR, TABLE
from gradcalc.primitives.row import Composite


def _embedding_bag(
    t: Any, input: Any, weight: Any, mode: str = "mean", per_sample_weights: Any = None,
    offsets: Any = None, padding_idx: Any = None,
) -> Any:  # fmt: skip
    return t.nn.functional.embedding_bag(
        input.detach().to(t.int64),
        weight,
        None if offsets is None else offsets.detach().to(t.int64),
        mode=mode,
        per_sample_weights=per_sample_weights,
        padding_idx=padding_idx,
    )


BAGS: tuple[Composite, ...] = (
    Composite("embedding_bag", """\
def embedding_bag(input, weight, mode='mean', per_sample_weights=None, offsets=None,
                  padding_idx=None):
    rows = embedding(input, weight)
    if per_sample_weights is not None:
        rows = unsqueeze(per_sample_weights, -1)*rows
    if offsets is None and padding_idx is None:
        if mode == 'max':
            return amax(rows, 1)
        return mean(rows, 1) if mode == 'mean' else sum(rows, 1)
    count = input.numel()
    if offsets is None:
        starts = [k*input.shape[1] for k in range(input.shape[0])]
        rows, input = reshape(rows, (count, -1)), reshape(input, [count])
    else:
        starts = [int(k) for k in offsets]
    bags, ends = [], starts[1:] + [count]
    for bag in range(len(starts)):
        kept = [k for k in range(starts[bag], ends[bag])]
        if padding_idx is not None:
            kept = [k for k in kept if int(input[k]) != padding_idx % len(weight)]
        if len(kept) == 0:
            bags.append(zeros_like(weight[0]))
        elif mode == 'max':
            bags.append(amax(rows[kept], 0))
        elif mode == 'mean':
            bags.append(mean(rows[kept], 0))
        else:
            bags.append(sum(rows[kept], 0))
    return stack(bags)
""", (([[2.0, 0.0, 2.0]], TABLE), ([[2.0, 0.0], [1.0, 1.0]], TABLE, {"mode": "sum"}),
      ([[2.0, 0.0], [1.0, 3.0]], TABLE, {"mode": "max"}),
      ([[2.0, 0.0]], TABLE, {"mode": "sum", "per_sample_weights": [PAIR]}),
      ([2.0, 0.0, 1.0], TABLE, {"offsets": [0.0, 2.0]}),
      ([2.0, 0.0, 1.0, 3.0], TABLE, {"mode": "max", "offsets": [0.0, 2.0, 2.0]}),
      ([2.0, 0.0], TABLE, {"mode": "sum", "per_sample_weights": PAIR, "offsets": [0.0, 1.0]}),
      ([[2.0, 0.0], [1.0, 1.0]], TABLE, {"padding_idx": -3})),
              "mean, sum or greatest of the rows of weight with these numbers, for each bag",
              _embedding_bag, tensors=("input", "weight", "per_sample_weights", "offsets"),
              data=("input", "offsets"), whole=("input", "offsets")),
)  # fmt: skip
"""The bags are the rows of input, or start in it where offsets say; what is padding is in none."""
