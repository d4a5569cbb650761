"""Names of parameters in a text: `layers.0.weight` is one name, whatever Python makes of it.

Its dots are written by a letter that looks like one while Python's parser reads the text.
"""

import ast
import re
from collections.abc import Collection
from functools import lru_cache

from gradcalc.lang.program import DOT


def dotted_as_names(text: str, known: Collection[str]) -> str:
    """The text with the dots of the names that have some as letters."""
    names = tuple(sorted((name for name in known if "." in name), key=len, reverse=True))
    if not names or "." not in text:
        return text
    return _pattern(names).sub(lambda found: found[0].replace(".", DOT), text)


@lru_cache(maxsize=16)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, names))})(?!\w)")


def undotted(tree: ast.Module) -> ast.Module:
    """The syntax tree with the dots in the names again."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and DOT in node.id:
            node.id = node.id.replace(DOT, ".")
    return tree
