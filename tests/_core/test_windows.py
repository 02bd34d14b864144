import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor
from inspect import currentframe

import joblib
import naive
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_predict, cross_val_score
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.utils import _safe_indexing
from sklearn.utils._array_api import get_namespace
from strategies import tables

from sktsad import (
    AutoencoderDetector,
    GaussianDetector,
    RNNClassifier,
    SlidingWindow,
    TorchClassifier,
    WindowScaler,
    ZScoreDetector,
)
from sktsad._core._windows import (
    Windows,
    channels_by_name,
    check_windows,
    flatten_3d,
    refuse_long_horizon,
    window_names,
)


def one_series(n_rows=6, length=3, dtype=float):
    """Windows over one series of two columns, one window a row."""
    rows = np.arange(2.0 * n_rows).reshape(-1, 2).astype(dtype)
    return SlidingWindow(length).fit_transform(rows)


def two_series(n_rows=6, length=3):
    """Windows over two series of two columns, with an index."""
    index = pd.MultiIndex.from_product([["a", "b"], range(n_rows)])
    return SlidingWindow(length).fit_transform(
        pd.DataFrame(np.arange(4.0 * n_rows).reshape(-1, 2), index=index, columns=["u", "v"])
    )


# Windows


@given(tables(), st.integers(1, 5), st.data())
def test_flat_gather_last_indexing_and_the_array_are_the_same_windows(X, length, data):
    length = min(length, max(map(len, naive.times_by_series(naive.rows_of(X)).values())))
    windows = SlidingWindow(length, max_gap=10).fit_transform(X)
    dense = naive.windows(X, length, max_gap=10)
    numbers = st.integers(-len(X), len(X) - 1)
    rows = data.draw(
        st.one_of(
            st.lists(numbers, max_size=8),
            st.lists(numbers, max_size=8).map(lambda numbers: np.array(numbers, dtype=int)),
            st.slices(len(X)),
            st.lists(st.booleans(), min_size=len(X), max_size=len(X)).map(np.array),
        )
    )
    assert windows.shape == dense.shape
    assert np.array_equal(windows, dense)
    assert np.array_equal(windows[rows], dense[rows])
    assert np.array_equal(windows[rows, ...], dense[rows])
    assert windows[rows].index.tolist() == X.index[rows].tolist()
    rows = np.array(rows, dtype=int) if isinstance(rows, list) else rows
    assert np.array_equal(windows.flat(rows), dense[rows])
    assert np.array_equal(windows.gather(rows), dense[rows].reshape(-1, length, 2))
    assert np.array_equal(windows[rows].last(), X.to_numpy()[rows])


@pytest.mark.parametrize("make", [one_series, two_series])
@pytest.mark.parametrize(
    "key",
    [
        slice(1, 4),
        slice(None, None, -2),
        ...,
        [0, 5, 5],
        [],
        np.array([2, 0]),
        (slice(2), ...),
        ([1, 2], slice(None)),
    ],
    ids=str,
)
def test_rows_of_windows_are_windows_over_the_same_memory(make, key):
    windows = make()
    some = windows[key]
    assert isinstance(some, Windows)
    assert np.shares_memory(some.buffer, windows.buffer)
    assert np.array_equal(some, np.asarray(windows)[key])


@pytest.mark.parametrize("make", [one_series, two_series])
@pytest.mark.parametrize(
    "key",
    [3, -1, np.int64(2), (3, ...), (1, 2), (slice(None), 1), (slice(None), slice(2)), (..., [0, 1]), ()],
    ids=str,
)
def test_single_rows_and_columns_are_arrays(make, key):
    picked = make()[key]
    assert not isinstance(picked, Windows)
    assert np.array_equal(picked, np.asarray(make())[key])


def test_a_mask_of_columns_picks_columns():
    mask = np.array([True, False, False, False, True, False])
    assert np.array_equal(one_series()[:, mask], np.asarray(one_series())[:, mask])


@pytest.mark.parametrize("key", [6, [0, 6], [True, False]])
def test_rows_that_are_not_there_raise(key):
    with pytest.raises(IndexError):
        one_series()[key]


def test_windows_can_be_iterated_over():
    windows = one_series()
    assert len(windows) == 6
    assert np.array_equal(list(windows), np.asarray(windows))


