"""Imports between rooms are those of the architecture page; torch is loaded only where a network is used.

``python tests/test_imports.py`` prints the house: floors from the top, and the arrows from each room.
"""

import ast
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import sktsad

PACKAGE = Path(sktsad.__file__).parent
ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "development" / "architecture.md"


def blocks(text):
    """Return the blocks of a page that a comment names, by name, as lists of lines."""
    found, name, lines = {}, None, None
    for line in text.splitlines():
        if lines is not None and line == "```":
            found[name], name, lines = lines, None, None
        elif lines is not None:
            lines.append(line)
        elif line.startswith("<!-- block: "):
            name = line.removeprefix("<!-- block: ").removesuffix(" -->")
        elif name and line.startswith("```"):
            lines = []
    return found


SAID = blocks(PAGE.read_text(encoding="utf-8"))
#: From the top; a room imports from lower floors only.
FLOORS = [set(line.split(", ")) for line in SAID["floors"]]
FLOOR_OF = {room: floor for floor, rooms in enumerate(reversed(FLOORS)) for room in rooms}
#: What a room may import at the top of its modules although it is slow to import, or optional.
MADE_OF = {room: set(packages.split(", ")) for room, packages in (line.split(": ") for line in SAID["heavy"])}

#: Slow to import or optional.
HEAVY = {"torch", "skorch", "imblearn", "matplotlib", "tsdownsample", "onnx", "onnxscript"}
HEAVY |= {"dask", "distributed", "ray"}
SOURCES = sorted(PACKAGE.rglob("*.py"))


