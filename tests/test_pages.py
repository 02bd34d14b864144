"""The code in the README and in the guide runs, block by block, in one namespace a page."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]


def run(page):
    for package in re.findall(
        r"^import (onnxruntime|skops)", page.read_text(encoding="utf-8"), flags=re.MULTILINE
    ):
        pytest.importorskip(package, reason="optional: pip install 'sktsad[dev]'")
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    namespace = {}
    for block in blocks:
        exec(compile(block, str(page), "exec"), namespace)
    return len(blocks)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
@pytest.mark.filterwarnings("ignore:The .* rows of fold:UserWarning")
def test_code_of_the_pages_runs(page, capsys):
    assert run(page) >= 3
    assert capsys.readouterr().out  # every page prints something to look at
