"""Where the data files lie, and whether they are the right ones."""

import gzip
import hashlib
import io
import json
import os
from collections.abc import Collection
from functools import cache
from pathlib import Path

from .._core import validate_params

ENV_VAR = "SKTSAD_DATA"
DEFAULT_HOME = "~/sktsad_data"


@validate_params({"data_home": [str, os.PathLike, None]}, prefer_skip_nested_validation=True)
def get_data_home(data_home: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder in which the loaders look for their files.

    Nothing is created or downloaded: the ``load_*`` functions only read. The ``fetch_*`` functions download to this
    folder what is not in it yet.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder. If None, the environment variable ``SKTSAD_DATA``, and where that is unset or
        empty, ``~/sktsad_data``. A leading ``~`` stands for the user's home folder.

    Returns
    -------
    data_home : pathlib.Path
        The folder, which need not exist.

    Examples
    --------
    >>> from sktsad.datasets import get_data_home
    >>> get_data_home("my_data").name
    'my_data'
    """
    return Path(data_home or os.environ.get(ENV_VAR) or DEFAULT_HOME).expanduser()


def how_to_choose(home: Path) -> str:
    """Return the sentence that says which folder it is, and how to choose another."""
    return (
        f"The folder {home} is data_home: the argument of that name, else the environment variable {ENV_VAR}, "
        f"else {DEFAULT_HOME}."
    )


def find_files(data_home: str | os.PathLike[str] | None, pattern: str, source: str) -> list[Path]:
    """List the files in `data_home` which match a glob pattern, sorted by name.

    No match raises FileNotFoundError with `source`: where a user gets the files.
    """
    home = get_data_home(data_home)
    files = sorted(home.glob(pattern))
    if not files:
        raise FileNotFoundError(
            f"{home / pattern} not found. Get it from {source}, and put it there. {how_to_choose(home)}"
        )
    return files


def find_series(
    data_home: str | os.PathLike[str] | None, patterns: tuple[str, ...], source: str
) -> dict[str, Path]:
    """Return the files of a set that comes as a file per series, by name; the first pattern wins."""
    home = get_data_home(data_home)
    files = {file.stem: file for pattern in reversed(patterns) for file in sorted(home.glob(pattern))}
    return files or {file.stem: file for file in find_files(data_home, patterns[0], source)}


def check_sha256(content: bytes, expected: str | Collection[str], name: str | os.PathLike[str]) -> bytes:
    """Return `content` if its SHA-256 sum is the expected one, or one of those; raise ValueError if not."""
    sums = [expected] if isinstance(expected, str) else list(expected)
    found = hashlib.sha256(content).hexdigest()
    if found not in sums:
        raise ValueError(
            f"{name} is not the file it should be: expected SHA-256 {' or '.join(sums)}, found {found}. "
            "Get it again from its source."
        )
    return content


@cache
def known_sums() -> dict[str, str]:
    """Return the SHA-256 sums of files by their path in ``data_home``, of unpacked content where they are packed."""
    text = Path(__file__).with_name("checksums.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def read_checked(path: Path) -> io.BytesIO:
    """Return the content of a file, unpacked; one whose sum is known must have it.

    Raises
    ------
    ValueError
        If the file is not what a file of this name should be.
    """
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    sums = known_sums()
    for n_parts in range(2, 5):
        expected = sums.get("/".join(path.parts[-n_parts:]))
        if expected is not None:
            check_sha256(content, expected, path)
    return io.BytesIO(content)
