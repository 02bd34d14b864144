"""Type checkers see the signatures of the estimators as they are: five lines with a misspelt parameter are refused."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = """
from sktsad import RNNClassifier
model = RNNClassifier("gru", hidden_size=3, net_params={"optimizer__eps": 1e-6})
model.fit([[0.0], [1.0]], [0, 1])
print(model.predict([[0.0]]))
misspelt = RNNClassifier(hidden_sze=3)
"""


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


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_a_misspelt_parameter_is_refused_and_a_right_one_is_not(checker, tmp_path):
    for package in ("mypy", "basedpyright"):
        pytest.importorskip(package, reason="a type checker: pip install 'sktsad[dev]'")
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    code, said = checker(path)
    assert code == 1, said
    errors = [line for line in said.splitlines() if re.search(r"program\.py:\d+.* error:", line)]
    assert len(errors) == 1 and "program.py:6:" in errors[0] and "hidden_sze" in errors[0], said
