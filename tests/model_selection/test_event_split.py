from itertools import groupby

import naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from strategies import tables

from sktsad.model_selection import EventSplit


def rows_by_series(X):
    """Positions of each series' rows, in time order."""
    rows = {}
    for number, (key, _, _) in enumerate(naive.rows_of(X)):
        rows.setdefault(key, []).append(number)
    return rows


def events_of(X, y):
    """Rows of each event, in a walk along every series."""
    return [
        list(run)
        for of_key in rows_by_series(X).values()
        for is_event, run in groupby(of_key, key=lambda row: y[row])
        if is_event
    ]


@st.composite
def tables_with_events(draw, n_splits):
    """A table and labels with at least an event for each fold."""
    X = draw(tables(max_rows=20))
    y = np.array(draw(st.lists(st.sampled_from([0, 0, 1]), min_size=len(X), max_size=len(X))))
    assume(len(events_of(X, y)) >= n_splits)
    return X, y


n_folds = st.shared(st.integers(2, 4), key="n_folds")
tables_with_enough_events = n_folds.flatmap(tables_with_events)


def panel(*labels):
    """A series for each string of labels."""
    keys = [
        (name, time) for name, of_key in zip("abcdef", labels, strict=False) for time in range(len(of_key))
    ]
    y = pd.Series(
        [int(label) for of_key in labels for label in of_key], index=pd.MultiIndex.from_tuples(keys)
    )
    return y.to_frame("value"), y


# Folds


@given(tables_with_enough_events, n_folds)
def test_every_row_is_tested_once_and_no_event_is_cut_in_two(table, n_splits):
    X, y = table
    tests = [test.tolist() for _, test in EventSplit(n_splits).split(X, y)]
    assert sorted(row for test in tests for row in test) == list(range(len(X)))
    assert all(test == sorted(test) for test in tests)
    for event in events_of(X, y):
        assert sum(bool(set(event) & set(test)) for test in tests) == 1


@given(tables_with_enough_events, n_folds)
def test_events_are_shared_out_evenly(table, n_splits):
    X, y = table
    events = events_of(X, y)
    shares = [sum(event[0] in test for event in events) for _, test in EventSplit(n_splits).split(X, y)]
    assert sum(shares) == len(events)
    assert max(shares) - min(shares) <= 1


@given(tables_with_enough_events, n_folds, st.integers(0, 2))
def test_training_is_all_rows_further_than_the_gap_from_the_test_block_of_their_series(table, n_splits, gap):
    X, y = table
    folds = EventSplit(n_splits).split(X, y)
    expected = []
    for _, test in folds:
        far = []
        for of_key in rows_by_series(X).values():
            block = [number for number, row in enumerate(of_key) if row in test]
            assert block == list(range(len(of_key)))[block[0] : block[-1] + 1] if block else True
            far += [
                row
                for number, row in enumerate(of_key)
                if all(abs(number - tested) > gap for tested in block)
            ]
        expected.append((sorted(far), test.tolist()))
    assume(all(y[train].any() for train, _ in expected))
    gapped = EventSplit(n_splits, gap=gap).split(X, y)
    assert [(train.tolist(), test.tolist()) for train, test in gapped] == expected


def letters_of_folds(n_splits, *labels):
    """Letter of the fold that tests a row, in the place of its label."""
    X, y = panel(*labels)
    fold_of_row = np.empty(len(X), dtype=object)
    for fold, (_, test) in enumerate(EventSplit(n_splits).split(X, y)):
        fold_of_row[test] = "ABCDE"[fold]
    return ["".join(fold_of_row[of_key]) for of_key in rows_by_series(X).values()]


@pytest.mark.parametrize(
    ("n_splits", "labels", "expected"),
    [
        (2, ["1001"], ["AABB"]),
        (2, ["00011010"], ["AAAAABBB"]),  # an event that the middle would cut
        (2, ["00000101"], ["AAAAAABB"]),  # as near to the middle as the events leave room for
        (2, ["10100000"], ["AABBBBBB"]),
        (3, ["100100100"], ["AAABBBCCC"]),
        (2, ["000010", "000010", "000010"], ["AAABBB", "BBBAAA", "AAABBB"]),  # for the fold with fewest
        (2, ["00000001", "10000000"], ["AAAABBBB", "AAAABBBB"]),  # blocks stay equally long
        (3, ["000100", "000100", "000100"], ["AABBCC", "BBAACC", "AACCBB"]),
    ],
)
def test_blocks_are_as_equally_long_as_the_events_leave_room_for(n_splits, labels, expected):
    assert letters_of_folds(n_splits, *labels) == expected


def test_a_series_of_few_rows_is_in_some_folds_only():
    assert letters_of_folds(3, "1", "10100", "0101") == ["C", "ABBCC", "ABCC"]


