"""Validation of rows."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sktsad import (
    AutoencoderDetector,
    CostSensitiveClassifier,
    GaussianDetector,
    RNNClassifier,
    SeriesScaler,
    SlidingWindow,
    SmoothedClassifier,
    ThresholdClassifier,
    ZScoreDetector,
)
from sktsad._core._validate_rows import refuse_polars_output, validate_rows

FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0], "machine": ["x", "7", "y"], "n": ["1", "2", "3"]})


@pytest.mark.parametrize(
    "estimator",
    [SlidingWindow(2), SeriesScaler(), ZScoreDetector(), AutoencoderDetector(), RNNClassifier()],
    ids=lambda estimator: type(estimator).__name__,
)
def test_columns_of_text_are_named(estimator):
    with pytest.raises(ValueError, match=r"columns that are not numbers: \['machine'\]"):
        estimator.fit(FRAME, [0, 1, 0])


def test_numbers_as_text_are_read_and_repeated_column_names_told_apart():
    assert validate_rows(BaseEstimator(), FRAME[["a", "n"]]).tolist() == [[1, 1], [2, 2], [3, 3]]
    twice = FRAME.set_axis(["a", "b", "b"], axis=1)
    with pytest.raises(ValueError, match=r"not numbers: \['b'\]"):
        validate_rows(BaseEstimator(), twice)


@pytest.mark.parametrize(("hole", "dtype"), [(np.nan, "float64"), (np.inf, "float32"), (pd.NA, "Float64")])
def test_columns_with_holes_are_named_with_the_fix(hole, dtype):
    X = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": pd.array([1.0, hole, 3.0], dtype=dtype)})
    with pytest.raises(
        ValueError, match=r"NaN or infinity; number of such rows by column: \{'b': 1\}.*SeriesImputer"
    ):
        SlidingWindow(2).fit(X)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (FRAME.to_numpy(), "could not convert"),
        (np.array([[np.nan]]), "contains NaN"),
        (FRAME[["a"]].iloc[:0], "X has no rows: .*0 sample.*Check what selects or drops rows"),
        (FRAME[[]], "X has no columns: 0 feature"),
    ],
)
def test_other_errors_are_those_of_scikit_learn(X, message):
    with pytest.raises(ValueError, match=message):
        validate_rows(BaseEstimator(), X)


# Time among the columns

STAMPS = pd.date_range("2026-01-05", periods=20, freq="h")
TIMES = {
    "dates": STAMPS,
    "dates of a zone": STAMPS.tz_localize("Europe/Berlin"),
    "time deltas": STAMPS - STAMPS[0],
    "periods": STAMPS.to_period("h"),
    "date objects": [stamp.date() for stamp in STAMPS],
    "datetime objects": np.array(STAMPS.to_pydatetime(), dtype=object),
    "times of the day": [stamp.time() for stamp in STAMPS],
    "categories": pd.Categorical(STAMPS),
}


@pytest.mark.parametrize("time", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("beside", [True, False], ids=["beside numbers", "alone"])
@pytest.mark.parametrize("estimator", [SlidingWindow(2), ZScoreDetector(), AutoencoderDetector()], ids=str)
def test_columns_of_time_are_named_with_the_fix(time, beside, estimator):
    X = pd.DataFrame({"measured_at": time})
    if beside:
        X["load"] = 1.0
    with pytest.raises(
        ValueError, match=r"columns of time: \['measured_at'\].*X\.set_index\('measured_at'\)"
    ):
        estimator.fit(X)


def test_columns_of_time_are_named_at_transform_and_for_panels():
    X = pd.DataFrame({"load": np.arange(20.0)})
    window = SlidingWindow(2).fit(X)
    with pytest.raises(ValueError, match="columns of time"):
        window.transform(X.assign(load=STAMPS))
    panel = X.assign(at=STAMPS).set_axis(pd.MultiIndex.from_product([["a", "b"], range(10)]))
    with pytest.raises(ValueError, match=r"droplevel\(1\)\.set_index\('at', append=True\)"):
        window.fit(panel)


@pytest.mark.parametrize(
    "X", [STAMPS.to_numpy()[:, None], STAMPS.to_numpy()[:, None].astype("M8[us]").astype(object)], ids=str
)
def test_arrays_of_time_are_refused_too(X):
    with pytest.raises(ValueError, match=r"columns of time: \[0\].*pandas.DataFrame\(values, index=times\)"):
        validate_rows(BaseEstimator(), X)
    with pytest.raises((ValueError, TypeError), match=r"object|string|number"):
        validate_rows(BaseEstimator(), np.array([[object()]]))


def test_time_in_a_table_of_arrow_is_refused_and_numbers_are_read():
    arrow = pytest.importorskip("pyarrow")
    times = {"at": STAMPS, "day": [stamp.date() for stamp in STAMPS], "since": STAMPS - STAMPS[0]}
    table = arrow.table({"load": np.arange(20.0), **times})
    with pytest.raises(ValueError, match=r"\['at', 'day', 'since'\].*X\.to_pandas\(\)\.set_index\('at'\)"):
        SlidingWindow(2).fit(table)
    assert validate_rows(BaseEstimator(), table.select(["load"])).ravel().tolist() == list(range(20))


def test_text_that_reads_as_time_belongs_into_the_index():
    X = pd.DataFrame({"at": STAMPS.astype(str), "kind": "x", "load": 1.0})
    with pytest.raises(
        ValueError, match=r"\['at', 'kind'\].*\['at'\] look like time.*set_index\(pandas.to_datetime"
    ):
        validate_rows(BaseEstimator(), X)


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9], ids="1/{} s".format)
def test_seconds_since_1970_as_a_column_are_announced(unit):
    X = pd.DataFrame({"at": (1_767_600_000 + 60 * np.arange(20)) * unit, "load": np.arange(20.0)})
    with pytest.warns(UserWarning, match=r"\['at'\] of X rise .*set_index") as record:
        SlidingWindow(2).fit(X)
    assert record[0].filename == __file__
    SlidingWindow(2).fit(X.set_axis(STAMPS))  # time is known
    for table in (X.to_numpy(), X.loc[X.index.repeat(3)].reset_index(drop=True)):  # three series at each time
        with pytest.warns(UserWarning, match="since 1970"):
            SlidingWindow(2).fit(table)
    SlidingWindow(2).fit(X.assign(at=X["at"].iloc[0]))  # a number that stays as it is
    SlidingWindow(2).fit(X[::-1].reset_index(drop=True))
    SlidingWindow(2).fit(X[:5])
    SlidingWindow(2).fit(X / 100_000)
    if unit < 10**9:  # floats hold no halves of nanoseconds
        SlidingWindow(2).fit(X + 0.5)


# Labels

ROWS = np.zeros((3, 1))


# What is no table


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ({"a": np.zeros((3, 1))}, r"X is a dict.*pandas.concat\(X, names=\['series', 'time'\]\)"),
        ({1.0, 2.0}, "X is a set, which has no rows"),
        ((row for row in [[1.0]]), "X is a generator"),
        ("rows.csv", "X is a str"),
        (b"rows", "X is a bytes"),
        (np.ma.array([[1.0], [2.0]], mask=[[0], [1]]), "masked array with masked values in 1 of its rows"),
        (np.zeros(2, dtype=[("a", float)]), r"structured array with the fields \['a'\].*pandas.DataFrame"),
        ([np.zeros((3, 1)), np.zeros((5, 1))], "list of parts of different lengths.*pandas.concat"),
        ([[1.0], [1.0, 2.0]], "list of parts of different lengths"),
        ([[[1.0], [1.0, 2.0]], [[1.0], [1.0]]], "list of parts of different lengths"),
        ([pd.DataFrame([[1.0]]), pd.DataFrame([[2.0]])], "X is a list of frames"),
        ([["word"]], "X cannot be read as rows of numbers: .*word"),
        (np.array([[1j]]), "X cannot be read as rows of numbers: Complex data"),
        (np.zeros((2, 3, 4, 5)), "X cannot be read as rows of numbers: .*dim 4"),
    ],
)
def test_what_is_no_table_of_rows_names_the_way_to_one(X, message):
    with pytest.raises((ValueError, TypeError), match=message):
        GaussianDetector().fit(X)


def test_three_axes_and_an_estimator_of_rows():
    series = [np.zeros((3, 2)), np.ones((3, 2))]
    objects = np.empty(2, dtype=object)
    objects[:] = series
    for X in (np.array(series), series, tuple(series), [each.tolist() for each in series], objects):
        with pytest.raises(ValueError, match="3-D array is for estimators of windows") as error:
            SeriesScaler().fit(X)
    # what the errors advise, also for series of different lengths
    advice = re.search(r"pandas\.concat\(.*?\), names=\[.*?\]\)", str(error.value))[0]
    for X in (series, [np.zeros((3, 2)), np.ones((5, 2))], [np.zeros(3), np.ones(5)]):
        with pytest.raises(ValueError, match=re.escape(advice)):
            SeriesScaler().fit(X)
        panel = eval(advice, {"pandas": pd, "X": X})
        assert SeriesScaler().fit_transform(panel).index.names == ["series", "time"]
    with pytest.raises(ValueError, match="at least 1 step and 1 channel"):
        AutoencoderDetector().fit(np.zeros((4, 0, 2)))


def test_masked_arrays_without_a_mask_are_arrays():
    values = np.arange(6.0).reshape(3, 2)
    assert np.array_equal(SlidingWindow(1).fit_transform(np.ma.array(values)), values)


# Rows for estimators of other libraries

DATED = pd.DataFrame({"a": np.arange(20.0), "at": STAMPS})
TARGET = np.arange(20) % 4 == 0


@pytest.mark.parametrize(
    "wrapper",
    [
        SmoothedClassifier(HistGradientBoostingClassifier(min_samples_leaf=2), 2),
        CostSensitiveClassifier(HistGradientBoostingClassifier(min_samples_leaf=2)),
        ThresholdClassifier(HistGradientBoostingClassifier(min_samples_leaf=2), 0.0),
    ],
    ids=lambda wrapper: type(wrapper).__name__,
)
def test_dates_in_front_of_a_foreign_classifier_are_named(wrapper):
    with pytest.raises(ValueError, match=r"columns of time: \['at'\].*set_index"):
        wrapper.fit(DATED, TARGET)
    fitted = wrapper.fit(DATED[["a"]], TARGET)
    with pytest.raises(ValueError, match=r"columns of time: \['a'\]"):
        fitted.predict(pd.DataFrame({"a": STAMPS}))


def test_a_pipeline_may_know_what_to_do_with_dates():
    hours = FunctionTransformer(lambda X: X.assign(at=X["at"].dt.hour))
    pipeline = make_pipeline(hours, LogisticRegression())
    for estimator in (pipeline, FrozenEstimator(clone(pipeline).fit(DATED, TARGET))):
        assert CostSensitiveClassifier(estimator).fit(DATED, TARGET).predict(DATED).shape == (20,)


@pytest.mark.parametrize("form", ["csr", "dok"])  # one of the two is a mapping
def test_sparse_rows_are_refused_in_the_words_of_scikit_learn(form):
    with pytest.raises(TypeError, match="Sparse data was passed for X, but dense data is required"):
        validate_rows(BaseEstimator(), sparse.eye(5, format=form))


def test_frames_of_polars_hold_numbers_only():
    polars = pytest.importorskip("polars")
    days = pd.date_range("2026-01-01", periods=2).to_list()
    numbers = {"load": [1.0, 2.0], "n": [1, 2], "is_on": [True, False]}
    assert validate_rows(SlidingWindow(), polars.DataFrame(numbers), reset=True).tolist() == [
        [1, 1, 1],
        [2, 2, 0],
    ]
    for column, message in [
        ({"day": days}, r"columns of time: \['day'\].*to_panel\(X, time='day'\)"),
        ({"name": ["a", "b"]}, r"columns that are not numbers: \['name'\].*to_panel\(X, time=\.\.\.\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            validate_rows(SlidingWindow(), polars.DataFrame(numbers | column), reset=True)
    wide = polars.DataFrame(numbers).with_columns(polars.col("n").cast(polars.Int128))
    with pytest.raises(ValueError, match=r"columns of 128-bit integers: \['n'\].*Float64"):
        validate_rows(SlidingWindow(), wide, reset=True)
    with pytest.raises(TypeError, match="X is a LazyFrame of polars"):
        validate_rows(SlidingWindow(), polars.DataFrame(numbers).lazy(), reset=True)


def test_frames_of_polars_come_out_only_where_no_index_is_lost():
    window = SlidingWindow()
    rows = pd.DataFrame({"load": [1.0, 2.0]}, index=[5, 9])
    assert not refuse_polars_output(window, rows)
    window.set_output(transform="polars")
    assert refuse_polars_output(window, rows.to_numpy())
    assert refuse_polars_output(window, rows.reset_index(drop=True))
    with pytest.raises(ValueError, match="SlidingWindow would lose the index of X"):
        refuse_polars_output(window, rows)


@pytest.mark.parametrize("unit", [1, 1e3, 1e6, 1e9])
@pytest.mark.parametrize(
    ("times", "is_time"),
    [
        ([946_684_800 + 60 * row for row in range(10)], True),  # from the first moment of 2000 on
        ([946_684_799 + 60 * row for row in range(10)], False),
        ([4_102_444_799 - 540 + 60 * row for row in range(10)], True),  # to the last of 2099
        ([4_102_444_800 - 540 + 60 * row for row in range(10)], False),
        ([1_700_000_000 + 60 * row for row in range(9)], False),  # too few rows to tell
        ([1_700_000_000 + 60 * (row // 2) for row in range(20)], True),
        ([1_700_000_000 + 60 * (row // 2) for row in range(18)], False),  # too few moments
        ([1_700_000_000 + 60 * (row - 20 * (row == 7)) for row in range(20)], False),  # falls
    ],
)
def test_a_column_that_counts_the_time_since_1970_is_announced(unit, times, is_time):
    X = pd.DataFrame({"when": unit * np.array(times, dtype=float), "load": 1.0})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        validate_rows(SlidingWindow(), X, reset=True)
    assert ["columns ['when'] of X rise from row to row" in str(each.message) for each in caught] == [
        True
    ] * is_time
    X.loc[3, "when"] += 0.5 * (unit == 1)
    if is_time and unit == 1:
        validate_rows(SlidingWindow(), X, reset=True)  # of parts of a second nothing is said


def test_what_a_library_says_of_rows_is_cut_short():
    class Talker:
        def __repr__(self):
            return "word " * 100

        def __float__(self):
            raise ValueError("word" * 100)

    with pytest.raises(
        ValueError, match=r"^X cannot be read as rows of numbers: (word){50}\. Give an array"
    ) as error:
        validate_rows(BaseEstimator(), [[Talker()]])
    assert "3-D" not in str(error.value)
    with pytest.raises(ValueError, match="3-D array is for estimators of windows"):
        validate_rows(BaseEstimator(), np.full((2, 2, 2), "word", dtype=object))
    with pytest.raises(ValueError, match=r"contains NaN.*SeriesImputer"):
        validate_rows(BaseEstimator(), np.array([[np.nan]]))
    with pytest.raises(ValueError, match="parts of different lengths"):
        validate_rows(BaseEstimator(), [[[1.0, 2.0], [3.0]], [5.0]])


def test_masked_rows_are_counted():
    X = np.ma.array(np.zeros((5, 2)), mask=[[0, 0], [1, 1], [0, 1], [0, 0], [0, 0]])
    for rows, n_masked in ((X, 2), (X.T[:, :2], 2), (X[1], 1)):
        with pytest.raises(ValueError, match=f"masked values in {n_masked} of its rows"):
            validate_rows(SlidingWindow(), rows, reset=True)


@pytest.mark.parametrize("nothing", [None, pd.NaT, np.nan])
def test_times_among_nothing_are_times(nothing):
    X = pd.DataFrame({"day": [nothing, *pd.date_range("2026", periods=3)], "load": 1.0}, dtype=object)
    with pytest.raises(ValueError, match=r"columns of time: \['day'\]"):
        validate_rows(SlidingWindow(), X, reset=True)


def test_text_with_decimal_commas_and_series_in_cells_name_their_fix():
    table = pd.DataFrame({"a": ["6,5", "7,0"], "b": ["on", "off"]})
    with pytest.raises(
        ValueError, match=r"not numbers: \['a', 'b'\].*\['a'\] contain numbers with a decimal comma"
    ):
        ZScoreDetector().fit(table)
    for X in (
        pd.DataFrame({"x": [pd.Series([1.0, 2.0]), pd.Series([4.0])]}, index=["u", "v"]),
        pd.DataFrame({"x": [[1.0, 2.0], np.array([4.0])]}, index=["u", "v"]),
    ):
        with pytest.raises(ValueError, match=r"a series in each cell: \['x'\]. Create a frame") as caught:
            ZScoreDetector().fit(X)
        fix = str(caught.value).partition("time step: ")[2].rstrip(".")
        made = eval(fix, {"pandas": pd, "X": X})
        assert made["x"].tolist() == [1.0, 2.0, 4.0]
        assert made.index.tolist() == [("u", 0), ("u", 1), ("v", 0)]
