"""Modules whose functions are those of another library by the same names, which they wrap."""

import ast
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from gradcalc.lang.imported import full_name, meanings
from gradcalc.lang.written import NAMES

Body = tuple[ast.stmt, ...]

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "autograd.numpy": "numpy",
        "autograd.scipy.misc": "scipy.special",
        "autograd.scipy": "scipy",
        "pennylane.numpy": "numpy",
        "cupy": "numpy",
        "functorch": "torch.func",
        "torch.amp": "torch",
        "torch.cuda.amp": "torch",
        **{
            f"torch.nn.modules.{name}": "torch.nn"
            for name in (
                "activation",
                "batchnorm",
                "container",
                "conv",
                "distance",
                "dropout",
                "linear",
                "loss",
                "module",
                "normalization",
                "padding",
                "pooling",
                "rnn",
                "transformer",
            )
        },
        "torch.nn.modules": "torch.nn",
    }
)
"""Such modules, each with the library that a call of their functions means: of equal values."""


def plainly_imported(body: Body) -> Body:
    """The statements, with the libraries themselves in the place of what wraps them."""
    found = tuple(part for statement in body for part in _replaced(statement))
    nodes = (node for statement in found for node in ast.walk(statement))
    if not any(isinstance(node, ast.Attribute) and node.attr == MODULES for node in nodes):
        return found
    shorter = _Shorter(meanings(found))
    return tuple(shorter.visit(statement) for statement in found)


MODULES = "modules"
"""What torch.nn calls the package of its layers, each of which it has itself too."""


class _Shorter(ast.NodeTransformer):
    """Writes `nn.modules.conv._ConvNd` as `nn._ConvNd`."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        package = node.value
        if isinstance(package, ast.Attribute) and f"torch.nn.modules.{package.attr}" in ALIASES:
            package = package.value
        match package:
            case ast.Attribute(value=nets, attr=name) if name == MODULES:
                if full_name(nets, self._names) == "torch.nn":
                    node.value = nets
        self.generic_visit(node)
        return node


def _replaced(statement: ast.stmt) -> Iterator[ast.stmt]:
    match statement:
        case ast.Import(names=[ast.alias(name=full, asname=str(local)) as alias]) if (
            _meant(full).rpartition(".")[0] in NAMES
        ):
            # scipy.stats.norm is no module here
            module, _, name = _meant(full).rpartition(".")
            named = ast.copy_location(ast.alias(name=name, asname=local), alias)
            found = ast.ImportFrom(module=module, names=[named], level=0)
            yield ast.copy_location(found, statement)
        case ast.Import(names=names):
            for alias in names:
                # `import autograd.numpy` alone binds autograd
                if alias.asname is not None or "." not in alias.name:
                    known = _meant(alias.name)
                    if known != alias.name:
                        alias.asname = alias.asname or alias.name
                        alias.name = known
            yield statement
        case ast.ImportFrom(module=str(module), names=names, level=0):
            whole = [alias for alias in names if f"{module}.{alias.name}" in ALIASES]
            rest = [alias for alias in names if alias not in whole]
            for alias in whole:
                full = ALIASES[f"{module}.{alias.name}"]
                named = ast.alias(name=full, asname=alias.asname or alias.name)
                yield ast.copy_location(
                    ast.Import(names=[ast.copy_location(named, alias)]), statement
                )
            if rest:
                statement.module, statement.names = _meant(module), rest
                yield statement
        case _:
            for name, value in ast.iter_fields(statement):
                if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                    setattr(statement, name, list(plainly_imported(tuple(value))))
            yield statement


def _meant(module: str) -> str:
    """The library that a module wraps, itself where it is none that does."""
    for wrapped, library in ALIASES.items():
        if module == wrapped or module.startswith(f"{wrapped}."):
            return library + module[len(wrapped) :]
    return module
