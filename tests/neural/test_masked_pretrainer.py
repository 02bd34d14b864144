"""Pre-training by restoring hidden rows."""

import numpy as np
import pytest
import torch

from sktsad import MaskedReconstructionPretrainer, SlidingWindow
from sktsad.networks import MaskedReconstructor

WAVE = np.sin(np.arange(200) / 3)[:, None] * [1.0, 0.5]
WINDOWS = SlidingWindow(12).fit_transform(WAVE)
SMALL = {"hidden_size": 8, "dense_size": 8, "batch_size": 32, "lr": 0.02, "random_state": 0}


def test_it_learns_to_restore_the_rows_that_it_did_not_see():
    pretrainer = MaskedReconstructionPretrainer("gru", span=3, max_epochs=30, **SMALL).fit(WINDOWS)
    module = pretrainer.net_.module_.eval()
    inputs = torch.from_numpy(WINDOWS.gather(slice(20, None), np.float32))
    torch.manual_seed(0)
    with torch.no_grad():
        restored, hidden = module(inputs)
    error = (restored - inputs)[hidden].square().mean()
    assert error < 0.2 * inputs[hidden].square().mean()


def test_parameters_make_the_mask():
    pretrainer = MaskedReconstructionPretrainer(mask_fraction=0.5, span=4, max_epochs=1, **SMALL).fit(WINDOWS)
    module = pretrainer.net_.module_
    expected = MaskedReconstructor(12, 2, mask_fraction=0.5, span=4, hidden_size=8)
    assert (module.span, module.n_spans) == (expected.span, expected.n_spans) == (4, 2)
    assert module.window_shape == (12, 2)


def test_masks_are_drawn_anew_for_every_batch():
    """Trained on one window only, it has seen other rows of it hidden: the loss jumps about."""
    window = WINDOWS[np.full(1, 50)]
    options = {**SMALL, "lr": 1e-12, "dtype": "float64"}
    pretrainer = MaskedReconstructionPretrainer(span=2, mask_fraction=0.2, max_epochs=12, **options)
    assert len(set(np.round(pretrainer.fit(window).net_.history[:, "train_loss"], 6))) > 4


def test_nothing_is_hidden_in_transform():
    pretrainer = MaskedReconstructionPretrainer(mask_fraction=0.9, span=6, max_epochs=1, **SMALL).fit(WINDOWS)
    before = torch.get_rng_state()
    codes = pretrainer.transform(WINDOWS)
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(pretrainer.transform(WINDOWS), codes)
    for row in range(12):
        changed = np.array(WINDOWS).reshape(200, 12, 2)
        changed[:, row] += 0.5
        assert (pretrainer.transform(changed) != codes).any(axis=1).all()


@pytest.mark.parametrize("length", [1, 2, 3])
def test_short_windows_will_do(length):
    windows = SlidingWindow(length).fit_transform(WAVE)
    pretrainer = MaskedReconstructionPretrainer(max_epochs=1, **SMALL)
    assert np.isfinite(pretrainer.fit_transform(windows)).all()


@pytest.mark.parametrize(
    "name, value",
    [("mask_fraction", 0), ("mask_fraction", 1), ("mask_fraction", "half"), ("span", 0), ("span", 2.5)],
)
def test_a_parameter_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"The {name!r} parameter of MaskedReconstructionPretrainer must be"):
        MaskedReconstructionPretrainer(**{name: value}).fit(WINDOWS)
