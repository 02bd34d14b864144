"""Encoders stored in a file."""

from __future__ import annotations

import os
from numbers import Integral
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from .._core import (
    ArrayTransformer,
    Estimator,
    Interval,
    Labels,
    Rows,
    atomic_fit,
    check_windows,
    validate_params,
)
from ..networks import RecurrentEncoder
from ._encoder_file import read_encoder, write_encoder
from ._input_checks import check_encoder, codes_have_own_dtype
from ._training import WindowDataset, run


@validate_params(
    {"pretrainer": "no_validation", "path": [str, os.PathLike]}, prefer_skip_nested_validation=True
)
def save_encoder(pretrainer: Any, path: str | os.PathLike[str]) -> None:
    """Save only the encoder of a fitted pretrainer: weights, architecture, versions.

    Parameters
    ----------
    pretrainer : ForecastPretrainer, MaskedReconstructionPretrainer or PretrainedEncoder
        A fitted pretrainer.
    path : str or path-like
        File to write.

    Raises
    ------
    TypeError
        If ``pretrainer`` is not a pretrainer, or ``path`` is not a path.

    See Also
    --------
    PretrainedEncoder : Loads the file.
    """
    check_is_fitted(pretrainer)
    encoder = getattr(pretrainer, "encoder_", None)
    if not isinstance(encoder, RecurrentEncoder):
        raise TypeError(
            f"save_encoder is for pretrainers such as ForecastPretrainer, got {type(pretrainer).__name__}. Pickle it "
            "as a whole."
        )
    write_encoder(encoder, path)


class PretrainedEncoder(ClassNamePrefixFeaturesOutMixin, ArrayTransformer, Estimator):
    """Encode windows with an encoder saved by `save_encoder`.

    ``fit`` reads the file and learns nothing. Use it in place of a pretrainer:
    ``RNNClassifier(encoder=PretrainedEncoder("encoder.pt"))``.

    Parameters
    ----------
    path : str or path-like
        The file.
    n_channels : int, default=None
        Number of channels in a plain 2-D row; None infers it from `Windows`, 3-D arrays or names such as ``x0_t-3``.
    predict_batch_size : int, default=256
        Number of rows in a batch.

    Attributes
    ----------
    encoder_ : torch.nn.Module
        The encoder.
    versions_ : dict
        Versions of the packages with which the encoder was saved.
    window_shape_ : tuple of (int, int)
        Length and channels of the training windows.
    n_features_in_ : int
        Number of values in a window.
    feature_names_in_ : ndarray of str
        Names of the columns, if X has column names.

    See Also
    --------
    save_encoder : Writes the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from sktsad import ForecastPretrainer, PretrainedEncoder, SlidingWindow, save_encoder
    >>> windows = SlidingWindow(10).fit_transform(np.sin(np.arange(300) / 5).reshape(-1, 1))
    >>> pretrainer = ForecastPretrainer("gru", hidden_size=8, max_epochs=1, random_state=0).fit(
    ...     windows
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_encoder(pretrainer, Path(folder) / "encoder.pt")
    ...     encoder = PretrainedEncoder(Path(folder) / "encoder.pt").fit(windows)
    >>> bool((encoder.transform(windows) == pretrainer.transform(windows)).all())
    True
    """

    _parameter_constraints: dict = {
        "path": [str, os.PathLike],
        "n_channels": [Interval(Integral, 1, None, closed="left"), None],
        "predict_batch_size": [Interval(Integral, 1, None, closed="left")],
    }

    _packages = (*Estimator._packages, "torch")

    encoder_: torch.nn.Module

    def __init__(self, path: Any, *, n_channels: int | None = None, predict_batch_size: int = 256) -> None:
        self.path = path
        self.n_channels = n_channels
        self.predict_batch_size = predict_batch_size

    def __sklearn_tags__(self) -> Tags:
        return codes_have_own_dtype(super().__sklearn_tags__())

    @atomic_fit
    def fit(self, X: Rows, y: Labels = None) -> Self:
        """Read the file.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows, one per row.
        y : None
            Not used.

        Returns
        -------
        self : PretrainedEncoder

        Raises
        ------
        OSError
            If there is no such file.
        ValueError
            If the file contains no encoder or is damaged, arguments and weights do not match, or X has a different
            number of channels from the encoder.

        Warns
        -----
        UserWarning
            If the file was written with other versions of sktsad or torch.
        """
        windows = check_windows(self, X, n_channels=self.n_channels, reset=True)
        self.encoder_, self.versions_ = read_encoder(self.path)
        check_encoder(self.encoder_, windows)
        return self

    def transform(self, X: Rows) -> np.ndarray:
        """Return the code of each window.

        Parameters
        ----------
        X : Windows or array-like of shape (n_samples, length * n_channels) or (n_samples, length, n_channels)
            Windows as in `fit`.

        Returns
        -------
        code : ndarray of shape (n_samples, n_codes)
        """
        check_is_fitted(self)
        windows = check_windows(self, X, n_channels=self.n_channels, reset=False)
        check_encoder(self.encoder_, windows)
        dtype = next(self.encoder_.parameters()).numpy(force=True).dtype
        dataset = WindowDataset(windows, dtype=dtype)
        return run(self.encoder_, "cpu", dataset, self.predict_batch_size, lambda module, x: module(x))

    @property
    def _n_features_out(self) -> int:
        return int(self.encoder_.n_outputs)  # type: ignore[arg-type]
