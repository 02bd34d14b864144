"""Slow, obvious oracles of the metrics, row by row and with exact fractions, and random panels to test them on."""

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd
from hypothesis import strategies as st


@dataclass
class Panel:
    """Labels and predictions or scores, series by series, and an order in which the series interleave."""

    y: list
    values: list
    series: list
    order: list

    @property
    def by_series(self):
        """Labels series by series, with the (series, time) index."""
        times = [row - self.series.index(key) for row, key in enumerate(self.series)]
        return pd.Series(self.y, index=pd.MultiIndex.from_arrays([self.series, times]))

    @property
    def labels(self):
        """Labels in that order, with the (series, time) index."""
        return self.by_series.iloc[self.order]

    @property
    def others(self):
        """Values in that order, without an index."""
        return np.array(self.values)[self.order]


def runs_of(values):
    """Lists in which values come in runs."""
    pieces = st.lists(st.tuples(values, st.integers(1, 5)), min_size=1, max_size=8)
    return pieces.map(lambda runs: [value for value, length in runs for _ in range(length)])


@st.composite
def panels(draw, values=None, both_kinds=False):
    """Panels of one to three series with an anomalous row at least; their values come in runs, too."""
    y, others, series = [], [], []
    for key in draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)):
        labels = draw(runs_of(st.integers(0, 1)))
        own = draw(runs_of(st.integers(0, 1) if values is None else values))
        y += labels
        others += (own * len(labels))[: len(labels)]
        series += [key] * len(labels)
    if not any(y):
        y[draw(st.integers(0, len(y) - 1))] = 1
    if both_kinds and all(y):
        y, others, series = [*y, 0], [*others, others[0]], [*series, series[-1]]
    turns = draw(st.permutations(series))
    rows_left = {key: iter([row for row, other in enumerate(series) if other == key]) for key in series}
    return Panel(y, others, series, [next(rows_left[key]) for key in turns])


def f_of(precision, recall, beta=1):
    """F-beta of an exact precision and recall; 0 if both are 0."""
    weight = Fraction(beta) ** 2
    if not precision and not recall:
        return Fraction(0)
    return (1 + weight) * precision * recall / (weight * precision + recall)


def share(part, whole):
    """Exact share; 0 of nothing."""
    return Fraction(int(part), int(whole)) if whole else Fraction(0)


def with_f(precision, recall, beta=1):
    """Precision, recall and F-beta."""
    return precision, recall, f_of(precision, recall, beta)


def of_rows(y, alarms, beta=1):
    """Precision, recall and F-beta of single rows."""
    hits = sum(bool(label and alarm) for label, alarm in zip(y, alarms, strict=True))
    return with_f(share(hits, sum(map(bool, alarms))), share(hits, sum(y)), beta)


def runs(marks, series=None):
    """Rows of each run of marked rows; series stand together, and a run ends with its series."""
    out = []
    for row, marked in enumerate(marks):
        if not marked:
            continue
        goes_on = row and marks[row - 1] and (series is None or series[row] == series[row - 1])
        if goes_on:
            out[-1].append(row)
        else:
            out.append([row])
    return out


def delay_adjusted(y, scores, max_delay, series=None):
    """Scores with the largest of its first rows for each event."""
    out = list(scores)
    for event in runs(y, series):
        for row in event:
            out[row] = max(scores[first] for first in event[: max_delay + 1])
    return out


def point_adjusted(y, alarms, k, series=None):
    """Alarms with all rows of the events of which more than k percent are found."""
    out = [bool(alarm) for alarm in alarms]
    for event in runs(y, series):
        if sum(bool(alarms[row]) for row in event) * 100 > Fraction(k) * len(event):
            for row in event:
                out[row] = True
    return out


def of_events(y, alarms, precision, beta=1, series=None):
    """Recall of events with the precision of rows, or of events and runs of alarms."""
    events = runs(y, series)
    n_found = sum(any(alarms[row] for row in event) for event in events)
    n_false = sum(not any(y[row] for row in run) for run in runs(alarms, series))
    by_events = share(n_found, n_found + n_false)
    return with_f(
        of_rows(y, alarms)[0] if precision == "rows" else by_events, share(n_found, len(events)), beta
    )


def range_weight(i, n, bias):
    """Weight of the i-th of n rows, from 1."""
    return {"flat": 1, "front": n - i + 1, "back": i, "middle": i if i <= n / 2 else n - i + 1}[bias]


def range_overlaps(ranges, others, bias, cardinality):
    """Overlap of each range, other by other."""
    out = []
    for rows in ranges:
        weights = {row: range_weight(i, len(rows), bias) for i, row in enumerate(rows, start=1)}
        met = [set(rows) & set(other) for other in others if set(rows) & set(other)]
        total = sum(
            (share(sum(weights[row] for row in both), sum(weights.values())) for both in met), Fraction(0)
        )
        out.append(total / len(met) if cardinality == "reciprocal" and met else total)
    return out


