"""What the libraries have beside the rows of tables: layers, functions of functions, and what is
written in the language."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from gradcalc.lang import written
from gradcalc.lang.dialects.catalogue import FURTHER, NETS
from gradcalc.lang.machine import Builtin
from gradcalc.lang.nets.row import Layer


@cache
def further() -> Mapping[str, Mapping[str, str]]:
    """How each is called, by module and name."""
    found: dict[str, dict[str, str]] = {}
    for module, names in (*NETS.items(), *FURTHER.items()):
        own = found.setdefault(module, {})
        own |= {name: _usage(name, value) for name, value in names.items() if name.isidentifier()}
    for module, known in written.NAMES.items():
        texts = dict(_signatures(module))
        found.setdefault(module, {}).update({name: texts.get(name, name) for name in known})
    return found


def _usage(name: str, value: Any) -> str:
    if isinstance(value, Layer):
        return f"{name}{_plainly(value.signature)}"
    if isinstance(value, Builtin) and value.doc.startswith(f"{name}("):
        return value.doc
    return name


def _plainly(signature: inspect.Signature) -> str:
    """The parameters alone, without what says their types."""
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def _signatures(module: str) -> Iterator[tuple[str, str]]:
    """How the functions and classes are called that a module's text makes."""
    for statement in ast.parse(written.text(module)).body:
        if isinstance(statement, ast.FunctionDef):
            yield statement.name, f"{statement.name}({ast.unparse(statement.args)})"
        elif isinstance(statement, ast.ClassDef):
            made = (s for s in statement.body if isinstance(s, ast.FunctionDef))
            start = next((s for s in made if s.name == "__init__"), None)
            if start is not None:
                start.args.args = start.args.args[1:]
                yield statement.name, f"{statement.name}({ast.unparse(start.args)})"