def test_windows_say_what_they_are():
    windows = two_series()
    assert repr(windows) == "Windows(n_windows=12, length=3, n_channels=2, dtype=float64)"
    assert (windows.shape, windows.ndim, windows.dtype) == ((12, 6), 2, np.dtype(float))


@pytest.mark.parametrize("rows", [slice(None), slice(2, 5), slice(None, None, 2), slice(3, 4)], ids=str)
def test_windows_of_one_series_are_a_read_only_view(rows):
    windows = one_series()[rows]
    array = np.asarray(windows)
    assert np.shares_memory(array, windows.buffer)
    assert not array.flags.writeable
    assert np.shares_memory(np.array(windows, copy=False), windows.buffer)


@pytest.mark.parametrize("windows", [two_series(), one_series()[[2, 0, 1]], one_series()[::-1]])
def test_other_windows_are_copied_unless_that_is_forbidden(windows):
    assert not np.shares_memory(np.asarray(windows), windows.buffer)
    with pytest.raises(ValueError, match="not a view of their rows"):
        np.array(windows, copy=False)


def test_a_copy_is_a_copy_and_may_be_written_to():
    windows = one_series()
    copy = np.array(windows, copy=True)
    copy[:] = -1
    assert np.asarray(windows).min() == 0


def test_a_change_of_type_is_a_copy():
    windows = one_series()
    assert np.asarray(windows, dtype=np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="not a view"):
        np.array(windows, dtype=np.float32, copy=False)
    assert np.array(windows, dtype=float, copy=False).dtype == float


def test_windows_share_the_rows_and_so_do_not_let_them_be_changed():
    rows = np.arange(6.0).reshape(-1, 1)
    windows = Windows(rows, np.arange(4), 3)
    assert np.shares_memory(windows.buffer, rows)
    with pytest.raises(ValueError, match="read-only"):
        windows.buffer[0] = 1
    rows[0] = 1  # the rows are still their owner's


def test_dense_windows_are_held_without_a_copy():
    dense = np.arange(12.0).reshape(3, 4)
    windows = Windows.from_dense(dense, 2)
    assert (windows.length, windows.n_channels) == (2, 2)
    assert np.shares_memory(np.asarray(windows), dense)
    assert np.array_equal(windows, dense)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gathered_windows_are_contiguous_and_of_the_type_asked_for(dtype):
    windows = one_series(dtype=dtype)
    assert windows.gather([3, 1]).dtype == dtype
    gathered = windows.gather(slice(2, 5), np.float32)
    assert gathered.dtype == np.float32
    assert gathered.flags.c_contiguous
    assert np.array_equal(gathered[0], np.asarray(windows)[2].reshape(3, 2))


