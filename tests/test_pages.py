"""The code in the README and in the docs runs, block by block, in one namespace a page; no public name is left out."""

import inspect
import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import sktsad
from sktsad._core._estimator import Estimator

ROOT = Path(__file__).parents[1]
#: Pages without code.
TABLES = {
    *("benchmarks.md", "sources.md", "index.md", "glossary.md", "changelog.md"),
    *("architecture.md", "contributing.md", "release.md", "security.md"),
}
PAGES = [
    ROOT / "README.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.name not in TABLES),
]
FOLDERS = sorted(path.parent.name for path in (ROOT / "sktsad").glob("[!_]*/__init__.py"))


def run(page, monkeypatch):
    """Run the code of a page as a module, so that its classes can be pickled; return the number of blocks."""
    for package in re.findall(
        r"^import (onnxruntime|skops)", page.read_text(encoding="utf-8"), flags=re.MULTILINE
    ):
        pytest.importorskip(package, reason="optional: pip install 'sktsad[dev]'")
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    module = ModuleType(f"page_{page.stem}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for block in blocks:
        exec(compile(block, str(page), "exec"), vars(module))
    return len(blocks)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
@pytest.mark.filterwarnings("ignore:The .* rows of fold:UserWarning")
@pytest.mark.filterwarnings("ignore:The labels are:UserWarning")  # of scikit-learn's checks
def test_code_of_the_pages_runs(page, monkeypatch, capsys):
    assert run(page, monkeypatch) >= 2
    assert capsys.readouterr().out  # every page prints something to look at


def documented():
    """Return the names that the API page has, as folder and name."""
    folder, names = None, []
    for line in (ROOT / "docs" / "api.rst").read_text(encoding="utf-8").splitlines():
        if line.startswith(".. currentmodule:: sktsad"):
            folder = line.removeprefix(".. currentmodule:: sktsad").lstrip(".")
        elif re.fullmatch(r"   \w+", line):
            names.append((folder, line.strip()))
    return names


def public():
    """Return the names of all classes and functions that the folders offer, or that the package alone does."""
    modules = {folder: import_module(f"sktsad.{folder}") for folder in FOLDERS}
    of_folders = {
        (folder, name): getattr(module, name)
        for folder, module in modules.items()
        for name in module.__all__
        if callable(getattr(module, name))
    }
    elsewhere = {name for _, name in of_folders}
    return of_folders | {
        ("", name): getattr(sktsad, name) for name in sktsad.__all__ if name not in elsewhere
    }


def test_the_api_page_has_every_public_name_once():
    assert sorted(documented()) == sorted(public())


def test_the_diagram_of_an_estimator_links_to_its_api_page():
    estimators = {
        page: member
        for page, member in public().items()
        if inspect.isclass(member) and issubclass(member, Estimator)
    }
    assert len(estimators) > 20
    for (folder, name), estimator in estimators.items():
        link = estimator.__new__(estimator)._get_doc_link()
        assert link.endswith(f"/generated/sktsad.{folder}.{name}.html")
