"""Loader of the handwritten digits MNIST."""

import os

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from .._core import StrOptions, validate_params
from ._data_home import find_files, read_checked
from ._dataset import as_dataset

_SOURCE = (
    "OpenML (data set mnist_784, in its original order), saved by numpy.savez as the arrays "
    "x_train, y_train, x_test and y_test"
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
            What the data is and where it's from.

    (data, target) : tuple if `return_X_y` is True

    Raises
    ------
    FileNotFoundError
        If the file is missing.

    References
    ----------
    OpenML, data set mnist_784, which names its licence.

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
    with np.load(read_checked(path)) as arrays:
        images = np.concatenate([arrays[f"x_{part}"] for part in parts])
        digits = np.concatenate([arrays[f"y_{part}"] for part in parts])
    pixels = images.reshape(len(images), -1)
    table = pd.DataFrame(pixels, columns=[f"pixel{i}" for i in range(pixels.shape[1])])
    return as_dataset(table.assign(digit=digits), "digit", _DESCR, return_X_y)