def room_of(path):
    """Return the folder of the package that a file is in; "__init__" for that of the package itself."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def module_of(path):
    """Return the name of a file as a module."""
    parts = ("sktsad", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imported(path, everywhere=True):
    """Return the full names of what a file imports; at its top only, or everywhere.

    Imports for type checkers are left out.
    """
    package = ("sktsad", *path.relative_to(PACKAGE).parts[:-1])
    names, todo = [], list(ast.parse(path.read_text(encoding="utf-8")).body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) + 1 - node.level]] if node.level else []
            base += node.module.split(".") if node.module else []
            names += [".".join([*base, alias.name]) for alias in node.names]
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            todo += node.orelse
        elif everywhere or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            todo += ast.iter_child_nodes(node)
    return names


def from_other_rooms(path, everywhere=True):
    """Return what a file imports from other rooms; of the package itself, any room may read the version."""
    own = {"sktsad", "__version__", room_of(path)}
    names = [name for name in imported(path, everywhere) if name.split(".")[0] == "sktsad"]
    return [name for name in names if name.split(".")[:2][-1] not in own]


def arrows():
    """Count the imports from room to room."""
    return Counter((room_of(path), name.split(".")[1]) for path in SOURCES for name in from_other_rooms(path))


def house():
    """Draw the house: a line a room, floor by floor from the top, with the imports from it."""
    count = arrows()
    lines = []
    for floor, rooms in enumerate(FLOORS):
        lines.append(f"floor {len(FLOORS) - 1 - floor}")
        for room in sorted(rooms):
            n_modules = sum(room_of(path) == room for path in SOURCES)
            to = sorted((other, n) for (this, other), n in count.items() if this == room)
            lines.append(
                f"  {room} ({n_modules} modules) -> {', '.join(f'{other} {n}' for other, n in to) or '-'}"
            )
    n_arrows = len([this for this, _ in count if this != "__init__"])
    return "\n".join([*lines, f"{len(FLOOR_OF)} rooms, {len(FLOORS)} floors, {n_arrows} arrows"])


def test_the_page_and_the_package_have_the_same_rooms():
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert set(FLOOR_OF) == rooms, "every room has its place in the block of floors"
    assert sum(len(rooms) for rooms in FLOORS) == len(FLOOR_OF), "and has it once"
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py"}, "every module is in a room"


def test_every_file_that_the_page_names_is_there():
    named = re.findall(r"`([\w/]+\.py)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 5
    assert not [name for name in named if not (PACKAGE / name).exists() and not (ROOT / name).exists()]


def test_a_room_imports_from_lower_floors_only():
    upwards = {
        (module_of(path), other)
        for path in SOURCES
        if (room := room_of(path)) != "__init__"
        for name in from_other_rooms(path)
        if FLOOR_OF[other := name.split(".")[1]] >= FLOOR_OF[room]
    }
    assert not upwards


def test_no_module_imports_what_is_private_to_another_room():
    private = set()
    for path in SOURCES:
        for name in from_other_rooms(path):
            parts = name.split(".")
            if len(parts) > 2 and parts[2].startswith("_"):
                private.add((str(path.relative_to(PACKAGE)), ".".join(parts[:3])))
    assert not private, "import from the room, whose __init__ exports what is needed"


def test_no_modules_import_each_other_in_a_circle():
    modules = {module_of(path): path for path in SOURCES}
    graph = {}
    for module, path in modules.items():
        needed = set()
        for name in imported(path):
            while name and name not in modules:
                name = name.rpartition(".")[0]
            needed.add(name)
        # A package waits for its modules, never the reverse: that is how Python imports them.
        graph[module] = needed - {"", module, "sktsad"}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("in a circle: " + " -> ".join(error.args[1]))


def test_a_file_name_occurs_once():
    names = Counter(path.name for path in SOURCES if path.name != "__init__.py")
    assert not [name for name, n in names.items() if n > 1]


def test_the_package_does_not_count_on_its_own_name_or_its_installation():
    by_name, by_metadata = [], []
    for path in SOURCES:
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
        by_name += [module_of(path) for name in names if name.split(".")[0] == "sktsad"]
        by_metadata += [path.name for name in names if name == "importlib.metadata"]
    assert not by_name, "import relatively"
    assert set(by_metadata) <= {"_show_versions.py"}, "use version_of"


def test_heavy_packages_and_rooms_made_of_them_are_imported_inside_functions():
    early = set()
    for path in SOURCES:
        room = room_of(path)
        packages = {name.split(".")[0] for name in imported(path, everywhere=False)} & HEAVY
        early |= {(module_of(path), package) for package in packages - MADE_OF.get(room, set())}
        if room not in MADE_OF:
            rooms = {name.split(".")[1] for name in from_other_rooms(path, everywhere=False)}
            early |= {(module_of(path), other) for other in rooms & set(MADE_OF)}
    assert not early


def test_the_reader_of_imports_sees_what_it_should(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    (tmp_path / "room").mkdir()
    path = tmp_path / "room" / "_module.py"
    path.write_text(
        "import torch.nn\n"
        "from .._core import Windows\n"
        "from .. import thresholds\n"
        "from .. import __version__\n"
        "from ._base import Base\n"
        "if TYPE_CHECKING:\n    import typed\nelse:\n    import untyped\n"
        "class C:\n    import within\n    def f(self):\n        from ..neural import train\n"
    )
    others = {"sktsad._core.Windows", "sktsad.thresholds"}
    at_top = {
        *others,
        "torch.nn",
        "sktsad.__version__",
        "sktsad.room._base.Base",
        "untyped",
        "within",
    }
    assert set(imported(path, everywhere=False)) == at_top
    assert set(imported(path)) == at_top | {"sktsad.neural.train"}
    assert set(from_other_rooms(path, everywhere=False)) == others
    assert set(from_other_rooms(path)) == others | {"sktsad.neural.train"}


def test_the_reader_of_the_page_takes_named_blocks_only():
    text = (
        "```text\nno name\n```\n<!-- block: a -->\n\n```text\none, two\nthree\n```\n\n```text\nlater\n```\n"
    )
    assert blocks(text) == {"a": ["one, two", "three"]}


def test_the_drawing_of_the_house_has_every_room_and_arrow():
    lines = [line.split() for line in house().splitlines() if line.startswith("  ")]
    assert sorted(line[0] for line in lines) == sorted(FLOOR_OF)
    drawn = {(line[0], part) for line in lines for part in line[4:] if part in FLOOR_OF}
    assert drawn == {(this, other) for this, other in arrows() if this != "__init__"}


def loaded_after(*codes):
    """Run code, piece after piece, in a fresh interpreter; return the heavy packages that are loaded by then."""
    report = f"\nimport sys\nprint(*sorted({HEAVY!r} & set(sys.modules)), sep=',')\n"
    done = subprocess.run(
        [sys.executable, "-c", "".join(code + report for code in codes)],
        capture_output=True,
        text=True,
        check=True,
        cwd=PACKAGE.parent,
    )
    return [set(filter(None, line.split(","))) for line in done.stdout.splitlines()]


WITHOUT_NETWORKS = sorted(set(FLOOR_OF) - set(MADE_OF) - {"_core"})


USES = {
    "import": "import contextlib, sktsad\n"
    "dir(sktsad)\n"
    "from sktsad._core import show_versions\n"
    "with contextlib.redirect_stdout(None):\n    show_versions()",
    "rooms": "".join(f"from sktsad.{room} import *\n" for room in WITHOUT_NETWORKS),
    "samplers": "from sktsad import SafeSampler, SlidingWindow\n"
    "from sktsad.sampling import WindowAugmenter, imbalance_ratio\n"
    "windows = SlidingWindow(5).fit_transform([[i % 7] for i in range(50)])\n"
    "SafeSampler('augment').fit_resample(windows, [0] * 45 + [1] * 5)",
    "z-score": "import pickle\n"
    "from sktsad import ZScoreDetector, SlidingWindow, ThresholdClassifier\n"
    "from sktsad.thresholds import Quantile\n"
    "rows = [[i % 7] for i in range(200)]\n"
    "ZScoreDetector(threshold=Quantile(0.9), validation_fraction=0.3).fit(rows).predict(rows)\n"
    "windows = SlidingWindow(5).fit_transform(rows)\n"
    "detector = pickle.loads(pickle.dumps(ZScoreDetector('rolling').fit(windows)))\n"
    "repr(ThresholdClassifier(detector))\n"
    "detector.predict(windows)",
}


@pytest.mark.slow
def test_nothing_heavy_is_loaded_without_a_network():
    """In one interpreter: what none of them may load, all together may not."""
    assert dict(zip(USES, loaded_after(*USES.values()), strict=True)) == {use: set() for use in USES}


@pytest.mark.slow
def test_fitting_a_network_loads_torch_and_skorch_only():
    code = "from sktsad import TorchClassifier\nTorchClassifier(max_epochs=1).fit([[0.0], [1.0]], [0, 1])"
    assert loaded_after(code) == [{"torch", "skorch"}]


def test_every_public_name_is_there():
    for name in sktsad.__all__:
        assert getattr(sktsad, name).__name__ == name


if __name__ == "__main__":
    print(house())
