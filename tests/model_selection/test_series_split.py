import naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from strategies import tables

from sktsad import GaussianDetector, SlidingWindow
from sktsad.datasets import make_kpi
from sktsad.model_selection import SeriesSplit

INDEX = pd.MultiIndex.from_product([["a", "b"], range(12)], names=["series", "time"])
PANEL = pd.DataFrame({"u": np.arange(24.0) % 5, "v": np.arange(24.0) % 3}, index=INDEX)
TARGET = pd.Series(np.arange(24) % 3 == 0, index=INDEX).astype(int)

splitters = st.builds(
    SeriesSplit,
    st.integers(1, 3),
    gap=st.integers(0, 2),
    test_size=st.sampled_from([None, 1, 2]),
    expanding=st.booleans(),
)


def rows_by_series(X):
    """Positions of each series' rows, in time order."""
    rows = {}
    for number, (key, _, _) in enumerate(naive.rows_of(X)):
        rows.setdefault(key, []).append(number)
    return rows


def first_train(splitter, n):
    """Rows in the first training block, below 1 if there are too few; 0 for blocks without rows."""
    size = splitter.test_size or n // (splitter.n_splits + 1)
    return size and n - splitter.n_splits * size - splitter.gap


def without_short_series(X, splitter):
    """Drop the series that are too short for the folds."""
    of_series = rows_by_series(X).values()
    left = [row for of_key in of_series if first_train(splitter, len(of_key)) > 0 for row in of_key]
    assume(left)
    return X.iloc[sorted(left)]


def folds_of_scikit_learn(splitter, n):
    """Folds of one series of n rows: TimeSeriesSplit, which wants two folds or more."""
    size = splitter.test_size or n // (splitter.n_splits + 1)
    longest = None if splitter.expanding else first_train(splitter, n)
    folds = TimeSeriesSplit(
        max(2, splitter.n_splits), gap=splitter.gap, test_size=size, max_train_size=longest
    )
    if splitter.n_splits > 1:
        return list(folds.split(range(n)))
    train = np.arange(n - size - splitter.gap)
    return [(train, np.arange(n - size, n))]


def as_lists(folds):
    return [(train.tolist(), test.tolist()) for train, test in folds]


# By position


@given(tables(max_rows=24), splitters)
def test_every_series_is_cut_as_scikit_learn_cuts_one(X, splitter):
    X = without_short_series(X, splitter)
    rows = rows_by_series(X)
    folds = list(splitter.split(X))
    assert len(folds) == splitter.get_n_splits() == splitter.n_splits
    for of_key in rows.values():
        expected = folds_of_scikit_learn(splitter, len(of_key))
        for (train, test), (own_train, own_test) in zip(folds, expected, strict=True):
            assert [row for row in of_key if row in train] == [of_key[i] for i in own_train]
            assert [row for row in of_key if row in test] == [of_key[i] for i in own_test]


@given(tables(max_rows=24), splitters)
def test_training_ends_a_gap_before_the_test_in_every_series(X, splitter):
    X = without_short_series(X, splitter)
    rows = rows_by_series(X)
    tested = []
    for train, test in splitter.split(X):
        assert not set(train) & set(test)
        assert (np.diff(train) > 0).all()
        assert (np.diff(test) > 0).all()
        for of_key in rows.values():
            last_train = max(of_key.index(row) for row in train if row in of_key)
            first_test = min(of_key.index(row) for row in test if row in of_key)
            assert first_test - last_train - 1 == splitter.gap
        tested += test.tolist()
    assert len(tested) == len(set(tested))


@pytest.mark.parametrize("n_rows", [12, 13, 17])
@pytest.mark.parametrize("params", [{}, {"gap": 2}, {"test_size": 2}, {"gap": 1, "test_size": 3}], ids=str)
@pytest.mark.parametrize(
    "form", [np.zeros, lambda shape: pd.DataFrame(np.zeros(shape)), lambda s: [[0]] * s[0]]
)
def test_one_series_is_cut_as_by_scikit_learn(n_rows, params, form):
    X = form((n_rows, 1))
    ours, theirs = SeriesSplit(3, **params), TimeSeriesSplit(3, **params)
    assert as_lists(ours.split(X)) == as_lists(theirs.split(X))


