"""Each line of the page "Works with" runs."""

import re
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="optional: pip install 'sktsad[plot]'")
PAGE = (Path(__file__).parents[1] / "docs" / "guide" / "works_with.md").read_text(encoding="utf-8")
LINES = dict(re.findall(r"^\| (.+) \| `(.+)` \|$", PAGE, flags=re.MULTILINE))


@pytest.fixture(scope="module")
def names():
    """What the first block of the page defines."""
    found = {}
    exec(re.search(r"```python\n(.*?)```", PAGE, flags=re.DOTALL).group(1), found)
    return found


def test_there_are_forty_rows():
    assert len(LINES) >= 40


@pytest.mark.filterwarnings("ignore:The .* rows of fold:UserWarning")
@pytest.mark.parametrize("tool", LINES)
def test_the_line_runs(tool, names):
    for package in re.findall(r"polars|pyarrow", LINES[tool]):
        pytest.importorskip(package, reason="optional: pip install 'sktsad[test]'")
    assert eval(LINES[tool], dict(names)) is not None
    names["plt"].close("all")
