import pickle
import tracemalloc
import warnings

import naive
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.estimator_checks import (
    check_global_output_transform_pandas,
    check_set_output_transform_pandas,
)
from strategies import tables

from sktsad import SlidingWindow, ZScoreDetector
from sktsad._core._windows import Windows, check_windows
from sktsad.live import LiveScorer

FRAME = pd.DataFrame({"u": np.arange(60.0), "v": -np.arange(60.0)})
DATES = FRAME.set_axis(pd.date_range("2024", periods=60, freq="min"))
PANEL = FRAME.set_axis(pd.MultiIndex.from_product([["a", "b", "c"], range(20)], names=["series", "time"]))
TARGET = pd.Series(np.arange(60) % 4 == 0, index=PANEL.index).astype(int)

#: Rows thinned at random are no split, but may look like one, and make windows of padding.
holes_are_no_matter = pytest.mark.filterwarnings(
    "ignore:.*(time steps after the (row before|previous row)|These rows have a time step)"
)


def state(estimator):
    return pickle.dumps(vars(estimator))


def longest(X):
    return max(map(len, naive.times_by_series(naive.rows_of(X)).values()))


# The windows


@holes_are_no_matter
@given(tables(), st.integers(1, 8), st.sampled_from([1, 1.5, 2, 3, 10]), st.sampled_from(["edge", "zero"]))
def test_windows_are_those_of_walking_back_row_by_row(X, length, max_gap, padding):
    length = min(length, longest(X))
    windows = SlidingWindow(length, max_gap=max_gap, padding=padding).fit_transform(X)
    assert np.array_equal(windows, naive.windows(X, length, max_gap, padding))
    assert windows.index is X.index


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 3), st.sampled_from(["edge", "zero"]))
def test_an_array_is_one_series_without_a_gap(n_rows, length, n_columns, padding):
    length = min(length, n_rows)
    X = np.arange(1.0, n_rows * n_columns + 1).reshape(n_rows, n_columns)
    windows = SlidingWindow(length, padding=padding).fit_transform(X)
    assert np.array_equal(windows, naive.windows(X, length, padding=padding))
    assert windows.index is None


@holes_are_no_matter
@given(tables(), st.integers(1, 6), st.sampled_from([1, 3]), st.data())
def test_no_window_crosses_a_series_or_a_gap(X, length, max_gap, data):
    rows = naive.rows_of(X)
    keys = sorted({key for key, _, _ in rows}, key=str)
    times = naive.times_by_series(rows)
    marked = pd.DataFrame(
        {"series": [keys.index(key) for key, _, _ in rows], "time": [t for _, t, _ in rows]}
    )
    length = min(length, longest(X))
    windows = SlidingWindow(length, max_gap=max_gap).fit_transform(marked.set_index(X.index))
    for key, window in zip((row[0] for row in rows), windows.gather(slice(None)), strict=True):
        holes = np.diff(window[:, 1])
        assert (window[:, 0] == keys.index(key)).all()
        assert (holes >= 0).all()
        assert (holes <= max_gap * (naive.modal_step(times[key]) or np.inf)).all()


@holes_are_no_matter
@given(tables(), st.integers(1, 6), st.data())
def test_the_future_changes_no_earlier_window(X, length, data):
    window = SlidingWindow(min(length, longest(X))).fit(X)
    before = np.asarray(window.transform(X))
    now = data.draw(st.sampled_from([time for _, time, _ in naive.rows_of(X)]))
    is_past = np.array([time <= now for _, time, _ in naive.rows_of(X)])
    changed = X.copy()
    changed.loc[~is_past] = -1.0
    assert np.array_equal(np.asarray(window.fit_transform(changed))[is_past], before[is_past])
    assert np.array_equal(window.transform(X[is_past]), before[is_past])


# Lengths of time


