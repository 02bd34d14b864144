"""Scores smoothed along time, against a loop that walks back row by row."""

import datetime
import pickle
import statistics
import tracemalloc
import warnings

import naive
import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from strategies import tables

from sktsad import (
    GaussianDetector,
    SeriesSplit,
    SlidingWindow,
    SmoothedClassifier,
    ThresholdClassifier,
    ZScoreDetector,
    check_causal,
)
from sktsad.thresholds import BestFBeta

STATISTICS = {"mean": statistics.fmean, "median": statistics.median, "max": max}
each_statistic = pytest.mark.parametrize("statistic", STATISTICS)

RNG = np.random.default_rng(0)
N = 300
Y = (np.arange(N) % 50 > 39).astype(int)  # events of ten rows
X = RNG.normal(size=(N, 2)) + 0.8 * Y[:, None]
PANEL = pd.DataFrame(
    X, columns=["a", "b"], index=pd.MultiIndex.from_product([["p", "q", "r"], range(N // 3)])
)
PIPE = make_pipeline(SlidingWindow(4), GaussianDetector())


class FirstColumn(ClassifierMixin, BaseEstimator):
    """Scores a row by its first column; hands out the same array each time."""

    def fit(self, X, y=None):
        self.classes_ = np.array([0, 1])
        return self

    def decision_function(self, X):
        return np.asarray(X)[:, 0]


class FirstProbability(FirstColumn):
    """Gives a probability only."""

    decision_function = property()

    def predict_proba(self, X):
        self.given = np.column_stack([1 - np.asarray(X)[:, 0], np.asarray(X)[:, 0]])
        return self.given


# The smoothed score


@each_statistic
@given(X=tables(), length=st.integers(1, 25), max_gap=st.sampled_from([1, 3, 10]))
def test_a_score_is_the_statistic_of_those_of_its_series_up_to_it(statistic, X, length, max_gap):
    model = SmoothedClassifier(FirstColumn(), length, statistic=statistic, max_gap=max_gap).fit(X)
    expected = naive.smoothed(X, X["x0"].to_numpy(), length, STATISTICS[statistic], max_gap)
    np.testing.assert_allclose(model.decision_function(X), expected)


@each_statistic
def test_an_array_is_one_series(statistic):
    model = SmoothedClassifier(FirstColumn(), 7, statistic=statistic).fit(X)
    expected = naive.smoothed(X, X[:, 0], 7, STATISTICS[statistic])
    np.testing.assert_allclose(model.decision_function(X), expected)
    np.testing.assert_array_equal(model.decision_function(X.tolist()), model.decision_function(X))
    np.testing.assert_array_equal(model.predict(X), np.array(expected) > 0)


def test_of_probabilities_half_is_the_border():
    rows = np.array([[0.2], [0.9], [0.9], [0.1]])
    model = SmoothedClassifier(FirstProbability(), 2).fit(rows)
    np.testing.assert_allclose(model.decision_function(rows), [-0.3, 0.05, 0.4, 0.0], atol=1e-12)
    assert model.predict(rows).tolist() == [0, 1, 1, 0]
    np.testing.assert_array_equal(model.estimator_.given[:, 1], rows[:, 0])  # what it was given is left alone


def test_with_length_1_scores_stay_as_they_are():
    for estimator in (LogisticRegression(), ZScoreDetector()):
        model = SmoothedClassifier(estimator, 1).fit(X, Y)
        np.testing.assert_array_equal(
            model.decision_function(X), clone(estimator).fit(X, Y).decision_function(X)
        )


@each_statistic
@pytest.mark.parametrize("X", [X, PANEL], ids=["array", "panel"])
def test_a_score_does_not_change_with_what_comes_after(statistic, X):
    model = SmoothedClassifier(PIPE, 20, statistic=statistic).fit(X)
    score = model.decision_function(X)
    for n_rows in (1, 2, 19, 50):  # the first rows of the first series
        np.testing.assert_array_equal(model.decision_function(X[:n_rows]), score[:n_rows])
    changed = X.copy()
    changed[60:100] = 99.0
    np.testing.assert_array_equal(model.decision_function(changed)[:60], score[:60])
    if isinstance(X, pd.DataFrame):
        np.testing.assert_array_equal(model.decision_function(changed)[100:], score[100:])


@pytest.mark.filterwarnings("ignore:1 of . rows lack their past")
def test_whether_there_is_a_gap_does_not_change_with_what_comes_after():
    hours = pd.date_range("2024-01-01", periods=N, freq="h")
    rows = pd.DataFrame(X, index=hours)
    model = SmoothedClassifier(FirstColumn(), 3).fit(rows)
    at_days = pd.DataFrame([[0.0, 0.0], [3.0, 0.0]], index=[hours[-1] + pd.Timedelta(days=d) for d in (1, 2)])
    assert model.decision_function(at_days).tolist() == [0, 3]
    more = pd.concat([at_days, rows.set_index(rows.index + pd.Timedelta(days=30))])
    assert model.decision_function(more)[:2].tolist() == [0, 3]


@pytest.mark.parametrize("X", [X, PANEL], ids=["array", "panel"])
def test_the_check_of_causality_finds_no_fault(X):
    model = SmoothedClassifier(make_pipeline(StandardScaler().set_output(transform="pandas"), PIPE), 5)
    assert check_causal(model, X, np.arange(N) % 25 > 20, SeriesSplit(2)).ok


def test_series_shorter_than_length_are_smoothed_over_what_there_is():
    index = pd.MultiIndex.from_tuples([("a", 0), ("b", 0), ("b", 1), ("c", 0), ("c", 1), ("c", 2)])
    rows = pd.DataFrame({"x": [5.0, 1.0, 4.0, 0.0, 3.0, 9.0]}, index=index)
    model = SmoothedClassifier(FirstColumn(), 3).fit(rows)
    np.testing.assert_allclose(model.decision_function(rows), [5, 1, 2, 0, 1, 4])


def test_memory_does_not_grow_with_length():
    rows = RNG.normal(size=(50_000, 1))
    model = SmoothedClassifier(FirstColumn(), 1000).fit(rows)
    tracemalloc.start()
    model.decision_function(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * rows.nbytes  # all windows take 1,000 times as much


# Lengths of time

CLOCKS = pd.concat(
    [
        pd.DataFrame(
            {"x": RNG.normal(size=N)},
            pd.MultiIndex.from_product([[name], pd.date_range("2026-01-01", periods=N, freq=step)]),
        )
        for name, step in [("slow", "2min"), ("fast", "20s")]
    ]
)


@each_statistic
def test_a_length_of_time_is_converted_by_the_step_of_each_series(statistic):
    """Of series that fit has not seen by the step of the rows before it; by the usual step until there are two."""
    model = SmoothedClassifier(FirstColumn(), "4min", statistic=statistic).fit(CLOCKS)
    scores = model.decision_function(CLOCKS)
    for name, length in [("slow", 2), ("fast", 12)]:
        by_rows = SmoothedClassifier(FirstColumn(), length, statistic=statistic).fit(CLOCKS.loc[[name]])
        np.testing.assert_allclose(
            scores[CLOCKS.index.get_level_values(0) == name], by_rows.decision_function(CLOCKS.loc[[name]])
        )
    other = CLOCKS.loc[["fast"]].rename({"fast": "other"})
    np.testing.assert_allclose(model.decision_function(other)[2:], scores[N + 2 :])
    first, second = other["x"].tolist()[:2]  # 4 minutes are three of the usual steps, 70 seconds
    expected = [first, STATISTICS[statistic]([first, first, second])]
    np.testing.assert_allclose(model.decision_function(other)[:2], expected)
    hour = SmoothedClassifier(FirstColumn(), datetime.timedelta(minutes=4), statistic=statistic).fit(CLOCKS)
    np.testing.assert_array_equal(hour.decision_function(CLOCKS), scores)
    brief = SmoothedClassifier(FirstColumn(), "1s", statistic=statistic).fit(CLOCKS)
    np.testing.assert_array_equal(brief.decision_function(CLOCKS), CLOCKS["x"])


def test_a_length_of_time_needs_dates_and_steps():
    for length, rows, message in [
        ("4min", X, "length='4min' is a length of time, which needs dates in the index of X"),
        ("4min", CLOCKS[:1], "no series has two rows"),
        ("soon", CLOCKS, "length='soon' is not a length of time"),
        ("400D", CLOCKS, "length='400D' is 1728000 rows of a series, more than 1000000"),
    ]:
        with pytest.raises(ValueError, match=message):
            SmoothedClassifier(FirstColumn(), length).fit(rows)


# Around what


@pytest.mark.parametrize("estimator", [ZScoreDetector(), PIPE, FirstColumn()], ids=["z", "pipeline", "other"])
def test_a_detector_needs_no_labels(estimator):
    assert SmoothedClassifier(estimator, 5).fit(X).predict(X).shape == (N,)


@pytest.mark.parametrize(
    "labels", [Y == 1, np.where(Y, "wrong", "fine"), Y.astype(float)], ids=["bool", "str", "float"]
)
@pytest.mark.filterwarnings("ignore:The labels are:UserWarning")
@pytest.mark.parametrize("estimator", [LogisticRegression(), ZScoreDetector(), GaussianNB()], ids=str)
def test_labels_are_those_of_the_estimator(estimator, labels):
    model = SmoothedClassifier(estimator, 3).fit(X, labels)
    assert model.classes_.tolist() == np.unique(labels).tolist()
    assert set(model.predict(X)) <= set(model.classes_)


def test_a_frozen_estimator_stays_as_it_is():
    fitted = LogisticRegression().fit(X, Y)
    model = SmoothedClassifier(FrozenEstimator(fitted), 5).fit(X, Y)
    assert model.estimator_.estimator is fitted


def test_events_of_many_rows_come_out():
    """And a spike of one row goes under: smoothing is no gain for those."""
    score = LogisticRegression().fit(X, Y).decision_function(X)
    smoothed = SmoothedClassifier(LogisticRegression(), 6).fit(X, Y).decision_function(X)
    assert average_precision_score(Y, smoothed) > average_precision_score(Y, score) + 0.1
    spikes, labels = np.random.default_rng(1).normal(size=(N, 1)), np.arange(N) % 40 == 20
    spikes[labels] += 6
    model = SmoothedClassifier(ZScoreDetector(), 6).fit(spikes)
    assert average_precision_score(labels, model.decision_function(spikes)) < 0.5
    assert average_precision_score(labels, model.estimator_.decision_function(spikes)) > 0.9


def test_a_threshold_is_learnt_for_smoothed_scores():
    pipe = make_pipeline(StandardScaler(), SlidingWindow(3), LogisticRegression())
    model = ThresholdClassifier(SmoothedClassifier(pipe, 5), BestFBeta(), cv=SeriesSplit(3)).fit(X, Y)
    best, _ = naive.best_f_beta(*pooled(SmoothedClassifier(pipe, 5), SeriesSplit(3)))
    assert max(model.threshold_rule_.f_beta_) == pytest.approx(float(best))


def pooled(model, cv):
    scores, labels = [], []
    for train, test in cv.split(X, Y):
        scores += clone(model).fit(X[train], Y[train]).decision_function(X[test]).tolist()
        labels += Y[test].tolist()
    return scores, labels


def test_length_and_statistic_are_tuned():
    grid = {"length": [1, 6], "statistic": ["mean", "max"], "estimator__slidingwindow__length": [1, 3]}
    pipe = make_pipeline(SlidingWindow(2), LogisticRegression())
    search = GridSearchCV(
        SmoothedClassifier(pipe), grid, scoring="average_precision", cv=SeriesSplit(2), error_score="raise"
    )
    assert search.fit(X, Y).best_params_["length"] == 6


def test_names_of_columns_are_handed_on():
    model = SmoothedClassifier(ZScoreDetector(), 3).fit(PANEL)
    assert model.n_features_in_ == 2
    assert model.feature_names_in_.tolist() == ["a", "b"]
    assert not hasattr(SmoothedClassifier(FirstColumn()).fit(X), "n_features_in_")


def test_frames_as_the_output_of_all_steps_change_nothing():
    model = SmoothedClassifier(make_pipeline(StandardScaler(), PIPE), 5)
    score = clone(model).fit(X).decision_function(X)
    with sklearn.config_context(transform_output="pandas"):
        np.testing.assert_allclose(clone(model).fit(X).decision_function(X), score)


def test_a_copy_from_a_pickle_decides_with_the_same_bits():
    model = SmoothedClassifier(PIPE, 5).fit(PANEL)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.decision_function(PANEL), model.decision_function(PANEL))


# Bad input


def test_rows_out_of_time_order_are_refused():
    rows = PANEL.loc["p"]
    with pytest.raises(ValueError, match="Time is out of order"):
        SmoothedClassifier(ZScoreDetector()).fit(rows[::-1])
    with pytest.raises(ValueError, match="Time is out of order"):
        SmoothedClassifier(ZScoreDetector()).fit(rows).predict(rows[::-1])


def test_a_shuffled_split_is_noticed():
    model = SmoothedClassifier(ZScoreDetector())
    with pytest.warns(UserWarning, match="shuffled split"):
        cross_val_score(model, PANEL, Y, cv=KFold(3, shuffle=True, random_state=0), scoring="roc_auc")


def test_a_day_without_the_rows_before_it_is_announced_with_their_number():
    hours = pd.date_range("2026-01-05", periods=24 * 9, freq="h")
    panel = pd.DataFrame(
        RNG.normal(size=(2 * len(hours), 1)), pd.MultiIndex.from_product([["p", "q"], hours])
    )
    time = panel.index.get_level_values(1)
    model = SmoothedClassifier(FirstColumn(), "10h").fit(panel[time < hours[24 * 7]])

    def scores(first, stop, names=("p", "q")):
        rows = panel[(time >= hours[first]) & (time < hours[stop - 1] + pd.Timedelta("1h"))].loc[list(names)]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            return model.decision_function(rows), [str(warning.message) for warning in caught]

    day = slice(24 * 8, 24 * 9)
    alone, (said,) = scores(day.start, day.stop)
    assert said.startswith("18 of 48 rows lack their past")
    assert "9 or more of each series" in said
    assert said.endswith("If the estimator looks back as well, add the rows that it needs.")
    with_past, _ = scores(day.start - 9, day.stop, ["q"])
    right, said = scores(24 * 7, day.stop, ["q"])
    assert said == []  # these follow directly: nothing is missing
    np.testing.assert_allclose(with_past[-24:], right[-24:])
    assert not np.allclose(alone[-24:], right[-24:])
    assert scores(24 * 5, 24 * 9)[1] == []  # begins among the rows of fit
    assert scores(0, 24)[1] == []
    short = SmoothedClassifier(FirstColumn(), 1).fit(panel[time < hours[24 * 7]])
    assert short.decision_function(panel[time >= hours[24 * 8]]).shape == (48,)


def test_a_lost_index_is_noticed():
    model = SmoothedClassifier(FirstColumn()).fit(PANEL)
    with pytest.raises(
        ValueError,
        match=r"rows passed to fit have a .series, time. index, but those passed to transform do not",
    ):
        model.predict(X)
    with pytest.raises(ValueError, match=r"y has a .series, time. index, but X has lost it"):
        SmoothedClassifier(ZScoreDetector()).fit(X, pd.Series(Y, index=PANEL.index))
    with pytest.raises(ValueError, match="series='index' needs"):
        SmoothedClassifier(ZScoreDetector(), series="index").fit(X)


def test_an_outlier_detector_is_to_be_wrapped():
    with pytest.raises(TypeError, match=r"Convert it to a classifier: OutlierClassifier\("):
        SmoothedClassifier(IsolationForest()).fit(X)


def test_three_classes_are_refused():
    with pytest.raises(ValueError, match=r"Only binary classification.*\[0, 1, 2\]"):
        SmoothedClassifier(LogisticRegression()).fit(X, np.arange(N) % 3)


def test_before_fit_it_says_so():
    with pytest.raises(NotFittedError):
        SmoothedClassifier(ZScoreDetector()).predict(X)


def test_a_failed_fit_leaves_it_as_it_was():
    model = SmoothedClassifier(LogisticRegression(), 3).fit(X, Y)
    before = model.decision_function(X)
    with pytest.raises(ValueError, match="class"):
        model.fit(X, Y * 0)
    np.testing.assert_array_equal(model.decision_function(X), before)


@pytest.mark.parametrize(
    "name, value",
    [("estimator", None), ("length", 0), ("statistic", "min"), ("max_gap", 0.5), ("series", "columns")],
)
def test_a_parameter_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of SmoothedClassifier must be"):
        SmoothedClassifier(**{"estimator": LogisticRegression(), name: value}).fit(X, Y)


def test_an_array_whose_labels_carry_dates_is_announced():
    dates = pd.date_range("2026-01-01", periods=40, freq="min")
    y = pd.Series([0, 0, 0, 1] * 10, dates)
    with pytest.warns(UserWarning, match="The index of y has dates, which X, an array, has lost"):
        SmoothedClassifier(LogisticRegression(), 2).fit(np.arange(40.0)[:, None], y)
