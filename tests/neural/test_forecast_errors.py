"""Errors of forecasts, by horizon and by row."""

import numpy as np
import pytest

from sktsad._core import Windows
from sktsad.neural import _forecast_errors
from sktsad.neural._forecast_errors import RowErrors, UsualErrors
from sktsad.neural._row_layout import lay_out

VALUES = np.arange(12.0).reshape(6, 2)
LAYOUT = lay_out(Windows.from_dense(VALUES, 2), "auto", 3, "float64")
#: Forecasts that are off by 1 for the next row and by 10 for the one after, in the second channel twice as much.
FORECASTS = np.array(
    [[VALUES[min(t + k, 5)] + 10 ** (k - 1) * np.array([1, 2]) for k in (1, 2)] for t in range(6)]
)
NO_ENDS = np.zeros(0, dtype=int)


def usual(learnt):
    errors = UsualErrors(LAYOUT, 2, "absolute_error", np.array(learnt), NO_ENDS)
    errors(np.arange(4), FORECASTS[:4])
    errors(np.arange(4, 6), FORECASTS[4:])
    return errors.usual()


def test_usual_errors_are_medians_over_rows_that_are_learnt_from():
    np.testing.assert_allclose(usual([True] * 6), [[1, 2], [10, 20]])
    np.testing.assert_allclose(
        usual([False, True, False, False, False, False]), [[1, 2], [1, 1]]
    )  # none 2 ahead
    assert (usual([False] * 6) == 1).all()


def test_where_most_errors_are_0_the_mean_is_usual_and_1_where_all_are():
    errors = UsualErrors(LAYOUT, 1, "squared_error", np.ones(6, bool), NO_ENDS)
    forecasts = VALUES[np.minimum(np.arange(6) + 1, 5)][:, None].copy()
    forecasts[0, 0, 0] += 5
    errors(np.arange(6), forecasts)
    np.testing.assert_allclose(errors.usual(), [[25 / 5, 1]])
    assert (UsualErrors(LAYOUT, 1, "squared_error", np.ones(6, bool), NO_ENDS).usual() == 1).all()


def test_of_very_many_rows_some_are_looked_at(monkeypatch):
    monkeypatch.setattr(_forecast_errors, "_SAMPLE", 3)
    looked_at = UsualErrors(LAYOUT, 1, "squared_error", np.ones(6, bool), NO_ENDS).looked_at
    assert 0 < looked_at.sum() < 6


def test_of_wide_forecasts_fewer_rows_are_looked_at(monkeypatch):
    def n_looked_at(n_rows, horizon):
        layout = lay_out(Windows.from_dense(np.zeros((n_rows, 2)), 2), "auto", 3, "float64")
        errors = UsualErrors(layout, horizon, "squared_error", np.ones(n_rows, bool), NO_ENDS)
        return errors.looked_at.mean()

    monkeypatch.setattr(_forecast_errors, "_MAX_VALUES", 12_000)
    assert n_looked_at(2000, 3) == 1  # 2,000 of them
    assert n_looked_at(3000, 3) == pytest.approx(2 / 3, abs=0.05)
    assert n_looked_at(3000, 100) == pytest.approx(1024 / 3000, abs=0.05)


@pytest.mark.parametrize("by_channel", [True, False])
def test_errors_of_a_row_are_averaged_over_its_forecasts_in_their_units(by_channel):
    errors = RowErrors(LAYOUT, "absolute_error", np.array([[1.0, 1], [5, 5]]), by_channel)
    errors(np.arange(6), FORECASTS)
    expected = np.array([[1, 1], [1, 2], *[[1.5, 3]] * 4])
    np.testing.assert_allclose(
        errors.scores(), expected if by_channel else expected.mean(axis=1, keepdims=True)
    )


def test_forecasts_made_before_count_for_the_rows_they_are_of():
    learner = UsualErrors(LAYOUT, 2, "absolute_error", np.ones(6, bool), np.array([0, 4]))
    learner(np.arange(6), FORECASTS)
    kept = learner.kept()
    np.testing.assert_array_equal(kept[1], FORECASTS[[4, 3]])
    np.testing.assert_array_equal(kept[0, 0], FORECASTS[0])
    assert np.isnan(kept[0, 1]).all()  # no row before the first
    rest = lay_out(Windows.from_dense(np.zeros((2, 2)), 2), "auto", 3, "float64")
    errors = RowErrors(rest, "absolute_error", np.ones((2, 2)), True)
    errors.go_on(kept[1:])
    errors(np.arange(2), np.ones((2, 2, 2)))
    first = (FORECASTS[4, 0] + FORECASTS[3, 1]) / 2
    np.testing.assert_allclose(errors.scores(), [first, (FORECASTS[4, 1] + 1) / 2])


def test_forecasts_kept_before_a_segment_are_kept_on():
    horizon = 3
    learner = UsualErrors(LAYOUT, horizon, "absolute_error", np.ones(6, bool), np.array([0, 1, 5]))
    made = np.arange(6 * horizon * 2, dtype=float).reshape(6, horizon, 2)
    learner(np.arange(6), made)
    before = -np.arange(horizon * horizon * 2, dtype=float).reshape(1, horizon, horizon, 2)
    kept = learner.kept(before)
    np.testing.assert_array_equal(kept[0], [made[0], before[0, 0], before[0, 1]])
    np.testing.assert_array_equal(kept[1], [made[1], made[0], before[0, 0]])
    np.testing.assert_array_equal(kept[2], made[[5, 4, 3]])
