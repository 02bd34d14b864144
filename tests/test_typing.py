"""Type checkers see the right signatures and results: a misspelt parameter is an error, and no result is Any."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: The flags of ``mypy --strict`` that concern a program by itself, and not the packages that it imports.
PROGRAM = """# mypy: disallow-untyped-calls, disallow-untyped-defs, disallow-any-generics, warn-return-any
from sktsad import RNNClassifier
model = RNNClassifier("gru", hidden_size=3, net_params={"optimizer__eps": 1e-6})
model.fit([[0.0], [1.0]], [0, 1])
print(model.predict([[0.0]]))
misspelt = RNNClassifier(hidden_sze=3)

from sktsad import GaussianDetector, SeriesScaler, SlidingWindow, ZScoreDetector
from sktsad.datasets import make_kpi
from sktsad.metrics import detection_report
from sktsad.postprocessing import alarms
from sktsad.report import html_report
from sktsad.thresholds import Quantile
from sktsad import GausianDetector

X, y = make_kpi(1000, random_state=0)
detector = GaussianDetector().set_params(threshold=3.0).fit(X)
table, report = alarms(detector.predict(X), X), detection_report(y, detector.decision_function(X))
reveal_type((X, y, detector, detector.predict(X), detector.threshold_))
reveal_type((table, report, html_report(detector, X), Quantile().fit(y).threshold_))
scaled, windows = SeriesScaler().fit_transform(X), SlidingWindow(5).fit_transform(X)
reveal_type((scaled, SeriesScaler().fit_transform(windows.flat()), windows, ZScoreDetector().fit_transform(X)))
"""
#: What the lines with ``reveal_type`` hold.
TYPES = [
    ["DataFrame", "Series", "GaussianDetector", "ndarray", "float"],
    ["DataFrame", "DataFrame", "str", "float"],
    ["DataFrame", "ndarray", "Windows", "ndarray"],
]


def mypy(path):
    """Return what mypy says of a program; it goes on from what it knows of this package and of torch."""
    command = [sys.executable, "-m", "mypy", "--config-file", "setup.cfg", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return done.returncode, done.stdout


def pyright(path):
    """Return what pyright says of a program; basedpyright is pyright in a wheel, here with pyright's own rules."""
    settings = {"typeCheckingMode": "standard", "extraPaths": [str(ROOT)], "include": [path.name]}
    path.with_name("pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, cwd=path.parent)
    return done.returncode, done.stdout


def names_of(types):
    """Return the names of types, without modules and what they are made of."""
    while "[" in types:
        types = re.sub(r"\[[^\[\]]*\]", "", types)
    return [name.rpartition(".")[2] for name in types.split(", ")]


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_misspelt_names_are_refused_and_results_have_types(checker, tmp_path):
    for package in ("mypy", "basedpyright"):
        pytest.importorskip(package, reason="a type checker: pip install 'sktsad[dev]'")
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    code, said = checker(path)
    assert code == 1, said
    errors = [line for line in said.splitlines() if re.search(r"program\.py:\d+.* error:", line)]
    assert len(errors) == 2, said
    for error, line, name in zip(errors, (6, 14), ("hidden_sze", "GausianDetector"), strict=True):
        assert f"program.py:{line}:" in error and name in error, said
    revealed = re.findall(r"(?:Revealed type is|Type of .* is) \"tuple\[(.*)\]\"", said)
    assert [names_of(types) for types in revealed] == TYPES, said
