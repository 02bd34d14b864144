"""Estimators with default parameters."""

import inspect

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import check_classifiers_train, check_estimator, check_regressors_train
from test_common import expected_failures

import sktsad
from sktsad.neural import NetEstimator

CLASSES = [getattr(sktsad, name) for name in sktsad.__all__ if inspect.isclass(getattr(sktsad, name))]
DEFAULTS = [
    cls()
    for cls in CLASSES
    if hasattr(cls, "fit")
    and all(
        parameter.default is not parameter.empty
        for name, parameter in inspect.signature(cls.__init__).parameters.items()
        if name != "self"
    )
]
NETWORKS = [estimator for estimator in DEFAULTS if isinstance(estimator, NetEstimator)]
OTHERS = [estimator for estimator in DEFAULTS if estimator not in NETWORKS]
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
OF_ITS_NATURE = {
    "check_classifiers_train": "the threshold is tuned, and the probabilities stay those of the estimator"
}


def test_most_estimators_need_no_argument():
    assert len(OTHERS) > 8 and len(NETWORKS) > 8


@pytest.mark.parametrize("estimator", OTHERS, ids=lambda estimator: type(estimator).__name__)
def test_the_contract_holds_for_the_defaults(estimator):
    failures = check_estimator(
        estimator, expected_failed_checks=expected_failures(estimator), on_skip=None, on_fail=None
    )
    assert [found["check_name"] for found in failures if found["status"] == "failed"] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["RNNRegressor", "TorchClassifier"])
def test_networks_learn_small_data_by_default(name):
    """The checks that ask for it; `test_common` has all others, of networks that are quick."""
    estimator = getattr(sktsad, name)()
    check = check_regressors_train if name == "RNNRegressor" else check_classifiers_train
    check(name, estimator)


@pytest.mark.slow
def test_a_tuned_threshold_and_probabilities_disagree():
    failures = check_estimator(
        sktsad.ThresholdClassifier(LogisticRegression()),
        expected_failed_checks=OF_ITS_NATURE,
        on_skip=None,
        on_fail=None,
    )
    statuses = {(found["check_name"], found["status"]) for found in failures}
    assert {name for name, status in statuses if status == "xfail"} == set(OF_ITS_NATURE)
    assert not {name for name, status in statuses if status == "failed"}
