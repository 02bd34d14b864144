"""Samplers of imbalanced-learn for windows, and for very few anomalies."""

from __future__ import annotations

import importlib
import warnings
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.neighbors import NearestNeighbors
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from .._labels import check_labels
from .._series import has_time
from .._windows import Windows, check_windows
from ._window_augmenter import WindowAugmenter

#: Names, and the classes of imbalanced-learn that they stand for.
NAMES = {
    "undersample": "under_sampling.RandomUnderSampler",
    "near_miss": "under_sampling.NearMiss",
    "tomek_links": "under_sampling.TomekLinks",
    "oversample": "over_sampling.RandomOverSampler",
    "smote": "over_sampling.SMOTE",
    "borderline_smote": "over_sampling.BorderlineSMOTE",
    "adasyn": "over_sampling.ADASYN",
    "smote_tomek": "combine.SMOTETomek",
    "smote_enn": "combine.SMOTEENN",
}
#: Parameters that count neighbours of a row's own class.
NEIGHBOURS = ("k_neighbors", "n_neighbors", "n_neighbors_ver3")
#: Samplers that look at labels only.
BLIND = ("RandomUnderSampler", "RandomOverSampler")


class SafeSampler(BaseEstimator):
    """Resample windows at fit with any sampler of imbalanced-learn, however few the anomalies are.

    It stands behind `SlidingWindow` in a pipeline of imbalanced-learn, which leaves samplers out at predict. What it
    adds to a sampler as such:

    - Windows stay windows: they keep their channels and their index, and where rows are only picked, no window is
      written out.
    - Rows stay in time order, made ones beside the row they come from, so that the last rows are still the last in
      time.
    - No anomaly: nothing is done, with a warning. One: it is repeated, where a method needs neighbours. Few: the
      method looks at as many neighbours as there are. A method that finds nothing to do, or fails on
      so few, is replaced by repeating rows. Each is said in a warning.
    - The share of anomalies never falls: where they are as many as ``ratio`` asks for, nothing is done, with a warning.

    Parameters
    ----------
    sampler : str, sampler or WindowAugmenter, default="undersample"
        A sampler of imbalanced-learn, which is cloned, or its name: "undersample", "near_miss", "tomek_links",
        "oversample", "smote", "borderline_smote", "adasyn", "smote_tomek" or "smote_enn". "augment" makes changed
        copies with `WindowAugmenter`.
    ratio : float or None, default=None
        Anomalies for each normal row afterwards, above 0 and at most 1, for two classes. None is the sampler's own,
        mostly 1.
    n_channels : int, default=None
        Channels of a plain 2-D row, for "augment".
    random_state : int, RandomState or None, default=None
        Handed to the sampler; None leaves that of an instance.

    Notes
    -----
    Probabilities of a model that was fitted to resampled rows are too high for the anomaly: choose its threshold on
    rows as they are, e.g. by ``ThresholdClassifier(pipeline)``. Weights cannot pass a sampler.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import SafeSampler, SlidingWindow
    >>> X, y = np.arange(100.0).reshape(-1, 1), np.repeat([0, 1], [97, 3])
    >>> windows = SlidingWindow(5).fit_transform(X)
    >>> resampled, labels = SafeSampler("smote", ratio=0.2, random_state=0).fit_resample(windows, y)
    >>> resampled
    Windows(n_windows=116, length=5, n_channels=1, dtype=float64)
    >>> int(labels.sum())
    19
    """

    _parameter_constraints: dict = {
        "sampler": [StrOptions({*NAMES, "augment"}), HasMethods(["fit_resample"]), WindowAugmenter],
        "ratio": [Interval(Real, 0, 1, closed="right"), None],
        "n_channels": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        sampler: Any = "undersample",
        *,
        ratio: float | None = None,
        n_channels: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.sampler = sampler
        self.ratio = ratio
        self.n_channels = n_channels
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Check rows and labels; `fit_resample` does the work.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one a row.
        y : array-like of shape (n_samples,)
            Class labels.

        Returns
        -------
        self : SafeSampler
        """
        self._check(X, y)
        return self

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Resample.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one a row.
        y : array-like of shape (n_samples,)
            Class labels. Of two, the last in sorted order is the anomaly.

        Returns
        -------
        X_resampled : as X
            Windows, in time order.
        y_resampled : ndarray or Series, as y
            Their labels.

        Raises
        ------
        ValueError
            If X is a frame with time in its index that holds no windows, or ``ratio`` is given for more than two
            classes.

        Warns
        -----
        UserWarning
            If the rows cannot be resampled as asked for.
        """
        windows, labels = self._check(X, y)
        parents, made = self._resample(windows, labels)
        n_picked = len(parents) - len(made)
        rows = np.append(parents[:n_picked], len(windows) + np.arange(len(made)))
        in_time = np.argsort(parents, kind="stable")
        parents, rows = parents[in_time], rows[in_time]
        y_resampled = y.iloc[parents] if isinstance(y, pd.Series) else labels[parents]
        return _take(X, windows, made, rows, parents), y_resampled

    def _check(self, X: Any, y: Any) -> tuple[Windows, np.ndarray]:
        self._validate_params()
        windows = check_windows(self, X, n_channels=self.n_channels, reset=True)
        if has_time(X) and not isinstance(X, Windows) and windows.channel_names is None:
            raise ValueError(
                "X is a frame of rows with time in its index, no windows: the sampler would tear holes between the "
                "rows of a window. Put SafeSampler behind SlidingWindow."
            )
        return windows, check_labels(windows, y)

    def _resample(self, windows: Windows, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the row each row comes from, and the values of the last of them, which are made."""
        classes, counts = np.unique(labels, return_counts=True)
        as_they_are = np.arange(len(windows)), np.empty((0, windows.shape[1]), windows.dtype)
        if len(classes) == 1:
            _warn(f"y holds the one class {classes.tolist()[0]!r}: the rows stay as they are.")
            return as_they_are
        if len(classes) > 2 and self.ratio is not None:
            raise ValueError(
                f"ratio={self.ratio} is for two classes, y holds {len(classes)}. Use ratio=None."
            )
        wanted = 1.0 if self.ratio is None else self.ratio
        if len(classes) == 2 and counts[1] >= wanted * counts[0]:
            _warn(
                f"There are {counts[1]} anomalies for {counts[0]} normal rows, at least ratio={wanted:g} already: the "
                "rows stay as they are. Use a larger ratio, or no sampler."
            )
            return as_they_are
        if self.sampler == "augment" or isinstance(self.sampler, WindowAugmenter):
            return self._augment(windows, labels, int(np.ceil(wanted * counts.max())))
        return self._run(self._make_sampler(int(counts.min())), windows, labels)

    def _augment(self, windows: Windows, labels: np.ndarray, n_wanted: int) -> tuple[np.ndarray, np.ndarray]:
        augmenter = WindowAugmenter() if isinstance(self.sampler, str) else clone(self.sampler)
        if self.random_state is not None:
            augmenter.set_params(random_state=self.random_state)
        parents, made = [np.arange(len(windows))], [np.empty((0, windows.shape[1]), windows.dtype)]
        for label in np.unique(labels):
            rows = np.flatnonzero(labels == label)
            if len(rows) < n_wanted:
                copies, of = augmenter.augment(windows.gather(rows), n_wanted - len(rows))
                parents.append(rows[of])
                made.append(copies.reshape(len(copies), -1))
        return np.concatenate(parents), np.concatenate(made)

    def _make_sampler(self, n_rare: int) -> Any:
        """Return the sampler, with no more neighbours than there are; None where one row has none."""
        sampler = _imblearn(NAMES[self.sampler])() if isinstance(self.sampler, str) else clone(self.sampler)
        known = sampler.get_params(deep=False)
        if self.ratio is not None:
            sampler.set_params(sampling_strategy=self.ratio)
        if self.random_state is not None and "random_state" in known:
            sampler.set_params(random_state=self.random_state)
        if "smote" in known and sampler.smote is None:
            strategy = {name: sampler.get_params()[name] for name in ("sampling_strategy", "random_state")}
            sampler.set_params(smote=_imblearn(NAMES["smote"])(**strategy))
        limit = n_rare - 1 if _makes_rows(sampler) else n_rare
        names = [name for name in sampler.get_params() if name.split("__")[-1] in NEIGHBOURS]
        too_many = {
            name: limit
            for name in names
            if isinstance(sampler.get_params()[name], Integral) and sampler.get_params()[name] > limit
        }
        if too_many and limit < 1:
            _warn(f"One row has no neighbours of its class, which {sampler} needs: it is repeated instead.")
            return self._repeater()
        return sampler.set_params(**too_many)

    def _repeater(self) -> Any:
        strategy = "auto" if self.ratio is None else self.ratio
        return _imblearn(NAMES["oversample"])(sampling_strategy=strategy, random_state=self.random_state)

    def _run(self, sampler: Any, windows: Windows, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if type(sampler).__name__ in BLIND and getattr(sampler, "shrinkage", None) is None:
            sampler.fit_resample(np.arange(len(labels)).reshape(-1, 1), labels)
            return sampler.sample_indices_, np.empty((0, windows.shape[1]), windows.dtype)
        dense = np.asarray(windows)
        makes = _makes_rows(sampler)
        try:
            X, y = sampler.fit_resample(dense, labels)
            failure = "finds nothing to do" if makes and len(y) == len(labels) else None
        except (ValueError, RuntimeError) as error:
            if not makes:
                raise
            failure = f"fails: {error}"
        if failure:
            _warn(f"{sampler} {failure}. Rows are repeated instead.")
            return self._run(self._repeater(), windows, labels)
        if hasattr(sampler, "sample_indices_") and len(sampler.sample_indices_) == len(y):
            return sampler.sample_indices_, np.empty((0, windows.shape[1]), windows.dtype)
        parents, is_made = _find_parents(X, y, dense, labels)
        picked_first = np.argsort(is_made, kind="stable")
        return parents[picked_first], X[is_made].astype(windows.dtype)


def _imblearn(path: str) -> Any:
    """Import a class of imbalanced-learn, which is slow to load."""
    module, name = path.rsplit(".", 1)
    return getattr(importlib.import_module(f"imblearn.{module}"), name)


def _makes_rows(sampler: Any) -> bool:
    return (
        isinstance(sampler, _imblearn("over_sampling.base.BaseOverSampler"))
        or "smote" in sampler.get_params()
    )


def _warn(text: str) -> None:
    warnings.warn(text, UserWarning, stacklevel=4)


def _find_parents(
    X: np.ndarray, y: np.ndarray, dense: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each row the row of its class that is nearest to it, and whether it is another."""
    parents, is_made = np.empty(len(y), dtype=np.intp), np.zeros(len(y), dtype=bool)
    n = len(labels)
    if len(y) > n and np.array_equal(X[:n], dense):  # samplers that only add
        parents[:n] = np.arange(n)
        is_made[n:] = True
        rest = np.arange(n, len(y))
    else:
        rest = np.arange(len(y))
    for label in np.unique(y[rest]):
        rows, known = rest[y[rest] == label], np.flatnonzero(labels == label)
        _, nearest = NearestNeighbors(n_neighbors=1).fit(dense[known]).kneighbors(X[rows])
        parents[rows] = known[nearest[:, 0]]
    is_made[rest] = (X[rest] != dense[parents[rest]]).any(axis=1)
    return parents, is_made


def _take(X: Any, windows: Windows, made: np.ndarray, rows: np.ndarray, parents: np.ndarray) -> Any:
    """Return rows of the windows with the made ones behind them, in the form of X."""
    if not isinstance(X, Windows):
        values = np.concatenate([np.asarray(windows), made])[rows]
        if isinstance(X, pd.DataFrame):
            return pd.DataFrame(values, X.index[parents], X.columns)
        return values.reshape(len(rows), *np.shape(X)[1:])
    if not len(made):
        return windows[rows]
    buffer = np.concatenate([windows.buffer, made.reshape(-1, windows.n_channels)])
    starts = np.append(windows.starts, len(windows.buffer) + np.arange(len(made)) * windows.length)
    index = None if windows.index is None else windows.index[parents]
    return Windows(buffer, starts[rows], windows.length, index, windows.channel_names)
