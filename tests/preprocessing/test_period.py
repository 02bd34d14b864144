import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sktsad._core._series import read_series
from sktsad.preprocessing._period import Period, choose_period, find_period

MINUTE = 60e9


def wave(period, n_rows, noise=0.2, seed=0):
    time = np.arange(n_rows)
    shape = np.sin(2 * np.pi * time / period) + (time % period < period / 4)
    return (shape + noise * np.random.default_rng(seed).normal(size=n_rows))[:, None]


def dated(n_rows, freq, keys=None):
    time = pd.date_range("2026-01-01", periods=n_rows, freq=freq)
    index = time if keys is None else pd.MultiIndex.from_product([keys, time])
    return pd.DataFrame({"x": np.zeros(len(index))}, index)


# Found in the values


@given(st.integers(8, 60), st.integers(4, 12), st.integers(0, 99))
def test_the_period_of_a_noisy_wave_is_found(period, n_periods, seed):
    assert abs(find_period(wave(period, period * n_periods, seed=seed)) - period) <= 1


@pytest.mark.parametrize("period", [4, 5, 24])
def test_the_period_of_a_clean_wave_is_exact(period):
    assert find_period(wave(period, 10 * period, noise=0)) == period


@given(st.integers(0, 999))
def test_noise_has_no_period(seed):
    assert find_period(np.random.default_rng(seed).normal(size=(500, 1))) is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "values",
    [np.zeros(100), np.full(100, 0.1), np.full(100, 1e30), 0.1 * np.arange(100.0), 1e9 - np.arange(100.0)],
    ids=["zero", "constant", "large", "ramp", "falling"],
)
def test_what_does_not_move_but_for_its_trend_has_no_period(values, dtype):
    assert find_period(values[:, None].astype(dtype)) is None


def test_a_trend_does_not_hide_the_period():
    assert find_period(wave(12, 240) + 5 * np.arange(240.0)[:, None]) == 12


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1e9, 1e200, 1e300])
def test_each_column_counts_whatever_its_unit(scale):
    noise = np.random.default_rng(0).normal(size=(240, 1))
    assert find_period(wave(12, 240) * scale) == 12
    assert find_period(np.hstack([wave(12, 240), scale * wave(12, 240, seed=1)])) == 12
    beside_noise = find_period(np.hstack([noise, wave(12, 240)]))
    assert find_period(np.hstack([scale * noise, wave(12, 240)])) == beside_noise
    assert find_period(np.hstack([np.full((240, 1), scale), wave(12, 240)])) == 12


def test_an_offset_does_not_hide_the_period():
    assert find_period(wave(12, 240) + 1e9) == 12


@pytest.mark.parametrize("n_rows", [1, 2, 11])
def test_a_few_rows_have_no_period(n_rows):
    assert find_period(wave(4, n_rows, noise=0)) is None


def test_a_period_longer_than_a_third_of_the_rows_is_not_found():
    assert find_period(wave(50, 140, noise=0)) is None
    assert find_period(wave(50, 160, noise=0)) == 50


# What hides a period


def sine(period, n_rows, noise, seed):
    row = np.arange(n_rows)
    return np.sin(2 * np.pi * row / period) + noise * np.random.default_rng(seed).normal(size=n_rows)


