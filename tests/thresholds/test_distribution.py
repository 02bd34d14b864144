import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sktsad.thresholds import MaxTimes, MeanStd, MedianMAD, PeaksOverThreshold, Quantile
from sktsad.thresholds import _distribution as module
from sktsad.thresholds._distribution import Distribution

SCORES = st.lists(st.integers(-9, 9).map(float), min_size=1, max_size=40)


@settings(deadline=None, max_examples=80)
@given(SCORES, st.floats(0.01, 1), st.floats(-10, 10))
def test_counted_scores_are_described_as_the_scores_one_by_one(scores, q, level):
    scores, counted = np.array(scores), Distribution.of(np.array(scores))
    assert len(counted) == len(scores)
    assert [counted.at_rank(rank) for rank in range(1, len(scores) + 1)] == sorted(scores)
    assert np.mean(scores <= counted.quantile(q)) >= round(q, 9) - 1e-9
    assert counted.median() == np.median(scores)
    np.testing.assert_allclose([counted.mean(), counted.std()], [scores.mean(), scores.std()], atol=1e-12)
    assert counted.distances(level).median() == pytest.approx(np.median(np.abs(scores - level)), abs=1e-12)
    np.testing.assert_array_equal(counted.above(level), np.sort(scores[scores > level]))
    assert counted.count_above(level) == np.sum(scores > level)
    assert counted.distances(level).counts.dtype.kind == "i"


def test_of_many_scores_few_levels_are_kept_and_the_largest_as_they_are(monkeypatch):
    monkeypatch.setattr(module, "MOST_LEVELS", 64)
    scores = np.random.default_rng(0).exponential(size=1000)
    thin = Distribution.of(scores).thinned()
    assert len(thin.levels) <= 64 and len(thin) == 1000
    np.testing.assert_array_equal(thin.levels[-32:], np.sort(scores)[-32:])
    assert thin.counts.max() <= 1000 / 16 + 1
    assert thin.mean() == pytest.approx(scores.mean())
    ranks = np.searchsorted(
        np.sort(scores), thin.levels, side="right"
    )  # each lies among the scores that it stands for
    assert (ranks <= thin.up_to).all() and (ranks >= thin.up_to - thin.counts).all()
    assert len(thin.above(0.0)) == 64


def test_no_more_than_65536_levels_are_kept():
    few, many = (Distribution.of(np.arange(float(size))) for size in (2**16, 2**16 + 1))
    assert few.thinned() is few
    assert len(many.thinned().levels) <= 2**16
    assert many.thinned().levels[-(2**15) :].tolist() == many.levels[-(2**15) :].tolist()
    assert many.thinned().levels[0] > 0


@pytest.mark.parametrize("heavy", [1, 30, 400])
def test_levels_are_joined_by_sixteenths_of_their_scores(heavy, monkeypatch):
    """Against a loop; a heavy first level reaches beyond the first sixteenth."""
    monkeypatch.setattr(module, "MOST_LEVELS", 64)
    counts = np.random.default_rng(heavy).integers(1, 9, 100)
    counts[0] = heavy
    thin = Distribution(np.arange(100.0), counts).thinned()
    groups, seen, total = {}, 0, counts[:68].sum()
    for level in range(68):
        seen += counts[level]
        groups.setdefault((seen - 1) * 16 // total, []).append(level)
    assert thin.counts.tolist() == [
        *(counts[group].sum() for group in groups.values()),
        *counts[68:],
    ]
    means = [np.average(np.arange(100)[group], weights=counts[group]) for group in groups.values()]
    np.testing.assert_allclose(thin.levels, [*means, *range(68, 100)])


@pytest.mark.parametrize(
    "rule", [MaxTimes(1.5, q=0.99), MeanStd(), MedianMAD(), Quantile(0.99), PeaksOverThreshold(level=0.9)]
)
def test_rules_that_go_on_for_long_keep_a_bounded_number_of_scores(rule, monkeypatch):
    monkeypatch.setattr(module, "MOST_LEVELS", 2048)
    scores = np.random.default_rng(0).exponential(size=40_000)
    at_once = rule.fit(scores).threshold_
    rule.fit(scores[:400])
    for first in range(400, 40_000, 1980):
        rule.update(scores[first : first + 1980])
        assert len(rule.thresholds_) <= 2048
    assert rule.threshold_ == pytest.approx(at_once, rel=0.02)
    assert rule.alarm_rate_[-1] == 0
