import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import average_precision_score

from sktsad import SeriesSplit, check_causal, make_detector
from sktsad._core import which_look_ahead
from sktsad.thresholds import MedianMAD, Quantile

PERIOD = 40
STEP = np.arange(1600)


def wave(fault=None, seed=0):
    """A wave of two harmonics with noise; one period of the last half may have a fault."""
    angle = 2 * np.pi * STEP / PERIOD
    values = np.sin(angle) + 0.5 * np.sin(2 * angle + 1)
    odd = slice(1200, 1240)
    if fault == "faint":
        values[odd] *= 0.4
    elif fault == "spike":
        values[1220] += 2
    elif fault == "other shape":
        values[odd] = 1.3 * np.sign(np.sin(angle[odd]))
    elif fault == "still":
        values[odd] = values[1200]
    elif fault == "shift":
        values[odd] += 1.5
    return pd.DataFrame(values + 0.1 * np.random.default_rng(seed).normal(size=len(STEP)))


@pytest.fixture(scope="module")
def detector():
    return make_detector().fit(wave()[:800])


@pytest.mark.parametrize("fault", ["faint", "spike", "other shape", "still", "shift"])
def test_a_fault_of_any_kind_has_the_largest_score_and_is_an_alarm(fault, detector):
    decision = detector.decision_function(wave(fault, seed=1)[800:])
    assert 1200 <= 800 + decision.argmax() < 1240 + PERIOD
    assert decision.max() > 0


def test_other_normal_rows_are_rarely_alarms(detector):
    assert detector.predict(wave(seed=2)[800:]).mean() < 0.02


def test_the_windows_are_as_long_as_the_period_says(detector):
    lengths = {name: member[1].length_ for name, member in detector.named_detectors_.items()}
    assert lengths == {
        "course": 100,
        "values": 20,
        "shape": 40,
        "half_shape": 20,
        "subspace": 40,
        "surprise": 40,
    }
    known = {name: member[-1].known_ for name, member in detector.named_detectors_.items() if "shape" in name}
    assert all(np.allclose(windows.mean(axis=1), 0) for windows in known.values())


def test_it_is_a_plain_fusion_with_parameters_of_its_members():
    detector = make_detector(threshold=Quantile(0.9), validation_fraction=0.3)
    assert (detector.threshold.q, detector.validation_fraction) == (0.9, 0.3)
    assert isinstance(make_detector().threshold, MedianMAD)
    changed = clone(detector).set_params(surprise="drop", course__slidingwindow__length=12).fit(wave()[:400])
    assert list(changed.named_detectors_) == ["course", "values", "shape", "half_shape", "subspace"]
    assert changed.named_detectors_["course"][1].length_ == 12
    assert make_detector().get_params()["course"] is not make_detector().get_params()["course"]


@pytest.mark.slow
def test_it_looks_at_no_later_row():
    y = pd.Series(np.arange(600) % 100 == 50, dtype=int)
    assert not check_causal(make_detector(), wave()[:600], y, cv=SeriesSplit(2)).faults


def test_by_all_windows_that_hold_a_row_it_looks_ahead_and_finds_the_event_itself(detector):
    X = wave("other shape", seed=1)[800:]
    y = (STEP[800:] >= 1200) & (STEP[800:] < 1240)
    ahead = make_detector(score_on="overlap").fit(wave()[:800])
    score = ahead.decision_function(X)
    assert y[score.argmax()]
    assert average_precision_score(y, score) > average_precision_score(y, detector.decision_function(X)) + 0.2
    assert ahead.threshold.k == 8
    assert ahead in which_look_ahead(ahead)


def test_whole_recordings_are_also_compared_with_themselves():
    X = wave("other shape", seed=1)[800:]
    y = (STEP[800:] >= 1200) & (STEP[800:] < 1240)
    ahead = make_detector(score_on="series").fit(wave()[:800])
    score = ahead.decision_function(X)
    assert y[score.argmax()]
    assert average_precision_score(y, score) > 0.8
    assert ahead.threshold.k == 8


def test_long_windows_of_many_sensors_are_compared_by_few_values(detector):
    rng = np.random.default_rng(0)
    waves = np.sin(2 * np.pi * np.arange(2400)[:, None] / 600 + rng.uniform(0, 6, 5))
    many = make_detector().fit(waves + 0.1 * rng.normal(size=(2400, 5)))
    members = many.named_detectors_
    assert members["shape"][1].length_ == 400  # 2,000 values
    assert [member[-1].n_features_in_ for member in members.values()] == [250, 295, 250, 245, 250, 255]
    assert members["surprise"][2].keep == "last"
    assert [member[-1].n_features_in_ for member in detector.named_detectors_.values()] == [
        100,
        20,
        40,
        20,
        40,
        40,
    ]


def test_a_switch_that_is_rarely_on_does_not_hide_a_sensor():
    switches = (np.random.default_rng(0).random((1600, 10)) < 0.005).astype(float)
    X = np.column_stack([wave("shift", seed=1)[0], switches])
    y = (STEP[800:] >= 1200) & (STEP[800:] < 1240)
    values = make_detector()
    values.set_params(**{name: "drop" for name, _ in values.detectors if name != "values"})
    values.set_params(values__nearestwindowsdetector__n_best=None)  # all columns together
    figures = []
    for scaler in (values.get_params()["values__seriesscaler__scaler"], None):
        fitted = clone(values).set_params(values__seriesscaler__scaler=scaler).fit(X[:800])
        figures.append(average_precision_score(y, fitted.decision_function(X[800:])))
    assert figures[0] > figures[1] + 0.3


def test_an_event_in_one_of_many_columns_is_found():
    rng = np.random.default_rng(0)
    X = np.column_stack([wave("shift", seed=1)[0], rng.random((1600, 8)) < 0.02, rng.normal(size=(1600, 8))])
    y = (STEP[800:] >= 1200) & (STEP[800:] < 1240)
    one_by_one, together = make_detector(), make_detector()
    together.set_params(**{f"{name}__nearestwindowsdetector__n_best": None for name in ("course", "values")})
    figures = [
        average_precision_score(y, fusion.fit(X[:800]).decision_function(X[800:]))
        for fusion in (one_by_one, together)
    ]
    assert figures[0] > figures[1] + 0.1


def test_a_panel_and_a_pickle_score_alike(detector):
    index = pd.MultiIndex.from_product([["a", "b"], range(800)])
    X = pd.DataFrame(np.concatenate([wave()[:800], 5 + 3 * wave(seed=3)[:800]]), index)
    fitted = make_detector().fit(X)
    alone = fitted.decision_function(X.loc[["b"]])
    np.testing.assert_allclose(alone, fitted.decision_function(X)[800:], atol=1e-6)
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(fitted)).decision_function(X), fitted.decision_function(X)
    )


def test_a_parameter_out_of_range_is_named():
    with pytest.raises(ValueError, match="The 'validation_fraction' parameter of make_detector must be"):
        make_detector(validation_fraction=1)


def test_only_the_scores_of_whole_recordings_are_smoothed():
    smoothed = {how: make_detector(score_on=how).smooth for how in ("row", "overlap", "series")}
    assert smoothed == {"row": 0, "overlap": 0, "series": 25}
