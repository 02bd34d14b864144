"""Loader of the Server Machine Dataset."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from .._core import StrOptions, validate_params
from ._data_home import find_series, get_data_home, read_checked
from ._dataset import ANOMALY, as_dataset, names_of, part_of_series, select_series
from ._download import download

_SOURCE = (
    "the GitHub project NetManAIOps/OmniAnomaly (the content of its folder ServerMachineDataset, put into the folder "
    "smd) or tuananhphamds/MST-VAE"
)

_URL = "https://raw.githubusercontent.com/NetManAIOps/OmniAnomaly/master/ServerMachineDataset/"

_FOLDERS = ("train", "test", "test_label")

#: Three groups, of 8, 9 and 11 machines.
_MACHINES = [
    f"machine-{group}-{number + 1}" for group, size in ((1, 8), (2, 9), (3, 11)) for number in range(size)
]

_DESCR = """\
Server Machine Dataset: 38 sensors of servers of an internet company, one row per minute. The first half of a machine's
rows is for fitting a detector and comes without labels: its target is 0 throughout.
Source: GitHub project NetManAIOps/OmniAnomaly. Licence: MIT.
Nothing was changed."""


@validate_params(
    {
        "name": [str, "array-like", None],
        "subset": [StrOptions({"train", "test", "all"})],
        "data_home": [str, os.PathLike, None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_smd(
    name: str | Sequence[str] | None = None,
    *,
    subset: str = "all",
    data_home: str | os.PathLike[str] | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Load machines of the Server Machine Dataset (SMD), with 38 sensors each.

    Parameters
    ----------
    name : str, list of str or None, default=None
        A str such as "machine-1-3" loads one machine. A list loads its machines in the given order; None loads all in
        the folder, sorted by name.

    subset : {"train", "test", "all"}, default="all"
        Rows to load of each machine: the rows for fitting, the rows to score, or both.

    data_home : str or path-like, default=None
        Folder with the files ``smd/<name>.npz``, with the arrays train, test and label, or with the text files of the
        data set, ``smd/train/<name>.txt``, ``smd/test/<name>.txt`` and ``smd/test_label/<name>.txt``; see
        :func:`~sktsad.datasets.get_data_home` for None.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : DataFrame of shape (n_samples, 38)
            The sensors "x1" to "x38". The index is the row number, "time", for a single machine, else a MultiIndex with
            the levels "series" and "time". The numbers of test rows continue those of the training rows.
        target : Series of shape (n_samples,)
            1 for an anomalous row, 0 for a normal row and for all training rows, with the index of `data`.
        DESCR : str
            Description of the data and its source.

    (data, target) : tuple if `return_X_y` is True

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If there is no machine of that name; the message lists the available ones.

    References
    ----------
    Y. Su et al., "Robust anomaly detection for multivariate time series through stochastic recurrent neural network",
    KDD 2019. GitHub project NetManAIOps/OmniAnomaly, MIT.

    Examples
    --------
    >>> from sktsad.datasets import load_smd
    >>> X, y = load_smd("machine-1-3", subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape, int(y.sum())  # doctest: +SKIP
    ((23703, 38), 817)
    """
    files = find_series(data_home, ("smd/machine-*.npz", "smd/train/machine-*.txt"), _SOURCE)
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
def fetch_smd(
    name: str | Sequence[str] | None = None,
    *,
    subset: str = "all",
    data_home: str | os.PathLike[str] | None = None,
    progress: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Download machines of the Server Machine Dataset (SMD) that are not in the data folder yet, and load them.

    Each machine has three text files, 16 to 20 MB together.

    Parameters
    ----------
    name : str, list of str or None, default=None
        The machines, as in :func:`~sktsad.datasets.load_smd`. Only their files are downloaded; None takes all 28.

    subset : {"train", "test", "all"}, default="all"
        Rows to load, as in :func:`~sktsad.datasets.load_smd`.

    data_home : str or path-like, default=None
        The folder to fill; see :func:`~sktsad.datasets.get_data_home` for None.

    progress : bool, default=True
        Whether to show a progress bar for each file that is downloaded.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`, or tuple if `return_X_y` is True
        As returned by :func:`~sktsad.datasets.load_smd`.

    Raises
    ------
    ImportError
        If a file must be downloaded and pooch is not installed: ``pip install 'sktsad[fetch]'``.
    OSError
        If a file cannot be downloaded. The message says how to fill the folder by hand.
    ValueError
        If there is no machine of that name; the message lists the available ones.

    Notes
    -----
    The files come from the branch master of the GitHub project NetManAIOps/OmniAnomaly. Licence: MIT. No checksums are
    published, so none are checked.

    Examples
    --------
    >>> from sktsad.datasets import fetch_smd
    >>> X, y = fetch_smd("machine-1-3", subset="test", return_X_y=True)  # doctest: +SKIP
    """
    home = get_data_home(data_home)
    for each in names_of(name, _MACHINES):
        if not (home / f"smd/{each}.npz").exists():
            for folder in _FOLDERS:
                file = f"{folder}/{each}.txt"
                download(_URL + file, home / "smd" / file, home, _SOURCE, progress=progress)
    return load_smd(
        _MACHINES if name is None else name, subset=subset, data_home=data_home, return_X_y=return_X_y
    )


def _read(path: Path) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the values of a machine, its labels and the number of its training rows."""
    if path.suffix == ".npz":
        with np.load(read_checked(path)) as arrays:
            train, test, label = arrays["train"], arrays["test"], arrays["label"]
    else:
        folders = [path.parents[1] / folder / path.name for folder in _FOLDERS]
        train, test, label = (pd.read_csv(file, header=None).to_numpy() for file in folders)
    whole = np.concatenate([np.zeros(len(train), dtype=np.int64), label.ravel().astype(np.int64)])
    return np.concatenate([train, test]).astype(np.float64), whole, len(train)
