"""Rows that come without the rows before them are counted, with advice."""

import warnings
from inspect import currentframe

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from sktsad import (
    EventSplit,
    GaussianDetector,
    RollingFeatures,
    SeriesSplit,
    SlidingWindow,
    StatefulRNNClassifier,
    ZScoreDetector,
)
from sktsad._core import _missing_past, is_purged, read_series, remember_purged


def hours(n_rows, n_series=1):
    """Return rows an hour apart, of one series or a panel."""
    time = pd.date_range("2026-01-05", periods=n_rows, freq="h")
    values = np.random.default_rng(0).normal(size=(n_rows * n_series, 1))
    if n_series == 1:
        return pd.DataFrame(values, time, ["load"])
    names = [f"series {number}" for number in range(n_series)]
    return pd.DataFrame(values, pd.MultiIndex.from_product([names, time]), ["load"])


def said(model, rows):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.transform(rows) if hasattr(model, "transform") else model.predict(rows)
    return [str(each.message) for each in caught]


FEATURES = RollingFeatures([12], std_windows=[], slope_windows=[], ewm_spans=[], n_periods=0, period_lags=[])


@pytest.mark.parametrize("n_series", [1, 3])
@pytest.mark.parametrize("step", [SlidingWindow(13), FEATURES])
def test_a_day_alone_says_how_many_rows_lack_their_past(step, n_series):
    X = hours(200, n_series)
    day = X.index.get_level_values(-1)
    step.fit(X[day < day[100]])
    later = X[(day >= day[120]) & (day < day[144])]
    message, *more = said(step, later)
    assert not more
    assert f"{12 * n_series} of {24 * n_series} rows lack their past" in message
    assert f"{n_series} of {n_series} series" in message
    assert "12 or more of each series" in message
    assert "LiveScorer" in message
    # Whether they came as the past of others cannot be known: it says what holds then.
    assert "only as the past of other rows, leave out their results; the others are right" in message


@pytest.mark.parametrize("step", [SlidingWindow(13), FEATURES, SlidingWindow(13, history="none")])
def test_rows_with_their_past_are_quiet(step):
    X = hours(400)
    step.fit(X[:100])
    for rows in (
        slice(100, 124),  # directly after
        slice(50, 400),  # a tenth of the rows at most lack it
        slice(0, 30),  # as fit had them
        slice(230, 400),
    ):
        assert not said(step, X[rows])
    assert not said(step, X[200:212].set_axis(pd.date_range("2025", periods=12, freq="h")))  # before all rows
    if step.__class__ is SlidingWindow and step.history == "none":
        assert not said(step, X[200:224])


def test_a_series_that_fit_has_not_seen_has_no_past():
    X = hours(100, 2)
    step = SlidingWindow(13).fit(X.loc[["series 0"]])
    assert not said(step, X.loc[["series 1"]][50:60])


def test_days_looked_up_in_a_hole_are_missing():
    X = hours(24 * 20)
    features = RollingFeatures(
        [2], std_windows=[], slope_windows=[], ewm_spans=[], n_periods=0, period_lags=[1]
    ).fit(X[: 24 * 10])
    (message,) = said(features, X[24 * 11 : 24 * 13])
    assert "24 of 48 rows" in message  # those of the first day: the day before is not there


def test_rows_in_a_hole_between_two_runs_of_fit_lack_their_past():
    X = hours(24 * 20, 2)
    day = (X.index.get_level_values(1) - X.index[0][1]) // pd.Timedelta("1D")
    is_first = X.index.get_level_values(0) == "series 0"
    # The first series has days 0, 1, 3 and 4; the second begins with day 6.
    is_fit = np.where(is_first, np.isin(day, [0, 1, 3, 4]), (day >= 6) & (day < 11))
    window = SlidingWindow(13).fit(X[is_fit])
    for later_day, is_said in ((2, False), (2.5, True), (6, True), (3, False), (0, False)):
        hour = (X.index.get_level_values(1) - X.index[0][1]) // pd.Timedelta("1h")
        later = X[is_first & (hour >= 24 * later_day) & (hour < 24 * later_day + 12)]
        messages = said(window, later)
        assert len(messages) == is_said, later_day
        assert not is_said or "12 of 12 rows lack" in messages[0]
    looks_back = RollingFeatures(
        [2], std_windows=[], slope_windows=[], ewm_spans=[], n_periods=0, period_lags=[2]
    ).fit(X[is_fit])
    (message,) = said(looks_back, X[(day >= 12) & (day < 14)])
    # Day 13 looks at day 11, which is missing. Day 12 looks at day 10, which only the second series has: of that, the
    # first rows lack the rows before them.
    assert f"{24 + 2 + 24 + 24} of 96 rows" in message


