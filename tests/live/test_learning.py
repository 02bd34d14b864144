"""Thresholds and detectors that continue learning, each alone."""

import numpy as np
import pandas as pd
import pytest

from sktsad import GaussianDetector, PCADetector
from sktsad.live import LiveScorer
from sktsad.thresholds import Quantile

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(120, 2)), pd.RangeIndex(120), ["load", "heat"])
LATER = pd.DataFrame(RNG.normal(loc=0.3, size=(60, 2)), pd.RangeIndex(120, 180), ["load", "heat"])


def test_a_detector_alone_goes_on_from_rows_that_are_no_alarms():
    model = GaussianDetector(threshold=3.0).fit(X)
    scorer = LiveScorer(model, learn=True)
    found = scorer.update(LATER)
    wanted = GaussianDetector(threshold=3.0).fit(X).partial_fit(LATER[~found["alarm"].to_numpy()])
    np.testing.assert_allclose(scorer.model.mean_, wanted.mean_)
    score, _ = scorer.update_one(None, 180, [0.1, 0.2])
    assert score == pytest.approx(wanted.anomaly_score(pd.DataFrame([[0.1, 0.2]], columns=X.columns))[0])
    scorer.update(LATER[:1].set_axis([181]) + 99)  # an alarm: nothing to learn from


def test_a_rule_alone_goes_on_and_rows_that_are_primed_are_not_learnt():
    model = PCADetector(threshold=Quantile(0.9)).fit(X)
    primed, scored = LiveScorer(model, learn=True), LiveScorer(model, learn=True)
    primed.prime(LATER)
    scored.update(LATER)
    assert primed.model.threshold_ == model.threshold_ != scored.model.threshold_


def test_a_detector_fitted_on_an_array_learns_from_arrays():
    scorer = LiveScorer(GaussianDetector(threshold=9.0).fit(X.to_numpy()), learn=True)
    for row in LATER.to_numpy():
        scorer.update_one(None, None, row)
    wanted = GaussianDetector(threshold=9.0).fit(X.to_numpy()).partial_fit(LATER.to_numpy())
    np.testing.assert_allclose(scorer.model.mean_, wanted.mean_)
