"""The letters that the sizes of inputs are called by."""

from collections.abc import Mapping, Sequence

from gradcalc.general.declared import Declared


def named(
    sizes: Mapping[str, tuple[int, ...]],
    names: Sequence[str],
    said: Mapping[str, Declared],
    counts: frozenset[str],
) -> dict[str, tuple[str, ...]]:
    """The sizes by letters: those that were said, the inputs that are sizes, else `m`, `n` and
    further ones."""
    letters: dict[int, str] = {}
    for name in names:
        if name in counts:
            letters.setdefault(sizes[name][0], name)
    for name in names:
        for size, letter in zip(sizes[name], said.get(name, Declared()).sizes or (), strict=False):
            letters.setdefault(size, letter)
    taken = {*letters.values(), *names}
    order = sorted(names, key=lambda name: -len(sizes[name]))
    fresh = (letter for letter in _LETTERS if letter not in taken)
    found = [size for name in order for size in sizes[name] if size not in letters]
    distinct = list(dict.fromkeys(found))
    # of one size alone people say n
    first = [next(fresh) for _ in distinct] if len({*distinct}) > 1 else []
    if not first and distinct:
        first = ["n" if "n" not in taken else next(fresh)]
    letters |= dict(zip(distinct, first, strict=True))
    return {name: tuple(letters[size] for size in sizes[name]) for name in names}


_LETTERS = (
    *"mnpqkrlsdhijo", *(f"n{k}" for k in range(1, 100)),
)  # fmt: skip
