"""Two windows side by side, one by one."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu, norm

from sktsad import LevelShiftDetector, SlidingWindow

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(300, 2)).round(1) * [1, 3]
WINDOWS = SlidingWindow(12).fit_transform(pd.DataFrame(ROWS, columns=["u", "v"]))
LEAST = 0.1 * np.asarray(WINDOWS).reshape(-1, 2).std(axis=0)


def mean(before, after, least):
    return abs(after.mean() - before.mean()) / np.sqrt((before.var() + after.var()) / 2 + least**2)


def rank(before, after, least):
    return abs(2 * mannwhitneyu(after, before).statistic / (len(before) * len(after)) - 1)


def spread(before, after, least):
    return abs(np.log(np.sqrt(after.var() + least**2) / np.sqrt(before.var() + least**2)))


def both(before, after, least):
    """The likelihood ratio; a little noise on each value is in the variances as it is in those of the detector."""
    noise = least * np.array([-1, 1])
    parts = [np.add.outer(part, noise).ravel() for part in (before, after)]
    together = np.concatenate(parts)
    likelihood = sum(norm.logpdf(part, part.mean(), part.std()).sum() for part in parts)
    return (likelihood - norm.logpdf(together, together.mean(), together.std()).sum()) / len(together)


@pytest.mark.parametrize("n_recent", [None, 3])
@pytest.mark.parametrize("statistic", [mean, rank, spread, both], ids=lambda function: function.__name__)
def test_the_score_is_that_of_the_channel_that_differs_most(statistic, n_recent):
    detector = LevelShiftDetector(statistic.__name__, n_recent=n_recent, threshold=1.0).fit(WINDOWS)
    np.testing.assert_allclose(detector.least_spread_, LEAST)
    cut = 12 - (n_recent or 6)
    expected = np.array(
        [
            [statistic(part[:cut, c], part[cut:, c], LEAST[c]) for c in range(2)]
            for part in np.asarray(WINDOWS).reshape(-1, 12, 2)
        ]
    )
    features = detector.feature_scores(WINDOWS)
    assert list(features) == ["u_t-0", "v_t-0"]
    np.testing.assert_allclose(features, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(detector.anomaly_score(WINDOWS), expected.max(axis=1), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "statistic, change", [("mean", "level"), ("rank", "level"), ("spread", "spread"), ("both", "spread")]
)
def test_a_change_for_good_is_an_alarm_once(statistic, change):
    rows = np.random.default_rng(1).normal(size=(1000, 1))
    if change == "level":
        rows[800:] += 3
    else:
        rows[800:] *= 5
    windows = SlidingWindow(60).fit_transform(rows)
    alarms = np.flatnonzero(LevelShiftDetector(statistic).fit(windows[:700]).predict(windows))
    alarms = alarms[alarms >= 60]  # windows before are padded: half of them stands still
    assert len(alarms) > 5
    assert np.mean((alarms >= 800) & (alarms < 860)) > 0.95


def test_a_series_that_stands_still_has_no_shift_by_its_noise():
    rows = np.concatenate([np.sin(np.arange(300) / 3), np.zeros(60)])[:, None]
    rows[330:] += 1e-6
    windows = SlidingWindow(40).fit_transform(rows)
    score = LevelShiftDetector().fit(windows[:300]).anomaly_score(windows)
    assert score[-10:].max() < 1e-4


def test_single_rows_have_nothing_to_compare():
    detector = LevelShiftDetector(threshold=0.5).fit(ROWS[:50, :1])
    np.testing.assert_array_equal(detector.anomaly_score(ROWS[:, :1]), 0)


def test_recent_rows_that_fill_the_window_are_refused():
    with pytest.raises(ValueError, match="n_recent=12 leaves nothing to compare with"):
        LevelShiftDetector(n_recent=12).fit(WINDOWS)
