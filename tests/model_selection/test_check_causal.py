"""Pipelines with one planted fault each, which the report names; and sound ones, for which it is empty."""

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline as make_imbalanced_pipeline
from imblearn.under_sampling import RandomUnderSampler
from scipy.signal import filtfilt
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, StandardScaler, scale

from sktsad import (
    AutoencoderDetector,
    RNNClassifier,
    SeriesScaler,
    SeriesSplit,
    SlidingWindow,
    ThresholdClassifier,
    ZScoreDetector,
    check_causal,
)
from sktsad.datasets import make_kpi


def labelled(X):
    """Rows with an event in every 10, so that no fold is without."""
    y = pd.Series((np.arange(len(X)) % 10 > 7).astype(int), index=X.index)
    return X.add(2 * y, axis=0), y


X, Y = labelled(make_kpi(300, contamination=0, period=30, random_state=0)[0])
X = X.assign(other=np.random.default_rng(0).gamma(2, size=300))
PANEL, PANEL_Y = labelled(make_kpi(90, n_series=4, contamination=0, period=30, random_state=1)[0])
HOLED = X.mask(np.random.default_rng(1).uniform(size=X.shape) < 0.05)
FOLDS = SeriesSplit(2)
CLASSIFIER = LogisticRegression()


def step(function):
    """A pipeline with a function between scaler and classifier; the scaler keeps the frame."""
    return make_pipeline(
        StandardScaler().set_output(transform="pandas"), FunctionTransformer(function), CLASSIFIER
    )


def found(estimator, X=X, y=Y, cv=FOLDS, **options):
    return check_causal(estimator, X, y, cv, **options)


class RefittedScaler(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X - X.mean()


class Faulty(ClassifierMixin, BaseEstimator):
    """A classifier by the last column, with a fault at predict."""

    def __init__(self, fault):
        self.fault = fault

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X):
        scores = np.asarray(X, dtype=float)[:, -1]
        if self.fault == "drops":
            return scores[2:]
        if self.fault == "resamples":
            return (
                RandomUnderSampler(random_state=0).fit_resample(X, np.arange(len(X)) % 3 == 0)[0].iloc[:, 0]
            )
        if self.fault == "random":
            return scores + np.random.default_rng().normal(size=len(scores))
        if self.fault == "raises":
            raise RuntimeError("out of order")
        return scores

    def predict(self, X):
        scores = self.decision_function(X)
        top = np.quantile(scores, 0.9) if self.fault == "top share" else 0
        return self.classes_[(scores > top).astype(int)]


class FailsToFit(Faulty):
    def fit(self, X, y):
        raise RuntimeError("no luck")


# One planted fault each


LOOK_AHEAD = {
    "centred window": lambda X: X.rolling(5, center=True, min_periods=1).mean(),
    "gradient": lambda X: np.gradient(X, axis=0),
    "forward and backward filter": lambda X: filtfilt([0.5], [1, -0.5], X, axis=0),
    "next row": lambda X: X.shift(-1).fillna(0),
    "only one column": lambda X: X.assign(other=X["other"].rolling(3, center=True, min_periods=1).max()),
    "sparse": lambda X: csr_array(X.rolling(3, center=True, min_periods=1).mean()),
}


@pytest.mark.parametrize("function", LOOK_AHEAD.values(), ids=LOOK_AHEAD)
def test_a_step_that_looks_some_rows_ahead_is_named(function):
    report = found(step(function))
    assert report.kinds == {"future"}
    assert {fault.where for fault in report.faults} == {"step 'functiontransformer'"}
    assert "past scores change with the future" in report.faults[0].message


FILLERS = {"next value": lambda X: X.bfill().ffill(), "line": lambda X: X.interpolate(limit_direction="both")}


@pytest.mark.parametrize("filler", FILLERS.values(), ids=FILLERS)
def test_holes_that_are_filled_from_the_future_are_found(filler):
    assert found(step(filler), HOLED).kinds == {"future"}


def test_a_hole_at_the_start_does_not_keep_it_from_looking_further():
    late = X.copy()
    late.iloc[0] = np.nan
    assert found(step(LOOK_AHEAD["centred window"]), late).kinds == {"future"}


EVERYTHING = {
    "scaler": RefittedScaler(),
    "rank": FunctionTransformer(lambda X: X.rank()),
    "highest value": FunctionTransformer(lambda X: X / X.max()),
}