@pytest.mark.parametrize("n_values", [1, 6, 13, 10**6])
def test_chunks_hold_every_window_once_and_no_more_values_than_wanted(n_values):
    windows = two_series()
    chunks = [windows[chunk] for chunk in windows.chunks(n_values)]
    assert np.array_equal(np.concatenate(chunks), windows)
    assert max(len(chunk) for chunk in chunks) <= max(1, n_values // 6)


def test_the_same_windows_over_other_rows():
    windows = two_series()
    other = windows.replace_buffer(windows.buffer * 2)
    assert np.array_equal(other, 2 * np.asarray(windows))
    assert other.index is windows.index


@pytest.mark.parametrize("rows", [slice(None), slice(100, 200)])
@pytest.mark.parametrize("make", [one_series, two_series])
def test_pickled_windows_are_as_large_as_the_rows(make, rows):
    windows = make(1000, 100)[rows]
    pickled = pickle.dumps(windows)
    assert len(pickled) < 2 * windows.buffer.nbytes
    restored = pickle.loads(pickled)
    assert np.array_equal(restored, windows)
    assert (restored.index is None) == (windows.index is None)
    assert not restored.flat(slice(0, 5)).flags.writeable


# Among scikit-learn's tools


@pytest.mark.parametrize("rows", [[3, 1], np.array([True] * 3 + [False] * 3), slice(2, 4)], ids=str)
def test_scikit_learn_picks_rows(rows):
    some = _safe_indexing(one_series(), rows)
    assert isinstance(some, Windows)
    assert np.array_equal(some, np.asarray(one_series())[rows])


@pytest.mark.parametrize("make", [one_series, two_series])
def test_scikit_learn_validates_across_windows_as_across_an_array(make):
    windows = make(40, 3)
    y = np.arange(len(windows)) % 3 == 0
    for score in (cross_val_score, cross_val_predict):
        model = LogisticRegression()
        assert np.array_equal(
            score(model, windows, y, cv=KFold(4)), score(model, np.asarray(windows), y, cv=KFold(4))
        )


def test_folds_of_windows_stay_windows():
    class Recorder(DummyClassifier):
        def fit(self, X, y):
            assert isinstance(X, Windows)
            assert isinstance(X.index, pd.MultiIndex)
            return super().fit(X, y)

    y = np.arange(12) % 2
    assert len(cross_val_score(Recorder(), two_series(), y, cv=KFold(3), error_score="raise")) == 3


# Names


def test_columns_are_named_by_channel_and_lag():
    assert window_names(["a", "b"], 2).tolist() == ["a_t-1", "b_t-1", "a_t-0", "b_t-0"]


# Input of estimators that work on windows


class Anything(BaseEstimator):
    pass


def check(X, **kwargs):
    return check_windows(Anything(), X, **{"reset": True, **kwargs})


def layout(windows):
    return windows.length, windows.n_channels


NAMED = pd.DataFrame(np.arange(12.0).reshape(2, 6), columns=window_names(["u", "v"], 3), index=[7, 8])


@pytest.mark.parametrize(
    ("X", "n_channels", "expected"),
    [
        (one_series(), None, (3, 2)),
        (one_series(), 2, (3, 2)),
        (np.zeros((4, 3, 2)), None, (3, 2)),
        (np.zeros((4, 3, 2)).tolist(), None, (3, 2)),
        (np.zeros((4, 6)), None, (6, 1)),
        (np.zeros((4, 6)).tolist(), None, (6, 1)),
        (np.zeros((4, 6)), 2, (3, 2)),
        (NAMED, None, (3, 2)),
        (NAMED, 2, (3, 2)),
        (NAMED[["u_t-2", "u_t-1", "u_t-0"]], None, (3, 1)),
        (NAMED[["u_t-0", "v_t-0"]], None, (1, 2)),
        (NAMED[["u_t-0", "u_t-1", "u_t-2"]], None, (3, 1)),
        (NAMED[NAMED.columns[:5]], None, (5, 1)),
        (NAMED[NAMED.columns[::-1]], None, (6, 1)),
        (NAMED.set_axis(list("abcdef"), axis=1), None, (6, 1)),
        (NAMED.set_axis(range(6), axis=1), 3, (2, 3)),
    ],
)
def test_the_layout_is_read_off_the_input(X, n_channels, expected):
    windows = check(X, n_channels=n_channels)
    assert layout(windows) == expected
    assert np.array_equal(windows, np.asarray(X).reshape(len(windows), -1))


@pytest.mark.parametrize(
    ("X", "n_channels", "expected"),
    [
        (two_series(), None, ["u", "v"]),
        (two_series()[3:9:2], None, ["u", "v"]),
        (two_series().replace_buffer(two_series().buffer + 1), None, ["u", "v"]),
        (one_series(), None, ["x0", "x1"]),
        (Windows(np.zeros((4, 2)), [0, 1], 3), None, None),
        (NAMED, None, ["u", "v"]),
        (NAMED[["v_t-0"]], None, ["v"]),
        (NAMED[NAMED.columns[::-1]], None, None),
        (NAMED.set_axis(list("abcdef"), axis=1), 3, ["x0", "x1", "x2"]),
        (np.zeros((4, 3, 2)), None, ["x0", "x1"]),
        (np.zeros((4, 6)), 2, ["x0", "x1"]),
        (np.zeros((4, 6)), 1, ["x0"]),
        (np.zeros((4, 6)), None, None),
    ],
)
def test_channels_keep_their_names_or_are_numbered_where_the_layout_is_known(X, n_channels, expected):
    windows = check(X, n_channels=n_channels)
    assert windows.channel_names == expected
    assert pickle.loads(pickle.dumps(windows)).channel_names == expected


def test_windows_are_taken_as_they_are():
    windows = two_series()
    assert check(windows) is windows


def test_a_frame_keeps_its_index():
    assert check(NAMED).index.tolist() == [7, 8]
    assert check(NAMED.to_numpy()).index is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_keep_their_type_and_other_numbers_become_floats(dtype):
    assert check(np.zeros((4, 6), dtype=dtype)).dtype == dtype
    assert check(np.zeros((4, 6), dtype=int)).dtype == np.float64


def test_the_estimator_learns_the_shape_and_names_of_its_input():
    estimator = Anything()
    check_windows(estimator, NAMED, reset=True)
    assert estimator.n_features_in_ == 6
    assert estimator.feature_names_in_.tolist() == NAMED.columns.tolist()


@pytest.mark.parametrize(
    ("X", "kwargs", "message"),
    [
        (np.zeros((4, 6)), {"n_channels": 4}, "n_channels=4 does not divide the 6 values of a row"),
        (np.zeros((4, 3, 2)), {"n_channels": 3}, r"n_channels=3, but X has 2 channel\(s\)"),
        (one_series(), {"n_channels": 1}, r"n_channels=1, but X has 2 channel\(s\)"),
        (NAMED, {"n_channels": 3}, r"n_channels=3, but X has 2 channel\(s\)"),
        (one_series()[:0], {}, r"Found 0 window\(s\) while at least 1"),
        (np.zeros((0, 3, 2)), {}, "0 sample"),
        (np.full((4, 6), np.nan), {}, "contains NaN"),
        (np.full((4, 3, 2), np.inf), {}, "contains infinity"),
        (Windows(np.full((4, 1), np.inf), np.arange(4), 1), {}, "contains infinity"),
        (np.full((4, 6), "a"), {}, "could not convert string to float"),
        (np.zeros((2, 2, 2, 2)), {}, "dim 4"),
        (np.zeros(4), {}, "Expected 2D array, got 1D"),
    ],
)
def test_input_that_makes_no_windows_is_refused(X, kwargs, message):
    with pytest.raises(ValueError, match=message):
        check(X, **kwargs)


@pytest.mark.parametrize("X", [one_series(), np.zeros((4, 6)), np.zeros((4, 3, 2))])
def test_another_number_of_values_than_at_fit_is_refused(X):
    estimator = Anything()
    check_windows(estimator, np.zeros((4, 8)), reset=True)
    with pytest.raises(ValueError, match="X has 6 features, but Anything is expecting 8"):
        check_windows(estimator, X, reset=False)


def test_another_layout_than_at_fit_is_refused_with_the_fix():
    fitted = Anything()
    assert check_windows(fitted, one_series(), reset=True).length == 3
    assert fitted.window_shape_ == (3, 2)
    check_windows(fitted, one_series(), reset=False)
    with pytest.raises(
        ValueError,
        match=r"windows of length 3 with 2 channel\(s\), got windows of length 6 with 1 channel\(s\).*n_channels=2",
    ):
        check_windows(fitted, np.zeros((4, 6)), reset=False)
    with pytest.raises(
        ValueError,
        match=r"length 3 with 2 channel\(s\).*Steps and channels are swapped.*transpose\(0, 2, 1\)",
    ):
        check_windows(fitted, Windows.from_dense(np.zeros((4, 6)), 3), reset=False)
    check_windows(fitted, np.zeros((4, 2, 6)), reset=True)
    for n_channels, fix in ((1, "pass n_channels=6"), (3, "Make the windows with the same SlidingWindow")):
        with pytest.raises(ValueError, match=fix):
            check_windows(fitted, np.zeros((4, 12)), n_channels=n_channels, reset=False)


@pytest.mark.parametrize(
    "X", [np.zeros((4, 6)), NAMED, [[0.0, 1.0]], "text"], ids=["array", "frame", "list", "str"]
)
def test_what_is_not_3d_is_left_alone(X):
    flat, n_channels = flatten_3d(X)
    assert np.array_equal(flat, X)
    assert n_channels is None


def three_channels(n_rows=200):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n_rows, 3)), np.zeros(n_rows, dtype=int)
    y[50::60] = 1
    return X, y


