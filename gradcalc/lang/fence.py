"""The fence: source text becomes a checked `Program`, or one clear error.

Nothing that has not passed here is ever run. The text is parsed by Python's own parser (which
runs nothing) and every node is looked up in the table of `gradcalc.lang.grammar`.
"""

import ast
import textwrap
import warnings
from collections.abc import Collection, Iterator

from gradcalc.errors import (
    GradcalcError,
    LimitError,
    ProgramSyntaxError,
    Span,
    UnknownNameError,
    UnsupportedError,
    did_you_mean,
)
from gradcalc.lang import grammar, library
from gradcalc.lang.names import Scope, bound_names, deep_recursion, free_names
from gradcalc.lang.program import Limits, Program, dotted, span_of, text_of

SYNTAX_TIPS: tuple[tuple[str, str], ...] = (
    ("invalid decimal literal", "a product needs its star: 2*x"),
    ("cannot assign to", "a name is bound with =, two values are compared with =="),
    ("maybe you meant '=='", "two values are compared with =="),
    ("was never closed", "close every bracket"),
    ("unmatched", "each closing bracket needs its opening one"),
    ("unterminated string", "a program needs no quotes inside"),
    ("invalid character", "write powers as x**2 and products as a*b"),
    ("expected an indented block", "indent what belongs to if, while, for and def"),
    ("unexpected indent", "lines of one block start in the same column"),
    ("perhaps you forgot a comma", "a product needs its star: 2*x"),
)


def compile_program(
    text: str,
    *,
    function: str | None = None,
    limits: Limits | None = None,
    known: Collection[str] = (),
) -> Program:
    """Check a source text and find its inputs.

    `function` picks one of the functions that the text defines; otherwise a text that ends in a
    definition is its last function. `known` are names that will have a value when it runs.

    Raises `ProgramSyntaxError`, `UnsupportedError` (outside the language), `UnknownNameError`
    (an unknown function) or `LimitError`, each with its place.
    """
    limits = limits or Limits()
    source = textwrap.dedent(text.lstrip("\ufeff").expandtabs(4)).strip()
    if not source:
        raise ProgramSyntaxError("the program is empty", hint='try "dot(x, x)" --x 0,1,2,3')
    tree = _parse(source, limits)
    with deep_recursion():
        try:
            return _check(tree, source, function, limits, frozenset(known))
        except GradcalcError as error:
            error.source = error.source or source
            raise