@pytest.mark.parametrize("by", ["position", "time"])
def test_training_that_slides_is_always_as_long(by):
    trains = [train for train, _ in SeriesSplit(4, gap=1, expanding=False, by=by).split(PANEL)]
    assert [len(train) for train in trains] == [2 * 3] * 4
    assert [PANEL.index[train[0]] for train in trains] == [("a", start) for start in (0, 2, 4, 6)]


def test_interleaved_series_are_cut_like_series_one_after_the_other():
    mixed = PANEL.iloc[np.arange(24).reshape(2, 12).T.ravel()]
    for (train, test), (own_train, own_test) in zip(
        SeriesSplit(3).split(mixed), SeriesSplit(3).split(PANEL), strict=True
    ):
        assert set(mixed.index[train]) == set(PANEL.index[own_train])
        assert set(mixed.index[test]) == set(PANEL.index[own_test])


# By time


@given(tables(), splitters)
def test_by_time_all_series_are_cut_at_the_same_instants(X, splitter):
    times = np.array([time for _, time, _ in naive.rows_of(X)])
    stamps = np.array(sorted(set(times.tolist())))
    assume(first_train(splitter, len(stamps)) > 0)
    splitter.by = "time"
    expected = folds_of_scikit_learn(splitter, len(stamps))
    for (train, test), (train_stamps, test_stamps) in zip(splitter.split(X), expected, strict=True):
        assert train.tolist() == np.flatnonzero(np.isin(times, stamps[train_stamps])).tolist()
        assert test.tolist() == np.flatnonzero(np.isin(times, stamps[test_stamps])).tolist()


def test_by_time_a_series_that_starts_late_is_in_later_folds_only():
    late = PANEL.loc[["a"]], PANEL.loc[["b"]].rename(lambda time: time + 12, level="time")
    (train, test), (later_train, later_test) = SeriesSplit(2, by="time").split(pd.concat(late))
    assert (train.tolist(), test.tolist()) == (list(range(8)), list(range(8, 16)))
    assert (later_train.tolist(), later_test.tolist()) == (list(range(16)), list(range(16, 24)))


def test_by_time_nanoseconds_are_told_apart():
    X = pd.DataFrame({"value": range(6)}, index=pd.date_range("2024", periods=6, freq="ns"))
    assert as_lists(SeriesSplit(2, by="time").split(X)) == as_lists(SeriesSplit(2).split(X))


@pytest.mark.parametrize("X", [PANEL.to_numpy(), PANEL.set_axis(list("abcdefghijklmnopqrstuvwx"))])
def test_by_time_needs_time(X):
    with pytest.raises(ValueError, match=r"by='time' needs the time .* Use by='position'"):
        next(SeriesSplit(by="time").split(X))


# Bad input


@pytest.mark.parametrize(
    ("splitter", "X", "message"),
    [
        (
            SeriesSplit(5),
            np.zeros((5, 1)),
            "The rows are too few, 5, for n_splits=5, test_size=None and gap=0",
        ),
        (SeriesSplit(2, gap=4), np.zeros((6, 1)), "too few, 6, .*gap=4"),
        (SeriesSplit(2, test_size=3), np.zeros((6, 1)), "too few, 6, .*test_size=3"),
        (SeriesSplit(12, by="time"), PANEL, "The time stamps of all series are too few, 12,"),
        (
            SeriesSplit(2),
            PANEL.rename({"b": "KPI B"}).iloc[:14],
            "The rows of series 'KPI B' are too few, 2, for n_splits=2.* or drop short series",
        ),
        (SeriesSplit(0), PANEL, "'n_splits' .* Got 0"),
        (SeriesSplit(2.0), PANEL, r"'n_splits' .* Got 2\.0"),
        (SeriesSplit(gap=-1), PANEL, "'gap' .* Got -1"),
        (SeriesSplit(test_size=0), PANEL, "'test_size' .* Got 0"),
        (SeriesSplit(expanding="no"), PANEL, "'expanding' .* Got 'no'"),
        (SeriesSplit(by="date"), PANEL, "'by' .* Got 'date'"),
        (SeriesSplit(2), PANEL[::-1], "out of order"),
    ],
)
def test_bad_input_is_refused(splitter, X, message):
    with pytest.raises(ValueError, match=message):
        next(splitter.split(X))


