import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import KFold
from strategies import tables

from sktsad import RollingFeatures, SlidingWindow, SmoothedClassifier, ZScoreDetector
from sktsad._core._series import read_series
from sktsad._core._series_past import Past

HOURS = pd.date_range("2026-01-05", periods=120, freq="h")


def frame(index):
    return pd.DataFrame({"value": np.random.default_rng(0).normal(size=len(index))}, index=index)


def past_of(X, n_past=3, max_gap=3):
    return Past.of(X, read_series(X), X.to_numpy(), lambda stops, _: stops - n_past, max_gap)


def panel(keys, start=0):
    index = pd.MultiIndex.from_product([pd.Index(keys, tupleize_cols=False), HOURS[start : start + 40]])
    return frame(index)


# What is kept


def test_the_last_rows_of_every_run_are_kept():
    X = frame(pd.RangeIndex(100)).drop(range(30, 50)).drop(range(70, 90))
    kept = past_of(X)
    assert kept.times.tolist() == [27, 28, 29, 67, 68, 69, 97, 98, 99]
    assert np.array_equal(kept.values, X.loc[kept.times])
    assert (kept.run_starts.tolist(), kept.run_stops.tolist()) == ([0, 50, 90], [29, 69, 99])
    assert (kept.steps.tolist(), kept.n_rows.tolist()) == ([1], [60])
    assert repr(kept) == "Past(kind='numbers', zone=None, was_panel=False, was_numbered=False, keys=[None])"


def test_a_lost_row_or_two_do_not_end_a_run_whose_rows_are_kept():
    kept = past_of(frame(pd.RangeIndex(100)).drop([40, 41]))
    assert kept.times.tolist() == [97, 98, 99]
    assert kept.run_starts.tolist() == [0, 42]


def test_of_many_runs_those_before_the_longest_holes_are_kept_and_the_last():
    X = frame(pd.RangeIndex(10_000))
    is_there = np.arange(10_000) % 20 < 15
    is_there[4000:4100] = False
    kept = past_of(X[is_there])
    assert len(kept.times) == 32 * 3
    assert {3994, 9994} <= set(kept.times)
    shuffled = X[np.random.default_rng(0).random(10_000) < 0.5]
    assert len(past_of(shuffled, 30).times) <= 32 * 30


def test_of_each_series_those_before_its_own_longest_holes_are_kept_and_the_last():
    """Holes of 10, 30 and 20 hours in one series, of 20, 10 and 30 in the next."""
    times = [
        np.append(0, np.cumsum([1, 10, 1, 30, 1, 20, 1])),
        np.append(0, np.cumsum([1, 20, 1, 10, 1, 30, 1])),
    ]
    index = pd.MultiIndex.from_arrays([np.repeat(["a", "b"], 8), np.concatenate(times)])
    X = frame(index)
    kept = Past.of(X, read_series(X), X.to_numpy(), lambda stops, _: stops - 1, 3, most_runs=2)
    assert kept.bounds.tolist() == [0, 2, 4]
    assert kept.times.tolist() == [12, 64, 33, 64]
    assert kept.series(1).run_starts.tolist() == [0, 21, 32, 63]
    assert kept.series(1).times.tolist() == [33, 64]
    # Of later rows, what was kept comes in their order, and nothing for others.
    later = frame(pd.MultiIndex.from_product([["b", "new", "a"], [100, 101]]))
    known = kept.compare(later, read_series(later))
    assert known.run_bounds.tolist() == [0, 4, 4, 8]
    assert known.series(0).run_stops.tolist() == [1, 22, 33, 64]
    assert known.series(2).run_starts.tolist() == [0, 11, 42, 63]
    assert known.series(2).times.tolist() == [12, 64]
    single = later.to_numpy(dtype=np.float32)
    assert known.join(read_series(later), single)[1].dtype == np.float32
    assert kept.forgotten().numbers_of([]).dtype == np.intp


