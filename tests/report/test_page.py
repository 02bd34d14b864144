from datetime import timedelta
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from sktsad.report._page import Bar, duration, key_numbers, page, paragraph, percent, table, text

VOID = {"meta", "img", "source"}


class Tags(HTMLParser):
    """Read a page: every tag is closed where it must be."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.attributes = [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(html):
    tags = Tags()
    tags.feed(html)
    tags.close()
    assert not tags.open
    return tags


def test_a_page_is_whole_and_leaves_empty_sections_out():
    html = page(
        "A <b> & c", paragraph("x < y"), {"One": paragraph("1"), "None": "", "Two": paragraph("2", soft=True)}
    )
    tags = read(html)
    assert tags.seen.count("section") == tags.seen.count("h2") == 2
    assert "<h1>A &lt;b&gt; &amp; c</h1>" in html and "x &lt; y" in html and "None" not in html
    assert "@media print" in html and "prefers-color-scheme: dark" in html
    assert "http" not in html and "<script" not in html and "url(" not in html


def test_a_table_has_numbers_at_the_right_and_escapes_text():
    html = table({"<a>": ["x&y", None], "n": [1200, 0.25], "b": [Bar(0.5), Bar(2)]}, "cap<tion")
    tags = read(html)
    assert tags.seen.count("tr") == 3
    assert "<th>&lt;a&gt;</th>" in html and "<td>x&amp;y</td>" in html and "cap&lt;tion" in html
    assert '<th class="number">n</th>' in html and '<td class="number">1,200</td>' in html
    assert "width: 6.00rem" in html and "width: 12.00rem" in html
    assert "caption" not in table({"a": [1]})
    assert read(key_numbers({"<rows>": 5})).seen == ["ul", "li", "b"]


@pytest.mark.parametrize(
    "share, said",
    [(0, "0 %"), (0.004, "0.40 %"), (0.0000123, "0.0012 %"), (0.25, "25 %"), (0.996, "100 %"), (np.nan, "")],
)
def test_a_small_share_is_not_nothing(share, said):
    assert percent(share) == said


@pytest.mark.parametrize(
    "value, said",
    [
        ("word", "word"),
        (True, "True"),
        (None, ""),
        (pd.NaT, ""),
        (float("nan"), ""),
        (float("inf"), "inf"),
        (12_345, "12,345"),
        (np.float32(0.5), "0.5"),
        (123_456.789, "123,457"),
        (pd.Timestamp("2024-01-01", tz="UTC"), "2024-01-01 00:00:00+00:00"),
        (pd.Timedelta("90min"), "1 h 30 min"),
        (("a", 1), "('a', 1)"),
    ],
)
def test_values_are_written_as_a_person_reads_them(value, said):
    assert text(value) == said


def test_durations_have_two_units():
    assert duration(timedelta(days=2, hours=3, minutes=4)) == "2 d 3 h"
    assert duration(timedelta(seconds=61)) == "1 min 1 s"
    assert duration(timedelta(0)) == "0 s"
    assert duration(pd.Timedelta("250ms")) == "0.25 s"