SMALL_NET = {"hidden_size": 2, "max_epochs": 1, "random_state": 0}


@pytest.mark.parametrize(
    "steps",
    [
        [BaggingClassifier(ZScoreDetector("rolling"), 1, random_state=0)],
        [BaggingClassifier(ZScoreDetector("rolling"), 1, max_samples=0.5, random_state=0)],
        [StandardScaler(), ZScoreDetector("rolling")],
        [StandardScaler().set_output(transform="pandas"), ZScoreDetector("rolling")],
        [FunctionTransformer(np.abs, validate=True), RNNClassifier(**SMALL_NET)],
        [StandardScaler(), WindowScaler()],
        [StandardScaler(), AutoencoderDetector("gru", hidden_sizes=(2,), max_epochs=1)],
        pytest.param(
            [SelfTrainingClassifier(RNNClassifier(**SMALL_NET))],
            marks=pytest.mark.filterwarnings("ignore:y contains no unlabeled samples"),
        ),
        [PCA(5), ZScoreDetector("rolling")],
        [FeatureUnion([("a", StandardScaler()), ("b", MinMaxScaler())]), RNNClassifier(**SMALL_NET)],
    ],
    ids=str,
)
def test_a_layout_that_a_step_has_lost_is_announced(steps):
    X, y = three_channels()
    with pytest.warns(UserWarning, match="layout of 10 steps by 3 channels, which a step between"):
        make_pipeline(SlidingWindow(10), *steps).fit(X, y)


