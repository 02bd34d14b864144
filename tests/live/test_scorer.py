"""Live scores: the same as by one call over all rows; unusual rows; threads; snapshots."""

import threading
import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, QuantileTransformer, StandardScaler

import sktsad
from sktsad import (
    AutoencoderDetector,
    ConfidenceDetector,
    CostSensitiveClassifier,
    ForecastDetector,
    FusionDetector,
    GaussianDetector,
    KMeansDetector,
    LevelShiftDetector,
    LinearForecastDetector,
    NearestWindowsDetector,
    OutlierClassifier,
    PCADetector,
    RNNClassifier,
    RollingFeatures,
    SeriesFeatures,
    SeriesImputer,
    SeriesScaler,
    SeriesSplit,
    SlidingWindow,
    SmoothedClassifier,
    StatefulForecastDetector,
    StatefulRNNClassifier,
    ThresholdClassifier,
    TorchClassifier,
    VAEDetector,
    WindowReducer,
    WindowScaler,
    ZScoreDetector,
)
from sktsad.live import LiveScorer
from sktsad.thresholds import Quantile

NET = {"max_epochs": 1, "random_state": 0}
ALONG = {"hidden_size": 3, "min_updates": 2, **NET}
ROLLING = RollingFeatures(
    [3, 6],
    std_windows=[5],
    slope_windows=[4],
    ewm_spans=[3],
    n_periods=3,
    n_neighbors=1,
    same_windows=[4],
    period_lags=[1, 2],
)


def forest():
    return OutlierClassifier(IsolationForest(n_estimators=5, random_state=0))


def squash():
    return FunctionTransformer(np.arcsinh, feature_names_out="one-to-one").set_output(transform="pandas")


#: By how much scores may differ, as a share of their spread.
EXACT, ROUNDED, SINGLE = 0.0, 1e-7, 1e-5

