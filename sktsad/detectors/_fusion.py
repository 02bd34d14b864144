"""Several detectors as one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch, Tags, get_tags, indexable
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from .._core import (
    BaseComposition,
    Estimator,
    Interval,
    Labels,
    Rows,
    StrOptions,
    Windows,
    atomic_fit,
    check_params_of_rows,
    decision_scores,
    params_of_rows,
    read_rows,
    row_index,
    safe_indexing,
    time_order,
)
from ..preprocessing import SlidingWindow
from ..thresholds import MeanStd
from ._base_detector import BaseDetector
from ._score_scales import SCALES
from ._window_detector import WindowDetector

#: With fewer rows of a series, in lengths of a window, what is unusual among its windows cannot be seen.
_LEAST_WINDOWS = 3


class FusionDetector(BaseDetector, BaseComposition, Estimator):
    """Combine the scores of several detectors or classifiers into one.

    All members are fitted on the same rows. Their scores, each in its own units, are put on one scale, learnt from the
    scores of normal rows that the members were not fitted on, and combined row by row [1]_.

    Parameters
    ----------
    detectors : list of (str, estimator) tuples
        Names and members: detectors, classifiers, or whole pipelines, with ``decision_function`` or ``predict_proba``.
        Each is cloned; one wrapped in ``FrozenEstimator`` is not fitted again. "drop" leaves one out.
    scale : {"rarity", "rank", "robust", "tail", "log"}, default="rarity"
        "rarity" is minus the logarithm of the share of held-out normal rows that score at least as high. Their sum is
        Fisher's method of combining tests [2]_: a member that is very sure counts more. "rank" is the share of held-out
        normal rows that score no higher: all members count equally, and none is ever very sure. Above the largest
        held-out score, "rank" grows with the distance from it in interquartile ranges, and "rarity" with the logarithm
        of that distance. "robust" subtracts the median and divides by the median absolute deviation. "tail" subtracts
        the median and divides so that the 0.99 quantile is 1: like "robust", but in units of the largest normal scores.
        "log" is ``log(1 + d)``, where ``d`` is the distance from the median divided by the distance of the largest
        held-out score, so that no member decides alone; it is 0 up to the median, so that a member that finds nothing
        does not lower the sum.
    combine : {"mean", "max"}, default="mean"
        Whether the score is the mean of the members' scores, or the largest.
    weights : sequence of float, default=None
        Weights of the members, at least 0: weights of the mean, or with ``combine="max"`` factors of the scores. None
        weights all members equally.
    threshold : threshold rule, float or None, default=None
        None means ``MeanStd(4)``. With ``scale="rank"`` use ``Quantile(0.97)`` or similar: four deviations above the
        mean of ranks is more than any rank.
    validation_fraction : float, default=0.2
        Share of rows, the last of each series in time, that are held out: the scale and the rule learn from them, the
        members do not. If that is fewer than 30 rows, up to half of the rows are held out to reach 30. With 0, or still
        fewer than 30 normal rows, scale and rule learn from the training rows.
    refit : bool, default=False
        Whether to fit the members again, to all rows, after scale and threshold are learnt. The windows of rows that
        follow then also contain held-out rows. Fitting takes twice as long.
    score_on : {"row", "overlap", "series"}, default="row"
        "row" combines the scores that the members give a row. "overlap" first computes, for each member that is a
        pipeline with windows, the mean of the scaled scores of all windows that contain the row: this **looks ahead**
        by a window and is for analysing past data. Do not also set ``score_on="overlap"`` on a member. "series" is for
        whole recordings: in addition, a window must be unusual among the windows of its own series, so that normal rows
        that differ from the training rows do not score high if they are frequent. For each series in X, a copy of each
        detector of windows is fitted to all its windows, and the lower of the two scaled scores counts. An event that
        is repeated in the series is not found, nor is anything in training rows, which the members know. It **looks
        ahead** to the end of the series, and needs at least three windows' length of rows of each series.
    smooth : int, default=0
        With a ``score_on`` that looks ahead: number of rows on each side of a row with whose scores its own is
        averaged, within its series and up to a gap; only for members that are pipelines with windows. To smooth with
        past rows alone, use `SmoothedClassifier`.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Labels; the last is the anomaly.
    detectors_ : list of estimators
        The fitted members, without those dropped.
    named_detectors_ : Bunch
        The fitted members by name.
    threshold_ : float
        Rows with a larger score are anomalies.
    threshold_rule_ : threshold rule
        The fitted rule; only if ``threshold`` is not a number.
    held_out_scores_ : ndarray of shape (n_held_out,)
        Scores of the normal rows that were held out, in the order of X; only if there are any.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    References
    ----------
    .. [1] C. C. Aggarwal, S. Sathe, "Theoretical foundations and algorithms for outlier ensembles", ACM SIGKDD
       Explorations 17(1), 2015.
    .. [2] R. A. Fisher, "Statistical methods for research workers", 4th edition, 1932.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import IsolationForest
    >>> from sktsad import FusionDetector, OutlierClassifier, ZScoreDetector
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> forest = OutlierClassifier(IsolationForest(random_state=0))
    >>> fusion = FusionDetector([("z", ZScoreDetector()), ("forest", forest)]).fit(X)
    >>> fusion.predict([[0, 0], [9, 9]])
    array([0, 1])
    """

    _parameter_constraints: dict = {
        **BaseDetector._parameter_constraints,
        "detectors": [list],
        "scale": [StrOptions({"rarity", "rank", "robust", "tail", "log"})],
        "combine": [StrOptions({"mean", "max"})],
        "weights": ["array-like", None],
        "refit": ["boolean"],
        "score_on": [StrOptions({"row", "overlap", "series"})],
        "smooth": [Interval(Integral, 0, 10**6, closed="both")],
    }
    _default_threshold = MeanStd(4)
    _of_score = ("combine", "score_on", "smooth")

    def __init__(
        self,
        detectors: Any,
        *,
        scale: str = "rarity",
        combine: str = "mean",
        weights: Sequence[float] | None = None,
        threshold: Any = None,
        validation_fraction: float = 0.2,
        refit: bool = False,
        score_on: str = "row",
        smooth: int = 0,
    ) -> None:
        self.detectors = detectors
        self.scale = scale
        self.combine = combine
        self.weights = weights
        self.threshold = threshold
        self.validation_fraction = validation_fraction
        self.refit = refit
        self.score_on = score_on
        self.smooth = smooth

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get the parameters; with ``deep``, also the members by name, and their parameters as ``<name>__<parameter>``.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include the members and their parameters.

        Returns
        -------
        params : dict
        """
        return self._get_params("detectors", deep=deep)

    def set_params(self, **params: Any) -> FusionDetector:
        """Set parameters, members by name, or parameters of members as ``<name>__<parameter>``.

        Parameters
        ----------
        **params : dict
            Parameters by name.

        Returns
        -------
        self : FusionDetector
        """
        self._set_params("detectors", **params)
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = all(
            get_tags(member).input_tags.allow_nan for _, member in self._members()
        )
        return tags

    @property
    def looks_ahead(self) -> bool:
        """Whether the score of a row depends on later rows, apart from members that look ahead themselves."""
        return self.score_on != "row"

    def member_scores(self, X: Rows) -> pd.DataFrame:
        """Return the contribution of each member to the score, to show which of them raises an alarm.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        scores : DataFrame of shape (n_samples, n_detectors)
            A column for each member that is not dropped. The score is the sum of the columns, or with ``combine="max"``
            the largest.
        """
        rows = self._read(X)
        return pd.DataFrame(self._shares(rows), row_index(rows), list(self.named_detectors_))

    def _read(self, X: Rows, reset: bool = False) -> Any:
        return super()._read(indexable(X)[0], reset)

    @atomic_fit
    def fit(self, X: Rows, y: Labels = None, **fit_params: Any) -> FusionDetector:
        """Fit the members to the rows and learn the threshold.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, in the form that the members need.
        y : array-like of shape (n_samples,), default=None
            Two labels, of which the last in sorted order is the anomaly; or 0 for all rows. Detectors are fitted on
            the normal rows, classifiers on all. None treats all rows as normal.
        **fit_params : dict
            Parameters for the fits of the members, such as ``sample_weight``. Without metadata routing, all members
            get them.

        Returns
        -------
        self : FusionDetector
        """
        params = check_params_of_rows(fit_params, X)
        if params and (order := time_order(X)) is not None:  # as `_fit` sorts the rows
            params = params_of_rows(params, X, order)
        return self._fit(X, y, partial(self._fit_members, fit_params=params))

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the metadata routing: parameters of ``fit`` go to the ``fit`` of members that request them.

        Returns
        -------
        routing : MetadataRouter
        """
        router = MetadataRouter(owner=self)
        for name, member in self._members():
            router.add(**{name: member}, method_mapping=MethodMapping().add(caller="fit", callee="fit"))
        return router

    def _fit_members(
        self, rows: Rows, y: Labels, anomalous: np.ndarray, held_out: np.ndarray, fit_params: dict[str, Any]
    ) -> None:
        members = self._members()
        if not members:
            raise ValueError("detectors is empty: give at least one (name, estimator).")
        if self.smooth and not self.looks_ahead:
            raise ValueError(
                f"smooth={self.smooth} averages over later rows, too, and score_on='row' does not look ahead: set "
                "smooth=0, or score_on='overlap'. SmoothedClassifier averages over past rows alone."
            )
        self._validate_names([name for name, _ in self.detectors])
        self._weights = self._check_weights()
        encoded = None
        if y is not None:  # as 0 and 1: if there is only one class, other labels do not say which it is
            index = row_index(y)
            encoded = anomalous.astype(int) if index is None else pd.Series(anomalous.astype(int), index)
        head, wanted = np.flatnonzero(~held_out), self._route(fit_params)
        self.detectors_ = self._fitted(rows, encoded, head, wanted)
        # A member that remembers its training rows gives them low scores: usual scores are learnt from other rows, if
        # any.
        known = ~anomalous & (held_out if held_out.any() else True)
        asked = held_out if held_out.any() else np.ones(len(held_out), dtype=bool)
        scores, *others = self._member_scores(rows, asked)
        self._scales = [SCALES[self.scale](score[known[asked]]) for score in scores]
        self._scores_of_fit = np.full(len(asked), np.nan)
        self._scores_of_fit[asked] = self._combine(self._to_shares(scores, *others))
        if self.refit and held_out.any():
            self.detectors_ = self._fitted(rows, encoded, np.arange(len(held_out)), wanted)
        self.named_detectors_ = Bunch(
            **dict(zip((name for name, _ in members), self.detectors_, strict=True))
        )
        if isinstance(self._wanted_threshold(), Real):
            del self._scores_of_fit

    def _needs_held_out(self) -> bool:
        return True  # for the scales of the members, even if the threshold is a number

    def _scores_of(self, rows: Rows, chosen: np.ndarray) -> np.ndarray:
        """Return the scores that the rule learns from: those of members that were not fitted on held-out rows."""
        return self.__dict__.pop("_scores_of_fit")[chosen]

    def _fitted(
        self, rows: Rows, y: Labels, chosen: np.ndarray, params: dict[str, dict[str, Any]]
    ) -> list[Any]:
        """Return the members, fitted to some of the rows."""
        X_chosen = safe_indexing(rows, chosen)
        y_chosen = None if y is None else safe_indexing(y, chosen)
        return [
            clone(member).fit(X_chosen, y_chosen, **params_of_rows(params[name], rows, chosen))
            for name, member in self._members()
        ]

    def _route(self, params: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the parameters for the ``fit`` of each member; without metadata routing, all of them for each."""
        if not get_config()["enable_metadata_routing"]:
            return {name: params for name, _ in self._members()}
        routed = process_routing(self, "fit", **params)
        return {name: routed[name]["fit"] for name, _ in self._members()}

    def _members(self) -> list[tuple[str, Any]]:
        """Return the members that are not dropped."""
        try:
            return [(name, member) for name, member in self.detectors if member != "drop"]
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"detectors must be a list of (name, estimator) tuples, got {self.detectors!r}."
            ) from error

    def _check_weights(self) -> np.ndarray:
        """Return the weights of the members that are not dropped; for the mean, they add up to 1."""
        kept = np.array([member != "drop" for _, member in self.detectors])
        weights = np.ones(len(kept)) if self.weights is None else _as_numbers(self.weights)
        is_fit = weights.shape == kept.shape and np.isfinite(weights).all() and (weights >= 0).all()
        if not is_fit or not weights[kept].any():
            raise ValueError(
                f"weights={self.weights!r} must be one number, at least 0, for each of the {len(kept)} detectors, and "
                "not all 0."
            )
        weights = weights[kept]
        return weights / weights.sum() if self.combine == "mean" else weights

    def _shares(self, rows: Rows) -> np.ndarray:
        """Return the weighted score of each member, all on one scale."""
        return self._to_shares(*self._member_scores(rows))

    def _member_scores(self, rows: Rows, asked: np.ndarray | slice = slice(None)) -> tuple[Any, ...]:
        """Return for each member the scores of the chosen rows, their windows, and the scores among their series."""
        among = self.score_on == "series"
        return tuple(
            zip(*(_scores_of(member, rows, asked, among) for member in self.detectors_), strict=True)
        )

    def _to_shares(
        self,
        scores: Sequence[np.ndarray],
        windows: Sequence[Windows | None],
        among: Sequence[np.ndarray | None],
    ) -> np.ndarray:
        scaled = []
        for scale, score, seen, other in zip(self._scales, scores, windows, among, strict=True):
            each = scale(score) if other is None else np.minimum(scale(score), scale(other))
            if self.looks_ahead and seen is not None:
                each = seen.smooth(seen.overlap_means(each), int(self.smooth))
            scaled.append(each)
        # A member of weight 0 does not count, even where its score is infinite.
        return np.where(self._weights > 0, np.column_stack(scaled), 0.0) * self._weights

    def _score(self, rows: Rows) -> np.ndarray:
        return self._combine(self._shares(rows))

    def _combine(self, shares: np.ndarray) -> np.ndarray:
        if self.combine == "mean":
            return shares.sum(axis=1)
        counted = self._weights > 0  # scores may be below 0, the score of a member of weight 0
        return shares[:, counted].max(axis=1)


