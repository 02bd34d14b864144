import naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import tables

from sktsad.datasets import load_processminer
from sktsad.preprocessing import curve_shift

INDEX = pd.MultiIndex.from_product([["a", "b"], range(4)], names=["series", "time"])
PANEL = pd.DataFrame({"value": np.arange(8.0)}, index=INDEX)


def labels_of(text):
    return np.array([int(label) for label in text])


def shift_row_by_row(X, y, shift_by):
    """Rows that stay and their labels: each looks at the rows that come after it in its series."""
    keys = [key for key, _, _ in naive.rows_of(X)]
    kept, labels = [], []
    for row, key in enumerate(keys):
        own = [other for other in range(len(keys)) if keys[other] == key]
        place = own.index(row)
        starts = [
            after
            for after in range(place + 1, min(place + shift_by + 1, len(own)))
            if y[own[after]] and not y[own[after - 1]]
        ]
        if shift_by == 0 or not y[row]:
            kept.append(row)
            labels.append(int(bool(starts)) if shift_by else y[row])
    return kept, labels


@given(tables(), st.integers(0, 4), st.data())
def test_the_rows_before_an_event_of_their_series_are_labelled_and_those_of_events_go(X, shift_by, data):
    y = data.draw(st.lists(st.sampled_from([0, 0, 1]), min_size=len(X), max_size=len(X)))
    kept, labels = shift_row_by_row(X, y, shift_by)
    X_shifted, y_shifted = curve_shift(X, pd.Series(y, X.index), shift_by)
    pd.testing.assert_frame_equal(X_shifted, X.iloc[kept])
    pd.testing.assert_series_equal(y_shifted, pd.Series(labels, X.index[kept]), check_dtype=False)


@pytest.mark.parametrize(
    ("y", "shift_by", "expected"),
    [
        ("000100", 2, "011.00"),
        ("000100", 1, "001.00"),
        ("001110", 2, "11...0"),  # rows that follow one another are one event
        ("100010", 2, ".011.0"),  # nothing before the start
        ("010000", 2, "1.0000"),  # as many rows as there are
        ("001010", 2, "11.1.0"),  # closer than the shift: the rows between, and the first event goes
        ("001010", 4, "11.1.0"),
        ("000001", 9, "11111."),
        ("111111", 2, "......"),
        ("000000", 2, "000000"),
        ("010110", 0, "010110"),  # changes nothing
    ],
)
def test_an_event_is_warned_of_by_the_rows_before_it(y, shift_by, expected):
    X_shifted, y_shifted = curve_shift(np.arange(6).reshape(-1, 1), labels_of(y), shift_by)
    kept = [row for row, label in enumerate(expected) if label != "."]
    assert X_shifted.ravel().tolist() == kept
    assert "".join(map(str, y_shifted)) == expected.replace(".", "")


def test_an_event_at_the_start_of_a_series_labels_no_row_of_the_series_before():
    y = pd.Series(labels_of("00001000"), INDEX)
    X_shifted, y_shifted = curve_shift(PANEL, y)
    assert X_shifted.index.tolist() == [*INDEX[:4], *INDEX[5:]]
    assert not y_shifted.any()


def test_two_rows_are_labelled_unless_told_otherwise():
    assert curve_shift(PANEL, labels_of("00010000"))[1].tolist() == [0, 1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "X", [PANEL, PANEL["value"], pd.DataFrame(PANEL.to_numpy())], ids=["panel", "series", "frame"]
)
@pytest.mark.parametrize("form", [np.array, list, pd.Series])
def test_tables_and_labels_keep_their_type_and_index(X, form):
    y = form([0, 0, 0, 1, 0, 0, 0, 0])
    if form is pd.Series:
        y = y.set_axis(X.index).rename("break")
    X_shifted, y_shifted = curve_shift(X, y)
    assert type(X_shifted) is type(X)
    assert type(y_shifted) is type(y)
    assert X_shifted.index.equals(X.index.delete(3))
    assert list(y_shifted) == [0, 1, 1, 0, 0, 0, 0]
    if form is pd.Series:
        assert y_shifted.index.equals(X.index.delete(3))
        assert y_shifted.name == "break"


@pytest.mark.parametrize("dtype", ["bool", "boolean", "Int64", "UInt8", "Float32", "category"])
def test_labels_keep_the_dtypes_of_pandas(dtype):
    y = pd.Series(labels_of("00010000"), INDEX).astype(dtype)
    shifted = curve_shift(PANEL, y)[1]
    assert shifted.dtype == y.dtype
    assert shifted.astype(int).tolist() == labels_of("0110000").tolist()