MODELS = {
    "z": (make_pipeline(SlidingWindow(6), ZScoreDetector("rolling")), EXACT),
    "z of rows": (make_pipeline(SeriesScaler(), ZScoreDetector()), EXACT),
    "zeros": (make_pipeline(SlidingWindow(6, padding="zero"), ZScoreDetector("rolling", robust=True)), EXACT),
    "no history": (make_pipeline(SlidingWindow(6, history="none"), ZScoreDetector("rolling")), EXACT),
    "smoothed": (SmoothedClassifier(make_pipeline(SlidingWindow(5), ZScoreDetector("rolling")), 4), EXACT),
    "smoothed by time": (
        SmoothedClassifier(ZScoreDetector(), "4h", statistic="median", max_gap="90min"),
        EXACT,
    ),
    "scaler of windows": (make_pipeline(SlidingWindow(5), WindowScaler(), GaussianDetector()), ROUNDED),
    "reduced windows": (
        make_pipeline(SlidingWindow(7), WindowReducer(4), WindowScaler(), GaussianDetector("full")),
        ROUNDED,
    ),
    "scikit-learn": (
        make_pipeline(
            StandardScaler().set_output(transform="pandas"),
            squash(),
            SlidingWindow(4),
            GaussianDetector("full"),
        ),
        ROUNDED,
    ),
    "min and max": (make_pipeline(SeriesScaler(MinMaxScaler()), SlidingWindow(4), PCADetector()), ROUNDED),
    "any scaler": (
        make_pipeline(SeriesScaler(QuantileTransformer(n_quantiles=10)), KMeansDetector(3, random_state=0)),
        ROUNDED,
    ),
    "which series": (
        make_pipeline(SeriesFeatures(["number", "level"]), SlidingWindow(4), LevelShiftDetector()),
        ROUNDED,
    ),
    "filled": (
        make_pipeline(
            SeriesImputer("mean", add_unchanged=True),
            SlidingWindow("4h", max_gap="90min"),
            LevelShiftDetector(),
        ),
        ROUNDED,
    ),
    "features": (make_pipeline(SeriesScaler(), ROLLING, GaussianDetector()), ROUNDED),
    "windows of features": (
        make_pipeline(RollingFeatures(period=None, max_gap="1h"), SlidingWindow(3), LinearForecastDetector()),
        ROUNDED,
    ),
    "trees": (make_pipeline(ROLLING, HistGradientBoostingClassifier(max_iter=3)), ROUNDED),
    "nearest": (make_pipeline(SlidingWindow(5), NearestWindowsDetector()), ROUNDED),
    "foreign": (make_pipeline(SlidingWindow(5), forest()), ROUNDED),
    "neighbours": (
        make_pipeline(SlidingWindow(2), OutlierClassifier(LocalOutlierFactor(novelty=True))),
        ROUNDED,
    ),
    "threshold": (
        ThresholdClassifier(
            make_pipeline(SlidingWindow(3), LogisticRegression()), cv=SeriesSplit(2), min_events=1
        ),
        ROUNDED,
    ),
    "costs": (CostSensitiveClassifier(make_pipeline(SlidingWindow(3), LogisticRegression())), ROUNDED),
    "probabilities": (make_pipeline(SlidingWindow(3), LogisticRegression()), ROUNDED),
    "fusion": (
        FusionDetector(
            [
                ("window", make_pipeline(SlidingWindow(5), ZScoreDetector("rolling"))),
                ("tree", make_pipeline(SlidingWindow(3), LogisticRegression())),
            ],
            refit=True,
        ),
        ROUNDED,
    ),
    "search": (
        GridSearchCV(
            make_pipeline(SlidingWindow(3), GaussianDetector()),
            {"slidingwindow__length": [4]},
            scoring="average_precision",
            cv=SeriesSplit(2),
        ),
        ROUNDED,
    ),
    "recurrent": (make_pipeline(SlidingWindow(4), RNNClassifier("gru", hidden_size=3, **NET)), SINGLE),
    "dense": (TorchClassifier(**NET), SINGLE),
    "autoencoder": (make_pipeline(SlidingWindow(4), AutoencoderDetector(hidden_sizes=(3,), **NET)), SINGLE),
    "variational": (make_pipeline(SlidingWindow(4), VAEDetector(hidden_sizes=(3,), **NET)), SINGLE),
    "forecast": (make_pipeline(SlidingWindow(4), ForecastDetector(hidden_size=3, **NET)), SINGLE),
    "along": (make_pipeline(SeriesScaler(), ROLLING, StatefulRNNClassifier("gru", **ALONG)), SINGLE),
    "known": (StatefulRNNClassifier("lstm", num_layers=2, series_embedding=2, **ALONG), SINGLE),
    "along, forecast": (
        make_pipeline(SeriesScaler(), StatefulForecastDetector(horizon=3, max_gap="1h", **ALONG)),
        SINGLE,
    ),
    "budget": (ThresholdClassifier(StatefulForecastDetector(loss="squared_error", **ALONG), 1.5), SINGLE),
}
_FITTED = {}


def fitted(name, factory):
    """Return a fitted model and what it says of all later rows in one call; fitted once."""
    if name not in _FITTED:
        train, y, later = factory
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of folds without an anomaly, and so on
            model = clone(MODELS[name][0]).fit(train, y)
            if name == "probabilities":
                model = make_pipeline(model[0], ConfidenceDetector(FrozenEstimator(model[-1]))).fit(train)
            _FITTED[name] = model, pd.Series(model.decision_function(later), later.index)
    return _FITTED[name]


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_scores_are_those_of_one_call(name, factory, data):
    model, wanted = fitted(name, factory)
    later = factory[2].sort_index(level=1, kind="stable")  # the machines take turns
    n_primed = data.draw(st.integers(0, 60), "primed")
    cuts = data.draw(st.sets(st.integers(n_primed, len(later)), max_size=6), "cuts")
    scorer = LiveScorer(model)
    if n_primed:
        scorer.prime(later[:n_primed])
    found = []
    edges = [n_primed, *sorted(cuts), len(later)]
    for start, stop in pairwise(edges):
        rows = later[start:stop]
        if len(rows) < 40 and data.draw(st.booleans(), "one by one"):
            for (machine, time), values in zip(rows.index, rows.to_numpy(), strict=True):
                score, alarm = scorer.update_one(machine, time, values)
                found.append(score - scorer._engine.chain.threshold)
                assert alarm == (found[-1] > 0)
        elif len(rows):
            found += scorer.update(rows)["decision"].tolist()
    wanted = wanted[later.index[n_primed:]].to_numpy()
    assert np.abs(np.array(found) - wanted).max() <= MODELS[name][1] * max(1.0, wanted.std())