@pytest.mark.parametrize("refitted", EVERYTHING.values(), ids=EVERYTHING)
def test_a_step_that_is_fitted_to_the_rows_to_score_is_named(refitted):
    report = found(make_pipeline(refitted, CLASSIFIER))
    assert report.kinds == {"refit"}
    assert report.faults[0].where.startswith("step '")


def time_first(X):
    return X.sort_index(level=1)


ORDERS = {
    "reversed": (lambda X: X[::-1], X, Y),
    "reversed and windowed": (lambda X: X[::-1].rolling(3, min_periods=1).mean(), X, Y),
    "shuffled": (lambda X: X.sample(frac=1, random_state=0), X, Y),
    "turned by one": (lambda X: np.roll(X, 1, axis=0), X, Y),
    "panel sorted by time": (time_first, PANEL, PANEL_Y),
}


@pytest.mark.parametrize("function, X, y", ORDERS.values(), ids=ORDERS)
def test_rows_in_another_order_are_found(function, X, y):
    report = found(step(function), X, y)
    assert report.kinds == {"order"}
    assert "instead" in report.faults[0].message


@pytest.mark.parametrize("fault", ["drops", "resamples"])
def test_rows_that_get_lost_at_predict_are_counted(fault):
    report = found(Faulty(fault))
    assert report.kinds == {"rows"}
    assert "100 rows in" in str(report)


def test_the_step_that_drops_rows_is_named():
    report = found(make_pipeline(StandardScaler(), Faulty("none")))
    assert report.ok
    dropping = FunctionTransformer(lambda X: X if len(X) == 80 else X[1:])
    report = found(make_pipeline(dropping, Faulty("none")))
    assert report.kinds == {"rows"}
    assert report.faults[0].where == "step 'functiontransformer'"


def test_random_scores_are_found():
    report = found(Faulty("random"))
    assert report.kinds == {"chance"}
    assert {fault.where for fault in report.faults} == {"test rows", "training rows"}


def test_a_threshold_that_flags_the_top_share_of_the_rows_is_found():
    report = found(Faulty("top share"))
    assert report.kinds == {"threshold"}
    assert "chosen on the rows to predict" in str(report)


def test_a_score_that_raises_is_reported_for_what_it_says():
    report = found(Faulty("raises"))
    assert report.kinds == {"error"}
    assert "fold 0, score of test rows: RuntimeError: out of order" in str(report)


@pytest.mark.parametrize(
    "estimator",
    [FailsToFit("none"), make_pipeline(StandardScaler(), FailsToFit("none"))],
    ids=["alone", "in a pipeline"],
)
def test_a_fit_that_raises_is_reported_for_every_fold(estimator):
    report = found(estimator)
    assert [fault.where for fault in report.faults] == ["fold 0, fit", "fold 1, fit"]
    assert "RuntimeError: no luck" in str(report)


def test_an_estimator_without_scores_is_reported():
    report = found(StandardScaler())
    assert report.kinds == {"error"}
    assert "StandardScaler has no decision_function, predict_proba or predict" in str(report)


# Panels


ACROSS = {
    "rolling mean": lambda X: pd.DataFrame(X).rolling(6, min_periods=1).mean(),
    "lag": lambda X: pd.DataFrame(X).shift(1).fillna(0),
}


@pytest.mark.parametrize("function", ACROSS.values(), ids=ACROSS)
def test_a_window_that_runs_into_the_next_series_is_found_with_the_step_that_lost_the_index(function):
    pipeline = make_pipeline(StandardScaler(), FunctionTransformer(function), CLASSIFIER)
    report = found(pipeline, PANEL, PANEL_Y)
    assert {(fault.kind, fault.where) for fault in report.faults} == {
        ("series", "step 'functiontransformer'"),
        ("lost index", "step 'standardscaler'"),
    }


def test_a_leak_from_the_first_of_two_series_into_the_second_is_found():
    two = PANEL.index.get_level_values(0).isin(["kpi_0", "kpi_1"])
    rolling = FunctionTransformer(ACROSS["lag"])
    report = found(make_pipeline(SeriesScaler(), rolling, CLASSIFIER), PANEL[two], PANEL_Y[two])
    assert report.kinds == {"series"}
    assert "1 scores change with the rows of other series" in str(report)


def test_a_window_that_ignores_the_index_it_has_is_found():
    rolling = FunctionTransformer(ACROSS["rolling mean"])
    report = found(make_pipeline(SeriesScaler(), rolling, CLASSIFIER), PANEL, PANEL_Y)
    assert report.kinds == {"series"}


