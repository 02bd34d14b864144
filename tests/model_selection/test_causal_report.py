"""A report of faults that reads as text, and as a truth value."""

import pytest

from sktsad.model_selection import CausalReport, Fault


def test_a_report_without_a_fault_is_true_and_says_so():
    report = CausalReport(n_folds=3)
    assert report and report.ok
    assert report.kinds == set()
    assert str(report) == "3 fold(s) tried: no fault found."


def test_a_report_with_faults_is_false_and_lists_them():
    report = CausalReport(n_folds=2)
    report.add("future", "step 'smooth'", "3 of 10 past scores change with the future.")
    report.add("chance", "test rows", "two calls differ.")
    assert not report and not report.ok
    assert report.kinds == {"future", "chance"}
    assert str(report).splitlines() == [
        "2 fold(s) tried: 2 fault(s).",
        "- [future] step 'smooth': 3 of 10 past scores change with the future.",
        "- [chance] test rows: two calls differ.",
    ]


def test_a_fault_is_reported_once_for_each_kind_and_place():
    report = CausalReport()
    for where in ("step 'a'", "step 'b'", "step 'a'"):
        report.add("future", where, "first seen")
        report.add("future", where, "seen again")
    assert report.faults == [Fault("future", f"step {step!r}", "first seen") for step in "ab"]


def test_a_fault_stays_as_it_was_reported():
    with pytest.raises(AttributeError):
        Fault("future", "X", "seen").kind = "chance"


def test_reports_do_not_share_their_faults():
    CausalReport().add("future", "X", "seen")
    assert CausalReport().ok
