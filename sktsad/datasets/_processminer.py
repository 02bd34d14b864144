"""Loader of the rare paper breaks of ProcessMiner."""

import io
import os
import zipfile

import pandas as pd
from sklearn.utils import Bunch

from .._core import validate_params
from ._data_home import check_sha256, find_files, get_data_home
from ._dataset import ANOMALY, as_dataset

_SOURCE = (
    "the authors of arXiv 1809.10717 (Ranjan et al. 2018), who provide it on request through a form and do not "
    "allow redistribution"
)

_CSV = "processminer-rare-event-mts - data.csv"
_CSV_SHA256 = "f2d3acd2a035d9317b24b9b52ba45346992ee66bcf9178e0f8a03e25b640dc75"

#: Categorical sensors: one with eight levels, and one with two.
_CATEGORICAL = ["x28", "x61"]

_DESCR = """\
Rare event of a paper machine: 61 sensors every two minutes over about a month, where 124 of 18,398
rows are a break of the paper sheet (1 = break).
Source: Ranjan et al. 2018, arXiv 1809.10717, on request through a form. Licence: none; not to be passed on.
Nothing was changed: time stamps are sorted and unique. There are 107 gaps, which are left as they are.
Unless asked for, the categorical sensors x28 and x61 are left out."""


@validate_params(
    {
        "drop_categorical": ["boolean"],
        "data_home": [str, os.PathLike, None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_processminer(
    *,
    drop_categorical: bool = True,
    data_home: str | os.PathLike[str] | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Load 61 sensors of a paper machine with the rare breaks of its paper sheet.

    There are 18,398 rows, one every two minutes with 107 gaps; 124 of them are breaks. A break is a single row. For
    early warning, shift the target to the rows before a break and drop the row of the break itself, as the paper does.

    Parameters
    ----------
    drop_categorical : bool, default=True
        Whether to leave out the sensors x28 (eight levels) and x61 (two levels).

    data_home : str or path-like, default=None
        Folder with the file ``processminer/processminer-rare-event-mts.zip``, or next to it the CSV file that it
        contains; see :func:`~sktsad.datasets.get_data_home` for None.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : DataFrame of shape (18398, 59), or (18398, 61) with the categorical sensors
            The sensors "x1" to "x61". The index is a DatetimeIndex named "time".
        target : Series of shape (18398,)
            1 for a break, 0 for a normal row, with the index of `data`.
        DESCR : str
            Description of the data and its source.

    (data, target) : tuple if `return_X_y` is True

    Raises
    ------
    FileNotFoundError
        If neither the zip file nor the CSV file is there.
    ValueError
        If the CSV file is not the official one.

    References
    ----------
    Ranjan et al., "Dataset: Rare Event Classification in Multivariate Time Series", 2018, arXiv 1809.10717. The data is
    available on request, through a form, and must not be redistributed.

    Examples
    --------
    >>> from sktsad.datasets import load_processminer
    >>> X, y = load_processminer(return_X_y=True)  # doctest: +SKIP
    >>> X.shape, int(y.sum())  # doctest: +SKIP
    ((18398, 59), 124)
    """
    content = check_sha256(_read_csv(data_home), _CSV_SHA256, _CSV)
    table = pd.read_csv(io.BytesIO(content))
    table["time"] = pd.to_datetime(table["time"], format="%m/%d/%y %H:%M")
    table = table.set_index("time").rename(columns={"y": ANOMALY})
    if drop_categorical:
        table = table.drop(columns=_CATEGORICAL)
    return as_dataset(table, ANOMALY, _DESCR, return_X_y)


def _read_csv(data_home: str | os.PathLike[str] | None) -> bytes:
    """Read the CSV file, either extracted or from its zip file."""
    extracted = get_data_home(data_home) / "processminer" / _CSV
    if extracted.is_file():
        return extracted.read_bytes()
    [path] = find_files(data_home, "processminer/processminer-rare-event-mts.zip", _SOURCE)
    with zipfile.ZipFile(path) as archive:
        return archive.read(_CSV)
