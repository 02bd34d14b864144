"""Rows that an ensemble drew at random before their windows were made."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sktsad import SlidingWindow
from sktsad._core._drawn_rows import look_drawn


def panel(n_rows=200):
    index = pd.MultiIndex.from_product(
        [["a", "b"], pd.date_range("2026-01-01", periods=n_rows, freq="min")], names=["series", "time"]
    )
    return pd.DataFrame({"load": np.random.default_rng(0).normal(size=2 * n_rows)}, index=index)


def test_bagging_over_a_window_is_noticed():
    """The ensemble hands arrays of drawn rows to its members; the index of the panel is gone by then."""
    X = panel()
    y = X["load"].to_numpy() > 1
    over_window = BaggingClassifier(make_pipeline(SlidingWindow(3), LogisticRegression()), n_estimators=1)
    with pytest.warns(UserWarning, match="BaggingClassifier draws the rows of a Pipeline before"):
        over_window.fit(X, y)
    after_window = make_pipeline(SlidingWindow(3), BaggingClassifier(LogisticRegression(), n_estimators=1))
    after_window.fit(X, y)  # without a warning


@pytest.mark.parametrize("share", [0.5, 1.0])
@pytest.mark.parametrize("n_columns", [1, 3])
def test_draws_are_told(share, n_columns):
    rng = np.random.default_rng(1)
    walk = np.cumsum(rng.normal(size=(800, n_columns)), axis=0)
    assert look_drawn(walk[rng.integers(0, 800, int(share * 800))])


def test_drawn_rows_that_were_put_in_order_are_not_suspected():
    rng = np.random.default_rng(1)
    drawn = np.column_stack([np.arange(800.0), rng.normal(size=800)])[rng.integers(0, 800, 800)]
    assert look_drawn(drawn) and look_drawn(1e-6 * drawn)
    assert look_drawn(np.column_stack([drawn, np.ones(800)]))
    ordered = drawn[np.argsort(drawn[:, 0])]
    for values in (
        ordered,
        ordered[:, ::-1],
        ordered[:, :1],
        1e-6 * ordered,
    ):  # one column in order is enough
        assert not look_drawn(values)
    rough = np.lexsort([rng.random(800), drawn[:, 0] // 100])  # equal rows are no neighbours
    assert not look_drawn(drawn[rough])
    drawn[5, 1] = np.inf
    assert not look_drawn(drawn)


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(2).normal(size=(500, 1)),  # nothing repeats
        np.round(np.cumsum(np.random.default_rng(2).normal(size=(500, 1)), axis=0), 1),  # in order
        np.random.default_rng(2).integers(0, 9, size=(500, 1)),  # repeats too often
        np.append(np.random.default_rng(2).normal(size=498), [7.0, 7.0])[:, None],  # repeats once
        np.tile(np.random.default_rng(2).normal(size=250), 2)[:, None],  # each twice: a season, not a draw
        np.append(np.tile(np.random.default_rng(2).normal(size=80), 2), np.inf)[:, None],
        np.tile(np.random.default_rng(2).normal(size=40), 2)[:, None],  # too few rows to tell
        np.array(["a", "b"] * 100, dtype=object)[:, None],
        np.empty((200, 0)),
        np.array(3.0),
        np.repeat([1e300, -1e300], 100)[:, None],
    ],
)
def test_rows_in_order_are_not_suspected(values):
    assert not look_drawn(values)