def test_a_single_row_that_was_kept_is_the_past_of_the_next():
    X = hours(200)
    window = SlidingWindow(2).fit(X[:100])
    assert not said(window, X[100:105])
    assert not said(window, X[120:130])  # one row of ten
    with pytest.warns(UserWarning, match="1 of 9 rows lack their past") as record:
        line = currentframe().f_lineno + 1
        window.transform(X[120:129])
    assert (record[0].filename, record[0].lineno) == (__file__, line)


def test_a_network_along_the_series_starts_cold():
    X = hours(400)
    y = np.arange(200) % 50 == 0
    network = StatefulRNNClassifier("rnn", hidden_size=2, max_epochs=1, random_state=0).fit(X[:200], y)
    (message,) = said(network, X[230:260])
    assert "30 of 30 rows lack their past" in message
    # No row is right, so nothing is said of others.
    assert "training rows. Give the rows before them" in message
    assert not said(network, X[200:230])


@pytest.mark.parametrize("splitter", [SeriesSplit(3, gap=12), EventSplit(3, gap=12)])
@pytest.mark.parametrize("n_series", [1, 2])
def test_gaps_that_a_splitter_leaves_on_purpose_are_quiet(splitter, n_series):
    X = hours(150, n_series)
    y = pd.Series((np.arange(len(X)) % 15 == 0).astype(int), X.index)
    model = make_pipeline(SlidingWindow(13), ZScoreDetector("rolling"))
    assert np.isfinite(cross_val_score(model, X, y, cv=splitter, error_score="raise")).all()
    assert np.isfinite(cross_val_score(make_pipeline(FEATURES, GaussianDetector()), X, y, cv=splitter)).all()


def test_purged_gaps_are_forgotten_in_the_end(monkeypatch):
    monkeypatch.setattr(_missing_past, "_PURGED", {})
    monkeypatch.setattr(_missing_past, "_MOST_PURGED", 2)
    rows = read_series(hours(10, 3))
    remember_purged(rows, np.array([5, 6, 15, 25]))
    assert [key for key, _ in _missing_past._PURGED] == ["series 1", "series 2"]
    remember_purged(read_series(np.zeros((3, 1))), np.array([1]))  # without time, nothing is known
    assert len(_missing_past._PURGED) == 2


def test_no_more_purged_gaps_are_remembered_than_folds_need(monkeypatch):
    monkeypatch.setattr(_missing_past, "_PURGED", {("a", float(n)): None for n in range(70_000)})
    remember_purged(read_series(hours(10)), np.array([5]))
    assert len(_missing_past._PURGED) == 2**16
    assert is_purged(None, read_series(hours(10)).times[5])


def at_hours(**times):
    """Return rows of some series at these hours."""
    start = pd.Timestamp("2026-01-05")
    index = [(key, start + pd.Timedelta(hours=hour)) for key, hours in times.items() for hour in hours]
    return pd.DataFrame({"load": 0.0}, pd.MultiIndex.from_tuples(index))


def test_rows_that_overlap_a_run_that_fit_kept_whole_have_their_past():
    step = SlidingWindow(5)
    with pytest.warns(UserWarning, match="longer than the longest series"):
        step.fit(at_hours(a=[0, 7, 8, 9]))
    assert said(step, at_hours(a=range(8, 14))) == []  # the run of 8 started at 7, which fit kept


def test_a_series_does_not_continue_where_another_one_starts():
    step = SlidingWindow(13).fit(at_hours(a=range(20), b=range(40, 60)))
    assert said(step, at_hours(b=range(40, 60))) == []
    message, *more = said(step, at_hours(a=range(40, 60), b=range(40, 60)))
    assert "12 of 40 rows lack their past" in message and "1 of 2 series" in message and not more


def test_the_borders_of_many_series_are_remembered():
    rows = read_series(hours(2, 100))
    remember_purged(rows, np.arange(1, 200, 2))
    assert all(is_purged(key, rows.times[1]) for key in rows.keys)


