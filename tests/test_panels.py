"""Panels through scikit-learn and imbalanced-learn: no window crosses a border, at fit or at score time."""

import naive
import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktsad import RollingFeatures, SeriesImputer, SeriesScaler, SlidingWindow
from sktsad.model_selection import EventSplit, SeriesSplit
from sktsad.postprocessing import alarms
from sktsad.preprocessing import forecast_target, resample

#: Step in time of each series, and rows between its gaps.
SERIES = {"a": (1, [70]), "b": (60, [33, 37]), "c": (5, [41, 20, 30]), "d": (7, [60])}
LENGTH, MAX_GAP = 5, 3


def marked_panel(is_date, is_mixed):
    """The numbers of every row's series and of its segment in that, and labels with an event every 11 rows."""
    rows = []
    for number, (key, (step, lengths)) in enumerate(SERIES.items(), start=1):
        time = 1000
        for segment, length in enumerate(lengths, start=1):
            for row in range(length):
                time += 2 * step if row % 10 == 9 else step  # a single row misses: no gap
                rows.append((key, time, number, segment))
            time += MAX_GAP * step
    table = pd.DataFrame(rows, columns=["key", "time", "series", "segment"]).astype(
        {"series": float, "segment": float}
    )
    table["label"] = (np.arange(len(table)) % 11 < 3).astype(int)
    if is_date:
        table["time"] = pd.to_datetime(table["time"], unit="s")
    if is_mixed:
        table = table.sort_values(["time", "key"])
    table = table.set_index(["key", "time"])
    return table[["series", "segment"]], table["label"]


def guarded(length=LENGTH, scaler=None, unseen="pooled"):
    # Scaled without its mean, a mark that is the same in a whole series stays as it is.
    return make_imblearn_pipeline(
        SeriesScaler(scaler or StandardScaler(with_mean=False), unseen=unseen),
        SlidingWindow(length, max_gap=MAX_GAP),
        RandomUnderSampler(random_state=0),
        naive.CrossingGuard(n_marks=2),
    )


def count_crossings(pipe, X, y):
    return pipe.predict(X).sum()


panels = pytest.mark.parametrize(
    ("X", "y"),
    [marked_panel(is_date, is_mixed) for is_date in (False, True) for is_mixed in (False, True)],
    ids=["integers", "integers, mixed", "dates", "dates, mixed"],
)
#: Where only the tool around the pipeline is another.
hardest_panel = pytest.mark.parametrize(("X", "y"), [marked_panel(True, True)], ids=["dates, mixed"])
splitters = pytest.mark.parametrize(
    "cv",
    [
        SeriesSplit(3, gap=2),
        SeriesSplit(3, expanding=False),
        SeriesSplit(3, by="time"),
        EventSplit(3, gap=LENGTH - 1),
        GroupKFold(4),
    ],
    ids=["series", "sliding", "by time", "events", "groups"],
)


def groups_of(X):
    return X.index.get_level_values(0)


@panels
@splitters
def test_no_window_crosses_in_cross_val_score(X, y, cv):
    crossed = cross_val_score(
        guarded(), X, y, groups=groups_of(X), cv=cv, scoring=count_crossings, error_score="raise"
    )
    assert crossed.tolist() == [0] * cv.get_n_splits()


@panels
@pytest.mark.parametrize("cv", [EventSplit(3, gap=LENGTH - 1), GroupKFold(4)], ids=["events", "groups"])
@pytest.mark.parametrize("method", ["predict", "decision_function"])
def test_no_window_crosses_in_cross_val_predict(X, y, cv, method):
    predicted = cross_val_predict(guarded(unseen="self"), X, y, groups=groups_of(X), cv=cv, method=method)
    assert len(predicted) == len(X)
    if method == "predict":
        assert not predicted.any()


@hardest_panel
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_no_window_crosses_in_a_grid_search(X, y, n_jobs):
    search = GridSearchCV(
        guarded(),
        {"slidingwindow__length": [2, LENGTH], "randomundersampler": [RandomUnderSampler(), "passthrough"]},
        scoring=count_crossings,
        cv=SeriesSplit(2),
        n_jobs=n_jobs,
        error_score="raise",
    )
    search.fit(X, y)
    assert search.cv_results_["mean_test_score"].tolist() == [0] * 4
    assert not search.predict(X).any()


@hardest_panel
def test_no_window_crosses_where_a_threshold_is_tuned(X, y):
    tuned = TunedThresholdClassifierCV(guarded(), cv=SeriesSplit(3), scoring="f1").fit(X, y)
    assert len(tuned.predict(X)) == len(X)
    assert np.isfinite(tuned.best_threshold_)


@panels
def test_a_window_bridges_single_missing_rows_and_no_more(X, y):
    windows = SlidingWindow(LENGTH, max_gap=MAX_GAP).fit_transform(X.assign(row=np.arange(len(X))))
    n_padded = (np.diff(windows.gather(slice(None))[:, :, 2]) == 0).any(axis=1).sum()
    n_segments = sum(len(lengths) for _, lengths in SERIES.values())
    assert n_padded == n_segments * (LENGTH - 1)


@panels
def test_the_guard_would_see_a_crossing_at_fit_and_at_score_time(X, y):
    pipe = guarded().set_params(randomundersampler="passthrough", seriesscaler="passthrough")
    with pytest.raises(RuntimeError, match="windows of fit cross"):
        pipe.fit(X.to_numpy(), y.to_numpy())
    pipe.fit(X, y)
    with pytest.raises(RuntimeError, match="windows to score cross"):
        pipe[-1].decision_function(SlidingWindow(LENGTH).fit_transform(X.to_numpy()))


