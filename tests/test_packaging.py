"""The metadata of the package: one version, bounds that are pinned and run, commands that exist."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import sktsad

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def requirements(*extras):
    """Return the dependencies, with those of some extras."""
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in EXTRAS[extra])]
    return [need for need in map(Requirement, texts) if need.name != "sktsad"]


def pins(name):
    """Return the versions that a file of constraints names."""
    lines = [
        line.partition("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
    ]
    pairs = [tuple(line.split("==")) for line in lines if line]
    assert len({name for name, _ in pairs}) == len(pairs), "once each"
    return {canonicalize_name(name): Version(version) for name, version in pairs}


@pytest.mark.parametrize("need", requirements(*EXTRAS), ids=str)
def test_every_dependency_is_pinned_within_its_bounds(need):
    assert need.specifier.contains(pins("constraints.txt")[canonicalize_name(need.name)])


@pytest.mark.parametrize(
    "need", requirements("plot", "onnx", "skops", "parquet", "dask", "fetch", "test"), ids=str
)
def test_the_oldest_version_of_every_dependency_is_what_make_lowest_runs(need):
    (oldest,) = [Version(part.version) for part in need.specifier if part.operator == ">="]
    assert pins("constraints-lowest.txt")[canonicalize_name(need.name)] == oldest


def test_the_version_is_a_literal_that_a_build_can_read_without_importing_anything():
    assert PROJECT["dynamic"] == ["version"] and "version" not in PROJECT
    tree = ast.parse((ROOT / "sktsad" / "__init__.py").read_text(encoding="utf-8"))
    (version,) = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__"
    ]
    assert version == sktsad.__version__
    assert str(Version(version)) == version


def test_every_python_that_is_claimed_is_admitted():
    claimed = [line.rpartition(" :: ")[2] for line in PROJECT["classifiers"] if " :: 3." in line]
    assert PROJECT["requires-python"] == f">={claimed[0]}"
    assert claimed == sorted(claimed, key=Version)


TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))


@pytest.mark.parametrize(
    "name",
    [
        *("CONTRIBUTING.md", "RELEASE.md", "README.md", ".ci/run"),
        *(".github/workflows/test.yml", ".github/workflows/release.yml", ".github/pull_request_template.md"),
    ],
)
def test_every_make_target_that_is_named_exists(name):
    path = ROOT / name
    lines = re.findall(
        r"(?:`|run: |exec |^)make ([a-z][\w \-]*)", path.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    named = {word for line in lines for word in line.split() if word.islower()}
    assert named <= TARGETS


def test_every_script_of_the_benchmarks_is_explained():
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert not [path.name for path in (ROOT / "benchmarks").glob("*.py") if f"`{path.name}" not in text]


def test_every_page_that_the_readme_links_to_is_in_the_docs():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not re.findall(r"\]\((?!http)", text), "relative links are dead where the README is shown alone"
    pages = re.findall(r"^\[.+\]: \S+/en/stable/([\w/]+)\.html$", text, flags=re.MULTILINE)
    assert len(pages) > 10
    assert not [page for page in pages if not (ROOT / "docs" / f"{page}.md").exists()]
