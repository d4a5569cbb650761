"""Where in the program a node begins: at the first of the inputs that it is made of."""

from gradcalc.expr.leaves import VAR
from gradcalc.expr.nodes import Node, ancestry

NOWHERE = 10**9
"""The place of what is made of no input, behind all others."""


class Places:
    """The places of nodes, worked out once: inputs are made in the order of the program."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}

    def of(self, node: Node) -> int:
        """The place of a node."""
        if node.order not in self._known:
            for part in ancestry([node]):
                if part.order not in self._known:
                    own = [part.order] if part.op is VAR else []
                    below = [self._known[operand.order] for operand in part.operands]
                    self._known[part.order] = min([*own, *below], default=NOWHERE)
        return self._known[node.order]