def test_a_series_without_test_rows_has_no_border(monkeypatch):
    monkeypatch.setattr(_missing_past, "_PURGED", {})
    rows = read_series(hours(10, 2))
    remember_purged(rows, np.array([4, 5]))
    first, second = rows.keys
    assert is_purged(first, rows.times[4])
    assert not any(is_purged(second, time) for time in rows.times[10:])


@pytest.mark.parametrize("lags", [[], [1]])
def test_rows_that_begin_among_those_of_fit_have_only_the_past_that_was_kept(lags):
    X = hours(24 * 20)
    step = SlidingWindow(25) if not lags else clone(FEATURES).set_params(z_windows=[2], period_lags=lags)
    step.fit(X[: 24 * 10])
    everything = np.asarray(step.transform(X))
    for start, size in ((24 * 9 + 12, 24), (24 * 5, 24), (24 * 10, 24), (24 * 9 + 12, 24 * 10)):
        rows = slice(start, start + size)
        messages = said(step, X[rows])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = np.asarray(step.transform(X[rows]))
        n_off = (~np.isclose(found, everything[rows])).any(axis=1).sum()
        assert bool(messages) == (n_off > 0.1 * size)
        if messages:
            assert messages[0].startswith(f"{n_off} of {size} rows lack their past")
    few = clone(FEATURES).fit(X[:12])  # kept as a whole: there was nothing before
    assert not said(few, X[6:30])


def hours_of(runs):
    return np.concatenate([np.arange(first, last + 1) for first, last in runs])


def lost_by_hand(runs, n_kept, begins, then):
    """Tell whether a time before later rows is one of rows that were, and are not kept; ``runs`` are (first, last)."""
    before = max(last for first, last in runs if first < begins)
    hours = hours_of(runs)
    kept = [
        hour
        for part in np.split(hours, np.flatnonzero(np.diff(hours) > 3) + 1)
        for hour in part[-n_kept:].tolist()
    ]
    was = any(first - 0.5 <= then <= last + 0.5 for first, last in runs)
    is_kept = any(abs(then - hour) <= 0.5 for hour in kept)
    return then < begins - 0.5 and (then > before + 0.5 or (was and not is_kept))


def test_which_times_are_lost_and_how_many_rows_come_before():
    # Hours of the first and last row of each run of three series; of each run, the last three rows are kept.
    runs = {
        "a": [(0, 9), (20, 29), (50, 59)],
        "b": [(3, 12), (40, 44)],
        "c": [(0, 3), (5, 9), (30, 37), (60, 66), (90, 99)],  # one row is missing from the first run
    }
    start = pd.Timestamp("2026-01-05")

    def rows(hours):
        time = {key: start + pd.to_timedelta(own, "h") for key, own in hours.items()}
        return pd.concat({key: pd.DataFrame({"load": 0.0}, time[key]) for key in hours})

    X = rows({key: hours_of(own) for key, own in runs.items()})
    past = SlidingWindow(4).fit(X)._past
    asked = {}

    def lacking(depth, times, is_lost, steps):
        hours = (times - start.value) / 3.6e12
        back = np.arange(-1, 70, 0.125)
        lost = np.array([is_lost(times - each * steps) for each in back]).T
        asked.update({hour: (n, back[found]) for hour, n, found in zip(hours, depth, lost, strict=True)})
        return np.zeros(len(times), dtype=bool)

    # Where later rows begin, and how many kept rows come directly before these; None where fit goes on.
    for begins, n_before in (
        ({"a": 62, "b": 47, "c": 98}, [None, None, 1]),
        ({"a": 29, "b": 80, "c": 66}, [2, 0, 2]),
        ({"a": 28, "b": 100, "c": 36}, [1, 0, 1]),
        ({"a": 30, "b": 43, "c": 98}, [None, 1, 1]),
    ):
        later = {key: np.arange(hour, hour + 5) for key, hour in begins.items()}
        asked.clear()
        _missing_past.warn_if_past_is_missing(past, read_series(rows(later)), 3, lacking, 3, 1)
        assert len(asked) == 5 * sum(n is not None for n in n_before)
        for (key, first), n in zip(begins.items(), n_before, strict=True):
            for hour in [] if n is None else later[key].tolist():
                depth, back = asked[hour]
                assert depth == n + hour - first
                thens = hour - np.arange(-1, 70, 0.125)
                expected = [then for then in thens if lost_by_hand(runs[key], 3, first, then)]
                assert (hour - back).tolist() == expected
