"""The fence: source text becomes a checked `Program`, or one clear error.

Nothing that has not passed here is ever run. The text is parsed by Python's own parser (which
runs nothing) and every node is looked up in the table of `gradcalc.lang.grammar`.
"""

import ast
from collections.abc import Collection
from dataclasses import replace

from gradcalc.errors import (
    JOIN,
    GradcalcError,
    LimitError,
    ProgramSyntaxError,
    UnknownNameError,
    UnsupportedError,
    UntoldError,
    brief,
    did_you_mean,
)
from gradcalc.lang import grammar, syntax
from gradcalc.lang.aliases import plainly_imported
from gradcalc.lang.apart import apart
from gradcalc.lang.asked import asked
from gradcalc.lang.bindings import bound_names, own_names, parameters_of
from gradcalc.lang.decorators import undecorated
from gradcalc.lang.deferred import without_refused
from gradcalc.lang.guards import asks_types, plainly
from gradcalc.lang.imported import Body, meanings
from gradcalc.lang.linking import is_own, linked
from gradcalc.lang.mangling import mangled
from gradcalc.lang.names import check_references, free_names
from gradcalc.lang.naming import called_in, every_node, imports_arrays, is_of_numbers, naming
from gradcalc.lang.nets.names import dotted_as_names, undotted
from gradcalc.lang.nets.target import forward_of, last_name, makes_nets, without_idle
from gradcalc.lang.objects import METHODS, unrun
from gradcalc.lang.onlookers import declared, untold, uses_torch
from gradcalc.lang.pointed import pointed
from gradcalc.lang.program import (
    CORE,
    DOT,
    MIXED,
    NONE,
    TORCH,
    Limits,
    Naming,
    Program,
    deep_recursion,
    dotted,
    span_of,
)
from gradcalc.lang.put_off import put_off
from gradcalc.lang.reached import has_foreign, reached
from gradcalc.lang.renaming import DOUBT
from gradcalc.lang.signs import Reading, placed
from gradcalc.lang.stripped import stripped, with_backwards, without_backwards
from gradcalc.lang.typed import Text, Values, understood


def compile_program(
    text: str,
    *,
    function: str | None = None,
    limits: Limits | None = None,
    known: Collection[str] = (),
    core: bool = False,
    numbers: Collection[str] | None = None,
    library: bool = False,
) -> Program:
    """Check a source text and find its inputs.

    `function` picks one of the functions that the text defines; otherwise a text that ends in a
    definition is its last function. `known` are names that will have a value when it runs. `core`
    is for definitions of gradcalc's own, whose names are those of the language, `library` for its
    own texts of classes and functions that programs use. With `numbers`,
    names that are known to stand for some, one expression that is no Python is mathematics.

    Raises `ProgramSyntaxError`, `UnsupportedError` (outside the language), `UnknownNameError`
    (an unknown function) or `LimitError`, each with its place.
    """
    limits = limits or Limits()
    text, shown = dotted_as_names(text, {*known, *(numbers or ())}), function
    if numbers is None:
        text, function = pointed(text, function, limits)
        meant = Text(Reading(syntax.tidy(text, limits)))
    else:
        meant = understood(text, limits, Values(frozenset(numbers), frozenset(known)))
    source = meant.source
    try:
        tree = mangled(undotted(stripped(syntax.parse(source, limits), source)))
        with deep_recursion():
            given = frozenset(known)
            program = _checked(tree, source, function, shown, limits, given, core, library)
            signs = placed(meant.reading, tree)
    except GradcalcError as error:
        error.source = source.replace(DOT, ".")
        raise
    return replace(program, typed=meant.typed, signs=signs) if meant.typed else program


