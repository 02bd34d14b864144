"""Tiny files in the layout of the real data."""

import hashlib
import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pytest


def write(path, content):
    """Write a text file, return its SHA-256 sum."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode())
    return hashlib.sha256(content.encode()).hexdigest()


def ecg_rows(classes):
    """Beats of the given classes, in the layout of UCR; row i has the samples i, i + 0.01, ..."""
    rows = [[label, *(i + np.arange(140) / 100)] for i, label in enumerate(classes)]
    return "".join("".join(f"   {number:.7e}" for number in row) + "\n" for row in rows)


def nab_csv(times, values):
    return "timestamp,value\n" + "".join(f"{t},{v}\n" for t, v in zip(times, values, strict=True))


@pytest.fixture
def tiny_home(tmp_path, monkeypatch):
    """A data_home with tiny files in the layout of each data set, whose sums are taken as known."""
    module = "sktsad.datasets."
    monkeypatch.setattr(module + "_data_home.known_sums", dict)

    kpi = pd.DataFrame({"timestamp": [1493568000, 1493568060, 1493568180], "value": [1.5, 2, 3]})
    for name, label in [("b2", [0, 1, 0]), ("a1", [0, 0, 1])]:
        path = tmp_path / "aiops_kpi" / f"{name}.csv.gz"
        path.parent.mkdir(exist_ok=True)
        kpi.assign(label=label).to_csv(path, index=False)

    sums = {
        part: write(tmp_path / "ecg5000" / f"ECG5000_{part.upper()}.txt", ecg_rows(classes))
        for part, classes in [("train", [1, 1, 2]), ("test", [5, 1, 3, 4])]
    }
    monkeypatch.setattr(module + "_ecg5000._SHA256", sums)

    minutes = [f"2024-01-01 00:{minute:02d}:00" for minute in range(6)]
    # Minute 2 comes three times, and minute 1 after minute 3.
    write(tmp_path / "nab/data/real/torn.csv", nab_csv([minutes[i] for i in (0, 2, 2, 3, 1, 2, 4)], range(7)))
    write(tmp_path / "nab/data/fake/calm.csv", nab_csv(minutes, [0.5] * 6))
    # The ends as NAB writes them; they include rows 1 and 3.
    windows = {
        "real/torn.csv": [["2024-01-01 00:01:00.000000", "2024-01-01 00:03:00.000000"]],
        "fake/calm.csv": [],
    }
    total = write(tmp_path / "nab/labels/combined_windows.json", json.dumps(windows))
    monkeypatch.setattr(module + "_nab._WINDOWS_SHA256", total)

    sensors = [f"x{i}" for i in range(1, 62)]
    times = ["5/1/99 0:00", "5/1/99 0:02", "12/31/99 23:58"]
    rows = [[time, y, *range(61)] for time, y in zip(times, [0, 1, 0], strict=True)]
    csv = pd.DataFrame(rows, columns=["time", "y", *sensors]).to_csv(index=False)
    total = write(tmp_path / "processminer" / "processminer-rare-event-mts - data.csv", csv)
    monkeypatch.setattr(module + "_processminer._CSV_SHA256", total)

    for name, label in [("valve1/0", [0, 1, 1]), ("other/14", [0, 0, 0])]:
        run = pd.DataFrame(
            {"datetime": minutes[:3], "Pressure": [0.1, 0.2, 0.3], "Volume Flow RateRMS": 32.0}
        )
        run = run.assign(anomaly=np.array(label, float), changepoint=0.0)
        write(tmp_path / f"skab/{name}.csv", run.to_csv(sep=";", index=False))

    (tmp_path / "mnist").mkdir()
    np.savez(
        tmp_path / "mnist/mnist.npz",
        x_train=np.arange(3 * 784).reshape(3, 28, 28).astype("uint8"),
        y_train=np.array([5, 0, 9], dtype="int8"),
        x_test=np.full((2, 28, 28), 255, dtype="uint8"),
        y_test=np.array([7, 2], dtype="int8"),
    )
    total = hashlib.sha256((tmp_path / "mnist/mnist.npz").read_bytes()).hexdigest()
    monkeypatch.setattr(module + "_mnist._SHA256", (total,))
    for folder, name, shape in [
        ("ucr", "calm", 6),
        ("ucr", "DISTORTEDcalm", 6),
        ("smd", "machine-9-1", (6, 38)),
    ]:
        values, label = np.arange(np.prod(shape), dtype="float32").reshape(shape), np.array([0, 1, 1], "int8")
        (tmp_path / folder).mkdir(exist_ok=True)
        np.savez(tmp_path / folder / f"{name}.npz", train=values[:3], test=values[3:], label=label)
    (tmp_path / "tsb_ad" / "tuning").mkdir(parents=True)
    for name in ("001_A_id_1_Sensor_tr_2_1st_3", "002_B_id_1_Sensor_tr_4_1st_3"):
        path = tmp_path / "tsb_ad" / "tuning" / f"{name}.npz"
        np.savez(path, value=np.arange(5.0), label=np.array([0, 0, 0, 1, 0], "int8"))
    return tmp_path


@pytest.fixture
def zipped_home(tiny_home):
    """The tiny data_home, where the CSV file of ProcessMiner is in its zip file only."""
    folder = tiny_home / "processminer"
    csv = folder / "processminer-rare-event-mts - data.csv"
    with zipfile.ZipFile(folder / "processminer-rare-event-mts.zip", "w") as archive:
        archive.write(csv, csv.name)
    csv.unlink()
    return tiny_home


class Site:
    """A web site with some files: it counts what it is asked for, and may break off in the middle of a file."""

    def __init__(self):
        self.files, self.asked, self.breaks_off = {}, [], False
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                content = site.files.get(self.path)
                self.send_response(404 if content is None else 200)
                content = content or b""
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if site.breaks_off else content)

            def log_message(self, *args):
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    @staticmethod
    def zipped(files):
        """Return the bytes of an archive of files: contents by their names."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            for name, content in files.items():
                packed.writestr(name, content)
        return archive.getvalue()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def site(monkeypatch):
    pytest.importorskip("pooch", reason="optional: pip install 'sktsad[fetch]'")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    site.close()
    thread.join()
