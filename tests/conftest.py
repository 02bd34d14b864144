"""What all tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sktsad._core._missing_past import _PURGED
from sktsad._core._windows import _LOST

TESTS = Path(__file__).parent
#: Left out of `make unit-fast`: contracts over all estimators, pages, long trainings, means over many draws.
#: Single slow tests elsewhere have the mark themselves; property tests have hypothesis' own.
SLOW = (
    *("test_common.py", "test_composition.py", "test_pages.py", "test_persistence.py", "neural/"),
    *("test_typing.py", "test_weights.py", "test_works_with.py"),
    *(
        "detectors/test_base_detector.py",
        "detectors/test_learning",
        "export/test_onnx.py",
        "export/test_parts.py",
    ),
    *("metrics/test_random_baseline.py", "metrics/test_report.py", "model_selection/test_check_causal.py"),
    *("plotting/test_displays.py", "sampling/test_safe_sampler.py", "test_panels.py"),
)

#: The gate tries the same examples each time; `make properties` tries many more, and new ones in each run.
ANY_MACHINE = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("gate", derandomize=True, max_examples=40, **ANY_MACHINE)
settings.register_profile("thorough", max_examples=500, **ANY_MACHINE)
settings.load_profile("gate")

#: Left out of the measured coverage, as are property tests and doctests, since measuring doubles their time: what they
#: run, other tests must run as well.
NOT_MEASURED = (
    *("test_common.py", "test_composition.py", "test_defaults.py", "test_pages.py", "test_panels.py"),
    *("test_persistence.py", "test_weights.py", "test_works_with.py"),
    *("detectors/test_base_detector.py", "detectors/test_learning", "export/test_onnx.py"),
    *("metrics/test_random_baseline.py", "neural/test_learning", "plotting/test_displays.py"),
)


def is_one_of(path, beginnings):
    """Tell whether a file of tests is among those whose paths begin like this."""
    return path.is_relative_to(TESTS) and path.relative_to(TESTS).as_posix().startswith(beginnings)


def pytest_ignore_collect(collection_path, config):
    """Do not even read the slow files where no slow test is wanted."""
    if (
        "not slow" in config.option.markexpr
        and collection_path.is_file()
        and is_one_of(collection_path, SLOW)
    ):
        return True
    return None


def pytest_collection_modifyitems(items):
    for item in items:
        if is_one_of(item.path, SLOW):
            item.add_marker("slow")
        is_property = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        if is_property or not item.path.is_relative_to(TESTS) or is_one_of(item.path, NOT_MEASURED):
            item.add_marker("no_cover")


@pytest.fixture(autouse=True)
def forget_layouts():
    """Forget which windows other tests have turned into arrays, and where they have split rows."""
    vars(_LOST).clear()
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
