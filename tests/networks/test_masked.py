"""Restoration of hidden spans: what is hidden, what the encoder sees, what counts."""

import pytest
import torch

from sktsad.networks import CELLS, MaskedError, MaskedReconstructor, RecurrentEncoder

CPU = torch.device("cpu")
torch.manual_seed(0)
WINDOWS = torch.randn(6, 12, 2)


def make(length=12, n_channels=2, **options):
    torch.manual_seed(0)
    return MaskedReconstructor(length, n_channels, **{"hidden_size": 4, "dense_size": 3, **options})


def masks(length, mask_fraction, span, n_windows=3000):
    torch.manual_seed(1)
    return make(length, mask_fraction=mask_fraction, span=span).draw_mask(n_windows, CPU)


def lengths_of_runs(mask):
    """Lengths of the hidden runs of one window."""
    text = "".join("x" if is_hidden else " " for is_hidden in mask.tolist())
    return [len(run) for run in text.split()]


# What is hidden


@pytest.mark.parametrize("length, span", [(100, 5), (60, 3), (200, 20)])
@pytest.mark.parametrize("mask_fraction", [0.15, 0.3, 0.5, 0.9])
def test_the_share_of_hidden_rows_is_near_the_one_that_is_asked_for(length, span, mask_fraction):
    share = masks(length, mask_fraction, span).float().mean().item()
    assert share == pytest.approx(mask_fraction, abs=0.06)


def test_a_single_span_has_the_length_that_is_asked_for():
    hidden = masks(20, 0.25, 5)
    assert {tuple(lengths_of_runs(mask)) for mask in hidden} == {(5,)}
    assert hidden.any(dim=0).all()  # wherever it fits


def test_several_spans_are_apart_or_overlap():
    runs = [lengths_of_runs(mask) for mask in masks(50, 0.3, 5)]
    assert min(min(run) for run in runs) == 5
    assert {len(run) for run in runs} >= {1, 2, 3}


@pytest.mark.parametrize(
    "length, span, expected",
    [(1, 5, {1}), (2, 5, {1}), (3, 2, {1}), (5, 5, {2}), (10, 5, {5}), (20, 5, {5})],
)
def test_in_a_short_window_a_span_is_half_of_it_and_one_row_at_least(length, span, expected):
    assert set(masks(length, 0.1, span).sum(dim=1).tolist()) == expected


@pytest.mark.parametrize("length", [1, 2, 3, 7])
@pytest.mark.parametrize("mask_fraction", [0.001, 0.5, 0.999])
def test_every_window_has_a_row_to_restore(length, mask_fraction):
    hidden = masks(length, mask_fraction, 3)
    assert hidden.any(dim=1).all()


def test_windows_are_masked_one_by_one_and_anew_each_time():
    module = make(mask_fraction=0.3, span=3)
    one, two = module.draw_mask(50, CPU), module.draw_mask(50, CPU)
    assert len(one.unique(dim=0)) > 5
    assert not torch.equal(one, two)


# What the network sees


@pytest.mark.parametrize("cell", CELLS)
def test_hidden_rows_are_not_seen_and_the_others_are(cell):
    module = make(cell=cell, bidirectional=True, pooling="last_max", patch_size=2, dense_size=None)
    torch.manual_seed(2)
    restored, hidden = module(WINDOWS)
    assert restored.shape == WINDOWS.shape
    assert hidden.shape == WINDOWS.shape[:2]

    changed = WINDOWS.clone()
    changed[hidden] = torch.nan
    torch.manual_seed(2)
    again, same = module(changed)
    assert torch.equal(same, hidden)
    assert torch.equal(again, restored)

    changed = WINDOWS.clone()
    changed[~hidden] += 1
    torch.manual_seed(2)
    assert (module(changed)[0] != restored).any(dim=2).any(dim=1).all()


def test_it_is_an_encoder_and_dense_layers_to_all_values_of_the_window():
    module = make()
    torch.manual_seed(2)
    restored, hidden = module(WINDOWS)
    encoder = RecurrentEncoder(2, hidden_size=4)
    encoder.load_state_dict(module.encoder.state_dict())
    expected = module.head(encoder(WINDOWS * ~hidden[:, :, None])).reshape(6, 12, 2)
    torch.testing.assert_close(restored, expected)
    sizes = [
        (layer.in_features, layer.out_features) for layer in module.head if hasattr(layer, "in_features")
    ]
    assert sizes == [(4, 3), (3, 24)]
    assert [layer.in_features for layer in make(dense_size=None).head] == [4]


def test_dropout_is_between_recurrent_layers():
    assert make(dropout=0.25, num_layers=2).encoder.rnn.dropout == 0.25


# What counts


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error"])
def test_the_error_is_the_mean_over_the_hidden_rows_of_each_window(loss):
    module = make(mask_fraction=0.4, span=3)
    restored, hidden = module(WINDOWS)
    losses = MaskedError(loss)((restored, hidden), WINDOWS)
    for value, window, target, rows in zip(losses, restored, WINDOWS, hidden, strict=True):
        difference = (window - target)[rows]
        expected = difference.square().mean() if loss == "squared_error" else difference.abs().mean()
        torch.testing.assert_close(value, expected)


def test_rows_that_were_not_hidden_do_not_count():
    hidden = torch.zeros(6, 12, dtype=torch.bool)
    hidden[:, 4:7] = True
    restored = torch.randn(6, 12, 2)
    before = MaskedError()((restored, hidden), WINDOWS)
    restored[:, 8] += 5
    assert torch.equal(MaskedError()((restored, hidden), WINDOWS), before)
    restored[:, 5] += 5
    assert (MaskedError()((restored, hidden), WINDOWS) != before).all()
