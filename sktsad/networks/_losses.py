"""Losses: one number for each row or value, so that weights can be applied to them."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import torch
from torch import nn
from torch.nn import functional


def log_probabilities(logits: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the log probability of each row's class, and of all other classes together, without overflow.

    Logits have the shape (batch,) for class 1 of two, or (batch, n_classes) for each class.
    """
    if logits.ndim == 1:
        of_class = torch.where(target > 0.5, logits, -logits)
        return functional.logsigmoid(of_class), functional.logsigmoid(-of_class)
    log_probability = functional.log_softmax(logits, dim=1)
    number = target[:, None]
    others = log_probability.scatter(1, number, -torch.inf).logsumexp(dim=1)
    return log_probability.gather(1, number).squeeze(1), others


def count_classes(logits: torch.Tensor) -> int:
    """Return the number of classes of logits."""
    return logits.shape[1] if logits.ndim == 2 else 2


def check_length(values: torch.Tensor, logits: torch.Tensor, name: str) -> None:
    """Refuse a parameter that does not have one value per class."""
    if len(values) != count_classes(logits):
        raise ValueError(
            f"{name} has {len(values)} value(s) for {count_classes(logits)} classes: give one for each, in sorted "
            "order."
        )


class CrossEntropy(nn.Module):
    """Cross entropy of logits, one value per row.

    Logits have the shape (batch,) for class 1 of two, with floats as targets, or (batch, n_classes) for each class,
    with integers as targets. This is the same for all classification losses here.

    Parameters
    ----------
    weight : sequence of float, default=None
        Weight of each class.
    """

    weight: torch.Tensor | None

    def __init__(self, weight: Sequence[float] | None = None) -> None:
        super().__init__()
        self.register_buffer(
            "weight", None if weight is None else torch.as_tensor(weight, dtype=torch.float32)
        )

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss of each row, shape (batch,)."""
        if logits.ndim == 1:
            loss = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        else:
            loss = functional.cross_entropy(logits, target, reduction="none")
        if self.weight is None:
            return loss
        check_length(self.weight, logits, "weight")
        return loss * self.weight[target.long()]


class SquaredError(nn.Module):
    """Squared error of the class probabilities, one value per row: the mean over the classes."""

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss of each row, shape (batch,)."""
        if logits.ndim == 1:
            return (torch.sigmoid(logits) - target).square()
        truth = functional.one_hot(target, logits.shape[1])
        return (torch.softmax(logits, dim=1) - truth).square().mean(dim=1)


class FocalLoss(nn.Module):
    """Compute the focal loss of each row: cross entropy with less weight on rows that are classified well.

    Parameters
    ----------
    gamma : float, default=2.0
        Exponent of the weight, at least 0: the weight of a row is its probability of error to this power. 0 is cross
        entropy.
    alpha : float or sequence of float, default=None
        Weight of each class, in sorted order. A number is for two classes, and is the weight of the anomaly; the weight
        of the other class is 1 minus this number if it is below 1, as published, and 1 otherwise.

    References
    ----------
    T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollar, "Focal loss for dense object detection", ICCV 2017.
    """

    weight: torch.Tensor | None

    def __init__(self, gamma: float = 2.0, alpha: float | Sequence[float] | None = None) -> None:
        super().__init__()
        if not gamma >= 0:
            raise ValueError(f"gamma={gamma} must be at least 0; 0 is cross entropy.")
        self.gamma = gamma
        self.alpha = alpha
        if isinstance(alpha, Real):
            alpha = (1 - float(alpha), float(alpha)) if alpha < 1 else (1.0, float(alpha))
        weight = None if alpha is None else torch.as_tensor(alpha, dtype=torch.float32)
        if weight is not None and not (weight >= 0).all():
            raise ValueError(f"alpha={self.alpha} must not be negative.")
        self.register_buffer("weight", weight)

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss of each row, shape (batch,)."""
        right, wrong = log_probabilities(logits, target)
        loss = -torch.exp(self.gamma * wrong) * right
        if self.weight is None:
            return loss
        check_length(self.weight, logits, f"alpha={self.alpha}")
        return loss * self.weight[target.long()]


class MeanFalseError(nn.Module):
    """Sum of the mean squared errors of the classes: all classes have the same weight, even rare ones.

    One number per batch; classes without rows in the batch do not count, so each batch should contain all classes. Over
    several batches, as in early stopping, the loss is the mean over the batches.

    References
    ----------
    S. Wang et al., "Training deep neural networks on imbalanced data sets", IJCNN 2016.
    """

    #: Whether batches must be stratified.
    needs_every_class = True

    def __init__(self) -> None:
        super().__init__()
        self.error = SquaredError()

    def class_means(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the mean error of each class; 0 for classes without rows."""
        errors, rows = self.error(logits, target), target.long()
        n_classes = count_classes(logits)
        sums = errors.new_zeros(n_classes).index_add(0, rows, errors)
        return sums / torch.bincount(rows, minlength=n_classes).clamp(min=1)

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss of the batch."""
        return self.class_means(logits, target).sum()


class MeanSquaredFalseError(MeanFalseError):
    """Sum of the squared mean squared errors of the two classes, which also keeps the two errors close.

    References
    ----------
    S. Wang et al., "Training deep neural networks on imbalanced data sets", IJCNN 2016.
    """

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss of the batch."""
        if logits.ndim == 2 and logits.shape[1] != 2:
            raise ValueError(
                f"mean_squared_false_error is defined for two classes, got {logits.shape[1]}: use mean_false_error."
            )
        return self.class_means(logits, target).square().sum()


