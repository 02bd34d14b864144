"""Decisions by the costs of mistakes."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.utils import Tags, check_array, get_tags
from sklearn.utils.validation import check_is_fitted

from .._core import (
    AnyEstimator,
    HasMethods,
    Labels,
    Rows,
    StrOptions,
    atomic_fit,
    check_foreign_rows,
    check_labels,
)
from ._classifier_wrapper import ClassifierWrapper


class CostSensitiveClassifier(ClassifierWrapper):
    """Choose the class with the lowest expected cost, for any classifier with probabilities.

    Training does not change, only the decision. Probabilities must be calibrated: if a classifier gives a rare class a
    probability of 1e-6 where it should be confident, calibrate it, or resample, first.

    Parameters
    ----------
    estimator : classifier
        Classifier or pipeline with ``predict_proba``. It is cloned and fitted; if wrapped in ``FrozenEstimator`` it is
        not fitted again.
    cost_matrix : array-like of shape (n_classes, n_classes), default=None
        ``cost_matrix[i][j]`` is the cost of predicting class j for a row of class i, classes in sorted order: the
        layout of scikit-learn's confusion matrix. No mistake may cost less than the correct class. None means a cost of
        1 for every mistake.
    method : {"expected_cost", "threshold_moving"}, default="expected_cost"
        "expected_cost" predicts the class with the lowest expected cost [1]_. "threshold_moving" multiplies the
        probability of each class by the sum of the extra costs of the mistakes on that class, normalises, and
        predicts the largest [2]_. For two classes, both give the same predictions.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels. With two, the last is the anomaly.
    cost_matrix_ : ndarray of shape (n_classes, n_classes)
        The costs.
    estimator_ : classifier
        The fitted classifier.
    n_features_in_ : int
        Number of columns, if the estimator has this attribute.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    sktsad.thresholds.Cost : A threshold for two classes learnt from labelled rows, which needs no probabilities.

    References
    ----------
    .. [1] C. Elkan, "The foundations of cost-sensitive learning", IJCAI 2001.
    .. [2] Z.-H. Zhou, X.-Y. Liu, "Training cost-sensitive neural networks with methods addressing the class imbalance
       problem", IEEE TKDE 18(1), 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sktsad import CostSensitiveClassifier
    >>> X = np.linspace(0, 1, 100).reshape(-1, 1)
    >>> y = (X[:, 0] > 0.9).astype(int)
    >>> plain = LogisticRegression().fit(X, y)
    >>> model = CostSensitiveClassifier(LogisticRegression(), [[0, 1], [10, 0]]).fit(X, y)
    >>> int(plain.predict(X).sum()), int(model.predict(X).sum())
    (0, 45)
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "cost_matrix": ["array-like", None],
        "method": [StrOptions({"expected_cost", "threshold_moving"})],
    }

    def __init__(
        self, estimator: AnyEstimator, cost_matrix: Any = None, *, method: str = "expected_cost"
    ) -> None:
        self.estimator = estimator
        self.cost_matrix = cost_matrix
        self.method = method

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        if inner.classifier_tags is not None:
            tags.classifier_tags = inner.classifier_tags
        return tags

    @atomic_fit
    def fit(self, X: Rows, y: Labels, **fit_params: Any) -> Self:
        """Fit the classifier.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, in the form that the classifier needs.
        y : array-like of shape (n_samples,)
            Class labels.
        **fit_params : dict
            Parameters for the fit of the classifier, such as ``sample_weight``.

        Returns
        -------
        self : CostSensitiveClassifier

        Raises
        ------
        ValueError
            If the cost matrix does not have one row and one column for each class, or a mistake costs less than the
            correct class, or no mistake on a class costs more.
        """
        check_foreign_rows(self.estimator, X)
        check_labels(X, y)
        self.estimator_ = clone(self.estimator).fit(X, y, **self._route(X, fit_params))
        self.classes_ = self.estimator_.classes_
        self.cost_matrix_ = self._check_costs(len(self.classes_))
        self._look_like_the_estimator()
        return self

    def predict_proba(self, X: Rows) -> np.ndarray:
        """Return the probability of each class; with "threshold_moving" re-weighted by the costs.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        check_foreign_rows(self.estimator_, X)
        probability = np.asarray(self.estimator_.predict_proba(X))
        is_odd = ~np.isfinite(probability).all(axis=1)
        if is_odd.any():
            raise ValueError(
                f"{self.estimator_} returns probabilities that are not finite for {int(is_odd.sum())} of "
                f"{len(probability)} rows, first for row {int(np.argmax(is_odd))}. Look for values in this row that "
                "are too large, and clip them."
            )
        if self.method == "expected_cost":
            return probability
        moved = probability * _extra(self.cost_matrix_).sum(axis=1)
        return moved / moved.sum(axis=1, keepdims=True)

    def decision_function(self, X: Rows) -> np.ndarray:
        """Return how much better each class is than the others, in costs or in probability.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        decision : ndarray of shape (n_samples,), or (n_samples, n_classes) if there are more than two classes
            For two classes: how much an alarm is expected to save, above 0 for predicted anomalies. For more than two
            classes: minus the expected cost. With "threshold_moving" the re-weighted probability, for two classes the
            difference.
        """
        probability = self.predict_proba(X)
        gain = -probability @ self.cost_matrix_ if self.method == "expected_cost" else probability
        return gain[:, 1] - gain[:, 0] if len(self.classes_) == 2 else gain

    def _check_costs(self, n_classes: int) -> np.ndarray:
        if self.cost_matrix is None:
            return 1.0 - np.eye(n_classes)
        try:
            costs = check_array(self.cost_matrix, dtype=np.float64, input_name="cost_matrix")
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"cost_matrix={self.cost_matrix!r} must be a square table of finite numbers, one row and one column "
                f"for each class: {error}"
            ) from error
        if costs.shape != (n_classes, n_classes):
            raise ValueError(
                f"cost_matrix has shape {costs.shape}; y holds {n_classes} classes, {self.classes_.tolist()}: give one "
                "row (the true class) and one column (the predicted one) for each."
            )
        extra = _extra(costs)
        if (extra < 0).any() or not (extra.sum(axis=1) > 0).all():
            raise ValueError(
                f"cost_matrix={costs.tolist()}: in each row, no mistake may cost less than the correct class, on the "
                "diagonal, and one mistake must cost more. Change these costs."
            )
        return costs


def _extra(costs: np.ndarray) -> np.ndarray:
    """Return how much more each decision costs than the correct one."""
    return costs - costs.diagonal()[:, np.newaxis]