def ticking(steps, n_minutes, start="2026-01-05"):
    """A panel whose series have different time steps, in minutes; every value is another."""
    parts = {
        key: pd.DataFrame(
            {"x": 1000.0 * number + np.arange(n_minutes // step)},
            pd.date_range(start, periods=n_minutes // step, freq=f"{step}min"),
        )
        for number, (key, step) in enumerate(steps.items())
    }
    return pd.concat(parts, names=["series", "time"])


@holes_are_no_matter
@given(tables(kinds=("date",)), st.integers(1, 4), st.sampled_from(["edge", "zero"]), st.data())
def test_windows_of_a_length_of_time_take_every_kth_row(X, length, padding, data):
    times = naive.times_by_series(naive.rows_of(X))
    steps = {key: naive.modal_step(own) for key, own in times.items()}
    coarsest = max((step for step in steps.values() if step), default=None)
    assume(coarsest and length <= longest(X))
    every = {key: int(coarsest / (step or coarsest) + 0.5) for key, step in steps.items()}
    window = SlidingWindow(pd.Timedelta(length * coarsest), padding=padding)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # one series may be shorter than the window
        windows = window.fit_transform(X)
    assert (window.length_, window.strides_) == (length, every)
    assert np.array_equal(windows, naive.windows(X, length, padding=padding, every=every))


def test_rows_of_all_clocks_go_on_and_are_scored_live_as_in_one_call():
    X = ticking({"a": 1, "b": 5, "new": 2}, 90)
    known = X[X.index.get_level_values(0) != "new"]
    is_past = known.index.get_level_values(1) < "2026-01-05 01:00"
    with pytest.warns(
        UserWarning, match="last 1.20 times as long in series 'new', whose time step is 0 days 00:02"
    ):
        model = make_pipeline(SlidingWindow("15min"), ZScoreDetector()).fit(known[is_past])
        whole = pd.Series(model.decision_function(X), X.index)
    assert model[0].strides_ == {"a": 5, "b": 1}
    later = X[X.index.get_level_values(1) >= "2026-01-05 01:00"].drop("new")
    assert np.array_equal(model[0].transform(later), np.asarray(model[0].transform(known))[~is_past])
    live = LiveScorer(clone(model).fit(known[is_past]))
    rest = pd.concat([later, X.loc[["new"]]])
    found = live.update(rest.sort_index(level=1))
    assert np.allclose(found["decision"], whole.loc[rest.sort_index(level=1).index], rtol=1e-9, atol=0)


def test_rows_that_lack_their_past_are_counted_by_every_kth_row():
    X = ticking({"a": 1, "b": 5}, 240)
    minute = (X.index.get_level_values(1) - X.index[0][1]) // pd.Timedelta("1min")
    later = X[(minute >= 120) & (minute < 150)]
    window = SlidingWindow("15min").fit(X[minute < 60])
    assert (window.length_, window.strides_) == (3, {"a": 5, "b": 1})
    with pytest.warns(
        UserWarning, match=f"{2 * 5 + 2} of {30 + 6} rows lack their past.* 10 or more of each series"
    ):
        window.transform(later)
    window.set_params(history="none").fit(X[minute < 60]).transform(later)
    lone = pd.concat([X[minute < 60], ticking({"c": 1}, 1)])  # a row alone has no step
    assert SlidingWindow("15min").fit(lone).strides_ == {"a": 5, "b": 1, "c": 1}


def test_of_padded_windows_every_kth_row_counts():
    """Bursts of seven minutes: windows hold every fifth row, one from the first to the fifth row on, then two."""
    X = ticking({"a": 1, "b": 5}, 600)
    minute = (X.index.get_level_values(1) - X.index[0][1]) // pd.Timedelta("1min")
    X = X[(minute % 20 < 7) | (X.index.get_level_values(0) == "b")]
    with pytest.warns(
        UserWarning, match="100% of the windows of 1 of 2 series are padded: .* not padding is 1 of 3"
    ):
        assert SlidingWindow("15min").fit(X).strides_ == {"a": 5, "b": 1}


@pytest.mark.parametrize(
    ("steps", "worst"),
    [({"a": 20, "b": 14, "c": 16}, "0.70 .* 'b'"), ({"a": 20, "c": 16, "e": 13}, "1.30 .* 'e'")],
)
def test_of_windows_that_last_unequally_the_worst_are_named(steps, worst):
    with pytest.warns(UserWarning, match=f"last {worst}.*: the steps of 2 of 3 series"):
        SlidingWindow("60min").fit(ticking(steps, 600))


def test_warnings_point_to_the_line_that_calls_the_method():
    steps = ticking({"a": 5, "b": 3}, 600)
    by_time, window = SlidingWindow("15min").fit(steps.loc[["a"]]), SlidingWindow(4).fit(DATES[:20])
    hourly = DATES.set_axis(pd.date_range("2025", periods=60, freq="h"))
    lost = TARGET.set_axis(DATES.index)
    for call, message in (
        (lambda: SlidingWindow(4).fit(DATES.to_numpy(), lost), "The index of y has dates"),
        (lambda: SlidingWindow(61).fit(DATES), "longer than the longest series"),
        (lambda: SlidingWindow(2).fit(spaced(3, *[2] * 9)), "of the windows are padded"),
        (lambda: SlidingWindow("15min").fit(steps), "last 1.20 times as long in series 'b'"),
        (lambda: by_time.transform(steps), "last 1.20 times as long in series 'b'"),
        (lambda: window.transform(hourly), "more than max_gap=3 time steps"),
        (lambda: window.transform(DATES[40:]), "3 of 20 rows lack their past"),
    ):
        with pytest.warns(UserWarning, match=message) as record:
            call()
        assert (record[0].filename, record[0].lineno) == (__file__, call.__code__.co_firstlineno), message


@pytest.mark.parametrize(
    ("X", "length", "message"),
    [
        (
            np.zeros((60, 1)),
            "5min",
            "length='5min' is a length of time, which needs dates in the index of X; it has no",
        ),
        (
            pd.DataFrame({"x": np.zeros(60)}),
            "5min",
            "it holds numbers. Set them: X.index = pandas.to_datetime",
        ),
        (DATES, "1s", "length='1s' is shorter than a time step"),
        (DATES, "soon", "length='soon' is not a length of time, such as '30min'"),
        (DATES, pd.Timedelta(-1), "must be a length of time of at least 0"),
        (DATES[:1], "5min", "no series has two rows"),
    ],
)
def test_a_length_of_time_that_makes_no_rows_is_refused(X, length, message):
    with pytest.raises(ValueError, match=message):
        SlidingWindow(length).fit(X)


@pytest.mark.filterwarnings("ignore:.*lack their past:UserWarning")
@holes_are_no_matter
@given(
    tables(),
    st.integers(1, 6),
    st.sampled_from([1, 2, 3]),
    st.sampled_from(["edge", "zero"]),
    st.sampled_from(["index", "none"]),
    st.data(),
)
def test_rows_that_directly_follow_those_of_fit_get_their_true_past(
    X, length, max_gap, padding, history, data
):
    rows = naive.rows_of(X)
    now = data.draw(st.sampled_from([time for _, time, _ in rows]))
    is_past = np.array([time <= now for _, time, _ in rows])
    past, future = X[is_past], X[~is_past]
    assume(len(future) and length <= longest(past))
    window = SlidingWindow(length, max_gap=max_gap, padding=padding, history=history).fit(past)
    windows = window.transform(future)
    assert np.array_equal(windows, naive.windows(future, length, max_gap, padding, past, history))
    if history == "index":
        assert np.array_equal(windows, np.asarray(window.transform(X))[~is_past])


@holes_are_no_matter
@given(tables(), st.integers(1, 6))
def test_inverse_transform_gives_the_rows_back(X, length):
    window = SlidingWindow(min(length, longest(X)))
    windows = window.fit_transform(X)
    for form in (windows, pd.DataFrame(np.asarray(windows), X.index, window.get_feature_names_out())):
        pd.testing.assert_frame_equal(window.inverse_transform(form), X)
    for form in (np.asarray(windows), windows.gather(slice(None))):
        assert np.array_equal(window.inverse_transform(form), X)


def test_rows_given_back_are_floats():
    assert SlidingWindow(4).fit(FRAME).inverse_transform(np.zeros((3, 8), dtype=int)).dtype == float


def test_rows_given_back_may_be_written_to():
    window = SlidingWindow(3)
    windows = window.fit_transform(FRAME.to_numpy())
    for form in (windows, np.asarray(windows)):
        window.inverse_transform(form)[:] = 0
    assert np.asarray(windows).max() == 59


def test_an_input_is_not_aliased():
    X = FRAME.to_numpy(copy=True)
    window = SlidingWindow(3)
    windows = window.fit_transform(X)
    X[:] = np.nan
    assert np.isfinite(np.asarray(windows)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("padding", ["edge", "zero"])
def test_floats_keep_their_type(dtype, padding):
    window = SlidingWindow(3, padding=padding).fit(DATES[:40].astype(dtype))
    assert window.transform(DATES[40:].astype(dtype)).dtype == dtype
    assert window.transform(DATES[40:].astype(np.float32)).dtype == np.float32


def test_integers_become_floats():
    assert SlidingWindow(3).fit_transform(np.arange(5).reshape(-1, 1)).dtype == np.float64


def test_a_list_is_as_good_as_an_array():
    windows = SlidingWindow(2).fit_transform([[1.0], [2.0], [3.0]])
    assert windows[1:].index is None
    assert np.array_equal(windows, [[1, 1], [1, 2], [2, 3]])


# Memory


def test_windows_of_one_series_share_the_memory_of_the_rows():
    windows = SlidingWindow(10).fit_transform(DATES)
    assert np.shares_memory(np.asarray(windows), windows.buffer)
    assert len(windows.buffer) == 60 + 9


def test_windows_of_a_panel_take_the_memory_of_the_rows():
    n_rows, length = 5000, 100
    index = pd.MultiIndex.from_product([range(5), range(n_rows)])
    X = pd.DataFrame(np.zeros((5 * n_rows, 1)), index=index)
    tracemalloc.start()
    windows = SlidingWindow(length).fit_transform(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(windows.buffer) == 5 * (n_rows + length - 1)
    assert peak < 25 * windows.buffer.nbytes < windows.dtype.itemsize * np.prod(windows.shape) / 3


def test_what_fit_keeps_is_small():
    kept = SlidingWindow(10).fit(pd.DataFrame({"x": np.arange(1e5)}))
    assert len(pickle.dumps(kept)) < 5000


# History


def following(fit_rows, rows, **params):
    return np.asarray(SlidingWindow(3, **params).fit(fit_rows).transform(rows))[:, ::2]


@pytest.mark.parametrize("unit", ["s", "ns"])
def test_history_does_not_depend_on_the_resolution_of_dates(unit):
    later = DATES[40:].set_axis(DATES.index[40:].as_unit(unit))
    assert following(DATES[:40], later)[0].tolist() == [38, 39, 40]


def test_a_single_row_gets_its_past():
    assert following(DATES[:40], DATES[40:41]).tolist() == [[38, 39, 40]]


@pytest.mark.filterwarnings("ignore:.*lack their past:UserWarning")
def test_history_bridges_a_hole_and_not_a_gap():
    assert following(DATES[:40], DATES[42:])[0].tolist() == [38, 39, 42]
    assert following(DATES[:40], DATES[43:])[0].tolist() == [43, 43, 43]


def test_history_does_not_reach_behind_a_gap_in_the_rows_of_fit():
    fit_rows = DATES.drop(DATES.index[30:39])[:31]
    assert following(fit_rows, DATES[40:])[0].tolist() == [39, 39, 40]
    assert following(fit_rows, DATES[40:], padding="zero")[0].tolist() == [0, 39, 40]


@pytest.mark.parametrize(
    "rows",
    [DATES[:40], DATES[20:], DATES[41:].set_axis(DATES.index[:19] - pd.Timedelta("1h"))],
    ids=["the same", "overlapping", "before"],
)
def test_rows_that_do_not_follow_get_no_history(rows):
    assert len(set(following(DATES[:40], rows)[0])) == 1


@pytest.mark.filterwarnings("ignore:X .*feature names")
def test_rows_without_time_get_no_history_and_it_is_said():
    with pytest.warns(
        UserWarning, match=r"has dates, but these rows have no time.*set_output\(transform='pandas'\)"
    ):
        assert len(set(following(DATES[:40], DATES[40:].to_numpy())[0])) == 1


def test_each_series_gets_its_own_past_and_a_new_one_none():
    later = PANEL.groupby(level=0).tail(5)
    new = later.loc[["c"]].rename({"c": "new"})
    fit_rows = PANEL.groupby(level=0).head(15)
    first = following(fit_rows, pd.concat([later, new]))[::5]
    assert first.tolist() == [[13, 14, 15], [33, 34, 35], [53, 54, 55], [55, 55, 55]]


# Names and frames


def test_columns_are_named_by_lag():
    window = SlidingWindow(2).fit(FRAME)
    assert window.get_feature_names_out().tolist() == ["u_t-1", "v_t-1", "u_t-0", "v_t-0"]
    assert SlidingWindow(1).fit(FRAME.to_numpy()).get_feature_names_out().tolist() == ["x0_t-0", "x1_t-0"]
    with pytest.raises(ValueError, match="input_features is not equal to feature_names_in_"):
        window.get_feature_names_out(["a", "b"])


@pytest.mark.parametrize(
    "X", [FRAME, DATES, PANEL, FRAME.to_numpy()], ids=["rows", "dates", "panel", "array"]
)
def test_as_a_frame_windows_keep_index_layout_and_values(X):
    plain = SlidingWindow(4).fit_transform(X)
    framed = SlidingWindow(4).set_output(transform="pandas").fit_transform(X)
    assert framed.columns.tolist() == SlidingWindow(4).fit(X).get_feature_names_out().tolist()
    assert framed.index.equals(X.index if plain.index is not None else pd.RangeIndex(60))
    assert np.array_equal(framed, plain)
    read = check_windows(LogisticRegression(), framed, reset=True)
    assert (read.length, read.n_channels) == (4, 2)


@pytest.mark.filterwarnings("ignore:X .*feature names")
@pytest.mark.parametrize(
    "check",
    [check_set_output_transform_pandas, check_global_output_transform_pandas],
    ids=["own", "global"],
)
def test_output_as_a_frame_is_as_scikit_learn_wants_it(check):
    check("SlidingWindow", SlidingWindow(3))


def test_a_pipeline_of_frames_keeps_index_and_layout():
    pipe = make_pipeline(StandardScaler(), SlidingWindow(4)).set_output(transform="pandas")
    framed = pipe.fit_transform(PANEL)
    assert framed.index.equals(PANEL.index)
    assert framed.columns[-2:].tolist() == ["u_t-0", "v_t-0"]
    scaled = StandardScaler().set_output(transform="pandas").fit_transform(PANEL)
    assert np.array_equal(framed, naive.windows(scaled, 4))


def test_a_pipeline_is_undone_by_its_inverse_transform():
    pipe = make_pipeline(StandardScaler(), SlidingWindow(4)).fit(FRAME)
    assert np.allclose(pipe.inverse_transform(pipe.transform(FRAME)), FRAME)


# In pipelines


@pytest.mark.parametrize(
    "X", [FRAME, DATES, PANEL, FRAME.to_numpy()], ids=["rows", "dates", "panel", "array"]
)
def test_a_classifier_behind_the_window_sees_what_the_dense_windows_hold(X):
    pipe = make_pipeline(SlidingWindow(4), LogisticRegression()).fit(X, TARGET.to_numpy())
    alone = LogisticRegression().fit(naive.windows(X, 4), TARGET.to_numpy())
    assert np.allclose(pipe.decision_function(X), alone.decision_function(naive.windows(X, 4)))
    copied = pickle.loads(pickle.dumps(pipe))
    assert np.array_equal(copied.predict_proba(X), pipe.predict_proba(X))
    assert not hasattr(clone(pipe)[0], "n_features_in_")


@pytest.mark.parametrize("X", [FRAME, PANEL, FRAME.to_numpy()], ids=["rows", "panel", "array"])
def test_a_sampler_behind_the_window_leaves_predict_all_rows(X):
    pipe = make_imblearn_pipeline(
        SlidingWindow(4), RandomUnderSampler(random_state=0), DummyClassifier(strategy="constant", constant=1)
    )
    y = TARGET.to_numpy()
    assert pipe.fit(X, y).predict(X).tolist() == [1] * 60
    assert pipe[-1].class_prior_.tolist() == [0.5, 0.5]
    assert len(cross_val_predict(pipe, X, y, cv=KFold(3))) == 60


@pytest.mark.parametrize("X", [FRAME, DATES, PANEL], ids=["rows", "dates", "panel"])
def test_a_sampler_before_the_window_is_refused_at_fit_where_the_index_shows_it(X):
    pipe = make_imblearn_pipeline(RandomUnderSampler(random_state=0), SlidingWindow(4), LogisticRegression())
    with pytest.raises(ValueError, match=r"Time is out of order at .*put samplers after the window"):
        pipe.fit(X, TARGET.to_numpy())


def test_a_sampler_that_makes_an_index_of_its_own_is_refused_at_predict_on_a_panel():
    pipe = make_imblearn_pipeline(RandomOverSampler(random_state=0), SlidingWindow(4), LogisticRegression())
    pipe.fit(PANEL, TARGET.to_numpy())
    with pytest.raises(
        ValueError,
        match=r"rows passed to transform have a \(series, time\) index, but those passed to fit do not",
    ):
        pipe.predict(PANEL)


# Panels in cross-validation


def judged(*steps):
    """Pipeline on the number of a row's series, with a judge of windows at its end."""
    numbers = PANEL.index.codes[0].astype(float)
    X = pd.DataFrame({"series": numbers}, index=PANEL.index)
    y = TARGET.sample(frac=1, random_state=0).set_axis(X.index)
    return (
        make_imblearn_pipeline(
            *steps, SlidingWindow(5), RandomUnderSampler(random_state=0), naive.CrossingJudge()
        ),
        X,
        y,
    )


def blocks_in_time():
    """The last rows of every series, in blocks: folds of a panel in time order."""
    time = PANEL.index.codes[1]
    return [
        (np.flatnonzero(time < stop), np.flatnonzero((time >= stop) & (time < stop + 5))) for stop in (10, 15)
    ]


SCALER = StandardScaler().set_output(transform="pandas")


@pytest.mark.parametrize("steps", [(), (SCALER,)], ids=["alone", "behind a scaler"])
@pytest.mark.parametrize("cv", [blocks_in_time(), KFold(5)], ids=["blocks in time", "k folds"])
def test_in_a_grid_search_no_window_crosses_a_series_at_fit_or_score_time(steps, cv):
    pipe, X, y = judged(*steps)
    search = GridSearchCV(
        pipe,
        {"slidingwindow__length": [2, 5], "randomundersampler": [RandomUnderSampler(), "passthrough"]},
        scoring=lambda pipe, X, y: -pipe.predict(X).sum(),
        cv=cv,
        error_score="raise",
    )
    search.fit(X, y)
    assert search.cv_results_["mean_test_score"].tolist() == [0] * 4
    assert not search.predict(X).any()


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_in_cross_val_predict_no_window_crosses_a_series(n_jobs):
    pipe, X, y = judged(SCALER)
    crossed = cross_val_predict(pipe, X, y, cv=KFold(5), n_jobs=n_jobs)
    assert crossed.tolist() == [0] * 60


def test_the_judge_would_see_a_crossing():
    pipe, X, y = judged(FunctionTransformer(lambda X: X.to_numpy()))
    with pytest.raises(RuntimeError, match="cross a border"):
        pipe.set_params(randomundersampler="passthrough").fit(X, y.to_numpy())
    crossed = pipe[-1].crossed(SlidingWindow(5).fit_transform(X.to_numpy()))
    assert crossed.sum() == 2 * 4


# Lost and odd indexes


@pytest.mark.parametrize("X", [PANEL.to_numpy(), PANEL.reset_index(drop=True)], ids=["array", "frame"])
def test_a_panel_that_lost_its_index_is_told_by_that_of_the_target(X):
    with pytest.raises(ValueError, match=r"X has lost it.*\.set_output\(transform='pandas'\)"):
        SlidingWindow(4).fit(X, TARGET)
    pipe = make_pipeline(StandardScaler(), SlidingWindow(4))
    with pytest.raises(ValueError, match="X has lost it"):
        pipe.fit(PANEL, TARGET)


@pytest.mark.parametrize(
    ("fitted_on", "rows", "message"),
    [
        (
            PANEL,
            PANEL.to_numpy(),
            r"rows passed to fit have a \(series, time\) index, but those passed to transform do not",
        ),
        (
            FRAME.to_numpy(),
            PANEL,
            r"rows passed to transform have a \(series, time\) index, but those passed to fit do not",
        ),
        (FRAME, PANEL, "rows passed to transform have"),
    ],
)
@pytest.mark.filterwarnings("ignore:X .*feature names")
def test_a_panel_at_fit_or_at_transform_alone_is_refused(fitted_on, rows, message):
    window = SlidingWindow(4).fit(fitted_on)
    with pytest.raises(ValueError, match=message + r".*set_output\(transform='pandas'\)"):
        window.transform(rows)


@pytest.mark.parametrize("X", [FRAME, FRAME.to_numpy()], ids=["frame", "array"])
def test_series_index_insists_on_a_panel(X):
    with pytest.raises(ValueError, match=r"series='index' needs .*set_output"):
        SlidingWindow(4, series="index").fit(X)
    assert SlidingWindow(4, series="index").fit_transform(PANEL).shape == (60, 8)


def test_an_array_whose_target_has_gaps_warns_at_the_callers_line():
    y = TARGET.set_axis(np.arange(60) + 9 * (np.arange(60) > 30))
    with pytest.warns(UserWarning, match="1 gap.* windows cross them") as record:
        SlidingWindow(4).fit(FRAME.to_numpy(), y)
    assert record[0].filename == __file__


def test_an_array_whose_target_is_out_of_order_is_refused():
    with pytest.raises(ValueError, match="out of order"):
        SlidingWindow(4).fit(FRAME.to_numpy(), TARGET.reset_index(drop=True)[::-1])


@pytest.mark.filterwarnings("ignore:.*lack their past:UserWarning")
def test_rows_far_apart_by_the_step_of_fit_warn():
    hourly = DATES.set_axis(pd.date_range("2025", periods=60, freq="h"))
    window = SlidingWindow(4).fit(DATES)
    with pytest.warns(UserWarning, match="59 of 59 rows come more than max_gap=3 time steps") as record:
        window.transform(hourly)
    assert record[0].filename == __file__
    window.transform(hourly[:3])  # a few rows are no matter


# Shuffled splits


def folds(X, cv, **params):
    for fit_rows, rows in cv.split(X, TARGET):
        window = SlidingWindow(5, **params).fit(X.iloc[fit_rows])
        with warnings.catch_warnings(record=True) as record:
            warnings.simplefilter("always")
            window.transform(X.iloc[rows])
        yield [str(warning.message) for warning in record]


@pytest.mark.parametrize("X", [FRAME, DATES, PANEL], ids=["rows", "dates", "panel"])
@pytest.mark.parametrize(
    "cv", [KFold(4, shuffle=True, random_state=0), StratifiedKFold(4, shuffle=True, random_state=0)]
)
@pytest.mark.parametrize("length", [5, 15])
def test_a_shuffled_split_warns(X, cv, length):
    for messages in folds(X, cv):
        assert len(messages) == 1
        assert "this looks like a shuffled split" in messages[0]


def test_a_shuffled_split_warns_in_cross_validation():
    pipe = make_pipeline(SlidingWindow(5), DummyClassifier())
    with pytest.warns(UserWarning, match="shuffled split"):
        cross_val_score(pipe, FRAME, TARGET.to_numpy(), cv=KFold(3, shuffle=True, random_state=0))


@pytest.mark.parametrize("X", [FRAME, DATES, PANEL], ids=["rows", "dates", "panel"])
@pytest.mark.parametrize(
    "cv", [TimeSeriesSplit(4), KFold(4), KFold(15)], ids=["in time", "4 blocks", "15 blocks"]
)
def test_a_split_in_blocks_does_not_warn(X, cv):
    assert list(folds(X, cv)) == [[]] * cv.get_n_splits()


@pytest.mark.parametrize("max_gap", [1, 3])
@pytest.mark.parametrize("cv", [TimeSeriesSplit(4), KFold(4)], ids=["in time", "4 blocks"])
def test_a_series_with_many_true_holes_does_not_warn(cv, max_gap):
    X = pd.DataFrame({"x": np.arange(300.0)}).drop(range(0, 300, 14))
    window = SlidingWindow(5, max_gap=max_gap)
    for fit_rows, rows in cv.split(X):
        window.fit(X.iloc[fit_rows]).transform(X.iloc[rows])
        window.transform(X.iloc[fit_rows])
        window.transform(X)


def test_blocks_of_every_series_do_not_warn_however_many_holes_there_are():
    X = pd.concat([PANEL.rename(lambda key, n=n: f"{key}{n}", level=0) for n in range(3)])
    time = X.index.codes[1]
    X, time = X[time != 2], time[time != 2]
    is_test = (time >= 8) & (time < 14)
    SlidingWindow(5).fit(X[~is_test]).transform(X[is_test])


def test_rows_that_come_with_their_neighbours_of_fit_do_not_warn():
    normal = TARGET.to_numpy() == 0
    windows = SlidingWindow(5).fit(DATES[normal]).transform(DATES)
    assert np.array_equal(windows, naive.windows(DATES, 5))


# Bad input


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"length": 0}, r"'length' .* Got 0"),
        ({"length": -3}, r"'length' .* Got -3"),
        ({"length": 2.5}, r"'length' .* Got 2.5"),
        (
            {"length": 10**12},
            r"length=1000000000000 is far longer than the longest series \(n_samples=60\). Shorten",
        ),
        ({"length": 10**12 + 1}, r"'length' .* Got 1000000000001"),
        ({"max_gap": 0.9}, r"'max_gap' .* Got 0.9"),
        ({"padding": "mean"}, r"'padding' .* Got 'mean'"),
        ({"history": "always"}, r"'history' .* Got 'always'"),
        ({"series": "column"}, r"'series' .* Got 'column'"),
    ],
)
@pytest.mark.parametrize("is_fitted", [False, True], ids=["new", "fitted"])
def test_a_bad_parameter_is_refused_and_leaves_the_estimator_as_it_was(params, message, is_fitted):
    window = SlidingWindow(4)
    if is_fitted:
        window.fit(DATES[:30])
    window.set_params(**params)
    before = state(window)
    with pytest.raises(ValueError, match=message):
        window.fit(FRAME)
    assert state(window) == before


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (FRAME.replace(5, np.nan), "NaN"),
        (FRAME.replace(5, np.inf), "infinity"),
        (FRAME.assign(v="high"), "not numbers"),
        (FRAME[:0], "0 sample"),
        (FRAME["u"], "Expected a 2-dimensional|Expected 2D"),
        (FRAME[::-1], "out of order"),
        (FRAME.iloc[[0, 1, 1, 2, 3]], "duplicated"),
        (PANEL[::-1], "out of order"),
        (PANEL.iloc[[0, 1, 1, 2, 3]], "duplicated"),
        (FRAME.set_axis(FRAME.index.where(FRAME.index != 3)), "missing"),
        (DATES.set_axis(DATES.index.where(DATES.index.minute != 3)), "missing"),
        (PANEL.set_index(np.arange(60), append=True), "two levels"),
        (PANEL.rename(str, level=1), "text that looks like .* numbers"),
    ],
)
@pytest.mark.parametrize("is_fitted", [False, True], ids=["new", "fitted"])
def test_bad_rows_are_refused_at_fit_and_leave_the_estimator_as_it_was(X, message, is_fitted):
    window = SlidingWindow(4)
    if is_fitted:
        window.fit(DATES[:30])
    before = state(window)
    with pytest.raises(ValueError, match=message):
        window.fit(X)
    assert state(window) == before


