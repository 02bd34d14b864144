"""Loader of the Skoltech Anomaly Benchmark."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from sklearn.utils import Bunch

from .._core import StrOptions, validate_params
from ._data_home import find_files, get_data_home, read_checked
from ._dataset import ANOMALY, as_dataset, names_of, select_series
from ._download import download

_SOURCE = "the GitHub project waico/SKAB (the content of its folder data, put into the folder skab)"

_URL = "https://raw.githubusercontent.com/waico/SKAB/master/data/"

#: Runs in which one valve was closed, in which the other was closed, and with other faults.
_RUNS = [
    f"{folder}/{number}"
    for folder, numbers in (("valve1", range(16)), ("valve2", range(4)), ("other", range(1, 15)))
    for number in numbers
]

#: Number of first rows of a run for fitting a detector, as in the notebooks of the benchmark.
_N_TRAIN = 400

_DESCR = """\
Skoltech Anomaly Benchmark: eight sensors of a water circuit with a pump, about one row per second, in runs of some
twenty minutes. In each run, something was done to the circuit: a valve was closed, the rotor was put out of balance, or
the water was heated. The first 400 rows of a run are for fitting a detector. Source: GitHub project waico/SKAB.
Licence: GPL-3.0. Nothing was changed; the marks of change points are left out."""

_PARAMETERS: dict = {
    "name": [str, "array-like", None],
    "subset": [StrOptions({"train", "test", "all"})],
    "data_home": [str, os.PathLike, None],
    "return_X_y": ["boolean"],
}


@validate_params(_PARAMETERS, prefer_skip_nested_validation=True)
def load_skab(
    name: str | Sequence[str] | None = None,
    *,
    subset: str = "all",
    data_home: str | os.PathLike[str] | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Load runs of the Skoltech Anomaly Benchmark (SKAB), with eight sensors each.

    Parameters
    ----------
    name : str, list of str or None, default=None
        A str such as "valve1/0" loads one run. A list loads its runs in the given order; None loads all in the folder,
        sorted by name.

    subset : {"train", "test", "all"}, default="all"
        Rows to load of each run: the first 400, the rows after them, or both.

    data_home : str or path-like, default=None
        Folder with the files ``skab/<folder>/<number>.csv``; see :func:`~sktsad.datasets.get_data_home` for None.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : DataFrame of shape (n_samples, 8)
            The sensors. The index is "time" for a single run, else a MultiIndex with the levels "series" and "time".
        target : Series of shape (n_samples,)
            1 for an anomalous row, 0 for a normal row, with the index of `data`.
        DESCR : str
            Description of the data and its source.

    (data, target) : tuple if `return_X_y` is True

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If there is no run of that name; the message lists the available ones.

    References
    ----------
    I. Katser, V. Kozitsin, "Skoltech Anomaly Benchmark (SKAB)", Kaggle, 2020, doi 10.34740/KAGGLE/DSV/1693952. GitHub
    project waico/SKAB, GPL-3.0.

    Examples
    --------
    >>> from sktsad.datasets import load_skab
    >>> X, y = load_skab("valve1/0", return_X_y=True)  # doctest: +SKIP
    """
    files = find_files(data_home, "skab/[vo]*/*.csv", _SOURCE)  # not those of the folder anomaly-free
    of_runs = {f"{path.parent.name}/{path.stem}": path for path in files}
    table = select_series(
        name if name is None or isinstance(name, str) else list(name),
        of_runs,
        lambda name: _read(of_runs[name], subset),
    )
    return as_dataset(table, ANOMALY, _DESCR, return_X_y)


@validate_params({**_PARAMETERS, "progress": ["boolean"]}, prefer_skip_nested_validation=True)
def fetch_skab(
    name: str | Sequence[str] | None = None,
    *,
    subset: str = "all",
    data_home: str | os.PathLike[str] | None = None,
    progress: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Download runs of the Skoltech Anomaly Benchmark (SKAB) that are not in the data folder yet, and load them.

    A run is a text file of about 100 kB.

    Parameters
    ----------
    name : str, list of str or None, default=None
        The runs, as in :func:`~sktsad.datasets.load_skab`. Only their files are downloaded; None takes all 34.

    subset : {"train", "test", "all"}, default="all"
        Rows to load, as in :func:`~sktsad.datasets.load_skab`.

    data_home : str or path-like, default=None
        The folder to fill; see :func:`~sktsad.datasets.get_data_home` for None.

    progress : bool, default=True
        Whether to show a progress bar for each file that is downloaded.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`, or tuple if `return_X_y` is True
        As returned by :func:`~sktsad.datasets.load_skab`.

    Raises
    ------
    ImportError
        If a file must be downloaded and pooch is not installed: ``pip install 'sktsad[fetch]'``.
    OSError
        If a file cannot be downloaded. The message says how to fill the folder by hand.
    ValueError
        If there is no run of that name; the message lists the available ones.

    Notes
    -----
    The files come from the branch master of the GitHub project waico/SKAB. Licence: GPL-3.0. No checksums are
    published, so none are checked.

    Examples
    --------
    >>> from sktsad.datasets import fetch_skab
    >>> X, y = fetch_skab("valve1/0", return_X_y=True)  # doctest: +SKIP
    """
    home = get_data_home(data_home)
    for run in names_of(name, _RUNS):
        download(f"{_URL}{run}.csv", home / "skab" / f"{run}.csv", home, _SOURCE, progress=progress)
    return load_skab(
        _RUNS if name is None else name, subset=subset, data_home=data_home, return_X_y=return_X_y
    )


def _read(path: Path, subset: str) -> pd.DataFrame:
    table = pd.read_csv(read_checked(path), sep=";", index_col="datetime", parse_dates=True)
    table = table.drop(columns="changepoint").rename_axis("time")
    return table[{"train": slice(_N_TRAIN), "test": slice(_N_TRAIN, None), "all": slice(None)}[subset]]
