"""A panel whose series are of several lengths, and a model of it that looks back."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sktsad import GaussianDetector, SeriesScaler, SlidingWindow


@pytest.fixture(scope="session")
def panel():
    rng = np.random.default_rng(0)
    frames = {
        f"s{number}": pd.DataFrame(
            {"value": rng.normal(number, 1 + number, 40 + 10 * number)},
            pd.date_range("2026-01-01", periods=40 + 10 * number, freq="min"),
        )
        for number in (3, 0, 2, 1, 4)
    }
    return pd.concat(frames, names=["series", "time"])


@pytest.fixture(scope="session")
def model(panel):
    return make_pipeline(SeriesScaler(), SlidingWindow(5), GaussianDetector(threshold=3.0)).fit(panel)


@pytest.fixture(scope="session")
def scores(model, panel):
    """The scores of one call over all rows."""
    return pd.Series(model.decision_function(panel), panel.index)


@pytest.fixture
def spoilt(panel):
    """The panel with a row of s2 that cannot be scored."""
    X = panel.copy()
    X.loc["s2"].iloc[3]  # it is there
    X.iloc[X.index.get_loc("s2").start + 3] = np.nan
    return X


@pytest.fixture
def table(panel):
    """The panel as a table whose rows are in no order, with labels."""
    rows = panel.reset_index().sample(frac=1, random_state=0)
    return rows.assign(label=(rows["value"] > 5).astype(int))
