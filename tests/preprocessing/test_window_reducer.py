import numpy as np
import pandas as pd
import pytest

from sktsad import SlidingWindow, WindowReducer
from sktsad._core._windows import Windows

PANEL = pd.DataFrame(
    {"u": np.arange(60.0) ** 2, "v": np.sin(np.arange(60.0))},
    index=pd.MultiIndex.from_product([["a", "b", "c"], range(20)], names=["series", "time"]),
)
LENGTH = 7


def forms(windows, named):
    dense = np.asarray(windows)
    return [
        (windows, None),
        (windows[5:40], None),
        (windows[[30, 3, 3]], None),
        (dense, 2),
        (dense.reshape(-1, LENGTH, 2), None),
        (named, None),
    ]


@pytest.mark.parametrize("form", range(6))
@pytest.mark.parametrize(("max_values", "n_merged", "length"), [(14, 1, 7), (8, 2, 3), (5, 4, 1), (1, 7, 1)])
def test_rows_become_means_or_the_last_ones_are_kept(max_values, n_merged, length, form):
    step = SlidingWindow(LENGTH).set_output(transform="pandas")
    X, n_channels = forms(SlidingWindow(LENGTH).fit_transform(PANEL), step.fit_transform(PANEL))[form]
    dense = np.asarray(X).reshape(-1, LENGTH, 2)
    means = [
        [
            [window[at : at + n_merged, c].mean() for c in range(2)]
            for at in range(LENGTH % n_merged, LENGTH, n_merged)
        ]
        for window in dense
    ]
    reducer = WindowReducer(max_values, n_channels=n_channels).fit(X)
    found = reducer.transform(X)
    assert (reducer.n_merged_, reducer.length_) == (n_merged, length)
    assert type(found) is type(X)
    np.testing.assert_allclose(np.asarray(found).reshape(-1, length, 2), means, rtol=1e-12)
    last = WindowReducer(max_values, keep="last", n_channels=n_channels).fit(X)
    n_last = min(max(1, max_values // 2), LENGTH)
    assert (last.n_merged_, last.length_) == (1, n_last)
    np.testing.assert_array_equal(
        np.asarray(last.transform(X)).reshape(len(dense), n_last, 2), dense[:, -n_last:]
    )


def test_of_many_channels_each_keeps_some_values():
    windows = SlidingWindow(LENGTH).fit_transform(np.random.default_rng(0).normal(size=(20, 9)))
    lengths = [WindowReducer(9, max_per_channel=most).fit(windows).length_ for most in (1, 3, 4, 99)]
    assert lengths == [1, 2, 3, LENGTH]
    assert WindowReducer(9, max_per_channel=3, keep="last").fit(windows).length_ == 3
    assert WindowReducer(45, max_per_channel=3, keep="last").fit(windows).length_ == 5


def test_index_and_names_stay_with_the_windows():
    windows = SlidingWindow(LENGTH).fit_transform(PANEL)
    reducer = WindowReducer(8)
    reduced = reducer.fit_transform(windows)
    pd.testing.assert_index_equal(reduced.index, PANEL.index)
    assert reduced.channel_names == ["u", "v"]
    names = ["u_t-2", "v_t-2", "u_t-1", "v_t-1", "u_t-0", "v_t-0"]
    assert reducer.get_feature_names_out().tolist() == names
    frame = reducer.set_output(transform="pandas").transform(windows)
    assert frame.columns.tolist() == names
    np.testing.assert_array_equal(frame, reduced)
    assert WindowReducer(2).fit(np.zeros((4, 3))).get_feature_names_out().tolist() == ["x0_t-0"]


def test_means_of_large_values_are_finite_and_narrow_types_stay():
    huge = Windows(np.full((6, 1), 1.5e308), np.arange(3), 4)
    assert np.isfinite(np.asarray(WindowReducer(2).fit_transform(huge))).all()
    narrow = Windows(np.ones((6, 1), dtype=np.float32), np.arange(3), 4, n_ahead=2)
    reduced = WindowReducer(2).fit_transform(narrow)
    assert (reduced.dtype, reduced.n_ahead) == (np.float32, 1)
    assert WindowReducer(1, keep="last").fit_transform(narrow).n_ahead == 0
    assert WindowReducer(4).fit_transform(narrow) is narrow


def test_windows_of_another_layout_are_refused():
    reducer = WindowReducer(8).fit(SlidingWindow(LENGTH).fit_transform(PANEL))
    with pytest.raises(ValueError, match="expecting 14 features"):
        reducer.transform(SlidingWindow(6).fit_transform(PANEL))