def _checked(
    tree: ast.Module,
    source: str,
    function: str | None,
    shown: str | None,
    limits: Limits,
    known: frozenset[str],
    core: bool,
    library: bool,
) -> Program:
    files = linked(tree.body, source, imported=function is not None)
    apart(files.body)
    body = whole = plainly_imported(files.body)
    function = files.called.get(function or "", function)
    dtype = None
    if not core:
        body = untold(undecorated(body))
    if function is None and not (core or library) and has_foreign(body):
        # as a file it is read, of which what the function does not need may be from anywhere
        last = body[-1] if body else None
        function = last.name if isinstance(last, ast.FunctionDef) else None
    if not (core or library):
        body, dtype = declared(body)
        names = meanings(body)
    if function is not None:
        _main_function(body, function, shown)
        body = without_idle(_reached(body, function), function)
    elif files.many:
        # of the other files only what this one needs
        body = reached(body, None, lambda s: is_own(s, source))
    if dtype is not None and not uses_torch(body, names):
        dtype = None
    if not core:
        # what a text of ours has, others ask for
        body = body if library else asked(body, meanings(body))
        called = _main_function(body, function)
        own = called is not None and called in body
        body = plainly(body, called.name if called is not None and own else None)
    asks = asks_types(body)
    body = without_backwards(body, meanings(whole))
    check_nodes(body, source, limits)
    if not (core or library):
        put_off(body, source, _main_function(body, function))
    assigned = bound_names(every_node(body))
    libraries = CORE if core else naming(body, source, assigned | known)
    if function is not None and not libraries.called:
        libraries = _by_the_file(libraries, body, whole)
    body = without_refused(body)
    check_references(body, source, libraries, known, assigned)
    body = without_refused(body)
    main = _main_function(body, function)
    module = main is not None and main not in body
    if not body or (main is None and not _has_output(body)):
        # of the text itself: what nothing uses is left out by now
        method = next(iter(_methods(tuple(ast.parse(source).body))), None)
        hint = "end it with an expression or an assignment"
        hint = hint if method is None else f"{hint}, or give the file as FILE.py:{method}"
        raise ProgramSyntaxError("the program has no output", hint=hint)
    stars = [] if main is None else [a for a in (main.args.vararg, main.args.kwarg) if a]
    parameters = () if main is None else parameters_of(main.args)
    if stars and len(parameters) == len(stars):
        raise UnsupportedError(
            "the function itself cannot take *args or **kwargs alone",
            hint="name each parameter",
            span=span_of(stars[0], source),
        )
    required, optional = free_names(body, main, libraries, known)
    return Program(
        source=source,
        body=body,
        function=None if main is None else main.name,
        required=required,
        optional=optional,
        assigned=assigned,
        parameters=tuple(a.arg for a in parameters if a not in stars),
        naming=libraries,
        dtype=dtype,
        nets=not core and makes_nets(body, libraries),
        module=module,
        asks=asks,
    )


def _reached(body: Body, function: str) -> Body:
    """What a function of a file hangs on: methods that nothing asks for hang on nothing more."""
    while True:
        found = reached(body, function)
        body = asked(found, meanings(found))
        if body is found:
            return found


def _by_the_file(
    libraries: Naming, body: tuple[ast.stmt, ...], whole: tuple[ast.stmt, ...]
) -> Naming:
    """Whose arrays a function works on that calls functions of none: what it does not say, the
    others of its file do, for which the imports may be."""
    called = called_in(whole, meanings(whole))
    if called and is_of_numbers(body, libraries):
        return replace(libraries, arrays=NONE)
    if libraries.arrays == MIXED and not imports_arrays(whole) and called == {TORCH}:
        return replace(libraries, arrays=TORCH)
    return libraries


def check_nodes(body: tuple[ast.stmt, ...], source: str, limits: Limits) -> None:
    managed = any(map(grammar.has_managers, every_node(body)))
    for statement in body:
        _check_node(statement, statement, source, limits, managed)
    for parent in every_node(body):
        for node in ast.iter_child_nodes(parent):
            _check_node(node, parent, source, limits, managed)


def _check_node(node: ast.AST, parent: ast.AST, source: str, limits: Limits, managed: bool) -> None:
    """Look a node up in the table, then refuse what the kinds of nodes do not tell."""
    if isinstance(parent, ast.Slice) and node is parent.step and _is_imaginary(node):
        # np.r_[-1:1:5j] counts the numbers
        return
    doubt = getattr(node, DOUBT, None)
    wrong: tuple[str, str | None, ast.AST] | None
    if doubt is not None:
        wrong = (*doubt, node)
    elif type(node) in grammar.ALLOWED:
        wrong = _wrong(node, source, managed)
    else:
        what, hint = grammar.REFUSED.get(type(node), (type(node).__name__, None))
        wrong = f"{what} cannot be used in a program", hint, node
    if wrong is not None:
        message, hint, place = wrong
        # an operator has no place, but its expression has one
        placed = [n for n in (place, *ast.walk(place), parent) if hasattr(n, "lineno")]
        span = span_of(placed[0], source) if placed else None
        raise UnsupportedError(message, hint=hint, span=span)
    number = node.value if isinstance(node, ast.Constant) else None
    if isinstance(number, int) and number.bit_length() > limits.bits:
        raise LimitError("a number is too long to be read", span=span_of(node, source))


def _is_imaginary(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, complex)