@pytest.mark.parametrize(
    ("fitted_on", "X", "message"),
    [
        (FRAME, FRAME.replace(5, np.nan), "NaN"),
        (FRAME, FRAME.replace(5, np.inf), "infinity"),
        (FRAME, FRAME.assign(v="high"), "not numbers"),
        (FRAME, FRAME[["u"]], "(?s)feature names should match.*missing.*v"),
        (FRAME, FRAME[["v", "u"]], "must be in the same order"),
        (FRAME.to_numpy(), FRAME[["u"]].to_numpy(), "X has 1 features, but SlidingWindow is expecting 2"),
        (FRAME, FRAME[::-1], "out of order"),
        (PANEL, PANEL.iloc[[0, 0]], "duplicated"),
    ],
)
def test_bad_rows_are_refused_at_transform_and_leave_the_estimator_as_it_was(fitted_on, X, message):
    window = SlidingWindow(4).fit(fitted_on)
    before = state(window)
    with pytest.raises(ValueError, match=message):
        window.transform(X)
    assert state(window) == before


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((3, 7)), r"length=4 over 2 column\(s\) have 8 values, got 7"),
        (np.zeros((3, 4, 3)), "have 8 values, got 12"),
        (
            Windows(np.zeros((9, 1)), np.arange(2), 8).replace_buffer(np.zeros((9, 3))),
            "have 8 values, got 24",
        ),
        (np.full((3, 8), np.nan), "X contains NaN"),
    ],
)
def test_what_are_not_its_windows_cannot_be_inverted(X, message):
    with pytest.raises(ValueError, match=message):
        SlidingWindow(4).fit(FRAME).inverse_transform(X)