def of_ranges(y, alarms, alpha, bias, precision_bias, cardinality, beta=1, series=None):
    """Range-based precision, recall and F-beta."""
    events, predicted = runs(y, series), runs(alarms, series)
    recalls = [
        Fraction(alpha) * (overlap > 0) + (1 - Fraction(alpha)) * overlap
        for overlap in range_overlaps(events, predicted, bias, cardinality)
    ]
    precisions = range_overlaps(predicted, events, precision_bias, cardinality)
    precision = sum(precisions, Fraction(0)) / len(precisions) if precisions else Fraction(0)
    return with_f(precision, sum(recalls) / len(recalls), beta)


def integral(function, low, high, corners):
    """Integral of a function that is linear between corners: it may jump there, so each piece is met inside.

    That it is linear is checked, at a third point of each piece.
    """
    edges = sorted({low, high, *(corner for corner in corners if low < corner < high)})
    total = Fraction(0)
    for left, right in pairwise(edges):
        thirds = [function(left + (right - left) * Fraction(i, 4)) for i in (1, 2, 3)]
        assert thirds[0] + thirds[2] == 2 * thirds[1]
        total += thirds[1] * (right - left)
    return total


def affiliation(y, alarms, series=None, beta=1):
    """Affiliation precision, recall and F-beta, zone by zone, with the corners of each function found one by one."""
    series = [0] * len(y) if series is None else series
    zones = []
    for event in runs(y, series):
        own = [row for row in range(len(y)) if series[row] == series[event[0]]]
        start, stop = Fraction(event[0]), Fraction(event[-1] + 1)
        low, high = Fraction(own[0]), Fraction(own[-1] + 1)
        for other in runs(y, series):
            if series[other[0]] == series[event[0]] and other[-1] < event[0]:
                low = max(low, (other[-1] + 1 + start) / 2)
            if series[other[0]] == series[event[0]] and other[0] > event[-1]:
                high = min(high, (stop + other[0]) / 2)
        pieces = [
            (max(low, Fraction(row)), min(high, Fraction(row + 1))) for row in range(len(y)) if alarms[row]
        ]
        zones.append((start, stop, low, high, [piece for piece in pieces if piece[0] < piece[1]]))
    precisions, recalls = [], []
    for start, stop, low, high, pieces in zones:

        def as_far_from_event(x, start=start, stop=stop, low=low, high=high):
            distance = max(start - x, x - stop, Fraction(0))
            if distance == 0:
                return Fraction(1)
            return (max(start - distance - low, 0) + max(high - stop - distance, 0)) / (high - low)

        def as_far_from_alarm(y, low=low, high=high, pieces=pieces):
            distance = min(max(left - y, y - right, Fraction(0)) for left, right in pieces)
            return (max(y - distance - low, 0) + max(high - y - distance, 0)) / (high - low)

        if not pieces:
            recalls.append(Fraction(0))
            continue
        corners = [start, stop, start - (high - stop), stop + (start - low)]
        length = sum(right - left for left, right in pieces)
        precisions.append(sum(integral(as_far_from_event, *piece, corners) for piece in pieces) / length)
        edges = {edge for piece in pieces for edge in piece}
        corners = [(a + b) / 2 for a in edges | {low, high} for b in edges | {low, high}]
        recalls.append(integral(as_far_from_alarm, start, stop, corners) / (stop - start))
    precision = sum(precisions) / len(precisions) if precisions else Fraction(0)
    return with_f(precision, sum(recalls) / len(recalls), beta)


def events_of(y, min_length=1, merge_gap=0, series=None):
    """First row and the one after the last of each event, merged and long enough."""
    spans = []
    for event in runs(y, series):
        near = spans and event[0] - spans[-1][1] <= merge_gap
        if near and (series is None or series[event[0]] == series[spans[-1][0]]):
            spans[-1][1] = event[-1] + 1
        else:
            spans.append([event[0], event[-1] + 1])
    return [(start, stop) for start, stop in spans if stop - start >= min_length]


def leads(y, alarms, max_lead, series=None):
    """Rows from the first alarm to the onset of each event, walking back from it, then on; NaN if missed."""
    out = []
    for event in runs(y, series):
        onset, lead = event[0], math.nan
        for row in reversed(event):
            if alarms[row]:
                lead = onset - row
        for row in range(onset - 1, max(onset - max_lead, 0) - 1, -1):
            if y[row] or (series is not None and series[row] != series[onset]):
                break
            if alarms[row]:
                lead = onset - row
        out.append(lead)
    return out
