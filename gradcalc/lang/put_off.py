"""Imports of what is not known, which are refused where the run comes to what they bring.

That is so where nothing that surely runs has a name of theirs: it stands in a branch, behind what
may leave, in a function that may not be called.
"""

import ast
from dataclasses import dataclass, field

from gradcalc.lang.bindings import parts_of
from gradcalc.lang.deferred import conditional, defer
from gradcalc.lang.imported import Body
from gradcalc.lang.naming import PUT_OFF, unknown
from gradcalc.lang.scopes import MODULE, Scope, names_bound

Import = ast.Import | ast.ImportFrom


@dataclass
class _Variable:
    """What binds and uses a variable: `others` says that something else than imports binds it."""

    imports: list[tuple[Import, ast.alias]] = field(default_factory=list)
    uses: list[ast.expr] = field(default_factory=list)
    others: bool = False


def put_off(body: Body, source: str, main: ast.FunctionDef | None) -> None:
    """Have the names that unknown imports bring raise the error where they are asked for.

    `main` is the function that surely runs; without one it is the text.
    """
    imports = [
        (node, alias)
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, Import)
        for alias in node.names
    ]
    errors = {
        id(alias): error
        for node, alias in imports
        if (error := unknown(node, alias, source, body)) is not None
    }
    if not errors:
        return
    variables = dict[str, _Variable]()
    for statement in body:
        _look(statement, MODULE, None, variables)
    spared = _perhaps(body, main)
    tried = _tried(body)
    for variable in variables.values():
        if any(id(n) in tried and not (id(n) in spared and len(n.names) == 1)
               for n, _ in variable.imports):  # fmt: skip
            # whether it fails decides what is done then
            continue
        aliases = [alias for _, alias in variable.imports]
        if variable.others or not aliases or any(id(a) not in errors for a in aliases):
            continue
        if any(id(use) not in spared for use in variable.uses):
            continue
        error = errors[id(aliases[0])]
        error.source = source
        for use in variable.uses:
            defer(use, error)
        for node, alias in variable.imports:
            setattr(alias, PUT_OFF, True)
            if id(node) in spared and len(node.names) == 1:
                # in a branch it is the import that fails
                defer(node, error)


def _tried(body: Body) -> frozenset[int]:
    """The imports, by their ids, in blocks that may catch that they fail."""
    blocks = (
        part
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.With) or (isinstance(node, ast.Try) and node.handlers)
        for part in node.body
    )
    return frozenset(id(n) for part in blocks for n in ast.walk(part) if isinstance(n, Import))


def _perhaps(body: Body, main: ast.FunctionDef | None) -> frozenset[int]:
    """The nodes, by their ids, that may not run."""
    inside = {
        id(inner)
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.FunctionDef)
        for part in node.body
        for inner in ast.walk(part)
    }
    surely = () if main is None else [n for part in main.body for n in ast.walk(part)]
    return frozenset(inside - {id(node) for node in surely}) | conditional(body)


def _look(
    node: ast.AST, scope: Scope, parent: ast.AST | None, variables: dict[str, _Variable]
) -> None:
    """Note what a node and those in it bind and use; a use is all that is asked of a name."""
    if isinstance(node, Import):
        for alias in node.names:
            name = scope.variable(alias.asname or alias.name.split(".")[0])
            variables.setdefault(name, _Variable()).imports.append((node, alias))
        return
    for name in names_bound(node):
        variables.setdefault(scope.variable(name), _Variable()).others = True
    if isinstance(node, ast.arg):
        variables.setdefault(scope.variable(node.arg), _Variable()).others = True
    whole: ast.AST = node
    inner: ast.AST = node
    while isinstance(inner, ast.Attribute | ast.Call):
        inner = inner.value if isinstance(inner, ast.Attribute) else inner.func
    if isinstance(inner, ast.Name) and isinstance(whole, ast.expr):
        held = variables.setdefault(scope.variable(inner.id), _Variable())
        plain = isinstance(getattr(whole, "ctx", ast.Load()), ast.Load)
        fixed = isinstance(parent, ast.ExceptHandler | ast.MatchClass | ast.ClassDef)
        held.others |= not plain or fixed
        held.uses.append(whole)
        # what it is given may be asked for too
        rest: ast.AST = whole
        while isinstance(rest, ast.Attribute | ast.Call):
            if isinstance(rest, ast.Call):
                for part in (*rest.args, *rest.keywords):
                    _look(part, scope, rest, variables)
            rest = rest.value if isinstance(rest, ast.Attribute) else rest.func
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        arguments = node.args
        outside = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
        outside += getattr(node, "decorator_list", [])
        for part in outside:
            _look(part, scope, node, variables)
        within = scope.inside(node)
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        for argument in ast.walk(arguments):
            if isinstance(argument, ast.arg):
                variables.setdefault(within.variable(argument.arg), _Variable()).others = True
        for part in body:
            _look(part, within, node, variables)
        return
    if isinstance(node, ast.ClassDef):
        for part in (*node.decorator_list, *node.bases, *(k.value for k in node.keywords)):
            _look(part, scope, node, variables)
        within = scope.of_class(node)
        for part in node.body:
            _look(part, within, node, variables)
        return
    for part in parts_of(node):
        _look(part, scope, node, variables)
