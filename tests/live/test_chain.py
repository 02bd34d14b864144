"""Steps one after the other: a row that one of them cannot take is left out of those that follow."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sktsad import GaussianDetector, SlidingWindow, SmoothedClassifier
from sktsad.live import LiveScorer
from sktsad.thresholds import Quantile


@pytest.mark.parametrize("n_bad", [1, 3])
def test_rows_that_a_step_makes_infinite_are_alarms_and_others_are_scored(n_bad):
    names = ["a", "b", "c"]
    index = pd.MultiIndex.from_product([names, range(40)], names=["series", "time"])
    X = pd.DataFrame({"x": np.random.default_rng(0).uniform(1, 2, len(index))}, index)
    model = make_pipeline(FunctionTransformer(np.log), SlidingWindow(3), GaussianDetector(threshold=3.0)).fit(
        X
    )
    later = X.groupby(level=0).tail(1).rename(index=lambda time: 40 if time == 39 else time, level=1)
    wanted = model.decision_function(later)
    later.iloc[:n_bad] = 0.0  # whose logarithm is minus infinity
    with np.errstate(divide="ignore"):
        found = LiveScorer(model).update(later)
    assert np.isinf(found["score"].to_numpy()[:n_bad]).all() and found["alarm"].to_numpy()[:n_bad].all()
    np.testing.assert_allclose(found["decision"].to_numpy()[n_bad:], wanted[n_bad:])


def test_a_threshold_that_is_set_on_the_model_counts_for_the_next_row():
    X = np.random.default_rng(0).normal(size=(100, 2))
    for model in (
        GaussianDetector(threshold=Quantile(0.5)).fit(X),
        SmoothedClassifier(GaussianDetector(threshold=Quantile(0.5)), 2).fit(X),
    ):
        scorer = LiveScorer(model)
        assert scorer.update(X)["alarm"].any()
        getattr(model, "estimator_", model).set_params(threshold=1e9)
        assert not scorer.update_one(None, None, X[0])[1]
        assert not scorer.update(X)["alarm"].any()
        getattr(model, "estimator_", model).set_params(threshold=-1e9)
        assert scorer.update(X)["alarm"].all()
