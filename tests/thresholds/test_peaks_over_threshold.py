import numpy as np
import pytest
from scipy import stats

from sktsad.thresholds import PeaksOverThreshold, Quantile

TAILS = {
    "exponential": stats.expon(),
    "normal": stats.norm(),
    "heavy": stats.genpareto(0.3),
    "squares": stats.chi2(5),
}


@pytest.mark.parametrize("name", TAILS)
def test_the_threshold_is_near_a_quantile_that_no_score_has_reached(name):
    law, q, thresholds = TAILS[name], 1 - 1e-5, []
    for seed in range(10):
        rule = PeaksOverThreshold(q).fit(law.rvs(size=10_000, random_state=seed))
        assert np.isfinite(rule.shape_)
        thresholds.append(rule.threshold_)
    rates = law.sf(np.median(thresholds))
    assert 1e-5 / 4 < rates < 1e-5 * 4
    assert abs(np.log(law.sf(thresholds) / 1e-5)).max() < np.log(200)


def test_within_the_scores_it_agrees_with_the_quantile():
    scores = np.random.default_rng(0).gamma(2.0, size=20_000)
    rule, quantile = PeaksOverThreshold(0.998).fit(scores), Quantile(0.998).fit(scores)
    assert rule.threshold_ == pytest.approx(quantile.threshold_, rel=0.03)


@pytest.mark.parametrize(("scale", "shift"), [(1e-9, 0.0), (1e9, -1e10), (3.0, -500.0)])
def test_it_moves_with_scores_that_are_shifted_and_scaled(scale, shift):
    scores = np.random.default_rng(0).exponential(size=3000)
    rule = PeaksOverThreshold(0.9999).fit(scores)
    moved = PeaksOverThreshold(0.9999).fit(scores * scale + shift)
    assert (moved.threshold_ - shift) / scale == pytest.approx(rule.threshold_, rel=1e-3)
    assert moved.shape_ == pytest.approx(rule.shape_, abs=1e-3)
    assert moved.scale_ / scale == pytest.approx(rule.scale_, rel=1e-3)


def two_kinds(rng):
    """Peaks of two kinds: one form fits neither."""
    return np.concatenate([rng.uniform(-1, 0, 9500), rng.exponential(size=380), rng.uniform(6, 6.1, 120)])


@pytest.mark.parametrize(
    ("scores", "q", "reason"),
    [
        (lambda rng: rng.exponential(size=1000), 0.999, "20 scores exceed level=0.98, fewer than 30"),
        (lambda rng: np.ones(9000), 0.999, "0 scores exceed level=0.98, fewer than 30"),
        (lambda rng: rng.uniform(size=9000), 0.9999, "the shape of the tail is -"),
        (lambda rng: stats.genpareto(1.6).rvs(9000, random_state=0), 0.9999, "the shape of the tail is 2"),
        (two_kinds, 0.993, "scores exceed the threshold of the tail, where 70"),
    ],
    ids=["few", "constant", "bounded", "without a mean", "two kinds"],
)
def test_where_no_tail_fits_the_quantile_stands_in_and_says_so(scores, q, reason):
    values = scores(np.random.default_rng(0))
    level = 0.95 if q == 0.993 else 0.98
    with pytest.warns(UserWarning, match=rf"The tail of .* scores cannot be fitted: .*{reason}") as record:
        rule = PeaksOverThreshold(q, level=level).fit(values)
    assert record[0].filename == __file__
    rank = int(np.ceil(round((len(values) + 1) * q, 9)))
    assert rule.threshold_ == np.sort(values)[min(rank, len(values)) - 1]
    assert np.isnan([rule.shape_, rule.scale_]).all()


def test_more_scores_can_make_up_for_a_tail_that_could_not_be_fitted():
    scores = np.random.default_rng(0).exponential(size=5000)
    with pytest.warns(UserWarning, match="fewer than 30"):
        rule = PeaksOverThreshold().fit(scores[:1000])
    assert rule.update(scores[1000:]).threshold_ == PeaksOverThreshold().fit(scores).threshold_
    assert np.isfinite(rule.shape_)


def test_the_tail_is_the_most_likely_one_that_begins_at_the_level():
    scores = np.random.default_rng(2).exponential(size=1500)  # thirty peaks, the fewest that are fitted
    rule = PeaksOverThreshold(0.999).fit(scores)
    start = np.sort(scores)[-31]
    shape, _, scale = stats.genpareto.fit(scores[scores > start] - start, floc=0)
    assert [rule.shape_, rule.scale_] == pytest.approx([shape, scale], rel=1e-2)
    assert rule.threshold_ == pytest.approx(start + stats.genpareto.isf(0.05, shape, scale=scale), rel=1e-2)


def test_where_more_scores_than_asked_for_are_above_the_level_the_threshold_is_there():
    """The level lies among equal scores, so that fewer rows are above it than its share."""
    scores = np.random.default_rng(0).exponential(size=5000)
    scores[:4000] = 0
    scores[4000:4904] = 1
    scores[4904:] += 1
    rule = PeaksOverThreshold(0.9804, level=0.98).fit(scores)
    assert rule.threshold_ == 1
    assert np.isfinite(rule.shape_)


@pytest.mark.parametrize("q", [0.9, 0.98])
def test_a_quantile_that_is_not_above_the_level_is_refused(q):
    with pytest.raises(ValueError, match=rf"q={q} must be above level=0.98. Raise q, or use Quantile\({q}\)"):
        PeaksOverThreshold(q).fit(np.arange(9.0))


@pytest.mark.parametrize("change", [{"q": 0}, {"q": 1}, {"level": 0}, {"level": 1}])
def test_parameters_are_checked(change):
    with pytest.raises(ValueError, match=rf"'{next(iter(change))}' .* Got"):
        PeaksOverThreshold(**change).fit([1.0])