def test_another_fit_keeps_what_was_last_seen_of_each_series():
    """Against what is kept of all of them at once."""
    first, second = panel(["a", "b", "c"]), panel(["c", "d", "b"], 60)
    both = past_of(first).then(past_of(second))
    assert both.keys == ["a", "b", "c", "d"]
    alone = past_of(pd.concat([first.loc[["a"]], second.loc[["b"]], second.loc[["c"]], second.loc[["d"]]]))
    for number in range(4):
        found, expected = both.series(number), alone.series(number)
        assert found.step == expected.step
        for name in ("run_starts", "run_stops", "times", "values"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_rows_without_time_leave_nothing():
    past = Past.of(
        np.zeros((9, 1)), read_series(np.zeros((9, 1))), np.zeros((9, 1)), lambda stops, _: stops - 1, 3
    )
    assert (past.kind, past.keys, len(past.times)) == (None, [None], 0)
    assert np.isnan(past.steps).all()


@pytest.mark.parametrize("key", [None, "<no name>", 7, ("a", 1)])
def test_a_series_of_any_name_is_the_same_after_pickling(key):
    index = (
        HOURS
        if key is None
        else pd.MultiIndex.from_arrays([pd.Index([key] * 120, tupleize_cols=False), HOURS])
    )
    X = frame(index)
    for step in (SlidingWindow(5), RollingFeatures([5], period=None)):
        loaded = pickle.loads(pickle.dumps(step.fit(X[:60])))
        assert np.array_equal(loaded.transform(X[60:]), step.transform(X[60:]))


# Later rows among those that were kept


@given(tables(), st.integers(0, 5), st.randoms(use_true_random=False))
def test_joined_rows_are_those_given_and_those_kept_in_time_order(X, n_past, random):
    is_fit = np.array([random.random() < 0.7 for _ in range(len(X))])
    is_fit[0] = True
    later = X[~is_fit]
    if not len(later):
        return
    past, rows = past_of(X[is_fit], n_past), read_series(X[~is_fit])
    joined, values, given_at = past.compare(later, rows).join(rows, later.to_numpy())
    assert np.array_equal(values[joined.order[given_at]], later.to_numpy()[rows.order])
    assert joined.keys == rows.keys
    kept = {key: past.series(number) for key, number in past.numbers().items()}
    for key, part in joined.parts():
        assert (np.diff(joined.times[part]) > 0).all()
        own = rows.times[dict(rows.parts())[key]]
        more = set(joined.times[part]) - set(own)
        expected = {time for time in (kept[key].times if key in kept else []) if time < own[-1]} - set(own)
        assert more == expected


def test_rows_that_come_again_are_taken_as_they_come():
    X = frame(pd.RangeIndex(20))
    _, values, given_at = past_of(X).join(read_series(X * 2), (X * 2).to_numpy())
    assert np.array_equal(values, X * 2)
    assert given_at.tolist() == list(range(20))


def folds(X, length):
    for fit_rows, rows in KFold(4).split(X):
        yield X.iloc[fit_rows], X.iloc[rows]


@pytest.mark.parametrize("n_series", [1, 3])
@pytest.mark.parametrize(
    "step",
    [SlidingWindow(7), RollingFeatures([5], std_windows=[8], slope_windows=[3], ewm_spans=[3], period=None)],
    ids=lambda step: type(step).__name__,
)
def test_a_fold_cut_from_the_middle_continues_from_the_rows_before_it(step, n_series):
    keys = list("abc")[:n_series]
    X = frame(HOURS) if n_series == 1 else frame(pd.MultiIndex.from_product([keys, HOURS]))
    hour = np.tile(np.arange(120), n_series)
    for start in (30, 60, 90):
        is_test = (hour >= start) & (hour < start + 30)
        step.fit(X[~is_test])
        of_all = np.asarray(step.transform(X[hour < start + 30]))[is_test[hour < start + 30]]
        np.testing.assert_allclose(np.asarray(step.transform(X[is_test])), of_all, rtol=0, atol=1e-6)


def test_features_of_days_continue_in_a_fold_cut_from_the_middle():
    index = pd.date_range("2026-01-05", periods=24 * 30, freq="h", tz="Europe/Berlin")
    X = frame(index)
    is_test = (np.arange(len(X)) >= 400) & (np.arange(len(X)) < 500)
    features = RollingFeatures([5], ewm_spans=[3], same_windows=[24]).fit(X[~is_test])
    whole = features.transform(X[:500])[400:]
    np.testing.assert_allclose(features.transform(X[is_test]), whole, rtol=1e-6, atol=1e-6)


# Time of fit, and of now

DATES, ZONED = HOURS, HOURS.tz_localize("Europe/Berlin")
CLOCKS = {
    "dates": DATES,
    "of a zone": ZONED,
    "time deltas": DATES - DATES[0],
    "hours": DATES.to_period("h"),
    "days": pd.period_range("2026", periods=120, freq="D"),
    "numbers": pd.RangeIndex(100, 220),
}
STEPS = [SlidingWindow(3), RollingFeatures([3], period=None), SmoothedClassifier(ZScoreDetector(), 3)]
each_step = pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)


def apply(step, X):
    return step.decision_function(X) if hasattr(step, "decision_function") else step.transform(X)


@each_step
@pytest.mark.parametrize("then", CLOCKS)
@pytest.mark.parametrize("now", CLOCKS)
def test_times_of_fit_and_of_now_that_do_not_compare_are_refused(step, then, now):
    step.fit(frame(CLOCKS[then][:60]))
    later = frame(CLOCKS[now][60:])
    if then == now:
        apply(step, later)
        return
    with pytest.raises(
        ValueError, match=r"index of the training rows has .* that of these rows has .*to_datetime"
    ):
        apply(step, later)


def test_warnings_of_the_index_point_to_where_the_method_was_called():
    step, many = SlidingWindow(3), SlidingWindow(3).fit(panel([1, 2]))
    step.fit(frame(DATES[:60]))
    for call, message in (
        (lambda: step.transform(frame(list("abc"))), "these rows have no time"),
        (
            lambda: step.transform(frame(pd.RangeIndex(3))),
            "index of the training rows has dates, but that of these rows has numbers",
        ),
        (lambda: many.transform(panel(["1", "2"], 40)), "'1' seems to be 1"),
    ):
        with pytest.warns(UserWarning, match=message) as record:
            call()
        assert (record[0].filename, record[0].lineno) == (__file__, call.__code__.co_firstlineno)


@each_step
@pytest.mark.parametrize(("then", "now"), [(DATES, pd.RangeIndex(60)), (pd.RangeIndex(60), DATES)])
def test_rows_that_are_just_numbered_on_one_side_are_announced(step, then, now):
    step.fit(frame(then[:60]))
    with pytest.warns(UserWarning, match="index of the training rows has") as record:
        out = apply(step, frame(now[:60]))
    assert len(record) == 1
    assert record[0].filename == __file__
    assert np.array_equal(out, apply(step.fit(frame(now[:60])), frame(now[:60])))


@each_step
def test_windows_of_a_series_not_seen_do_not_depend_on_later_rows(step):
    step.fit(panel(["a"]))
    index = pd.to_datetime(HOURS[:1].append(HOURS[1:40] + pd.Timedelta("9min")))
    new = panel(["b"]).set_axis(
        pd.MultiIndex.from_product([["b"], index.append(index[-1:] + pd.Timedelta("9h"))])[:40]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        whole = np.asarray(apply(step, new))
        for n_rows in (1, 2, 3, 5, 20):
            assert np.array_equal(apply(step, new[:n_rows]), whole[:n_rows])