def test_a_gap_of_a_length_of_time_matters_and_needs_dates(factory):
    train, _, later = factory
    model = make_pipeline(SlidingWindow(6, max_gap="90min"), ZScoreDetector("rolling")).fit(train)
    single = train.loc["a"].reset_index(drop=True)
    assert (fitted("z", factory)[1] != model.decision_function(later)).any()
    scorer = LiveScorer(ZScoreDetector().fit(single), max_gap="90min")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"max_gap='90min' is a length of time, .* it holds numbers"):
            scorer.update(single[:3])


def test_every_public_estimator_that_scores_is_among_the_models():
    def names(model):
        inner = model.get_params(deep=True).values()
        return {type(each).__name__ for each in [model, *inner]}

    tested = set().union(*(names(model) for model, _ in MODELS.values()))
    tested |= {type(member).__name__ for _, fusion in [MODELS["fusion"]] for member in [fusion]}
    # Regressors and pre-trainers give no score; samplers work at fit alone; encoders are as `WindowScaler` is.
    others = {"RNNRegressor", "ForecastPretrainer", "MaskedReconstructionPretrainer", "PretrainedEncoder"}
    others |= {"SafeSampler", "WindowAugmenter", "ConfidenceDetector", "PerSeries"}
    public = {
        name
        for name in sktsad.__all__
        if isinstance(cls := getattr(sktsad, name), type) and hasattr(cls, "get_params")
    }
    assert {name for name in public if not name.endswith("Split")} - others <= tested


@pytest.mark.parametrize("index", ["array", "numbers", "dates with a zone"])
def test_single_series_with_and_without_time(index):
    values = np.random.default_rng(0).normal(size=(300, 1))
    X = values
    if index != "array":
        X = pd.DataFrame(values)
    if index == "dates with a zone":
        X.index = pd.date_range("2026-03-20", periods=300, freq="h", tz="Europe/Berlin")  # clocks change
    model = make_pipeline(
        clone(ROLLING).set_params(period=24 if index != "dates with a zone" else "auto"), GaussianDetector()
    )
    model.fit(X[:150])
    scorer = LiveScorer(model)
    found = [scorer.update(X[start : start + 50]) for start in range(150, 250, 50)]
    times = [None] * 50 if index == "array" else X.index[250:]
    last = [scorer.update_one(None, time, row)[0] for time, row in zip(times, values[250:], strict=True)]
    found = np.append(pd.concat(found)["score"], last)
    np.testing.assert_allclose(found, model[-1].anomaly_score(model[:-1].transform(X[150:])), atol=1e-9)


@pytest.fixture
def scorer(factory):
    return LiveScorer(fitted("z", factory)[0])


def rows_of(factory, n_rows, machine="a"):
    return factory[2].loc[[machine]].iloc[:n_rows]


def test_rows_of_one_call_are_put_in_order(factory, scorer):
    rows = rows_of(factory, 20)
    shuffled = rows.sample(frac=1, random_state=0)
    found = scorer.update(shuffled)
    assert found.index.equals(shuffled.index)
    wanted = LiveScorer(scorer.model).update(rows)
    pd.testing.assert_frame_equal(found.loc[rows.index], wanted)


def test_rows_that_are_late_or_repeated_get_no_score_and_stop_nobody(factory, scorer):
    first, second = rows_of(factory, 10), rows_of(factory, 3, "b")
    scorer.update(first.drop(first.index[4]))
    odd = pd.concat([first.iloc[[4, 9]], second, second.iloc[[1]]])
    with pytest.warns(
        UserWarning, match=r"1 row\(s\) came after later rows.*; 2 row\(s\) repeat a time"
    ) as record:
        found = scorer.update(odd)
    assert record[0].filename == __file__
    assert found["status"].tolist() == ["late", "repeated", "scored", "scored", "scored", "repeated"]
    assert found["score"].isna().tolist() == [True, True, False, False, False, True]
    assert not found["alarm"][found["status"] != "scored"].any()
    with pytest.warns(UserWarning, match="repeat a time"):
        score, alarm = scorer.update_one("a", first.index[9][1], [0.0, 0.0])
    assert np.isnan(score)
    assert not alarm
    wanted = LiveScorer(scorer.model).update(pd.concat([first.drop(first.index[4]), second]))["score"]
    assert found["score"].iloc[2:5].tolist() == wanted.iloc[9:].tolist()


