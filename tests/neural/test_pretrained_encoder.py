"""Encoders kept in a file."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sktsad import (
    AutoencoderDetector,
    ForecastPretrainer,
    MaskedReconstructionPretrainer,
    PretrainedEncoder,
    RNNClassifier,
    SeriesSplit,
    SlidingWindow,
    save_encoder,
)
from sktsad._core import version_of

ROWS = np.sin(np.arange(90) / 4)[:, None] * [1.0, -0.5]
Y = (np.diff(ROWS[:, 0], append=0) > 0).astype(int)
WINDOWS = SlidingWindow(8).fit_transform(ROWS)
SMALL = {"hidden_size": 5, "dense_size": 4, "max_epochs": 2, "batch_size": 32, "random_state": 0}
PRETRAINER = ForecastPretrainer("gru", **SMALL).fit(WINDOWS)

#: Written by version 0.1.0: a GRU of 4 units, patch_size=2, pooling="last_max", one channel.
FIXTURE = Path(__file__).parent / "encoder.pt"


@pytest.fixture
def path(tmp_path):
    save_encoder(PRETRAINER, tmp_path / "encoder.pt")
    return tmp_path / "encoder.pt"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "pretrainer",
    [
        ForecastPretrainer("lstm", **SMALL),
        ForecastPretrainer("gru", num_layers=2, dropout=0.3, bidirectional=True, pooling="last_max", **SMALL),
        MaskedReconstructionPretrainer("rnn", patch_size=3, **SMALL),
    ],
    ids=["lstm", "gru", "rnn"],
)
def test_a_loaded_encoder_gives_the_same_codes_to_the_bit(pretrainer, dtype, tmp_path):
    pretrainer = clone(pretrainer).set_params(dtype=dtype).fit(WINDOWS)
    save_encoder(pretrainer, tmp_path / "encoder.pt")
    loaded = PretrainedEncoder(tmp_path / "encoder.pt").fit(WINDOWS)
    codes = loaded.transform(WINDOWS)
    assert codes.dtype == dtype
    np.testing.assert_array_equal(codes, pretrainer.transform(WINDOWS))
    for copied in (clone(loaded).fit(WINDOWS), pickle.loads(pickle.dumps(loaded))):
        np.testing.assert_array_equal(copied.transform(WINDOWS), codes)


def test_a_file_of_version_0_1_0_loads():
    windows = SlidingWindow(6).fit_transform(np.sin(np.arange(60) / 5).reshape(-1, 1))
    encoder = PretrainedEncoder(FIXTURE).fit(windows)
    assert encoder.versions_["sktsad"] == "0.1.0"
    expected = [
        0.12185673,
        -0.32695496,
        0.20400697,
        0.6972722,
        0.12185673,
        -0.1888214,
        0.20400697,
        0.72670496,
    ]
    np.testing.assert_allclose(encoder.transform(windows)[10], expected, rtol=1e-4)


def test_the_file_holds_the_encoder_and_nothing_else(path):
    saved = torch.load(path, weights_only=True)
    assert set(saved) == {"arguments", "state", "versions"}
    assert saved["arguments"] == PRETRAINER.encoder_.arguments
    assert set(saved["state"]) == {f"rnn.{name}" for name in dict(PRETRAINER.encoder_.rnn.named_parameters())}
    assert saved["versions"] == {name: version_of(name) for name in ("sktsad", "torch")}


def test_sizes_that_came_from_numpy_load_again(tmp_path):
    sizes = {"hidden_size": np.int64(3), "bidirectional": np.bool_(True), "patch_size": np.int32(2)}
    pretrainer = ForecastPretrainer(np.str_("gru"), **{**SMALL, **sizes}).fit(WINDOWS)
    save_encoder(pretrainer, tmp_path / "encoder.pt")
    codes = PretrainedEncoder(tmp_path / "encoder.pt").fit_transform(WINDOWS)
    np.testing.assert_array_equal(codes, pretrainer.transform(WINDOWS))


def test_it_loads_in_another_process(path):
    code = (
        "import numpy as np; from sktsad import PretrainedEncoder, SlidingWindow\n"
        "rows = np.sin(np.arange(90) / 4)[:, None] * [1.0, -0.5]\n"
        f"encoder = PretrainedEncoder({str(path)!r})\n"
        "print(encoder.fit_transform(SlidingWindow(8).fit_transform(rows))[-1].tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(PRETRAINER.transform(WINDOWS)[-1].tolist())


@pytest.mark.parametrize("form", [str, Path])
def test_a_path_may_be_of_any_form(form, tmp_path):
    path = form(tmp_path / "encoder.pt")
    save_encoder(PRETRAINER, path)
    encoder = PretrainedEncoder(path)
    assert clone(encoder).path == path
    assert encoder.fit_transform(WINDOWS).shape == (90, 5)


def test_a_frozen_pretrainer_and_a_loaded_encoder_can_be_saved(path, tmp_path):
    for number, pretrainer in enumerate([FrozenEstimator(PRETRAINER), PretrainedEncoder(path).fit(WINDOWS)]):
        other = tmp_path / f"{number}.pt"
        save_encoder(pretrainer, other)
        codes = PretrainedEncoder(other).fit_transform(WINDOWS)
        np.testing.assert_array_equal(codes, PRETRAINER.transform(WINDOWS))


def test_loading_uses_up_no_random_numbers(path):
    before = torch.get_rng_state()
    PretrainedEncoder(path).fit_transform(WINDOWS)
    assert torch.equal(torch.get_rng_state(), before)


# What it does with windows


def test_fit_learns_nothing(path):
    encoder = PretrainedEncoder(path).fit(WINDOWS[:10], Y[:10])
    np.testing.assert_array_equal(encoder.transform(WINDOWS), PRETRAINER.transform(WINDOWS))


def test_windows_may_be_of_any_length(path):
    for length in (1, 20):
        assert PretrainedEncoder(path).fit_transform(SlidingWindow(length).fit_transform(ROWS)).shape == (
            90,
            5,
        )


def test_a_row_has_the_same_code_to_the_bit_whatever_stands_beside_it(path):
    encoder = PretrainedEncoder(path, predict_batch_size=32).fit(WINDOWS)
    together = encoder.transform(WINDOWS)
    for n_rows in (1, 31, 32, 33):
        np.testing.assert_array_equal(encoder.transform(WINDOWS[:n_rows]), together[:n_rows])


def test_plain_rows_need_the_number_of_channels(path):
    plain = np.array(WINDOWS)
    with (
        pytest.raises(
            ValueError, match=r"any number of rows of 2 channel\(s\), got windows of 16 row\(s\) of 1"
        ),
        pytest.warns(UserWarning, match="layout of 8 steps by 2 channels"),
    ):
        PretrainedEncoder(path).fit(plain)
    encoder = PretrainedEncoder(path, n_channels=2).fit(plain)
    np.testing.assert_array_equal(encoder.transform(plain), PRETRAINER.transform(WINDOWS))


def test_another_layout_than_that_of_fit_is_refused(path):
    encoder = PretrainedEncoder(path).fit(WINDOWS)
    with pytest.raises(ValueError, match=r"of length 8 with 2 channel\(s\), got windows of length 4 with 4"):
        encoder.transform(np.array(WINDOWS).reshape(90, 4, 4))
    with pytest.raises(ValueError, match="10 features, but PretrainedEncoder is expecting 16"):
        encoder.transform(np.array(WINDOWS)[:, :10].reshape(90, 5, 2))


def test_codes_have_names(path):
    encoder = PretrainedEncoder(path)
    with pytest.raises(NotFittedError):
        encoder.transform(WINDOWS)
    with pytest.raises(NotFittedError):
        encoder.get_feature_names_out()
    frame = encoder.set_output(transform="pandas").fit_transform(WINDOWS)
    assert frame.columns.tolist() == [f"pretrainedencoder{i}" for i in range(5)]


# Bad input


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"path=.*nothing\.pt' does not exist"):
        PretrainedEncoder(tmp_path / "nothing.pt").fit(WINDOWS)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"time,value\n1,2\n",
        b"PK\x03\x04",
        pickle.dumps({"arguments": 1}),
        {"weights": torch.zeros(3)},
        [1, 2],
        {"arguments": {"n_channels": 2, "attention": 3}, "state": {}, "versions": {}},
        {"arguments": {"n_channels": 2}, "state": {}, "versions": {}},
    ],
    ids=["empty", "text", "half a zip", "pickle", "dict", "list", "arguments", "state"],
)
@pytest.mark.filterwarnings("ignore:Detected pickle protocol:UserWarning")
def test_a_file_of_something_else_is_refused_and_the_estimator_stays_as_it_was(content, path):
    encoder = PretrainedEncoder(path).fit(WINDOWS)
    before = encoder.transform(WINDOWS)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(ValueError, match=r"path='.*encoder\.pt' contains no (valid )?encoder"):
        encoder.fit(WINDOWS)
    np.testing.assert_array_equal(encoder.transform(WINDOWS), before)


def test_a_file_runs_no_code(path):
    trace = path.parent / "trace"

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(trace),)

    torch.save({"arguments": Evil(), "state": {}, "versions": {}}, path)
    with pytest.raises(ValueError, match=r"contains no (valid )?encoder"):
        PretrainedEncoder(path).fit(WINDOWS)
    assert not trace.exists()


@pytest.mark.parametrize("path", [None, 3])
def test_a_path_that_is_none_is_named(path):
    with pytest.raises(ValueError, match="The 'path' parameter of PretrainedEncoder must be"):
        PretrainedEncoder(path).fit(WINDOWS)


@pytest.mark.parametrize(
    "other",
    [
        PCA(2).fit(np.array(WINDOWS)),
        AutoencoderDetector(hidden_sizes=(2,), max_epochs=1, random_state=0).fit(WINDOWS),
        RNNClassifier(**SMALL).fit(WINDOWS, Y),
    ],
    ids=lambda other: type(other).__name__,
)
def test_what_is_no_pretrainer_is_not_saved(other, tmp_path):
    with pytest.raises(
        TypeError, match=f"ForecastPretrainer, got {type(other).__name__}. Pickle it as a whole"
    ):
        save_encoder(other, tmp_path / "encoder.pt")
    assert not list(tmp_path.iterdir())


def test_a_pretrainer_is_fitted_before_it_is_saved(tmp_path):
    with pytest.raises(NotFittedError):
        save_encoder(ForecastPretrainer(), tmp_path / "encoder.pt")


# Wherever a pretrainer goes


def test_it_is_a_frozen_encoder_in_a_pipeline(path):
    pipe = make_pipeline(SlidingWindow(8), PretrainedEncoder(path), LogisticRegression(C=100)).fit(ROWS, Y)
    assert pipe.score(ROWS, Y) > 0.7


def test_a_search_takes_it_beside_none_and_a_pretrainer(path):
    pipe = make_pipeline(SlidingWindow(8), RNNClassifier(**SMALL))
    encoders = [None, ForecastPretrainer(**SMALL), PretrainedEncoder(path)]
    search = GridSearchCV(
        pipe, {"rnnclassifier__encoder": encoders}, scoring="f1", cv=SeriesSplit(2), error_score="raise"
    )
    assert np.isfinite(search.fit(ROWS, Y).cv_results_["mean_test_score"]).all()
