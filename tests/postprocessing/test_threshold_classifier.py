"""A threshold that a rule learns from scores of rows that the classifier has not seen."""

import pickle

import naive
import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline as make_imbalanced_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils import get_tags

from sktsad import (
    GaussianDetector,
    SeriesScaler,
    SeriesSplit,
    SlidingWindow,
    SmoothedClassifier,
    ThresholdClassifier,
    ZScoreDetector,
    thresholds,
)
from sktsad.thresholds import (
    AlarmsPerDay,
    BestFBeta,
    Cost,
    MaxTimes,
    MeanStd,
    MedianMAD,
    PeaksOverThreshold,
    Quantile,
    TargetFalsePositiveRate,
)

RNG = np.random.default_rng(0)
N = 360
Y = (np.arange(N) % 18 > 14).astype(int)  # an event of 3 rows in every 18
X = RNG.normal(size=(N, 2)) + Y[:, None]
PANEL = pd.DataFrame(
    X, columns=["a", "b"], index=pd.MultiIndex.from_product([["p", "q", "r"], range(N // 3)])
)
FOLDS = SeriesSplit(3)
LINEAR = LogisticRegression()


def unseen_scores(estimator, X, y, cv):
    """Test rows and their scores, fold by fold."""
    rows, scores = [], []
    for train, test in cv.split(X, y):
        take = (lambda at: X.iloc[at]) if hasattr(X, "iloc") else (lambda at: X[at])
        model = clone(estimator).fit(take(train), y[train])
        rows += test.tolist()
        if hasattr(model, "decision_function"):
            scores += model.decision_function(take(test)).tolist()
        else:
            scores += model.predict_proba(take(test))[:, 1].tolist()
    return np.array(rows), np.array(scores)


# The threshold


PIPELINES = {
    "linear": LINEAR,
    "probabilities alone": GaussianNB(),
    "scores alone": LinearSVC(),
    "windows": make_pipeline(SlidingWindow(3), LINEAR),
    "sampler": make_imbalanced_pipeline(StandardScaler(), RandomUnderSampler(random_state=0), LINEAR),
}


@pytest.mark.parametrize("beta", [0.5, 1, 2])
@pytest.mark.parametrize("estimator", PIPELINES.values(), ids=PIPELINES)
def test_the_threshold_is_the_best_there_is_over_the_unseen_rows_of_all_folds(estimator, beta):
    model = ThresholdClassifier(estimator, BestFBeta(beta), cv=FOLDS).fit(X, Y)
    rows, scores = unseen_scores(estimator, X, Y, FOLDS)
    labels = Y[rows].tolist()
    best, n_alarms = naive.best_f_beta(scores.tolist(), labels, beta)
    assert naive.f_beta(scores, labels, model.threshold_, beta) == best
    assert (scores > model.threshold_).sum() == n_alarms
    assert len(rows) == 270
    assert model.n_events_ == 15


def test_f1_in_time_order_is_the_default():
    model = ThresholdClassifier(LINEAR).fit(X, Y)
    assert (
        model.threshold_ == ThresholdClassifier(LINEAR, BestFBeta(), cv=SeriesSplit(5)).fit(X, Y).threshold_
    )
    assert isinstance(model.threshold_rule_, BestFBeta)


def test_the_estimator_for_use_is_fitted_on_all_rows():
    model = ThresholdClassifier(LINEAR, cv=FOLDS).fit(X, Y)
    score = clone(LINEAR).fit(X, Y).decision_function(X)
    np.testing.assert_array_equal(model.decision_function(X), score - model.threshold_)
    np.testing.assert_array_equal(model.predict(X), score > model.threshold_)
    assert 0 < model.predict(X).sum() < N
    assert not hasattr(LINEAR, "coef_")


@pytest.mark.parametrize("rule", [Quantile(0.9), MeanStd(2)])
def test_rules_without_labels_learn_from_normal_rows(rule):
    model = ThresholdClassifier(LINEAR, rule, cv=FOLDS).fit(X, Y)
    rows, scores = unseen_scores(LINEAR, X, Y, FOLDS)
    assert model.threshold_ == clone(rule).fit(scores[Y[rows] == 0]).threshold_
    assert model.threshold_rule_ is not rule


@pytest.mark.parametrize("threshold", [0, -1.5, np.float32(0.25)])
def test_a_number_is_the_threshold_and_needs_no_folds(threshold):
    model = ThresholdClassifier(LINEAR, threshold, cv=SeriesSplit(5, test_size=N)).fit(X, Y)
    assert type(model.threshold_) is float
    np.testing.assert_array_equal(
        model.predict(X), LINEAR.__class__().fit(X, Y).decision_function(X) > threshold
    )
    assert not hasattr(model, "n_events_")


@pytest.mark.parametrize("threshold", [np.nan, np.inf, "f1"])
def test_what_is_neither_rule_nor_number_is_refused(threshold):
    with pytest.raises(ValueError, match="The 'threshold' parameter"):
        ThresholdClassifier(LINEAR, threshold).fit(X, Y)


def test_a_number_leaves_nothing_of_the_rule_before():
    model = ThresholdClassifier(LINEAR, cv=FOLDS).fit(X, Y)
    model.set_params(threshold=0.0).fit(X, Y)
    assert not hasattr(model, "threshold_rule_")
    assert not hasattr(model, "n_events_")


class Rounded(ClassifierMixin, BaseEstimator):
    """Scores in float32, two neighbouring numbers."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X):
        low = np.float32(1 + 2**-23)
        return np.where(np.asarray(X)[:, 0] > 0, np.nextafter(low, np.float32(2)), low)


def test_neighbouring_scores_in_float32_are_told_apart():
    rows = np.where(Y, 1.0, -1.0)[:, None]
    model = ThresholdClassifier(Rounded(), cv=FOLDS).fit(rows, Y)
    np.testing.assert_array_equal(model.predict(rows), Y)


def test_the_threshold_of_a_pipeline_that_samples_sees_rows_as_they_are():
    rows, scores = unseen_scores(PIPELINES["sampler"], X, Y, FOLDS)
    rule = ThresholdClassifier(PIPELINES["sampler"], Quantile(0.9), cv=FOLDS).fit(X, Y).threshold_rule_
    np.testing.assert_array_equal(rule.thresholds_, np.unique(scores[Y[rows] == 0]))


@pytest.mark.parametrize("is_panel", [False, True], ids=["one series", "panel"])
@pytest.mark.parametrize(
    "estimator", [LINEAR, make_pipeline(SlidingWindow(3), ZScoreDetector("rolling"))], ids=["row", "window"]
)
def test_alarms_per_day_are_counted_by_the_index(estimator, is_panel):
    hours = pd.date_range("2024-01-01", periods=N, freq="h")
    index = pd.MultiIndex.from_product([["p", "q", "r"], hours[: N // 3]]) if is_panel else hours
    frame = pd.DataFrame(X, index=index)
    model = ThresholdClassifier(estimator, AlarmsPerDay(2), cv=FOLDS).fit(frame, Y)
    rows, scores = unseen_scores(estimator, frame, Y, FOLDS)
    scores = pd.Series(scores, index=index[rows])
    assert model.threshold_ == AlarmsPerDay(2).fit(scores, Y[rows]).threshold_


def test_alarms_per_day_cannot_be_counted_without_a_day():
    with pytest.raises(ValueError, match="rows_per_day=None needs two rows of a series with dates"):
        ThresholdClassifier(LINEAR, AlarmsPerDay(2), cv=FOLDS).fit(X, Y)
    by_hours = ThresholdClassifier(LINEAR, AlarmsPerDay(2, rows_per_day=24), cv=FOLDS).fit(X, Y)
    assert 0 < by_hours.predict(X).sum() < N / 3


def test_an_outlier_detector_is_to_be_wrapped():
    with pytest.raises(TypeError, match=r"Convert it to a classifier: OutlierClassifier\("):
        ThresholdClassifier(IsolationForest(n_estimators=2), cv=FOLDS).fit(X, Y)


# A classifier that is already fitted


def test_a_frozen_classifier_stays_as_it_is_and_all_rows_are_for_the_threshold():
    fitted = LogisticRegression().fit(X[:200], Y[:200])
    coefficients = fitted.coef_.copy()
    model = ThresholdClassifier(FrozenEstimator(fitted)).fit(X[200:], Y[200:])
    scores, labels = fitted.decision_function(X[200:]).tolist(), Y[200:].tolist()
    assert naive.f_beta(scores, labels, model.threshold_) == naive.best_f_beta(scores, labels)[0]
    assert model.estimator_.estimator is fitted
    np.testing.assert_array_equal(fitted.coef_, coefficients)


def test_a_frozen_classifier_of_other_labels_is_refused():
    fitted = LogisticRegression().fit(X, Y + 1)
    with pytest.raises(
        ValueError, match=r"classes \[0, 1\], but the frozen estimator was fitted on \[1, 2\]"
    ):
        ThresholdClassifier(FrozenEstimator(fitted)).fit(X, Y)


def test_a_frozen_classifier_that_was_not_fitted_is_refused():
    with pytest.raises(NotFittedError):
        ThresholdClassifier(FrozenEstimator(LogisticRegression())).fit(X, Y)


# Without labels


HOURS = pd.date_range("2024-01-01", periods=N, freq="h")
DETECTOR = make_pipeline(SlidingWindow(3), GaussianDetector())
WITHOUT_LABELS = [
    AlarmsPerDay(1),
    MaxTimes(1.2),
    MeanStd(2),
    MedianMAD(2),
    PeaksOverThreshold(0.99, level=0.8),
    Quantile(0.9),
    TargetFalsePositiveRate(0.1),
]


@pytest.fixture(scope="module")
def running():
    frame = pd.DataFrame(X, HOURS)
    return frame, {
        "pipeline of a detector": clone(DETECTOR).fit(frame[:100]),
        "classifier": LogisticRegression().fit(frame[:100], Y[:100]),
    }


def test_all_rules_without_labels_are_tried_here():
    rules = [getattr(thresholds, name) for name in thresholds.__all__]
    without = {
        rule
        for rule in rules
        if isinstance(rule, type) and rule is not thresholds.ThresholdRule and not rule.needs_labels
    }
    assert {type(rule) for rule in WITHOUT_LABELS} == without


@pytest.mark.parametrize("rule", WITHOUT_LABELS, ids=lambda rule: type(rule).__name__)
@pytest.mark.parametrize("kind", ["pipeline of a detector", "classifier"])
def test_a_running_model_gets_a_rule_without_labels_in_one_line(running, kind, rule):
    frame, models = running
    new, fitted = frame[100:], models[kind]
    expected = clone(rule).fit(pd.Series(fitted.decision_function(new), new.index)).threshold_
    for y in ((), (None,), (np.zeros(len(new)),), ([False] * len(new),), (pd.Series(0, new.index),)):
        model = ThresholdClassifier(FrozenEstimator(fitted), rule).fit(new, *y)
        assert model.threshold_ == expected
        np.testing.assert_array_equal(model.classes_, fitted.classes_)
        np.testing.assert_array_equal(model.predict(new), fitted.decision_function(new) > expected)
        assert getattr(model, "n_events_", None) == (0 if y and y[0] is not None else None)


@pytest.mark.parametrize("y", [None, np.zeros(N)], ids=["none", "zeros"])
@pytest.mark.parametrize(
    "estimator", [DETECTOR, SmoothedClassifier(DETECTOR, 3)], ids=["pipeline", "smoothed"]
)
def test_a_detector_is_fitted_without_labels_in_the_folds(estimator, y):
    frame = pd.DataFrame(X, HOURS)
    model = ThresholdClassifier(estimator, Quantile(0.9), cv=FOLDS).fit(frame, y)
    scores = [
        clone(estimator).fit(frame.iloc[train]).decision_function(frame.iloc[test])
        for train, test in FOLDS.split(frame)
    ]
    assert model.threshold_ == Quantile(0.9).fit(np.concatenate(scores)).threshold_
    np.testing.assert_array_equal(
        model.decision_function(frame),
        clone(estimator).fit(frame).decision_function(frame) - model.threshold_,
    )


def test_a_detector_uses_folds_that_train_on_normal_rows_only():
    folds = Given([(np.arange(10), np.arange(10, 120)), (np.arange(120), np.arange(120, N))])
    words = np.where(Y, "odd", "fine")
    with pytest.warns(UserWarning, match="'odd', the last in sorted order"):
        model = ThresholdClassifier(ZScoreDetector(), Quantile(0.9), cv=folds).fit(X, words)
    assert model.n_events_ == 20  # of both test parts
    assert model.classes_.tolist() == ["fine", "odd"]


def test_a_number_needs_no_labels():
    model = ThresholdClassifier(DETECTOR, 2.5).fit(X)
    assert (model.threshold_, model.classes_.tolist()) == (2.5, [0, 1])


@pytest.mark.parametrize(
    ("model", "needing"),
    [
        (ThresholdClassifier(FrozenEstimator(LogisticRegression().fit(X, Y))), r"threshold=BestFBeta\(\)"),
        (ThresholdClassifier(ZScoreDetector(), Cost()), r"threshold=Cost\(\)"),
        (ThresholdClassifier(LINEAR, Quantile()), r"estimator=LogisticRegression\(\)"),
        (ThresholdClassifier(make_pipeline(StandardScaler(), LINEAR), 0.5), "estimator=Pipeline"),
    ],
    ids=["default", "cost", "classifier", "pipeline"],
)
def test_who_needs_labels_says_so(model, needing):
    with pytest.raises(ValueError, match=rf"requires y to be passed, .*{needing}[^:]* learns from labels"):
        model.fit(X)
    with pytest.raises(ValueError, match=rf"y holds one class, \[0\]: .*{needing}[^:]* needs labels of both"):
        model.fit(X, np.zeros(N, dtype=int))
    assert get_tags(model).target_tags.required


@pytest.mark.parametrize("estimator", [FrozenEstimator(LINEAR), DETECTOR], ids=["frozen", "detector"])
def test_its_tag_says_whether_labels_are_needed(estimator):
    assert not get_tags(ThresholdClassifier(estimator, Quantile())).target_tags.required
    assert get_tags(ThresholdClassifier(estimator)).target_tags.required


def test_rows_that_are_all_anomalous_leave_nothing_to_learn_from():
    model = ThresholdClassifier(FrozenEstimator(LogisticRegression().fit(X, Y)), Quantile())
    with pytest.raises(ValueError, match="learns from normal rows, and there are none"):
        model.fit(X, np.ones(N, dtype=int))
    with pytest.raises(
        ValueError, match=r"y has the classes \[7\], but the frozen estimator was fitted on \[0, 1\]"
    ):
        model.fit(X, np.full(N, 7))


def test_an_estimator_without_classes_gets_0_and_1():
    class Bare(BaseEstimator):
        def fit(self, X):
            return self

        def decision_function(self, X):
            return np.asarray(X)[:, 0]

    model = ThresholdClassifier(FrozenEstimator(Bare().fit(X)), Quantile(0.9)).fit(X)
    assert model.classes_.tolist() == [0, 1]
    assert model.predict(X).sum() == (X[:, 0] > model.threshold_).sum()


# Too few events, too few folds


@pytest.mark.parametrize("estimator, own", [(LINEAR, 0.0), (GaussianNB(), 0.5)], ids=["score", "probability"])
def test_with_fewer_events_the_own_threshold_stays(estimator, own):
    model = ThresholdClassifier(estimator, cv=FOLDS, min_events=16)
    with pytest.warns(
        UserWarning, match=r"contain 15 event\(s\), fewer than min_events=16.*own threshold"
    ) as seen:
        model.fit(X, Y)
    assert seen[0].filename == __file__
    assert model.threshold_ == own
    assert not hasattr(model, "threshold_rule_")
    np.testing.assert_array_equal(model.predict(X), clone(estimator).fit(X, Y).predict(X))


def test_with_as_many_events_as_stated_there_is_a_threshold():
    assert hasattr(ThresholdClassifier(LINEAR, cv=FOLDS, min_events=15).fit(X, Y), "threshold_rule_")


def test_a_rule_without_labels_needs_no_events():
    assert hasattr(
        ThresholdClassifier(LINEAR, MeanStd(), cv=FOLDS, min_events=99).fit(X, Y), "threshold_rule_"
    )


def test_events_with_rows_of_training_between_them_are_two():
    labels = np.arange(40) % 4 == 1
    cv = [(np.arange(30), np.array([31, 33, 37, 38]))]  # rows 33 and 37 are anomalous, 34 to 36 left out
    model = ThresholdClassifier(LINEAR, cv=Given(cv), min_events=2).fit(X[:40], labels)
    assert model.n_events_ == 2


class Given:
    """Folds that are given."""

    def __init__(self, folds):
        self.folds = folds

    def split(self, X, y):
        return iter(self.folds)


def test_a_fold_that_trains_on_one_class_is_left_out():
    rows = np.arange(N)
    folds = [(rows[:10], rows[10:120]), (rows[:120], rows[120:240]), (rows[:240], rows[240:])]
    model = ThresholdClassifier(LINEAR, cv=Given(folds))
    with pytest.warns(UserWarning, match="Fold 0 is left out: its training rows have only one class") as seen:
        model.fit(X, Y)
    assert seen[0].filename == __file__
    assert model.threshold_ == ThresholdClassifier(LINEAR, cv=Given(folds[1:])).fit(X, Y).threshold_


@pytest.mark.parametrize(
    "frame", [X, pd.DataFrame(X, pd.date_range("2026", periods=N, freq="h"))], ids=["array", "dates"]
)
def test_a_rule_that_counts_along_time_takes_folds_in_any_order(frame):
    rows = np.arange(N)
    folds = [(rows[:120], rows[120:240]), (rows[:120], rows[240:])]
    rule = AlarmsPerDay(2, rows_per_day=None if hasattr(frame, "index") else 24, merge_gap=3)
    one, other = (
        ThresholdClassifier(LINEAR, rule, cv=Given(cv)).fit(frame, Y).threshold_
        for cv in (folds, folds[::-1])
    )
    mixed = [(rows[:120], np.random.default_rng(0).permutation(rows[120:]))]
    assert one == other
    assert one == ThresholdClassifier(LINEAR, rule, cv=Given(mixed)).fit(frame, Y).threshold_


@pytest.mark.filterwarnings("ignore:Fold 0 is left out:UserWarning")
def test_without_a_fold_that_trains_on_both_classes_there_is_no_threshold():
    rows = np.arange(N)
    with pytest.raises(ValueError, match=r"No fold of cv=.* trains on both classes"):
        ThresholdClassifier(LINEAR, cv=Given([(rows[:10], rows[10:])])).fit(X, Y)


def test_rows_that_are_tested_twice_count_twice_but_their_events_once():
    folds = Given([*FOLDS.split(X, Y), *FOLDS.split(X, Y)])
    model = ThresholdClassifier(LINEAR, cv=folds).fit(X, Y)
    assert model.n_events_ == 15
    assert model.threshold_ == ThresholdClassifier(LINEAR, cv=FOLDS).fit(X, Y).threshold_


# Labels


def test_labels_may_be_words_of_which_the_last_is_the_anomaly():
    words = np.where(Y, "odd", "fine")
    model = ThresholdClassifier(LINEAR, cv=FOLDS)
    with pytest.warns(UserWarning, match="'odd', the last in sorted order, is taken as the anomaly") as seen:
        model.fit(X, words)
    assert seen[0].filename == __file__
    number = ThresholdClassifier(LINEAR, cv=FOLDS).fit(X, Y)
    assert model.classes_.tolist() == ["fine", "odd"]
    np.testing.assert_array_equal(model.predict(X) == "odd", number.predict(X) == 1)


@pytest.mark.parametrize(
    "labels, message",
    [
        (np.arange(N) % 3, "Only binary classification is supported. The type of the target is multiclass"),
        (np.zeros(N, dtype=int), r"y holds one class, \[0\].*Pass rows with both.*AlarmsPerDay\(1\)"),
        (Y[1:], "inconsistent numbers of samples"),
        (np.where(Y, np.nan, 0), "NaN"),
        (X[:, 0], "Unknown label type"),
    ],
    ids=["three classes", "one class", "too short", "nan", "numbers"],
)
def test_labels_that_will_not_do_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        ThresholdClassifier(LINEAR, cv=FOLDS).fit(X, labels)


def test_no_rows_are_named():
    with pytest.raises(ValueError, match="X and y have no rows"):
        ThresholdClassifier(LINEAR, cv=FOLDS).fit(X[:0], Y[:0])


class FewerRowsLargerScores(LogisticRegression):
    sign = 1

    def fit(self, X, y):
        self.scale_ = 1000.0 if len(X) < N else 1.0
        return super().fit(X, y)

    def decision_function(self, X):
        return self.scale_ * (100 + self.sign * super().decision_function(X))


class NormalRowsScoreMost(FewerRowsLargerScores):
    sign = -1


def test_a_threshold_that_the_final_estimator_never_reaches_is_announced():
    model = ThresholdClassifier(FewerRowsLargerScores(), cv=FOLDS)
    with pytest.warns(
        UserWarning, match="is not below the highest score of the final estimator.*l2_reg"
    ) as seen:
        model.fit(X, Y)
    assert seen[0].filename == __file__
    assert not model.predict(X).any()


def test_a_rule_that_wants_no_alarm_is_not_taken_for_a_threshold_out_of_reach():
    model = ThresholdClassifier(NormalRowsScoreMost(), Cost(((0, 1e6), (1, 0))), cv=FOLDS).fit(X, Y)
    assert not model.predict(X).any()


# What it takes over from the estimator


def test_probabilities_are_those_of_the_estimator():
    model = ThresholdClassifier(LINEAR, cv=FOLDS).fit(X, Y)
    np.testing.assert_array_equal(model.predict_proba(X), clone(LINEAR).fit(X, Y).predict_proba(X))


def test_probabilities_are_there_only_if_the_estimator_has_them():
    assert hasattr(ThresholdClassifier(LINEAR), "predict_proba")
    model = ThresholdClassifier(LinearSVC(), cv=FOLDS)
    assert not hasattr(model, "predict_proba")
    assert not hasattr(model.fit(X, Y), "predict_proba")


def test_the_names_of_columns_are_taken_over_where_there_are_any():
    named = ThresholdClassifier(LINEAR, cv=FOLDS).fit(PANEL, Y)
    assert named.feature_names_in_.tolist() == ["a", "b"]
    assert named.n_features_in_ == 2
    bare = ThresholdClassifier(Rounded(), 0.0).fit(X, Y)
    assert not hasattr(bare, "n_features_in_")


@pytest.mark.parametrize("method", ["predict", "decision_function", "predict_proba"])
def test_without_a_fit_there_is_no_answer(method):
    with pytest.raises(NotFittedError):
        getattr(ThresholdClassifier(LINEAR), method)(X)


# Together with others


def test_a_panel_is_cut_in_every_series():
    pipeline = make_pipeline(SeriesScaler(), SlidingWindow(4), LINEAR)
    model = ThresholdClassifier(pipeline, cv=FOLDS).fit(PANEL, pd.Series(Y, index=PANEL.index))
    rows, scores = unseen_scores(pipeline, PANEL, Y, FOLDS)
    assert set(PANEL.index[rows].get_level_values(0)) == {"p", "q", "r"}
    labels = Y[rows].tolist()
    assert naive.f_beta(scores, labels, model.threshold_) == naive.best_f_beta(scores.tolist(), labels)[0]
    assert f1_score(Y, model.predict(PANEL)) > 0.5


def test_a_detector_gets_a_new_threshold():
    model = ThresholdClassifier(ZScoreDetector(), cv=FOLDS).fit(X, Y)
    assert f1_score(Y, model.predict(X)) > f1_score(Y, ZScoreDetector().fit(X, Y).predict(X))


def test_rule_and_estimator_are_searched_together():
    model = ThresholdClassifier(make_pipeline(StandardScaler(), LINEAR), BestFBeta(), cv=SeriesSplit(2))
    grid = {"threshold__beta": [0.5, 2], "estimator__logisticregression__C": [0.01, 1]}
    search = GridSearchCV(model, grid, scoring="f1", cv=SeriesSplit(2), error_score="raise").fit(X, Y)
    best = search.best_estimator_
    assert best.threshold_rule_.beta == search.best_params_["threshold__beta"]
    assert search.best_params_["estimator__logisticregression__C"] == best.estimator_[-1].C
    precise, complete = (clone(model).set_params(threshold__beta=beta).fit(X, Y) for beta in (0.2, 5))
    assert precise.predict(X).sum() < complete.predict(X).sum()


def test_cross_validation_finds_more_by_f1_than_with_the_own_threshold():
    rare = LogisticRegression(C=0.01)
    own, chosen = (
        cross_val_score(model, X, Y, scoring="f1", cv=SeriesSplit(2), error_score="raise").mean()
        for model in (rare, ThresholdClassifier(rare, cv=SeriesSplit(2)))
    )
    assert chosen > own + 0.1


@pytest.mark.parametrize("cv", [StratifiedKFold(2), KFold(2)], ids=["stratified", "plain"])
def test_any_splitter_of_scikit_learn_will_do(cv):
    model = ThresholdClassifier(LINEAR, cv=cv).fit(X, Y)
    assert model.n_events_ == 20


def test_a_clone_is_not_fitted_and_fits_to_the_same():
    model = ThresholdClassifier(LINEAR, Quantile(0.9), cv=FOLDS, min_events=2).fit(X, Y)
    copied = clone(model)
    assert not hasattr(copied, "threshold_")
    assert copied.fit(X, Y).threshold_ == model.threshold_


def test_a_copy_from_a_pickle_decides_the_same():
    model = ThresholdClassifier(LINEAR, cv=FOLDS).fit(X, Y)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.decision_function(X), model.decision_function(X))


@pytest.mark.parametrize(
    "change, labels, message",
    [
        ({}, np.zeros(N), "one class"),
        ({"min_events": 0}, Y, "min_events"),
        ({"estimator": StandardScaler()}, Y, "The 'estimator' parameter"),
        ({"cv": SeriesSplit(400)}, Y, "too few"),
        ({"estimator": LogisticRegression(C=-1)}, Y, "The 'C' parameter"),
    ],
    ids=["labels", "parameter", "no classifier", "folds", "inner fit"],
)
def test_a_failed_fit_leaves_it_as_it_was(change, labels, message):
    model = ThresholdClassifier(LINEAR, cv=FOLDS).fit(X, Y)
    before, state = model.decision_function(X), {k: v for k, v in vars(model).items() if k.endswith("_")}
    with pytest.raises(ValueError, match=message):
        model.set_params(**change).fit(X, labels)
    assert {k: v for k, v in vars(model).items() if k.endswith("_")} == state
    np.testing.assert_array_equal(model.decision_function(X), before)


def test_independent_rows_may_come_shuffled_with_their_index():
    order = np.random.default_rng(0).permutation(len(Y))
    frame = pd.DataFrame(X).iloc[order]
    model = FrozenEstimator(LogisticRegression().fit(X, Y))
    shuffled = ThresholdClassifier(model).fit(frame.to_numpy(), Y[order])
    assert ThresholdClassifier(model).fit(frame, Y[order]).threshold_ == shuffled.threshold_


@pytest.mark.parametrize("cv", ["text", b"text", bytearray(b"text"), 5, [1]])
def test_folds_that_are_none_are_named(cv):
    with pytest.raises(ValueError, match=r"cv=|The 'cv' parameter of ThresholdClassifier must be"):
        ThresholdClassifier(LogisticRegression(), cv=cv).fit(np.zeros((4, 1)), [0, 1, 0, 1])
