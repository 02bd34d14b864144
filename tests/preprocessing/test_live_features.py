"""Features that go on row by row, with few of them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sktsad import GaussianDetector, RollingFeatures
from sktsad.live import LiveScorer

INDEX = pd.MultiIndex.from_product([["a", "b"], range(80)], names=["series", "time"])
X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=160)}, INDEX)


@pytest.mark.parametrize(
    "options",
    [
        {"period_lags": [1, 2], "n_periods": 0, "ewm_spans": [], "period": 6},
        {"n_periods": 2, "period_lags": [], "same_windows": [], "ewm_spans": [], "period": 6},
    ],
    ids=["lags", "same time"],
)
def test_few_features_are_those_of_one_call(options):
    features = RollingFeatures([3], std_windows=[], slope_windows=[], **options)
    train, later = X[INDEX.get_level_values(1) < 50], X[INDEX.get_level_values(1) >= 50]
    model = make_pipeline(features, GaussianDetector(threshold=3.0)).fit(train)
    wanted = pd.Series(model.decision_function(later), later.index)
    scorer = LiveScorer(model)
    in_turns = later.sort_index(level=1, kind="stable")
    found = pd.concat([scorer.update(in_turns[at : at + 6])["decision"] for at in range(0, 60, 6)])
    np.testing.assert_allclose(found, wanted[found.index], atol=1e-7)
