"""Checks of gradients that somebody wrote for a function of numpy arrays."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcalc.calculate import Awaited
from gradcalc.checking.check import Checked, How, checked
from gradcalc.checking.copies import uncopied
from gradcalc.checking.numpy_answers import Question, fresh, is_stacked
from gradcalc.checking.numpy_elements import by_elements
from gradcalc.checking.numpy_entries import wrong_entries
from gradcalc.checking.numpy_running import run
from gradcalc.checking.ran import Ran
from gradcalc.errors import InvalidValueError, UnknownNameError, did_you_mean
from gradcalc.lang.program import Limits
from gradcalc.problem import Problem
from gradcalc.testimony import Absence, Absent
from gradcalc.values.nesting import check_nesting
from gradcalc.verdict.outcome import Outcome

NOBODY = Absent(Absence.UNABLE, "a gradient that somebody wrote is asked at one point")


def nobody(problem: Problem) -> Awaited:
    """Nobody else answers for a function of the user's."""
    return lambda: NOBODY


@dataclass(frozen=True, slots=True)
class Written:
    """What is asked: a function, what it is called with, and what was written of its derivatives.

    `gradient` is a function, or true where the function gives its gradient as well.
    """

    function: Callable[..., Any]
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    gradient: Any = None
    hessian: Any = None
    leaves: Sequence[str] | None = None
    seed: int = 0
    name: str | None = None


def check_written(asked: Written, *, strict: bool = False, timeout: float | None = None) -> Checked:
    """The check of one gradient, and behind that of the Hessian if there is one.

    Raises `GradcalcError` for what cannot be checked, and what the functions raise.
    """
    limits = Limits() if timeout is None else Limits(seconds=timeout)
    how = How(lambda _: None, limits, nobody, _name(asked), strict=strict)
    return judged_in_turn(runs(asked), how)


def judged_in_turn(found: Sequence[Ran], how: How) -> Checked:
    """The first that is not right, else the last."""
    for ran in found[:-1]:
        first = by_elements(checked(ran, how))
        if first.case.judgement.verdict.outcome not in (Outcome.VERIFIED, Outcome.VANISHED):
            return first
    last = by_elements(checked(found[-1], how))
    if last.case.judgement.verdict.outcome is Outcome.WRONG and found[-1].second:
        return replace(last, entries=wrong_entries(found[-1], how))
    return last


def runs(asked: Written) -> list[Ran]:
    """What the gradient says, and what the Hessian says."""
    function, gradient, hessian = asked.function, asked.gradient, asked.hessian
    paired = gradient is True or gradient is function
    for told, given in (("grad", gradient), ("hess", hessian)):
        if given is not None and given is not True and not callable(given):
            kind = type(given).__name__
            raise InvalidValueError(
                f"{told}= is a function that gives the derivative, not a {kind}",
                hint="grad=df" if told == "grad" else "hess=d2f",
            )
    named = _named(function, asked.args, asked.kwargs)
    for name, value in named.items():
        check_nesting(value, name)
    chosen = _leaves(named, asked.leaves)
    leaves = {name: np.array(named[name], np.float64) for name in chosen}
    for key, values in leaves.items():
        if not np.all(np.isfinite(values)):
            raise InvalidValueError(f"{key} is not finite", hint="check at a point of numbers")

    order = list(named)[: len(asked.args)]

    def call(one: Callable[..., Any], given: Mapping[str, Any]) -> Any:
        args = list(asked.args)
        kwargs = dict(asked.kwargs)
        for name, value in given.items():
            place = order.index(name) if name in order else name
            if isinstance(place, int):
                args[place] = value
            else:
                kwargs[place] = value
        with uncopied():
            return one(*args, **kwargs)

    if hessian is not None and (hessian is True or hessian == function):
        hessian = _third_of(function, _name(asked))
    aside: tuple[str, ...] = ()
    if (
        asked.leaves is None
        and len(chosen) > 1
        and _is_of_first(lambda one: call(one, fresh(leaves)), function, gradient, hessian, leaves)
    ):
        # what stands behind the first is data then, as it is to scipy
        first_one, *aside_ones = leaves
        leaves, aside = {first_one: leaves[first_one]}, tuple(aside_ones)
    first = Question(
        function, leaves, call, _name(asked),
        gradient=None if paired else gradient, paired=paired, seed=asked.seed,
        witness="your gradient", data=_data(named, leaves),
    )  # fmt: skip
    found = [] if gradient is None else [run(first)]
    if hessian is not None:
        found.append(run(_second(first, hessian)))
    return [replace(ran, aside=aside) for ran in found]


