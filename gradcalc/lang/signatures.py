"""The parameters that a function has once something is made of it: a derivative, a part of it.

None is what its library would refuse, or what cannot be told.
"""

import ast
import copy


def takes_any(args: ast.arguments) -> bool:
    """Whether no parameter has a name of its own."""
    return not (args.posonlyargs or args.args or args.kwonlyargs)


def without_first(given: ast.arguments) -> ast.arguments:
    """The parameters of a method but for the object that it is of."""
    args = copy.copy(given)
    args.posonlyargs, args.args = given.posonlyargs[1:], given.args[not given.posonlyargs :]
    count = len(args.posonlyargs) + len(args.args)
    args.defaults = given.defaults[max(0, len(given.defaults) - count) :]
    return args


def by_places(given: ast.arguments, which: object) -> ast.arguments | None:
    """Of a derivative: the parameters up to those that it is taken by are given."""
    places = which if isinstance(which, tuple | list) else (which,)
    if not places or not all(isinstance(k, int) and k >= 0 for k in places):
        return None
    args, count = copy.copy(given), max(places) + 1
    positional = len(args.posonlyargs) + len(args.args)
    free = positional - len(args.defaults)
    args.defaults = args.defaults[max(0, count - free) :]
    return args if count <= positional else None


def of_rows(given: ast.arguments, which: object) -> ast.arguments | None:
    """Of a function of rows: each of `which`, or what has no default, as all else has no rows."""
    positional = [*given.posonlyargs, *given.args]
    needed = len(positional) - len(given.defaults)
    count = len(which) if isinstance(which, tuple | list) else needed
    args = ast.arguments(positional[:count], [], None, [], [], None, [])
    return args if count <= len(positional) else None


def left_by(given: ast.arguments, call: ast.Call) -> ast.arguments | None:
    """What a call of `partial` leaves to be given, as Python's own `signature` tells it."""
    positional = [*given.posonlyargs, *given.args]
    gone, words = len(call.args) - 1, {k.arg: k.value for k in call.keywords}
    starred = any(isinstance(a, ast.Starred) for a in call.args) or None in words
    if starred or gone > len(positional):
        return None
    needed: list[ast.expr | None] = [None] * (len(positional) - len(given.defaults))
    pairs = list(zip(positional, [*needed, *given.defaults], strict=True))[gone:]
    end = next((k for k, (a, _) in enumerate(pairs) if a.arg in words), len(pairs))
    named = [*pairs[end:], *zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    first = min(max(0, len(given.posonlyargs) - gone), end)
    return ast.arguments(
        posonlyargs=[a for a, _ in pairs[:first]], args=[a for a, _ in pairs[first:end]],
        vararg=given.vararg, kwonlyargs=[a for a, _ in named],
        kw_defaults=[words.get(a.arg, default) for a, default in named], kwarg=given.kwarg,
        defaults=[default for _, default in pairs[:end] if default is not None],
    )  # fmt: skip
