"""Loader of the KPIs of the AIOps challenge 2018."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from sklearn.utils import Bunch

from .._core import validate_params
from ._data_home import find_files, read_checked
from ._dataset import ANOMALY, as_dataset, select_series

_SOURCE = (
    "the GitHub project NetManAIOps/KPI-Anomaly-Detection (preliminary round; one file <id>.csv.gz for "
    "each KPI, with the columns timestamp,value,label)"
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

    The 26 series of the preliminary round have 2,476,315 rows, of which 53,500 are anomalous. A row
    is a minute or five minutes. Some time stamps are missing; none is doubled or out of order.

    Parameters
    ----------
    kpi_id : str, list of str or None, default=None
        A str loads this one series. A list loads its series in the order given; None loads all for which there is a
        file, sorted by id.

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
            What the data is and where it's from.

    (data, target) : tuple if `return_X_y` is True

    Raises
    ------
    FileNotFoundError
        If there is no file at all.
    ValueError
        If there is no file of an id. The message lists the available ids.

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


def _read(path: Path) -> pd.DataFrame:
    table = pd.read_csv(
        read_checked(path), usecols=["timestamp", "value", "label"], dtype={"value": "float64"}
    )
    time = pd.to_datetime(table["timestamp"], unit="s")
    return table.set_index(time.rename("time"))[["value", "label"]].rename(columns={"label": ANOMALY})
