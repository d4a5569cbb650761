"""Iterators after an error in them: Python's own go on with the next item, generators end."""

from typing import Any

import pytest

from gradcalc import grad

PROGRAM = """\
def f(x):
    import itertools
    from itertools import accumulate, chain, compress, dropwhile, filterfalse, groupby, islice
    from itertools import pairwise, starmap, takewhile, zip_longest
    def bad(v):
        if v == 2:
            raise ValueError("two")
        return v * 10
    def two(a, b):
        if b == 2:
            raise ValueError("two")
        return a + b
    def end(v):
        if v == 2:
            raise StopIteration
        return v * 10
    class Steps:
        def __init__(self):
            self.n = 0
        def __iter__(self):
            return self
        def __next__(self):
            self.n += 1
            if self.n == 2:
                raise ValueError("two")
            if self.n > 4:
                raise StopIteration
            return self.n
    def gen():
        for v in [1, 2, 3]:
            yield bad(v)
    def ends():
        for v in [1, 2, 3]:
            yield end(v)
    it = {}
    out = 0
    for k in range(7):
        out = out * 100
        try:
            out = out + {}
        except ValueError:
            out = out + 7
        except StopIteration:
            out = out + 9
        except RuntimeError:
            out = out + 5
    return out * x
"""

CASES = [
    ("map(bad, [1,2,3,4])", "next(it)"),
    ("map(bad, [2,2,3])", "next(it, 8)"),
    ("filter(bad, [1,2,3,0,4])", "next(it)"),
    ("map(end, [1,2,3,4])", "next(it)"),
    ("filter(end, [1,2,3,4])", "next(it)"),
    ("accumulate([1,2,3,4], two)", "next(it)"),
    ("takewhile(bad, [1,2,3,4])", "next(it)"),
    ("dropwhile(bad, [1,2,3,4])", "next(it)"),
    ("filterfalse(bad, [0,2,3,0,4])", "next(it)"),
    ("starmap(two, [(1,1),(1,2),(1,3)])", "next(it)"),
    ("compress([1,2,3,4], map(bad,[1,2,3,4]))", "next(it)"),
    ("chain([1], map(bad,[1,2,3]), [5])", "next(it)"),
    ("chain.from_iterable(map(lambda v: [bad(v)], [1,2,3]))", "next(it)"),
    ("groupby([1,2,3,3], bad)", "next(it)[0]"),
    ("islice(map(bad,[1,2,3,4]), 3)", "next(it)"),
    ("zip(map(bad,[1,2,3]), [1,2,3])", "next(it)[1]"),
    ("zip_longest(map(bad,[1,2,3]), [1,2,3,4], fillvalue=1)", "next(it)[1]"),
    ("enumerate(map(bad,[1,2,3]))", "next(it)[0]"),
    ("pairwise(map(bad,[1,3,2,3,4]))", "next(it)[0]"),
    ("iter(Steps())", "next(it)"),
    ("map(bad, Steps())", "next(it)"),
    ("(bad(v) for v in [1,2,3])", "next(it)"),
    ("gen()", "next(it)"),
    ("Steps()", "next(it)"),
    ("map(two, [1,1,1], map(bad, [1,2,3]))", "next(it)"),
    ("map(bad, gen())", "next(it)"),
    ("itertools.cycle(map(bad,[1,2,3]))", "next(it)"),
    ("itertools.tee(map(bad,[1,2,3]))[0]", "next(it)"),
    ("map(bad, [1,2,3])", "sum(it)"),
    ("map(end, [1,2,3])", "sum(it)"),
    ("map(end, [1,2,3])", "len(list(it))"),
    ("filter(lambda v: end(v) > 0, [1,2,3])", "max(it)"),
    ("map(bad,[3,2,4])", "len([v for v in it])"),
    ("map(end,[3,2,4])", "len([v for v in it])"),
    ("map(end,[3,2,4])", "sum(v for v in it)"),
    ("accumulate([2,2,3,4], two)", "next(it)"),
    ("zip(Steps(), [1,2,3,4,5])", "next(it)[1]"),
    ("(v for v in map(bad,[1,2,3]))", "next(it)"),
    ("(end(v) for v in [1,2,3])", "next(it)"),
    ("reversed([1,2,3])", "bad(next(it))"),
    ("ends()", "next(it)"),
    ("map(bad, ends())", "next(it)"),
]


@pytest.mark.parametrize(("made", "asked"), CASES)
def test_an_iterator_goes_on_as_pythons_does(made: str, asked: str) -> None:
    program = PROGRAM.format(made, asked)
    space: dict[str, Any] = {}
    exec(program, space)
    assert grad(program, x=1.0).value == space["f"](1.0)
