"""Slow, obvious oracles for the fast routines, and estimators that check windows."""

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


def step_before(times, time):
    """Modal step of the first 1, 2, 4, 8, ... holes, as many as there are, of a series up to its row before a time."""
    before = [each for each in times if each < time]
    n_holes = 1
    while 2 * n_holes <= len(before) - 1:
        n_holes *= 2
    return modal_step(before[: n_holes + 1])


def times_by_series(rows):
    """Times of each series, in the order of the rows."""
    times = {}
    for key, time, _ in rows:
        times.setdefault(key, []).append(time)
    return times


def windows(X, length, max_gap=3, padding="edge", fitted_on=None, history="index", every=None):
    """Window of every row of X, walking back from it row by row; by series, ``every`` k-th row is taken.

    ``fitted_on`` are the rows of fit, if others: their step in time counts, and they are the past of
    series that go on. In a series without a step in fit, each row goes by the step of rows before it.
    """
    rows = rows_of(X)
    times = times_by_series(rows)
    fit_rows = [] if fitted_on is None else rows_of(fitted_on)
    fit_times = times_by_series(fit_rows)

    def step_of(key, known, time):
        step = modal_step(fit_times.get(key, []) if fit_rows else times[key])
        return step_before(known, time) if step is None else step

    def is_gap(key, known, earlier, later):
        step = step_of(key, known, later)
        return step is not None and later - earlier > max_gap * step

    out = []
    for key, time, row in rows:
        own = [(t, values) for k, t, values in rows if k == key and t <= time]
        if history == "index" and key in fit_times and times[key][0] > fit_times[key][-1]:
            own = [(t, values) for k, t, values in fit_rows if k == key] + own
        known = [t for t, _ in own]
        window = [row]
        k = 1 if every is None else every[key]
        span = (length - 1) * k + 1
        while len(window) < span and len(own) > 1 and not is_gap(key, known, own[-2][0], own[-1][0]):
            own.pop()
            window.insert(0, own[-1][1])
        first = window[0] if padding == "edge" else [0.0] * len(row)
        window = [first] * (span - len(window)) + window if k > 1 else window
        window = window[::-k][::-1]
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


def mean_cost(scores, y, threshold, matrix):
    """Mean cost of the alarms above a threshold, as an exact fraction."""
    costs = [[Fraction(str(cost)) for cost in row] for row in matrix]
    return sum(costs[label][int(score > threshold)] for score, label in zip(scores, y, strict=True)) / len(y)


def lowest_cost(scores, y, matrix):
    """Lowest mean cost that any threshold gives, and the fewest alarms that give it."""
    tries = [-math.inf, *scores]
    costs = [mean_cost(scores, y, threshold, matrix) for threshold in tries]
    n_alarms = [sum(score > threshold for score in scores) for threshold in tries]
    return min(costs), min(n for n, cost in zip(n_alarms, costs, strict=True) if cost == min(costs))


def most_alarms(scores, rate):
    """Most rows above any threshold that no more than a share of them exceeds."""
    n_above = [sum(score > threshold for score in scores) for threshold in [-math.inf, *scores]]
    return max(n for n in n_above if n <= Fraction(str(rate)) * len(scores))


def count_runs(X, scores, threshold, max_gap=3):
    """Count runs of neighbouring rows above a threshold, walking through the rows of each series."""
    rows = rows_of(X)
    times = times_by_series(rows)
    last = {}  # of each series: time of the row before, and whether it was above
    n_runs = 0
    for (key, time, _), score in zip(rows, scores, strict=True):
        before, was_above = last.get(key, (time, False))
        step = modal_step(times[key])
        is_cut = step is not None and time - before > max_gap * step
        n_runs += score > threshold and (is_cut or not was_above)
        last[key] = (time, score > threshold)
    return n_runs


def days(X):
    """Rows times step of all series, dates in nanoseconds, in days."""
    times = times_by_series(rows_of(X)).values()
    return sum(Fraction(len(of_key) * (modal_step(of_key) or 0)) for of_key in times) / (86_400 * 10**9)


def robust_moments(sample):
    """Median and scaled median absolute deviation; the mean one where that is 0."""
    center = median(sample)
    deviations = [abs(value - center) for value in sample]
    return center, 1.4826 * median(deviations) or 1.2533 * sum(deviations) / len(deviations)


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