def _parse(source: str, limits: Limits) -> ast.Module:
    if len(source) > limits.length:
        raise LimitError(
            f"the program has {len(source):,} characters; the limit is {limits.length:,}"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        raise _syntax_error(error, source) from None
    except (RecursionError, MemoryError):
        raise LimitError(
            "the program is nested too deeply to be read", hint="name its parts: u = ..."
        ) from None
    except ValueError as error:
        raise ProgramSyntaxError(f"the program cannot be read: {error}") from None


def _syntax_error(error: SyntaxError, source: str) -> GradcalcError:
    message = error.msg
    line, column = error.lineno or 1, max(error.offset or 1, 1)
    end_line, end_column = error.end_lineno or line, error.end_offset or 0
    if (end_line, end_column) <= (line, column):
        end_line, end_column = line, column + 1
    span = Span(line, column, end_line, end_column)
    if "too many nested" in message or "integer string conversion" in message:
        what = "brackets are nested too deeply" if "nested" in message else "a number is too long"
        return LimitError(f"{what} to be read", span=span, source=source)
    lowered = message.lower()
    tip = next((tip for part, tip in SYNTAX_TIPS if part.lower() in lowered), None)
    lines = source.splitlines()
    if tip is None and line <= len(lines) and "lambda" in lines[line - 1].split("(")[0]:
        tip = "lambda is a word of Python; a variable may be called lambda_"
    if (
        tip is None
        and ";" in source
        and any(w in source for w in ("while ", "if ", "for ", "def "))
    ):
        tip = "if, while, for and def start on a line of their own"
    return ProgramSyntaxError(
        f"the program is not valid Python: {message}", hint=tip, span=span, source=source
    )


def _check(
    tree: ast.Module, source: str, function: str | None, limits: Limits, known: frozenset[str]
) -> Program:
    _check_nesting(tree, source, limits)
    body = tuple(statement for statement in tree.body if not _is_main_guard(statement))
    for statement in body:
        _check_node(statement, statement, source)
        for parent in ast.walk(statement):
            for node in ast.iter_child_nodes(parent):
                _check_node(node, parent, source)
    imported, aliases = _imports(body, source)
    assigned = bound_names(body)
    prefixes = _prefixes(body, aliases, assigned | known)
    scope = Scope(prefixes, frozenset(imported), known)
    _check_references(body, source, scope, assigned)
    main = _main_function(body, function)
    required, optional = free_names(body, main, scope)
    if not body or (main is None and not _has_output(body)):
        raise ProgramSyntaxError(
            "the program has no output", hint="end it with an expression or an assignment"
        )
    parameters = () if main is None else tuple(a.arg for a in _arguments(main))
    return Program(
        source=source,
        body=body,
        function=None if main is None else main.name,
        required=required,
        optional=optional,
        assigned=assigned,
        parameters=parameters,
        prefixes=prefixes,
        imported=imported,
    )


def _check_nesting(tree: ast.Module, source: str, limits: Limits) -> None:
    stack: list[tuple[ast.AST, int]] = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        if depth > limits.nesting:
            raise LimitError(
                f"the program is nested more than {limits.nesting} levels deep",
                hint="name its parts: u = ...",
                span=span_of(node, source),
            )
        # a long sum a + b + c + ... leans to the left; it is long, not deep
        flat = node.left if isinstance(node, ast.BinOp) else None
        for child in ast.iter_child_nodes(node):
            stack.append((child, depth if child is flat else depth + 1))


def _check_node(node: ast.AST, parent: ast.AST, source: str) -> None:
    if type(node) not in grammar.ALLOWED:
        what, hint = grammar.REFUSED.get(type(node), (type(node).__name__, None))
        raise UnsupportedError(
            f"{what} cannot be used in a program", hint=hint, span=_place(node, parent, source)
        )
    match node:
        case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name) if "__" in name[:2]:
            raise UnsupportedError(
                f"names with two leading underscores such as {name} cannot be used",
                span=span_of(node, source),
            )
        case ast.Constant(value=bytes() | complex()):
            what = "bytes" if isinstance(node.value, bytes) else "complex numbers"
            raise UnsupportedError(f"{what} cannot be used", span=span_of(node, source))
        case ast.FunctionDef(decorator_list=[decorator, *_]):
            raise UnsupportedError(
                "decorators cannot be used",
                hint="leave the line out",
                span=span_of(decorator, source),
            )
        case ast.arguments() if node.vararg or node.kwarg:
            raise UnsupportedError(
                "*args and **kwargs cannot be used",
                hint="name each parameter",
                span=_place(node, parent, source),
            )
        case ast.keyword(arg=None):
            raise UnsupportedError(
                "** cannot be used in a call",
                hint="name each argument",
                span=span_of(node, source),
            )
        case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
            raise UnsupportedError(
                f"{text_of(node, source)} cannot be assigned to: values are never written into",
                hint="build a new tensor: where(mask, new, x), concat([...]) or stack([...])",
                span=span_of(node, source),
            )
        case ast.With(items=items):
            for item in items:
                _check_with(item, source)
        case _:
            pass


def _place(node: ast.AST, parent: ast.AST, source: str) -> Span | None:
    """The place of a node, or for an operator, which has none, that of its expression."""
    placed = [n for n in (node, *ast.walk(node), parent) if hasattr(n, "lineno")]
    return span_of(placed[0], source) if placed else None


def _check_with(item: ast.withitem, source: str) -> None:
    call = item.context_expr
    name = dotted(call.func) if isinstance(call, ast.Call) else None
    if name is None or name[-1] not in ("no_grad", "inference_mode") or item.optional_vars:
        raise UnsupportedError(
            "with is only for no_grad()",
            hint="with torch.no_grad():",
            span=span_of(call, source),
        )


def _is_main_guard(statement: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":`, which a pasted script may end in."""
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.Compare)
        and isinstance(statement.test.left, ast.Name)
        and statement.test.left.id == "__name__"
    )


def _imports(body: tuple[ast.stmt, ...], source: str) -> tuple[dict[str, str], frozenset[str]]:
    imported: dict[str, str] = {}
    aliases: set[str] = set()
    for node in (node for statement in body for node in ast.walk(statement)):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        base = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            full = ".".join(part for part in (base, alias.name) if part)
            local = alias.asname or alias.name.split(".")[0]
            if base == "__future__" or (base in grammar.MODULES and alias.name == "*"):
                continue
            if full in grammar.MODULES:
                aliases.add(local)
            elif base in grammar.MODULES and library.is_known(alias.name):
                imported[local] = alias.name
            else:
                raise UnsupportedError(
                    f"{full} cannot be imported",
                    hint="torch, numpy and math are known; their functions need no import",
                    span=span_of(alias, source),
                )
    return imported, frozenset(aliases)


