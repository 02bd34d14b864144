"""Steps that look at each row alone."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from sktsad.live import LiveScorer


class Picky(ClassifierMixin, BaseEstimator):
    """A classifier of somebody else that fails on large values."""

    def fit(self, X, y):
        self.classes_, self.n_features_in_ = np.array([0, 1]), 1
        return self

    def decision_function(self, X):
        if np.max(X) > 100:
            raise RuntimeError("too large")
        return np.asarray(X)[:, 0] - 1


def test_a_row_on_which_a_step_fails_is_an_alarm_and_spoils_no_other():
    index = pd.MultiIndex.from_product([["a", "b", "c"], range(3)], names=["series", "time"])
    X = pd.DataFrame({"x": np.arange(9.0)}, index).to_numpy()
    model = Picky().fit(X, None)
    later = pd.DataFrame({"x": [0.0, 200.0, 5.0]}, index[[0, 3, 6]])
    with pytest.warns(UserWarning, match="too large"):
        found = LiveScorer(model).update(later)
    assert found["alarm"].tolist() == [False, True, True]
    assert found["decision"].tolist()[::2] == [-1.0, 4.0]
