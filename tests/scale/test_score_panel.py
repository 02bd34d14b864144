"""Kinds of input are distinguished, and options that do not apply to them are refused."""

import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sktsad.scale import ParquetPanel, score_panel


def test_data_of_another_kind_is_refused(model, panel):
    with pytest.raises(TypeError, match=r"data must be a pandas frame .* got ndarray"):
        score_panel(model, panel.to_numpy())
    with pytest.raises(ValueError, match=r"For one series, call model.*to_panel"):
        score_panel(model, panel.reset_index())


def test_a_model_that_is_not_fitted_is_refused_before_anything_is_sent(model, panel):
    with pytest.raises(NotFittedError):
        score_panel(clone(model), panel)


def test_parameters_that_do_not_apply_are_refused(model, panel, table, tmp_path):
    with pytest.raises(ValueError, match="series='series': a DataFrame has them already"):
        score_panel(model, panel, series="series")
    with pytest.raises(ValueError, match=r"out='there': for Parquet files only"):
        score_panel(model, panel, out="there")
    path = tmp_path / "rows.parquet"
    table.to_parquet(path)
    with pytest.raises(ValueError, match="series=None and time='time' must name the columns of a PosixPath"):
        score_panel(model, path, time="time")
    with pytest.raises(ValueError, match="a ParquetPanel has them already"):
        score_panel(model, ParquetPanel(path, series="series", time="time"), columns=["value"])


def test_columns_of_files_are_those_of_fit(model, table, tmp_path):
    path = tmp_path / "rows.parquet"
    table.to_parquet(path)
    assert len(score_panel(model, str(path), series="series", time="time")) == len(table)
    with pytest.raises(RuntimeError, match="5 of 5 series could not be scored"):
        score_panel(model, path, series="series", time="time", columns=["label"])
