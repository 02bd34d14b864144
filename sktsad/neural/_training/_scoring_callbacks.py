"""Checks of callbacks that score each epoch: they need rows, and possibly labels."""

from __future__ import annotations

import warnings
from typing import Any

from skorch.callbacks import EpochScoring
from skorch.callbacks.scoring import ScoringBase

from ..._core import level_of_user
from ._batches import BatchLoader
from ._network import Network, TrainingOptions


def check_scoring(callback: Any, network: Network, options: TrainingOptions) -> None:
    """Refuse a metric of labels if there are no labels; warn about scores of validation rows if there are none.

    Raises
    ------
    ValueError
        If the callback has a metric of scikit-learn, and the network learns to reproduce or predict its input; or if it
        cannot score without the outputs of the epoch.

    Warns
    -----
    UserWarning
        If the callback scores validation rows, and none are held out.
    """
    if not isinstance(callback, ScoringBase):
        return
    scoring = callback.scoring
    what = f"callbacks holds {type(callback).__name__}({scoring!r})"
    if network.score is not None and (isinstance(scoring, str) or hasattr(scoring, "_score_func")):
        raise ValueError(
            f"{what}, a metric that compares predictions with labels. This network learns normal windows without "
            "labels: monitor 'valid_loss', or pass a function of (net, X, y) that returns a number."
        )
    is_known = isinstance(callback, EpochScoring) and network.loader is BatchLoader
    if not (callback.use_caching or is_known):
        raise ValueError(
            f"{what} with use_caching=False, which only works for EpochScoring of networks on windows. Use "
            "use_caching=True: the scores of validation rows are the same."
        )
    if not (callback.on_train or options.early_stopping):
        warnings.warn(
            f"{what}, which scores validation rows, but early_stopping={options.early_stopping} holds none out, so it "
            "records nothing. Set early_stopping=True, or on_train=True in the callback to score the training rows.",
            UserWarning,
            stacklevel=level_of_user(),
        )
