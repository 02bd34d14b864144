import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sktsad.metrics import SCORERS, random_baseline, ucr_accuracy


def one_hot(row, n_rows=1000):
    return (np.arange(n_rows) == row).astype(float)


def labels(start, stop, n_rows=1000):
    return ((np.arange(n_rows) >= start) & (np.arange(n_rows) < stop)).astype(int)


@pytest.mark.parametrize(
    "start, stop, row, hit",
    [
        (500, 510, 500, 1),
        (500, 510, 400, 1),
        (500, 510, 399, 0),
        (500, 510, 609, 1),
        (500, 510, 610, 0),
        (500, 700, 300, 1),  # an anomaly of 200 rows reaches 200 rows
        (500, 700, 299, 0),
        (500, 700, 899, 1),
        (500, 700, 900, 0),
    ],
)
def test_the_largest_score_may_be_100_rows_off_or_as_many_as_the_anomaly_has(start, stop, row, hit):
    assert ucr_accuracy(labels(start, stop), one_hot(row)) == hit


def test_the_tolerance_and_the_label_can_be_chosen():
    y = np.where(labels(500, 501), "odd", "normal")
    assert ucr_accuracy(y, one_hot(495), tolerance=5, pos_label="odd") == 1
    assert ucr_accuracy(y, one_hot(495), tolerance=4, pos_label="odd") == 0


def test_each_series_counts_once():
    index = pd.MultiIndex.from_product([["a", "b", "c"], range(400)])
    y = pd.Series(np.tile(labels(200, 203, 400), 3), index)
    score = pd.Series(np.concatenate([one_hot(200, 400), 5 * one_hot(10, 400), one_hot(290, 400)]), index)
    assert ucr_accuracy(y, score) == pytest.approx(2 / 3)
    assert ucr_accuracy(y.to_numpy(), score) == pytest.approx(2 / 3)
    shuffled = np.random.default_rng(0).permutation(["c", "a", "b"])
    assert ucr_accuracy(y.loc[shuffled], score.loc[shuffled]) == pytest.approx(2 / 3)


def test_of_several_anomalies_any_will_do():
    y = labels(200, 201) + labels(800, 801)
    assert [ucr_accuracy(y, one_hot(row)) for row in (250, 500, 850)] == [1, 0, 1]


@given(st.integers(0, 39), st.lists(st.integers(0, 3), min_size=40, max_size=40), st.integers(0, 9))
def test_by_hand(start, scores, tolerance):
    y = labels(start, start + 5, 40)
    reach = max(tolerance, y.sum())
    on = [y[max(0, row - reach) : row + reach + 1].any() for row in range(40)]
    top = [row for row in range(40) if scores[row] == max(scores)]
    assert ucr_accuracy(y, scores, tolerance=tolerance) == pytest.approx(np.mean([on[row] for row in top]))


@pytest.mark.slow
@pytest.mark.no_cover  # many draws
def test_a_constant_score_gets_what_a_random_one_gets():
    y = labels(500, 510)
    assert ucr_accuracy(y, np.zeros(1000)) == 0.21
    assert random_baseline(y, ucr_accuracy, n_draws=2000, random_state=0) == pytest.approx(0.21, abs=0.03)


def test_a_series_without_anomaly_is_named():
    index = pd.MultiIndex.from_product([["a", "calm"], range(10)])
    y = pd.Series(np.r_[labels(3, 4, 10), np.zeros(10, int)], index)
    with pytest.raises(ValueError, match=r"The series 'calm' has no anomaly .*Leave the series out"):
        ucr_accuracy(y, np.zeros(20))


def test_a_parameter_out_of_range_is_named():
    with pytest.raises(ValueError, match="The 'tolerance' parameter of ucr_accuracy must be"):
        ucr_accuracy([0, 1], [0, 1], tolerance=-1)


def test_it_is_no_scorer_for_searches_have_folds_without_anomaly():
    assert "ucr_accuracy" not in SCORERS
