from fractions import Fraction
from math import comb

import pytest

from sktsad.thresholds._quantile_rank import quantile_rank


def chance_of_keeping(n, rank, q):
    """Chance that at least a share q of new scores lies below the score of a rank: fewer than rank of n lie below q."""
    return sum(comb(n, k) * q**k * (1 - q) ** (n - k) for k in range(rank))


@pytest.mark.parametrize("n", [1, 10, 59, 100, 299])
@pytest.mark.parametrize("q", [Fraction(1, 2), Fraction(9, 10), Fraction(99, 100)])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95])
def test_with_confidence_it_is_the_lowest_rank_that_keeps_to_it(n, q, confidence):
    rank = quantile_rank(n, float(q), confidence)
    assert rank > n or chance_of_keeping(n, rank, q) >= confidence
    assert rank == 1 or chance_of_keeping(n, rank - 1, q) < confidence


@pytest.mark.parametrize("n", [1, 9, 10, 99])
@pytest.mark.parametrize("q", [Fraction(1, 100), Fraction(1, 2), Fraction(9, 10), Fraction(11, 20)])
def test_without_it_is_the_lowest_rank_that_a_new_score_exceeds_seldom_enough(n, q):
    rank = quantile_rank(n, float(q))
    assert Fraction(n + 1 - rank, n + 1) <= 1 - q
    assert rank == 1 or Fraction(n + 2 - rank, n + 1) > 1 - q


def test_95_percent_with_95_percent_confidence_takes_59_scores():
    assert quantile_rank(59, 0.95, 0.95) == 59  # Wilks
    assert quantile_rank(58, 0.95, 0.95) == 59
