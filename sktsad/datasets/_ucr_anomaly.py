"""Loader of the UCR anomaly archive."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from .._core import StrOptions, validate_params
from ._data_home import find_series, get_data_home, read_checked
from ._dataset import ANOMALY, as_dataset, part_of_series, select_series
from ._download import downloaded, write_folder, zip_members

_SOURCE = (
    "the UCR time series anomaly archive of Wu and Keogh (its text files, put into the folder ucr) or the GitHub "
    "project CSTCloudOps/datasets (UTS/UCR)"
)

_URL = "https://www.cs.ucr.edu/~eamonn/time_series_data_2018/UCR_TimeSeriesAnomalyDatasets2021.zip"

#: Names such as 001_UCR_Anomaly_DISTORTED1sddb40_35000_52000_52620: name, training rows, start and stop of the anomaly.
_NAME = re.compile(r"\d+_UCR_Anomaly_(?P<name>.+)_(?P<train>\d+)_(?P<start>\d+)_(?P<stop>\d+)")

_DESCR = """\
UCR time series anomaly archive: series with one anomaly each, in the test part; the training part has none. Many base
series come twice, as they are and distorted (with a name that begins with DISTORTED). Source: Wu and Keogh, 2021.
Licence: none stated, "publicly available". Nothing was changed."""


@validate_params(
    {
        "name": [str, "array-like", None],
        "subset": [StrOptions({"train", "test", "all"})],
        "data_home": [str, os.PathLike, None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_ucr_anomaly(
    name: str | Sequence[str] | None = None,
    *,
    subset: str = "all",
    data_home: str | os.PathLike[str] | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Load series of the UCR anomaly archive, which have one anomaly each.

    The first rows of a series are for fitting a detector and contain no anomaly.

    Parameters
    ----------
    name : str, list of str or None, default=None
        A str such as "InternalBleeding4" loads one series. A list loads its series in the given order; None loads all
        in the folder, sorted by name.

    subset : {"train", "test", "all"}, default="all"
        Rows to load of each series: the rows for fitting, the rows to score, or both.

    data_home : str or path-like, default=None
        Folder with the files ``ucr/<name>.npz``, with the arrays train, test and label, or with the text files of the
        archive, ``ucr/.../<number>_UCR_Anomaly_<name>_<train>_<start>_<stop>.txt``; see
        :func:`~sktsad.datasets.get_data_home` for None.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : DataFrame of shape (n_samples, 1)
            The column "value". The index is the row number, "time", for a single series, else a MultiIndex with the
            levels "series" and "time". The numbers of test rows continue those of the training rows.
        target : Series of shape (n_samples,)
            1 for a row of the anomaly, 0 for a normal row, with the index of `data`.
        DESCR : str
            Description of the data and its source.

    (data, target) : tuple if `return_X_y` is True

    Raises
    ------
    FileNotFoundError
        If there is no file.
    ValueError
        If there is no series of that name; the message lists the available ones.

    Notes
    -----
    The archive does not say whether it counts rows from 0 or from 1, nor whether the last row belongs to the anomaly.
    Here the rows ``start`` to ``stop - 1``, counted from 0, are anomalous, and at least one row is.

    References
    ----------
    R. Wu, E. Keogh, "Current time series anomaly detection benchmarks are flawed and are creating the illusion of
    progress", IEEE TKDE 35(3), 2021. No licence stated, "publicly available".

    Examples
    --------
    >>> from sktsad.datasets import load_ucr_anomaly
    >>> X, y = load_ucr_anomaly("ECG2", subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape, int(y.sum())  # doctest: +SKIP
    ((15000, 1), 100)
    """
    found = find_series(data_home, ("ucr/*.npz", "ucr/**/*_UCR_Anomaly_*.txt"), _SOURCE)
    files = {_name_of(stem): path for stem, path in found.items()}
    table = select_series(
        name if name is None or isinstance(name, str) else list(name),
        files,
        lambda name: part_of_series(*_read(files[name]), subset),
    )
    return as_dataset(table, ANOMALY, _DESCR, return_X_y)


@validate_params(
    {
        "name": [str, "array-like", None],
        "subset": [StrOptions({"train", "test", "all"})],
        "data_home": [str, os.PathLike, None],
        "progress": ["boolean"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def fetch_ucr_anomaly(
    name: str | Sequence[str] | None = None,
    *,
    subset: str = "all",
    data_home: str | os.PathLike[str] | None = None,
    progress: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Download the UCR anomaly archive if it is not in the data folder yet, and load series from it.

    The whole archive of 250 text files is downloaded, even for a single series.

    Parameters
    ----------
    name : str, list of str or None, default=None
        The series to load, as in :func:`~sktsad.datasets.load_ucr_anomaly`.

    subset : {"train", "test", "all"}, default="all"
        Rows to load, as in :func:`~sktsad.datasets.load_ucr_anomaly`.

    data_home : str or path-like, default=None
        The folder to fill; see :func:`~sktsad.datasets.get_data_home` for None.

    progress : bool, default=True
        Whether to show a progress bar for each file that is downloaded.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`, or tuple if `return_X_y` is True
        As returned by :func:`~sktsad.datasets.load_ucr_anomaly`.

    Raises
    ------
    ImportError
        If a file must be downloaded and pooch is not installed: ``pip install 'sktsad[fetch]'``.
    OSError
        If a file cannot be downloaded. The message says how to fill the folder by hand.
    ValueError
        If there is no series of that name, or the download is not an archive of such files.

    Notes
    -----
    The archive comes from the page of its authors. They publish no checksum, so none is checked.

    Examples
    --------
    >>> from sktsad.datasets import fetch_ucr_anomaly
    >>> X, y = fetch_ucr_anomaly("ECG2", subset="test", return_X_y=True)  # doctest: +SKIP
    """
    home = get_data_home(data_home)
    if not (folder := home / "ucr" / "UCR_Anomaly_FullData").exists():
        with downloaded(_URL, home, _SOURCE, progress=progress) as archive:
            write_folder(folder, zip_members(archive, _NAME.pattern + r"\.txt", _URL))
    return load_ucr_anomaly(name, subset=subset, data_home=data_home, return_X_y=return_X_y)


def _name_of(stem: str) -> str:
    match = _NAME.fullmatch(stem)
    return match["name"] if match else stem


def _read(path: Path) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the values of a series, its labels and the number of its training rows."""
    if match := _NAME.fullmatch(path.stem):
        values = np.array(
            path.read_text().split(), dtype=np.float64
        )  # a few files have all values in one line
        label = np.zeros(len(values), dtype=np.int64)
        start = int(match["start"])
        label[start : max(start + 1, int(match["stop"]))] = 1
        return values, label, int(match["train"])
    with np.load(read_checked(path)) as arrays:
        train, test = arrays["train"], arrays["test"]
        label = np.concatenate([np.zeros(len(train), dtype=np.int64), arrays["label"]])
        return np.concatenate([train, test]).astype(np.float64), label, len(train)
