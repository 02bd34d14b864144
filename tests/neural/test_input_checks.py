"""Input that a network cannot learn from is announced, and scaled input is not."""

import warnings

import numpy as np
import pandas as pd
import pytest

from sktsad import (
    AutoencoderDetector,
    RNNClassifier,
    SeriesScaler,
    SlidingWindow,
    StatefulForecastDetector,
    StatefulRNNClassifier,
)
from sktsad.neural._input_checks import warn_if_badly_scaled

VALUES = np.random.default_rng(0).normal(size=(60, 2))
Y = np.arange(60) % 10 == 3
SMALL = {"max_epochs": 1, "random_state": 0}


def said(X):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_if_badly_scaled(SlidingWindow(3).fit_transform(X))
    return [str(each.message) for each in caught]


def second(change):
    """Change the second column."""
    return np.column_stack([VALUES[:, 0], change(VALUES[:, 1])])


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x * 1e-12,
        lambda x: x * 1e-200,
        lambda x: x * 1e5,
        lambda x: x + 300,
        lambda x: x - 1e9,
        lambda x: 0 * x + 1e9,
        lambda x: x * 1e160,
    ],
)
def test_a_channel_that_is_tiny_huge_or_far_from_0_is_named(change):
    (message,) = said(second(change))
    assert message.startswith("Column 'x1' has mean")
    assert "SeriesScaler() or StandardScaler()" in message


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x,
        lambda x: 50 + 5 * x,
        lambda x: 100 + x,
        lambda x: 0 * x + 7,
        lambda x: (x > 2) * 1.0,
        lambda x: 0 * x + 0.1,
    ],
)
def test_usual_values_are_quiet(change):
    assert not said(second(change))


def panel(change):
    frames = {"a": VALUES, "b": second(change), "c": VALUES}
    return pd.concat({key: pd.DataFrame(each, columns=["x", "y"]) for key, each in frames.items()})


def test_a_series_that_is_flat_beside_the_others_is_named():
    (message,) = said(panel(lambda x: x * 1e-6))
    assert message.startswith("Column 'y' of series 'b' has mean")
    assert message.endswith("with SeriesScaler(), each series by itself.")
    assert not said(SeriesScaler().fit_transform(panel(lambda x: x * 1e-6)))
    assert not said(panel(lambda x: 0 * x))  # constant


@pytest.mark.parametrize(
    "model",
    [
        StatefulRNNClassifier("rnn", hidden_size=2, **SMALL),
        StatefulForecastDetector("rnn", hidden_size=2, **SMALL),
        AutoencoderDetector(hidden_sizes=(2,), **SMALL),
        RNNClassifier("rnn", hidden_size=2, **SMALL),
    ],
    ids=lambda model: type(model).__name__,
)
def test_networks_along_the_series_say_so_as_well(model):
    with pytest.warns(UserWarning, match="a network can hardly learn from") as record:
        model.fit(VALUES * 1e-12, Y)
    assert record[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(VALUES, Y)
