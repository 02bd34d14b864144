"""The metrics as scorers, for ``scoring=``."""

from __future__ import annotations

from sklearn.metrics import make_scorer

from ._adjusted import delay_f_score
from ._affiliation import affiliation_f_score
from ._by_event import event_f_score
from ._point import point_f_score
from ._range import range_f_score
from ._vus import vus_pr, vus_roc

_SCORES = ("decision_function", "predict_proba")

#: Scorers by name for the ``scoring`` of GridSearchCV and cross_val_score, all with the defaults of their metric, for
#: the labels 0 and 1 or booleans; for anything else, use ``make_scorer`` on the metric. "best_f1" is an upper bound: it
#: uses the best threshold for the labels of each test fold. "affiliation_f1" gives two thirds or more to an alarm that
#: never ends. A fold without an anomaly has no score: use EventSplit if events are rare.
SCORERS = {
    "best_f1": make_scorer(point_f_score, response_method=_SCORES),
    "vus_pr": make_scorer(vus_pr, response_method=_SCORES),
    "vus_roc": make_scorer(vus_roc, response_method=_SCORES),
    "delay_f1": make_scorer(delay_f_score),
    "event_f1": make_scorer(event_f_score),
    "range_f1": make_scorer(range_f_score),
    "affiliation_f1": make_scorer(affiliation_f_score),
}
