"""Scaling per series."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Hashable, Mapping
from copy import deepcopy
from typing import Any, Self, overload

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.base import OneToOneFeatureMixin, clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from .._core import (
    Estimator,
    HasMethods,
    Labels,
    LiveStep,
    Rows,
    RowTransformer,
    SeriesRows,
    StrOptions,
    atomic_fit,
    check_panel,
    is_panel,
    read_series,
    refuse_polars_output,
    row_index,
    validate_rows,
    warn_if_unknown,
)
from ._fit_at_once import fit_at_once
from ._kept_scalers import joined
from ._live_scaler import LiveScaler
from ._scale_at_once import are_many, scale_at_once

#: Rows and the parameters of the scaler are checked once: checking for each series takes longer than scaling.
_CHECKED = {"assume_finite": True, "skip_parameter_validation": True}


class SeriesScaler(OneToOneFeatureMixin, RowTransformer, Estimator):
    """Scale each series of a panel by itself, with any scikit-learn scaler.

    Rows without a (series, time) MultiIndex are one series. A frame is returned as a frame with its index, even if
    ``set_output`` was not called, since later steps need the index.

    Parameters
    ----------
    scaler : transformer, default=None
        Cloned for each series; None means ``StandardScaler()``.
    unseen : {"self", "pooled", "error"}, default="pooled"
        How to scale a series not seen during fit: with a scaler fitted on the rows to transform ("self", which looks at
        that series' own future), with a scaler fitted on all training rows together ("pooled"), or not at all
        ("error").
    series : {"auto", "index"}, default="auto"
        "auto" reads a (series, time) MultiIndex if there is one; "index" requires it.

    Attributes
    ----------
    scalers_ : mapping
        The fitted scaler of each series by its name; ``{None: scaler}`` without a MultiIndex. The scalers of many short
        series are stored as arrays, and each is created when it is looked up.
    pooled_scaler_ : transformer
        Scaler fitted on all rows; only with ``unseen="pooled"`` and a MultiIndex.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    Examples
    --------
    >>> import pandas as pd
    >>> from sktsad import SeriesScaler
    >>> index = pd.MultiIndex.from_product([["a", "b"], [0, 1]], names=["series", "time"])
    >>> X = pd.DataFrame({"value": [1.0, 3.0, 100.0, 300.0]}, index=index)
    >>> SeriesScaler().fit_transform(X)["value"].tolist()
    [-1.0, 1.0, -1.0, 1.0]
    """

    _parameter_constraints: dict = {
        "scaler": [HasMethods(["fit", "transform", "inverse_transform"]), None],
        "unseen": [StrOptions({"self", "pooled", "error"})],
        "series": [StrOptions({"auto", "index"})],
    }

    def __init__(self, scaler: Any = None, *, unseen: str = "pooled", series: str = "auto") -> None:
        self.scaler = scaler
        self.unseen = unseen
        self.series = series

    @atomic_fit
    def fit(self, X: Rows, y: Labels = None) -> Self:
        """Fit one scaler for each series.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            One row per time step; a panel is a frame with a (series, time) MultiIndex.
        y : None
            Ignored.

        Returns
        -------
        self : SeriesScaler
        """
        rows = read_series(X, self.series)
        values = validate_rows(self, X, reset=True)
        self._is_panel = is_panel(X)
        pooled = self._new_scaler().fit(values)
        self.scalers_: Mapping[Hashable, Any] = (
            self._fitted(values, rows) if self._is_panel else {None: pooled}
        )
        if self.unseen == "pooled" and self._is_panel:
            self.pooled_scaler_ = pooled
        elif hasattr(self, "pooled_scaler_"):
            del self.pooled_scaler_
        return self

    @atomic_fit
    def partial_fit(self, X: Rows, y: Labels = None) -> Self:
        """Continue fitting on more rows, of known or new series, for panels larger than memory.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`, such as the parts of a `ParquetPanel` of `sktsad.scale`.
        y : None
            Ignored.

        Returns
        -------
        self : SeriesScaler

        Raises
        ------
        TypeError
            If the scaler has no ``partial_fit``, such as ``RobustScaler``.
        """
        if not hasattr(self._new_scaler(), "partial_fit"):
            raise TypeError(
                f"scaler={self.scaler} has no partial_fit: it needs all rows of a series at once. Use StandardScaler, "
                "MinMaxScaler or MaxAbsScaler, or fit."
            )
        is_first = not hasattr(self, "scalers_")
        rows = read_series(X, self.series)
        values = validate_rows(self, X, reset=is_first)
        if is_first:
            self._is_panel = is_panel(X)
        check_panel(X, self._is_panel)
        before: Mapping[Hashable, Any] = {} if is_first else self.scalers_
        if not before.keys() & set(rows.keys):
            scalers = joined(before, self._fitted(values, rows))
        else:
            # Copies continue, so that existing scalers stay unchanged if a later series fails.
            scalers = later = dict(before)
            with config_context(**_CHECKED):
                for key, part in rows.parts():
                    own = deepcopy(later[key]) if key in later else self._new_scaler()
                    later[key] = own.partial_fit(values[rows.order[part]])
        with config_context(**_CHECKED):
            if self.unseen == "pooled" and self._is_panel:
                pooled = deepcopy(getattr(self, "pooled_scaler_", None)) or self._new_scaler()
                self.pooled_scaler_ = pooled.partial_fit(values)
        self.scalers_ = scalers
        return self

    @overload
    def transform(self, X: pd.DataFrame) -> pd.DataFrame: ...
    @overload
    def transform(self, X: Rows) -> np.ndarray: ...
    def transform(self, X: Rows) -> Any:
        """Scale each series by its own scaler.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        X_scaled : ndarray or DataFrame, as X, of shape (n_samples, n_features)

        Raises
        ------
        ValueError
            If a series is new and ``unseen="error"``, or only one of `fit` and `transform` gets the index of a panel.

        Warns
        -----
        UserWarning
            If series seem to have different names from those seen during fit, such as ``"1"`` instead of ``1``.
        """
        return self._apply(X, "transform")

    @overload
    def inverse_transform(self, X: pd.DataFrame) -> pd.DataFrame: ...
    @overload
    def inverse_transform(self, X: Rows) -> np.ndarray: ...
    def inverse_transform(self, X: Rows) -> Any:
        """Undo the scaling.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Scaled rows, with their index. For a series not seen during fit, the scaling can be undone only with
            ``unseen="pooled"``.

        Returns
        -------
        X_original : ndarray or DataFrame, as X, of shape (n_samples, n_features)
        """
        return self._apply(X, "inverse_transform")

    def live_step(self) -> LiveStep:
        """Return the step that works row by row, for `sktsad.live.LiveScorer`.

        Returns
        -------
        step : LiveStep
        """
        check_is_fitted(self)
        pooled = getattr(self, "pooled_scaler_", None)
        return LiveScaler(self.scalers_, pooled, self.n_features_in_, self.unseen)

    def _new_scaler(self) -> Any:
        return StandardScaler() if self.scaler is None else clone(self.scaler)

    def _apply(self, X: Rows, method: str) -> Any:
        check_is_fitted(self)
        refuse_polars_output(self, X)
        check_panel(X, self._is_panel)
        rows = read_series(X, self.series)
        if self._is_panel:
            warn_if_unknown(list(self.scalers_), rows.keys)
        values = validate_rows(self, X, reset=False)
        with config_context(**_CHECKED):
            new = {
                key: self._scaler_of_new(key, values[rows.order[part]], method)
                for key, part in rows.parts()
                if key not in self.scalers_
            }
            scalers: Mapping[Hashable, Any] = (
                ChainMap(new, self.scalers_) if new else self.scalers_  # type: ignore[arg-type]
            )
            out = scale_at_once(scalers, values, rows, method) if are_many(rows) else None
            if out is None:
                out = np.empty_like(values)
                for key, part in rows.parts():
                    at = rows.order[part]
                    out[at] = getattr(scalers[key], method)(values[at])
        index = row_index(X)
        return out if index is None else pd.DataFrame(out, index, self.get_feature_names_out(), copy=False)

    def _fitted(self, values: np.ndarray, rows: SeriesRows) -> Mapping[Hashable, Any]:
        """Return the fitted scaler of each series."""
        with config_context(**_CHECKED):
            found = fit_at_once(self._new_scaler(), values, rows) if are_many(rows) else None
            if found is not None:
                return found
            return {key: self._new_scaler().fit(values[rows.order[part]]) for key, part in rows.parts()}

    def _scaler_of_new(self, key: Hashable, values: np.ndarray, method: str) -> Any:
        """Return the scaler of a series that fit did not see."""
        if self.unseen == "error" or (self.unseen == "self" and method == "inverse_transform"):
            raise ValueError(
                f"Series {key!r} was not seen during fit, and there is no scaler for it with unseen={self.unseen!r}. "
                "Use unseen='pooled'."
            )
        return self._new_scaler().fit(values) if self.unseen == "self" else self.pooled_scaler_
