"""Samplers of imbalanced-learn for windows, and for very few anomalies."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import OneToOneFeatureMixin, clone
from sklearn.utils import check_random_state

from .._core import (
    RANDOM_STATE,
    Estimator,
    HasMethods,
    Interval,
    Labels,
    Rows,
    Seed,
    StrOptions,
    Windows,
    atomic_fit,
    check_labels,
    check_same_index,
    check_windows,
    has_time,
    mark_anomalies,
    read_rows,
    safe_indexing,
    time_order,
    warn_if_anomaly_is_a_guess,
)
from ._resampling import (
    as_they_are,
    imblearn_class,
    kind_of,
    name_of,
    resample,
    strategy_of,
    suit_to,
    target_of,
    warn,
)
from ._sampler_tags import TagsOfSampler
from ._window_augmenter import WindowAugmenter

#: Names, with their classes in imbalanced-learn.
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


class SafeSampler(OneToOneFeatureMixin, Estimator):
    """Resample windows at fit with any sampler of imbalanced-learn, even with very few anomalies.

    Use it after `SlidingWindow` in a pipeline of imbalanced-learn, which skips samplers at predict. Compared with a
    plain sampler:

    - Windows stay `Windows`: they keep their channels and their index, and only synthetic ones need additional memory.
      Random sampling copies no window; other methods compare windows, and to do so copy those of a panel.
    - Rows stay in time order, synthetic ones next to the nearest row of their class, so that the last rows are still
      the last in time. Rows of a panel stay in the order given.
    - With no anomaly, nothing is done. A single anomaly is repeated if the method needs neighbours. With few anomalies,
      the method uses as many neighbours as there are. An oversampler that finds nothing to do, or fails on few rows, is
      replaced by repeating rows. Each of these cases gives a warning. An undersampler leaves as few rows as its ratio
      requires.
    - The share of anomalies never falls: if it is already as large as ``ratio``, or the sampler removes anomalies,
      nothing is done, with a warning; an oversampler is then replaced by repeating rows.

    Parameters
    ----------
    sampler : str, sampler or WindowAugmenter, default="undersample"
        A sampler of imbalanced-learn, which is cloned, or its name: "undersample", "near_miss", "tomek_links",
        "oversample", "smote", "borderline_smote", "adasyn", "smote_tomek" or "smote_enn". "augment" makes changed
        copies with `WindowAugmenter`.
        None only applies ``max_normal``.
    ratio : float or None, default=None
        Number of anomalies per normal row after resampling, above 0 and at most 1; for two classes. None keeps the
        ratio of the sampler, usually 1. Cleaning samplers, such as "tomek_links", have no ratio.
    max_normal : int, default=None
        Number of normal rows to draw at random, before resampling, from each series that has more: long series of
        normal rows take time and add little. All anomalies are kept.
    n_channels : int, default=None
        Number of channels in a plain 2-D row, for "augment".
    random_state : int, RandomState or None, default=None
        Passed to the sampler, and to samplers inside it; with None, these keep their own. It also controls which rows
        are drawn for ``max_normal``.

    Attributes
    ----------
    sampling_strategy_ : dict
        The ``sampling_strategy_`` of the sampler that was used: for each class that it changed, the number of rows
        added by an oversampler, or left by an undersampler; empty if the rows are unchanged.
    sample_indices_ : ndarray of shape (n_resampled,)
        The row of X that each row comes from; for a synthetic row, the nearest row of its class.
    n_features_in_, feature_names_in_ : int, ndarray of str
        Number of columns, and their names if X has column names.

    Notes
    -----
    A model that was fitted to resampled rows overestimates the probability of anomalies: choose its threshold on the
    original rows, e.g. with ``ThresholdClassifier(pipeline)``. Sample weights cannot be passed through a sampler.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import SafeSampler, SlidingWindow
    >>> X, y = np.arange(100.0).reshape(-1, 1), np.repeat([0, 1], [94, 6])
    >>> windows = SlidingWindow(5).fit_transform(X)
    >>> resampled, labels = SafeSampler("smote", ratio=0.2, random_state=0).fit_resample(
    ...     windows, y
    ... )
    >>> resampled
    Windows(n_windows=112, length=5, n_channels=1, dtype=float64)
    >>> int(labels.sum())
    18
    """

    _parameter_constraints: dict = {
        "sampler": [StrOptions({*NAMES, "augment"}), HasMethods(["fit_resample"]), WindowAugmenter, None],
        "ratio": [Interval(Real, 0, 1, closed="right"), None],
        "max_normal": [Interval(Integral, 1, None, closed="left"), None],
        "n_channels": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": RANDOM_STATE,
    }

    def __init__(
        self,
        sampler: Any = "undersample",
        *,
        ratio: float | None = None,
        max_normal: int | None = None,
        n_channels: int | None = None,
        random_state: Seed = None,
    ) -> None:
        self.sampler = sampler
        self.ratio = ratio
        self.max_normal = max_normal
        self.n_channels = n_channels
        self.random_state = random_state

    @atomic_fit
    def fit(self, X: Rows, y: Labels) -> Self:
        """Check rows and labels; `fit_resample` resamples.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one per row.
        y : array-like of shape (n_samples,)
            Class labels.

        Returns
        -------
        self : SafeSampler
        """
        self._check(X, y)
        return self

    @atomic_fit
    def fit_resample(self, X: Rows, y: Labels) -> tuple[Any, Any]:
        """Resample the windows.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one per row.
        y : array-like of shape (n_samples,), or (n_samples, n_classes) of 0 and 1
            Class labels. With two, the last in sorted order is the anomaly.

        Returns
        -------
        X_resampled : as X
            Windows, in time order.
        y_resampled : as y
            Labels of the rows.

        Raises
        ------
        ValueError
            If X is a frame of plain rows with time in its index, or ``ratio`` is given for more than two classes, or
            for a sampler that has no ratio.

        Warns
        -----
        UserWarning
            If the rows cannot be resampled as the parameters require; or, with ``max_normal``, if y has two labels
            other than 0 and 1: the last in sorted order is taken as the anomaly.
        """
        windows, labels = self._check(X, y)
        order = time_order(windows)
        drawn = self._draw(windows, labels, np.arange(len(windows)) if order is None else order)
        parents, made = self._resample(windows[drawn], labels[drawn])
        n_picked = len(parents) - len(made)
        rows = np.append(drawn[parents[:n_picked]], len(windows) + np.arange(len(made)))
        in_time = np.argsort(parents, kind="stable")
        parents, rows = drawn[parents[in_time]], rows[in_time]
        self.sample_indices_ = parents
        # A row gets the label of its parent, so that labels keep their type.
        return _take(X, windows, made, rows, parents), safe_indexing(y, parents)

    def __sklearn_tags__(self) -> Any:
        target_tags = super().__sklearn_tags__().target_tags
        target_tags.required = True
        return TagsOfSampler("sampler", target_tags)

    @property
    def _reads_layout(self) -> bool:
        sampler = self.sampler
        return sampler == "augment" or hasattr(sampler, "augment")

    def _check(self, X: Rows, y: Labels) -> tuple[Windows, np.ndarray]:
        windows = check_windows(self, X, n_channels=self.n_channels, reset=True)
        if has_time(X) and not isinstance(X, Windows) and windows.channel_names is None:
            raise ValueError(
                "X is a frame of rows with time in its index, not of windows: the sampler would remove rows that "
                "later windows need. Put SafeSampler after SlidingWindow, or pass n_channels= for rows that are "
                "windows."
            )
        if np.ndim(y) == 2:
            check_same_index(windows, y)
            y = target_of(y)
        return windows, check_labels(windows, y)

    def _draw(self, windows: Windows, labels: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the rows to resample: all, or all anomalies and ``max_normal`` normal rows of each series."""
        classes, is_anomaly = mark_anomalies(labels)
        if self.max_normal is None:
            return rows
        if len(classes) > 2:
            raise ValueError(
                f"max_normal={self.max_normal} needs two classes, but y has {len(classes)}. Use max_normal=None."
            )
        warn_if_anomaly_is_a_guess(classes)
        rng = check_random_state(self.random_state)
        series = read_rows(windows)
        kept = is_anomaly.copy()
        for _, part in series.parts():
            of_series = series.order[part]
            normal = of_series[~is_anomaly[of_series]]
            if len(normal) > self.max_normal:
                normal = rng.choice(normal, self.max_normal, replace=False)
            kept[normal] = True
        return rows[kept[rows]]

    def _resample(self, windows: Windows, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the row that each row comes from, and the values of the last rows, which are synthetic."""
        self.sampling_strategy_: dict = {}
        if self.sampler is None:
            return as_they_are(windows)
        classes, counts = np.unique(labels, return_counts=True)
        if len(classes) == 1:
            warn(f"y contains only the class {classes.tolist()[0]!r}: the rows are left unchanged.")
            return as_they_are(windows)
        if len(classes) > 2 and self.ratio is not None:
            raise ValueError(
                f"ratio={self.ratio} needs two classes, but y has {len(classes)}. Use ratio=None."
            )
        augments = self.sampler == "augment" or isinstance(self.sampler, WindowAugmenter)
        sampler = None if augments else self._make_sampler()
        wanted = self.ratio or 1.0
        if sampler is not None and isinstance(strategy_of(sampler), Real):
            wanted = strategy_of(sampler)
        if len(classes) == 2 and counts[1] >= wanted * counts[0]:
            warn(
                f"There are {counts[1]} anomalies, labelled {classes.tolist()[1]!r}, and {counts[0]} other rows, "
                f"already at least ratio={wanted:g}: the rows are left unchanged. Use a larger ratio, or no sampler."
            )
            return as_they_are(windows)
        if sampler is None:
            return self._augment(windows, labels, int(np.ceil(wanted * counts.max())))
        parents, made, used = resample(suit_to(sampler, int(counts.min())), windows, labels)
        makes = getattr(used, "smote_", used)  # for samplers with a cleaning step
        self.sampling_strategy_ = dict(getattr(makes, "sampling_strategy_", {}))
        return parents, made

    def _augment(self, windows: Windows, labels: np.ndarray, n_wanted: int) -> tuple[np.ndarray, np.ndarray]:
        augmenter = WindowAugmenter() if isinstance(self.sampler, str) else clone(self.sampler)
        if self.random_state is not None:
            augmenter.set_params(random_state=self.random_state)
        parents, made = [np.arange(len(windows))], [np.empty((0, windows.shape[1]), windows.dtype)]
        for label in np.unique(labels):
            rows = np.flatnonzero(labels == label)
            if len(rows) < n_wanted:
                self.sampling_strategy_[label] = n_wanted - len(rows)
                copies, of = augmenter.augment(windows.gather(rows), n_wanted - len(rows))
                parents.append(rows[of])
                made.append(copies.reshape(len(copies), -1))
        return np.concatenate(parents), np.concatenate(made)

    def _make_sampler(self) -> Any:
        """Return a new sampler with the ratio and the random state."""
        sampler = (
            imblearn_class(NAMES[self.sampler])() if isinstance(self.sampler, str) else clone(self.sampler)
        )
        if (
            sampler.get_params().get("smote", "none") is None
        ):  # otherwise its number of neighbours cannot be set
            inner = {name: getattr(sampler, name) for name in ("sampling_strategy", "random_state")}
            sampler.set_params(smote=imblearn_class(NAMES["smote"])(**inner))
        names = list(sampler.get_params())
        if self.ratio is not None:
            if "sampling_strategy" not in names or kind_of(sampler) == "clean-sampling":
                raise ValueError(
                    f"ratio={self.ratio} cannot be used with {name_of(sampler)}, which has no ratio. Use ratio=None."
                )
            strategies = {"sampling_strategy", "smote__sampling_strategy"} & set(names)
            sampler.set_params(**dict.fromkeys(strategies, self.ratio))
        if self.random_state is not None:
            states = [name for name in names if name.split("__")[-1] == "random_state"]
            sampler.set_params(**dict.fromkeys(states, self.random_state))
        return sampler


def _take(X: Rows, windows: Windows, made: np.ndarray, rows: np.ndarray, parents: np.ndarray) -> Any:
    """Return rows of the windows, followed by the synthetic ones, with the type of X."""
    if not isinstance(X, Windows):
        values = np.concatenate([np.asarray(windows), made])[rows]
        if isinstance(X, pd.DataFrame):
            return pd.DataFrame(values, X.index[parents], X.columns)
        values = values.reshape(len(rows), *np.shape(X)[1:])
        return values.tolist() if isinstance(X, list) else values
    if not len(made):
        return windows[rows]
    buffer = np.concatenate([windows.buffer, made.reshape(-1, windows.n_channels)])
    starts = np.append(windows.starts, len(windows.buffer) + np.arange(len(made)) * windows.length)
    index = None if windows.index is None else windows.index[parents]
    return Windows(buffer, starts[rows], windows.length, index, windows.channel_names, windows.n_ahead)