def test_a_classifier_that_mixes_series_by_itself_is_found():
    class Mixing(Faulty):
        def decision_function(self, X):
            return super().decision_function(X) - X.to_numpy().mean()

    report = found(Mixing("none"), PANEL, PANEL_Y)
    assert {(fault.kind, fault.where) for fault in report.faults} == {
        ("series", "test rows"),
        ("series", "training rows"),
    }


def test_a_window_that_lost_the_index_names_the_fix():
    report = found(make_pipeline(StandardScaler(), SlidingWindow(4), CLASSIFIER), PANEL, PANEL_Y)
    assert report.kinds == {"error"}
    assert "set_output(transform='pandas')" in str(report)
    unlabelled = found(
        make_pipeline(StandardScaler(), SlidingWindow(4), CLASSIFIER), PANEL, PANEL_Y.to_numpy()
    )
    assert unlabelled.kinds == {"series", "lost index"}


# Folds


def test_a_shuffled_split_is_found():
    report = found(CLASSIFIER, cv=KFold(3, shuffle=True, random_state=0))
    assert report.kinds == {"split"}
    assert "training rows come after test rows" in str(report)


def test_training_rows_between_test_rows_are_counted():
    rows = np.arange(300)
    between = (rows >= 200) & (rows < 207)
    train = (rows < 150) | between
    report = found(CLASSIFIER, cv=[(rows[train], rows[~train])])
    assert report.kinds == {"split"}
    assert "7 training rows come after test rows" in str(report)


def test_test_rows_that_are_training_rows_are_counted():
    report = found(CLASSIFIER, cv=[(np.arange(160), np.arange(150, 300))])
    assert report.kinds == {"split"}
    assert "10 test rows are training rows" in str(report)


def test_one_series_cut_in_time_does_not_excuse_another():
    series = PANEL.index.get_level_values(0)
    first = series == series[0]
    early = np.arange(len(PANEL)) % 90 < 60
    folds = [(np.flatnonzero(np.where(first, early, ~early)), np.flatnonzero(np.where(first, ~early, early)))]
    assert found(CLASSIFIER, PANEL, PANEL_Y, folds).kinds == {"split"}


INNER = {
    "threshold by stratified folds": (
        TunedThresholdClassifierCV(CLASSIFIER, scoring="f1", thresholds=5),
        "cv=None",
    ),
    "threshold by a random part": (
        TunedThresholdClassifierCV(CLASSIFIER, scoring="f1", thresholds=5, cv=0.5, random_state=0),
        "cv=0.5 holds out rows drawn at random",
    ),
    "search": (GridSearchCV(CLASSIFIER, {"C": [1]}, scoring="f1", cv=3), "GridSearchCV(cv=3)"),
    "our threshold": (
        ThresholdClassifier(CLASSIFIER, cv=StratifiedKFold(2), min_events=1),
        "ThresholdClassifier(cv=",
    ),
}


@pytest.mark.parametrize("inner, message", INNER.values(), ids=INNER)
@pytest.mark.parametrize("in_pipeline", [False, True])
def test_folds_inside_that_are_not_in_time_order_are_found(inner, message, in_pipeline):
    report = found(make_pipeline(StandardScaler(), inner) if in_pipeline else inner)
    assert report.kinds == {"inner split"}
    assert message in str(report)


def test_folds_inside_that_cannot_be_had_are_an_error_of_fit():
    report = found(GridSearchCV(CLASSIFIER, {"C": [1]}, scoring="f1", cv=GroupKFold(2)))
    assert report.kinds == {"error"}
    assert "groups" in str(report)


@pytest.mark.parametrize(
    "scaled",
    [
        scale(X),
        scale(X).astype(np.float32),
        (X - X.mean()) / X.std(),
        MinMaxScaler().fit_transform(X),
        X.assign(other=scale(X["other"]), name="a"),
    ],
    ids=["standard", "float32", "by pandas", "min-max", "one column"],
)
def test_rows_that_were_scaled_before_the_split_are_found(scaled):
    model = make_pipeline(make_column_transformer((StandardScaler(), [0, 1])), CLASSIFIER)
    report = found(model, scaled)
    assert report.kinds == {"scaled before"}
    assert report.faults[0].where == "X"


def standardised(values):
    return (values - values.mean()) / values.std()


