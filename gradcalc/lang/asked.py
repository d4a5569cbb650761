"""Which methods of a text's own classes a program may ask for: the others may plot, save, or train.

A method is found by its name alone, so one whose name stands nowhere in what may run never runs.
"""

import ast
import copy
from collections.abc import Iterable, Iterator, Mapping

from gradcalc.lang.bindings import ACCESSORS, WORDS, gives_nothing, is_abstract
from gradcalc.lang.imported import Body, full_name
from gradcalc.lang.program import dotted

MODULE = "torch.nn.Module"
"""The class of a library of which is known what it calls of those made from it."""

ITS_OWN = frozenset(
    """
    forward train eval parameters named_parameters buffers named_buffers children named_children
    modules named_modules add_module register_module register_buffer register_parameter
    register_forward_hook register_forward_pre_hook state_dict load_state_dict apply
    reset_parameters extra_repr right_inverse
""".split()  # noqa: SIM905
)
"""Methods that a module's other methods, or whoever makes one, call without saying their names."""

BY_NAME = frozenset({"getattr", "hasattr", "setattr", "delattr"})
"""Functions that ask for what a text names, which stands in the program if it is a plain one."""

BY_ANY_NAME = frozenset({"attrgetter", "methodcaller", "vars", "dir", "globals", "locals"})
"""Functions that ask for names that may stand nowhere."""


def asked(body: Body, names: Mapping[str, str]) -> Body:
    """The statements with their classes as they are without methods that nothing asks for.

    `names` are what the names of imports stand for.
    """
    methods = [method for node in _classes(body, names) for method in node.body
               if isinstance(method, ast.FunctionDef)]  # fmt: skip
    # whether a class may be made depends on who has these
    every = (m for s in body if isinstance(s, ast.ClassDef) for m in s.body)
    abstract = frozenset(m.name for m in every if isinstance(m, ast.FunctionDef) and is_abstract(m))
    droppable = {id(method) for method in methods if _may_go(method, abstract)}
    if not droppable:
        return body
    idle = _never_asked(body, droppable)
    if not idle:
        return body
    return tuple(_without(s, idle, abstract) if isinstance(s, ast.ClassDef) else s for s in body)


def _classes(body: Body, names: Mapping[str, str]) -> Iterator[ast.ClassDef]:
    """Those of the text's top level that are made from its own and from what calls nothing."""
    known: set[str] = set()
    bound = [s.name for s in body if isinstance(s, ast.ClassDef | ast.FunctionDef)]
    for node in body:
        if not isinstance(node, ast.ClassDef) or bound.count(node.name) > 1:
            continue
        if all(map(_makes_fields, node.decorator_list)) and all(
            _is_known(base, known, names) for base in node.bases
        ):
            known.add(node.name)
            yield node


def _makes_fields(decorator: ast.expr) -> bool:
    path = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return path is not None and path[-1] == "dataclass"


def _is_known(base: ast.expr, known: set[str], names: Mapping[str, str]) -> bool:
    named = base.value if isinstance(base, ast.Subscript) else base
    path = dotted(named)
    if path is None:
        return False
    plain = gives_nothing(path[-1]) or (len(path) == 1 and path[0] in known)
    return plain or full_name(named, names) == MODULE


def _may_go(method: ast.FunctionDef, abstract: frozenset[str]) -> bool:
    """Whether a method does something only where it is asked for by its name."""
    name = method.name
    special = (name.startswith("__") and name.endswith("__")) or name in ITS_OWN
    if special or not all(map(_is_plain, method.decorator_list)):
        return False
    return not (_stays(method, abstract) and isinstance(method.body[0], ast.Pass))


def _acts(method: ast.FunctionDef) -> bool:
    """Whether defining a method calls something, as `def draw(self, x=rand(3))` does."""
    return any(
        isinstance(node, ast.Call | ast.NamedExpr)
        for default in _defaults(method)
        for node in ast.walk(default)
    )


def _stays(method: ast.FunctionDef, abstract: frozenset[str]) -> bool:
    """Whether a method that nothing asks for is left, with nothing in it."""
    return method.name in abstract or _acts(method)


def _defaults(method: ast.FunctionDef) -> list[ast.expr]:
    return [*method.args.defaults, *(d for d in method.args.kw_defaults if d is not None)]


def _is_plain(decorator: ast.expr) -> bool:
    """Whether a decorator says only how a method is called."""
    path = dotted(decorator)
    return path is not None and (path[-1] in WORDS or (len(path) == 2 and path[1] in ACCESSORS))


def _never_asked(body: Body, droppable: set[int]) -> set[int]:
    """Those of the methods whose names stand in nothing that may run."""
    left = dict[int, ast.FunctionDef]()
    names, told = set[str](), set[int]()
    waiting: list[ast.AST] = list(body)
    while waiting:
        for node in _nodes(waiting, droppable, left):
            if isinstance(node, ast.Call) and _tells(node):
                told.add(id(node.func))
            if id(node) not in told and _asks_for_any(node):
                return set()
            names |= set(_named(node))
        waiting = []
        for key in [k for k, method in left.items() if method.name in names]:
            method = left.pop(key)
            waiting += ast.iter_child_nodes(method)
    return set(left)


def _nodes(
    roots: Iterable[ast.AST], droppable: set[int], left: dict[int, ast.FunctionDef]
) -> Iterator[ast.AST]:
    """The nodes below some, but for the methods that may go, which are put by."""
    stack = list(roots)
    while stack:
        node = stack.pop()
        if id(node) in droppable and isinstance(node, ast.FunctionDef):
            left[id(node)] = node
            stack += _defaults(node)
            continue
        yield node
        stack += ast.iter_child_nodes(node)


def _named(node: ast.AST) -> Iterable[str]:
    match node:
        case ast.Attribute(attr=name):
            return (name,)
        case ast.ClassDef(body=body):
            # there alone a method is called by its name without a dot
            return {n.id for part in _outside_methods(body) for n in ast.walk(part)
                    if isinstance(n, ast.Name)}  # fmt: skip
        case ast.Call(func=ast.Name(id=function), args=[_, ast.Constant(value=str(name)), *_]):
            return (name,) if function in BY_NAME else ()
        case _:
            return ()


def _outside_methods(body: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    for statement in body:
        if isinstance(statement, ast.FunctionDef):
            yield from statement.decorator_list
            yield statement.args
        else:
            yield statement


def _tells(node: ast.Call) -> bool:
    """Whether a call asks for a name that it says."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[_, ast.Constant(value=str()), *_]):
            return name in BY_NAME
        case _:
            return False


def _asks_for_any(node: ast.AST) -> bool:
    """Whether a name is asked for that is made while the program runs."""
    match node:
        case ast.Name(id=name):
            return name in BY_NAME | BY_ANY_NAME
        case ast.Attribute(attr=name) | ast.alias(name=name):
            return name in BY_ANY_NAME
        case _:
            return False


def _without(node: ast.ClassDef, idle: set[int], abstract: frozenset[str]) -> ast.ClassDef:
    found = copy.copy(node)
    kept = (_hollow(s, abstract) if id(s) in idle else s for s in node.body)
    found.body = [s for s in kept if s is not None]
    if not found.body:
        found.body = [ast.copy_location(ast.Pass(), node)]
    return found


def _hollow(method: ast.stmt, abstract: frozenset[str]) -> ast.stmt | None:
    """Nothing, or what is left of a method whose name or defaults do something all the same."""
    if not isinstance(method, ast.FunctionDef) or not _stays(method, abstract):
        return None
    found = copy.copy(method)
    found.body = [ast.copy_location(ast.Pass(), method)]
    return found
