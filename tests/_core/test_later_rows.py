import warnings
from inspect import currentframe

import numpy as np
import pandas as pd
import pytest

from sktsad import (
    RollingFeatures,
    SlidingWindow,
    SmoothedClassifier,
    StatefulForecastDetector,
    ZScoreDetector,
)
from sktsad._core._later_rows import warn_if_unknown

HOURS = pd.date_range("2026-01-05", periods=120, freq="h")
STEPS = [SlidingWindow(3), RollingFeatures([3], period=None), SmoothedClassifier(ZScoreDetector(), 3)]
NETWORK = StatefulForecastDetector(hidden_size=2, max_epochs=1, random_state=0)
each_step = pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)


def frame(index):
    return pd.DataFrame({"value": np.random.default_rng(0).normal(size=len(index))}, index=index)


def panel(keys, start=0):
    index = pd.MultiIndex.from_product([pd.Index(keys, tupleize_cols=False), HOURS[start : start + 40]])
    return frame(index)


def apply(step, X):
    return step.decision_function(X) if hasattr(step, "decision_function") else step.transform(X)


@pytest.mark.parametrize("step", [*STEPS, NETWORK], ids=lambda step: type(step).__name__)
@pytest.mark.parametrize("freq", ["15min", "30min", "2h", "3h"])
def test_rows_of_another_step_than_in_fit_are_announced(step, freq):
    step.fit(frame(HOURS))
    later = frame(pd.date_range(HOURS[-1] + pd.Timedelta("1h"), periods=40, freq=freq))
    with pytest.warns(UserWarning, match=r"step of \d+ s, the training rows one of 3600 s") as record:
        apply(step, later)
    assert step is NETWORK or record[0].filename == __file__
    apply(step, later[:9])  # a few rows are no matter


def test_the_step_of_numbers_is_told_without_a_unit():
    window = SlidingWindow(3).fit(frame(pd.RangeIndex(50)))
    with pytest.warns(UserWarning, match=r"step of 2, the training rows one of 1:") as record:
        line = currentframe().f_lineno + 1
        window.transform(frame(pd.RangeIndex(50, 72, 2)))
    assert (record[0].filename, record[0].lineno) == (__file__, line)
    window.transform(frame(pd.RangeIndex(50, 70, 2)))  # ten rows are no matter


# Series of fit, and of now


@each_step
@pytest.mark.parametrize(
    ("then", "now", "alike"),
    [
        ([1, 2], ["1", "2"], "'1' seems to be 1"),
        ([1, 2], ["001", "002"], "'001' seems to be 1"),
        (["1.0", "2.0"], [1, 2], "1 seems to be '1.0'"),
        (["a", "b"], ["A ", "B "], "'A ' seems to be 'a'"),
        (["a", "b"], ["\ufeffa", "b\u200b"], r"'\\ufeffa' seems to be 'a'"),
        ([0.1, 0.3], [0.1 + 1e-13, 0.3 - 1e-13], "0.1000000000001.* seems to be 0.1"),
        (["m-1", "m-2"], ["m_01", "m 2"], "'m_01' seems to be 'm-1'"),
        (["Süd", "Öst"], ["Su\u0308d", "O\u0308st"], "seems to be 'Süd'"),
        (["a", "b"], [3, 4], "3, 4"),
    ],
    ids=str,
)
def test_series_that_go_by_another_name_are_announced(step, then, now, alike):
    step.fit(panel(then))
    with pytest.warns(UserWarning, match=f"2 of the 2 series .*{alike}") as record:
        out = apply(step, panel(now, 40))
    assert len(out) == 80
    assert record[0].filename == __file__


@each_step
def test_series_that_join_others_are_no_matter(step):
    step.fit(panel(["a", "b"]))
    apply(step, panel(["b", "c"], 40))
    apply(step, panel(["c", "d"], 40))  # as where folds are made by series


