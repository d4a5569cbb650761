"""Texts of gradcalc's own that are lines of assignments: checked without looks at what they lack.

There may be thousands of lines, and each look at a program goes through all of it.
"""

import ast
from collections.abc import Collection

from gradcalc.lang import syntax
from gradcalc.lang.bindings import bound_names
from gradcalc.lang.fence import check_nodes
from gradcalc.lang.names import check_references, free_names
from gradcalc.lang.naming import every_node, naming
from gradcalc.lang.nets.names import dotted_as_names, undotted
from gradcalc.lang.program import Limits, Program, deep_recursion

PLAIN = (ast.Import, ast.Assign, ast.Expr, ast.If)
"""The statements of such texts; what is chosen by `If` is to raise an error."""


def compile_lines(text: str, inputs: Collection[str]) -> Program:
    """A text of imports, assignments and an expression at its end; names of `inputs` may have dots.

    Raises `GradcalcError` as `compile_program` does.
    """
    limits = Limits()
    text = dotted_as_names(text, set(inputs))
    with deep_recursion():
        body = tuple(undotted(syntax.parse(text, limits)).body)
        assert all(isinstance(statement, PLAIN) for statement in body)
        check_nodes(body, text, limits)
        assigned = bound_names(every_node(body))
        names = naming(body, text, assigned)
        check_references(body, text, names, frozenset(), assigned)
        required, optional = free_names(body, None, names, frozenset())
    return Program(
        source=text,
        body=body,
        function=None,
        required=required,
        optional=optional,
        assigned=assigned,
        parameters=(),
        naming=names,
        dtype=None,
    )