class LogitAdjustedCrossEntropy(CrossEntropy):
    """Cross entropy of logits shifted by the log prior of their classes, one value per row.

    After training, the unshifted logits are those for classes of equal prior.

    Parameters
    ----------
    prior : sequence of float, default=None
        Share of each class, above 0; None means the shares of the training rows, weighted by their sample weights. A
        classifier that is trained further keeps the shares of its first fit.
    tau : float, default=1.0
        Weight of the log prior.

    References
    ----------
    A. K. Menon et al., "Long-tail learning via logit adjustment", ICLR 2021.
    """

    shift: torch.Tensor

    def __init__(self, prior: Sequence[float] | None = None, tau: float = 1.0) -> None:
        super().__init__()
        self.prior = prior
        self.tau = tau
        self.register_buffer("shift", torch.zeros(0))
        if prior is not None:
            self.set_prior(prior)

    def set_prior(self, prior: Sequence[float]) -> None:
        """Set the shares of the classes, in sorted order."""
        shares = torch.as_tensor(prior, dtype=self.shift.dtype)
        if not (shares > 0).all():
            raise ValueError(
                f"prior={shares.tolist()} must be above 0 for every class: train on rows of every class, or set their "
                "shares with net__criterion__prior."
            )
        self.shift = self.tau * torch.log(shares / shares.sum()).to(self.shift.device)

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss of each row, shape (batch,)."""
        check_length(self.shift, logits, "prior")
        shift = self.shift[1] - self.shift[0] if logits.ndim == 1 else self.shift
        return super().forward(logits + shift, target)


#: The losses of classes by name.
LOSSES: dict[str, Any] = {
    "cross_entropy": CrossEntropy,
    "squared_error": SquaredError,
    "focal": FocalLoss,
    "mean_false_error": MeanFalseError,
    "mean_squared_false_error": MeanSquaredFalseError,
    "logit_adjusted": LogitAdjustedCrossEntropy,
}


class ReconstructionError(nn.Module):
    """Squared or absolute error of a reconstruction, one value per element.

    Parameters
    ----------
    loss : {"squared_error", "absolute_error"}, default="squared_error"
        The error to compute.
    """

    def __init__(self, loss: str = "squared_error") -> None:
        super().__init__()
        self.loss = loss

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the error of each element, with the shape of ``output``."""
        difference = output - target
        return difference.square() if self.loss == "squared_error" else difference.abs()


class ForecastError(ReconstructionError):
    """Error of a forecast of the last rows of a window, one value per element.

    Parameters
    ----------
    loss : {"squared_error", "absolute_error"}, default="squared_error"
        The error to compute.
    """

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Compare (batch, horizon, channels) with the last ``horizon`` rows of (batch, length, channels)."""
        return super().forward(output, target[:, -output.shape[1] :])
