"""Who imports whom: rooms from floors below only, and torch only where a network is fitted."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sktsad

PACKAGE = Path(sktsad.__file__).parent

#: The house, from below: a room imports from lower floors only, and never from its neighbours.
FLOORS = [
    {"_core", "networks", "datasets"},
    {"preprocessing", "sampling", "thresholds", "model_selection"},
    {"plotting", "metrics"},
    {"detectors", "postprocessing"},
    {"neural"},
    {"export"},
]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

#: Slow to import or optional: inside functions only, but for the rooms that are made of them.
HEAVY = {"torch", "skorch", "imblearn", "matplotlib", "tsdownsample", "onnx", "onnxscript"}
MADE_OF = {"networks": {"torch"}, "neural": {"torch", "skorch"}, "export": {"torch"}}
SOURCES = sorted(PACKAGE.rglob("*.py"))


def room_of(path):
    """Return the folder or private module of the package that a file is in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path, everywhere=True):
    """Return the full names of the modules that a file imports; at its top only, or everywhere.

    Imports for type checkers are left out.
    """
    package = ("sktsad", *path.relative_to(PACKAGE).parts[:-1])
    names, todo = [], list(ast.parse(path.read_text()).body)
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


each_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))


@each_source
def test_a_room_imports_from_floors_below_only(path):
    room = room_of(path)
    if room == "__init__":
        return
    assert room in FLOOR_OF, f"{room} has no floor yet: put it into FLOORS"
    rooms = {name.split(".")[1] for name in imported(path) if name.startswith("sktsad.")} - {room}
    too_high = {other for other in rooms if FLOOR_OF[other] >= FLOOR_OF[room]}
    assert not too_high


@each_source
def test_heavy_packages_are_imported_inside_functions(path):
    at_top = {name.split(".")[0] for name in imported(path, everywhere=False)}
    assert at_top & HEAVY <= MADE_OF.get(room_of(path), set())


@each_source
def test_rooms_that_are_made_of_torch_are_imported_inside_functions(path):
    if room_of(path) in MADE_OF:
        return
    at_top = {name.split(".")[1] for name in imported(path, everywhere=False) if name.startswith("sktsad.")}
    assert not at_top & set(MADE_OF)


def test_the_reader_of_imports_sees_what_it_should(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    (tmp_path / "room").mkdir()
    path = tmp_path / "room" / "_module.py"
    path.write_text(
        "import torch.nn\n"
        "from .._core import Windows\n"
        "from .. import thresholds\n"
        "from ._base import Base\n"
        "if TYPE_CHECKING:\n    import typed\nelse:\n    import untyped\n"
        "class C:\n    import within\n    def f(self):\n        from ..neural import train\n"
    )
    at_top = {
        "torch.nn",
        "sktsad._core.Windows",
        "sktsad.thresholds",
        "sktsad.room._base.Base",
        "untyped",
        "within",
    }
    assert set(imported(path, everywhere=False)) == at_top
    assert set(imported(path)) == at_top | {"sktsad.neural.train"}


def loaded_after(code):
    """Run code in a fresh interpreter; return the heavy packages that it has loaded."""
    report = f"\nimport sys\nprint(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code + report], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import sktsad, sktsad.thresholds, sktsad.datasets, sktsad.export",
        "from sktsad import *\nRNNClassifier(net_params={'x': 1}).get_params(); repr(AutoencoderDetector())\n"
        "RNNClassifier(encoder=ForecastPretrainer()).get_params(); PretrainedEncoder('encoder.pt').get_params()",
        "from sktsad import SafeSampler, SlidingWindow\n"
        "from sktsad.sampling import WindowAugmenter, imbalance_ratio\n"
        "windows = SlidingWindow(5).fit_transform([[i % 7] for i in range(50)])\n"
        "SafeSampler('augment').fit_resample(windows, [0] * 45 + [1] * 5)",
        "from sktsad import ZScoreDetector, SlidingWindow\n"
        "from sktsad.thresholds import Quantile\n"
        "rows = [[i % 7] for i in range(200)]\n"
        "ZScoreDetector(threshold=Quantile(0.9), validation_fraction=0.3).fit(rows).predict(rows)\n"
        "windows = SlidingWindow(5).fit_transform(rows)\n"
        "ZScoreDetector('rolling').fit(windows).predict(windows)",
    ],
    ids=["import", "estimators", "samplers", "z-score"],
)
def test_nothing_heavy_is_loaded_for(code):
    assert loaded_after(code) == set()


def test_fitting_a_network_loads_torch_and_skorch_only():
    code = "from sktsad import TorchClassifier\nTorchClassifier(max_epochs=1).fit([[0.0], [1.0]], [0, 1])"
    assert loaded_after(code) == {"torch", "skorch"}


def test_every_public_name_is_there():
    for name in sktsad.__all__:
        assert getattr(sktsad, name).__name__ == name
