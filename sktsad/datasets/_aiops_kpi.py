"""Loader of the KPIs of the AIOps challenge 2018."""

import gzip
import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from sklearn.utils import Bunch

from .._core import validate_params
from ._data_home import check_sha256, find_files, get_data_home, known_sums, read_checked
from ._dataset import ANOMALY, as_dataset, names_of, select_series
from ._download import downloaded

_SOURCE = (
    "the GitHub project NetManAIOps/KPI-Anomaly-Detection (preliminary round; one file <id>.csv.gz for "
    "each KPI, with the columns timestamp,value,label)"
)

_URL = (
    "https://raw.githubusercontent.com/NetManAIOps/KPI-Anomaly-Detection/master/Preliminary_dataset/train.csv"
)

_DESCR = """\
KPIs of the AIOps challenge 2018, preliminary round: 26 key performance indicators of web services of
large internet companies, a value every minute or five minutes, labelled by operators (1 = anomaly).
Source: GitHub project NetManAIOps/KPI-Anomaly-Detection. Licence: MIT.
Nothing was changed: time stamps are sorted and unique. There are gaps, which are left as they are."""


@validate_params(
    {
        "kpi_id": [str, "array-like", None],
        "data_home": [str, os.PathLike, None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_aiops_kpi(
    kpi_id: str | Sequence[str] | None = None,
    *,
    data_home: str | os.PathLike[str] | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Load KPIs of web services, labelled by their operators, from the AIOps challenge 2018.

    The 26 series of the preliminary round have 2,476,315 rows, of which 53,500 are anomalous. Rows are one minute or
    five minutes apart. Some time stamps are missing; none is duplicated or out of order.

    Parameters
    ----------
    kpi_id : str, list of str or None, default=None
        A str loads one series. A list loads its series in the given order; None loads all for which there is a file,
        sorted by id.

    data_home : str or path-like, default=None
        Folder with the files ``aiops_kpi/<kpi_id>.csv.gz``; see
        :func:`~sktsad.datasets.get_data_home` for None.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : DataFrame of shape (n_samples, 1)
            The column "value". The index is a DatetimeIndex named "time" (UTC, without time zone)
            for a single series, else a MultiIndex with the levels "series" and "time".
        target : Series of shape (n_samples,)
            1 for an anomaly, 0 for a normal row, with the index of `data`.
        DESCR : str
            Description of the data and its source.

    (data, target) : tuple if `return_X_y` is True

    Raises
    ------
    FileNotFoundError
        If there is no file at all.
    ValueError
        If there is no file for an id. The message lists the available ids.

    References
    ----------
    GitHub project NetManAIOps/KPI-Anomaly-Detection. Licence: MIT.

    Examples
    --------
    >>> from sktsad.datasets import load_aiops_kpi
    >>> X, y = load_aiops_kpi("046ec29ddf80d62e", return_X_y=True)  # doctest: +SKIP
    >>> X.shape, int(y.sum())  # doctest: +SKIP
    ((8784, 1), 80)
    """
    paths = find_files(data_home, "aiops_kpi/*.csv.gz", _SOURCE)
    path_of = {path.name.removesuffix(".csv.gz"): path for path in paths}
    table = select_series(kpi_id, path_of, lambda name: _read(path_of[name]))
    return as_dataset(table, ANOMALY, _DESCR, return_X_y)


@validate_params(
    {
        "kpi_id": [str, "array-like", None],
        "data_home": [str, os.PathLike, None],
        "progress": ["boolean"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def fetch_aiops_kpi(
    kpi_id: str | Sequence[str] | None = None,
    *,
    data_home: str | os.PathLike[str] | None = None,
    progress: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Download the KPIs of the AIOps challenge 2018 that are not in the data folder yet, and load them.

    The 26 series come in one text file of about 90 MB, which is split into one compressed file per series. The SHA-256
    checksum of each series is checked.

    Parameters
    ----------
    kpi_id : str, list of str or None, default=None
        The series to load, as in :func:`~sktsad.datasets.load_aiops_kpi`.

    data_home : str or path-like, default=None
        The folder to fill; see :func:`~sktsad.datasets.get_data_home` for None.

    progress : bool, default=True
        Whether to show a progress bar for each file that is downloaded.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`, or tuple if `return_X_y` is True
        As returned by :func:`~sktsad.datasets.load_aiops_kpi`.

    Raises
    ------
    ImportError
        If a file must be downloaded and pooch is not installed: ``pip install 'sktsad[fetch]'``.
    OSError
        If a file cannot be downloaded. The message says how to fill the folder by hand.
    ValueError
        If there is no series with that id, or a downloaded series does not match its checksum.

    Notes
    -----
    The file comes from the branch master of the GitHub project NetManAIOps/KPI-Anomaly-Detection. Licence: MIT. The
    checksums are those of a copy that was already split by series: if a number is formatted differently, the series
    raises an error, and nothing is kept.

    Examples
    --------
    >>> from sktsad.datasets import fetch_aiops_kpi
    >>> X, y = fetch_aiops_kpi("046ec29ddf80d62e", return_X_y=True)  # doctest: +SKIP
    """
    home = get_data_home(data_home)
    folder = home / "aiops_kpi"
    sums = {
        name.removeprefix("aiops_kpi/").removesuffix(".csv.gz"): total
        for name, total in known_sums().items()
        if name.startswith("aiops_kpi/")
    }
    wanted = names_of(kpi_id, sums)
    if not all((folder / f"{name}.csv.gz").exists() for name in wanted):
        with downloaded(_URL, home, _SOURCE, progress=progress) as path:
            series = _split(path)
        for name, total in sums.items():
            check_sha256(series.get(name, b""), total, f"series {name} of {_URL}")
        folder.mkdir(parents=True, exist_ok=True)
        for name in sums:
            (folder / f"{name}.csv.gz").write_bytes(gzip.compress(series[name], mtime=0))
    return load_aiops_kpi(kpi_id, data_home=data_home, return_X_y=return_X_y)


def _split(path: Path) -> dict[str, bytes]:
    """Split the file of all series, whose last column is the id, into one text per series."""
    rows: dict[str, list[str]] = {}
    with path.open(encoding="utf-8") as lines:
        header = next(lines, "").rstrip().rpartition(",")[0]
        for line in lines:
            row, _, name = line.rstrip().rpartition(",")
            rows.setdefault(name, [header]).append(row)
    return {name: ("\n".join(of_series) + "\n").encode() for name, of_series in rows.items()}


def _read(path: Path) -> pd.DataFrame:
    table = pd.read_csv(
        read_checked(path), usecols=["timestamp", "value", "label"], dtype={"value": "float64"}
    )
    time = pd.to_datetime(table["timestamp"], unit="s")
    return table.set_index(time.rename("time"))[["value", "label"]].rename(columns={"label": ANOMALY})
