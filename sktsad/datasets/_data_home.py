"""The folder of the data files, and their checksums."""

import gzip
import hashlib
import io
import json
import os
import zlib
from collections.abc import Collection
from functools import cache
from importlib.resources import files
from pathlib import Path

from .._core import validate_params

ENV_VAR = "SKTSAD_DATA"
DEFAULT_HOME = "~/sktsad_data"


@validate_params({"data_home": [str, os.PathLike, None]}, prefer_skip_nested_validation=True)
def get_data_home(data_home: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder in which the loaders look for their files.

    Nothing is created or downloaded: the ``load_*`` functions only read. The ``fetch_*`` functions download files that
    are missing from this folder.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder. If None, it is read from the environment variable ``SKTSAD_DATA``; if that is unset or empty, it is
        ``~/sktsad_data``. A leading ``~`` is expanded to the user's home folder.

    Returns
    -------
    data_home : pathlib.Path
        The folder, which may not exist yet.

    Examples
    --------
    >>> from sktsad.datasets import get_data_home
    >>> get_data_home("my_data").name
    'my_data'
    """
    return Path(data_home or os.environ.get(ENV_VAR) or DEFAULT_HOME).expanduser()


def how_to_choose(home: Path) -> str:
    """Return a sentence that says which folder is used, and how to choose another."""
    return (
        f"The folder {home} is data_home: set it with the argument data_home or the environment variable {ENV_VAR}; "
        f"the default is {DEFAULT_HOME}."
    )


def find_files(data_home: str | os.PathLike[str] | None, pattern: str, source: str) -> list[Path]:
    """List the files in `data_home` which match a glob pattern, sorted by name.

    If there is none, raise FileNotFoundError with the `source` where users can get the files.
    """
    home = get_data_home(data_home)
    files = sorted(home.glob(pattern))
    if not files:
        raise FileNotFoundError(
            f"{home / pattern} not found. Get the file from {source}, and put it there. {how_to_choose(home)}"
        )
    return files


def find_series(
    data_home: str | os.PathLike[str] | None, patterns: tuple[str, ...], source: str
) -> dict[str, Path]:
    """Return the files of a data set with one file per series, by name; the first pattern that matches is used."""
    home = get_data_home(data_home)
    files = {file.stem: file for pattern in reversed(patterns) for file in sorted(home.glob(pattern))}
    return files or {file.stem: file for file in find_files(data_home, patterns[0], source)}


def check_sha256(content: bytes, expected: str | Collection[str], name: str | os.PathLike[str]) -> bytes:
    """Return `content` if its SHA-256 checksum is an expected one; raise ValueError if not."""
    sums = [expected] if isinstance(expected, str) else list(expected)
    found = hashlib.sha256(content).hexdigest()
    if found not in sums:
        raise ValueError(
            f"{name} is not the official file: expected SHA-256 {' or '.join(sums)}, found {found}. "
            "Download it again from its source."
        )
    return content


@cache
def known_sums() -> dict[str, str]:
    """Return the SHA-256 checksums of files by path in ``data_home``, taken after unpacking."""
    text = (
        files(__package__).joinpath("checksums.json").read_text(encoding="utf-8")
    )  # also works in a zip file
    return dict(json.loads(text))


def read_checked(path: Path) -> io.BytesIO:
    """Return the content of a file, unpacked, after checking its checksum if one is known.

    Raises
    ------
    ValueError
        If the checksum of the file is wrong.
    """
    content = path.read_bytes()
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(
                f"{path} is truncated or damaged: {error}. Download it again from its source."
            ) from error
    sums = known_sums()
    for n_parts in range(2, 5):
        expected = sums.get("/".join(path.parts[-n_parts:]))
        if expected is not None:
            check_sha256(content, expected, path)
    return io.BytesIO(content)
