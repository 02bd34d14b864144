"""Tables with columns of series and time become frames with an index of them."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sktsad import GaussianDetector, SeriesScaler, SlidingWindow, read_panel, to_panel
from sktsad._core import read_series

TIMES = [dt.datetime(2026, 1, 5, hour) for hour in (2, 0, 1, 1, 0)]
TABLE = {
    "load": [3.0, 1.0, 2.0, 20.0, 10.0],
    "at": TIMES,
    "host": ["b", "b", "b", "a", "a"],
    "odd": [0, 0, 1, 1, 0],
}
RIGHT = pd.DataFrame(
    {"load": [10.0, 20.0, 1.0, 2.0, 3.0]},
    pd.MultiIndex.from_arrays(
        [list("aabbb"), pd.DatetimeIndex([TIMES[i] for i in (4, 3, 1, 2, 0)])], names=["host", "at"]
    ),
)


def tables():
    """The same table in every library that is installed."""
    yield "pandas", pd.DataFrame(TABLE)
    yield "text", pd.DataFrame({**TABLE, "at": [str(at) for at in TIMES]})
    yield "objects", pd.DataFrame({**TABLE, "at": pd.Series(TIMES, dtype=object)})
    try:
        import polars
    except ImportError:  # pragma: no cover
        return
    frame = polars.DataFrame(TABLE)
    yield "polars", frame
    yield "polars categories", frame.with_columns(polars.col("host").cast(polars.Categorical))
    yield "polars text", frame.with_columns(polars.Series("at", [at.isoformat() for at in TIMES]))
    try:
        import pyarrow
    except ImportError:  # pragma: no cover
        return
    yield "arrow", pyarrow.table(TABLE)
    yield "arrow in pandas", pd.DataFrame(TABLE).convert_dtypes(dtype_backend="pyarrow")


@pytest.mark.parametrize("table", [pytest.param(table, id=name) for name, table in tables()])
def test_series_and_time_move_into_the_index_and_rows_are_sorted(table):
    X, y = to_panel(table, time="at", series="host", target="odd")
    assert X.columns.tolist() == ["load"] and X.index.names == ["host", "at"]
    assert X["load"].tolist() == RIGHT["load"].tolist()
    assert y.index.equals(X.index) and y.name == "odd" and y.tolist() == [0, 1, 0, 1, 0]
    rows, right = read_series(X), read_series(RIGHT)
    assert rows.keys == right.keys and rows.kind == "dates" and np.array_equal(rows.times, right.times)
    model = make_pipeline(SeriesScaler(), SlidingWindow(2), GaussianDetector())
    scores = model.fit(X, y).decision_function(X)
    assert np.array_equal(scores, model.fit(RIGHT, y.to_numpy()).decision_function(RIGHT))


def test_without_series_all_rows_are_one():
    X = to_panel(pd.DataFrame(TABLE).iloc[:3].drop(columns="host"), time="at")
    assert isinstance(X.index, pd.DatetimeIndex) and X["load"].tolist() == [1.0, 2.0, 3.0]
    numbers = to_panel(pd.DataFrame({"t": [2, 0, 1], "v": [1.0, 2.0, 3.0]}), time="t")
    assert numbers.index.tolist() == [0, 1, 2] and numbers["v"].tolist() == [2.0, 3.0, 1.0]


def test_decimals_of_polars_are_numbers_and_a_lazy_frame_must_be_collected():
    polars = pytest.importorskip("polars")
    table = polars.DataFrame({"at": [1, 2], "x": polars.Series(["1.5", "2.5"]).cast(polars.Decimal(10, 2))})
    X = to_panel(table, time="at")
    assert X["x"].dtype == np.float64 and X["x"].tolist() == [1.5, 2.5]
    for read in (to_panel, read_panel):
        with pytest.raises(TypeError, match=r"X is a LazyFrame of polars, .* Collect it"):
            read(table.lazy(), time="at")


def test_zones_of_polars_stay():
    polars = pytest.importorskip("polars")
    at = polars.Series("at", TIMES[:3]).dt.replace_time_zone("Europe/Berlin")
    X = to_panel(polars.DataFrame({"at": at, "v": [1.0, 2.0, 3.0]}), time="at")
    assert str(X.index.tz) == "Europe/Berlin" and X.index[0].hour == 0


@pytest.mark.parametrize(
    ("change", "names", "message"),
    [
        (
            {},
            {"time": "when"},
            r"time='when' is not a column of X, which has \['load', 'at', 'host', 'odd'\]",
        ),
        ({}, {"time": "at", "series": "at"}, "must be different columns"),
        ({}, {"time": "host"}, "time='host' is text, such as 'b', and not in ISO 8601 format"),
        ({"at": [True, False] * 2 + [True]}, {"time": "at"}, "time='at' holds bool.* not time"),
        ({"at": [None, *TIMES[1:]]}, {"time": "at", "series": "host"}, "missing"),
        ({"host": [None, *"bbaa"]}, {"time": "at", "series": "host"}, "series='host' has 1 missing names"),
        ({}, {"time": "at"}, "duplicated"),
        ({"at": ["05.01.2026"] * 5}, {"time": "at"}, "pandas.to_datetime and its format="),
    ],
)
def test_what_makes_no_panel_is_refused(change, names, message):
    with pytest.raises(ValueError, match=message):
        to_panel(pd.DataFrame({**TABLE, **change}), **names)