@pytest.mark.parametrize(
    "as_table",
    [list, pd.DataFrame, lambda windows: torch.tensor(np.asarray(windows))],
    ids=["list", "frame", "tensor"],
)
def test_a_layout_that_another_table_has_lost_is_announced(as_table):
    windows = SlidingWindow(10).fit_transform(three_channels()[0])
    with pytest.warns(UserWarning, match="plain table of 30 column.*layout of 10 steps by 3 channels"):
        ZScoreDetector("rolling").fit(as_table(windows))
    np.asarray(windows)
    ZScoreDetector("rolling").fit(pd.DataFrame(np.zeros((len(windows), 5))))  # another table of as many rows


@pytest.mark.parametrize(
    "steps",
    [
        [PCA(5), ZScoreDetector("rolling")],
        [FeatureUnion([("a", StandardScaler()), ("b", MinMaxScaler())]), RNNClassifier(**SMALL_NET)],
        [BaggingClassifier(ZScoreDetector("rolling"), 1, max_features=0.5, random_state=0)],
    ],
    ids=str,
)
def test_steps_of_one_channel_that_are_mixed_are_announced(steps):
    X, y = three_channels()
    with pytest.warns(UserWarning, match="layout of 10 steps by 1 channel"):
        make_pipeline(SlidingWindow(10), *steps).fit(X[:, :1], y)


def test_other_fits_on_the_same_rows_are_quiet():
    X, y = three_channels()
    for columns in (slice(3), slice(1)):
        make_pipeline(SlidingWindow(10), LogisticRegression()).fit(X[:, columns], y)
        ZScoreDetector("rolling").fit(X[:, columns])
    make_pipeline(SlidingWindow(1), LogisticRegression()).fit(X, y)
    ZScoreDetector("rolling").fit(X[:, :2])


def test_swapped_axes_are_announced_where_the_windows_are_known():
    windows = SlidingWindow(10).fit_transform(three_channels()[0])
    right = np.asarray(windows).reshape(-1, 10, 3)
    ZScoreDetector("rolling").fit(right)
    np.asarray(windows)
    with pytest.warns(UserWarning, match=r"3 steps by 10 channels, .* before it 10 steps by 3 channels"):
        ZScoreDetector("rolling").fit(right.transpose(0, 2, 1))
    ZScoreDetector("rolling").fit(right.transpose(0, 2, 1))  # nothing is known any more


def test_what_windows_do_not_have_is_named_with_the_fix():
    windows = SlidingWindow(10).fit_transform(three_channels()[0])
    copied = windows.copy()
    assert not np.may_share_memory(copied.buffer, windows.buffer)
    assert np.array_equal(copied, windows)
    with pytest.raises(AttributeError, match=r"no attribute 'mean'\. numpy\.asarray\(X\) makes an array"):
        windows.mean()