def test_rows_of_fit_that_come_again_are_late(factory, scorer):
    train = factory[0].loc[["a"]]
    with pytest.warns(UserWarning, match=r"4 row\(s\) came after later rows.*1 row\(s\) repeat a time"):
        assert scorer.update(train[-5:])["score"].isna().all()


@pytest.mark.parametrize(("policy", "score"), [("alarm", np.inf), ("skip", np.nan)])
def test_rows_that_are_not_finite(factory, policy, score):
    model, _ = fitted("along", factory)
    rows = factory[2].loc[["a", "b"]]
    holed = rows.copy()
    holed.iloc[3, 1] = np.nan
    scorer = LiveScorer(model, not_finite=policy)
    with pytest.warns(UserWarning, match=r"1 row\(s\) contain NaN or infinite values"):
        found = scorer.update(holed)
    assert found["status"].tolist().count("not finite") == 1
    np.testing.assert_equal(found["score"].iloc[3], score)
    assert found["alarm"].iloc[3] == (policy == "alarm")
    kept = rows.drop(rows.index[3])
    np.testing.assert_allclose(
        found["decision"].drop(rows.index[3]), model.decision_function(kept), atol=1e-5
    )


def test_not_finite_may_be_an_error_and_then_nothing_is_taken(factory, scorer):
    strict = LiveScorer(scorer.model, not_finite="raise")
    rows = rows_of(factory, 6)
    holed = rows.copy()
    holed.iloc[2, 1] = np.inf
    with pytest.raises(ValueError, match="the first is row 2, column 'heat', of series 'a'"):
        strict.update(holed)
    pd.testing.assert_frame_equal(strict.update(rows), scorer.update(rows))


def test_a_row_that_a_step_fails_on_is_an_alarm_and_the_others_are_not(factory):
    def refuse(values):
        if (np.abs(values) > 100).any():
            raise ValueError("too large")
        return values

    model = make_pipeline(FunctionTransformer(refuse), SlidingWindow(3), ZScoreDetector("rolling"))
    model.fit(factory[0].loc["a"].to_numpy())
    rows = rows_of(factory, 5).to_numpy(copy=True)
    scorer = LiveScorer(model, look_back={"functiontransformer": 0})
    scorer.update(rows)
    rows[1] = 1e300
    with pytest.warns(UserWarning, match=r"A step failed on 1 row\(s\)"):
        found = scorer.update(rows)
    assert np.isinf(found["score"]).tolist() == [False, True, False, False, False]
    assert found["alarm"].iloc[1]
    with pytest.raises(ValueError, match="too large"):  # nothing has ever worked: it is no matter of one row
        LiveScorer(model, look_back={"functiontransformer": 0}).update(rows[[1]])


def test_a_series_that_the_model_cannot_score(factory):
    model = make_pipeline(SeriesScaler(unseen="error"), ZScoreDetector()).fit(factory[0])
    scorer = LiveScorer(model)
    rows = pd.concat([rows_of(factory, 3, "new"), rows_of(factory, 3)])
    with pytest.warns(
        UserWarning, match=r"3 row\(s\) belong to series that the model cannot score \(it was not seen"
    ):
        found = scorer.update(rows)
    assert found["score"].notna().tolist() == [False] * 3 + [True] * 3
    assert scorer.series == ["a"]


def test_a_series_that_ends_is_forgotten(factory, scorer):
    rows = rows_of(factory, 30, "new")
    first = scorer.update(rows)
    assert scorer.forget("new").series == []
    pd.testing.assert_frame_equal(scorer.update(rows), first)
    with pytest.raises(KeyError):
        scorer.forget("b")


def test_many_series_one_row_each_and_room_for_them(scorer):
    time = pd.Timestamp("2026-05-01")
    index = pd.MultiIndex.from_product([[f"m{number}" for number in range(40)], [time]])
    found = scorer.update(pd.DataFrame(np.zeros((40, 2)), index, ["load", "heat"]))
    assert len(scorer.series) == 40
    assert (found["status"] == "scored").all()


def test_a_clock_that_goes_otherwise_is_said_once(factory, scorer):
    values = np.zeros((30, 2))
    time = pd.date_range("2026-03-08 12:00", periods=30, freq="5min")
    rows = pd.DataFrame(values, pd.MultiIndex.from_product([["a"], time]), ["load", "heat"])
    scorer.update(rows[:10])
    with pytest.warns(UserWarning, match="1 series have a different time step from that during fit"):
        scorer.update(rows[10:20])
    scorer.update(rows[20:])
    other = LiveScorer(scorer.model)
    with pytest.warns(UserWarning, match="a different time step"):
        for row in rows[:20].itertuples():
            other.update_one("a", row.Index[1], row[1:])


