"""Forecasts along the series as a detector: rows that cannot be predicted are unusual."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd

from .._core import (
    Interval,
    Labels,
    LiveStep,
    Past,
    Rows,
    Seed,
    StrOptions,
    Windows,
    atomic_fit,
    row_index,
    time_order,
    warn_if_anomaly_is_a_guess,
)
from ..detectors import MIN_HELD_OUT, BaseDetector, labels_of_part
from ..networks import ReconstructionError
from ..thresholds import MeanStd
from ._along_series import ALONG_SERIES, layout_of, network_along, number_series, segments_of, train_along
from ._forecast_errors import RowErrors, UsualErrors, hold_values
from ._input_checks import warn_if_badly_scaled
from ._kept_states import first_states, past_of
from ._live_network import LiveForecast
from ._net_estimator import NetEstimator
from ._row_layout import RowLayout, check_rows
from ._training import (
    Network,
    Segments,
    StatefulNet,
    TrainingOptions,
    make_net,
    resume_net,
    run_along,
    states_after,
)


class StatefulForecastDetector(BaseDetector, NetEstimator):
    """Score a row by how badly a recurrent network that runs along the series predicts it.

    It takes rows, not windows: at every row the network predicts from its state [1]_ by how much the next ``horizon``
    rows will differ from this row, in one pass over the series. The score of a row is the mean error over its channels
    and all forecasts of the row, each divided by the usual error of that channel and horizon, the median in training: a
    score of 1 is usual. The network is trained on strands of the series, as in `StatefulRNNClassifier`.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        Recurrent cell. On a CPU the LSTM is the fastest.
    horizon : int, default=5
        Number of rows to predict at every row, at most 10,000. With dates, the memory kept for each series grows with
        the square of the horizon.
    hidden_size : int, default=64
        Number of units in a recurrent layer.
    num_layers : int, default=1
        Number of recurrent layers.
    dropout : float, default=0.0
        Share of units dropped between recurrent layers and before the outputs, below 1.
    dense_size : int or None, default=None
        Number of units in a dense layer before the outputs; None leaves it out.
    loss : {"squared_error", "absolute_error"}, default="squared_error"
        Error of each value, in training and in the score.
    threshold : threshold rule, float or None, default=None
        None means ``MeanStd(6)``.
    max_epochs : int, default=12
        Number of passes over the rows; see ``min_updates``.
    min_updates : int, default=25
        Smallest number of updates of the weights in an epoch: if one pass over the rows has fewer chunks, the epoch
        makes several passes. So a few hundred rows need no more epochs than a million.
    batch_size : int, default=32
        Largest number of strands that run side by side in training.
    chunk_size : int, default=None
        Number of rows of each strand between two updates of the weights: gradients go back no further than the chunk,
        but the state is carried over. None means a sixteenth of the rows, between 32 and 256.
    strand_length : int, default=None
        Number of rows of a strand. None means as many as are needed to fill a batch, between 8 chunks and 4,096 rows.
    warm_up : int, default=64
        Number of rows at the start of a strand that do not count in the loss, unless the strand starts at the start of
        its series or after a gap. These rows count as part of the previous strand.
    predict_batch_size : int, default=256
        Largest number of series, or parts of series between gaps, that run side by side at predict.
    lr : float, default=0.01
        Learning rate; the largest value of the schedule.
    lr_schedule : {"one_cycle", "constant"}, default="one_cycle"
        Whether the learning rate rises to ``lr`` and falls again over the epochs of a `fit` [3]_. An ``LRScheduler``
        among the callbacks replaces this schedule.
    optimizer : {"adam", "adamw", "sgd", "rmsprop"} or torch optimizer class, default="adamw"
        Optimizer.
    max_grad_norm : float or None, default=1.0
        Largest norm of the gradient, to which a larger one is scaled; None means no limit.
    early_stopping : bool or int, default=False
        Whether to stop when the loss on the last rows has not improved for 5 epochs, or for this number of epochs; the
        best weights are kept. With "one_cycle", the schedule of the learning rate assumes all epochs.
    validation_fraction : float, default=0.2
        Share of rows, the last of each series in time, that the threshold rule learns from and early stopping monitors;
        the network is not trained on them if there is a rule or early stopping. If that is fewer than 30 rows, up to
        half of the rows are held out to reach 30. With 0, or if fewer than 30 normal rows remain, the rule learns from
        the training rows, whose errors are too small.
    series_embedding : int, default=None
        Size of a vector that is learnt for each series and appended to its rows; a series not seen during fit gets the
        mean of all vectors. It helps if some series always have more anomalies than others. None leaves it out.
    series_dropout : float, default=0.25
        Share of strands, below 1, that are trained with this mean; only with ``series_embedding``.
    max_gap : float, str or timedelta, default=3
        Longest step in time over which the state is carried, as a multiple of the most frequent step of the series; or
        a length of time, as in `SlidingWindow`.
    history : {"index", "none"}, default="index"
        With "index", `fit` keeps the state at the end of every run of neighbouring rows (of each series the 1,000
        before the longest holes); rows that directly follow one of these runs, by their index, continue from its state.
    series : {"auto", "index"}, default="auto"
        "auto" reads a (series, time) MultiIndex if there is one; "index" requires it.
    device : str, default="cpu"
        Torch device.
    dtype : {"float32", "float64"}, default="float32"
        Precision of weights and inputs.
    random_state : int, RandomState or None, default=None
        Controls the initial weights, the strands and dropout. The same int gives bit-identical results.
    verbose : int, default=0
        1 prints a line for each epoch, 0 prints nothing.
    warm_start : bool, default=False
        Whether a further ``fit`` continues from the weights of the last one, with the current ``lr``, ``batch_size``
        and ``max_epochs``; other parameters of the network, and its known series, are kept.
    callbacks : list of skorch callbacks, default=None
        Copied before use. A callback with batch events makes epochs a little slower. An ``EarlyStopping`` callback
        replaces that of ``early_stopping``.
    net_params : dict, default=None
        Further parameters of skorch's ``NeuralNet``, such as ``{"optimizer__weight_decay": 0.1}``. In `set_params` and
        grids, their names are ``net__<name>``.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Labels; the last is the anomaly.
    threshold_ : float
        Rows with a larger score are anomalies.
    threshold_rule_ : threshold rule
        The fitted rule; only if ``threshold`` is not a number.
    held_out_scores_ : ndarray of shape (n_held_out,)
        Scores of the normal rows that were held out, in the order of X; only if there are any.
    net_ : skorch.NeuralNet
        The trained net.
    usual_error_ : ndarray of shape (horizon, n_features)
        Median error of each horizon and channel on the normal training rows.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    ForecastDetector : Uses a network on windows.
    StatefulRNNClassifier : Learns from labels.

    Notes
    -----
    The network reads rows that y marks as anomalous, but does not learn to predict them. The first row of a series has
    no forecast, and scores 1. As in `StatefulRNNClassifier`, an array is one series without a past in every call:
    nothing is kept between two calls.

    References
    ----------
    .. [1] P. Malhotra, L. Vig, G. Shroff, P. Agarwal, "Long short term memory networks for anomaly detection in time
       series", ESANN 2015.
    .. [2] R. J. Williams, J. Peng, "An efficient gradient-based algorithm for on-line training of recurrent network
       trajectories", Neural Computation 2(4), 1990.
    .. [3] L. N. Smith, N. Topin, "Super-convergence: very fast training of neural networks using large learning rates",
       2018.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import StatefulForecastDetector
    >>> wave = np.sin(np.arange(600) / 5).reshape(-1, 1)
    >>> wave[500] += 2  # a spike
    >>> detector = StatefulForecastDetector(
    ...     "gru", hidden_size=16, max_epochs=4, random_state=0
    ... ).fit(wave[:400])
    >>> int(detector.anomaly_score(wave).argmax())
    500
    """

    _parameter_constraints: dict = {
        **ALONG_SERIES,
        **BaseDetector._parameter_constraints,
        "loss": [StrOptions({"absolute_error", "squared_error"})],
        "horizon": [Interval(Integral, 1, 10_000, closed="both")],
    }
    _default_threshold = MeanStd(6)
    _of_score = ("horizon", "loss")

    _past: Past
    _series_numbers: dict[Hashable, int]
    usual_error_: np.ndarray

    def __init__(
        self,
        cell: str = "lstm",
        *,
        horizon: int = 5,
        hidden_size: int = 64,
        num_layers: int = 1,
        dropout: float = 0.0,
        dense_size: int | None = None,
        loss: str = "squared_error",
        threshold: Any = None,
        max_epochs: int = 12,
        min_updates: int = 25,
        batch_size: int = 32,
        chunk_size: int | None = None,
        strand_length: int | None = None,
        warm_up: int = 64,
        predict_batch_size: int = 256,
        lr: float = 0.01,
        lr_schedule: str = "one_cycle",
        optimizer: Any = "adamw",
        max_grad_norm: float | None = 1.0,
        early_stopping: bool | int = False,
        validation_fraction: float = 0.2,
        series_embedding: int | None = None,
        series_dropout: float = 0.25,
        max_gap: float | str | timedelta = 3,
        history: str = "index",
        series: str = "auto",
        device: str = "cpu",
        dtype: str = "float32",
        random_state: Seed = None,
        verbose: int = 0,
        warm_start: bool = False,
        callbacks: Any = None,
        net_params: Mapping[str, Any] | None = None,
    ) -> None:
        self.cell = cell
        self.horizon = horizon
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.dropout = dropout
        self.dense_size = dense_size
        self.loss = loss
        self.threshold = threshold
        self.max_epochs = max_epochs
        self.min_updates = min_updates
        self.batch_size = batch_size
        self.chunk_size = chunk_size
        self.strand_length = strand_length
        self.warm_up = warm_up
        self.predict_batch_size = predict_batch_size
        self.lr = lr
        self.lr_schedule = lr_schedule
        self.optimizer = optimizer
        self.max_grad_norm = max_grad_norm
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.series_embedding = series_embedding
        self.series_dropout = series_dropout
        self.max_gap = max_gap
        self.history = history
        self.series = series
        self.device = device
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.net_params = net_params

    @atomic_fit
    def partial_fit(self, X: Rows, y: Labels = None, classes: Labels = None) -> Self:
        """Train the network for one more epoch; rows that directly follow the last ones continue from their state.

        Usual errors, threshold and ``held_out_scores_`` are then those of the network as it is now, learnt from the
        rows of this call as `fit` learns them. A call with fewer than 30 rows to learn one of them from, or, for a rule
        that needs labels, without an anomaly among these, leaves it as it was.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`. The first call may also come after `fit`.
        y : array-like of shape (n_samples,), default=None
            Labels as in `fit`. None treats all rows as normal.
        classes : array-like of shape (2,), default=None
            Both labels; needed if y of the first call does not have both.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If y has labels that are not among the classes, classes differ from those before, or ``early_stopping``
            has too few rows to watch.

        Warns
        -----
        UserWarning
            If the first rows of a series come later than the rows of the previous call and do not directly follow
            them.
        """
        is_first = not hasattr(self, "classes_")
        if is_first and classes is None:
            return self._fit(X, y, self._first_part)
        both, anomalous = labels_of_part(X, y, classes, None if is_first else self.classes_)
        if is_first:
            self._fit(X, anomalous.astype(int), self._first_part)
            self.classes_ = both
            warn_if_anomaly_is_a_guess(both)
        else:
            self._go_on(self._read(X), anomalous)
        return self

    def feature_scores(self, X: Rows) -> pd.DataFrame:
        """Return the mean error of each channel, in units of its usual error, to show which channel stands out.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        scores : DataFrame of shape (n_samples, n_features)
            1 is usual; the anomaly score is the mean over the channels.
        """
        windows = self._read(X)
        return pd.DataFrame(self._errors(windows, by_channel=True), row_index(X), windows.channel_names)

    def live_step(self) -> LiveStep:
        """Return the step that works row by row, for `sktsad.live.LiveScorer`.

        Returns
        -------
        step : LiveStep
        """
        self._check_fitted()
        past = self._past if self.history == "index" else self._past.forgotten()
        common = past, self.max_gap, self.net_, self._series_numbers, self.dtype
        return LiveForecast(*common, self.usual_error_, self.loss == "squared_error")

    def _read(self, X: Rows, reset: bool = False) -> Any:
        if not reset:
            self._check_fitted()
        return check_rows(self, X, reset=reset)

    def _fit_rows(self, rows: Windows, y: Labels, anomalous: np.ndarray, held_out: np.ndarray) -> None:
        warm = self.warm_start and hasattr(self, "net_")
        self._train(rows, anomalous, held_out, warm=warm, n_epochs=self.max_epochs)

    def _first_part(self, rows: Windows, y: Labels, anomalous: np.ndarray, held_out: np.ndarray) -> None:
        self._train(rows, anomalous, held_out, warm=False, n_epochs=1, is_part=True)

    def _go_on(self, rows: Windows, anomalous: np.ndarray) -> None:
        """Train a fitted network for one more epoch, and learn the threshold again if there are enough rows."""
        if (order := time_order(rows)) is not None:
            rows, anomalous = rows[order], anomalous[order]
        rule, held_out = self._wanted_threshold(), self._held_out(rows, anomalous)
        scores = self._train(rows, anomalous, held_out, warm=True, n_epochs=1, is_part=True)
        chosen = held_out if held_out.any() else np.ones_like(held_out)
        if isinstance(rule, Real) or (chosen & ~anomalous).sum() < MIN_HELD_OUT:
            return
        if rule.needs_labels and not (chosen & anomalous).any():
            return
        self._forget_threshold()
        self.threshold_rule_ = self._learn_threshold(rule, rows, anomalous, held_out, scores())

    def _train(
        self,
        rows: Windows,
        anomalous: np.ndarray,
        held_out: np.ndarray,
        *,
        warm: bool,
        n_epochs: int | str,
        is_part: bool = False,
    ) -> Callable[[], np.ndarray]:
        """Train the network, and learn the usual errors; return the function that scores these rows."""
        goes_on, horizon = warm and is_part, int(self.horizon)  # small NumPy integers may overflow
        warn_if_badly_scaled(rows)
        layout = self._layout(rows, self._past if goes_on else None)
        if not warm:
            self._series_numbers = number_series(layout)
        learnt, watched = layout.sort(~anomalous & ~held_out), layout.sort(~anomalous & held_out)
        learnt[layout.starts] = watched[layout.starts] = False  # no earlier row predicts them
        if not learnt.any() and not goes_on:
            raise ValueError(
                f"X has no normal row that comes directly after another (n_samples={len(rows)}), so there is nothing "
                "to predict. Give more rows."
            )
        if not self.early_stopping:
            watched = np.zeros_like(watched)
        elif not watched.any():
            raise ValueError(
                f"early_stopping={self.early_stopping} needs {MIN_HELD_OUT} held-out normal rows, but "
                f"validation_fraction={self.validation_fraction} gives fewer. Give more rows, or early_stopping=False."
            )
        states, before = self._first_states(layout, goes_on)
        segments = segments_of(self, layout, states)
        if learnt.any():
            options = TrainingOptions.of(self)
            net = resume_net(self.net_, options) if warm else make_net(self._network(rows), options)
            how: dict[str, Any] = {"has_cycle": not is_part, "horizon": horizon}
            self.net_ = train_along(self, net, segments, learnt, watched, n_epochs, **how)
        past, ends = past_of(rows, layout, self.history)
        errors = UsualErrors(layout, horizon, self.loss, learnt, ends)
        states = states_after(self.net_, segments, self.predict_batch_size, ends, errors)
        if not goes_on or learnt.sum() >= MIN_HELD_OUT:
            self.usual_error_ = errors.usual()
        # Forecasts of rows after an end are part of the state at that end.
        beyond = errors.kept(before)
        past = past.with_values(np.concatenate([states, beyond.reshape(len(ends), self._n_beyond)], axis=1))
        self._past = self._past.then(past) if goes_on else past
        return lambda: self._run(layout, segments, before, by_channel=False)[:, 0]

    def _network(self, rows: Windows) -> Network:
        shape = int(self.horizon), rows.n_channels
        error = partial(ReconstructionError, loss=self.loss)
        return network_along(self, rows, shape, adds_row=True, criterion=error, net_class=StatefulNet)

    def _layout(self, rows: Windows, past: Past | None) -> RowLayout:
        layout = layout_of(self, rows, past)
        return replace(layout, values=hold_values(layout.values))

    def _score(self, rows: Windows) -> np.ndarray:
        return self._errors(rows, by_channel=False)[:, 0]

    def _errors(self, rows: Windows, by_channel: bool) -> np.ndarray:
        """Return the mean errors of each row, by channel or over all channels."""
        layout = self._layout(rows, self._past)
        states, before = self._first_states(layout, goes_on=True)
        return self._run(layout, segments_of(self, layout, states), before, by_channel)

    @property
    def _n_beyond(self) -> int:
        """Number of forecast values that are kept at the end of a run."""
        return len(self.usual_error_) * self.usual_error_.size

    def _first_states(self, layout: RowLayout, goes_on: bool) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Return what each segment continues from: states, and the forecasts that were made before; None for rest."""
        found = first_states(layout, self.max_gap) if goes_on else None
        if found is None:
            return None, None
        states, forecasts = np.split(found, [found.shape[1] - self._n_beyond], axis=1)
        return states, forecasts.reshape(-1, self.horizon, *self.usual_error_.shape)

    def _run(
        self, layout: RowLayout, segments: Segments, before: np.ndarray | None, by_channel: bool
    ) -> np.ndarray:
        """Run the network along segments, and return the mean errors of each row."""
        errors = RowErrors(layout, self.loss, self.usual_error_, by_channel)
        if before is not None:
            errors.go_on(before)
        run_along(self.net_, segments, self.predict_batch_size, errors)
        return errors.scores()
