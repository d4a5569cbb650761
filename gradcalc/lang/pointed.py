"""What is named behind a file: a function, a class with what it is made of, or its method.

Of `Net(3, 4)` the text goes on with what is made so, of `Beale.fun` and `Quadratic(3).fun` with a
function that makes one and calls its method, which is `__call__` where `Quadratic(3)` has one. Of a
lambda, a function in a table or an object, and what a call makes, it goes on with a function that
calls it, with the parameters that `callables` tells.
"""

import ast
import re
from dataclasses import dataclass

from gradcalc.errors import GradcalcError, UnknownNameError, UntoldError, brief, did_you_mean
from gradcalc.lang import syntax
from gradcalc.lang.alone import alone, foreign, made_of_unknown, names_of
from gradcalc.lang.bindings import own_nodes, parameters_of
from gradcalc.lang.callables import held, member, scope_of
from gradcalc.lang.neighbours import brought
from gradcalc.lang.program import Limits
from gradcalc.lang.signatures import without_first
from gradcalc.lang.static_values import (
    Class,
    Function,
    Instance,
    Library,
    Scope,
    is_of_class,
    is_property,
    is_static,
)

CALLED = "__call__"

RECEIVERS = frozenset({"self", "cls", "this", "_", "_self"})
"""What methods call the object that they are of."""


def pointed(text: str, function: str | None, limits: Limits) -> tuple[str, str | None]:
    """A text, and the name in it that is meant.

    Raises `UnknownNameError` for a method that its class does not have, and for what is no function
    as far as the text tells.
    """
    if function is None:
        return text, None
    statement = syntax.parse(function, limits).body[0]
    node = statement.value if isinstance(statement, ast.Expr) else None
    plain = function.isidentifier()
    if node is None:
        return text, function
    body = _body(text, limits)
    if plain and _is_defined(function, body):
        return text, function
    scope = scope_of(body, text)
    if plain and _is_there(function, scope):
        return text, function
    way = _way(node, scope, text)
    if way is not None:
        own = _unused(re.sub(r"\W+", "_", ast.unparse(node)).strip("_"), text + way.before)
        return f"{text}\n\n{way.before}{_calling(own, way.called, way.args)}", own
    if plain:
        return text, function
    made = held(node, scope)
    if isinstance(node, ast.Call) and (made is None or isinstance(made, Instance)):
        # a network is more than a function: it has parameters
        own = _unused("net", text)
        return f"{text}\n{own} = {function}", own
    raise UntoldError(brief(function))


def called(text: str, function: ast.FunctionDef) -> tuple[str, str]:
    """A text that goes on with a function that calls one of it, and the name of that."""
    own = _unused(function.name, text)
    return f"{text}\n\n{_calling(own, function.name, function.args)}", own


@dataclass(frozen=True, slots=True)
class Way:
    """How something is called, with which parameters, and what stands in front of that."""

    called: str
    args: ast.arguments
    before: str = ""


def _body(text: str, limits: Limits) -> list[ast.stmt]:
    try:
        return syntax.parse(text, limits).body
    except GradcalcError:
        # whoever reads the text next says where
        return []


def _is_defined(name: str, body: list[ast.stmt]) -> bool:
    """Whether the last statement that gives a name its value defines a function of that name."""
    for statement in reversed(body):
        if isinstance(statement, ast.FunctionDef) and statement.name == name:
            return True
        if any(name in brought(node) for node in own_nodes((statement,))):
            return False
    return False


def _is_there(name: str, scope: Scope) -> bool:
    """Whether a name is that of a function that stands in the file, or is imported from another."""
    if any(by is not None for by in scope.module.bound.get(name, ())):
        return True
    match held(ast.Name(name, ast.Load()), scope):
        case Function(node=ast.FunctionDef(name=own), scope=Scope(outer=None)):
            return own == name
        case _:
            return False


