"""Loader of TSB-AD."""

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

_SOURCE = "the GitHub project TheDatumOrg/TSB-AD (its csv files, put into the folder tsb_ad)"

_URL = "https://www.thedatum.org/datasets/"

#: Names such as 347_UCR_id_45_Sensor_tr_2851_1st_5365: the number of training rows, and the first anomaly.
_NAME = re.compile(r".+_tr_(?P<train>\d+)_1st_\d+")

_DESCR = """\
TSB-AD: a benchmark of series from many others, with one or several columns. The first rows of a series are for fitting
a detector; the whole series is scored, these rows included, and they may hold anomalies. Source: GitHub project
TheDatumOrg/TSB-AD. Licence: Apache-2.0; the series have the licences of their sources. Nothing was changed."""


@validate_params(
    {
        "name": [str, "array-like", None],
        "subset": [StrOptions({"train", "test", "all"})],
        "data_home": [str, os.PathLike, None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_tsb_ad(
    name: str | Sequence[str] | None = None,
    *,
    subset: str = "all",
    data_home: str | os.PathLike[str] | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Load series of the benchmark TSB-AD.

    Parameters
    ----------
    name : str, list of str or None, default=None
        A str such as "347_UCR_id_45_Sensor_tr_2851_1st_5365", with or without ".csv", loads one series. A list loads
        its series in the given order; None loads all in the folder, sorted by name. The series must have the same
        columns.

    subset : {"train", "test", "all"}, default="all"
        Rows to load of each series: the rows for fitting, whose number is in the name of the series, the rows after
        them, or both. The published results of the benchmark are for all rows.

    data_home : str or path-like, default=None
        Folder with the files ``tsb_ad/.../<name>.npz``, with the arrays value and label, or with the files of the
        benchmark, ``tsb_ad/.../<name>.csv``, with the last column Label; see
        :func:`~sktsad.datasets.get_data_home` for None.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : DataFrame of shape (n_samples, n_columns)
            The column "value", or "x1", "x2", ... for series with several columns. The index is the row number, "time",
            for a single series, else a MultiIndex with the levels "series" and "time".
        target : Series of shape (n_samples,)
            1 for an anomalous row, 0 for a normal row, with the index of `data`.
        DESCR : str
            Description of the data and its source.

    (data, target) : tuple if `return_X_y` is True

    Raises
    ------
    FileNotFoundError
        If there is no file.
    ValueError
        If there is no series of that name; the message lists the available ones.

    References
    ----------
    Q. Liu, J. Paparrizos, "The elephant in the room: towards a reliable time-series anomaly detection benchmark",
    NeurIPS 2024. GitHub project TheDatumOrg/TSB-AD, Apache-2.0.

    Examples
    --------
    >>> from sktsad.datasets import load_tsb_ad
    >>> X, y = load_tsb_ad(
    ...     "347_UCR_id_45_Sensor_tr_2851_1st_5365", return_X_y=True
    ... )  # doctest: +SKIP
    >>> X.shape, int(y.sum())  # doctest: +SKIP
    ((11406, 1), 15)
    """
    files = find_series(data_home, ("tsb_ad/**/*_tr_*_1st_*.npz", "tsb_ad/**/*_tr_*_1st_*.csv"), _SOURCE)
    if isinstance(name, str):
        name = name.removesuffix(".csv")
    elif name is not None:
        name = [str(each).removesuffix(".csv") for each in name]
    table = select_series(name, files, lambda name: part_of_series(*_read(files[name]), subset))
    return as_dataset(table, ANOMALY, _DESCR, return_X_y)


@validate_params(
    {
        "name": [str, "array-like", None],
        "collection": [StrOptions({"U", "M"})],
        "subset": [StrOptions({"train", "test", "all"})],
        "data_home": [str, os.PathLike, None],
        "progress": ["boolean"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def fetch_tsb_ad(
    name: str | Sequence[str] | None = None,
    *,
    collection: str = "U",
    subset: str = "all",
    data_home: str | os.PathLike[str] | None = None,
    progress: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Download the benchmark TSB-AD if it is not in the data folder yet, and load series from it.

    The whole collection is downloaded, even for a single series: hundreds of megabytes when unpacked.

    Parameters
    ----------
    name : str, list of str or None, default=None
        The series to load, as in :func:`~sktsad.datasets.load_tsb_ad`. None loads the whole collection; its series must
        have the same columns, as in "U".

    collection : {"U", "M"}, default="U"
        Whether to load series with one column ("U"), or with several ("M").

    subset : {"train", "test", "all"}, default="all"
        Rows to load, as in :func:`~sktsad.datasets.load_tsb_ad`.

    data_home : str or path-like, default=None
        The folder to fill; see :func:`~sktsad.datasets.get_data_home` for None.

    progress : bool, default=True
        Whether to show a progress bar for each file that is downloaded.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`, or tuple if `return_X_y` is True
        As returned by :func:`~sktsad.datasets.load_tsb_ad`.

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
    The archives come from the authors' page, which is linked in the GitHub project TheDatumOrg/TSB-AD. They publish no
    checksums, so none are checked. Licence: Apache-2.0; the series have the licences of their sources.

    Examples
    --------
    >>> from sktsad.datasets import fetch_tsb_ad
    >>> X, y = fetch_tsb_ad(
    ...     "347_UCR_id_45_Sensor_tr_2851_1st_5365", return_X_y=True
    ... )  # doctest: +SKIP
    """
    home, part = get_data_home(data_home), f"TSB-AD-{collection}"
    if not (folder := home / "tsb_ad" / part).exists():
        with downloaded(url := f"{_URL}{part}.zip", home, _SOURCE, progress=progress) as archive:
            write_folder(folder, zip_members(archive, _NAME.pattern + r"\.csv", url))
    wanted = sorted(path.stem for path in folder.glob("*.csv")) if name is None else name
    return load_tsb_ad(wanted, subset=subset, data_home=data_home, return_X_y=return_X_y)


def _read(path: Path) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the values of a series, its labels and the number of its training rows."""
    n_train = int(_NAME.fullmatch(path.stem)["train"])  # type: ignore[index]  # the pattern requires it
    if path.suffix == ".npz":
        with np.load(read_checked(path)) as arrays:
            return arrays["value"].astype(np.float64), arrays["label"].astype(np.int64), n_train
    table = pd.read_csv(path)
    return table.iloc[:, :-1].to_numpy(np.float64), table.iloc[:, -1].to_numpy(np.int64), n_train
