import naive_metrics
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sktsad.metrics import lead_times, to_events

MINUTES = pd.date_range("2024-01-01", periods=12, freq="min")


def spans_of(events):
    return list(zip(events["start"], events["stop"], strict=True))


# Events


@given(naive_metrics.panels(), st.integers(1, 4), st.integers(0, 3))
def test_events_are_as_the_definition_says(panel, min_length, merge_gap):
    arguments = {"min_length": min_length, "merge_gap": merge_gap}
    expected = naive_metrics.events_of(panel.y, **arguments, series=panel.series)
    events = to_events(panel.by_series, **arguments)
    assert spans_of(events) == expected
    assert events["n_rows"].tolist() == [stop - start for start, stop in expected]
    for event in events.itertuples():
        labels = panel.by_series.iloc[event.start : event.stop]
        assert labels.index[0] == (event.series, event.first) and labels.index[-1] == (
            event.series,
            event.last,
        )
    alone = to_events(panel.y, **arguments)
    assert spans_of(alone) == naive_metrics.events_of(panel.y, **arguments)
    assert list(alone) == ["start", "stop", "n_rows"]


@given(naive_metrics.panels())
def test_events_are_the_same_where_series_interleave(panel):
    by_series = to_events(panel.by_series)
    key = ["series", "first", "last", "n_rows"]
    interleaved = to_events(panel.labels)[key].sort_values(["series", "first"])
    assert (
        interleaved.to_numpy().tolist() == by_series.sort_values(["series", "first"])[key].to_numpy().tolist()
    )


def test_positions_count_series_by_series_where_series_interleave():
    index = pd.MultiIndex.from_tuples([("b", 0), ("a", 0), ("b", 1), ("a", 1), ("b", 2)])
    events = to_events(pd.Series([0, 1, 1, 0, 1], index=index))
    assert events.to_dict("list") == {
        "series": ["b", "a"],
        "start": [1, 3],
        "stop": [3, 4],
        "first": [1, 0],
        "last": [2, 0],
        "n_rows": [2, 1],
    }


def test_events_are_merged_before_short_ones_are_dropped():
    y = [1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 1]
    assert spans_of(to_events(y, merge_gap=1)) == [(0, 3), (5, 6), (9, 11)]
    assert spans_of(to_events(y, merge_gap=2)) == [(0, 6), (9, 11)]
    assert spans_of(to_events(y, merge_gap=1, min_length=2)) == [(0, 3), (9, 11)]
    assert spans_of(to_events(y, min_length=2)) == [(9, 11)]


@pytest.mark.parametrize(
    ("index", "times"),
    [
        (MINUTES, [MINUTES[1], MINUTES[2]]),
        (MINUTES.tz_localize("Europe/Paris"), list(MINUTES.tz_localize("Europe/Paris")[[1, 2]])),
        (MINUTES.to_period("min"), list(MINUTES.to_period("min")[[1, 2]])),
        (MINUTES - MINUTES[0], [pd.Timedelta("1min"), pd.Timedelta("2min")]),
        (pd.RangeIndex(5, 65, 5), [10, 15]),
    ],
)
def test_times_of_events_are_those_of_the_index(index, times):
    y = pd.Series([0, 1, 1] + 9 * [0], index=index)
    events = to_events(y)
    assert [events.loc[0, "first"], events.loc[0, "last"]] == times
    assert list(events) == ["start", "stop", "first", "last", "n_rows"]


def test_an_index_that_is_no_time_has_no_columns():
    y = pd.Series([0, 1], index=["x", "y"])
    assert list(to_events(y)) == ["start", "stop", "n_rows"]
    assert list(lead_times(y, [0, 1], max_lead=1)) == ["start", "stop", "n_rows", "lead"]


@pytest.mark.parametrize("y", [[0, 0], pd.Series([0, 0], index=MINUTES[:2]), [0, 1]])
def test_without_events_the_table_is_empty(y):
    events = to_events(y, min_length=2)
    assert len(events) == 0
    assert list(events) == list(to_events(y | np.array([1, 1]) if isinstance(y, pd.Series) else [1, 1]))


def test_the_least_length_of_an_event_may_be_a_time():
    marks = np.repeat([0, 1, 0, 1, 0], [5, 2, 5, 10, 5])
    both = {name: pd.date_range("2026", periods=len(marks), freq=name) for name in ("1min", "5min")}
    y = pd.concat({name: pd.Series(marks, times) for name, times in both.items()})
    assert to_events(y, min_length="10min")["series"].tolist() == ["1min", "5min", "5min"]
    assert to_events(y, min_length="11min")["n_rows"].tolist() == [10]
    with pytest.raises(ValueError, match="min_length='10min' must be a number of rows or a length of time"):
        to_events(marks, min_length="10min")


def test_labels_of_any_kind():
    expected = to_events([0, 1, 0])
    pd.testing.assert_frame_equal(to_events(["good", "bad", "good"], pos_label="bad"), expected)
    pd.testing.assert_frame_equal(to_events([False, True, False]), expected)


# Leads


