"""Rows that an ensemble drew at random before their windows were made."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sktsad import SlidingWindow
from sktsad._core._drawn_rows import _repeats_by_chance, look_drawn


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
        (1e25 * ordered).astype(np.float32),
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


def test_of_fewer_than_a_hundred_rows_nothing_is_said():
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(100, 1))[rng.integers(0, 100, 100)]
    assert look_drawn(drawn) and not look_drawn(drawn[:99])


def test_rows_are_in_order_where_neighbours_are_five_deviations_closer_than_by_chance():
    """The von Neumann ratio of numbers in random order is 2, with a standard deviation of 2 / sqrt(n)."""
    rng = np.random.default_rng(3)
    drawn = rng.normal(size=800)[rng.integers(0, 800, 800)]
    ratios = []
    for n_sorted in range(100, 240, 4):
        values = np.append(np.sort(drawn[:n_sorted]), drawn[n_sorted:])
        ratios.append(np.square(np.diff(values)).sum() / np.square(values - values.mean()).sum())
        assert look_drawn(values[:, None]) == (ratios[-1] >= 2 - 5 * 2 / math.sqrt(800)), n_sorted
    assert min(ratios) < 1.6 and max(ratios) > 1.7


def test_rows_of_which_the_first_five_thousand_are_distinct_are_not_looked_at_any_further():
    rng = np.random.default_rng(4)
    drawn = rng.normal(size=20_000)[rng.integers(0, 20_000, 20_000)]
    _, first = np.unique(drawn, return_index=True)
    first = np.sort(first)[:5000]
    rest = np.delete(np.arange(20_000), first)
    again = rest[np.isin(drawn[rest], drawn[first])][:1]  # directly after them
    values = drawn[np.concatenate([first, again, rest[rest != again]])]
    assert not look_drawn(values[:, None])
    assert look_drawn(values[1:, None])


def counts_of(mean, n_distinct=1000):
    """Return how many rows come once, twice, ... when rows are drawn, by the mean of those that come at all."""
    low, high = 0.0, 10.0
    for _ in range(60):
        rate = (low + high) / 2
        low, high = (rate, high) if rate / (1 - math.exp(-rate)) < mean else (low, rate)
    terms = [math.exp(-rate) * rate**times / math.factorial(times) for times in range(1, 20)]
    return np.array(terms) * n_distinct / (1 - math.exp(-rate)), rate


def is_by_chance(times_seen):
    """Compare counts with those expected, where the last class holds what comes more often than 99 of 100 rows do."""
    expected, rate = counts_of(times_seen.mean(), len(times_seen))
    last, total = 0, math.exp(-rate)
    while total < 0.99:
        last += 1
        total += math.exp(-rate) * rate**last / math.factorial(last)
    classes = [times_seen == times for times in range(1, last + 1)] + [times_seen > last]
    expected = [*expected[:last], len(times_seen) - expected[:last].sum()]
    misfit = sum(
        (found.sum() - wanted) ** 2 / wanted for found, wanted in zip(classes, expected, strict=True)
    )
    return chi2.sf(misfit, len(classes) - 2) > 1e-6  # one for the total, one for the mean


@pytest.mark.parametrize("mean", [1.12, 1.3, 1.6, 1.9])
def test_numbers_of_repeats_that_are_unlikely_by_chance_are_told(mean):
    counts = np.rint(counts_of(mean)[0]).astype(int)
    found = []
    for moved in range(0, min(counts[1], 100), 2):  # in threes rather than twice, and as many once
        some = counts + np.array([moved // 2, -moved, moved - moved // 2] + [0] * 16)
        times_seen = np.repeat(np.arange(1, 20), some)
        found.append(_repeats_by_chance(times_seen))
        assert found[-1] == is_by_chance(times_seen), moved
    assert found[0] and not found[-1]


def test_an_ensemble_draws_as_many_rows_as_there_are_at_most():
    for counts, expected in (
        ([906, 88, 6], True),  # 1.1 of each
        ([907, 87, 6], False),
        ([405, 325, 172, 69, 22, 6, 1], True),  # 2
        ([405, 324, 172, 69, 22, 7, 1], False),
    ):
        assert _repeats_by_chance(np.repeat(np.arange(1, len(counts) + 1), counts)) == expected