def _prefixes(
    body: tuple[ast.stmt, ...], aliases: frozenset[str], bound: frozenset[str]
) -> frozenset[str]:
    """The names in front of a dot that mean a module here.

    A name such as `F` is one only if it is never used as a value (`F@x`, `F.T`, `F.sum()`).
    """
    candidates = grammar.PREFIXES - bound
    values: set[str] = set()
    for node in (node for statement in body for node in ast.walk(statement)):
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in grammar.ATTRIBUTES:
                values.add(node.value.id)
            continue
        if isinstance(node, ast.Call) and not node.args and not node.keywords:
            name = dotted(node.func)
            if name and len(name) == 2 and name[1] != "no_grad" and len(name[0]) == 1:
                values.add(name[0])
        values.update(c.id for c in children if isinstance(c, ast.Name))
    return (candidates - values) | aliases


def _check_references(
    body: tuple[ast.stmt, ...], source: str, scope: Scope, assigned: frozenset[str]
) -> None:
    for node in _references(body):
        if isinstance(node, ast.Attribute):
            _check_attribute(node, source, scope)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = node.func.id
            if name not in assigned | scope.imported | scope.known:
                _check_function(name, node.func, source, assigned)


def _references(body: tuple[ast.stmt, ...]) -> Iterator[ast.AST]:
    """Every node that is evaluated: all but annotations, which mean nothing here."""
    stack: list[ast.AST] = list(reversed(body))
    while stack:
        node = stack.pop()
        yield node
        skipped = [getattr(node, field, None) for field in ("annotation", "returns")]
        children = [c for c in ast.iter_child_nodes(node) if all(c is not s for s in skipped)]
        stack.extend(reversed(children))


def _check_function(name: str, node: ast.AST, source: str, assigned: frozenset[str]) -> None:
    if name in grammar.FUNCTIONS and not library.is_known(name):
        raise UnsupportedError(
            f"{name} cannot be used in a program",
            hint=grammar.FUNCTIONS[name],
            span=span_of(node, source),
        )
    if not library.is_known(name):
        hint = did_you_mean(name, library.names() | assigned)
        if hint is None and len(name) <= 2:
            hint = f"for a product write {name}*(...)"
        raise UnknownNameError(
            f"there is no function called {name}",
            hint=hint or "gradcalc functions lists them all",
            span=span_of(node, source),
        )


def _check_attribute(node: ast.Attribute, source: str, scope: Scope) -> None:
    name = dotted(node)
    span = span_of(node, source)
    if name and name[0] in scope.prefixes:
        if not library.is_known(name[-1]) and not _inside_module(name):
            _check_function(name[-1], node, source, frozenset())
        return
    if node.attr in grammar.METHODS:
        raise UnsupportedError(
            f".{node.attr} cannot be used in a program", hint=grammar.METHODS[node.attr], span=span
        )
    if node.attr not in grammar.ATTRIBUTES and not library.is_method(node.attr):
        raise UnknownNameError(
            f"nothing is called .{node.attr}",
            hint=did_you_mean(node.attr, library.methods() | grammar.ATTRIBUTES),
            span=span,
        )


def _inside_module(name: tuple[str, ...]) -> bool:
    return any(f".{name[-1]}" in f".{module}" for module in grammar.MODULES) or name[-1] in (
        "no_grad",
        "inference_mode",
    )


def _main_function(body: tuple[ast.stmt, ...], name: str | None) -> ast.FunctionDef | None:
    functions = {s.name: s for s in body if isinstance(s, ast.FunctionDef)}
    if name is not None:
        if name not in functions:
            known = ", ".join(functions) or "none"
            raise UnknownNameError(
                f"the program defines no function called {name}",
                hint=did_you_mean(name, functions) or f"its functions: {known}",
            )
        return functions[name]
    last = body[-1] if body else None
    return last if isinstance(last, ast.FunctionDef) else None


def _arguments(function: ast.FunctionDef) -> list[ast.arg]:
    arguments = function.args
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def _has_output(body: tuple[ast.stmt, ...]) -> bool:
    # a while may never end, which is for the run to say
    giving = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.NamedExpr, ast.While)
    return any(
        isinstance(node, giving)
        for statement in body
        if not isinstance(statement, ast.FunctionDef)
        for node in ast.walk(statement)
    )
