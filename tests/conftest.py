"""Fixtures and settings of all tests."""

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sktsad._core._missing_past import _PURGED
from sktsad._core._windows import _LATEST, _LOST

TESTS = Path(__file__).parent
#: Left out of `make unit-fast`: contracts over all estimators, pages, long trainings, means over many draws.
#: Single slow tests elsewhere have the mark themselves; property tests have hypothesis' own.
SLOW = (
    *("test_common.py", "test_composition.py", "test_pages.py", "test_persistence.py", "neural/"),
    *("test_panels.py", "test_typing.py", "test_weights.py", "test_works_with.py"),
    *(
        "detectors/test_base_detector.py",
        "detectors/test_learning",
        "export/test_along_parts.py",
        "export/test_onnx.py",
        "export/test_parts.py",
    ),
    *("metrics/test_random_baseline.py", "metrics/test_report.py", "model_selection/test_check_causal.py"),
    *("plotting/test_displays.py", "report/test_html_report.py", "sampling/test_safe_sampler.py"),
)

#: The gate tries the same examples each time; `make properties` tries many more, and new ones in each run.
ANY_MACHINE = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("gate", derandomize=True, max_examples=40, **ANY_MACHINE)
settings.register_profile("thorough", max_examples=500, **ANY_MACHINE)
settings.load_profile("gate")

#: Contracts, pages and long trainings. Like property tests and single slow tests, they run without measuring coverage:
#: that takes half as long again, and what they run, a plain test of the module runs as well.
NO_COVER = (
    *("test_common.py", "test_composition.py", "test_defaults.py", "test_pages.py", "test_panels.py"),
    *("test_persistence.py", "test_typing.py", "test_works_with.py", "plotting/test_displays.py"),
    *("detectors/test_learning", "neural/test_learning"),
)
#: Property tests and slow tests in these files are measured: some lines have no other test.
MEASURED = (
    *("detectors/test_nearest_windows.py", "live/", "networks/test_losses.py"),
    *("neural/_training/test_strands.py", "preprocessing/test_live_features.py"),
    *("preprocessing/test_resample.py", "preprocessing/test_series_features.py"),
)


def is_one_of(path, beginnings):
    """Tell whether a file of tests is among those whose paths begin like this."""
    return path.is_relative_to(TESTS) and path.relative_to(TESTS).as_posix().startswith(beginnings)


def pytest_ignore_collect(collection_path, config):
    """Do not even read files of which no test is wanted."""
    if not collection_path.name.startswith("test_") or not collection_path.is_file():
        return None
    is_slow = is_one_of(collection_path, SLOW)
    return True if is_slow and "not slow" in config.option.markexpr else None


@pytest.hookimpl(trylast=True)  # hypothesis has marked its tests by then
def pytest_collection_modifyitems(items):
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        is_costly = marks & {"slow", "hypothesis"} and not is_one_of(item.path, MEASURED)
        if is_costly or is_one_of(item.path, NO_COVER):
            item.add_marker("no_cover")
        if is_one_of(item.path, SLOW):
            item.add_marker("slow")


def pytest_collection_finish():
    """Let the garbage collector pass over what stays to the end: modules, and thousands of tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def forget_layouts():
    """Forget which windows other tests have turned into arrays, and where they have split rows."""
    vars(_LOST).clear()
    _LATEST.layout = None
    _PURGED.clear()


@pytest.fixture(scope="session")
def real_home():
    """The folder with the real data; a test which needs it is skipped where there is none."""
    home = os.environ.get("SKTSAD_DATA")
    if not home:
        pytest.skip("needs the real data: SKTSAD_DATA is unset")
    if not Path(home).is_dir():
        pytest.skip(f"needs the real data: SKTSAD_DATA={home} is no folder")
    return home
