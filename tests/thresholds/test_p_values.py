import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from sktsad.thresholds import Quantile, conformal_p_values

LEVELS = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=30)


@given(LEVELS, LEVELS)
def test_p_values_count_the_held_out_scores_that_are_as_large(scores, held_out):
    expected = [(1 + sum(other >= score for other in held_out)) / (len(held_out) + 1) for score in scores]
    assert conformal_p_values(scores, held_out).tolist() == expected


@given(LEVELS, LEVELS, st.sampled_from([0.5, 0.7, 0.8, 0.9]))
@pytest.mark.filterwarnings("ignore:q=")
def test_p_values_at_most_1_minus_q_are_what_the_quantile_alarms_on(scores, held_out, q):
    threshold = Quantile(q).fit(held_out).threshold_
    small = conformal_p_values(scores, held_out) <= 1 - q + 1e-12
    if len(held_out) >= q / (1 - q):
        np.testing.assert_array_equal(small, np.array(scores) > threshold)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_no_number_is_as_unusual_as_can_be(value):
    assert conformal_p_values([value, 0.0], [1.0, 2.0, 3.0]).tolist() == [0.25, 1]


def test_p_values_of_normal_rows_are_no_smaller_than_uniform_ones():
    rng = np.random.default_rng(0)
    p = np.concatenate([conformal_p_values(rng.normal(size=50), rng.normal(size=99)) for _ in range(400)])
    for level in (0.01, 0.05, 0.2, 0.5):
        assert (p <= level).mean() == pytest.approx(level, rel=0.15)


def test_the_false_discovery_rate_is_kept():
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(300):
        scores = rng.normal(size=200)
        scores[:20] += 4
        found = false_discovery_control(conformal_p_values(scores, rng.normal(size=1000))) <= 0.2
        shares.append(found[20:].sum() / max(found.sum(), 1))
    assert 0.1 < np.mean(shares) <= 0.2  # at most 0.2 times the share of normal rows


@pytest.mark.parametrize(
    ("scores", "held_out", "message"),
    [
        ([1.0], [], "0 sample"),
        ([1.0], [np.nan], "held_out contains NaN"),
        ([[1.0, 2.0]], [1.0], "1d array"),
        ("low", [1.0], "'scores' parameter"),
    ],
)
def test_what_cannot_be_compared_is_refused(scores, held_out, message):
    with pytest.raises(ValueError, match=message):
        conformal_p_values(scores, held_out)
