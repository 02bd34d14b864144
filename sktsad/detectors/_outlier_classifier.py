"""Any outlier detector of scikit-learn or PyOD as a classifier of anomalies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import MetaEstimatorMixin, clone
from sklearn.frozen import FrozenEstimator

from .._core import AnyEstimator, Estimator, HasMethods, Windows, estimator_type
from ..preprocessing import SlidingWindow
from ._base_detector import DEFAULT_RULE
from ._window_detector import WindowDetector


class OutlierClassifier(MetaEstimatorMixin, WindowDetector, Estimator):
    """Turn any outlier detector of scikit-learn or PyOD into a classifier of anomalies.

    Outlier detectors of scikit-learn predict +1 for normal rows and -1 for outliers, with scores that are larger for
    normal rows, so that ``scoring="f1"`` raises and ``"roc_auc"`` is inverted; those of PyOD predict 0 and 1 but are
    not classifiers. Here 1 is the anomaly, scores are larger for anomalies, and the threshold is a rule as in all other
    detectors. The outlier detector is fitted on the normal rows.

    Parameters
    ----------
    detector : outlier detector
        Such as ``IsolationForest()``, ``OneClassSVM()`` or ``LocalOutlierFactor(novelty=True)``, a pipeline that ends
        in one, or a detector of PyOD. It is cloned; if wrapped in ``FrozenEstimator`` it is not fitted again. Put
        `SlidingWindow` before this step, not inside it.
    threshold : threshold rule, float or None, default=None
        None means ``MedianMAD(6)``; 0.0 keeps the detector's own threshold, often set by its ``contamination``.
    validation_fraction : float, default=0.2
        Share of rows, the last of each series in time, that are held out: a rule learns from them, the detector does
        not. If that is fewer than 30 rows, up to half of the rows are held out to reach 30. With 0, or if fewer than 30
        normal rows remain, the rule learns from the training rows.
    n_channels : int, default=None
        Number of channels in a plain 2-D row; only used to check them.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Labels; the last is the anomaly.
    detector_ : outlier detector
        The fitted detector.
    threshold_ : float
        Rows with a larger score are anomalies.
    threshold_rule_ : threshold rule
        The fitted rule; only if ``threshold`` is one.
    held_out_scores_ : ndarray of shape (n_held_out,)
        Scores of the normal rows that were held out, in the order of X; only if there are any.
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    Raises
    ------
    TypeError
        At fit, if the detector cannot score new rows, or is not an outlier detector.

    Notes
    -----
    The detector gets all windows at once, as an array, or as a frame if X has names. The score is its
    ``decision_function``, with the sign changed for detectors of scikit-learn, minus its own threshold, so that this
    threshold is at 0.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import IsolationForest
    >>> from sktsad import OutlierClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> OutlierClassifier(IsolationForest(random_state=0)).fit(X).predict([[0, 0], [9, 9]])
    array([0, 1])
    """

    _parameter_constraints: dict = {
        **WindowDetector._parameter_constraints,
        "detector": [HasMethods(["fit"])],
    }
    _default_threshold = DEFAULT_RULE

    def __init__(
        self,
        detector: AnyEstimator,
        *,
        threshold: Any = None,
        validation_fraction: float = 0.2,
        n_channels: int | None = None,
    ) -> None:
        self.detector = detector
        self.threshold = threshold
        self.validation_fraction = validation_fraction
        self.n_channels = n_channels

    def _fit_model(self, windows: Windows, held_out: Windows | None) -> None:
        if any(isinstance(step, SlidingWindow) for _, step in getattr(self.detector, "steps", [])):
            raise TypeError(
                "detector is a pipeline with SlidingWindow inside, where SlidingWindow does not get the index of the "
                "rows. Put it before the detector: make_pipeline(SlidingWindow(30), "
                "OutlierClassifier(IsolationForest()))."
            )
        kind = estimator_type(self.detector)
        if kind in ("classifier", "regressor"):
            raise TypeError(
                f"detector={self.detector} is a {kind}, not an outlier detector. Use it without OutlierClassifier."
            )
        if not hasattr(self.detector, "decision_function"):
            raise TypeError(
                f"detector={self.detector} cannot score new rows: it has no decision_function. Choose one that "
                "can, such as LocalOutlierFactor(novelty=True) or IsolationForest()."
            )
        self.detector_ = clone(self.detector).fit(self._table(windows), None)
        last = self.detector_[-1] if hasattr(self.detector_, "steps") else self.detector_
        if hasattr(last, "decision_scores_"):  # PyOD: larger for outliers
            self._sign, self._origin = 1.0, float(last.threshold_)
            self._score(windows[:100])  # some have the method but it only raises an error
        elif kind == "outlier_detector":
            self._sign, self._origin = -1.0, 0.0
        else:
            raise TypeError(
                f"detector={self.detector} is not an outlier detector of scikit-learn or PyOD, so it is unknown "
                "whether larger scores are more anomalous. Use one of these, or a detector of sktsad without "
                "OutlierClassifier."
            )

    def _score(self, windows: Windows) -> np.ndarray:
        try:
            decision = self.detector_.decision_function(self._table(windows))
        except NotImplementedError as error:
            raise TypeError(
                f"detector={self.detector} cannot score new rows: {error} Choose one that can, such as "
                "IsolationForest()."
            ) from error
        return self._sign * (np.asarray(decision, dtype=np.float64).ravel() - self._origin)

    def _table(self, windows: Windows) -> Any:
        """Return the windows as an array, or with the names of their columns where X and the detector have them."""
        values = np.asarray(windows)
        is_nameless = isinstance(self.detector, FrozenEstimator) and not hasattr(
            self.detector, "feature_names_in_"
        )
        if is_nameless or not hasattr(self, "feature_names_in_"):
            return values
        return pd.DataFrame(values, columns=self.feature_names_in_)