# Series of different scale


def spiky_panel(n_series=6, n_rows=80):
    """Noise at another level and scale in every series, with spikes of two rows."""
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_product([list("abcdefgh")[:n_series], range(n_rows)], names=["series", "time"])
    y = pd.Series(0, index)
    for start in rng.permutation(np.arange(4, len(index), 8)) + rng.integers(0, 4, len(index) // 8):
        y.iloc[start : start + 2] = 1
    number = index.codes[0]
    values = 100.0 * number + (1 + number) * (rng.normal(size=len(index)) + 4 * y.to_numpy())
    return pd.DataFrame({"value": values}, index), y


X, Y = spiky_panel()
MODEL = make_pipeline(SlidingWindow(3), LogisticRegression())


def test_the_recipe_of_a_threshold_chosen_in_time_order():
    train, test = list(SeriesSplit(3).split(X, Y))[-1]
    pipeline = make_pipeline(SeriesScaler(), SlidingWindow(3), LogisticRegression())
    tuned = TunedThresholdClassifierCV(pipeline, cv=SeriesSplit(3), scoring="f1")
    tuned.fit(X.iloc[train], Y.iloc[train])
    assert f1_score(Y.iloc[test], tuned.predict(X.iloc[test])) > 0.8
    assert 0 < tuned.best_threshold_ < 1


def test_a_series_scaled_by_itself_needs_no_rows_of_training():
    groups = groups_of(X)
    pipe = make_pipeline(SeriesScaler(unseen="self"), MODEL)
    scores = cross_val_predict(pipe, X, Y, groups=groups, cv=GroupKFold(3), method="decision_function")
    scaled = SeriesScaler().fit_transform(X)
    expected = cross_val_predict(
        MODEL, scaled, Y, groups=groups, cv=GroupKFold(3), method="decision_function"
    )
    np.testing.assert_allclose(scores, expected)
    assert f1_score(Y, scores > 0) > 0.8


def test_a_series_scaled_by_those_of_training_sees_nothing_of_itself():
    groups = groups_of(X)
    pipe = make_pipeline(SeriesScaler(unseen="pooled"), MODEL)
    scores = cross_val_predict(pipe, X, Y, groups=groups, cv=GroupKFold(3), method="decision_function")
    for train, test in GroupKFold(3).split(X, Y, groups):
        assert not set(groups[train]) & set(groups[test])
        MODEL.fit(SeriesScaler().fit_transform(X.iloc[train]), Y.iloc[train])
        pooled = StandardScaler().set_output(transform="pandas").fit(X.iloc[train])
        expected = MODEL.decision_function(pooled.transform(X.iloc[test]))
        np.testing.assert_allclose(scores[test], expected)


# Gaps of a length of time


def holed(step):
    """Rows of one machine with holes of 2 to 40 minutes, and a missing value here and there."""
    rng = np.random.default_rng(step)
    holes = rng.choice([1] * 16 + [2, 3, 4, 9, 11, 12, 13, 40], 150) * pd.Timedelta(step, "min")
    values = rng.normal(size=150)
    values[rng.random(150) < 0.1] = np.nan
    return pd.DataFrame({"x": values}, pd.Timestamp("2026-01-01") + holes.cumsum())


GAP, IN_STEPS = "12min", {1: 12, 4: 3, 30: 1}
ROLLING = {"z_windows": [4], "std_windows": [], "slope_windows": [], "ewm_spans": [], "period": None}


def transformed(make):
    def run(X, max_gap):
        cut = len(X.loc[["a"]]) // 2 if isinstance(X.index, pd.MultiIndex) else len(X) // 2
        first = X.groupby(level=0).head(cut) if isinstance(X.index, pd.MultiIndex) else X[:cut]
        rest = X.drop(first.index)
        return pd.DataFrame(np.asarray(make(max_gap).fit(first).transform(rest)), rest.index)

    return run


BY_GAP = {
    "window": transformed(lambda max_gap: make_pipeline(SeriesImputer(), SlidingWindow(4, max_gap=max_gap))),
    "features": transformed(lambda max_gap: RollingFeatures(**ROLLING, max_gap=max_gap)),
    "resample": lambda X, max_gap: resample(X, step="1min", fill="mean", max_gap=max_gap),
    "forecast": lambda X, max_gap: forecast_target(X, 2, max_gap=max_gap)[1].to_frame(),
    "alarms": lambda X, max_gap: alarms(X["x"].abs() - 1, merge_gap=2, max_gap=max_gap)[["start", "rows"]],
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("of", BY_GAP)
def test_a_gap_of_a_length_of_time_is_one_of_the_steps_of_each_series(of):
    machines = {name: holed(step) for name, step in zip("abc", IN_STEPS, strict=True)}
    together = BY_GAP[of](pd.concat(machines), GAP)
    alone = [
        BY_GAP[of](rows, GAP if of == "resample" else n_steps)
        for rows, n_steps in zip(machines.values(), IN_STEPS.values(), strict=True)
    ]
    np.testing.assert_array_equal(
        together.select_dtypes("number").to_numpy(),
        pd.concat(alone).select_dtypes("number").to_numpy(),
    )
    other = BY_GAP[of](pd.concat(machines), "1min")
    assert not other.equals(together), "max_gap makes no difference here"


@pytest.mark.parametrize("of", BY_GAP)
def test_a_gap_of_a_length_of_time_is_refused_without_dates(of):
    with pytest.raises(ValueError, match="max_gap='12min' is a length of time, which needs dates"):
        BY_GAP[of](holed(1).fillna(0).set_axis(np.arange(150.0)), GAP)
