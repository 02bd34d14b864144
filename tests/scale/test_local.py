"""Frames and Parquet files, in one process and several."""

import numpy as np
import pandas as pd
import pytest

from sktsad.scale import ParquetPanel, score_panel
from sktsad.scale._local import _load

NAMES = {"series": "series", "time": "time"}


@pytest.fixture
def files(table, tmp_path):
    for name, part in table.groupby("series"):
        part.drop(columns="label").to_parquet(tmp_path / f"{name}.parquet")
    return tmp_path


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_scores_of_a_frame_are_those_of_one_call_with_its_index(model, panel, scores, n_jobs):
    found = score_panel(model, panel, n_jobs=n_jobs)
    assert found.index.equals(panel.index)
    np.testing.assert_array_equal(found["score"], scores)
    assert (found["status"] == "scored").all()


def test_rows_of_several_series_in_turn_stay_where_they_are(model, panel, scores):
    in_turn = panel.iloc[np.argsort(panel.index.get_level_values(1), kind="stable")]
    found = score_panel(model, in_turn, n_partitions=3)
    assert found.index.equals(in_turn.index)
    np.testing.assert_array_equal(found["score"], scores[in_turn.index])


def test_a_series_that_fails_is_named_and_the_others_are_scored(model, spoilt, scores):
    with pytest.warns(
        UserWarning, match="1 of 5 series could not be scored: 's2'. The first failed: ValueError"
    ):
        found = score_panel(model, spoilt, n_partitions=2)
    lost = spoilt.index.get_level_values(0) == "s2"
    np.testing.assert_array_equal(found["score"], scores.where(~lost))
    assert (found["status"] != "scored").tolist() == lost.tolist()


def test_if_all_fail_it_is_an_error(model, panel, files):
    with pytest.raises(RuntimeError, match="5 of 5 series could not be scored: 's3', 's0'"):
        score_panel(model, panel * np.nan)
    with pytest.raises(RuntimeError, match="5 of 5 series"):
        score_panel(model, ParquetPanel(files, columns=["value", "value"], **NAMES))


def test_progress_is_printed_only_if_wanted(model, panel, capsys):
    score_panel(model, panel, n_partitions=2)
    assert capsys.readouterr().out == ""
    score_panel(model, panel, n_partitions=2, verbose=1)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("partition 1 of 2 starts after 0.0 s and 0 of 300 rows")
    assert second.startswith("partition 2 of 2 starts after") and second.endswith("of 300 rows")


@pytest.mark.parametrize("n_partitions", [None, 3])
def test_scores_of_files_are_those_of_one_call(model, files, scores, n_partitions):
    found = score_panel(model, files, n_partitions=n_partitions, **NAMES)
    assert found.index.names == ["series", "time"]
    np.testing.assert_array_equal(found["score"].loc[scores.index], scores)
    assert len(found) == len(scores)


def test_scores_of_files_go_to_files(model, files, scores, tmp_path):
    out = score_panel(model, ParquetPanel(files, **NAMES), n_partitions=2, out=tmp_path / "new" / "scores")
    assert sorted(path.name for path in out.iterdir()) == ["part-00000.parquet", "part-00001.parquet"]
    found = pd.read_parquet(out).set_index(["series", "time"])
    np.testing.assert_array_equal(found["score"].loc[scores.index], scores)
    assert (found["status"] == "scored").all()
    with pytest.raises(ValueError, match="exists"):
        score_panel(model, files, out=out, **NAMES)


def test_a_file_that_cannot_be_read_does_not_take_the_others_down(model, files, scores):
    panel = ParquetPanel(files, **NAMES)
    (files / "s1.parquet").write_bytes(b"spoilt")
    with pytest.warns(UserWarning, match="1 of 5 series could not be scored: 's1'"):
        found = score_panel(model, panel, n_partitions=5)
    rest = scores.drop("s1")
    np.testing.assert_array_equal(found["score"].loc[rest.index], rest)
    assert len(found) == len(rest), "rows that cannot be read are not there"


def test_the_model_goes_to_a_process_once(model, panel, monkeypatch):
    loaded = []
    monkeypatch.setattr("sktsad.scale._local.joblib.load", lambda path: loaded.append(path) or model)
    _load.cache_clear()
    from joblib import parallel_config

    with parallel_config("threading", n_jobs=2):
        score_panel(model, panel)
    assert 1 <= len(loaded) <= 2, "once, or once by each of two threads that begin together"
    _load.cache_clear()
