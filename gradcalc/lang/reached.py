"""What of a file matters to a function of it: the rest may plot, train, or define classes."""

import ast
from collections.abc import Callable, Iterator, Sequence

from gradcalc.lang import grammar
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.catalogue import TABLES
from gradcalc.lang.drawing import Order
from gradcalc.lang.effects import Effects
from gradcalc.lang.imported import Body
from gradcalc.lang.renaming import DOUBT
from gradcalc.lang.scopes import names_bound


def reached(
    body: Body, name: str | None, always: Callable[[ast.stmt], bool] = lambda statement: False
) -> Body:
    """The statements that a function of a file, or what else has a name in it, hangs on.

    All where there is no such name; without one, those which are `always` there, and what they hang
    on.
    """
    if name and not any(
        name in names_bound(node) for s in body for node in (s, *ast.iter_child_nodes(s))
    ):
        return body
    effects, none = Effects(body), frozenset[str]()
    changed = [none if _is_import(s) else effects.changed(k) for k, s in enumerate(body)]
    chance = Order(body, name)
    needed, chosen = {name or ""}, set[int]()
    more = {k for k, names in enumerate(changed) if names is None or name in names}
    more |= {k for k, statement in enumerate(body) if always(statement)}
    while more:
        chosen |= more
        for k in more:
            needed |= set(_free(chance.read(k)))
        more = {k for k, c in enumerate(changed) if c and k not in chosen and needed & c}
        more |= chance.before(chosen)
    found: list[ast.stmt] = []
    for k, statement in enumerate(body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            # imports say whose functions and arrays all the others are
            own = known(statement, needed)
            if own is not None and _hides(statement) and not _is_known(statement):
                # nobody knows which names it brings, but those bound behind it are not its, and a
                # module that others import too is the same
                behind = {n for j in chosen if j > k for n in changed[j] or ()}
                behind |= {n for s in body if _is_import(s) for n in names_bound(s)}
                own = None if needed <= behind else statement
            found += [] if own is None else [own]
        elif k in chosen:
            found.append(chance.unnamed(k, needed))
    return tuple(found)


def has_foreign(body: Body) -> bool:
    """Whether statements at the top of a text import what is not known."""
    return any(
        not (full in TABLES or base == "__future__" or catalogue.has(base, alias.name))
        and alias.name not in grammar.CONTEXTS
        for statement in body
        if isinstance(statement, ast.Import | ast.ImportFrom) and not _hides(statement)
        for base in [statement.module or "" if isinstance(statement, ast.ImportFrom) else ""]
        for alias in statement.names
        for full in [".".join(part for part in (base, alias.name) if part)]
    )


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _is_known(statement: ast.Import | ast.ImportFrom) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module in TABLES


def _hides(statement: ast.Import | ast.ImportFrom) -> bool:
    """Whether names are imported without being said."""
    return any(alias.name == "*" for alias in statement.names)


def _free(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """The names that nodes take from outside of the functions in which they stand."""
    for node in nodes:
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.AnnAssign):
            # an annotation means nothing here
            yield from _free([node.target, *([] if node.value is None else [node.value])])
        elif isinstance(node, ast.FunctionDef | ast.Lambda):
            arguments = node.args
            own = {a.arg for a in ast.walk(arguments) if isinstance(a, ast.arg)}
            inside = node.body if isinstance(node, ast.FunctionDef) else [node.body]
            own |= {
                n.id
                for part in inside
                for n in ast.walk(part)
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            around = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
            around += node.decorator_list if isinstance(node, ast.FunctionDef) else []
            yield from _free(around)
            yield from (name for name in _free(inside) if name not in own)
        else:
            yield from _free(list(ast.iter_child_nodes(node)))


def known(
    statement: ast.Import | ast.ImportFrom, needed: set[str]
) -> ast.Import | ast.ImportFrom | None:
    """An import of what is known or needed, None where nothing is left of it."""
    base = "" if isinstance(statement, ast.Import) else statement.module or ""

    doubt = getattr(statement, DOUBT, None)

    def is_kept(alias: ast.alias) -> bool:
        if doubt is not None and alias.name != "*":
            return (alias.asname or alias.name).split(".")[0] in needed
        full = ".".join(part for part in (base, alias.name) if part)
        if alias.name == "*" and base not in TABLES:
            return True
        member = base in TABLES and (
            alias.name == "*" or alias.name in grammar.CONTEXTS or catalogue.has(base, alias.name)
        )
        local = (alias.asname or alias.name).split(".")[0]
        return base == "__future__" or full in TABLES or member or local in needed

    names = [alias for alias in statement.names if is_kept(alias)]
    if len(names) == len(statement.names):
        return statement
    if not names:
        return None
    if isinstance(statement, ast.Import):
        found: ast.Import | ast.ImportFrom = ast.Import(names=names)
    else:
        found = ast.ImportFrom(module=statement.module, names=names, level=statement.level)
    if doubt is not None:
        setattr(found, DOUBT, doubt)
    return ast.copy_location(found, statement)
