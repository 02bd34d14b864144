"""A model for each series: each as if it were alone, in searches, pickles and processes."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from sktsad import (
    GaussianDetector,
    PerSeries,
    SeriesScaler,
    SeriesSplit,
    SlidingWindow,
    ThresholdClassifier,
    ZScoreDetector,
)
from sktsad.live import LiveScorer
from sktsad.thresholds import Quantile


def pipeline():
    return make_pipeline(SeriesScaler(), SlidingWindow(4), GaussianDetector())


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_product([["b", "a", "c"], range(150)], names=["series", "time"])
    X = pd.DataFrame({"value": rng.normal(np.repeat([0, 50, -9], 150), np.repeat([1, 9, 3], 150))}, index)
    y = pd.Series(0, index)
    for at in (40, 90, 140, 190, 240, 290):  # series c has no anomaly
        y.iloc[at : at + 2] = 1
        X.iloc[at : at + 2] += 80
    return X, y


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_each_series_gets_what_a_model_of_it_alone_gives(panel, n_jobs):
    X, y = panel
    in_turn = np.argsort(X.index.get_level_values(1), kind="stable")
    from joblib import parallel_config

    with parallel_config("threading"):
        model = PerSeries(pipeline(), n_jobs=n_jobs).fit(X.iloc[in_turn], y.iloc[in_turn])
    assert list(model.estimators_) == ["b", "a", "c"]
    found = pd.Series(model.decision_function(X), X.index)
    for key in "abc":
        alone = pipeline().fit(X.loc[[key]], y.loc[[key]])
        np.testing.assert_array_equal(found.loc[key], alone.decision_function(X.loc[[key]]))
    assert (model.predict(X) == (found > 0)).all()
    thresholds = {each[-1].threshold_ for each in model.estimators_.values()}
    assert len(thresholds) == 3, "each has learnt its own"


def test_rows_without_series_are_one(panel):
    X = panel[0].to_numpy()
    model = PerSeries(ZScoreDetector()).fit(X)
    assert list(model.estimators_) == [None] and not hasattr(model, "pooled_estimator_")
    np.testing.assert_array_equal(model.decision_function(X), ZScoreDetector().fit(X).decision_function(X))
    assert model.n_features_in_ == 1
    with pytest.raises(ValueError, match=r"have a \(series, time\) index"):
        model.predict(panel[0])
    with pytest.raises(ValueError, match="series='index' needs rows"):
        PerSeries(ZScoreDetector(), series="index").fit(X)


def test_an_unseen_series_gets_the_model_of_all_rows_or_an_error(panel):
    X, y = panel
    known, new = X.loc[["a", "b"]], X.loc[["c"]]
    model = PerSeries(ZScoreDetector()).fit(known, y.loc[["a", "b"]])
    pooled = ZScoreDetector().fit(known, y.loc[["a", "b"]])
    np.testing.assert_array_equal(model.decision_function(new), pooled.decision_function(new))
    strict = PerSeries(ZScoreDetector(), unseen="error").fit(known)
    assert not hasattr(strict, "pooled_estimator_")
    with pytest.raises(ValueError, match=r"Series 'c' was not seen during fit.*unseen='pooled'"):
        strict.predict(new)
    with pytest.warns(UserWarning, match="'A' seems to be 'a'") as record:
        model.decision_function(X.rename({"a": "A"}, level=0))
    assert record[0].filename == __file__


def test_a_series_whose_model_cannot_be_fitted_is_named(panel):
    X, y = panel
    with pytest.raises(ValueError, match=r"models of 1 of 3 series \('c'\) could not be fitted: .*class"):
        PerSeries(LogisticRegression()).fit(X, y)
    model = PerSeries(LogisticRegression(), unseen="error", failed="pooled")
    with pytest.warns(
        UserWarning, match=r"series \('c'\) could not be fitted.*replaced by a model"
    ) as record:
        model.fit(X, y)
    assert record[0].filename == __file__
    assert list(model.estimators_) == ["b", "a"]
    pooled = LogisticRegression().fit(X, y)
    np.testing.assert_array_equal(
        model.decision_function(X.loc[["c"]]), pooled.decision_function(X.loc[["c"]])
    )
    with pytest.raises(ValueError, match="Series 'd' was not seen"):
        model.predict(X.rename({"b": "d"}, level=0).loc[["d"]])
    y_none = pd.Series(0, X.index)
    many = pd.concat([X.rename(lambda key, number=number: f"{key}{number}", level=0) for number in range(2)])
    with pytest.raises(ValueError, match=r"6 of 6 series \('b0', 'a0', 'c0', 'b1', 'a1', \.\.\.\)"):
        PerSeries(LogisticRegression()).fit(many, pd.concat([y_none, y_none]).set_axis(many.index))


def test_labels_may_be_words_although_a_series_has_one_of_them(panel):
    X, y = panel
    words = y.map({0: "fine", 1: "odd"})
    with pytest.warns(UserWarning, match="'odd', the last in sorted order, is taken as the anomaly"):
        model = PerSeries(ZScoreDetector()).fit(X, words)
    assert model.classes_.tolist() == ["fine", "odd"]
    assert (model.predict(X) == PerSeries(ZScoreDetector()).fit(X, y).predict(X).astype(object)).sum() == 0
    assert set(model.predict(X)) == {"fine", "odd"}
    with pytest.raises(ValueError, match="y contains only one class, 'odd': there is no normal row"):
        PerSeries(ZScoreDetector()).fit(X, words.replace("fine", "odd"))
    with pytest.raises(ValueError, match="Only binary classification is supported: y holds the classes"):
        PerSeries(ZScoreDetector()).fit(X, y.where(y.index.get_level_values(1) > 3, 2))


def test_what_has_a_value_per_row_is_cut_by_series(panel):
    X, y = panel
    weight = np.linspace(0.1, 5, len(X))
    two = np.asarray(X.index.get_level_values(0) != "c")
    model = PerSeries(LogisticRegression()).fit(X[two], y[two], sample_weight=weight[two])
    at = np.asarray(X.index.get_level_values(0) == "a")
    alone = LogisticRegression().fit(X[at], y[at], sample_weight=weight[at])
    np.testing.assert_array_equal(model.estimators_["a"].coef_, alone.coef_)


@pytest.mark.slow
def test_in_a_search_it_is_scored_over_all_series_together(panel):
    X, y = panel
    search = GridSearchCV(
        PerSeries(pipeline()),
        {"estimator__gaussiandetector__threshold": [Quantile(0.9), 10**9]},
        scoring="f1",
        cv=SeriesSplit(2),
    ).fit(X, y)
    assert search.best_params_["estimator__gaussiandetector__threshold"] != 10**9
    assert search.best_score_ > 0
    unseen = cross_val_score(
        PerSeries(ZScoreDetector()),
        X,
        y,
        cv=GroupKFold(3),
        groups=X.index.get_level_values(0),
        scoring="accuracy",
    )
    assert np.isfinite(unseen).all()
    careful = ThresholdClassifier(PerSeries(ZScoreDetector()), cv=SeriesSplit(2), min_events=1).fit(X, y)
    assert np.isfinite(careful.threshold_)


def test_a_copy_is_the_same_and_a_clone_is_not_fitted(panel):
    X, _ = panel
    numbered = X.rename({"a": 1, "b": 2, "c": 3}, level=0)
    model = PerSeries(pipeline()).fit(numbered)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.decision_function(numbered), model.decision_function(numbered))
    assert list(copied.estimators_) == [2, 1, 3]
    assert not hasattr(clone(model), "estimators_")
    model.fit(X.to_numpy())
    assert not hasattr(model, "pooled_estimator_"), "a second fit forgets the first"


def test_what_it_does_not_take_is_refused_by_name(panel):
    X, _ = panel
    with pytest.raises(TypeError, match="OutlierClassifier"):
        PerSeries(IsolationForest()).fit(X)
    with pytest.raises(
        TypeError, match=r"PerSeries has a model for each series. Create a LiveScorer for each"
    ):
        LiveScorer(PerSeries(ZScoreDetector()).fit(X))