def vus(y, scores, max_buffer, n_thresholds=250, series=None):
    """Volumes under the precision-recall and the ROC surface, window by window, threshold by threshold, row by row."""
    n = len(y)
    series = [0] * n if series is None else series

    def distance(row, event):
        """Rows from a row to an event of its series; infinite to those of others."""
        if series[row] != series[event[0]]:
            return math.inf
        return min(abs(row - other) for other in event)

    events = []  # rows of a series stand together
    for row in range(n):
        if y[row] and row and y[row - 1] and series[row] == series[row - 1]:
            events[-1].append(row)
        elif y[row]:
            events.append([row])
    falling = sorted(scores, reverse=True)
    areas = []
    for window in range(max_buffer + 1):
        labels, ranges = [float(label) for label in y], []
        for event in events:
            extended = {row for row in range(n) if distance(row, event) <= window // 2}
            for row in extended - set(event):
                labels[row] += math.sqrt(1 - distance(row, event) / window)
            if ranges and ranges[-1] & extended:
                ranges[-1] |= extended
            else:
                ranges.append(extended)
        labels = [min(label, 1.0) for label in labels]
        recalls, rates, precisions = [0.0], [0.0], []
        for k in range(n_thresholds):
            threshold = falling[k * (n - 1) // (n_thresholds - 1)]
            found = {row for row in range(n) if scores[row] >= threshold}
            hits = sum(labels[row] for row in found)
            positives = (sum(y) + sum(labels[row] for row in range(n) if y[row] or row in found)) / 2
            existence = sum(bool(extended & found) for extended in ranges) / len(ranges)
            recalls.append(min(hits / positives, 1) * existence)
            rates.append((len(found) - hits) / (n - positives))
            precisions.append(hits / len(found))
        pr = sum((b - a) * precision for (a, b), precision in zip(pairwise(recalls), precisions, strict=True))
        corners = pairwise(zip([*rates, 1.0], [*recalls, 1.0], strict=True))
        areas.append((pr, sum((x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in corners)))
    return [sum(area) / len(areas) for area in zip(*areas, strict=True)]


def conditional_z(row, mean, covariance):
    """Absolute z of each value of a row under the normal distribution of it given the others, one by one."""
    out = []
    for j in range(len(row)):
        others = [k for k in range(len(row)) if k != j]
        weights = np.linalg.solve(covariance[np.ix_(others, others)], covariance[others, j])
        expected = mean[j] + weights @ (row[others] - mean[others])
        variance = covariance[j, j] - weights @ covariance[others, j]
        out.append(abs(row[j] - expected) / math.sqrt(variance))
    return out


def smoothed(X, scores, length, statistic, max_gap=3):
    """Statistic of the score of each row and those before it, walking back; the first of a segment repeats."""
    frame = pd.DataFrame({"score": scores}, index=getattr(X, "index", None))
    return [statistic(window.tolist()) for window in windows(frame, length, max_gap)]


def alarms(hot, place, merge_gap=0, min_rows=1, cool_down=0):
    """Rows above the threshold of each alarm, by a walk along the rows of one series."""
    found, run, ready = [], [], -math.inf
    for row, at in enumerate(place):
        if run and at - place[run[-1]] > merge_gap + 1:  # its last row is too far back: it is over
            if len(run) >= min_rows:
                found.append(run)
                ready = place[run[-1]] + cool_down
            run = []
        if hot[row] and at > ready:
            run.append(row)
    return found + ([run] if len(run) >= min_rows else [])


def alarms_of_table(X, hot, merge_gap=0, min_rows=1, cool_down=0, max_gap=3):
    """Rows above the threshold of each alarm, series by series; a gap counts as the rows that are missing there."""
    found, of_row = [], rows_of(X)
    for key, times in times_by_series(of_row).items():
        own = [row for row, (of_key, _, _) in enumerate(of_row) if of_key == key]
        step, place = modal_step(times), [0]
        for before, after in pairwise(times):
            hole = after - before
            place.append(place[-1] + (round(hole / step) if hole > max_gap * step else 1))
        own_hot = [list(hot)[row] for row in own]
        found += [[own[at] for at in run] for run in alarms(own_hot, place, merge_gap, min_rows, cool_down)]
    return found
