"""The names in a statement, and whether running it does more than bind some."""

import ast
from collections.abc import Iterator, Sequence

from gradcalc.lang.origins import is_value
from gradcalc.lang.program import dotted

Chain = tuple[str, ...]
"""What stands behind a name, dot by dot."""

BOUND: Chain = ("",)
"""What is asked of a name that is bound, and of a module nothing."""

WRITTEN: Chain = ("=",)
"""Behind what is asked of a name that is bound anew, or of a module that is handed around."""

ALONE: Chain = ("-",)
"""What is asked of a name with nothing behind it, which may be handed on."""

HANDED: Chain = ("+",)
"""What is asked of a name that a function is given."""

TELLING = frozenset({"__all__", "__annotations__", "__doc__", "__module__", "__name__",
                     "__qualname__", "__signature__", "__version__", "__wrapped__"})  # fmt: skip
"""What tells of something else, and changes nothing of it."""

IDLE = frozenset({"staticmethod", "classmethod", "property", "abstractmethod", "overload",
                  "cached_property", "setter", "getter", "deleter", "wraps", "lru_cache", "cache",
                  "contextmanager", "script", "no_grad", "inference_mode", "jit", "njit",
                  "total_ordering", "dataclass", "singledispatch"})  # fmt: skip
"""The last names of decorators that call no function where it is defined."""

LOOKING = frozenset({"dir", "getattr", "hasattr", "isinstance", "issubclass", "type", "id", "len",
                     "repr", "str", "print", "help", "callable", "hash", "iter"})  # fmt: skip
"""Functions of Python's own that only look at a module which they are given."""

EVERY = "*"
"""In place of a name: all that a file has."""


def is_active(statement: ast.stmt) -> bool:
    """Whether running a statement may do more than bind names."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Expr(value=ast.Constant()):
            return False
        case ast.FunctionDef(decorator_list=decorators, args=args):
            values = [*args.defaults, *args.kw_defaults]
            called = not all(map(_is_idle, decorators))
            return called or any(map(_does, filter(None, values)))
        case ast.ClassDef(decorator_list=decorators, keywords=keywords, body=body):
            called = not all(map(_is_idle, decorators))
            made = any(k.arg != "metaclass" or _last(k.value) != "ABCMeta" for k in keywords)
            return called or made or any(map(is_active, body))
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()])):
            return any(map(is_active, statement.orelse))
        case ast.Assign(targets=targets, value=value):
            return _does(value) or not all(map(_is_plain, targets))
        case ast.AnnAssign(target=target, value=value):
            return value is not None and (_does(value) or not _is_plain(target))
        case ast.Try(body=body, orelse=orelse, finalbody=last, handlers=handlers):
            parts = [*body, *orelse, *last, *(s for h in handlers for s in h.body)]
            return any(map(is_active, parts))
        case ast.If(test=test, body=body, orelse=orelse):
            return _does(test) or any(map(is_active, [*body, *orelse]))
        case _:
            return True


def _is_idle(decorator: ast.expr) -> bool:
    """Whether a decorator only wraps what it is given."""
    return _last(decorator) in IDLE


def _last(node: ast.expr) -> str:
    node = node.func if isinstance(node, ast.Call) else node
    return (dotted(node) or ("",))[-1]


def is_plainly_defined(node: ast.FunctionDef) -> bool:
    return all(map(_is_idle, node.decorator_list))


def _is_plain(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) or (
        isinstance(target, ast.Tuple | ast.List) and all(map(_is_plain, target.elts))
    )


def _does(value: ast.expr) -> bool:
    """Whether working an expression out may run anything: operators, items and attributes of
    objects do, as calls do."""
    return not is_value(value)


def evaluated(statement: ast.AST, *, at_once: bool = False) -> Iterator[ast.AST]:
    """The nodes of a statement without its annotations, which mean nothing here.

    Where only that counts which runs `at_once`, what plain functions in it do is left out.
    """
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        yield node
        plain = isinstance(node, ast.FunctionDef) and is_plainly_defined(node)
        left = ("body", "annotation", "returns") if at_once and plain else ("annotation", "returns")
        for name, value in ast.iter_fields(node):
            if name not in left:
                parts = value if isinstance(value, list) else [value]
                stack += [part for part in parts if isinstance(part, ast.AST)]


def mentioned(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, Chain]]:
    """The names in a statement, with what is asked of each; those alone may be handed on."""
    inside, looked_at, handed = set[int](), set[int](), set[int]()
    writes = any(map(pokes, nodes))
    for node in nodes:
        if id(node) in inside:
            continue
        match node:
            case ast.Call(func=func, args=args):
                looks = isinstance(func, ast.Name) and func.id in LOOKING
                given = {id(part) for part in args if isinstance(part, ast.Name)}
                looked_at |= given if looks else set()
                handed |= set() if looks else given
            case ast.Attribute():
                inner: ast.expr = node
                while isinstance(inner, ast.Attribute):
                    inside.add(id(inner))
                    inner = inner.value
                if isinstance(inner, ast.Name):
                    inside.add(id(inner))
                    chain = (dotted(node) or ("",))[1:]
                    yield inner.id, chain if isinstance(node.ctx, ast.Load) else (*chain, *WRITTEN)
            case ast.Compare(
                left=ast.Constant(value=str(name)),
                ops=[ast.In() | ast.NotIn()],
                comparators=[ast.Call(func=ast.Name(id="globals") as called)],
            ):
                inside.add(id(called))
                yield name, BOUND
            case ast.Name(id="globals" | "vars" | "locals"):
                yield EVERY, WRITTEN
            case ast.Name(id=name):
                alone = HANDED if writes or id(node) in handed else ALONE
                yield name, () if id(node) in looked_at else alone
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from ((name, WRITTEN) for name in names)
            case ast.ImportFrom(names=aliases):
                yield from ((alias.asname or alias.name, BOUND) for alias in aliases)
            case _:
                pass


def pokes(node: ast.AST) -> bool:
    """Whether a node writes into something by another name than that which it has in the text."""
    match node:
        case ast.Call(func=ast.Name(id="setattr" | "delattr")):
            return True
        case ast.Attribute(value=ast.Name(id="self" | "cls")):
            return False
        case ast.Attribute(attr=name) if name in TELLING:
            return False
        case ast.Attribute(ctx=ast.Store() | ast.Del()):
            return True
        case _:
            return False


def defined(statement: ast.stmt) -> Iterator[str]:
    """The functions and classes that a statement defines where it stands."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.stmt | ast.ExceptHandler):
            stack += ast.iter_child_nodes(node)
