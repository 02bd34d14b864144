import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.estimator_checks import (
    check_global_output_transform_pandas,
    check_set_output_transform_pandas,
)

from sktsad import SlidingWindow, WindowScaler
from sktsad._core._windows import Windows

SCALERS = [None, MinMaxScaler((1, 2)), RobustScaler()]
PANEL = pd.DataFrame(
    {"u": np.arange(60.0) ** 2, "v": np.sin(np.arange(60.0))},
    index=pd.MultiIndex.from_product([["a", "b", "c"], range(20)], names=["series", "time"]),
)


def state(estimator):
    return pickle.dumps(vars(estimator))


WINDOWS = SlidingWindow(3).fit_transform(PANEL)
DENSE = np.asarray(WINDOWS)
NAMED = SlidingWindow(3).set_output(transform="pandas").fit_transform(PANEL)


def scale_dense(X, scaler, fitted_on=DENSE):
    """All time steps of all windows as rows, one column a channel."""
    own = StandardScaler() if scaler is None else clone(scaler)
    return own.fit(fitted_on.reshape(-1, 2)).transform(X.reshape(-1, 2)).reshape(X.shape)


@pytest.mark.parametrize("scaler", SCALERS, ids=["default", "min-max", "robust"])
@pytest.mark.parametrize(
    ("X", "n_channels"),
    [(WINDOWS, None), (WINDOWS[7:30], 2), (DENSE, 2), (DENSE.reshape(-1, 3, 2), None), (NAMED, None)],
    ids=["windows", "some windows", "flat", "3-D", "names"],
)
def test_windows_are_scaled_channel_by_channel_and_back(scaler, X, n_channels):
    window_scaler = WindowScaler(scaler, n_channels=n_channels)
    scaled = window_scaler.fit_transform(X)
    assert type(scaled) is type(X)
    assert np.allclose(scaled, scale_dense(np.asarray(X), scaler, fitted_on=np.asarray(X)), rtol=1e-12)
    assert np.allclose(window_scaler.inverse_transform(scaled), X, atol=1e-9)
    assert scaled.shape == X.shape


@pytest.mark.parametrize("scaler", SCALERS, ids=["default", "min-max", "robust"])
def test_a_plain_row_is_one_channel(scaler):
    scaled = WindowScaler(scaler).fit_transform(DENSE)
    own = StandardScaler() if scaler is None else clone(scaler)
    assert np.allclose(scaled, own.fit_transform(DENSE.reshape(-1, 1)).reshape(DENSE.shape))


def test_later_windows_are_scaled_by_what_fit_saw_in_whatever_form_they_come():
    scaler = WindowScaler().fit(WINDOWS[:40])
    expected = scale_dense(DENSE[40:], None, fitted_on=DENSE[:40])
    assert np.allclose(scaler.transform(WINDOWS[40:]), expected)
    assert np.allclose(scaler.transform(DENSE[40:].reshape(-1, 3, 2)), expected.reshape(-1, 3, 2))


def test_a_scaler_that_learns_in_parts_sees_every_window_and_never_all_at_once(monkeypatch):
    class InParts(StandardScaler):
        def partial_fit(self, X, y=None):
            assert len(X) < DENSE.size / 2
            return super().partial_fit(X)

    monkeypatch.setattr(Windows, "chunks", lambda windows: [slice(0, 25), slice(25, 40), slice(40, 60)])
    assert np.allclose(WindowScaler(InParts()).fit_transform(WINDOWS), scale_dense(DENSE, None))


def test_windows_keep_their_index_and_memory_stays_that_of_the_rows():
    scaled = WindowScaler().fit_transform(WINDOWS)
    assert scaled.index is WINDOWS.index
    assert scaled.buffer.shape == WINDOWS.buffer.shape


@pytest.mark.parametrize("output", ["default", "pandas"])
def test_a_frame_of_windows_keeps_the_names_that_tell_the_layout(output):
    scaled = WindowScaler().set_output(transform=output).fit_transform(NAMED)
    assert scaled.columns.tolist() == NAMED.columns.tolist()
    assert scaled.index.equals(NAMED.index)


def test_what_comes_out_may_be_written_to_and_what_goes_in_is_left_alone():
    X = DENSE.copy()
    for scaler in (StandardScaler(), StandardScaler(copy=False)):
        WindowScaler(scaler, n_channels=2).fit_transform(X)[:] = 0
        assert np.array_equal(X, DENSE)
        WindowScaler(scaler).fit_transform(WINDOWS)
        assert np.array_equal(WINDOWS, DENSE)


@pytest.mark.parametrize(
    ("fitted_on", "X", "fix"),
    [
        (WINDOWS, DENSE, "pass n_channels=2"),
        (DENSE, WINDOWS, "pass n_channels=2"),
        (DENSE.reshape(-1, 3, 2), DENSE.reshape(-1, 2, 3), "Steps and channels are swapped"),
    ],
)
def test_another_layout_than_at_fit_is_refused_with_the_fix(fitted_on, X, fix):
    with pytest.raises(ValueError, match=rf"Fitted on windows of length \d .*{fix}"):
        WindowScaler().fit(fitted_on).transform(X)


@pytest.mark.parametrize(
    ("params", "X", "message"),
    [
        ({}, np.full((3, 6), np.nan), "NaN"),
        ({}, np.full((3, 6), np.inf), "infinity"),
        ({"n_channels": 4}, DENSE, "n_channels=4 does not divide the 6 values"),
        ({"n_channels": 3}, WINDOWS, "n_channels=3, but X has 2"),
        ({"n_channels": 0}, DENSE, "'n_channels' .* Got 0"),
        ({"scaler": "standard"}, DENSE, "'scaler' .* Got 'standard'"),
    ],
)
@pytest.mark.parametrize("is_fitted", [False, True], ids=["new", "fitted"])
def test_bad_windows_are_refused_and_leave_the_scaler_as_it_was(params, X, message, is_fitted):
    scaler = WindowScaler()
    if is_fitted:
        scaler.fit(WINDOWS)
    scaler.set_params(**params)
    before = state(scaler)
    with pytest.raises(ValueError, match=message):
        scaler.fit(X)
    assert state(scaler) == before


@pytest.mark.filterwarnings("ignore:X .*feature names")
@pytest.mark.parametrize(
    "check",
    [check_set_output_transform_pandas, check_global_output_transform_pandas],
    ids=["own", "global"],
)
def test_output_as_a_frame_is_as_scikit_learn_wants_it(check):
    check("WindowScaler", WindowScaler())
