"""What all tests share."""

import os
from pathlib import Path

import pytest

from sktsad._core._windows import _LOST


@pytest.fixture(autouse=True)
def forget_layouts():
    """Forget which windows other tests have turned into arrays."""
    vars(_LOST).clear()


@pytest.fixture(scope="session")
def real_home():
    """The folder with the real data; a test which needs it is skipped where there is none."""
    home = os.environ.get("SKTSAD_DATA")
    if not home:
        pytest.skip("needs the real data: SKTSAD_DATA is unset")
    if not Path(home).is_dir():
        pytest.skip(f"needs the real data: SKTSAD_DATA={home} is no folder")
    return home
