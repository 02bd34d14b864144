"""The versions that a bug report needs."""

import platform
import re
from importlib.metadata import PackageNotFoundError, version

import sklearn

import sktsad
from sktsad._core import _show_versions
from sktsad._core._show_versions import show_versions


def table_of(text):
    return dict(re.findall(r"^ *([\w-]+): (.*)$", text, flags=re.MULTILINE))


def test_it_prints_python_sktsad_and_what_they_stand_on(capsys):
    show_versions()
    shown = table_of(capsys.readouterr().out)
    assert shown["python"].startswith(platform.python_version())
    assert shown["sktsad"] == sktsad.__version__
    assert shown["scikit-learn"] == sklearn.__version__
    assert shown["torch"] == version("torch")  # with its build
    assert {"numpy", "scipy", "pandas", "imbalanced-learn", "skorch", "joblib", "skops", "onnx"} <= set(shown)


def test_a_package_that_is_not_there_is_none_and_no_error(capsys, monkeypatch):
    def absent(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(_show_versions, "version", absent)
    show_versions()
    shown = table_of(capsys.readouterr().out)
    assert shown["torch"] == "None" and shown["sktsad"] == sktsad.__version__