def _way(node: ast.expr, scope: Scope, text: str) -> Way | None:
    """How what an expression names is called; None where it is no function by the text."""
    if isinstance(node, ast.Attribute):
        owner = held(node.value, scope)
        if isinstance(owner, Class | Instance):
            return _of_object(node, owner, node.attr, text)
    found = held(node, scope)
    called = ast.unparse(node)
    match found:
        case Function(args=args):
            return Way(called, args)
        case Class() if CALLED in found.methods:
            return _of_object(ast.Attribute(node, CALLED), found, CALLED, text)
        case Instance(of=of) if CALLED in of.methods:
            return _of_object(ast.Attribute(node, CALLED), found, CALLED, text)
        case Instance(of=of) if not _is_made_plainly(node, scope) and _is_network(of):
            return Way(called, without_first(of.methods["forward"].args))
        case _:
            return None


def _is_made_plainly(node: ast.expr, scope: Scope) -> bool:
    """Whether an object is made by a call of its class, here or where a name is given to it."""
    if isinstance(node, ast.Name):
        every = (s for s in scope.body if isinstance(s, ast.Assign))
        values = [s.value for s in every for t in s.targets if ast.unparse(t) == node.id]
        node = values[-1] if values else node
    return isinstance(node, ast.Call) and isinstance(held(node.func, scope), Class)


def _is_network(of: Class) -> bool:
    bases = (base for part in of.chain for base in part.bases)
    nets = any(isinstance(base, Library) and base.name.startswith("torch.nn.") for base in bases)
    return nets and "forward" in of.methods


def _of_object(node: ast.Attribute, owner: Class | Instance, name: str, text: str) -> Way | None:
    """How a method of a class, or of an object, is called."""
    of = owner.of if isinstance(owner, Instance) else owner
    method = of.methods.get(name)
    unknown = foreign(of) is not None
    shown = brief(of.node.name)
    if method is None or is_property(method):
        own = member(owner, name, 0) if isinstance(owner, Instance) else None
        if isinstance(own, Function):
            return Way(ast.unparse(node), own.args)
        if unknown:
            raise made_of_unknown(of)
        if method is not None or name in _stored(of):
            raise UntoldError(brief(ast.unparse(node)))
        raise UnknownNameError(
            f"no method of {shown} is called {brief(name)}",
            hint=did_you_mean(name, of.methods) or _those_of(of.methods),
        )
    receiver, before = ast.unparse(node.value), ""
    call = owner.call if isinstance(owner, Instance) else None
    bare = is_static(method) or (call is None and _is_function(method, of))
    first = [a.arg for a in (*method.args.posonlyargs, *method.args.args)][:1]
    alike = call is not None and not bare and _is_function(method, of)
    if alike and not parameters_of(without_first(method.args)):
        raise UnknownNameError(
            f"{receiver}.{name} has no inputs: its {first[0]} is the object",
            hint=f"as a function it is named {shown}.{brief(name)}",
        )
    if unknown:
        other = _unused(of.node.name, text)
        found = alone(of, name, other, made=call is not None and not bare)
        if found is None or not _is_fixed(call):
            raise made_of_unknown(of)
        before, receiver = f"{found}\n\n", other
        if call is not None and not bare:
            receiver = ast.unparse(ast.Call(ast.Name(other), call.args, call.keywords))
    starts = not unknown or "def __init__" in before
    if call is None and not bare and not is_of_class(method):
        if starts and (needed := _needed(of.methods.get("__init__"))):
            raise UnknownNameError(
                f"of what an object of {shown} is made is not said: {', '.join(needed)}",
                hint=f"name an object with its method: {shown}(...).{brief(name)}",
            )
        receiver = f"{receiver}()"
    args = method.args if bare else without_first(method.args)
    return Way(f"{receiver}.{name}", args, before)


def _is_fixed(call: ast.Call | None) -> bool:
    """Whether an object is made of nothing that may change."""
    given = [] if call is None else [*call.args, *(k.value for k in call.keywords)]
    return all(map(_is_written, given))