def _data(named: Mapping[str, Any], leaves: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays of numbers that are not differentiated by."""
    others = {name: value for name, value in named.items() if name not in leaves}
    return {n: v for n, v in others.items() if type(v) is np.ndarray and v.dtype.kind in "fiu"}


def _third_of(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """What gives the Hessian of a function that gives its value, its gradient and that."""

    def hessian(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        if not (isinstance(found, tuple) and len(found) == 3):
            raise InvalidValueError(
                f"{name} does not give its value, its gradient and its Hessian",
                hint="hess= takes the function that gives the Hessian alone",
            )
        return found[2]

    return hessian


def _is_of_first(
    call: Callable[[Any], Any],
    function: Any,
    gradient: Any,
    hessian: Any,
    leaves: Mapping[str, Any],
) -> bool:
    """Whether one array was given as the derivative by several inputs, and it is that by the first.

    No tuple of them, and not all of them side by side.
    """
    paired = gradient is True or gradient is function
    made = call(function)
    if gradient is None:
        found = call(hessian)
        return isinstance(found, np.ndarray) and not is_stacked(found, leaves, (), (len(leaves),))
    if paired and isinstance(made, tuple) and len(made) > 1:
        made, found = made[0], made[1]
    else:
        found = None if paired else call(gradient)
    before = np.shape(made) if np.size(made) > 1 else ()
    return isinstance(found, np.ndarray) and not is_stacked(found, leaves, before)


def _name(asked: Written) -> str:
    """What a function is called."""
    found = str(asked.name or getattr(asked.function, "__name__", "f"))
    return "f" if found == "<lambda>" else found


def _second(first: Question, hessian: Any) -> Question:
    return replace(first, hessian=hessian, witness="your Hessian")


def _named(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by the names of the parameters."""
    names: list[str] = []
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            break
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(parameter.name)
    names += [f"x{k}" for k in range(len(names), len(args))]
    return {**dict(zip(names, args, strict=False)), **kwargs}


def _leaves(named: Mapping[str, Any], chosen: Sequence[str] | None) -> list[str]:
    """The inputs to differentiate by.

    The arrays and lists of numbers, else the floats; integers where nothing else is there.
    """
    arrays = [name for name, value in named.items() if _is_array(value)]
    numbers = [n for n, v in named.items() if isinstance(v, float | np.floating)]
    whole = [n for n, v in named.items() if isinstance(v, np.ndarray) and v.dtype.kind == "i"]
    wanted = list(chosen) if chosen else arrays or numbers or whole
    for name in wanted:
        if name not in named:
            raise UnknownNameError(
                f"there is no input called {name} to differentiate by",
                hint=did_you_mean(name, named) or f"there are {', '.join(named)}",
            )
    if not wanted:
        raise InvalidValueError(
            "it is given no numbers to differentiate by", hint="check(f, np.array([1.0, 2.0]), ...)"
        )
    return list(dict.fromkeys(wanted))


def _is_array(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f" and value.ndim > 0
    if not isinstance(value, list) or not value:
        return False
    with np.errstate(all="ignore"):
        try:
            return np.asarray(value).dtype.kind in "fi"
        except ValueError:
            return False