@given(naive_metrics.panels(), st.integers(0, 6))
def test_leads_are_as_the_definition_says(panel, max_lead):
    y = panel.by_series
    expected = naive_metrics.leads(panel.y, panel.values, max_lead, panel.series)
    events = lead_times(y, panel.values, max_lead=max_lead)
    assert events["lead"].tolist() == pytest.approx(expected, nan_ok=True)
    assert events["lead_time"].tolist() == pytest.approx(expected, nan_ok=True)  # one row a unit of time
    pd.testing.assert_frame_equal(events[list(to_events(y))], to_events(y))
    interleaved = lead_times(panel.labels, panel.others, max_lead=max_lead).set_index(["series", "first"])
    pd.testing.assert_series_equal(
        interleaved["lead"].sort_index(), events.set_index(["series", "first"])["lead"].sort_index()
    )
    alone = lead_times(panel.y, panel.values, max_lead=max_lead)["lead"].tolist()
    assert alone == pytest.approx(naive_metrics.leads(panel.y, panel.values, max_lead), nan_ok=True)


def test_leads_worked_by_hand():
    #         early      on it       late     missed, as the alarm is of the event before
    y_true = [0, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 1]
    y_pred = [1, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0]
    events = lead_times(pd.Series(y_true, index=MINUTES), y_pred, max_lead=2)
    assert events["lead"].tolist() == pytest.approx([2, 0, -1, np.nan], nan_ok=True)
    ahead = pd.to_timedelta([2, 0, -1, None], unit="min")
    assert events["lead_time"].isna().tolist() == ahead.isna().tolist()
    assert events["lead_time"].tolist()[:3] == ahead.tolist()[:3]
    assert lead_times(y_true, y_pred, max_lead=1)["lead"].tolist()[0] == 1
    assert lead_times(y_true, y_pred, max_lead=0)["lead"].tolist()[0] == 0


@pytest.mark.parametrize(
    ("index", "late"),
    [
        (pd.PeriodIndex(MINUTES[:3], freq="min"), pd.Timedelta("-1min")),
        (pd.Index(np.array([3, 5, 9], dtype=np.uint8)), -4),
        (pd.Index([0.5, 1.0, 2.5]), -1.5),
        (pd.DatetimeIndex(["2024-01-01", "2024-01-02", "2024-01-05"]), pd.Timedelta("-3D")),
    ],
)
def test_lead_times_are_in_the_unit_of_the_index(index, late):
    events = lead_times(pd.Series([0, 1, 1], index=index), [0, 0, 1], max_lead=1)
    assert events["lead"].tolist() == [-1] and events["lead_time"].tolist() == [late]


def test_the_index_may_be_that_of_the_predictions():
    index = pd.MultiIndex.from_product([["a", "b"], [0, 1]])
    y_true, y_pred = pd.Series([0, 0, 1, 0], index=index), pd.Series([0, 1, 0, 0], index=index)
    assert lead_times(y_true.tolist(), y_pred.tolist(), max_lead=1)["lead"].tolist() == [1]
    events = lead_times(y_true.tolist(), y_pred, max_lead=1)
    assert events["series"].tolist() == ["b"] and events["lead"].isna().all()
    pd.testing.assert_frame_equal(events, lead_times(y_true, y_pred, max_lead=1))


# Bad input


@pytest.mark.parametrize("bad", [{"min_length": 0}, {"merge_gap": -1}, {"pos_label": None}])
def test_bad_parameters_of_events_are_refused(bad):
    [name] = bad
    with pytest.raises(ValueError, match=rf"The '{name}' parameter of to_events"):
        to_events([0, 1], **bad)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"The 'max_lead' parameter of lead_times"):
        lead_times([0, 1], [0, 1], max_lead=-1)
    with pytest.raises(ValueError, match=r"y must contain two labels, .* got \[0, 1, 2\]"):
        to_events([0, 1, 2])
    with pytest.raises(ValueError, match=r"y_true has no anomalous row"):
        lead_times([0, 0], [0, 1], max_lead=1)
    with pytest.raises(ValueError, match=r"out of order"):
        to_events(pd.Series([0, 1], index=[1, 0]))


# Lengths of time


def test_leads_and_gaps_in_time_are_those_of_each_clock():
    hours = pd.date_range("2026", periods=8, freq="h")
    index = pd.MultiIndex.from_arrays([["a"] * 8 + ["b"] * 4, [*hours, *hours[::2]]])
    y_true = pd.Series([0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0], index)
    y_pred = np.array([0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0])
    assert lead_times(y_true, y_pred, max_lead="3h")["lead"].fillna(-9).tolist() == [3, 1, -9]
    assert lead_times(y_true.to_numpy(), pd.Series(y_pred, index), max_lead="4h")["lead"].tolist() == [
        3,
        1,
        2,
    ]
    with pytest.raises(ValueError, match=r"max_lead='3h' is a length of time, which needs dates"):
        lead_times(y_true.to_numpy(), y_pred, max_lead="3h")
    assert to_events(y_true, merge_gap="2h")["n_rows"].tolist() == [4, 1]
    assert len(to_events(y_true, merge_gap="1h")) == 3
