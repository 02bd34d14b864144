"""Base of the classifiers that wrap a classifier or detector."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.base import ClassifierMixin, MetaEstimatorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from .._core import AnyEstimator, Estimator, Rows, check_params_of_rows, to_classes


class ClassifierWrapper(ClassifierMixin, MetaEstimatorMixin, Estimator):
    """Base of the classifiers that wrap a classifier or detector; a subclass defines the decision."""

    estimator: AnyEstimator
    estimator_: Any
    classes_: np.ndarray

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the metadata routing: all parameters of ``fit`` go to the ``fit`` of the estimator.

        Returns
        -------
        routing : MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return MetadataRouter(owner=self).add(estimator=self.estimator, method_mapping=mapping)

    def decision_function(self, X: Rows) -> np.ndarray:
        """Return the decision of each row, above 0 for anomalies."""
        raise NotImplementedError

    def predict(self, X: Rows) -> np.ndarray:
        """Return the class of each row, ``classes_[1]`` for anomalies.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        label : ndarray of shape (n_samples,)
        """
        return to_classes(self.decision_function(X), self.classes_)

    def _route(self, X: Rows, params: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters to pass to the ``fit`` of the estimator; without metadata routing, all of them."""
        params = check_params_of_rows(params, X)
        if params and isinstance(self.estimator, FrozenEstimator):
            raise ValueError(
                f"{', '.join(params)}: not allowed, as the estimator is in FrozenEstimator and is not fitted again. "
                "Leave them out."
            )
        if not get_config()["enable_metadata_routing"]:
            return params
        return process_routing(self, "fit", **params)["estimator"]["fit"]

    def _refuse_changed_thresholds(self, fitted: Any) -> None:
        """Refuse a threshold that was set on the estimator after fit: the fitted copy does not have it."""
        if fitted is self.estimator:  # in FrozenEstimator
            return
        then = fitted.get_params(deep=True)
        for name, value in self.estimator.get_params(deep=True).items():
            if name.rpartition("__")[2] == "threshold" and repr(value) != repr(then.get(name)):
                raise ValueError(
                    f"estimator__{name}={value} was set after fit, so the fitted copy of the estimator does not have "
                    f"it. Call fit again, or set it there: .set_params({name}=...) of estimator_, or of each of "
                    "estimators_."
                )

    def _look_like_the_estimator(self) -> None:
        """Copy the number and the names of the columns from the fitted estimator, if it has them."""
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
