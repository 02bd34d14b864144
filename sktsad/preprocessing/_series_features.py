"""Columns that say which series a row belongs to."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from numbers import Integral, Real
from typing import Any, Self, overload

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted

from .._core import (
    Estimator,
    Interval,
    Labels,
    LiveStep,
    Rows,
    SeriesRows,
    StrOptions,
    atomic_fit,
    check_feature_names_in,
    check_labels,
    check_panel,
    is_panel,
    mark_anomalies,
    read_series,
    robust_moments,
    row_index,
    validate_rows,
    warn_if_anomaly_is_a_guess,
    warn_if_unknown,
)
from ._live_series import LiveSeries

FEATURES = ("number", "one_hot", "level", "spread", "step", "anomaly_share")
_NANOSECONDS = 1e9


class SeriesFeatures(TransformerMixin, Estimator):
    """Append to every row features of its series, such as its number, level, spread and share of training anomalies.

    With these columns, one model for many series knows which series a row belongs to. They help if the features
    persist, for example if series with many anomalies in training also have many later. Otherwise they make a model
    worse. Therefore there is no default: choose by cross-validation with folds in time order.

    Parameters
    ----------
    features : sequence of str
        Features to append:

        - "number": the number of the series, in order of appearance; -1 for a series not seen during fit. Use it as a
          category in boosted trees: ``HistGradientBoostingClassifier(categorical_features=["series_number"])``.
        - "one_hot": a column for each series, 1 for its own rows. A series not seen during fit has ``1 / n_series`` in
          all of them.
        - "level", "spread": the median of each column, and its scaled median absolute deviation.
        - "step": the most frequent time step, in seconds or, if time is a number, in its unit; 1 without time.
        - "anomaly_share": the share of anomalous rows. `fit_transform`, which pipelines call in their `fit`, computes
          the share of each training row without the rows near it, so that no row knows its own label.
    shrinkage : float, default=1000
        The "anomaly_share" of each series is computed as if it had this number of additional rows with the anomaly
        share of the whole panel, so that a series with few rows gets about the share of the panel.
    n_folds : int, default=5
        Number of consecutive parts of equal length into which `fit_transform` splits each series: the "anomaly_share"
        of the rows of a part is computed from the other parts.
    keep_values : bool, default=True
        Whether to keep the columns themselves, before the features.
    series : {"auto", "index"}, default="auto"
        "auto" reads a (series, time) MultiIndex if there is one; "index" requires it.

    Attributes
    ----------
    series_ : list
        Name of each series; ``[None]`` without a MultiIndex.
    anomaly_shares_ : ndarray of shape (n_series,)
        Share of anomalous rows of each series; only with "anomaly_share".
    n_features_in_, feature_names_in_ : int, ndarray of str
        Number of columns, and their names if X has column names.

    See Also
    --------
    sklearn.preprocessing.TargetEncoder : The same idea for any category, without time.
    StatefulRNNClassifier : Learns features of each series with ``series_embedding``.

    Notes
    -----
    A series not seen during fit gets the medians over all series, and the share of the whole panel. Levels depend on
    the steps before: after `SeriesScaler`, all series have about the same level.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktsad import SeriesFeatures
    >>> index = pd.MultiIndex.from_product([["a", "b"], range(4)], names=["series", "time"])
    >>> X = pd.DataFrame({"load": [1.0, 2, 3, 2, 70, 80, 90, 80]}, index=index)
    >>> y = [0, 0, 0, 0, 0, 1, 1, 0]
    >>> features = SeriesFeatures(["number", "level", "anomaly_share"], shrinkage=4).fit(X, y)
    >>> features.transform(X.iloc[[0, 5]]).to_numpy().tolist()
    [[1.0, 0.0, 2.0, 0.125], [80.0, 1.0, 80.0, 0.375]]
    """

    _parameter_constraints: dict = {
        "features": ["array-like"],
        "shrinkage": [Interval(Real, 0, None, closed="neither")],
        "n_folds": [Interval(Integral, 2, None, closed="left")],
        "keep_values": ["boolean"],
        "series": [StrOptions({"auto", "index"})],
    }

    def __init__(
        self,
        features: Sequence[str],
        *,
        shrinkage: float = 1000,
        n_folds: int = 5,
        keep_values: bool = True,
        series: str = "auto",
    ) -> None:
        self.features = features
        self.shrinkage = shrinkage
        self.n_folds = n_folds
        self.keep_values = keep_values
        self.series = series

    def fit(self, X: Rows, y: Labels = None) -> Self:
        """Learn the features of each series.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            One row per time step, in time order; a panel is a frame with a (series, time) MultiIndex.
        y : array-like of shape (n_samples,), default=None
            Labels of two classes, needed for "anomaly_share" only. The second of two labels in sorted order is the
            anomaly.

        Returns
        -------
        self : SeriesFeatures

        Raises
        ------
        ValueError
            If ``features`` is empty or names an unknown feature, if "anomaly_share" is among them and y is missing or
            has more than two classes, or if X is invalid.

        Warns
        -----
        UserWarning
            If "anomaly_share" is requested and y has two labels other than 0 and 1: the last in sorted order is taken
            as the anomaly.
        """
        self._fit(X, y)
        return self

    @overload
    def fit_transform(self, X: pd.DataFrame, y: Labels = None) -> pd.DataFrame: ...
    @overload
    def fit_transform(self, X: Rows, y: Labels = None) -> np.ndarray: ...
    def fit_transform(self, X: Rows, y: Labels = None) -> Any:
        """Learn the features of each series, and append them to the training rows so that no row knows its own label.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.
        y : array-like of shape (n_samples,), default=None
            Labels as in `fit`.

        Returns
        -------
        X_features : ndarray or DataFrame, as X, of shape (n_samples, n_features_out)
            As from `transform`, except for "anomaly_share".
        """
        rows, values, is_anomaly = self._fit(X, y)
        shares = None if is_anomaly is None else self._shares_of_other_parts(rows, is_anomaly)
        return self._append(X, rows, values, shares)

    @overload
    def transform(self, X: pd.DataFrame) -> pd.DataFrame: ...
    @overload
    def transform(self, X: Rows) -> np.ndarray: ...
    def transform(self, X: Rows) -> Any:
        """Append to every row the features of its series.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        X_features : ndarray or DataFrame, as X, of shape (n_samples, n_features_out)

        Raises
        ------
        ValueError
            If only one of `fit` and `transform` gets the index of a panel.

        Warns
        -----
        UserWarning
            If series seem to have different names from those seen during fit, such as ``"1"`` instead of ``1``.
        """
        check_is_fitted(self)
        check_panel(X, self._is_panel)
        rows = read_series(X, self.series)
        if self._is_panel:
            warn_if_unknown(self.series_, rows.keys)
        return self._append(X, rows, validate_rows(self, X, reset=False), None)

    def live_step(self) -> LiveStep:
        """Return the step that works row by row, for `sktsad.live.LiveScorer`.

        Returns
        -------
        step : LiveStep
        """
        check_is_fitted(self)
        return LiveSeries(self._numbers(), np.hstack(self._tables()), self.keep_values)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the columns: those of X, then others such as ``series_number`` and ``load_level``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns; those seen during fit if None.

        Returns
        -------
        names : ndarray of str, shape (n_features_out,)
        """
        check_is_fitted(self)
        columns = check_feature_names_in(self, input_features).tolist()
        names = list(columns) if self.keep_values else []
        for feature in self.features:
            if feature in ("level", "spread"):
                names += [f"{column}_{feature}" for column in columns]
            elif feature == "one_hot":
                names += [f"series_{key}" for key in self.series_]
            else:
                names.append(f"series_{feature}")
        return np.array(names, dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if "anomaly_share" in np.atleast_1d(self.features):
            tags.target_tags.required = True
            tags.classifier_tags = ClassifierTags(multi_class=False)
        return tags

    @atomic_fit
    def _fit(self, X: Rows, y: Labels) -> tuple[SeriesRows, np.ndarray, np.ndarray | None]:
        """Learn the features; return the series, the values, and which rows are anomalous if that is needed."""
        is_row = np.ndim(self.features) == 1
        unknown = [feature for feature in self.features if feature not in FEATURES] if is_row else []
        if not is_row or unknown or not len(self.features):
            raise ValueError(
                f"features={self.features!r} must name one or more of {list(FEATURES)}"
                + (f", but names {unknown}." if unknown else ".")
            )
        rows = read_series(X, self.series)
        values = validate_rows(self, X, reset=True)
        self._is_panel = is_panel(X)
        self.series_: list[Hashable] = rows.keys
        is_anomaly = self._learn_shares(X, y, rows) if "anomaly_share" in self.features else None
        moments = [
            robust_moments(values[rows.order[part]].astype(np.float64), axis=0) for _, part in rows.parts()
        ]
        self._levels, self._spreads = map(np.stack, zip(*moments, strict=True))
        unit = _NANOSECONDS if rows.has_dates else 1.0
        self._steps = np.nan_to_num(rows.steps() / unit, nan=1.0)
        return rows, values, is_anomaly

    def _learn_shares(self, X: Rows, y: Labels, rows: SeriesRows) -> np.ndarray:
        if y is None:
            raise ValueError(
                "features='anomaly_share' requires y to be passed, but the target y is None. Pass labels, or leave "
                "'anomaly_share' out of features."
            )
        classes, is_anomaly = mark_anomalies(check_labels(X, y))
        warn_if_anomaly_is_a_guess(classes)
        if len(classes) > 2:
            raise ValueError(
                f"Only binary classification is supported by features='anomaly_share'; y holds {len(classes)} classes. "
                "Pass 0 for normal rows and 1 for anomalies, e.g. y != normal."
            )
        n_rows = np.diff(rows.bounds)
        n_anomalies = np.add.reduceat(is_anomaly[rows.order].astype(np.float64), rows.bounds[:-1])
        self._panel_share = float(is_anomaly.mean())
        self.anomaly_shares_ = self._shrunk(n_anomalies, n_rows, self._panel_share)
        return is_anomaly

    def _shrunk(self, n_anomalies: Any, n_rows: Any, panel_share: Any) -> Any:
        return (n_anomalies + self.shrinkage * panel_share) / (n_rows + self.shrinkage)

    def _shares_of_other_parts(self, rows: SeriesRows, is_anomaly: np.ndarray) -> np.ndarray:
        """Return for each row the anomaly share of the other parts of its series, shrunk towards that of the panel."""
        shares = np.empty(rows.n_rows)
        n_anomalies = is_anomaly.sum()
        for _, series in rows.parts():
            order = rows.order[series]
            for part in np.array_split(order, self.n_folds):
                n_here = is_anomaly[part].sum()
                n_others = max(rows.n_rows - len(part), 1)
                shares[part] = self._shrunk(
                    is_anomaly[order].sum() - n_here,
                    len(order) - len(part),
                    (n_anomalies - n_here) / n_others,
                )
        return shares

    def _append(self, X: Rows, rows: SeriesRows, values: np.ndarray, shares: np.ndarray | None) -> Any:
        numbers = self._numbers()
        of_series = np.array([numbers.get(key, -1) for key in rows.keys])
        series = np.empty(rows.n_rows, dtype=int)  # of each row; -1 selects the last entry of the tables
        series[rows.order] = np.repeat(of_series, np.diff(rows.bounds))
        tables = self._tables()
        appended = [
            shares[:, None] if feature == "anomaly_share" and shares is not None else table[series]
            for feature, table in zip(self.features, tables, strict=True)
        ]
        out = np.hstack([values, *appended] if self.keep_values else appended)
        out = out.astype(values.dtype, copy=False)
        index = row_index(X)
        return out if index is None else pd.DataFrame(out, index, self.get_feature_names_out(), copy=False)

    def _numbers(self) -> dict[Hashable, int]:
        return {key: number for number, key in enumerate(self.series_)}

    def _tables(self) -> list[np.ndarray]:
        """Return the values of each feature: one row for each series, and one for series not seen during fit."""
        n_series = len(self.series_)
        tables = {
            "number": np.append(np.arange(n_series), -1.0)[:, None],
            "one_hot": np.vstack([np.eye(n_series), np.full(n_series, 1 / n_series)]),
        }
        if "anomaly_share" in self.features:
            tables["anomaly_share"] = np.append(self.anomaly_shares_, self._panel_share)[:, None]
        moments = {"level": self._levels, "spread": self._spreads, "step": self._steps[:, None]}
        for feature, table in moments.items():
            tables[feature] = np.vstack([table, np.median(table, axis=0)])
        return [tables[feature] for feature in self.features]
