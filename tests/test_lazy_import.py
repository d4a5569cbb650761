"""Deferred modules: made by an import, loaded at the first look, missed by no primitive."""

import sys
import types
from pathlib import Path

import numpy as np
import pytest

from gradcalc.lazy_import import UNUSED, deferred
from tests.sweeps import FULL
from tests.test_start import run


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "lazy_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "part.py").write_text("import sys; sys.loaded_parts.append(1)\nvalue = 42\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "loaded_parts", [], raising=False)
    yield folder
    for name in [name for name in sys.modules if name.startswith("lazy_package")]:
        del sys.modules[name]


@pytest.mark.usefixtures("package")
def test_a_deferred_module_is_loaded_once_when_it_is_looked_at() -> None:
    with deferred("lazy_package.part"):
        import lazy_package.part
        from lazy_package import part

        import_again = __import__("lazy_package.part")
    assert sys.loaded_parts == []
    assert part.value == lazy_package.part.value == import_again.part.value == 42
    assert sys.loaded_parts == [1]
    assert type(part) is types.ModuleType


@pytest.mark.usefixtures("package")
def test_an_attribute_that_is_not_there_is_missed_as_ever() -> None:
    with deferred("lazy_package.part"):
        from lazy_package import part
    with pytest.raises(AttributeError, match="nothing"):
        _ = part.nothing
    assert not hasattr(part, "nothing")


@pytest.mark.usefixtures("package")
def test_other_modules_are_imported_as_ever() -> None:
    with deferred("lazy_package.other"):
        from lazy_package import part
    assert sys.loaded_parts == [1]
    assert part.value == 42


def test_a_module_that_is_not_there_is_an_import_error() -> None:
    with deferred("no_such_package"), pytest.raises(ModuleNotFoundError):
        __import__("no_such_package")


def test_every_primitive_has_its_gradient_without_what_is_deferred(tmp_path: Path) -> None:
    """Every row, with and without, each in a process of its own."""
    code = (
        "import sys\n"
        "from gradcalc.lazy_import import deferred\n"
        "file, *names = sys.argv[1:]\n"
        "with deferred(*names):\n"
        "    import torch\n"
        "from tests.test_lazy_import import keep\n"
        "keep(file)\n"
        "print(*[type(sys.modules[n]).__name__ for n in names])\n"
    )
    with_all, without = tmp_path / "with.npz", tmp_path / "without.npz"
    run(code, str(with_all))
    kinds = run(code, str(without), *UNUSED).split()
    assert set(kinds) == {"_Deferred"}
    with np.load(with_all) as expected, np.load(without) as found:
        assert list(found) == list(expected) != []
        for name in expected:
            # the order in which a kernel adds may depend on where an array lies in memory
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, err_msg=name)


def keep(file: str) -> None:
    """Write the value and gradients of each row at a sample, or at every one, on one thread."""
    import torch

    from gradcalc.primitives import PRIMITIVES
    from gradcalc.witnesses.autograd import testify
    from tests.planting import problem, spelled

    torch.set_num_threads(1)
    kept: dict[str, np.ndarray] = {}
    for row in PRIMITIVES:
        for count, sample in enumerate(row.samples if FULL else row.samples[:1]):
            text, inputs = spelled(row, sample)
            found = testify(problem(text, **inputs))
            kept[f"{row.name} {count}"] = found.value
            for name, gradient in found.gradients.items():
                kept[f"{row.name} {count} d/d{name}"] = gradient
    np.savez(file, **kept)
