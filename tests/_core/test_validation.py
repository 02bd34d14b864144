"""Validation of labels, and of labels beside rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sktsad import (
    AutoencoderDetector,
    CostSensitiveClassifier,
    EventSplit,
    FusionDetector,
    PerSeries,
    RNNClassifier,
    RollingFeatures,
    SafeSampler,
    SeriesScaler,
    SeriesSplit,
    SlidingWindow,
    SmoothedClassifier,
    StatefulRNNClassifier,
    ThresholdClassifier,
    ZScoreDetector,
    check_causal,
    curve_shift,
)
from sktsad._core._validation import (
    check_labels,
    check_same_index,
    check_target_index,
    mark_anomalies,
    mark_label,
    warn_if_anomaly_is_a_guess,
)
from sktsad.metrics import detection_report, to_events, vus_pr

STAMPS = pd.date_range("2026-01-05", periods=20, freq="h")
ROWS = np.zeros((3, 1))


@pytest.mark.parametrize("y", [[0, 1, 0], pd.Series([0, 1, 0], index=[5, 6, 7]), np.array([0.0, 1.0, 0.0])])
def test_labels_come_back_as_an_array(y):
    labels = check_labels(ROWS, y)
    assert isinstance(labels, np.ndarray)
    assert labels.tolist() == [0, 1, 0]


def test_a_column_of_labels_is_flattened_with_a_warning():
    for column in ([[0], [1], [0]], np.array([[0], [1], [0]])):
        with pytest.warns(DataConversionWarning, match="column-vector"):
            assert check_labels(ROWS, column).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 1], "inconsistent numbers of samples"),
        ([0, np.nan, 1], "y contains NaN"),
        ([0.5, 0.1, 0.2], "Unknown label type: continuous"),
        ([[0, 1], [0, 1], [1, 1]], "y should be a 1d array"),
    ],
)
def test_labels_that_are_none_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        check_labels(ROWS, y)


@pytest.mark.parametrize("classes", [[0, 1], [0.0, 1.0], [False, True], [0, 1, 2], [5]])
def test_nothing_is_guessed_of_zero_and_one(classes, recwarn):
    warn_if_anomaly_is_a_guess(np.array(classes))
    assert not recwarn.list


@pytest.mark.parametrize(
    ("classes", "anomaly"), [([-1, 1], "1"), ([1, 2], "2"), (["anomaly", "normal"], "'normal'")]
)
def test_of_other_labels_a_warning_names_the_anomaly(classes, anomaly):
    with pytest.warns(UserWarning, match=f"{anomaly}, the last in sorted order, is taken as the anomaly"):
        warn_if_anomaly_is_a_guess(np.array(classes))


# Labels beside rows


def frame(index):
    return pd.DataFrame({"value": np.arange(float(len(index)))}, index=index)


def panel(times=(0, 1, 2, 3), keys=("a", "b")):
    return frame(pd.MultiIndex.from_product([keys, times], names=["series", "time"]))


@pytest.mark.parametrize("X", [np.zeros((8, 1)), frame(range(8))], ids=["array", "frame"])
def test_a_target_with_a_panel_index_shows_that_x_has_lost_it(X):
    with pytest.raises(ValueError, match=r"X has lost it: .*set_output\(transform='pandas'\)"):
        check_target_index(X, panel()["value"], 3)


def test_a_target_out_of_time_order_shows_that_the_array_is():
    with pytest.raises(ValueError, match="out of order"):
        check_target_index(np.zeros((3, 1)), pd.Series(0, index=[0, 2, 1]), 3)


def test_a_target_with_gaps_shows_that_the_array_has_some():
    y = pd.Series(0, index=[0, 1, 2, 6, 7, 20])
    assert "2 gap(s) in time that X, an array, has lost" in check_target_index(np.zeros((6, 1)), y, 3)
    assert "1 gap(s)" in check_target_index(np.zeros((6, 1)), y, 4)
    assert check_target_index(np.zeros((6, 1)), y, 13) is None


@pytest.mark.parametrize(
    ("X", "y"),
    [
        (np.zeros((3, 1)), None),
        (np.zeros((3, 1)), [0, 1, 0]),
        (np.zeros((3, 1)), pd.Series([0, 1, 0], index=list("cab"))),
        (frame([5, 6, 7]), pd.Series([0, 1, 0])),
        (frame([0, 1, 2]), pd.Series([0, 1, 0], index=[7, 6, 5])),
        (panel(), panel()["value"]),
        (panel(), np.zeros(8)),
    ],
)
def test_a_target_that_shows_nothing_lost_is_no_matter(X, y):
    assert check_target_index(X, y, 3) is None


def test_a_target_whose_rows_were_shuffled_is_not_matched_by_position():
    X, y = frame(range(20)), pd.Series(np.arange(20) % 2)
    for shuffled in (y.sample(frac=1, random_state=0), y[::-1], y.sort_values(kind="stable")):
        with pytest.raises(
            ValueError, match=r"row \d+ is \d+ in X, .*y\.loc\[X\.index\].*y\.reset_index\(drop=True\)"
        ):
            check_same_index(X, shuffled)
        check_same_index(X, shuffled.loc[X.index])
        check_same_index(X, shuffled.reset_index(drop=True))
        check_same_index(X.loc[shuffled.index], shuffled)
        check_same_index(X.to_numpy(), shuffled)
        check_same_index(X["value"], shuffled, "scores")  # numbered as they were computed
    check_same_index(
        X, y.rename(lambda row: row + 1)[::-1]
    )  # rows of a longer table, of which X was numbered anew


def test_a_target_with_dates_shows_that_the_array_has_lost_them():
    y = pd.Series(0, index=STAMPS)
    message = check_target_index(np.zeros((20, 1)), y, 3)
    assert "The index of y has dates, which X, an array, has lost" in message
    assert "set_output(transform='pandas')" in message
    assert check_target_index(frame(STAMPS), y, 3) is None
    assert "which X, numbered 0, 1, 2, ..., has lost" in check_target_index(frame(range(20)), y, 3)


NUMBERS = pd.RangeIndex(5, 25)
ORDERED = {"dates": frame(STAMPS), "numbers": frame(NUMBERS), "panel": panel(STAMPS[:10])}


@pytest.mark.parametrize("X", ORDERED.values(), ids=ORDERED)
@pytest.mark.parametrize(
    "other",
    [lambda y: y[::-1], lambda y: y.iloc[[1, 0, *range(2, len(y))]], lambda y: y.set_axis(y.index[::-1])],
    ids=["reversed", "two rows", "labels reversed"],
)
def test_rows_and_labels_that_know_which_row_they_are_and_disagree_are_refused(X, other):
    y = (X["value"] > 3).astype(int)
    with pytest.raises(ValueError, match=r"X and y have different indexes.*row 0 is .*y\.loc\[X\.index\]"):
        check_labels(X, other(y))
    windows = SlidingWindow(2).fit_transform(X)
    for rows in (X, windows):
        check_labels(rows, y)
        check_labels(rows, other(y).to_numpy())
        check_labels(rows, other(y).reset_index(drop=True))
        with pytest.raises(ValueError, match="different indexes"):
            check_same_index(rows, other(y))
    with pytest.raises(ValueError, match="y_true and y_score have different indexes"):
        average_precision_score_of(y, other(y))


def average_precision_score_of(y, score):
    return vus_pr(y, score.astype(float), max_buffer=2)


@pytest.mark.parametrize("shift", ["1h", "24h"])
def test_labels_a_day_off_are_refused_everywhere(shift):
    X, y = frame(STAMPS), pd.Series(np.arange(20) % 2, STAMPS + pd.Timedelta(shift))
    calls = [
        lambda: SlidingWindow(2).fit(X, y),
        lambda: RollingFeatures(period=None).fit(X, y),
        lambda: ZScoreDetector().fit(X, y),
        lambda: make_pipeline(SeriesScaler(), SlidingWindow(2), ZScoreDetector()).fit(X, y),
        lambda: SmoothedClassifier(ZScoreDetector()).fit(X, y),
        lambda: list(SeriesSplit(2).split(X, y)),
        lambda: list(EventSplit(2).split(X, y)),
        lambda: curve_shift(X, y),
        lambda: check_causal(ZScoreDetector(), X, y, SeriesSplit(2)),
        lambda: to_events(y) is None or detection_report(y, X["value"]),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="different indexes"):
            call()


@pytest.mark.parametrize(
    "index",
    [
        STAMPS.as_unit("s"),
        STAMPS.astype(object),
        pd.CategoricalIndex(STAMPS),
        STAMPS.rename("another name"),
        pd.Index([f"row {n}" for n in range(20)]),
        pd.Index(STAMPS.astype(str)),
    ],
    ids=["unit", "objects", "categories", "name", "words", "text"],
)
def test_the_same_time_in_another_dress_agrees_and_words_say_nothing(index):
    check_same_index(frame(STAMPS), frame(index))
    check_same_index(frame(index), frame(STAMPS))


def test_labels_whose_index_cannot_be_read_are_no_labels_by_position():
    X = panel(STAMPS)
    y = X["value"].gt(3).astype(int)
    text = y.set_axis(
        pd.MultiIndex.from_arrays([y.index.get_level_values(0), y.index.get_level_values(1).astype(str)])
    )
    check_same_index(X, text)
    three = y.set_axis(pd.MultiIndex.from_arrays([range(40), *map(y.index.get_level_values, (0, 1))]))
    for other, fix in (
        (y.swaplevel().sort_index(), r"y\.swaplevel\(\)\.sort_index"),
        (text[::-1], r"y\.index = pandas\.to_datetime"),
        (three[::-1], "Combine the levels"),
    ):
        with pytest.raises(ValueError, match=f"y has a different index.*{fix}"):
            check_same_index(X, other)


def test_the_first_row_that_differs_is_named():
    X = frame(STAMPS)
    with pytest.raises(ValueError, match="row 3 is 2026-01-05 03:00:00 in X, 2026-01-05 04:00:00 in y"):
        check_same_index(X, X["value"].iloc[[0, 1, 2, 4, 3, *range(5, 20)]])


def test_names_in_another_order_are_other_rows():
    X = panel(STAMPS)
    words = frame([f"row {n}" for n in range(20)])
    check_same_index(X, X.droplevel(1))
    for rows, other in ((X, X.droplevel(1)[::-1]), (words, words[::-1])):
        with pytest.raises(ValueError, match="different indexes"):
            check_same_index(rows, other)


def test_weights_in_another_order_are_refused():
    X = panel(STAMPS)
    y = pd.Series(np.tile([0, 0, 0, 1], 10), X.index)
    weight = pd.Series(np.arange(1.0, 41), X.index)
    network = {"hidden_size": 2, "max_epochs": 1, "random_state": 0}
    models = [
        CostSensitiveClassifier(LogisticRegression()),
        FusionDetector([("a", LogisticRegression())]),
        PerSeries(LogisticRegression()),
        SmoothedClassifier(LogisticRegression()),
        ThresholdClassifier(LogisticRegression(), 0.0),
        RNNClassifier("rnn", **network),
        StatefulRNNClassifier("rnn", **network),
    ]
    for model in models:
        with pytest.raises(
            ValueError, match=r"X and sample_weight have different.*sample_weight\.loc\[X\.index\]"
        ):
            model.fit(X, y, sample_weight=weight.sort_index(level=1))


def test_labels_as_a_frame_and_labels_beside_a_score_are_compared_as_they_came():
    windows = SlidingWindow(2).fit_transform(panel(STAMPS))
    y = pd.Series(np.tile([0, 0, 0, 1], 10), windows.index)
    with pytest.raises(ValueError, match="different indexes"):
        SafeSampler().fit_resample(windows, y.to_frame()[::-1])
    with pytest.raises(ValueError, match="y_true and the scores have different indexes"):
        detection_report(y.droplevel(0)[::-1], y.astype(float), n_bootstrap=0)


def test_labels_that_are_objects_name_how_to_convert_them():
    for labels, said in (([0, 1, 0], "0"), ([False, True, False], "False"), ([np.bool_(True)] * 3, "True")):
        with pytest.raises(ValueError, match=rf"y contains objects, such as .*{said}.*y\.astype\(int\)"):
            check_labels(ROWS, pd.Series(labels, dtype=object))
    assert check_labels(ROWS, pd.Series(["a", "b", "a"], dtype=object)).tolist() == ["a", "b", "a"]
    with pytest.raises(ValueError, match="y contains objects, such as 0"):
        check_labels(ROWS[:1], pd.Series([0], dtype=object))


def test_one_of_the_labels_1_and_2_is_not_taken_for_the_anomaly_in_silence():
    with pytest.warns(UserWarning, match=r"labels \[1, 2\].*pass pos_label=2"):
        assert mark_label(1, y=[1, 2, 1])[0].tolist() == [True, False, True]
    mark_label(2, y=[1, 2, 1])
    mark_label(1, y=[-1, 1], y_pred=[True, -1])
    mark_label("anomaly", y=["anomaly", "normal"])
    assert mark_label(1, y=np.array([1, "odd"], dtype=object))[0].tolist() == [True, False]
    with pytest.raises(ValueError, match="y_pred contains NaN"):
        mark_label(1, y_true=[0, 1], y_pred=[0.0, np.nan])


def test_warnings_of_labels_point_to_where_they_were_given():
    labels = np.tile([1, 2], 30)
    model = make_pipeline(SlidingWindow(2), LogisticRegression())
    for call, message in (
        (lambda: vus_pr(labels, labels.astype(float), max_buffer=2), "pass pos_label=2"),
        (lambda: ThresholdClassifier(model, 0.0).fit(np.zeros((60, 1)), labels), "taken as the anomaly"),
    ):
        with pytest.warns(UserWarning, match=message) as record:
            call()
        assert (record[0].filename, record[0].lineno) == (__file__, call.__code__.co_firstlineno), message


def test_zones_agree_on_instants_and_a_zone_disagrees_with_none():
    zoned = STAMPS.tz_localize("Europe/Berlin")
    check_same_index(frame(zoned), frame(zoned.tz_convert("UTC")))
    with pytest.raises(ValueError, match="different indexes"):
        check_same_index(frame(STAMPS), frame(STAMPS.tz_localize("UTC")))


def test_labels_that_have_lost_their_series_agree_by_time():
    X = panel(STAMPS)
    check_same_index(X, X.droplevel(0))
    with pytest.raises(ValueError, match="different indexes"):
        check_same_index(X, X.droplevel(0)[::-1])
    with pytest.raises(ValueError, match="different indexes"):
        check_same_index(X, X.rename({"a": "c"}, level=0))


@pytest.mark.parametrize(
    "y, classes, anomalous",
    [
        ([0, 1, 0], [0, 1], [1]),
        (["good", "bad"], ["bad", "good"], [0]),
        ([-1, 1, 1], [-1, 1], [1, 2]),
        ([0, 0], [0], []),
        ([1, 1], [1], [0, 1]),
        ([True], [True], [0]),
        (["x", "x"], ["x"], []),
        ([2, 2], [2], []),
        ([0, 1, 2], [0, 1, 2], []),
    ],
)
def test_the_anomaly_is_the_last_of_two_labels(y, classes, anomalous):
    found, mask = mark_anomalies(np.array(y))
    assert found.tolist() == classes
    assert np.flatnonzero(mask).tolist() == anomalous


def test_one_label_is_marked_where_there_are_two_at_most():
    truth, guess, nothing = mark_label("odd", y_true=["odd", "fine"], y_pred=["fine", "fine"], weight=None)
    assert truth.tolist() == [True, False] and guess.tolist() == [False, False] and nothing is None
    assert mark_label(1, y_true=[0, 0])[0].tolist() == [False, False]


@pytest.mark.parametrize(
    "labels",
    [{"y_true": [0, 2]}, {"y_true": [0, 1], "y_pred": [0, 2]}, {"y_true": [0], "y_pred": [-1]}],
    ids=str,
)
def test_labels_of_which_none_or_more_than_one_other_is_the_anomaly_are_refused(labels):
    with pytest.raises(ValueError, match="must contain two labels, one of them pos_label=1, got"):
        mark_label(1, **labels)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, None, 1], "a missing label .None or NaN. in 1 of its 3 rows"),
        (["odd", None, "fine"], "a missing label .None or NaN. in 1 of its 3 rows"),
        (pd.Series([0, pd.NA, 1], dtype="Int64"), "a missing label .None or NaN.|contains NaN"),
        (np.array(["odd", 0, 1], dtype=object), r"labels of several types: \['number', 'str'\]"),
        (pd.Series([[0], [1], [0]]), "y contains a list in some or all rows: pass one label"),
        (np.ma.array([0, 1, 0], mask=[0, 0, 1]), "masked array with 1 masked labels"),
        (np.array([0, 1, 0]) * 1j, "^Complex data not supported: y has dtype complex128"),
        (np.array([0, 1, 0], dtype="m8[s]"), "^y has dtype timedelta64"),
        (pd.date_range("2026", periods=3), "y has dtype datetime64"),
        (np.zeros((3, 1, 1)), "y has 3 dimensions"),
        ({0: 1}, "y is a dict"),
        ({0, 1}, "y is a set"),
        ("label", "y is a str"),
        (1, "y is a int"),
        ((label for label in [0, 1, 0]), "y is a generator"),
        ([0, 1], r"inconsistent numbers of samples: X has 3 rows, y has 2\. Pass one label"),
    ],
)
def test_labels_that_cannot_be_meant_are_named(y, message):
    with pytest.raises((ValueError, TypeError), match=message):
        check_labels(ROWS, y)


def test_axes_in_another_order_are_seen_by_the_number_of_labels():
    X = np.random.default_rng(0).normal(size=(3, 20, 2))  # (channels, rows, steps)
    with pytest.raises(
        ValueError, match=r"its steps, is as long as y, but the axes must be \(rows, steps, channels\)"
    ):
        AutoencoderDetector().fit(X, np.zeros(20, dtype=int))
    windows = SlidingWindow(3).fit_transform(np.zeros((5, 2)))
    for n_labels, message in ((2, "its channels, is as long as y"), (3, "its steps"), (1, "Pass one label")):
        with pytest.raises(ValueError, match=message):
            check_labels(windows, np.zeros(n_labels, dtype=int))
    with pytest.raises(ValueError, match="Pass one label"):
        check_labels(SlidingWindow(3).fit_transform(np.zeros((5, 1))), [0])