def _scores_of(
    member: Any, rows: Rows, asked: np.ndarray | slice, among: bool
) -> tuple[np.ndarray, Windows | None, np.ndarray | None]:
    """Return the scores of a member for the chosen rows, and their windows if it is a pipeline that makes windows.

    All rows are needed to make windows, but the windows can then be scored one by one. With ``among``, also return how
    unusual the windows of a detector of windows are among those of their own series.
    """
    steps = member.steps[:-1] if isinstance(member, Pipeline) else []
    n_steps = next((n for n, (_, step) in enumerate(steps, 1) if isinstance(step, SlidingWindow)), 0)
    windows = member[:n_steps].transform(rows) if n_steps else None
    if not isinstance(windows, Windows):  # with ``set_output`` they are a frame
        return decision_scores(member, rows)[asked], None, None
    others = None
    if among and isinstance(member[-1], WindowDetector):
        inputs = member[n_steps:-1].transform(windows) if n_steps < len(steps) else windows
        others = _scores_among(member[-1], inputs, windows)[asked]
    windows = windows[asked]
    return decision_scores(member[n_steps:], windows), windows, others


def _scores_among(detector: WindowDetector, inputs: Any, windows: Windows) -> np.ndarray:
    """Return the scores of windows among those of their own series; ``inputs`` is what the detector sees of them."""
    scores = np.empty(len(windows))
    series = read_rows(windows)
    for key, part in series.parts():
        own = series.order[part]
        if len(own) < _LEAST_WINDOWS * windows.length:
            name = "X" if key is None else f"series {key!r}"
            raise ValueError(
                f"score_on='series' compares the windows of {name} with one another, but {name} has only {len(own)} "
                f"rows, fewer than {_LEAST_WINDOWS} windows of {windows.length} rows. Give more rows of it, or set "
                "score_on='overlap'."
            )
        scores[own] = detector._scores_among(safe_indexing(inputs, own))
    return scores


def _as_numbers(weights: Any) -> np.ndarray:
    """Return weights as numbers; NaN where they are not numbers."""
    try:
        return np.asarray(weights, dtype=float)
    except (TypeError, ValueError):
        return np.array(np.nan)