@pytest.mark.parametrize(
    ("one", "kinds"),
    [
        (standardised, {"scaled before"}),
        (np.zeros_like, {"scaled before"}),
        (lambda values: values + 1, set()),
    ],
    ids=["all", "all but a constant one", "not all"],
)
def test_series_that_were_each_scaled_before_the_split_are_found(one, kinds):
    scaled = PANEL.groupby(level=0).transform(standardised)
    scaled.loc[["kpi_1"]] = one(scaled.loc[["kpi_1"]])
    assert found(CLASSIFIER, scaled, PANEL_Y).kinds == kinds


# Sound ones


def window_pipeline(model, *steps, scaler=None):
    return make_imbalanced_pipeline(
        scaler or StandardScaler().set_output(transform="pandas"), SlidingWindow(4), *steps, model
    )


SMALL = {"max_epochs": 2, "random_state": 0}
SOUND = {
    "windows": window_pipeline(CLASSIFIER),
    "scaler per series": window_pipeline(CLASSIFIER, scaler=SeriesScaler()),
    "sampler": window_pipeline(CLASSIFIER, RandomUnderSampler(random_state=0)),
    "network": window_pipeline(RNNClassifier("gru", hidden_size=3, dense_size=3, **SMALL)),
    "autoencoder": window_pipeline(AutoencoderDetector(hidden_sizes=(4, 2), **SMALL)),
    "z-score": ZScoreDetector(),
    "rolling z-score": window_pipeline(ZScoreDetector("rolling")),
    "trees": window_pipeline(HistGradientBoostingClassifier(max_iter=5)),
    "threshold": ThresholdClassifier(window_pipeline(CLASSIFIER), cv=SeriesSplit(2), min_events=1),
    "threshold, default folds": ThresholdClassifier(CLASSIFIER, threshold=0.1),
    "search": GridSearchCV(window_pipeline(CLASSIFIER), {}, scoring="f1", cv=SeriesSplit(2)),
}


@pytest.mark.parametrize("estimator", SOUND.values(), ids=SOUND)
@pytest.mark.parametrize("X, y", [(X, Y), (PANEL, PANEL_Y)], ids=["frame", "panel"])
def test_a_sound_pipeline_has_no_fault(estimator, X, y):
    report = found(estimator, X, y)
    assert report, str(report)
    assert report.n_folds == 2


@pytest.mark.parametrize("n_dims", [2, 3])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_arrays_are_checked_as_well(dtype, n_dims):
    values = (X * 10 + 1e4).to_numpy().astype(dtype)
    flat = FunctionTransformer(lambda X: X.reshape(len(X), -1))
    rows = values.reshape(300, 2, 1) if n_dims == 3 else values
    assert found(make_pipeline(flat, StandardScaler(), CLASSIFIER), rows, Y.to_numpy(), TimeSeriesSplit(2))
    centred = FunctionTransformer(lambda X: X - np.roll(X, -2, axis=0))
    report = found(make_pipeline(flat, StandardScaler(), centred, CLASSIFIER), rows, Y.to_numpy())
    assert report.kinds == {"future"}
    assert report.faults[0].where == "step 'functiontransformer-2'"


def test_lists_are_checked_as_well():
    assert found(make_pipeline(StandardScaler(), CLASSIFIER), X.to_numpy().tolist(), Y.tolist())


def test_unseen_series_are_a_sound_split():
    folds = list(GroupKFold(2).split(PANEL, PANEL_Y, PANEL.index.get_level_values(0)))
    assert found(window_pipeline(CLASSIFIER), PANEL, PANEL_Y, folds)
    assert found(window_pipeline(CLASSIFIER, scaler=SeriesScaler(unseen="pooled")), PANEL, PANEL_Y, folds)
    looks_ahead = found(
        window_pipeline(CLASSIFIER, scaler=SeriesScaler(unseen="self")), PANEL, PANEL_Y, folds
    )
    assert {(fault.kind, fault.where) for fault in looks_ahead.faults} == {("refit", "step 'seriesscaler'")}


def test_a_logarithm_of_values_that_are_never_negative_stays_defined():
    assert found(make_pipeline(FunctionTransformer(np.log), StandardScaler(), CLASSIFIER), X[["other"]])


