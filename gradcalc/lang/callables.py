"""What function an expression of a file gives, and with which parameters: nothing of it is run.

Functions that make others are followed to what they return, wrappers to what they are given. None
is what cannot be told by the text.
"""

import ast
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeGuard

from gradcalc.lang.bindings import own_nodes
from gradcalc.lang.decorators import IDLE, PARTIAL, WRAPS
from gradcalc.lang.linking import modules_of
from gradcalc.lang.neighbours import Import, Module, Modules, brought
from gradcalc.lang.signatures import by_places, left_by, of_rows, takes_any, without_first
from gradcalc.lang.static_values import (
    Class,
    Fields,
    Function,
    Held,
    Instance,
    Items,
    Library,
    Naming,
    Scope,
    Written,
    is_of_class,
    is_property,
    is_static,
)

DEPTH = 60
"""How many steps are taken from an expression to what it gives."""

STEPS = 1_000
"""How many expressions are looked at before it is given up."""

WRAPPED = "·"
"""What a decorator is called with."""

SLOPES: Mapping[str, str] = {
    **{
        f"{library}{name}": "argnums"
        for library in ("jax.", "torch.func.", "functorch.")
        for name in ("grad", "value_and_grad", "grad_and_value", "jacfwd", "jacrev", "hessian",
                     "jacobian")
    },
    **{
        f"autograd.{name}": "argnum"
        for name in ("grad", "elementwise_grad", "egrad", "jacobian", "hessian", "value_and_grad")
    },
}  # fmt: skip
"""What makes a derivative of a function, and what says by which of its parameters."""

MAPS: Mapping[str, str] = {
    "jax.vmap": "in_axes", "torch.vmap": "in_dims", "torch.func.vmap": "in_dims",
    "functorch.vmap": "in_dims",
}  # fmt: skip
"""What applies a function to every row, and what says of which of its arguments."""

SAME = IDLE | {"numpy.vectorize", "functools.lru_cache", "functools.cache"}
"""Wrappers whose functions take what those take that they are given."""

CHANGING = frozenset({"append", "extend", "insert", "pop", "remove", "clear", "update",
                      "setdefault", "popitem", "reverse", "sort"})  # fmt: skip
"""Methods that change a list or a dictionary."""


def scope_of(body: Sequence[ast.stmt], source: str) -> Scope:
    """Where the names of a file are looked up, which may stand in others that it imports."""
    modules = modules_of(body, source)
    return _top(modules.own[""], modules, itertools.count())


def _top(module: Module, modules: Modules, steps: Iterator[int]) -> Scope:
    return Scope(tuple(module.body), module, modules, steps=steps)


def held(node: ast.AST, scope: Scope, depth: int = 0) -> Held | None:
    """What an expression gives."""
    if depth > DEPTH or next(scope.steps) > STEPS:
        return None
    match node:
        case ast.Lambda(args=args):
            return Function(args, node, scope)
        case ast.Name(id=name):
            return _named(name, scope, depth + 1)
        case ast.Attribute(value=value, attr=name):
            return _attribute(held(value, scope, depth + 1), name, scope, depth + 1)
        case ast.Subscript(value=value, slice=key):
            which = _written(key, scope, depth + 1)
            return which and _item(held(value, scope, depth + 1), which.value, depth + 1)
        case ast.List() | ast.Tuple() | ast.Dict():
            return Items(node, scope)
        case ast.Constant(value=value):
            return Written(value)
        case ast.IfExp(body=first, orelse=second):
            return _agreed(held(part, scope, depth + 1) for part in (first, second))
        case ast.Call(func=func):
            return _called(held(func, scope, depth + 1), node, scope, depth + 1)
        case _:
            return None


def _agreed(found: Iterable[Held | None]) -> Held | None:
    """What is the same whichever of them it is."""
    every = list(found)
    first = every[0] if every else None
    return first if all(_is_same(first, other) for other in every[1:]) else None


def _is_same(one: Held | None, other: Held | None) -> bool:
    match one, other:
        case Function(args=first), Function(args=second):
            return ast.dump(first) == ast.dump(second)
        case Instance(of=first), Instance(of=second):
            return first.node is second.node
        case Class(node=first), Class(node=second):
            return first is second
        case (Library(), Library()) | (Written(), Written()):
            return one == other
        case _:
            return False


