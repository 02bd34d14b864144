"""Detectors that learn running means and variances: they can continue learning, and may weight recent rows more."""

from __future__ import annotations

from collections.abc import Hashable
from copy import copy
from datetime import timedelta
from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.utils.metaestimators import available_if

from .._core import (
    LENGTH_OF_TIME,
    Interval,
    Labels,
    Rows,
    Windows,
    atomic_fit,
    is_length_of_time,
    nanoseconds,
    read_rows,
    require_steps,
    rows_after,
    time_order,
    warn_if_anomaly_is_a_guess,
)
from ._labels_of_part import labels_of_part
from ._window_detector import WindowDetector


def _goes_on(self: RunningDetector) -> bool:
    """Return whether the model can continue learning; raise if not."""
    reason = self._why_not()
    if reason:
        raise AttributeError(
            f"{type(self).__name__} cannot continue learning with {reason}. Call fit on all rows instead."
        )
    return True


class RunningDetector(WindowDetector):
    """Base of the detectors with running moments; a subclass has ``_learn`` instead of ``_fit_model``.

    A subclass also has the parameter ``half_life``.
    """

    _parameter_constraints: dict = {
        **WindowDetector._parameter_constraints,
        "half_life": [Interval(Real, 0, None, closed="neither"), *LENGTH_OF_TIME, None],
    }

    half_life: float | str | timedelta | None
    _moments: StandardScaler
    #: The names of the series seen during fit and their half-lives in rows, if ``half_life`` is a length of time; two
    #: lists, not a dict, as a single series has the name None.
    _half_lives: tuple[list[Hashable], list[float]]

    def _why_not(self) -> str:
        """Return the parameters that are incompatible with running moments, as text; empty if there are none."""
        return ""

    def _learn(self, windows: Windows, goes_on: bool) -> None:
        """Learn from windows, from scratch, or with ``goes_on`` in addition to the previous ones."""
        raise NotImplementedError

    def _fit_model(self, windows: Windows, held_out: Windows | None) -> None:
        if self.half_life is not None and (reason := self._why_not()):
            raise ValueError(
                f"half_life={self.half_life!r} has no effect with {reason}: set only one of them."
            )
        self._learn(windows, goes_on=False)

    @available_if(_goes_on)
    @atomic_fit
    def partial_fit(self, X: Rows, y: Labels = None, classes: Labels = None) -> Self:
        """Continue learning: the model is then that of all rows so far, including these.

        The threshold does not change: scores are in units of the usual deviation, so that they mean the same after it
        changes.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, n_features)
            Rows, or windows after `SlidingWindow`, that follow the previous ones.
        y : array-like of shape (n_samples,), default=None
            Labels as in `fit`; anomalies are left out. None treats all rows as normal.
        classes : array-like of shape (2,), default=None
            Both labels; needed if y does not contain both in the first call.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If y has labels that are not among the classes, or ``classes`` differ from those of an earlier call.

        Notes
        -----
        The first call is `fit`: it holds out rows to learn the threshold from. In a Pipeline, pass transformed rows to
        the last step: ``pipeline[-1].partial_fit(pipeline[:-1].transform(X))``.
        """
        is_first = not hasattr(self, "classes_")
        if is_first and classes is None:
            return self.fit(X, y)
        both, anomalous = labels_of_part(X, y, classes, None if is_first else self.classes_)
        if is_first:
            self.fit(X, anomalous.astype(int))
            self.classes_ = both
            warn_if_anomaly_is_a_guess(both)
            return self
        windows = self._read(X)
        if not anomalous.all():
            self._learn(windows[~anomalous], goes_on=True)
        return self

    def _convert_half_life(self, windows: Windows) -> tuple[list[Hashable], list[float]]:
        """Return the names of the series and their half-lives in rows, by their time steps."""
        order = time_order(windows)
        rows = read_rows(windows if order is None else windows[order])
        steps = require_steps("half_life", self.half_life, rows)
        half_life = nanoseconds("half_life", self.half_life)
        if not half_life:
            raise ValueError(f"half_life={self.half_life!r} must be above 0, such as '1D'.")
        known = {
            key: half_life / step for key, step in zip(rows.keys, steps.tolist(), strict=True) if step > 0
        }
        if not known:
            raise ValueError(
                f"half_life={self.half_life!r} is a length of time, but there is no time step, as most rows of every "
                "series are repeated, for example by a sampler. Give a number of rows."
            )
        return list(known), list(known.values())

    def _half_life_of(self, windows: Windows) -> Any:
        """Return the half-life in rows, one number for all windows or one for each."""
        if not is_length_of_time(self.half_life):
            return self.half_life
        rows, known = read_rows(windows), dict(zip(*self._half_lives, strict=True))
        typical = float(np.median(self._half_lives[1]))  # for series that fit has not seen
        out = np.empty(rows.n_rows)
        out[rows.order] = np.repeat([known.get(key, typical) for key in rows.keys], np.diff(rows.bounds))
        return out

    def _add_moments(self, windows: Windows, goes_on: bool) -> tuple[np.ndarray | None, float]:
        """Set ``_moments`` to those of all windows so far, including these.

        Returns
        -------
        weights : ndarray of shape (n_windows,) or None
            Weight of each window; None if all are 1.
        past : float
            Weight of all previous windows.
        """
        weights, kept = None, 1.0
        if self.half_life is not None:
            if is_length_of_time(self.half_life) and not goes_on:
                self._half_lives = self._convert_half_life(windows)
            age, half_life = rows_after(windows), self._half_life_of(windows)
            weights, kept = 0.5 ** (age / half_life), float((0.5 ** ((age + 1) / half_life)).min())
        moments, past = StandardScaler(), 0.0
        constant = windows.flat(slice(0, 1))[0].astype(np.float64)
        is_constant = np.ones(len(constant), dtype=bool)
        if goes_on:
            moments = copy(self._moments)
            seen = (
                np.asarray(moments.n_samples_seen_, dtype=float) * kept
            )  # of each column, where values are missing
            past = float(seen.max())
            is_constant = (moments.mean_ == constant) & (moments.var_ == 0)
            if weights is not None:
                moments.n_samples_seen_ = seen
        for chunk in windows.chunks():
            counted = None if weights is None else weights[chunk]
            with np.errstate(
                invalid="ignore"
            ):  # weighted, the variance of a constant may round to less than 0
                moments.partial_fit(windows.flat(chunk), None, counted)
            is_constant &= (windows.flat(chunk) == constant).all(axis=0)
            moments.var_ = np.maximum(moments.var_, 0)
        # The mean of a large constant is rounded, which can exceed what other columns vary by.
        moments.mean_[is_constant], moments.var_[is_constant] = constant[is_constant], 0.0
        moments.scale_ = np.where(~is_constant & (moments.scale_ > 0), moments.scale_, 1.0)
        self._moments = moments
        return weights, past