def test_a_panel_that_lost_its_index_is_told_by_that_of_the_target():
    with pytest.raises(ValueError, match=r"X has lost it.*\.set_output\(transform='pandas'\)"):
        next(SeriesSplit(2).split(PANEL.to_numpy(), TARGET))


def test_a_target_of_another_length_is_refused():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        next(SeriesSplit(2).split(PANEL, TARGET[1:]))


def test_it_shows_its_parameters():
    shown = "SeriesSplit(by='time', expanding=False, gap=2, n_splits=3, partition=False,\n      test_size=4)"
    assert repr(SeriesSplit(3, gap=2, test_size=4, expanding=False, by="time")) == shown


# Folds without anomalies


ROWS = np.zeros((9, 1))


@pytest.mark.parametrize(
    ("y", "warned"),
    [
        ([1, 0, 0, 0, 0, 1, 0, 0, 0], ["test rows of fold 1"]),
        ([0, 0, 0, 0, 1, 0, 0, 0, 1], ["training rows of fold 0"]),
        (
            [0, 0, 0, 0, 0, 0, 0, 0, 1],
            ["training rows of fold 0", "test rows of fold 0", "training rows of fold 1"],
        ),
        (["up", "up", "up", "up", "off", "off", "off", "off", "off"], ["test rows of fold 1"]),
    ],
)
@pytest.mark.parametrize("form", [np.array, pd.Series, list, lambda y: np.array(y)[:, None]])
def test_a_fold_without_anomalies_is_warned_of(y, warned, form):
    with pytest.warns(UserWarning) as caught:
        assert len(list(SeriesSplit(2).split(ROWS, form(y)))) == 2
    assert [str(one.message).split(" contain no anomaly")[0] for one in caught] == [
        f"The {w}" for w in warned
    ]


@pytest.mark.parametrize(
    "y",
    [None, [1, 0, 0, 1, 0, 0, 1, 0, 0], [0] * 9, [1] * 9, ["normal"] * 9, np.arange(9.0), np.ones(9, bool)],
    ids=["none", "in every fold", "no anomaly", "all anomalies", "one name", "numbers", "true"],
)
def test_folds_with_anomalies_or_a_target_without_any_warn_of_nothing(y):
    assert len(list(SeriesSplit(2).split(ROWS, y))) == 2  # a warning would be an error


# In scikit-learn


@pytest.mark.parametrize("by", ["position", "time"])
def test_cross_val_score_scores_the_test_rows_of_each_fold(by):
    model, folds = LogisticRegression(), SeriesSplit(3, gap=1, by=by)
    expected = [
        clone(model).fit(PANEL.iloc[train], TARGET.iloc[train]).score(PANEL.iloc[test], TARGET.iloc[test])
        for train, test in folds.split(PANEL)
    ]
    assert cross_val_score(model, PANEL, TARGET, cv=folds).tolist() == expected


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_grid_search_scores_every_fold(n_jobs):
    folds = SeriesSplit(3, gap=1)
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 10.0]}, cv=folds, n_jobs=n_jobs).fit(
        PANEL, TARGET
    )
    assert search.n_splits_ == 3
    for candidate, C in enumerate([0.1, 10.0]):
        scores = [search.cv_results_[f"split{fold}_test_score"][candidate] for fold in range(3)]
        assert scores == cross_val_score(LogisticRegression(C=C), PANEL, TARGET, cv=folds).tolist()


# Lengths of time


