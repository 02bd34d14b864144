"""Order and checks of live rows."""

import numpy as np
import pandas as pd
import pytest

from sktsad import GaussianDetector
from sktsad.live import LiveScorer


def test_a_call_of_nothing_but_missing_values_is_all_alarms():
    index = pd.MultiIndex.from_product([["a", "b"], range(40)], names=["series", "time"])
    X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=80)}, index)
    later = X.groupby(level=0).tail(1).rename(index=lambda time: 40 if time == 39 else time, level=1) * np.nan
    scorer = LiveScorer(GaussianDetector(threshold=3.0).fit(X), not_finite="alarm")
    with pytest.warns(UserWarning, match="2 row.s. contain NaN or infinite values"):
        found = scorer.update(later)
    assert found["alarm"].all() and np.isinf(found["score"]).all()