def test_an_array_is_one_series():
    y = np.array([0, 1, 0, 0, 1, 0])
    for form in (np.zeros((6, 1)), [[0]] * 6):
        (_, first), (_, second) = EventSplit(2).split(form, y)
        assert (first.tolist(), second.tolist()) == ([0, 1, 2], [3, 4, 5])


# Too few events, lost and bad input


def test_too_few_events_are_warned_of():
    X, y = panel("0100", "0000")
    with pytest.warns(UserWarning) as caught:
        folds = list(EventSplit(2).split(X, y))
    assert [test.tolist() for _, test in folds] == [[0, 1, 4, 5], [2, 3, 6, 7]]
    assert [str(one.message).split(":")[0] for one in caught] == [
        "1 event(s) for n_splits=2 folds",
        "The training rows of fold 0 contain no anomaly",
        "The test rows of fold 1 contain no anomaly",
    ]


def test_a_target_without_events_is_cut_into_equal_blocks_with_a_warning():
    with pytest.warns(UserWarning, match=r"0 event\(s\) for n_splits=3 .*Use fewer folds"):
        assert [len(test) for _, test in EventSplit(3).split(np.zeros((9, 1)), np.zeros(9))] == [3, 3, 3]


@pytest.mark.filterwarnings("ignore:.*n_splits=3 folds")
@pytest.mark.parametrize(
    ("splitter", "y", "message"),
    [
        (EventSplit(2, gap=9), [1, 0, 0, 1], "Fold 0 has no training rows. Use fewer folds or a smaller gap"),
        (EventSplit(3), [0, 0], "Fold 0 has no test rows"),
    ],
)
def test_a_fold_without_rows_is_refused(splitter, y, message):
    with pytest.raises(ValueError, match=message):
        list(splitter.split(np.zeros((len(y), 1)), y))


@pytest.mark.parametrize(
    ("params", "y", "message"),
    [
        ({}, None, "EventSplit needs y, .*use SeriesSplit"),
        ({"n_splits": 1}, [0, 1, 0, 1], "'n_splits' .* Got 1"),
        ({"gap": -1}, [0, 1, 0, 1], "'gap' .* Got -1"),
        ({}, [0, 1], "inconsistent numbers of samples"),
        ({}, panel("0101")[1], r"X has lost it.*\.set_output"),
    ],
)
def test_bad_input_is_refused(params, y, message):
    with pytest.raises(ValueError, match=message):
        next(EventSplit(**params).split(np.zeros((4, 1)), y))


def test_it_shows_its_parameters_and_counts_its_folds():
    assert repr(EventSplit(3, gap=2)) == "EventSplit(gap=2, n_splits=3)"
    assert EventSplit(3).get_n_splits() == 3


# In scikit-learn


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_cross_val_predict_predicts_every_row_by_a_model_that_has_not_seen_its_block(n_jobs):
    X, y = panel("0011000110", "0100000010")
    folds = EventSplit(2, gap=1)
    expected = np.empty(len(X))
    for train, test in folds.split(X, y):
        expected[test] = (
            LogisticRegression().fit(X.iloc[train], y.iloc[train]).predict_proba(X.iloc[test])[:, 1]
        )
    predicted = cross_val_predict(LogisticRegression(), X, y, cv=folds, n_jobs=n_jobs, method="predict_proba")
    np.testing.assert_allclose(predicted[:, 1], expected)


def test_a_gap_in_time_is_that_of_each_clock():
    X = pd.DataFrame({"x": np.zeros(60)}, pd.date_range("2026", periods=60, freq="10min"))
    X = X.drop(X.index[25:28])
    y = pd.Series(np.arange(57) % 19 == 5, X.index).astype(int)
    folds = list(EventSplit(3, gap="30min").split(X, y))
    whole = list(EventSplit(3).split(X, y))
    for (train, test), (all_others, _) in zip(folds, whole, strict=True):
        tested = X.index[test]
        far = (X.index < tested.min() - pd.Timedelta("30min")) | (
            X.index > tested.max() + pd.Timedelta("30min")
        )
        assert train.tolist() == np.flatnonzero(far).tolist()
        assert len(train) < len(all_others)
    with pytest.raises(
        ValueError, match=r"gap='30min' is a length of time, which needs dates in the index of X"
    ):
        next(EventSplit(3, gap="30min").split(X.to_numpy(), y.to_numpy()))


def test_which_of_two_words_is_the_anomaly_is_warned_of():
    y = np.array(["up", "off", "up", "up", "off", "off", "up", "off", "off"])
    with pytest.warns(UserWarning, match="'up', the last in sorted order, is taken as the anomaly"):
        folds = list(EventSplit(3).split(np.zeros((9, 1)), y))
    assert [test.tolist() for _, test in folds] == [
        test.tolist() for _, test in EventSplit(3).split(np.zeros((9, 1)), y == "up")
    ]
