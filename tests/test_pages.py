"""The code in the README and in the docs runs, block by block, in one namespace a page; no public name is left out."""

import inspect
import re
from importlib import import_module, util
from pathlib import Path

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
    ROOT / "docs" / "index.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.name not in TABLES),
]
FOLDERS = sorted(path.parent.name for path in (ROOT / "sktsad").glob("[!_]*/__init__.py"))


#: What runs the blocks when the pages are built: docs is no package.
SPEC = util.spec_from_file_location("run_blocks", ROOT / "docs" / "extensions" / "run_blocks.py")
run_blocks = util.module_from_spec(SPEC)
SPEC.loader.exec_module(run_blocks)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
@pytest.mark.filterwarnings("ignore:The .* rows of fold:UserWarning")
@pytest.mark.filterwarnings("ignore:The labels are:UserWarning")  # of scikit-learn's checks
def test_code_of_the_pages_runs(page):
    text = page.read_text(encoding="utf-8")
    for package in re.findall(r"^import (onnxruntime|skops|dask)", text, flags=re.MULTILINE):
        pytest.importorskip(package, reason="optional: pip install 'sktsad[dev]'")
    outputs = run_blocks.run_page(page)
    assert len(outputs) == text.count("```python\n") >= (1 if page.stem == "index" else 2)
    assert any(printed for printed, _ in outputs)  # every page prints something to look at


@pytest.mark.filterwarnings("default")
def test_outputs_stand_after_their_blocks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# Title\n\n```python\nx = 1\n```\n\ntext\n\n"
        "<!-- picture: A line, rising\nto 2 -->\n```python\nimport matplotlib.pyplot as plt\n"
        "import warnings\n\nplt.plot([x, 2])\nprint('drawn')\nwarnings.warn('mind', stacklevel=2)\n```\n"
    )
    outputs = run_blocks.run_page(page, tmp_path / "page")
    picture = str(tmp_path / "page.1.png")
    assert outputs == [("", []), ("drawn\nUserWarning: mind", [(picture, "A line, rising to 2")])]
    shown = run_blocks.with_outputs(page.read_text(), outputs)
    assert shown.index("x = 1") < shown.index("text") < shown.index("``````{code-block}")
    assert shown.endswith(f"UserWarning: mind\n``````\n\n![A line, rising to 2]({picture})\n")
    assert Path(picture).stat().st_size > 1000


def test_a_picture_needs_words_for_those_who_cannot_see_it(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nimport matplotlib.pyplot as plt\n\nplt.plot([1, 2])\n```\n")
    with pytest.raises(ValueError, match="write <!-- picture"):
        run_blocks.run_page(page)


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