def in_a_thread(call):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def test_a_layout_that_is_lost_on_the_way_to_a_worker_is_announced():
    X, y = three_channels()
    lost = "layout of 10 steps by 3 channels, which a step between"
    ensemble = BaggingClassifier(ZScoreDetector("rolling"), 2, n_jobs=2, random_state=0)
    model = make_pipeline(SlidingWindow(10), ensemble)
    with joblib.parallel_backend("threading"), pytest.warns(UserWarning, match=lost):
        model.fit(X, y)
    ZScoreDetector("rolling").fit(SlidingWindow(10).fit_transform(X))
    # As from another process: what it has fitted is read in a thread.
    plain = np.zeros((40, 30))
    plain[::2] = 1
    fitted = [ZScoreDetector("rolling").fit(plain), ZScoreDetector("rolling", n_channels=1).fit(plain)]
    fitted = [pickle.dumps(each) for each in [*fitted, GaussianDetector().fit(plain)]]
    scaler = pickle.dumps(WindowScaler().fit(plain))
    np.asarray(SlidingWindow(10).fit_transform(X))
    with pytest.warns(UserWarning, match=lost):
        in_a_thread(lambda: pickle.loads(fitted[0]))
    pickle.loads(fitted[0])  # a file
    np.asarray(SlidingWindow(10).fit_transform(X))
    with pytest.warns(UserWarning, match=lost):
        in_a_thread(lambda: pickle.loads(scaler))
    for each in fitted[1:]:  # was told the layout, or does not read it
        in_a_thread(lambda each=each: pickle.loads(each))
    ZScoreDetector("rolling").fit(SlidingWindow(10).fit_transform(X))
    in_a_thread(lambda: ZScoreDetector("rolling").fit(plain))


@pytest.mark.parametrize(
    "n_columns, steps",
    [
        (1, [StandardScaler(), ZScoreDetector("rolling")]),
        (1, [BaggingClassifier(ZScoreDetector("rolling"), 1, random_state=0)]),
        (3, [LogisticRegression()]),
        (3, [StandardScaler(), GaussianDetector()]),
        (3, [StandardScaler(), AutoencoderDetector(max_epochs=1)]),
        (3, [StandardScaler(), TorchClassifier(max_epochs=1)]),
        (3, [StandardScaler(), ZScoreDetector("rolling", n_channels=3)]),
        (3, [ZScoreDetector("rolling")]),
    ],
    ids=str,
)
def test_where_no_layout_is_lost_or_read_nothing_is_said(n_columns, steps):
    X, y = three_channels()
    make_pipeline(SlidingWindow(10), ZScoreDetector()).fit(X)  # windows of three channels were there before
    make_pipeline(SlidingWindow(10), *steps).fit(X[:, :n_columns], y)


def test_windows_that_hold_a_huge_value_are_marked():
    rows = np.zeros((6, 2))
    rows[3, 1] = -1e155
    windows = SlidingWindow(2).fit_transform(rows)
    assert windows.hold_huge().tolist() == [False, False, False, True, True, False]
    assert windows[[4, 0]].hold_huge().tolist() == [True, False]
    largest = np.sqrt(np.finfo(float).max)  # of those whose square is finite
    for none in (np.ones((7, 2), dtype=np.float32), np.full((7, 2), largest)):
        marks = windows.replace_buffer(none).hold_huge()
        assert marks.dtype == bool and not marks.any()
    assert Windows(
        np.array([[np.nextafter(largest, np.inf)], [0.0], [0.0]]), [0, 1], 2
    ).hold_huge().tolist() == [
        True,
        False,
    ]


def test_windows_are_taken_as_numpy_takes_rows():
    windows = two_series()
    taken = np.take(windows, [2, 0], axis=0)
    assert isinstance(taken, Windows)
    np.testing.assert_array_equal(taken, np.asarray(windows)[[2, 0]])
    with pytest.raises(ValueError, match="Only whole windows can be taken: axis=1"):
        windows.take([0], axis=1)


def test_windows_have_the_namespace_of_numpy():
    assert two_series().__array_namespace__() is get_namespace(np.empty(0))[0]