@pytest.mark.parametrize("length", ["12min", "1min"])
def test_series_whose_clock_is_new_are_smoothed_over_the_same_time(length):
    def rows_every(step, name):
        index = pd.MultiIndex.from_product([[name], pd.date_range("2026-05-01", periods=60, freq=step)])
        return pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), index)

    model = SmoothedClassifier(ZScoreDetector(), length).fit(rows_every("3min", "known"))
    later = pd.concat([rows_every("30s", "fast"), rows_every("10min", "slow")])
    together = later.sort_index(level=1, kind="stable")
    scorer = LiveScorer(model)
    found = pd.concat([scorer.update(together[start : start + 7]) for start in range(0, len(together), 7)])
    wanted = pd.Series(model.decision_function(later), later.index)
    np.testing.assert_allclose(found["decision"], wanted[found.index])


def test_another_kind_of_rows_is_refused(factory, scorer):
    rows = rows_of(factory, 5)
    with pytest.raises(ValueError, match="are not those seen during fit"):
        scorer.update(rows[["heat", "load"]])
    with pytest.raises(ValueError, match=r"Expected rows of 2 column"):
        scorer.update(rows.to_numpy()[:, :1])
    with pytest.raises(ValueError, match="Pass a frame"):
        scorer.update(rows["load"])
    with pytest.raises(ValueError, match=r"Expected 2 value"):
        scorer.update_one("a", rows.index[0][1], [1.0])
    with pytest.raises(TypeError, match="must be a date"):
        scorer.update_one("a", "tomorrow", [1.0, 2.0])
    with pytest.raises(ValueError, match=r"have a \(series, time\) index"):
        scorer.update(rows.droplevel(0))
    scorer.update(rows)
    with pytest.raises(ValueError, match="Use the same kind of index for all"):
        scorer.update_one("a", 7, [1.0, 2.0])
    with pytest.raises(
        ValueError, match="The index of the training rows has dates, but that of these rows has numbers"
    ):
        LiveScorer(scorer.model).update_one("a", 7, [1.0, 2.0])
    assert scorer.update(rows[:0]).empty


@pytest.mark.parametrize(
    "wrap", [lambda it: it, lambda it: FusionDetector([("it", it)])], ids=["plain", "wrapped"]
)
def test_rows_of_the_past_are_taken_without_a_score(factory, wrap, monkeypatch):
    train, _, _ = factory
    model = wrap(make_pipeline(SeriesScaler(), SlidingWindow(4), GaussianDetector("full"))).fit(train)
    rows = rows_of(factory, 12)
    rows.iloc[2:4] = np.nan  # one that is alone in its wave
    with pytest.warns(UserWarning, match="NaN or infinite"):
        wanted = LiveScorer(model).update(rows)["score"][8:]
    scored = []
    score = GaussianDetector._score
    monkeypatch.setattr(GaussianDetector, "_score", lambda self, X: scored.append(len(X)) or score(self, X))
    scorer = LiveScorer(model)
    with pytest.warns(UserWarning, match="NaN or infinite"):
        scorer.prime(rows[:8])
    assert scored == []
    np.testing.assert_array_equal(scorer.update(rows[8:])["score"], wanted)
    assert sum(scored) == 4


def test_a_row_of_the_past_that_a_step_makes_infinite_does_not_reach_the_window():
    X = np.exp(np.random.default_rng(0).normal(size=(60, 1)))
    model = make_pipeline(FunctionTransformer(np.log), SlidingWindow(4), ZScoreDetector("rolling")).fit(X)
    past = np.array([[1.0], [0.0], [2.0], [3.0]])  # the logarithm of 0 is infinite
    with np.errstate(divide="ignore"):
        wanted = LiveScorer(model).update(np.concatenate([past, X[:5]]))["score"][4:]
        assert LiveScorer(model).prime(past).update(X[:5])["score"].tolist() == wanted.tolist()


