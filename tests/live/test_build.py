"""How each step works row by row; steps that cannot are refused by name; steps of other libraries declare it."""

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils import _safe_indexing as safe_indexing

from sktsad import (
    ConfidenceDetector,
    CostSensitiveClassifier,
    GaussianDetector,
    SafeSampler,
    SlidingWindow,
    ThresholdClassifier,
    ZScoreDetector,
)
from sktsad.detectors import BaseDetector
from sktsad.live import LiveScorer, LiveStep

X = pd.DataFrame(
    np.random.default_rng(0).normal(size=(120, 2)),
    pd.date_range("2026", periods=120, freq="h"),
    ["load", "heat"],
)
Y = (X["load"] > 1).astype(int)


class Difference(TransformerMixin, BaseEstimator):
    """The difference to the row before, which is 0 for the first."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        values = np.asarray(X)
        return np.diff(values, axis=0, prepend=values[:1])


class SaysRows(Difference):
    def live_step(self):
        return 1


class SaysNone(Difference):
    def live_step(self):
        return 0

    def transform(self, X):
        return np.asarray(X) * 2


class Last(LiveStep):
    def __init__(self, n_columns):
        super().__init__()
        self.keep("last", (n_columns,), fill=np.nan)

    def step(self, rows, values):
        before = self.last[rows.slots]
        self.last[rows.slots] = values
        return np.where(np.isnan(before), 0, values - before)


class SaysState(Difference):
    def live_step(self):
        return Last(self.n_features_in_)


class Centred(Difference):
    looks_ahead = True


def same(model, rows=X, **params):
    """Compare with one call over the rows."""
    scorer = LiveScorer(model, **params)
    parts = np.split(np.arange(len(rows)), [30, 31])
    found = pd.concat([scorer.update(safe_indexing(rows, part)) for part in parts])
    np.testing.assert_allclose(found["decision"], model.decision_function(rows), atol=1e-12)


@pytest.mark.parametrize("step", [SaysRows(), SaysNone(), SaysState()])
@pytest.mark.parametrize("rows", ["dates", "numbers", "none", "deltas", "zone"])
def test_steps_of_others_say_how_they_go_on(step, rows):
    index = {
        "numbers": pd.Index(np.arange(120) / 2),
        "deltas": pd.to_timedelta(np.arange(120), unit="h"),
        "zone": X.index.tz_localize("UTC"),
    }.get(rows, X.index)
    table = X.to_numpy() if rows == "none" else X.set_axis(index)
    same(make_pipeline(step, SlidingWindow(4), ZScoreDetector("rolling")).fit(X.to_numpy()), table)


def test_the_user_says_it_for_them():
    same(make_pipeline(Difference(), GaussianDetector()).fit(X), look_back={"difference": 1})


def test_steps_that_act_at_fit_alone_are_passed_by():
    model = make_imblearn_pipeline(SlidingWindow(2), SafeSampler("oversample"), LogisticRegression()).fit(
        X, Y
    )
    same(model, pd.DataFrame(X.to_numpy(), X.index + pd.Timedelta("5D"), X.columns))


@pytest.mark.slow
def test_pipelines_in_pipelines_and_steps_that_are_none():
    inner = make_pipeline(StandardScaler(), "passthrough")
    same(make_pipeline(inner, OneHotEncoder(handle_unknown="ignore"), LogisticRegression()).fit(X, Y))


def test_probabilities_of_what_wraps_a_classifier():
    inner = ThresholdClassifier(CostSensitiveClassifier(LogisticRegression()), 0.1).fit(X, Y)
    same(ConfidenceDetector(make_frozen(inner)).fit(X))


def make_frozen(model):
    from sklearn.frozen import FrozenEstimator

    return FrozenEstimator(model)


class Whole(BaseDetector, BaseEstimator):
    _default_threshold = 0.0

    def __init__(self, threshold=None, validation_fraction=0.2):
        self.threshold = threshold
        self.validation_fraction = validation_fraction

    def _fit_rows(self, rows, y, anomalous, held_out):
        pass

    def _score(self, rows):
        return np.asarray(rows)[:, 0] - np.asarray(rows)[:, 0].mean()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            make_pipeline(Difference(), GaussianDetector()),
            "difference=Difference.* does not state how it works",
        ),
        (make_pipeline(Centred(), GaussianDetector()), "centred=Centred.* looks ahead"),
        (
            make_pipeline(FunctionTransformer(lambda values: values[::-1]), GaussianDetector()),
            "functiontransformer=.* its function may use other rows",
        ),
        (
            CalibratedClassifierCV(make_pipeline(SlidingWindow(3), LogisticRegression()), cv=2),
            "contains SlidingWindow, which needs earlier rows",
        ),
        (make_pipeline(SlidingWindow(3), LinearRegression()), "linearregression=.* has no score"),
        (Whole(), "takes all rows at once"),
        (IsolationForest(n_estimators=2), "is an outlier detector"),
    ],
)
def test_what_cannot_go_on_is_refused_by_name(model, message):
    with pytest.raises(TypeError, match=message):
        LiveScorer(model.fit(X.to_numpy(), Y.to_numpy()))
