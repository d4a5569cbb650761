"""Source text → Python's own syntax tree, or one clear error. Parsing runs nothing."""

import ast
import re
import textwrap
import warnings
from typing import Any

from gradcalc.errors import GradcalcError, LimitError, ProgramSyntaxError, Span, brief
from gradcalc.lang.program import Limits, deep_recursion, in_file, span_of

PARSER_DEPTH = 10_000
"""What Python's parser may use: enough for a sum of 10,000 terms, far from its end."""

SEPARATORS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""Characters that end a line for some and not for Python: they would shift every place."""

MAGIC = re.compile(r"(?m)^([%!]\w[^\n]*)$")
"""What a notebook tells its own machine, in lines that are no Python."""

TIPS: tuple[tuple[str, str], ...] = (
    ("invalid decimal literal", "a product needs its star: 2*x"),
    ("invalid imaginary literal", "a product needs its star: 2*j"),
    ("cannot assign to", "a name is bound with =, two values are compared with =="),
    ("maybe you meant '=='", "two values are compared with =="),
    ("was never closed", "close every bracket"),
    ("does not match", "close every bracket by its own kind"),
    ("unmatched", "each closing bracket needs its opening one"),
    ("unterminated string", "a program needs no quotes inside"),
    ("invalid character", "write powers as x**2 and products as a*b"),
    ("invalid non-printable character", "write it again by hand: the text holds hidden characters"),
    ("expected an indented block", "indent what belongs to if, while, for and def"),
    ("unexpected indent", "lines of one block start in the same column"),
    ("unindent does not match", "lines of one block start in the same column"),
    ("perhaps you forgot a comma", "a product needs its star: 2*x"),
)


SIGNS: tuple[tuple[str, str], ...] = (
    ("&&", "write a and b; for tensors (x > 0) & (y > 0)"),
    ("||", "write a or b; for tensors (x > 0) | (y > 0)"),
    ("++", "write x = x + 1"),
    ("<>", "write a != b"),
    ("?", "write a if condition else b"),
)
"""Signs of other languages."""


def tidy(text: str, limits: Limits) -> str:
    """The text without what differs between editors; its lines keep their numbers.

    Raises `LimitError` for one that is too long and `ProgramSyntaxError` for an empty one.
    """
    if len(text) > limits.length:
        raise LimitError(
            f"the program has {len(text):,} characters; the limit is {limits.length:,}"
        )
    text = re.sub("\r\n?", "\n", text.lstrip("\ufeff").expandtabs(4))
    source = textwrap.dedent(SEPARATORS.sub(" ", text)).rstrip()
    if not source:
        raise ProgramSyntaxError("the program is empty", hint='try "dot(x, x)" --x 0,1,2,3')
    if MAGIC.search(source) and not is_python(source):
        source = MAGIC.sub(r"# \1", source)
    return source if "\n" in source.strip() else source.strip()


def parse(source: str, limits: Limits) -> ast.Module:
    """The syntax tree of a text.

    Raises `ProgramSyntaxError` for what is not Python and `LimitError` for what is too much.
    """
    tree = _parse(source)
    _check_nesting(tree, source, limits)
    _check_contexts(tree, source)
    return tree


def is_python(source: str) -> bool:
    """Whether a text can be parsed."""
    try:
        _parse(source)
    except GradcalcError:
        return False
    return True


def _parse(source: str) -> ast.Module:
    try:
        with warnings.catch_warnings(), deep_recursion(PARSER_DEPTH):
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        raise _syntax_error(error, source) from None
    except (RecursionError, MemoryError):
        raise LimitError(
            "the program is nested too deeply to be read", hint="name its parts: u = ..."
        ) from None
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise ProgramSyntaxError(f"the program cannot be read: {reason}") from None


def _syntax_error(error: SyntaxError, source: str) -> GradcalcError:
    message = " ".join(error.msg.split())
    inner = _span(error, source)
    span = in_file(inner, source)
    if "too many nested" in message or "integer string conversion" in message:
        what = "brackets are nested too deeply" if "nested" in message else "a number is too long"
        return LimitError(f"{what} to be read", span=span, source=source)
    return ProgramSyntaxError(
        f"the program is not valid Python: {message}",
        hint=_tip(message, source, inner),
        span=span,
        source=source,
    )


def _span(error: SyntaxError, source: str) -> Span:
    """The place that Python names, moved into the text where it is behind its end."""
    lines = source.split("\n")
    line = min(max(error.lineno or 1, 1), len(lines))
    column = min(max(error.offset or 1, 1), len(lines[line - 1]) + 1)
    end_line = min(max(error.end_lineno or line, line), len(lines))
    end_column = min(error.end_offset or 0, len(lines[end_line - 1]) + 1)
    if (end_line, end_column) <= (line, column):
        end_line, end_column = line, column + 1
    return Span(line, column, end_line, end_column)


def _tip(message: str, source: str, span: Span) -> str | None:
    lowered = message.lower()
    for part, tip in TIPS:
        if part.lower() in lowered:
            return tip
    line = source.split("\n")[span.line - 1]
    if "lambda" in line.split("(")[0]:
        return "lambda is a word of Python; a variable may be called lambda_"
    for sign, tip in SIGNS:
        if sign in line:
            return tip
    if ";" in source and re.search(r"\b(while|if|for|def)\b", source):
        return "if, while, for and def start on a line of their own"
    before, after = line[: span.column - 1], line[span.column - 1 :]
    if re.search(r"[\w)\]]\s+$", before) and re.match(r"[\w(]", after):
        return "a product needs its star: 2*x"
    return None


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


def _check_contexts(tree: ast.Module, source: str) -> None:
    """What Python checks only when it compiles, which never happens here."""
    stack: list[tuple[ast.AST, bool, bool]] = [(tree, False, False)]
    while stack:
        node, in_function, in_loop = stack.pop()
        wrong = _out_of_place(node, in_function, in_loop)
        if wrong is not None:
            message, hint, place = wrong
            raise ProgramSyntaxError(message, hint=hint, span=span_of(place, source))
        is_loop = isinstance(node, ast.For | ast.While)
        behind: list[ast.stmt] = getattr(node, "orelse", []) if is_loop else []
        for child in ast.iter_child_nodes(node):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                stack.append((child, True, False))
            else:
                inside = is_loop and all(child is not other for other in behind)
                stack.append((child, in_function, in_loop or inside))


def _out_of_place(
    node: ast.AST, in_function: bool, in_loop: bool
) -> tuple[str, str | None, ast.AST] | None:
    """What is wrong with a node where it stands, with a hint and the place."""
    match node:
        case ast.Return() if not in_function:
            return "return stands outside a function", "end with the expression itself", node
        case ast.Break() | ast.Continue() if not in_loop:
            word = type(node).__name__.lower()
            return f"{word} stands outside a loop", None, node
        case ast.FunctionDef(args=arguments) | ast.Lambda(args=arguments):
            twice = _second([*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs])
            if twice is not None:
                return f"the parameter {brief(twice.arg)} is there twice", None, twice
        case ast.Call(keywords=keywords):
            again = _second(keywords)
            if again is not None:
                return f"the argument {brief(again.arg)} is given twice", None, again
        case _:
            pass
    star = _star_out_of_place(node)
    return None if star is None else ("a star cannot stand here", "write *x, for a tuple", star)


def _star_out_of_place(node: ast.AST) -> ast.AST | None:
    """A part behind a star that is in nothing that takes several, or a second one of a target."""
    stars = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.Starred)]
    if isinstance(node, ast.List | ast.Tuple) and isinstance(node.ctx, ast.Store):
        return stars[1] if len(stars) > 1 else None
    taking = isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Call | ast.ClassDef)
    return stars[0] if stars and not taking else None


def _second(items: list[Any]) -> Any:
    """The first parameter or argument whose name an earlier one has."""
    seen: set[str] = set()
    for item in items:
        if item.arg in seen:
            return item
        seen |= {item.arg} - {None}
    return None
