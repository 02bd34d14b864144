"""Recurrent classifier that runs along the series."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping
from datetime import timedelta
from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._core import (
    Interval,
    Labels,
    LiveStep,
    Past,
    Rows,
    Seed,
    Weights,
    Windows,
    atomic_fit,
    check_target_index,
    check_weights,
    level_of_user,
)
from ..networks import CrossEntropy, FocalLoss, SquaredError
from ._along_series import ALONG_SERIES, layout_of, network_along, number_series, segments_of, train_along
from ._event_weights import event_weights
from ._input_checks import refuse_not_finite, warn_if_badly_scaled
from ._kept_states import first_states, past_of
from ._live_network import LiveNetwork
from ._net_classifier import NetClassifier
from ._row_layout import RowLayout, check_rows
from ._training import (
    LeanNet,
    Network,
    StatefulClassifierNet,
    TrainingOptions,
    resume_net,
    run_along,
    scale_weights,
    states_after,
    watched_rows,
)

#: Losses whose best constant output is the share of each class; other losses weight the classes.
_OF_SHARES = (CrossEntropy, SquaredError, FocalLoss)


class StatefulRNNClassifier(NetClassifier):
    """Classify every row of a series with a recurrent network that reads the series once, row after row.

    It takes rows, not windows: the network keeps a state, so that each row costs one step of the network, and its past
    reaches as far back as the state remembers. Series are divided into strands at random offsets; strands run side by
    side, chunk after chunk, with the state carried over from one chunk to the next (truncated back-propagation through
    time [1]_ [2]_). Each row has a label, and counts once per pass.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        Recurrent cell. On a CPU the LSTM is the fastest.
    hidden_size : int, default=64
        Number of units in a recurrent layer.
    num_layers : int, default=1
        Number of recurrent layers.
    dropout : float, default=0.0
        Share of units dropped between recurrent layers and before the logits, below 1.
    dense_size : int or None, default=None
        Number of units in a dense layer before the logits; None leaves it out.
    loss : str or torch loss, default="cross_entropy"
        "cross_entropy", "squared_error", "focal", "mean_false_error", "mean_squared_false_error" or "logit_adjusted",
        whose parameters are given as ``net_params={"criterion__<name>": ...}``, or an instance from `sktsad.networks`
        such as ``FocalLoss(gamma=1, alpha=0.75)``. Or any ``torch.nn.Module``, or its class, called with (logits, class
        numbers) as for torch's own losses: for two classes logits of shape (n_rows,) and floats, else logits of shape
        (n_rows, n_classes) and integers. It must return one value per row, or their mean if there are no weights. A
        mean false error is computed over the classes in a chunk.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn. Not for the mean false errors, which already weight the classes
        equally.
    event_weight : float, default=None
        The weight of each row of an event is the number of rows of the event to this power, from -10 to 10: with -0.5
        an event of 100 rows counts as 10 rows, with -1 as one. An event is a run of rows of one class other than the
        first of ``classes_``. None weights all rows equally.
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
    lr : float, default=0.005
        Learning rate; the largest value of the schedule.
    lr_schedule : {"one_cycle", "constant"}, default="one_cycle"
        Whether the learning rate rises to ``lr`` and falls again over the epochs of a `fit` [3]_. An ``LRScheduler``
        among the callbacks replaces this schedule, and `partial_fit` always uses ``lr``.
    optimizer : {"adam", "adamw", "sgd", "rmsprop"} or torch optimizer class, default="adamw"
        Optimizer.
    max_grad_norm : float or None, default=1.0
        Largest norm of the gradient, to which a larger one is scaled; None means no limit.
    early_stopping : bool or int, default=False
        Whether to stop when the loss on the last rows has not improved for 5 epochs, or for this number of epochs; the
        best weights are kept. With "one_cycle", the schedule of the learning rate assumes all epochs.
    validation_fraction : float, default=0.2
        Share of rows, the last of each series in time, that early stopping monitors.
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
    classes_ : ndarray of shape (n_classes,)
        Class labels. With two, the last is the anomaly.
    net_ : skorch.NeuralNet
        The trained net.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    RNNClassifier : Uses a network on windows, for rows that depend on few earlier rows, and for samplers.
    StatefulForecastDetector : Needs no labels.

    Notes
    -----
    Rows are read in time order, series by series, according to their index; an array is one series without a gap, and
    without a past in every call. So an array must not have been resampled, shuffled or cut, which cannot be detected. A
    row of weight 0 is read like any other, but does not count in the loss. Nothing is kept between two calls of
    `decision_function`.

    With the losses "cross_entropy", "squared_error" and "focal" the untrained network predicts the weighted share of
    each class [4]_, so that few updates are enough for rare events.

    References
    ----------
    .. [1] R. J. Williams, J. Peng, "An efficient gradient-based algorithm for on-line training of recurrent network
       trajectories", Neural Computation 2(4), 1990.
    .. [2] S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997.
    .. [3] L. N. Smith, N. Topin, "Super-convergence: very fast training of neural networks using large learning rates",
       2018.
    .. [4] T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollar, "Focal loss for dense object detection", ICCV 2017.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sktsad import StatefulRNNClassifier
    >>> from sktsad.datasets import make_kpi
    >>> X, y = make_kpi(500, random_state=0)
    >>> model = make_pipeline(
    ...     StandardScaler().set_output(transform="pandas"),
    ...     StatefulRNNClassifier("gru", hidden_size=8, max_epochs=2, random_state=0),
    ... )
    >>> model.fit(X[:400], y[:400]).predict(X[400:]).shape  # the state goes on from row 399
    (100,)
    """

    _parameter_constraints: dict = {
        **ALONG_SERIES,
        "loss": NetClassifier._parameter_constraints["loss"],
        "class_weight": NetClassifier._parameter_constraints["class_weight"],
        "event_weight": [Interval(Real, -10, 10, closed="both"), None],
    }

    _net_class = StatefulClassifierNet
    _without_labels = "StatefulForecastDetector"

    _past: Past
    _series_numbers: dict[Hashable, int]

    def __init__(
        self,
        cell: str = "lstm",
        *,
        hidden_size: int = 64,
        num_layers: int = 1,
        dropout: float = 0.0,
        dense_size: int | None = None,
        loss: Any = "cross_entropy",
        class_weight: Any = None,
        event_weight: float | None = None,
        max_epochs: int = 12,
        min_updates: int = 25,
        batch_size: int = 32,
        chunk_size: int | None = None,
        strand_length: int | None = None,
        warm_up: int = 64,
        predict_batch_size: int = 256,
        lr: float = 5e-3,
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
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.dropout = dropout
        self.dense_size = dense_size
        self.loss = loss
        self.class_weight = class_weight
        self.event_weight = event_weight
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
    def fit(self, X: Rows, y: Labels, sample_weight: Weights = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            One row per time step, in time order; a panel is a frame with a (series, time) MultiIndex.
        y : array-like of shape (n_samples,)
            Class labels, of two classes or more. With two, the last in sorted order is the anomaly.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, at least 0. A row of weight 0 is read, but does not count in the loss.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If y has only one class, or X is not finite, contains windows of several rows, or has an index out of time
            order.

        Warns
        -----
        UserWarning
            If X is an array and the index of y has gaps; or if Ctrl-C stops the training: the network is that of the
            last complete epoch, or of the best epoch with ``early_stopping``.
        """
        warm = self.warm_start and hasattr(self, "net_")
        return self._train(X, y, sample_weight, warm=warm, n_epochs=self.max_epochs)

    @atomic_fit
    def partial_fit(self, X: Rows, y: Labels, classes: Any = None, sample_weight: Weights = None) -> Self:
        """Train the network for one more epoch; rows that directly follow the last ones continue from their state.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.
        y : array-like of shape (n_samples,)
            Class labels.
        classes : array-like of shape (n_classes,), default=None
            All classes; needed in the first call, unless y contains all of them.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, at least 0.

        Returns
        -------
        self : estimator

        Warns
        -----
        UserWarning
            If the first rows of a series come after the rows of the previous call and do not directly follow them.
        """
        return self._train(
            X, y, sample_weight, warm=hasattr(self, "net_"), n_epochs=1, classes=classes, is_part=True
        )

    def decision_function(self, X: Rows) -> np.ndarray:
        """Return the log odds of the anomaly, above 0 if its probability is above 0.5.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        decision : ndarray of shape (n_samples,), or (n_samples, n_classes) if there are more than two classes

        Warns
        -----
        UserWarning
            If the first rows of a known series come after its rows of `fit` and do not directly follow them.
        """
        return super().decision_function(X)

    def predict_proba(self, X: Rows) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
        """
        return super().predict_proba(X)

    def predict(self, X: Rows) -> np.ndarray:
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in `fit`.

        Returns
        -------
        label : ndarray of shape (n_samples,)
        """
        return super().predict(X)

    def live_step(self) -> LiveStep:
        """Return the step that works row by row, for `sktsad.live.LiveScorer`.

        Returns
        -------
        step : LiveStep
        """
        check_is_fitted(self)
        past = self._past if self.history == "index" else self._past.forgotten()
        return LiveNetwork(past, self.max_gap, self.net_, self._series_numbers, self.dtype)

    def _train(
        self,
        X: Rows,
        y: Labels,
        sample_weight: Weights,
        *,
        warm: bool,
        n_epochs: int | str,
        classes: Any = None,
        is_part: bool = False,
    ) -> Self:
        lost = check_target_index(X, y, self.max_gap)
        windows = check_rows(self, X, reset=not warm)
        if lost:
            warnings.warn(lost, UserWarning, stacklevel=level_of_user())
        warn_if_badly_scaled(windows)
        target = self._check_target(windows, y, classes, warm)
        layout = layout_of(self, windows, self._past if warm else None)
        weight, mass = self._weights(windows, layout, target, sample_weight)
        learnt = np.ones(len(target), dtype=bool) if weight is None else weight > 0
        self._check_seen(target[learnt], not learnt.all(), warm or classes is not None)
        options = TrainingOptions.of(self)
        watched = watched_rows(windows, options)
        if watched.any():
            self._check_watched(target, learnt, watched)
        if not warm:
            self._series_numbers = number_series(layout)
        goes_on = warm and is_part
        segments = segments_of(self, layout, first_states(layout, self.max_gap) if goes_on else None)
        trained = learnt & ~watched
        prior = np.bincount(
            target[trained], None if mass is None else mass[trained], minlength=len(self.classes_)
        )
        if warm:
            net = resume_net(self.net_, options)
        else:
            net = self._new_net(windows, prior, options)
            self._start_at_shares(net, target[trained], None if weight is None else weight[trained])
        self.net_ = train_along(
            self,
            net,
            segments,
            layout.sort(trained),
            layout.sort(learnt & watched),
            n_epochs,
            has_cycle=not is_part,
            target=layout.sort(target),
            sample_weight=None if weight is None else layout.sort(weight),
        )
        past, ends = past_of(windows, layout, self.history)
        past = past.with_values(states_after(self.net_, segments, self.predict_batch_size, ends))
        self._past = self._past.then(past) if goes_on else past
        return self

    def _weights(
        self, windows: Windows, layout: RowLayout, target: np.ndarray, sample_weight: Weights
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Return the weights of the rows in the loss, and ``sample_weight`` alone; (None, None) if all are 1."""
        if sample_weight is None and self.class_weight is None and self.event_weight is None:
            return None, None
        mass = (
            np.ones(len(windows))
            if sample_weight is None
            else scale_weights(check_weights(sample_weight, windows))
        )
        weight = mass * self._class_weights(target, mass)[target]
        if self.event_weight is not None:
            weight *= layout.unsort(event_weights(layout, layout.sort(target), self.event_weight))
        return scale_weights(weight), mass

    def _start_at_shares(self, net: LeanNet, target: np.ndarray, weight: np.ndarray | None) -> None:
        """Make the untrained net predict the weighted shares of the classes.

        A few thousand updates hardly change a bias by the log odds of a rare class. Without this start, the recurrent
        units would learn these odds instead, saturate, and learn little else.
        """
        mass = np.bincount(target, weight, minlength=len(self.classes_))
        if type(net.criterion_) in _OF_SHARES and mass.all():
            logits = np.log(mass / mass.sum())
            net.module_.start_at(logits[1:] - logits[0] if len(logits) == 2 else logits)

    def _check_watched(self, target: np.ndarray, learnt: np.ndarray, watched: np.ndarray) -> None:
        """Raise if early stopping leaves no rows to learn from, or none to monitor."""
        for rows in (learnt & ~watched, learnt & watched):
            if not rows.any():
                raise ValueError(
                    f"No training row with a weight above 0 is left: early_stopping={self.early_stopping} holds out "
                    f"the last validation_fraction={self.validation_fraction} of the rows. Change one of them."
                )
        self._warn_if_cut_by_class(target[learnt], watched[learnt])

    def _network(self, windows: Windows, n_outputs: int) -> Network:
        return network_along(self, windows, () if n_outputs == 1 else (n_outputs,))

    def _stratified(self, needs_every_class: bool) -> tuple[bool, bool]:
        """Return False for both: chunks contain rows in sequence, regardless of their class."""
        return False, False

    def _outputs(self, X: Rows, input_shape: tuple[int, ...] | None = None) -> np.ndarray:
        check_is_fitted(self)
        windows = check_rows(self, X, reset=False)
        layout = layout_of(self, windows, self._past)
        segments = segments_of(self, layout, first_states(layout, self.max_gap))
        outputs: Any = None

        def take(rows: np.ndarray, some: np.ndarray) -> None:
            nonlocal outputs
            if outputs is None:
                outputs = np.empty((len(windows), *some.shape[1:]), some.dtype)
            outputs[rows] = some

        run_along(self.net_, segments, self.predict_batch_size, take)
        outputs = layout.unsort(outputs)
        refuse_not_finite(outputs, windows, self.dtype)
        return outputs
