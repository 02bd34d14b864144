"""Slow, obvious oracles of blocks, and of the metrics over rows that are repeated as often as their block is drawn."""

from itertools import pairwise

import naive
import numpy as np
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    precision_recall_curve,
    precision_score,
    recall_score,
    roc_auc_score,
)


def blocks(y, series, length):
    """Rows of each block, walking row by row; rows of a series stand together in time order."""
    stretches = []
    for row in range(len(y)):
        if row and y[row] == y[row - 1] and series[row] == series[row - 1]:
            stretches[-1].append(row)
        else:
            stretches.append([row])
    out = []
    for stretch in stretches:
        n_pieces = 1 if y[stretch[0]] else max(1, round(len(stretch) / length))
        cuts = [piece * len(stretch) // n_pieces for piece in range(n_pieces + 1)]
        out += [stretch[start:stop] for start, stop in pairwise(cuts)]
    return out


def figures(y, scores, threshold, max_delay, series, blocks, weights, exposure, merge_gap=None):
    """Figures by name if each block is there as often as its weight; ``exposure`` is what each row adds."""
    y, scores = np.array(y), np.array(scores)
    alarms = scores > threshold
    times = np.zeros(len(y), dtype=int)
    adjusted = alarms.copy()
    n_events = n_found = 0
    for block, weight in zip(blocks, weights, strict=True):
        times[block] = weight
        if y[block[0]]:
            adjusted[block] = alarms[block[: max_delay + 1]].any()
            n_events += weight
            n_found += weight * any(alarms[row] for row in block)
    n_runs = 0
    for key in set(series):
        own = [row for row in range(len(y)) if series[row] == key]
        is_false = [alarms[row] and not y[row] for row in own]
        runs = naive.alarms(is_false, range(len(own)), (merge_gap or {}).get(key, 0))
        n_runs += sum(times[own[run[0]]] for run in runs)
    rows = np.repeat(np.arange(len(y)), times)
    truth, ranked, alarmed = y[rows], scores[rows], alarms[rows]
    precision, recall, _ = precision_recall_curve(truth, ranked)
    return {
        "share alarmed": alarmed.mean(),
        "precision": precision_score(truth, alarmed, zero_division=0),
        "recall": recall_score(truth, alarmed),
        "F1": f1_score(truth, alarmed),
        "best F1": max(2 * p * r / (p + r) for p, r in zip(precision, recall, strict=True) if r),
        "average precision": average_precision_score(truth, ranked),
        "ROC AUC": roc_auc_score(truth, ranked),
        "F1 within delay": f1_score(truth, adjusted[rows]),
        "events found": n_found,
        "event recall": n_found / n_events,
        "false alarms": n_runs / sum(exposure[row] for row in rows if not y[row]),
    }
