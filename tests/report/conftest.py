import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sktsad import GaussianDetector, SeriesScaler, SlidingWindow
from sktsad.thresholds import AlarmsPerDay


@pytest.fixture(scope="session")
def pumps():
    """Two pumps of two sensors, by the minute: one has an event, and an outage of 40 minutes."""
    minutes = pd.date_range("2024-06-01", periods=400, freq="min", tz="Europe/Paris")
    index = pd.MultiIndex.from_product([["a<1>", "b"], minutes], names=["pump", "time"])
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(800, 2)), index, ["heat", "flow & rate"])
    y = pd.Series(0, index)
    y.iloc[300:320] = 1
    X.iloc[300:320, 1] += 8
    keep = np.r_[0:100, 140:800]
    return X.iloc[keep], y.iloc[keep]


@pytest.fixture(scope="session")
def detector(pumps):
    X, y = pumps
    steps = (SeriesScaler(), SlidingWindow(2), GaussianDetector(threshold=AlarmsPerDay(20)))
    return make_pipeline(*steps).fit(X[y == 0])