# -- names -------------------------------------------------------------------------------------


def _named(name: str, scope: Scope, depth: int) -> Held | None:
    found = list(_bindings(name, scope))
    values = [None if by is None else _bound(name, *by, scope, depth) for by in found]
    if name in scope.given and not any(by is not None and by[0] in scope.body for by in found):
        values.append(scope.given[name])
    if not values:
        outer = scope.outer
        return None if outer is None else _named(name, outer, depth)
    value = _agreed(values)
    if not found and isinstance(value, Instance):
        # what a method gives its object it has been given
        return value
    if isinstance(value, Items | Instance | Class) and any(
        is_changed(node, name) for statement in scope.body for node in ast.walk(statement)
    ):
        return None
    return value


def _bindings(name: str, scope: Scope) -> Iterator[tuple[ast.stmt, int] | None]:
    """What may have given a name its value: the last statement that does, and those inside of
    others behind it. None is what gives it another one that the text does not tell."""
    if any(isinstance(node, ast.Global | ast.Nonlocal) and name in node.names
           for statement in scope.body for node in ast.walk(statement)):  # fmt: skip
        yield None
        return
    end = len(scope.body) if scope.before is None else scope.before
    for place in reversed(range(end)):
        statement = scope.body[place]
        binding = [n for n in own_nodes((statement,)) if name in brought(n)]
        if _is_direct(statement):
            if binding:
                yield statement, place
                return
            continue
        for inner in own_nodes((statement,)):
            if _is_direct(inner):
                told = set(own_nodes((inner,)))
                if any(node in told for node in binding):
                    yield inner, place
                binding = [node for node in binding if node not in told]
        if binding:
            yield None


def _is_direct(node: ast.AST) -> TypeGuard[ast.stmt]:
    """Whether it is a statement that binds at once, with no others of its scope inside of it."""
    return isinstance(
        node,
        ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom,
    )


def is_changed(node: ast.AST, name: str) -> bool:
    """Whether something gives what is in a name another value, or may do so."""
    match node:
        case (
            ast.Attribute(value=ast.Name(id=own), ctx=ast.Store() | ast.Del())
            | ast.Subscript(value=ast.Name(id=own), ctx=ast.Store() | ast.Del())
        ):
            return own == name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=own), attr=called)):
            return own == name and called in CHANGING
        case _:
            return False


def _bound(name: str, statement: ast.stmt, place: int, scope: Scope, depth: int) -> Held | None:
    """What a statement gives a name, which sees what runs before it."""
    here = replace(scope, before=place)
    match statement:
        case ast.FunctionDef():
            return _decorated(statement, scope, here, depth)
        case ast.ClassDef():
            bases = tuple(held(base, here, depth + 1) for base in statement.bases)
            return Class(statement, scope, bases)
        case ast.Assign(targets=targets, value=value):
            target = next((t for t in targets if name in _names(t)), None)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            pass
        case ast.Import() | ast.ImportFrom():
            return _imported(name, statement, scope, depth)
        case _:
            return None
    match target:
        case ast.Name():
            return held(value, here, depth + 1)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            own = [isinstance(part, ast.Name) and part.id == name for part in parts]
            if any(isinstance(part, ast.Starred) for part in parts) or own.count(True) != 1:
                return None
            return _item(held(value, here, depth + 1), own.index(True), depth + 1)
        case _:
            return None


def _names(target: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(target)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}  # fmt: skip


def _decorated(node: ast.FunctionDef, scope: Scope, here: Scope, depth: int) -> Held | None:
    found: Held | None = Function(node.args, node, scope)
    for decorator in reversed(node.decorator_list):
        call = ast.Call(decorator, [ast.Name(WRAPPED, ast.Load())], [])
        inside = replace(here, given={**here.given, WRAPPED: found})
        found = _called(held(decorator, here, depth + 1), call, inside, depth + 1)
    return found


def _imported(name: str, statement: Import, scope: Scope, depth: int) -> Held | None:
    alias = next(a for a in statement.names if (a.asname or a.name.split(".")[0]) == name)
    modules = scope.modules
    member = modules.target(scope.module, statement, alias)
    if member is not None:
        module = modules.own.get(member.module)
        if module is None or member.name is None:
            return module
        return _named(member.name, _top(module, modules, scope.steps), depth + 1)
    if isinstance(statement, ast.Import):
        return Library(alias.name if alias.asname else name)
    base = "." * statement.level + (statement.module or "")
    return Library(f"{base}.{alias.name}")


