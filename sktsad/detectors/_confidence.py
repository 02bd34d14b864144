"""The confidence of a classifier as a detector of rows unlike its training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import MetaEstimatorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted

from .._core import AnyEstimator, Estimator, HasMethods, Labels, Rows
from ..thresholds import ThresholdRule
from ._base_detector import BaseDetector


class ConfidenceDetector(MetaEstimatorMixin, BaseDetector, Estimator):
    """Flag a row as an anomaly if a fitted classifier is not confident about any class.

    The largest class probability of a classifier is usually lower for rows that are unlike those it was trained on
    [1]_. This is not always so: networks can be very confident about rows unlike any in the training set.

    Parameters
    ----------
    classifier : FrozenEstimator
        A fitted classifier with ``predict_proba``, wrapped in ``FrozenEstimator``. Its classes are unrelated to normal
        and anomalous.
    threshold : threshold rule, float or None, default=None
        A threshold on the score, which is 1 minus the largest class probability. None means 0.4: a row is an anomaly if
        no class has a probability of at least 0.6.
    validation_fraction : float, default=0.0
        Share of rows, the last of each series in time, that a rule learns from; 0 means all rows. Fit the detector to
        rows that the classifier was not trained on, since it is more confident about its training rows.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Labels; the last is the anomaly.
    threshold_ : float
        Rows with a larger score are anomalies.
    threshold_rule_ : threshold rule
        The fitted rule; only if ``threshold`` is one.
    held_out_scores_ : ndarray of shape (n_held_out,)
        Scores of the normal rows that were held out, in the order of X; only if there are any.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    Raises
    ------
    TypeError
        At fit, if the classifier is not in ``FrozenEstimator``.

    References
    ----------
    .. [1] D. Hendrycks, K. Gimpel, "A baseline for detecting misclassified and out-of-distribution examples in neural
       networks", ICLR 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.frozen import FrozenEstimator
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sktsad import ConfidenceDetector
    >>> classifier = LogisticRegression().fit([[0.0], [1.0], [9.0], [10.0]], [0, 0, 1, 1])
    >>> detector = ConfidenceDetector(FrozenEstimator(classifier)).fit([[0.0], [10.0]])
    >>> detector.predict([[1.0], [5.0], [9.0]])
    array([0, 1, 0])
    """

    _parameter_constraints: dict = {
        **BaseDetector._parameter_constraints,
        "classifier": [HasMethods(["predict_proba"])],
    }
    _default_threshold = 0.4

    def __init__(
        self,
        classifier: AnyEstimator,
        *,
        threshold: Any = None,
        validation_fraction: float = 0.0,
    ) -> None:
        self.classifier = classifier
        self.threshold = threshold
        self.validation_fraction = validation_fraction

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.classifier).input_tags
        return tags

    def _fit_rows(self, rows: Rows, y: Labels, anomalous: np.ndarray, held_out: np.ndarray) -> None:
        if not isinstance(self.classifier, FrozenEstimator):
            raise TypeError(
                f"classifier={self.classifier} must be fitted and wrapped in FrozenEstimator: here y says which rows "
                "are anomalous, not which class they belong to. Use FrozenEstimator(classifier.fit(X, y))."
            )
        check_is_fitted(self.classifier)
        if not isinstance(self.threshold, ThresholdRule):  # with a rule, the rows are scored anyway
            self._score(rows)  # raises at fit if the classifier refuses the rows

    def _score(self, rows: Rows) -> np.ndarray:
        probability = np.asarray(self.classifier.predict_proba(rows), dtype=np.float64)
        return 1 - probability.max(axis=1)
