"""Loader of the Numenta Anomaly Benchmark."""

import json
import os
from collections.abc import Sequence

import pandas as pd
from sklearn.utils import Bunch

from .._core import validate_params
from ._data_home import check_sha256, find_files, get_data_home, known_sums, read_checked
from ._dataset import ANOMALY, as_dataset, names_of, select_series
from ._download import download

_SOURCE = "the GitHub project numenta/NAB (its folders data and labels, put into the folder nab)"

_URL = "https://raw.githubusercontent.com/numenta/NAB/master/"

_WINDOWS = "nab/labels/combined_windows.json"
_WINDOWS_SHA256 = "1e1fbc4601321aad8d0f8b3784c8134299379f68f6c1f7777565f8ffd57ab6b1"

_DESCR = """\
Numenta Anomaly Benchmark: 58 series, real (cloud metrics, advertisement, traffic, tweets, known
causes) and artificial. 1 = within an anomaly window, the ends included.
Source: GitHub project numenta/NAB. Licence: MIT.
Changed: eight files repeat time stamps, and one of them goes back by an hour. Rows are sorted by
time, and of rows with the same time only the first in the file is kept. This drops 49 of 365,558
rows, none of them in a window; the docstring of load_nab says which."""


@validate_params(
    {
        "name": [str, "array-like", None],
        "data_home": [str, os.PathLike, None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_nab(
    name: str | Sequence[str] | None = None,
    *,
    data_home: str | os.PathLike[str] | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Load series of the Numenta Anomaly Benchmark (NAB), with the anomaly windows as labels.

    The 58 series have 365,509 rows, of which 33,495 lie in one of 116 windows. Six of the series
    have no anomaly.

    Parameters
    ----------
    name : str, list of str or None, default=None
        A str such as "realKnownCause/nyc_taxi", with or without ".csv", loads one series. A list loads its series in
        the given order; None loads all 58, sorted by name.

    data_home : str or path-like, default=None
        Folder with the files ``nab/data/<name>.csv`` and ``nab/labels/combined_windows.json``; see
        :func:`~sktsad.datasets.get_data_home` for None.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : DataFrame of shape (n_samples, 1)
            The column "value". The index is a DatetimeIndex named "time" for a single series, else
            a MultiIndex with the levels "series" (names without ".csv") and "time".
        target : Series of shape (n_samples,)
            1 for a row within an anomaly window, its ends included, 0 for a normal row, with the
            index of `data`.
        DESCR : str
            Description of the data, its source and the corrections.

    (data, target) : tuple if `return_X_y` is True

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If NAB has no series of that name (the message lists those it has), or the file of the
        windows is not the official one.

    Notes
    -----
    The time of each returned series is sorted and unique. Rows are sorted by time, and of rows with
    the same time only the first in the file is kept. This drops 49 of 365,558 rows, none of them in
    a window. Eight files are affected:

    - ``realAWSCloudwatch/ec2_disk_write_bytes_1ef3de``, ``realAWSCloudwatch/ec2_network_in_5abac7``
      and ``realKnownCause/ec2_request_latency_system_failure``: 11 rows each. Twelve rows are all
      stamped 2014-03-09 03:00, and the hour before, which daylight saving time skipped, has none.
    - ``realKnownCause/machine_temperature_system_failure``: 12 rows. The hour 2014-01-07 02:00 to
      02:55 comes twice, with different values. It is the only file whose time is not sorted.
    - ``realAdExchange/exchange-2_cpc_results``, ``realAdExchange/exchange-2_cpm_results``,
      ``realTraffic/occupancy_t4013`` and ``realTraffic/speed_t4013``: 1 row each.

    References
    ----------
    GitHub project numenta/NAB. Licence: MIT.

    Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms - the Numenta Anomaly
    Benchmark", 2015, arXiv 1510.03336.

    Examples
    --------
    >>> from sktsad.datasets import load_nab
    >>> X, y = load_nab("realKnownCause/nyc_taxi", return_X_y=True)  # doctest: +SKIP
    >>> X.shape, int(y.sum())  # doctest: +SKIP
    ((10320, 1), 1035)
    """
    windows = _windows(data_home)
    table = select_series(_without_suffix(name), windows, lambda name: _read(name, windows[name], data_home))
    return as_dataset(table, ANOMALY, _DESCR, return_X_y)


@validate_params(
    {
        "name": [str, "array-like", None],
        "data_home": [str, os.PathLike, None],
        "progress": ["boolean"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def fetch_nab(
    name: str | Sequence[str] | None = None,
    *,
    data_home: str | os.PathLike[str] | None = None,
    progress: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Download series of the Numenta Anomaly Benchmark (NAB) that are not in the data folder yet, and load them.

    The SHA-256 checksum of every file is checked.

    Parameters
    ----------
    name : str, list of str or None, default=None
        The series, as in :func:`~sktsad.datasets.load_nab`. Only their files are downloaded; None takes all 58.

    data_home : str or path-like, default=None
        The folder to fill; see :func:`~sktsad.datasets.get_data_home` for None.

    progress : bool, default=True
        Whether to show a progress bar for each file that is downloaded.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`, or tuple if `return_X_y` is True
        As returned by :func:`~sktsad.datasets.load_nab`.

    Raises
    ------
    ImportError
        If a file must be downloaded and pooch is not installed: ``pip install 'sktsad[fetch]'``.
    OSError
        If a file cannot be downloaded. The message says how to fill the folder by hand.
    ValueError
        If NAB has no series of that name, or a downloaded file is not the official one.

    Notes
    -----
    The files come from the branch master of the GitHub project numenta/NAB. Licence: MIT.

    Examples
    --------
    >>> from sktsad.datasets import fetch_nab
    >>> X, y = fetch_nab("realKnownCause/nyc_taxi", return_X_y=True)  # doctest: +SKIP
    """
    home, wanted = get_data_home(data_home), _without_suffix(name)
    sums = {**known_sums(), _WINDOWS: _WINDOWS_SHA256}

    def get(file: str) -> None:
        url = _URL + file.removeprefix("nab/")
        download(url, home / file, home, _SOURCE, sha256=sums.get(file), progress=progress)

    get(_WINDOWS)
    for each in names_of(wanted, _windows(data_home)):
        get(f"nab/data/{each}.csv")
    return load_nab(name, data_home=data_home, return_X_y=return_X_y)


def _without_suffix(name: str | Sequence[str] | None) -> str | list[str] | None:
    if name is None or isinstance(name, str):
        return name and name.removesuffix(".csv")
    return [str(each).removesuffix(".csv") for each in name]


def _windows(data_home: str | os.PathLike[str] | None) -> dict[str, list[list[str]]]:
    """Return the anomaly windows of each series."""
    [path] = find_files(data_home, _WINDOWS, _SOURCE)
    windows = json.loads(check_sha256(path.read_bytes(), _WINDOWS_SHA256, path))
    return {file.removesuffix(".csv"): spans for file, spans in windows.items()}


def _read(name: str, windows: list[list[str]], data_home: str | os.PathLike[str] | None) -> pd.DataFrame:
    [path] = find_files(data_home, f"nab/data/{name}.csv", _SOURCE)
    table = pd.read_csv(read_checked(path), parse_dates=["timestamp"], dtype={"value": "float64"})
    table = table.rename(columns={"timestamp": "time"}).drop_duplicates("time").set_index("time").sort_index()
    table[ANOMALY] = 0
    for start, end in windows:
        # A slice by labels includes both ends.
        table.loc[pd.Timestamp(start) : pd.Timestamp(end), ANOMALY] = 1
    return table
