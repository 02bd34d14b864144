"""Rows laid out segment by segment."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from strategies import tables

from sktsad import StatefulRNNClassifier
from sktsad.neural._row_layout import check_rows, lay_out


@given(X=tables())
def test_segments_hold_neighbouring_rows_of_one_series_in_time_order(X):
    windows = check_rows(StatefulRNNClassifier(), X, reset=True)
    layout = lay_out(windows, "auto", 1, "float64")
    table = X.to_numpy()
    np.testing.assert_array_equal(layout.unsort(layout.values), table)
    np.testing.assert_array_equal(layout.sort(table), layout.values)
    keys = X.index.get_level_values(0) if isinstance(X.index, pd.MultiIndex) else [None] * len(X)
    times = X.index.get_level_values(-1).to_numpy().astype(float)
    series = layout.sort(np.unique(np.array(keys, dtype=str), return_inverse=True)[1])
    times = layout.sort(times)
    steps = {}
    for start, stop, owner in zip(layout.starts, layout.stops, layout.owner, strict=True):
        assert len(set(series[start:stop])) == 1
        assert layout.rows.keys[owner] == keys[layout.rows.order[start]]
        assert (np.diff(times[start:stop]) > 0).all()
        steps.setdefault(owner, layout.steps[owner])
    assert layout.starts[0] == 0
    np.testing.assert_array_equal(layout.stops, [*layout.starts[1:], len(X)])


def test_rows_in_order_are_not_copied():
    X = np.zeros((5, 2))
    windows = check_rows(StatefulRNNClassifier(), X, reset=True)
    assert np.shares_memory(lay_out(windows, "auto", 3, "float64").values, X)
    assert windows.channel_names == ["x0", "x1"]


def test_windows_in_another_order_are_the_rows_in_that_order():
    X = np.arange(10.0).reshape(5, 2)
    windows = check_rows(StatefulRNNClassifier(), X, reset=True)
    for order in ([3, 1, 4], [1, 2, 3]):
        np.testing.assert_array_equal(lay_out(windows[order], "auto", 3, "float64").values, X[order])


def test_frames_with_columns_of_windows_are_refused():
    X = pd.DataFrame(np.zeros((5, 2)), columns=["x0_t-1", "x0_t-0"])
    with pytest.raises(ValueError, match="got windows of 2 rows"):
        check_rows(StatefulRNNClassifier(), X, reset=True)
    check_rows(StatefulRNNClassifier(), X[["x0_t-0"]], reset=True)
