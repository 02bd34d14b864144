import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sktsad._core import read_series
from sktsad.preprocessing import _auto_length
from sktsad.preprocessing._auto_length import auto_length


def wave(period, n_rows, noise=0.3, seed=0):
    angle = 2 * np.pi * np.arange(n_rows) / (period or 1)
    return (np.sin(angle) if period else 0) + noise * np.random.default_rng(seed).normal(size=n_rows)


def panel(*series):
    """A panel of series; the length that is found, by what is asked for."""
    index = pd.MultiIndex.from_tuples(
        [(key, row) for key, part in enumerate(series) for row in range(len(part))]
    )
    X = pd.DataFrame(np.concatenate(series)[:, None], index)
    return lambda length="auto": auto_length(X.to_numpy(), read_series(X), length)


@pytest.mark.parametrize("period", [24, 100, 288])
@pytest.mark.parametrize("length, periods", [("auto/2", 0.5), ("auto", 1), ("2*auto", 2)])
def test_it_is_a_period_or_a_multiple(period, length, periods):
    found = panel(wave(period, 12 * period))(length)
    assert abs(found - periods * period) <= max(1, periods * period / 100)


@pytest.mark.parametrize("length, expected", [("auto/2", 15), ("auto", 30), ("2*auto", 60)])
def test_without_a_period_it_is_30(length, expected):
    assert panel(wave(None, 1000))(length) == expected
    assert panel(np.zeros(1000))(length) == expected


def test_of_several_series_it_is_the_median_of_those_that_have_one():
    assert panel(wave(20, 300), wave(40, 600), wave(50, 700), wave(None, 500))() == 40
    assert panel(wave(20, 300), wave(40, 600))() == 30


def test_it_is_at_most_a_third_of_the_shortest_usable_series():
    assert panel(wave(100, 2000), wave(None, 120))() == 40
    assert panel(wave(100, 2000), wave(None, 89))() == 100  # one that short is not asked
    assert panel(wave(100, 2000))("2*auto") == 200
    assert panel(wave(100, 450))("2*auto") == 150
    assert panel(wave(None, 45), wave(None, 60))() == 20
    assert panel(wave(None, 2))() == panel(wave(None, 1))() == 1


def test_a_window_of_many_columns_does_not_get_too_large():
    X = np.repeat(wave(100, 1000)[:, None], 50, axis=1)
    assert auto_length(X[:, :20], read_series(X)) == 100
    assert auto_length(X, read_series(X)) == 40
    assert auto_length(np.repeat(X, 60, axis=1), read_series(X)) == 1


def test_a_period_that_wanders_is_good_enough_for_a_window():
    rng = np.random.default_rng(0)
    beats = [np.sin(2 * np.pi * np.arange(length) / length) for length in rng.integers(36, 45, size=200)]
    assert abs(panel(np.concatenate(beats))() - 40) <= 2


def test_rows_in_any_order_are_read_series_by_series():
    parts = [wave(20, 300), wave(40, 300, seed=1), wave(40, 300, seed=2)]
    index = pd.MultiIndex.from_product([range(3), range(300)])
    X = pd.DataFrame(np.concatenate(parts)[:, None], index).sort_index(level=1)
    assert auto_length(X.to_numpy(), read_series(X)) == 40


def test_of_many_series_some_are_looked_at(monkeypatch):
    asked = []

    def find_period(values, least):
        asked.append(values[0, 0])
        return 25

    monkeypatch.setattr(_auto_length, "find_period", find_period)
    assert panel(*(np.full(90, key) for key in range(500)))() == 25
    assert asked == list(range(0, 500, 3))


@given(st.lists(st.integers(1, 200), min_size=1, max_size=5), st.sampled_from(["auto/2", "auto", "2*auto"]))
def test_it_never_exceeds_the_longest_series(sizes, length):
    found = panel(*(wave(None, size) for size in sizes))(length)
    assert 1 <= found <= max(sizes)