def _is_function(method: ast.FunctionDef, of: Class) -> bool:
    """Whether a method takes no object, so that it is a function of the class."""
    first = [*method.args.posonlyargs, *method.args.args][:1]
    if method.decorator_list or not first or first[0].arg in RECEIVERS:
        return False
    own = _stored(of) | {n for part in of.chain for s in part.node.body for n in names_of(s)}
    return not any(
        isinstance(n, ast.Attribute) and n.attr in own
        and isinstance(n.value, ast.Name) and n.value.id == first[0].arg
        for n in ast.walk(method)
    )  # fmt: skip


def _stored(of: Class) -> set[str]:
    """The attributes that a class gives its objects."""
    return {s.attr for part in of.chain for s in ast.walk(part.node)
            if isinstance(s, ast.Attribute) and isinstance(s.ctx, ast.Store)}  # fmt: skip


def _needed(start: ast.FunctionDef | None) -> list[str]:
    """The parameters without which no object is made."""
    if start is None:
        return []
    arguments = start.args
    positional = [*arguments.posonlyargs, *arguments.args]
    needed = positional[1 : len(positional) - len(arguments.defaults)]
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return [a.arg for a in (*needed, *(a for a, default in pairs if default is None))]


def _those_of(methods: dict[str, ast.FunctionDef]) -> str:
    shown = [name for name in methods if not name.startswith("_")]
    return f"its methods: {brief(', '.join(shown) or 'none')}"


def _unused(name: str, text: str) -> str:
    while name in text:
        name += "_"
    return name


LEFT = 3
"""How many parameters may have what the function has for them, where nothing is given."""


def _calling(name: str, called: str, given: ast.arguments) -> str:
    """A function that calls another one with its parameters; stars have nothing in them.

    What it calls is made in front of it where it has names of its parameters. A default that is
    no plain number or text is left to the function, which has it from where it stands.
    """
    every = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(every) - len(given.defaults)) + list(given.defaults)
    words = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    pairs = [(a.arg, d) for a, d in (*zip(every, defaults, strict=True), *words)]
    left = [a for a, d in pairs if d is not None and not _is_written(d)]
    # in order nothing can be given behind what is not
    firsts = [a.arg for a in given.posonlyargs]
    gone = set(firsts[next((k for k, a in enumerate(firsts) if a in left), len(firsts)) :])
    asked = [a for a in left if a not in gone][:LEFT]
    kept = [(a, d) for a, d in pairs if a in asked or a not in {*left, *gone}]
    shown = [_parameter(a, ast.Constant(None) if a in asked else d) for a, d in kept]
    plain = [a for a, _ in kept if a in {arg.arg for arg in every}]
    if len(plain) < len(kept):
        shown.insert(len(plain), "*")
    # behind the first that is left out they are given in words
    end = next((k for k, (a, _) in enumerate(pairs) if a in {*left, *gone}), len(every))
    ordered = {a for a, _ in pairs[: min(end, len(every))]}
    passed = [a if a in ordered else f"{a}={a}" for a, _ in kept if a not in asked]
    names = {n.id for n in ast.walk(ast.parse(called)) if isinstance(n, ast.Name)}
    made = ""
    if names & {a for a, _ in kept}:
        made, called = f"{name}_ = {called}\n\n", f"{name}_"
    return f"{made}def {name}({', '.join(shown)}):\n    return {_call(called, passed, asked)}"


def _parameter(name: str, default: ast.expr | None) -> str:
    return name if default is None else f"{name}={ast.unparse(default)}"


def _call(called: str, passed: list[str], asked: list[str]) -> str:
    """A call, with those parameters that are `asked` as far as they are given."""
    if not asked:
        return f"{called}({', '.join(passed)})"
    first, *rest = asked
    without, given = _call(called, passed, rest), _call(called, [*passed, f"{first}={first}"], rest)
    return f"(({without}) if {first} is None else ({given}))"


def _is_written(default: ast.expr) -> bool:
    """Whether a default is the same wherever it stands."""
    try:
        ast.literal_eval(default)
    except ValueError:
        return False
    return True
