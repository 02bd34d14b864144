"""Losses: one number for each row, or element; of the mean false errors, for each batch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sktsad.networks import (
    LOSSES,
    CrossEntropy,
    FocalLoss,
    ForecastError,
    LogitAdjustedCrossEntropy,
    MeanFalseError,
    MeanSquaredFalseError,
    ReconstructionError,
    SquaredError,
)

RNG = np.random.default_rng(0)


def test_cross_entropy_of_one_logit_is_minus_the_log_probability_of_the_label():
    logits, target = RNG.normal(size=6), np.array([0.0, 1, 1, 0, 1, 0])
    probability = 1 / (1 + np.exp(-logits))
    expected = [-np.log(p if t else 1 - p) for p, t in zip(probability, target, strict=True)]
    np.testing.assert_allclose(CrossEntropy()(torch.from_numpy(logits), torch.from_numpy(target)), expected)


def test_cross_entropy_of_logits_of_each_class_is_minus_the_log_of_the_softmax():
    logits, target = RNG.normal(size=(6, 3)), np.array([0, 1, 2, 0, 1, 2])
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = [-np.log(p[t]) for p, t in zip(probability, target, strict=True)]
    np.testing.assert_allclose(CrossEntropy()(torch.from_numpy(logits), torch.from_numpy(target)), expected)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_cross_entropy_stays_finite_for_extreme_logits(n_classes):
    logits = torch.tensor([[-1e4, 1e4]] if n_classes == 2 else [[-1e4, 1e4, 0.0]])
    assert CrossEntropy()(logits, torch.tensor([0])) == pytest.approx(2e4)
    assert CrossEntropy()(torch.tensor([1e4]), torch.tensor([0.0])) == pytest.approx(1e4)


@pytest.mark.parametrize("loss, of_difference", [("squared_error", np.square), ("absolute_error", np.abs)])
def test_a_reconstruction_error_is_that_of_each_element(loss, of_difference):
    output, target = RNG.normal(size=(2, 4, 3, 2))
    errors = ReconstructionError(loss)(torch.from_numpy(output), torch.from_numpy(target))
    np.testing.assert_allclose(errors, of_difference(output - target))


@pytest.mark.parametrize("loss, of_difference", [("squared_error", np.square), ("absolute_error", np.abs)])
@pytest.mark.parametrize("horizon", [1, 2])
def test_a_forecast_error_is_that_of_the_last_rows(loss, of_difference, horizon):
    output, target = RNG.normal(size=(4, horizon, 2)), RNG.normal(size=(4, 5, 2))
    errors = ForecastError(loss)(torch.from_numpy(output), torch.from_numpy(target))
    np.testing.assert_allclose(errors, of_difference(output - target[:, -horizon:]))


# Losses of classes, compared with their formulas

BY_BATCH = ("mean_false_error", "mean_squared_false_error")


def probabilities(logits):
    """Softmax, or the logistic function of a single logit, as in a textbook."""
    if logits.ndim == 1:
        second = 1 / (1 + torch.exp(-logits))
        return torch.stack([1 - second, second], dim=1)
    return torch.exp(logits) / torch.exp(logits).sum(dim=1, keepdim=True)


def naive_loss(name, logits, target, gamma=2.0, alpha=None, prior=None, weight=None):
    """The loss of each row, or of the batch, row by row from its probabilities."""
    n_classes = 2 if logits.ndim == 1 else logits.shape[1]
    if prior is not None:
        shift = torch.log(torch.tensor(prior, dtype=logits.dtype))
        logits = logits + (shift[1] - shift[0] if logits.ndim == 1 else shift)
    rows = []
    for probability, label in zip(probabilities(logits), target.long().tolist(), strict=True):
        right = probability[label]
        if name in ("cross_entropy", "logit_adjusted"):
            rows.append(-torch.log(right) * (1 if weight is None else weight[label]))
        elif name == "focal":
            rows.append(-((1 - right) ** gamma) * torch.log(right) * (1 if alpha is None else alpha[label]))
        else:
            truth = [float(label == number) for number in range(n_classes)]
            rows.append(sum((p - t) ** 2 for p, t in zip(probability, truth, strict=True)) / n_classes)
    if name not in BY_BATCH:
        return torch.stack(rows)
    power = 1 if name == "mean_false_error" else 2
    means = []
    for label in range(n_classes):
        own = [row for row, other in zip(rows, target.tolist(), strict=True) if other == label]
        means += [(sum(own) / len(own)) ** power] if own else []
    return sum(means)


@st.composite
def logits_and_targets(draw, n_classes=None):
    """Logits of a batch: one a row, or one a class; with targets as the losses want them."""
    n_classes = draw(st.sampled_from([1, 2, 3, 4])) if n_classes is None else n_classes
    n_rows = draw(st.integers(1, 6))
    values = draw(st.lists(st.floats(-6, 6), min_size=n_rows * n_classes, max_size=n_rows * n_classes))
    labels = draw(st.lists(st.integers(0, max(n_classes - 1, 1)), min_size=n_rows, max_size=n_rows))
    logits = torch.tensor(values, dtype=torch.float64).reshape(n_rows, n_classes)
    if n_classes == 1:
        return logits[:, 0], torch.tensor(labels, dtype=torch.float64)
    return logits, torch.tensor(labels)


def value_and_gradient(loss, logits, target):
    logits = logits.clone().requires_grad_()
    value = loss(logits, target)
    (gradient,) = torch.autograd.grad(value.sum(), logits)
    return value.detach(), gradient


def assert_as_the_formula(name, loss, logits, target, **params):
    value, gradient = value_and_gradient(loss, logits, target)
    expected, expected_gradient = value_and_gradient(
        lambda z, t: naive_loss(name, z, t, **params), logits, target
    )
    assert value.shape == expected.shape
    torch.testing.assert_close(value, expected, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-6, atol=1e-9)


@given(logits_and_targets())
@pytest.mark.parametrize("name", ["cross_entropy", "squared_error", "focal", "mean_false_error"])
def test_losses_and_gradients_are_those_of_the_formula(name, batch):
    assert_as_the_formula(name, LOSSES[name](), *batch)


@given(st.sampled_from([1, 2]).flatmap(logits_and_targets))
def test_the_mean_squared_false_error_and_its_gradient_are_those_of_the_formula(batch):
    assert_as_the_formula("mean_squared_false_error", MeanSquaredFalseError(), *batch)


@given(logits_and_targets(), st.floats(0.25, 5))  # the naive power has no gradient below
def test_focal_loss_by_any_gamma_is_that_of_the_formula(batch, gamma):
    assert_as_the_formula("focal", FocalLoss(gamma), *batch, gamma=gamma)


@given(logits_and_targets(3), st.lists(st.floats(0.1, 1), min_size=3, max_size=3))
def test_losses_with_a_number_a_class_are_those_of_the_formula(batch, numbers):
    loss = FocalLoss(1, alpha=numbers).double()
    assert_as_the_formula("focal", loss, *batch, gamma=1, alpha=loss.weight.tolist())
    loss = CrossEntropy(numbers).double()
    assert_as_the_formula("cross_entropy", loss, *batch, weight=loss.weight.tolist())
    shares = (np.array(numbers) / sum(numbers)).tolist()
    loss = LogitAdjustedCrossEntropy().double()
    loss.set_prior(numbers)
    assert_as_the_formula("logit_adjusted", loss, *batch, prior=shares)


@given(logits_and_targets(1))
@pytest.mark.parametrize(
    "loss",
    [
        *(LOSSES[name]() for name in LOSSES if name != "logit_adjusted"),
        CrossEntropy([1, 3]),
        FocalLoss(1, alpha=4),
        LogitAdjustedCrossEntropy([0.9, 0.1]),
    ],
    ids=lambda loss: type(loss).__name__,
)
def test_one_logit_is_as_good_as_two_of_which_the_first_is_0(loss, batch):
    logits, target = batch
    two = torch.stack([torch.zeros_like(logits), logits], dim=1)
    torch.testing.assert_close(loss(logits, target), loss(two, target.long()), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("n_classes", [1, 2, 3])
@pytest.mark.parametrize(
    "loss",
    [
        CrossEntropy(),
        SquaredError(),
        *(FocalLoss(gamma) for gamma in (0, 0.5, 1, 2, 5)),
        MeanFalseError(),
        LogitAdjustedCrossEntropy([0.2, 0.8]),
    ],
    ids=lambda loss: type(loss).__name__ + str(getattr(loss, "gamma", "")),
)
def test_losses_and_gradients_of_extreme_logits_are_finite(loss, n_classes, sign):
    for size in (1e4, 80.0, 20.0, 0.0):  # around 80, exp leaves float32
        if n_classes == 1:
            logits, target = torch.tensor([sign * size]), torch.tensor([1.0])
        else:
            logits, target = torch.zeros(1, n_classes), torch.tensor([1])
            logits[0, 1] = sign * size
            logits[0, 0] = -sign * size
        if isinstance(loss, LogitAdjustedCrossEntropy) and n_classes == 3:
            loss = LogitAdjustedCrossEntropy([0.2, 0.3, 0.5])
        value, gradient = value_and_gradient(loss, logits, target)
        assert value.dtype == gradient.dtype == torch.float32
        assert torch.isfinite(value).all()
        assert torch.isfinite(gradient).all()
        assert (value >= 0).all()


def test_a_row_that_is_badly_wrong_still_pulls_by_entropy_and_by_focal_loss():
    for loss in (CrossEntropy(), FocalLoss()):
        _, gradient = value_and_gradient(loss, torch.tensor([-1e4]), torch.tensor([1.0]))
        assert gradient == pytest.approx(-1)


@given(logits_and_targets())
def test_focal_loss_of_gamma_0_is_cross_entropy(batch):
    torch.testing.assert_close(FocalLoss(gamma=0)(*batch), CrossEntropy()(*batch))


@pytest.mark.parametrize(
    "alpha, weights",
    [
        (0.25, (0.75, 0.25)),
        (np.float32(0.75), (0.25, 0.75)),
        (0, (1, 0)),
        (1, (1, 1)),
        (np.int64(30), (1, 30)),
        ((2, 5), (2, 5)),
        (np.array([0.5, 4]), (0.5, 4)),
    ],
    ids=str,
)
def test_alpha_weighs_the_classes(alpha, weights):
    logits = torch.tensor([0.3, 0.3])
    plain = FocalLoss()(logits, torch.tensor([0.0, 1.0]))
    weighed = FocalLoss(alpha=alpha)(logits, torch.tensor([0.0, 1.0]))
    torch.testing.assert_close(weighed, plain * torch.tensor(weights))


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [1.0]])
def test_numbers_for_other_classes_than_there_are_are_refused(values):
    logits, target = torch.zeros(4), torch.tensor([0.0, 1, 0, 1])
    for loss, name in [
        (FocalLoss(alpha=values), r"alpha=\[1.0.*\]"),
        (CrossEntropy(values), "weight"),
        (LogitAdjustedCrossEntropy(values), "prior"),
    ]:
        message = rf"{name} has {len(values)} value\(s\) for 2 classes: give one for each, in sorted"
        with pytest.raises(ValueError, match=message):
            loss(logits, target)


def test_alpha_as_a_number_is_for_two_classes():
    with pytest.raises(ValueError, match=r"alpha=0\.25 has 2 value\(s\) for 3 classes: give one for each"):
        FocalLoss(alpha=0.25)(torch.zeros(1, 3), torch.tensor([2]))


def test_a_prior_is_needed_before_logits_are_adjusted():
    with pytest.raises(ValueError, match=r"prior has 0 value\(s\) for 2 classes"):
        LogitAdjustedCrossEntropy()(torch.zeros(1), torch.zeros(1))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: FocalLoss(-1), "gamma=-1 must be at least 0; 0 is cross entropy"),
        (lambda: FocalLoss(float("nan")), "gamma=nan must be at least 0"),
        (lambda: FocalLoss(alpha=-0.5), "alpha=-0.5 must not be negative"),
        (lambda: FocalLoss(alpha=[1, float("nan")]), "must not be negative"),
        (
            lambda: LogitAdjustedCrossEntropy([1, 0]),
            r"prior=\[1.0, 0.0\] must be above 0 for every class.*net__",
        ),
    ],
)
def test_parameters_that_will_not_do_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("loss", [MeanFalseError(), MeanSquaredFalseError()])
def test_the_mean_false_errors_are_defined_for_a_batch_of_one_class(loss):
    value, gradient = value_and_gradient(loss, torch.tensor([0.0, 2.0]), torch.zeros(2))
    errors = torch.sigmoid(torch.tensor([0.0, 2.0])).square()
    assert value == pytest.approx(float(errors.mean() ** (1 if type(loss) is MeanFalseError else 2)))
    assert torch.isfinite(gradient).all()


def test_the_mean_false_error_counts_each_class_alike_however_rare():
    logits, target = torch.zeros(100), torch.zeros(100)
    target[0] = 1
    logits[0] = -3.0
    _, gradient = value_and_gradient(MeanFalseError(), logits, target)
    pull = 2 * torch.sigmoid(logits) * (1 - torch.sigmoid(logits)) * (torch.sigmoid(logits) - target).abs()
    assert gradient[0] == pytest.approx(-float(pull[0]))
    assert gradient[1:].sum() == pytest.approx(float(pull[1]))


def test_the_mean_squared_false_error_is_for_two_classes():
    with pytest.raises(ValueError, match="defined for two classes, got 3: use mean_false_error"):
        MeanSquaredFalseError()(torch.zeros(1, 3), torch.tensor([2]))


def test_logits_trained_with_the_prior_suit_classes_of_equal_prior():
    # With rows that tell nothing, the best adjusted logit is 0; by plain cross entropy it is the log odds.
    target = torch.tensor([0.0] * 9 + [1.0])
    for loss, best in [(LogitAdjustedCrossEntropy([9, 1]), 0.0), (CrossEntropy(), np.log(1 / 9))]:
        _, gradient = value_and_gradient(loss, torch.full((10,), float(best)), target)
        assert float(gradient.sum()) == pytest.approx(0, abs=1e-6)
    weak = LogitAdjustedCrossEntropy([9, 1], tau=0.5)
    assert weak.shift.tolist() == pytest.approx((0.5 * np.log([0.9, 0.1])).tolist())
