import numpy as np
import pandas as pd
import pytest

from sktsad.metrics._labelled_rows import count_between, read_labels, read_predictions, read_scores

INTERLEAVED = pd.MultiIndex.from_tuples([("b", 0), ("a", 0), ("b", 1), ("a", 1), ("b", 2)])


def test_rows_are_read_series_by_series_in_the_order_they_appear():
    rows = read_scores(pd.Series([0, 1, 0, 0, 1], index=INTERLEAVED), [10, 20, 11, 21, 12])
    assert rows.values.tolist() == [10, 11, 12, 20, 21]
    assert rows.positive.tolist() == [False, False, True, True, False]
    rows = read_predictions([0, 1, 0, 0, 1], pd.Series([1, 0, 0, 0, 1], index=INTERLEAVED))
    assert rows.values.tolist() == [True, False, True, False, False]
    assert rows.positive.tolist() == [False, False, True, True, False]


def test_scores_of_a_small_type_are_numbers():
    scores = np.array([200, 3], dtype=np.uint8)
    assert (-read_scores([0, 1], scores).values).tolist() == [-200, -3]


def test_runs_end_with_their_series():
    rows = read_labels(pd.Series([0, 1, 0, 0, 1], index=INTERLEAVED))
    starts, stops = rows.runs(rows.positive)
    assert starts.tolist() == [2, 3] and stops.tolist() == [3, 4]
    starts, stops = rows.runs(np.ones(5, dtype=bool))
    assert starts.tolist() == [0, 3] and stops.tolist() == [3, 5]
    starts, stops = rows.runs(np.zeros(5, dtype=bool))
    assert len(starts) == len(stops) == 0


def test_labels_alone_are_their_own_values_and_need_no_anomaly():
    rows = read_labels(["good", "bad", "good"], pos_label="bad")
    assert rows.values.tolist() == rows.positive.tolist() == [False, True, False]
    assert not read_labels([0, 0]).positive.any()


def test_rows_are_counted_between_starts_and_stops():
    mask = np.array([True, True, False, True])
    assert count_between(mask, np.array([0, 1, 3, 2]), np.array([2, 4, 4, 2])).tolist() == [2, 2, 1, 0]


@pytest.mark.parametrize(
    ("y_true", "y_pred", "pos_label"),
    [
        ([False, True], np.array([0, 1]), 1),
        ([0.0, 1.0], [False, True], True),
        ([-1, 1], [1, 1], 1),
        (["good", "bad"], pd.Series(["bad", "bad"]), "bad"),
        (pd.Series(["good", "bad"], dtype="category"), ["good", "good"], "bad"),
    ],
)
def test_labels_of_both_may_differ_in_kind_but_not_in_meaning(y_true, y_pred, pos_label):
    rows = read_predictions(y_true, y_pred, pos_label)
    assert rows.positive.tolist() == [False, True]
    assert rows.values.tolist() == (np.array(y_pred) == pos_label).tolist()


@pytest.mark.parametrize(
    ("y_true", "y_pred", "message"),
    [
        ([0, 1], [1, -1], r"y_true and y_pred must contain two labels.*got \[-1, 0, 1\].*y_pred == -1"),
        (["good", "bad"], [0, 1], r"must contain two labels"),
        ([0, 0], [0, 1], r"y_true has no anomalous row among its 2 .*nothing to find"),
        ([0, 1], [0.2, 0.7, 0.1], r"inconsistent numbers of samples"),
        ([0, 1, 0], [0.2, 0.7, 0.1], r"y_true and y_pred must contain two labels.*pass y_score >"),
        ([0, 1, 2], [0, 1, 1], r"must contain two labels.*got \[0, 1, 2\]"),
        ([0, 1], [0, np.nan], r"y_pred contains NaN"),
        ([0, 1], np.ones((2, 2)), r"1d array"),
    ],
)
def test_predictions_that_are_none_of_the_labels_are_refused(y_true, y_pred, message):
    with pytest.raises(ValueError, match=message):
        read_predictions(y_true, y_pred)


def test_predictions_in_another_order_than_the_labels_are_refused():
    y = pd.Series([0, 1, 0, 0, 1], index=INTERLEAVED)
    with pytest.raises(ValueError, match=r"matched by position.*y_pred.loc\[y_true.index\]"):
        read_predictions(y, y.sort_index())


def test_labels_alone_are_checked():
    with pytest.raises(ValueError, match=r"y must contain two labels.*got \[0, 1, 2\]"):
        read_labels([0, 1, 2])
    with pytest.raises(
        ValueError, match=r"y must contain two labels, one of them pos_label=1, got \['bad', 'good'\]"
    ):
        read_labels(["good", "bad"])
