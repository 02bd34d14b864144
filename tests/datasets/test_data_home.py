import gzip
import hashlib
from collections import Counter
from pathlib import Path

import pytest

from sktsad.datasets import _data_home, get_data_home
from sktsad.datasets._data_home import known_sums, read_checked


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


def test_a_file_of_a_known_name_must_have_its_sum(tmp_path, monkeypatch):
    kept = tmp_path / "aiops_kpi"
    kept.mkdir()
    packed = kept / "one.csv.gz"
    packed.write_bytes(gzip.compress(b"timestamp,value,label\n"))
    sums = {"aiops_kpi/one.csv.gz": hashlib.sha256(b"timestamp,value,label\n").hexdigest()}
    monkeypatch.setattr(_data_home, "known_sums", lambda: sums)
    assert read_checked(packed).read() == b"timestamp,value,label\n"
    (kept / "other.csv").write_bytes(b"anything")
    assert read_checked(kept / "other.csv").read() == b"anything"
    packed.write_bytes(gzip.compress(b"timestamp,value\n"))
    with pytest.raises(ValueError, match=r"one\.csv\.gz is not the official file: expected SHA-256"):
        read_checked(packed)


def test_sums_are_known_of_all_sets_that_come_in_files():
    sums = known_sums()
    folders = Counter(name.split("/")[0] for name in sums)
    assert folders == {
        "aiops_kpi": 26,
        "aiops_kpi_finals": 14,
        "nab": 58,
        "smd": 4,
        "tsb_ad": 13,
        "ucr": 66,
    }
    assert all(len(total) == 64 for total in sums.values())


def test_a_file_that_is_cut_off_is_named(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"anything")[:-9])
    with pytest.raises(ValueError, match=r"a.csv.gz is truncated or damaged: .*Download it again"):
        read_checked(tmp_path / "a.csv.gz")
