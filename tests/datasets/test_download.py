import hashlib
import io
import logging
import sys
import zipfile

import pytest

from sktsad.datasets._download import download, downloaded, write_folder, zip_members

SOURCE = "the GitHub project a/b (its files, put into the folder set)"
CONTENT = b"row\n" * 5000
SUM = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def get(site, tmp_path):
    """Download the file of the site, or another; return its path."""
    site.files["/data.csv"] = CONTENT

    def get(url=None, **options):
        path = tmp_path / "set" / "data.csv"
        download(url or site.url + "data.csv", path, tmp_path, SOURCE, **options)
        return path

    return get


def names_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("sha256", [None, SUM])
def test_a_good_file_comes_once_and_is_announced_by_a_bar_alone(sha256, get, site, caplog, capfd):
    caplog.set_level(logging.INFO)
    assert get(sha256=sha256).read_bytes() == CONTENT
    assert "data.csv: " in capfd.readouterr().err
    get(sha256=sha256)
    assert site.asked == ["/data.csv"]
    assert not caplog.records and capfd.readouterr() == ("", "")


def test_without_progress_nothing_is_shown_and_the_logger_is_left_as_it_was(get, capfd):
    import pooch

    level = pooch.get_logger().level
    get(progress=False)
    assert capfd.readouterr() == ("", "")
    assert pooch.get_logger().level == level


def test_a_file_with_another_sum_than_it_should_have_is_not_kept(get, site, tmp_path):
    site.files["/data.csv"] = b"not the data"
    with pytest.raises(ValueError, match=r"data\.csv is not the official file; it was not kept") as info:
        get(sha256=SUM)
    for part in (SUM, hashlib.sha256(b"not the data").hexdigest(), SOURCE, str(tmp_path), "SKTSAD_DATA"):
        assert part in str(info.value)
    assert names_in(tmp_path) == []


def test_a_file_that_is_there_and_wrong_is_replaced_where_its_sum_is_known(get, site):
    path = get()
    path.write_bytes(b"spoilt")
    assert get().read_bytes() == b"spoilt"
    assert get(sha256=SUM).read_bytes() == CONTENT
    assert len(site.asked) == 2


def test_a_transfer_that_breaks_off_leaves_nothing_and_says_how_to_do_it_by_hand(get, site, tmp_path):
    site.breaks_off = True
    with pytest.raises(OSError, match=r"data\.csv could not be downloaded") as info:
        get()
    for part in (site.url, SOURCE, str(tmp_path), "data_home", "SKTSAD_DATA", "~/sktsad_data"):
        assert part in str(info.value)
    assert names_in(tmp_path) == []


def test_no_such_file_and_no_network_are_errors_of_the_same_kind(get, site, tmp_path):
    with pytest.raises(OSError, match=r"other\.csv could not be downloaded \(404"):
        get(site.url + "other.csv")
    site.close()
    with pytest.raises(OSError, match=r"data\.csv could not be downloaded .*" + tmp_path.name):
        get()
    assert names_in(tmp_path) == []


def test_without_pooch_the_error_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pooch", None)
    path = tmp_path / "data.csv"
    with pytest.raises(ImportError, match=r"pip install 'sktsad\[fetch\]'"):
        download("http://127.0.0.1:9/data.csv", path, tmp_path, SOURCE)
    path.write_bytes(CONTENT)
    download("http://127.0.0.1:9/data.csv", path, tmp_path, SOURCE, sha256=SUM)


def test_an_archive_is_kept_for_a_while_only(site, tmp_path):
    site.files["/pack.zip"] = CONTENT
    with downloaded(site.url + "pack.zip", tmp_path / "new", SOURCE, progress=False) as path:
        assert path.read_bytes() == CONTENT
    assert names_in(tmp_path) == []


def write_zip(path, files):
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)


def test_of_an_archive_the_files_that_match_come_without_their_folders(tmp_path):
    path = tmp_path / "pack.zip"
    write_zip(
        path, {"a/b/1.txt": b"one", "../2.txt": b"two", "a/._1.txt": b"mac", "a/1.txt.bak": b"", "b/": b""}
    )
    assert dict(zip_members(path, r"\d\.txt", "url")) == {"1.txt": b"one", "2.txt": b"two"}
    with pytest.raises(ValueError, match=r"url has no files with names like"):
        list(zip_members(path, r"none", "url"))


def test_a_broken_archive_is_named(tmp_path):
    archive = io.BytesIO()
    write_zip(archive, {"1.txt": CONTENT})
    path = tmp_path / "pack.zip"
    path.write_bytes(archive.getvalue()[:-30])
    with pytest.raises(ValueError, match=r"url is not a complete zip file"):
        list(zip_members(path, r"\d\.txt", "url"))


def test_a_folder_appears_when_all_its_files_are_there(tmp_path):
    def files(last):
        yield "1.txt", b"one"
        if not last:
            raise ValueError("broken")
        yield "2.txt", b"two"

    folder = tmp_path / "set" / "part"
    with pytest.raises(ValueError, match="broken"):
        write_folder(folder, files(last=False))
    assert not folder.exists() and names_in(tmp_path) == []
    write_folder(folder, files(last=True))
    assert names_in(folder) == ["1.txt", "2.txt"]
