import sys

import pytest

from sktsad.plotting._require import require


def test_a_module_of_the_extra_is_imported_or_the_error_says_how_to_get_it(monkeypatch):
    assert require("matplotlib.pyplot", "X").__name__ == "matplotlib.pyplot"
    monkeypatch.setitem(sys.modules, "tsdownsample", None)
    with pytest.raises(
        ImportError, match=r"^X needs tsdownsample. Install it with: pip install 'sktsad\[plot\]'"
    ):
        require("tsdownsample", "X")
