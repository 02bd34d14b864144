"""Shared by tests of displays: no window opens, no figure is left open, small fitted detectors."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def close_figures():
    """Close the figures of a test, which are its own to close."""
    from matplotlib import pyplot

    yield
    pyplot.close("all")


@pytest.fixture(scope="session")
def machine():
    """Rows of three sensors, one a minute, with an hour missing; "b" is off in two events, the last of one row."""
    rng = np.random.RandomState(0)
    time = pd.date_range("2024-01-01", periods=360, freq="min", name="clock")
    X = pd.DataFrame(rng.normal(size=(360, 3)), index=time, columns=list("abc"))
    y = pd.Series(0, index=time)
    X.iloc[100:110, 1] += 9
    X.iloc[300, 1] += 20
    y.iloc[100:110] = y.iloc[300] = 1
    kept = np.r_[:150, 210:360]
    return X.iloc[kept], y.iloc[kept]


@pytest.fixture(scope="session")
def panel():
    """Two series of one column, which take turns."""
    index = pd.MultiIndex.from_product([range(40), ["left", "right"]]).swaplevel()
    rng = np.random.RandomState(1)
    X = pd.DataFrame({"load": rng.normal(size=80)}, index=index)
    y = pd.Series(0, index=index)
    y.loc[[("left", 10), ("left", 11), ("left", 12), ("right", 30)]] = 1
    return X, y


@pytest.fixture(scope="session")
def autoencoder(machine):
    """A pipeline that ends in a fitted autoencoder."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from sktsad import AutoencoderDetector, SlidingWindow

    scaler = StandardScaler().set_output(transform="pandas")
    detector = AutoencoderDetector(hidden_sizes=(4,), max_epochs=4, random_state=0, early_stopping=2)
    return make_pipeline(scaler, SlidingWindow(5), detector).fit(*machine)