def shuffled_part(n_rows, holes):
    """Hourly rows, without those of some short holes; and those."""
    is_out = np.zeros(n_rows, dtype=bool)
    for start, size in holes:
        is_out[start : start + size] = True
    rows = frame(pd.date_range("2026-01-05", periods=n_rows, freq="h"))
    return rows[~is_out], rows[is_out]


@pytest.mark.parametrize("step", [STEPS[0], STEPS[2]], ids=lambda step: type(step).__name__)
@pytest.mark.parametrize(
    ("holes", "is_said"),
    [
        ([(5, 1), (9, 1), (20, 1)], True),
        ([(5, 1), (9, 1)], False),  # two may be lost rows that came late
        ([(5, 3), (19, 3), (30, 3)], False),  # as long as a window
        ([(5, 2), (19, 2), (30, 2), (36, 2)], True),
        ([(5, 1), (9, 1), (38, 2)], False),  # the last rows follow those of fit
    ],
)
def test_rows_that_fill_short_holes_are_announced(step, holes, is_said):
    train, later = shuffled_part(40, holes)
    step.fit(train)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        apply(step, later)
    said = [each for each in caught if "this looks like a shuffled split" in str(each.message)]
    assert len(said) == is_said
    if said:
        assert f"The rows fill {len(holes)} short holes" in str(said[0].message)
        assert said[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            apply(step, pd.concat([train, later]).sort_index())  # all rows together are not a split
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            apply(step, pd.concat([train[:1], later]))  # nor are rows that begin as those of fit do
        assert not any("shuffled split" in str(each.message) for each in caught)


def test_the_last_rows_of_the_runs_of_fit_are_no_split():
    train, _ = shuffled_part(40, [(5, 1), (11, 1), (17, 1), (23, 1), (29, 1)])
    window = SlidingWindow(3).fit(train)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        window.transform(train.loc[train.index[[4, 9, 14, 19, 24]]])
    assert not any("shuffled split" in str(each.message) for each in caught)


def test_short_holes_of_several_series_count_together():
    X = frame(pd.MultiIndex.from_product([list("abcd"), HOURS[:40]]))
    is_out = np.isin(X.index.get_level_values(1), HOURS[[9]]) & (X.index.get_level_values(0) != "d")
    window = SlidingWindow(3).fit(X[~is_out])
    with pytest.warns(UserWarning, match="fill 3 short holes between the training rows"):
        window.transform(X[is_out])
    words = X.loc["a"].set_axis([f"row {number}" for number in range(40)])
    with pytest.warns(UserWarning, match="these rows have no time"):
        SlidingWindow(3).fit(X.loc["a"][~is_out[:40]]).transform(words)


def test_of_long_lists_of_series_the_first_are_named():
    with pytest.warns(UserWarning, match=r"\('5', '6', '7', \.\.\.\) were not .* fit \(0, 1, 2, \.\.\.\)"):
        warn_if_unknown(list(range(5)), list("56789"))
    with pytest.warns(UserWarning, match=r"\('5', '6', '7'\) were not .* fit \(0, 1, 2, \.\.\.\)"):
        warn_if_unknown(list(range(4)), list("567"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_if_unknown([], [1])
        warn_if_unknown([1, "a"], [2])


def test_the_step_of_many_series_is_told_by_some_of_them():
    keys = [f"machine {number}" for number in range(300)]
    window = SlidingWindow(3).fit(panel(keys))
    later = panel(keys, 40)
    window.transform(later)
    twice = later.set_axis(later.index.set_levels(HOURS[40] + 2 * (HOURS[40:80] - HOURS[40]), level=1))
    with pytest.warns(UserWarning, match="a time step of 7200 s"):
        window.transform(twice)
    for n_twice, is_said in ((2, False), (3, True)):  # of five
        some = pd.concat([twice.loc[keys[:n_twice]], later.loc[keys[n_twice:5]]])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            window.transform(some)
        assert len(caught) == is_said
