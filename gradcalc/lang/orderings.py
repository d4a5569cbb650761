"""`functools.total_ordering`: the comparisons that a class has by one of its own."""

import ast

WRITTEN = {
    "__lt__": {"__gt__": "not o and self != other", "__le__": "o or self == other",
               "__ge__": "not o"},
    "__le__": {"__ge__": "not o or self == other", "__lt__": "o and self != other",
               "__gt__": "not o"},
    "__gt__": {"__lt__": "not o and self != other", "__ge__": "o or self == other",
               "__le__": "not o"},
    "__ge__": {"__le__": "not o or self == other", "__gt__": "o and self != other",
               "__lt__": "not o"},
}  # fmt: skip
"""What each of the others is where the class has the first, in the order in which one is taken; `o`
is what the first says."""


def complete(node: ast.ClassDef) -> bool:
    """Add the comparisons that a class lacks. False where it has none of its own."""
    own = {s.name for s in node.body if isinstance(s, ast.FunctionDef)}
    first = next((name for name in WRITTEN if name in own), None)
    if first is None:
        return False
    for name, meaning in WRITTEN[first].items():
        if name not in own:
            text = (
                f"def {name}(self, other):\n    o = self.{first}(other)\n"
                f"    return o if o is NotImplemented else ({meaning})"
            )
            (made,) = ast.parse(text).body
            for part in ast.walk(made):
                ast.copy_location(part, node)
            node.body.append(made)
    return True
