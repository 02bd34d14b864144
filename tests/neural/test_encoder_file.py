"""Files of encoders, compared with themselves before a module is built."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from sktsad import ForecastPretrainer, PretrainedEncoder, SlidingWindow, save_encoder
from sktsad.networks import RecurrentEncoder
from sktsad.neural._encoder_file import _shapes, read_encoder, write_encoder

ROWS = np.sin(np.arange(60) / 4)[:, None] * [1.0, -0.5]
WINDOWS = SlidingWindow(6).fit_transform(ROWS)
ENCODER = RecurrentEncoder(2, "lstm", 3, num_layers=2, bidirectional=True, patch_size=2)


@pytest.fixture
def saved(tmp_path):
    """The contents of a good file, and a function that writes others to where they are read."""
    path = tmp_path / "encoder.pt"
    write_encoder(ENCODER, path)
    return torch.load(path), path


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_shapes_are_those_of_torch(cell, layers, bidirectional):
    encoder = RecurrentEncoder(3, cell, 5, num_layers=layers, bidirectional=bidirectional, patch_size=4)
    assert _shapes(**encoder.arguments) == {
        name: tuple(weight.shape) for name, weight in encoder.state_dict().items()
    }


def changed(part, name, value):
    def change(contents):
        contents[part][name] = value

    return change


def without(part, name):
    return lambda contents: contents[part].pop(name)


WEIGHT = "rnn.weight_hh_l1_reverse"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        *(
            (changed("arguments", name, value), f"{name}=.* must be a whole number from 1 to")
            for name in ("n_channels", "hidden_size", "num_layers", "patch_size")
            for value in (0, -1, 2.0, True, "2", None, 10**12)
        ),
        (changed("arguments", "num_layers", 100), "contains 16 weights, but its arguments need 800"),
        (
            changed("arguments", "hidden_size", 4),
            r"'rnn.weight_ih_l0' are of shape \(12, 4\), but must be \(16, 4\)",
        ),
        (
            changed("arguments", "patch_size", 3),
            r"'rnn.weight_ih_l0' are of shape \(12, 4\), but must be \(12, 6\)",
        ),
        (changed("arguments", "bidirectional", False), "contains 16 weights, but its arguments need 8"),
        (changed("arguments", "bidirectional", 1), "bidirectional=1 must be True or False"),
        (changed("arguments", "cell", "transformer"), "cell='transformer' must be one of"),
        (changed("arguments", "pooling", "mean"), "pooling='mean' must be 'last' or 'last_max'"),
        (changed("arguments", "dropout", 1.0), "dropout=1.0 must be at least 0 and below 1"),
        (changed("arguments", "dropout", "0"), "dropout='0' must be at least 0 and below 1"),
        (changed("arguments", "more", 1), "its arguments are"),
        (without("arguments", "pooling"), "its arguments are"),
        (changed("state", WEIGHT, torch.full((12, 3), torch.nan)), f"'{WEIGHT}' are not all finite"),
        (changed("state", WEIGHT, torch.full((12, 3), torch.inf)), f"'{WEIGHT}' are not all finite"),
        (
            changed("state", WEIGHT, torch.zeros(12, 3, dtype=torch.int64)),
            f"'{WEIGHT}' are not all finite numbers",
        ),
        (changed("state", WEIGHT, torch.zeros(12, 3, dtype=torch.float64)), "weights are of several types"),
        (changed("state", WEIGHT, torch.zeros(3, 12)), r"of shape \(3, 12\), but must be \(12, 3\)"),
        (changed("state", WEIGHT, 3.0), r"of shape \(\), but must be \(12, 3\)"),
        (without("state", WEIGHT), "contains 15 weights"),
        (lambda contents: contents.update(state=[1]), "its parts are not mappings"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_before_a_module_is_made(
    saved, change, message, monkeypatch
):
    contents, path = saved
    contents = copy.deepcopy(contents)
    change(contents)
    torch.save(contents, path)
    monkeypatch.setattr(nn, "LSTM", None)  # whoever made one would fail
    with pytest.raises(ValueError, match=rf"(?s)path='.*encoder\.pt' contains no valid encoder: .*{message}"):
        read_encoder(path)


def test_other_versions_are_announced(saved):
    contents, path = saved
    contents["versions"] = {"sktsad": "0.0.9", "torch": contents["versions"]["torch"] + "+cu130"}
    torch.save(contents, path)
    with pytest.warns(
        UserWarning, match=r"encoder\.pt' was written with sktsad 0\.0\.9 and is read with sktsad"
    ):
        encoder = PretrainedEncoder(path).fit(WINDOWS)
    assert encoder.versions_["sktsad"] == "0.0.9"


def test_memory_that_runs_out_is_no_fault_of_the_file(saved, monkeypatch):
    def load(*args, **kwargs):
        raise MemoryError

    monkeypatch.setattr(torch, "load", load)
    with pytest.raises(MemoryError):
        read_encoder(saved[1])


def test_a_damaged_file_gives_no_other_codes(saved):
    """A bit that changes in the file, such as in a copy, is a number that torch reads all the same."""
    path = saved[1]
    content = path.read_bytes()
    weights = ENCODER.state_dict()[WEIGHT].numpy().tobytes()
    at = content.index(weights)
    path.write_bytes(content[: at + 3] + bytes([content[at + 3] ^ 1]) + content[at + 4 :])
    with pytest.raises(
        ValueError, match=r"contains no valid encoder: the checksum of 'archive/data/\d+' differs"
    ):
        read_encoder(path)
    assert np.isfinite(torch.load(path)["state"][WEIGHT].numpy()).all()  # which is why it has to be noticed


@pytest.mark.parametrize("left_out", [1, 20, 1000])
def test_a_file_that_is_cut_off_contains_no_encoder(saved, left_out):
    path = saved[1]
    path.write_bytes(path.read_bytes()[:-left_out])
    with pytest.raises(ValueError, match=r"contains no encoder: write one with save_encoder"):
        read_encoder(path)


@pytest.mark.parametrize("path", ["", "\0", "nowhere/encoder.pt"])
def test_a_path_that_no_file_can_have_does_not_exist(path):
    with pytest.raises(FileNotFoundError, match=r"does not exist\. Write it with save_encoder"):
        read_encoder(path)


@pytest.mark.parametrize("path", [1, True, None, b"encoder.pt"])
def test_a_number_is_no_path(path):
    """Python would take it for a file that is open already, such as the standard output."""
    pretrainer = ForecastPretrainer(hidden_size=3, max_epochs=1, random_state=0).fit(WINDOWS)
    with pytest.raises(TypeError, match="The 'path' parameter of save_encoder must be"):
        save_encoder(pretrainer, path)


def test_what_is_written_is_read(saved):
    read, versions = read_encoder(saved[1])
    x = torch.from_numpy(np.asarray(WINDOWS, dtype=np.float32).reshape(-1, 6, 2))
    with torch.no_grad():
        assert torch.equal(read(x), ENCODER(x))
    assert set(versions) == {"sktsad", "torch"}
    pretrainer = ForecastPretrainer(hidden_size=3, max_epochs=1, random_state=0).fit(WINDOWS)
    save_encoder(pretrainer, saved[1])
    assert np.array_equal(PretrainedEncoder(saved[1]).fit_transform(WINDOWS), pretrainer.transform(WINDOWS))


def test_a_folder_is_named(tmp_path):
    with pytest.raises(IsADirectoryError, match=r"path=.* is a folder. Set path to a file written"):
        read_encoder(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        write_encoder(RecurrentEncoder(1, "rnn", 2), tmp_path / "nowhere" / "encoder.pt")