def test_columns_of_any_kind_do_not_break_it():
    mixed = X.assign(
        count=np.arange(300) % 7,
        share=pd.array(X["other"].where(X["other"] > 0.5), dtype="Float64"),
        empty=np.nan,
        flag=np.arange(300) % 2 == 0,
        name=pd.Categorical(np.where(np.arange(300) % 3, "a", "b")),
        note="text",
    )
    numbers = ["count", "share", "value", "other"]
    columns = make_column_transformer(
        (SimpleImputer(), numbers), (OneHotEncoder(), ["name", "flag"]), sparse_threshold=1
    )
    mixed = mixed.rename(columns={X.columns[0]: "value"})
    assert found(make_pipeline(columns, StandardScaler(with_mean=False), CLASSIFIER), mixed)
    ahead = FunctionTransformer(lambda X: X.assign(count=X["count"].shift(-1).fillna(0)))
    report = found(make_pipeline(ahead, columns, CLASSIFIER), mixed)
    assert {(fault.kind, fault.where) for fault in report.faults} == {
        ("future", "step 'functiontransformer'")
    }


@pytest.mark.parametrize("passing", [None, "passthrough"])
def test_steps_that_are_switched_off_are_passed_over(passing):
    report = found(step(LOOK_AHEAD["centred window"]).set_params(standardscaler=passing))
    assert {fault.where for fault in report.faults} == {"step 'functiontransformer'"}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda pipeline: ThresholdClassifier(pipeline, threshold=0.0),
        lambda pipeline: GridSearchCV(pipeline, {}, scoring="f1", cv=FOLDS),
    ],
    ids=["threshold", "search"],
)
def test_the_step_is_named_inside_a_search_or_threshold_too(wrap):
    report = found(wrap(step(LOOK_AHEAD["centred window"])))
    assert {(fault.kind, fault.where) for fault in report.faults} == {
        ("future", "step 'functiontransformer'")
    }


class Labeller(ClassifierMixin, BaseEstimator):
    """Knows labels alone, which are words."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.where(np.asarray(X)[:, 1] > 2, "bad", "good")


def test_an_estimator_of_labels_alone_is_judged_by_them():
    words = np.where(Y, "bad", "good")
    assert found(Labeller(), y=words)
    centred = make_pipeline(FunctionTransformer(LOOK_AHEAD["only one column"]), Labeller())
    assert found(centred, y=words).kinds == {"future"}
    turned = make_pipeline(FunctionTransformer(lambda X: X[::-1]), Labeller())
    assert "order" in found(turned, y=words).kinds


def test_infinite_scores_hide_nothing():
    class Infinite(Faulty):
        def decision_function(self, X):
            scores = np.asarray(X.rolling(5, center=True, min_periods=1).mean())[:, -1]
            return np.where(np.arange(len(X)) == 0, -np.inf, scores)

    assert found(Infinite("none")).kinds == {"future"}


# How it is asked


def test_it_raises_on_request_with_the_report():
    with pytest.raises(ValueError, match=r"(?s)fault\(s\).*\[future\] step 'functiontransformer'"):
        found(step(LOOK_AHEAD["centred window"]), raise_on_fault=True)
    assert found(CLASSIFIER, raise_on_fault=True).ok


def test_estimator_and_rows_are_not_modified():
    pipeline = window_pipeline(clone(CLASSIFIER))
    before = vars(pipeline[-1]).copy()
    rows, labels = HOLED.copy(), Y.copy()
    found(make_pipeline(SimpleImputer(), pipeline), rows, labels)
    pd.testing.assert_frame_equal(rows, HOLED)
    pd.testing.assert_series_equal(labels, Y)
    assert vars(pipeline[-1]) == before


def test_the_same_random_state_gives_the_same_report():
    reports = [found(step(LOOK_AHEAD["gradient"]), random_state=seed) for seed in (3, 3, 4)]
    assert reports[0] == reports[1]
    assert reports[2].kinds == reports[0].kinds
    assert str(reports[2]) != str(reports[0])  # how many rows are past is drawn


def test_a_part_that_says_that_it_looks_ahead_is_reported_whatever_its_scores_show():
    report = found(make_pipeline(SlidingWindow(2, align="centre"), DummyClassifier()))
    assert report.kinds == {"future"}
    assert report.faults[0].where == "SlidingWindow"


@pytest.mark.parametrize("where", ["fit", "decision_function", "split"])
def test_memory_that_runs_out_is_no_entry_of_the_report(where, monkeypatch):
    def fail(*args, **kwargs):
        raise MemoryError

    X, y = make_kpi(120, contamination=0.1, random_state=0)
    if where == "split":
        monkeypatch.setattr(TimeSeriesSplit, "split", fail)
        model = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=TimeSeriesSplit(2))
    else:
        monkeypatch.setattr(LogisticRegression, where, fail)
        model = LogisticRegression()
    with pytest.raises(MemoryError):
        check_causal(model, X, y, cv=SeriesSplit(2))