def test_a_length_up_to_that_of_the_longest_series_needs_no_word():
    X = PANEL.drop(index="a").iloc[:30]
    assert SlidingWindow(20).fit_transform(X).shape == (30, 40)
    with pytest.warns(UserWarning, match=r"n_samples=20"):
        SlidingWindow(21).fit(X)


# Clocks without a steady step

RANDOM = np.random.default_rng(0)
START = pd.Timestamp("2026-01-05")
HOURS = pd.date_range(START, periods=24 * 40, freq="h")
RAGGED = {
    "random times": START + pd.to_timedelta(np.cumsum(RANDOM.exponential(60, 1000)), "s"),
    "random numbers": pd.Index(np.cumsum(RANDOM.exponential(1, 1000))),
    "office hours": HOURS[(HOURS.hour >= 9) & (HOURS.hour < 17)],
    "bursts": pd.DatetimeIndex(
        np.concatenate([pd.date_range(day, periods=20, freq="min") for day in HOURS[::24]])
    ),
    "two rates": pd.date_range(START, periods=700, freq="min").append(
        pd.date_range(START + pd.Timedelta("1D"), periods=300, freq="h")
    ),
}
MINUTES = pd.date_range(START, periods=1000, freq="min")
STEADY = {
    "without a hole": MINUTES,
    "two holes": MINUTES.delete(range(400, 440)).delete(range(700, 710)),
    "lost rows": MINUTES[RANDOM.random(1000) > 0.05],
    "jitter": MINUTES + pd.to_timedelta(RANDOM.normal(0, 5, 1000), "s"),
    "months": pd.date_range("2000", periods=200, freq="MS"),
    "working days": pd.bdate_range("2020", periods=300),
}


