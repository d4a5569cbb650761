"""Names that a function imports for itself, and that stand for something else in the file."""

import ast
from dataclasses import dataclass, field

from gradcalc.errors import JOIN
from gradcalc.lang.imported import Body
from gradcalc.lang.scopes import MODULE, Scope, names_bound

Import = ast.Import | ast.ImportFrom


@dataclass
class _Variable:
    """The places of a variable; `others` says that something else than imports binds it."""

    aliases: list[tuple[Import, ast.alias]] = field(default_factory=list)
    names: list[ast.Name] = field(default_factory=list)
    function: str = ""
    others: bool = False


def apart(body: Body) -> None:
    """Give such names others of their own, so that each stands for one thing."""
    variables: dict[str, _Variable] = {}
    meant: dict[str, set[str]] = {}
    for statement in body:
        _look(statement, MODULE, "", variables, meant)
    for name, variable in variables.items():
        local = name.rpartition(".")[2]
        if not variable.function or variable.others or len(meant.get(local, ())) < 2:
            continue
        if any(_binds_a_part(node, alias) for node, alias in variable.aliases):
            continue
        own = f"{local}{JOIN}{variable.function}"
        for _, alias in variable.aliases:
            alias.asname = own
        for place in variable.names:
            place.id = own


def _binds_a_part(node: Import, alias: ast.alias) -> bool:
    """Whether `import a.b` binds a."""
    return isinstance(node, ast.Import) and alias.asname is None and "." in alias.name


def _look(
    node: ast.AST,
    scope: Scope,
    function: str,
    variables: dict[str, _Variable],
    meant: dict[str, set[str]],
) -> None:
    """Note the imports and the names in a node, by the variables that they are."""

    def variable(name: str) -> _Variable:
        return variables.setdefault(scope.variable(name), _Variable())

    if isinstance(node, Import):
        base = f"{'.' * node.level}{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            local = alias.asname or alias.name.split(".")[0]
            found = variable(local)
            found.aliases.append((node, alias))
            found.function = function
            meant.setdefault(local, set()).add(f"{base}{alias.name}")
            found.others |= scope.variable(local) == local and bool(function)
        return
    for name in names_bound(node):
        variable(name).others = True
        meant.setdefault(name, set()).add("")
    if isinstance(node, ast.Name):
        variable(node.id).names.append(node)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        arguments = node.args
        outside = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
        for part in (*outside, *getattr(node, "decorator_list", [])):
            _look(part, scope, function, variables, meant)
        within, name = scope.inside(node), getattr(node, "name", function)
        for argument in ast.walk(arguments):
            if isinstance(argument, ast.arg):
                inner = variables.setdefault(within.variable(argument.arg), _Variable())
                inner.others = True
        for part in [node.body] if isinstance(node, ast.Lambda) else node.body:
            _look(part, within, name, variables, meant)
    elif isinstance(node, ast.ClassDef):
        for part in (*node.decorator_list, *node.bases, *(k.value for k in node.keywords)):
            _look(part, scope, function, variables, meant)
        for part in node.body:
            # what a class imports is behind its dot
            _look(part, scope.of_class(node), "", variables, meant)
    else:
        for part in ast.iter_child_nodes(node):
            _look(part, scope, function, variables, meant)
