"""Base of the classifiers that hold a skorch net."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import compute_class_weight
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _check_sample_weight

from .._core import Windows, atomic_fit, check_labels, check_windows, warn_if_anomaly_is_a_guess
from ._net_estimator import NetEstimator, copy_loss, drop_weightless

#: As in `sktsad.networks.LOSSES`, which would load torch.
LOSS_NAMES = {
    "cross_entropy",
    "squared_error",
    "focal",
    "mean_false_error",
    "mean_squared_false_error",
    "logit_adjusted",
}

if TYPE_CHECKING:
    from ._training import LeanNet


class BaseNetClassifier(ClassifierMixin, NetEstimator):
    """Fit and predict of a classifier that holds a net; a subclass says which network."""

    _parameter_constraints: dict = {
        **NetEstimator._parameter_constraints,
        "loss": [StrOptions(LOSS_NAMES), callable],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "stratify": ["boolean", StrOptions({"auto"})],
    }

    classes_: np.ndarray

    def __init__(
        self,
        *,
        loss: Any = "cross_entropy",
        class_weight: Any = None,
        stratify: bool | str = "auto",
        **net_params: Any,
    ) -> None:
        super().__init__(**net_params)
        self.loss = loss
        self.class_weight = class_weight
        self.stratify = stratify

    def _network(self, windows: Windows, n_outputs: int) -> tuple[Callable[..., Any], dict[str, Any]]:
        """Return what makes the torch module, and its arguments."""
        raise NotImplementedError

    def _net_options(self) -> dict[str, Any]:
        """Return more parameters of the net; its own ``callbacks`` come before those of the user."""
        return {}

    def _input_shape(self, X: Any, windows: Windows) -> tuple[int, ...]:
        """Return the shape in which the network sees a row."""
        return (windows.length, windows.n_channels)

    @atomic_fit
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one a row.
        y : array-like of shape (n_samples,)
            Class labels, of two classes or more. Of two, the last in sorted order is the anomaly.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, at least 0.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If y holds one class, X is not finite, or ``n_channels`` does not fit X.

        Warns
        -----
        UserWarning
            If Ctrl-C ends the training: the network is that of the last epoch that ended, or with ``early_stopping``
            the best. Where joblib runs many fits, as in a search, the interrupt goes up instead.
        """
        return self._fit(X, y, sample_weight, warm=self._is_warm(), n_epochs=self.max_epochs)

    @atomic_fit
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train the network for one more epoch, from where it is.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one a row.
        y : array-like of shape (n_samples,)
            Class labels.
        classes : array-like of shape (n_classes,), default=None
            All classes there are; needed at the first call, unless y has them all.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, at least 0.

        Returns
        -------
        self : estimator
        """
        return self._fit(X, y, sample_weight, warm=hasattr(self, "net_"), n_epochs=1, classes=classes)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the log odds of the anomaly, above 0 where it is likelier than not.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one a row.

        Returns
        -------
        decision : ndarray of shape (n_samples,), or (n_samples, n_classes) if there are more than two classes
        """
        logits = self._outputs(X)
        if logits.ndim == 2 and len(self.classes_) == 2:  # a module with one logit a class
            return logits[:, 1] - logits[:, 0]
        return logits

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one a row.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
        """
        logits = self._outputs(X)
        import torch

        from ._training import class_probabilities

        return class_probabilities(torch.from_numpy(logits)).numpy()

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest class.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one a row.

        Returns
        -------
        label : ndarray of shape (n_samples,)
        """
        decision = self.decision_function(X)
        chosen = decision.argmax(axis=1) if decision.ndim == 2 else (decision > 0).astype(int)
        return self.classes_[chosen]

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, *, warm: bool, n_epochs: int, classes: Any = None
    ) -> Self:
        windows = check_windows(self, X, n_channels=self.n_channels, reset=not warm)
        target = self._check_target(windows, y, classes, warm)
        weight = mass = None
        if sample_weight is not None or self.class_weight is not None:
            mass = _check_sample_weight(sample_weight, windows, dtype=np.float64, ensure_non_negative=True)
            weight = mass * self._class_weights(target, mass)[target]
            mass = mass[weight > 0]
            windows, target, weight = drop_weightless(windows, target, weight)
        n_seen = len(np.unique(target))
        if n_seen < (1 if warm or classes is not None else 2):
            dropped = "" if mass is None else " after rows of weight 0 are dropped"
            raise ValueError(
                f"y holds {n_seen} class{dropped}: a classifier needs two classes or more. Without labelled anomalies "
                "use a detector such as AutoencoderDetector."
            )
        if not warm:
            self._layout = (windows.length, windows.n_channels)
            self._row_shape = self._input_shape(X, windows)
        tail = self._tail(windows)
        if tail.any():
            self._warn_if_cut_by_class(target, tail)
        # A row of weight 2 is two rows; class weights are to act on top of the prior, which would undo them.
        mass_of_head = None if mass is None else mass[~tail]
        self._prior = np.bincount(target[~tail], mass_of_head, minlength=len(self.classes_))
        dataset, valid = self._split(windows, target, weight, tail)
        self._train(windows, dataset, valid, warm=warm, n_epochs=n_epochs)
        return self

    def _check_target(self, windows: Windows, y: Any, classes: Any, warm: bool) -> np.ndarray:
        """Return the class number of each row; set ``classes_`` unless training goes on."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
        y = check_labels(windows, y)
        if not warm:
            self.classes_ = np.unique(y if classes is None else classes)
            warn_if_anomaly_is_a_guess(self.classes_)
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"classes={classes!r} are not those of the first call, {self.classes_.tolist()}."
            )
        if classes is not None and len(self.classes_) < 2:
            raise ValueError(f"classes={classes!r} must name two classes or more.")
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y holds {unknown.tolist()}, not among the classes {self.classes_.tolist()}. Name all classes in "
                "the first call: partial_fit(X, y, classes=...)."
            )
        return np.searchsorted(self.classes_, y)

    def _class_weights(self, target: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Return the weight of each class; "balanced" counts rows by their weight."""
        if self.class_weight != "balanced":
            return compute_class_weight(self.class_weight, classes=self.classes_, y=self.classes_)
        mass = np.bincount(target, weights=weight, minlength=len(self.classes_))
        return np.divide(mass.sum(), (mass > 0).sum() * mass, out=np.zeros_like(mass), where=mass > 0)

    def _new_net(self, windows: Windows) -> LeanNet:
        from ..networks import LOSSES, LogitAdjustedCrossEntropy
        from ._training import LeanClassifierNet, class_probabilities, f1_callback, forward

        loss = LOSSES[self.loss] if isinstance(self.loss, str) else copy_loss(self.loss, "CrossEntropyLoss")
        n_classes = len(self.classes_)
        module, arguments = self._network(windows, 1 if n_classes == 2 else n_classes)
        options: dict[str, Any] = {"predict_nonlinearity": class_probabilities, **self._net_options()}
        if self.verbose:
            options["callbacks"] = [
                *options.get("callbacks", ()),
                f1_callback(bool(self.early_stopping), n_classes),
            ]
        needs_every_class = getattr(loss, "needs_every_class", False)
        is_wanted = needs_every_class if self.stratify == "auto" else self.stratify
        # What early stopping watches is to be the loss that is trained: of batches with every class.
        for part, is_stratified in (("train", is_wanted), ("valid", is_wanted and needs_every_class)):
            if is_stratified and not hasattr(self, f"net__iterator_{part}"):
                options[f"iterator_{part}__stratify"] = True
        net = self._make_net(module, arguments, loss, net_class=LeanClassifierNet, **options)
        if isinstance(net.criterion_, LogitAdjustedCrossEntropy) and net.criterion_.prior is None:
            net.criterion_.set_prior(self._prior.tolist())
        shape = forward(net, self._dataset(windows[:1]), 1).shape
        if shape != (1, n_classes) and not (shape == (1,) and n_classes == 2):
            wanted = "one or two logits" if n_classes == 2 else f"{n_classes} logits"
            raise ValueError(
                f"The module maps a row of shape {self._row_shape} to an output of shape {shape[1:]}: {n_classes} "
                f"classes need {wanted} a row."
            )
        return net

    def _warn_if_cut_by_class(self, target: np.ndarray, tail: np.ndarray) -> None:
        n_classes = len(np.unique(target))
        if any(len(np.unique(target[part])) < n_classes for part in (tail, ~tail)):
            warnings.warn(
                f"early_stopping watches the last validation_fraction={self.validation_fraction} of the rows, "
                f"{int(tail.sum())} of {len(tail)}: not every class is on both sides of that cut. Rows behind a "
                "sampler may be sorted by class: wrap it in SafeSampler. Or use rows in time order, or "
                "early_stopping=False.",
                UserWarning,
                stacklevel=4,
            )
