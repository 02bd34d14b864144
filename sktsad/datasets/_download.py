"""Downloads into the data folder with pooch, an optional dependency."""

import hashlib
import logging
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ._data_home import how_to_choose

#: Seconds without an answer after which a server counts as unreachable.
_TIMEOUT = 30


def download(
    url: str, path: Path, home: Path, source: str, *, sha256: str | None = None, progress: bool = True
) -> None:
    """Download a file to `path`, unless it exists already, and check its checksum.

    The file gets its name only after it is complete and its checksum is verified.

    Raises
    ------
    ImportError
        If pooch is needed and not installed.
    OSError
        If the file cannot be downloaded; the message says how to fill the folder `home` by hand, from `source`.
    ValueError
        If the downloaded file does not match its checksum.
    """
    if path.exists() and sha256 in (None, hashlib.sha256(path.read_bytes()).hexdigest()):
        return
    pooch, tqdm = _pooch()
    by_hand = f"To fill the data folder by hand, take the files from {source}. {how_to_choose(home)}"
    # The total must not be 0: the truth value of such a bar is False, so that pooch would not show it.
    bar = tqdm(desc=path.name, total=1, unit="B", unit_scale=True, leave=False, disable=not progress)
    try:
        with _silent(pooch), bar:
            pooch.retrieve(
                url,
                known_hash=f"sha256:{sha256}" if sha256 else None,
                fname=path.name,
                path=path.parent,
                downloader=pooch.HTTPDownloader(progressbar=bar, timeout=_TIMEOUT),
            )
    except OSError as error:  # all network errors are OSErrors
        raise OSError(f"{url} could not be downloaded ({error}). {by_hand}") from error
    except ValueError as error:
        raise ValueError(f"{url} is not the official file; it was not kept ({error}). {by_hand}") from error


@contextmanager
def downloaded(
    url: str, home: Path, source: str, *, sha256: str | None = None, progress: bool = True
) -> Iterator[Path]:
    """Download a file to a temporary place, for archives of which only extracted files are kept."""
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".download-") as folder:
        path = Path(folder) / url.rpartition("/")[2]
        download(url, path, home, source, sha256=sha256, progress=progress)
        yield path


def zip_members(archive: Path, pattern: str, url: str) -> Iterator[tuple[str, bytes]]:
    """Return name (without folders) and content of each file in an archive whose name matches a regular expression.

    Raises
    ------
    ValueError
        If there are none, or the archive is broken.
    """
    found = False
    try:
        with zipfile.ZipFile(archive) as packed:
            for entry in packed.infolist():
                name = entry.filename.rpartition("/")[2]
                if re.fullmatch(pattern, name):
                    found = True
                    yield name, packed.read(entry)
    except zipfile.BadZipFile as error:
        raise ValueError(
            f"{url} is not a complete zip file; it was not kept ({error}). Try again later."
        ) from error
    if not found:
        raise ValueError(f"{url} has no files with names like {pattern!r}; it was not kept.")


def write_folder(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write files into a new folder, which gets its name only after all are written: an existing folder is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent.parent, prefix=".download-") as place:
        unpacked = Path(place) / folder.name
        unpacked.mkdir()
        for name, content in files:
            (unpacked / name).write_bytes(content)
        unpacked.replace(folder)


def _pooch() -> tuple[Any, Any]:
    try:
        import pooch
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ImportError(
            "Downloading data needs pooch. Install it with: pip install 'sktsad[fetch]'. Files that are in the data "
            "folder already do not need it: the load_* functions read them."
        ) from error
    return pooch, tqdm


@contextmanager
def _silent(pooch: Any) -> Iterator[None]:
    """Keep pooch from logging what the progress bar shows, and other messages."""
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
