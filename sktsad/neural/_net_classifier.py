"""Base of the classifiers that contain a skorch net."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import ClassifierMixin
from sklearn.utils import compute_class_weight

from .._core import (
    Labels,
    Rows,
    StrOptions,
    Weights,
    Windows,
    atomic_fit,
    check_labels,
    check_weights,
    check_windows,
    level_of_user,
    to_classes,
    warn_if_anomaly_is_a_guess,
)
from ..networks import LOSSES, LogitAdjustedCrossEntropy
from ._input_checks import copy_loss, drop_weightless, warn_if_badly_scaled
from ._net_estimator import NetEstimator
from ._training import (
    LeanClassifierNet,
    LeanNet,
    Network,
    TrainingOptions,
    WindowDataset,
    class_probabilities,
    f1_callback,
    forward,
    make_net,
    resume_net,
    scale_weights,
    split_dataset,
    train,
    watched_rows,
)


class NetClassifier(ClassifierMixin, NetEstimator):
    """Base of the classifiers that train a network, which a subclass defines.

    A subclass lists all parameters in its ``__init__``: those of `NetEstimator`, and ``loss``, ``class_weight`` and
    ``stratify``. Its method ``_network(self, windows, n_outputs)`` says how to build the torch module, which maps
    batches of shape (batch, length, channels) to ``n_outputs`` logits: one for two classes, else one per class.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels. With two, the last is the anomaly.
    net_ : skorch.NeuralNet
        The trained net.
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    input_shape_ : tuple of int
        Shape of a row in the input of the network.
    """

    _parameter_constraints: dict = {
        **NetEstimator._parameter_constraints,
        "loss": [StrOptions(set(LOSSES)), callable],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "stratify": ["boolean", StrOptions({"auto"})],
    }

    #: Class of the net, and the corresponding detector without labels.
    _net_class: type[LeanNet] = LeanClassifierNet
    _without_labels = "AutoencoderDetector"

    loss: Any
    class_weight: Any
    stratify: bool | str
    early_stopping: bool | int
    validation_fraction: float
    verbose: int
    classes_: np.ndarray
    input_shape_: tuple[int, ...]

    def _network(self, windows: Windows, n_outputs: int) -> Network:
        """Return which network to train; its loss is set later."""
        raise NotImplementedError

    def _input_shape(self, X: Rows, windows: Windows) -> tuple[int, ...]:
        """Return the shape of a row in the input of the network."""
        return windows.length, windows.n_channels

    @atomic_fit
    def fit(self, X: Rows, y: Labels, sample_weight: Weights = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one per row.
        y : array-like of shape (n_samples,)
            Class labels, of two classes or more. With two, the last in sorted order is the anomaly.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, at least 0.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If y has only one class, X is not finite, or ``n_channels`` does not fit X.

        Warns
        -----
        UserWarning
            If Ctrl-C stops the training: the network is that of the last complete epoch, or of the best epoch with
            ``early_stopping``. If joblib runs many fits, as in a search, the interrupt is raised instead.
        """
        return self._fit(
            X, y, sample_weight, warm=self.warm_start and hasattr(self, "net_"), n_epochs=self.max_epochs
        )

    @atomic_fit
    def partial_fit(self, X: Rows, y: Labels, classes: Any = None, sample_weight: Weights = None) -> Self:
        """Train the network for one more epoch, from its current weights.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one per row.
        y : array-like of shape (n_samples,)
            Class labels.
        classes : array-like of shape (n_classes,), default=None
            All classes; needed in the first call, unless y contains all of them.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, at least 0.

        Returns
        -------
        self : estimator
        """
        return self._fit(X, y, sample_weight, warm=hasattr(self, "net_"), n_epochs=1, classes=classes)

    def decision_function(self, X: Rows) -> np.ndarray:
        """Return the log odds of the anomaly, above 0 if its probability is above 0.5.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one per row.

        Returns
        -------
        decision : ndarray of shape (n_samples,), or (n_samples, n_classes) if there are more than two classes
        """
        logits = self._outputs(X, self.__dict__.get("input_shape_"))
        if logits.ndim == 2 and len(self.classes_) == 2:  # a module with one logit per class
            return logits[:, 1] - logits[:, 0]
        return logits

    def predict_proba(self, X: Rows) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one per row.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
        """
        logits = self._outputs(X, self.__dict__.get("input_shape_"))
        return class_probabilities(torch.from_numpy(logits)).numpy()

    def predict(self, X: Rows) -> np.ndarray:
        """Return the most probable class.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one per row.

        Returns
        -------
        label : ndarray of shape (n_samples,)
        """
        return to_classes(self.decision_function(X), self.classes_)

    def _fit(
        self,
        X: Rows,
        y: Labels,
        sample_weight: Weights,
        *,
        warm: bool,
        n_epochs: int | str,
        classes: Any = None,
    ) -> Self:
        windows = check_windows(self, X, n_channels=self.n_channels, reset=not warm)
        warn_if_badly_scaled(windows)
        target = self._check_target(windows, y, classes, warm)
        weight = mass = None
        if sample_weight is not None or self.class_weight is not None:
            mass = (
                np.ones(len(windows))
                if sample_weight is None
                else scale_weights(check_weights(sample_weight, windows))
            )
            weight = scale_weights(mass * self._class_weights(target, mass)[target])
            mass = mass[weight > 0]
            windows, target, weight = drop_weightless(windows, target, weight)
        self._check_seen(target, mass is not None, warm or classes is not None)
        if not warm:
            self.input_shape_ = self._input_shape(X, windows)
        options = TrainingOptions.of(self)
        watched = watched_rows(windows, options)
        if watched.any():
            self._warn_if_cut_by_class(target, watched)
        # The prior counts a row of weight 2 as two rows, but does not include class weights, which it would cancel.
        prior = np.bincount(
            target[~watched], None if mass is None else mass[~watched], minlength=len(self.classes_)
        )
        if warm:
            net = resume_net(self.net_, options)
        else:
            net = self._new_net(windows, prior, options)
            self._check_outputs(net, windows)
        dataset, valid = split_dataset(windows, watched, options, target, weight, self.input_shape_)
        self.net_ = train(net, dataset, valid, n_epochs)
        return self

    def _check_target(self, windows: Windows, y: Labels, classes: Any, warm: bool) -> np.ndarray:
        """Return the class number of each row; set ``classes_`` unless training continues."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
        y = check_labels(windows, y)
        found = np.unique(y)
        if not warm:
            self.classes_ = found if classes is None else np.unique(classes)
            warn_if_anomaly_is_a_guess(self.classes_)
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"classes={classes!r} are not those of the first call, {self.classes_.tolist()}. Pass the same, or "
                "None."
            )
        if classes is not None and len(self.classes_) < 2:
            raise ValueError(f"classes={classes!r} must contain two or more classes.")
        unknown = np.setdiff1d(found, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y contains {unknown.tolist()}, which are not among the classes {self.classes_.tolist()}. Pass all "
                "classes in the first call: partial_fit(X, y, classes=...)."
            )
        numbers: Any = np.searchsorted(self.classes_, y)
        return numbers

    def _check_seen(self, target: np.ndarray, is_weighted: bool, may_be_one: bool) -> None:
        """Raise if the rows to train on have too few classes."""
        n_seen = np.count_nonzero(np.bincount(target))
        if n_seen < (1 if may_be_one else 2):
            dropped = " among the rows with a weight above 0" if is_weighted else ""
            raise ValueError(
                f"y contains {n_seen} class{dropped}: a classifier needs two or more classes. Without labelled "
                f"anomalies use a detector such as {self._without_labels}."
            )

    def _class_weights(self, target: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Return the weight of each class; "balanced" counts rows by their weight."""
        if self.class_weight != "balanced":
            weights = compute_class_weight(self.class_weight, classes=self.classes_, y=self.classes_)
            if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
                raise ValueError(
                    f"class_weight={self.class_weight} must contain finite weights, at least 0, and not all 0."
                )
            return scale_weights(weights)
        mass = np.bincount(target, weights=weight, minlength=len(self.classes_))
        return np.divide(mass.sum(), (mass > 0).sum() * mass, out=np.zeros_like(mass), where=mass > 0)

    def _new_net(self, windows: Windows, prior: np.ndarray, options: TrainingOptions) -> LeanNet:
        """Return an untrained net for these windows; ``prior`` contains the shares of the classes."""
        n_classes = len(self.classes_)
        loss = LOSSES[self.loss] if isinstance(self.loss, str) else copy_loss(self.loss, "CrossEntropyLoss")
        network = self._network(windows, 1 if n_classes == 2 else n_classes)
        watch_f1 = (f1_callback(bool(self.early_stopping), n_classes),) if self.verbose else ()
        network = replace(
            network,
            criterion=loss,
            net_class=self._net_class,
            callbacks=(*network.callbacks, *watch_f1),
            stratify=self._stratified(getattr(loss, "needs_every_class", False)),
        )
        net = make_net(network, options)
        net.classes_ = np.arange(n_classes)
        if isinstance(net.criterion_, LogitAdjustedCrossEntropy) and net.criterion_.prior is None:
            net.criterion_.set_prior(prior.tolist())
        return net

    def _stratified(self, needs_every_class: bool) -> tuple[bool, bool]:
        """Return whether batches must contain rows of every class: in training, and in the rows of early stopping."""
        is_stratified = bool(needs_every_class if self.stratify == "auto" else self.stratify)
        # Early stopping must monitor the same loss as the training, which needs batches with every class.
        return is_stratified, is_stratified and needs_every_class

    def _check_outputs(self, net: LeanNet, windows: Windows) -> None:
        """Raise if the module does not have the number of outputs that the classes need."""
        n_classes = len(self.classes_)
        first = WindowDataset(windows[:1], input_shape=self.input_shape_, dtype=self.dtype)
        shape = forward(net, first, 1).shape
        if shape != (1, n_classes) and not (shape == (1,) and n_classes == 2):
            wanted = "one or two logits" if n_classes == 2 else f"{n_classes} logits"
            raise ValueError(
                f"The module maps a row of shape {self.input_shape_} to an output of shape {shape[1:]}: {n_classes} "
                f"classes need {wanted} per row."
            )

    def _warn_if_cut_by_class(self, target: np.ndarray, watched: np.ndarray) -> None:
        n_classes = len(np.unique(target))
        if any(len(np.unique(target[part])) < n_classes for part in (watched, ~watched)):
            warnings.warn(
                f"early_stopping monitors the last validation_fraction={self.validation_fraction} of the rows, "
                f"{int(watched.sum())} of {len(watched)}, and not every class is in both parts. Rows after a sampler "
                "may be sorted by class: wrap it in SafeSampler. Or use rows in time order, or early_stopping=False.",
                UserWarning,
                stacklevel=level_of_user(),
            )