@pytest.mark.parametrize("noise", [0.0, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("period", [50, 288, 1440])
def test_ripples_of_noise_on_the_way_up_are_not_taken_for_the_top(period, noise):
    found = [find_period(sine(period, 12 * period, noise, seed)[:, None]) for seed in range(5)]
    assert abs(np.median(found) - period) <= period / 100


@pytest.mark.parametrize("period", [97, 288])
def test_a_short_peak_in_each_period_is_enough(period):
    sharp = (np.arange(12 * period) % period < 9) + 0.1 * np.random.default_rng(0).normal(size=12 * period)
    assert abs(find_period(sharp[:, None]) - period) <= 1


def test_of_a_period_that_comes_often_a_dozen_are_enough():
    assert find_period(sine(30, 30 * 100, 1.0, 0)[:, None]) == 30


def test_of_two_seasons_the_short_one_is_the_period_unless_the_long_one_is_far_stronger():
    day, week = sine(48, 48 * 35, 0.3, 0), sine(336, 48 * 35, 0.0, 0)
    assert abs(find_period((day + week / 2)[:, None]) - 48) <= 0.5
    assert abs(find_period((day / 4 + week)[:, None]) - 336) <= 4


@pytest.mark.parametrize("trend", [lambda t: 20 * t**2, lambda t: -9 * t**3 + t, lambda t: 5 * np.sin(5 * t)])
def test_what_bends_slowly_does_not_hide_the_period(trend):
    values = sine(72, 72 * 15, 0.3, 0) + trend(np.linspace(0, 1, 72 * 15))
    assert abs(find_period(values[:, None]) - 72) <= 1


@pytest.mark.parametrize("seed", range(10))
def test_what_is_like_itself_for_a_while_has_no_period(seed):
    fading = np.convolve(np.random.default_rng(seed).normal(size=3000), np.exp(-np.arange(100) / 20))[:3000]
    assert find_period(fading[:, None]) is None


def test_what_still_gets_more_alike_at_a_third_of_the_rows_has_no_period_there():
    assert find_period(sine(1000, 2600, 0.0, 0)[:, None]) is None


# Days


def test_a_day_is_counted_in_rows_of_the_series():
    found = Period(None).in_rows(MINUTE * np.array([1, 7, 360, 361, np.nan]))
    np.testing.assert_array_equal(found, [1440, 206, 4, np.nan, np.nan])  # 205.7 are 206
    assert Period(None).in_time(MINUTE) == (24 + 2) * 60 * MINUTE  # the longest, where clocks are set back
    assert Period(9).in_rows(np.array([np.nan, 5.0])).tolist() == [9, 9]
    assert Period(9).in_time(5.0) == 45


@pytest.mark.parametrize("keys", [None, ["a", "b"]])
def test_dates_over_two_days_make_it_a_day(keys):
    for n_rows, expected in [(48, None), (49, Period(None))]:
        X = dated(n_rows, "h", keys)
        assert choose_period("auto", X.to_numpy(), read_series(X), True) == expected


def test_days_of_fewer_than_four_rows_are_no_period_but_weeks_are():
    X = dated(210, "D")
    assert choose_period("auto", wave(7, 210), read_series(X), True) == Period(7)


def test_without_dates_the_period_is_that_of_the_longest_series():
    index = pd.MultiIndex.from_arrays([["a"] * 90 + ["b"] * 240, np.r_[:90, :240]])
    values = np.vstack([wave(9, 90), wave(24, 240)])
    X = pd.DataFrame(values, index)
    assert choose_period("auto", values, read_series(X), False) == Period(24)
    mixed = X.sort_index(level=1)
    assert choose_period("auto", mixed.to_numpy(), read_series(mixed), False) == Period(24)


def test_a_period_that_is_given_is_taken():
    X = dated(100, "h")
    assert choose_period(5, X.to_numpy(), read_series(X), True) == Period(5)
    assert choose_period(None, X.to_numpy(), read_series(X), True) is None


# Looking back


def found(period, lag, n_neighbors, n_rows, times, step, zone=None):
    """Rows that each row finds, by where they start and stop."""
    ends = period.look_back(lag, n_neighbors, times, np.full(n_rows, step), zone, np.array([0, n_rows]))
    return [list(range(*pair)) for pair in zip(*ends, strict=True)]


def test_rows_are_looked_up_by_time_or_else_by_number():
    times = np.array([0.0, 1, 2, 4, 5, 6])
    assert found(Period(2), 1, 0, 6, times, 1.0) == [[], [], [0], [2], [], [3]]
    assert found(Period(2), 2, 0, 6, times, 1.0) == [[], [], [], [0], [1], [2]]
    assert found(Period(2), 1, 1, 6, times, 1.0) == [[], [0], [0, 1], [1, 2], [2, 3], [3, 4]]
    for step in (np.nan, 60.0):
        assert found(Period(2), 1, 0, 6, None, step) == [[], [], [0], [1], [2], [3]]
        assert found(Period(3), 1, 1, 6, None, step) == [[], [], [0], [0, 1], [0, 1, 2], [1, 2, 3]]


def test_each_row_is_looked_up_by_its_own_step():
    times, steps = np.array([0.0, 1, 2, 4, 6]), np.array([np.nan, 1, 1, 1, 2])
    ends = Period(2).look_back(1, 0, times, steps, None, np.array([0, 5]))
    assert [list(range(*pair)) for pair in zip(*ends, strict=True)] == [[], [], [0], [2], [1, 2]]


def test_in_a_short_period_neither_a_row_nor_later_ones_are_its_neighbours():
    for times in (None, np.arange(5)):
        assert found(Period(2), 1, 5, 5, times, 1.0) == [list(range(t)) for t in range(5)]


def test_where_rows_have_times_and_no_step_there_is_none_to_look_up():
    assert found(Period(2), 1, 9, 2, np.array([0, 60]), np.nan) == [[], []]


def test_a_day_that_is_no_whole_number_of_rows_ends_at_the_nearest():
    times = 7 * MINUTE * np.arange(500)
    assert found(Period(None), 1, 0, 500, times, 7 * MINUTE)[300] == [300 - 206]
    assert found(Period(None), 2, 0, 500, times, 7 * MINUTE)[450] == [450 - 411]  # 411.4
    assert found(Period(None), 1, 0, 500, None, 7 * MINUTE)[300] == [300 - 206]


def test_where_a_day_has_too_few_rows_there_is_none_to_look_up():
    days = 1440 * MINUTE * np.arange(3)
    assert found(Period(None), 1, 2, 3, days, 1440 * MINUTE) == [[], [], []]
    assert found(Period(None), 1, 2, 3, None, 1440 * MINUTE) == [[], [], []]


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Auckland"]
)
@pytest.mark.parametrize("lag", [1, 3, 7])
def test_a_day_of_a_time_zone_is_one_of_its_clocks_through_all_changes_of_a_year(zone, lag):
    index = pd.date_range("2026-01-01", "2027-01-01", freq="30min", tz=zone)
    rows = read_series(pd.DataFrame({"x": 0.0}, index))
    ends = found(Period(None), lag, 0, len(index), rows.times, 30 * MINUTE, zone)
    local = index.tz_localize(None)
    later = np.arange(lag * 48 + 4, len(index))
    earlier = np.array([row for (row,) in ends[later[0] :]])  # one for each
    wanted = local[later] - pd.Timedelta(days=lag)
    is_there = wanted.isin(local)  # not within the hour that clocks leave out
    assert (local[earlier] == wanted)[is_there].all()
    assert is_there.sum() > 0.99 * (len(index) - lag * 48)


def test_missing_values_hide_no_period():
    values = wave(7, 210).copy()
    values[::10] = np.nan
    assert find_period(values) == 7


def test_spikes_hide_no_period_and_a_few_rows_of_noise_have_none():
    rng = np.random.default_rng(0)
    row = np.arange(7 * 96)
    x = np.sin(2 * np.pi * row / 96) + 0.2 * rng.normal(size=len(row))
    x[rng.integers(0, len(x), 7)] += 20
    assert abs(find_period(x.reshape(-1, 1)) - 96) <= 1
    assert not any(find_period(np.random.default_rng(seed).normal(size=(60, 1))) for seed in range(5))