def test_one_row_by_names_in_any_order(factory, scorer):
    rows = rows_of(factory, 6)
    wanted = LiveScorer(scorer.model).update(rows)["score"].tolist()
    for at, (_, time) in enumerate(rows.index):
        row = rows.iloc[at]
        plain = pd.Series(row.to_numpy())  # without names of its own
        values = [row.to_dict(), row[::-1], dict(reversed(row.to_dict().items())), plain][at % 4]
        assert scorer.update_one("a", time, values)[0] == pytest.approx(wanted[at], abs=1e-12)
    for names in ({"load": 1.0}, {"load": 1.0, "hot": 2.0}, pd.Series([1.0, 2.0], ["load", "load"])):
        with pytest.raises(ValueError, match=r"not those seen during fit. Pass \['load', 'heat'\]"):
            scorer.update_one("a", time, names)
    with pytest.raises(ValueError, match=r"got a dict. Pass a frame: pandas.DataFrame\(\[X\], index"):
        scorer.update(rows.iloc[0].to_dict())
    with pytest.raises(ValueError, match="values has names, but the training rows had none"):
        LiveScorer(ZScoreDetector().fit(rows.to_numpy())).update_one(None, 1, {"load": 1.0, "heat": 2.0})


def test_numbers_of_fit_say_nothing_about_dates():
    X = pd.DataFrame({"load": np.arange(30.0)})
    scorer = LiveScorer(make_pipeline(SlidingWindow(3), ZScoreDetector("rolling")).fit(X))
    assert scorer.update_one(None, np.datetime64("2026-01-01"), [5.0]) == (0.0, False)


@pytest.mark.parametrize("time", [pd.Timedelta("1h"), np.timedelta64(1, "h"), pd.Period("2026-01", "M"), 1.5])
def test_time_may_be_many_things(time):
    scorer = LiveScorer(ZScoreDetector().fit(np.arange(9.0)[:, None]))
    assert scorer.update_one(None, time, [4.0]) == (0.0, False)
    assert scorer.series == [None]


def test_alarms_open_and_close(factory):
    X = pd.DataFrame({"load": np.zeros(40)}, pd.date_range("2026", periods=40, freq="min"))
    X.iloc[[3, 5, 6, 20]] = 9.0
    model = ZScoreDetector(threshold=2.0).fit(X)
    whole = LiveScorer(model, merge_gap=2, min_rows=2).update(X)
    parts = LiveScorer(model, merge_gap=2, min_rows=2)
    found = []
    for start in range(0, 40, 7):
        found.append(parts.update(X[start : start + 7]))
        assert parts.open_alarms == ([None] if start == 0 else [])
    found = pd.concat(found)
    pd.testing.assert_frame_equal(found, whole)
    assert np.flatnonzero(found["opened"]).tolist() == [5]
    assert np.flatnonzero(found["closed"]).tolist() == [9]
    assert np.flatnonzero(found["alarm"]).tolist() == [3, 5, 6, 20]
    default = LiveScorer(model).update(X)  # half an hour of quiet rows
    assert np.flatnonzero(default["opened"]).tolist() == [3]


def test_two_threads_are_one_too_many(scorer, monkeypatch):
    started, go = threading.Event(), threading.Event()

    def wait(*args):
        started.set()
        go.wait(10)

    monkeypatch.setattr(scorer._engine, "forget", wait)
    thread = threading.Thread(target=scorer.forget, args=["a"])
    thread.start()
    started.wait(10)
    try:
        with pytest.raises(RuntimeError, match="Another thread is calling"):
            scorer.forget("a")
    finally:
        go.set()
        thread.join()


def test_parameters_are_checked(scorer):
    with pytest.raises(ValueError, match="not_finite"):
        LiveScorer(scorer.model, not_finite="hope")


def test_a_threshold_goes_on_learning_on_a_copy(factory):
    model = make_pipeline(SeriesScaler(), GaussianDetector(threshold=Quantile(0.9))).fit(factory[0])
    before = model[-1].threshold_
    scorer = LiveScorer(model, learn=True)
    rows = factory[2].loc[["a", "b"]]
    found = scorer.update(rows)
    assert scorer.model is not model
    assert model[-1].threshold_ == before
    rule = model[-1].threshold_rule_
    seen = np.repeat(rule.thresholds_, rule._counts)
    quiet = found["score"][~found["alarm"]]
    wanted = Quantile(0.9).fit(np.concatenate([seen, quiet])).threshold_
    assert scorer.model[-1].threshold_ == wanted != before
    with pytest.raises(TypeError, match="learn=True, but"):
        LiveScorer(fitted("z", factory)[0], learn=True)