@pytest.mark.parametrize("chosen", [slice(None), slice(2, 9), slice(0, None, 2), slice(1, 5), [0, 3, 4, 5]])
@pytest.mark.parametrize("windows", [one_series(12), two_series()], ids=["one", "two"])
def test_the_overlap_mean_of_a_row_is_over_all_windows_given_that_hold_it(windows, chosen):
    windows = windows[chosen]
    scores = np.random.default_rng(0).random(len(windows))
    held = [set(range(start, start + windows.length)) for start in windows.starts]
    own = [start + windows.length - 1 for start in windows.starts]
    expected = [np.mean([s for s, rows in zip(scores, held, strict=True) if row in rows]) for row in own]
    np.testing.assert_allclose(windows.overlap_means(scores), expected)


@pytest.mark.parametrize("n_rows", [0, 1, 3, 100])
@pytest.mark.parametrize("chosen", [slice(None), slice(2, 9), [0, 1, 5, 6, 7], [7, 1, 0, 6, 5]])
@pytest.mark.parametrize("windows", [one_series(12), two_series()], ids=["one", "two"])
def test_scores_are_averaged_over_neighbours_up_to_the_next_gap(windows, chosen, n_rows):
    windows = windows[chosen]
    scores = np.random.default_rng(0).random(len(windows))
    score_of = dict(zip(windows.starts.tolist(), scores, strict=True))
    expected = []
    for start in windows.starts.tolist():
        near = [score_of[start]]
        for way in (-1, 1):
            for shift in range(1, n_rows + 1):
                if start + way * shift not in score_of:
                    break
                near.append(score_of[start + way * shift])
        expected.append(np.mean(near))
    np.testing.assert_allclose(windows.smooth(scores, n_rows), expected)


def steps_of(windows):
    return np.asarray(windows).reshape(len(windows), windows.length, windows.n_channels)


