"""Samplers of imbalanced-learn for windows, and for very few anomalies."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from imblearn.combine import SMOTEENN, SMOTETomek
from imblearn.over_sampling import ADASYN, SMOTE, SMOTEN, SVMSMOTE, KMeansSMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import (
    AllKNN,
    ClusterCentroids,
    CondensedNearestNeighbour,
    EditedNearestNeighbours,
    InstanceHardnessThreshold,
    NearMiss,
    NeighbourhoodCleaningRule,
    OneSidedSelection,
    RandomUnderSampler,
    RepeatedEditedNearestNeighbours,
    TomekLinks,
)
from imblearn.utils.estimator_checks import parametrize_with_checks
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback

from sktsad import RNNClassifier, SafeSampler, SeriesSplit, SlidingWindow, TorchClassifier
from sktsad._core._windows import Windows, window_names
from sktsad.sampling import WindowAugmenter
from sktsad.sampling._safe_sampler import NAMES

RNG = np.random.default_rng(0)
Y = (np.arange(120) % 8 == 5).astype(int)
ROWS = RNG.normal(size=(120, 2)) + Y[:, np.newaxis]
WINDOWS = SlidingWindow(3).fit_transform(ROWS)
FLAT = np.asarray(WINDOWS)

PICKING = ["undersample", "near_miss", "tomek_links", "oversample"]
PICKING += [
    EditedNearestNeighbours(),
    RepeatedEditedNearestNeighbours(),
    AllKNN(),
    CondensedNearestNeighbour(),
    OneSidedSelection(),
    NeighbourhoodCleaningRule(),
    InstanceHardnessThreshold(estimator=GaussianNB(), cv=3),
    NearMiss(version=2),
    NearMiss(version=3),
    ClusterCentroids(voting="hard"),
]
MAKING = ["smote", "borderline_smote", "adasyn", "smote_tomek", "smote_enn", "augment"]
MAKING += [
    KMeansSMOTE(cluster_balance_threshold=0.01),
    SVMSMOTE(),
    SMOTEN(),
    RandomOverSampler(shrinkage=0.5),
    ClusterCentroids(),
    SMOTETomek(smote=SMOTE(k_neighbors=3)),
    SMOTEENN(smote=SMOTE(sampling_strategy=0.5), enn=EditedNearestNeighbours(sampling_strategy="all")),
    WindowAugmenter(["jitter"]),
]
each_sampler = pytest.mark.parametrize("sampler", PICKING + MAKING, ids=str)

INDEX = pd.date_range("2024-01-01", periods=120, freq="min")
PANEL = pd.MultiIndex.from_product([list("ab"), range(60)])
NAMED = pd.DataFrame(FLAT, INDEX, window_names(["u", "v"], 3))


def resample(sampler, X=WINDOWS, y=Y, **params):
    return SafeSampler(sampler, random_state=0, **params).fit_resample(X, y)


def rows_in(values):
    """Which of the windows each row is, -1 for a row that is none."""
    same = (np.asarray(values)[:, np.newaxis] == FLAT).all(axis=2)
    return np.where(same.any(axis=1), same.argmax(axis=1), -1)


def test_every_name_is_tested():
    assert {*NAMES, "augment"} <= {sampler for sampler in PICKING + MAKING if isinstance(sampler, str)}


# What comes out


@each_sampler
def test_rows_keep_their_labels_and_their_order_and_anomalies_do_not_get_rarer(sampler):
    resampled, labels = resample(sampler)
    rows = rows_in(resampled)
    is_made = rows < 0
    assert is_made.any() == (sampler in MAKING)
    np.testing.assert_array_equal(labels[~is_made], Y[rows[~is_made]])
    assert (np.diff(rows[~is_made]) >= 0).all()
    assert labels.mean() > Y.mean()
    assert set(labels) == {0, 1}


@each_sampler
def test_made_rows_stand_beside_a_near_row_of_their_class(sampler):
    resampled, labels = resample(sampler)
    if sampler in ("augment", "smote_enn") or isinstance(sampler, (WindowAugmenter, SMOTEENN)):
        return  # augmented ones stand beside what they were made from; of cleaned ones, that may be gone
    rows, values = rows_in(resampled), np.asarray(resampled)
    last = -1
    for row, value, label in zip(rows, values, labels, strict=True):
        own = np.flatnonzero(label == Y)
        nearest = own[np.linalg.norm(FLAT[own] - value, axis=1).argmin()] if row < 0 else row
        assert nearest >= last
        last = nearest


@each_sampler
def test_windows_arrays_of_2_and_3_dimensions_and_frames_come_out_as_they_went_in(sampler):
    resampled, labels = resample(sampler)
    assert isinstance(resampled, Windows)
    assert (resampled.length, resampled.n_channels, resampled.dtype) == (3, 2, np.float64)
    assert resampled.channel_names == ["x0", "x1"]
    expected = np.asarray(resampled)
    for X, params in [
        (FLAT, {"n_channels": 2}),
        (FLAT.reshape(120, 3, 2), {}),
        (NAMED, {}),
        (FLAT.tolist(), {}),
    ]:
        if isinstance(X, list) and (sampler == "augment" or isinstance(sampler, WindowAugmenter)):
            continue  # a plain row is one channel
        values, other_labels = resample(sampler, X, **params)
        np.testing.assert_array_equal(other_labels, labels)
        np.testing.assert_array_equal(np.asarray(values).reshape(len(expected), 6), expected)
        if isinstance(X, pd.DataFrame):
            assert isinstance(values, pd.DataFrame)
            assert values.columns.equals(NAMED.columns)
            assert values.index.is_monotonic_increasing
        else:
            assert type(values) is type(X)
            assert np.shape(values)[1:] == np.shape(X)[1:]


@each_sampler
def test_the_same_random_state_gives_the_same_bits(sampler):
    one, labels = resample(sampler)
    np.random.default_rng().random()
    again, labels_again = resample(sampler)
    np.testing.assert_array_equal(np.asarray(one), np.asarray(again))
    np.testing.assert_array_equal(labels, labels_again)


@each_sampler
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_precision_is_kept_and_input_and_sampler_are_not_altered(sampler, dtype):
    rows = ROWS.astype(dtype)
    windows = SlidingWindow(3).fit_transform(rows)
    before = windows.buffer.copy(), str(sampler)
    resampled, _ = resample(sampler, windows)
    assert resampled.dtype == dtype
    np.testing.assert_array_equal(windows.buffer, before[0])
    assert str(sampler) == before[1]


@pytest.mark.parametrize("sampler", ["undersample", "oversample", RandomUnderSampler(replacement=True)])
def test_samplers_that_look_at_labels_only_write_no_window_out(sampler, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("windows are written out")

    for name in ("__array__", "flat", "gather"):
        monkeypatch.setattr(Windows, name, refuse)
    resampled, labels = resample(sampler)
    assert np.shares_memory(resampled.buffer, WINDOWS.buffer)
    assert labels.mean() == 0.5


def test_only_made_windows_are_written_out():
    resampled, labels = resample("smote")
    n_made = len(labels) - 120
    assert len(resampled.buffer) == len(WINDOWS.buffer) + 3 * n_made


@pytest.mark.parametrize("sampler", ["undersample", "smote", "smote_tomek"])
def test_index_and_labels_of_a_series_stay_together(sampler):
    windows = SlidingWindow(3).fit_transform(pd.DataFrame(ROWS, INDEX))
    y = pd.Series(Y, INDEX, name="alarm")
    resampled, labels = resample(sampler, windows, y)
    assert isinstance(labels, pd.Series)
    assert labels.name == "alarm"
    assert resampled.index.equals(labels.index)
    assert labels.index.is_monotonic_increasing
    is_row = rows_in(resampled) >= 0
    assert (INDEX[rows_in(resampled)[is_row]] == labels.index[is_row]).all()
    frame, labels = resample(sampler, NAMED, y)
    assert frame.index.equals(labels.index)


@pytest.mark.parametrize("sampler", ["undersample", "smote", "augment"])
def test_what_is_drawn_does_not_depend_on_the_order_of_the_rows(sampler):
    y = pd.Series(Y, INDEX)
    frame, labels = resample(sampler, NAMED, y)
    other, other_labels = resample(sampler, NAMED[::-1], y[::-1])
    pd.testing.assert_frame_equal(other, frame)
    pd.testing.assert_series_equal(other_labels, labels)


@pytest.mark.parametrize("sampler", ["undersample", "oversample", "smote"])
def test_rows_of_a_panel_stay_in_the_order_given(sampler):
    index = pd.MultiIndex.from_product([range(60), list("ab")]).swaplevel()  # interleaved
    windows = SlidingWindow(1, series="index").fit_transform(pd.DataFrame(ROWS, index))
    resampled, labels = resample(sampler, windows, pd.Series(Y, index))
    assert resampled.index.equals(labels.index)
    assert (np.diff(index.get_indexer(labels.index)) >= 0).all()
    last = np.flatnonzero(labels.index.get_level_values(1) >= 50)  # of either series in time
    assert {"a", "b"} == set(labels.index[last].get_level_values(0))


@pytest.mark.parametrize("sampler", PICKING[:4] + MAKING[:6])
@pytest.mark.parametrize("names", [("bad", "good"), (False, True)])
def test_labels_of_other_kinds(sampler, names):
    labels = np.array(names)[Y]
    resampled, named = resample(sampler, y=labels)
    expected, numbered = resample(sampler)
    np.testing.assert_array_equal(np.asarray(resampled), np.asarray(expected))
    np.testing.assert_array_equal(named, np.array(names)[numbered])


@pytest.mark.parametrize("sampler", ["undersample", "oversample", "smote", "augment", "smote_tomek"])
def test_more_than_two_classes(sampler):
    y = np.repeat([0, 1, 2], [80, 30, 10])
    _, labels = resample(sampler, y=y)
    counts = np.bincount(labels)
    assert counts.max() - counts.min() <= (5 if sampler == "smote_tomek" else 0)
    with pytest.raises(ValueError, match=r"ratio=0.5 needs two classes, but y has 3\. Use ratio=None"):
        resample(sampler, y=y, ratio=0.5)


# How many


@pytest.mark.parametrize("sampler", ["undersample", "near_miss", "oversample", "smote", "augment"])
@pytest.mark.parametrize("ratio", [0.2, 0.5, 1])
def test_the_ratio_is_that_of_anomalies_to_normal_rows(sampler, ratio):
    _, labels = resample(sampler, ratio=ratio)
    assert labels.sum() / (labels == 0).sum() == pytest.approx(ratio, abs=0.02)
    assert labels.sum() == 15 if "n" in sampler[:2] else (labels == 0).sum() == 105


@pytest.mark.parametrize("inner", [None, SMOTE(), SMOTE(sampling_strategy=0.9)])
def test_the_ratio_reaches_a_sampler_within(inner):
    _, labels = resample(SMOTETomek(smote=inner), ratio=0.5)
    assert 0.45 <= labels.sum() / (labels == 0).sum() <= 0.55


def test_without_a_ratio_the_samplers_own_counts():
    _, labels = resample(SMOTE(sampling_strategy=0.4))
    assert labels.sum() == int(0.4 * 105)
    _, labels = resample(RandomUnderSampler(sampling_strategy={0: 50}))
    assert np.bincount(labels).tolist() == [50, 15]


@pytest.mark.parametrize("sampler", ["tomek_links", AllKNN(), WindowAugmenter()], ids=str)
def test_a_sampler_that_cleans_has_no_ratio(sampler):
    if isinstance(sampler, WindowAugmenter):
        assert resample(sampler, ratio=0.3)[1].sum() == 32  # the least that is enough
        return
    with pytest.raises(
        ValueError, match=r"ratio=0.3 cannot be used with .*, which has no ratio\. Use ratio=None"
    ):
        resample(sampler, ratio=0.3)


# Few anomalies


@each_sampler
def test_without_anomalies_nothing_is_done_and_a_warning_says_so(sampler):
    with pytest.warns(
        UserWarning, match="y contains only the class 0: the rows are left unchanged"
    ) as caught:
        resampled, labels = resample(sampler, y=np.zeros(120, dtype=int))
    assert len(caught) == 1
    np.testing.assert_array_equal(np.asarray(resampled), FLAT)
    assert labels.tolist() == [0] * 120


@each_sampler
@pytest.mark.parametrize("n_anomalies", [1, 2, 3])
def test_of_few_anomalies_all_stay_and_are_not_outnumbered_more(sampler, n_anomalies):
    y = np.zeros(120, dtype=int)
    y[[40, 70, 71][:n_anomalies]] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they say is tested below
        resampled, labels = resample(sampler, y=y)
    assert labels.mean() >= y.mean()
    assert labels.sum() >= n_anomalies
    rows = rows_in(resampled)
    assert {*np.flatnonzero(y)} <= {*rows}
    np.testing.assert_array_equal(labels[rows >= 0], y[rows[rows >= 0]])


NEEDS_NEIGHBOURS = ["smote", "borderline_smote", "adasyn", "smote_tomek", "smote_enn", SVMSMOTE(), SMOTEN()]


@pytest.mark.parametrize("sampler", NEEDS_NEIGHBOURS, ids=str)
def test_one_anomaly_is_repeated_where_neighbours_are_needed(sampler):
    y = (np.arange(120) == 70).astype(int)
    with pytest.warns(UserWarning, match="needs neighbours of the same class.*repeated instead") as caught:
        resampled, labels = resample(sampler, y=y, ratio=0.2)
    assert len(caught) == 1
    assert labels.sum() == int(0.2 * 119)
    assert set(rows_in(resampled)[labels == 1]) == {70}


@pytest.mark.parametrize(
    "sampler, parameter, n_rows",
    [
        ("smote", "k_neighbors", 3),
        ("adasyn", "n_neighbors", 3),
        ("smote_tomek", "smote__k_neighbors", 3),
        (SMOTEENN(smote=SMOTE(k_neighbors=4)), "smote__k_neighbors", 3),
        (NearMiss(n_neighbors=5), "n_neighbors", 4),
    ],
    ids=str,
)
def test_few_anomalies_are_as_many_neighbours_as_there_are(sampler, parameter, n_rows):
    y = np.isin(np.arange(120), [10, 40, 70, 100]).astype(int)
    message = rf"The rarest class has 4 rows: .* is used with {{'{parameter}': {n_rows}}}"
    with pytest.warns(UserWarning, match=message) as caught:
        resample(sampler, y=y)
    assert len(caught) == 1


def test_neighbours_of_any_class_are_not_fewer():
    y = np.isin(np.arange(120), [10, 40]).astype(int)
    cleaner = EditedNearestNeighbours(n_neighbors=5)
    _, labels = resample(cleaner, y=y)
    assert len(labels) == len(cleaner.fit_resample(FLAT, y)[1])


def test_a_method_that_finds_nothing_to_do_is_replaced():
    X = np.concatenate([np.arange(100.0), 1000 + np.arange(20.0)]).reshape(-1, 1)
    y = np.repeat([0, 1], [100, 20])  # no anomaly is on the border
    with pytest.warns(UserWarning, match="BorderlineSMOTE.* finds nothing to do. Rows are repeated instead"):
        resampled, labels = resample("borderline_smote", X, y, ratio=0.5)
    assert labels.sum() == 50
    assert set(resampled[labels == 1, 0]) == set(X[100:, 0])


@pytest.mark.parametrize("own", [None, 0.5])
def test_a_method_that_fails_is_replaced_by_rows_as_many_and_as_reproducible(own):
    y = np.isin(np.arange(120), [10, 40, 70]).astype(int)
    strategy = "auto" if own is None else own
    sampler = KMeansSMOTE(cluster_balance_threshold=0.99, random_state=0, sampling_strategy=strategy)
    results = []
    for _ in range(2):
        with pytest.warns(UserWarning, match="fails: No clusters found.*Rows are repeated instead"):
            results.append(SafeSampler(sampler).fit_resample(WINDOWS, y))
    assert results[0][1].sum() == (117 if own is None else 58)
    np.testing.assert_array_equal(np.asarray(results[0][0]), np.asarray(results[1][0]))


def test_mistakes_in_a_sampler_are_not_taken_for_few_anomalies():
    with pytest.raises(ValueError, match="'k_neighbors' parameter"):
        resample(SMOTE(k_neighbors=-1))
    with (
        pytest.warns(UserWarning, match="fails: With over-sampling methods"),
        pytest.raises(ValueError, match="With over-sampling methods, the number of samples"),
    ):
        resample(SMOTE(sampling_strategy={1: 3}))


class Failing(BaseEstimator):
    """A sampler that is not of imbalanced-learn, and fails."""

    def fit_resample(self, X, y):
        raise RuntimeError("out of luck")


class LastHalf(BaseEstimator):
    """A sampler that is not of imbalanced-learn."""

    def fit_resample(self, X, y):
        return X[60:], y[60:]


def test_a_sampler_of_ones_own():
    resampled, _ = resample(LastHalf(), y=np.repeat([0, 1], [110, 10]))
    np.testing.assert_array_equal(rows_in(resampled), np.arange(60, 120))
    with pytest.raises(RuntimeError, match="out of luck"):
        resample(Failing())
    with pytest.raises(ValueError, match=r"ratio=0.5 cannot be used with LastHalf, which has no ratio"):
        resample(LastHalf(), ratio=0.5)


# Never the wrong class


@each_sampler
def test_anomalies_in_the_majority_are_left_alone(sampler):
    with pytest.warns(
        UserWarning, match=r"105 anomalies, labelled 1, and 15 other rows, already at least ratio=(1|0.5)"
    ):
        resampled, labels = resample(sampler, y=1 - Y)
    np.testing.assert_array_equal(np.asarray(resampled), FLAT)
    np.testing.assert_array_equal(labels, 1 - Y)


@pytest.mark.parametrize("sampler", ["undersample", "smote", "augment"])
def test_more_anomalies_than_asked_for_are_left_alone(sampler):
    with pytest.warns(
        UserWarning, match=r"15 anomalies, labelled 1, and 105 other rows, already at least ratio=0.1"
    ):
        _, labels = resample(sampler, ratio=0.1)
    np.testing.assert_array_equal(labels, Y)


@pytest.mark.parametrize("sampler", ["undersample", "smote", "augment"])
def test_as_many_anomalies_as_asked_for_are_left_alone(sampler):
    y = (np.arange(120) % 5 == 4).astype(int)  # 24 for 96
    with pytest.warns(
        UserWarning, match=r"24 anomalies, labelled 1, and 96 other rows, already at least ratio=0.25"
    ):
        _, labels = resample(sampler, y=y, ratio=0.25)
    np.testing.assert_array_equal(labels, y)
    assert resample(sampler, y=y, ratio=0.27)[1].mean() > 0.2


def test_more_anomalies_than_the_sampler_itself_asks_for_are_left_alone():
    for sampler in (SMOTE(sampling_strategy=0.1), SMOTETomek(smote=SMOTE(sampling_strategy=0.1))):
        with pytest.warns(UserWarning, match="already at least ratio=0.1"):
            _, labels = resample(sampler)
        np.testing.assert_array_equal(labels, Y)


@pytest.mark.parametrize(
    "sampler", [TomekLinks(sampling_strategy="all"), RandomUnderSampler(sampling_strategy={1: 2})], ids=str
)
def test_a_sampler_that_takes_anomalies_away_is_not_used(sampler):
    with pytest.warns(UserWarning, match="removes anomalies: the rows are left unchanged"):
        resampled, labels = resample(sampler)
    np.testing.assert_array_equal(labels, Y)
    assert np.shares_memory(resampled.buffer, WINDOWS.buffer)


def test_a_cleaner_that_takes_the_made_anomalies_away_again_is_not_used():
    X = RNG.normal(size=(400, 2))
    y = np.isin(np.arange(400), [50, 150, 250, 350]).astype(int)  # among the others
    with pytest.warns(UserWarning) as caught:
        _, labels = resample("smote_enn", X, y, ratio=0.02)
    assert "removes anomalies. Rows are repeated instead" in str(caught[-1].message)
    assert labels.sum() == int(0.02 * 396)


# What is made


def test_rows_between_two_anomalies_are_what_smote_makes():
    resampled, labels = resample("smote")
    theirs, _ = SMOTE(random_state=0).fit_resample(FLAT, Y)
    made = np.asarray(resampled)[rows_in(resampled) < 0]
    np.testing.assert_array_equal(np.sort(made, axis=0), np.sort(theirs[120:], axis=0))
    assert (labels[rows_in(resampled) < 0] == 1).all()


def test_repeated_rows_with_noise_are_not_taken_for_the_rows_themselves():
    resampled, labels = resample(RandomOverSampler(shrinkage=0.5))
    assert (rows_in(resampled) < 0).sum() == len(labels) - 120


def test_augmented_rows_stand_beside_the_row_they_are_made_from():
    resampled, labels = resample(WindowAugmenter(["jitter"], strength=0))
    rows = rows_in(resampled)
    assert (np.diff(rows) >= 0).all()
    assert labels.sum() == 105
    counts = np.bincount(rows)[Y == 1]
    assert counts.max() - counts.min() <= 1


def test_augmented_rows_are_made_channel_by_channel():
    twice = SafeSampler(WindowAugmenter(["scaling"]), n_channels=2, random_state=0)
    made = np.asarray(twice.fit_resample(FLAT, Y)[0])
    made = made[rows_in(made) < 0]
    ratio = made[:, np.newaxis] / FLAT[Y == 1]
    is_parent = np.isclose(ratio[:, :, 0], ratio[:, :, 2]) & np.isclose(ratio[:, :, 1], ratio[:, :, 5])
    assert is_parent.any(axis=1).all()


def test_an_augmenter_keeps_its_random_state_unless_there_is_another():
    augmenter = WindowAugmenter(random_state=7)
    own, again = (SafeSampler(augmenter).fit_resample(WINDOWS, Y)[0] for _ in range(2))
    np.testing.assert_array_equal(np.asarray(own), np.asarray(again))
    assert not np.array_equal(np.asarray(own), np.asarray(resample(augmenter)[0]))
    assert augmenter.random_state == 7


@pytest.mark.parametrize("sampler", [SMOTE(random_state=5), SMOTETomek(random_state=5)], ids=str)
def test_a_sampler_keeps_its_random_state_unless_there_is_another(sampler):
    own, again = (SafeSampler(sampler).fit_resample(WINDOWS, Y)[0] for _ in range(2))
    np.testing.assert_array_equal(np.asarray(own), np.asarray(again))
    assert not np.array_equal(np.asarray(own), np.asarray(resample(sampler)[0]))


# In pipelines


def test_samplers_stand_in_a_grid_and_are_left_out_at_predict():
    pipe = make_pipeline(
        StandardScaler(), SlidingWindow(3), SafeSampler(random_state=0), LogisticRegression()
    )
    grid = {
        "safesampler": [
            SafeSampler(SMOTE(k_neighbors=2), random_state=0),
            SafeSampler("augment"),
            "passthrough",
        ],
        "slidingwindow__length": [1, 3],
    }
    for cv in (SeriesSplit(3), TimeSeriesSplit(3)):
        search = GridSearchCV(pipe, grid, scoring="f1", cv=cv, error_score="raise").fit(ROWS, Y)
        assert search.predict(ROWS).shape == (120,)
    grid = {"safesampler__ratio": [0.3, 1.0], "safesampler__sampler": ["undersample", SMOTE(k_neighbors=2)]}
    search = GridSearchCV(pipe, grid, scoring="f1", cv=SeriesSplit(3), error_score="raise").fit(ROWS, Y)
    assert search.predict(ROWS[:50]).shape == (50,)


@pytest.mark.parametrize("sampler", ["undersample", "smote", "augment"])
def test_networks_take_the_channels_from_what_comes_out(sampler):
    pipe = make_pipeline(
        SlidingWindow(3), SafeSampler(sampler, random_state=0), TorchClassifier(max_epochs=1, random_state=0)
    )
    one, again = (clone(pipe).fit(ROWS, Y).predict_proba(ROWS) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    panel = pd.DataFrame(ROWS, PANEL)
    assert clone(pipe).fit(panel, Y).predict(panel).shape == (120,)


class Watched(Callback):
    """Keeps what is watched."""

    def on_epoch_begin(self, net, dataset_train, dataset_valid, **kwargs):
        self.rows, self.labels = dataset_valid.windows, dataset_valid.target


@pytest.mark.parametrize("sampler", ["oversample", "smote", "augment", "smote_tomek"])
@pytest.mark.parametrize("is_panel", [False, True])
def test_early_stopping_behind_a_sampler_watches_the_last_rows_in_time_as_they_are_mixed(sampler, is_panel):
    index = PANEL if is_panel else INDEX
    network = RNNClassifier(
        hidden_size=2, max_epochs=1, early_stopping=True, callbacks=[Watched()], random_state=0
    )
    pipe = make_pipeline(SlidingWindow(3), SafeSampler(sampler, ratio=0.5, random_state=0), network)
    fitted = pipe.fit(pd.DataFrame(ROWS, index), Y)[-1].net_  # a warning would be an error
    watched = next(callback for _, callback in fitted.callbacks_ if isinstance(callback, Watched))
    assert 0.2 <= watched.labels.mean() <= 0.5
    times = watched.rows.index.get_level_values(-1)
    assert times.min() >= (40 if is_panel else INDEX[85])
    rows = SlidingWindow(3).fit_transform(pd.DataFrame(ROWS, index))
    real = {window.tobytes() for window in np.asarray(rows)}
    is_real = np.array([window.tobytes() in real for window in np.asarray(watched.rows)])
    assert is_real[watched.labels == 0].all()
    assert is_real[watched.labels == 1].any()


def test_a_copy_from_a_pickle_does_the_same():
    sampler = SafeSampler(SMOTE(k_neighbors=2), ratio=0.3, random_state=0)
    one, again = (s.fit_resample(WINDOWS, Y)[0] for s in (sampler, pickle.loads(pickle.dumps(sampler))))
    np.testing.assert_array_equal(np.asarray(one), np.asarray(again))


def test_fit_checks_only():
    sampler = SafeSampler("smote").fit(NAMED, Y)
    assert sampler.n_features_in_ == 6
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        sampler.fit(NAMED, Y[1:])


# Errors


@pytest.mark.parametrize("index", [INDEX, PANEL], ids=["dates", "panel"])
def test_rows_with_time_that_are_no_windows_yet_are_refused(index):
    frame = pd.DataFrame(ROWS, index)
    with pytest.raises(
        ValueError, match=r"not of windows.*Put SafeSampler after SlidingWindow, or pass n_channels"
    ):
        make_pipeline(SafeSampler(), SlidingWindow(3), LogisticRegression()).fit(frame, Y)
    assert len(resample("undersample", frame, n_channels=2)[1]) == 30  # who says so


@pytest.mark.parametrize("index", [INDEX, PANEL], ids=["dates", "panel"])
def test_a_sampler_of_imbalanced_learn_before_the_window_is_found_out_where_it_keeps_the_index(index):
    pipe = make_pipeline(RandomUnderSampler(random_state=0), SlidingWindow(3), LogisticRegression())
    with pytest.raises(ValueError, match=r"Time is out of order.*put samplers after the window"):
        pipe.fit(pd.DataFrame(ROWS, index), Y)


def test_one_that_loses_the_index_is_found_out_at_predict_or_where_the_index_is_insisted_on():
    frame = pd.DataFrame(ROWS, PANEL)
    pipe = make_pipeline(SMOTE(), SlidingWindow(3), LogisticRegression()).fit(frame, Y)
    with pytest.raises(
        ValueError,
        match=r"rows passed to transform have a \(series, time\) index, but those passed to fit do not",
    ):
        pipe.predict(frame)
    with pytest.raises(ValueError, match="series='index' needs rows with"):
        pipe.set_params(slidingwindow__series="index").fit(frame, Y)


@pytest.mark.parametrize(
    "params, message",
    [
        ({"sampler": "luck"}, "'sampler' parameter"),
        ({"sampler": StandardScaler()}, "'sampler' parameter"),
        ({"ratio": 0}, "'ratio' parameter"),
        ({"ratio": 1.5}, "'ratio' parameter"),
        ({"n_channels": 4}, "n_channels=4, but X has 2 channel"),
    ],
    ids=str,
)
def test_parameters_that_will_not_do_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        SafeSampler(**params).fit_resample(WINDOWS, Y)


def test_adasyn_without_a_normal_neighbour_is_replaced():
    X = np.concatenate([np.arange(100.0), 1000 + np.arange(20.0)]).reshape(-1, 1)
    with pytest.warns(UserWarning, match=r"ADASYN fails: Not any neigbours belong to the majority"):
        _, labels = SafeSampler(ADASYN()).fit_resample(X, np.repeat([0, 1], [100, 20]))
    assert labels.sum() == 100


def expected_failures(sampler):
    """Checks of imbalanced-learn that fail on purpose, with the reason."""
    return {
        "check_samplers_one_label": "one class is a warning: a fold without an event must not end a search",
        "check_samplers_pandas_sparse": "series of time are dense: sparse columns are refused by name",
    }


CONTRACT = parametrize_with_checks(
    [SafeSampler(random_state=0), SafeSampler("smote", random_state=0)],
    expected_failed_checks=expected_failures,
).mark


@pytest.mark.filterwarnings(
    "ignore:y contains only the class:UserWarning", "ignore:There are .* at least:UserWarning"
)
@pytest.mark.parametrize(
    CONTRACT.args[0], list(CONTRACT.args[1]), **CONTRACT.kwargs
)  # no generator for pytest 9
def test_contract_of_imbalanced_learn(estimator, check):
    check(estimator)


def test_normal_rows_of_each_series_are_capped_and_anomalies_stay():
    index = pd.MultiIndex.from_product([["long", "short"], range(60)], names=["series", "time"])
    X = pd.DataFrame({"x": np.arange(120.0)}, index).iloc[:75]
    y = pd.Series(np.arange(75) % 10 == 0, X.index).astype(int)
    windows = SlidingWindow(3).fit_transform(X)
    sampler = SafeSampler(None, max_normal=20, random_state=0)
    resampled, labels = sampler.fit_resample(windows, y)
    counts = labels.groupby(level=0, sort=False).value_counts().to_dict()
    assert counts == {("long", 0): 20, ("long", 1): 6, ("short", 0): 13, ("short", 1): 2}
    assert resampled.index.equals(labels.index)
    assert (np.diff(sampler.sample_indices_) > 0).all()
    np.testing.assert_array_equal(np.asarray(resampled), np.asarray(windows)[sampler.sample_indices_])
    assert sampler.sampling_strategy_ == {}
    other = SafeSampler(None, max_normal=20, random_state=1)
    other.fit_resample(windows, y)
    assert set(other.sample_indices_) != set(sampler.sample_indices_)


def test_a_sampler_sees_what_the_cap_left():
    X, y = np.arange(100.0).reshape(-1, 1), np.repeat([0, 1], [95, 5])
    sampler = SafeSampler("smote", ratio=0.5, max_normal=30, random_state=0)
    with pytest.warns(UserWarning, match="k_neighbors"):
        _, labels = sampler.fit_resample(X, y)
    assert np.bincount(labels).tolist() == [30, 15]
    assert sampler.sampling_strategy_ == {1: 10}
    made = np.setdiff1d(np.arange(100), sampler.sample_indices_)
    assert len(made) == 65


def test_a_cap_is_for_two_classes():
    X, y = np.arange(30.0).reshape(-1, 1), np.arange(30) % 3
    with pytest.raises(ValueError, match="max_normal=5 needs two classes, but y has 3"):
        SafeSampler(max_normal=5).fit_resample(X, y)


def test_a_cap_warns_which_of_two_words_is_the_anomaly():
    X, y = np.arange(30.0).reshape(-1, 1), np.repeat(["good", "bad"], [25, 5])
    with pytest.warns(UserWarning, match="'good', the last in sorted order, is taken as the anomaly"):
        SafeSampler(None, max_normal=5).fit_resample(X, y)


def test_labels_come_back_in_the_form_they_came():
    X = np.arange(30.0).reshape(-1, 1)
    y = np.repeat([0, 1, 2], [16, 10, 4])
    one_hot = np.eye(3, dtype=int)[y]
    expected = SafeSampler(random_state=0).fit_resample(X, y)[1]
    labels = SafeSampler(random_state=0).fit_resample(X, one_hot)[1]
    np.testing.assert_array_equal(labels, np.eye(3, dtype=int)[expected])
    assert SafeSampler(random_state=0).fit_resample(X.tolist(), y.tolist())[1] == expected.tolist()
    with pytest.raises(ValueError, match="y has 2 columns that are not one per class"):
        SafeSampler().fit_resample(X, np.column_stack([y, y]))


def test_copies_of_the_augmenter_are_counted():
    X, y = np.random.default_rng(0).normal(size=(40, 4)), np.repeat([0, 1], [36, 4])
    sampler = SafeSampler("augment", ratio=0.5, n_channels=1, random_state=0)
    sampler.fit_resample(X, y)
    assert sampler.sampling_strategy_ == {1: 14}
    assert (y[sampler.sample_indices_] == 1).sum() == 18


def test_a_refused_call_leaves_the_sampler_as_it_was():
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.repeat([0, 1], [34, 6])
    sampler = SafeSampler(random_state=0)
    before = vars(sampler).copy()
    for method in (sampler.fit, sampler.fit_resample):
        with pytest.raises(ValueError, match="NaN"):
            method(np.full((40, 2), np.nan), y)
        assert vars(sampler) == before
    sampler.fit_resample(X, y)
    assert vars(sampler) != before
