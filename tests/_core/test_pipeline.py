import numpy as np
import pytest
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sktsad._core._pipeline import before_last, last_step, require_method

X = np.arange(12.0).reshape(-1, 2)
Y = [0, 0, 0, 0, 1, 1]


def test_an_estimator_is_its_own_last_step():
    estimator = LogisticRegression()
    assert last_step(estimator) is estimator
    assert before_last(estimator, X) is X


def test_rows_pass_all_steps_but_the_last_and_no_sampler():
    sampler = RandomUnderSampler(random_state=0)
    inner = Pipeline(
        [("nothing", "passthrough"), ("again", StandardScaler()), ("model", LogisticRegression())]
    )
    pipeline = make_sampling_pipeline(StandardScaler(), sampler, None, LogisticRegression()).fit(X, Y)
    np.testing.assert_allclose(before_last(pipeline, X), (X - X.mean(0)) / X.std(0))
    nested = make_pipeline(StandardScaler(), inner).fit(X, Y)
    assert last_step(nested) is nested[-1][-1]
    np.testing.assert_allclose(before_last(nested, X), (X - X.mean(0)) / X.std(0))


def test_a_last_step_without_the_method_is_refused():
    with pytest.raises(
        TypeError, match=r"XDisplay needs an estimator with paint, .* got Logistic.*Pass a Painter"
    ):
        require_method(
            make_pipeline(StandardScaler(), LogisticRegression()), "paint", "XDisplay", "a Painter"
        )
