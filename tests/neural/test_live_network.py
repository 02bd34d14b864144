"""Networks along a series that work row by row, on extreme values."""

import numpy as np
import pandas as pd
import pytest
from sklearn.frozen import FrozenEstimator

from sktsad import (
    ConfidenceDetector,
    CostSensitiveClassifier,
    StatefulForecastDetector,
    StatefulRNNClassifier,
)
from sktsad.live import LiveScorer

INDEX = pd.MultiIndex.from_product([["a", "b"], range(60)], names=["series", "time"])
X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=120)}, INDEX)
SMALL = {"hidden_size": 3, "max_epochs": 1, "min_updates": 2, "random_state": 0}


def rows_at(time, *values):
    index = pd.MultiIndex.from_product([["a", "b"], [time]], names=INDEX.names)
    return pd.DataFrame({"x": values}, index)


@pytest.mark.parametrize(
    "model",
    [StatefulRNNClassifier("gru", **SMALL), StatefulForecastDetector("gru", **SMALL)],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.filterwarnings("ignore:.*fails:UserWarning")
def test_a_row_beyond_the_floats_of_the_network_does_not_spoil_the_state(model):
    wide = X.assign(other=X["x"].to_numpy()[::-1])  # the sum of two infinities of either sign is no number
    model.fit(wide, np.arange(120) % 20 == 7)
    scorer = LiveScorer(model)
    scorer.update(rows_at(60, 1e300, 0.5).assign(other=[1e300, 0.1]))
    second = scorer.update(rows_at(61, 0.1, 0.2).assign(other=0.3))
    assert np.isfinite(second["score"]).all()
    steady = LiveScorer(model)
    steady.update(rows_at(60, 0.0, 0.5).assign(other=[0.0, 0.1]))
    same = steady.update(rows_at(61, 0.1, 0.2).assign(other=0.3))
    np.testing.assert_allclose(second["score"].iloc[1], same["score"].iloc[1], rtol=1e-5)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_probabilities_go_on_as_in_one_call(n_classes):
    y = np.where(np.arange(120) % 10 < n_classes, np.arange(120) % 10, 0)
    inner = StatefulRNNClassifier("gru", **SMALL)
    model = (
        CostSensitiveClassifier(inner, method="threshold_moving").fit(X, y)
        if n_classes == 2
        else ConfidenceDetector(FrozenEstimator(inner.fit(X, y))).fit(X)
    )
    later = rows_at(60, 0.3, 0.4)
    found = LiveScorer(model).update(later)["decision"]
    np.testing.assert_allclose(found, model.decision_function(later), rtol=1e-5, atol=1e-6)