def _wrong(node: ast.AST, source: str, managed: bool) -> tuple[str, str | None, ast.AST] | None:
    """What is wrong with a node of an allowed kind, with a tip and the place."""
    match node:
        case ast.Attribute(value=ast.Name("object"), attr="__setattr__"):
            return None
        case (
            ast.Name(id=name)
            | ast.arg(arg=name)
            | ast.Attribute(attr=name)
            | ast.FunctionDef(name=name)
            | ast.keyword(arg=str(name))
        ) if name.startswith("__") and name not in METHODS:
            what = f"names with two leading underscores such as {brief(name)}"
            return f"{what} cannot be used", None, node
        case ast.Constant(value=bytes()):
            return "bytes cannot be used in a program", None, node
        case ast.comprehension(is_async=1):
            return "async cannot be used in a program", "leave the word out", node.target
        case ast.withitem(context_expr=call):
            if not (managed or grammar.is_context(node)):
                return grammar.WITH, grammar.WITH_TIP, call
        case _:
            pass
    return None


def _main_function(
    body: tuple[ast.stmt, ...], name: str | None, shown: str | None = None
) -> ast.FunctionDef | None:
    """The function that is the program, or the forward of the module that is.

    A refusal calls it as it is `shown`.
    """
    functions = {s.name: s for s in body if isinstance(s, ast.FunctionDef)}
    if name is None:
        last = body[-1] if body else None
        if isinstance(last, ast.FunctionDef):
            return last
        made = last_name(body)
        return None if made is None else forward_of(body, made, meanings(body))
    if name in functions:
        return functions[name]
    module = forward_of(body, name, meanings(body))
    if module is not None:
        return module
    classes = [s.name for s in body if isinstance(s, ast.ClassDef)]
    known = ", ".join(n for n in (*functions, *classes) if JOIN not in n) or "none"
    if name in classes:
        _check_function(body, name)
        _check_bases(body, name, classes)
        raise UnsupportedError(
            f"{brief(name)} is a class that is no nn.Module, so nothing says what it gives",
            hint=f"name a method of it: {brief(name)}.method, or {brief(name)}(...).method",
        )
    given = next((s.value for s in body if isinstance(s, ast.Assign) and name == _target(s)), None)
    called = getattr(given.func, "id", "") if isinstance(given, ast.Call) else ""
    if called in classes:
        _check_bases(body, called, classes)
        raise UnknownNameError(
            f"{brief(called)}(...) makes nothing here that can be called",
            hint="a class with a forward or __call__ does, if all that it is made from is known",
        )
    method = next((m for m in _methods(body) if m.rpartition(".")[2] == name), None)
    anywhere = method is None and name in bound_names(every_node(body))
    if anywhere or name in own_names(body):
        raise UntoldError(brief(shown or name))
    hint = did_you_mean(name, functions) or f"its functions: {brief(known)}"
    raise UnknownNameError(
        f"the program defines no function called {brief(name)}",
        hint=hint if method is None else f"it is a method: {method}",
    )


def _check_bases(body: Body, name: str, classes: Collection[str]) -> None:
    """Refuse a class that is made from what is in no file that is read."""
    for node in body:
        if not isinstance(node, ast.ClassDef) or node.name != name:
            continue
        for base in node.bases:
            if (dotted(base) or ("object",))[-1] not in (*classes, "object", "Module"):
                shown = brief(ast.unparse(base))
                raise UnsupportedError(
                    f"{brief(name)} is made from {shown}, which is not known here",
                    hint="put the text of that class into the same file",
                )


def _target(statement: ast.Assign) -> str | None:
    (first, *_) = statement.targets
    return first.id if isinstance(first, ast.Name) else None


def _methods(body: tuple[ast.stmt, ...]) -> list[str]:
    """The methods of a program's classes, by what they are called in full."""
    return [
        f"{owner.name}.{part.name}"
        for owner in body
        if isinstance(owner, ast.ClassDef)
        for part in owner.body
        if isinstance(part, ast.FunctionDef) and not part.name.startswith("__")
    ]


def _check_function(body: Body, name: str) -> None:
    """Refuse a class with a backward of its own as the program."""
    if any(node.name == name for node in with_backwards(body, meanings(body))):
        raise unrun(name)


def _has_output(body: tuple[ast.stmt, ...]) -> bool:
    # a while may never end, which is for the run to say
    giving = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.NamedExpr, ast.While)
    return any(
        isinstance(node, giving)
        for statement in body
        if not isinstance(statement, ast.FunctionDef)
        for node in ast.walk(statement)
    )
