"""Loader of the heart beats ECG5000."""

import io
import os

import pandas as pd
from sklearn.utils import Bunch

from .._core import StrOptions, validate_params
from ._data_home import check_sha256, find_files, get_data_home
from ._dataset import ANOMALY, as_dataset
from ._download import downloaded, zip_members

_SOURCE = "the UCR archive (timeseriesclassification.com, ECG5000) or OpenML (data_id 44794)"

_URL = "https://www.timeseriesclassification.com/aeon-toolkit/ECG5000.zip"

_SHA256 = {
    "train": "0d96aff193311a6dc6111bf0dbd2f7d2313987fbf7a1da4a383d92563876057b",
    "test": "baf4ad57d28daa5e79050edd4185968181762bc83d45a757753015b4ba8ab295",
}

_DESCR = """\
ECG5000: 5,000 heart beats of one patient with congestive heart failure, one beat per row, each
interpolated to 140 samples. Class 1 is normal, the classes 2 to 5 are kinds of anomalous beats.
Source: UCR time series archive; OpenML data_id 44794. Licence: none stated by UCR, "publicly
available" on OpenML.
Nothing was changed. The rows are independent beats, not in time order."""


@validate_params(
    {
        "subset": [StrOptions({"train", "test", "all"})],
        "multiclass": ["boolean"],
        "data_home": [str, os.PathLike, None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_ecg5000(
    subset: str = "train",
    *,
    multiclass: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Load heart beats, one per row, labelled as normal or anomalous.

    The official split has 500 beats to train (208 of them anomalous) and 4,500 to test (1,873). Rows are independent
    beats: time runs within a row, not from row to row. The training part is sorted by class, so shuffle it if the order
    of rows matters, as in cross-validation without shuffling.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        Part of the official split to load; "all" is both, the training part first.

    multiclass : bool, default=False
        Whether the target is the class from 1 to 5, where 1 is the normal one, instead of
        0 (normal) and 1 (anomaly).

    data_home : str or path-like, default=None
        Folder with the files ``ecg5000/ECG5000_TRAIN.txt`` and ``ecg5000/ECG5000_TEST.txt``; see
        :func:`~sktsad.datasets.get_data_home` for None.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : DataFrame of shape (n_beats, 140)
            The samples of each beat in the columns "t0" to "t139". The index is a RangeIndex.
        target : Series of shape (n_beats,)
            1 for an anomalous beat, 0 for a normal one; or the class, see `multiclass`.
        DESCR : str
            Description of the data and its source.

    (data, target) : tuple if `return_X_y` is True

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is not the official one.

    References
    ----------
    UCR time series archive, data set ECG5000; OpenML data_id 44794. No licence stated by UCR,
    "publicly available" on OpenML.

    Examples
    --------
    >>> from sktsad.datasets import load_ecg5000
    >>> X, y = load_ecg5000("test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape, int(y.sum())  # doctest: +SKIP
    ((4500, 140), 1873)
    """
    parts = ["train", "test"] if subset == "all" else [subset]
    table = pd.concat([_read(part, data_home) for part in parts], ignore_index=True)
    if multiclass:
        return as_dataset(table, "class", _DESCR, return_X_y)
    table["class"] = table["class"] != 1
    return as_dataset(table.rename(columns={"class": ANOMALY}), ANOMALY, _DESCR, return_X_y)


@validate_params(
    {
        "subset": [StrOptions({"train", "test", "all"})],
        "multiclass": ["boolean"],
        "data_home": [str, os.PathLike, None],
        "progress": ["boolean"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def fetch_ecg5000(
    subset: str = "train",
    *,
    multiclass: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    progress: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.Series]:
    """Download the heart beats ECG5000 if they are not in the data folder yet, and load them.

    Only the two text files of the downloaded archive are kept. The SHA-256 checksum of each is checked.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        Rows to load, as in :func:`~sktsad.datasets.load_ecg5000`.

    multiclass : bool, default=False
        Whether the target is the class, as in :func:`~sktsad.datasets.load_ecg5000`.

    data_home : str or path-like, default=None
        The folder to fill; see :func:`~sktsad.datasets.get_data_home` for None.

    progress : bool, default=True
        Whether to show a progress bar for each file that is downloaded.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`, or tuple if `return_X_y` is True
        As returned by :func:`~sktsad.datasets.load_ecg5000`.

    Raises
    ------
    ImportError
        If a file must be downloaded and pooch is not installed: ``pip install 'sktsad[fetch]'``.
    OSError
        If a file cannot be downloaded. The message says how to fill the folder by hand.
    ValueError
        If a downloaded file is not the official one.

    Notes
    -----
    The archive comes from timeseriesclassification.com. It has no published checksum; those of the files in it are
    checked.

    Examples
    --------
    >>> from sktsad.datasets import fetch_ecg5000
    >>> X, y = fetch_ecg5000("test", return_X_y=True)  # doctest: +SKIP
    """
    home = get_data_home(data_home)
    files = {f"ECG5000_{part.upper()}.txt": total for part, total in _SHA256.items()}
    if not all((home / "ecg5000" / name).exists() for name in files):
        with downloaded(_URL, home, _SOURCE, progress=progress) as archive:
            found = dict(zip_members(archive, r"ECG5000_(TRAIN|TEST)\.txt", _URL))
        for name, total in files.items():
            check_sha256(found.get(name, b""), total, f"{name} in {_URL}")
        (home / "ecg5000").mkdir(parents=True, exist_ok=True)
        for name in files:
            (home / "ecg5000" / name).write_bytes(found[name])
    return load_ecg5000(subset, multiclass=multiclass, data_home=data_home, return_X_y=return_X_y)


def _read(part: str, data_home: str | os.PathLike[str] | None) -> pd.DataFrame:
    [path] = find_files(data_home, f"ecg5000/ECG5000_{part.upper()}.txt", _SOURCE)
    content = check_sha256(path.read_bytes(), _SHA256[part], path)
    columns = ["class", *(f"t{i}" for i in range(140))]
    return pd.read_csv(io.BytesIO(content), sep=r"\s+", header=None, names=columns)