@pytest.mark.parametrize("by", ["position", "time"])
@pytest.mark.parametrize("expanding", [True, False])
def test_lengths_of_time_are_rows_of_a_steady_clock(by, expanding):
    X = PANEL.set_axis(pd.MultiIndex.from_product([["a", "b"], pd.date_range("2026", periods=12, freq="2h")]))
    in_rows = SeriesSplit(2, gap=2, test_size=3, expanding=expanding, by=by).split(X)
    in_time = SeriesSplit(2, gap="4h", test_size=pd.Timedelta("6h"), expanding=expanding, by=by).split(X)
    for a, b in zip(in_rows, in_time, strict=True):
        assert [part.tolist() for part in a] == [part.tolist() for part in b]


def test_each_series_goes_by_its_own_clock_and_holes_count():
    hours = pd.date_range("2026", periods=240, freq="h")
    tables = {
        "a": pd.DataFrame({"x": np.zeros(240)}, hours),
        "b": pd.DataFrame({"x": np.zeros(40)}, hours[::6]),
    }
    X = pd.concat(tables, names=["series", "time"])
    X = X.drop(X.index[100:120])
    for train, test in SeriesSplit(3, gap="1D", test_size="2D").split(X):
        for key in "ab":
            kept, tested = (X.iloc[rows].loc[key].index for rows in (train, test))
            assert tested.min() - kept.max() > pd.Timedelta("1D")
            missed = [stamp for stamp in X.loc[key].index if kept.max() < stamp < tested.min()]
            assert all(tested.min() - stamp <= pd.Timedelta("1D") for stamp in missed)
            assert tested.max() - tested.min() < pd.Timedelta("2D")


def test_lengths_of_time_need_dates_and_enough_rows():
    with pytest.raises(
        ValueError, match=r"gap='1D' is a length of time, which needs dates .* it holds numbers"
    ):
        next(SeriesSplit(gap="1D").split(PANEL))
    X = pd.DataFrame({"x": [0.0]}, pd.date_range("2026", periods=1))
    with pytest.raises(ValueError, match=r"too few, 1, for n_splits=1, test_size='1D' and gap='2D'"):
        next(SeriesSplit(1, gap="2D", test_size="1D").split(X))


@pytest.mark.parametrize("by", ["position", "time"])
@pytest.mark.parametrize("expanding", [True, False])
def test_a_partition_tests_every_row_once_and_looks_ahead_in_its_first_fold_only(by, expanding):
    index = pd.MultiIndex.from_product([["a", "b"], pd.RangeIndex(23)], names=["series", "time"])
    X = pd.DataFrame({"x": np.zeros(46)}, index)
    splitter = SeriesSplit(3, gap=2, by=by, expanding=expanding, partition=True)
    plain = SeriesSplit(3, gap=2, by=by, expanding=expanding)
    folds = list(splitter.split(X))
    assert len(folds) == splitter.get_n_splits(X) == 4
    for fold, other in zip(folds[1:], plain.split(X), strict=True):
        np.testing.assert_array_equal(np.concatenate(fold), np.concatenate(other))
    np.testing.assert_array_equal(np.sort(np.concatenate([test for _, test in folds])), np.arange(46))
    train, test = folds[0]
    times = index.get_level_values("time").to_numpy()
    assert times[train].min() == times[test].max() + 3
    assert len(train) == (2 * (23 - 8 - 2) if expanding else len(folds[1][0]))
    hours = X.set_axis(pd.MultiIndex.from_product([["a", "b"], pd.date_range("2026", periods=23, freq="2h")]))
    in_time = SeriesSplit(3, gap="4h", by=by, expanding=expanding, partition=True).split(hours)
    np.testing.assert_array_equal(next(in_time)[0], train)


def test_members_are_stacked_by_folds_in_time_order():
    X, y = make_kpi(600, contamination=0.08, random_state=0)
    logistic = LogisticRegression(max_iter=1000)
    members = [
        ("wild", make_pipeline(SlidingWindow(5), GaussianDetector())),
        ("calm", make_pipeline(SlidingWindow(5), logistic)),
    ]
    stack = StackingClassifier(members, logistic, cv=SeriesSplit(3, partition=True)).fit(X, y)
    assert stack.score(X, y) > 0.9
    assert len(stack.stack_method_) == 2
