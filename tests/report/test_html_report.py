import re

import pytest
from matplotlib import pyplot as plt

from sktsad.report import html_report


def test_one_call_makes_one_file_that_needs_no_other(detector, pumps, tmp_path):
    path = tmp_path / "report.html"
    html = html_report(detector, *pumps, path=path, title="Two <pumps>")
    assert path.read_text(encoding="utf-8") == html
    assert html == html_report(detector, *pumps, title="Two <pumps>")
    headings = re.findall(r"<h2>(.*)</h2>", html)
    assert headings == [
        "Data",
        "Series and alarms",
        "Scores and threshold",
        "Alarms",
        "Sensors",
        "Figures",
        "Model",
    ]
    assert "<title>Two &lt;pumps&gt;</title>" in html and "a<1>" not in html and "a&lt;1&gt;" in html
    sources = re.findall(r"""(?:src|srcset|href)="([^"]{0,30})""", html)
    assert len(sources) == 8 and all(source.startswith("data:image/png;base64,") for source in sources)
    assert "<script" not in html and "http" not in re.sub(r"base64,[^\"]+", "", html)
    assert not plt.get_fignums()


def test_a_wrong_parameter_is_named(detector, pumps):
    with pytest.raises(ValueError, match="The 'max_series' parameter of html_report"):
        html_report(detector, pumps[0], max_series=0)
