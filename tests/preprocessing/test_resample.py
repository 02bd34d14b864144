"""Rows at every time step: the same as by a slow loop, without looking ahead; scores return to the original rows."""

import itertools
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sktsad.preprocessing import resample, resample_back

ONE = {"mean": np.nanmean, "sum": np.nansum, "min": np.nanmin, "max": np.nanmax}


def naive(X, y, step, how, fill, max_gap):
    """Return rows and labels of one series, step by step, from dicts."""
    times = X.index.asi8
    numbers = [int(-(-time // step)) for time in times]
    rows, labels = {}, {}
    for number in sorted(set(numbers)):
        own = X["x"].to_numpy()[np.array(numbers) == number]
        known = own[~np.isnan(own)]
        rows[number] = {"last": own[-1], "count": float(len(known))}.get(how, np.nan)
        if how in ONE and len(known):
            rows[number] = ONE[how](known)
        labels[number] = int(y[np.array(numbers) == number].any())
    found = sorted(rows)
    for before, after in itertools.pairwise(found):
        if fill is None or after - before > max_gap:
            continue
        for number in range(before + 1, after):
            so_far = [rows[each] for each in found if each <= before and not np.isnan(rows[each])]
            share = (number - before) / (after - before)
            rows[number] = {
                "previous": rows[before],
                "mean": np.mean(so_far) if so_far else 0.0,
                "interpolate": rows[before] + share * (rows[after] - rows[before]),
            }[fill]
            labels[number] = labels[before] and labels[after]
    order = sorted(rows)
    index = pd.to_datetime(np.array(order) * step)
    return [rows[number] for number in order], [labels[number] for number in order], index


@st.composite
def irregular(draw):
    seconds = np.cumsum(draw(st.lists(st.integers(1, 400), min_size=1, max_size=25)))
    index = pd.DatetimeIndex(seconds * 10**9 + draw(st.integers(0, 10**9))).as_unit("ns")
    values = draw(
        st.lists(st.sampled_from([0.0, 1.0, 2.5, -3.0, np.nan]), min_size=len(seconds), max_size=len(seconds))
    )
    labels = draw(st.lists(st.integers(0, 1), min_size=len(seconds), max_size=len(seconds)))
    return pd.DataFrame({"x": values}, index), np.array(labels)


@given(
    irregular(),
    st.sampled_from(["mean", "sum", "min", "max", "last", "count"]),
    st.sampled_from(["previous", "mean", "interpolate", None]),
    st.integers(1, 5),
)
def test_rows_are_those_of_a_slow_loop_and_know_no_later_one(table, how, fill, max_gap):
    X, y = table
    rows, labels, index = naive(X, y, 60 * 10**9, how, fill, max_gap)
    out, y_out = resample(X, y, "1min", how=how, fill=fill, max_gap=max_gap)
    np.testing.assert_allclose(out["x"], rows)
    assert out.index.equals(index)
    if len(set(y)) == 2:
        assert y_out.tolist() == labels
    back = resample_back(out, X)
    assert back.index.equals(X.index)
    steps = out.index.get_indexer(X.index.ceil("1min"))
    np.testing.assert_array_equal(back["x"], out["x"].to_numpy()[steps])
    if fill == "interpolate":
        return
    known = resample(X.iloc[: len(X) // 2 + 1], step="1min", how=how, fill=fill, max_gap=max_gap)
    closed = known.iloc[:-1]  # rows may still come in the last step
    pd.testing.assert_frame_equal(out.loc[closed.index], closed, check_freq=False)


@pytest.mark.parametrize("step", ["auto", "7min"])
@pytest.mark.filterwarnings("ignore:The labels are")
def test_regular_rows_and_their_labels_stay_as_they_are(step):
    index = pd.date_range("2026-03-28", periods=200, freq="7min", tz="UTC").ceil("7min")
    index = index.tz_convert("Europe/Berlin").rename("when")
    X = pd.DataFrame({"a": np.arange(200.0), "b": 1}, index)
    y = pd.Series(np.repeat(["no", "yes", "no"], [50, 7, 143]), index, name="label")
    out, y_out = resample(X, y, step)
    pd.testing.assert_frame_equal(out, X.astype(float), check_freq=False)
    pd.testing.assert_series_equal(y_out, y, check_freq=False)
    pd.testing.assert_series_equal(resample_back(y_out, X), y, check_freq=False)


def test_the_same_instants_in_two_zones_are_the_same_rows():
    index = pd.date_range("2026-03-28", periods=300, freq="11min", tz="UTC")
    X = pd.DataFrame({"a": np.arange(300.0)}, index)
    there = resample(X.tz_convert("Asia/Kolkata"), step="1h")
    assert str(there.index.tz) == "Asia/Kolkata"
    pd.testing.assert_frame_equal(there.tz_convert("UTC"), resample(X, step="1h"), check_freq=False)


def test_each_series_of_a_panel_has_its_own_step_and_its_own_gaps():
    fast = pd.DataFrame({"x": [1.0, 2, 3]}, pd.to_datetime(["00:01", "00:02", "00:04"], format="%H:%M"))
    slow = pd.DataFrame({"x": [7.0, 9.0, 8.0]}, pd.to_datetime(["00:10", "00:20", "00:30"], format="%H:%M"))
    X = pd.concat({"fast": fast, "slow": slow}, names=["series", "time"])
    out = resample(X)
    assert out.loc["fast", "x"].tolist() == [1, 2, 2, 3]
    assert out.loc["slow", "x"].tolist() == [7, 9, 8]
    assert out.index.names == ["series", "time"]
    backwards = X.loc[["slow", "fast"]]
    pd.testing.assert_frame_equal(resample_back(out, backwards), backwards)


def test_columns_have_their_own_way_and_float32_stays():
    X = pd.DataFrame(
        {"a": [1, 5], "b": [1, 5], "c": [1, 5]}, pd.TimedeltaIndex(["10s", "50s"]), dtype=np.float32
    )
    out = resample(X, step=pd.Timedelta("1min"), how={"b": "max", "c": "last"})
    for step in (timedelta(minutes=1), pd.offsets.Minute(1)):
        pd.testing.assert_frame_equal(out, resample(X, step=step, how={"b": "max", "c": "last"}))
    assert out.iloc[0].tolist() == [3, 5, 5]
    assert out.index.tolist() == [pd.Timedelta("1min")]
    assert set(out.dtypes) == {np.dtype("float32")}


def test_numbers_are_time_too():
    X = pd.DataFrame({"x": [1.0, 3.0, 5.0]}, index=[0.4, 0.9, 2.0])
    out = resample(X, step=1.0)
    assert out.index.tolist() == [1.0, 2.0]
    assert out["x"].tolist() == [2.0, 5.0]
    one_row = resample(X.iloc[:1])
    assert one_row["x"].tolist() == [1.0]


def test_one_class_stays_one_class():
    X = pd.DataFrame({"x": [1.0, 3.0]}, index=[0, 1])
    assert resample(X, [1, 1])[1].tolist() == [1, 1]


def test_which_of_two_words_is_the_anomaly_is_said():
    X = pd.DataFrame({"x": np.arange(4.0)}, pd.date_range("2026", periods=4, freq="30s"))
    with pytest.warns(UserWarning, match="'good', the last in sorted order, is taken as the anomaly"):
        assert resample(X, ["bad", "good", "bad", "bad"], step="1min")[1].tolist() == ["bad", "good", "bad"]


DATES = pd.DataFrame({"x": [1.0, 2.0]}, pd.to_datetime(["2026-01-01", "2026-01-02"]))
NUMBERS = pd.DataFrame({"x": [1.0, 2.0]}, [1, 2])


@pytest.mark.parametrize(
    ("X", "y", "options", "match"),
    [
        (
            np.ones((3, 1)),
            None,
            {},
            "X must be a DataFrame of pandas with time in its index, got ndarray of numpy",
        ),
        (NUMBERS.set_axis(["a", "b"]), None, {}, "X has no time in its index"),
        (DATES.assign(w="word"), None, {}, r"these are not: \['w'\]"),
        (DATES, None, {"how": {"z": "mean"}}, r"unknown: \['z'\]"),
        (DATES, None, {"how": {"x": "median"}}, r"unknown: \['median'\]"),
        (DATES, None, {"step": 60}, "must be a length of time"),
        (DATES, None, {"step": "soon"}, "is not a length of time"),
        (DATES, None, {"step": "-1min"}, "must be a length of time of at least 0"),
        (DATES, None, {"step": "0min"}, "step='0min' must be above 0"),
        (DATES, None, {"step": "30"}, "step='30' has no unit"),
        (DATES, None, {"step": pd.offsets.MonthEnd()}, "is not a length of time"),
        (DATES[:0], None, {}, "X has 0 rows"),
        (NUMBERS, None, {"step": "1min"}, "must be a number, or 'auto'"),
        (DATES.to_period("D"), None, {}, "periods"),
        (pd.concat([DATES, DATES + 1]).iloc[[0, 1, 1]], None, {}, "duplicated"),
        (NUMBERS.iloc[[0, 1, 1]].set_axis([1, 2, 3]), [0, 1, 2], {}, "y must have two classes, got 3"),
    ],
)
def test_what_cannot_be_is_refused(X, y, options, match):
    with pytest.raises(ValueError, match=match):
        resample(X, y, **options)


def test_values_come_back_to_their_own_rows_only():
    out = resample(DATES, step="1D")
    with pytest.raises(ValueError, match="lie in no step of values"):
        resample_back(out.iloc[:1], DATES)
    panel = pd.concat({"a": DATES}, names=["series", "time"])
    with pytest.raises(ValueError, match="of the series 'b' that lie in no step"):
        resample_back(resample(panel, step="1D"), panel.rename(index={"a": "b"}))
    with pytest.raises(ValueError, match="must both have the same kind of time"):
        resample_back(out, NUMBERS)