@pytest.mark.parametrize("chosen", [slice(None), slice(3, 9), [11, 0, 5, 5]])
@pytest.mark.parametrize("n_ahead", [0, 3])
@pytest.mark.parametrize("n_rows", [2, 3, 5, 7])
def test_means_are_those_of_the_rows_that_end_with_the_window(chosen, n_ahead, n_rows):
    windows = two_series(8, length=7)[chosen]
    windows.n_ahead = n_ahead
    found = windows.means(n_rows)
    kept = steps_of(windows)[:, 7 % n_rows :]
    expected = kept.reshape(len(windows), 7 // n_rows, n_rows, 2).mean(axis=2)
    np.testing.assert_allclose(steps_of(found), expected, rtol=1e-12)
    assert (found.length, found.n_ahead, found.channel_names) == (7 // n_rows, n_ahead // n_rows, ["u", "v"])
    assert found.index is windows.index
    np.testing.assert_allclose(found.last(), expected[:, -1 - n_ahead // n_rows], rtol=1e-12)


def test_means_of_one_row_are_the_windows_themselves():
    windows = two_series()
    assert windows.means(1) is windows
    assert windows.means(2) is not windows


@pytest.mark.parametrize("n_ahead", [0, 1, 3])
@pytest.mark.parametrize("length", [1, 2, 4, 6])
def test_the_latest_rows_of_windows_are_windows(n_ahead, length):
    windows = two_series(8, length=6)
    windows.n_ahead = n_ahead
    found = windows.latest(length)
    np.testing.assert_array_equal(steps_of(found), steps_of(windows)[:, 6 - length :])
    assert (found.length, found.channel_names) == (length, ["u", "v"])
    assert found.index is windows.index
    # The row that a window belongs to, or the oldest that is left.
    np.testing.assert_array_equal(found.last(), steps_of(windows)[:, max(5 - n_ahead, 6 - length)])


def test_chunks_hold_about_a_million_values():
    windows = Windows(np.zeros((1100, 256)), np.arange(9), 1024)
    assert windows.shape[1] == 2**18
    assert windows.chunks() == [slice(0, 4), slice(4, 8), slice(8, 12)]


def test_windows_end_with_their_row_and_are_taken_along_the_first_axis_unless_told_otherwise():
    windows = Windows(np.arange(8.0).reshape(4, 2), [0, 1, 2], 2)
    assert windows.n_ahead == 0
    np.testing.assert_array_equal(windows.last(), [[2, 3], [4, 5], [6, 7]])
    np.testing.assert_array_equal(windows.take([2, 0]), np.asarray(windows)[[2, 0]])


def test_windows_hold_positions_and_names_of_one_type_each():
    windows = Windows(np.zeros((4, 1)), np.array([0, 2], dtype=np.int16), 2)
    assert windows.starts.dtype == np.intp
    assert window_names(["a"], 2).dtype == object


def test_of_rows_fewer_than_a_window_there_is_none():
    none = Windows(np.zeros((2, 2)), np.array([], dtype=int), 3)
    assert np.asarray(none).shape == (0, 6)
    assert none[:0].gather(slice(None)).shape == (0, 3, 2)


def test_a_lost_layout_is_announced_where_fit_was_called():
    flat = np.asarray(SlidingWindow(10).fit_transform(three_channels()[0]))
    for X, message in (
        (flat, "10 steps by 3 channels"),
        (flat.reshape(-1, 3, 10), r"axes must be \(rows, steps"),
    ):
        np.asarray(SlidingWindow(10).fit_transform(three_channels()[0]))
        with pytest.warns(UserWarning, match=message) as record:
            line = currentframe().f_lineno + 1
            ZScoreDetector("rolling").fit(X)
        assert (record[0].filename, record[0].lineno) == (__file__, line)


def test_longer_windows_of_the_same_rows_have_lost_nothing():
    """They are as many, but end with the rows of the windows that were an array before them."""
    rows = np.random.default_rng(0).normal(size=(60, 1))
    longer = np.array(SlidingWindow(5).fit_transform(rows))
    np.asarray(SlidingWindow(3).fit_transform(rows))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ZScoreDetector("rolling").fit(longer)


@pytest.mark.parametrize("horizon", [3, 4])
def test_a_horizon_as_long_as_the_window_is_refused(horizon):
    windows = Windows.from_dense(np.zeros((5, 6)), 2)
    refuse_long_horizon(windows, 2)
    with pytest.raises(
        ValueError, match=rf"horizon={horizon} leaves nothing to predict from.* 3 row\(s\) of 2"
    ):
        refuse_long_horizon(windows, horizon)


def test_windows_become_arrays_of_the_type_asked_for():
    windows = two_series()
    for copy in (True, None):
        assert windows.__array__(np.float32, copy=copy).dtype == np.float32


def test_overlap_means_of_scores_that_are_too_large_are_infinite():
    windows = SlidingWindow(2).fit_transform(np.zeros((4, 1)))
    assert np.isinf(windows.overlap_means(np.full(4, 1.5e308))).any()
    assert windows.overlap_means(np.array([0.0, np.inf, 0.0, 0.0]))[1] == np.inf
    assert np.isnan(windows.overlap_means(np.array([0.0, np.inf, -np.inf, 0.0]))[1])
    assert windows.smooth(np.array([0.0, 0.0, 0.0, np.inf]), 1).tolist() == [0.0, 0.0, np.inf, np.inf]


def test_missing_values_are_for_those_that_take_them():
    rows, starts = np.array([[1.0], [np.nan], [3.0]]), [0, 1]
    hole, infinite = Windows(rows, starts, 2), Windows(np.inf * rows, starts, 2)
    for read in (lambda windows: windows, np.asarray):
        assert np.isnan(check(read(hole), takes_missing=True).buffer).any()
        with pytest.raises(ValueError, match="X contains NaN"):
            check(read(hole))
        with pytest.raises(ValueError, match="X contains infinity"):
            check(read(infinite), takes_missing=True)


def test_windows_that_stand_in_one_place_are_each_given():
    rows = np.arange(6.0)[:, None]
    for starts, picked in (
        ([3, 3], slice(None)),
        ([2, 2, 2], slice(1, None)),
        ([0, 1, 2, 3], slice(0, 4, 2)),
    ):
        windows = Windows(rows, starts, 2)
        expected = [[start, start + 1] for start in np.asarray(starts)[picked]]
        assert windows.flat(picked).tolist() == expected
    assert np.shares_memory(windows.flat(slice(0, 4, 1)), windows.buffer)
    assert channels_by_name([]) is None
