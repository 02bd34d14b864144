from pathlib import Path

import pytest

from sktsad.datasets import get_data_home


def test_argument_wins(monkeypatch, tmp_path):
    monkeypatch.setenv("SKTSAD_DATA", "elsewhere")

    assert get_data_home(tmp_path) == tmp_path
    assert get_data_home(str(tmp_path)) == tmp_path


def test_environment_comes_next(monkeypatch):
    monkeypatch.setenv("SKTSAD_DATA", "elsewhere")

    assert get_data_home() == Path("elsewhere")


@pytest.mark.parametrize("value", [None, ""])
def test_default_is_in_the_users_home(monkeypatch, value):
    if value is None:
        monkeypatch.delenv("SKTSAD_DATA", raising=False)
    else:
        monkeypatch.setenv("SKTSAD_DATA", value)

    assert get_data_home() == Path.home() / "sktsad_data"


def test_tilde_is_expanded_and_nothing_created(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))

    assert get_data_home("~/data") == tmp_path / "data"
    assert not (tmp_path / "data").exists()
