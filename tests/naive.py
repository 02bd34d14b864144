"""Slow obvious oracles that the fast routines are held against, and a judge of windows."""

import math
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from statistics import median

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin


def rows_of(X):
    """(series, time, values) of each row; the time of rows without an index is their number."""
    values = np.asarray(X, dtype=float).tolist()
    index = getattr(X, "index", None)
    if isinstance(index, pd.MultiIndex):
        stamps = [(key, time) for key, time in index]
    elif isinstance(index, pd.Index):
        stamps = [(None, time) for time in index]
    else:
        stamps = [(None, number) for number in range(len(values))]
    return [
        (key, time.value if isinstance(time, pd.Timestamp) else time, row)
        for (key, time), row in zip(stamps, values, strict=True)
    ]


def modal_step(times):
    """Most frequent difference of sorted times; the median if none makes up a third; None without any."""
    holes = [later - earlier for earlier, later in pairwise(times)]
    if not holes:
        return None
    most, count = min(Counter(holes).items(), key=lambda item: (-item[1], item[0]))
    return most if 3 * count >= len(holes) else median(holes)


def times_by_series(rows):
    """Times of each series, in the order of the rows."""
    times = {}
    for key, time, _ in rows:
        times.setdefault(key, []).append(time)
    return times


def windows(X, length, max_gap=3, padding="edge", fitted_on=None, history="index"):
    """Window of every row of X, walking back from it row by row.

    ``fitted_on`` are the rows of fit, if others: their step in time counts, and they are the past of
    series that go on.
    """
    rows = rows_of(X)
    times = times_by_series(rows)
    fit_rows = [] if fitted_on is None else rows_of(fitted_on)
    fit_times = times_by_series(fit_rows)

    def step_of(key):
        step = modal_step(fit_times.get(key, []))
        return modal_step(times[key]) if step is None else step

    def is_gap(key, earlier, later):
        step = step_of(key)
        return step is not None and later - earlier > max_gap * step

    out = []
    for key, time, row in rows:
        own = [(t, values) for k, t, values in rows if k == key and t <= time]
        if history == "index" and key in fit_times and times[key][0] > fit_times[key][-1]:
            own = [(t, values) for k, t, values in fit_rows if k == key] + own
        window = [row]
        while len(window) < length and len(own) > 1 and not is_gap(key, own[-2][0], own[-1][0]):
            own.pop()
            window.insert(0, own[-1][1])
        first = window[0] if padding == "edge" else [0.0] * len(row)
        window = [first] * (length - len(window)) + window
        out.append([value for values in window for value in values])
    return np.array(out)


def tail_mask(X, fraction):
    """Whether each row is among the last ``fraction`` of its series."""
    rows = rows_of(X)
    times = times_by_series(rows)
    n_last = {key: math.floor(Fraction(str(fraction)) * len(of_key)) for key, of_key in times.items()}
    return [sum(later > time for later in times[key]) < n_last[key] for key, time, _ in rows]


def quantile(scores, q):
    """Smallest score which at least ``q * (n + 1)`` of the n scores do not exceed; else the largest."""
    needed = Fraction(str(q)) * (len(scores) + 1)
    for score in sorted(scores):
        if sum(other <= score for other in scores) >= needed:
            return score
    return max(scores)


def f_beta(scores, y, threshold, beta=1):
    """F-beta of the alarms above a threshold, as an exact fraction."""
    alarms = [score > threshold for score in scores]
    hits = sum(alarm and label == 1 for alarm, label in zip(alarms, y, strict=True))
    weight = Fraction(beta) ** 2
    return (1 + weight) * hits / (weight * sum(y) + sum(alarms))


def best_f_beta(scores, y, beta=1):
    """Best F-beta that any threshold gives, and the fewest alarms that give it."""
    tries = [-math.inf, *scores]
    best = max(f_beta(scores, y, threshold, beta) for threshold in tries)
    n_alarms = [
        sum(score > threshold for score in scores)
        for threshold in tries
        if f_beta(scores, y, threshold, beta) == best
    ]
    return best, min(n_alarms)


class CrossingJudge(ClassifierMixin, BaseEstimator):
    """Sees windows whose rows do not all carry the same marks: fit refuses them, predict calls them 1.

    A mark is the number of a row's series, or of its segment. Every column of the windowed rows holds one.
    """

    def __init__(self, n_marks=1):
        self.n_marks = n_marks

    def crossed(self, X):
        marks = np.asarray(X).reshape(len(X), -1, self.n_marks)
        return (marks != marks[:, -1:]).any(axis=(1, 2))

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        if n_crossed := self.crossed(X).sum():
            raise RuntimeError(f"{n_crossed} windows of fit cross a border")
        return self

    def predict(self, X):
        return self.crossed(X).astype(int)


class CrossingGuard(CrossingJudge):
    """Refuses windows that cross a border when it scores rows, too; it scores a row by its marks."""

    def decision_function(self, X):
        if n_crossed := self.crossed(X).sum():
            raise RuntimeError(f"{n_crossed} windows to score cross a border")
        return np.asarray(X)[:, -self.n_marks :].sum(axis=1)