@pytest.mark.parametrize("form", [np.array, list])
@pytest.mark.parametrize("dtype", [int, bool, float])
def test_arrays_and_lists_keep_their_type(form, dtype):
    X = form([[0.0], [1.0], [2.0]])
    X_shifted, y_shifted = curve_shift(X, form([dtype(0), dtype(1), dtype(0)]))
    assert (type(X_shifted), type(y_shifted)) == (type(X), type(X))
    assert np.asarray(X_shifted).tolist() == [[0.0], [2.0]]
    assert np.asarray(y_shifted).dtype == dtype
    assert np.asarray(y_shifted).tolist() == [1, 0]


@pytest.mark.filterwarnings("ignore:A column-vector y")
def test_a_column_of_labels_stays_one():
    y = pd.DataFrame({"break": labels_of("00010000")}, index=INDEX)
    expected = pd.DataFrame({"break": labels_of("0110000")}, index=INDEX.delete(3))
    pd.testing.assert_frame_equal(curve_shift(PANEL, y)[1], expected)
    assert curve_shift(PANEL, y.to_numpy())[1].tolist() == expected.to_numpy().tolist()


def test_rows_and_labels_that_come_in_are_left_alone():
    X, y = PANEL.copy(), pd.Series(labels_of("00010010"), INDEX)
    X_shifted, y_shifted = curve_shift(X, y, 0)
    X_shifted.iloc[:] = -1.0
    y_shifted.iloc[:] = 0
    pd.testing.assert_frame_equal(X, PANEL)
    assert y.tolist() == [0, 0, 0, 1, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("X", "y", "shift_by", "message"),
    [
        (PANEL, [0, 1, 2, 0, 0, 0, 0, 0], 2, r"y must hold 0 and 1 only, got \[0, 1, 2\]"),
        (PANEL, [-1, 1] * 4, 2, r"0 and 1 only, got \[-1, 1\]. Encode anomalies as 1"),
        (PANEL, ["0", "1"] * 4, 2, "0 and 1 only, got"),
        (PANEL, [0.0, np.nan] * 4, 2, "y contains NaN"),
        (PANEL, [0, 1], 2, "inconsistent numbers of samples"),
        (PANEL[::-1], [0, 1] * 4, 2, "out of order"),
        (PANEL.to_numpy(), pd.Series([0, 1] * 4, INDEX), 2, r"X has lost it.*\.set_output"),
        (PANEL, [0, 1] * 4, -1, "'shift_by' .* Got -1"),
        (PANEL, [0, 1] * 4, 1.5, r"'shift_by' .* Got 1\.5"),
    ],
)
def test_bad_input_is_refused(X, y, shift_by, message):
    with pytest.raises(ValueError, match=message):
        curve_shift(X, y, shift_by)


def test_the_paper_mill_data_are_treated_as_published(real_home):
    X, y = load_processminer(data_home=real_home, return_X_y=True)
    first = int(np.argmax(y))
    X_shifted, y_shifted = curve_shift(X, y, shift_by=2)
    assert first == 259
    assert len(X_shifted) == len(y_shifted) == 18_274
    assert np.flatnonzero(y_shifted[:first]).tolist() == [257, 258]
    assert X_shifted.index.equals(X.index[y == 0])


def test_a_length_of_time_counts_missing_rows_and_the_clock_of_each_series():
    minutes = pd.date_range("2026", periods=20, freq="min")
    tables = {
        "a": pd.DataFrame({"x": np.arange(20.0)}, minutes),
        "b": pd.DataFrame({"x": np.arange(5.0)}, minutes[::4]),
    }
    X = pd.concat(tables, names=["series", "time"]).drop(("a", minutes[9]))
    y = pd.Series(X.index.get_level_values(1) == minutes[12], X.index).astype(int)
    X_shifted, y_shifted = curve_shift(X, y, "4min")
    warned = X_shifted.index[y_shifted == 1].tolist()
    assert warned == [("a", minutes[minute]) for minute in (8, 10, 11)] + [("b", minutes[8])]
    assert len(X_shifted) == len(X) - 2
    assert curve_shift(X, y, pd.Timedelta(0))[1].equals(y)
    with pytest.raises(ValueError, match=r"shift_by='4min' is a length of time, which needs dates"):
        curve_shift(X.to_numpy(), y.to_numpy(), "4min")
