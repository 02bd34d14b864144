import numpy as np
import pandas as pd
import pytest
from matplotlib import dates
from matplotlib import pyplot as plt

from sktsad.plotting import AlarmDisplay
from sktsad.postprocessing import alarms

MINUTES = pd.date_range("2024-01-01", periods=200, freq="min")
DECISION = pd.Series(-1.0, MINUTES)
DECISION.iloc[[10, 12, 100, 101]] = [1.0, 2.0, 4.0, 3.0]
X = pd.DataFrame({"load": np.arange(200.0), "heat": 0.0}, MINUTES)


def ends(bands):
    """From when to when each band lasts."""
    return [(path.vertices[:, 0].min(), path.vertices[:, 0].max()) for path in bands.get_paths()]


def test_bands_last_from_start_to_end_and_peaks_are_marked_on_the_line():
    display = AlarmDisplay.from_table(alarms(DECISION), X, column="load")
    half = pd.Timedelta("30s")
    expected = [
        (dates.date2num(MINUTES[first] - half), dates.date2num(MINUTES[last] + half))
        for first, last in ((10, 12), (100, 101))
    ]
    np.testing.assert_allclose(ends(display.alarms_[0]), expected)
    assert display.peaks_[0].get_ydata().tolist() == [12, 100]
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), X["load"])
    assert display.ax_.get_ylabel() == "load"
    assert display.events_ == [None]
    assert {text.get_text() for text in display.legend_.get_texts()} == {"load", "alarm", "peak"}


def test_each_series_has_its_own_alarms():
    panel = pd.concat({"a": DECISION, "b": DECISION.iloc[:50]}, names=["machine", "time"])
    display = AlarmDisplay.from_table(alarms(panel), panel)
    assert [len(ends(bands)) for bands in display.alarms_] == [2, 1]
    assert [axes.get_title(loc="left") for axes in display.axes_] == ["a", "b"]


def test_rows_without_time_are_numbered():
    display = AlarmDisplay.from_table(alarms(DECISION.to_numpy()), DECISION.to_numpy())
    np.testing.assert_allclose(ends(display.alarms_[0]), [(9.5, 10.5), (11.5, 12.5), (99.5, 101.5)])


def test_labelled_events_are_hatched_and_alarms_are_not():
    display = AlarmDisplay.from_table(alarms(DECISION), DECISION, (DECISION > 3).astype(int))
    assert display.events_[0].get_hatch() and not display.alarms_[0].get_hatch()
    assert len(ends(display.events_[0])) == 1


def test_a_table_without_alarms_is_a_plain_series():
    display = AlarmDisplay.from_table(alarms(DECISION, threshold=9.0), DECISION)
    assert ends(display.alarms_[0]) == []
    assert "alarm" not in {text.get_text() for text in display.legend_.get_texts()}


@pytest.mark.parametrize(
    ("table", "rows", "message"),
    [
        (alarms(DECISION), X, r"draws one column, but X has 2: \['load', 'heat'\]. Choose one with column="),
        (alarms(DECISION), DECISION.iloc[:50], "alarms has a start of .*, but no row of X has that time"),
        (pd.DataFrame({"first": [1]}), DECISION, r"alarms has no columns \['start', 'end', 'peak_time'\]"),
        (alarms(DECISION), pd.concat({"a": DECISION}), r"alarms has no columns \['series'\]"),
        (None, DECISION, "alarms has no columns"),
    ],
    ids=["columns", "rows", "table", "panel", "none"],
)
def test_what_does_not_belong_together_is_refused(table, rows, message):
    with pytest.raises(ValueError, match=message):
        AlarmDisplay.from_table(table, rows)
    plt.close("all")