# -- parts -------------------------------------------------------------------------------------


def _attribute(owner: Held | None, name: str, scope: Scope, depth: int) -> Held | None:
    match owner:
        case Module():
            return _named(name, _top(owner, scope.modules, scope.steps), depth + 1)
        case Library(name=full, call=None):
            return Library(f"{full}.{name}")
        case Class() | Instance():
            return member(owner, name, depth)
        case Items(node=ast.Call(keywords=words), scope=room):
            value = next((w.value for w in words if w.arg == name), None)
            return None if value is None else held(value, room, depth + 1)
        case _:
            return None


def member(owner: Class | Instance, name: str, depth: int) -> Held | None:
    """A method of a class or an object, or what an object is given where it is made."""
    of = owner.of if isinstance(owner, Instance) else owner
    method = of.methods.get(name)
    if method is not None:
        bare = is_static(method) or (isinstance(owner, Class) and not is_of_class(method))
        if bare:
            return Function(method.args, method, of.scope)
        whose = of if is_of_class(method) else owner
        found = Function(without_first(method.args), method, of.scope, whose)
        if is_property(method):
            return _called(found, ast.Call(ast.Name(name), [], []), of.scope, depth + 1)
        return found
    if isinstance(owner, Class):
        return None
    start = of.methods.get("__init__")
    if start is None:
        return _attribute(Items(_in_words(owner), owner.scope), name, owner.scope, depth + 1)
    made = Function(without_first(start.args), start, of.scope, owner)
    inside = _inside(made, owner.call, owner.scope, depth)
    stores = [s for s in own_nodes(tuple(start.body)) if isinstance(s, ast.Assign)
              for t in s.targets if isinstance(t, ast.Attribute) and t.attr == name]  # fmt: skip
    return held(stores[0].value, inside, depth + 1) if inside and len(stores) == 1 else None


def _in_words(made: Instance) -> ast.Call:
    """The call that makes an object of fields, with all of them in words."""
    fields = [s.target.id for owner in made.of.chain for s in owner.node.body
              if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]  # fmt: skip
    return _worded(made.call, fields)


def _worded(call: ast.Call, names: Iterable[str]) -> ast.Call:
    words = [ast.keyword(n, v) for n, v in zip(names, call.args, strict=False)]
    return ast.Call(call.func, [], [*words, *call.keywords])


def _written(node: ast.expr, scope: Scope, depth: int) -> Written | None:
    """A number or a text, or several, that an expression gives."""
    try:
        return Written(ast.literal_eval(node))
    except ValueError:
        found = held(node, scope, depth)
        return found if isinstance(found, Written) else None


def _item(table: Held | None, key: object, depth: int) -> Held | None:
    match table:
        case Items(node=ast.Dict(keys=keys, values=values), scope=scope):
            found = [v for k, v in zip(keys, values, strict=True)
                     if isinstance(k, ast.Constant) and k.value == key]  # fmt: skip
            # what is behind two stars may have that key too
            return held(found[-1], scope, depth + 1) if found and None not in keys else None
        case Items(node=ast.List(elts=parts) | ast.Tuple(elts=parts), scope=scope):
            starred = any(isinstance(part, ast.Starred) for part in parts)
            if starred or not isinstance(key, int) or not -len(parts) <= key < len(parts):
                return None
            return held(parts[key], scope, depth + 1)
        case Items(node=ast.Call(func=ast.Name(id="dict"), keywords=words), scope=scope):
            value = next((w.value for w in words if w.arg == key), None)
            return None if value is None else held(value, scope, depth + 1)
        case _:
            return None


# -- calls -------------------------------------------------------------------------------------


