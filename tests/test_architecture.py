"""The layout holds: one direction of imports, and heavy packages only where they are used."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import gradcalc

ROOT = Path(gradcalc.__file__).parent

ORDER = (
    "codes", "lazy_import", "errors", "located", "traits", "values", "expr", "balls", "arrays",
    "primitives", "calculus",
    "lang", "rewrites", "targets", "problem", "testimony", "fidelity", "keeping",
    "reruns", "derive", "readback",
    "enclosure", "slopes",
    "witnesses", "verdict", "findings", "report", "limits", "remedies", "calculate",
    "matrices", "products", "vectors", "collected", "maps", "blocks", "structure", "smoothness",
    "definiteness", "certificates", "large",
    "forms", "family", "general", "at_length", "steps", "graphs", "plotting", "checking",
    "reference", "tour",
    "packing", "torch_process", "render", "export", "daemon", "cli", "api", "pytest_plugin",
    "__main__",
)  # fmt: skip
"""Every part may import those before it, never those behind it."""

HEAVY = {
    "torch": {
        "fidelity.py", "keeping.py", "witnesses/autograd.py", "values/binary.py",
        "checking/backwards.py", "checking/beside.py", "checking/capture.py", "checking/chance.py",
        "checking/entering.py", "checking/files.py", "checking/functions.py", "checking/handing.py",
        "checking/held.py", "checking/inputs.py", "checking/leaks.py", "checking/loading.py",
        "checking/running.py",
        "checking/seconds.py", "checking/ways.py", "checking/kernels.py", "checking/otherwise.py",
        "checking/tensors.py", "checking/hooks.py", "checking/inside.py", "checking/layouts.py",
        "checking/measured.py", "pytest_plugin.py",
    },
    "sympy": {
        "balls/numbers.py", "calculus.py", "derive/modes.py", "arrays/arithmetic.py",
        "expr/elementwise.py", "expr/formula.py", "expr/functions.py", "expr/numbers.py",
        "expr/finite.py", "expr/special.py", "expr/hypergeometric.py", "expr/parts.py",
        "expr/polynomials.py", "expr/rewriting.py", "expr/rules/", "expr/scalars.py",
        "expr/simplify.py", "expr/spelling.py", "expr/tidy.py", "expr/transcript.py",
        "export/arrays.py", "export/expressions.py", "export/gathering.py", "export/logistic.py",
        "export/lowering.py", "export/sizes.py",
        "reference/conditions.py", "reference/places.py",
    },
    "scipy": {"arrays/linear.py", "arrays/special.py", "enclosure/cells.py", "expr/floats.py",
              "expr/functions.py", "expr/scipys.py", "primitives/scipys.py", "lang/quadrature.py",
              "lang/constants.py",              "enclosure/hull.py", "enclosure/parts.py"},
    "mpmath": set(),
    "flint": {"arrays/arithmetic.py", "arrays/singly.py", "balls/", "readback/roundtrip.py",
              "enclosure/", "slopes/", "plotting/bounds.py", "steps/held.py",
              "steps/symbolic.py", "steps/ties.py",
              "expr/polynomials.py", "witnesses/enclosure.py", "witnesses/symbolic.py"},
    "rich": {"render/", "cli/"},
    "typer": {"cli/"},
}  # fmt: skip
"""Where each heavy package may be imported."""

MODULES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py"))


@cache
def imports(module: str) -> frozenset[str]:
    """The modules that a module imports, at its top or inside a function."""
    return frozenset(_imports(module))


def _imports(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide from this test"
            assert node.module
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part_of(module: str) -> str | None:
    """The part of gradcalc that a dotted name belongs to."""
    pieces = module.split(".")
    return pieces[1] if pieces[0] == "gradcalc" and len(pieces) > 1 else None


def test_every_part_has_its_place_in_the_order() -> None:
    parts = {module.split("/")[0].removesuffix(".py") for module in MODULES} - {"__init__"}
    assert parts == set(ORDER)


def test_the_page_names_every_part_in_order() -> None:
    page = (ROOT.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert rows == [part for part in ORDER if part != "__main__"]
    named = set(re.findall(r"`([a-z]+\.[a-z]+)", page))
    places = {name: ROOT / name.replace(".", "/") for name in named}
    assert not [n for n, p in places.items() if not (p.is_dir() or p.with_suffix(".py").exists())]


@pytest.mark.parametrize("part", ORDER)
def test_imports_go_one_way(part: str) -> None:
    later = set(ORDER[ORDER.index(part) + 1 :])
    own = [m for m in MODULES if m.split("/")[0].removesuffix(".py") == part]
    assert own
    assert not [(m, name) for m in own for name in imports(m) if part_of(name) in later]


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("witnesses/")])
def test_witnesses_do_not_import_one_another(module: str) -> None:
    others = [
        name
        for name in imports(module)
        if name.startswith("gradcalc.witnesses.") and not name.endswith(Path(module).stem)
    ]
    assert not others


@pytest.mark.parametrize("package", HEAVY)
def test_heavy_packages_are_imported_only_where_they_are_used(package: str) -> None:
    places = tuple(HEAVY[package])
    elsewhere = [module for module in MODULES if not module.startswith(places)]
    assert not [m for m in elsewhere if package in {name.split(".")[0] for name in imports(m)}]
