"""Scaling that continues row by row."""

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from sktsad import GaussianDetector, SeriesScaler
from sktsad.live import LiveScorer


def test_a_scaler_that_clips_is_asked_row_by_row():
    index = pd.MultiIndex.from_product([["a", "b"], range(40)], names=["series", "time"])
    X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=80)}, index)
    model = make_pipeline(SeriesScaler(MinMaxScaler(clip=True)), GaussianDetector(threshold=3.0)).fit(X)
    later = X.groupby(level=0).tail(1).rename(index=lambda time: 40 if time == 39 else time, level=1) * 9
    np.testing.assert_array_equal(LiveScorer(model).update(later)["decision"], model.decision_function(later))
