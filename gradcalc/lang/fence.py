"""The fence: source text becomes a checked `Program`, or one clear error.

Nothing that has not passed here is ever run. The text is parsed by Python's own parser (which
runs nothing) and every node is looked up in the table of `gradcalc.lang.grammar`.
"""

import ast
from collections.abc import Collection

from gradcalc.errors import (
    GradcalcError,
    LimitError,
    ProgramSyntaxError,
    Span,
    UnknownNameError,
    UnsupportedError,
    did_you_mean,
)
from gradcalc.lang import grammar, references, syntax
from gradcalc.lang.names import Scope, bound_names, free_names, parameters_of
from gradcalc.lang.program import (
    CORE,
    Limits,
    Program,
    brief,
    deep_recursion,
    dotted,
    span_of,
    text_of,
)


def compile_program(
    text: str,
    *,
    function: str | None = None,
    limits: Limits | None = None,
    known: Collection[str] = (),
    core: bool = False,
) -> Program:
    """Check a source text and find its inputs.

    `function` picks one of the functions that the text defines; otherwise a text that ends in a
    definition is its last function. `known` are names that will have a value when it runs. `core`
    is for definitions of gradcalc's own, whose names are those of the language.

    Raises `ProgramSyntaxError`, `UnsupportedError` (outside the language), `UnknownNameError`
    (an unknown function) or `LimitError`, each with its place.
    """
    limits = limits or Limits()
    source = syntax.tidy(text, limits)
    try:
        tree = syntax.parse(source, limits)
        with deep_recursion():
            return _checked(tree, source, function, limits, frozenset(known), core)
    except GradcalcError as error:
        error.source = source
        raise


def _checked(
    tree: ast.Module,
    source: str,
    function: str | None,
    limits: Limits,
    known: frozenset[str],
    core: bool,
) -> Program:
    body = tuple(statement for statement in tree.body if not _is_main_guard(statement))
    _check_nodes(body, source, limits)
    assigned = bound_names(body)
    naming = CORE if core else references.naming(body, source, assigned | known)
    scope = Scope(naming, known)
    references.check(body, source, scope, assigned)
    main = _main_function(body, function)
    if not body or (main is None and not _has_output(body)):
        raise ProgramSyntaxError(
            "the program has no output", hint="end it with an expression or an assignment"
        )
    required, optional = free_names(body, main, scope)
    return Program(
        source=source,
        body=body,
        function=None if main is None else main.name,
        required=required,
        optional=optional,
        assigned=assigned,
        parameters=() if main is None else tuple(a.arg for a in parameters_of(main.args)),
        naming=naming,
    )


def _is_main_guard(statement: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":`, which a pasted script may end in."""
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.Compare)
        and isinstance(statement.test.left, ast.Name)
        and statement.test.left.id == "__name__"
    )


def _check_nodes(body: tuple[ast.stmt, ...], source: str, limits: Limits) -> None:
    for statement in body:
        _check_node(statement, statement, source, limits)
        for parent in ast.walk(statement):
            for node in ast.iter_child_nodes(parent):
                _check_node(node, parent, source, limits)


def _check_node(node: ast.AST, parent: ast.AST, source: str, limits: Limits) -> None:
    """Look a node up in the table, then refuse what the kinds of nodes do not tell."""
    if type(node) not in grammar.ALLOWED:
        what, hint = grammar.REFUSED.get(type(node), (type(node).__name__, None))
        raise _refusal(f"{what} cannot be used in a program", hint, node, parent, source)
    match node:
        case (
            ast.Name(id=name)
            | ast.arg(arg=name)
            | ast.Attribute(attr=name)
            | ast.FunctionDef(name=name)
            | ast.keyword(arg=str(name))
        ) if name.startswith("__"):
            message = f"names with two leading underscores such as {brief(name)} cannot be used"
            raise _refusal(message, None, node, parent, source)
        case ast.Constant(value=bytes()):
            raise _refusal("bytes cannot be used in a program", None, node, parent, source)
        case ast.Constant(value=complex()):
            message = "complex numbers cannot be used in a program"
            raise _refusal(message, None, node, parent, source)
        case ast.Constant(value=int(number)) if number.bit_length() > limits.bits:
            raise LimitError("a number is too long to be read", span=span_of(node, source))
        case ast.FunctionDef(decorator_list=[decorator, *_]):
            raise _refusal(
                "decorators cannot be used in a program",
                "leave the line out",
                decorator,
                node,
                source,
            )
        case ast.arguments(vararg=ast.arg() as star) | ast.arguments(kwarg=ast.arg() as star):
            message = "*args and **kwargs cannot be used in a program"
            raise _refusal(message, "name each parameter", star, parent, source)
        case ast.keyword(arg=None):
            message = "** cannot be used in a call"
            raise _refusal(message, "name each argument", node, parent, source)
        case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
            shown = brief(text_of(node, source))
            raise _refusal(
                f"{shown} cannot be assigned to: values are never written into",
                "build a new tensor: where(mask, new, x), concat([...]) or stack([...])",
                node,
                parent,
                source,
            )
        case ast.withitem():
            _check_with(node, source)
        case _:
            pass


def _refusal(
    message: str, hint: str | None, node: ast.AST, parent: ast.AST, source: str
) -> UnsupportedError:
    return UnsupportedError(message, hint=hint, span=_place(node, parent, source))


def _place(node: ast.AST, parent: ast.AST, source: str) -> Span | None:
    """The place of a node, or for an operator, which has none, that of its expression."""
    placed = [n for n in (node, *ast.walk(node), parent) if hasattr(n, "lineno")]
    return span_of(placed[0], source) if placed else None


def _check_with(item: ast.withitem, source: str) -> None:
    call = item.context_expr
    name = dotted(call.func) if isinstance(call, ast.Call) else None
    if name is None or name[-1] not in grammar.CONTEXTS or item.optional_vars:
        raise UnsupportedError(
            "with is only for no_grad()",
            hint="with torch.no_grad():",
            span=span_of(call, source),
        )


def _main_function(body: tuple[ast.stmt, ...], name: str | None) -> ast.FunctionDef | None:
    functions = {s.name: s for s in body if isinstance(s, ast.FunctionDef)}
    if name is None:
        last = body[-1] if body else None
        return last if isinstance(last, ast.FunctionDef) else None
    if name not in functions:
        known = ", ".join(functions) or "none"
        raise UnknownNameError(
            f"the program defines no function called {brief(name)}",
            hint=did_you_mean(name, functions) or f"its functions: {brief(known)}",
        )
    return functions[name]


def _has_output(body: tuple[ast.stmt, ...]) -> bool:
    # a while may never end, which is for the run to say
    giving = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.NamedExpr, ast.While)
    return any(
        isinstance(node, giving)
        for statement in body
        if not isinstance(statement, ast.FunctionDef)
        for node in ast.walk(statement)
    )
