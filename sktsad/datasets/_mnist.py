"""Loader of the handwritten digits MNIST."""

import io
import os

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from .._core import StrOptions, validate_params
from ._data_home import check_sha256, find_files, get_data_home
from ._dataset import as_dataset
from ._download import download

_SOURCE = (
    "OpenML (data set mnist_784, in its original order), saved by numpy.savez as the arrays "
    "x_train, y_train, x_test and y_test, in the folder mnist; or the "
    "file mnist.npz of Keras, which has them"
)

_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"

#: Checksums of a file made from the data of OpenML, and of the file of Keras.
_SHA256 = (
    "4852914da1cd6f7808dd7753653ed9b00563aa935acb3538b660e174a498e05d",
    "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
)

_DESCR = """\
MNIST: 70,000 images of handwritten digits of 28 x 28 pixels in their original order, 60,000 to train
and 10,000 to test. The target is the digit: no row is an anomaly.
Source and licence: OpenML, data set mnist_784.
Nothing was changed."""


@validate_params(
    {
        "subset": [StrOptions({"train", "test", "all"})],
        "data_home": [str, os.PathLike, None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_mnist(
    subset: str = "train",
    *,
    data_home: str | os.PathLike[str] | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Load the handwritten digits MNIST, to try detectors on data that is not a time series.

    The target is the digit, not an anomaly: choose which digits are normal and which are not. Rows
    are in the original order of MNIST, 60,000 to train and 10,000 to test.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        Part to load; "all" is both, the training part first.

    data_home : str or path-like, default=None
        Folder with the file ``mnist/mnist.npz``; see :func:`~sktsad.datasets.get_data_home` for
        None.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : DataFrame of shape (n_images, 784)
            Pixels from 0 to 255 (uint8), row by row of the image, in the columns "pixel0" to
            "pixel783". The index is a RangeIndex.
        target : Series of shape (n_images,)
            The digit, from 0 to 9.
        DESCR : str
            Description of the data and its source.

    (data, target) : tuple if `return_X_y` is True

    Raises
    ------
    FileNotFoundError
        If the file is missing.
    ValueError
        If the file is neither of the two known ones.

    References
    ----------
    OpenML, data set mnist_784, which also states the licence.

    LeCun, Cortes and Burges, "The MNIST database of handwritten digits".

    Examples
    --------
    >>> from sktsad.datasets import load_mnist
    >>> X, digit = load_mnist("test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape, int((digit == 0).sum())  # doctest: +SKIP
    ((10000, 784), 980)
    """
    [path] = find_files(data_home, "mnist/mnist.npz", _SOURCE)
    parts = ["train", "test"] if subset == "all" else [subset]
    with np.load(io.BytesIO(check_sha256(path.read_bytes(), _SHA256, path))) as arrays:
        images = np.concatenate([arrays[f"x_{part}"] for part in parts])
        digits = np.concatenate([arrays[f"y_{part}"] for part in parts])
    pixels = images.reshape(len(images), -1)
    table = pd.DataFrame(pixels, columns=[f"pixel{i}" for i in range(pixels.shape[1])])
    return as_dataset(table.assign(digit=digits), "digit", _DESCR, return_X_y)


@validate_params(
    {
        "subset": [StrOptions({"train", "test", "all"})],
        "data_home": [str, os.PathLike, None],
        "progress": ["boolean"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def fetch_mnist(
    subset: str = "train",
    *,
    data_home: str | os.PathLike[str] | None = None,
    progress: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Download the handwritten digits MNIST if they are not in the data folder yet, and load them.

    The SHA-256 checksum of the file of 11 MB is checked.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        Rows to load, as in :func:`~sktsad.datasets.load_mnist`.

    data_home : str or path-like, default=None
        The folder to fill; see :func:`~sktsad.datasets.get_data_home` for None.

    progress : bool, default=True
        Whether to show a progress bar for each file that is downloaded.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`, or tuple if `return_X_y` is True
        As returned by :func:`~sktsad.datasets.load_mnist`.

    Raises
    ------
    ImportError
        If a file must be downloaded and pooch is not installed: ``pip install 'sktsad[fetch]'``.
    OSError
        If a file cannot be downloaded. The message says how to fill the folder by hand.
    ValueError
        If the downloaded file is not the official one.

    Notes
    -----
    The file and its checksum are those provided by Keras.

    Examples
    --------
    >>> from sktsad.datasets import fetch_mnist
    >>> X, digit = fetch_mnist("test", return_X_y=True)  # doctest: +SKIP
    """
    home = get_data_home(data_home)
    if not (path := home / "mnist" / "mnist.npz").exists():
        download(_URL, path, home, _SOURCE, sha256=_SHA256[-1], progress=progress)
    return load_mnist(subset, data_home=data_home, return_X_y=return_X_y)