def _called(function: Held | None, call: ast.Call, scope: Scope, depth: int) -> Held | None:
    match function:
        case Library():
            return _wrapped(function, call, scope, depth)
        case Naming(of=other):
            inner = held(call.args[0], scope, depth + 1) if len(call.args) == 1 else None
            if isinstance(inner, Function) and isinstance(other, Function):
                # Python itself tells the parameters of the other one
                return replace(inner, args=other.args) if takes_any(inner.args) else inner
            return inner if isinstance(inner, Function) else None
        case Function(node=ast.Lambda(body=value)):
            inside = _inside(function, call, scope, depth)
            return None if inside is None else held(value, inside, depth + 1)
        case Function(node=ast.FunctionDef(body=body)):
            inside = _inside(function, call, scope, depth)
            nodes = list(own_nodes(tuple(body)))
            returns = [n for n in nodes if isinstance(n, ast.Return)]
            if inside is None or any(isinstance(n, ast.Yield | ast.YieldFrom) for n in nodes):
                return None
            values = (r.value or ast.Constant(None) for r in returns)
            return _agreed(held(value, inside, depth + 1) for value in values)
        case Class():
            return Instance(function, call, scope)
        case Fields(names=names):
            return Items(_worded(call, names), scope)
        case Instance():
            return _called(member(function, "__call__", depth + 1), call, scope, depth + 1)
        case None if isinstance(call.func, ast.Name) and call.func.id == "dict":
            return Items(call, scope)
        case _:
            return None


def _inside(function: Function, call: ast.Call, scope: Scope, depth: int) -> Scope | None:
    """The scope of a function that is called, where its parameters have what they are given."""
    node, room = function.node, function.scope
    assert node is not None
    assert room is not None
    args = function.args
    names = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    stars = [a.arg for a in (args.vararg, args.kwarg) if a is not None]
    given: dict[str, Held | None] = dict.fromkeys([*names, *stars])
    positional = [a.arg for a in (*args.posonlyargs, *args.args)]
    defaults = positional[len(positional) - len(args.defaults) :]
    for name, default in zip(defaults, args.defaults, strict=True):
        given[name] = held(default, room, depth + 1)
    if function.owner is not None:
        first = [*node.args.posonlyargs, *node.args.args][:1]
        given |= dict.fromkeys([a.arg for a in first], function.owner)
    plain = not any(isinstance(a, ast.Starred) for a in call.args)
    values = list(zip(positional, call.args, strict=False)) if plain else []
    values += [(k.arg, k.value) for k in call.keywords if k.arg in names]
    given |= {name: held(value, scope, depth + 1) for name, value in values}
    body = tuple(node.body) if isinstance(node, ast.FunctionDef) else ()
    return Scope(body, room.module, room.modules, replace(room, before=None), given,
                 steps=room.steps)  # fmt: skip


def _wrapped(library: Library, call: ast.Call, scope: Scope, depth: int) -> Held | None:
    """What a function of a library gives that is called with one of the file."""
    before = [] if library.call is None else library.call.keywords
    words = {k.arg: k.value for k in (*before, *call.keywords)}
    first = call.args[0] if call.args else words.get("fun") or words.get("func") or words.get("f")
    name = library.name
    if name == PARTIAL:
        inner = None if first is None else held(first, scope, depth + 1)
        if isinstance(inner, Library) and len(call.args) == 1:
            return Library(inner.name, call)
        return _taking(left_by(inner.args, call)) if isinstance(inner, Function) else None
    if name == "collections.namedtuple" and len(call.args) == 2 and not call.keywords:
        fields = _written(call.args[1], scope, depth + 1)
        if fields is None or not isinstance(fields.value, str | list | tuple):
            return None
        of = fields.value
        every = of.replace(",", " ").split() if isinstance(of, str) else of
        return Fields(tuple(map(str, every)))
    if name == WRAPS:
        return Naming(None if first is None else held(first, scope, depth + 1))
    if name not in SAME | SLOPES.keys() | MAPS.keys():
        # an object of a library whose parts are named where it is made
        return Items(call, scope) if call.keywords and not call.args else None
    if first is None:
        return Library(name, call)
    inner = held(first, scope, depth + 1)
    if name in IDLE:
        return inner
    if isinstance(inner, Instance):
        inner = member(inner, "__call__", depth + 1)
    if not isinstance(inner, Function):
        return None
    if name in SAME:
        return replace(inner, node=None)
    word = SLOPES.get(name) or MAPS[name]
    written = call.args[1] if len(call.args) > 1 else words.get(word, ast.Constant(0))
    which = _written(written, scope, depth)
    if which is None:
        return None
    return _taking((by_places if name in SLOPES else of_rows)(inner.args, which.value))


def _taking(args: ast.arguments | None) -> Function | None:
    return None if args is None else Function(args)
