"""The wheel and the archive of the sources: what is in them, and that they can be installed."""

import os
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest

import gradcalc
from gradcalc.cli.man import man_page
from tests.processes import HANGS

ROOT = Path(gradcalc.__file__).parent.parent
NAME = f"gradcalc-{gradcalc.__version__}"
TOP = {"benchmarks", "docs", "gradcalc", "scripts", "tests", "CHANGELOG.md", "CONTRIBUTING.md",
       "constraints.txt", "hatch_build.py", "LICENSE", "PKG-INFO", "README.md",
       "pyproject.toml", ".gitignore"}  # fmt: skip


def python(*argv: str, cwd: Path, path: str = "") -> str:
    """What a module of the environment prints; with `path` in place of this checkout."""
    environment = {**os.environ, "PYTHONPATH": path or os.environ.get("PYTHONPATH", "")}
    result = subprocess.run(
        [sys.executable, *argv], cwd=cwd, env=environment, capture_output=True, text=True,
        timeout=HANGS, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(name="built", scope="module")
def built_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the archive of the sources, and the wheel that is built from it alone."""
    folder = tmp_path_factory.mktemp("built")
    python("-m", "hatchling", "build", "-t", "sdist", "-d", str(folder), cwd=ROOT)
    with tarfile.open(folder / f"{NAME}.tar.gz") as archive:
        archive.extractall(folder / "unpacked", filter="data")
    sources = folder / "unpacked" / NAME
    python("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=sources)
    return folder


def in_wheel(folder: Path, name: str) -> str:
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return wheel.read(name).decode()


def metadata(folder: Path) -> Message:
    return message_from_string(in_wheel(folder, f"{NAME}.dist-info/METADATA"))


def test_the_wheel_has_the_package_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    modules = {
        p.relative_to(ROOT).as_posix()
        for p in (ROOT / "gradcalc").rglob("*.*")
        if p.suffix in (".py", ".txt")
    }
    information = {f"{NAME}.dist-info/{name}" for name in (
        "METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"
    )}  # fmt: skip
    page = f"{NAME}.data/data/share/man/man1/gradcalc.1"
    assert names == modules | information | {"gradcalc/py.typed", page}
    assert in_wheel(built, page) == man_page(gradcalc.__version__)
    assert "gradcalc = gradcalc.__main__:main" in in_wheel(
        built, f"{NAME}.dist-info/entry_points.txt"
    )


def test_the_wheel_of_the_checkout_is_that_of_the_archive(built: Path, tmp_path: Path) -> None:
    python("-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path), cwd=ROOT)
    wheels = [next(folder.glob("*.whl")) for folder in (built, tmp_path)]
    assert wheels[0].read_bytes() == wheels[1].read_bytes()
    assert list(tmp_path.iterdir()) == wheels[1:]


def test_the_archive_has_what_a_change_needs(built: Path) -> None:
    with tarfile.open(built / f"{NAME}.tar.gz") as archive:
        names = {name.removeprefix(f"{NAME}/") for name in archive.getnames()}
    assert {name.split("/")[0] for name in names} <= TOP
    assert {"gradcalc/py.typed", "tests/test_packaging.py", "scripts/test", "LICENSE"} <= names
    assert not [name for name in names if name.endswith((".pyc", ".so", ".whl")) or "~" in name]


def test_metadata_names_neither_authors_nor_places(built: Path) -> None:
    told = metadata(built)
    assert (told["Name"], told["Version"]) == ("gradcalc", gradcalc.__version__)
    assert (told["License-Expression"], told["License-File"]) == ("MIT", "LICENSE")
    absent = ("Author", "Author-email", "Maintainer", "Maintainer-email", "Project-URL",
              "Home-page")  # fmt: skip
    assert [name for name in absent if told[name]] == []


def test_an_index_would_take_them(built: Path) -> None:
    files = [str(path) for path in built.iterdir() if path.is_file()]
    assert len(files) == 2
    told = python("-m", "twine", "--no-color", "check", "--strict", *files, cwd=built)
    assert told.count("PASSED") == 2


def test_what_is_installed_runs(built: Path, tmp_path: Path) -> None:
    wheel = next(built.glob("*.whl"))
    python(
        "-m", "pip", "install", "--no-deps", "--no-index", "--disable-pip-version-check",
        "--target", str(tmp_path / "site"), str(wheel), cwd=tmp_path,
    )  # fmt: skip
    site = str(tmp_path / "site")
    where = python("-c", "import gradcalc; print(gradcalc.__file__)", cwd=tmp_path, path=site)
    assert where.startswith(site)
    assert "Usage: gradcalc" in python("-m", "gradcalc", "--help", cwd=tmp_path, path=site)
    literal = ("grad", "x**2", "--x", "3", "--format", "literal")
    assert python("-m", "gradcalc", *literal, cwd=tmp_path, path=site) == "6\n"