def one_column(index):
    return pd.DataFrame({"load": np.arange(float(len(index)))}, index)


def test_a_series_with_gaps_that_is_shorter_than_the_window_does_not_count_as_padded():
    some = np.array([0, 1, 2, 10, 11, 20, 21, 30, 31])
    short, steady, ragged = map(one_column, (MINUTES[some], MINUTES[:100], RAGGED["office hours"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SlidingWindow(20).fit(pd.concat({"short": short, "steady": steady}))
    with pytest.warns(UserWarning, match="are padded: the median") as alone:
        SlidingWindow(20).fit(pd.concat({"ragged": ragged}))
    for names in ("short ragged", "ragged short", "short steady ragged short2"):
        tables = {"short": short, "short2": short, "steady": steady, "ragged": ragged}
        with pytest.warns(UserWarning, match="are padded: the median") as together:
            SlidingWindow(20).fit(pd.concat({name: tables[name] for name in names.split()}))
        said = str(alone[0].message).replace("of 1 of 1 series", f"of 1 of {len(names.split())} series")
        assert str(together[0].message) == said


@pytest.mark.parametrize("index", RAGGED.values(), ids=RAGGED)
def test_windows_that_are_padded_again_and_again_are_announced_at_fit(index):
    X = one_column(index)
    with pytest.warns(UserWarning, match=r"\d+% of the windows are padded.*max_gap=3.*[Rr]esample") as record:
        window = SlidingWindow(30).fit(X)
    assert record[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        rows = [len(np.unique(each)) for each in np.asarray(window.transform(X))[29:]]
    share, median = (np.array(rows) < 30).mean(), np.median(rows)
    assert (
        f"{share:.0%} of the windows are padded: the median number of rows that are not padding is {median:.0f} of"
        in str(record[0].message)
    )


@pytest.mark.parametrize("index", STEADY.values(), ids=STEADY)
def test_a_steady_clock_with_some_holes_stays_quiet(index):
    SlidingWindow(30).fit_transform(one_column(index))


def spaced(*runs):
    """Rows in runs of these lengths, with a gap after each, none like another."""
    steps = [10 * number if row == 0 else 1 for number, run in enumerate(runs, 1) for row in range(run)]
    return one_column(pd.Index(np.cumsum(steps)))


@pytest.mark.parametrize(
    ("length", "warns", "quiet"),
    [
        (2, spaced(3, *[2] * 9), spaced(5, *[2] * 8)),  # 9 of 20 windows are padded, or 8
        (3, spaced(14, 1, 1, 1, 1), spaced(15, 1, 1, 1, 1)),  # 4 of 16 are padded by more than half, or of 17
        (2, spaced(3, 1, 1, 1), spaced(3, 1, 1)),  # 3 gaps, or 2
    ],
    ids=["padded", "mostly padded", "gaps"],
)
def test_from_which_share_of_padded_windows_on_they_are_announced(length, warns, quiet):
    with pytest.warns(UserWarning, match="of the windows are padded"):
        SlidingWindow(length).fit(warns)
    SlidingWindow(length).fit(quiet)


@pytest.mark.parametrize(
    ("warns", "quiet"),
    [(spaced(1, 1, 1, 1), spaced(1, 1, 1)), (spaced(*[2] * 8, 1, 1), spaced(*[2] * 8, 1))],
    ids=["few rows", "half of the rows"],
)
@pytest.mark.filterwarnings("ignore:.*lack their past")
def test_from_which_share_of_gaps_on_later_rows_are_announced(warns, quiet):
    window = SlidingWindow(2).fit(FRAME[["u"]].rename(columns={"u": "load"}))
    with pytest.warns(UserWarning, match="rows come more than max_gap=3 time steps after the row before"):
        window.transform(warns.set_axis(warns.index + 100))
    window.transform(quiet.set_axis(quiet.index + 100))


@pytest.mark.filterwarnings("ignore:.*lack their past")
def test_from_three_short_holes_on_that_are_filled_it_looks_like_a_shuffled_split():
    holes = np.array([10, 20, 30])
    window = SlidingWindow(3).fit(FRAME.drop(holes))
    window.transform(FRAME.iloc[holes[:2]])
    later = FRAME.iloc[:1].set_axis([60])
    window.transform(pd.concat([FRAME.iloc[holes[:2]], later]))  # a row after all of fit fills no hole
    with pytest.warns(UserWarning, match="The rows fill 3 short holes"):
        window.transform(FRAME.iloc[holes])
    wide = np.concatenate([holes, holes + 1, holes + 2])
    SlidingWindow(3).fit(FRAME.drop(wide)).transform(FRAME.iloc[np.sort(wide)])  # as long as a window


def test_ragged_series_among_steady_ones_are_counted():
    X = pd.concat(
        {"a": one_column(MINUTES), "b": one_column(RAGGED["random times"]), "c": one_column(MINUTES)}
    )
    with pytest.warns(UserWarning, match=r"windows of 1 of 3 series are padded"):
        SlidingWindow(30).fit(X)
    both = pd.concat({"padded": spaced(3, *[2] * 9), "gaps": spaced(*[50] * 5)})
    with pytest.warns(UserWarning, match=r"45% of the windows of 1 of 2 series are padded"):
        SlidingWindow(2).fit(both)
    SlidingWindow(1).fit(X)


def test_an_array_whose_target_has_dates_is_announced():
    pipe = make_pipeline(StandardScaler(), SlidingWindow(4), LogisticRegression())
    y = TARGET.set_axis(DATES.index)
    with pytest.warns(
        UserWarning, match=r"The index of y has dates, which X, an array, has lost.*set_output"
    ):
        pipe.fit(DATES, y)
    pipe.fit(DATES, y.to_numpy())
    pipe.set_output(transform="pandas").fit(DATES, y)


def test_a_window_longer_than_every_series_is_padded_and_announced():
    window = SlidingWindow(61)
    with pytest.warns(
        UserWarning, match=r"length=61 is longer than the longest series \(n_samples=60\).*every window"
    ):
        windows = window.fit_transform(FRAME)
    np.testing.assert_array_equal(windows, naive.windows(FRAME, 61))
    with pytest.warns(UserWarning, match="length=10060 is longer"):
        SlidingWindow(60 + 10_000).fit(FRAME)
    with pytest.raises(ValueError, match="length=10061 is far longer"):
        SlidingWindow(60 + 10_001).fit(FRAME)


# A length that finds itself


@pytest.mark.parametrize("length, expected", [("auto/2", 12), ("auto", 24), ("2*auto", 48)])
def test_the_length_follows_from_the_period_of_fit(length, expected):
    X = np.sin(2 * np.pi * np.arange(480)[:, None] / [24, 24])
    window = SlidingWindow(length).fit(X)
    assert window.length_ == expected
    np.testing.assert_array_equal(window.transform(X), SlidingWindow(expected).fit(X).transform(X))
    assert len(window.get_feature_names_out()) == 2 * expected
    np.testing.assert_array_equal(window.inverse_transform(window.transform(X)), X)
    assert window.fit(X[:100, :1] * 0).length_ == expected * 30 // 24 if length != "2*auto" else 33


def test_a_length_that_is_no_number_is_one_of_three():
    with pytest.raises(ValueError, match=r"length='3\*auto' is not a length of time"):
        SlidingWindow("3*auto").fit(np.zeros((9, 1)))


# Windows that look ahead


@pytest.mark.parametrize("padding", ["edge", "zero"])
@pytest.mark.parametrize("length", [1, 4, 5])
def test_a_centred_window_holds_as_many_rows_from_both_sides_and_crosses_no_border(length, padding):
    X = PANEL.drop([("b", time) for time in range(8, 14)])  # a gap
    window = SlidingWindow(length, padding=padding, align="centre", max_gap=3)
    found = window.fit_transform(X)
    ahead = length // 2
    expected = []
    for part in (X.loc[["a"]], X.loc[["b"]].iloc[:8], X.loc[["b"]].iloc[8:], X.loc[["c"]]):
        sides = ((length - 1 - ahead, ahead), (0, 0))
        padded = np.pad(part.to_numpy(), sides, mode="edge" if padding == "edge" else "constant")
        expected += [padded[start : start + length].ravel() for start in range(len(part))]
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(window.inverse_transform(found), X)
    np.testing.assert_array_equal(window.inverse_transform(np.asarray(found)), X)
    chosen = pickle.loads(pickle.dumps(found[5:9])).replace_buffer(-found.buffer)
    np.testing.assert_array_equal(chosen.last(), -X.iloc[5:9])


def test_a_centred_window_gets_its_true_past():
    window = SlidingWindow(5, align="centre").fit(DATES[:30])
    assert len(window._past.times) == 2  # those that a row after them looks at
    both = SlidingWindow(5, align="centre").fit_transform(DATES)
    np.testing.assert_array_equal(window.transform(DATES[30:]), both[30:])


@pytest.mark.parametrize(
    "index", [pd.RangeIndex(10, 20), pd.date_range("2026", periods=10, freq="h")], ids=str
)
def test_fitted_on_an_array_rows_with_time_have_no_past(index):
    rows = np.arange(20.0).reshape(-1, 1)
    window = SlidingWindow(3).fit(rows[:10])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X has feature names", UserWarning)
        out = window.transform(pd.DataFrame(rows[10:], index, columns=["load"]))
    np.testing.assert_array_equal(np.asarray(out)[:2], [[10, 10, 10], [10, 10, 11]])


def test_a_series_of_gaps_shorter_than_the_window_is_not_spoken_of():
    steady = pd.date_range("2026-01-05", periods=100, freq="min")
    pairs = [
        hour + pd.Timedelta(minutes=minute) for hour in steady[:5] + pd.Timedelta(0) for minute in (0, 1)
    ]
    pairs = [time + pd.Timedelta(hours=number // 2) for number, time in enumerate(pairs)]
    X = pd.concat({"long": pd.DataFrame({"x": 0.0}, steady), "short": pd.DataFrame({"x": 0.0}, pairs)})
    assert SlidingWindow(30).fit(X).length_ == 30  # a warning would be an error


def test_many_series_that_are_shorter_than_the_window_are_announced():
    times = pd.date_range("2026-01-05", periods=100, freq="min")
    parts = {f"s{number}": pd.DataFrame({"x": np.arange(20.0)}, times[:20]) for number in range(12)}
    X = pd.concat({**parts, "long": pd.DataFrame({"x": np.arange(100.0)}, times)})
    with pytest.warns(UserWarning, match="length=30 is longer than 12 of 13 series.*71% of all") as record:
        SlidingWindow(30).fit(X)
    assert record[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SlidingWindow(20).fit(X)
        SlidingWindow(30).fit(X.loc[["s1", "s2", "long"]])
